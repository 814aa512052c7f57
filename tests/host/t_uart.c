/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated UART: register banks, FIFOs, interrupt identification, console back pressure, Linux's probe sequence. */
/* SOURCES: emulators/omap3_uart.c tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/arch.c */
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

#define RHR	0x00
#define IER	0x04
#define IIR	0x08
#define FCR	0x08
#define EFR	0x08
#define LCR	0x0c
#define MCR	0x10
#define LSR	0x14
#define TCR	0x18
#define SPR	0x1c
#define MDR1	0x20
#define SCR	0x40
#define SSR	0x44
#define MVR	0x50
#define SYSC	0x54
#define SYSS	0x58
#define WER	0x5c
#define TX_LVL	0x68
#define LINE	74u

static struct guest guest;
static struct emudev dev;
static const struct console_guest_ops *ops;
static void *ops_priv;

/* The console end: collects what the guest sends while there is room. */
static char wire[8192];
static u32 wire_len, wire_room;

struct console_port *console_guest_attach(struct guest *g, const struct console_guest_ops *o, void *priv)
{
	static bool attached;

	if (attached)
		return NULL;
	attached = true;
	ops = o;
	ops_priv = priv;
	return (struct console_port *)wire;
}

static u32 taken;
static bool line_held;

void console_guest_taken(struct console_port *p) { taken++; }
void console_guest_break(struct console_port *p, bool on) { line_held = on; }

bool console_guest_tx(struct console_port *p, u8 c)
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
	guest.name = "t";
	dev.type = emudev_find_type("umbra,omap3-uart");
	assert_non_null(dev.type);
	dev.name = "uart3";
	dev.guest = &guest;
	dev.irq = LINE;
	dev.priv = calloc(1, dev.type->state_size);
	assert_int_equal(dev.type->create(&dev, &(struct layout_dev){ .node = "uart3" }), 0);
	/* one console, one UART */
	assert_int_not_equal(dev.type->create(&dev, &(struct layout_dev){ .node = "uart4" }), 0);
	return 0;
}

static int setup(void **state)
{
	fake_log_reset();
	wire_len = 0;
	wire_room = sizeof(wire);
	wr(SYSC, 2);
	ops->tx_space(ops_priv);
	wire_len = 0;
	memset(wire, 0, sizeof(wire));
	dev.type->reset(&dev);
	return 0;
}

/* As the boot loader leaves it, so that an early console works without set-up. */
static void reset_state(void **state)
{
	assert_int_equal(rd(MDR1), 0);
	assert_int_equal(rd(LCR), 3);
	assert_int_equal(rd(LSR), 0x60);
	assert_int_equal(rd(IIR), 0xc1);
	assert_int_equal(rd(SYSS), 1);
	assert_int_equal(rd_size(MVR, 4), 0x52);
	wr(LCR, 0x83);
	assert_int_equal(rd(RHR), 26);
	assert_int_equal(rd(IER), 0);
	assert_false(fake_line[LINE]);
}

static void transmit(void **state)
{
	for (const char *s = "hello"; *s; s++) {
		assert_int_equal(rd(LSR) & 0x60, 0x60);
		wr(RHR, (u8)*s);
	}
	assert_string_equal(wire, "hello");
}

static void banks_are_separate(void **state)
{
	wr(SPR, 0x5a);
	wr(MCR, 0x0b);
	wr(LCR, 0xbf);
	wr(MCR, 0x11);	/* XON1: must not turn on loopback */
	wr(SPR, 0x13);	/* XOFF2 */
	wr(EFR, 0x10);
	assert_int_equal(rd(EFR), 0x10);
	wr(RHR, 0x34);
	wr(IER, 0xff);
	wr(LCR, 0x80);
	assert_int_equal(rd(RHR), 0x34);
	assert_int_equal(rd(IER), 0x3f);
	assert_int_equal(rd(MCR), 0x0b);
	wr(LCR, 3);
	assert_int_equal(rd(IER), 0);
	assert_int_equal(rd(SPR), 0x5a);
	assert_int_equal(wire_len, 0);
	wr(LCR, 0xbf);
	assert_int_equal(rd(MCR), 0x11);
	assert_int_equal(rd(SPR), 0x13);
}

