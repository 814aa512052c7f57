// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes, signals, memory protection, threads. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "utest.h"

static volatile sig_atomic_t caught;
static volatile uintptr_t fault_address;
static sigjmp_buf back;

static void count_signal(int number)
{
	caught++;
}

static void leave_fault(int number, siginfo_t *info, void *context)
{
	caught = number;
	fault_address = (uintptr_t)info->si_addr;
	siglongjmp(back, 1);
}

static void catch_faults(int number)
{
	struct sigaction action = { .sa_sigaction = leave_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(number, &action, NULL);
	caught = 0;
	fault_address = 0;
}

int test_signals(void)
{
	sigset_t mask, old;
	int i;

	caught = 0;
	signal(SIGUSR1, count_signal);
	for (i = 0; i < 200; i++)
		raise(SIGUSR1);
	CHECK(caught == 200);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old);
	raise(SIGUSR1);
	CHECK(caught == 200);
	sigprocmask(SIG_SETMASK, &old, NULL);
	CHECK(caught == 201);
	return 0;
}

/* A load, a store and a jump to where nothing is: SIGSEGV with the exact address, each time. */
int test_faults(void)
{
	static volatile uint32_t *const nowhere = (void *)0x1230;
	int i;

	for (i = 0; i < 20; i++) {
		catch_faults(SIGSEGV);
		if (!sigsetjmp(back, 1))
			(void)*nowhere;
		CHECK(caught == SIGSEGV && fault_address == 0x1230);
		catch_faults(SIGSEGV);
		if (!sigsetjmp(back, 1))
			nowhere[1] = 1;
		CHECK(caught == SIGSEGV && fault_address == 0x1234);
		catch_faults(SIGSEGV);
		if (!sigsetjmp(back, 1))
			((void (*)(void))0x2000)();
		CHECK(caught == SIGSEGV && fault_address == 0x2000);
		/* Kernel memory is not for user space, whatever mode the kernel believes to run in. */
		catch_faults(SIGSEGV);
		if (!sigsetjmp(back, 1))
			(void)*(volatile uint32_t *)0xc0008000;
		CHECK(caught == SIGSEGV && fault_address == 0xc0008000);
	}
	signal(SIGSEGV, SIG_DFL);
	return 0;
}

int test_undefined(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		catch_faults(SIGILL);
		if (!sigsetjmp(back, 1))
			__asm__ volatile("udf #51");	/* 1 would be a breakpoint to Linux */
		CHECK(caught == SIGILL);
		/* Privileged in every kernel: reading SCTLR from user mode is undefined. */
		catch_faults(SIGILL);
		if (!sigsetjmp(back, 1))
			__asm__ volatile("mrc p15, 0, r0, c1, c0, 0" : : : "r0");
		CHECK(caught == SIGILL);
	}
	signal(SIGILL, SIG_DFL);
	return 0;
}

int test_timer_signal(void)
{
	struct itimerval timer = { .it_interval.tv_usec = 10000, .it_value.tv_usec = 10000 };
	volatile unsigned int spin = 0;

	caught = 0;
	signal(SIGALRM, count_signal);
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
	while (caught < 5)
		spin++;
	memset(&timer, 0, sizeof(timer));
	setitimer(ITIMER_REAL, &timer, NULL);
	return 0;
}

int test_fork_exec(void)
{
	char number[12];
	int i, status;
	pid_t child;

	for (i = 0; i < 30; i++) {
		snprintf(number, sizeof(number), "%d", i);
		child = fork();
		CHECK(child >= 0);
		if (child == 0) {
			execl("/proc/self/exe", "utest", "--exit", number, (char *)NULL);
			_exit(255);
		}
		CHECK(waitpid(child, &status, 0) == child);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == i);
	}
	return 0;
}

int test_copy_on_write(void)
{
	const size_t size = 1 << 20;
	uint32_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i, words = size / sizeof(*memory);
	int status;

	CHECK(memory != MAP_FAILED);
	for (i = 0; i < words; i += 256)
		memory[i] = i;
	if (fork() == 0) {
		for (i = 0; i < words; i += 256) {
			if (memory[i] != i)
				_exit(1);
			memory[i] = ~i;
		}
		for (i = 0; i < words; i += 256)
			if (memory[i] != ~i)
				_exit(2);
		_exit(0);
	}
	CHECK(wait(&status) > 0 && status == 0);
	for (i = 0; i < words; i += 256)
		CHECK(memory[i] == i);
	CHECK(munmap(memory, size) == 0);
	return 0;
}

int test_protection(void)
{
	long page = sysconf(_SC_PAGESIZE);
	volatile char *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	CHECK(memory != MAP_FAILED);
	for (i = 0; i < 20; i++) {
		memory[i] = 'a';
		CHECK(mprotect((void *)memory, page, PROT_READ) == 0);
		CHECK(memory[i] == 'a');
		catch_faults(SIGSEGV);
		if (!sigsetjmp(back, 1))
			memory[i] = 'b';
		CHECK(caught == SIGSEGV && fault_address == (uintptr_t)&memory[i]);
		CHECK(memory[i] == 'a');
		CHECK(mprotect((void *)memory, page, PROT_NONE) == 0);
		catch_faults(SIGSEGV);
		if (!sigsetjmp(back, 1))
			(void)memory[i];
		CHECK(caught == SIGSEGV);
		CHECK(mprotect((void *)memory, page, PROT_READ | PROT_WRITE) == 0);
	}
	signal(SIGSEGV, SIG_DFL);
	munmap((void *)memory, page);
	return 0;
}

#define N_THREADS	4
#define N_ADDS		20000

static unsigned int total;
static __thread unsigned int own;

static void *add_up(void *unused)
{
	int i;

	for (i = 0; i < N_ADDS; i++) {
		__atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
		own++;
		if (i % 1000 == 0)
			usleep(1);
	}
	return (void *)(uintptr_t)own;
}

/* Exclusive accesses and thread-local storage. */
int test_threads(void)
{
	pthread_t threads[N_THREADS];
	void *result;
	int i;

	total = 0;
	for (i = 0; i < N_THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, add_up, NULL) == 0);
	for (i = 0; i < N_THREADS; i++) {
		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK((uintptr_t)result == N_ADDS);
	}
	CHECK(total == N_THREADS * N_ADDS);
	CHECK(own == 0);
	return 0;
}
