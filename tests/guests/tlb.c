// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: TLB maintenance and address space switches. Only results that the architecture fixes are compared: what
 * is visible after the maintenance, never what a stale entry may still give before it.
 */
#include "guest.h"

#define VA		0x30000000u
#define VA2		0x34500000u
#define DATA		(TEST_RAM + 0x02000000u)	/* page n holds 0xda7a0000 + n in each word that matters */
#define ROOTS		(TEST_RAM + 0x00800000u)	/* first-level tables of the address space tests */
#define TABLES		(TEST_RAM + 0x00a00000u)	/* their second-level tables */
#define NROOTS		24
#define FAULT(fs)	(0xfa010000u | (fs))

static u32 *l2;

static u32 page_pa(u32 n)
{
	return DATA + n * 0x1000;
}

static u32 page_tag(u32 n)
{
	return 0xda7a0000u + n;
}

static void pages_fill(void)
{
	for (u32 n = 0; n < 2048; n++) {
		write32(page_pa(n), page_tag(n));
		write32(page_pa(n) + 0xabc, ~page_tag(n));
		write32(page_pa(n) + 0x10, 0xe3a00000u | (n & 0xff));	/* mov r0, #n */
		write32(page_pa(n) + 0x14, 0xe12fff1e);			/* bx lr */
	}
	dcache_clean_inv_all();
	icache_inv_all();
}

/* The word at va, or the fault status. */
static u32 peek(u32 va)
{
	volatile u32 got = 0;

	if (TRY(got = read32(va)))
		return FAULT(DFSR_FS(exc_frame.dfsr));
	return got;
}

static u32 poke(u32 va, u32 v)
{
	if (TRY(write32(va, v)))
		return FAULT(DFSR_FS(exc_frame.dfsr));
	return 0;
}

static u32 call(u32 va)
{
	volatile u32 got = 0;

	if (TRY(got = ((u32 (*)(void))va)()))
		return FAULT(IFSR_FS(exc_frame.ifsr));
	return got;
}

static void test_unmap_remap(void)
{
	group_begin("unmap and remap pages by address");
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	tlb_all();
	for (u32 i = 0; i < 256; i++) {
		u32 va = VA + i * 0x1000;

		pt_page(l2, va, page_pa(i) | P_RAM);
		isb();
		group_check(page_tag(i), peek(va), "page %u first", i);
		pt_page(l2, va, page_pa(i + 256) | P_RAM);
		tlb_mva(va);
		group_check(page_tag(i + 256), peek(va), "page %u remapped", i);
		group_check(0, poke(va + 4, i), "page %u write", i);
		pt_page(l2, va, 0);
		tlb_mva(va);
		group_check(FAULT(FS_TRANS_PAGE), peek(va), "page %u unmapped", i);
		/* no maintenance is needed from invalid to valid (B3.10.1: faults are not held) */
		pt_page(l2, va, page_pa(i + 512) | P_RAM);
		isb();
		group_check(page_tag(i + 512), peek(va), "page %u mapped after fault", i);
		group_check(i, read32(page_pa(i + 256) + 4), "page %u written", i);
	}
	group_end();
	group_begin("unmap many, then invalidate all");
	for (u32 i = 0; i < 256; i++)
		pt_page(l2, VA + i * 0x1000, i & 1 ? 0 : page_pa(i) | P_RAM);
	tlb_all();
	for (u32 i = 0; i < 256; i++)
		group_check(i & 1 ? FAULT(FS_TRANS_PAGE) : page_tag(i), peek(VA + i * 0x1000), "page %u", i);
	group_end();
}

static void test_permission_change(void)
{
	group_begin("permission changes by address");
	for (u32 i = 0; i < 16; i++) {
		u32 va = VA + i * 0x1000;

		pt_page(l2, va, page_pa(i) | P_SMALL | P_WB | P_AP(0, 1));
		tlb_mva(va);
		group_check(0, poke(va + 8, 1), "writable");
		pt_page(l2, va, page_pa(i) | P_SMALL | P_WB | P_AP(1, 1));
		tlb_mva(va);
		group_check(FAULT(FS_PERM_PAGE | FSR_WNR), poke(va + 8, 2), "read-only");
		group_check(1, peek(va + 8), "value kept");
		group_check(i, call(va + 0x10), "executable");
		pt_page(l2, va, page_pa(i) | P_SMALL | P_WB | P_AP(1, 1) | P_XN);
		tlb_mva(va);
		group_check(FAULT(FS_PERM_PAGE), call(va + 0x10), "XN");
		pt_page(l2, va, page_pa(i) | P_SMALL | P_WB | P_AP(0, 1));
		tlb_mva(va);
		group_check(0, poke(va + 8, 3), "writable again");
		group_check(i, call(va + 0x10), "executable again");
	}
	group_end();
}

