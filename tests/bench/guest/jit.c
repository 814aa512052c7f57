// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A compiler at run time: one memory mapped twice, writable here and executable there, functions written into it one after the other
 * in both instruction sets and called at once: `jit FUNCTIONS` prints the time of one.
 */
#define _GNU_SOURCE
#include "clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define PAGES 4u
#define ARM_MOVW_R0(imm) (0xe3000000u | ((imm) & 0xf000u) << 4 | ((imm) & 0xfffu))
#define ARM_BX_LR 0xe12fff1eu
#define T32_MOVS_R0(imm8) (0x2000u | ((imm8) & 0xffu))
#define T32_BX_LR 0x4770u

typedef unsigned (*function)(void);

/* Writes a function that returns `value` (Thumb: its low byte) at `offset`, and calls it where it is executable. */
static int call(char *writable, char *executable, unsigned offset, unsigned value, int thumb)
{
	char *to = writable + offset, *code = executable + offset;

	if (thumb) {
		unsigned short words[] = {(unsigned short)T32_MOVS_R0(value), T32_BX_LR};

		memcpy(to, words, sizeof(words));
	} else {
		unsigned words[] = {ARM_MOVW_R0(value), ARM_BX_LR};

		memcpy(to, words, sizeof(words));
	}
	__builtin___clear_cache(code, code + 8);
	return ((function)(void *)(code + thumb))() == (thumb ? value & 0xff : value & 0xffff);
}

int main(int argc, char **argv)
{
	int functions = argc == 2 ? atoi(argv[1]) : 0, file = memfd_create("jit", 0);
	char *writable, *executable;
	long long start, ns;

	if (functions < 1) {
		fprintf(stderr, "usage: jit FUNCTIONS\n");
		return 2;
	}
	if (file < 0 || ftruncate(file, PAGES * PAGE)) {
		perror("jit: memfd");
		return 1;
	}
	writable = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	executable = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
	if (writable == MAP_FAILED || executable == MAP_FAILED) {
		perror("jit: mmap");
		return 1;
	}
	start = now_ns();
	for (int i = 0; i < functions; i++)
		if (!call(writable, executable, (unsigned)i * 8 % (PAGES * PAGE), (unsigned)i * 7, i / 3 % 2)) {
			fprintf(stderr, "jit: function %d returned something else\n", i);
			return 1;
		}
	ns = now_ns() - start;
	report("jit", functions, ns);
	return 0;
}
