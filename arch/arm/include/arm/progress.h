/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hidden faults must get the guest on: the guard that sees when they do not (progress.c). */
#pragma once

#include <arm/vcpu.h>

#define FAULTS_FEW	8u	/* from so many at one place on registers are compared: a loop over memory has others each time */

/* Is one more of the instruction at r[15] nothing to look into? */
static inline bool progress_is_plain(const struct vcpu *v)
{
	return v->hidden.pc != v->r[15] || v->hidden.nr + 1 < FAULTS_FEW;
}

/* It was not the first one of the instruction at r[15]. */
void progress_again(struct vcpu *v, gva_t va);

/* The hidden fault of the instruction at r[15], at @va, was resolved. Context: as for trap_handle(), which has nothing left to do. */
static inline void progress_hidden_fault(struct vcpu *v, gva_t va)
{
	v->hidden.resolved = true;
	if (v->hidden.pc == v->r[15]) {
		progress_again(v, va);
		return;
	}
	v->hidden.pc = v->r[15];
	v->hidden.nr = 0;
}

/* Anything else happened: the guest got on. */
static inline void progress_made(struct vcpu *v)
{
	v->hidden.pc = HIDDEN_NONE;
}
