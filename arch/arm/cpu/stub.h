/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stubs: short sequences in the guest's address space that do the work of a sensitive instruction without an exception. */
#pragma once

#include <hv/types.h>

/*
 * A stub runs in User mode, between a branch that stands in the place of the instruction (the site) and a branch back. It reaches the
 * vCPU's open page (struct vcpu_open) relative to its own pc, because the page is mapped before every page of stubs.
 */
#define STUB_WORDS	14u

/* What page a stub can be in. */
enum stub_class {
	STUB_NONE,	/* there is no stub for this: a trapping word */
	STUB_PLAIN,	/* any */
	STUB_MASK,	/* any, where bit 7 of what STR pc stores is 1 */
	STUB_UNMASK,	/* one whose open page is read-only while an interrupt is pending, where that bit is 0 */
	STUB_GATE,	/* one of gates (gate.h) */
};

struct stub_at {
	gva_t site;	/* the instruction */
	gva_t stub;	/* the stub's first word */
	gva_t open;	/* where the stub reaches the struct vcpu_open */
	gva_t guarded;	/* where that is read-only while an interrupt is pending, with nothing for STUB_MODES pages behind the page */
	u32 word;	/* the instruction itself, */
	u32 operand;	/* and what it is about: stub_operand() */
	u32 trap;	/* a trapping word of its kind */
	u32 pc_offset;	/* what STR pc adds to its address: 8 or 12 (A2.3.1) */
};
#define STUB_MODES	0x4fu	/* highest difference of two CPSR values in F and the low bits of the mode */

struct stub_code {
	u32 word[STUB_WORDS];
	u8 words;
	u8 commit;	/* the word that does it: up to there nothing has happened but in scratch registers */
	u8 saved;	/* the last word that saves a scratch register; none is changed before */
	u8 scratch[2];	/* those registers, STUB_NO_SCRATCH where there is none */
	bool forward;	/* once its register is written it is completed, not undone */
};
#define STUB_NO_SCRATCH	0xffu

/* The kind of stub for @word, whatever its condition; SITE_KIND_C when there is none. */
u32 stub_kind(u32 word);
/* The register that it is about, or what else its kind (arm/site.h) has as operand. */
u32 stub_operand(u32 word);
enum stub_class stub_class(u32 kind);
/* May the stub of class @cls begin at @at->stub? */
bool stub_fits(enum stub_class cls, const struct stub_at *at);
/* Make it. False: something is out of reach of the instructions used. */
bool stub_make(struct stub_code *c, u32 kind, const struct stub_at *at);
#define STUB_REACH	0x02000000u	/* bytes that a branch leads ahead or back */
/* The branch on condition @cond at @from to @to, or 0 when it is out of reach (A8.8.18). */
u32 stub_branch(gva_t from, gva_t to, u32 cond);
