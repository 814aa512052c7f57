// SPDX-License-Identifier: GPL-2.0-or-later
/* What the rules of code_scan.c leave open about a page: words that are code for one reason and data for another. */
/*
 * A word that looks like a site and that a load seems to read is one of three things: an instruction, and what looks like the load is a
 * constant; a constant; or both, because code reads itself. Only the second may stay as it is, and then no code reaches it: it stands
 * behind something that never goes on (a branch, a return, an undefined word), perhaps with other data between, and no direct branch
 * leads there. A site that can be reached is replaced; so is the load that names it, and since a load that is executed by Umbra reads the
 * guest's own page, both are right whatever they are. That goes on: a load that names a replaced load is replaced, too.
 *
 * The address at which a page is entered tells more: what is reached from there without calls is code for certain, so it is a site even
 * among words that look like data. And a load that names such a word but is not certain itself is left alone: constants look like loads more
 * often than code reads code.
 *
 * An SVC of the guest that could be taken for a trapping word must not remain as it is in code. Where it is read it is replaced whether it
 * can be reached or not; where it only stands among data, the page is to be interpreted (or it is replaced, without an interpreter).
 *
 * Where User mode can execute the page as well, its words may be T32 code, and a replaced one would be a hole in it. What stands behind
 * A32 code, or is followed by it, is none.
 */
#include "code_scan.h"

#include <arm/insn.h>
#include <arm/site.h>
#include <string.h>

#define UDF_MASK	0xfff000f0u
#define UDF		0xe7f000f0u

/* No instruction behind @w is executed next, whatever happens: branches, writes of pc, permanently undefined words. */
static bool never_goes_on(u32 w)
{
	switch (w >> 25) {
	case 0x70:				/* BX, BXJ, BKPT */
		if ((w & 0xfffffff0) == 0xe12fff10 || (w & 0xfffffff0) == 0xe12fff20 || (w & 0xfff000f0) == 0xe1200070)
			return true;
		return FIELD(w, 15, 12) == 15 && FIELD(w, 24, 23) != 2 && (w & 0x90) != 0x90;
	case 0x71:				/* data processing to pc */
		return FIELD(w, 15, 12) == 15 && FIELD(w, 24, 23) != 2 && (w & 0x90) != 0x90;
	case 0x72:				/* LDR pc */
	case 0x73:
		return (w & 0xfc10f000) == 0xe410f000 || (w & UDF_MASK) == UDF;
	case 0x74:				/* LDM with pc */
		return (w & BIT(20)) && (w & BIT(15));
	case 0x75:				/* B */
		return !(w & BIT(24));
	case 0x7c:				/* RFE */
		return (w & 0xfe500000) == 0xf8100000;
	default:
		return false;
	}
}

#define BRANCH_MASK	0x0e000000u
#define BRANCH		0x0a000000u

static bool is_direct_branch(u32 w)
{
	return (w & BRANCH_MASK) == BRANCH && w >> 28 != 15;
}

/* Where the branch @w at @i of the window leads; far outside for most. */
static u32 branch_target(u32 w, u32 i)
{
	return i + 2 + (u32)((s32)(w << 8) >> 8);
}

static bool is_padding(u32 w)
{
	return w == 0 || w == 0xe1a00000 || w == 0xe320f000;
}

/* An SVC of the guest with the looks of a trapping word that the window believes. */
static bool is_svc(u32 w)
{
	return w >> 28 == 14 && site_is_word(w);
}

/* Does a direct branch that may be code lead to one of the words from @first to @last, which are of one page? */
static bool is_branched_to(const struct code_scan *s, const u32 *const page[3], u32 first, u32 last)
{
	u32 base = first / SCAN_WORDS * SCAN_WORDS;
	const u32 *w = page[first / SCAN_WORDS];

	const u32 *end = w + SCAN_WORDS, *b;

	for (b = word_find(w, end, BRANCH_MASK, BRANCH); b < end; b = word_find(b + 1, end, BRANCH_MASK, BRANCH)) {
		u32 at = base + (u32)(b - w);

		if (*b >> 28 != 15 && branch_target(*b, at) - first <= last - first && !(s->state[at] & SCAN_DATA))
			return true;
	}
	return false;
}