/* IER[7:4] and MCR[7:5] need EFR.ENHANCED; TCR and TLR appear with EFR.ENHANCED and MCR.TCRTLR. */
static void enhanced_bits(void **state)
{
	wr(IER, 0x10);
	assert_int_equal(rd(IER), 0);
	wr(MCR, 0x43);
	assert_int_equal(rd(MCR), 0x03);
	wr(LCR, 0xbf);
	wr(EFR, 0x10);
	wr(LCR, 3);
	wr(IER, 0x10);
	assert_int_equal(rd(IER), 0x10);
	wr(SPR, 0x77);
	wr(MCR, 0x43);
	assert_int_equal(rd(TCR), 0x0f);
	wr(SPR, 0x88);
	assert_int_equal(rd(SPR), 0x88);
	wr(MCR, 0x03);
	assert_int_equal(rd(SPR), 0x77);
	assert_int_equal(rd(TCR), 0x10);	/* MSR: CTS */
}

static void receive(void **state)
{
	type("ab");
	assert_false(fake_line[LINE]);
	wr(IER, 0x05);
	assert_true(fake_line[LINE]);
	assert_int_equal(rd(IIR), 0xcc);	/* below the trigger: time-out */
	assert_int_equal(rd(LSR), 0x61);
	assert_int_equal(rd(RHR), 'a');
	assert_true(fake_line[LINE]);
	assert_int_equal(rd(RHR), 'b');
	assert_false(fake_line[LINE]);
	assert_int_equal(rd(IIR), 0xc1);
	assert_int_equal(rd(LSR), 0x60);
	type("12345678");
	assert_int_equal(rd(IIR), 0xc4);
	wr(FCR, 3);	/* clear the receive FIFO */
	assert_int_equal(rd(LSR), 0x60);
	assert_false(fake_line[LINE]);
}

/* Trigger of one character, as Linux sets it: TLR 0, FCR 01, granularity 1. */
static void receive_trigger_of_one(void **state)
{
	wr(SCR, 0x80);
	wr(FCR, 0x41);
	wr(IER, 1);
	type("x");
	assert_int_equal(rd(IIR), 0xc4);
}

/* Far more than a FIFO arrives while the guest does not look: nothing is lost. */
/* A BREAK stands in the FIFO like a character, and LSR tells of it when it is the next one to read. */
static void breaks_are_received(void **state)
{
	wr(FCR, 1);
	wr(IER, 5);
	ops->rx(ops_priv, 'a');
	ops->rx_break(ops_priv);
	ops->rx(ops_priv, 'b');
	assert_int_equal(rd(LSR) & 0x91, 0x81);
	assert_int_equal(rd(RHR), 'a');
	assert_int_equal(rd(IIR) & 0x3f, 6);
	assert_int_equal(rd(LSR) & 0x91, 0x91);
	assert_int_equal(rd(RHR), 0);
	assert_int_equal(rd(LSR) & 0x91, 0x01);
	assert_int_equal(rd(RHR), 'b');
	assert_int_equal(rd(IIR) & 0x3f, 1);
	ops->rx_break(ops_priv);
	wr(FCR, 3);
	assert_int_equal(rd(LSR) & 0x91, 0);
}

/* Characters that the real wire lost are an overrun of this one, said once. */
static void losses_are_overruns(void **state)
{
	wr(IER, 4);
	ops->rx_overrun(ops_priv);
	assert_int_equal(rd(IIR) & 0x3f, 6);
	assert_int_equal(rd(LSR) & 2, 2);
	assert_int_equal(rd(LSR) & 2, 0);
	assert_int_equal(rd(IIR) & 0x3f, 1);
}

/* LCR bit 6 holds the line, but not where LCR selects another register bank. */
static void breaks_are_sent(void **state)
{
	wr(LCR, 0x43);
	assert_true(line_held);
	wr(LCR, 0x03);
	assert_false(line_held);
	wr(LCR, 0xbf);
	assert_false(line_held);
	wr(LCR, 0x43);
	assert_true(line_held);
	wr(SYSC, 2);
	assert_false(line_held);
	wr(MCR, 0x10);
	wr(LCR, 0x43);
	assert_false(line_held);
	assert_int_equal(rd(LSR) & 0x11, 0x11);
	wr(LCR, 0x03);
}

