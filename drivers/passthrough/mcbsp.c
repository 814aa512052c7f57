// SPDX-License-Identifier: GPL-2.0-or-later
/* Serial ports for sound (McBSP1 to 5). Nothing is filtered. */
#include "family.h"

/* No soft reset in SYSCONFIG that software relies on: transmitter, receiver and generators into reset. */
static bool stop_mcbsp(const struct block *b)
{
	return write_reg(b->base + 0x10, 0) && write_reg(b->base + 0x14, 0);
}

#define MCBSP(n, at, st, bit) { .name = "McBSP" #n, .base = at, .idlest = st, .idle_bit = bit, .stop = stop_mcbsp }

static const struct block blocks[] = {
	MCBSP(1, 0x48074000, CM_IDLEST1_CORE, BIT(9)),
	MCBSP(2, 0x49022000, CM_IDLEST_PER, BIT(0)),
	MCBSP(3, 0x49024000, CM_IDLEST_PER, BIT(1)),
	MCBSP(4, 0x49026000, CM_IDLEST_PER, BIT(2)),
	MCBSP(5, 0x48096000, CM_IDLEST1_CORE, BIT(10)),
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN1_CORE, BIT(9) | BIT(10) },
	{ CM_ICLKEN1_CORE, BIT(9) | BIT(10) },
	{ CM_FCLKEN_PER, BIT(0) | BIT(1) | BIT(2) },
	{ CM_ICLKEN_PER, BIT(0) | BIT(1) | BIT(2) },
};

static const struct family mcbsp = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(mcbsp);
