/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account of exits that leave the window. */
#include <arm/account.h>
#include <arm/pmu.h>
#include <arm/trace.h>
#include <arm/vcpu.h>

void slow_exit_begin(struct vcpu *v)
{
	if (v->slow_cause != SLOW_CAUSE_IDLE)
		return;
	v->slow_cause = SLOW_CAUSE_NONE;
	v->slow_begin = pmu_instructions();
}

void slow_exit_end(struct vcpu *v)
{
	struct slow_cost *cost;

	if (v->slow_cause == SLOW_CAUSE_IDLE)
		return;
	if (v->slow_cause == SLOW_CAUSE_NONE)
		vcpu_count(v, EXIT_OTHER);
	cost = &v->slow[v->slow_cause];
	cost->exits++;
	if (!pmu_is_lent()) {
		cost->counted++;
		cost->instructions += pmu_instructions() - v->slow_begin;
	}
	trace_end(v);
	v->slow_cause = SLOW_CAUSE_IDLE;
}
