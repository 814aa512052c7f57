// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: code that is written, patched, copied, moved, aliased or mixed with data, with the maintenance the architecture asks for. */
#include "put.h"

#define PLACE_A		(TEST_RAM + 0x00200000u)
#define PLACE_B		(TEST_RAM + 0x00300000u)
#define ALIAS_VA	0x30000000u
#define UDF		0xe7f000f0u
#define BX_LR		0xe12fff1eu
#define MOV_R0(n)	(0xe3a00000u | (n))

typedef u32 (*fn0)(void);
typedef u32 (*fn1)(u32);

static void test_rewrite(void)
{
	group_begin("instruction rewritten in place");
	for (u32 i = 0; i < 256; i++) {
		PUT(PLACE_A, MOV_R0(i), BX_LR);
		group_check(i, ((fn0)PLACE_A)(), "round %u", i);
		group_check(MOV_R0(i), read32(PLACE_A), "round %u: as data", i);
	}
	group_end();
	group_begin("sensitive and plain instructions take turns in one word");
	for (u32 i = 0; i < 64; i++) {
		PUT(PLACE_A, i & 1 ? 0xe10f0000 : MOV_R0(i), 0xe200001f, BX_LR);	/* mrs r0, cpsr | mov; and r0, #31 */
		group_check(i & 1 ? MODE_SVC : i & 31, ((fn0)PLACE_A)(), "round %u", i);
	}
	group_end();
	group_begin("one word of a page rewritten among others that are kept");
	for (u32 i = 0; i < 128; i++)
		PUT(PLACE_A + i * 32, 0xe10f1000, MOV_R0(i), 0xe321f0d3, BX_LR);	/* mrs; mov; msr cpsr_c, #0xd3; bx */
	for (u32 i = 0; i < 128; i += 3)
		PUT(PLACE_A + i * 32 + 4, MOV_R0(255 - i));
	for (u32 i = 0; i < 128; i++)
		group_check(i % 3 ? i : 255 - i, ((fn0)(PLACE_A + i * 32))(), "function %u", i);
	group_end();
}

/* Whole-cache maintenance instead of maintenance by address, as the zImage code does. */
static void test_rewrite_all_ops(void)
{
	group_begin("rewritten, caches maintained as a whole");
	for (u32 i = 0; i < 16; i++) {
		write32(PLACE_A, MOV_R0(i));
		write32(PLACE_A + 4, BX_LR);
		dcache_clean_inv_all();
		icache_inv_all();
		group_check(i, ((fn0)PLACE_A)(), "round %u", i);
	}
	group_end();
}

/* -- literal pools -- */

/* Words that are sensitive instructions if executed. */
static const u32 trap_words[] = {
	0xe10f0000,	/* mrs r0, cpsr */
	0xe14f0000,	/* mrs r0, spsr */
	0xe121f000,	/* msr cpsr_c, r0 */
	0xe16ff000,	/* msr spsr_cxsf, r0 */
	0xf1080080,	/* cpsie i */
	0xf10c00c0,	/* cpsid if */
	0xf1020010,	/* cps #USR */
	0xe8fd8000,	/* ldm sp!, {pc}^ */
	0xe8d07fff,	/* ldm r0, {r0-lr}^ */
	0xe8c07fff,	/* stm r0, {r0-lr}^ */
	0xe1b0f00e,	/* movs pc, lr */
	0xe25ef004,	/* subs pc, lr, #4 */
	0xf8bd0a00,	/* rfeia sp! */
	0xf96d0513,	/* srsdb sp!, #SVC */
	0xe4b00000,	/* ldrt r0, [r0] */
	0xe4a00000,	/* strt r0, [r0] */
	0xe320f003,	/* wfi */
	0xef000000,	/* svc #0 */
	0xee110f10,	/* mrc SCTLR */
	0xee070f15,	/* mcr ICIALLU */
	0xe1600070,	/* smc #0 */
	0x89705f41,	/* division constant of Linux, decodes as an LDM with ^ */
	0x386d4380,	/* 946684800, the same */
	0x00000010, 0xffffffff, 0x60000000, 0xe7f000f0, 0xe1200070,
};
#define NTRAP	ARRAY_SIZE(trap_words)

/*
 * A page in which code runs right up to such words and on behind them: block n is
 *	ldr r0, 1f; b 2f; 1: .word trap; 2: add r1, r1, r0 ... ; the last one returns.
 */
