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
	bool swap;		/* the guest's tables are big-endian */
	u32 base;		/* where the guest's address 0 is */
	u32 low;		/* of the descriptor before */
	u32 bits;		/* what it grants: an entry of page 0, executable if it may be; 0: nothing */
};

/* What @w grants in an entry's bits, as executable as the guest has it; 0: nothing. */
static u32 granted(const struct check *c, const struct walk *w, bool device)
{
	u32 ap = w->ap, rights;

	if (c->s->v->cp15.sctlr & SCTLR_AFE) {
		if (!(ap & 1))
			return 0;
		ap |= 1;
	}
	rights = c->manager ? RIGHTS_RW : c->view == VIEW_K ? ap_rights_pl1[ap] : ap_rights_pl0[ap];
	if (rights == RIGHTS_NONE)
		return 0;
	return page_entry(0, attr_bits(c->s, ATTR_INDEX(w->tex, w->c, w->b, w->s), device), rights, !w->xn || c->manager);
}

/* @bits, if an entry that is global or not may be in the node at all; 0: none. */
static u32 bits_here(const struct check *c, u32 bits, bool global)
{
	if (!bits || (!global && !c->n->ng))
		return 0;
	if (global)
		node_make_global(c->s, c->n);
	return bits;
}

static u32 bits_for(const struct check *c, const struct walk *w, bool device)
{
	return bits_here(c, granted(c, w, device), w->global);
}

__attribute__((noinline)) u32 low_bits_learn(struct shadow *s, struct low_bits *known, u32 key, u32 low, enum view view, bool manager)
{
	const struct check c = { .s = s, .view = view, .manager = manager };
	struct walk w;

	guest_leaf(&w, 0, 0, low);
	*known = (struct low_bits){ key, granted(&c, &w, false) };
	return known->bits;
}

/* The same for descriptor @desc of a small page of RAM. */
static u32 bits_of_page(const struct check *c, u32 desc)
{
	u32 low = desc & ~PAGE_MASK, bits = bits_here(c, low_bits(c->s, low, c->view, c->manager), !(low & L2_NG));

	/* Where the kernel may write, what is executable is looked at each time (check_described()). */
	return bits && c->view == VIEW_U && kernel_writes(low, c->manager) ? bits | L2_XN : bits;
}

/* The entry @e of page @page under @bits: what may stay of it. It keeps being what it is to code and to User mode. */
static u32 narrowed(const struct check *c, u32 e, gpa_t page, u32 bits, const struct frame *frame)
{
	hpa_t copy;

	if (frame && frame_is_fixed(frame) && c->view == VIEW_U && !(bits & L2_AP2))
		denied_otherwise_add(c->s, c->n->slot);
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
	/* Its kernel may write by this mapping now, and User mode is to be seen to execute by one like it (FRAME_USER_W). */
	if (c->view == VIEW_U && frame && !frame_is_code(frame) && !(frame->w[0] & FRAME_USER_W) &&
	    (c->manager || ap_rights_pl1[w.ap] == RIGHTS_RW))
		e |= L2_XN;
	c->n->large |= w.size > PAGE_SIZE;	/* it may have been a small page: an operation on any part of it is about all of it now */
	return bits ? narrowed(c, e, ALIGN_DOWN(w.gpa, PAGE_SIZE), bits, frame) : 0;
}

/* What entry @e at @va has to be now that the guest's descriptor is @desc. */
static u32 check_entry(struct check *c, gva_t va, u32 e, u32 desc)
{
	if (!(desc & L2_SMALL))
		return desc & 3 ? check_described(c, va, e, desc) : 0;
	if ((desc & ~PAGE_MASK) != c->low) {
		c->low = desc & ~PAGE_MASK;
		c->bits = bits_of_page(c, desc);
	}
	if (c->bits && ((u32)hpa_of(c->s, desc & PAGE_MASK) | c->bits | (e & L2_XN)) == e)
		return e;
	return check_described(c, va, e, desc);
}

/*
 * From entry @i of 16 on, those that are as descriptors with the low bits @low have them, or invalid; @rest: an entry less its descriptor then, and at
 * most @loose more where it may be execute-never as well. Returns where another one is. What it passes over is in *@left. The hottest loop here.
 */
static __attribute__((noinline)) u32 pass_alike(const u32 *p, const u32 *guest, u32 i, u32 low, u32 rest, u32 loose, u32 *left)
{
	u32 any = 0;

	for (; i < 16; i++) {
		u32 e = p[i];

		if (!e)
			continue;
		if ((guest[i] ^ low) << (32 - PAGE_SHIFT) || e - guest[i] - rest > loose)
			break;
		any |= e;
	}
	*left |= any;
	return i;
}

