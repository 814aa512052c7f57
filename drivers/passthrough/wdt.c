// SPDX-License-Identifier: GPL-2.0-or-later
/* WDT3, the watchdog of IVA2. WDT2 resets the board: it is emulated (emulators/omap3_wdt.c) and the host's (drivers/quiesce_omap.c). */
#include "family.h"

static const struct block blocks[] = {
	{ .name = "WDT3", .base = 0x49030000, .idlest = CM_IDLEST_PER, .idle_bit = BIT(12), .stop = stop_watchdog },
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN_PER, BIT(12) },
	{ CM_ICLKEN_PER, BIT(12) },
};

static const struct family wdt = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(wdt);
