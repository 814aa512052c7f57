/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of the guest's in sight of the window: where its User mode finds nothing mapped again and again, window_abort (window_inline.S) sees by itself
 * that this is so still, and passes the abort on.
 *
 * Rules.
 *  1 It reads the guest's words of now, each time: nothing of a translation that fails may be remembered (B3.9).
 *  2 What says where these words are is compared (TTBR0, the first-level word), or voids what is here when it changes (window_walk_void()). With big-endian
 *    tables (SCTLR.EE) the window passes nothing on (window_prepare()).
 *  3 Only what short walks walk (guest_walk.c).
 */
#include "mmu.h"

#define FS_BITS		0x40fu		/* B3.13.3 */
#define FS_TRANS_L2	0x007u

void window_walk_void(struct vcpu *v)
{
	for (u32 i = 0; i < ARRAY_SIZE(v->walk); i++)
		v->walk[i] = (struct window_walk){ .slot = WALK_VOID, .seen = WALK_VOID };
}

/* Show the page of @word as page @nr of the window: where @word is then, as the guest's address space has it. */
static u32 show_word(struct shadow *s, u32 nr, const volatile u32 *word)
{
	hpa_t at = ptr_hpa((const void *)word);

	window_show(s, nr, ALIGN_DOWN(at, PAGE_SIZE));
	return s->v->window_base + nr * PAGE_SIZE + (u32)at % PAGE_SIZE;
}

static void show_tables(struct vcpu *v, struct window_walk *w, gva_t va)
{
	u32 nr = WINDOW_WALKS / PAGE_SIZE + 2 * (u32)(w - v->walk);
	struct walk_words words;

	w->slot = WALK_VOID;
	if (!guest_walk_words(v, va, &words))
		return;
	w->ttbr0 = v->cp15.ttbr0;
	w->l1 = words.l1desc;
	w->l1_at = show_word(v->shadow, nr, words.l1);
	w->l2_at = show_word(v->shadow, nr + 1, words.l2);
	w->fsr = FS_TRANS_L2 | L1_DOMAIN_OF(words.l1desc) << 4;
	w->slot = va >> SECTION_SHIFT;
}

void shadow_note_abort(struct vcpu *v, u32 fsr, gva_t va)
{
	u32 slot = va >> SECTION_SHIFT, ttbr0 = v->cp15.ttbr0;
	struct window_walk *w = &v->walk[slot % ARRAY_SIZE(v->walk)];

	if ((fsr & FS_BITS) != FS_TRANS_L2 || (w->slot == slot && w->ttbr0 == ttbr0 && w->l1 == v->shadow->short_table.l1[slot]))
		return;
	if (w->seen == slot && w->seen_ttbr0 == ttbr0)
		show_tables(v, w, va);
	w->seen = slot;
	w->seen_ttbr0 = ttbr0;
}
