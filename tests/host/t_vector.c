/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of exception vectors: what they do is what the instructions do one by one; what is anything else is no line. */
/* SOURCES: arch/arm/cpu/vector_line.c */
/* CFLAGS: -Iarch/arm/cpu */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/vcpu.h>

#include "vector_line.h"

#define END		0xe1b0f00eu	/* movs pc, lr */
#define TABLE		0xe79fe10eu	/* ldr lr, [pc, lr, lsl #2] */
#define STACK		0xc1234f00u	/* 64 words of a page, up to its end */
#define STACK_WORDS	64u
#define CODE_MAX	(VECTOR_INSNS + VECTOR_TABLE + 2)

/* -- memory -- */

static u32 stack[STACK_WORDS];
static bool missing;

u32 *vector_stack(struct vcpu *v, gva_t sp)
{
	(void)v;
	return missing ? NULL : &stack[(sp - STACK) / 4];
}

/* -- code -- */

static u32 code[CODE_MAX], words;

/* Put @n instructions, with the table two words behind the last but one. */
static void put(const u32 *insn, u32 n)
{
	memcpy(code, insn, 4 * n);
	for (u32 i = 0; i < VECTOR_TABLE; i++)
		code[n + i] = 0xc0300000 + 0x100 * i;
	words = n + VECTOR_TABLE;
}

#define PUT(...) do { const u32 insn_[] = { __VA_ARGS__ }; put(insn_, ARRAY_SIZE(insn_)); } while (0)

/* As Linux has it, from mode @mode with @less taken off lr. */
static void put_linux(u32 mode, u32 less)
{
	PUT(0xe24ee000 | less, 0xe88d4001, 0xe14fe000, 0xe58de008, 0xe10f0000, 0xe2200000 | (mode ^ MODE_SVC), 0xe16ff000, 0xe20ee00f, 0xe1a0000d, TABLE,
	    END);
}

/* -- one by one -- */

static struct vcpu is, want;
static u32 want_stack[STACK_WORDS];
static struct vector_line line;

static u32 random_word(void)
{
	return (u32)rand() << 16 ^ (u32)rand();
}

static enum vbank bank(u32 mode)
{
	return mode == MODE_ABT ? BANK_ABT : mode == MODE_IRQ ? BANK_IRQ : BANK_UND;
}

static u32 *word_at(u32 addr)
{
	assert_in_range((addr - STACK) / 4, 0, STACK_WORDS - 1);
	return &want_stack[(addr - STACK) / 4];
}

static void step_data(u32 w)
{
	u32 *rd = &want.r[FIELD(w, 15, 12)], rn = want.r[FIELD(w, 19, 16)], imm = w & 0xff;

	assert_int_equal(w & 0xf00, 0);
	switch (FIELD(w, 24, 21)) {
	case 0:
		*rd = rn & imm;
		break;
	case 1:
		*rd = rn ^ imm;
		break;
	case 2:
		*rd = rn - imm;
		break;
	case 4:
		*rd = rn + imm;
		break;
	case 12:
		*rd = rn | imm;
		break;
	case 14:
		*rd = rn & ~imm;
		break;
	default:
		fail();
	}
}

static void step_stm(u32 w)
{
	u32 addr = want.r[FIELD(w, 19, 16)];

	for (u32 r = 0; r < 15; r++)
		if (w >> r & 1) {
			*word_at(addr) = want.r[r];
			addr += 4;
		}
}

static void step(u32 i, u32 *spsr)
{
	u32 w = code[i], *rd = &want.r[FIELD(w, 15, 12)];

	if ((w & 0xffbf0fff) == 0xe10f0000)
		*rd = w & BIT(22) ? *spsr : want.cpsr;
	else if ((w & 0xfffffff0) == 0xe16ff000)
		*spsr = want.r[w & 15] & ~PSR_RESERVED;
	else if ((w & 0xffff0ff0) == 0xe1a00000)
		*rd = want.r[w & 15];
	else if ((w & 0xfff00000) == 0xe8800000)
		step_stm(w);
	else if ((w & 0xfff00000) == 0xe5800000)
		*word_at(want.r[FIELD(w, 19, 16)] + (w & 0xfff)) = *rd;
	else if ((w & 0xffff0ff0) == 0xe79f0100)
		*rd = code[i + 2 + want.r[w & 15]];
	else if (w != 0xe320f000)
		step_data(w);
}

