// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: how kernels begin an abort, an interrupt or an Undefined instruction: from the vector in a straight line, which stores three words below its
 * own sp, to Supervisor mode and an address by the mode that was left. A hypervisor may do that in one go, and the exception as well. A model says what
 * the state is behind it, or at a store that aborts; and everything changes that the line is made of: its words, its table, the vector, tables of pages, domains.
 */
#include "guest.h"

#define UDF		0xe7f000f0u
#define OPEN		0x55u
#define PSR_BITS	(PSR_NZCVQ | PSR_GE | PSR_E | PSR_A | PSR_I | PSR_F | PSR_T | PSR_IT | PSR_MODE)
#define RUNS		6u		/* a hypervisor learns */

#define VA		0x30000000u
#define STUB_VA		(VA + 0x100000u)	/* what the vectors lead to, */
#define VECTORS_VA	(VA + 0x11000u)	/* they themselves, */
#define STACK_VA	(VA + 0x20000u)	/* and two pages of stack */
#define NOWHERE		(VA + 0x90000u)
#define READ_ONLY_VA	(VA + 0x200000u)
#define READ_ONLY	(READ_ONLY_VA + 0x5000u)	/* nobody may write there */
#define READ_ONLY_DOM	3u
#define READ_ONLY_PA	(DATA + 0x60000u)
#define DATA		(TEST_RAM + 0x00400000u)
#define STUB_PA(n)	(DATA + 0x1000u * (n))
#define VECTORS_PA(n)	(DATA + 0x20000u + 0x1000u * (n))
#define STACK_PA(n)	(DATA + 0x40000u + 0x1000u * (n))
#define USER		((u32 *)0x20100000u)
#define USER_DATA	(DATA + 0x00800000u)
#define READ_ONLY_BITS	(P_SMALL | P_WB | P_XN | P_AP(1, 3))
#define KERNEL		(P_SMALL | P_WB | P_AP(0, 1))
#define STUB_AT		0x100u		/* a stub's place, */
#define END_AT		0x800u		/* and where it leads to, by mode */
#define HOOK_AT		0xc00u		/* data aborts that are none of the test's, as kernels have all stubs in one page */

static u32 masks;
static u32 turn = 0x2545f491;
static u32 *va_l2, *stub_l2, *read_only_l2;
static u32 *kernel_code;
static const char *what;

static u32 random(void)
{
	turn ^= turn << 13;
	turn ^= turn >> 17;
	turn ^= turn << 5;
	return turn;
}

static u32 random_flags(void)
{
	return random() & (PSR_NZCVQ | PSR_GE);
}

/* How many comparisons there are may depend on what a hypervisor does, so only those count that fail. */
#define same(want, is, ...)	do { if ((u32)(want) != (u32)(is)) group_check(want, is, __VA_ARGS__); } while (0)

/* -- the code -- */

static const struct kind {
	const char *name;
	u32 vector, mode;
	u32 word;		/* takes the exception, if r1 points to where: */
	u32 where;
	u32 less;		/* what the line takes off lr, */
	u32 lr;			/* which is so far behind that word */
	bool thumb;		/* the word is two halfwords of T32 code */
} kinds[] = {
	{ "data abort", VEC_DABT, MODE_ABT, 0xe5910000, NOWHERE, 8, 8, false },		/* ldr r0, [r1] */
	{ "prefetch abort", VEC_PABT, MODE_ABT, 0xe1200070, NOWHERE, 4, 4, false },	/* bkpt */
	{ "Undefined", VEC_UND, MODE_UND, UDF, NOWHERE, 0, 4, false },
	{ "data abort in Thumb code", VEC_DABT, MODE_ABT, 0x68086808, NOWHERE, 8, 8, true },
	{ "Undefined in Thumb code", VEC_UND, MODE_UND, 0xde17de17, NOWHERE, 0, 2, true },
	{ "store to what is read-only", VEC_DABT, MODE_ABT, 0xe5810000, READ_ONLY, 8, 8, false },	/* str r0, [r1] */
	{ "the same in Thumb code", VEC_DABT, MODE_ABT, 0x60086008, READ_ONLY, 8, 8, true },
	{ "store to nowhere", VEC_DABT, MODE_ABT, 0xe5810000, NOWHERE, 8, 8, false },
	{ "VFP instruction while the unit is disabled", VEC_UND, MODE_UND, 0xee300a20, NOWHERE, 0, 4, false },	/* vadd.f32 s0, s0, s1 */
	{ "the same in Thumb code", VEC_UND, MODE_UND, 0x0a20ee30, NOWHERE, 0, 2, true },
};
static const u32 modes[] = { MODE_USR, MODE_SVC, MODE_SYS, MODE_IRQ };

