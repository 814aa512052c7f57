// SPDX-License-Identifier: GPL-2.0-or-later
/* OMAP3 L3 interconnect: the guest sees it, and may clear the errors that it reports, but sets up nothing. */

/*
 * Its firewalls decide who may access memory and on-chip RAM, its agents can cut off or reset what is behind them. Both would take them from
 * Umbra, too. Reads pass. Of writes those pass that clear what an error left in an agent: the guest has the interrupts of such errors,
 * which are levels. All others are ignored, as on a device whose firewalls are locked.
 */

#include <arch/cpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/log.h>

#define L3_BASE		0x68000000u
#define L3_SIZE		0x01000000u
#define AGENTS_SIZE	0x00010000u	/* agents of initiators and targets, one in each KiB; then the firewalls */
#define AGENT_SIZE	0x400u

/* Registers of an agent that the guest may write: all are cleared by ones. */
static const struct {
	u16 offset, size;
	const char *reason;
} passed[] = {
	{ 0x28, 8, "AGENT_STATUS: in-band errors and time-outs" },
	{ 0x58, 8, "ERROR_LOG: the last error" },
};

static bool may_write(const struct mmio_access *a)
{
	u32 at = (u32)a->addr % AGENT_SIZE;

	if (a->addr - L3_BASE >= AGENTS_SIZE)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(passed); i++)
		if (at >= passed[i].offset && at - passed[i].offset < passed[i].size)
			return true;
	return false;
}

static enum mmio_result l3_access(struct emudev *d, struct mmio_access *a)
{
	static u32 run, said;

	if (!a->is_write)
		return arch_mmio_read_checked(passed_hpa(a->addr), a->size, &a->value) ? MMIO_DONE : MMIO_ERROR;
	if (may_write(a))
		return arch_mmio_write_checked(passed_hpa(a->addr), a->size, a->value) ? MMIO_DONE : MMIO_ERROR;
	if (hv_log_allowed(&run, &said, 8))	/* Linux opens the firewall of the on-chip RAM at each boot: nothing to warn of */
		pr_debug("guest %s: %s: write to 0x%08lx ignored: the interconnect stays as it is\n", d->guest->name, d->name,
			 (unsigned long)a->addr);
	return MMIO_DONE;
}

static const struct emudev_place places[] = { { L3_BASE, L3_SIZE } };

static const struct emudev_type omap3_l3 = {
	.compatible = "umbra,omap3-l3",
	.desc = "OMAP3 L3 interconnect, held",
	.passes_irqs = true,
	.places = places,
	.nplaces = ARRAY_SIZE(places),
	.access = l3_access,
};
EMUDEV_REGISTER(omap3_l3);
