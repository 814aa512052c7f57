/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interpreter: each instruction decoded and executed by its one meaning (arm/exec.h). */
#pragma once

struct vcpu;

/*
 * Interpret the guest from r[15] on until something else has to be done: an interrupt to deliver, work for the console or the guest's
 * loop, WFI; or until the guest's path has another way to run what comes next. Counts EXIT_INTERP for each instruction.
 * Context: as for trap_handle().
 */
#ifdef CONFIG_CPU_PATH_INTERP
void interp_run(struct vcpu *v);
/* Interpret the instruction at r[15], in whatever mode, whether there is a breakpoint or not. Context: between two runs. */
void interp_step(struct vcpu *v);
#else	/* nothing asks for it */
static inline void interp_run(struct vcpu *v) { }
static inline void interp_step(struct vcpu *v) { }
#endif
