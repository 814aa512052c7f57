/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot-time memory allocation from Umbra's own RAM. Nothing is freed: pools live above it. */
#pragma once

#include <hv/types.h>

void alloc_init(hpa_t start, hpa_t end);
/* @size bytes aligned to @align (power of two), zeroed. Panics when exhausted: only called during initialisation. */
void *hv_alloc(u32 size, u32 align);
/* Until alloc_own_end(), memory comes from [start, end): what is kept of one guest, which can be had anew as a whole. */
void alloc_own(hpa_t start, hpa_t end);
void alloc_own_end(void);
u32 alloc_used(void);	/* of Umbra's own RAM */
u32 alloc_left(void);
