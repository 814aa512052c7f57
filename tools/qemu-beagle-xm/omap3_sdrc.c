// SPDX-License-Identifier: GPL-2.0-or-later
/* SDRAM controller (SDRC) and memory scheduler (SMS): registers, and the memory behind the two chip selects. */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/units.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define SDRC_SYSCONFIG 0x10
#define SDRC_CS_CFG 0x40
#define SDRC_DLLA_CTRL 0x60
#define SDRC_DLLA_STATUS 0x64
#define SDRC_MCFG_0 0x80
#define SDRC_MCFG_1 0xb0
#define MCFG_RAMSIZE 0x3ff00	/* in units of 2 MiB */
#define FITTED_RAMSIZE (128 << 8)	/* 256 MiB on each chip select */
#define CHIP_SIZE (256 * MiB)
#define SDRAM_SPACE (1 * GiB)
#define DLLA_ENABLE 0x8
#define DLLA_LOCKED 0x4

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Sdrc, OMAP3_SDRC)

struct Omap3Sdrc {
	SysBusDevice parent_obj;
	MemoryRegion sdrc_mmio;
	MemoryRegion sms_mmio;
	Omap3Regs sdrc;
	Omap3Regs sms;
	bool fitted_size;
	MemoryRegion *ram;	/* both chips, one behind the other */
	MemoryRegion sdram;	/* what the bus sees of them */
	MemoryRegion chip[2];
};

static const Omap3Reg sdrc_regs[] = {
	{ 0x00, "REVISION", .reset = 0x50, .read_only = ~0u },
	{ SDRC_SYSCONFIG, "SYSCONFIG", .pulse = 2 },
	{ 0x14, "SYSSTATUS", .reset = 1, .read_only = ~0u },
	{ 0x40, "CS_CFG", .reset = 4 },
	{ 0x44, "SHARING" },
	{ 0x48, "ERR_ADDR", .read_only = ~0u },
	{ 0x4c, "ERR_TYPE", .clear = ~0u },
	{ SDRC_DLLA_CTRL, "DLLA_CTRL" },
	{ SDRC_DLLA_STATUS, "DLLA_STATUS", .read_only = ~0u },
	{ 0x68, "DLLB_CTRL" },
	{ 0x6c, "DLLB_STATUS", .read_only = ~0u },
	{ 0x70, "POWER", .reset = 0x85 },
	{ 0x80, "CS0", .count = 11 },		/* MCFG MR EMR1 EMR2 EMR3 ... ACTIM RFR MANUAL */
	{ 0xb0, "CS1", .count = 5 },
	{ 0xc4, "ACTIM_CTRL_1", .count = 2 },
	{ 0xd4, "RFR_CTRL_1", .count = 2 },
};

static const Omap3Reg sms_regs[] = {
	{ 0x00, "REVISION", .reset = 0x10, .read_only = ~0u },
	{ 0x10, "SYSCONFIG", .pulse = 2 },
	{ 0x14, "SYSSTATUS", .reset = 1, .read_only = ~0u },
	{ 0x48, "RG", .count = 0x100 / 4 },	/* firewall: request attributes and permissions, eight regions */
	{ 0x150, "CLASS_ARB", .count = 0x30 / 4 },
	{ 0x180, "ROT", .count = 0xc0 / 4 },
};

static uint64_t configured_size(Omap3Sdrc *s, hwaddr mcfg)
{
	uint64_t size = (*omap3_reg(&s->sdrc, mcfg) & MCFG_RAMSIZE) / 0x100 * (2 * MiB);

	return MIN(size, CHIP_SIZE);
}

/* Where the second chip select begins: in units of 128 and of 32 MiB. */
static uint64_t second_base(Omap3Sdrc *s)
{
	uint32_t cfg = *omap3_reg(&s->sdrc, SDRC_CS_CFG);

	return (cfg & 15) * 128 * MiB + extract32(cfg, 8, 2) * 32 * MiB;
}

/*
 * Only what software has configured answers. As long as it has configured nothing, all does, in one piece: images of a direct boot come
 * there before anybody runs; and with fitted-size it stays so.
 */
static void map_chips(Omap3Sdrc *s)
{
	uint64_t size[2] = { configured_size(s, SDRC_MCFG_0), configured_size(s, SDRC_MCFG_1) };
	bool all = s->fitted_size || (!size[0] && !size[1]);

	memory_region_transaction_begin();
	for (int i = 0; i < 2; i++) {
		memory_region_set_size(&s->chip[i], all ? CHIP_SIZE : MAX(size[i], 1));
		memory_region_set_enabled(&s->chip[i], all || size[i]);
	}
	memory_region_set_address(&s->chip[1], all ? CHIP_SIZE : second_base(s));
	memory_region_transaction_commit();
}

