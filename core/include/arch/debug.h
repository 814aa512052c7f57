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
