/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that do not get on: what they did last. */
#include <arch/cpu.h>
#include <arch/debug.h>
#include <arch/vcpu.h>
#include <arm/insn.h>
#include <arm/sysreg.h>
#include <arm/trouble.h>
#include <hv/guest.h>
#include <hv/guest_peek.h>
#include <hv/guest_watch.h>
#include <hv/log.h>

#define STILL_LINE	64u	/* bytes of code that hold a loop which waits for nothing */
#define LPAE_LOOK	3u
#define TTBR_ATTRIBUTES	0x7fu	/* and what is no address of the shortest table */
#define CMP_IMM_MASK	0x0ff0ffffu	/* any Rn */
#define CMP_IMM_5	0x03500005u

static const char *exception_name(u32 vector)
{
	return vector == 0x04 ? "undefined instruction" : vector == 0x0c ? "prefetch abort" : "data abort";
}

static void say_exception(const struct vcpu *v)
{
	const struct trouble *t = &v->trouble;
	const struct trouble_event *o = &t->outside, *e = t->inside.count > o->count ? &t->inside : o;

	if (e->count)
		pr_warn("guest %s: last exception: %s at 0x%08x, address 0x%08x (%u since its start)\n", v->guest->name,
			exception_name(e == o ? t->outside_vector : t->inside_vector), (unsigned)e->pc, (unsigned)e->what,
			(unsigned)e->count);
	if (o->count && e != o)
		pr_warn("guest %s: last exception outside of a handler: %s at 0x%08x, address 0x%08x\n", v->guest->name,
			exception_name(t->outside_vector), (unsigned)o->pc, (unsigned)o->what);
}

/* Tables that are nowhere explain why nothing can be executed. */
static void say_tables(const struct vcpu *v)
{
	const u32 at = v->cp15.ttbr0 & ~TTBR_ATTRIBUTES;
	const struct region *r = guest_map_find(&v->guest->map, at);

	if (v->cp15.sctlr & SCTLR_M && !(r && r->type == REGION_RAM))
		pr_warn("guest %s: its MMU is on, and its page table, TTBR0, is at physical 0x%08x, where it has no memory\n", v->guest->name, (unsigned)at);
}

static void say_register(const struct vcpu *v)
{
	const struct trouble_event *e = &v->trouble.reg;
	u32 enc = e->what;

	if (e->count)
		pr_warn("guest %s: last unknown register: p%u, %u, c%u, c%u, %u at 0x%08x (%u since its start)\n", v->guest->name,
			(unsigned)(enc >> 16), (unsigned)FIELD(enc, 11, 8), (unsigned)FIELD(enc, 15, 12), (unsigned)FIELD(enc, 7, 4),
			(unsigned)FIELD(enc, 3, 0), (unsigned)e->pc, (unsigned)e->count);
}

static void say_nothing(const struct vcpu *v)
{
	const struct trouble_event *e = &v->trouble.nothing;

	if (e->count)
		pr_warn("guest %s: last access to what is not there: physical 0x%08x%s at 0x%08x (%u since its start)\n", v->guest->name,
			(unsigned)e->what, guest_watch_is_host_ram(v->guest, (gpa_t)e->what) ? ", Umbra's RAM," : "", (unsigned)e->pc,
			(unsigned)e->count);
}

/* CMP Rn, #5 within the next three instructions: ID_MMFR0.VMSA is 5 from where there are long descriptors on. */
static bool wants_lpae(struct vcpu *v)
{
	u32 n = 0;
	const u32 *w = v->trouble.mmfr0_pc ? guest_peek_phys(v->guest, v->trouble.mmfr0_pc & ~3u, (LPAE_LOOK + 1) * 4, &n) : NULL;

	for (u32 i = 1; w && i < n / 4; i++)
		if ((w[i] & CMP_IMM_MASK) == CMP_IMM_5)
			return true;
	return false;
}

/* While the MMU is off: whatever ran with it on found its tables good. */
static void say_lpae(struct vcpu *v)
{
	if (!(v->cp15.sctlr & SCTLR_M) && wants_lpae(v))
		pr_warn("guest %s: it looked for long-descriptor page tables (LPAE) at 0x%08x, and this processor has none: a kernel that is built for them does not run here\n",
			v->guest->name, (unsigned)v->trouble.mmfr0_pc);
}

/* Does @in read a register of a device that was passed through, if it is executed with the registers as they are? */
static bool reads_device(struct vcpu *v, const struct insn *in)
{
	const struct region *r;
	gpa_t pa;

	if ((in->op != INSN_LDR && in->op != INSN_LDM) || in->rn == 15 || !arch_debug_gpa(v, v->r[in->rn], &pa))
		return false;
	r = guest_map_find(&v->guest->map, pa);
	return r && r->type == REGION_PASSTHROUGH;
}

bool trouble_polls(struct vcpu *v)
{
	const u32 before = MIN(v->r[15] % PAGE_SIZE & ~3u, STILL_LINE);
	const bool thumb = v->cpsr & PSR_T;
	struct insn in;
	u32 n = 0;
	const u16 *hw = guest_peek_virt(v->guest, (v->r[15] & ~3u) - before, 2 * STILL_LINE, &n);

	for (u32 i = 0; hw && i + 1 < n / 2; i += thumb ? 1 : 2) {
		if (thumb)
			t32_decode(hw[i], hw[i + 1], &in);
		else
			a32_decode(hw[i] | (u32)hw[i + 1] << 16, &in);
		if (reads_device(v, &in))
			return true;
	}
	return false;
}

u32 arch_vcpu_exceptions(const struct vcpu *v)
{
	return v->trouble.exceptions;
}

bool arch_vcpu_still(struct vcpu *v)
{
	const u32 at = v->r[15] & ~(STILL_LINE - 1);
	const bool still = at == v->trouble.seen_at && (v->cpsr & (PSR_I | PSR_F)) == (PSR_I | PSR_F);

	v->trouble.seen_at = at;
	return still;
}

void arch_vcpu_trouble(struct vcpu *v)
{
	const struct vcp15 *c = &v->cp15;

	pr_warn("guest %s: pc 0x%08x, cpsr 0x%08x, MMU %s, vectors at 0x%08x\n", v->guest->name, (unsigned)v->r[15], (unsigned)v->cpsr,
		c->sctlr & SCTLR_M ? "on" : "off", (unsigned)(c->sctlr & SCTLR_V ? 0xffff0000u : c->vbar));
	say_tables(v);
	say_exception(v);
	say_register(v);
	say_nothing(v);
	say_lpae(v);
}

/*
 * An abort in Abort mode, an Undefined instruction in Undefined mode: the handler of the first one had not saved its return address yet,
 * which is gone now. Real kernels never do it on purpose; one whose vectors lead nowhere does it for ever.
 */
void trouble_inside(struct vcpu *v, u32 vector, u32 mode, u32 far)
{
	struct trouble *t = &v->trouble;

	t->inside = (struct trouble_event){ ++t->exceptions, far, v->r[15] };
	t->inside_vector = vector;
	if (vcpu_mode(v) != mode || t->said)
		return;
	t->said = true;
	pr_warn("guest %s: %s in the handler of the exception before, whose return address is lost: the guest cannot go on as it was\n",
		v->guest->name, exception_name(vector));
	arch_vcpu_trouble(v);
}
