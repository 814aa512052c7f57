// SPDX-License-Identifier: GPL-2.0-or-later
/* The generator: units from weighted tables, and the instructions that mean the same in every mode. */
#include "diff.h"

const u8 mode_of[M_NR] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC, MODE_ABT, MODE_UND, MODE_SYS };

/* -- random choices: every unit has its own sequence, so that leaving one out changes no other -- */

u32 gen_rnd(struct gen *g)
{
	g->rnd ^= g->rnd << 13;
	g->rnd ^= g->rnd >> 17;
	g->rnd ^= g->rnd << 5;
	return g->rnd * 0x9e3779b1u;
}

u32 gen_below(struct gen *g, u32 n)
{
	return (gen_rnd(g) >> 8) % n;
}

bool gen_one_in(struct gen *g, u32 n)
{
	return gen_below(g, n) == 0;
}

static u32 scramble(u32 a, u32 b)
{
	a = (a ^ b * 0x9e3779b1u) * 0x85ebca6bu;
	a = (a ^ a >> 13) * 0xc2b2ae35u;
	a ^= a >> 16;
	return a ? a : 1;
}

/* r6 says where to go on after User mode code, r7 points to the data, and r13 points to data in every mode but User mode's. */
u32 gen_reg(struct gen *g)
{
	static const u8 regs[] = { 0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 14 };

	return regs[gen_below(g, ARRAY_SIZE(regs))];
}

u32 gen_low(struct gen *g)
{
	return gen_below(g, 6);
}

u32 gen_low_but(struct gen *g, u32 other)
{
	u32 r = gen_below(g, 5);

	return r >= other ? r + 1 : r;
}

u32 gen_source(struct gen *g)
{
	return gen_below(g, 15);
}

u32 gen_cond(struct gen *g)
{
	return gen_one_in(g, 8) ? gen_below(g, 14) << 28 : 0xe0000000u;
}

/* A scanner takes a pointer among code for data, see docs/caveats.md. */
u32 gen_cond_no_pointer(struct gen *g)
{
	u32 cond = gen_cond(g);

	return cond >> 28 == 8 ? 0xe0000000u : cond;
}

u32 gen_mode(struct gen *g, u32 set)
{
	u32 n = gen_below(g, (u32)__builtin_popcount(set));

	for (u32 i = 0;; i++)
		if (set >> i & 1 && !n--)
			return mode_of[i];
}

u32 gen_mode_bit(u32 mode)
{
	for (u32 i = 0; i < M_NR; i++)
		if (mode_of[i] == mode)
			return 1u << i;
	return 0;
}

/* -- words -- */

void emit(struct gen *g, u32 word)
{
	g->word[g->nr++] = word;
}

void emit_const(struct gen *g, u32 rd, u32 value)
{
	emit(g, 0xe3000000u | (value >> 12 & 0xf) << 16 | rd << 12 | (value & 0xfff));
	emit(g, 0xe3400000u | value >> 28 << 16 | rd << 12 | (value >> 16 & 0xfff));
}

u32 gen_here(const struct gen *g)
{
	return g->va + 4 * g->nr;
}

/* -- data processing: fixed bits, random bits, registers by field; what a row forbids is put right afterwards -- */

#define D12	1u	/* written */
#define D16	2u
#define S16	4u	/* read */
#define S12	8u
#define S8	16u
#define S0	32u
#define PC_OK	64u	/* the pc may be read through the fields at 16 and 0 */
#define APART	128u	/* fields 16 and 12 must differ */
#define WIDTH	256u	/* lsb at 7, width - 1 at 16: together at most 32 */
#define MSB	512u	/* lsb at 7, msb at 16: not below lsb */