static void run(u32 mode)
{
	enum vbank from = bank(mode);

	for (u32 i = 0; code[i] != END; i++)
		step(i, &want.bank_spsr[from]);
	want.r[15] = want.r[14];
	want.bank_sp[from] = want.r[13];
	want.bank_lr[from] = want.r[14];
	want.cpsr = want.bank_spsr[from];
	want.r[13] = want.bank_sp[BANK_SVC];
	want.r[14] = want.bank_lr[BANK_SVC];
}

/* Registers at random; the guest was in mode @came. */
static void start(u32 mode, u32 came)
{
	enum vbank from = bank(mode);

	memset(&is, 0, sizeof(is));
	for (u32 r = 0; r < 16; r++)
		is.r[r] = random_word();
	for (u32 b = 0; b < BANK_NR; b++) {
		is.bank_sp[b] = random_word();
		is.bank_lr[b] = random_word();
		is.bank_spsr[b] = random_word() & ~PSR_RESERVED;
	}
	is.bank_spsr[from] = (is.bank_spsr[from] & ~PSR_MODE) | came;
	is.cpsr = (random_word() & (PSR_FLAGS | PSR_GE | PSR_A | PSR_F)) | PSR_I | mode;
	is.r[13] = STACK + 4 * (random_word() % 32);
	for (u32 i = 0; i < STACK_WORDS; i++)
		stack[i] = random_word();
	missing = false;
}

static void check(u32 mode)
{
	static const u32 modes[] = { MODE_USR, MODE_SVC, MODE_IRQ, MODE_ABT, MODE_UND, MODE_SYS };

	assert_true(vector_line_make(&line, mode, code, words));
	for (u32 n = 0; n < 200; n++) {
		start(mode, modes[n % ARRAY_SIZE(modes)]);
		want = is;
		memcpy(want_stack, stack, sizeof(stack));
		run(mode);
		assert_true(vector_line_do(&is, &line));
		assert_memory_equal(is.r, want.r, sizeof(is.r));
		assert_int_equal(is.cpsr, want.cpsr);
		assert_memory_equal(is.bank_sp, want.bank_sp, sizeof(is.bank_sp));
		assert_memory_equal(is.bank_lr, want.bank_lr, sizeof(is.bank_lr));
		assert_memory_equal(is.bank_spsr, want.bank_spsr, sizeof(is.bank_spsr));
		assert_memory_equal(stack, want_stack, sizeof(stack));
	}
}

/* -- with the abort before it, from User or Supervisor mode, whose state is in the open page -- */

static struct vcpu_open open_is, open_want;

/* What the exception to @mode is (B1.9), and then the line; then the open page as a system call leaves it. */
static void take_and_run(u32 mode, u32 ahead)
{
	const bool user = (want.cpsr & PSR_MODE) == MODE_USR;
	const u32 old = user ? want.cpsr : (want.cpsr & ~PSR_I) | (open_want.mask & PSR_I);

	want.bank_sp[BANK_SVC] = user ? open_want.other_sp : want.r[13];
	want.bank_lr[BANK_SVC] = user ? open_want.other_lr : want.r[14];
	if (user) {
		open_want.other_sp = want.r[13];
		open_want.other_lr = want.r[14];
	}
	want.bank_spsr[bank(mode)] = old;
	want.r[13] = want.bank_sp[bank(mode)];
	want.r[14] = want.r[15] + ahead;
	want.cpsr = (old & ~(PSR_MODE | PSR_T | PSR_E | PSR_J | PSR_IT)) | mode | PSR_I | (mode == MODE_ABT ? PSR_A : 0);
	run(mode);
	open_want.mask = want.cpsr;
	open_want.psr_or = want.cpsr & (PSR_MODE | PSR_A | PSR_F);
	open_want.dacr_real = user ? want.dacr_entry : want.cp15.dacr;
	want.hw_dacr = user ? want.hw_dacr_entry : want.dacr_kernel;
}

