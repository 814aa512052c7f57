// SPDX-License-Identifier: GPL-2.0-or-later
/* The one decoder: A32 words to struct insn through tables of mask, value, operation and operand filler. T32: decode_t32.c. */
/*
 * Encodings: ARM ARM DDI 0406C chapters A5, A8 and B9. Rows are tried in order and the first match
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

static void fill_imm16(struct insn *in)
{
	in->imm = FIELD(in->word, 19, 16) << 12 | FIELD(in->word, 11, 0);
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

static void fill_setend(struct insn *in)
{
	in->imm = FIELD(in->word, 9, 9);
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
	{ 0x0ff00000, 0x03000000, INSN_MOVW, fill_imm16 },
	{ 0x0ff00000, 0x03400000, INSN_MOVT, fill_imm16 },
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
	{ 0xfffffdff, 0xf1010000, INSN_SETEND, fill_setend },
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

static const struct insn_row *a32_table(u32 word)
{
	return a32_tables[word >> 28 == 15 ? A32_UNCOND : FIELD(word, 27, 25)];
}

/* By bits 27:20 and cond = 0b1111: the first row that may match. Filled as they occur. */
static const struct insn_row *a32_row(u32 word)
{
	static const struct insn_row *first[512];
	const struct insn_row **f = &first[FIELD(word, 27, 20) | (word >> 28 == 15) << 8], *r;

	if (!*f) {
		for (r = a32_table(word); (word ^ r->value) & r->mask & 0x0ff00000; r++)
			;
		*f = r;
	}
	return insn_row_find(*f, word);
}

void a32_decode(u32 word, struct insn *in)
{
	static const struct insn blank = { .len = 4 };
	const struct insn_row *r = a32_row(word);

	*in = blank;
	in->word = word;
	in->op = r->op;
	in->cond = word >> 28 == 15 ? 14 : word >> 28;
	in->rd = FIELD(word, 15, 12);
	in->rn = FIELD(word, 19, 16);
	in->rm = FIELD(word, 3, 0);
	in->rs = FIELD(word, 11, 8);
	in->p = FIELD(word, 24, 24);
	in->u = FIELD(word, 23, 23);
	in->w = FIELD(word, 21, 21);
	in->s = FIELD(word, 20, 20);
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

/* MSR is a site for each of these bits. */
static void see_msr(u32 mask, u32 value, void (*see)(void *to, u32 mask, u32 value), void *to)
{
	for (u32 left = MSR_SITE; left; left &= left - 1) {
		u32 bit = left & -left;

		if (!(mask & ~value & bit))
			see(to, mask | bit, value | bit);
	}
}

/* Rows of @t for sites, or @all of them, with what stands for the table in them. */
static void see_rows(const struct insn_row *t, bool all, u32 mask, u32 value, void (*see)(void *to, u32 mask, u32 value), void *to)
{
	for (; t->mask; t++)
		if (is_msr(t->op))
			see_msr(t->mask | mask, t->value | value, see, to);
		else if (all || is_site_op(t->op))
			see(to, t->mask | mask, t->value | value);
}

void a32_see_sites(void (*see)(void *to, u32 mask, u32 value), void *to)
{
	for (u32 i = 0; i < A32_UNCOND; i++)
		see_rows(a32_tables[i], false, 0x0e000000, i << 25, see, to);
	see_rows(a32_tables[A32_UNCOND], false, 0xf0000000, 0xf0000000, see, to);
	see_rows(more_sites, true, 0, 0, see, to);
	see_rows(more_uncond, true, 0, 0, see, to);
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
