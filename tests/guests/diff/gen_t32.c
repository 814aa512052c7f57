// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * T32 code: between the A32 code of a block's own page, so that the state changes in the middle of a page, or in a page of T32 code alone, for
 * privileged modes, which a hypervisor may rewrite.
 */
#include "diff.h"

#define HALVES_MAX	36u	/* of one unit */
#define HALVES_LEFT	18u	/* the longest step, and what ends the unit */
#define NOP		0xbf00u
#define SVC		0xdf01u
#define LOW(n)		(7u << (n))

struct t32 {
	struct gen *g;
	u16 half[HALVES_MAX];
	u32 nr;
	u32 va;			/* of the first */
};

static void narrow(struct t32 *t, u32 hw)
{
	t->half[t->nr++] = (u16)hw;
}

static void wide(struct t32 *t, u32 word)
{
	narrow(t, word >> 16);
	narrow(t, word & 0xffff);
}

/* MOVW, MOVT */
static void t32_const(struct t32 *t, u32 rd, u32 value)
{
	for (u32 i = 0; i < 2; i++) {
		u32 v = value >> 16 * i & 0xffff;

		wide(t, (i ? 0xf2c00000u : 0xf2400000u) | v >> 12 << 16 | (v >> 11 & 1) << 26 | (v >> 8 & 7) << 12 | rd << 8 | (v & 0xff));
	}
}

static bool in_user(const struct t32 *t)
{
	return t->g->modes & M_USR;
}

/* -- data processing: fixed bits, random bits, registers by field -- */

/* Registers above r7 are fields of 4 bits; r13 and r15 are allowed nowhere. */
static u32 source(struct gen *g)
{
	return gen_one_in(g, 4) ? 6 + gen_below(g, 2) : gen_reg(g);
}

#define D3(n)	(1u << (n))		/* written, low: 3 bits at @n */
#define S3(n)	(1u << ((n) + 9))	/* read */

static const struct narrow_row {
	u16 value, random;
	u32 fields;
} narrow_rows[] = {
	{ 0x0000, 0x0fc0, D3(0) | S3(3) },		/* LSL LSR */
	{ 0x1000, 0x07c0, D3(0) | S3(3) },		/* ASR */
	{ 0x1800, 0x0200, D3(0) | S3(3) | S3(6) },	/* ADD SUB */
	{ 0x1c00, 0x03c0, D3(0) | S3(3) },
	{ 0x2000, 0x00ff, D3(8) },			/* MOV */
	{ 0x2800, 0x00ff, S3(8) },			/* CMP */
	{ 0x3000, 0x08ff, D3(8) },			/* ADD SUB */
	{ 0x4000, 0x01c0, D3(0) | S3(3) },		/* AND EOR LSL LSR ASR ADC SBC ROR */
	{ 0x4200, 0x00c0, D3(0) | S3(3) },		/* TST RSB CMP CMN */
	{ 0x4300, 0x00c0, D3(0) | S3(3) },		/* ORR MUL BIC MVN */
	{ 0xb200, 0x00c0, D3(0) | S3(3) },		/* SXTH SXTB UXTH UXTB */
	{ 0xba00, 0x0040, D3(0) | S3(3) },		/* REV REV16 */
	{ 0xbac0, 0x0000, D3(0) | S3(3) },		/* REVSH */
};

static void plain_narrow(struct t32 *t)
{
	const struct narrow_row *row = &narrow_rows[gen_below(t->g, ARRAY_SIZE(narrow_rows))];
	u32 hw = row->value | (gen_rnd(t->g) & row->random);

	for (u32 n = 0; n < 9; n++) {
		if (row->fields & D3(n))
			hw = (hw & ~LOW(n)) | gen_low(t->g) << n;
		else if (row->fields & S3(n))
			hw = (hw & ~LOW(n)) | gen_below(t->g, 8) << n;
	}
	narrow(t, hw);
}

/* MOV, and ADD and CMP with a register above r7 */
static void plain_high(struct t32 *t)
{
	static const u16 ops[] = { 0x4600, 0x4400, 0x4500 };
	u32 op = ops[gen_below(t->g, 3)], d = gen_reg(t->g), m = source(t->g);

	if (op != 0x4600 && d < 8)
		d = 8 + d % 4;
	narrow(t, op | (d & 8) << 4 | m << 3 | (d & 7));
}

