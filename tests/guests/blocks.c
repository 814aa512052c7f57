// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: Umbra's own memset(), memcpy() and memmove(), byte by byte against their meaning: each alignment, many lengths, overlaps. */
#include "guest.h"

#define SIZE	1024u
#define FROM	256u		/* where the tests' blocks begin, so that what is before and behind them is seen */

void *umbra_memset(void *s, int c, size_t n);
void *umbra_memcpy(void *d, const void *s, size_t n);
void *umbra_memmove(void *d, const void *s, size_t n);

static union { u8 b[SIZE]; u32 w[SIZE / 4]; } a, expected;	/* by words where it is about all: path `interp` takes its time */
static u8 *const got = a.b, *const want = expected.b;
static const u32 lengths[] = { 0, 1, 3, 4, 5, 31, 32, 33, 36, 63, 64, 67, 255, 256, 288, 291, 515 };

static void fill(void)
{
	for (u32 i = 0; i < SIZE / 4; i++)
		a.w[i] = expected.w[i] = i * 0x08040201 + 0x03020100;
}

static u32 differences(void)
{
	u32 n = 0;

	for (u32 i = 0; i < SIZE / 4; i++)
		n += a.w[i] != expected.w[i];
	return n;
}

static void set_all(void)
{
	group_begin("memset");
	for (u32 at = FROM; at < FROM + 4; at++)
		for (u32 i = 0; i < ARRAY_SIZE(lengths); i++) {
			fill();
			for (u32 k = 0; k < lengths[i]; k++)
				want[at + k] = 0xa5;
			group_check(got + at, umbra_memset(got + at, 0x3a5, lengths[i]), "%u bytes at +%u: result", lengths[i], at % 4);
			group_check(0, differences(), "%u bytes at +%u", lengths[i], at % 4);
		}
	group_end();
}

/* @n bytes from @from to @to, which may overlap if @move. */
static void one(u32 to, u32 from, u32 n, bool move)
{
	void *result;

	fill();
	for (u32 k = 0; k < n; k++)
		want[to + k] = got[from + k];
	result = (move ? umbra_memmove : umbra_memcpy)(got + to, got + from, n);
	group_check(got + to, result, "%u bytes from %u to %u: result", n, from, to);
	group_check(0, differences(), "%u bytes from %u to %u", n, from, to);
}

static void copy_all(void)
{
	static const u32 starts[][2] = { { 0, 4 }, { 1, 1 }, { 3, 0 } };

	group_begin("memcpy");
	for (u32 i = 0; i < ARRAY_SIZE(lengths); i++)
		for (u32 k = 0; lengths[i] <= SIZE / 4 && k < ARRAY_SIZE(starts); k++) {
			one(FROM + starts[k][0], 2 * FROM + 8 + starts[k][1], lengths[i], false);
			one(2 * FROM + 8 + starts[k][0], FROM - 8 + starts[k][1], lengths[i], false);
		}
	group_end();
}

/* Up and down by less than the length, by all of it, and by more. */
static void move_all(void)
{
	static const u32 distances[] = { 1, 4, 32, 35, 36, 64, 128 };

	group_begin("memmove");
	for (u32 i = 0; i < ARRAY_SIZE(lengths); i++)
		for (u32 k = 0; k < ARRAY_SIZE(distances); k++)
			for (u32 at = FROM; at < FROM + 2; at++) {
				one(at + distances[k], at, lengths[i], true);
				one(at, at + distances[k], lengths[i], true);
			}
	group_end();
}

void guest_main(void)
{
	set_all();
	copy_all();
	move_all();
}
