/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which guest runs, and for how long. */
#pragma once

#include <hv/types.h>

struct guest;

/* One guest's part of it; zeroed at creation. */
struct sched_share {
	u64 vtime;		/* ticks that it ran, times SCHED_UNIT / weight */
	u64 ran;		/* ticks */
	u32 used;		/* ticks of this period, of a guest with a cap */
	bool capped;		/* has used what it may in this period */
	bool ready;		/* wanted to run when it was last looked at */
	u64 ran_at_tick;
	u32 ticks_per_second;	/* it ran during the last second */
};

/*
 * The guest that runs should let core run: to type a key for the monitor, or because another guest is to run. Whoever runs a guest looks at it
 * between two exits. Cleared by the run loop.
 */
extern volatile bool core_is_wanted;
/* No other guest is there that could run meanwhile: one that waits for an interrupt can wait in its place. */
extern bool sched_alone;

void sched_init(void);
/* The guest to run now, whose time begins; NULL: none wants to. */
struct guest *sched_pick(void);
/* A turn of what its devices left, if they left anything; whatever interrupts the host meanwhile is handled. */
void sched_go_on(struct guest *g);
/* It came back: its time ends. */
void sched_done(void);
/* Core worked for @g, which does not run, for so long: it is @g's time as well. */
void sched_charge(struct guest *g, u32 ticks);
/* @g is about to take part, with no claim for the time before, and what it had beyond its part is not forgotten. */
void sched_join(struct guest *g);
/* An interrupt input of @g rose while it did not run. Context: any. */
void sched_wake(struct guest *g);
/*
 * A device of @g has done its part for once and has more to do. It goes on in @g's time: @g wants to run even if it waits for an interrupt, and if it
 * runs just now its work stops for the device's soon. Context: any.
 */
void sched_unfinished(struct guest *g);
/* Once a second. */
void sched_tick(void);
/* Per mille of the last second that @g ran. */
u32 sched_permille(const struct guest *g);
