// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: second-level tables wherever they may be and written in every way: in cached and uncached RAM, in on-chip RAM, through a mapping of
 * their own, in two slots, several in a page, and by a device; by each kind of store that there is, with each kind of maintenance behind it.
 */
#include "guest.h"

#define VA		0x30000000u
#define TABLE		(TEST_RAM + 0x00a00000u)	/* of a megabyte for itself, so that its attributes can be changed */
#define DATA		(TEST_RAM + 0x00c00000u)	/* page n holds a tag */
#define BUFFER		(TEST_RAM + 0x00e00000u)	/* what a device copies into tables */
#define SRAM		0x40200000u
#define SELF		255u				/* entry of the page that the table is in */
#define FAULT(fs)	(0xfa010000u | (fs))
#define FPEXC_EN	(1u << 30)

/* -- stores: two descriptors each -- */

static void by_str(u32 *p, u32 a, u32 b)
{
	asm volatile("str %1, [%0]\n\tstr %2, [%0, #4]" : : "r"(p), "r"(a), "r"(b) : "memory");
}

/* In parts: it is valid from its lowest one on. */
static void by_strh(u32 *p, u32 a, u32 b)
{
	asm volatile("strh %3, [%0, #2]\n\tstrh %1, [%0]\n\tstrh %4, [%0, #6]\n\tstrh %2, [%0, #4]"
		     : : "r"(p), "r"(a), "r"(b), "r"(a >> 16), "r"(b >> 16) : "memory");
}

static void by_strb(u32 *p, u32 a, u32 b)
{
	volatile u8 *byte = (volatile u8 *)p;

	for (u32 i = 8; i-- > 0;)
		byte[i] = (u8)((i < 4 ? a : b) >> (8 * (i & 3)));
}

static void by_strt(u32 *p, u32 a, u32 b)
{
	asm volatile(".syntax unified\n\tstrt %2, [%0]\n\tstrt %3, [%1]" : : "r"(p), "r"(p + 1), "r"(a), "r"(b) : "memory");
}

static void by_stm(u32 *p, u32 a, u32 b)
{
	register u32 first asm("r4") = a, second asm("r5") = b;

	asm volatile(".syntax unified\n\tstmia %0, {r4, r5}" : : "r"(p), "r"(first), "r"(second) : "memory");
}

static void by_stmdb(u32 *p, u32 a, u32 b)
{
	register u32 first asm("r4") = a, second asm("r5") = b;

	asm volatile(".syntax unified\n\tstmdb %0, {r4, r5}" : : "r"(p + 2), "r"(first), "r"(second) : "memory");
}

static void by_strd(u32 *p, u32 a, u32 b)
{
	register u32 first asm("r4") = a, second asm("r5") = b;

	asm volatile(".syntax unified\n\tstrd r4, r5, [%0]" : : "r"(p), "r"(first), "r"(second) : "memory");
}

static void exclusive(u32 *p, u32 value)
{
	u32 old, failed;

	do
		asm volatile("ldrex %0, [%2]\n\tstrex %1, %3, [%2]" : "=&r"(old), "=&r"(failed) : "r"(p), "r"(value) : "memory");
	while (failed);
}

static void by_strex(u32 *p, u32 a, u32 b)
{
	exclusive(p, a);
	exclusive(p + 1, b);
}

static void by_strexd(u32 *p, u32 a, u32 b)
{
	register u32 first asm("r4") = a, second asm("r5") = b;
	u32 failed;

	do
		asm volatile(".syntax unified\n\tldrexd r6, r7, [%1]\n\tstrexd %0, r4, r5, [%1]"
			     : "=&r"(failed) : "r"(p), "r"(first), "r"(second) : "r6", "r7", "memory");
	while (failed);
}

static void by_vstr(u32 *p, u32 a, u32 b)
{
	asm volatile(".fpu neon\n\tvmov d0, %1, %2\n\tvstr s0, [%0]\n\tvstr s1, [%0, #4]" : : "r"(p), "r"(a), "r"(b) : "memory");
}

