// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: the same instruction at the same address several times, with other registers each time. A hypervisor may treat
 * the first execution and the later ones by different means; natively there is no difference.
 */
#include "guest.h"

#define SVC		0xef000000u
#define NOP		0xe320f000u
#define SETEND_BE	0xf1010200u
#define SETEND_LE	0xf1010000u
#define MRS_SPSR(r)	(0xe14f0000u | (r) << 12)
#define MRS_CPSR(r)	(0xe10f0000u | (r) << 12)
#define ROUNDS		4u

static u32 buf[64] __attribute__((aligned(64)));
static u32 psr_af;

#define PUT(...)						\
	do {							\
		const u32 w_[] = { __VA_ARGS__ };		\
		code_put(0, w_, ARRAY_SIZE(w_));		\
	} while (0)

static u32 *fill(u32 round)
{
	for (u32 i = 0; i < ARRAY_SIZE(buf); i++)
		((volatile u32 *)buf)[i] = 0xb0000000u + (round << 16) + i;
	return &buf[24];
}

static void context(struct ctx *c, u32 mode, u32 round)
{
	ctx_init(c, mode | PSR_I | PSR_F | psr_af);
	for (u32 i = 0; i < 13; i++)
		c->r[i] += round * 0x111;
	c->sp += round * 0x10;
	c->lr += round * 0x1000;
}

/* SRS without write-back: its other bits are those of a store of user registers. */
static void test_srs(void)
{
	static const u32 words[] = { 0xf8cd0517, 0xf84d0517, 0xf9cd0517, 0xf94d0517 };	/* IA DA IB DB, Abort stack */
	static const int first[] = { 0, -1, 1, -2 };
	struct ctx c;

	group_begin("SRS again");
	for (u32 w = 0; w < ARRAY_SIZE(words); w++) {
		PUT(words[w], SVC);
		for (u32 round = 0; round < ROUNDS; round++) {
			u32 *at = fill(round), bank[3] = { 0, 0, 0x30000010u + (round << 16) };

			bank_set(MODE_ABT, bank);
			context(&c, MODE_ABT, round);
			c.sp = (u32)at;
			group_check(VEC_SVC, ctx_run(&c), "%x round %u: vector", words[w], round);
			group_check((u32)at, exc_frame.sp, "%x round %u: sp", words[w], round);
			group_check(c.lr, at[first[w]], "%x round %u: lr", words[w], round);
			group_check(bank[2], at[first[w] + 1], "%x round %u: spsr", words[w], round);
			group_check(0xb0000000u + (round << 16) + 24 + (u32)first[w] + 2, at[first[w] + 2], "%x: above", words[w]);
			group_check(0xb0000000u + (round << 16) + 24 + (u32)first[w] - 1, at[first[w] - 1], "%x: below", words[w]);
			stacks_init();
		}
	}
	group_end();
}

/* Every field mask of MSR, to the flags and to an SPSR. */
static void test_msr(void)
{
	static const u32 values[ROUNDS] = { 0xffffffff & ~0x07f0fc3fu, 0, 0xa5f5a200 & ~0x07f0fc3fu, 0x5a0f0100 & ~0x07f0fc3fu };
	struct ctx c;

	group_begin("MSR again");
	for (u32 f = 1; f < 16; f++) {
		/* msr spsr_<f>, r0; mrs r1, spsr; msr cpsr_<f & fs>, r0; mrs r2, cpsr */
		PUT(0xe160f000 | f << 16, MRS_SPSR(1), f & 12 ? 0xe120f000 | (f & 12) << 16 : NOP, MRS_CPSR(2), SVC);
		for (u32 round = 0; round < ROUNDS; round++) {
			u32 m = (f & 8 ? 0xf8000000u : 0) | (f & 4 ? PSR_GE : 0);
			u32 spsr_m = m | (f & 2 ? 0x300u : 0) | (f & 1 ? 0xc0u : 0), mode = f & 1 ? 0 : MODE_USR;

			bank_set(MODE_ABT, (u32 [3]){ 0, 0, 0x10 });
			context(&c, MODE_ABT, round);
			c.r[0] = values[round];
			group_check(VEC_SVC, ctx_run(&c), "fields %x round %u: vector", f, round);
			group_check((values[round] & spsr_m) | mode, exc_frame.r[1], "fields %x round %u: SPSR", f, round);
			group_check(values[round] & m, exc_frame.r[2] & 0xfffff000, "fields %x round %u: CPSR", f, round);
		}
	}
	stacks_init();
	group_end();
}

