// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: exception entry from every mode, link registers and saved status, vector bases, nesting, IT state. */
#include "guest.h"

#define UNMAPPED	0x20000000u
#define FLAGS_1		(PSR_N | PSR_C | PSR_Q | 0x00050000)
#define FLAGS_2		(PSR_Z | PSR_V | 0x000a0000)
/* A depends on SCR.AW (and is set by most exceptions): not compared. */
#define PSR_COMPARED	(~(u32)PSR_A)

static const u32 modes[] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC, MODE_ABT, MODE_UND, MODE_SYS };
static const char *const mode_name[] = { "USR", "FIQ", "IRQ", "SVC", "ABT", "UND", "SYS" };

struct cause {
	const char *name;
	u32 word;		/* ARM instruction */
	u32 thumb;		/* Thumb instruction, 16 bits */
	u32 vector, mode;
	u32 lr_arm, lr_thumb;	/* link register minus address of the instruction */
	bool branch;		/* the exception comes after branching to UNMAPPED */
};

/* B1.8.3: link register offsets. Undefined: +4 / +2. SVC: next instruction. Prefetch abort: +4. Data abort: +8. */
static const struct cause causes[] = {
	{ "SVC", 0xef123456, 0xdf42, VEC_SVC, MODE_SVC, 4, 2, false },
	{ "UDF", 0xe7f123f4, 0xde17, VEC_UND, MODE_UND, 4, 2, false },
	{ "undefined coprocessor", 0xee100310, 0xde17, VEC_UND, MODE_UND, 4, 2, false },
	{ "BKPT", 0xe1200070, 0xbe00, VEC_PABT, MODE_ABT, 4, 4, false },
	{ "LDR unmapped", 0xe5910000, 0x6808, VEC_DABT, MODE_ABT, 8, 8, false },
	{ "STR unmapped", 0xe5810000, 0x6008, VEC_DABT, MODE_ABT, 8, 8, false },
	{ "LDM unmapped", 0xe89100f0, 0xc9f0, VEC_DABT, MODE_ABT, 8, 8, false },
	{ "STM write-back unmapped", 0xe8a100f0, 0xc1f0, VEC_DABT, MODE_ABT, 8, 8, false },
	{ "branch to unmapped", 0xe12fff11, 0x4708, VEC_PABT, MODE_ABT, 4, 4, true },
};

static void check_entry_state(const struct cause *k, const struct ctx *c, u32 mode, const char *from)
{
	const struct exc_frame *f = &exc_frame;
	bool thumb = c->cpsr & PSR_T;
	u32 at = k->branch ? UNMAPPED : (u32)code_area;
	u32 masks = PSR_COMPARED;

	group_check(k->vector, f->vector, "%s from %s: vector", k->name, from);
	group_check(at + (thumb ? k->lr_thumb : k->lr_arm), f->exc_lr, "%s from %s: lr", k->name, from);
	group_check(c->cpsr & masks, f->spsr & masks, "%s from %s: spsr", k->name, from);
	group_check(((c->cpsr & ~(u32)(PSR_T | PSR_MODE)) | PSR_I | k->mode) & masks, f->cpsr & masks,
		    "%s from %s: cpsr", k->name, from);
	for (u32 i = 0; i < 13; i++)
		group_check(c->r[i], f->r[i], "%s from %s: r%u", k->name, from, i);
	group_check(c->sp, f->sp, "%s from %s: sp", k->name, from);
	if (mode != k->mode)
		group_check(c->lr, f->lr, "%s from %s: banked lr", k->name, from);
	if (k->vector == VEC_DABT)
		group_check(UNMAPPED, f->dfar, "%s from %s: dfar", k->name, from);
	if (k->branch)
		group_check(UNMAPPED, f->ifar, "%s from %s: ifar", k->name, from);
}

static void run_cause(const struct cause *k, u32 mode, const char *name, u32 flags, u32 masks, bool thumb)
{
	struct ctx c;

	ctx_init(&c, mode | flags | masks | (cpsr_read() & (PSR_A | PSR_F)) | (thumb ? PSR_T : 0));
	c.r[1] = UNMAPPED | (k->branch && thumb ? 1 : 0);
	CODE_RUN(&c, thumb ? k->thumb << 16 | k->thumb : k->word, 0xe7f000f0, 0xe7f000f0);
	check_entry_state(k, &c, mode, name);
}

static void test_matrix(void)
{
	group_begin("entry from every mode, ARM");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++)
		for (u32 k = 0; k < ARRAY_SIZE(causes); k++) {
			run_cause(&causes[k], modes[m], mode_name[m], FLAGS_1, PSR_I, false);
			run_cause(&causes[k], modes[m], mode_name[m], FLAGS_2, 0, false);
		}
	group_end();
	group_begin("entry from Thumb user code");
	for (u32 k = 0; k < ARRAY_SIZE(causes); k++) {
		run_cause(&causes[k], MODE_USR, "USR", FLAGS_1, 0, true);
		run_cause(&causes[k], MODE_USR, "USR", FLAGS_2, PSR_I, true);
	}
	group_end();
}

