// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: random programs of privileged and plain instructions, all with one defined meaning. There is no model: the state they end in
 * is hashed into the line that is printed, and the lines must be the same in both worlds. Then the same with interrupts enabled, without and
 * with a timer that interrupts at random places: the interrupts must not show.
 */
#include "guest.h"

#define PROGRAM		48		/* instructions */
#define ROUNDS		4		/* of each program */
#define PER_LINE	60		/* programs */
#define LINES		20
#define INTERRUPTED	6
#define BKPT		0xe1200070u
#define UDF		0xe7f000f0u

static u32 seed = 0x9e3779b9;
static u32 buf[256] __attribute__((aligned(1024)));
static u32 hash, psr_masks;
static bool with_irqs;			/* programs that run with interrupts enabled; they stay out of IRQ mode */
static bool timer_on;
static u32 irqs;

#define CM_CLKSEL_WKUP	0x48004c40

extern char stack_irq_top[];
void fuzz_return(void);			/* exception handler: movs pc, lr */

static u32 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static u32 below(u32 n)
{
	return (rnd() >> 8) % n;
}

static void mix(u32 v)
{
	hash = (hash ^ v) * 16777619u;
	hash ^= hash >> 15;
}

/* r0-r6 and r9-r12 are free; r7 holds the address of buf, r8 that of its middle outside FIQ mode (where nothing uses it). */
static u32 reg(void)
{
	static const u8 free[] = { 0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12 };

	return free[below(ARRAY_SIZE(free))];
}

static u32 low(void)
{
	return below(7);
}

/* About as often as compiled code has conditions. */
static u32 cond(void)
{
	return below(8) ? 0xe0000000u : below(14) << 28;
}

static u32 gen_alu(void)
{
	static const u8 op[] = { 0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15 };
	u32 w = cond() | (u32)op[below(12)] << 21 | below(2) << 20 | reg() << 16 | reg() << 12;

	if (below(2))
		return w | 0x02000000 | (rnd() & 0xfff);
	return w | below(32) << 7 | below(4) << 5 | reg();
}

static u32 gen_status(void)
{
	static const u32 flags[] = { 0xe328f102, 0xe328f101, 0xe328f202, 0xe328f201, 0xe328f000, 0xe324f80f, 0xe324f805 };
	static const u32 spsr[] = { 0xe368f102, 0xe368f201, 0xe361f010, 0xe361f0d3, 0xe364f80a };

	switch (below(6)) {
	case 0: return (0x010f0000 | reg() << 12) | cond();			/* mrs rd, cpsr */
	case 1: return (0x014f0000 | reg() << 12) | cond();			/* mrs rd, spsr */
	case 2: return (flags[below(7)] & 0x0fffffff) | cond();
	case 3: return (spsr[below(5)] & 0x0fffffff) | cond();
	case 4: return 0x0128f000 | reg() | cond();				/* msr cpsr_f, rm */
	default: return 0x0124f000 | reg() | cond();				/* msr cpsr_s, rm */
	}
}

static u32 gen_mode(void)
{
	static const u8 modes[] = { MODE_FIQ, MODE_SVC, MODE_ABT, MODE_IRQ };	/* not System: it has no SPSR */
	u32 m = modes[below(with_irqs ? 3 : 4)];

	if (with_irqs)
		switch (below(5)) {
		case 0: return 0xf1020000 | m;					/* cps #m */
		case 1: return 0xf10c0080;					/* cpsid i */
		case 2: return 0xf1080080;					/* cpsie i */
		case 3: return 0xf10a0080 | m;					/* cpsie i, #m */
		default: return 0x0321f040 | m | cond();			/* msr cpsr_c, #m + F */
		}
	switch (below(3)) {
	case 0: return 0xf1020000 | m;						/* cps #m */
	case 1: return 0xf10e00c0 | m;						/* cpsid if, #m */
	default: return 0x0321f0c0 | m | cond();				/* msr cpsr_c, #m + I + F */
	}
}

static u32 gen_banked(void)
{
	/* r13 and r14 of the mode, and of User mode; the no-operation that must follow LDM ^ is the generator's business */
	switch (below(6)) {
	case 0: return 0x01a0d000 | reg() | cond();				/* mov sp, rm */
	case 1: return 0x01a0e000 | reg() | cond();				/* mov lr, rm */
	case 2: return 0x01a0000d | reg() << 12 | cond();			/* mov rd, sp */
	case 3: return 0x01a0000e | reg() << 12 | cond();
	case 4: return 0x08c76000 | cond() | (rnd() & 0x7f);			/* stmia r7, {.., sp, lr}^ */
	default: return 0x08d76000 | cond() | (rnd() & 0x7f);			/* ldmia r7, {.., sp, lr}^ */
	}
}

