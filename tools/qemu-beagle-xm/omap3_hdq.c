// SPDX-License-Identifier: GPL-2.0-or-later
/* HDQ and 1-Wire master on a wire with nothing on it but its pull-up. Transfers take no time. */

#include "qemu/osdep.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define HDQ_RX_DATA 0x08
#define HDQ_CTRL_STATUS 0x0c
#define HDQ_INT_STATUS 0x10
#define HDQ_SYSCONFIG 0x14

#define CTRL_ONE_WIRE 0x01
#define CTRL_READ 0x02
#define CTRL_INITIALIZATION 0x04
#define CTRL_PRESENCE 0x08
#define CTRL_GO 0x10
#define CTRL_INTERRUPT 0x40

#define INT_TIMEOUT 1
#define INT_RX_COMPLETE 2
#define INT_TX_COMPLETE 4

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Hdq, OMAP3_HDQ)

struct Omap3Hdq {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq;
	Omap3Regs regs;
};

static const Omap3Reg hdq_regs[] = {
	{ 0x00, "REVISION", .read_only = ~0u },
	{ 0x04, "TX_DATA" },
	{ HDQ_RX_DATA, "RX_DATA", .read_only = ~0u },
	{ HDQ_CTRL_STATUS, "CTRL_STATUS", .read_only = CTRL_PRESENCE },
	{ HDQ_INT_STATUS, "INT_STATUS", .read_only = ~0u },
	{ HDQ_SYSCONFIG, "SYSCONFIG", .pulse = 2 },
	{ 0x18, "SYSSTATUS", .reset = 1, .read_only = ~0u },
};

static void update(Omap3Hdq *s)
{
	qemu_set_irq(s->irq, *omap3_reg(&s->regs, HDQ_INT_STATUS) && (*omap3_reg(&s->regs, HDQ_CTRL_STATUS) & CTRL_INTERRUPT));
}

/* The end of a reset pulse is reported as a time-out (nobody is present); so is a read in HDQ mode. A 1-Wire read sees the pull-up. */
static void go(Omap3Hdq *s)
{
	uint32_t *ctrl = omap3_reg(&s->regs, HDQ_CTRL_STATUS), status = INT_TX_COMPLETE;

	if (*ctrl & CTRL_INITIALIZATION)
		status = INT_TIMEOUT;
	else if (*ctrl & CTRL_READ)
		status = *ctrl & CTRL_ONE_WIRE ? INT_RX_COMPLETE : INT_TIMEOUT;
	if (status == INT_RX_COMPLETE)
		*omap3_reg(&s->regs, HDQ_RX_DATA) = 0xff;
	*omap3_reg(&s->regs, HDQ_INT_STATUS) |= status;
	*ctrl &= ~(CTRL_GO | CTRL_INITIALIZATION);
}

static uint64_t hdq_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Hdq *s = opaque;
	uint64_t value = omap3_regs_read(&s->regs, offset, size);

	if (offset == HDQ_INT_STATUS)
		*omap3_reg(&s->regs, HDQ_INT_STATUS) = 0;
	update(s);
	return value;
}

static void hdq_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Hdq *s = opaque;
	uint32_t word = omap3_regs_write(&s->regs, offset, value, size);

	if (offset == HDQ_CTRL_STATUS && (word & CTRL_GO))
		go(s);
	if (offset == HDQ_SYSCONFIG && (word & 2))
		omap3_regs_reset(&s->regs);
	update(s);
}

static const MemoryRegionOps hdq_ops = {
	.read = hdq_read,
	.write = hdq_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void hdq_reset(DeviceState *dev)
{
	Omap3Hdq *s = OMAP3_HDQ(dev);

	omap3_regs_reset(&s->regs);
	update(s);
}

static void hdq_realize(DeviceState *dev, Error **errp)
{
	Omap3Hdq *s = OMAP3_HDQ(dev);

	omap3_regs_init(&s->regs, omap3_block_name(dev), hdq_regs, ARRAY_SIZE(hdq_regs), 0x1000);
}

static void hdq_init(Object *obj)
{
	Omap3Hdq *s = OMAP3_HDQ(obj);

	memory_region_init_io(&s->mmio, obj, &hdq_ops, s, "hdq", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
}

static void hdq_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = hdq_reset;
	dc->realize = hdq_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo hdq_type = {
	.name = TYPE_OMAP3_HDQ,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Hdq),
	.instance_init = hdq_init,
	.class_init = hdq_class_init,
};

static void hdq_register(void)
{
	type_register_static(&hdq_type);
}
type_init(hdq_register)
