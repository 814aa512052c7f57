/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line of a system call: how the guest's kernel begins one, done privileged in the exception itself. */
#pragma once

#include <hv/types.h>

/*
 * What SVC of guest User mode leads to is known from the guest's vector on: a straight line of instructions, of which some are sensitive. A
 * call line does them in the exception that the SVC is, in Supervisor mode, before the guest's registers are those of its Supervisor mode: there
 * STM^ and MRS SPSR are what they are, and the guest's lr is free. It then goes on in the guest behind the last sensitive one that it knows how
 * to do.
 *
 * It is entered by VCPU_SVC_ENTRY (window_inline.S): sp_svc is the vCPU page, [sp, #4] the guest's return address, SPSR the guest's real CPSR,
 * r0-r12 and the User bank the guest's, lr and flags free. It runs in a page of the window of its own.
 */
#define CALL_WORDS	160u
#define CALL_INSNS	32u

struct call_at {
	gva_t target;		/* the first instruction: where the vector leads */
	const u32 *insn;	/* the guest's words from there on; of T32 code, A32 ones with their meaning (line_t32.h) */
	u32 insns;		/* how many of them may be looked at, up to the end of the page */
	const u8 *half;		/* T32: by how many halfwords each is behind the first; NULL: A32 */
	bool writes_sctlr;	/* A32: the guest was seen to write SCTLR there again and again, to what it is */
};

struct call_code {
	u32 word[CALL_WORDS];
	u8 fixup[CALL_WORDS];	/* where an access that aborts at the word goes on: a word, or 0 where none can abort */
	u32 words;
	u32 insns;		/* so many instructions are done */
};

/* Make it. False: the line has nothing sensitive that could be done, so the plain way is as good. */
bool call_line_make(struct call_code *c, const struct call_at *at);
