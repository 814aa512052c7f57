// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * USB host (UHH with EHCI and OHCI, TLL): bus masters that follow lists in the guest's memory for as long as they run. Nothing is
 * filtered.
 */
#include "family.h"

/* EHCI at 0x800 behind the UHH, its operational registers 0x10 further: stop, wait for "halted". */
static bool stop_uhh(const struct block *b)
{
	hpa_t ehci = b->base + 0x810, ohci = b->base + 0x400;
	u32 command;

	if (!read_reg(ehci, &command))
		return false;
	if (command & 1) {
		(void)write_reg(ehci, command & ~1u);
		if (!wait_for(ehci + 4, 4, BIT(12), BIT(12)))
			return false;
	}
	/* OHCI: interrupts off, functional state UsbReset. */
	return write_reg(ohci + 0x14, ~0u) && write_reg(ohci + 0x04, 0);
}

static const struct block blocks[] = {
	{ .name = "USB host", .base = 0x48064000, .sysconfig = 0x10, .sysstatus = 0x14, .done = 1,
	  .idlest = CM_IDLEST_USBH, .idle_bit = BIT(1), .stop = stop_uhh },
	PLAIN_BLOCK("USB TLL", 0x48062000, CM_IDLEST3_CORE, BIT(2)),
};

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN3_CORE, BIT(2) },
	{ CM_ICLKEN3_CORE, BIT(2) },
	{ CM_FCLKEN(DOMAIN_USBHOST), 3 },
	{ CM_ICLKEN(DOMAIN_USBHOST), 1 },
};

static const struct family usb_host = {
	.master = true, .domain = DOMAIN_USBHOST, FAMILY_BLOCKS(blocks), FAMILY_CLOCKS(clocks),
};
FAMILY_REGISTER(usb_host);
