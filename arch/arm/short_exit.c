/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short exits: aborts that are the guest's own, and hidden faults of small pages whose table is linked already. They need Umbra's address
 * space, because guest tables and shadow are there, but little else of what an exit to C entails: no account of instructions, no
 * look at interrupts and the console, and what path `inline` has in its open page stays there.
 *
 * Rules.
 *  1 What is not done completely is left untouched: false, and the slow exit finds the guest as if nothing had been tried.
 *  2 Only while nobody wants to see each exit, and what an abort means is simple: v->short_exits (window_prepare()).
 *  3 Its cause is counted, and the guard of hidden faults (progress.c) sees it; it is the slow exit that does something about them.
 *  4 The real DACR stays as the guest left it unless the mode changes: on path `inline` it may open less than dacr_kernel.
 *  5 The meaning is that of trap.c; tests run the same guests with and without fast exits, and so without this file.
 */
#include <arm/open.h>
#include <arm/progress.h>
#include <arm/shadow.h>
#include <arm/short_exit.h>
#include <arm/sysreg.h>
#include <arm/window.h>

/* Translation faults and permission faults of pages (B3.13.3): FS[4] is bit 10. A closed domain has reasons that only C knows. */
static inline bool fs_is_simple(u32 fsr)
{
	u32 fs = fsr & 0x40f;

	return fs == 0x5 || fs == 0x7 || fs == 0xf;
}

/* On path `inline` stubs only remember the guest's DACR. False: what the host's is for it, C must find out. */
static inline bool settle_dacr(struct vcpu *v, u32 dacr)
{
	const struct dacr_cache *c = &v->dacr_cache[vcpu_dacr_index(dacr)];

	if (dacr == v->cp15.dacr)
		return true;
	if (!c->valid || c->guest != dacr)
		return false;
	v->cp15.dacr = dacr;
	v->dacr_kernel = c->kernel;
	v->dacr_user = c->user;
	v->dacr_entry = dacr;
	v->hw_dacr_entry = c->kernel;
	return true;
}

/* What the open page is to have after an abort was injected: path_inline.c does it for a slow exit. */
static inline void open_again(struct vcpu *v, bool from_user)
{
	struct vcpu_open *o = v->open;

	open_unfold(v, o);
	o->dfsr = v->cp15.dfsr;
	o->ifsr = v->cp15.ifsr;
	o->dfar = v->cp15.dfar;
	o->ifar = v->cp15.ifar;
	if (!from_user)
		return;
	v->hw_dacr = v->hw_dacr_entry;
	o->dacr_real = v->dacr_entry;
}

/* The abort is the guest's. Not while an interrupt is pending: what it waits for changes with the mask. */
static bool pass_on(struct vcpu *v, enum shadow_access acc, const struct gfault *f)
{
	bool user = !vcpu_privileged(v);

	if (!v->svc_vector || v->irq_in || vcpu_mode(v) == MODE_ABT)
		return false;
	if (v->open_used) {
		if (!user && !settle_dacr(v, v->open->dacr))
			return false;
		open_fold(v, v->open);
	}
	if (acc == ACC_EXEC) {
		vcpu_count(v, EXIT_PABT);
		inject_pabt(v, f);
	} else {
		vcpu_count(v, EXIT_DABT);
		inject_dabt(v, f);
	}
	progress_made(v);
	if (v->open_used)
		open_again(v, user);
	return true;
}

static bool fill(struct vcpu *v, gva_t va, enum shadow_access acc, const struct short_walk *w)
{
	if (!progress_is_plain(v) || !shadow_fill_short(v, va, acc, vcpu_privileged(v), w))
		return false;
	progress_hidden_fault(v, va);
	v->hw_dacr = read_dacr();	/* rule 4 */
	return true;
}

static bool short_abort(struct vcpu *v, gva_t va, enum shadow_access acc)
{
	bool priv = vcpu_privileged(v);
	struct short_walk w;
	struct gfault f;

	switch (guest_walk_short(v, va, acc, priv, priv && v->open_used ? v->open->dacr : v->cp15.dacr, &w, &f)) {
	case SHORT_WALK_FAULT:
		return pass_on(v, acc, &f);
	case SHORT_WALK_PAGE:
		return fill(v, va, acc, &w);
	default:
		return false;
	}
}

bool short_exit(struct vcpu *v, u32 vector)
{
	if (!v->short_exits || v->cpsr & PSR_E || (v->cpsr & PSR_T && vcpu_privileged(v)))
		return false;
	if (vector == VEC_DABT)
		return fs_is_simple(v->exit_dfsr) && short_abort(v, v->exit_dfar, v->exit_dfsr & BIT(11) ? ACC_WRITE : ACC_READ);
	if (vector == VEC_PABT)
		return fs_is_simple(v->exit_ifsr) && short_abort(v, v->exit_ifar, ACC_EXEC);
	return false;
}
