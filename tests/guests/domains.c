// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: all 16 domains in use at once, each with pages and sections of the kernel's and of User mode's, global and not, opened in many
 * patterns, in several address spaces.
 */
#include "guest.h"

#define VA		0x30000000u
#define KINDS		8u		/* of mappings of one domain: bit 0 User mode, bit 1 not global, bit 2 section */
#define SPACES		3u
#define DATA		0x00200000u	/* in TEST_RAM */

static u32 l1_space[SPACES][L1_ENTRIES] __attribute__((aligned(16384)));
static u32 seed = 1;

static u32 rnd(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static u32 va_of(u32 domain, u32 kind)
{
	return VA + ((domain * KINDS + kind) << 20);
}

static void map(u32 *l1, u32 domain, u32 kind)
{
	u32 va = va_of(domain, kind), ap = kind & 1 ? 3 : 1, *l2;

	if (kind & 4) {
		pt_section(l1, va, ((TEST_RAM + DATA) & 0xfff00000u) | S_SECT | S_WB | S_XN | S_DOMAIN(domain) | S_AP(0, ap) |
			   (kind & 2 ? S_NG : 0));
		return;
	}
	l2 = l2_alloc();
	pt_page(l2, va, (TEST_RAM + DATA + domain * 0x1000) | P_SMALL | P_WB | P_XN | P_AP(0, ap) | (kind & 2 ? P_NG : 0));
	pt_section(l1, va, L1_TABLE(l2, domain));
}

static void space_enter(u32 space)
{
	dsb();
	MCR(0, c13, c0, 1, 0);
	isb();
	MCR(0, c2, c0, 0, l1_space[space]);
	isb();
	MCR(0, c13, c0, 1, space + 1);
	isb();
}

static u32 expected(u32 open, u32 domain, u32 kind, bool priv)
{
	if (!(open >> domain & 1))
		return kind & 4 ? FS_DOM_SECT : FS_DOM_PAGE;
	if (!priv && !(kind & 1))
		return kind & 4 ? FS_PERM_SECT : FS_PERM_PAGE;
	return 0;
}

static u32 load_user(u32 va)
{
	u32 word;
	int vector = TRY(asm volatile("ldrt %0, [%1]" : "=&r"(word), "+r"(va) : : "memory"));

	return vector ? DFSR_FS(exc_frame.dfsr) : 0;
}

static u32 load(u32 va)
{
	int vector = TRY((void)read32(va));

	return vector ? DFSR_FS(exc_frame.dfsr) : 0;
}

static void look(u32 open)
{
	for (u32 domain = 0; domain < 16; domain++)
		for (u32 kind = 0; kind < KINDS; kind++) {
			u32 va = va_of(domain, kind);

			group_check(expected(open, domain, kind, true), load(va), "domain %u kind %u open %x", domain, kind, open);
			group_check(expected(open, domain, kind, false), load_user(va), "domain %u kind %u open %x, User mode",
				    domain, kind, open);
		}
}

static void dacr(u32 open)
{
	u32 value = 0;

	for (u32 i = 0; i < 16; i++)
		value |= (open >> i & 1) << (2 * i);
	MCR(0, c3, c0, 0, value);
	isb();
}

void guest_main(void)
{
	pt_flat(l1_main);
	for (u32 domain = 0; domain < 16; domain++)
		for (u32 kind = 0; kind < KINDS; kind++)
			map(l1_main, domain, kind);
	for (u32 i = 0; i < SPACES; i++)
		for (u32 j = 0; j < L1_ENTRIES; j++)
			l1_space[i][j] = l1_main[j];
	dcache_clean(l1_space, sizeof(l1_space));
	mmu_on(l1_main, 0x55555555);
	group_begin("all open");
	for (u32 i = 0; i < 6; i++) {
		space_enter(i % SPACES);
		look(0xffff);
	}
	group_end();
	group_begin("opened in patterns");
	for (u32 i = 0; i < 40; i++) {
		u32 open = 1 | rnd() | rnd() << (i & 7);

		open &= 0xffff;
		if (rnd() & 1)
			space_enter(rnd() % SPACES);
		dacr(open);
		look(open);
	}
	dacr(0xffff);
	group_end();
}
