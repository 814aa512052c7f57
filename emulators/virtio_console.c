// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtio console (Virtual I/O Device 1.2, 5.3), one port: the guest's console in place of a UART. */

/*
 * What the driver sends goes to Umbra's console character by character; what has no place on the wire stays in the driver's buffer, which it
 * gets back when the last of it is gone. What is typed waits here until the driver has a buffer for it. There is no BREAK on it.
 */

#include <hv/console.h>
#include <hv/layout.h>

#include "virtio.h"

#define RX		0u	/* queues */
#define TX		1u

#define BACKLOG		4096u	/* power of two; typed and not read yet */
#define PIECE		64u	/* characters that are moved at once */
#define TX_TURN		4096u	/* and in one turn: the console is slower with them than a disk */

struct vcons {
	struct virtio_dev v;
	struct console_port *port;
	struct virtio_chain sending;	/* the driver's buffer from sent on, if there are bytes left */
	u32 sent;
	u32 rx_head, rx_tail;		/* free running */
	u8 rx[BACKLOG];
};

static u32 rx_count(const struct vcons *s)
{
	return s->rx_head - s->rx_tail;
}

/* ---- what the driver sends ---- */

/* The next piece of the buffer. False: the wire has no room for all of it. */
static bool send_piece(struct vcons *s)
{
	u8 piece[PIECE];
	u32 n = virtio_get(&s->v, &s->sending, s->sent, piece, sizeof(piece));

	for (u32 i = 0; i < n; i++, s->sent++)
		if (!console_guest_tx(s->port, piece[i]))
			return false;
	return true;
}

static bool next_buffer(struct vcons *s)
{
	if (!virtio_pop(&s->v, TX, &s->sending))
		return false;
	s->sent = 0;
	if (!s->sending.in_len)
		return true;
	virtio_broken(&s->v, "a buffer to be sent with room to write");
	return false;
}

/* Whatever the driver has given, for as long as the wire takes it and the turn lasts. */
static void transmit(struct vcons *s)
{
	u32 turn = TX_TURN;

	while (s->sent < s->sending.out_len || next_buffer(s)) {
		if (!turn) {
			virtio_later(&s->v, TX);
			return;
		}
		turn -= PIECE;
		if (!send_piece(s))
			return;		/* on_tx_space() */
		if (s->sent == s->sending.out_len)
			virtio_push(&s->v, TX, &s->sending, 0);
	}
}

/* ---- what it gets ---- */

/* Fill @c with what was typed. */
static void fill(struct vcons *s, const struct virtio_chain *c)
{
	u32 done = 0;

	while (rx_count(s) && done < c->in_len) {
		u32 at = s->rx_tail % BACKLOG, n = virtio_put(&s->v, c, done, s->rx + at, MIN(rx_count(s), BACKLOG - at));

		s->rx_tail += n;
		done += n;
	}
	virtio_push(&s->v, RX, c, done);
	console_guest_taken(s->port);
}

static void receive(struct vcons *s)
{
	struct virtio_chain c;

	while (rx_count(s) && virtio_pop(&s->v, RX, &c)) {
		if (c.out_len || !c.in_len) {
			virtio_broken(&s->v, "a receive buffer without room, or with something to send");
			return;
		}
		fill(s, &c);
	}
}

static void vcons_notify(struct virtio_dev *v, u32 q)
{
	struct vcons *s = (struct vcons *)v;

	if (q == RX)
		receive(s);
	else
		transmit(s);
}

/* ---- console ---- */

static void on_typed(void *priv, u8 c)
{
	struct vcons *s = priv;

	if (rx_count(s) == BACKLOG)
		return;
	s->rx[s->rx_head++ % BACKLOG] = c;
	virtio_kick(&s->v, RX);
}

static void on_break(void *priv)
{
	(void)priv;
}

static u32 rx_room(void *priv)
{
	return BACKLOG - rx_count(priv);
}

static void on_tx_space(void *priv)
{
	struct vcons *s = priv;

	virtio_kick(&s->v, TX);
}

static const struct console_guest_ops console_ops = {
	.rx = on_typed,
	.rx_break = on_break,
	.rx_room = rx_room,
	.tx_space = on_tx_space,
};

/* ---- device ---- */

/* What was typed is for whoever drives the device next. */
static void forget_buffer(struct virtio_dev *v, u32 q)
{
	struct vcons *s = (struct vcons *)v;

	if (q == TX)
		s->sent = s->sending.out_len = 0;
}

static const struct virtio_ops vcons_ops = {
	.id = 3,
	.queues = 2,
	.notify = vcons_notify,
	.forget = forget_buffer,
};

static void vcons_reset(struct emudev *d)
{
	struct vcons *s = d->priv;

	virtio_reset(d);
	s->rx_tail = s->rx_head;
	console_guest_taken(s->port);
}

static u32 vcons_audit(struct emudev *d)
{
	struct vcons *s = d->priv;

	return virtio_audit(d) + (s->sent < s->sending.out_len ? virtio_audit_chain(&s->v, &s->sending) : 0);
}

static int vcons_create(struct emudev *d, const struct layout_dev *node)
{
	struct vcons *s = d->priv;

	s->port = console_guest_attach(d->guest, &console_ops, s);
	if (!s->port) {
		layout_mistake(&node->at, "compatible", "guest %s has a console already, and one wire leads to it", d->guest->name);
		return -EBUSY;
	}
	return virtio_create(&s->v, d, &vcons_ops);
}

static const struct emudev_type virtio_console = {
	.compatible = "umbra,virtio-console",
	.desc = "virtio console on Umbra's console",
	.state_size = sizeof(struct vcons),
	.lines = 1,
	.create = vcons_create,
	.reset = vcons_reset,
	.access = virtio_access,
	.go_on = virtio_go_on,
	.audit = vcons_audit,
	.fdt_node = virtio_fdt_node,
	.fdt_alone = true,
};
EMUDEV_REGISTER(virtio_console);
