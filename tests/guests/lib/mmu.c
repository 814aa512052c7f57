// SPDX-License-Identifier: GPL-2.0-or-later
/* Short-descriptor page tables and cache maintenance of the test guests. */
#include "guest.h"

#define L2_TABLES	64
#define LINE		64	/* Cortex-A8 cache line */

u32 l1_main[L1_ENTRIES] __attribute__((aligned(0x4000)));
static u32 l2_pool[L2_TABLES][256] __attribute__((aligned(0x400)));
static u32 l2_used;

void dcache_clean(const void *p, u32 len)
{
	u32 a = (u32)p & ~(LINE - 1u), end = (u32)p + len;

	for (; a < end; a += LINE)
		MCR(0, c7, c10, 1, a);	/* DCCMVAC */
	dsb();
}

void dcache_clean_inv(const void *p, u32 len)
{
	u32 a = (u32)p & ~(LINE - 1u), end = (u32)p + len;

	for (; a < end; a += LINE)
		MCR(0, c7, c14, 1, a);	/* DCCIMVAC */
	dsb();
}

void code_sync(const void *p, u32 len)
{
	u32 end = (u32)p + len;

	for (u32 a = (u32)p & ~(LINE - 1u); a < end; a += LINE)
		MCR(0, c7, c11, 1, a);	/* DCCMVAU */
	dsb();
	for (u32 a = (u32)p & ~(LINE - 1u); a < end; a += LINE)
		MCR(0, c7, c5, 1, a);	/* ICIMVAU */
	MCR(0, c7, c5, 6, 0);		/* BPIALL */
	dsb();
	isb();
}

void icache_inv_all(void)
{
	MCR(0, c7, c5, 0, 0);		/* ICIALLU */
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}

static void level_clean_inv(u32 level)
{
	u32 ccsidr, line_log2, ways, sets, way_shift;

	MCR(2, c0, c0, 0, level << 1);	/* CSSELR */
	isb();
	ccsidr = MRC(1, c0, c0, 0);
	line_log2 = (ccsidr & 7) + 4;
	ways = ((ccsidr >> 3) & 0x3ff) + 1;
	sets = ((ccsidr >> 13) & 0x7fff) + 1;
	way_shift = ways > 1 ? (u32)__builtin_clz(ways - 1) : 0;
	for (u32 w = 0; w < ways; w++)
		for (u32 s = 0; s < sets; s++)
			MCR(0, c7, c14, 2, w << way_shift | s << line_log2 | level << 1);	/* DCCISW */
}

void dcache_clean_inv_all(void)
{
	u32 clidr = MRC(1, c0, c0, 1), loc = (clidr >> 24) & 7;

	dsb();
	for (u32 level = 0; level < loc; level++)
		if (((clidr >> (level * 3)) & 7) >= 2)
			level_clean_inv(level);
	MCR(2, c0, c0, 0, 0);
	dsb();
	isb();
}

u32 *l2_alloc(void)
{
	u32 *t = l2_pool[l2_used++ % L2_TABLES];

	for (u32 i = 0; i < 256; i++)
		t[i] = 0;
	dcache_clean(t, 1024);
	return t;
}

void pte_write(u32 *entry, u32 value)
{
	*(volatile u32 *)entry = value;
	MCR(0, c7, c10, 1, entry);
	dsb();
}

void pt_clear(u32 *l1)
{
	for (u32 i = 0; i < L1_ENTRIES; i++)
		l1[i] = 0;
	dcache_clean(l1, L1_ENTRIES * 4);
}

void pt_flat(u32 *l1)
{
	for (u32 i = 0; i < L1_ENTRIES; i++)
		l1[i] = 0;
	for (u32 i = RAM_BASE >> 20; i < RAM_TEST_END >> 20; i++)
		l1[i] = i << 20 | S_RAM;
	for (u32 i = 0; i < DEV_SECTIONS; i++)
		l1[(DEV_BASE >> 20) + i] = (DEV_BASE + (i << 20)) | S_DEVICE;
	dcache_clean(l1, L1_ENTRIES * 4);
}

void pt_section(u32 *l1, u32 va, u32 desc)
{
	pte_write(&l1[va >> 20], desc);
}

void pt_page(u32 *l2, u32 va, u32 desc)
{
	pte_write(&l2[(va >> 12) & 0xff], desc);
}

static void mmu_on_ttbr(u32 ttbr, u32 dacr)
{
	dcache_clean_inv_all();
	icache_inv_all();
	MCR(0, c2, c0, 2, 0);			/* TTBCR: TTBR0 only */
	MCR(0, c2, c0, 0, ttbr);
	MCR(0, c2, c0, 1, ttbr);
	MCR(0, c3, c0, 0, dacr);
	MCR(0, c13, c0, 1, 0);
	isb();
	tlb_all();
	sctlr_write(sctlr_read() | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_Z);
}

void mmu_on(u32 *l1, u32 dacr)
{
	mmu_on_ttbr((u32)l1, dacr);
}

void mmu_on_cached(u32 *l1, u32 dacr)
{
	mmu_on_ttbr((u32)l1 | TTBR_CACHED, dacr);
}

void mmu_off(void)
{
	dcache_clean_inv_all();
	sctlr_write(sctlr_read() & ~(SCTLR_M | SCTLR_C));
	dcache_clean_inv_all();
	tlb_all();
	icache_inv_all();
}
