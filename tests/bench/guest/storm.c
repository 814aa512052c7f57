// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mmap, munmap, mprotect, mremap, copy-on-write and accesses in a random order, against a model of what each page must hold:
 * `storm STEPS` prints the time of one step, and fails with the first page that is not as the model has it.
 */
#define _GNU_SOURCE
#include "clock.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 256
#define PAGE 4096u
#define MOST 16 /* pages that one step is about */

static struct {
	bool mapped, writable;
	unsigned value; /* first word of the page */
} model[PAGES];
static char *region; /* a place of PAGES pages that nobody else has */
static unsigned seed = 12345;

static unsigned draw(unsigned limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % limit;
}

static char *at(unsigned page)
{
	return region + page * PAGE;
}

static void die(const char *what, unsigned page)
{
	fprintf(stderr, "storm: %s, page %u\n", what, page);
	_exit(1);
}

static void map(unsigned first, unsigned count)
{
	if (mmap(at(first), count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at(first))
		die("mmap", first);
	for (unsigned page = first; page < first + count; page++) {
		model[page].mapped = model[page].writable = true;
		model[page].value = 0;
	}
}

static void unmap(unsigned first, unsigned count)
{
	if (munmap(at(first), count * PAGE))
		die("munmap", first);
	for (unsigned page = first; page < first + count; page++)
		model[page].mapped = false;
}

/* Of mapped pages only, as the others have no protection to change. */
static void protect(unsigned first, unsigned count)
{
	bool writable = draw(2);

	for (unsigned page = first; page < first + count; page++) {
		if (!model[page].mapped)
			continue;
		if (mprotect(at(page), PAGE, writable ? PROT_READ | PROT_WRITE : PROT_READ))
			die("mprotect", page);
		model[page].writable = writable;
	}
}

static void move(unsigned first, unsigned count)
{
	unsigned to = draw(PAGES);

	(void)count;
	if (!model[first].mapped || to == first)
		return;
	if (mremap(at(first), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at(to)) != at(to))
		die("mremap", first);
	model[to] = model[first];
	model[first].mapped = false;
}

static void check(unsigned page)
{
	if (model[page].mapped && *(volatile unsigned *)at(page) != model[page].value)
		die("not the value that was stored", page);
}

static void store(unsigned first, unsigned count)
{
	for (unsigned page = first; page < first + count; page++) {
		check(page);
		if (model[page].mapped && model[page].writable)
			*(volatile unsigned *)at(page) = model[page].value = draw(1u << 24);
	}
}

/* A child stores into its copies; the parent's pages must be as before. */
static void copy(unsigned first, unsigned count)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork", first);
	if (!pid) {
		store(first, count);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("the child failed", first);
	for (unsigned page = first; page < first + count; page++)
		check(page);
}

/* How often each comes, of 32. */
static void step(void)
{
	static const struct {
		void (*run)(unsigned first, unsigned count);
		unsigned weight;
	} kinds[] = {{map, 6}, {unmap, 3}, {protect, 6}, {move, 6}, {store, 10}, {copy, 1}};
	unsigned count = 1 + draw(MOST), first = draw(PAGES - count), ticket = draw(32), kind = 0;

	while (ticket >= kinds[kind].weight)
		ticket -= kinds[kind++].weight;
	kinds[kind].run(first, count);
}

int main(int argc, char **argv)
{
	int steps = argc == 2 ? atoi(argv[1]) : 0;
	long long start, ns;

	if (steps < 1) {
		fprintf(stderr, "usage: storm STEPS\n");
		return 2;
	}
	region = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region == MAP_FAILED) {
		perror("storm: mmap");
		return 1;
	}
	start = now_ns();
	for (int i = 0; i < steps; i++)
		step();
	ns = now_ns() - start;
	for (unsigned page = 0; page < PAGES; page++)
		check(page);
	report("storm", steps, ns);
	return 0;
}
