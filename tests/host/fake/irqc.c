/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake of the host interrupt controller driver: lines are two arrays. */
#include <hv/irq.h>

#include "fake.h"

bool fake_irq_masked[96], fake_irq_level[96];
u32 fake_irq_eois;

void host_irqc_init(void)
{
	for (u32 i = 0; i < HOST_IRQ_NR; i++)
		fake_irq_masked[i] = true;
}

int host_irqc_ack(void)
{
	for (u32 i = 0; i < HOST_IRQ_NR; i++)
		if (fake_irq_level[i] && !fake_irq_masked[i])
			return (int)i;
	return -1;
}

void host_irqc_eoi(void) { fake_irq_eois++; }
void host_irqc_mask(u32 line) { fake_irq_masked[line] = true; }
void host_irqc_unmask(u32 line) { fake_irq_masked[line] = false; }

u32 host_irqc_levels(u32 bank)
{
	u32 w = 0;

	for (u32 i = 0; i < 32; i++)
		w |= (u32)fake_irq_level[bank * 32 + i] << i;
	return w;
}
