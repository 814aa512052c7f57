/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit test: callers by a kernel's unwind tables, each kind of instruction of theirs, and tables that are none. */
/* SOURCES: arch/arm/unwind.c core/guest_peek.c core/guest_map.c core/guest_mem.c tests/host/fake/arch.c */
/* CFLAGS: -DCONFIG_UNWIND_TABLES=1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <arch/debug.h>
#include <arm/unwind.h>
#include <arm/vcpu.h>
#include <hv/guest.h>

#include "fake.h"

#define RAM	0x80000000u
#define SIZE	0x01000000u
#define LINEAR	0x40000000u		/* from physical to the kernel's addresses */
#define TEXT	(RAM + 0x8000)
#define FUNCTIONS 400u			/* of 64 bytes each */
#define LENGTH	64u
#define INDEX	(RAM + 0x200004)	/* no multiple of an entry's size */
#define EXTAB	(RAM + 0x300000)
#define STACK	(RAM + 0x400000)

static struct guest guest;
static struct vcpu vcpu;
static struct unwind_index idx;
static struct unwind_frame f;

bool arch_debug_gpa(struct vcpu *v, gva_t va, gpa_t *gpa)
{
	*gpa = va - LINEAR;
	return va - LINEAR >= RAM && va - LINEAR - RAM < SIZE;
}

static void poke(gpa_t at, u32 word)
{
	*(u32 *)hpa_ptr(at) = word;
}

static u32 prel31(gpa_t at, gpa_t to)
{
	return (to - at) & 0x7fffffff;
}

/* The second word of function @n's entry. */
static void entry(u32 n, u32 word)
{
	poke(INDEX + 8 * n + 4, word);
}

/* Function @n has @word and what is put behind it in a table of its own. */
static gpa_t table(u32 n, u32 word)
{
	gpa_t at = EXTAB + 64 * n;

	entry(n, prel31(INDEX + 8 * n + 4, at));
	poke(at, word);
	return at + 4;
}

static u32 function(u32 n)
{
	return TEXT + n * LENGTH + LINEAR;
}

static int setup(void **state)
{
	const char *clash;

	fake_arch_reset();
	memset(&guest, 0, sizeof(guest));
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.guest = &guest;
	guest.vcpu = &vcpu;
	guest.cfg.mem_base = RAM;
	assert_int_equal(guest_map_add(&guest.map, &(struct region){ RAM, SIZE, REGION_RAM, NULL, "memory" }, &clash), 0);
	for (u32 i = 0; i < FUNCTIONS; i++) {
		poke(INDEX + 8 * i, prel31(INDEX + 8 * i, TEXT + i * LENGTH));
		entry(i, 1);
	}
	for (u32 i = 0; i < 64; i++)
		poke(STACK + 4 * i, 0x100 + i);
	memset(&idx, 0, sizeof(idx));
	memset(&f, 0, sizeof(f));
	for (u32 i = 0; i < 13; i++)
		f.r[i] = i;
	f.r[13] = STACK + LINEAR;
	f.r[14] = 0xeeee;
	f.r[15] = function(7) + 8;
	return 0;
}

static enum unwind_end step(void)
{
	return unwind_step(&vcpu, &idx, &f);
}

static void expect(u32 pc, u32 words)
{
	assert_int_equal(step(), UNWIND_CALLER);
	assert_int_equal(f.r[15], pc);
	assert_int_equal(f.r[13], STACK + LINEAR + 4 * words);
	assert_true(f.called);
}

static void test_leaf(void **state)
{
	entry(7, 0x80b0b0b0);
	expect(0xeeee, 0);
}

static void test_pops(void **state)
{
	entry(7, 0x80a8b0b0);		/* r4, lr */
	expect(0x101, 2);
	assert_int_equal(f.r[4], 0x100);
	setup(NULL);
	entry(7, 0x80a3b0b0);		/* r4 to r7 */
	expect(0xeeee, 4);
	assert_int_equal(f.r[7], 0x103);
	setup(NULL);
	entry(7, 0x80018480);		/* sp += 8; r11, lr */
	expect(0x103, 4);
	assert_int_equal(f.r[11], 0x102);
	setup(NULL);
	entry(7, 0x804284b0);		/* sp -= 12 */
	f.r[13] += 12;
	poke(STACK + 4 * 12, 0);
	assert_int_equal(step(), UNWIND_CALLER);
}

static void test_frame_pointer(void **state)
{
	f.r[11] = f.r[13] + 16;
	entry(7, 0x809b8480);		/* sp = r11; r11, lr */
	expect(0x105, 6);
	assert_int_equal(f.r[11], 0x104);
}

static void test_long_table(void **state)
{
	gpa_t more = table(7, 0x8101b200);	/* sp += 0x204 + (0 << 2), two bytes of which are here; another word */

	poke(more, 0xa8b0b0b0);
	poke(STACK + 0x204, 0x44);
	poke(STACK + 0x208, 0x55);
	expect(0x55, 0x20c / 4);
	assert_int_equal(f.r[4], 0x44);
}