/* Emulated data accesses in big-endian state: LDM^, STM^, LDRT, STRT, SRS, RFE. */
static void test_big_endian(void)
{
	struct ctx c;

	group_begin("big-endian data of sensitive instructions");
	/* ldm r0, {r1-r3}^; stm r4, {r1-r3}^; ldrt r5, [r6]; strt r5, [r7]; ldrht r8, [r9]; srsia sp, #abt */
	PUT(SETEND_BE, 0xe8d0000e, NOP, 0xe8c4000e, NOP, 0xe4b65000, 0xe4a75000, 0xe0f980b0, 0xf8cd0517, SETEND_LE, SVC);
	for (u32 round = 0; round < ROUNDS; round++) {
		u32 *at = fill(round);

		bank_set(MODE_ABT, (u32 [3]){ 0, 0, 0x30000010 });
		context(&c, MODE_ABT, round);
		c.r[0] = (u32)at;
		c.r[4] = (u32)&at[8];
		c.r[6] = (u32)&at[3];
		c.r[7] = (u32)&at[12];
		c.r[9] = (u32)&at[4];
		c.sp = (u32)&at[16];
		group_check(VEC_SVC, ctx_run(&c), "round %u: vector", round);
		for (u32 i = 0; i < 3; i++) {
			group_check(__builtin_bswap32(at[i]), exc_frame.r[1 + i], "round %u: LDM^ %u", round, i);
			group_check(at[i], at[8 + i], "round %u: STM^ %u", round, i);
		}
		group_check(__builtin_bswap32(at[3]), exc_frame.r[5], "round %u: LDRT", round);
		group_check(at[3], at[12], "round %u: STRT", round);
		group_check(__builtin_bswap16((u16)at[4]), exc_frame.r[8], "round %u: LDRHT", round);
		group_check(__builtin_bswap32(c.lr), at[16], "round %u: SRS lr", round);
		group_check(__builtin_bswap32(0x30000010), at[17], "round %u: SRS spsr", round);
		stacks_init();
	}
	/* returns into big-endian state and from it: msr spsr, r0; movs pc, lr to a load */
	PUT(0xe16ff000, 0xe1b0f00e, NOP, 0xe5912000, 0xe8d10018, SETEND_LE, SVC);
	for (u32 round = 0; round < ROUNDS; round++) {
		u32 *at = fill(round);

		context(&c, MODE_ABT, round);
		c.r[0] = MODE_IRQ | PSR_I | PSR_F | psr_af | (round & 1 ? PSR_E : 0);
		c.r[1] = (u32)at;
		c.lr = (u32)&code_area[3];
		group_check(VEC_SVC, ctx_run(&c), "return round %u: vector", round);
		group_check(round & 1 ? __builtin_bswap32(at[0]) : at[0], exc_frame.r[2], "return round %u: load", round);
		group_check(round & 1 ? __builtin_bswap32(at[0]) : at[0], exc_frame.r[3], "return round %u: LDM^", round);
		stacks_init();
	}
	group_end();
}

/* LDRHT and STRHT, up and down. */
static void test_halfwords(void)
{
	struct ctx c;

	group_begin("halfwords with User mode's rights");
	/* ldrht r1, [r2], #2; ldrht r3, [r4], #-2; strht r5, [r6], #-4; strht r7, [r8], #254 */
	PUT(0xe0f210b2, 0xe07430b2, 0xe06650b4, 0xe0e87fbe, SVC);
	for (u32 round = 0; round < ROUNDS; round++) {
		u32 *at = fill(round), first = (u32)at;

		context(&c, MODE_ABT, round);
		c.r[2] = first;
		c.r[4] = first + 6;
		c.r[5] = 0xabcd0000 + round;
		c.r[6] = first + 32;
		c.r[7] = 0x1234fffe - round;
		c.r[8] = first + 38;
		group_check(VEC_SVC, ctx_run(&c), "round %u: vector", round);
		group_check((u16)at[0], exc_frame.r[1], "round %u: LDRHT, low half", round);
		group_check(at[1] >> 16, exc_frame.r[3], "round %u: LDRHT, high half", round);
		group_check((u16)c.r[5], (u16)at[8], "round %u: STRHT, low half", round);
		group_check((u16)c.r[7], at[9] >> 16, "round %u: STRHT, high half", round);
		group_check(first + 2, exc_frame.r[2], "round %u: base of LDRHT, up", round);
		group_check(first + 4, exc_frame.r[4], "round %u: base of LDRHT, down", round);
		group_check(first + 28, exc_frame.r[6], "round %u: base of STRHT, down", round);
		group_check(first + 38 + 254, exc_frame.r[8], "round %u: base of STRHT, up", round);
		stacks_init();
	}
	group_end();
}

static volatile u32 ticks;

static void stop_loop(void)
{
	gpt1_ack();
	intc_ack();
	ticks++;
	/* the loop returns to what lr says: let it fall out, by way of the interrupted mode's SPSR and the code itself */
	((volatile u32 *)code_area)[1] = 0xef000000;
	((volatile u32 *)code_area)[0] = 0xef000000;
	code_sync(code_area, 8);
}

