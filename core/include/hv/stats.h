/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exit causes and per-guest counters: every exit has exactly one cause and is counted. */
#pragma once

#include <hv/types.h>

/* X(name, text): one row per cause; the order is the order of the report. */
#define EXIT_CAUSES(X)							\
	X(IRQ,		"physical interrupt")				\
	X(SVC,		"guest system call injected")			\
	X(UNDEF,	"undefined instruction injected")		\
	X(PABT,		"prefetch abort injected")			\
	X(DABT,		"data abort injected")				\
	X(SITE_CPS,	"CPS")						\
	X(SITE_MRS,	"MRS CPSR/SPSR")				\
	X(SITE_MSR,	"MSR CPSR/SPSR")				\
	X(SITE_RET,	"exception return")				\
	X(SITE_BANK,	"LDM/STM user bank, SRS")			\
	X(SITE_USER_LS,	"LDRT/STRT family")				\
	X(SITE_WFI,	"WFI")						\
	X(SITE_SVC,	"SVC in guest kernel")				\
	X(CP15_THREAD,	"CP15 thread ids")				\
	X(CP15_DACR,	"CP15 DACR")					\
	X(CP15_CTX,	"CP15 TTBR/CONTEXTIDR/TTBCR")			\
	X(CP15_TLB,	"CP15 TLB maintenance")				\
	X(CP15_CACHE,	"CP15 cache maintenance")			\
	X(CP15_SCTLR,	"CP15 SCTLR/ACTLR/CPACR")			\
	X(CP15_FAULT,	"CP15 fault status/address")			\
	X(CP15_OTHER,	"CP15 other")					\
	X(CP14,		"CP14")						\
	X(VFP_SYS,	"VFP system registers")				\
	X(SMC,		"SMC/HVC")					\
	X(SHADOW_FILL,	"shadow fill (hidden fault)")			\
	X(SCAN,		"code page scanned")				\
	X(CODE_WRITE,	"write to scanned code page")			\
	X(TABLE,	"store into a followed guest table")		\
	X(DOMAIN,	"mixed slot or stale domain switch")		\
	X(WINDOW,	"window conflict")				\
	X(MMIO,		"emulated device access")			\
	X(INTERP,	"instructions interpreted")			\
	X(UNREWRITTEN,	"UNPREDICTABLE word trapped unrewritten")	\
	X(OTHER,	"other")

enum exit_cause {
#define X(name, text) EXIT_##name,
	EXIT_CAUSES(X)
#undef X
	EXIT_NR
};

/*
 * Exits that were handled in C in Umbra's own address space: how many, and the instructions that took there those of which they were
 * counted (arm/pmu.h).
 */
struct slow_cost {
	u64 exits, counted, instructions;
};

extern const char *const exit_cause_name[EXIT_NR];
extern const char *const exit_cause_text[EXIT_NR];

/* One guest's exits over time. */
struct stats_rate {
	u64 last[EXIT_NR];	/* counters at the last tick */
	u32 rate[EXIT_NR];	/* exits between the last two ticks */
};

/* Sample the counters once a second from now on. */
void stats_init(void);
/* Exits by @cause during the last full second; total over all causes with EXIT_NR. */
u32 stats_per_second(const struct stats_rate *r, enum exit_cause cause);
