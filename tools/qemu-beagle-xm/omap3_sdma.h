// SPDX-License-Identifier: GPL-2.0-or-later
/* System DMA controller: what the board needs to wire it. */

#pragma once

#define TYPE_OMAP3_SDMA "omap3-sdma"

/*
 * sysbus mmio 0: the registers (4 KiB); sysbus irq 0..3: lines L0..L3.
 * gpio in n: the hardware request that software selects by writing n into the synchro fields of CCR, so 1..96;
 * 0 means "no request" there and is not connected. A request is a level: high while the device wants service.
 */
#define OMAP3_SDMA_IRQS 4
#define OMAP3_SDMA_REQUESTS 97
