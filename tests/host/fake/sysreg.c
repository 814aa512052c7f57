/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake TLB and cache maintenance: counts, and hooks for a test that models a TLB or what its walks see. */
#include <arm/sysreg.h>

#include "fake.h"

u32 fake_tlbis[3], fake_cleans, fake_midr;
void (*fake_tlbi_hook)(enum fake_tlbi op, u32 arg);

static void tlbi(enum fake_tlbi op, u32 arg)
{
	fake_tlbis[op]++;
	if (fake_tlbi_hook)
		fake_tlbi_hook(op, arg);
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
