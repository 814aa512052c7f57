// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: each sensitive instruction of kernels with each register, in each mode, with each mask, with an interrupt waiting or not, in the
 * circumstances of a kernel: MMU on, cacheable table walks. All that the instruction does, and that it does nothing else.
 */
#include "guest.h"

#define SVC		0xef000000u
#define UDF		0xe7f000f0u
#define R_SP		13
#define R_LR		14
#define R_CPSR		16
#define LINE		5u		/* of the interrupt controller, for software */
#define PSR_BITS	(PSR_NZCVQ | PSR_GE | PSR_E | PSR_A | PSR_I | PSR_F | PSR_MODE)

static const u32 modes[] = { MODE_SVC, MODE_IRQ, MODE_ABT, MODE_UND, MODE_FIQ, MODE_SYS };

/* A context as an array: r0-r14, pc, CPSR. */
union state {
	struct ctx c;
	u32 r[17];
};

static u32 masks_can;		/* of A and F, those that this world lets a kernel change */
static u32 store[64] __attribute__((aligned(64)));
static u32 flags_turn;
static u32 *code;		/* what runs */

static u32 next_flags(void)
{
	flags_turn += 0x11;
	return (flags_turn & 0x1f) << 27 | (flags_turn >> 1 & 0xf) << 16;
}

static bool has_spsr(u32 mode)
{
	return mode != MODE_SYS && mode != MODE_USR;
}

/* -- what each instruction means: @s before to after, register @op; false: not defined so -- */

static bool do_cpsid(union state *s, u32 op)
{
	s->c.cpsr |= op << 6;
	return true;
}

static bool do_cpsie(union state *s, u32 op)
{
	s->c.cpsr &= ~(op << 6);
	return true;
}

static bool do_mrs_cpsr(union state *s, u32 op)
{
	s->r[op] = s->c.cpsr;
	return true;
}

#define CP15_VALUE(reg)	(0x51000005u + 0x01010100u * (reg))
#define DO_READ(name, value)				\
static bool name(union state *s, u32 op)		\
{							\
	s->r[op] = (value);				\
	return true;					\
}
static u32 sctlr, ttbr, dacr, ctr;
DO_READ(do_tpidrprw, CP15_VALUE(1))
DO_READ(do_sctlr, sctlr)
DO_READ(do_dacr, dacr)
DO_READ(do_ttbr0, ttbr)
DO_READ(do_ttbr1, ttbr)
DO_READ(do_dfsr, 0x805)
DO_READ(do_ifsr, 0x40d)
DO_READ(do_dfar, CP15_VALUE(3))
DO_READ(do_ifar, CP15_VALUE(4))
DO_READ(do_ctr, ctr)

static const struct kind {
	const char *name;
	u32 word, shift, from, to;
	bool (*effect)(union state *s, u32 op);
} kinds[] = {
	{ "CPSID", 0xf10c0000, 6, 1, 7, do_cpsid },
	{ "CPSIE", 0xf1080000, 6, 1, 7, do_cpsie },
	{ "MRS CPSR", 0xe10f0000, 12, 0, 14, do_mrs_cpsr },
	{ "TPIDRPRW", 0xee1d0f90, 12, 0, 14, do_tpidrprw },
	{ "SCTLR", 0xee110f10, 12, 0, 14, do_sctlr },
	{ "DACR", 0xee130f10, 12, 0, 14, do_dacr },
	{ "TTBR0", 0xee120f10, 12, 0, 14, do_ttbr0 },
	{ "TTBR1", 0xee120f30, 12, 0, 14, do_ttbr1 },
	{ "DFSR", 0xee150f10, 12, 0, 14, do_dfsr },
	{ "IFSR", 0xee150f30, 12, 0, 14, do_ifsr },
	{ "DFAR", 0xee160f10, 12, 0, 14, do_dfar },
	{ "IFAR", 0xee160f50, 12, 0, 14, do_ifar },
	{ "CTR", 0xee100f30, 12, 0, 14, do_ctr },
};

