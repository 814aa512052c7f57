// SPDX-License-Identifier: GPL-2.0-or-later
/* General-purpose timer ("1 ms" IP, version 1): counts up at its input clock, interrupts on overflow and match. */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/irq.h"
#include "hw/qdev-clock.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define TIDR 0x00
#define TIOCP_CFG 0x10
#define TISTAT 0x14
#define TISR 0x18
#define TIER 0x1c
#define TWER 0x20
#define TCLR 0x24
#define TCRR 0x28
#define TLDR 0x2c
#define TTGR 0x30
#define TWPS 0x34
#define TMAR 0x38
#define TCAR1 0x3c
#define TSICR 0x40
#define TCAR2 0x44
#define TPIR 0x48
#define TNIR 0x4c
#define TCVR 0x50
#define TOCR 0x54
#define TOWR 0x58

#define INT_MATCH 1
#define INT_OVERFLOW 2
#define INT_ALL 7
#define TCLR_START 0x01
#define TCLR_RELOAD 0x02
#define TCLR_PRESCALE 0x20
#define TCLR_COMPARE 0x40
#define TIOCP_SOFTRESET 2
#define TSICR_SFT 2

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Gptimer, OMAP3_GPTIMER)

struct Omap3Gptimer {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq;
	Clock *clock;
	QEMUTimer *timer;
	Omap3Regs regs;
	uint32_t rate;		/* counts per second, prescaler included; 0 = stopped clock */
	int64_t base_time;	/* virtual time of count */
	uint64_t base_frac;	/* not used up part of a count at base_time, in 1/1e9 counts */
	uint32_t count;		/* counter at base_time */
};

static const Omap3Reg gptimer_regs[] = {
	{ TIDR, "TIDR", .reset = 0x13, .read_only = ~0u },
	{ TIOCP_CFG, "TIOCP_CFG", .pulse = TIOCP_SOFTRESET },
	{ TISTAT, "TISTAT", .reset = 1, .read_only = ~0u },
	{ TISR, "TISR", .clear = INT_ALL, .read_only = ~INT_ALL },
	{ TIER, "TIER", .read_only = ~INT_ALL },
	{ TWER, "TWER", .read_only = ~INT_ALL },
	{ TCLR, "TCLR" },
	{ TCRR, "TCRR" },
	{ TLDR, "TLDR" },
	{ TTGR, "TTGR", .reset = ~0u, .read_only = ~0u },
	{ TWPS, "TWPS", .read_only = ~0u },	/* posted writes are done at once */
	{ TMAR, "TMAR" },
	{ TCAR1, "TCAR1", .read_only = ~0u },
	{ TSICR, "TSICR", .pulse = TSICR_SFT },
	{ TCAR2, "TCAR2", .read_only = ~0u },
	{ TPIR, "TPIR" },	/* the 1 ms correction is stored, not applied */
	{ TNIR, "TNIR" },
	{ TCVR, "TCVR" },
	{ TOCR, "TOCR" },
	{ TOWR, "TOWR" },
};

static uint32_t reg(Omap3Gptimer *s, hwaddr offset)
{
	return *omap3_reg(&s->regs, offset);
}

static bool running(Omap3Gptimer *s)
{
	return (reg(s, TCLR) & TCLR_START) && s->rate;
}

/* Where the counter is after an overflow: the reload value, or 0 and stopped. */
static void overflow(Omap3Gptimer *s, uint64_t beyond)
{
	uint32_t load = reg(s, TLDR);
	uint64_t period = 0x100000000ull - load;

	*omap3_reg(&s->regs, TISR) |= INT_OVERFLOW;
	if (reg(s, TCLR) & TCLR_RELOAD) {
		uint64_t into = beyond % period;

		if ((reg(s, TCLR) & TCLR_COMPARE) && reg(s, TMAR) >= load &&
		    (beyond >= period || load + into >= reg(s, TMAR)))
			*omap3_reg(&s->regs, TISR) |= INT_MATCH;
		s->count = load + into;
	} else {
		*omap3_reg(&s->regs, TCLR) &= ~TCLR_START;
		s->count = 0;
	}
}

/* Brings counter and status up to the present. */
static void catch_up(Omap3Gptimer *s)
{
	int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	uint64_t seconds, rest, ticks, to;

	if (running(s)) {
		seconds = (now - s->base_time) / NANOSECONDS_PER_SECOND;
		rest = (uint64_t)((now - s->base_time) % NANOSECONDS_PER_SECOND) * s->rate + s->base_frac;
		ticks = seconds * s->rate + rest / NANOSECONDS_PER_SECOND;
		s->base_frac = rest % NANOSECONDS_PER_SECOND;
		to = s->count + ticks;
		if ((reg(s, TCLR) & TCLR_COMPARE) && ticks && s->count < reg(s, TMAR) && to >= reg(s, TMAR))
			*omap3_reg(&s->regs, TISR) |= INT_MATCH;
		if (to > UINT32_MAX)
			overflow(s, to - 0x100000000ull);
		else
			s->count = to;
	}
	s->base_time = now;
}

