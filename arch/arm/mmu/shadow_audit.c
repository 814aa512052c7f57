/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Audit of the shadow: structure and safety of every entry of every root, and the current root against the guest's tables.
 *
 * Violations are what no guest may ever see: an entry outside its domain, view or ASID, a target that is not the guest's (by its map, and by
 * those of all guests: core/guest_owner.c), a writable or unscanned mapping of scanned code, the window open to User mode, an entry that
 * tracking does not find, a node or table that is lost.
 * An entry of the current root that grants more than the guest's tables do *now* is counted apart, as stale: it is legal until the
 * guest's TLB maintenance names it, because a TLB could hold it. A guest that maintains its TLB after every change has none.
 */
#include <arm/code_page.h>
#include <arm/cpu_path.h>
#include <arm/window.h>
#include <hv/log.h>

#include "mmu.h"

#define AUDIT_PRINT_MAX	8u

struct audit {
	struct shadow *s;
	u32 bad, stale, entries;
};

static void violation(struct audit *a, const char *what, u32 root, gva_t va, u32 entry)
{
	if (a->bad++ < AUDIT_PRINT_MAX)
		pr_err("shadow audit: %s: root %u va 0x%08x entry 0x%08x\n", what, (unsigned)root, (unsigned)va,
		       (unsigned)entry);
}

/* -- against the guest's tables -- */

static bool walk_allows(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, struct walk *w)
{
	struct gfault f;

	return guest_walk(v, va, acc, priv, w, &f) == 0;
}

/* Does the guest grant at @va what an entry to @target with these rights does? Domains count as open. */
static bool guest_grants(struct shadow *s, gva_t va, enum view view, hpa_t target, bool writable, bool exec)
{
	struct vcpu *v = s->v;
	bool priv = view == VIEW_K;
	struct walk w;
	hpa_t copy;

	if (!walk_allows(v, va, ACC_READ, priv, &w))
		return false;
	if (hpa_of(s, ALIGN_DOWN(w.gpa, PAGE_SIZE)) != target &&
	    !(code_page_is_code(v, ALIGN_DOWN(w.gpa, PAGE_SIZE), &copy) && copy == target && exec && !writable))
		return false;
	return (!writable || walk_allows(v, va, ACC_WRITE, priv, &w)) && (!exec || walk_allows(v, va, ACC_EXEC, priv, &w));
}

static void compare(struct audit *a, gva_t va, enum view view, hpa_t target, bool writable, bool exec)
{
	struct vcpu *v = a->s->v;
	u32 dacr = v->cp15.dacr, low = dacr & 0x55555555u, manager = low & dacr >> 1;

	v->cp15.dacr = 0x55555555u | manager << 1;	/* closed domains count as client */
	if (!guest_grants(a->s, va, view, target, writable, exec))
		a->stale++;
	v->cp15.dacr = dacr;
}

/* -- entries -- */

/* May something that was not scanned be executed at @va in view @view (rules 5 and 9 of shadow_fill.c)? */
static bool may_run_unscanned(const struct shadow *s, const struct node *n, enum view view, gva_t va, const struct frame *frame, bool writable)
{
	if (s->v->path && !s->v->path->code)
		return true;		/* privileged modes execute nothing of it */
	return view == VIEW_U && n->desc & L1_TYPE && !s->scan_user && !is_vector_page(s->v, va) && frame->w[0] & frame_ran(writable);
}

static bool is_outside(const struct region *r)
{
	return r->type == REGION_PASSTHROUGH || r->type == REGION_SHARED;
}

/* Memory is the guest's own or, not to be written to, what Umbra made for it; registers and what is shared are in nobody's memory. */
static void audit_owner(struct audit *a, bool ram, bool outside, u32 root, gva_t va, u32 entry, u32 size)
{
	const struct guest *g = a->s->v->guest;
	hpa_t at = entry & ~(size - 1);
	bool good = outside ? !guest_of_ram(at) && !guest_is_kept_in(g, at) : guest_is_kept_in(g, at);

	if (ram ? !guest_audit_ram(g, "mapping", at, size) : !good)
		violation(a, "memory of somebody else", root, va, entry);
}

