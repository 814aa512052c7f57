/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random bytes for guests. */
#pragma once

#include <hv/types.h>

/* Fill @to with @len bytes that nobody can tell from the ones before. The first call collects for some milliseconds. */
void entropy_fill(void *to, u32 len);