static void test_literals(void)
{
	u32 at = PLACE_B, sum = 0;

	group_begin("literal words that look like sensitive instructions");
	for (u32 pass = 0; pass < 2; pass++) {
		at = PLACE_B;
		sum = 0;
		PUT(at, 0xe3a01000);			/* mov r1, #0 */
		at += 4;
		for (u32 i = 0; i < 4 * NTRAP; i++) {
			u32 w = trap_words[(i + pass) % NTRAP];

			PUT(at, 0xe59f0000, 0xea000000, w, 0xe0811000);	/* ldr r0, [pc]; b .+8; word; add r1, r1, r0 */
			at += 16;
			sum = (sum + w);
		}
		PUT(at, 0xe1a00001, BX_LR);		/* mov r0, r1 */
		group_check(sum, ((fn0)PLACE_B)(), "sum of literals, pass %u", pass);
		for (u32 i = 0; i < 4 * NTRAP; i++)
			group_check(trap_words[(i + pass) % NTRAP], read32(PLACE_B + 4 + 16 * i + 8), "literal %u as data", i);
	}
	group_end();

	group_begin("literals changed while the code around them stays");
	for (u32 i = 0; i < NTRAP; i++) {
		write32(PLACE_B + 4 + 8, trap_words[i]);	/* data: no instruction maintenance */
		dsb();
		group_check(sum - trap_words[1] + trap_words[i], ((fn0)PLACE_B)(), "literal %u", i);
	}
	group_end();
}

/* In a page with code of its own, a word that looks like a sensitive instruction, read by a load in the page before or behind. */
static void check_far_literal(u32 page, u32 load, u32 literal)
{
	u32 off = literal - (load + 8);

	PUT(page, 0xe10f0000, 0xe200001f, BX_LR);			/* mrs r0, cpsr; and r0, #31 */
	PUT(literal, 0xe10f0000);
	PUT(load, off < 0x1000 ? 0xe59f0000 | off : 0xe51f0000 | -off, BX_LR);	/* ldr r0, [pc, #off] */
	group_check(MODE_SVC, ((fn0)page)(), "load at %x: code", load & 0xfff);
	group_check(0xe10f0000, ((fn0)load)(), "load at %x: literal", load & 0xfff);
	PUT(load, BX_LR);
}

static void test_far_literals(void)
{
	u32 page = PLACE_A + 0x1000;

	group_begin("literal words read from the neighbour pages");
	for (u32 i = 0; i < 40; i++) {
		check_far_literal(page, page - 8 - 4 * i, page + 0x200);
		check_far_literal(page, page + 0x1000 + 4 * i, page + 0x200);
	}
	check_far_literal(page, page - 0xe00, page + 0x200);
	check_far_literal(page, page + 0x11f0, page + 0x200);
	group_end();
}

/* Loads of all sizes from the code's own page, with sites in it. */
static void test_read_own_code(void)
{
	static const u32 words[] = {
		0xe10f0000,		/* mrs r0, cpsr */
		0xe321f0d3,		/* msr cpsr_c, #0xd3 */
		0xe24f0010,		/* sub r0, pc, #16: address of the first word */
		0xe8901ffe & ~0x1ff0u,	/* ldm r0, {r1-r3} */
		0xe0210002, 0xe0200003,	/* eor r0, r1, r2; eor r0, r0, r3 */
		BX_LR,
	};

	group_begin("code reads itself");
	put(PLACE_A + 0x40, words, ARRAY_SIZE(words));
	for (u32 i = 0; i < 3; i++) {
		group_check(0xe10f0000 ^ 0xe321f0d3 ^ 0xe24f0010, ((fn0)(PLACE_A + 0x40))(), "by LDM");
		for (u32 w = 0; w < ARRAY_SIZE(words); w++) {
			group_check(words[w], read32(PLACE_A + 0x40 + 4 * w), "word %u", w);
			group_check((u16)words[w], read16(PLACE_A + 0x40 + 4 * w), "halfword %u", w);
			group_check(words[w] >> 24, read8(PLACE_A + 0x40 + 4 * w + 3), "byte %u", w);
		}
	}
	group_end();
}