static void audit_page(struct audit *a, const struct node *n, enum view view, u32 idx, u32 root)
{
	u32 tbl = n->tbl[view];
	struct shadow *s = a->s;
	u32 e = tbl_ptr(s, tbl)[idx], me = FRAME_ENTRY | tbl << 8 | idx;
	gpa_t page = gpa_of(s, e & PAGE_MASK);
	const struct frame *frame = frame_of(s, page);
	gva_t va = (u32)n->slot << SECTION_SHIFT | idx << PAGE_SHIFT;
	bool writable = !(e & L2_AP2), exec = !(e & L2_XN);
	const struct region *r = guest_map_find(&s->v->guest->map, page);

	a->entries++;
	audit_owner(a, frame, r && is_outside(r), root, va, e, PAGE_SIZE);
	if (!(s->tbl_lines[tbl] >> (idx >> 4) & 1))
		violation(a, "line of a table is not marked", root, va, e);
	if (!(e & L2_SMALL) || !(e & L2_NG) || FIELD(e, 5, 4) != 3)
		violation(a, "malformed small page", root, va, e);
	if (!frame) {
		if (r ? !is_outside(r) || exec : writable || !exec)
			violation(a, "small page to what is not the guest's", root, va, e);
		return;
	}
	if (writable && (frame_is_code(frame) || code_page_is_code(s->v, page, NULL)))
		violation(a, "code page is writable", root, va, e);
	if (writable && frame->w[0] & FRAME_TABLE)
		violation(a, "page of tables is writable", root, va, e);
	if (n->in_step && !check_holds(s, (struct node *)(uintptr_t)n, view, idx))
		violation(a, "entry of a table in step does not hold", root, va, e);
	if (exec && !frame_is_code(frame) && !may_run_unscanned(s, n, view, va, frame, writable))
		violation(a, "executable and not scanned", root, va, e);
	if (!(frame->w[0] & FRAME_MANY) && (frame->w[0] & FRAME_NAME) != me && frame->w[1] != me)
		violation(a, "mapping is not tracked", root, va, e);
}

static bool node_is_used(const struct node *n)
{
	return n->roots || n->rests;
}

/* Some root that has @n, for messages. */
static u32 node_root(const struct node *n)
{
	return n->roots ? (u32)__builtin_ctzll(n->roots) : ROOT_NONE;
}

/* Every root that a node counts must link one of its tables (rule 1): else the slot was taken without telling the node. */
static void audit_attached(struct audit *a, const struct node *n)
{
	struct shadow *s = a->s;

	for (u64 roots = n->roots; roots; roots &= roots - 1) {
		const struct root *r = &s->root[__builtin_ctzll(roots)];

		if (root_node(s, r, n->slot) != n)
			violation(a, "node is not linked", r->id, (u32)n->slot << SECTION_SHIFT, r->l1[n->slot]);
	}
}

/* What the strategy promises of a node of a guest table, beside what every entry is looked at for. */
static void audit_table(struct audit *a, const struct node *n)
{
	struct shadow *s = a->s;
	const char *wrong = NULL;

	if ((n->desc & L1_TYPE) != L1_TABLE)
		return;
	if (n->in_step && !(frame_of(s, table_page(n))->w[0] & FRAME_TABLE))
		wrong = "table in step is not watched";
	else if (s->ops->audit)
		wrong = s->ops->audit(s, n);
	if (wrong)
		violation(a, wrong, (u32)__builtin_ctzll(n->roots), (u32)n->slot << SECTION_SHIFT, n->desc);
}

/* Nothing reaches a node that rests, and no strategy follows its table (shadow_rest.c). */
static void audit_resting(struct audit *a, const struct node *n)
{
	if (n->roots || n->in_step)
		violation(a, "node does not rest", node_root(n), (u32)n->slot << SECTION_SHIFT, n->desc);
}

static void audit_node(struct audit *a, const struct node *n)
{
	struct shadow *s = a->s;
	u32 id = (u32)(n - s->node);

	if (n->rests) {
		audit_resting(a, n);
	} else {
		audit_attached(a, n);
		audit_table(a, n);
	}
	for (u32 view = VIEW_K; view <= VIEW_U; view++) {
		u32 tbl = n->tbl[view];

		if (tbl == TBL_NONE)
			continue;
		if (s->tbl_node[tbl] != id)
			violation(a, "table has another owner", node_root(n), (u32)n->slot << SECTION_SHIFT, tbl);
		for (u32 i = 0; i < L2_ENTRIES; i++)
			if (tbl_ptr(s, tbl)[i])
				audit_page(a, n, view, i, node_root(n));
	}
}

