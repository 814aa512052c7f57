// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: interrupt controller, interrupt delivery, timer and WFI. */
#include "guest.h"

/* lines without a device behind them */
#define LINE_A		1
#define LINE_B		50
#define LINE_C		85
#define UDF		0xe7f000f0u
#define B_SELF		0xeafffffeu
#define IS_SPURIOUS(sir)	(((sir) >> 7) == 0x1ffffffu)

static u32 trace[64], ntrace;
static u32 psr_af;

static void trace_add(u32 v)
{
	if (ntrace < ARRAY_SIZE(trace))
		trace[ntrace] = v;
	ntrace++;
}

static void trace_expect(const char *what, const u32 *expected, u32 n)
{
	group_check(n, ntrace, "%s: number of interrupts", what);
	for (u32 i = 0; i < n && i < ntrace; i++)
		group_check(expected[i], trace[i], "%s: interrupt %u", what, i);
	ntrace = 0;
}
#define TRACE_EXPECT(what, ...)						\
	do {								\
		const u32 t_[] = { __VA_ARGS__ };			\
		trace_expect((what), t_, ARRAY_SIZE(t_));		\
	} while (0)

/* The usual handler: note the line, take the source away, agree to the next. */
static void handle_soft(void)
{
	u32 line = intc_sir();

	trace_add(line);
	if (!IS_SPURIOUS(line))
		intc_soft_clear(line & 0x7f);
	intc_ack();
}

static void lines_reset(void)
{
	irq_disable();
	stacks_init();
	intc_init();
	ntrace = 0;
	irq_handler = handle_soft;
	exc_hook[6] = irq_entry;
}

static void allow(void)
{
	irq_enable();
	isb();
	for (volatile u32 i = 0; i < 20; i++)
		;
	irq_disable();
}

/* -- controller -- */

static void test_registers(void)
{
	group_begin("controller after reset");
	lines_reset();
	group_check(0x40, read32(INTC_BASE), "revision");
	group_check(0xff, read32(INTC_BASE + 0x68), "threshold");
	for (u32 b = 0; b < 3; b++)
		group_check(0xffffffff, read32(INTC_BASE + 0x84 + 0x20 * b), "mask of bank %u", b);
	group_check(1, IS_SPURIOUS(intc_sir()), "no line active");
	for (u32 i = 0; i < 96; i += 5) {
		intc_priority(i, i % 64, false);
		group_check((i % 64) << 2, read32(INTC_BASE + 0x100 + 4 * i), "ILR %u", i);
		intc_priority(i, 0, false);
	}
	intc_unmask(LINE_B);
	group_check(0xffffffff & ~(1u << (LINE_B - 32)), read32(INTC_BASE + 0xa4), "mask cleared");
	intc_mask(LINE_B);
	group_check(0xffffffff, read32(INTC_BASE + 0xa4), "mask set");
	write32(INTC_BASE + 0x84, 0xfffffffd);
	group_check(0xfffffffd, read32(INTC_BASE + 0x84), "mask written");
	group_end();
}

static void test_soft_lines(void)
{
	static const u32 lines[] = { 0, LINE_A, 2, 6, 8, 35, LINE_B, 51, 53, 64, 79, 84, LINE_C, 87, 88 };

	group_begin("software interrupts: raw, mask, pending, active line");
	lines_reset();
	for (u32 i = 0; i < ARRAY_SIZE(lines); i++) {
		u32 n = lines[i];

		group_check(0, intc_raw(n), "line %u quiet", n);
		intc_soft_set(n);
		group_check(1, intc_raw(n), "line %u raw", n);
		group_check(0, intc_pending(n), "line %u masked", n);
		group_check(1, IS_SPURIOUS(intc_sir()), "line %u masked: none active", n);
		intc_unmask(n);
		group_check(1, intc_pending(n), "line %u pending", n);
		group_check(n, intc_sir() & 0x7f, "line %u active", n);
		intc_mask(n);
		group_check(0, intc_pending(n), "line %u masked again", n);
		intc_unmask(n);
		intc_soft_clear(n);
		intc_ack();
		group_check(0, intc_raw(n), "line %u cleared", n);
		group_check(0, intc_pending(n), "line %u not pending", n);
		group_check(1, IS_SPURIOUS(intc_sir()), "line %u: none active", n);
		intc_ack();
		intc_mask(n);
	}
	group_end();
}

