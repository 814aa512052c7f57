/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shadow roots, nodes, second-level tables, host domains and the tracking of guest pages: storage with one owner each.
 *
 * Rules. shadow_audit.c checks those marked *.
 *  1* A root's slot is empty, a section, a link to a table of the node attached to that root at that slot, or the window.
 *  2* A node lives as long as a root is attached to it, or rests (shadow_rest.c); it owns its tables; a free table is linked nowhere and empty.
 *  3* Every entry is non-global with the root's host ASID, in a host domain 1..14 that belongs to the entry's guest
 *     domain, view and globality; several guest domains may share one until the guest opens only some of them. Domain 0 holds nothing but the window, 15 the stub area. MANAGER is never in a DACR.
 *  4* A node that holds guest non-global entries has one guest ASID, and every root attached to it has the same one. Nodes that hold no others
 *     stand behind all others of their slot, and how many roots have entries of an ASID is counted.
 *  5* Small pages that map a guest page are found through its frame (the two entries it names, or FRAME_MANY: sweep of the lines
 *     in tbl_lines), sections through the word of their MiB. These may name more than there is, never less.
 *  6  Tables are changed in this order: store, clean the line to the point of coherency, DSB, invalidate TLB, DSB, ISB.
 *     A new entry in place of an invalid one needs no TLB invalidation: the TLB holds no invalid entries (B3.9.1).
 *  7  Only the current root's ASID can hit. TLB invalidation of another root may wait until it is selected (tlb_stale).
 *     After a full drop other roots are dirty: never looked at, wiped before they are selected or given away.
 *  8* A slot with a node or a section in any root has its bit in the vCPU's `shadowed`, as has each of a supersection once
 *     one was mapped: the window takes a TLB operation elsewhere for done.
 *  9* The vCPU's `root_cache` names only roots that root_select() could take as they are: valid, neither dirty nor tlb_stale, with
 *     non-global entries of the ASID given there or none, of the shadow's epoch. It is empty while the MMU is off or an ASID is pending.
 * 10  Nothing here can fail: what runs out is taken from the least recently used.
 */
#include <arch/cpu.h>
#include <arm/call.h>
#include <arm/window.h>
#include <hv/alloc.h>
#include <string.h>

#include "mmu.h"

/* TTBR0 of shadow roots: walks outer write-back cacheable, not shared. Tables are cleaned beyond L2, so both agree. */
#define TTBR_WALK	(3u << 3 | 1u)

/* TLB entries of more roots than this are dropped by one TLBIALL. */
#define TLB_SINGLE_MAX	4

u32 slotset_next(const struct slotset *s, u32 from)
{
	u32 w, i = from >> 5;

	if (from >= L1_ENTRIES)
		return L1_ENTRIES;
	w = s->w[i] & ~0u << (from & 31);
	while (!w) {
		u32 g, left;

		if (++i >= 128)
			return L1_ENTRIES;
		g = i >> 5;
		left = s->sum[g] & ~0u << (i & 31);
		while (!left) {
			if (++g >= 4)
				return L1_ENTRIES;
			left = s->sum[g];
		}
		i = g << 5 | (u32)__builtin_ctz(left);
		w = s->w[i];
	}
	return i << 5 | (u32)__builtin_ctz(w);
}

/* -- TLB -- */

/* The window may not select @r any more without C (rule 9). */
static void root_cache_drop(struct shadow *s, const struct root *r)
{
	struct root_cache *c = s->v->root_cache[vcpu_root_index(r->key.ttbr0)];

	for (u32 i = 0; i < 2; i++)
		if (c[i].hw_asid == r->host_asid)
			c[i].asid = ROOT_VOID;
}

static void root_cache_void(struct shadow *s)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->v->root_cache); i++)
		s->v->root_cache[i][0].asid = s->v->root_cache[i][1].asid = ROOT_VOID;
}

