/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ATAG list: how kernels without device-tree support learn of memory, command line and initrd. */
#pragma once

#include <hv/types.h>

struct atags_info {
	u32 mem_base, mem_size;
	const char *cmdline;	/* NULL = none */
	u32 initrd, initrd_size;	/* size 0 = none */
};

/* Write the list at @dst (room for @cap bytes). Returns its size in bytes or -ENOSPC. */
int atags_build(void *dst, u32 cap, const struct atags_info *info) __must_check;