/* The line of entries from @first on. True: some changed. */
static bool check_line(struct check *c, u32 tbl, u32 first, const u32 *guest)
{
	u32 *p = tbl_ptr(c->s, tbl) + first, left = 0, changed = 0;

	guest += first;
	for (u32 i = 0; i < 16; i++) {
		u32 e, now;

		/* Most are as they were made. */
		if (!c->swap && c->bits)
			i = pass_alike(p, guest, i, c->low, c->base + c->bits - c->low, !(c->bits & L2_XN), &left);
		if (i == 16)
			break;
		e = p[i];
		if (!e)
			continue;
		now = guest[i] ? check_entry(c, (u32)c->n->slot << SECTION_SHIFT | (first + i) << PAGE_SHIFT, e, from_guest_order(c->s, guest[i])) : 0;
		if (now != e && c->others)
			now = 0;
		left |= now;
		if (now == e)
			continue;
		pte_write(&p[i], now);
		changed++;
	}
	if (!left)
		c->s->tbl_lines[tbl] &= (u16)~BIT(first >> 4);
	c->s->checked_away += changed;
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
			.others = others, .swap = s->v->cp15.sctlr & SCTLR_EE, .base = (u32)hpa_of(s, 0),
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

void check_waking(struct shadow *s, struct node *n, const struct root *r)
{
	n->epoch = s->epoch;
	(void)check_lines(s, n, 0xffff, r->uncached, false);
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

/*
 * Comparing of what a root has. Sections come in runs of the same kind: of a global one that held the low bits of its descriptor, and the entry less
 * the descriptor's base. Other than of a page, an entry's low bits tell whether it is of RAM or of a device: it was made for the same base.
 */
struct check_slots {
	struct shadow *s;
	struct root *r;
	bool again;		/* tables are compared as a whole, too, if they were in this epoch */
	struct l1_words words;
	bool direct;		/* @words are the root's guest table */
	u32 low, rest;
};

static bool slot_desc(const struct check_slots *c, u32 slot, u32 *desc)
{
	if (!c->direct)
		return root_l1_desc(c->s, c->r, slot, desc);
	*desc = from_guest_order(c->s, *l1_word(&c->words, slot));
	return true;
}

static bool section_is_alike(struct check_slots *c, u32 slot, u32 e, u32 desc)
{
	bool one_alone = (desc & L1_SUPER) || slotset_has(&c->r->ng, slot);

	if (!one_alone && (desc & ~SECTION_MASK) == c->low && e - (desc & SECTION_MASK) == c->rest)
		return true;
	if (!section_holds(c->s, c->r, slot, e, desc))
		return false;
	if (desc & L1_SUPER)
		note_super(c->s, slot << SECTION_SHIFT);	/* it may have been a section of its own */
	if (!one_alone) {
		c->low = desc & ~SECTION_MASK;
		c->rest = e - (desc & SECTION_MASK);
	}
	return true;
}

/* What the root has at @slot, @e, against its guest table. */
static void check_slot(struct check_slots *c, u32 slot, u32 e)
{
	struct node *n = (e & L1_TYPE) == L1_TABLE ? &c->s->node[c->s->tbl_node[tbl_of_entry(c->s, e)]] : NULL;
	u32 desc;
	bool holds = slot_desc(c, slot, &desc) && (n ? link_key(desc) == n->desc : section_is_alike(c, slot, e, desc));

	if (!holds)
		root_clear_slot(c->s, c->r, slot);
	else if (n && c->again)
		check_table(c->s, n, c->r);
	else if (n)
		check_node(c->s, n, c->r);
}

static void check_slots(struct shadow *s, struct root *r, const struct slotset *set, bool again)
{
	struct check_slots c = { .s = s, .r = r, .again = again, .low = ~0u };

	c.direct = !r->uncached && l1_words(s, &r->key, &c.words);
	for (u32 block = slotset_block(set, 0); block < ARRAY_SIZE(set->w); block = slotset_block(set, block + 1))
		for (u32 bits = set->w[block]; bits; bits &= bits - 1) {
			u32 slot = block * 32 + (u32)__builtin_ctz(bits);

			if (r->l1[slot] && !slot_is_fixed(s, slot))
				check_slot(&c, slot, r->l1[slot]);
		}
}

void check_root(struct shadow *s, struct root *r)
{
	r->epoch = s->epoch;
	if (r->id == ROOT_FLAT)
		return;
	/* What is of another ASID than now's could not be loaded now, but later, with tables that were changed meanwhile. */
	if (r->ng_any && r->asid != cur_asid(s))
		root_rest_ng(s, r);
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
	bool own = !s->asid_pending && r->ng_any && r->asid == asid;

	if (own)
		check_slots(s, r, &r->ng, true);
	/* Mostly no other root has entries of the ASID. */
	for (u32 i = ROOT_FLAT + 1; i < s->roots && s->asid_roots[asid] > own; i++) {
		r = &s->root[i];
		if ((r != s->cur || s->asid_pending) && r->ng_any && r->asid == asid)
			root_drop_ng(s, r);
	}
	if (!s->cur->ng_any)
		end_pending(s);
}
