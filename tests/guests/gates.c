// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: a kernel's way to User mode in a straight line, from a write of TPIDRURO to MOVS pc, lr, and single writes of TPIDRURO and DACR,
 * which a hypervisor may do in one go. A model does them one by one; wherever the line ends (in User mode, at an abort, an interrupt, a
 * branch), the machine must be in the state that belongs there. And instructions that are Undefined, wherever they are.
 */
#include "guest.h"

#define UDF		0xe7f000f0u
#define SVC		0xef000000u
#define NOP		0xe320f000u
#define ISB		0xf57ff06fu
#define T_UDF		0xde00u
#define T_SVC		0xdf00u
#define LINE		5u		/* of the interrupt controller, for software */
#define OPEN		0x55u		/* DACR of User mode */
#define PSR_BITS	(PSR_NZCVQ | PSR_GE | PSR_E | PSR_A | PSR_I | PSR_F | PSR_T | PSR_IT | PSR_MODE)
#define RUNS		4u		/* a hypervisor learns */

#define VA		0x30000000u	/* pages of the frame; the megabyte behind it is in domain 4 */
#define VA_PAGE		0x10u
#define DATA		(TEST_RAM + 0x00400000u)
#define HOOKS		((u32 *)0x20000000u)	/* what is at the vectors first */
#define USER		((u32 *)0x20100000u)	/* a megabyte of its own for what User mode executes */
#define USER_DATA	(DATA + 0x00800000u)

#define PLACES		((u32 *)(TEST_RAM + 0x00300000u))
#define FRAME_WORDS	17u		/* r0-r14, pc, CPSR */
#define IDLE_FRAME	((u32 *)(DATA + 0x00080000u))

static u32 masks;		/* CPSR.A and F as they are */
static u32 turn = 0x2545f491;

static u32 random(void)
{
	turn ^= turn << 13;
	turn ^= turn >> 17;
	turn ^= turn << 5;
	return turn;
}

/* -- the line -- */

enum step { TPIDRURO, MOV, DACR, MOV_SP, LDR, LDR_LR, TST, BNE, MSR, STREX, LDM, LDM_NOP, ADD, MOVS, STEPS, KEEP, SET, INCREMENT, LOAD_LR };

#define WORDS_MAX	32u
struct line {
	u32 mode, a, b, c;	/* registers: r1, r2 and the one that TPIDRURO is written from */
	u32 dacr, tst, add;
	bool r0;		/* LDM loads it */
	u32 skip;		/* bit mask of steps that are left out */
	u32 between;		/* so many other instructions are put in */
	u32 loads;		/* of lr, from its place in the frame */
	bool isb;		/* one behind DACR, where that matters to what follows */
	bool exclusive;		/* LDREX comes before it, so that STREX may store */
	u32 spins;		/* r12 counts them down before it */
	enum step step[WORDS_MAX];
	u32 word[WORDS_MAX];
	u32 lead, n;
	u32 *at;		/* where the line is, behind the lead */
};

static const struct line plain = { .mode = MODE_SVC, .a = 1, .b = 2, .c = 3, .dacr = OPEN, .tst = 0x8f, .add = 72, .r0 = true };

static u32 step_word(const struct line *l, enum step s)
{
	switch (s) {
	case TPIDRURO: return 0xee0d0f70 | l->c << 12;
	case MOV: return 0xe3a00000 | l->a << 12 | l->dacr;
	case DACR: return 0xee030f10 | l->a << 12;
	case MOV_SP: return 0xe1a0000d | l->b << 12;
	case LDR: return 0xe5900040 | l->b << 16 | l->a << 12;
	case LDR_LR: return 0xe5b0e03c | l->b << 16;
	case TST: return 0xe3100000 | l->a << 16 | l->tst;
	case BNE: return 0x1a000000;
	case MSR: return 0xe16ff000 | l->a;
	case STREX: return 0xe1800f90 | l->b << 16 | l->a << 12 | l->b;
	case LDM: return 0xe9507ffe | l->b << 16 | l->r0;
	case LDM_NOP: return random() & 1 ? NOP : 0xe1a00000;
	case ADD: return 0xe28dd000 | l->add;
	default: return 0xe1b0f00e;	/* MOVS pc, lr */
	}
}

static void add_word(struct line *l, enum step s, u32 word)
{
	l->step[l->n] = s;
	l->word[l->n++] = word;
}

/* Something between that changes little. SET and INCREMENT are of registers that the line does not use; the latter only with odd numbers. */
static void add_other(struct line *l)
{
	static const u32 keep[] = { NOP, 0xe1a00000, ISB, 0xf57ff04f, 0xf57ff01f };	/* dsb; clrex */
	u32 r = random() % (l->between & 1 ? 8 : 6);

	if (r < ARRAY_SIZE(keep))
		add_word(l, KEEP, keep[r]);
	else if (r == 5)
		add_word(l, SET, 0xe3a000a5 | 11 << 12);
	else
		add_word(l, INCREMENT, 0xe2800001 | 10 << 16 | 10 << 12);
}

static void line_words(struct line *l)
{
	u32 bne = 0, others = 0;

	l->n = 0;
	for (u32 s = 0; s < STEPS; s++) {
		if (l->skip >> s & 1)
			continue;
		if (s == BNE)
			bne = l->n;
		add_word(l, s, step_word(l, s));
		if (s == DACR && l->isb)
			add_word(l, KEEP, ISB);
		for (u32 i = 0; s == MOV_SP && i < l->loads; i++)
			add_word(l, LOAD_LR, 0xe590e03c | l->b << 16);
		while (others < l->between && s != TST && s < LDM && random() % 3 == 0) {
			add_other(l);
			others++;
		}
	}
	if (!(l->skip >> BNE & 1))
		l->word[bne] |= l->n - bne - 2;	/* to the UDF behind */
}

/* LDREX r8, [r9]; 1: SUBS r12, r12, #1; BNE 1b; the line; UDF. */
static void line_put(struct line *l)
{
	u32 code[WORDS_MAX + 8], n = 0;

	line_words(l);
	if (l->exclusive)
		code[n++] = 0xe1998f9f;
	if (l->spins) {
		code[n++] = 0xe25cc001;
		code[n++] = 0x1afffffd;
	}
	l->lead = n;
	for (u32 i = 0; i < l->n; i++)
		code[n++] = l->word[i];
	code[n++] = UDF;
	l->at = code_fresh(code, n) + l->lead;
}

/* Another word in the place of the first @s, as a kernel patches itself. */
static void line_patch(struct line *l, enum step s)
{
	u32 i = 0;

	while (l->step[i] != s)
		i++;
	l->word[i] = step_word(l, s);
	l->at[i] = l->word[i];
	code_sync(&l->at[i], 4);
}

/* -- the model -- */

struct state {
	u32 r[13], sp, lr;	/* of the mode that executes the line */
	u32 usr[2];		/* sp and lr of the User bank */
	u32 spsr, flags, tpidruro, dacr;
};

