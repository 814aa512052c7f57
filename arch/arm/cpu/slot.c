// SPDX-License-Identifier: GPL-2.0-or-later
/* Slots: one instruction executed out of line. A slot keeps its instruction, so that a word that comes again costs no maintenance. */
#include <arm/exec.h>
#include <arm/psr.h>
#include <arm/slot.h>
#include <arm/sysreg.h>

/* The instruction; then ARM: a branch back; T32: a change to ARM state and the branch back. How slot_run.S enters one. */
struct slot {
	u32 insn, back[2], unused;
};
extern struct slot arm_slots[SLOT_NR];
extern const char arm_slot_back[];
bool arm_slot_enter(struct vcpu *v, const struct slot *slot, u32 psr);
_Static_assert(sizeof(struct slot) == SLOT_SIZE, "slot_run.S reserves this much");

#define BX_PC_NOP	0x46c04778	/* T32, in memory: BX pc; NOP. Word aligned, it goes on in ARM state behind itself */
#define T16_NOP		0xbf00

/* A32 B to arm_slot_back from @at (A8.8.18): pc reads as 8 more than its address. */
static u32 branch_back(const u32 *at)
{
	return 0xea000000 | (((u32)(uintptr_t)arm_slot_back - ((u32)(uintptr_t)at + 8)) >> 2 & 0x00ffffff);
}

/* Make what was written from @p on what is executed there (B2.2.8). */
static void make_executable(const void *p, u32 size)
{
	const u32 line = 64, first = (u32)(uintptr_t)p & ~(line - 1), end = (u32)(uintptr_t)p + size;

	for (u32 a = first; a < end; a += line)
		write_dccmvau(a);
	dsb();
	for (u32 a = first; a < end; a += line)
		write_icimvau(a);
	write_bpiall(0);
	dsb();
	isb();
}

/* A slot that has @insn in memory, for Thumb state or ARM state. */
static const struct slot *slot_for(u32 insn, bool thumb)
{
	struct slot *s = &arm_slots[(insn ^ thumb) * 0x9e3779b1u >> (32 - SLOT_BITS)];

	if (s->insn == insn && s->back[0] && thumb == (s->back[0] == BX_PC_NOP))
		return s;
	s->insn = insn;
	s->back[0] = thumb ? BX_PC_NOP : branch_back(&s->back[0]);
	s->back[1] = branch_back(&s->back[1]);
	make_executable(s, sizeof(*s));
	return s;
}

bool slot_run(struct vcpu *v, u32 word)
{
	return arm_slot_enter(v, slot_for(word, false), 0);
}

/* In an IT block the instruction is its last one, on condition AL; the state is back to nothing behind it. */
#define PSR_IT_AL	0xe800u		/* ITSTATE 0b11101000 */

bool slot_run_t32(struct vcpu *v, u32 word, u32 len)
{
	u32 insn = len == 4 ? word >> 16 | word << 16 : word | (u32)T16_NOP << 16;

	return arm_slot_enter(v, slot_for(insn, true), PSR_T | (v->cpsr & PSR_IT ? PSR_IT_AL : 0));
}

/* -- the same without the guest's registers -- */

/* Fields of a word that name registers, and the register of Umbra that stands for what each names. r0 is the vCPU. */
#define F_N	BIT(0)		/* 19:16: r3 */
#define F_D	BIT(1)		/* 15:12: r2 */
#define F_S	BIT(2)		/* 11:8: r12 */
#define F_M	BIT(3)		/* 3:0: r1 */
static const struct {
	u8 shift, reg;
} fields[] = { { 16, 3 }, { 12, 2 }, { 8, 12 }, { 0, 1 } };

struct shape {
	u32 mask, value;
	u8 reads, writes;
};

/* Of INSN_PLAIN: encodings that no processor may take for Undefined. A field that holds 15 names no register (SXTB is SXTAB without addend). */
static const struct shape plain_shapes[] = {
	{ 0x0fe0f0f0, 0x00000090, F_S | F_M, F_N },			/* MUL */
	{ 0x0fe000f0, 0x00200090, F_D | F_S | F_M, F_N },		/* MLA */
	{ 0x0ff000f0, 0x00600090, F_D | F_S | F_M, F_N },		/* MLS */
	{ 0x0f8000f0, 0x00800090, F_N | F_D | F_S | F_M, F_N | F_D },	/* UMULL UMLAL SMULL SMLAL */
	{ 0x0fff0ff0, 0x016f0f10, F_M, F_D },				/* CLZ */
	{ 0x0fb003f0, 0x06800070, F_N | F_M, F_D },			/* SXTB16 SXTAB16 UXTB16 UXTAB16 */
	{ 0x0fa003f0, 0x06a00070, F_N | F_M, F_D },			/* SXTB to UXTAH */
	{ 0x0fbf0f70, 0x06bf0f30, F_M, F_D },				/* REV REV16 REVSH RBIT */
};

static bool plain_shape(const struct insn *in, struct shape *s)
{
	for (u32 i = 0; i < ARRAY_SIZE(plain_shapes); i++) {
		*s = plain_shapes[i];
		if ((in->word & s->mask) == s->value)
			return in->rd != in->rt2;	/* UMULL and so on: UNPREDICTABLE */
	}
	return false;
}

/* Data processing without pc, and with zero in the field that is not used. */
static bool alu_shape(const struct insn *in, struct shape *s)
{
	u32 opcode = FIELD(in->word, 24, 21);
	bool move = opcode == 13 || opcode == 15, compare = opcode >> 2 == 2;	/* MOV MVN; TST to CMN */

	s->reads = (in->op == INSN_ALU_RSR ? F_S | F_M : in->op == INSN_ALU_REG ? F_M : 0) | (move ? 0 : F_N);
	s->writes = compare ? 0 : F_D;
	return !(move && in->rn) && !(compare && in->rd) && in->rn != 15 && !(s->reads & F_M && in->rm == 15) &&
	       !(s->reads & F_S && in->rs == 15);
}

