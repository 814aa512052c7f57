/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: formatted once, kept in a ring, shown on the console from a level on. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <autoconf.h>
#include <hv/console.h>
#include <hv/log.h>
#include <hv/time.h>

static char ring[CONFIG_LOG_RING_SIZE];
static u32 ring_head;		/* bytes ever written; position = head modulo size */
static enum log_level console_level = CONFIG_CONSOLE_LOG_LEVEL;

static void ring_write(const char *s, u32 n)
{
	for (u32 i = 0; i < n; i++)
		ring[ring_head++ % sizeof(ring)] = s[i];
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	static const char *const prefix[] = { "<err> ", "<warn> ", "", "<debug> " };
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((u32)n >= sizeof(line)) {	/* cut, but keep the line ending */
		n = sizeof(line) - 1;
		line[n - 1] = '\n';
	}
	/* Names in it may come from anywhere: nothing that a terminal acts upon. */
	for (int i = 0; i < n - 1; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	ring_write(prefix[level], (u32)strlen(prefix[level]));
	ring_write(line, (u32)n);
	if (level > console_level)
		return;
	console_write("umbra: ", 7);
	console_write(line, (size_t)n);
}

static u32 runs = 1;	/* of guests that pr_guest() speaks about */

void hv_log_new_run(void)
{
	static u32 last;
	u32 now = host_time_now();

	if (runs > 1 && now - last < TIME_HZ)
		return;
	last = now;
	runs++;
}

bool hv_log_allowed(u32 *run, u32 *said, u32 n)
{
	if (*run != runs) {
		*run = runs;
		*said = 0;
	}
	if (*said >= n)
		return false;
	++*said;
	return true;
}

void hv_log_set_console_level(enum log_level level)
{
	console_level = level;
}

void hv_log_dump(void)
{
	u32 pos = ring_head > sizeof(ring) ? ring_head - sizeof(ring) : 0;

	for (; pos != ring_head; pos++)
		console_putc(ring[pos % sizeof(ring)]);
}
