/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account of exits that leave the window. */
#include <arm/account.h>
#include <arm/sysreg.h>
#include <arm/trace.h>
#include <arm/vcpu.h>

/* Instructions executed so far, modulo 2^32 (count_instructions() in boot.c). */
u32 account_instructions(void)
{
	return IS_ENABLED(CONFIG_EXIT_INSTRUCTIONS) ? read_pmxevcntr() : 0;
}

void slow_exit_begin(struct vcpu *v)
{
	if (v->slow_cause != SLOW_CAUSE_IDLE)
		return;
	v->slow_cause = SLOW_CAUSE_NONE;
	v->slow_begin = account_instructions();
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
	cost->instructions += account_instructions() - v->slow_begin;
	trace_end(v);
	v->slow_cause = SLOW_CAUSE_IDLE;
}
