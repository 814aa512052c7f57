// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One of two guests that share memory: the first writes a page of numbers and rings, the other one checks them, answers with others and rings,
 * for ever. Both wait by WFI, with the doorbell's interrupt. They run the same image; which they are the device says.
 */
#include "guest.h"

#define SHMEM		0x52001000u	/* as the layout of tests/system/test_duo.py has it */
#define R_MEMBER	(SHMEM + 0x08)
#define R_MEMBERS	(SHMEM + 0x0c)
#define R_BASE		(SHMEM + 0x10)
#define R_SIZE		(SHMEM + 0x14)
#define R_RING		(SHMEM + 0x18)
#define R_STATUS	(SHMEM + 0x1c)
#define R_ENABLE	(SHMEM + 0x20)
#define LINE		64u
#define WORDS		1024u
#define SAY_EVERY	256u

static volatile u32 rung;

static void rings(void)
{
	u32 who = read32(R_STATUS);

	write32(R_STATUS, who);
	rung |= who;
	intc_ack();
}

static u32 wait(void)
{
	u32 who;

	while (!rung)
		asm volatile("dsb\n\twfi\n\tcpsie i\n\tcpsid i" : : : "memory");
	who = rung;
	rung = 0;
	return who;
}

static u32 word(u32 member, u32 round, u32 i)
{
	return (round * 2 + member) * 0x9e3779b9u ^ i;
}

static void fill(volatile u32 *page, u32 member, u32 round)
{
	for (u32 i = 0; i < WORDS; i++)
		page[i] = word(member, round, i);
}

static void compare(const volatile u32 *page, u32 member, u32 round)
{
	for (u32 i = 0; i < WORDS; i++)
		if (page[i] != word(member, round, i)) {
			print("BAD round %u word %u: %x\n", round, i, page[i]);
			return;
		}
}

void guest_main(void)
{
	volatile u32 *base = (volatile u32 *)read32(R_BASE);
	u32 me = read32(R_MEMBER), other = !me;

	pt_flat(l1_main);
	for (u32 at = 0; at < read32(R_SIZE); at += 0x100000)
		pt_section(l1_main, (u32)base + at, ((u32)base + at) | S_RAM);
	pt_section(l1_main, SHMEM & 0xfff00000, (SHMEM & 0xfff00000) | S_DEVICE);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	intc_init();
	irq_handler = rings;
	exc_hook[VEC_IRQ] = irq_entry;
	intc_unmask(LINE);
	write32(R_ENABLE, ~0u);
	print("member %u of %x, %u KiB\n", me, read32(R_MEMBERS), read32(R_SIZE) >> 10);
	for (u32 round = 0;; round++) {
		if (me) {
			if (wait() != 1)
				print("BAD ring\n");
			compare(base, other, round);
		}
		fill(base + me * WORDS, me, round);
		write32(R_RING, 1u << other);
		if (!me) {
			if (wait() != 2)
				print("BAD ring\n");
			compare(base + WORDS, other, round);
		}
		if (round % SAY_EVERY == SAY_EVERY - 1)
			print("member %u: %u rounds\n", me, round + 1);
	}
}
