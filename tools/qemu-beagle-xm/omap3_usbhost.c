// SPDX-License-Identifier: GPL-2.0-or-later
/* High-speed USB host controllers (OHCI and EHCI): registers and root hubs with nothing plugged in; no transfers. */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define WINDOW 0x400
#define PORTS 3

#define EHCI_USBCMD 0x10
#define EHCI_USBSTS 0x14
#define EHCI_USBINTR 0x18
#define EHCI_FRINDEX 0x1c
#define EHCI_CONFIGFLAG 0x50
#define EHCI_PORTSC 0x54
#define EHCI_ULPI 0xa4
#define CMD_RUN 0x01
#define CMD_RESET 0x02
#define CMD_PERIODIC 0x10
#define CMD_ASYNC 0x20
#define CMD_DOORBELL 0x40
#define STS_ASYNC_ADVANCE 0x20
#define STS_HALTED 0x1000
#define STS_PERIODIC 0x4000
#define STS_ASYNC 0x8000
#define PORTSC_POWER 0x1000
#define PORTSC_OWNER 0x2000
#define ULPI_START (1u << 31)

#define OHCI_CONTROL 0x04
#define OHCI_COMMAND 0x08
#define OHCI_INTERRUPT_STATUS 0x0c
#define OHCI_INTERRUPT_ENABLE 0x10
#define OHCI_INTERRUPT_DISABLE 0x14
#define OHCI_FRAME_NUMBER 0x3c
#define OHCI_RH_PORT 0x54
#define COMMAND_RESET 1
#define CONTROL_STATE 0xc0
#define CONTROL_OPERATIONAL 0x80
#define CONTROL_SUSPEND 0xc0
#define PORT_SET_POWER 0x100
#define PORT_CLEAR_POWER 0x200
#define PORT_CHANGES 0x1f0000
#define INTERRUPT_MASTER (1u << 31)

#define MICROFRAME_NS 125000
#define FRAME_NS 1000000

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Usbhost, OMAP3_USBHOST)

struct Omap3Usbhost {
	SysBusDevice parent_obj;
	MemoryRegion ohci_mmio;
	MemoryRegion ehci_mmio;
	Omap3Regs ohci;
	Omap3Regs ehci;
	qemu_irq ohci_irq;
	qemu_irq ehci_irq;
};

static const Omap3Reg ehci_regs[] = {
	{ 0x00, "CAPLENGTH", .reset = 0x01000010, .read_only = ~0u },
	{ 0x04, "HCSPARAMS", .reset = 0x00001310 | PORTS, .read_only = ~0u },
	{ 0x08, "HCCPARAMS", .read_only = ~0u },
	{ EHCI_USBCMD, "USBCMD", .reset = 0x00080000, .pulse = CMD_RESET | CMD_DOORBELL },
	{ EHCI_USBSTS, "USBSTS", .reset = STS_HALTED, .clear = 0x3f, .read_only = ~0x3fu },
	{ EHCI_USBINTR, "USBINTR" },
	{ EHCI_FRINDEX, "FRINDEX" },
	{ 0x20, "CTRLDSSEGMENT" },
	{ 0x24, "PERIODICLISTBASE" },
	{ 0x28, "ASYNCLISTADDR" },
	{ EHCI_CONFIGFLAG, "CONFIGFLAG" },
	{ EHCI_PORTSC, "PORTSC", .reset = PORTSC_OWNER, .clear = 0x2a, .pulse = 0x1c4, .read_only = 0xc11, .count = PORTS },
	{ 0x90, "INSNREG", .count = 5 },
	{ EHCI_ULPI, "INSNREG05_ULPI", .pulse = ULPI_START },
	{ 0xa8, "INSNREG06", .count = 3 },
};