static void test_delivery(void)
{
	group_begin("delivery");
	lines_reset();
	intc_unmask(LINE_A);
	allow();
	trace_expect("nothing pending", NULL, 0);
	intc_soft_set(LINE_A);
	trace_expect("CPSR.I set", NULL, 0);
	allow();
	TRACE_EXPECT("one line", LINE_A);
	intc_soft_set(LINE_A);
	intc_soft_clear(LINE_A);
	allow();
	trace_expect("taken back before it was seen", NULL, 0);
	intc_soft_set(LINE_B);
	allow();
	trace_expect("masked", NULL, 0);
	intc_unmask(LINE_B);
	allow();
	TRACE_EXPECT("unmasked", LINE_B);
	irq_enable();
	intc_soft_set(LINE_A);
	intc_soft_set(LINE_B);
	intc_soft_set(LINE_A);
	isb();
	irq_disable();
	TRACE_EXPECT("raised with interrupts on", LINE_A, LINE_B, LINE_A);
	group_end();
}

static void test_priority(void)
{
	group_begin("priority and threshold");
	lines_reset();
	intc_priority(LINE_A, 20, false);
	intc_priority(LINE_B, 5, false);
	intc_priority(LINE_C, 40, false);
	intc_unmask(LINE_A);
	intc_unmask(LINE_B);
	intc_unmask(LINE_C);
	intc_soft_set(LINE_C);
	intc_soft_set(LINE_A);
	intc_soft_set(LINE_B);
	allow();
	TRACE_EXPECT("by priority", LINE_B, LINE_A, LINE_C);
	intc_priority(LINE_C, 1, false);
	intc_soft_set(LINE_C);
	intc_soft_set(LINE_A);
	intc_soft_set(LINE_B);
	allow();
	TRACE_EXPECT("priority changed", LINE_C, LINE_B, LINE_A);
	write32(INTC_BASE + 0x68, 10);
	intc_soft_set(LINE_C);
	intc_soft_set(LINE_A);
	intc_soft_set(LINE_B);
	allow();
	TRACE_EXPECT("under the threshold", LINE_C, LINE_B);
	write32(INTC_BASE + 0x68, 0xff);
	allow();
	TRACE_EXPECT("threshold off", LINE_A);
	group_end();
}

/* Once the active line has been read it stays until the new agreement, whatever else comes. */
static void test_agreement(void)
{
	group_begin("new interrupt agreement");
	lines_reset();
	intc_priority(LINE_A, 20, false);
	intc_priority(LINE_B, 5, false);
	intc_unmask(LINE_A);
	intc_unmask(LINE_B);
	intc_soft_set(LINE_A);
	group_check(LINE_A, intc_sir() & 0x7f, "first");
	intc_soft_set(LINE_B);
	group_check(LINE_A, intc_sir() & 0x7f, "stays");
	intc_ack();
	group_check(LINE_B, intc_sir() & 0x7f, "better one after agreement");
	intc_soft_clear(LINE_B);
	intc_ack();
	group_check(LINE_A, intc_sir() & 0x7f, "first again: it is a level");
	intc_soft_clear(LINE_A);
	intc_ack();
	group_check(1, IS_SPURIOUS(intc_sir()), "none");
	intc_ack();
	group_end();
}

static u32 sticky;

/* Does not take the source away the first three times: the level interrupts again. */
static void handle_sticky(void)
{
	trace_add(intc_sir());
	if (++sticky == 4)
		intc_soft_clear(LINE_A);
	intc_ack();
}

static void test_level(void)
{
	group_begin("level interrupts come again");
	lines_reset();
	irq_handler = handle_sticky;
	sticky = 0;
	intc_unmask(LINE_A);
	intc_soft_set(LINE_A);
	allow();
	TRACE_EXPECT("sticky source", LINE_A, LINE_A, LINE_A, LINE_A);
	group_end();
}

/* -- nesting: the handler masks its line, agrees, enables interrupts in System mode -- */

