/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest physical map: an array of disjoint regions sorted by base, searched by bisection. */
#include <string.h>

#include <hv/guest_map.h>

/* Last byte, so that a region that ends at 4 GiB needs no 33rd bit. */
static u32 region_last(const struct region *r)
{
	return r->base + (r->size - 1);
}

static bool overlaps(const struct region *a, const struct region *b)
{
	return a->base <= region_last(b) && b->base <= region_last(a);
}

static bool contains(const struct region *outer, const struct region *inner)
{
	return outer->base <= inner->base && region_last(inner) <= region_last(outer);
}

static bool well_formed(const struct region *r)
{
	return r->size && !(((u32)r->base | r->size) & ~PAGE_MASK) && region_last(r) >= r->base &&
	       r->type != REGION_NONE;
}

/* Whether @a may lie inside @b: an emulated device in a pass-through window. */
static bool may_nest(const struct region *a, const struct region *b)
{
	return a->type == REGION_EMULATED && b->type == REGION_PASSTHROUGH && contains(b, a);
}

static void insert_at(struct guest_map *m, u32 i, const struct region *r)
{
	memmove(&m->r[i + 1], &m->r[i], (m->nr - i) * sizeof(m->r[0]));
	m->r[i] = *r;
	m->nr++;
}

static void insert_sorted(struct guest_map *m, const struct region *r)
{
	u32 i = 0;

	while (i < m->nr && m->r[i].base < r->base)
		i++;
	insert_at(m, i, r);
}

/* Cut emulated @r out of the window m->r[i] around it. */
static void split_window(struct guest_map *m, u32 i, const struct region *r)
{
	struct region window = m->r[i], tail = window;

	tail.base = r->base + r->size;
	tail.size = region_last(&window) - region_last(r);
	m->r[i].size = r->base - window.base;
	if (!m->r[i].size)
		m->r[i] = *r;
	else
		insert_at(m, ++i, r);
	if (tail.size)
		insert_at(m, i + 1, &tail);
}

/* Insert window @r around the emulated regions that are there already. */
static void insert_around(struct guest_map *m, const struct region *r)
{
	struct region piece = *r;
	u32 i = 0;

	while (i < m->nr && m->r[i].base < r->base)
		i++;
	for (; i < m->nr && contains(r, &m->r[i]); i++) {
		piece.size = m->r[i].base - piece.base;
		if (piece.size)
			insert_at(m, i++, &piece);
		piece.base = m->r[i].base + m->r[i].size;
	}
	piece.size = r->base + r->size - piece.base;
	if (piece.size)
		insert_at(m, i, &piece);
}

int guest_map_add(struct guest_map *m, const struct region *r, const char **clash)
{
	u32 inside = 0, window = m->nr;

	if (!well_formed(r))
		return -EINVAL;
	for (u32 i = 0; i < m->nr; i++) {
		if (!overlaps(r, &m->r[i]))
			continue;
		if (may_nest(r, &m->r[i])) {
			window = i;
		} else if (may_nest(&m->r[i], r)) {
			inside++;
		} else {
			if (clash)
				*clash = m->r[i].name;
			return -EEXIST;
		}
	}
	/* Worst case: a piece on each side of every nested region, or two more from a split window. */
	if (m->nr + inside + 2 > GUEST_MAP_MAX)
		return -ENOSPC;
	if (window < m->nr)
		split_window(m, window, r);
	else if (inside)
		insert_around(m, r);
	else
		insert_sorted(m, r);
	return 0;
}

/* Where something was found last: a driver asks its device again and again. Regions are disjoint, so whichever holds an address is the one. */
static struct {
	const struct guest_map *map;
	u32 at;
} last;

static bool holds(const struct region *r, gpa_t gpa)
{
	return gpa - r->base < r->size;
}

/* The last region that begins at or below @gpa is the only one that may hold it. */
const struct region *guest_map_find(const struct guest_map *m, gpa_t gpa)
{
	u32 lo = 0, hi = m->nr;

	if (last.map == m && last.at < m->nr && holds(&m->r[last.at], gpa))
		return &m->r[last.at];
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (m->r[mid].base <= gpa)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || !holds(&m->r[lo - 1], gpa))
		return NULL;
	last.map = m;
	last.at = lo - 1;
	return &m->r[lo - 1];
}

const struct region *guest_map_find_block(const struct guest_map *m, gpa_t gpa, u32 size)
{
	gpa_t base = ALIGN_DOWN(gpa, size);
	const struct region *r = guest_map_find(m, base);

	return r && region_last(r) >= base + (size - 1) ? r : NULL;
}
