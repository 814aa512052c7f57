// SPDX-License-Identifier: GPL-2.0-or-later
/* Instructions written at run time, and contexts to run them in. */
#include "guest.h"

u32 code_area[CODE_WORDS] __attribute__((aligned(4096), section(".playground")));

void code_put(u32 index, const u32 *words, u32 n)
{
	for (u32 i = 0; i < n; i++)
		((volatile u32 *)code_area)[index + i] = words[i];
	code_sync(&code_area[index], n * 4);
}

#define FRESH_PAGES	64u
#define FRESH		((u32 *)(TEST_RAM + 0x00700000u))

u32 *code_fresh(const u32 *words, u32 n)
{
	static u32 next;
	u32 *at = FRESH + CODE_WORDS * (next++ % FRESH_PAGES);

	for (u32 i = 0; i < n; i++)
		((volatile u32 *)at)[i] = words[i];
	code_sync(at, n * 4);
	return at;
}

int code_run(struct ctx *c, const u32 *words, u32 n)
{
	code_put(0, words, n);
	c->pc = (u32)code_area;
	return ctx_run(c);
}

u32 ctx_reg(u32 n)
{
	return 0xa0000000u + n * 0x01000001u;
}

void ctx_init(struct ctx *c, u32 cpsr)
{
	for (u32 i = 0; i < 13; i++)
		c->r[i] = ctx_reg(i);
	c->sp = ctx_reg(13);
	c->lr = ctx_reg(14);
	c->pc = (u32)code_area;
	c->cpsr = cpsr;
}

void vector_table_build(u32 *at)
{
	void (*const hook[8])(void) = { hook_1, hook_1, hook_2, hook_3, hook_4, hook_1, hook_6, hook_7 };

	for (u32 i = 0; i < 8; i++) {
		((volatile u32 *)at)[i] = 0xe59ff018;
		((volatile u32 *)at)[8 + i] = (u32)hook[i];
	}
	code_sync(at, 64);
}
