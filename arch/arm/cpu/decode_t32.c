// SPDX-License-Identifier: GPL-2.0-or-later
/* The decoder for T32: as decode.c, by tables of 16-bit and of 32-bit encodings (ARM ARM DDI 0406C, A6, A8, B9). */
/*
 * The operands are those of A32, so that an instruction of either set has one meaning. What has no meaning of its own is executed by
 * the processor from the word: in Thumb state, or as the A32 word that means the same.
 */
#include <arm/insn.h>

#include "decode_tab.h"

/* -- loads and stores -- */

static void t16_reg(struct insn *in)
{
	/* opB: STR STRH STRB LDRSB LDR LDRH LDRB LDRSH */
	static const u8 size[8] = { 4, 2, 1, 1, 4, 2, 1, 2 };
	u32 op = FIELD(in->word, 11, 9);

	in->size = size[op];
	in->sign = op == 3 || op == 7;
	in->rm = FIELD(in->word, 8, 6);
	in->rn = FIELD(in->word, 5, 3);
	in->rd = FIELD(in->word, 2, 0);
	in->imm_form = false;
}

static void t16_imm(struct insn *in)
{
	static const u8 size[4] = { [2] = 4, [3] = 1, [0] = 2 };	/* by bits 13:12 of 0b0110, 0b0111, 0b1000 */

	in->size = size[FIELD(in->word, 13, 12)];
	in->imm = FIELD(in->word, 10, 6) * in->size;
	in->rn = FIELD(in->word, 5, 3);
	in->rd = FIELD(in->word, 2, 0);
}

static void t16_sp(struct insn *in)
{
	in->imm = FIELD(in->word, 7, 0) * 4;
	in->rn = 13;
	in->rd = FIELD(in->word, 10, 8);
}

static void t16_lit(struct insn *in)
{
	t16_sp(in);
	in->rn = 15;
}

static void t16_multi(struct insn *in)
{
	in->reglist = FIELD(in->word, 7, 0);
	in->rn = FIELD(in->word, 10, 8);
	in->p = false;
	in->w = in->op == INSN_STM || !(in->reglist & BIT(in->rn));
}

static void t16_push(struct insn *in)
{
	in->reglist = FIELD(in->word, 7, 0) | FIELD(in->word, 8, 8) << 14;
	in->rn = 13;
	in->u = false;
	in->w = true;
}

static void t16_pop(struct insn *in)
{
	in->reglist = FIELD(in->word, 7, 0) | FIELD(in->word, 8, 8) << 15;
	in->rn = 13;
	in->p = false;
	in->w = true;
}

static void t32_imm12(struct insn *in)
{
	in->imm = FIELD(in->word, 11, 0);
	if (in->rn == 15)
		in->u = FIELD(in->word, 23, 23);
}

static void t32_imm8(struct insn *in)
{
	in->imm = FIELD(in->word, 7, 0);
	in->p = FIELD(in->word, 10, 10);
	in->u = FIELD(in->word, 9, 9);
	in->w = FIELD(in->word, 8, 8);
	if (!in->p && !in->w)
		in->op = INSN_OTHER;	/* UNDEFINED */
}

/* LDRT family: T32 has a positive offset and no write-back. */
static void t32_unpriv(struct insn *in)
{
	in->imm = FIELD(in->word, 7, 0);
}

static void t32_reg(struct insn *in)
{
	in->imm_form = false;
	in->rm = FIELD(in->word, 3, 0);
	in->shift_imm = FIELD(in->word, 5, 4);
}

static void t32_dual(struct insn *in)
{
	in->size = 8;
	in->sign = false;
	in->rt2 = FIELD(in->word, 11, 8);
	in->imm = FIELD(in->word, 7, 0) * 4;
	in->p = FIELD(in->word, 24, 24);
	in->u = FIELD(in->word, 23, 23);
	in->w = FIELD(in->word, 21, 21);
}

static void t32_multi(struct insn *in)
{
	in->reglist = FIELD(in->word, 15, 0);
	in->size = 4;
	in->sign = false;
	in->p = FIELD(in->word, 24, 24);
	in->u = FIELD(in->word, 23, 23);
	in->w = FIELD(in->word, 21, 21);
}