/* The same first-level slot as section, table, supersection and nothing. */
static void test_slot_kinds(void)
{
	static const u32 kinds[] = { 1, 2, 0, 2, 1, 3, 1, 0, 3, 2, 3, 0, 1 };
	u32 sect_pa = DATA & ~0xfffffu, super_pa = DATA & ~0xffffffu;

	group_begin("slot changes between section, table, supersection, nothing");
	for (u32 i = 0; i < 256; i++)
		pt_page(l2, VA + i * 0x1000, page_pa(1023 - i) | P_RAM);
	for (u32 r = 0; r < ARRAY_SIZE(kinds); r++) {
		for (u32 s = 0; s < 16; s++)
			pt_section(l1_main, VA + (s << 20), kinds[r] == 3 ? super_pa | S_RAM | S_SUPER :
				   s ? 0 : kinds[r] == 2 ? L1_TABLE(l2, 0) : kinds[r] == 1 ? (sect_pa + 0x100000) | S_RAM : 0);
		for (u32 s = 0; s < 16; s++)
			tlb_mva(VA + (s << 20));
		for (u32 i = 3; i < 256; i += 50) {
			u32 expected = kinds[r] == 0 ? FAULT(FS_TRANS_SECT) : kinds[r] == 1 ? page_tag(256 + i) :
				       kinds[r] == 2 ? page_tag(1023 - i) : page_tag(i - (DATA - super_pa) / 0x1000);

			group_check(expected, peek(VA + i * 0x1000), "round %u kind %u page %u", r, kinds[r], i);
		}
		group_check(kinds[r] == 3 ? page_tag(0x500 - (DATA - super_pa) / 0x1000) : FAULT(FS_TRANS_SECT),
			    peek(VA + 0x500000), "round %u next slot", r);
	}
	for (u32 s = 0; s < 16; s++)
		pt_section(l1_main, VA + (s << 20), 0);
	tlb_all();
	group_end();
}

/* A second-level table leaves its slot, becomes data, and serves elsewhere. */
static void test_table_reuse(void)
{
	u32 *t = (u32 *)(TABLES + 0x100000);

	group_begin("second-level table reused");
	for (u32 i = 0; i < 256; i++)
		t[i] = page_pa(i) | P_RAM;
	dcache_clean(t, 1024);
	pt_section(l1_main, VA, L1_TABLE(t, 0));
	pt_section(l1_main, VA2, L1_TABLE(t, 0));
	isb();
	group_check(page_tag(7), peek(VA + 0x7000), "first slot");
	group_check(page_tag(7), peek(VA2 + 0x7000), "second slot");
	pte_write(&t[7], page_pa(70) | P_RAM);
	tlb_mva(VA + 0x7000);
	tlb_mva(VA2 + 0x7000);
	group_check(page_tag(70), peek(VA + 0x7000), "first slot, changed");
	group_check(page_tag(70), peek(VA2 + 0x7000), "second slot, changed");
	pt_section(l1_main, VA, 0);
	tlb_all();
	group_check(FAULT(FS_TRANS_SECT), peek(VA + 0x7000), "first slot gone");
	group_check(page_tag(70), peek(VA2 + 0x7000), "second slot stays");
	pt_section(l1_main, VA2, 0);
	tlb_all();
	for (u32 i = 0; i < 256; i++)
		t[i] = i;
	dcache_clean(t, 1024);
	group_check(FAULT(FS_TRANS_SECT), peek(VA2 + 0x7000), "second slot gone");
	group_check(9, t[9], "table memory as data");
	for (u32 i = 0; i < 256; i++)
		t[i] = page_pa(255 - i) | P_RAM;
	dcache_clean(t, 1024);
	pt_section(l1_main, VA2, L1_TABLE(t, 0));
	isb();
	group_check(page_tag(255 - 7), peek(VA2 + 0x7000), "serves again");
	group_check(FAULT(FS_TRANS_SECT), peek(VA + 0x7000), "other slot still empty");

	/* edit the live table through another virtual address of it */
	pt_section(l1_main, VA, ((u32)t & 0xfff00000u) | S_RAM);
	isb();
	write32(VA + ((u32)t & 0xfffff) + 7 * 4, page_pa(77) | P_RAM);
	dcache_clean((void *)(VA + ((u32)t & 0xfffff) + 7 * 4), 4);
	tlb_mva(VA2 + 0x7000);
	group_check(page_tag(77), peek(VA2 + 0x7000), "edited through an alias");
	/* and map the table into itself: slot 5 of VA2 shows the table */
	pte_write(&t[5], ((u32)t & ~0xfffu) | P_RAM);
	isb();
	tlb_mva(VA2 + 0x5000);
	write32(VA2 + 0x5000 + ((u32)t & 0xfff) + 7 * 4, page_pa(78) | P_RAM);
	dcache_clean((void *)(VA2 + 0x5000 + ((u32)t & 0xfff) + 7 * 4), 4);
	tlb_mva(VA2 + 0x7000);
	group_check(page_tag(78), peek(VA2 + 0x7000), "edited through itself");
	pt_section(l1_main, VA, 0);
	pt_section(l1_main, VA2, 0);
	tlb_all();
	group_end();
}