static uint64_t sdrc_read(void *opaque, hwaddr offset, unsigned size)
{
	return omap3_regs_read(&OMAP3_SDRC(opaque)->sdrc, offset, size);
}

static void sdrc_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Sdrc *s = opaque;
	uint32_t word = omap3_regs_write(&s->sdrc, offset, value, size);

	if (offset == SDRC_SYSCONFIG && (word & 2))
		omap3_regs_reset(&s->sdrc);
	if (s->fitted_size && (offset == SDRC_MCFG_0 || offset == SDRC_MCFG_1)) {
		uint32_t *mcfg = omap3_reg(&s->sdrc, offset);

		*mcfg = (*mcfg & ~MCFG_RAMSIZE) | FITTED_RAMSIZE;
	}
	map_chips(s);
	/* the delay line locks as soon as it is enabled */
	*omap3_reg(&s->sdrc, SDRC_DLLA_STATUS) =
		*omap3_reg(&s->sdrc, SDRC_DLLA_CTRL) & DLLA_ENABLE ? DLLA_LOCKED : 0;
}

static uint64_t sms_read(void *opaque, hwaddr offset, unsigned size)
{
	return omap3_regs_read(&OMAP3_SDRC(opaque)->sms, offset, size);
}

static void sms_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	omap3_regs_write(&OMAP3_SDRC(opaque)->sms, offset, value, size);
}

static const MemoryRegionOps sdrc_ops = {
	.read = sdrc_read,
	.write = sdrc_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static const MemoryRegionOps sms_ops = {
	.read = sms_read,
	.write = sms_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void sdrc_reset(DeviceState *dev)
{
	Omap3Sdrc *s = OMAP3_SDRC(dev);

	omap3_regs_reset(&s->sdrc);
	omap3_regs_reset(&s->sms);
	map_chips(s);
}

static void sdrc_realize(DeviceState *dev, Error **errp)
{
	Omap3Sdrc *s = OMAP3_SDRC(dev);

	if (!s->ram) {
		error_setg(errp, "property 'ram' is not set");
		return;
	}
	for (int i = 0; i < 2; i++) {
		memory_region_init_alias(&s->chip[i], OBJECT(s), "sdram-chip", s->ram, i * CHIP_SIZE, CHIP_SIZE);
		memory_region_add_subregion_overlap(&s->sdram, i * CHIP_SIZE, &s->chip[i], -i);
	}
}

static void sdrc_init(Object *obj)
{
	Omap3Sdrc *s = OMAP3_SDRC(obj);

	omap3_regs_init(&s->sdrc, "sdrc", sdrc_regs, ARRAY_SIZE(sdrc_regs), 0x1000);
	omap3_regs_init(&s->sms, "sms", sms_regs, ARRAY_SIZE(sms_regs), 0x1000);
	memory_region_init_io(&s->sms_mmio, obj, &sms_ops, s, "sms", 0x1000);
	memory_region_init_io(&s->sdrc_mmio, obj, &sdrc_ops, s, "sdrc", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->sms_mmio);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->sdrc_mmio);
	memory_region_init(&s->sdram, obj, "sdram", SDRAM_SPACE);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->sdram);
}

static Property sdrc_properties[] = {
	/*
	 * A deviation from the chip, on purpose: the size field of MCFG shows what is fitted, not what was written.
	 * The SPL of U-Boot 2023.01 (as of every U-Boot since its GPIO code went to the driver model) cannot read the
	 * board's revision when it sets up the controller, takes 128 MiB per chip select "to be safe", and U-Boot then
	 * finds 256 MiB - on real boards too. With this on it finds the 512 MiB that there are. Off: as on the chip.
	 */
	DEFINE_PROP_BOOL("fitted-size", Omap3Sdrc, fitted_size, true),
	DEFINE_PROP_LINK("ram", Omap3Sdrc, ram, TYPE_MEMORY_REGION, MemoryRegion *),
	DEFINE_PROP_END_OF_LIST(),
};

static void sdrc_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = sdrc_reset;
	dc->realize = sdrc_realize;
	device_class_set_props(dc, sdrc_properties);
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo sdrc_type = {
	.name = TYPE_OMAP3_SDRC,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Sdrc),
	.instance_init = sdrc_init,
	.class_init = sdrc_class_init,
};

static void sdrc_register(void)
{
	type_register_static(&sdrc_type);
}
type_init(sdrc_register)
