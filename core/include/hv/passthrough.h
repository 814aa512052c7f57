/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host ranges and interrupt lines that a guest owns, and bringing that hardware to rest. */
#pragma once

#include <hv/types.h>

struct guest;
struct guest_map;
struct layout_dev;

/* Registers that a guest must not have as they are: a layout must put an emulator over them or withhold them. drivers/owned_*.c */
struct host_range {
	const char *name;
	hpa_t base;
	u32 size;
	bool console;	/* the console UART: may be passed through, Umbra then lets go of it */
	const char *why;	/* "which ..." of the message about a layout that passes it through */
};
extern const struct host_range host_owned[];
extern const u32 host_owned_nr;
/* On-chip RAM: what a layout may give as such. */
extern const struct host_range host_sram[];
extern const u32 host_sram_nr;

/* Registers of a device family that was not chosen in Kconfig: no layout may pass them through. A row without symbol is the last. */
struct host_missing {
	const char *symbol;	/* of Kconfig */
	hpa_t base;
	u32 size;
};
extern const struct host_missing host_missing[];

/* Give the node's ranges and interrupts to @g. 0 or -errno with one message. */
int passthrough_add(struct guest *g, const struct layout_dev *d) __must_check;
/* Only its interrupts. */
int passthrough_add_irqs(struct guest *g, const struct layout_dev *d) __must_check;
/* After all devices: nothing that Umbra drives itself was given away, nothing whose family is not built in. 0 or -errno with one message. */
int passthrough_check(const struct guest *g) __must_check;
/* True when the guest's map passes the console UART through. */
bool passthrough_has_console(const struct guest *g);
/* Stop the guest's hardware: mask its interrupt lines, then host_quiesce(). Before its memory is cleared or given away. */
void passthrough_quiesce(struct guest *g);

/*
 * drivers/quiesce_*.c: stop every DMA-capable device that @m passes through (skip what is not in it), so that no
 * transfer into guest memory is under way afterwards. Returns how many devices did not come to rest (logged there).
 */
u32 host_quiesce(const struct guest_map *m);
/*
 * Remember clocks, power states, pins and GPIOs as the boot loader left them: host_quiesce() puts them back. Once, when
 * checked accesses work, before the timer driver starts and before a guest runs.
 */
void host_quiesce_init(void);
/* drivers/: reset the whole board. Returns only when the hardware refuses. */
void host_reset(void);