static void audit_section(struct audit *a, const struct root *r, u32 slot, u32 e)
{
	struct shadow *s = a->s;
	gpa_t gpa = gpa_of(s, e & SECTION_MASK);
	gva_t va = slot << SECTION_SHIFT;
	const struct region *reg = guest_map_find_block(&s->v->guest->map, gpa, SECTION_SIZE);
	struct mib *m = mib_of(s, gpa);

	a->entries++;
	audit_owner(a, !reg || reg->type == REGION_RAM, reg && is_outside(reg), r->id, va, e & ~0xfffffu, SECTION_SIZE);
	if (!(e & SECT_NG) || !(e & SECT_XN) || FIELD(e, 11, 10) != 3 || !slotset_has(&s->sect, slot))
		violation(a, "malformed section", r->id, va, e);
	if (!reg || (reg->type != REGION_RAM && !is_outside(reg)))
		violation(a, "section to what is not the guest's", r->id, va, e);
	else if (m && m->slot != slot && m->slot != SLOT_MANY)
		violation(a, "section is not tracked", r->id, va, e);
	if (m && m->fixed && !(e & SECT_AP2))
		violation(a, "section with code or tables is writable", r->id, va, e);
	if (slotset_has(&r->ng, slot) && !r->ng_any)
		violation(a, "root has no ASID", r->id, va, e);
}

static void audit_link(struct audit *a, const struct root *r, u32 slot, u32 e)
{
	struct shadow *s = a->s;
	u32 tbl = tbl_of_entry(s, e);
	const struct host_dom *d = &s->dom[L1_DOMAIN_OF(e)];
	const struct node *n;

	if (tbl >= s->nodes || s->tbl_node[tbl] == NODE_NONE) {
		violation(a, "link to a free table", r->id, slot << SECTION_SHIFT, e);
		return;
	}
	n = &s->node[s->tbl_node[tbl]];
	if (n->slot != slot || !(n->roots >> r->id & 1) || n->tbl[d->view] != tbl)
		violation(a, "link to a foreign table", r->id, slot << SECTION_SHIFT, e);
	if (n->desc & L1_TYPE && !(d->gds >> (n->desc & L1_SUPER && (n->desc & L1_TYPE) == L1_SECTION ? 0 : L1_DOMAIN_OF(n->desc)) & 1))
		violation(a, "domain of another guest domain", r->id, slot << SECTION_SHIFT, e);
	if (d->ng != n->ng)
		violation(a, "domain of wrong globality", r->id, slot << SECTION_SHIFT, e);
	if (n->ng && (!r->ng_any || r->asid != n->asid || !slotset_has(&r->ng, slot)))
		violation(a, "node of another ASID", r->id, slot << SECTION_SHIFT, e);
}

static void audit_slot(struct audit *a, const struct root *r, u32 slot)
{
	struct shadow *s = a->s;
	u32 e = r->l1[slot];
	const struct host_dom *d = &s->dom[L1_DOMAIN_OF(e)];

	if (s->stubs.placed && slot == s->stubs.slot) {
		if (e != s->stubs.entry || slotset_has(&r->used, slot))
			violation(a, "stub area is not in place", r->id, slot << SECTION_SHIFT, e);
		return;
	}
	if (slot == s->window.slot) {
		if (e != s->window.entry || slotset_has(&r->used, slot))
			violation(a, "window is not in place", r->id, slot << SECTION_SHIFT, e);
		return;
	}
	if (!e)
		return;
	if (!(s->v->shadowed[slot >> 5] >> (slot & 31) & 1))
		violation(a, "slot is not marked for the window", r->id, slot << SECTION_SHIFT, e);
	if (!slotset_has(&r->used, slot))
		violation(a, "slot is not in the used set", r->id, slot << SECTION_SHIFT, e);
	if (!d->gds || (d->gds == BIT(GD_FLAT)) != (r->id == ROOT_FLAT))
		violation(a, "wrong domain", r->id, slot << SECTION_SHIFT, e);
	if ((e & L1_TYPE) == L1_TABLE)
		audit_link(a, r, slot, e);
	else
		audit_section(a, r, slot, e);
}

