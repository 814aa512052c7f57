/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host ranges and interrupt lines that a guest owns, and bringing that hardware to rest. */
#pragma once

#include <hv/types.h>

struct guest;
struct guest_map;
struct layout_dev;

/* Give the node's ranges and interrupts to @g. 0 or -errno with one message. */
int passthrough_add(struct guest *g, const struct layout_dev *d) __must_check;
/* True when the guest's map passes the console UART through. */
bool passthrough_has_console(const struct guest *g);
/* Stop the guest's hardware: mask its interrupt lines, then host_quiesce(). Before its memory is cleared or given away. */
void passthrough_quiesce(struct guest *g);

/*
 * drivers/quiesce_*.c: stop every DMA-capable device that @m passes through (skip what is not in it), so that no
 * transfer into guest memory is under way afterwards. Returns how many devices did not come to rest (logged there).
 */
u32 host_quiesce(const struct guest_map *m);
/* drivers/: reset the whole board. Returns only when the hardware refuses. */
void host_reset(void);
