// SPDX-License-Identifier: GPL-2.0-or-later
/* Random numbers, hashes and ciphers (RNG, SHA, AES1, AES2). The random number generator has nothing to stop. Nothing is filtered. */
#include "family.h"

static const struct block blocks[] = {
	{ .name = "SHA", .base = 0x480c3000, .sysconfig = 0x60, .sysstatus = 0x64, .done = 1,
	  .idlest = CM_IDLEST1_CORE, .idle_bit = BIT(27) },
	{ .name = "AES1", .base = 0x480a6000, .sysconfig = 0x48, .sysstatus = 0x4c, .done = 1 },
	{ .name = "AES2", .base = 0x480c5000, .sysconfig = 0x48, .sysstatus = 0x4c, .done = 1,
	  .idlest = CM_IDLEST1_CORE, .idle_bit = BIT(28) },
};

static const struct clock_bits clocks[] = {
	{ CM_ICLKEN1_CORE, BIT(27) | BIT(28) },	/* SHA, AES2 */
	{ CM_ICLKEN2_CORE, BIT(3) },		/* AES1 */
};

static const struct family crypto = { FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks) };
FAMILY_REGISTER(crypto);
