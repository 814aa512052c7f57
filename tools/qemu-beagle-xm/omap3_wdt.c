// SPDX-License-Identifier: GPL-2.0-or-later
/* Watchdog timer: counts up at 32768 Hz once started. WDT2 resets the machine on overflow; WDT3 is IVA2's and only interrupts. */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "sysemu/watchdog.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define WDT_SYSCONFIG 0x10
#define WDT_WISR 0x18
#define WDT_WIER 0x1c
#define WDT_WCLR 0x24
#define WDT_WCRR 0x28
#define WDT_WLDR 0x2c
#define WDT_WTGR 0x30
#define WDT_WWPS 0x34
#define WDT_WSPR 0x48

#define WCLR_PRESCALE 0x20

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Wdt, OMAP3_WDT)

struct Omap3Wdt {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq;
	QEMUTimer *timer;
	Omap3Regs regs;
	bool running_at_reset;
	bool resets;
	bool running;
	uint32_t sequence;	/* last value written to WSPR */
	int64_t base_time;	/* virtual time of base_count */
	uint32_t base_count;
};

static const Omap3Reg wdt_regs[] = {
	{ 0x00, "WIDR", .reset = 0x30, .read_only = ~0u },
	{ WDT_SYSCONFIG, "SYSCONFIG", .pulse = 2 },
	{ 0x14, "SYSSTATUS", .reset = 1, .read_only = ~0u },
	{ WDT_WISR, "WISR", .clear = ~0u },
	{ WDT_WIER, "WIER" },
	{ 0x20, "WWER" },
	{ WDT_WCLR, "WCLR", .reset = WCLR_PRESCALE },
	{ WDT_WCRR, "WCRR" },
	{ WDT_WLDR, "WLDR", .reset = 0xfffb0000 },	/* ten seconds */
	{ WDT_WTGR, "WTGR" },
	{ WDT_WWPS, "WWPS", .read_only = ~0u },		/* posted writes are done at once */
	{ WDT_WSPR, "WSPR" },
};

static uint32_t rate(Omap3Wdt *s)
{
	uint32_t wclr = *omap3_reg(&s->regs, WDT_WCLR);

	return OMAP3_32K_HZ >> (wclr & WCLR_PRESCALE ? extract32(wclr, 2, 3) : 0);
}

static uint32_t current_count(Omap3Wdt *s)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);

	if (!s->running)
		return s->base_count;
	return s->base_count + muldiv64(now - s->base_time, rate(s), NANOSECONDS_PER_SECOND);
}

static void set_count(Omap3Wdt *s, uint32_t count)
{
	uint64_t left = 0x100000000ull - count;

	s->base_count = count;
	s->base_time = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	if (s->running)
		timer_mod(s->timer, s->base_time + left * NANOSECONDS_PER_SECOND / rate(s));
	else
		timer_del(s->timer);
}

static void update_irq(Omap3Wdt *s)
{
	qemu_set_irq(s->irq, *omap3_reg(&s->regs, WDT_WISR) & *omap3_reg(&s->regs, WDT_WIER) & 1);
}

static void expired(void *opaque)
{
	Omap3Wdt *s = opaque;

	set_count(s, *omap3_reg(&s->regs, WDT_WLDR));
	*omap3_reg(&s->regs, WDT_WISR) |= 1;
	update_irq(s);
	if (s->resets)
		watchdog_perform_action();
}

static uint64_t wdt_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Wdt *s = opaque;

	*omap3_reg(&s->regs, WDT_WCRR) = current_count(s);
	return omap3_regs_read(&s->regs, offset, size);
}

static void restart(Omap3Wdt *s)
{
	omap3_regs_reset(&s->regs);
	s->sequence = 0;
	s->running = s->running_at_reset;
	update_irq(s);
	set_count(s, *omap3_reg(&s->regs, WDT_WLDR));
}

/* 0xaaaa then 0x5555 stops, 0xbbbb then 0x4444 starts. */
static void write_sequence(Omap3Wdt *s, uint32_t value)
{
	uint32_t count = current_count(s);

	if (s->sequence == 0xaaaa && value == 0x5555)
		s->running = false;
	else if (s->sequence == 0xbbbb && value == 0x4444)
		s->running = true;
	s->sequence = value;
	set_count(s, count);
}

static void wdt_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Wdt *s = opaque;
	uint32_t count = current_count(s);
	uint32_t word = omap3_regs_write(&s->regs, offset, value, size);

	switch (offset & ~3) {
	case WDT_SYSCONFIG:
		if (word & 2)
			restart(s);
		break;
	case WDT_WCLR:
		set_count(s, count);
		break;
	case WDT_WCRR:
		set_count(s, *omap3_reg(&s->regs, WDT_WCRR));
		break;
	case WDT_WTGR:
		set_count(s, *omap3_reg(&s->regs, WDT_WLDR));
		break;
	case WDT_WSPR:
		write_sequence(s, *omap3_reg(&s->regs, WDT_WSPR));
		break;
	case WDT_WISR:
	case WDT_WIER:
		update_irq(s);
		break;
	}
}

static const MemoryRegionOps wdt_ops = {
	.read = wdt_read,
	.write = wdt_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid.min_access_size = 2,
	.valid.max_access_size = 4,
};

static void wdt_reset(DeviceState *dev)
{
	restart(OMAP3_WDT(dev));
}

static void wdt_realize(DeviceState *dev, Error **errp)
{
	Omap3Wdt *s = OMAP3_WDT(dev);

	omap3_regs_init(&s->regs, omap3_block_name(dev), wdt_regs, ARRAY_SIZE(wdt_regs), 0x1000);
	s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, expired, s);
}

static void wdt_init(Object *obj)
{
	Omap3Wdt *s = OMAP3_WDT(obj);

	memory_region_init_io(&s->mmio, obj, &wdt_ops, s, "wdt", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
}

static Property wdt_properties[] = {
	/* the ROM starts WDT2, and boot software has to stop it */
	DEFINE_PROP_BOOL("running", Omap3Wdt, running_at_reset, false),
	/* an overflow goes to the PRCM, which resets the machine; WDT2's interrupt is not connected (OMAP36xx TRM, table 16-61) */
	DEFINE_PROP_BOOL("resets", Omap3Wdt, resets, true),
	DEFINE_PROP_END_OF_LIST(),
};

static void wdt_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = wdt_reset;
	dc->realize = wdt_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
	device_class_set_props(dc, wdt_properties);
}

static const TypeInfo wdt_type = {
	.name = TYPE_OMAP3_WDT,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Wdt),
	.instance_init = wdt_init,
	.class_init = wdt_class_init,
};

static void wdt_register(void)
{
	type_register_static(&wdt_type);
}
type_init(wdt_register)
