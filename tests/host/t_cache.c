/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of memory leave the caches: small ones line by line, large ones by all sets and ways of caches of several shapes. */
/* SOURCES: arch/arm/host_cache.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <arm/sysreg.h>
#include <hv/types.h>

#define LARGE		0x100000u
#define LINES_MAX	0x10000u

u32 fake_clidr, fake_csselr, fake_ccsidr[8];
void (*fake_dccisw)(u32 operand), (*fake_dccimvac)(u32 mva);

static u32 ops[LINES_MAX], nr_ops, lines[LINES_MAX], nr_lines;

static void see_set_way(u32 operand)
{
	assert_true(nr_ops < LINES_MAX);
	ops[nr_ops++] = operand;
}

static void see_line(u32 mva)
{
	assert_true(nr_lines < LINES_MAX);
	lines[nr_lines++] = mva;
}

static int set_up(void **state)
{
	nr_ops = nr_lines = 0;
	fake_dccisw = see_set_way;
	fake_dccimvac = see_line;
	memset(fake_ccsidr, 0, sizeof(fake_ccsidr));
	return 0;
}

/* Levels as CLIDR has them (B4.1.20), and the size of each as CCSIDR (B4.1.19). */
struct cache {
	u32 type, ways, sets, log2_line;	/* type 0: none, 1: instructions, 3: both, apart, 4: unified */
};

static void shape(const struct cache *levels, u32 n)
{
	fake_clidr = n << 24;
	for (u32 i = 0; i < n; i++) {
		fake_clidr |= levels[i].type << 3 * i;
		fake_ccsidr[i] = (levels[i].sets - 1) << 13 | (levels[i].ways - 1) << 3 | (levels[i].log2_line - 4);
	}
}

static u32 log2_up(u32 n)
{
	u32 bits = 0;

	while (1u << bits < n)
		bits++;
	return bits;
}

/* That each line of a level was named once, the levels in their order (B4.2.1: way above, set above the line, level in 3:1). */
static void check_all(const struct cache *levels, u32 n)
{
	static u8 seen[LINES_MAX];
	u32 at = 0;

	for (u32 i = 0; i < n; i++) {
		const struct cache *c = &levels[i];
		u32 bits = log2_up(c->ways);

		if (c->type < 2)
			continue;
		memset(seen, 0, sizeof(seen));
		for (u32 k = 0; k < c->sets * c->ways; k++, at++) {
			u32 way = bits ? ops[at] >> (32 - bits) : 0, set = (ops[at] & (0xffffffffu >> bits)) >> c->log2_line;

			assert_true(at < nr_ops && way < c->ways && set < c->sets && !seen[way * c->sets + set]++);
			assert_int_equal(ops[at] & ((1u << c->log2_line) - 1), i << 1);
		}
	}
	assert_int_equal(at, nr_ops);
	assert_int_equal(nr_lines, 0);
}

static const struct cache shapes[][3] = {
	{ { 3, 4, 128, 6 }, { 4, 8, 512, 6 } },			/* Cortex-A8 of an OMAP3630 */
	{ { 3, 4, 64, 6 }, { 0, 1, 1, 6 } },			/* without the second level */
	{ { 3, 3, 64, 5 }, { 4, 1, 1, 4 }, { 4, 16, 1024, 6 } },	/* ways that are no power of two, one line */
	{ { 1, 2, 64, 5 }, { 4, 2, 64, 5 } },			/* instructions only */
};

static void test_large(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(shapes); i++)
		for (u32 len = LARGE; len; len *= 16) {
			set_up(NULL);
			shape(shapes[i], i == 2 ? 3 : 2);
			arch_dcache_flush_range(0x80000000, len);
			check_all(shapes[i], i == 2 ? 3 : 2);
		}
}

static void test_small(void **state)
{
	static const struct { u32 at, len, n; } ranges[] = {
		{ 0x80000000, 64, 1 }, { 0x80000004, 4, 1 }, { 0x8000003c, 8, 2 }, { 0x80000020, LARGE - 64, LARGE / 64 },
		{ 0x80000000, LARGE - 1, LARGE / 64 }, { 0xffffffc0, 64, 1 },
	};

	shape(shapes[0], 2);
	for (u32 i = 0; i < ARRAY_SIZE(ranges); i++) {
		set_up(NULL);
		arch_dcache_flush_range(ranges[i].at, ranges[i].len);
		assert_int_equal(nr_ops, 0);
		assert_int_equal(nr_lines, ranges[i].n);
		for (u32 k = 0; k < nr_lines; k++)
			assert_int_equal(lines[k], (ranges[i].at & ~63u) + 64 * k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_large, set_up),
		cmocka_unit_test_setup(test_small, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
