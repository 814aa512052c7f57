// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs the Dhrystone 2.1 of U-Boot's sources in user space: `dhry RUNS` prints the time that they took. */
#include "clock.h"

#include <stdlib.h>

void dhry(int runs);

int main(int argc, char **argv)
{
	int runs = argc == 2 ? atoi(argv[1]) : 0;
	long long start, ns;

	if (runs < 2) {
		fprintf(stderr, "usage: dhry RUNS\n");
		return 2;
	}
	start = now_ns();
	dhry(runs);
	ns = now_ns() - start;
	/* The loop starts at 1, so that it makes one run less. */
	printf("dhrystone: %d runs in %lld ns, %.3f ns each\n", runs - 1, ns, (double)ns / (runs - 1));
	return 0;
}
