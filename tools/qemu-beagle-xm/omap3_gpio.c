// SPDX-License-Identifier: GPL-2.0-or-later
/* GPIO bank: 32 pins, level and edge detection, two interrupt outputs of which the MPU gets the first. */

#include "qemu/osdep.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define GPIO_SYSCONFIG 0x10
#define GPIO_IRQSTATUS1 0x18
#define GPIO_IRQENABLE1 0x1c
#define GPIO_WAKE_EN 0x20
#define GPIO_IRQSTATUS2 0x28
#define GPIO_IRQENABLE2 0x2c
#define GPIO_CTRL 0x30
#define GPIO_OE 0x34
#define GPIO_DATAIN 0x38
#define GPIO_DATAOUT 0x3c
#define GPIO_LEVEL0 0x40
#define GPIO_LEVEL1 0x44
#define GPIO_RISING 0x48
#define GPIO_FALLING 0x4c
#define GPIO_DEBOUNCE 0x50
#define GPIO_CLEAR_SET 0x60	/* 0x60-0x94: pairs that clear and set bits of other registers */

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Gpio, OMAP3_GPIO)

struct Omap3Gpio {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq[2];
	qemu_irq out[32];
	Omap3Regs regs;
	uint32_t input;		/* levels that the board drives */
	uint32_t initial_input;
	uint32_t last_level;
};

static const Omap3Reg gpio_regs[] = {
	{ 0x00, "REVISION", .reset = 0x25, .read_only = ~0u },
	{ GPIO_SYSCONFIG, "SYSCONFIG", .pulse = 2 },
	{ 0x14, "SYSSTATUS", .reset = 1, .read_only = ~0u },
	{ GPIO_IRQSTATUS1, "IRQSTATUS1", .clear = ~0u },
	{ GPIO_IRQENABLE1, "IRQENABLE1" },
	{ GPIO_WAKE_EN, "WAKE_EN" },
	{ GPIO_IRQSTATUS2, "IRQSTATUS2", .clear = ~0u },
	{ GPIO_IRQENABLE2, "IRQENABLE2" },
	{ GPIO_CTRL, "CTRL" },
	{ GPIO_OE, "OE", .reset = ~0u },
	{ GPIO_DATAIN, "DATAIN", .read_only = ~0u },
	{ GPIO_DATAOUT, "DATAOUT" },
	{ GPIO_LEVEL0, "LEVELDETECT0" },
	{ GPIO_LEVEL1, "LEVELDETECT1" },
	{ GPIO_RISING, "RISINGDETECT" },
	{ GPIO_FALLING, "FALLINGDETECT" },
	{ GPIO_DEBOUNCE, "DEBOUNCE", .count = 2 },
	{ 0x60, "CLEARIRQENABLE1", .read_only = ~0u },
	{ 0x64, "SETIRQENABLE1", .read_only = ~0u },
	{ 0x70, "CLEARIRQENABLE2", .read_only = ~0u },
	{ 0x74, "SETIRQENABLE2", .read_only = ~0u },
	{ 0x80, "CLEARWKUENA", .read_only = ~0u },
	{ 0x84, "SETWKUENA", .read_only = ~0u },
	{ 0x90, "CLEARDATAOUT", .read_only = ~0u },
	{ 0x94, "SETDATAOUT", .read_only = ~0u },
};

/* The register that a clear/set pair works on; odd entries set. */
static const struct alias {
	uint32_t offset;
	uint32_t target;
} aliases[] = {
	{ 0x60, GPIO_IRQENABLE1 },
	{ 0x70, GPIO_IRQENABLE2 },
	{ 0x80, GPIO_WAKE_EN },
	{ 0x90, GPIO_DATAOUT },
};

static uint32_t reg(Omap3Gpio *s, hwaddr offset)
{
	return *omap3_reg(&s->regs, offset);
}

/* Pins that are outputs read back what they drive. */
static uint32_t pin_levels(Omap3Gpio *s)
{
	return (s->input & reg(s, GPIO_OE)) | (reg(s, GPIO_DATAOUT) & ~reg(s, GPIO_OE));
}