static void cp15_values(void)
{
	MCR(0, c13, c0, 4, CP15_VALUE(1));
	MCR(0, c5, c0, 0, 0x805);
	MCR(0, c5, c0, 1, 0x40d);
	MCR(0, c6, c0, 0, CP15_VALUE(3));
	MCR(0, c6, c0, 2, CP15_VALUE(4));
	sctlr = sctlr_read();
	ctr = MRC(0, c0, c0, 1);
	ttbr = (u32)l1_main | TTBR_CACHED;
	dacr = DACR_CLIENT(0) | DACR_CLIENT(3);
	MCR(0, c3, c0, 0, dacr);
	isb();
}

/* -- running one -- */

/* The exception that ends a run must not be the mode's own, which would overwrite its lr. */
static u32 end_word(u32 mode)
{
	return mode == MODE_UND ? SVC : UDF;
}

static void put(u32 word, u32 end)
{
	const u32 words[] = { word, end };

	code = code_fresh(words, 2);
}

/* The state that an exception left against @want; registers of bit mask @which. */
static void check_state(const char *name, u32 op, const union state *want, u32 which, u32 vector, u32 at)
{
	u32 mode = want->c.cpsr & PSR_MODE;

	group_check(vector, exc_frame.vector, "%s %u mode %x: vector", name, op, mode);
	group_check((u32)&code[at], exc_frame.exc_lr - 4, "%s %u mode %x: where", name, op, mode);
	group_check(want->c.cpsr & PSR_BITS, exc_frame.spsr & PSR_BITS, "%s %u mode %x: CPSR", name, op, mode);
	for (u32 i = 0; i < 15; i++)
		if (which >> i & 1)
			group_check(want->r[i], (&exc_frame.r[0])[i], "%s %u mode %x: r%u", name, op, mode, i);
}

/*
 * Run the code from @before; @after is what should have become of it. An interrupt that waits is taken at the
 * instruction that lets it.
 */
static void run(const char *name, u32 op, union state *before, const union state *after, u32 which, bool waiting)
{
	bool taken = waiting && !(after->c.cpsr & PSR_I);
	u32 mode = after->c.cpsr & PSR_MODE;

	if (taken && mode == MODE_IRQ)
		which &= ~(1u << R_LR);
	before->c.pc = (u32)code;
	if (waiting)
		intc_soft_set(LINE);
	ctx_run(&before->c);
	if (waiting)
		intc_soft_clear(LINE);
	check_state(name, op, after, which, taken ? VEC_IRQ : mode == MODE_UND ? VEC_SVC : VEC_UND, 1);
	if (taken)
		intc_ack();
}

/* @n-th combination of the masks that can be changed, and of the order of bytes in data. */
static u32 mask_of(u32 n)
{
	return (n & 1 ? PSR_I : 0) | ((n & 2 ? PSR_A : 0) & masks_can) | ((n & 4 ? PSR_F : 0) & masks_can) |
	       (cpsr_read() & (PSR_A | PSR_F) & ~masks_can) | (n & 8 ? PSR_E : 0);
}

static void try_kind(const struct kind *k, u32 op, u32 mode, u32 masks, bool waiting)
{
	union state before, after;

	ctx_init(&before.c, mode | masks | next_flags());
	after = before;
	if (k->effect(&after, op))
		run(k->name, op, &before, &after, 0x7fff, waiting);
}

static bool op_allowed(const struct kind *k, u32 op)
{
	/* masks that cannot be changed here have other tests */
	return k->shift != 6 || !((op << 6) & (PSR_A | PSR_F) & ~masks_can);
}

