// SPDX-License-Identifier: GPL-2.0-or-later
/* USB OTG controller (MUSB): registers of a B-device whose socket is empty; no transfers, no interrupts. */

#include "qemu/osdep.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define MUSB_POWER 0x01
#define MUSB_INTRTX 0x02	/* to 0x05: TX and RX interrupt status */
#define MUSB_INTRTXE 0x06
#define MUSB_INTRRXE 0x08
#define MUSB_INTRUSB 0x0a
#define MUSB_INTRUSBE 0x0b
#define MUSB_INDEX 0x0e
#define MUSB_ENDPOINT 0x10	/* to 0x1f: registers of the endpoint that INDEX selects */
#define MUSB_FIFO 0x20
#define MUSB_DEVCTL 0x60
#define MUSB_FIFO_SETUP 0x62	/* to 0x67: likewise indexed */
#define MUSB_HWVERS 0x6c
#define MUSB_EPINFO 0x78
#define MUSB_RAMINFO 0x79
#define MUSB_BYTES 0x400
#define OTG_REVISION 0x400
#define OTG_SYSCONFIG 0x404
#define OTG_SYSSTATUS 0x408

#define ENDPOINTS 16
#define CONFIGDATA 0xde		/* dynamic FIFOs, soft connect, high-bandwidth and bulk features */
#define DEVCTL_B_DEVICE 0x80
#define DEVCTL_SESSION 0x01

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Musb, OMAP3_MUSB)

struct Omap3Musb {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq[2];	/* never raised: nothing is plugged in */
	uint8_t byte[MUSB_BYTES];
	uint8_t endpoint[ENDPOINTS][0x10];
	uint8_t fifo_setup[ENDPOINTS][6];
	Omap3Regs otg;
};

/* Offsets from OTG_REVISION. */
static const Omap3Reg otg_regs[] = {
	{ OTG_REVISION - OTG_REVISION, "OTG_REVISION", .reset = 0x33, .read_only = ~0u },
	{ OTG_SYSCONFIG - OTG_REVISION, "OTG_SYSCONFIG", .pulse = 2 },
	{ OTG_SYSSTATUS - OTG_REVISION, "OTG_SYSSTATUS", .reset = 1, .read_only = ~0u },
	{ 0x0c, "OTG_INTERFSEL", .reset = 1 },
	{ 0x10, "OTG_SIMENABLE" },
	{ 0x14, "OTG_FORCESTDBY", .reset = 1 },
};

static void restart(Omap3Musb *s)
{
	memset(s->byte, 0, sizeof(s->byte));
	memset(s->endpoint, 0, sizeof(s->endpoint));
	memset(s->fifo_setup, 0, sizeof(s->fifo_setup));
	s->byte[MUSB_POWER] = 0x20;
	s->byte[MUSB_INTRTXE] = s->byte[MUSB_INTRTXE + 1] = 0xff;
	s->byte[MUSB_INTRRXE] = 0xfe;
	s->byte[MUSB_INTRRXE + 1] = 0xff;
	s->byte[MUSB_INTRUSBE] = 0x06;
	s->byte[MUSB_DEVCTL] = DEVCTL_B_DEVICE;
	stw_le_p(&s->byte[MUSB_HWVERS], 1 << 10 | 400);		/* 1.400 */
	s->byte[MUSB_EPINFO] = 0xff;	/* 15 endpoints each way */
	s->byte[MUSB_RAMINFO] = 0x8c;	/* 8 DMA channels, 2^12 words */
	omap3_regs_reset(&s->otg);
}

static uint8_t *find_byte(Omap3Musb *s, hwaddr offset)
{
	unsigned int index = s->byte[MUSB_INDEX] & (ENDPOINTS - 1);

	if (offset >= MUSB_ENDPOINT && offset < MUSB_FIFO)
		return &s->endpoint[index][offset - MUSB_ENDPOINT];
	if (offset >= MUSB_FIFO_SETUP && offset < MUSB_FIFO_SETUP + 6)
		return &s->fifo_setup[index][offset - MUSB_FIFO_SETUP];
	return &s->byte[offset];
}

static uint8_t read_byte(Omap3Musb *s, hwaddr offset)
{
	if (offset == MUSB_ENDPOINT + 0xf && !(s->byte[MUSB_INDEX] & (ENDPOINTS - 1)))
		return CONFIGDATA;
	return *find_byte(s, offset);
}

static bool is_read_only(hwaddr offset)
{
	return (offset >= MUSB_INTRTX && offset < MUSB_INTRTXE) || offset == MUSB_INTRUSB ||
	       (offset >= MUSB_FIFO && offset < MUSB_DEVCTL) ||
	       (offset >= MUSB_HWVERS && offset < MUSB_HWVERS + 2) || offset == MUSB_EPINFO || offset == MUSB_RAMINFO;
}

static void write_byte(Omap3Musb *s, hwaddr offset, uint8_t value)
{
	if (is_read_only(offset))
		return;
	if (offset == MUSB_DEVCTL)
		value = DEVCTL_B_DEVICE | (value & DEVCTL_SESSION);
	*find_byte(s, offset) = value;
}

/* What goes over the wire is not modelled, and says so. */
static void log_transfer(hwaddr offset, bool write, uint64_t value)
{
	if ((offset >= MUSB_FIFO && offset < MUSB_DEVCTL) || (offset >= 0x200 && offset < MUSB_BYTES))
		omap3_log_unimp("musb", offset, write, value);
}

static uint64_t musb_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Musb *s = opaque;
	uint64_t value = 0;

	if (offset >= OTG_REVISION)
		return omap3_regs_read(&s->otg, offset - OTG_REVISION, size);
	log_transfer(offset, false, 0);
	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)read_byte(s, offset + i) << (8 * i);
	return value;
}

static void musb_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Musb *s = opaque;

	if (offset >= OTG_REVISION) {
		if (omap3_regs_write(&s->otg, offset - OTG_REVISION, value, size) & 2 && offset == OTG_SYSCONFIG)
			restart(s);
		return;
	}
	log_transfer(offset, true, value);
	for (unsigned int i = 0; i < size; i++)
		write_byte(s, offset + i, value >> (8 * i));
}

static const MemoryRegionOps musb_ops = {
	.read = musb_read,
	.write = musb_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void musb_reset(DeviceState *dev)
{
	restart(OMAP3_MUSB(dev));
}

static void musb_init(Object *obj)
{
	Omap3Musb *s = OMAP3_MUSB(obj);

	omap3_regs_init(&s->otg, "musb-otg", otg_regs, ARRAY_SIZE(otg_regs), 0xc00);
	memory_region_init_io(&s->mmio, obj, &musb_ops, s, "musb", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq[0]);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq[1]);
}

static void musb_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = musb_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo musb_type = {
	.name = TYPE_OMAP3_MUSB,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Musb),
	.instance_init = musb_init,
	.class_init = musb_class_init,
};

static void musb_register(void)
{
	type_register_static(&musb_type);
}
type_init(musb_register)
