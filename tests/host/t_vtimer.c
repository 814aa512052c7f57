/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deadlines over one host timer, and the slow tick: order, wrap-around, late interrupts, timers that set and cancel others. */
/* SOURCES: core/vtimer.c core/tick.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include <hv/time.h>
#include <hv/vtimer.h>

#include "fake.h"

static u32 now, host_deadline, host_sets;
static bool host_armed;
static void (*interrupt)(void);

u32 host_time_now(void) { return now; }

int host_timer_init(void (*fn)(void))
{
	interrupt = fn;
	return 0;
}

void host_timer_set(u32 deadline)
{
	host_deadline = deadline;
	host_armed = true;
	host_sets++;
}

/* Let time go on to @to, in steps of @step; the host timer interrupts @late ticks after its deadline. */
static void go(u32 to, u32 step, u32 late)
{
	for (; (s32)(to - now) > 0; now += step) {
		if (!host_armed || (s32)(now - late - host_deadline) < 0)
			continue;
		host_armed = false;
		interrupt();
	}
}

static char told[64];

static void tell(void *arg)
{
	strcat(told, arg);
}

static int setup(void **state)
{
	vtimers_init();
	now = 0xffffff00;	/* about to wrap */
	told[0] = '\0';
	host_armed = false;
	return 0;
}

static void in_order_of_time(void **state)
{
	static const u32 at[] = { 300, 10, 200, 10, 400 };
	static char *name[] = { "d", "a", "c", "b", "e" };
	struct vtimer t[5];
	u32 begin = now;

	for (u32 i = 0; i < 5; i++) {
		vtimer_init(&t[i], tell, name[i]);
		vtimer_set(&t[i], begin + at[i]);
	}
	go(begin + 9, 1, 0);
	assert_string_equal(told, "");
	go(begin + 12, 1, 0);
	assert_string_equal(told, "ab");
	go(begin + 350, 1, 0);
	assert_string_equal(told, "abcd");
	vtimer_cancel(&t[4]);
	go(begin + 500, 1, 0);
	assert_string_equal(told, "abcd");
}

/* An interrupt that is late, or comes for one that was cancelled, finds what is due by then. */
static void late_and_in_vain(void **state)
{
	struct vtimer a, b;
	u32 begin = now;

	vtimer_init(&a, tell, "a");
	vtimer_init(&b, tell, "b");
	vtimer_set(&b, begin + 20);
	vtimer_set(&a, begin + 10);
	vtimer_cancel(&a);
	go(begin + 19, 1, 0);
	assert_string_equal(told, "");
	go(begin + 30, 1, 0);
	assert_string_equal(told, "b");
	vtimer_set(&a, begin + 40);
	vtimer_set(&b, begin + 41);
	go(begin + 60, 1, 10);
	assert_string_equal(told, "bab");
	vtimer_set(&a, begin);		/* has passed */
	assert_true(host_armed);
	interrupt();
	assert_string_equal(told, "baba");
}

/* Set again while it is set: it moves. */
static void moves(void **state)
{
	struct vtimer a, b;
	u32 begin = now;

	vtimer_init(&a, tell, "a");
	vtimer_init(&b, tell, "b");
	vtimer_set(&a, begin + 10);
	vtimer_set(&b, begin + 20);
	vtimer_set(&a, begin + 30);
	go(begin + 25, 1, 0);
	assert_string_equal(told, "b");
	vtimer_set(&a, begin + 26);
	go(begin + 100, 1, 0);
	assert_string_equal(told, "ba");
}

/* A callback may cancel what is due beside it, and set what is due already. */
static struct vtimer other, again;

static void meddle(void *arg)
{
	vtimer_cancel(&other);
	vtimer_set(&again, now);
	strcat(told, arg);
}

static void callbacks_meddle(void **state)
{
	struct vtimer m;
	u32 begin = now, sets;

	vtimer_init(&m, meddle, "m");
	vtimer_init(&other, tell, "o");
	vtimer_init(&again, tell, "x");
	vtimer_set(&m, begin + 10);
	vtimer_set(&other, begin + 10);
	sets = host_sets;
	go(begin + 20, 1, 0);
	assert_string_equal(told, "mx");
	assert_int_equal(host_sets, sets);	/* nothing is left to wait for */
}

