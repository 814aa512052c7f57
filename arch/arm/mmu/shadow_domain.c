/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host domains for guest domains, and the host DACR values for a guest's. */
#include <string.h>

#include "mmu.h"

static void dacr_cache_void(struct shadow *s)
{
	const u32 least = 1u << (2 * DOM_WINDOW) | 1u << (2 * DOM_STUB);

	/* Not found by the window, which looks for the guest's value first: reserved fields that no guest writes. They open nothing. */
	for (u32 i = 0; i < ARRAY_SIZE(s->v->dacr_cache); i++)
		s->v->dacr_cache[i] = (struct dacr_cache){ .valid = 0, .guest = 0xaaaaaaaa, .kernel = least, .user = least };
	s->v->dacr_closed = ~0u;
	s->v->hw_dacr_closed = least;
}

void shadow_forget_dacr(struct vcpu *v)
{
	dacr_cache_void(v->shadow);
}

/* Forget all host domains; nothing may be mapped in any. */
void dom_reset(struct shadow *s)
{
	memset(s->dom, 0, sizeof(s->dom));
	memset(s->dom_of, 0, sizeof(s->dom_of));
	s->dom_ng_mask = 0;
}

/*
 * Host domain for entries of guest domain @gd (GD_FLAT: MMU off) in @view, taken into use if need be. When all 14 are
 * in use everything is dropped and numbering starts again.
 */
u32 dom_get(struct shadow *s, u32 gd, enum view view, bool ng)
{
	u32 d = s->dom_of[gd][view][ng];

	if (d)
		return d;
	for (d = 1; d < DOM_STUB && s->dom[d].used; d++)
		;
	if (d == DOM_STUB) {
		pool_drop_all(s);
		dom_reset(s);
		d = 1;
	}
	s->dom[d] = (struct host_dom){ .gd = (u8)gd, .view = view, .ng = ng, .used = true };
	s->dom_of[gd][view][ng] = (u8)d;
	if (ng)
		s->dom_ng_mask |= 3u << (2 * d);
	dacr_apply(s);
	return d;
}

/* Is guest domain @gd open (client or manager) with guest DACR @dacr? The flat root's always is. */
static bool gd_open(u32 gd, u32 dacr, bool flat)
{
	return gd == GD_FLAT ? flat : !flat && dacr >> (2 * gd) & 1;
}

static void dacr_compute(struct shadow *s, struct dacr_cache *c)
{
	bool flat = is_flat(s);

	c->valid = !flat && !s->asid_pending;
	c->guest = s->v->cp15.dacr;
	c->user = 1u << (2 * DOM_WINDOW);
	c->kernel = c->user | 1u << (2 * DOM_STUB);
	for (u32 d = 1; d < DOM_STUB; d++) {
		if (!s->dom[d].used || !gd_open(s->dom[d].gd, c->guest, flat))
			continue;
		c->kernel |= 1u << (2 * d);
		if (s->dom[d].view == VIEW_U)
			c->user |= 1u << (2 * d);
	}
}

static void dacr_set(struct shadow *s, u32 kernel, u32 user)
{
	struct vcpu *v = s->v;

	v->dacr_kernel = kernel;
	v->dacr_user = user;
	v->hw_dacr = vcpu_privileged(v) ? kernel : user;
}

/* Domains, MMU state or ASID state changed: every remembered host DACR is void. */
void dacr_apply(struct shadow *s)
{
	struct dacr_cache c;

	dacr_cache_void(s);
	dacr_compute(s, &c);
	if (s->asid_pending) {
		c.kernel &= ~s->dom_ng_mask;
		c.user &= ~s->dom_ng_mask;
	}
	if (c.valid)
		s->v->dacr_cache[vcpu_dacr_index(c.guest)] = c;
	dacr_set(s, c.kernel, c.user);
}

/* Guest domains that are manager: bit 2d set for a field of 3. */
static u32 managers(u32 dacr)
{
	return dacr & dacr >> 1 & 0x55555555u;
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
	if (s->asid_pending) {
		dacr_apply(s);
		return;
	}
	c = &s->v->dacr_cache[vcpu_dacr_index(dacr)];
	if (!c->valid || c->guest != dacr)
		dacr_compute(s, c);
	dacr_set(s, c->kernel, c->user);
}
