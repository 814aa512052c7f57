// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: aborts as a kernel has them, with cacheable table walks: nothing mapped, rights missing, then the page is there; data and
 * instructions, from each mode that has a stack of its own. A hypervisor may do the common ones in another way than the rest. And plain
 * accesses to devices.
 */
#include "guest.h"

#define SVC		0xef000000u
#define VA		0x30000000u	/* pages in domain 1 */
#define NOTHING		0x31000000u	/* no first-level descriptor */
#define DOM		1u
#define DATA		(TEST_RAM + 0x00600000u)
#define PAGES		256u
#define P(apx, ap)	(P_SMALL | P_WB | P_XN | P_AP(apx, ap))
#define FLAGS		(0xa0000000u | 0x00050000u)	/* N, C, some of GE */

static u32 *l2, psr_masks, words;

/* Code that stays: what is written all the time may be executed in another way. Its place in code_area. */
static u32 put(u32 first, u32 second)
{
	const u32 code[] = { first, second, SVC };

	code_put(words, code, ARRAY_SIZE(code));
	words += ARRAY_SIZE(code);
	return words - ARRAY_SIZE(code);
}

static const u32 modes[] = { MODE_USR, MODE_SVC, MODE_SYS, MODE_IRQ, MODE_FIQ, MODE_UND };
#define LDR	0u	/* in the table below */
#define STR	1u
/* LDR, STR, LDRB, STRB r1, [r0]; LDM, STM r0, {r1-r3} */
static struct { u32 word; bool store; u32 at; } accesses[] = {
	{ 0xe5901000, false, 0 }, { 0xe5801000, true, 0 }, { 0xe5d01000, false, 0 }, { 0xe5c01000, true, 0 },
	{ 0xe890000e, false, 0 }, { 0xe880000e, true, 0 },
};

/* Do access @a with r0 = @va in @mode. */
static int access(u32 a, u32 va, u32 mode)
{
	u32 word = accesses[a].word;
	struct ctx c;
	int vector;

	ctx_init(&c, mode | psr_masks | FLAGS);
	c.r[0] = va;
	c.pc = (u32)&code_area[accesses[a].at];
	vector = ctx_run(&c);
	if (vector == VEC_DABT) {
		group_check(c.pc + 8, exc_frame.exc_lr, "%x %x: return address", word, mode);
		group_check(c.cpsr, exc_frame.spsr, "%x %x: saved status", word, mode);
		group_check(va, exc_frame.dfar, "%x %x: address", word, mode);
		group_check(c.sp, exc_frame.sp, "%x %x: sp", word, mode);
		group_check(c.lr, exc_frame.lr, "%x %x: lr", word, mode);
		for (u32 r = 1; r < 13; r++)
			group_check(c.r[r], exc_frame.r[r], "%x %x: r%u", word, mode, r);
	}
	stacks_init();
	return vector;
}

static void expect_fault(u32 a, u32 va, u32 mode, u32 fs, u32 domain)
{
	u32 word = accesses[a].word;

	group_check(VEC_DABT, access(a, va, mode), "%x %x: vector for %x", word, mode, fs);
	group_check(fs | (accesses[a].store ? FSR_WNR : 0), DFSR_FS(exc_frame.dfsr), "%x %x: status", word, mode);
	group_check(domain, DFSR_DOM(exc_frame.dfsr), "%x %x: domain", word, mode);
}

/* Nothing, the page without the right, the page with it: as a kernel hands out memory. */
static void one_page(u32 a, u32 va, u32 mode)
{
	bool user = mode == MODE_USR, store = accesses[a].store;
	u32 word = accesses[a].word;

	pt_page(l2, va, 0);
	tlb_mva(va);
	expect_fault(a, va, mode, FS_TRANS_PAGE, DOM);
	expect_fault(a, va, mode, FS_TRANS_PAGE, DOM);
	if (store || user) {
		pt_page(l2, va, DATA | P(store, user ? 1 + store : 1));	/* read only, or for privileged modes only */
		tlb_mva(va);
		expect_fault(a, va, mode, FS_PERM_PAGE, DOM);
	}
	pt_page(l2, va, DATA | P(0, 3));
	tlb_mva(va);
	group_check(VEC_SVC, access(a, va, mode), "%x %x: page is there", word, mode);
	group_check(VEC_SVC, access(a, va, mode), "%x %x: page is there still", word, mode);
}

static void test_data(void)
{
	group_begin("a page on demand");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++)
		for (u32 a = 0; a < ARRAY_SIZE(accesses); a++) {
			one_page(a, VA + (m * 16 + a) * 0x1000, modes[m]);
			expect_fault(a, NOTHING + 4, modes[m], FS_TRANS_SECT, 0);
		}
	group_end();
}

static void test_closed(void)
{
	u32 dacr = MRC(0, c3, c0, 0);

	group_begin("a closed domain between");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		pt_page(l2, VA + 0x80000, DATA | P(0, 3));
		tlb_mva(VA + 0x80000);
		group_check(VEC_SVC, access(LDR, VA + 0x80000, modes[m]), "%x: open", modes[m]);
		MCR(0, c3, c0, 0, dacr & ~(3u << (2 * DOM)));
		isb();
		expect_fault(LDR, VA + 0x80000, modes[m], FS_DOM_PAGE, DOM);
		MCR(0, c3, c0, 0, dacr);
		isb();
		group_check(VEC_SVC, access(LDR, VA + 0x80000, modes[m]), "%x: open again", modes[m]);
	}
	group_end();
}

