// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: sensitive instructions of privileged T32 code: each in every mode, in IT blocks, where nothing leads to them, among data, in two pages. */
#include "guest.h"

#define TARGET		0x30000000u	/* a page for the accesses of LDRT and STRT */

static u32 masks;
static u32 *l2;
static const u32 modes[] = { MODE_SVC, MODE_IRQ, MODE_ABT, MODE_UND, MODE_FIQ, MODE_SYS };

/* T32 code, to be executed from a page of its own. */
#define T32(name, text)								\
	extern const u32 name[], name##_end[];					\
	asm(".pushsection .rodata\n .syntax unified\n .thumb\n .balign 4\n" #name ":\n" text "\n .balign 4\n" #name "_end:\n .arm\n .popsection\n .syntax divided")

#define RUN(c, name)	run((c), name, (u32)(name##_end - name))

static u32 *code;

/* The pages that code_fresh() gives are for privileged modes, or for User mode too: then much is a reason to be careful with both sets. */
static void code_rights(bool user)
{
	u32 section = (u32)code_fresh(NULL, 0) & ~0xfffffu;

	pt_section(l1_main, section, section | S_SECT | S_WB | S_AP(0, user ? 3 : 1));
	tlb_all();
}

static int run(struct ctx *c, const u32 *words, u32 n)
{
	code = code_fresh(words, n);
	c->pc = (u32)code;
	return ctx_run(c);
}

/* -- what is no instruction -- */

T32(undefined_multiply, ".inst.w 0xfba35418\n svc #0");
T32(undefined_multiply_2, ".inst.w 0xfba97519\n svc #0");
T32(undefined_parallel, ".inst.w 0xfad1f43a\n svc #0");
T32(undefined_divide, ".inst.w 0xfb93f0f5\n svc #0");		/* SDIV: not on this core */

/* Executed out of line, too, where the page is interpreted. */
static void test_undefined(bool user)
{
	static const u32 *const words[] = { undefined_multiply, undefined_multiply_2, undefined_parallel, undefined_divide };
	struct ctx c;

	group_begin(user ? "T32 words that are no instructions, User mode" : "T32 words that are no instructions");
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		ctx_init(&c, (user ? CPSR_USER : MODE_SVC) | masks | PSR_T);
		group_check(VEC_UND, run(&c, words[i], 2), "%u: vector", i);
		group_check((u32)code + 2, exc_frame.exc_lr, "%u: where", i);
	}
	group_end();
}

/* -- status registers -- */

T32(status, "mrs r0, cpsr\n cpsid i\n mrs r1, cpsr\n cpsie.w i\n mrs r2, cpsr\n msr cpsr_c, r8\n mrs r3, cpsr\n"
	    "cpsid.w if\n mrs r4, cpsr\n msr cpsr_c, r9\n mrs r5, cpsr\n msr cpsr_f, r10\n mrs r6, cpsr\n svc #0");

static void check_status(u32 mode, u32 i)
{
	u32 psr = mode | i | masks;
	struct ctx c;

	ctx_init(&c, psr | PSR_T | PSR_C);
	c.r[8] = psr ^ PSR_I;
	c.r[9] = psr;
	c.r[10] = PSR_Z;
	group_check(VEC_SVC, RUN(&c, status), "mode %x: vector", mode);
	group_check((u32)code + 4 * 13, exc_frame.exc_lr, "mode %x: where", mode);
	group_check(psr | PSR_C, exc_frame.r[0], "mode %x: MRS", mode);
	group_check(psr | PSR_I | PSR_C, exc_frame.r[1], "mode %x: CPSID", mode);
	group_check((psr & ~PSR_I) | PSR_C, exc_frame.r[2], "mode %x: CPSIE", mode);
	group_check((psr ^ PSR_I) | PSR_C, exc_frame.r[3], "mode %x: MSR", mode);
	group_check(psr | PSR_I | PSR_F | PSR_C, exc_frame.r[4], "mode %x: CPSID.W", mode);
	group_check(psr | PSR_C, exc_frame.r[5], "mode %x: MSR, back", mode);
	group_check(psr | PSR_Z, exc_frame.r[6], "mode %x: MSR of the flags", mode);
	group_check(psr | PSR_Z | PSR_T, exc_frame.spsr, "mode %x: SPSR", mode);
}

T32(saved, "mrs r0, spsr\n msr spsr_cxsf, r8\n mrs r1, spsr\n msr spsr_f, r9\n mrs r2, spsr\n svc #0");

