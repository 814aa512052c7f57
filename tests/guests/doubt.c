// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: words of which it is hard to say whether they are code or data: instructions that the code reads relative to pc and executes, too,
 * constants that look like loads of instructions, SVC numbers of all kinds, code among words that look like data; and pages that hold code
 * of both instruction sets, for all modes.
 */
#include "guest.h"

#define SVC		0xef000000u
#define NOP		0xe320f000u
#define MRS_R6		0xe10f6000u
#define AND_MODE	0xe206601fu	/* and r6, r6, #31 */
#define KERNEL_PAGE	0x30000000u	/* User mode has no access to it */

static u32 masks;

static void run_at(const u32 *words, u32 n, u32 mode, u32 first)
{
	u32 *at = code_fresh(words, n);
	struct ctx c;

	ctx_init(&c, mode | masks);
	c.r[8] = KERNEL_PAGE;
	c.r[7] = (u32)at;
	c.pc = (u32)&at[first];
	ctx_run(&c);
	exc_frame.exc_lr -= (u32)at;
}
#define RUN_AT(mode, first, ...)					\
	do {								\
		const u32 w_[] = { __VA_ARGS__ };			\
		run_at(w_, ARRAY_SIZE(w_), (mode), (first));		\
	} while (0)

/* An instruction of the page is read by each kind of load, and executed: both see what it is. */
static void test_read_and_executed(void)
{
	static const struct { const char *name; u32 load, adr, value; } t[] = {
		{ "LDR", 0xe59f9004, NOP, MRS_R6 }, { "LDRB", 0xe5df9007, NOP, MRS_R6 >> 24 }, { "LDRH", 0xe1df90b6, NOP, MRS_R6 >> 16 },
		{ "LDRSB", 0xe1df90d7, NOP, 0xffffffe1 }, { "LDRSH", 0xe1df90f6, NOP, 0xffffe10f }, { "LDRNE, condition fails", 0x159f9004, 0xe1500000, 0xa9000009 },
		{ "LDR through ADR", 0xe59a9000, 0xe28fa008, MRS_R6 }, { "LDM through ADR", 0xe89a0200, 0xe28fa008, MRS_R6 },
		{ "LDRB through ADR", 0xe5da9003, 0xe28fa008, MRS_R6 >> 24 },
		{ "LDR by a register", 0xe79f900a, 0xe3a0a004, MRS_R6 }, { "LDRB by a register", 0xe7df900a, 0xe3a0a007, MRS_R6 >> 24 },
		{ "LDR by a shifted register", 0xe79f910a, 0xe3a0a001, MRS_R6 }, { "LDRH by a register", 0xe19f90ba, 0xe3a0a006, MRS_R6 >> 16 },
		{ "LDRSH by a register, down", 0xe11f90fa, 0xe3e0a003, MRS_R6 & 0xffff }, { "LDRD by a register", 0xe18f80da, 0xe3a0a000, MRS_R6 },
	};

	group_begin("instructions that are read and executed");
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		RUN_AT(MODE_IRQ | PSR_I, 0, t[i].adr, t[i].load, NOP, NOP, MRS_R6, AND_MODE, SVC);
		group_check(VEC_SVC, exc_frame.vector, "%s: vector", t[i].name);
		group_check(MODE_IRQ, exc_frame.r[6], "%s: MRS", t[i].name);
		group_check(t[i].value, exc_frame.r[9], "%s: value", t[i].name);
	}
	RUN_AT(MODE_IRQ | PSR_I, 0, NOP, 0xe1cf81d0, NOP, NOP, NOP, MRS_R6, AND_MODE, SVC);	/* ldrd r8, r9: words 7 and 8 */
	group_check(SVC, exc_frame.r[8], "LDRD, first word");
	RUN_AT(MODE_IRQ | PSR_I, 0, NOP, 0xe1cf80d8, NOP, NOP, NOP, MRS_R6, AND_MODE, SVC);
	group_check(MRS_R6, exc_frame.r[8], "LDRD of words 5 and 6");
	group_check(AND_MODE, exc_frame.r[9], "LDRD, second word");
	group_check(MODE_IRQ, exc_frame.r[6], "LDRD: MRS");
	group_end();
	stacks_init();
}