void irq_nested_entry(void);
void irq_nested_body(void);
void irq_nested_body(void)
{
	u32 line = intc_sir() & 0x7f;

	trace_add(line);
	intc_mask(line);
	intc_ack();
	if (line == LINE_A)
		intc_soft_set(LINE_B);	/* comes at once, while this one is being handled */
	if (line == LINE_B)
		intc_soft_set(LINE_C);
	irq_enable();
	isb();
	for (volatile u32 i = 0; i < 20; i++)
		;
	irq_disable();
	trace_add(0x100 + line);
	intc_soft_clear(line);
	intc_unmask(line);
}

static void test_nested(void)
{
	group_begin("nested interrupts");
	lines_reset();
	exc_hook[6] = irq_nested_entry;
	intc_unmask(LINE_A);
	intc_unmask(LINE_B);
	intc_unmask(LINE_C);
	for (u32 i = 0; i < 3; i++) {
		intc_soft_set(LINE_A);
		allow();
		TRACE_EXPECT("three deep", LINE_A, LINE_B, LINE_C, 0x100 + LINE_C, 0x100 + LINE_B, 0x100 + LINE_A);
	}
	group_check(MODE_SVC, cpsr_read() & PSR_MODE, "mode");
	group_end();
}

/* -- where an interrupt is taken -- */

/* Each way to clear CPSR.I: the code goes on to an endless loop at word 8, where the interrupt finds it. */
static void test_unmask_ways(void)
{
	static const struct { const char *name; u32 code[7]; u32 mode; } t[] = {
		{ "CPSIE", { 0xf1080080, 0xea000005 }, MODE_SVC },
		{ "MSR register", { 0xe121f003, 0xea000005 }, MODE_SVC },
		{ "MSR immediate", { 0xe321f053, 0xea000005 }, MODE_SVC },
		{ "MSR to System mode", { 0xe121f004, 0xea000005 }, MODE_SYS },
		{ "MSR to User mode", { 0xe121f006, 0xea000005 }, MODE_USR },
		{ "CPSIE with mode", { 0xf10a009f, 0xea000005 }, MODE_SYS },
		{ "MOVS pc", { 0xe16ff006, 0xe1b0f005 }, MODE_USR },
		{ "SUBS pc", { 0xe16ff004, 0xe255f000 }, MODE_SYS },
		{ "LDM ^", { 0xe16ff003, 0xe8f88000 }, MODE_SVC },
		{ "RFE", { 0xf8b90a00 }, MODE_USR },
	};
	static u32 frame[2];

	group_begin("every way to enable interrupts");
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u32 code[9];
		struct ctx c;

		lines_reset();
		exc_hook[6] = hook_6;
		intc_unmask(LINE_A);
		intc_soft_set(LINE_A);
		for (u32 w = 0; w < 7; w++)
			code[w] = t[i].code[w] ? t[i].code[w] : UDF;
		code[7] = UDF;
		code[8] = B_SELF;
		frame[0] = (u32)&code_area[8];
		frame[1] = MODE_USR | psr_af;
		ctx_init(&c, MODE_SVC | PSR_I | PSR_C | psr_af);
		c.r[0] = 0;
		c.r[3] = MODE_SVC | psr_af;
		c.r[4] = MODE_SYS | psr_af;
		c.r[5] = (u32)&code_area[8];
		c.r[6] = MODE_USR | psr_af;
		c.r[8] = (u32)frame;
		c.r[9] = (u32)frame;
		code_run(&c, code, 9);
		group_check(VEC_IRQ, exc_frame.vector, "%s: vector", t[i].name);
		/* either right behind the instruction (at the branch) or at the loop, which is where the branch goes */
		if (exc_frame.exc_lr != (u32)&code_area[1] + 4)
			group_check((u32)&code_area[8] + 4, exc_frame.exc_lr, "%s: lr", t[i].name);
		group_check(t[i].mode, exc_frame.spsr & PSR_MODE, "%s: mode", t[i].name);
		group_check(0, exc_frame.spsr & PSR_I, "%s: I before", t[i].name);
		group_check(MODE_IRQ | PSR_I, exc_frame.cpsr & (PSR_MODE | PSR_I | PSR_T), "%s: at the vector", t[i].name);
		intc_soft_clear(LINE_A);
		intc_ack();
	}
	group_end();
}

