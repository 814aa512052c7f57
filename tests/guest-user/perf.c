// SPDX-License-Identifier: GPL-2.0-or-later
/* The processor's performance counters by way of the kernel: what `perf stat` and `perf record` do. */
#include <linux/perf_event.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "utest.h"

#define RING_PAGES	16u		/* of samples, a power of two */
#define PERIOD		100000u

__attribute__((noinline)) static void loop(uint32_t n)
{
	__asm__ volatile("1: subs %0, %0, #1\n\tbne 1b" : "+r"(n) : : "cc");
}

#define COUNTERS	3u		/* event counters at a time, beside the one of cycles */

/* @group: that of the event with this descriptor; -1: one of its own. */
static int event_open_in(int group, uint64_t config, uint64_t period)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE, .size = sizeof(attr), .config = config, .disabled = group < 0,
		.sample_period = period, .sample_type = PERF_SAMPLE_IP,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, group, 0);
}

static int event_open(uint64_t config, uint64_t period)
{
	return event_open_in(-1, config, period);
}

/* What a counter sees of @loops rounds of two instructions; 0: it cannot be had. */
static uint64_t count(uint64_t config, uint32_t loops)
{
	int fd = event_open(config, 0);
	uint64_t n = 0;

	if (fd < 0)
		return 0;
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	loop(loops);
	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	if (read(fd, &n, sizeof(n)) != sizeof(n))
		n = 0;
	close(fd);
	return n;
}

/* Samples in the ring that were taken in loop(). */
static unsigned int samples_in_loop(const struct perf_event_mmap_page *ring)
{
	const char *data = (const char *)ring + sysconf(_SC_PAGESIZE);
	uint64_t at = 0, size = RING_PAGES * (uint64_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)loop & ~(uintptr_t)1;
	unsigned int n = 0;

	while (at < ring->data_head && at < size) {
		const struct perf_event_header *h = (const void *)(data + at);
		uint64_t ip;

		memcpy(&ip, h + 1, sizeof(ip));
		n += h->type == PERF_RECORD_SAMPLE && ip - start < 32;
		at += h->size;
	}
	return n;
}

/* What several counters see of the same loop, cycles in front: each of them counts. */
static int test_counters(void)
{
	int fd[COUNTERS + 1];
	uint64_t n;

	fd[0] = event_open(PERF_COUNT_HW_CPU_CYCLES, 0);
	for (unsigned int i = 1; i <= COUNTERS; i++)
		fd[i] = event_open_in(fd[0], PERF_COUNT_HW_INSTRUCTIONS, 0);
	ioctl(fd[0], PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
	loop(1000000);
	ioctl(fd[0], PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
	for (unsigned int i = COUNTERS + 1; i--;) {
		CHECK(fd[i] >= 0);
		CHECK(read(fd[i], &n, sizeof(n)) == sizeof(n));
		close(fd[i]);
		CHECK(n >= (i ? 2000000 : 500000));
		CHECK(n < (i ? 3000000 : 8000000));
	}
	return 0;
}

static int test_sampling(void)
{
	size_t size = (RING_PAGES + 1) * (size_t)sysconf(_SC_PAGESIZE);
	int fd = event_open(PERF_COUNT_HW_CPU_CYCLES, PERIOD);
	void *ring;
	unsigned int n;

	CHECK(fd >= 0);
	ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(ring != MAP_FAILED);
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	loop(50 * PERIOD);
	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	n = samples_in_loop(ring);
	munmap(ring, size);
	close(fd);
	CHECK(n >= 40);		/* a cycle is one instruction of this loop, or on silicon a little less or more */
	return 0;
}

int test_perf(void)
{
	uint64_t n = count(PERF_COUNT_HW_INSTRUCTIONS, 1000000);

	CHECK(n >= 2000000);
	CHECK(n < 3000000);
	n = count(PERF_COUNT_HW_CPU_CYCLES, 1000000);
	CHECK(n >= 500000);
	CHECK(n < 8000000);
	return test_counters() ? -1 : test_sampling();
}
