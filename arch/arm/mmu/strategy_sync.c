/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shadow strategy `sync`: second-level guest tables are write-protected while they are shadowed, and each store into them is followed at
 * once. TLB maintenance then has nothing to do but to look at first-level descriptors and sections.
 *
 * S1* Each node of a second-level table is in step (T1, T2 of shadow_table.c), but for S3.
 * S2  A store is executed by Umbra, and what it changes is compared or mapped before the guest goes on. Where a page is stored into again and
 *     again while nothing new comes to be mapped by it, all nodes of the page end; a hidden fault may begin them anew.
 * S3* Where a store cannot be executed by Umbra (an exclusive one), all nodes of the page end, and those that begin there obey flush's rule, F1,
 *     until another page is let go like that. Else the store could need one of them: for its own page, if the table maps itself, or for its
 *     code, and nothing would ever come of it.
 */
#include "mmu.h"

/* Stores of which none mapped anything: as many as cost what filling a table again costs. */
#define FLOOD	16u

static void sync_born(struct shadow *s, struct node *n)
{
	table_list(s, n);
	if (table_page(n) != s->unwatched)
		table_watch(s, table_page(n));
}

static void nodes_end(struct shadow *s, gpa_t page)
{
	struct node *n;

	while ((n = table_next(s, page, NULL)))
		node_free(s, n);
}

/* The store into @page is done natively, whatever it needs. */
static void leave_unwatched(struct shadow *s, gpa_t page)
{
	if (s->unwatched != page)
		nodes_end(s, s->unwatched);
	s->unwatched = page;
}

static void page_wanted(struct shadow *s, gpa_t page)
{
	for (struct node *n = table_next(s, page, NULL); n; n = table_next(s, page, n))
		n->stores = 0;
}

static bool is_flooded(struct shadow *s, gpa_t page)
{
	bool flood = false;

	for (struct node *n = table_next(s, page, NULL); n; n = table_next(s, page, n))
		flood |= ++n->stores > FLOOD;
	return flood;
}

static bool sync_stored(struct shadow *s, gpa_t page, bool emulate)
{
	s->table_stores++;
	if (emulate && !is_flooded(s, page))
		return true;
	s->let_go++;
	nodes_end(s, page);
	if (!emulate)
		leave_unwatched(s, page);
	return false;
}

/* One descriptor of @n's table is another one. True: it came to be mapped. */
static bool follow(struct shadow *s, struct node *n, u32 idx)
{
	u64 filled = s->filled_ahead;

	check_one(s, n, idx);
	if (IS_ENABLED(CONFIG_SHADOW_FILL_AHEAD) && root_node(s, s->cur, n->slot) == n)
		refill_mva(s, n, (u32)n->slot << SECTION_SHIFT | idx << PAGE_SHIFT);
	return s->filled_ahead != filled;
}

static void sync_written(struct shadow *s, gpa_t at, u32 len)
{
	gpa_t page = ALIGN_DOWN(at, PAGE_SIZE);
	bool wanted = false;

	for (struct node *n = table_next(s, page, NULL); n; n = table_next(s, page, n))
		for (gpa_t word = ALIGN_DOWN(at, 4); word < at + len; word += 4)
			if ((n->desc & L1_TABLE_BASE) == ((u32)word & L1_TABLE_BASE))
				wanted |= follow(s, n, (u32)word >> 2 & (L2_ENTRIES - 1));
	if (wanted)
		page_wanted(s, page);
}

static const char *sync_audit(struct shadow *s, const struct node *n)
{
	return n->in_step == (table_page(n) != s->unwatched) ? NULL : "table is not in step";
}

static const struct shadow_ops sync = {
	.name = "sync",
	.table_born = sync_born,
	.table_dead = table_unlist,
	.table_stored = sync_stored,
	.table_written = sync_written,
	.audit = sync_audit,
};
SHADOW_REGISTER(sync);
