/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Revalidation: compare what the shadow has with the guest's tables of now, keep what holds, change or drop what does not.
 *
 * For operations that name much. What holds need not be filled again by a hidden fault, which costs as much as comparing some hundred
 * entries. It is right where the guest's TLB could load the same entry again at once, under the same ASID: that is, for the current root only,
 * and for another one when it is selected. In between the guest may change tables that no walk can reach, and need not say so.
 */
#include <arch/cpu.h>
#include <arm/code_page.h>

#include "mmu.h"

/* Comparing of one table's entries. Low bits of small-page descriptors come in runs of the same: what they grant is worked out once. */
struct check {
	struct shadow *s;
	struct node *n;
	enum view view;
	bool manager;
	bool others;		/* of an address space that is not current: what changed is dropped */
	u32 low;		/* of the descriptor before */
	u32 bits;		/* what it grants: an entry of page 0, executable if it may be; 0: nothing */
};

/* An entry's bits, as executable as the guest has it, for what @w describes; 0: none. */
static u32 bits_for(const struct check *c, const struct walk *w, bool device)
{
	u32 ap = w->ap, rights;

	if (c->s->v->cp15.sctlr & SCTLR_AFE) {
		if (!(ap & 1))
			return 0;
		ap |= 1;
	}
	rights = c->manager ? RIGHTS_RW : c->view == VIEW_K ? ap_rights_pl1[ap] : ap_rights_pl0[ap];
	if (rights == RIGHTS_NONE || (!w->global && !c->n->ng))
		return 0;
	if (w->global)
		node_make_global(c->s, c->n);
	return page_entry(0, attr_bits(c->s, ATTR_INDEX(w->tex, w->c, w->b, w->s), device), rights, !w->xn || c->manager);
}

/* The entry @e of page @page under @bits: what may stay of it. It keeps being what it is to code and to User mode. */
static u32 narrowed(const struct check *c, u32 e, gpa_t page, u32 bits, const struct frame *frame)
{
	hpa_t copy;

	if ((e & PAGE_MASK) != hpa_of(c->s, page))	/* only the copy of a page of code stands for another page */
		return frame && !(bits & L2_XN) && code_page_is_code(c->s->v, page, &copy) && copy == (e & PAGE_MASK) ? e : 0;
	return (u32)hpa_of(c->s, page) | bits | (e & L2_XN) | (frame && frame_is_fixed(frame) ? L2_AP2 : 0);
}

/*
 * Is there a device of the guest's at @page? An entry for a copy of a page of code is of memory that is Umbra's; so is the page that has such
 * a number for the guest, and a descriptor that names it.
 */
static bool is_device(struct shadow *s, gpa_t page)
{
	const struct region *r = guest_map_find(&s->v->guest->map, page);

	return r && (r->type == REGION_PASSTHROUGH || r->type == REGION_SHARED);
}

static u32 check_described(const struct check *c, gva_t va, u32 e, u32 desc)
{
	struct frame *frame;
	struct walk w;
	u32 bits;

	guest_leaf(&w, va, c->n->desc, desc);
	frame = frame_of(c->s, ALIGN_DOWN(w.gpa, PAGE_SIZE));
	if (!frame && !is_device(c->s, ALIGN_DOWN(w.gpa, PAGE_SIZE)))
		return 0;
	bits = bits_for(c, &w, !frame);
	return bits ? narrowed(c, e, ALIGN_DOWN(w.gpa, PAGE_SIZE), bits, frame) : 0;
}

/* What entry @e at @va has to be now that the guest's descriptor is @desc. */
static u32 check_entry(struct check *c, gva_t va, u32 e, u32 desc)
{
	struct walk w;

	if (!(desc & L2_SMALL))
		return desc & 3 ? check_described(c, va, e, desc) : 0;
	if ((desc & ~PAGE_MASK) != c->low) {
		c->low = desc & ~PAGE_MASK;
		guest_leaf(&w, va, c->n->desc, desc);
		c->bits = bits_for(c, &w, false);
	}
	if (c->bits && ((u32)hpa_of(c->s, desc & PAGE_MASK) | c->bits | (e & L2_XN)) == e)
		return e;
	return check_described(c, va, e, desc);
}

