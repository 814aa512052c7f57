/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any driver of a virtio disk or entropy device: registers in any order, any bytes in rings and descriptors, time that goes by. The device
 * answers, comes to an end, and writes nothing but the guest's memory. The driver's words are those of the unit test.
 */
/* SOURCES: core/guest_owner.c emulators/virtio_mmio.c emulators/virtio_blk.c emulators/virtio_rng.c core/entropy.c core/guest_tree.c core/vtimer.c */
/* SOURCES: core/guest_mem.c core/guest_map.c core/alloc.c tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/arch.c */
/* SOURCES: tests/host/fake/timer.c */
#define main unit_tests
#include "../host/t_virtio.c"
#undef main

#include "fuzz.h"

#define USED_RAM	0x20000u	/* of the guest's memory: what unit test and steps are about */
#define GUARD		0x1000u

/* One thing that the driver does. */
struct step {
	u8 what, index;
	u16 offset;
	u32 value, more;
};

static const u16 registers[] = {
	0x014, 0x020, 0x024, 0x030, 0x038, 0x044, 0x050, 0x064, 0x070, 0x080, 0x084, 0x090, 0x094, 0x0a0, 0x0a4, 0x100, 0x104, 0x118,
};

/* An address that is likely to mean something: in the rings and data, at the end of memory, or anything. */
static u32 address(u32 v)
{
	return v & BIT(31) ? v : v & BIT(30) ? RAM + RAM_SIZE - (v & 0xff) : RAM + (v & (USED_RAM - 1));
}

static void access_any(const struct step *s, bool write)
{
	struct mmio_access a = { .offset = s->offset & 0xfff, .size = 1u << s->index % 3, .is_write = write, .value = s->value };
	enum mmio_result r;

	a.offset &= ~(a.size - 1);
	r = dev.type->access(&dev, &a);
	FUZZ_CHECK(r == MMIO_DONE || r == MMIO_ERROR, "0x%x: %d", a.offset, r);
}

static void do_step(const struct step *s)
{
	switch (s->what % 9) {
	case 0:
		wr(registers[s->index % ARRAY_SIZE(registers)], s->value);
		break;
	case 1:
		access_any(s, s->more & 1);
		break;
	case 2:
		put32(address(s->offset & ~3u), s->value);
		break;
	case 3:
		put_desc(s->index & 1 ? TABLE : DESC, s->offset % NUM, address(s->value), s->more & BIT(31) ? s->more : s->more & 0x1fff,
			 s->index >> 1 & 7, s->index >> 4);
		break;
	case 4:
		offer(s->index % (NUM + 1));
		break;
	case 5:
		kick();
		break;
	case 6:
		put_request(s->index % NUM, s->offset & 7, s->value & 0x7fff, address(s->more), s->value >> 16);
		offer(s->index % NUM);
		kick();
		break;
	case 7:
		fake_time_go(s->value & 0xff);
		fake_device_turns(&dev, s->value & 3);
		break;
	case 8:
		make(s->index & 1 ? "umbra,virtio-rng" : "umbra,virtio-blk", s->index & 2, s->index & 4);
		wr(0x014, 0);
		drive(s->value & rd(0x010));
		break;
	}
}

static void check_zero(hpa_t at, const char *what)
{
	static const u8 zero[GUARD];

	FUZZ_CHECK(!memcmp(hpa_ptr(at), zero, GUARD), "%s was written", what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct step s;

	memset(hpa_ptr(RAM), 0, USED_RAM);
	setup(NULL);
	for (; size >= sizeof(s); data += sizeof(s), size -= sizeof(s)) {
		memcpy(&s, data, sizeof(s));
		do_step(&s);
	}
	fake_time_go(1000);
	fake_device_turns(&dev, 1000);
	check_zero(RAM + RAM_SIZE, "what is behind the guest's memory");
	check_zero(DISK_AT - GUARD, "what is before the disk");
	check_zero(DISK_AT + DISK_SIZE, "what is behind the disk");
	return 0;
}
