/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's device tree: edits to one of its own (memory, /chosen, nodes of hardware that it does not get), or one that Umbra makes. */
#pragma once

#include <hv/time.h>
#include <hv/types.h>

struct emudev;
struct guest;

/*
 * Build the guest's device tree at @dst (room for @cap bytes) from the stock blob @src, or from its devices if that is NULL: /memory, /chosen (bootargs,
 * initrd [@initrd, +@initrd_size), 0 = none), emulators' fixups, nodes without anything behind them disabled.
 * Returns 0 or -errno with one message.
 */
int guest_fdt_build(struct guest *g, const void *src, void *dst, u32 cap, gpa_t initrd, u32 initrd_size) __must_check;
/* status = "disabled" for every node whose first register range starts in [@base, @base + @size). 0, -ENOENT when there is none, -ENOSPC. */
int guest_fdt_disable_range(void *fdt, gpa_t base, u32 size) __must_check;

/* ---- guest_tree.c: the tree of the virtual machine ---- */

#define GUEST_TREE_ROOM		0x4000u		/* what it takes, beside bootargs */
#define FDT_PHANDLE_GIC		1u
#define FDT_PHANDLE_PCLK	2u		/* of the buses: any rate will do */
#define FDT_PHANDLE_TIMCLK	3u		/* of timers */
#define FDT_PHANDLE_POWER	4u
/* Of the virtual machine's timers: a multiple of host time that makes both wrap together. */
#define GUEST_TIMCLK_SHIFT	5u
#define GUEST_TIMCLK_HZ		(TIME_HZ << GUEST_TIMCLK_SHIFT)

/* Whether a device of @g describes itself, so that a tree can be made. */
bool guest_tree_possible(const struct guest *g);
/* Everything but memory and /chosen's arguments, in @fdt (room for @cap bytes). 0 or a libfdt error. */
int guest_tree_make(const struct guest *g, void *fdt, u32 cap) __must_check;
/* A node @name@@base in the root, with @compatible (a list of strings, @len bytes with the last 0). Its offset or a libfdt error. */
int fdt_node_add(void *fdt, const char *name, gpa_t base, const char *compatible, int len);
/* A node without address. */
int fdt_node_add_plain(void *fdt, const char *name, const char *compatible, int len);
/* Property @prop of @n cells. 0 or a libfdt error, as the others. */
int fdt_node_cells(void *fdt, int node, const char *prop, int n, ...);
/* One more range of `reg` of a node in the root, whose cells may be those of a board's tree. */
int fdt_node_range(void *fdt, int node, gpa_t base, u32 size);
/* `reg` and `interrupts` of @d, whose lines are levels of the guest's interrupt controller. */
int fdt_node_device(void *fdt, int node, const struct emudev *d);
/* What Linux wants of an AMBA device: @n clocks of @clock and then the bus's, called @names (@len bytes). */
int fdt_node_clocks(void *fdt, int node, u32 clock, u32 n, const char *names, int len);
