/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registry of emulated device types and their interrupt lines. */
#include <string.h>

#include <hv/alloc.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <hv/passthrough.h>

/* The linker script collects the EMUDEV_REGISTER() pointers between these. */
extern const struct emudev_type *const __emudev_start[], *const __emudev_end[];

const struct emudev_type *emudev_find_type(const char *compatible)
{
	for (const struct emudev_type *const *t = __emudev_start; t < __emudev_end; t++)
		if (!strcmp((*t)->compatible, compatible))
			return *t;
	return NULL;
}

static int map_ranges(struct guest *g, struct emudev *d, const struct layout_dev *n)
{
	for (u32 i = 0; i < n->nregs; i++) {
		const struct region r = { n->reg[i].base, n->reg[i].size, REGION_EMULATED, d, d->name };
		int err = layout_map_region(&g->map, &r, &n->at, "reg");

		if (err)
			return err;
	}
	return 0;
}

/* The hardware that an emulator passes accesses on to must be the hardware that it knows. */
static int check_places(const struct emudev_type *type, const struct layout_dev *n)
{
	for (u32 i = 0; i < n->nregs && type->places; i++) {
		u32 p = 0;

		while (p < type->nplaces && (type->places[p].base != n->reg[i].base || type->places[p].size < n->reg[i].size))
			p++;
		if (p == type->nplaces)
			return layout_mistake(&n->at, "reg", "0x%08lx+0x%lx is not what \"%s\" is for (0x%08lx+0x%lx%s)",
					      (unsigned long)n->reg[i].base, (unsigned long)n->reg[i].size, type->compatible,
					      (unsigned long)type->places[0].base, (unsigned long)type->places[0].size,
					      type->nplaces > 1 ? " and others" : "");
	}
	return 0;
}

/* Nothing that the node gives goes by without a word: ranges and lines that the device does not know. */
static int check_shape(const struct emudev_type *type, const struct layout_dev *n)
{
	if (n->nregs > 1 && !type->places && !type->many_ranges)
		return layout_mistake(&n->at, "reg", "%lu ranges; \"%s\" has one", (unsigned long)n->nregs, type->compatible);
	if (n->nirqs > type->lines && !type->passes_irqs)
		return layout_mistake(&n->at, "interrupts", "%lu lines; \"%s\" has %s", (unsigned long)n->nirqs, type->compatible,
				      type->lines ? "one" : "none");
	return 0;
}

int emudev_create(struct guest *g, const struct layout_dev *n)
{
	const struct emudev_type *type = emudev_find_type(n->compatible);
	struct emudev *d;
	int err;

	if (!type) {
		layout_mistake(&n->at, "compatible", "\"%s\": no such device type in this Umbra", SHOWN(n->compatible));
		return -ENOENT;
	}
	err = check_places(type, n);
	if (!err)
		err = check_shape(type, n);
	if (err)
		return err;
	d = hv_alloc(sizeof(*d), _Alignof(struct emudev));
	d->type = type;
	d->guest = g;
	d->name = n->node;
	d->base = n->reg[0].base;
	d->size = n->reg[0].size;
	d->irq = n->nirqs ? n->irq[0] : ~0u;
	d->node = n;
	d->priv = type->state_size ? hv_alloc(type->state_size, 8) : NULL;
	err = map_ranges(g, d, n);
	if (!err && type->passes_irqs)
		err = passthrough_add_irqs(g, n);
	if (!err && type->create)
		err = type->create(d, n);
	if (err)
		return err;
	d->next = g->devs;
	g->devs = d;
	return 0;
}

void emudev_go_on(struct guest *g)
{
	for (struct emudev *d = g->devs; d; d = d->next)
		if (d->type->go_on)
			d->type->go_on(d);
}

void emudev_set_irq(struct emudev *d, u32 line, bool level)
{
	struct guest *g = d->guest;

	/* A guest without an interrupt controller polls: its devices' lines lead nowhere. */
	if (g->irqchip)
		g->irqchip->set_line(g->irqchip_priv, line, level);
}
