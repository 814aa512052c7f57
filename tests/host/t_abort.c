/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Abort lines on a small machine: what each leaves is what vector_line_enter() leaves, or nothing where its store aborts or the stack is elsewhere. */
/* SOURCES: arch/arm/cpu/abort_line.c arch/arm/cpu/line_emit.c arch/arm/cpu/vector_line.c */
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

#include "abort_line.h"

#define STACK		0xc1234f00u	/* 64 words of a page, up to its end */
#define STACK_WORDS	64u
#define HANDLER		0xc0300120u
#define BACK		0xbfe00333u
#define PSR_IT_LAST	0xfc00u		/* ITSTATE of the last instructions of an IT block: bits 26:25 are clear (A2.5.2) */
#define ROUNDS		2000u

/* -- the machine: Supervisor mode in the window, as much of it as abort lines use -- */

static struct machine {
	u32 r[13], lr, pc, spsr, usr_sp, usr_lr;
	bool z;
	struct vcpu_open open;
	struct vcpu v;		/* right behind it */
	u32 stack[STACK_WORDS];
	bool left, back, stored;
} m;
static struct call_code code;
static struct vector_line line;
static bool missing;

static u32 *vcpu_word(s32 off)
{
	if (off < 0)
		return (u32 *)((char *)&m.open + sizeof(m.open) + off);
	assert_in_range(off, 0, sizeof(m.v) - 4);
	return (u32 *)((char *)&m.v + off);
}

static u32 *reg(u32 n)
{
	assert_true(n < 13 || n == 14);
	return n == 14 ? &m.lr : &m.r[n];
}

static u32 *stack_word(u32 addr)
{
	assert_int_equal(addr & 3, 0);
	assert_true(addr - STACK < sizeof(m.stack));
	return &m.stack[(addr - STACK) / 4];
}

static void of_vcpu(u32 w)
{
	s32 off = w & BIT(23) ? (s32)(w & 0xfff) : -(s32)(w & 0xfff);
	u32 rt = FIELD(w, 15, 12);

	if (!(w & BIT(20))) {
		*vcpu_word(off) = *reg(rt);
	} else if (rt == 15) {
		m.back = true;
		assert_int_equal(*vcpu_word(off), BACK);
	} else {
		*reg(rt) = *vcpu_word(off);
	}
}

/* False: the word aborts. */
static bool step(void)
{
	u32 w = code.word[m.pc], rd = FIELD(w, 15, 12), rn = FIELD(w, 19, 16);

	if (w == 0xe1b0f00e) {
		m.left = true;
	} else if (w == 0xe94d6000) {
		m.open.other_sp = m.usr_sp;
		m.open.other_lr = m.usr_lr;
	} else if (w == 0xe8dd6000) {
		m.usr_sp = m.v.r[0];
		m.usr_lr = m.v.r[1];
	} else if (w == 0xe320f000) {
		;
	} else if ((w & 0xffff0fff) == 0xe14f0000) {
		*reg(rd) = m.spsr;
	} else if (w == 0xe363f010) {
		m.spsr = (m.spsr & 0xffff0000) | 0x10;
	} else if (w == 0xe680e01e) {
		m.lr = (m.lr & 0xffff0000) | (m.r[0] & 0xffff);
	} else if (w == 0xe150000e) {
		m.z = m.r[0] == m.lr;
	} else if ((w & 0xff000000) == 0x1a000000) {
		m.pc += m.z ? 0 : (w & 0xffffff) + 1;
	} else if (w == 0xe59fe004) {
		m.lr = code.word[m.pc + 3];
	} else if ((w & 0xffff0fff) == 0xe4ae0000) {
		if (missing)
			return false;
		*stack_word(m.lr) = *reg(rd);
		m.stored = true;
	} else if ((w & 0xffff0000) == 0xe58e0000) {
		assert_true(m.stored);			/* by User mode first */
		*stack_word(m.lr + (w & 0xfff)) = *reg(rd);
	} else if ((w & 0x0f7f0000) == 0x051d0000 || (w & 0x0f7f0000) == 0x050d0000) {
		of_vcpu(w);
	} else if ((w & 0xfff00000) == 0xe3000000) {
		*reg(rd) = rn << 12 | (w & 0xfff);
	} else if ((w & 0xfff00f00) == 0xe2800000) {
		*reg(rd) = *reg(rn) + (w & 0xff);
	} else if ((w & 0xfff00f00) == 0xe2400000) {
		*reg(rd) = *reg(rn) - (w & 0xff);
	} else if ((w & 0xffff0ff0) == 0xe1a00000) {
		*reg(rd) = *reg(w & 15);
	} else {
		fail_msg("no abort line has 0x%08x", w);
	}
	return true;
}