/* The roots that the window may select by itself. */
static void audit_cached_root(struct audit *a, const struct root_cache *c, u32 index, bool any)
{
	struct shadow *s = a->s;
	const struct root *r = &s->root[c->hw_asid - HOST_ASID_FIRST];

	if (!r->valid || r->dirty || r->tlb_stale || r->epoch != s->epoch || is_flat(s) || s->asid_pending || (r->ng_any && r->asid != c->asid) ||
	    any != (c->asid == ROOT_ANY_ASID) || (c->ttbr0 & ~(0x3fffu >> (s->v->cp15.ttbcr & 7))) != r->key.ttbr0 ||
	    vcpu_root_index(c->ttbr0) != index)
		violation(a, "root is not ready for the window", r->id, c->ttbr0, c->asid);
}

static void audit_root_cache(struct audit *a)
{
	const struct vcpu *v = a->s->v;

	for (u32 i = 0; i < ARRAY_SIZE(v->root_cache); i++)
		for (u32 any = 0; any < 2; any++)
			if (v->root_cache[i][any].asid != ROOT_VOID)
				audit_cached_root(a, &v->root_cache[i][any], i, any);
}

/* The current root against the guest's tables of now. */
static void audit_current(struct audit *a)
{
	struct shadow *s = a->s;
	const struct root *r = s->cur;

	for (u32 slot = slotset_next(&r->used, 0); slot < L1_ENTRIES; slot = slotset_next(&r->used, slot + 1)) {
		u32 e = r->l1[slot], view = s->dom[L1_DOMAIN_OF(e)].view;
		gva_t va = slot << SECTION_SHIFT;

		if (s->asid_pending && slotset_has(&r->ng, slot))
			continue;	/* of the ASID before: closed by DACR */
		if ((e & L1_TYPE) == L1_SECTION) {
			compare(a, va, view, e & SECTION_MASK, !(e & SECT_AP2), false);
			compare(a, va + 0xff000, view, (e & SECTION_MASK) + 0xff000, !(e & SECT_AP2), false);
		} else if (e) {
			const u32 *p = tbl_ptr(s, tbl_of_entry(s, e));

			for (u32 i = 0; i < L2_ENTRIES; i++)
				if (p[i])
					compare(a, va | i << PAGE_SHIFT, view, p[i] & PAGE_MASK, !(p[i] & L2_AP2),
						!(p[i] & L2_XN));
		}
	}
}

static void audit_dacr(struct audit *a)
{
	struct vcpu *v = a->s->v;
	u32 all = v->dacr_kernel | v->dacr_user | v->hw_dacr;

	for (u32 d = 0; d < 16; d++)
		if (all >> (2 * d) & 2)
			violation(a, "DACR with manager or reserved field", a->s->cur->id, 0, all);
	if (v->dacr_user >> (2 * DOM_STUB) & 3)
		violation(a, "stub area open in User mode", a->s->cur->id, 0, v->dacr_user);
	for (u32 d = 1; d < DOM_STUB; d++)
		if (a->s->dom[d].view == VIEW_K && v->dacr_user >> (2 * d) & 3)
			violation(a, "kernel view open in User mode", a->s->cur->id, 0, v->dacr_user);
}

/* What the window says of stores that are denied is right: in host domains that stand for one of the guest's, and never in the window's own slot. */
static void audit_denied(struct audit *a)
{
	const struct shadow *s = a->s;
	const struct vcpu *v = s->v;
	u32 slot = s->window.slot;

	for (u32 d = 0; d < 16; d++) {
		u32 fsr = v->dom_fsr[d];

		if (fsr && (s->dom[d].gds != BIT(FIELD(fsr, 7, 4)) || s->dom[d].view != VIEW_U || (fsr & ~0xf0u) != 0x80f))
			violation(a, "window misunderstands a domain", s->cur->id, d, fsr);
	}
	if (s->window.placed && !(v->denied_otherwise[slot >> 5] >> (slot & 31) & 1))
		violation(a, "window would say that the guest denies it", s->cur->id, slot << SECTION_SHIFT, 0);
}

