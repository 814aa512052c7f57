// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: performance counters that count (ARM ARM C12): what, when, overflow and its interrupt, use from User mode. A hypervisor may let
 * them see a little of its own work, so that counts have a lower bound, which is exact, and an upper one.
 */
#include "guest.h"

#define SVC		0xef000000u
#define COUNTERS	4u
#define CYCLES		31u		/* the cycle counter's bit */
#define CYCLES_BIT	(1u << CYCLES)
#define ALL		(CYCLES_BIT | 0xfu)
#define PMU_IRQ		3

#define PMCR_E		1u
#define PMCR_P		2u
#define PMCR_C		4u
#define PMCR_D		8u
#define EV_SOFTWARE	0x00u
#define EV_INSTRUCTIONS	0x08u
#define EV_CYCLES	0x11u

#define LOOPS		20000u
#define LOOP_LENGTH	2u		/* instructions of loop() */
#define SLACK		6000u		/* instructions around it, a hypervisor's included */

static u32 irqs, irq_flags;
static u32 masks;

static void loop(u32 n)
{
	asm volatile("1: subs %0, %0, #1\n\tbne 1b" : "+r"(n) : : "cc");
}

static void select(u32 i)
{
	MCR(0, c9, c12, 5, i);
	isb();
}

static void count_put(u32 i, u32 event, u32 n)
{
	if (i == CYCLES) {
		MCR(0, c9, c13, 0, n);
		return;
	}
	select(i);
	MCR(0, c9, c13, 1, event);
	MCR(0, c9, c13, 2, n);
}

static u32 count_get(u32 i)
{
	if (i == CYCLES)
		return MRC(0, c9, c13, 0);
	select(i);
	return MRC(0, c9, c13, 2);
}

static void counters_on(u32 mask)
{
	MCR(0, c9, c12, 1, mask);
	isb();
}

static void counters_off(void)
{
	MCR(0, c9, c12, 2, ~0u);
	isb();
}

static void all_clear(void)
{
	MCR(0, c9, c12, 0, 0);
	MCR(0, c9, c14, 2, ~0u);
	counters_off();
	MCR(0, c9, c12, 3, ~0u);
	for (u32 i = 0; i < COUNTERS; i++)
		count_put(i, EV_INSTRUCTIONS, 0);
	count_put(CYCLES, 0, 0);
	MCR(0, c9, c12, 0, PMCR_E);
	isb();
}

/* Is @n a loop's count, or @times of it? */
#define IS_LOOPS(n, times)	((n) >= (times) * LOOPS * LOOP_LENGTH && (n) < (times) * LOOPS * LOOP_LENGTH + SLACK)

/* Each alone, and all at once: there may be one that somebody else would like to have. */
static void test_counting(void)
{
	static const u32 sets[] = { 1, 2, 4, 8, CYCLES_BIT, 7, 0xe, 0xf, ALL };

	group_begin("counters count what is executed");
	for (u32 s = 0; s < ARRAY_SIZE(sets); s++) {
		u32 n;

		all_clear();
		for (u32 i = 0; i < COUNTERS; i++)
			count_put(i, i & 1 ? EV_CYCLES : EV_INSTRUCTIONS, 0x1000 * i);
		counters_on(sets[s]);
		loop(LOOPS);
		counters_off();
		for (u32 i = 0; i < COUNTERS; i++) {
			n = count_get(i) - 0x1000 * i;
			group_check(sets[s] >> i & 1, IS_LOOPS(n, 1), "counters %x: counter %u counts", sets[s], i);
			if (!(sets[s] >> i & 1))
				group_check(0, n, "counters %x: counter %u is off", sets[s], i);
		}
		n = count_get(CYCLES);
		group_check(sets[s] >> CYCLES, IS_LOOPS(n, 1), "counters %x: cycles", sets[s]);
	}
	group_end();
}