static void check_saved(u32 mode)
{
	static const u32 v[3] = { 0x1000, 0x2000, 0x60000110 };
	struct ctx c;

	ctx_init(&c, mode | PSR_T | PSR_I | masks);
	c.r[8] = 0x200f01ffu;
	c.r[9] = 0x90000000u;
	bank_set(mode, v);
	group_check(VEC_SVC, RUN(&c, saved), "mode %x: vector", mode);
	group_check(v[2], exc_frame.r[0], "mode %x: MRS", mode);
	group_check(c.r[8], exc_frame.r[1], "mode %x: MSR", mode);
	group_check(0x900f01ffu, exc_frame.r[2], "mode %x: MSR of the flags", mode);
}

/* Change to System mode and back, as kernels do that want sp and lr of User mode. */
T32(banked, "mrs r0, cpsr\n eor r0, r0, r8\n msr cpsr_c, r0\n mov r1, sp\n mov r2, lr\n mov sp, r9\n eor r0, r0, r8\n msr cpsr_c, r0\n"
	    "mov r3, sp\n mov r4, lr\n cps #31\n mov r5, sp\n cpsid if, #18\n mrs r6, cpsr\n svc #0");

static void check_banked(u32 mode)
{
	struct ctx c;
	u32 user[3];

	bank_get(MODE_SYS, user);
	ctx_init(&c, mode | PSR_T | PSR_I | masks);
	c.r[8] = mode ^ MODE_SYS;
	c.r[9] = 0x5151;
	group_check(VEC_SVC, RUN(&c, banked), "mode %x: vector", mode);
	group_check(user[0], exc_frame.r[1], "mode %x: sp of User mode", mode);
	group_check(user[1], exc_frame.r[2], "mode %x: lr of User mode", mode);
	group_check(c.sp, exc_frame.r[3], "mode %x: sp", mode);
	group_check(c.lr, exc_frame.r[4], "mode %x: lr", mode);
	group_check(0x5151, exc_frame.r[5], "mode %x: sp of User mode, written", mode);
	group_check(MODE_IRQ | PSR_I | PSR_F | masks, exc_frame.r[6], "mode %x: CPS of masks and mode", mode);
	bank_set(MODE_SYS, user);
	stacks_init();
}

static void test_status(void)
{
	group_begin("CPS, MRS, MSR of the CPSR");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		check_status(modes[m], 0);
		check_status(modes[m], PSR_I);
	}
	group_end();
	group_begin("MRS and MSR of the SPSR");
	for (u32 m = 1; m < ARRAY_SIZE(modes) - 1; m++)
		check_saved(modes[m]);
	group_end();
	group_begin("changes of mode");
	check_banked(MODE_SVC);
	check_banked(MODE_ABT);
	check_banked(MODE_UND);
	group_end();
}

/* -- IT blocks -- */

T32(blocks, "cmp r8, #1\n ite eq\n mrseq r0, cpsr\n mrsne r1, cpsr\n ittt eq\n msreq cpsr_c, r9\n mrceq p15, 0, r2, c13, c0, 4\n mrseq r3, cpsr\n"
	    "itt ne\n mrcne p15, 0, r4, c0, c0, 0\n ldrtne r5, [r10]\n it eq\n svceq #0\n svc #0");

static void test_blocks(void)
{
	static u32 word = 0x600dda7au;
	struct ctx c;

	group_begin("IT blocks");
	MCR(0, c13, c0, 4, 0x71d);
	for (u32 eq = 0; eq < 2; eq++) {
		ctx_init(&c, MODE_SVC | PSR_T | PSR_I | masks);
		c.r[8] = eq;
		c.r[9] = MODE_SYS | masks;
		c.r[10] = (u32)&word;
		group_check(VEC_SVC, RUN(&c, blocks), "eq %u: vector", eq);
		group_check((u32)code + (eq ? 42 : 44), exc_frame.exc_lr, "eq %u: where", eq);
		group_check(eq ? MODE_SVC | PSR_I : ctx_reg(0), eq ? exc_frame.r[0] & 0x9f : exc_frame.r[0], "eq %u: MRSEQ", eq);
		group_check(eq ? ctx_reg(1) : MODE_SVC | PSR_I, eq ? exc_frame.r[1] : exc_frame.r[1] & 0x9f, "eq %u: MRSNE", eq);
		group_check(eq ? 0x71d : ctx_reg(2), exc_frame.r[2], "eq %u: MRCEQ", eq);
		group_check(eq ? MODE_SYS : ctx_reg(3), eq ? exc_frame.r[3] & 0x9f : exc_frame.r[3], "eq %u: MSREQ", eq);
		group_check(eq ? ctx_reg(4) : MRC(0, c0, c0, 0), exc_frame.r[4], "eq %u: MRCNE", eq);
		group_check(eq ? ctx_reg(5) : word, exc_frame.r[5], "eq %u: LDRTNE", eq);
		group_check(0, exc_frame.spsr & PSR_IT, "eq %u: state behind", eq);
	}
	group_end();
	stacks_init();
}

