/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hidden faults must get the guest on: the guard that sees when they do not (progress.c). */
#pragma once

#include <arm/vcpu.h>

/* The hidden fault of the instruction at r[15], at @va, was resolved. Context: as for trap_handle(), which has nothing left to do. */
void progress_hidden_fault(struct vcpu *v, gva_t va);
/* Anything else happened: the guest got on. */
static inline void progress_made(struct vcpu *v)
{
	v->hidden.pc = HIDDEN_NONE;
}
