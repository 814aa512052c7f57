/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stub area. Pages 2n + 1 of its slot hold stubs, pages 2n are aliases of the vCPU's one open page, so that a stub reaches its end
 * relative to its pc. Page GUARD is one more alias, behind which nothing is mapped. It, and the aliases before pages of unmasking stubs,
 * are read-only while an interrupt is pending but masked: then the store that would unmask it aborts, before it has happened.
 *
 * Stubs are added one behind the other and never removed one by one, but a page that is code again gets the stubs that its sites had.
 * When the area is full, further sites get trapping words; when these are many, all code copies that use the area are made again,
 * those that are still executed.
 */
#include "stub_area.h"

#include <arch/cpu.h>
#include <arm/insn.h>
#include <arm/site.h>
#include <hv/alloc.h>
#include <hv/log.h>
#include <string.h>

#include "../mmu/mmu.h"
#include "gate.h"

#define PAIRS		CONFIG_STUB_PAGES
#define GATE_PAIRS	(GATES_SIZE / (2 * PAGE_SIZE))	/* the last ones */
#define STUB_PAIRS	((PAIRS - GATE_PAIRS) & ~(GATE_PAIRS - 1))	/* gates are at a multiple of their size */
#define GATES		256u
#define STUBS		(PAIRS * 128u)
#define REFUSED_MAX	1024u
#define UNMASK_PAGES	8u
#define GUARD		(L2_ENTRIES - 1 - STUB_MODES)
#define PAGE_WORDS	(PAGE_SIZE / 4)
#define GRANULE		2u		/* words that belong to one stub at least */
#define HASH		4096u
#define END_WORD	992u		/* from here on a stub does not reach all of the struct vcpu_open before its page */
_Static_assert(2 * PAIRS <= GUARD, "stub pages reach into the guard page");
_Static_assert(sizeof(struct vcpu_open) + 4 * END_WORD + 8 <= 4096, "stubs do not reach all of the open page");

/*
 * A branch that stood in a copy before the area was emptied: code that the guest has copied from there may hold it still, and be executed
 * at any time. The last ones are kept.
 */
#define PASTS		8192u
struct past {
	u32 branch;
	u16 copy, index;	/* where it stood */
	u16 next;		/* the one before it with the same hash + 1, or 0 */
};

/* Where the next stub of a class may be; page == PAIRS: nowhere yet. */
struct cursor {
	u32 page, word;
};

struct gate {
	u32 insns;			/* instructions that it was made of */
	u32 insn[GATE_INSNS];
	u8 at[GATE_WORDS];
};

struct stub_area {
	gva_t base;			/* 0: nowhere */
	hpa_t pages;			/* page n of stubs is the n-th */
	u32 *l2;
	u32 used_pages, unmask_pages, gate_pages;
	struct cursor cursor[STUB_GATE + 1];	/* by class */
	struct stub *stub;		/* [STUBS] */
	u32 stubs;
	struct gate *gate;		/* [GATES] */
	u32 gates;
	u16 by_branch[HASH], by_site[HASH];	/* first stub + 1 whose branch or site has this hash, or 0 */
	struct past *past;		/* [PASTS], the n-th at n % PASTS */
	u32 pasts;
	u16 past_by_branch[HASH];
	u16 (*owner)[PAGE_WORDS / GRANULE];	/* by page and granule: index into stub[] + 1, or 0 */
	u16 guard[UNMASK_PAGES + 1];	/* entries of l2 that are guarded */
	u32 guards;
	u32 pc_offset;
	bool guarded;
	u32 refused;			/* sites that did not fit */
	u32 resets;
};

/* What STR pc stores is the address of the instruction plus 8 or 12, always the same on one core (A2.3.1). */
static u32 measure_pc_offset(void)
{
	u32 at, stored;

	asm volatile("adr %0, 1f\n1:\tstr pc, [%2]\n\tldr %1, [%2]"
		     : "=&r"(at), "=&r"(stored) : "r"(&(u32){ 0 }) : "memory");
	return stored - at;
}

