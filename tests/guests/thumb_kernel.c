// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: privileged Thumb code without the instructions that are silent in User mode: exceptions, coprocessor accesses, interworking. */
#include "guest.h"

static const u32 modes[] = { MODE_SVC, MODE_IRQ, MODE_ABT, MODE_FIQ, MODE_SYS, MODE_UND };
static u32 psr_masks;

static void check_one(const char *what, u32 mode, const u32 *code, u32 n, u32 vector, u32 at, u32 lr)
{
	struct ctx c;

	ctx_init(&c, mode | PSR_T | PSR_C | psr_masks);
	c.r[1] = 0x20000000;
	c.r[2] = 0;
	group_check(vector, (u32)code_run(&c, code, n), "%s mode %x: vector", what, mode);
	group_check((u32)code_area + at + lr, exc_frame.exc_lr, "%s mode %x: lr", what, mode);
	group_check(mode | PSR_T | PSR_C | psr_masks, exc_frame.spsr, "%s mode %x: spsr", what, mode);
	group_check(0, exc_frame.cpsr & PSR_T, "%s mode %x: ARM state at the vector", what, mode);
	group_check(ctx_reg(7), exc_frame.r[7], "%s mode %x: r7", what, mode);
}
#define CHECK_ONE(what, mode, vector, at, lr, ...)			\
	do {								\
		const u32 w_[] = { __VA_ARGS__ };			\
		check_one((what), (mode), w_, ARRAY_SIZE(w_), (vector), (at), (lr));	\
	} while (0)

static void test_exceptions(void)
{
	group_begin("exceptions of privileged Thumb code");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		CHECK_ONE("SVC", modes[m], VEC_SVC, 0, 2, 0xdf01df01);
		CHECK_ONE("UDF", modes[m], VEC_UND, 0, 2, 0xde01de01);
		CHECK_ONE("BKPT", modes[m], VEC_PABT, 0, 4, 0xbe01be01);
		CHECK_ONE("LDR", modes[m], VEC_DABT, 2, 8, 0x6808bf00);
		CHECK_ONE("LDR.W", modes[m], VEC_DABT, 0, 8, 0x0000f8d1);
		CHECK_ONE("UDF.W", modes[m], VEC_UND, 0, 2, 0xa000f7f0);
		CHECK_ONE("NEON off", modes[m], VEC_UND, 0, 2, 0x0802ef20);	/* vadd.i32 d0, d0, d2, FPEXC.EN clear */
		CHECK_ONE("p3", modes[m], VEC_UND, 0, 2, 0x0310ee10);
	}
	group_end();
}

static void test_coprocessor(void)
{
	group_begin("coprocessor accesses of privileged Thumb code");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		struct ctx c;

		MCR(0, c13, c0, 4, 0x600d600d);
		ctx_init(&c, modes[m] | PSR_T | psr_masks);
		c.r[3] = 0x12340000 + m;
		/* mrc p15,0,r0,c13,c0,4; mcr p15,0,r3,c13,c0,4; svc */
		group_check(VEC_SVC, CODE_RUN(&c, 0x0f90ee1d, 0x3f90ee0d, 0xdf00df00), "mode %x: vector", modes[m]);
		group_check((u32)code_area + 10, exc_frame.exc_lr, "mode %x: lr", modes[m]);
		group_check(0x600d600d, exc_frame.r[0], "mode %x: read", modes[m]);
		group_check(0x12340000 + m, MRC(0, c13, c0, 4), "mode %x: written", modes[m]);
		/* the same in an IT block, executed and not: ite eq; mrceq r0; mrcne r4; svc */
		for (u32 z = 0; z < 2; z++) {
			ctx_init(&c, modes[m] | PSR_T | psr_masks | (z ? PSR_Z : 0));
			group_check(VEC_SVC, CODE_RUN(&c, 0xee1dbf0c, 0xee1d0f90, 0xdf004f90), "mode %x IT z=%u: vector", modes[m], z);
			group_check(z ? 0x12340000 + m : ctx_reg(0), exc_frame.r[0], "mode %x IT z=%u: first", modes[m], z);
			group_check(z ? ctx_reg(4) : 0x12340000 + m, exc_frame.r[4], "mode %x IT z=%u: second", modes[m], z);
			group_check(0, exc_frame.spsr & PSR_IT, "mode %x IT z=%u: state after", modes[m], z);
		}
	}
	group_end();
}

/* ARM calls Thumb calls ARM, all privileged, sensitive instructions in the ARM part. */
static void test_interworking(void)
{
	struct ctx c;

	group_begin("interworking in privileged modes");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		static const u32 code[] = {
			0xe28f4019,	/* add r4, pc, #25: Thumb code at word 8 (+33 - 8), bit 0 set */
			0xe3a05003,	/* mov r5, #3 */
			0xe12fff34,	/* 1: blx r4 */
			0xe10f6000,	/* mrs r6, cpsr */
			0xe2555001,	/* subs r5, r5, #1 */
			0x1afffffb,	/* bne 1b */
			0xe206601f,	/* and r6, r6, #31 */
			0xef000000,
			0x47703001,	/* adds r0, #1; bx lr */
		};

		ctx_init(&c, modes[m] | psr_masks);
		c.r[0] = 0;
		if (modes[m] == MODE_UND)
			continue;
		group_check(VEC_SVC, (u32)code_run(&c, code, ARRAY_SIZE(code)), "mode %x: vector", modes[m]);
		group_check(3, exc_frame.r[0], "mode %x: calls", modes[m]);
		group_check(modes[m], exc_frame.r[6], "mode %x: MRS", modes[m]);
	}
	group_end();
}

void guest_main(void)
{
	psr_masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_exceptions();
	test_coprocessor();
	test_interworking();
}
