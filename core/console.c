/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console: one UART shared by Umbra's messages, the monitor and the guest.
 *
 * One transmit queue in order of arrival, emptied by the UART's interrupt. Umbra's own output is never lost: it
 * waits for the wire when the queue is full. The guest's waits in the guest (its emulated UART's
 * FIFO stays full). Received characters go to the guest or, after the escape key, to the monitor, which
 * runs later from the run loop. Nothing here locks: Umbra runs with interrupts masked.
 */
#include <string.h>

#include <autoconf.h>
#include <arch/cpu.h>
#include <hv/console.h>
#include <hv/irq.h>
#include <hv/log.h>
#include <hv/monitor.h>
#include <hv/uart.h>

#define TX_SIZE		8192u	/* powers of two */
#define RX_SIZE		256u
#define GUEST_RESERVE	1024u	/* places that the guest leaves free for Umbra's messages */

static u8 tx_buf[TX_SIZE], rx_buf[RX_SIZE];
static u32 tx_head, tx_tail, rx_head, rx_tail;	/* free running */
static bool ready;		/* UART is set up and interrupt driven */
static bool released;		/* the guest has the UART */
static bool in_monitor;
static bool guest_waits;	/* console_guest_tx() refused a character */
static const struct console_guest_ops *guest_ops;
static void *guest_priv;
static void (*divert)(char c);	/* gets what would go to the wire */

static u32 tx_used(void)
{
	return tx_head - tx_tail;
}

/* Move what fits from the queue into the UART; no waiting. */
static void tx_fill(void)
{
	u32 room = host_uart_tx_room();

	while (room-- && tx_used())
		host_uart_putc((char)tx_buf[tx_tail++ % TX_SIZE]);
	host_uart_tx_irq(tx_used() != 0);
}

static void tx_notify_guest(void)
{
	if (!guest_waits || !guest_ops || !console_guest_tx_space())
		return;
	guest_waits = false;
	guest_ops->tx_space(guest_priv);
}

static void tx_queue(u8 c)
{
	while (tx_used() == TX_SIZE)	/* wait for the wire: about 90 us a byte */
		tx_fill();
	tx_buf[tx_head++ % TX_SIZE] = c;
}

static void rx_char(u8 c)
{
	/* What follows an escape key that the run loop has not seen yet waits behind it. */
	if (c == CONFIG_MONITOR_ESCAPE || in_monitor || rx_head != rx_tail) {
		if (rx_head - rx_tail < RX_SIZE)
			rx_buf[rx_head++ % RX_SIZE] = c;
	} else {
		console_send_guest(c);
	}
}

static void console_irq(void *arg)
{
	int c;

	(void)arg;
	while ((c = host_uart_getc()) >= 0)
		rx_char((u8)c);
	tx_fill();
	tx_notify_guest();
}

void console_init(void)
{
	host_uart_init();
	if (host_irq_request(host_uart_irq(), console_irq, NULL))
		hv_panic("console: interrupt line %lu is taken\n", (unsigned long)host_uart_irq());
	ready = true;
	tx_fill();
}

void console_release(void)
{
	console_flush();
	released = true;
	host_uart_tx_irq(false);
	host_irq_release(host_uart_irq());
	in_monitor = false;
	rx_tail = rx_head;
}

void console_acquire(void)
{
	if (!released)
		return;
	released = false;
	tx_tail = tx_head;	/* what was said meanwhile is in the log ring */
	console_init();
}

void console_putc(char c)
{
	if (released)
		return;
	if (divert) {
		divert(c);
		return;
	}
	if (c == '\n')
		console_putc('\r');
	if (!ready) {
		host_uart_early_putc(c);
		return;
	}
	tx_queue((u8)c);
	tx_fill();
}

void console_write(const char *s, size_t n)
{
	while (n--)
		console_putc(*s++);
}

void console_divert(void (*fn)(char c))
{
	divert = fn;
}

void console_putc_raw(char c)
{
	tx_queue((u8)c);
	tx_fill();
}

void console_flush(void)
{
	if (!ready || released)
		return;
	while (tx_used())
		tx_fill();
	while (!host_uart_tx_idle())
		;
}

void console_guest_attach(const struct console_guest_ops *ops, void *priv)
{
	guest_ops = ops;
	guest_priv = priv;
	guest_waits = false;
}

u32 console_guest_tx_space(void)
{
	return tx_used() < TX_SIZE - GUEST_RESERVE ? TX_SIZE - GUEST_RESERVE - tx_used() : 0;
}

bool console_guest_tx(u8 c)
{
	if (!released && !console_guest_tx_space()) {
		guest_waits = true;
		return false;
	}
	if (released)
		return true;
	if (divert) {
		divert((char)c);
		return true;
	}
	tx_queue(c);
	tx_fill();
	return true;
}

void console_send_guest(u8 c)
{
	if (guest_ops)
		guest_ops->rx(guest_priv, c);
}

bool console_in_monitor(void)
{
	return in_monitor;
}

void console_set_monitor(bool on)
{
	if (on == in_monitor || released)
		return;
	in_monitor = on;
	if (on)
		monitor_enter();
}

bool console_work_pending(void)
{
	return rx_head != rx_tail;
}

void console_work(void)
{
	while (rx_head != rx_tail) {
		u8 c = rx_buf[rx_tail++ % RX_SIZE];

		if (c == CONFIG_MONITOR_ESCAPE)
			monitor_toggle();
		else if (in_monitor)
			monitor_input((char)c);
		else
			console_send_guest(c);
	}
}
