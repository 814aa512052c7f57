/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Route one emulated device access to the device that owns the address. */
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <hv/mmio.h>

/* What an access has of the word: devices think in registers, and those who access them in bytes. */
static u32 lanes(const struct mmio_access *a)
{
	return a->size < 4 ? BIT(8 * a->size) - 1 : ~0u;
}

enum mmio_result mmio_dispatch(struct guest *g, struct mmio_access *a)
{
	const struct region *r = guest_map_find(&g->map, a->addr);
	enum mmio_result res;

	a->value &= a->is_write ? lanes(a) : 0;
	/* An access that leaves the region is as wrong as one outside: pages of a region end at its size. */
	if (!r || r->type != REGION_EMULATED || a->size > r->size - (a->addr - r->base)) {
		pr_guest(16, "guest %s: %s of %lu bytes at 0x%08lx: nothing there\n", g->name,
			 a->is_write ? "write" : "read", (unsigned long)a->size, (unsigned long)a->addr);
		return MMIO_NOT_MINE;
	}
	a->offset = a->addr - r->dev->base;
	res = r->dev->type->access(r->dev, a);
	a->value &= lanes(a);
	if (res == MMIO_NOT_MINE)
		pr_guest(16, "guest %s: %s: %s of %lu bytes at offset 0x%lx: no such register\n", g->name,
			 r->dev->name, a->is_write ? "write" : "read", (unsigned long)a->size,
			 (unsigned long)a->offset);
	return res;
}
