// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: system control coprocessor: identification, registers, cache maintenance, address translation, access from User mode. */
#include "guest.h"

#define VA	0x30000000u
#define SVC	0xef000000u

static void test_identification(void)
{
	u32 clidr = MRC(1, c0, c0, 1);

	check("MIDR: Cortex-A8", 0x410fc080, MRC(0, c0, c0, 0) & 0xff0ffff0);
	check("MPIDR: one processor", 0, MRC(0, c0, c0, 5) & 0xffffff);
	check("CTR: v7 format", 4, MRC(0, c0, c0, 1) >> 29);
	check("ID_MMFR0: VMSAv7", 3, MRC(0, c0, c1, 4) & 0xf);
	check("ID_PFR0: ARM and Thumb-2", 0x31, MRC(0, c0, c1, 0) & 0xff);
	check("CLIDR: level 1 split caches", 3, clidr & 7);
	info("MIDR", MRC(0, c0, c0, 0));
	info("TLBTR", MRC(0, c0, c0, 3));
	info("ID_MMFR0", MRC(0, c0, c1, 4));
	info("ID_MMFR1", MRC(0, c0, c1, 5));
	info("ID_MMFR2", MRC(0, c0, c1, 6));
	info("ID_MMFR3", MRC(0, c0, c1, 7));
	for (u32 i = 0; i < 2; i++) {
		MCR(2, c0, c0, 0, i);
		isb();
		check(i ? "CSSELR: instruction" : "CSSELR: data", i, MRC(2, c0, c0, 0));
		check("CCSIDR: 64-byte lines", 2, MRC(1, c0, c0, 0) & 7);
	}
	MCR(2, c0, c0, 0, 0);
	/* c0 is read-only: writes are Undefined */
	check("MIDR write", VEC_UND, TRY(MCR(0, c0, c0, 0, 0)));
	check("identification again", 0x410fc080, MRC(0, c0, c0, 0) & 0xff0ffff0);
}

static u32 encode(bool read, u32 op1, u32 crn, u32 crm, u32 op2)
{
	return 0xee000f10u | (read ? 1u << 20 : 0) | op1 << 21 | crn << 16 | op2 << 5 | crm;	/* Rt = r0: bits 15:12 are 0 */
}

static u32 strip_rt(u32 w)
{
	return w & ~0xf000u;
}

#define UNTOUCHED	0x5a5a5a5au

/* Execute @word, whose Rt is r0, in @mode; the vector that ends it. exc_frame.r[0] is what was read. */
static u32 run_in(u32 mode, u32 word, u32 r0)
{
	struct ctx c;

	ctx_init(&c, mode | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.r[0] = r0;
	return (u32)CODE_RUN(&c, strip_rt(word), SVC);
}

static u32 run_user(u32 word, u32 r0)
{
	return run_in(MODE_USR, word, r0);
}

/* All of opc1 = 0, CRm = c3 to c7 is reserved for identification and reads as zero (B3.17.1); Linux from 6.2 on reads c3, 4. */
static void test_reserved_identification(void)
{
	group_begin("reserved identification registers");
	for (u32 crm = 3; crm < 8; crm++)
		for (u32 op2 = 0; op2 < 8; op2++) {
			group_check(VEC_SVC, run_in(MODE_SVC, encode(true, 0, 0, crm, op2), UNTOUCHED), "read of c0, c%u, %u", crm, op2);
			group_check(0, exc_frame.r[0], "c0, c%u, %u", crm, op2);
			group_check(VEC_UND, run_in(MODE_SVC, encode(false, 0, 0, crm, op2), 0), "write of c0, c%u, %u", crm, op2);
			group_check(VEC_UND, run_in(MODE_USR, encode(true, 0, 0, crm, op2), 0), "read of c0, c%u, %u in User mode", crm, op2);
		}
	group_end();
}

/* Without Jazelle its registers read as zero and ignore writes (A2.10); those of User mode are the core's choice. */
static void test_jazelle(void)
{
	static const struct { const char *name; u32 crn; bool rw; } t[] = { { "JIDR", 0, false }, { "JOSCR", 1, true }, { "JMCR", 2, true } };

	group_begin("trivial Jazelle");
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u32 read = encode(true, 7, t[i].crn, 0, 0) & ~0x100u, write = encode(false, 7, t[i].crn, 0, 0) & ~0x100u;	/* p14 */

		if (t[i].rw)
			group_check(VEC_SVC, run_in(MODE_SVC, write, ~0u), "write of %s", t[i].name);
		group_check(VEC_SVC, run_in(MODE_SVC, read, UNTOUCHED), "read of %s", t[i].name);
		group_check(0, exc_frame.r[0], "%s", t[i].name);
	}
	group_end();
}

