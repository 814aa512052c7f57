// SPDX-License-Identifier: GPL-2.0-or-later
/* General-purpose memory controller: registers; nothing is attached to any chip select (the xM has no NAND). */

#include "qemu/osdep.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define GPMC_SYSCONFIG 0x10
#define GPMC_CS0 0x60
#define CS_STRIDE 0x30
#define CS_COUNT 8
#define CS_NAND_DATA 0x24
#define NAND_READY 0x40

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Gpmc, OMAP3_GPMC)

struct Omap3Gpmc {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq;		/* never raised: there is no chip whose end of work it would tell */
	Omap3Regs regs;
	uint8_t nand_command[CS_COUNT];
};

#define CHIP_SELECT(n) { GPMC_CS0 + CS_STRIDE * (n), "CS" #n, .count = CS_STRIDE / 4 }

static const Omap3Reg gpmc_regs[] = {
	{ 0x00, "REVISION", .reset = 0x50, .read_only = ~0u },
	{ GPMC_SYSCONFIG, "SYSCONFIG", .pulse = 2 },
	{ 0x14, "SYSSTATUS", .reset = 1, .read_only = ~0u },
	{ 0x18, "IRQSTATUS", .clear = ~0u },
	{ 0x1c, "IRQENABLE" },
	{ 0x40, "TIMEOUT_CONTROL" },
	{ 0x44, "ERR_ADDRESS", .read_only = ~0u },
	{ 0x48, "ERR_TYPE", .clear = ~0u },
	{ 0x50, "CONFIG" },
	{ 0x54, "STATUS", .reset = 1, .read_only = ~0u },
	CHIP_SELECT(0), CHIP_SELECT(1), CHIP_SELECT(2), CHIP_SELECT(3),
	CHIP_SELECT(4), CHIP_SELECT(5), CHIP_SELECT(6), CHIP_SELECT(7),
	{ 0x1e0, "PREFETCH_CONFIG1" },
	{ 0x1e4, "PREFETCH_CONFIG2" },
	{ 0x1ec, "PREFETCH_CONTROL" },
	{ 0x1f0, "PREFETCH_STATUS", .read_only = ~0u },
	{ 0x1f4, "ECC_CONFIG" },
	{ 0x1f8, "ECC_CONTROL" },
	{ 0x1fc, "ECC_SIZE_CONFIG" },
	{ 0x200, "ECC_RESULT", .count = 9, .read_only = ~0u },
	{ 0x240, "BCH_RESULT", .count = 0x80 / 4, .read_only = ~0u },
};

/*
 * Without a NAND the data lines float. What floats in here: after the status command "ready", so that boot software
 * does not wait for a chip that is not there; after anything else 0, an identification that no maker has.
 */
static uint64_t read_nand_data(Omap3Gpmc *s, int cs)
{
	return s->nand_command[cs] == 0x70 ? NAND_READY : 0;
}

static bool is_chip_select(hwaddr offset)
{
	return offset >= GPMC_CS0 && offset < GPMC_CS0 + CS_STRIDE * CS_COUNT;
}

static uint64_t gpmc_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Gpmc *s = opaque;

	if (is_chip_select(offset) && (offset - GPMC_CS0) % CS_STRIDE == CS_NAND_DATA)
		return read_nand_data(s, (offset - GPMC_CS0) / CS_STRIDE);
	return omap3_regs_read(&s->regs, offset, size);
}

static void restart(Omap3Gpmc *s)
{
	omap3_regs_reset(&s->regs);
	memset(s->nand_command, 0, sizeof(s->nand_command));
	for (int cs = 0; cs < CS_COUNT; cs++)	/* CONFIG7: window size and, for CS0 only, valid */
		*omap3_reg(&s->regs, GPMC_CS0 + CS_STRIDE * cs + 0x18) = cs ? 0xf00 : 0xf40;
}

static void gpmc_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Gpmc *s = opaque;
	uint32_t word = omap3_regs_write(&s->regs, offset, value, size);

	if (offset == GPMC_SYSCONFIG && (word & 2))
		restart(s);
	if (is_chip_select(offset) && (offset - GPMC_CS0) % CS_STRIDE == 0x1c)
		s->nand_command[(offset - GPMC_CS0) / CS_STRIDE] = value;
}

static const MemoryRegionOps gpmc_ops = {
	.read = gpmc_read,
	.write = gpmc_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void gpmc_reset(DeviceState *dev)
{
	restart(OMAP3_GPMC(dev));
}

static void gpmc_init(Object *obj)
{
	Omap3Gpmc *s = OMAP3_GPMC(obj);

	omap3_regs_init(&s->regs, "gpmc", gpmc_regs, ARRAY_SIZE(gpmc_regs), 0x1000);
	memory_region_init_io(&s->mmio, obj, &gpmc_ops, s, "gpmc", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
}

static void gpmc_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = gpmc_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo gpmc_type = {
	.name = TYPE_OMAP3_GPMC,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Gpmc),
	.instance_init = gpmc_init,
	.class_init = gpmc_class_init,
};

static void gpmc_register(void)
{
	type_register_static(&gpmc_type);
}
type_init(gpmc_register)
