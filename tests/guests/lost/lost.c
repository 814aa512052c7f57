// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest that loses itself in the way that a typed letter names, and never comes back: the host must stay up. */
#include "guest.h"

#define UART_RHR	(UART_BASE + 0x00)
#define UART_LSR	(UART_BASE + 0x14)

static u32 random_state = 0x2545f491;

static u32 next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static void vectors_to(u32 at)
{
	MCR(0, c12, c0, 0, at);
	isb();
}

static void lose_empty_table(void)
{
	pt_clear((u32 *)TEST_RAM);
	MCR(0, c2, c0, 0, TEST_RAM);
	tlb_all();
}

static void lose_table_in_hole(void)
{
	MCR(0, c2, c0, 0, HOLE_ADDR);
	tlb_all();
}

static void lose_no_domain(void)
{
	MCR(0, c3, c0, 0, 0);
	isb();
}

static void lose_vectors(void)
{
	vectors_to(HOLE_ADDR);
	asm volatile("udf #0");
}

static void lose_jump(void)
{
	vectors_to(HOLE_ADDR);
	((void (*)(void))0xfffffff0)();
}

static void lose_sleep(void)
{
	asm volatile("cpsid if");
	for (;;)
		asm volatile("wfi");
}

static void lose_loop(void)
{
	asm volatile("cpsid if\n1:\tb 1b");
}

/* Overwrites all its memory, code and tables included. */
static void lose_wipe(void)
{
	for (u32 a = RAM_TEST_END - 4; a >= RAM_BASE; a -= 4)
		write32(a, next_random());
}

/* Executes noise in a privileged mode, with vectors that lead to noise. */
static void lose_noise(void)
{
	for (u32 a = TEST_RAM; a < TEST_RAM + 0x100000; a += 4)
		write32(a, next_random());
	code_sync((void *)TEST_RAM, 0x100000);
	vectors_to(TEST_RAM + 0x4000);
	((void (*)(void))(TEST_RAM + 0x8000))();
}

/* The same with page tables of noise, over and over new ones. */
static void lose_noise_tables(void)
{
	u32 *l1 = (u32 *)TEST_RAM;

	for (u32 i = 0; i < L1_ENTRIES; i++)
		l1[i] = i >= RAM_BASE >> 20 && i < (RAM_BASE >> 20) + 4 ? l1_main[i] : next_random();
	for (u32 i = 0; i < DEV_SECTIONS; i++)
		l1[(DEV_BASE >> 20) + i] = 0;
	dcache_clean(l1, L1_ENTRIES * 4);
	MCR(0, c2, c0, 0, l1);
	tlb_all();
	for (;;) {
		u32 va = next_random();

		MCR(0, c3, c0, 0, next_random() | 1);
		isb();
		/* not the devices: noise there is another matter */
		if ((va >> 20) < (RAM_BASE >> 20) || va >= RAM_TEST_END)
			(void)TRY((void)read32(va));
		if (!(va & 0xf))
			tlb_all();
	}
}

/* A stack overflow in the abort handler's own mode: aborts without end. */
static void lose_recursion(void)
{
	static u32 table[16] __attribute__((aligned(64)));

	for (u32 i = 0; i < 8; i++)
		table[i] = 0xe5100000;	/* ldr r0, [r0] */
	code_sync(table, sizeof(table));
	vectors_to((u32)table);
	(void)read32(0x20000000);
}

static void (*const ways[])(void) = {
	lose_empty_table, lose_table_in_hole, lose_no_domain, lose_vectors, lose_jump, lose_sleep, lose_loop, lose_wipe, lose_noise,
	lose_noise_tables, lose_recursion,
};

void guest_main(void)
{
	u32 way;

	print("READY\n");
	while (!(read32(UART_LSR) & 1))
		;
	way = read32(UART_RHR) - 'a';
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	print("LOST %c\n", (int)('a' + way));
	if (way < ARRAY_SIZE(ways))
		ways[way]();
	print("BACK\n");
}
