/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delivery of exceptions into the virtual CPU: what hardware does on exception entry (ARM ARM B1.8.3, B1.9). */
#include <arm/sysreg.h>
#include <arm/trouble.h>
#include <arm/vcpu.h>

/* Vector offset, mode, extra masks and return-address offset from the faulting instruction, per exception. */
static const struct exception {
	u8 offset, mode, lr_arm, lr_thumb;
	u32 mask;
} exceptions[] = {
#define EXC_UND		0
#define EXC_SVC		1
#define EXC_PABT	2
#define EXC_DABT	3
#define EXC_IRQ		4
#define EXC_FIQ		5
	[EXC_UND]  = { 0x04, MODE_UND, 4, 2, PSR_I },
	[EXC_SVC]  = { 0x08, MODE_SVC, 4, 2, PSR_I },
	[EXC_PABT] = { 0x0c, MODE_ABT, 4, 4, PSR_I | PSR_A },
	[EXC_DABT] = { 0x10, MODE_ABT, 8, 8, PSR_I | PSR_A },
	[EXC_IRQ]  = { 0x18, MODE_IRQ, 4, 4, PSR_I | PSR_A },
	[EXC_FIQ]  = { 0x1c, MODE_FIQ, 4, 4, PSR_AIF },
};

static u32 vector_base(const struct vcpu *v)
{
	return v->cp15.sctlr & SCTLR_V ? 0xffff0000u : v->cp15.vbar;
}

static void take_exception(struct vcpu *v, u32 what)
{
	const struct exception *e = &exceptions[what];
	u32 old = v->cpsr;
	u32 lr = v->r[15] + (old & PSR_T ? e->lr_thumb : e->lr_arm);
	u32 set = e->mode | e->mask;

	if (v->cp15.sctlr & SCTLR_TE)
		set |= PSR_T;
	if (v->cp15.sctlr & SCTLR_EE)
		set |= PSR_E;
	vcpu_write_cpsr(v, set, PSR_MODE | e->mask | PSR_T | PSR_E | PSR_J | PSR_IT);
	*vcpu_spsr(v) = old;
	v->r[14] = lr;
	v->r[15] = vector_base(v) + e->offset;
}

void inject_undef(struct vcpu *v)
{
	trouble_exception(v, 0x04, MODE_UND, 0);
	take_exception(v, EXC_UND);
}

void inject_svc(struct vcpu *v)
{
	take_exception(v, EXC_SVC);
}

void inject_pabt(struct vcpu *v, const struct gfault *f)
{
	v->cp15.ifsr = f->fsr & 0x140f;		/* FS, ExT; no domain, no WnR */
	v->cp15.ifar = f->far;
	trouble_exception(v, 0x0c, MODE_ABT, f->far);
	take_exception(v, EXC_PABT);
}

void inject_dabt(struct vcpu *v, const struct gfault *f)
{
	v->cp15.dfsr = f->fsr;
	v->cp15.dfar = f->far;
	trouble_exception(v, 0x10, MODE_ABT, f->far);
	take_exception(v, EXC_DABT);
}

void inject_irq(struct vcpu *v)
{
	take_exception(v, EXC_IRQ);
}

void inject_fiq(struct vcpu *v)
{
	take_exception(v, EXC_FIQ);
}
