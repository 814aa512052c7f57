// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What assembly knows of C: compiled to assembly only, whose marked lines the Makefile turns into asm_offsets.h. Assembly gets that
 * by arm/window.h; C never does, because there the same names are what they are here.
 */
#include <arm/site.h>
#include <arm/sysreg.h>
#include <arm/vcpu.h>
#include <arm/window.h>

/* #define @name @value, with %c: no # before the number. */
#define DEFINE(name, value)	asm volatile("\n.ascii \"->" #name " %c0\"" : : "i"(value))
/* The open page stands before the vCPU's in the window (arm/window.h), and its struct at its end. */
#define OPEN(name, field)	DEFINE(OPEN_##name, (int)offsetof(struct vcpu_open, field) - (int)sizeof(struct vcpu_open))
#define VCPU(name, field)	DEFINE(VCPU_##name, offsetof(struct vcpu, field))

_Static_assert(offsetof(struct vcpu, r) == 0, "the window's sp is where STM and LDM have the guest's registers");
_Static_assert(offsetof(struct vcpu, tramp_ttbr0) == offsetof(struct vcpu, r[15]) + 20 &&
	       offsetof(struct vcpu, host_sp) == offsetof(struct vcpu, tramp_ttbr0) + 12, "window_enter and exit_switch load them with one LDM");
_Static_assert(offsetof(struct dacr_cache, valid) == 0 && offsetof(struct dacr_cache, guest) == 4 &&
	       offsetof(struct dacr_cache, kernel) == 8 && offsetof(struct dacr_cache, user) == 12 &&
	       sizeof(struct dacr_cache) == 16, "hot_dacr_write loads a whole entry with one LDM");
_Static_assert(BANK_USR < BANK_IRQ && BANK_FIQ < BANK_IRQ && BANK_UND == BANK_NR - 1,
	       "hot_current_bank takes every bank from that of IRQ mode on");

_Static_assert(offsetof(struct root_cache, ttbr0) == 0 && ARRAY_SIZE(((struct vcpu *)0)->root_cache) == 16 &&
	       ARRAY_SIZE(((struct vcpu *)0)->root_cache[0]) == 2, "inl_hot_dccmvac takes four bits, and looks at both");
_Static_assert(sizeof(struct window_walk) == 32 && ARRAY_SIZE(((struct vcpu *)0)->walk) == 4, "window_abort shifts by five, and takes two bits of the slot");
_Static_assert(NO_CODE_PAGES == 16, "win_und takes four bits of the page's number");
_Static_assert(offsetof(struct vcpu_open, other_sp) == sizeof(struct vcpu_open) - 8 &&
	       offsetof(struct vcpu_open, other_lr) == sizeof(struct vcpu_open) - 4, "one STMDB of the window writes both");

