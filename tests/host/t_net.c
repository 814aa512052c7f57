/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtio network devices on switches: delivery, learning, flooding, separate switches, frames that are lost, wrong ones. */
/* SOURCES: core/guest_owner.c emulators/virtio_mmio.c emulators/virtio_net.c core/guest_tree.c core/vtimer.c */
/* SOURCES: core/guest_mem.c core/guest_map.c tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/arch.c */
/* SOURCES: tests/host/fake/time.c tests/host/fake/timer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/vcpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/vtimer.h>

#include "fake.h"

#define RAM		0x80000000u
#define RAM_SIZE	0x01000000u
#define PORTS		4u	/* three on switch 0, one on switch 7 */
#define ROOM		0x100000u	/* of memory, for each port */
#define NUM		8u
#define DESC(q)		(0x2000u * (q))
#define AVAIL(q)	(0x2000u * (q) + 0x800)
#define USED(q)		(0x2000u * (q) + 0x1000)
#define BUFFER(i)	(0x10000u + 0x1000u * (i))
#define FRAME		0x40000u
#define BUFFER_SIZE	1526u
#define RX		0u
#define TX		1u
#define NEEDS_RESET	0x40u

void arch_vcpu_written(struct vcpu *v, gpa_t gpa, u32 len) { }

static struct guest guest, held;
struct guest *guest_first(void) { return &guest; }
u32 arch_vcpu_audit(struct vcpu *v) { return 0; }
static struct port {
	struct emudev dev;
	struct layout_dev node;
	u32 base;
	u16 avail[2], seen;
	u32 num;	/* of each queue */
} port[PORTS];

void layout_remark(const struct layout_node *n, const char *prop, const char *text)
{
	pr_warn("%s: %s\n", prop, text);
}

static u32 rd(struct port *p, u32 offset)
{
	struct mmio_access a = { .offset = offset, .size = 4 };

	assert_int_equal(p->dev.type->access(&p->dev, &a), MMIO_DONE);
	return a.value;
}

static void wr(struct port *p, u32 offset, u32 value)
{
	struct mmio_access a = { .offset = offset, .size = 4, .is_write = true, .value = value };

	assert_int_equal(p->dev.type->access(&p->dev, &a), MMIO_DONE);
}

static u8 *at(struct port *p, u32 offset)
{
	return hpa_ptr(p->base + offset);
}

static void put16(struct port *p, u32 offset, u16 v) { memcpy(at(p, offset), &v, 2); }
static void put32(struct port *p, u32 offset, u32 v) { memcpy(at(p, offset), &v, 4); }

static u32 get32(struct port *p, u32 offset)
{
	u32 v;

	memcpy(&v, at(p, offset), 4);
	return v;
}

static void offer(struct port *p, u32 q, u32 i, u32 addr, u32 len, u32 flags)
{
	put32(p, DESC(q) + 16 * i, p->base + addr);
	put32(p, DESC(q) + 16 * i + 8, len);
	put16(p, DESC(q) + 16 * i + 12, (u16)flags);
	put16(p, AVAIL(q) + 4 + 2 * (p->avail[q] % p->num), (u16)i);
	put16(p, AVAIL(q) + 2, ++p->avail[q]);
}

static void drive_queues(struct port *p, u32 num)
{
	p->num = num;
	wr(p, 0x070, 0);
	memset(at(p, 0), 0, 0x4000);
	p->avail[0] = p->avail[1] = p->seen = 0;
	wr(p, 0x070, 3);
	wr(p, 0x024, 1);
	wr(p, 0x020, 1);
	wr(p, 0x070, 0xb);
	for (u32 q = 0; q < 2; q++) {
		wr(p, 0x030, q);
		wr(p, 0x038, num);
		wr(p, 0x080, p->base + DESC(q));
		wr(p, 0x090, p->base + AVAIL(q));
		wr(p, 0x0a0, p->base + USED(q));
		wr(p, 0x044, 1);
		assert_int_equal(rd(p, 0x044), 1);
	}
	wr(p, 0x070, 0xf);
}

static void drive(struct port *p)
{
	drive_queues(p, NUM);
	for (u32 i = 0; i < NUM; i++)
		offer(p, RX, i, BUFFER(i), BUFFER_SIZE, 2);
}

