/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtio console: sending in turns and against a full wire, receiving, resets in the middle, wrong buffers. */
/* SOURCES: core/guest_owner.c emulators/virtio_mmio.c emulators/virtio_console.c core/guest_tree.c core/vtimer.c */
/* SOURCES: core/guest_mem.c core/guest_map.c tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/arch.c */
/* SOURCES: tests/host/fake/time.c tests/host/fake/timer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/console.h>
#include <arch/vcpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/vtimer.h>

#include "fake.h"

#define RAM		0x80000000u
#define RAM_SIZE	0x01000000u
#define NUM		8u
#define DESC(q)		(RAM + 0x1000u * (q))
#define AVAIL(q)	(RAM + 0x1000u * (q) + 0x400)
#define USED(q)		(RAM + 0x1000u * (q) + 0x800)
#define TEXT		(RAM + 0x10000)
#define BUFFER		(RAM + 0x20000)
#define RX		0u
#define TX		1u
#define WRITE		2u
#define NEEDS_RESET	0x40u
#define LINE		6u
#define BACKLOG		4096u

void arch_vcpu_written(struct vcpu *v, gpa_t gpa, u32 len) { }

static struct guest guest;
struct guest *guest_first(void) { return &guest; }
u32 arch_vcpu_audit(struct vcpu *v) { return 0; }
static struct emudev dev;
static struct layout_dev node;
static u16 avail[2], seen[2];

/* -- the console -- */
static const struct console_guest_ops *ops;
static void *ops_priv;
static char wire[65536];
static u32 wire_len, wire_room, taken;

struct console_port *console_guest_attach(struct guest *g, const struct console_guest_ops *o, void *priv)
{
	if (ops)
		return NULL;
	ops = o;
	ops_priv = priv;
	return (struct console_port *)wire;
}

void console_guest_taken(struct console_port *p) { taken++; }

bool console_guest_tx(struct console_port *p, u8 c)
{
	if (wire_len == wire_room)
		return false;
	wire[wire_len++] = (char)c;
	return true;
}

/* -- the driver -- */
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

static void put32(u32 at, u32 v) { memcpy(hpa_ptr(at), &v, 4); }
static void put16(u32 at, u16 v) { memcpy(hpa_ptr(at), &v, 2); }

static void offer(u32 q, u32 i, u32 addr, u32 len, u32 flags)
{
	put32(DESC(q) + 16 * i, addr);
	put32(DESC(q) + 16 * i + 4, 0);
	put32(DESC(q) + 16 * i + 8, len);
	put16(DESC(q) + 16 * i + 12, (u16)flags);
	put16(AVAIL(q) + 4 + 2 * (avail[q] % NUM), (u16)i);
	put16(AVAIL(q) + 2, ++avail[q]);
	wr(0x050, q);
}

/* How many buffers came back, and how long the last one was. */
static u32 came_back(u32 q, u32 *len)
{
	u16 used;
	u32 n;

	memcpy(&used, hpa_ptr(USED(q) + 2), 2);
	n = (u16)(used - seen[q]);
	seen[q] = used;
	if (n && len)
		memcpy(len, hpa_ptr(USED(q) + 8 + 8 * ((used - 1) % NUM)), 4);
	return n;
}

static void drive(void)
{
	wr(0x070, 0);
	memset(hpa_ptr(RAM), 0, 0x4000);
	memset(avail, 0, sizeof(avail));
	memset(seen, 0, sizeof(seen));
	wr(0x070, 3);
	wr(0x024, 1);
	wr(0x020, 1);
	wr(0x070, 0xb);
	for (u32 q = 0; q < 2; q++) {
		wr(0x030, q);
		wr(0x038, NUM);
		wr(0x080, DESC(q));
		wr(0x090, AVAIL(q));
		wr(0x0a0, USED(q));
		wr(0x044, 1);
	}
	wr(0x070, 0xf);
}

static int setup(void **state)
{
	const char *clash;

	fake_log_reset();
	wire_len = taken = 0;
	wire_room = sizeof(wire);
	guest.state = GUEST_RUNNING;
	if (!dev.priv) {
		fake_arch_reset();
		vtimers_init();
		guest.name = "t";
		assert_int_equal(guest_map_add(&guest.map, &(struct region){ RAM, RAM_SIZE, REGION_RAM, NULL, "memory" }, &clash), 0);
		dev.type = emudev_find_type("umbra,virtio-console");
		node.node = dev.name = "hvc";
		dev.guest = &guest;
		dev.irq = LINE;
		dev.priv = calloc(1, dev.type->state_size);
		assert_int_equal(dev.type->create(&dev, &node), 0);
		for (u32 i = 0; i < 20000; i++)
			((char *)hpa_ptr(TEXT))[i] = (char)(' ' + i % 95);
	}
	dev.type->reset(&dev);
	drive();
	return 0;
}

