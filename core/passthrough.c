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
		const char *clash = "(map full)";
		int err = guest_map_add(&g->map, &r, &clash);

		if (err) {
			pr_err("layout: %s: reg: 0x%08lx+0x%lx overlaps %s\n", d->node, (unsigned long)r.base,
			       (unsigned long)r.size, clash);
			return err;
		}
	}
	return 0;
}

int passthrough_add_irqs(struct guest *g, const struct layout_dev *d)
{
	for (u32 i = 0; i < d->nirqs; i++) {
		u32 line = d->irq[i];

		if (host_irq_owned(line) && line != host_uart_irq()) {
			pr_err("layout: %s: interrupts: line %lu is Umbra's own\n", d->node, (unsigned long)line);
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

int passthrough_check(const struct guest *g)
{
	for (u32 i = 0; i < host_owned_nr; i++) {
		const struct host_range *h = &host_owned[i];

		for (u32 a = h->base; a - h->base < h->size; a += PAGE_SIZE) {
			const struct region *r = guest_map_find(&g->map, a);
			bool given = r && r->type == REGION_PASSTHROUGH;

			if (given == (h->console && passthrough_has_console(g)))
				continue;
			if (given)
				pr_err("layout: %s: reg: contains %s at 0x%08lx, which Umbra drives itself\n",
				       r->name, h->name, (unsigned long)h->base);
			else
				pr_err("layout: %s: interrupts: line %lu without the registers at 0x%08lx\n",
				       h->name, (unsigned long)host_uart_irq(), (unsigned long)h->base);
			return -EBUSY;
		}
	}
	return 0;
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
