// SPDX-License-Identifier: GPL-2.0-or-later
/* MPU interrupt controller: 96 level-sensitive lines, priorities, one new-interrupt agreement for IRQ and one for FIQ. */

#include "qemu/osdep.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define LINES 96
#define BANKS 3

#define INTC_REVISION 0x00
#define INTC_SYSCONFIG 0x10
#define INTC_SYSSTATUS 0x14
#define INTC_SIR_IRQ 0x40
#define INTC_SIR_FIQ 0x44
#define INTC_CONTROL 0x48
#define INTC_PROTECTION 0x4c
#define INTC_IDLE 0x50
#define INTC_IRQ_PRIORITY 0x60
#define INTC_FIQ_PRIORITY 0x64
#define INTC_THRESHOLD 0x68
#define INTC_BANK0 0x80
#define INTC_ILR0 0x100

enum { BANK_ITR, BANK_MIR, BANK_MIR_CLEAR, BANK_MIR_SET, BANK_ISR_SET, BANK_ISR_CLEAR, BANK_PENDING_IRQ, BANK_PENDING_FIQ };

#define SYSCONFIG_SOFTRESET 2
#define ILR_FIQ 1
#define SPURIOUS 0xffffff80u
#define THRESHOLD_OFF 0xff

/* One of the two outputs. "taken" is set once software has read which line is active: from then on the choice stands. */
struct output {
	qemu_irq pin;
	int active;	/* line number, or -1 */
	bool taken;
};

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Intc, OMAP3_INTC)

struct Omap3Intc {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	struct output output[2];	/* IRQ, FIQ */
	uint32_t level[BANKS];		/* input pins; survive a reset of this block */
	uint32_t soft[BANKS];		/* set through ISR_SET */
	uint32_t mask[BANKS];
	uint32_t ilr[LINES];
	uint32_t sysconfig;
	uint32_t protection;
	uint32_t idle;
	uint32_t threshold;
};

static uint32_t pending(Omap3Intc *s, int bank, int fiq)
{
	uint32_t bits = (s->level[bank] | s->soft[bank]) & ~s->mask[bank];
	uint32_t routed = 0;

	for (uint32_t rest = bits; rest; rest &= rest - 1) {
		int bit = ctz32(rest);

		if ((s->ilr[bank * 32 + bit] & ILR_FIQ) == (uint32_t)fiq)
			routed |= 1u << bit;
	}
	return routed;
}

/* The pending line of the best priority (lowest number; among equals the lowest line), or -1. */
static int choose(Omap3Intc *s, int fiq)
{
	uint32_t limit = s->threshold == THRESHOLD_OFF ? 64 : s->threshold;
	uint32_t best = limit;
	int line = -1;

	for (int bank = 0; bank < BANKS; bank++) {
		for (uint32_t rest = pending(s, bank, fiq); rest; rest &= rest - 1) {
			int candidate = bank * 32 + ctz32(rest);
			uint32_t priority = extract32(s->ilr[candidate], 2, 6);

			if (priority < best) {
				best = priority;
				line = candidate;
			}
		}
	}
	return line;
}

static void update(Omap3Intc *s)
{
	for (int fiq = 0; fiq < 2; fiq++) {
		struct output *out = &s->output[fiq];

		if (!out->taken)
			out->active = choose(s, fiq);
		qemu_set_irq(out->pin, out->active >= 0);
	}
}

static void set_line(void *opaque, int line, int level)
{
	Omap3Intc *s = opaque;

	s->level[line / 32] = deposit32(s->level[line / 32], line % 32, 1, !!level);
	update(s);
}

static uint32_t read_sir(struct output *out)
{
	if (out->active < 0)
		return SPURIOUS;
	out->taken = true;
	return out->active;
}

static uint32_t read_bank(Omap3Intc *s, int bank, int which, hwaddr offset)
{
	switch (which) {
	case BANK_ITR:
		return s->level[bank] | s->soft[bank];
	case BANK_MIR:
		return s->mask[bank];
	case BANK_ISR_SET:
		return s->soft[bank];
	case BANK_PENDING_IRQ:
		return pending(s, bank, 0);
	case BANK_PENDING_FIQ:
		return pending(s, bank, 1);
	default:
		omap3_log_unimp("intc", offset, false, 0);
		return 0;
	}
}

