/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deadlines: any number of one-shot timers over the one host timer. A device that is periodic sets its next one in its callback. */
#pragma once

#include <hv/types.h>

/* Embedded in its owner; linked while it is set. */
struct vtimer {
	u32 deadline;
	bool set;
	void (*fn)(void *arg);
	void *arg;
	struct vtimer *next;
};

/* Take the host timer. Once, before the first vtimer_set(). */
void vtimers_init(void);
void vtimer_init(struct vtimer *t, void (*fn)(void *arg), void *arg);
/*
 * Call @fn(@arg) at @deadline, in ticks of host_time_now(), less than 2^31 of them away; one that has passed: at once. Replaces what was set
 * before. @fn runs in the host interrupt path (interrupts masked), whichever guest runs: it may set and cancel timers, drive interrupt
 * lines of guests and make requests, and must not touch a vCPU's registers. What it sets for itself is
 * later than this deadline. It comes a few ticks late at times, and never early.
 */
void vtimer_set(struct vtimer *t, u32 deadline);
void vtimer_cancel(struct vtimer *t);
/* Cancel those that lie in the @size bytes at @from. */
void vtimers_forget(const void *from, u32 size);
