/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared memory with a doorbell: where each guest sees it, who rings whom, guests that do not run, what is refused. */
/* SOURCES: emulators/shmem.c core/guest_map.c core/guest_tree.c tests/host/fake/emudev.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/guest_files.h>
#include <hv/layout.h>

#include "fake.h"

#define REGION	0x9e000000u
#define SIZE	0x10000u
#define MEMBERS	4u	/* three of region 0, one of region 1 */

static struct guest guest[MEMBERS];
static struct emudev dev[MEMBERS];
static struct layout_dev node[MEMBERS];
static hpa_t region = REGION;

hpa_t guest_region(const struct layout_dev *d) { return region; }
void layout_remark(const struct layout_node *n, const char *prop, const char *text) { pr_warn("%s: %s\n", prop, text); }

int layout_map_region(struct guest_map *m, const struct region *r, const struct layout_node *n, const char *prop)
{
	const char *clash;

	return guest_map_add(m, r, &clash);
}

static u32 rd(u32 i, u32 offset)
{
	struct mmio_access a = { .offset = offset, .size = 4 };

	assert_int_equal(dev[i].type->access(&dev[i], &a), MMIO_DONE);
	return a.value;
}

static void wr(u32 i, u32 offset, u32 value)
{
	struct mmio_access a = { .offset = offset, .size = 4, .is_write = true, .value = value };

	assert_int_equal(dev[i].type->access(&dev[i], &a), MMIO_DONE);
}

static void make(u32 i)
{
	guest[i].name = "t";
	guest[i].state = GUEST_RUNNING;
	memset(&guest[i].map, 0, sizeof(guest[i].map));
	guest[i].map.offset = 0x01000000 * i;
	node[i].node = dev[i].name = "shmem";
	node[i].region = i == 3;
	node[i].region_size = SIZE;
	node[i].nirqs = 1;
	node[i].irq[0] = (u8)i;
	dev[i] = (struct emudev){ .type = emudev_find_type("umbra,shmem"), .guest = &guest[i], .name = "shmem", .base = 0x10060000, .size = 0x1000,
				  .irq = i, .node = &node[i] };
	dev[i].priv = calloc(1, dev[i].type->state_size);
	assert_int_equal(dev[i].type->create(&dev[i], &node[i]), 0);
	dev[i].type->reset(&dev[i]);
}

static int setup(void **state)
{
	fake_log_reset();
	for (u32 i = 0; i < MEMBERS; i++)
		make(i);
	return 0;
}

static int teardown(void **state)
{
	for (u32 i = 0; i < MEMBERS; i++) {
		dev[i].type->remove(&dev[i]);
		free(dev[i].priv);
	}
	return 0;
}

/* One place in the host, each at its own offset. */
static void test_place(void **state)
{
	for (u32 i = 0; i < MEMBERS; i++) {
		const struct region *r = guest_map_find(&guest[i].map, rd(i, 0x10));

		assert_non_null(r);
		assert_int_equal(r->type, REGION_SHARED);
		assert_int_equal(guest_map_hpa(&guest[i].map, r->base), REGION);
		assert_int_equal(r->size, SIZE);
		assert_int_equal(rd(i, 0x14), SIZE);
		assert_int_equal(rd(i, 0), 0x656d6873);
		assert_int_equal(rd(i, 4), 1);
		assert_int_equal(rd(i, 8), i == 3 ? 0 : i);
		assert_int_equal(rd(i, 0xc), i == 3 ? 1 : 7);
	}
	assert_non_null(strstr(fake_log_text, "region: has no second member"));
	/* once, for as long as that is so */
	fake_log_reset();
	dev[3].type->reset(&dev[3]);
	assert_string_equal(fake_log_text, "");
	dev[1].type->remove(&dev[1]);
	dev[2].type->remove(&dev[2]);
	dev[0].type->reset(&dev[0]);
	assert_string_equal(fake_log_text, "");
	free(dev[1].priv);
	make(1);
	dev[0].type->reset(&dev[0]);
	dev[1].type->remove(&dev[1]);
	dev[0].type->reset(&dev[0]);
	assert_non_null(strstr(fake_log_text, "region: has no second member"));
}

static void test_rings(void **state)
{
	wr(1, 0x20, ~0u);
	wr(0, 0x18, 2);
	assert_int_equal(rd(1, 0x1c), 1);
	assert_true(fake_line[1]);
	assert_int_equal(rd(2, 0x1c), 0);
	wr(2, 0x18, ~0u);	/* all, itself too, and those that there are not */
	assert_int_equal(rd(0, 0x1c), 4);
	assert_int_equal(rd(1, 0x1c), 5);
	assert_int_equal(rd(2, 0x1c), 4);
	assert_int_equal(rd(3, 0x1c), 0);	/* another region's */
	assert_false(fake_line[0]);		/* not enabled */
	wr(0, 0x20, 4);
	assert_true(fake_line[0]);
	wr(1, 0x1c, 1);
	assert_true(fake_line[1]);
	wr(1, 0x1c, ~0u);
	assert_false(fake_line[1]);
	wr(0, 0x20, 3);
	assert_false(fake_line[0]);
	/* one that was stopped hears nothing, and one that starts has heard nothing */
	guest[1].state = GUEST_STOPPED;
	wr(0, 0x18, 2);
	assert_int_equal(rd(1, 0x1c), 0);
	guest[1].state = GUEST_RUNNING;
	wr(0, 0x18, 2);
	dev[1].type->reset(&dev[1]);
	assert_false(fake_line[1]);
	assert_int_equal(rd(1, 0x1c) | rd(1, 0x20), 0);
}

/* A number that is free again is the next one's. */
static void test_members_come_and_go(void **state)
{
	dev[1].type->remove(&dev[1]);
	free(dev[1].priv);
	assert_int_equal(rd(0, 0xc), 5);
	wr(0, 0x18, ~0u);
	make(1);
	assert_int_equal(rd(1, 8), 1);
	assert_int_equal(rd(0, 0xc), 7);
}

static void test_refused(void **state)
{
	struct emudev d = dev[0];
	struct mmio_access a = { .offset = 2, .size = 2 };

	d.priv = calloc(1, d.type->state_size);
	assert_int_not_equal(d.type->create(&d, &node[0]), 0);	/* its map has the region already */
	assert_int_equal(rd(0, 0xc), 7);
	region = 0;
	assert_int_not_equal(d.type->create(&d, &node[0]), 0);
	region = REGION;
	free(d.priv);
	assert_int_equal(dev[0].type->access(&dev[0], &a), MMIO_ERROR);
}

static void test_tree(void **state)
{
	static u8 fdt[4096];
	int n, len;
	const fdt32_t *reg;

	assert_int_equal(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	assert_int_equal(fdt_node_cells(fdt, 0, "#address-cells", 1, 1) | fdt_node_cells(fdt, 0, "#size-cells", 1, 1), 0);
	assert_int_equal(dev[1].type->fdt_node(&dev[1], fdt), 0);
	n = fdt_path_offset(fdt, "/shmem@10060000");
	reg = fdt_getprop(fdt, n, "reg", &len);
	assert_int_equal(len, 16);
	assert_int_equal(fdt32_to_cpu(reg[0]), 0x10060000);
	assert_int_equal(fdt32_to_cpu(reg[2]), REGION - 0x01000000);
	assert_int_equal(fdt32_to_cpu(reg[3]), SIZE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { T(test_place), T(test_rings), T(test_members_come_and_go), T(test_refused), T(test_tree) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
