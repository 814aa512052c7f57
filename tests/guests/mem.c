// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: exclusive accesses, SWP, unaligned accesses and alignment faults, byte order of data. */
#include "guest.h"

#define SVC	0xef000000u
#define DATA	(TEST_RAM + 0x600000u)

static u32 psr_masks;

static u32 run(struct ctx *c, u32 mode, const u32 *code, u32 n)
{
	c->cpsr = mode | psr_masks;
	return (u32)code_run(c, code, n);
}
#define RUN(c, mode, ...)						\
	({								\
		const u32 w_[] = { __VA_ARGS__ };			\
		run((c), (mode), w_, ARRAY_SIZE(w_));			\
	})

static void test_exclusive(void)
{
	struct ctx c;

	group_begin("exclusive accesses");
	for (u32 m = 0; m < 2; m++) {
		u32 mode = m ? MODE_USR : MODE_SVC;

		ctx_init(&c, mode);
		c.r[0] = DATA;
		c.r[3] = 0x55aa55aa;
		write32(DATA, 0x11111111);
		/* ldrex r1, [r0]; strex r2, r3, [r0] */
		group_check(VEC_SVC, RUN(&c, mode, 0xe1901f9f, 0xe1802f93, SVC), "pair: vector");
		group_check(0x11111111, exc_frame.r[1], "loaded");
		group_check(0, exc_frame.r[2], "stored: status");
		group_check(0x55aa55aa, read32(DATA), "stored: value");
		/* without LDREX, and after CLREX, STREX fails */
		write32(DATA, 0x22222222);
		RUN(&c, mode, 0xf57ff01f, 0xe1802f93, SVC);
		group_check(1, exc_frame.r[2], "no LDREX: status");
		group_check(0x22222222, read32(DATA), "no LDREX: value");
		RUN(&c, mode, 0xe1901f9f, 0xf57ff01f, 0xe1802f93, SVC);
		group_check(1, exc_frame.r[2], "CLREX: status");
		group_check(0x22222222, read32(DATA), "CLREX: value");
		/* a second STREX fails */
		RUN(&c, mode, 0xe1901f9f, 0xe1802f93, 0xe1804f93, SVC);
		group_check(0, exc_frame.r[2], "first STREX");
		group_check(1, exc_frame.r[4], "second STREX");
		/* byte, halfword, double */
		write32(DATA, 0x81828384);
		RUN(&c, mode, 0xe1d01f9f, 0xe1c02f93, SVC);
		group_check(0x84, exc_frame.r[1], "LDREXB");
		group_check(0x818283aa, read32(DATA), "STREXB");
		RUN(&c, mode, 0xe1f01f9f, 0xe1e02f93, SVC);
		group_check(0x83aa, exc_frame.r[1], "LDREXH");
		group_check(0x818255aa, read32(DATA), "STREXH");
		c.r[6] = 0x66666666;
		c.r[7] = 0x77777777;
		write32(DATA + 4, 0x44444444);
		RUN(&c, mode, 0xe1b04f9f, 0xe1a02f96, SVC);
		group_check(0x818255aa, exc_frame.r[4], "LDREXD low");
		group_check(0x44444444, exc_frame.r[5], "LDREXD high");
		group_check(0, exc_frame.r[2], "STREXD: status");
		group_check(0x66666666, read32(DATA), "STREXD low");
		group_check(0x77777777, read32(DATA + 4), "STREXD high");
	}
	/* an atomic counter in a loop, in which something sensitive runs now and then */
	write32(DATA, 0);
	ctx_init(&c, MODE_SVC);
	c.r[0] = DATA;
	c.r[5] = 1000;
	RUN(&c, MODE_SVC, 0xe1901f9f, 0xe2811001, 0xe1802f91, 0xe3520000, 0x1afffffa,	/* 1: ldrex; add; strex; cmp; bne 1b */
	    0xe10f4000, 0xe2555001, 0x1afffff7, SVC);				/* mrs; subs r5; bne 1b; svc */
	group_check(1000, read32(DATA), "atomic counter");
	group_end();
}

static void test_swp(void)
{
	struct ctx c;

	group_begin("SWP and SWPB");
	for (u32 m = 0; m < 2; m++) {
		u32 mode = m ? MODE_USR : MODE_SVC;

		ctx_init(&c, mode);
		c.r[0] = DATA;
		c.r[3] = 0xabcdef01;
		write32(DATA, 0x10203040);
		group_check(VEC_SVC, RUN(&c, mode, 0xe1001093, SVC), "SWP: vector");
		group_check(0x10203040, exc_frame.r[1], "SWP: old");
		group_check(0xabcdef01, read32(DATA), "SWP: new");
		write32(DATA, 0x10203040);
		group_check(VEC_SVC, RUN(&c, mode, 0xe1401093, SVC), "SWPB: vector");
		group_check(0x40, exc_frame.r[1], "SWPB: old");
		group_check(0x10203001, read32(DATA), "SWPB: new");
		c.r[0] = 0x20000000;
		group_check(VEC_DABT, RUN(&c, mode, 0xe1001093, SVC), "SWP unmapped");
	}
	group_end();
}

static const struct { const char *name; u32 word; bool write; u32 size; bool strict; } align[] = {
	/* strict: faults at odd addresses whatever SCTLR.A says (A3.2.1) */
	{ "LDR", 0xe5902000, false, 4, false }, { "STR", 0xe5802000, true, 4, false },
	{ "LDRH", 0xe1d020b0, false, 2, false }, { "STRH", 0xe1c020b0, true, 2, false },
	{ "LDM", 0xe890000c, false, 4, true }, { "STM", 0xe880000c, true, 4, true },
	{ "LDREX", 0xe1902f9f, false, 4, true }, { "SWP", 0xe1002093, false, 4, true },
};