/* -- the books: every node and table is either in use or free (rule 2), so that none is lost -- */

static void lost(struct audit *a, const char *what, u32 used, u32 free, u32 all)
{
	if (used + free == all)
		return;
	if (a->bad++ < AUDIT_PRINT_MAX)
		pr_err("shadow audit: %s: %u in use, %u free, %u in all\n", what, (unsigned)used, (unsigned)free, (unsigned)all);
}

static void audit_node_books(struct audit *a)
{
	const struct shadow *s = a->s;
	u32 used = 0, free = 0;

	for (u32 i = 0; i < s->node_bump; i++)
		used += node_is_used(&s->node[i]);
	for (u32 i = s->node_free; i != NODE_NONE && free <= s->node_bump; i = s->node[i].hash_next, free++)
		if (node_is_used(&s->node[i]))
			violation(a, "free node is in use", node_root(&s->node[i]), (u32)s->node[i].slot << SECTION_SHIFT, i);
	lost(a, "nodes", used, free, s->node_bump);
}

static bool table_is_used(const struct shadow *s, u32 tbl)
{
	const struct node *n = s->tbl_node[tbl] == NODE_NONE ? NULL : &s->node[s->tbl_node[tbl]];

	return n && node_is_used(n) && (n->tbl[VIEW_K] == tbl || n->tbl[VIEW_U] == tbl);
}

static void audit_rest_books(struct audit *a)
{
	const struct shadow *s = a->s;
	u32 all = 0, rest = 0, home = 0;

	for (u32 i = 0; i < s->node_bump; i++)
		all += s->node[i].rests;
	for (u32 i = s->rest_first; i != NODE_NONE && rest <= all; i = s->node[i].slot_next)
		rest += s->node[i].rests;
	for (u32 h = 0; h < HOME_HASH; h++)
		for (u32 i = s->home_hash[h]; i != NODE_NONE && home <= all; i = s->node[i].home_next)
			home += s->node[i].rests;
	lost(a, "resting nodes", rest, 0, all);
	lost(a, "resting nodes of an address space", home, 0, all);
}

static void audit_free_table(struct audit *a, u32 tbl)
{
	const struct shadow *s = a->s;

	for (u32 i = 0; i < L2_ENTRIES; i++)
		if (tbl_ptr(s, tbl)[i])
			violation(a, "free table is not empty", 0, i << PAGE_SHIFT, tbl_ptr(s, tbl)[i]);
}

static void audit_table_books(struct audit *a)
{
	const struct shadow *s = a->s;
	u32 used = 0, free = 0;

	for (u32 i = 0; i < s->tbl_bump; i++)
		used += table_is_used(s, i);
	for (u32 i = s->tbl_free; i != TBL_NONE && free <= s->tbl_bump; i = s->tbl_next[i], free++)
		if (s->tbl_node[i] != NODE_NONE)
			violation(a, "free table has an owner", 0, 0, i);
	for (u32 i = 0; i < s->nodes; i++)
		if (s->tbl_node[i] == NODE_NONE)
			audit_free_table(a, i);
	lost(a, "tables", used, free, s->tbl_bump);
}

/* What node_concerned() relies on: the order of a slot's nodes, and how many roots have entries of an ASID. */
static void audit_asids(struct audit *a)
{
	const struct shadow *s = a->s;
	u8 roots[ARRAY_SIZE(s->asid_roots)] = { 0 };

	for (u32 i = 0; i < s->roots; i++)
		roots[s->root[i].asid] += s->root[i].ng_any;
	for (u32 asid = 0; asid < ARRAY_SIZE(roots); asid++)
		if (roots[asid] != s->asid_roots[asid])
			violation(a, "roots of an ASID are miscounted", 0, asid, s->asid_roots[asid]);
	for (u32 i = 0; i < s->node_bump; i++) {
		const struct node *n = &s->node[i], *next = n->roots && n->slot_next != NODE_NONE ? &s->node[n->slot_next] : NULL;

		if (next && node_is_private(n) && !node_is_private(next))
			violation(a, "node behind private ones", (u32)__builtin_ctzll(next->roots), (u32)next->slot << SECTION_SHIFT, next->desc);
	}
}

/*
 * Returns the number of violations, each of the first few printed; the number of stale entries is left in the shadow's
 * statistics (shadow_dump()). Slow: reads every table.
 */