/* TLB lockdown and preload (Cortex-A8 TRM ch. 3): what they read is the core's, the accesses work. */
/* What a processor lets User mode read of its debug registers, a kernel reads without asking whether there are any. */
static void test_debug(void)
{
	static const u32 words[] = { 0xee100e10, 0xee100e11, 0xee110e10, 0xee120e10 };	/* DBGDIDR DBGDSCRint DBGDRAR DBGDSAR */
	u32 masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);

	group_begin("debug registers that can be read");
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		struct ctx c;
		u32 first;

		ctx_init(&c, MODE_SVC | masks);
		group_check(VEC_SVC, CODE_RUN(&c, words[i], SVC), "0x%08x", words[i]);
		first = exc_frame.r[0];
		group_check(VEC_SVC, CODE_RUN(&c, words[i], SVC), "0x%08x, again", words[i]);
		group_check(first, exc_frame.r[0], "0x%08x: value", words[i]);
	}
	group_end();
	stacks_init();
}

static void test_tlb_lockdown(void)
{
	static const struct { u32 crm, op2; bool read; } t[] = { { 0, 0, true }, { 0, 1, true }, { 1, 0, false }, { 1, 1, false } };

	group_begin("TLB lockdown");
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		group_check(VEC_SVC, run_in(MODE_SVC, encode(false, 0, 10, t[i].crm, t[i].op2), 0), "write of c10, c%u, %u", t[i].crm, t[i].op2);
		if (t[i].read)
			group_check(VEC_SVC, run_in(MODE_SVC, encode(true, 0, 10, t[i].crm, t[i].op2), 0), "read of c10, c%u, %u", t[i].crm, t[i].op2);
		group_check(VEC_UND, run_in(MODE_USR, encode(false, 0, 10, t[i].crm, t[i].op2), 0), "User write of c10, c%u, %u", t[i].crm, t[i].op2);
	}
	group_end();
}

#define PM_OFF()	MCR(0, c9, c12, 2, ~0u)

/* Performance monitors with all counting off but software increments: what is written stays, what clears clears. */
static void test_performance_monitors(void)
{
	u32 n = MRC(0, c9, c12, 0) >> 11 & 0x1f;

	group_begin("performance monitors");
	MCR(0, c9, c12, 0, 0);
	PM_OFF();
	group_check(4, n, "number of counters");
	for (u32 i = 0; i < n; i++) {
		MCR(0, c9, c12, 5, i);
		isb();
		MCR(0, c9, c13, 1, 8 + i);
		MCR(0, c9, c13, 2, 0x77770000 + i);
	}
	MCR(0, c9, c13, 0, 0x1234);
	for (u32 i = 0; i < n; i++) {
		MCR(0, c9, c12, 5, i);
		isb();
		group_check(8 + i, MRC(0, c9, c13, 1) & 0xff, "event %u", i);
		group_check(0x77770000 + i, MRC(0, c9, c13, 2), "counter %u", i);
	}
	MCR(0, c9, c12, 0, 2);
	isb();
	group_check(0x1234, MRC(0, c9, c13, 0), "P leaves the cycle counter");
	for (u32 i = 0; i < n; i++) {
		MCR(0, c9, c12, 5, i);
		isb();
		group_check(0, MRC(0, c9, c13, 2), "P clears counter %u", i);
		group_check(8 + i, MRC(0, c9, c13, 1) & 0xff, "P leaves event %u", i);
	}
	MCR(0, c9, c12, 0, 4);
	isb();
	group_check(0, MRC(0, c9, c13, 0), "C clears the cycle counter");
	MCR(0, c9, c12, 5, 1);
	isb();
	MCR(0, c9, c13, 1, 0);
	MCR(0, c9, c12, 1, 2);
	MCR(0, c9, c12, 0, 1);
	isb();
	for (u32 i = 0; i < 3; i++)
		MCR(0, c9, c12, 4, 0xf);
	isb();
	group_check(3, MRC(0, c9, c13, 2), "software increments");
	MCR(0, c9, c12, 0, 6);
	PM_OFF();
	group_end();
}

