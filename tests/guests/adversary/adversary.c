// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that attacks: after READY it takes a seed of eight hexadecimal digits and does random things for ever, a line for every thousand.
 * What it does to itself is its own loss: it may hang, until its watchdog resets it, or reset itself. It spares the board's bus masters but
 * for DMA within its own memory, because a guest that owns one is trusted (docs/caveats.md), and its own code, so that it gets on.
 */
#include "guest.h"

#define UART_RHR	(UART_BASE + 0x00)
#define UART_LSR	(UART_BASE + 0x14)
#define SRAM_BASE	0x40200000u
#define SRAM_SIZE	0x10000u
#define WDT2_BASE	0x48314000u
#define SDMA_BASE	0x48056000u
#define PRM_RSTCTRL	0x48307250u
#define END		0xef000000u	/* svc #0 */
#define T_END		0xdf00df00u	/* the same twice in Thumb */
#define TABLES		(TEST_RAM + 0x00800000)
#define TABLES_NR	4u

static u32 random_state;
static u32 sctlr, cpacr;	/* as they are to be between two steps */

static u32 next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static u32 any(u32 n)
{
	return next_random() % n;
}

/* -- addresses -- */

/* Device pages that may be written: filtered ones, withheld ones, and those that only this guest notices. */
static const u32 device_pages[] = {
	0x48002000, 0x48004000, 0x48005000, 0x48007000, 0x48306000, 0x48307000, 0x48309000, 0x48200000, 0x48088000, 0x48089000, 0x48040000,
	0x48041000, 0x48070000, 0x48071000, 0x48086000, 0x49030000, 0x49032000, 0x49000000, 0x49021000, 0x6c000000, 0x6d000000, 0x68000000,
	0x68010000, 0x68012000, 0x54011000, 0x54006000, 0x5401d000, 0x4830c000, 0x54707000, 0x54709000, 0x54714000, 0x54728000,
};

static u32 any_address(bool write)
{
	switch (any(6)) {
	case 0:
		return device_pages[any(ARRAY_SIZE(device_pages))] + any(0x1000);
	case 1:
		return SRAM_BASE + any(SRAM_SIZE);
	case 2:		/* where Umbra may be, and behind the end of its own memory */
		return RAM_TEST_END + any(0x1c000000);
	case 3:
		return TEST_RAM + any(RAM_TEST_END - TEST_RAM);
	case 4:		/* across an end */
		return (write ? RAM_TEST_END : RAM_BASE) - 8 + any(16);
	default:
		return next_random();
	}
}

/* Its own code and data, and devices that are not in the list. */
static bool spared(u32 va)
{
	if (va >= RAM_BASE - 64 && va < TEST_RAM)
		return true;
	if (va - DEV_BASE >= (DEV_SECTIONS << 20))
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(device_pages); i++)
		if ((va & ~0xfffu) == device_pages[i])
			return false;
	return true;
}

/* -- running words -- */

static const u32 modes[] = { MODE_SVC, MODE_USR, MODE_SYS, MODE_IRQ, MODE_ABT, MODE_UND, MODE_FIQ };

/* Execute what stands at @pc with noise in the registers, @address in r0, for a few ticks at most if it lets interrupts in. */
static void run_at(u32 pc, u32 address, u32 cpsr)
{
	struct ctx c;

	ctx_init(&c, cpsr);
	for (u32 i = 1; i < 13; i++)
		c.r[i] = next_random();
	c.r[0] = address;
	c.sp = TEST_RAM + 0x1000;
	c.pc = pc;
	gpt1_oneshot(2);
	ctx_run(&c);
	gpt1_ack();
	intc_ack();
	stacks_init();
}

static u32 any_cpsr(bool thumb)
{
	return modes[any(ARRAY_SIZE(modes))] | (thumb ? PSR_T : 0) | (next_random() & PSR_NZCVQ);
}

static void run_words(const u32 *words, u32 n, u32 address, u32 cpsr)
{
	code_put(0, words, n);
	run_at((u32)code_area, address, cpsr);
}

/* -- kinds of steps -- */

