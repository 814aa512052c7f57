/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The switch of guests: what is real and belongs to the guest that runs. Only the vCPU that is loaded has its state there; whatever of the
 * contract (arch/vcpu.h, arch/debug.h) touches the processor for a vCPU loads it first, and nothing else need know that there are several.
 *
 * What needs no row: DACR, TTBR0 and ASID are written at every entry. All vCPUs use the same host ASIDs, because a switch forgets the
 * TLB as a whole (docs/decisions/011-several-guests.md).
 */
#include <arch/vcpu.h>
#include <arm/coproc.h>
#include <arm/pmu.h>
#include <arm/shadow.h>
#include <arm/switch.h>
#include <arm/sysreg.h>
#include <arm/vcpu.h>
#include <arm/window.h>

void arm_set_banked_sp(u32 sp);
extern char arm_early_frame[];

struct vcpu *vcpu_loaded;
static struct slow_cost cost;

/*
 * Between two windows exceptions of Umbra itself go where they did before there was one: through the image's own copy of the vectors, on a
 * frame of no vCPU.
 */
static void window_leave(struct vcpu *v)
{
	write_vbar((u32)(uintptr_t)__window_vectors);
	isb();
	arm_set_banked_sp((u32)(uintptr_t)arm_early_frame);
	shadow_unmap_window(v);
}

static void window_enter_host(struct vcpu *v)
{
	shadow_map_window(v);
}

/* What the processor remembers of the guest that goes is not for the next one. */
static void monitor_leave(struct vcpu *v)
{
	(void)v;
	clrex();
}

/* Left in this order, entered in the reverse one. A file that owns registers which follow the guest adds a row. */
static const struct {
	void (*leave)(struct vcpu *v);
	void (*enter)(struct vcpu *v);
} followers[] = {
	{ monitor_leave, NULL },
	{ cp15_leave, cp15_enter },	/* entered last of those that may need CPACR */
	{ vfp_leave, vfp_enter },
	{ window_leave, window_enter_host },
};

static void leave(struct vcpu *v)
{
	for (u32 i = 0; i < ARRAY_SIZE(followers); i++)
		if (followers[i].leave)
			followers[i].leave(v);
}

static void enter(struct vcpu *v)
{
	for (u32 i = ARRAY_SIZE(followers); i--; )
		if (followers[i].enter)
			followers[i].enter(v);
}

void vcpu_switch(struct vcpu *v)
{
	u32 begin = pmu_instructions();

	if (vcpu_loaded)
		leave(vcpu_loaded);
	vcpu_loaded = v;
	enter(v);
	cost.exits++;
	if (!pmu_is_lent()) {
		cost.counted++;
		cost.instructions += pmu_instructions() - begin;
	}
}

void arch_vcpu_destroy(struct vcpu *v)
{
	pmu_reset(v);
	if (v != vcpu_loaded)
		return;
	leave(v);
	vcpu_loaded = NULL;
}

struct slow_cost arch_switch_cost(void)
{
	return cost;
}
