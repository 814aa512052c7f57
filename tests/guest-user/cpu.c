// SPDX-License-Identifier: GPL-2.0-or-later
/* Processor matters seen from user space: instruction set, written code, the kernel's helper page, alignment, clock. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "utest.h"

int test_isa(void)
{
	/* Bit 0 of a function's address is the instruction set that a call enters. */
	int thumb = (uintptr_t)test_isa & 1;

	printf("  instruction set: %s\n", thumb ? "Thumb-2" : "ARM");
#ifdef __thumb__
	CHECK(thumb);
#else
	CHECK(!thumb);
#endif
	return 0;
}

/* Write `mov r0, #i; bx lr` again and again at one place, and run it each time. */
int test_code_written(void)
{
	uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	CHECK(code != MAP_FAILED);
	for (i = 0; i < 100; i++) {
		code[0] = 0xe3a00000 | i;
		code[1] = 0xe12fff1e;
		__builtin___clear_cache((char *)code, (char *)(code + 2));
		CHECK(((int (*)(void))code)() == i);
	}
	munmap(code, 4096);
	return 0;
}

/* The kernel's user helpers are code in the vector page, which every ARM process may call. */
int test_kuser_helpers(void)
{
	typedef int cmpxchg_fn(int old_value, int new_value, volatile int *word);
	cmpxchg_fn *cmpxchg = (void *)0xffff0fc0;
	void *(*get_tls)(void) = (void *)0xffff0fe0;
	void (*barrier)(void) = (void *)0xffff0fa0;
	int version = *(volatile int *)0xffff0ffc;
	volatile int word = 5;
	int i;

	CHECK(version >= 3);
	for (i = 0; i < 100; i++) {
		word = 5;
		CHECK(cmpxchg(4, 6, &word) != 0 && word == 5);
		CHECK(cmpxchg(5, 6, &word) == 0 && word == 6);
		barrier();
		CHECK(get_tls() == __builtin_thread_pointer());
	}
	return 0;
}

/* The processor does some unaligned accesses itself; LDM goes through the kernel's alignment handler. */
int test_unaligned(void)
{
	static uint32_t words[4] = { 0x33221100, 0x77665544, 0xbbaa9988, 0xffeeddcc };
	const char *odd = (const char *)words + 1;
	uint32_t first, second;
	int i;

	for (i = 0; i < 20; i++) {
		__asm__ volatile("ldr %0, [%1]" : "=r"(first) : "r"(odd) : "memory");
		CHECK(first == 0x44332211);
		__asm__ volatile("ldm %2, {r2, r3}\n\tmov %0, r2\n\tmov %1, r3"
				 : "=&r"(first), "=&r"(second) : "r"(odd) : "r2", "r3", "memory");
		CHECK(first == 0x44332211 && second == 0x88776655);
	}
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ll + time.tv_nsec;
}

int test_clock(void)
{
	int64_t start = now_ns(), last = start, now;
	int i;

	for (i = 0; i < 1000; i++) {
		now = now_ns();
		CHECK(now >= last);
		last = now;
	}
	start = now_ns();
	usleep(50000);
	now = now_ns() - start;
	CHECK(now >= 50000000);
	CHECK(now < 2000000000ll);
	return 0;
}
