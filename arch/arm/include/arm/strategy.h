/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a shadow strategy: how shadow page tables follow the guest's own. Several are built in, each guest has one. */
#pragma once

#include <arm/shadow.h>

struct node;
struct root;
struct shadow;

/*
 * What strategies differ in. All else is common: filling (mmu/shadow_fill.c), exact drops (mmu/shadow_drop.c), comparing with the guest's
 * tables (mmu/shadow_check.c), pages of tables whose stores are seen (mmu/shadow_table.c), roots, nodes, views, domains, sections, code
 * pages. TLB maintenance, too: it passes over the tables that a strategy keeps in step. Context as for shadow_fault(). NULL: nothing to do.
 */
struct shadow_ops {
	const char *name;
	/* A node came to shadow a second-level guest table, with no entry yet; it is about to end. */
	void (*table_born)(struct shadow *s, struct node *n);
	void (*table_dead)(struct shadow *s, struct node *n);
	/*
	 * All entries of the node have just been compared with the guest's table, for an operation that named everything or the node's ASID, or for
	 * @r, which is being selected after one. Not called for a table that is in step, which needs no comparing.
	 */
	void (*table_compared)(struct shadow *s, struct node *n, const struct root *r);
	/*
	 * The guest stores into a page of FRAME_TABLE. True: emulate the store, which is only an answer if @emulate; table_written() follows. False:
	 * the page is not FRAME_TABLE any more.
	 */
	bool (*table_stored)(struct shadow *s, gpa_t page, bool emulate);
	/* Umbra stored @len bytes at @at for the guest, within a page of FRAME_TABLE. */
	void (*table_written)(struct shadow *s, gpa_t at, u32 len);
	/* What is wrong with the node of a second-level table, or NULL. */
	const char *(*audit)(struct shadow *s, const struct node *n);
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
