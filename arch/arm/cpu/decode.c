// SPDX-License-Identifier: GPL-2.0-or-later
/* The one decoder: A32 and T32 words to struct insn through tables of mask, value, operation and operand filler. */
/*
 * Encodings: ARM ARM DDI 0406C chapters A5 (A32), A6 (T32), A8 and B9. Rows are tried in order and the first match
 * wins, so a special case stands above the general one it is cut out of; t_decode.c checks that rows of one table
 * overlap in no other way. should-be-zero/one bits are compared for the system instructions whose encodings are
 * narrow (CPS, MRS, MSR, SRS, RFE, hints): such words are UNPREDICTABLE in every mode, and comparing them keeps data
 * words from being taken for code. They are not compared for loads and stores.
 */
#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/vcpu.h>

#include "decode_tab.h"

static u32 ror32(u32 v, u32 n)
{
	return n ? v >> n | v << (32 - n) : v;
}

/* -- A32 operand fillers; a32_decode() has filled word, cond, rd, rn, rs, rm, p, u, w, s from their usual places -- */

static void fill_cps(struct insn *in)
{
	in->cps_imod = FIELD(in->word, 19, 18);
	in->cps_mode_valid = FIELD(in->word, 17, 17);
	in->cps_aif = FIELD(in->word, 8, 6);
	in->cps_mode = FIELD(in->word, 4, 0);
}

static void fill_psr(struct insn *in)
{
	in->s = FIELD(in->word, 22, 22);
	in->mask = FIELD(in->word, 19, 16);
}

static void fill_imm(struct insn *in)
{
	in->imm_form = true;
	in->imm = ror32(FIELD(in->word, 7, 0), 2 * FIELD(in->word, 11, 8));
	in->opcode = FIELD(in->word, 24, 21);
}

static void fill_psr_imm(struct insn *in)
{
	fill_imm(in);
	fill_psr(in);
}

static void fill_shift(struct insn *in)
{
	in->shift_type = FIELD(in->word, 6, 5);
	in->shift_imm = FIELD(in->word, 11, 7);
	in->opcode = FIELD(in->word, 24, 21);
}

static void note_simple(struct insn *in)
{
	bool wb = in->w || !in->p;

	in->simple = in->size <= 4 && in->rd != 15 && in->rn != 15 && (in->imm_form || in->rm != 15) && !(wb && in->rn == in->rd);
}

static void fill_ls_imm(struct insn *in)
{
	in->imm_form = true;
	in->imm = FIELD(in->word, 11, 0);
	in->size = FIELD(in->word, 22, 22) ? 1 : 4;
	note_simple(in);
}

static void fill_ls_reg(struct insn *in)
{
	fill_shift(in);
	in->size = FIELD(in->word, 22, 22) ? 1 : 4;
	note_simple(in);
}

/* Halfword, signed and doubleword forms: op2 (bits 6:5) with L says which. */
static void fill_ls_extra(struct insn *in)
{
	u32 op2 = FIELD(in->word, 6, 5);
	bool load = FIELD(in->word, 20, 20);

	in->imm_form = FIELD(in->word, 22, 22);
	in->imm = FIELD(in->word, 11, 8) << 4 | FIELD(in->word, 3, 0);
	in->sign = load && op2 >= 2;
	if (load)
		in->size = op2 == 2 ? 1 : 2;
	else
		in->size = op2 == 1 ? 2 : 8;
	in->rt2 = (in->rd + 1) & 15;
	note_simple(in);
}

static void fill_multi(struct insn *in)
{
	in->reglist = FIELD(in->word, 15, 0);
	in->size = 4;
}

static void fill_ex(struct insn *in)
{
	static const u8 size[4] = { 4, 8, 1, 2 };

	in->size = size[FIELD(in->word, 22, 21)];
	in->rt2 = ((in->s ? in->rd : in->rm) + 1) & 15;
}

static void fill_swp(struct insn *in)
{
	in->size = FIELD(in->word, 22, 22) ? 1 : 4;
}

