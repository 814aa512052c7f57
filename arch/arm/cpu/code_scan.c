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
 *    there on that share the top byte of the first are data, unless the first looks like AL or unconditional code.
 * 3. The same for a load through a register that ADR (ADD or SUB of an immediate to pc) set at most ADR_REACH
 *    instructions before: compilers reach double words that way.
 * 4. LDM^, STM^, S-to-pc and LDRT/STRT take one word in ten of arbitrary data. Where most words around such a hit cannot
 *    be code (compilers condition one instruction in five, tables have all conditions alike), it is data.
 * 5. A conditional word of that kind that is also a pointer to within 32 MiB of itself is data (tables of functions, which
 *    other code finds through a pointer), unless it is MOVS pc, lr.
 *    The system instructions CPS, MRS, MSR, RFE, SRS, WFI, and the CP15 accesses that site.c names, have narrow encodings and
 *    are believed wherever rules 1 to 3 say nothing.
 *
 * Limits: a constant that stands among code, looks like a site and is reached in another way (a pointer to it in
 * data, arithmetic on pc) is replaced, so the guest reads another value there; a site that a guest both executes and
 * reads in one of these ways runs unreplaced. Words of T32 code mean nothing here: pages are scanned as A32.
 */
#include "code_scan.h"

#include <arm/insn.h>
#include <arm/site.h>
#include <string.h>

enum lit_kind { LIT_IMM12, LIT_SPLIT8, LIT_SPLIT8_D, LIT_VFP, LIT_TABLE };

/* Loads with Rn = pc (A8.8.64, .70, .74, .80, .84, .88, .333; register forms A8.8.66). */
static const struct {
	u32 mask, value;
	enum lit_kind kind;
} lit_rows[] = {
	{ 0x0f3f0000, 0x051f0000, LIT_IMM12 },		/* LDR LDRB */
	{ 0x0f7f00f0, 0x015f00b0, LIT_SPLIT8 },		/* LDRH */
	{ 0x0f7f00d0, 0x015f00d0, LIT_SPLIT8 },		/* LDRSB LDRSH */
	{ 0x0f7f00f0, 0x014f00d0, LIT_SPLIT8_D },	/* LDRD */
	{ 0x0f3f0e00, 0x0d1f0a00, LIT_VFP },
	{ 0x0f3f0010, 0x071f0000, LIT_TABLE },		/* LDR LDRB, register offset */
};

static u32 word_at(const u32 *const page[3], u32 i)
{
	return page[i / SCAN_WORDS][i % SCAN_WORDS];
}

static bool present(const u32 *const page[3], u32 i)
{
	return i < SCAN_WINDOW && page[i / SCAN_WORDS];
}

static u32 table_length(const u32 *const page[3], u32 start)
{
	u32 i = start, first;

	if (!present(page, start))
		return 0;
	first = word_at(page, start);
	if (first >> 28 >= 14)
		return 0;
	while (present(page, i) && !((word_at(page, i) ^ first) >> 24))
		i++;
	return i - start;
}

/* A word that compiled code is likely to hold: AL, Advanced SIMD, or a site (so that a run of them keeps itself). */
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
	if (at < 0 || !n || (u32)at / 4 + n > SCAN_WINDOW)
		return;
	if (!is_own(i) && (is_own((u32)at / 4) || is_own((u32)at / 4 + n - 1)) && among_data(s, page, i))
		return;
	if (!s->count[i])
		s->load[s->nr_loads++] = (u16)i;
	s->target[i] = (u16)((u32)at / 4);
	s->count[i] = (u16)n;
	s->state[i] = SCAN_LOAD;
}

/* Rules 1 and 2: does the word at @i read data at pc? */
static void note_pc_load(struct code_scan *s, const u32 *const page[3], u32 i)
{
	u32 w = word_at(page, i), off, n = 1, k;

	for (k = 0; k < ARRAY_SIZE(lit_rows); k++)
		if ((w & lit_rows[k].mask) == lit_rows[k].value)
			break;
	if (k == ARRAY_SIZE(lit_rows))
		return;
	switch (lit_rows[k].kind) {
	case LIT_IMM12:
		off = FIELD(w, 11, 0);
		break;
	case LIT_SPLIT8_D:
		n = 2;
		/* fall through */
	case LIT_SPLIT8:
		off = FIELD(w, 11, 8) << 4 | FIELD(w, 3, 0);
		break;
	case LIT_VFP:
		n = w & BIT(8) ? 2 : 1;
		off = FIELD(w, 7, 0) * 4;
		break;
	default:
		off = 0;
		n = table_length(page, i + 2);
		break;
	}
	note_load(s, page, i, (s32)(4 * i + 8) + (w & BIT(23) ? (s32)off : -(s32)off), n);
}

