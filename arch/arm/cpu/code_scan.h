/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the sites of one code page: which words are code, and which are only data that look like it. */
#pragma once

#include <hv/types.h>

#define SCAN_WORDS	(PAGE_SIZE / 4)
#define SCAN_WINDOW	(3 * SCAN_WORDS)	/* the page between its two virtual neighbours */

/* Working memory of one scan: too large for a stack. Afterwards state[] tells a test what was decided. */
struct code_scan {
	/* zero before a scan */
	u16 count[SCAN_WINDOW];		/* of a pc-relative load: how many words it may read; 0: none */
	u16 refs[SCAN_WINDOW];		/* loads, not yet found to be data, that read this word */
	u8 state[SCAN_WINDOW];		/* SCAN_* */
	u32 site[SCAN_WORDS / 32];	/* result: bit per word of the page */
	u32 nr_loads;
	/* need not be */
	u16 load[SCAN_WINDOW];		/* the nr_loads words with a count, mostly in ascending order */
	u16 target[SCAN_WINDOW];	/* of a load: first word that it reads */
	u16 queue[SCAN_WINDOW];
};

#define SCAN_LOAD	BIT(0)		/* looks like a pc-relative load and was not yet decided upon */
#define SCAN_DATA	BIT(1)		/* read by a pc-relative load that is code */

/*
 * Scan page[1] (SCAN_WORDS A32 words), which the guest has at @gva; page[0] and page[2] are its neighbours in virtual
 * address space, or NULL when there are none. Returns the number of sites, s->site says where they are. Pure function
 * of the three pages and the address.
 */
u32 code_scan(struct code_scan *s, const u32 *const page[3], gva_t gva);
/* Would the word at @i of @page be a site, were it known to be code? */
bool code_scan_candidate(const u32 *page, u32 i);
