/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the sites of one code page: which words are code, and which are only data that look like it. */
#pragma once

#include <hv/types.h>

#define SCAN_WORDS	(PAGE_SIZE / 4)
#define SCAN_WINDOW	(3 * SCAN_WORDS)	/* the page between its two virtual neighbours */

/* Working memory of scans: too large for a stack. Afterwards state[] tells a test what was decided. */
struct code_scan {
	const u32 *page;
	gva_t gva;
	/* what the first look found in the page: numbers of words, ascending */
	u32 nr_sites, nr_moved, nr_pcs;
	u16 site[SCAN_WORDS];		/* in the end the sites; before, what may be one, some with SCAN_WIDE */
	u16 moved[SCAN_WORDS];		/* may be what a site was replaced by elsewhere */
	u32 nr_pointers;
	u16 pointer[SCAN_WORDS];	/* would be a site, but is a pointer by rule 5 */
	u16 pc[SCAN_WORDS];		/* may be a pc-relative load or ADR */
	u32 nr_out;
	u16 out[SCAN_WORDS];		/* what looked like a site, but is data by the rules */
	bool read;			/* loads may name words that are replaced, here or in a neighbour */
	bool bare;			/* nothing in the page could be a site, and it does not read out of itself */
	bool clear;			/* there was nothing to decide: no load may read what may be a site, and all that looks like one is */
	/* what code_doubt() says beside the sites */
	bool interpret;			/* the page cannot be rewritten soundly */
	u32 nr_doubts, nr_either;	/* words left as they are, though they might be sites; read as data, and sites all the same */
	/* words of the window */
	u8 state[SCAN_WINDOW];		/* SCAN_* */
	u16 refs[SCAN_WINDOW];		/* loads, not yet found to be data, that read this word */
	u32 nr_loads;
	u16 load[SCAN_WINDOW];		/* the nr_loads words that look like loads, mostly in ascending order */
	u16 target[SCAN_WINDOW];	/* of a load: first word that it reads */
	u16 count[SCAN_WINDOW];		/* of a load: how many words it may read */
	u16 queue[SCAN_WINDOW];
};

#define SCAN_WIDE	SCAN_WORDS	/* beside the number of a word: its encoding is wide (rule 4) */

#define SCAN_LOAD	BIT(0)		/* looks like a pc-relative load and was not yet decided upon */
#define SCAN_DATA	BIT(1)		/* read by a pc-relative load that is code */
#define SCAN_ASKED	BIT(2)		/* whether it is data matters */
#define SCAN_SITE	BIT(3)		/* is replaced */
#define SCAN_FLOW	BIT(4)		/* is executed once the page is entered where it is */

/*
 * First look at a page of SCAN_WORDS A32 words, which the guest has at @gva: where are sites if it is code (s->site), and what has the
 * form of a trapping word or of a branch to a stub (s->moved)? Returns the number of the former.
 */
u32 code_scan_first(struct code_scan *s, const u32 *page, gva_t gva);
/*
 * Keep of s->site what is code. page[1] is the page of the first look, page[0] and page[2] are its neighbours in virtual address
 * space, or NULL when there are none. Returns the number of sites. Both together are a pure function of the three pages and the address.
 */
u32 code_scan(struct code_scan *s, const u32 *const page[3]);
/* Does the page of the first look read, relative to pc, out of itself? Then code_scan() matters even if there is no site. */
bool code_scan_reads_out(const struct code_scan *s);
/*
 * code_doubt.c: after code_scan(), for a page that is entered at word @entry (SCAN_WORDS: unknown): add to s->site what may be code in
 * spite of the rules, and the loads that must read what the guest wrote there. Returns the number of sites.
 */
u32 code_doubt(struct code_scan *s, const u32 *const page[3], u32 entry);
/* Is the word at @i of the page a load relative to pc by a register, of what is no table? (s->pc has all that may be) */
bool code_scan_reads_anywhere(const struct code_scan *s, const u32 *const page[3], u32 i);
/* Is a word executed that rule 5 takes for a pointer? Then both matter even if there is no site. @entry as above. */
bool code_doubt_runs_pointer(struct code_scan *s, u32 entry);
/* May one of the sites be part of T32 code instead? @entry as above. */
bool code_doubt_t32(struct code_scan *s, u32 entry);
/* Is the word at @i of @page surely A32 code, site or not? */
bool code_doubt_is_a32(const u32 *page, u32 i);
/* Is one of @page's words an A32 system instruction that T32 code does not look like? How many others are perhaps sites: @*perhaps. */
bool code_doubt_a32(const u32 *page, u32 *perhaps);
/*
 * Is one of @page's words an A32 system instruction that programs of User mode do not have? Their T32 code looks like one in one page of 400 (22 of the
 * 8287 of Debian's programs and libraries), so where it is T32 code that comes to be executed (@thumb), the word has to stand among A32 code.
 */
bool code_doubt_is_privileged(const u32 *page, bool thumb);
/* Would the word at @i of @page be a site, were it known to be code? */
bool code_scan_candidate(const u32 *page, u32 i);
/* The first word in [@w, @end) with (word & @mask) == @value; or @end. word_find.S; on the build host the test has its own. */
const u32 *word_find(const u32 *w, const u32 *end, u32 mask, u32 value);

/* code_patch.c: what is known of a page of A32 code of which one word is to change. */
struct code_patch {
	bool bare, clear;	/* its scan (struct code_scan) */
	enum { CODE_TABLES_UNKNOWN, CODE_TABLES_NONE, CODE_TABLES } tables;	/* may something load from one? Found out when it matters */
};

/* May the word at @i of @page change with nothing else about it? What the new one is decides. */
bool code_patch_may_begin(const u32 *page, u32 i);
/* Would a scan of page[1] find the same sites with @new in the place of its word @i, and not that one? Neighbours as above. */
bool code_patch_fits(const u32 *const page[3], u32 i, u32 new, struct code_patch *p);
/* Is none of the @n words at @w anything that a scan would look at closer? */
bool code_patch_is_bare(const u32 *w, u32 n);
/* For it: is @w no site, no load relative to pc, not ADR, and unlike all words that Umbra puts into copies? */
bool code_scan_is_plain(u32 w);
/* May a word in [@w, @end) be ADR; or ADR, or a load of a table at pc? */
bool code_scan_has_adr(const u32 *w, const u32 *end);
bool code_scan_has_tables(const u32 *w, const u32 *end);
/* From ADR to the last load of its value, in words at most. */
#define CODE_ADR_SPAN	253u
/* What the rules see in @w that is one of the words around another. */
u32 code_doubt_around(u32 w);
/* Does code go on behind @a as behind @b? */
bool code_doubt_same_flow(u32 a, u32 b);
