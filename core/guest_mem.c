/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checked access to guest physical memory: RAM regions only, never device registers. */
#include <string.h>

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
	/* Passed-through guests have guest-physical = host-physical (no IOMMU), so a RAM address is its own pointer. */
	return all_ram(g, gpa, len) ? hpa_ptr(gpa) : NULL;
}

int guest_mem_read(struct guest *g, gpa_t gpa, void *buf, u32 len)
{
	const void *p;

	if (!len)
		return 0;
	p = guest_mem_ptr(g, gpa, len);
	if (!p)
		return -EFAULT;
	memcpy(buf, p, len);
	return 0;
}

int guest_mem_write(struct guest *g, gpa_t gpa, const void *buf, u32 len)
{
	void *p;

	if (!len)
		return 0;
	p = guest_mem_ptr(g, gpa, len);
	if (!p)
		return -EFAULT;
	memcpy(p, buf, len);
	return 0;
}
