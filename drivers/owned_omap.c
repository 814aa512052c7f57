/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of OMAP3 that Umbra drives itself and that no layout may pass through. */
#include <hv/passthrough.h>

const struct host_range host_owned[] = {
	{ "the interrupt controller", 0x48200000, 0x1000, false },
	{ "GPTIMER11", 0x48088000, 0x1000, false },
	{ "UART3", 0x49020000, 0x1000, true },
};
const u32 host_owned_nr = ARRAY_SIZE(host_owned);