static void start_open(u32 mode, bool user, u32 state_bits)
{
	start(mode, MODE_USR);
	is.open = &open_is;
	is.cpsr = (random_word() & (PSR_FLAGS | PSR_GE | PSR_A | PSR_F | PSR_I)) | state_bits | (user ? MODE_USR : MODE_SVC);
	is.r[13] = random_word();
	is.bank_sp[bank(mode)] = STACK + 4 * (random_word() % 32);
	for (u32 i = 0; i < sizeof(open_is) / 4; i++)
		((u32 *)&open_is)[i] = random_word();
	is.cp15.dacr = random_word();
	is.dacr_kernel = random_word();
	is.dacr_entry = random_word();
	is.hw_dacr_entry = random_word();
}

static void check_enter(u32 mode, u32 ahead, u32 state_bits)
{
	for (u32 n = 0; n < 200; n++) {
		start_open(mode, n & 1, n & 1 ? state_bits : 0);
		want = is;
		open_want = open_is;
		memcpy(want_stack, stack, sizeof(stack));
		take_and_run(mode, ahead);
		assert_true(vector_line_enter(&is, &line, ahead));
		assert_memory_equal(is.r, want.r, sizeof(is.r));
		assert_int_equal(is.cpsr, want.cpsr);
		assert_int_equal(is.hw_dacr, want.hw_dacr);
		for (u32 b = BANK_ABT; b < BANK_NR; b++) {	/* the others' are in the open page, and void here */
			assert_int_equal(is.bank_sp[b], want.bank_sp[b]);
			assert_int_equal(is.bank_lr[b], want.bank_lr[b]);
			assert_int_equal(is.bank_spsr[b], want.bank_spsr[b]);
		}
		assert_memory_equal(&open_is, &open_want, sizeof(open_is));
		assert_memory_equal(stack, want_stack, sizeof(stack));
	}
}

static void test_enter(void **state)
{
	(void)state;
	for (u32 ahead = 4; ahead <= 8; ahead += 4) {
		put_linux(MODE_ABT, ahead);
		assert_true(vector_line_make(&line, MODE_ABT, code, words));
		check_enter(MODE_ABT, ahead, 0);
		check_enter(MODE_ABT, ahead, PSR_T | 0x0400 | BIT(25));	/* T32 code, in an IT block: its handler is A32 */
	}
	put_linux(MODE_UND, 0);
	assert_true(vector_line_make(&line, MODE_UND, code, words));
	check_enter(MODE_UND, 4, 0);
	check_enter(MODE_UND, 2, PSR_T | 0x0400 | BIT(25));
}

static void refuses_to_enter(const char *what)
{
	u32 before[STACK_WORDS];

	want = is;
	open_want = open_is;
	memcpy(before, stack, sizeof(stack));
	if (vector_line_enter(&is, &line, 8))
		fail_msg("done with %s", what);
	assert_memory_equal(&is, &want, sizeof(is));
	assert_memory_equal(&open_is, &open_want, sizeof(open_is));
	assert_memory_equal(stack, before, sizeof(stack));
}

static void test_enter_unusual(void **state)
{
	(void)state;
	put_linux(MODE_ABT, 8);
	assert_true(vector_line_make(&line, MODE_ABT, code, words));
	start_open(MODE_ABT, true, 0);
	missing = true;
	refuses_to_enter("no page");
	start_open(MODE_ABT, true, 0);
	is.bank_sp[BANK_ABT] |= 1;
	refuses_to_enter("sp not aligned");
	start_open(MODE_ABT, false, 0);
	is.bank_sp[BANK_ABT] = STACK + 0xf8;
	refuses_to_enter("a word in the next page");
	line.table[MODE_SVC & 15] |= 1;
	start_open(MODE_ABT, false, 0);
	refuses_to_enter("an address of T32 code");
}