/* What an exception has put onto the stack: where it came from is where the processor stood. */
static void test_exception(void **state)
{
	poke(table(7, 0x8101b10f), 0x8fffb0b0);
	poke(STACK + 4 * 13, STACK + LINEAR + 0x80);
	poke(STACK + 4 * 15, function(9));
	assert_int_equal(step(), UNWIND_CALLER);
	assert_int_equal(f.r[0], 0x100);
	assert_int_equal(f.r[12], 0x10c);
	assert_int_equal(f.r[13], STACK + LINEAR + 0x80);
	assert_int_equal(f.r[15], function(9));
	assert_false(f.called);
	entry(9, 0x80a8b0b0);		/* of the function that begins there, and not of the one before */
	assert_int_equal(step(), UNWIND_CALLER);
	assert_int_equal(f.r[15], 0x121);
}

/* A call that does not return may be the last instruction of its function. */
static void test_call_at_the_end(void **state)
{
	entry(7, 0x80a8b0b0);
	poke(STACK + 4, function(9));
	expect(function(9), 2);
	entry(8, 0x80a8b0b0);
	expect(0x103, 4);
}

static void test_top(void **state)
{
	assert_int_equal(step(), UNWIND_TOP);
	assert_int_equal(f.r[15], function(7) + 8);
}

static void lost(void)
{
	struct unwind_frame was = f;

	assert_int_equal(step(), UNWIND_LOST);
	assert_memory_equal(&was, &f, sizeof(f));
	setup(NULL);
}

static void test_lost(void **state)
{
	entry(7, 0x808000b0);		/* refuse */
	lost();
	entry(7, 0x80b301b0);		/* VFP registers */
	lost();
	entry(7, 0x809db0b0);		/* reserved */
	lost();
	table(7, 0x12345678);		/* a personality of its own */
	lost();
	entry(7, 0x80a8b0b0);
	f.r[13] = 0xf0000000;
	lost();
	f.r[13] += 2;
	entry(7, 0x80a8b0b0);
	lost();
	f.r[15] = 0xf0000000;
	lost();
	f.r[15] = RAM + LINEAR + 0x900000;
	lost();
	entry(7, 0x804000b0);		/* sp -= 4, and += 4: the same again */
	f.r[14] = f.r[15];
	lost();
	table(7, 0x81ffb0b0);		/* beyond the end of memory */
	entry(7, prel31(INDEX + 8 * 7 + 4, RAM + SIZE - 4));
	poke(RAM + SIZE - 4, 0x81ffb0b0);
	lost();
}

/* What looks like entries for a while is no index. */
static void test_too_few(void **state)
{
	poke(INDEX + 8 * 200, 0);
	lost();
}

/* Entries of functions that are behind those of the index, right before it: the index begins where they end. */
static void test_begins_where_others_end(void **state)
{
	for (u32 i = 1; i < 200; i++) {
		poke(INDEX - 8 * i, prel31(INDEX - 8 * i, EXTAB + 8 * (200 - i)));
		poke(INDEX - 8 * i + 4, 1);
	}
	entry(7, 0x80b0b0b0);
	expect(0xeeee, 0);
	assert_int_equal(idx.base, INDEX);
	assert_int_equal(idx.nr, FUNCTIONS);
}

/* All memory is runs that are a little too short, wherever one begins: this takes no longer than anything else. */
static void test_short_runs_everywhere(void **state)
{
	clock_t begin = clock();

	for (u32 i = 0; i < SIZE; i += 4)
		poke(RAM + i, i % 2040 ? 0x1000 : 0);
	lost();
	assert_true(clock() - begin < 2 * CLOCKS_PER_SEC);
}

static void test_noise(void **state)
{
	srand(1);
	for (u32 round = 0; round < 300; round++) {
		setup(NULL);
		for (u32 i = 0; i < FUNCTIONS; i++)
			if (rand() & 1)
				entry(i, 0x80000000 | ((u32)rand() & 0xffffff));
			else
				poke(table(i, 0x81000000 | ((u32)rand() & 0x3ffff)), (u32)rand() << 1);
		for (u32 i = 0; i < 64; i++)
			poke(STACK + 4 * i, rand() & 1 ? function((u32)rand() % FUNCTIONS) : (u32)rand() * 2);
		for (u32 n = 0; n < 32 && step() == UNWIND_CALLER; n++)
			;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_leaf, setup),
		cmocka_unit_test_setup(test_pops, setup),
		cmocka_unit_test_setup(test_frame_pointer, setup),
		cmocka_unit_test_setup(test_long_table, setup),
		cmocka_unit_test_setup(test_exception, setup),
		cmocka_unit_test_setup(test_call_at_the_end, setup),
		cmocka_unit_test_setup(test_top, setup),
		cmocka_unit_test_setup(test_lost, setup),
		cmocka_unit_test_setup(test_too_few, setup),
		cmocka_unit_test_setup(test_begins_where_others_end, setup),
		cmocka_unit_test_setup(test_short_runs_everywhere, setup),
		cmocka_unit_test_setup(test_noise, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
