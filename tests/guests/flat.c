// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: the MMU as the zImage decompressor uses it: flat 4 GiB tables, all domains manager, caches on and off again, moves. */
#include "guest.h"

#define TABLE		(TEST_RAM - 0x4000u)	/* right below the data, as the decompressor has it below the kernel */
#define DATA		TEST_RAM
#define DATA_WORDS	0x40000u

/* Section of flat entry n in the manner of arch/arm/boot/compressed: RAM cacheable, the rest not, and not executable. */
static u32 flat_entry(u32 n, bool ap0)
{
	u32 pa = n << 20;
	u32 ap = ap0 ? 0 : S_AP(0, 3);

	if (pa >= RAM_BASE && pa - RAM_BASE < 0x10000000)
		return pa | ap | S_WB | S_SECT;
	return pa | ap | S_XN | S_SECT;
}

static void flat_build(bool ap0, u32 from, u32 to)
{
	u32 *t = (u32 *)TABLE;

	for (u32 i = 0; i < L1_ENTRIES; i++)
		t[i] = i >= from && i < to ? flat_entry(i, ap0) : 0;
}

static void flat_on(void)
{
	dsb();
	MCR(0, c8, c7, 0, 0);
	MCR(0, c2, c0, 2, 0);
	MCR(0, c2, c0, 0, TABLE);
	MCR(0, c3, c0, 0, 0xffffffff);
	MCR(0, c7, c5, 4, 0);
	MCR(0, c1, c0, 0, sctlr_read() | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_Z);
	(void)sctlr_read();
	MCR(0, c7, c5, 4, 0);
	MCR(0, c7, c5, 0, 0);
	dsb();
	isb();
}

static void flat_off(void)
{
	dcache_clean_inv_all();
	MCR(0, c1, c0, 0, sctlr_read() & ~(SCTLR_M | SCTLR_C));
	isb();
	dcache_clean_inv_all();
	MCR(0, c8, c7, 0, 0);
	MCR(0, c7, c5, 0, 0);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}

/* Work as a decompressor does: write much, read back over copies. */
static u32 work(u32 seed)
{
	volatile u32 *p = (volatile u32 *)DATA;
	u32 x = seed, sum = 0;

	for (u32 i = 0; i < DATA_WORDS; i += 8) {
		x = x * 1664525u + 1013904223u;
		p[i] = x;
	}
	for (u32 i = 0; i < DATA_WORDS; i += 8)
		p[i + 1] = p[i] ^ i;
	for (u32 i = 0; i < DATA_WORDS; i += 8)
		sum = (sum << 1 | sum >> 31) + p[i + 1];
	return sum;
}

static u32 read_sum(void)
{
	volatile u32 *p = (volatile u32 *)DATA;
	u32 sum = 0;

	for (u32 i = 0; i < DATA_WORDS; i += 8)
		sum = (sum << 1 | sum >> 31) + p[i + 1];
	return sum;
}

static void test_round(const char *name, bool ap0, u32 from, u32 to)
{
	group_begin(name);
	for (u32 round = 0; round < 3; round++) {
		u32 sum;

		flat_build(ap0, from, to);
		flat_on();
		group_check(SCTLR_M | SCTLR_C | SCTLR_I, sctlr_read() & (SCTLR_M | SCTLR_C | SCTLR_I), "on");
		sum = work(round + 1);
		group_check(sum, read_sum(), "read back, MMU on");
		group_check(VEC_SVC, TRY(asm volatile("svc #1" : : : "lr")), "system call");
		group_check(VEC_UND, TRY(asm volatile("udf #1")), "undefined");
		flat_off();
		group_check(0, sctlr_read() & (SCTLR_M | SCTLR_C), "off");
		group_check(sum, read_sum(), "read back, MMU off");
		sum = work(round + 100);
		group_check(sum, read_sum(), "written with the MMU off");
		flat_on();
		group_check(sum, read_sum(), "seen with the MMU on");
		flat_off();
	}
	group_end();
}

/* Manager domains know no permissions: no access, read-only and XN are all ignored. */
static void test_manager(void)
{
	u32 at = TEST_RAM + 0x200000;

	group_begin("manager domain ignores permissions");
	flat_build(true, 0, L1_ENTRIES);
	((u32 *)TABLE)[at >> 20] = (at & 0xfff00000) | S_SECT | S_WB | S_AP(1, 1) | S_XN;
	flat_on();
	write32(at, 0xe3a00063);
	write32(at + 4, 0xe12fff1e);
	code_sync((void *)at, 8);
	group_check(0x63, ((u32 (*)(void))at)(), "executes from a read-only XN section");
	struct ctx c;
	ctx_init(&c, MODE_USR | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.r[0] = at;
	group_check(VEC_SVC, CODE_RUN(&c, 0xe5801010, 0xe5902010, 0xef000000), "User mode writes it");
	group_check(ctx_reg(1), exc_frame.r[2], "User mode reads it");
	group_check(ctx_reg(1), read32(at + 16), "value");
	flat_off();
	group_end();
}

/* The decompressor's copy of itself: run a position-independent function from a new place, with the old one overwritten. */
static void test_move(void)
{
	static const u32 code[] = { 0xe10f1000, 0xe0800001, 0xe0400001, 0xe2800001, 0xe12fff1e };	/* mrs; add; sub; add #1; bx */
	u32 x = 0;

	group_begin("code at ever new places");
	flat_build(false, 0, L1_ENTRIES);
	for (u32 round = 0; round < 40; round++) {
		u32 at = TEST_RAM + 0x100000 + round * 0x8100;

		if (round % 10 == 0)
			flat_on();
		for (u32 i = 0; i < ARRAY_SIZE(code); i++)
			write32(at + 4 * i, code[i]);
		code_sync((void *)at, sizeof(code));
		x = ((u32 (*)(u32))at)(x);
		group_check(round + 1, x, "place %u", round);
		for (u32 i = 0; i < 0x1000; i += 4)
			write32(at + i, i);
		group_check(0xffc, read32(at + 0xffc), "place %u overwritten", round);
		if (round % 10 == 4)
			flat_off();
	}
	if (sctlr_read() & SCTLR_M)
		flat_off();
	group_end();
}

/* Every RAM and device section is reached through the flat map at its own address; the serial line works all along. */
static void test_reach(void)
{
	group_begin("flat map reaches all memory");
	flat_build(false, 0, L1_ENTRIES);
	flat_on();
	for (u32 a = TEST_RAM; a < RAM_TEST_END; a += 0x100000) {
		write32(a + 0x10, ~a);
		group_check(~a, read32(a + 0x10), "0x%08x", a);
	}
	flat_off();
	for (u32 a = TEST_RAM; a < RAM_TEST_END; a += 0x100000)
		group_check(~a, read32(a + 0x10), "0x%08x, MMU off", a);
	group_end();
}

void guest_main(void)
{
	u32 ram = RAM_BASE >> 20;

	test_round("flat 4 GiB map, manager", false, 0, L1_ENTRIES);
	test_round("flat 4 GiB map, manager, no permissions", true, 0, L1_ENTRIES);
	test_round("flat 1 GiB map", false, ram & ~0x3ffu, (ram & ~0x3ffu) + 0x400 > L1_ENTRIES ? L1_ENTRIES : (ram & ~0x3ffu) + 0x400);
	test_manager();
	test_move();
	test_reach();
}
