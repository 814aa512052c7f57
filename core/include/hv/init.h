/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hand-over from the architecture's boot code to core. */
#pragma once

#include <hv/types.h>

/*
 * Bring Umbra up and run the guest for ever. @machid and @fdt are r1 and r2 of the boot loader. Context: MMU and
 * caches on, Umbra's own stack, interrupts masked.
 */
void hv_main(u32 machid, const void *fdt) __noreturn;
