/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot-time allocator: alignment, zeroing, exact accounting, and a panic instead of an overrun. */
/* SOURCES: core/alloc.c tests/host/fake/log.c tests/host/fake/arch.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include <hv/alloc.h>

#include "fake.h"

#define HEAP	(FAKE_RAM_BASE + 0x1000u)

static void aligned_zeroed_disjoint(void **state)
{
	u8 *a, *b;

	fake_arch_reset();
	memset(hpa_ptr(HEAP), 0xa5, 0x4000);
	alloc_init(HEAP + 4, HEAP + 0x4000);
	a = hv_alloc(3, 1);
	b = hv_alloc(0x1000, 0x1000);
	assert_int_equal(ptr_hpa(a), HEAP + 4);
	assert_int_equal(ptr_hpa(b), HEAP + 0x1000);
	for (u32 i = 0; i < 0x1000; i++)
		assert_int_equal(b[i], 0);
	assert_int_equal(*(u8 *)hpa_ptr(HEAP + 7), 0xa5);	/* behind a: not touched */
	assert_int_equal(alloc_used(), 0x1000 - 4 + 0x1000);
	assert_int_equal(alloc_left(), 0x2000);
}

static void take(void *arg)
{
	const u32 *want = arg;

	hv_alloc(want[0], want[1]);
}

static void exhaustion_panics(void **state)
{
	u32 all[] = { 0x1000, 4 }, one[] = { 1, 1 }, wrap[] = { 0xfffffff0, 4 }, far[] = { 4, 0x80000000 }, odd[] = { 4, 3 };

	alloc_init(HEAP, HEAP + 0x1000);
	assert_true(fake_panics(take, wrap));
	assert_true(fake_panics(take, far));
	assert_true(fake_panics(take, odd));
	assert_false(fake_panics(take, all));
	assert_int_equal(alloc_left(), 0);
	assert_true(fake_panics(take, one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aligned_zeroed_disjoint),
		cmocka_unit_test(exhaustion_panics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
