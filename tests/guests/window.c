// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: maps and uses every 1 MiB slot of the address space, one at a time and all at once. A hypervisor that
 * keeps something of its own in the guest's address space has to get out of the way each time.
 */
#include "guest.h"

#define BACKING		(TEST_RAM + 0x00100000u)	/* 1 MiB that the slots show */
#define CODE_AT		0x00042000u
#define PAGE_AT		0x00077000u
#define LIB_END		((RAM_BASE >> 20) + 4)		/* the image, its stacks and tables */

static u32 *l2_first;

static bool slot_in_use(u32 s)
{
	return (s >= RAM_BASE >> 20 && s < LIB_END) || s == UART_BASE >> 20 || s == DEV_BASE >> 20 ||
	       (s >= TEST_RAM >> 20 && s < (TEST_RAM >> 20) + 2);
}

static u32 slot_tag(u32 s)
{
	return 0x51070000u | s;
}

/* Code in the backing memory: reads its own address, does something sensitive; in User mode ends with SVC. */
static void backing_build(void)
{
	static const u32 fn[] = { 0xe10f1000, 0xe24f000c, 0xe12fff1e };	/* mrs r1, cpsr; sub r0, pc, #12; bx lr */
	static const u32 user[] = { 0xe24f0008, 0xe10f1000, 0xef000000 };	/* sub r0, pc, #8; mrs; svc */

	for (u32 i = 0; i < 3; i++) {
		write32(BACKING + CODE_AT + 4 * i, fn[i]);
		write32(BACKING + CODE_AT + 0x100 + 4 * i, user[i]);
	}
	code_sync((void *)(BACKING + CODE_AT), 0x200);
}

static void use_slot(u32 s, const char *how)
{
	u32 va = s << 20;
	struct ctx c;

	write32(va + PAGE_AT, slot_tag(s));
	group_check(slot_tag(s), read32(BACKING + PAGE_AT), "%s slot %03x: written", how, s);
	write32(BACKING + PAGE_AT + 4, ~slot_tag(s));
	group_check(~slot_tag(s), read32(va + PAGE_AT + 4), "%s slot %03x: read", how, s);
	group_check(va + CODE_AT, ((u32 (*)(void))(va + CODE_AT))(), "%s slot %03x: executed", how, s);
	ctx_init(&c, MODE_USR | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.pc = va + CODE_AT + 0x100;
	c.sp = va + 0x80000;
	group_check(VEC_SVC, ctx_run(&c), "%s slot %03x: User mode", how, s);
	group_check(va + CODE_AT + 0x100, exc_frame.r[0], "%s slot %03x: User mode pc", how, s);
	group_check(va + CODE_AT + 0x10c, exc_frame.exc_lr, "%s slot %03x: SVC lr", how, s);
}

static void test_one_by_one(void)
{
	group_begin("every slot as a section, one at a time");
	for (u32 s = 0; s < L1_ENTRIES; s++) {
		u32 old = l1_main[s];

		if (slot_in_use(s))
			continue;
		pt_section(l1_main, s << 20, BACKING | S_RAM);
		tlb_mva(s << 20);
		use_slot(s, "section");
		pt_section(l1_main, s << 20, old);
		tlb_mva(s << 20);
		if (!old)
			group_check(VEC_DABT, TRY((void)read32(s << 20)), "slot %03x: empty again", s);
	}
	group_end();
}

/* Only two pages of each slot are mapped: the others must fault, whatever else is there. */
static void test_pages(void)
{
	group_begin("two pages in every slot, one slot at a time");
	for (u32 i = 0; i < 256; i++)
		l2_first[i] = 0;
	l2_first[CODE_AT >> 12] = (BACKING + CODE_AT) | P_RAM;
	l2_first[PAGE_AT >> 12] = (BACKING + PAGE_AT) | P_RAM;
	dcache_clean(l2_first, 1024);
	for (u32 s = 0; s < L1_ENTRIES; s++) {
		u32 old = l1_main[s];

		if (slot_in_use(s))
			continue;
		pt_section(l1_main, s << 20, L1_TABLE(l2_first, 0));
		tlb_mva(s << 20);
		tlb_mva(s << 20 | CODE_AT);
		tlb_mva(s << 20 | PAGE_AT);
		use_slot(s, "pages");
		for (volatile u32 p = 0; p < 256; p += 51)
			if (p != CODE_AT >> 12 && p != PAGE_AT >> 12)
				group_check(VEC_DABT, TRY((void)read32(s << 20 | p << 12)), "slot %03x page %02x", s, p);
		group_check(FS_TRANS_PAGE, DFSR_FS(exc_frame.dfsr), "slot %03x: status", s);
		pt_section(l1_main, s << 20, old);
		tlb_all();
	}
	group_end();
}

static void test_all(void)
{
	group_begin("all slots mapped at once");
	for (u32 s = 0; s < L1_ENTRIES; s++)
		if (!slot_in_use(s))
			l1_main[s] = BACKING | S_RAM;
	dcache_clean(l1_main, L1_ENTRIES * 4);
	tlb_all();
	for (u32 s = 0; s < L1_ENTRIES; s++)
		if (!slot_in_use(s))
			use_slot(s, "all");
	/* jump about, so that no two uses are neighbours */
	for (u32 i = 0, s = 1; i < L1_ENTRIES; i++, s = (s * 1021 + 7) % L1_ENTRIES)
		if (!slot_in_use(s))
			use_slot(s, "jumping");
	group_end();
}

/* Nothing mapped where nothing was mapped: every free slot faults on every kind of access, from both levels. */
static void test_none(void)
{
	group_begin("every unmapped slot faults");
	for (u32 s = 0; s < L1_ENTRIES; s++) {
		u32 va = s << 20 | 0x123f0;
		struct ctx c;

		if (l1_main[s])
			continue;
		group_check(VEC_DABT, TRY((void)read32(va)), "slot %03x read", s);
		group_check(FS_TRANS_SECT, DFSR_FS(exc_frame.dfsr), "slot %03x read: status", s);
		group_check(va, exc_frame.dfar, "slot %03x read: address", s);
		group_check(VEC_DABT, TRY(write32(va, 1)), "slot %03x write", s);
		group_check(FS_TRANS_SECT | FSR_WNR, DFSR_FS(exc_frame.dfsr), "slot %03x write: status", s);
		group_check(VEC_PABT, TRY(((void (*)(void))va)()), "slot %03x execute", s);
		group_check(FS_TRANS_SECT, IFSR_FS(exc_frame.ifsr), "slot %03x execute: status", s);
		group_check(va, exc_frame.ifar, "slot %03x execute: address", s);
		ctx_init(&c, MODE_USR | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
		c.r[0] = va;
		group_check(VEC_DABT, CODE_RUN(&c, 0xe5902000, 0xef000000), "slot %03x User read", s);
		group_check(FS_TRANS_SECT, DFSR_FS(exc_frame.dfsr), "slot %03x User read: status", s);
	}
	group_end();
}

void guest_main(void)
{
	backing_build();
	pt_flat(l1_main);
	l2_first = l2_alloc();
	mmu_on(l1_main, DACR_CLIENT(0));
	test_none();
	test_one_by_one();
	test_pages();
	test_all();
	mmu_off();
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_none();
}