static u32 block_word = 0x1d7;

/* Sites of several sorts, by their halfwords with r0 as register: kinds of the window, what its C code does, what only C does. */
static const struct site { u16 hw1, hw2; const char *name; } block_sites[] = {
	{ 0xf3ef, 0x8000, "MRS" }, { 0xee1d, 0x0f90, "MRC TPIDRPRW" }, { 0xf859, 0x0e00, "LDRT" },
	{ 0xee10, 0x0f10, "MRC MIDR" },
};	/* none of those whose access QEMU checks: it leaves the state of the block behind then */

/*
 * Four IT blocks of four: CMP r8, #1 before each; ADD r0..r3, #1 << i, the destination that of the block, but for the @at-th, the site, whose
 * destination is four higher.
 */
static u32 put_blocks(u16 *to, const struct site *s, u32 mask)
{
	u16 *p = to;

	for (u32 at = 0; at < 4; at++) {
		*p++ = 0xf1b8;
		*p++ = 0x0f01;
		*p++ = (u16)(0xbf00 | mask);
		for (u32 i = 0; i < 4; i++) {
			if (i != at) {
				*p++ = (u16)(0x3000 | at << 8 | 1u << i);
				continue;
			}
			*p++ = s->hw1;
			*p++ = (u16)(s->hw2 | (at + 4) << (s->hw1 == 0xf3ef ? 8 : 12));
		}
	}
	*p++ = 0xdf00;
	return (u32)(p - to);
}

/* Is the @i-th instruction of a block of four with @mask, whose condition is EQ, executed? */
static bool is_executed(u32 mask, u32 i, bool eq)
{
	return i && mask >> (4 - i) & 1 ? !eq : eq;
}

static u32 site_value(const struct site *s)
{
	switch (s->hw1 << 16 | s->hw2) {
	case 0xee1d0f90:
		return 0x71d;
	case 0xf8590e00:
		return block_word;
	case 0xee100f10:
		return MRC(0, c0, c0, 0);
	default:
		return MODE_SVC | PSR_I | masks;
	}
}

static void check_block(const struct site *s, u32 mask, bool eq)
{
	struct ctx c;

	ctx_init(&c, MODE_SVC | PSR_T | PSR_I | masks);
	c.r[0] = c.r[1] = c.r[2] = c.r[3] = 0;
	c.r[8] = eq;
	c.r[9] = (u32)&block_word;
	c.pc = (u32)code;
	group_check(VEC_SVC, ctx_run(&c), "%s, mask %x, eq %u: vector", s->name, mask, eq);
	group_check(0, exc_frame.spsr & PSR_IT, "%s, mask %x, eq %u: state", s->name, mask, eq);
	for (u32 at = 0; at < 4; at++) {
		u32 sum = 0, value = exc_frame.r[at + 4];

		for (u32 i = 0; i < 4; i++)
			sum |= i != at && is_executed(mask, i, eq) ? 1u << i : 0;
		group_check(sum, exc_frame.r[at], "%s, mask %x, eq %u: around %u", s->name, mask, eq, at);
		if (s->hw1 == 0xf3ef && is_executed(mask, at, eq))
			value &= 0x0700fdffu;		/* J, IT, E, mode and masks */
		group_check(is_executed(mask, at, eq) ? site_value(s) : ctx_reg(at + 4), value, "%s, mask %x, eq %u: site %u", s->name, mask, eq, at);
	}
}

static void test_block_states(void)
{
	u32 words[24];

	group_begin("IT blocks: each place, each mask");
	for (u32 s = 0; s < ARRAY_SIZE(block_sites); s++)
		for (u32 mask = 1; mask < 16; mask += 2) {
			u32 n = put_blocks((u16 *)words, &block_sites[s], mask);

			code = code_fresh(words, (n + 1) / 2);
			for (u32 turn = 0; turn < 4; turn++)
				check_block(&block_sites[s], mask, turn & 1);
		}
	group_end();
}

