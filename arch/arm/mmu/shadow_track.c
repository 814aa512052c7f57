/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which shadow entries map a guest page: frame words, MiB words, and what code copies need of them. */
#include <arch/cpu.h>
#include <arm/xlate.h>
#include <hv/alloc.h>
#include <hv/log.h>
#include <string.h>

#include "mmu.h"

/* -- frames and MiBs -- */

static struct span *span_of(struct shadow *s, gpa_t gpa)
{
	for (u32 i = 0; i < s->spans; i++)
		if (gpa - s->span[i].base < s->span[i].size)
			return &s->span[i];
	return NULL;
}

struct mib *mib_of(struct shadow *s, gpa_t gpa)
{
	struct span *sp = span_of(s, gpa);

	return sp ? &sp->mib[(gpa - sp->mib_base) >> SECTION_SHIFT] : NULL;
}

bool mib_is_whole(struct shadow *s, gpa_t gpa)
{
	struct span *sp = span_of(s, gpa);
	gpa_t base = ALIGN_DOWN(gpa, SECTION_SIZE);

	return sp && base >= sp->base && base - sp->base <= sp->size - SECTION_SIZE && sp->size >= SECTION_SIZE;
}

static bool slot_maps_mib(struct shadow *s, u32 slot, gpa_t gpa)
{
	if (slot_is_fixed(s, slot))
		return false;
	for (u32 i = 0; i < s->roots; i++) {
		u32 e = s->root[i].l1[slot];

		if (!s->root[i].dirty && (e & L1_TYPE) == L1_SECTION && (e & SECTION_MASK) == hpa_of(s, ALIGN_DOWN(gpa, SECTION_SIZE)))
			return true;
	}
	return false;
}

/* A section at @slot maps the MiB @m of @gpa now. */
void mib_add(struct shadow *s, struct mib *m, u32 slot, gpa_t gpa)
{
	if (m->slot == slot || m->slot == SLOT_MANY)
		return;
	m->slot = (u16)(m->slot != SLOT_NONE && slot_maps_mib(s, m->slot, gpa) ? SLOT_MANY : slot);
}

/* Entry @e is not of the page in question: may it be of its copy, which is Umbra's memory, and not of another page of the guest's? */
static __attribute__((noinline)) bool is_copy(struct shadow *s, u32 e)
{
	return !frame_of(s, gpa_of(s, e & PAGE_MASK));
}

/* The entry that word @name of a frame names: still there and not plainly of another guest page? (rule 5) */
static inline u32 *frame_entry(struct shadow *s, u32 name, gpa_t page)
{
	u32 *p = s->tbl_mem + (name & ~FRAME_ENTRY & FRAME_NAME);	/* of a free table all are invalid */

	if (!(name & FRAME_ENTRY) || !*p || ((*p ^ (u32)hpa_of(s, page)) >= PAGE_SIZE && !is_copy(s, *p)))
		return NULL;
	return p;
}

void frame_add_name(struct shadow *s, struct frame *frame, u32 me, gpa_t page)
{
	u32 was = frame->w[0];

	if ((was & FRAME_MANY) || (was & FRAME_NAME) == me || frame->w[1] == me)
		return;
	if (!frame_entry(s, was, page))
		frame->w[0] = (was & ~FRAME_NAME) | me;
	else if (!frame->w[1] || !frame_entry(s, frame->w[1], page))
		frame->w[1] = me;
	else
		frame->w[0] |= FRAME_MANY;
}

/* -- set-up -- */

static void span_add(struct shadow *s, const struct region *r)
{
	struct span *sp = &s->span[s->spans];
	u32 mibs;

	BUG_ON(s->spans == SPAN_MAX);
	sp->base = r->base;
	sp->size = r->size;
	sp->mib_base = ALIGN_DOWN(r->base, SECTION_SIZE);
	mibs = ((u32)(r->base + (r->size - 1)) >> SECTION_SHIFT) - ((u32)r->base >> SECTION_SHIFT) + 1;
	sp->frame = hv_alloc(r->size / PAGE_SIZE * sizeof(*sp->frame), 64);
	sp->mib = hv_alloc(mibs * sizeof(*sp->mib), 64);
	s->spans++;
}

static void spans_init(struct shadow *s)
{
	const struct guest_map *m = &s->v->guest->map;
	const struct region *big = NULL;

	for (u32 i = 0; i < m->nr; i++)
		if (m->r[i].type == REGION_RAM && (!big || m->r[i].size > big->size))
			big = &m->r[i];
	if (!big)
		return;
	span_add(s, big);	/* first, because it is looked at first */
	for (u32 i = 0; i < m->nr; i++)
		if (m->r[i].type == REGION_RAM && &m->r[i] != big)
			span_add(s, &m->r[i]);
}

