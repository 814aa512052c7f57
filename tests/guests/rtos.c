// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: a small real-time kernel in one flat, writable and executable range: tasks and kernel in System mode, switched by SVC and by a
 * timer, interrupts that nest in System mode, counters in the pages of the code that counts, locks by exclusives.
 */
#include "guest.h"

#define TASKS		4u
#define STACK_WORDS	256u
#define TICKS		60u		/* timer interrupts until the end, or more until all tasks have done their */
#define WORK		20u
#define PERIOD		3u		/* of 32 kHz */
#define NEST_LINE	7u		/* a line that software sets, of higher priority than the timer */
#define SECTION(name)	__attribute__((section(name)))

void rtos_svc(void);
void rtos_irq(void);
void rtos_start(u32 *sp, u32 **main_sp);
u32 *rtos_switch(u32 *sp);
void rtos_interrupt(void);

/* Data between functions, in the page of their code. */
volatile u32 SECTION(".playground.rtos_data") rtos_depth = 1;
u32 rtos_want_switch;
static volatile u32 SECTION(".playground.rtos_data") ticks = 1, nested = 1, deepest = 1, lock = 1;
static volatile u32 SECTION(".playground.rtos_data") done[TASKS] = { 1 }, guarded = 1;
static u32 stacks[TASKS][STACK_WORDS] __attribute__((aligned(8)));
static u32 *task_sp[TASKS], *main_sp;
static u32 current, af;
static volatile bool ending;

static u32 __attribute__((noinline)) SECTION(".playground.rtos") exclusive_add(volatile u32 *p, u32 n)
{
	u32 v, fail;

	do {
		asm volatile("ldrex %0, [%2]\n\tadd %0, %0, %3\n\tstrex %1, %0, [%2]" : "=&r"(v), "=&r"(fail) : "r"(p), "r"(n) : "memory");
	} while (fail);
	return v;
}

static void __attribute__((noinline)) SECTION(".playground.rtos") yield(void)
{
	asm volatile("svc #1" : : : "memory");
}

static void __attribute__((noinline)) SECTION(".playground.rtos") lock_take(void)
{
	u32 v, fail;

	for (;;) {
		asm volatile("ldrex %0, [%1]" : "=r"(v) : "r"(&lock) : "memory");
		if (!v) {
			asm volatile("strex %0, %2, [%1]" : "=&r"(fail) : "r"(&lock), "r"(1) : "memory");
			if (!fail)
				break;
		}
		asm volatile("clrex" : : : "memory");
		yield();
	}
	dmb();
}

static void SECTION(".playground.rtos") lock_give(void)
{
	dmb();
	lock = 0;
}

static void __attribute__((noinline)) SECTION(".playground.rtos") task(u32 me)
{
	for (;;) {
		lock_take();
		guarded = guarded + 1;
		lock_give();
		exclusive_add(&done[me], 1);
		if (me & 1)
			yield();
	}
}

static bool all_worked(void)
{
	for (u32 i = 0; i < TASKS; i++)
		if (done[i] < WORK)
			return false;
	return true;
}

/* In System mode with interrupts masked, on the stack of what was interrupted. */
void rtos_interrupt(void)
{
	const u32 line = intc_sir() & 0x7f;

	rtos_depth = rtos_depth + 1;
	if (rtos_depth > deepest)
		deepest = rtos_depth;
	if (line == NEST_LINE) {
		intc_soft_clear(NEST_LINE);
		nested = nested + 1;
	} else {
		gpt1_ack();
		ticks = ticks + 1;
		rtos_want_switch = 1;
		ending = ticks >= TICKS && all_worked();
		/* the other line may come now: this one waits until its handler has ended */
		intc_mask(GPT1_IRQ);
		intc_ack();
		intc_soft_set(NEST_LINE);
		irq_enable();
		for (volatile u32 i = 0; i < 50; i++)
			;
		irq_disable();
		intc_unmask(GPT1_IRQ);
		/* from now on: however slow this was, the tasks get their time */
		if (!ending)
			gpt1_oneshot(PERIOD + (ticks & 3));
	}
	rtos_depth = rtos_depth - 1;
	intc_ack();
}

/* What runs next, by its stack pointer; @sp of what ran. Interrupts are masked. */
u32 *rtos_switch(u32 *sp)
{
	rtos_want_switch = 0;
	task_sp[current] = sp;
	if (ending)
		return main_sp;
	current = (current + 1) % TASKS;
	return task_sp[current];
}

/* A first context as rtos_asm.S leaves it: r0-r12, lr, then what SRS stored. */
static u32 *task_make(u32 i)
{
	u32 *sp = &stacks[i][STACK_WORDS - 16];

	for (u32 k = 0; k < 14; k++)
		sp[k] = 0;
	sp[0] = i;
	sp[14] = (u32)task & ~1u;
	sp[15] = MODE_SYS | af | ((u32)task & 1 ? PSR_T : 0);
	return sp;
}

static void run(void)
{
	ticks = nested = rtos_depth = deepest = lock = guarded = 0;
	ending = false;
	for (u32 i = 0; i < TASKS; i++) {
		done[i] = 0;
		task_sp[i] = task_make(i);
	}
	current = 0;
	intc_init();
	gpt1_init();
	intc_priority(GPT1_IRQ, 20, false);
	intc_priority(NEST_LINE, 10, false);
	intc_unmask(GPT1_IRQ);
	intc_unmask(NEST_LINE);
	gpt1_oneshot(PERIOD);
	rtos_start(task_sp[0], &main_sp);
	gpt1_stop();
	intc_init();
}

static void report(const char *name)
{
	u32 sum = 0;

	for (u32 i = 0; i < TASKS; i++)
		sum += done[i];
	group_begin(name);
	group_check(ticks, nested, "interrupts in interrupts");
	group_check(2, deepest, "depth");
	group_check(0, rtos_depth, "depth at the end");
	group_check(1, all_worked(), "all tasks worked");
	/* one task may have counted under the lock and not yet outside */
	group_check(1, guarded - sum <= TASKS, "what the lock guarded: %u, tasks counted %u", guarded, sum);
	group_end();
}

void guest_main(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("rtos", "no OMAP3 timer on this board");
		return;
	}
	af = cpsr_read() & (PSR_A | PSR_F);
	exc_hook[2] = rtos_svc;
	exc_hook[6] = rtos_irq;
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_MANAGER(0));
	run();
	report("tasks in a domain that is not checked");
	MCR(0, c3, c0, 0, DACR_CLIENT(0));
	isb();
	run();
	report("tasks in pages that all modes may write and execute");
	mmu_off();
}
