// SPDX-License-Identifier: GPL-2.0-or-later
/* One word of scanned A32 code that changes: would a new scan say the same of everything else, and nothing of the word itself? */
/*
 * Then the word changes in the copy as it does in the page, and what the scan said stays (code_page_store()). The rules of code_scan.c and
 * code_doubt.c look at words in four ways, and none of them may see a difference:
 *
 * 1. by itself: neither the old word nor the new one may be a site, a load relative to pc, ADR, or look like a word of Umbra's;
 * 2. as what code goes on to: both end a line, or call, or neither does. Branches are compared with nothing;
 * 3. as one of the words around another: code, padding, neither. Where that differs, nothing that may be a site is near;
 * 4. as a part of what loads through a register reach: it is not in a run that begins with ADR, and no table begins or ends with it.
 *
 * Where the scan had nothing to decide (no load may read what may be a site, and nothing that looks like a site was left out), no line was
 * followed, so 2 does not matter. Where it saw nothing that could be a site at all, 1 is all.
 *
 * What the page's neighbours are made of is not asked again, as it is not when the page is scanned again.
 */
#include "code_scan.h"

#include <arm/insn.h>

#define NEAR		8u	/* words: as far as rule 4 of code_scan.c looks */
#define EDGE		NEAR	/* of the page: there the loads of a neighbour are judged by what is around them */

/* Does @i lie behind an ADR of @page, so that a register that it set may still be used to load? @i may be a word of the page behind it. */
static bool behind_adr(const u32 *page, u32 i)
{
	u32 first = i > CODE_ADR_SPAN ? i - CODE_ADR_SPAN : 0, end = MIN(i, SCAN_WORDS);

	return page && first < end && code_scan_has_adr(page + first, page + end);
}

static bool is_near_candidate(const u32 *page, u32 i)
{
	u32 first = i > NEAR ? i - NEAR : 0, last = MIN(i + NEAR, SCAN_WORDS - 1);

	for (; first <= last; first++)
		if (code_scan_candidate(page, first))
			return true;
	return false;
}

/* May anything in the page or a neighbour load from a table, or from an address in a register that was made of pc? */
static bool has_tables(const u32 *const page[3])
{
	for (u32 k = 0; k < 3; k++)
		if (page[k] && code_scan_has_tables(page[k], page[k] + SCAN_WORDS))
			return true;
	return false;
}

/* Words like this begin no table, nor are they in one (code_scan.c, rule 2). */
static bool in_no_table(u32 w)
{
	return w >> 28 >= 14;
}

/* Would a table that goes on to word @i, or begins there, have another end with @new in its place? If there is one. */
static bool may_end_table(const u32 *page, u32 i, u32 new)
{
	u32 old = page[i], before = i ? page[i - 1] : 0;

	if (old >> 24 == new >> 24)
		return false;
	return !(in_no_table(old) && in_no_table(new)) || !i || (!in_no_table(before) && (before >> 24 == old >> 24 || before >> 24 == new >> 24));
}

/* Do rules that look around see @old and @new as the same? */
static bool same_around(const u32 *page, u32 i, u32 new, const struct code_patch *p)
{
	if (code_doubt_around(page[i]) == code_doubt_around(new))
		return true;
	return p->clear && i >= EDGE && i < SCAN_WORDS - EDGE && !is_near_candidate(page, i);
}

static bool same_for_loads(const u32 *const page[3], u32 i, u32 new, struct code_patch *p)
{
	if (p->tables == CODE_TABLES_NONE)
		return true;		/* nor ADR */
	if (behind_adr(page[1], i) || behind_adr(page[0], SCAN_WORDS + i))
		return false;
	if (!may_end_table(page[1], i, new))
		return true;
	if (p->tables == CODE_TABLES_UNKNOWN)
		p->tables = has_tables(page) ? CODE_TABLES : CODE_TABLES_NONE;
	return p->tables == CODE_TABLES_NONE;
}

bool code_patch_may_begin(const u32 *page, u32 i)
{
	return code_scan_is_plain(page[i]);
}

bool code_patch_fits(const u32 *const page[3], u32 i, u32 new, struct code_patch *p)
{
	u32 old = page[1][i];

	if (!code_scan_is_plain(old) || !code_scan_is_plain(new))
		return false;
	if (p->bare || old == new)
		return true;
	return (p->clear || code_doubt_same_flow(old, new)) && same_around(page[1], i, new, p) &&
	       same_for_loads(page, i, new, p);
}

bool code_patch_is_bare(const u32 *w, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (!code_scan_is_plain(w[i]))
			return false;
	return true;
}