#define D8	1u	/* written, 4 bits */
#define D12	2u
#define S16	4u	/* read */
#define S12	8u
#define S0	16u
#define BOTH	32u	/* field 0 is as field 16 */
#define APART	64u	/* fields 8 and 12 differ */
#define IMM	128u	/* a modified immediate: one whose low byte is 0 may be none (A6.3.2) */
#define FIELD_	256u	/* lsb at 14:12 and 7:6, width - 1 at 4:0: together at most 32 */

static const struct wide_row {
	u32 value, random, fields;
} wide_rows[] = {
	/* AND BIC, ORR ORN, EOR, ADD, ADC SBC, SUB RSB: immediate */
	{ 0xf0000000, 0x043070ff, D8 | S16 | IMM }, { 0xf0400000, 0x043070ff, D8 | S16 | IMM }, { 0xf0800000, 0x041070ff, D8 | S16 | IMM },
	{ 0xf1000000, 0x041070ff, D8 | S16 | IMM }, { 0xf1400000, 0x043070ff, D8 | S16 | IMM }, { 0xf1a00000, 0x041070ff, D8 | S16 | IMM },
	{ 0xf1c00000, 0x041070ff, D8 | S16 | IMM },
	/* the same, shifted register */
	{ 0xea000000, 0x003070f0, D8 | S16 | S0 }, { 0xea400000, 0x003070f0, D8 | S16 | S0 }, { 0xea800000, 0x001070f0, D8 | S16 | S0 },
	{ 0xeb000000, 0x001070f0, D8 | S16 | S0 }, { 0xeb400000, 0x003070f0, D8 | S16 | S0 }, { 0xeba00000, 0x001070f0, D8 | S16 | S0 },
	{ 0xebc00000, 0x001070f0, D8 | S16 | S0 },
	{ 0xf04f0000, 0x043070ff, D8 | IMM },			/* MOV MVN */
	{ 0xea4f0000, 0x003070f0, D8 | S0 },
	{ 0xf0100f00, 0x040070ff, S16 | IMM },			/* TST */
	{ 0xf0900f00, 0x040070ff, S16 | IMM },			/* TEQ */
	{ 0xf1100f00, 0x040070ff, S16 | IMM },			/* CMN */
	{ 0xebb00f00, 0x000070f0, S16 | S0 },			/* CMP */
	{ 0xf2000000, 0x040070ff, D8 | S16 },			/* ADDW */
	{ 0xf2a00000, 0x040070ff, D8 | S16 },			/* SUBW */
	{ 0xf2400000, 0x040f70ff, D8 },				/* MOVW */
	{ 0xf2c00000, 0x040f70ff, D8 },				/* MOVT */
	{ 0xf3400000, 0x008070df, D8 | S16 | FIELD_ },		/* SBFX UBFX */
	{ 0xfa00f000, 0x00700000, D8 | S16 | S0 },		/* LSL LSR ASR ROR */
	{ 0xfa00f080, 0x00500030, D8 | S16 | S0 },		/* SXTAH UXTAH and so on: 0, 1, 4, 5 */
	{ 0xfa80f000, 0x00100030, D8 | S16 | S0 },		/* parallel: ADD8 ADD16, of S Q SH */
	{ 0xfa80f040, 0x00100010, D8 | S16 | S0 },		/* U UQ */
	{ 0xfa80f080, 0x00000030, D8 | S16 | S0 },		/* QADD and so on */
	{ 0xfa90f080, 0x00000030, D8 | S16 | BOTH },		/* REV and so on */
	{ 0xfab0f080, 0x00000000, D8 | S16 | BOTH },		/* CLZ */
	{ 0xfaa0f080, 0x00000000, D8 | S16 | S0 },		/* SEL */
	{ 0xfb000000, 0x00000010, D8 | S16 | S12 | S0 },	/* MLA MLS */
	{ 0xfb00f000, 0x00000000, D8 | S16 | S0 },		/* MUL */
	{ 0xfb100000, 0x00000030, D8 | S16 | S12 | S0 },	/* SMLAxy */
	{ 0xfb800000, 0x00600000, D8 | D12 | S16 | S0 | APART },	/* SMULL UMULL SMLAL UMLAL */
	{ 0xf3af8000, 0x00000001, 0 },				/* NOP.W YIELD.W */
};

