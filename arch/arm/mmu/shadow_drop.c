/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest's TLB maintenance names goes: exact drops by address, and all. For every strategy. */
#include <arm/xlate.h>

#include "mmu.h"

/* Drop section entries for @slot: global ones, and those of @asid. */
static void drop_sections(struct shadow *s, u32 slot, u32 asid)
{
	bool left = false;

	if (slot_is_fixed(s, slot) || !slotset_has(&s->sect, slot))
		return;
	for (u32 i = ROOT_FLAT; i < s->roots; i++) {
		struct root *r = &s->root[i];

		if (r->dirty || (r->l1[slot] & L1_TYPE) != L1_SECTION)
			continue;
		if (i == ROOT_FLAT || (slotset_has(&r->ng, slot) && r->asid != asid))
			left = true;
		else
			root_clear_slot(s, r, slot);
	}
	if (!left) {
		slotset_del(&s->sect, slot);
		shadowed_del(s, slot);
	}
}

/*
 * A split section: all of it goes, unless the guest's descriptor is what it was. Other roots may have another descriptor
 * by now, they look again when they need it.
 */
static void drop_split_mva(struct shadow *s, struct node *n, bool same)
{
	if (same && root_node(s, s->cur, n->slot) == n)
		node_detach_others(s, n, s->cur);
	else
		node_free(s, n);
}

/* Could the guest's TLB load entries of @n right now, under the ASID they have? */
static bool is_loadable(const struct shadow *s, const struct node *n)
{
	return n->roots >> s->cur->id & 1 && !s->asid_pending;
}

/* @same: the guest's first-level descriptor is the one that the current root's node was made from. */
static void drop_node_mva(struct shadow *s, struct node *n, gva_t va, u32 asid, bool same)
{
	if (!(n->desc & L1_TYPE) || (node_is_private(n) && n->asid != asid))
		return;		/* the flat root's, or only of another ASID */
	if ((n->desc & L1_TYPE) == L1_SECTION) {
		drop_split_mva(s, n, same);
		return;
	}
	if (n->in_step && is_loadable(s, n))
		return;		/* what is there holds */
	if (n->large) {
		va &= ~0xffffu;
		for (u32 i = 0; i < 16; i++)
			node_drop_entry(s, n, va + i * PAGE_SIZE);
		return;
	}
	node_drop_entry(s, n, va);
}

static void drop_slot_mva(struct shadow *s, u32 slot, gva_t va, u32 asid)
{
	struct node *n = is_flat(s) ? NULL : root_node(s, s->cur, slot);
	bool same = false;
	u32 next, desc;

	if (n) {
		same = guest_l1_desc(s->v, va, &desc) && link_key(desc) == n->desc;
		/* The guest gave the slot to something else: let go of all of the old, which it will not name page by page. */
		if (!same)
			root_clear_slot(s, s->cur, slot);
	}
	if (same && node_is_alone(s, n, asid))
		drop_node_mva(s, n, va, asid, true);
	else
		for (u32 i = node_concerned(s, slot, asid, NULL); i != NODE_NONE; i = next) {
			next = node_concerned(s, slot, asid, &s->node[i]);
			drop_node_mva(s, &s->node[i], va, asid, same);
		}
	drop_sections(s, slot, asid);
	if (same && IS_ENABLED(CONFIG_SHADOW_FILL_AHEAD))
		refill_mva(s, n, va);
}

/*
 * The current root's node for the page of @arg, if the operation is about nothing else and walks of its table are simple: what drop_slot_mva() comes
 * to has no more to do then than one entry. Or NULL.
 */
static struct node *node_of_one(struct shadow *s, u32 arg)
{
	u32 slot = arg >> SECTION_SHIFT, desc;
	struct node *n = root_node(s, s->cur, slot);

	if (!n || !node_is_alone(s, n, arg & 0xff) || s->asid_pending || n->large || n->in_step || s->super_seen ||
	    slotset_has(&s->sect, slot) || !guest_l1_short(s->v, arg, &desc) || link_key(desc) != n->desc || (desc & L1_TYPE) != L1_TABLE)
		return NULL;
	return n;
}

