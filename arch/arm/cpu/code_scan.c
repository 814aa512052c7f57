// SPDX-License-Identifier: GPL-2.0-or-later
/* Finding the sites of one code page: which words are code, and which are only data that look like it. */
/*
 * A page of A32 code holds literal pools, branch tables and now and then tables of constants. A data word that looks
 * like a sensitive instruction must not be replaced, because the guest reads it through the same mapping; a sensitive
 * instruction must not be missed. Without control flow the rules are:
 *
 * 1. A word that a pc-relative load reads (LDR, LDRB, LDRH, LDRSB, LDRSH, LDRD, VLDR literal, within 4 KiB, so the
 *    neighbour pages count too) is data. The load must itself be code: a load that another load reads is data and says
 *    nothing. Decided in rounds, starting with the loads that nothing reads; in a cycle the first one wins. The neighbour
 *    pages need not be code at all: there, a word among data (as in rule 4) is no load.
 * 2. A register-indexed load from pc ("ldr pc, [pc, rN, lsl #2]", "ldr rM, [pc, rN]") has a table at pc: words from
 *    there on that share the top byte of the first are data, unless the first looks like AL or unconditional code. Then it may read any
 *    word: in a page with sites it reads the originals (code_doubt.c).
 * 3. The same for a load through a register that ADR (ADD or SUB of an immediate to pc) set at most ADR_REACH
 *    instructions before: compilers reach double words that way. Or so far before a conditional branch to not far ahead, and from
 *    there on: code that is copied to where it runs has its data behind it.
 * 4. LDM^, STM^, S-to-pc and LDRT/STRT take one word in ten of arbitrary data. Where most words around such a hit cannot
 *    be code (compilers condition one instruction in five, tables have all conditions alike), it is data.
 * 5. A conditional word of that kind that is also a pointer to within 32 MiB of itself is data (tables of functions, which
 *    other code finds through a pointer), unless it is MOVS pc, lr, or is executed for certain (code_doubt.c).
 *    The system instructions CPS, MRS, MSR, RFE, SRS, WFI, and the CP15 accesses that site.c names, have narrow encodings and
 *    are believed wherever rules 1 to 3 say nothing.
 *
 * Where that is weak evidence, code_doubt.c has the last word.
 *
 * Limits: a constant that stands among code, looks like a site and is reached in another way (a pointer to it in
 * data, arithmetic on pc, from more than 4 KiB away) is replaced, so the guest reads another value there. Words of T32 code mean nothing
 * here: pages are scanned as A32.
 *
 * Cost: the first look asks a sieve about each word of the page (code_sieve.h): can it be a site, or a load of rules 1 to 3? That
 * is 1.6 instructions a word, one word in 20 or so passes, and where there is no site, that is all. Otherwise loads are sought in the neighbour pages too, as far as they
 * reach a word whose verdict depends on them; only where one reads such a word is it decided which loads are code.
 */
#include "code_scan.h"
#include "code_sieve.h"

#include <arm/insn.h>
#include <arm/site.h>
#include <string.h>

enum pc_kind { PC_IMM12, PC_SPLIT8, PC_SPLIT8_D, PC_VFP, PC_TABLE, PC_ADR };

/* Loads with Rn = pc (A8.8.64, .70, .74, .80, .84, .88, .333; register forms A8.8.66), and ADR (A8.8.12). */
static const struct pc_row {
	u32 mask, value;
	enum pc_kind kind;
} pc_rows[] = {
	{ 0x0f3f0000, 0x051f0000, PC_IMM12 },		/* LDR LDRB */
	{ 0x0f7f00f0, 0x015f00b0, PC_SPLIT8 },		/* LDRH */
	{ 0x0f7f00d0, 0x015f00d0, PC_SPLIT8 },		/* LDRSB LDRSH */
	{ 0x0f7f00f0, 0x014f00d0, PC_SPLIT8_D },	/* LDRD */
	{ 0x0f3f0e00, 0x0d1f0a00, PC_VFP },
	{ 0x0f3f0010, 0x071f0000, PC_TABLE },		/* LDR LDRB, register offset */
	{ 0x0f7f00f0, 0x011f00b0, PC_TABLE },		/* LDRH, likewise */
	{ 0x0f7f00d0, 0x011f00d0, PC_TABLE },		/* LDRSB LDRSH */
	{ 0x0f7f00f0, 0x010f00d0, PC_TABLE },		/* LDRD */
	{ 0x0fff0000, 0x028f0000, PC_ADR },
	{ 0x0fff0000, 0x024f0000, PC_ADR },
	{ 0, 0, 0 },
};
/* What they have in common. */
#define PC_MASK		CODE_SIEVE_PC_MASK
#define PC_VALUE	CODE_SIEVE_PC

