/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Edits to the guest's own device tree: memory, /chosen, nodes of hardware that the guest does not get. */
#pragma once

#include <hv/types.h>

struct guest;

/*
 * Build the guest's device tree at @dst (room for @cap bytes) from the stock blob @src: /memory, /chosen (bootargs,
 * initrd [@initrd, +@initrd_size), 0 = none), emulators' fixups, nodes without anything behind them disabled.
 * Returns 0 or -errno with one message.
 */
int guest_fdt_build(struct guest *g, const void *src, void *dst, u32 cap, gpa_t initrd, u32 initrd_size) __must_check;
/* status = "disabled" for every node whose first register range starts in [@base, @base + @size). 0, -ENOENT when there is none, -ENOSPC. */
int guest_fdt_disable_range(void *fdt, gpa_t base, u32 size) __must_check;