static int setup(void **state)
{
	static bool once;
	const char *clash;

	if (!once) {
		fake_arch_reset();
		vtimers_init();
		guest.name = "t";
		assert_int_equal(guest_map_add(&guest.map, &(struct region){ RAM, RAM_SIZE, REGION_RAM, NULL, "memory" }, &clash), 0);
	}
	fake_log_reset();
	for (u32 i = 0; i < PORTS; i++) {
		struct port *p = &port[i];

		if (!once) {
			p->dev.type = emudev_find_type("umbra,virtio-net");
			p->node.node = p->dev.name = "net";
			p->node.net_switch = i == PORTS - 1 ? 7 : 0;
			p->dev.guest = &guest;
			p->dev.irq = i;
			p->dev.priv = calloc(1, p->dev.type->state_size);
			p->base = RAM + i * ROOM;
			assert_int_equal(p->dev.type->create(&p->dev, &p->node), 0);
		}
	}
	for (u32 i = 0; i < PORTS; i++) {
		port[i].dev.type->reset(&port[i].dev);
		drive(&port[i]);
	}
	guest.state = GUEST_RUNNING;
	once = true;
	return 0;
}

static void station(u8 *address, u8 n)
{
	memcpy(address, (const u8[6]){ 2, 0, 0, 0, 0, n }, 6);
}

/* From station @src behind @p to @dst (0xff: all), @len bytes. */
static void send(struct port *p, u8 src, u8 dst, u32 len)
{
	u8 *f = at(p, FRAME + 12);

	memset(at(p, FRAME), 0, 12);
	for (u32 i = 0; i < len; i++)
		f[i] = (u8)(i + src);
	if (dst == 0xff)
		memset(f, 0xff, 6);
	else
		station(f, dst);
	station(f + 6, src);
	offer(p, TX, 0, FRAME, 12 + len, 0);
	wr(p, 0x050, TX);
}

/* How many frames came to @p since the last time; the last one must be @len bytes of those that send() made. */
static u32 came(struct port *p, u8 src, u32 len)
{
	u16 used;
	u32 n, id, i;

	memcpy(&used, at(p, USED(RX) + 2), 2);
	n = (u16)(used - p->seen);
	p->seen = used;
	if (!n || !len)
		return n;
	id = get32(p, USED(RX) + 4 + 8 * ((used - 1) % p->num));
	assert_int_equal(get32(p, USED(RX) + 8 + 8 * ((used - 1) % p->num)), 12 + len);
	assert_int_equal(at(p, BUFFER(id))[10], 1);
	for (i = 12; i < len; i++)
		assert_int_equal(at(p, BUFFER(id) + 12)[i], (u8)(i + src));
	return n;
}

static void test_config(void **state)
{
	assert_int_equal(rd(&port[0], 0x008), 1);
	assert_int_equal(rd(&port[0], 0x010) & 0x10020, 0x10020);
	assert_int_equal(rd(&port[0], 0x100), 0x626d7502);
	assert_int_equal(rd(&port[1], 0x104), 0x00010100);	/* switch 0, port 1, up */
	assert_int_equal(rd(&port[3], 0x104), 0x00010007);
	assert_non_null(strstr(fake_log_text, "no second member"));	/* of switch 7 */
	/* once, and not at each of its restarts */
	fake_log_reset();
	port[3].dev.type->reset(&port[3].dev);
	assert_string_equal(fake_log_text, "");
}

static void test_learning(void **state)
{
	send(&port[0], 10, 11, 60);	/* nobody knows 11 */
	assert_int_equal(came(&port[0], 10, 60), 0);
	assert_int_equal(came(&port[1], 10, 60), 1);
	assert_int_equal(came(&port[2], 10, 60), 1);
	assert_int_equal(came(&port[3], 10, 60), 0);	/* another switch */
	send(&port[1], 11, 10, 1514);
	assert_int_equal(came(&port[0], 11, 1514), 1);
	assert_int_equal(came(&port[2], 11, 1514), 0);
	send(&port[0], 10, 11, 14);
	assert_int_equal(came(&port[1], 10, 14), 1);
	assert_int_equal(came(&port[2], 10, 14), 0);
	send(&port[0], 10, 0xff, 100);
	assert_int_equal(came(&port[1], 10, 100) + came(&port[2], 10, 100), 2);
	/* it moves */
	send(&port[2], 11, 10, 60);
	came(&port[0], 11, 60);
	send(&port[0], 10, 11, 60);
	assert_int_equal(came(&port[1], 10, 60), 0);
	assert_int_equal(came(&port[2], 10, 60), 1);
	/* what its own port sends to it goes nowhere */
	send(&port[2], 12, 11, 60);
	assert_int_equal(came(&port[0], 12, 60) + came(&port[1], 12, 60) + came(&port[2], 12, 60), 0);
	/* a port's restart is forgotten */
	port[2].dev.type->reset(&port[2].dev);
	drive(&port[2]);
	send(&port[0], 10, 11, 60);
	assert_int_equal(came(&port[1], 10, 60), 1);
}

