// SPDX-License-Identifier: GPL-2.0-or-later
/* UART1, 2 and 4. UART3 is the console: emulated (emulators/omap3_uart.c), or Umbra lets go of it. Nothing of the others is filtered. */
#include "family.h"

#define UART(n, at, st, bit) { .name = "UART" #n, .base = at, .sysconfig = 0x54, .sysstatus = 0x58, .done = 1, \
			       .idlest = st, .idle_bit = bit }

static const struct block blocks[] = {
	UART(1, 0x4806a000, CM_IDLEST1_CORE, BIT(13)),
	UART(2, 0x4806c000, CM_IDLEST1_CORE, BIT(14)),
	UART(4, 0x49042000, CM_IDLEST_PER, BIT(18)),
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN1_CORE, BIT(13) | BIT(14) },
	{ CM_ICLKEN1_CORE, BIT(13) | BIT(14) },
	{ CM_FCLKEN_PER, BIT(18) },
	{ CM_ICLKEN_PER, BIT(18) },
};

static const struct family uart = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(uart);
