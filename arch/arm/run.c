/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The top of the virtual CPU: creation, reset, the run loop, and what the monitor asks (implements arch/vcpu.h). */
#include <arch/cpu.h>
#include <arm/account.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/cpu_path.h>
#include <arm/pmu.h>
#include <arm/shadow.h>
#include <arm/switch.h>
#include <arm/sysreg.h>
#include <arm/trace.h>
#include <arm/trap.h>
#include <arm/trouble.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <arch/vcpu.h>
#include <hv/alloc.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/sched.h>
#include <string.h>

static const char *const bank_name[BANK_NR] = { "usr", "fiq", "irq", "svc", "abt", "und" };

int arch_vcpu_create(struct guest *g, const char *path, const char *shadow)
{
	char why[CPU_PATH_WHY];
	const struct cpu_path *p = cpu_path_find(path, why, sizeof(why));
	struct vcpu *v;
	int err;

	if (!p) {
		layout_mistake(&g->cfg.at, "cpu-path", "%s", why);
		return -ENOENT;
	}
	if (!coproc_core_is_good())
		return -ENOTSUP;
	v = hv_alloc(sizeof(*v), PAGE_SIZE);	/* its first page is mapped into the window */
	v->guest = g;
	v->path = p;
	v->cpsr = MODE_SVC | PSR_AIF;	/* one that never starts is looked at, too */
	v->slow_cause = SLOW_CAUSE_IDLE;
	v->fast_off = !IS_ENABLED(CONFIG_FAST_EXITS);
	g->vcpu = v;
	vcpu_load(v);
	coproc_check_tables();
	v->host_ttbr0 = arm_host_l1();
	window_alloc(v);
	trace_init(v);
	err = code_pages_init(v);
	if (!err)
		err = shadow_init(v, shadow);
	if (!err)
		err = cpu_paths_init(v);
	return err;
}

static void path_start(struct vcpu *v)
{
	if (v->path->start)
		v->path->start(v);
}

static void path_change(struct vcpu *v, const struct cpu_path *p)
{
	if (v->path->stop)
		v->path->stop(v);
	window_sites_clear(v);
	code_pages_reset(v);
	shadow_forget(v);
	v->path = p;
	path_start(v);
}

int arch_vcpu_set_path(struct vcpu *v, const char *name)
{
	char why[CPU_PATH_WHY];
	const struct cpu_path *p = cpu_path_find(name, why, sizeof(why));

	if (!p) {
		pr_err("guest %s: %s\n", v->guest->name, why);
		return -ENOENT;
	}
	vcpu_load(v);
	if (p != v->path)
		path_change(v, p);
	return 0;
}

void cpu_path_anew(struct vcpu *v)
{
	path_change(v, v->path);
}

const char *arch_vcpu_path(const struct vcpu *v)
{
	return v->path->name;
}

int arch_vcpu_set_shadow(struct vcpu *v, const char *name)
{
	return shadow_set_strategy(v, name);
}

const char *arch_vcpu_shadow(const struct vcpu *v)
{
	return shadow_strategy(v);
}

void arch_vcpu_reset(struct vcpu *v, gpa_t pc, u32 r0, u32 r1, u32 r2)
{
	vcpu_load(v);
	memset(v->r, 0, sizeof(v->r));
	memset(v->bank_sp, 0, sizeof(v->bank_sp));
	memset(v->bank_lr, 0, sizeof(v->bank_lr));
	memset(v->bank_spsr, 0, sizeof(v->bank_spsr));
	memset(v->usr_r8_12, 0, sizeof(v->usr_r8_12));
	memset(v->fiq_r8_12, 0, sizeof(v->fiq_r8_12));
	v->cpsr = MODE_SVC | PSR_AIF;
	v->irq_in = 0;
	v->waiting = false;
	v->monitor.here = false;
	window_clear_exclusive();
	memset(&v->trouble, 0, sizeof(v->trouble));
	v->tlb_loop.pc = 1;		/* of no instruction */
	coproc_reset(v);
	window_sites_clear(v);
	code_pages_reset(v);
	shadow_reset(v);
	path_start(v);
	v->hw_dacr = v->dacr_kernel;
	v->r[0] = r0;
	v->r[1] = r1;
	v->r[2] = r2;
	v->r[15] = pc;
}

void arch_vcpu_set_irq(struct vcpu *v, bool irq, bool fiq)
{
	v->irq_in = (v->irq_in & PSR_A) | (irq ? PSR_I : 0) | (fiq ? PSR_F : 0);
	if (v->irq_in)
		sched_wake(v->guest);	/* also when its state is loaded still, but another one's turn has begun */
}

bool arch_vcpu_waits(const struct vcpu *v)
{
	return v->waiting && !v->irq_in;
}