#define FORMS		3u
#define WORDS		13u
struct stub {
	u32 n;
	u32 word[WORDS];
};

/* The ways of Linux, of an older one, and one that goes on in Supervisor mode with more in registers. */
static void stub_make(struct stub *s, u32 form, u32 mode, u32 less)
{
	const u32 forms[FORMS][WORDS] = {
		{ 0xe24ee000 | less, 0xe88d4001, 0xe14fe000, 0xe58de008, 0xe10f0000, 0xe2200000 | (mode ^ MODE_SVC), 0xe16ff000, 0xe20ee00f, 0xe1a0000d,
		  0xe79fe10e, 0xe1b0f00e },
		{ 0xe24ee000 | less, 0xe58d0000, 0xe58de004, 0xe14fe000, 0xe58de008, 0xe10f0000, 0xe3c0001f, 0xe3800013, 0xe16ff000, 0xe20ee00f, 0xe1a0000d,
		  0xe79fe10e, 0xe1b0f00e },
		{ 0xe24ee000 | less, 0xe88d4001, 0xe1a0000e, 0xe14fe000, 0xe58de008, 0xe10f1000, 0xe2211000 | (mode ^ MODE_SVC), 0xe16ff001, 0xe28d1004,
		  0xe20ee00f, 0xe79fe10e, 0xe1b0f00e },
	};

	for (s->n = 0; s->n < WORDS && forms[form][s->n]; s->n++)
		s->word[s->n] = forms[form][s->n];
}

static u32 page_now, vectors_now;	/* of those at the two addresses */

/* At the end of @s there is its table. */
static void stub_put(const struct stub *s, u32 end)
{
	volatile u32 *to = (volatile u32 *)(STUB_PA(page_now) + STUB_AT), *last = (volatile u32 *)(STUB_PA(page_now) + END_AT);
	volatile u32 *hook = (volatile u32 *)(STUB_PA(page_now) + HOOK_AT);

	for (u32 i = 0; i < s->n; i++)
		to[i] = s->word[i];
	for (u32 m = 0; m < 16; m++) {
		to[s->n + m] = end + 16 * m;
		last[4 * m] = UDF;
	}
	hook[0] = 0xe51ff004;		/* ldr pc, [pc, #-4] */
	hook[1] = (u32)hook_4;
	code_sync((void *)STUB_PA(page_now), 0x1000);
}

static void map_vectors(void)
{
	pt_page(va_l2, VECTORS_VA, VECTORS_PA(vectors_now) | KERNEL);
	tlb_mva(VECTORS_VA);
}

static void map_stub(u32 page, u32 bits)
{
	pt_page(stub_l2, STUB_VA, bits ? STUB_PA(page) | bits : 0);
	tlb_mva(STUB_VA);
}

/* Exception @vector begins at @target, by a branch or an address that is loaded. */
static void vectors_put(u32 vector, u32 target, bool branch)
{
	u32 *to = (u32 *)VECTORS_PA(vectors_now);

	vector_table_build(to);
	to[8 + VEC_DABT] = STUB_VA + HOOK_AT;
	if (branch)
		to[vector] = 0xea000000 | ((target - VECTORS_VA - 4 * vector - 8) >> 2 & 0xffffff);
	else
		to[8 + vector] = target;
	code_sync(to, 64);
}

/* Pages that were not written for long: what is written all the time may be executed in another way. */
static void fresh(void)
{
	page_now = (page_now + 1) % 12;
	vectors_now = (vectors_now + 1) % 12;
	map_vectors();
	map_stub(page_now, KERNEL);
}

/* The one that ends a line: not the one that began it. */
static u32 end_of(const struct kind *k)
{
	return k->vector == VEC_UND ? NOWHERE : STUB_VA + END_AT;
}

static u32 end_vector(const struct kind *k)
{
	return k->vector == VEC_UND ? VEC_PABT : VEC_UND;
}

/* -- running -- */

static struct {
	u32 r[13], sp, lr, at, psr, stack;
} start;

