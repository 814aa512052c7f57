/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host domains for guest domains, and the host DACR values for a guest's. */
#include <string.h>

#include "mmu.h"

/* Not found by the window, which looks for the guest's value first: reserved fields that no guest writes. They open nothing. */
#define DACR_NONE	0xaaaaaaaau

#define FSR_STORE_DENIED	0x80fu	/* permission fault of a page, WnR (B3.13.3, B4.1.51); the domain is in 7:4 */

/* What the window is to say of a store without permission in host domain @d, which virtual User mode reaches: if that stands for one of the guest's. */
static void dom_tell_window(struct shadow *s, u32 d)
{
	const struct host_dom *h = &s->dom[d];
	bool one = h->gds && !(h->gds & (h->gds - 1)) && !(h->gds >> GD_FLAT);

	s->v->dom_fsr[d] = one && h->view == VIEW_U ? FSR_STORE_DENIED | (u32)__builtin_ctz(h->gds) << 4 : 0;
}

/* What is remembered is not right any more; dacr_recall() may make it so. */
static void dacr_cache_void(struct shadow *s)
{
	const u32 least = 1u << (2 * DOM_WINDOW) | 1u << (2 * DOM_STUB);
	struct vcpu *v = s->v;

	for (u32 i = 0; i < ARRAY_SIZE(v->dacr_cache); i++)
		v->dacr_cache[i] = (struct dacr_cache){ .valid = 0, .guest = DACR_NONE, .kernel = least, .user = least };
	if (v->dacr_closed != ~0u)
		s->dacr_closed = v->dacr_closed;
	v->dacr_closed = ~0u;
	v->hw_dacr_closed = least;
	v->user_access.guest = DACR_NONE;
	v->user_access.host = least;
}

static void dacr_forget(struct shadow *s)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->dacr_known); i++)
		s->dacr_known[i] = DACR_NONE;
	s->v->dacr_closed = s->dacr_closed = ~0u;
}

void shadow_forget_dacr(struct vcpu *v)
{
	dacr_forget(v->shadow);
	dacr_cache_void(v->shadow);
}

/* Forget all host domains; nothing may be mapped in any. */
void dom_reset(struct shadow *s)
{
	memset(s->dom, 0, sizeof(s->dom));
	memset(s->dom_of, 0, sizeof(s->dom_of));
	memset(s->v->dom_fsr, 0, sizeof(s->v->dom_fsr));
	memset(s->dom_differ, 0, sizeof(s->dom_differ));
	s->dom_ng_mask = 0;
	s->dom_told = ~0u;	/* nothing */
	dacr_forget(s);
}

/* Host domain @d is given up: what is mapped in it goes, in every root. */
static void dom_evict(struct shadow *s, u32 d)
{
	const struct host_dom *h = &s->dom[d];

	s->evictions++;
	for (u32 i = 0; i < s->roots; i++) {
		struct root *r = &s->root[i];

		for (u32 slot = slotset_next(&r->used, 0); slot < L1_ENTRIES && !r->dirty; slot = slotset_next(&r->used, slot + 1))
			if (r->l1[slot] && L1_DOMAIN_OF(r->l1[slot]) == d)
				root_clear_slot(s, r, slot);
	}
	for (u32 gds = h->gds; gds; gds &= gds - 1)
		s->dom_of[__builtin_ctz(gds)][h->view][h->ng] = 0;
	s->dom_ng_mask &= ~(3u << (2 * d));
	s->dom[d] = (struct host_dom){ 0 };
	dom_tell_window(s, d);
}

/* A host domain in use whose guest domains were always open when @gd was, or 0. */
static u32 dom_to_share(const struct shadow *s, u32 gd, enum view view, bool ng)
{
	for (u32 d = 1; d < DOM_STUB && gd != GD_FLAT; d++)
		if (s->dom[d].gds & 0xffff && s->dom[d].view == view && s->dom[d].ng == ng && !(s->dom[d].gds & s->dom_differ[gd]))
			return d;
	return 0;
}

static u32 dom_oldest(const struct shadow *s)
{
	u32 best = 1;

	for (u32 d = 2; d < DOM_STUB; d++)
		if ((s32)(s->dom[d].stamp - s->dom[best].stamp) < 0)
			best = d;
	return best;
}

static u32 dom_take(struct shadow *s, u32 gd, enum view view, bool ng)
{
	u32 d;

	for (d = 1; d < DOM_STUB && s->dom[d].gds; d++)
		;
	if (d == DOM_STUB)
		d = dom_to_share(s, gd, view, ng);
	if (!d) {
		d = dom_oldest(s);
		dom_evict(s, d);
	}
	s->dom[d].gds |= 1u << gd;
	s->dom[d].view = view;
	s->dom[d].ng = ng;
	s->dom_of[gd][view][ng] = (u8)d;
	dom_tell_window(s, d);
	if (ng)
		s->dom_ng_mask |= 3u << (2 * d);
	dacr_apply(s);
	return d;
}

/*
 * Host domain for entries of guest domain @gd (GD_FLAT: MMU off) in @view, taken into use if need be. When all 14 are in use, one
 * is shared with guest domains that the guest never told apart; failing that the least recently filled one is taken.
 */
