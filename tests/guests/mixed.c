// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: A32 and T32 code in one page, in both orders, and privileged T32 code that is sensitive. */
#include "guest.h"

#define SVC		0xef000000u
#define NOP		0xe320f000u
#define T_SVC		0xdf00df00u
#define PL1_ONLY	0x30000000u
#define THUMB_PART	16u

static u32 masks;

/* Words 0-3: MOVS r0, #7; BX lr. From word 4 on: MRS r6; CPSID i; MRS r7; SVC. */
static void test_thumb_first(void)
{
	static const u32 code[] = { 0x47702007, NOP, NOP, NOP, 0xe10f6000, 0xf10c0080, 0xe10f7000, SVC };
	struct ctx c;

	group_begin("entered in Thumb state, then A32");
	code_put(0, code, ARRAY_SIZE(code));
	ctx_init(&c, MODE_SVC | PSR_T | masks);
	c.lr = (u32)code_area + THUMB_PART;
	c.pc = (u32)code_area;
	group_check(VEC_SVC, ctx_run(&c), "vector");
	group_check(7, exc_frame.r[0], "T32: r0");
	group_check(MODE_SVC, exc_frame.r[6] & 0x1f, "A32: mode");
	group_check(PSR_I, exc_frame.r[7] & PSR_I, "A32: CPSID in the CPSR");
	group_check(PSR_I, exc_frame.spsr & PSR_I, "A32: CPSID in the SPSR");
	group_end();
}

/*
 * Words 0-3: MRS r6; SVC. From word 4 on, T32 that would be CPSID i: LSLS r0, r0, #2; ADD.W r0, r12, #1; NOP; SVC.
 */
static void test_arm_first(const char *name, u32 mode)
{
	static const u32 code[] = { 0xe10f6000, SVC, NOP, NOP, 0xf10c0080, 0xbf000001, T_SVC };
	struct ctx c;

	group_begin(name);
	code_put(0, code, ARRAY_SIZE(code));
	ctx_init(&c, MODE_SVC | masks);
	group_check(VEC_SVC, ctx_run(&c), "A32: vector");
	group_check(MODE_SVC, exc_frame.r[6] & 0x1f, "A32: mode");
	ctx_init(&c, mode | PSR_T | masks);
	c.pc = (u32)code_area + THUMB_PART;
	c.r[12] = 0x100;
	group_check(VEC_SVC, ctx_run(&c), "T32: vector");
	group_check((u32)code_area + 26, exc_frame.exc_lr, "T32: lr");
	group_check(0x101, exc_frame.r[0], "T32: r0");
	group_end();
}

static void test_unprivileged_load(void)
{
	struct ctx c;
	u32 *l2 = l2_alloc();

	group_begin("LDRT of a page for privileged modes");
	pt_page(l2, PL1_ONLY, TEST_RAM | P_SMALL | P_WB | P_AP(0, 1));
	pt_section(l1_main, PL1_ONLY, L1_TABLE(l2, 0));
	tlb_all();
	write32(PL1_ONLY, 0x5ec5e7);
	for (u32 thumb = 0; thumb < 2; thumb++) {
		ctx_init(&c, MODE_SVC | (thumb ? PSR_T : 0) | masks);
		c.r[0] = PL1_ONLY;
		c.r[1] = 0;
		group_check(VEC_DABT, CODE_RUN(&c, thumb ? 0x1e00f850 : 0xe4b01000, thumb ? T_SVC : SVC), "thumb %u: vector", thumb);
		group_check(0, exc_frame.r[1], "thumb %u: r1", thumb);
	}
	group_end();
}

/* CPSID i; MRS r1, cpsr; MSR cpsr_c, r2; MRS r3, cpsr; CPSIE i; SVC */
static void test_status(void)
{
	struct ctx c;

	group_begin("T32 CPS, MRS and MSR");
	ctx_init(&c, MODE_SVC | PSR_T | masks);
	c.r[2] = MODE_SYS | PSR_I | masks;
	group_check(VEC_SVC, CODE_RUN(&c, 0xf3efb672, 0xf3828100, 0xf3ef8100, 0xb6628300, T_SVC), "vector");
	group_check(MODE_SVC | PSR_I | masks, exc_frame.r[1] & 0x1ff, "after CPSID");
	group_check(MODE_SYS | PSR_I | masks, exc_frame.r[3] & 0x1ff, "after MSR");
	group_check(MODE_SYS, exc_frame.spsr & 0x1f, "mode of the SVC");
	group_check(0, exc_frame.spsr & PSR_I, "after CPSIE");
	group_end();
}

static void test_return(void)
{
	struct ctx c;

	ctx_init(&c, MODE_SVC | PSR_T | masks);
	c.lr = (u32)code_area + 8 + 4;
	asm volatile("msr spsr_cxsf, %0" : : "r"(MODE_SYS | masks));
	check("T32 SUBS pc, lr, #4: vector", VEC_SVC, CODE_RUN(&c, 0x8f04f3de, NOP, 0xe10f6000, SVC));
	check("T32 SUBS pc, lr, #4: mode", MODE_SYS, exc_frame.spsr & 0x1f);
	check("T32 SUBS pc, lr, #4: A32 code behind", MODE_SYS, exc_frame.r[6] & 0x1f);
}

void guest_main(void)
{
	masks = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_thumb_first();
	test_arm_first("entered in A32, then in Thumb state", MODE_SVC);
	test_arm_first("entered in A32, then in Thumb state in User mode", MODE_USR);
	test_unprivileged_load();
	test_status();
	test_return();
	stacks_init();
}
