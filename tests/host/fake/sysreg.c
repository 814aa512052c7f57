/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake TLB and cache maintenance: counts, and hooks for a test that models a TLB or what its walks see. */
#include <arm/sysreg.h>

#include "fake.h"

u32 fake_tlbis[3], fake_cleans, fake_midr;
void (*fake_tlbi_hook)(enum fake_tlbi op, u32 arg);
u32 fake_clidr, fake_csselr, fake_ccsidr[8];
void (*fake_dccisw)(u32 operand), (*fake_dccimvac)(u32 mva);

static void tlbi(enum fake_tlbi op, u32 arg)
{
	fake_tlbis[op]++;
	if (fake_tlbi_hook)
		fake_tlbi_hook(op, arg);
}

struct fake_pmu fake_pmu;

static void count(u32 i, u32 *value, u32 n)
{
	if (!(fake_pmu.pmcr & fake_pmu.pmcnten >> i & 1))
		return;
	if (*value + n < *value)
		fake_pmu.pmovsr |= BIT(i);
	*value += n;
}

void fake_pmu_count(u32 event, u32 n)
{
	for (u32 i = 0; i < 31; i++)
		if (fake_pmu.type[i] == event)
			count(i, &fake_pmu.count[i], n);
	if (event == 0x11)
		count(31, &fake_pmu.pmccntr, n);
}

void write_pmswinc(u32 v)
{
	for (u32 i = 0; i < 31; i++)
		if (v & BIT(i) && !fake_pmu.type[i])
			count(i, &fake_pmu.count[i], 1);
}

void write_pmcntenset(u32 v)
{
	fake_pmu.pmcnten |= v;
	fake_pmu_count(0x11, 1);
}

void tlbi_all(void) { tlbi(FAKE_TLBI_ALL, 0); }
void tlbi_mva(u32 mva_asid) { tlbi(FAKE_TLBI_MVA, mva_asid); }
void tlbi_asid(u32 asid) { tlbi(FAKE_TLBI_ASID, asid); }

void dcache_clean_mva(u32 a)
{
	fake_cleans++;
	if (fake_clean_hook)
		fake_clean_hook(FAKE_RAM_BASE + (a - (u32)(uintptr_t)hpa_ptr(FAKE_RAM_BASE)), 1);
}
