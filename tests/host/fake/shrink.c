/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A random run failed: the steps that it takes to fail. */
#include <stdlib.h>
#include <string.h>

#include "shrink.h"

/* @steps without @len of them from @at on, into @out. */
static u32 without(u32 *out, const u32 *steps, u32 nr, u32 at, u32 len)
{
	memcpy(out, steps, at * sizeof(*steps));
	memcpy(out + at, steps + at + len, (nr - at - len) * sizeof(*steps));
	return nr - len;
}

/* One pass with parts of @len steps, the last ones first: what follows a cause goes more often than what precedes it. */
static u32 pass(u32 *steps, u32 *rest, u32 nr, u32 len, shrink_fails_fn *fails, void *arg)
{
	for (u32 end = nr; end; end -= end < len ? end : len) {
		const u32 part = end < len ? end : len;
		const u32 left = without(rest, steps, nr, end - part, part);

		if (fails(rest, left, arg)) {
			memcpy(steps, rest, left * sizeof(*steps));
			nr = left;
		}
	}
	return nr;
}

u32 shrink_steps(u32 *steps, u32 nr, shrink_fails_fn *fails, void *arg)
{
	u32 *rest = malloc((nr + 1) * sizeof(*rest));
	u32 before;

	for (u32 len = nr / 2; len > 1; len /= 2)
		nr = pass(steps, rest, nr, len, fails, arg);
	do {
		before = nr;
		nr = pass(steps, rest, nr, 1, fails, arg);
	} while (nr < before);
	free(rest);
	return nr;
}
