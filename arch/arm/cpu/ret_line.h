/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line of a return: how a T32 kernel goes back to User mode, done privileged in the exception that its first trapping word is. */
#pragma once

#include "call_line.h"

/*
 * It is entered by inl_und (window_inline.S) in Undefined mode: sp_und is the vCPU page, [sp] the guest's r0, lr_und behind the first half of the
 * trapping word, SPSR the guest's real CPSR, r1-r12 and the User bank the guest's; r0 and flags are free, and lr where the line does not
 * leave at its first instruction.
 */

/* Make it; @at is of T32 code. False: it is not such a line. c->insns: with the exception return, which is the last. */
bool ret_line_make(struct call_code *c, const struct call_at *at);