static void by_vstr_d(u32 *p, u32 a, u32 b)
{
	asm volatile(".fpu neon\n\tvmov d0, %1, %2\n\tvstr d0, [%0]" : : "r"(p), "r"(a), "r"(b) : "memory");
}

static void by_vstm(u32 *p, u32 a, u32 b)
{
	asm volatile(".fpu neon\n\tvmov d0, %1, %2\n\tvstmia %0, {s0, s1}" : : "r"(p), "r"(a), "r"(b) : "memory");
}

static void by_vst1(u32 *p, u32 a, u32 b)
{
	asm volatile(".fpu neon\n\tvmov d0, %1, %2\n\tvst1.32 {d0}, [%0]" : : "r"(p), "r"(a), "r"(b) : "memory");
}

static void by_vst1_lane(u32 *p, u32 a, u32 b)
{
	asm volatile(".fpu neon\n\tvmov d0, %2, %3\n\tvst1.32 {d0[0]}, [%0]\n\tvst1.32 {d0[1]}, [%1]"
		     : : "r"(p), "r"(p + 1), "r"(a), "r"(b) : "memory");
}

static const struct store {
	const char *name;
	void (*put)(u32 *p, u32 a, u32 b);
	bool exclusive;		/* whether those work in strongly-ordered memory the architecture leaves open (A3.4.5) */
} stores[] = {
	{ "STR", by_str, false }, { "STRH", by_strh, false }, { "STRB", by_strb, false }, { "STRT", by_strt, false },
	{ "STMIA", by_stm, false }, { "STMDB", by_stmdb, false }, { "STRD", by_strd, false }, { "STREX", by_strex, true },
	{ "STREXD", by_strexd, true }, { "VSTR s", by_vstr, false }, { "VSTR d", by_vstr_d, false }, { "VSTM", by_vstm, false },
	{ "VST1", by_vst1, false }, { "VST1, one lane", by_vst1_lane, false },
};

/* -- pages -- */

static u32 page(u32 n)
{
	return DATA + n * 0x1000;
}

static u32 tag(u32 n)
{
	return 0x7ab1e000u + n;
}

static u32 peek(u32 va)
{
	volatile u32 got = 0;

	if (TRY(got = read32(va)))
		return FAULT(DFSR_FS(exc_frame.dfsr));
	return got;
}

/* -- maintenance of two pages from @va on, in slot @va and perhaps in another one @apart -- */

static u32 apart;

static void by_address(u32 va)
{
	for (u32 i = 0; i < 2; i++) {
		tlb_mva(va + i * 0x1000);
		if (apart)
			tlb_mva(va + apart + i * 0x1000);
	}
}

static void by_all(u32 va)
{
	(void)va;
	tlb_all();
}

/* Global entries are not of the ASID: those by address as well. */
static void by_asid(u32 va)
{
	tlb_asid(0);
	by_address(va);
}

static void (*const ways[])(u32 va) = { by_address, by_all, by_asid };

/* -- a table, at @pa, that is written at @va -- */

struct table {
	const char *name;
	u32 *at;
	u32 attr;		/* S_WB: what was stored counts from its line's cleaning on */
};

static void put(const struct table *t, const struct store *s, u32 i, u32 a, u32 b)
{
	s->put(&t->at[i], a, b);
	if (t->attr == S_WB)
		dcache_clean(&t->at[i], 8);
	dsb();
	isb();
}

static void expect(const struct table *t, const struct store *s, const char *when, u32 i, u32 a, u32 b)
{
	for (u32 where = 0; where <= apart; where += apart ? apart : 1u) {
		group_check(a, peek(VA + where + i * 0x1000), "%s, %s, %s: first of %u", t->name, s->name, when, i);
		group_check(b, peek(VA + where + (i + 1) * 0x1000), "%s, %s, %s: second of %u", t->name, s->name, when, i);
	}
}

