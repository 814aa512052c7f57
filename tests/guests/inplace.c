// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: words that change in pages of sensitive code and matter to nothing else: data, by stores of all kinds, and plain instructions. */
#include "beside.h"

/* Stores of all sizes, by the page's address and by another one, which is also how they are read. */
static void test_data(void)
{
	fresh();
	group_begin("data beside sensitive code");
	for (u32 i = 0; i < ROUNDS; i++) {
		u32 to = i & 1 ? PAGE : ALIAS;

		write32(to + 0x800, i * 0x01010101);
		write16(to + 0x806, i);
		*(volatile u8 *)(to + 0x809) = (u8)i;
		asm volatile("str %0, [%1]" : : "r"(i * 0x10001), "r"(to + 0x80e) : "memory");	/* not aligned */
		group_check(MODE_SVC, run(PAGE, 0, 0), "round %u", i);
		for (u32 k = 0; k < 2; k++) {
			u32 from = k ? PAGE : ALIAS;

			group_check(i * 0x01010101, read32(from + 0x800), "round %u: word", i);
			group_check(i, read16(from + 0x806), "round %u: half", i);
			group_check(i & 0xff, *(volatile u8 *)(from + 0x809), "round %u: byte", i);
			group_check((i * 0x10001) << 16, read32(from + 0x80c) & 0xffff0000, "round %u: beginning of what is not aligned", i);
			group_check(i * 0x10001 >> 16, read32(from + 0x810) & 0xffff, "round %u: the end", i);
		}
	}
	group_end();
}

static void test_counter(void)
{
	fresh();
	group_begin("a function that counts its calls beside itself");
	/* ldr r2, [r0]; add r2, #1; str r2, [r0]; mrs r0, cpsr; and r0, #31; bx lr */
	PUT(PAGE, LONG, 0xe5902000, 0xe2822001, 0xe5802000, MRS_R0, AND_R0_31, BX_LR);
	for (u32 i = 0; i < ROUNDS; i++) {
		group_check(MODE_SVC, run(PAGE, PAGE + 0x800, 0), "round %u", i);
		group_check(i + 1, read32(PAGE + 0x800), "round %u: the count", i);
		group_check(i + 1, read32(ALIAS + 0x800), "round %u: the count elsewhere", i);
	}
	group_end();
}

/* Plain instructions that are patched through an alias, as kernels do it. */
static void test_patched(void)
{
	fresh();
	group_begin("plain instructions beside sensitive ones");
	PUT(PAGE + 0x100, MOVW_R0(0), NOP, BX_LR);
	PUT(PAGE + 0x200, MOVW_R0(9), BX_LR);
	for (u32 i = 0; i < ROUNDS; i++) {
		write32(ALIAS + 0x100, MOVW_R0(i));
		code_sync((void *)(ALIAS + 0x100), 4);
		code_sync((void *)(PAGE + 0x100), 4);
		group_check(i & 1 ? 9 : i, run(PAGE + 0x100, 0, 0), "round %u", i);	/* the second one is of the round before */
		write32(ALIAS + 0x104, i & 1 ? NOP : 0xea000000 | (0x200 - 0x104 - 8) / 4);	/* nothing, or a branch */
		code_sync((void *)(PAGE + 0x104), 4);
		group_check(i & 1 ? i : 9, run(PAGE + 0x100, 0, 0), "round %u, the second one", i);
		group_check(MODE_SVC, run(PAGE, 0, 0), "round %u, sensitive", i);
	}
	group_end();
}

/* A page that both modes execute: User mode counts in it, and its instructions change. */
static void test_user(void)
{
	map(3);
	fresh();
	PUT(PAGE + 0x600, LONG, 0xe5902000, 0xe2822001, 0xe5802000, SVC);
	group_begin("User mode in the same page");
	for (u32 i = 0; i < ROUNDS; i++) {
		group_check(MODE_SVC, run(PAGE, 0, 0), "round %u", i);
		run_user(PAGE + 0x600, 0, PAGE + 0x800);
		group_check(i + 1, exc_frame.r[2], "round %u: r2", i);
		group_check(i + 1, read32(ALIAS + 0x800), "round %u: the count", i);
		write32(ALIAS + 0x640, 0xe3a03000 | (i & 0xff));	/* mov r3, #i */
		write32(ALIAS + 0x644, SVC);
		code_sync((void *)(PAGE + 0x640), 8);
		run_user(PAGE + 0x640, 0, 0);
		group_check(i & 0xff, exc_frame.r[3], "round %u: r3", i);
	}
	group_end();
	stacks_init();
}

/* The same of a kernel's T32 code, beside it, and of A32 code of a kernel that has both. */
static void test_t32(void)
{
	map(1);
	fresh();
	group_begin("data beside the kernel's T32 code");
	PUT(PAGE, 0, 0, 0, 0, 0, 0);	/* nothing of A32 */
	/* mov.w r1, #600; subs r1, #1; bne there; mrs r0, cpsr; and r0, #31; bx lr */
	PUT(PAGE + 0x40, 0x7116f44f, 0xd1fd3901, 0x8000f3ef, 0x001ff000, 0xbf004770);
	for (u32 i = 0; i < ROUNDS; i++) {
		write32(ALIAS + 0x800, i);
		write16(PAGE + 0x806, i & 0xff);
		group_check(MODE_SVC, run(PAGE + 0x41, 0, 0), "round %u", i);
		group_check(i, read32(PAGE + 0x800), "round %u: word", i);
		group_check(i & 0xff, read16(ALIAS + 0x806), "round %u: half", i);
	}
	group_end();
}

void guest_main(void)
{
	pt_flat(l1_main);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	map(1);
	test_data();
	test_counter();
	test_patched();
	test_user();
	test_t32();
}