/* Code with its variables on the same page. */
static void test_code_and_data(void)
{
	u32 at = PLACE_A + 0x1000;

	group_begin("code counts on its own page");
	write32(at + 0x800, 0);
	/* ldr r0, [pc, #0x7f8]; add r0, #1; str r0, [pc, #0x7f0]; mrs r1, cpsr; bx lr */
	PUT(at, 0xe59f07f8, 0xe2800001, 0xe58f07f0, 0xe10f1000, BX_LR);
	for (u32 i = 1; i <= 100; i++) {
		group_check(i, ((fn0)at)(), "call %u", i);
		group_check(i, read32(at + 0x800), "memory %u", i);
	}
	/* a loop that writes its page each time round, without leaving it */
	write32(at + 0x900, 0);
	PUT(at + 0x100, 0xe3a02064,		/* mov r2, #100 */
	    0xe59f07f4,				/* 1: ldr r0, [pc, #0x7f4] -> +0x900 */
	    0xe2800003,				/* add r0, #3 */
	    0xe58f07ec,				/* str r0, [pc, #0x7ec] */
	    0xe10f1000,				/* mrs r1, cpsr */
	    0xe2522001,				/* subs r2, #1 */
	    0x1afffff9,				/* bne 1b */
	    BX_LR);
	group_check(300, ((fn0)(at + 0x100))(), "loop");
	/* byte and halfword stores and a store multiple over the page that runs */
	PUT(at + 0x200, 0xe3a01011,		/* mov r1, #17 */
	    0xe5cf15fa,				/* strb r1, [pc, #0x5fa] -> +0x806 */
	    0xe3a03b02,				/* mov r3, #0x800 */
	    0xe28f2000, 0xe3c22efe, 0xe3c2201f,	/* add r2, pc, #0; clear low bits: page + 0 .. */
	    0xe0822003,				/* add r2, r2, r3 */
	    0xe1c211b0,				/* strh r1, [r2, #16] */
	    0xe3a00005, BX_LR);
	write32(at + 0x804, 0);
	write32(at + 0x810, 0);
	group_check(5, ((fn0)(at + 0x200))(), "small stores");
	group_check(0x00110000, read32(at + 0x804), "byte stored");
	group_check(17, read32(at + 0x810), "halfword stored");
	group_end();
}

/* Code patches the instructions right behind itself. */
static void test_patch_ahead(void)
{
	u32 at = PLACE_A + 0x2000;

	group_begin("code patches itself ahead");
	for (u32 i = 0; i < 8; i++) {
		/* str r0, [pc, #0x18] (patches the UDF); clean by address, invalidate by address, dsb, isb; then it */
		PUT(at, 0xe28f1018,		/* add r1, pc, #0x18: address of the target */
		    0xe5810000,			/* str r0, [r1] */
		    0xee071f3b,			/* mcr DCCMVAU r1 */
		    0xf57ff04f,			/* dsb */
		    0xee071f35,			/* mcr ICIMVAU r1 */
		    0xee070fd5,			/* mcr BPIALL */
		    0xf57ff04f,			/* dsb */
		    0xf57ff06f,			/* isb */
		    UDF,			/* target */
		    BX_LR);
		group_check(i + 3, ((fn1)at)(MOV_R0(i + 3)), "plain instruction %u", i);
		group_check(MODE_SVC, ((fn1)at)(0xe10f0000) & PSR_MODE, "sensitive instruction %u", i);
		group_check(MOV_R0(9), (write32(at + 0x20, MOV_R0(9)), read32(at + 0x20)), "word");
	}
	group_end();
}

/* -- moving code -- */

extern char mover_start[], mover_end[];
#define MOVER_MRS	4	/* its sensitive words, which test_read_executed() is about */
#define MOVER_MSR	6
#define MOVER_DCCMVAU	17
#define MOVER_BPIALL	23
typedef u32 (*mover_fn)(u32 to, u32 len, u32 hops);

/* Position-independent code copies itself to the next place, wipes the old one, and goes on there. */
static void test_self_copy(void)
{
	u32 len = (u32)(mover_end - mover_start), n = (len + 3) / 4;

	group_begin("code that moves itself");
	for (u32 i = 0; i < n; i++)
		write32(PLACE_A + 0x3000 + 4 * i, ((u32 *)mover_start)[i]);
	code_sync((void *)(PLACE_A + 0x3000), len);
	group_check(20, ((mover_fn)(PLACE_A + 0x3000))(PLACE_A + 0x3000, len, 20), "hops made");
	for (u32 h = 0; h < 20; h++)
		for (u32 i = 0; i < n; i += 7)
			group_check(0xdeadc0de, read32(PLACE_A + 0x3000 + h * 0x1230 + 4 * i), "hop %u wiped", h);
	for (u32 i = 0; i < n; i++)
		if (i != MOVER_MRS && i != MOVER_MSR && i != MOVER_DCCMVAU && i != MOVER_BPIALL)
			group_check(((u32 *)mover_start)[i], read32(PLACE_A + 0x3000 + 20 * 0x1230 + 4 * i), "last copy word %u", i);
	/* an old place as data, then as code again */
	for (u32 i = 0; i < n; i++)
		write32(PLACE_A + 0x3000 + 4 * i, i);
	for (u32 i = 0; i < n; i++)
		group_check(i, read32(PLACE_A + 0x3000 + 4 * i), "old place as data");
	PUT(PLACE_A + 0x3000, 0xe10f0000, 0xe200001f, BX_LR);
	group_check(MODE_SVC, ((fn0)(PLACE_A + 0x3000))(), "old place as code again");
	group_end();
}

