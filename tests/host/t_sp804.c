/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated dual timer and real time clock, over a host timer of their own: modes, prescalers, wrap-around of host time, alarms. */
/* SOURCES: emulators/sp804.c emulators/pl031.c core/guest_tree.c core/vtimer.c */
/* SOURCES: tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/time.c tests/host/fake/timer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/vtimer.h>

#include "fake.h"

#define LOAD(t)		(0x20 * (t) + 0x00)
#define VALUE(t)	(0x20 * (t) + 0x04)
#define CONTROL(t)	(0x20 * (t) + 0x08)
#define INTCLR(t)	(0x20 * (t) + 0x0c)
#define RIS(t)		(0x20 * (t) + 0x10)
#define MIS(t)		(0x20 * (t) + 0x14)
#define BGLOAD(t)	(0x20 * (t) + 0x18)
#define ENABLE		0x80
#define PERIODIC	0x40
#define IRQ		0x20
#define BY_16		0x04
#define BY_256		0x08
#define WIDE		0x02
#define ONESHOT		0x01

#define RTC_DR		0x00
#define RTC_MR		0x04
#define RTC_LR		0x08
#define RTC_CR		0x0c
#define RTC_IMSC	0x10
#define RTC_RIS		0x14
#define RTC_MIS		0x18
#define RTC_ICR		0x1c

#define TIMER_LINE	1u
#define RTC_LINE	2u
#define CLOCKS(ticks)	((ticks) << GUEST_TIMCLK_SHIFT)

static struct guest guest;
static struct emudev timer, rtc;

static u32 read_from(struct emudev *d, u32 offset)
{
	struct mmio_access a = { .offset = offset, .size = 4 };

	assert_int_equal(d->type->access(d, &a), MMIO_DONE);
	return a.value;
}

static void write_to(struct emudev *d, u32 offset, u32 value)
{
	struct mmio_access a = { .offset = offset, .size = 4, .is_write = true, .value = value };

	assert_int_equal(d->type->access(d, &a), MMIO_DONE);
}

#define rd(o)		read_from(&timer, o)
#define wr(o, v)	write_to(&timer, o, v)

static void make(struct emudev *d, const char *compatible, u32 irq)
{
	free(d->priv);
	memset(d, 0, sizeof(*d));
	d->type = emudev_find_type(compatible);
	assert_non_null(d->type);
	d->name = compatible;
	d->guest = &guest;
	d->irq = irq;
	d->priv = calloc(1, d->type->state_size);
	assert_int_equal(d->type->create(d, &(struct layout_dev){ .node = "t" }), 0);
	d->type->reset(d);
}

static int setup(void **state)
{
	static bool once;

	if (timer.priv)		/* nothing of the last test is linked */
		timer.type->reset(&timer);
	fake_time_go(0);
	if (!once)
		vtimers_init();
	once = true;
	fake_time = 0xfffff000;	/* about to wrap */
	memset(fake_line, 0, sizeof(fake_line));
	if (!timer.priv) {
		make(&timer, "umbra,sp804", TIMER_LINE);
		make(&rtc, "umbra,pl031", RTC_LINE);
	}
	timer.type->reset(&timer);
	return 0;
}

