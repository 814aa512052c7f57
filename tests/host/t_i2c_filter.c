/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The power-off filter of I2C1: which byte of which transfer is changed, and that nothing else is. */
/* SOURCES: emulators/omap3_i2c.c tests/host/fake/emudev.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>

#include "fake.h"

#define BASE	0x48070000u
#define BUF	0x14
#define CNT	0x18
#define DATA	0x1c
#define SYSC	0x20
#define CON	0x24
#define SA	0x2c
#define START_WRITE	0x8601	/* EN, MST, TRX, STT */
#define START_READ	0x8401

static struct guest guest;
static struct emudev dev;
static u8 sent[256];	/* what reached the DATA register */
static u32 nsent;
static bool answers;

bool arch_mmio_read_checked(hpa_t a, u32 size, u32 *v)
{
	*v = 0x55;
	return answers;
}

bool arch_mmio_write_checked(hpa_t a, u32 size, u32 v)
{
	if (a == BASE + DATA)
		sent[nsent++] = (u8)v;
	return answers;
}

static void wr(u32 offset, u32 value)
{
	struct mmio_access a = { .addr = BASE + offset, .offset = offset, .size = 2, .is_write = true, .value = value };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
}

static void send(u32 slave, const u8 *bytes, u32 n)
{
	wr(SA, slave);
	wr(BUF, 0x4040);
	wr(CNT, n);
	wr(CON, START_WRITE | 2);
	for (u32 i = 0; i < n; i++)
		wr(DATA, bytes[i]);
}
#define SEND(slave, ...) send(slave, (const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static void expect(const u8 *bytes, u32 n)
{
	assert_int_equal(nsent, n);
	assert_memory_equal(sent, bytes, n);
	nsent = 0;
}
#define EXPECT(...) expect((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static int setup(void **state)
{
	fake_log_reset();
	memset(&guest, 0, sizeof(guest));
	guest.name = "t";
	nsent = 0;
	answers = true;
	dev.type = emudev_find_type("umbra,omap3-i2c-filter");
	assert_non_null(dev.type);
	dev.name = "i2c1";
	dev.guest = &guest;
	dev.base = BASE;
	free(dev.priv);
	dev.priv = calloc(1, dev.type->state_size);
	assert_int_equal(dev.type->create(&dev, NULL), 0);
	dev.type->reset(&dev);
	return 0;
}

static void power_off(void **state)
{
	SEND(0x4b, 0x46, 0x01);
	EXPECT(0x46, 0x00);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
	assert_non_null(strstr(guest.reason, "DEVOFF"));
}

/* Other bits of the same byte arrive. */
static void other_bits_pass(void **state)
{
	SEND(0x4b, 0x47, 0x19);
	EXPECT(0x47, 0x18);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
}

static void other_registers_pass(void **state)
{
	SEND(0x4b, 0x36, 0xff);
	EXPECT(0x36, 0xff);
	SEND(0x4b, 0x45, 0xff);
	EXPECT(0x45, 0xff);
	SEND(0x4b, 0x49, 0x01);
	EXPECT(0x49, 0x01);
	SEND(0x4a, 0x46, 0x01);	/* another slave of the same chip */
	EXPECT(0x46, 0x01);
	SEND(0x4b, 0x46, 0x18);	/* warm reset enable, level wake-up */
	EXPECT(0x46, 0x18);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
}

static void auto_increment(void **state)
{
	SEND(0x4b, 0x44, 0x01, 0x01, 0x01, 0xf0);
	EXPECT(0x44, 0x01, 0x01, 0x00, 0xf0);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
}

static void sleep_and_watchdog(void **state)
{
	SEND(0x4b, 0x46, 0x04);
	EXPECT(0x46, 0x00);
	SEND(0x4b, 0x5e, 0x1e);
	EXPECT(0x5e, 0x00);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	assert_int_equal(fake_log_count[LOG_WARN], 2);
}

