/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checked access to guest physical memory: RAM regions only, never device registers. */
#include <hv/guest.h>

/* True when [gpa, gpa+len) consists of RAM regions without a gap. */
static bool all_ram(const struct guest *g, gpa_t gpa, u32 len)
{
	while (len) {
		const struct region *r = guest_map_find(&g->map, gpa);
		u32 left;

		if (!r || r->type != REGION_RAM)
			return false;
		left = r->size - (gpa - r->base);
		if (left >= len)
			return true;
		gpa += left;
		len -= left;
	}
	return true;
}

void *guest_mem_ptr(struct guest *g, gpa_t gpa, u32 len)
{
	return all_ram(g, gpa, len) ? hpa_ptr(guest_map_hpa(&g->map, gpa)) : NULL;
}
