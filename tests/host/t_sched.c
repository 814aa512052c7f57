/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler in simulated time: shares, caps, sleepers, who wakes up, turns of devices, and that a single guest has no slices. */
/* SOURCES: core/sched.c core/vtimer.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/sched.h>
#include <hv/time.h>
#include <hv/vtimer.h>

#include "fake.h"

#define MAX	8u

static struct guest guest[MAX];
static bool asleep[MAX];
static u32 now, host_deadline, runs;
static bool host_armed;
static u32 turns, turn_ticks;	/* of devices */
static void (*interrupt)(void);

struct guest *guest_first(void) { return guest; }
u32 host_time_now(void) { return now; }
bool arch_vcpu_waits(const struct vcpu *v) { return *(const bool *)v; }

int host_timer_init(void (*fn)(void))
{
	interrupt = fn;
	return 0;
}

void host_timer_set(u32 deadline)
{
	host_deadline = deadline;
	host_armed = true;
}

/* The timer is the only one that interrupts, and is heard only by who looks. */
bool arch_irq_pending(void)
{
	return host_armed && (s32)(now - host_deadline) >= 0;
}

void host_irq_handle(void)
{
	host_armed = false;
	interrupt();
}

/* @n guests of weight 100 that are all busy. */
static void make(u32 n)
{
	memset(guest, 0, sizeof(guest));
	memset(asleep, 0, sizeof(asleep));
	for (u32 i = 0; i < n; i++) {
		guest[i].vcpu = (struct vcpu *)&asleep[i];
		guest[i].cfg.weight = 100;
		guest[i].next = i + 1 < n ? &guest[i + 1] : NULL;
	}
}

static void start_all(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		sched_join(&guest[i]);
		guest[i].state = GUEST_RUNNING;
	}
}

static int setup(void **state)
{
	static bool once;

	if (!once) {
		vtimers_init();
		sched_init();
		once = true;
	}
	if (sched_pick())
		sched_done();
	runs = 0;
	turn_ticks = 5;
	return 0;
}

/* What the world does at each tick; NULL: nothing. */
static void (*event)(void);

static void tick(void)
{
	now++;
	if (event)
		event();
}

/* A tick in which interrupts are taken: of a guest that runs, and of the processor with nothing to do. */
static void open_tick(void)
{
	tick();
	while (arch_irq_pending())
		host_irq_handle();
}

/* A device that always has more to do, and says so before it does its part. */
void emudev_go_on(struct guest *g)
{
	turns++;
	sched_unfinished(g);
	for (u32 i = 0; i < turn_ticks; i++)
		tick();
}

/* The run loop, for @ticks. */
static void go(u32 ticks)
{
	u32 end = now + ticks;

	while ((s32)(end - now) > 0) {
		struct guest *g;

		core_is_wanted = false;
		g = sched_pick();
		if (!g) {
			open_tick();
			continue;
		}
		runs++;
		sched_go_on(g);
		while (!core_is_wanted && (s32)(end - now) > 0 && !arch_vcpu_waits(g->vcpu))
			open_tick();
		sched_done();
	}
}

/* Per mille of @ticks that @i ran since @before. */
static u32 share(u32 i, u64 before, u32 ticks)
{
	return (u32)((guest[i].share.ran - before) * 1000 / ticks);
}

static void expect_share(u32 i, u32 permille, u32 ticks)
{
	u32 got = share(i, 0, ticks);

	if (got + 20 < permille || got > permille + 20)
		fail_msg("guest %u ran %u per mille and not %u", i, got, permille);
}

static void equal_shares(void **state)
{
	for (u32 n = 2; n <= MAX; n++) {
		make(n);
		start_all(n);
		go(TIME_HZ);
		for (u32 i = 0; i < n; i++)
			expect_share(i, 1000 / n, TIME_HZ);
		assert_false(sched_alone);
	}
}

static void shares_by_weight(void **state)
{
	make(3);
	guest[0].cfg.weight = 300;
	guest[2].cfg.weight = 50;
	start_all(3);
	go(4 * TIME_HZ);
	expect_share(0, 667, 4 * TIME_HZ);
	expect_share(1, 222, 4 * TIME_HZ);
	expect_share(2, 111, 4 * TIME_HZ);
}

/* One guest: no slice ever ends, whoever waits may wait in its place. */
static void alone(void **state)
{
	make(2);
	guest[0].state = GUEST_RUNNING;
	go(TIME_HZ);
	assert_int_equal(runs, 1);
	assert_true(sched_alone);
	assert_int_equal(guest[0].share.ran, TIME_HZ);
}

/* A sleeper costs nothing and saves nothing up. */
static void sleepers(void **state)
{
	u64 before;

	make(2);
	start_all(2);
	asleep[1] = true;
	go(10 * TIME_HZ);
	assert_int_equal(guest[1].share.ran, 0);
	assert_true(runs <= 2);
	asleep[1] = false;
	before = guest[0].share.ran;
	sched_wake(&guest[1]);
	go(TIME_HZ);
	if (share(0, before, TIME_HZ) < 480)
		fail_msg("the one that was busy got %u per mille", share(0, before, TIME_HZ));
}

