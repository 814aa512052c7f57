/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vCPU's run loop: who is woken by an interrupt, which interrupt is delivered, and when core gets the processor back. */
/* SOURCES: arch/arm/run.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <arm/account.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/cpu_path.h>
#include <arm/pmu.h>
#include <arm/psr.h>
#include <arm/shadow.h>
#include <arm/switch.h>
#include <arm/trace.h>
#include <arm/trap.h>
#include <arm/trouble.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <hv/alloc.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/layout.h>
#include <hv/sched.h>

#include "fake.h"

static struct vcpu vcpu[2];
static struct guest guest[2];
static u32 woken[2], idles, aborts, irqs, fiqs, exits, resamples, interrupts_in_idle;
static bool now_low;		/* what the interrupt controller says when it is asked again */

volatile bool core_is_wanted;
bool sched_alone;
struct vcpu *vcpu_loaded;

void vcpu_switch(struct vcpu *v) { vcpu_loaded = v; }
void sched_wake(struct guest *g) { woken[g - guest]++; }
void arch_idle(void) { idles++; }
bool arch_irq_pending(void) { return interrupts_in_idle && idles; }

void host_irq_handle(void)
{
	interrupts_in_idle--;
	arch_vcpu_set_irq(&vcpu[0], true, false);
}

void inject_irq(struct vcpu *v) { irqs++; v->cpsr |= PSR_I; }
void inject_fiq(struct vcpu *v) { fiqs++; v->cpsr |= PSR_I | PSR_F; }
void inject_dabt(struct vcpu *v, const struct gfault *f) { aborts++; v->cpsr |= PSR_A | PSR_I; }
void slow_exit_begin(struct vcpu *v) { }
void slow_exit_end(struct vcpu *v) { }
void trace_record_begin(struct vcpu *v, u32 vector) { }
void trap_handle(struct vcpu *v, u32 vector) { exits++; core_is_wanted = true; }

/* None of these matters here. */
int code_pages_init(struct vcpu *v) { return 0; }
void code_pages_reset(struct vcpu *v) { }
void code_pages_dump(struct vcpu *v) { }
u32 code_pages_audit(struct vcpu *v) { return 0; }
void coproc_check_tables(void) { }
bool coproc_core_is_good(void) { return true; }
void coproc_reset(struct vcpu *v) { }
const struct cpu_path *cpu_path_find(const char *name, char *why, size_t size) { return NULL; }
int cpu_paths_init(struct vcpu *v) { return 0; }
void *hv_alloc(u32 size, u32 align) { return NULL; }
int layout_mistake(const struct layout_node *n, const char *prop, const char *fmt, ...) { return 0; }
void pmu_start(struct vcpu *v) { }
void pmu_stop(struct vcpu *v) { }
u32 shadow_audit(struct vcpu *v) { return 0; }
void shadow_dump(struct vcpu *v) { }
void shadow_forget(struct vcpu *v) { }
int shadow_init(struct vcpu *v, const char *strategy) { return 0; }
void shadow_reset(struct vcpu *v) { }
int shadow_set_strategy(struct vcpu *v, const char *name) { return 0; }
const char *shadow_strategy(const struct vcpu *v) { return ""; }
void trace_init(struct vcpu *v) { }
bool trouble_polls(struct vcpu *v) { return false; }
void window_alloc(struct vcpu *v) { }
void window_clear_exclusive(void) { }
void window_sites_clear(struct vcpu *v) { }
u32 arm_host_l1(void) { return 0; }

static u32 run_path(struct vcpu *v)
{
	return VEC_SVC;
}

static const struct cpu_path path = { .name = "test", .run = run_path };

static void resample(void *priv)
{
	resamples++;
	if (now_low)
		arch_vcpu_set_irq(&vcpu[0], false, false);
}

static const struct irqchip_ops irqchip = { .resample = resample };

static int setup(void **state)
{
	memset(vcpu, 0, sizeof(vcpu));
	memset(guest, 0, sizeof(guest));
	memset(woken, 0, sizeof(woken));
	for (u32 i = 0; i < 2; i++) {
		guest[i].vcpu = &vcpu[i];
		guest[i].irqchip = &irqchip;
		vcpu[i].guest = &guest[i];
		vcpu[i].path = &path;
		vcpu[i].cpsr = MODE_SVC;
	}
	idles = aborts = irqs = fiqs = exits = resamples = interrupts_in_idle = 0;
	now_low = core_is_wanted = false;
	sched_alone = true;
	vcpu_loaded = NULL;
	return 0;
}

