/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Callers by the unwind tables of the guest's kernel (CONFIG_UNWIND_TABLES). */
#pragma once

#include <hv/types.h>

struct vcpu;

/* Where a function stands: its registers, as far as they are known. */
struct unwind_frame {
	u32 r[16];
	bool called;	/* r[15] is a return address, not where the processor stood */
};

/* An index of functions (.ARM.exidx), found in memory: @nr entries from physical @base on; and how often one was looked for. */
struct unwind_index {
	gpa_t base;
	u32 nr, searches;
};

enum unwind_end {
	UNWIND_CALLER,	/* the frame is the caller's now */
	UNWIND_TOP,	/* there is none */
	UNWIND_LOST,	/* no table knows this function, or its stack is not there */
};

#ifdef CONFIG_UNWIND_TABLES
/* From a function to its caller. @idx: all zero for the first one. */
enum unwind_end unwind_step(struct vcpu *v, struct unwind_index *idx, struct unwind_frame *f);
#else
static inline enum unwind_end unwind_step(struct vcpu *v, struct unwind_index *idx, struct unwind_frame *f)
{
	return UNWIND_LOST;
}
#endif
