/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit test: shadow MMU, strategy `flush`, under a random guest and a model of the host's MMU: a TLB that keeps entries for as long as
 * nobody invalidates them, loads others at any time, takes two for one address for an error, and whose walks see only what was cleaned.
 *
 * The guest edits its tables as it likes but does the TLB maintenance that the architecture asks for. Then the tables of
 * now are the only truth: whatever the host's MMU grants (through its TLB, through shadow tables, in either virtual mode)
 * the guest's tables must grant too, and whatever they grant must be reached after a bounded number of hidden faults.
 */
/* SOURCES: arch/arm/mmu/guest_walk.c arch/arm/mmu/attr.c arch/arm/mmu/shadow.c arch/arm/mmu/shadow_pool.c arch/arm/mmu/shadow_begin.c arch/arm/mmu/shadow_rest.c */
/* SOURCES: arch/arm/mmu/shadow_track.c arch/arm/mmu/shadow_domain.c arch/arm/mmu/shadow_fill.c arch/arm/mmu/shadow_drop.c arch/arm/mmu/shadow_check.c */
/* SOURCES: arch/arm/mmu/strategy.c arch/arm/mmu/strategy_flush.c arch/arm/mmu/strategy_sync.c arch/arm/mmu/strategy_oos.c arch/arm/mmu/shadow_table.c arch/arm/debug_break.c */
/* SOURCES: arch/arm/mmu/shadow_audit.c arch/arm/mmu/window.c arch/arm/mmu/window_walk.c arch/arm/mmu/stub_slot.c core/guest_map.c core/guest_mem.c core/guest_owner.c core/alloc.c */
/* SOURCES: tests/host/fake/arch.c tests/host/fake/log.c tests/host/fake/sysreg.c tests/host/fake/shrink.c */
/* CFLAGS: -DCONFIG_SHADOW_CLEAN_HINT=1 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../arch/arm/mmu/mmu.h"
#include <arch/cpu.h>
#include <arm/code_page.h>
#include <arm/window.h>
#include <hv/alloc.h>
#include <hv/layout.h>

#include "fake.h"
#include "shrink.h"

#define RAM		0x80000000u
#define RAM_SIZE	0x02000000u
#define SRAM		0x40200000u
#define SRAM_SIZE	0x10000u
#define HEAP		0x9f100000u
#define HEAP_SIZE	0x400000u

/* Where the guest keeps things: first-level tables, second-level tables, everything else. */
#define G_L1(n)		(RAM + 0x01000000u + (n) * 0x4000)
#define G_L2(n)		(RAM + 0x01100000u + (n) * 0x400)
#define G_L2S		96u
#define SPACES		8u

static u32 displaced;		/* RAM is so much higher in host physical memory */
static struct guest guest, thief;
static bool stolen;
struct guest *guest_first(void) { return stolen ? &thief : &guest; }
u32 arch_vcpu_audit(struct vcpu *v) { return shadow_audit(v); }
static struct vcpu *v;
static struct shadow *s;
static struct gfault gf;
static u32 seed;

static u32 rnd(u32 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return (seed >> 3) % n;
}

/* -- what the MMU code calls -- */

char __window_start[0x2000], __window_end[1];
static u32 *host_l1;
static u32 window_base, window_moves;

u32 arm_host_l1(void)
{
	return ptr_hpa(host_l1);
}

void arm_window_moved(struct vcpu *vc, u32 base)
{
	window_base = vc->window_base = base;
	window_moves++;
}

int layout_mistake(const struct layout_node *n, const char *prop, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pr_err("layout: /guest: %s: %s\n", prop, text);
	return -EINVAL;
}

const char *show_text(char *out, u32 size, const char *text)
{
	snprintf(out, size, "%s", text);
	return out;
}

void arm_window_in_place(struct vcpu *vc) { }

/* Code pages: one in three has sites and gets a copy. */
static u16 code_state[(RAM_SIZE + SRAM_SIZE) / PAGE_SIZE];	/* 0 unknown, 1 clean, KEPT its copy had to make room, else copy + 2 */
#define COPIES	8u
#define KEPT	(COPIES + 2)
static hpa_t copy_pool;
static gpa_t copy_of[COPIES];
static u32 copy_hand;

/* Pages that User mode executed as they are. */
static bool user_ran[(RAM_SIZE + SRAM_SIZE) / PAGE_SIZE];

static u32 page_index(gpa_t gpa)
{
	return (gpa - SRAM < SRAM_SIZE ? RAM_SIZE + gpa - SRAM : gpa - RAM) >> PAGE_SHIFT;
}

static u16 *state_of(gpa_t gpa)
{
	return gpa - SRAM < SRAM_SIZE || gpa - RAM < RAM_SIZE ? &code_state[page_index(gpa)] : NULL;
}

void code_page_drop(struct vcpu *vc, gpa_t gpa)
{
	u16 *st = state_of(gpa);

	if (!st || !*st)
		return;
	hpa_t copy = *st >= 2 && *st != KEPT ? copy_pool + (*st - 2u) * PAGE_SIZE : 0;

	if (copy)
		copy_of[*st - 2] = 0;
	*st = 0;
	shadow_drop_page(vc, gpa & PAGE_MASK, copy);
}

bool code_page_is_code(struct vcpu *vc, gpa_t gpa, hpa_t *exec)
{
	u16 *st = state_of(gpa);

	if (!st || !*st || (exec && *st == KEPT))
		return false;
	if (exec)
		*exec = *st >= 2 ? copy_pool + (*st - 2u) * PAGE_SIZE : (gpa & PAGE_MASK) + displaced;
	return true;
}

/* Page @gpa gets a copy. The one whose it was stays code, which nothing may write. */
static u16 make_copy(struct vcpu *vc, gpa_t gpa)
{
	gpa_t before;

	copy_hand = (copy_hand + 1) % COPIES;
	before = copy_of[copy_hand];
	if (before) {
		code_page_drop(vc, before);
		shadow_protect_page(vc, before, false);
		*state_of(before) = KEPT;
	}
	copy_of[copy_hand] = gpa & PAGE_MASK;
	return (u16)(copy_hand + 2);
}

void code_page_get(struct vcpu *vc, gpa_t gpa, gva_t gva, hpa_t *exec)
{
	u16 *st = state_of(gpa);

	*exec = (gpa & PAGE_MASK) + displaced;
	if (!st)
		return;
	if (!*st) {
		shadow_protect_page(vc, gpa, false);
		vcpu_count(vc, EXIT_SCAN);
		*st = (gpa >> PAGE_SHIFT) % 3 ? 1 : make_copy(vc, gpa);
	} else if (*st == KEPT) {
		*st = make_copy(vc, gpa);
	}
	code_page_is_code(vc, gpa, exec);
}

void code_page_written(struct vcpu *vc, gpa_t gpa) { code_page_drop(vc, gpa & PAGE_MASK); }
static bool takes_stores, one_store;	/* where @takes_stores, a store is handed out if it is of one register */

bool code_page_takes_stores(struct vcpu *vc, gpa_t gpa) { return takes_stores; }
bool insn_stores_one(struct vcpu *vc) { return one_store; }
bool code_page_interpreted(struct vcpu *vc, gpa_t gpa, gva_t gva) { return false; }
bool code_page_is_privileged(struct vcpu *vc, gpa_t gpa, bool seen) { return false; }
void xlate_forget(struct vcpu *vc) { }

bool code_page_ready(struct vcpu *vc, gpa_t gpa, gva_t gva, hpa_t *exec)
{
	return code_page_is_code(vc, gpa, exec);
}

void code_page_set_user_visible(struct vcpu *vc, gpa_t gpa) { }

static u32 area_losses;

void code_area_lost(struct vcpu *vc)
{
	area_losses++;
}

/* -- the host's MMU: User mode, DACR, a TLB that forgets only when told or at random -- */

/* Umbra's memory as table walks see it: what was cleaned, by lines. */
static u8 coherent[HEAP_SIZE];

static void clean_hook(hpa_t a, u32 len)
{
	hpa_t end = a + len;

	for (a &= ~63u; a < end; a += 64)
		if (a - HEAP < HEAP_SIZE)
			memcpy(&coherent[a - HEAP], hpa_ptr(a), 64);
}

static u32 walk_read(hpa_t a)
{
	u32 word;

	assert_in_range(a, HEAP, HEAP + HEAP_SIZE - 4);
	memcpy(&word, &coherent[a - HEAP], sizeof(word));
	return word;
}

#define TLB_NR	64u

struct tlb_entry {
	bool valid, section;
	u32 asid, page, desc, domain;
};
static struct tlb_entry tlb[TLB_NR];

static u32 tlb_mask(const struct tlb_entry *t)
{
	return t->section ? SECTION_MASK : PAGE_MASK;
}

static void tlb_hook(enum fake_tlbi op, u32 arg)
{
	for (u32 i = 0; i < TLB_NR; i++) {
		struct tlb_entry *t = &tlb[i];

		if (op == FAKE_TLBI_ALL || (t->asid == (arg & 0xff) && (op == FAKE_TLBI_ASID || t->page == (arg & tlb_mask(t)))))
			t->valid = false;
	}
}

/* Walk the shadow as the hardware does. Entry into @t; false: translation fault. */
static bool hw_walk(gva_t va, struct tlb_entry *t)
{
	u32 e = walk_read((v->hw_ttbr0 & 0xffffc000u) + (va >> 20) * 4);

	*t = (struct tlb_entry){ .valid = true, .asid = v->hw_asid, .domain = e >> 5 & 15 };
	if ((e & 3) == 2) {
		assert_false(e & BIT(18));
		t->section = true;
		t->page = va & SECTION_MASK;
		t->desc = e;
		return true;
	}
	if ((e & 3) != 1)
		return false;
	t->page = va & PAGE_MASK;
	t->desc = walk_read((e & ~0x3ffu) + (va >> 12 & 0xff) * 4);
	return t->desc & 3;
}

static struct tlb_entry *tlb_lookup(gva_t va)
{
	for (u32 i = 0; i < TLB_NR; i++)
		if (tlb[i].valid && tlb[i].asid == v->hw_asid && tlb[i].page == (va & tlb_mask(&tlb[i])))
			return &tlb[i];
	return NULL;
}

/* Two entries for one address are UNPREDICTABLE (B3.10.3): a section comes, and there is a page of it, or the reverse. */
static struct tlb_entry *tlb_load(const struct tlb_entry *fresh)
{
	struct tlb_entry *t = &tlb[rnd(TLB_NR)];

	t->valid = false;
	for (u32 i = 0; i < TLB_NR; i++)
		if (tlb[i].valid && tlb[i].asid == fresh->asid && !((tlb[i].page ^ fresh->page) & tlb_mask(&tlb[i]) & tlb_mask(fresh)))
			fail_msg("two TLB entries for 0x%08x", fresh->page);
	*t = *fresh;
	return t;
}

static gva_t rnd_va(void);

/* A TLB may load any valid entry of the tables in use, at any time (B3.9.1). */
static void tlb_load_some(void)
{
	struct tlb_entry fresh;

	for (u32 i = rnd(4); i; i--) {
		gva_t va = rnd_va();

		if (!tlb_lookup(va) && hw_walk(va, &fresh))
			tlb_load(&fresh);
	}
}

static bool tlb_allows(const struct tlb_entry *t, enum shadow_access acc)
{
	u32 ap = t->section ? FIELD(t->desc, 15, 15) << 2 | FIELD(t->desc, 11, 10) : FIELD(t->desc, 9, 9) << 2 | FIELD(t->desc, 5, 4);
	u32 xn = t->section ? FIELD(t->desc, 4, 4) : t->desc & 1;

	return (ap == 3 || (ap == 7 && acc != ACC_WRITE)) && (acc != ACC_EXEC || !xn);
}

/* True: the access goes through, by *@by, to *@pa. */
static bool hw_access(gva_t va, enum shadow_access acc, struct tlb_entry *by, hpa_t *pa)
{
	struct tlb_entry *t = tlb_lookup(va), fresh;

	if (!t) {
		if (!hw_walk(va, &fresh))
			return false;
		t = tlb_load(&fresh);
	}
	*by = *t;
	if ((v->hw_dacr >> (2 * t->domain) & 3) != 1) {
		assert_int_equal(v->hw_dacr >> (2 * t->domain) & 3, 0);
		return false;
	}
	*pa = (t->desc & tlb_mask(t)) | (va & ~tlb_mask(t));
	return tlb_allows(t, acc);
}

/* -- one guest access, checked -- */

#define FAULTS_MAX	6u

static void set_mode(bool priv)
{
	v->cpsr = priv ? MODE_SVC : MODE_USR;
	v->hw_dacr = priv ? v->dacr_kernel : v->dacr_user;
}

/* The guest's memory type, for RAM that is mapped as the guest says; devices are never Normal memory, copies are as Umbra has them. */
static void check_type(gva_t va, const struct walk *w, const struct tlb_entry *by, hpa_t pa)
{
	const struct attr_ctl host = { false, 0, 0 }, ctl = { v->cp15.sctlr & SCTLR_TRE, v->cp15.prrr, v->cp15.nmrr };
	u32 d = by->section ? (by->desc & 0xc) | (by->desc >> 6 & 0x5c0) : by->desc;
	struct mem_attr got = attr_decode(&host, ATTR_INDEX(FIELD(d, 8, 6), FIELD(d, 3, 3), FIELD(d, 2, 2), FIELD(d, 10, 10)));
	struct mem_attr want = attr_decode(&ctl, ATTR_INDEX(w->tex, w->c, w->b, w->s));

	if (guest_map_find(&guest.map, w->gpa)->type == REGION_PASSTHROUGH)
		want = attr_for_device(want);
	else if (!(v->cp15.sctlr & SCTLR_M) || pa != w->gpa + displaced)
		want = (struct mem_attr){ .kind = MEM_NORMAL, .inner = 1, .outer = 1 };
	if (!(v->cp15.sctlr & SCTLR_M) && got.kind != MEM_NORMAL)
		return;
	if (attr_encode(got) != attr_encode(want))
		fail_msg("memory type at 0x%08x: entry 0x%08x", va, by->desc);
}

static void check_target(gva_t va, const struct walk *w, enum shadow_access acc, bool priv, hpa_t pa)
{
	hpa_t copy = 0;
	bool code = code_page_is_code(v, w->gpa, &copy);

	if (acc == ACC_WRITE)
		assert_false(code || is_watched_table(s, w->gpa));	/* Umbra must see each store to these */
	/* Nothing runs as guest kernel that was not scanned, but for rule 9: the first time in a page that User mode ran. */
	if (acc == ACC_EXEC && priv && (s->scan_user || is_vector_page(v, va) || !user_ran[page_index(w->gpa)]))
		assert_true(code);
	if (acc == ACC_EXEC && !priv && !code)
		user_ran[page_index(w->gpa)] = true;
	if (acc == ACC_EXEC && code)
		assert_int_equal(pa, copy | (va & ~PAGE_MASK));
	else if (pa != w->gpa + displaced && guest_map_find(&guest.map, w->gpa)->type == REGION_RAM)
		assert_int_equal(pa, copy | (va & ~PAGE_MASK));	/* data read of an executable page */
}

/* -- what the window says by itself (window_abort of window_inline.S) -- */

static u32 denied, nothing_there;

/* The word that the window reads at @va, an address of its own. */
static u32 window_reads(gva_t va)
{
	struct tlb_entry t;

	assert_int_equal(va >> SECTION_SHIFT, window_base >> SECTION_SHIFT);
	assert_true(hw_walk(va, &t) && !t.section);
	assert_int_equal(FIELD(t.desc, 9, 9) << 2 | FIELD(t.desc, 5, 4), 5);	/* for privileged modes, to be read */
	assert_true(t.desc & L2_XN);
	return *(const u32 *)hpa_ptr((t.desc & PAGE_MASK) | (va & ~PAGE_MASK));
}

/* The DFSR of a store of User mode that the host denied for small page @t, or 0: C finds out. */
static u32 window_denies(gva_t va, const struct tlb_entry *t)
{
	u32 slot = va >> SECTION_SHIFT;

	return v->denied_otherwise[slot >> 5] >> (slot & 31) & 1 ? 0 : v->dom_fsr[t->domain];
}