static u32 frame[FRAME_WORDS];

static void model_step(const struct line *l, struct state *s, enum step step)
{
	u32 v;

	switch (step) {
	case TPIDRURO: s->tpidruro = s->r[l->c]; break;
	case MOV: s->r[l->a] = l->dacr; break;
	case DACR: s->dacr = s->r[l->a]; break;
	case MOV_SP: s->r[l->b] = s->sp; break;
	case LDR: s->r[l->a] = frame[16]; break;
	case LDR_LR: s->lr = frame[15]; s->r[l->b] += 60; break;
	case TST:
		v = s->r[l->a] & l->tst;
		s->flags = (s->flags & ~(PSR_N | PSR_Z)) | (v & PSR_N) | (v ? 0 : PSR_Z);
		break;
	case MSR: s->spsr = s->r[l->a]; break;
	case STREX: s->r[l->a] = 1; break;	/* what is left of it where it stored is loaded over */
	case LDM:
		for (u32 i = l->r0 ? 0 : 1; i < 13; i++)
			s->r[i] = frame[i];
		s->usr[0] = frame[13];
		s->usr[1] = frame[14];
		break;
	case ADD: s->sp += l->add; break;
	case SET: s->r[11] = 0xa5; break;
	case INCREMENT: s->r[10]++; break;
	case LOAD_LR: s->lr = frame[15]; break;
	default: break;
	}
}

/* Up to instruction @n, or to a branch that is taken. Returns the number of the one that would be next. */
static u32 model(const struct line *l, struct state *s, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		if (l->step[i] == BNE && !(s->flags & PSR_Z))
			return l->n;
		model_step(l, s, l->step[i]);
	}
	return n;
}

/* The first instruction of kind @step, l->n if none. */
static u32 index_of(const struct line *l, enum step step)
{
	u32 i = 0;

	while (i < l->n && l->step[i] != step)
		i++;
	return i;
}

/* -- running -- */

static struct state start;	/* before the line */

static void frame_random(u32 pc, u32 psr)
{
	for (u32 i = 0; i < 15; i++)
		frame[i] = random();
	frame[15] = pc;
	frame[16] = psr;
}

static u32 random_flags(void)
{
	return random() & (PSR_NZCVQ | PSR_GE);
}

/* Run @l with the frame at @sp, which is written by way of @memory. Returns the vector that ended it. */
static int run(const struct line *l, u32 sp, u32 *memory, u32 old_dacr, u32 irq_mask)
{
	const u32 usr[3] = { random(), random(), 0 };
	u32 spsr = MODE_USR | masks | random_flags(), bank[3] = { 0, 0, spsr };
	struct ctx c;

	for (u32 i = 0; i < FRAME_WORDS; i++)
		for (u32 k = 0; k < 4; k++)
			((volatile u8 *)memory)[4 * i + k] = (u8)(frame[i] >> 8 * k);
	ctx_init(&c, l->mode | masks | irq_mask | random_flags());
	for (u32 i = 0; i < 13; i++)
		c.r[i] = random();
	if (l->exclusive)
		c.r[9] = sp + 60;
	if (l->spins)
		c.r[12] = l->spins;
	c.sp = sp;
	c.lr = random();
	c.pc = (u32)(l->at - l->lead);
	bank_set(MODE_USR, usr);
	if (l->mode == MODE_SVC)
		asm volatile("msr spsr_cxsf, %0" : : "r"(spsr));
	else
		bank_set(l->mode, bank);
	for (u32 i = 0; i < 13; i++)
		start.r[i] = c.r[i];
	start.sp = sp;
	start.lr = c.lr;
	start.usr[0] = usr[0];
	start.usr[1] = usr[1];
	start.spsr = spsr;
	start.flags = c.cpsr & (PSR_NZCVQ | PSR_GE);
	start.tpidruro = random();
	start.dacr = old_dacr;
	if (l->exclusive)
		start.r[8] = frame[15];
	if (l->spins) {
		start.r[12] = 0;
		start.flags = (start.flags & ~(PSR_N | PSR_V)) | PSR_Z | PSR_C;
	}
	MCR(0, c13, c0, 3, start.tpidruro);
	MCR(0, c3, c0, 0, old_dacr);
	isb();
	return ctx_run(&c);
}

/* -- what came of it -- */

static const char *what;
/* How many comparisons there are may depend on where an interrupt comes, so only those count that fail. */
#define same(want, is, ...)	do { if ((u32)(want) != (u32)(is)) group_check(want, is, __VA_ARGS__); } while (0)

static void check_registers(const struct state *s, u32 sp, u32 lr, bool has_lr)
{
	for (u32 i = 0; i < 13; i++)
		same(s->r[i], exc_frame.r[i], "%s: r%u", what, i);
	same(sp, exc_frame.sp, "%s: sp", what);
	if (has_lr)
		same(lr, exc_frame.lr, "%s: lr", what);
	same(s->tpidruro, MRC(0, c13, c0, 3), "%s: TPIDRURO", what);
	same(s->dacr, MRC(0, c3, c0, 0), "%s: DACR", what);
}

/* In User mode, at the return address: by an exception to @vector, @size behind it. */
static void check_user(const struct line *l, int vector, int is, u32 size)
{
	struct state s = start;
	u32 n = model(l, &s, l->n), bank[3];
	u32 pc = frame[15] & ~(frame[16] & PSR_T ? 1u : 3u);

	same(vector, is, "%s: vector (DFAR %x, DFSR %x)", what, exc_frame.dfar, exc_frame.dfsr);
	same(l->n, n, "%s: to the end", what);
	same(pc + size, exc_frame.exc_lr, "%s: where", what);
	same(s.spsr & PSR_BITS, exc_frame.spsr & PSR_BITS, "%s: CPSR", what);
	check_registers(&s, s.usr[0], s.usr[1], true);
	same(l->mode == MODE_SVC ? s.sp : MRC(0, c13, c0, 4), MRC(0, c13, c0, 4), "%s: Supervisor's sp", what);
	if (l->mode == MODE_SVC && vector != VEC_SVC) {
		same(s.lr, MRC(0, c13, c0, 2), "%s: Supervisor's lr", what);
		bank_get(MODE_SVC, bank);
		same(s.spsr, bank[2], "%s: Supervisor's SPSR", what);
	} else if (l->mode != MODE_SVC && l->mode != MODE_UND) {
		bank_get(l->mode, bank);
		same(s.sp, bank[0], "%s: sp of mode %x", what, l->mode);
		same(s.lr, bank[1], "%s: lr of mode %x", what, l->mode);
		same(s.spsr, bank[2], "%s: SPSR of mode %x", what, l->mode);
	}
}

