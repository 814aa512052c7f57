// SPDX-License-Identifier: GPL-2.0-or-later
/* Meaning of instructions that run as they are in User mode, for whoever executes all of them: data processing, branches, hints. */
/*
 * What names neither pc nor memory is left to the processor itself, in a slot (arm/slot.h). Where data processing names pc,
 * another register stands in its place meanwhile.
 */
#include <arm/psr.h>
#include <arm/slot.h>
#include <arm/sysreg.h>

#include "exec_int.h"

static bool in_slot(struct vcpu *v, const struct insn *in)
{
	return in->t32 ? slot_run_t32(v, in->word, in->len) : slot_run(v, in->word);
}

enum exec_result exec_plain(struct vcpu *v, const struct insn *in)
{
	if (in->rd == 15 || in->rt2 == 15)
		return EXEC_UNDEF;	/* UNPREDICTABLE (A8.8) */
	return in_slot(v, in) ? exec_next(v, in) : EXEC_UNDEF;
}

#define FIELD_RN	(15u << 16)
#define FIELD_RD	(15u << 12)
#define FIELD_RM	15u

/* TST, TEQ, CMP, CMN: opcode 0b10xx. Rd is should-be-zero. */
static bool is_compare(const struct insn *in)
{
	return FIELD(in->word, 24, 23) == 2;
}

/* @word with register @reg wherever it names pc; @rm: bits 3:0 are a register. */
static u32 replace_pc(u32 word, u32 reg, bool rm)
{
	if ((word & FIELD_RN) == FIELD_RN)
		word = (word & ~FIELD_RN) | reg << 16;
	if ((word & FIELD_RD) == FIELD_RD)
		word = (word & ~FIELD_RD) | reg << 12;
	if (rm && (word & FIELD_RM) == FIELD_RM)
		word = (word & ~FIELD_RM) | reg;
	return word;
}

static u32 free_register(const struct insn *in)
{
	u32 reg = 0;

	while (reg == in->rd || reg == in->rn || reg == in->rm)
		reg++;
	return reg;
}

static enum exec_result alu_pc(struct vcpu *v, const struct insn *in)
{
	u32 reg = free_register(in), saved = v->r[reg], result;
	bool done;

	v->r[reg] = exec_reg(v, 15);
	done = slot_run(v, replace_pc(in->word, reg, !in->imm_form));
	result = v->r[reg];
	v->r[reg] = saved;
	if (!done)
		return EXEC_UNDEF;
	if (in->rd != 15 || is_compare(in))
		return exec_next(v, in);
	return v->cpsr & PSR_T ? exec_branch_to(v, result) : exec_load_pc(v, result);	/* ALUWritePC */
}

enum exec_result exec_alu(struct vcpu *v, const struct insn *in)
{
	if (in->rd == 15 || in->rn == 15 || (!in->imm_form && in->rm == 15))
		return alu_pc(v, in);
	return slot_run(v, in->word) ? exec_next(v, in) : EXEC_UNDEF;
}

/* With a register-controlled shift pc is UNPREDICTABLE in any place. */
enum exec_result exec_alu_rsr(struct vcpu *v, const struct insn *in)
{
	if (in->rd == 15 || in->rn == 15 || in->rm == 15 || in->rs == 15)
		return EXEC_UNDEF;
	return slot_run(v, in->word) ? exec_next(v, in) : EXEC_UNDEF;
}

/* The link register of a branch at r[15]: where to go on, and in which state. */
static u32 link_value(const struct vcpu *v, const struct insn *in)
{
	return (v->r[15] + in->len) | (v->cpsr & PSR_T ? 1 : 0);
}

enum exec_result exec_branch(struct vcpu *v, const struct insn *in)
{
	u32 target = exec_reg(v, 15) + in->imm;

	if (in->p)
		v->r[14] = link_value(v, in);
	return exec_branch_to(v, target);
}

enum exec_result exec_blx_imm(struct vcpu *v, const struct insn *in)
{
	u32 target = (exec_reg(v, 15) & ~3u) + in->imm + 2 * in->p;

	v->r[14] = link_value(v, in);
	return exec_load_pc(v, v->cpsr & PSR_T ? target & ~3u : target | 1);
}

enum exec_result exec_bx(struct vcpu *v, const struct insn *in)
{
	return exec_load_pc(v, exec_reg(v, in->rm));
}

enum exec_result exec_blx_reg(struct vcpu *v, const struct insn *in)
{
	u32 target = exec_reg(v, in->rm);

	if (in->rm == 15)
		return EXEC_UNDEF;
	v->r[14] = link_value(v, in);
	return exec_load_pc(v, target);
}

enum exec_result exec_adr(struct vcpu *v, const struct insn *in)
{
	if (in->rd == 15)
		return EXEC_UNDEF;
	v->r[in->rd] = (exec_reg(v, 15) & ~3u) + in->imm;
	return exec_next(v, in);
}

enum exec_result exec_cbz(struct vcpu *v, const struct insn *in)
{
	return !v->r[in->rn] == !in->s ? exec_branch_to(v, exec_reg(v, 15) + in->imm) : exec_next(v, in);
}

/* IT: its condition and mask are the state for what follows (A2.5.2). */
enum exec_result exec_it(struct vcpu *v, const struct insn *in)
{
	v->r[15] += 2;
	exec_set_it(v, FIELD(in->word, 7, 0));
	return EXEC_NEXT;
}

enum exec_result exec_setend(struct vcpu *v, const struct insn *in)
{
	v->cpsr = (v->cpsr & ~PSR_E) | (in->imm ? PSR_E : 0);
	return exec_next(v, in);
}

/* Stronger than what was asked for, whichever it is. */
enum exec_result exec_barrier(struct vcpu *v, const struct insn *in)
{
	dsb();
	isb();
	return exec_next(v, in);
}

/* The preload of an invalid address is no fault, and that of a valid one changes nothing (A8.8.126). */
enum exec_result exec_hint(struct vcpu *v, const struct insn *in)
{
	return exec_next(v, in);
}

/* IFSR says debug event (B3.13.3); IFAR is UNKNOWN. */
enum exec_result exec_bkpt(struct vcpu *v, const struct insn *in)
{
	(void)in;
	inject_pabt(v, &(struct gfault){ .fsr = 0x2, .far = v->cp15.ifar });
	return EXEC_INJECTED;
}