/* The register number alone, then a read: the read's bytes come in, and nothing is counted from them. */
static void read_with_repeated_start(void **state)
{
	wr(SA, 0x4b);
	wr(CNT, 1);
	wr(CON, START_WRITE);
	wr(DATA, 0x45);
	wr(CNT, 2);
	wr(CON, START_READ | 2);
	SEND(0x4b, 0x46, 0x01);
	EXPECT(0x45, 0x46, 0x00);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
}

/* FIFO filled first, slave and START afterwards. */
static void filled_before_start(void **state)
{
	wr(SA, 0x50);
	wr(BUF, 0x4040);
	wr(CNT, 2);
	wr(DATA, 0x46);
	wr(DATA, 0x01);
	wr(SA, 0x4b);
	wr(CON, START_WRITE | 2);
	EXPECT(0x46, 0x00);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
	SEND(0x4b, 0x01, 0x46, 0x01);	/* counting starts afresh */
	EXPECT(0x01, 0x46, 0x01);
}

static void partly_filled_before_start(void **state)
{
	wr(CNT, 3);
	wr(SA, 0x4b);
	wr(DATA, 0x45);
	wr(CON, START_WRITE | 2);
	wr(DATA, 0xff);
	wr(DATA, 0xff);
	EXPECT(0x45, 0xff, 0xfa);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
}

/* The end of a transfer is the start of what comes next, cleared FIFO or not. */
static void back_to_back(void **state)
{
	SEND(0x4b, 0x10, 0x11);
	wr(CNT, 2);
	wr(DATA, 0x46);
	wr(DATA, 0x01);
	wr(CON, START_WRITE | 2);
	EXPECT(0x10, 0x11, 0x46, 0x00);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
}

/* A transfer that was cut short does not shift the next one. */
static void cut_short(void **state)
{
	wr(SA, 0x4b);
	wr(CNT, 5);
	wr(CON, START_WRITE);
	wr(DATA, 0x10);
	SEND(0x4b, 0x46, 0x01);
	EXPECT(0x10, 0x46, 0x00);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
}

static void disable_forgets(void **state)
{
	wr(DATA, 0x10);
	wr(CON, 0);
	wr(SA, 0x4b);
	wr(CNT, 2);
	wr(CON, START_WRITE | 2);
	wr(DATA, 0x46);
	wr(DATA, 0x01);
	EXPECT(0x10, 0x46, 0x00);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
}

static void soft_reset_forgets(void **state)
{
	wr(SA, 0x4b);
	wr(CNT, 9);
	wr(CON, START_WRITE);
	wr(DATA, 0x46);
	wr(SYSC, 2);
	wr(CON, 0x8000);
	wr(DATA, 0x01);
	EXPECT(0x46, 0x01);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
}

static void reads_and_errors(void **state)
{
	struct mmio_access a = { .addr = BASE + 8, .offset = 8, .size = 2 };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
	assert_int_equal(a.value, 0x55);
	answers = false;
	assert_int_equal(dev.type->access(&dev, &a), MMIO_ERROR);
	a.is_write = true;
	assert_int_equal(dev.type->access(&dev, &a), MMIO_ERROR);
	answers = true;
	a.offset = CON + 1;
	a.size = 1;
	assert_int_equal(dev.type->access(&dev, &a), MMIO_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(power_off, setup),
		cmocka_unit_test_setup(other_bits_pass, setup),
		cmocka_unit_test_setup(other_registers_pass, setup),
		cmocka_unit_test_setup(auto_increment, setup),
		cmocka_unit_test_setup(sleep_and_watchdog, setup),
		cmocka_unit_test_setup(read_with_repeated_start, setup),
		cmocka_unit_test_setup(filled_before_start, setup),
		cmocka_unit_test_setup(partly_filled_before_start, setup),
		cmocka_unit_test_setup(back_to_back, setup),
		cmocka_unit_test_setup(cut_short, setup),
		cmocka_unit_test_setup(disable_forgets, setup),
		cmocka_unit_test_setup(soft_reset_forgets, setup),
		cmocka_unit_test_setup(reads_and_errors, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
