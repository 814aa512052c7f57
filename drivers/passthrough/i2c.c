// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * I2C1 to 3. I2C1 leads to the power chip and is filtered (emulators/omap3_i2c.c): a power-off there would switch the board off under
 * Umbra. Its node for layouts is beside those of the other emulators (configs/layouts/beagle-xm.dtsi); the real block is reset here.
 */
#include "family.h"

/* The block reports the end of its reset only while it is enabled; reset and enable are two writes. */
static bool reset_i2c(const struct block *b)
{
	bool ok = arch_mmio_write_checked(b->base + 0x24, 2, 0);	/* CON: disabled */

	ok = ok && arch_mmio_write_checked(b->base + 0x20, 2, SOFTRESET);
	ok = ok && arch_mmio_write_checked(b->base + 0x24, 2, BIT(15));
	ok = ok && wait_for(b->base + 0x10, 2, 1, 1);
	return arch_mmio_write_checked(b->base + 0x24, 2, 0) && ok;
}

#define I2C(n, at, bit, filter) { .name = "I2C" #n, .base = at, .idlest = CM_IDLEST1_CORE, .idle_bit = bit, \
				  .stop = reset_i2c, .filtered = filter }

static const struct block blocks[] = {
	I2C(1, 0x48070000, BIT(15), true),
	I2C(2, 0x48072000, BIT(16), false),
	I2C(3, 0x48060000, BIT(17), false),
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN1_CORE, BIT(15) | BIT(16) | BIT(17) },
	{ CM_ICLKEN1_CORE, BIT(15) | BIT(16) | BIT(17) },
};

static const struct family i2c = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(i2c);
