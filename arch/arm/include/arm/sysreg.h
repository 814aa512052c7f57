/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The assembly fence: CP15 registers, barriers, cache and TLB operations of ARMv7-A as inline functions. */
#pragma once

#include <hv/types.h>

/* CP15_RW(name, opc1, CRn, CRm, opc2): read_name() and write_name(). Barriers are the caller's. */
#define CP15_R(name, o1, n, m, o2)						\
static inline u32 read_##name(void)						\
{										\
	u32 v;									\
	asm volatile("mrc p15, " #o1 ", %0, " #n ", " #m ", " #o2 : "=r"(v));	\
	return v;								\
}
#define CP15_W(name, o1, n, m, o2)						\
static inline void write_##name(u32 v)						\
{										\
	asm volatile("mcr p15, " #o1 ", %0, " #n ", " #m ", " #o2		\
		     : : "r"(v) : "memory");					\
}
#define CP15_RW(name, o1, n, m, o2) CP15_R(name, o1, n, m, o2) CP15_W(name, o1, n, m, o2)

CP15_R(midr, 0, c0, c0, 0)
CP15_R(ctr, 0, c0, c0, 1)
CP15_R(tlbtr, 0, c0, c0, 3)
CP15_R(mpidr, 0, c0, c0, 5)
CP15_R(id_pfr0, 0, c0, c1, 0)
CP15_R(id_pfr1, 0, c0, c1, 1)
CP15_R(id_dfr0, 0, c0, c1, 2)
CP15_R(id_afr0, 0, c0, c1, 3)
CP15_R(id_mmfr0, 0, c0, c1, 4)
CP15_R(id_mmfr1, 0, c0, c1, 5)
CP15_R(id_mmfr2, 0, c0, c1, 6)
CP15_R(id_mmfr3, 0, c0, c1, 7)
CP15_R(id_isar0, 0, c0, c2, 0)
CP15_R(id_isar1, 0, c0, c2, 1)
CP15_R(id_isar2, 0, c0, c2, 2)
CP15_R(id_isar3, 0, c0, c2, 3)
CP15_R(id_isar4, 0, c0, c2, 4)
CP15_R(ccsidr, 1, c0, c0, 0)
CP15_R(clidr, 1, c0, c0, 1)
CP15_R(aidr, 1, c0, c0, 7)
CP15_RW(csselr, 2, c0, c0, 0)
CP15_RW(sctlr, 0, c1, c0, 0)
CP15_RW(actlr, 0, c1, c0, 1)
CP15_RW(cpacr, 0, c1, c0, 2)
CP15_RW(ttbr0, 0, c2, c0, 0)
CP15_RW(ttbr1, 0, c2, c0, 1)
CP15_RW(ttbcr, 0, c2, c0, 2)
CP15_RW(dacr, 0, c3, c0, 0)
CP15_RW(dfsr, 0, c5, c0, 0)
CP15_RW(ifsr, 0, c5, c0, 1)
CP15_RW(dfar, 0, c6, c0, 0)
CP15_RW(ifar, 0, c6, c0, 2)
CP15_W(iciallu, 0, c7, c5, 0)
CP15_W(icimvau, 0, c7, c5, 1)
CP15_W(bpiall, 0, c7, c5, 6)
CP15_W(dcimvac, 0, c7, c6, 1)
CP15_W(dccmvac, 0, c7, c10, 1)
CP15_W(dccsw, 0, c7, c10, 2)
CP15_W(dccmvau, 0, c7, c11, 1)
CP15_W(dccimvac, 0, c7, c14, 1)
CP15_W(dccisw, 0, c7, c14, 2)
CP15_W(tlbiall, 0, c8, c7, 0)
CP15_W(tlbimva, 0, c8, c7, 1)
CP15_W(tlbiasid, 0, c8, c7, 2)
CP15_R(isr, 0, c12, c1, 0)
CP15_RW(vbar, 0, c12, c0, 0)
CP15_RW(contextidr, 0, c13, c0, 1)
CP15_RW(tpidrurw, 0, c13, c0, 2)
CP15_RW(tpidruro, 0, c13, c0, 3)
CP15_RW(pmcr, 0, c9, c12, 0)
CP15_W(pmcntenset, 0, c9, c12, 1)
CP15_W(pmcntenclr, 0, c9, c12, 2)
CP15_RW(pmovsr, 0, c9, c12, 3)
CP15_W(pmswinc, 0, c9, c12, 4)
CP15_W(pmselr, 0, c9, c12, 5)
CP15_RW(pmccntr, 0, c9, c13, 0)
CP15_W(pmxevtyper, 0, c9, c13, 1)
CP15_RW(pmxevcntr, 0, c9, c13, 2)
CP15_RW(pmuserenr, 0, c9, c14, 0)
CP15_W(pmintenset, 0, c9, c14, 1)
CP15_W(pmintenclr, 0, c9, c14, 2)
CP15_R(l2auxcr, 1, c9, c0, 2)

static inline void dsb(void) { asm volatile("dsb" : : : "memory"); }
static inline void isb(void) { asm volatile("isb" : : : "memory"); }
static inline void dmb(void) { asm volatile("dmb" : : : "memory"); }
static inline void wfi(void) { asm volatile("dsb\n\twfi" : : : "memory"); }
static inline void clrex(void) { asm volatile("clrex" : : : "memory"); }

/*
 * TLB maintenance (B3.10.5). Table writes must have been cleaned (dcache_clean_mva: the A8 walker does not look
 * into the L1 data cache) before; each ends with DSB, and ISB so that the next instruction sees it. With the translations go predictions
 * that were made of the code they led to: on the Cortex-A8 a change of mappings demands that (ID_MMFR1.BPred = 2, B4.1.90), whether code was
 * mapped there or not is not worth asking.
 */
static inline void tlbi_done(void) { write_bpiall(0); dsb(); isb(); }
static inline void tlbi_all(void) { dsb(); write_tlbiall(0); tlbi_done(); }
static inline void tlbi_mva(u32 mva_asid) { dsb(); write_tlbimva(mva_asid); tlbi_done(); }
static inline void tlbi_asid(u32 asid) { dsb(); write_tlbiasid(asid); tlbi_done(); }

/*
 * May the operand of a set/way operation be given to the core as it is? Another level than the two of the Cortex-A8
 * (L1, L2) is UNPREDICTABLE (B4.2.1), and there is nothing to maintain.
 */
static inline bool set_way_exists(u32 operand) { return !(operand & 0xc); }

/* Clean one D-cache line to the point of coherency; the caller orders it with dsb(). */
static inline void dcache_clean_mva(u32 a) { write_dccmvac(a); }

static inline u32 read_cpsr(void)
{
	u32 v;

	asm volatile("mrs %0, cpsr" : "=r"(v));
	return v;
}

/* SCTLR bits (B4.1.130). */
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
