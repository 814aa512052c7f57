// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that are not there but must not abort: reads give 0, writes are ignored, first accesses are logged. */

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
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

static int hidden_fdt_fixup(struct emudev *d, void *fdt)
{
	for (u32 i = 0; i < d->node->nregs; i++) {
		int err = guest_fdt_disable_range(fdt, d->node->reg[i].base, d->node->reg[i].size);

		if (err && err != -ENOENT)	/* the guest's tree may know nothing of it: all the better */
			return err;
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
