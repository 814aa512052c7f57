// SPDX-License-Identifier: GPL-2.0-or-later
/* Meaning of instructions that run as they are in User mode, for whoever executes all of them: data processing, branches, hints. */
/*
 * Multiplies, media and VFP instructions, which name neither pc nor memory, are left to the processor itself, in a slot (arm/slot.h). So
 * is T32 data processing, but for what names pc.
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

/* -- A32 data processing (A5.2.1) -- */

#define FLAG_N		BIT(31)
#define FLAG_Z		BIT(30)
#define FLAG_C		BIT(29)
#define FLAG_V		BIT(28)

/* Shift_C() of A8.4.3 by @n, 1 to 255; type 3 is ROR. */
static u32 shift_by(u32 value, u32 type, u32 n, bool *carry)
{
	switch (type) {
	case 0:
		*carry = n <= 32 && value >> (32 - n) & 1;
		return n < 32 ? value << n : 0;
	case 1:
		*carry = n <= 32 && value >> (n - 1) & 1;
		return n < 32 ? value >> n : 0;
	case 2:
		n = MIN(n, 32u);
		*carry = value >> (n - 1) & 1;
		return (u32)((s32)value >> MIN(n, 31u));
	default:
		n &= 31;
		value = n ? value >> n | value << (32 - n) : value;
		*carry = value >> 31;
		return value;
	}
}

/* An immediate shift: 0 means no LSL, 32 for LSR and ASR, RRX for ROR (DecodeImmShift). */
static u32 shift_imm(u32 value, const struct insn *in, bool *carry)
{
	bool c = *carry;

	if (in->shift_imm)
		return shift_by(value, in->shift_type, in->shift_imm, carry);
	if (!in->shift_type)
		return value;
	if (in->shift_type < 3)
		return shift_by(value, in->shift_type, 32, carry);
	*carry = value & 1;
	return value >> 1 | (u32)c << 31;
}

static u32 operand2(struct vcpu *v, const struct insn *in, bool *carry)
{
	u32 n;

	if (in->imm_form) {
		if (FIELD(in->word, 11, 8))	/* rotated */
			*carry = in->imm >> 31;
		return in->imm;
	}
	if (in->op != INSN_ALU_RSR)
		return shift_imm(exec_reg(v, in->rm), in, carry);
	n = v->r[in->rs] & 0xff;
	return n ? shift_by(v->r[in->rm], in->shift_type, n, carry) : v->r[in->rm];
}

/* AddWithCarry() of A2.2.1: sets C and V of *@flags. */
static u32 add_with_carry(u32 x, u32 y, bool carry, u32 *flags)
{
	u64 sum = (u64)x + y + carry;
	u32 r = (u32)sum;

	*flags = (*flags & ~(FLAG_C | FLAG_V)) | (sum >> 32 ? FLAG_C : 0) | (~(x ^ y) & (x ^ r) & FLAG_N ? FLAG_V : 0);
	return r;
}

u32 exec_alu_value(struct vcpu *v, const struct insn *in, u32 *flags)
{
	bool c = v->cpsr & FLAG_C, shifter = c;
	u32 a = exec_reg(v, in->rn), b = operand2(v, in, &shifter), r;

	*flags = v->cpsr;
	switch (in->opcode) {
	case 2: case 10: r = add_with_carry(a, ~b, true, flags); break;		/* SUB CMP */
	case 3: r = add_with_carry(~a, b, true, flags); break;			/* RSB */
	case 4: case 11: r = add_with_carry(a, b, false, flags); break;		/* ADD CMN */
	case 5: r = add_with_carry(a, b, c, flags); break;			/* ADC */
	case 6: r = add_with_carry(a, ~b, c, flags); break;			/* SBC */
	case 7: r = add_with_carry(~a, b, c, flags); break;			/* RSC */
	default:
		*flags = (*flags & ~FLAG_C) | (shifter ? FLAG_C : 0);
		switch (in->opcode) {
		case 0: case 8: r = a & b; break;				/* AND TST */
		case 1: case 9: r = a ^ b; break;				/* EOR TEQ */
		case 12: r = a | b; break;
		case 13: r = b; break;
		case 14: r = a & ~b; break;
		default: r = ~b; break;
		}
	}
	*flags = (*flags & ~(FLAG_N | FLAG_Z)) | (r & FLAG_N) | (r ? 0 : FLAG_Z);
	return r;
}

/* MOV and MVN have no Rn, TST to CMN no Rd: should-be-zero, and otherwise UNPREDICTABLE, as the processor likes it. */
static bool should_be_zero(const struct insn *in)
{
	return (in->opcode == 13 || in->opcode == 15) ? in->rn : in->opcode >> 2 == 2 ? in->rd : 0;
}

static bool names_pc(const struct insn *in)
{
	return in->rd == 15 || in->rn == 15 || (!in->imm_form && in->rm == 15) || (in->op == INSN_ALU_RSR && in->rs == 15);
}

enum exec_result exec_alu(struct vcpu *v, const struct insn *in)
{
	u32 flags, r;

	if (should_be_zero(in))
		return !names_pc(in) && in_slot(v, in) ? exec_next(v, in) : EXEC_UNDEF;
	r = exec_alu_value(v, in, &flags);
	if (in->s)
		v->cpsr = flags;
	if (in->opcode >> 2 == 2)	/* TST TEQ CMP CMN */
		return exec_next(v, in);
	if (in->rd == 15)
		return v->cpsr & PSR_T ? exec_branch_to(v, r) : exec_load_pc(v, r);	/* ALUWritePC */
	v->r[in->rd] = r;
	return exec_next(v, in);
}

/* With a register-controlled shift pc is UNPREDICTABLE in any place. */
enum exec_result exec_alu_rsr(struct vcpu *v, const struct insn *in)
{
	return names_pc(in) ? EXEC_UNDEF : exec_alu(v, in);
}

enum exec_result exec_movw(struct vcpu *v, const struct insn *in)
{
	if (in->rd == 15)
		return EXEC_UNDEF;
	v->r[in->rd] = in->op == INSN_MOVT ? (v->r[in->rd] & 0xffff) | in->imm << 16 : in->imm;
	return exec_next(v, in);
}

/* -- branches -- */

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