/* Which fields of @in are read and written. False: slot_run() is for it. */
static bool shape_of(const struct insn *in, struct shape *s)
{
	if (in->rd == 15 || in->rt2 == 15)
		return false;
	switch (in->op) {
	case INSN_ALU_REG: case INSN_ALU_RSR: case INSN_ALU_IMM:
		return alu_shape(in, s);
	case INSN_PLAIN:
		return plain_shape(in, s);
	default:
		return false;
	}
}

/* In PLAIN the bit means that in multiplies only. */
static bool sets_flags(const struct insn *in)
{
	return in->s && (in->op != INSN_PLAIN || (in->word & 0x0f0000f0) == 0x00000090);
}

/* Carry is an operand, or some flags stay as they are. */
static bool reads_flags(const struct insn *in)
{
	u32 opcode = FIELD(in->word, 24, 21);
	bool rrx = in->op == INSN_ALU_REG && in->shift_type == 3 && !in->shift_imm;

	return sets_flags(in) || (in->op != INSN_PLAIN && ((opcode >= 5 && opcode <= 7) || rrx));
}

/* A32 LDR and STR of register @t at the vCPU's offset @off. */
static u32 ldr_vcpu(u32 t, u32 off)
{
	return 0xe5900000 | t << 12 | off;
}

static u32 str_vcpu(u32 t, u32 off)
{
	return 0xe5800000 | t << 12 | off;
}

#define OFF_R(n)	((u32)offsetof(struct vcpu, r) + 4 * (n))
#define OFF_CPSR	((u32)offsetof(struct vcpu, cpsr))

static u32 *emit_moves(u32 *p, u32 word, u32 set, u32 (*move)(u32 t, u32 off))
{
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		u32 n = word >> fields[i].shift & 15;

		if (set & BIT(i) && n != 15)
			*p++ = move(fields[i].reg, OFF_R(n));
	}
	return p;
}

/* @word, unconditional, with Umbra's registers in the fields of @set. */
static u32 renamed(u32 word, u32 set)
{
	for (u32 i = 0; i < ARRAY_SIZE(fields); i++)
		if (set & BIT(i) && (word >> fields[i].shift & 15) != 15)
			word = (word & ~(15u << fields[i].shift)) | (u32)fields[i].reg << fields[i].shift;
	return (word & 0x0fffffff) | 0xe0000000;
}

/* pc := r1, and back to the caller. */
static u32 *emit_return(u32 *p, enum exec_result result)
{
	*p++ = str_vcpu(1, OFF_R(15));
	*p++ = 0xe3a00000 | result;			/* mov	r0, #result */
	*p++ = 0xe12fff1e;				/* bx	lr */
	return p;
}

/* On to the next instruction. */
static u32 *emit_next(u32 *p)
{
	*p++ = ldr_vcpu(1, OFF_R(15));
	*p++ = 0xe2811004;				/* add	r1, r1, #4 */
	return emit_return(p, EXEC_NEXT);
}

static u32 *emit_alu(u32 *p, const struct insn *in, const struct shape *s)
{
	p = emit_moves(p, in->word, s->reads, ldr_vcpu);
	*p++ = renamed(in->word, s->reads | s->writes);
	if (sets_flags(in)) {
		*p++ = 0xe10fc000;			/* mrs	r12, cpsr */
		*p++ = ldr_vcpu(1, OFF_CPSR);
		*p++ = 0xe1a0ce2c;			/* lsr	r12, r12, #28 */
		*p++ = 0xe7df1e1c;			/* bfi	r1, r12, #28, #4 */
		*p++ = str_vcpu(1, OFF_CPSR);
	}
	return emit_moves(p, in->word, s->writes, str_vcpu);
}

static u32 *emit_branch(u32 *p, const struct insn *in)
{
	u32 offset = in->imm + 8;

	*p++ = ldr_vcpu(1, OFF_R(15));
	if (in->p) {
		*p++ = 0xe2812004;			/* add	r2, r1, #4 */
		*p++ = str_vcpu(2, OFF_R(14));
	}
	*p++ = 0xe3002000 | (offset & 0xf000) << 4 | (offset & 0xfff);			/* movw	r2, #offset */
	*p++ = 0xe3402000 | (offset >> 28) << 16 | (offset >> 16 & 0xfff);		/* movt */
	*p++ = 0xe0811002;				/* add	r1, r1, r2 */
	return emit_return(p, EXEC_BRANCH);
}

bool slot_compile(u32 code[SLOT_CODE_WORDS], const struct insn *in)
{
	u32 *p = code, *skip = NULL;
	struct shape s = { 0 };

	if (in->op != INSN_B && !shape_of(in, &s))
		return false;
	if (in->cond != 14 || (in->op != INSN_B && reads_flags(in))) {
		*p++ = ldr_vcpu(12, OFF_CPSR);
		*p++ = 0xe128f00c;			/* msr	cpsr_f, r12 */
	}
	if (in->cond != 14)
		skip = p++;
	p = in->op == INSN_B ? emit_branch(p, in) : emit_alu(p, in, &s);
	if (skip)
		*skip = (in->cond ^ 1u) << 28 | 0x0a000000 | (u32)(p - skip - 2);	/* to what follows */
	if (skip || in->op != INSN_B)
		p = emit_next(p);
	make_executable(code, (u32)(p - code) * 4);
	return true;
}