/* Interrupt states that must hold it off. */
static void test_held_off(void)
{
	group_begin("masked interrupts stay pending through exceptions");
	lines_reset();
	exc_hook[6] = hook_6;
	intc_unmask(LINE_A);
	intc_soft_set(LINE_A);
	for (u32 m = 0; m < 2; m++) {
		struct ctx c;

		ctx_init(&c, (m ? MODE_USR : MODE_SVC) | PSR_I | psr_af);
		CODE_RUN(&c, 0xe10f1000, 0xe1a00000, UDF);
		group_check(VEC_UND, exc_frame.vector, "mode %u: undefined first", m);
		CODE_RUN(&c, 0xef000007);
		group_check(VEC_SVC, exc_frame.vector, "mode %u: SVC first", m);
	}
	intc_soft_clear(LINE_A);
	intc_ack();
	group_end();
}

static void test_fiq(void)
{
	struct ctx c;

	asm volatile("cpsie f\n\tmrs %0, cpsr\n\tcpsid f" : "=r"(c.cpsr) : : "memory");
	if (c.cpsr & PSR_F) {
		skip("FIQ", "the secure world keeps CPSR.F");
		return;
	}
	group_begin("FIQ");
	lines_reset();
	exc_hook[6] = hook_6;
	intc_priority(LINE_C, 3, true);
	intc_unmask(LINE_C);
	intc_soft_set(LINE_C);
	group_check(0, intc_pending(LINE_C), "not among the IRQs");
	group_check(1u << (LINE_C - 64), read32(INTC_BASE + 0x9c + 0x40), "among the FIQs");
	for (u32 m = 0; m < 3; m++) {
		static const u32 modes[] = { MODE_USR, MODE_IRQ, MODE_SVC };

		ctx_init(&c, modes[m] | PSR_I | (psr_af & PSR_A));
		CODE_RUN(&c, B_SELF);
		group_check(VEC_FIQ, exc_frame.vector, "mode %x: vector", modes[m]);
		group_check((u32)code_area + 4, exc_frame.exc_lr, "mode %x: lr", modes[m]);
		group_check(modes[m] | PSR_I, exc_frame.spsr & ~(u32)PSR_A, "mode %x: spsr", modes[m]);
		group_check(MODE_FIQ | PSR_I | PSR_F, exc_frame.cpsr & ~(u32)PSR_A, "mode %x: cpsr", modes[m]);
		for (u32 i = 0; i < 13; i++)
			group_check(ctx_reg(i), exc_frame.r[i], "mode %x: r%u", modes[m], i);
		group_check(LINE_C, read32(INTC_BASE + 0x44) & 0x7f, "active line");
		write32(INTC_BASE + 0x48, 2);
	}
	/* FIQ before IRQ when both are pending and enabled */
	intc_unmask(LINE_A);
	intc_soft_set(LINE_A);
	ctx_init(&c, MODE_USR | (psr_af & PSR_A));
	CODE_RUN(&c, B_SELF);
	group_check(VEC_FIQ, exc_frame.vector, "both: FIQ first");
	intc_soft_clear(LINE_C);
	write32(INTC_BASE + 0x48, 2);
	CODE_RUN(&c, B_SELF);
	group_check(VEC_IRQ, exc_frame.vector, "then IRQ");
	group_check(PSR_I, exc_frame.cpsr & (PSR_I | PSR_F), "IRQ leaves F");
	intc_soft_clear(LINE_A);
	intc_ack();
	group_end();
}

/* -- timer -- */

static u32 timer_irqs;

static void handle_timer(void)
{
	trace_add(intc_sir());
	timer_irqs++;
	gpt1_ack();
	intc_ack();
}