/* Exclusives: a store has its status in rd and its data in rm, as in A32. */
static void t32_ex(struct insn *in)
{
	in->size = 4;
	in->sign = false;
	in->imm = FIELD(in->word, 7, 0) * 4;
	if (in->op == INSN_LDREX)
		return;
	in->rm = in->rd;
	in->rd = FIELD(in->word, 11, 8);
}

static void t32_ex_bhd(struct insn *in)
{
	static const u8 size[4] = { 1, 2, 4, 8 };

	in->size = size[FIELD(in->word, 5, 4)];
	in->sign = false;
	in->rt2 = FIELD(in->word, 11, 8);
	if (in->op == INSN_LDREX)
		return;
	in->rm = in->rd;
	in->rd = FIELD(in->word, 3, 0);
}

/* -- data processing: the word is executed as it is, in Thumb state -- */

static void t16_low(struct insn *in)
{
	in->rd = in->rt2 = 0;
}

/* ADD, CMP, MOV of any registers, pc included: the A32 instruction with the same meaning. */
static void t16_high(struct insn *in)
{
	static const u32 a32[4] = { 0xe0800000, 0xe1500000, 0xe1a00000 };
	u32 kind = FIELD(in->word, 9, 8), rdn = FIELD(in->word, 7, 7) << 3 | FIELD(in->word, 2, 0);

	in->rm = FIELD(in->word, 6, 3);
	in->rn = kind == 2 ? 0 : rdn;
	in->rd = kind == 1 ? 0 : rdn;
	in->imm_form = false;
	in->t32 = false;
	in->s = kind == 1;
	in->opcode = FIELD(a32[kind], 24, 21);
	in->word = a32[kind] | (u32)in->rn << 16 | (u32)in->rd << 12 | in->rm;
}

/* Rd of AND, EOR, ADD, SUB with S may be 15: TST, TEQ, CMN, CMP. Rn of ORR and ORN may: MOV, MVN. Other uses of pc are UNPREDICTABLE. */
static void t32_alu(struct insn *in)
{
	u32 op = FIELD(in->word, 24, 21), rd = FIELD(in->word, 11, 8);
	bool compare = rd == 15 && in->word & BIT(20) && (op == 0 || op == 4 || op == 8 || op == 13);
	bool bad = (in->rn == 15 && op != 2 && op != 3) || (in->op == INSN_ALU_REG && in->rm == 15);

	in->op = INSN_PLAIN;
	in->rd = bad ? 15 : compare ? 0 : rd;
}

static void t32_rd(struct insn *in)
{
	in->rd = FIELD(in->word, 11, 8);
}

static void t32_imm16(struct insn *in)
{
	in->rd = FIELD(in->word, 11, 8);
	in->imm = FIELD(in->word, 19, 16) << 12 | FIELD(in->word, 26, 26) << 11 | FIELD(in->word, 14, 12) << 8 | FIELD(in->word, 7, 0);
}

/* RdLo in 15:12, RdHi in 11:8. */
static void t32_long_mul(struct insn *in)
{
	in->rt2 = in->rd;
	in->rd = FIELD(in->word, 11, 8);
}

/* Advanced SIMD data processing: the A32 word. */
static void t32_neon(struct insn *in)
{
	in->word = (in->word & 0x00ffffff) | FIELD(in->word, 28, 28) << 24 | 0xf2000000;
	in->rd = 0;
	in->t32 = false;
}

/* -- branches: offsets from pc as it reads -- */

static u32 sign_extend(u32 value, u32 bits)
{
	return (u32)((s32)(value << (32 - bits)) >> (32 - bits));
}

static void t16_adr(struct insn *in)
{
	in->rd = FIELD(in->word, 10, 8);
	in->imm = FIELD(in->word, 7, 0) * 4;
}

static void t32_adr(struct insn *in)
{
	u32 imm = FIELD(in->word, 26, 26) << 11 | FIELD(in->word, 14, 12) << 8 | FIELD(in->word, 7, 0);

	in->rd = FIELD(in->word, 11, 8);
	in->imm = in->word & BIT(23) ? -imm : imm;
}

static void t16_bx(struct insn *in)
{
	in->rm = FIELD(in->word, 6, 3);
}

static void t16_cbz(struct insn *in)
{
	in->rn = FIELD(in->word, 2, 0);
	in->imm = FIELD(in->word, 9, 9) << 6 | FIELD(in->word, 7, 3) << 1;
	in->s = FIELD(in->word, 11, 11);
}