/* May code reach the word at @i of the window, as far as its page shows? */
static bool is_reachable(const struct code_scan *s, const u32 *const page[3], u32 i)
{
	u32 first = i, w;

	if (s->state[i] & SCAN_FLOW)
		return true;
	for (;; first--) {
		if (first % SCAN_WORDS == 0)
			return true;	/* unknown: the page before may end in anything */
		w = page[first / SCAN_WORDS][first % SCAN_WORDS - 1];
		if (!(s->state[first - 1] & SCAN_DATA) && !is_padding(w))
			break;
	}
	return !never_goes_on(w) || is_branched_to(s, page, first, i);
}

/* Calls may never come back: BL, BLX, SVC. */
static bool is_call(u32 w)
{
	return (w & 0xff000000) == 0xeb000000 || (w & 0xfe000000) == 0xfa000000 || (w & 0xfffffff0) == 0xe12fff30 || (w & 0xff000000) == 0xef000000;
}

/* Mark what is executed for certain once the page is entered at @entry: up to calls, over conditional branches both ways. */
static void follow(struct code_scan *s, u32 entry)
{
	u32 left = 0;

	s->queue[left++] = (u16)(SCAN_WORDS + entry);
	while (left) {
		for (u32 i = s->queue[--left]; i / SCAN_WORDS == 1 && !(s->state[i] & SCAN_FLOW); i++) {
			u32 w = s->page[i - SCAN_WORDS], to = branch_target(w, i);

			s->state[i] |= SCAN_FLOW;
			if (is_direct_branch(w) && to / SCAN_WORDS == 1 && !(s->state[to] & SCAN_FLOW))
				s->queue[left++] = (u16)to;
			if (never_goes_on(w) || is_call(w))
				break;
		}
	}
}

static void add_site(struct code_scan *s, u32 i)
{
	s->state[i] |= SCAN_SITE;
	s->site[s->nr_sites++] = (u16)(i - SCAN_WORDS);
}

/* A word that would be a site, was it code, and that the rules take for data. */
static void reconsider(struct code_scan *s, const u32 *const page[3], u32 index)
{
	u32 i = SCAN_WORDS + index;
	bool read = s->state[i] & SCAN_DATA, svc = is_svc(page[1][index]);

	if (s->state[i] & SCAN_FLOW || (svc && (read || !IS_ENABLED(CONFIG_CPU_PATH_INTERP))) || (read && is_reachable(s, page, i))) {
		add_site(s, i);
		s->nr_either += read;
	} else if (svc) {
		s->interpret = true;
	} else if (!read) {
		s->nr_doubts++;
	}
}

/* Is what the load reads at @t replaced, in this page or, as far as is known here, in the copy of a neighbour? */
static bool is_replaced(const struct code_scan *s, const u32 *const page[3], u32 t)
{
	const u32 *there = page[t / SCAN_WORDS];

	if (t / SCAN_WORDS == 1)
		return s->state[t] & SCAN_SITE;
	return there && code_scan_candidate(there, t % SCAN_WORDS) && (is_svc(there[t % SCAN_WORDS]) || is_reachable(s, page, t));
}

/* Must the load at @i read the original of a word that is replaced? */
static bool needs_original(struct code_scan *s, const u32 *const page[3], u32 i)
{
	bool certain = s->state[i] & SCAN_FLOW;

	if (i / SCAN_WORDS != 1 || s->state[i] & SCAN_SITE || (s->state[i] & SCAN_DATA && !is_reachable(s, page, i)))
		return false;
	for (u32 t = s->target[i]; t < s->target[i] + s->count[i]; t++) {
		if (!is_replaced(s, page, t))
			continue;
		if (certain || !(s->state[t] & SCAN_FLOW))
			return true;
		s->nr_doubts++;
	}
	return false;
}

static bool replace_loads(struct code_scan *s, const u32 *const page[3])
{
	u32 before = s->nr_sites;

	for (u32 k = 0; k < s->nr_loads; k++)
		if (needs_original(s, page, s->load[k]))
			add_site(s, s->load[k]);
	return s->nr_sites != before;
}

/* Loads whose target a register decides read the originals, where some words are replaced. False: there are none. */
static bool replace_indexed(struct code_scan *s, const u32 *const page[3])
{
	u32 before = s->nr_sites;

	for (u32 k = 0; k < s->nr_pcs && before; k++)
		if (!(s->state[SCAN_WORDS + s->pc[k]] & (SCAN_SITE | SCAN_DATA)) && code_scan_reads_anywhere(s, page, s->pc[k]))
			add_site(s, SCAN_WORDS + s->pc[k]);
	return s->nr_sites != before;
}