static void test_timer(void)
{
	u32 start, elapsed, c0;

	group_begin("timer");
	lines_reset();
	gpt1_init();
	irq_handler = handle_timer;
	intc_unmask(GPT1_IRQ);
	gpt1_oneshot(32768);
	c0 = read32(GPT1_BASE + 0x28);
	group_check(1, c0 >= 0u - 32768u, "counts from the load value");
	delay_ticks(5);
	group_check(1, read32(GPT1_BASE + 0x28) - c0 >= 4, "counts up");
	group_check(0, intc_raw(GPT1_IRQ), "no overflow yet");
	gpt1_stop();
	gpt1_oneshot(30);
	start = sync32k_read();
	delay_ticks(60);
	group_check(1, sync32k_read() - start >= 60, "32 kHz counter runs");
	group_check(1, intc_raw(GPT1_IRQ), "overflow raises the line");
	group_check(2, read32(GPT1_BASE + 0x18) & 7, "status");
	trace_expect("not taken yet", NULL, 0);
	allow();
	TRACE_EXPECT("one interrupt", GPT1_IRQ);
	allow();
	trace_expect("once only", NULL, 0);
	group_check(0, intc_raw(GPT1_IRQ), "line down");

	/* auto-reload: at least so many interrupts, not faster than the period */
	timer_irqs = 0;
	start = sync32k_read();
	write32(GPT1_BASE + 0x2c, 0u - 16);
	write32(GPT1_BASE + 0x28, 0u - 16);
	write32(GPT1_BASE + 0x24, 3);
	irq_enable();
	while (timer_irqs < 20 && sync32k_read() - start < 20000)
		for (volatile u32 i = 0; i < 500; i++)
			;
	irq_disable();
	elapsed = sync32k_read() - start;
	gpt1_stop();
	intc_ack();
	group_check(1, timer_irqs >= 20, "periodic interrupts");
	group_check(1, elapsed >= 19 * 16, "not too fast");
	ntrace = 0;

	/* the level stays until the device is acknowledged; disabling it at the device takes it away */
	gpt1_oneshot(2);
	delay_ticks(8);
	group_check(1, intc_pending(GPT1_IRQ), "pending");
	write32(GPT1_BASE + 0x1c, 0);
	(void)read32(GPT1_BASE + 0x1c);
	delay_ticks(2);
	group_check(0, intc_raw(GPT1_IRQ), "disabled at the timer");
	allow();
	trace_expect("disabled", NULL, 0);
	write32(GPT1_BASE + 0x1c, 2);
	(void)read32(GPT1_BASE + 0x1c);
	delay_ticks(2);
	group_check(1, intc_raw(GPT1_IRQ), "enabled again");
	allow();
	TRACE_EXPECT("still there", GPT1_IRQ);
	gpt1_stop();
	group_end();
}

/* User code with all registers in use is interrupted many times and never notices. */
static void test_transparent(void)
{
	group_begin("interrupted code does not notice");
	for (u32 thumb = 0; thumb < 2; thumb++) {
		struct ctx c;

		lines_reset();
		gpt1_init();
		irq_handler = handle_timer;
		intc_unmask(GPT1_IRQ);
		timer_irqs = 0;
		write32(GPT1_BASE + 0x2c, 0u - 4);
		write32(GPT1_BASE + 0x28, 0u - 4);
		write32(GPT1_BASE + 0x24, 3);
		ctx_init(&c, MODE_USR | PSR_V | PSR_Q | 0x00060000 | psr_af | (thumb ? PSR_T : 0));
		c.r[0] = 0x00300000;
		if (thumb)	/* 1: adds r1, #1; subs r0, #1; it ne; addne r2, #1; bne 1b; svc */
			CODE_RUN(&c, 0x38013101, 0x3201bf18, 0xdf00d1fa);
		else		/* 1: add r1, #1; subs r0, #1; addne r2, #1; bne 1b; svc */
			CODE_RUN(&c, 0xe2811001, 0xe2500001, 0x12822001, 0x1afffffb, 0xef000000);
		write32(GPT1_BASE + 0x24, 0);
		gpt1_stop();
		intc_ack();
		group_check(VEC_SVC, exc_frame.vector, "thumb %u: vector", thumb);
		group_check(ctx_reg(1) + 0x00300000, exc_frame.r[1], "thumb %u: count", thumb);
		group_check(ctx_reg(2) + 0x002fffff, exc_frame.r[2], "thumb %u: conditional count", thumb);
		group_check(1, timer_irqs > 3, "thumb %u: there were interrupts", thumb);
		for (u32 i = 3; i < 13; i++)
			group_check(ctx_reg(i), exc_frame.r[i], "thumb %u: r%u", thumb, i);
		group_check(ctx_reg(13), exc_frame.sp, "thumb %u: sp", thumb);
		group_check(ctx_reg(14), exc_frame.lr, "thumb %u: lr", thumb);
		group_check(PSR_Q | 0x00060000, exc_frame.spsr & (PSR_Q | PSR_GE), "thumb %u: Q and GE", thumb);
	}
	ntrace = 0;
	group_end();
}