static void fill_srs(struct insn *in)
{
	in->cps_mode = FIELD(in->word, 4, 0);
}

static void fill_coproc(struct insn *in)
{
	in->coproc_enc = COPROC_ENC(FIELD(in->word, 11, 8), FIELD(in->word, 23, 21), FIELD(in->word, 19, 16),
				    FIELD(in->word, 3, 0), FIELD(in->word, 7, 5));
}

static void fill_coproc64(struct insn *in)
{
	in->rt2 = in->rn;
	in->coproc_enc = COPROC_ENC(FIELD(in->word, 11, 8), FIELD(in->word, 7, 4), 0u, FIELD(in->word, 3, 0), 0u);
}

/* Multiplies: results in 19:16 and, of the long ones, 15:12; the others have an operand or zero there. */
static void fill_mul(struct insn *in)
{
	in->rt2 = in->rd;
	in->rd = in->rn;
}

/* Media multiplies: result in 19:16, and in 15:12 an operand that may be absent (15). */
static void fill_media_mul(struct insn *in)
{
	in->rd = in->rn;
}

static void fill_vfp(struct insn *in)
{
	in->rd = 0;
}

static void fill_vfp64(struct insn *in)
{
	in->rt2 = in->rn;
}

static void fill_branch(struct insn *in)
{
	in->imm = (u32)((s32)(in->word << 8) >> 6);
}

/* -- A32 tables, one per value of bits 27:25, and one for cond = 0b1111 -- */

