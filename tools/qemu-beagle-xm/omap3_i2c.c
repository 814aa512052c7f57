// SPDX-License-Identifier: GPL-2.0-or-later
/* I2C controller, master side: transfers take no time; FIFO thresholds decide between RRDY/XRDY and RDR/XDR. */

#include "qemu/osdep.h"
#include "hw/i2c/i2c.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define I2C_REV 0x00
#define I2C_IE 0x04
#define I2C_STAT 0x08
#define I2C_WE 0x0c
#define I2C_SYSS 0x10
#define I2C_BUF 0x14
#define I2C_CNT 0x18
#define I2C_DATA 0x1c
#define I2C_SYSC 0x20
#define I2C_CON 0x24
#define I2C_OA 0x28
#define I2C_SA 0x2c
#define I2C_PSC 0x30
#define I2C_SCLL 0x34
#define I2C_SCLH 0x38
#define I2C_SYSTEST 0x3c
#define I2C_BUFSTAT 0x40
#define I2C_OA1 0x44
#define I2C_SBLOCK 0x54

#define STAT_NACK 0x0002
#define STAT_ARDY 0x0004
#define STAT_RRDY 0x0008
#define STAT_XRDY 0x0010
#define STAT_BF 0x0100
#define STAT_BB 0x1000
#define STAT_RDR 0x2000
#define STAT_XDR 0x4000
#define STAT_DATA (STAT_RRDY | STAT_XRDY | STAT_RDR | STAT_XDR)
#define CON_STT 0x0001
#define CON_STP 0x0002
#define CON_TRX 0x0200
#define CON_MST 0x0400
#define CON_EN 0x8000
#define SYSC_SOFTRESET 2
#define SYSTEST_BUS_FREE 0x0140	/* SCL_I and SDA_I: lines pulled up */
#define FIFO_DEPTH 8		/* BUFSTAT[15:14] = 0 */

OBJECT_DECLARE_SIMPLE_TYPE(Omap3I2c, OMAP3_I2C)

struct Omap3I2c {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq;
	I2CBus *bus;
	Omap3Regs regs;
	uint32_t remaining;	/* bytes of the transfer that software has not moved yet */
	bool active;		/* a transfer with an answering slave is under way */
};

static const Omap3Reg i2c_regs[] = {
	{ I2C_REV, "REV", .reset = 0x40, .read_only = ~0u },
	{ I2C_IE, "IE", .read_only = 0xffff0000 },
	{ I2C_STAT, "STAT", .clear = 0x6fff & ~STAT_BB, .read_only = ~0u },
	{ I2C_WE, "WE", .read_only = 0xffff0000 },
	{ I2C_SYSS, "SYSS", .reset = 1, .read_only = ~0u },
	{ I2C_BUF, "BUF", .pulse = 0x4040, .read_only = 0xffff0000 },
	{ I2C_CNT, "CNT", .read_only = 0xffff0000 },
	{ I2C_DATA, "DATA" },
	{ I2C_SYSC, "SYSC", .pulse = SYSC_SOFTRESET, .read_only = 0xffff0000 },
	{ I2C_CON, "CON", .read_only = 0xffff0000 },
	{ I2C_OA, "OA", .read_only = 0xffff0000 },
	{ I2C_SA, "SA", .reset = 0x3ff, .read_only = 0xffff0000 },
	{ I2C_PSC, "PSC", .read_only = 0xffffff00 },
	{ I2C_SCLL, "SCLL", .read_only = 0xffff0000 },
	{ I2C_SCLH, "SCLH", .read_only = 0xffff0000 },
	{ I2C_SYSTEST, "SYSTEST", .reset = SYSTEST_BUS_FREE, .read_only = 0xffff0000 | SYSTEST_BUS_FREE },
	{ I2C_BUFSTAT, "BUFSTAT", .read_only = ~0u },
	{ I2C_OA1, "OA1", .count = 4 },
	{ I2C_SBLOCK, "SBLOCK" },
};

static uint32_t reg(Omap3I2c *s, hwaddr offset)
{
	return *omap3_reg(&s->regs, offset);
}

static bool transmitting(Omap3I2c *s)
{
	return reg(s, I2C_CON) & CON_TRX;
}

/* The data request bits are levels: they follow the count, whatever software has acknowledged. */
static uint32_t data_requests(Omap3I2c *s)
{
	uint32_t buf = reg(s, I2C_BUF);

	if (!s->active || !s->remaining)
		return 0;
	if (transmitting(s))
		return s->remaining >= (buf & 0x3f) + 1 ? STAT_XRDY : STAT_XDR;
	return s->remaining >= ((buf >> 8) & 0x3f) + 1 ? STAT_RRDY : STAT_RDR;
}

