// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A token round a ring of processes: `ring PROCESSES ROUNDS` prints the time of one hand-over. Each process has an address space and
 * some pages of its own that it writes at each turn, so that with many of them no address space is a recent one.
 */
#include "clock.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 4
#define PAGE 4096

static volatile char own[PAGES * PAGE];

static void touch(void)
{
	for (int page = 0; page < PAGES; page++)
		own[page * PAGE]++;
}

/* Passes the token on for as long as one comes in; the first process alone counts the rounds. */
static void member(int in, int out)
{
	char token;

	while (read(in, &token, 1) == 1) {
		touch();
		if (write(out, &token, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static int round_trip(int in, int out)
{
	char token = 't';

	touch();
	return write(out, &token, 1) == 1 && read(in, &token, 1) == 1;
}

int main(int argc, char **argv)
{
	int processes = argc == 3 ? atoi(argv[1]) : 0, rounds = argc == 3 ? atoi(argv[2]) : 0;
	int first[2], last, bad = 0;
	long long start, ns;

	if (processes < 2 || rounds < 1) {
		fprintf(stderr, "usage: ring PROCESSES ROUNDS\n");
		return 2;
	}
	if (pipe(first)) {
		perror("ring: pipe");
		return 1;
	}
	last = first[0];
	for (int i = 1; i < processes; i++) {
		int next[2];
		pid_t pid;

		pid = pipe(next) ? -1 : fork();
		if (pid < 0) {
			perror("ring");
			return 1;
		}
		if (!pid) {
			close(first[1]);
			close(next[0]);
			member(last, next[1]);
		}
		close(last);
		close(next[1]);
		last = next[0];
	}
	bad |= !round_trip(last, first[1]);
	start = now_ns();
	for (int i = 0; i < rounds && !bad; i++)
		bad |= !round_trip(last, first[1]);
	ns = now_ns() - start;
	close(first[1]);
	for (int i = 1; i < processes; i++) {
		int status;

		bad |= wait(&status) < 0 || status;
	}
	if (bad) {
		fprintf(stderr, "ring: the token was lost\n");
		return 1;
	}
	report("ring", (long)processes * rounds, ns);
	return 0;
}
