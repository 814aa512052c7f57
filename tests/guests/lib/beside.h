/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests share that store into pages of code: one page, at two addresses. */
#pragma once

#include "put.h"

#define PAGE		(TEST_RAM + 0x00200000u)
#define ALIAS		(0x30000000u | (PAGE & 0xfffffu))
#define MIB(va)		((va) & 0xfff00000u)
#define ROUNDS		200u
#define MRS_R0		0xe10f0000u
#define AND_R0_31	0xe200001fu
#define BX_LR		0xe12fff1eu
#define SVC		0xef000000u
#define NOP		0xe1a00000u
#define LONG		0xe3a01f96u, 0xe2511001u, 0x1afffffdu	/* mov r1, #600; subs r1, r1, #1; bne there: longer than a page is interpreted */
#define MOVW_R0(n)	(0xe3000000u | ((n) & 0xf000u) << 4 | ((n) & 0xfffu))
#define LDR_R0_PC(off)	(0xe59f0000u | ((off) - 8))	/* what is so far from the instruction */

typedef u32 (*fn)(u32, u32);

static inline u32 run(u32 at, u32 a, u32 b)
{
	return ((fn)at)(a, b);
}

/* A page of nothing but a function with sensitive instructions at its beginning. */
static inline void fresh(void)
{
	for (u32 i = 0; i < 0x1000; i += 4)
		write32(PAGE + i, 0);
	code_sync((void *)PAGE, 0x1000);
	PUT(PAGE, LONG, MRS_R0, AND_R0_31, BX_LR);
}

static inline void map(u32 ap)
{
	pt_section(l1_main, MIB(PAGE), MIB(PAGE) | S_SECT | S_WB | S_AP(0, ap));
	pt_section(l1_main, MIB(ALIAS), MIB(PAGE) | S_SECT | S_WB | S_AP(0, ap) | S_XN);
	tlb_all();
}

static inline void run_user(u32 at, u32 cpsr, u32 r0)
{
	struct ctx x;

	ctx_init(&x, MODE_USR | cpsr | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	x.pc = at;
	x.r[0] = r0;
	group_check(VEC_SVC, ctx_run(&x), "vector");
}