static bool has_kind(const u32 *w, const u32 *end, u32 kinds)
{
	for (w = word_find(w, end, PC_MASK, PC_VALUE); w < end; w = word_find(w + 1, end, PC_MASK, PC_VALUE)) {
		const struct pc_row *r = pc_rows;

		while ((*w & r->mask) != r->value)
			r++;
		if (r->mask && *w >> 28 != 15 && kinds & BIT(r->kind))
			return true;
	}
	return false;
}

bool code_scan_has_adr(const u32 *w, const u32 *end)
{
	return has_kind(w, end, BIT(PC_ADR));
}

bool code_scan_has_tables(const u32 *w, const u32 *end)
{
	return has_kind(w, end, BIT(PC_ADR) | BIT(PC_TABLE));
}

/* How far from pc the word @w of row @r reads; ADR: the immediate. */
static u32 pc_offset(const struct pc_row *r, u32 w)
{
	u32 imm = FIELD(w, 7, 0);

	switch (r->kind) {
	case PC_IMM12:
		return FIELD(w, 11, 0);
	case PC_SPLIT8:
	case PC_SPLIT8_D:
		return FIELD(w, 11, 8) << 4 | FIELD(w, 3, 0);
	case PC_VFP:
		return imm * 4;
	case PC_ADR:
		return (u32)(((u64)imm << 32 | imm) >> 2 * FIELD(w, 11, 8));
	case PC_TABLE:
		break;
	}
	return 0;
}

/* The first row, which most are. */
static bool is_literal_load(u32 w)
{
	return (w & pc_rows[0].mask) == pc_rows[0].value;
}

/* The byte that it reads, at word @i. */
static u32 literal_load_at(u32 w, u32 i)
{
	return 4 * i + 8 + (w & BIT(23) ? FIELD(w, 11, 0) : -FIELD(w, 11, 0));
}

/* -- the first look -- */

/* B to more than a megabyte away, as every stub is (mmu/stub_slot.c): bits 23:18 are neither all zeros nor all ones. */
#define FAR_BITS(w)	FIELD(w, 23, 18)
#define FAR_MIN		1u
#define FAR_MAX		0x3eu

static bool is_far_branch(u32 w)
{
	if (FIELD(w, 27, 24) != 0xa)
		return false;
	return w >> 28 != 15 && FAR_BITS(w) - FAR_MIN <= FAR_MAX - FAR_MIN;
}

/*
 * Groups of the sieve (code_sieve.h): what has a field in common that other groups have too, but not as one. Bits 23:20 of a far branch and its
 * bits 19:16 are each as any branch has them; where the former are all zeros or all ones, the latter are not.
 */
enum { GROUP_PC, GROUP_TO_PC, GROUP_FAR, GROUP_FAR_AHEAD, GROUP_FAR_BACK, GROUP_LOW, GROUP_MULTI, GROUP_HIGH };

static struct code_sieve sieve;
static bool sieve_is_ready;

static u32 site_group(u32 mask, u32 value)
{
	static const u8 by_kind[8] = {		/* bits 27:25 */
		GROUP_LOW, GROUP_LOW, GROUP_LOW, GROUP_LOW, GROUP_MULTI, GROUP_HIGH, GROUP_HIGH, GROUP_HIGH,
	};

	return (mask & value & 0xf000) == 0xf000 ? GROUP_TO_PC : by_kind[FIELD(value, 27, 25)];
}