/* Guest 1 wakes up every 100 ticks and works for 10: how long it had to wait at most. */
static u32 woken_at, worst, work_left;

static void periodic(void)
{
	if (asleep[1] && now % 100 == 0) {
		asleep[1] = false;
		woken_at = now;
		work_left = 10;
		sched_wake(&guest[1]);
	}
}

static void go_periodic(u32 ticks)
{
	u32 end = now + ticks;

	worst = 0;
	event = periodic;
	asleep[1] = true;
	while ((s32)(end - now) > 0) {
		struct guest *g;

		core_is_wanted = false;
		g = sched_pick();
		if (g == &guest[1] && work_left == 10 && now - woken_at > worst)
			worst = now - woken_at;
		do {
			open_tick();
			if (g == &guest[1] && !--work_left)
				asleep[1] = true;
		} while (g && !core_is_wanted && !arch_vcpu_waits(g->vcpu));
		if (g)
			sched_done();
	}
	event = NULL;
}

static void who_wakes_up_is_served(void **state)
{
	make(4);
	start_all(4);
	go_periodic(TIME_HZ);	/* until it is behind */
	go_periodic(2 * TIME_HZ);
	if (worst > 1)
		fail_msg("it waited %u ticks", worst);
}

/* With as much to do as it has a share of, a guest waits at times; not so one with `latency`, which gets no more for it. */
static void latency(void **state)
{
	make(8);
	start_all(8);
	go_periodic(2 * TIME_HZ);
	assert_true(worst > 1);
	make(8);
	guest[1].cfg.latency = true;
	start_all(8);
	go_periodic(2 * TIME_HZ);
	if (worst > 1)
		fail_msg("it waited %u ticks", worst);
	make(2);
	guest[1].cfg.latency = true;
	start_all(2);
	go(TIME_HZ);
	expect_share(0, 500, TIME_HZ);
	expect_share(1, 500, TIME_HZ);
}

/* What devices do is in their guest's time, whether it sleeps or works meanwhile, and it gets on with its own work between their turns. */
static void devices_are_their_guests(void **state)
{
	for (u32 sleeps = 0; sleeps < 2; sleeps++) {
		make(2);
		start_all(2);
		asleep[1] = sleeps;
		turns = 0;
		sched_unfinished(&guest[1]);
		go(TIME_HZ);
		expect_share(0, 500, TIME_HZ);
		expect_share(1, 500, TIME_HZ);
		if (turns * 5 * (sleeps ? 2 : 4) < TIME_HZ / 10 || (!sleeps && turns * 5 > TIME_HZ / 4))
			fail_msg("%u turns, asleep %u", turns, sleeps);
	}
	/* alone, too */
	make(1);
	start_all(1);
	turns = 0;
	sched_unfinished(&guest[0]);
	go(TIME_HZ);
	assert_in_range(turns * 5, TIME_HZ / 20, TIME_HZ / 2);
}

/* Nobody but the devices of one that sleeps has something to do: timers come all the same, at the end of a turn. */
static u32 rang_at;

static void ring(void *arg)
{
	rang_at = now;
}

static void devices_hold_no_interrupt_up(void **state)
{
	struct vtimer alarm;

	for (u32 n = 1; n <= 2; n++) {
		u32 due = now + 1000;

		make(n);
		start_all(n);
		asleep[0] = asleep[1] = true;
		rang_at = 0;
		vtimer_init(&alarm, ring, NULL);
		vtimer_set(&alarm, due);
		sched_unfinished(&guest[0]);
		go(TIME_HZ / 10);
		vtimer_cancel(&alarm);
		assert_in_range(rang_at, due, due + turn_ticks);
	}
}

/* However long a turn is, what its guest does between two of them has its time behind it. */
static void long_turns(void **state)
{
	u64 ran;

	make(1);
	start_all(1);
	turns = 0;
	turn_ticks = 50;
	sched_unfinished(&guest[0]);
	go(TIME_HZ);
	ran = guest[0].share.ran - turns * turn_ticks;
	assert_in_range(ran, turns * 5, turns * 10);
}

static void caps(void **state)
{
	make(2);
	guest[1].cfg.cap = 20;
	start_all(2);
	go(2 * TIME_HZ);
	expect_share(0, 800, 2 * TIME_HZ);
	expect_share(1, 200, 2 * TIME_HZ);
	/* also where nobody else wants the rest */
	make(1);
	guest[0].cfg.cap = 35;
	start_all(1);
	go(2 * TIME_HZ);
	expect_share(0, 350, 2 * TIME_HZ);
}

static void who_must_not_run(void **state)
{
	make(3);
	start_all(3);
	guest[0].state = GUEST_PAUSED;
	guest[1].held = true;
	go(TIME_HZ);
	assert_int_equal(guest[0].share.ran + guest[1].share.ran, 0);
	assert_int_equal(guest[2].share.ran, TIME_HZ);
	guest[2].request = GUEST_REQ_RESET;
	assert_null(sched_pick());
}