static const struct { u32 word; bool write, thumb; } accesses[] = {
	{ 0xe5902000, false, false }, { 0xe5802000, true, false },	/* ldr, str r2, [r0] */
	{ 0xe5d02000, false, false }, { 0xe5c02000, true, false },	/* ldrb, strb */
	{ 0xe1d020b0, false, false }, { 0xe1c020b0, true, false },	/* ldrh, strh */
	{ 0xe1c020d0, false, false }, { 0xe1c020f0, true, false },	/* ldrd, strd */
	{ 0xe89000fe, false, false }, { 0xe88000fe, true, false },	/* ldm, stm {r1-r7} */
	{ 0xe4b02004, false, false }, { 0xe4a02004, true, false },	/* ldrt, strt */
	{ 0xe1902f9f, false, false }, { 0xe1803f92, true, false },	/* ldrex, strex */
	{ 0xe1b02f9f, false, false }, { 0xe1a04f92, true, false },	/* ldrexd, strexd */
	{ 0xe1d02f9f, false, false }, { 0xe1c03f92, true, false },	/* ldrexb, strexb */
	{ 0xe1003092, true, false }, { 0xf57ff01f, false, false },	/* swp, clrex */
	{ 0xf42002cf, false, false }, { 0xf40002cf, true, false },	/* vld1, vst1 {d0-d3} */
	{ 0xed900b00, false, false }, { 0xed800b00, true, false },	/* vldr, vstr d0 */
	{ 0xec900b10, false, false }, { 0xec800b10, true, false },	/* vldm, vstm {d0-d7} */
	{ 0xf5d0f000, false, false },					/* pld */
	{ 0xdf006802, false, true }, { 0xdf006002, true, true },	/* Thumb: ldr, str r2, [r0] */
	{ 0x2f00e850, false, true }, { 0x2300e840, true, true },	/* ldrex, strex */
	{ 0x2304e9d0, false, true }, { 0x2304e9c0, true, true },	/* ldrd, strd */
	{ 0xef1ff960, false, true }, { 0x00fee890, false, true },	/* vld1 and ldm */
};

static void step_access(void)
{
	u32 words[7], n = 0, address, wanted = 1 + any(5);
	u32 first = any(ARRAY_SIZE(accesses));
	bool thumb = accesses[first].thumb, write = accesses[first].write;

	words[n++] = accesses[first].word;
	while (n < wanted) {
		u32 i = any(ARRAY_SIZE(accesses));

		if (accesses[i].thumb == thumb) {
			words[n++] = accesses[i].word;
			write |= accesses[i].write;
		}
	}
	words[n++] = thumb ? T_END : END;
	address = any_address(write);
	if (!write || !spared(address))
		run_words(words, n, address, any_cpsr(thumb));
}

/* A write of these would end the game, natively too: TTBRs, TTBCR, DACR, VBAR, and SCTLR but for bits that are put back. */
static bool cp15_spared(u32 op1, u32 crn, u32 crm, u32 op2)
{
	return !op1 && ((crn == 1 && !crm && !op2) || crn == 2 || crn == 3 || (crn == 12 && !crm));
}

static void step_cp15(void)
{
	u32 words[17], n = 0;

	while (n < 16) {
		u32 op1 = any(4) ? 0 : any(8), crn = any(16), crm = any(4) ? any(8) : any(16), op2 = any(8), load = any(2);

		if (!load && cp15_spared(op1, crn, crm, op2))
			continue;
		words[n++] = 0xee002f10 | op1 << 21 | load << 20 | crn << 16 | op2 << 5 | crm;
	}
	words[n++] = END;
	run_words(words, n, next_random(), any_cpsr(false));
}

/* Noise, or an instruction of those above with a few bits changed. */
static u32 any_word(void)
{
	u32 word = accesses[any(ARRAY_SIZE(accesses))].word;

	return any(2) ? next_random() : word ^ (1u << any(32)) ^ (1u << any(32));
}

static void fill(u32 at, u32 words)
{
	for (u32 i = 0; i < words; i++)
		write32(at + 4 * i, any_word());
}

/* Written and executed, with the maintenance that this needs or without. */
static void step_noise(void)
{
	u32 page = (any(4) ? TEST_RAM + (any(16) << 12) : SRAM_BASE + (any(15) << 12)), at = page + (any(0x3f0) << 2);

	fill(at, 16);
	if (any(4))
		code_sync((void *)at, 64);
	run_at(at, any_address(true), any_cpsr(!any(4)));
}

static void tlb_operation(void)
{
	switch (any(4)) {
	case 0:
		tlb_all();
		break;
	case 1:
		tlb_mva(next_random());
		break;
	case 2:
		tlb_asid(any(256));
		break;
	}
}

/* A table of noise but for its own memory and the devices; walked, changed while it is live, left again. */
static void step_tables(void)
{
	u32 *l1 = (u32 *)(TABLES + any(TABLES_NR) * 0x4000);

	for (u32 i = 0; i < 16; i++) {
		u32 slot = any(L1_ENTRIES);
		bool own = (slot >= RAM_BASE >> 20 && slot < TEST_RAM >> 20) || slot - (DEV_BASE >> 20) < DEV_SECTIONS;
		u32 desc = any(2) ? next_random() : (TEST_RAM + any(0x01000000)) | any(0x1000);

		if (!own)
			pte_write(&l1[slot], desc);
	}
	MCR(0, c13, c0, 1, any(256));
	isb();
	MCR(0, c2, c0, 0, (u32)l1 | (any(2) ? TTBR_CACHED : 0));
	isb();
	for (u32 i = 0; i < 4; i++) {
		u32 va = next_random();

		tlb_operation();
		MCR(0, c3, c0, 0, next_random() | 1);
		isb();
		if (va - DEV_BASE >= DEV_SECTIONS << 20)
			(void)TRY((void)read32(va));
	}
}

