// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: a timer interrupt at every single instruction of sequences of sensitive instructions, whatever a hypervisor executes in their
 * place. The interrupt must find the machine between two instructions of the sequence, with exactly the state that belongs there,
 * and the sequence must come to the same end when the handler returns.
 */
#include "guest.h"

#define SVC		0xef000000u
#define UDF		0xe7f000f0u
#define PSR_BITS	(PSR_NZCVQ | PSR_GE | PSR_E | PSR_A | PSR_I | PSR_F | PSR_MODE)
#define SEQ_MAX		12u
#define LEAD		4u		/* words before the sequence: see put_sequence() */
#define TRIES		4u
#define NONE		~0u
/* How many comparisons there are depends on how much a world executes, so only those count that fail. */
#define must(want, is, ...)	do { if ((u32)(want) != (u32)(is)) group_check(want, is, __VA_ARGS__); } while (0)

static const u32 modes[] = { MODE_SVC, MODE_IRQ, MODE_ABT, MODE_UND, MODE_FIQ, MODE_SYS };

/* r7 counts down, r6 holds the flags, r5 points to store; r8 and above are another bank in FIQ mode. */
static const struct sequence {
	const char *name;
	bool spsr, system;	/* uses the mode's SPSR, User bank; may run in System mode */
	u32 word[SEQ_MAX];
} sequences[] = {
	{ "mask, restore", false, true,
	  { 0xe10f0000, 0xf10c0080, 0xe10f1000, 0xe121f000, 0xe10f2000 } },	/* mrs r0; cpsid i; mrs r1; msr cpsr_c, r0; mrs r2 */
	{ "mask, unmask", false, true,
	  { 0xf10c0080, 0xf10c0080, 0xf1080080, 0xf1080080, 0xf10c0080, 0xf1080080, 0xe10f1000 } },
	{ "restore what is", false, true,
	  { 0xe10f1000, 0xe121f001, 0xe10f0000, 0xe121f000, 0xe10fe000, 0xe121f00e } },
	{ "saved status", true, false,
	  { 0xe16ff003, 0xe14f0000, 0xe16ff000, 0xe14f1000, 0xe16ff004, 0xe14fe000 } },	/* msr spsr, r3; mrs r0, spsr; .. */
	{ "User bank", false, false,
	  { 0xe9456000, 0xe1a00005, 0xe9406000, 0xe1a01005, 0xe9416000, 0xe10f2000 } },	/* stmdb r5, {sp, lr}^; with r0; r1 */
	{ "domains", false, true,
	  { 0xee033f10, 0xee130f10, 0xee034f10, 0xee131f10, 0xee030f10, 0xee031f10, 0xee132f10 } },
	{ "per-CPU and control", false, true,
	  { 0xee1d0f90, 0xee111f10, 0xee122f10, 0xee123f30, 0xee150f10, 0xee151f30, 0xee162f10, 0xee16ef50 } },
	/* dccmvac, dccmvau, icimvau r5; iciallu; bpiall; mrc ctr; mcr tpidruro, r3; mrc tpidruro, r0; mcr tpidruro, r4; mrc tpidruro, r2 */
	{ "caches and thread registers", false, true,
	  { 0xee075f3a, 0xee075f3b, 0xee075f35, 0xee070f15, 0xee070fd5, 0xee101f30, 0xee0d3f70, 0xee1d0f70, 0xee0d4f70, 0xee1d2f70 } },
	/* strt r3; ldrt r0; strbt r4; ldrbt r1; ldrt r2; strt r0; ldrt r1, all of [r5] */
	{ "User permissions", false, true,
	  { 0xe4a53000, 0xe4b50000, 0xe4e54000, 0xe4f51000, 0xe4b52000, 0xe4a50000, 0xe4b51000 } },
	{ "all of a kind", true, false,
	  { 0xe10f0000, 0xf10c0080, 0xee1d1f90, 0xe16ff003, 0xe9456000, 0xee132f10, 0xee033f10, 0xe14f3000, 0xee032f10, 0xe121f000 } },
};

static u32 store[16] __attribute__((aligned(64)));
static u32 *at_code;		/* the sequence as it is */
static u32 length, spins, landed[SEQ_MAX + 1];
static union state { struct ctx c; u32 r[17]; } at[SEQ_MAX + 1];	/* the state before each instruction, and behind the last */

