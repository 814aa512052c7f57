// SPDX-License-Identifier: GPL-2.0-or-later
/* MMC/SD/SDIO host controller: what the board needs to wire it. */

#pragma once

#define TYPE_OMAP3_HSMMC "omap3-hsmmc"

/*
 * sysbus mmio 0: the registers (4 KiB); sysbus irq 0: the interrupt. Named gpio outputs: the two sDMA requests, as
 * levels. Child bus OMAP3_HSMMC_BUS takes one sd-card device. String property "block" names it in the log.
 */
#define OMAP3_HSMMC_DMA_TX "dma-tx"
#define OMAP3_HSMMC_DMA_RX "dma-rx"
#define OMAP3_HSMMC_BUS "sd-bus"