/* The current root is ready for the window, or no root is. */
static void root_cache_put(struct shadow *s)
{
	const struct root *r = s->cur;
	u32 ttbr0 = s->v->cp15.ttbr0;

	if (is_flat(s) || s->asid_pending)
		root_cache_void(s);
	else
		s->v->root_cache[vcpu_root_index(ttbr0)][!r->ng_any] = (struct root_cache){
			.ttbr0 = ttbr0, .hw_ttbr0 = s->v->hw_ttbr0, .hw_asid = r->host_asid,
			.asid = r->ng_any ? r->asid : ROOT_ANY_ASID,
		};
}

/* Roots are not what they were: the window may select the current one at most. */
void root_cache_anew(struct shadow *s)
{
	root_cache_void(s);
	root_cache_put(s);
}

/* What system calls need may be gone from @r (cpu/call.c). */
static void root_forget_calls(struct shadow *s, const struct root *r)
{
	struct root_cache *c = s->v->root_cache[vcpu_root_index(r->key.ttbr0)];

	for (u32 i = 0; i < 2; i++)
		if (c[i].hw_asid == r->host_asid)
			c[i].calls = 0;
	if (s->v->call_seen == r->host_asid)
		s->v->call_seen = 0;
}

static void root_tlb_stale(struct shadow *s, struct root *r)
{
	if (r == s->cur) {
		tlbi_asid(r->host_asid);
		return;
	}
	r->tlb_stale = true;
	root_cache_drop(s, r);
}

/* Entries of @r are gone or changed. */
void root_tlb_flush(struct shadow *s, struct root *r)
{
	root_forget_calls(s, r);
	root_tlb_stale(s, r);
}

/* Of @slot alone, which most often has nothing that system calls need. */
static void slot_tlb_flush(struct shadow *s, struct root *r, u32 slot)
{
	if (call_needs_slot(s->v, slot << SECTION_SHIFT))
		root_forget_calls(s, r);
	root_tlb_stale(s, r);
}

/*
 * The entry for @va of @n is gone or changed: invalidate it in all attached roots. Some of them the window may still select (rule 9), but what
 * system calls need may not be there any more. What else takes entries away drops the root from its cache, or is about the current one.
 */
void node_tlb_entry(struct shadow *s, const struct node *n, gva_t va)
{
	u64 roots = n->roots;

	if (call_needs(s->v, va))
		call_count(s->v);
	if (__builtin_popcountll(roots) > TLB_SINGLE_MAX) {
		tlbi_all();
		return;
	}
	for (; roots; roots &= roots - 1)
		tlbi_mva((va & PAGE_MASK) | s->root[__builtin_ctzll(roots)].host_asid);
}

/* Many entries of @n are gone: all of the attached roots' ASIDs, of those that are not current when they are selected. */
void node_tlb_flush(struct shadow *s, const struct node *n)
{
	for (u64 roots = n->roots; roots; roots &= roots - 1)
		slot_tlb_flush(s, &s->root[__builtin_ctzll(roots)], n->slot);
}

/* -- roots -- */

static void root_write(struct shadow *s, struct root *r, u32 slot, u32 entry)
{
	u32 old = r->l1[slot];

	pte_write(&r->l1[slot], entry);
	if (old)
		slot_tlb_flush(s, r, slot);
	else
		dsb();
}

/* Put @entry (valid) into a slot that is not the window's. */
void root_set_slot(struct shadow *s, struct root *r, u32 slot, u32 entry)
{
	slotset_add(&r->used, slot);
	root_write(s, r, slot, entry);
}

void root_mark_ng(struct shadow *s, struct root *r, u32 slot)
{
	if (!r->ng_any) {
		r->ng_any = true;
		r->asid = (u8)cur_asid(s);
		s->asid_roots[r->asid]++;
		root_cache_drop(s, r);
		if (r == s->cur)
			root_cache_put(s);
	}
	slotset_add(&r->ng, slot);
}