/* The same where the host has nothing. */
static u32 window_finds_nothing(gva_t va, enum shadow_access acc)
{
	const struct window_walk *w = &v->walk[va >> SECTION_SHIFT & 3];

	if (w->slot != va >> SECTION_SHIFT || w->ttbr0 != v->cp15.ttbr0 || window_reads(w->l1_at) != w->l1 ||
	    window_reads(w->l2_at + (va >> PAGE_SHIFT & 0xff) * 4) & 3)
		return 0;
	return w->fsr | (acc == ACC_WRITE ? 0x800 : 0);
}

/* User mode's access @acc was denied by the host, to the guest it is @legal or gf. */
static void check_window(gva_t va, enum shadow_access acc, bool legal)
{
	const struct tlb_entry *t = tlb_lookup(va);
	bool open = t && (v->hw_dacr >> (2 * t->domain) & 3) == 1;
	u32 fsr = 0;

	if (acc == ACC_WRITE && open && !t->section && !tlb_allows(t, acc)) {
		fsr = window_denies(va, t);
		denied += fsr != 0;
	} else if (acc != ACC_EXEC && !t) {
		fsr = window_finds_nothing(va, acc);
		nothing_there += fsr != 0;
	}
	if (!fsr)
		return;
	if (legal)
		fail_msg("the window denies 0x%08x, the guest's tables do not", va);
	assert_int_equal(fsr, gf.fsr);
	assert_int_equal(va, gf.far);
}

static u32 short_faults, short_fills;

/* What the fault gets, every other time by the short way first (short_exit.c), which has to find what the long one does. */
static enum shadow_result resolve(gva_t va, enum shadow_access acc, bool priv, bool legal, gpa_t *gpa)
{
	const u32 kernel = v->dacr_kernel, user = v->dacr_user;
	const struct gfault want = gf;
	struct short_walk w;
	u32 fsr;

	if (rnd(2))
		return shadow_fault(v, va, acc, priv, gpa, &gf);
	fsr = guest_walk_short(v, va, acc, priv, v->cp15.dacr, &w);
	switch (fsr) {
	case SHORT_WALK_PAGE:
		assert_true(legal);
		if (!shadow_fill_short(v, va, acc, priv, &w))
			break;
		assert_true(v->dacr_kernel == kernel && v->dacr_user == user);	/* the real one stays as it is */
		short_fills++;
		return SHADOW_FIXED;
	case SHORT_WALK_OTHER:
		break;
	default:
		assert_false(legal);
		assert_int_equal(fsr, want.fsr);
		assert_int_equal(va, want.far);
		if (!priv && acc != ACC_EXEC)
			shadow_note_abort(v, fsr, va);
		short_faults++;
		return SHADOW_GUEST_FAULT;
	}
	return shadow_fault(v, va, acc, priv, gpa, &gf);
}

/* Returns what the guest sees: true = done, false = fault. */
static bool guest_does(gva_t va, enum shadow_access acc, bool priv)
{
	struct tlb_entry by;
	struct walk w;
	bool legal;
	hpa_t pa;
	gpa_t gpa;

	set_mode(priv);
	tlb_load_some();
	legal = guest_walk(v, va, acc, priv, &w, &gf) == 0;
	for (u32 i = 0; i < FAULTS_MAX; i++) {
		if (hw_access(va, acc, &by, &pa)) {
			if (!legal)
				fail_msg("shadow grants 0x%08x acc %u priv %u, the guest's tables do not", va, acc, priv);
			check_target(va, &w, acc, priv, pa);
			check_type(va, &w, &by, pa);
			return true;
		}
		if (!priv)
			check_window(va, acc, legal);
		switch (resolve(va, acc, priv, legal, &gpa)) {
		case SHADOW_GUEST_FAULT:
			assert_false(legal);
			return false;
		case SHADOW_FIXED:
		case SHADOW_CODE_WRITE:
			assert_true(legal);
			break;
		case SHADOW_INTERPRET:
			fail_msg("no page here is to be interpreted");
			break;
		case SHADOW_EMULATED:
		case SHADOW_STORE:
			assert_true(legal);
			assert_int_equal(gpa, w.gpa);
			return true;
		case SHADOW_NOTHING:
			assert_true(legal);
			assert_true(!guest_map_find(&guest.map, gpa) || acc == ACC_EXEC);
			return false;
		}
		set_mode(priv);
	}
	fail_msg("no progress at 0x%08x acc %u priv %u", va, acc, priv);
	return false;
}

static void audit(void)
{
	u32 bad = shadow_audit(v);

	if (bad)
		fail_msg("%u violations: %s", bad, fake_log_text);
	assert_int_equal(s->audit_stale, 0);
}

/* -- set-up -- */

/* What kind of guest it is; the single cases have it plain. */
static struct {
	u32 sctlr;		/* of TRE, AFE, EE */
	u32 n;			/* TTBCR.N */
	bool restless;		/* changes its strategy */
	bool no_asid;		/* nothing is non-global, a switch of spaces invalidates all */
	u32 domains, user_slots;
} world;

static u32 guest_order(u32 val)
{
	return world.sctlr & SCTLR_EE ? __builtin_bswap32(val) : val;
}

/* The guest stores @val at @a, through some mapping of its own: where stores are followed none is writable, so Umbra does it, or lets it be done. */
static void poke(gpa_t a, u32 val)
{
	if (is_watched_table(s, a) && s->ops->table_stored(s, a & PAGE_MASK, rnd(20))) {
		*(u32 *)hpa_ptr(a + displaced) = guest_order(val);
		s->ops->table_written(s, a, 4);
		return;
	}
	assert_false(is_watched_table(s, a));
	*(u32 *)hpa_ptr(a + displaced) = guest_order(val);
}

static u32 peek(gpa_t a)
{
	return guest_order(*(u32 *)hpa_ptr(a + displaced));
}

static void map_add(gpa_t base, u32 size, enum region_type type)
{
	assert_int_equal(guest_map_add(&guest.map, &(struct region){ .base = base, .size = size, .type = type,
								     .name = "r" }, NULL), 0);
}

static int setup(void **state)
{
	fake_arch_reset();
	fake_log_reset();
	memset(&guest, 0, sizeof(guest));
	memset(tlb, 0, sizeof(tlb));
	memset(&world, 0, sizeof(world));
	world.user_slots = 6;
	memset(code_state, 0, sizeof(code_state));
	memset(user_ran, 0, sizeof(user_ran));
	memset(copy_of, 0, sizeof(copy_of));
	fake_tlbi_hook = tlb_hook;
	memset(coherent, 0xa5, sizeof(coherent));
	fake_clean_hook = clean_hook;
	alloc_init(HEAP, HEAP + HEAP_SIZE);
	host_l1 = hv_alloc(16384, 16384);
	for (u32 i = 0x800; i < 0xa00; i++)
		host_l1[i] = i << 20 | 2;	/* Umbra's own view of RAM */
	copy_pool = ptr_hpa(hv_alloc(COPIES * PAGE_SIZE, PAGE_SIZE));
	v = hv_alloc(sizeof(*v), PAGE_SIZE);
	v->guest = &guest;
	guest.name = "g";
	guest.vcpu = v;
	map_add(RAM, RAM_SIZE, REGION_RAM);
	map_add(SRAM, SRAM_SIZE, REGION_RAM);
	if (displaced) {	/* without DMA, so without passed-through devices */
		map_add(0x48000000, 0x400000, REGION_EMULATED);
	} else {
		map_add(0x48000000, 0x400000, REGION_PASSTHROUGH);
		map_add(0x48200000, 0x1000, REGION_EMULATED);
	}
	guest.map.offset = displaced;
	fake_sram_base = SRAM + displaced;
	v->cpsr = MODE_SVC;
	assert_int_equal(shadow_init(v, NULL), 0);
	s = v->shadow;
	shadow_reset(v);
	v->r[15] = 0xeeee0000;
	window_moves = 0;
	seed = 1;
	return 0;
}

static void guest_write_sctlr(u32 val)
{
	v->cp15.sctlr = val;
	shadow_ctx_changed(v, CTX_SCTLR);
}

static void write_dacr(u32 val)
{
	v->cp15.dacr = val;
	shadow_ctx_changed(v, CTX_DACR);
}

/* As window_fast.c: what needs C and what does not. */
static bool window_selects(u32 ttbr0, u32 asid)
{
	const struct root_cache *c = vcpu_root_cached(v, ttbr0, asid & 0xff);

	v->cp15.ttbr0 = ttbr0;
	v->cp15.contextidr = asid;
	if (!c)
		return false;
	v->hw_ttbr0 = c->hw_ttbr0;
	v->hw_asid = c->hw_asid;
	shadow_exited(v);
	return true;
}

static void write_ttbr0(u32 val)
{
	if (!window_selects(val | 0x19, v->cp15.contextidr))
		shadow_ctx_changed(v, CTX_TTBR0);
}

static void write_asid(u32 val)
{
	if (!window_selects(v->cp15.ttbr0, val))
		shadow_ctx_changed(v, CTX_ASID);
}

static void l1(u32 space, gva_t va, u32 d)
{
	poke(G_L1(space) + (va >> 20) * 4, d);
}

static void l2(u32 tbl, gva_t va, u32 d)
{
	poke(G_L2(tbl) + (va >> 12 & 0xff) * 4, d);
}

static void mmu_on(void)
{
	write_ttbr0(G_L1(0));
	write_asid(1);
	write_dacr(0x55555555);
	guest_write_sctlr(SCTLR_M);
}

#define P(gpa, ap)	((gpa) | ((ap) & 3) << 4 | ((ap) >> 2) << 9 | 2u | 0xcu)
#define S(gpa, ap)	((gpa) | ((ap) & 3) << 10 | ((ap) >> 2) << 15 | 2u | 0xcu)
#define NG		BIT(11)
#define KRW		1u
#define KRW_URO		2u
#define URW		3u
#define KRO		5u
#define URO		7u

/* -- single cases -- */

static void unknown_strategy(void **state)
{
	assert_int_equal(shadow_init(v, "nonsense"), -ENOENT);
	assert_non_null(strstr(fake_log_text, "shadow: strategy \"nonsense\" is not built in (built: flush, sync, oos; SHADOW_NONSENSE"));
}

static void mmu_off(void **state)
{
	assert_true(guest_does(RAM + 0x1234, ACC_WRITE, true));
	assert_true(guest_does(RAM + 0x5678, ACC_READ, false));
	assert_true(guest_does(RAM + 0x9000, ACC_EXEC, true));
	assert_true(guest_does(RAM + 0x9004, ACC_EXEC, false));
	assert_true(guest_does(RAM + 0x9008, ACC_WRITE, true));		/* ends it as code */
	assert_true(guest_does(RAM + 0x9008, ACC_EXEC, true));
	assert_true(guest_does(0x40200010, ACC_EXEC, true));		/* SRAM */
	assert_true(guest_does(0x48000010, ACC_WRITE, true));
	assert_true(guest_does(0x48200010, ACC_WRITE, true));		/* emulated */
	assert_false(guest_does(0x48000010, ACC_EXEC, true));
	assert_false(guest_does(0x20000000, ACC_READ, true));
	audit();
}

static void expect_violation(const char *what)
{
	fake_log_reset();
	assert_true(shadow_audit(v) > 0);
	assert_non_null(strstr(fake_log_text, what));
}

/* The audit finds a node or a table that neither a root nor a free list has. */
static void lost_nodes_are_found(void **state)
{
	u16 node, tbl;

	l1(0, 0x00100000, G_L2(0) | 1);
	l2(0, 0x00100000, P(RAM + 0x40000, URW) | NG);
	mmu_on();
	assert_true(guest_does(0x00100000, ACC_READ, false));
	l1(0, 0x00100000, 0);
	shadow_tlbi(v, TLBI_ALL, 0);
	audit();
	node = s->node_free;
	tbl = s->tbl_free;
	assert_true(node != NODE_NONE && tbl != TBL_NONE);
	s->node_free = s->node[node].hash_next;
	expect_violation("nodes: ");
	s->node_free = node;
	audit();
	s->tbl_free = s->tbl_next[tbl];
	expect_violation("tables: ");
	s->tbl_free = tbl;
	audit();
}

/* Memory that another guest has, too: each mapping of it is named. */
static void memory_of_another_guest(void **state)
{
	assert_true(guest_does(RAM + 0x1234, ACC_WRITE, true));
	assert_true(guest_does(0x40200010, ACC_READ, true));
	assert_true(guest_does(0x48000010, ACC_WRITE, true));
	thief = guest;
	thief.name = "thief";
	stolen = true;
	fake_log_reset();
	assert_true(shadow_audit(v) >= 2);
	assert_non_null(strstr(fake_log_text, "is memory of guest thief"));
	assert_non_null(strstr(fake_log_text, "memory of somebody else"));
	stolen = false;
	audit();
}

/* What is fetched at @va must be interpreted: nothing, and least of all what is mapped for data, lets the processor execute it. */
static void expect_interpreted(gva_t va, bool priv)
{
	struct tlb_entry by;
	hpa_t pa;
	gpa_t gpa;

	assert_true(guest_does(va + PAGE_SIZE, ACC_EXEC, priv));	/* a neighbour, which might be filled with others ahead */
	set_mode(priv);
	assert_false(hw_access(va, ACC_EXEC, &by, &pa));
	assert_true(guest_does(va, ACC_READ, priv));
	assert_false(hw_access(va, ACC_EXEC, &by, &pa));
	assert_int_equal(shadow_fault(v, va, ACC_EXEC, priv, &gpa, &gf), SHADOW_INTERPRET);
	assert_false(hw_access(va, ACC_EXEC, &by, &pa));
}

/* Rule 12, for pages of the guest's kernel and of its programs. */
static void pages_with_breakpoints(void **state)
{
	l1(0, 0x00100000, G_L2(0) | 1);
	l1(0, 0xc0100000, G_L2(1) | 1);
	for (u32 i = 0; i < 16; i++) {
		l2(0, 0x00100000 + i * PAGE_SIZE, P(RAM + 0x40000 + i * PAGE_SIZE, URW) | NG);
		l2(1, 0xc0100000 + i * PAGE_SIZE, P(RAM + 0x50000 + i * PAGE_SIZE, KRW));
	}
	mmu_on();
	v->breaks.nr = 2;
	v->breaks.at[0].va = 0x00103010;
	v->breaks.at[1].va = 0xc0105ffc;
	expect_interpreted(0x00103000, false);
	expect_interpreted(0xc0105000, true);
	v->breaks.nr = 0;
	assert_true(guest_does(0x00103000, ACC_EXEC, false));
	assert_true(guest_does(0xc0105000, ACC_EXEC, true));
	audit();
}

static void sections_stay_sections(void **state)
{
	l1(0, 0xc0000000, S(RAM, KRW));
	l1(0, 0xc0100000, S(RAM + 0x100000, KRW));
	l1(0, 0xf8000000, S(0x48000000, KRW));
	l1(0, 0xf8200000, S(0x48200000, KRW));
	mmu_on();
	assert_true(guest_does(0xc0000000, ACC_READ, true));
	assert_true(guest_does(0xf8000000, ACC_WRITE, true));
	assert_int_equal(s->cur->l1[0xc00] & 3, 2);
	assert_int_equal(s->cur->l1[0xf80] & 3, displaced ? 0 : 2);
	assert_true(guest_does(0xf8201000, ACC_WRITE, true));
	assert_int_equal(s->cur->l1[0xf82] & 3, displaced ? 0 : 1);	/* beside an emulated device */
	assert_false(guest_does(0xc0000000, ACC_READ, false));
	/* execution splits it, and keeps the writable alias of the code away */
	l1(0, 0xd0000000, S(RAM, KRW));
	assert_true(guest_does(0xd0003000, ACC_WRITE, true));
	assert_true(guest_does(0xc0003000, ACC_EXEC, true));
	assert_int_equal(s->cur->l1[0xc00] & 3, 1);
	assert_int_equal(s->cur->l1[0xd00], 0);
	assert_true(guest_does(0xd0004000, ACC_WRITE, true));
	assert_true(guest_does(0xd0003000, ACC_READ, true));
	assert_true(guest_does(0xc0003000, ACC_EXEC, true));
	assert_true(guest_does(0xd0003000, ACC_WRITE, true));
	assert_true(guest_does(0xc0003000, ACC_EXEC, true));
	audit();
}