static void test_switches(void)
{
	u32 n;

	group_begin("counters stand while they are off");
	all_clear();
	counters_on(ALL);
	loop(LOOPS);
	MCR(0, c9, c12, 0, 0);
	isb();
	for (u32 i = 0; i < COUNTERS; i++) {
		n = count_get(i);
		loop(LOOPS);
		group_check(n, count_get(i), "counter %u with PMCR.E = 0", i);
		group_check(1, IS_LOOPS(n, 1), "counter %u before", i);
	}
	n = count_get(CYCLES);
	loop(LOOPS);
	group_check(n, count_get(CYCLES), "cycles with PMCR.E = 0");
	group_check(ALL, MRC(0, c9, c12, 1), "and are on");
	MCR(0, c9, c12, 0, PMCR_E | PMCR_P);
	isb();
	loop(LOOPS);
	MCR(0, c9, c12, 0, 0);
	isb();
	for (u32 i = 0; i < COUNTERS; i++)
		group_check(1, IS_LOOPS(count_get(i), 1), "counter %u, cleared and again", i);
	group_check(1, IS_LOOPS(count_get(CYCLES) - n, 1), "cycles, not cleared");
	all_clear();
	MCR(0, c9, c12, 0, PMCR_E | PMCR_D | PMCR_C);
	counters_on(CYCLES_BIT);
	loop(LOOPS);
	counters_off();
	n = count_get(CYCLES);
	group_check(1, n >= LOOPS * LOOP_LENGTH / 64 - 1 && n < (LOOPS * LOOP_LENGTH + SLACK) / 64, "each 64th cycle");
	group_end();
}

/* What nobody counts reads the same as natively: an event that does not exist, and software increments. */
static void test_events(void)
{
	group_begin("software increments");
	all_clear();
	count_put(0, EV_SOFTWARE, 5);
	count_put(1, EV_SOFTWARE, ~0u);
	count_put(3, EV_SOFTWARE, ~0u - 1);
	counters_on(0xd);
	loop(LOOPS);
	for (u32 i = 0; i < 3; i++)
		MCR(0, c9, c12, 4, 0xf);
	isb();
	counters_off();
	group_check(8, count_get(0), "on");
	group_check(~0u, count_get(1), "off");
	group_check(1, IS_LOOPS(count_get(2), 1), "counts another event");
	group_check(1, count_get(3), "wraps");
	group_check(8, MRC(0, c9, c12, 3), "overflow flags");
	MCR(0, c9, c12, 3, 8);
	isb();
	group_check(0, MRC(0, c9, c12, 3), "overflow flags cleared");
	group_end();
}

static void handle(void)
{
	u32 flags = MRC(0, c9, c12, 3);

	group_check(PMU_IRQ, intc_sir(), "line");
	irqs++;
	irq_flags |= flags;
	MCR(0, c9, c12, 3, flags);
	isb();
	intc_ack();
}

/* An overflow in the middle of a loop: masked, then taken. Reading a counter lets a machine model look. */
static void overflow_of(u32 i)
{
	u32 bit = 1u << i;

	all_clear();
	irqs = irq_flags = 0;
	MCR(0, c9, c14, 1, bit);
	count_put(i, EV_INSTRUCTIONS, 0u - LOOPS * LOOP_LENGTH / 2);
	counters_on(bit);
	group_check(0, intc_raw(PMU_IRQ), "counter %u: line before", i);
	loop(LOOPS / 4);
	(void)count_get(i);
	group_check(0, MRC(0, c9, c12, 3), "counter %u: flag before", i);
	loop(LOOPS);
	(void)count_get(i);
	group_check(bit, MRC(0, c9, c12, 3), "counter %u: flag", i);
	group_check(1, intc_raw(PMU_IRQ), "counter %u: line", i);
	irq_enable();
	loop(LOOPS / 4);
	irq_disable();
	group_check(1, irqs, "counter %u: interrupts", i);
	group_check(bit, irq_flags, "counter %u: flag in the handler", i);
	group_check(0, intc_raw(PMU_IRQ), "counter %u: line behind", i);
	/* and one that comes while it is open, without an enable first: none */
	MCR(0, c9, c14, 2, bit);
	count_put(i, EV_INSTRUCTIONS, 0u - LOOPS);
	irq_enable();
	loop(LOOPS);
	(void)count_get(i);
	loop(LOOPS / 4);
	group_check(1, irqs, "counter %u: interrupts, disabled", i);
	group_check(bit, MRC(0, c9, c12, 3), "counter %u: flag, disabled", i);
	MCR(0, c9, c14, 1, bit);
	isb();
	loop(LOOPS / 4);
	irq_disable();
	group_check(2, irqs, "counter %u: interrupts, enabled behind", i);
	counters_off();
}

