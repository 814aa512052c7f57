// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that are not there but must not abort: reads give 0, writes are ignored, first accesses are logged. */

#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/log.h>

#define LOGGED	4u	/* accesses of each device that are worth a message */

struct null {
	u32 left;
};

static enum mmio_result null_access(struct emudev *d, struct mmio_access *a)
{
	struct null *s = d->priv;

	if (s->left) {
		s->left--;
		pr_warn("%s: %s of 0x%08lx: nothing there, reads as 0\n", d->name, a->is_write ? "write" : "read",
			(unsigned long)a->addr);
	}
	a->value = 0;
	return MMIO_DONE;
}

static void null_reset(struct emudev *d)
{
	struct null *s = d->priv;

	s->left = LOGGED;
}

static int null_create(struct emudev *d, const struct layout_dev *node)
{
	(void)node;
	null_reset(d);
	return 0;
}

/* "timer@48088000" has the unit address "48088000". */
static bool node_is_at(const void *fdt, int node, gpa_t base)
{
	const char *name = fdt_get_name(fdt, node, NULL);
	const char *unit = name ? strchr(name, '@') : NULL;
	char want[9];

	snprintf(want, sizeof(want), "%lx", (unsigned long)base);
	return unit && !strcmp(unit + 1, want);
}

/*
 * Tell the guest's kernel that the hardware is not for it. Linux resets even disabled blocks of its own built-in
 * tables at boot, unless the node forbids it, and would wait for each of them in vain.
 */
static int disable_node(void *fdt, int node)
{
	static const char *const leave_alone[] = { "ti,no-reset-on-init", "ti,no-idle-on-init" };
	int ret = fdt_setprop_string(fdt, node, "status", "disabled");

	for (u32 i = 0; !ret && i < ARRAY_SIZE(leave_alone); i++)
		ret = fdt_setprop(fdt, node, leave_alone[i], NULL, 0);
	return ret;
}

static int hidden_fdt_fixup(struct emudev *d, void *fdt)
{
	int node = fdt_next_node(fdt, -1, NULL);

	while (node >= 0) {
		if (node_is_at(fdt, node, d->base)) {
			int ret = disable_node(fdt, node);

			if (ret) {
				pr_err("guest %s: device tree: cannot disable the node at 0x%lx: %s\n", d->guest->name,
				       (unsigned long)d->base, fdt_strerror(ret));
				return -ENOSPC;
			}
		}
		node = fdt_next_node(fdt, node, NULL);
	}
	return 0;
}

/* Hardware that exists but is kept from the guest: its nodes in the guest's device tree are disabled. */
static const struct emudev_type hidden = {
	.compatible = "umbra,hidden",
	.desc = "hardware that Umbra keeps",
	.state_size = sizeof(struct null),
	.create = null_create,
	.reset = null_reset,
	.access = null_access,
	.fdt_fixup = hidden_fdt_fixup,
};
EMUDEV_REGISTER(hidden);

/* A hole that the guest expects to answer; its device tree stays as it is. */
static const struct emudev_type raz = {
	.compatible = "umbra,raz",
	.desc = "reads as zero, ignores writes",
	.state_size = sizeof(struct null),
	.create = null_create,
	.reset = null_reset,
	.access = null_access,
};
EMUDEV_REGISTER(raz);