/* A store from code in the page itself is handed out for emulation, or fetch and store would chase each other. */
static void store_into_own_page(void **state)
{
	gpa_t gpa;

	assert_true(guest_does(RAM + 0x9000, ACC_EXEC, true));
	v->r[15] = RAM + 0x9100;
	assert_int_equal(shadow_fault(v, RAM + 0x9200, ACC_WRITE, true, &gpa, &gf), SHADOW_EMULATED);
	assert_int_equal(gpa, RAM + 0x9200);
	v->r[15] = RAM + 0x8ffe;	/* a T32 instruction that ends there */
	v->cpsr |= PSR_T;
	assert_int_equal(shadow_fault(v, RAM + 0x9200, ACC_WRITE, true, &gpa, &gf), SHADOW_EMULATED);
	assert_int_equal(gpa, RAM + 0x9200);
	v->r[15] = RAM + 0x8ffc;
	assert_int_equal(shadow_fault(v, RAM + 0x9200, ACC_WRITE, true, &gpa, &gf), SHADOW_CODE_WRITE);
	v->cpsr &= ~PSR_T;
	assert_true(guest_does(RAM + 0x9000, ACC_EXEC, true));
	v->r[15] = RAM + 0xa100;
	assert_int_equal(shadow_fault(v, RAM + 0x9200, ACC_WRITE, true, &gpa, &gf), SHADOW_CODE_WRITE);
}

/* So is one from elsewhere that may change nothing but a word. Nothing becomes writable then, and the page stays code. */
static void store_beside_code(void **state)
{
	u32 count = v->exits[EXIT_CODE_WRITE];
	gpa_t gpa;

	assert_true(guest_does(RAM + 0x9000, ACC_EXEC, true));
	v->r[15] = RAM + 0xa100;
	takes_stores = one_store = true;
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(shadow_fault(v, RAM + 0x9200, ACC_WRITE, true, &gpa, &gf), SHADOW_STORE);
	assert_int_equal(gpa, RAM + 0x9200);
	assert_int_equal(v->exits[EXIT_CODE_WRITE], count + 3);
	assert_true(code_page_is_code(v, RAM + 0x9000, NULL));
	audit();
	one_store = false;
	assert_int_equal(shadow_fault(v, RAM + 0x9200, ACC_WRITE, true, &gpa, &gf), SHADOW_CODE_WRITE);
	assert_false(code_page_is_code(v, RAM + 0x9000, NULL));
	takes_stores = false;
}

/* The guest may have written the code past the cache: what is scanned is what is in memory. */
static void scan_reads_memory(void **state)
{
	fake_dcache_flushed = 0;
	assert_true(guest_does(RAM + 0x9000, ACC_EXEC, true));
	assert_int_equal(fake_dcache_flushed, PAGE_SIZE);
	assert_true(guest_does(RAM + 0x9100, ACC_EXEC, true));
	assert_int_equal(fake_dcache_flushed, PAGE_SIZE);
}

/* DACR writes open and close domains without losing entries; mode switches take no fault. */
static void dacr_costs_no_fill(void **state)
{
	u64 fills;

	l1(0, 0x00100000, G_L2(0) | 1 | 1 << 5);
	l1(0, 0xc0000000, S(RAM, KRW));
	l2(0, 0x00100000, P(RAM + 0x5000, URW) | NG);
	mmu_on();
	assert_true(guest_does(0xc0000000, ACC_WRITE, true));
	assert_true(guest_does(0x00100000, ACC_WRITE, false));
	fills = s->fills;
	for (u32 i = 0; i < 20; i++) {
		write_dacr(i & 1 ? 0x5 : 0x1);		/* as software PAN does */
		assert_true(guest_does(0xc0000000, ACC_WRITE, true));
		if (i & 1) {
			assert_true(guest_does(0x00100000, ACC_WRITE, false));
			assert_true(guest_does(0x00100000, ACC_READ, true));
		}
	}
	assert_int_equal(s->fills, fills);
	write_dacr(0x1);
	assert_false(guest_does(0x00100000, ACC_READ, true));
	assert_int_equal(gf.fsr, 0x1b);			/* page domain fault, domain 1 */
	assert_false(guest_does(0xc0000000, ACC_READ, false));
	assert_int_equal(gf.fsr, 0xd);
	/* what the window finds in the cache is what C would compute */
	for (u32 i = 0; i < ARRAY_SIZE(v->dacr_cache); i++)
		if (v->dacr_cache[i].valid) {
			struct dacr_cache c = v->dacr_cache[i];

			write_dacr(c.guest);
			dacr_apply(s);
			assert_int_equal(v->dacr_kernel, c.kernel);
			assert_int_equal(v->dacr_user, c.user);
		}
	audit();
}

/* More domains than the host has: those that the guest does not tell apart cost nothing, and none is ever taken for another. */
static void many_domains(void **state)
{
	u64 fills = 0, evictions = 0, drops;

	for (u32 i = 0; i < 32; i++) {
		l1(0, 0x40000000 + i * SECTION_SIZE, G_L2(i) | 1 | (i / 2) << 5);
		l2(i, 0, P(RAM + i * PAGE_SIZE, i & 1 ? URW : KRW));
		l1(0, 0x50000000 + i * SECTION_SIZE, S(RAM + SECTION_SIZE, i & 1 ? URW : KRW) | (i / 2) << 5 | BIT(17));
	}
	mmu_on();
	drops = s->drops_all;
	for (u32 round = 0; round < 10; round++) {
		if (round == 1)
			fills = s->fills;
		for (u32 i = 0; i < 32; i++) {
			assert_true(guest_does(0x40000000 + i * SECTION_SIZE, ACC_WRITE, true));
			assert_true(guest_does(0x50000000 + i * SECTION_SIZE, ACC_WRITE, true));
			assert_true(guest_does(0x40000000 + i * SECTION_SIZE, ACC_WRITE, false) == (i & 1));
		}
		audit();
	}
	assert_int_equal(s->fills, fills);
	for (u32 round = 0; round < 40; round++) {
		u32 open = 1 | rnd(4) << rnd(31), n = 0;

		if (round == 20)
			evictions = s->evictions;
		for (u32 gd = 0; gd < 16; gd++)
			n |= (open >> gd & 1) << (2 * gd);
		write_dacr(n);
		for (u32 i = 0; i < 32; i++) {
			bool is_open = open >> (i / 2) & 1;

			assert_true(guest_does(0x40000000 + i * SECTION_SIZE, ACC_WRITE, true) == is_open);
			assert_true(guest_does(0x50000000 + i * SECTION_SIZE, ACC_READ, false) == (is_open && i & 1));
		}
		audit();
	}
	assert_in_range(s->evictions - evictions, 1, 100);	/* a few in each round, not all of them */
	assert_int_equal(s->drops_all, drops);
}

static void manager_domain(void **state)
{
	l1(0, 0xc0000000, S(RAM, 0) | BIT(4) | 2 << 5);
	mmu_on();
	assert_false(guest_does(0xc0000000, ACC_READ, true));
	write_dacr(3 << 4);
	assert_true(guest_does(0xc0000000, ACC_WRITE, false));
	assert_true(guest_does(0xc0001000, ACC_EXEC, true));
	audit();
	write_dacr(1 << 4);
	assert_false(guest_does(0xc0000000, ACC_READ, true));
	assert_false(guest_does(0xc0001000, ACC_EXEC, true));
	audit();
}

/* Kernel-only and user pages in one MiB, as Linux's vectors: right for both, and no toggling in the steady state. */
static void mixed_slot(void **state)
{
	u64 toggles;

	l1(0, 0xfff00000, G_L2(0) | 1);
	l2(0, 0xffff0000, P(RAM + 0x6000, URO));
	l2(0, 0xffff1000, P(RAM + 0x7000, KRO));
	l2(0, 0xffff2000, P(RAM + 0x8000, KRW_URO));
	mmu_on();
	v->cp15.sctlr |= SCTLR_V;
	shadow_ctx_changed(v, CTX_VECTORS);
	assert_true(guest_does(0xffff0000, ACC_EXEC, true));
	assert_true(guest_does(0xffff1000, ACC_EXEC, true));
	assert_false(s->scan_user);
	toggles = s->toggles;
	for (u32 i = 0; i < 4; i++) {
		assert_true(guest_does(0xffff0000, ACC_EXEC, true));
		assert_true(guest_does(0xffff1000, ACC_EXEC, true));
	}
	assert_int_equal(s->toggles, toggles);
	assert_true(guest_does(0xffff0000, ACC_EXEC, false));	/* kuser helper: the copy */
	assert_false(guest_does(0xffff1000, ACC_READ, false));
	assert_true(guest_does(0xffff2000, ACC_WRITE, true));
	assert_false(guest_does(0xffff2000, ACC_WRITE, false));
	assert_true(guest_does(0xffff2000, ACC_READ, false));
	assert_true(guest_does(0xffff1000, ACC_EXEC, true));
	audit();
}

static void user_code_is_not_scanned(void **state)
{
	l1(0, 0x00100000, G_L2(0) | 1);
	l2(0, 0x00101000, P(RAM + 0x3000, URO) | NG);
	l2(0, 0x00102000, P(RAM + 0x4000, URW) | NG);
	l2(0, 0x00103000, P(RAM + 0x9000, URW) | NG | 1);
	l2(0, 0x00120000, P(RAM + 0xa000, URW) | NG);
	mmu_on();
	assert_true(guest_does(0x00101000, ACC_EXEC, false));
	assert_int_equal(code_state[3], 0);
	assert_true(guest_does(0x00102000, ACC_WRITE, false));
	assert_true(guest_does(0x00102000, ACC_EXEC, false));
	assert_false(guest_does(0x00103000, ACC_EXEC, false));
	/* the kernel runs a page that User mode can reach: from here both run scanned code */
	assert_true(guest_does(0x00120000, ACC_EXEC, true));
	assert_true(s->scan_user);
	assert_true(guest_does(0x00102000, ACC_EXEC, true));
	assert_true(guest_does(0x00101000, ACC_EXEC, false));
	assert_int_not_equal(code_state[3], 0);
	audit();
}

/* The kernel executes a page that User mode can reach, then invalidates everything: does it execute both scanned still? */
static bool stays_common(gva_t va)
{
	assert_true(guest_does(va, ACC_EXEC, true));
	assert_true(s->scan_user);
	shadow_tlbi(v, TLBI_ALL, 0);
	return s->scan_user;
}

/* A kernel that comes back to common code again and again is believed at last; one that starts after it is another. */
static void another_kernel_starts(void **state)
{
	u32 times = 0;

	l1(0, 0x00100000, G_L2(0) | 1);
	l2(0, 0x00120000, P(RAM + 0xa000, URW));
	mmu_on();
	while (!stays_common(0x00120000))
		assert_true(++times < 10);
	assert_true(times > 1);
	guest_write_sctlr(0);
	guest_write_sctlr(SCTLR_M);
	assert_false(stays_common(0x00120000));
	audit();
}

/* A page whose copy had to make room is code: nothing writes it, and whoever executes it next gets a copy. */
static void code_without_a_copy(void **state)
{
	l1(0, 0x00100000, G_L2(0) | 1);
	for (u32 i = 0; i <= COPIES; i++)
		l2(0, 0x00100000 + i * PAGE_SIZE, P(RAM + 0x1000 + i * 3 * PAGE_SIZE, KRW) | NG);
	l2(0, 0x00140000, P(RAM + 0x1000, URO) | NG);
	mmu_on();
	for (u32 i = 0; i <= COPIES; i++)
		assert_true(guest_does(0x00100000 + i * PAGE_SIZE, ACC_EXEC, true));
	assert_int_equal(code_state[1], KEPT);
	audit();
	assert_true(guest_does(0x00140000, ACC_EXEC, false));
	assert_in_range(code_state[1], 2, KEPT - 1);
	assert_false(user_ran[1]);
	assert_int_equal(code_state[4], KEPT);
	assert_true(guest_does(0x00101000, ACC_READ, true));
	assert_int_equal(code_state[4], KEPT);
	assert_true(guest_does(0x00101000, ACC_WRITE, true));
	assert_int_equal(code_state[4], 0);
	audit();
}

/* Kernel and User mode by turns in one megabyte: no more than linking the other table. The kernel's data does not take it from where it executes. */
static void views_are_toggled(void **state)
{
	u64 fills, toggles;

	l1(0, 0x00100000, G_L2(0) | 1);
	l2(0, 0x00100000, P(RAM + 0x3000, KRW));
	l2(0, 0x00101000, P(RAM + 0x4000, URW));
	mmu_on();
	assert_true(guest_does(0x00100000, ACC_EXEC, true));
	assert_true(guest_does(0x00101000, ACC_EXEC, false));
	fills = s->fills;
	toggles = s->toggles;
	for (u32 i = 0; i < 4; i++) {
		assert_true(guest_does(0x00100000, ACC_EXEC, true));
		assert_true(guest_does(0x00101000, ACC_EXEC, false));
		assert_true(guest_does(0x00101000, ACC_WRITE, false));
	}
	assert_int_equal(s->fills, fills);
	assert_int_equal(s->toggles, toggles + 8);
	assert_true(guest_does(0x00100000, ACC_EXEC, true));
	assert_true(guest_does(0x00101000, ACC_WRITE, true));
	assert_true(guest_does(0x00100000, ACC_EXEC, true));
	assert_int_equal(s->toggles, toggles + 9);
	audit();
}

/* Which pages' ICIMVAU is for C: those that User mode executes and the kernel may write. */
static void user_pages_are_noted(void **state)
{
	u32 page[2] = { (u32)displaced + RAM + 0x3000, (u32)displaced + RAM + 0x4000 };

	l1(0, 0x00100000, G_L2(0) | 1);
	l2(0, 0x00100000, P(RAM + 0x3000, KRW_URO));
	l2(0, 0x00101000, P(RAM + 0x4000, URO));
	mmu_on();
	for (u32 i = 0; i < 2; i++)
		v->no_code[vcpu_no_code(page[i])] = page[i];
	for (u32 i = 0; i < 2; i++)
		assert_true(guest_does(0x00100000 + i * PAGE_SIZE, ACC_EXEC, false));
	assert_int_equal(v->no_code[vcpu_no_code(page[0])], 0);
	assert_int_equal(v->no_code[vcpu_no_code(page[1])], page[1]);
}

/* Cases with pages and lines of descriptors of their own: User mode executes the page where its kernel cannot write; ICIMVAU is the window's since. */
#define CASE_VA(i)	(0x00100000u + 0x20000 * (i))
#define CASE_PAGE(i)	(RAM + 0x3000 + 0x2000 * (i))

static u32 ran_by_another(u32 i)
{
	u32 page = (u32)displaced + CASE_PAGE(i);

	l2(0, CASE_VA(i), P(CASE_PAGE(i), URO));
	assert_true(guest_does(CASE_VA(i), ACC_EXEC, false));
	v->no_code[vcpu_no_code(page)] = page;
	return page;
}

/* The same where the kernel comes to be able to write later, whatever makes the entry: it is noted when that is executed. */
static void user_pages_are_noted_later(void **state)
{
	static const u32 ap[] = { URW, KRW_URO };

	l1(0, 0x00100000, G_L2(0) | 1);
	mmu_on();
	for (u32 i = 0; i < 2 * ARRAY_SIZE(ap); i++) {		/* another mapping, by an access of data to it or beside it */
		u32 page = ran_by_another(i), at = CASE_VA(i) + 0x10000;

		l2(0, at, P(CASE_PAGE(i), ap[i / 2]));
		l2(0, at + PAGE_SIZE, P(CASE_PAGE(i) + PAGE_SIZE, URW));
		assert_true(guest_does(at + (i & 1) * PAGE_SIZE, ACC_READ, false));
		assert_true(guest_does(at, ACC_READ, false));
		assert_int_equal(v->no_code[vcpu_no_code(page)], page);
		assert_true(guest_does(at, ACC_EXEC, false));
		assert_int_equal(v->no_code[vcpu_no_code(page)], 0);
	}
	audit();
	for (u32 i = 4; i < 4 + ARRAY_SIZE(ap); i++) {		/* the same one, by comparing */
		u32 page = ran_by_another(i);
		u64 fills;

		l2(0, CASE_VA(i), P(CASE_PAGE(i), ap[i - 4]));
		shadow_tlbi(v, TLBI_ALL, 0);
		assert_true(guest_does(CASE_VA(i), ACC_READ, false));
		assert_true(guest_does(CASE_VA(i), ACC_EXEC, false));
		assert_int_equal(v->no_code[vcpu_no_code(page)], 0);
		fills = s->fills;
		shadow_tlbi(v, TLBI_ALL, 0);			/* once */
		assert_true(guest_does(CASE_VA(i), ACC_EXEC, false));
		assert_int_equal(s->fills, fills);
	}
	audit();
}

