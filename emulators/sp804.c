// SPDX-License-Identifier: GPL-2.0-or-later
/* The virtual machine's timers: ARM's dual timer SP804 (DDI 0271). */

/*
 * The timers' clock is host time times 32, 1.048576 MHz: counters go down in steps of 32 every 30.5 us, and nothing that is programmed comes
 * early. A counter is what was left of it at some moment of host time (sync() goes on to the present); one deadline of the
 * host's timer says when it comes to zero. While an interrupt that nobody has cleared is on, there is no deadline: a guest cannot make the host's
 * timer fire faster than it clears.
 */

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/time.h>
#include <hv/vtimer.h>

#define LOAD		0x00u
#define VALUE		0x04u
#define CONTROL		0x08u
#define INTCLR		0x0cu
#define RIS		0x10u
#define MIS		0x14u
#define BGLOAD		0x18u
#define TIMER_STRIDE	0x20u
#define TIMERS		2u
#define ID_FIRST	0xfe0u

#define CTRL_ONESHOT	BIT(0)
#define CTRL_32BIT	BIT(1)
#define CTRL_PRESCALE(c)	((c) >> 2 & 3)
#define CTRL_IRQ	BIT(5)
#define CTRL_PERIODIC	BIT(6)
#define CTRL_ENABLE	BIT(7)
#define CTRL_WRITABLE	0xefu

#define FAR		BIT(30)		/* host ticks: as far as a deadline goes */

struct timer {
	struct sp804 *chip;
	u32 load, ctrl;
	u64 left;		/* clocks until zero, as of `since` */
	u32 since;		/* host time */
	bool halted;		/* one-shot: came to zero */
	bool raised;		/* raw interrupt status */
	struct vtimer deadline;
};

struct sp804 {
	struct emudev *dev;
	struct timer timer[TIMERS];
	bool line;
};

/* Log2 of clocks for a step of the counter. The fourth value is undefined: as the third. */
static u32 prescale(const struct timer *t)
{
	static const u8 shift[] = { 0, 4, 8, 8 };

	return shift[CTRL_PRESCALE(t->ctrl)];
}

static u32 mask(const struct timer *t)
{
	return t->ctrl & CTRL_32BIT ? ~0u : 0xffffu;
}

static bool runs(const struct timer *t)
{
	return (t->ctrl & CTRL_ENABLE) && !t->halted;
}

/* Clocks from zero to zero. */
static u64 period(const struct timer *t)
{
	u64 n = t->ctrl & CTRL_PERIODIC ? t->load & mask(t) : (u64)mask(t) + 1;

	return (n ? n : 1) << prescale(t);
}

static void update_line(struct sp804 *s)
{
	bool level = false;

	for (u32 i = 0; i < TIMERS; i++)
		level |= s->timer[i].raised && (s->timer[i].ctrl & CTRL_IRQ);
	if (level == s->line || s->dev->irq == ~0u)
		return;
	s->line = level;
	emudev_set_irq(s->dev, s->dev->irq, level);
}

/* Bring the counter to the present. */
static void sync(struct timer *t)
{
	u32 now = host_time_now();
	u64 clocks = (u64)(now - t->since) << GUEST_TIMCLK_SHIFT;

	t->since = now;
	if (!runs(t))
		return;
	if (clocks < t->left) {
		t->left -= clocks;
		return;
	}
	t->raised = true;
	if (t->ctrl & CTRL_ONESHOT) {
		t->halted = true;
		t->left = 0;
		return;
	}
	t->left = period(t) - (clocks - t->left) % period(t);
}

/* Also without an interrupt to come: sync() must see each turn of host time. */
static void arm(struct timer *t)
{
	u64 ticks = (t->left + BIT(GUEST_TIMCLK_SHIFT) - 1) >> GUEST_TIMCLK_SHIFT;

	if (!runs(t))
		vtimer_cancel(&t->deadline);
	else if (t->raised || !(t->ctrl & CTRL_IRQ) || ticks > FAR)
		vtimer_set(&t->deadline, t->since + FAR);
	else
		vtimer_set(&t->deadline, t->since + (u32)ticks);
}

static void expired(void *arg)
{
	struct timer *t = arg;

	sync(t);
	arm(t);
	update_line(t->chip);
}

/* Steps that are left: after a zero, for a moment, one more than the counter can show. */
static u64 steps(const struct timer *t)
{
	return (t->left + BIT(prescale(t)) - 1) >> prescale(t);
}