/* No entry of @r belongs to an ASID any more. */
void root_end_ng(struct shadow *s, struct root *r)
{
	s->asid_roots[r->asid] -= r->ng_any;
	r->ng_any = false;
}

static void slot_forget(struct shadow *s, struct root *r, u32 slot)
{
	slotset_del(&r->used, slot);
	slotset_del(&r->ng, slot);
	if (r->l1[slot])
		root_write(s, r, slot, 0);
}

static void node_detach(struct shadow *s, struct node *n, struct root *r)
{
	slot_forget(s, r, n->slot);
	n->roots &= ~(1ull << r->id);
	if (!n->roots)
		node_free(s, n);
}

/* Empty a slot, whatever it holds; not the window's. */
void root_clear_slot(struct shadow *s, struct root *r, u32 slot)
{
	struct node *n = root_node(s, r, slot);

	if (n)
		node_detach(s, n, r);
	else
		slot_forget(s, r, slot);
}

/* Void all entries of a root that no node is attached to any more (rule 7). */
static void root_wipe(struct shadow *s, struct root *r)
{
	for (u32 slot = slotset_next(&r->used, 0); slot < L1_ENTRIES; slot = slotset_next(&r->used, slot + 1))
		if (!slot_is_fixed(s, slot))
			pte_write(&r->l1[slot], 0);
	memset(&r->used, 0, sizeof(r->used));
	memset(&r->ng, 0, sizeof(r->ng));
	root_end_ng(s, r);
	r->dirty = false;
	r->epoch = s->epoch;
	root_tlb_flush(s, r);
}

static void root_empty(struct shadow *s, struct root *r)
{
	if (r->dirty) {
		root_wipe(s, r);
		return;
	}
	root_rest_ng(s, r);
	for (u32 slot = slotset_next(&r->used, 0); slot < L1_ENTRIES; slot = slotset_next(&r->used, slot + 1))
		root_clear_slot(s, r, slot);
}

/* The non-global entries of @r go. Nodes go as a whole, with global entries that share their slot: less is legal. */
static void root_leave_asid(struct shadow *s, struct root *r, void (*node_goes)(struct shadow *s, struct node *n))
{
	for (u32 slot = slotset_next(&r->ng, 0); slot < L1_ENTRIES; slot = slotset_next(&r->ng, slot + 1)) {
		struct node *n = root_node(s, r, slot);

		if (n)
			node_goes(s, n);
		else
			slot_forget(s, r, slot);
	}
	root_end_ng(s, r);
}

/* The guest's ASID of @r was invalidated, most likely because the address space has ended. */
void root_drop_ng(struct shadow *s, struct root *r)
{
	root_leave_asid(s, r, node_free);
}

/* It is being given up: the address space may come back, with this ASID or another. */
void root_rest_ng(struct shadow *s, struct root *r)
{
	root_leave_asid(s, r, node_rest);
}

static u32 root_hash(u32 ttbr0)
{
	return (ttbr0 >> 14 ^ ttbr0 >> 20) & 63;
}

static void root_unhash(struct shadow *s, struct root *r)
{
	u8 *link = &s->root_hash[root_hash(r->key.ttbr0)];

	while (*link != r->id)
		link = &s->root[*link].hash_next;
	*link = r->hash_next;
	r->valid = false;
	root_cache_drop(s, r);
}

/* Second chance: a root that has none, or was not selected since the hand passed; never the current one. */
static struct root *root_oldest(struct shadow *s)
{
	for (;;) {
		struct root *r = &s->root[s->root_hand];

		s->root_hand = s->root_hand + 1 < s->roots ? s->root_hand + 1 : ROOT_FLAT + 1;
		if (!r->valid || (r != s->cur && !r->recent))
			return r;
		r->recent = false;
	}
}

/* A root that is nobody's any more, with nothing in it but what serves for @key as well. */
static struct root *root_take(struct shadow *s, const struct root_key *key)
{
	struct root *r = root_oldest(s);

