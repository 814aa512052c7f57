/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window's place: one 1 MiB slot that the guest does not use, the same in every root, the trampoline and Umbra's table. */
#include <arch/cpu.h>
#include <arm/window.h>
#include <hv/alloc.h>
#include <hv/log.h>

#include "mmu.h"
#include "window.h"

/* Global small pages in domain 0, privileged only, memory type as Umbra's own mapping of RAM (write-back, write-allocate). */
#define PAGE_NORMAL	(ATTR_RAM_MMU_OFF | L2_SMALL)
#define PAGE_TEXT	(PAGE_NORMAL | L2_AP2 | L2_AP0)			/* PL1 read-only, executable */
#define PAGE_SHOWN	(PAGE_TEXT | L2_XN)				/* PL1 read-only */
#define PAGE_DATA	(PAGE_NORMAL | L2_AP0 | L2_XN)			/* PL1 read-write */

/* Slots tried before all others: Linux's PKMAP area, unused without highmem and within branch range of its kernel. */
static const u16 preferred[] = { 0xbff, 0xbfe };

/* Umbra's own objects: identity mapped, and never dereferenced here. */
static u32 image_page(const void *p)
{
	return (u32)(uintptr_t)p & PAGE_MASK;
}

static u32 *host_l1(void)
{
	return hpa_ptr(arm_host_l1());
}

static u32 window_table(struct vcpu *v)
{
	u32 *l2 = hv_alloc(L2_SIZE, L2_SIZE);
	u32 text = (u32)(__window_end - __window_start + PAGE_SIZE - 1) / PAGE_SIZE;

	BUG_ON(text > WINDOW_TEXT_MAX / PAGE_SIZE);
	for (u32 i = 0; i < text; i++)
		l2[WINDOW_TEXT / PAGE_SIZE + i] = (image_page(__window_start) + i * PAGE_SIZE) | PAGE_TEXT;
	l2[WINDOW_OPEN / PAGE_SIZE] = (image_page(v->open) & PAGE_MASK) | PAGE_DATA;
	l2[WINDOW_VCPU / PAGE_SIZE] = image_page(v) | PAGE_DATA;
	for (u32 i = 0; i < WINDOW_STACK_SIZE / PAGE_SIZE; i++)
		l2[WINDOW_STACK / PAGE_SIZE + i] = (image_page(v->window_stack) + i * PAGE_SIZE) | PAGE_DATA;
	for (u32 i = 0; i < WINDOW_SITES_SIZE / PAGE_SIZE; i++)
		l2[WINDOW_SITES / PAGE_SIZE + i] = (image_page(v->window_sites) + i * PAGE_SIZE) | PAGE_DATA;
	if (IS_ENABLED(CONFIG_CPU_PATH_INLINE))
		l2[WINDOW_CALL / PAGE_SIZE] = image_page(v->window_call) | PAGE_TEXT;
	arch_dcache_clean_range(ptr_hpa(l2), L2_SIZE);
	return (u32)ptr_hpa(l2) | L1_DOMAIN(DOM_WINDOW) | L1_TABLE;
}

/* Is any of the guest's regions in @slot? */
static bool map_uses(const struct guest_map *m, u32 slot)
{
	for (u32 i = 0; i < m->nr; i++)
		if ((u32)m->r[i].base >> SECTION_SHIFT <= slot && (u32)(m->r[i].base + (m->r[i].size - 1)) >> SECTION_SHIFT >= slot)
			return true;
	return false;
}

/* Does the guest's current first-level table say anything about @slot? With its MMU off: is anything there? */
static bool guest_uses(struct shadow *s, u32 slot)
{
	u32 desc;

	if (!(s->v->cp15.sctlr & SCTLR_M))
		return map_uses(&s->v->guest->map, slot);
	return guest_l1_desc(s->v, slot << SECTION_SHIFT, &desc) && (desc & L1_TYPE);
}

static bool slot_free(struct shadow *s, u32 slot)
{
	struct window *win = &s->window;

	/* Umbra's own mappings must stay; so must the slot of the last move, where an exit may still be running. */
	return !(win->placed && (slot == win->slot || slot == win->old_slot)) && !host_l1()[slot] &&
	       !(s->stubs.placed && slot == s->stubs.slot);
}

bool slot_is_unused(struct shadow *s, u32 slot)
{
	return slot_free(s, slot) && !guest_uses(s, slot) && !slotset_has(&s->cur->used, slot);
}