static void spans_reset(struct shadow *s)
{
	for (u32 i = 0; i < s->spans; i++) {
		struct span *sp = &s->span[i];
		u32 mibs = ((u32)(sp->base + (sp->size - 1)) >> SECTION_SHIFT) - ((u32)sp->base >> SECTION_SHIFT) + 1;

		memset(sp->frame, 0, sp->size / PAGE_SIZE * sizeof(*sp->frame));
		for (u32 j = 0; j < mibs; j++)
			sp->mib[j] = (struct mib){ .slot = SLOT_NONE };
	}
}

/* Forget all tracking; nothing may be mapped. The first call allocates: the guest's map is complete by now. */
void track_reset(struct shadow *s)
{
	if (!s->spans)
		spans_init(s);
	spans_reset(s);
	memset(s->looked, 0, sizeof(s->looked));
}

/* -- code pages -- */

/* Which small pages are to go: all, those that can be written, those that can be executed, those that can be either. */
enum which { ALL, WRITABLE, EXECUTABLE, LOOSE };

static bool entry_goes(u32 e, enum which which)
{
	return which == ALL || (which != EXECUTABLE && !(e & L2_AP2)) || (which != WRITABLE && !(e & L2_XN));
}

/* Clear one small-page entry of table @tbl. */
static void entry_clear(struct shadow *s, u32 tbl, u32 idx)
{
	struct node *n = &s->node[s->tbl_node[tbl]];

	pte_write(tbl_ptr(s, tbl) + idx, 0);
	node_tlb_entry(s, n, (u32)n->slot << SECTION_SHIFT | idx << PAGE_SHIFT);
}

/* What a sweep looks for, and what it left. */
struct sweep {
	hpa_t page;
	hpa_t copy;		/* 0: none */
	enum which which;
	u32 left, name[2];	/* entries of the page that are still there, the first two by name */
};

static void sweep_entry(struct shadow *s, struct sweep *w, u32 tbl, u32 idx, u32 e)
{
	if (entry_goes(e, w->which)) {
		entry_clear(s, tbl, idx);
		return;
	}
	if (w->left < ARRAY_SIZE(w->name))
		w->name[w->left] = FRAME_ENTRY | tbl << 8 | idx;
	w->left++;
}

static void sweep_table(struct shadow *s, struct sweep *w, u32 tbl)
{
	u32 *p = tbl_ptr(s, tbl), page = w->page, other = w->copy ? w->copy : page;

	for (u32 lines = s->tbl_lines[tbl]; lines; lines &= lines - 1) {
		u32 first = (u32)__builtin_ctz(lines) * 16;

		for (u32 i = first; i < first + 16; i++)	/* an invalid entry is of page 0, which is no RAM */
			if ((p[i] ^ page) < PAGE_SIZE || (p[i] ^ other) < PAGE_SIZE)
				sweep_entry(s, w, tbl, i, p[i]);
	}
}

/* For pages with several mappings: all entries that map @w->page or its copy, wherever they are. */
static void sweep(struct shadow *s, struct sweep *w)
{
	s->sweeps++;
	for (u32 tbl = 0; tbl < s->tbl_bump; tbl++)
		if (s->tbl_node[tbl] != NODE_NONE)
			sweep_table(s, w, tbl);
}

static void drop_section(struct shadow *s, u32 slot, gpa_t gpa)
{
	if (slot_is_fixed(s, slot))
		return;
	for (u32 i = 0; i < s->roots; i++) {
		struct root *r = &s->root[i];
		u32 e = r->l1[slot];

		if (!r->dirty && (e & L1_TYPE) == L1_SECTION && (e & SECTION_MASK) == hpa_of(s, ALIGN_DOWN(gpa, SECTION_SIZE)))
			root_clear_slot(s, r, slot);
	}
}

/* Drop every section that maps the MiB of @gpa. Read-only ones go too: they come back when touched. */
static void mib_drop_sections(struct shadow *s, struct mib *m, gpa_t gpa)
{
	if (m->slot == SLOT_NONE)
		return;
	if (m->slot != SLOT_MANY)
		drop_section(s, m->slot, gpa);
	else
		for (u32 slot = slotset_next(&s->sect, 0); slot < L1_ENTRIES; slot = slotset_next(&s->sect, slot + 1))
			drop_section(s, slot, gpa);
	m->slot = SLOT_NONE;
}