	if (!r->valid)
		return r;
	root_unhash(s, r);
	if (!root_pass_on(s, r, key))
		root_empty(s, r);
	s->root_misses++;
	return r;
}

/* What there is for the guest's translation registers of now. */
struct root_choice {
	struct root *exact;	/* has entries of the ASID of now */
	struct root *neutral;	/* has none of any ASID */
	struct root *other;	/* has entries of another ASID; of several the least recently used */
	u32 others;
};

static void root_consider(struct root *r, u32 asid, struct root_choice *c)
{
	if (!r->ng_any) {
		c->neutral = r;
	} else if (r->asid == asid) {
		c->exact = r;
	} else {
		c->others++;
		if (!c->other || (s32)(r->stamp - c->other->stamp) < 0)
			c->other = r;
	}
}

static struct root *root_new(struct shadow *s, const struct root_key *key, u32 h)
{
	struct root *r = root_take(s, key);

	if (r->dirty)
		root_wipe(s, r);
	if (!slotset_any(&r->used))
		r->epoch = s->epoch;
	r->key = *key;
	r->uncached = false;
	r->valid = true;
	r->hash_next = s->root_hash[h];
	s->root_hash[h] = r->id;
	return r;
}

/*
 * The root to use now. One for each TTBR0 is enough for a guest that gives a table a new ASID from time to time: entries of the old one go
 * when one of the new one is needed. Where the guest comes back to the old one (asid_returns) there are two, one for all other ASIDs.
 */
static struct root *root_find(struct shadow *s)
{
	const struct vcp15 *c = &s->v->cp15;
	u32 n = c->ttbcr & 7;
	const struct root_key key = { c->ttbr0 & ~(0x3fffu >> n), n ? c->ttbr1 & 0xffffc000u : 0, c->ttbcr };
	u32 h = root_hash(key.ttbr0);
	struct root_choice found = { 0 };

	for (u32 i = s->root_hash[h]; i != ROOT_NONE; i = s->root[i].hash_next) {
		struct root *r = &s->root[i];

		if (r->key.ttbr0 == key.ttbr0 && r->key.ttbr1 == key.ttbr1 && r->key.ttbcr == key.ttbcr)
			root_consider(r, cur_asid(s), &found);
	}
	if (found.exact || found.neutral)
		return found.exact ? found.exact : found.neutral;
	if (found.other && !s->asid_returns)
		return found.other;
	if (found.others < 2)
		return root_new(s, &key, h);
	root_rest_ng(s, found.other);
	return found.other;
}

/*
 * Make the root for the guest's current translation registers current: host TTBR0, ASID and DACR of the vCPU follow.
 * Context: after any change of SCTLR.M, TTBR0, TTBR1, TTBCR or CONTEXTIDR.
 */
void root_select(struct shadow *s)
{
	bool was_flat = is_flat(s), was_pending = s->asid_pending;
	struct root *r = s->v->cp15.sctlr & SCTLR_M ? root_find(s) : &s->root[ROOT_FLAT];

	if (r->dirty)
		root_wipe(s, r);
	r->uncached |= guest_walks_uncached(s->v);
	if (r->epoch != s->epoch)
		check_root(s, r);
	if (!slotset_any(&r->ng))
		root_end_ng(s, r);	/* of an address space that has ended, or whose slots were taken: nothing would have to be closed */
	if (!r->ng_any)
		root_wake(s, r);
	if (r->tlb_stale) {
		r->tlb_stale = false;
		tlbi_asid(r->host_asid);
	}
	s->asid_pending = r->ng_any && r->asid != cur_asid(s);
	s->asid_returns |= was_pending && !s->asid_pending && r == s->cur && r->ng_any;
	s->cur = r;
	r->stamp = ++s->stamp;
	r->recent = true;
	s->v->hw_ttbr0 = (u32)r->l1_hpa | TTBR_WALK;
	s->v->hw_asid = r->host_asid;
	root_cache_put(s);
	if (is_flat(s) != was_flat || s->asid_pending != was_pending)
		dacr_apply(s);
	stubs_check(s);
}