static void test_losses(void **state)
{
	/* no buffers: lost, and the sender goes on */
	for (u32 i = 0; i < 2 * NUM; i++)
		send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(&port[1], 10, 60), NUM);
	assert_int_equal(get32(&port[0], USED(TX)) >> 16, 2 * NUM);
	assert_int_equal(rd(&port[1], 0x070), 0xf);
	offer(&port[1], RX, 0, BUFFER(0), BUFFER_SIZE, 2);
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(&port[1], 10, 60), 1);
	/* longer than the buffer has to be, and than frames are */
	drive(&port[1]);
	send(&port[0], 10, 0xff, 1518);
	assert_int_equal(came(&port[1], 10, 0), 1);
	assert_int_equal(get32(&port[1], USED(RX) + 8), 12);
	send(&port[0], 10, 0xff, 1519);
	send(&port[0], 10, 0xff, 13);
	assert_int_equal(came(&port[1], 10, 0), 0);
	/* a guest that stands gets nothing */
	guest.state = GUEST_STOPPED;
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(&port[1], 10, 0), 0);
	/* nor does one that a debugger looks at */
	guest.state = GUEST_RUNNING;
	drive(&port[1]);
	held = guest;
	held.held = true;
	port[1].dev.guest = &held;
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(&port[1], 10, 0), 0);
	held.held = false;
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(&port[1], 10, 60), 1);
}

/* A buffer in @pieces of @size bytes, of all descriptors of the queue. */
static void offer_pieces(struct port *p, u32 pieces, u32 size)
{
	for (u32 i = 0; i < pieces; i++) {
		put32(p, DESC(RX) + 16 * i, p->base + BUFFER(0) + size * i);
		put32(p, DESC(RX) + 16 * i + 8, size);
		put16(p, DESC(RX) + 16 * i + 12, i + 1 < pieces ? 3 : 2);
		put16(p, DESC(RX) + 16 * i + 14, (u16)(i + 1));
	}
	put16(p, AVAIL(RX) + 4 + 2 * (p->avail[RX] % p->num), 0);
	put16(p, AVAIL(RX) + 2, ++p->avail[RX]);
}

/* How many of @n frames come to port 1, whose buffers are in @pieces and come back at once, while its guest has no turn. */
static u32 come_in_pieces(u32 n, u32 pieces)
{
	u32 got = 0, now = 1;

	for (u32 i = 0; i < n; i++) {
		if (now)
			offer_pieces(&port[1], pieces, BUFFER_SIZE / pieces + 1);
		send(&port[0], 10, 0xff, 60);
		now = came(&port[1], 10, 0);
		got += now;
	}
	return got;
}

/* Whose buffers are in many pieces takes no more of the senders' time than it has itself: then frames for it are lost, until its own next turn. */
static void test_pieces(void **state)
{
	struct port *p = &port[1];

	drive_queues(p, 128);
	assert_int_equal(come_in_pieces(1000, 4), 1000);
	assert_in_range(come_in_pieces(1000, 128), 10, 25);
	assert_int_equal(rd(p, 0x070), 0xf);
	assert_int_equal(came(&port[2], 10, 0) > 0, 1);
	wr(p, 0x050, RX);
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(p, 10, 0), 1);
	assert_in_range(come_in_pieces(1000, 128), 10, 25);
	drive(p);
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(p, 10, 60), 0);	/* its reset alone is no turn: it would be one that is free */
	wr(p, 0x050, RX);
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(p, 10, 60), 1);
}

static void test_mistakes(void **state)
{
	/* a receiver's mistake is the receiver's */
	drive(&port[1]);
	memset(at(&port[1], 0), 0, USED(RX));
	port[1].avail[RX] = 0;
	offer(&port[1], RX, 0, BUFFER(0), BUFFER_SIZE - 1, 2);
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(rd(&port[1], 0x070) & NEEDS_RESET, NEEDS_RESET);
	assert_int_equal(rd(&port[0], 0x070), 0xf);
	assert_int_equal(came(&port[2], 10, 60), 1);
	drive(&port[1]);
	send(&port[0], 10, 0xff, 60);
	assert_int_equal(came(&port[1], 10, 60), 1);
	/* half a header, room to write */
	offer(&port[0], TX, 0, FRAME, 11, 0);
	wr(&port[0], 0x050, TX);
	assert_int_equal(rd(&port[0], 0x070) & NEEDS_RESET, NEEDS_RESET);
	drive(&port[0]);
	offer(&port[0], TX, 0, FRAME, 100, 2);
	wr(&port[0], 0x050, TX);
	assert_int_equal(rd(&port[0], 0x070) & NEEDS_RESET, NEEDS_RESET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_config, setup),
		cmocka_unit_test_setup(test_learning, setup),
		cmocka_unit_test_setup(test_losses, setup),
		cmocka_unit_test_setup(test_pieces, setup),
		cmocka_unit_test_setup(test_mistakes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
