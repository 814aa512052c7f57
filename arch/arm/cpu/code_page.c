// SPDX-License-Identifier: GPL-2.0-or-later
/* Scan on first execution and rewritten copies of guest code pages, keyed by guest physical page. */
/*
 * Every page of guest RAM has a state: not scanned, scanned without sites (executed where it is), or scanned with a
 * copy. While a page is scanned no writable mapping of it exists, so its sites stay what they were; a write or the
 * guest's instruction-cache maintenance drops it. A copy holds a trapping word (arm/site.h) in the place of each
 * site; the original word is read from the guest's own page. Or it is interpreted (arm/interp.h), and then it is neither scanned nor protected
 * from writing, and no privileged mode executes it as it is.
 *
 * A copy is of one instruction set. As soon as a guest's kernel executes T32 code somewhere, all pages are asked about both sets
 * (code_t32.c): one that is sensitive in both, or comes to be executed in the other set than its copy's, is interpreted. Of a T32 copy it is
 * kept what is known of its code; that grows when a trapping word is executed where no instruction was known to begin.
 *
 * A page whose copy makes room for another's stays protected from writing, so what its scan found stays true: its next copy is made of that.
 */
#include <arm/code_page.h>
#include <arm/cpu_path.h>
#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/shadow.h>
#include <arm/site.h>
#include <arm/sysreg.h>
#include <arm/window.h>
#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <string.h>

#include "code_scan.h"
#include "code_t32.h"

#define COPIES		CONFIG_CODE_PAGES
#ifndef KEPT			/* tests have fewer */
#define KEPT		(COPIES > 512 ? 256 : 1024)	/* pages without a copy of which it is kept what was found: who has many copies drops few */
#endif

/*
 * What trapping words call a copy: another name whenever one is made, and none comes again before all others. A guest that has not read its own
 * executed code cannot know one, so an SVC of its own is not taken for a word that it has copied from there (restore_moved_sites()).
 */
#define NAMES		(1u << SITE_COPY_BITS)
#define NAMES_KEPT	64u	/* names that are passed over for being kept, before one of them is given away */
#define NAME_STEP	10125u	/* odd, so all are reached; the golden section of NAMES, so no two in a row are near each other */
_Static_assert(COPIES < NAMES / 2, "names must not run out, nor come again soon");
_Static_assert(NAMES <= 0x4000, "states that keep a name must not be others");

/* Page states; other values are copy numbers. */
#define PAGE_UNKNOWN	0
#define PAGE_NAMED	0x8000	/* unknown as well; its last copy had the name in the low bits */
#define PAGE_KEPT	0xc000	/* its copy had to make room for another; the low bits say where it is kept what the scan found */
#define PAGE_CLEAN	0xffff
#define PAGE_INTERP	0xfffe
#define PAGE_CLEAN_T32	0xfffd	/* in T32 state only */
#define PAGE_BARE	0xfffc	/* clean, and nothing in it even looks like a site */
_Static_assert(PAGE_KEPT + KEPT <= PAGE_BARE, "states that say what is kept must not be others");

#define NOTHING		~0u	/* no page's address */
#define RANGES_MAX	8
#define MOVES_MAX	4u	/* a page that is executed at other addresses again and again gets words that do anywhere */

/*
 * Pages that were written while they were code, last. One that is written again and again, because data that changes stands beside
 * code, is interpreted for a while: for about the time that a scan takes, after which it gets one.
 */
#define CHURN_PAGES	8u
#define CHURN_WRITES	4u
#define CHURN_INSTRUCTIONS 512u
#define T32_AROUND	4u		/* halfwords on each side of one that may have been moved */
#define DOUBT_INSTRUCTIONS (64u * CHURN_INSTRUCTIONS)	/* a page that cannot be rewritten soundly stays so until it is written */
struct churn {
	gpa_t gpa;		/* 0: none */
	u32 writes;
	u32 left;		/* instructions to interpret, while it is */
	u32 sets;		/* RAN_A32, RAN_T32: what ran in it since it was looked at last */
};

/*
 * Pages of code that were stored into with nothing but the stored word changing (code_patch.c). Each such store is done by Umbra, and what is code
 * no more is better written by the guest itself. So a page has credit for a few, and for twice as many whenever it was executed after that: a page that
 * holds both is, and one that was given to something else is not.
 */
#define PATCH_PAGES	8u
#define PATCHES_FIRST	4u
#define PATCHES_MOST	64u
struct patched {
	gpa_t gpa;		/* 0: none */
	u16 credit, left;
	bool dropped;		/* since it was stored into last */
	struct code_patch known;
};

struct copy {
	gpa_t gpa;	/* the page it is a copy of */
	gva_t gva;	/* where it was mapped last */
	u16 name;	/* 0: was never made */
	bool live;
	bool used;	/* since the clock hand passed: a site trapped */
	bool user;	/* mapped for guest User mode too */
	bool bound;	/* some words are right at gva only, in privileged modes */
	bool movable;	/* was executed at another address as well: never bound */
	bool thumb;	/* its sites are those of T32 code */
	bool clear;	/* its scan had nothing to decide (struct code_scan) */
	bool dead;	/* dropped, and the pool page holds the guest's original words until it is taken again */
};

/* Of a page whose copy had to make room: what the copy was, to make it again. */
struct kept {
	gpa_t gpa;
	gva_t gva;	/* where it was mapped last */
	u16 name;	/* 0: was given to another copy since, or is of T32 code */
	u16 next;	/* of a free one: the next free one, or KEPT */
	bool used, thumb, clear;
	struct t32_known known;
	u32 trapped[T32_HALVES / 32];	/* of T32 code */
};

struct ram_range {
	gpa_t base;
	u32 size;
	u16 *state;	/* by page */
	u8 *moves;	/* by page: how often it was executed at another address than before; PAGE_MIXED */
};

struct code_pages {
	u32 nr_ranges;
	struct ram_range range[RANGES_MAX];
	hpa_t pool;		/* copy n is page n - 1 of it */
	u32 copies;		/* at most COPIES */
	struct copy *copy;	/* [1..copies] */
	u16 *called;		/* the copy that has a name, or 0 */
	gpa_t *name_of;		/* the page whose A32 copy last had a name, | 1, or 0 */
	u32 last_name;
	u32 live, hand;
	u32 scans, evictions, repairs, made_again;
	bool hot;		/* the window may handle sites by their kind */
	struct churn churn[CHURN_PAGES];
	u32 churn_hand;
	struct patched patched[PATCH_PAGES];
	u32 patched_hand;
	u32 patches;		/* stores that changed a word in its place */
	u32 doubts, either;	/* of all scans: struct code_scan */
	bool thumb;		/* the guest's kernel executes T32 code */
	u32 perhaps_a32;	/* words of the page that t32 is about that may be A32 sites */
	u32 reached, mixed;	/* T32 code that became known later; pages that are interpreted because they hold both sets, or seem to */
	struct t32_known *known;	/* [1..copies]; of an A32 copy its first half is a bit for each word that is a site */
	struct kept *kept;		/* [0..KEPT - 1] */
	u32 kept_free, kept_hand;	/* the first free one, or KEPT; the next that is given away when none is */
	u32 nr_kept;
	struct t32_known new_known;	/* of the page that t32 is about */
	struct t32_scan t32;
	gpa_t looked_at;	/* the page that scan is about, when it is about to be executed */
	struct code_scan scan;
};

static const struct ram_range *range_of(const struct code_pages *c, gpa_t gpa)
{
	for (u32 i = 0; i < c->nr_ranges; i++)
		if (gpa - c->range[i].base < c->range[i].size)
			return &c->range[i];
	return NULL;
}

static u16 *page_state(const struct code_pages *c, gpa_t gpa)
{
	const struct ram_range *r = range_of(c, gpa);

	return r ? &r->state[(gpa - r->base) >> PAGE_SHIFT] : NULL;
}

/* How often page @gpa, which is in a range, was executed at another address than before. */
#define PAGE_MIXED	0x80u	/* it holds both instruction sets, whatever the one that is executed next makes it look like */
#define PAGE_SUSPECT	0x40u	/* it looked so, and has not run in one set for long enough since */
#define PAGE_BOTH_SETS	(PAGE_MIXED | PAGE_SUSPECT)
#define PAGE_USER	0x20u	/* User mode has come to execute it, since its kernel's pages are scanned for it as well */
#define PAGE_KERNEL	0x10u	/* what it is rewritten to is for its kernel alone: User mode may execute T32 code there that looks like sites */
#define PAGE_ONE_SET	0x08u	/* it was in doubt for being open to User mode, and nothing but A32 code ran in it for long enough */
#define PAGE_MOVES	(PAGE_ONE_SET - 1)
_Static_assert(MOVES_MAX < PAGE_MOVES, "moves must not reach what stands above them");

static u8 *page_moves(const struct code_pages *c, gpa_t gpa)
{
	const struct ram_range *r = range_of(c, gpa);

	return &r->moves[(gpa - r->base) >> PAGE_SHIFT];
}

/* The guest's page @gpa, which is in a range. */
static u32 *page_words(struct vcpu *v, gpa_t gpa)
{
	return hpa_ptr(guest_map_hpa(&v->guest->map, gpa));
}