/* TTBR1 or TTBCR changed: a TTBR0 value selects another root now. */
void root_select_anew(struct shadow *s)
{
	root_cache_void(s);
	root_select(s);
}

/* -- second-level tables and nodes -- */

/* Empty @tbl, which no root links or whose roots' TLB entries are about to be invalidated. */
static void tbl_wipe(struct shadow *s, u32 tbl)
{
	for (u32 lines = s->tbl_lines[tbl]; lines; lines &= lines - 1) {
		u32 *p = tbl_ptr(s, tbl) + 16 * (u32)__builtin_ctz(lines);

		memset(p, 0, 16 * sizeof(*p));
		dcache_clean_mva((u32)(uintptr_t)p);
	}
	s->tbl_lines[tbl] = 0;
}

static void tbl_put(struct shadow *s, u32 tbl)
{
	tbl_wipe(s, tbl);
	s->tbl_node[tbl] = NODE_NONE;
	s->tbl_next[tbl] = s->tbl_free;
	s->tbl_free = (u16)tbl;
}

static u32 node_hash(u32 desc, u32 slot)
{
	return (desc >> 10 ^ desc >> 19 ^ slot * 5) & (NODE_HASH - 1);
}

static void slot_unlist(struct shadow *s, const struct node *n)
{
	*(n->slot_prev == NODE_NONE ? &s->node_slot[n->slot] : &s->node[n->slot_prev].slot_next) = n->slot_next;
	if (n->slot_next != NODE_NONE)
		s->node[n->slot_next].slot_prev = n->slot_prev;
}

/* Put @n among the nodes of its slot: a private one behind all that are not, of which there are few. */
static void slot_list(struct shadow *s, struct node *n)
{
	u16 id = (u16)(n - s->node), prev = NODE_NONE, *link = &s->node_slot[n->slot];

	while (node_is_private(n) && *link != NODE_NONE && !node_is_private(&s->node[*link])) {
		prev = *link;
		link = &s->node[prev].slot_next;
	}
	n->slot_prev = prev;
	n->slot_next = *link;
	if (n->slot_next != NODE_NONE)
		s->node[n->slot_next].slot_prev = id;
	*link = id;
}

/*
 * The node of @slot behind @from (NULL: the first) that an operation for guest ASID @asid may be about. Private ones come last, one of each address
 * space that has something there: where no root but the current one has entries of the ASID, its own is the only one to be looked at.
 */
u32 node_concerned(struct shadow *s, u32 slot, u32 asid, const struct node *from)
{
	u32 i = from ? from->slot_next : s->node_slot[slot];
	const struct node *own;

	if (i == NODE_NONE || !node_is_private(&s->node[i]) || !asid_is_own(s, asid))
		return i;
	if (from && node_is_private(from))
		return NODE_NONE;
	own = root_node(s, s->cur, slot);
	return own && node_is_private(own) && own->asid == asid ? (u32)(own - s->node) : NODE_NONE;
}

static void node_unhash(struct shadow *s, struct node *n)
{
	u16 id = (u16)(n - s->node), *link = &s->node_hash[node_hash(n->desc, n->slot)];

	while (*link != id)
		link = &s->node[*link].hash_next;
	*link = n->hash_next;
}

/* Tell the strategy that @n begins, or ends. One that does not care for pages of tables leaves it to the hint to list them. */
static void table_born(struct shadow *s, struct node *n)
{
	if ((n->desc & L1_TYPE) != L1_TABLE)
		return;
	if (s->ops->table_born)
		s->ops->table_born(s, n);
	else if (IS_ENABLED(CONFIG_SHADOW_CLEAN_HINT))
		table_list(s, n);
}