/*
 * What the sites among the words with the same bits 27:20 have in common: those that name a register in bits 15:12 (most often Rd = pc), and the
 * others.
 */
static struct need {
	u32 mask, value;
} needs[256][2];

static struct need *needs_of(u32 w)
{
	return needs[FIELD(w, 27, 20)];
}

static bool is_met(const struct need *n, u32 w)
{
	return (w & n->mask) == n->value;
}

/* Let words that match @mask and @value meet @n, which none meets that is { 0, 1 }. */
static void loosen(struct need *n, u32 mask, u32 value)
{
	n->mask = n->value & ~n->mask ? mask : n->mask & mask & ~(n->value ^ value);
	n->value = value & n->mask;
}

static void add_site(void *to, u32 mask, u32 value)
{
	for (u32 i = 0; i < 256; i++)
		if (!((i << 20 ^ value) & mask & 0x0ff00000))
			loosen(&needs[i][!(mask & value & 0xf000)], mask, value);
	if (value >> 27 != 31)		/* these pass anyhow */
		code_sieve_add(&sieve, site_group(mask, value), mask, value);
}

static void add_far_branches(struct code_sieve *t)
{
	for (u32 far = FAR_MIN; far <= FAR_MAX; far++)
		code_sieve_add(t, far < 4 ? GROUP_FAR_AHEAD : far >= 0x3c ? GROUP_FAR_BACK : GROUP_FAR, 0x0ffc0000, 0x0a000000 | far << 18);
}

void code_sieve_add(struct code_sieve *t, u32 group, u32 mask, u32 value)
{
	for (u32 i = 0; i < 32; i++) {
		if (!((i << 23 ^ value) & mask & 31u << 23))
			t->high[i] |= BIT(group);
		if (!((i << 20 ^ value) & mask & 31u << 20))
			t->low[i] |= BIT(group);
	}
	for (u32 i = 0; i < 16; i++) {
		if (!((i << 16 ^ value) & mask & 15u << 16))
			t->rn[i] |= BIT(group);
		if (!((i << 12 ^ value) & mask & 15u << 12))
			t->rd[i] |= BIT(group);
	}
}

static void look_init(void)
{
	if (sieve_is_ready)
		return;
	for (u32 i = 0; i < ARRAY_SIZE(sieve.weight); i++)
		sieve.weight[i] = (u8)BIT(i % 8);
	for (const struct pc_row *r = pc_rows; r->mask; r++)
		code_sieve_add(&sieve, GROUP_PC, r->mask, r->value);
	add_far_branches(&sieve);
	for (u32 i = 0; i < ARRAY_SIZE(needs); i++)
		needs[i][0] = needs[i][1] = (struct need){ 0, 1 };
	a32_see_sites(add_site, NULL);
	sieve_is_ready = true;
}

bool code_scan_is_plain(u32 w)
{
	const struct need *need = needs_of(w);
	const struct pc_row *r = pc_rows;

	look_init();
	if (is_met(&need[0], w) || is_met(&need[1], w) || is_far_branch(w))
		return false;
	while ((w & r->mask) != r->value)
		r++;
	return !r->mask || w >> 28 == 15;
}

/*
 * The operation of @w if it is to be replaced, else INSN_OTHER. Besides what must be: CP15 accesses that are cheaper as
 * sites, an SVC of the guest that could be taken for one of Umbra's, and SETEND BE, behind which stubs would be wrong (path_inline.c).
 */
static enum insn_op find_site_op(u32 w)
{
	enum insn_op op;

	if ((w & 0xff000000) == 0xee000000 && site_is_cheaper(w))
		return INSN_MRC;
	op = a32_site_op(w);
	if (w == 0xf1010200)
		return INSN_SETEND;
	if (op == INSN_OTHER && w >> 28 == 14 && site_is_word(w))
		return INSN_SVC;
	return op;
}