static void t16_b_cond(struct insn *in)
{
	in->cond = FIELD(in->word, 11, 8);
	in->imm = sign_extend(FIELD(in->word, 7, 0) << 1, 9);
	in->p = false;
}

static void t16_b(struct insn *in)
{
	in->imm = sign_extend(FIELD(in->word, 10, 0) << 1, 12);
	in->p = false;
}

static void t32_b_cond(struct insn *in)
{
	in->cond = FIELD(in->word, 25, 22);
	in->imm = sign_extend(FIELD(in->word, 26, 26) << 20 | FIELD(in->word, 11, 11) << 19 | FIELD(in->word, 13, 13) << 18 |
			      FIELD(in->word, 21, 16) << 12 | FIELD(in->word, 10, 0) << 1, 21);
	in->p = false;
}

/* B, BL, BLX of 24 bits; p: BL (and of BLX, bit 1 of the offset, which is 0). */
static void t32_b(struct insn *in)
{
	u32 s = FIELD(in->word, 26, 26), i1 = FIELD(in->word, 13, 13) ^ s ^ 1, i2 = FIELD(in->word, 11, 11) ^ s ^ 1;

	in->imm = sign_extend(s << 24 | i1 << 23 | i2 << 22 | FIELD(in->word, 25, 16) << 12 | FIELD(in->word, 10, 0) << 1, 25);
	in->p = in->op == INSN_B && in->word & BIT(14);
}

static void t32_tb(struct insn *in)
{
	in->size = in->word & BIT(4) ? 2 : 1;
}

/* -- system instructions -- */

static void t16_setend(struct insn *in)
{
	in->imm = FIELD(in->word, 3, 3);
}

static void t16_cps(struct insn *in)
{
	in->cps_imod = 2 | FIELD(in->word, 4, 4);
	in->cps_aif = FIELD(in->word, 2, 0);
}

static void t32_cps(struct insn *in)
{
	in->cps_imod = FIELD(in->word, 10, 9);
	in->cps_mode_valid = FIELD(in->word, 8, 8);
	in->cps_aif = FIELD(in->word, 7, 5);
	in->cps_mode = FIELD(in->word, 4, 0);
}

static void t32_mrs(struct insn *in)
{
	in->rd = FIELD(in->word, 11, 8);
	in->s = FIELD(in->word, 20, 20);
}

static void t32_msr(struct insn *in)
{
	in->rm = in->rn;
	in->mask = FIELD(in->word, 11, 8);
	in->s = FIELD(in->word, 20, 20);
}

static void t32_bxj(struct insn *in)
{
	in->rm = in->rn;
}

/* SUBS pc, lr, #imm8 (B9.3.19) */
static void t32_subs_pc_lr(struct insn *in)
{
	in->opcode = 2;
	in->imm = FIELD(in->word, 7, 0);
}

/* RFE, SRS: DB or IA. */
static void t32_rfe(struct insn *in)
{
	in->p = !FIELD(in->word, 24, 24);
	in->u = !in->p;
	in->w = FIELD(in->word, 21, 21);
	in->cps_mode = FIELD(in->word, 4, 0);
}

/* One addressing form times the eight single loads and stores: sign is bit 24, size bits 22:21, L bit 20. */
#define T32_SINGLE(m, v, l, st, fill)						\
	{ (m) | 0x01700000, (v) | 0x00000000, st, fill },		\
	{ (m) | 0x01700000, (v) | 0x00100000, l, fill },		\
	{ (m) | 0x01700000, (v) | 0x00200000, st, fill },		\
	{ (m) | 0x01700000, (v) | 0x00300000, l, fill },		\
	{ (m) | 0x01700000, (v) | 0x00400000, st, fill },		\
	{ (m) | 0x01700000, (v) | 0x00500000, l, fill },		\
	{ (m) | 0x01700000, (v) | 0x01100000, l, fill },		\
	{ (m) | 0x01700000, (v) | 0x01300000, l, fill }

/* PLD PLDW PLI and an unallocated hint: loads of bytes and halfwords into pc. */
#define T32_PRELOAD(m, v)							\
	{ (m), (v), INSN_HINT, NULL },					\
	{ (m), (v) | 0x00200000, INSN_HINT, NULL },			\
	{ (m), (v) | 0x01000000, INSN_HINT, NULL },			\
	{ (m), (v) | 0x01200000, INSN_HINT, NULL }

