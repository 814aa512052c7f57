/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vCPU's state between its own page and the open page that stubs work on; for the window too: no data, no calls. */
#pragma once

#include <arm/psr.h>
#include <arm/vcpu.h>

/* Bank of a legal mode, without a table. */
static inline enum vbank open_bank(u32 mode)
{
	return mode == MODE_SVC ? BANK_SVC : mode == MODE_IRQ ? BANK_IRQ : mode == MODE_ABT ? BANK_ABT :
	       mode == MODE_UND ? BANK_UND : mode == MODE_FIQ ? BANK_FIQ : BANK_USR;
}

/* Bring home what the open page holds; all but DACR, whose change has consequences. */
static inline void open_fold(struct vcpu *v, const struct vcpu_open *o)
{
	enum vbank b = open_bank(vcpu_mode(v));

	if (vcpu_mode(v) == MODE_USR) {
		v->bank_spsr[BANK_SVC] = o->spsr;
		v->bank_sp[BANK_SVC] = o->other_sp;
		v->bank_lr[BANK_SVC] = o->other_lr;
		return;
	}
	v->cpsr = (v->cpsr & ~PSR_I) | (o->mask & PSR_I);
	if (b == BANK_USR)
		return;		/* System mode: no SPSR, and the User bank is current */
	v->bank_spsr[b] = o->spsr & ~PSR_RESERVED;
	v->bank_sp[BANK_USR] = o->other_sp;
	v->bank_lr[BANK_USR] = o->other_lr;
}

/* What a system call finds: it is not itself to write any of this (window_inline.S). */
static inline void open_unfold_user(const struct vcpu *v, struct vcpu_open *o)
{
	u32 psr = (v->cpsr & (PSR_A | PSR_F)) | PSR_I | MODE_SVC;

	o->mask = psr;
	o->psr_or = psr & ~PSR_I;
	o->spsr = v->bank_spsr[BANK_SVC];
	o->other_sp = v->bank_sp[BANK_SVC];
	o->other_lr = v->bank_lr[BANK_SVC];
	o->dacr_real = v->dacr_entry;
}

static inline void open_unfold_privileged(const struct vcpu *v, struct vcpu_open *o)
{
	o->mask = v->cpsr;
	o->psr_or = v->cpsr & (PSR_MODE | PSR_A | PSR_F);
	o->spsr = v->bank_spsr[open_bank(vcpu_mode(v))];
	o->other_sp = v->bank_sp[BANK_USR];
	o->other_lr = v->bank_lr[BANK_USR];
	if (v->hw_dacr == v->dacr_kernel)
		o->dacr_real = v->cp15.dacr;
}

/* Prepare the open page for the guest to go on; DACR was settled. */
static inline void open_unfold(const struct vcpu *v, struct vcpu_open *o)
{
	o->ttbr0 = v->cp15.ttbr0;
	o->dacr = v->cp15.dacr;
	if (vcpu_mode(v) == MODE_USR)
		open_unfold_user(v, o);
	else
		open_unfold_privileged(v, o);
}

/* The call line is right where the host DACR opens what it needs. */
static inline void open_choose_call(struct vcpu *v)
{
	v->svc_entry = v->call_dacr & ~v->hw_dacr_entry ? v->svc_plain : v->svc_line;
}

/* Are lines right in the current root? */
static inline void open_choose_lines(struct vcpu *v, bool valid)
{
	v->lines_now = valid;
	v->svc_line = valid ? v->call_line : v->svc_plain;
	v->abort.now = valid ? v->abort.way : v->abort.plain;
	for (u32 k = 0; k < ARRAY_SIZE(v->ret); k++)
		v->ret[k].now = valid ? v->ret[k].key : RET_NOWHERE;
	open_choose_call(v);
}

/*
 * Coming from User mode, the real DACR opens no more than this kernel does itself as a rule: it is about to say so, and then
 * there is nothing to do.
 */
static inline void open_choose_entry(struct vcpu *v)
{
	bool closed = !(v->dacr_closed & ~v->cp15.dacr);

	v->dacr_entry = closed ? v->dacr_closed : v->cp15.dacr;
	v->hw_dacr_entry = closed ? v->hw_dacr_closed : v->dacr_kernel;
	open_choose_call(v);
}
