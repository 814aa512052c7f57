/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line of an exception vector: how the guest's kernel begins an abort or an interrupt, done where the exception is delivered. */
#pragma once

#include <arm/vcpu.h>

/*
 * A kernel leaves the mode of an abort, an interrupt or an Undefined instruction at once: it stores what it needs below sp of that mode, and goes
 * on in Supervisor mode, at an address by the mode that it came from. That is a short straight line of A32 instructions, four of them sensitive,
 * which is known here as what it amounts to: words that are stored, registers, the new CPSR, and a table of addresses.
 */
#define VECTOR_INSNS	16u	/* that it may have */
#define VECTOR_TABLE	16u	/* addresses, by SPSR.M[3:0] */
#define VECTOR_WORDS	(2 * VECTOR_INSNS + VECTOR_TABLE)
#define VECTOR_STORES	6u
#define VECTOR_MOVES	3u

struct vector_line {
	u32 insns;		/* 0: it is no such line */
	u32 words;		/* so many of the guest's words it was made of, with the table */
	u32 mode, bank;		/* which it is left in */
	u32 stores, moves;
	struct vector_value {
		u32 to;		/* word from sp on, or register */
		u32 from;	/* register; VECTOR_SPSR */
		u32 add;
	} store[VECTOR_STORES], move[VECTOR_MOVES];	/* one after the other */
#define VECTOR_SPSR	15u
	u32 top;		/* offset of the last word */
	u32 keep, flip;		/* the new CPSR: these bits of the one of now, and then these flipped */
	u32 table[VECTOR_TABLE];
};

/*
 * What @words words of the guest's code amount to, of which the first is where the vector of mode @mode leads to. False: there is no such line, or it
 * does something else as well.
 */
bool vector_line_make(struct vector_line *l, u32 mode, const u32 *word, u32 words);

/*
 * Do @l: the guest stands at its first instruction or the branch to it, in the mode that it was made for, and code it is what it was made of.
 * False: nothing was done, because something is unusual.
 */
bool vector_line_do(struct vcpu *v, const struct vector_line *l);

/*
 * The abort or Undefined Instruction exception before it as well: it is taken at r[15] in User or Supervisor mode, where modes are no more than banked registers, by a vector of which
 * @l is the line. @ahead: how far its return address is ahead. What is in the open page stays there, and is as the guest goes on with it.
 * False: nothing was done.
 */
bool vector_line_enter(struct vcpu *v, const struct vector_line *l, u32 ahead);

/* For them: where the guest's word at @sp is, with the rest of the page behind it, if its own store there would be let through, as it is; else NULL. */
u32 *vector_stack(struct vcpu *v, gva_t sp);

/* The same; mostly it is in the page where it was last. */
static inline u32 *vector_frame(struct vcpu *v, gva_t sp)
{
	bool last = !((v->line_stack.sp ^ sp) >> PAGE_SHIFT) && v->line_stack.gen == v->call_gen && v->line_stack.hw_asid == v->hw_asid &&
		    v->line_stack.open & v->dacr_kernel;

	return last ? v->line_stack.frame + (s32)(sp - v->line_stack.sp) / 4 : vector_stack(v, sp);
}