static void table_dead(struct shadow *s, struct node *n)
{
	if ((n->desc & L1_TYPE) != L1_TABLE)
		return;
	if (s->ops->table_dead)
		s->ops->table_dead(s, n);
	else if (IS_ENABLED(CONFIG_SHADOW_CLEAN_HINT))
		table_unlist(s, n);
}

/* No root has @n any more, and no operation is about it. */
void node_detach_all(struct shadow *s, struct node *n)
{
	table_dead(s, n);
	for (u64 roots = n->roots; roots; roots &= roots - 1)
		slot_forget(s, &s->root[__builtin_ctzll(roots)], n->slot);
	n->roots = 0;
	slot_unlist(s, n);
	shadowed_del(s, n->slot);
}

/* Some root is to have @n. */
void node_list(struct shadow *s, struct node *n)
{
	slot_list(s, n);
	shadowed_add(s, n->slot);
	table_born(s, n);
}

/* Detach @n from every root and give its tables back. */
void node_free(struct shadow *s, struct node *n)
{
	if (n->rests)
		rest_unlist(s, n);
	else
		node_detach_all(s, n);
	node_unhash(s, n);
	for (u32 view = VIEW_K; view <= VIEW_U; view++)
		if (n->tbl[view] != TBL_NONE)
			tbl_put(s, n->tbl[view]);
	n->hash_next = s->node_free;
	s->node_free = (u16)(n - s->node);
}

/* Free the node that has rested longest; else, second chance, one that was not filled since the hand passed; never @keep. */
static void node_reclaim(struct shadow *s, const struct node *keep)
{
	s->reclaims++;
	if (s->rest_first != NODE_NONE) {
		node_free(s, &s->node[s->rest_first]);
		return;
	}
	for (;;) {
		struct node *n = &s->node[s->node_hand];

		s->node_hand = (u16)((s->node_hand + 1) % s->nodes);
		if (!n->roots || n == keep)
			continue;
		if (n->ref) {
			n->ref = false;
			continue;
		}
		node_free(s, n);
		return;
	}
}

static struct node *node_alloc(struct shadow *s)
{
	struct node *n;

	if (s->node_free == NODE_NONE && s->node_bump == s->nodes)
		node_reclaim(s, NULL);
	if (s->node_free == NODE_NONE)
		return &s->node[s->node_bump++];
	n = &s->node[s->node_free];
	s->node_free = n->hash_next;
	return n;
}

/* Table of @n for @view, an empty one on first use. May free other nodes. */
u32 node_table(struct shadow *s, struct node *n, enum view view)
{
	u32 tbl;

	if (n->tbl[view] != TBL_NONE)
		return n->tbl[view];
	while (s->tbl_free == TBL_NONE && s->tbl_bump == s->nodes)
		node_reclaim(s, n);
	if (s->tbl_free != TBL_NONE) {
		tbl = s->tbl_free;
		s->tbl_free = s->tbl_next[tbl];
	} else {
		tbl = s->tbl_bump++;
	}
	s->tbl_node[tbl] = (u16)(n - s->node);
	n->tbl[view] = (u16)tbl;
	return tbl;
}

/* The node for what guest descriptor @desc (link_key) says about @slot, or NULL. */
struct node *node_find(struct shadow *s, u32 desc, u32 slot)
{
	for (u32 i = s->node_hash[node_hash(desc, slot)]; i != NODE_NONE; i = s->node[i].hash_next)
		if (s->node[i].desc == desc && s->node[i].slot == slot)
			return &s->node[i];
	return NULL;
}

static struct node *node_new(struct shadow *s, u32 desc, u32 slot)
{
	struct node *n = node_alloc(s);
	u16 id = (u16)(n - s->node), *hash = &s->node_hash[node_hash(desc, slot)];

