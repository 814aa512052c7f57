/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One access descriptor and one three-state answer for every emulated device access. */
#pragma once

#include <hv/types.h>

struct guest;

struct mmio_access {
	gpa_t addr;	/* guest physical address of the access */
	u32 offset;	/* addr - device base, filled in by mmio_dispatch() */
	u32 size;	/* 1, 2 or 4 bytes */
	bool is_write;
	u32 value;	/* write: value in the low `size` bytes, and nothing above; read: result, starts as 0, of which as much is taken */
};

enum mmio_result {
	MMIO_DONE,	/* handled; value valid for reads */
	MMIO_ERROR,	/* the bus answers with an external abort: inject one */
	MMIO_NOT_MINE,	/* no device there: inject an external abort, log once */
};

/*
 * Route one access to the emulated device that owns a->addr in @g's map.
 * Context: exit path. Devices may change interrupt lines and request guest
 * stop/reset (guest_request()); they never touch the vCPU's registers.
 */
enum mmio_result mmio_dispatch(struct guest *g, struct mmio_access *a) __must_check;
