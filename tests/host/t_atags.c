/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ATAG list: parsed back as a kernel does it, with and without its parts, and refused when it does not fit. */
/* SOURCES: core/atags.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <hv/atags.h>

/* Payload of the first @tag in the list, NULL when there is none. */
static const u32 *find(const u32 *w, u32 tag)
{
	assert_int_equal(w[1], 0x54410001);
	for (; w[0]; w += w[0])
		if (w[1] == tag)
			return w + 2;
	assert_int_equal(w[1], 0);
	return NULL;
}

static void all_tags(void **state)
{
	u32 list[64];
	const struct atags_info info = { 0x80000000, 0x1e000000, "console=ttyO2", 0x81600000, 0x123 };
	const u32 *p;

	memset(list, 0xa5, sizeof(list));
	assert_int_equal(atags_build(list, sizeof(list), &info), (5 + 4 + 2 + 4 + 4 + 2) * 4);
	p = find(list, 0x54410002);
	assert_non_null(p);
	assert_int_equal(p[0], 0x1e000000);
	assert_int_equal(p[1], 0x80000000);
	assert_string_equal((const char *)find(list, 0x54410009), "console=ttyO2");
	p = find(list, 0x54420005);
	assert_int_equal(p[0], 0x81600000);
	assert_int_equal(p[1], 0x123);
}

static void optional_tags(void **state)
{
	u32 list[16];
	const struct atags_info info = { .mem_base = 0x80000000, .mem_size = 0x100000 };

	assert_int_equal(atags_build(list, sizeof(list), &info), (5 + 4 + 2) * 4);
	assert_null(find(list, 0x54410009));
	assert_null(find(list, 0x54420005));
}

static void too_small(void **state)
{
	const struct atags_info info = { 0x80000000, 0x100000, "four", 0x80100000, 4 };
	u32 need = (5 + 4 + 4 + 4 + 2) * 4;

	for (u32 cap = 0; cap <= need; cap += 4) {
		u32 *list = malloc(cap + 1);	/* exact, so that the sanitizer sees an overrun */

		assert_int_equal(atags_build(list, cap, &info), cap < need ? -ENOSPC : (int)need);
		free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_tags),
		cmocka_unit_test(optional_tags),
		cmocka_unit_test(too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
