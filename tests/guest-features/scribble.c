// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random words into all that /dev/mem opens, page by page, as root: scribble SEED FIRST LAST SKIP... (addresses of pages; those after LAST are left
 * alone). Prints where it is, in case that nothing comes after.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE	4096u
#define WORDS	16u	/* of a page */
#define SAID	0x400000u

static sigjmp_buf back;
static uint32_t state;

static void caught(int signal)
{
	siglongjmp(back, signal);
}

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static int is_skipped(uint32_t page, char **skip)
{
	for (; *skip; skip++)
		if (strtoul(*skip, NULL, 16) == page)
			return 1;
	return 0;
}

/* Change @word by @noise. A bus error is an answer, too. */
static unsigned int change(volatile uint32_t *word, uint32_t noise)
{
	if (sigsetjmp(back, 1))
		return 0;
	*word ^= noise;
	return 1;
}

/* How many words could be read and written. */
static unsigned int scribble(volatile uint32_t *page)
{
	unsigned int done = 0;

	for (unsigned int i = 0; i < WORDS; i++)
		done += change(page + rnd() % (PAGE / 4), rnd());
	return done;
}

int main(int argc, char **argv)
{
	uint32_t pages = 0, words = 0, refused = 0, first, last;
	int fd = open("/dev/mem", O_RDWR | O_SYNC);

	if (argc < 4 || fd < 0) {
		fprintf(stderr, "usage: scribble SEED FIRST LAST SKIP...\n");
		return 1;
	}
	state = (uint32_t)strtoul(argv[1], NULL, 0) | 1;
	first = (uint32_t)strtoul(argv[2], NULL, 16);
	last = (uint32_t)strtoul(argv[3], NULL, 16);
	signal(SIGBUS, caught);
	signal(SIGSEGV, caught);
	for (uint32_t page = first; page < last; page += PAGE) {
		void *map;

		if (page % SAID == 0) {
			printf("scribble: at %x\n", page);
			fflush(stdout);
		}
		if (is_skipped(page, argv + 4))
			continue;
		map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)page);
		if (map == MAP_FAILED) {
			refused++;
			continue;
		}
		words += scribble(map);
		pages++;
		munmap(map, PAGE);
	}
	printf("scribble: %u pages, %u words, %u pages refused\n", pages, words, refused);
	return 0;
}