static uint64_t intc_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Intc *s = opaque;
	struct output *irq = &s->output[0], *fiq = &s->output[1];

	if (offset >= INTC_ILR0 && offset < INTC_ILR0 + 4 * LINES)
		return s->ilr[(offset - INTC_ILR0) / 4];
	if (offset >= INTC_BANK0 && offset < INTC_BANK0 + 0x20 * BANKS)
		return read_bank(s, (offset - INTC_BANK0) / 0x20, (offset & 0x1f) / 4, offset);
	switch (offset) {
	case INTC_REVISION:
		return 0x40;
	case INTC_SYSCONFIG:
		return s->sysconfig;
	case INTC_SYSSTATUS:
		return 1;
	case INTC_SIR_IRQ:
		return read_sir(irq);
	case INTC_SIR_FIQ:
		return read_sir(fiq);
	case INTC_CONTROL:
		return 0;
	case INTC_PROTECTION:
		return s->protection;
	case INTC_IDLE:
		return s->idle;
	case INTC_IRQ_PRIORITY:
		return irq->active < 0 ? SPURIOUS : extract32(s->ilr[irq->active], 2, 6);
	case INTC_FIQ_PRIORITY:
		return fiq->active < 0 ? SPURIOUS : extract32(s->ilr[fiq->active], 2, 6);
	case INTC_THRESHOLD:
		return s->threshold;
	default:
		omap3_log_unimp("intc", offset, false, 0);
		return 0;
	}
}

static void reset_state(Omap3Intc *s)
{
	memset(s->soft, 0, sizeof(s->soft));
	memset(s->mask, 0xff, sizeof(s->mask));
	memset(s->ilr, 0, sizeof(s->ilr));
	s->sysconfig = 0;
	s->protection = 0;
	s->idle = 0;
	s->threshold = THRESHOLD_OFF;
	for (int i = 0; i < 2; i++) {
		s->output[i].active = -1;
		s->output[i].taken = false;
	}
}

static void write_bank(Omap3Intc *s, int bank, int which, uint32_t value, hwaddr offset)
{
	switch (which) {
	case BANK_MIR:
		s->mask[bank] = value;
		break;
	case BANK_MIR_CLEAR:
		s->mask[bank] &= ~value;
		break;
	case BANK_MIR_SET:
		s->mask[bank] |= value;
		break;
	case BANK_ISR_SET:
		s->soft[bank] |= value;
		break;
	case BANK_ISR_CLEAR:
		s->soft[bank] &= ~value;
		break;
	default:
		omap3_log_unimp("intc", offset, true, value);
	}
}

static void write_control(Omap3Intc *s, uint32_t value)
{
	for (int i = 0; i < 2; i++)
		if (value & (1u << i))
			s->output[i].taken = false;
}

static void write_plain(Omap3Intc *s, hwaddr offset, uint32_t value)
{
	switch (offset) {
	case INTC_SYSCONFIG:
		if (value & SYSCONFIG_SOFTRESET)
			reset_state(s);
		else
			s->sysconfig = value & 1;
		break;
	case INTC_CONTROL:
		write_control(s, value);
		break;
	case INTC_PROTECTION:
		s->protection = value & 1;
		break;
	case INTC_IDLE:
		s->idle = value & 3;
		break;
	case INTC_THRESHOLD:
		s->threshold = value & 0xff;
		break;
	default:
		omap3_log_unimp("intc", offset, true, value);
	}
}

static void intc_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Intc *s = opaque;

	if (offset >= INTC_ILR0 && offset < INTC_ILR0 + 4 * LINES)
		s->ilr[(offset - INTC_ILR0) / 4] = value & 0xfd;
	else if (offset >= INTC_BANK0 && offset < INTC_BANK0 + 0x20 * BANKS)
		write_bank(s, (offset - INTC_BANK0) / 0x20, (offset & 0x1f) / 4, value, offset);
	else
		write_plain(s, offset, value);
	update(s);
}

static const MemoryRegionOps intc_ops = {
	.read = intc_read,
	.write = intc_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.impl.min_access_size = 4,
	.impl.max_access_size = 4,
};

static void intc_reset(DeviceState *dev)
{
	Omap3Intc *s = OMAP3_INTC(dev);

	reset_state(s);
	update(s);
}

static void intc_init(Object *obj)
{
	Omap3Intc *s = OMAP3_INTC(obj);
	SysBusDevice *bus = SYS_BUS_DEVICE(obj);

	memory_region_init_io(&s->mmio, obj, &intc_ops, s, "intc", 0x1000);
	sysbus_init_mmio(bus, &s->mmio);
	sysbus_init_irq(bus, &s->output[0].pin);
	sysbus_init_irq(bus, &s->output[1].pin);
	qdev_init_gpio_in(DEVICE(obj), set_line, LINES);
}

static void intc_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = intc_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo intc_type = {
	.name = TYPE_OMAP3_INTC,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Intc),
	.instance_init = intc_init,
	.class_init = intc_class_init,
};

static void intc_register(void)
{
	type_register_static(&intc_type);
}
type_init(intc_register)