/* Still in the line's mode, before instruction @n. */
static void check_inside(const struct line *l, int vector, int is, u32 n, u32 offset)
{
	struct state s = start;
	u32 next = model(l, &s, n), bank[3];

	same(vector, is, "%s: vector", what);
	same(&l->at[next], exc_frame.exc_lr - offset, "%s: where", what);
	same(s.flags, exc_frame.spsr & (PSR_NZCVQ | PSR_GE), "%s: flags", what);
	same(l->mode, exc_frame.spsr & PSR_MODE, "%s: mode", what);
	check_registers(&s, s.sp, s.lr, !(vector == VEC_IRQ && l->mode == MODE_IRQ));
	bank_get(MODE_USR, bank);
	same(s.usr[0], bank[0], "%s: User bank's sp", what);
	same(s.usr[1], bank[1], "%s: User bank's lr", what);
	if (l->mode == MODE_UND)
		return;
	bank_get(l->mode, bank);
	if (!(vector == VEC_IRQ && l->mode == MODE_IRQ))
		same(s.spsr, bank[2], "%s: SPSR", what);
}

/* -- User mode -- */

/* Places of User code: what is there, from the beginning of the megabyte. */
static const struct { u32 at, vector, size; bool thumb; } user_code[] = {
	{ 0, VEC_SVC, 4, false }, { 0x3c, VEC_UND, 4, false }, { 0x40, VEC_SVC, 4, false }, { 0x1000, VEC_SVC, 2, true },
	{ 0x103e, VEC_UND, 2, true }, { 0x1002, VEC_SVC, 2, true }, { 0xffc, VEC_UND, 4, false }, { 0x1ffe, VEC_SVC, 2, true },
};

static void user_prepare(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(user_code); i++) {
		bool svc = user_code[i].vector == VEC_SVC;
		u32 at = (u32)USER + user_code[i].at;

		if (user_code[i].thumb)
			write16(at, svc ? T_SVC : T_UDF);
		else
			write32(at, svc ? SVC : UDF);
	}
	/* in an IT block: mov r0, #1; svc 0 */
	write16((u32)USER + 0x1800, 0x2001);
	write16((u32)USER + 0x1802, T_SVC);
	code_sync(USER, 0x2000);
}

/* Run @l to a random place of User code and check what came of it. */
static void to_user(const struct line *l, u32 sp, u32 *memory, u32 old_dacr)
{
	u32 u = random() % ARRAY_SIZE(user_code);
	bool thumb = user_code[u].thumb;
	int vector;

	/* the line must not lose its own registers for the exception that ends it */
	while (l->mode == MODE_UND && user_code[u].vector == VEC_UND)
		u = random() % ARRAY_SIZE(user_code), thumb = user_code[u].thumb;
	frame_random((u32)USER + user_code[u].at + (thumb && random() & 1), MODE_USR | masks | random_flags() | (thumb ? PSR_T : 0));
	vector = run(l, sp, memory, old_dacr, PSR_I);
	check_user(l, user_code[u].vector, vector, user_code[u].size);
}

static void idle_to_user(const struct line *l, u32 old_dacr)
{
	to_user(l, (u32)IDLE_FRAME, IDLE_FRAME, old_dacr);
}

/* Whatever a hypervisor has learnt is forgotten. */
static void begin(const char *name)
{
	what = name;
	group_begin(name);
	stacks_init();
	mmu_off();
	mmu_on_cached(l1_main, OPEN);
}

static void end(void)
{
	group_check(masks, cpsr_read() & (PSR_A | PSR_F), "masks");
	MCR(0, c3, c0, 0, OPEN);
	isb();
	stacks_init();
	group_end();
}

/* -- returns -- */

static void test_returns(void)
{
	static const u32 dacrs[] = { OPEN, OPEN, OPEN, 0x51, 0x155, 0xd5 };

	begin("to User mode");
	for (u32 n = 0; n < 24; n++) {
		struct line l = plain;

		l.r0 = n & 1;
		l.dacr = n % 5 == 4 ? 0x51 : OPEN;
		line_put(&l);
		for (u32 i = 0; i < 3 * RUNS; i++)
			idle_to_user(&l, i < RUNS ? OPEN : dacrs[random() % ARRAY_SIZE(dacrs)]);
	}
	end();
}

static void test_registers(void)
{
	begin("with other registers");
	for (u32 n = 0; n < 48; n++) {
		struct line l = plain;

		l.a = 1 + random() % 12;
		do
			l.b = random() % 13;
		while (l.b == l.a);
		l.c = random() % 13;
		l.add = random() & 0xfc;
		l.r0 = n & 1;
		line_put(&l);
		for (u32 i = 0; i < 2 * RUNS; i++)
			idle_to_user(&l, OPEN);
	}
	end();
}

static void test_between(void)
{
	begin("with something between");
	for (u32 n = 0; n < 72; n++) {
		struct line l = plain;

		l.between = 1 + n % 8;
		l.skip = n % 3 == 0 ? 1u << STREX : n % 3 == 1 ? 1u << DACR | 1u << MOV : 0;
		line_put(&l);
		for (u32 i = 0; i < 2 * RUNS; i++)
			idle_to_user(&l, OPEN);
	}
	end();
}

/* Its last words at the end of a page of code, or in the next one. */
static void test_places(void)
{
	begin("at the end of a page");
	for (u32 n = 0; n < 16; n++) {
		struct line l = plain;
		u32 *page_end = PLACES + CODE_WORDS * (2 * n + 1);

		line_words(&l);
		l.at = page_end - l.n + n % 8;
		for (u32 i = 0; i < l.n; i++)
			((volatile u32 *)l.at)[i] = l.word[i];
		l.at[l.n] = UDF;
		code_sync(l.at, 4 * (l.n + 1));
		for (u32 i = 0; i < 2 * RUNS; i++)
			idle_to_user(&l, OPEN);
	}
	end();
}

static void test_many(void)
{
	begin("more lines than there is room for");
	for (u32 n = 0; n < 160; n++) {
		struct line l = plain;

		l.c = n % 13;
		l.r0 = n & 1;
		line_put(&l);
		for (u32 i = 0; i < RUNS; i++)
			idle_to_user(&l, OPEN);
	}
	end();
}

/* Each load of lr is many words of whatever does it in one go. */
static void test_long(void)
{
	begin("too much for one go");
	for (u32 n = 0; n < 24; n++) {
		struct line l = plain;

		l.loads = n % 6;
		l.skip = n & 1 ? 1u << STREX : 0;
		line_put(&l);
		for (u32 i = 0; i < RUNS; i++)
			idle_to_user(&l, OPEN);
	}
	end();
}

static void test_modes(void)
{
	static const u32 modes[] = { MODE_IRQ, MODE_ABT, MODE_UND, MODE_SVC };

	begin("from other modes");
	for (u32 n = 0; n < 16; n++) {
		struct line l = plain;

		l.mode = MODE_SVC;
		line_put(&l);
		for (u32 i = 0; i < 4 * RUNS; i++) {
			l.mode = modes[(n + i) % ARRAY_SIZE(modes)];
			idle_to_user(&l, OPEN);
		}
	}
	end();
}