/* Nothing, two pages, two others, one of them not to be written, nothing: seen before and behind each. */
static void change(const struct table *t, const struct store *s, u32 i, u32 n, void (*maintain)(u32 va))
{
	expect(t, s, "empty", i, FAULT(FS_TRANS_PAGE), FAULT(FS_TRANS_PAGE));
	put(t, s, i, page(n) | P_RAM, page(n + 1) | P_RAM);
	expect(t, s, "mapped", i, tag(n), tag(n + 1));
	put(t, s, i, page(n + 2) | P_RAM, page(n + 3) | P_SMALL | P_WB | P_AP(1, 1));
	maintain(VA + i * 0x1000);
	expect(t, s, "others", i, tag(n + 2), tag(n + 3));
	group_check(0, TRY(write32(VA + i * 0x1000 + 4, n)), "%s, %s: a page that may be written", t->name, s->name);
	group_check(VEC_DABT, TRY(write32(VA + (i + 1) * 0x1000 + 4, n)), "%s, %s: a page that may not", t->name, s->name);
	put(t, s, i, 0, 0);
	maintain(VA + i * 0x1000);
	expect(t, s, "nothing again", i, FAULT(FS_TRANS_PAGE), FAULT(FS_TRANS_PAGE));
}

static void test_table(const struct table *t)
{
	for (u32 w = 0; w < ARRAY_SIZE(ways); w++)
		for (u32 k = 0; k < ARRAY_SIZE(stores); k++)
			if (!stores[k].exclusive || t->attr != S_SO)
				change(t, &stores[k], k * 14 + w * 2, (k * 4 + w * 60) & 0xff, ways[w]);
}

static void clear(u32 *at, u32 words)
{
	for (u32 i = 0; i < words; i++)
		((volatile u32 *)at)[i] = 0;
	dcache_clean_inv(at, 4 * words);
}

/* The table at @pa, in a section with attributes @attr, is that of VA. */
static void test_home(const char *name, u32 pa, u32 attr)
{
	struct table t = { name, (u32 *)pa, attr };

	group_begin(name);
	clear(t.at, 1024);
	pt_section(l1_main, pa, (pa & 0xfff00000u) | S_SECT | attr | S_AP(0, 3));
	pt_section(l1_main, VA, L1_TABLE(pa, 0));
	tlb_all();
	test_table(&t);
	pt_section(l1_main, VA, 0);
	pt_section(l1_main, pa, (pa & 0xfff00000u) | S_RAM);
	tlb_all();
	group_end();
}

/* The table is stored into through a page that it maps itself. */
static void test_self(void)
{
	u32 *flat = (u32 *)TABLE;
	struct table t = { "self", (u32 *)(VA + SELF * 0x1000), S_WB };

	group_begin("a table that maps itself");
	clear(flat, 1024);
	pte_write(&flat[SELF], TABLE | P_RAM);
	pt_section(l1_main, VA, L1_TABLE(flat, 0));
	tlb_all();
	test_table(&t);
	for (u32 i = 0; i < 8; i++) {		/* it takes away its own right to be written there */
		write32(&t.at[SELF], TABLE | P_SMALL | P_WB | P_AP(1, 1));
		dcache_clean(&t.at[SELF], 4);
		tlb_mva((u32)t.at);
		group_check(VEC_DABT, TRY(write32(&t.at[2], page(1) | P_RAM)), "round %u: not to be written", i);
		group_check(FS_PERM_PAGE | FSR_WNR, DFSR_FS(exc_frame.dfsr), "round %u: status", i);
		group_check(flat[SELF], read32(&t.at[SELF]), "round %u: what is there", i);
		pte_write(&flat[SELF], TABLE | P_RAM);
		tlb_mva((u32)t.at);
		write32(&t.at[2], page(i) | P_RAM);
		dcache_clean(&t.at[2], 4);
		tlb_mva(VA + 0x2000);
		group_check(tag(i), peek(VA + 0x2000), "round %u: written again", i);
	}
	pt_section(l1_main, VA, 0);
	tlb_all();
	group_end();
}