/* Operations with wide encodings, which arbitrary data hit often. */
static bool is_wide_op(enum insn_op op)
{
	return op != INSN_CPS && op != INSN_MRS && op != INSN_MSR_REG && op != INSN_MSR_IMM && op != INSN_RFE &&
	       op != INSN_SRS && op != INSN_WFI && op != INSN_MRC && op != INSN_SETEND;
}

#define MOVS_PC_LR	0x01b0f00eu	/* but for the condition */

/* Rule 5, for the word @w at guest virtual @at. */
static bool is_pointer(u32 w, gva_t at)
{
	return w >> 28 < 14 && !(w & 3) && w - at + (32u << 20) < 64u << 20 && (w & 0x0fffffff) != MOVS_PC_LR;
}

/* What a word is by itself. */
#define LOOK_NARROW	BIT(0)		/* a site */
#define LOOK_WIDE	BIT(1)		/* one by rule 4 */
#define LOOK_TRAP	BIT(2)		/* has the form of a trapping word */
#define LOOK_SITE	(LOOK_NARROW | LOOK_WIDE)

static u32 find_look(u32 w)
{
	enum insn_op op = find_site_op(w);
	u32 look = site_is_word(w) ? LOOK_TRAP : 0;

	return op == INSN_OTHER ? look : look | (is_wide_op(op) ? LOOK_WIDE : LOOK_NARROW);
}

struct known_look {
	u32 word, look;
};

static __attribute__((noinline)) u32 learn_look(struct known_look *k, u32 w)
{
	k->look = find_look(w);
	k->word = w;
	return k->look;
}

/* The same, remembered, because few words are often looked at. What is there from the beginning is true of the word 0. */
static u32 look_of(u32 w)
{
	static struct known_look known[1 << 8];
	struct known_look *k = &known[(w ^ w >> 12 ^ w >> 20) % ARRAY_SIZE(known)];

	return k->word == w ? k->look : learn_look(k, w);
}

bool code_scan_candidate(const u32 *page, u32 i)
{
	return look_of(page[i]) & LOOK_SITE;
}

static void note_site(struct code_scan *s, u32 i, u32 w, u32 look)
{
	if (look & LOOK_NARROW)
		s->site[s->nr_sites++] = (u16)i;
	else if (!is_pointer(w, s->gva + 4 * i))
		s->site[s->nr_sites++] = (u16)(i | SCAN_WIDE);
	else
		s->pointer[s->nr_pointers++] = (u16)i;
}

/* Word @i, which passed the sieve. */
static void look_closer(struct code_scan *s, u32 i)
{
	u32 w = s->page[i], look;
	const struct need *need = needs_of(w);

	if ((w & PC_MASK) == PC_VALUE)
		s->pc[s->nr_pcs++] = (u16)i;
	if (!is_met(&need[0], w) && !is_met(&need[1], w)) {
		if (is_far_branch(w))
			s->moved[s->nr_moved++] = (u16)i;
		return;
	}
	look = look_of(w);
	if (look & LOOK_TRAP)
		s->moved[s->nr_moved++] = (u16)i;
	if (look & LOOK_SITE)
		note_site(s, i, w, look);
}

u32 code_scan_first(struct code_scan *s, const u32 *page, gva_t gva)
{
	u32 bits[SCAN_WORDS / 32];

	look_init();
	s->page = page;
	s->gva = gva;
	s->nr_sites = s->nr_moved = s->nr_pcs = s->nr_pointers = 0;
	code_sieve_sites(bits, page, SCAN_WORDS, &sieve);
	for (u32 k = 0; k < ARRAY_SIZE(bits); k++)
		for (u32 left = bits[k]; left; left &= left - 1)
			look_closer(s, 32 * k + (u32)__builtin_ctz(left));
	return s->nr_sites;
}

/* -- loads -- */

static u32 word_at(const u32 *const page[3], u32 i)
{
	return page[i / SCAN_WORDS][i % SCAN_WORDS];
}

static bool present(const u32 *const page[3], u32 i)
{
	return i < SCAN_WINDOW && page[i / SCAN_WORDS];
}

/* How far from a load what it reads may be, in words: 4 KiB, and what pc and an address that is not aligned add. */
#define REACH		(SCAN_WORDS + 2)

