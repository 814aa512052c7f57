/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest pages that hold second-level tables, for strategies that follow stores into them: which nodes shadow a page, and its protection.
 *
 * T1* A page of FRAME_TABLE is mapped writable nowhere, sections included.
 * T2* A node that is in step is of a page with FRAME_TABLE, and each of its entries is what the guest's descriptor gives now.
 * T3  First-level tables are not watched: what a root links is compared with the guest's descriptor at each operation that names it and at
 *     each fault, as under every strategy. A 16 KiB table would cost four protected pages, for descriptors that hardly ever change.
 * T4  A store that a device makes is seen by nobody (docs/caveats.md).
 * T5  That a line was cleaned is a hint and no more (SHADOW_CLEAN_HINT): nothing is dropped for it, and what comes to be mapped could have been
 *     loaded by a TLB at any time (rule 10 of shadow_fill.c). Under a strategy of its own or not, a node that it may be about is listed.
 */
#include <hv/log.h>

#include "mmu.h"

static u16 *page_list(struct shadow *s, gpa_t page)
{
	return &s->page_hash[(u32)page >> PAGE_SHIFT & (PAGE_HASH - 1)];
}

static bool is_of_page(const struct node *n, gpa_t page)
{
	return (n->desc & L1_TYPE) == L1_TABLE && (n->desc & L1_TABLE_BASE & PAGE_MASK) == page;
}

/* The next node after @from whose guest table lies in @page, or the first one for NULL; NULL: there is none. */
struct node *table_next(struct shadow *s, gpa_t page, const struct node *from)
{
	u32 i = from ? from->page_next : *page_list(s, page);

	while (i != NODE_NONE && !is_of_page(&s->node[i], page))
		i = s->node[i].page_next;
	return i == NODE_NONE ? NULL : &s->node[i];
}

void table_list(struct shadow *s, struct node *n)
{
	u16 *list = page_list(s, table_page(n));

	n->page_next = *list;
	*list = (u16)(n - s->node);
}

void table_unlist(struct shadow *s, struct node *n)
{
	u16 id = (u16)(n - s->node), *link = page_list(s, table_page(n));

	while (*link != id)
		link = &s->node[*link].page_next;
	*link = n->page_next;
	n->in_step = false;
	if (!table_next(s, table_page(n), NULL))
		track_unprotect_table(s, table_page(n));
}

/* From now on stores into the page are seen, so all of its tables are in step, which have just been compared or are empty. */
void table_watch(struct shadow *s, gpa_t page)
{
	track_protect_table(s, page);
	for (struct node *n = table_next(s, page, NULL); n; n = table_next(s, page, n))
		n->in_step = true;
}

/* Its tables may differ from now on. Its mappings become writable one by one, as they are written. */
void table_unwatch(struct shadow *s, gpa_t page)
{
	track_unprotect_table(s, page);
	for (struct node *n = table_next(s, page, NULL); n; n = table_next(s, page, n))
		n->in_step = false;
}

#define LINE_ENTRIES	16u	/* descriptors in a line of the data cache */

void table_cleaned(struct shadow *s, gpa_t at)
{
	u32 first = (u32)at >> 2 & (L2_ENTRIES - LINE_ENTRIES);

	for (struct node *n = table_next(s, ALIGN_DOWN(at, PAGE_SIZE), NULL); n; n = table_next(s, ALIGN_DOWN(at, PAGE_SIZE), n)) {
		if ((n->desc & L1_TABLE_BASE) != ((u32)at & L1_TABLE_BASE) || root_node(s, s->cur, n->slot) != n)
			continue;
		for (u32 i = first; i < first + LINE_ENTRIES; i++)
			refill_mva(s, n, (u32)n->slot << SECTION_SHIFT | i << PAGE_SHIFT);
	}
}
