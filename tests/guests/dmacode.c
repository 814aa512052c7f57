// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: code that a device writes where nothing can be written by its address, and instruction cache maintenance by address is all that says so;
 * and descriptors that a device writes, of which TLB maintenance is all that says so.
 */
#include "guest.h"

#define CODE		(TEST_RAM + 0x00300000u)
#define ALIAS_VA	0x30000000u
#define BX_LR		0xe12fff1eu
#define MOV_R0(n)	(0xe3a00000u | (n))

typedef u32 (*fn0)(void);

/* In a page that nothing may write by its address, a device puts other code in the place of what ran: the guest says so by ICIMVAU alone. */
static void test_device_code(void)
{
	static const u32 plain[3] = { MOV_R0(7), BX_LR, BX_LR };
	static const u32 sensitive[3] = { 0xe10f0000, 0xe200001f, BX_LR };	/* mrs r0, cpsr; and r0, #31 */
	u32 page = CODE, from = CODE + 0x2000, run = ALIAS_VA + (page & 0xfffff);
	u32 codes[2] = { from, from + 64 };

	group_begin("code that a device writes");
	for (u32 i = 0; i < 3; i++) {
		write32(codes[0] + 4 * i, plain[i]);
		write32(codes[1] + 4 * i, sensitive[i]);
	}
	dcache_clean_inv_all();
	pt_section(l1_main, ALIAS_VA, (page & 0xfff00000) | S_SECT | S_NC | S_AP(1, 1));	/* so that no other cache has it */
	tlb_all();
	for (u32 i = 0; i < 32; i++) {
		sdma_copy(page, codes[i & 1], 3);
		for (u32 again = 0; again <= i % 3; again++) {
			MCR(0, c7, c5, 1, run);
			MCR(0, c7, c5, 6, 0);
			dsb();
			isb();
		}
		group_check(i & 1 ? MODE_SVC : 7, ((fn0)run)(), "round %u", i);
		sdma_copy(page, codes[~i & 1], 3);
		MCR(0, c7, c5, 1, run);
		MCR(0, c7, c5, 6, 0);
		dsb();
		isb();
		group_check(i & 1 ? 7 : MODE_SVC, ((fn0)run)(), "round %u, once more", i);
	}
	pt_section(l1_main, ALIAS_VA, 0);
	tlb_all();
	group_end();
}

/* The table is in memory that is not cached, so the walks see what the device wrote; entries that were valid before are invalidated. */
static void test_device_table(void)
{
	u32 *buffer = (u32 *)(TEST_RAM + 0x00500000u), *table = (u32 *)(TEST_RAM + 0x00400000u), data = TEST_RAM + 0x00600000u;

	group_begin("a table that a device writes");
	for (u32 i = 0; i < 64; i++) {
		write32(data + i * 0x1000, 0x7ab1e000u + i);
		table[i] = 0;
	}
	for (u32 i = 64; i < 256; i++)
		table[i] = 0;
	dcache_clean_inv_all();
	pt_section(l1_main, (u32)table, ((u32)table & 0xfff00000u) | S_SECT | S_NC | S_AP(0, 3));
	pt_section(l1_main, ALIAS_VA, L1_TABLE(table, 0));
	tlb_all();
	for (u32 round = 0; round < 8; round++) {
		for (u32 i = 0; i < 16; i++)
			buffer[i] = (data + ((round * 7 + i) & 63) * 0x1000) | P_RAM;
		dcache_clean(buffer, 64);
		sdma_copy((u32)table, (u32)buffer, 16);
		if (round & 1)
			tlb_all();
		for (u32 i = 0; i < 16; i++) {
			if (!(round & 1))
				tlb_mva(ALIAS_VA + i * 0x1000);
			group_check(0x7ab1e000u + ((round * 7 + i) & 63), read32(ALIAS_VA + i * 0x1000), "round %u, page %u", round, i);
		}
	}
	pt_section(l1_main, ALIAS_VA, 0);
	pt_section(l1_main, (u32)table, ((u32)table & 0xfff00000u) | S_RAM);
	tlb_all();
	group_end();
}

void guest_main(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("code that a device writes", "needs the DMA controller of the other board");
		return;
	}
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_device_code();
	test_device_table();
}
