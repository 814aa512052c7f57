// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virtio network device (Virtual I/O Device 1.2, 5.1) and the switch that it is a port of. A switch is a number: all devices whose layout nodes have
 * the same one, of whatever guests, are its ports.
 *
 * The switch learns which port a station is behind by the frames that it sends, and floods what it does not know, as any does. A frame for a port that has no
 * buffer ready is lost, so nobody can hold up a sender. No offloads: frames are complete, of at most 1518 bytes.
 */

#include <string.h>

#include <hv/layout.h>

#include "virtio.h"

#define RX		0u
#define TX		1u

#define F_MAC		BIT(5)
#define F_STATUS	BIT(16)
#define STATUS_UP	1u
#define CONFIG_SIZE	8u

#define HEADER		12u		/* struct virtio_net_hdr, all zero but for the number of buffers behind it */
#define HEADER_BUFFERS	10u
#define ADDRESS		6u
#define FRAME_LEAST	14u
#define FRAME_PLAIN	1514u
#define FRAME_MOST	1518u		/* with a VLAN's tag */
#define GROUP		1u		/* of the first byte of an address: more than one station */

/*
 * What taking a buffer costs is the sender's time. A driver may offer one in more pieces than this, up to VIRTIO_NUM_MAX; what that costs beyond is the
 * receiver's, who has VIRTIO_BUDGET of it until its own next turn. Then it has no buffer ready.
 */
#define PLAIN_COST	1024u

#define STATIONS	64u		/* power of two; of all switches */

struct net {
	struct virtio_dev v;
	const struct layout_dev *node;
	u32 nr;				/* of the switch's ports */
	u8 address[ADDRESS];
	bool alone;			/* and that was said */
	u32 spent;			/* by senders since its own last turn, beyond PLAIN_COST for each frame */
	struct net *next;		/* of all switches */
};

static struct net *ports;

/* Which port of which switch a station was last heard from. A newer one with the same hash takes the place. */
static struct station {
	u8 address[ADDRESS];
	u32 on;
	struct net *port;
} stations[STATIONS];

static struct station *station_slot(u32 on, const u8 *address)
{
	u32 hash = on;

	for (u32 i = 0; i < ADDRESS; i++)
		hash = hash * 31 + address[i];
	return &stations[(hash ^ hash >> 8) % STATIONS];
}

static void learn(struct net *from, const u8 *address)
{
	struct station *s = station_slot(from->node->net_switch, address);

	if (address[0] & GROUP)
		return;
	memcpy(s->address, address, ADDRESS);
	s->on = from->node->net_switch;
	s->port = from;
}

/* The only port that a frame for @address need go to, or NULL. */
static struct net *lookup(u32 on, const u8 *address)
{
	const struct station *s = station_slot(on, address);

	return !(address[0] & GROUP) && s->port && s->on == on && !memcmp(s->address, address, ADDRESS) ? s->port : NULL;
}

static bool take_buffer(struct net *to, struct virtio_chain *c)
{
	bool taken;
	u32 cost;

	to->v.budget = VIRTIO_BUDGET;
	taken = virtio_pop(&to->v, RX, c);
	cost = VIRTIO_BUDGET - to->v.budget;
	to->spent += cost > PLAIN_COST ? cost - PLAIN_COST : 0;
	return taken;
}

static void receive(struct net *to, const u8 *frame, u32 len)
{
	u8 header[HEADER] = { [HEADER_BUFFERS] = 1 };
	const struct guest *g = to->v.dev->guest;
	struct virtio_chain c;

	if (g->state != GUEST_RUNNING || g->held)
		return;		/* lost, as for a network card that is off; a debugger looks at what nobody changes meanwhile */
	if (to->spent >= VIRTIO_BUDGET) {
		virtio_later(&to->v, RX);
		return;
	}
	if (!take_buffer(to, &c))
		return;
	if (c.out_len || c.in_len < HEADER + FRAME_PLAIN) {
		virtio_broken(&to->v, "a receive buffer that does not hold a frame");
		return;
	}
	if (len > c.in_len - HEADER)	/* a VLAN's tag more than the driver has to have room for: lost, as one without length */
		len = 0;
	virtio_put(&to->v, &c, 0, header, HEADER);
	virtio_put(&to->v, &c, HEADER, frame, len);
	virtio_push(&to->v, RX, &c, HEADER + len);
}

