/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A random run failed: the steps that it takes to fail. */
#pragma once

#include <hv/types.h>

/* True: the run of steps @steps[0..@nr-1], in this order and without all others, fails. */
typedef bool shrink_fails_fn(const u32 *steps, u32 nr, void *arg);

/*
 * Leaves out of @steps[0..@nr-1], which fail, what the failure does not need: halves, then smaller parts, then single ones, until none can be
 * missed. @fails is asked once for each part that is tried, with @arg. Returns how many are left, at the start of @steps.
 */
u32 shrink_steps(u32 *steps, u32 nr, shrink_fails_fn *fails, void *arg);
