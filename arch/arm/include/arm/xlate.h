/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translations that accesses on behalf of the guest found last. */
#pragma once

#include <arm/shadow.h>
#include <arm/vcpu.h>

/*
 * Like a TLB it may keep a translation until the guest's maintenance names it; here any maintenance, and any change of what a
 * translation depends on, ends all of them. A page is here only if it is RAM of the memory type that Umbra maps, and for writing only while
 * it is not scanned code.
 */
void xlate_forget(struct vcpu *v);

/* Each kind of access to a page has a place of its own. */
static inline struct xlate *xlate_entry(struct vcpu *v, gva_t va, enum shadow_access acc)
{
	return &v->xlate[((va >> PAGE_SHIFT) + acc * (XLATE_NR / 4)) & (XLATE_NR - 1)];
}

static inline u32 xlate_tag(const struct vcpu *v, gva_t va, enum shadow_access acc, bool priv)
{
	return (va & PAGE_MASK) | v->xlate_gen | (u32)priv << 2 | acc;
}

/* Where the RAM behind @va is, if that is known; else NULL. */
static inline void *xlate_find(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv)
{
	const struct xlate *x = xlate_entry(v, va, acc);

	return x->tag == xlate_tag(v, va, acc, priv) ? hpa_ptr(x->page + (va & ~PAGE_MASK)) : NULL;
}
