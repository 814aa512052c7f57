/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated watchdog: key sequence, time to expiry, serving it, and that it bites the guest. */
/* SOURCES: emulators/omap3_wdt.c tests/host/fake/emudev.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/time.h>

#include "fake.h"

#define SYSCONFIG	0x10
#define WCLR		0x24
#define WCRR		0x28
#define WLDR		0x2c
#define WTGR		0x30
#define WWPS		0x34
#define WSPR		0x48

static struct guest guest;
static struct emudev dev;
static u32 now = 0xfffff000u;	/* wraps during the tests */
static void (*tick)(void *arg);
static void *tick_arg;

u32 host_time_now(void)
{
	return now;
}

int host_timer_attach(void (*fn)(void *arg), void *arg)
{
	tick = fn;
	tick_arg = arg;
	return 0;
}

static u32 rd(u32 offset)
{
	struct mmio_access a = { .offset = offset, .size = 4 };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
	return a.value;
}

static void wr(u32 offset, u32 value)
{
	struct mmio_access a = { .offset = offset, .size = 4, .is_write = true, .value = value };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
}

static int setup(void **state)
{
	memset(&guest, 0, sizeof(guest));
	guest.name = "t";
	dev.type = emudev_find_type("umbra,omap3-wdt");
	assert_non_null(dev.type);
	dev.name = "wdt2";
	dev.guest = &guest;
	free(dev.priv);
	dev.priv = calloc(1, dev.type->state_size);
	assert_int_equal(dev.type->create(&dev, NULL), 0);
	dev.type->reset(&dev);
	return 0;
}

/* As Linux does: prescaler 0, load for @seconds, reload, start. */
static void start(u32 seconds)
{
	wr(WCLR, 0x20);
	wr(WLDR, 0u - seconds * TIME_HZ);
	wr(WTGR, rd(WTGR) + 1);
	wr(WSPR, 0xbbbb);
	wr(WSPR, 0x4444);
}

static void pass_seconds(u32 seconds)
{
	while (seconds--) {
		now += TIME_HZ;
		tick(tick_arg);
	}
}

static void stopped_at_reset(void **state)
{
	pass_seconds(300);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	assert_int_equal(rd(WCRR), 0);
	assert_int_equal(rd(WWPS), 0);
	assert_int_equal(rd(0), 0x30);
	assert_int_equal(rd(0x14), 1);
}

static void bites(void **state)
{
	start(60);
	pass_seconds(59);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	pass_seconds(2);
	assert_int_equal(guest.request, GUEST_REQ_RESET);
	assert_non_null(strstr(guest.reason, "watchdog"));
}

/* More than a turn of host time: from 0 on, and with each prescaler. */
static void bites_late(void **state)
{
	for (u32 ptv = 0; ptv < 8; ptv++) {
		guest.request = GUEST_REQ_NONE;
		wr(WCLR, 0x20 | ptv << 2);
		wr(WLDR, 0);
		wr(WTGR, ~rd(WTGR));
		wr(WSPR, 0xbbbb);
		wr(WSPR, 0x4444);
		for (u32 n = 0; n < (4u << ptv); n++) {
			assert_int_equal(guest.request, GUEST_REQ_NONE);
			now += 0x40000000;
			tick(tick_arg);
		}
		assert_int_equal(guest.request, GUEST_REQ_RESET);
	}
}

static void served(void **state)
{
	start(60);
	for (u32 i = 0; i < 10; i++) {
		pass_seconds(50);
		wr(WTGR, ~rd(WTGR));
	}
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	assert_int_equal(rd(WCRR), 0u - 60 * TIME_HZ);
	pass_seconds(30);
	wr(WTGR, rd(WTGR));	/* the same value does not count */
	pass_seconds(31);
	assert_int_equal(guest.request, GUEST_REQ_RESET);
}

static void stop_sequence(void **state)
{
	start(10);
	wr(WSPR, 0x5555);	/* wrong order */
	wr(WSPR, 0xaaaa);
	pass_seconds(5);
	wr(WSPR, 0xaaaa);
	wr(WSPR, 0x5555);
	pass_seconds(100);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	assert_int_equal(rd(WCRR), 0u - 5 * TIME_HZ);
	wr(WSPR, 0xbbbb);
	wr(WSPR, 0x4444);
	pass_seconds(6);
	assert_int_equal(guest.request, GUEST_REQ_RESET);
}

static void half_a_key(void **state)
{
	wr(WLDR, 0u - TIME_HZ);
	wr(WTGR, 1);
	wr(WSPR, 0x4444);
	wr(WSPR, 0xbbbb);
	pass_seconds(5);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
}

static void prescaler(void **state)
{
	start(10);
	wr(WCLR, 0x20 | 2 << 2);	/* a quarter of the speed */
	pass_seconds(39);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	pass_seconds(2);
	assert_int_equal(guest.request, GUEST_REQ_RESET);
}

/* The bite does not wait for the tick when the guest itself looks. */
static void seen_at_access(void **state)
{
	start(1);
	now += 2 * TIME_HZ;
	rd(WCRR);
	assert_int_equal(guest.request, GUEST_REQ_RESET);
}

static void resets(void **state)
{
	struct mmio_access a = { .offset = WCRR, .size = 2 };

	start(5);
	wr(SYSCONFIG, 2);
	assert_int_equal(rd(SYSCONFIG), 0);
	pass_seconds(20);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	start(5);
	dev.type->reset(&dev);
	pass_seconds(20);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	assert_int_equal(dev.type->access(&dev, &a), MMIO_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(stopped_at_reset, setup),
		cmocka_unit_test_setup(bites, setup),
		cmocka_unit_test_setup(bites_late, setup),
		cmocka_unit_test_setup(served, setup),
		cmocka_unit_test_setup(stop_sequence, setup),
		cmocka_unit_test_setup(half_a_key, setup),
		cmocka_unit_test_setup(prescaler, setup),
		cmocka_unit_test_setup(seen_at_access, setup),
		cmocka_unit_test_setup(resets, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