static hpa_t copy_hpa(const struct code_pages *c, u32 n)
{
	return c->pool + ((n - 1) << PAGE_SHIFT);
}

static bool is_copy(u16 state)
{
	return state != PAGE_UNKNOWN && state < PAGE_NAMED;
}

static bool is_unknown(u16 state)
{
	return state == PAGE_UNKNOWN || (state >= PAGE_NAMED && state < PAGE_NAMED + NAMES);
}

static bool is_kept(u16 state)
{
	return state >= PAGE_KEPT && state < PAGE_KEPT + KEPT;
}

static struct kept *kept_of(const struct code_pages *c, u16 state)
{
	return &c->kept[state - PAGE_KEPT];
}

static void kept_init(struct code_pages *c)
{
	for (u32 i = 0; i < KEPT; i++)
		c->kept[i] = (struct kept){ .next = (u16)(i + 1) };
	c->kept_free = c->kept_hand = c->nr_kept = 0;
}

static void kept_forget(struct code_pages *c, u16 state)
{
	*kept_of(c, state) = (struct kept){ .next = (u16)c->kept_free };
	c->kept_free = state - PAGE_KEPT;
	c->nr_kept--;
}

int code_pages_init(struct vcpu *v)
{
	const struct guest_map *m = &v->guest->map;
	struct code_pages *c = hv_alloc(sizeof(*c), 8);

	for (u32 i = 0; i < m->nr; i++) {
		struct ram_range *r = &c->range[c->nr_ranges];

		if (m->r[i].type != REGION_RAM)
			continue;
		if (c->nr_ranges == RANGES_MAX) {
			pr_err("guest %s: %s: more than %u memory regions\n", v->guest->name, m->r[i].name, RANGES_MAX);
			return -ENOSPC;
		}
		r->base = m->r[i].base;
		r->size = m->r[i].size;
		r->state = hv_alloc((r->size >> PAGE_SHIFT) * sizeof(u16), 8);
		r->moves = hv_alloc(r->size >> PAGE_SHIFT, 8);
		c->nr_ranges++;
	}
	c->copies = v->guest->cfg.copies ? v->guest->cfg.copies : COPIES;
	c->pool = ptr_hpa(hv_alloc(c->copies * PAGE_SIZE, PAGE_SIZE));
	c->copy = hv_alloc((c->copies + 1) * sizeof(struct copy), 8);
	c->called = hv_alloc(NAMES * sizeof(u16), 8);
	c->name_of = hv_alloc(NAMES * sizeof(gpa_t), 8);
	c->known = hv_alloc((c->copies + 1) * sizeof(struct t32_known), 8);
	c->kept = hv_alloc(KEPT * sizeof(struct kept), 8);
	kept_init(c);
	c->hot = !v->fast_off;
	c->looked_at = NOTHING;
	v->code = c;
	return 0;
}

void code_pages_reset(struct vcpu *v)
{
	struct code_pages *c = v->code;

	for (u32 i = 0; i < c->nr_ranges; i++) {
		memset(c->range[i].state, 0, (c->range[i].size >> PAGE_SHIFT) * sizeof(u16));
		memset(c->range[i].moves, 0, c->range[i].size >> PAGE_SHIFT);
	}
	memset(c->copy, 0, (c->copies + 1) * sizeof(struct copy));
	memset(c->called, 0, NAMES * sizeof(u16));
	memset(c->name_of, 0, NAMES * sizeof(gpa_t));
	memset(c->churn, 0, sizeof(c->churn));
	memset(c->patched, 0, sizeof(c->patched));
	kept_init(c);
	c->live = c->hand = 0;
	c->looked_at = NOTHING;
	v->code_gen++;
	c->thumb = false;
	v->t32_kernel = false;
	v->user_copies = 0;
}

static void release_copy(struct vcpu *v, u32 n)
{
	struct code_pages *c = v->code;

	memcpy(hpa_ptr(copy_hpa(c, n)), page_words(v, c->copy[n].gpa), PAGE_SIZE);
	c->copy[n].dead = true;
	window_sites_drop(v, c->copy[n].name);
	c->live--;
	v->user_copies -= c->copy[n].user;
	c->copy[n].live = false;
}

/* The name of the copy that a page of state @state, which is code, has or had; 0: it has none that could be kept. */
static u32 name_in(const struct code_pages *c, u16 state)
{
	if (is_kept(state))
		return kept_of(c, state)->name;
	return is_copy(state) && !c->copy[state].thumb ? c->copy[state].name : 0;
}

static struct patched *patched_find(struct code_pages *c, gpa_t gpa)
{
	for (u32 i = 0; i < PATCH_PAGES; i++)
		if (c->patched[i].gpa == gpa)
			return &c->patched[i];
	return NULL;
}

/* Page @gpa is code no more, as far as stores are concerned that changed words in it. */
static void patched_drop(struct code_pages *c, gpa_t gpa)
{
	struct patched *p = patched_find(c, gpa);

	if (p)
		p->dropped = true;
}

/*
 * Page @gpa is code no more. With @named its next copy gets the name of this one. Where copies often make room for others, names last only so:
 * each is what tells the words that the guest has read out of the copy and has not run yet.
 */
static void drop(struct vcpu *v, gpa_t gpa, bool named)
{
	struct code_pages *c = v->code;
	u16 *state = page_state(c, gpa);
	u32 n, name;

	gpa = ALIGN_DOWN(gpa, PAGE_SIZE);
	if (!state || is_unknown(*state) || *state == PAGE_INTERP)
		return;		/* what is interpreted is read again each time */
	n = is_copy(*state) ? *state : 0;
	name = named ? name_in(c, *state) : 0;
	if (is_kept(*state))
		kept_forget(c, *state);
	*state = name ? PAGE_NAMED | name : PAGE_UNKNOWN;
	v->code_gen++;
	patched_drop(c, gpa);
	if (n)
		release_copy(v, n);
	shadow_drop_page(v, gpa, n ? copy_hpa(c, n) : 0);
}

void code_page_drop(struct vcpu *v, gpa_t gpa)
{
	drop(v, gpa, false);
}

/* -- pages that are interpreted -- */

static struct churn *churn_find(struct code_pages *c, gpa_t gpa)
{
	for (u32 i = 0; i < CHURN_PAGES; i++)
		if (c->churn[i].gpa == gpa)
			return &c->churn[i];
	return NULL;
}

/* Page @n was interpreted for long enough. */
static void note_one_set(const struct code_pages *c, const struct churn *n)
{
	if (n->sets == RAN_A32)
		*page_moves(c, n->gpa) |= PAGE_ONE_SET;
}

/*
 * A new entry for @gpa. The page whose place it takes is scanned when it is executed next. One that was in doubt and ran A32 code alone has run for
 * long enough then: where many are, each would be scanned again and again, and none would ever have its time.
 */
static struct churn *churn_add(struct code_pages *c, gpa_t gpa)
{
	struct churn *n = &c->churn[c->churn_hand++ % CHURN_PAGES];
	u16 *state = n->gpa ? page_state(c, n->gpa) : NULL;

	if (state && *state == PAGE_INTERP) {
		*state = PAGE_UNKNOWN;
		note_one_set(c, n);
	}
	*n = (struct churn){ .gpa = gpa };
	return n;
}

static struct churn *churn_get(struct code_pages *c, gpa_t gpa)
{
	struct churn *n = churn_find(c, gpa);

	return n ? n : churn_add(c, gpa);
}

static void interpret_for(struct churn *n, u16 *state, u32 instructions)
{
	n->left = instructions;
	*state = PAGE_INTERP;
}

void code_page_written(struct vcpu *v, gpa_t gpa)
{
	struct code_pages *c = v->code;
	struct churn *n;

	gpa = ALIGN_DOWN(gpa, PAGE_SIZE);
	code_page_drop(v, gpa);
	*page_moves(c, gpa) &= PAGE_MOVES | PAGE_ONE_SET;	/* it may hold something else now, but code where data changes is what it was */
	if (!IS_ENABLED(CONFIG_CPU_PATH_INTERP))
		return;
	n = churn_get(c, gpa);
	n->sets = 0;
	if (++n->writes >= CHURN_WRITES)
		interpret_for(n, page_state(c, gpa), CHURN_INSTRUCTIONS);
}

/* -- both instruction sets -- */

/* Page @gpa cannot be made right for what it holds; without an interpreter it is for the set that is executed now. */
static void leave_mixed_page(struct vcpu *v, gpa_t gpa, u16 *state)
{
	struct churn *n = churn_find(v->code, ALIGN_DOWN(gpa, PAGE_SIZE));

	code_page_drop(v, gpa);
	if (!IS_ENABLED(CONFIG_CPU_PATH_INTERP))
		return;
	pr_guest(4, "guest %s: A32 and T32 code in the page of 0x%08x: interpreted, slow\n", v->guest->name, (unsigned)v->r[15]);
	v->code->mixed++;
	*page_moves(v->code, gpa) |= PAGE_MIXED;
	*state = PAGE_INTERP;
	if (n)
		*n = (struct churn){ 0 };	/* not for a while only */
}

