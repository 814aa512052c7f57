/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shadow MMU: chooses the strategy by name and dispatches to it. */
#include <arm/window.h>
#include <arm/xlate.h>
#include <hv/alloc.h>
#include <hv/log.h>
#include <string.h>

#include "mmu.h"
#include "window.h"

static const struct shadow_ops *const strategies[] = {
#ifdef CONFIG_SHADOW_FLUSH
	&shadow_flush_ops,
#endif
};

static const struct shadow_ops *strategy_find(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(strategies); i++)
		if (!strcmp(strategies[i]->name, name ? name : CONFIG_SHADOW_DEFAULT))
			return strategies[i];
	return NULL;
}

int shadow_init(struct vcpu *v, const char *name)
{
	const struct shadow_ops *ops = strategy_find(name);
	struct shadow *s = v->shadow;

	if (!ops) {
		pr_err("guest %s: property shadow: unknown strategy \"%s\"\n", v->guest->name, name);
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
	return ops->init(v);
}

void shadow_reset(struct vcpu *v)
{
	xlate_forget(v);
	v->shadow->ops->reset(v);
}

void shadow_forget(struct vcpu *v)
{
	struct shadow *s = v->shadow;

	xlate_forget(v);
	pool_drop_all(s);
	track_reset(s);
	s->scan_user = false;
}

enum shadow_result shadow_fault(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, gpa_t *gpa,
				struct gfault *f)
{
	return v->shadow->ops->fault(v, va, acc, priv, gpa, f);
}

void shadow_tlbi(struct vcpu *v, enum shadow_tlbi op, u32 arg)
{
	xlate_forget(v);
	v->shadow->ops->tlbi(v, op, arg);
}

void shadow_tlbi_pages(struct vcpu *v, u32 arg, u32 pages)
{
	xlate_forget(v);
	v->shadow->ops->tlbi_pages(v, arg, pages);
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

void shadow_ctx_changed(struct vcpu *v, enum shadow_ctx what)
{
	xlate_forget(v);
	v->shadow->ops->ctx_changed(v, what);
}

void shadow_pte_cleaned(struct vcpu *v, gva_t va)
{
	if (!((v->stub_line ^ (va | STUB_LINE_VALID)) & STUB_LINE_MASK))
		shadow_check_stubs(v);
	if (v->shadow->ops->pte_cleaned)
		v->shadow->ops->pte_cleaned(v, va);
}