/* @k happens in @mode with the other mode's stack at @sp. Returns the vector that ended it. */
static int cause(const struct kind *k, u32 mode, u32 sp, u32 dacr)
{
	const u32 bank[3] = { sp, random(), random_flags() | MODE_USR };
	u32 *at = mode == MODE_USR ? USER + 64 * (k - kinds) : kernel_code + 64 * (k - kinds);
	struct ctx c;

	ctx_init(&c, mode | masks | random_flags() | (k->thumb ? PSR_T : 0));
	for (u32 i = 0; i < 13; i++)
		start.r[i] = c.r[i] = random();
	start.r[1] = c.r[1] = k->where;
	start.sp = c.sp = random() & ~3u;
	start.lr = c.lr = random();
	c.pc = start.at = (u32)at;
	start.psr = c.cpsr;
	start.stack = sp;
	bank_set(k->mode, bank);
	(void)*(volatile u32 *)READ_ONLY;	/* it is there */
	MCR(0, c3, c0, 0, dacr);
	isb();
	return ctx_run(&c);
}

/* What the registers are behind @form. */
static void model(u32 form, const struct kind *k, u32 *r)
{
	for (u32 i = 0; i < 13; i++)
		r[i] = start.r[i];
	r[0] = form < 2 ? start.stack : start.at + k->lr - k->less;
	if (form == 2)
		r[1] = start.stack + 4;
}

/* What a data abort says. */
static void check_fault(const struct kind *k)
{
	u32 fs = k->where == READ_ONLY ? FS_PERM_PAGE : FS_TRANS_PAGE, store = k->thumb ? !(k->word & 0x0800) : !(k->word & 0x00100000);

	if (k->vector != VEC_DABT)
		return;
	same(k->where, exc_frame.dfar, "%s, %s: DFAR", what, k->name);
	same(fs | (store ? FSR_WNR : 0), DFSR_FS(exc_frame.dfsr), "%s, %s: DFSR", what, k->name);
	same(k->where == READ_ONLY ? READ_ONLY_DOM : 0, DFSR_DOM(exc_frame.dfsr), "%s, %s: domain", what, k->name);
}

/* The line came to its end. */
static void check_whole(u32 form, const struct kind *k, u32 mode, int vector)
{
	const u32 *stack = (const u32 *)(STACK_PA(0) + start.stack - STACK_VA);
	u32 r[13], bank[3], end = end_of(k) + 16 * (mode & 15);
	u32 psr = (start.psr & (PSR_NZCVQ | PSR_GE | PSR_F)) | PSR_I | MODE_SVC;

	model(form, k, r);
	check_fault(k);
	same(end_vector(k), vector, "%s, %s: vector (DFAR %x, IFAR %x)", what, k->name, exc_frame.dfar, exc_frame.ifar);
	same(end + 4, exc_frame.exc_lr, "%s, %s: where", what, k->name);
	same(psr, exc_frame.spsr & PSR_BITS & ~PSR_A, "%s, %s: CPSR", what, k->name);
	for (u32 i = 0; i < 13; i++)
		same(r[i], exc_frame.r[i], "%s, %s: r%u", what, k->name, i);
	same(start.r[0], stack[0], "%s, %s: r0 on the stack", what, k->name);
	same(start.at + k->lr - k->less, stack[1], "%s, %s: pc on the stack", what, k->name);
	same(start.psr & PSR_BITS & ~PSR_A, stack[2] & PSR_BITS & ~PSR_A, "%s, %s: CPSR on the stack", what, k->name);
	if (mode == MODE_SVC) {
		same(start.sp, exc_frame.sp, "%s, %s: sp", what, k->name);
		same(start.lr, exc_frame.lr, "%s, %s: lr", what, k->name);
	}
	bank_get(k->mode, bank);
	same(start.stack, bank[0], "%s, %s: the mode's sp", what, k->name);
	same(end, bank[1], "%s, %s: the mode's lr", what, k->name);
	same(psr, bank[2] & PSR_BITS & ~PSR_A, "%s, %s: the mode's SPSR", what, k->name);
	stacks_init();
}

static void whole(u32 form, const struct kind *k, u32 mode, u32 offset)
{
	u32 *stack = (u32 *)(STACK_PA(0) + offset);

	for (u32 i = 0; i < 4; i++)
		stack[i] = random();
	check_whole(form, k, mode, cause(k, mode, STACK_VA + offset, OPEN));
}

static void runs(u32 form, const struct kind *k)
{
	for (u32 i = 0; i < RUNS; i++)
		whole(form, k, k->thumb ? MODE_USR : modes[i % ARRAY_SIZE(modes)], 4 * (random() % 900));
}

