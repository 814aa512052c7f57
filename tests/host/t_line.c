/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Straight lines of T32 code as A32 words. */
/* SOURCES: arch/arm/cpu/line_t32.c arch/arm/cpu/decode_t32.c arch/arm/cpu/decode.c */
/* CFLAGS: -Iarch/arm/cpu */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include <arm/insn.h>

#include "line_t32.h"

#define END	0xffffu

static const struct { u16 code[4]; u32 word; } known[] = {
	{ { 0xb092, END }, 0xe24dd048 },			/* sub sp, #72 */
	{ { 0xb0ff, END }, 0xe24ddf7f },			/* sub sp, #508 */
	{ { 0xb00f, END }, 0xe28dd03c },			/* add sp, #60 */
	{ { 0xae7f, END }, 0xe28d6f7f },			/* add r6, sp, #508 */
	{ { 0x46e8, END }, 0xe1a0800d },			/* mov r8, sp */
	{ { 0x4672, END }, 0xe1a0200e },			/* mov r2, lr */
	{ { 0x0409, END }, 0xe1b01801 },			/* lsls r1, r1, #16 */
	{ { 0x9011, END }, 0xe58d0044 },			/* str r0, [sp, #68] */
	{ { 0x9912, END }, 0xe59d1048 },			/* ldr r1, [sp, #72] */
	{ { 0x6d49, END }, 0xe5911054 },			/* ldr r1, [r1, #84] */
	{ { 0x67f8, END }, 0xe587007c },			/* str r0, [r7, #124] */
	{ { 0xb672, END }, 0xf10c0080 },			/* cpsid i */
	{ { 0xb662, END }, 0xf1080080 },			/* cpsie i */
	{ { 0xbf00, END }, 0xe320f000 },
	{ { 0xd124, END }, 0x1a000000 },			/* bne */
	{ { 0xe88d, 0x1fff, END }, 0xe88d1fff },		/* stm sp, {r0-r12} */
	{ { 0xe91d, 0x1ffe, END }, 0xe91d1ffe },		/* ldmdb sp, {r1-r12} */
	{ { 0xf3ef, 0x8a00, END }, 0xe10fa000 },		/* mrs r10, cpsr */
	{ { 0xf3ff, 0x8800, END }, 0xe14f8000 },		/* mrs r8, spsr */
	{ { 0xf38a, 0x8100, END }, 0xe121f00a },		/* msr cpsr_c, r10 */
	{ { 0xf391, 0x8f00, END }, 0xe16ff001 },		/* msr spsr_fsxc, r1 */
	{ { 0xf08a, 0x0a0c, END }, 0xe22aa00c },		/* eor r10, r10, #12 */
	{ { 0xf011, 0x0f8f, END }, 0xe311008f },		/* tst r1, #0x8f */
	{ { 0xea9a, 0x0f0c, END }, 0xe13a000c },		/* teq r10, r12 */
	{ { 0xf8c8, 0xd034, END }, 0xe588d034 },		/* str sp, [r8, #52] */
	{ { 0xf8dd, 0xe044, END }, 0xe59de044 },		/* ldr lr, [sp, #68] */
	{ { 0xf243, 0x2a98, END }, 0xe303a298 },		/* movw r10, #0x3298 */
	{ { 0xf6cc, 0x7aff, END }, 0xe34cafff },		/* movt r10, #0xcfff */
	{ { 0xee0d, 0xaf70, END }, 0xee0daf70 },		/* mcr TPIDRURO, r10 */
	{ { 0xe84d, 0x2100, END }, 0xe18d1f92 },		/* strex r1, r2, [sp] */
	{ { 0xf3de, 0x8f00, END }, 0xe1b0f00e },		/* subs pc, lr, #0 */
	{ { 0xf3bf, 0x8f6f, END }, 0xf57ff06f },		/* isb */
	{ { 0xf3bf, 0x8f4f, END }, 0xf57ff04f },		/* dsb */
	{ { 0xf3bf, 0x8f2f, END }, 0xf57ff01f },		/* clrex */
	{ { 0xf3af, 0x8000, END }, 0xe320f000 },
	{ { 0xf040, 0x80dd, END }, 0x1a000000 },		/* bne.w */
	{ { 0xbf18, 0xee01, 0xaf10, END }, 0x1e01af10 },	/* it ne; mcrne SCTLR, r10 */
};

static u32 length(const u16 *code)
{
	u32 n = 0;

	while (code[n] != END)
		n++;
	return n;
}

static void one_by_one(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(known); i++) {
		u32 n = length(known[i].code);
		struct t32_line l;

		t32_line(&l, known[i].code, n);
		assert_int_equal(l.insns, 1);
		assert_int_equal(l.word[0], known[i].word);
		assert_int_equal(l.half[1], n);
		t32_line(&l, known[i].code, n - 1);		/* the end of the page is in it, or before it */
		assert_int_equal(l.insns, 0);
	}
}

static void in_a_row(void **state)
{
	u16 code[4 * CALL_INSNS];
	struct t32_line l;

	for (u32 round = 0; round < 10000; round++) {
		u32 which[CALL_INSNS], n = 0;

		for (u32 i = 0; i < CALL_INSNS; i++) {
			which[i] = (u32)rand() % ARRAY_SIZE(known);
			for (u32 k = 0; k < length(known[which[i]].code); k++)
				code[n++] = known[which[i]].code[k];
		}
		t32_line(&l, code, n);
		assert_int_equal(l.insns, CALL_INSNS);
		assert_int_equal(l.half[CALL_INSNS], n);
		for (u32 i = 0; i < CALL_INSNS; i++)
			assert_int_equal(l.word[i], known[which[i]].word);
	}
}

/* What has no such word ends it, also where only a part of the encoding differs. */
static void others(void **state)
{
	static const u16 never[][3] = {
		{ 0xdf00 }, { 0xde00 }, { 0xe7fe }, { 0x4770 }, { 0x4408 }, { 0x1840 }, { 0x4812 }, { 0xb510 }, { 0xb672 ^ 0x20 }, { 0xbf30 },
		{ 0xf81d, 0x1004 }, { 0xf8df, 0x1004 }, { 0xf85d, 0x1b04 }, { 0xe8ad, 0x1fff }, { 0xe8bd, 0x1fff }, { 0xe93d, 0x1fff },
		{ 0xf01d, 0x1f8f }, { 0xf411, 0x0f70 }, { 0xf081, 0x1a0c }, { 0xea9a, 0x0f4c }, { 0xe84d, 0x2101 }, { 0xf000, 0xb800 },
		{ 0xbf18, 0x46e8 }, { 0xbf1c, 0xee01, 0xaf10 }, { 0xbf18, 0xf040, 0x80dd }, { 0xbf18, 0xf3bf, 0x8f6f },
	};
	struct t32_line l;

	for (u32 i = 0; i < ARRAY_SIZE(never); i++) {
		t32_line(&l, never[i], 3);
		assert_int_equal(l.insns, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(one_by_one), cmocka_unit_test(in_a_row), cmocka_unit_test(others) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