static void test_linux(void **state)
{
	(void)state;
	put_linux(MODE_ABT, 8);
	check(MODE_ABT);
	assert_int_equal(line.insns, 11);
	assert_int_equal(line.words, 11 + VECTOR_TABLE);
	put_linux(MODE_ABT, 4);
	check(MODE_ABT);
	put_linux(MODE_IRQ, 4);
	check(MODE_IRQ);
	put_linux(MODE_UND, 0);
	check(MODE_UND);
}

/* Others: STR, BIC and ORR, sums of sp, registers that change places. */
static void test_others(void **state)
{
	(void)state;
	PUT(0xe58d000c, 0xe58de010, 0xe14fe000, 0xe58de000, 0xe10f0000, 0xe3c0001f, 0xe3800013, 0xe16ff000, 0xe28d0020, 0xe20ee00f, TABLE, END);
	check(MODE_IRQ);
	PUT(0xe88d5fff & ~0x1ff8u, 0xe1a0100d, 0xe24e2004, 0xe14fe000, 0xe5810014, 0xe10fc000, 0xe22cc004, 0xe16ff00c, 0xe1a0c002, 0xe320f000, 0xe20ee00f,
	    TABLE, END);
	check(MODE_ABT);
}

static void no_line(void)
{
	assert_false(vector_line_make(&line, MODE_ABT, code, words));
}

/* Each word of Linux's line in turn another one. */
static void test_something_else(void **state)
{
	static const struct { u32 at, word; const char *what; } other[] = {
		{ 0, 0xe25ee008, "SUBS" }, { 0, 0x024ee008, "SUBEQ" }, { 1, 0xe8ad4001, "STM sp!" }, { 1, 0xe92d4001, "STMDB sp!" },
		{ 1, 0xe88e4001, "STM lr" }, { 1, 0xe8cd4001, "STM^" }, { 1, 0xe88dc001, "STM with pc" }, { 1, 0xe88d0000, "STM of nothing" },
		{ 1, 0xe88d1fff, "more words than are known" },
		{ 2, 0xe14f0000, "SPSR elsewhere" }, { 3, 0xe58de00a, "STR unaligned" }, { 3, 0xe50de008, "STR below sp" }, { 3, 0xe58de100, "STR far away" },
		{ 3, 0xe5cde008, "STRB" }, { 3, 0xe5adc008, "STR sp!" }, { 3, 0xe580e008, "STR elsewhere" }, { 3, 0xee030f10, "MCR" },
		{ 4, 0xe14f0000, "the new CPSR from the SPSR" }, { 5, 0xe2200005, "to IRQ mode" }, { 5, 0xe2200084, "I cleared" },
		{ 5, 0xe2200024, "T set" }, { 5, 0xe3c000c0, "I, F cleared, and no mode" }, { 5, 0xe3800080, "I set, and no mode" },
		{ 6, 0xe161f000, "MSR SPSR_c" }, { 6, 0xe129f000, "MSR CPSR" }, { 6, 0xe16ff001, "MSR of another" }, { 6, 0xe320f000, "no MSR" },
		{ 7, 0xe20ee01f, "table of 32" }, { 7, 0xe20ee007, "table of 8" }, { 7, 0xe20dd00f, "sp lost" }, { 8, 0xe1a0d000, "sp changed" },
		{ 8, 0xe1a0000e, "a PSR left behind" }, { 8, 0xe1b0000d, "MOVS" }, { 9, 0xe79fe18e, "LSL #3" }, { 9, 0xe7bfe10e, "LDR with write-back" },
		{ 9, 0xe59fe000, "LDR of one address" }, { 10, 0xe1a0f00e, "MOV pc, lr" }, { 10, 0xe25ef004, "SUBS pc, lr" },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(other); i++) {
		put_linux(MODE_ABT, 8);
		assert_int_not_equal(code[other[i].at], other[i].word);
		code[other[i].at] = other[i].word;
		if (vector_line_make(&line, MODE_ABT, code, words))
			fail_msg("a line with %s", other[i].what);
	}
	put_linux(MODE_IRQ, 4);		/* for another mode */
	no_line();
}

