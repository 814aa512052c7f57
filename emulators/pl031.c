// SPDX-License-Identifier: GPL-2.0-or-later
/* The virtual machine's clock: ARM's real time clock PL031 (DDI 0224). It goes on over restarts, as one with a battery. */

/*
 * Nothing tells Umbra the time of day: the clock starts with 0, which is the beginning of 1970, when Umbra does, and a guest sets it.
 */

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/time.h>
#include <hv/vtimer.h>

#define DR		0x00u
#define MR		0x04u
#define LR		0x08u
#define CR		0x0cu
#define IMSC		0x10u
#define RIS		0x14u
#define MIS		0x18u
#define ICR		0x1cu
#define ID_FIRST	0xfe0u

#define FAR_S		0x8000u		/* seconds: as far as a deadline goes */

struct pl031 {
	struct emudev *dev;
	u32 seconds;		/* at host time `since`, when this second began */
	u32 since;
	u32 match, load;
	bool enabled_irq, raised, line;
	struct vtimer deadline;
};

static void update_line(struct pl031 *s)
{
	bool level = s->raised && s->enabled_irq;

	if (level == s->line || s->dev->irq == ~0u)
		return;
	s->line = level;
	emudev_set_irq(s->dev, s->dev->irq, level);
}

/* Whole seconds that have passed; the match is one moment, not everything behind it. */
static void sync(struct pl031 *s)
{
	u32 passed = (host_time_now() - s->since) / TIME_HZ;

	if (passed && s->match - s->seconds - 1 < passed)
		s->raised = true;
	s->seconds += passed;
	s->since += passed * TIME_HZ;
}

/* At the match, or in time to see each turn of host time. */
static void arm(struct pl031 *s)
{
	u32 until = s->match - s->seconds;

	vtimer_set(&s->deadline, s->since + (until && until < FAR_S ? until : FAR_S) * TIME_HZ);
}

static void expired(void *arg)
{
	struct pl031 *s = arg;

	sync(s);
	arm(s);
	update_line(s);
}

static u32 pl031_read(const struct pl031 *s, u32 offset)
{
	/* PeripheralID0 to 3, ComponentID0 to 3. */
	static const u8 id[] = { 0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	switch (offset) {
	case DR:
		return s->seconds;
	case MR:
		return s->match;
	case LR:
		return s->load;
	case CR:
		return 1;	/* runs, and nothing stops it */
	case IMSC:
		return s->enabled_irq;
	case RIS:
		return s->raised;
	case MIS:
		return s->raised && s->enabled_irq;
	default:
		return offset >= ID_FIRST && offset < PAGE_SIZE ? id[(offset - ID_FIRST) / 4] : 0;
	}
}

static void set_time(struct pl031 *s, u32 seconds)
{
	s->load = s->seconds = seconds;
	s->since = host_time_now();
	s->raised |= seconds == s->match;
}

static void pl031_write(struct pl031 *s, u32 offset, u32 v)
{
	switch (offset) {
	case MR:
		s->match = v;
		s->raised |= v == s->seconds;
		break;
	case LR:
		set_time(s, v);
		break;
	case IMSC:
		s->enabled_irq = v & 1;
		break;
	case ICR:
		s->raised &= !(v & 1);
		break;
	default:
		break;
	}
}

static enum mmio_result pl031_access(struct emudev *d, struct mmio_access *a)
{
	struct pl031 *s = d->priv;

	if (a->size != 4 || (a->offset & 3))
		return MMIO_ERROR;
	sync(s);
	if (a->is_write)
		pl031_write(s, a->offset, a->value);
	else
		a->value = pl031_read(s, a->offset);
	arm(s);
	update_line(s);
	return MMIO_DONE;
}

/* The time goes on; an alarm is forgotten. */
static void pl031_reset(struct emudev *d)
{
	struct pl031 *s = d->priv;

	sync(s);
	s->match = s->load = 0;
	s->enabled_irq = s->raised = s->line = false;
	arm(s);
	if (d->irq != ~0u)
		emudev_set_irq(d, d->irq, false);
}

static int pl031_create(struct emudev *d, const struct layout_dev *node)
{
	struct pl031 *s = d->priv;

	(void)node;
	s->dev = d;
	s->since = host_time_now();
	vtimer_init(&s->deadline, expired, s);
	return 0;
}

static int pl031_fdt_node(struct emudev *d, void *fdt)
{
	static const char compatible[] = "arm,pl031\0arm,primecell", names[] = "apb_pclk";
	int node = fdt_node_add(fdt, "rtc", d->base, compatible, sizeof(compatible));
	int err = node < 0 ? node : fdt_node_device(fdt, node, d);

	return err ? err : fdt_node_clocks(fdt, node, 0, 0, names, sizeof(names));
}

static const struct emudev_type pl031 = {
	.compatible = "umbra,pl031",
	.desc = "ARM real time clock",
	.state_size = sizeof(struct pl031),
	.lines = 1,
	.create = pl031_create,
	.reset = pl031_reset,
	.access = pl031_access,
	.fdt_node = pl031_fdt_node,
};
EMUDEV_REGISTER(pl031);
