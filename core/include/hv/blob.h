/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device tree blobs that came from outside. */
#pragma once

#include <libfdt.h>

#include <hv/types.h>

/*
 * Whether the blocks of a blob lie where the format wants them (Devicetree Specification 5.6), relative to its start: libfdt relies on it
 * when it writes words, and so does every reader before the MMU is on. For a blob of which at least the header is there.
 */
static inline bool blob_aligned(const void *fdt)
{
	return !(fdt_off_dt_struct(fdt) % 4) && !(fdt_off_mem_rsvmap(fdt) % 8);
}