#define ENTRY		(ATTR_RAM_MMU_OFF | L2_SMALL)	/* global: the same for every root, with its own domain */

static u32 open_entry(const struct vcpu *v, bool writable)
{
	return (u32)ALIGN_DOWN(ptr_hpa(v->open), PAGE_SIZE) | ENTRY | L2_XN | ap_page_bits(writable ? RIGHTS_RW : RIGHTS_RO);
}

/* The table without any page of stubs. */
static void table_clear(struct vcpu *v)
{
	struct stub_area *a = v->stubs;

	memset(a->l2, 0, L2_SIZE);
	a->l2[GUARD] = open_entry(v, true);
	arch_dcache_clean_range(ptr_hpa(a->l2), L2_SIZE);
}

int stub_area_init(struct vcpu *v)
{
	struct stub_area *a = hv_alloc(sizeof(*a), 8);

	a->pages = ptr_hpa(hv_alloc(PAIRS * PAGE_SIZE, PAGE_SIZE));
	a->l2 = hv_alloc(L2_SIZE, L2_SIZE);
	a->stub = hv_alloc(STUBS * sizeof(struct stub), 8);
	a->gate = hv_alloc(GATES * sizeof(struct gate), 8);
	a->past = hv_alloc(PASTS * sizeof(struct past), 8);
	a->owner = hv_alloc(PAIRS * sizeof(*a->owner), 8);
	a->pc_offset = measure_pc_offset();
	v->stubs = a;
	stub_area_reset(v);
	return 0;
}

static u32 hash_of(u32 branch)
{
	return (branch ^ branch >> 12) & (HASH - 1);
}

static bool past_is_known(const struct stub_area *a, const struct stub *s)
{
	for (u32 i = a->past_by_branch[hash_of(s->branch)]; i; i = a->past[i - 1].next) {
		const struct past *p = &a->past[i - 1];

		if (p->branch == s->branch && p->copy == s->copy && p->index == s->site % PAGE_SIZE / 4)
			return true;
	}
	return false;
}

static void past_forget(struct stub_area *a, u32 n)
{
	u16 *link = &a->past_by_branch[hash_of(a->past[n].branch)];

	while (*link != n + 1)
		link = &a->past[*link - 1].next;
	*link = a->past[n].next;
}

/* The area is about to be emptied. */
static void remember_branches(struct stub_area *a)
{
	for (const struct stub *s = a->stub; s < a->stub + a->stubs; s++) {
		u16 *head = &a->past_by_branch[hash_of(s->branch)];
		u32 n = a->pasts % PASTS;

		if (past_is_known(a, s))
			continue;
		if (a->pasts++ >= PASTS)
			past_forget(a, n);
		a->past[n] = (struct past){ s->branch, s->copy, (u16)(s->site % PAGE_SIZE / 4), *head };
		*head = (u16)(n + 1);
	}
}

void stub_area_reset(struct vcpu *v)
{
	struct stub_area *a = v->stubs;

	remember_branches(a);
	memset(a->stub, 0, a->stubs * sizeof(*a->stub));
	memset(a->owner, 0, PAIRS * sizeof(*a->owner));
	memset(a->by_branch, 0, sizeof(a->by_branch));
	memset(a->by_site, 0, sizeof(a->by_site));
	a->stubs = a->used_pages = a->unmask_pages = a->gates = a->gate_pages = 0;
	for (u32 i = 0; i < ARRAY_SIZE(a->cursor); i++)
		a->cursor[i].page = PAIRS;
	a->guard[0] = GUARD;
	a->guards = 1;
	a->guarded = false;
	a->refused = 0;
	a->resets++;
	table_clear(v);
	if (a->base)
		tlbi_all();
}

hpa_t stub_area_table(const struct vcpu *v)
{
	return ptr_hpa(v->stubs->l2);
}

void stub_area_moved(struct vcpu *v, gva_t base)
{
	v->stubs->base = base;
}