static u32 wide_repaired(u32 w, u32 fields)
{
	u32 lsb = (w >> 12 & 7) << 2 | (w >> 6 & 3);

	if (fields & IMM)
		w |= 1;
	if (fields & BOTH)
		w |= w >> 16 & 0xf;
	if (fields & APART && (w >> 8 & 0xf) == (w >> 12 & 0xf))
		w ^= 0x100u;			/* r0-r5 in pairs */
	if (fields & FIELD_ && lsb + (w & 0x1f) > 31)
		w = (w & ~0x1fu) | (31 - lsb);
	return w;
}

static void plain_wide(struct t32 *t)
{
	const struct wide_row *row = &wide_rows[gen_below(t->g, ARRAY_SIZE(wide_rows))];
	u32 w = row->value | (gen_rnd(t->g) & row->random);

	if (row->fields & D8)
		w |= (row->fields & APART ? gen_low(t->g) : gen_reg(t->g)) << 8;
	if (row->fields & D12)
		w |= gen_low(t->g) << 12;
	if (row->fields & S16)
		w |= source(t->g) << 16;
	if (row->fields & S12)
		w |= source(t->g) << 12;
	if (row->fields & S0)
		w |= source(t->g);
	wide(t, wide_repaired(w, row->fields));
}

/* -- loads and stores -- */

/* r7 points to data that all modes read and write. */
static void data_access(struct t32 *t)
{
	static const u32 words[] = { 0xf8d70000, 0xf8c70000, 0xf8970000, 0xf8870000, 0xf8b70000, 0xf8a70000, 0xf9970000, 0xf9b70000 };
	u32 w = words[gen_below(t->g, ARRAY_SIZE(words))];

	wide(t, w | (w & 0x00100000u ? gen_reg(t->g) : source(t->g)) << 12 | 4 * gen_below(t->g, 16));
}

static void data_narrow(struct t32 *t)
{
	static const u16 halves[] = { 0x6838, 0x6038, 0x7838, 0x7038, 0x8838, 0x8038 };
	u32 hw = halves[gen_below(t->g, ARRAY_SIZE(halves))];

	narrow(t, hw | gen_below(t->g, 8) << 6 | gen_low(t->g));
}

static void data_several(struct t32 *t)
{
	u32 a = gen_low(t->g);

	switch (gen_below(t->g, 3)) {
	case 0: wide(t, 0xe8970003u | 4u << gen_below(t->g, 4)); break;			/* LDM r7 */
	case 1: wide(t, 0xe8870003u | (gen_rnd(t->g) & 0x1fcu)); break;			/* STM r7 */
	default: wide(t, (gen_one_in(t->g, 2) ? 0xe9d70000u : 0xe9c70000u) | a << 12 | gen_low_but(t->g, a) << 8 | gen_below(t->g, 16));
	}
}

/* With User permissions, or with write-back, to pages of all kinds: LDRT STRT, LDR STR and their smaller ones. */
static void anywhere(struct t32 *t)
{
	static const u32 words[] = { 0xf8500000, 0xf8400000, 0xf8100000, 0xf8000000, 0xf8300000, 0xf8200000, 0xf9100000, 0xf9300000 };
	static const u32 bases[] = { VA_DATA, VA_DATA, VA_DATA, VA_PRIV, VA_PRIV, VA_RO, VA_NOWHERE, VA_DOMAIN };
	u32 w = words[gen_below(t->g, ARRAY_SIZE(words))], base = gen_low(t->g), rt = gen_low_but(t->g, base), at = 4 * gen_below(t->g, 16);

	t32_const(t, base, bases[gen_below(t->g, ARRAY_SIZE(bases))] + WINDOW);
	wide(t, w | base << 16 | rt << 12 | (gen_one_in(t->g, 3) ? 0x900u | (gen_rnd(t->g) & 0x600u) : 0xe00u) | at);
}

/* A constant that looks like a sensitive instruction, read relative to pc: it must be as it is. Aligned to 4. */
static void literal(struct t32 *t)
{
	static const u32 looks[] = { 0xb672b662, 0x8000f3ef, 0x8f00f3de, 0xdeafdeaf, 0xa000f7fc, 0xbf30bf30, 0xc000e99d, 0x8100f383 };

	if ((t->va / 2 + t->nr) % 2)
		narrow(t, NOP);
	narrow(t, 0x4800u | gen_low(t->g) << 8);			/* ldr rd, [pc]: behind the branch */
	narrow(t, 0xe001);						/* b: over the constant */
	wide(t, looks[gen_below(t->g, ARRAY_SIZE(looks))]);
}

/* -- what a hypervisor has to do something about -- */

