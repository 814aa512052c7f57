// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One of two guests that share memory: the first writes a number, rings, and looks for the answer in a loop, with interrupts masked and no timer, so
 * that nothing of its own brings Umbra in. The other one sleeps until it is rung for. They run the same image; which they are the device says.
 */
#include "guest.h"

#define SHMEM		0x52001000u	/* as the layout of tests/system/test_duo.py has it */
#define R_MEMBER	(SHMEM + 0x08)
#define R_BASE		(SHMEM + 0x10)
#define R_RING		(SHMEM + 0x18)
#define R_STATUS	(SHMEM + 0x1c)
#define R_ENABLE	(SHMEM + 0x20)
#define LINE		64u
#define ROUNDS		64u

static void rings(void)
{
	write32(R_STATUS, read32(R_STATUS));
	intc_ack();
}

static void answer(volatile u32 *page)
{
	write32(R_ENABLE, ~0u);
	print("waits\n");
	for (;;) {
		asm volatile("dsb\n\twfi\n\tcpsie i\n\tcpsid i" : : : "memory");
		page[1] = page[0];
	}
}

static void ask(volatile u32 *page)
{
	u32 longest = 0;

	delay_ticks(16384);		/* the other one sleeps */
	for (u32 round = 1; round <= ROUNDS; round++) {
		u32 since = sync32k_read(), took;

		page[0] = round;
		dsb();
		write32(R_RING, 2);
		while (page[1] != round)
			;
		took = sync32k_read() - since;
		longest = took > longest ? took : longest;
	}
	print("%u answers, each within %u ticks\n", ROUNDS, longest);
	for (;;)
		asm volatile("wfi");
}

void guest_main(void)
{
	volatile u32 *page = (volatile u32 *)read32(R_BASE);

	pt_flat(l1_main);
	pt_section(l1_main, (u32)page, (u32)page | S_RAM);
	pt_section(l1_main, SHMEM & 0xfff00000, (SHMEM & 0xfff00000) | S_DEVICE);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	intc_init();
	irq_handler = rings;
	exc_hook[VEC_IRQ] = irq_entry;
	intc_unmask(LINE);
	if (read32(R_MEMBER))
		answer(page);
	else
		ask(page);
}