/* Pages of a run-time compiler are not looked at for ever. */
static void changes_again_and_again(void **state)
{
	l1(0, 0x00100000, G_L2(0) | 1);
	l2(0, 0x00101000, P(RAM + 0x4000, URW));
	mmu_on();
	assert_true(guest_does(0x00101000, ACC_EXEC, false));
	for (u32 i = 0; i < 8; i++) {
		u64 fills;

		shadow_look_again(v, RAM + 0x4000);
		shadow_look_again(v, RAM + 0x4000);	/* of the same change */
		fills = s->fills;
		assert_true(guest_does(0x00101000, ACC_EXEC, false));
		assert_int_equal(s->fills, fills + (i < 4));
	}
	audit();
	v->cp15.sctlr = 0;
	v->cpsr = MODE_SVC;
	shadow_reset(v);	/* what starts then is told apart from what was there */
	mmu_on();
	assert_true(guest_does(0x00101000, ACC_EXEC, false));
	shadow_look_again(v, RAM + 0x4000);
	u64 fills = s->fills;
	assert_true(guest_does(0x00101000, ACC_EXEC, false));
	assert_int_equal(s->fills, fills + 1);
	audit();
}

/* What User mode executed unscanned, and its kernel may have changed: by no mapping it goes on without a fault. */
static void user_is_forgotten(void **state)
{
	l1(0, 0x00100000, G_L2(0) | 1);
	for (u32 i = 0; i < 4; i++)
		l2(0, 0x00100000 + i * PAGE_SIZE, P(RAM + 0x3000 + (i & 1) * PAGE_SIZE, URW));
	mmu_on();
	for (u32 i = 0; i < 4; i++)
		assert_true(guest_does(0x00100000 + i * PAGE_SIZE, ACC_EXEC, false));
	shadow_forget_user(v, RAM + 0x3000);
	u64 fills = s->fills;
	assert_true(guest_does(0x00101000, ACC_EXEC, false));	/* of another page */
	assert_int_equal(s->fills, fills);
	assert_true(guest_does(0x00100000, ACC_EXEC, true));	/* it faults, and is scanned */
	assert_int_not_equal(code_state[3], 0);
	audit();
	shadow_forget_user(v, RAM + 0x3000);			/* not what is code */
	assert_int_not_equal(code_state[3], 0);
	audit();
}

/* What User mode reads, writes or runs beside is scanned when the kernel jumps there; and so is what becomes its vector page. */
static void unscanned_for_user_only(void **state)
{
	l1(0, 0x00100000, G_L2(0) | 1);
	for (u32 i = 0; i < 16; i++)
		l2(0, 0x00100000 + i * PAGE_SIZE, P(RAM + 0x3000 + i * PAGE_SIZE, i & 1 ? URW : URO));
	mmu_on();
	assert_true(guest_does(0x00102000, ACC_EXEC, false));
	assert_true(guest_does(0x00105000, ACC_WRITE, false));
	assert_true(guest_does(0x00106000, ACC_READ, false));
	audit();
	v->cp15.vbar = 0x00102000;
	shadow_ctx_changed(v, CTX_VECTORS);
	assert_true(guest_does(0x00102008, ACC_EXEC, true));
	assert_int_not_equal(code_state[5], 0);
	assert_false(s->scan_user);
	assert_true(guest_does(0x00104000, ACC_EXEC, false));
	v->cp15.vbar = 0x00103000;		/* ahead of which it is */
	shadow_ctx_changed(v, CTX_VECTORS);
	assert_true(guest_does(0x00104000, ACC_EXEC, false));
	assert_true(guest_does(0x00103008, ACC_EXEC, true));
	assert_int_not_equal(code_state[6], 0);
	audit();
	for (u32 i = 4; i < 8; i++) {
		assert_true(guest_does(0x00104000, ACC_EXEC, false));
		assert_true(guest_does(0x00100000 + i * PAGE_SIZE, ACC_READ, false));
		if (i != 4)
			assert_true(guest_does(0x00100000 + i * PAGE_SIZE, ACC_EXEC, true));
		audit();
		shadow_tlbi(v, TLBI_ALL, 0);
	}
	/* once executed, a page is executable ahead, where the vectors are not near */
	v->cp15.vbar = 0xffff0000;
	shadow_ctx_changed(v, CTX_VECTORS);
	assert_true(guest_does(0x00108000, ACC_EXEC, false));
	shadow_tlbi(v, TLBI_ALL, 0);
	assert_true(guest_does(0x00109000, ACC_EXEC, false));
	u64 fills = s->fills;
	assert_true(guest_does(0x00108000, ACC_EXEC, false));
	assert_int_equal(s->fills, fills);
	audit();
}

static void window_moves_out_of_the_way(void **state)
{
	gva_t at;

	mmu_on();
	for (u32 i = 0; i < 20; i++) {
		at = window_base;
		assert_false(guest_does(at + 0x10, ACC_READ, true));	/* not the guest's: its own fault */
		assert_int_equal(window_base, at);
		assert_false(guest_does(at + 0x4010, ACC_READ, false));
		l1(0, at, S(RAM, KRW));
		assert_true(guest_does(at + 0x4010, ACC_WRITE, true));
		assert_int_not_equal(window_base, at);
		assert_true(guest_does(at + 0x4020, ACC_READ, true));
		assert_int_equal(host_l1[window_base >> 20], s->window.entry);
		assert_int_equal(v->tramp_ttbr0, ptr_hpa(s->window.tramp));
		assert_int_equal(s->window.tramp[window_base >> 20], s->window.entry);
		audit();
	}
	for (u32 i = 0; i < 4096; i++)
		if (i != window_base >> 20)
			assert_int_equal(s->window.tramp[i], 0);
}

/* Code beside the stub area gets no stubs, and a kernel enters its first megabyte most, whichever asks first: a megabyte between if there is room. */
static void stubs_stand_apart(void **state)
{
	static const u32 kernel[] = { 0xc00, 0x801, 0x7f0 };
	const hpa_t table = ptr_hpa(hv_alloc(L2_SIZE, L2_SIZE));
	u32 slot;

	mmu_on();
	guest_write_sctlr(SCTLR_M | SCTLR_C);
	for (u32 k = 0; k < ARRAY_SIZE(kernel); k++) {
		for (u32 i = 0; i < 8; i++)
			l1(0, (kernel[k] + i) << 20, S(RAM | i << 20, KRW));
		for (u32 i = 0; i < 8; i++) {
			slot = shadow_place_stubs(v, (kernel[k] + i) << 20, table) >> 20;
			assert_int_not_equal(slot, 0);
			assert_true(slot + 2 <= kernel[k] || slot >= kernel[k] + 9);
			shadow_unplace_stubs(v);
		}
	}
	/* where there is no such room, the megabyte that there is */
	for (u32 i = 0x7c0; i < 0x830; i++)
		l1(0, i << 20, i == 0x7f5 ? 0 : S(RAM | (i & 15) << 20, KRW));
	slot = shadow_place_stubs(v, 0x7f00u << 16, table) >> 20;
	assert_int_equal(slot, 0x7f5);
	shadow_unplace_stubs(v);
}

/* A guest that maps everything: the window still gives way, slot by slot. */
static void window_with_full_guest(void **state)
{
	for (u32 i = 0; i < 4096; i++)
		l1(0, i << 20, S(RAM | (i & 15) << 20, KRW));
	mmu_on();
	for (u32 i = 0; i < 10000; i++)
		assert_true(guest_does(rnd(4096) << 20 | 0x100, ACC_READ, true));
	for (u32 i = 0; i < 5000; i++) {	/* round all slots */
		assert_true(guest_does(window_base, ACC_READ, true));
		assert_true(guest_does(window_base + 0x100000, ACC_READ, true));
		assert_true(guest_does(window_base - 0x1ff000, ACC_EXEC, true));
		if (i < 64 || i % 64 == 0)
			audit();
	}
	audit();
}

/* A slot changes its kind and only one address of it is invalidated: nothing of the old may stay (more than a TLB must do). */
static void slot_changes_kind(void **state)
{
	l1(0, 0x30000000, G_L2(0) | 1);
	for (u32 i = 0; i < 256; i++)
		l2(0, i << 12, P(RAM + i * PAGE_SIZE, KRW));
	mmu_on();
	for (u32 i = 0; i < 256; i += 5)
		assert_true(guest_does(0x30000000 + i * PAGE_SIZE, ACC_WRITE, true));
	l1(0, 0x30000000, S(RAM + SECTION_SIZE, KRO));
	shadow_tlbi(v, TLBI_MVA, 0x30000000);
	for (u32 i = 255; i < 256; i -= 5) {
		assert_false(guest_does(0x30000000 + i * PAGE_SIZE, ACC_WRITE, true));
		assert_true(guest_does(0x30000000 + i * PAGE_SIZE, ACC_EXEC, true));
	}
	for (u32 i = 0; i < 16; i++)
		l1(0, 0x30000000 + i * SECTION_SIZE, S(RAM, KRW) | BIT(18));
	shadow_tlbi(v, TLBI_MVA, 0x30000000);
	for (u32 i = 0; i < 16; i++) {
		assert_true(guest_does(0x30000000 + i * SECTION_SIZE, ACC_WRITE, true));
		assert_true(guest_does(0x30001000 + i * SECTION_SIZE, ACC_EXEC, true));
	}
	for (u32 i = 0; i < 16; i++)
		l1(0, 0x30000000 + i * SECTION_SIZE, 0);
	shadow_tlbi(v, TLBI_MVA, 0x30512000);	/* one entry of the TLB, one operation */
	for (u32 i = 0; i < 16; i++)
		assert_false(guest_does(0x30000000 + i * SECTION_SIZE, ACC_READ, true));
	audit();
}

/* One operation on many pages: of the shadow and of the host's TLB, and no others. */
static void range_of_pages(void **state)
{
	l1(0, 0x30000000, G_L2(0) | 1);
	for (u32 i = 0; i < 256; i++)
		l2(0, i << 12, P(RAM + i * PAGE_SIZE, KRW));
	mmu_on();
	for (u32 first = 0; first < 256; first += 32) {
		for (u32 i = 0; i < 256; i += 3)
			assert_true(guest_does(0x30000000 + i * PAGE_SIZE, ACC_WRITE, true) == (i >= first));
		for (u32 i = first; i < first + 32; i++) {
			assert_true(guest_does(0x30000000 + i * PAGE_SIZE, ACC_WRITE, true));
			l2(0, i << 12, 0);
		}
		shadow_tlbi_pages(v, 0x30000000 + first * PAGE_SIZE, 32);
		for (u32 i = first; i < first + 32; i++)
			assert_false(guest_does(0x30000000 + i * PAGE_SIZE, ACC_READ, true));
		audit();
	}
}

/* Two first-level tables under one ASID share a table; then one of them goes on under another ASID. */
static void tables_share_an_asid(void **state)
{
	for (u32 i = 0; i < 2; i++)
		l1(i, 0x30000000, G_L2(0) | 1);
	l2(0, 0x30001000, P(RAM + 0x1000, URW) | NG);
	mmu_on();
	write_asid(5);
	assert_true(guest_does(0x30001000, ACC_WRITE, false));
	write_ttbr0(G_L1(1));
	assert_true(guest_does(0x30001000, ACC_WRITE, false));
	audit();
	l2(0, 0x30001000, P(RAM + 0x2000, URO) | NG);
	write_asid(6);
	assert_false(guest_does(0x30001000, ACC_WRITE, false));
	assert_true(guest_does(0x30001000, ACC_READ, false));
	audit();
	write_ttbr0(G_L1(0));
	l2(0, 0x30001000, 0);
	shadow_tlbi(v, TLBI_ASID, 6);
	assert_false(guest_does(0x30001000, ACC_READ, false));
}

/*
 * More address spaces than roots: what all of them have of the kernel stays when a root is given to another, what differs or is of one space only
 * does not.
 */
static void root_is_passed_on(void **state)
{
	u64 fills;

	for (u32 i = 0; i < SPACES; i++) {
		l1(i, 0x00100000, i & 1 ? 0 : G_L2(0) | 1);
		l1(i, 0xc0100000, G_L2(1) | 1);
		l1(i, 0xc0200000, S(RAM + 0x200000, KRW));
		l1(i, 0xc0300000, S(RAM + (i & 1 ? 0x300000 : 0x200000), KRW));
	}
	l2(0, 0x00100000, P(RAM + 0x40000, URW) | NG);
	l2(1, 0xc0100000, P(RAM + 0x50000, KRW));
	mmu_on();
	for (u32 round = 0; round < 2; round++) {
		for (u32 i = 0; i < SPACES; i++) {
			write_asid(i + 1);
			write_ttbr0(G_L1(i));
			fills = s->fills;
			assert_true(guest_does(0xc0100000, ACC_WRITE, true));
			assert_true(guest_does(0xc0200000, ACC_WRITE, true));
			assert_true(!round || s->fills == fills);
			assert_true(guest_does(0xc0300000, ACC_WRITE, true));
			assert_int_equal(guest_does(0x00100000, ACC_READ, false), !(i & 1));
			audit();
		}
	}
	assert_true(s->root_misses > SPACES);
}

/* An address space ends, another one begins in its first-level table: nothing is left of the ASID of the first that would have to be closed. */
static void table_of_a_dead_space(void **state)
{
	u32 kernel;

	l1(0, 0x00100000, G_L2(0) | 1 | 1 << 5);
	l2(0, 0x00101000, P(RAM + 0x1000, URW) | NG);
	mmu_on();
	assert_true(guest_does(0x00101000, ACC_WRITE, false));
	kernel = v->dacr_kernel;
	l1(0, 0x00100000, 0);
	shadow_tlbi(v, TLBI_ASID, 1);
	audit();
	write_ttbr0(G_L1(SPACES));
	write_asid(2);
	l1(0, 0x00100000, G_L2(0) | 1 | 1 << 5);
	write_ttbr0(G_L1(0));
	assert_false(s->asid_pending);
	assert_int_equal(v->dacr_kernel, kernel);
	audit();
	assert_true(guest_does(0x00101000, ACC_WRITE, false));
	write_asid(1);
	assert_true(s->asid_pending);
	audit();
}

/*
 * A table with global and non-global pages was filled in another root, under the ASID that this root has entries of. Then the ASID alone
 * changes: that node is no place for what the tables say now.
 */
static void pending_asid_and_a_shared_node(void **state)
{
	u64 fills;

	for (u32 i = 0; i < 2; i++)
		l1(i, 0x30000000, G_L2(0) | 1);
	l1(1, 0x40000000, G_L2(1) | 1);
	l2(0, 0x30001000, P(RAM + 0x1000, URW) | NG);
	l2(0, 0x30002000, P(RAM + 0x2000, URW));
	l2(1, 0x40001000, P(RAM + 0x3000, URW) | NG);
	mmu_on();
	write_asid(5);
	assert_true(guest_does(0x30001000, ACC_WRITE, false));
	write_ttbr0(G_L1(1));
	assert_true(guest_does(0x40001000, ACC_WRITE, false));
	write_asid(6);
	assert_true(s->asid_pending);
	l2(0, 0x30003000, P(RAM + 0x4000, URW) | NG);
	fills = s->fills;
	assert_true(guest_does(0x30002000, ACC_WRITE, false));
	assert_int_equal(s->fills, fills + 1);
	audit();
	write_asid(5);
	l2(0, 0x30003000, 0);
	shadow_tlbi(v, TLBI_MVA, 0x30003000 | 6);	/* ASID 5 never was current while it was valid */
	assert_false(guest_does(0x30003000, ACC_READ, false));
	write_ttbr0(G_L1(0));
	assert_false(guest_does(0x30003000, ACC_READ, false));
	assert_true(guest_does(0x30002000, ACC_WRITE, false));
	audit();
}