static void test_patched(void)
{
	begin("changed afterwards");
	for (u32 n = 0; n < 24; n++) {
		struct line l = plain;
		enum step s = n % 4 == 0 ? MOV : n % 4 == 1 ? ADD : n % 4 == 2 ? TPIDRURO : LDM;

		line_put(&l);
		for (u32 i = 0; i < RUNS; i++)
			idle_to_user(&l, OPEN);
		l.dacr = 0x51;
		l.add = 0x80;
		l.c = 7;
		l.r0 = false;
		if (s != MOV)
			l.dacr = OPEN;
		if (s != ADD)
			l.add = 72;
		if (s != TPIDRURO)
			l.c = 3;
		if (s != LDM)
			l.r0 = true;
		line_patch(&l, s);
		for (u32 i = 0; i < RUNS; i++)
			idle_to_user(&l, OPEN);
	}
	end();
}

/* -- what the saved status says -- */

/* Bits that the line looks at: it goes to the UDF behind. */
static void test_branch(void)
{
	static const u32 bits[] = { PSR_I, 1, 2, 3, 7, 0xb, 0xf, PSR_I | 3 };

	begin("the branch is taken");
	for (u32 n = 0; n < ARRAY_SIZE(bits); n++) {
		struct line l = plain;

		line_put(&l);
		for (u32 i = 0; i < RUNS; i++) {
			idle_to_user(&l, OPEN);
			frame_random((u32)USER, MODE_USR | masks | random_flags() | bits[n]);
			check_inside(&l, VEC_UND, run(&l, (u32)IDLE_FRAME, IDLE_FRAME, OPEN, PSR_I), l.n, 4);
		}
	}
	end();
}

/* Those bits when the line does not look at them: User mode with I masked or in an IT block, another byte order, a privileged mode. */
static void test_status(void)
{
	begin("what the saved status says");
	for (u32 n = 0; n < 4; n++) {
		struct line l = plain;

		l.tst = 0;
		line_put(&l);
		for (u32 i = 0; i < 2 * RUNS; i++) {
			idle_to_user(&l, OPEN);
			frame_random((u32)USER, MODE_USR | masks | random_flags() | PSR_I);
			check_user(&l, VEC_SVC, run(&l, (u32)IDLE_FRAME, IDLE_FRAME, OPEN, PSR_I), 4);
			frame_random((u32)USER, MODE_USR | masks | random_flags() | PSR_E);
			check_user(&l, VEC_SVC, run(&l, (u32)IDLE_FRAME, IDLE_FRAME, OPEN, PSR_I), 4);
		}
	}
	end();
}

/* A kernel that returns with A or F masked, to User mode where they are not: the next system call finds them as User mode had them. */
static void test_masked(void)
{
	static const u32 kernel[] = { PSR_I, PSR_I | PSR_A, PSR_I | PSR_F, PSR_I | PSR_A | PSR_F, 0 };
	/* r0 to TPIDRURW and back; the CPSR to the stack */
	static const u32 code[] = { 0xee0d0f50, 0xe10f0000, 0xe50d0004, 0xee1d0f50, 0xe51ff004, (u32)hook_2 };
	void (*before)(void) = exc_hook[VEC_SVC];

	begin("with A and F masked");
	exc_hook[VEC_SVC] = (void (*)(void))code_fresh(code, ARRAY_SIZE(code));
	for (u32 n = 0; n < 4; n++) {
		struct line l = plain;

		line_put(&l);
		for (u32 i = 0; i < 4 * RUNS; i++) {
			struct state s;

			frame_random((u32)USER, MODE_USR | masks | random_flags());
			same(VEC_SVC, run(&l, (u32)IDLE_FRAME, IDLE_FRAME, OPEN, i < RUNS ? PSR_I : kernel[i % ARRAY_SIZE(kernel)]), "vector");
			s = start;
			model(&l, &s, l.n);
			same(masks | PSR_I | MODE_SVC, read32(s.sp - 4) & (PSR_A | PSR_I | PSR_F | PSR_MODE), "CPSR of call %u", i);
			same(masks | PSR_I | MODE_SVC, exc_frame.cpsr & (PSR_A | PSR_I | PSR_F | PSR_MODE), "CPSR of call %u by way of memory", i);
		}
	}
	exc_hook[VEC_SVC] = before;
	end();
}

static void test_it(void)
{
	begin("into an IT block");
	for (u32 n = 0; n < 4; n++) {
		struct line l = plain;

		line_put(&l);
		for (u32 i = 0; i < 4 * RUNS; i++) {
			u32 flags = random_flags();

			idle_to_user(&l, OPEN);
			frame_random((u32)USER + 0x1800, MODE_USR | masks | PSR_T | 0x1800 | flags);	/* NE, one instruction */
			group_check(VEC_SVC, run(&l, (u32)IDLE_FRAME, IDLE_FRAME, OPEN, PSR_I), "vector");
			group_check(flags & PSR_Z ? frame[0] : 1, exc_frame.r[0], "r0, flags %x", flags);
			group_check((u32)USER + 0x1804, exc_frame.exc_lr, "where");
			group_check(MODE_USR | masks | PSR_T | flags, exc_frame.spsr & PSR_BITS, "CPSR");
		}
	}
	end();
}

static void test_privileged(void)
{
	static const u32 udf[] = { UDF };
	u32 *to;

	begin("to a privileged mode");
	to = code_fresh(udf, 1);
	for (u32 n = 0; n < 4; n++) {
		struct line l = plain;

		l.tst = 0;
		line_put(&l);
		for (u32 i = 0; i < 2 * RUNS; i++) {
			u32 psr = (i & 1 ? MODE_SYS : MODE_SVC) | masks | PSR_I | random_flags();
			struct state s;

			idle_to_user(&l, OPEN);
			frame_random((u32)to, psr);
			group_check(VEC_UND, run(&l, (u32)IDLE_FRAME, IDLE_FRAME, OPEN, PSR_I), "vector");
			s = start;
			model(&l, &s, l.n);
			same((u32)to + 4, exc_frame.exc_lr, "where");
			same(psr, exc_frame.spsr & PSR_BITS, "CPSR");
			check_registers(&s, i & 1 ? s.usr[0] : s.sp, i & 1 ? s.usr[1] : s.lr, true);
		}
	}
	end();
}

/* -- interrupts -- */

/* It waits from before the line on, masked until User mode. */
static void test_irq_waits(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("an interrupt waits", "no OMAP3 interrupt controller on this board");
		return;
	}
	begin("an interrupt waits");
	for (u32 n = 0; n < 6; n++) {
		struct line l = plain;

		line_put(&l);
		for (u32 i = 0; i < 3 * RUNS; i++) {
			bool thumb = i & 1;
			int vector;

			idle_to_user(&l, OPEN);
			frame_random((u32)USER + (thumb ? 0x1000 : 0), MODE_USR | masks | random_flags() | (thumb ? PSR_T : 0));
			intc_soft_set(LINE);
			vector = run(&l, (u32)IDLE_FRAME, IDLE_FRAME, OPEN, PSR_I);
			intc_soft_clear(LINE);
			(void)intc_sir();
			intc_ack();
			check_user(&l, VEC_IRQ, vector, 4);
		}
	}
	end();
}

