// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: words that change in pages of code and matter, among others that do not: instructions that become sensitive or are so no more, literals,
 * tables, what is reached through registers, loads, what stands right behind sensitive instructions and exception returns, halves of T32 instructions.
 */
#include "beside.h"

/* Between harmless stores a word is, in turn, plain, sensitive in two ways, and data. */
static void test_becomes_sensitive(void)
{
	static const u32 words[] = { MRS_R0, MOVW_R0(7), 0xe14f0000 /* mrs r0, spsr */, 0x12345678, MRS_R0, 0 };
	u32 spsr;

	fresh();
	asm volatile("mrs %0, spsr" : "=r"(spsr));
	group_begin("words that become sensitive, and harmless again");
	for (u32 i = 0; i < ROUNDS; i++) {
		u32 word = words[i % ARRAY_SIZE(words)];

		write32(PAGE + 0x800, i);
		write32((i & 8 ? PAGE : ALIAS) + 0x140, word);
		write32(PAGE + 0x144, AND_R0_31);
		write32(PAGE + 0x148, BX_LR);
		code_sync((void *)(PAGE + 0x140), 12);
		group_check(word, read32(PAGE + 0x140) == word || word >> 28 == 14 ? word : 0, "round %u: what is there", i);
		if (word >> 28 == 14)
			group_check(word == MRS_R0 ? MODE_SVC : word == MOVW_R0(7) ? 7 : spsr & 31, run(PAGE + 0x140, 0, 0), "round %u", i);
		group_check(MODE_SVC, run(PAGE, 0, 0), "round %u: as ever", i);
		group_check(i, read32(ALIAS + 0x800), "round %u: data", i);
	}
	group_end();
}

/* What loads relative to pc read, by itself, from a table, through ADR; some of it looks like sensitive instructions. */
static void test_loads(void)
{
	fresh();
	group_begin("what code loads relative to pc");
	PUT(PAGE + 0x200, LDR_R0_PC(0x100), BX_LR);
	PUT(PAGE + 0x240, 0xe79f0100, BX_LR, 0x89705f41, 0x89705f42, 0x89705f43, 0);	/* ldr r0, [pc, r0, lsl #2]: what is behind */
	PUT(PAGE + 0x280, 0xe28f1f40, 0xe5910000, BX_LR);	/* adr r1, here + 8 + 256; ldr r0, [r1] */
	for (u32 i = 0; i < ROUNDS; i++) {
		u32 data = i % 3 == 2 ? MRS_R0 : i % 3 ? 0x89705f41 : i;

		write32(ALIAS + 0x300, data);
		group_check(data, run(PAGE + 0x200, 0, 0), "round %u: literal", i);
		write32(ALIAS + 0x254, 0x89000000 | i);
		group_check(0x89000000 | i, run(PAGE + 0x240, 3, 0), "round %u: table", i);
		write32(ALIAS + 0x388, data ^ 2);
		group_check(data ^ 2, run(PAGE + 0x280, 0, 0), "round %u: through a register", i);
		write32(PAGE + 0x800, i);
		group_check(MODE_SVC, run(PAGE, 0, 0), "round %u: as ever", i);
	}
	group_end();
}

/* The load itself changes, and with it which word is data. Both words look sensitive. */
static void test_load_changes(void)
{
	fresh();
	group_begin("loads that change");
	PUT(PAGE + 0x400, MRS_R0, AND_R0_31, BX_LR);
	PUT(PAGE + 0x410, 0xeafffffe, MRS_R0);
	for (u32 i = 0; i < ROUNDS; i++) {
		write32(ALIAS + 0x420, i & 1 ? MOVW_R0(i) : 0xe51f0014 /* ldr r0, PAGE + 0x414 */);
		write32(ALIAS + 0x424, BX_LR);
		code_sync((void *)(PAGE + 0x420), 8);
		write32(ALIAS + 0x800, i);
		group_check(i & 1 ? i : MRS_R0, run(PAGE + 0x420, 0, 0), "round %u", i);
		group_check(MODE_SVC, run(PAGE + 0x400, 0, 0), "round %u: as ever", i);
	}
	group_end();
}

/* What stands beside a sensitive instruction may be done together with it (gates): it changes there, too. */
static void test_beside(void)
{
	u32 dacr = MRC(0, c3, c0, 0);

	fresh();
	group_begin("right behind sensitive instructions");
	PUT(PAGE + 0x500, MRS_R0, MOVW_R0(1), BX_LR);
	PUT(PAGE + 0x540, 0xee030f10, MOVW_R0(1), 0xe2800001, BX_LR);	/* mcr DACR, r0 */
	for (u32 i = 0; i < ROUNDS; i++) {
		write32(ALIAS + 0x504, MOVW_R0(i));
		code_sync((void *)(PAGE + 0x504), 4);
		group_check(i, run(PAGE + 0x500, 0, 0), "round %u: MRS", i);
		write32(ALIAS + 0x544, MOVW_R0(i + 1));
		code_sync((void *)(PAGE + 0x544), 4);
		group_check(i + 1 + (i ? (i - 1) & 0x7f : 1), run(PAGE + 0x540, dacr, 0), "round %u: DACR", i);
		write32(ALIAS + 0x548, 0xe2800000 | (i & 0x7f));
		code_sync((void *)(PAGE + 0x548), 4);
		group_check(i + 1 + (i & 0x7f), run(PAGE + 0x540, dacr, 0), "round %u: DACR, second", i);
	}
	group_end();
}