/* The scheduler knows who has the processor; whose state is in its registers, which may be another's still, says nothing about that. */
static void interrupts_wake(void **state)
{
	vcpu_load(&vcpu[0]);
	vcpu[0].waiting = true;
	assert_true(arch_vcpu_waits(&vcpu[0]));
	arch_vcpu_set_irq(&vcpu[0], true, false);
	assert_int_equal(woken[0], 1);
	assert_false(arch_vcpu_waits(&vcpu[0]));
	arch_vcpu_set_irq(&vcpu[1], false, true);
	assert_int_equal(woken[1], 1);
	arch_vcpu_set_irq(&vcpu[0], false, false);
	assert_int_equal(woken[0], 1);
	assert_ptr_equal(vcpu_loaded, &vcpu[0]);
}

static void delivers(void **state)
{
	arch_vcpu_set_irq(&vcpu[0], true, true);
	assert_int_equal(arch_vcpu_run(&vcpu[0]), VCPU_STOP_CORE);
	assert_int_equal(fiqs, 1);		/* FIQ first, which masks both */
	assert_int_equal(irqs, 0);
	assert_int_equal(exits, 1);
	setup(NULL);
	arch_vcpu_set_irq(&vcpu[0], true, false);
	vcpu[0].cpsr |= PSR_I;
	arch_vcpu_run(&vcpu[0]);
	assert_int_equal(irqs + resamples, 0);
	/* a level that has gone meanwhile is no interrupt */
	setup(NULL);
	now_low = true;
	arch_vcpu_set_irq(&vcpu[0], true, false);
	arch_vcpu_run(&vcpu[0]);
	assert_int_equal(resamples, 1);
	assert_int_equal(irqs, 0);
	/* an abort comes before an interrupt, once */
	setup(NULL);
	arch_vcpu_set_irq(&vcpu[0], true, false);
	vcpu[0].irq_in |= PSR_A;
	arch_vcpu_run(&vcpu[0]);
	assert_int_equal(aborts, 1);
	assert_int_equal(vcpu[0].irq_in, PSR_I);
}

static void core_comes_first(void **state)
{
	core_is_wanted = true;
	assert_int_equal(arch_vcpu_run(&vcpu[0]), VCPU_STOP_CORE);
	core_is_wanted = false;
	guest[0].request = GUEST_REQ_RESET;
	assert_int_equal(arch_vcpu_run(&vcpu[0]), VCPU_STOP_REQUEST);
	guest[0].request = GUEST_REQ_NONE;
	vcpu[0].debug_stop = true;
	assert_int_equal(arch_vcpu_run(&vcpu[0]), VCPU_STOP_DEBUG);
	assert_int_equal(exits, 0);
}

static u32 run_and_wait(struct vcpu *v)
{
	if (v->waits)
		core_is_wanted = true;
	v->waiting = true;
	return VEC_NONE;
}

/* With nobody else there, the one that waits idles in its own turn until something is up; else core gets the processor at once. */
static void waits(void **state)
{
	static const struct cpu_path waiter = { .name = "waiter", .run = run_and_wait };

	vcpu[0].path = &waiter;
	interrupts_in_idle = 1;
	vcpu[0].cpsr |= PSR_I;			/* masked ones wake, too (B1.8.14) */
	assert_int_equal(arch_vcpu_run(&vcpu[0]), VCPU_STOP_CORE);
	assert_int_equal(idles, 1);
	assert_int_equal(vcpu[0].waits, 2);
	setup(NULL);
	vcpu[0].path = &waiter;
	sched_alone = false;
	assert_int_equal(arch_vcpu_run(&vcpu[0]), VCPU_STOP_CORE);
	assert_int_equal(idles, 0);
	assert_true(arch_vcpu_waits(&vcpu[0]));
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { T(interrupts_wake), T(delivers), T(core_comes_first), T(waits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