static const struct plain_row {
	u32 value, random, fields;
} plain_rows[] = {
	/* AND..RSC, ORR and BIC, TST..CMN, MOV and MVN: immediate, shifted by immediate, shifted by register */
	{ 0x02000000, 0x00f00fff, D12 | S16 | PC_OK },
	{ 0x00000000, 0x00f00fe0, D12 | S16 | S0 | PC_OK },
	{ 0x00000010, 0x00f00060, D12 | S16 | S8 | S0 },
	{ 0x03800000, 0x00500fff, D12 | S16 | PC_OK },
	{ 0x01800000, 0x00500fe0, D12 | S16 | S0 | PC_OK },
	{ 0x01800010, 0x00500060, D12 | S16 | S8 | S0 },
	{ 0x03100000, 0x00600fff, S16 },
	{ 0x01100000, 0x00600fe0, S16 | S0 },
	{ 0x01100010, 0x00600060, S16 | S8 | S0 },
	{ 0x03a00000, 0x00500fff, D12 },
	{ 0x01a00000, 0x00500fe0, D12 | S0 },
	{ 0x01a00010, 0x00500060, D12 | S8 | S0 },
#define BASIC_ROWS	12
	{ 0x03000000, 0x000f0fff, D12 },			/* MOVW */
	{ 0x03400000, 0x000f0fff, D12 },			/* MOVT */
	{ 0x00000090, 0x00100000, D16 | S8 | S0 },		/* MUL */
	{ 0x00200090, 0x00100000, D16 | S12 | S8 | S0 },	/* MLA */
	{ 0x00400090, 0x00000000, D16 | D12 | S8 | S0 | APART },	/* UMAAL */
	{ 0x00600090, 0x00000000, D16 | S12 | S8 | S0 },	/* MLS */
	{ 0x00800090, 0x00700000, D16 | D12 | S8 | S0 | APART },	/* UMULL UMLAL SMULL SMLAL */
	{ 0x01000080, 0x00000060, D16 | S12 | S8 | S0 },	/* SMLAxy */
	{ 0x01200080, 0x00000040, D16 | S12 | S8 | S0 },	/* SMLAWy */
	{ 0x012000a0, 0x00000040, D16 | S8 | S0 },		/* SMULWy */
	{ 0x01400080, 0x00000060, D16 | D12 | S8 | S0 | APART },	/* SMLALxy */
	{ 0x01600080, 0x00000060, D16 | S8 | S0 },		/* SMULxy */
	{ 0x01000050, 0x00600000, S16 | D12 | S0 },		/* QADD QSUB QDADD QDSUB */
	{ 0x016f0f10, 0x00000000, D12 | S0 },			/* CLZ */
	{ 0x06100f10, 0x00400060, S16 | D12 | S0 },		/* SADD16.. UADD16.. */
	{ 0x06200f10, 0x00400060, S16 | D12 | S0 },		/* QADD16.. UQADD16.. */
	{ 0x06300f10, 0x00400060, S16 | D12 | S0 },		/* SHADD16.. UHADD16.. */
	{ 0x06100f90, 0x00400000, S16 | D12 | S0 },	/* SADD8 UADD8 */
	{ 0x06100ff0, 0x00400000, S16 | D12 | S0 },		/* SSUB8 USUB8 */
	{ 0x06800010, 0x00000fc0, S16 | D12 | S0 },		/* PKH */
	{ 0x06800fb0, 0x00000000, S16 | D12 | S0 },		/* SEL */
	{ 0x06a00010, 0x001f0fc0, D12 | S0 },			/* SSAT */
	{ 0x06e00010, 0x001f0fc0, D12 | S0 },			/* USAT */
	{ 0x06a00f30, 0x000f0000, D12 | S0 },			/* SSAT16 */
	{ 0x06e00f30, 0x000f0000, D12 | S0 },			/* USAT16 */
	{ 0x06800070, 0x00400c00, S16 | D12 | S0 },		/* SXTAB16 UXTAB16 */
	{ 0x06a00070, 0x00500c00, S16 | D12 | S0 },		/* SXTAB SXTAH UXTAB UXTAH */
	{ 0x06af0070, 0x00500c00, D12 | S0 },			/* SXTB SXTH UXTB UXTH */
	{ 0x06bf0f30, 0x00400080, D12 | S0 },			/* REV REV16 RBIT REVSH */
	{ 0x07000010, 0x00000060, D16 | S12 | S8 | S0 },	/* SMLAD SMLSD */
	{ 0x0700f010, 0x00000060, D16 | S8 | S0 },		/* SMUAD SMUSD */
	{ 0x07400010, 0x00000060, D16 | D12 | S8 | S0 | APART },	/* SMLALD SMLSLD */
	{ 0x07500010, 0x00000020, D16 | S12 | S8 | S0 },	/* SMMLA */
	{ 0x075000d0, 0x00000020, D16 | S12 | S8 | S0 },	/* SMMLS */
	{ 0x0780f010, 0x00000000, D16 | S8 | S0 },		/* USAD8 */
	{ 0x07800010, 0x00000000, D16 | S12 | S8 | S0 },	/* USADA8 */
	{ 0x07a00050, 0x005f0f80, D12 | S0 | WIDTH },		/* SBFX UBFX */
	{ 0x07c00010, 0x001f0f80, D12 | S0 | MSB },		/* BFI */
	{ 0x07c0001f, 0x001f0f80, D12 | MSB },			/* BFC */
	{ 0x0320f000, 0x00000001, 0 },				/* NOP YIELD */
	{ 0x0320f0f0, 0x0000000f, 0 },				/* DBG */
};

static u32 field(u32 w, u32 hi, u32 lo)
{
	return w >> lo & ((2u << (hi - lo)) - 1);
}