static void settle(void)
{
	gpt1_stop();
	(void)intc_sir();
	intc_ack();
}

/* The line with the timer somewhere in it. Returns the vector that ended it. */
static int timer_run(struct line *l, u32 spins)
{
	int vector;

	l->spins = spins;
	frame_random((u32)USER, MODE_USR | masks | random_flags() | (l->tst ? 0 : PSR_I));
	gpt1_oneshot(4);	/* long after what comes before, also where that is interpreted */
	vector = run(l, (u32)IDLE_FRAME, IDLE_FRAME, OPEN, 0);
	settle();
	return vector;
}

/* The lowest number of turns with which it comes before the line. */
static u32 calibrate(struct line *l)
{
	u32 low = 1, high = 100000;

	while (high - low > 1) {
		u32 mid = (low + high) / 2;

		if (timer_run(l, mid) == VEC_IRQ && exc_frame.exc_lr - 4 < (u32)l->at)
			high = mid;
		else
			low = mid;
	}
	return high;
}

#define AROUND	400u
static void test_timer(void)
{
	u32 inside = 0;

	if (!BOARD_IS_OMAP3) {
		skip("an interrupt comes", "no OMAP3 timer on this board");
		return;
	}
	begin("an interrupt comes");
	intc_mask(LINE);
	intc_unmask(GPT1_IRQ);
	for (u32 n = 0; n < 5; n++) {
		struct line l = plain;
		u32 first;

		l.spins = 1;
		l.r0 = n & 1;
		l.between = n & 2 ? 8 : 0;	/* too much for some to be one line */
		l.tst = n == 4 ? 0 : l.tst;	/* what masks is found at the end of the line only */
		line_put(&l);
		for (u32 i = 0; i < RUNS; i++)
			(void)timer_run(&l, 1);
		first = calibrate(&l);
		/* how long what comes before takes depends on what a hypervisor did for the run before */
		for (u32 spins = first + AROUND; spins > 1 && spins + AROUND > first; spins--) {
			int vector = timer_run(&l, spins);
			u32 at = (exc_frame.exc_lr - 4 - (u32)l.at) / 4;

			if (vector == VEC_SVC || exc_frame.exc_lr - 4 == (u32)USER) {
				check_user(&l, vector, vector, 4);
			} else {
				same(VEC_IRQ, vector, "%s: vector", what);
				if (exc_frame.exc_lr - 4 >= (u32)l.at) {
					check_inside(&l, VEC_IRQ, vector, at, 4);
					inside++;
				}
			}
		}
	}
	info("interrupts inside the line", inside);
	intc_mask(GPT1_IRQ);
	intc_unmask(LINE);
	end();
}

/* -- the frame's pages -- */

static u32 *va_l2;

#define AP(apx, ap)	(P_SMALL | P_WB | P_AP(apx, ap))
static const struct { const char *name; u32 bits, fs; bool writable; } rights[] = {
	{ "nothing", 0, FS_TRANS_PAGE, false }, { "no access", AP(0, 0), FS_PERM_PAGE, false },
	{ "kernel", AP(0, 1), 0, true }, { "kernel, read-only", AP(1, 1), 0, false },
	{ "all", P_RAM, 0, true }, { "User read-only", AP(0, 2), 0, true }, { "all, read-only", AP(1, 3), 0, false },
};
#define ALL		4u
#define PAGE_PA(n)	(DATA + 0x1000 * (n))

static void set_page(u32 n, u32 right)
{
	u32 va = VA + 0x1000 * (VA_PAGE + n);

	pt_page(va_l2, va, rights[right].bits ? PAGE_PA(n) | rights[right].bits : 0);
	tlb_mva(va);
}

/* The first instruction of @l that cannot read, with pages @page[] from VA_PAGE on; its address and status. */
static u32 first_fault(const struct line *l, u32 sp, const u32 *page, u32 *far, u32 *fs)
{
	const struct { enum step step; u32 offset; } reads[] = { { LDR, 64 }, { LDR_LR, 60 }, { LDM, l->r0 ? 0 : 4 } };

	for (u32 i = 0; i < ARRAY_SIZE(reads); i++) {
		*far = sp + reads[i].offset;
		*fs = rights[page[(*far >> 12) - (VA >> 12) - VA_PAGE]].fs;
		if (*fs)
			return index_of(l, reads[i].step);
	}
	return l->n;
}

static void check_fault(const struct line *l, int vector, u32 n, u32 far, u32 fs)
{
	check_inside(l, VEC_DABT, vector, n, 8);
	same(far, exc_frame.dfar, "%s: DFAR", what);
	same(fs, DFSR_FS(exc_frame.dfsr), "%s: DFSR", what);
}

/* As far as the frame reaches into the second page; then with all there again. */
static void test_pages(u32 mode)
{
	static const u32 cases[][2] = { { 0, 4 }, { 4, 0 }, { 0, 0 }, { 1, 2 }, { 2, 1 }, { 2, 2 }, { 3, 3 }, { 5, 0 }, { 6, 6 }, { 2, 0 } };
	static const u32 into[] = { 0, 4, 8, 12, 36, 64, 68 };

	begin(mode == MODE_SVC ? "the frame's pages" : "the frame's pages, from IRQ mode");
	for (u32 i = 0; i < ARRAY_SIZE(into); i++) {
		u32 sp = VA + 0x1000 * (VA_PAGE + 1) - 4 * FRAME_WORDS + into[i];
		u32 *memory = (u32 *)(PAGE_PA(1) - 4 * FRAME_WORDS + into[i]);
		struct line l = plain, no_store;

		l.mode = mode;
		l.r0 = i & 1;
		no_store = l;
		no_store.skip = 1u << STREX;	/* may abort in a read-only page, whatever the monitor says (A8.8.212) */
		line_put(&l);
		line_put(&no_store);
		for (u32 n = 0; n < 2 * ARRAY_SIZE(cases); n++) {
			const u32 *page = cases[n % ARRAY_SIZE(cases)];
			u32 far, fs, at;

			set_page(0, ALL);
			set_page(1, ALL);
			to_user(&l, sp, memory, OPEN);
			to_user(&l, sp, memory, OPEN);
			set_page(0, page[0]);
			set_page(1, page[1]);
			at = first_fault(&l, sp, page, &far, &fs);
			if (at == l.n) {
				to_user(rights[page[1]].writable ? &l : &no_store, sp, memory, OPEN);
				to_user(rights[page[1]].writable ? &l : &no_store, sp, memory, OPEN);
				continue;
			}
			frame_random((u32)USER, MODE_USR | masks | random_flags());
			check_fault(&l, run(&l, sp, memory, OPEN, PSR_I), at, far, fs);
		}
	}
	end();
}

