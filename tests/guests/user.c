// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: what User mode may not do, and does not notice; Thumb-2 code with conditions, tables and exceptions in it. */
#include "guest.h"

#define SVC	0xef000000u

static u32 psr_af;
extern char thumb_test[], thumb_resume[], user_mix[];

static void test_silent(void)
{
	static const struct { const char *name; u32 word; } nops[] = {
		{ "CPSID if", 0xf10c00c0 }, { "CPSIE if", 0xf10800c0 }, { "CPS #SVC", 0xf1020013 }, { "CPSID i, #SVC", 0xf10e0093 },
		{ "MSR cpsr_c reg", 0xe121f003 }, { "MSR cpsr_c imm", 0xe321f0d3 }, { "MSR cpsr_cxs", 0xe127f003 },
	};

	group_begin("User mode cannot change mode or masks");
	for (u32 i = 0; i < ARRAY_SIZE(nops); i++)
		for (u32 k = 0; k < 2; k++) {
			u32 psr = MODE_USR | psr_af | (k ? PSR_I : 0) | PSR_N | PSR_C | PSR_Q;
			struct ctx c;

			ctx_init(&c, psr);
			c.r[3] = MODE_SVC | (k ? 0 : PSR_I);
			group_check(VEC_SVC, CODE_RUN(&c, nops[i].word, SVC), "%s: vector", nops[i].name);
			/* GE is in the s field: r3 has it clear */
			group_check(psr, exc_frame.spsr, "%s: CPSR", nops[i].name);
		}
	group_end();
}

static void test_flags(void)
{
	struct ctx c;

	group_begin("User mode status access");
	for (u32 f = 0; f < 32; f++) {
		u32 v = f << 27;

		ctx_init(&c, MODE_USR | psr_af);
		c.r[3] = v | MODE_SVC;
		/* msr cpsr_f, r3; mrs r1, cpsr; msr cpsr_cxsf would do the same */
		CODE_RUN(&c, 0xe128f003, 0xe10f1000, SVC);
		group_check(v, exc_frame.spsr & PSR_NZCVQ, "flags written");
		group_check(v, exc_frame.r[1] & PSR_NZCVQ, "flags read");
		group_check(MODE_USR | psr_af, exc_frame.spsr & (PSR_MODE | PSR_A | PSR_I | PSR_F), "the rest");
	}
	for (u32 g = 0; g < 16; g++) {
		ctx_init(&c, MODE_USR | psr_af);
		c.r[3] = g << 16;
		CODE_RUN(&c, 0xe124f003, 0xe10f1000, SVC);	/* msr cpsr_s */
		group_check(g << 16, exc_frame.spsr & PSR_GE, "GE written");
		group_check(g << 16, exc_frame.r[1] & PSR_GE, "GE read");
	}
	ctx_init(&c, MODE_USR | psr_af);
	c.r[3] = 0xa80f0000;
	CODE_RUN(&c, 0xe12cf003, SVC);				/* msr cpsr_fs */
	group_check(0xa80f0000, exc_frame.spsr & (PSR_NZCVQ | PSR_GE), "both");
	/* instructions that set GE and Q */
	ctx_init(&c, MODE_USR | psr_af);
	c.r[1] = 0x7fffffff;
	c.r[2] = 0x7f017f01;
	CODE_RUN(&c, 0xe1013051, 0xe6523f92, SVC);		/* qadd r3, r1, r1; uadd8 r3, r2, r2 */
	group_check(PSR_Q, exc_frame.spsr & PSR_Q, "Q by saturation");
	CODE_RUN(&c, 0xe6124f92, 0xe6a23fb1, SVC);		/* sadd8; sel-like reads of GE */
	group_check(PSR_GE, exc_frame.spsr & PSR_GE, "GE by signed addition");
	group_end();
}

static void test_undefined(void)
{
	static const u32 words[] = { 0xe1600070, 0xe7f000f0, 0xee110f10, 0xee010f10, 0xee070f15, 0xee1d0f90 };

	group_begin("undefined in User mode");
	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		for (u32 k = 0; k < 2; k++) {
			struct ctx c;

			/* k: as a conditional instruction whose condition fails, where it has one */
			u32 w = k ? (words[i] & 0x0fffffff) | 0x10000000 : words[i];

			if (k && words[i] == 0xe7f000f0)
				continue;
			ctx_init(&c, MODE_USR | psr_af | PSR_Z);
			group_check(k ? VEC_SVC : VEC_UND, CODE_RUN(&c, w, SVC), "word %08x", w);
			group_check((u32)code_area + (k ? 8 : 4), exc_frame.exc_lr, "word %08x: lr", w);
			group_check(MODE_USR | psr_af | PSR_Z, exc_frame.spsr, "word %08x: spsr", w);
		}
	group_end();
}

