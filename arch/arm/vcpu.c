/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual CPU's state: modes, banked registers, the virtual CPSR. A leaf: calls nothing above it. */
#include <arm/coproc.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <hv/log.h>
#include <string.h>

#define ASM_OFFSET(field, off) \
	_Static_assert(offsetof(struct vcpu, field) == (off), "arm/window.h disagrees with struct vcpu: " #field)
ASM_OFFSET(r, VCPU_R);
ASM_OFFSET(r[15], VCPU_PC);
ASM_OFFSET(cpsr, VCPU_CPSR);
ASM_OFFSET(hw_dacr, VCPU_HW_DACR);
ASM_OFFSET(hw_ttbr0, VCPU_HW_TTBR0);
ASM_OFFSET(hw_asid, VCPU_HW_ASID);
ASM_OFFSET(host_ttbr0, VCPU_HOST_TTBR0);
ASM_OFFSET(tramp_ttbr0, VCPU_TRAMP_TTBR0);
ASM_OFFSET(exit_dfsr, VCPU_EXIT_DFSR);
ASM_OFFSET(exit_dfar, VCPU_EXIT_DFAR);
ASM_OFFSET(exit_ifsr, VCPU_EXIT_IFSR);
ASM_OFFSET(exit_ifar, VCPU_EXIT_IFAR);
ASM_OFFSET(irq_in, VCPU_IRQ_IN);
ASM_OFFSET(host_sp, VCPU_HOST_SP);
ASM_OFFSET(host_return, VCPU_HOST_RETURN);
ASM_OFFSET(exit_insn, VCPU_EXIT_INSN);
ASM_OFFSET(exit_insn_valid, VCPU_EXIT_INSN_VALID);
ASM_OFFSET(window_base, VCPU_WINDOW_BASE);
ASM_OFFSET(scratch, VCPU_SCRATCH);
ASM_OFFSET(fast_off, VCPU_FAST_OFF);
ASM_OFFSET(svc_vector, VCPU_SVC_VECTOR);
ASM_OFFSET(vfp_open, VCPU_VFP_OPEN);
ASM_OFFSET(cp15.ttbr0, VCPU_TTBR0);
ASM_OFFSET(cp15.ttbr1, VCPU_TTBR1);
ASM_OFFSET(want_pte_hints, VCPU_WANT_PTE_HINTS);
ASM_OFFSET(dacr_kernel, VCPU_DACR_KERNEL);
ASM_OFFSET(dacr_user, VCPU_DACR_USER);
ASM_OFFSET(cp15.sctlr, VCPU_SCTLR);
ASM_OFFSET(cp15.dacr, VCPU_DACR);
ASM_OFFSET(cp15.dfsr, VCPU_DFSR);
ASM_OFFSET(cp15.ifsr, VCPU_IFSR);
ASM_OFFSET(cp15.dfar, VCPU_DFAR);
ASM_OFFSET(cp15.ifar, VCPU_IFAR);
ASM_OFFSET(cp15.vbar, VCPU_VBAR);
ASM_OFFSET(cp15.tpidruro, VCPU_TPIDRURO);
ASM_OFFSET(cp15.tpidrprw, VCPU_TPIDRPRW);
ASM_OFFSET(exits, VCPU_EXITS);
ASM_OFFSET(bank_sp, VCPU_BANK_SP);
ASM_OFFSET(bank_lr, VCPU_BANK_LR);
ASM_OFFSET(bank_spsr, VCPU_BANK_SPSR);
ASM_OFFSET(dacr_cache, VCPU_DACR_CACHE);
ASM_OFFSET(fast_modes_off, VCPU_FAST_MODES_OFF);
_Static_assert(sizeof(struct dacr_cache) == 16, "window_hot.S knows this size");
_Static_assert(BANK_USR == 0 && BANK_IRQ == 2 && BANK_SVC == 3 && BANK_ABT == 4 && BANK_UND == 5,
	       "hot_bank in window_hot.S knows these numbers");
_Static_assert(CAUSE_SVC == EXIT_SVC && CAUSE_SITE_CPS == EXIT_SITE_CPS && CAUSE_SITE_MRS == EXIT_SITE_MRS &&
	       CAUSE_SITE_MSR == EXIT_SITE_MSR && CAUSE_SITE_RET == EXIT_SITE_RET &&
	       CAUSE_SITE_BANK == EXIT_SITE_BANK && CAUSE_CP15_THREAD == EXIT_CP15_THREAD &&
	       CAUSE_CP15_DACR == EXIT_CP15_DACR && CAUSE_CP15_SCTLR == EXIT_CP15_SCTLR &&
	       CAUSE_CP15_CACHE == EXIT_CP15_CACHE && CAUSE_CP15_CTX == EXIT_CP15_CTX && CAUSE_VFP_SYS == EXIT_VFP_SYS &&
	       CAUSE_CP15_FAULT == EXIT_CP15_FAULT, "arm/window.h disagrees with hv/stats.h");
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
	 * J is not implemented beyond BXJ = BX (trivial Jazelle); ThumbEE is hidden. IT bits in ARM state are UNPREDICTABLE
	 * (B1.8.10), and it would be Umbra's own exception return that has them.
	 */
	psr &= psr & PSR_T ? ~PSR_J : ~(PSR_J | PSR_IT);
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