/* -- IT state: for SVC the state after it, for the others that of the instruction (B1.8.3, B1.9) -- */

struct it_case {
	const char *name;
	u16 code[4];	/* after "cmp r0, r0" */
	u32 vector;
	u32 at;		/* offset of the instruction that takes the exception */
	u32 lr;		/* link register offset from it */
	u32 it;		/* ITSTATE expected in SPSR */
};

static const struct it_case it_cases[] = {
	{ "SVC first of ITTEE", { 0xbf07, 0xdf01, 0xbf00, 0xbf00 }, VEC_SVC, 4, 2, 0x0e },
	{ "UDF first of ITTEE", { 0xbf07, 0xde01, 0xbf00, 0xbf00 }, VEC_UND, 4, 2, 0x07 },
	{ "LDR second of ITT", { 0xbf04, 0xbf00, 0x6808, 0xbf00 }, VEC_DABT, 6, 8, 0x08 },
	{ "BKPT in IT (always)", { 0xbf1c, 0xbe00, 0xbf00, 0xbf00 }, VEC_PABT, 4, 4, 0x1c },
	{ "SVC last of IT", { 0xbf08, 0xdf01, 0xbf00, 0xbf00 }, VEC_SVC, 4, 2, 0x00 },
	{ "SVC skipped, UDF after", { 0xbf18, 0xdf01, 0xde02, 0xbf00 }, VEC_UND, 6, 2, 0x00 },
	{ "UDF skipped, SVC else", { 0xbf14, 0xde01, 0xdf02, 0xbf00 }, VEC_SVC, 6, 2, 0x00 },
};

static u32 it_of(u32 psr)
{
	return ((psr >> 25) & 3) | ((psr >> 8) & 0xfc);
}

static void test_it_state(void)
{
	group_begin("IT state at exceptions");
	for (u32 i = 0; i < ARRAY_SIZE(it_cases); i++) {
		const struct it_case *k = &it_cases[i];
		struct ctx c;

		ctx_init(&c, MODE_USR | PSR_T | (cpsr_read() & (PSR_A | PSR_F)));
		c.r[1] = UNMAPPED;
		CODE_RUN(&c, 0x4280u | (u32)k->code[0] << 16, (u32)k->code[1] | (u32)k->code[2] << 16,
			 (u32)k->code[3] | 0xde99u << 16);
		group_check(k->vector, exc_frame.vector, "%s: vector", k->name);
		group_check((u32)code_area + k->at + k->lr, exc_frame.exc_lr, "%s: lr", k->name);
		group_check(k->it, it_of(exc_frame.spsr), "%s: IT state", k->name);
		group_check(PSR_T, exc_frame.spsr & PSR_T, "%s: T", k->name);
		group_check(0, exc_frame.cpsr & (PSR_T | PSR_IT | PSR_J | PSR_E), "%s: CPSR state bits", k->name);
	}
	group_end();
	group_begin("IT state restored by exception return");
	/* return into the middle of ITE EQ with Z clear: the first slot is skipped, the second runs */
	for (u32 z = 0; z < 2; z++) {
		struct ctx c;

		ctx_init(&c, MODE_USR | PSR_T | (z ? PSR_Z : 0) | 0x0400 | 0x0800 | (cpsr_read() & (PSR_A | PSR_F)));
		/* ITSTATE 0000 1100: cond EQ, then one more with base cond bit 1: NE */
		CODE_RUN(&c, 0x2201u | 0x2302u << 16, 0xdf00u);	/* movs r2, #1; movs r3, #2; svc */
		group_check(VEC_SVC, exc_frame.vector, "z=%u: vector", z);
		group_check(z ? 1 : ctx_reg(2), exc_frame.r[2], "z=%u: r2", z);
		group_check(z ? ctx_reg(3) : 2, exc_frame.r[3], "z=%u: r3", z);
	}
	group_end();
}

/* -- vector bases -- */

static void hooks_poison(bool on)
{
	static void (*saved[8])(void);

	for (u32 i = 0; i < 8; i++) {
		if (on)
			saved[i] = exc_hook[i];
		exc_hook[i] = on ? hook_7 : saved[i];
	}
}

/* All synchronous exceptions must arrive through the table in force: the usual one reports vector 7 now. */
static void check_base(const char *name)
{
	group_begin(name);
	hooks_poison(true);
	for (u32 k = 0; k < ARRAY_SIZE(causes); k++) {
		run_cause(&causes[k], MODE_USR, "USR", FLAGS_1, 0, false);
		run_cause(&causes[k], MODE_SVC, "SVC", FLAGS_2, PSR_I, false);
		run_cause(&causes[k], MODE_USR, "USR", FLAGS_1, 0, true);
	}
	hooks_poison(false);
	group_end();
}

