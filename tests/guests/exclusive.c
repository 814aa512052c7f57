// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: the exclusive monitor (A3.4). What reads, hints or waits, and what an exception handler does without exclusives, leaves it as
 * it is, so a store exclusive behind it passes; on this core alone a pair of instructions that is interrupted each time would loop for ever.
 */
#include "guest.h"

#define SVC		0xef000000u
#define UDF		0xe7f000f0u
#define NOP		0xe320f000u
#define CLREX		0xf57ff01fu
#define LDREX		0xe1912f9fu	/* ldrex r2, [r1] */
#define STREX		0xe1813f94u	/* strex r3, r4, [r1] */
#define FRESH_DATA	0x30000000u
#define STATUS		0x77777777u

/* A sequence: LDREX, a word, STREX, SVC. As many as a page has, whose last words stay NOP. */
#define SEQ_WORDS	4u
#define BATCH		(CODE_WORDS / SEQ_WORDS - 1)
static u32 batch[CODE_WORDS], batched;
static u32 cell[16] __attribute__((aligned(64)));
static u32 masks;

static void seq_add(u32 word)
{
	u32 *w = &batch[SEQ_WORDS * batched++];

	w[0] = LDREX;
	w[1] = word;
	w[2] = STREX;
	w[3] = SVC;
}

static void seq_ctx(struct ctx *c, u32 mode, u32 value)
{
	ctx_init(c, mode | masks);
	c->r[1] = (u32)cell;
	c->r[3] = STATUS;
	c->r[4] = value;
	c->r[5] = INTC_BASE;
	c->r[6] = FRESH_DATA;
}

/*
 * What did not end in the SVC at the end is another test's (a register that does not exist, and which do is not the same everywhere); all
 * else must have stored.
 */
static bool stored(u32 value)
{
	return exc_frame.vector != VEC_SVC || (exc_frame.r[3] == 0 && *(volatile u32 *)cell == value);
}

/* Run what was collected, in a page that is code for the first time. */
static void batch_run(u32 mode)
{
	struct ctx c;
	u32 *at = code_fresh(batch, CODE_WORDS), lost = 0;

	for (u32 i = 0; i < batched; i++) {
		seq_ctx(&c, mode, 0x1000 + i);
		c.pc = (u32)&at[SEQ_WORDS * i];
		ctx_run(&c);
		if (!stored(0x1000 + i) && !lost++)
			print("word %08x in mode %x: status %x\n", batch[SEQ_WORDS * i + 1], mode, exc_frame.r[3]);
	}
	group_check(0, lost, "mode %x: words that lost the monitor", mode);
	batched = 0;
}

static void seq(u32 word, u32 mode)
{
	seq_add(word);
	if (batched == BATCH)
		batch_run(mode);
}

static void run_words(const u32 *words, u32 n, u32 mode)
{
	for (u32 i = 0; i < n; i++)
		seq(words[i], mode);
	batch_run(mode);
}

/* Every read of p14 and p15 that there is, whether it exists or not. Rt is r0. */
static void test_register_reads(void)
{
	group_begin("between LDREX and STREX: every read of a coprocessor register");
	for (u32 cp = 14; cp < 16; cp++)
		for (u32 crn = 0; crn < 16; crn++)
			for (u32 low = 0; low < 1024; low++)
				seq(0xee100010 | cp << 8 | crn << 16 | low >> 7 << 21 | (low >> 4 & 7) << 5 | (low & 15), MODE_SVC);
	batch_run(MODE_SVC);
	group_end();
}

static void test_registers_of_other_kinds(void)
{
	static const u32 words[] = {
		0xe10f0000, 0xe14f0000,					/* MRS CPSR, SPSR */
		0xeef00a10, 0xeef10a10, 0xeef60a10, 0xeef70a10, 0xeef80a10, 0xeef90a10, 0xeefa0a10,	/* VMRS, VFP on or off */
		0xec500f0e, 0xec500e0e,					/* MRRC */
	};
	static const u32 modes[] = { MODE_SVC, MODE_IRQ, MODE_FIQ, MODE_ABT, MODE_UND };

	group_begin("between LDREX and STREX: status registers, VFP system registers");
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++)
		run_words(words, ARRAY_SIZE(words), modes[i]);
	group_end();
	stacks_init();
}