#define ADR_REACH	16

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

/* Rule 3: ADR at @i. */
static void follow_adr(struct code_scan *s, const u32 *const page[3], u32 i)
{
	struct insn adr, in;
	u32 j;

	a32_decode(word_at(page, i), &adr);
	adr.imm = FIELD(adr.word, 7, 0);
	adr.imm = (u32)(((u64)adr.imm << 32 | adr.imm) >> 2 * FIELD(adr.word, 11, 8));
	if (adr.imm > PAGE_SIZE)
		return;
	for (j = i + 1; j <= i + ADR_REACH && present(page, j); j++) {
		a32_decode(word_at(page, j), &in);
		if (in.rn == adr.rd && (in.op == INSN_LDR || in.op == INSN_LDM))
			note_adr_load(s, page, j, &in, (s32)(4 * i + 8) +
				      (adr.word & BIT(23) ? (s32)adr.imm : -(s32)adr.imm));
		if (ends_adr(in.word, &in, adr.rd))
			return;
	}
}

/* ADD or SUB Rd, pc, #imm with Rd other than pc. */
static bool is_adr(u32 w)
{
	return ((w & 0x0fff0000) == 0x028f0000 || (w & 0x0fff0000) == 0x024f0000) && FIELD(w, 15, 12) != 15;
}

static void find_loads(struct code_scan *s, const u32 *const page[3])
{
	u32 p, k, i, w;

	memset(s, 0, offsetof(struct code_scan, load));
	for (p = 0; p < 3; p++) {
		for (k = 0; page[p] && k < SCAN_WORDS; k++) {
			w = page[p][k];
			if ((w & 0x000f0000) != 0x000f0000 || w >> 28 == 15)
				continue;
			if (is_adr(w))
				follow_adr(s, page, p * SCAN_WORDS + k);
			else
				note_pc_load(s, page, p * SCAN_WORDS + k);
		}
	}
	for (k = 0; k < s->nr_loads; k++) {
		i = s->load[k];
		for (w = 0; w < s->count[i]; w++)
			s->refs[s->target[i] + w]++;
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

/* Operations with wide encodings, which arbitrary data hit often. */
static bool is_wide_op(enum insn_op op)
{
	return op != INSN_CPS && op != INSN_MRS && op != INSN_MSR_REG && op != INSN_MSR_IMM && op != INSN_RFE &&
	       op != INSN_SRS && op != INSN_WFI && op != INSN_MRC;
}

#define MOVS_PC_LR	0x01b0f00eu	/* but for the condition */

/* Rule 5, for the word @w at guest virtual @at. */
static bool is_pointer(u32 w, gva_t at)
{
	return w >> 28 < 14 && !(w & 3) && w - at + (32u << 20) < 64u << 20 && (w & 0x0fffffff) != MOVS_PC_LR;
}

/*
 * The operation of the word at @i if it is to be replaced, else INSN_OTHER. Besides what must be: CP15 accesses that are cheaper as
 * sites, and an SVC of the guest that could be taken for one of Umbra's.
 */
static enum insn_op site_op(const u32 *page, u32 i)
{
	enum insn_op op = a32_site_op(page[i]);

	if (op != INSN_OTHER)
		return op;
	if (page[i] >> 28 == 14 && site_is_word(page[i]))
		return INSN_SVC;
	return site_is_cheaper(page, i) ? INSN_MRC : INSN_OTHER;
}

bool code_scan_candidate(const u32 *page, u32 i)
{
	return site_op(page, i) != INSN_OTHER;
}

u32 code_scan(struct code_scan *s, const u32 *const page[3], gva_t gva)
{
	const u8 *maybe = a32_site_hints();
	u32 i, n = 0;

	find_loads(s, page);
	decide_loads(s);
	for (i = 0; i < SCAN_WORDS; i++) {
		u32 w = page[1][i];
		enum insn_op op;

		if (!maybe[w >> 20 & 0xff])
			continue;
		op = s->state[SCAN_WORDS + i] & SCAN_DATA ? INSN_OTHER : site_op(page[1], i);
		if (op == INSN_OTHER)
			continue;
		if (is_wide_op(op) && (is_pointer(w, gva + 4 * i) || among_data(s, page, SCAN_WORDS + i)))
			continue;
		s->site[i / 32] |= BIT(i % 32);
		n++;
	}
	return n;
}