/* @k by a line of @form, in pages that are new. */
static void put(u32 form, const struct kind *k, bool branch)
{
	struct stub s;

	fresh();
	stub_make(&s, form, k->mode, k->less);
	stub_put(&s, end_of(k));
	vectors_put(k->vector, STUB_VA + STUB_AT, branch);
	map_vectors();
}

static void begin(const char *name)
{
	what = name;
	group_begin(name);
	stacks_init();
	pt_page(va_l2, STACK_VA, STACK_PA(0) | KERNEL);
	pt_page(va_l2, STACK_VA + 0x1000, STACK_PA(1) | KERNEL);
	map_vectors();
	map_stub(page_now, KERNEL);
	tlb_all();
	MCR(0, c12, c0, 0, VECTORS_VA);
	isb();
}

static void end(void)
{
	MCR(0, c12, c0, 0, exc_vectors);
	MCR(0, c3, c0, 0, OPEN);
	isb();
	stacks_init();
	group_end();
}

/* -- tests -- */

static void test_lines(void)
{
	begin("lines");
	for (u32 n = 0; n < FORMS * ARRAY_SIZE(kinds) * 2; n++) {
		const struct kind *k = &kinds[n / 2 % ARRAY_SIZE(kinds)];
		u32 form = n / 2 / ARRAY_SIZE(kinds);

		put(form, k, n & 1);
		runs(form, k);
		runs(form, k);
	}
	end();
}

static void map_fault(const struct kind *k, u32 bits)
{
	pt_page(k->where == READ_ONLY ? read_only_l2 : va_l2, k->where, bits ? READ_ONLY_PA | bits : 0);
}

/* Now the access goes through, at once. */
static void goes_through(const struct kind *k)
{
	bool was_there = k->where == READ_ONLY;

	map_fault(k, P_RAM);
	if (was_there)
		tlb_mva(k->where);
	dsb();
	same(VEC_SVC, cause(k, MODE_USR, STACK_VA + 0x400, OPEN), "%s, %s: vector when it is there", what, k->name);
	map_fault(k, was_there ? READ_ONLY_BITS : 0);
	tlb_mva(k->where);
	stacks_init();
}

static void again(u32 form, const struct kind *k, u32 times)
{
	for (u32 i = 0; i < times; i++)
		whole(form, k, MODE_USR, 0x400);
}

/* Data aborts of User mode with one and the same stack, at one and the same place: until something is otherwise. */
static void test_again(void)
{
	begin("again and again");
	for (u32 n = 0; n < FORMS * ARRAY_SIZE(kinds); n++) {
		const struct kind *k = &kinds[n % ARRAY_SIZE(kinds)];
		u32 form = n / ARRAY_SIZE(kinds);

		if (k->vector != VEC_DABT)
			continue;
		put(form, k, n & 1);
		again(form, k, 40);
		for (u32 i = 0; i < 3; i++) {
			goes_through(k);
			again(form, k, 6);
		}
		pt_page(va_l2, STACK_VA, 0);			/* the stack's page is there, but not used yet */
		tlb_mva(STACK_VA);
		pt_page(va_l2, STACK_VA, STACK_PA(0) | KERNEL);
		dsb();
		again(form, k, 6);
		whole(form, k, MODE_USR, 0x500);
		whole(form, k, MODE_SVC, 0x400);
		again(form, k, 100);
		tlb_all();
		again(form, k, 6);
	}
	end();
}

#define AP(apx, ap)	(P_SMALL | P_WB | P_AP(apx, ap))
static const struct { u32 bits, fs; } rights[] = {
	{ 0, FS_TRANS_PAGE }, { AP(0, 0), FS_PERM_PAGE }, { AP(1, 1), FS_PERM_PAGE }, { AP(1, 3), FS_PERM_PAGE }, { AP(0, 1), 0 }, { AP(0, 2), 0 },
	{ P_RAM, 0 }, { P_SMALL | P_AP(0, 1), 0 },	/* strongly ordered */
};

static void set_right(u32 n, u32 right)
{
	pt_page(va_l2, STACK_VA + 0x1000 * n, rights[right].bits ? STACK_PA(n) | rights[right].bits : 0);
	tlb_mva(STACK_VA + 0x1000 * n);
}