static const struct insn_row a32_000[] = {
	{ 0x0fbf0fff, 0x010f0000, INSN_MRS, fill_psr },
	{ 0x0fb0fff0, 0x0120f000, INSN_MSR_REG, fill_psr },
	{ 0x0ff000f0, 0x01200070, INSN_BKPT, NULL },
	{ 0x0ff000f0, 0x01400070, INSN_HVC, NULL },
	{ 0x0ff000f0, 0x01600070, INSN_SMC, NULL },
	{ 0x0fb00ff0, 0x01000090, INSN_SWP, fill_swp },
	{ 0x0f900ff0, 0x01800f90, INSN_STREX, fill_ex },
	{ 0x0f900ff0, 0x01900f90, INSN_LDREX, fill_ex },
	{ 0x0f0000f0, 0x00000090, INSN_PLAIN, fill_mul },
	{ 0x0e0000f0, 0x00000090, INSN_OTHER, NULL },		/* rest of the synchronization space */
	{ 0x0f3000f0, 0x002000b0, INSN_STRT, fill_ls_extra },
	{ 0x0f3000f0, 0x003000b0, INSN_LDRT, fill_ls_extra },
	{ 0x0f3000d0, 0x003000d0, INSN_LDRT, fill_ls_extra },
	{ 0x0f3000f0, 0x002000d0, INSN_OTHER, NULL },		/* LDRD/STRD with P=0 W=1: UNPREDICTABLE */
	{ 0x0f3000f0, 0x002000f0, INSN_OTHER, NULL },
	{ 0x0e1000f0, 0x000000b0, INSN_STR, fill_ls_extra },
	{ 0x0e1000f0, 0x000000d0, INSN_LDR, fill_ls_extra },	/* LDRD */
	{ 0x0e1000f0, 0x000000f0, INSN_STR, fill_ls_extra },	/* STRD */
	{ 0x0e1000f0, 0x001000b0, INSN_LDR, fill_ls_extra },
	{ 0x0e1000d0, 0x001000d0, INSN_LDR, fill_ls_extra },	/* LDRSB LDRSH */
	/* S=1 with Rd=pc, but not TST/TEQ/CMP/CMN (opcode 0b10xx) */
	{ 0x0f10f010, 0x0010f000, INSN_ALU_RET_REG, fill_shift },
	{ 0x0f90f010, 0x0190f000, INSN_ALU_RET_REG, fill_shift },
	{ 0x0f10f090, 0x0010f010, INSN_ALU_RET_RSR, fill_shift },
	{ 0x0f90f090, 0x0190f010, INSN_ALU_RET_RSR, fill_shift },
	{ 0x0ffffff0, 0x012fff10, INSN_BX, NULL },
	{ 0x0ffffff0, 0x012fff20, INSN_BX, NULL },		/* BXJ, Jazelle being trivial */
	{ 0x0ffffff0, 0x012fff30, INSN_BLX_REG, NULL },
	{ 0x0fff0ff0, 0x016f0f10, INSN_PLAIN, NULL },		/* CLZ */
	{ 0x0f900ff0, 0x01000050, INSN_PLAIN, NULL },		/* QADD and so on */
	{ 0x0f900090, 0x01000080, INSN_PLAIN, fill_mul },	/* halfword multiplies */
	{ 0x0f900010, 0x01000000, INSN_OTHER, NULL },		/* rest of the miscellaneous space */
	{ 0x0f900090, 0x01000010, INSN_OTHER, NULL },
	{ 0x0e000010, 0x00000000, INSN_ALU_REG, fill_shift },
	{ 0x0e000090, 0x00000010, INSN_ALU_RSR, fill_shift },
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row a32_001[] = {
	{ 0x0fffffff, 0x0320f003, INSN_WFI, NULL },
	{ 0x0ffff000, 0x0320f000, INSN_HINT, NULL },
	{ 0x0fb0f000, 0x0320f000, INSN_MSR_IMM, fill_psr_imm },
	{ 0x0f10f000, 0x0210f000, INSN_ALU_RET_IMM, fill_imm },
	{ 0x0f90f000, 0x0390f000, INSN_ALU_RET_IMM, fill_imm },
	{ 0x0fb00000, 0x03000000, INSN_PLAIN, NULL },		/* MOVW, MOVT */
	{ 0x0fb00000, 0x03200000, INSN_OTHER, NULL },
	{ 0x0e000000, 0x02000000, INSN_ALU_IMM, fill_imm },
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row a32_010[] = {
	{ 0x0f300000, 0x04200000, INSN_STRT, fill_ls_imm },
	{ 0x0f300000, 0x04300000, INSN_LDRT, fill_ls_imm },
	{ 0x0e100000, 0x04000000, INSN_STR, fill_ls_imm },
	{ 0x0e100000, 0x04100000, INSN_LDR, fill_ls_imm },
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row a32_011[] = {
	{ 0x0ff000f0, 0x07f000f0, INSN_UDF, NULL },
	{ 0x0ff00010, 0x07400010, INSN_PLAIN, fill_mul },	/* SMLALD, SMLSLD */
	{ 0x0f800010, 0x07000010, INSN_PLAIN, fill_media_mul },
	{ 0x0ff00010, 0x07800010, INSN_PLAIN, fill_media_mul },	/* USAD8, USADA8 */
	{ 0x0e000010, 0x06000010, INSN_PLAIN, NULL },		/* the other media instructions */
	{ 0x0f300010, 0x06200000, INSN_STRT, fill_ls_reg },
	{ 0x0f300010, 0x06300000, INSN_LDRT, fill_ls_reg },
	{ 0x0e100010, 0x06000000, INSN_STR, fill_ls_reg },
	{ 0x0e100010, 0x06100000, INSN_LDR, fill_ls_reg },
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row a32_100[] = {
	{ 0x0e508000, 0x08508000, INSN_LDM_RET, fill_multi },
	{ 0x0e508000, 0x08500000, INSN_LDM_USER, fill_multi },
	{ 0x0e500000, 0x08400000, INSN_STM_USER, fill_multi },
	{ 0x0e500000, 0x08100000, INSN_LDM, fill_multi },
	{ 0x0e500000, 0x08000000, INSN_STM, fill_multi },
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row a32_101[] = {
	{ 0x0e000000, 0x0a000000, INSN_B, fill_branch },
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row a32_110[] = {
	{ 0x0fe00e00, 0x0c400a00, INSN_VFP, fill_vfp64 },	/* VMOV of two core registers; coprocessors 10 and 11 */
	{ 0x0fe00e00, 0x0c000a00, INSN_UDF, NULL },
	{ 0x0e000e00, 0x0c000a00, INSN_VFP_LS, NULL },
	{ 0x0ff00000, 0x0c400000, INSN_MCRR, fill_coproc64 },
	{ 0x0ff00000, 0x0c500000, INSN_MRRC, fill_coproc64 },
	{ 0x0ff00000, 0x0c000000, INSN_UDF, NULL },
	{ 0x0ff00000, 0x0c100000, INSN_UDF, NULL },
	{ 0x0e100000, 0x0c000000, INSN_STC, NULL },
	{ 0x0e100000, 0x0c100000, INSN_LDC, NULL },
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row a32_111[] = {
	{ 0x0f000000, 0x0f000000, INSN_SVC, NULL },
	{ 0x0ff00f10, 0x0ee00a10, INSN_VMSR, NULL },		/* system register number in rn */
	{ 0x0ff00f10, 0x0ef00a10, INSN_VMRS, NULL },
	{ 0x0f000e10, 0x0e000a00, INSN_VFP, fill_vfp },
	{ 0x0f000e10, 0x0e000a10, INSN_VFP, NULL },		/* VMOV of a core register */
	{ 0x0f100010, 0x0e000010, INSN_MCR, fill_coproc },
	{ 0x0f100010, 0x0e100010, INSN_MRC, fill_coproc },
	{ 0x0f000010, 0x0e000000, INSN_CDP, NULL },
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row a32_uncond[] = {
	{ 0xfff1fe20, 0xf1000000, INSN_CPS, fill_cps },
	{ 0xfe5fffe0, 0xf84d0500, INSN_SRS, fill_srs },
	{ 0xfe50ffff, 0xf8100a00, INSN_RFE, NULL },
	{ 0xfe000000, 0xf2000000, INSN_VFP, fill_vfp },		/* Advanced SIMD data processing */
	{ 0xff100000, 0xf4000000, INSN_NEON_LS, NULL },
	{ 0xfffffdff, 0xf1010000, INSN_SETEND, NULL },
	{ 0xffffffff, 0xf57ff01f, INSN_CLREX, NULL },
	{ 0xfffffff0, 0xf57ff040, INSN_BARRIER, NULL },		/* DSB */
	{ 0xfffffff0, 0xf57ff050, INSN_BARRIER, NULL },		/* DMB */
	{ 0xfffffff0, 0xf57ff060, INSN_BARRIER, NULL },		/* ISB */
	{ 0xfe300000, 0xf4100000, INSN_HINT, NULL },		/* PLD, PLDW, PLI and unallocated ones */
	{ 0xfe300010, 0xf6100000, INSN_HINT, NULL },
	{ 0xfe000000, 0xfa000000, INSN_BLX_IMM, fill_branch },
	{ 0xfc000000, 0xfc000000, INSN_UDF, NULL },		/* MCR2 and friends: no coprocessor defines any; 0xff */
	{ 0, 0, INSN_OTHER, NULL },
};

const struct insn_row *const a32_tables[A32_TABLES] = {
	a32_000, a32_001, a32_010, a32_011, a32_100, a32_101, a32_110, a32_111, a32_uncond,
};

/* Every table ends in a row that matches anything. */
static const struct insn_row *row_find(const struct insn_row *r, u32 word)
{
	while ((word & r->mask) != r->value)
		r++;
	return r;
}

static const struct insn_row *a32_row(u32 word)
{
	return row_find(a32_tables[word >> 28 == 15 ? A32_UNCOND : FIELD(word, 27, 25)], word);
}

void a32_decode(u32 word, struct insn *in)
{
	const struct insn_row *r = a32_row(word);

	*in = (struct insn){
		.word = word, .op = r->op, .len = 4,
		.cond = word >> 28 == 15 ? 14 : word >> 28,
		.rd = FIELD(word, 15, 12), .rn = FIELD(word, 19, 16),
		.rm = FIELD(word, 3, 0), .rs = FIELD(word, 11, 8),
		.p = FIELD(word, 24, 24), .u = FIELD(word, 23, 23),
		.w = FIELD(word, 21, 21), .s = FIELD(word, 20, 20),
	};
	if (r->fill)
		r->fill(in);
}

/* Operations that are always sites; MSR depends on its fields, MRC on the register. */
#define SITE_OPS								\
	(BIT(INSN_CPS) | BIT(INSN_MRS) | BIT(INSN_LDM_USER) | BIT(INSN_LDM_RET) | BIT(INSN_STM_USER) |	\
	 BIT(INSN_ALU_RET_REG) | BIT(INSN_ALU_RET_RSR) | BIT(INSN_ALU_RET_IMM) | BIT(INSN_RFE) |		\
	 BIT(INSN_SRS) | BIT(INSN_WFI) | BIT(INSN_LDRT) | BIT(INSN_STRT))
_Static_assert(INSN_STRT < 32, "site operations must fit a word of bits");

static bool is_msr(enum insn_op op)
{
	return op == INSN_MSR_REG || op == INSN_MSR_IMM;
}

static bool is_site_op(enum insn_op op)
{
	return op < 32 && SITE_OPS & BIT(op);
}

/* MRC of PMUSERENR: the one CP15 register that User mode reads without a trap, but would read Umbra's own (ARM ARM C12). */
static bool is_pmuserenr_read(u32 word)
{
	return (word & 0x0fff0fff) == 0x0e190f1e;
}

/* MSR of something else than the flags alone: SPSR, or the x or c field. */
#define MSR_SITE	(BIT(22) | BIT(17) | BIT(16))

enum insn_op a32_site_op(u32 word)
{
	enum insn_op op = a32_row(word)->op;

	if (op == INSN_MRC)
		return is_pmuserenr_read(word) ? op : INSN_OTHER;
	if (is_msr(op))
		return word & MSR_SITE ? op : INSN_OTHER;
	return is_site_op(op) ? op : INSN_OTHER;
}

bool a32_is_site(u32 word)
{
	return a32_site_op(word) != INSN_OTHER;
}

/* What may become a site besides: a word in the form of a trapping word, and what site.c replaces although it traps by itself. */
static const struct insn_row more_sites[] = {
	{ 0x0f800000, 0x0f800000, INSN_SVC, NULL },
	{ 0xff000a10, 0xee000a10, INSN_MRC, NULL },		/* MCR, MRC, VMSR, VMRS: coprocessors 10 and 15 */
	{ 0x0fff0fff, 0x0e190f1e, INSN_MRC, NULL },		/* PMUSERENR, on any condition */
	{ 0, 0, INSN_OTHER, NULL },
};

static const struct insn_row more_uncond[] = {
	{ 0xffffffff, 0xf1010200, INSN_SETEND, NULL },		/* SETEND BE: see code_scan.c */
	{ 0, 0, INSN_OTHER, NULL },
};

/* Rows of @t for sites, or @all of them. */
static void need_rows(struct a32_need need[2], const struct insn_row *t, bool all, u32 top)
{
	for (; t->mask; t++)
		if (all || is_site_op(t->op) || (is_msr(t->op) && top << 16 & MSR_SITE))
			a32_need_loosen(&need[!(t->mask & t->value & 0xf000)], t->mask, t->value, top);
}

void a32_site_need(struct a32_need need[2], u32 top)
{
	need[0] = need[1] = A32_NEED_NONE;
	need_rows(need, top >> 12 == 15 ? a32_uncond : a32_tables[FIELD(top, 11, 9)], false, top);
	need_rows(need, top >> 12 == 15 ? more_uncond : more_sites, true, top);
}

bool cond_holds(u32 cond, u32 cpsr)
{
	bool n = cpsr & BIT(31), z = cpsr & BIT(30), c = cpsr & BIT(29), o = cpsr & BIT(28);
	bool r;

	switch (cond >> 1) {
	case 0: r = z; break;
	case 1: r = c; break;
	case 2: r = n; break;
	case 3: r = o; break;
	case 4: r = c && !z; break;
	case 5: r = n == o; break;
	case 6: r = n == o && !z; break;
	default: return true;
	}
	return cond & 1 ? !r : r;
}

/* -- T32: loads and stores only -- */

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

const struct insn_row t32_table[] = {
	{ 0xfff00f00, 0xe8500f00, INSN_LDREX, t32_ex },
	{ 0xfff00000, 0xe8400000, INSN_STREX, t32_ex },
	{ 0xfff00fe0, 0xe8d00f40, INSN_LDREX, t32_ex_bhd },	/* LDREXB LDREXH */
	{ 0xfff000f0, 0xe8d00070, INSN_LDREX, t32_ex_bhd },
	{ 0xfff00fe0, 0xe8c00f40, INSN_STREX, t32_ex_bhd },
	{ 0xfff000f0, 0xe8c00070, INSN_STREX, t32_ex_bhd },
	{ 0xffe00e00, 0xec400a00, INSN_OTHER, NULL },		/* VMOV of two core registers */
	{ 0xffe00e00, 0xec000a00, INSN_OTHER, NULL },
	{ 0xfe000e00, 0xec000a00, INSN_VFP_LS, NULL },
	{ 0xff100000, 0xf9000000, INSN_NEON_LS, NULL },
	{ 0xff700000, 0xe8600000, INSN_STR, t32_dual },
	{ 0xff700000, 0xe8700000, INSN_LDR, t32_dual },
	{ 0xff500000, 0xe9400000, INSN_STR, t32_dual },
	{ 0xff500000, 0xe9500000, INSN_LDR, t32_dual },
	{ 0xffd00000, 0xe8800000, INSN_STM, t32_multi },
	{ 0xffd00000, 0xe8900000, INSN_LDM, t32_multi },
	{ 0xffd00000, 0xe9000000, INSN_STM, t32_multi },
	{ 0xffd00000, 0xe9100000, INSN_LDM, t32_multi },
	/* literals: U is bit 23, so they come before the forms that use bit 23 as an opcode */
	{ 0xff7f0000, 0xf81f0000, INSN_LDR, t32_imm12 },
	{ 0xff7f0000, 0xf83f0000, INSN_LDR, t32_imm12 },
	{ 0xff7f0000, 0xf85f0000, INSN_LDR, t32_imm12 },
	{ 0xff7f0000, 0xf91f0000, INSN_LDR, t32_imm12 },
	{ 0xff7f0000, 0xf93f0000, INSN_LDR, t32_imm12 },
	T32_SINGLE(0xfe800000, 0xf8800000, INSN_LDR, INSN_STR, t32_imm12),
	T32_SINGLE(0xfe800f00, 0xf8000e00, INSN_LDRT, INSN_STRT, t32_unpriv),
	T32_SINGLE(0xfe800800, 0xf8000800, INSN_LDR, INSN_STR, t32_imm8),
	T32_SINGLE(0xfe800fc0, 0xf8000000, INSN_LDR, INSN_STR, t32_reg),
	{ 0, 0, INSN_OTHER, NULL },
};

const struct insn_row t16_table[] = {
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
	u32 word = wide ? (u32)hw1 << 16 | hw2 : hw1;
	const struct insn_row *r = row_find(wide ? t32_table : t16_table, word);

	*in = (struct insn){
		.word = word, .op = r->op, .cond = 14, .len = wide ? 4 : 2,
		.rn = FIELD(word, 19, 16), .rd = FIELD(word, 15, 12), .rm = FIELD(word, 3, 0),
		.p = true, .u = true, .imm_form = true,
		.size = wide ? 1u << FIELD(word, 22, 21) : 4, .sign = wide && FIELD(word, 24, 24),
	};
	if (r->fill)
		r->fill(in);
}