/* The line of entries from @first on. True: some changed. */
static bool check_line(struct check *c, u32 tbl, u32 first, const u32 *guest)
{
	const u32 swap = c->s->v->cp15.sctlr & SCTLR_EE;
	const hpa_t base = hpa_of(c->s, 0);
	u32 *p = tbl_ptr(c->s, tbl) + first, left = 0;
	bool changed = false;

	for (u32 i = 0; i < 16; i++) {
		u32 e = p[i], desc = guest[first + i], now;

		if (!e)
			continue;
		/* Most are as they were made, or gone: no call for these. */
		if (!swap && (desc & ~PAGE_MASK) == c->low && (((u32)((desc & PAGE_MASK) + base) | c->bits | (e & L2_XN)) == e)) {
			left |= e;
			continue;
		}
		now = desc ? check_entry(c, (u32)c->n->slot << SECTION_SHIFT | (first + i) << PAGE_SHIFT, e, from_guest_order(c->s, desc)) : 0;
		if (now != e && c->others)
			now = 0;
		left |= now;
		if (now == e)
			continue;
		pte_write(&p[i], now);
		c->s->checked_away++;
		changed = true;
	}
	if (!left)
		c->s->tbl_lines[tbl] &= (u16)~BIT(first >> 4);
	return changed;
}

/* The small pages of @n in the lines of @lines, whose guest table is read past the caches if @uncached. True: some changed. */
static bool check_lines(struct shadow *s, struct node *n, u32 lines, bool uncached, bool others)
{
	gpa_t table = n->desc & L1_TABLE_BASE;
	bool changed = false;

	if (uncached)
		arch_dcache_flush_range(hpa_of(s, table), L2_SIZE);
	s->checks++;
	for (u32 view = VIEW_K; view <= VIEW_U; view++) {
		struct check c = {
			.s = s, .n = n, .view = view, .manager = s->manager >> (2 * L1_DOMAIN_OF(n->desc)) & 1, .low = ~0u,
			.others = others,
		};

		if (n->tbl[view] == TBL_NONE)
			continue;
		for (u32 left = s->tbl_lines[n->tbl[view]] & lines; left; left &= left - 1)
			changed |= check_line(&c, n->tbl[view], (u32)__builtin_ctz(left) * 16, hpa_ptr(hpa_of(s, table)));
	}
	return changed;
}

void compare_table(struct shadow *s, struct node *n, const struct root *r)
{
	if (check_lines(s, n, 0xffff, r->uncached, !(n->roots >> r->id & 1)))
		node_tlb_flush(s, n);
}

/* Compare all of @n now. */
static void check_table(struct shadow *s, struct node *n, const struct root *r)
{
	n->epoch = s->epoch;
	if ((n->desc & L1_TYPE) != L1_TABLE || n->in_step)
		return;
	compare_table(s, n, r);
	if (s->ops->table_compared)
		s->ops->table_compared(s, n, r);
}

void check_node(struct shadow *s, struct node *n, const struct root *r)
{
	if (n->epoch != s->epoch)
		check_table(s, n, r);
}

bool check_pages(struct shadow *s, struct node *n, u32 first, u32 last)
{
	u32 lines = (2u << (last >> 4)) - (1u << (first >> 4));

	return check_lines(s, n, lines, s->cur->uncached, false);
}

/* What the entry @idx of @n in @view has to be now. */
static u32 check_now(struct shadow *s, struct node *n, enum view view, u32 idx)
{
	struct check c = {
		.s = s, .n = n, .view = view, .manager = s->manager >> (2 * L1_DOMAIN_OF(n->desc)) & 1, .low = ~0u,
	};
	const u32 *guest = hpa_ptr(hpa_of(s, n->desc & L1_TABLE_BASE));

	return check_entry(&c, (u32)n->slot << SECTION_SHIFT | idx << PAGE_SHIFT, tbl_ptr(s, n->tbl[view])[idx], from_guest_order(s, guest[idx]));
}

void check_one(struct shadow *s, struct node *n, u32 idx)
{
	for (u32 view = VIEW_K; view <= VIEW_U; view++) {
		u32 *p = n->tbl[view] == TBL_NONE ? NULL : tbl_ptr(s, n->tbl[view]) + idx, now;

		if (!p || !*p)
			continue;
		now = check_now(s, n, view, idx);
		if (now == *p)
			continue;
		pte_write(p, now);
		node_tlb_entry(s, n, (u32)n->slot << SECTION_SHIFT | idx << PAGE_SHIFT);
	}
}

