/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trace of exits: a ring of the last ones that left the window. While it is off, an exit is asked one question. */
#pragma once

#include <arm/vcpu.h>

void trace_init(struct vcpu *v);
void trace_record_begin(struct vcpu *v, u32 vector);
void trace_record_end(struct vcpu *v);

/* The guest left the window by @vector; the vCPU's state is architectural again. */
static inline void trace_begin(struct vcpu *v, u32 vector)
{
	if (v->tracing)
		trace_record_begin(v, vector);
}

/* What the exit was about is done, and slow_cause known. */
static inline void trace_end(struct vcpu *v)
{
	if (v->tracing)
		trace_record_end(v);
}
