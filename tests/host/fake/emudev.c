/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an emulator alone needs of core: the type registry, interrupt lines, requests to the run loop. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/sched.h>

#include "fake.h"

extern const struct emudev_type *const __emudev_start[], *const __emudev_end[];

bool fake_line[96];
u32 fake_line_changes;

const struct emudev_type *emudev_find_type(const char *compatible)
{
	for (const struct emudev_type *const *t = __emudev_start; t < __emudev_end; t++)
		if (!strcmp((*t)->compatible, compatible))
			return *t;
	return NULL;
}

void emudev_set_irq(struct emudev *d, u32 line, bool level)
{
	struct guest *g = d->guest;

	fake_line[line % 96] = level;
	fake_line_changes++;
	if (g->irqchip)
		g->irqchip->set_line(g->irqchip_priv, line, level);
}

void sched_unfinished(struct guest *g)
{
	g->unfinished = true;
}

void fake_device_turns(struct emudev *d, u32 n)
{
	while (n-- && d->guest->unfinished) {
		d->guest->unfinished = false;
		d->type->go_on(d);
	}
}

void guest_request(struct guest *g, enum guest_request req, const char *fmt, ...)
{
	va_list ap;

	if (g->request != GUEST_REQ_NONE)
		return;
	g->request = req;
	va_start(ap, fmt);
	vsnprintf(g->reason, sizeof(g->reason), fmt, ap);
	va_end(ap);
}

/* The message of core/layout_msg.c, with the node's address in place of its path. */
int layout_mistake(const struct layout_node *n, const char *prop, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pr_err("layout: node at %d: %s: %s\n", n->offset, prop, text);
	return -EINVAL;
}

const char *show_text(char *out, u32 size, const char *s)
{
	snprintf(out, size, "%s", s);
	return out;
}
