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

/* Registers of the core read as zero and ignore writes: enough for the table that names them. */
#define FAKE_CP15(name)								\
static inline u32 read_##name(void) { return 0; }				\
static inline void write_##name(u32 v) { }
FAKE_CP15(midr) FAKE_CP15(ctr) FAKE_CP15(mpidr) FAKE_CP15(id_pfr0) FAKE_CP15(id_pfr1) FAKE_CP15(id_afr0)
FAKE_CP15(id_mmfr0) FAKE_CP15(id_mmfr1) FAKE_CP15(id_mmfr2) FAKE_CP15(id_mmfr3)
FAKE_CP15(id_isar0) FAKE_CP15(id_isar1) FAKE_CP15(id_isar2) FAKE_CP15(id_isar3) FAKE_CP15(id_isar4)
FAKE_CP15(clidr) FAKE_CP15(aidr) FAKE_CP15(ccsidr) FAKE_CP15(csselr) FAKE_CP15(sctlr) FAKE_CP15(actlr) FAKE_CP15(cpacr)
FAKE_CP15(tpidrurw) FAKE_CP15(tpidruro) FAKE_CP15(l2auxcr)
FAKE_CP15(bpiall) FAKE_CP15(dccmvac) FAKE_CP15(dccimvac) FAKE_CP15(dccsw) FAKE_CP15(dccisw)
static inline bool set_way_exists(u32 value) { return true; }

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