static void test_registers(void **state)
{
	assert_int_equal(rd(0x008), 3);
	assert_int_equal(rd(0x010) & 0xffffff, 0);	/* neither size nor ports nor emergency writes */
	assert_int_equal(rd(0x100), 0);
	wr(0x030, 2);
	assert_int_equal(rd(0x034), 0);
}

static void test_sending(void **state)
{
	offer(TX, 0, TEXT, 1000, 0);
	assert_int_equal(came_back(TX, NULL), 1);
	assert_true(fake_line[LINE]);
	assert_int_equal(wire_len, 1000);
	offer(TX, 1, TEXT, 0, 0);
	assert_int_equal(came_back(TX, NULL), 1);
	assert_memory_equal(wire, hpa_ptr(TEXT), wire_len);
}

/* The buffer is the device's until the wire has all of it. */
static void test_full_wire(void **state)
{
	wire_room = 100;
	offer(TX, 0, TEXT, 300, 0);
	offer(TX, 1, TEXT + 300, 50, 0);
	assert_int_equal(came_back(TX, NULL), 0);
	for (wire_room = 101; wire_room < 350; wire_room++) {
		ops->tx_space(ops_priv);
		assert_int_equal(wire_len, wire_room);
		assert_int_equal(came_back(TX, NULL), wire_room == 300);
	}
	ops->tx_space(ops_priv);
	assert_int_equal(came_back(TX, NULL), 1);
	ops->tx_space(ops_priv);
	assert_memory_equal(wire, hpa_ptr(TEXT), 350);
	assert_int_equal(wire_len, 350);
	/* a guest that was stopped gets nothing written */
	wire_room = 360;
	offer(TX, 0, TEXT, 20, 0);
	guest.state = GUEST_STOPPED;
	wire_room = 400;
	ops->tx_space(ops_priv);
	assert_int_equal(came_back(TX, NULL), 0);
}

/* Memory of a guest that is paused, or held by the debugger, stands as it is; both ways go on when it does. */
static void test_standing(void **state)
{
	u32 len;

	for (u32 held = 0; held < 2; held++) {
		memset(hpa_ptr(BUFFER), 0, 16);
		wire_len = 0;
		wire_room = 100;
		offer(RX, 0, BUFFER, 16, WRITE);
		offer(TX, 0, TEXT, 300, 0);
		guest.state = held ? GUEST_RUNNING : GUEST_PAUSED;
		guest.held = held;
		for (const char *s = "typed"; *s; s++)
			ops->rx(ops_priv, (u8)*s);
		wire_room = 500;
		ops->tx_space(ops_priv);
		assert_int_equal(came_back(RX, NULL) + came_back(TX, NULL), 0);
		assert_int_equal(*(u8 *)hpa_ptr(BUFFER), 0);
		assert_int_equal(wire_len, 100);
		guest.state = GUEST_RUNNING;
		guest.held = false;
		fake_device_turns(&dev, 1);
		assert_int_equal(came_back(RX, &len), 1);
		assert_int_equal(len, 5);
		assert_string_equal((char *)hpa_ptr(BUFFER), "typed");
		assert_int_equal(came_back(TX, NULL), 1);
		assert_int_equal(wire_len, 300);
	}
}

/* The driver takes its buffers back with a reset; what it has not given any more is not read. */
static void test_reset_in_the_middle(void **state)
{
	wire_room = 100;
	offer(TX, 0, TEXT, 300, 0);
	drive();
	wire_room = 500;
	ops->tx_space(ops_priv);
	assert_int_equal(wire_len, 100);
	offer(TX, 0, TEXT + 100, 40, 0);
	assert_int_equal(came_back(TX, NULL), 1);
	assert_memory_equal(wire, hpa_ptr(TEXT), 140);
}

/* Others have their turn in between. */
static void test_turns(void **state)
{
	offer(TX, 0, TEXT, 20000, 0);
	assert_int_equal(wire_len, 4096);
	assert_int_equal(came_back(TX, NULL), 0);
	fake_device_turns(&dev, 2);
	assert_in_range(wire_len, 8192, 12288);
	fake_device_turns(&dev, 20);
	assert_int_equal(came_back(TX, NULL), 1);
	assert_int_equal(wire_len, 20000);
	assert_memory_equal(wire, hpa_ptr(TEXT), 20000);
}