/* -- address spaces -- */

static u32 *root(u32 n)
{
	return (u32 *)(ROOTS + n * 0x4000);
}

static u32 *table(u32 n)
{
	return (u32 *)(TABLES + n * 0x400);
}

/* Root n: everything of the main table, plus slot VA with private, not global pages. */
static void root_build(u32 n, u32 first_page)
{
	u32 *t = table(n), *r = root(n);

	for (u32 i = 0; i < 256; i++)
		t[i] = page_pa(first_page + (i & 15)) | P_RAM | P_NG;
	dcache_clean(t, 1024);
	for (u32 i = 0; i < L1_ENTRIES; i++)
		r[i] = l1_main[i];
	r[VA >> 20] = L1_TABLE(t, 0);
	dcache_clean(r, L1_ENTRIES * 4);
}

/* B3.10.4: change ASID and table through a reserved ASID that has no entries of its own in use. */
static void root_switch(u32 n, u32 asid)
{
	dsb();
	MCR(0, c13, c0, 1, 0);
	isb();
	MCR(0, c2, c0, 0, root(n));
	isb();
	MCR(0, c13, c0, 1, asid);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}

/* As Linux 6.1 does: first to a table with global entries only, then the ASID, then the new table. */
static void root_switch_ttbr1(u32 n, u32 asid)
{
	dsb();
	MCR(0, c2, c0, 0, l1_main);
	isb();
	MCR(0, c13, c0, 1, asid);
	isb();
	MCR(0, c2, c0, 0, root(n));
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}

static void root_leave(void)
{
	dsb();
	MCR(0, c13, c0, 1, 0);
	isb();
	MCR(0, c2, c0, 0, l1_main);
	isb();
}

static void test_asid_switch(void)
{
	group_begin("address space switches without maintenance");
	for (u32 n = 0; n < NROOTS; n++)
		root_build(n, n * 16);
	tlb_all();
	for (u32 round = 0; round < 4; round++)
		for (u32 n = 0; n < NROOTS; n++) {
			u32 k = round & 1 ? NROOTS - 1 - n : n;

			if (round & 2)
				root_switch_ttbr1(k, k + 1);
			else
				root_switch(k, k + 1);
			for (u32 i = 0; i < 16; i += 3)
				group_check(page_tag(k * 16 + i), peek(VA + i * 0x1000), "round %u space %u page %u", round, k, i);
			group_check(page_tag(5), peek(page_pa(5)), "global memory");
			group_check((k * 16 + 2) & 0xff, call(VA + 0x2010), "round %u space %u: code", round, k);
		}
	root_leave();
	group_check(FAULT(FS_TRANS_SECT), peek(VA), "no space");
	group_end();
}