static void run(void)
{
	for (u32 n = 0; !m.left && !m.back; n++) {
		assert_in_range(m.pc, 0, code.words - 1);
		assert_true(n < CALL_WORDS);
		if (step()) {
			m.pc++;
			continue;
		}
		assert_true(code.fixup[m.pc] > m.pc);
		m.pc = code.fixup[m.pc];
	}
}

/* -- the line, and where it begins -- */

static u32 random_word(void)
{
	return (u32)rand() << 16 ^ (u32)rand();
}

static u32 small(void)
{
	return rand() % 2 ? 0 : (u32)(rand() % 511 - 255);
}

static struct vector_value any_value(u32 to)
{
	struct vector_value value = { to, (u32)rand() % 16, small() };

	if (value.from == VECTOR_SPSR)
		value.add = 0;
	return value;
}

/* Any one that vector_line_make() may make, with a store at sp. */
static void any_line(void)
{
	u32 changed = 0;

	line = (struct vector_line){ .insns = 9, .words = 25, .mode = MODE_ABT, .bank = BANK_ABT, .stores = 1 + (u32)rand() % VECTOR_STORES };
	for (u32 k = 0; k < line.stores; k++)
		line.store[k] = any_value(k * 2 % line.stores ? 3 * k : k);
	line.top = 4 * 3 * VECTOR_STORES;
	for (u32 k = 0; k < VECTOR_MOVES; k++) {
		struct vector_value value = any_value((u32)rand() % 13);

		if (value.from == VECTOR_SPSR || changed >> value.from & 1 || changed >> value.to & 1)
			continue;
		line.move[line.moves++] = value;
		changed |= BIT(value.to);
	}
	line.keep = ~PSR_RESERVED;
	line.flip = MODE_ABT ^ MODE_SVC;
	if (rand() & 1) {
		line.keep &= ~PSR_MODE;
		line.flip = MODE_SVC;
	}
	for (u32 i = 0; i < VECTOR_TABLE; i++)
		line.table[i] = HANDLER + 0x10 * i;
}

static struct vcpu want;
static struct vcpu_open want_open;
static u32 want_stack[STACK_WORDS];

u32 *vector_stack(struct vcpu *v, gva_t sp)
{
	return &want_stack[(sp - STACK) / 4];
}

/* The guest in User mode at an abort, as the exit has it, and as window_abort has it. */
static void start(void)
{
	u32 sp = STACK + 4 * (random_word() % 32);

	memset(&m, 0, sizeof(m));
	for (u32 i = 0; i < sizeof(m.open) / 4; i++)
		((u32 *)&m.open)[i] = random_word();
	for (u32 i = 0; i < STACK_WORDS; i++)
		m.stack[i] = random_word();
	for (u32 i = 0; i < 13; i++)
		m.r[i] = random_word();
	m.usr_sp = random_word();
	m.usr_lr = random_word();
	m.spsr = (random_word() & (PSR_FLAGS | PSR_GE | PSR_T | PSR_IT_LAST)) | MODE_USR;
	m.v.bank_sp[BANK_ABT] = sp;
	m.v.hw_dacr = random_word();
	m.v.hw_dacr_entry = random_word();
	m.v.dacr_entry = m.open.dacr_real;
	m.v.exits[EXIT_DABT] = random_word();
	m.v.hidden.pc = random_word();
	m.v.abort.sp = sp;
	m.v.abort.back = BACK;
	m.v.exit_dfar = random_word();
	want = m.v;
	want.open = &want_open;
	want_open = m.open;
	memcpy(want_stack, m.stack, sizeof(want_stack));
	memcpy(want.r, m.r, sizeof(m.r));
	want.r[13] = m.usr_sp;
	want.r[14] = m.usr_lr;
	want.r[15] = random_word();
	want.cpsr = m.spsr;
	m.v.scratch[3] = m.r[0];
	m.v.scratch[5] = random_word();
	m.v.r[15] = want.r[15] + 8;
	m.r[0] = random_word();
	m.lr = random_word();
}