/* All of it must be in the page. */
static void test_end(void **state)
{
	(void)state;
	put_linux(MODE_ABT, 8);
	for (u32 n = 0; n < words; n++)
		assert_false(vector_line_make(&line, MODE_ABT, code, n));
	assert_true(vector_line_make(&line, MODE_ABT, code, words));
	for (u32 i = 0; i < CODE_MAX; i++)
		code[i] = 0xe320f000;
	assert_false(vector_line_make(&line, MODE_ABT, code, CODE_MAX));
}

/* What is written to the SPSR is what it reads as from then on. */
static void test_spsr_written(void **state)
{
	(void)state;
	PUT(0xe24ee008, 0xe88d4001, 0xe10f0000, 0xe2200004, 0xe16ff000, 0xe14fe000, 0xe58de008, 0xe20ee00f, 0xe1a0000d, TABLE, END);
	no_line();
	PUT(0xe24ee008, 0xe88d4001, 0xe14fe000, 0xe10f0000, 0xe2200004, 0xe16ff000, 0xe58de008, 0xe20ee00f, 0xe1a0000d, TABLE, END);
	check(MODE_ABT);	/* read before */
}

static void refuses(const char *what)
{
	u32 before[STACK_WORDS];

	want = is;
	memcpy(before, stack, sizeof(stack));
	if (vector_line_do(&is, &line))
		fail_msg("done with %s", what);
	assert_memory_equal(&is, &want, sizeof(is));
	assert_memory_equal(stack, before, sizeof(stack));
}

/* What is unusual is for the guest's own code, and nothing has happened. */
static void test_unusual(void **state)
{
	static const u32 state_bits[] = { PSR_T, PSR_J, PSR_E, 0x0400, BIT(25) };

	(void)state;
	put_linux(MODE_ABT, 8);
	assert_true(vector_line_make(&line, MODE_ABT, code, words));
	start(MODE_ABT, MODE_USR);
	missing = true;
	refuses("no page");
	start(MODE_ABT, MODE_USR);
	is.r[13] |= 2;
	refuses("sp not aligned");
	start(MODE_ABT, MODE_USR);
	is.r[13] = STACK + 0xf8;
	refuses("a word in the next page");
	is.r[13] -= 4;
	assert_true(vector_line_do(&is, &line));
	for (u32 i = 0; i < ARRAY_SIZE(state_bits); i++) {
		start(MODE_ABT, MODE_USR);
		is.cpsr |= state_bits[i];
		refuses("another state");
	}
	line.table[MODE_SVC & 15] |= 1;
	start(MODE_ABT, MODE_SVC);
	refuses("an address of T32 code");
}

/* Where it was last: in the same page of the same root, if nothing was taken away since, and what it needs is open. */
static void test_frame(void **state)
{
	static u32 page[8];

	(void)state;
	start(MODE_ABT, MODE_USR);
	is.line_stack.sp = STACK + 16;
	is.line_stack.frame = &page[4];
	is.line_stack.open = BIT(4);
	is.line_stack.gen = is.call_gen = 3;
	is.line_stack.hw_asid = is.hw_asid = 7;
	is.dacr_kernel = BIT(4) | BIT(0);
	assert_ptr_equal(vector_frame(&is, STACK + 16), &page[4]);
	assert_ptr_equal(vector_frame(&is, STACK + 8), &page[2]);
	assert_ptr_equal(vector_frame(&is, STACK + 20), &page[5]);
	missing = true;
	assert_ptr_equal(vector_frame(&is, STACK + 0x1000), NULL);	/* asked for anew */
	missing = false;
	is.dacr_kernel = BIT(0);
	assert_ptr_equal(vector_frame(&is, STACK + 16), &stack[4]);
	is.dacr_kernel = BIT(4);
	is.call_gen++;
	assert_ptr_equal(vector_frame(&is, STACK + 16), &stack[4]);
	is.call_gen--;
	is.hw_asid++;
	assert_ptr_equal(vector_frame(&is, STACK + 16), &stack[4]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_something_else),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_spsr_written),
		cmocka_unit_test(test_unusual),
		cmocka_unit_test(test_enter),
		cmocka_unit_test(test_enter_unusual),
		cmocka_unit_test(test_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
