/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gates: stubs that end in an exception and go on privileged, for what no instruction of User mode can do. */
#pragma once

#include <hv/types.h>

/*
 * A gate is entered at its first word, a UDF, by a branch that stands in the place of an instruction (the site). The window
 * recognizes it by its place and goes on behind the UDF, in Undefined mode: sp_und is the vCPU page, SPSR_und the guest's real CPSR,
 * r0-r12 and the User bank the guest's; lr_und and the flags are free. Where a word may abort, the guest's r0 is at [sp]. Interrupts are masked. The gate returns to the guest itself,
 * and may do several instructions: from the site on in a straight line.
 *
 * What makes an Undefined Instruction exception a gate's is that the return address is a multiple of GATE_ALIGN in a page of gates. So the
 * word before such an address is a UDF that begins a gate, or one that cannot be Undefined in User mode, in neither instruction set.
 */
#define GATE_ALIGN	64u
#define GATE_WORDS	96u
#define GATE_INSNS	20u

struct gate_at {
	gva_t site;		/* the first instruction */
	gva_t gate;		/* the UDF: the last word before a multiple of GATE_ALIGN */
	const u32 *insn;	/* the guest's words from the site on */
	u32 insns;		/* how many of them may be looked at, up to the end of the page */
	u32 dacr;		/* the value that a DACR write is expected to write, */
	u32 events;		/* and as how many it counts: writes that open and writes that close come in pairs, one counts for both */
};

struct gate_code {
	u32 word[GATE_WORDS];
	u8 at[GATE_WORDS];	/* an abort at the word: GATE_INSN, the guest's instruction, counted from the site; and what it is owed */
#define GATE_INSN		0x1fu
#define GATE_OWES_LR		0x20u	/* lr is v->gate_lr */
#define GATE_OWES_ZERO		0x40u	/* flags: N is clear, Z set */
#define GATE_OWES_NONZERO	0x80u	/* N and Z are clear */
#define GATE_OWES_FLAGS		(GATE_OWES_ZERO | GATE_OWES_NONZERO)
	u32 words;
	u32 insns;		/* so many instructions were taken into account */
};

/* Make the gate. False: what is at the site needs something that gates cannot do. */
bool gate_make(struct gate_code *c, const struct gate_at *at);