/* The guest's kernel executes T32 code for the first time: what was scanned was scanned for A32 code alone. */
static void note_thumb_kernel(struct vcpu *v)
{
	struct code_pages *c = v->code;

	c->thumb = true;
	v->t32_kernel = true;
	c->looked_at = NOTHING;
	for (u32 i = 0; i < c->nr_ranges; i++)
		for (u32 k = 0; k < c->range[i].size >> PAGE_SHIFT; k++)
			code_page_drop(v, c->range[i].base + (k << PAGE_SHIFT));
}

/* Is page @state, which is code, right in the other instruction set than that which is executed now? */
static bool is_other_set(const struct vcpu *v, u16 state)
{
	bool thumb = v->cpsr & PSR_T;

	if (state == PAGE_CLEAN_T32)
		return !thumb;
	if (is_kept(state))
		return v->code->thumb && kept_of(v->code, state)->thumb != thumb;
	return is_copy(state) && v->code->thumb && v->code->copy[state].thumb != thumb;
}

void code_page_ran(struct vcpu *v)
{
	struct gfault f;
	struct walk w;
	u16 *state;

	if (!v->path->code || !vcpu_privileged(v) || !(v->code->thumb || v->cpsr & PSR_T))
		return;
	if (!v->code->thumb)
		note_thumb_kernel(v);
	if (guest_walk(v, v->r[15], ACC_EXEC, true, &w, &f))
		return;
	state = page_state(v->code, w.gpa);
	if (state && is_other_set(v, *state))
		leave_mixed_page(v, w.gpa, state);
}

/*
 * A page that is interpreted because it may hold both sets stays so for as long as both run in it. A kernel's first page holds A32 code that
 * only its loader enters.
 */
void code_page_spend(struct vcpu *v, gpa_t gpa, u32 instructions, u32 sets)
{
	struct churn *n = churn_find(v->code, ALIGN_DOWN(gpa, PAGE_SIZE));

	if (!n || *page_state(v->code, gpa) != PAGE_INTERP)
		return;
	n->sets |= sets;
	if (n->left > instructions) {
		n->left -= instructions;
	} else if (n->sets == RAN_BOTH) {
		n->sets = 0;
		n->left = DOUBT_INSTRUCTIONS;
	} else {
		*page_state(v->code, gpa) = PAGE_UNKNOWN;
		*page_moves(v->code, gpa) &= ~PAGE_SUSPECT;
		note_one_set(v->code, n);
	}
}

/* Is page @gpa about to be executed in the other set than the one that ran alone while it was interpreted? */
static bool ran_in_other_set(const struct vcpu *v, gpa_t gpa)
{
	const struct churn *n = churn_find(v->code, gpa);

	return n && n->sets && !(n->sets & (v->cpsr & PSR_T ? RAN_T32 : RAN_A32));
}

static void dump_interpreted(const struct ram_range *r)
{
	for (u32 i = 0; i < r->size >> PAGE_SHIFT; i++)
		if (r->state[i] == PAGE_INTERP)
			pr_info("code page 0x%08x is interpreted\n", (unsigned)(r->base + (i << PAGE_SHIFT)));
}

/* -- names -- */

/* The state of the page whose next copy is to have the name @name, or NULL. */
static u16 *keeper_of(const struct code_pages *c, u32 name)
{
	u16 *state = c->name_of[name] ? page_state(c, ALIGN_DOWN(c->name_of[name], PAGE_SIZE)) : NULL;

	if (!state || !(is_kept(*state) ? kept_of(c, *state)->name == name : *state == (PAGE_NAMED | name)))
		return NULL;
	return state;
}

static void lose_name(struct code_pages *c, u16 *state)
{
	if (is_kept(*state))
		kept_of(c, *state)->name = 0;
	else
		*state = PAGE_UNKNOWN;
}

/* The name that a page of state @state has kept, or 0. */
static u32 kept_name(u16 state)
{
	return is_unknown(state) ? state & (NAMES - 1) : 0;
}

/* A name that no copy has; one that is kept only if there seems to be no other. */
static u32 new_name(struct code_pages *c)
{
	u32 kept = 0;
	u16 *keeper;

	for (;;) {
		c->last_name = (c->last_name + NAME_STEP) % NAMES;
		if (!c->last_name || c->called[c->last_name])
			continue;
		keeper = keeper_of(c, c->last_name);
		if (keeper && ++kept <= NAMES_KEPT)
			continue;
		if (keeper)
			lose_name(c, keeper);
		return c->last_name;
	}
}

/* Copy @n, which is free, gets @name. */
static void set_name(struct code_pages *c, u32 n, u32 name)
{
	u32 before = c->called[name];

	if (before)
		c->copy[before].name = 0;	/* the same page's, dropped */
	c->called[c->copy[n].name] = 0;
	c->called[name] = (u16)n;
	c->name_of[name] = 0;
	c->copy[n].name = (u16)name;
}

/* -- copies that make room -- */

/* Where to keep what is known of one more page. That of another one goes if need be, which is code no more then. */
static u32 kept_take(struct vcpu *v)
{
	struct code_pages *c = v->code;
	u32 k;

	if (c->kept_free == KEPT) {
		drop(v, c->kept[c->kept_hand].gpa, true);
		c->kept_hand = (c->kept_hand + 1) % KEPT;
	}
	k = c->kept_free;
	c->kept_free = c->kept[k].next;
	c->nr_kept++;
	return k;
}

/* Copy @n makes room. Nothing may write its page meanwhile, as nothing could before. */
static void evict(struct vcpu *v, u32 n)
{
	struct code_pages *c = v->code;
	const struct copy *p = &c->copy[n];
	u32 k = kept_take(v);

	c->kept[k] = (struct kept){ .gpa = p->gpa, .gva = p->gva, .name = p->thumb ? 0 : p->name, .used = true, .thumb = p->thumb,
				   .clear = p->clear };
	c->kept[k].known = c->known[n];
	if (p->thumb)
		t32_keep(hpa_ptr(copy_hpa(c, n)), &c->known[n], c->kept[k].trapped);
	drop(v, p->gpa, false);
	shadow_protect_page(v, c->kept[k].gpa, false);
	*page_state(c, c->kept[k].gpa) = (u16)(PAGE_KEPT + k);
	c->evictions++;
}

/* A free copy; when there is none, drop one by the clock (second chance) algorithm. */
static u32 take_copy(struct vcpu *v)
{
	struct code_pages *c = v->code;
	struct copy *p;

	for (;;) {
		c->hand = c->hand % c->copies + 1;
		p = &c->copy[c->hand];
		if (!p->live)
			break;
		if (c->live < c->copies)
			continue;
		if (!p->used) {
			evict(v, c->hand);
			break;
		}
		p->used = false;
	}
	*p = (struct copy){ .name = p->name, .live = true, .used = true };
	c->live++;
	return c->hand;
}

/*
 * Copy @n is ready. The guest's own page has been clean since shadow_protect_page() or see_afresh(): while it is code nothing dirties it, and what the
 * guest cleans at the address where it executes is the copy.
 */
static void publish_copy(struct vcpu *v, u32 n)
{
	const struct code_pages *c = v->code;

	arch_dcache_clean_range(copy_hpa(c, n), PAGE_SIZE);
	arch_icache_invalidate_all();
}

/* Fill copy @n of @gpa with the sites that the scan found, ready to be executed. */
static void write_copy(struct vcpu *v, u32 n, gpa_t gpa)
{
	struct code_pages *c = v->code;
	struct code_site at = { .page = page_words(v, gpa), .copy = c->copy[n].name, .gva = c->copy[n].gva, .movable = c->copy[n].movable };
	u32 *dst = hpa_ptr(copy_hpa(c, n));

	c->name_of[at.copy] = (u32)gpa | 1;
	memcpy(dst, at.page, PAGE_SIZE);
	c->known[n] = (struct t32_known){ 0 };
	for (u32 k = 0; k < c->scan.nr_sites; k++) {
		at.index = c->scan.site[k];
		dst[at.index] = v->path->code->word(v, &at);
		c->known[n].start[at.index / 32] |= BIT(at.index % 32);
	}
	c->copy[n].bound = at.bound;
	c->copy[n].clear = c->scan.clear;
	publish_copy(v, n);
}

/* Let @s be about copy @n. */
static void t32_of_copy(struct vcpu *v, struct t32_scan *s, u32 n)
{
	struct code_pages *c = v->code;

	s->page = (const u16 *)page_words(v, c->copy[n].gpa);
	s->before = NULL;
	s->copy = c->copy[n].name;
	s->hot = !v->fast_off;
	s->known = &c->known[n];
	s->to = hpa_ptr(copy_hpa(c, n));
}

static void write_copy_t32(struct vcpu *v, u32 n)
{
	struct code_pages *c = v->code;

	c->known[n] = c->new_known;
	t32_of_copy(v, &c->t32, n);
	t32_write(&c->t32);
	publish_copy(v, n);
}