/* An SVC in an IT block: the block goes on behind it (TakeSVCException, B1.9.4). CMP r0, r0; IT; NOP up to the SVC; NOP. */
static void check_block_call(u32 mode, u32 cond, u32 n, u32 at)
{
	u32 it = cond << 4 | 0x10u >> n, state = (it & 0xe0) | (it << (at + 1) & 0x1f);
	u16 halves[8] = { 0x4280, (u16)(0xbf00 | it), 0xbf00, 0xbf00, 0xbf00, 0xbf00, 0xdf01, 0xbf00 };
	struct ctx c;

	halves[2 + at] = 0xdf00;
	ctx_init(&c, mode | PSR_T);
	code = code_fresh((const u32 *)halves, 4);
	c.pc = (u32)code;
	for (u32 turn = 0; turn < 2; turn++) {
		group_check(VEC_SVC, ctx_run(&c), "mode %x, %u of %u: vector", mode, at, n);
		group_check((u32)code + 2 * at + 6, exc_frame.exc_lr, "mode %x, %u of %u: where", mode, at, n);
		state = at + 1 == n ? 0 : state;
		group_check((state >> 2) << 10 | (state & 3) << 25, exc_frame.spsr & PSR_IT, "mode %x, cond %x, %u of %u: state", mode, cond, at, n);
	}
}

static void test_block_calls(void)
{
	group_begin("SVC in IT blocks");
	for (u32 mode = 0; mode < 2; mode++)
		for (u32 n = 1; n <= 4; n++)
			for (u32 at = 0; at < n; at++) {
				check_block_call(mode ? MODE_USR : MODE_SVC, 0, n, at);
				check_block_call(mode ? MODE_USR : MODE_SVC, 10, n, at);
			}
	group_end();
}

/* -- exception returns -- */

T32(returns, "subs pc, lr, #4\n nop\n nop\n 1: mrs r0, cpsr\n svc #0\n .balign 4\n .arm\n mrs r0, cpsr\n svc #0\n .thumb");
T32(rfe_ia, "rfeia r8!\n nop\n mrs r0, cpsr\n svc #0");
T32(rfe_db, "rfedb r8\n nop\n mrs r0, cpsr\n svc #0");
T32(srs, "srsdb sp!, #31\n srsia sp, #31\n svc #0");

static void check_rfe(const char *name, const u32 *words, u32 n, u32 wback)
{
	static u32 frame[4];
	struct ctx c;

	code = code_fresh(words, n);
	frame[1] = (u32)code + 6;
	frame[2] = MODE_SYS | PSR_T | PSR_V | PSR_I | masks;
	ctx_init(&c, MODE_SVC | PSR_T | masks | PSR_I);
	c.r[8] = (u32)&frame[wback ? 1 : 3];
	c.pc = (u32)code;
	group_check(VEC_SVC, ctx_run(&c), "%s: vector", name);
	group_check(MODE_SYS | PSR_I, exc_frame.r[0] & 0x9f, "%s: mode", name);
	group_check(PSR_V, exc_frame.r[0] & PSR_V, "%s: flags", name);
	group_check(c.r[8] + wback, exc_frame.r[8], "%s: write-back", name);
}

static void test_returns(void)
{
	static u32 stack[8];
	u32 v[3] = { 0x1000, 0x2000, 0 }, user[3];
	struct ctx c;

	group_begin("exception returns, SRS");
	for (u32 thumb = 0; thumb < 2; thumb++) {
		ctx_init(&c, MODE_ABT | PSR_T | PSR_I | masks);
		code = code_fresh(returns, (u32)(returns_end - returns));
		c.pc = (u32)code;
		c.lr = (u32)code + 4 + (thumb ? 8 : 16);
		v[2] = MODE_SYS | (thumb ? PSR_T : 0) | masks;
		bank_set(MODE_ABT, v);
		group_check(VEC_SVC, ctx_run(&c), "SUBS pc, lr: vector");
		group_check(MODE_SYS, exc_frame.r[0] & 0x1f, "SUBS pc, lr: mode");
		group_check(thumb ? PSR_T : 0, exc_frame.spsr & PSR_T, "SUBS pc, lr: instruction set");
	}
	check_rfe("RFEIA", rfe_ia, (u32)(rfe_ia_end - rfe_ia), 8);
	check_rfe("RFEDB", rfe_db, (u32)(rfe_db_end - rfe_db), 0);
	bank_get(MODE_SYS, user);
	v[0] = (u32)&stack[4];
	bank_set(MODE_SYS, v);
	v[2] = 0x60000013;
	bank_set(MODE_IRQ, v);
	ctx_init(&c, MODE_IRQ | PSR_T | PSR_I | masks);
	c.lr = 0x11223344;
	group_check(VEC_SVC, RUN(&c, srs), "SRS: vector");
	group_check(0x11223344, stack[2], "SRS: lr");
	group_check(0x60000013, stack[3], "SRS: SPSR");
	bank_get(MODE_SYS, v);
	group_check((u32)&stack[2], v[0], "SRS: sp of the other mode");
	bank_set(MODE_SYS, user);
	group_end();
	stacks_init();
}