static u32 table_length(const u32 *const page[3], u32 start)
{
	u32 i = start, first;

	if (!present(page, start))
		return 0;
	first = word_at(page, start);
	if (first >> 28 >= 14)
		return 0;
	while (i - start < REACH && present(page, i) && !((word_at(page, i) ^ first) >> 24))
		i++;
	return i - start;
}

/* A word that compiled code is likely to hold (code_doubt_around() has it too): AL, Advanced SIMD, or a site (so that a run of them keeps itself). */
static bool like_code(u32 w)
{
	return w >> 28 == 14 || (w >> 24 >= 0xf2 && w >> 24 <= 0xf5) || a32_is_site(w);
}

#define AROUND		8

/* Rules 1 and 4. Known data and zeroes have no say. */
static bool among_data(const struct code_scan *s, const u32 *const page[3], u32 i)
{
	u32 j, w, all = 0, code = 0;

	for (j = i - AROUND; j <= i + AROUND; j++) {
		if (j == i || !present(page, j) || s->state[j] & SCAN_DATA)
			continue;
		w = word_at(page, j);
		if (!w)
			continue;
		all++;
		code += like_code(w);
	}
	return 2 * code < all;
}

/* Is @i of the window in the page that is scanned, not in a neighbour? */
static bool is_own(u32 i)
{
	return i / SCAN_WORDS == 1;
}

/* The load at @i reads @n words from byte offset @at of the window on. */
static void note_load(struct code_scan *s, const u32 *const page[3], u32 i, s32 at, u32 n)
{
	u32 target = (u32)at / 4;

	if (at < 0 || target + REACH < i || target >= i + REACH || !n || target + n > SCAN_WINDOW)
		return;
	n = MIN(n, i + REACH - target);
	if (!is_own(i) && (is_own(target) || is_own(target + n - 1)) && among_data(s, page, i))
		return;
	if (!(s->state[i] & SCAN_LOAD))
		s->load[s->nr_loads++] = (u16)i;
	s->target[i] = (u16)target;
	s->count[i] = (u16)n;
	s->state[i] |= SCAN_LOAD;
}

#define ADR_REACH	16
#define ADR_AWAY	64	/* how far ahead a branch out of that run may lead */
#define ADR_RUNS	4	/* in how many runs loads are sought */
/* From ADR to the last load of its value: each run but the last is left at its end. */
#define ADR_SPAN	(1 + (ADR_RUNS - 1) * (ADR_REACH - 1 + ADR_AWAY) + ADR_REACH - 1)
_Static_assert(ADR_SPAN <= CODE_ADR_SPAN, "code_patch.c looks that far back");
#define BEFORE		(REACH + ADR_SPAN)	/* how far before a word what makes it data may begin */

/* @in, at @i, may load through a register that holds byte offset @base of the window. */
static void note_adr_load(struct code_scan *s, const u32 *const page[3], u32 i, const struct insn *in, s32 base)
{
	u32 n = (u32)__builtin_popcount(in->reglist);
	s32 off = in->u ? (s32)in->imm : -(s32)in->imm;

	if (in->op == INSN_LDM)
		note_load(s, page, i, in->u ? base + 4 * in->p : base - 4 * (s32)n + 4 * !in->p, n);
	else if (in->imm_form)
		note_load(s, page, i, base + (in->p ? off : 0), in->size == 8 ? 2 : 1);
	else if (base >= 0)
		note_load(s, page, i, base, table_length(page, (u32)base / 4));
}

/* Does @w set register @r, or end the run of code? Roughly: data processing, loads; B and BX. */
static bool ends_adr(u32 w, const struct insn *in, u32 r)
{
	bool alu = !(w & 0x0c000000) && (w & 0x01900000) != 0x01100000;

	return w >> 24 == 0xea || (w & 0xfffffff0) == 0xe12fff10 || ((alu || in->op == INSN_LDR) && in->rd == r);
}

/* Can @w use or set register @r, or end the run of code? Only then it is worth being decoded. */
static bool concerns(u32 w, u32 r)
{
	return FIELD(w, 19, 16) == r || FIELD(w, 15, 12) == r || w >> 24 == 0xea || (w & 0xfffffff0) == 0xe12fff10;
}