static void __attribute__((used)) asm_offsets(void)
{
	VCPU(SP, r[13]);
	VCPU(LR, r[14]);
	VCPU(PC, r[15]);
	VCPU(CPSR, cpsr);
	VCPU(HW_DACR, hw_dacr);
	VCPU(DACR_KERNEL, dacr_kernel);
	VCPU(DACR_USER, dacr_user);
	VCPU(HW_TTBR0, hw_ttbr0);
	VCPU(HW_ASID, hw_asid);
	VCPU(HOST_TTBR0, host_ttbr0);
	VCPU(TRAMP_TTBR0, tramp_ttbr0);
	VCPU(EXIT_DFSR, exit_dfsr);
	VCPU(EXIT_DFAR, exit_dfar);
	VCPU(EXIT_IFSR, exit_ifsr);
	VCPU(EXIT_IFAR, exit_ifar);
	VCPU(IRQ_IN, irq_in);
	VCPU(HOST_SP, host_sp);
	VCPU(WINDOW_ENTER, window_enter);
	VCPU(EXIT_INSN, exit_insn);
	VCPU(EXIT_INSN_VALID, exit_insn_valid);
	VCPU(WINDOW_BASE, window_base);
	VCPU(SCRATCH, scratch);
	VCPU(T32_PSR, t32_psr);
	VCPU(T32_KERNEL, t32_kernel);
	VCPU(SCTLR, cp15.sctlr);
	VCPU(TTBR0, cp15.ttbr0);
	VCPU(TTBR1, cp15.ttbr1);
	VCPU(TTBCR, cp15.ttbcr);
	VCPU(DACR, cp15.dacr);
	VCPU(DFSR, cp15.dfsr);
	VCPU(IFSR, cp15.ifsr);
	VCPU(DFAR, cp15.dfar);
	VCPU(IFAR, cp15.ifar);
	VCPU(TPIDRURO, cp15.tpidruro);
	VCPU(TPIDRPRW, cp15.tpidrprw);
	VCPU(EXITS, exits);
	VCPU(BANK_SP, bank_sp);
	VCPU(BANK_LR, bank_lr);
	VCPU(BANK_SPSR, bank_spsr);
	VCPU(SP_USR, bank_sp[BANK_USR]);
	VCPU(LR_USR, bank_lr[BANK_USR]);
	VCPU(SP_SVC, bank_sp[BANK_SVC]);
	VCPU(LR_SVC, bank_lr[BANK_SVC]);
	VCPU(SPSR_SVC, bank_spsr[BANK_SVC]);
	VCPU(DACR_CACHE, dacr_cache);
	VCPU(ROOT_CACHE, root_cache);
	DEFINE(ROOT_CACHE_SIZE, sizeof(((struct vcpu *)0)->root_cache[0]));
	VCPU(FAST_MODES_OFF, fast_modes_off);
	VCPU(FAST_OFF, fast_off);
	VCPU(NO_CODE, no_code);
	VCPU(SVC_VECTOR, svc_vector);
	VCPU(SVC_VECTOR_T32, svc_vector_t32);
	VCPU(OPEN_USED, open_used);
	VCPU(VFP_OPEN, vfp_open);
	VCPU(DACR_CLOSED, dacr_closed);
	VCPU(HW_DACR_CLOSED, hw_dacr_closed);
	VCPU(DACR_ENTRY, dacr_entry);
	VCPU(HW_DACR_ENTRY, hw_dacr_entry);
	VCPU(RETURN_MODE, return_mode);
	VCPU(STUB_LINE, stub_line);
	VCPU(RAM_OFFSET, ram_offset);
	VCPU(GATES, gates);
	VCPU(GATES_KEY, gates_key);
	VCPU(SVC_ENTRY, svc_entry);
	VCPU(SVC_PLAIN, svc_plain);
	VCPU(SVC_LINE, svc_line);
	VCPU(CALL_DACR, call_dacr);
	VCPU(USER_ACCESS_GUEST, user_access.guest);
	VCPU(USER_ACCESS_HOST, user_access.host);
	VCPU(USER_ACCESS_ADDRESS, user_access.address);
	VCPU(USER_ACCESS_BACK, user_access.back);
	VCPU(RET, ret);
	DEFINE(RET_LINE, offsetof(struct vcpu, ret[0].line) - offsetof(struct vcpu, ret));
	DEFINE(RET_SIZE, sizeof(((struct vcpu *)0)->ret[0]));
	VCPU(RETURNED_BEHIND, returned_behind);
	VCPU(ABORT_NOW, abort.now);
	VCPU(ABORT_LINE, abort.line);
	VCPU(ABORT_LEFT, abort.left);
	VCPU(DOM_FSR, dom_fsr);
	VCPU(DENIED_OTHERWISE, denied_otherwise);
	VCPU(WALK_SLOT, walk[0].slot);
	VCPU(WALK_TTBR0, walk[0].ttbr0);
	VCPU(WALK_L1, walk[0].l1);
	VCPU(WALK_L1_AT, walk[0].l1_at);
	VCPU(WALK_L2_AT, walk[0].l2_at);
	VCPU(WALK_FSR, walk[0].fsr);
	DEFINE(GATES_SIZE, GATES_SIZE);
	DEFINE(SCTLR_WMASK, SCTLR_WMASK);

	OPEN(MASK, mask);
	OPEN(PSR_OR, psr_or);
	OPEN(SPSR, spsr);
	OPEN(OTHER_SP, other_sp);
	OPEN(OTHER_LR, other_lr);
	OPEN(DACR, dacr);
	OPEN(DACR_REAL, dacr_real);

	DEFINE(DACR_CACHE_ENTRIES, ARRAY_SIZE(((struct vcpu *)0)->dacr_cache));

	DEFINE(BANK_USR, BANK_USR);
	DEFINE(BANK_IRQ, BANK_IRQ);
	DEFINE(BANK_SVC, BANK_SVC);
	DEFINE(BANK_ABT, BANK_ABT);
	DEFINE(BANK_UND, BANK_UND);

#define X(name, text) DEFINE(EXIT_##name, EXIT_##name);
	EXIT_CAUSES(X)
#undef X

#define KIND(name, handler, cause) DEFINE(SITE_KIND_##name, SITE_KIND_##name);
#define WORD(...)
	HOT_TABLE(KIND, WORD)
#undef KIND
#undef WORD
	DEFINE(SITE_KINDS, SITE_KINDS);
}
