/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to arch/arm/mmu: shadow roots, nodes and tables, tracking of guest pages, the window's place. */
#pragma once

#include <arm/shadow.h>
#include <arm/strategy.h>
#include <arm/sysreg.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <autoconf.h>
#include <hv/guest.h>
#include <hv/types.h>

#include "attr.h"

#define L1_ENTRIES	4096u
#define L1_SIZE		16384u
#define L2_ENTRIES	256u
#define L2_SIZE		1024u

/* -- short descriptors, guest and host (ARM ARM B3.5.1) -- */
#define L1_TYPE		3u
#define L1_TABLE	1u
#define L1_SECTION	2u		/* bit 18 clear: section, set: supersection */
#define L1_SUPER	BIT(18)
#define L1_TABLE_BASE	0xfffffc00u
#define L1_DOMAIN(d)	((u32)(d) << 5)
#define L1_DOMAIN_OF(e)	FIELD(e, 8, 5)
#define SECT_XN		BIT(4)
#define SECT_AP2	BIT(15)
#define SECT_NG		BIT(17)
#define L2_XN		BIT(0)		/* of a small page */
#define L2_SMALL	BIT(1)
#define L2_AP2		BIT(9)
#define L2_AP0		BIT(4)
#define L2_NG		BIT(11)

/*
 * -- guest pages --
 * Up to two small-page entries that map the page, by name: most pages of a kernel have one, and a second while it is patched.
 * An entry that is gone meanwhile may still be named (frame_entry() looks). More of them are looked for in all tables, until no more than
 * two are found.
 */
#define FRAME_CODE	BIT(31)		/* w[0]: scanned code, nothing maps it writable */
#define FRAME_MANY	BIT(30)		/* w[0]: more entries than named may map it, find them by sweep */
#define FRAME_ENTRY	BIT(29)		/* w[n]: table 23:8, index 7:0 */
#define FRAME_USER	BIT(28)		/* w[0]: virtual User mode has fetched from it while it was no scanned code */
#define FRAME_TABLE	BIT(27)		/* w[0]: guest tables whose shadow follows stores, nothing maps it writable */
#define FRAME_USER_W	BIT(26)		/* w[0]: the same, by a mapping that the guest's kernel may write by */
#define FRAME_NAME	(FRAME_ENTRY | 0x00ffffffu)
#define FRAME_NAME_TBL(name)	((name) >> 8 & 0xffffu)

struct frame {
	u32 w[2];
};

#define SLOT_NONE	0xffffu
#define SLOT_MANY	0xfffeu

/* TTBCR: no walks of TTBR0's table, of TTBR1's (B4.1.153) */
#define TTBCR_PD0	BIT(4)
#define TTBCR_PD1	BIT(5)

/* One naturally aligned MiB of guest RAM. */
struct mib {
	u16 slot;	/* L1 slot at which sections map it (any root), SLOT_NONE or SLOT_MANY */
	u16 fixed;	/* number of its pages with FRAME_CODE, and of those with FRAME_TABLE */
};

/* One REGION_RAM of the guest. */
struct span {
	gpa_t base;
	u32 size;
	struct frame *frame;	/* [size / PAGE_SIZE] */
	gpa_t mib_base;		/* base rounded down to a section */
	struct mib *mib;
};
#define SPAN_MAX	GUEST_RAM_RANGES

/* -- host domains -- */
enum view { VIEW_K, VIEW_U };	/* what the virtual kernel sees (no access in virtual User mode); what both see */
#define DOM_WINDOW	0u
#define DOM_STUB	15u	/* the stub area: open in virtual privileged modes, whatever the guest's DACR says */
#define GD_FLAT		16u	/* pseudo guest domain of the root for MMU off */
#define GD_NR		17u

struct host_dom {
	u32 gds;		/* guest domains that it stands for, a bit each; 0: not in use */
	u32 stamp;		/* last fill */
	u8 view, ng;
};

/* -- set of L1 slots -- */
struct slotset {
	u32 sum[4];
	u32 w[128];
};

static inline void slotset_add(struct slotset *s, u32 slot)
{
	s->w[slot >> 5] |= BIT(slot & 31);
	s->sum[slot >> 10] |= BIT(slot >> 5 & 31);
}