static void test_asid_maintenance(void)
{
	group_begin("maintenance of spaces that are not current");
	root_switch(1, 2);
	group_check(page_tag(16), peek(VA), "space 1 before");
	root_switch(0, 1);
	group_check(page_tag(0), peek(VA), "space 0 before");
	pte_write(&table(1)[0], page_pa(500) | P_RAM | P_NG);
	tlb_mva(VA | 2);			/* address and ASID of space 1 */
	root_switch(1, 2);
	group_check(page_tag(500), peek(VA), "space 1 changed by address");
	root_switch(0, 1);
	group_check(page_tag(0), peek(VA), "space 0 kept");
	for (u32 i = 0; i < 256; i++)
		table(1)[i] = page_pa(600 + i) | P_RAM | P_NG;
	dcache_clean(table(1), 1024);
	tlb_asid(2);
	root_switch(1, 2);
	for (u32 i = 0; i < 16; i++)
		group_check(page_tag(600 + i), peek(VA + i * 0x1000), "space 1 changed by ASID");
	/* the table of the current space, by ASID */
	pte_write(&table(1)[3], 0);
	tlb_asid(2);
	group_check(FAULT(FS_TRANS_PAGE), peek(VA + 0x3000), "current space by ASID");
	group_check(page_tag(604), peek(VA + 0x4000), "its neighbour");
	/* the same table under a new ASID */
	root_switch(1, 77);
	group_check(FAULT(FS_TRANS_PAGE), peek(VA + 0x3000), "table under another ASID");
	pte_write(&table(1)[3], page_pa(900) | P_RAM | P_NG);
	isb();
	group_check(page_tag(900), peek(VA + 0x3000), "mapped under another ASID");
	root_leave();
	/* memory of a first-level table becomes another table: the ASID is invalidated before it is used again */
	root_build(1, 1000);
	tlb_asid(2);
	tlb_asid(77);
	root_switch(1, 2);
	group_check(page_tag(1003), peek(VA + 0x3000), "rebuilt first-level table");
	root_switch(2, 2);		/* ASID reused for another table */
	tlb_asid(2);
	group_check(page_tag(35), peek(VA + 0x3000), "ASID reused");
	root_leave();
	group_end();
}

