/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console: one UART shared by Umbra's messages, the monitor and the guests.
 *
 * One transmit queue in order of arrival, emptied by the UART's interrupt. Umbra's own output is never lost: it
 * waits for the wire when the queue is full. The guest's waits in the guest (its emulated UART's
 * FIFO stays full). Guests that are not shown write into a ring each (console_port.c). Received characters go to the guest that is or, after the escape key, to the monitor, which
 * runs later from the run loop. For a guest that is slow to read, characters wait in the UART's FIFO and on the wire, if the sender sees to that; from
 * one that does not what is too much is lost there, as it is while Umbra is busy for long, and the guest's UART reports an overrun. One that does
 * not read at all loses characters instead, because the escape key may be behind them. Nothing here locks: Umbra runs with interrupts masked.
 */
#include <string.h>

#include <autoconf.h>
#include <arch/cpu.h>
#include <hv/console.h>
#include <hv/irq.h>
#include <hv/log.h>
#include <hv/monitor.h>
#include <hv/sched.h>
#include <hv/time.h>
#include <hv/uart.h>

#include "console_port.h"

#define TX_SIZE		8192u	/* powers of two */
#define RX_SIZE		256u
#define GUEST_RESERVE	1024u	/* places that the guest leaves free for Umbra's messages */
#define CTRL_C		0x03u

static u8 tx_buf[TX_SIZE];
static u16 rx_buf[RX_SIZE];	/* characters, HOST_UART_BREAK, HOST_UART_OVERRUN */
static u32 tx_head, tx_tail, rx_head, rx_tail;	/* free running */
static bool ready;		/* UART is set up and interrupt driven */
static bool released;		/* the guest has the UART */
static bool in_monitor;
static bool rx_held;		/* the UART's FIFO waits for the guest to read */
static bool rx_lossy;		/* the guest does not read: nothing waits for it */
static u32 guest_reads, reads_at_tick;	/* free running */
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

static u32 tx_guest_space(void)
{
	return tx_used() < TX_SIZE - GUEST_RESERVE ? TX_SIZE - GUEST_RESERVE - tx_used() : 0;
}

static void tx_notify_guest(void)
{
	struct console_port *p = console_shown;

	if (!p || !console_port_catch_up(p) || !p->waits || !tx_guest_space())
		return;
	p->waits = false;
	p->ops->tx_space(p->priv);
}

static void tx_queue(u8 c)
{
	while (tx_used() == TX_SIZE)	/* wait for the wire: about 90 us a byte */
		tx_fill();
	tx_buf[tx_head++ % TX_SIZE] = c;
}

/* Between two ticks the guest must read, or nothing is held for it any more. */
#define RX_RESUME	256u	/* places that the guest makes free before the receiver is read again */

static void rx_update(u32 wanted)
{
	const struct console_port *p = console_heard();
	bool hold = !released && !in_monitor && rx_head == rx_tail && !rx_lossy && p && p->ops->rx_room(p->priv) < wanted;

	if (hold == rx_held)
		return;
	rx_held = hold;
	host_uart_rx_irq(!hold);
}

static void rx_tick(void *arg)
{
	(void)arg;
	if (rx_held && guest_reads == reads_at_tick) {
		rx_lossy = true;
		rx_update(1);
	}
	reads_at_tick = guest_reads;
}

void console_guest_taken(struct console_port *p)
{
	if (p != console_shown)
		return;
	guest_reads++;
	rx_lossy = false;
	if (rx_held)
		rx_update(RX_RESUME);
}

static void send_guest(u16 c)
{
	const struct console_port *p = console_heard();

	if (!p)
		return;
	if (c == HOST_UART_BREAK)
		p->ops->rx_break(p->priv);
	else if (c != HOST_UART_OVERRUN)
		p->ops->rx(p->priv, (u8)c);
	else if (p->ops->rx_overrun)
		p->ops->rx_overrun(p->priv);
}

static void rx_char(u16 c)
{
	/* What follows an escape key that the run loop has not seen yet waits behind it. */
	if (c == CONFIG_MONITOR_ESCAPE || in_monitor || rx_head != rx_tail) {
		if (rx_head - rx_tail < RX_SIZE)
			rx_buf[rx_head++ % RX_SIZE] = c;
		core_is_wanted = true;
	} else {
		send_guest(c);
	}
}

static void console_irq(void *arg)
{
	int c;

	(void)arg;
	for (rx_update(1); !rx_held && (c = host_uart_getc()) >= 0; rx_update(1))
		rx_char((u16)c);
	tx_fill();
	tx_notify_guest();
}

void console_init(void)
{
	static bool ticking;

	host_uart_init();
	if (!ticking && host_timer_attach(rx_tick, NULL))
		hv_panic("console: no tick\n");
	ticking = true;
	rx_held = false;
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

bool console_wire_put(u8 c)
{
	if (released)
		return true;
	if (!tx_guest_space())
		return false;
	if (divert) {
		divert((char)c);
		return true;
	}
	tx_queue(c);
	tx_fill();
	return true;
}

bool console_wire_has(u32 n)
{
	return released || divert || tx_guest_space() >= n;
}

/* While what is remembered of it is still on its way to the wire, what it writes is remembered behind that. */
bool console_guest_tx(struct console_port *p, u8 c)
{
	bool shown = p == console_shown && !released, behind = shown && p->seen != p->head;

	if (behind ? p->head - p->seen >= HISTORY_HALF : shown && !console_wire_put(c)) {
		p->waits = true;
		return false;
	}
	console_port_take(p, c, shown && !behind);
	return true;
}

void console_guest_break(struct console_port *p, bool on)
{
	if (!released && p == console_shown)
		host_uart_break(on);
}

void console_changed(void)
{
	rx_lossy = false;
	rx_update(1);
}

bool console_in_monitor(void)
{
	return in_monitor;
}

void console_set_monitor(bool on)
{
	if (on == in_monitor || released || (!on && divert))	/* the debugger keeps the keyboard */
		return;
	in_monitor = on;
	rx_update(1);
	if (on)
		monitor_enter();
}

bool console_work_pending(void)
{
	return rx_head != rx_tail;
}

static bool stops(u16 c)
{
	return c == CTRL_C || c == CONFIG_MONITOR_ESCAPE;
}

bool console_stop_typed(void)
{
	u32 n = rx_tail;
	int c;

	while (ready && !released && rx_head - rx_tail < RX_SIZE && (c = host_uart_getc()) >= 0)
		rx_char((u16)c);
	while (n != rx_head && !stops(rx_buf[n % RX_SIZE]))
		n++;
	return n != rx_head || rx_head - rx_tail == RX_SIZE;
}

void console_work(void)
{
	while (rx_head != rx_tail) {
		u16 c = rx_buf[rx_tail++ % RX_SIZE];

		if (c == CONFIG_MONITOR_ESCAPE)
			monitor_toggle();
		else if (!in_monitor)
			send_guest(c);
		else if (c < HOST_UART_BREAK)	/* that and a loss are nothing to it */
			monitor_input((char)c);
	}
	rx_update(1);
}