static u32 gen_memory(void)
{
	u32 off = below(64) * 4;

	switch (below(8)) {
	case 0: return 0x05970000 | reg() << 12 | off | cond();			/* ldr rd, [r7, #off] */
	case 1: return 0x05870000 | reg() << 12 | off | cond();			/* str */
	case 2: return 0x01d700b0 | reg() << 12 | 0x100 | cond();		/* ldrh rd, [r7, #16] */
	case 3: return 0x05c70000 | reg() << 12 | (off + 1) | cond();		/* strb */
	case 4: return 0x08970000 | (rnd() & 0x7f) | 1 | cond();		/* ldmia r7, {r0..} */
	case 5: return 0x08870000 | (rnd() & 0x7f) | 1 | cond();
	case 6: return 0x01070090 | low() << 12 | (low() ^ 7) % 7 | cond();	/* swp: rd and rm from r0-r6 */
	default: return 0x01970f9f | low() << 12 | cond();			/* ldrex rd, [r7] */
	}
}

static u32 gen_coproc(void)
{
	static const u32 ops[] = {
		0x0e1d0f50, 0x0e1d0f70, 0x0e1d0f90, 0x0e0d0f50, 0x0e0d0f70, 0x0e0d0f90,	/* TPIDRURW URO PRW */
		0x0e130f10, 0x0e160f10, 0x0e160f50, 0x0e060f10, 0x0e060f50,		/* DACR, DFAR, IFAR */
		0x0e100f10, 0x0e070fba & ~0x20u, 0x0e070f95 | 0x40, 0x0ef10a10, 0x0ee10a10,	/* MIDR, DMB, BPIALL, FPSCR */
	};

	u32 w = ops[below(ARRAY_SIZE(ops))] | reg() << 12 | cond();

	if ((w & 0x0fff0fff) == 0x0ee10a10)		/* FPSCR: only with a value that is allowed */
		return 0xe320f000;
	return w;
}

static u32 gen_exception(u32 left)
{
	switch (below(4)) {
	case 0: return 0x0f000000 | (rnd() & 0xff) | cond();
	case 1: return UDF;
	default: return 0x0a000000 | below(left < 6 ? left : 6) | cond();	/* b forward */
	}
}

static u32 generate(u32 left)
{
	switch (below(10)) {
	case 0: case 1: case 2: return gen_alu();
	case 3: case 4: return gen_status();
	case 5: return gen_mode();
	case 6: return gen_banked();
	case 7: return gen_memory();
	case 8: return gen_coproc();
	default: return gen_exception(left);
	}
}

static void mix_state(void)
{
	static const u32 modes[] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_ABT };
	u32 v[5];

	for (u32 i = 0; i < 13; i++)
		mix(exc_frame.r[i]);
	mix(exc_frame.sp);
	mix(exc_frame.lr);
	mix(exc_frame.spsr);
	mix(exc_frame.exc_lr - (u32)code_area);
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		if (with_irqs && modes[m] == MODE_IRQ)
			continue;
		bank_get(modes[m], v);
		mix(v[0]);
		mix(v[1]);
		if (modes[m] != MODE_ABT && modes[m] != MODE_USR)
			mix(v[2]);
	}
	bank_get_high(MODE_FIQ, v);
	for (u32 i = 0; i < 5; i++)
		mix(v[i]);
	mix(MRC(0, c13, c0, 2));
	mix(MRC(0, c13, c0, 3));
	mix(MRC(0, c13, c0, 4));
	for (u32 i = 0; i < 128; i++)
		mix(((volatile u32 *)buf)[i]);
}

/* Banked state must not depend on what ran before, which may differ between worlds where it has no meaning. */
static void banks_init(void)
{
	static const u32 modes[] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_ABT };
	u32 high[5];

	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		u32 v[3] = { rnd(), rnd(), (rnd() & PSR_NZCVQ) | MODE_USR };

		bank_set(modes[m], v);
	}
	for (u32 i = 0; i < 5; i++)
		high[i] = rnd();
	bank_set_high(MODE_FIQ, high);
	for (u32 i = 0; i < ARRAY_SIZE(buf); i++)
		((volatile u32 *)buf)[i] = rnd();
	MCR(0, c13, c0, 2, rnd());
	MCR(0, c13, c0, 3, rnd());
	MCR(0, c13, c0, 4, rnd());
	MCR(0, c6, c0, 0, 0);
	MCR(0, c6, c0, 2, 0);
	asm volatile("msr spsr_cxsf, %0" : : "r"(MODE_USR));
}