static inline void slotset_del(struct slotset *s, u32 slot)
{
	if (!(s->w[slot >> 5] &= ~BIT(slot & 31)))
		s->sum[slot >> 10] &= ~BIT(slot >> 5 & 31);
}

static inline bool slotset_has(const struct slotset *s, u32 slot)
{
	return s->w[slot >> 5] >> (slot & 31) & 1;
}

static inline bool slotset_any(const struct slotset *s)
{
	return s->sum[0] | s->sum[1] | s->sum[2] | s->sum[3];
}

/* Smallest member >= @from, or L1_ENTRIES. */
u32 slotset_next(const struct slotset *s, u32 from);

/* The next w[] from @from on that has members, or ARRAY_SIZE(w): for loops over many of them. */
static inline u32 slotset_block(const struct slotset *s, u32 from)
{
	for (; from < ARRAY_SIZE(s->w); from = (from | 31) + 1) {
		u32 left = s->sum[from >> 5] & ~0u << (from & 31);

		if (left)
			return (from & ~31u) | (u32)__builtin_ctz(left);
	}
	return ARRAY_SIZE(s->w);
}

/* -- shadow roots -- */
#define ROOT_FLAT	0u			/* index of the root for MMU off */
#define ROOT_NR		(CONFIG_SHADOW_ROOTS + 1u)
#define ROOT_NONE	0xffu

/* Which of the guest's address spaces: bases of its tables. */
struct root_key {
	u32 ttbr0, ttbr1, ttbcr;
};

struct root {
	u32 *l1;
	hpa_t l1_hpa;
	struct root_key key;
	u32 stamp;			/* last use */
	u8 id, host_asid;
	u8 asid;			/* guest ASID that its non-global entries belong to; valid when ng_any */
	u8 hash_next;
	bool valid;			/* key is valid, is in the hash */
	bool dirty;			/* every entry is void (but the window): wipe before use */
	bool tlb_stale;			/* the host TLB may hold entries that are gone: invalidate the ASID before use */
	bool ng_any;
	bool recent;			/* selected since the hand passed */
	bool uncached;			/* some walks of its guest tables go past the caches */
	u32 epoch;			/* shadow.epoch when its entries were last known to be right */
	struct slotset used;		/* slots with an entry */
	struct slotset ng;		/* slots whose entry holds guest non-global translations */
};

/*
 * A node shadows what one guest L1 descriptor says about one slot with small pages: a guest L2 table, or a section that
 * cannot be kept. Shared by all roots whose guest table has that descriptor there. Up to two host tables, one a view.
 */
#define NODE_NR		CONFIG_SHADOW_L2
#define NODE_NONE	0xffffu
#define TBL_NONE	0xffffu
#define NODE_HASH	512u
#define PAGE_HASH	256u
#define HOME_HASH	128u

struct node {
	u64 roots;		/* attached roots: their slot links one of tbl[] */
	u32 desc;		/* guest L1 descriptor, link_key() */
	u32 home;		/* while it rests: TTBR0 of the root that it was attached to */
	u16 slot;
	u16 tbl[2];		/* by view */
	u16 hash_next;
	u16 slot_next, slot_prev;	/* of those of its slot; while it rests, of all that rest */
	u16 home_next;		/* of those whose home has the same hash */
	u8 asid;		/* guest ASID of the non-global entries, when ng */
	bool ng, global;	/* holds non-global, global entries */
	bool large;		/* holds parts of guest large pages */
	bool ref;		/* filled since the reclaim hand passed */
	bool rests;		/* shadow_rest.c */
	bool in_step;		/* stores into its guest table are followed: it needs no maintenance */
	u8 stores;		/* into its page since something of it was last wanted */
	u16 page_next;		/* of the nodes whose guest table's page has the same hash */
	u32 epoch;		/* as a root's */
};

/* -- window -- */
struct window {
	bool placed;
	u16 slot, old_slot;	/* old_slot: still mapped in Umbra's own table (SLOT_NONE: none) */
	u32 entry;		/* L1 entry */
	u32 *tramp;		/* trampoline root */
	u16 hand;		/* last slot that was chosen in turn */
};

/* What the low bits of a small page's descriptor, with view and manager, grant in RAM (shadow_check.c); 0: of none. */
struct low_bits {
	u32 key, bits;
};
#define LOW_BITS	8u

