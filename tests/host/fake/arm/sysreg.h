/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake of arm/sysreg.h for host unit tests: maintenance operations go to fake/sysreg.c, which counts and tells the test. */
#pragma once

#include <hv/types.h>

void tlbi_all(void);
void tlbi_mva(u32 mva_asid);
void tlbi_asid(u32 asid);
void dcache_clean_mva(u32 a);
static inline void dsb(void) { }
static inline void isb(void) { }

#define SCTLR_M		BIT(0)
#define SCTLR_A		BIT(1)
#define SCTLR_C		BIT(2)
#define SCTLR_SW	BIT(10)
#define SCTLR_Z		BIT(11)
#define SCTLR_I		BIT(12)
#define SCTLR_V		BIT(13)
#define SCTLR_VE	BIT(24)
#define SCTLR_EE	BIT(25)
#define SCTLR_TRE	BIT(28)
#define SCTLR_AFE	BIT(29)
#define SCTLR_TE	BIT(30)

/* What a test can see and hook. */
enum fake_tlbi { FAKE_TLBI_ALL, FAKE_TLBI_ASID, FAKE_TLBI_MVA };
extern u32 fake_tlbis[3], fake_cleans;
extern void (*fake_tlbi_hook)(enum fake_tlbi op, u32 arg);
