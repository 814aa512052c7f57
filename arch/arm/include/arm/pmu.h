/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Performance counters (ARM ARM C12, Cortex-A8 TRM 3.2.42 and on). A guest's counters are the real ones, its values in them, from its
 * first access on until another guest comes. They count while the guest runs, and what the window does for it without leaving; what
 * Umbra does in C they do not see. What is interpreted counts as an instruction and a cycle each, and as nothing else.
 *
 * Umbra itself counts instructions with the last event counter. A guest that uses that one gets it too; Umbra's account of exits
 * (arm/account.h) counts no instructions meanwhile.
 */
#pragma once

#include <arm/coproc.h>
#include <arm/vcpu.h>

void pmu_init(void);			/* at boot: the real ones off, Umbra's counting */
void pmu_reset(struct vcpu *v);
u32 pmu_instructions(void);		/* executed so far, modulo 2^32, as far as Umbra's counter saw them */
bool pmu_is_lent(void);			/* it does not see them now */
void pmu_start(struct vcpu *v);
void pmu_stop(struct vcpu *v);
void pmu_interpreted(struct vcpu *v, u32 on, u32 n);	/* @n instructions were, while counters @on counted */

/* Around what is the guest's own. */
static inline void pmu_guest_begin(struct vcpu *v)
{
	if (v->pmu.on)
		pmu_start(v);
}

static inline void pmu_guest_end(struct vcpu *v)
{
	if (v->pmu.on)
		pmu_stop(v);
}

/* Functions of rows of cp15_regs.c. */
#define PMU_RD(name) u32 pmu_rd_##name(struct vcpu *v, const struct coproc_row *row)
#define PMU_WR(name) enum coproc_result pmu_wr_##name(struct vcpu *v, const struct coproc_row *row, u32 value)
PMU_RD(pmcr);
PMU_WR(pmcr);
PMU_WR(pmcntenset);
PMU_WR(pmcntenclr);
PMU_RD(pmovsr);
PMU_WR(pmovsr);
PMU_WR(pmswinc);
PMU_RD(pmccntr);
PMU_WR(pmccntr);
PMU_RD(pmxevtyper);
PMU_WR(pmxevtyper);
PMU_RD(pmxevcntr);
PMU_WR(pmxevcntr);
PMU_WR(pmintenset);
PMU_WR(pmintenclr);