/* PMUSERENR reads everywhere, and what it opens is open. */
static void test_performance_user(void)
{
	static const u32 modes[] = { MODE_SVC, MODE_USR };

	group_begin("performance monitors in User mode");
	for (u32 on = 0; on < 2; on++) {
		MCR(0, c9, c14, 0, on);
		isb();
		group_check(on, MRC(0, c9, c14, 0), "PMUSERENR = %u", on);
		for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
			group_check(VEC_SVC, run_in(modes[i], encode(true, 0, 9, 14, 0), UNTOUCHED), "PMUSERENR = %u, mode %x", on, modes[i]);
			group_check(on, exc_frame.r[0], "PMUSERENR = %u read in mode %x", on, modes[i]);
		}
		group_check(on ? VEC_SVC : VEC_UND, run_user(encode(true, 0, 9, 12, 0), 0), "PMCR, PMUSERENR = %u", on);
		group_check(on ? VEC_SVC : VEC_UND, run_user(encode(true, 0, 9, 13, 0), 0), "PMCCNTR, PMUSERENR = %u", on);
		group_check(VEC_UND, run_user(encode(true, 0, 9, 14, 1), 0), "PMINTENSET, PMUSERENR = %u", on);
		group_check(VEC_UND, run_user(encode(false, 0, 9, 14, 0), 0), "write of PMUSERENR = %u", on);
	}
	MCR(0, c9, c14, 0, 0);
	group_end();
}

#define CHECK_RW(name, mask, op1, crn, crm, op2)					\
	do {										\
		static const u32 pattern[] = { 0xffffffff, 0, 0xa5a5a5a5, 0x5a5a5a5a, 0x12345678 };	\
		u32 old_ = MRC(op1, crn, crm, op2);					\
		for (u32 i_ = 0; i_ < ARRAY_SIZE(pattern); i_++) {			\
			MCR(op1, crn, crm, op2, pattern[i_]);				\
			isb();								\
			group_check(pattern[i_] & (mask), MRC(op1, crn, crm, op2) & (mask), "%s = %08x", name, pattern[i_]);	\
		}									\
		MCR(op1, crn, crm, op2, old_);						\
		isb();									\
		group_check(old_, MRC(op1, crn, crm, op2), "%s restored", name);	\
	} while (0)

/* With the MMU off, so that table registers may hold anything. */
static void test_registers(void)
{
	group_begin("registers read back, MMU off");
	CHECK_RW("TTBR0", 0xffffc000, 0, c2, c0, 0);
	CHECK_RW("TTBR1", 0xffffc000, 0, c2, c0, 1);
	CHECK_RW("TTBCR", 0x00000037, 0, c2, c0, 2);
	MCR(0, c2, c0, 2, 0);
	CHECK_RW("DACR", 0xffffffff, 0, c3, c0, 0);
	CHECK_RW("DFSR", 0x00001cff, 0, c5, c0, 0);
	CHECK_RW("IFSR", 0x0000140f, 0, c5, c0, 1);
	CHECK_RW("DFAR", 0xffffffff, 0, c6, c0, 0);
	CHECK_RW("IFAR", 0xffffffff, 0, c6, c0, 2);
	CHECK_RW("CONTEXTIDR", 0xffffffff, 0, c13, c0, 1);
	CHECK_RW("TPIDRURW", 0xffffffff, 0, c13, c0, 2);
	CHECK_RW("TPIDRURO", 0xffffffff, 0, c13, c0, 3);
	CHECK_RW("TPIDRPRW", 0xffffffff, 0, c13, c0, 4);
	CHECK_RW("PRRR", 0xff0fffff, 0, c10, c2, 0);
	CHECK_RW("NMRR", 0xffffffff, 0, c10, c2, 1);
	CHECK_RW("VBAR", 0xffffffe0, 0, c12, c0, 0);
	group_end();
}