/* One that comes later has no claim for the time before. */
static void latecomer(void **state)
{
	u64 before;

	make(2);
	sched_join(&guest[0]);
	guest[0].state = GUEST_RUNNING;
	go(5 * TIME_HZ);
	sched_join(&guest[1]);
	guest[1].state = GUEST_RUNNING;
	before = guest[0].share.ran;
	go(TIME_HZ);
	assert_in_range(share(0, before, TIME_HZ), 480, 520);
}

/* Nor has one that comes, or wakes up, just when nobody else wants to run. */
static void nobody_to_compare_with(void **state)
{
	u64 before;

	make(2);
	sched_join(&guest[0]);
	guest[0].state = GUEST_RUNNING;
	go(20 * TIME_HZ);
	guest[0].state = GUEST_STOPPED;
	sched_join(&guest[1]);
	guest[1].state = GUEST_RUNNING;
	sched_join(&guest[0]);
	guest[0].state = GUEST_RUNNING;
	before = guest[0].share.ran;
	go(TIME_HZ);
	assert_in_range(share(0, before, TIME_HZ), 480, 520);
	asleep[1] = true;
	go(20 * TIME_HZ);
	asleep[0] = true;
	go(TIME_HZ / 10);
	asleep[1] = false;
	go(TIME_HZ / 10);
	asleep[0] = false;
	before = guest[0].share.ran;
	go(TIME_HZ);
	assert_in_range(share(0, before, TIME_HZ), 480, 520);
}

/* Guest 1 works for @work ticks and is restarted then, which takes core @restart ticks: for @ticks. */
static void go_restarting(u32 work, u32 restart, u32 ticks)
{
	u32 end = now + ticks;

	while ((s32)(end - now) > 0) {
		struct guest *g;
		u32 done = 0;

		core_is_wanted = false;
		g = sched_pick();
		do
			open_tick();
		while (g && !core_is_wanted && !(g == &guest[1] && ++done == work));
		if (g)
			sched_done();
		if (done != work)
			continue;
		now += restart;
		guest[1].state = GUEST_STOPPED;
		sched_join(&guest[1]);
		guest[1].state = GUEST_RUNNING;
		sched_charge(&guest[1], restart);
	}
}

/* One that does nothing but reset itself has its share for that, and no more than its cap. */
static void restarts_are_its_own_time(void **state)
{
	make(2);
	start_all(2);
	go_restarting(2, TIME_HZ / 20, 4 * TIME_HZ);
	assert_in_range(share(1, 0, 4 * TIME_HZ), 440, 510);	/* what a slice of the other leaves it as a claim is gone with each restart */
	make(2);
	guest[1].cfg.cap = 20;
	start_all(2);
	go_restarting(2, TIME_HZ / 20, 4 * TIME_HZ);
	assert_in_range(share(1, 0, 4 * TIME_HZ), 160, 220);
}

/* To stop and come again forgives nothing. */
static void who_comes_again_owes(void **state)
{
	u64 vtime, ran;

	make(2);
	guest[1].cfg.cap = 20;
	start_all(2);
	go(TIME_HZ / 20);
	sched_charge(&guest[1], TIME_HZ / 2);
	vtime = guest[1].share.vtime;
	ran = guest[1].share.ran;
	sched_join(&guest[1]);
	assert_true(guest[1].share.capped);
	assert_true(guest[1].share.vtime == vtime);
	go(TIME_HZ);
	assert_int_equal(guest[1].share.ran, ran);	/* half a second is what its cap gives it in two and a half */
}

static void permille(void **state)
{
	make(2);
	start_all(2);
	sched_tick();
	go(TIME_HZ);
	sched_tick();
	assert_in_range(sched_permille(&guest[0]), 480, 520);
	go(1);
	sched_tick();
	assert_int_equal(sched_permille(&guest[0]) + sched_permille(&guest[1]), 0);
}

static void second_is_over(void)
{
	if (!(now % TIME_HZ))
		sched_tick();
}

/* Who is alone does not come back to the run loop for as long as it likes; a second of it counts when it is over all the same. */
static void permille_of_one_that_runs_on(void **state)
{
	now += TIME_HZ - now % TIME_HZ;
	make(1);
	start_all(1);
	sched_tick();
	event = second_is_over;
	go(5 * TIME_HZ + 100);
	event = NULL;
	assert_int_equal(runs, 1);
	assert_in_range(sched_permille(&guest[0]), 990, 1000);
	go(TIME_HZ / 2);
	sched_tick();
	assert_in_range(sched_permille(&guest[0]), 490, 520);	/* and is counted once */
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(equal_shares), T(shares_by_weight), T(alone), T(sleepers), T(who_wakes_up_is_served), T(latency), T(devices_are_their_guests),
		T(devices_hold_no_interrupt_up), T(long_turns), T(caps), T(who_must_not_run), T(latecomer), T(nobody_to_compare_with), T(restarts_are_its_own_time), T(who_comes_again_owes),
		T(permille), T(permille_of_one_that_runs_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
