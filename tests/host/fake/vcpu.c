/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake of the virtual CPU contract (arch/vcpu.h): remembers what core asked for. */
#include <string.h>

#include <arch/debug.h>
#include <arch/vcpu.h>
#include <hv/guest.h>

#include "fake.h"

struct fake_vcpu fake_vcpu;
static u64 exits[EXIT_NR];
static struct slow_cost slow[EXIT_NR] = { [EXIT_IRQ] = { 3, 3, 0x100000001 } };

int arch_vcpu_create(struct guest *g, const char *path, const char *shadow)
{
	if ((path && strcmp(path, "trap")) || (shadow && strcmp(shadow, "flush"))) {
		pr_err("layout: guest %s: unknown engine\n", g->name);
		return -ENOENT;
	}
	fake_vcpu.path = path;
	fake_vcpu.shadow = shadow;
	g->vcpu = (struct vcpu *)&fake_vcpu;
	return 0;
}

int arch_vcpu_set_path(struct vcpu *v, const char *name)
{
	if (strcmp(name, "trap"))
		return -ENOENT;
	fake_vcpu.path = name;
	return 0;
}

const char *arch_vcpu_path(const struct vcpu *v)
{
	return fake_vcpu.path ? fake_vcpu.path : "trap";
}

int arch_vcpu_set_shadow(struct vcpu *v, const char *name)
{
	if (strcmp(name, "flush"))
		return -ENOENT;
	fake_vcpu.shadow = name;
	return 0;
}

const char *arch_vcpu_shadow(const struct vcpu *v)
{
	return fake_vcpu.shadow ? fake_vcpu.shadow : "flush";
}

void arch_vcpu_reset(struct vcpu *v, gpa_t pc, u32 r0, u32 r1, u32 r2)
{
	fake_vcpu.resets++;
	fake_vcpu.pc = pc;
	fake_vcpu.r0 = r0;
	fake_vcpu.r1 = r1;
	fake_vcpu.r2 = r2;
}

enum vcpu_stop arch_vcpu_run(struct vcpu *v)
{
	fake_vcpu.runs++;
	return VCPU_STOP_CORE;
}

void arch_vcpu_set_irq(struct vcpu *v, bool irq, bool fiq)
{
	fake_vcpu.irq = irq;
	fake_vcpu.fiq = fiq;
}

void arch_vcpu_destroy(struct vcpu *v) { fake_vcpu.destroys++; }
void arch_vcpu_dump(struct vcpu *v) { }
void arch_vcpu_trouble(struct vcpu *v) { fake_vcpu.troubles++; }
bool arch_vcpu_lives(struct vcpu *v) { return fake_vcpu.lives; }
u32 arch_vcpu_exceptions(const struct vcpu *v) { return fake_vcpu.exceptions; }
bool arch_vcpu_still(struct vcpu *v) { return fake_vcpu.still; }
const u64 *arch_vcpu_stats(struct vcpu *v) { return exits; }
u64 arch_vcpu_unrewritten(struct vcpu *v) { return exits[EXIT_UNREWRITTEN]; }
const struct slow_cost *arch_vcpu_slow(struct vcpu *v) { return slow; }
volatile bool core_is_wanted;
void sched_join(struct guest *g) { }
/* fake/emudev.c has it, too. */
__attribute__((weak)) void sched_unfinished(struct guest *g) { g->unfinished = true; }
u32 arch_vcpu_size(const struct layout_guest *c) { return 0x5fc000u;	/* with the history 6 MiB */ }
struct slow_cost arch_switch_cost(void) { return (struct slow_cost){ 4, 4, 1204 }; }
void arch_vcpu_written(struct vcpu *v, gpa_t gpa, u32 len) { }
u32 arch_vcpu_audit(struct vcpu *v) { return 0; }

/* A guest without tables: what it calls an address is one. */
bool arch_debug_gpa(struct vcpu *v, gva_t va, gpa_t *gpa)
{
	*gpa = va;
	return true;
}

void arch_debug_registers(struct vcpu *v) { }
void arch_debug_translate(struct vcpu *v, gva_t va) { }
void arch_debug_backtrace(struct vcpu *v) { }
void arch_debug_trace(struct vcpu *v, bool on) { }
void arch_debug_trace_dump(struct vcpu *v) { }