/* The console hears how much room there is, and when there is more. */
static void room_is_known(void **state)
{
	assert_int_equal(ops->rx_room(ops_priv), 4096);
	ops->rx(ops_priv, 'a');
	assert_int_equal(ops->rx_room(ops_priv), 4095);
	taken = 0;
	(void)rd(RHR);
	assert_int_equal(taken, 1);
	assert_int_equal(ops->rx_room(ops_priv), 4096);
}

static void receive_backlog(void **state)
{
	wr(IER, 1);
	for (u32 i = 0; i < 4096; i++)
		ops->rx(ops_priv, (u8)i);
	assert_int_equal(rd(0x64), 64);
	for (u32 i = 0; i < 4096; i++) {
		assert_int_equal(rd(LSR), 0x61);
		assert_int_equal(rd(RHR), (u8)i);
	}
	assert_int_equal(rd(LSR), 0x60);
	/* And one more than fits is an overrun, reported once. */
	for (u32 i = 0; i < 4097; i++)
		ops->rx(ops_priv, 'x');
	wr(IER, 5);
	assert_int_equal(rd(IIR), 0xc6);
	assert_int_equal(rd(LSR), 0x63);
	assert_int_equal(rd(LSR), 0x61);
}

/* The transmit interrupt is a level: on as long as there is room and it is enabled. */
static void transmit_interrupt(void **state)
{
	wr(IER, 2);
	assert_true(fake_line[LINE]);
	assert_int_equal(rd(IIR), 0xc2);
	assert_int_equal(rd(IIR), 0xc2);
	wr(RHR, 'x');
	assert_true(fake_line[LINE]);
	wr(IER, 0);
	assert_false(fake_line[LINE]);
}

/* The console is full: the FIFO fills, the guest waits, and is told when there is room again. */
static void back_pressure(void **state)
{
	wire_room = 10;
	wr(IER, 2);
	for (u32 i = 0; i < 10 + 64; i++)
		wr(RHR, 'a' + i % 26);
	assert_int_equal(rd(LSR) & 0x60, 0);
	assert_int_equal(rd(SSR), 1);
	assert_int_equal(rd(TX_LVL), 64);
	assert_int_equal(rd(IIR), 0xc1);
	assert_false(fake_line[LINE]);
	wire_room = 20;
	ops->tx_space(ops_priv);
	assert_int_equal(rd(TX_LVL), 54);
	assert_int_equal(rd(SSR), 0);
	assert_true(fake_line[LINE]);
	wire_room = sizeof(wire);
	ops->tx_space(ops_priv);
	assert_int_equal(rd(LSR) & 0x60, 0x60);
	assert_int_equal(wire_len, 74);
	for (u32 i = 0; i < 74; i++)
		assert_int_equal(wire[i], 'a' + i % 26);
}

/* What is written to a full FIFO is lost, what waits in it keeps its place, and clearing it empties it. */
static void full_fifo(void **state)
{
	wire_room = 0;
	for (u32 i = 0; i < 64 + 5; i++)
		wr(RHR, i);
	assert_int_equal(rd(TX_LVL), 64);
	wire_room = sizeof(wire);
	wr(RHR, 'x');	/* there is room, but others were first */
	assert_int_equal(wire_len, 0);
	ops->tx_space(ops_priv);
	assert_int_equal(wire_len, 64);
	for (u32 i = 0; i < 64; i++)
		assert_int_equal(wire[i], i);
	wire_room = wire_len;
	wr(RHR, 'y');
	assert_int_equal(rd(LSR) & 0x60, 0);
	wr(FCR, 5);
	assert_int_equal(rd(LSR) & 0x60, 0x60);
	wire_room = sizeof(wire);
	wr(RHR, 'z');
	assert_int_equal(wire_len, 65);
	assert_int_equal(wire[64], 'z');
}