/* The guest's words of the page that copy @n is or was made of, or NULL when they are gone. */
static const u32 *copy_originals(struct vcpu *v, u32 n)
{
	const struct code_pages *c = v->code;

	if (c->copy[n].thumb)
		return NULL;
	if (c->copy[n].live)
		return page_words(v, c->copy[n].gpa);
	return c->copy[n].dead ? hpa_ptr(copy_hpa(c, n)) : NULL;
}

/*
 * The same for the copy that has or had the name @name. When that is gone altogether, as copies come and go quickly where there are few, the page
 * itself as it is now: what is taken for its word must have the same neighbours.
 */
static const u32 *originals(struct vcpu *v, u32 name)
{
	const struct code_pages *c = v->code;

	if (c->called[name])
		return copy_originals(v, c->called[name]);
	return c->name_of[name] ? page_words(v, ALIGN_DOWN(c->name_of[name], PAGE_SIZE)) : NULL;
}

/* May @word be what the path has put into the copy called @name in the place of the word at @index of @orig, its page? */
static bool may_replace(struct vcpu *v, u32 word, const u32 *orig, u32 name, u32 index)
{
	u32 copy, at;

	for (u32 nth = 0; v->path->code->origin(v, word, nth, &copy, &at); nth++)
		if (copy == name && (at == SITE_ANYWHERE ? site_word(orig, index, name, v->code->hot) == word : at == index))
			return true;
	return false;
}

/* A site, or a load that reads the original of one. */
static bool may_be_replaced(const u32 *page, u32 i)
{
	struct insn in;

	if (code_scan_candidate(page, i))
		return true;
	a32_decode(page[i], &in);
	return in.op == INSN_LDR || in.op == INSN_LDM || in.op == INSN_VFP_LS;
}

#define ALL_AROUND	4	/* likeness; */
#define LIKE_ENOUGH	2	/* the least */

/*
 * The word at @i of @page may be what stood for the word at @index of @orig, the page of the copy called @name. Returns how many of the four
 * words around it are the site's neighbours as well, which tells one from the other and from an SVC or B of the guest; -1: it is not.
 */
static s32 moved_likeness(struct vcpu *v, const u32 *page, u32 i, const u32 *orig, u32 name, u32 index)
{
	static const s32 around[] = { -2, -1, 1, 2 };
	s32 same = 0;

	for (u32 k = 0; k < ARRAY_SIZE(around); k++) {
		u32 here = i + (u32)around[k], there = index + (u32)around[k];

		if (here < SCAN_WORDS && there < SCAN_WORDS)
			same += page[here] == orig[there] || may_replace(v, page[here], orig, name, there);
	}
	if (same < LIKE_ENOUGH || !may_be_replaced(orig, index) || !may_replace(v, page[i], orig, name, index))
		return -1;
	return same;
}

/*
 * Where the moved words of one page come from. As long as one comes from right behind where the one before did, which is so wherever code was
 * copied, that place is all that is looked at. The others are looked for, up to a bound: a page that a guest filled with such words, none of
 * which comes from anywhere, would take half a second. It lets a page through in which 512 words come from all over another one.
 */
#define MOVED_LOOKS	32768u
#define SEARCH_LOOKS	8u	/* a search for a word takes as long */

struct moved_search {
	struct vcpu *v;
	const u32 *page;	/* whose moved words these are */
	u32 looks;		/* places that may still be compared */
	u32 name, ahead;	/* of the last one that was found: its copy, and by how much its place is ahead */
	u32 i;			/* the one that is looked for now, */
	const u32 *orig;	/* a page that it may come from, */
	u32 orig_name;		/* the name of its copy, */
	struct {
		const u32 *word;	/* NULL: none */
		s32 likeness;
		u32 name, index;
	} best;			/* and the best place so far */
};

static void spend_looks(struct moved_search *s, u32 looks)
{
	s->looks -= MIN(s->looks, looks);
}

static void moved_try(struct moved_search *s, u32 index)
{
	s32 same;

	if (!s->looks || index >= SCAN_WORDS)
		return;
	spend_looks(s, 1);
	same = moved_likeness(s->v, s->page, s->i, s->orig, s->orig_name, index);
	if (same <= s->best.likeness)
		return;
	s->best.word = &s->orig[index];
	s->best.likeness = same;
	s->best.name = s->orig_name;
	s->best.index = index;
}

/* Each @word of the page, until one is like @enough. */
static void moved_try_words(struct moved_search *s, u32 word, s32 enough)
{
	const u32 *end = s->orig + SCAN_WORDS;
	const u32 *w = word_find(s->orig, end, ~0u, word);

	spend_looks(s, SEARCH_LOOKS);
	for (; w < end && s->looks && s->best.likeness < enough; w = word_find(w + 1, end, ~0u, word))
		moved_try(s, (u32)(w - s->orig));
}

/* A trapping word may come from anywhere in the page. Those of SITE_KIND_C say its index mod 16, most others which word it was. */
static void moved_try_all(struct moved_search *s)
{
	u32 trap = s->page[s->i], word = site_original(trap, 0);
	s32 enough = word && !site_original(trap, 1) ? LIKE_ENOUGH : ALL_AROUND;

	if (s->orig_name == s->name)
		moved_try(s, s->i + s->ahead);
	for (u32 any = trap & 0xf; !word && any < SCAN_WORDS && s->best.likeness < enough; any += 16)
		moved_try(s, any);
	for (u32 nth = 1; word && s->best.likeness < enough; word = site_original(trap, nth++))
		moved_try_words(s, word, enough);
}

/* The guest's word that the word at @i of the page stood for; NULL: it is the guest's own, or there was too much to look at. */
static const u32 *moved_from(struct moved_search *s, u32 i)
{
	u32 index;

	s->i = i;
	s->best.word = NULL;
	s->best.likeness = LIKE_ENOUGH - 1;
	for (u32 nth = 0; s->looks && s->v->path->code->origin(s->v, s->page[i], nth, &s->orig_name, &index); nth++) {
		s->orig = originals(s->v, s->orig_name);
		if (s->orig && index != SITE_ANYWHERE)
			moved_try(s, index);
		else if (s->orig)
			moved_try_all(s);
	}
	if (s->best.word) {
		s->name = s->best.name;
		s->ahead = s->best.index - i;
	}
	return s->best.word;
}

/*
 * Code that copies code it has run reads what stands in the copy that it runs from. Where such a word turns up in a page
 * that is about to be executed, the guest meant the original, which the copy it came from still knows, dropped or not. The first look
 * at the page named the words that may be one. True: one was put back.
 */
static bool restore_moved_sites(struct vcpu *v, gpa_t gpa)
{
	struct code_pages *c = v->code;
	u32 *page = page_words(v, gpa), repairs = c->repairs;
	struct moved_search search = { .v = v, .page = page, .looks = MOVED_LOOKS };

	for (u32 k = 0; k < c->scan.nr_moved; k++) {
		u32 i = c->scan.moved[k], name, at;
		const u32 *word;

		if (!search.looks || !v->path->code->origin(v, page[i], 0, &name, &at))
			continue;	/* which is so for nearly all */
		word = moved_from(&search, i);
		if (!word)
			continue;
		page[i] = *word;
		arch_dcache_clean_range(ptr_hpa(&page[i]), 4);
		c->repairs++;
	}
	return c->repairs != repairs;
}

/*
 * Page @gpa is about to be looked at. What the guest wrote last may have gone past the cache, by a mapping that is not cacheable, while a line of
 * Umbra's has what was there before (A3.5.7): it must be seen as the guest will execute it, and a word that is put back must not bring old ones with it.
 */
static void see_afresh(struct vcpu *v, gpa_t gpa)
{
	arch_dcache_flush_range(guest_map_hpa(&v->guest->map, gpa), PAGE_SIZE);
}

bool code_page_restore(struct vcpu *v, gpa_t gpa, u32 word)
{
	u32 copy, index;

	if (!v->path->code || !vcpu_privileged(v) || !v->path->code->origin(v, word, 0, &copy, &index))
		return false;
	see_afresh(v, ALIGN_DOWN(gpa, PAGE_SIZE));
	code_scan_first(&v->code->scan, page_words(v, ALIGN_DOWN(gpa, PAGE_SIZE)), 0);
	v->code->looked_at = NOTHING;
	return restore_moved_sites(v, ALIGN_DOWN(gpa, PAGE_SIZE));
}

/* The guest's page of RAM at virtual page @gva, or NULL. */
static const u32 *neighbour(struct vcpu *v, gva_t gva)
{
	struct gfault f;
	struct walk w;

	if (guest_walk(v, gva, ACC_READ, true, &w, &f) || !page_state(v->code, w.gpa))
		return NULL;
	return page_words(v, ALIGN_DOWN(w.gpa, PAGE_SIZE));
}

/* At which word A32 code of the page at @gva is about to be executed; SCAN_WORDS: none. */
static u32 entry_of(const struct vcpu *v, gva_t gva)
{
	return v->cpsr & PSR_T || (v->r[15] ^ gva) & PAGE_MASK ? SCAN_WORDS : v->r[15] % PAGE_SIZE / 4;
}

/*
 * How many sites the page has, now that it is about to be executed at @gva. Its neighbours matter only if there may be one, or if it
 * reads out of itself.
 */
