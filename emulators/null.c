// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices that are not there but must not abort: reads give 0, writes are ignored, first accesses are logged. */

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/layout.h>
#include <hv/log.h>

#define LOGGED	8u	/* accesses of each device that are worth a message */

/*
 * Reset status registers (SYSSTATUS) of OMAP3 blocks: they say "done". Linux asks even for blocks that its device
 * tree disables, up to 10000 times, and each time would be an exit.
 */
static const gpa_t reset_status[] = {
	0x48050014, 0x48050414, 0x48050814, 0x4804fc14,			/* DSS, DISPC, RFBI, DSI */
	0x48056028, 0x48058014,						/* SDMA, SSI */
	0x48060010, 0x48070010, 0x48072010,				/* I2C3, I2C1, I2C2 */
	0x48062014, 0x48064014, 0x480ab408,				/* USB TLL, UHH, MUSB */
	0x4806a058, 0x4806c058, 0x49020058, 0x49042058,			/* UART1-4 */
	0x48086014, 0x48088014, 0x48304014, 0x48318014,			/* GPTIMER10, 11, 12, 1 */
	0x49032014, 0x49034014, 0x49036014, 0x49038014,			/* GPTIMER2-5 */
	0x4903a014, 0x4903c014, 0x4903e014, 0x49040014,			/* GPTIMER6-9 */
	0x48094014, 0x480b2018,						/* mailbox, HDQ */
	0x48098014, 0x4809a014, 0x480b8014, 0x480ba014,			/* McSPI1-4 */
	0x4809c014, 0x480b4014, 0x480ad014,				/* HSMMC1-3 */
	0x480a0044, 0x480a604c, 0x480c3064, 0x480c504c,			/* RNG, AES1, SHA, AES2 */
	0x480bc008, 0x480bd414, 0x5d000014,				/* ISP, its MMU, IVA2 MMU */
	0x48310014, 0x49050014, 0x49052014, 0x49054014, 0x49056014, 0x49058014,	/* GPIO1-6 */
	0x48314014, 0x49030014, 0x6e000014,				/* WDT2, WDT3, GPMC */
};

struct null {
	u32 left;
};

static bool is_reset_status(gpa_t addr)
{
	for (u32 i = 0; i < ARRAY_SIZE(reset_status); i++)
		if (reset_status[i] == addr)
			return true;
	return false;
}

static enum mmio_result null_access(struct emudev *d, struct mmio_access *a)
{
	struct null *s = d->priv;

	if (!a->is_write) {
		a->value = is_reset_status(a->addr);
		if (a->value)
			return MMIO_DONE;
	}
	if (s->left) {
		s->left--;
		pr_debug("%s: %s of 0x%08lx: nothing there\n", d->name, a->is_write ? "write" : "read",
			 (unsigned long)a->addr);
	}
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
	.many_ranges = true,
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
	.many_ranges = true,
	.create = null_create,
	.reset = null_reset,
	.access = null_access,
};
EMUDEV_REGISTER(raz);