static void loopback(void **state)
{
	wr(MCR, 0x10);
	wr(RHR, 'q');
	assert_int_equal(wire_len, 0);
	assert_int_equal(rd(RHR), 'q');
}

/* The order in which Linux 6.1 sets a port up, and what it must find afterwards. */
static void linux_termios(void **state)
{
	wr(SYSC, 2);
	assert_int_equal(rd(MDR1), 7);
	wr(IER, 0x05);
	wr(LCR, 0x03);
	wr(LCR, 0x80);
	wr(RHR, 0);
	wr(IER, 0);
	wr(LCR, 0);
	wr(LCR, 0xbf);
	wr(EFR, rd(EFR) | 0x10);
	wr(LCR, 0x80);
	wr(MCR, rd(MCR) | 0x40);
	wr(FCR, 0x61);
	wr(LCR, 0xbf);
	wr(SCR, 0x80);
	wr(LCR, 0x80);
	wr(MCR, 0);
	wr(LCR, 0xbf);
	wr(EFR, 0);
	wr(LCR, 0x80);
	wr(MDR1, 7);
	wr(FCR, 0x67);
	assert_int_equal(rd(LSR) & 0x21, 0x20);
	wr(LCR, 0xbf);
	wr(EFR, 0x10);
	wr(LCR, 0);
	wr(IER, 0);
	wr(LCR, 0xbf);
	wr(RHR, 26);
	wr(IER, 0);
	wr(LCR, 0);
	wr(IER, 0x05);
	wr(LCR, 0xbf);
	wr(EFR, 0);
	wr(LCR, 0x03);
	wr(MDR1, 0);
	assert_int_equal(wire_len, 0);
	assert_int_equal(rd(IER), 0x05);
	type("k");
	assert_int_equal(rd(IIR) & 0x3f, 0x04);
	assert_int_equal(rd(RHR), 'k');
}

static void odd_accesses(void **state)
{
	assert_int_equal(rd_size(LSR, 1), 0x60);
	assert_int_equal(rd_size(LSR, 4), 0x60);
	assert_int_equal(rd_size(LSR + 1, 1), 0);
	assert_int_equal(rd(0x4c), 0);
	assert_int_equal(rd(0xffc), 0);
	wr(0xffc, 1);
	wr(LSR, 0xff);	/* read only */
	wr(RHR + 1, 'z');
	assert_int_equal(wire_len, 0);
	assert_int_equal(rd(LSR), 0x60);
}

/* A guest restart must not leave an interrupt or old input behind. */
static void restart(void **state)
{
	wr(IER, 7);
	type("left over");
	assert_true(fake_line[LINE]);
	dev.type->reset(&dev);
	assert_false(fake_line[LINE]);
	assert_int_equal(rd(LSR), 0x60);
	wr(IER, 1);
	assert_false(fake_line[LINE]);
	type("new");
	assert_true(fake_line[LINE]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reset_state, setup),
		cmocka_unit_test_setup(transmit, setup),
		cmocka_unit_test_setup(banks_are_separate, setup),
		cmocka_unit_test_setup(enhanced_bits, setup),
		cmocka_unit_test_setup(receive, setup),
		cmocka_unit_test_setup(receive_trigger_of_one, setup),
		cmocka_unit_test_setup(receive_backlog, setup),
		cmocka_unit_test_setup(breaks_are_received, setup),
		cmocka_unit_test_setup(losses_are_overruns, setup),
		cmocka_unit_test_setup(breaks_are_sent, setup),
		cmocka_unit_test_setup(room_is_known, setup),
		cmocka_unit_test_setup(transmit_interrupt, setup),
		cmocka_unit_test_setup(back_pressure, setup),
		cmocka_unit_test_setup(full_fifo, setup),
		cmocka_unit_test_setup(loopback, setup),
		cmocka_unit_test_setup(linux_termios, setup),
		cmocka_unit_test_setup(odd_accesses, setup),
		cmocka_unit_test_setup(restart, setup),
	};

	return cmocka_run_group_tests(tests, setup_once, NULL);
}
