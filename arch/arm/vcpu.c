/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual CPU's state: modes, banked registers, the virtual CPSR. A leaf: calls nothing above it. */
#include <arm/coproc.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <hv/log.h>
#include <string.h>

_Static_assert(offsetof(struct vcpu, shared_end) <= PAGE_SIZE, "shared part of struct vcpu exceeds its page");

enum vbank vcpu_bank_of(u32 mode)
{
	static const u8 bank_plus_1[32] = {
		[MODE_USR] = BANK_USR + 1, [MODE_FIQ] = BANK_FIQ + 1, [MODE_IRQ] = BANK_IRQ + 1,
		[MODE_SVC] = BANK_SVC + 1, [MODE_ABT] = BANK_ABT + 1, [MODE_UND] = BANK_UND + 1,
		[MODE_SYS] = BANK_USR + 1,
	};
	u32 b = bank_plus_1[mode & PSR_MODE];

	return b ? (enum vbank)(b - 1) : BANK_NR;
}

u32 *vcpu_spsr(struct vcpu *v)
{
	enum vbank b = vcpu_bank_of(vcpu_mode(v));

	return b == BANK_USR || b == BANK_NR ? NULL : &v->bank_spsr[b];
}

static void bank_switch(struct vcpu *v, enum vbank from, enum vbank to)
{
	if (from == to)
		return;
	v->bank_sp[from] = v->r[13];
	v->bank_lr[from] = v->r[14];
	if (from == BANK_FIQ || to == BANK_FIQ) {
		memcpy(from == BANK_FIQ ? v->fiq_r8_12 : v->usr_r8_12, &v->r[8], sizeof(v->fiq_r8_12));
		memcpy(&v->r[8], to == BANK_FIQ ? v->fiq_r8_12 : v->usr_r8_12, sizeof(v->fiq_r8_12));
	}
	v->r[13] = v->bank_sp[to];
	v->r[14] = v->bank_lr[to];
}

static void vcpu_set_mode(struct vcpu *v, u32 mode)
{
	enum vbank to = vcpu_bank_of(mode);

	if (to == BANK_NR) {
		pr_guest(4, "guest writes illegal mode 0x%x to CPSR at 0x%08x: mode unchanged\n",
			 (unsigned)mode, (unsigned)v->r[15]);
		return;
	}
	bank_switch(v, vcpu_bank_of(vcpu_mode(v)), to);
	v->cpsr = (v->cpsr & ~PSR_MODE) | mode;
	v->hw_dacr = mode == MODE_USR ? v->dacr_user : v->dacr_kernel;
	coproc_mode_changed(v);
}

void vcpu_write_cpsr(struct vcpu *v, u32 value, u32 mask)
{
	u32 rest = mask & ~PSR_MODE;

	v->cpsr = (v->cpsr & ~rest) | (value & rest);
	if ((mask & PSR_MODE) && ((value ^ v->cpsr) & PSR_MODE))
		vcpu_set_mode(v, value & PSR_MODE);
}

void vcpu_exception_return(struct vcpu *v, u32 target, u32 psr)
{
	/*
	 * J is not implemented beyond BXJ = BX (trivial Jazelle), but for ThumbEE, which has T as well: it is hidden, but User code that
	 * enters it all the same comes back to it. IT bits in ARM state are UNPREDICTABLE (B1.8.10), and it would be Umbra's own
	 * exception return that has them.
	 */
	if (!(psr & PSR_T))
		psr &= ~(PSR_J | PSR_IT);
	else if (!v->thumbee || (psr & PSR_MODE) != MODE_USR)
		psr &= ~PSR_J;
	vcpu_write_cpsr(v, psr, ~PSR_RESERVED);
	v->r[15] = v->cpsr & PSR_T ? target & ~1u : target & ~3u;
}

/* r8-r12 and sp, lr of the User bank live in v->r unless the current mode banks them away. */
static u32 *user_reg(struct vcpu *v, u32 n)
{
	enum vbank b = vcpu_bank_of(vcpu_mode(v));

	if (n >= 8 && n <= 12 && b == BANK_FIQ)
		return &v->usr_r8_12[n - 8];
	if (n == 13 && b != BANK_USR)
		return &v->bank_sp[BANK_USR];
	if (n == 14 && b != BANK_USR)
		return &v->bank_lr[BANK_USR];
	return &v->r[n];
}

u32 vcpu_user_reg_get(const struct vcpu *v, u32 n)
{
	return *user_reg((struct vcpu *)v, n);
}

void vcpu_user_reg_set(struct vcpu *v, u32 n, u32 value)
{
	*user_reg(v, n) = value;
}

static u32 *mode_sp(struct vcpu *v, u32 mode)
{
	enum vbank b = vcpu_bank_of(mode);

	return b == vcpu_bank_of(vcpu_mode(v)) || b == BANK_NR ? &v->r[13] : &v->bank_sp[b];
}

u32 vcpu_mode_sp_get(const struct vcpu *v, u32 mode)
{
	return *mode_sp((struct vcpu *)v, mode);
}

void vcpu_mode_sp_set(struct vcpu *v, u32 mode, u32 value)
{
	*mode_sp(v, mode) = value;
}
