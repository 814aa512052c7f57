// SPDX-License-Identifier: GPL-2.0-or-later
/* System control module (pads, fuses, scratchpad) and the chip identification registers (TAP). */

#include "qemu/osdep.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define SCM_SIZE 0x1000
#define TAP_SIZE 0x1000
#define SCM_PADCONF_OFF 0x270
#define SCM_GENERAL_PURPOSE_STATUS 0x2f4
#define START_PADCONF_SAVE 2
#define SAVEDONE 1
#define SCRATCHPAD 0x600
#define SCRATCHPAD_WORDS 0x100	/* 1 KB, up to the wakeup pads */

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Scm, OMAP3_SCM)

struct Omap3Scm {
	SysBusDevice parent_obj;
	MemoryRegion scm_mmio;
	MemoryRegion tap_mmio;
	Omap3Regs scm;
	Omap3Regs tap;
};

static const Omap3Reg scm_regs[] = {
	{ 0x000, "REVISION", .reset = 0x10, .read_only = ~0u },
	{ 0x010, "SYSCONFIG" },
	{ 0x030, "PADCONF", .count = 0x238 / 4 },
	{ SCM_PADCONF_OFF, "PADCONF_OFF", .pulse = START_PADCONF_SAVE },
	{ 0x274, "DEVCONF0" },
	{ 0x278, "MEM_DFTRW", .count = 2 },
	{ 0x290, "MSUSPENDMUX", .count = 6 },
	{ 0x2b0, "SEC_CTRL" },
	{ 0x2d8, "DEVCONF1" },
	{ 0x2dc, "CSIRXFE" },
	{ 0x2e0, "SEC_STATUS", .count = 3, .read_only = ~0u },
	{ 0x2f0, "STATUS", .reset = 0x30f, .read_only = ~0u },	/* GP device; SYS_BOOT: MMC1 first */
	{ SCM_GENERAL_PURPOSE_STATUS, "GENERAL_PURPOSE_STATUS", .read_only = ~0u },
	{ 0x300, "RPUB_KEY", .count = 0x40, .read_only = ~0u },
	{ 0x400, "IVA2_BOOTADDR" },
	{ 0x404, "IVA2_BOOTMOD" },
	{ 0x40c, "MEM_RTA_CTRL" },
	{ 0x420, "DEBOBS", .count = 9 },
	{ 0x444, "PROG_IO", .count = 2 },
	{ 0x44c, "OMAP_STATUS", .reset = 0x0e00, .read_only = ~0u },	/* 3730 with everything, 1 GHz */
	{ 0x450, "DPLL_SPREADING", .count = 4 },
	{ 0x520, "PBIAS_LITE" },
	{ 0x524, "TEMP_SENSOR" },
	{ 0x528, "SRAMLDO", .count = 2 },
	{ 0x530, "CSI", .count = 2 },
	{ 0x5a0, "PADCONF_CORE2", .count = 0x5c / 4 },
	{ SCRATCHPAD, "SCRATCHPAD", .count = SCRATCHPAD_WORDS },
	{ 0xa00, "PADCONF_WKUP", .count = 0x5c / 4 },
	{ 0xa5c, "WKUP_CTRL" },
	{ 0xa60, "WKUP_DEBUG", .count = 8 },
};

static const Omap3Reg tap_regs[] = {
	{ 0x204, "IDCODE", .reset = 0x2b89102f, .read_only = ~0u },	/* OMAP3630 ES1.2 */
	{ 0x208, "PROD_ID", .read_only = ~0u, .count = 2 },
	{ 0x210, "PROD_ID2", .reset = 0x000f00f0, .read_only = ~0u },
	{ 0x214, "PROD_ID3", .read_only = ~0u },
	{ 0x218, "DIE_ID", .read_only = ~0u, .count = 4 },
};

static uint64_t scm_read(void *opaque, hwaddr offset, unsigned size)
{
	return omap3_regs_read(&OMAP3_SCM(opaque)->scm, offset, size);
}

static void scm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Scm *s = opaque;
	uint32_t word = omap3_regs_write(&s->scm, offset, value, size);

	/* saving the pads takes no time here; system software waits for the flag before each idle */
	if ((offset & ~3) == SCM_PADCONF_OFF && (word & START_PADCONF_SAVE))
		*omap3_reg(&s->scm, SCM_GENERAL_PURPOSE_STATUS) |= SAVEDONE;
}

static uint64_t tap_read(void *opaque, hwaddr offset, unsigned size)
{
	return omap3_regs_read(&OMAP3_SCM(opaque)->tap, offset, size);
}

static void tap_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	omap3_regs_write(&OMAP3_SCM(opaque)->tap, offset, value, size);
}

static const MemoryRegionOps scm_ops = {
	.read = scm_read,
	.write = scm_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static const MemoryRegionOps tap_ops = {
	.read = tap_read,
	.write = tap_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

/* The scratchpad is memory that a warm reset keeps: the reset reason is handed over in it. */
static void scm_reset(DeviceState *dev)
{
	Omap3Scm *s = OMAP3_SCM(dev);
	uint32_t kept[SCRATCHPAD_WORDS];

	memcpy(kept, omap3_reg(&s->scm, SCRATCHPAD), sizeof(kept));
	omap3_regs_reset(&s->scm);
	memcpy(omap3_reg(&s->scm, SCRATCHPAD), kept, sizeof(kept));
	omap3_regs_reset(&s->tap);
}

static void scm_init(Object *obj)
{
	Omap3Scm *s = OMAP3_SCM(obj);

	omap3_regs_init(&s->scm, "scm", scm_regs, ARRAY_SIZE(scm_regs), SCM_SIZE);
	omap3_regs_init(&s->tap, "tap", tap_regs, ARRAY_SIZE(tap_regs), TAP_SIZE);
	memory_region_init_io(&s->scm_mmio, obj, &scm_ops, s, "scm", SCM_SIZE);
	memory_region_init_io(&s->tap_mmio, obj, &tap_ops, s, "tap", TAP_SIZE);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->scm_mmio);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->tap_mmio);
}

static void scm_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = scm_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo scm_type = {
	.name = TYPE_OMAP3_SCM,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Scm),
	.instance_init = scm_init,
	.class_init = scm_class_init,
};

static void scm_register(void)
{
	type_register_static(&scm_type);
}
type_init(scm_register)
