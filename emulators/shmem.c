// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A region of memory that several guests share, and a doorbell. The region is plain memory in the map of each guest, which needs no exit;
 * nobody's caches are in the way, because it is mapped as Device memory, and no instruction is fetched from it. Where it is the guest reads in a register or
 * in its device tree: as far from the guest's own memory as it is from that in the host's, so that one offset serves both.
 *
 * Registers, words:	0x00 ID "shme"		0x04 version 1
 *			0x08 number of this member	0x0c members, a bit each
 *			0x10 address of the region	0x14 its bytes
 *			0x18 RING: sets this member's bit in STATUS of each member whose bit is written
 *			0x1c STATUS: who rang; bits that are written as 1 go	0x20 ENABLE: which of them interrupt
 */
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/guest_files.h>
#include <hv/layout.h>

#define ID		0x656d6873u
#define VERSION		1u
#define MEMBERS		32u

#define R_ID		0x00u
#define R_VERSION	0x04u
#define R_MEMBER	0x08u
#define R_MEMBERS	0x0cu
#define R_BASE		0x10u
#define R_SIZE		0x14u
#define R_RING		0x18u
#define R_STATUS	0x1cu
#define R_ENABLE	0x20u

struct shmem {
	struct emudev *dev;
	const struct layout_dev *node;
	gpa_t base;
	u32 nr, status, enable;
	bool line;
	bool alone;			/* and that was said */
	struct shmem *next;		/* of all regions */
};

static struct shmem *members;

static void update_line(struct shmem *s)
{
	bool level = s->status & s->enable;

	if (level == s->line || s->dev->irq == ~0u)
		return;
	s->line = level;
	emudev_set_irq(s->dev, s->dev->irq, level);
}

/* The members of @s's region, a bit each. */
static u32 all_members(const struct shmem *s)
{
	u32 all = 0;

	for (const struct shmem *m = members; m; m = m->next)
		if (m->node->region == s->node->region)
			all |= BIT(m->nr);
	return all;
}

/* A guest that does not run does not hear it. */
static void ring(const struct shmem *from, u32 whom)
{
	for (struct shmem *m = members; m; m = m->next) {
		if (m->node->region != from->node->region || !(whom & BIT(m->nr)) || !guest_is_alive(m->dev->guest))
			continue;
		m->status |= BIT(from->nr);
		update_line(m);
	}
}

static u32 shmem_read(const struct shmem *s, u32 offset)
{
	switch (offset) {
	case R_ID:
		return ID;
	case R_VERSION:
		return VERSION;
	case R_MEMBER:
		return s->nr;
	case R_MEMBERS:
		return all_members(s);
	case R_BASE:
		return s->base;
	case R_SIZE:
		return s->node->region_size;
	case R_STATUS:
		return s->status;
	case R_ENABLE:
		return s->enable;
	default:
		return 0;
	}
}

static void shmem_write(struct shmem *s, u32 offset, u32 v)
{
	switch (offset) {
	case R_RING:
		ring(s, v);
		break;
	case R_STATUS:
		s->status &= ~v;
		break;
	case R_ENABLE:
		s->enable = v;
		break;
	default:
		break;
	}
	update_line(s);
}

static enum mmio_result shmem_access(struct emudev *d, struct mmio_access *a)
{
	if (a->size != 4 || (a->offset & 3))
		return MMIO_ERROR;
	if (a->is_write)
		shmem_write(d->priv, a->offset, a->value);
	else
		a->value = shmem_read(d->priv, a->offset);
	return MMIO_DONE;
}

/* The doorbell is this guest's; what is in the region is everybody's and stays. */
static void shmem_reset(struct emudev *d)
{
	struct shmem *s = d->priv;

	s->status = s->enable = 0;
	s->line = true;		/* whatever it was: it is driven low */
	update_line(s);
	if (all_members(s) == BIT(s->nr) && !s->alone)
		layout_remark(&s->node->at, "region", "has no second member: nobody answers");
	s->alone = all_members(s) == BIT(s->nr);
}

static void shmem_remove(struct emudev *d)
{
	struct shmem **link = &members;

	while (*link && *link != d->priv)
		link = &(*link)->next;
	if (*link)
		*link = (*link)->next;
}

static int shmem_create(struct emudev *d, const struct layout_dev *node)
{
	struct shmem *s = d->priv;
	hpa_t at = guest_region(node);
	struct region r = { .size = node->region_size, .type = REGION_SHARED, .name = d->name };
	int err;

	if (!at)
		return -ENOSPC;		/* it was said why */
	s->dev = d;
	s->node = node;
	while (s->nr < MEMBERS && all_members(s) & BIT(s->nr))
		s->nr++;
	if (s->nr == MEMBERS)
		return layout_mistake(&node->at, "region", "has %u members already", MEMBERS);
	r.base = s->base = guest_map_gpa(&d->guest->map, at);
	err = layout_map_region(&d->guest->map, &r, &node->at, "region");
	if (err)
		return err;
	s->next = members;
	members = s;
	return 0;
}

static int shmem_fdt_node(struct emudev *d, void *fdt)
{
	static const char compatible[] = "umbra,shmem";
	const struct shmem *s = d->priv;
	int node = fdt_node_add(fdt, "shmem", d->base, compatible, sizeof(compatible));
	int err = node < 0 ? node : fdt_node_device(fdt, node, d);

	return err ? err : fdt_node_range(fdt, node, s->base, s->node->region_size);
}

static const struct emudev_type shmem = {
	.compatible = "umbra,shmem",
	.desc = "shared memory with a doorbell",
	.state_size = sizeof(struct shmem),
	.lines = 1,
	.wants_region = true,
	.create = shmem_create,
	.reset = shmem_reset,
	.remove = shmem_remove,
	.access = shmem_access,
	.fdt_node = shmem_fdt_node,
	.fdt_alone = true,
};
EMUDEV_REGISTER(shmem);
