/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Give host register ranges and interrupt lines to a guest, and bring that hardware to rest. */
#include <string.h>

#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/log.h>
#include <hv/passthrough.h>
#include <hv/uart.h>

static int add_ranges(struct guest *g, const struct layout_dev *d)
{
	for (u32 i = 0; i < d->nregs; i++) {
		const struct region r = { d->reg[i].base, d->reg[i].size, REGION_PASSTHROUGH, NULL, d->node };
		int err = layout_map_region(&g->map, &r, &d->at, "reg");

		if (err)
			return err;
	}
	return 0;
}

int passthrough_add_irqs(struct guest *g, const struct layout_dev *d)
{
	for (u32 i = 0; i < d->nirqs; i++) {
		u32 line = d->irq[i];

		if (host_irq_owned(line) && line != host_uart_irq()) {
			layout_mistake(&d->at, "interrupts", "line %lu is Umbra's own", (unsigned long)line);
			return -EBUSY;
		}
		g->pt_irqs[line / 32] |= BIT(line % 32);
	}
	return 0;
}

int passthrough_add(struct guest *g, const struct layout_dev *d)
{
	/* A part lies in its window, which is in the map already: only its interrupts are its own. */
	int err = d->parent < 0 ? add_ranges(g, d) : 0;

	return err ? err : passthrough_add_irqs(g, d);
}

bool passthrough_has_console(const struct guest *g)
{
	u32 line = host_uart_irq();

	return g->pt_irqs[line / 32] & BIT(line % 32);
}

/* The node that gives interrupt @line, or (line = HOST_IRQ_NR) a pass-through range with @addr, to the guest. */
static const struct layout_dev *giver(const struct guest *g, u32 line, hpa_t addr)
{
	for (const struct layout_dev *d = g->cfg.dev; d < g->cfg.dev + g->cfg.ndevs; d++) {
		for (u32 i = 0; i < d->nirqs && line < HOST_IRQ_NR; i++)
			if (d->irq[i] == line)
				return d;
		for (u32 i = 0; i < d->nregs && line == HOST_IRQ_NR; i++)
			if (!strcmp(d->compatible, LAYOUT_PASSTHROUGH) && addr - passed_hpa(d->reg[i].base) < d->reg[i].size)
				return d;
	}
	return NULL;
}

/* One page of what Umbra drives; the console's UART goes with its interrupt, or not at all. */
static int check_owned(const struct guest *g, const struct host_range *h, hpa_t page)
{
	const struct region *r = guest_map_find(&g->map, passed_gpa(page));
	bool given = r && r->type == REGION_PASSTHROUGH;
	const struct layout_dev *d;

	if (given == (h->console && passthrough_has_console(g)))
		return 0;
	d = giver(g, given ? HOST_IRQ_NR : host_uart_irq(), page);
	if (given)
		layout_mistake(d ? &d->at : &g->cfg.at, "reg", "contains %s at 0x%08lx, which %s", h->name,
			       (unsigned long)h->base, h->why);
	else
		layout_mistake(d ? &d->at : &g->cfg.at, "interrupts", "line %lu without the registers of %s at 0x%08lx",
			       (unsigned long)host_uart_irq(), h->name, (unsigned long)h->base);
	return -EBUSY;
}

/* The node that passes @addr through: the part rather than its window. */
static const struct layout_dev *passer(const struct guest *g, hpa_t addr)
{
	const struct layout_dev *found = NULL;

	for (const struct layout_dev *d = g->cfg.dev; d < g->cfg.dev + g->cfg.ndevs; d++)
		for (u32 i = 0; i < d->nregs; i++)
			if (!strcmp(d->compatible, LAYOUT_PASSTHROUGH) && addr - passed_hpa(d->reg[i].base) < d->reg[i].size && (!found || d->parent >= 0))
				found = d;
	return found;
}

static int check_missing(const struct guest *g, const struct host_missing *h, hpa_t page)
{
	const struct region *r = guest_map_find(&g->map, passed_gpa(page));
	const struct layout_dev *d;

	if (!r || r->type != REGION_PASSTHROUGH)
		return 0;
	d = passer(g, page);
	layout_mistake(d ? &d->at : &g->cfg.at, "reg", "passes 0x%08lx, but %s is not in this Umbra", (unsigned long)h->base, h->symbol);
	return -EINVAL;
}

static int check_families(const struct guest *g)
{
	int err = 0;

	for (const struct host_missing *h = host_missing; h->symbol && !err; h++)
		for (hpa_t a = h->base; a - h->base < h->size && !err; a += PAGE_SIZE)
			err = check_missing(g, h, a);
	return err;
}

int passthrough_check(const struct guest *g)
{
	int err = 0;

	for (const struct host_range *h = host_owned; h < host_owned + host_owned_nr; h++)
		for (hpa_t a = h->base; a - h->base < h->size && !err; a += PAGE_SIZE)
			err = check_owned(g, h, a);
	return err ? err : check_families(g);
}

void passthrough_quiesce(struct guest *g)
{
	u32 stuck;

	for (u32 line = 0; line < HOST_IRQ_NR; line++)
		if ((g->pt_irqs[line / 32] & BIT(line % 32)) && !host_irq_owned(line))
			host_irqc_mask(line);
	stuck = host_quiesce(&g->map);
	if (stuck)
		pr_warn("guest %s: %lu devices did not come to rest\n", g->name, (unsigned long)stuck);
}
