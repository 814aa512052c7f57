/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's UART driver against the registers of the block: what is read is lost, and what the line lost is said once. */
/* SOURCES: drivers/uart_omap.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include <arch/cpu.h>
#include <hv/time.h>
#include <hv/uart.h>

#include "fake.h"

#define UART		0x49020000u
#define RHR		0x00u
#define IER		0x04u
#define FCR		0x08u
#define LCR		0x0cu
#define LSR		0x14u
#define SSR		0x44u
#define LSR_OE		BIT(1)
#define LSR_BI		BIT(4)

/* As far as the driver needs it: a receiver of 64 characters, a transmitter that is as full as a test says. */
static struct {
	u16 rx[64];		/* 0x100: BREAK */
	u32 nr, lcr, ier, dll, sent;
	bool overrun, full, busy;
} uart;

static void line_gets(u16 c)
{
	if (uart.nr == 64)
		uart.overrun = true;
	else
		uart.rx[uart.nr++] = c;
}

static u32 read_lsr(void)
{
	u32 lsr = (uart.nr ? BIT(0) : 0) | (uart.overrun ? LSR_OE : 0) | (uart.nr && uart.rx[0] & 0x100 ? LSR_BI : 0);

	uart.overrun = false;		/* to read it clears it */
	return lsr | (uart.busy ? 0 : BIT(5) | BIT(6));
}

static u32 read_rhr(void)
{
	u32 c = uart.rx[0];

	if (uart.lcr & 0x80)
		return uart.dll;
	assert_true(uart.nr > 0);
	memmove(uart.rx, uart.rx + 1, --uart.nr * sizeof(uart.rx[0]));
	return c & 0xff;
}

u32 arch_mmio_read32(hpa_t a)
{
	switch (a - UART) {
	case RHR: return read_rhr();
	case IER: return uart.lcr & 0x80 ? 0 : uart.ier;
	case LCR: return uart.lcr;
	case LSR: return read_lsr();
	case SSR: return uart.full;
	default: return 0;
	}
}

void arch_mmio_write32(hpa_t a, u32 v)
{
	if (a == UART + LCR)
		uart.lcr = v;
	else if (a == UART + IER && !(uart.lcr & 0x80))
		uart.ier = v;
	else if (a == UART + RHR && uart.lcr & 0x80)
		uart.dll = v;
	else if (a == UART + RHR)
		uart.sent = v;
	else if (a == UART + FCR && uart.lcr != 0xbf && v & BIT(1))
		uart.nr = 0;
}

void arch_barrier(void) { }
void host_time_delay_us(u32 us) { }

static int setup(void **state)
{
	memset(&uart, 0, sizeof(uart));
	uart.dll = 13;
	host_uart_init();
	while (host_uart_getc() != -1)
		;
	return 0;
}

static void starts(void **state)
{
	assert_int_equal(uart.lcr, 3);
	assert_int_equal(uart.ier, 1);
	assert_int_equal(uart.dll, 13);		/* the boot loader's */
	host_uart_tx_irq(true);
	host_uart_rx_irq(false);
	assert_int_equal(uart.ier, 2);
}

static void characters_and_breaks(void **state)
{
	line_gets('a');
	line_gets(0x100);
	line_gets('b');
	assert_int_equal(host_uart_getc(), 'a');
	assert_int_equal(host_uart_getc(), HOST_UART_BREAK);
	assert_int_equal(host_uart_getc(), 'b');
	assert_int_equal(host_uart_getc(), -1);
	host_uart_break(true);
	assert_int_equal(uart.lcr, 0x43);
	host_uart_break(false);
	assert_int_equal(uart.lcr, 3);
}

static void lose_some(void)
{
	for (u32 i = 0; i < 65; i++)
		line_gets((u16)('0' + i % 10));
}

static void is_said_once(void)
{
	assert_int_equal(host_uart_getc(), HOST_UART_OVERRUN);
	for (u32 i = 0; i < 64; i++)
		assert_int_equal(host_uart_getc(), '0' + i % 10);
	assert_int_equal(host_uart_getc(), -1);
}

/* That characters were lost is said before the ones that were not, whatever else has looked at the register since. */
static void losses_are_said(void **state)
{
	lose_some();
	is_said_once();
	lose_some();
	assert_int_equal(host_uart_tx_room(), 64);
	is_said_once();
	lose_some();
	assert_true(host_uart_tx_idle());
	is_said_once();
	lose_some();
	assert_true(host_uart_tx_idle());
	uart.nr = 0;				/* and if there is nothing else to read */
	assert_int_equal(host_uart_getc(), HOST_UART_OVERRUN);
	assert_int_equal(host_uart_getc(), -1);
}

static void transmitter(void **state)
{
	uart.busy = true;
	assert_int_equal(host_uart_tx_room(), 1);
	assert_false(host_uart_tx_idle());
	uart.full = true;
	assert_int_equal(host_uart_tx_room(), 0);
	uart.full = false;
	host_uart_early_putc('x');
	assert_int_equal(uart.sent, 'x');
	host_uart_putc('y');
	assert_int_equal(uart.sent, 'y');
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { T(starts), T(characters_and_breaks), T(losses_are_said), T(transmitter) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