static void forward(struct net *from, const u8 *frame, u32 len)
{
	u32 on = from->node->net_switch;
	struct net *only = lookup(on, frame);

	learn(from, frame + ADDRESS);
	for (struct net *p = ports; p; p = p->next)
		if (p != from && p->node->net_switch == on && (!only || p == only))
			receive(p, frame, len);
}

static void net_notify(struct virtio_dev *v, u32 q)
{
	struct net *s = (struct net *)v;
	struct virtio_chain c;

	if (q == RX)
		s->spent = 0;
	while (q == TX && virtio_pop(v, TX, &c)) {
		u8 frame[FRAME_MOST];
		u32 len = c.out_len - HEADER;

		if (c.in_len || c.out_len < HEADER) {
			virtio_broken(v, "a frame without header, or with room to write");
			return;
		}
		if (len >= FRAME_LEAST && len <= FRAME_MOST) {
			virtio_get(v, &c, HEADER, frame, len);
			forward(s, frame, len);
		}
		virtio_push(v, TX, &c, 0);
	}
}

static u32 net_config(struct virtio_dev *v, u32 offset, u32 len)
{
	u8 config[CONFIG_SIZE] = { [ADDRESS] = STATUS_UP };
	u32 value = 0;

	memcpy(config, ((const struct net *)v)->address, ADDRESS);
	memcpy(&value, config + offset, len);
	return value;
}

static const struct virtio_ops net_ops = {
	.id = 1,
	.queues = 2,
	.features = F_MAC | F_STATUS,
	.config_size = CONFIG_SIZE,
	.notify = net_notify,
	.config = net_config,
};

static void forget_stations(const struct net *s)
{
	for (u32 i = 0; i < STATIONS; i++)
		if (stations[i].port == s)
			stations[i].port = NULL;
}

static void net_remove(struct emudev *d)
{
	struct net **link = &ports;

	forget_stations(d->priv);
	while (*link && *link != d->priv)
		link = &(*link)->next;
	if (*link)
		*link = (*link)->next;
}

/* A guest that starts is another station: what was learnt of it is forgotten. */
static void net_reset(struct emudev *d)
{
	struct net *s = d->priv;
	u32 others = 0;

	virtio_reset(d);
	s->spent = 0;
	forget_stations(s);
	for (const struct net *p = ports; p; p = p->next)
		others += p != s && p->node->net_switch == s->node->net_switch;
	if (!others && !s->alone)
		layout_remark(&s->node->at, "switch", "has no second member: nobody answers");
	s->alone = !others;
}

static bool is_taken(u32 on, u32 nr)
{
	const struct net *p = ports;

	while (p && (p->node->net_switch != on || p->nr != nr))
		p = p->next;
	return p;
}

/* Locally administered addresses: a switch's number and a port's, the lowest that is free. */
static int net_create(struct emudev *d, const struct layout_dev *node)
{
	struct net *s = d->priv;

	while (is_taken(node->net_switch, s->nr))
		s->nr++;
	s->node = node;
	memcpy(s->address, (const u8[ADDRESS]){ 0x02, 0x75, 0x6d, 0x62, (u8)node->net_switch, (u8)s->nr }, ADDRESS);
	s->next = ports;
	ports = s;
	return virtio_create(&s->v, d, &net_ops);
}

static const struct emudev_type virtio_net = {
	.compatible = "umbra,virtio-net",
	.desc = "virtio network device, port of a switch",
	.state_size = sizeof(struct net),
	.lines = 1,
	.wants_switch = true,
	.create = net_create,
	.reset = net_reset,
	.remove = net_remove,
	.access = virtio_access,
	.go_on = virtio_go_on,
	.audit = virtio_audit,
	.fdt_node = virtio_fdt_node,
	.fdt_alone = true,
};
EMUDEV_REGISTER(virtio_net);
