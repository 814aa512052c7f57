// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SD cards and eMMC (HSMMC1 to 3): they ask SDMA for transfers, which is stopped first. The reset ends a command half-way. Nothing is
 * filtered.
 */
#include "family.h"

static const struct block blocks[] = {
	PLAIN_BLOCK("HSMMC1", 0x4809c000, CM_IDLEST1_CORE, BIT(24)),
	PLAIN_BLOCK("HSMMC2", 0x480b4000, CM_IDLEST1_CORE, BIT(25)),
	PLAIN_BLOCK("HSMMC3", 0x480ad000, CM_IDLEST1_CORE, BIT(30)),
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN1_CORE, BIT(24) | BIT(25) | BIT(30) },
	{ CM_ICLKEN1_CORE, BIT(24) | BIT(25) | BIT(30) },
};

static const struct family mmc = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(mmc);
