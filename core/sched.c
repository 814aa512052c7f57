/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler: weighted fair queueing of at most eight guests on one processor.
 *
 * Each guest has a virtual time, which goes on while it runs, the slower the greater its weight; the guest that is furthest behind runs, for a
 * slice. One that slept comes back at most a slice behind the others: what it did not use is gone. So the lead of any guest that wants to run over
 * any other is never more than two slices, whatever they do.
 *  - `latency`: such a guest counts as a slice further behind than it is. It gets no more time for that, but gets it at once.
 *  - `cap`: a guest with one stands while it has used up its part of the period.
 * What the devices of a guest do is in its time, in turns of bounded length: long work is left and taken up again as if the guest had done it.
 * So is a restart that it asked for, which is in one piece.
 * Sleeping guests cost nothing: nobody looks at them before an interrupt input rises. With one guest that can run there are no slices.
 */
#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/sched.h>
#include <hv/time.h>
#include <hv/vtimer.h>

#define SLICE		(TIME_HZ / 100)		/* 10 ms */
#define LEAST_LEAD	(TIME_HZ / 1000)	/* who wakes up less behind than this waits for the slice to end */
#define PERIOD		(TIME_HZ / 10)		/* of caps */
#define PAUSE		(TIME_HZ / 4000)	/* that a running guest has between two turns of its devices */
#define SCHED_UNIT	102400u

volatile bool core_is_wanted;
bool sched_alone = true;

static struct guest *current;
static u32 since;			/* when its time began */
static u64 latest;			/* the greatest virtual time with which one's turn ended */
static struct vtimer slice, period, pause;
static bool any_cap;

static u64 virtual(const struct guest *g, u32 ticks)
{
	return (u64)ticks * (SCHED_UNIT / g->cfg.weight);
}

/* Ticks since its turn began, if it has one. */
static u32 turn(const struct guest *g)
{
	return g == current ? host_time_now() - since : 0;
}

/* Where @g stands, for comparison. */
static s64 standing(const struct guest *g)
{
	return (s64)(g->share.vtime + virtual(g, turn(g))) - (g->cfg.latency ? (s64)virtual(g, SLICE) : 0);
}

static bool can_run(struct guest *g)
{
	return g->state == GUEST_RUNNING && g->request == GUEST_REQ_NONE && !g->held && !g->share.capped &&
	       (g->unfinished || !arch_vcpu_waits(g->vcpu));
}

static u32 budget(const struct guest *g)
{
	return g->cfg.cap ? PERIOD * g->cfg.cap / 100 : ~0u;
}

static void time_is_up(void *arg)
{
	(void)arg;
	core_is_wanted = true;
}

/* What was used beyond the cap is of the next period. */
static void period_ends(void *arg)
{
	(void)arg;
	vtimer_set(&period, period.deadline + PERIOD);
	for (struct guest *g = guest_first(); g; g = g->next) {
		struct sched_share *s = &g->share;

		s->used = s->used > budget(g) ? s->used - budget(g) : 0;
		core_is_wanted |= s->capped && s->used < budget(g);
		s->capped = s->used >= budget(g);
	}
}

void sched_init(void)
{
	vtimer_init(&slice, time_is_up, NULL);
	vtimer_init(&pause, time_is_up, NULL);
	vtimer_init(&period, period_ends, NULL);
}

/* The least virtual time of those that want to run. If there is none: that of who ran last, because then too nobody's past counts for ever. */
static u64 least(void)
{
	u64 vtime = latest;
	bool found = false;

	for (struct guest *g = guest_first(); g; g = g->next) {
		u64 v = g->share.vtime + virtual(g, turn(g));

		if (!g->share.ready || (found && v >= vtime))
			continue;
		vtime = v;
		found = true;
	}
	return vtime;
}

/* @g wants to run after a time in which it did not: no further behind than a slice. */
static void catch_up(struct guest *g)
{
	u64 v = least(), lead = virtual(g, SLICE);

	if (!g->share.ready && g->share.vtime + lead < v)
		g->share.vtime = v - lead;
	g->share.ready = true;
}

/* What it owes it still owes: to stop and come again forgives nothing. */
void sched_join(struct guest *g)
{
	u64 v;

	g->share.ready = false;
	v = least();
	if (g->share.vtime < v)
		g->share.vtime = v;
	if (!g->cfg.cap || any_cap)
		return;
	any_cap = true;
	vtimer_set(&period, host_time_now() + PERIOD);
}

void sched_wake(struct guest *g)
{
	if (g == current || !can_run(g))
		return;
	catch_up(g);
	if (!current)
		return;
	if (standing(g) + (g->cfg.latency ? 0 : (s64)virtual(g, LEAST_LEAD)) < standing(current))
		core_is_wanted = true;
	else if (!slice.set)
		vtimer_set(&slice, host_time_now() + SLICE);
}

void sched_unfinished(struct guest *g)
{
	g->unfinished = true;
	if (g != current)
		sched_wake(g);
	else if (!pause.set)
		vtimer_set(&pause, host_time_now() + PAUSE);
}

struct guest *sched_pick(void)
{
	struct guest *best = NULL;
	u32 there = 0, ready = 0, most;

	for (struct guest *g = guest_first(); g; g = g->next) {
		there += g->state == GUEST_RUNNING;
		if (!can_run(g)) {
			g->share.ready = false;
			continue;
		}
		catch_up(g);
		ready++;
		if (!best || standing(g) < standing(best))
			best = g;
	}
	sched_alone = there <= 1;
	vtimer_cancel(&slice);
	current = best;
	if (!best)
		return NULL;
	since = host_time_now();
	most = best->cfg.cap ? budget(best) - best->share.used : ~0u;
	if (ready > 1 || best->cfg.cap)
		vtimer_set(&slice, since + MIN(SLICE, most));
	return best;
}

/*
 * The guest's own time between two turns begins behind this one. It may sleep in it and come back at once for the next turn, so the host's interrupts,
 * which wake others and end slices, are taken here.
 */
void sched_go_on(struct guest *g)
{
	if (!g->unfinished)
		return;
	g->unfinished = false;
	emudev_go_on(g);
	if (g->unfinished)
		vtimer_set(&pause, host_time_now() + PAUSE);
	while (arch_irq_pending())
		host_irq_handle();
}

void sched_charge(struct guest *g, u32 ticks)
{
	struct sched_share *s = &g->share;

	s->vtime += virtual(g, ticks);
	s->ran += ticks;
	s->used += g->cfg.cap ? ticks : 0;
	s->capped = s->used >= budget(g);
}

void sched_done(void)
{
	sched_charge(current, host_time_now() - since);
	latest = current->share.vtime > latest ? current->share.vtime : latest;
	current = NULL;
}

/* The turn that goes on counts: of one that is alone it may last for hours. */
void sched_tick(void)
{
	for (struct guest *g = guest_first(); g; g = g->next) {
		struct sched_share *s = &g->share;
		u64 ran = s->ran + turn(g);

		s->ticks_per_second = (u32)(ran - s->ran_at_tick);
		s->ran_at_tick = ran;
	}
}

u32 sched_permille(const struct guest *g)
{
	return MIN(g->share.ticks_per_second * 1000u / TIME_HZ, 1000u);
}
