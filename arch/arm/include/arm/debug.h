/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Breakpoints and single steps. Nothing stands in the guest's memory or in a copy of it: a page of virtual addresses with a breakpoint in it
 * is executable in no shadow table, and is interpreted (path_interp.c), which looks before each of its instructions.
 */
#pragma once

#include <arm/vcpu.h>

bool debug_page_has_break(const struct vcpu *v, gva_t va);
bool debug_at_break(struct vcpu *v);
/* Is the guest where it was when a step took an exception, and not at the same address in another task? */
bool debug_step_is_back(const struct vcpu *v);

/* Must the page of @va be interpreted, in every mode? */
static inline bool debug_page(const struct vcpu *v, gva_t va)
{
	return v->breaks.nr && debug_page_has_break(v, va);
}

/* Has the guest come to a breakpoint, at r[15], where it is to stop? Whoever runs it does not go on then. */
static inline bool debug_stops(struct vcpu *v)
{
	return v->breaks.nr && debug_at_break(v);
}
