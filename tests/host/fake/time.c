/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake of the host's clock and timer: time stands until a test sets it. */
#include <hv/time.h>

#include "fake.h"

#define ATTACHED_MAX 4u

u32 fake_time;
static struct {
	void (*fn)(void *arg);
	void *arg;
} attached[ATTACHED_MAX];

u32 host_time_now(void)
{
	return fake_time;
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

void host_timer_forget(const void *from, u32 size)
{
	for (u32 i = 0; i < ATTACHED_MAX; i++)
		if ((uintptr_t)attached[i].arg - (uintptr_t)from < size)
			attached[i].fn = NULL;
}

void fake_tick(void)
{
	for (u32 i = 0; i < ATTACHED_MAX; i++)
		if (attached[i].fn)
			attached[i].fn(attached[i].arg);
}
