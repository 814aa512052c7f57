/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Deadlines over the one host timer: a list sorted by time, whose head is what the host timer is set for. */
#include <hv/log.h>
#include <hv/time.h>
#include <hv/vtimer.h>

static struct vtimer *first;
static bool expiring;

/* Times wrap; all that are set lie within 2^31 ticks of each other. */
static bool is_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static void unlink(struct vtimer *t)
{
	struct vtimer **link = &first;

	if (!t->set)
		return;
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	t->set = false;
}

static void program(void)
{
	if (first && !expiring)
		host_timer_set(first->deadline);
}

/* What callbacks set comes in this turn too if it is due, but the turn's time stands: they cannot keep it going. */
static void expire(void)
{
	u32 now = host_time_now();

	expiring = true;
	while (first && !is_before(now, first->deadline)) {
		struct vtimer *t = first;

		unlink(t);
		t->fn(t->arg);
	}
	expiring = false;
	program();
}

void vtimers_init(void)
{
	if (host_timer_init(expire))
		hv_panic("timers: the host timer's interrupt line is taken\n");
}

void vtimer_init(struct vtimer *t, void (*fn)(void *arg), void *arg)
{
	*t = (struct vtimer){ .fn = fn, .arg = arg };
}

void vtimer_set(struct vtimer *t, u32 deadline)
{
	struct vtimer **link = &first;

	unlink(t);
	t->deadline = deadline;
	while (*link && !is_before(deadline, (*link)->deadline))
		link = &(*link)->next;
	t->next = *link;
	t->set = true;
	*link = t;
	if (first == t)
		program();
}

/* The host timer may still interrupt for it: then there is nothing to do. */
void vtimer_cancel(struct vtimer *t)
{
	unlink(t);
}

void vtimers_forget(const void *from, u32 size)
{
	struct vtimer **link = &first;

	while (*link) {
		if ((uintptr_t)*link - (uintptr_t)from < size)
			unlink(*link);
		else
			link = &(*link)->next;
	}
}
