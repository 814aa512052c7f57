// SPDX-License-Identifier: GPL-2.0-or-later
/* USB OTG (MUSB): a bus master with a DMA engine of its own, which its reset stops. Nothing is filtered. */
#include "family.h"

static const struct block blocks[] = {
	{ .name = "MUSB", .base = 0x480ab000, .sysconfig = 0x404, .sysstatus = 0x408, .done = 1,
	  .idlest = CM_IDLEST1_CORE, .idle_bit = BIT(5) },
};

static const struct clock_bits clocks[] = {
	{ CM_ICLKEN1_CORE, BIT(4) },
};

static const struct family usb_otg = { .master = true, FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(usb_otg);