/* Where the word @w at @i leads, if it is a conditional branch to not far ahead; 0: it is none. */
static u32 branch_ahead(u32 w, u32 i)
{
	u32 to = i + 2 + FIELD(w, 23, 0);

	return (w & 0x0f000000) == 0x0a000000 && w >> 28 < 14 && to - i <= ADR_AWAY ? to : 0;
}

/* The runs of code in which a register keeps what ADR has put into it. */
struct adr_runs {
	u32 at[ADR_RUNS], nr, r;
	s32 base;		/* byte offset in the window */
};

/* One of them, from @i on. The branches in it lead to others. */
static void follow_run(struct code_scan *s, const u32 *const page[3], u32 i, struct adr_runs *a)
{
	struct insn in;
	u32 end = i + ADR_REACH, to;

	for (; i < end && present(page, i); i++) {
		to = branch_ahead(word_at(page, i), i);
		if (to && a->nr < ADR_RUNS)
			a->at[a->nr++] = to;
		if (to || !concerns(word_at(page, i), a->r))
			continue;
		a32_decode(word_at(page, i), &in);
		if (in.rn == a->r && (in.op == INSN_LDR || in.op == INSN_LDM))
			note_adr_load(s, page, i, &in, a->base);
		if (ends_adr(in.word, &in, a->r))
			return;
	}
}

/* Rule 3: ADR at @i. */
static void follow_adr(struct code_scan *s, const u32 *const page[3], u32 i)
{
	u32 w = word_at(page, i), imm = pc_offset(&(struct pc_row){ .kind = PC_ADR }, w);
	struct adr_runs a = { .at = { i + 1 }, .nr = 1, .r = FIELD(w, 15, 12) };

	if (imm > PAGE_SIZE || a.r == 15)
		return;
	a.base = (s32)(4 * i + 8) + (w & BIT(23) ? (s32)imm : -(s32)imm);
	for (u32 k = 0; k < a.nr; k++)
		follow_run(s, page, a.at[k], &a);
}

/* Rules 1 to 3: does the word at @i read data at pc? */
static void note_pc(struct code_scan *s, const u32 *const page[3], u32 i)
{
	u32 w = word_at(page, i), off, n = 1;
	const struct pc_row *r = pc_rows;

	while ((w & r->mask) != r->value)
		r++;
	if (!r->mask || w >> 28 == 15)
		return;
	off = pc_offset(r, w);
	switch (r->kind) {
	case PC_IMM12:
	case PC_SPLIT8:
		break;
	case PC_SPLIT8_D:
		n = 2;
		break;
	case PC_VFP:
		n = w & BIT(8) ? 2 : 1;
		break;
	case PC_TABLE:
		n = table_length(page, i + 2);
		break;
	case PC_ADR:
		follow_adr(s, page, i);
		return;
	}
	note_load(s, page, i, (s32)(4 * i + 8) + (w & BIT(23) ? (s32)off : -(s32)off), n);
}

bool code_scan_reads_anywhere(const struct code_scan *s, const u32 *const page[3], u32 i)
{
	u32 w = page[1][i];
	const struct pc_row *r = pc_rows;

	while ((w & r->mask) != r->value)
		r++;
	return r->kind == PC_TABLE && r->mask && w >> 28 != 15 && FIELD(w, 15, 12) != 15 && !table_length(page, SCAN_WORDS + i + 2) &&
	       !among_data(s, page, SCAN_WORDS + i);
}

#define SIEVE_WORDS	64u	/* are looked at at once */

/* May the word @w at @i, relative to pc, be a load that matters if only what it reads of the page that is scanned does? */
static bool may_read_page(u32 w, u32 i)
{
	if (!(sieve.high[FIELD(w, 27, 23)] & sieve.low[FIELD(w, 24, 20)] & BIT(GROUP_PC)))
		return false;
	return !is_literal_load(w) || is_own(literal_load_at(w, i) / 4);
}

