/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registry of emulated device types and their interrupt lines. */
#include <string.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/log.h>

/* The linker script collects the EMUDEV_REGISTER() pointers between these. */
extern const struct emudev_type *const __emudev_start[], *const __emudev_end[];

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

	/* A guest without an interrupt controller polls: its devices' lines lead nowhere. */
	if (g->irqchip)
		g->irqchip->set_line(g->irqchip_priv, line, level);
}