static void large_page(void **state)
{
	l1(0, 0x30000000, G_L2(0) | 1);
	for (u32 i = 16; i < 32; i++)
		l2(0, i << 12, (RAM + 0x30000) | 1 << 4 | 1 | 0xc);
	mmu_on();
	for (u32 i = 16; i < 32; i++)
		assert_true(guest_does(0x30000000 + i * PAGE_SIZE, ACC_WRITE, true));
	for (u32 i = 16; i < 32; i++)
		l2(0, i << 12, 0);
	shadow_tlbi(v, TLBI_MVA, 0x3001a000);
	for (u32 i = 16; i < 32; i++)
		assert_false(guest_does(0x30000000 + i * PAGE_SIZE, ACC_READ, true));
	audit();
}

/* A page that had three mappings at some time is looked for in all tables once, not each time that it becomes code. */
static void many_mappings_end(void **state)
{
	u64 sweeps;

	l1(0, 0x30000000, G_L2(0) | 1);
	l1(0, 0x40000000, G_L2(1) | 1);
	for (u32 i = 0; i < 4; i++)
		l2(0, i << 16, P(RAM + 0x4000, KRW));
	l2(1, 0, P(RAM + 0x4000, URO));
	mmu_on();
	for (u32 i = 0; i < 4; i++)
		assert_true(guest_does(0x30000000 + i * 0x10000, ACC_WRITE, true));
	assert_true(guest_does(0x40000000, ACC_READ, false));
	audit();
	sweeps = s->sweeps;
	for (u32 i = 0; i < 10; i++) {
		assert_true(guest_does(0x30000000, ACC_EXEC, true));
		assert_true(guest_does(0x40000000, ACC_READ, false));
		audit();
		assert_true(guest_does(0x30020000, ACC_WRITE, true));
		audit();
	}
	assert_in_range(s->sweeps - sweeps, 1, 2);
	for (u32 i = 0; i < 4; i++)	/* all of them, when they are many again */
		assert_true(guest_does(0x30000000 + i * 0x10000, ACC_WRITE, true));
	assert_true(guest_does(0x30030000, ACC_EXEC, true));
	for (u32 i = 0; i < 4; i++)
		assert_true(guest_does(0x30000000 + i * 0x10000, ACC_READ, true));
	assert_int_not_equal(frame_of(s, RAM + 0x4000)->w[0] & FRAME_MANY, 0);
	audit();
	code_page_drop(v, RAM + 0x4000);
	assert_int_equal(frame_of(s, RAM + 0x4000)->w[0] & FRAME_MANY, 0);
	audit();
}

/* What was invalidated and is valid again is there without a hidden fault. */
static void refill_after_invalidation(void **state)
{
	u64 fills;

	l1(0, 0xffe00000, G_L2(0) | 1);
	l2(0, 0xffe05000, P(RAM + 0x5000, KRW));
	mmu_on();
	assert_true(guest_does(0xffe05000, ACC_WRITE, true));
	fills = s->fills;
	for (u32 i = 0; i < 10; i++) {
		l2(0, 0xffe05000, P(RAM + i * PAGE_SIZE, KRW));
		shadow_tlbi(v, TLBI_MVA, 0xffe05000);
		assert_true(guest_does(0xffe05000, ACC_WRITE, true));
		l2(0, 0xffe05000, 0);
		shadow_tlbi(v, TLBI_MVA, 0xffe05000);
		assert_false(guest_does(0xffe05000, ACC_WRITE, true));
	}
	assert_int_equal(s->fills, fills);
	/* Walks that are not cacheable: the descriptor in our cache may be the old one, so only a real walk (which drops it) counts. */
	v->cp15.ttbr0 = G_L1(0);
	shadow_ctx_changed(v, CTX_TTBR0);
	l2(0, 0xffe05000, P(RAM, KRW));
	shadow_tlbi(v, TLBI_MVA, 0xffe05000);
	fake_dcache_flushed = 0;
	assert_true(guest_does(0xffe05000, ACC_WRITE, true));
	assert_int_equal(s->fills, fills + 1);
	assert_int_not_equal(fake_dcache_flushed, 0);
	audit();
}

/* What an operation names that names much stays if the guest's tables say so: a page, a page with less rights, a section, a copy. */
static void revalidation(void **state)
{
	const struct { gva_t va; u32 desc; enum shadow_access acc; bool priv; } page[] = {
		{ 0x00101000, P(RAM + 0x5000, URW) | NG, ACC_WRITE, false }, { 0x00102000, P(RAM + 0x6000, URO) | NG, ACC_EXEC, false },
		{ 0x00123000, P(0x48001000, URW) | NG, ACC_WRITE, false }, { 0xc0105000, P(RAM + 0x8000, KRW), ACC_WRITE, true },
		{ 0xc0106000, P(RAM + 0x9000, KRO), ACC_EXEC, true }, { 0xc0107000, P(RAM + 0xa000, KRO), ACC_EXEC, true },
	};
	u64 fills;

	l1(0, 0x00100000, G_L2(0) | 1 | 1 << 5);
	l1(0, 0xc0000000, S(RAM, KRW));
	l1(0, 0xc0100000, G_L2(1) | 1);
	for (u32 i = 0; i < ARRAY_SIZE(page); i++)
		l2(page[i].va >> 31, page[i].va, page[i].desc);
	mmu_on();
	for (u32 round = 0; round < 4; round++) {
		if (round == 1)
			fills = s->fills;
		for (u32 i = 0; i < ARRAY_SIZE(page); i++)
			assert_true(guest_does(page[i].va, page[i].acc, page[i].priv));
		assert_true(guest_does(0xc0001000, ACC_WRITE, true));
		shadow_tlbi(v, round & 1 ? TLBI_ASID : TLBI_ALL, 1);
		audit();
	}
	assert_int_equal(s->fills, fills);
	/* as fork() does: many lose the right to be written */
	l2(0, 0x00101000, P(RAM + 0x5000, URO) | NG);
	l2(1, 0xc0105000, 0);
	l1(0, 0xc0000000, S(RAM, KRO));
	shadow_tlbi(v, TLBI_ALL, 0);
	assert_false(guest_does(0x00101000, ACC_WRITE, false));
	assert_true(guest_does(0x00101000, ACC_READ, false));
	assert_int_equal(s->fills, fills);
	assert_false(guest_does(0xc0105000, ACC_READ, true));
	assert_false(guest_does(0xc0001000, ACC_WRITE, true));
	/* whatever holds goes as well when Umbra wants it anew (progress.c) */
	shadow_anew(v);
	audit();
	assert_int_equal(s->audit_entries, 0);
	assert_true(guest_does(0x00101000, ACC_READ, false));
	/* a table goes */
	l1(0, 0x00100000, 0);
	shadow_tlbi(v, TLBI_ASID, 1);
	assert_false(guest_does(0x00101000, ACC_READ, false));
	audit();
}

/* A page that Umbra alone denies to User mode: it was read-only by the guest's tables before, and one operation named all. */
static void denied_by_umbra(void **state)
{
	const gva_t va = 0x00101000;

	l1(0, 0x00100000, G_L2(0) | 1 | 1 << 5);
	l1(0, 0xc0000000, G_L2(1) | 1);
	l2(0, va, P(RAM + 0x5000, URO) | NG);
	l2(1, 0xc0001000, P(RAM + 0x5000, KRO));
	mmu_on();
	assert_true(guest_does(0xc0001000, ACC_EXEC, true));	/* code: nothing writes it */
	assert_true(guest_does(va, ACC_READ, false));
	denied = 0;
	assert_false(guest_does(va, ACC_WRITE, false));
	assert_int_equal(denied, 1);
	l2(0, va, P(RAM + 0x5000, URW) | NG);
	shadow_tlbi(v, TLBI_ALL, 0);
	assert_true(guest_does(va, ACC_READ, false));
	assert_true(guest_does(va, ACC_WRITE, false));
	assert_int_equal(denied, 1);
	audit();
	/* filled as such */
	assert_true(guest_does(0xc0001000, ACC_EXEC, true));
	assert_true(guest_does(va, ACC_READ, false));
	assert_true(guest_does(va, ACC_WRITE, false));
	assert_int_equal(denied, 1);
}

static void enter(u32 space, u32 asid);

static u32 walks(void)
{
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(v->walk); i++)
		n += v->walk[i].slot != WALK_VOID;
	return n;
}

/* User mode finds nothing at @va; true: the window sees it by itself. */
static bool window_sees(gva_t va)
{
	struct short_walk w;

	nothing_there = 0;
	set_mode(false);
	assert_int_not_equal(guest_walk(v, va, ACC_READ, false, &(struct walk){ 0 }, &gf), 0);
	check_window(va, ACC_READ, false);
	if (!nothing_there)
		shadow_note_abort(v, guest_walk_short(v, va, ACC_READ, false, v->cp15.dacr, &w), va);
	return nothing_there;
}

/* The window reads the guest's tables of now, where User mode finds nothing again and again. */
static void window_walks(void **state)
{
	for (u32 space = 0; space < 2; space++)
		for (u32 i = 0; i < 8; i++)
			l1(space, i << 20, G_L2(8 * space + i) | 1 | (1 + space) << 5);
	mmu_on();
	for (u32 i = 0; i < 4; i++) {
		gva_t va = i << 20 | 0x00056789;

		assert_false(window_sees(va));
		assert_false(window_sees(va));
		assert_true(window_sees(va));
		assert_true(window_sees(va ^ 0x00033000));		/* all of the table */
		assert_false(window_sees(va ^ 0x00400000));		/* another one in its place: not at once */
		assert_true(window_sees(va));
		assert_int_equal(walks(), i + 1);
	}
	/* what is there now counts, and another space is not this one */
	l2(0, 0x00056000, P(RAM + 0x5000, URW) | NG);
	assert_true(guest_does(0x00056789, ACC_WRITE, false));
	l2(0, 0x00056000, 0);
	shadow_tlbi(v, TLBI_MVA, 0x00056000 | 1);
	assert_true(window_sees(0x00056789));
	enter(1, 2);
	assert_false(window_sees(0x00056789));
	enter(0, 1);
	assert_true(window_sees(0x00056789));
	/* a table goes, another one comes */
	l1(0, 0x00000000, G_L2(7) | 1 | 1 << 5);
	assert_false(window_sees(0x00056789));
	assert_false(window_sees(0x00056789));
	assert_true(window_sees(0x00056789));
	/* other meanings of the registers, and the window elsewhere */
	v->cp15.ttbcr = 1;
	shadow_ctx_changed(v, CTX_TTBCR);
	assert_int_equal(walks(), 0);
	v->cp15.ttbcr = 0;
	shadow_ctx_changed(v, CTX_TTBCR);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(window_sees(0x00056789), i == 2);
	guest_write_sctlr(SCTLR_M | SCTLR_EE);
	assert_int_equal(walks(), 0);
	guest_write_sctlr(SCTLR_M);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(window_sees(0x00056789), i == 2);
	shadow_move_window(v, window_base);
	assert_int_equal(walks(), 0);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(window_sees(0x00056789), i == 2);
	audit();
}

/* Tables that no walk can reach change without a word, after an operation that named their space: compared when it is entered again. */
static void revalidation_of_other_spaces(void **state)
{
	u64 fills;

	for (u32 i = 0; i < 2; i++) {
		l1(i, 0x00100000, G_L2(i) | 1 | 1 << 5);
		l2(i, 0x00101000, P(RAM + 0x5000, URW) | NG);
		l2(i, 0x00102000, P(RAM + 0x6000, URW) | NG);
	}
	mmu_on();
	for (u32 i = 0; i < 2; i++) {
		write_ttbr0(G_L1(i));
		write_asid(i + 1);
		assert_true(guest_does(0x00101000, ACC_WRITE, false));
		assert_true(guest_does(0x00102000, ACC_WRITE, false));
	}
	shadow_tlbi(v, TLBI_ALL, 0);
	fills = s->fills;
	l2(0, 0x00101000, 0);
	write_asid(1);
	write_ttbr0(G_L1(0));
	assert_false(guest_does(0x00101000, ACC_WRITE, false));
	assert_true(guest_does(0x00102000, ACC_WRITE, false));
	assert_int_equal(s->fills, fills);
	/* an ASID that is not the current one is invalidated, while the root has its entries */
	write_asid(3);
	shadow_tlbi(v, TLBI_ASID, 1);
	l2(0, 0x00102000, 0);
	write_asid(1);
	assert_false(guest_does(0x00102000, ACC_WRITE, false));
	/* a root is entered under another ASID than that of its entries, after all was invalidated */
	write_asid(2);
	write_ttbr0(G_L1(1));
	assert_true(guest_does(0x00102000, ACC_WRITE, false));
	write_ttbr0(G_L1(0));
	shadow_tlbi(v, TLBI_ALL, 0);
	write_asid(3);
	write_ttbr0(G_L1(1));
	l2(1, 0x00102000, 0);
	shadow_tlbi(v, TLBI_MVA, 0x00102003);
	write_asid(2);
	assert_false(guest_does(0x00102000, ACC_WRITE, false));
	audit();
}

/* -- other strategies -- */

static const char *const strategies[] = { "flush", "sync", "oos" };
#define EACH_STRATEGY	ARRAY_SIZE(strategies)

static void use_strategy(u32 i)
{
	assert_int_equal(shadow_set_strategy(v, strategies[i % EACH_STRATEGY]), 0);
}

/*
 * Address spaces come and go in more tables than there are roots, as many with pages of their own: what rests wakes with its space, under the same
 * ASID or another, as far as the guest's tables of now have it.
 */
#define RESTING		0x00100000u	/* pages 1 to 3 of it, in the table of each space */

static void enter(u32 space, u32 asid)
{
	write_ttbr0(G_L1(SPACES));
	write_asid(asid);
	write_ttbr0(G_L1(space));
}

static void spaces_with_pages(void)
{
	for (u32 i = 0; i < SPACES; i++) {
		l1(i, RESTING, G_L2(i) | 1 | 1 << 5);
		for (u32 page = 1; page < 4; page++)
			l2(i, RESTING + page * PAGE_SIZE, P(RAM + 0x40000 + (i * 4 + page) * PAGE_SIZE, URW) | NG);
	}
	l1(SPACES, RESTING, 0);
	mmu_on();
}

/* Each of the others in turn, so that none that was there before has a root any more. */
static void visit_others(u32 space)
{
	for (u32 i = 0; i < SPACES; i++) {
		if (i == space)
			continue;
		enter(i, i + 1);
		for (u32 page = 1; page < 4; page++)
			assert_true(guest_does(RESTING + page * PAGE_SIZE, ACC_WRITE, false));
		audit();
	}
}

static void what_rests_wakes(void **state)
{
	for (u32 i = 0; i < EACH_STRATEGY; i++) {
		u64 fills;

		use_strategy(i);
		spaces_with_pages();
		visit_others(SPACES);
		fills = s->fills;
		visit_others(SPACES);
		assert_int_equal(s->fills, fills);
		/* all of them under other ASIDs, as when there are no more of these */
		shadow_tlbi(v, TLBI_ALL, 0);
		for (u32 space = 0; space < SPACES; space++) {
			enter(space, 100 + space);
			assert_true(guest_does(RESTING + PAGE_SIZE, ACC_WRITE, false));
			audit();
		}
		assert_int_equal(s->fills, fills);
	}
}

/* Nobody says what changes in tables that no walk can reach, under an ASID that was invalidated. */
static void tables_of_what_rests_change(void **state)
{
	for (u32 i = 0; i < EACH_STRATEGY; i++) {
		use_strategy(i);
		spaces_with_pages();
		visit_others(SPACES);
		shadow_tlbi(v, TLBI_ALL, 0);
		l2(0, RESTING + PAGE_SIZE, 0);
		l2(0, RESTING + 2 * PAGE_SIZE, P(RAM + 0x48000, URO) | NG);
		l2(0, RESTING + 3 * PAGE_SIZE, P(RAM + 0x43000, URO) | NG);
		l1(1, RESTING, G_L2(2) | 1 | 1 << 5);
		enter(0, 50);
		assert_false(guest_does(RESTING + PAGE_SIZE, ACC_READ, false));
		assert_false(guest_does(RESTING + 2 * PAGE_SIZE, ACC_WRITE, false));
		assert_true(guest_does(RESTING + 2 * PAGE_SIZE, ACC_READ, false));
		assert_false(guest_does(RESTING + 3 * PAGE_SIZE, ACC_WRITE, false));
		audit();
		enter(1, 51);
		l2(1, RESTING + PAGE_SIZE, 0);
		assert_true(guest_does(RESTING + PAGE_SIZE, ACC_WRITE, false));
		l1(1, RESTING, 0);
		shadow_tlbi(v, TLBI_ASID, 51);
		audit();
	}
}

