// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: does what it should not: jumps into nothing, touches nothing, maps garbage, loses the MMU at the wrong place. */
#include "guest.h"

#define HOLE		HOLE_ADDR
#define VA		0x30000000u
#define UDF		0xe7f000f0u

static const u32 holes[] = { HOLE, HOLE + 0x0fffffc0, 0xc0000000, 0xe1234560, 0xfffffff0 };

/* Loads from where nothing is: external abort, precise. */
static void check_hole(const char *what, u32 mode, u32 word, u32 va, bool write, u32 vector)
{
	struct ctx c;

	ctx_init(&c, mode | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.r[0] = va;
	if (!word) {
		c.pc = va;
		ctx_run(&c);
	} else {
		CODE_RUN(&c, word, 0xef000000);
	}
	group_check(vector, exc_frame.vector, "%s %08x mode %x word %x: vector", what, va, mode, word);
	if (vector == VEC_DABT) {
		group_check(FS_EXT | (write ? FSR_WNR : 0), DFSR_FS(exc_frame.dfsr), "%s %08x mode %x word %x: status", what, va, mode, word);
		group_check(va, exc_frame.dfar, "%s %08x mode %x word %x: address", what, va, mode, word);
		group_check(va, exc_frame.r[0], "%s %08x mode %x word %x: base", what, va, mode, word);
		group_check((u32)code_area + 8, exc_frame.exc_lr, "%s %08x mode %x word %x: lr", what, va, mode, word);
	} else {
		group_check(FS_EXT, IFSR_FS(exc_frame.ifsr), "%s %08x mode %x: status", what, va, mode);
		group_check(va, exc_frame.ifar, "%s %08x mode %x: address", what, va, mode);
		group_check(va + 4, exc_frame.exc_lr, "%s %08x mode %x: lr", what, va, mode);
	}
}

static const u32 load_words[] = {
	0xe5902000,	/* ldr r2, [r0] */
	0xe5d02000,	/* ldrb */
	0xe1d020b0,	/* ldrh */
	0xe1d020f0,	/* ldrsh */
	0xe1c020d0,	/* ldrd r2, r3 */
	0xe8b000fe,	/* ldmia r0!, {r1-r7} */
	0xe1902f9f,	/* ldrex */
	0xe4b02004,	/* ldrt r2, [r0], #4 */
	0xe8901002,	/* ldmia r0, {r1, r12} */
};

static void test_holes(const char *name, const u32 *va, u32 n)
{
	static const u32 modes[] = { MODE_SVC, MODE_USR };

	group_begin(name);
	for (u32 i = 0; i < n; i++)
		for (u32 m = 0; m < 2; m++) {
			for (u32 w = 0; w < ARRAY_SIZE(load_words); w++)
				check_hole("load", modes[m], load_words[w], va[i], false, VEC_DABT);
			check_hole("jump", modes[m], 0, va[i], false, VEC_PABT);
		}
	group_end();
}

/* Stores may abort precisely or late (B3.9: an asynchronous external abort); QEMU does the former, silicon the latter. */
static void test_hole_stores(const char *name, const u32 *va, u32 n)
{
	static const u32 words[] = { 0xe5801000, 0xe5c01000, 0xe1c010b0, 0xe8a000fe, 0xe4a01004 };

	group_begin(name);
	for (u32 i = 0; i < n; i++)
		for (u32 w = 0; w < ARRAY_SIZE(words); w++) {
			struct ctx c;
			u32 fs;

			ctx_init(&c, MODE_SVC | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
			c.r[0] = va[i];
			CODE_RUN(&c, words[w], 0xf57ff04f, 0xef000000);
			if (exc_frame.vector == VEC_SVC)
				continue;		/* late, and masked by CPSR.A */
			fs = DFSR_FS(exc_frame.dfsr) & ~FSR_WNR;
			group_check(VEC_DABT, exc_frame.vector, "store %x at %08x: vector", words[w], va[i]);
			group_check(1, fs == FS_EXT || fs == 0x406, "store %x at %08x: status", words[w], va[i]);
		}
	group_end();
}

static void test_mapped_holes(void)
{
	u32 *l2 = l2_alloc();
	u32 vas[3];

	for (u32 i = 0; i < 256; i++)
		l2[i] = (HOLE + (i << 12)) | P_SMALL | P_AP(0, 3) | 0x4;
	dcache_clean(l2, 1024);
	pt_section(l1_main, VA, HOLE | S_SECT | S_DEV | S_AP(0, 3));
	pt_section(l1_main, VA + 0x100000, L1_TABLE(l2, 0));
	pt_section(l1_main, VA + 0x200000, HOLE | S_RAM);
	tlb_all();
	vas[0] = VA + 0x340;
	vas[1] = VA + 0x112340;
	vas[2] = VA + 0x2ffff0;
	test_holes("mappings of nothing", vas, 3);
	test_hole_stores("stores to mappings of nothing", vas, 3);
	pt_section(l1_main, VA, 0);
	pt_section(l1_main, VA + 0x100000, 0);
	pt_section(l1_main, VA + 0x200000, 0);
	tlb_all();
}

/* Tables where nothing is. */
static void test_table_in_hole(void)
{
	struct ctx c;

	group_begin("page tables where nothing is");
	pt_section(l1_main, VA, L1_TABLE(HOLE, 0));
	tlb_all();
	for (u32 m = 0; m < 2; m++) {
		ctx_init(&c, (m ? MODE_USR : MODE_SVC) | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
		c.r[0] = VA + 0x5000;
		CODE_RUN(&c, 0xe5902000, 0xef000000);
		group_check(VEC_DABT, exc_frame.vector, "second level: vector");
		group_check(FS_EXT_L2, DFSR_FS(exc_frame.dfsr), "second level: status");
		group_check(VA + 0x5000, exc_frame.dfar, "second level: address");
		c.pc = VA + 0x6000;
		ctx_run(&c);
		group_check(VEC_PABT, exc_frame.vector, "second level, jump: vector");
		group_check(FS_EXT_L2, IFSR_FS(exc_frame.ifsr), "second level, jump: status");
		group_check(VA + 0x6000, exc_frame.ifar, "second level, jump: address");
	}
	pt_section(l1_main, VA, 0);
	tlb_all();
	/* low addresses through a TTBR0 that points nowhere */
	if (RAM_BASE >= 0x40000000u) {
		mmu_off();
		MCR(0, c2, c0, 2, 2);
		MCR(0, c2, c0, 0, HOLE);
		MCR(0, c2, c0, 1, l1_main);
		isb();
		tlb_all();
		sctlr_write(sctlr_read() | SCTLR_M | SCTLR_C);
		ctx_init(&c, MODE_SVC | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
		c.r[0] = VA + 0x5000;
		CODE_RUN(&c, 0xe5902000, 0xef000000);
		group_check(VEC_DABT, exc_frame.vector, "first level: vector");
		group_check(FS_EXT_L1, DFSR_FS(exc_frame.dfsr), "first level: status");
		group_check(VA + 0x5000, exc_frame.dfar, "first level: address");
		mmu_off();
		mmu_on(l1_main, DACR_CLIENT(0));
	}
	group_end();
}

static void test_garbage_descriptors(void)
{
	u32 *junk = (u32 *)(TEST_RAM + 0x300000);
	u32 x = 0x12345678, faults = 0, total = 0;

	/* Second-level tables full of noise: every access ends as a fault or as an access, the world goes on. */
	group_begin("garbage in page tables");
	for (u32 i = 0; i < 256; i++) {
		x = x * 1664525u + 1013904223u;
		/* pages point into test memory or a hole; all else is noise */
		junk[i] = (x & 0x400) ? (x & 0x01ffff3f & ~0x1cu) | (TEST_RAM & 0xff000000) | 0xc : (x & 0x0ffff3f & ~0x1cu) | HOLE;
		if ((junk[i] & 3) == 1)
			junk[i] = (junk[i] & ~0xfffcu) | 0xc;
		if ((junk[i] & 0x230) == 0x200)
			junk[i] |= 0x10;	/* not the reserved permission */
	}
	dcache_clean(junk, 1024);
	pt_section(l1_main, VA, L1_TABLE(junk, 0));
	tlb_all();
	for (u32 i = 0; i < 256; i++) {
		struct ctx c;

		ctx_init(&c, (i & 1 ? MODE_USR : MODE_SVC) | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
		c.r[0] = VA + (i << 12) + 0x10;
		CODE_RUN(&c, 0xe5902000, 0xef000000);
		total++;
		faults += exc_frame.vector == VEC_DABT;
		if (exc_frame.vector == VEC_DABT)
			faults += DFSR_FS(exc_frame.dfsr) << 12;
	}
	pt_section(l1_main, VA, 0);
	tlb_all();
	group_check(256, total, "accesses");
	group_end();
	info("garbage in page tables: faults", faults);
}

/* The MMU goes off while running at an address where physically nothing is. */
static void test_mmu_off_nowhere(void)
{
	static const u32 code[] = {
		0xf57ff04f,	/* dsb */
		0xee010f10,	/* mcr SCTLR, r0 */
		0xf57ff06f,	/* isb */
		0xe1a00000, 0xe1a00000, 0xef000000,
	};
	u32 at = TEST_RAM + 0x400000, va = HOLE + 0x400000;

	group_begin("MMU off where nothing is");
	for (u32 i = 0; i < ARRAY_SIZE(code); i++)
		write32(at + 4 * i, code[i]);
	code_sync((void *)at, sizeof(code));
	for (u32 round = 0; round < 3; round++) {
		struct ctx c;

		pt_section(l1_main, va, (at & 0xfff00000) | S_RAM);
		tlb_all();
		dcache_clean_inv_all();
		ctx_init(&c, MODE_SVC | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
		c.r[0] = sctlr_read() & ~(SCTLR_M | SCTLR_C);
		c.pc = va;
		ctx_run(&c);
		group_check(VEC_PABT, exc_frame.vector, "vector");
		group_check(FS_EXT, IFSR_FS(exc_frame.ifsr), "status");
		/* up to the ISB the old mapping may still be in use */
		group_check(1, exc_frame.ifar >= va + 8 && exc_frame.ifar <= va + 12, "address");
		group_check(0, sctlr_read() & SCTLR_M, "MMU is off");
		mmu_on(l1_main, DACR_CLIENT(0));
		group_check(at, (u32)(read32(at) == code[0] ? at : 0), "memory intact");
	}
	pt_section(l1_main, va, 0);
	tlb_all();
	group_end();
}

/*
 * UNPREDICTABLE in User mode: whatever happens, it must not gain privilege: either Undefined, or User mode goes on.
 */
static void test_user_unpredictable(void)
{
	static const u32 words[] = {
		0xe14f0000, 0xe16ff000, 0xe368f0d3, 0xe1b0f00e, 0xe25ef004, 0xe8fd8000, 0xe8d06000, 0xe8c06000,
		0xf8bd0a00, 0xf96d0513, 0xe8d17fff & ~2u,
	};
	static u32 frame[8];

	group_begin("UNPREDICTABLE instructions in User mode gain nothing");
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		u32 code[9] = { words[i], 0xef000000, UDF, UDF, UDF, UDF, UDF, UDF, 0xef000000 };
		struct ctx c;

		for (u32 k = 0; k < 8; k++)
			frame[k] = k & 1 ? MODE_SVC | PSR_I | PSR_F : (u32)&code_area[8];
		ctx_init(&c, MODE_USR | (cpsr_read() & (PSR_A | PSR_F)));
		c.r[0] = (u32)frame;
		c.r[1] = (u32)frame;
		c.sp = (u32)&frame[2];
		c.lr = (u32)&code_area[8];
		code_run(&c, code, 9);
		group_check(MODE_USR, exc_frame.spsr & PSR_MODE, "word %x: mode", words[i]);
		group_check(1, exc_frame.vector == VEC_UND || exc_frame.vector == VEC_SVC || exc_frame.vector == VEC_PABT ||
			    exc_frame.vector == VEC_DABT, "word %x: vector", words[i]);
	}
	group_end();
}

/* Words without a meaning, at both levels. */
static void test_undefined_words(void)
{
	static const u32 words[] = {
		0xe7f000f0, 0xe7ffffff, 0xe6000010, 0xe7f123f4, 0xee100310, 0xec100100, 0xee000100, 0xe6800010 | 0xf0, 0xf7fabcfd,
	};

	group_begin("undefined words");
	for (u32 m = 0; m < 2; m++)
		for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
			struct ctx c;

			ctx_init(&c, (m ? MODE_USR : MODE_SVC) | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
			CODE_RUN(&c, words[i], 0xef000000);
			group_check(VEC_UND, exc_frame.vector, "mode %u word %x: vector", m, words[i]);
			group_check((u32)code_area + 4, exc_frame.exc_lr, "mode %u word %x: lr", m, words[i]);
		}
	group_end();
}

void guest_main(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("accesses to nothing", "this board's model does not report them");
		return;
	}
	test_holes("accesses to nothing, MMU off", holes, ARRAY_SIZE(holes));
	test_hole_stores("stores to nothing, MMU off", holes, ARRAY_SIZE(holes));
	test_undefined_words();
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_mapped_holes();
	test_table_in_hole();
	test_garbage_descriptors();
	test_mmu_off_nowhere();
	test_undefined_words();
	test_user_unpredictable();
}