static bool is_executed(const struct code_scan *s, u32 index)
{
	return s->state[SCAN_WORDS + index] & SCAN_FLOW;
}

/* What rule 5 takes for pointers, and is executed, are sites. False: there are none. */
static bool add_executed_pointers(struct code_scan *s)
{
	u32 before = s->nr_sites;

	for (u32 k = 0; k < s->nr_pointers; k++)
		if (is_executed(s, s->pointer[k]))
			add_site(s, SCAN_WORDS + s->pointer[k]);
	return s->nr_sites != before;
}

bool code_doubt_runs_pointer(struct code_scan *s, u32 entry)
{
	bool runs = false;

	if (!s->nr_pointers || entry >= SCAN_WORDS)
		return false;
	memset(&s->state[SCAN_WORDS], 0, SCAN_WORDS);
	follow(s, entry);
	for (u32 k = 0; k < s->nr_pointers; k++)
		runs |= is_executed(s, s->pointer[k]);
	return runs;
}

u32 code_doubt(struct code_scan *s, const u32 *const page[3], u32 entry)
{
	bool clear = !s->nr_out && !s->read;
	u32 doubts;

	s->nr_doubts = s->nr_either = 0;
	s->interpret = false;
	clear &= !replace_indexed(s, page);
	if (clear && !s->nr_pointers)
		return s->nr_sites;
	if (entry < SCAN_WORDS)
		follow(s, entry);
	if (!add_executed_pointers(s) && clear)
		return s->nr_sites;
	for (u32 k = 0; k < s->nr_sites; k++)
		s->state[SCAN_WORDS + s->site[k]] |= SCAN_SITE;
	for (u32 k = 0; k < s->nr_out; k++)
		reconsider(s, page, s->out[k]);
	do {
		doubts = s->nr_doubts;
	} while (replace_loads(s, page) && (s->nr_doubts = doubts, true));
	return s->nr_sites;
}

/* Compilers give the condition AL to four instructions in five. Of T32 code one word in eight or so looks like that. */
static u32 looks_a32(u32 w)
{
	return w >> 28 == 14 && w >> 24 != 0xef;
}

/* Does @i stand among A32 code, and not among T32 code? What stands before it is of another kind where nothing goes on. */
static bool is_among_a32(const u32 *w, u32 i)
{
	u32 n = 0;

	if (i && !never_goes_on(w[i - 1]) && w[i - 1] >> 24 != 0xef)
		n = looks_a32(w[i - 1]) + (i > 1 ? looks_a32(w[i - 2]) : 0);
	for (u32 k = i + 1; k < i + 3 && k < SCAN_WORDS; k++)
		n += looks_a32(w[k]);
	return n >= 2;
}

u32 code_doubt_around(u32 w)
{
	bool code = w >> 28 == 14 || (w >> 24 >= 0xf2 && w >> 24 <= 0xf5);	/* as like_code() of code_scan.c */

	return (u32)code | looks_a32(w) << 1 | (u32)!w << 2 | (u32)is_padding(w) << 3 | (u32)never_goes_on(w) << 4;
}

bool code_doubt_same_flow(u32 a, u32 b)
{
	return !is_direct_branch(a) && !is_direct_branch(b) && never_goes_on(a) == never_goes_on(b) && is_call(a) == is_call(b);
}

/* Is the site at @i A32 code, and not two halfwords of T32 code? */
static bool is_surely_a32(const struct code_scan *s, u32 i)
{
	return s->state[SCAN_WORDS + i] & SCAN_FLOW || is_among_a32(s->page, i);
}

static bool all_surely_a32(const struct code_scan *s)
{
	for (u32 k = 0; k < s->nr_sites; k++)
		if (!is_surely_a32(s, s->site[k]))
			return false;
	return true;
}

bool code_doubt_t32(struct code_scan *s, u32 entry)
{
	if (all_surely_a32(s))
		return false;
	if (entry < SCAN_WORDS)
		follow(s, entry);
	return !all_surely_a32(s);
}

bool code_doubt_is_a32(const u32 *page, u32 i)
{
	return looks_a32(page[i]) && is_among_a32(page, i);
}