/* -- stub area -- */
struct stub_slot {
	bool placed;
	u16 slot;
	u32 entry;		/* L1 entry */
};

/* User mode's pages that were told to have changed, last. After so many times with nothing of the kernel's a page is one of a run-time compiler's. */
#define LOOKS_AGAIN	4u
struct looked {
	gpa_t page;
	u32 times;
};

#define NO_PAGE	1u	/* the address of none */

struct shadow {
	struct vcpu *v;
	const struct shadow_ops *ops;
	struct root *cur;
	const struct root *audited;	/* root_audit.c: the current one when it last looked */
	bool asid_pending;	/* guest ASID != cur->asid and cur has non-global entries: their domains are closed */
	bool asid_returns;	/* the guest leaves an ASID and comes back to it with no change of TTBR0 that counts: root_find() */
	bool scan_user;		/* the guest kernel executes pages that User mode can reach: scan for both (rule 9) */
	u8 scan_user_times;	/* how often that began */
	struct looked looked[16];
	bool super_seen;	/* a supersection was mapped */
	u32 manager;		/* guest domains whose entries were made as manager: bit 2d */
	u32 sctlr;		/* last seen M, TRE, AFE, EE */
	struct attr_map attr;
	struct low_bits low_bits[LOW_BITS];	/* while @attr and SCTLR.AFE are the same */
	struct span span[SPAN_MAX];
	u32 spans;
	struct short_table {	/* of short walks (guest_walk.c): what it follows from, and where the first-level table is, or NULL */
		u32 ttbr0, sctlr, ttbcr;
		const volatile u32 *l1;
	} short_table;
	/* host domains */
	struct host_dom dom[16];
	u8 dom_of[GD_NR][2][2];	/* [guest domain][view][ng], 0 = none */
	u32 dom_ng_mask;	/* DACR fields of non-global domains */
	u32 dom_stamp;
	u32 dom_told;		/* guest domains that were open when dom_differ was last brought up to date */
	u32 dom_differ[16];	/* by guest domain: the others of which only one was open at some time */
	u32 dacr_known[4];	/* guest values that the vCPU remembers when it may, by vcpu_dacr_index() */
	u32 dacr_closed;	/* the vCPU's, when it last had one */
	/* roots */
	u32 roots, nodes;	/* how many of root[] and node[] there are: at most as configured */
	struct root root[ROOT_NR];
	u8 root_hash[64];
	u32 stamp, root_hand;
	u32 epoch;			/* counts the operations that named everything: what is of an earlier one is compared before use */
	struct slotset sect;	/* slots at which some root may have a section */
	/* nodes and tables */
	struct node node[NODE_NR];
	u16 node_hash[NODE_HASH];
	u16 node_slot[L1_ENTRIES];	/* by slot, private ones behind all others */
	u8 asid_roots[256];		/* how many roots have non-global entries of a guest ASID */
	u16 page_hash[PAGE_HASH];	/* nodes by page of their guest table (shadow_table.c) */
	gpa_t unwatched;		/* strategy `sync`: the one page of tables that is out of step, or NO_PAGE */
	u16 home_hash[HOME_HASH];	/* nodes that rest, by address space */
	u16 rest_first, rest_last;	/* and by the time that they have rested: the first one longest */
	u16 node_free, node_bump, node_hand;
	u16 tbl_free, tbl_bump;
	u16 tbl_node[NODE_NR];	/* owner, NODE_NONE = free */
	u16 tbl_next[NODE_NR];
	u16 tbl_lines[NODE_NR];	/* cache lines of the table, 16 entries each, that may hold an entry */
	u32 *tbl_mem;
	hpa_t tbl_hpa;
	struct window window;
	struct stub_slot stubs;
	/* statistics for the dump */
	u64 fills, filled_ahead, toggles, drops_all, drops_asid, drops_mva, evictions, reclaims, root_misses, sweeps, moves, checks, checked_away;
	u64 table_stores, let_go, resyncs, rested, woken;
	u32 audit_stale, audit_entries;	/* of the last audit */
};

/* Write one entry of a live translation table. The A8 walker does not look into the L1 data cache: clean the line (B3.10.1). */
static inline void pte_write(u32 *p, u32 val)
{
	*(volatile u32 *)p = val;
	dcache_clean_mva((u32)(uintptr_t)p);
}

