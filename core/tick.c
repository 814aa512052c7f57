/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One slow periodic tick for what need not be exact: rates, watchdogs, guests that say nothing. */
#include <hv/time.h>
#include <hv/vtimer.h>

#define MAX_PERIOD_MS		1000000u
#define ATTACHED_MAX		16u

static void (*tick_fn)(void);
static struct {
	void (*fn)(void *arg);
	void *arg;
} attached[ATTACHED_MAX];
static u32 period;
static struct vtimer timer;

/*
 * From deadline to deadline, so that lateness does not add up; but ticks that are over are not made up for: who counts them, counts
 * periods in which something could have happened.
 */
static void tick(void *arg)
{
	u32 next = timer.deadline + period, now = host_time_now();

	(void)arg;
	vtimer_set(&timer, (s32)(next - now) > 0 ? next : now + period);
	if (tick_fn)
		tick_fn();
	for (u32 i = 0; i < ATTACHED_MAX && attached[i].fn; i++)
		attached[i].fn(attached[i].arg);
}

int host_timer_attach(void (*fn)(void *arg), void *arg)
{
	for (u32 i = 0; i < ATTACHED_MAX; i++) {
		if (attached[i].fn)
			continue;
		attached[i].fn = fn;
		attached[i].arg = arg;
		return 0;
	}
	return -ENOSPC;
}

/* The others keep their order, and there is no gap: tick() stops at the first one. */
void host_timer_forget(const void *from, u32 size)
{
	u32 n = 0;

	for (u32 i = 0; i < ATTACHED_MAX && attached[i].fn; i++)
		if (!attached[i].arg || (uintptr_t)attached[i].arg - (uintptr_t)from >= size)
			attached[n++] = attached[i];
	while (n < ATTACHED_MAX)
		attached[n++].fn = NULL;
}

int host_timer_start(u32 period_ms, void (*fn)(void))
{
	if (!period_ms || period_ms > MAX_PERIOD_MS)
		return -EINVAL;
	period = (u32)((u64)period_ms * TIME_HZ / 1000u);
	tick_fn = fn;
	vtimer_cancel(&timer);
	vtimer_init(&timer, tick, NULL);
	vtimer_set(&timer, host_time_now() + period);
	return 0;
}
