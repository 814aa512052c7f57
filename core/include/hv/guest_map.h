/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest physical map: sorted regions of one guest, looked up by page. Pure data, host-testable. */
#pragma once

#include <hv/types.h>

struct emudev;

enum region_type {
	REGION_NONE,		/* nothing there: external abort */
	REGION_RAM,		/* guest RAM or SRAM: cacheable, scannable, guest tables may live there */
	REGION_PASSTHROUGH,	/* host device registers, mapped to the guest as Device memory */
	REGION_EMULATED,	/* every access exits to dev */
	REGION_SHARED,		/* memory that other guests have, too: as REGION_PASSTHROUGH, at the offset of RAM */
};

struct region {
	gpa_t base;
	u32 size;		/* bytes, multiple of PAGE_SIZE */
	enum region_type type;
	struct emudev *dev;	/* REGION_EMULATED only */
	const char *name;	/* layout node name, for messages */
};

#define GUEST_MAP_MAX	128
#define GUEST_RAM_RANGES	4	/* of REGION_RAM */

struct guest_map {
	u32 nr;
	/* RAM is this much higher in host physical memory; 0 where devices are passed through, because of DMA. Multiple of SECTION_SIZE. */
	u32 offset;
	struct region r[GUEST_MAP_MAX];	/* sorted by base, disjoint */
};

/*
 * Every translation between the two kinds of physical addresses is one of these. The first two are of RAM; the registers of a passed-through
 * device are where the guest sees them, as all is of a guest that has any: its map has no offset.
 */
static inline hpa_t guest_map_hpa(const struct guest_map *m, gpa_t gpa) { return (hpa_t)((u32)gpa + m->offset); }
static inline gpa_t guest_map_gpa(const struct guest_map *m, hpa_t hpa) { return (gpa_t)((u32)hpa - m->offset); }
static inline hpa_t passed_hpa(gpa_t gpa) { return (hpa_t)(u32)gpa; }
static inline gpa_t passed_gpa(hpa_t hpa) { return (gpa_t)(u32)hpa; }

/*
 * Add one region. An emulated region may lie inside a pass-through region (it then
 * wins: the pass-through region is split); every other overlap is an error.
 * Returns 0, -EEXIST (overlap; *@clash names the other region), -EINVAL (alignment,
 * wrap-around, zero size) or -ENOSPC.
 */
int guest_map_add(struct guest_map *m, const struct region *r, const char **clash) __must_check;
/* Region that contains @gpa, or NULL when there is nothing. O(log n). */
const struct region *guest_map_find(const struct guest_map *m, gpa_t gpa);
/*
 * Region of the whole naturally aligned block [gpa & ~(size-1), +size) when it lies in a single one,
 * else NULL: says whether a 1 MiB section may be kept as one.
 */
const struct region *guest_map_find_block(const struct guest_map *m, gpa_t gpa, u32 size);