static void update(Omap3I2c *s)
{
	uint32_t *stat = omap3_reg(&s->regs, I2C_STAT);
	uint32_t level = s->active ? MIN(s->remaining, FIFO_DEPTH) : 0;

	*stat = (*stat & ~(STAT_DATA | STAT_BB)) | data_requests(s);
	if (s->active)
		*stat |= STAT_BB;
	*omap3_reg(&s->regs, I2C_BUFSTAT) = transmitting(s) ? level : level << 8;
	qemu_set_irq(s->irq, !!(*stat & reg(s, I2C_IE)));
}

static void stop(Omap3I2c *s)
{
	i2c_end_transfer(s->bus);
	s->active = false;
	*omap3_reg(&s->regs, I2C_CON) &= ~(CON_STP | CON_MST | CON_TRX);
	*omap3_reg(&s->regs, I2C_STAT) |= STAT_BF;
}

static void finish_if_done(Omap3I2c *s)
{
	if (!s->active || s->remaining)
		return;
	*omap3_reg(&s->regs, I2C_STAT) |= STAT_ARDY;
	*omap3_reg(&s->regs, I2C_CNT) = 0;
	if (reg(s, I2C_CON) & CON_STP)
		stop(s);
}

static void start(Omap3I2c *s)
{
	*omap3_reg(&s->regs, I2C_CON) &= ~CON_STT;
	s->remaining = reg(s, I2C_CNT);
	if (i2c_start_transfer(s->bus, reg(s, I2C_SA) & 0x7f, !transmitting(s))) {
		*omap3_reg(&s->regs, I2C_STAT) |= STAT_NACK;
		if (s->active || (reg(s, I2C_CON) & CON_STP))
			stop(s);
		s->active = false;
		return;
	}
	s->active = true;
	finish_if_done(s);
}

static uint32_t read_data(Omap3I2c *s)
{
	uint32_t data;

	if (!s->active || transmitting(s) || !s->remaining)
		return 0;
	data = i2c_recv(s->bus);
	s->remaining--;
	finish_if_done(s);
	return data;
}

static void write_data(Omap3I2c *s, uint8_t data)
{
	if (!s->active || !transmitting(s) || !s->remaining)
		return;
	if (i2c_send(s->bus, data)) {
		*omap3_reg(&s->regs, I2C_STAT) |= STAT_NACK;
		s->remaining = 0;
		stop(s);
		return;
	}
	s->remaining--;
	finish_if_done(s);
}

static void abandon(Omap3I2c *s)
{
	if (s->active)
		i2c_end_transfer(s->bus);
	s->active = false;
	s->remaining = 0;
}

static void write_con(Omap3I2c *s)
{
	uint32_t con = reg(s, I2C_CON);

	if (!(con & CON_EN)) {
		abandon(s);
		*omap3_reg(&s->regs, I2C_STAT) = 0;
	} else if ((con & (CON_MST | CON_STT)) == (CON_MST | CON_STT)) {
		start(s);
	} else if (con & CON_STP) {
		stop(s);
	}
}

static void restart(Omap3I2c *s)
{
	abandon(s);
	omap3_regs_reset(&s->regs);
}

static uint64_t i2c_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3I2c *s = opaque;
	uint64_t value;

	if (offset != I2C_DATA)
		return omap3_regs_read(&s->regs, offset, size);
	value = read_data(s);
	update(s);
	return value;
}

static void i2c_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3I2c *s = opaque;
	uint32_t word = omap3_regs_write(&s->regs, offset, value, size);

	switch (offset) {
	case I2C_DATA:
		write_data(s, value);
		break;
	case I2C_SYSC:
		if (word & SYSC_SOFTRESET)
			restart(s);
		break;
	case I2C_CON:
		write_con(s);
		break;
	}
	update(s);
}

static const MemoryRegionOps i2c_ops = {
	.read = i2c_read,
	.write = i2c_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void i2c_reset(DeviceState *dev)
{
	Omap3I2c *s = OMAP3_I2C(dev);

	restart(s);
	update(s);
}

static void i2c_realize(DeviceState *dev, Error **errp)
{
	Omap3I2c *s = OMAP3_I2C(dev);

	omap3_regs_init(&s->regs, omap3_block_name(dev), i2c_regs, ARRAY_SIZE(i2c_regs), 0x1000);
}

static void i2c_init(Object *obj)
{
	Omap3I2c *s = OMAP3_I2C(obj);

	memory_region_init_io(&s->mmio, obj, &i2c_ops, s, "i2c", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
	s->bus = i2c_init_bus(DEVICE(obj), "i2c");
}

static void i2c_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = i2c_reset;
	dc->realize = i2c_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo i2c_type = {
	.name = TYPE_OMAP3_I2C,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3I2c),
	.instance_init = i2c_init,
	.class_init = i2c_class_init,
};

static void i2c_register(void)
{
	type_register_static(&i2c_type);
}
type_init(i2c_register)
