// SPDX-License-Identifier: GPL-2.0-or-later
/* MMC/SD/SDIO host controller: what the board needs to wire it. */

#pragma once

#define TYPE_OMAP3_HSMMC "omap3-hsmmc"

/*
 * sysbus mmio 0: the registers (4 KiB); sysbus irq 0: the interrupt. Named gpio outputs OMAP3_DMA_TX and OMAP3_DMA_RX: the two
 * sDMA requests. Child bus OMAP3_HSMMC_BUS takes one sd-card device. String property "block" names it in the log.
 */
#define OMAP3_HSMMC_BUS "sd-bus"