static const Omap3Reg ohci_regs[] = {
	{ 0x00, "HcRevision", .reset = 0x10, .read_only = ~0u },
	{ OHCI_CONTROL, "HcControl" },
	{ OHCI_COMMAND, "HcCommandStatus", .pulse = 0xf },
	{ OHCI_INTERRUPT_STATUS, "HcInterruptStatus", .clear = ~0u },
	{ OHCI_INTERRUPT_ENABLE, "HcInterruptEnable", .read_only = ~0u },
	{ OHCI_INTERRUPT_DISABLE, "HcInterruptDisable", .read_only = ~0u },
	{ 0x18, "HcHCCA" },
	{ 0x1c, "HcED", .count = 5 },
	{ 0x30, "HcDoneHead" },
	{ 0x34, "HcFmInterval", .reset = 0x2edf },
	{ 0x38, "HcFmRemaining", .read_only = ~0u },
	{ OHCI_FRAME_NUMBER, "HcFmNumber", .read_only = ~0u },
	{ 0x40, "HcPeriodicStart" },
	{ 0x44, "HcLSThreshold", .reset = 0x628 },
	{ 0x48, "HcRhDescriptorA", .reset = 0x0a000100 | PORTS },	/* each port switches its own power */
	{ 0x4c, "HcRhDescriptorB" },
	{ 0x50, "HcRhStatus", .read_only = ~0u },
	{ OHCI_RH_PORT, "HcRhPortStatus", .read_only = ~0u, .count = PORTS },
};

/* Frame counters follow virtual time, without a timer: nobody waits for a frame while nothing is plugged in. */
static uint32_t elapsed(int64_t unit)
{
	return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) / unit;
}

static void ehci_update(Omap3Usbhost *s)
{
	uint32_t command = *omap3_reg(&s->ehci, EHCI_USBCMD);
	uint32_t *status = omap3_reg(&s->ehci, EHCI_USBSTS);

	*status &= ~(STS_HALTED | STS_PERIODIC | STS_ASYNC);
	if (!(command & CMD_RUN))
		*status |= STS_HALTED;
	else
		*status |= (command & CMD_PERIODIC ? STS_PERIODIC : 0) | (command & CMD_ASYNC ? STS_ASYNC : 0);
	qemu_set_irq(s->ehci_irq, !!(*status & *omap3_reg(&s->ehci, EHCI_USBINTR) & 0x3f));
}

static uint64_t ehci_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Usbhost *s = opaque;

	if ((offset & ~3) == EHCI_FRINDEX && (*omap3_reg(&s->ehci, EHCI_USBCMD) & CMD_RUN))
		*omap3_reg(&s->ehci, EHCI_FRINDEX) = elapsed(MICROFRAME_NS) & 0x3fff;
	return omap3_regs_read(&s->ehci, offset, size);
}

static void set_port_owner(Omap3Usbhost *s)
{
	bool configured = *omap3_reg(&s->ehci, EHCI_CONFIGFLAG) & 1;

	for (int port = 0; port < PORTS; port++) {
		uint32_t *portsc = omap3_reg(&s->ehci, EHCI_PORTSC + 4 * port);

		*portsc = configured ? *portsc & ~PORTSC_OWNER : *portsc | PORTSC_OWNER;
	}
}

static void ehci_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Usbhost *s = opaque;
	uint32_t word = omap3_regs_write(&s->ehci, offset, value, size);

	switch (offset & ~3) {
	case EHCI_USBCMD:
		if (word & CMD_RESET)
			omap3_regs_reset(&s->ehci);
		else if (word & CMD_DOORBELL)
			*omap3_reg(&s->ehci, EHCI_USBSTS) |= STS_ASYNC_ADVANCE;
		break;
	case EHCI_CONFIGFLAG:
		set_port_owner(s);
		break;
	}
	ehci_update(s);
}

