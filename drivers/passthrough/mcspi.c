// SPDX-License-Identifier: GPL-2.0-or-later
/* SPI (McSPI1 to 4). Nothing is filtered. */
#include "family.h"

static const struct block blocks[] = {
	PLAIN_BLOCK("McSPI1", 0x48098000, CM_IDLEST1_CORE, BIT(18)),
	PLAIN_BLOCK("McSPI2", 0x4809a000, CM_IDLEST1_CORE, BIT(19)),
	PLAIN_BLOCK("McSPI3", 0x480b8000, CM_IDLEST1_CORE, BIT(20)),
	PLAIN_BLOCK("McSPI4", 0x480ba000, CM_IDLEST1_CORE, BIT(21)),
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN1_CORE, BIT(18) | BIT(19) | BIT(20) | BIT(21) },
	{ CM_ICLKEN1_CORE, BIT(18) | BIT(19) | BIT(20) | BIT(21) },
};

static const struct family mcspi = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(mcspi);
