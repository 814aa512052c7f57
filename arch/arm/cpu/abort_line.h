/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line of a data abort of guest User mode: how the guest's kernel begins it, done in the window. */
#pragma once

#include "call_line.h"
#include "vector_line.h"

/*
 * What vector_line_enter() does, for a store of User mode in A32 or T32 code that the guest's own descriptor does not permit. window_abort (window_inline.S)
 * has found that it is one, and enters it in Supervisor mode by v->abort.line: sp_svc is the vCPU page, SPSR the guest's real CPSR, which is all of its
 * CPSR, with J, E and bits 26:25 (ITSTATE) clear; the User bank and r1-r12 are the guest's, r0 is in v->scratch[3], lr and flags are free. v->r[15] is the guest's
 * return address, 8 ahead, v->scratch[5] its DFSR, v->exit_dfar its DFAR; the real DACR is v->hw_dacr_entry. It runs in the window's page of lines.
 * Where it finds sp elsewhere than at v->abort.sp, or cannot store there, it has done nothing, and goes on by v->abort.back.
 */

/* Make it of @l, the guest's line of data aborts. False: it does something that cannot be done here. */
bool abort_line_make(struct call_code *c, const struct vector_line *l);
