// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: a kernel without ASIDs. Nothing is non-global, each switch of address spaces invalidates everything, and tables that are not in use
 * change without a word. It is done many times: what did not change may not cost much.
 */
#include "guest.h"

#define ROUNDS		400u
#define USER_VA		0x30000000u
#define KERNEL_VA	0x34000000u
#define PAGES		0x00200000u		/* in TEST_RAM */
#define SPACES		6u
#define USER_PAGES	32u
/* By these names tools/bench finds what is to be measured (umbra_bench_bare.py). */
#define MEASURED	__attribute__((noinline))

static u32 l1_space[SPACES][L1_ENTRIES] __attribute__((aligned(16384)));
static u32 *l2_user[SPACES];
static u32 want[SPACES][USER_PAGES];	/* page in which a user page is */

static u32 page(u32 i)
{
	return TEST_RAM + PAGES + i * 0x1000;
}

static void map(u32 space, u32 j, u32 to)
{
	want[space][j] = to;
	pt_page(l2_user[space], USER_VA + j * 0x1000, page(to) | P_RAM);
}

static void space_enter(u32 i)
{
	dsb();
	MCR(0, c2, c0, 0, (u32)l1_space[i]);
	isb();
	tlb_all();
}

static void spaces_make(void)
{
	u32 *l2 = l2_alloc();

	for (u32 i = 0; i < 16; i++)
		pt_page(l2, KERNEL_VA + i * 0x1000, page(i) | P_SMALL | P_WB | P_AP(0, 1));
	pt_section(l1_main, KERNEL_VA, L1_TABLE(l2, 0));
	for (u32 i = 0; i < SPACES; i++) {
		for (u32 j = 0; j < L1_ENTRIES; j++)
			l1_space[i][j] = l1_main[j];
		l2_user[i] = l2_alloc();
		for (u32 j = 0; j < USER_PAGES; j++)
			map(i, j, 32 + i * USER_PAGES + j);
		l1_space[i][USER_VA >> 20] = L1_TABLE(l2_user[i], 0);
	}
	for (u32 i = 0; i < 32 + SPACES * USER_PAGES; i++)
		write32(page(i), i);
	dcache_clean(l1_space, sizeof(l1_space));
}

/* What the space of now has, in a few pages. */
static u32 wrong(u32 i, u32 n)
{
	u32 bad = 0;

	for (u32 k = 0; k < 8; k++) {
		u32 j = (n + k * 5) % USER_PAGES;

		bad += read32(USER_VA + j * 0x1000) != want[i][j];
		bad += read32(KERNEL_VA + (j & 15) * 0x1000) != (j & 15);
	}
	return bad;
}

u32 measured_switches(void);
u32 measured_changes(void);
void measured_end(void);

MEASURED u32 measured_switches(void)
{
	u32 bad = 0;

	for (u32 n = 0; n < ROUNDS; n++) {
		space_enter(n * 7 % SPACES);
		bad += wrong(n * 7 % SPACES, n);
	}
	return bad;
}

/* Two spaces change their tables. The walks of neither are used meanwhile. */
static void swap_tables(u32 i, u32 other)
{
	u32 *table = l2_user[i];

	MCR(0, c2, c0, 0, (u32)l1_main);
	isb();
	tlb_all();
	l2_user[i] = l2_user[other];
	l2_user[other] = table;
	for (u32 k = 0; k < USER_PAGES; k++) {
		u32 was = want[i][k];

		want[i][k] = want[other][k];
		want[other][k] = was;
	}
	pt_section(l1_space[i], USER_VA, L1_TABLE(l2_user[i], 0));
	pt_section(l1_space[other], USER_VA, L1_TABLE(l2_user[other], 0));
	space_enter(i);
}

/* Tables of spaces that are not in use change; pages and, now and then, the whole table. */
MEASURED u32 measured_changes(void)
{
	u32 bad = 0;

	for (u32 n = 0; n < ROUNDS; n++) {
		u32 i = n * 7 % SPACES, other = (i + 1 + n % (SPACES - 1)) % SPACES, j = n * 3 % USER_PAGES;

		space_enter(i);
		map(other, j, 32 + (n * 11) % (SPACES * USER_PAGES));
		if (n % 16 == 0)
			swap_tables(i, other);
		bad += wrong(i, n);
	}
	return bad;
}

MEASURED void measured_end(void)
{
	isb();
}

void guest_main(void)
{
	u32 switches, changes;

	pt_flat(l1_main);
	for (u32 i = RAM_BASE >> 20; i < RAM_TEST_END >> 20; i++)
		l1_main[i] = i << 20 | S_SECT | S_WB | S_AP(0, 1);
	spaces_make();
	mmu_on(l1_main, DACR_CLIENT(0));
	switches = measured_switches();
	changes = measured_changes();
	measured_end();
	check("address spaces entered with everything invalidated", 0, switches);
	check("tables of other spaces changed without a word", 0, changes);
	MCR(0, c2, c0, 0, (u32)l1_main);
	isb();
	tlb_all();
}