/* Clear entries of @page, whose frame says that there may be more than it names. Those that are left have names. */
static void frame_sweep(struct shadow *s, struct frame *frame, gpa_t page, hpa_t copy, enum which which)
{
	struct sweep w = { .page = hpa_of(s, page), .copy = copy, .which = which };

	sweep(s, &w);
	if (w.left > ARRAY_SIZE(w.name))
		return;
	frame->w[0] = (frame->w[0] & ~(FRAME_NAME | FRAME_MANY)) | w.name[0];
	frame->w[1] = w.name[1];
}

/* Clear the entries that map @page or @copy. */
static void frame_clear(struct shadow *s, struct frame *frame, gpa_t page, hpa_t copy, enum which which)
{
	if (frame->w[0] & FRAME_MANY) {
		frame_sweep(s, frame, page, copy, which);
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(frame->w); i++) {
		u32 *p = frame_entry(s, frame->w[i], page);

		if (p && entry_goes(*p, which))
			entry_clear(s, FRAME_NAME_TBL(frame->w[i]), frame->w[i] & 0xff);
	}
}

/* How often User mode's page @page was looked at again and nothing of its kernel's was there. */
static struct looked *looked_at(struct shadow *s, gpa_t page)
{
	struct looked *l = &s->looked[(u32)page >> PAGE_SHIFT & (ARRAY_SIZE(s->looked) - 1)];

	if (l->page != page)
		*l = (struct looked){ .page = page };
	return l;
}

void shadow_protect_page(struct vcpu *v, gpa_t page, bool flushed)
{
	struct shadow *s = v->shadow;
	struct frame *frame = frame_of(s, page);
	struct mib *m = mib_of(s, page);

	if (!frame || frame_is_code(frame))
		return;
	xlate_forget(v);
	looked_at(s, page)->times = 0;
	frame_clear(s, frame, page, 0, LOOSE);
	mib_drop_sections(s, m, page);
	frame->w[0] |= FRAME_CODE;
	m->fixed++;
	/*
	 * Nothing writes the page any more. What was written last may have gone past the cache, by a mapping of the guest's that is not
	 * cacheable, while a line of Umbra's has what was there before (A3.5.7): the scan must read what the guest will execute.
	 */
	if (!flushed)
		arch_dcache_flush_range(hpa_of(s, page), PAGE_SIZE);
}

void shadow_drop_page(struct vcpu *v, gpa_t page, hpa_t copy)
{
	struct shadow *s = v->shadow;
	struct frame *frame = frame_of(s, page);

	if (!frame)
		return;
	frame_clear(s, frame, page, copy, ALL);
	if (frame_is_code(frame))
		mib_of(s, page)->fixed--;
	*frame = (struct frame){ .w[0] = frame->w[0] & FRAME_TABLE };
}

void shadow_forget_user(struct vcpu *v, gpa_t page)
{
	struct shadow *s = v->shadow;
	struct frame *frame = frame_of(s, page);

	if (!frame || frame_is_code(frame) || !(frame->w[0] & FRAME_USER))
		return;
	frame_clear(s, frame, page, 0, EXECUTABLE);
	frame->w[0] &= ~(FRAME_USER | FRAME_USER_W);
}

void shadow_look_again(struct vcpu *v, gpa_t page)
{
	struct shadow *s = v->shadow;
	const struct frame *frame = frame_of(s, page);

	if (frame && frame->w[0] & FRAME_USER_W && looked_at(s, page)->times++ < LOOKS_AGAIN)
		shadow_forget_user(v, page);
}

/* -- pages of guest tables (shadow_table.c) -- */

void track_protect_table(struct shadow *s, gpa_t page)
{
	struct frame *frame = frame_of(s, page);
	struct mib *m = mib_of(s, page);

	if (!frame || frame->w[0] & FRAME_TABLE)
		return;
	xlate_forget(s->v);
	if (!frame_is_code(frame)) {	/* else that was done already */
		frame_clear(s, frame, page, 0, WRITABLE);
		mib_drop_sections(s, m, page);
	}
	frame->w[0] |= FRAME_TABLE;
	m->fixed++;
}

/* What maps it stays read-only until it is written. */
void track_unprotect_table(struct shadow *s, gpa_t page)
{
	struct frame *frame = frame_of(s, page);

	if (!frame || !(frame->w[0] & FRAME_TABLE))
		return;
	frame->w[0] &= ~FRAME_TABLE;
	mib_of(s, page)->fixed--;
}