	*n = (struct node){
		.desc = desc, .slot = (u16)slot, .tbl = { TBL_NONE, TBL_NONE },
		.hash_next = *hash, .epoch = s->epoch,
	};
	*hash = id;
	node_list(s, n);
	return n;
}

/*
 * The node for what guest descriptor @desc (link_key) says about @slot, attached to @r; what @r had there goes. A node whose non-global entries
 * belong to another ASID may be stale by now (a reused guest table whose ASID was never invalidated): other roots lose it (rule 4), and it is
 * compared like one that rested.
 */
struct node *node_link(struct shadow *s, struct root *r, u32 slot, u32 desc)
{
	struct node *n = root_node(s, r, slot);

	if (n && n->desc == desc)
		return n;
	if (r->l1[slot])
		root_clear_slot(s, r, slot);
	n = node_find(s, desc, slot);
	if (n && !n->rests && n->ng && n->asid != (r->ng_any ? r->asid : cur_asid(s))) {
		node_rest(s, n);
		n = node_find(s, desc, slot);
	}
	if (!n)
		n = node_new(s, desc, slot);
	else if (n->rests)
		node_wake(s, n, r);
	else
		check_node(s, n, r);
	n->roots |= 1ull << r->id;
	n->ref = true;
	if (n->ng)
		root_mark_ng(s, r, slot);
	return n;
}

/* Let all roots but @r go. */
void node_detach_others(struct shadow *s, struct node *n, struct root *r)
{
	for (u64 roots = n->roots & ~(1ull << r->id); roots; roots &= roots - 1)
		slot_forget(s, &s->root[__builtin_ctzll(roots)], n->slot);
	n->roots = 1ull << r->id;
}

/* The first non-global entry is about to enter @n, filled by @r: other roots may have other ASIDs, let them go (rule 4). */
void node_make_ng(struct shadow *s, struct node *n, struct root *r)
{
	node_detach_others(s, n, r);
	root_mark_ng(s, r, n->slot);
	slot_unlist(s, n);
	n->ng = true;
	n->asid = r->asid;
	slot_list(s, n);
}

/* @n is about to have global entries, which operations for any ASID are about. */
void node_make_global(struct shadow *s, struct node *n)
{
	if (n->global)
		return;
	slot_unlist(s, n);
	n->global = true;
	slot_list(s, n);
}

/* Drop the small page that contains @va from both tables of @n. True if there was one. TLB included. */
bool node_drop_entry(struct shadow *s, struct node *n, gva_t va)
{
	u32 idx = va >> PAGE_SHIFT & (L2_ENTRIES - 1);
	bool hit = false;

	for (u32 view = VIEW_K; view <= VIEW_U; view++) {
		u32 *p;

		if (n->tbl[view] == TBL_NONE)
			continue;
		p = tbl_ptr(s, n->tbl[view]) + idx;
		if (!*p)
			continue;
		pte_write(p, 0);
		hit = true;
	}
	if (hit)
		node_tlb_entry(s, n, va);
	return hit;
}

/*
 * Drop the small pages @first to @last (numbers in the slot) from both tables of @n. True if there was one: then the caller
 * invalidates the TLB.
 */
bool node_drop_entries(struct shadow *s, struct node *n, u32 first, u32 last)
{
	bool hit = false;

	for (u32 view = VIEW_K; view <= VIEW_U; view++) {
		u32 *p;

		if (n->tbl[view] == TBL_NONE)
			continue;
		p = tbl_ptr(s, n->tbl[view]);
		for (u32 i = first; i <= last; i++) {
			if (!p[i])
				continue;
			pte_write(&p[i], 0);
			hit = true;
		}
	}
	return hit;
}

/* -- everything -- */