bool stub_area_full(const struct vcpu *v)
{
	return v->stubs->refused > REFUSED_MAX;
}

bool stub_area_contains(const struct vcpu *v, gva_t va)
{
	return v->stubs->base && !((va ^ v->stubs->base) & SECTION_MASK);
}

/* The next page for class @cls, or PAIRS: there is none. */
static u32 page_number(struct stub_area *a, enum stub_class cls)
{
	if (cls == STUB_GATE)
		return a->gate_pages == GATE_PAIRS ? PAIRS : STUB_PAIRS + a->gate_pages++;
	if (a->used_pages == STUB_PAIRS || (cls == STUB_UNMASK && a->unmask_pages == UNMASK_PAGES))
		return PAIRS;
	if (cls == STUB_UNMASK) {
		a->unmask_pages++;
		a->guard[a->guards++] = (u16)(2 * a->used_pages);
	}
	return a->used_pages++;
}

/* Map the next page of stubs, of class @cls; false: there is none. A new entry in place of an invalid one (mmu/shadow_pool.c rule 6). */
static bool page_take(struct vcpu *v, enum stub_class cls)
{
	struct stub_area *a = v->stubs;
	u32 page = page_number(a, cls);
	bool unmask = cls == STUB_UNMASK;

	if (page == PAIRS)
		return false;
	if (cls == STUB_GATE) {		/* nothing between gates can be Undefined */
		memset(hpa_ptr(a->pages + page * PAGE_SIZE), 0, PAGE_SIZE);
		arch_dcache_clean_range(a->pages + page * PAGE_SIZE, PAGE_SIZE);
	}
	pte_write(&a->l2[2 * page], open_entry(v, !(unmask && a->guarded)));
	pte_write(&a->l2[2 * page + 1], (u32)(a->pages + page * PAGE_SIZE) | ENTRY | ap_page_bits(RIGHTS_RO));
	dsb();
	a->cursor[cls] = (struct cursor){ page, 0 };
	return true;
}

/* Where page @n of stubs is in the guest's address space. */
static gva_t stubs_page(const struct stub_area *a, u32 n)
{
	return a->base + (2 * n + 1) * PAGE_SIZE;
}

static bool page_is_used(const struct stub_area *a, u32 n)
{
	return n < a->used_pages || (n >= STUB_PAIRS && n < STUB_PAIRS + a->gate_pages);
}

static void place(const struct stub_area *a, const struct cursor *c, struct stub_at *at)
{
	gva_t page = stubs_page(a, c->page);

	at->stub = page + 4 * c->word;
	at->open = page - sizeof(struct vcpu_open);
	at->guarded = a->base + (GUARD + 1) * PAGE_SIZE - sizeof(struct vcpu_open);
	at->pc_offset = a->pc_offset;
}

/* The next place for a stub of class @cls, in @*at. */
static bool find_place(struct vcpu *v, enum stub_class cls, struct stub_at *at)
{
	struct cursor *c = &v->stubs->cursor[cls];

	for (;;) {
		if ((c->page == PAIRS || c->word + STUB_WORDS > END_WORD) && !page_take(v, cls))
			return false;
		place(v->stubs, c, at);
		if (stub_fits(cls, at))
			return true;
		c->word += GRANULE;
	}
}

static u16 *branch_hash(struct stub_area *a, u32 branch)
{
	return &a->by_branch[hash_of(branch)];
}

static u16 *site_hash(struct stub_area *a, gva_t site)
{
	return &a->by_site[(site >> 2 ^ site >> 14) & (HASH - 1)];
}

/* Is gate @s (or stub) still what the guest's words from @insn on ask for? @insns: so many are there. */
static bool is_current(const struct stub_area *a, const struct stub *s, const u32 *insn, u32 insns)
{
	const struct gate *g = s->gate ? &a->gate[s->gate - 1] : NULL;

	return s->word == *insn && (!g || (g->insns <= insns && !memcmp(g->insn, insn, 4 * g->insns)));
}

