/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: what core expects from an architecture's virtual CPU. */
#pragma once

#include <hv/stats.h>
#include <hv/types.h>

struct guest;
struct layout_guest;
struct vcpu;

/* Why arch_vcpu_run() came back to core. */
enum vcpu_stop {
	VCPU_STOP_REQUEST,	/* guest->request is set */
	VCPU_STOP_CORE,		/* core_is_wanted (hv/sched.h), or it waits for an interrupt */
	VCPU_STOP_DEBUG,	/* at a breakpoint: ask arch_debug_stopped() */
};

/*
 * Create the vCPU of @g (once, at guest creation). @path and @shadow name the engines (NULL = default);
 * -ENOENT with one message naming the guest's node property when unknown.
 */
int arch_vcpu_create(struct guest *g, const char *path, const char *shadow) __must_check;
/* The memory that @v is in, and all that was made of its guest, will be something else. */
void arch_vcpu_destroy(struct vcpu *v);
/* Umbra's memory for a guest of @c, at most. */
u32 arch_vcpu_size(const struct layout_guest *c);
/* Architectural reset, then SVC mode, MMU and caches off, IRQ/FIQ masked, pc/r0-r2 as given (gpa). Drops shadow and code copies. */
void arch_vcpu_reset(struct vcpu *v, gpa_t pc, u32 r0, u32 r1, u32 r2);
/*
 * The CPU path, by name: what runs the guest's privileged code. Setting it between two runs, the guest notices nothing but the
 * time; -ENOENT with one message when it is not built in.
 */
int arch_vcpu_set_path(struct vcpu *v, const char *name) __must_check;
const char *arch_vcpu_path(const struct vcpu *v);
/* The same for the shadow strategy. */
int arch_vcpu_set_shadow(struct vcpu *v, const char *name) __must_check;
const char *arch_vcpu_shadow(const struct vcpu *v);
/* Run the guest until core must act. Context: Umbra's main context, interrupts masked. */
enum vcpu_stop arch_vcpu_run(struct vcpu *v);
/* It executed WFI, and no interrupt input is up. */
bool arch_vcpu_waits(const struct vcpu *v);
/* Level of the virtual IRQ/FIQ input, driven by the guest's interrupt controller emulator. */
void arch_vcpu_set_irq(struct vcpu *v, bool irq, bool fiq);
/* Print registers, CP15, engines' state (monitor `guest dump`, crash report). */
void arch_vcpu_dump(struct vcpu *v);
/* Why it may be that the guest does not get on: a few lines of where it is and what went wrong last. */
void arch_vcpu_trouble(struct vcpu *v);
/*
 * Is the guest waiting for an interrupt, or has it waited, made a system call or used an emulated device since it was asked last, or does it
 * seem to ask a passed-through one?
 */
bool arch_vcpu_lives(struct vcpu *v);
/* How many aborts and undefined instructions it has taken. */
u32 arch_vcpu_exceptions(const struct vcpu *v);
/* Is the guest where it was at the last call, within some instructions, and does it take no interrupt? */
bool arch_vcpu_still(struct vcpu *v);
const u64 *arch_vcpu_stats(struct vcpu *v);	/* EXIT_NR counters */
/* Number of UNPREDICTABLE words that trapped unrewritten (invariant 3): must stay 0. */
u64 arch_vcpu_unrewritten(struct vcpu *v);
/*
 * Exits that were handled in C in Umbra's own address space, and the instructions spent on them there, by the first cause that the
 * exit counted: EXIT_NR entries. Waiting for an interrupt takes no instructions.
 */
const struct slow_cost *arch_vcpu_slow(struct vcpu *v);
/* Switches from one guest's vCPU to another's: how many, and the instructions they took. */
struct slow_cost arch_switch_cost(void);
/*
 * An emulated device has written @len bytes of the guest's RAM at @gpa: what was made of them is made anew. Context: any exit, of another
 * guest, too.
 */
void arch_vcpu_written(struct vcpu *v, gpa_t gpa, u32 len);
/* Compare shadow with the guest's tables; prints and returns the number of violations (0 = good). */
u32 arch_vcpu_audit(struct vcpu *v);
