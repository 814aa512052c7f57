/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much RAM the boot loader says there is. */
#pragma once

#include <hv/types.h>

/*
 * Bytes of RAM from @base upwards in one piece, by the memory nodes of @fdt (what a boot loader writes into any tree that it hands over);
 * 0 when @fdt is no sound tree or says nothing of @base. @fdt is a multiple of 8, and all of its length can be read. Reads aligned words
 * only, so that it works with the MMU off.
 */
u32 host_ram_told(const void *fdt, hpa_t base);