const struct insn_row t32_table[] = {
	{ 0xfff0ffe0, 0xe8d0f000, INSN_TB, t32_tb },
	{ 0xffdfffe0, 0xe80dc000, INSN_SRS, t32_rfe },
	{ 0xffdfffe0, 0xe98dc000, INSN_SRS, t32_rfe },
	{ 0xffd0ffff, 0xe810c000, INSN_RFE, t32_rfe },
	{ 0xffd0ffff, 0xe990c000, INSN_RFE, t32_rfe },
	{ 0xfff00f00, 0xe8500f00, INSN_LDREX, t32_ex },
	{ 0xfff00000, 0xe8400000, INSN_STREX, t32_ex },
	{ 0xfff00fe0, 0xe8d00f40, INSN_LDREX, t32_ex_bhd },	/* LDREXB LDREXH */
	{ 0xfff000f0, 0xe8d00070, INSN_LDREX, t32_ex_bhd },
	{ 0xfff00fe0, 0xe8c00f40, INSN_STREX, t32_ex_bhd },
	{ 0xfff000f0, 0xe8c00070, INSN_STREX, t32_ex_bhd },
	{ 0xff100000, 0xf9000000, INSN_NEON_LS, NULL },
	{ 0xff700000, 0xe8600000, INSN_STR, t32_dual },
	{ 0xff700000, 0xe8700000, INSN_LDR, t32_dual },
	{ 0xff500000, 0xe9400000, INSN_STR, t32_dual },
	{ 0xff500000, 0xe9500000, INSN_LDR, t32_dual },
	{ 0xffd00000, 0xe8800000, INSN_STM, t32_multi },
	{ 0xffd00000, 0xe8900000, INSN_LDM, t32_multi },
	{ 0xffd00000, 0xe9000000, INSN_STM, t32_multi },
	{ 0xffd00000, 0xe9100000, INSN_LDM, t32_multi },
	{ 0xfe5ff000, 0xf81ff000, INSN_HINT, NULL },	/* PLD, PLI: bytes and halfwords into pc */
	/* literals: U is bit 23, so they come before the forms that use bit 23 as an opcode */
	{ 0xff7f0000, 0xf81f0000, INSN_LDR, t32_imm12 },
	{ 0xff7f0000, 0xf83f0000, INSN_LDR, t32_imm12 },
	{ 0xff7f0000, 0xf85f0000, INSN_LDR, t32_imm12 },
	{ 0xff7f0000, 0xf91f0000, INSN_LDR, t32_imm12 },
	{ 0xff7f0000, 0xf93f0000, INSN_LDR, t32_imm12 },
	T32_PRELOAD(0xfff0f000, 0xf890f000),
	T32_PRELOAD(0xfff0ff00, 0xf810fc00),
	T32_PRELOAD(0xfff0ffc0, 0xf810f000),
	{ 0xff1f0000, 0xf80f0000, INSN_OTHER, NULL },	/* stores relative to pc: UNDEFINED */
	T32_SINGLE(0xfe800000, 0xf8800000, INSN_LDR, INSN_STR, t32_imm12),
	T32_SINGLE(0xfe800f00, 0xf8000e00, INSN_LDRT, INSN_STRT, t32_unpriv),
	T32_SINGLE(0xfe800800, 0xf8000800, INSN_LDR, INSN_STR, t32_imm8),
	T32_SINGLE(0xfe800fc0, 0xf8000000, INSN_LDR, INSN_STR, t32_reg),
	{ 0xfe000000, 0xea000000, INSN_ALU_REG, t32_alu },
	{ 0xfa008000, 0xf0000000, INSN_ALU_IMM, t32_alu },
	{ 0xfbff8000, 0xf20f0000, INSN_ADR, t32_adr },
	{ 0xfbff8000, 0xf2af0000, INSN_ADR, t32_adr },
	{ 0xfbf08000, 0xf2400000, INSN_MOVW, t32_imm16 },
	{ 0xfbf08000, 0xf2c00000, INSN_MOVT, t32_imm16 },
	{ 0xfa008000, 0xf2000000, INSN_PLAIN, t32_rd },	/* plain immediates, saturation, bit fields */
	{ 0xff00f000, 0xfa00f000, INSN_PLAIN, t32_rd },	/* shifts, extension, parallel addition and so on */
	{ 0xff800000, 0xfb000000, INSN_PLAIN, t32_rd },
	{ 0xff800000, 0xfb800000, INSN_PLAIN, t32_long_mul },
	{ 0xef000000, 0xef000000, INSN_VFP, t32_neon },
	/* branches and miscellaneous control (A6.3.4) */
	{ 0xffffff00, 0xf3de8f00, INSN_ALU_RET_IMM, t32_subs_pc_lr },
	{ 0xffeff0ff, 0xf3ef8000, INSN_MRS, t32_mrs },
	{ 0xffe0f0ff, 0xf3808000, INSN_MSR_REG, t32_msr },
	{ 0xffffffff, 0xf3af8003, INSN_WFI, NULL },
	{ 0xffffff00, 0xf3af8000, INSN_HINT, NULL },
	{ 0xfffff800, 0xf3af8000, INSN_CPS, t32_cps },
	{ 0xffffffff, 0xf3bf8f2f, INSN_CLREX, NULL },
	{ 0xfffffff0, 0xf3bf8f40, INSN_BARRIER, NULL },
	{ 0xfffffff0, 0xf3bf8f50, INSN_BARRIER, NULL },
	{ 0xfffffff0, 0xf3bf8f60, INSN_BARRIER, NULL },
	{ 0xfff0ffff, 0xf3c08f00, INSN_BX, t32_bxj },
	{ 0xfff0f000, 0xf7f08000, INSN_SMC, NULL },
	{ 0xfff0f000, 0xf7e08000, INSN_HVC, NULL },
	{ 0xfb80d000, 0xf3808000, INSN_UDF, NULL },
	{ 0xf800d000, 0xf0008000, INSN_B, t32_b_cond },
	{ 0xf800d000, 0xf0009000, INSN_B, t32_b },
	{ 0xf800d000, 0xf000d000, INSN_B, t32_b },		/* BL */
	{ 0xf800d001, 0xf000c000, INSN_BLX_IMM, t32_b },
	{ 0, 0, INSN_OTHER, NULL },
};

