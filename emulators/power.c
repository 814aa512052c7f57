// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The virtual machine's way to end: one register that resets the guest or powers it off, made for the generic drivers that kernels have for such
 * ones (syscon-reboot, syscon-poweroff). Both values are far from what a stray write would be.
 */

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/layout.h>
#include <hv/log.h>

#define CONTROL		0x00u
#define CONTROL_OFF	0x5555u
#define CONTROL_RESET	0x7777u

static enum mmio_result power_access(struct emudev *d, struct mmio_access *a)
{
	if (a->size != 4 || (a->offset & 3))
		return MMIO_ERROR;
	if (!a->is_write || a->offset != CONTROL)
		return MMIO_DONE;
	if (a->value == CONTROL_RESET)
		guest_request(d->guest, GUEST_REQ_RESET, "the guest reset itself");
	else if (a->value == CONTROL_OFF)
		guest_request(d->guest, GUEST_REQ_POWEROFF, "by the guest");
	return MMIO_DONE;
}

static int add_action(void *fdt, const char *name, const char *compatible, int len, u32 value)
{
	int node = fdt_node_add_plain(fdt, name, compatible, len);
	int err = node < 0 ? node : fdt_node_cells(fdt, node, "regmap", 1, FDT_PHANDLE_POWER);

	if (!err)
		err = fdt_node_cells(fdt, node, "offset", 1, CONTROL);
	return err ? err : fdt_node_cells(fdt, node, "value", 1, value);
}

static int power_fdt_node(struct emudev *d, void *fdt)
{
	static const char syscon[] = "syscon", reboot[] = "syscon-reboot", off[] = "syscon-poweroff";
	int node = fdt_node_add(fdt, "system-controller", d->base, syscon, sizeof(syscon));
	int err = node < 0 ? node : fdt_node_device(fdt, node, d);

	if (!err)
		err = fdt_node_cells(fdt, node, "phandle", 1, FDT_PHANDLE_POWER);
	if (!err)
		err = add_action(fdt, "reboot", reboot, sizeof(reboot), CONTROL_RESET);
	return err ? err : add_action(fdt, "poweroff", off, sizeof(off), CONTROL_OFF);
}

static const struct emudev_type power = {
	.compatible = "umbra,power",
	.desc = "reset and power-off of the guest",
	.access = power_access,
	.fdt_node = power_fdt_node,
};
EMUDEV_REGISTER(power);
