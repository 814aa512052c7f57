/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest physical map: order, nesting in both orders, refusals, and a random comparison with a page array. */
/* SOURCES: core/guest_map.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <hv/guest_map.h>

static struct guest_map map;

static int add(u32 base, u32 size, enum region_type type, const char *name, const char **clash)
{
	return guest_map_add(&map, &(struct region){ base, size, type, NULL, name }, clash);
}

static const char *name_at(u32 gpa)
{
	const struct region *r = guest_map_find(&map, gpa);

	return r ? r->name : "-";
}

static void check_sorted(void)
{
	for (u32 i = 0; i < map.nr; i++) {
		assert_int_not_equal(map.r[i].size, 0);
		if (i)
			assert_true(map.r[i].base - 1 >= map.r[i - 1].base + (map.r[i - 1].size - 1));
	}
}

static void finds_edges(void **state)
{
	memset(&map, 0, sizeof(map));
	assert_int_equal(add(0x80000000, 0x1e000000, REGION_RAM, "ram", NULL), 0);
	assert_int_equal(add(0x48000000, 0x1000000, REGION_PASSTHROUGH, "l4", NULL), 0);
	assert_int_equal(add(0xfffff000, 0x1000, REGION_PASSTHROUGH, "top", NULL), 0);
	assert_int_equal(add(0, 0x1000, REGION_PASSTHROUGH, "zero", NULL), 0);
	check_sorted();
	assert_string_equal(name_at(0), "zero");
	assert_string_equal(name_at(0x1000), "-");
	assert_string_equal(name_at(0x47ffffff), "-");
	assert_string_equal(name_at(0x48000000), "l4");
	assert_string_equal(name_at(0x48ffffff), "l4");
	assert_string_equal(name_at(0x49000000), "-");
	assert_string_equal(name_at(0x9dffffff), "ram");
	assert_string_equal(name_at(0x9e000000), "-");
	assert_string_equal(name_at(0xfffffffc), "top");
}

static void emulated_splits_window_in_both_orders(void **state)
{
	for (int order = 0; order < 2; order++) {
		memset(&map, 0, sizeof(map));
		if (order)
			assert_int_equal(add(0x48000000, 0x1000000, REGION_PASSTHROUGH, "l4", NULL), 0);
		assert_int_equal(add(0x48200000, 0x1000, REGION_EMULATED, "intc", NULL), 0);
		assert_int_equal(add(0x48000000, 0x1000, REGION_EMULATED, "first", NULL), 0);
		assert_int_equal(add(0x48fff000, 0x1000, REGION_EMULATED, "last", NULL), 0);
		assert_int_equal(add(0x48201000, 0x1000, REGION_EMULATED, "next", NULL), 0);
		if (!order)
			assert_int_equal(add(0x48000000, 0x1000000, REGION_PASSTHROUGH, "l4", NULL), 0);
		check_sorted();
		assert_int_equal(map.nr, 6);
		assert_string_equal(name_at(0x48000fff), "first");
		assert_string_equal(name_at(0x48001000), "l4");
		assert_string_equal(name_at(0x481fffff), "l4");
		assert_string_equal(name_at(0x48200000), "intc");
		assert_string_equal(name_at(0x48201000), "next");
		assert_string_equal(name_at(0x48202000), "l4");
		assert_string_equal(name_at(0x48fff000), "last");
		assert_string_equal(name_at(0x49000000), "-");
	}
}

static void emulated_may_fill_a_window(void **state)
{
	memset(&map, 0, sizeof(map));
	assert_int_equal(add(0x1000, 0x1000, REGION_PASSTHROUGH, "w", NULL), 0);
	assert_int_equal(add(0x1000, 0x1000, REGION_EMULATED, "e", NULL), 0);
	assert_int_equal(map.nr, 1);
	assert_string_equal(name_at(0x1000), "e");
}

/* What was found last is split, moved in the array, gone, or of another map. */
static void found_last(void **state)
{
	static struct guest_map other;

	memset(&map, 0, sizeof(map));
	memset(&other, 0, sizeof(other));
	assert_int_equal(add(0x48000000, 0x1000000, REGION_PASSTHROUGH, "l4", NULL), 0);
	assert_string_equal(name_at(0x48800000), "l4");
	assert_null(guest_map_find(&other, 0x48800000));
	assert_int_equal(add(0x48800000, 0x1000, REGION_EMULATED, "uart", NULL), 0);
	assert_string_equal(name_at(0x48800000), "uart");
	assert_string_equal(name_at(0x48801000), "l4");
	assert_int_equal(add(0x1000, 0x1000, REGION_PASSTHROUGH, "low", NULL), 0);
	assert_string_equal(name_at(0x48800ffc), "uart");
	assert_string_equal(name_at(0x48800ffc), "uart");
	assert_string_equal(name_at(0x487ffffc), "l4");
	map.nr = 0;
	assert_string_equal(name_at(0x487ffffc), "-");
}

