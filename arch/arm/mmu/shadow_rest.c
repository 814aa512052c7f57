/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes that rest: what an address space had mapped of its own while it had a root, kept for the time when it has one again.
 *
 * With more address spaces than roots, or than ASIDs, each turn of one would begin with nothing mapped, at a hidden fault for each line of
 * entries. Comparing what it had is some 15 instructions an entry.
 *
 * Rules. shadow_audit.c checks those marked *.
 *  1* A node that rests is attached to no root and listed at no slot: no walk of the processor's comes to it, no operation is about it.
 *  2  All of it is compared with the guest's table of now before a root links it, under the ASID of now. So it does not matter what the guest did
 *     meanwhile, nor whether it said so: what is left is what a walk could load at this moment (B3.10.1).
 *  3* Its entries are tracked like all others (rule 5 of shadow_pool.c): where a page becomes code, or a table that is followed, they go as well.
 *     What drops everything drops them. Where the vectors come to be, none is left (rule 9 of shadow_fill.c).
 *  4* For a strategy its table is dead.
 *  5  They go before any node that is in use, those that have rested longest first.
 */
#include "mmu.h"

static u16 *home_list(struct shadow *s, u32 ttbr0)
{
	return &s->home_hash[(ttbr0 >> 14 ^ ttbr0 >> 21) & (HOME_HASH - 1)];
}

void rest_reset(struct shadow *s)
{
	for (u32 i = 0; i < HOME_HASH; i++)
		s->home_hash[i] = NODE_NONE;
	s->rest_first = s->rest_last = NODE_NONE;
}

static void rest_list(struct shadow *s, struct node *n)
{
	u16 id = (u16)(n - s->node), *home = home_list(s, n->home);

	n->home_next = *home;
	*home = id;
	n->slot_next = NODE_NONE;
	n->slot_prev = s->rest_last;
	*(s->rest_last == NODE_NONE ? &s->rest_first : &s->node[s->rest_last].slot_next) = id;
	s->rest_last = id;
	n->rests = true;
}

void rest_unlist(struct shadow *s, struct node *n)
{
	u16 id = (u16)(n - s->node), *link = home_list(s, n->home);

	while (*link != id)
		link = &s->node[*link].home_next;
	*link = n->home_next;
	*(n->slot_prev == NODE_NONE ? &s->rest_first : &s->node[n->slot_prev].slot_next) = n->slot_next;
	*(n->slot_next == NODE_NONE ? &s->rest_last : &s->node[n->slot_next].slot_prev) = n->slot_prev;
	n->rests = false;
}

/* Is @n of one address space, with entries and a table of the guest's that they can be compared with? */
static bool is_worth_it(const struct shadow *s, const struct node *n)
{
	u32 lines = 0;

	for (u32 view = VIEW_K; view <= VIEW_U; view++)
		lines |= n->tbl[view] == TBL_NONE ? 0 : s->tbl_lines[n->tbl[view]];
	return lines && n->ng && (n->desc & L1_TYPE) == L1_TABLE;
}

void node_rest(struct shadow *s, struct node *n)
{
	if (!is_worth_it(s, n)) {
		node_free(s, n);
		return;
	}
	n->home = s->root[__builtin_ctzll(n->roots)].key.ttbr0;
	node_detach_all(s, n);
	rest_list(s, n);
	s->rested++;
}

void node_wake(struct shadow *s, struct node *n, struct root *r)
{
	rest_unlist(s, n);
	n->global = false;	/* comparing finds out */
	root_mark_ng(s, r, n->slot);
	n->asid = r->asid;
	node_list(s, n);
	check_waking(s, n, r);
	s->woken++;
}

/* The word that links @n, in the view in which User mode has it if it has one; 0: a hidden fault is to make its domain. */
static u32 link_word(const struct shadow *s, const struct node *n)
{
	enum view view = n->tbl[VIEW_U] != TBL_NONE ? VIEW_U : VIEW_K;
	u32 dom = s->dom_of[L1_DOMAIN_OF(n->desc)][view][true];

	return dom ? (u32)(s->tbl_hpa + n->tbl[view] * L2_SIZE) | L1_DOMAIN(dom) | L1_TABLE : 0;
}

/* Link @n, unless the guest's table has something else there by now: then it ends. */
static void wake_in(struct shadow *s, struct node *n, struct root *r)
{
	u32 link = link_word(s, n), desc;

	if (!root_l1_desc(s, r, n->slot, &desc) || link_key(desc) != n->desc) {
		node_free(s, n);
		return;
	}
	if (!link || r->l1[n->slot])
		return;
	node_wake(s, n, r);
	n->roots = 1ull << r->id;
	root_set_slot(s, r, n->slot, link);
}

void root_wake(struct shadow *s, struct root *r)
{
	u16 next;

	/* Where the guest changes the ASID alone, the one of now need not be that of the address space: hidden faults wake what is needed. */
	if (s->asid_returns)
		return;
	for (u16 i = *home_list(s, r->key.ttbr0); i != NODE_NONE; i = next) {
		struct node *n = &s->node[i];

		next = n->home_next;
		if (n->home == r->key.ttbr0)
			wake_in(s, n, r);
	}
}

void rest_drop_slot(struct shadow *s, u32 slot)
{
	u16 next;

	for (u16 i = s->rest_first; i != NODE_NONE; i = next) {
		next = s->node[i].slot_next;
		if (s->node[i].slot == slot)
			node_free(s, &s->node[i]);
	}
}
