/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dispatch of guest exits by exception vector: aborts to the shadow MMU, the rest to the CPU path. */
#include <arm/coproc.h>
#include <arm/cpu_path.h>
#include <arm/exec.h>
#include <arm/interp.h>
#include <arm/progress.h>
#include <arm/shadow.h>
#include <arm/sysreg.h>
#include <arm/trap.h>
#include <arm/trouble.h>
#include <arm/window.h>
#include <hv/guest.h>
#include <hv/guest_watch.h>
#include <hv/irq.h>
#include <hv/log.h>

/* Fault status codes of the short-descriptor format (B3.13.3): FS[4] is bit 10, FS[3:0] bits 3:0. */
#define FS(fsr)			((((fsr) >> 6) & 0x10) | ((fsr) & 0xf))
#define FS_EXTERNAL		0x08
#define FS_ASYNC_EXTERNAL	0x16
#define FSR_WNR			BIT(11)

/* Translation, domain and permission faults may come from the shadow; everything else is the guest's own. */
static bool fs_is_shadow(u32 fs)
{
	return fs == 0x5 || fs == 0x7 || fs == 0x9 || fs == 0xb || fs == 0xd || fs == 0xf || fs == 0x3 || fs == 0x6;
}

static void external_abort(struct vcpu *v, u32 va, bool write)
{
	vcpu_count(v, EXIT_DABT);
	inject_dabt(v, &(struct gfault){ .fsr = FS_EXTERNAL | (write ? FSR_WNR : 0), .far = va });
}

static void report_nothing(struct vcpu *v, gpa_t gpa)
{
	trouble_nothing(v, gpa);
	guest_watch_nothing(v->guest, gpa, v->r[15]);
}

static void emulate_access(struct vcpu *v, u32 va, bool write)
{
	struct insn in;
	u32 word, len;

	if (!insn_fetch(v, &word, &len))
		return;
	if (v->cpsr & PSR_T)
		t32_decode(len == 4 ? word >> 16 : word, word & 0xffff, &in);
	else
		a32_decode(word, &in);
	if (exec_mmio(v, &in) == EXEC_UNDEF && !shadow_let_go(v, va)) {
		pr_guest(8, "guest %s: instruction 0x%08x at 0x%08x cannot access an emulated device\n",
			 v->guest->name, (unsigned)word, (unsigned)v->r[15]);
		external_abort(v, va, write);
	}
}

static void data_shadow_fault(struct vcpu *v, u32 va, bool write)
{
	struct gfault f;
	gpa_t gpa;

	switch (shadow_fault(v, va, write ? ACC_WRITE : ACC_READ, vcpu_privileged(v), &gpa, &f)) {
	case SHADOW_FIXED:		/* counted by the strategy, which knows why */
	case SHADOW_CODE_WRITE:
		progress_hidden_fault(v, va);
		break;
	case SHADOW_GUEST_FAULT:
		vcpu_count(v, EXIT_DABT);
		inject_dabt(v, &f);
		break;
	case SHADOW_EMULATED:
		vcpu_count(v, EXIT_MMIO);
		emulate_access(v, va, write);
		break;
	case SHADOW_STORE:
		emulate_access(v, va, write);
		break;
	case SHADOW_INTERPRET:		/* fetches only */
	case SHADOW_NOTHING:
		report_nothing(v, gpa);
		external_abort(v, va, write);
		break;
	}
}

static void trap_dabt(struct vcpu *v)
{
	u32 fsr = v->exit_dfsr, fs = FS(fsr);
	bool write = fsr & FSR_WNR;

	if (fs_is_shadow(fs)) {
		data_shadow_fault(v, v->exit_dfar, write);
		return;
	}
	if (fs == FS_ASYNC_EXTERNAL) {
		vcpu_count(v, EXIT_DABT);
		v->irq_in |= PSR_A;	/* delivered as soon as the virtual A bit allows */
		return;
	}
	/* Alignment, synchronous external abort from a passed-through device, debug: the guest's own. */
	vcpu_count(v, EXIT_DABT);
	inject_dabt(v, &(struct gfault){ .fsr = fsr & 0x1c0f, .far = v->exit_dfar });
}

static void trap_pabt(struct vcpu *v)
{
	u32 fs = FS(v->exit_ifsr);
	struct gfault f = { .fsr = v->exit_ifsr & 0x140f, .far = v->exit_ifar };
	gpa_t gpa;

	if (fs_is_shadow(fs)) {
		switch (shadow_fault(v, v->exit_ifar, ACC_EXEC, vcpu_privileged(v), &gpa, &f)) {
		case SHADOW_FIXED:
		case SHADOW_CODE_WRITE:
			progress_hidden_fault(v, v->exit_ifar);
			return;
		case SHADOW_INTERPRET:
			interp_run(v);
			return;
		case SHADOW_GUEST_FAULT:
			break;
		case SHADOW_EMULATED:
		case SHADOW_STORE:
		case SHADOW_NOTHING:
			report_nothing(v, gpa);
			f = (struct gfault){ .fsr = FS_EXTERNAL, .far = v->exit_ifar };
			break;
		}
	}
	vcpu_count(v, EXIT_PABT);
	inject_pabt(v, &f);
}

static void trap_svc(struct vcpu *v)
{
	v->path->svc(v);
}

/* Coprocessor accesses of the guest kernel trap by themselves and mean the same on every path: straight to the register's row. */
static void trap_und(struct vcpu *v)
{
	if (v->exit_insn_valid && !(v->cpsr & PSR_T) && vcpu_privileged(v) && coproc_execute(v, v->exit_insn))
		return;
	v->path->undef(v);
}

static void trap_irq(struct vcpu *v)
{
	vcpu_count(v, EXIT_IRQ);
	host_irq_handle();
}

static void trap_unexpected(struct vcpu *v)
{
	vcpu_count(v, EXIT_OTHER);
	guest_request(v->guest, GUEST_REQ_CRASH, "unexpected exception while the guest ran");
}

void trap_handle(struct vcpu *v, u32 vector)
{
	static void (*const handler[8])(struct vcpu *v) = {
		[0] = trap_unexpected,
		[VEC_UND] = trap_und,
		[VEC_SVC] = trap_svc,
		[VEC_PABT] = trap_pabt,
		[VEC_DABT] = trap_dabt,
		[VEC_INTERP] = interp_run,
		[VEC_IRQ] = trap_irq,
		[VEC_FIQ] = trap_unexpected,
	};

	v->hidden.resolved = false;
	handler[vector & 7](v);
	if (!v->hidden.resolved)
		progress_made(v);
}