/* Loads among the words from @from to @to of the window, which are of one neighbour page; @own: those that read the page that is scanned. */
static void find_loads_near(struct code_scan *s, const u32 *const page[3], u32 from, u32 to, bool own)
{
	u32 bits[SCAN_WORDS / 32], begin = ALIGN_DOWN(from, SIEVE_WORDS), n = ALIGN_UP(to, SIEVE_WORDS) - begin;

	if (!page[from / SCAN_WORDS] || from >= to)
		return;
	code_sieve_pc(bits, page[from / SCAN_WORDS] + begin % SCAN_WORDS, n, &sieve);
	for (u32 k = 0; k < n / 32; k++)
		for (u32 left = bits[k]; left; left &= left - 1) {
			u32 i = begin + 32 * k + (u32)__builtin_ctz(left);

			if (i >= from && i < to && (!own || may_read_page(word_at(page, i), i)))
				note_pc(s, page, i);
		}
}

/* All loads of the page, and those of its neighbours from word @from to word @to of the window, all of them or (@own) those that read the page. */
static void find_loads(struct code_scan *s, const u32 *const page[3], u32 from, u32 to, bool own)
{
	u32 k;

	for (k = 0; k < s->nr_loads; k++)
		s->state[s->load[k]] &= (u8)~SCAN_LOAD;
	s->nr_loads = 0;
	find_loads_near(s, page, from, SCAN_WORDS, own);
	for (k = 0; k < s->nr_pcs; k++)
		note_pc(s, page, SCAN_WORDS + s->pc[k]);
	find_loads_near(s, page, 2 * SCAN_WORDS, to, own);
}

/* Does any load, code or not, read a word whose being data matters? */
static bool asked_is_read(const struct code_scan *s)
{
	u32 k, i, n;

	for (k = 0; k < s->nr_loads; k++) {
		i = s->load[k];
		for (n = 0; n < s->count[i]; n++)
			if (s->state[s->target[i] + n] & SCAN_ASKED)
				return true;
	}
	return false;
}

/* -- which loads are code -- */

static void count_refs(struct code_scan *s)
{
	u32 k, i, n;

	memset(s->refs, 0, sizeof(s->refs));
	for (k = 0; k < s->nr_loads; k++) {
		i = s->load[k];
		for (n = 0; n < s->count[i]; n++)
			s->refs[s->target[i] + n]++;
	}
}

/* The load at @i turned out to be data: what it seemed to read loses a reader. Loads left without one are queued. */
static u32 reject_load(struct code_scan *s, u32 i, u32 tail)
{
	u32 k, t;

	s->state[i] &= (u8)~SCAN_LOAD;
	for (k = 0; k < s->count[i]; k++) {
		t = s->target[i] + k;
		if (!--s->refs[t] && s->state[t] & SCAN_LOAD)
			s->queue[tail++] = (u16)t;
	}
	return tail;
}

/* The load at @i is code: what it reads is data. */
static u32 accept_load(struct code_scan *s, u32 i, u32 tail)
{
	u32 k, t;

	s->state[i] &= (u8)~SCAN_LOAD;
	for (k = 0; k < s->count[i]; k++) {
		t = s->target[i] + k;
		s->state[t] |= SCAN_DATA;
		if (s->state[t] & SCAN_LOAD)
			tail = reject_load(s, t, tail);
	}
	return tail;
}

/* Rules 1 to 3. Each load enters the queue at most once: when its last reader is rejected, or at the start. */
static void decide_loads(struct code_scan *s)
{
	u32 head = 0, tail = 0, next = 0, i, k;

	count_refs(s);
	for (k = 0; k < s->nr_loads; k++)
		if (!s->refs[s->load[k]])
			s->queue[tail++] = s->load[k];
	for (;;) {
		while (head < tail) {
			i = s->queue[head++];
			if (s->state[i] & SCAN_LOAD)
				tail = accept_load(s, i, tail);
		}
		while (next < s->nr_loads && !(s->state[s->load[next]] & SCAN_LOAD))
			next++;
		if (next == s->nr_loads)
			return;
		tail = accept_load(s, s->load[next], tail);	/* a cycle */
	}
}