/* Invariant 7: interrupts are levels, looked at before every entry. Physical levels may have gone meanwhile: resample. */
static void deliver_interrupts(struct vcpu *v)
{
	const struct irqchip_ops *ic = v->guest->irqchip;

	if (v->irq_in & ~v->cpsr & PSR_A) {
		v->irq_in &= ~PSR_A;
		inject_dabt(v, &(struct gfault){ .fsr = 0x406, .far = v->cp15.dfar });
		return;
	}
	if (!(v->irq_in & ~v->cpsr & (PSR_I | PSR_F)))
		return;
	if (ic && ic->resample)
		ic->resample(v->guest->irqchip_priv);
	if (v->irq_in & ~v->cpsr & PSR_F)
		inject_fiq(v);
	else if (v->irq_in & ~v->cpsr & PSR_I)
		inject_irq(v);
}

/*
 * WFI: wait for the virtual interrupt inputs (masked or not, B1.8.14), or for something core must do. Where others could run meanwhile, core
 * does the waiting.
 */
static void wait_for_interrupt(struct vcpu *v)
{
	while (sched_alone && !v->irq_in && !v->guest->unfinished && v->guest->request == GUEST_REQ_NONE && !core_is_wanted) {
		pmu_guest_begin(v);
		if (!arch_irq_pending())
			arch_idle();
		pmu_guest_end(v);
		if (arch_irq_pending())
			host_irq_handle();
	}
	if (v->irq_in)
		v->waiting = false;
	v->waits++;
}

enum vcpu_stop arch_vcpu_run(struct vcpu *v)
{
	vcpu_load(v);
	if (v->irq_in)
		v->waiting = false;
	for (;;) {
		u32 vector;

		if (v->guest->request != GUEST_REQ_NONE || core_is_wanted || v->waiting || v->debug_stop) {
			slow_exit_end(v);
			return v->guest->request != GUEST_REQ_NONE ? VCPU_STOP_REQUEST : v->debug_stop ? VCPU_STOP_DEBUG : VCPU_STOP_CORE;
		}
		while (v->irq_in & ~v->cpsr & PSR_AIF)
			deliver_interrupts(v);
		if (IS_ENABLED(CONFIG_AUDIT_ROOTS))
			root_audit(v);
		slow_exit_end(v);
		v->tlb_loop.pc = 1;	/* was about the exit before */
		vector = v->path->run(v);
		slow_exit_begin(v);
		trace_begin(v, vector);
		if (vector != VEC_NONE)
			trap_handle(v, vector);
		if (v->waiting)
			wait_for_interrupt(v);
	}
}

void arch_vcpu_dump(struct vcpu *v)
{
	const struct vcp15 *c = &v->cp15;

	for (u32 i = 0; i < 16; i += 4)
		pr_info("r%-2u %08x %08x %08x %08x\n", (unsigned)i, (unsigned)v->r[i], (unsigned)v->r[i + 1],
			(unsigned)v->r[i + 2], (unsigned)v->r[i + 3]);
	pr_info("cpsr %08x, irq inputs %02x, window 0x%08x\n", (unsigned)v->cpsr, (unsigned)v->irq_in,
		(unsigned)v->window_base);
	for (u32 b = 0; b < BANK_NR; b++)
		pr_info("%s: sp %08x lr %08x spsr %08x\n", bank_name[b], (unsigned)v->bank_sp[b],
			(unsigned)v->bank_lr[b], (unsigned)v->bank_spsr[b]);
	pr_info("SCTLR %08x TTBR0 %08x TTBR1 %08x TTBCR %x DACR %08x CONTEXTIDR %08x\n", (unsigned)c->sctlr,
		(unsigned)c->ttbr0, (unsigned)c->ttbr1, (unsigned)c->ttbcr, (unsigned)c->dacr, (unsigned)c->contextidr);
	pr_info("DFSR %08x DFAR %08x IFSR %08x IFAR %08x VBAR %08x\n", (unsigned)c->dfsr, (unsigned)c->dfar,
		(unsigned)c->ifsr, (unsigned)c->ifar, (unsigned)c->vbar);
	pr_info("path %s\n", v->path->name);
	if (v->path->dump)
		v->path->dump(v);
	code_pages_dump(v);
	shadow_dump(v);
}

const u64 *arch_vcpu_stats(struct vcpu *v)
{
	for (u32 i = 0; i < EXIT_NR; i++) {
		u32 now = v->exits[i];

		v->exits_total[i] += now - v->exits_seen[i];
		v->exits_seen[i] = now;
	}
	return v->exits_total;
}

bool arch_vcpu_lives(struct vcpu *v)
{
	const u64 *n = arch_vcpu_stats(v);
	u64 signs = n[EXIT_SVC] + n[EXIT_MMIO] + v->waits, before = v->signs_seen;

	v->signs_seen = signs;
	return v->waiting || signs != before || trouble_polls(v);
}

const struct slow_cost *arch_vcpu_slow(struct vcpu *v)
{
	return v->slow;
}

u64 arch_vcpu_unrewritten(struct vcpu *v)
{
	return arch_vcpu_stats(v)[EXIT_UNREWRITTEN];
}

u32 arch_vcpu_audit(struct vcpu *v)
{
	return shadow_audit(v) + code_pages_audit(v) + (v->path->audit ? v->path->audit(v) : 0);
}
