// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: stores of every kind from an instruction into its own page of code, as in an image whose text and data share pages. */
#include "guest.h"

#define OFFSET		0x800u		/* of the data in the page */
#define NOP		0xe1a00000u
#define SVC		0xef000000u
#define MRS_R7		0xe10f7000u	/* sensitive: with it the page has a copy where instructions are replaced */
#define FPEXC_EN	(1u << 30)

static u32 masks;

static const struct store {
	const char *name;
	u32 word[2];			/* r0: where to; sp: 8 more; r1-r3, s0, s1, d0: what */
	u32 first;			/* what is there afterwards */
} stores[] = {
	{ "STR", { 0xe5801000, NOP }, 0xcafe0001 },
	{ "STRH", { 0xe1c010b0, NOP }, 0x11110001 },
	{ "STRB", { 0xe5c01000, NOP }, 0x11111101 },
	{ "STRD", { 0xe1c020f0, NOP }, 0xcafe0002 },
	{ "STM", { 0xe880000e, NOP }, 0xcafe0001 },
	{ "PUSH", { 0xe92d0006, NOP }, 0xcafe0001 },
	{ "STRT", { 0xe4a01004, NOP }, 0xcafe0001 },
	{ "SWP", { 0xe1004091, NOP }, 0xcafe0001 },
	{ "LDREX, STREX", { 0xe1905f9f, 0xe1804f91 }, 0xcafe0001 },
	{ "LDREXB, STREXB", { 0xe1d05f9f, 0xe1c04f91 }, 0x11111101 },
	{ "LDREXH, STREXH", { 0xe1f05f9f, 0xe1e04f91 }, 0x11110001 },
	{ "LDREXD, STREXD", { 0xe1b08f9f, 0xe1a04f92 }, 0xcafe0002 },
	{ "VSTR s0", { 0xed800a00, NOP }, 0xcafe0009 },
	{ "VSTR d0, below", { 0xed0d0b02, NOP }, 0xcafe0009 },
	{ "VSTM s0, s1", { 0xec800a02, NOP }, 0xcafe0009 },
	{ "VPUSH d0", { 0xed2d0b02, NOP }, 0xcafe0009 },
	{ "VST1.32", { 0xf400078f, NOP }, 0xcafe0009 },
	{ "VST1.8, one lane", { 0xf480000f, NOP }, 0x11111109 },
};

/* The rest of the context, with a status of STREX that shows in r4. */
static int run(const struct store *s, u32 psr, u32 before)
{
	struct ctx c;

	code_area[OFFSET / 4] = 0x11111111;
	code_area[OFFSET / 4 + 1] = 0x22222222;
	dcache_clean(&code_area[OFFSET / 4], 8);
	ctx_init(&c, psr | masks);
	c.r[0] = (u32)code_area + OFFSET;
	c.r[1] = 0xcafe0001;
	c.r[2] = 0xcafe0002;
	c.r[3] = 0xcafe0003;
	c.r[4] = 0;
	c.sp = (u32)code_area + OFFSET + 8;
	c.r[9] = (u32)code_area + OFFSET + 8;
	return CODE_RUN(&c, before, s->word[0], s->word[1], SVC);
}

static void test_stores(const char *name, u32 psr, u32 before)
{
	group_begin(name);
	for (const struct store *s = stores; s < stores + ARRAY_SIZE(stores); s++) {
		group_check(VEC_SVC, run(s, psr, before), "%s: vector", s->name);
		group_check(s->first, ((volatile u32 *)code_area)[OFFSET / 4], "%s: memory", s->name);
		if (s->word[1] != NOP)
			group_check(0, exc_frame.r[4], "%s: status", s->name);
	}
	group_end();
}

/* Exceptions save their state there too. */
static void test_srs(void)
{
	struct store srs = { "SRSDB", { 0xf94d0513, NOP }, ctx_reg(14) };

	check("SRSDB: vector", VEC_SVC, run(&srs, MODE_SVC, NOP));
	check("SRSDB: memory", srs.first, ((volatile u32 *)code_area)[OFFSET / 4]);
}

/* So does a kernel's entry, with the registers of User mode: again and again, because then it may not be a trapping word any more. */
static void test_stm_user(void)
{
	struct store stm = { "STMDB ^", { 0xe9496000, NOP }, 0 };	/* STMDB r9, {sp, lr}^ */
	u32 user[2];

	asm volatile("stmia %0, {sp, lr}^\n nop" : : "r"(user) : "memory");
	stm.first = user[0];
	group_begin("STMDB ^");
	for (u32 i = 0; i < 8; i++) {
		group_check(VEC_SVC, run(&stm, MODE_SVC, i & 1 ? NOP : MRS_R7), "%u: vector", i);
		group_check(user[0], ((volatile u32 *)code_area)[OFFSET / 4], "%u: sp", i);
		group_check(user[1], ((volatile u32 *)code_area)[OFFSET / 4 + 1], "%u: lr", i);
	}
	group_end();
}

static void test_all(const char *privileged, const char *with_site, const char *user)
{
	test_stores(privileged, MODE_SVC, NOP);
	test_stores(with_site, MODE_SVC, MRS_R7);
	test_stores(user, MODE_USR, NOP);
}

void guest_main(void)
{
	masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	MCR(0, c1, c0, 2, 0xf << 20);
	isb();
	asm volatile(".fpu neon\n vmsr fpexc, %0" : : "r"(FPEXC_EN));
	asm volatile(".fpu neon\n vmov s0, %0\n vmov s1, %0" : : "r"(0xcafe0009));
	test_all("MMU off, privileged", "MMU off, privileged, beside sensitive instructions", "MMU off, User mode");
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_all("privileged", "privileged, beside sensitive instructions", "User mode");
	test_srs();
	test_stm_user();
}
