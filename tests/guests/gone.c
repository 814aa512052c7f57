// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: code whose page is taken out of the tables and not out of the TLB. It may go on or take a prefetch abort (B3.9.1: an entry may be
 * lost at any time), whatever its instructions do; but one of the two.
 */
#include "guest.h"

#define VA	0x30000000u
#define SVC	0xef000000u

static u32 *l2, masks;

static const struct code {
	const char *name;
	u32 word, psr;
} codes[] = {
	{ "load from a device, privileged", 0xe5901000, MODE_SVC },
	{ "load from a device, User mode", 0xe5901000, MODE_USR },
	{ "store to a device, privileged", 0xe5801000, MODE_SVC },
	{ "MRC", 0xee101f10, MODE_SVC },
	{ "MRC, condition not met", 0x5e101f10, MODE_SVC },
	{ "MRS", 0xe10f1000, MODE_SVC },
	{ "CPS", 0xf10e0080, MODE_SVC },
	{ "NOP", 0xe1a00000, MODE_SVC },
};

static int run(const struct code *code, u32 va)
{
	struct ctx c;

	ctx_init(&c, code->psr | masks | (1u << 31));
	c.r[0] = UART_BASE + 0x1c;		/* scratch register */
	c.r[1] = 0;
	c.pc = va;
	return ctx_run(&c);
}

void guest_main(void)
{
	masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	pt_section(l1_main, UART_BASE, (UART_BASE & 0xfff00000u) | S_SECT | S_DEV | S_XN | S_AP(0, 3));
	l2 = l2_alloc();
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	mmu_on(l1_main, DACR_CLIENT(0));
	for (u32 i = 0; i < ARRAY_SIZE(codes); i++) {
		u32 page = TEST_RAM + 0x00200000u + i * 0x1000, va = VA + i * 0x10000;
		int vector;

		write32(page, codes[i].word);
		write32(page + 4, SVC);
		code_sync((void *)page, 8);
		pt_page(l2, va, page | P_RAM);
		check(codes[i].name, VEC_SVC, run(&codes[i], va));
		pt_page(l2, va, 0);
		vector = run(&codes[i], va);
		check("goes on or faults", true, vector == VEC_SVC || vector == VEC_PABT);
	}
}