/* Shadow entries hold host addresses, everything else that names a page of the guest's is guest physical. */
static inline hpa_t hpa_of(const struct shadow *s, gpa_t gpa)
{
	return guest_map_hpa(&s->v->guest->map, gpa);
}

static inline gpa_t gpa_of(const struct shadow *s, hpa_t hpa)
{
	return guest_map_gpa(&s->v->guest->map, hpa);
}

/* May the guest's kernel write by small page @d? */
static inline bool kernel_writes(u32 d, bool manager)
{
	return manager || ap_rights_pl1[FIELD(d, 9, 9) << 2 | FIELD(d, 5, 4)] == RIGHTS_RW;
}

/* What a frame has where User mode executes the page, unscanned, by a mapping by which its kernel may write (@kernel_writes) or may not. */
static inline u32 frame_ran(bool kernel_writes)
{
	return kernel_writes ? FRAME_USER_W : FRAME_USER;
}

/* Mostly it is in the largest span, which is the first. */
static inline struct frame *frame_of(struct shadow *s, gpa_t gpa)
{
	u32 off = (u32)(gpa - s->span[0].base);

	if (off < s->span[0].size)
		return &s->span[0].frame[off >> PAGE_SHIFT];
	for (u32 i = 1; i < s->spans; i++)
		if (gpa - s->span[i].base < s->span[i].size)
			return &s->span[i].frame[(gpa - s->span[i].base) >> PAGE_SHIFT];
	return NULL;
}

static inline bool frame_is_code(const struct frame *f)
{
	return f->w[0] & FRAME_CODE;
}

/* May nothing map it writable? */
static inline bool frame_is_fixed(const struct frame *f)
{
	return f->w[0] & (FRAME_CODE | FRAME_TABLE);
}

/* Are stores into guest page @gpa followed? */
static inline bool is_watched_table(struct shadow *s, gpa_t gpa)
{
	const struct frame *f = frame_of(s, gpa);

	return f && f->w[0] & FRAME_TABLE;
}

/* The page of @n's guest table. */
static inline gpa_t table_page(const struct node *n)
{
	return n->desc & L1_TABLE_BASE & PAGE_MASK;
}

static inline u32 *tbl_ptr(const struct shadow *s, u32 tbl)
{
	return s->tbl_mem + tbl * L2_ENTRIES;
}

/* Entry @idx of @tbl, or one in the same cache line, is about to be made. */
static inline void tbl_mark(struct shadow *s, u32 tbl, u32 idx)
{
	s->tbl_lines[tbl] |= (u16)BIT(idx >> 4);
}

static inline u32 tbl_of_entry(const struct shadow *s, u32 l1)
{
	return ((l1 & L1_TABLE_BASE) - (u32)s->tbl_hpa) / L2_SIZE;
}

/* Does Umbra itself have @slot, in every root: the window or the stub area? */
static inline bool slot_is_fixed(const struct shadow *s, u32 slot)
{
	return slot == s->window.slot || (s->stubs.placed && slot == s->stubs.slot);
}

/* Node that a root's slot links, or NULL (empty or section). */
static inline struct node *root_node(struct shadow *s, const struct root *r, u32 slot)
{
	u32 e = r->l1[slot];

	return (e & L1_TYPE) == L1_TABLE && !slot_is_fixed(s, slot) ? &s->node[s->tbl_node[tbl_of_entry(s, e)]] : NULL;
}

/* Has @n nothing but non-global entries, so that it is about one guest ASID? */
static inline bool node_is_private(const struct node *n)
{
	return n->ng && !n->global;
}

/* Has no root but the current one entries of guest ASID @asid? */
static inline bool asid_is_own(const struct shadow *s, u32 asid)
{
	return s->asid_roots[asid] == (s->cur->ng_any && s->cur->asid == asid);
}

/* Is @n, which the current root links, the only node of its slot that an operation for guest ASID @asid is about? node_concerned() */
static inline bool node_is_alone(const struct shadow *s, const struct node *n, u32 asid)
{
	return node_is_private(n) && node_is_private(&s->node[s->node_slot[n->slot]]) && n->asid == asid && asid_is_own(s, asid);
}