/* -- accesses with the rights of User mode -- */

static const struct access {
	const char *name;
	u16 hw;			/* first halfword, with r0 as base */
	bool store;
	u32 value;		/* what r1 is then; or the word in memory */
} accesses[] = {
	{ "LDRT", 0xf850, false, 0x8081f2f3 }, { "LDRBT", 0xf810, false, 0xf3 }, { "LDRHT", 0xf830, false, 0xf2f3 },
	{ "LDRSBT", 0xf910, false, 0xfffffff3 }, { "LDRSHT", 0xf930, false, 0xfffff2f3 },
	{ "STRT", 0xf840, true, 0xa1000001 }, { "STRBT", 0xf800, true, 0x8081f201 }, { "STRHT", 0xf820, true, 0x80810001 },
};

static void check_access(const struct access *a, u32 imm, u32 rights)
{
	bool user = rights == P_AP(0, 3) || (rights == P_AP(0, 2) && !a->store);
	const u32 words[] = { (0x1e00 | imm) << 16 | a->hw, 0xdf00df00 };
	volatile u32 *data = (volatile u32 *)(TARGET + imm);
	struct ctx c;

	pt_page(l2, TARGET, (TEST_RAM + 0x00600000u) | P_SMALL | P_WB | P_AP(0, 3));
	tlb_all();
	*data = 0x8081f2f3;
	pt_page(l2, TARGET, (TEST_RAM + 0x00600000u) | P_SMALL | P_WB | rights);
	tlb_all();
	ctx_init(&c, MODE_SVC | PSR_T | masks);
	c.r[0] = TARGET;
	group_check(user ? VEC_SVC : VEC_DABT, run(&c, words, 2), "%s #%u: vector", a->name, imm);
	group_check(user && !a->store ? a->value : ctx_reg(1), exc_frame.r[1], "%s #%u: register", a->name, imm);
	group_check(user && a->store ? a->value : 0x8081f2f3, *data, "%s #%u: memory", a->name, imm);
	group_check(TARGET, exc_frame.r[0], "%s #%u: base", a->name, imm);
	group_check(user ? TARGET : TARGET + imm, user ? TARGET : exc_frame.dfar, "%s #%u: DFAR", a->name, imm);
}

static void test_accesses(void)
{
	group_begin("LDRT, STRT and so on");
	for (u32 i = 0; i < ARRAY_SIZE(accesses); i++)
		for (u32 imm = 0; imm <= 252; imm += 252) {
			check_access(&accesses[i], imm, P_AP(0, 1));
			check_access(&accesses[i], imm, P_AP(0, 2));
			check_access(&accesses[i], imm, P_AP(0, 3));
		}
	group_end();
}

/* -- where nothing leads, and what is no code -- */

T32(pointers, "mov r0, lr\n adr r8, 2f\n adds r8, #1\n blx r8\n mrs r4, cpsr\n adr r8, 3f\n mov pc, r8\n .balign 4\n 1: .word 0xb672b672\n"
	      ".balign 4\n 2: cpsid i\n mrs r1, cpsr\n ldr r2, 1b\n bx lr\n .word 0xb672f8d0\n"
	      ".balign 4\n 3: cpsie i\n mrs r3, cpsr\n tbb [pc, r9]\n 4: .byte (5f - 4b) / 2, (6f - 4b) / 2, 0x72, 0xb6\n"
	      "6: nop\n 5: ldr.w r5, 7f\n ldrh r6, 7f\n svc #0\n .balign 4\n 7: .word 0x8000f3ef");

static void test_unknown(void)
{
	struct ctx c;

	group_begin("code that is reached through pointers, constants among it");
	for (u32 turn = 0; turn < 2; turn++) {
		ctx_init(&c, MODE_SVC | PSR_T | masks);
		c.r[9] = turn;
		group_check(VEC_SVC, RUN(&c, pointers), "vector");
		group_check(MODE_SVC | PSR_I, exc_frame.r[1] & 0x9f, "CPSID");
		group_check(0xb672b672, exc_frame.r[2], "literal");
		group_check(MODE_SVC | PSR_I, exc_frame.r[4] & 0x9f, "behind the call");
		group_check(MODE_SVC, exc_frame.r[3] & 0x9f, "CPSIE");
		group_check(0x8000f3ef, exc_frame.r[5], "literal of LDR.W");
		group_check(0xf3ef, exc_frame.r[6], "literal of LDRH");
	}
	group_end();
}

