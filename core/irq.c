/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host interrupts: Umbra's own handlers, and the road of a passed-through line to its guest. */
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/log.h>

static struct {
	host_irq_fn fn;
	void *arg;
} handler[HOST_IRQ_NR];

int host_irq_request(u32 line, host_irq_fn fn, void *arg)
{
	if (line >= HOST_IRQ_NR || !fn)
		return -EINVAL;
	if (handler[line].fn)
		return -EBUSY;
	handler[line].fn = fn;
	handler[line].arg = arg;
	host_irqc_unmask(line);
	return 0;
}

void host_irq_release(u32 line)
{
	BUG_ON(line >= HOST_IRQ_NR);
	host_irqc_mask(line);
	handler[line].fn = NULL;
}

bool host_irq_owned(u32 line)
{
	return line < HOST_IRQ_NR && handler[line].fn;
}

/* The guest that passed-through line @line belongs to, if it is alive, or NULL. */
static struct guest *line_owner(u32 line)
{
	struct guest *g = guest_first();

	while (g && !(guest_is_alive(g) && g->irqchip && (g->pt_irqs[line / 32] & BIT(line % 32))))
		g = g->next;
	return g;
}

void host_irq_handle(void)
{
	int line = host_irqc_ack();
	struct guest *g;

	if (line < 0) {
		host_irqc_eoi();
		return;
	}
	if (host_irq_owned((u32)line)) {
		handler[line].fn(handler[line].arg);
		host_irqc_eoi();
		return;
	}
	/* A level line stays up until the guest has served it: masked here, unmasked when the guest ends it. */
	host_irqc_mask((u32)line);
	host_irqc_eoi();
	g = line_owner((u32)line);
	if (g)
		g->irqchip->host_irq(g->irqchip_priv, (u32)line);
	else
		pr_guest(8, "irq: line %d belongs to nobody, masked\n", line);
}
