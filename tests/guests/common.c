// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: everything in one range that all modes may write and execute, as kernels without protection have it: code with words beside it that
 * could be T32 code, in more pages than are remembered of what was found in them, User mode in some of them, and data that changes beside code.
 */
#include "guest.h"

#define CODE		(TEST_RAM + 0x00200000u)
#define PAGES		24u
#define ROUNDS		300u
#define MRS_R0		0xe10f0000u
#define AND_MODE	0xe200001fu	/* and r0, r0, #31 */
#define BX_LR		0xe12fff1eu
#define SVC		0xef000000u
#define LIKE_CPS	0xf1020013u	/* CPS to mode 0x13 */
#define USER_AT		8u		/* word */
#define LIKE_AT		64u
#define DATA_AT		512u

typedef u32 (*fn)(void);

static u32 *page(u32 n)
{
	return (u32 *)(CODE + 0x1000 * n);
}

/* A function of the kernel's, one of User mode's, and, where no code leads, what User mode may execute as T32 code. */
static void put_page(u32 n)
{
	/* movs r3, r2; add.w r1, r2, #5; nop; svc 5 */
	static const u32 t32[] = { LIKE_CPS, 0xbf000105, 0xbf00df05 };
	/* add r1, r2, #7; svc */
	static const u32 user[] = { 0xe2821007, SVC };
	static const u32 kernel[] = { MRS_R0, AND_MODE, BX_LR };
	volatile u32 *at = page(n);

	for (u32 i = 0; i < 1024; i++)
		at[i] = 0;
	for (u32 i = 0; i < ARRAY_SIZE(kernel); i++)
		at[i] = kernel[i];
	for (u32 i = 0; i < ARRAY_SIZE(user); i++)
		at[USER_AT + i] = user[i];
	for (u32 i = 0; i < ARRAY_SIZE(t32); i++)
		at[LIKE_AT + i] = t32[i];
	code_sync((void *)at, 0x1000);
}

static void check_kernel(u32 n, u32 round)
{
	group_check(MODE_SVC, ((fn)page(n))(), "round %u: page %u", round, n);
}

static void test_kernel(void)
{
	group_begin("the kernel's code in many such pages");
	for (u32 round = 0; round < ROUNDS; round++)
		for (u32 n = 0; n < PAGES; n++)
			check_kernel(n, round);
	group_end();
}

static void test_data(void)
{
	u32 want[PAGES] = { 0 };

	group_begin("data beside it that changes now and then");
	for (u32 round = 0; round < ROUNDS; round++)
		for (u32 n = 0; n < PAGES; n++) {
			if (round % 100 == n)
				page(n)[DATA_AT] = want[n] = round;
			check_kernel(n, round);
			group_check(want[n], page(n)[DATA_AT], "round %u: data of page %u", round, n);
		}
	group_end();
}

static void run_user(u32 n, u32 at, u32 cpsr)
{
	struct ctx x;

	ctx_init(&x, MODE_USR | cpsr | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	x.pc = (u32)&page(n)[at];
	x.r[2] = 100;
	group_check(VEC_SVC, ctx_run(&x), "page %u", n);
}

static void test_user(bool t32)
{
	group_begin(t32 ? "User T32 code in a few of them" : "User A32 code in a few of them");
	for (u32 n = 0; n < 4; n++)
		for (u32 round = 0; round < 3; round++) {
			check_kernel(n, round);
			run_user(n, t32 ? LIKE_AT : USER_AT, t32 ? PSR_T : 0);
			group_check(t32 ? 105 : 107, exc_frame.r[1], "page %u: r1", n);
		}
	for (u32 round = 0; round < ROUNDS; round++)
		for (u32 n = 0; n < PAGES; n++)
			check_kernel(n, round);
	group_end();
	stacks_init();
}

void guest_main(void)
{
	pt_flat(l1_main);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	for (u32 n = 0; n < PAGES; n++)
		put_page(n);
	test_kernel();
	test_data();
	test_user(false);
	test_user(true);
}