static u32 repair(u32 w, u32 fields)
{
	u32 lsb = field(w, 11, 7), other = field(w, 20, 16);

	if (fields & APART && field(w, 19, 16) == field(w, 15, 12))
		w = (w & ~0xf000u) | (field(w, 19, 16) == 4 ? 5 : 4) << 12;
	if (fields & WIDTH && lsb + other > 31)
		w = (w & ~0x001f0000u) | (31 - lsb) << 16;
	if (fields & MSB && other < lsb)
		w = (w & ~0x001f0000u) | lsb << 16;
	return w;
}

u32 gen_plain(struct gen *g)
{
	const struct plain_row *row = &plain_rows[gen_below(g, gen_one_in(g, 2) ? BASIC_ROWS : ARRAY_SIZE(plain_rows))];
	u32 w = row->value | (gen_rnd(g) & row->random) | gen_cond(g);

	if (row->fields & D12)
		w |= gen_reg(g) << 12;
	if (row->fields & S12)
		w |= gen_source(g) << 12;
	if (row->fields & D16)
		w |= gen_reg(g) << 16;
	if (row->fields & S16)
		w |= (row->fields & PC_OK && gen_one_in(g, 16) ? 15 : gen_source(g)) << 16;
	if (row->fields & S8)
		w |= gen_source(g) << 8;
	if (row->fields & S0)
		w |= (row->fields & PC_OK && gen_one_in(g, 16) ? 15 : gen_source(g));
	return repair(w, row->fields);
}

static void unit_plain(struct gen *g)
{
	for (u32 n = 1 + gen_below(g, 3); n; n--)
		emit(g, gen_plain(g));
}

/* Values that look like sensitive instructions: as data they must be read as they are. */
static u32 literal(struct gen *g)
{
	static const u32 looks[] = {
		0xe10f0000, 0xe14f3000, 0xe121f001, 0xe169f003, 0xf10c0080, 0xf1020013, 0xe8fd8fff, 0xe1b0f00e, 0xe25ef004,
		0xe8d06000, 0xe8c07fff, 0xf8bd0a00, 0xf96d0513, 0xe320f003, 0xe4b01004, 0xee131f10, 0xef800001,
	};

	return gen_one_in(g, 2) ? looks[gen_below(g, ARRAY_SIZE(looks))] : gen_rnd(g);
}

static void unit_literal(struct gen *g)
{
	emit(g, 0xe59f0000u | gen_reg(g) << 12);		/* ldr rd, [pc]: the word behind the branch */
	emit(g, 0xea000000u);
	emit(g, literal(g));
}

/* -- branches -- */

static void skip_units(struct gen *g, u32 word)
{
	if (g->nr_fix < ARRAY_SIZE(g->fix)) {
		g->fix[g->nr_fix].at = g->nr;
		g->fix[g->nr_fix].unit = 1 + gen_below(g, 3);	/* so many units further; resolved by fix_branches() */
		g->fix[g->nr_fix].modes = g->modes;
		g->nr_fix++;
		emit(g, word);
	} else {
		emit(g, gen_plain(g));
	}
}

static void unit_branch(struct gen *g)
{
	skip_units(g, 0x0a000000u | gen_below(g, 15) << 28);
}

static void unit_call(struct gen *g)
{
	u32 r = gen_low(g);

	switch (gen_below(g, 3)) {
	case 0:
		emit(g, gen_cond(g) | 0x0b000000u);		/* bl .+8, over one word */
		emit(g, gen_plain(g));
		break;
	case 1:
		emit(g, 0xe28f0000u | r << 12 | 4);		/* add r, pc, #4: behind the word that is skipped */
		emit(g, gen_cond(g) | 0x012fff10u | (gen_one_in(g, 2) ? 0x20u : 0) | r);	/* bx, blx */
		emit(g, gen_plain(g));
		break;
	default:
		emit(g, 0xe28f0000u | r << 12 | 4);
		emit(g, gen_cond(g) | (gen_one_in(g, 2) ? 0x012fff20u : 0x01a0f000u) | r);	/* bxj, mov pc */
		emit(g, gen_plain(g));
	}
}

static void unit_loop(struct gen *g)
{
	u32 counter = gen_low(g), begin, n = 1 + gen_below(g, 3);

	emit(g, 0xe3a00000u | counter << 12 | (2 + gen_below(g, 5)));
	begin = g->nr;
	while (n--) {
		u32 w = gen_harmless(g);

		/* Writes of the counter are found by the fields that may name it; a word without register fields is not lost. */
		if (field(w, 15, 12) == counter || field(w, 19, 16) == counter)
			w = 0xe320f000u;
		emit(g, w);
	}
	emit(g, 0xe2500001u | counter << 16 | counter << 12);
	emit(g, 0x1a000000u | ((begin - g->nr - 2) & 0xffffff));
}

