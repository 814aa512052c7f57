/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a shadow strategy: how shadow page tables follow the guest's own. Several are built in, each guest has one. */
#pragma once

#include <arm/shadow.h>

struct shadow;

/*
 * What strategies differ in. All else is common: filling (mmu/shadow_fill.c), exact drops (mmu/shadow_drop.c), roots, nodes, views, domains,
 * sections, code pages. Context as for shadow_fault().
 */
struct shadow_ops {
	const char *name;
	/* The guest's TLB maintenance: @pages pages from @arg on for TLBI_MVA, which do not wrap around. */
	void (*tlbi)(struct shadow *s, enum shadow_tlbi op, u32 arg, u32 pages);
};

#define SHADOW_REGISTER(p)						\
	static const struct shadow_ops *const __shadow_##p		\
	__section(".umbra.shadow") = &(p)

/* The strategy called @name, or the configured default for NULL; NULL if it is not built in. */
const struct shadow_ops *shadow_strategy_find(const char *name);

/* What to say then, as STRATEGY_MISSING and its arguments. */
struct strategy_missing {
	char name[16], symbol[16];	/* the name as it can be shown, and as the end of a symbol */
	char built[32];			/* "flush, sync" */
};
#define STRATEGY_MISSING		"strategy \"%s\" is not built in (built: %s; SHADOW_%s in menuconfig, if it exists)"
#define STRATEGY_MISSING_ARGS(m)	(m).name, (m).built, (m).symbol
void shadow_strategy_missing(struct strategy_missing *m, const char *name);