static void test_kind(const struct kind *k)
{
	group_begin(k->name);
	for (u32 op = k->from; op <= k->to; op++) {
		if (!op_allowed(k, op))
			continue;
		for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
			if (!m || modes[m] == MODE_UND || modes[m - 1] == MODE_UND)
				put(k->word | op << k->shift, end_word(modes[m]));
			for (u32 n = 0; n < 16; n++) {
				try_kind(k, op, modes[m], mask_of(n), false);
				if (n & 1)
					try_kind(k, op, modes[m], mask_of(n), true);
			}
		}
	}
	group_end();
}

static bool passes(u32 cond, u32 psr)
{
	bool n = psr & PSR_N, z = psr & PSR_Z, c = psr & PSR_C, v = psr & PSR_V;
	const bool holds[] = { z, c, n, v, c && !z, n == v, !z && n == v };

	return holds[cond >> 1] != (cond & 1);
}

/* Under each condition, which holds or does not. */
static void test_conditional(void)
{
	group_begin("under a condition");
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		for (u32 cond = 0; cond < 14 && kinds[i].word >> 28 == 14; cond++) {
			u32 op = (i + cond) % 15, word = (kinds[i].word & 0x0fffffff) | cond << 28 | op << kinds[i].shift;

			put(word, UDF);
			for (u32 flags = 0; flags < 16; flags++) {
				union state before, after;

				ctx_init(&before.c, MODE_SVC | mask_of(flags & 7) | flags << 28);
				after = before;
				if (passes(cond, flags << 28))
					kinds[i].effect(&after, op);
				run(kinds[i].name, op, &before, &after, 0x7fff, flags & 1);
			}
		}
	/* msr cpsr_c and msr spsr_fsxc, stmdb with ^ */
	for (u32 cond = 0; cond < 14; cond++)
		for (u32 flags = 0; flags < 16; flags++) {
			/* msr<cond> cpsr_c, r0; msr spsr_fsxc, r1; msr<cond> spsr_fsxc, r2; mrs r3, spsr; stmdb<cond> r4, {sp, lr}^; udf */
			const u32 words[] = { cond << 28 | 0x0121f000, 0xe16ff001, cond << 28 | 0x016ff002, 0xe14f3000, cond << 28 | 0x09446000, UDF };
			static const u32 usr[3] = { 0x12345678, 0x9abcdef0, 0 };
			union state before, after;
			bool yes = passes(cond, flags << 28);

			if (!flags)
				code = code_fresh(words, ARRAY_SIZE(words));
			bank_set(MODE_USR, usr);
			store[8] = store[9] = 0;
			ctx_init(&before.c, MODE_SVC | mask_of(flags & 1) | flags << 28);
			before.c.pc = (u32)code;
			before.r[0] = before.c.cpsr ^ PSR_I;
			before.r[1] = 0x13;
			before.r[2] = 0x8000001f;
			before.r[4] = (u32)&store[10];
			after = before;
			after.r[3] = before.r[yes ? 2 : 1];
			after.c.cpsr ^= yes ? PSR_I : 0;
			ctx_run(&before.c);
			check_state("several", cond, &after, 0x7fff, VEC_UND, ARRAY_SIZE(words) - 1);
			group_check(yes ? usr[0] : 0, store[8], "stm, condition %u, flags %x: sp", cond, flags);
			group_check(yes ? usr[1] : 0, store[9], "stm, condition %u, flags %x: lr", cond, flags);
		}
	group_end();
}

/* -- the ones with more to say -- */