bool check_holds(struct shadow *s, struct node *n, enum view view, u32 idx)
{
	u32 e = tbl_ptr(s, n->tbl[view])[idx], now = check_now(s, n, view, idx);

	return e == now || e == (now | L2_AP2);	/* read-only for a reason that has ended: a write changes that */
}

/* Is section entry @e what the guest's descriptor @desc makes of it? */
static bool section_holds(struct shadow *s, const struct root *r, u32 slot, u32 e, u32 desc)
{
	const struct host_dom *d = &s->dom[L1_DOMAIN_OF(e)];
	struct node as = { .ng = slotset_has(&r->ng, slot), .global = true };	/* stands nowhere */
	struct check c = { .s = s, .n = &as, .view = d->view };
	struct walk w;
	u32 bits;

	if ((desc & L1_TYPE) != L1_SECTION)
		return false;
	guest_leaf(&w, slot << SECTION_SHIFT, desc, 0);
	c.manager = s->manager >> (2 * w.domain) & 1;
	bits = bits_for(&c, &w, !frame_of(s, w.gpa));
	/* The same rights stand elsewhere in a section, which is execute-never whatever the guest says. */
	return bits && d->gds >> w.domain & 1 && as.ng == !w.global && (e & SECTION_MASK) == hpa_of(s, ALIGN_DOWN(w.gpa, SECTION_SIZE)) &&
	       (e & ~SECTION_MASK) == (attr_to_section(bits & PAGE_ATTR) | ap_section_bits(bits & L2_AP2 ? RIGHTS_RO : RIGHTS_RW) |
				       SECT_NG | SECT_XN | L1_DOMAIN(L1_DOMAIN_OF(e)) | L1_SECTION);
}

/* What @r has at @slot against its guest table. Tables are compared as a whole if @again, or if they were not in this epoch. */
static void check_slot(struct shadow *s, struct root *r, u32 slot, bool again)
{
	struct node *n = root_node(s, r, slot);
	u32 e = r->l1[slot], desc;
	bool holds = root_l1_desc(s, r, slot, &desc) && (n ? link_key(desc) == n->desc : section_holds(s, r, slot, e, desc));

	if (!holds)
		root_clear_slot(s, r, slot);
	else if (n && again)
		check_table(s, n, r);
	else if (n)
		check_node(s, n, r);
}

static void check_slots(struct shadow *s, struct root *r, const struct slotset *set, bool again)
{
	for (u32 slot = slotset_next(set, 0); slot < L1_ENTRIES; slot = slotset_next(set, slot + 1))
		if (!slot_is_fixed(s, slot) && r->l1[slot])
			check_slot(s, r, slot, again);
}

void check_root(struct shadow *s, struct root *r)
{
	r->epoch = s->epoch;
	if (r->id == ROOT_FLAT)
		return;
	/* What is of another ASID than now's could not be loaded now, but later, with tables that were changed meanwhile. */
	if (r->ng_any && r->asid != cur_asid(s))
		root_drop_ng(s, r);
	check_slots(s, r, &r->used, false);
}

/* The current root has lost the entries of another ASID, if any: nothing needs to be closed any more. */
static void end_pending(struct shadow *s)
{
	if (!s->asid_pending)
		return;
	s->asid_pending = false;
	dacr_apply(s);
}

/*
 * Early kernels map themselves open to User mode, so that everything is scanned for both (rule 9 of shadow_fill.c), and correct that later: then
 * all goes once more, and what is executed next decides anew. A kernel that came back to it as often as this stays so.
 */
#define SCAN_USER_SURE	3u

void check_all(struct shadow *s)
{
	if (s->scan_user && s->scan_user_times < SCAN_USER_SURE) {
		drop_all(s);
		return;
	}
	s->epoch++;
	check_root(s, s->cur);
	end_pending(s);
	root_cache_anew(s);
}

void check_asid(struct shadow *s, u32 asid)
{
	struct root *r = s->cur;

	if (!s->asid_pending && r->ng_any && r->asid == asid)
		check_slots(s, r, &r->ng, true);
	for (u32 i = ROOT_FLAT + 1; i < s->roots; i++) {
		r = &s->root[i];
		if ((r != s->cur || s->asid_pending) && !r->dirty && r->ng_any && r->asid == asid)
			root_drop_ng(s, r);
	}
	if (!s->cur->ng_any)
		end_pending(s);
}
