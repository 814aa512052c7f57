// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: 32-bit Thumb stores that lie across two pages of code, into either page, also where each page is elsewhere in memory. */
#include "guest.h"

#define VA		0x30000000u
#define OFFSET		0x800u			/* of the data in its page */
#define NOP16		0xbf00u
#define SVC16		0xdf00u

static u32 masks;
static u32 *l2;

static const struct store {
	const char *name;
	u16 word[2];				/* r0: where to; r2, r3: what */
	u32 first;				/* what is there afterwards */
} stores[] = {
	{ "STR.W", { 0xf8c0, 0x2000 }, 0xcafe0002 },
	{ "STRH.W", { 0xf8a0, 0x2000 }, 0x11110002 },
	{ "STRB.W", { 0xf880, 0x2000 }, 0x11111102 },
	{ "STRD", { 0xe9c0, 0x2300 }, 0xcafe0002 },
	{ "STM.W", { 0xe880, 0x000c }, 0xcafe0002 },
	{ "STR.W, register", { 0xf840, 0x2004 }, 0xcafe0002 },	/* r4 = 0 */
	{ "VSTR s0", { 0xed80, 0x0a00 }, 0xcafe0009 },
	{ "VST1.32", { 0xf900, 0x078f }, 0xcafe0009 },
};

/* The pages as they are written (@a, @b) and as they are executed (@va, @va + 4096), the store going to page @to of them. */
static void one(const struct store *s, u32 psr, u32 a, u32 b, u32 va, u32 to)
{
	volatile u32 *data = (volatile u32 *)((to ? b : a) + OFFSET);
	struct ctx c;

	write16(a + 0xffc, NOP16);
	write16(a + 0xffe, s->word[0]);
	write16(b, s->word[1]);
	write16(b + 2, SVC16);
	data[0] = 0x11111111;
	data[1] = 0x22222222;
	code_sync((void *)a, 0x1000);
	code_sync((void *)b, 0x1000);
	ctx_init(&c, psr | PSR_T | masks);
	c.r[0] = va + to * 0x1000 + OFFSET;
	c.r[2] = 0xcafe0002;
	c.r[3] = 0xcafe0003;
	c.r[4] = 0;
	c.pc = va + 0xffc;
	group_check(VEC_SVC, ctx_run(&c), "%s, page %u: vector", s->name, to);
	group_check(va + 0x1004, exc_frame.exc_lr, "%s, page %u: where", s->name, to);
	group_check(s->first, data[0], "%s, page %u: memory", s->name, to);
}

static void all(const char *name, u32 psr, u32 a, u32 b, u32 va)
{
	group_begin(name);
	for (const struct store *s = stores; s < stores + ARRAY_SIZE(stores); s++)
		for (u32 to = 0; to < 2; to++)
			one(s, psr, a, b, va, to);
	group_end();
}

/* Pages of each world's own: what was executed in one may be treated in another way in the next. */
static void in_all_modes(const char *privileged, const char *user, u32 n)
{
	u32 a = TEST_RAM + 0x00200000u + n * 0x10000;

	all(user, MODE_USR, a, a + 0x1000, a);
	all(privileged, MODE_SVC, a + 0x4000, a + 0x5000, a + 0x4000);
}

void guest_main(void)
{
	u32 pages[4];

	masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	MCR(0, c1, c0, 2, 0xf << 20);
	isb();
	asm volatile(".fpu neon\n vmsr fpexc, %0" : : "r"(1u << 30));
	asm volatile(".fpu neon\n vmov s0, %0\n vmov s1, %0" : : "r"(0xcafe0009));
	in_all_modes("MMU off, privileged", "MMU off, User mode", 0);
	pt_flat(l1_main);
	l2 = l2_alloc();
	for (u32 i = 0; i < 4; i++) {
		pages[i] = TEST_RAM + 0x00300000u + i * 0x5000;
		pt_page(l2, VA + i * 0x1000, pages[i] | P_RAM);
	}
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	mmu_on(l1_main, DACR_CLIENT(0));
	in_all_modes("sections, privileged", "sections, User mode", 1);
	all("pages far from each other, User mode", MODE_USR, pages[0], pages[1], VA);
	all("pages far from each other, privileged", MODE_SVC, pages[2], pages[3], VA + 0x2000);
}