/* -- WFI -- */

static void wfi(void)
{
	asm volatile("dsb\n\twfi" : : : "memory");
}

static void test_wfi(void)
{
	struct ctx c;

	group_begin("WFI");
	lines_reset();
	intc_unmask(LINE_A);
	intc_soft_set(LINE_A);
	for (u32 i = 0; i < 50; i++)
		wfi();
	trace_expect("masked interrupt pending: falls through, not taken", NULL, 0);
	/* taken when unmasked afterwards */
	allow();
	TRACE_EXPECT("taken after it", LINE_A);

	gpt1_init();
	irq_handler = handle_timer;
	intc_unmask(GPT1_IRQ);
	for (u32 i = 0; i < 10; i++) {
		gpt1_oneshot(10);
		while (!intc_raw(GPT1_IRQ))
			wfi();		/* which may end early for reasons of its own (B1.8.13) */
		trace_expect("woken masked", NULL, 0);
		allow();
		TRACE_EXPECT("timer after waking", GPT1_IRQ);
	}
	for (u32 i = 0; i < 10; i++) {
		gpt1_oneshot(10);
		irq_enable();
		while (!ntrace)
			wfi();
		irq_disable();
		TRACE_EXPECT("woken by the timer, enabled", GPT1_IRQ);
	}
	/* the return address is the instruction after the WFI */
	exc_hook[6] = hook_6;
	gpt1_oneshot(500);
	ctx_init(&c, MODE_SVC | psr_af);
	CODE_RUN(&c, 0xe320f003, B_SELF);
	group_check(VEC_IRQ, exc_frame.vector, "taken from WFI: vector");
	group_check((u32)&code_area[1] + 4, exc_frame.exc_lr, "taken from WFI: lr");
	gpt1_stop();
	intc_ack();
	/* User mode, interrupt enabled */
	gpt1_oneshot(500);
	ctx_init(&c, MODE_USR | psr_af);
	CODE_RUN(&c, 0xe320f003, B_SELF);
	group_check(VEC_IRQ, exc_frame.vector, "User mode: vector");
	group_check((u32)&code_area[1] + 4, exc_frame.exc_lr, "User mode: lr");
	gpt1_stop();
	intc_ack();
	/* condition fails: no waiting, nothing is pending */
	ctx_init(&c, MODE_SVC | PSR_I | psr_af);
	CODE_RUN(&c, 0x0320f003, UDF);
	group_check(VEC_UND, exc_frame.vector, "conditional, not executed");
	group_end();
}

/* A thousand interrupts raised and taken, in both privilege levels: none is lost. */
static void test_many(void)
{
	u32 lost = 0;

	group_begin("many interrupts");
	lines_reset();
	intc_unmask(LINE_B);
	for (u32 i = 0; i < 1000; i++) {
		ntrace = 0;
		intc_soft_set(LINE_B);
		irq_enable();
		isb();
		irq_disable();
		lost += ntrace != 1 || trace[0] != LINE_B;
	}
	group_check(0, lost, "lost or doubled");
	group_end();
}

void guest_main(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("interrupts", "no OMAP3 interrupt controller on this board");
		return;
	}
	psr_af = cpsr_read() & (PSR_A | PSR_F);
	for (u32 world = 0; world < 2; world++) {
		print("INFO MMU %s\n", world ? "on" : "off");
		if (world) {
			pt_flat(l1_main);
			mmu_on(l1_main, DACR_CLIENT(0));
		}
		test_registers();
		test_soft_lines();
		test_delivery();
		test_priority();
		test_agreement();
		test_level();
		test_nested();
		test_unmask_ways();
		test_held_off();
		test_fiq();
		test_timer();
		test_transparent();
		test_wfi();
		test_many();
	}
	intc_init();
}