static u32 scan_page(struct vcpu *v, gpa_t gpa, gva_t gva)
{
	const u32 *page[3] = { NULL, page_words(v, gpa), NULL };
	struct code_pages *c = v->code;
	u32 n, entry = entry_of(v, gva);

	gva &= PAGE_MASK;
	c->scans++;
	c->scan.nr_out = 0;
	c->scan.interpret = c->scan.bare = c->scan.clear = false;
	n = code_scan_first(&c->scan, page[1], gva);
	if (vcpu_privileged(v) && restore_moved_sites(v, gpa))
		n = code_scan_first(&c->scan, page[1], gva);
	if (!n && !code_scan_reads_out(&c->scan) && !code_doubt_runs_pointer(&c->scan, entry)) {
		c->scan.bare = c->scan.clear = !c->scan.nr_pointers;
		return 0;
	}
	if (gva)
		page[0] = neighbour(v, gva - PAGE_SIZE);
	if (gva != PAGE_MASK)
		page[2] = neighbour(v, gva + PAGE_SIZE);
	code_scan(&c->scan, page);
	n = code_doubt(&c->scan, page, entry);
	c->scan.clear = !c->scan.nr_out && !c->scan.read && !c->scan.nr_pointers;
	c->doubts += c->scan.nr_doubts;
	c->either += c->scan.nr_either;
	return n;
}

/*
 * Does User mode execute page @gpa at @gva as well? It has done so, or it may: but that says little, because boot loaders, decompressors and
 * kernels without protection map everything for all modes. So this is only believed until enough of the page was executed as A32 code. User
 * mode's first fetch cannot be missed. With the MMU off one set of code owns the machine.
 */
static bool is_common(struct vcpu *v, gpa_t gpa, gva_t gva)
{
	u8 moves = *page_moves(v->code, gpa);
	struct gfault f;
	struct walk w;

	if (!(v->cp15.sctlr & SCTLR_M))
		return false;
	return moves & PAGE_USER || (!(moves & PAGE_ONE_SET) && !guest_walk(v, gva, ACC_EXEC, false, &w, &f));
}

/* Is page @gpa about to be executed by its kernel, which has A32 code only as far as is known, and for long in this page? */
static bool is_kernels(const struct vcpu *v, gpa_t gpa)
{
	return vcpu_privileged(v) && !v->code->thumb && *page_moves(v->code, gpa) & PAGE_ONE_SET;
}

/*
 * Must User mode, which is about to execute page @gpa, not do so because of what is or would be made of it for its kernel? What is made for one that
 * has T32 code as well, is for both.
 */
static bool is_kept_from_user(const struct vcpu *v, gpa_t gpa)
{
	return !vcpu_privileged(v) && !v->code->thumb && v->cp15.sctlr & SCTLR_M && *page_moves(v->code, gpa) & PAGE_KERNEL;
}

/* Only User mode's code had page @gpa interpreted, and now its kernel comes to execute it. */
static void take_for_kernel(struct vcpu *v, gpa_t gpa, u16 *state)
{
	if (*state == PAGE_INTERP && is_kernels(v, gpa) && *page_moves(v->code, gpa) & PAGE_KERNEL)
		*state = PAGE_UNKNOWN;
}

/* User mode is about to execute page @gpa, which no entry lets it do before this is asked. What was made of the page may be for its kernel alone. */
static void note_user_fetch(struct vcpu *v, gpa_t gpa)
{
	u8 *moves = page_moves(v->code, gpa);

	if (!IS_ENABLED(CONFIG_CPU_PATH_INTERP) || vcpu_privileged(v) || *moves & PAGE_USER || !(v->cp15.sctlr & SCTLR_M))
		return;	/* without the interpreter nothing is kept from User mode */
	*moves |= PAGE_USER;
	v->code->looked_at = NOTHING;
	code_page_drop(v, gpa);
}

/* -- stores that change a word in its place -- */

/* Page @gpa, which is code, and its neighbours, as code_patch_fits() wants them. */
static void pages_around(struct vcpu *v, gpa_t gpa, gva_t gva, const u32 *page[3])
{
	page[0] = gva ? neighbour(v, gva - PAGE_SIZE) : NULL;
	page[1] = page_words(v, gpa);
	page[2] = gva != PAGE_MASK ? neighbour(v, gva + PAGE_SIZE) : NULL;
}

/* What is known of page @gpa, to which stores begin, or begin again. */
static struct patched *patched_get(struct code_pages *c, gpa_t gpa)
{
	struct patched *p = patched_find(c, gpa);

	if (p && !p->dropped)
		return p;
	if (p)
		p->credit = (u16)MIN(2u * p->credit, PATCHES_MOST);
	else
		*(p = &c->patched[c->patched_hand++ % PATCH_PAGES]) = (struct patched){ .gpa = gpa, .credit = PATCHES_FIRST };
	p->left = p->credit;
	p->dropped = false;
	p->known = (struct code_patch){ 0 };
	return p;
}

/* The copy of page state @state; 0: the page itself is executed as A32 code, and nothing in it looks like a site; else PAGE_CLEAN. */
static u32 patchable(u16 state)
{
	return state == PAGE_BARE ? 0 : is_copy(state) ? state : PAGE_CLEAN;
}

bool code_page_takes_stores(struct vcpu *v, gpa_t gpa)
{
	const u16 *state = page_state(v->code, gpa);
	const struct patched *p = patched_find(v->code, ALIGN_DOWN(gpa, PAGE_SIZE));

	return state && v->path->code && patchable(*state) != PAGE_CLEAN && (!p || p->dropped || p->left) &&
	       code_patch_may_begin(page_words(v, ALIGN_DOWN(gpa, PAGE_SIZE)), (u32)gpa % PAGE_SIZE / 4);
}

/* Does a table branch stand in @page before word @end, were all T32 code? */
static bool has_table_branch(const u32 *page, u32 end)
{
	const u32 *last = page + end;

	return word_find(page, last, 0xffff, T32_TB_PC) < last || word_find(page, last, 0xffff0000, T32_TB_PC << 16) < last;
}

/* May word @i be of a table? No store adds a table branch (t32_patch_fits()), so it is found out once whether there is any. */
static bool may_be_of_table(const u32 *page, u32 i, struct code_patch *known)
{
	if (known->tables == CODE_TABLES_UNKNOWN)
		known->tables = has_table_branch(page, SCAN_WORDS) ? CODE_TABLES : CODE_TABLES_NONE;
	return known->tables == CODE_TABLES && has_table_branch(page, i);
}

/* May word @i of @page, of which @n is the copy, of T32 code, become @word with nothing else changing? Then the page still holds no A32 code. */
static bool patch_fits_t32(const struct code_pages *c, u32 n, const u32 *page, u32 i, u32 word, struct code_patch *known)
{
	return code_patch_is_bare(&word, 1) && t32_patch_fits((const u16 *)page, hpa_ptr(copy_hpa(c, n)), &c->known[n], i, word) &&
	       !may_be_of_table(page, i, known);
}

/* The same of A32 code. Where the kernel has T32 code as well, nothing may come to look like that. */
static bool patch_fits_a32(struct vcpu *v, gpa_t gpa, u32 n, u32 i, u32 word, struct code_patch *known)
{
	const struct code_pages *c = v->code;
	const u32 *now = hpa_ptr(copy_hpa(c, n)), *page[3] = { NULL, page_words(v, gpa), NULL };

	if (n && (now[i] != page[1][i] || site_looks_at(page[1], i) || (v->path->code->covers && v->path->code->covers(v, now, i, c->copy[n].gva))))
		return false;
	if (c->thumb && !(t32_no_sites_near((const u16 *)page[1], i, page[1][i]) && t32_no_sites_near((const u16 *)page[1], i, word)))
		return false;
	if (n)
		pages_around(v, gpa, c->copy[n].gva, page);
	known->bare = !n;
	known->clear = n && c->copy[n].clear;
	return code_patch_fits(page, i, word, known);
}

/* May word @i of page @gpa, of which @n is the copy (0: none), become @word with nothing else changing? */
static bool patch_fits(struct vcpu *v, gpa_t gpa, u32 n, u32 i, u32 word)
{
	struct code_pages *c = v->code;
	struct patched *p = patched_get(c, gpa);

	if (!p->left)
		return false;
	if (!(n && c->copy[n].thumb ? patch_fits_t32(c, n, page_words(v, gpa), i, word, &p->known) : patch_fits_a32(v, gpa, n, i, word, &p->known)))
		return false;
	p->left--;
	return true;
}

/* @at is to hold @word, in memory as in the caches. */
static void set_word(hpa_t at, u32 word)
{
	*(volatile u32 *)hpa_ptr(at) = word;
	arch_dcache_clean_range(at, 4);
}

