/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio devices, by a small driver: negotiation, rings, indirect descriptors, event indexes, a budget, each way to misuse a ring; the disk's requests
 * and what it forgets; entropy.
 */
/* SOURCES: core/guest_owner.c emulators/virtio_mmio.c emulators/virtio_blk.c emulators/virtio_rng.c core/entropy.c core/guest_tree.c core/vtimer.c */
/* SOURCES: core/guest_mem.c core/guest_map.c core/alloc.c tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/arch.c */
/* SOURCES: tests/host/fake/timer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <hv/alloc.h>
#include <hv/emudev.h>
#include <hv/entropy.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/time.h>
#include <hv/vtimer.h>

#include "fake.h"

#define RAM		0x80000000u
#define RAM_SIZE	0x04000000u
#define DISK_AT		0x90000000u
#define DISK_SIZE	0x00800000u

#define DESC		(RAM + 0x1000)
#define AVAIL		(RAM + 0x2000)
#define USED		(RAM + 0x3000)
#define TABLE		(RAM + 0x4000)	/* indirect */
#define HEADER		(RAM + 0x5000)
#define STATUS_AT	(RAM + 0x5800)
#define DATA		(RAM + 0x10000)
#define NUM		16u

#define NEXT		1u
#define WRITE		2u
#define INDIRECT	4u

#define F_INDIRECT	BIT(28)
#define F_EVENT_IDX	BIT(29)
#define NEEDS_RESET	0x40u

#define LINE		3u

/* The clock moves while somebody looks at it, as a real one does. */
u32 fake_time;
static u32 looks;

u32 host_time_now(void)
{
	if (++looks % 3 == 0)
		fake_time++;
	return fake_time;
}

/* What the devices say they wrote, of the rings and the data. */
#define WATCHED	0x12000u
static bool told[WATCHED];

void arch_vcpu_written(struct vcpu *v, gpa_t gpa, u32 len)
{
	for (u32 i = 0; i < len; i++)
		if (gpa + i - RAM < WATCHED)
			told[gpa + i - RAM] = true;
}

static struct guest guest;
struct guest *guest_first(void) { return &guest; }
u32 arch_vcpu_audit(struct vcpu *v) { return 0; }
static struct emudev dev;
static struct layout_dev node;
static u16 avail_idx, used_seen;

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

static u32 get32(u32 at)
{
	u32 v;

	memcpy(&v, hpa_ptr(at), 4);
	return v;
}

static u16 get16(u32 at)
{
	u16 v;

	memcpy(&v, hpa_ptr(at), 2);
	return v;
}

static void put_desc(u32 table, u32 i, u32 addr, u32 len, u32 flags, u32 next)
{
	put32(table + 16 * i, addr);
	put32(table + 16 * i + 4, 0);
	put32(table + 16 * i + 8, len);
	put16(table + 16 * i + 12, (u16)flags);
	put16(table + 16 * i + 14, (u16)next);
}

static void offer(u32 head)
{
	put16(AVAIL + 4 + 2 * (avail_idx % NUM), (u16)head);
	put16(AVAIL + 2, ++avail_idx);
}

static void kick(void)
{
	wr(0x050, 0);
}