const struct insn_row t16_table[] = {
	{ 0xc000, 0x0000, INSN_PLAIN, t16_low },	/* shifts, ADD, SUB, MOV, CMP */
	{ 0xfc00, 0x4000, INSN_PLAIN, t16_low },
	{ 0xff80, 0x4700, INSN_BX, t16_bx },
	{ 0xff80, 0x4780, INSN_BLX_REG, t16_bx },
	{ 0xfc00, 0x4400, INSN_ALU_REG, t16_high },
	{ 0xf800, 0xa000, INSN_ADR, t16_adr },
	{ 0xf800, 0xa800, INSN_PLAIN, t16_low },	/* ADD Rd, sp */
	{ 0xff00, 0xb000, INSN_PLAIN, t16_low },	/* ADD, SUB sp */
	{ 0xf500, 0xb100, INSN_CBZ, t16_cbz },
	{ 0xff00, 0xb200, INSN_PLAIN, t16_low },	/* SXTH to UXTB */
	{ 0xfff7, 0xb650, INSN_SETEND, t16_setend },
	{ 0xffe8, 0xb660, INSN_CPS, t16_cps },
	{ 0xff00, 0xba00, INSN_PLAIN, t16_low },	/* REV REV16 REVSH */
	{ 0xff00, 0xbe00, INSN_BKPT, NULL },
	{ 0xffff, 0xbf30, INSN_WFI, NULL },
	{ 0xff0f, 0xbf00, INSN_HINT, NULL },
	{ 0xff00, 0xbf00, INSN_IT, NULL },
	{ 0xff00, 0xde00, INSN_UDF, NULL },
	{ 0xff00, 0xdf00, INSN_SVC, NULL },
	{ 0xf000, 0xd000, INSN_B, t16_b_cond },
	{ 0xf800, 0xe000, INSN_B, t16_b },
	{ 0xfe00, 0x5000, INSN_STR, t16_reg },
	{ 0xfe00, 0x5200, INSN_STR, t16_reg },
	{ 0xfe00, 0x5400, INSN_STR, t16_reg },
	{ 0xfe00, 0x5600, INSN_LDR, t16_reg },
	{ 0xfe00, 0x5800, INSN_LDR, t16_reg },
	{ 0xfe00, 0x5a00, INSN_LDR, t16_reg },
	{ 0xfe00, 0x5c00, INSN_LDR, t16_reg },
	{ 0xfe00, 0x5e00, INSN_LDR, t16_reg },
	{ 0xf800, 0x6000, INSN_STR, t16_imm },
	{ 0xf800, 0x6800, INSN_LDR, t16_imm },
	{ 0xf800, 0x7000, INSN_STR, t16_imm },
	{ 0xf800, 0x7800, INSN_LDR, t16_imm },
	{ 0xf800, 0x8000, INSN_STR, t16_imm },
	{ 0xf800, 0x8800, INSN_LDR, t16_imm },
	{ 0xf800, 0x9000, INSN_STR, t16_sp },
	{ 0xf800, 0x9800, INSN_LDR, t16_sp },
	{ 0xf800, 0x4800, INSN_LDR, t16_lit },
	{ 0xf800, 0xc000, INSN_STM, t16_multi },
	{ 0xf800, 0xc800, INSN_LDM, t16_multi },
	{ 0xfe00, 0xb400, INSN_STM, t16_push },
	{ 0xfe00, 0xbc00, INSN_LDM, t16_pop },
	{ 0, 0, INSN_OTHER, NULL },
};