/* MSR CPSR_c, @rm with all values of I and those of A, F that can be, and every mode. */
static void test_msr_cpsr_c(bool change)
{
	group_begin(change ? "MSR CPSR_c to another mode" : "MSR CPSR_c");
	for (u32 rm = 0; rm < 15; rm++)
		for (u32 m = 0; m < ARRAY_SIZE(modes); m++)
			for (u32 t = 0; t < ARRAY_SIZE(modes); t++) {
				u32 bank[3] = { 0x1230, 0x4560, MODE_SVC }, low = ~(modes[m] == MODE_FIQ || modes[t] == MODE_FIQ ? 0x1f00u : 0);

				if ((t == m) == change || modes[t] == MODE_UND)
					continue;
				put(0xe121f000 | rm, end_word(modes[t]));
				for (u32 n = 0; n < 32; n++) {
					union state before, after;

					if (change && modes[t] != MODE_SVC)
						bank_set(modes[t], bank);
					ctx_init(&before.c, modes[m] | mask_of(n & 1 ? 1 : 0) | (n & 16 ? PSR_E : 0) | next_flags());
					/* A is in another byte, T is never written, all other bits have no meaning */
					before.r[rm] = 0xa5a5ff20 | modes[t] | (mask_of(n >> 1) & (PSR_I | PSR_F));
					after = before;
					after.c.cpsr = (before.c.cpsr & ~0xdfu) | (before.r[rm] & 0xdf);
					if (change) {
						after.c.sp = bank[0];
						after.c.lr = bank[1];
					}
					run("msr", rm, &before, &after, change ? low & 0x1fff & ~(1u << rm) : 0x7fff, false);
					if (n & 1 && !change)
						run("msr", rm, &before, &after, 0x7fff, true);
				}
			}
	group_end();
}

/* MSR SPSR_fsxc, then MRS SPSR. Bits 23:20 do not exist (B1.3.3), but what reads as 0 must do so. */
static void test_spsr(void)
{
	group_begin("SPSR");
	for (u32 rm = 0; rm < 15; rm++)
		for (u32 rd = 0; rd < 15; rd += 1 + (rm != rd)) {
			u32 words[] = { 0xe16ff000 | rm, 0xe14f0000 | rd << 12, 0 };

			for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
				union state before, after;
				u32 masks = mask_of(rm + m + rd), value = 0xf90fffff ^ (rm << 27 | rd << 8);

				if (!has_spsr(modes[m]))
					continue;
				words[2] = end_word(modes[m]);
				code = code_fresh(words, ARRAY_SIZE(words));
				ctx_init(&before.c, modes[m] | masks | next_flags());
				before.c.pc = (u32)code;
				before.r[rm] = value;
				after = before;
				after.r[rd] = value;
				ctx_run(&before.c);
				check_state("spsr", rm << 4 | rd, &after, 0x7fff, modes[m] == MODE_UND ? VEC_SVC : VEC_UND, 2);
			}
		}
	group_end();
}

/* STMDB Rn, {sp, lr}^ */
static void test_stm(void)
{
	static const u32 usr[3] = { 0x12345678, 0x9abcdef0, 0 };

	group_begin("STM of the User bank");
	for (u32 rn = 0; rn < 15; rn++)
		for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
			if (!has_spsr(modes[m]))
				continue;
			put(0xe9406000 | rn << 16, end_word(modes[m]));
			for (u32 n = 0; n < 8; n++) {
				union state before;
				volatile u32 *top = &store[32 + (rn & 7)];

				top[0] = top[-1] = top[-2] = top[-3] = 0xdeadbeef;
				bank_set(MODE_USR, usr);
				ctx_init(&before.c, modes[m] | mask_of(n) | next_flags());
				before.r[rn] = (u32)top;
				run("stm", rn, &before, &before, 0x7fff, n & 1);
				group_check(0xdeadbeef, top[0], "stm %u mode %x: above", rn, modes[m]);
				group_check(usr[1], top[-1], "stm %u mode %x: lr", rn, modes[m]);
				group_check(usr[0], top[-2], "stm %u mode %x: sp", rn, modes[m]);
				group_check(0xdeadbeef, top[-3], "stm %u mode %x: below", rn, modes[m]);
			}
		}
	group_end();
}