u32 shadow_audit(struct vcpu *v)
{
	struct audit a = { .s = v->shadow };
	struct shadow *s = a.s;

	for (u32 i = 0; i < s->roots; i++)
		for (u32 slot = 0; slot < L1_ENTRIES && !s->root[i].dirty; slot++)
			audit_slot(&a, &s->root[i], slot);
	for (u32 i = 0; i < s->node_bump; i++)
		if (node_is_used(&s->node[i]))
			audit_node(&a, &s->node[i]);
	audit_node_books(&a);
	audit_rest_books(&a);
	audit_table_books(&a);
	audit_asids(&a);
	audit_root_cache(&a);
	audit_current(&a);
	audit_dacr(&a);
	audit_denied(&a);
	s->audit_stale = a.stale;
	s->audit_entries = a.entries;
	return a.bad;
}

#define DUMP_TABLES_MAX	8u

/* Where a strategy follows stores: the tables that it does not follow. */
static void dump_out_of_step(const struct shadow *s)
{
	u32 n = 0;

	for (u32 i = 0; i < s->node_bump && s->ops->table_stored; i++) {
		const struct node *m = &s->node[i];

		if (m->roots && (m->desc & L1_TYPE) == L1_TABLE && !m->in_step && n++ < DUMP_TABLES_MAX)
			pr_info("shadow out of step: table 0x%08x at 0x%08x\n", (unsigned)(m->desc & L1_TABLE_BASE),
				(unsigned)m->slot << SECTION_SHIFT);
	}
	if (n > DUMP_TABLES_MAX)
		pr_info("shadow out of step: %u more\n", (unsigned)(n - DUMP_TABLES_MAX));
}

void shadow_dump(struct vcpu *v)
{
	struct shadow *s = v->shadow;
	u32 nodes = 0, tables = 0, roots = 0, in_step = 0, rest = 0;

	for (u32 i = 0; i < s->node_bump; i++) {
		nodes += !!s->node[i].roots;
		in_step += s->node[i].roots && s->node[i].in_step;
		rest += s->node[i].rests;
	}
	for (u32 i = 0; i < s->tbl_bump; i++)
		tables += s->tbl_node[i] != NODE_NONE;
	for (u32 i = 0; i < s->roots; i++)
		roots += s->root[i].valid;
	pr_info("shadow %s: root %u host ASID %u%s, %u roots, %u nodes, %u tables, window 0x%08x\n", s->ops->name,
		(unsigned)s->cur->id, (unsigned)s->cur->host_asid, s->asid_pending ? " (ASID pending)" : "",
		(unsigned)roots, (unsigned)nodes, (unsigned)tables, (unsigned)s->window.slot << SECTION_SHIFT);
	pr_info("shadow DACR kernel %08x user %08x; dropped: all %llu, ASID %llu, page %llu; filled %llu + %llu ahead\n",
		(unsigned)v->dacr_kernel, (unsigned)v->dacr_user, (unsigned long long)s->drops_all,
		(unsigned long long)s->drops_asid, (unsigned long long)s->drops_mva, (unsigned long long)s->fills,
		(unsigned long long)s->filled_ahead);
	pr_info("shadow compared: tables %llu, changed %llu; in step %u, brought into step %llu, stores into tables %llu, let go %llu\n",
		(unsigned long long)s->checks, (unsigned long long)s->checked_away, (unsigned)in_step, (unsigned long long)s->resyncs,
		(unsigned long long)s->table_stores, (unsigned long long)s->let_go);
	dump_out_of_step(s);
	pr_info("shadow resting: nodes %u; went to rest %llu, woke up %llu\n", (unsigned)rest, (unsigned long long)s->rested,
		(unsigned long long)s->woken);
	pr_info("shadow toggles %llu, domains %llu, reclaims %llu, roots taken %llu, sweeps %llu, window moves %llu; last audit: "
		"%u entries, %u stale\n", (unsigned long long)s->toggles, (unsigned long long)s->evictions, (unsigned long long)s->reclaims,
		(unsigned long long)s->root_misses, (unsigned long long)s->sweeps, (unsigned long long)s->moves,
		(unsigned)s->audit_entries, (unsigned)s->audit_stale);
}
