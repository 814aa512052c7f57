/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shadow MMU: one for each vCPU, with a strategy; what it is told of the guest's context and maintenance. */
#include <arm/window.h>
#include <arm/xlate.h>
#include <hv/alloc.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <string.h>

#include "mmu.h"
#include "window.h"

int shadow_init(struct vcpu *v, const char *name)
{
	const struct shadow_ops *ops = shadow_strategy_find(name);
	struct strategy_missing missing;
	struct shadow *s = v->shadow;

	if (!ops) {
		shadow_strategy_missing(&missing, name);
		layout_mistake(&v->guest->cfg.at, "shadow", STRATEGY_MISSING, STRATEGY_MISSING_ARGS(missing));
		return -ENOENT;
	}
	if (!s) {
		s = hv_alloc(sizeof(*s), 64);
		s->v = v;
		v->shadow = s;
		pool_init(s);
		window_init(v);
	}
	s->ops = ops;
	return 0;
}

int shadow_set_strategy(struct vcpu *v, const char *name)
{
	const struct shadow_ops *ops = shadow_strategy_find(name);
	struct strategy_missing missing;
	struct shadow *s = v->shadow;

	if (!ops) {
		shadow_strategy_missing(&missing, name);
		pr_err("guest %s: " STRATEGY_MISSING "\n", v->guest->name, STRATEGY_MISSING_ARGS(missing));
		return -ENOENT;
	}
	if (ops == s->ops)
		return 0;
	pool_drop_all(s);	/* no table is shadowed now, so neither has anything to hand over */
	s->ops = ops;
	return 0;
}

const char *shadow_strategy(const struct vcpu *v)
{
	return v->shadow->ops->name;
}

void shadow_forget(struct vcpu *v)
{
	struct shadow *s = v->shadow;

	xlate_forget(v);
	pool_drop_all(s);
	track_reset(s);
	s->scan_user = false;
}

void shadow_anew(struct vcpu *v)
{
	xlate_forget(v);
	drop_all(v->shadow);
}

void shadow_tlbi(struct vcpu *v, enum shadow_tlbi op, u32 arg)
{
	xlate_forget(v);
	switch (op) {
	case TLBI_ALL:
		check_all(v->shadow);
		break;
	case TLBI_ASID:
		v->shadow->drops_asid++;
		check_asid(v->shadow, arg & 0xff);
		break;
	case TLBI_MVA:
		drop_pages(v->shadow, arg, 1);
		break;
	}
}

void shadow_tlbi_pages(struct vcpu *v, u32 arg, u32 pages)
{
	xlate_forget(v);
	drop_pages(v->shadow, arg, pages);
}

bool shadow_let_go(struct vcpu *v, gva_t va)
{
	struct shadow *s = v->shadow;
	struct gfault f;
	struct walk w;

	if (guest_walk(v, va, ACC_WRITE, vcpu_privileged(v), &w, &f) || !is_watched_table(s, w.gpa))
		return false;
	(void)s->ops->table_stored(s, ALIGN_DOWN(w.gpa, PAGE_SIZE), false);
	return true;
}

void shadow_written(struct vcpu *v, gpa_t at, u32 len)
{
	struct shadow *s = v->shadow;

	if (is_watched_table(s, at))
		s->ops->table_written(s, at, len);
}

void shadow_touch(struct vcpu *v, gva_t va)
{
	struct shadow *s = v->shadow;
	u32 slot = va >> SECTION_SHIFT, e = s->cur->l1[slot];
	struct gfault f;
	gpa_t gpa;

	if (slot_is_fixed(s, slot) || (e & L1_TYPE) == L1_SECTION)
		return;
	if (e && tbl_ptr(s, tbl_of_entry(s, e))[va >> PAGE_SHIFT & (L2_ENTRIES - 1)])
		return;
	/* A refusal is no event: nothing was accessed. */
	(void)shadow_fault(v, va, ACC_READ, vcpu_privileged(v), &gpa, &f);
}

void shadow_exited(struct vcpu *v)
{
	struct shadow *s = v->shadow;

	if (!v->fast_off)
		xlate_forget(v);	/* the window may have written DACR, TTBR0 or CONTEXTIDR */
	root_follow(s);
}

bool shadow_is_umbras(const struct vcpu *v, gva_t va)
{
	return slot_is_fixed(v->shadow, va >> SECTION_SHIFT);
}

void shadow_pte_cleaned(struct vcpu *v, gva_t va, gpa_t at)
{
	if (!((v->stub_line ^ (va | STUB_LINE_VALID)) & STUB_LINE_MASK))
		shadow_check_stubs(v);
	if (IS_ENABLED(CONFIG_SHADOW_CLEAN_HINT))
		table_cleaned(v->shadow, at);
}

/* -- context -- */

#define SCTLR_SHADOW	(SCTLR_M | SCTLR_TRE | SCTLR_AFE)

static void attr_rebuild(struct shadow *s)
{
	const struct vcp15 *c = &s->v->cp15;

	memset(s->low_bits, 0, sizeof(s->low_bits));
	attr_map_build(&s->attr, &(struct attr_ctl){ c->sctlr & SCTLR_TRE, c->prrr, c->nmrr });
}

/*
 * MMU on or off, or another meaning of the descriptors: rare, and what was cached may mean something else now. It may be another kernel that
 * starts (kexec): what code this one shared with User mode says nothing of that.
 */
static void sctlr_changed(struct shadow *s)
{
	u32 now = s->v->cp15.sctlr & SCTLR_SHADOW;

	if (now == s->sctlr)
		return;
	s->sctlr = now;
	s->scan_user = false;
	s->scan_user_times = 0;
	attr_rebuild(s);
	pool_drop_all(s);
	dacr_sync_managers(s);
	root_select(s);
}

/* The vectors are in another page now: what is executable there was perhaps not scanned (rule 9). */
static void vectors_changed(struct shadow *s)
{
	gva_t va = vector_page(s->v);

	for (u32 i = s->node_slot[va >> SECTION_SHIFT]; i != NODE_NONE; i = s->node[i].slot_next)
		node_drop_entry(s, &s->node[i], va);
	rest_drop_slot(s, va >> SECTION_SHIFT);
}

void shadow_ctx_changed(struct vcpu *v, enum shadow_ctx what)
{
	struct shadow *s = v->shadow;

	xlate_forget(v);
	if (what == CTX_TTBCR || what == CTX_SCTLR)
		window_walk_void(v);
	switch (what) {
	case CTX_TTBR0:
	case CTX_ASID:
		root_select(s);
		break;
	case CTX_TTBR1:
	case CTX_TTBCR:
		root_select_anew(s);
		break;
	case CTX_DACR:
		dacr_changed(s);
		break;
	case CTX_SCTLR:
		sctlr_changed(s);
		break;
	case CTX_VECTORS:
		vectors_changed(s);
		break;
	case CTX_ATTR:
		attr_rebuild(s);
		if (s->sctlr & SCTLR_TRE)
			pool_drop_all(s);
		break;
	}
}

void shadow_reset(struct vcpu *v)
{
	struct shadow *s = v->shadow;

	xlate_forget(v);
	window_walk_void(v);
	s->sctlr = v->cp15.sctlr & SCTLR_SHADOW;
	attr_rebuild(s);
	pool_reset(s);
	dacr_sync_managers(s);
}
