// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: habits of kernels of the 3.4 era. Vectors and helpers that User mode calls stand in one page. SCTLR is written at each exception. And an
 * address space is entered by way of the reserved ASID 0: CONTEXTIDR, then TTBR0, then CONTEXTIDR. Each is done many times: it may not cost much either.
 */
#include "guest.h"

#define ROUNDS		500u
#define VECTORS_VA	0xffff0000u
#define USER_VA		0x30000000u
#define KERNEL_VA	0x34000000u
#define PAGES		0x00200000u		/* in TEST_RAM */
#define SPACES		6u

static u32 l1_space[SPACES][L1_ENTRIES] __attribute__((aligned(16384)));
static u32 *l2_user[SPACES], masks;

static u32 page(u32 i)
{
	return TEST_RAM + PAGES + i * 0x1000;
}

static void put(u32 at, u32 w0, u32 w1, u32 w2)
{
	write32(at, w0);
	write32(at + 4, w1);
	write32(at + 8, w2);
	code_sync((void *)(at & ~63u), 128);
}

static int user(u32 pc, u32 r0)
{
	struct ctx c;

	ctx_init(&c, MODE_USR | (masks & ~(PSR_A | PSR_I | PSR_F)));
	c.r[0] = r0;
	c.lr = USER_VA + 4;
	c.pc = pc;
	return ctx_run(&c);
}

/*
 * The vector of SVC reads SPSR and writes SCTLR on its way (those kernels switch alignment checks on at each exception), so there are sensitive
 * instructions in the page that User mode executes, too.
 */
static void vectors_make(void)
{
	vector_table_build((u32 *)page(0));
	put(page(0) + 8, 0xea00000c, 0xe59ff018, 0xe59ff018);	/* b 0x40, and the next vectors as they were */
	put(page(0) + 0x40, 0xe14f1000, 0xe59f2008, 0xee012f10);	/* mrs r1, spsr; ldr r2, 1f; mcr p15, 0, r2, c1, c0, 0 */
	put(page(0) + 0x4c, 0xe51ff004, (u32)hook_2, 0);	/* ldr pc, [pc, #-4]; 1: SCTLR, when it is known */
	put(page(0) + 0xfe0, 0xe2800001, 0xe12fff1e, 0);	/* a helper: add r0, r0, #1; bx lr */
	put(page(1), 0xef000000, 0xef000000, 0xef000000);
}

static void test_helpers(void)
{
	u32 bad = 0;

	check("User mode calls a helper beside the vectors", VEC_SVC, user(VECTORS_VA + 0xfe0, 41));
	check("its result", 42, exc_frame.r[0]);
	for (u32 i = 0; i < ROUNDS; i++)
		bad += user(USER_VA, i) != VEC_SVC || exc_frame.r[0] != i || (exc_frame.r[1] & 0x1f) != MODE_USR;
	check("system calls since", 0, bad);
	put(page(0) + 0xfe0, 0xef000007, 0xe12fff1e, 0);
	check("a system call in that page", VEC_SVC, user(VECTORS_VA + 0xfe0, 0));
	check("where it was", VECTORS_VA + 0xfe4, exc_frame.exc_lr);
}

static void space_enter(u32 i)
{
	dsb();
	MCR(0, c13, c0, 1, 0);
	isb();
	MCR(0, c2, c0, 0, (u32)l1_space[i]);
	isb();
	MCR(0, c13, c0, 1, i + 1);
	isb();
}

static void spaces_make(void)
{
	u32 *l2 = l2_alloc();

	for (u32 i = 0; i < 16; i++)
		pt_page(l2, KERNEL_VA + i * 0x1000, page(32 + i) | P_SMALL | P_WB | P_AP(0, 1));
	pt_section(l1_main, KERNEL_VA, L1_TABLE(l2, 0));
	for (u32 i = 0; i < SPACES; i++) {
		for (u32 j = 0; j < L1_ENTRIES; j++)
			l1_space[i][j] = l1_main[j];
		l2_user[i] = l2_alloc();
		for (u32 j = 0; j < 16; j++)
			pt_page(l2_user[i], USER_VA + j * 0x1000, page(48 + i * 16 + j) | P_RAM | P_NG);
		l1_space[i][USER_VA >> 20] = L1_TABLE(l2_user[i], 0);
		for (u32 j = 0; j < 16; j++)
			write32(page(48 + i * 16 + j), i << 16 | j);
	}
	dcache_clean(l1_space, sizeof(l1_space));
}

static void test_spaces(void)
{
	u32 bad = 0;

	spaces_make();
	for (u32 n = 0; n < ROUNDS; n++) {
		u32 i = n * 7 % SPACES, j = n & 15;

		space_enter(i);
		write32(KERNEL_VA + j * 0x1000, n);
		bad += read32(USER_VA + j * 0x1000) != (i << 16 | j) || read32(KERNEL_VA + j * 0x1000) != n;
	}
	check("address spaces entered by way of ASID 0", 0, bad);
	for (u32 i = 0; i < SPACES; i++) {	/* under ASID 0 the tables of now count, and what they said there is forgotten alone */
		space_enter(i);
		bad += read32(USER_VA + 0x1000) != (i << 16 | 1);
		MCR(0, c13, c0, 1, 0);
		isb();
		bad += read32(USER_VA + 0x1000) != (i << 16 | 1);
		pt_page(l2_user[i], USER_VA + 0x1000, page(48 + i * 16 + 2) | P_RAM | P_NG);
		tlb_mva((USER_VA + 0x1000) | 0);
		bad += read32(USER_VA + 0x1000) != (i << 16 | 2);
		tlb_mva((USER_VA + 0x1000) | (i + 1));
		MCR(0, c13, c0, 1, i + 1);
		isb();
		bad += read32(USER_VA + 0x1000) != (i << 16 | 2);
	}
	check("the user's memory under ASID 0", 0, bad);
	MCR(0, c2, c0, 0, (u32)l1_main);
	isb();
}

void guest_main(void)
{
	u32 *l2 = l2_alloc();

	masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	for (u32 i = RAM_BASE >> 20; i < RAM_TEST_END >> 20; i++)
		l1_main[i] = i << 20 | S_SECT | S_WB | S_AP(0, 1);
	vectors_make();
	pt_page(l2, VECTORS_VA, page(0) | P_SMALL | P_WB | P_AP(0, 2));
	pt_section(l1_main, VECTORS_VA, L1_TABLE(l2, 0));
	l2 = l2_alloc();
	pt_page(l2, USER_VA, page(1) | P_SMALL | P_WB | P_AP(0, 2));
	pt_section(l1_main, USER_VA, L1_TABLE(l2, 0));
	mmu_on(l1_main, DACR_CLIENT(0));
	sctlr_write(sctlr_read() | SCTLR_V);
	write32(page(0) + 0x54, sctlr_read() | 1u << 10);	/* SW, which the processor has not: kernels go on writing it (and QEMU keeps it) */
	code_sync((void *)(page(0) + 0x40), 64);
	test_helpers();
	test_spaces();
}
