// SPDX-License-Identifier: GPL-2.0-or-later
/* What the benchmarks of ours share: the clock, and the line that tools/bench reads. */
#pragma once

#include <stdio.h>
#include <time.h>

static inline long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static inline void report(const char *name, long number, long long ns)
{
	printf("%s: %ld in %lld ns, %.3f ns each\n", name, number, ns, (double)ns / (double)number);
}