/* Into the page that it stands in, as of a kernel whose first stack is beside its code. */
static void test_stm_own_page(void)
{
	static const u32 usr[3] = { 0x2345678a, 0xabcdef00, 0 };

	group_begin("STM of the User bank, own page");
	for (u32 rn = 0; rn < 15; rn++) {
		volatile u32 *top;

		put(0xe9406000 | rn << 16, UDF);
		top = &code[512 + rn];
		for (u32 n = 0; n < 2; n++) {
			union state before;

			bank_set(MODE_USR, usr);
			ctx_init(&before.c, MODE_SVC | mask_of(n) | next_flags());
			before.r[rn] = (u32)top;
			run("stm", rn, &before, &before, 0x7fff, false);
			group_check(usr[1], top[-1], "stm %u: lr", rn);
			group_check(usr[0], top[-2], "stm %u: sp", rn);
		}
	}
	group_end();
}

/* One that cannot store: the abort is the instruction's own. */
static void test_stm_abort(void)
{
	static const u32 bad[] = { 0x30000000, 0x30000004, 0x30001002, 0 };

	group_begin("STM of the User bank that aborts");
	for (u32 rn = 0; rn < 15; rn++)
		for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
			union state before;

			put(0xe9406000 | rn << 16, UDF);
			ctx_init(&before.c, MODE_SVC | mask_of(1) | next_flags());
			before.c.pc = (u32)code;
			before.r[rn] = bad[i];
			ctx_run(&before.c);
			check_state("stm", rn, &before, 0x7fff, VEC_DABT, 1);
			group_check(bad[i] & 3 ? FS_ALIGN | FSR_WNR : FS_TRANS_SECT | FSR_WNR, DFSR_FS(exc_frame.dfsr), "stm %u: status", rn);
			group_check(bad[i] - 8, exc_frame.dfar, "stm %u: address", rn);
		}
	group_end();
}

/* MCR DACR, then MRC DACR: domain 0 is what all of this lives in, others are not in use. */
static void test_dacr_write(void)
{
	static const u32 values[] = {
		DACR_CLIENT(0), DACR_CLIENT(0) | DACR_CLIENT(3), DACR_CLIENT(0), DACR_CLIENT(0) | 0x55550000, DACR_CLIENT(0) | 0xfff00000,
		0x55555555, DACR_CLIENT(0) | 0x80000000, DACR_CLIENT(0) | DACR_CLIENT(2), DACR_CLIENT(0),
	};

	group_begin("DACR write");
	for (u32 rt = 0; rt < 15; rt++) {
		u32 rd = (rt + 4) % 15;
		u32 words[] = { 0xee030f10 | rt << 12, 0xee130f10 | rd << 12, 0 };

		for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
			words[2] = end_word(modes[m]);
			code = code_fresh(words, ARRAY_SIZE(words));
			for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
				union state before, after;

				ctx_init(&before.c, modes[m] | mask_of(i) | next_flags());
				before.c.pc = (u32)code;
				before.r[rt] = values[i];
				after = before;
				after.r[rd] = values[i];
				ctx_run(&before.c);
				check_state("dacr", rt, &after, 0x7fff, modes[m] == MODE_UND ? VEC_SVC : VEC_UND, 2);
				group_check(values[i], MRC(0, c3, c0, 0), "dacr %u mode %x: value", rt, modes[m]);
			}
		}
	}
	group_end();
}

/* The order of bytes changes between them: SETEND is no system instruction and does not trap. */
static void test_setend(void)
{
	/* setend be; cpsid i; mrs r0; cpsie i; mrs r1; msr cpsr_c, r2; mrs r3; mcr dacr, r4; mrc dacr, r5; setend le; mrs r6; udf */
	static const u32 words[] = {
		0xf1010200, 0xf10c0080, 0xe10f0000, 0xf1080080, 0xe10f1000, 0xe121f002, 0xe10f3000, 0xee034f10, 0xee135f10, 0xf1010000,
		0xe10f6000, UDF,
	};
	union state before, after;

	group_begin("SETEND");
	code = code_fresh(words, ARRAY_SIZE(words));
	for (u32 n = 0; n < 8; n++) {
		ctx_init(&before.c, MODE_SVC | mask_of(n) | PSR_C);
		before.c.pc = (u32)code;
		before.r[2] = before.c.cpsr ^ PSR_I;
		before.r[4] = DACR_CLIENT(0) | DACR_CLIENT(n + 1);
		after = before;
		after.r[0] = before.c.cpsr | PSR_E | PSR_I;
		after.r[1] = after.r[0] & ~PSR_I;
		after.r[3] = (after.r[0] & ~PSR_I) | (before.r[2] & PSR_I);
		after.r[5] = before.r[4];
		after.r[6] = after.c.cpsr = after.r[3] & ~PSR_E;
		ctx_run(&before.c);
		check_state("setend", n, &after, 0x7fff, VEC_UND, ARRAY_SIZE(words) - 1);
	}
	group_end();
}

