// SPDX-License-Identifier: GPL-2.0-or-later
/* Type names of the machine's blocks and what they share. */

#pragma once

#include "qom/object.h"
#include "hw/qdev-core.h"

#define OMAP3_32K_HZ 32768

#define TYPE_OMAP3_AES "omap3-aes"
#define TYPE_OMAP3_GPIO "omap3-gpio"
#define TYPE_OMAP3_GPMC "omap3-gpmc"
#define TYPE_OMAP3_GPTIMER "omap3-gptimer"
#define TYPE_OMAP3_HDQ "omap3-hdq"
#define TYPE_OMAP3_I2C "omap3-i2c"
#define TYPE_OMAP3_INTC "omap3-intc"
#define TYPE_OMAP3_MUSB "omap3-musb"
#define TYPE_OMAP3_PRCM "omap3-prcm"
#define TYPE_OMAP3_SCM "omap3-scm"
#define TYPE_OMAP3_SDRC "omap3-sdrc"
#define TYPE_OMAP3_SHAM "omap3-sham"
#define TYPE_OMAP3_STUB "omap3-stub"
#define TYPE_OMAP3_SYNC32K "omap3-sync32k"
#define TYPE_OMAP3_UART "omap3-uart"
#define TYPE_OMAP3_USBHOST "omap3-usbhost"
#define TYPE_OMAP3_WDT "omap3-wdt"
#define TYPE_TWL4030 "twl4030"

/* Named gpio outputs: sDMA requests, as levels, for what goes to the block and for what comes from it. */
#define OMAP3_DMA_TX "dma-tx"
#define OMAP3_DMA_RX "dma-rx"

/* The name that the board gave the block ("uart3"): it is what the log shows. */
static inline const char *omap3_block_name(DeviceState *dev)
{
	const char *name = object_get_canonical_path_component(OBJECT(dev));

	return name ? name : object_get_typename(OBJECT(dev));
}
