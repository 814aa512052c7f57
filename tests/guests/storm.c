// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: everything at once under a storm of timer interrupts: mode changes, system calls, remapping, code writing, exclusives. */
#include "guest.h"

#define SVC	0xef000000u
#define VA	0x30000000u
#define DATA	(TEST_RAM + 0x100000u)
#define PERIOD	3u		/* 32 kHz ticks */

static volatile u32 irqs;
static u32 *l2;
static u32 psr_af;

/* Does what a kernel's handler does, and changes what it must put back. */
static void handle(void)
{
	struct { u32 usr[3], abt[3]; } keep;

	(void)intc_sir();
	irqs++;
	asm volatile("stmia %0, {sp, lr}^\n\tnop" : : "r"(keep.usr) : "memory");
	gpt1_ack();
	/* the next one a little later each time, so that it meets every instruction */
	write32(GPT1_BASE + 0x28, 0u - PERIOD - (irqs & 3));
	intc_ack();
	asm volatile("ldmia %0, {sp, lr}^\n\tnop" : : "r"(keep.usr) : "memory");
}

static u32 work_modes(u32 i)
{
	u32 a, b, c;

	/* privileged code that reads and writes its status with interrupts on */
	asm volatile("mrs %0, cpsr\n\t"
		     "cpsid i\n\t"
		     "mrs %1, cpsr\n\t"
		     "msr cpsr_c, %0\n\t"
		     "cmp %3, %3\n\t"
		     "mrs %2, cpsr"
		     : "=&r"(a), "=&r"(b), "=&r"(c) : "r"(i) : "cc", "memory");
	return ((a & (PSR_MODE | PSR_I)) == MODE_SVC) + ((b & (PSR_MODE | PSR_I)) == (MODE_SVC | PSR_I)) * 2 +
	       ((c & (PSR_MODE | PSR_I | PSR_Z)) == (MODE_SVC | PSR_Z)) * 4;
}

static u32 work_user(u32 i)
{
	struct ctx c;

	ctx_init(&c, MODE_USR | psr_af | (i & 1 ? PSR_T : 0));
	c.r[0] = 50;
	irq_disable();		/* ctx_run() itself is not made for interrupts; the context is */
	if (i & 1)	/* 1: adds r1, #1; subs r0, #1; bne 1b; svc */
		CODE_RUN(&c, 0x38013101, 0xdf00d1fc);
	else		/* 1: add r1, #1; mrs r2, cpsr; subs r0, #1; bne 1b; svc */
		CODE_RUN(&c, 0xe2811001, 0xe10f2000, 0xe2500001, 0x1afffffb, SVC);
	irq_enable();
	return exc_frame.vector == VEC_SVC && exc_frame.r[1] == ctx_reg(1) + 50 && exc_frame.r[12] == ctx_reg(12) &&
	       exc_frame.sp == ctx_reg(13) && exc_frame.lr == ctx_reg(14);
}

static u32 work_map(u32 i)
{
	u32 va = VA + (i & 0xff) * 0x1000, pa = DATA + (i & 0x3f) * 0x1000;

	write32(pa, i);
	pt_page(l2, va, pa | P_RAM);
	tlb_mva(va);
	if (read32(va) != i)
		return 0;
	write32(va + 4, ~i);
	pt_page(l2, va, 0);
	tlb_mva(va);
	return read32(pa + 4) == ~i;
}

static u32 work_fault(u32 i)
{
	irq_disable();
	volatile int v = TRY((void)read32(0x20000000 + i * 4));
	irq_enable();
	return v == VEC_DABT && exc_frame.dfar == 0x20000000 + i * 4;
}

static u32 work_code(u32 i)
{
	u32 at = DATA + 0x80000 + (i & 15) * 0x400;

	write32(at, i & 2 ? 0xe10f1000 : 0xe1a01000);
	write32(at + 4, 0xe3a00000 | (i & 0xff));
	write32(at + 8, 0xe12fff1e);
	code_sync((void *)at, 12);
	return ((u32 (*)(void))at)() == (i & 0xff);
}

static u32 work_exclusive(u32 i)
{
	volatile u32 *p = (volatile u32 *)(DATA + 0x90000);
	u32 v, fail;

	(void)i;
	*p = 0;
	for (u32 k = 0; k < 30; k++)
		do {
			asm volatile("ldrex %0, [%2]\n\tadd %0, %0, #1\n\tstrex %1, %0, [%2]"
				     : "=&r"(v), "=&r"(fail) : "r"(p) : "memory");
		} while (fail);
	return *p == 30;
}

static const struct { const char *name; u32 (*fn)(u32); u32 good; u32 rounds; } work[] = {
	{ "status registers under interrupts", work_modes, 7, 4000 }, { "User mode under interrupts", work_user, 1, 600 },
	{ "remapping under interrupts", work_map, 1, 1500 }, { "faults under interrupts", work_fault, 1, 1500 },
	{ "code written under interrupts", work_code, 1, 800 }, { "exclusives under interrupts", work_exclusive, 1, 1000 },
};

void guest_main(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("storm", "no OMAP3 timer on this board");
		return;
	}
	psr_af = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	l2 = l2_alloc();
	mmu_on(l1_main, DACR_CLIENT(0));
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	tlb_all();
	intc_init();
	gpt1_init();
	irq_handler = handle;
	exc_hook[6] = irq_entry;
	intc_unmask(GPT1_IRQ);
	write32(GPT1_BASE + 0x2c, 0u - PERIOD);
	write32(GPT1_BASE + 0x28, 0u - PERIOD);
	write32(GPT1_BASE + 0x24, 3);
	irq_enable();
	for (u32 w = 0; w < ARRAY_SIZE(work); w++) {
		u32 before = irqs, bad = 0, rounds = 0, start = sync32k_read();

		/* so many rounds at least, and long enough for a hundred interrupts */
		while (rounds < work[w].rounds || (irqs - before < 100 && sync32k_read() - start < 40000))
			bad += work[w].fn(rounds++) != work[w].good;
		group_begin(work[w].name);
		group_check(0, bad, "rounds that went wrong");
		group_check(1, irqs - before >= 100, "there were interrupts");
		group_end();
	}
	irq_disable();
	write32(GPT1_BASE + 0x24, 0);
	gpt1_stop();
	intc_init();
}
