/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device tree blobs that came from outside. */
#pragma once

#include <libfdt.h>

#include <hv/types.h>

/* Older ones have paths for names of nodes: libfdt follows a null pointer where one has no slash. Every tool of today makes 17. */
#define BLOB_FIRST_VERSION	16u

/*
 * Whether the blocks of a blob lie where the format wants them (Devicetree Specification 5.6), relative to its start: libfdt relies on it
 * when it writes words, and so does every reader before the MMU is on. For a blob of which at least the header is there.
 */
static inline bool blob_aligned(const void *fdt)
{
	return !(fdt_off_dt_struct(fdt) % 4) && !(fdt_off_mem_rsvmap(fdt) % 8);
}

/*
 * Whether one tag of the structure block stands behind the other. libfdt before 1.7 takes a property of 2^32 - 12 bytes for one that ends
 * where it begins, and never comes to an end. For a blob whose header is sound, and all of which is there.
 */
static inline bool blob_goes_on(const void *fdt)
{
	int at, next = 0;
	u32 tag;

	do {
		at = next;
		tag = fdt_next_tag(fdt, at, &next);
	} while (tag != FDT_END && next > at);
	return tag == FDT_END;
}

/* All of that for a blob whose @size bytes are there: 0 or -FDT_ERR_*. */
static inline int blob_check(const void *fdt, u32 size)
{
	int err = size < sizeof(struct fdt_header) ? -FDT_ERR_TRUNCATED : fdt_check_header(fdt);

	if (err)
		return err;
	if (fdt_version(fdt) < BLOB_FIRST_VERSION)
		return -FDT_ERR_BADVERSION;
	if (!blob_aligned(fdt))
		return -FDT_ERR_BADLAYOUT;
	if (fdt_totalsize(fdt) > size)
		return -FDT_ERR_TRUNCATED;
	return blob_goes_on(fdt) ? fdt_check_full(fdt, size) : -FDT_ERR_BADSTRUCTURE;
}
