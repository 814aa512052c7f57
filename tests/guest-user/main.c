// SPDX-License-Identifier: GPL-2.0-or-later
/* User-space test program of the Linux guest: `utest-arm` and `utest-thumb` are built from the same files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utest.h"

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "isa", test_isa },
	{ "fp", test_fp },
	{ "neon", test_neon },
	{ "fp_switch", test_fp_switch },
	{ "signals", test_signals },
	{ "faults", test_faults },
	{ "undefined", test_undefined },
	{ "timer_signal", test_timer_signal },
	{ "fork_exec", test_fork_exec },
	{ "copy_on_write", test_copy_on_write },
	{ "protection", test_protection },
	{ "threads", test_threads },
	{ "code_written", test_code_written },
	{ "kuser_helpers", test_kuser_helpers },
	{ "unaligned", test_unaligned },
	{ "clock", test_clock },
	{ "perf", test_perf },
};

#define N_TESTS (sizeof(tests) / sizeof(tests[0]))

int main(int argc, char **argv)
{
	unsigned int i, passed = 0, failed = 0;

	/* What test_fork_exec() starts: proves that exec passed its argument and that the exit status comes back. */
	if (argc == 3 && !strcmp(argv[1], "--exit"))
		return atoi(argv[2]);

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < N_TESTS; i++) {
		if (argc > 1 && strcmp(argv[1], tests[i].name))
			continue;
		if (tests[i].run() == 0) {
			printf("ok %s\n", tests[i].name);
			passed++;
		} else {
			printf("FAIL %s\n", tests[i].name);
			failed++;
		}
	}
	printf("utest: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
