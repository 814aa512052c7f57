/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much RAM the boot loader says there is: one range or several, one or two cells, trees that say nothing or nonsense. */
/* SOURCES: core/host_ram.c tests/host/fake/dts.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <hv/host_ram.h>

#include "fake.h"

static u64 blob[0x4000 / 8];

static u32 told(const char *cells, const char *nodes)
{
	static char text[2048];

	snprintf(text, sizeof(text), "/dts-v1/; / { #address-cells = <%c>; #size-cells = <%c>; %s };", cells[0], cells[1], nodes);
	assert_int_not_equal(fake_dts_text(text, blob, sizeof(blob)), 0);
	return host_ram_told(blob, 0x80000000);
}

#define MEMORY "device_type = \"memory\"; reg = "

static void what_boot_loaders_say(void **state)
{
	static const struct { const char *cells, *nodes; u32 size; } t[] = {
		{ "11", "memory { " MEMORY "<0x80000000 0x20000000>; };", 0x20000000 },
		{ "11", "memory@80000000 { " MEMORY "<0x80000000 0x10000000>; };", 0x10000000 },
		{ "11", "memory { " MEMORY "<0x80000000 0x8000000 0x88000000 0x8000000>; };", 0x10000000 },
		{ "11", "memory { " MEMORY "<0x88000000 0x8000000 0x80000000 0x8000000>; };", 0x10000000 },
		{ "11", "memory { " MEMORY "<0x80000000 0x10000000 0x90000000 0>; };", 0x10000000 },
		{ "11", "memory { " MEMORY "<0x80000000 0x8000000 0xa0000000 0x8000000>; };", 0x08000000 },	/* a hole */
		{ "11", "memory@0 { " MEMORY "<0x80000000 0x8000000>; }; memory@1 { " MEMORY "<0x88000000 0x8000000>; };", 0x10000000 },
		{ "22", "memory { " MEMORY "<0 0x80000000 0 0x10000000>; };", 0x10000000 },
		{ "21", "memory { " MEMORY "<0 0x80000000 0x10000000>; };", 0x10000000 },
		{ "22", "memory { " MEMORY "<0 0x80000000 1 0>; };", 0x7fffffff },
		{ "11", "memory { " MEMORY "<0x80000000 0xffffffff>; };", 0x7fffffff },
		{ "11", "memory { " MEMORY "<0x40000000 0x10000000>; };", 0 },
		{ "11", "memory { " MEMORY "<0x80000000>; };", 0 },
		{ "11", "memory { device_type = \"memory\"; };", 0 },
		{ "11", "memory { reg = <0x80000000 0x10000000>; };", 0 },
		{ "31", "memory { " MEMORY "<0 0 0x80000000 0x10000000>; };", 0 },
		{ "11", "chosen { };", 0 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u32 got = told(t[i].cells, t[i].nodes);

		if (got != t[i].size)
			fail_msg("%s: 0x%x instead of 0x%x", t[i].nodes, got, t[i].size);
	}
}

static void unsound_trees_say_nothing(void **state)
{
	const char *good = "memory { " MEMORY "<0x80000000 0x10000000>; };";

	told("11", good);
	memset(blob, 0, 4);
	assert_int_equal(host_ram_told(blob, 0x80000000), 0);
	told("11", good);
	fdt_set_totalsize(blob, 0x40001);
	assert_int_equal(host_ram_told(blob, 0x80000000), 0);
	told("11", good);
	fdt_set_off_dt_struct(blob, fdt_off_dt_struct(blob) + 2);
	assert_int_equal(host_ram_told(blob, 0x80000000), 0);
	told("11", good);
	memset((u8 *)blob + fdt_off_dt_struct(blob), 0xff, 16);
	assert_int_equal(host_ram_told(blob, 0x80000000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_boot_loaders_say),
		cmocka_unit_test(unsound_trees_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