/* Small pages become parts of a large one while nothing of their space can be loaded: what stays of them is part of it, too. One operation names all. */
static void pages_that_grow(void **state)
{
	for (u32 i = 0; i < EACH_STRATEGY; i++) {
		const u32 large = (RAM + 0x60000) | URW << 4 | 1 | 0xc | NG;

		use_strategy(i);
		spaces_with_pages();
		for (u32 k = 0; k < 16; k++)
			l2(0, RESTING + 0x10000 + k * PAGE_SIZE, P(RAM + 0x60000 + k * PAGE_SIZE, URW) | NG);
		enter(0, 1);
		assert_true(guest_does(RESTING + 0x13000, ACC_WRITE, false));
		visit_others(0);
		shadow_tlbi(v, TLBI_ASID, 1);
		for (u32 k = 0; k < 16; k++)
			l2(0, RESTING + 0x10000 + k * PAGE_SIZE, large);
		enter(0, 1);
		assert_true(guest_does(RESTING + 0x13000, ACC_WRITE, false));
		for (u32 k = 0; k < 16; k++)
			l2(0, RESTING + 0x10000 + k * PAGE_SIZE, 0);
		shadow_tlbi(v, TLBI_MVA, (RESTING + 0x1a000) | 1);
		assert_false(guest_does(RESTING + 0x13000, ACC_READ, false));
		audit();
	}
}

/* One page of the current space's own, by the short way: it is what the guest has now, and nothing else changes. */
static void one_page_by_the_short_way(void **state)
{
	const gva_t va = RESTING + PAGE_SIZE;
	const u32 desc = P(RAM + 0x41000, URW) | NG;
	u64 fills;

	spaces_with_pages();
	l2(0, va, desc);
	enter(0, 1);
	for (u32 page = 0; page < 3; page++)
		assert_true(guest_does(va + page * PAGE_SIZE, ACC_WRITE, false));
	fills = s->fills;
	l2(0, va, P(RAM + 0x41000, URO) | NG);
	assert_true(shadow_tlbi_short(v, va | 1));
	assert_true(guest_does(va, ACC_READ, false));
	assert_true(guest_does(va + PAGE_SIZE, ACC_WRITE, false));
	assert_int_equal(s->fills, fills);
	assert_false(guest_does(va, ACC_WRITE, false));
	l2(0, va, 0);
	assert_true(shadow_tlbi_short(v, va | 1));
	assert_false(guest_does(va, ACC_READ, false));
	l2(0, va, desc);
	assert_true(shadow_tlbi_short(v, va | 1));
	assert_true(guest_does(va, ACC_WRITE, false));
	assert_true(guest_does(va + PAGE_SIZE, ACC_WRITE, false));
	assert_int_equal(s->fills, fills);
	audit();
	/* What is about more goes the long way. */
	assert_false(shadow_tlbi_short(v, va | 2));
	assert_false(shadow_tlbi_short(v, (va + SECTION_SIZE) | 1));
	l1(0, RESTING, G_L2(1) | 1 | 1 << 5);
	assert_false(shadow_tlbi_short(v, va | 1));
	l1(0, RESTING, G_L2(0) | 1 | 1 << 5);
	for (u32 page = 16; page < 32; page++)
		l2(0, RESTING + page * PAGE_SIZE, (RAM + 0x60000) | URW << 4 | 1 | 0xc | NG);
	assert_true(guest_does(RESTING + 16 * PAGE_SIZE, ACC_WRITE, false));
	assert_false(shadow_tlbi_short(v, va | 1));
	enter(1, 1);
	assert_true(guest_does(va, ACC_WRITE, false));
	assert_false(shadow_tlbi_short(v, va | 1));		/* two have entries of the ASID */
	audit();
}

/* The same of sections and a supersection. */
static void sections_that_grow(void **state)
{
	for (u32 k = 0; k < 16; k++)
		l1(0, 0x60000000 + k * SECTION_SIZE, S(RAM + k * SECTION_SIZE, KRW));
	mmu_on();
	assert_true(guest_does(0x60300000, ACC_WRITE, true));
	write_ttbr0(G_L1(SPACES));
	for (u32 k = 0; k < 16; k++)
		l1(0, 0x60000000 + k * SECTION_SIZE, S(RAM, KRW) | BIT(18));
	shadow_tlbi(v, TLBI_ALL, 0);
	write_ttbr0(G_L1(0));
	assert_true(guest_does(0x60300000, ACC_WRITE, true));
	for (u32 k = 0; k < 16; k++)
		l1(0, 0x60000000 + k * SECTION_SIZE, 0);
	shadow_tlbi(v, TLBI_MVA, 0x60a00000);
	assert_false(guest_does(0x60300000, ACC_READ, true));
	audit();
}

/* The kernel executes a page that is writable for User mode in a space that rests, and is sent to an address where such a page was executed. */
static void what_rests_is_tracked(void **state)
{
	spaces_with_pages();
	l1(SPACES, 0xc0000000, G_L2(20) | 1);
	for (u32 i = 0; i < SPACES; i++)
		l1(i, 0xc0000000, G_L2(20) | 1);
	l2(20, 0xc0000000, P(RAM + 0x41000, KRW));
	enter(0, 1);
	assert_true(guest_does(RESTING + 2 * PAGE_SIZE, ACC_EXEC, false));
	visit_others(SPACES);
	assert_true(guest_does(0xc0000000, ACC_EXEC, true));
	audit();
	enter(0, 1);
	assert_true(guest_does(RESTING + PAGE_SIZE, ACC_WRITE, false));
	audit();
	visit_others(0);
	v->cp15.vbar = RESTING + 2 * PAGE_SIZE;
	shadow_ctx_changed(v, CTX_VECTORS);
	audit();
	enter(0, 1);
	assert_true(guest_does(RESTING + 2 * PAGE_SIZE, ACC_EXEC, true));
	audit();
}

/* Tables run out: what rests goes first, and nothing that is in use. */
static void what_rests_makes_room(void **state)
{
	u64 fills;

	spaces_with_pages();
	for (u32 i = 0; i < 28; i++) {
		l1(SPACES, 0xc0000000 + i * SECTION_SIZE, G_L2(20 + i) | 1);
		l2(20 + i, 0xc0000000, P(RAM + 0x90000 + i * PAGE_SIZE, KRW));
	}
	visit_others(SPACES);
	enter(SPACES, 0);
	for (u32 i = 0; i < 28; i++)
		assert_true(guest_does(0xc0000000 + i * SECTION_SIZE, ACC_READ, true));
	assert_true(s->reclaims);
	audit();
	fills = s->fills;
	for (u32 i = 0; i < 28; i++)
		assert_true(guest_does(0xc0000000 + i * SECTION_SIZE, ACC_READ, true));
	assert_int_equal(s->fills, fills);
}

/* What the books do not say. */
static void resting_nodes_are_audited(void **state)
{
	struct node *n;

	spaces_with_pages();
	visit_others(SPACES);
	assert_int_not_equal(s->rest_first, NODE_NONE);
	n = &s->node[s->rest_first];
	n->rests = false;
	assert_int_not_equal(shadow_audit(v), 0);
	n->rests = true;
	n->in_step = true;
	assert_int_not_equal(shadow_audit(v), 0);
	n->in_step = false;
	assert_int_equal(shadow_audit(v), 0);
}

/* The page of G_L2(0) and on, where the guest has its tables for itself. */
#define TABLES	0xc1100000u

static void tables_mapped(void)
{
	l1(0, 0xc0000000, S(RAM, KRW));
	l1(0, TABLES, S(G_L2(0) & SECTION_MASK, KRW));
	l1(0, 0xf0000000, G_L2(0) | 1);
	l2(0, 0xf0001000, P(RAM + 0x5000, KRW));
	l2(0, 0xf0002000, P(RAM + 0x6000, KRW));
	mmu_on();
	assert_true(guest_does(TABLES, ACC_WRITE, true));
	assert_true(guest_does(0xf0001000, ACC_WRITE, true));
	assert_true(guest_does(0xf0002000, ACC_WRITE, true));
}

static enum shadow_result store_into_tables(void)
{
	gpa_t gpa;

	set_mode(true);
	return shadow_fault(v, TABLES, ACC_WRITE, true, &gpa, &gf);
}

/* What a cleaned line says is there without a hidden fault, in the current root and for RAM alone; what is there already stays as it is. */
static void cleaned_entries_are_mapped(void **state)
{
	const gva_t va = 0xc0001000;
	u64 fills, ahead;

	for (u32 i = 0; i < EACH_STRATEGY; i++) {
		setup(NULL);
		use_strategy(i);
		l1(0, va & SECTION_MASK, G_L2(0) | 1);
		l1(1, va & SECTION_MASK, G_L2(1) | 1);
		l2(0, va, P(RAM + 0x1000, KRW));
		mmu_on();
		assert_true(guest_does(va, ACC_WRITE, true));
		fills = s->fills;
		l2(0, va + PAGE_SIZE, P(RAM + 0x5000, KRW));
		shadow_pte_cleaned(v, 0, G_L2(0) + 8);
		assert_true(guest_does(va + PAGE_SIZE, ACC_WRITE, true));
		assert_int_equal(s->fills, fills);
		ahead = s->filled_ahead;
		l2(0, va + 2 * PAGE_SIZE, P(0x30000000, KRW));		/* nothing is there */
		shadow_pte_cleaned(v, 0, G_L2(0) + 12);
		l2(1, va + PAGE_SIZE, P(RAM + 0x6000, KRW));		/* of another address space */
		shadow_pte_cleaned(v, 0, G_L2(1) + 8);
		shadow_pte_cleaned(v, 0, RAM + 0x1000);			/* no table */
		assert_int_equal(s->filled_ahead, ahead);
		audit();
	}
}

/* sync: what is stored is seen, mapped and unmapped at once, and maintenance has nothing to do; a flood makes it let go. */
static void sync_follows(void **state)
{
	u64 fills;

	use_strategy(1);
	tables_mapped();
	fills = s->fills;
	assert_int_equal(store_into_tables(), SHADOW_STORE);
	l2(0, 0xf0001000, P(RAM + 0x7000, KRW));
	assert_true(guest_does(0xf0001000, ACC_WRITE, true));
	l2(0, 0xf0002000, 0);
	assert_false(guest_does(0xf0002000, ACC_READ, true));
	l2(0, 0xf0003000, P(RAM + 0x8000, KRW));
	assert_true(guest_does(0xf0003000, ACC_WRITE, true));
	fake_tlbis[FAKE_TLBI_MVA] = fake_tlbis[FAKE_TLBI_ASID] = fake_tlbis[FAKE_TLBI_ALL] = 0;
	shadow_tlbi(v, TLBI_MVA, 0xf0001000);
	shadow_tlbi_pages(v, 0xf0000000, 200);
	shadow_tlbi(v, TLBI_ALL, 0);
	assert_int_equal(fake_tlbis[FAKE_TLBI_MVA] + fake_tlbis[FAKE_TLBI_ASID] + fake_tlbis[FAKE_TLBI_ALL], 0);
	assert_true(guest_does(0xf0001000, ACC_WRITE, true));
	audit();
	for (u32 i = 0; i < 40 && store_into_tables() == SHADOW_STORE; i++)
		;
	assert_int_equal(s->let_go, 1);
	l2(0, 0xf0001000, 0);
	assert_false(guest_does(0xf0001000, ACC_READ, true));
	assert_true(guest_does(0xf0003000, ACC_WRITE, true));		/* begins anew */
	assert_int_equal(store_into_tables(), SHADOW_STORE);
	audit();
	/* another strategy finds nothing protected */
	use_strategy(0);
	assert_int_equal(store_into_tables(), SHADOW_FIXED);
	assert_true(guest_does(0xf0003000, ACC_WRITE, true));
	audit();
	assert_in_range(s->fills, fills, fills + 8);
}

/* oos: in step after an operation that names all of it, out of sync from the first store on. */
static void oos_lets_go(void **state)
{
	u64 checks;

	use_strategy(2);
	tables_mapped();
	assert_false(is_watched_table(s, G_L2(0)));
	shadow_tlbi(v, TLBI_ALL, 0);
	assert_true(is_watched_table(s, G_L2(0)));
	checks = s->checks;
	for (u32 i = 0; i < 4; i++)
		shadow_tlbi(v, TLBI_ALL, 0);
	assert_int_equal(s->checks, checks);
	assert_int_equal(store_into_tables(), SHADOW_FIXED);
	assert_false(is_watched_table(s, G_L2(0)));
	assert_true(guest_does(TABLES, ACC_WRITE, true));
	l2(0, 0xf0001000, 0);
	shadow_dump(v);
	shadow_tlbi(v, TLBI_ALL, 0);
	assert_int_equal(s->checks, checks + 1);
	assert_true(is_watched_table(s, G_L2(0)));
	assert_false(guest_does(0xf0001000, ACC_READ, true));
	assert_true(guest_does(0xf0002000, ACC_WRITE, true));
	/* a store that Umbra makes for the guest */
	shadow_written(v, G_L2(0) + 8, 4);
	assert_false(is_watched_table(s, G_L2(0)));
	audit();
}

/* Its ASID is one more than @space; by way of a table that has none of its own. */
static void enter_as_linux(u32 space)
{
	write_ttbr0(G_L1(SPACES));
	write_asid(1 + space);
	write_ttbr0(G_L1(space));
}

/*
 * Address spaces with a table each in one slot: an operation in one of them, for its ASID, is also about what is global in another's, and about
 * another space with the same ASID.
 */
static void operations_among_other_spaces(void **state)
{
	const gva_t own = 0x00101000, common = 0x00102000;

	for (u32 i = 0; i < 4; i++) {
		l1(i, 0x00100000, G_L2(i) | 1);
		l2(i, own, P(RAM + 0x5000 + i * PAGE_SIZE, URW) | NG);
	}
	mmu_on();
	for (u32 i = 0; i < 4; i++) {
		enter_as_linux(i);
		assert_true(guest_does(own, ACC_WRITE, false));
	}
	l2(1, common, P(RAM + 0x9000, URW));
	enter_as_linux(1);
	assert_true(guest_does(common, ACC_WRITE, false));
	audit();
	enter_as_linux(3);
	l2(1, common, P(RAM + 0x9000, URO));
	shadow_tlbi(v, TLBI_MVA, common | 4);
	enter_as_linux(1);
	assert_false(guest_does(common, ACC_WRITE, false));

	write_ttbr0(G_L1(SPACES));
	write_asid(4);
	write_ttbr0(G_L1(2));
	assert_true(guest_does(own, ACC_WRITE, false));
	enter_as_linux(3);
	l2(2, own, P(RAM + 0x7000, URO) | NG);
	shadow_tlbi(v, TLBI_MVA, own | 4);
	write_ttbr0(G_L1(2));
	assert_false(guest_does(own, ACC_WRITE, false));
	audit();
}

/*
 * Two address spaces whose tables lie in one page. After an operation that names all, what the other space's table says may change without a
 * word: its entries are gone, and no walk reaches it. That its page was compared and in step in between does not change that.
 */
static void oos_neighbour_changes_quietly(void **state)
{
	use_strategy(2);
	for (u32 i = 0; i < 2; i++) {
		l1(i, 0x00100000, G_L2(i) | 1);
		l2(i, 0x00101000, P(RAM + 0x5000 + i * PAGE_SIZE, 3) | NG);
	}
	mmu_on();
	enter_as_linux(1);
	assert_true(guest_does(0x00101000, ACC_WRITE, false));
	enter_as_linux(0);
	assert_true(guest_does(0x00101000, ACC_WRITE, false));
	shadow_tlbi(v, TLBI_ALL, 0);
	assert_true(is_watched_table(s, G_L2(1)));
	l2(1, 0x00101000, P(RAM + 0x7000, 2) | NG);
	enter_as_linux(1);
	assert_true(guest_does(0x00101000, ACC_READ, false));
	assert_false(guest_does(0x00101000, ACC_WRITE, false));
	audit();
}

