// SPDX-License-Identifier: GPL-2.0-or-later
/* Display subsystem: DISPC fetches frames from memory by itself. Nothing is filtered. */
#include "family.h"

/* Both outputs off. It fetches the frame under way to its end; the reset that follows cuts that short. */
static bool stop_dispc(const struct block *b)
{
	return update_reg(b->base + 0x40, 3, 0);
}

static const struct block blocks[] = {
	{ .name = "DISPC", .base = 0x48050400, .idlest = CM_IDLEST_DSS, .idle_bit = BIT(1), .stop = stop_dispc },
	PLAIN_BLOCK("DSS", 0x48050000, CM_IDLEST_DSS, BIT(1)),
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN(DOMAIN_DSS), 7 },	/* DSS1, DSS2, TV: its reset needs all of them */
	{ CM_ICLKEN(DOMAIN_DSS), 1 },
};

static const struct family dss = { .master = true, .domain = DOMAIN_DSS, FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(dss);
