/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shadow strategy `oos`: a second-level guest table may be out of sync with its shadow. It is so from its first store on, writable and
 * treated as under `flush`, until an operation that names all of it, or the selection of a root that such an operation left to be compared:
 * then its page is compared, protected, and in step. Operations on tables that were not written since find nothing to do.
 *
 * O1* The tables of a page are in step, or the page is in no way protected (T1, T2 of shadow_table.c).
 * O2  A table out of sync obeys flush's rule, F1.
 * O3  A table begins out of sync: it is about to be written more often than not.
 */
#include "mmu.h"

static void oos_born(struct shadow *s, struct node *n)
{
	table_list(s, n);
	n->in_step = is_watched_table(s, table_page(n));
}

/*
 * @n holds what its guest table says. When the others of its page do, too, all of it is in step. In those of address spaces that are not current
 * what changed goes: it could not be loaded now, and need not be named by an operation before it changes again (compare_table()).
 */
static void oos_compared(struct shadow *s, struct node *n, const struct root *r)
{
	gpa_t page = table_page(n);

	for (struct node *m = table_next(s, page, NULL); m; m = table_next(s, page, m))
		if (m != n)
			compare_table(s, m, r);
	table_watch(s, page);
	s->resyncs++;
}

static bool oos_stored(struct shadow *s, gpa_t page, bool emulate)
{
	(void)emulate;
	s->table_stores++;
	table_unwatch(s, page);
	return false;
}

static void oos_written(struct shadow *s, gpa_t at, u32 len)
{
	(void)len;
	oos_stored(s, ALIGN_DOWN(at, PAGE_SIZE), false);
}

static const char *oos_audit(struct shadow *s, const struct node *n)
{
	return !n->in_step && is_watched_table(s, table_page(n)) ? "table out of sync in a protected page" : NULL;
}

static const struct shadow_ops oos = {
	.name = "oos",
	.table_born = oos_born,
	.table_dead = table_unlist,
	.table_compared = oos_compared,
	.table_stored = oos_stored,
	.table_written = oos_written,
	.audit = oos_audit,
};
SHADOW_REGISTER(oos);