bool shadow_tlbi_short(struct vcpu *v, u32 arg)
{
	struct shadow *s = v->shadow;
	u32 idx = arg >> PAGE_SHIFT & (L2_ENTRIES - 1), tbl, gone = 0, now = 0, desc;
	struct node *n;

	root_follow(s);
	n = node_of_one(s, arg);
	if (!n || !frame_of(s, n->desc & L1_TABLE_BASE))
		return false;
	xlate_forget(v);
	s->drops_mva++;
	tbl = tbl_of_entry(s, s->cur->l1[n->slot]);
	desc = ((const volatile u32 *)hpa_ptr(hpa_of(s, n->desc & L1_TABLE_BASE)))[idx];
	for (u32 view = VIEW_K; view <= VIEW_U; view++) {
		u32 *p, was;

		if (n->tbl[view] == TBL_NONE)
			continue;
		p = tbl_ptr(s, n->tbl[view]) + idx;
		was = *p;
		now = IS_ENABLED(CONFIG_SHADOW_FILL_AHEAD) && n->tbl[view] == tbl && desc ? refill_entry(s, n, view, tbl, idx, desc) : 0;
		s->filled_ahead += !!now;
		if (now != was)
			pte_write(p, now);
		gone |= was;
	}
	if (gone)
		node_tlb_entry(s, n, arg);
	else
		dsb();
	return true;
}

static void drop_mva(struct shadow *s, u32 arg)
{
	u32 slot = arg >> SECTION_SHIFT, first = slot & ~15u;

	s->drops_mva++;
	drop_slot_mva(s, slot, arg & PAGE_MASK, arg & 0xff);
	if (!s->super_seen)
		return;
	/* The address may lie in a supersection, which one operation invalidates as a whole: its other slots hold sections. */
	for (u32 i = first; i < first + 16; i++)
		if (i != slot) {
			u32 next;

			for (u32 id = s->node_slot[i]; id != NODE_NONE; id = next) {
				next = s->node[id].slot_next;
				if ((s->node[id].desc & (L1_SUPER | L1_TYPE)) == (L1_SUPER | L1_SECTION))
					node_free(s, &s->node[id]);
			}
			drop_sections(s, i, arg & 0xff);
		}
}

/* So many pages at once are compared: some of them hold, and the others cost not much more. */
#define CHECK_MIN	16u

/* Drop of @n, which holds small pages, those from @first to @last (numbers in the slot); of a large page always all. */
static void drop_node_pages(struct shadow *s, struct node *n, u32 first, u32 last)
{
	if (n->in_step && is_loadable(s, n))
		return;
	if (n->large) {
		first &= ~15u;
		last |= 15;
	}
	/* One invalidation of the ASIDs concerned in the place of one for each entry (rule 6 of shadow_pool.c). */
	if (last - first >= CHECK_MIN && is_loadable(s, n) ? check_pages(s, n, first, last) : node_drop_entries(s, n, first, last))
		node_tlb_flush(s, n);
}

/* What drop_slot_mva() does, for the pages from @va to @last of @slot. */
static void drop_slot_pages(struct shadow *s, u32 slot, gva_t va, gva_t last, u32 asid)
{
	struct node *n = is_flat(s) ? NULL : root_node(s, s->cur, slot);
	u32 next, desc;
	bool same = n && guest_l1_desc(s->v, va, &desc) && link_key(desc) == n->desc;

	if (n && !same)
		root_clear_slot(s, s->cur, slot);
	for (u32 i = node_concerned(s, slot, asid, NULL); i != NODE_NONE; i = next) {
		n = &s->node[i];
		next = node_concerned(s, slot, asid, n);
		if (!(n->desc & L1_TYPE) || (node_is_private(n) && n->asid != asid))
			continue;
		if ((n->desc & L1_TYPE) == L1_SECTION)
			drop_split_mva(s, n, same);
		else
			drop_node_pages(s, n, va >> PAGE_SHIFT & (L2_ENTRIES - 1), last >> PAGE_SHIFT & (L2_ENTRIES - 1));
	}
	drop_sections(s, slot, asid);
}

/*
 * A range, slot by slot. It is being taken away more often than changed, so nothing is mapped again at once; a single page is.
 */
void drop_pages(struct shadow *s, u32 arg, u32 pages)
{
	u32 va = arg & PAGE_MASK, asid = arg & 0xff;

	while (pages) {
		u32 slot = va >> SECTION_SHIFT, here = MIN(pages, L2_ENTRIES - (va >> PAGE_SHIFT & (L2_ENTRIES - 1)));

		if (here > 1 && !s->super_seen) {
			s->drops_mva += here;
			drop_slot_pages(s, slot, va, va + (here - 1) * PAGE_SIZE, asid);
		} else {
			for (u32 i = 0; i < here; i++)
				drop_mva(s, (va + i * PAGE_SIZE) | asid);
		}
		va += here * PAGE_SIZE;
		pages -= here;
	}
}

/* Nothing is executable afterwards, so rule 9 of shadow_fill.c can start anew. */
void drop_all(struct shadow *s)
{
	s->scan_user = false;
	pool_drop_all(s);
}