/* Kernel-like global mappings: a change in one shared second-level table shows in all spaces. */
/* The word at @va as User mode reads it. */
static u32 peek_user(u32 va)
{
	struct ctx c;

	ctx_init(&c, MODE_USR | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.r[0] = va;
	c.pc = (u32)code_area;
	return ctx_run(&c) == VEC_SVC ? exc_frame.r[0] : FAULT(DFSR_FS(exc_frame.dfsr));
}

/* One space is current while all others are invalidated by ASID; what they hold is used before and after, in both modes. */
static void test_asid_elsewhere(void (*enter)(u32 n, u32 asid), const char *name)
{
	static const u32 code[] = { 0xe5900000, 0xef000000 };	/* ldr r0, [r0]; svc */

	code_put(0, code, 2);
	group_begin(name);
	for (u32 n = 0; n < 8; n++)
		root_build(n, n * 16);
	tlb_all();
	for (u32 current = 0; current < 8; current++) {
		for (u32 n = 0; n < 8; n++) {
			enter(n, n + 1);
			(void)peek(VA + 0x1000);
			(void)peek_user(VA + 0x2000);
		}
		enter(current, current + 1);
		for (u32 n = 0; n < 8; n++) {
			pte_write(&table(n)[1], page_pa(1024 + current * 16 + n) | P_RAM | P_NG);
			pte_write(&table(n)[2], current & 1 ? page_pa(1280 + current * 16 + n) | P_RAM | P_NG : 0);
			tlb_asid(n + 1);
		}
		for (u32 n = 0; n < 8; n++) {
			u32 k = (current + n) & 7, second = current & 1 ? page_tag(1280 + current * 16 + k) : FAULT(FS_TRANS_PAGE);

			enter(k, k + 1);
			group_check(page_tag(1024 + current * 16 + k), peek(VA + 0x1000), "space %u, invalidated from %u", k, current);
			group_check(second, peek_user(VA + 0x2000), "space %u, invalidated from %u: User mode", k, current);
		}
	}
	root_leave();
	group_end();
}

static void test_shared_table(void)
{
	u32 *shared = table(100);

	group_begin("global table shared by all spaces");
	for (u32 i = 0; i < 256; i++)
		shared[i] = page_pa(i) | P_RAM;
	dcache_clean(shared, 1024);
	for (u32 n = 0; n < NROOTS; n++)
		pte_write(&root(n)[VA2 >> 20], L1_TABLE(shared, 0));
	tlb_all();
	for (u32 n = 0; n < NROOTS; n++) {
		root_switch(n, n + 1);
		group_check(page_tag(9), peek(VA2 + 0x9000), "space %u before", n);
	}
	pte_write(&shared[9], page_pa(99) | P_RAM);
	tlb_mva(VA2 + 0x9000);
	for (u32 n = 0; n < NROOTS; n++) {
		root_switch(n, n + 1);
		group_check(page_tag(99), peek(VA2 + 0x9000), "space %u after", n);
	}
	pte_write(&shared[9], 0);
	tlb_mva(VA2 + 0x9000);
	for (u32 n = 0; n < NROOTS; n++) {
		root_switch(n, n + 1);
		group_check(FAULT(FS_TRANS_PAGE), peek(VA2 + 0x9000), "space %u unmapped", n);
	}
	/* a first-level entry that one space has and another lacks, filled by copying as Linux does for vmalloc */
	root_switch(3, 4);
	pte_write(&root(3)[(VA2 >> 20) + 1], L1_TABLE(shared, 0));
	isb();
	group_check(page_tag(8), peek(VA2 + 0x108000), "space 3 has the new slot");
	root_switch(4, 5);
	group_check(0, root(4)[(VA2 >> 20) + 1], "space 4 has no entry");
	root_leave();
	group_end();
}

/* -- TTBCR.N: two table bases -- */

static void test_ttbcr(void)
{
	u32 *low = root(0), *high = root(1);

	group_begin("TTBCR: two table bases");
	for (u32 n = 1; n <= 7; n++) {
		u32 limit = 1u << (32 - n), below = limit - 0x100000, above = limit;

		for (u32 i = 0; i < L1_ENTRIES; i++) {
			high[i] = l1_main[i];
			low[i] = l1_main[i];
		}
		/* library and devices are reachable whichever table serves them: both have them */
		low[below >> 20] = (DATA & ~0xfffffu) | S_RAM;
		high[below >> 20] = 0;
		if ((above >> 20) < (DEV_BASE >> 20) || (above >> 20) >= (RAM_TEST_END >> 20) ||
		    (above < RAM_BASE && (above >> 20) >= (DEV_BASE >> 20) + DEV_SECTIONS)) {
			high[above >> 20] = ((DATA & ~0xfffffu) + 0x100000) | S_RAM;
			low[above >> 20] = 0;
		}
		dcache_clean(low, 0x4000);
		dcache_clean(high, 0x4000);
		mmu_off();
		MCR(0, c2, c0, 2, n);
		MCR(0, c2, c0, 0, low);
		MCR(0, c2, c0, 1, high);
		isb();
		tlb_all();
		sctlr_write(sctlr_read() | SCTLR_M | SCTLR_C);
		group_check(n, MRC(0, c2, c0, 2) & 7, "N=%u reads back", n);
		group_check(page_tag(3), peek(below + 0x3000), "N=%u last slot of TTBR0", n);
		if (high[above >> 20] != l1_main[above >> 20])
			group_check(page_tag(0x103), peek(above + 0x3000), "N=%u first slot of TTBR1", n);
		if (RAM_BASE >= limit && DEV_BASE >= limit) {
			MCR(0, c2, c0, 2, n | 0x10);	/* PD0: no walks through TTBR0 */
			isb();
			tlb_all();
			group_check(FAULT(FS_TRANS_SECT), peek(below + 0x3000), "N=%u PD0", n);
		}
		mmu_off();
	}
	mmu_on(l1_main, DACR_CLIENT(0));
	group_end();
}

/* Split maintenance operations of the instruction and data TLBs. */
static void test_split_ops(void)
{
	group_begin("instruction and data TLB operations");
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	pt_page(l2, VA, page_pa(1) | P_RAM);
	tlb_all();
	group_check(page_tag(1), peek(VA), "data");
	group_check(1, call(VA + 0x10), "code");
	pt_page(l2, VA, page_pa(2) | P_RAM);
	MCR(0, c8, c6, 1, VA);
	dsb();
	isb();
	group_check(page_tag(2), peek(VA), "data after DTLBIMVA");
	MCR(0, c8, c5, 1, VA);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
	group_check(2, call(VA + 0x10), "code after ITLBIMVA");
	pt_page(l2, VA, page_pa(3) | P_RAM);
	MCR(0, c8, c6, 0, 0);
	dsb();
	isb();
	group_check(page_tag(3), peek(VA), "data after DTLBIALL");
	MCR(0, c8, c5, 0, 0);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
	group_check(3, call(VA + 0x10), "code after ITLBIALL");
	pt_section(l1_main, VA, 0);
	tlb_all();
	group_end();
}

/* Code pages swapped by remapping: the maintenance of the TLB and branch predictor is all that is needed. */
static void test_code_remap(void)
{
	group_begin("code pages remapped");
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	tlb_all();
	for (u32 i = 0; i < 64; i++) {
		pt_page(l2, VA, page_pa(i) | P_RAM);
		tlb_mva(VA);
		group_check(i, call(VA + 0x10), "page %u", i);
	}
	pt_section(l1_main, VA, 0);
	tlb_all();
	group_end();
}

static void test_alias(void)
{
	group_begin("two addresses of one page");
	for (u32 i = 0; i < 256; i++)
		pt_page(l2, VA + i * 0x1000, page_pa(20) | P_RAM);
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	tlb_all();
	for (u32 i = 0; i < 256; i++) {
		write32(VA + i * 0x1000 + 0x20, i);
		group_check(i, read32(VA + (255 - i) * 0x1000 + 0x20), "alias %u", i);
		group_check(i, read32(page_pa(20) + 0x20), "original %u", i);
	}
	pt_section(l1_main, VA, 0);
	tlb_all();
	group_end();
}

/* -- loops, as kernels write them: the whole range, and the registers behind it -- */

struct loop_end {
	u32 at, left, cpsr;
};

/* op; add at, #4096; cmp at, end; blo op. Always the same instruction. */
static __attribute__((noinline)) struct loop_end tlb_loop_imm(u32 at, u32 end)
{
	u32 cpsr;

	asm volatile(".balign 16\n1:\tmcr p15, 0, %0, c8, c7, 1\n\tadd %0, %0, #4096\n\tcmp %0, %2\n\tblo 1b\n\t"
		     "mrs %1, cpsr\n\tdsb\n\tisb" : "+r"(at), "=r"(cpsr) : "r"(end) : "cc", "memory");
	return (struct loop_end){ at, 0, cpsr & PSR_NZCVQ };
}

/* The step in a register, of any size; the operation for the data TLB. */
static struct loop_end tlb_loop_reg(u32 at, u32 end, u32 step)
{
	u32 cpsr;

	asm volatile(".balign 16\n1:\tmcr p15, 0, %0, c8, c6, 1\n\tadd %0, %0, %3\n\tcmp %0, %2\n\tblo 1b\n\t"
		     "mrs %1, cpsr\n\tdsb\n\tisb" : "+r"(at), "=r"(cpsr) : "r"(end), "r"(step) : "cc", "memory");
	return (struct loop_end){ at, 0, cpsr & PSR_NZCVQ };
}

/* Clean: op; add at, step; subs left, step; bhi op */
static struct loop_end clean_loop_subs(u32 at, u32 left, u32 step)
{
	u32 cpsr;

	asm volatile(".balign 16\n1:\tmcr p15, 0, %0, c7, c10, 1\n\tadd %0, %0, %3\n\tsubs %1, %1, %3\n\tbhi 1b\n\t"
		     "mrs %2, cpsr\n\tdsb" : "+r"(at), "+r"(left), "=r"(cpsr) : "r"(step) : "cc", "memory");
	return (struct loop_end){ at, left, cpsr & PSR_NZCVQ };
}

/* Invalidate for DMA: all of it conditional, cmp; op-lo; add-lo; cmp-lo; blo op */
static struct loop_end inv_loop_cond(u32 at, u32 end, u32 step)
{
	u32 cpsr;

	asm volatile("cmp %0, %2\n\t.balign 16\n1:\tmcrlo p15, 0, %0, c7, c14, 1\n\taddlo %0, %0, %3\n\tcmplo %0, %2\n\tblo 1b\n\t"
		     "mrs %1, cpsr\n\tdsb" : "+r"(at), "=r"(cpsr) : "r"(end), "r"(step) : "cc", "memory");
	return (struct loop_end){ at, 0, cpsr & PSR_NZCVQ };
}

/* The end looked at first, as a boot loader's or a decompressor's does: cmp; bgt, bge, bhi or bhs out; op; add; b cmp */
#define TESTED_LOOP(name, out, operation)							\
static struct loop_end name(u32 at, u32 end, u32 step)						\
{												\
	u32 cpsr;										\
												\
	asm volatile("b 1f\n\t.balign 32\n1:\tcmp %0, %2\n\t" out " 2f\n\t" operation "\n\tadd %0, %0, %3\n\tb 1b\n"	\
		     "2:\tmrs %1, cpsr\n\tdsb" : "+r"(at), "=r"(cpsr) : "r"(end), "r"(step) : "cc", "memory");	\
	return (struct loop_end){ at, 0, cpsr & PSR_NZCVQ };					\
}
#define DCCIMVAC	"mcr p15, 0, %0, c7, c14, 1"
#define DCCMVAC		"mcr p15, 0, %0, c7, c10, 1"

TESTED_LOOP(tested_bgt, "bgt", DCCIMVAC)
TESTED_LOOP(tested_bge, "bge", DCCMVAC)
TESTED_LOOP(tested_bhi, "bhi", DCCIMVAC)
TESTED_LOOP(tested_bhs, "bhs", DCCMVAC)
TESTED_LOOP(tested_tlb, "bhs", "mcr p15, 0, %0, c8, c7, 1")

static const struct tested {
	const char *name;
	struct loop_end (*loop)(u32 at, u32 end, u32 step);
	bool inclusive, is_signed;
} tested[] = {
	{ "bgt", tested_bgt, true, true }, { "bge", tested_bge, false, true }, { "bhi", tested_bhi, true, false },
	{ "bhs", tested_bhs, false, false },
};

/* NZCV of a - b. */
static u32 flags_sub(u32 a, u32 b)
{
	u32 r = a - b;

	return (r & PSR_N) | (r ? 0 : PSR_Z) | (a >= b ? PSR_C : 0) | (((a ^ b) & (a ^ r)) >> 31 ? PSR_V : 0);
}

/* Where the loop ends that begins at @at, by its own meaning. */
static u32 tested_end(const struct tested *t, u32 at, u32 end, u32 step)
{
	for (; ; at += step)
		if (t->is_signed ? (int)at > (int)end || (at == end && !t->inclusive) : at > end || (at == end && !t->inclusive))
			return at;
}

static void tested_round(const struct tested *t, u32 at, u32 end, u32 step)
{
	u32 x = tested_end(t, at, end, step);
	struct loop_end e = t->loop(at, end, step);

	group_check(x, e.at, "%s from 0x%x to 0x%x by %u: address", t->name, at, end, step);
	group_check(flags_sub(x, end), e.cpsr & 0xf0000000u, "%s from 0x%x to 0x%x by %u: flags", t->name, at, end, step);
}

/* Code that reaches its loops in every way: no turn, one, many, the end on a line and beside one; bounds of either sign. */
static void test_tested_loops(void)
{
	group_begin("loops of cache operations that look at the end first");
	for (const struct tested *t = tested; t < tested + ARRAY_SIZE(tested); t++) {
		for (u32 n = 0; n < 0x6000; n = n * 3 + 1)
			for (u32 step = 32; step <= 96; step += 32)
				tested_round(t, page_pa(3) + 4 * (n % 5), page_pa(3) + 4 * n, step);
		tested_round(t, page_pa(3) + 0x1000, page_pa(3), 64);
		if (t->is_signed)	/* all is above it */
			tested_round(t, 0x1000, page_pa(3), 64);
	}
	for (u32 n = 0; n < 24; n++)
		group_check(page_tag(n), peek(page_pa(n)), "page %u as it was", n);
	group_end();
}

#define LOOP_SLOTS	4u	/* slots 0 and 2 have the table, the others nothing */

/* Pages @first to @last of the four slots change from @from to @to and are named by one loop; all others stay. */
static void loop_round(u32 first, u32 last, u32 how, u32 asid)
{
	u32 start = VA + first * 0x1000, end = VA + last * 0x1000, step = how == 1 ? 0x800 : 0x1000, at;
	struct loop_end e;

	for (u32 i = 0; i < 256; i++)
		pt_page(l2, VA + i * 0x1000, page_pa(i) | P_RAM);
	tlb_all();
	for (u32 i = 0; i < 256; i += 3) {
		group_check(page_tag(i), peek(VA + i * 0x1000), "page %u", i);
		group_check(page_tag(i), peek(VA + 0x200000 + i * 0x1000), "third slot, page %u", i);
	}
	for (u32 n = first; n < last; n++)
		if (n < 256)
			pt_page(l2, VA + n * 0x1000, n % 3 ? 0 : page_pa(n + 256) | P_RAM);
	e = how == 3 ? tested_tlb(start | asid, end, step) : how ? tlb_loop_reg(start | asid, end, step) : tlb_loop_imm(start | asid, end);
	for (at = start | asid; at < end; at += step)
		;
	group_check(at, e.at, "address behind the loop");
	group_check(flags_sub(at, end), e.cpsr & 0xf0000000u, "flags behind the loop");
	tlb_loop_imm(VA + 0x200000, VA + 0x300000);
	for (u32 i = 0; i < 256; i++) {
		u32 expected = i < first || i >= last ? page_tag(i) : i % 3 ? FAULT(FS_TRANS_PAGE) : page_tag(i + 256);

		group_check(expected, peek(VA + i * 0x1000), "%u to %u: page %u", first, last, i);
		group_check(expected, peek(VA + 0x200000 + i * 0x1000), "third slot, %u to %u: page %u", first, last, i);
	}
	group_check(FAULT(FS_TRANS_SECT), peek(VA + 0x100000), "empty slot");
}

static void test_loops(void)
{
	static const u16 range[][2] = { { 0, 1 }, { 3, 4 }, { 0, 256 }, { 17, 200 }, { 255, 257 }, { 100, 1024 }, { 200, 515 }, { 254, 255 } };
	struct loop_end e;

	group_begin("loops of TLB operations");
	for (u32 s = 0; s < LOOP_SLOTS; s++)
		pt_section(l1_main, VA + (s << 20), s & 1 ? 0 : L1_TABLE(l2, 0));
	for (u32 i = 0; i < ARRAY_SIZE(range); i++)
		for (u32 how = 0; how < 4; how++)
			loop_round(range[i][0], range[i][1], how, i & 1 ? 0x5a : 0);
	e = tlb_loop_imm(0x10000000, 0xfffff000);
	group_check(0xfffff000, e.at, "nearly everything");
	group_check(PSR_Z | PSR_C, e.cpsr & 0xf0000000u, "nearly everything: flags");
	group_check(page_tag(12), peek(page_pa(12)), "what is still mapped");
	/* More of nothing than a hypervisor may skip at once, and then a loop that has one turn. */
	group_check(page_tag(5), peek(VA + 0x5000), "a page");
	tlb_loop_imm(0x10000000, 0x2ff00000);
	e = tlb_loop_imm(VA + 0x5000, VA);
	group_check(VA + 0x6000, e.at, "one turn");
	for (u32 s = 0; s < LOOP_SLOTS; s++)
		pt_section(l1_main, VA + (s << 20), 0);
	tlb_all();
	group_end();
	group_begin("loops of cache operations");
	for (u32 n = 1; n < 20000; n = n * 3 + 1) {
		u32 left = 4 * n, step = 64, at = page_pa(3) + 4 * (n % 5), end = at + left, x = at, prev = left;

		e = clean_loop_subs(at, left, step);
		while (left > step) {
			x += step;
			left -= step;
		}
		prev = left;
		group_check(x + step, e.at, "%u bytes: address", 4 * n);
		group_check(left - step, e.left, "%u bytes: left", 4 * n);
		group_check(flags_sub(prev, step), e.cpsr & 0xf0000000u, "%u bytes: flags", 4 * n);
		e = inv_loop_cond(at, end, step);
		for (x = at; x < end; x += step)
			;
		group_check(x, e.at, "%u bytes, conditional: address", 4 * n);
		group_check(flags_sub(x, end), e.cpsr & 0xf0000000u, "%u bytes, conditional: flags", 4 * n);
		e = inv_loop_cond(end, at, step);
		group_check(end, e.at, "no turn at all");
	}
	for (u32 n = 0; n < 24; n++)
		group_check(page_tag(n), peek(page_pa(n)), "page %u as it was", n);
	group_end();
}

void guest_main(void)
{
	pages_fill();
	pt_flat(l1_main);
	l2 = l2_alloc();
	mmu_on(l1_main, DACR_CLIENT(0));
	test_unmap_remap();
	test_permission_change();
	test_slot_kinds();
	test_table_reuse();
	test_asid_switch();
	test_asid_maintenance();
	test_asid_elsewhere(root_switch, "spaces that are not current, by ASID");
	test_asid_elsewhere(root_switch_ttbr1, "spaces that are not current, by ASID, entered by way of another table");
	test_shared_table();
	test_split_ops();
	test_code_remap();
	test_alias();
	test_loops();
	test_tested_loops();
	test_ttbcr();
}