static void mrs_cpsr(struct t32 *t)
{
	if (!in_user(t))
		wide(t, 0xf3ef8000u | gen_reg(t->g) << 8);
}

static void mrs_spsr(struct t32 *t)
{
	if (!(t->g->modes & ~M_BANKED))
		wide(t, 0xf3ff8000u | gen_reg(t->g) << 8);
}

static void msr_flags(struct t32 *t)
{
	wide(t, 0xf3808800u | (gen_one_in(t->g, 2) ? 0x400u : 0) | source(t->g) << 16);
}

static void cp15_read(struct t32 *t)
{
	static const u32 words[] = { 0xee1d0f50, 0xee1d0f70, 0xee1d0f90, 0xee130f10, 0xee150f10, 0xee160f10, 0xee110f10, 0xee100f10 };

	wide(t, words[gen_below(t->g, in_user(t) ? 2 : ARRAY_SIZE(words))] | gen_reg(t->g) << 12);
}

static void cp15_write(struct t32 *t)
{
	static const u32 words[] = { 0xee0d0f50, 0xee0d0f70, 0xee0d0f90, 0xee070f15, 0xee070fd5 };	/* thread registers, ICIALLU, BPIALL */

	wide(t, words[gen_below(t->g, in_user(t) ? 1 : ARRAY_SIZE(words))] | source(t->g) << 12);
}

static void msr_spsr(struct t32 *t)
{
	u32 r = gen_reg(t->g);

	if (t->g->modes & ~M_BANKED)
		return;
	t32_const(t, r, gen_rnd(t->g) & ~0x00f00000u);
	wide(t, 0xf3908000u | r << 16 | (gen_one_in(t->g, 2) ? 15 : 1 + gen_below(t->g, 15)) << 8);
}

static void cps(struct t32 *t)
{
	if (gen_one_in(t->g, 3))
		wide(t, 0xf3af8000u | (2 + gen_below(t->g, 2)) << 9 | (1 + gen_below(t->g, 7)) << 5);
	else
		narrow(t, 0xb660u | gen_below(t->g, 2) << 4 | (1 + gen_below(t->g, 7)));
}

/* Another mode, by CPS or MSR, as kernels get at the banks. */
static void change_mode(struct t32 *t)
{
	u32 mode, r = gen_low(t->g);

	if (in_user(t))
		return;
	mode = gen_mode(t->g, t->g->allowed & M_PRIV);
	if (gen_one_in(t->g, 2)) {
		wide(t, 0xf3af8100u | mode);
	} else {
		t32_const(t, r, mode | (gen_rnd(t->g) & (PSR_I | PSR_F)));
		wide(t, 0xf3808100u | r << 16);
	}
	t->g->modes = gen_mode_bit(mode);
}

/* SUBS pc, lr, #imm to what follows, in a mode of choice, with or without masks. */
static void subs_pc_lr(struct t32 *t)
{
	u32 mode, r = gen_low(t->g), imm = gen_one_in(t->g, 2) ? 0 : 4 * gen_below(t->g, 60);

	if (t->g->modes & ~M_BANKED)
		return;
	mode = gen_mode(t->g, t->g->allowed & M_PRIV);
	t32_const(t, r, (gen_rnd(t->g) & (PSR_NZCVQ | PSR_GE | PSR_A | PSR_I | PSR_F)) | PSR_T | mode);
	wide(t, 0xf3908f00u | r << 16);
	t32_const(t, 14, t->va + 2 * (t->nr + 6) + imm);
	wide(t, 0xf3de8f00u | imm);
	t->g->modes = gen_mode_bit(mode);
}

/* SRS to the stack of a mode that has one. */
static void srs(struct t32 *t)
{
	if (!in_user(t) && t->g->modes != M_SYS)
		wide(t, (gen_one_in(t->g, 2) ? 0xe80dc000u : 0xe98dc000u) | (gen_rnd(t->g) & 0x00200000u) |
			gen_mode(t->g, t->g->allowed & M_BANKED));
}

/* No UDF.N in the form of a trapping word (arm/site.h): among code that stood there before it is taken for one that was copied. */
static void exception(struct t32 *t)
{
	static const u32 words[] = { SVC, 0xde01, 0xdeff, 0xf7f0a000, 0xf7f1a123, 0xbe01, 0xee000310, 0xee100310 };
	u32 w = words[gen_below(t->g, ARRAY_SIZE(words))];

	if (w >> 16)
		wide(t, w);
	else
		narrow(t, w);
}

