/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trace of exits (monitor: `trace`). */
#include <arch/debug.h>
#include <arm/trace.h>
#include <arm/window.h>
#include <hv/alloc.h>
#include <hv/monitor.h>
#include <hv/time.h>
#include <string.h>

#define TRACE_NR	256u		/* a power of two */

/* One exit that left the window. */
struct trace_entry {
	u32 time;		/* 32 kHz ticks */
	u32 pc, cpsr;
	u32 addr;		/* that faulted, on aborts */
	u32 window;		/* events that the window handled by itself since the entry before */
	u8 vector, cause;
};

struct trace {
	u32 nr;			/* of all that were ever recorded */
	u32 events;		/* sum of the counters at the end of the last exit */
	bool open;		/* the last entry has no end yet */
	struct trace_entry entry[TRACE_NR];
};

static const char *const vector_name[8] = {
	[VEC_NONE] = "path", [VEC_UND] = "und", [VEC_SVC] = "svc", [VEC_PABT] = "pabt", [VEC_DABT] = "dabt", [VEC_INTERP] = "interp",
	[VEC_IRQ] = "irq", [VEC_FIQ] = "fiq",
};

void trace_init(struct vcpu *v)
{
	v->trace = hv_alloc(sizeof(*v->trace), 8);
}

static u32 events(const struct vcpu *v)
{
	u32 sum = 0;

	for (u32 i = 0; i < EXIT_NR; i++)
		sum += v->exits[i];
	return sum;
}

void trace_record_begin(struct vcpu *v, u32 vector)
{
	struct trace *t = v->trace;
	struct trace_entry *e = &t->entry[t->nr++ % TRACE_NR];

	*e = (struct trace_entry){
		.time = host_time_now(), .pc = v->r[15], .cpsr = v->cpsr, .vector = (u8)vector, .cause = EXIT_NR,
		.addr = vector == VEC_DABT ? v->exit_dfar : vector == VEC_PABT ? v->exit_ifar : 0, .window = events(v) - t->events,
	};
	t->open = true;
}

void trace_record_end(struct vcpu *v)
{
	struct trace *t = v->trace;

	if (t->open)
		t->entry[(t->nr - 1) % TRACE_NR].cause = (u8)MIN(v->slow_cause, EXIT_NR);
	t->open = false;
	t->events = events(v);
}

void arch_debug_trace(struct vcpu *v, bool on)
{
	if (on && !v->tracing)
		memset(v->trace, 0, sizeof(*v->trace));
	v->trace->events = events(v);
	v->tracing = on;
}

static void print_entry(const struct trace_entry *e)
{
	mon_printf("%6lu.%06lu %08x %c %-6s ", (unsigned long)(e->time / TIME_HZ),
		   (unsigned long)((u64)(e->time % TIME_HZ) * 1000000u / TIME_HZ), (unsigned)e->pc,
		   (e->cpsr & PSR_MODE) == MODE_USR ? 'u' : 'k', vector_name[e->vector & 7]);
	mon_printf(e->vector == VEC_DABT || e->vector == VEC_PABT ? "%08x " : "-------- ", (unsigned)e->addr);
	mon_printf("%8lu %s\n", (unsigned long)e->window, e->cause < EXIT_NR ? exit_cause_name[e->cause] : "-");
}

void arch_debug_trace_dump(struct vcpu *v)
{
	const struct trace *t = v->trace;
	u32 kept = MIN(t->nr, TRACE_NR);

	mon_printf("%13s %-8s   %-6s %-8s %8s %s\n", "time", "pc", "exit", "address", "window", "cause");
	for (u32 i = t->nr - kept; i != t->nr; i++)
		print_entry(&t->entry[i % TRACE_NR]);
	mon_printf("%lu of %lu exits; window: events handled there since the exit before\n", (unsigned long)kept, (unsigned long)t->nr);
}