static void test_alignment(void)
{
	u32 old = sctlr_read();
	struct ctx c;

	group_begin("unaligned accesses and alignment faults");
	for (u32 a = 0; a < 2; a++) {
		sctlr_write(a ? old | SCTLR_A : old & ~SCTLR_A);
		for (u32 i = 0; i < ARRAY_SIZE(align); i++)
			for (u32 off = 0; off < 4; off++)
				for (u32 m = 0; m < 2; m++) {
					bool aligned = !(off & (align[i].size - 1));
					bool faults = !aligned && (a || align[i].strict);
					u32 mode = m ? MODE_USR : MODE_SVC;

					write32(DATA, 0x04030201);
					write32(DATA + 4, 0x08070605);
					ctx_init(&c, mode);
					c.r[0] = DATA + off;
					c.r[2] = 0xa2a2a2a2;
					RUN(&c, mode, align[i].word, SVC);
					group_check(faults ? VEC_DABT : VEC_SVC, exc_frame.vector, "A=%u %s +%u mode %x", a, align[i].name, off, mode);
					if (faults) {
						/* of SWP either access may be the one reported */
						group_check(FS_ALIGN, DFSR_FS(exc_frame.dfsr) & ~(align[i].word == 0xe1002093 ? FSR_WNR : 0) &
							    ~(align[i].write ? FSR_WNR : 0), "A=%u %s +%u: status", a, align[i].name, off);
						group_check(DATA + off, exc_frame.dfar, "A=%u %s +%u: address", a, align[i].name, off);
					} else if (align[i].word == 0xe5902000) {
						group_check(0x04030201u >> (8 * off) | (off ? 0x08070605u << (32 - 8 * off) : 0), exc_frame.r[2],
							    "A=%u LDR +%u: value", a, off);
					}
				}
	}
	sctlr_write(old);
	/* across a page boundary both pages count */
	for (u32 off = 1; off < 4; off++) {
		u32 va = DATA + 0x1000 - off;

		write8(va, 1);
		write8(va + 1, 2);
		write8(va + 2, 3);
		write8(va + 3, 4);
		group_check(0x04030201, read32(va & ~3u) >> (8 * (va & 3)) | read32((va & ~3u) + 4) << (32 - 8 * (va & 3)), "bytes");
		ctx_init(&c, MODE_SVC);
		c.r[0] = va;
		RUN(&c, MODE_SVC, 0xe5902000, SVC);
		group_check(0x04030201, exc_frame.r[2], "across pages");
	}
	group_end();
}

static void test_endian(void)
{
	struct ctx c;

	group_begin("SETEND and CPSR.E");
	for (u32 m = 0; m < 2; m++) {
		u32 mode = m ? MODE_USR : MODE_SVC;

		write32(DATA, 0x04030201);
		ctx_init(&c, mode);
		c.r[0] = DATA;
		/* setend be; ldr r1, [r0]; ldrh r2, [r0]; str r1, [r0, #4]; setend le; ldr r3, [r0]; svc */
		RUN(&c, mode, 0xf1010200, 0xe5901000, 0xe1d020b0, 0xe5801004, 0xf1010000, 0xe5903000, SVC);
		group_check(VEC_SVC, exc_frame.vector, "vector");
		group_check(0x01020304, exc_frame.r[1], "word, big-endian");
		group_check(0x0102, exc_frame.r[2], "halfword, big-endian");
		group_check(0x04030201, exc_frame.r[3], "word, little-endian");
		group_check(0x04030201, read32(DATA + 4), "stored big-endian");
		/* an exception saves E, and is entered little-endian */
		RUN(&c, mode, 0xf1010200, SVC);
		group_check(PSR_E, exc_frame.spsr & PSR_E, "E in SPSR");
		group_check(0, exc_frame.cpsr & PSR_E, "E at the vector");
		/* and exception return brings it back */
		c.cpsr = mode | psr_masks | PSR_E;
		code_put(0, (const u32[]){ 0xe5901000, SVC }, 2);
		c.pc = (u32)code_area;
		ctx_run(&c);
		group_check(0x01020304, exc_frame.r[1], "E by exception return");
	}
	group_end();
}

/* Memory is what was written: patterns over many pages and sections, both cached and not. */
static void test_memory_types(void)
{
	static const u32 attrs[] = { S_WB, S_NC, S_SO, 0x8, 0x1004 | 0x8 };	/* write-back, non-cacheable, strongly ordered, write-through, WBWA */

	group_begin("memory types");
	for (u32 i = 0; i < ARRAY_SIZE(attrs); i++) {
		u32 va = 0x30000000 + (i << 20), pa = TEST_RAM + 0x700000;

		dcache_clean_inv_all();
		pt_section(l1_main, va, pa | S_SECT | attrs[i] | S_AP(0, 3));
		tlb_all();
		for (u32 k = 0; k < 0x100000; k += 0x404)
			write32(va + k, k ^ (i << 24));
		for (u32 k = 0; k < 0x100000; k += 0x404)
			group_check(k ^ (i << 24), read32(va + k), "type %u at %x", i, k);
		dcache_clean_inv_all();
		pt_section(l1_main, va, 0);
		tlb_all();
		for (u32 k = 0; k < 0x100000; k += 0x4040)
			group_check(k ^ (i << 24), read32(pa + k), "type %u at %x, as usual memory", i, k);
	}
	group_end();
}

void guest_main(void)
{
	psr_masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	sctlr_write(sctlr_read() | SCTLR_SW);
	test_exclusive();
	test_swp();
	test_alignment();
	test_endian();
	test_memory_types();
}
