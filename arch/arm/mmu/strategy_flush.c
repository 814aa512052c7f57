/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shadow strategy `flush`: trust the guest's TLB maintenance, and look at nothing else. An operation by address drops exactly what it names;
 * one that names much compares what is there with the guest's tables of now and keeps what holds. That is the common part alone.
 *
 * F1  An entry is what some walk of the guest's tables gave since the last operation that names it.
 */
#include "mmu.h"

static const struct shadow_ops flush = {
	.name = "flush",
};
SHADOW_REGISTER(flush);