/* All of them hints: NOP YIELD WFE SEV, those not allocated, DBG. WFI has a test of its own. */
static void test_hints(void)
{
	static const u32 modes[] = { MODE_SVC, MODE_USR };

	group_begin("between LDREX and STREX: hints and barriers");
	for (u32 k = 0; k < ARRAY_SIZE(modes); k++) {
		seq(0xe320f004, modes[k]);			/* SEV: the WFE behind it does not wait */
		for (u32 i = 0; i < 256; i++)
			if (i != 3)
				seq(NOP | i, modes[k]);
		for (u32 i = 0; i < 16; i++) {
			seq(0xf57ff040 | i, modes[k]);		/* DSB DMB ISB */
			seq(0xf57ff050 | i, modes[k]);
			seq(0xf57ff060 | i, modes[k]);
		}
		seq(0xee070f95, modes[k]);			/* CP15ISB CP15DSB CP15DMB */
		seq(0xee070f9a, modes[k]);
		seq(0xee070fba, modes[k]);
		seq(0xf5d1f000, modes[k]);			/* PLD [r1], PLI [r1] */
		seq(0xf4d1f000, modes[k]);
		batch_run(modes[k]);
	}
	group_end();
}

static void test_masks(void)
{
	static const u32 words[] = {
		0xf10c0080, 0xf1080000, 0xf10c00c0, 0xf10c01c0,		/* CPSID i, CPSIE nothing, CPSID if, aif */
		0xf1020013,						/* CPS #SVC, the mode it is in */
		0xe32cf000, 0xe128f000,					/* MSR CPSR_fs, #0; MSR CPSR_f, r0 */
	};

	group_begin("between LDREX and STREX: masks");
	run_words(words, ARRAY_SIZE(words), MODE_SVC);
	group_end();
	stacks_init();
}

/* Writes that change nothing, or no memory. r0 is whatever ctx_init() says, so for those that name an address or a thread only. */
static void test_writes(void)
{
	static const u32 words[] = {
		0xee0d0f50, 0xee0d0f70, 0xee0d0f90,			/* TPIDRURW TPIDRURO TPIDRPRW */
		0xee050f10, 0xee060f10, 0xee050f30, 0xee060f50,		/* DFSR DFAR IFSR IFAR */
		0xee080f17, 0xee080f37, 0xee080f57, 0xee080f15, 0xee080f16,	/* TLBIALL TLBIMVA TLBIASID ITLBIALL DTLBIALL */
		0xee070f15, 0xee070fd5,					/* ICIALLU BPIALL */
		0xee071f3a, 0xee071f3e, 0xee071f3b,			/* DCCMVAC DCCIMVAC DCCMVAU of the cell */
		0xee071f18, 0xee071f38, 0xee071f58,			/* ATS1CPR ATS1CPW ATS1CUR */
	};

	group_begin("between LDREX and STREX: writes of registers, maintenance, translation");
	run_words(words, ARRAY_SIZE(words), MODE_SVC);
	group_end();
}

/* Memory in all the ways that may need a hypervisor: a device, a page that no table of anybody's has yet. */
static void test_accesses(void)
{
	static const u32 words[] = { 0xe5950000, 0xe5950040, 0xe5960000, 0xe4b60000 };	/* LDR of [r5], [r5, #64], [r6]; LDRT [r6] */
	u32 *l2 = l2_alloc();

	pt_section(l1_main, FRESH_DATA, L1_TABLE(l2, 0));
	group_begin("between LDREX and STREX: device, page not touched before, User access");
	for (u32 i = 0; i < 4; i++) {
		pt_page(l2, FRESH_DATA, (TEST_RAM + 0x00100000u + 0x1000 * i) | P_RAM);
		tlb_mva(FRESH_DATA);
		run_words(words, ARRAY_SIZE(words), MODE_SVC);
	}
	pt_section(l1_main, FRESH_DATA, 0);
	tlb_all();
	group_end();
}

/* -- exceptions between: those that the code takes, and what the handler does -- */

/* Handlers that do nothing but return: behind an SVC, an Undefined word or a BKPT; behind an access that aborted. */
void back_same(void);
void back_dabt(void);
asm(".pushsection .text\n"
    "back_same: movs pc, lr\n"
    "back_dabt: subs pc, lr, #4\n"
    ".popsection\n");

