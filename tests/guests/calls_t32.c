// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: how T32 kernels go to User mode and how they begin a system call: straight lines that go through System mode for sp and lr of User mode, which
 * a hypervisor may do in one go. Each run returns to User mode, which makes a system call. All that is left, wherever it ends, is hashed, so that the
 * report says it; and with an interrupt at each moment, which is handled, the end is the same as without.
 */
#include "guest.h"

#define PSR_BITS	(PSR_NZCVQ | PSR_GE | PSR_E | PSR_A | PSR_I | PSR_F | PSR_T | PSR_IT | PSR_MODE)
#define RUNS		24u
#define AROUND		90u		/* instructions on each side of what is interrupted, at least */

#define VA		0x30000000u
#define LINES_VA	(VA + 0x10000u)	/* the page of lines, */
#define VECTORS_VA	(VA + 0x11000u)	/* the vectors' */
#define FRAME_VA	(VA + 0x20000u)	/* and two for frames */
#define DATA		(TEST_RAM + 0x00400000u)
#define LINES_PA(n)	(DATA + 0x1000u * (n))
#define VECTORS_PA	(DATA + 0x10000u)
#define FRAME_PA(n)	(DATA + 0x20000u + 0x1000u * (n))
#define USER		((u32 *)0x20100000u)
#define USER_DATA	(DATA + 0x00800000u)
#define USER_T32	(USER + 0x40)
#define USER_SPIN	(USER + 0x80)	/* r12 counts turns down, then a system call */
#define KERNEL		(P_SMALL | P_WB | P_AP(0, 1))
#define CALL_AT		0x200u		/* of the page: where the vector leads; the return line is at its begin */
#define FRAME_WORDS	18u
#define SP_AT		0x800u		/* where the frame of the return is in the two pages */

#define SCTLR_U		0x00400000u	/* the processor does not write it, its model does */

static u32 masks, turn = 0x2545f491;
static u32 *va_l2;
static u32 thread[32];		/* what TPIDRURO leads to */
static u32 flags_word;
u32 calls_t32_cell[2];	/* what the line of a call loads: for TPIDRURO, and what SCTLR is to be */
static u32 interrupts, interrupted;

static u32 random(void)
{
	turn ^= turn << 13;
	turn ^= turn >> 17;
	turn ^= turn << 5;
	return turn;
}