/*
 * Sensitive instructions that have run, read as data where they run. No verdict: ARMv7 cannot hide a rewritten word from loads,
 * so a hypervisor that rewrites code shows its own words here (docs/caveats.md). At any other address they are what they were.
 */
static void test_read_executed(void)
{
	PUT(PLACE_B + 0x70000, 0xe10f0000, 0xe200001f, BX_LR);
	check("sensitive instruction runs", MODE_SVC, ((fn0)(PLACE_B + 0x70000))());
	info("sensitive instruction that ran, read in place", read32(PLACE_B + 0x70000) == 0xe10f0000);
	check("its neighbour read in place", 0xe200001f, read32(PLACE_B + 0x70004));
}

/* Code of a whole page copied over another page that was running. */
static void test_page_overwrite(void)
{
	group_begin("code pages overwritten by other code pages");
	for (u32 round = 0; round < 10; round++) {
		u32 src = PLACE_B + 0x10000 + (round % 3) * 0x1000, dst = PLACE_B + 0x20000;

		for (u32 i = 0; i < 1024; i += 4)
			PUT(src + 4 * i, round & 1 ? 0xe10f1000 : 0xe3a01000, MOV_R0((i / 4 + round) & 0xff), 0xe321f0d3, BX_LR);
		group_check((5 + round) & 0xff, ((fn0)(src + 5 * 16))(), "source %u", round);
		for (u32 i = 0; i < 1024; i++)
			write32(dst + 4 * i, read32(src + 4 * i));
		code_sync((void *)dst, 4096);
		for (u32 i = 0; i < 256; i += 51)
			group_check((i + round) & 0xff, ((fn0)(dst + i * 16))(), "round %u function %u", round, i);
	}
	group_end();
}

/* -- aliases -- */

static void test_alias_patch(void)
{
	u32 *l2 = l2_alloc();
	u32 page = PLACE_B + 0x30000, alias = ALIAS_VA + 0x5000;

	group_begin("code patched through another mapping");
	pt_section(l1_main, ALIAS_VA, L1_TABLE(l2, 0));
	pt_page(l2, alias, page | P_SMALL | P_WB | P_AP(0, 1) | P_XN);
	tlb_all();
	for (u32 i = 0; i < 64; i++) {
		PUT(alias, i & 1 ? 0xe10f1000 : 0xe3a01000, MOV_R0(i), 0xe321f0d3, BX_LR);
		code_sync((void *)page, 16);
		group_check(i, ((fn0)page)(), "round %u", i);
		group_check(MOV_R0(i), read32(alias + 4), "round %u: read back", i);
	}
	/* both mappings executable; the one patches what the other runs */
	pt_page(l2, alias, page | P_RAM);
	tlb_mva(alias);
	for (u32 i = 0; i < 64; i++) {
		u32 w = i & 1 ? page : alias, x = i & 1 ? alias : page;

		write32(w + 4, MOV_R0(i));
		code_sync((void *)w, 16);
		code_sync((void *)x, 16);
		group_check(i, ((fn0)x)(), "crosswise %u", i);
		group_check(i, ((fn0)w)(), "crosswise %u, same side", i);
	}
	/* through a mapping that does not execute, code is what the guest wrote, whatever ran of it */
	pt_page(l2, alias, page | P_SMALL | P_WB | P_AP(0, 1) | P_XN);
	tlb_mva(alias);
	PUT(alias, 0xe10f0000, 0xe200001f, BX_LR);
	code_sync((void *)page, 16);
	group_check(MODE_SVC, ((fn0)page)(), "sensitive code runs");
	group_check(0xe10f0000, read32(alias), "sensitive code read through the other mapping");
	/* code is made read-only, patched only through a mapping that exists for the moment, as Linux's text poke does */
	pt_section(l1_main, page, (page & 0xfff00000) | S_SECT | S_WB | S_AP(1, 1));
	pt_page(l2, alias, 0);
	tlb_all();
	for (u32 i = 0; i < 16; i++) {
		group_check(VEC_DABT, TRY(write32(page + 4, 0)), "read-only");
		pt_page(l2, alias, page | P_SMALL | P_WB | P_AP(0, 1) | P_XN);
		isb();
		PUT(alias, i & 1 ? 0xe10f1000 : 0xe3a01000, MOV_R0(100 + i));
		pt_page(l2, alias, 0);
		tlb_mva(alias);
		code_sync((void *)page, 16);
		group_check(100 + i, ((fn0)page)(), "poke %u", i);
		group_check(VEC_DABT, TRY(read32(alias)), "mapping gone");
	}
	pt_section(l1_main, page, (page & 0xfff00000) | S_RAM);
	pt_section(l1_main, ALIAS_VA, 0);
	tlb_all();
	group_end();
}

