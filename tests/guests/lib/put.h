/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests share that write code: words of it, put where they can be executed. */
#pragma once

#include "guest.h"

static inline void put(u32 at, const u32 *words, u32 n)
{
	for (u32 i = 0; i < n; i++)
		write32(at + 4 * i, words[i]);
	code_sync((void *)at, 4 * n);
}
#define PUT(at, ...)							\
	do {								\
		const u32 w_[] = { __VA_ARGS__ };			\
		put((at), w_, ARRAY_SIZE(w_));				\
	} while (0)