static void test_identity(void **state)
{
	static const u8 id[] = { 0x04, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	for (u32 i = 0; i < 8; i++)
		assert_int_equal(rd(0xfe0 + 4 * i), id[i]);
	assert_int_equal(rd(CONTROL(0)), IRQ);
	assert_int_equal(rd(VALUE(0)), 0xffff);
	assert_int_equal(rd(0xf00), 0);
}

/* As Linux's clock source: 32 bits, periodic from the highest value. */
static void test_free_running(void **state)
{
	wr(LOAD(1), ~0u);
	wr(CONTROL(1), ENABLE | PERIODIC | WIDE);
	assert_int_equal(rd(VALUE(1)), ~0u);
	fake_time_go(100);
	assert_int_equal(rd(VALUE(1)), ~0u - CLOCKS(100));
	fake_time_go(0x10000);	/* host time wraps */
	assert_int_equal(rd(VALUE(1)), ~0u - CLOCKS(0x10000 + 100));
	assert_int_equal(rd(RIS(1)), 0);
	fake_time_go(BIT(27));	/* and the counter itself, in more than an hour */
	assert_int_equal(rd(RIS(1)), 1);
	assert_int_equal(rd(MIS(1)), 0);
	assert_false(fake_line[TIMER_LINE]);
}

/* Nobody looks for 300 hours, more than host time can tell apart. */
static void test_long_silence(void **state)
{
	u32 start;

	wr(CONTROL(1), ENABLE | WIDE | BY_256);
	wr(LOAD(1), ~0u);
	start = rd(VALUE(1));
	for (u32 i = 0; i < 32; i++)
		fake_time_go(BIT(30));
	assert_int_equal(start - rd(VALUE(1)), (u32)(((u64)BIT(30) * 32 << GUEST_TIMCLK_SHIFT) >> 8));
}

static void test_oneshot(void **state)
{
	wr(LOAD(0), CLOCKS(10));
	wr(CONTROL(0), ENABLE | IRQ | WIDE | ONESHOT);
	fake_time_go(9);
	assert_false(fake_line[TIMER_LINE]);
	fake_time_go(1);
	assert_true(fake_line[TIMER_LINE]);
	assert_int_equal(rd(VALUE(0)), 0);
	assert_int_equal(rd(MIS(0)), 1);
	wr(INTCLR(0), 1);
	assert_false(fake_line[TIMER_LINE]);
	fake_time_go(100000);
	assert_false(fake_line[TIMER_LINE]);
	assert_int_equal(rd(VALUE(0)), 0);
	/* a new value starts it again, without a word to the control register */
	wr(LOAD(0), CLOCKS(3) - 1);
	fake_time_go(3);	/* never early: rounded up */
	assert_true(fake_line[TIMER_LINE]);
	wr(INTCLR(0), 1);
	/* so does the end of one-shot mode */
	wr(CONTROL(0), ENABLE | IRQ | WIDE | PERIODIC);
	fake_time_go(3);
	assert_true(fake_line[TIMER_LINE]);
}

static void test_periodic(void **state)
{
	u32 before = fake_timer_interrupts;

	wr(LOAD(0), CLOCKS(8));
	wr(CONTROL(0), ENABLE | IRQ | WIDE | PERIODIC);
	for (u32 i = 0; i < 5; i++) {
		fake_time_go(8);
		assert_true(fake_line[TIMER_LINE]);
		wr(INTCLR(0), 1);
		assert_false(fake_line[TIMER_LINE]);
	}
	/* not cleared: the host's timer has nothing to say meanwhile */
	before = fake_timer_interrupts;
	fake_time_go(100000);
	assert_in_range(fake_timer_interrupts - before, 1, 2);
	wr(INTCLR(0), 1);
	fake_time_go(8);
	assert_true(fake_line[TIMER_LINE]);
	/* another period from the next zero on */
	fake_time_go(5);
	wr(BGLOAD(0), CLOCKS(100));
	assert_int_equal(rd(LOAD(0)), CLOCKS(100));
	assert_int_equal(rd(VALUE(0)), CLOCKS(3));
	fake_time_go(3);
	wr(INTCLR(0), 1);
	assert_int_equal(rd(VALUE(0)), CLOCKS(100));
}

static void test_prescale_and_width(void **state)
{
	wr(LOAD(0), 0x12340010);
	wr(CONTROL(0), ENABLE | IRQ | BY_16);
	assert_int_equal(rd(VALUE(0)), 0x10);	/* 16 bits */
	fake_time_go(7);
	assert_false(fake_line[TIMER_LINE]);
	fake_time_go(1);	/* 16 steps of 16 clocks */
	assert_true(fake_line[TIMER_LINE]);
	assert_int_equal(rd(VALUE(0)), 0);	/* 0x10000 */
	fake_time_go(1);
	assert_int_equal(rd(VALUE(0)), 0xfffe);
	/* stopped, it keeps its value */
	wr(CONTROL(0), BY_16);
	fake_time_go(1000);
	assert_int_equal(rd(VALUE(0)), 0xfffe);
	wr(CONTROL(0), ENABLE | BY_256);
	fake_time_go(8);
	assert_int_equal(rd(VALUE(0)), 0xfffd);
}

static void test_zero(void **state)
{
	wr(CONTROL(0), ENABLE | IRQ | WIDE | ONESHOT);
	wr(LOAD(0), 0);
	assert_true(fake_line[TIMER_LINE]);
	wr(INTCLR(0), 1);
	assert_false(fake_line[TIMER_LINE]);
	/* a period of nothing is a clock, and ends no host */
	wr(CONTROL(0), ENABLE | IRQ | WIDE | PERIODIC);
	fake_time_go(1000);
	assert_true(fake_line[TIMER_LINE]);
}

/* Two timers, one line. */
static void test_line(void **state)
{
	for (u32 t = 0; t < 2; t++) {
		wr(LOAD(t), CLOCKS(4));
		wr(CONTROL(t), ENABLE | IRQ | WIDE | ONESHOT);
	}
	fake_time_go(4);
	assert_true(fake_line[TIMER_LINE]);
	wr(INTCLR(0), 1);
	assert_true(fake_line[TIMER_LINE]);
	wr(CONTROL(1), ENABLE | WIDE | ONESHOT);
	assert_false(fake_line[TIMER_LINE]);
	assert_int_equal(rd(RIS(1)), 1);
	wr(CONTROL(1), ENABLE | IRQ | WIDE | ONESHOT);
	assert_true(fake_line[TIMER_LINE]);
	timer.type->reset(&timer);
	assert_false(fake_line[TIMER_LINE]);
	assert_int_equal(rd(RIS(1)), 0);
}

static void test_sizes(void **state)
{
	struct mmio_access half = { .offset = LOAD(0), .size = 2 }, odd = { .offset = LOAD(0) + 2, .size = 4 };

	assert_int_equal(timer.type->access(&timer, &half), MMIO_ERROR);
	assert_int_equal(timer.type->access(&timer, &odd), MMIO_ERROR);
	assert_int_equal(rtc.type->access(&rtc, &half), MMIO_ERROR);
}

static void test_clock(void **state)
{
	u32 start;

	for (u32 i = 0; i < 8; i++)
		assert_int_equal(read_from(&rtc, 0xfe0 + 4 * i), ((const u8[]){ 0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 })[i]);
	write_to(&rtc, RTC_LR, 1000000000);
	assert_int_equal(read_from(&rtc, RTC_DR), 1000000000);
	fake_time_go(10 * TIME_HZ - 1);
	assert_int_equal(read_from(&rtc, RTC_DR), 1000000009);
	fake_time_go(1);
	assert_int_equal(read_from(&rtc, RTC_DR), 1000000010);
	/* it goes on over a restart, runs already, and nobody looks for 300 hours */
	rtc.type->reset(&rtc);
	write_to(&rtc, RTC_CR, 1);
	write_to(&rtc, RTC_CR, 0);
	assert_int_equal(read_from(&rtc, RTC_CR), 1);
	start = read_from(&rtc, RTC_DR);
	for (u32 i = 0; i < 32; i++)
		fake_time_go(BIT(30));
	assert_int_equal(read_from(&rtc, RTC_DR) - start, 32 * (BIT(30) / TIME_HZ));
}

static void test_alarm(void **state)
{
	write_to(&rtc, RTC_LR, 500);
	write_to(&rtc, RTC_MR, 503);
	write_to(&rtc, RTC_IMSC, 1);
	fake_time_go(3 * TIME_HZ - 1);
	assert_false(fake_line[RTC_LINE]);
	fake_time_go(1);
	assert_true(fake_line[RTC_LINE]);
	assert_int_equal(read_from(&rtc, RTC_MIS), 1);
	write_to(&rtc, RTC_ICR, 1);
	assert_false(fake_line[RTC_LINE]);
	fake_time_go(10 * TIME_HZ);
	assert_false(fake_line[RTC_LINE]);	/* one moment */
	write_to(&rtc, RTC_IMSC, 0);
	write_to(&rtc, RTC_MR, 514);
	fake_time_go(TIME_HZ);
	assert_int_equal(read_from(&rtc, RTC_RIS), 1);
	assert_int_equal(read_from(&rtc, RTC_MIS), 0);
	assert_false(fake_line[RTC_LINE]);
	rtc.type->reset(&rtc);
	assert_int_equal(read_from(&rtc, RTC_RIS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_identity, setup),
		cmocka_unit_test_setup(test_free_running, setup),
		cmocka_unit_test_setup(test_long_silence, setup),
		cmocka_unit_test_setup(test_oneshot, setup),
		cmocka_unit_test_setup(test_periodic, setup),
		cmocka_unit_test_setup(test_prescale_and_width, setup),
		cmocka_unit_test_setup(test_zero, setup),
		cmocka_unit_test_setup(test_line, setup),
		cmocka_unit_test_setup(test_sizes, setup),
		cmocka_unit_test_setup(test_clock, setup),
		cmocka_unit_test_setup(test_alarm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