/* Constants behind the end of the code, which it reads in the usual way: nothing is to be seen of what they look like. */
static void test_constants(void)
{
	static const u32 values[] = { MRS_R6, 0xf10c0080, 0xe1b0f00e, 0x89705f41, 0xef8c0006, 0xefffffff, 0xe59f0000, 0xee1d0f90, 0xe8fd8000 };
	static const u32 before[] = { 0xeafffffe, 0xe12fff1e, 0xe7f000f0, SVC, NOP, 0xebfffffe };

	group_begin("constants that look like code");
	for (u32 i = 0; i < ARRAY_SIZE(values); i++)
		for (u32 k = 0; k < ARRAY_SIZE(before); k++) {
			RUN_AT(MODE_SVC, 0, 0xe59f900c, MRS_R6, AND_MODE, SVC, before[k], values[i], NOP);
			group_check(values[i], exc_frame.r[9], "%08x behind %08x", values[i], before[k]);
			group_check(MODE_SVC, exc_frame.r[6], "%08x behind %08x: MRS", values[i], before[k]);
		}
	group_end();
}

/* A constant, read through a pointer, that looks like a load of an instruction that is executed. */
static void test_constant_like_a_load(void)
{
	group_begin("constants that look like loads");
	/* ldr r9, [r7, #24]; nop; mrs r6, cpsr; and; svc; nop; ldr r0, [pc, #-24] */
	RUN_AT(MODE_IRQ | PSR_I, 0, 0xe5979018, NOP, MRS_R6, AND_MODE, SVC, NOP, 0xe51f0018, NOP);
	group_check(MODE_IRQ, exc_frame.r[6], "MRS");
	group_check(0xe51f0018, exc_frame.r[9], "value");
	group_end();
	stacks_init();
}

/* SVC numbers that mean something to a hypervisor: in all places, executed and read. */
static void test_svc_numbers(void)
{
	group_begin("SVC numbers");
	for (u32 i = 0; i < 32; i++) {
		u32 svc = 0xef800006u | i << 18 | 2 << 4;

		RUN_AT(MODE_SVC, 0, 0xe59f9000, NOP, svc, NOP, SVC);
		group_check(12, exc_frame.exc_lr, "%08x, read and executed: where", svc);
		group_check(svc, exc_frame.r[9], "%08x: value", svc);
		group_check(ctx_reg(6), exc_frame.r[6], "%08x: r6", svc);
		RUN_AT(MODE_SYS, 0, NOP, svc, NOP, SVC);
		group_check(8, exc_frame.exc_lr, "%08x: where", svc);
		/* among words of all conditions but AL, where code is not expected; entered there and from elsewhere in the page */
		for (u32 first = 0; first < 2; first++) {
			RUN_AT(MODE_SVC, first ? 12 : 0, 0x01a00000, 0x11a00000, 0x21a00000, 0x31a00000, 0x41a00000, svc, 0x51a00000, 0x61a00000,
			       0x71a00000, 0x81a00000, 0x91a00000, 0xa1a00000, 0xe1a0f007, NOP);	/* mov pc, r7 */
			group_check(24, exc_frame.exc_lr, "%08x among data, entry %u: where", svc, first);
			group_check(ctx_reg(6), exc_frame.r[6], "%08x among data, entry %u: r6", svc, first);
		}
	}
	group_end();
	stacks_init();
}

/* Conditional code, as tables of constants look like. */
static void test_conditional_code(void)
{
	u32 w[24];
	u32 *l2 = l2_alloc();

	group_begin("sites among conditional code");
	pt_page(l2, KERNEL_PAGE, TEST_RAM | P_SMALL | P_WB | P_AP(0, 1));
	pt_section(l1_main, KERNEL_PAGE, L1_TABLE(l2, 0));
	tlb_all();
	for (u32 i = 0; i < ARRAY_SIZE(w); i++)
		w[i] = 0x01a00000;			/* moveq r0, r0 */
	w[23] = SVC;
	w[12] = 0xe4b81000;				/* ldrt r1, [r8] */
	run_at(w, ARRAY_SIZE(w), MODE_SVC, 0);
	group_check(VEC_DABT, exc_frame.vector, "LDRT");
	w[12] = 0xe9d86000;				/* ldmib r8, {sp, lr}^ */
	run_at(w, ARRAY_SIZE(w), MODE_SVC, 0);
	group_check(VEC_SVC, exc_frame.vector, "LDM of the User bank");
	group_check(ctx_reg(13), exc_frame.sp, "LDM of the User bank: sp of this mode");
	pt_section(l1_main, KERNEL_PAGE, 0);
	tlb_all();
	group_end();
	stacks_init();
}