bool code_page_store(struct vcpu *v, gpa_t gpa, u32 size, u32 value)
{
	u32 shift = 8 * ((u32)gpa & 3), bits = size == 4 ? ~0u : ((1u << 8 * size) - 1) << shift, i = (u32)gpa % PAGE_SIZE / 4, n, word;
	gpa_t page = ALIGN_DOWN(gpa, PAGE_SIZE);
	hpa_t at = guest_map_hpa(&v->guest->map, page) + 4 * i;

	if (!code_page_takes_stores(v, gpa))
		return false;
	n = patchable(*page_state(v->code, gpa));
	arch_dcache_flush_range(at, 4);		/* as see_afresh(), for the other bytes */
	word = (*(const u32 *)hpa_ptr(at) & ~bits) | (value << shift & bits);
	if (!patch_fits(v, page, n, i, word))
		return false;
	set_word(at, word);
	if (n)
		set_word(copy_hpa(v->code, n) + 4 * i, word);
	arch_icache_invalidate_all();
	v->code_gen++;
	v->code->patches++;
	return true;
}

/* Is word @i of copy @n, of which a device may have written the page, still what it was made to be? What was replaced does not say. */
static bool is_as_copied(const struct code_pages *c, u32 n, const u32 *page, u32 i)
{
	const u32 *copy = hpa_ptr(copy_hpa(c, n));

	if (c->copy[n].thumb)
		return copy[i] == page[i] && !site_may_be_t32((u16)page[i]) && !site_may_be_t32((u16)(page[i] >> 16));
	return copy[i] == page[i] && !(c->known[n].start[i / 32] >> i % 32 & 1);
}

/* Would none of the @n words of @page from @first on be a site, or a part of one, in T32 code? A page without a copy is executed in either set. */
static bool has_no_t32_sites(const u32 *page, u32 first, u32 n)
{
	for (u32 i = first; i < first + n; i++)
		if (!t32_no_sites_near((const u16 *)page, i, page[i]))
			return false;
	return true;
}

bool code_page_line_holds(struct vcpu *v, gpa_t gpa, u32 size)
{
	const u16 *state = page_state(v->code, gpa);
	u32 first = (u32)gpa % PAGE_SIZE / size * size / 4, n;
	const u32 *page;

	if (!state || !v->path->code)
		return false;
	n = patchable(*state);
	if (n == PAGE_CLEAN)
		return false;
	gpa = ALIGN_DOWN(gpa, PAGE_SIZE);
	page = page_words(v, gpa);
	arch_dcache_flush_range(guest_map_hpa(&v->guest->map, gpa) + 4 * first, size);	/* see_afresh() */
	if (!n)
		return code_patch_is_bare(page + first, size / 4) && (!v->code->thumb || has_no_t32_sites(page, first, size / 4));
	for (u32 i = first; i < first + size / 4; i++)
		if (!is_as_copied(v->code, n, page, i))
			return false;
	return true;
}

/* How many instructions of an IT block are still to come (A2.5.2). */
static u32 it_left(const struct vcpu *v)
{
	u32 low = FIELD(v->cpsr, 11, 10) << 2 | FIELD(v->cpsr, 26, 25);

	return low ? 4 - (u32)__builtin_ctz(low) : 0;
}

static void scan_page_t32(struct vcpu *v, gpa_t gpa, gva_t gva)
{
	struct code_pages *c = v->code;

	gva &= PAGE_MASK;
	c->scans++;
	c->t32.page = (const u16 *)page_words(v, gpa);
	c->t32.before = gva ? (const u16 *)neighbour(v, gva - PAGE_SIZE) : NULL;
	c->t32.known = &c->new_known;
	t32_scan(&c->t32, (v->r[15] ^ gva) & PAGE_MASK ? T32_NO_ENTRY : v->r[15] % PAGE_SIZE / 2, it_left(v));
}

static bool is_word_a32(const void *page, u32 i)
{
	return code_doubt_is_a32(page, i);
}

/*
 * A page that is to be executed in A32 state, where it has @n sites: would it be wrong with these replaced? If only for User mode, that is kept
 * in mind, and it is right for its kernel.
 */
static bool is_doubtful(struct vcpu *v, u32 n, gpa_t gpa, gva_t gva)
{
	struct code_scan *s = &v->code->scan;
	u8 *moves = page_moves(v->code, gpa);

	*moves &= ~PAGE_KERNEL;
	if (s->interpret)
		return true;
	if (!n || !is_common(v, gpa, gva) || !code_doubt_t32(s, entry_of(v, gva)))
		return false;
	*moves |= v->code->thumb ? 0 : PAGE_KERNEL;
	return !is_kernels(v, gpa);
}

/* The same of User mode's T32 code, where the page has @n sites if it is A32 code. */
static bool is_doubtful_t32(struct vcpu *v, u32 n, gpa_t gpa)
{
	struct code_scan *s = &v->code->scan;
	bool yes = n || s->nr_out;

	*page_moves(v->code, gpa) &= ~PAGE_KERNEL;
	if (yes && !s->interpret)
		*page_moves(v->code, gpa) |= PAGE_KERNEL;
	return yes;
}

/* Of a kernel that executes both sets. What was found is left for new_state(). */
static bool is_mixed(struct vcpu *v, gpa_t gpa, gva_t gva)
{
	struct code_pages *c = v->code;

	if (!(v->cpsr & PSR_T)) {
		c->t32.page = (const u16 *)page_words(v, gpa);
		return is_doubtful(v, scan_page(v, gpa, gva), gpa, gva) || t32_may_have_sites(&c->t32, is_word_a32, page_words(v, gpa));
	}
	if (code_doubt_a32(page_words(v, gpa), &c->perhaps_a32))
		return true;
	scan_page_t32(v, gpa, gva);
	return c->t32.conflict;
}

/* Scan page @gpa, which is not known yet, and leave what was found for new_state(). Must it be interpreted? */
static bool must_be_interpreted(struct vcpu *v, gpa_t gpa, gva_t gva)
{
	struct code_pages *c = v->code;
	bool yes;
	u32 n;

	see_afresh(v, gpa);
	if (c->thumb) {
		yes = *page_moves(c, gpa) & PAGE_BOTH_SETS || ran_in_other_set(v, gpa) || is_mixed(v, gpa, gva);
		c->mixed += yes;
		if (yes)
			*page_moves(c, gpa) |= PAGE_SUSPECT;
	} else {
		n = scan_page(v, gpa, gva);
		yes = v->cpsr & PSR_T ? is_doubtful_t32(v, n, gpa) : is_doubtful(v, n, gpa, gva);
	}
	c->looked_at = yes ? NOTHING : gpa;
	if (yes)
		vcpu_count(v, EXIT_SCAN);
	return yes;
}

/* Scan the page that is to be executed, unless it was looked at just now. PAGE_UNKNOWN: it needs a copy. */
static u16 scan_for_state(struct vcpu *v, gpa_t gpa, gva_t gva)
{
	struct code_pages *c = v->code;
	bool done = c->looked_at == gpa;

	c->looked_at = NOTHING;
	vcpu_count(v, EXIT_SCAN);
	if (!(v->cpsr & PSR_T)) {
		if (!done)
			scan_page(v, gpa, gva);
		return c->scan.nr_sites ? PAGE_UNKNOWN : c->scan.bare ? PAGE_BARE : PAGE_CLEAN;
	}
	if (!done) {
		code_doubt_a32(page_words(v, gpa), &c->perhaps_a32);
		scan_page_t32(v, gpa, gva);
	}
	return c->t32.sites || c->t32.traps ? PAGE_UNKNOWN : c->perhaps_a32 ? PAGE_CLEAN_T32 : PAGE_CLEAN;
}

/* The copy of a page, of what was found in it; it gets @name, or a new one (0). */
static u16 make_copy(struct vcpu *v, gpa_t gpa, gva_t gva, bool thumb, u32 name)
{
	struct code_pages *c = v->code;
	u32 n = take_copy(v);

	set_name(c, n, name ? name : new_name(c));
	c->copy[n].gpa = gpa;
	c->copy[n].gva = gva & PAGE_MASK;
	c->copy[n].movable = (*page_moves(c, gpa) & PAGE_MOVES) >= MOVES_MAX;
	c->copy[n].thumb = thumb;
	if (thumb)
		write_copy_t32(v, n);
	else
		write_copy(v, n, gpa);
	return (u16)n;
}

/* Scan a page of state @before, which is unknown, and make its copy if it needs one. */
static u16 new_state(struct vcpu *v, gpa_t gpa, gva_t gva, u16 before)
{
	bool thumb = v->cpsr & PSR_T;
	u16 state;

	if (thumb && !v->code->thumb)
		return PAGE_CLEAN;	/* of User mode; its kernel executes none */
	state = scan_for_state(v, gpa, gva);
	if (state != PAGE_UNKNOWN)
		return state;
	return make_copy(v, gpa, gva, thumb, thumb ? 0 : kept_name(before));
}

/* As if a scan had found them just now. */
static void find_again(struct code_scan *s, const u32 *sites)
{
	s->nr_sites = 0;
	for (u32 i = 0; i < SCAN_WORDS / 32; i++)
		for (u32 left = sites[i]; left; left &= left - 1)
			s->site[s->nr_sites++] = (u16)(32 * i + (u32)__builtin_ctz(left));
}

