// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file by way of shared memory with a doorbell (emulators/shmem.c), as root: `shmem REGISTERS send FILE` in one guest, `shmem REGISTERS receive
 * FILE` in the other one; REGISTERS is the hexadecimal address of the device. Both are opened by /dev/mem; who waits looks at STATUS.
 *
 * The region has a piece of the file at a time: its length, then the bytes in whole words. The last piece has no length. Each side rings when the
 * other one may go on.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ID		0x656d6873u
#define R_ID		0x00u
#define R_MEMBER	0x08u
#define R_MEMBERS	0x0cu
#define R_BASE		0x10u
#define R_SIZE		0x14u
#define R_RING		0x18u
#define R_STATUS	0x1cu

static volatile uint32_t *registers, *region;
static uint32_t room, others;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static volatile uint32_t *map(int mem, uint32_t at, uint32_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, mem, at);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static uint32_t get(uint32_t offset)
{
	return registers[offset / 4];
}

static void put(uint32_t offset, uint32_t value)
{
	registers[offset / 4] = value;
}

static void open_device(uint32_t at)
{
	int mem = open("/dev/mem", O_RDWR | O_SYNC);

	if (mem < 0)
		die("/dev/mem");
	registers = map(mem, at, 4096);
	if (get(R_ID) != ID) {
		fprintf(stderr, "shmem: no such device at %x\n", (unsigned)at);
		exit(1);
	}
	region = map(mem, get(R_BASE), get(R_SIZE));
	room = get(R_SIZE) - 4;
	others = get(R_MEMBERS) & ~(1u << get(R_MEMBER));
}

static void ring(void)
{
	put(R_RING, others);
}

static void wait_for_ring(void)
{
	while (!get(R_STATUS))
		usleep(1000);
	put(R_STATUS, get(R_STATUS));
}

/* Words only: Device memory does not take every access that memcpy() may make. */
static void copy_out(const uint32_t *words, uint32_t bytes)
{
	region[0] = bytes;
	for (uint32_t i = 0; i < (bytes + 3) / 4; i++)
		region[1 + i] = words[i];
}

static void copy_in(uint32_t *words, uint32_t bytes)
{
	for (uint32_t i = 0; i < (bytes + 3) / 4; i++)
		words[i] = region[1 + i];
}

static void send_file(const char *name, uint32_t *buffer)
{
	FILE *f = fopen(name, "rb");
	uint32_t n;

	if (!f)
		die(name);
	do {
		n = (uint32_t)fread(buffer, 1, room, f);
		copy_out(buffer, n);
		ring();
		wait_for_ring();
	} while (n);
	fclose(f);
}

static void receive_file(const char *name, uint32_t *buffer)
{
	FILE *f = fopen(name, "wb");
	uint32_t n;

	if (!f)
		die(name);
	do {
		wait_for_ring();
		n = region[0];
		if (n > room) {
			fprintf(stderr, "shmem: a piece of %u bytes\n", (unsigned)n);
			exit(1);
		}
		copy_in(buffer, n);
		if (fwrite(buffer, 1, n, f) != n)
			die(name);
		ring();
	} while (n);
	if (fclose(f))
		die(name);
}

int main(int argc, char **argv)
{
	uint32_t *buffer;

	if (argc != 4 || (strcmp(argv[2], "send") && strcmp(argv[2], "receive"))) {
		fprintf(stderr, "usage: shmem REGISTERS send|receive FILE\n");
		return 2;
	}
	open_device((uint32_t)strtoul(argv[1], NULL, 16));
	buffer = malloc(room + 4);
	if (!buffer)
		die("malloc");
	(strcmp(argv[2], "send") ? receive_file : send_file)(argv[3], buffer);
	return 0;
}