/* The way to User mode, LDM^ and what is behind it, may be done together: that ends in the addition to the stack pointer that stands there, or in another one. */
static void test_return(void)
{
	static u32 frame[15];
	u32 masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	struct ctx x;

	map(3);
	fresh();
	group_begin("behind LDM of User mode's registers");
	PUT(PAGE + 0x580, 0xe16ff001, 0xe9527fff, NOP, 0xe28dd048, 0xe1b0f00e);	/* msr spsr, r1; ldmdb r2, {r0-lr}^; nop; add sp, sp, #72; movs pc, lr */
	PUT(PAGE + 0x5c0, SVC);
	for (u32 i = 0; i < ROUNDS; i++) {
		for (u32 k = 0; k < ARRAY_SIZE(frame); k++)
			frame[k] = ctx_reg(k) + i;
		write32(ALIAS + 0x58c, i & 1 ? 0xe2811000 | (i & 0xff) : 0xe28dd048);
		dcache_clean((void *)(PAGE + 0x58c), 4);
		icache_inv_all();		/* names no line */
		group_check(MODE_SVC, run(PAGE, 0, 0), "round %u: as ever", i);
		ctx_init(&x, MODE_SVC | PSR_I | masks);
		x.pc = PAGE + 0x580;
		x.lr = PAGE + 0x5c0;
		x.r[1] = MODE_USR | masks;
		x.r[2] = (u32)(frame + ARRAY_SIZE(frame));
		group_check(VEC_SVC, ctx_run(&x), "round %u: vector", i);
		group_check(PAGE + 0x5c4, exc_frame.exc_lr, "round %u: from where", i);
		group_check(frame[0], exc_frame.r[0], "round %u: r0", i);
		group_check(frame[1] + (i & 1 ? i & 0xff : 0), exc_frame.r[1], "round %u: r1", i);
	}
	group_end();
	stacks_init();
}

/* Halves of T32 instructions, in User mode. */
static void test_user_t32(void)
{
	map(3);
	fresh();
	PUT(PAGE, 0, 0, 0);
	group_begin("halves of User mode's T32 instructions");
	for (u32 i = 0; i < ROUNDS; i++) {
		write16(ALIAS + 0x680, 0x2000 | (i & 0xff));		/* movs r0, #i */
		write16(ALIAS + 0x682, 0xf101);				/* add.w r2, r1, #i */
		write16(ALIAS + 0x684, 0x0200 | (i & 0xff));
		write16(ALIAS + 0x686, 0xdf00);				/* svc */
		code_sync((void *)(PAGE + 0x680), 8);
		run_user(PAGE + 0x680, PSR_T, 0);
		group_check(i & 0xff, exc_frame.r[0], "round %u: r0", i);
		group_check(exc_frame.r[1] + (i & 0xff), exc_frame.r[2], "round %u: r2", i);
		write32(ALIAS + 0x800, i);
		group_check(i, read32(PAGE + 0x800), "round %u: data", i);
	}
	group_end();
	stacks_init();
}

/* Data, literals and instructions of such a page; once there is some, A32 pages are looked at for both sets. */
static void test_t32(void)
{
	map(1);
	fresh();
	group_begin("T32 code of the kernel");
	/* mrs r0, cpsr; and r0, #31; bx lr */
	PUT(PAGE + 0x40, 0x8000f3ef, 0x001ff000, 0xbf004770);
	/* ldr r0, [pc, #4]; bx lr; nop; nop; literal */
	PUT(PAGE + 0x80, 0x47704801, 0xbf00bf00, 0);
	for (u32 i = 0; i < ROUNDS / 4; i++) {
		u32 literal = i & 1 ? 0x8000f3ef : i;

		write32(ALIAS + 0x800, i);
		write16(ALIAS + 0x804, 0xb672);				/* cpsid i, as data */
		group_check(MODE_SVC, run(PAGE + 0x41, 0, 0), "round %u", i);
		write32(ALIAS + 0x88, literal);
		group_check(literal, run(PAGE + 0x81, 0, 0), "round %u: literal", i);
		write16(ALIAS + 0x100, 0x2000 | (i & 0xff));		/* movs r0, #i */
		write16(ALIAS + 0x102, 0x4770);
		code_sync((void *)(PAGE + 0x100), 4);
		group_check(i & 0xff, run(PAGE + 0x101, 0, 0), "round %u: instruction", i);
		group_check(i, read32(PAGE + 0x800), "round %u: data", i);
		write16(ALIAS + 0x120, 0xf3ef);				/* mrs r0, cpsr, half by half, or movs r0, #5; nop */
		write16(ALIAS + 0x122, 0x8000);
		if (i & 1) {
			write16(ALIAS + 0x120, 0x2005);
			write16(ALIAS + 0x122, 0xbf00);
		}
		write32(ALIAS + 0x124, 0x001ff000);
		write16(ALIAS + 0x128, 0x4770);
		code_sync((void *)(PAGE + 0x120), 12);
		group_check(i & 1 ? 5 : MODE_SVC, run(PAGE + 0x121, 0, 0), "round %u: halves", i);
	}
	group_end();
}

void guest_main(void)
{
	pt_flat(l1_main);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	map(1);
	test_becomes_sensitive();
	test_loads();
	test_load_changes();
	test_beside();
	test_return();
	test_user_t32();
	test_t32();
}