/* An exception return to itself is an endless loop that interrupts end. */
static void test_return_loop(void)
{
	static const u32 words[] = { 0xe1b0f00e, 0xe25ef000, 0xe8d08000 };	/* movs pc, lr; subs pc, lr, #0; ldm r0, {pc}^ */
	struct ctx c;

	group_begin("exception return to itself");
	irq_handler = stop_loop;
	gpt1_init();
	intc_unmask(GPT1_IRQ);
	for (u32 w = 0; w < ARRAY_SIZE(words); w++) {
		bank_set(MODE_ABT, (u32 [3]){ 0, 0, MODE_ABT | psr_af | PSR_F });
		PUT(words[w], words[w], SVC);
		buf[0] = (u32)code_area;
		ctx_init(&c, MODE_ABT | PSR_I | PSR_F | psr_af);
		c.r[0] = (u32)buf;
		c.lr = (u32)code_area;
		ticks = 0;
		exc_hook[6] = irq_entry;
		gpt1_oneshot(100);
		group_check(VEC_SVC, ctx_run(&c), "%x: vector", words[w]);
		group_check(1, ticks, "%x: interrupts", words[w]);
		exc_hook[6] = hook_6;
		gpt1_stop();
		stacks_init();
	}
	intc_mask(GPT1_IRQ);
	group_end();
}

/* PMUSERENR lets User mode read the cycle counter; without it the read is Undefined. */
static void test_counters(void)
{
	struct ctx c;

	group_begin("performance counters from User mode");
	for (u32 round = 0; round < ROUNDS; round++) {
		MCR(0, c9, c14, 0, round & 1);
		isb();
		ctx_init(&c, MODE_USR | PSR_I | PSR_F | psr_af);
		group_check(round & 1 ? VEC_SVC : VEC_UND, CODE_RUN(&c, 0xee192f1d, SVC), "PMCCNTR round %u", round);
		group_check(VEC_UND, CODE_RUN(&c, 0xee092f3e, SVC), "PMINTENSET round %u", round);
	}
	MCR(0, c9, c14, 0, 0);
	group_end();
}

/*
 * CPACR fields that disagree are UNPREDICTABLE, so there is no right answer to what follows; but the instruction ends, one
 * way or the other, and the world goes on.
 */
static void test_cpacr(void)
{
	static const u32 words[] = { 0xeef02a10, 0xeef12a10, 0xeef72a10, 0xeef82a10, 0xeee82a10, 0xeee12a10, 0xf2000150 };
	u32 old = MRC(0, c1, c0, 2);
	struct ctx c;

	group_begin("VFP with odd access rights");
	for (u32 field = 0; field < 16; field++)
		for (u32 w = 0; w < ARRAY_SIZE(words); w++)
			for (u32 m = 0; m < 2; m++) {
				u32 v;

				MCR(0, c1, c0, 2, field << 20);
				isb();
				ctx_init(&c, (m ? MODE_USR : MODE_SVC) | PSR_I | PSR_F | psr_af);
				c.r[2] = 0;
				v = (u32)CODE_RUN(&c, words[w], SVC);
				group_check(1, v == VEC_SVC || v == VEC_UND, "field %x word %x mode %u", field, words[w], m);
			}
	MCR(0, c1, c0, 2, old);
	isb();
	group_end();
}

/* Maintenance by address needs a translation, no rights: kernels do it for user memory that they have closed to themselves. */
static void test_closed_domain(void)
{
	const u32 va = 0x30000000;

	group_begin("cache maintenance in a closed domain");
	pt_section(l1_main, va, TEST_RAM | S_RAM | S_DOMAIN(5));
	tlb_all();
	for (u32 round = 0; round < ROUNDS; round++) {
		MCR(0, c3, c0, 0, DACR_CLIENT(0) | (round & 1 ? DACR_CLIENT(5) : 0));
		isb();
		group_check(0, TRY(MCR(0, c7, c10, 1, va + round * 64)), "round %u: DCCMVAC", round);
		group_check(0, TRY(MCR(0, c7, c11, 1, va + round * 64)), "round %u: DCCMVAU", round);
		group_check(0, TRY(MCR(0, c7, c14, 1, va + round * 64)), "round %u: DCCIMVAC", round);
		group_check(0, TRY(MCR(0, c7, c5, 1, va + round * 64)), "round %u: ICIMVAU", round);
		group_check(round & 1 ? VEC_NONE : VEC_DABT, TRY((void)read32(va)), "round %u: load", round);
	}
	MCR(0, c3, c0, 0, DACR_CLIENT(0));
	pt_section(l1_main, va, 0);
	tlb_all();
	group_end();
}

void guest_main(void)
{
	psr_af = cpsr_read() & PSR_A;
	test_srs();
	test_msr();
	test_big_endian();
	test_halfwords();
	test_counters();
	test_cpacr();
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_closed_domain();
	if (!BOARD_IS_OMAP3) {
		skip("exception return to itself", "needs the timer of the other board");
		return;
	}
	intc_init();
	test_return_loop();
}
