/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake of core/log.c: collects messages, turns a panic into a failed (or expected) test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

char fake_log_text[65536];
u32 fake_log_count[LOG_DEBUG + 1];
static jmp_buf panic_jmp;
static bool panic_expected;

void fake_log_reset(void)
{
	fake_log_text[0] = '\0';
	memset(fake_log_count, 0, sizeof(fake_log_count));
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	size_t n = strlen(fake_log_text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fake_log_text + n, sizeof(fake_log_text) - n, fmt, ap);
	va_end(ap);
	fake_log_count[level]++;
}

static u32 runs = 1;

void hv_log_new_run(void)
{
	runs++;
}

bool hv_log_allowed(u32 *run, u32 *said, u32 n)
{
	*said = *run == runs ? *said + 1 : 1;
	*run = runs;
	return *said <= n;
}

void hv_panic(const char *fmt, ...)
{
	va_list ap;

	if (panic_expected)
		longjmp(panic_jmp, 1);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

bool fake_panics(void (*fn)(void *), void *arg)
{
	bool panicked = true;

	panic_expected = true;
	if (setjmp(panic_jmp) == 0) {
		fn(arg);
		panicked = false;
	}
	panic_expected = false;
	return panicked;
}
