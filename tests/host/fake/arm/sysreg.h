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

static inline bool set_way_exists(u32 operand) { return !(operand & 0xc); }

#ifdef FAKE_CP15
/* CP15 of the build host, for tests of what uses it: reads as zero, writes are ignored. */
#define FAKE_CP15_R(name) static inline u32 read_##name(void) { return 0; }
#define FAKE_CP15_W(name) static inline void write_##name(u32 v) { }
#define FAKE_CP15_RW(name) FAKE_CP15_R(name) FAKE_CP15_W(name)
FAKE_CP15_R(midr) FAKE_CP15_R(ctr) FAKE_CP15_R(mpidr) FAKE_CP15_R(id_pfr0) FAKE_CP15_R(id_pfr1) FAKE_CP15_R(id_afr0)
FAKE_CP15_R(id_mmfr0) FAKE_CP15_R(id_mmfr1) FAKE_CP15_R(id_mmfr2) FAKE_CP15_R(id_mmfr3) FAKE_CP15_R(id_isar0)
FAKE_CP15_R(id_isar1) FAKE_CP15_R(id_isar2) FAKE_CP15_R(id_isar3) FAKE_CP15_R(id_isar4) FAKE_CP15_R(clidr)
FAKE_CP15_R(aidr) FAKE_CP15_R(ccsidr) FAKE_CP15_R(l2auxcr)
FAKE_CP15_RW(csselr) FAKE_CP15_RW(sctlr) FAKE_CP15_RW(actlr) FAKE_CP15_RW(cpacr) FAKE_CP15_RW(tpidrurw) FAKE_CP15_RW(tpidruro)
FAKE_CP15_W(dccimvac) FAKE_CP15_W(dccmvac) FAKE_CP15_W(dccsw) FAKE_CP15_W(dccisw) FAKE_CP15_W(bpiall)
#endif

#define SCTLR_M		BIT(0)
#define SCTLR_A		BIT(1)
#define SCTLR_C		BIT(2)
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