/* One table in two slots, and three more tables in its page, whose pages stay as they are. */
static void test_shared(void)
{
	u32 *flat = (u32 *)TABLE;
	struct table t = { "shared", flat, S_WB };

	group_begin("a table in two slots, others in its page");
	clear(flat, 1024);
	apart = 5u << 20;
	pt_section(l1_main, VA, L1_TABLE(flat, 0));
	pt_section(l1_main, VA + apart, L1_TABLE(flat, 0));
	for (u32 i = 1; i < 4; i++) {
		pte_write(&flat[256 * i + 7], page(200 + i) | P_RAM);
		pt_section(l1_main, VA + (i << 20), L1_TABLE(&flat[256 * i], 0));
	}
	tlb_all();
	for (u32 i = 1; i < 4; i++)
		group_check(tag(200 + i), peek(VA + (i << 20) + 0x7000), "neighbour %u", i);
	test_table(&t);
	for (u32 i = 1; i < 4; i++)
		group_check(tag(200 + i), peek(VA + (i << 20) + 0x7000), "neighbour %u afterwards", i);
	for (u32 i = 0; i < 6; i++)
		pt_section(l1_main, VA + (i << 20), 0);
	tlb_all();
	apart = 0;
	group_end();
}

/* -- by a device -- */

/* What is promised of it under every strategy of a hypervisor: it counts when the guest has stored into the table, too, and maintained its TLB. */
static void test_device(void)
{
	u32 *buffer = (u32 *)BUFFER, *table = (u32 *)TABLE;

	group_begin("a table that a device writes");
	clear(table, 1024);
	pt_section(l1_main, TABLE, TABLE | S_SECT | S_NC | S_AP(0, 3));
	pt_section(l1_main, VA, L1_TABLE(table, 0));
	tlb_all();
	for (u32 round = 0; round < 12; round++) {
		for (u32 i = 0; i < 32; i++)
			buffer[i] = i % 5 == round % 5 ? 0 : page((round * 7 + i) & 0xff) | P_RAM;
		dcache_clean(buffer, 128);
		sdma_copy(TABLE, BUFFER, 32);
		exclusive(&table[200], 0);
		dsb();
		if (round & 1)
			tlb_all();
		for (u32 i = 0; i < 32; i++) {
			if (!(round & 1))
				tlb_mva(VA + i * 0x1000);
			group_check(buffer[i] ? tag((round * 7 + i) & 0xff) : FAULT(FS_TRANS_PAGE), peek(VA + i * 0x1000), "round %u, page %u", round, i);
		}
	}
	pt_section(l1_main, VA, 0);
	pt_section(l1_main, TABLE, TABLE | S_RAM);
	tlb_all();
	group_end();
}

static void test_all(const char *cached, const char *uncached, const char *ordered, const char *on_chip)
{
	test_home(cached, TABLE, S_WB);
	test_home(uncached, TABLE, S_NC);
	test_home(ordered, TABLE, S_SO);
	if (BOARD_IS_OMAP3)
		test_home(on_chip, SRAM + 0x8000, S_WB);
	test_self();
	test_shared();
}

void guest_main(void)
{
	MCR(0, c1, c0, 2, 0xf << 20);
	isb();
	asm volatile(".fpu neon\n\tvmsr fpexc, %0" : : "r"(FPEXC_EN));
	pt_flat(l1_main);
	if (BOARD_IS_OMAP3)
		pt_section(l1_main, SRAM, SRAM | S_RAM);
	for (u32 n = 0; n < 0x104; n++)
		write32(page(n), tag(n));
	dcache_clean_inv_all();
	mmu_on(l1_main, DACR_CLIENT(0));
	test_all("cached", "uncached", "strongly ordered", "on-chip RAM");
	mmu_off();
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	test_all("cached, walks too", "uncached, walks cached", "strongly ordered, walks cached", "on-chip RAM, walks cached");
	if (BOARD_IS_OMAP3)
		test_device();
	else
		skip("a table that a device writes", "needs the DMA controller of the other board");
}