/* The vCPU's bits of slots at which there may be something (vcpu.h). */
static inline void shadowed_add(struct shadow *s, u32 slot)
{
	s->v->shadowed[slot >> 5] |= BIT(slot & 31);
}

/* The last node or section of @slot is gone. In the reach of a supersection the bit stays until all is dropped. */
static inline void shadowed_del(struct shadow *s, u32 slot)
{
	if (s->node_slot[slot] == NODE_NONE && !slotset_has(&s->sect, slot) && !s->super_seen)
		s->v->shadowed[slot >> 5] &= ~BIT(slot & 31);
}

/* At @slot User mode may be denied a store by something else than a page descriptor of the guest's (vcpu.h). */
static inline void denied_otherwise_add(struct shadow *s, u32 slot)
{
	s->v->denied_otherwise[slot >> 5] |= BIT(slot & 31);
}

/* The window may have selected another root. */
static inline void root_follow(struct shadow *s)
{
	if (s->cur->host_asid == s->v->hw_asid)
		return;
	s->cur = &s->root[s->v->hw_asid - HOST_ASID_FIRST];
	s->cur->stamp = ++s->stamp;
	s->cur->recent = true;
}

static inline bool is_flat(const struct shadow *s)
{
	return s->cur->id == ROOT_FLAT;
}

/* Where the guest's vectors are. */
static inline gva_t vector_page(const struct vcpu *v)
{
	return v->cp15.sctlr & SCTLR_V ? 0xffff0000u : v->cp15.vbar & PAGE_MASK;
}

static inline bool is_vector_page(const struct vcpu *v, gva_t va)
{
	return (va & PAGE_MASK) == vector_page(v);
}

static inline u32 cur_asid(const struct shadow *s)
{
	return s->v->cp15.contextidr & 0xff;
}

/* A descriptor of the guest's as it is in memory, in our order of bytes. */
static inline u32 from_guest_order(const struct shadow *s, u32 desc)
{
	return s->v->cp15.sctlr & SCTLR_EE ? __builtin_bswap32(desc) : desc;
}

/* What of a guest L1 descriptor decides about the slot: a table's base and domain, all of a section (B3.5.1). */
static inline u32 link_key(u32 l1desc)
{
	return (l1desc & L1_TYPE) == L1_TABLE ? l1desc & (L1_TABLE_BASE | 0x1e0u | L1_TYPE) : l1desc;
}

/* shadow_pool.c, shadow_domain.c: storage and structure. All leave tables and TLB consistent (DSB, ISB included). */
void pool_init(struct shadow *s);
void pool_reset(struct shadow *s);
void pool_drop_all(struct shadow *s);
void root_select(struct shadow *s);
void root_select_anew(struct shadow *s);
void root_set_slot(struct shadow *s, struct root *r, u32 slot, u32 entry);
void root_clear_slot(struct shadow *s, struct root *r, u32 slot);
void root_tlb_flush(struct shadow *s, struct root *r);
void root_drop_ng(struct shadow *s, struct root *r);
void root_rest_ng(struct shadow *s, struct root *r);
void root_cache_anew(struct shadow *s);
void root_mark_ng(struct shadow *s, struct root *r, u32 slot);
void root_end_ng(struct shadow *s, struct root *r);
struct node *node_find(struct shadow *s, u32 desc, u32 slot);
struct node *node_link(struct shadow *s, struct root *r, u32 slot, u32 desc);
void node_detach_others(struct shadow *s, struct node *n, struct root *r);
void node_make_ng(struct shadow *s, struct node *n, struct root *r);
void node_make_global(struct shadow *s, struct node *n);
u32 node_concerned(struct shadow *s, u32 slot, u32 asid, const struct node *from);
u32 node_table(struct shadow *s, struct node *n, enum view view);
void node_free(struct shadow *s, struct node *n);
void node_detach_all(struct shadow *s, struct node *n);
void node_list(struct shadow *s, struct node *n);
bool node_drop_entry(struct shadow *s, struct node *n, gva_t va);
bool node_drop_entries(struct shadow *s, struct node *n, u32 first, u32 last);
void node_tlb_flush(struct shadow *s, const struct node *n);
void node_tlb_entry(struct shadow *s, const struct node *n, gva_t va);
void dom_reset(struct shadow *s);
u32 dom_get(struct shadow *s, u32 gd, enum view view, bool ng);
void dacr_changed(struct shadow *s);
void dacr_apply(struct shadow *s);
void dacr_sync_managers(struct shadow *s);
/* shadow_track.c */
void track_reset(struct shadow *s);
struct mib *mib_of(struct shadow *s, gpa_t gpa);
bool mib_is_whole(struct shadow *s, gpa_t gpa);
void mib_add(struct shadow *s, struct mib *m, u32 slot, gpa_t gpa);
/* The entry called @me (FRAME_ENTRY, table, index) maps @page, or its copy, now. */
void frame_add_name(struct shadow *s, struct frame *frame, u32 me, gpa_t page);
static inline void frame_add(struct shadow *s, struct frame *frame, u32 tbl, u32 idx, gpa_t page)
{
	frame_add_name(s, frame, FRAME_ENTRY | tbl << 8 | idx, page);
}
void track_protect_table(struct shadow *s, gpa_t page);
void track_unprotect_table(struct shadow *s, gpa_t page);