/* T32 code. The line of a return, with registers @a, @b, @c; r12 first counts down to zero. */
#define T32(name, text)								\
	extern const u32 name[], name##_end[];					\
	asm(".pushsection .rodata\n .syntax unified\n .thumb\n .balign 4\n" #name ":\n" text "\n .balign 4\n" #name "_end:\n .arm\n .popsection\n .syntax divided")
#define RETURN(name, a, b, c, list)						\
	T32(name, "1: subs r12, #1\n bne 1b\n cpsid i\n ldr.w " a ", [r9]\n lsls " a ", " a ", #16\n bne 2f\n"		\
		  "mrc p15, 0, " a ", c13, c0, 3\n ldr " a ", [" a ", #84]\n mcr p15, 0, " a ", c13, c0, 3\n"		\
		  "mov " b ", sp\n mrs " c ", cpsr\n eor " c ", " c ", #12\n msr cpsr_c, " c "\n"			\
		  "ldr.w sp, [" b ", #60]\n ldr.w lr, [" b ", #64]\n eor " c ", " c ", #12\n msr cpsr_c, " c "\n"	\
		  "ldr " a ", [sp, #72]\n ldr.w lr, [sp, #68]\n add sp, #60\n tst.w " a ", #0x8f\n bne 3f\n"		\
		  "msr spsr_fsxc, " a "\n strex " a ", " b ", [sp]\n ldmdb sp, " list "\n add sp, #20\n subs pc, lr, #0\n" \
		  "2: udf #1\n 3: udf #2")
#define CALL(name, a, b, c)							\
	T32(name, "sub sp, #72\n stmia.w sp, {r0-r12}\n mov " a ", sp\n mrs " b ", cpsr\n eor " b ", " b ", #12\n"	\
		  "msr cpsr_c, " b "\n str.w sp, [" a ", #52]\n str.w lr, [" a ", #56]\n eor " b ", " b ", #12\n"	\
		  "msr cpsr_c, " b "\n mrs " a ", spsr\n str.w lr, [sp, #60]\n str.w " a ", [sp, #64]\n str r0, [sp, #68]\n" \
		  "movw " b ", #:lower16:calls_t32_cell\n movt " b ", #:upper16:calls_t32_cell\n ldr.w " b ", [" b "]\n" \
		  "mcr p15, 0, " b ", c13, c0, 3\n mrc p15, 0, " c ", c1, c0, 0\n"					\
		  "movw " b ", #:lower16:calls_t32_cell\n movt " b ", #:upper16:calls_t32_cell\n ldr.w " b ", [" b ", #4]\n" \
		  "teq " b ", " c "\n it ne\n mcrne p15, 0, " b ", c1, c0, 0\n cpsie i\n udf #0")

RETURN(return_1, "r1", "r2", "r3", "{r1-r12}");
RETURN(return_0, "r1", "r2", "r3", "{r0-r12}");
RETURN(return_5, "r5", "r4", "r11", "{r1-r12}");
/* Before the line of a return, at EXCLUSIVE_AT: what its STREX is about is loaded exclusively. */
#define EXCLUSIVE_AT	0xe00u
T32(exclusive, "ldrex r10, [sp, #60]\n b.w . - 0xe04");
CALL(call_8, "r8", "r10", "r12");
CALL(call_1, "r1", "r2", "r3");
CALL(call_6, "r6", "r11", "r0");
static const struct { const u32 *code, *end; } returns[] = { { return_1, return_1_end }, { return_0, return_0_end }, { return_5, return_5_end } },
	calls[] = { { call_8, call_8_end }, { call_1, call_1_end }, { call_6, call_6_end } };

static void copy(u32 to, const u32 *from, const u32 *end)
{
	for (volatile u32 *at = (volatile u32 *)to; from < end; at++)
		*at = *from++;
}

/* Other lines, in a page that was not written for long: what is written all the time may be executed in another way. */
static void lines_put(u32 r, u32 c)
{
	static u32 last;
	u32 page = LINES_PA(++last % 12);

	copy(page, returns[r].code, returns[r].end);
	copy(page + CALL_AT, calls[c].code, calls[c].end);
	copy(page + EXCLUSIVE_AT, exclusive, exclusive_end);
	code_sync((void *)page, 0x1000);
	pt_page(va_l2, LINES_VA, page | KERNEL);
	tlb_mva(LINES_VA);
}

/* -- one run -- */

struct state {
	int vector;
	u32 where, psr, r[13], sp, lr, tpidruro, sctlr, dfar, dfsr, usr[2], spsr;
	u32 frame[2 * FRAME_WORDS + 4];
};

struct run {
	u32 sp, pc, psr, flags, sctlr, turns, user_turns;
	u32 seed;
	bool timer;		/* runs out about where the turns do */
	bool exclusive;		/* the STREX succeeds, and stores over the word that User mode's sp came from */
};

static const struct run plain = { .sp = FRAME_VA + SP_AT, .pc = (u32)USER, .psr = MODE_USR, .turns = 1 };

/* Word @i of the frames, as memory has it: the frame of the call is right behind that of the return, and may be over its end. */
static volatile u32 *word(u32 sp, u32 i)
{
	return (volatile u32 *)(FRAME_PA(0) + (sp & ~3u) - FRAME_VA + 4 * i);
}

/* Word @i from @sp on, which need not be aligned. */
static void frame_set(u32 sp, u32 i, u32 value)
{
	volatile u8 *at = (volatile u8 *)(FRAME_PA(0) + sp - FRAME_VA + 4 * i);

	for (u32 k = 0; k < 4; k++)
		at[k] = (u8)(value >> 8 * k);
}

static void run(const struct run *in, struct state *out)
{
	u32 bank[3] = { 0, 0, 0 };
	struct ctx c;

	turn = in->seed * 2 + 1;
	for (u32 i = 0; i < 8; i++)
		random();
	for (u32 i = 0; i < ARRAY_SIZE(out->frame); i++)
		*word(in->sp, i) = random();
	frame_set(in->sp, 17, in->pc);
	frame_set(in->sp, 18, in->psr | masks | (random() & (PSR_NZCVQ | PSR_GE)));
	if (in->user_turns)
		frame_set(in->sp, 14, in->user_turns);
	for (u32 i = 0; i < ARRAY_SIZE(thread); i++)
		thread[i] = random();
	flags_word = in->flags | random() << 16;
	calls_t32_cell[0] = random();
	calls_t32_cell[1] = in->sctlr;
	ctx_init(&c, MODE_SVC | PSR_T | PSR_I | masks | (random() & (PSR_NZCVQ | PSR_GE)));
	for (u32 i = 0; i < 13; i++)
		c.r[i] = random();
	c.r[9] = (u32)&flags_word;
	c.r[12] = in->turns;
	c.sp = in->sp;
	c.lr = random();
	c.pc = LINES_VA + (in->exclusive ? EXCLUSIVE_AT : 0);
	bank[0] = random();
	bank[1] = random();
	bank_set(MODE_USR, bank);
	asm volatile("msr spsr_cxsf, %0" : : "r"(MODE_USR | masks));
	MCR(0, c13, c0, 3, (u32)thread);
	isb();
	if (in->timer)
		gpt1_oneshot(4);
	out->vector = ctx_run(&c);
	out->where = exc_frame.exc_lr;
	out->psr = exc_frame.spsr & PSR_BITS;
	for (u32 i = 0; i < 13; i++)
		out->r[i] = exc_frame.r[i];
	out->sp = exc_frame.sp;
	out->lr = exc_frame.lr;
	out->tpidruro = MRC(0, c13, c0, 3);
	out->sctlr = sctlr_read();
	out->dfar = out->vector == VEC_DABT ? exc_frame.dfar : 0;
	out->dfsr = out->vector == VEC_DABT ? DFSR_FS(exc_frame.dfsr) : 0;
	bank_get(MODE_USR, bank);
	out->usr[0] = bank[0];
	out->usr[1] = bank[1];
	bank_get(MODE_SVC, bank);
	out->spsr = bank[2] & PSR_BITS;
	for (u32 i = 0; i < ARRAY_SIZE(out->frame); i++)
		out->frame[i] = *word(in->sp, i);
}

static u32 hash_add(u32 sum, const struct state *s)
{
	for (u32 i = 0; i < sizeof(*s) / 4; i++)
		sum = (sum ^ (((const u32 *)s)[i] & ~SCTLR_U)) * 16777619u;
	return sum;
}

static u32 ends[8];		/* by vector */

static u32 run_hashed(u32 sum, const struct run *in)
{
	struct state s;

	run(in, &s);
	ends[s.vector]++;
	return hash_add(sum, &s);
}

/* A run that is whole ends behind the line of the call. */
static void check_whole(const char *what, const struct run *in, u32 c)
{
	struct state s;

	run(in, &s);
	group_check(VEC_UND, s.vector, "%s: vector", what);
	group_check(0xde00, *(volatile u16 *)(s.where - 2), "%s: what ended it", what);
	group_check(true, s.where - LINES_VA - CALL_AT <= 4 * (u32)(calls[c].end - calls[c].code), "%s: where", what);
	group_check(MODE_SVC | PSR_T | masks, s.psr & ~(PSR_NZCVQ | PSR_GE), "%s: CPSR", what);
	group_check(in->sp + 80 - 72, s.sp, "%s: sp", what);
}

/* -- the tests -- */

static void test_lines(void)
{
	struct run in = plain;
	group_begin("lines");
	for (u32 n = 0; n < 9; n++) {
		u32 sum = 0;

		lines_put(n % 3, n / 3);
		for (in.seed = 0; in.seed < RUNS; in.seed++) {
			in.pc = in.seed & 1 ? (u32)USER_T32 : (u32)USER;
			in.psr = MODE_USR | (in.seed & 1 ? PSR_T : 0);
			in.sctlr = in.seed & 2 ? sctlr_read() : sctlr_read() ^ SCTLR_U;
			sum = run_hashed(sum, &in);
		}
		result_hash("lines", sum);
		check_whole("a run", &in, n / 3);
		in.exclusive = true;
		result_hash("exclusive", run_hashed(0, &in));
		in.exclusive = false;
	}
	group_end();
}

/*
 * Which access of the line finds that sp is not aligned: the STREX, as A3.4.5 has it, or the load behind it, on a machine that asks the monitor first.
 */
static void check_unaligned(const struct run *in, u32 by)
{
	struct run unaligned = *in;
	struct state s;

	unaligned.sp += by;
	run(&unaligned, &s);
	if (s.vector != VEC_DABT)
		return;		/* it left before that */
	group_check(FS_ALIGN, DFSR_FS(s.dfsr & ~FSR_WNR), "sp not aligned: status");
}

/* Where the line of a return is left: work to do, an SPSR that is not User mode's or masks something, E, IT, J, addresses of all kinds. */
static void test_exits(void)
{
	static const u32 psrs[] = {
		MODE_USR | PSR_I, MODE_USR | PSR_F, MODE_USR | PSR_E, MODE_USR | PSR_T | 0x00000800u, MODE_SVC, MODE_SYS, MODE_USR | PSR_T,
		MODE_USR,
	};
	struct run in = plain;
	u32 sum = 0;

	group_begin("what is left early");
	lines_put(0, 0);
	for (in.seed = 0; in.seed < 12 * RUNS; in.seed++) {
		in.flags = in.seed % 5 == 0 ? 1 << in.seed % 16 : 0;
		in.psr = psrs[in.seed % ARRAY_SIZE(psrs)];
		in.pc = in.psr & PSR_T ? (u32)USER_T32 | (in.seed >> 3 & 1) : (u32)USER;
		in.sp = FRAME_VA + SP_AT + 4 * (in.seed % 7);
		in.sctlr = in.seed & 2 ? sctlr_read() : sctlr_read() ^ 0x00000800;	/* Z */
		sum = run_hashed(sum, &in);
		if (in.seed % 11 == 0)
			check_unaligned(&in, 1 + in.seed % 3);
	}
	result_hash("exits", sum);
	for (u32 i = 0; i < ARRAY_SIZE(ends); i++)
		info("ended by vector", ends[i]);
	group_end();
}

#define AP(apx, ap)	(P_SMALL | P_WB | P_AP(apx, ap))
static const u32 rights[] = { 0, AP(0, 0), AP(1, 1), AP(1, 3), AP(0, 1), AP(0, 2), P_RAM };

static void set_right(u32 n, u32 bits)
{
	pt_page(va_l2, FRAME_VA + 0x1000 * n, bits ? FRAME_PA(n) | bits : 0);
	tlb_mva(FRAME_VA + 0x1000 * n);
}

/* Frames in pages of every kind, and over a border. */
static void test_pages(void)
{
	struct run in = plain;
	u32 sum = 0;

	group_begin("the frame's pages");
	lines_put(0, 0);
	for (in.seed = 0; in.seed < 7 * 7 * 4; in.seed++) {
		in.sp = FRAME_VA + 0x1000 - 4 * (1 + in.seed % 23);
		in.sctlr = sctlr_read();
		sum = run_hashed(sum, &in);
		set_right(0, rights[in.seed % 7]);
		set_right(1, rights[in.seed / 7 % 7]);
		sum = run_hashed(sum, &in);
		set_right(0, KERNEL);
		set_right(1, KERNEL);
	}
	result_hash("pages", sum);
	group_end();
}

/* Lines that change, in the page itself and by mapping another. */
static void test_changes(void)
{
	struct run in = plain;
	u32 sum = 0;

	group_begin("lines that change");
	in.sctlr = sctlr_read();
	for (u32 n = 0; n < 40; n++) {
		lines_put(n % 3, n % 2);
		for (in.seed = 0; in.seed < 6; in.seed++)
			sum = run_hashed(sum, &in);
		if (n % 4 == 0) {		/* TST becomes one of other bits; the vector's page has another line */
			copy(LINES_PA(13), returns[n / 4 % 3].code, returns[n / 4 % 3].end);
			copy(LINES_PA(13) + CALL_AT, calls[2].code, calls[2].end);
			code_sync((void *)LINES_PA(13), 0x1000);
			pt_page(va_l2, LINES_VA, LINES_PA(13) | KERNEL);
			tlb_mva(LINES_VA);
			sum = run_hashed(sum, &in);
			sum = run_hashed(sum, &in);
		}
	}
	result_hash("changes", sum);
	group_end();
}

/* -- interrupts -- */

static void on_irq(void)
{
	u32 spsr;

	asm volatile("mrs %0, spsr" : "=r"(spsr));
	interrupted = spsr & (PSR_MODE | PSR_I);
	interrupts++;
	gpt1_stop();
	gpt1_ack();
	(void)intc_sir();
	intc_ack();
}

/* Returns the mode that was interrupted, 0 when the run was over before. */
static u32 timer_run(struct run *in, struct state *s)
{
	interrupted = 0;
	in->timer = true;
	run(in, s);
	in->timer = false;
	gpt1_stop();
	gpt1_ack();
	(void)intc_sir();
	intc_ack();
	return interrupted;
}

static void set_turns(struct run *in, bool user, u32 turns)
{
	*(user ? &in->user_turns : &in->turns) = turns;
}

/* The lowest number of turns with which the interrupt comes while the spinning goes on. */
static u32 calibrate(struct run *in, bool user)
{
	u32 low = 1, high = 100000;
	struct state s;

	while (high - low > 1) {
		u32 mid = (low + high) / 2;

		set_turns(in, user, mid);
		if (timer_run(in, &s) == MODE_USR)	/* in the kernel it is masked up to User mode */
			high = mid;
		else
			low = mid;
	}
	return high;
}

static void interrupt_around(const char *what, bool user)
{
	struct run in = plain;
	struct state want, is;
	u32 first, bad = 0;

	in.sctlr = sctlr_read() ^ SCTLR_U;
	if (user)
		in.pc = (u32)USER_SPIN;
	else
		in.user_turns = 0;
	set_turns(&in, user, 1);
	for (u32 i = 0; i < RUNS; i++)		/* a hypervisor learns */
		run(&in, &want);
	first = calibrate(&in, user);
	for (u32 turns = first + AROUND; turns > 1 && turns + AROUND > first; turns--) {
		set_turns(&in, user, turns);
		run(&in, &want);
		timer_run(&in, &is);
		bad += hash_add(0, &want) != hash_add(0, &is);
	}
	group_check(0, bad, "%s: runs that ended otherwise", what);
}

static void test_timer(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("an interrupt comes", "no OMAP3 timer on this board");
		return;
	}
	group_begin("an interrupt comes");
	intc_unmask(GPT1_IRQ);
	lines_put(0, 0);
	interrupt_around("around the call", true);
	interrupt_around("around the return", false);
	group_check(true, interrupts > 2 * AROUND, "interrupts were handled");
	intc_mask(GPT1_IRQ);
	group_end();
}

