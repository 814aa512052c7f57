/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The slot of the stub area: chosen near the code that branches to it, mapped in every root, given up when the guest wants it.
 *
 * Unlike the window the area is readable in virtual privileged modes, so the guest's own use of the address does not fault: it has to be
 * noticed when the guest publishes the descriptor. On this core a table walk does not look into the L1 data cache, so a descriptor in
 * cacheable memory counts from its line's cleaning on (Cortex-A8 TRM 6.6; B3.10.1): the window leaves cleaning of a line that may hold
 * it to C (v->stub_line), if the word there could be a descriptor of a table or a section. A line that has bits 11:2 of its address, which
 * any mapping of a table keeps, is looked at: which line of memory it is. (In a table of the second level, execute-never small pages cannot be such
 * a descriptor; Linux's stacks are some.) Where walks are not cacheable, the data cache is off, the MMU is off, or the slot's table is smaller than a
 * page, there is no area.
 */
#include <arm/code_page.h>

#include "mmu.h"

#define REACH	31u	/* slots within which every branch reaches (32 MiB, A8.8.18) */

/* Tried first, as far as they are within reach: below a Linux kernel, unused without highmem (window.c takes the other). */
static const u16 preferred[] = { 0xbfe, 0xbff };

static bool reaches(u32 slot, u32 near)
{
	return slot + REACH >= near && near + REACH >= slot && slot + 1 != near && near + 1 != slot && slot != near;
}

/* Do the guest's current tables map anything in @slot? A descriptor of the reserved type maps nothing, either (guest_walk()). */
static bool guest_maps(struct shadow *s, u32 slot)
{
	u32 desc;

	return guest_l1_desc(s->v, (gva_t)slot << SECTION_SHIFT, &desc) && ((desc & L1_TYPE) == L1_TABLE || (desc & L1_TYPE) == L1_SECTION);
}

/*
 * May the area be in @slot, for code in slot @near? With @apart, a megabyte away from all that the guest has: code next to the area gets no stubs
 * (code_scan.c tells branches to stubs by how far they go), and a kernel's entries are often in its first megabyte.
 */
static bool is_place(struct shadow *s, u32 slot, u32 near, bool apart)
{
	if (!slot || slot >= L1_ENTRIES - 1 || !reaches(slot, near) || !slot_is_unused(s, slot))
		return false;
	return !apart || !(guest_maps(s, slot - 1) || guest_maps(s, slot + 1));
}

static u32 choose_place(struct shadow *s, u32 near, bool apart)
{
	for (u32 i = 0; i < ARRAY_SIZE(preferred); i++)
		if (is_place(s, preferred[i], near, apart))
			return preferred[i];
	for (u32 d = 2; d <= REACH; d++) {
		if (near > d && is_place(s, near - d, near, apart))
			return near - d;
		if (is_place(s, near + d, near, apart))
			return near + d;
	}
	return 0;
}

/* A slot that nobody uses, or 0 (never one: the lowest megabyte is where null pointers go). */
static u32 choose(struct shadow *s, u32 near)
{
	u32 slot = choose_place(s, near, true);

	return slot ? slot : choose_place(s, near, false);
}

/* Every root gets @entry there; what one had goes. */
static void write_roots(struct shadow *s, u32 slot, u32 entry)
{
	for (u32 i = 0; i < s->roots; i++) {
		struct root *r = &s->root[i];

		if (r->dirty) {
			slotset_del(&r->used, slot);
			slotset_del(&r->ng, slot);
		} else if (entry && r->l1[slot]) {
			root_clear_slot(s, r, slot);
		}
		pte_write(&r->l1[slot], entry);
	}
}

/* Would it be noticed if the guest's current tables came to say something about @slot? */
static bool is_watched(struct shadow *s, u32 slot)
{
	const struct vcp15 *c = &s->v->cp15;
	u32 n = c->ttbcr & 7;

	return !is_flat(s) && c->sctlr & SCTLR_C && guest_walk_cached(s->v, slot << SECTION_SHIFT) && (n <= 2 || slot >> (12 - n));
}

gva_t shadow_place_stubs(struct vcpu *v, gva_t near, hpa_t table)
{
	struct shadow *s = v->shadow;
	u32 slot;

	if (s->stubs.placed)
		return (gva_t)s->stubs.slot << SECTION_SHIFT;
	slot = choose(s, near >> SECTION_SHIFT);
	if (!slot || !is_watched(s, slot))
		return 0;
	s->stubs.entry = (u32)table | L1_DOMAIN(DOM_STUB) | L1_TABLE;
	write_roots(s, slot, s->stubs.entry);
	s->stubs.slot = (u16)slot;
	s->stubs.placed = true;
	v->ram_offset = v->guest->map.offset;
	v->stub_line = (slot * 4 & (STUB_LINE_PAGE | STUB_LINE_MASK | STUB_LINE_WORD)) | STUB_LINE_VALID;
	tlbi_all();
	root_select_anew(s);	/* the other roots are looked at when they are selected, by C */
	return slot << SECTION_SHIFT;
}

void shadow_unplace_stubs(struct vcpu *v)
{
	struct shadow *s = v->shadow;

	if (!s->stubs.placed)
		return;
	s->stubs.placed = false;
	v->stub_line = 0;
	write_roots(s, s->stubs.slot, 0);
	tlbi_all();
}

u32 shadow_dacr_without_stubs(u32 dacr)
{
	return dacr & ~(3u << (2 * DOM_STUB));
}

void stubs_check(struct shadow *s)
{
	if (!s->stubs.placed || (is_watched(s, s->stubs.slot) && !guest_maps(s, s->stubs.slot)))
		return;
	code_area_lost(s->v);
	shadow_unplace_stubs(s->v);
}

void shadow_check_stubs(struct vcpu *v)
{
	/* Not only the current tables may have changed: the others are looked at when they are selected, by C. */
	root_select_anew(v->shadow);
}
