/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory nodes of the tree that the boot loader hands over (Devicetree Specification 3.4). */
#include <string.h>

#include <libfdt.h>

#include <hv/blob.h>
#include <hv/host_ram.h>
#include <hv/layout.h>

#define RANGES_MAX	16u

struct ranges {
	u32 nr;
	struct { u32 base, size; } r[RANGES_MAX];
};

/* A value of one or two cells; what does not fit 32 bits is cut to the largest that does. */
static u32 read_cells(const u8 *p, int cells)
{
	if (cells == 2 && be32_load(p))
		return ~0u;
	return cells ? be32_load(p + 4 * (cells - 1)) : 0;
}

static void add_node(struct ranges *all, const void *fdt, int node)
{
	int ac = fdt_address_cells(fdt, 0), sc = fdt_size_cells(fdt, 0), len;
	const u8 *reg = fdt_getprop(fdt, node, "reg", &len);

	if (!reg || ac < 1 || ac > 2 || sc < 1 || sc > 2)
		return;
	for (; len >= 4 * (ac + sc) && all->nr < RANGES_MAX; len -= 4 * (ac + sc), reg += 4 * (ac + sc)) {
		all->r[all->nr].base = read_cells(reg, ac);
		all->r[all->nr++].size = read_cells(reg + 4 * ac, sc);
	}
}

static void collect(struct ranges *all, const void *fdt)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		int len;
		const char *type = fdt_getprop(fdt, node, "device_type", &len);

		if (type && len == sizeof("memory") && !memcmp(type, "memory", sizeof("memory")))
			add_node(all, fdt, node);
	}
}

/* Boot loaders name one range for each chip select: go on for as long as one begins where the last one ended. */
static u32 size_from(const struct ranges *all, hpa_t base)
{
	u32 end = base, before;

	do {
		before = end;
		for (u32 i = 0; i < all->nr; i++)
			if (all->r[i].base <= end && end - all->r[i].base < all->r[i].size)
				end = all->r[i].size > ~all->r[i].base ? ~0u : all->r[i].base + all->r[i].size;
	} while (end != before);
	return end - (u32)base;
}

u32 host_ram_told(const void *fdt, hpa_t base)
{
	struct ranges all = { 0 };

	if (fdt_check_header(fdt) || fdt_totalsize(fdt) > LAYOUT_MAX_SIZE || blob_check(fdt, fdt_totalsize(fdt)))
		return 0;
	collect(&all, fdt);
	return size_from(&all, base);
}
