/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots: one A32 instruction executed out of line with the guest's registers and flags; usable from assembly. */
#pragma once

#define SLOT_BITS	14
#define SLOT_NR		(1 << SLOT_BITS)
#define SLOT_SIZE	16	/* the instruction, and a way back */

#ifndef __ASSEMBLER__
#include <arm/insn.h>
#include <arm/vcpu.h>
#include <hv/types.h>

/*
 * Execute @word on v->r[0..14], the flags and GE of v->cpsr, and the VFP registers (which are the guest's); its CPSR.E holds. False: it is
 * Undefined, and nothing has changed. The real core does it, so the result is exact for whatever the core is.
 *
 * It runs in a privileged mode in Umbra's address space: the caller answers for @word, which must not name pc, change what a
 * privileged mode may change, nor access memory of the guest. Context: Umbra's address space, interrupts masked.
 */
bool slot_run(struct vcpu *v, u32 word);
/* The same for a T32 instruction of @len bytes (struct insn); in an IT block, or not, as v->cpsr says. */
bool slot_run_t32(struct vcpu *v, u32 word, u32 len);

/*
 * Make in @code a function like exec_insn() that executes @in, with registers of Umbra in the place of the guest's. For branches, and
 * the most frequent data processing and multiplies without pc, which are Undefined on no processor and touch neither GE nor Q. False:
 * @in is nothing of the kind. The code is executable if its memory is.
 */
#define SLOT_CODE_WORDS	20
bool slot_compile(u32 code[SLOT_CODE_WORDS], const struct insn *in);
#endif