/* The same physical code at many addresses: pc-relative results follow the address. */
static void test_alias_run(void)
{
	u32 page = PLACE_B + 0x40000;

	group_begin("one code page at many addresses");
	PUT(page, 0xe10f1000, 0xe24f000c, BX_LR);	/* mrs r1, cpsr; sub r0, pc, #12; bx lr */
	for (u32 i = 0; i < 32; i++) {
		pt_section(l1_main, ALIAS_VA + (i << 20), (page & 0xfff00000) | S_RAM);
		isb();
		group_check(ALIAS_VA + (i << 20) + (page & 0xfffff), ((fn0)(ALIAS_VA + (i << 20) + (page & 0xfffff)))(), "slot %u", i);
	}
	PUT(page, 0xe10f1000, 0xe24f0010, BX_LR);
	for (u32 i = 0; i < 32; i++) {
		u32 a = ALIAS_VA + (i << 20) + (page & 0xfffff);

		code_sync((void *)a, 16);
		group_check(a - 4, ((fn0)a)(), "slot %u patched", i);
		pt_section(l1_main, ALIAS_VA + (i << 20), 0);
	}
	tlb_all();
	group_end();
}

/* User code that the kernel writes while it does not run, many pages, sensitive words among them. */
static void test_user_code(void)
{
	struct ctx c;

	group_begin("User mode code written at run time");
	for (u32 i = 0; i < 64; i++) {
		u32 at = PLACE_B + 0x50000 + (i % 8) * 0x1000 + i * 16;

		/* cpsid (a NOP here); mov r0; svc */
		PUT(at, 0xf10c0080, MOV_R0(i), 0xef000000 | i);
		ctx_init(&c, MODE_USR | (cpsr_read() & (PSR_A | PSR_F)));
		c.pc = at;
		group_check(VEC_SVC, ctx_run(&c), "vector %u", i);
		group_check(i, exc_frame.r[0], "value %u", i);
		group_check(at + 12, exc_frame.exc_lr, "lr %u", i);
		group_check(0, exc_frame.spsr & PSR_I, "interrupts still on %u", i);
	}
	group_end();
}

/* A long straight run over several pages with a site as the last word of one and the first of the next. */
static void test_page_edges(void)
{
	u32 at = PLACE_B + 0x60000;

	group_begin("sites at page edges");
	for (u32 i = 0; i < 3 * 1024; i++)
		write32(at + 4 * i, 0xe2800001);		/* add r0, r0, #1 */
	write32(at, MOV_R0(0));
	write32(at + 0xffc, 0xe10f1000);
	write32(at + 0x1000, 0xe321f0d3);
	write32(at + 0x1ffc, 0xe10f2000);
	write32(at + 0x2000, 0xe10f3000);
	write32(at + 0x2ffc, BX_LR);
	code_sync((void *)at, 0x3000);
	group_check(3 * 1024 - 6, ((fn0)at)(), "count");
	write32(at + 0x1000, 0xe2800001);
	code_sync((void *)(at + 0x1000), 4);
	group_check(3 * 1024 - 5, ((fn0)at)(), "count, one site less");
	group_end();
}

void guest_main(void)
{
	for (u32 world = 0; world < 2; world++) {
		print("INFO MMU %s\n", world ? "on" : "off");
		if (world) {
			pt_flat(l1_main);
			mmu_on(l1_main, DACR_CLIENT(0));
		}
		test_rewrite();
		test_rewrite_all_ops();
		test_literals();
		test_far_literals();
		test_read_own_code();
		test_code_and_data();
		test_patch_ahead();
		test_self_copy();
		test_read_executed();
		test_page_overwrite();
		test_user_code();
		test_page_edges();
	}
	test_alias_patch();
	test_alias_run();
}
