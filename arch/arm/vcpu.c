/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual CPU: creation, reset, modes and banked registers, and the run loop (implements arch/vcpu.h). */
#include <arch/cpu.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/cpu_path.h>
#include <arm/shadow.h>
#include <arm/site.h>
#include <arm/sysreg.h>
#include <arm/trap.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <hv/console.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/log.h>
#include <stdio.h>
#include <string.h>

/* One guest, one vCPU: page aligned, because its first page is mapped into the window. */
struct vcpu boot_vcpu __attribute__((aligned(4096)));
char window_stack[WINDOW_STACK_SIZE] __attribute__((aligned(4096)));

struct site_entry window_sites[SITE_ENTRIES] __attribute__((aligned(4096)));

_Static_assert(offsetof(struct vcpu, shared_end) <= PAGE_SIZE, "shared part of struct vcpu exceeds its page");

static const char *const bank_name[BANK_NR] = { "usr", "fiq", "irq", "svc", "abt", "und" };

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

void window_sites_clear(void)
{
	memset(window_sites, 0xff, sizeof(window_sites));
}

void window_sites_drop(u32 copy)
{
	for (u32 i = 0; i < SITE_ENTRIES; i++)
		if (site_copy(window_sites[i].svc) == copy)
			window_sites[i].pc = ~0u;	/* never the address of an instruction */
}

void window_sites_add(u32 pc, u32 svc, u32 word)
{
	if (boot_vcpu.fast_off)
		return;
	window_sites[window_site_index(pc)] =
		(struct site_entry){ .pc = pc, .svc = svc, .word = word };
}

void window_prepare(struct vcpu *v)
{
	bool slow = v->user_copies || v->fast_modes_off || v->fast_off || v->cp15.sctlr & (SCTLR_TE | SCTLR_EE);

	v->svc_vector = slow ? 0 : (v->cp15.sctlr & SCTLR_V ? 0xffff0000u : v->cp15.vbar) + 8;
	v->vfp_open = !v->fast_modes_off && cpacr_allows_vfp(v);
}

void arm_set_banked_sp(u32 sp);

void arm_window_moved(struct vcpu *v, u32 base)
{
	v->window_base = base;
	write_vbar(base + WINDOW_TEXT);
	isb();
	arm_set_banked_sp(base + WINDOW_VCPU);
}

int arch_vcpu_create(struct guest *g, const char *path, const char *shadow)
{
	struct vcpu *v = &boot_vcpu;
	int err;

	v->guest = g;
	v->slow_cause = SLOW_CAUSE_IDLE;
	v->fast_off = !IS_ENABLED(CONFIG_FAST_EXITS);
	v->path = cpu_path_find(path);
	if (!v->path) {
		pr_err("guest %s: property cpu-path: unknown path \"%s\"\n", g->name, path);
		return -ENOENT;
	}
	g->vcpu = v;
	coproc_check_tables();
	v->host_ttbr0 = arm_host_l1();
	err = code_pages_init(v);
	if (!err)
		err = shadow_init(v, shadow);
	if (!err)
		err = v->path->init(v);
	return err;
}

void arch_vcpu_reset(struct vcpu *v, gpa_t pc, u32 r0, u32 r1, u32 r2)
{
	memset(v->r, 0, sizeof(v->r));
	memset(v->bank_sp, 0, sizeof(v->bank_sp));
	memset(v->bank_lr, 0, sizeof(v->bank_lr));
	memset(v->bank_spsr, 0, sizeof(v->bank_spsr));
	memset(v->usr_r8_12, 0, sizeof(v->usr_r8_12));
	memset(v->fiq_r8_12, 0, sizeof(v->fiq_r8_12));
	v->cpsr = MODE_SVC | PSR_AIF;
	v->irq_in = 0;
	v->tlb_loop.pc = 1;		/* of no instruction */
	coproc_reset(v);
	window_sites_clear();
	code_pages_reset(v);
	shadow_reset(v);
	v->path->reset(v);
	v->hw_dacr = v->dacr_kernel;
	v->r[0] = r0;
	v->r[1] = r1;
	v->r[2] = r2;
	v->r[15] = pc;
}

void arch_vcpu_set_irq(struct vcpu *v, bool irq, bool fiq)
{
	v->irq_in = (v->irq_in & PSR_A) | (irq ? PSR_I : 0) | (fiq ? PSR_F : 0);
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

/* Instructions executed so far, modulo 2^32 (count_instructions() in boot.c). */
static u32 instructions(void)
{
	return IS_ENABLED(CONFIG_EXIT_INSTRUCTIONS) ? read_pmxevcntr() : 0;
}

static void slow_exit_begin(struct vcpu *v)
{
	v->slow_cause = SLOW_CAUSE_NONE;
	v->slow_begin = instructions();
}

/* Also called where no exit is being handled: before the first entry, and after work for the console. */
static void slow_exit_end(struct vcpu *v)
{
	struct slow_cost *cost;

	if (v->slow_cause == SLOW_CAUSE_IDLE)
		return;
	if (v->slow_cause == SLOW_CAUSE_NONE)
		vcpu_count(v, EXIT_OTHER);
	cost = &v->slow[v->slow_cause];
	cost->exits++;
	cost->instructions += instructions() - v->slow_begin;
	v->slow_cause = SLOW_CAUSE_IDLE;
}

enum vcpu_stop arch_vcpu_run(struct vcpu *v)
{
	for (;;) {
		u32 vector;

		if (v->guest->request != GUEST_REQ_NONE || console_work_pending()) {
			slow_exit_end(v);
			return v->guest->request != GUEST_REQ_NONE ? VCPU_STOP_REQUEST : VCPU_STOP_CONSOLE;
		}
		while (v->irq_in & ~v->cpsr & PSR_AIF)
			deliver_interrupts(v);
		window_prepare(v);
		slow_exit_end(v);
		v->tlb_loop.pc = 1;	/* was about the exit before */
		vector = arm_guest_enter(v);
		slow_exit_begin(v);
		shadow_exited(v);
		trap_handle(v, vector);
	}
}

/* WFI: wait for the virtual interrupt inputs (masked or not, B1.8.14), or for something core must do. */
void vcpu_wait_for_interrupt(struct vcpu *v)
{
	while (!v->irq_in && v->guest->request == GUEST_REQ_NONE && !console_work_pending()) {
		if (!arch_irq_pending())
			arch_idle();
		if (arch_irq_pending())
			host_irq_handle();
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
	code_pages_dump(v);
	shadow_dump(v);
}

const u64 *arch_vcpu_stats(struct vcpu *v)
{
	return v->exits;
}

const struct slow_cost *arch_vcpu_slow(struct vcpu *v)
{
	return v->slow;
}

u64 arch_vcpu_unrewritten(struct vcpu *v)
{
	return v->exits[EXIT_UNREWRITTEN];
}

u32 arch_vcpu_audit(struct vcpu *v)
{
	return shadow_audit(v);
}
