// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System DMA: 32 channels that read and write any memory. Nothing of it is filtered: no IOMMU stands behind it, so who has it is trusted
 * with all of RAM, Umbra's too (docs/caveats.md).
 */
#include "family.h"

#define SDMA_CHANNELS	32u
#define SDMA_CHANNEL(n)	(0x80 + 0x60 * (n))
#define SDMA_CICR	0x08
#define SDMA_CSR	0x0c
#define SDMA_CCR_ENABLE	BIT(7)
#define SDMA_CCR_ACTIVE	(3u << 9)

/* A disabled channel finishes the burst that it is in; until then it still writes to memory. */
static bool stop_sdma(const struct block *b)
{
	bool ok = true;

	for (u32 n = 0; n < SDMA_CHANNELS; n++) {
		hpa_t ch = b->base + SDMA_CHANNEL(n);

		ok &= write_reg(ch + SDMA_CICR, 0);
		ok &= update_reg(ch, SDMA_CCR_ENABLE, 0);
	}
	for (u32 n = 0; ok && n < SDMA_CHANNELS; n++) {
		ok &= wait_for(b->base + SDMA_CHANNEL(n), 4, SDMA_CCR_ENABLE | SDMA_CCR_ACTIVE, 0);
		ok &= write_reg(b->base + SDMA_CHANNEL(n) + SDMA_CSR, ~0u);
	}
	for (u32 line = 0; line < 4; line++) {
		ok &= write_reg(b->base + 0x18 + 4 * line, 0);		/* IRQENABLE_L */
		ok &= write_reg(b->base + 0x08 + 4 * line, ~0u);	/* IRQSTATUS_L */
	}
	return ok;
}

static const struct block blocks[] = {
	{ .name = "SDMA", .base = 0x48056000, .sysconfig = 0x2c, .sysstatus = 0x28, .done = 1, .stop = stop_sdma },
};

static const struct family sdma = { .master = true, FAMILY_BLOCKS(blocks) };
FAMILY_REGISTER(sdma);