/* CPS as software has it: it changes something, and names a privileged mode if it names one (B9.3.2). */
static bool is_sane_cps(u32 w)
{
	u32 imod = FIELD(w, 19, 18), aif = FIELD(w, 8, 6), mode = FIELD(w, 4, 0);
	bool sets_mode = w & BIT(17);

	return (imod >= 2 ? aif != 0 : imod == 0 && !aif && sets_mode) && (sets_mode ? mode > 0x10 : !mode);
}

/*
 * Instructions that two halfwords of T32 code look like once in hundreds of pages: in the 203 pages of a C library and the 354 of a kernel, both
 * compiled as T32, there is none but real ones, whereas half of them have a site of any kind among what looks like A32 code.
 */
static bool is_a32_system(u32 w)
{
	static const struct { u32 mask, value; } t[] = {
		{ 0xffbf0fff, 0xe10f0000 },		/* MRS */
		{ 0xffb0fff0, 0xe120f000 },		/* MSR */
		{ 0xffb0f000, 0xe320f000 },		/* MSR of an immediate, WFI */
		{ 0xffffffff, 0xe1b0f00e },		/* MOVS pc, lr */
		{ 0xfffffff3, 0xe25ef000 },		/* SUBS pc, lr, #0, 4, 8, 12 */
		{ 0xfffffff0, 0xf96d0510 },		/* SRSDB sp!; others look like T32 loads and stores */
		{ 0xffffffff, 0xf8bd0a00 },		/* RFEIA sp! */
	};

	if ((w & 0xfff1fe20) == 0xf1000000)
		return is_sane_cps(w);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		if ((w & t[i].mask) == t[i].value)
			return a32_is_site(w);
	return false;
}

/* All of those are in six of 256 blocks, in three of which they have pc or ones in bits 15:12, as BX and BLX have, or end in zeros: few words need a second look. */
static inline bool may_be_a32_system(u32 w)
{
	u32 block = w >> 24;

	if (block - 0xe1 < 3)
		return ((w & 0xf000) == 0xf000 && (w & 0x0fffffd0) != 0x012fff10) || !(w & 0xfff);
	return block >= 0xf1 && (block == 0xf1 || block - 0xf8 < 2);
}

/* LDM^, STM^, LDRT, STRT and the like, always executed: no program has them, but T32 code often looks so. */
static inline bool may_be_for_user(u32 w)
{
	return (w & 0xfe400000) == 0xe8400000 || (w & 0xfd200000) == 0xe4200000 || (w & 0xff200090) == 0xe0200090;
}

/* Is what stands at @i a function's last instruction but its return? */
static bool is_before_return(const u32 *page, u32 i)
{
	return i + 1 < SCAN_WORDS && page[i + 1] >> 28 == 14 && never_goes_on(page[i + 1]);
}

/* Is most of the page A32 code? One with T32 code and the A32 stubs by which that calls other libraries, is not. */
static bool is_mostly_a32(const u32 *page)
{
	u32 a32 = 0, others = 0;

	for (u32 i = 0; i < SCAN_WORDS; i++) {
		a32 += looks_a32(page[i]);
		others += page[i] && !looks_a32(page[i]);
	}
	return a32 >= others;
}

/* Is the word at @i, where A32 code is about to be executed, one of its kernel's? Or @thumb: where T32 code is. */
static bool is_privileged_word(const u32 *page, u32 i, bool thumb)
{
	if (may_be_a32_system(page[i]) && is_a32_system(page[i]))
		return !thumb || is_among_a32(page, i);
	return !thumb && may_be_for_user(page[i]) && a32_is_site(page[i]) && (is_among_a32(page, i) || is_before_return(page, i)) &&
	       is_mostly_a32(page);
}

bool code_doubt_is_privileged(const u32 *page, bool thumb)
{
	for (u32 i = 0; i < SCAN_WORDS; i++)
		if (is_privileged_word(page, i, thumb))
			return true;
	return false;
}

bool code_doubt_a32(const u32 *page, u32 *perhaps)
{
	*perhaps = 0;
	for (u32 i = 0; i < SCAN_WORDS; i++) {
		if (page[i] >> 28 < 14)
			continue;
		if (is_a32_system(page[i]))
			return true;
		*perhaps += looks_a32(page[i]) && code_scan_candidate(page, i);
	}
	return false;
}