/* The newest stub that the instruction had when its page was code before. */
static struct stub *find_old(struct stub_area *a, const struct code_site *at)
{
	gva_t site = at->gva + 4 * at->index;

	for (u32 i = *site_hash(a, site); i; i = a->stub[i - 1].next_site) {
		struct stub *s = &a->stub[i - 1];

		if (s->site == site && is_current(a, s, at->page + at->index, PAGE_WORDS - at->index))
			return s;
	}
	return NULL;
}

/* Write @code where cursor @c stands, for the newest stub, and move on. */
static void write_stub(struct stub_area *a, struct cursor *c, const u32 *word, u32 words)
{
	hpa_t to = a->pages + c->page * PAGE_SIZE + 4 * c->word;
	u16 *owner = a->owner[c->page], number = (u16)a->stubs;
	u32 last = (c->word + words - 1u) / GRANULE;

	memcpy(hpa_ptr(to), word, 4u * words);
	arch_dcache_clean_range(to, 4u * words);
	for (u16 *g = owner + c->word / GRANULE; g <= owner + last; g++)
		*g = number;
	c->word = (last + 1) * GRANULE;
}

/* The newest stub can be found by its branch and by its site. */
static void index_stub(struct stub_area *a, struct stub *s)
{
	u16 *by_branch = branch_hash(a, s->branch), *by_site = site_hash(a, s->site);

	s->next_branch = *by_branch;
	s->next_site = *by_site;
	*by_branch = *by_site = (u16)a->stubs;
}

/* @s, of which nothing is said yet, is the stub @code. */
static void stub_fill(struct stub *s, u32 kind, const struct stub_at *at, const struct stub_code *code)
{
	u32 cond = at->word >> 28;

	s->site = at->site;
	s->word = at->word;
	s->branch = stub_branch(at->site, at->stub, cond == 15 ? 14 : cond);
	s->words = code->words;
	s->commit = code->commit;
	s->saved = code->saved;
	s->scratch[0] = code->scratch[0];
	s->scratch[1] = code->scratch[1];
	s->kind = (u8)kind;
	s->operand = (u8)at->operand;
	s->forward = code->forward;
}

/* A new one, or NULL: there is no room, or it would not reach. */
static struct stub *add_new(struct vcpu *v, u32 kind, enum stub_class cls, u32 word, gva_t site)
{
	struct stub_area *a = v->stubs;
	struct cursor *c = &a->cursor[cls];
	struct stub_at at = { .site = site, .word = word, .operand = stub_operand(word) };
	struct stub_code code;
	struct stub *s;

	if (a->stubs == STUBS || !find_place(v, cls, &at)) {
		a->refused++;
		return NULL;
	}
	at.trap = site_word_of(kind, 0) | at.operand;
	if (!stub_make(&code, kind, &at))
		return NULL;
	s = &a->stub[a->stubs++];
	stub_fill(s, kind, &at, &code);
	s->page = (u16)c->page;
	s->first = (u16)c->word;
	write_stub(a, c, code.word, code.words);
	index_stub(a, s);
	return s;
}

/*
 * Cursor @c to where a gate of @words words can begin: at the last word before a multiple of GATE_ALIGN, and so that the word before that is
 * not another one's (write_stub()).
 */
static bool find_gate_place(struct vcpu *v, struct cursor *c)
{
	if (c->page == PAIRS && !page_take(v, STUB_GATE))
		return false;
	c->word = ALIGN_UP(c->word + 2, GATE_ALIGN / 4) - 1;
	if (c->word + GATE_WORDS <= PAGE_WORDS)
		return true;
	if (!page_take(v, STUB_GATE))
		return false;
	c->word = GATE_ALIGN / 4 - 1;
	return true;
}

static void gate_remember(struct stub_area *a, const struct gate_code *code, const u32 *insn)
{
	struct gate *g = &a->gate[a->gates++];

	g->insns = code->insns;
	memcpy(g->insn, insn, 4 * code->insns);
	memcpy(g->at, code->at, code->words);
}