void t32_decode(u16 hw1, u16 hw2, struct insn *in)
{
	bool wide = hw1 >> 11 >= 0x1d;
	u32 word = wide ? (u32)hw1 << 16 | hw2 : hw1, hi = word >> 24 & 0xef;
	const struct insn_row *r;

	if (wide && hi >= 0xec && hi <= 0xee) {		/* coprocessors: as A32 with condition AL (A6.3.18) */
		a32_decode(word, in);
		return;
	}
	r = insn_row_find(wide ? t32_table : t16_table, word);
	*in = (struct insn){
		.word = word, .op = r->op, .cond = 14, .len = wide ? 4 : 2, .t32 = true,
		.rn = FIELD(word, 19, 16), .rd = FIELD(word, 15, 12), .rm = FIELD(word, 3, 0),
		.p = true, .u = true, .imm_form = true,
		.size = wide ? 1u << FIELD(word, 22, 21) : 4, .sign = wide && FIELD(word, 24, 24),
	};
	if (r->fill)
		r->fill(in);
}

/* Those whose operation does not say it: MSR of the flags alone is harmless, and SETEND BE is for path `inline`. */
bool t32_is_site(u16 hw1, u16 hw2)
{
	struct insn in;

	t32_decode(hw1, hw2, &in);
	switch (in.op) {
	case INSN_CPS: case INSN_MRS: case INSN_ALU_RET_IMM: case INSN_RFE: case INSN_SRS: case INSN_WFI: case INSN_LDRT: case INSN_STRT:
		return true;
	case INSN_MSR_REG:
		return in.s || in.mask & 3;
	case INSN_MRC:
		return a32_is_site(in.word);
	case INSN_SETEND:
		return in.imm;
	default:
		return false;
	}
}

static u32 single_as_a32(const struct insn *in)
{
	if (in->imm || in->sign || !in->imm_form || (in->size != 1 && in->size != 4))
		return 0;
	return 0xe4a00000 | (in->size == 1 ? BIT(22) : 0) | (in->op == INSN_LDRT ? BIT(20) : 0) | (u32)in->rn << 16 | (u32)in->rd << 12;
}

u32 t32_as_a32(const struct insn *in)
{
	switch (in->op) {
	case INSN_CPS:
		return 0xf1000000 | (u32)in->cps_imod << 18 | (in->cps_mode_valid ? BIT(17) : 0) | (u32)in->cps_aif << 6 | in->cps_mode;
	case INSN_MRS:
		return 0xe10f0000 | (in->s ? BIT(22) : 0) | (u32)in->rd << 12;
	case INSN_MSR_REG:
		return 0xe120f000 | (in->s ? BIT(22) : 0) | (u32)in->mask << 16 | in->rm;
	case INSN_ALU_RET_IMM:
		return in->imm ? 0xe25ef000 | in->imm : 0xe1b0f00e;
	case INSN_LDRT: case INSN_STRT:
		return single_as_a32(in);
	case INSN_MRC: case INSN_MCR: case INSN_VMRS: case INSN_VMSR:
		return in->word;
	default:
		return 0;
	}
}