static void nodes_reset(struct shadow *s)
{
	memset(s->node_hash, 0xff, sizeof(s->node_hash));
	memset(s->node_slot, 0xff, sizeof(s->node_slot));
	memset(s->tbl_node, 0xff, sizeof(s->tbl_node));
	memset(s->page_hash, 0xff, sizeof(s->page_hash));
	s->unwatched = NO_PAGE;
	memset(s->asid_roots, 0, sizeof(s->asid_roots));
	for (u32 i = 0; i < s->tbl_bump; i++)
		tbl_wipe(s, i);
	rest_reset(s);
	for (u32 i = 0; i < s->node_bump; i++) {
		s->node[i].roots = 0;
		s->node[i].rests = false;
	}
	s->node_free = NODE_NONE;
	s->tbl_free = TBL_NONE;
	s->node_bump = s->tbl_bump = s->node_hand = 0;
}

/* Drop every entry of every root. Cheap for roots that are not current: they are wiped when they are next used. */
void pool_drop_all(struct shadow *s)
{
	for (u32 i = 0; i < s->node_bump; i++)
		if (s->node[i].roots)
			table_dead(s, &s->node[i]);
	nodes_reset(s);
	memset(&s->sect, 0, sizeof(s->sect));
	memset(s->v->shadowed, 0, sizeof(s->v->shadowed));
	memset(s->v->denied_otherwise, 0, sizeof(s->v->denied_otherwise));
	if (s->window.placed)
		denied_otherwise_add(s, s->window.slot);
	root_cache_void(s);
	s->v->call_seen = 0;
	s->super_seen = false;
	for (u32 i = 0; i < s->roots; i++) {
		s->root[i].dirty = true;
		s->root[i].ng_any = false;
		s->root[i].tlb_stale = false;	/* all gone below */
	}
	root_wipe(s, s->cur);
	tlbi_all();
	s->drops_all++;
	if (s->asid_pending) {
		s->asid_pending = false;
		dacr_apply(s);
	}
}

/* Allocate everything once. The guest's map may still be incomplete: frames come with the first pool_reset(). */
void pool_init(struct shadow *s)
{
	const struct layout_guest *c = &s->v->guest->cfg;

	_Static_assert(ROOT_NR <= 63 && ROOT_NR + HOST_ASID_FIRST - 1 <= HOST_ASID_LAST, "a root needs a bit and an ASID");
	_Static_assert(NODE_NR < SLOT_MANY, "node numbers must fit 16 bits");
	s->roots = c->roots ? c->roots + 1 : ROOT_NR;
	s->root_hand = ROOT_FLAT + 1;
	s->nodes = c->tables ? c->tables : NODE_NR;
	for (u32 i = 0; i < s->roots; i++) {
		struct root *r = &s->root[i];

		r->l1 = hv_alloc(L1_SIZE, L1_SIZE);
		r->l1_hpa = ptr_hpa(r->l1);
		r->id = (u8)i;
		r->host_asid = (u8)(HOST_ASID_FIRST + i);
		r->hash_next = ROOT_NONE;
		arch_dcache_clean_range(r->l1_hpa, L1_SIZE);
	}
	s->tbl_mem = hv_alloc(s->nodes * L2_SIZE, L2_SIZE);
	s->tbl_hpa = ptr_hpa(s->tbl_mem);
	arch_dcache_clean_range(s->tbl_hpa, s->nodes * L2_SIZE);
	memset(s->root_hash, ROOT_NONE, sizeof(s->root_hash));
	s->cur = &s->root[ROOT_FLAT];
	nodes_reset(s);
}

/* Back to the state after reset of the guest: nothing mapped, no page is code, no domain in use. Selects the root. */
void pool_reset(struct shadow *s)
{
	track_reset(s);
	for (u32 i = 0; i < s->roots; i++)
		s->root[i].valid = false;
	memset(s->root_hash, ROOT_NONE, sizeof(s->root_hash));
	dom_reset(s);
	s->manager = 0;
	s->scan_user = s->asid_returns = false;
	s->scan_user_times = 0;
	s->cur = &s->root[ROOT_FLAT];
	pool_drop_all(s);
	root_select(s);
	dacr_apply(s);
}