static void start(struct timer *t, u32 value)
{
	t->halted = false;
	t->left = (u64)value << prescale(t);
}

/* The counter has 32 bits in both widths; those above 16 count only when it runs with all of them. */
static void clip(struct timer *t)
{
	u64 n = steps(t);

	if (runs(t) && n > (u64)mask(t) + 1)
		t->left = (n & mask(t)) << prescale(t);
}

/* The counter keeps its value; what a step is, and where it halts, may be different from now on. */
static void write_control(struct timer *t, u32 v)
{
	u64 n = steps(t);

	t->ctrl = v & CTRL_WRITABLE;
	t->left = n << prescale(t);
	if (t->halted && !(t->ctrl & CTRL_ONESHOT)) {
		t->halted = false;
		t->left = period(t);
	}
}

static u32 timer_read(struct timer *t, u32 offset)
{
	sync(t);
	switch (offset) {
	case LOAD:
	case BGLOAD:
		return t->load;
	case VALUE:
		return (u32)steps(t) & mask(t);
	case CONTROL:
		return t->ctrl;
	case RIS:
		return t->raised;
	case MIS:
		return t->raised && (t->ctrl & CTRL_IRQ);
	default:
		return 0;
	}
}

static void timer_write(struct timer *t, u32 offset, u32 v)
{
	sync(t);
	switch (offset) {
	case LOAD:
		t->load = v;
		start(t, v);
		break;
	case BGLOAD:	/* from the next zero on */
		t->load = v;
		break;
	case CONTROL:
		write_control(t, v);
		break;
	case INTCLR:
		t->raised = false;
		break;
	default:
		break;
	}
	clip(t);
	sync(t);	/* zero steps are over at once */
	arm(t);
}

/* PeripheralID0 to 3, ComponentID0 to 3. */
static u32 read_id(u32 offset)
{
	static const u8 id[] = { 0x04, 0x18, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	return id[(offset - ID_FIRST) / 4];
}

static enum mmio_result sp804_access(struct emudev *d, struct mmio_access *a)
{
	struct sp804 *s = d->priv;
	struct timer *t = &s->timer[a->offset / TIMER_STRIDE % TIMERS];

	if (a->size != 4 || (a->offset & 3))
		return MMIO_ERROR;
	if (a->offset >= TIMERS * TIMER_STRIDE) {	/* the test registers are not there */
		if (!a->is_write && a->offset >= ID_FIRST && a->offset < PAGE_SIZE)
			a->value = read_id(a->offset);
		return MMIO_DONE;
	}
	if (a->is_write)
		timer_write(t, a->offset % TIMER_STRIDE, a->value);
	else
		a->value = timer_read(t, a->offset % TIMER_STRIDE);
	update_line(s);
	return MMIO_DONE;
}

static void sp804_reset(struct emudev *d)
{
	struct sp804 *s = d->priv;

	for (u32 i = 0; i < TIMERS; i++) {
		struct timer *t = &s->timer[i];

		vtimer_cancel(&t->deadline);
		t->load = 0;
		t->ctrl = CTRL_IRQ;
		t->left = mask(t);
		t->since = host_time_now();
		t->halted = t->raised = false;
	}
	s->line = false;
	if (d->irq != ~0u)
		emudev_set_irq(d, d->irq, false);
}

static int sp804_create(struct emudev *d, const struct layout_dev *node)
{
	struct sp804 *s = d->priv;

	(void)node;
	s->dev = d;
	for (u32 i = 0; i < TIMERS; i++) {
		s->timer[i].chip = s;
		vtimer_init(&s->timer[i].deadline, expired, &s->timer[i]);
	}
	sp804_reset(d);
	return 0;
}

static int sp804_fdt_node(struct emudev *d, void *fdt)
{
	static const char compatible[] = "arm,sp804\0arm,primecell", names[] = "timer0clk\0timer1clk\0apb_pclk";
	int node = fdt_node_add(fdt, "timer", d->base, compatible, sizeof(compatible));
	int err = node < 0 ? node : fdt_node_device(fdt, node, d);

	return err ? err : fdt_node_clocks(fdt, node, FDT_PHANDLE_TIMCLK, TIMERS, names, sizeof(names));
}

static const struct emudev_type sp804 = {
	.compatible = "umbra,sp804",
	.desc = "ARM dual timer",
	.state_size = sizeof(struct sp804),
	.lines = 1,
	.create = sp804_create,
	.reset = sp804_reset,
	.access = sp804_access,
	.fdt_node = sp804_fdt_node,
};
EMUDEV_REGISTER(sp804);
