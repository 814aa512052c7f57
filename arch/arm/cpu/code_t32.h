/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the sites of one page of T32 code: instructions begin at any halfword, and only where control flow leads is known where. */
#pragma once

#include <hv/types.h>

#define T32_HALVES	(PAGE_SIZE / 2)
#define T32_NO_ENTRY	T32_HALVES

/* What is known of the T32 code of a page, one bit a halfword. Kept as long as the page's copy. */
struct t32_known {
	u32 start[T32_HALVES / 32];	/* an instruction begins here: it was executed, or follows from one that was */
};

struct t32_scan {
	const u16 *page;		/* the guest's own halfwords */
	const u16 *before;		/* those of the page before it in virtual address space, or NULL */
	u32 copy;			/* name of the copy, and whether the window may handle its sites by their kind */
	bool hot;
	struct t32_known *known;
	u16 *to;			/* where the copy is, while it follows the flow; else NULL */
	bool conflict;			/* the page cannot be rewritten soundly */
	u32 sites, traps;		/* replaced because they are known, because they are not */
	u32 trapped[T32_HALVES / 32];	/* the latter */
	u32 data[T32_HALVES / 32];	/* a known instruction reads it relative to pc */
	u32 nr_queue;
	u16 queue[T32_HALVES];		/* where branches lead; later, what rule 4 is about */
	u32 nr_readers;
	struct t32_reader { u16 at; s16 from; u16 n; } reader[T32_HALVES];	/* @n halfwords from @from on matter to the one at @at */
};

/*
 * Scan a page of which nothing is known, and which is entered at halfword @entry (T32_NO_ENTRY: nowhere yet) with @it instructions
 * of an IT block still to come. Fills s->known and s->trapped; s->page, ->before and ->known are the caller's. The result is a function
 * of both pages and the entry.
 */
void t32_scan(struct t32_scan *s, u32 entry, u32 it);
/* Make the copy at s->to of what t32_scan() found. */
void t32_write(struct t32_scan *s);
/* Which halfwords of the copy at @copy are replaced because they are not known: all that is needed to make it again, beside @known. */
void t32_keep(const u16 *copy, const struct t32_known *known, u32 trapped[T32_HALVES / 32]);
/* As if t32_scan() had found s->known and @trapped just now. */
void t32_find_again(struct t32_scan *s, const u32 trapped[T32_HALVES / 32]);
/*
 * Halfword @at, which was not known to begin an instruction, does: what follows from that becomes known too, and the copy at s->to
 * is made to agree.
 */
void t32_reach(struct t32_scan *s, u32 at, u32 it);
bool t32_is_start(const struct t32_known *k, u32 at);
/*
 * May word @i of @page, of which @copy was made with what is known in @k, become @new with nothing else changing? Neither half may belong to a known
 * instruction, be replaced, or be anything that an unknown instruction could begin with that matters; nor the second half of one. It must not be in a table
 * of T32_TB_PC, known or not: one that is not known is replaced where what it reads is.
 */
#define T32_TB_PC	0xe8dfu		/* TBB, TBH: first half, Rn = pc */
bool t32_patch_fits(const u16 *page, const u16 *copy, const struct t32_known *k, u32 i, u32 new);
/* Is nothing in or around word @i of @page, were it @new, a site if it is T32 code? As far away as code_doubt_is_a32() looks. */
bool t32_no_sites_near(const u16 *page, u32 i, u32 new);
/* Does the page hold what looks like a T32 system instruction, as hardly anything else does? */
bool t32_is_privileged(const u16 *page);
/* Would anything in the page be replaced, were it T32 code? What is surely A32 code by @a32 (@arg, word), is none. */
bool t32_may_have_sites(struct t32_scan *s, bool (*a32)(const void *arg, u32 word), const void *arg);