/* -- flow -- */

typedef void step_fn(struct t32 *t);

/*
 * Single instructions that any condition may skip. No coprocessor access: QEMU's processor keeps the state of the block behind it then (the guests
 * thumb_kernel and thumb_sites have these, where it does not matter).
 */
static step_fn *const conditional[] = { plain_narrow, plain_narrow, plain_high, plain_wide, data_access, data_narrow };
static step_fn *const conditional_privileged[] = { mrs_cpsr, mrs_spsr, msr_flags, plain_narrow };

static void one_conditional(struct t32 *t)
{
	u32 nr = t->nr;

	if (!in_user(t) && gen_one_in(t->g, 2))
		conditional_privileged[gen_below(t->g, ARRAY_SIZE(conditional_privileged))](t);
	else
		conditional[gen_below(t->g, ARRAY_SIZE(conditional))](t);
	if (t->nr == nr)
		narrow(t, NOP);
}

static void it_block(struct t32 *t)
{
	u32 n = 1 + gen_below(t->g, 4), cond = gen_below(t->g, 14), mask = gen_below(t->g, 8) << 1;

	mask = (mask & (0xeu << (4 - n)) & 0xf) | 1u << (4 - n);
	narrow(t, 0xbf00u | cond << 4 | mask);
	while (n--)
		one_conditional(t);
}

/* A branch over one instruction: B, CBZ, CBNZ, BL. */
static void branch_over(struct t32 *t)
{
	u32 at = t->nr, kind = gen_below(t->g, 3), over;

	narrow(t, NOP);
	if (kind == 2)
		narrow(t, NOP);
	one_conditional(t);
	over = t->nr - at - 2;						/* halfwords from the pc on */
	if (kind == 0)
		t->half[at] = (u16)(0xd000u | gen_below(t->g, 14) << 8 | (over & 0xff));
	else if (kind == 1 && over < 64)
		t->half[at] = (u16)(0xb100u | gen_below(t->g, 2) << 11 | over << 3 | gen_low(t->g));
	else if (kind == 2)
		t->half[at] = 0xf000, t->half[at + 1] = (u16)(0xf800u | over);
}

static void several(struct t32 *t)
{
	for (u32 n = 1 + gen_below(t->g, 2); n; n--)
		one_conditional(t);
}

static step_fn *const steps[] = {
	several, several, several, it_block, it_block, branch_over, data_several, anywhere, anywhere, literal, msr_spsr, cps, cps, cps, change_mode,
	subs_pc_lr, srs, exception, mrs_cpsr, cp15_read, cp15_write,
};

static void make(struct t32 *t)
{
	u32 n = 1 + gen_below(t->g, 6);

	while (n-- && t->nr + HALVES_LEFT <= HALVES_MAX)
		steps[gen_below(t->g, ARRAY_SIZE(steps))](t);
}

/* -- units -- */

/* In the block's own page: ADD r, pc, #1; BX r; T32 code; BX pc. */
void gen_t32_here(struct gen *g)
{
	struct t32 t = { .g = g };
	u32 r = gen_low(g);

	emit(g, 0xe28f0001u | r << 12);
	emit(g, 0xe12fff10u | r);
	t.va = gen_here(g);
	make(&t);
	if (t.nr % 2)
		narrow(&t, NOP);
	narrow(&t, 0x4778);
	narrow(&t, NOP);
	for (u32 i = 0; i < t.nr; i += 2) {
		u32 *set = g->stub ? g->b->stub_t32 : g->b->word_t32;

		set[g->nr / 32] |= 1u << g->nr % 32;
		emit(g, t.half[i] | (u32)t.half[i + 1] << 16);
	}
}

/* In the page of T32 code, and back by BX. */
void gen_t32_away(struct gen *g)
{
	struct diff_block *b = g->b;
	struct t32 t = { .g = g, .va = b->t32_va + 2 * b->t32_nr };
	u32 r = gen_low(g), back;

	if (b->t32_nr + HALVES_MAX > T32_HALVES) {
		emit(g, gen_plain(g));
		return;
	}
	emit_const(g, r, t.va + 1);
	emit(g, 0xe12fff10u | r);
	back = gen_here(g);
	make(&t);
	t32_const(&t, r, back);
	narrow(&t, 0x4700u | r << 3);
	for (u32 i = 0; i < t.nr; i++)
		b->t32[b->t32_nr++] = t.half[i];
}
