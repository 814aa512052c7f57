/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device that the layout withholds from its window. It reads as zero and ignores writes: kernels with built-in
 * tables of the chip's modules (OMAP hwmod) touch absent devices too and must not die of it.
 */
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/layout.h>
#include <hv/log.h>

static enum mmio_result withheld_access(struct emudev *d, struct mmio_access *a)
{
	(void)a;	/* a read's value starts as 0 */
	pr_guest(4, "guest %s: touches withheld device %s\n", d->guest->name, d->name);
	return MMIO_DONE;
}

static int withheld_fdt_fixup(struct emudev *d, void *fdt)
{
	int err = guest_fdt_disable_range(fdt, d->base, d->size);

	return err == -ENOENT ? 0 : err;	/* the guest's tree may know nothing of it: all the better */
}

static const struct emudev_type withheld_type = {
	.compatible = LAYOUT_WITHHELD,
	.desc = "device that the guest does not get",
	.access = withheld_access,
	.fdt_fixup = withheld_fdt_fixup,
};
EMUDEV_REGISTER(withheld_type);