/*
 * Nor does it get in between what it could not have loaded: more is granted to the other space for a while, of which no operation tells that is
 * about its ASID, and none need.
 */
static void oos_neighbour_widens_and_narrows(void **state)
{
	use_strategy(2);
	for (u32 i = 0; i < 2; i++) {
		l1(i, 0x00100000, G_L2(i) | 1);
		l2(i, 0x00101000, P(RAM + 0x5000 + i * PAGE_SIZE, i ? 2 : 3) | NG);
	}
	mmu_on();
	enter_as_linux(1);
	assert_true(guest_does(0x00101000, ACC_READ, false));
	enter_as_linux(0);
	assert_true(guest_does(0x00101000, ACC_WRITE, false));
	shadow_tlbi(v, TLBI_ALL, 0);
	enter_as_linux(1);
	assert_true(guest_does(0x00101000, ACC_READ, false));
	enter_as_linux(0);
	l2(1, 0x00101000, P(RAM + 0x6000, 3) | NG);
	shadow_tlbi(v, TLBI_ASID, 1);
	l2(1, 0x00101000, P(RAM + 0x6000, 2) | NG);
	enter_as_linux(1);
	assert_true(guest_does(0x00101000, ACC_READ, false));
	assert_false(guest_does(0x00101000, ACC_WRITE, false));
	audit();
}

/* A descriptor that names, by whatever number, the copy of a page of code that is mapped there: the guest has no such memory. */
static void copy_is_not_the_guests(void **state)
{
	hpa_t copy;

	mmu_on();
	l1(0, 0xf0000000, G_L2(0) | 1);
	l2(0, 0xf0001000, P(RAM + 0x4000, 1));
	assert_true(guest_does(0xf0001000, ACC_EXEC, true));
	assert_true(code_page_is_code(v, RAM + 0x4000, &copy));
	assert_int_not_equal(copy, RAM + 0x4000 + displaced);
	l2(0, 0xf0001000, P((u32)(copy - displaced), 1));
	shadow_tlbi(v, TLBI_ALL, 0);
	assert_false(guest_does(0xf0001000, ACC_WRITE, true));
	audit();
}

/* -- the random guest -- */

/*
 * Spaces have private slots (non-global) and share kernel slots (global). Second-level tables are taken from one pool
 * and go back to it when a space dies; its ASID is not used again before a full invalidation, and nobody invalidates it.
 * There is a table with the kernel's slots only, which is also TTBR1's: private slots lie below what N gives to that.
 */
static const gva_t user_slot[] = { 0x00000000, 0x00100000, 0x40000000, 0x7ff00000, 0xb6f00000, 0xbfe00000 };
static const u8 user_slots_below[] = { 6, 4, 2 };	/* by N */
static const gva_t kern_slot[] = { 0xc0000000, 0xc0100000, 0xf0000000, 0xfff00000, 0xf8000000 };
#define SUPER	0xd0000000u
static u32 space_asid[SPACES], next_asid, cur_space;
static bool l2_used[G_L2S];

static gva_t rnd_user_slot(void)
{
	return user_slot[rnd(world.user_slots)];
}

static gva_t rnd_kern_slot(void)
{
	return kern_slot[rnd(ARRAY_SIZE(kern_slot))];
}

static u32 rnd_domain(void)
{
	return rnd(world.domains) << 5;
}

static u32 page_gpa(void)
{
	return RAM + rnd(48) * PAGE_SIZE + rnd(2) * SECTION_SIZE;
}

static u32 rnd_ap(void)
{
	static const u8 ap[] = { 0, 1, 1, 1, 2, 3, 3, 3, 5, 7, 7 };

	return ap[rnd(sizeof(ap))];
}

static u32 rnd_page_index(void)
{
	return rnd(3) ? rnd(20) : 256 - 20 + rnd(20);
}

/* A memory type, mostly write-back, in the places of a small page. */
static u32 rnd_type(void)
{
	return rnd(4) ? 0xc : rnd(8) << 6 | rnd(4) << 2 | rnd(2) << 10;
}

static u32 ng_bit(bool ng)
{
	return ng && !world.no_asid ? NG : 0;
}

static u32 rnd_leaf(bool ng)
{
	u32 gpa = page_gpa(), r = rnd(40);

	if (r == 0)
		return 0;
	if (r == 1)
		gpa = 0x48000000 + rnd(4) * PAGE_SIZE;
	if (r == 2)
		gpa = 0x48200000;
	if (r == 3)
		gpa = 0x30000000;
	if (r == 4)
		gpa = 0x40200000 + rnd(4) * PAGE_SIZE;
	if (r == 5)
		gpa = G_L2(rnd(G_L2S)) & PAGE_MASK;
	return (P(gpa, rnd_ap()) & ~0xcu) | rnd_type() | ng_bit(ng) | (rnd(4) == 0);
}

/* A table from the pool, half of the pages that the test looks at valid. */
static u32 l2_take(bool ng)
{
	u32 n;

	do {
		n = rnd(G_L2S);
	} while (l2_used[n]);
	l2_used[n] = true;
	for (u32 i = 0; i < 256; i++)
		poke(G_L2(n) + i * 4, (i < 20 || i >= 236) && rnd(2) ? rnd_leaf(ng) : 0);
	return n;
}

static u32 rnd_section(bool ng)
{
	u32 gpa = rnd(8) ? RAM + rnd(3) * SECTION_SIZE : 0x48000000 + rnd(4) * SECTION_SIZE;

	return (S(gpa, rnd_ap()) & ~0xcu) | attr_to_section(rnd_type()) | ng_bit(ng) << 6 | (rnd(4) == 0) << 4 | rnd_domain();
}

static gva_t rnd_va(void)
{
	gva_t slot = rnd(2) ? rnd_user_slot() : rnd_kern_slot();

	if (rnd(12) == 0)
		slot = SUPER + rnd(16) * SECTION_SIZE;
	if (rnd(200) == 0)
		return window_base + rnd(8) * PAGE_SIZE;
	if (rnd(30) == 0)
		return v->cp15.vbar + rnd(8) * 4;
	return slot + rnd_page_index() * PAGE_SIZE + rnd(1024) * 4;
}

static u32 desc_of(u32 space, gva_t va)
{
	return peek(G_L1(world.n && va >> (32 - world.n) ? SPACES : space) + (va >> 20) * 4);
}

/* Where the second-level descriptor for @va in @space is, 0: there is no table. */
static gpa_t leaf_of(u32 space, gva_t va)
{
	u32 d = desc_of(space, va);

	return (d & 3) == 1 ? (d & ~0x3ffu) + (va >> 12 & 0xff) * 4 : 0;
}

/* Part of a large page: the group changes as a whole, and one operation anywhere in it stands for all. */
static bool is_large(u32 d)
{
	return (d & 3) == 1;
}

/* May a TLB hold what @d says? */
static bool is_cached(u32 d)
{
	return d & 3 && (!(world.sctlr & SCTLR_AFE) || d & BIT(4));
}

/* As the window does: an operation on a slot that is not marked is no exit. */
static bool slot_marked(gva_t va)
{
	return v->shadowed[va >> 25] >> (va >> 20 & 31) & 1;
}

static u32 short_tlbis;

/* Every other time by the short way first (short_exit.c). */
static void tlbi_va(gva_t va, u32 asid)
{
	u32 arg = (va & PAGE_MASK) | asid;

	if (!slot_marked(va))
		return;
	if (rnd(2) && shadow_tlbi_short(v, arg))
		short_tlbis++;
	else
		shadow_tlbi(v, TLBI_MVA, arg);
}

/* A loop over the pages of a slot, in pieces as long as chance has it. */
static void tlbi_slot(gva_t va, u32 asid)
{
	for (u32 i = 0, n; i < 256; i += n) {
		n = 1 + rnd(256 - i);
		if (slot_marked(va))
			shadow_tlbi_pages(v, (va + i * PAGE_SIZE) | asid, n);
	}
}

/* The guest may clean the line of what it wrote, which is a hint (SHADOW_CLEAN_HINT). */
static void cleaned(gpa_t at)
{
	if (rnd(2))
		shadow_pte_cleaned(v, 0, at);
}

/* Change a leaf of a private slot of some space, of the current one mostly one that is in use, with one of the ways to tell the TLB. */
static void change_user_leaf(void)
{
	u32 space = rnd(2) ? cur_space : rnd(SPACES), old, again = 0;
	gva_t va = rnd_user_slot() + rnd_page_index() * PAGE_SIZE;
	gpa_t at = leaf_of(space, va);

	if (!at || is_large(peek(at)))
		return;
	do {
		if (space == cur_space && rnd(4))
			guest_does(va, (enum shadow_access)rnd(3), rnd(2));
		old = peek(at);
		poke(at, rnd_leaf(true));
		cleaned(at);
		if (!is_cached(old))
			continue;			/* needs no maintenance */
		if (rnd(100) == 0)
			shadow_tlbi(v, TLBI_ALL, 0);
		else if (rnd(8) == 0 && !world.no_asid)
			shadow_tlbi(v, TLBI_ASID, space_asid[space]);
		else
			tlbi_va(va, space_asid[space]);
	} while (space == cur_space && again++ < 4);
}

/* What @old said at @va is to be forgotten: everywhere if it was global, else for each space alone. */
static void tlbi_leaf(gva_t va, u32 old)
{
	tlbi_va(va, rnd(256));
	for (u32 i = 0; i < SPACES && (old & NG); i++)
		tlbi_va(va, space_asid[i]);
}

static void change_kernel_leaf(void)
{
	gva_t va = rnd_kern_slot() + rnd_page_index() * PAGE_SIZE;
	gpa_t at = leaf_of(0, va);
	u32 old;

	if (!at || is_large(peek(at)))
		return;
	old = peek(at);
	poke(at, rnd_leaf(rnd(6) == 0));
	cleaned(at);
	tlbi_leaf(va, old);
}

/* A descriptor of a large page, whose TEX and XN are elsewhere. */
static u32 rnd_large(bool ng)
{
	u32 type = rnd_type(), ap = rnd_ap();

	return (RAM + rnd(3) * 0x10000) | (ap & 3) << 4 | (ap >> 2) << 9 | (type & 0x40c) | (type & 0x1c0) << 6 | ng_bit(ng) |
	       (rnd(4) == 0) << 15 | 1;
}

/* Sixteen entries become a large page, or small ones again. */
static void change_large(void)
{
	bool user = rnd(2);
	u32 space = user ? rnd(SPACES) : 0, old[16], large = rnd(3) ? rnd_large(user) : 0;
	gva_t va = (user ? rnd_user_slot() : rnd_kern_slot()) + (rnd(2) ? 0 : 0xf0000);
	gpa_t at = leaf_of(space, va);

	if (!at)
		return;
	for (u32 i = 0; i < 16; i++) {
		old[i] = peek(at + 4 * i);
		poke(at + 4 * i, large ? large : rnd_leaf(user));
	}
	for (u32 i = 0; i < 16; i++) {
		gva_t page = va + (is_large(old[0]) ? rnd(16) : i) * PAGE_SIZE;

		if (user)
			tlbi_va(page, space_asid[space]);
		else
			tlbi_leaf(page, old[i]);
		if (is_large(old[0]))
			break;
	}
}

/* Sixteen slots that hold one supersection, or sections, or nothing. One operation stands for a whole supersection. */
static void change_super(void)
{
	u32 old = desc_of(0, SUPER), d = rnd(3), base = RAM + (rnd(2) << 24), ap = rnd_ap();

	for (u32 i = 0; i <= SPACES; i++)
		for (u32 j = 0; j < 16; j++)
			l1(i, SUPER + j * SECTION_SIZE, d == 2 ? S(base, ap) | BIT(18) :
			   d ? S(base + ((j ^ 5) & 3) * SECTION_SIZE, ap) : 0);
	if (old & BIT(18))
		tlbi_va(SUPER + rnd(16) * SECTION_SIZE + rnd(256) * PAGE_SIZE, 0);
	else
		for (u32 j = 0; j < 16; j++)
			tlbi_va(SUPER + j * SECTION_SIZE + rnd(256) * PAGE_SIZE, 0);
}

static void l2_put(u32 d)
{
	if ((d & 3) == 1)
		l2_used[(d - G_L2(0)) / 0x400] = false;
}

static void change_user_slot(void)
{
	u32 space = rnd(SPACES), old;
	gva_t va = rnd_user_slot();

	old = desc_of(space, va);
	l1(space, va, 0);
	shadow_tlbi(v, rnd(60) && !world.no_asid ? TLBI_ASID : TLBI_ALL, space_asid[space]);
	l2_put(old);
	l1(space, va, rnd(4) ? G_L2(l2_take(true)) | 1 | rnd_domain() : rnd(2) ? rnd_section(true) : 0);
}

static void change_kernel_slot(void)
{
	gva_t va = rnd_kern_slot();
	u32 old = desc_of(0, va), d;

	d = rnd(2) ? G_L2(l2_take(false)) | 1 | rnd_domain() : rnd_section(false);
	for (u32 i = 0; i <= SPACES; i++)
		l1(i, va, d);
	if ((old & 3) == 2)
		tlbi_va(va + rnd(256) * PAGE_SIZE, 0);	/* one address of a section stands for all */
	else if (rnd(10) == 0)
		shadow_tlbi(v, TLBI_ALL, 0);
	else if (rnd(2))
		for (u32 i = 0; i < 256; i++)
			for (u32 j = 0; j < SPACES; j++)
				tlbi_va(va + i * PAGE_SIZE, space_asid[j]);
	else
		for (u32 j = 0; j < SPACES; j++)
			tlbi_slot(va, space_asid[j]);
	l2_put(old);
}

/* As munmap() does: change many leaves of a private slot, then one loop over them. */
static void change_user_range(void)
{
	u32 space = rnd(SPACES), first = rnd(rnd(2) ? 16 : 256), last = first + rnd(256 - first), skip_first, skip_last;
	gva_t va = rnd_user_slot();
	u32 d = desc_of(space, va);

	if ((d & 3) != 1)
		return;
	/* Large pages as a whole, of which any page names all (B3.10.5). */
	last |= 15;
	first &= ~15u;
	skip_first = is_large(peek((d & ~0x3ffu) + first * 4)) ? rnd(16) : 0;
	skip_last = is_large(peek((d & ~0x3ffu) + last * 4)) ? rnd(16 - (last - first == 15 ? skip_first : 0)) : 0;
	for (u32 i = first; i <= last; i++)
		poke((d & ~0x3ffu) + i * 4, rnd(4) ? 0 : rnd_leaf(true));
	cleaned((d & ~0x3ffu) + first * 4);
	if (slot_marked(va))
		shadow_tlbi_pages(v, (va + (first + skip_first) * PAGE_SIZE) | space_asid[space], last - skip_last - (first + skip_first) + 1);
}

/* Sixteen leaves of @space become a large page, or small ones again, as quietly. */
static void change_large_quietly(u32 space)
{
	gpa_t at = leaf_of(space, rnd_user_slot() + (rnd(2) ? 0 : 0xf0000));
	u32 large = rnd(2) ? rnd_large(true) : 0;

	for (u32 i = 0; at && i < 16; i++)
		poke(at + 4 * i, large ? large : rnd_leaf(true));
}

/* Change leaves of @space and say nothing, because no walk has reached them since their ASID was invalidated. */
static void change_quietly(u32 space)
{
	for (u32 i = 0; i < 20; i++) {
		gpa_t at = leaf_of(space, rnd_user_slot() + rnd_page_index() * PAGE_SIZE);

		if (!at || is_large(peek(at)))
			continue;
		poke(at, rnd_leaf(true));
		cleaned(at);
	}
	change_large_quietly(space);
}

static void change_other_space(void)
{
	u32 space = rnd(SPACES);

	if (space == cur_space || world.no_asid)
		return;
	shadow_tlbi(v, rnd(2) ? TLBI_ASID : TLBI_ALL, space_asid[space]);
	change_quietly(space);
}

/* The same for the space in use, under ASID 0 meanwhile: what it loads then goes afterwards. */
static void change_under_another_asid(void)
{
	if (world.no_asid)
		return;
	write_asid(0);
	shadow_tlbi(v, rnd(2) ? TLBI_ASID : TLBI_ALL, space_asid[cur_space]);
	change_quietly(cur_space);
	shadow_tlbi(v, TLBI_ASID, 0);
	write_asid(space_asid[cur_space]);
}