static void ohci_update(Omap3Usbhost *s)
{
	uint32_t enable = *omap3_reg(&s->ohci, OHCI_INTERRUPT_ENABLE);

	qemu_set_irq(s->ohci_irq, (enable & INTERRUPT_MASTER) && (enable & *omap3_reg(&s->ohci, OHCI_INTERRUPT_STATUS)));
}

static uint64_t ohci_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Usbhost *s = opaque;

	if ((offset & ~3) == OHCI_FRAME_NUMBER &&
	    (*omap3_reg(&s->ohci, OHCI_CONTROL) & CONTROL_STATE) == CONTROL_OPERATIONAL)
		*omap3_reg(&s->ohci, OHCI_FRAME_NUMBER) = elapsed(FRAME_NS) & 0xffff;
	return omap3_regs_read(&s->ohci, offset, size);
}

static void write_port(Omap3Usbhost *s, hwaddr offset, uint32_t word)
{
	uint32_t *port = omap3_reg(&s->ohci, offset & ~3);

	if (word & PORT_SET_POWER)
		*port |= PORT_SET_POWER;	/* the same bit is the power status */
	if (word & PORT_CLEAR_POWER)
		*port &= ~PORT_SET_POWER;
	*port &= ~(word & PORT_CHANGES);
}

static void ohci_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Usbhost *s = opaque;
	uint32_t word = omap3_regs_write(&s->ohci, offset, value, size);
	uint32_t *enable = omap3_reg(&s->ohci, OHCI_INTERRUPT_ENABLE);

	switch (offset & ~3) {
	case OHCI_COMMAND:
		if (word & COMMAND_RESET) {
			omap3_regs_reset(&s->ohci);
			*omap3_reg(&s->ohci, OHCI_CONTROL) = CONTROL_SUSPEND;
		}
		break;
	case OHCI_INTERRUPT_ENABLE:
		*enable |= word;
		break;
	case OHCI_INTERRUPT_DISABLE:
		*enable &= ~word;
		break;
	case OHCI_RH_PORT ... OHCI_RH_PORT + 4 * (PORTS - 1):
		write_port(s, offset, word);
		break;
	}
	*omap3_reg(&s->ohci, OHCI_INTERRUPT_DISABLE) = *enable;
	ohci_update(s);
}

static const MemoryRegionOps ohci_ops = {
	.read = ohci_read,
	.write = ohci_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static const MemoryRegionOps ehci_ops = {
	.read = ehci_read,
	.write = ehci_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void usbhost_reset(DeviceState *dev)
{
	Omap3Usbhost *s = OMAP3_USBHOST(dev);

	omap3_regs_reset(&s->ohci);
	omap3_regs_reset(&s->ehci);
	ohci_update(s);
	ehci_update(s);
}

static void usbhost_init(Object *obj)
{
	Omap3Usbhost *s = OMAP3_USBHOST(obj);
	SysBusDevice *bus = SYS_BUS_DEVICE(obj);

	omap3_regs_init(&s->ohci, "ohci", ohci_regs, ARRAY_SIZE(ohci_regs), WINDOW);
	omap3_regs_init(&s->ehci, "ehci", ehci_regs, ARRAY_SIZE(ehci_regs), WINDOW);
	memory_region_init_io(&s->ohci_mmio, obj, &ohci_ops, s, "ohci", WINDOW);
	memory_region_init_io(&s->ehci_mmio, obj, &ehci_ops, s, "ehci", WINDOW);
	sysbus_init_mmio(bus, &s->ohci_mmio);
	sysbus_init_mmio(bus, &s->ehci_mmio);
	sysbus_init_irq(bus, &s->ohci_irq);
	sysbus_init_irq(bus, &s->ehci_irq);
}

static void usbhost_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = usbhost_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo usbhost_type = {
	.name = TYPE_OMAP3_USBHOST,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Usbhost),
	.instance_init = usbhost_init,
	.class_init = usbhost_class_init,
};

static void usbhost_register(void)
{
	type_register_static(&usbhost_type);
}
type_init(usbhost_register)
