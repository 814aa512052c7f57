// SPDX-License-Identifier: GPL-2.0-or-later
/* CLOCK_MONOTONIC in nanoseconds and, at the same moment, the board's 32 kHz counter. As root: clock */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#define COUNTER_32K	0x48320000
#define CR		0x10u
#define TRIES		32

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* The pair whose two readings of the clock, one before and one behind the counter's, were closest: nothing came in between. */
int main(void)
{
	int fd = open("/dev/mem", O_RDONLY | O_SYNC);
	volatile const uint32_t *counter = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, COUNTER_32K);
	int64_t best = INT64_MAX, at = 0;
	uint32_t ticks = 0;

	if (fd < 0 || counter == MAP_FAILED) {
		perror("clock");
		return 1;
	}
	for (int i = 0; i < TRIES; i++) {
		int64_t before = now();
		uint32_t t = counter[CR / 4];
		int64_t took = now() - before;

		if (took >= best)
			continue;
		best = took;
		at = before;
		ticks = t;
	}
	printf("clock: %lld %u\n", (long long)at, ticks);
	return 0;
}
