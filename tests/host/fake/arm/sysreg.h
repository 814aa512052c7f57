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
#define CP15_FAKE(name)								\
static inline u32 read_##name(void) { return 0; }				\
static inline void write_##name(u32 v) { }
extern u32 fake_midr;
static inline u32 read_midr(void) { return fake_midr; }
static inline u32 read_tlbtr(void) { return 0x00202001; }	/* a Cortex-A8's: 32 entries of each TLB can be locked */
static inline u32 read_dacr(void) { return 0; }
CP15_FAKE(ctr) CP15_FAKE(mpidr) CP15_FAKE(id_pfr0) CP15_FAKE(id_pfr1) CP15_FAKE(id_afr0)
CP15_FAKE(id_mmfr0) CP15_FAKE(id_mmfr1) CP15_FAKE(id_mmfr2) CP15_FAKE(id_mmfr3)
CP15_FAKE(id_isar0) CP15_FAKE(id_isar1) CP15_FAKE(id_isar2) CP15_FAKE(id_isar3) CP15_FAKE(id_isar4)
CP15_FAKE(aidr) CP15_FAKE(sctlr) CP15_FAKE(actlr) CP15_FAKE(cpacr)
CP15_FAKE(tpidrurw) CP15_FAKE(tpidruro) CP15_FAKE(l2auxcr)
CP15_FAKE(isr) CP15_FAKE(iciallu) CP15_FAKE(bpiall) CP15_FAKE(dccmvac) CP15_FAKE(dccsw)

/* Caches: of each level what there is, and hooks that see what is named of them. */
extern u32 fake_clidr, fake_csselr, fake_ccsidr[8];
extern void (*fake_dccisw)(u32 operand), (*fake_dccimvac)(u32 mva);
static inline u32 read_clidr(void) { return fake_clidr; }
static inline u32 read_ccsidr(void) { return fake_ccsidr[fake_csselr >> 1 & 7]; }
static inline u32 read_csselr(void) { return fake_csselr; }
static inline void write_csselr(u32 v) { fake_csselr = v; }
static inline void write_dccisw(u32 v) { if (fake_dccisw) fake_dccisw(v); }
static inline void write_dccimvac(u32 v) { if (fake_dccimvac) fake_dccimvac(v); }

/*
 * Performance counters: events are what a test counts with fake_pmu_count(); increments by software, overflow and enables are those of the
 * architecture.
 */
extern struct fake_pmu { u32 pmcr, pmcnten, pminten, pmovsr, pmselr, pmccntr, type[32], count[32]; } fake_pmu;
void fake_pmu_count(u32 event, u32 n);
void write_pmswinc(u32 v);
void write_pmcntenset(u32 v);	/* takes a cycle */
static inline void write_pmcr(u32 v) { fake_pmu.pmcr = v & 0x39; }
static inline void write_pmcntenclr(u32 v) { fake_pmu.pmcnten &= ~v; }
static inline void write_pmintenset(u32 v) { fake_pmu.pminten |= v; }
static inline void write_pmintenclr(u32 v) { fake_pmu.pminten &= ~v; }
static inline u32 read_pmovsr(void) { return fake_pmu.pmovsr; }
static inline void write_pmovsr(u32 v) { fake_pmu.pmovsr &= ~v; }
static inline void write_pmselr(u32 v) { fake_pmu.pmselr = v & 31; }
static inline u32 read_pmccntr(void) { return fake_pmu.pmccntr; }
static inline void write_pmccntr(u32 v) { fake_pmu.pmccntr = v; }
static inline void write_pmxevtyper(u32 v) { fake_pmu.type[fake_pmu.pmselr] = v; }
static inline u32 read_pmxevcntr(void) { return fake_pmu.count[fake_pmu.pmselr]; }
static inline void write_pmxevcntr(u32 v) { fake_pmu.count[fake_pmu.pmselr] = v; }
static inline void write_pmuserenr(u32 v) { }
static inline bool set_way_exists(u32 operand) { return !(operand & 0xc); }

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