/* The same page in User mode, where these do nothing. */
T32(harmless, "cpsid i\n cpsie.w if\n msr cpsr_c, r8\n msr cpsr_f, r9\n mrs r0, cpsr\n nop\n svc #0");

static void test_user(void)
{
	struct ctx c;

	group_begin("one page in privileged and in User mode");
	code = code_fresh(harmless, (u32)(harmless_end - harmless));
	for (u32 turn = 0; turn < 4; turn++) {
		u32 mode = turn & 1 ? MODE_USR : MODE_SVC;

		ctx_init(&c, mode | PSR_T | masks);
		c.r[8] = MODE_SYS | PSR_I | masks;
		c.r[9] = PSR_N;
		c.pc = (u32)code;
		group_check(VEC_SVC, ctx_run(&c), "turn %u: vector", turn);
		group_check(PSR_N | (mode == MODE_USR ? MODE_USR : MODE_SYS | PSR_I), exc_frame.spsr & 0xf000009f, "turn %u: SPSR", turn);
	}
	group_end();
	stacks_init();
}

/* Code that copies itself to r9 and goes on there from its beginning; then r10 says whether to go where nothing went before. */
T32(moving, "mrs r0, cpsr\n cpsid i\n mrs r1, cpsr\n cpsie i\n mrs r2, cpsr\n cbz r4, 3f\n movs r4, #0\n adr r5, moving\n mov r6, r9\n movs r7, #64\n"
	    "2: ldr r8, [r5], #4\n str r8, [r6]\n mcr p15, 0, r6, c7, c11, 1\n adds r6, #4\n subs r7, #1\n bne 2b\n"
	    "dsb\n mcr p15, 0, r7, c7, c5, 0\n dsb\n isb\n add r9, #1\n bx r9\n"
	    "3: cmp r10, #0\n beq 5f\n adr r11, 4f\n adds r11, #1\n bx r11\n .balign 4\n nop\n nop\n"
	    "4: cpsid i\n mrs r3, cpsr\n msr cpsr_c, r1\n mrs r12, cpsr\n 5: svc #0");

static void test_moving(void)
{
	static const u32 nops[256] = { 0xbf00bf00 };
	struct ctx c;

	group_begin("code that copies itself");
	for (u32 turn = 0; turn < 2; turn++) {
		u32 to = (u32)code_fresh(nops, ARRAY_SIZE(nops)) + 0x104;

		ctx_init(&c, MODE_SVC | PSR_T | masks);
		c.r[4] = 1;
		c.r[9] = to;
		c.r[10] = turn;
		group_check(VEC_SVC, RUN(&c, moving), "vector");
		group_check(0, exc_frame.exc_lr - to > 0x100, "where");
		group_check(MODE_SVC, exc_frame.r[0] & 0x9f, "MRS");
		group_check(MODE_SVC | PSR_I, exc_frame.r[1] & 0x9f, "CPSID");
		group_check(MODE_SVC, exc_frame.r[2] & 0x9f, "CPSIE");
		group_check(turn ? MODE_SVC | PSR_I : ctx_reg(3), turn ? exc_frame.r[3] & 0x9f : exc_frame.r[3], "CPSID, new");
		group_check(turn ? MODE_SVC | PSR_I : ctx_reg(12), turn ? exc_frame.r[12] & 0x9f : exc_frame.r[12], "MSR, new");
	}
	group_end();
}

/* -- a kernel whose exceptions are taken in Thumb state -- */

#define CALLS		40u

/* As T32 kernels do at a system call: sp and lr of User mode by way of System mode, and the way back. */
T32(te_vectors, "nop.w\n nop.w\n b.w 1f\n nop.w\n nop.w\n nop.w\n nop.w\n nop.w\n"
		"1: subs r7, #1\n beq 3f\n mrs r0, cpsr\n mov r1, r0\n eor r0, #12\n msr cpsr_c, r0\n mov r2, sp\n mov r3, lr\n eor r0, #12\n msr cpsr_c, r0\n"
		"mrs r4, spsr\n cpsie i\n mrs r5, cpsr\n cpsid ai\n bic r6, r4, #0xf0000000\n orr r6, r8\n msr spsr_cxsf, r6\n subs pc, lr, #0\n"
		"3: ldr pc, 4f\n .balign 4\n 4: .word hook_2");
T32(calls, "1: svc #0\n b 1b");
extern const u32 calls_a32[], calls_a32_end[];
asm(".pushsection .rodata\n .balign 4\n .arm\n calls_a32: svc #0\n b calls_a32\n calls_a32_end:\n .popsection");