/* A store to the stack aborts: the machine stands at it, in the exception's own mode. */
static void check_store(const struct kind *k, u32 insn, u32 far, u32 fs, int vector)
{
	same(VEC_DABT, vector, "%s: vector", what);
	same(STUB_VA + STUB_AT + 4 * insn + 8, exc_frame.exc_lr, "%s: where", what);
	same(k->mode, exc_frame.spsr & PSR_MODE, "%s: mode", what);
	same(far, exc_frame.dfar, "%s: DFAR", what);
	same(fs | FSR_WNR, DFSR_FS(exc_frame.dfsr), "%s: DFSR", what);
	for (u32 i = 0; i < 13; i++)
		same(start.r[i], exc_frame.r[i], "%s: r%u", what, i);
	stacks_init();
}

static void test_stack(void)
{
	begin("the stack's pages");
	for (u32 n = 0; n < 2 * ARRAY_SIZE(rights) * ARRAY_SIZE(rights); n++) {
		const struct kind *k = &kinds[1 + n % 2];
		u32 first = n / 2 % ARRAY_SIZE(rights), second = n / 2 / ARRAY_SIZE(rights), sp = STACK_VA + 0x1000 - 4 * (random() % 4), far = sp, vector;

		put(0, k, true);
		runs(0, k);
		set_right(0, first);
		set_right(1, second);
		vector = (u32)cause(k, n % 3 ? MODE_USR : MODE_SVC, sp, OPEN);
		while (far < sp + 12 && !rights[(far - STACK_VA) >> 12 ? second : first].fs)
			far += 4;
		if (far == sp + 12)
			same(end_vector(k), vector, "%s: vector", what);
		else if (far == sp || far == sp + 4)
			check_store(k, 1, far, rights[(far - STACK_VA) >> 12 ? second : first].fs, (int)vector);
		else
			same(VEC_DABT, vector, "%s: vector of the last store", what);
		stacks_init();
		set_right(0, 4);
		set_right(1, 4);
	}
	put(0, &kinds[2], true);
	runs(0, &kinds[2]);
	for (u32 n = 1; n < 4; n++)
		check_store(&kinds[2], 1, STACK_VA + 0x200 + n, FS_ALIGN, cause(&kinds[2], MODE_USR, STACK_VA + 0x200 + n, OPEN));
	end();
}

/* The line's words, its table, the vector: written where they are. */
static void test_patched(void)
{
	begin("words change");
	for (u32 n = 0; n < 24; n++) {
		const struct kind *k = &kinds[n % 3];
		volatile u32 *stub, *vectors;
		struct stub s;

		put(n % FORMS, k, n & 1);
		runs(n % FORMS, k);
		stub_make(&s, (n + 1) % FORMS, k->mode, k->less);
		stub_put(&s, end_of(k));
		runs((n + 1) % FORMS, k);
		stub = (volatile u32 *)(STUB_PA(page_now) + STUB_AT);
		for (u32 i = 0; i < s.n + 16; i++)		/* all of it goes elsewhere, what was there is Undefined */
			stub[64 + i] = stub[i];
		for (u32 i = 0; i < s.n + 16; i++)
			stub[i] = 0;
		vectors = (volatile u32 *)VECTORS_PA(vectors_now);
		if (n & 1)
			vectors[k->vector] += 64;
		else
			vectors[8 + k->vector] += 256;
		code_sync((void *)STUB_PA(page_now), 0x1000);
		code_sync((void *)vectors, 64);
		runs((n + 1) % FORMS, k);
		stub[64 + s.n + (MODE_USR & 15)] += 16;		/* an address of the table */
		code_sync((void *)STUB_PA(page_now), 0x1000);
		for (u32 i = 0; i < RUNS; i++) {
			same(end_vector(k), cause(k, MODE_USR, STACK_VA + 0x100, OPEN), "%s: table: vector", what);
			same(end_of(k) + 16 + 4, exc_frame.exc_lr, "%s: table: where", what);
			stacks_init();
		}
	}
	end();
}