static void vbar_write(u32 v)
{
	MCR(0, c12, c0, 0, v);
	isb();
}

static void test_bases(void)
{
	u32 *table = (u32 *)TEST_RAM;
	u32 *l2_low = l2_alloc(), *l2_high = l2_alloc();
	u32 old = MRC(0, c12, c0, 0);

	check("VBAR reads back", (u32)exc_vectors, old);
	vector_table_build(table);
	vbar_write((u32)table);
	check("VBAR reads back after move", (u32)table, MRC(0, c12, c0, 0));
	check_base("exceptions through moved VBAR");
	vector_table_build(table + 0x7e0 / 4);
	vbar_write((u32)table + 0x7e0);
	check_base("VBAR not at the start of a page");

	pt_page(l2_low, 0, (u32)table | P_SMALL | P_WB | P_AP(0, 1));
	pt_section(l1_main, 0, L1_TABLE(l2_low, 0));
	pt_page(l2_high, 0xffff0000, ((u32)table + 0x1000) | P_SMALL | P_WB | P_AP(0, 2));
	pt_section(l1_main, 0xfff00000, L1_TABLE(l2_high, 0));
	tlb_all();
	vbar_write(0);
	check_base("low vectors at address 0, privileged only");

	vector_table_build(table + 0x400);
	vbar_write((u32)exc_vectors);
	sctlr_write(sctlr_read() | SCTLR_V);
	check("SCTLR.V reads back", SCTLR_V, sctlr_read() & SCTLR_V);
	check_base("high vectors, user readable");
	check("user reads the vector page", 0, 0xe59ff018 ^ read32(0xffff0000));
	sctlr_write(sctlr_read() & ~SCTLR_V);
	vbar_write(old);
	check("SCTLR.V clear again", 0, sctlr_read() & SCTLR_V);
	pt_section(l1_main, 0, 0);
	pt_section(l1_main, 0xfff00000, 0);
	tlb_all();
}

/* A table in virtual space whose physical page differs, changed by remapping only. */
static void test_base_remap(void)
{
	u32 *l2 = l2_alloc();
	u32 *a = (u32 *)(TEST_RAM + 0x10000), *b = (u32 *)(TEST_RAM + 0x11000);
	struct ctx c;

	vector_table_build(a);
	vector_table_build(b);
	((volatile u32 *)b)[9] = (u32)hook_2;		/* undefined goes to the entry that says SVC */
	dcache_clean(b, 64);
	pt_section(l1_main, 0x30000000, L1_TABLE(l2, 0));
	pt_page(l2, 0x30003000, (u32)a | P_RAM);
	tlb_all();
	vbar_write(0x30003000);
	ctx_init(&c, MODE_USR);
	check("vectors at a mapped address", VEC_UND, CODE_RUN(&c, 0xe7f000f0));
	pt_page(l2, 0x30003000, (u32)b | P_RAM);
	tlb_mva(0x30003000);
	icache_inv_all();
	check("vectors after remapping", VEC_SVC, CODE_RUN(&c, 0xe7f000f0));
	((volatile u32 *)b)[9] = (u32)hook_1;		/* data on the page of the running vectors */
	check("vector literal changed in place", VEC_UND, CODE_RUN(&c, 0xe7f000f0));
	vbar_write((u32)exc_vectors);
	pt_section(l1_main, 0x30000000, 0);
	tlb_all();
}

/* -- nesting, handlers in vectors_asm.S -- */

extern u32 nest_trace[16], nest_count;
void nest_run(void);
void nest_svc(void);
void nest_und(void);
void nest_dabt(void);

static void test_nested(void)
{
	static const u32 expected[] = { 0x51, 0x02, 0x41, 0x52, 0x51, 0x42, 0x12, 0x53, 0x55 };

	stacks_init();
	exc_hook[1] = nest_und;
	exc_hook[2] = nest_svc;
	exc_hook[4] = nest_dabt;
	nest_run();
	exc_hook[1] = hook_1;
	exc_hook[2] = hook_2;
	exc_hook[4] = hook_4;
	group_begin("nested exceptions");
	group_check(ARRAY_SIZE(expected), nest_count, "events");
	for (u32 i = 0; i < ARRAY_SIZE(expected); i++)
		group_check(expected[i], nest_trace[i], "event %u", i);
	group_end();
	check("mode after nesting", MODE_SVC, cpsr_read() & PSR_MODE);
}

void guest_main(void)
{
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_matrix();
	test_it_state();
	test_bases();
	test_base_remap();
	test_nested();
}