/* -- units -- */

static const struct unit_row units_plain[] = {
	{ unit_plain, 20, M_ALL, ANYWHERE },
	{ unit_literal, 4, M_ALL, ANYWHERE },
	{ unit_branch, 6, M_ALL, ANYWHERE },
	{ unit_call, 4, M_ALL, ANYWHERE },
	{ unit_loop, 5, M_ALL, ANYWHERE },
	{ gen_t32_here, 20, M_ALL, ANYWHERE | BOTH_SETS },
	{ gen_t32_away, 10, M_PRIV, IN_BLOCK },
	{ NULL, 0, 0, 0 },
};
static const struct unit_row *const tables[] = { units_plain, units_mem, units_sys };

static bool fits(const struct gen *g, const struct unit_row *r)
{
	if (g->modes & ~(u32)r->modes || !(r->where & (g->stub ? IN_STUB : IN_BLOCK)))
		return false;
	return !(g->b->timer && r->where & NO_TIMER) && (g->b->both_sets || !(r->where & BOTH_SETS));
}

static unit_fn *unit_choose(struct gen *g)
{
	u32 total = 0, n;

	for (u32 t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct unit_row *r = tables[t]; r->fn; r++)
			total += fits(g, r) ? r->weight : 0;
	n = gen_below(g, total);
	for (u32 t = 0; t < ARRAY_SIZE(tables); t++)
		for (const struct unit_row *r = tables[t]; r->fn; r++) {
			u32 w = fits(g, r) ? r->weight : 0;

			if (n < w)
				return r->fn;
			n -= w;
		}
	return unit_plain;
}

/* A unit begins: branches that lead here get their offset. @all: the end of the program, they all do. */
static void fix_branches(struct gen *g, bool all)
{
	u32 kept = 0;

	for (u32 i = 0; i < g->nr_fix; i++) {
		if (--g->fix[i].unit && !all) {
			g->fix[kept++] = g->fix[i];
			continue;
		}
		g->word[g->fix[i].at] |= (g->nr - g->fix[i].at - 2) & 0xffffff;
		g->modes |= g->fix[i].modes;
	}
	g->nr_fix = kept;
}

static bool kept(const struct diff_block *b, u32 unit)
{
	return !diff_is_last(b) || diff_params.keep[unit / 32] >> (unit % 32) & 1;
}

/* One unit; where it is to be left out, no-operations of its size. */
static void gen_unit(struct gen *g, u32 unit)
{
	struct gen before;

	g->rnd = scramble(scramble(g->b->seed, g->b->index), unit);
	before = *g;
	unit_choose(g)(g);
	if (kept(g->b, unit))
		return;
	for (u32 i = before.nr; i < g->nr; i++)
		g->word[i] = 0xe320f000u;
	g->modes = before.modes;
	g->nr_fix = before.nr_fix;
}

#define UNIT_WORDS	24u	/* the longest is shorter */

static void gen_units(struct gen *g, u32 first, u32 n)
{
	for (u32 i = 0; i < n && g->nr + UNIT_WORDS < g->max; i++) {
		u32 unit = first + i;

		fix_branches(g, false);
		g->b->unit_at[unit] = (u8)g->nr;
		gen_unit(g, unit);
		g->b->units = unit + 1;
	}
	fix_branches(g, true);
}

static void gen_stub(struct diff_block *b, struct gen *g, u32 n)
{
	struct gen s = { .b = b, .word = b->stub, .va = b->stub_va, .max = STUB_WORDS, .modes = M_USR, .allowed = M_USR, .stub = true };

	s.rnd = scramble(b->seed, ~b->index);
	gen_units(&s, 0, n);
	b->back_mode = gen_mode(g, b->modes_allowed & M_PRIV);
	emit(&s, 0xef000000u | SVC_BACK | b->back_mode);
	b->stub_nr = s.nr;
}

/* The units of the User mode part come first, those of the block follow. */
void gen_block(struct diff_block *b)
{
	struct gen g = { .b = b, .word = b->word, .va = b->va, .max = SLOT_WORDS, .modes = M_ALL, .allowed = b->modes_allowed };
	u32 stub_units;

	g.rnd = scramble(b->seed, b->index);
	stub_units = 1 + gen_below(&g, 5);
	b->units = 0;
	gen_stub(b, &g, stub_units);
	b->start_mode = gen_mode(&g, b->modes_allowed);
	g.modes = gen_mode_bit(b->start_mode);
	gen_units(&g, b->units, 1 + gen_below(&g, 24));
	b->nr = g.nr;
}
