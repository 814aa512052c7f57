/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the guest's user-space test program share. */
#pragma once

#include <stdio.h>

/* A test returns 0, or fails through CHECK(), which names the condition that did not hold. */
#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			printf("  %s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			return -1; \
		} \
	} while (0)

int test_isa(void);
int test_fp(void);
int test_neon(void);
int test_fp_switch(void);
int test_signals(void);
int test_faults(void);
int test_undefined(void);
int test_timer_signal(void);
int test_fork_exec(void);
int test_copy_on_write(void);
int test_protection(void);
int test_threads(void);
int test_code_written(void);
int test_kuser_helpers(void);
int test_unaligned(void);
int test_clock(void);
int test_perf(void);