static void check_done(void)
{
	const u32 old = want.cpsr;

	assert_true(vector_line_enter(&want, &line, 8));
	assert_true(m.left);
	assert_memory_equal(m.r, want.r, sizeof(m.r));
	assert_int_equal(m.usr_sp, want.r[13]);
	assert_int_equal(m.usr_lr, want.r[14]);
	assert_int_equal(m.lr, want.r[15]);
	assert_int_equal(m.spsr, (old & (PSR_FLAGS | PSR_GE)) | MODE_USR);
	assert_int_equal(m.v.cpsr & 0xffff, want.cpsr & 0xffff);
	assert_int_equal(m.v.bank_sp[BANK_ABT], want.bank_sp[BANK_ABT]);
	assert_int_equal(m.v.bank_lr[BANK_ABT], want.bank_lr[BANK_ABT]);
	assert_int_equal(m.v.bank_spsr[BANK_ABT], want.bank_spsr[BANK_ABT]);
	assert_int_equal(m.v.hw_dacr, want.hw_dacr);
	assert_int_equal(m.v.exits[EXIT_DABT], want.exits[EXIT_DABT] + 1);
	assert_int_equal(m.v.hidden.pc, HIDDEN_NONE);
	assert_int_equal(m.v.cp15.dfsr, m.v.scratch[5]);
	assert_int_equal(m.v.cp15.dfar, m.v.exit_dfar);
	want_open.dfsr = m.v.scratch[5];
	want_open.dfar = m.v.exit_dfar;
	assert_int_equal((m.open.mask ^ want_open.mask) & PSR_I, 0);
	want_open.mask = m.open.mask;
	assert_memory_equal(&m.open, &want_open, sizeof(m.open));
	assert_memory_equal(m.stack, want_stack, sizeof(m.stack));
}

/* The guest is where it was: r0 is saved, and of the vCPU nothing changed. */
static void check_nothing(const struct machine *before)
{
	assert_true(m.back);
	m.r[0] = before->r[0];
	m.lr = before->lr;
	m.pc = before->pc;
	m.z = before->z;
	m.back = false;
	assert_memory_equal(&m, before, sizeof(m));
}

static void whole(void **state)
{
	for (u32 n = 0; n < ROUNDS; n++) {
		any_line();
		assert_true(abort_line_make(&code, &line));
		start();
		run();
		check_done();
	}
}

static void nothing(void **state)
{
	for (u32 n = 0; n < ROUNDS; n++) {
		static struct machine before;

		any_line();
		assert_true(abort_line_make(&code, &line));
		start();
		missing = n & 1;
		m.v.abort.sp ^= missing ? 0 : 4 << n % 16;
		before = m;
		run();
		missing = false;
		check_nothing(&before);
	}
}

/* What the line does that is made of @words by vector_line_make(). */
static void of_linux(void **state)
{
	const u32 known[] = { 0xe24ee008, 0xe88d4001, 0xe14fe000, 0xe58de008, 0xe10f0000, 0xe2200004, 0xe16ff000, 0xe20ee00f, 0xe1a0000d, 0xe79fe10e, 0xe1b0f00e };
	u32 words[ARRAY_SIZE(known) + VECTOR_TABLE];

	memcpy(words, known, sizeof(known));
	for (u32 i = 0; i < VECTOR_TABLE; i++)
		words[ARRAY_SIZE(known) + i] = HANDLER + 0x100 * i;
	assert_true(vector_line_make(&line, MODE_ABT, words, ARRAY_SIZE(words)));
	for (u32 n = 0; n < 100; n++) {
		assert_true(abort_line_make(&code, &line));
		assert_true(code.words < 64);
		start();
		run();
		check_done();
	}
}

static void no_line(const char *what)
{
	if (abort_line_make(&code, &line))
		fail_msg("a line with %s", what);
}

static void others(void **state)
{
	any_line();
	line.bank = BANK_IRQ;
	no_line("another mode");
	any_line();
	line.table[0] |= 1;
	no_line("a handler of T32 code");
	any_line();
	line.flip |= PSR_Z;
	no_line("other flags");
	any_line();
	line.keep &= ~PSR_GE;
	no_line("other GE");
	any_line();
	line.stores = 0;
	no_line("no store");
	any_line();
	line.store[0] = (struct vector_value){ 1, 2, 0 };
	line.stores = 1;
	no_line("no store at sp");
	any_line();
	line.store[0] = (struct vector_value){ 0, 2, 256 };
	no_line("too large a sum");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(whole), cmocka_unit_test(nothing), cmocka_unit_test(of_linux), cmocka_unit_test(others) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
