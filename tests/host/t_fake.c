/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fakes themselves: arena addresses round-trip, messages are collected, panics are caught. */
/* SOURCES: tests/host/fake/log.c tests/host/fake/arch.c tests/host/fake/vcpu.c tests/host/fake/irqc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "fake.h"

static void arena_round_trip(void **state)
{
	u8 *p = hpa_ptr(FAKE_RAM_BASE + 0x1234);

	fake_arch_reset();
	p = hpa_ptr(FAKE_RAM_BASE + 0x1234);
	*p = 7;
	assert_int_equal(ptr_hpa(p), FAKE_RAM_BASE + 0x1234);
	fake_arch_reset();
	assert_int_equal(*(u8 *)hpa_ptr(FAKE_RAM_BASE + 0x1234), 0);
}

static void do_panic(void *arg)
{
	hv_panic("expected %d\n", 1);
}

static void do_nothing(void *arg)
{
}

static void log_and_panic(void **state)
{
	fake_log_reset();
	pr_err("no %s\n", "luck");
	assert_string_equal(fake_log_text, "no luck\n");
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	assert_true(fake_panics(do_panic, NULL));
	assert_false(fake_panics(do_nothing, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_round_trip),
		cmocka_unit_test(log_and_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
