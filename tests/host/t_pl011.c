/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated PL011: FIFOs and trigger levels, interrupts, console back pressure, BREAK, loopback. */
/* SOURCES: emulators/pl011.c core/guest_tree.c tests/host/fake/emudev.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/console.h>
#include <hv/emudev.h>
#include <hv/guest.h>

#include "fake.h"

#define DR	0x00
#define RSR	0x04
#define FR	0x18
#define IBRD	0x24
#define FBRD	0x28
#define LCRH	0x2c
#define CR	0x30
#define IFLS	0x34
#define IMSC	0x38
#define RIS	0x3c
#define MIS	0x40
#define ICR	0x44
#define RXFE	0x10
#define TXFF	0x20
#define RXFF	0x40
#define TXFE	0x80
#define RX	0x10
#define TX	0x20
#define RT	0x40
#define LINE	1u

static struct guest guest;
static struct emudev dev;
static const struct console_guest_ops *ops;
static void *ops_priv;
static char wire[8192];
static u32 wire_len, wire_room, taken;
static bool line_held;

void console_guest_attach(const struct console_guest_ops *o, void *priv)
{
	ops = o;
	ops_priv = priv;
}

void console_guest_taken(void) { taken++; }
void console_guest_break(bool on) { line_held = on; }

bool console_guest_tx(u8 c)
{
	if (wire_len >= wire_room)
		return false;
	wire[wire_len++] = (char)c;
	return true;
}

static u32 rd_size(u32 offset, u32 size)
{
	struct mmio_access a = { .offset = offset, .size = size };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
	return a.value;
}

static u32 rd(u32 offset)
{
	return rd_size(offset, 2);
}

static void wr(u32 offset, u32 value)
{
	struct mmio_access a = { .offset = offset, .size = 2, .is_write = true, .value = value };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
}

static void type(const char *s)
{
	while (*s)
		ops->rx(ops_priv, (u8)*s++);
}

static int setup_once(void **state)
{
	dev.type = emudev_find_type("umbra,pl011");
	assert_non_null(dev.type);
	dev.guest = &guest;
	dev.irq = LINE;
	dev.priv = calloc(1, dev.type->state_size);
	assert_int_equal(dev.type->create(&dev, &(struct layout_dev){ .node = "uart" }), 0);
	/* one console, one UART */
	assert_int_not_equal(dev.type->create(&dev, &(struct layout_dev){ .node = "uart" }), 0);
	return 0;
}

/* As Linux opens it: FIFOs, receiver on. */
static int setup(void **state)
{
	wire_len = 0;
	wire_room = sizeof(wire);
	dev.type->reset(&dev);
	wr(LCRH, 0x70);
	wr(CR, 0x301);
	return 0;
}

static void test_identity(void **state)
{
	static const u8 id[] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	for (u32 i = 0; i < 8; i++)
		assert_int_equal(rd(0xfe0 + 4 * i), id[i]);
	wr(IBRD, 0x1000d);
	wr(FBRD, 0xff);
	assert_int_equal(rd(IBRD), 0x0d);
	assert_int_equal(rd(FBRD), 0x3f);
	assert_int_equal(rd(FR) & (RXFE | TXFE | RXFF | TXFF), RXFE | TXFE);
}

static void test_transmit(void **state)
{
	wr(IMSC, TX);
	assert_false(fake_line[LINE]);	/* nothing was sent yet */
	wr(DR, 'a');
	assert_true(fake_line[LINE]);
	wr(ICR, TX);
	assert_false(fake_line[LINE]);
	wr(DR, 'b');
	wr(IMSC, 0);
	assert_false(fake_line[LINE]);
	assert_memory_equal(wire, "ab", 2);
}

/* The console is full: the FIFO fills, the interrupt comes when it has fallen to its level. */
static void test_back_pressure(void **state)
{
	wire_room = 0;
	wr(IMSC, TX);
	wr(IFLS, 0x12);		/* half */
	for (u32 i = 0; i < 32; i++) {
		assert_false(rd(FR) & TXFF);
		wr(DR, 'A' + i);
	}
	assert_int_equal(rd(FR) & (TXFF | TXFE), TXFF);
	assert_false(fake_line[LINE]);
	wr(DR, '!');		/* lost */
	wire_room = 15;
	ops->tx_space(ops_priv);
	assert_false(fake_line[LINE]);
	wire_room = 16;
	ops->tx_space(ops_priv);
	assert_true(fake_line[LINE]);
	wire_room = 100;
	ops->tx_space(ops_priv);
	assert_int_equal(wire_len, 32);
	assert_memory_equal(wire, "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`", 32);
	assert_int_equal(rd(FR) & (TXFF | TXFE), TXFE);
}

