/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit test: what is left of a random run that fails. */
/* SOURCES: tests/host/fake/shrink.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "shrink.h"

#define STEPS	40000u

static u32 steps[STEPS], asked;

static u32 all_steps(void)
{
	for (u32 i = 0; i < STEPS; i++)
		steps[i] = i;
	asked = 0;
	return STEPS;
}

/* Fails if the steps of the list @arg (its length first) come in this order. */
static bool in_order(const u32 *run, u32 nr, void *arg)
{
	const u32 *wanted = arg;
	u32 next = 1;

	asked++;
	for (u32 i = 0; i < nr && next <= wanted[0]; i++)
		next += run[i] == wanted[next];
	return next > wanted[0];
}

static void causes_are_left(void **state)
{
	u32 causes[] = { 4, 17, 18, 20011, 39999 };

	assert_int_equal(shrink_steps(steps, all_steps(), in_order, causes), 4);
	assert_memory_equal(steps, causes + 1, 4 * sizeof(u32));
	assert_in_range(asked, 1, 400);
}

static void a_run_that_always_fails(void **state)
{
	u32 none[] = { 0 };

	assert_int_equal(shrink_steps(steps, all_steps(), in_order, none), 0);
	assert_int_equal(shrink_steps(steps, 0, in_order, none), 0);
}

static void what_needs_all_stays(void **state)
{
	u32 all[] = { 3, 0, 1, 2 };

	all_steps();
	assert_int_equal(shrink_steps(steps, 3, in_order, all), 3);
}

/* Either of two steps brings it about: one may go only while the other one is there. */
static bool either(const u32 *run, u32 nr, void *arg)
{
	bool found = false;

	for (u32 i = 0; i < nr; i++)
		found |= run[i] == 5 || run[i] == 700;
	return found;
}

static void one_of_two_causes_is_left(void **state)
{
	assert_int_equal(shrink_steps(steps, all_steps(), either, NULL), 1);
	assert_true(steps[0] == 5 || steps[0] == 700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes_are_left), cmocka_unit_test(a_run_that_always_fails), cmocka_unit_test(what_needs_all_stays),
		cmocka_unit_test(one_of_two_causes_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
