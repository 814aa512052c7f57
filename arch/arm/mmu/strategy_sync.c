/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shadow strategy `sync`: second-level guest tables are write-protected while they are shadowed, and each store into them is followed at
 * once. TLB maintenance then has nothing to do but to look at first-level descriptors and sections.
 *
 * S1* Each node of a second-level table is in step (T1, T2 of shadow_table.c).
 * S2  A store is executed by Umbra, and what it changes is compared or mapped before the guest goes on. Where it cannot be, and where a page is
 *     stored into again and again while nothing new comes to be mapped by it, all nodes of the page end; a hidden fault may begin them anew.
 */
#include "mmu.h"

/* Stores of which none mapped anything: as many as cost what filling a table again costs. */
#define FLOOD	16u

static void sync_born(struct shadow *s, struct node *n)
{
	table_list(s, n);
	table_watch(s, table_page(n));
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
	struct node *n;

	s->table_stores++;
	if (emulate && !is_flooded(s, page))
		return true;
	s->let_go++;
	while ((n = table_next(s, page, NULL)))
		node_free(s, n);
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
	(void)s;
	return n->in_step ? NULL : "table is not in step";
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