static void check_calls(const u32 *words, u32 n, u32 state, u32 len)
{
	struct ctx c;

	ctx_init(&c, MODE_USR | state | masks);
	c.pc = (u32)code_fresh(words, n);
	c.r[7] = CALLS;
	c.r[8] = PSR_V;
	group_check(VEC_SVC, ctx_run(&c), "vector");
	group_check(c.pc + len, exc_frame.exc_lr, "lr");
	group_check(MODE_USR | state | masks | PSR_V, exc_frame.spsr & ~0xe0000000u, "SPSR");
	group_check(MODE_SVC | PSR_I | masks, exc_frame.r[1] & 0x1ff, "CPSR at the vector");
	group_check(c.sp, exc_frame.r[2], "sp of User mode");
	group_check(c.lr, exc_frame.r[3], "lr of User mode");
	group_check(MODE_USR | state | masks | PSR_V, exc_frame.r[4] & ~0xe0000000u, "SPSR as read");
	group_check(MODE_SVC | masks, exc_frame.r[5] & 0x1ff, "CPSIE");
}

static void test_system_calls(void)
{
	u32 vbar = MRC(0, c12, c0, 0);

	group_begin("system calls to T32 vectors");
	MCR(0, c12, c0, 0, (u32)code_fresh(te_vectors, (u32)(te_vectors_end - te_vectors)));
	sctlr_write(sctlr_read() | SCTLR_TE);
	check_calls(calls, (u32)(calls_end - calls), PSR_T, 2);
	check_calls(calls_a32, (u32)(calls_a32_end - calls_a32), 0, 4);
	sctlr_write(sctlr_read() & ~SCTLR_TE);
	MCR(0, c12, c0, 0, vbar);
	isb();
	group_end();
}

/* -- aborts -- */

#define VA		0x30010000u
#define TURNS		40u

T32(te_aborts, "nop.w\n nop.w\n ldr.w pc, 3f\n b.w 1f\n b.w 2f\n nop.w\n nop.w\n nop.w\n 1: mrs r4, cpsr\n ldr pc, 4f\n 2: mrs r4, cpsr\n ldr pc, 5f\n"
	       ".balign 4\n 3: .word hook_2\n 4: .word hook_3\n 5: .word hook_4");
T32(touch, "mov r5, #1\n cmp r8, r8\n itet eq\n moveq r6, #2\n movne r5, #3\n ldreq r7, [r9]\n mov r5, #4\n svc #0");

static void check_aborts(u32 mode, bool vectors_t32)
{
	u32 psr = MODE_ABT | PSR_I | PSR_A;
	struct ctx c;

	code = code_fresh(touch, (u32)(touch_end - touch));
	for (u32 turn = 0; turn < TURNS; turn++) {
		ctx_init(&c, mode | PSR_T);
		c.r[9] = VA;
		c.pc = (u32)code;
		group_check(VEC_DABT, ctx_run(&c), "mode %x: vector", mode);
		group_check((u32)code + 12 + 8, exc_frame.exc_lr, "mode %x: lr", mode);
		group_check(VA, exc_frame.dfar, "mode %x: DFAR", mode);
		group_check(0x0800, exc_frame.spsr & PSR_IT, "mode %x: state of the block", mode);
		group_check(mode | PSR_T, exc_frame.spsr & 0x3f, "mode %x: SPSR", mode);
		group_check(1, exc_frame.r[5], "mode %x: what a condition skips", mode);
		group_check(vectors_t32 ? psr : ctx_reg(4), vectors_t32 ? exc_frame.r[4] & 0x1ff : exc_frame.r[4], "mode %x: CPSR", mode);
		c.pc = VA + 2;
		group_check(VEC_PABT, ctx_run(&c), "mode %x: fetch, vector", mode);
		group_check(VA + 2 + 4, exc_frame.exc_lr, "mode %x: fetch, lr", mode);
		group_check(VA + 2, exc_frame.ifar, "mode %x: IFAR", mode);
	}
	pt_page(l2, VA, (TEST_RAM + 0x00610000u) | P_RAM);
	tlb_all();
	ctx_init(&c, mode | PSR_T);
	c.r[9] = VA;
	c.pc = (u32)code;
	group_check(VEC_SVC, ctx_run(&c), "mode %x: present, vector", mode);
	group_check(4, exc_frame.r[5], "mode %x: present, behind", mode);
	group_check(read32(VA), exc_frame.r[7], "mode %x: present, word", mode);
	pt_page(l2, VA, 0);
	tlb_all();
}