/* A new page needs no maintenance where there was none; neighbours come and go, each with its own rights. */
static void test_neighbours(void)
{
	u32 wanted, turn = 12345;

	group_begin("neighbours");
	for (u32 i = 0; i < PAGES; i++)
		write32(DATA + i * 0x1000, i);
	for (u32 round = 0; round < 4; round++) {
		for (u32 i = 0; i < PAGES; i++)
			pt_page(l2, VA + i * 0x1000, 0);
		tlb_all();
		for (u32 n = 0; n < 2 * PAGES; n++) {
			u32 i = (turn = turn * 1103515245 + 12345) >> 16 & (PAGES - 1), mode = modes[n & 1];

			wanted = l2[i];
			if (!wanted && n & 2)
				pt_page(l2, VA + i * 0x1000, wanted = (DATA + i * 0x1000) | P(i & 1, i % 3 ? 3 : 1) | (round & 1 ? P_NG : 0));
			dsb();
			if (wanted && (mode != MODE_USR || i % 3)) {
				group_check(VEC_SVC, access(LDR, VA + i * 0x1000, mode), "page %u: vector", i);
				group_check(i, exc_frame.r[1], "page %u: what is there", i);
				if (i & 1)
					expect_fault(STR, VA + i * 0x1000, mode, FS_PERM_PAGE, DOM);
			} else {
				expect_fault(LDR, VA + i * 0x1000, mode, wanted ? FS_PERM_PAGE : FS_TRANS_PAGE, DOM);
			}
		}
	}
	group_end();
}

static void fetch(u32 va, u32 mode, u32 vector, u32 fs)
{
	struct ctx c;

	ctx_init(&c, mode | psr_masks | FLAGS);
	c.pc = va;
	group_check(vector, ctx_run(&c), "%x at %x: vector", mode, va);
	if (vector == VEC_PABT) {
		group_check(fs, IFSR_FS(exc_frame.ifsr), "%x: status", mode);
		group_check(va, exc_frame.ifar, "%x: address", mode);
		group_check(va + 4, exc_frame.exc_lr, "%x: return address", mode);
		group_check(c.cpsr, exc_frame.spsr, "%x: saved status", mode);
		group_check(c.sp, exc_frame.sp, "%x: sp", mode);
	}
	stacks_init();
}

static void test_fetch(void)
{
	static const u32 code[] = { SVC };

	group_begin("code on demand");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++) {
		u32 va = VA + 0x40000 + m * 0x10000, page = (u32)code_fresh(code, 1);

		pt_page(l2, va, 0);
		tlb_mva(va);
		fetch(va, modes[m], VEC_PABT, FS_TRANS_PAGE);
		fetch(NOTHING, modes[m], VEC_PABT, FS_TRANS_SECT);
		pt_page(l2, va, (page & ~0xfffu) | P(1, 2));		/* never executed */
		tlb_mva(va);
		fetch(va, modes[m], VEC_PABT, FS_PERM_PAGE);
		pt_page(l2, va, (page & ~0xfffu) | (P(1, 2) & ~P_XN));
		tlb_mva(va);
		fetch(va + (page & 0xfff), modes[m], VEC_SVC, 0);
	}
	group_end();
}

#if BOARD_IS_OMAP3
#define UART_SPR	(UART_BASE + 0x1c)	/* a byte that has no effect */

static void device(const char *name, u32 store, u32 load)
{
	u32 at = put(store, load);
	struct ctx c;

	for (u32 value = 0x11; value < 0x100; value += 0x22) {
		ctx_init(&c, MODE_SVC | psr_masks | FLAGS);
		c.r[0] = UART_BASE;
		c.r[1] = value;
		c.r[2] = 0x1c;
		c.pc = (u32)&code_area[at];
		group_check(VEC_SVC, ctx_run(&c), "%s: vector", name);
		group_check(value, exc_frame.r[3] & 0xff, "%s: value", name);
		group_check(value, read8(UART_SPR), "%s: what is there", name);
		group_check(c.cpsr, exc_frame.spsr, "%s: status", name);
		group_check(c.r[0], exc_frame.r[0], "%s: base", name);
	}
	stacks_init();
}

static void test_devices(void)
{
	group_begin("plain accesses to devices");
	device("LDR, STR", 0xe580101c, 0xe590301c);
	device("LDRB, STRB", 0xe5c0101c, 0xe5d0301c);
	device("LDRH, STRH", 0xe1c011bc, 0xe1d031bc);
	device("with a register", 0xe7801002, 0xe7903002);
	device("bytes with a register", 0xe7c01002, 0xe7d03002);
	device("a condition that holds", 0x4580101c, 0x4590301c);
	group_end();
}
#else
static void test_devices(void)
{
	skip("plain accesses to devices", "another board");
}
#endif

void guest_main(void)
{
	psr_masks = PSR_I | PSR_F | (cpsr_read() & PSR_A);
	pt_flat(l1_main);
	l2 = l2_alloc();
	pte_write(&l1_main[VA >> 20], L1_TABLE(l2, DOM));
	pte_write(&l1_main[NOTHING >> 20], 0);
	for (u32 a = 0; a < ARRAY_SIZE(accesses); a++)
		accesses[a].at = put(accesses[a].word, SVC);
	mmu_on_cached(l1_main, DACR_CLIENT(0) | DACR_CLIENT(DOM));
	test_data();
	test_closed();
	test_neighbours();
	test_fetch();
	test_devices();
}