static void test_sctlr(void)
{
	static const u32 bits[] = { SCTLR_A, SCTLR_C, SCTLR_Z, SCTLR_I, SCTLR_V, SCTLR_TRE, SCTLR_AFE };
	u32 old = sctlr_read();

	group_begin("SCTLR bits");
	for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
		sctlr_write(old | bits[i]);
		group_check(bits[i], sctlr_read() & bits[i], "%08x set", bits[i]);
		group_check(old & ~bits[i], sctlr_read() & ~bits[i], "%08x: others", bits[i]);
		sctlr_write(old & ~bits[i]);
		group_check(0, sctlr_read() & bits[i], "%08x clear", bits[i]);
		sctlr_write(old);
	}
	group_check(old, sctlr_read(), "restored");
	group_end();
}

/* What User mode may do: barriers, the thread registers. Everything else is Undefined. */
static void test_user(void)
{
	static const struct { bool read; u32 op1, crn, crm, op2; } denied[] = {
		{ true, 0, 0, 0, 0 }, { true, 0, 0, 0, 1 }, { true, 1, 0, 0, 1 }, { true, 0, 1, 0, 0 }, { false, 0, 1, 0, 0 },
		{ true, 0, 2, 0, 0 }, { false, 0, 2, 0, 0 }, { false, 0, 2, 0, 2 }, { true, 0, 3, 0, 0 }, { false, 0, 3, 0, 0 },
		{ true, 0, 5, 0, 0 }, { true, 0, 6, 0, 0 }, { false, 0, 7, 5, 0 }, { false, 0, 7, 5, 1 }, { false, 0, 7, 5, 6 },
		{ false, 0, 7, 10, 1 }, { false, 0, 7, 11, 1 }, { false, 0, 7, 14, 1 }, { false, 0, 7, 8, 0 }, { true, 0, 7, 4, 0 },
		{ false, 0, 8, 7, 0 }, { false, 0, 8, 7, 1 }, { true, 0, 10, 2, 0 }, { true, 0, 12, 0, 0 }, { false, 0, 12, 0, 0 },
		{ true, 0, 13, 0, 1 }, { false, 0, 13, 0, 1 }, { false, 0, 13, 0, 3 }, { true, 0, 13, 0, 4 }, { false, 0, 13, 0, 4 },
		{ true, 0, 9, 12, 0 }, { true, 0, 9, 13, 0 },
	};
	static const struct { u32 crm, op2; } barrier[] = { { 5, 4 }, { 10, 4 }, { 10, 5 } };

	group_begin("User mode access");
	for (u32 i = 0; i < ARRAY_SIZE(denied); i++)
		group_check(VEC_UND, run_user(encode(denied[i].read, denied[i].op1, denied[i].crn, denied[i].crm, denied[i].op2), 0),
			    "%s c%u,c%u,%u", denied[i].read ? "MRC" : "MCR", denied[i].crn, denied[i].crm, denied[i].op2);
	for (u32 i = 0; i < ARRAY_SIZE(barrier); i++)
		group_check(VEC_SVC, run_user(encode(false, 0, 7, barrier[i].crm, barrier[i].op2), 0), "barrier c7,c%u,%u",
			    barrier[i].crm, barrier[i].op2);
	MCR(0, c13, c0, 2, 0x11111111);
	MCR(0, c13, c0, 3, 0x22222222);
	MCR(0, c13, c0, 4, 0x33333333);
	group_check(VEC_SVC, run_user(encode(true, 0, 13, 0, 2), 0), "TPIDRURW read");
	group_check(0x11111111, exc_frame.r[0], "TPIDRURW value");
	group_check(VEC_SVC, run_user(encode(true, 0, 13, 0, 3), 0), "TPIDRURO read");
	group_check(0x22222222, exc_frame.r[0], "TPIDRURO value");
	group_check(VEC_SVC, run_user(encode(false, 0, 13, 0, 2), 0x44444444), "TPIDRURW written");
	group_check(0x44444444, MRC(0, c13, c0, 2), "TPIDRURW from User mode");
	group_check(0x22222222, MRC(0, c13, c0, 3), "TPIDRURO kept");
	group_check(0x33333333, MRC(0, c13, c0, 4), "TPIDRPRW kept");
	group_end();
}