/* Calls with all numbers, from ARM and Thumb: the kernel reads the number from the instruction. */
static void test_system_calls(void)
{
	group_begin("system calls");
	for (u32 i = 0; i < 24; i++) {
		struct ctx c;

		ctx_init(&c, MODE_USR | psr_af);
		group_check(VEC_SVC, CODE_RUN(&c, SVC | 1u << i), "ARM %x: vector", 1u << i);
		group_check((u32)code_area + 4, exc_frame.exc_lr, "ARM %x: lr", 1u << i);
		group_check(SVC | 1u << i, read32(exc_frame.exc_lr - 4), "ARM %x: number", 1u << i);
	}
	for (u32 i = 0; i < 256; i += 5) {
		struct ctx c;

		ctx_init(&c, MODE_USR | psr_af | PSR_T);
		group_check(VEC_SVC, CODE_RUN(&c, 0xdf00 | i), "Thumb %u: vector", i);
		group_check((u32)code_area + 2, exc_frame.exc_lr, "Thumb %u: lr", i);
		group_check(0xdf00 | i, read16(exc_frame.exc_lr - 2), "Thumb %u: number", i);
	}
	/* conditional */
	for (u32 z = 0; z < 2; z++) {
		struct ctx c;

		ctx_init(&c, MODE_USR | psr_af | (z ? PSR_Z : 0));
		group_check(VEC_SVC, CODE_RUN(&c, 0x0f000011, 0x1f000022), "conditional");
		group_check((u32)code_area + (z ? 4 : 8), exc_frame.exc_lr, "conditional: lr");
	}
	group_end();
}

/*
 * A Thumb-2 function with IT blocks, table branches, literal loads, bit fields, divisions by multiply and system calls on the way: each
 * system call returns to where it came from, IT state included.
 */
static void test_thumb(void)
{
	struct ctx c;
	u32 calls = 0, stack[64];
	int vec;

	group_begin("Thumb-2 code with system calls inside");
	ctx_init(&c, MODE_USR | psr_af | PSR_T);
	c.pc = (u32)thumb_test & ~1u;
	c.r[0] = 10;
	c.sp = (u32)&stack[60];
	for (;;) {
		vec = ctx_run(&c);
		if (vec != VEC_SVC || ++calls > 1000)
			break;
		for (u32 i = 0; i < 13; i++)
			c.r[i] = exc_frame.r[i];
		c.sp = exc_frame.sp;
		c.lr = exc_frame.lr;
		c.pc = exc_frame.exc_lr;
		c.cpsr = exc_frame.spsr;
		if ((read16(c.pc - 2) & 0xff) == 0x99)
			break;
	}
	group_check(VEC_SVC, (u32)vec, "end");
	group_check(0x99, read16(exc_frame.exc_lr - 2) & 0xff, "last call");
	group_check(10 * 3 + 1, calls, "calls");
	/* reference values computed by the same steps in C */
	u32 acc = 0;
	for (u32 i = 10; i; i--) {
		acc += i & 1 ? i * 3 : i << 4;
		acc = (acc << 7 | acc >> 25) ^ 0x89705f41u;
		acc += ((acc >> 8) & 0xff) + (i % 4 == 0 ? 100 : i % 4 == 1 ? 200 : i % 4 == 2 ? 300 : 400);
	}
	group_check(acc, exc_frame.r[4], "result");
	group_check((u32)&stack[60], exc_frame.sp, "stack");
	group_end();
}

/* ARM and Thumb call each other; undefined instructions on the way are skipped by the kernel. */
static void test_mixed(void)
{
	struct ctx c;
	u32 stack[32], skipped = 0, loops = 0;
	int vec = 0;

	group_begin("ARM and Thumb code mixed, with faults that the kernel skips");
	ctx_init(&c, MODE_USR | psr_af);
	c.pc = (u32)user_mix;
	c.r[0] = 5;
	c.sp = (u32)&stack[30];
	while (loops++ < 200) {
		vec = ctx_run(&c);
		if (vec != VEC_UND)
			break;
		skipped++;
		for (u32 i = 0; i < 13; i++)
			c.r[i] = exc_frame.r[i];
		c.sp = exc_frame.sp;
		c.lr = exc_frame.lr;
		c.cpsr = exc_frame.spsr;
		c.pc = exc_frame.exc_lr;	/* past it, in either state: 4 or 2 bytes */
	}
	group_check(VEC_SVC, (u32)vec, "end");
	group_check(10, skipped, "undefined instructions");
	group_check(5 * (3 + 7), exc_frame.r[4], "result");
	group_check((u32)&stack[30], exc_frame.sp, "stack");
	group_end();
}