/* Another page where the line is, or none, or one that is not executable. */
static void test_mapping(void)
{
	const struct kind *k = &kinds[2];
	struct stub s;

	begin("the mapping changes");
	put(0, k, true);
	runs(0, k);
	for (u32 n = 0; n < 12; n++) {
		u32 page = page_now;

		page_now = (page + 1) % 12;
		stub_make(&s, n % FORMS, k->mode, k->less);
		stub_put(&s, end_of(k));
		map_stub(page_now, KERNEL);
		runs(n % FORMS, k);
		map_stub(page_now, n & 1 ? KERNEL | P_XN : 0);
		same(VEC_PABT, cause(k, modes[n % 4], STACK_VA + 0x100, OPEN), "%s: vector", what);
		same(STUB_VA + STUB_AT + 4, exc_frame.exc_lr, "%s: where", what);
		same(MODE_UND, exc_frame.spsr & PSR_MODE, "%s: mode", what);
		stacks_init();
		map_stub(page_now, KERNEL);
		runs(n % FORMS, k);
	}
	end();
}

/* The line is in a domain that the kernel may have closed; the vectors are not. */
static void test_domains(void)
{
	const struct kind *k = &kinds[2];

	begin("a domain is closed");
	put(0, k, true);
	pt_section(l1_main, STUB_VA, L1_TABLE(stub_l2, 5));
	tlb_all();
	for (u32 n = 0; n < 12; n++) {
		for (u32 i = 0; i < RUNS; i++) {
			same(VEC_PABT, cause(k, modes[i % 4], STACK_VA + 0x100, OPEN | DACR_CLIENT(5)), "%s: open: vector", what);
			same(NOWHERE + 16 * (modes[i % 4] & 15) + 4, exc_frame.exc_lr, "%s: open: where", what);
			stacks_init();
		}
		same(VEC_PABT, cause(k, modes[n % 4], STACK_VA + 0x100, OPEN), "%s: vector", what);
		same(STUB_VA + STUB_AT + 4, exc_frame.exc_lr, "%s: where", what);
		same(FS_DOM_PAGE, IFSR_FS(exc_frame.ifsr), "%s: IFSR", what);
		stacks_init();
	}
	pt_section(l1_main, STUB_VA, L1_TABLE(stub_l2, 0));
	tlb_all();
	end();
}

/* The line's page comes to be there again when system calls have been made, from code that is executed for the first time. */
static void test_late(void)
{
	const struct kind *k = NULL;
	const u32 call = 0xef000000;

	begin("system calls first");
	for (u32 n = 0; n < 48; n++) {
		u32 *at = code_fresh(&call, 1);
		struct ctx c;

		if (n % 8 == 0) {
			k = &kinds[n / 8 % 3];
			put(n / 8 % FORMS, k, n & 8);
			runs(n / 8 % FORMS, k);
		}
		map_stub(page_now, 0);
		for (u32 i = 0; i < RUNS; i++) {
			ctx_init(&c, MODE_SVC | masks);
			c.pc = (u32)at;
			same(VEC_SVC, ctx_run(&c), "%s: vector", what);
		}
		map_stub(page_now, KERNEL);
		for (u32 i = 0; i < 4; i++)
			runs(n / 8 % FORMS, k);
	}
	end();
}

/* -- interrupts -- */

#define SPIN		(USER + 0x400)	/* r12 counts turns down, then the word of a data abort */
#define AROUND		60u

static int timer_cause(const struct kind *k, u32 turns, u32 sp)
{
	const u32 bank[3] = { sp, random(), random_flags() | MODE_USR };
	struct ctx c;
	int vector;

	ctx_init(&c, MODE_USR | masks | random_flags());
	for (u32 i = 0; i < 13; i++)
		start.r[i] = c.r[i] = random();
	start.r[1] = c.r[1] = NOWHERE;
	c.r[12] = turns;
	c.pc = (u32)SPIN;
	start.stack = sp;
	bank_set(k->mode, bank);
	gpt1_oneshot(4);	/* long after what comes before, also where that is interpreted */
	vector = ctx_run(&c);
	gpt1_stop();
	(void)intc_sir();
	intc_ack();
	return vector;
}