/* LDREX; @word, which ends in @vector; STREX; and an end that is another exception. */
static void across(const char *name, u32 word, u32 vector, u32 mode)
{
	const u32 end = vector == VEC_SVC ? UDF : SVC, w[] = { LDREX, word, STREX, end };
	void (*hook)(void) = exc_hook[vector];
	struct ctx c;
	u32 *at = code_fresh(w, ARRAY_SIZE(w));

	group_begin(name);
	for (u32 i = 0; i < 4; i++) {
		seq_ctx(&c, mode, 100 + i);
		c.pc = (u32)at;
		exc_hook[vector] = vector == VEC_DABT ? back_dabt : back_same;
		group_check(vector == VEC_SVC ? VEC_UND : VEC_SVC, ctx_run(&c), "round %u: vector", i);
		exc_hook[vector] = hook;
		group_check(0, exc_frame.r[3], "round %u: status", i);
		group_check(100 + i, *(volatile u32 *)cell, "round %u: value", i);
	}
	group_end();
	stacks_init();
}

static void test_exceptions(void)
{
	across("SVC between LDREX and STREX", SVC, VEC_SVC, MODE_SYS);
	across("Undefined between LDREX and STREX", UDF, VEC_UND, MODE_SYS);
	across("data abort between LDREX and STREX", 0xe5960000, VEC_DABT, MODE_IRQ);
	across("BKPT between LDREX and STREX", 0xe1200070, VEC_PABT, MODE_SVC);
	across("SVC of User mode between LDREX and STREX", SVC, VEC_SVC, MODE_USR);
	across("data abort of User mode between LDREX and STREX", 0xe5960000, VEC_DABT, MODE_USR);
}

static u32 in_order(u32 e, u32 w)
{
	return e ? __builtin_bswap32(w) : w;
}

/* A page that is written all the time may be executed in another way: the pair begins in such a page and ends in another one. */
static void test_written_page(u32 e)
{
	static const u32 second[] = { STREX, SVC };
	u32 *far = code_fresh(second, ARRAY_SIZE(second));
	const u32 first[] = { LDREX, 0xe59f0000, 0xe12fff10, in_order(e, (u32)far) };	/* ldr r0, [pc]; bx r0 */
	u32 *at = code_fresh(first, ARRAY_SIZE(first));
	struct ctx c;

	group_begin(e ? "a pair of which one half is in a page that is written all the time, big endian" :
		    "a pair of which one half is in a page that is written all the time");
	for (u32 turn = 0; turn < 2; turn++)
		for (u32 i = 0; i < 50; i++) {
			write32((turn ? far : at) + 512, i);
			seq_ctx(&c, MODE_SVC | e, i);
			c.pc = (u32)at;
			group_check(VEC_SVC, ctx_run(&c), "turn %u, round %u: vector", turn, i);
			group_check(0, exc_frame.r[3], "turn %u, round %u: status", turn, i);
			group_check(in_order(e, i), *(volatile u32 *)cell, "turn %u, round %u: value", turn, i);
		}
	group_end();
}

/* The store without a load, in all modes and after everything before: the monitor is open. */
static void test_open(void)
{
	static const u32 modes[] = { MODE_SVC, MODE_SYS, MODE_IRQ, MODE_USR };

	group_begin("STREX without LDREX");
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		struct ctx c;

		cell[0] = 9;
		seq_ctx(&c, modes[i], 1);
		group_check(VEC_SVC, CODE_RUN(&c, LDREX, CLREX, STREX, SVC), "CLREX, mode %x", modes[i]);
		group_check(1, exc_frame.r[3], "CLREX, mode %x: status", modes[i]);
		seq_ctx(&c, modes[i], 1);
		group_check(VEC_SVC, CODE_RUN(&c, LDREX, STREX, STREX, SVC), "second store, mode %x", modes[i]);
		group_check(1, exc_frame.r[3], "second store, mode %x: status", modes[i]);
		seq_ctx(&c, modes[i], 2);
		group_check(VEC_SVC, CODE_RUN(&c, STREX, SVC), "store alone, mode %x", modes[i]);
		group_check(1, exc_frame.r[3], "store alone, mode %x: status", modes[i]);
		group_check(1, *(volatile u32 *)cell, "mode %x: value", modes[i]);
	}
	group_end();
	stacks_init();
}

void guest_main(void)
{
	for (u32 i = 0; i < CODE_WORDS; i++)
		batch[i] = NOP;
	masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_hints();
	test_masks();
	test_registers_of_other_kinds();
	test_writes();
	test_accesses();
	test_exceptions();
	test_written_page(0);
	test_written_page(PSR_E);
	test_open();
	test_register_reads();
}
