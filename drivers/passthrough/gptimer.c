// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * General-purpose timers 1 to 10 and 12. GPTIMER11 is Umbra's own and never the guest's (drivers/owned_omap.c); the clock and power
 * bits that it needs are filtered out of the guest's PRCM (emulators/omap3_prcm.c). The others are not filtered.
 */
#include "family.h"

#define TIMER(n, at, st, bit)	PLAIN_BLOCK("GPTIMER" #n, at, st, bit)

static const struct block blocks[] = {
	TIMER(1, 0x48318000, CM_IDLEST_WKUP, BIT(0)),
	TIMER(2, 0x49032000, CM_IDLEST_PER, BIT(3)),
	TIMER(3, 0x49034000, CM_IDLEST_PER, BIT(4)),
	TIMER(4, 0x49036000, CM_IDLEST_PER, BIT(5)),
	TIMER(5, 0x49038000, CM_IDLEST_PER, BIT(6)),
	TIMER(6, 0x4903a000, CM_IDLEST_PER, BIT(7)),
	TIMER(7, 0x4903c000, CM_IDLEST_PER, BIT(8)),
	TIMER(8, 0x4903e000, CM_IDLEST_PER, BIT(9)),
	TIMER(9, 0x49040000, CM_IDLEST_PER, BIT(10)),
	TIMER(10, 0x48086000, CM_IDLEST1_CORE, BIT(11)),
	TIMER(12, 0x48304000, CM_IDLEST_WKUP, BIT(1)),
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN_WKUP, BIT(0) },
	{ CM_ICLKEN_WKUP, BIT(0) | BIT(1) },
	{ CM_FCLKEN1_CORE, BIT(11) },
	{ CM_ICLKEN1_CORE, BIT(11) },
	{ CM_FCLKEN_PER, 0x7f8 },
	{ CM_ICLKEN_PER, 0x7f8 },
};

static const struct family gptimer = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(gptimer);