/* -- two instruction sets in one page, for all modes -- */

#define T32_AT		64u			/* word of the page from which on it is T32 */

static u32 set_run(u32 *at, u32 word, u32 cpsr)
{
	struct ctx c;

	ctx_init(&c, cpsr | masks);
	c.pc = (u32)&at[word];
	c.r[2] = 100;
	return (u32)ctx_run(&c);
}

/* T32 words that look like A32 sites, behind A32 code in the same page; @order: which runs first. */
static void both_sets(u32 a32_mode, u32 t32_mode, bool t32_first)
{
	/* movs r3, r2; add.w r1, r2, #5: 0xf1020013 is CPS to mode 0x13. svc 5 */
	static const u32 t32[] = { 0xf1020013, 0xbf000105, 0xbf00df05 };
	u32 w[T32_AT + ARRAY_SIZE(t32)], *at;

	for (u32 i = 0; i < T32_AT; i++)
		w[i] = NOP;
	w[1] = MRS_R6;
	w[2] = AND_MODE;
	w[3] = w[T32_AT - 1] = SVC;
	for (u32 i = 0; i < ARRAY_SIZE(t32); i++)
		w[T32_AT + i] = t32[i];
	at = code_fresh(w, ARRAY_SIZE(w));
	for (u32 i = 0; i < 4; i++)
		if ((i & 1) == t32_first) {
			group_check(VEC_SVC, set_run(at, 0, a32_mode), "A32 in %x, T32 in %x, turn %u: A32", a32_mode, t32_mode, i);
			group_check(a32_mode & 0x1f, exc_frame.r[6], "A32 in %x, T32 in %x, turn %u: MRS", a32_mode, t32_mode, i);
		} else {
			group_check(VEC_SVC, set_run(at, T32_AT, t32_mode | PSR_T), "A32 in %x, T32 in %x, turn %u: T32", a32_mode, t32_mode, i);
			group_check((u32)&at[T32_AT] + 10, exc_frame.exc_lr, "A32 in %x, T32 in %x, turn %u: where", a32_mode, t32_mode, i);
			group_check(100, exc_frame.r[3], "A32 in %x, T32 in %x, turn %u: r3", a32_mode, t32_mode, i);
			group_check(105, exc_frame.r[1], "A32 in %x, T32 in %x, turn %u: r1", a32_mode, t32_mode, i);
		}
}

static void test_both_sets(void)
{
	static const u32 modes[] = { MODE_SVC, MODE_USR };

	group_begin("A32 and T32 code in one page");
	for (u32 a = 0; a < 2; a++)
		for (u32 t = 0; t < 2; t++)
			for (u32 first = 0; first < 2; first++)
				both_sets(modes[a], modes[t], first);
	group_end();
	stacks_init();
}