static void step_dma(void)
{
	u32 ch = SDMA_BASE + 0x80 + 0x60 * any(32), words = 1 + any(256);

	write32(ch + 0x00, 0);
	write32(ch + 0x10, 2);		/* 32-bit elements */
	write32(ch + 0x14, words);
	write32(ch + 0x18, 1);
	write32(ch + 0x1c, TEST_RAM + (any(0x01000000) & ~3u));
	write32(ch + 0x20, any(4) ? TEST_RAM + (any(0x10000) & ~3u) : SRAM_BASE + (any(SRAM_SIZE - 0x400) & ~3u));
	write32(ch + 0x00, 1u << 7 | 1u << 12 | 1u << 14);
}

static void step_maintenance(void)
{
	u32 words[2] = { 0xee070f10 | any(16) << 0 | any(8) << 5, END };	/* c7 operations by address, r0 */

	run_words(words, 2, any_address(false), MODE_SVC);
}

static void step_reset(void)
{
	if (!any(200))
		write32(PRM_RSTCTRL, 4);
}

static void (*const steps[])(void) = {
	step_access, step_access, step_access, step_access, step_cp15, step_noise, step_noise, step_tables, step_dma, step_maintenance, step_reset,
};

/* -- life -- */

/* The watchdog: some two seconds from now. */
static void watchdog_start(void)
{
	write32(WDT2_BASE + 0x48, 0xaaaa);
	write32(WDT2_BASE + 0x48, 0x5555);
	write32(WDT2_BASE + 0x24, 0x20);
	write32(WDT2_BASE + 0x2c, 0xffff0000);
	write32(WDT2_BASE + 0x28, 0xffff0000);
	write32(WDT2_BASE + 0x48, 0xbbbb);
	write32(WDT2_BASE + 0x48, 0x4444);
}

static void watchdog_serve(void)
{
	write32(WDT2_BASE + 0x28, 0xffff0000);
}

/* What a step may have left behind. */
static void restore(void)
{
	MCR(0, c2, c0, 2, 0);
	MCR(0, c3, c0, 0, DACR_CLIENT(0));
	MCR(0, c2, c0, 0, l1_main);
	MCR(0, c13, c0, 1, 0);
	MCR(0, c12, c0, 0, exc_vectors);
	MCR(0, c10, c2, 0, 0x00098aa4);		/* PRRR, NMRR: reset values */
	MCR(0, c10, c2, 1, 0x44e048e0);
	MCR(0, c1, c0, 2, cpacr);
	sctlr_write(sctlr);
	tlb_all();
	for (u32 bank = 0; bank < 3; bank++)
		write32(INTC_BASE + 0x8c + 0x20 * bank, ~0u);	/* MIR_SET */
	intc_unmask(GPT1_IRQ);
	watchdog_serve();
}

static void vfp_on(void)
{
	MCR(0, c1, c0, 2, 0x00f00000);
	isb();
	asm volatile("mcr p10, 7, %0, cr8, cr0, 0" : : "r"(0x40000000));	/* FPEXC.EN */
}

static u32 read_seed(void)
{
	u32 seed = 0;

	for (u32 i = 0; i < 8; i++) {
		u32 c;

		while (!(read32(UART_LSR) & 1))
			;
		c = read32(UART_RHR);
		seed = seed << 4 | ((c & 15) + (c & 0x40 ? 9 : 0));
	}
	return seed ? seed : 1;
}

void guest_main(void)
{
	print("READY\n");
	random_state = read_seed();
	pt_flat(l1_main);
	pt_section(l1_main, SRAM_BASE, SRAM_BASE | S_RAM);
	for (u32 i = 0; i < TABLES_NR; i++)
		for (u32 slot = 0; slot < L1_ENTRIES; slot++)
			((u32 *)TABLES)[i * L1_ENTRIES + slot] = l1_main[slot];
	dcache_clean((void *)TABLES, TABLES_NR * L1_ENTRIES * 4);
	mmu_on(l1_main, DACR_CLIENT(0));
	vfp_on();
	sctlr = sctlr_read();
	cpacr = MRC(0, c1, c0, 2);
	intc_init();
	gpt1_init();
	intc_unmask(GPT1_IRQ);
	watchdog_start();
	for (u32 n = 1;; n++) {
		steps[any(ARRAY_SIZE(steps))]();
		restore();
		if (n % 1000 == 0)
			print("STEP %u\n", n);
	}
}