/* One interrupt soon, in 77 ns steps of the system clock: soon for a bare and for a virtual processor. Other random numbers than the programs have. */
static void timer_start(void)
{
	static u32 delay = 1;

	delay = (delay * 1103515245 + 12345) & 0x7fffffff;
	write32(GPT1_BASE + 0x24, 0);
	write32(GPT1_BASE + 0x28, 0u - 1 - (delay >> 12) % (delay & 0x800 ? 6 : 500));
	write32(GPT1_BASE + 0x24, 1);
}

static void handle(void)
{
	(void)intc_sir();
	irqs++;
	gpt1_ack();
	intc_ack();
}

static void run_once(void)
{
	static const u32 modes[] = { MODE_SVC, MODE_FIQ, MODE_ABT, MODE_IRQ };
	struct ctx c;

	banks_init();
	if (with_irqs)
		bank_set(MODE_IRQ, (const u32[]){ (u32)stack_irq_top, 0, MODE_SVC });
	ctx_init(&c, modes[below(with_irqs ? 3 : 4)] | (with_irqs ? 0 : PSR_I) | PSR_F | (psr_masks & PSR_A) | (rnd() & PSR_NZCVQ));
	for (u32 i = 0; i < 13; i++)
		c.r[i] = rnd();
	c.r[7] = (u32)buf;
	c.sp = rnd();
	c.lr = rnd();
	if (timer_on)
		timer_start();
	mix((u32)ctx_run(&c));
	mix_state();
}

/* Each program several times, as the first execution of an instruction may be another matter for a hypervisor than the next. */
static void __attribute__((noinline)) run_program(void)
{
	u32 code[PROGRAM + 12];

	for (u32 i = 0; i < PROGRAM; i++)
		code[i] = generate(PROGRAM - i);
	for (u32 i = PROGRAM; i < ARRAY_SIZE(code); i++)
		code[i] = BKPT;
	code_put(0, code, ARRAY_SIZE(code));
	for (u32 i = 0; i < ROUNDS; i++)
		run_once();
}

static void report_line(u32 line)
{
	char name[] = "random programs 00: 00000000";

	name[16] = (char)('0' + line / 10);
	name[17] = (char)('0' + line % 10);
	for (u32 i = 0; i < 8; i++)
		name[20 + i] = "0123456789abcdef"[(hash >> (28 - 4 * i)) & 15];
	check(name, 0, 0);
}

/* The same programs twice: the interrupts of the second time leave no trace. */
static void test_interrupted(void)
{
	u32 expected, start;

	intc_init();
	gpt1_init();
	write32(CM_CLKSEL_WKUP, read32(CM_CLKSEL_WKUP) | 1);
	(void)read32(CM_CLKSEL_WKUP);
	irq_handler = handle;
	exc_hook[6] = irq_entry;
	intc_unmask(GPT1_IRQ);
	with_irqs = true;
	group_begin("random programs interrupted at random");
	for (u32 line = 0; line < INTERRUPTED; line++) {
		start = seed;
		hash = 0;
		for (u32 i = 0; i < PER_LINE; i++)
			run_program();
		expected = hash;
		seed = start;
		hash = 0;
		timer_on = true;
		for (u32 i = 0; i < PER_LINE; i++)
			run_program();
		timer_on = false;
		write32(GPT1_BASE + 0x24, 0);
		gpt1_stop();
		group_check(expected, hash, "round %u", line);
	}
	group_check(1, irqs >= INTERRUPTED * PER_LINE, "there were interrupts");
	group_end();
	gpt1_init();
	intc_init();
}

void guest_main(void)
{
	psr_masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	sctlr_write(sctlr_read() | SCTLR_SW);
	MCR(0, c1, c0, 2, 0x00f00000);
	isb();
	asm volatile("mov r0, #0x40000000\n\t.word 0xeee80a10" : : : "r0");	/* vmsr fpexc, r0 */
	exc_hook[1] = fuzz_return;
	exc_hook[2] = fuzz_return;
	for (u32 line = 0; line < LINES; line++) {
		for (u32 i = 0; i < PER_LINE; i++)
			run_program();
		report_line(line);
	}
	if (BOARD_IS_OMAP3)
		test_interrupted();
}