/* A new gate of @kind for the instruction at @index of @page, or NULL: there is no room, or none can be made. */
static struct stub *add_new_gate(struct vcpu *v, u32 kind, const u32 *page, gva_t site, u32 copy, u32 dacr, u32 events)
{
	static struct gate_code code;
	struct stub_area *a = v->stubs;
	struct cursor *c = &a->cursor[STUB_GATE];
	const u32 *insn = page + site % PAGE_SIZE / 4;
	struct gate_at at;
	struct stub *s;

	if (a->stubs == STUBS || a->gates == GATES || !find_gate_place(v, c))
		return NULL;
	at = (struct gate_at){
		.site = site, .gate = stubs_page(a, c->page) + 4 * c->word, .insn = insn,
		.insns = PAGE_WORDS - site % PAGE_SIZE / 4, .dacr = dacr, .events = events,
	};
	if (!gate_make(&code, &at))
		return NULL;
	gate_remember(a, &code, insn);
	s = &a->stub[a->stubs++];
	*s = (struct stub){
		.site = site, .word = *insn, .branch = stub_branch(site, at.gate, *insn >> 28), .page = (u16)c->page, .copy = (u16)copy,
		.first = (u16)c->word, .words = (u8)code.words, .kind = (u8)kind, .operand = (u8)stub_operand(*insn), .gate = (u16)a->gates,
	};
	write_stub(a, c, code.word, code.words);
	index_stub(a, s);
	return s;
}

u32 stub_area_add_gate(struct vcpu *v, const struct stub *s, const u32 *page, u32 dacr, u32 events)
{
	struct stub *g = page ? add_new_gate(v, s->kind, page, s->site, s->copy, dacr, events) : NULL;

	return g ? g->branch : 0;
}

u32 stub_area_gate_at(const struct vcpu *v, const struct stub *s, u32 word)
{
	return v->stubs->gate[s->gate - 1].at[word];
}

gva_t stub_area_gates(const struct vcpu *v)
{
	return v->stubs->base ? v->stubs->base + 2 * STUB_PAIRS * PAGE_SIZE : 0;
}

/* A gate is better than a stub for what can have both, as long as there are more than half of them for what can have nothing else. */
static bool gates_to_spare(const struct stub_area *a)
{
	return a->gates < GATES / 2 && a->gate_pages <= GATE_PAIRS / 2;
}

/* Does a branch at @site reach all of the area? */
static bool is_in_reach(const struct stub_area *a, gva_t site)
{
	return a->base && a->base - (site + 8) + STUB_REACH < 2 * STUB_REACH - 2 * PAIRS * PAGE_SIZE;
}

u32 stub_area_add(struct vcpu *v, u32 kind, const struct code_site *where)
{
	struct stub_area *a = v->stubs;
	gva_t site = where->gva + 4 * where->index;
	enum stub_class cls = stub_class(kind);
	struct stub *s;

	/* Not next to the area: a branch to a stub is known by how far it goes (code_scan.c). */
	if ((site >> SECTION_SHIFT) + 1 - (a->base >> SECTION_SHIFT) <= 2)
		return 0;
	if (!is_in_reach(a, site))
		return 0;
	s = find_old(a, where);
	if (!s && (cls == STUB_GATE || (kind == SITE_KIND_USER_LS && gates_to_spare(a))))
		s = add_new_gate(v, kind, where->page, site, where->copy, 0, 0);
	if (!s && cls != STUB_GATE)
		s = add_new(v, kind, cls, where->page[where->index], site);
	if (!s || s->eager)
		return 0;
	s->copy = (u16)where->copy;
	return s->branch;
}