/* The copy of a page that had to make room, again. */
static void make_again(struct vcpu *v, gpa_t gpa, u16 *state)
{
	struct code_pages *c = v->code;
	const struct kept *k = kept_of(c, *state);
	u32 name = k->name;
	gva_t gva = k->gva;
	bool thumb = k->thumb;

	c->looked_at = NOTHING;
	c->new_known = k->known;
	if (thumb)
		t32_find_again(&c->t32, k->trapped);
	else
		find_again(&c->scan, k->known.start);
	c->scan.clear = k->clear;
	kept_forget(c, *state);
	*state = PAGE_UNKNOWN;
	*state = make_copy(v, gpa, gva, thumb, name);
	c->made_again++;
	v->code_gen++;
}

/* What was found in a page holds where it was looked at. */
static void forget_elsewhere(struct vcpu *v, gpa_t gpa, gva_t gva, u16 state)
{
	if (is_kept(state) && kept_of(v->code, state)->gva != (gva & PAGE_MASK))
		drop(v, gpa, true);
}

bool code_page_interpreted(struct vcpu *v, gpa_t gpa, gva_t gva)
{
	u16 *state = page_state(v->code, gpa);

	if (!state || !v->path->code)
		return false;
	note_user_fetch(v, gpa);
	if (v->cpsr & PSR_T && vcpu_privileged(v) && !v->code->thumb)
		note_thumb_kernel(v);
	if (is_other_set(v, *state))
		leave_mixed_page(v, gpa, state);
	if (!IS_ENABLED(CONFIG_CPU_PATH_INTERP))
		return false;
	forget_elsewhere(v, gpa, gva, *state);
	take_for_kernel(v, gpa, state);
	if (is_unknown(*state) && must_be_interpreted(v, ALIGN_DOWN(gpa, PAGE_SIZE), gva)) {
		interpret_for(churn_get(v->code, ALIGN_DOWN(gpa, PAGE_SIZE)), state, DOUBT_INSTRUCTIONS);
		shadow_forget_user(v, ALIGN_DOWN(gpa, PAGE_SIZE));	/* it was, where nothing was scanned for both */
	}
	return *state == PAGE_INTERP || is_kept_from_user(v, gpa);
}

static bool looks_privileged(struct vcpu *v, gpa_t page)
{
	const u32 *words = page_words(v, page);

	return code_doubt_is_privileged(words, v->cpsr & PSR_T) || (v->code->thumb && t32_is_privileged((const u16 *)words));
}

/*
 * What is written to a page that is interpreted, nobody sees. One that held both sets is for good; if nothing of its kernel's is left
 * there when User mode comes to execute it, it was given to a program.
 */
static bool was_given_away(struct vcpu *v, gpa_t page, u16 *state)
{
	u8 *moves = page_moves(v->code, page);

	if (!(*moves & PAGE_MIXED) || looks_privileged(v, page))
		return false;
	*moves &= ~PAGE_BOTH_SETS;
	*state = PAGE_UNKNOWN;
	return true;
}

bool code_page_is_privileged(struct vcpu *v, gpa_t gpa, bool seen)
{
	u16 *state = page_state(v->code, gpa);
	gpa_t page = ALIGN_DOWN(gpa, PAGE_SIZE);

	if (!state || !v->path->code)
		return false;
	if (*state == PAGE_INTERP)
		return !was_given_away(v, page, state);
	return !seen && looks_privileged(v, page);
}

/* Copy @n is executed in User mode too: every site becomes a trapping word, which does anywhere. */
static void unbind(struct vcpu *v, u32 n)
{
	struct code_pages *c = v->code;
	const u32 *orig = page_words(v, c->copy[n].gpa);
	u32 *copy = hpa_ptr(copy_hpa(c, n));

	c->copy[n].movable = true;
	if (!c->copy[n].bound)
		return;
	c->copy[n].bound = false;
	for (u32 i = 0; i < SCAN_WORDS; i++)
		if (copy[i] != orig[i])
			copy[i] = site_word(orig, i, c->copy[n].name, c->hot);
	arch_dcache_clean_range(copy_hpa(c, n), PAGE_SIZE);
	arch_icache_invalidate_all();
}

void code_page_get(struct vcpu *v, gpa_t gpa, gva_t gva, hpa_t *exec)
{
	struct code_pages *c = v->code;
	u16 *state = page_state(c, gpa);

	gpa = ALIGN_DOWN(gpa, PAGE_SIZE);
	*exec = guest_map_hpa(&v->guest->map, gpa);
	if (!state || !v->path->code)
		return;
	if (is_copy(*state) && c->copy[*state].bound && c->copy[*state].gva != (gva & PAGE_MASK)) {
		(*page_moves(c, gpa))++;
		drop(v, gpa, true);
	}
	forget_elsewhere(v, gpa, gva, *state);
	if (is_kept(*state)) {
		make_again(v, gpa, state);
	} else if (is_unknown(*state)) {
		shadow_protect_page(v, gpa, c->looked_at == gpa);	/* see_afresh() */
		vcpu_forget_no_code(v, (u32)*exec);
		*state = new_state(v, gpa, gva, *state);
		v->code_gen++;
	}
	if (is_copy(*state)) {
		c->copy[*state].gva = gva & PAGE_MASK;
		*exec = copy_hpa(c, *state);
	}
}

const u32 *code_page_words(struct vcpu *v, u32 copy, gva_t at)
{
	const struct copy *c = &v->code->copy[v->code->called[copy]];

	return c->live && c->gva == at ? page_words(v, c->gpa) : NULL;
}

void code_page_set_word(struct vcpu *v, u32 copy, gva_t at, u32 original, u32 word)
{
	const u32 *page = code_page_words(v, copy, at & PAGE_MASK);
	hpa_t to;

	if (!page || page[at % PAGE_SIZE / 4] != original)
		return;
	to = copy_hpa(v->code, v->code->called[copy]) + at % PAGE_SIZE;
	*(volatile u32 *)hpa_ptr(to) = word;
	arch_dcache_clean_range(to, 4);
	arch_icache_invalidate_all();
}

bool code_page_ready(struct vcpu *v, gpa_t gpa, gva_t gva, hpa_t *exec)
{
	const struct code_pages *c = v->code;
	const u16 *state = page_state(c, gpa);

	if (!code_page_is_code(v, gpa, exec))
		return false;
	return !is_copy(*state) || !c->copy[*state].bound || c->copy[*state].gva == (gva & PAGE_MASK);
}

void code_pages_remake(struct vcpu *v)
{
	struct code_pages *c = v->code;

	for (u32 n = 1; n <= c->copies; n++)
		if (c->copy[n].live && c->copy[n].bound)
			code_page_drop(v, c->copy[n].gpa);
}

void code_area_lost(struct vcpu *v)
{
	if (v->path->code && v->path->code->area_lost)
		v->path->code->area_lost(v);
}

bool code_page_is_code(struct vcpu *v, gpa_t gpa, hpa_t *exec)
{
	const u16 *state = page_state(v->code, gpa);

	if (!state || is_unknown(*state) || *state == PAGE_INTERP || (exec && is_kept(*state)))
		return false;
	if (exec)
		*exec = is_copy(*state) ? copy_hpa(v->code, *state) : guest_map_hpa(&v->guest->map, ALIGN_DOWN(gpa, PAGE_SIZE));
	return true;
}

/*
 * Is @pc in the page that @p copies? Usually where it was mapped last. Otherwise the guest's tables say; when they
 * say nothing (changed, and the guest has not yet flushed its TLB), a copy is the only thing that can be running.
 */
static bool runs_at(struct vcpu *v, struct copy *p, gva_t pc)
{
	struct gfault f;
	struct walk w;

	if (p->gva == (pc & PAGE_MASK))
		return true;
	if (guest_walk(v, pc, ACC_READ, true, &w, &f))
		return vcpu_privileged(v);
	if (ALIGN_DOWN(w.gpa, PAGE_SIZE) != p->gpa)
		return false;
	p->gva = pc & PAGE_MASK;
	return true;
}

bool code_page_site(struct vcpu *v, u32 trap, gva_t pc, u32 *word)
{
	struct code_pages *c = v->code;
	u32 n = c->called[site_copy(trap)], index = pc % PAGE_SIZE / 4;
	const u32 *orig;
	struct copy *p;

	if (!site_is_word(trap) || !n)
		return false;
	p = &c->copy[n];
	if (!p->live || p->thumb || !runs_at(v, p, pc))
		return false;
	orig = page_words(v, p->gpa);
	/* The guest may have an SVC of its own with this very number in this very place. */
	if (site_word(orig, index, p->name, c->hot) != trap || site_is_word(orig[index]))
		return false;
	p->used = true;
	*word = orig[index];
	return true;
}

/* The T32 copy that is executed at @pc, or 0. As in runs_at(), there may be nothing in the guest's tables any more. */
static u32 t32_copy_at(struct vcpu *v, gva_t pc)
{
	struct code_pages *c = v->code;
	struct gfault f;
	struct walk w;
	u16 *state;

	if (!guest_walk(v, pc, ACC_READ, true, &w, &f)) {
		state = page_state(c, w.gpa);
		return state && is_copy(*state) && c->copy[*state].thumb ? *state : 0;
	}
	for (u32 n = 1; n <= c->copies && vcpu_privileged(v); n++)
		if (c->copy[n].live && c->copy[n].thumb && c->copy[n].gva == (pc & PAGE_MASK))
			return n;
	return 0;
}

