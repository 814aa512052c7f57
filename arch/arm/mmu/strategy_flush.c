/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shadow strategy `flush`: trust the guest's TLB maintenance. An operation drops exactly what it names, and nothing else is ever looked at.
 *
 * F1  An entry is what some walk of the guest's tables gave since the last operation that names it.
 */
#include "mmu.h"

static void flush_tlbi(struct shadow *s, enum shadow_tlbi op, u32 arg, u32 pages)
{
	switch (op) {
	case TLBI_ALL:
		drop_all(s);
		break;
	case TLBI_ASID:
		drop_asid(s, arg & 0xff);
		break;
	case TLBI_MVA:
		drop_pages(s, arg, pages);
		break;
	}
}

static const struct shadow_ops flush = {
	.name = "flush",
	.tlbi = flush_tlbi,
};
SHADOW_REGISTER(flush);