/* -- address translation (c7, c8): PAR and results -- */

enum { V2P_PR, V2P_PW, V2P_UR, V2P_UW };

static u32 v2p(u32 op, u32 va)
{
	switch (op) {
	case V2P_PR: MCR(0, c7, c8, 0, va); break;
	case V2P_PW: MCR(0, c7, c8, 1, va); break;
	case V2P_UR: MCR(0, c7, c8, 2, va); break;
	default: MCR(0, c7, c8, 3, va); break;
	}
	isb();
	return MRC(0, c7, c4, 0);
}

static void test_translation(void)
{
	static const struct { u32 apx, ap; bool ok[4]; } t[] = {
		{ 0, 1, { true, true, false, false } }, { 0, 2, { true, true, true, false } }, { 0, 3, { true, true, true, true } },
		{ 1, 1, { true, false, false, false } }, { 1, 3, { true, false, true, false } }, { 0, 0, { false, false, false, false } },
	};
	u32 *l2 = l2_alloc();

	group_begin("address translation operations");
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u32 pa = TEST_RAM + 0x345000;

		pt_page(l2, VA + 0x5000, pa | P_SMALL | P_WB | P_AP(t[i].apx, t[i].ap));
		pt_section(l1_main, VA, L1_TABLE(l2, 0));
		pt_section(l1_main, VA + 0x100000, (pa & 0xfff00000) | S_SECT | S_WB | S_AP(t[i].apx, t[i].ap));
		tlb_all();
		for (u32 op = 0; op < 4; op++) {
			u32 page = v2p(op, VA + 0x5678), sect = v2p(op, VA + 0x134567);

			if (t[i].ok[op]) {
				group_check(pa, page & 0xfffff001, "page AP %u%u op %u", t[i].apx, t[i].ap, op);
				group_check((pa & 0xfff00000) | 0x34000, sect & 0xfffff001, "section AP %u%u op %u", t[i].apx, t[i].ap, op);
			} else {
				group_check(FS_PERM_PAGE << 1 | 1, page & 0x1f, "page AP %u%u op %u", t[i].apx, t[i].ap, op);
				group_check(FS_PERM_SECT << 1 | 1, sect & 0x1f, "section AP %u%u op %u", t[i].apx, t[i].ap, op);
			}
		}
	}
	for (u32 i = 0; i < 16; i++)
		pt_section(l1_main, 0x50000000 + (i << 20), TEST_RAM | S_SECT | S_SUPER | S_WB | S_AP(0, 3));
	tlb_all();
	for (u32 op = 0; op < 4; op++)	/* SS, and the address of the supersection */
		group_check(TEST_RAM | 2, v2p(op, 0x50c11234) & 0xffff0003, "supersection op %u", op);
	for (u32 i = 0; i < 16; i++)
		pt_section(l1_main, 0x50000000 + (i << 20), 0);
	group_check(FS_TRANS_PAGE << 1 | 1, v2p(V2P_PR, VA + 0x6000) & 0x1f, "no page");
	group_check(FS_TRANS_SECT << 1 | 1, v2p(V2P_PR, VA + 0x200000) & 0x1f, "no section");
	MCR(0, c3, c0, 0, DACR_CLIENT(0));
	pt_section(l1_main, VA + 0x100000, TEST_RAM | S_RAM | S_DOMAIN(5));
	tlb_all();
	group_check(FS_DOM_SECT << 1 | 1, v2p(V2P_PR, VA + 0x100000) & 0x1f, "no access domain");
	/* the operation itself never faults, and leaves the fault registers alone */
	MCR(0, c6, c0, 0, 0x13572468);
	(void)v2p(V2P_UW, VA + 0x600000);
	group_check(0x13572468, MRC(0, c6, c0, 0), "DFAR kept");
	pt_section(l1_main, VA, 0);
	pt_section(l1_main, VA + 0x100000, 0);
	tlb_all();
	group_end();
}