static uint64_t counts_to_event(Omap3Gptimer *s)
{
	uint64_t counts = 0x100000000ull - s->count;
	uint32_t match = reg(s, TMAR);

	if ((reg(s, TCLR) & TCLR_COMPARE) && (reg(s, TIER) & INT_MATCH) && match > s->count)
		counts = MIN(counts, match - s->count);
	return counts;
}

/* The host timer runs only while an interrupt could come of it; counting itself needs none. */
static void update(Omap3Gptimer *s)
{
	uint32_t enabled = reg(s, TIER) & (INT_MATCH | INT_OVERFLOW);
	uint64_t need, ns;

	qemu_set_irq(s->irq, !!(reg(s, TISR) & reg(s, TIER)));
	if (!running(s) || !(enabled & ~reg(s, TISR))) {
		timer_del(s->timer);
		return;
	}
	need = counts_to_event(s);
	/* counts of at most 2^32 times 1e9 fit into 64 bits; rounding up so that the event has happened by then */
	ns = (need * NANOSECONDS_PER_SECOND - s->base_frac + s->rate - 1) / s->rate;
	timer_mod(s->timer, s->base_time + ns);
}

static void expired(void *opaque)
{
	Omap3Gptimer *s = opaque;

	catch_up(s);
	update(s);
}

static void set_rate(Omap3Gptimer *s)
{
	uint32_t tclr = reg(s, TCLR);
	uint32_t rate = clock_get_hz(s->clock);

	if (tclr & TCLR_PRESCALE)
		rate >>= extract32(tclr, 2, 3) + 1;
	s->rate = rate;
}

static void clock_changed(void *opaque, ClockEvent event)
{
	Omap3Gptimer *s = opaque;

	if (event == ClockPreUpdate) {
		catch_up(s);
		return;
	}
	set_rate(s);
	update(s);
}

static uint64_t gptimer_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Gptimer *s = opaque;

	if ((offset & ~3) == TCRR || (offset & ~3) == TISR || (offset & ~3) == TCLR) {
		catch_up(s);
		*omap3_reg(&s->regs, TCRR) = s->count;
	}
	return omap3_regs_read(&s->regs, offset, size);
}

static void restart(Omap3Gptimer *s)
{
	omap3_regs_reset(&s->regs);
	s->count = 0;
	s->base_frac = 0;
	set_rate(s);
}

static void gptimer_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Gptimer *s = opaque;
	uint32_t word;

	catch_up(s);
	*omap3_reg(&s->regs, TCRR) = s->count;
	word = omap3_regs_write(&s->regs, offset, value, size);
	switch (offset & ~3) {
	case TIOCP_CFG:
		if (word & TIOCP_SOFTRESET)
			restart(s);
		break;
	case TSICR:
		if (word & TSICR_SFT)
			restart(s);
		break;
	case TCLR:
		set_rate(s);
		break;
	case TCRR:
		s->count = reg(s, TCRR);
		s->base_frac = 0;
		break;
	case TTGR:
		s->count = reg(s, TLDR);
		s->base_frac = 0;
		break;
	}
	update(s);
}

static const MemoryRegionOps gptimer_ops = {
	.read = gptimer_read,
	.write = gptimer_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid.min_access_size = 2,
	.valid.max_access_size = 4,
};

static void gptimer_reset(DeviceState *dev)
{
	Omap3Gptimer *s = OMAP3_GPTIMER(dev);

	restart(s);
	s->base_time = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	update(s);
}

static void gptimer_realize(DeviceState *dev, Error **errp)
{
	Omap3Gptimer *s = OMAP3_GPTIMER(dev);

	omap3_regs_init(&s->regs, omap3_block_name(dev), gptimer_regs, ARRAY_SIZE(gptimer_regs), 0x60);
	s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, expired, s);
}

static void gptimer_init(Object *obj)
{
	Omap3Gptimer *s = OMAP3_GPTIMER(obj);

	memory_region_init_io(&s->mmio, obj, &gptimer_ops, s, "gptimer", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
	s->clock = qdev_init_clock_in(DEVICE(obj), "fclk", clock_changed, s, ClockPreUpdate | ClockUpdate);
}

static void gptimer_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = gptimer_reset;
	dc->realize = gptimer_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo gptimer_type = {
	.name = TYPE_OMAP3_GPTIMER,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Gptimer),
	.instance_init = gptimer_init,
	.class_init = gptimer_class_init,
};

static void gptimer_register(void)
{
	type_register_static(&gptimer_type);
}
type_init(gptimer_register)