static void test_aborts(void)
{
	u32 vbar = MRC(0, c12, c0, 0);

	group_begin("aborts in T32 code, to A32 and to T32 vectors");
	check_aborts(MODE_SVC, false);
	check_aborts(MODE_SYS, false);
	check_aborts(MODE_USR, false);
	MCR(0, c12, c0, 0, (u32)code_fresh(te_aborts, (u32)(te_aborts_end - te_aborts)));
	sctlr_write(sctlr_read() | SCTLR_TE);
	for (u32 m = 0; m < 3; m++)
		check_aborts((const u32[]){ MODE_SVC, MODE_SYS, MODE_USR }[m], true);
	sctlr_write(sctlr_read() & ~SCTLR_TE);
	MCR(0, c12, c0, 0, vbar);
	isb();
	group_end();
}

/* -- in two pages -- */

static void two_pages(u32 a, u32 b)
{
	pt_page(l2, VA, a | P_RAM);
	pt_page(l2, VA + 0x1000, b ? b | P_RAM : 0);
	tlb_all();
}

/* @hw1 ends page @a, @hw2 begins page @b. */
static void put_two(u32 a, u32 b, u16 hw1, u16 hw2)
{
	write16(a + 0xffa, 0xb672);
	write16(a + 0xffc, 0xbf00);
	write16(a + 0xffe, hw1);
	write16(b, hw2);
	write16(b + 2, 0xdf00);
	code_sync((void *)(a + 0xfc0), 64);
	code_sync((void *)b, 64);
}

static int run_two(struct ctx *c)
{
	ctx_init(c, MODE_SVC | PSR_T | masks);
	c->pc = VA + 0xffa;
	return ctx_run(c);
}

static void test_two_pages(void)
{
	u32 a = TEST_RAM + 0x00610000u, b = a + 0x3000;
	struct ctx c;

	group_begin("an instruction in two pages");
	put_two(a, b, 0xf3ef, 0x8100);			/* MRS r1, CPSR */
	two_pages(a, 0);
	group_check(VEC_PABT, run_two(&c), "second page missing: vector");
	group_check(ctx_reg(1), exc_frame.r[1], "second page missing: r1");
	group_check(VA + 0x1000, exc_frame.ifar, "second page missing: IFAR");
	group_check(VA + 0xffe + 4, exc_frame.exc_lr, "second page missing: lr");
	two_pages(a, b);
	group_check(VEC_SVC, run_two(&c), "vector");
	group_check(MODE_SVC | PSR_I, exc_frame.r[1] & 0x9f, "r1");
	write16(b, 0x8200);				/* MRS r2, CPSR */
	code_sync((void *)b, 64);
	group_check(VEC_SVC, run_two(&c), "second half written: vector");
	group_check(ctx_reg(1), exc_frame.r[1], "second half written: r1");
	group_check(MODE_SVC | PSR_I, exc_frame.r[2] & 0x9f, "second half written: r2");
	put_two(a, b, 0xf850, 0x1c04);			/* LDR r1, [r0, #-4]: LDRT but for the second half */
	ctx_init(&c, MODE_SVC | PSR_T | masks);
	c.r[0] = a + 0x1000;
	c.pc = VA + 0xffa;
	group_check(VEC_SVC, ctx_run(&c), "no site after all: vector");
	group_check(0xf850bf00, exc_frame.r[1], "no site after all: r1");
	put_two(a, b, 0xf8d0, 0xb672);			/* LDR.W r11, [r0, #0x672] */
	write16(b + 2, 0xb672);
	write16(b + 4, 0xdf00);
	code_sync((void *)b, 64);
	write32(a + 0x674, 0x12345678);
	ctx_init(&c, MODE_SVC | PSR_T | masks);
	c.r[0] = a + 2;
	c.pc = VA + 0xffc;
	group_check(VEC_SVC, ctx_run(&c), "second half that looks like CPSID: vector");
	group_check(0x12345678, exc_frame.r[11], "second half that looks like CPSID: r11");
	group_check(PSR_I, exc_frame.spsr & PSR_I, "and the real one behind");
	group_end();
}

void guest_main(void)
{
	masks = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	l2 = l2_alloc();
	pt_section(l1_main, TARGET, L1_TABLE(l2, 0));
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	code_rights(false);
	test_undefined(false);
	test_status();
	test_blocks();
	test_block_states();
	test_returns();
	test_accesses();
	test_unknown();
	test_moving();
	code_rights(true);
	test_undefined(true);
	test_unknown();
	test_moving();
	test_user();
	test_block_calls();
	test_system_calls();
	test_aborts();
	test_two_pages();
}