/* -- cache maintenance: data survives, unmapped addresses fault -- */

static void test_cache_ops(void)
{
	volatile u32 *p = (volatile u32 *)(TEST_RAM + 0x500000);

	group_begin("cache maintenance");
	for (u32 i = 0; i < 4096; i++)
		p[i] = i * 0x9e3779b9u;
	for (u32 i = 0; i < 4096; i += 16) {
		MCR(0, c7, c10, 1, &p[i]);	/* clean */
		MCR(0, c7, c11, 1, &p[i]);	/* clean to the point of unification */
		MCR(0, c7, c14, 1, &p[i]);	/* clean and invalidate */
		MCR(0, c7, c5, 1, &p[i]);	/* instruction cache */
		MCR(0, c7, c5, 7, &p[i]);	/* branch predictor by address */
	}
	dsb();
	MCR(0, c7, c5, 0, 0);
	MCR(0, c7, c5, 6, 0);
	MCR(0, c7, c5, 4, 0);
	MCR(0, c7, c10, 4, 0);
	MCR(0, c7, c10, 5, 0);
	dcache_clean_inv_all();
	for (u32 i = 0; i < 4096; i++)
		group_check(i * 0x9e3779b9u, p[i], "word %u", i);
	/* invalidate after clean: the clean value stays */
	p[0] = 0x77777777;
	MCR(0, c7, c10, 1, &p[0]);
	dsb();
	MCR(0, c7, c6, 1, &p[0]);
	dsb();
	group_check(0x77777777, p[0], "cleaned, then invalidated");
	group_end();
}

/* Privileged accesses that do not exist are Undefined. */
static void test_undefined(void)
{
	static const u32 words[] = {
		0xee1e0f10,	/* c14: no generic timer */
		0xee1c0f9f & ~0xfu,	/* c12, c0, 4 */
		0xee320f10 | 0xe0,	/* c2 with op1 = 1, op2 = 7 */
		0xee9d0f10,	/* c13 with op1 = 4 */
		0xec500f0e,	/* MRRC p15, c14 */
	};

	group_begin("registers that do not exist");
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		struct ctx c;

		ctx_init(&c, MODE_SVC | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
		group_check(VEC_UND, CODE_RUN(&c, words[i], SVC), "word %08x", words[i]);
		group_check((u32)code_area + 4, exc_frame.exc_lr, "word %08x: lr", words[i]);
	}
	group_end();
}

/* MRC to pc sets the flags only (used by nobody but legal for CP14; p15 reads with r15 are UNPREDICTABLE): registers r0-r12, sp, lr as targets. */
static void test_targets(void)
{
	group_begin("every target register of MRC and MCR");
	for (u32 rt = 0; rt < 15; rt++) {
		struct ctx c;

		MCR(0, c13, c0, 4, 0xc0ffee00 + rt);
		ctx_init(&c, MODE_IRQ | PSR_I | (cpsr_read() & (PSR_A | PSR_F)));
		group_check(VEC_SVC, CODE_RUN(&c, 0xee1d0f90 | rt << 12, SVC), "read to r%u", rt);
		group_check(0xc0ffee00 + rt, rt < 13 ? exc_frame.r[rt] : rt == 13 ? exc_frame.sp : exc_frame.lr, "r%u", rt);
		ctx_init(&c, MODE_IRQ | PSR_I | (cpsr_read() & (PSR_A | PSR_F)));
		group_check(VEC_SVC, CODE_RUN(&c, 0xee0d0f90 | rt << 12, SVC), "written from r%u", rt);
		group_check(ctx_reg(rt), MRC(0, c13, c0, 4), "from r%u", rt);
	}
	group_end();
}

void guest_main(void)
{
	test_identification();
	test_registers();
	test_sctlr();
	test_undefined();
	test_targets();
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_reserved_identification();
	test_jazelle();
	test_debug();
	test_tlb_lockdown();
	test_performance_monitors();
	test_performance_user();
	test_user();
	test_translation();
	test_cache_ops();
}