/* STREX that may find the monitor as it wants it: it stores, or not, or is not allowed to. */
static void test_exclusive(void)
{
	u32 sp = VA + 0x1000 * VA_PAGE + 0x100, *memory = (u32 *)(PAGE_PA(0) + 0x100);

	begin("with the monitor set");
	for (u32 n = 0; n < 24; n++) {
		u32 right = 2 + n % 5;
		bool writable = rights[right].writable;
		struct line l = plain;

		l.exclusive = true;
		line_put(&l);
		set_page(0, right);
		for (u32 i = 0; i < RUNS; i++) {
			int vector;

			frame_random((u32)USER, MODE_USR | masks | random_flags());
			vector = run(&l, sp, memory, OPEN, PSR_I);
			if (vector == VEC_DABT && !writable)
				check_fault(&l, vector, index_of(&l, STREX), sp + 60, FS_PERM_PAGE | FSR_WNR);
			else
				check_user(&l, VEC_SVC, vector, 4);
			group_check(true, memory[15] == frame[15] || (writable && memory[15] == sp + 60), "memory, %s", rights[right].name);
		}
	}
	end();
}

static void test_unaligned(void)
{
	begin("the frame is not aligned");
	set_page(0, ALL);
	for (u32 n = 0; n < 12; n++) {
		u32 offset = 1 + n % 3, sp = VA + 0x1000 * VA_PAGE + 0x200 + offset, *memory = (u32 *)(PAGE_PA(0) + 0x200 + offset);
		struct line l = plain;

		l.skip = 1u << STREX;
		line_put(&l);
		for (u32 i = 0; i < RUNS; i++) {
			idle_to_user(&l, OPEN);
			frame_random((u32)USER, MODE_USR | masks | random_flags());
			check_fault(&l, run(&l, sp, memory, OPEN, PSR_I), index_of(&l, LDM), sp, FS_ALIGN);
		}
	}
	end();
}

/* The frame is in a domain that the line closes, or opens. */
static void test_domain(void)
{
	u32 sp = VA + (1 << 20) + 0x400, *memory = (u32 *)(DATA + (1 << 20) + 0x400);

	begin("the frame's domain");
	for (u32 n = 0; n < 16; n++) {
		struct line l = plain;
		bool opens = n & 1;

		l.dacr = opens ? 0x45 : OPEN;	/* domain 3 */
		l.isb = true;
		l.between = n % 4 == 3 ? 6 : 0;
		l.exclusive = !opens;		/* uses the domain while it is open */
		line_put(&l);
		pt_section(l1_main, VA + (1 << 20), (DATA + (1 << 20)) | S_RAM | S_DOMAIN(opens ? 3 : 4));
		tlb_all();
		for (u32 i = 0; i < 2 * RUNS; i++) {
			if (opens) {
				to_user(&l, sp, memory, i & 1 ? 0x05 : OPEN);
				continue;
			}
			idle_to_user(&l, OPEN);
			frame_random((u32)USER, MODE_USR | masks | random_flags());
			check_fault(&l, run(&l, sp, memory, 0x155, PSR_I), index_of(&l, LDR), sp + 64, FS_DOM_SECT);
		}
	}
	end();
}

/* -- single instructions -- */

static void test_tpidruro(void)
{
	static const u32 modes[] = { MODE_SVC, MODE_IRQ, MODE_SYS };

	begin("single writes of TPIDRURO");
	for (u32 k = 0; k < 45; k++) {
		u32 reg = k % 15, cond = k < 15 ? 14 : k < 30 ? 0 : 1;
		const u32 words[] = { (0x0e0d0f70 & ~0xf000u) | cond << 28 | reg << 12, 0xe2899001, UDF };	/* add r9, r9, #1 */
		u32 *code = code_fresh(words, ARRAY_SIZE(words));

		for (u32 n = 0; n < 100; n++) {
			u32 flags = random_flags(), old = random(), want;
			union { struct ctx c; u32 r[17]; } c;

			ctx_init(&c.c, modes[n % ARRAY_SIZE(modes)] | masks | PSR_I | flags);
			c.r[reg] = random();
			want = cond == 14 || cond == !(flags & PSR_Z) ? c.r[reg] : old;
			c.c.pc = (u32)code;
			MCR(0, c13, c0, 3, old);
			group_check(VEC_UND, ctx_run(&c.c), "r%u: vector", reg);
			same(want, MRC(0, c13, c0, 3), "r%u, condition %u: TPIDRURO", reg, cond);
			same(&code[3], exc_frame.exc_lr, "r%u: where", reg);
			same(c.c.cpsr, exc_frame.spsr & PSR_BITS, "r%u: CPSR", reg);
			for (u32 i = 0; i < 15; i++)
				same(c.r[i] + (i == 9), (&exc_frame.r[0])[i], "write of r%u: r%u", reg, i);
		}
	}
	end();
}

#define VMRS_FPEXC	0xeef80a10u
#define VMSR_FPEXC	0xeee80a10u
#define VMRS_MVFR0	0xeef70a10u
#define FPEXC_EN	0x40000000u

static u32 vfp_fpexc_get(void)
{
	u32 value;

	asm volatile(".fpu neon\n\tvmrs %0, fpexc" : "=r"(value));
	return value;
}

static void vfp_fpexc_set(u32 value)
{
	asm volatile(".fpu neon\n\tvmsr fpexc, %0\n\tisb" : : "r"(value));
}

static u32 vfp_mvfr0_get(void)
{
	u32 value;

	asm volatile(".fpu neon\n\tvmrs %0, mvfr0" : "=r"(value));
	return value;
}

static void set_cpacr(u32 cp10_11)
{
	MCR(0, c1, c0, 2, (MRC(0, c1, c0, 2) & ~0x00f00000u) | cp10_11);
	isb();
}

/* VFP registers that kernels access when a process first uses the unit. @word is at @code, and its @reg is r@reg. */
static void check_vfp(u32 word, u32 reg, u32 *code, u32 cp10_11, u32 turn_on, u32 mvfr0)
{
	u32 flags = random_flags(), is, want, en = turn_on ? FPEXC_EN : 0;
	union { struct ctx c; u32 r[17]; } c;

	set_cpacr(0x00f00000);
	vfp_fpexc_set(en);
	set_cpacr(cp10_11);
	ctx_init(&c.c, MODE_SVC | masks | PSR_I | flags);
	c.r[reg] = random() & ~0x80000000u;	/* not EX */
	is = c.r[reg];
	c.c.pc = (u32)code;
	group_check(VEC_UND, ctx_run(&c.c), "%08x: vector", word);
	want = !cp10_11 || word == VMSR_FPEXC ? is : word == VMRS_FPEXC ? en : mvfr0;
	same(cp10_11 ? &code[3] : &code[1], exc_frame.exc_lr, "%08x, CPACR %x: where", word, cp10_11);
	same(c.c.cpsr, exc_frame.spsr & PSR_BITS, "%08x: CPSR", word);
	for (u32 i = 0; i < 15; i++)
		same((i == reg ? want : c.r[i]) + (i == 9 && cp10_11), (&exc_frame.r[0])[i], "%08x, CPACR %x: r%u", word, cp10_11, i);
	set_cpacr(0x00f00000);
	same(word == VMSR_FPEXC && cp10_11 ? is & FPEXC_EN : en, vfp_fpexc_get() & FPEXC_EN, "%08x, CPACR %x: FPEXC.EN", word, cp10_11);
}