/* What of an SPSR exists is known after reading it once: whether there was an exception in between must not show. */
static void test_spsr_bits(void)
{
	/* msr spsr_fsxc, r0; mrs r1, spsr; mrc midr, r2 (traps where a hypervisor is); mrs r3, spsr; udf */
	static const u32 words[] = { 0xe16ff000, 0xe14f1000, 0xee102f10, 0xe14f3000, UDF };
	struct ctx c;

	group_begin("SPSR bits");
	code = code_fresh(words, ARRAY_SIZE(words));
	for (u32 i = 0; i < 32; i++) {
		ctx_init(&c, MODE_SVC | mask_of(1));
		c.pc = (u32)code;
		c.r[0] = 1u << i;
		ctx_run(&c);
		group_check(exc_frame.r[3], exc_frame.r[1], "bit %u: at once", i);
		if (i < 20 || i > 23)
			group_check(c.r[0], exc_frame.r[1], "bit %u", i);
	}
	group_end();
}

/* A system call says in SPSR what User mode had, also what it had masked. User code has a megabyte of its own, as it always has. */
static void test_system_call(void)
{
	u32 *page = (u32 *)0x20000000;
	union state before;

	group_begin("system call");
	pt_section(l1_main, (u32)page, TEST_RAM | S_RAM);
	page[0] = 0xe320f000;
	page[1] = SVC;
	code_sync(page, 8);
	code = page;
	for (u32 i = 0; i < 64; i++) {
		ctx_init(&before.c, MODE_USR | mask_of(i & 7) | next_flags());
		before.c.pc = (u32)page;
		ctx_run(&before.c);
		check_state("svc", i, &before, 0x7fff, VEC_SVC, 1);
		group_check(MODE_SVC | PSR_I, exc_frame.cpsr & (PSR_MODE | PSR_I | PSR_E | PSR_T), "svc %u: CPSR", i);
		group_check(before.c.cpsr & (PSR_A | PSR_F), exc_frame.cpsr & (PSR_A | PSR_F), "svc %u: A and F", i);
	}
	group_end();
}

/* Which of A and F does this world let a kernel change (SCR.AW, SCR.FW)? */
static u32 find_masks(void)
{
	u32 old = cpsr_read(), now;

	asm volatile("msr cpsr_cx, %0" : : "r"(old ^ (PSR_A | PSR_F)) : "memory");
	now = cpsr_read();
	asm volatile("msr cpsr_cx, %0" : : "r"(old) : "memory");
	return (old ^ now) & (PSR_A | PSR_F);
}

void guest_main(void)
{
	bool board = BOARD_IS_OMAP3;

	masks_can = find_masks();
	info("masks that can be changed", masks_can);
	if (board) {
		intc_init();
		intc_unmask(LINE);
	}
	pt_flat(l1_main);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	cp15_values();
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		test_kind(&kinds[i]);
	test_conditional();
	test_msr_cpsr_c(false);
	test_msr_cpsr_c(true);
	test_spsr();
	test_spsr_bits();
	test_setend();
	test_system_call();
	test_stm();
	test_stm_own_page();
	test_stm_abort();
	test_dacr_write();
	intc_mask(LINE);
}