/* A timer that sets itself for now does not keep the interrupt for itself. */
static struct vtimer busy;
static u32 rounds;

static void set_myself(void *arg)
{
	now++;
	rounds++;
	vtimer_set(&busy, now);
}

static void a_busy_timer_lets_go(void **state)
{
	vtimer_init(&busy, set_myself, NULL);
	vtimer_set(&busy, now);
	rounds = 0;
	interrupt();
	assert_int_equal(rounds, 1);
	assert_true(host_armed);
	vtimer_cancel(&busy);
}

static u32 ticks, attached_ticks;

static void tick(void) { ticks++; }
static void attached(void *arg) { ++*(u32 *)arg; }

/* Lateness does not add up: ten seconds have ten ticks. */
static void slow_tick(void **state)
{
	u32 begin = now;

	assert_int_equal(host_timer_start(0, tick), -EINVAL);
	assert_int_equal(host_timer_start(1000001, tick), -EINVAL);
	assert_int_equal(host_timer_start(1000, tick), 0);
	assert_int_equal(host_timer_attach(attached, &attached_ticks), 0);
	go(begin + 10 * TIME_HZ + 100, 7, 50);
	assert_int_equal(ticks, 10);
	assert_int_equal(attached_ticks, 10);
	assert_int_equal(host_timer_start(500, tick), 0);
	begin = now;
	go(begin + 10 * TIME_HZ + 100, 7, 50);
	assert_int_equal(ticks, 30);
	for (u32 i = 0; i < 15; i++)
		assert_int_equal(host_timer_attach(attached, &attached_ticks), 0);
	assert_int_equal(host_timer_attach(attached, &attached_ticks), -ENOSPC);
}

/* Umbra was busy for five periods: one tick, and the next a period later. */
static void ticks_that_are_over(void **state)
{
	ticks = 0;
	assert_int_equal(host_timer_start(1000, tick), 0);
	now += 11 * TIME_HZ / 2;
	go(now + TIME_HZ / 2, 7, 0);
	assert_int_equal(ticks, 1);
	go(now + TIME_HZ, 7, 0);
	assert_int_equal(ticks, 2);
}

/* What lies in memory that becomes something else: first, last and in between; ticks keep their order. */
static void forgotten(void **state)
{
	static struct vtimer t[5];
	static char word[] = "x";

	for (u32 i = 0; i < 5; i++) {
		vtimer_init(&t[i], tell, (void *)(uintptr_t)(i == 2 ? "2" : i == 4 ? "4" : "!"));
		vtimer_set(&t[i], now + 100 - 10 * i);
	}
	vtimers_forget(&t[0], 2 * sizeof(t[0]));
	vtimers_forget(&t[3], sizeof(t[3]));
	vtimers_forget(&t[3], sizeof(t[3]));
	vtimers_forget(&now, sizeof(now));
	go(now + 200, 1, 0);
	assert_string_equal(told, "42");
	told[0] = '\0';
	host_timer_forget(&attached_ticks, sizeof(attached_ticks));	/* all that the tests before have left */
	assert_int_equal(host_timer_attach(tell, "a"), 0);
	assert_int_equal(host_timer_attach(tell, word), 0);
	assert_int_equal(host_timer_attach(tell, "b"), 0);
	host_timer_forget(word, sizeof(word));
	assert_int_equal(host_timer_start(10, NULL), 0);
	go(now + 400, 1, 0);
	assert_string_equal(told, "ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(in_order_of_time, setup),
		cmocka_unit_test_setup(late_and_in_vain, setup),
		cmocka_unit_test_setup(moves, setup),
		cmocka_unit_test_setup(callbacks_meddle, setup),
		cmocka_unit_test_setup(a_busy_timer_lets_go, setup),
		cmocka_unit_test_setup(slow_tick, setup),
		cmocka_unit_test_setup(ticks_that_are_over, setup),
		cmocka_unit_test_setup(forgotten, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
