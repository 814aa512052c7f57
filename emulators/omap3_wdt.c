// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's OMAP3 watchdog (WDT2): counts like the chip's, but what it resets is the guest, not the board. */

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/time.h>

#define WIDR		0x00u
#define SYSCONFIG	0x10u
#define SYSSTATUS	0x14u
#define WISR		0x18u
#define WIER		0x1cu
#define WCLR		0x24u
#define WCRR		0x28u
#define WLDR		0x2cu
#define WTGR		0x30u
#define WSPR		0x48u

#define REVISION	0x30u
#define SYSCONFIG_RESET	BIT(1)
#define WCLR_PRE	BIT(5)	/* prescaler on: the 32 kHz clock divided by 2^WCLR[4:2] */
#define WCLR_RESET	0x20u
#define START_1		0xbbbbu
#define START_2		0x4444u
#define STOP_1		0xaaaau
#define STOP_2		0x5555u

struct wdt {
	struct guest *guest;
	u32 sysconfig, wisr, wier, wclr, wldr, wtgr, wspr;
	u32 count;	/* WCRR at time @since */
	u32 since;	/* host time of a step: the last reload, start or stop, or one that was seen */
	bool running;
};

static u32 shift(const struct wdt *s)
{
	return s->wclr & WCLR_PRE ? FIELD(s->wclr, 4, 2) : 0;
}

/* Counter steps since @since. */
static u32 elapsed(const struct wdt *s)
{
	return s->running ? (host_time_now() - s->since) >> shift(s) : 0;
}

static void set_count(struct wdt *s, u32 count)
{
	s->count = count;
	s->since = host_time_now();
}

/* The counter goes up and bites when it passes 0xffffffff. Context: guest access or the host's tick. */
static void check(struct wdt *s)
{
	u32 steps = elapsed(s);

	if (!s->running)
		return;
	if (steps <= ~s->count) {	/* it may take more than a turn of host time */
		s->count += steps;
		s->since += steps << shift(s);
		return;
	}
	s->running = false;
	guest_request(s->guest, GUEST_REQ_RESET, "the guest's watchdog was not served in time");
}

static void tick(void *arg)
{
	check(arg);
}

/* Two writes in the right order start or stop the counter; any other order does nothing. */
static void write_wspr(struct wdt *s, u32 v)
{
	bool start = s->wspr == START_1 && v == START_2, stop = s->wspr == STOP_1 && v == STOP_2;

	if (start || stop) {
		set_count(s, s->count + elapsed(s));
		s->running = start;
	}
	s->wspr = v;
}

/* As the boot loader leaves it: stopped. */
static void reset_registers(struct wdt *s)
{
	s->sysconfig = s->wisr = s->wier = s->wldr = s->wtgr = s->wspr = 0;
	s->wclr = WCLR_RESET;
	s->running = false;
	set_count(s, 0);
}

static u32 wdt_read(struct wdt *s, u32 offset)
{
	switch (offset) {
	case WIDR:
		return REVISION;
	case SYSCONFIG:
		return s->sysconfig;
	case SYSSTATUS:
		return 1;
	case WISR:
		return s->wisr;
	case WIER:
		return s->wier;
	case WCLR:
		return s->wclr;
	case WCRR:
		return s->count + elapsed(s);
	case WLDR:
		return s->wldr;
	case WTGR:
		return s->wtgr;
	case WSPR:
		return s->wspr;
	default:	/* WWPS (0x34) among them: a posted write is done at once */
		return 0;
	}
}

static void wdt_write(struct wdt *s, u32 offset, u32 v)
{
	switch (offset) {
	case SYSCONFIG:
		if (v & SYSCONFIG_RESET)
			reset_registers(s);
		s->sysconfig = v & ~SYSCONFIG_RESET;
		break;
	case WIER:
		s->wier = v & 1;
		break;
	case WCLR:
		set_count(s, s->count + elapsed(s));
		s->wclr = v & 0x3c;
		break;
	case WCRR:
		set_count(s, v);
		break;
	case WLDR:
		s->wldr = v;
		break;
	case WTGR:
		if (v != s->wtgr)	/* a changed value reloads */
			set_count(s, s->wldr);
		s->wtgr = v;
		break;
	case WSPR:
		write_wspr(s, v);
		break;
	default:
		break;
	}
}

static enum mmio_result wdt_access(struct emudev *d, struct mmio_access *a)
{
	struct wdt *s = d->priv;

	/* 16-bit accesses exist, but a register written in halves makes no sense of its own: the interconnect refuses. */
	if (a->size != 4 || (a->offset & 3))
		return MMIO_ERROR;
	check(s);
	if (a->is_write)
		wdt_write(s, a->offset, a->value);
	else
		a->value = wdt_read(s, a->offset);
	return MMIO_DONE;
}

static void wdt_reset(struct emudev *d)
{
	reset_registers(d->priv);
}

static int wdt_create(struct emudev *d, const struct layout_dev *node)
{
	struct wdt *s = d->priv;
	int err = host_timer_attach(tick, s);

	if (err)
		layout_mistake(&node->at, "compatible", "too many devices want the host's timer");
	s->guest = d->guest;
	reset_registers(s);
	return err;
}

static const struct emudev_type omap3_wdt = {
	.compatible = "umbra,omap3-wdt",
	.desc = "OMAP3 watchdog that resets the guest",
	.state_size = sizeof(struct wdt),
	.create = wdt_create,
	.reset = wdt_reset,
	.access = wdt_access,
};
EMUDEV_REGISTER(omap3_wdt);
