/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stand-ins for the emulated device types that layouts name, so that core is tested without emulators/. */
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/passthrough.h>

#include "fake.h"

/* A family that was not chosen, where no shipped layout passes anything through. */
const struct host_missing host_missing[] = { { "CONFIG_PASSTHROUGH_FAKE", 0x6a000000, 0x2000 }, { NULL, 0, 0 } };

u32 fake_device_creates, fake_device_resets;

static int fake_create(struct emudev *d, const struct layout_dev *node)
{
	fake_device_creates++;
	return 0;
}

static void fake_reset(struct emudev *d)
{
	fake_device_resets++;
}

/* A register file of one word: enough to see an access arrive. */
static enum mmio_result fake_access(struct emudev *d, struct mmio_access *a)
{
	u32 *word = d->priv;

	if (a->offset >= 0x800)
		return MMIO_NOT_MINE;
	if (a->is_write)
		*word = a->value;
	else
		a->value = *word + a->offset;
	return MMIO_DONE;
}

static int fake_hide(struct emudev *d, void *fdt)
{
	int err = guest_fdt_disable_range(fdt, d->base, d->size);

	return err == -ENOENT ? 0 : err;
}

/* As the filters of emulators/ have them. */
static const struct emudev_place prcm_places[] = { { 0x48004000, 0x4000 }, { 0x48306000, 0x4000 } };
static const struct emudev_place sdrc_places[] = { { 0x6c000000, 0x10000 }, { 0x6d000000, 0x10000 } };
static const struct emudev_place l3_places[] = { { 0x68000000, 0x1000000 } };
static const struct emudev_place i2c_places[] = { { 0x48070000, 0x1000 } };

#define FAKE_TYPE(id, name, fixup)							\
	static const struct emudev_type id = {						\
		.compatible = name, .desc = "fake", .state_size = 4,			\
		.many_ranges = true, .lines = 1,					\
		.create = fake_create, .reset = fake_reset, .access = fake_access,	\
		.fdt_fixup = fixup,							\
	};										\
	EMUDEV_REGISTER(id)
#define FAKE_FILTER(id, name)								\
	static const struct emudev_type id = {						\
		.compatible = name, .desc = "fake", .state_size = 4,			\
		.lines = LAYOUT_MAX_IRQS,						\
		.create = fake_create, .reset = fake_reset, .access = fake_access,	\
		.places = id##_places, .nplaces = ARRAY_SIZE(id##_places),		\
	};										\
	EMUDEV_REGISTER(id)

FAKE_TYPE(intc, "umbra,omap3-intc", NULL);
FAKE_TYPE(uart, "umbra,omap3-uart", NULL);
FAKE_FILTER(prcm, "umbra,omap3-prcm");
FAKE_FILTER(sdrc, "umbra,omap3-sdrc");
FAKE_FILTER(l3, "umbra,omap3-l3");
FAKE_FILTER(i2c, "umbra,omap3-i2c-filter");
FAKE_TYPE(wdt, "umbra,omap3-wdt", NULL);
FAKE_TYPE(hidden, "umbra,hidden", fake_hide);
FAKE_TYPE(raz, "umbra,raz", NULL);

static const struct emudev_type disk = {
	.compatible = "umbra,virtio-blk", .desc = "fake", .lines = 1, .wants_file = true, .create = fake_create, .reset = fake_reset, .access = fake_access,
	.state_size = 4,
};
EMUDEV_REGISTER(disk);

static const struct emudev_type net = {
	.compatible = "umbra,virtio-net", .desc = "fake", .lines = 1, .wants_switch = true, .create = fake_create, .reset = fake_reset, .access = fake_access,
	.state_size = 4,
};
EMUDEV_REGISTER(net);

static const struct emudev_type shmem = {
	.compatible = "umbra,shmem", .desc = "fake", .lines = 1, .wants_region = true, .create = fake_create, .reset = fake_reset, .access = fake_access,
	.state_size = 4,
};
EMUDEV_REGISTER(shmem);
