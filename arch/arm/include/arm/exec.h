/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one meaning per instruction: execute a decoded A32 instruction, or a load/store of either instruction set, on a vCPU. */
#pragma once

#include <arm/insn.h>
#include <arm/vcpu.h>

enum exec_result {
	EXEC_NEXT,	/* done; pc advanced past the instruction */
	EXEC_BRANCH,	/* done; pc was set by the instruction */
	EXEC_INJECTED,	/* the instruction faulted; the exception has been injected */
	EXEC_WFI,	/* pc advanced; the vCPU wants to wait for an interrupt */
	EXEC_UNDEF,	/* not a defined instruction here: caller injects Undefined (pc still at it) */
};

/*
 * Execute @in at v->r[15] as the architecture says for the *virtual* mode (in virtual User mode a site behaves as
 * User mode code would: CPS is a NOP, MSR writes flags only, UNPREDICTABLE ones are Undefined). Condition is checked.
 * Also advances the IT state for Thumb.
 */
enum exec_result exec_insn(struct vcpu *v, const struct insn *in);
/* What comes is not interpreted: the processor's monitor of exclusives becomes what it is for the guest. */
void exec_monitor_home(struct vcpu *v);
/* What is left to do after either: inject Undefined (counted), or note that the vCPU waits. */
void exec_finish(struct vcpu *v, enum exec_result r);
/*
 * Execute the load/store @in whose (first) data address faulted as REGION_EMULATED: performs all its accesses through
 * guest_access() (RAM parts of an LDM included), write-back and pc handling. Result as above.
 */
enum exec_result exec_mmio(struct vcpu *v, const struct insn *in);
/*
 * Instruction at v->r[15]: word (ARM), or both halfwords (Thumb, first in [31:16] when 32 bits long). False: the guest's tables do not lead
 * there any more, and the prefetch abort has been injected, which a TLB gives that has lost the old entry. To resume the guest instead would
 * end where it began for as long as the shadow has that entry.
 */
bool insn_fetch(struct vcpu *v, u32 *word, u32 *len);
/*
 * Does the instruction at v->r[15] store one register, or a part of it, in a form that exec_mmio() has? Who stores more at once, or exclusively, is
 * better given the page. Injects nothing.
 */
bool insn_stores_one(struct vcpu *v);
/* Exit cause under which @op is counted. */
enum exit_cause exec_cause(const struct insn *in);