static u32 end_word(u32 mode)
{
	return mode == MODE_UND ? SVC : UDF;
}

/* nop; 1: subs r7, r7, #1; bne 1b; msr cpsr_f, r6; the first @n words of the sequence; an end. */
static void put_sequence(const struct sequence *s, u32 n, u32 mode)
{
	u32 code[LEAD + SEQ_MAX + 1] = { 0xe320f000, 0xe2577001, 0x1afffffd, 0xe128f006 };

	for (u32 i = 0; i < n; i++)
		code[LEAD + i] = s->word[i];
	code[LEAD + n] = end_word(mode);
	at_code = code_fresh(code, LEAD + n + 1);
}

static void context(union state *s, u32 mode)
{
	static const u32 usr[3] = { 0x13572468, 0x24681357, 0 };

	if (mode != MODE_SYS)
		bank_set(MODE_USR, usr);
	MCR(0, c3, c0, 0, DACR_CLIENT(0) | DACR_CLIENT(7));
	for (u32 i = 0; i < ARRAY_SIZE(store); i++)
		store[i] = 0;
	ctx_init(&s->c, mode | (cpsr_read() & (PSR_A | PSR_F)) | PSR_C);
	s->c.r[3] = DACR_CLIENT(0) | DACR_CLIENT(9);		/* as good as any for an SPSR */
	s->c.r[4] = DACR_CLIENT(0) | DACR_CLIENT(7) | DACR_CLIENT(9);
	s->c.r[5] = (u32)&store[8];
	s->c.r[6] = 0x98000000;
}

/* The state at the exception. */
static void take(union state *s)
{
	for (u32 i = 0; i < 15; i++)
		s->r[i] = (&exc_frame.r[0])[i];
	s->c.pc = exc_frame.exc_lr - 4;
	s->c.cpsr = exc_frame.spsr & PSR_BITS;
}

/* What the state is before each instruction: cut the sequence there. */
static void learn(const struct sequence *s, u32 mode)
{
	for (length = 0; length < SEQ_MAX && s->word[length]; length++)
		;
	for (u32 n = 0; n <= length; n++) {
		union state c;

		put_sequence(s, n, mode);
		context(&c, mode);
		c.c.pc = (u32)at_code;
		c.c.r[7] = 1;
		ctx_run(&c.c);
		take(&at[n]);
	}
}

/* In which instruction a state is. */
static u32 place(const union state *s)
{
	return s->c.pc % 0x1000 / 4 - LEAD;
}

/* Run with the interrupt after @loops and perhaps one instruction more; the vector that ended it. */
static int run(u32 mode, u32 loops, u32 odd)
{
	union state c;
	int vector;

	context(&c, mode);
	c.c.r[7] = loops;
	c.c.pc = (u32)at_code + 4 - 4 * odd;
	gpt1_oneshot(1);
	vector = ctx_run(&c.c);
	return vector;
}

static void settle(void)
{
	gpt1_stop();
	(void)intc_sir();
	intc_ack();
}

/* The interrupt came: at which instruction of the sequence, NONE: before it. */
static u32 where(void)
{
	u32 n = (exc_frame.exc_lr - 4 - (u32)at_code) / 4;

	must(1, n < LEAD + SEQ_MAX + 1, "inside the guest's own code: %x", exc_frame.exc_lr);
	return n < LEAD ? NONE : n - LEAD;
}

/* The highest number of turns with which the interrupt does not come while they are made. */
static u32 calibrate(u32 mode)
{
	u32 low = 1, high = 60000;

	while (high - low > 1) {
		u32 mid = (low + high) / 2;
		bool before = run(mode, mid, 0) == VEC_IRQ && where() == NONE;

		settle();
		if (before)
			high = mid;
		else
			low = mid;
	}
	return high + 1;
}

static void check_state(const struct sequence *s, u32 mode, const union state *want)
{
	u32 lost = mode == MODE_IRQ ? 1u << 14 : 0;	/* the interrupt's own link register */
	union state got;

	take(&got);
	for (u32 i = 0; i < 15; i++)
		if (i != 7 && !(lost >> i & 1))
			must(want->r[i], got.r[i], "%s, mode %x, at %u: r%u", s->name, mode, place(want), i);
	must(want->c.cpsr, got.c.cpsr, "%s, mode %x, at %u: CPSR", s->name, mode, place(want));
}