static void refuses_overlap(void **state)
{
	static const struct { u32 base, size; enum region_type type; } bad[] = {
		{ 0x80000000, 0x1000, REGION_RAM }, { 0x7ffff000, 0x2000, REGION_RAM },
		{ 0x800ff000, 0x2000, REGION_PASSTHROUGH }, { 0x80000000, 0x1000, REGION_EMULATED },
		{ 0x70000000, 0x20000000, REGION_PASSTHROUGH },
	};

	memset(&map, 0, sizeof(map));
	assert_int_equal(add(0x80000000, 0x100000, REGION_RAM, "ram", NULL), 0);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *clash = NULL;

		assert_int_equal(add(bad[i].base, bad[i].size, bad[i].type, "bad", &clash), -EEXIST);
		assert_string_equal(clash, "ram");
		assert_int_equal(map.nr, 1);
	}
	/* emulated over the edge of a window, and two emulated devices over each other */
	assert_int_equal(add(0x1000, 0x2000, REGION_PASSTHROUGH, "w", NULL), 0);
	assert_int_equal(add(0x2000, 0x2000, REGION_EMULATED, "e", NULL), -EEXIST);
	assert_int_equal(add(0x2000, 0x1000, REGION_EMULATED, "e", NULL), 0);
	assert_int_equal(add(0x2000, 0x1000, REGION_EMULATED, "f", NULL), -EEXIST);
}

static void refuses_malformed(void **state)
{
	memset(&map, 0, sizeof(map));
	assert_int_equal(add(0x1000, 0, REGION_RAM, "r", NULL), -EINVAL);
	assert_int_equal(add(0x1001, 0x1000, REGION_RAM, "r", NULL), -EINVAL);
	assert_int_equal(add(0x1000, 0x1800, REGION_RAM, "r", NULL), -EINVAL);
	assert_int_equal(add(0xfffff000, 0x2000, REGION_RAM, "r", NULL), -EINVAL);
	assert_int_equal(add(0x1000, 0x1000, REGION_NONE, "r", NULL), -EINVAL);
	assert_int_equal(map.nr, 0);
}

static void refuses_when_full(void **state)
{
	u32 n = 0;

	memset(&map, 0, sizeof(map));
	while (!add(n * 0x2000, 0x1000, REGION_RAM, "r", NULL))
		n++;
	assert_int_equal(add(0xf0000000, 0x1000, REGION_RAM, "r", NULL), -ENOSPC);
	assert_true(n >= GUEST_MAP_MAX - 2);
}

static void blocks(void **state)
{
	memset(&map, 0, sizeof(map));
	assert_int_equal(add(0x80000000, 0x200000, REGION_RAM, "ram", NULL), 0);
	assert_int_equal(add(0x48000000, 0x300000, REGION_PASSTHROUGH, "l4", NULL), 0);
	assert_int_equal(add(0x48180000, 0x1000, REGION_EMULATED, "e", NULL), 0);
	assert_non_null(guest_map_find_block(&map, 0x80012345, SECTION_SIZE));
	assert_non_null(guest_map_find_block(&map, 0x801fffff, SECTION_SIZE));
	assert_null(guest_map_find_block(&map, 0x80200000, SECTION_SIZE));
	assert_null(guest_map_find_block(&map, 0x80000000, 4 * SECTION_SIZE));
	assert_non_null(guest_map_find_block(&map, 0x48012345, SECTION_SIZE));
	assert_null(guest_map_find_block(&map, 0x48112345, SECTION_SIZE));
	assert_non_null(guest_map_find_block(&map, 0x48180123, PAGE_SIZE));
}

/* 256 pages, random additions, the same rules on an array of pages. Pieces of one split window never touch. */
static void random_against_pages(void **state)
{
	srand(1);
	for (int round = 0; round < 2000; round++) {
		enum region_type type[256] = { 0 }, want;
		u8 owner[256] = { 0 };

		memset(&map, 0, sizeof(map));
		for (int i = 1; i < 40; i++) {
			u32 base = (u32)rand() % 256, size = 1 + (u32)rand() % (rand() % 3 ? 4 : 60);
			bool free = true, window = true, around = true;
			int err;

			if (base + size > 256)
				continue;
			want = (enum region_type[]){ REGION_RAM, REGION_PASSTHROUGH, REGION_EMULATED }[rand() % 3];
			for (u32 p = base; p < base + size; p++) {
				free &= type[p] == REGION_NONE;
				window &= type[p] == REGION_PASSTHROUGH && owner[p] == owner[base];
			}
			/* a window around emulated devices that lie in it completely */
			for (u32 p = base; p < base + size; p++)
				around &= type[p] == REGION_NONE || (type[p] == REGION_EMULATED &&
					  (p > base || p == 0 || owner[p - 1] != owner[p]) &&
					  (p < base + size - 1 || p == 255 || owner[p + 1] != owner[p]));
			err = add(base << 12, size << 12, want, "x", NULL);
			if (err == -ENOSPC)
				break;
			if (free || (want == REGION_EMULATED && window) || (want == REGION_PASSTHROUGH && around)) {
				assert_int_equal(err, 0);
				for (u32 p = base; p < base + size; p++) {
					if (want == REGION_PASSTHROUGH && type[p] == REGION_EMULATED)
						continue;
					type[p] = want;
					owner[p] = (u8)i;
				}
			} else {
				assert_int_equal(err, -EEXIST);
			}
			check_sorted();
			for (u32 p = 0; p < 256; p++) {
				const struct region *r = guest_map_find(&map, p << 12);

				assert_int_equal(r ? r->type : REGION_NONE, type[p]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_edges),
		cmocka_unit_test(emulated_splits_window_in_both_orders),
		cmocka_unit_test(emulated_may_fill_a_window),
		cmocka_unit_test(found_last),
		cmocka_unit_test(refuses_overlap),
		cmocka_unit_test(refuses_malformed),
		cmocka_unit_test(refuses_when_full),
		cmocka_unit_test(blocks),
		cmocka_unit_test(random_against_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