bool stub_area_origin(const struct vcpu *v, u32 word, u32 nth, u32 *copy, u32 *index)
{
	struct stub_area *a = v->stubs;

	if ((word >> 24 & 0xf) != 0xa || word >> 28 == 15)
		return false;
	for (u32 i = *branch_hash(a, word); i; i = a->stub[i - 1].next_branch) {
		const struct stub *s = &a->stub[i - 1];

		if (s->branch != word || nth--)
			continue;
		*copy = s->copy;
		*index = s->site % PAGE_SIZE / 4;
		return true;
	}
	for (u32 i = a->past_by_branch[hash_of(word)]; i; i = a->past[i - 1].next) {
		const struct past *p = &a->past[i - 1];

		if (p->branch != word || nth--)
			continue;
		*copy = p->copy;
		*index = p->index;
		return true;
	}
	return false;
}

/* The gate that is done in the place of the instruction at @site, where @branch stands; or NULL. */
static const struct gate *gate_of(struct stub_area *a, u32 branch, gva_t site)
{
	for (u32 i = *branch_hash(a, branch); i; i = a->stub[i - 1].next_branch) {
		const struct stub *s = &a->stub[i - 1];

		if (s->branch == branch && s->site == site)
			return s->gate ? &a->gate[s->gate - 1] : NULL;
	}
	return NULL;
}

bool stub_area_covers(struct vcpu *v, const u32 *copy, u32 i, gva_t gva)
{
	for (u32 away = 1; away < GATE_INSNS && away <= i; away++) {
		const struct gate *g = gate_of(v->stubs, copy[i - away], gva + 4 * (i - away));

		if (g && g->insns > away)
			return true;
	}
	return false;
}

struct stub *stub_area_find(struct vcpu *v, gva_t pc, u32 *word)
{
	struct stub_area *a = v->stubs;
	u32 page = (pc - a->base) >> PAGE_SHIFT, at = pc % PAGE_SIZE / 4, owner;
	struct stub *s;

	if (!stub_area_contains(v, pc) || !(page & 1) || !page_is_used(a, page / 2))
		return NULL;
	owner = a->owner[page / 2][at / GRANULE];
	if (!owner)
		return NULL;
	s = &a->stub[owner - 1];
	*word = at - s->first;
	return *word < s->words ? s : NULL;
}

void stub_area_guard(struct vcpu *v, bool on)
{
	struct stub_area *a = v->stubs;

	if (a->guarded == on)
		return;
	a->guarded = on;
	for (u32 i = 0; i < a->guards; i++)
		pte_write(&a->l2[a->guard[i]], open_entry(v, !on));
	if (!a->base)
		return;
	dsb();
	for (u32 i = 0; i < a->guards; i++)
		write_tlbimva(a->base + a->guard[i] * PAGE_SIZE);	/* global entries: any ASID */
	dsb();
	isb();
}

/* What entry @i of the table has to be. */
static u32 expected_entry(const struct vcpu *v, u32 i)
{
	const struct stub_area *a = v->stubs;
	bool guarded = false;

	for (u32 k = 0; k < a->guards; k++)
		guarded |= a->guard[k] == i;
	if (guarded)
		return open_entry(v, !a->guarded);
	if (!page_is_used(a, i / 2))
		return 0;
	return i & 1 ? (u32)(a->pages + i / 2 * PAGE_SIZE) | ENTRY | ap_page_bits(RIGHTS_RO) : open_entry(v, true);
}

u32 stub_area_audit(struct vcpu *v)
{
	u32 bad = 0;

	for (u32 i = 0; i < L2_ENTRIES; i++) {
		if (v->stubs->l2[i] == expected_entry(v, i))
			continue;
		pr_err("stub area audit: entry %u is 0x%08x\n", (unsigned)i, (unsigned)v->stubs->l2[i]);
		bad++;
	}
	return bad;
}

void stub_area_dump(struct vcpu *v)
{
	const struct stub_area *a = v->stubs;

	pr_info("stubs: area 0x%08x, %u stubs in %u of %u pages, %u gates, %u did not fit, emptied %u times, %s\n", (unsigned)a->base,
		(unsigned)(a->stubs - a->gates), (unsigned)a->used_pages, (unsigned)STUB_PAIRS, (unsigned)a->gates, (unsigned)a->refused,
		(unsigned)a->resets, a->guarded ? "guarded" : "open");
}