static void test_receive(void **state)
{
	u32 before;

	wr(IMSC, RX | RT);
	wr(IFLS, 0x12);
	type("x");
	assert_int_equal(rd(MIS), RT);
	assert_true(fake_line[LINE]);
	before = taken;
	assert_int_equal(rd(DR), 'x');
	assert_int_equal(taken, before + 1);
	assert_false(fake_line[LINE]);
	assert_int_equal(rd(DR), 0);
	type("0123456789abcdef");
	assert_int_equal(rd(MIS), RX | RT);
	assert_int_equal(rd(DR), '0');
	assert_int_equal(rd(MIS), RT);
	/* cleared, they come back with the next character */
	wr(ICR, RX | RT);
	assert_false(fake_line[LINE]);
	type("g");
	assert_true(fake_line[LINE]);
	type("0123456789abcdef");
	assert_true(rd(FR) & RXFF);
	for (u32 i = 0; i < 32; i++)
		rd(DR);
	assert_int_equal(rd(FR) & (RXFE | RXFF), RXFE);
}

/* Without FIFOs each is one deep; switching them throws away what was received. */
static void test_no_fifo(void **state)
{
	type("abc");
	wr(LCRH, 0x60);
	assert_true(rd(FR) & RXFE);
	wr(IMSC, RX);
	type("d");
	assert_true(fake_line[LINE]);
	assert_true(rd(FR) & RXFF);
	assert_int_equal(rd(DR), 'd');
	assert_false(fake_line[LINE]);
	wire_room = 0;
	wr(DR, 'x');
	assert_true(rd(FR) & TXFF);
}

static void test_break(void **state)
{
	wr(IMSC, 0x200);
	ops->rx_break(ops_priv);
	assert_true(fake_line[LINE]);
	assert_int_equal(rd(DR), 0x500);
	assert_int_equal(rd(RSR), 5);
	wr(RSR, 0);
	assert_int_equal(rd(RSR), 0);
	wr(ICR, 0x200);
	assert_false(fake_line[LINE]);
	wr(LCRH, 0x71);
	assert_true(line_held);
	wr(LCRH, 0x70);
	assert_false(line_held);
	wr(LCRH, 0x71);
	dev.type->reset(&dev);
	assert_false(line_held);
}

static void test_overrun(void **state)
{
	wr(IMSC, 0x400);
	while (ops->rx_room(ops_priv))
		type("x");
	assert_false(fake_line[LINE]);
	type("y");
	assert_true(fake_line[LINE]);
	rd(DR);
	type("z");
	for (u32 i = 0; i < 4095; i++)
		assert_int_equal(rd(DR), 'x');
	assert_int_equal(rd(DR), 0x800 | 'z');
	assert_true(rd(FR) & RXFE);
}

static void test_loopback(void **state)
{
	wr(CR, 0x381);
	wr(DR, 'q');
	assert_int_equal(wire_len, 0);
	assert_int_equal(rd(DR), 'q');
	wr(LCRH, 0x71);
	assert_false(line_held);
	assert_int_equal(rd(DR), 0x500);
}

static void test_sizes(void **state)
{
	struct mmio_access odd = { .offset = FR + 1, .size = 2 };

	type("m");
	assert_int_equal(rd_size(DR, 1), 'm');
	assert_int_equal(rd_size(FR, 4) & RXFE, RXFE);
	assert_int_equal(rd_size(FR + 2, 2), 0);
	assert_int_equal(dev.type->access(&dev, &odd), MMIO_ERROR);
	wr(0x800, ~0u);
	assert_int_equal(rd(0x800), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_identity, setup),
		cmocka_unit_test_setup(test_transmit, setup),
		cmocka_unit_test_setup(test_back_pressure, setup),
		cmocka_unit_test_setup(test_receive, setup),
		cmocka_unit_test_setup(test_no_fifo, setup),
		cmocka_unit_test_setup(test_break, setup),
		cmocka_unit_test_setup(test_overrun, setup),
		cmocka_unit_test_setup(test_loopback, setup),
		cmocka_unit_test_setup(test_sizes, setup),
	};

	return cmocka_run_group_tests(tests, setup_once, NULL);
}