u32 dom_get(struct shadow *s, u32 gd, enum view view, bool ng)
{
	u32 d = s->dom_of[gd][view][ng];

	if (!d)
		d = dom_take(s, gd, view, ng);
	s->dom[d].stamp = ++s->dom_stamp;
	return d;
}

/* Guest domains that @dacr opens (client or manager), a bit each. */
static u32 open_domains(u32 dacr)
{
	u32 x = dacr & 0x55555555;

	x = (x | x >> 1) & 0x33333333;
	x = (x | x >> 2) & 0x0f0f0f0f;
	x = (x | x >> 4) & 0x00ff00ff;
	return (x | x >> 8) & 0xffff;
}

/* The guest tells domains apart by the DACR of now: those no longer share a host domain, nor will they again. */
static void dom_tell_apart(struct shadow *s)
{
	u32 open = open_domains(s->v->cp15.dacr);

	if (s->dom_told == open)
		return;
	s->dom_told = open;
	for (u32 gd = 0; gd < 16; gd++)
		s->dom_differ[gd] |= open >> gd & 1 ? ~open & 0xffff : open;
	for (u32 d = 1; d < DOM_STUB; d++)
		if (s->dom[d].gds & open && s->dom[d].gds & 0xffff & ~open)
			dom_evict(s, d);
}

/* Is host domain @h open with guest domains @open? The flat root's always is. */
static bool dom_open(const struct host_dom *h, u32 open, bool flat)
{
	return h->gds >> GD_FLAT ? flat : !flat && h->gds & open;
}

/* Guest domains that are manager: bit 2d set for a field of 3. */
static u32 managers(u32 dacr)
{
	return dacr & dacr >> 1 & 0x55555555u;
}

static void dacr_compute(struct shadow *s, struct dacr_cache *c, u32 dacr)
{
	u32 open = open_domains(dacr);
	bool flat = is_flat(s);

	c->valid = !flat;
	c->guest = dacr;
	c->user = 1u << (2 * DOM_WINDOW);
	c->kernel = c->user | 1u << (2 * DOM_STUB);
	for (u32 d = 1; d < DOM_STUB; d++) {
		if (!dom_open(&s->dom[d], open, flat))
			continue;
		c->kernel |= 1u << (2 * d);
		if (s->dom[d].view == VIEW_U)
			c->user |= 1u << (2 * d);
	}
	if (s->asid_pending) {
		c->kernel &= ~s->dom_ng_mask;
		c->user &= ~s->dom_ng_mask;
	}
}

static void dacr_set(struct shadow *s, u32 kernel, u32 user)
{
	struct vcpu *v = s->v;

	v->dacr_kernel = kernel;
	v->dacr_user = user;
	v->hw_dacr = vcpu_privileged(v) ? kernel : user;
}

/*
 * What the vCPU remembered about the guest's values, for the domains of now. Each of these values told guest domains apart when it came to be
 * known, and they have been told apart since (dom_differ).
 */
static void dacr_recall(struct shadow *s)
{
	struct vcpu *v = s->v;
	const struct dacr_cache *closed = &v->dacr_cache[vcpu_dacr_index(s->dacr_closed)];

	for (u32 i = 0; i < ARRAY_SIZE(s->dacr_known); i++)
		if (s->dacr_known[i] != DACR_NONE && managers(s->dacr_known[i]) == s->manager)
			dacr_compute(s, &v->dacr_cache[i], s->dacr_known[i]);
	if (closed->valid && closed->guest == s->dacr_closed) {
		v->dacr_closed = closed->guest;
		v->hw_dacr_closed = closed->kernel;
	}
}

/* Domains, MMU state or ASID state changed: every remembered host DACR is another one, or void. */
void dacr_apply(struct shadow *s)
{
	u32 dacr = s->v->cp15.dacr;
	struct dacr_cache c;

	if (!is_flat(s))
		dom_tell_apart(s);
	dacr_cache_void(s);
	dacr_compute(s, &c, dacr);
	if (c.valid) {
		s->dacr_known[vcpu_dacr_index(dacr)] = dacr;
		dacr_recall(s);
		s->v->dacr_cache[vcpu_dacr_index(dacr)] = c;
	}
	dacr_set(s, c.kernel, c.user);
}

/* The manager set of now is the one that entries are made with; none may exist. */
void dacr_sync_managers(struct shadow *s)
{
	s->manager = managers(s->v->cp15.dacr);
}

/*
 * The guest wrote DACR. Entries stay, except when a domain in use goes to or from manager: those were made with other
 * rights. The vCPU's cache holds only values with the manager set of now, so that a hit in it needs none of this.
 */
void dacr_changed(struct shadow *s)
{
	u32 dacr = s->v->cp15.dacr, mgr = managers(dacr);
	struct dacr_cache *c;

	if (is_flat(s))
		return;
	if (mgr != s->manager) {
		s->manager = mgr;
		pool_drop_all(s);
		dacr_apply(s);
		return;
	}
	c = &s->v->dacr_cache[vcpu_dacr_index(dacr)];
	if (!c->valid || c->guest != dacr) {
		dom_tell_apart(s);
		s->dacr_known[vcpu_dacr_index(dacr)] = dacr;
		dacr_compute(s, c, dacr);
	}
	dacr_set(s, c->kernel, c->user);
}