/* -- the verdict -- */

/* Whether what may be a site is data matters; for rule 4 whether the words around are, too. True if that is asked for. */
static bool ask(struct code_scan *s)
{
	bool wide = false;
	u32 k, i;

	memset(s->state, 0, sizeof(s->state));
	s->nr_loads = 0;
	for (k = 0; k < s->nr_sites; k++) {
		i = SCAN_WORDS + s->site[k] % SCAN_WIDE;
		s->state[i] = SCAN_ASKED;
		if (!(s->site[k] & SCAN_WIDE))
			continue;
		memset(&s->state[i - AROUND], SCAN_ASKED, 2 * AROUND + 1);
		wide = true;
	}
	return wide;
}

#define TABLE_WORDS	64u	/* more than a branch table has as a rule */

/* Does the word @w at @i of the page read out of it, relative to pc? Of what ADR names, no more than a table's length. */
static bool reads_out(u32 w, u32 i)
{
	const struct pc_row *r = pc_rows;
	u32 more, at;

	if (is_literal_load(w) && w >> 28 != 15)
		return literal_load_at(w, i) > PAGE_SIZE - 8;
	while ((w & r->mask) != r->value)
		r++;
	if (!r->mask || w >> 28 == 15)
		return false;
	at = 4 * i + 8 + (w & BIT(23) || r->kind == PC_TABLE ? pc_offset(r, w) : -pc_offset(r, w));
	more = r->kind == PC_TABLE || r->kind == PC_ADR ? 4 * TABLE_WORDS : 8;
	return at > PAGE_SIZE - more;
}

bool code_scan_reads_out(const struct code_scan *s)
{
	for (u32 k = 0; k < s->nr_pcs; k++)
		if (reads_out(s->page[s->pc[k]], s->pc[k]))
			return true;
	return false;
}

/*
 * Find out what of the words asked for is data. Where rule 4 needs to know, it is often read: then all loads are found at once. Loads that
 * read out of the page are always known in the end.
 */
static void find_data(struct code_scan *s, const u32 *const page[3])
{
	u32 first = SCAN_WORDS + s->site[0] % SCAN_WIDE, last = SCAN_WORDS + s->site[s->nr_sites - 1] % SCAN_WIDE;

	if (!ask(s)) {
		find_loads(s, page, first < BEFORE ? 0 : first - BEFORE, MIN(last + REACH + 1, SCAN_WINDOW), true);
		s->read = code_scan_reads_out(s);
		if (!asked_is_read(s))
			return;
	}
	find_loads(s, page, 0, SCAN_WINDOW, false);
	s->read = asked_is_read(s);
	if (s->read)
		decide_loads(s);
	else
		s->read = code_scan_reads_out(s);
}

static bool is_code(const struct code_scan *s, const u32 *const page[3], u32 site)
{
	u32 i = SCAN_WORDS + site % SCAN_WIDE;

	return !(s->state[i] & SCAN_DATA) && !(site & SCAN_WIDE && among_data(s, page, i));
}

/* No site in the page: only what its loads read elsewhere matters, to code_doubt(). */
static void find_reads_out(struct code_scan *s, const u32 *const page[3])
{
	memset(s->state, 0, sizeof(s->state));
	s->nr_loads = 0;
	for (u32 k = 0; k < s->nr_pcs; k++)
		note_pc(s, page, SCAN_WORDS + s->pc[k]);
	s->read = s->nr_loads;
}

u32 code_scan(struct code_scan *s, const u32 *const page[3])
{
	u32 k, n = 0;

	s->nr_out = 0;
	if (!s->nr_sites) {
		find_reads_out(s, page);
		return 0;
	}
	find_data(s, page);
	for (k = 0; k < s->nr_sites; k++)
		if (is_code(s, page, s->site[k]))
			s->site[n++] = s->site[k] % SCAN_WIDE;
		else
			s->out[s->nr_out++] = s->site[k] % SCAN_WIDE;
	s->nr_sites = n;
	return n;
}