static void test_receiving(void **state)
{
	u32 len;

	/* before there is a buffer */
	for (const char *s = "hello"; *s; s++)
		ops->rx(ops_priv, (u8)*s);
	assert_int_equal(ops->rx_room(ops_priv), BACKLOG - 5);
	offer(RX, 0, BUFFER, 3, WRITE);
	assert_int_equal(came_back(RX, &len), 1);
	assert_int_equal(len, 3);
	offer(RX, 1, BUFFER + 3, 100, WRITE);
	assert_int_equal(came_back(RX, &len), 1);
	assert_int_equal(len, 2);
	assert_memory_equal(hpa_ptr(BUFFER), "hello", 5);
	assert_int_equal(ops->rx_room(ops_priv), BACKLOG);
	assert_int_not_equal(taken, 0);
	/* and when one waits */
	offer(RX, 0, BUFFER, 100, WRITE);
	assert_int_equal(came_back(RX, NULL), 0);
	ops->rx_break(ops_priv);
	ops->rx(ops_priv, 'x');
	assert_int_equal(came_back(RX, &len), 1);
	assert_int_equal(len, 1);
	assert_int_equal(*(char *)hpa_ptr(BUFFER), 'x');
}

/* Around the end of what is kept, and more than that. */
static void test_backlog(void **state)
{
	u8 *got = hpa_ptr(BUFFER);
	u32 len;

	for (u32 round = 0; round < 3; round++) {
		for (u32 i = 0; i < BACKLOG + 10; i++)
			ops->rx(ops_priv, (u8)(i * 7));
		assert_int_equal(ops->rx_room(ops_priv), 0);
		offer(RX, 0, BUFFER, 1000, WRITE);
		offer(RX, 1, BUFFER + 1000, 5000, WRITE);
		assert_int_equal(came_back(RX, &len), 2);
		assert_int_equal(len, BACKLOG - 1000);
		for (u32 i = 0; i < BACKLOG; i++)
			assert_int_equal(got[i], (u8)(i * 7));
		ops->rx(ops_priv, 'y');
		offer(RX, 2, BUFFER, 1, WRITE);
		assert_int_equal(came_back(RX, &len), 1);
	}
	/* a guest that starts gets nothing that was typed before */
	ops->rx(ops_priv, 'z');
	dev.type->reset(&dev);
	assert_int_equal(ops->rx_room(ops_priv), BACKLOG);
}

/* What the device remembers of the guest's memory is the guest's. */
static void test_audit(void **state)
{
	wire_room = 100;
	offer(TX, 0, TEXT, 300, 0);
	assert_int_equal(guest_audit(&guest), 0);
	guest.map.r[0].size = 0x8000;	/* the buffer is not in it any more, the rings are */
	guest.devs = &dev;
	assert_int_equal(guest_audit(&guest), 1);
	assert_non_null(strstr(fake_log_text, "guest audit: buffer of guest t at host 0x80010000+0x12c is nobody's memory"));
	guest.map.r[0].size = 0x1000;
	assert_int_equal(guest_audit(&guest), 4);
	assert_non_null(strstr(fake_log_text, "descriptor table of guest t at host 0x80001000+0x80"));
	guest.map.r[0].size = RAM_SIZE;
	assert_int_equal(guest_audit(&guest), 0);
	guest.devs = NULL;
}

static void test_mistakes(void **state)
{
	static const struct { u32 q, len, flags; } bad[] = { { TX, 10, WRITE }, { RX, 10, 0 }, { RX, 0, WRITE } };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		ops->rx(ops_priv, 'x');
		offer(bad[i].q, 0, TEXT, bad[i].len, bad[i].flags);
		assert_int_equal(rd(0x070) & NEEDS_RESET, NEEDS_RESET);
		ops->rx(ops_priv, 'x');
		ops->tx_space(ops_priv);
		drive();
		offer(TX, 0, TEXT, 10, 0);
		assert_int_equal(came_back(TX, NULL), 1);
	}
	assert_int_equal(dev.type->create(&dev, &node), -EBUSY);
	assert_non_null(strstr(fake_log_text, "has a console already, and one wire leads to it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_sending, setup),
		cmocka_unit_test_setup(test_full_wire, setup),
		cmocka_unit_test_setup(test_standing, setup),
		cmocka_unit_test_setup(test_reset_in_the_middle, setup),
		cmocka_unit_test_setup(test_turns, setup),
		cmocka_unit_test_setup(test_receiving, setup),
		cmocka_unit_test_setup(test_backlog, setup),
		cmocka_unit_test_setup(test_audit, setup),
		cmocka_unit_test_setup(test_mistakes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
