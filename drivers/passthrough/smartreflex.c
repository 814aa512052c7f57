// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SmartReflex: sensors that ask for another voltage by themselves, so they stop before clocks and voltage stay as they are. The
 * automatic transitions that they could cause at WFI are filtered out of the guest's PRCM (emulators/omap3_prcm.c).
 */
#include "family.h"

static bool stop_smartreflex(const struct block *b)
{
	return update_reg(b->base, BIT(11), 0);
}

static const struct block blocks[] = {
	{ .name = "SmartReflex 1", .base = 0x480c9000, .stop = stop_smartreflex },
	{ .name = "SmartReflex 2", .base = 0x480cb000, .stop = stop_smartreflex },
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN_WKUP, BIT(6) | BIT(7) },
};

static const struct family smartreflex = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(smartreflex);