/*
 * T32 code that copied itself holds what stood in the copy that it ran from. Could the halfword at @at of @page, in the form of a trapping word,
 * have stood for the one at @from of @orig, the page of a T32 copy? All around must be as there, or replaced as well.
 */
static bool is_moved_t32(const u16 *page, u32 at, const u16 *orig, u32 from, u32 *looks)
{
	u32 same = 0;

	for (u32 k = 0; k <= 2 * T32_AROUND && *looks; k++, --*looks) {
		u32 here = at + k - T32_AROUND, there = from + k - T32_AROUND;

		if (here >= T32_HALVES || there >= T32_HALVES || k == T32_AROUND)
			continue;
		if (page[here] == orig[there])
			same++;
		else if (!site_may_be_t32(page[here]) && !(here && site_may_be_t32(page[here - 1])))
			return false;
	}
	return *looks && same >= T32_AROUND && page[at] != orig[from];
}

/*
 * Halfwords that are looked at for one trapping word, at most: all of 1792 copies where code is unlike what it is compared with, which is known at once.
 * A page in which a guest has many such words would take a multiple, with interrupts masked.
 */
#define T32_LOOKS	(4u << 20)

/* The @n halfwords that those at @at of @page stood for; NULL: they are the guest's own. */
static const u16 *moved_from_t32(struct vcpu *v, const u16 *page, u32 at, u32 n)
{
	const struct code_pages *c = v->code;
	u32 looks = T32_LOOKS;

	for (u32 k = 1; k <= c->copies && looks; k++) {
		const u16 *orig = c->copy[k].live ? (const u16 *)page_words(v, c->copy[k].gpa) : hpa_ptr(copy_hpa(c, k));

		if (!c->copy[k].thumb || orig == page || !(c->copy[k].live || c->copy[k].dead))
			continue;
		for (u32 from = 0; from + n <= T32_HALVES; from++)
			if (is_moved_t32(page, at, orig, from, &looks))
				return &orig[from];
	}
	return NULL;
}

bool code_page_restore_t32(struct vcpu *v, u32 word)
{
	u32 at = v->r[15] % PAGE_SIZE / 2, n = word >> 16 && at + 1 < T32_HALVES ? 2 : 1;
	struct code_pages *c = v->code;
	const u16 *from;
	struct gfault f;
	struct walk w;
	u16 *page;

	/* In User mode nothing sensitive was replaced, and nothing is written for it. */
	if (!v->path->code || !vcpu_privileged(v) || !site_is_t32(word) || guest_walk(v, v->r[15], ACC_EXEC, true, &w, &f) || !page_state(c, w.gpa))
		return false;
	see_afresh(v, ALIGN_DOWN(w.gpa, PAGE_SIZE));
	page = (u16 *)page_words(v, ALIGN_DOWN(w.gpa, PAGE_SIZE));
	from = moved_from_t32(v, page, at, n);
	if (!from)
		return false;
	for (u32 i = 0; i < n; i++)
		page[at + i] = from[i];
	arch_dcache_clean_range(ptr_hpa(page + at), 2 * n);
	c->repairs++;
	code_page_drop(v, w.gpa);
	return true;
}

/* An instruction begins at halfword @at of T32 copy @n, which was not known. */
static void reach(struct vcpu *v, u32 n, u32 at)
{
	struct code_pages *c = v->code;
	u16 *state = page_state(c, c->copy[n].gpa);

	c->looked_at = NOTHING;
	c->reached++;
	t32_of_copy(v, &c->t32, n);
	t32_reach(&c->t32, at, it_left(v));
	arch_dcache_clean_range(copy_hpa(c, n), PAGE_SIZE);
	arch_icache_invalidate_all();
	if (c->t32.conflict)
		leave_mixed_page(v, c->copy[n].gpa, state);
}

enum t32_trap code_page_t32_trap(struct vcpu *v, u32 *copy)
{
	u32 n = v->path->code ? t32_copy_at(v, v->r[15]) : 0, at = v->r[15] % PAGE_SIZE / 2;
	struct code_pages *c = v->code;
	const u16 *orig, *now;

	if (!n)
		return T32_TRAP_NONE;
	orig = (const u16 *)page_words(v, c->copy[n].gpa);
	now = hpa_ptr(copy_hpa(c, n));
	if (now[at] == orig[at])
		return T32_TRAP_NONE;
	c->copy[n].used = true;
	*copy = c->copy[n].name;
	if (t32_is_start(&c->known[n], at))
		return T32_TRAP_SITE;
	reach(v, n, at);
	return c->copy[n].live && now[at] != orig[at] ? T32_TRAP_SITE : T32_TRAP_AGAIN;
}

void code_pages_dump(struct vcpu *v)
{
	const struct code_pages *c = v->code;

	pr_info("code pages: %u scanned, %u of %u copies in use, %u evicted, %u made again without a scan, %u moved words put back\n",
		(unsigned)c->scans, (unsigned)c->live, (unsigned)c->copies, (unsigned)c->evictions, (unsigned)c->made_again, (unsigned)c->repairs);
	pr_info("stores beside code: %u changed a word in its place\n", (unsigned)c->patches);
	pr_info("words of code in doubt: %u left as they are, %u right either way\n", (unsigned)c->doubts, (unsigned)c->either);
	if (c->thumb)
		pr_info("T32 code of the kernel: %u times more became known, %u pages with A32 code interpreted\n", (unsigned)c->reached,
			(unsigned)c->mixed);
	for (u32 i = 0; i < c->nr_ranges; i++)
		dump_interpreted(&c->range[i]);
}

/* Page @gpa says that something about it is kept: is it? */
static u32 audit_kept(const struct code_pages *c, gpa_t gpa, u16 state, u32 *kept)
{
	++*kept;
	if (kept_of(c, state)->used && kept_of(c, state)->gpa == gpa)
		return 0;
	pr_err("code page audit: what is kept for page 0x%08x is not its\n", (unsigned)gpa);
	return 1;
}

/* The copy that page @page of @r names: is it live, and is it this page's? */
static u32 audit_page(const struct code_pages *c, const struct ram_range *r, u32 page, u32 *named, u32 *kept)
{
	u32 n = r->state[page];
	gpa_t gpa = r->base + (page << PAGE_SHIFT);

	if (is_kept((u16)n))
		return audit_kept(c, gpa, (u16)n, kept);
	if (!is_copy((u16)n))
		return 0;
	++*named;
	if (n <= c->copies && c->copy[n].live && c->copy[n].gpa == gpa)
		return 0;
	pr_err("code page audit: page 0x%08x names copy %u, which is not its\n", (unsigned)gpa, (unsigned)n);
	return 1;
}

/* Is copy @n, of A32 code, what its page is, but for what it replaces? */
static bool is_like_its_page(struct vcpu *v, u32 n)
{
	const struct code_pages *c = v->code;
	const u32 *now = hpa_ptr(copy_hpa(c, n)), *page = page_words(v, c->copy[n].gpa);

	for (u32 i = 0; i < SCAN_WORDS; i++)
		if (now[i] != page[i] && !(c->known[n].start[i / 32] >> i % 32 & 1))
			return false;
	return true;
}

/* What a device wrote over code is not what is executed before the guest says so, as with an instruction cache: no violation. */
static void audit_words(struct vcpu *v)
{
	const struct code_pages *c = v->code;
	u32 stale = 0, last = 0;

	for (u32 n = 1; n <= c->copies; n++)
		if (c->copy[n].live && !c->copy[n].thumb && !is_like_its_page(v, n)) {
			stale++;
			last = n;
		}
	if (stale)
		pr_info("code page audit: %u copies are not what memory holds, which a device wrote and no maintenance has named yet; one is of page 0x%08x\n",
			(unsigned)stale, (unsigned)c->copy[last].gpa);
}

u32 code_pages_audit(struct vcpu *v)
{
	const struct code_pages *c = v->code;
	u32 bad = 0, named = 0, live = 0, kept = 0;

	for (u32 i = 0; i < c->nr_ranges; i++)
		for (u32 page = 0; page < c->range[i].size >> PAGE_SHIFT; page++)
			bad += audit_page(c, &c->range[i], page, &named, &kept);
	for (u32 n = 1; n <= c->copies; n++)
		live += c->copy[n].live;
	audit_words(v);
	if (live == c->live && live == named && kept == c->nr_kept)
		return bad;
	pr_err("code page audit: %u copies are live, %u are counted, %u are some page's; %u pages are kept, %u are counted\n", (unsigned)live,
	       (unsigned)c->live, (unsigned)named, (unsigned)kept, (unsigned)c->nr_kept);
	return bad + 1;
}

u32 code_pages_user_visible(struct vcpu *v)
{
	return v->user_copies;
}

void code_page_set_user_visible(struct vcpu *v, gpa_t gpa)
{
	const u16 *state = page_state(v->code, gpa);
	struct copy *p;

	if (!state || !is_copy(*state) || v->code->copy[*state].thumb)
		return;		/* T32 copies have no SVC of Umbra's */
	p = &v->code->copy[*state];
	unbind(v, *state);
	v->user_copies += !p->user;
	p->user = true;
}