static void test_overflow(void)
{
	group_begin("overflow and interrupt");
	intc_init();
	irq_handler = handle;
	exc_hook[VEC_IRQ] = irq_entry;
	intc_unmask(PMU_IRQ);
	for (u32 i = 0; i < COUNTERS; i++)
		overflow_of(i);
	overflow_of(CYCLES);
	/* by software */
	all_clear();
	irqs = irq_flags = 0;
	count_put(2, EV_SOFTWARE, ~0u);
	MCR(0, c9, c14, 1, 4);
	counters_on(4);
	irq_enable();
	MCR(0, c9, c12, 4, 4);
	isb();
	loop(LOOPS / 4);
	irq_disable();
	group_check(1, irqs, "software increment: interrupts");
	group_check(4, irq_flags, "software increment: flag");
	intc_mask(PMU_IRQ);
	exc_hook[VEC_IRQ] = hook_6;
	all_clear();
	group_end();
}

/* Loops of User mode, started by the kernel, or all of it by User mode itself. */
static void test_user(void)
{
	struct ctx c;
	u32 vector;

	group_begin("counters and User mode");
	all_clear();
	counters_on(CYCLES_BIT | 9);
	ctx_init(&c, MODE_USR | masks);
	c.r[1] = LOOPS;
	vector = (u32)CODE_RUN(&c, 0xe2511001, 0x1afffffd, SVC);	/* 1: subs r1, r1, #1; bne 1b; svc #0 */
	group_check(VEC_SVC, vector, "end of the loop");
	counters_off();
	group_check(1, IS_LOOPS(count_get(0), 1), "instructions");
	group_check(1, IS_LOOPS(count_get(3), 1), "instructions, last counter");
	group_check(1, IS_LOOPS(count_get(CYCLES), 1), "cycles");
	MCR(0, c9, c14, 0, 1);
	isb();
	for (u32 i = 0; i < COUNTERS; i++) {
		all_clear();
		ctx_init(&c, MODE_USR | masks);
		c.r[0] = i;
		c.r[1] = LOOPS;
		c.r[2] = CYCLES_BIT | 1u << i;
		/* PMSELR = r0; PMCNTENSET = r2; loop; r3 = PMCCNTR; PMCNTENCLR = r2; r4 = PMXEVCNTR; PMCNTENSET read to r5 */
		vector = (u32)CODE_RUN(&c, 0xee090fbc, 0xf57ff06f, 0xee092f3c, 0xf57ff06f, 0xe2511001, 0x1afffffd, 0xee193f1d, 0xee092f5c, 0xf57ff06f,
				       0xee194f5d, 0xee195f3c, SVC);
		group_check(VEC_SVC, vector, "allowed, counter %u", i);
		group_check(1, IS_LOOPS(exc_frame.r[3], 1), "cycles read by User mode, counter %u", i);
		group_check(1, IS_LOOPS(exc_frame.r[4], 1), "counter %u read by User mode", i);
		group_check(0, exc_frame.r[5], "off, counter %u", i);
	}
	MCR(0, c9, c14, 0, 0);
	all_clear();
	group_end();
}

/* Counters are worth nothing if they count what somebody does behind the scenes: pages looked at anew, code scanned, devices emulated. */
static void test_only_own(void)
{
	u32 words[64], n, *at;
	struct ctx c;

	group_begin("counters count the program's own work");
	for (u32 i = 0; i < ARRAY_SIZE(words) - 1; i++)
		words[i] = 0xe10f0000;		/* mrs r0, cpsr */
	words[ARRAY_SIZE(words) - 1] = 0xe7f000f0;
	all_clear();
	counters_on(CYCLES_BIT | 1);
	for (u32 round = 0; round < 16; round++) {
		at = code_fresh(words, ARRAY_SIZE(words));
		ctx_init(&c, MODE_SVC | masks);
		c.pc = (u32)at;
		n = count_get(0);
		group_check(VEC_UND, ctx_run(&c), "end of fresh code");
		n = count_get(0) - n;
		group_check(1, n >= ARRAY_SIZE(words) && n < 12000, "instructions of fresh code");
	}
	all_clear();
	group_end();
}

void guest_main(void)
{
	masks = cpsr_read() & (PSR_A | PSR_I | PSR_F);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_counting();
	test_switches();
	test_events();
	test_overflow();
	test_user();
	test_only_own();
}
