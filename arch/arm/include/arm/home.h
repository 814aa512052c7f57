/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before Umbra is where it stays. */
#pragma once

#include <hv/types.h>

/*
 * Where Umbra's image belongs, by what the boot loader says in @fdt; from then on arch_host_mem() is right. Panics with one line when it
 * cannot go there. Context: MMU off, the image relocated to where it is, bss behind it.
 */
hpa_t arm_find_home(const void *fdt);