/* Whether it came before or while the line was done, it waits behind it: the line does not unmask. */
static void test_pending(void)
{
	const struct kind *k = &kinds[0];
	u32 low = 1, high = 100000;

	begin("an interrupt comes with an abort");
	intc_unmask(GPT1_IRQ);
	put(0, k, true);
	runs(0, k);
	while (high - low > 1) {
		u32 mid = (low + high) / 2;

		if (timer_cause(k, mid, STACK_VA + 0x100) == VEC_IRQ)
			high = mid;
		else
			low = mid;
		stacks_init();
	}
	for (u32 turns = high + AROUND; turns > 1 && turns + AROUND > high; turns--) {
		const u32 *stack = (const u32 *)(STACK_PA(0) + 0x200);
		int vector = timer_cause(k, turns, STACK_VA + 0x200);

		if (vector == VEC_IRQ) {
			same(MODE_USR, exc_frame.spsr & PSR_MODE, "%s: mode", what);
			same(true, exc_frame.exc_lr - 4 <= (u32)SPIN + 8, "%s: where", what);
		} else {
			same(VEC_UND, vector, "%s: vector", what);
			same(end_of(k) + 4, exc_frame.exc_lr, "%s: end", what);
			same(STACK_VA + 0x200, exc_frame.r[0], "%s: r0", what);
			same(start.r[0], stack[0], "%s: r0 on the stack", what);
			same((u32)SPIN + 8, stack[1], "%s: pc on the stack", what);
			same(PSR_I | MODE_SVC, exc_frame.spsr & (PSR_I | PSR_MODE), "%s: CPSR", what);
		}
		stacks_init();
	}
	intc_mask(GPT1_IRQ);
	end();
}

/* The interrupt's own line. */
static void test_interrupts(void)
{
	static const struct kind irq = { "interrupt", VEC_IRQ, MODE_IRQ, 0, NOWHERE, 4, 4, false };

	begin("interrupts");
	intc_unmask(GPT1_IRQ);
	for (u32 form = 0; form < 2 * FORMS; form++) {
		put(form % FORMS, &irq, form & 1);
		for (u32 i = 0; i < RUNS; i++) {
			const u32 *stack = (const u32 *)(STACK_PA(0) + 0x300);

			same(VEC_UND, timer_cause(&irq, 1000000, STACK_VA + 0x300), "%s: vector", what);
			same(end_of(&irq) + 4, exc_frame.exc_lr, "%s: where", what);
			same(start.r[0], stack[0], "%s: r0 on the stack", what);
			same(true, stack[1] >= (u32)SPIN && stack[1] <= (u32)SPIN + 4, "%s: pc on the stack", what);
			same(MODE_USR, stack[2] & (PSR_MODE | PSR_I), "%s: CPSR on the stack", what);
			same(PSR_I | MODE_SVC, exc_frame.spsr & (PSR_I | PSR_MODE), "%s: CPSR", what);
			for (u32 r = 2; r < 12; r++)
				same(start.r[r], exc_frame.r[r], "%s: r%u", what, r);
			stacks_init();
		}
	}
	intc_mask(GPT1_IRQ);
	end();
}

void guest_main(void)
{
	const u32 spin[] = { 0xe25cc001, 0x1afffffd, 0xe5910000 };	/* subs r12, r12, #1; bne; ldr r0, [r1] */
	static u32 code[64 * ARRAY_SIZE(kinds)];

	if (BOARD_IS_OMAP3) {
		intc_init();
		gpt1_init();
	}
	irq_disable();
	asm volatile("cpsie af");
	masks = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	va_l2 = l2_alloc();
	stub_l2 = l2_alloc();
	read_only_l2 = l2_alloc();
	pt_section(l1_main, VA, L1_TABLE(va_l2, 0));
	pt_section(l1_main, STUB_VA, L1_TABLE(stub_l2, 0));
	pt_section(l1_main, READ_ONLY_VA, L1_TABLE(read_only_l2, READ_ONLY_DOM));
	pt_page(read_only_l2, READ_ONLY, READ_ONLY_PA | READ_ONLY_BITS);
	pt_section(l1_main, (u32)USER, USER_DATA | S_RAM);
	mmu_on_cached(l1_main, OPEN);
	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		USER[64 * k] = code[64 * k] = kinds[k].word;
		USER[64 * k + 1] = code[64 * k + 1] = kinds[k].thumb ? 0xdf00df00 : 0xef000000;	/* SVC */
	}
	for (u32 i = 0; i < ARRAY_SIZE(spin); i++)
		SPIN[i] = spin[i];
	code_sync(USER, 0x2000);
	kernel_code = code_fresh(code, ARRAY_SIZE(code));
	MCR(0, c1, c0, 2, MRC(0, c1, c0, 2) | 0x00f00000);	/* VFP is there, and disabled by FPEXC */
	isb();
	test_lines();
	test_again();
	test_stack();
	test_patched();
	test_mapping();
	test_domains();
	test_late();
	if (BOARD_IS_OMAP3) {
		test_pending();
		test_interrupts();
	} else {
		skip("interrupts", "no OMAP3 timer on this board");
	}
}