/* Thumb instructions that are not User mode's, and breakpoints. */
static void test_thumb_exceptions(void)
{
	static const struct { const char *name; u32 code; u32 vector, lr; } t[] = {
		{ "UDF", 0xde33, VEC_UND, 2 }, { "UDF.W", 0xa000f7f0, VEC_UND, 2 }, { "BKPT", 0xbe11, VEC_PABT, 4 },
		{ "MRC SCTLR", 0x0f10ee11, VEC_UND, 2 }, { "SMC", 0x8000f7f0, VEC_UND, 2 },
		{ "CPSID", 0xdf00b672, VEC_SVC, 4 }, { "SVC", 0xdf44, VEC_SVC, 2 }, { "LDR unmapped", 0x6808, VEC_DABT, 8 },
		{ "LDR.W unmapped", 0x0000f8d1, VEC_DABT, 8 }, { "TBB unmapped", 0xf002e8d1, VEC_DABT, 8 },
	};

	group_begin("exceptions of Thumb user code");
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		struct ctx c;

		ctx_init(&c, MODE_USR | psr_af | PSR_T);
		c.r[1] = 0x20000000;
		c.r[2] = 0;
		group_check(t[i].vector, CODE_RUN(&c, t[i].code, 0xde00de00), "%s: vector", t[i].name);
		group_check((u32)code_area + t[i].lr, exc_frame.exc_lr, "%s: lr", t[i].name);
		group_check(MODE_USR | psr_af | PSR_T, exc_frame.spsr, "%s: spsr", t[i].name);
	}
	/* a 32-bit instruction whose second half lies on an unmapped page */
	u32 *l2 = l2_alloc();
	struct ctx c;
	pt_page(l2, 0x30000000, (u32)code_area | P_RAM);
	pt_section(l1_main, 0x30000000, L1_TABLE(l2, 0));
	tlb_all();
	code_put(1023, (const u32[]){ 0xf8d1bf00 }, 1);
	ctx_init(&c, MODE_USR | psr_af | PSR_T);
	c.pc = 0x30000ffc;
	group_check(VEC_PABT, ctx_run(&c), "over a page boundary: vector");
	group_check(0x30000ffe + 4, exc_frame.exc_lr, "over a page boundary: lr");
	group_check(FS_TRANS_PAGE, IFSR_FS(exc_frame.ifsr), "over a page boundary: status");
	group_check(0x30001000, exc_frame.ifar, "over a page boundary: address");
	pt_section(l1_main, 0x30000000, 0);
	tlb_all();
	group_end();
}

#define USER_VA	0x30005000u

/*
 * A kernel whose pages User mode may not touch, as real ones are, and User code in a page of its own: what it reads of the CPSR is what
 * the kernel gave it. With I and A open, as every kernel leaves them; F either way.
 */
static void test_own_pages(void)
{
	u32 *l2 = l2_alloc(), *code = (u32 *)(TEST_RAM + 0x00c00000u);

	group_begin("CPSR read in User mode");
	((volatile u32 *)code)[0] = 0xe10f0000;	/* mrs r0, cpsr */
	((volatile u32 *)code)[1] = SVC;
	code_sync(code, 8);
	for (u32 a = RAM_BASE; a != TEST_RAM + 0x1000000; a += 0x100000)
		pt_section(l1_main, a, a | S_SECT | S_WB | S_AP(0, 1));
	pt_section(l1_main, USER_VA, L1_TABLE(l2, 0));
	pt_page(l2, USER_VA, (u32)code | P_RAM);
	tlb_all();
	for (u32 i = 0; i < 32; i++) {
		struct ctx c;
		u32 psr = MODE_USR | (i & 1 ? PSR_F : 0) | (i >> 1) << 28;

		ctx_init(&c, psr);
		c.pc = USER_VA;
		group_check(VEC_SVC, ctx_run(&c), "vector");
		group_check(psr, exc_frame.r[0], "CPSR as read");
		group_check(psr, exc_frame.spsr, "CPSR as saved");
	}
	group_end();
}

void guest_main(void)
{
	psr_af = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_silent();
	test_flags();
	test_undefined();
	test_system_calls();
	test_thumb();
	test_mixed();
	test_thumb_exceptions();
	test_own_pages();
}