/* shadow_table.c: pages of guest tables whose stores are seen. */
struct node *table_next(struct shadow *s, gpa_t page, const struct node *from);
void table_list(struct shadow *s, struct node *n);
void table_unlist(struct shadow *s, struct node *n);
void table_watch(struct shadow *s, gpa_t page);
void table_unwatch(struct shadow *s, gpa_t page);
/* The guest cleaned the line of memory at @at: what is valid in a table there that the current root links is mapped. */
void table_cleaned(struct shadow *s, gpa_t at);

/* The first-level words of an address space: those of slots below @split from TTBR0's, the others from TTBR1's (B3.5.4). */
struct l1_words {
	const u32 *low, *high;
	u32 split;
};

/* The word of @slot, and behind it those of the same group of 32. */
static inline const u32 *l1_word(const struct l1_words *w, u32 slot)
{
	return (slot < w->split ? w->low : w->high) + slot;
}

/* shadow_begin.c. False: they are not in the guest's RAM, or not walked. */
bool l1_words(struct shadow *s, const struct root_key *key, struct l1_words *w);

/*
 * shadow_begin.c: @r, which the guest does not use at present, is to be for @key. Only what the guest has there as well stays in it. False: nothing
 * can be told, and nothing was done.
 */
bool root_pass_on(struct shadow *s, struct root *r, const struct root_key *key);

/* shadow_rest.c: nodes that are kept for an address space that has no root. */
void rest_reset(struct shadow *s);
/* @n, attached to some root, is to rest, or to end if there is nothing in it worth that. */
void node_rest(struct shadow *s, struct node *n);
/* It rests no more, and is to be listed or to end. */
void rest_unlist(struct shadow *s, struct node *n);
/* @n, which rests, is to be linked by @r in the guest's translation registers of now: what holds of it. */
void node_wake(struct shadow *s, struct node *n, struct root *r);
/* @r is being selected and has no non-global entries: link what rests of its address space. */
void root_wake(struct shadow *s, struct root *r);
/* Nodes of @slot that rest end. */
void rest_drop_slot(struct shadow *s, u32 slot);

/* shadow_fill.c. Something of a supersection at @va is mapped: an operation on any of its addresses is about all of it. */
void note_super(struct shadow *s, gva_t va);
/* Map @va again, which the guest has just invalidated and which @n, linked in the current root, is about. */
void refill_mva(struct shadow *s, struct node *n, gva_t va);
/*
 * The entry that refill_mva() makes of descriptor @desc of page @idx of @tbl, @n's in @view, whose line is marked and whose page is tracked then; 0:
 * none.
 */
u32 refill_entry(struct shadow *s, struct node *n, enum view view, u32 tbl, u32 idx, u32 desc);

/* shadow_drop.c: drop what an operation names: @pages pages from @arg (va[31:12] | asid[7:0]) on, or all. */
void drop_pages(struct shadow *s, u32 arg, u32 pages);
void drop_all(struct shadow *s);

/*
 * shadow_check.c: compare what is there with the guest's tables of now, and keep what holds. check_root() does it for a root's entries of
 * another epoch, check_node() for a node's; check_pages() for some small pages of a node that the current root links: true: some went.
 * check_all() and check_asid() are for operations that name everything, and all non-global entries of an ASID.
 */