static void test_vfp(void)
{
	static const u32 vfp[] = { VMRS_FPEXC, VMSR_FPEXC, VMRS_MVFR0 }, cpacr[] = { 0x00f00000, 0x00500000, 0 };
	u32 mvfr0;

	begin("registers of the VFP unit");
	set_cpacr(0x00f00000);
	mvfr0 = vfp_mvfr0_get();
	for (u32 k = 0; k < 13 * ARRAY_SIZE(vfp); k++) {
		u32 reg = k % 13, word = vfp[k / 13];
		const u32 words[] = { word | reg << 12, 0xe2899001, UDF };	/* add r9, r9, #1 */
		u32 *code = code_fresh(words, ARRAY_SIZE(words));

		for (u32 n = 0; n < 24; n++)
			check_vfp(word, reg, code, cpacr[n / 8], n & 1, mvfr0);
	}
	vfp_fpexc_set(0);
	end();
}

/* Of each line of a page, so of the one that says where something of a hypervisor's is, too. */
static void test_clean(void)
{
	begin("single operations that clean a line");
	for (u32 k = 0; k < 26; k++) {
		u32 reg = k % 13, other = reg == 9 ? 10 : 9;
		const u32 words[] = { (k < 13 ? 0xee070f3a : 0xee070f3b) | reg << 12, 0xe2800001 | other << 16 | other << 12, UDF };
		u32 *code = code_fresh(words, ARRAY_SIZE(words));

		for (u32 n = 0; n < 128; n++) {
			union { struct ctx c; u32 r[17]; } c;

			ctx_init(&c.c, MODE_SVC | masks | PSR_I | random_flags());
			c.r[reg] = DATA + 32 * n;
			c.c.pc = (u32)code;
			group_check(VEC_UND, ctx_run(&c.c), "r%u: vector", reg);
			same(&code[3], exc_frame.exc_lr, "r%u: where", reg);
			same(c.c.cpsr, exc_frame.spsr & PSR_BITS, "r%u: CPSR", reg);
			for (u32 i = 0; i < 15; i++)
				same(c.r[i] + (i == other), (&exc_frame.r[0])[i], "r%u of one with r%u", i, reg);
		}
	}
	end();
}

/*
 * Opens @domain from one register, loads, closes it from another, loads: twice mcr dacr; add base, base, #4; isb; ldr. Under a condition
 * the same, or nothing of it.
 */
static void dacr_pair(u32 domain, u32 open, u32 close, u32 cond)
{
	u32 opened = OPEN | DACR_CLIENT(domain), closed = OPEN & ~DACR_CLIENT(domain);
	u32 base = (open + 1) % 13 == close ? (open + 2) % 13 : (open + 1) % 13, to = 0, va = VA + (1 << 20) + 0x600, *code;
	u32 words[] = { 0x0e030f10 | cond << 28 | open << 12, 0xe2800004 | base << 16 | base << 12, ISB, 0,
			0x0e030f10 | cond << 28 | close << 12, 0xe2800004 | base << 16 | base << 12, ISB, 0, UDF };

	while (to == open || to == close || to == base)
		to++;
	words[3] = words[7] = 0xe5900000 | base << 16 | to << 12;
	code = code_fresh(words, ARRAY_SIZE(words));
	for (u32 n = 0; n < 100; n++) {
		u32 flags = random_flags(), other = n % 10 == 9 ? 0x1000 : 0;	/* now and then another value */
		bool done = cond == 14 || (cond == 0) == !!(flags & PSR_Z);
		union { struct ctx c; u32 r[17]; } c;

		ctx_init(&c.c, MODE_SVC | masks | PSR_I | flags);
		c.r[open] = opened | other;
		c.r[close] = closed | other;
		c.r[base] = va - 4;
		c.c.pc = (u32)code;
		MCR(0, c3, c0, 0, closed);
		isb();
		group_check(VEC_DABT, ctx_run(&c.c), "%u, r%u, r%u: vector", n, open, close);
		same(&code[done ? 7 : 3], exc_frame.exc_lr - 8, "%u, r%u, r%u: where", n, open, close);
		same(FS_DOM_SECT, DFSR_FS(exc_frame.dfsr), "%u, r%u, r%u: DFSR", n, open, close);
		same(done ? va + 4 : va, exc_frame.dfar, "%u, r%u, r%u: DFAR", n, open, close);
		same(done ? closed | other : closed, MRC(0, c3, c0, 0), "%u, r%u, r%u: DACR", n, open, close);
		same(c.c.cpsr, exc_frame.spsr & PSR_BITS, "%u, r%u, r%u: CPSR", n, open, close);
		c.r[base] = done ? va + 4 : va;
		if (done)
			c.r[to] = 0x600dda7a;
		for (u32 i = 0; i < 15; i++)
			same(c.r[i], (&exc_frame.r[0])[i], "%u, r%u, r%u: r%u", n, open, close, i);
	}
}

/*
 * Opens @domain, loads, closes it; then @word, which a hypervisor may do with another DACR than the guest's, and a load, which must find the domain
 * closed; or the other way round, and must find it open.
 */
static void dacr_around(u32 domain, u32 word, bool closes)
{
	u32 opened = OPEN | DACR_CLIENT(domain), closed = OPEN & ~DACR_CLIENT(domain), va = VA + (1 << 20) + 0x600;
	/* mcr dacr, r0; ldr r3, [r2]; mcr dacr, r1; ldr r3, [r2] */
	const u32 words[] = { 0xee030f10, ISB, closes ? 0xe5923000 : NOP, 0xee031f10, ISB, word, 0xe5923000, UDF };
	u32 *code = code_fresh(words, ARRAY_SIZE(words));

	for (u32 n = 0; n < 100; n++) {
		struct ctx c;

		ctx_init(&c, MODE_SVC | masks | PSR_I | random_flags());
		c.r[0] = closes ? opened : closed;
		c.r[1] = closes ? closed : opened;
		c.r[2] = va;
		c.r[12] = (u32)USER + 0x800;
		c.pc = (u32)code;
		MCR(0, c3, c0, 0, n & 1 ? opened : closed);
		isb();
		group_check(closes ? VEC_DABT : VEC_UND, ctx_run(&c), "%08x, %u: vector", word, n);
		same(&code[8], exc_frame.exc_lr, "%08x, %u: where", word, n);
		same(c.r[1], MRC(0, c3, c0, 0), "%08x, %u: DACR", word, n);
		if (closes)
			same(FS_DOM_SECT, DFSR_FS(exc_frame.dfsr), "%08x, %u: DFSR", word, n);
		else
			same(0x600dda7a, exc_frame.r[3], "%08x, %u: value", word, n);
	}
}