static void space_enter(u32 space)
{
	cur_space = space;
	if (world.no_asid) {
		write_ttbr0(G_L1(space));
		shadow_tlbi(v, TLBI_ALL, 0);
	} else if (rnd(2)) {	/* as Linux 6.1 */
		write_ttbr0(G_L1(SPACES));
		write_asid(space_asid[space]);
		write_ttbr0(G_L1(space));
	} else {	/* as Linux 3.4 */
		write_asid(0);
		write_ttbr0(G_L1(space));
		write_asid(space_asid[space]);
	}
}

static u32 asid_take(void)
{
	if (next_asid == 256) {		/* rollover: every space gets a new one */
		shadow_tlbi(v, TLBI_ALL, 0);
		next_asid = 1;
		for (u32 i = 0; i < SPACES; i++)
			space_asid[i] = next_asid++;
		space_enter(cur_space);
	}
	return next_asid++;
}

/* The space dies and another is born in its first-level table; its ASID rests. */
static void space_replace(void)
{
	u32 space = rnd(SPACES);

	for (u32 i = 0; i < world.user_slots; i++) {
		l2_put(desc_of(space, user_slot[i]));
		l1(space, user_slot[i], 0);
	}
	if (world.no_asid)
		shadow_tlbi(v, TLBI_ALL, 0);
	else
		space_asid[space] = asid_take();
	for (u32 i = 0; i < world.user_slots; i++)
		l1(space, user_slot[i], rnd(4) ? G_L2(l2_take(true)) | 1 | 1 << 5 : rnd_section(true));
	if (space == cur_space)
		space_enter(space);
}

static void change_types(void)
{
	v->cp15.prrr = 0;
	for (u32 i = 0; i < 8; i++)
		v->cp15.prrr |= (rnd(4) ? 2 : rnd(3)) << (2 * i);
	v->cp15.prrr |= rnd(16) << 16;
	shadow_ctx_changed(v, CTX_ATTR);
	v->cp15.nmrr = rnd(65536) << 16 | rnd(65536);
	shadow_ctx_changed(v, CTX_ATTR);
	shadow_tlbi(v, TLBI_ALL, 0);
}

static void world_choose(void)
{
	world.sctlr = (rnd(3) ? 0 : SCTLR_AFE) | (rnd(3) ? 0 : SCTLR_TRE) | (rnd(6) ? 0 : SCTLR_EE);
	world.n = rnd(3) ? 0 : 1 + rnd(2);
	world.no_asid = rnd(5) == 0;
	world.domains = rnd(2) ? 3 : 16;
	world.user_slots = user_slots_below[world.n];
	change_types();
	v->cp15.ttbr1 = G_L1(SPACES) | 0x19;
	shadow_ctx_changed(v, CTX_TTBR1);
	v->cp15.ttbcr = world.n;
	shadow_ctx_changed(v, CTX_TTBCR);
}

static void world_init(void)
{
	world_choose();
	memset(l2_used, 0, sizeof(l2_used));
	next_asid = 1;
	for (u32 i = 0; i <= SPACES; i++)
		for (u32 j = 0; j < 4096; j++)
			poke(G_L1(i) + j * 4, 0);
	for (u32 i = 0; i < ARRAY_SIZE(kern_slot); i++) {
		u32 d = i & 1 ? G_L2(l2_take(false)) | 1 : rnd_section(false);

		for (u32 j = 0; j <= SPACES; j++)
			l1(j, kern_slot[i], d);
	}
	for (u32 i = 0; i < SPACES; i++) {
		space_asid[i] = world.no_asid ? 0 : next_asid++;
		for (u32 j = 0; j < world.user_slots; j++)
			l1(i, user_slot[j], G_L2(l2_take(true)) | 1 | 1 << 5);
	}
	mmu_on();
	guest_write_sctlr(SCTLR_M | world.sctlr);
	space_enter(0);
}

static void rnd_dacr(void)
{
	u32 d = 0;

	for (u32 i = 0; i < world.domains; i++)
		d |= (rnd(600) == 0 ? 3u : rnd(4) ? 1u : 0u) << (2 * i);
	write_dacr(d);
}

/* Guest stores through the shadow into its own tables are the test's pokes; here only rights count. */
static void random_access(void)
{
	gva_t va = rnd_va();
	enum shadow_access acc = (enum shadow_access)rnd(3);

	v->r[15] = rnd(20) ? 0xeeee0000 : va ^ 0x40;
	guest_does(va, acc, rnd(2));
}

static void move_vectors(void)
{
	v->cp15.vbar = rnd_va() & PAGE_MASK;
	shadow_ctx_changed(v, CTX_VECTORS);
}

static void mmu_off_and_on(void)
{
	u32 sctlr = v->cp15.sctlr;

	guest_write_sctlr(0);
	for (u32 i = 0; i < 10; i++)
		guest_does(RAM + rnd(64) * PAGE_SIZE, (enum shadow_access)rnd(3), rnd(2));
	audit();
	guest_write_sctlr(sctlr);
}

static void write_ttbcr(u32 value)
{
	v->cp15.ttbcr = value;
	shadow_ctx_changed(v, CTX_TTBCR);
}

/*
 * Another TTBCR under the same TTBR0: walks are disabled of what the user's table describes, or the kernel's, or the latter begins elsewhere. Tables
 * that are not walked change quietly.
 */
static void change_ttbcr(void)
{
	u32 n = world.n;

	if (rnd(4) == 0)
		world.n = rnd(3);
	write_ttbcr(world.n | (rnd(3) == 0 ? TTBCR_PD1 : rnd(2) ? TTBCR_PD0 : 0));
	for (u32 i = rnd(12); i; i--) {
		u32 r = rnd(8);

		if (r < 5)
			random_access();
		else if (r == 5)
			change_user_leaf();
		else if (r == 6)
			change_kernel_leaf();
		else
			space_enter(rnd(SPACES));
	}
	if (v->cp15.ttbcr & TTBCR_PD0 && rnd(2)) {
		shadow_tlbi(v, rnd(2) && !world.no_asid ? TLBI_ASID : TLBI_ALL, space_asid[cur_space]);
		change_quietly(cur_space);
	}
	audit();
	world.n = n;
	write_ttbcr(n);
}

static void mmu_off_or_ttbcr(void)
{
	if (rnd(4) == 0)
		mmu_off_and_on();
	else
		change_ttbcr();
}

static void change_what_is_rare(void)
{
	if (rnd(20) == 0)
		change_types();
	else if (world.restless && rnd(4) == 0)
		use_strategy(rnd(EACH_STRATEGY));
	else
		change_other_space();
}

static void change_asid_or_code(void)
{
	if (rnd(2))
		change_under_another_asid();
	else
		code_page_drop(v, page_gpa());
}

static void enter_some_space(void)
{
	space_enter(rnd(SPACES));
}

/* What a step may be, and how many of a thousand are that. */
static const struct step_kind {
	u32 share;
	const char *name;
	void (*fn)(void);
} step_kinds[] = {
	{ 850, "an access", random_access },
	{ 30, "user leaf", change_user_leaf },
	{ 20, "kernel leaf", change_kernel_leaf },
	{ 50, "enter a space", enter_some_space },
	{ 30, "DACR", rnd_dacr },
	{ 5, "user slot", change_user_slot },
	{ 2, "kernel slot", change_kernel_slot },
	{ 6, "a space is born", space_replace },
	{ 1, "MMU off and on, or another TTBCR", mmu_off_or_ttbcr },
	{ 1, "supersection", change_super },
	{ 1, "range of pages", change_user_range },
	{ 1, "vectors", move_vectors },
	{ 1, "large page", change_large },
	{ 1, "memory types, strategy or another space", change_what_is_rare },
	{ 1, "another ASID or code", change_asid_or_code },
};

/* What step @step of run @first is. It draws numbers of its own from here on, so that it does the same whichever others are left out. */
static const struct step_kind *step_begin(u32 first, u32 step)
{
	const struct step_kind *kind = step_kinds;
	u32 r;

	seed = first ^ (step + 1) * 0x9e3779b9u;
	seed = (seed ^ seed >> 16) * 0x85ebca6bu;
	seed = (seed ^ seed >> 13) * 0xc2b2ae35u;
	seed = seed ^ seed >> 16 ?: 1;	/* rnd() does not get away from 0 */
	for (r = rnd(1000); r >= kind->share; kind++)
		r -= kind->share;
	return kind;
}

/* Step after step from 0 on; with @only the @nr of that list alone, and the audit behind each. */
static void run_random(u32 first, const u32 *only, u32 nr, u32 *at)
{
	seed = first;
	world_init();
	for (u32 i = 0; i < nr; i++) {
		*at = only ? only[i] : i;
		step_begin(first, *at)->fn();
		if (only || i % 64 == 0)
			audit();
	}
	audit();
}

/* -- worlds: each in a process of its own, so that one that fails can be tried again with less -- */

#define WORLD_STEPS	40000u

/* What that process tells: how far it came, and where it went. */
struct tally {
	u32 at, short_faults, short_fills, denied, nothing_there, short_tlbis;
	u32 reclaims, taken, sweeps, ahead, toggles, stores, let_go, resyncs, woken;
};
static struct tally *told;

static void add_up(struct tally *sum, const struct tally *one)
{
	sum->short_faults += one->short_faults, sum->short_fills += one->short_fills, sum->short_tlbis += one->short_tlbis;
	sum->denied += one->denied, sum->nothing_there += one->nothing_there;
	sum->reclaims += one->reclaims, sum->taken += one->taken, sum->sweeps += one->sweeps, sum->ahead += one->ahead;
	sum->toggles += one->toggles, sum->stores += one->stores, sum->let_go += one->let_go, sum->resyncs += one->resyncs, sum->woken += one->woken;
}

static void world_run(u32 number, const u32 *only, u32 nr)
{
	setup(NULL);
	use_strategy(number);
	world.restless = number / EACH_STRATEGY % 4 == 3;
	run_random(number * 2654435761u, only, nr, &told->at);
	*told = (struct tally){ told->at, short_faults, short_fills, denied, nothing_there, short_tlbis, s->reclaims, s->root_misses, s->sweeps, s->filled_ahead, s->toggles,
				s->table_stores, s->let_go, s->resyncs, s->woken };
}

/* True: world @number fails, with all steps or the @nr of @only. Nothing is printed if @quiet. */
static bool world_fails(u32 number, const u32 *only, u32 nr, bool quiet)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		signal(SIGABRT, SIG_DFL);
		if (quiet && (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)))
			abort();
		short_faults = short_fills = denied = nothing_there = short_tlbis = 0;
		world_run(number, only, nr);
		exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status != 0;
}

static bool shrunk_fails(const u32 *steps, u32 nr, void *number)
{
	return world_fails(*(u32 *)number, steps, nr, true);
}

/* World @number failed: what it takes to, and how to see it again. */
static void world_report(u32 number)
{
	static u32 steps[WORLD_STEPS];
	u32 nr = told->at + 1;

	printf("world %u fails at step %u of %u; leaving out what that does not need\n", number, told->at, WORLD_STEPS);
	for (u32 i = 0; i < nr; i++)
		steps[i] = i;
	nr = shrink_steps(steps, nr, shrunk_fails, &number);
	for (u32 i = 0; i < nr; i++)
		printf("  step %5u: %s\n", steps[i], step_begin(number * 2654435761u, steps[i])->name);
	world_fails(number, steps, nr, false);
	printf("again: SHADOW_WORLDS=\"%u 1\" SHADOW_STEPS=\"", number);
	for (u32 i = 0; i < nr; i++)
		printf("%s%u", i ? " " : "", steps[i]);
	printf("\"\n");
}

/* SHADOW_WORLDS="first number" in the environment: others than the usual ones. */
static bool worlds_wanted(u32 *first, u32 *nr)
{
	const char *wanted = getenv("SHADOW_WORLDS");

	*first = 1;
	*nr = displaced ? 4 : 12;
	if (wanted)
		assert_int_equal(sscanf(wanted, "%u %u", first, nr), 2);
	return wanted;
}

/* SHADOW_STEPS="step step ..." with one world: those steps alone, in this very process, for a debugger. */
static bool steps_wanted(u32 number)
{
	static u32 steps[WORLD_STEPS];
	const char *wanted = getenv("SHADOW_STEPS");
	u32 nr = 0;

	for (int used; wanted && nr < WORLD_STEPS && sscanf(wanted, "%u%n", &steps[nr], &used) == 1; nr++)
		wanted += used;
	if (!wanted)
		return false;
	assert_int_equal(strspn(wanted, " "), strlen(wanted));	/* numbers, and no more of them than there are steps */
	world_run(number, steps, nr);
	return true;
}

static void random_guest(void **state)
{
	static struct tally sum;	/* the displaced worlds count on: they are few */
	u32 first, nr;
	bool chosen = worlds_wanted(&first, &nr);

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(told != MAP_FAILED);
	if (steps_wanted(first))
		return;
	for (u32 i = first; i < first + nr; i++) {
		if (world_fails(i, NULL, WORLD_STEPS, false)) {
			world_report(i);
			fail_msg("world %u", i);
		}
		add_up(&sum, told);
	}
	/* The runs went where it is narrow. */
	assert_true(chosen || (sum.reclaims && sum.taken && sum.sweeps && sum.ahead && sum.toggles && sum.stores && sum.let_go && sum.resyncs &&
			       sum.woken > 100 && sum.short_faults && sum.short_fills > 100 &&
			       sum.denied > 50 && sum.nothing_there > 100 && sum.short_tlbis > 100));
}

/* After a reset of the guest nothing of before is left. */
static void reset_forgets(void **state)
{
	u32 at;

	run_random(77, NULL, 5000, &at);
	v->cp15.sctlr = 0;
	v->cpsr = MODE_SVC;
	memset(code_state, 0, sizeof(code_state));
	memset(user_ran, 0, sizeof(user_ran));
	memset(copy_of, 0, sizeof(copy_of));
	shadow_reset(v);
	audit();
	assert_int_equal(s->audit_entries, 0);
	assert_true(guest_does(RAM + 0x1000, ACC_EXEC, true));
	run_random(78, NULL, 5000, &at);
}

static int elsewhere(void **state)
{
	displaced = 0x00500000;	/* where both ranges overlap, each mix-up leads to other memory of its own */
	return setup(state);
}

static int back(void **state)
{
	displaced = 0;
	return 0;
}

#define T(fn) cmocka_unit_test_setup(fn, setup)
/* And with the guest's memory elsewhere in the host's. */
#define E(fn) T(fn), cmocka_unit_test_setup_teardown(fn, elsewhere, back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(unknown_strategy), T(code_without_a_copy), T(lost_nodes_are_found), E(mmu_off), E(memory_of_another_guest), E(pages_with_breakpoints), E(sections_stay_sections), E(store_into_own_page), E(store_beside_code),
		E(scan_reads_memory), T(dacr_costs_no_fill), T(many_domains), T(manager_domain), E(mixed_slot),
		E(user_code_is_not_scanned), E(another_kernel_starts), E(views_are_toggled), E(user_pages_are_noted), E(user_pages_are_noted_later), E(changes_again_and_again), E(user_is_forgotten), E(unscanned_for_user_only), E(window_moves_out_of_the_way), E(stubs_stand_apart),
		T(window_with_full_guest), E(slot_changes_kind), E(range_of_pages), E(one_page_by_the_short_way), T(tables_share_an_asid), E(operations_among_other_spaces),
		T(root_is_passed_on), E(what_rests_wakes), E(tables_of_what_rests_change), E(pages_that_grow), E(sections_that_grow), E(what_rests_is_tracked), E(what_rests_makes_room),
		T(resting_nodes_are_audited), E(table_of_a_dead_space),
		T(pending_asid_and_a_shared_node), E(many_mappings_end), E(large_page), E(refill_after_invalidation), E(cleaned_entries_are_mapped),
		E(revalidation), E(denied_by_umbra), E(window_walks), E(revalidation_of_other_spaces), E(sync_follows), E(oos_lets_go), E(oos_neighbour_changes_quietly), E(oos_neighbour_widens_and_narrows), E(copy_is_not_the_guests),
		E(random_guest), E(reset_forgets),
	};

	if (getenv("SHADOW_WORLDS"))
		cmocka_set_test_filter("random_guest");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