static void update(Omap3Gpio *s)
{
	uint32_t level = pin_levels(s);
	uint32_t changed = level ^ s->last_level;
	uint32_t event = (changed & level & reg(s, GPIO_RISING)) | (changed & ~level & reg(s, GPIO_FALLING)) |
			 (level & reg(s, GPIO_LEVEL1)) | (~level & reg(s, GPIO_LEVEL0));

	s->last_level = level;
	*omap3_reg(&s->regs, GPIO_DATAIN) = level;
	*omap3_reg(&s->regs, GPIO_IRQSTATUS1) |= event;
	*omap3_reg(&s->regs, GPIO_IRQSTATUS2) |= event;
	qemu_set_irq(s->irq[0], !!(reg(s, GPIO_IRQSTATUS1) & reg(s, GPIO_IRQENABLE1)));
	qemu_set_irq(s->irq[1], !!(reg(s, GPIO_IRQSTATUS2) & reg(s, GPIO_IRQENABLE2)));
	for (uint32_t rest = changed & ~reg(s, GPIO_OE); rest; rest &= rest - 1)
		qemu_set_irq(s->out[ctz32(rest)], extract32(level, ctz32(rest), 1));
}

static void set_pin(void *opaque, int pin, int level)
{
	Omap3Gpio *s = opaque;

	s->input = deposit32(s->input, pin, 1, !!level);
	update(s);
}

static uint64_t gpio_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Gpio *s = opaque;

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if ((offset & ~7) == aliases[i].offset)
			offset = aliases[i].target | (offset & 3);
	return omap3_regs_read(&s->regs, offset, size);
}

static void gpio_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Gpio *s = opaque;
	uint32_t word = omap3_regs_write(&s->regs, offset, value, size);

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if ((offset & ~3) == aliases[i].offset)
			*omap3_reg(&s->regs, aliases[i].target) &= ~word;
		else if ((offset & ~3) == aliases[i].offset + 4)
			*omap3_reg(&s->regs, aliases[i].target) |= word;
	}
	if ((offset & ~3) == GPIO_SYSCONFIG && (word & 2))
		omap3_regs_reset(&s->regs);
	update(s);
}

static const MemoryRegionOps gpio_ops = {
	.read = gpio_read,
	.write = gpio_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void gpio_reset(DeviceState *dev)
{
	Omap3Gpio *s = OMAP3_GPIO(dev);

	omap3_regs_reset(&s->regs);
	s->input = s->initial_input;
	s->last_level = s->input;
	update(s);
}

static void gpio_realize(DeviceState *dev, Error **errp)
{
	Omap3Gpio *s = OMAP3_GPIO(dev);

	omap3_regs_init(&s->regs, omap3_block_name(dev), gpio_regs, ARRAY_SIZE(gpio_regs), 0x1000);
}

static void gpio_init(Object *obj)
{
	Omap3Gpio *s = OMAP3_GPIO(obj);

	memory_region_init_io(&s->mmio, obj, &gpio_ops, s, "gpio", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq[0]);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq[1]);
	qdev_init_gpio_in(DEVICE(obj), set_pin, 32);
	qdev_init_gpio_out(DEVICE(obj), s->out, 32);
}

static Property gpio_properties[] = {
	/* what the board's straps and pull-ups put on the pins at reset */
	DEFINE_PROP_UINT32("input", Omap3Gpio, initial_input, 0),
	DEFINE_PROP_END_OF_LIST(),
};

static void gpio_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = gpio_reset;
	dc->realize = gpio_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
	device_class_set_props(dc, gpio_properties);
}

static const TypeInfo gpio_type = {
	.name = TYPE_OMAP3_GPIO,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Gpio),
	.instance_init = gpio_init,
	.class_init = gpio_class_init,
};

static void gpio_register(void)
{
	type_register_static(&gpio_type);
}
type_init(gpio_register)
