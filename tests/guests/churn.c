// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: data that changes all the time in pages of code, and what such code does besides. */
#include "put.h"

#define PAGE		(TEST_RAM + 0x00200000u)
#define DATA		(PAGE + 0x800)
#define FAR_PAGE	(TEST_RAM + 0x00280000u)	/* another one */
#define UNMAPPED	0x30000000u
#define MRS_R0		0xe10f0000u
#define BX_LR		0xe12fff1eu
#define SVC		0xef000000u
#define UDF		0xe7f000f0u
#define ROUNDS		100

typedef u32 (*fn2)(u32, u32);

/* A counter beside a function, written from elsewhere. */
static void test_from_elsewhere(void)
{
	group_begin("a store beside code");
	PUT(PAGE, MRS_R0, 0xe200001f, BX_LR);			/* mrs r0, cpsr; and r0, r0, #31 */
	for (u32 i = 0; i < ROUNDS; i++) {
		write32(DATA, i);
		group_check(MODE_SVC, ((fn2)PAGE)(0, 0), "round %u", i);
		group_check(i, read32(DATA), "round %u: data", i);
	}
	group_end();
}

/* The function counts itself. */
static void test_from_itself(void)
{
	group_begin("a function that counts its calls beside itself");
	/* ldr r2, [r0]; add r2, #1; str r2, [r0]; mrs r0, cpsr; and r0, #31; bx lr */
	PUT(PAGE, 0xe5902000, 0xe2822001, 0xe5802000, MRS_R0, 0xe200001f, BX_LR);
	write32(DATA, 0);
	for (u32 i = 0; i < ROUNDS; i++) {
		group_check(MODE_SVC, ((fn2)PAGE)(DATA, 0), "round %u", i);
		group_check(i + 1, read32(DATA), "round %u: data", i);
	}
	group_end();
}

/* It leaves the page and comes back, both by branch and by exception. */
static void test_other_pages(void)
{
	group_begin("out of such a page and back");
	PUT(FAR_PAGE, 0xe2800007, MRS_R0 | 0x2000, BX_LR);	/* add r0, #7; mrs r2, cpsr; bx lr */
	/* push {lr}; str r1, [r0]; mov r0, r1; mov lr, pc; ldr pc, [pc, #4]; nop; pop {pc}; far page */
	PUT(PAGE, 0xe52de004, 0xe5801000, 0xe1a00001, 0xe1a0e00f, 0xe59ff004, 0xe1a00000, 0xe49df004, FAR_PAGE);
	for (u32 i = 0; i < ROUNDS; i++)
		group_check(i + 7, ((fn2)PAGE)(DATA, i), "round %u", i);
	group_end();
}

static void test_exceptions(void)
{
	static const struct {
		const char *name;
		u32 word;
		int vector;
		u32 mode;
	} c[] = {
		{ "SVC", SVC, VEC_SVC, MODE_SVC }, { "Undefined", UDF, VEC_UND, MODE_SYS },
		{ "data abort", 0xe5912000, VEC_DABT, MODE_IRQ }, { "SVC from User mode", SVC, VEC_SVC, MODE_USR },
	};
	u32 masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);

	for (u32 k = 0; k < ARRAY_SIZE(c); k++) {
		group_begin(c[k].name);
		PUT(PAGE, 0xe5802000, 0xe2822001, c[k].word, SVC);	/* str r2, [r0]; add r2, #1 */
		for (u32 i = 0; i < ROUNDS; i++) {
			struct ctx x;

			ctx_init(&x, c[k].mode | masks);
			x.pc = PAGE;
			x.r[0] = DATA;
			x.r[1] = UNMAPPED;
			x.r[2] = i;
			group_check(c[k].vector, ctx_run(&x), "round %u", i);
			group_check(PAGE + 8, exc_frame.exc_lr - (c[k].vector == VEC_DABT ? 8 : 4), "round %u: where", i);
			group_check(c[k].mode | masks, exc_frame.spsr & 0x1ff, "round %u: mode", i);
			group_check(i + 1, exc_frame.r[2], "round %u: r2", i);
			group_check(i, read32(DATA), "round %u: data", i);
		}
		group_end();
	}
	stacks_init();
}

void guest_main(void)
{
	pt_flat(l1_main);
	pt_section(l1_main, UNMAPPED, 0);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_from_itself();
	test_other_pages();
	test_exceptions();
	test_from_elsewhere();
}
