/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake of the host timer below core/vtimer.c, over the clock of fake/time.c. */
#include <hv/time.h>

#include "fake.h"

static void (*interrupt)(void);
static u32 deadline;
static bool armed;
u32 fake_timer_interrupts;

int host_timer_init(void (*fn)(void))
{
	interrupt = fn;
	armed = false;
	return 0;
}

void host_timer_set(u32 at)
{
	deadline = at;
	armed = true;
}

/* Time goes on by @ticks, with an interrupt at each deadline on the way. */
void fake_time_go(u32 ticks)
{
	u32 end = fake_time + ticks;

	while (armed && deadline - fake_time <= end - fake_time) {
		fake_time = deadline;
		armed = false;
		fake_timer_interrupts++;
		interrupt();
	}
	fake_time = end;
}