void check_root(struct shadow *s, struct root *r);
void check_node(struct shadow *s, struct node *n, const struct root *r);
/* What wakes up, to be linked by @r, has held for as long as nobody knows. No TLB has anything of it. */
void check_waking(struct shadow *s, struct node *n, const struct root *r);
bool check_pages(struct shadow *s, struct node *n, u32 first, u32 last);
void check_all(struct shadow *s);
void check_asid(struct shadow *s, u32 asid);
/*
 * All of @n, which is of a second-level guest table, whose walks are as @r's; if @r does not link it, what changed is dropped. Other than for check_node() that does not settle this epoch: what
 * @n says may change again without a word until a root is selected that links it.
 */
void compare_table(struct shadow *s, struct node *n, const struct root *r);
/* One small page of @n, in both views: compare, and change what does not hold. And does it hold? */
void check_one(struct shadow *s, struct node *n, u32 idx);
bool check_holds(struct shadow *s, struct node *n, enum view view, u32 idx);

/* shadow_fill.c: descriptor bits for guest attribute @index of RAM or of a device, and an entry for a small page. */
u32 attr_bits(const struct shadow *s, u32 index, bool device);
#define PAGE_ATTR	0x5ccu		/* TEX, S, C, B */
static inline u32 page_entry(hpa_t target, u32 attr, u32 rights, bool exec)
{
	return (u32)target | attr | ap_page_bits(rights) | (exec ? 0 : L2_XN) | L2_NG | L2_SMALL;
}

/* guest_walk.c: the words of a short walk, where Umbra has them. */
struct walk_words {
	const volatile u32 *l1, *l2;	/* of @va's slot, of its first page */
	u32 l1desc;
};
/* Those for @va. False: there is no second-level table, or something about them is unusual. */
bool guest_walk_words(struct vcpu *v, gva_t va, struct walk_words *w);

/* window.c: page @nr of the window is that at @at from now on, privileged read-only. */
void window_show(struct shadow *s, u32 nr, hpa_t at);
/* window_walk.c: the window has no table any more. */
void window_walk_void(struct vcpu *v);
/*
 * shadow_check.c: what the low bits @low of a small page's descriptor grant in an entry for RAM in @view, page 0, as executable as the guest has it;
 * 0: nothing. There are not many kinds of them, so they are remembered.
 */
u32 low_bits_learn(struct shadow *s, struct low_bits *known, u32 key, u32 low, enum view view, bool manager);
static inline u32 low_bits(struct shadow *s, u32 low, enum view view, bool manager)
{
	u32 key = low | (u32)view << PAGE_SHIFT | (u32)manager << (PAGE_SHIFT + 1);
	struct low_bits *known = &s->low_bits[(low >> 4 ^ low >> 9) & (LOW_BITS - 1)];

	return known->key == key ? known->bits : low_bits_learn(s, known, key, low, view, manager);
}

/* guest_walk.c: a walk's result for @va from its descriptors, valid ones, @l2desc 0 for a section; the access flag is not looked at. */
void guest_leaf(struct walk *w, gva_t va, u32 l1desc, u32 l2desc);
/* The descriptor for @slot in @r's guest table. False: there is none. */
bool root_l1_desc(struct shadow *s, const struct root *r, u32 slot, u32 *desc);
/* Can nobody walk the guest's tables of now through the caches? */
bool guest_walks_uncached(const struct vcpu *v);

/* guest_walk.c: the same where walks are as simple as guest_walk_short() wants them. False: they are not. */
bool guest_l1_short(struct vcpu *v, gva_t va, u32 *desc);
/* guest_walk.c: the guest's first-level descriptor for @va as it is now (its MMU is on). False: there is none. */
bool guest_l1_desc(struct vcpu *v, gva_t va, u32 *desc);
/* Does the guest let walks of @va go through the caches? If not, descriptors may be newer in memory than in a line of ours. */
bool guest_walk_cached(struct vcpu *v, gva_t va);

/* window.c */
void window_write_root(struct shadow *s, struct root *r);
/* Is the slot nobody's: not Umbra's own mapping, the window, nor the guest's in its current tables and the current root? */
bool slot_is_unused(struct shadow *s, u32 slot);

/* stub_slot.c: the guest's translation registers changed, or its tables may have: is the stub area in the way of @va's slot? */
void stubs_check(struct shadow *s);
