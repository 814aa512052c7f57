/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contract: what the monitor and the debugger see of a vCPU. It stands between two instructions meanwhile. What only looks
 * changes neither its state nor its shadow tables.
 */
#pragma once

#include <hv/types.h>

struct vcpu;

/* Print the registers of all modes and every system register that can be read. */
void arch_debug_registers(struct vcpu *v);
/* Where the guest's current tables lead @va, whoever may access it. False: nowhere. */
bool arch_debug_gpa(struct vcpu *v, gva_t va, gpa_t *gpa);
/* Print the guest's walk for @va beside what the shadow has for it. */
void arch_debug_translate(struct vcpu *v, gva_t va);
/* Print who called whom, as far as it can be known without symbols. */
void arch_debug_backtrace(struct vcpu *v);

/* Begin (with an empty trace) or end to record exits; print those that were recorded last. */
void arch_debug_trace(struct vcpu *v, bool on);
void arch_debug_trace_dump(struct vcpu *v);

/* -- for a debugger (core/gdb.c), whose user may change the guest -- */

/* The registers that the debugger sees, by its numbers, each of 32 bits; and their description in its own words (XML). */
#define ARCH_DEBUG_REGS	17u
u32 arch_debug_reg_get(const struct vcpu *v, u32 n);
void arch_debug_reg_set(struct vcpu *v, u32 n, u32 value);
const char *arch_debug_target(void);
/* Write guest memory by virtual address, code included. False: something of it is not memory; what lies before it is written. */
bool arch_debug_write(struct vcpu *v, gva_t va, const void *from, u32 len);
/* Stop the guest (VCPU_STOP_DEBUG) before it executes the instruction at @va, in any address space. 0 or -ENOSPC. */
int arch_debug_break_set(struct vcpu *v, gva_t va);
void arch_debug_break_clear(struct vcpu *v, gva_t va);
/*
 * Execute one instruction. True: done. False: it took an exception; let the guest run, it stops when it is back. At such a stop,
 * and at every other, arch_debug_stopped() says whether it is one for the debugger; if not, the guest has to run on.
 */
bool arch_debug_step(struct vcpu *v);
bool arch_debug_stopped(struct vcpu *v);
void arch_debug_halt(struct vcpu *v);	/* whatever it was about to do: it stops here */
void arch_debug_clear(struct vcpu *v);	/* no breakpoints and no step any more */