/* T32 code that loads from behind it, as Linux's does. */
static void vectors_put(void)
{
	volatile u32 *to = (volatile u32 *)VECTORS_PA;

	vector_table_build((u32 *)VECTORS_PA);
	for (u32 i = 0; i < 8; i++)
		to[i] = 0xf01cf8df;		/* ldr.w pc, [pc, #28] */
	to[10] = LINES_VA + CALL_AT + 1;
	to[14] = (u32)irq_entry;
	code_sync((void *)VECTORS_PA, 64);
	pt_page(va_l2, VECTORS_VA, VECTORS_PA | KERNEL);
}

void guest_main(void)
{
	static const u32 spin[] = { 0xe25cc001, 0x1afffffd, 0xef000000 };	/* subs r12, r12, #1; bne; svc */

	if (BOARD_IS_OMAP3) {
		intc_init();
		gpt1_init();
	}
	irq_handler = on_irq;
	irq_disable();
	asm volatile("cpsie af");
	masks = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	for (u32 va = RAM_BASE; va < RAM_TEST_END; va += 1 << 20)	/* not for User mode, as kernels have it */
		l1_main[va >> 20] = va | S_SECT | S_WB | S_AP(0, 1);
	dcache_clean(l1_main, sizeof(l1_main));
	va_l2 = l2_alloc();
	pt_section(l1_main, VA, L1_TABLE(va_l2, 0));
	pt_section(l1_main, (u32)USER, USER_DATA | S_RAM);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	USER[0] = 0xef000000;
	USER_T32[0] = 0xdf00df00;
	for (u32 i = 0; i < ARRAY_SIZE(spin); i++)
		USER_SPIN[i] = spin[i];
	code_sync(USER, 0x1000);
	vectors_put();
	set_right(0, KERNEL);
	set_right(1, KERNEL);
	MCR(0, c12, c0, 0, VECTORS_VA);
	MCR(0, c1, c0, 0, sctlr_read() | SCTLR_TE);
	isb();
	test_lines();
	test_exits();
	test_pages();
	test_changes();
	test_timer();
	MCR(0, c1, c0, 0, sctlr_read() & ~SCTLR_TE);
	MCR(0, c12, c0, 0, exc_vectors);
	isb();
}