static void test_dacr_around(void)
{
	/* ldrt r11, [r12]; ldrbt; strt; icimvau r12; dccmvac; iciallu */
	static const u32 words[] = { 0xe4bcb000, 0xe4fcb000, 0xe4acb000, 0xee07cf35, 0xee07cf3a, 0xee07cf15 };

	begin("what has a DACR of its own, beside writes of DACR");
	write32(DATA + (1 << 20) + 0x600, 0x600dda7a);
	pt_section(l1_main, VA + (1 << 20), (DATA + (1 << 20)) | S_RAM | S_DOMAIN(1));
	tlb_all();
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		dacr_around(1, words[i], true);
		dacr_around(1, words[i], false);
	}
	end();
}

/* 1 is what Linux has for user memory. */
static void test_dacr(u32 domain)
{
	begin(domain == 1 ? "domain 1 opened and closed" : "another domain opened and closed");
	write32(DATA + (1 << 20) + 0x600, 0x600dda7a);
	pt_section(l1_main, VA + (1 << 20), (DATA + (1 << 20)) | S_RAM | S_DOMAIN(domain));
	tlb_all();
	for (u32 r = 0; r < 13; r++)
		dacr_pair(domain, r, (r + 5) % 13, 14);
	for (u32 r = 0; r < 13; r += 3) {
		dacr_pair(domain, r, (r + 1) % 13, 0);
		dacr_pair(domain, r, (r + 7) % 13, 1);
	}
	end();
}

/* -- Undefined instructions -- */

#define SLOTS		33u
#define UDF_WORD	(64u - 4)

static void check_undefined(u32 va, u32 cpsr, u32 size)
{
	struct ctx c;

	ctx_init(&c, cpsr);
	c.pc = va;
	group_check(VEC_UND, ctx_run(&c), "%08x, CPSR %x: vector", va, cpsr);
	same(va + size, exc_frame.exc_lr, "%08x, CPSR %x: where", va, cpsr);
	same(cpsr, exc_frame.spsr & PSR_BITS, "%08x: CPSR", va);
	for (u32 i = 0; i < 13; i++)
		same(ctx_reg(i), exc_frame.r[i], "%08x, CPSR %x: r%u", va, cpsr, i);
	same(ctx_reg(13), exc_frame.sp, "%08x, CPSR %x: sp", va, cpsr);
	same(ctx_reg(14), exc_frame.lr, "%08x, CPSR %x: lr", va, cpsr);
}

/* The word before each multiple of 64, in User mode and in the kernel, in all the megabytes that a branch reaches from here. */
static void test_undefined(void)
{
	u32 data = DATA + 0x00200000u;
	static const u32 page[] = { 0, 0x1000, 0x51000, 0x9f000, 0xa0000, 0xa1000, 0xaf000, 0xb1000, 0xff000 };

	begin("Undefined before a multiple of 64");
	for (u32 i = 0; i < ARRAY_SIZE(page); i++) {
		write32(data + page[i] + UDF_WORD, UDF);
		write32(data + page[i] + 0x800 + UDF_WORD, 0xee000f10);	/* a coprocessor register that is not */
		write16(data + page[i] + 0xc00 + UDF_WORD + 2, T_UDF);
		write32(data + page[i] + 0xffc, UDF);
	}
	code_sync((void *)data, 0x100000);
	for (u32 s = 0; s < SLOTS; s++) {
		u32 va = RAM_BASE - ((s + 1) << 20);

		pt_section(l1_main, va, data | S_RAM);
		for (u32 i = 0; i < ARRAY_SIZE(page); i++) {
			check_undefined(va + page[i] + UDF_WORD, MODE_USR | masks | random_flags(), 4);
			check_undefined(va + page[i] + 0xffc, MODE_USR | masks | random_flags(), 4);
			check_undefined(va + page[i] + 0xc00 + UDF_WORD + 2, MODE_USR | masks | PSR_T | random_flags(), 2);
			check_undefined(va + page[i] + UDF_WORD, MODE_SVC | PSR_I | masks | random_flags(), 4);
		}
		pt_section(l1_main, va, 0);
		tlb_all();
	}
	end();
}

/* The Supervisor's sp and lr go to TPIDRPRW and TPIDRURW before anything is lost. */
static void hook(u32 index, u32 vector, u32 mode, void (*handler)(void))
{
	const u32 code[] = { 0xf1020000 | MODE_SVC, 0xee0ddf90, 0xee0def50, 0xf1020000 | mode, 0xe51ff004, (u32)handler };

	for (u32 i = 0; i < ARRAY_SIZE(code); i++)
		HOOKS[index + i] = code[i];
	code_sync(&HOOKS[index], sizeof(code));
	exc_hook[vector] = (void (*)(void))(u32)&HOOKS[index];
}

void guest_main(void)
{
	if (BOARD_IS_OMAP3) {
		intc_init();
		gpt1_init();
		intc_unmask(LINE);
	}
	irq_disable();
	asm volatile("cpsie af");
	masks = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	for (u32 va = RAM_BASE; va < RAM_TEST_END; va += 1 << 20)	/* not for User mode, as kernels have it */
		l1_main[va >> 20] = va | S_SECT | S_WB | S_AP(0, 1);
	dcache_clean(l1_main, sizeof(l1_main));
	va_l2 = l2_alloc();
	pt_section(l1_main, VA, L1_TABLE(va_l2, 0));
	pt_section(l1_main, (u32)HOOKS, (USER_DATA + 0x00100000u) | S_RAM);
	pt_section(l1_main, (u32)USER, USER_DATA | S_RAM);
	mmu_on_cached(l1_main, OPEN);
	hook(0, VEC_SVC, MODE_SVC, hook_2);
	hook(16, VEC_UND, MODE_UND, hook_1);
	hook(32, VEC_IRQ, MODE_IRQ, hook_6);
	user_prepare();
	test_returns();
	test_registers();
	test_between();
	test_places();
	test_many();
	test_long();
	test_modes();
	test_patched();
	test_branch();
	test_status();
	test_masked();
	test_it();
	test_privileged();
	test_irq_waits();
	test_timer();
	test_pages(MODE_SVC);
	test_pages(MODE_IRQ);
	test_exclusive();
	test_unaligned();
	test_domain();
	test_tpidruro();
	test_vfp();
	test_clean();
	test_dacr_around();
	test_undefined();
	test_dacr(1);
	test_dacr(4);
	if (BOARD_IS_OMAP3)
		intc_mask(LINE);
}