/* Every instruction that can be interrupted is; the exception looks at the state and does not return. */
static void sweep_stop(const struct sequence *s, u32 mode)
{
	for (u32 loops = spins, odd = 1; loops > 0; loops -= !odd, odd = !odd) {
		bool irq = run(mode, loops, odd) == VEC_IRQ;
		u32 n = irq ? where() : 0;

		settle();
		if (!irq)
			return;
		if (n == NONE)
			continue;
		must(1, n <= length, "%s, mode %x: in the sequence", s->name, mode);
		if (n > length)
			return;
		check_state(s, mode, &at[n]);
		landed[n]++;
	}
}

/* The handler of a kernel: it uses all that the sequence does, and puts back what is not its own. */
static u32 irqs;

static void handle(void)
{
	u32 keep[2], dacr = MRC(0, c3, c0, 0), spsr;

	asm volatile("mrs %0, spsr" : "=r"(spsr));
	asm volatile("stmia %0, {sp, lr}^\n\tnop" : : "r"(keep) : "memory");
	MCR(0, c3, c0, 0, DACR_CLIENT(0) | DACR_CLIENT(2));
	isb();
	asm volatile("msr spsr_cxsf, %0" : : "r"(~spsr & ~0x00f00000u));
	asm volatile("msr spsr_cxsf, %0" : : "r"(spsr));
	MCR(0, c3, c0, 0, dacr);
	isb();
	asm volatile("ldmia %0, {sp, lr}^\n\tnop" : : "r"(keep) : "memory");
	irqs++;
	settle();
}

/* The same with a handler that returns: the sequence ends as if nothing had been. */
static void sweep_return(const struct sequence *s, u32 mode)
{
	void (*hook)(void) = exc_hook[VEC_IRQ];

	stacks_init();		/* contexts of IRQ mode left a value of their own */
	exc_hook[VEC_IRQ] = irq_entry;
	irq_handler = handle;
	for (u32 loops = spins + 2, odd = 1, late = 0; loops > 0 && late < 3; loops -= !odd, odd = !odd) {
		irqs = 0;
		must(mode == MODE_UND ? VEC_SVC : VEC_UND, run(mode, loops, odd), "%s, mode %x: end", s->name, mode);
		late += !irqs;
		if (!irqs)
			settle();
		else
			check_state(s, mode, &at[length]);
	}
	exc_hook[VEC_IRQ] = hook;
}

/* At how many places was the interrupt not taken, although it is not masked there? */
static u32 missed(void)
{
	u32 n = 0;

	for (u32 i = 0; i <= length; i++)
		n += !landed[i] && !(at[i].c.cpsr & PSR_I);
	return n;
}

static void test_sequence(const struct sequence *s)
{
	u32 all = 0, misses = 0;

	group_begin(s->name);
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		u32 mode = modes[m];

		if ((mode == MODE_SYS && !s->system) || (mode == MODE_IRQ && s->spsr))
			continue;
		for (u32 i = 0; i <= length; i++)
			landed[i] = 0;
		learn(s, mode);
		/* a hypervisor may learn on the way, which changes how long things take */
		for (u32 try = 0; try < TRIES && missed(); try++) {
			spins = calibrate(mode);
			sweep_stop(s, mode);
		}
		all += length + 1;
		misses += missed();
		if (mode == MODE_SVC || mode == MODE_FIQ)
			sweep_return(s, mode);
	}
	/* it may do several in one go, too */
	group_check(true, misses <= all / 4, "%u of %u places missed", misses, all);
	info("places missed", misses);
	group_end();
}

void guest_main(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("stubs_irq", "no OMAP3 timer on this board");
		return;
	}
	intc_init();
	gpt1_init();
	intc_unmask(GPT1_IRQ);
	pt_flat(l1_main);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	MCR(0, c13, c0, 4, 0x71717171);
	for (u32 i = 0; i < ARRAY_SIZE(sequences); i++)
		test_sequence(&sequences[i]);
	intc_mask(GPT1_IRQ);
}