static void make(const char *compatible, bool read_only, bool forget)
{
	if (dev.priv)
		dev.type->reset(&dev);
	free(dev.priv);
	memset(&dev, 0, sizeof(dev));
	memset(&node, 0, sizeof(node));
	dev.type = emudev_find_type(compatible);
	assert_non_null(dev.type);
	node.node = dev.name = "t";
	node.file = (struct layout_file){ .name = "disk.img", .addr = DISK_AT, .size = DISK_SIZE, .doubled = forget };
	node.read_only = read_only;
	dev.guest = &guest;
	dev.irq = LINE;
	dev.priv = calloc(1, dev.type->state_size);
	/* What a device allocates is its guest's, and is had anew with it. */
	alloc_own(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
	assert_int_equal(dev.type->create(&dev, &node), 0);
	alloc_own_end();
	dev.type->reset(&dev);
}

static void set_queue(u32 num, u32 desc, u32 avail, u32 used)
{
	wr(0x030, 0);
	wr(0x038, num);
	wr(0x080, desc);
	wr(0x084, 0);
	wr(0x090, avail);
	wr(0x094, 0);
	wr(0x0a0, used);
	wr(0x0a4, 0);
	wr(0x044, 1);
}

/* As a driver does it (3.1.1), with @features beside version 1. */
static void drive(u32 features)
{
	wr(0x070, 0);
	memset(hpa_ptr(DESC), 0, 0x4000);
	avail_idx = used_seen = 0;
	wr(0x070, 1);
	wr(0x070, 3);
	wr(0x024, 0);
	wr(0x020, features);
	wr(0x024, 1);
	wr(0x020, 1);
	wr(0x070, 0xb);
	assert_int_equal(rd(0x070), 0xb);
	set_queue(NUM, DESC, AVAIL, USED);
	assert_int_equal(rd(0x044), 1);
	wr(0x070, 0xf);
}

static int setup(void **state)
{
	static bool once;
	const char *clash;

	fake_log_reset();
	hv_log_new_run();
	if (once) {
		make("umbra,virtio-blk", false, false);
		drive(F_INDIRECT | F_EVENT_IDX);
		return 0;
	}
	once = true;
	fake_arch_reset();
	alloc_init(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
	vtimers_init();
	guest.name = "t";
	guest.state = GUEST_RUNNING;
	assert_int_equal(guest_map_add(&guest.map, &(struct region){ RAM, RAM_SIZE, REGION_RAM, NULL, "memory" }, &clash), 0);
	return setup(state);
}

/* One more in the used ring, for @head, with @len bytes. */
static void check_used(u32 head, u32 len)
{
	assert_int_equal(get16(USED + 2), (u16)(used_seen + 1));
	assert_int_equal(get32(USED + 4 + 8 * (used_seen % NUM)), head);
	assert_int_equal(get32(USED + 4 + 8 * (used_seen % NUM) + 4), len);
	used_seen++;
}

static void put_header(u32 type, u64 sector)
{
	put32(HEADER, type);
	put32(HEADER + 4, 0);
	put32(HEADER + 8, (u32)sector);
	put32(HEADER + 12, (u32)(sector >> 32));
	*(u8 *)hpa_ptr(STATUS_AT) = 0xff;
}

/* A request of three descriptors from @head on. */
static void put_request(u32 head, u32 type, u64 sector, u32 data, u32 len)
{
	put_header(type, sector);
	put_desc(DESC, head, HEADER, 16, NEXT, head + 1);
	put_desc(DESC, head + 1, data, len, NEXT | (type == 1 ? 0 : WRITE), head + 2);
	put_desc(DESC, head + 2, STATUS_AT, 1, WRITE, 0);
}

static u8 request(u32 type, u64 sector, u32 len, u32 want_used)
{
	put_request(0, type, sector, DATA, len);
	offer(0);
	kick();
	check_used(0, want_used);
	return *(u8 *)hpa_ptr(STATUS_AT);
}

static void check_broken(const char *why)
{
	assert_int_equal(rd(0x070) & NEEDS_RESET, NEEDS_RESET);
	assert_int_equal(rd(0x060) & 2, 2);
	assert_true(fake_line[LINE]);
	if (!strstr(fake_log_text, why))
		fail_msg("no \"%s\" in: %s", why, fake_log_text);
	assert_int_equal(get16(USED + 2), used_seen);
	/* nothing goes on until it is reset, and then everything does */
	kick();
	assert_int_equal(get16(USED + 2), used_seen);
	drive(F_INDIRECT | F_EVENT_IDX);
	assert_false(fake_line[LINE]);
	assert_int_equal(request(0, 0, 512, 513), 0);
	drive(F_INDIRECT | F_EVENT_IDX);
	fake_log_reset();
	hv_log_new_run();
}

static void test_registers(void **state)
{
	struct mmio_access half = { .offset = 0x070, .size = 2 };

	assert_int_equal(rd(0x000), 0x74726976);
	assert_int_equal(rd(0x004), 2);
	assert_int_equal(rd(0x008), 2);
	assert_int_equal(rd(0x034), 128);
	wr(0x030, 1);
	assert_int_equal(rd(0x034), 0);
	wr(0x044, 1);
	assert_int_equal(rd(0x044), 0);
	wr(0x030, ~0u);
	assert_int_equal(rd(0x034), 0);
	assert_int_equal(rd(0x0b0), ~0u);
	assert_int_equal(rd(0x0b4), ~0u);
	assert_int_equal(rd(0x100), DISK_SIZE / 512);
	assert_int_equal(rd(0x104), 0);
	assert_int_equal(rd(0x10c), 126);
	assert_int_equal(rd(0xffc), 0);
	assert_int_equal(dev.type->access(&dev, &half), MMIO_ERROR);
	wr(0x014, 1);
	assert_int_equal(rd(0x010), 1);
	wr(0x014, 2);
	assert_int_equal(rd(0x010), 0);
}

static void test_negotiation(void **state)
{
	/* without version 1 */
	wr(0x070, 0);
	wr(0x070, 3);
	wr(0x070, 0xb);
	assert_int_equal(rd(0x070), 3);
	wr(0x070, 0xf);
	assert_int_equal(rd(0x070), 3);
	/* with what was not offered */
	wr(0x024, 1);
	wr(0x020, 1);
	wr(0x024, 0);
	wr(0x020, BIT(5));
	wr(0x070, 0xb);
	assert_int_equal(rd(0x070), 3);
	wr(0x020, 0);
	wr(0x070, 0xb);
	assert_int_equal(rd(0x070), 0xb);
	/* no second thoughts, and no bits that only the device sets */
	wr(0x020, ~0u);
	wr(0x070, 0x4b);
	assert_int_equal(rd(0x070), 0xb);
	wr(0x070, 0);
	assert_int_equal(rd(0x070), 0);
}

static void test_disk(void **state)
{
	u8 *data = hpa_ptr(DATA), *disk = hpa_ptr(DISK_AT);

	for (u32 i = 0; i < 4096; i++)
		disk[512 * 7 + i] = (u8)(i * 3 + 1);
	assert_int_equal(request(0, 7, 4096, 4097), 0);
	assert_memory_equal(data, disk + 512 * 7, 4096);
	assert_true(fake_line[LINE]);
	assert_int_equal(rd(0x060), 1);
	wr(0x064, 1);
	assert_false(fake_line[LINE]);
	memset(data, 0x5a, 1024);
	assert_int_equal(request(1, DISK_SIZE / 512 - 2, 1024, 1), 0);
	assert_memory_equal(disk + DISK_SIZE - 1024, data, 1024);
	assert_int_equal(request(4, 0, 512, 0), 0);
	assert_int_equal(request(8, 0, 20, 21), 0);
	assert_string_equal((char *)data, "disk.img");
	assert_int_equal(request(77, 0, 512, 0), 2);
}

static void test_disk_mistakes(void **state)
{
	assert_int_equal(request(0, DISK_SIZE / 512, 512, 0), 1);
	assert_int_equal(request(0, DISK_SIZE / 512 - 1, 1024, 0), 1);
	assert_int_equal(request(0, ~0ull, 512, 0), 1);
	assert_int_equal(request(1, 1ull << 55, 512, 1), 1);
	assert_int_equal(request(0, 0, 511, 0), 1);
	assert_int_equal(request(8, 0, 19, 0), 1);
	make("umbra,virtio-blk", true, false);
	drive(F_INDIRECT | F_EVENT_IDX | BIT(5));
	assert_int_equal(request(1, 0, 512, 1), 1);
	/* no room for a status, half a header */
	put_request(0, 0, 0, DATA, 512);
	put_desc(DESC, 0, HEADER, 15, NEXT, 1);
	offer(0);
	kick();
	assert_int_equal(rd(0x070) & NEEDS_RESET, NEEDS_RESET);
	drive(F_INDIRECT);
	put_desc(DESC, 0, HEADER, 16, 0, 0);
	offer(0);
	kick();
	assert_int_equal(rd(0x070) & NEEDS_RESET, NEEDS_RESET);
}

/* What a restart forgets, and what it does not. */
static void test_forget(void **state)
{
	u8 *data = hpa_ptr(DATA), *disk = hpa_ptr(DISK_AT);

	memset(disk, 0x11, DISK_SIZE);
	memset(disk + DISK_SIZE, 0x11, DISK_SIZE);
	make("umbra,virtio-blk", false, true);
	drive(0);
	memset(data, 0x22, 8192);
	assert_int_equal(request(1, 7, 8192, 1), 0);
	assert_int_equal(request(1, DISK_SIZE / 512 - 1, 512, 1), 0);
	assert_int_equal(disk[512 * 7], 0x22);
	wr(0x070, 0);	/* the driver's reset is no restart */
	assert_int_equal(disk[512 * 7], 0x22);
	dev.type->reset(&dev);
	for (u32 i = 0; i < DISK_SIZE; i++)
		if (disk[i] != 0x11)
			fail_msg("byte %u", i);
	make("umbra,virtio-blk", false, false);
	drive(0);
	assert_int_equal(request(1, 7, 512, 1), 0);
	dev.type->reset(&dev);
	assert_int_equal(disk[512 * 7], 0x22);
}

static void test_indirect(void **state)
{
	put_header(0, 1);
	put_desc(TABLE, 0, HEADER, 16, NEXT, 3);
	put_desc(TABLE, 3, DATA, 100, WRITE | NEXT, 1);
	put_desc(TABLE, 1, DATA + 0x1000, 412, WRITE | NEXT, 2);
	put_desc(TABLE, 2, STATUS_AT, 1, WRITE, 0);
	put_desc(DESC, 5, TABLE, 64, INDIRECT, 0);
	for (u32 i = 0; i < 512; i++)
		((u8 *)hpa_ptr(DISK_AT))[512 + i] = (u8)i;
	offer(5);
	kick();
	check_used(5, 513);
	assert_memory_equal(hpa_ptr(DATA), (u8 *)hpa_ptr(DISK_AT) + 512, 100);
	assert_memory_equal(hpa_ptr(DATA + 0x1000), (u8 *)hpa_ptr(DISK_AT) + 612, 412);
}

/* A header in pieces, and the status at the end of the data's buffer. */
static void test_any_cut(void **state)
{
	put_header(0, 0);
	put_desc(DESC, 0, HEADER, 5, NEXT, 1);
	put_desc(DESC, 1, HEADER + 5, 0, NEXT, 2);
	put_desc(DESC, 2, HEADER + 5, 11, NEXT, 3);
	put_desc(DESC, 3, DATA, 513, WRITE, 0);
	((u8 *)hpa_ptr(DATA))[512] = 0xff;
	offer(0);
	kick();
	check_used(0, 513);
	assert_int_equal(((u8 *)hpa_ptr(DATA))[512], 0);
}

static void test_interrupts(void **state)
{
	/* by event index: only when the used index passes it */
	put16(AVAIL + 4 + 2 * NUM, 1);
	assert_int_equal(request(0, 0, 512, 513), 0);
	assert_false(fake_line[LINE]);
	assert_int_equal(request(0, 0, 512, 513), 0);
	assert_true(fake_line[LINE]);
	wr(0x064, 3);
	assert_int_equal(request(0, 0, 512, 513), 0);
	assert_false(fake_line[LINE]);
	/* and the device says where it wants to hear of more */
	assert_int_equal(get16(USED + 4 + 8 * NUM), avail_idx);
	/* by the flag */
	drive(0);
	put16(AVAIL, 1);
	assert_int_equal(request(0, 0, 512, 513), 0);
	assert_false(fake_line[LINE]);
	put16(AVAIL, 0);
	assert_int_equal(request(0, 0, 512, 513), 0);
	assert_true(fake_line[LINE]);
	wr(0x070, 0);
	assert_false(fake_line[LINE]);
}

/* Code and page tables of the guest may lie where a device writes: each byte that changes is announced. */
static void test_writes_are_told(void **state)
{
	static u8 before[WATCHED];
	u8 *ram = hpa_ptr(RAM), *disk = hpa_ptr(DISK_AT);
	u32 changed = 0;

	for (u32 i = 0; i < 4096; i++)
		disk[512 * 7 + i] = (u8)(i * 5 + 1);
	put_request(0, 0, 7, DATA, 4096);
	offer(0);
	memcpy(before, ram, WATCHED);
	memset(told, 0, sizeof(told));
	kick();
	check_used(0, 4097);
	for (u32 i = 0; i < WATCHED; i++) {
		assert_true(before[i] == ram[i] || told[i]);
		changed += before[i] != ram[i];
	}
	assert_true(changed > 4000 && told[USED + 2 - RAM] && told[USED + 4 + 8 * NUM - RAM] && told[STATUS_AT - RAM]);
}

/* Indexes wrap at 2^16. */
static void test_many(void **state)
{
	for (u32 i = 0; i < 70000; i++)
		assert_int_equal(request(0, i % 100, 512, 513), 0);
}

static void test_budget(void **state)
{
	for (u32 i = 0; i < 4; i++) {
		put_request(3 * i, 0, 0, DATA, 0x80000);
		offer(3 * i);
	}
	kick();
	assert_int_equal(get16(USED + 2), 0);
	fake_device_turns(&dev, 4);
	assert_int_equal(get16(USED + 2), 1);	/* a part of it in each turn */
	fake_device_turns(&dev, 20);
	assert_int_equal(get16(USED + 2), 4);
	assert_false(guest.unfinished);
	/* a guest that was stopped meanwhile gets nothing written */
	used_seen = 4;
	for (u32 i = 0; i < 4; i++)
		offer(3 * i);
	kick();
	guest.state = GUEST_STOPPED;
	fake_device_turns(&dev, 20);
	guest.state = GUEST_RUNNING;
	assert_int_equal(get16(USED + 2), 4);
}

/* 128 times the chain at descriptor 0, all at once, which fill a queue: how many come back in the first turn. All do in the end. */
static u32 done_in_a_turn(void)
{
	u32 n;

	wr(0x044, 0);
	set_queue(128, DESC, AVAIL, USED);
	for (u32 i = 0; i < 128; i++)
		put16(AVAIL + 4 + 2 * i, 0);
	put16(AVAIL + 2, 128);
	kick();
	n = get16(USED + 2);
	fake_device_turns(&dev, 128);
	assert_int_equal(get16(USED + 2), 128);
	assert_false(guest.unfinished);
	return n;
}

/* What moves next to nothing has its turns as well: chains of 128 descriptors, direct and not, and short requests. */
static void test_budget_of_small_things(void **state)
{
	for (u32 indirect = 0; indirect < 2; indirect++) {
		u32 table = indirect ? TABLE : DESC;

		drive(F_INDIRECT);
		put_header(4, 0);
		put_desc(DESC, 0, TABLE, 128 * 16, INDIRECT, 0);
		put_desc(table, 0, HEADER, 16, NEXT, 1);
		for (u32 i = 1; i < 127; i++)
			put_desc(table, i, DATA, 0, WRITE | NEXT, i + 1);
		put_desc(table, 127, STATUS_AT, 1, WRITE, 0);
		assert_in_range(done_in_a_turn(), 8, 16);
	}
	drive(0);
	put_request(0, 0, 0, DATA, 512);
	assert_in_range(done_in_a_turn(), 64, 127);
}

/* How much of the guest's data is what the disk has. */
static u32 arrived(const u8 *data, u32 len)
{
	u32 n = 0;

	while (n < len && data[n])
		n++;
	return n;
}

/* A request for the whole disk is done in pieces, each no longer than a turn, whole in the end and given back once. */
static void test_long_request(void **state)
{
	u8 *data = hpa_ptr(DATA), *disk = hpa_ptr(DISK_AT);
	u32 before = 0, now;

	for (u32 i = 0; i < DISK_SIZE; i++)
		disk[i] = (u8)(i % 251 + 1);
	memset(data, 0, DISK_SIZE);
	put_request(0, 0, 0, DATA, DISK_SIZE);
	offer(0);
	for (kick(); guest.unfinished; fake_device_turns(&dev, 1), before = now) {
		now = arrived(data, DISK_SIZE);
		assert_in_range(now - before, 1, 0x20000);
		assert_int_equal(get16(USED + 2), used_seen);
		assert_int_equal(dev.type->audit(&dev), 0);
	}
	check_used(0, DISK_SIZE + 1);
	assert_memory_equal(data, disk, DISK_SIZE);
	for (u32 i = 0; i < DISK_SIZE; i++)
		data[i] = (u8)(i % 239);
	put_request(0, 1, 0, DATA, DISK_SIZE);
	offer(0);
	kick();
	assert_memory_not_equal(data + DISK_SIZE - 512, disk + DISK_SIZE - 512, 512);
	fake_device_turns(&dev, 1000);
	check_used(0, 1);
	assert_memory_equal(data, disk, DISK_SIZE);
}

/* A request in pieces ends with a reset of the device and of the queue: nothing of it is written afterwards. */
static void test_long_request_forgotten(void **state)
{
	for (u32 queue = 0; queue < 2; queue++) {
		drive(F_INDIRECT | F_EVENT_IDX);
		memset(hpa_ptr(DISK_AT), 0x77, DISK_SIZE);
		put_request(0, 0, 0, DATA, DISK_SIZE);
		offer(0);
		kick();
		assert_true(guest.unfinished);
		if (queue)
			wr(0x044, 0);
		else
			wr(0x070, 0);
		memset(hpa_ptr(DATA), 0, DISK_SIZE);
		fake_device_turns(&dev, 1000);
		assert_int_equal(arrived(hpa_ptr(DATA), DISK_SIZE), 0);
		assert_int_equal(get16(USED + 2), 0);
		avail_idx = used_seen = 0;
		if (queue) {
			memset(hpa_ptr(DESC), 0, 0x3000);
			set_queue(NUM, DESC, AVAIL, USED);
		} else {
			drive(F_INDIRECT | F_EVENT_IDX);
		}
		assert_int_equal(request(0, 0, 512, 513), 0);
	}
}

static void test_wild_chains(void **state)
{
	/* loops */
	put_request(0, 0, 0, DATA, 512);
	put_desc(DESC, 2, STATUS_AT, 1, WRITE | NEXT, 1);
	offer(0);
	kick();
	check_broken("a chain without end");
	put_desc(TABLE, 0, HEADER, 16, NEXT, 0);
	put_desc(DESC, 0, TABLE, 32, INDIRECT, 0);
	offer(0);
	kick();
	check_broken("a chain without end");
	/* descriptors that do not exist */
	offer(NUM);
	kick();
	check_broken("does not exist");
	put_request(0, 0, 0, DATA, 512);
	put_desc(DESC, 1, DATA, 512, WRITE | NEXT, 0xffff);
	offer(0);
	kick();
	check_broken("does not exist");
	put_desc(TABLE, 0, HEADER, 16, NEXT, 2);
	put_desc(DESC, 0, TABLE, 32, INDIRECT, 0);
	offer(0);
	kick();
	check_broken("does not exist");
	/* order */
	put_request(0, 0, 0, DATA, 512);
	put_desc(DESC, 2, STATUS_AT, 1, 0, 0);
	offer(0);
	kick();
	check_broken("to be read behind one to be written");
	/* more than the ring holds */
	put16(AVAIL + 2, NUM + 1);
	kick();
	check_broken("more requests than the queue holds");
}

static void test_wild_indirect(void **state)
{
	static const struct { u32 len, flags; } bad[] = {
		{ 0, INDIRECT }, { 17, INDIRECT }, { 16 * (NUM + 1), INDIRECT }, { 0xfffffff0, INDIRECT }, { 16, INDIRECT | NEXT },
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		put_desc(DESC, 0, TABLE, bad[i].len, bad[i].flags, 1);
		offer(0);
		kick();
		check_broken("an indirect table");
	}
	/* in an indirect table, behind another descriptor */
	put_desc(TABLE, 0, TABLE, 16, INDIRECT, 0);
	put_desc(DESC, 0, TABLE, 16, INDIRECT, 0);
	offer(0);
	kick();
	check_broken("an indirect table");
	put_desc(DESC, 0, HEADER, 16, NEXT, 1);
	put_desc(DESC, 1, TABLE, 16, INDIRECT, 0);
	offer(0);
	kick();
	check_broken("an indirect table");
	/* not negotiated */
	drive(0);
	put_desc(DESC, 0, TABLE, 16, INDIRECT, 0);
	offer(0);
	kick();
	check_broken("an indirect table");
}

static void test_wild_addresses(void **state)
{
	static const struct { u32 high, addr, len; } bad[] = {
		{ 0, 0, 512 }, { 0, RAM - 1, 512 }, { 0, RAM + RAM_SIZE - 511, 512 }, { 0, DISK_AT, 512 }, { 0, 0x10051000, 512 }, { 0, ~0u, 2 },
		{ 1, DATA, 512 }, { ~0u, DATA, 512 }, { 0, RAM, ~0u }, { 0, DATA, RAM_SIZE },
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		put_request(0, 0, 0, bad[i].addr, bad[i].len);
		put32(DESC + 16 + 4, bad[i].high);
		offer(0);
		kick();
		check_broken("an address outside of its memory");
	}
	put_desc(DESC, 0, FAKE_UMBRA_BASE, 64, INDIRECT, 0);
	offer(0);
	kick();
	check_broken("an address outside of its memory");
}

/* Lengths that add up to more than this disk has, and to more than there are numbers for. */
static void test_wild_sums(void **state)
{
	put_header(0, 0);
	put_desc(DESC, 0, HEADER, 16, NEXT, 1);
	for (u32 i = 1; i < 127; i++)
		put_desc(DESC, i, RAM, RAM_SIZE, WRITE | NEXT, i + 1);
	put_desc(DESC, 15, STATUS_AT, 1, WRITE, 0);
	offer(0);
	kick();
	check_used(0, 0);
	assert_int_equal(*(u8 *)hpa_ptr(STATUS_AT), 1);
	drive(F_INDIRECT);
	wr(0x044, 0);
	set_queue(128, DESC, AVAIL, USED);
	put_header(0, 0);
	put_desc(DESC, 0, HEADER, 16, NEXT, 1);
	for (u32 i = 1; i < 128; i++)
		put_desc(DESC, i, RAM, RAM_SIZE, WRITE | (i < 127 ? NEXT : 0), i + 1);
	offer(0);
	kick();
	check_broken("a chain of more than 4 GiB");
}

static void test_wild_queues(void **state)
{
	static const u32 bad[][4] = {
		{ 0, DESC, AVAIL, USED }, { 3, DESC, AVAIL, USED }, { 256, DESC, AVAIL, USED }, { ~0u, DESC, AVAIL, USED },
		{ NUM, DESC + 8, AVAIL, USED }, { NUM, DESC, AVAIL + 1, USED }, { NUM, DESC, AVAIL, USED + 2 },
		{ NUM, 0, AVAIL, USED }, { NUM, DESC, DISK_AT, USED }, { NUM, DESC, AVAIL, RAM + RAM_SIZE - 4 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		wr(0x030, 0);
		wr(0x044, 0);
		assert_int_equal(rd(0x044), 0);
		set_queue(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
		assert_int_equal(rd(0x044), 0);
		assert_int_equal(rd(0x070) & NEEDS_RESET, NEEDS_RESET);
		drive(F_INDIRECT | F_EVENT_IDX);
	}
	/* what is in use does not move */
	wr(0x080, 0);
	wr(0x038, 4);
	assert_int_equal(request(0, 0, 512, 513), 0);
	/* kicks of what is not there */
	wr(0x050, 1);
	wr(0x050, ~0u);
	assert_int_equal(rd(0x070), 0xf);
	/* and before the driver is ready */
	wr(0x070, 0);
	kick();
	assert_int_equal(rd(0x070), 0);
}

/* Any words at all in rings and descriptors: no bad access (sanitizers look), and the device lives after a reset. */
static void test_noise(void **state)
{
	srand(1);
	for (u32 round = 0; round < 3000; round++) {
		for (u32 i = 0; i < 16 * NUM + 64; i += 4) {
			u32 near = RAM + (u32)rand() % 0x20000, any = (u32)rand() << 1 ^ (u32)rand();

			put32(DESC + i, i % 16 == 4 ? (u32)!(rand() % 64) : i % 16 == 0 ? near : i % 16 == 8 ? (u32)rand() % 600 : any % 0x100000);
			put32(TABLE + i, i % 16 == 4 ? 0 : i % 16 == 0 ? near : i % 16 == 8 ? (u32)rand() % 3000 : any & 0x000f0007);
		}
		put16(AVAIL + 2, (u16)(avail_idx + rand() % (NUM + 2)));
		kick();
		if (rd(0x070) & NEEDS_RESET)
			drive(round & 1 ? F_INDIRECT | F_EVENT_IDX : 0);
		else
			avail_idx = get16(AVAIL + 2);
	}
	drive(F_INDIRECT | F_EVENT_IDX);
	assert_int_equal(request(0, 0, 512, 513), 0);
}

static void test_entropy(void **state)
{
	u8 *data = hpa_ptr(DATA), last[64];
	u32 ones = 0;

	make("umbra,virtio-rng", false, false);
	drive(0);
	memset(data, 0, 4096);
	for (u32 i = 0; i < 2; i++) {
		memcpy(last, data, sizeof(last));
		put_desc(DESC, 0, DATA, 64, WRITE, 0);
		offer(0);
		kick();
		check_used(0, 64);
		assert_memory_not_equal(data, last, 64);
	}
	assert_int_equal(data[64], 0);
	/* no more at once than is asked for often */
	put_desc(DESC, 0, DATA, 4096, WRITE, 0);
	offer(0);
	kick();
	check_used(0, 256);
	for (u32 i = 0; i < 256; i++)
		ones += (u32)__builtin_popcount(data[i]);
	assert_in_range(ones, 1024 - 150, 1024 + 150);
	put_desc(DESC, 0, DATA, 64, 0, 0);
	offer(0);
	kick();
	assert_int_equal(rd(0x070) & NEEDS_RESET, NEEDS_RESET);
}

static void test_refused(void **state)
{
	node.file.size = DISK_SIZE - 1;
	assert_int_not_equal(dev.type->create(&dev, &node), 0);
	assert_non_null(strstr(fake_log_text, "not whole sectors"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_negotiation, setup),
		cmocka_unit_test_setup(test_disk, setup),
		cmocka_unit_test_setup(test_disk_mistakes, setup),
		cmocka_unit_test_setup(test_forget, setup),
		cmocka_unit_test_setup(test_indirect, setup),
		cmocka_unit_test_setup(test_any_cut, setup),
		cmocka_unit_test_setup(test_interrupts, setup),
		cmocka_unit_test_setup(test_writes_are_told, setup),
		cmocka_unit_test_setup(test_many, setup),
		cmocka_unit_test_setup(test_budget, setup),
		cmocka_unit_test_setup(test_budget_of_small_things, setup),
		cmocka_unit_test_setup(test_long_request, setup),
		cmocka_unit_test_setup(test_long_request_forgotten, setup),
		cmocka_unit_test_setup(test_wild_chains, setup),
		cmocka_unit_test_setup(test_wild_indirect, setup),
		cmocka_unit_test_setup(test_wild_addresses, setup),
		cmocka_unit_test_setup(test_wild_sums, setup),
		cmocka_unit_test_setup(test_wild_queues, setup),
		cmocka_unit_test_setup(test_noise, setup),
		cmocka_unit_test_setup(test_entropy, setup),
		cmocka_unit_test_setup(test_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