/* Privileged A32 code that goes on for so long that its page might be taken for A32 code, then User T32 code in it, which looks like sites. */
static void test_user_t32_after_long(void)
{
	/* mov r4, #40960; 1: subs r4, r4, #1; bne 1b; mrs r6, cpsr; and; svc */
	static const u32 a32[] = { 0xe3a04a0a, 0xe2544001, 0x1afffffd, MRS_R6, AND_MODE, SVC };
	/* movs r3, r2; add.w r1, r2, #5: CPS to mode 0x13. svc 5 */
	static const u32 t32[] = { 0xf1020013, 0xbf000105, 0xbf00df05 };
	u32 w[T32_AT + ARRAY_SIZE(t32)], *at = w;

	group_begin("User T32 code after much A32 code of the page");
	for (u32 i = 0; i < T32_AT; i++)
		w[i] = i < ARRAY_SIZE(a32) ? a32[i] : i == T32_AT - 1 ? SVC : NOP;
	for (u32 i = 0; i < ARRAY_SIZE(t32); i++)
		w[T32_AT + i] = t32[i];
	for (u32 round = 0; round < 4; round++) {
		if (!(round & 1))	/* the same words once more the other time */
			at = code_fresh(w, ARRAY_SIZE(w));
		for (u32 i = 0; i < 2; i++) {
			group_check(VEC_SVC, set_run(at, 0, MODE_SVC), "round %u: A32", round);
			group_check(MODE_SVC, exc_frame.r[6], "round %u: MRS", round);
		}
		if (round & 2)
			tlb_all();
		for (u32 i = 0; i < 2; i++) {
			group_check(VEC_SVC, set_run(at, T32_AT, MODE_USR | PSR_T), "round %u: T32", round);
			group_check((u32)&at[T32_AT] + 10, exc_frame.exc_lr, "round %u: where", round);
			group_check(100, exc_frame.r[3], "round %u: r3", round);
			group_check(105, exc_frame.r[1], "round %u: r1", round);
		}
	}
	group_end();
	stacks_init();
}

/* User T32 code runs first, then sites of privileged A32 code beside it. */
static void test_user_t32_first(void)
{
	/* movs r0, #7; svc 0 | mrs r6, cpsr; svc | msr cpsr_c, #0x1f; mrs r6; svc */
	static const u32 w[] = { 0xdf002007, MRS_R6, SVC, 0xe321f01f, MRS_R6, SVC };
	u32 *at = code_fresh(w, ARRAY_SIZE(w));

	group_begin("User T32 code first, then privileged A32 code");
	for (u32 i = 0; i < 3; i++) {
		group_check(VEC_SVC, set_run(at, 0, MODE_USR | PSR_T), "round %u: T32", i);
		group_check(7, exc_frame.r[0], "round %u: r0", i);
		group_check(VEC_SVC, set_run(at, 1, MODE_SVC), "round %u: MRS", i);
		group_check(MODE_SVC, exc_frame.r[6] & 0x1f, "round %u: mode", i);
		group_check(VEC_SVC, set_run(at, 3, MODE_SVC), "round %u: MSR", i);
		group_check(MODE_SYS, exc_frame.r[6] & 0x1f, "round %u: mode after MSR", i);
	}
	group_end();
	stacks_init();
}

/* Privileged A32 code makes the page executable; the sites of T32 code in it act once that has taken an exception. */
static void test_privileged_t32_later(void)
{
	/* mrs r6, cpsr; and; svc | svc 0; nop | mrs r6, cpsr; svc 0; nop */
	static const u32 w[] = { NOP, MRS_R6, AND_MODE, SVC, NOP, NOP, NOP, NOP, 0xbf00df00, 0x8600f3ef, 0xbf00df00 };
	u32 *at = code_fresh(w, ARRAY_SIZE(w));

	group_begin("privileged A32 code first, then privileged T32 code");
	for (u32 i = 0; i < 3; i++) {
		group_check(VEC_SVC, set_run(at, 0, MODE_SVC), "round %u: A32", i);
		group_check(MODE_SVC, exc_frame.r[6], "round %u: mode", i);
		group_check(VEC_SVC, set_run(at, 8, MODE_SVC | PSR_T), "round %u: T32", i);
		group_check(VEC_SVC, set_run(at, 9, MODE_SVC | PSR_T), "round %u: T32 MRS", i);
		group_check(MODE_SVC, exc_frame.r[6] & 0x1f, "round %u: mode in T32", i);
	}
	group_end();
	stacks_init();
}

void guest_main(void)
{
	masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_read_and_executed();
	test_constants();
	test_constant_like_a_load();
	test_svc_numbers();
	test_conditional_code();
	test_user_t32_after_long();	/* before the kernel executes T32 code */
	test_both_sets();
	test_user_t32_first();
	test_privileged_t32_later();
}