/*
 * A free slot that no guest table uses and no root has entries in; failing that the next free one in turn, so that
 * moving again and again reaches every slot and an instruction that needs a few of them gets its turn.
 */
static u32 slot_choose(struct shadow *s)
{
	struct window *win = &s->window;

	for (u32 i = 0; i < ARRAY_SIZE(preferred); i++)
		if (slot_is_unused(s, preferred[i]))
			return preferred[i];
	for (u32 i = 0; i < L1_ENTRIES; i++) {
		u32 slot = (win->hand - 1 - i) & (L1_ENTRIES - 1);

		if (slot_is_unused(s, slot)) {
			win->hand = (u16)slot;
			return slot;
		}
	}
	do {
		win->hand = (u16)(win->hand - 1) & (L1_ENTRIES - 1);
	} while (!slot_free(s, win->hand));
	return win->hand;
}

/* Enter the window into @r at its slot, taking away what the root has there. */
void window_write_root(struct shadow *s, struct root *r)
{
	pte_write(&r->l1[s->window.slot], s->window.entry);
}

void window_show(struct shadow *s, u32 nr, hpa_t at)
{
	u32 *p = (u32 *)hpa_ptr(s->window.entry & L1_TABLE_BASE) + nr, now = (u32)at | PAGE_SHOWN;

	if (*p == now)
		return;
	if (*p) {	/* a table that is live: invalid in between, for no TLB to have both (B3.10.1) */
		pte_write(p, 0);
		tlbi_mva(s->v->window_base + nr * PAGE_SIZE);	/* global: the ASID does not matter */
	}
	pte_write(p, now);
	dsb();
}

static void window_place(struct shadow *s, u32 slot)
{
	struct window *win = &s->window;
	u32 from = win->slot;

	for (u32 i = 0; i < s->roots; i++) {
		struct root *r = &s->root[i];

		if (win->placed)
			pte_write(&r->l1[from], 0);
		if (r->dirty) {	/* its node was detached by the full drop */
			slotset_del(&r->used, slot);
			slotset_del(&r->ng, slot);
		} else if (r->l1[slot]) {
			root_clear_slot(s, r, slot);
		}
	}
	if (win->placed) {
		pte_write(&win->tramp[from], 0);
		if (win->old_slot != SLOT_NONE)
			pte_write(&host_l1()[win->old_slot], 0);
		win->old_slot = (u16)from;
	}
	win->slot = (u16)slot;
	win->placed = true;
	denied_otherwise_add(s, slot);
	for (u32 i = 0; i < s->roots; i++)
		window_write_root(s, &s->root[i]);
	pte_write(&win->tramp[slot], win->entry);
	pte_write(&host_l1()[slot], win->entry);
	tlbi_all();
	window_walk_void(s->v);
	arm_window_moved(s->v, slot << SECTION_SHIFT);
}

void window_init(struct vcpu *v)
{
	struct shadow *s = v->shadow;
	struct window *win = &s->window;

	win->entry = window_table(v);
	win->slot = win->old_slot = SLOT_NONE;
	win->hand = 0;
	win->tramp = hv_alloc(L1_SIZE, L1_SIZE);
	arch_dcache_clean_range(ptr_hpa(win->tramp), L1_SIZE);
	v->tramp_ttbr0 = ptr_hpa(win->tramp);
	window_place(s, slot_choose(s));
}

bool shadow_in_window(struct vcpu *v, gva_t va)
{
	return va >> SECTION_SHIFT == v->shadow->window.slot;
}

/* Context: exit path in Umbra's address space; arm_window_moved() must not depend on the old place any more. */
void shadow_move_window(struct vcpu *v, gva_t va)
{
	struct shadow *s = v->shadow;

	if (!shadow_in_window(v, va))
		return;
	s->moves++;
	window_place(s, slot_choose(s));
}

void shadow_unmap_window(struct vcpu *v)
{
	struct window *win = v->shadow ? &v->shadow->window : NULL;

	if (win && win->placed) {
		pte_write(&host_l1()[win->slot], 0);
		if (win->old_slot != SLOT_NONE)
			pte_write(&host_l1()[win->old_slot], 0);
		win->old_slot = SLOT_NONE;
	}
	tlbi_all();
}

/* A window of another vCPU may be at the same place in that one's address space, but only one is in Umbra's table at a time. */
void shadow_map_window(struct vcpu *v)
{
	struct window *win = v->shadow ? &v->shadow->window : NULL;

	if (!win || !win->placed)
		return;
	pte_write(&host_l1()[win->slot], win->entry);
	dsb();
	isb();
	arm_window_in_place(v);
}
