// SPDX-License-Identifier: GPL-2.0-or-later
/* Camera interface (ISP): writes pictures to memory through an MMU of its own, until its reset. Nothing is filtered. */
#include "family.h"

static const struct block blocks[] = {
	{ .name = "ISP", .base = 0x480bc000, .sysconfig = 0x04, .sysstatus = 0x08, .done = 1 },
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN(DOMAIN_CAM), 1 },
	{ CM_ICLKEN(DOMAIN_CAM), 1 },
};

static const struct family isp = { .master = true, .domain = DOMAIN_CAM, FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(isp);
