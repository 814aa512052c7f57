/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host interrupts: one controller driver, handlers for Umbra's own lines, routing of the rest to the guest. */
#pragma once

#include <hv/types.h>

#define HOST_IRQ_NR	96

/* The host interrupt controller driver (drivers/irqc_omap.c implements). Lines are INTC inputs 0..95. */
void host_irqc_init(void);
int host_irqc_ack(void);		/* active line, or -1 if spurious; caller must call host_irqc_eoi() after masking */
void host_irqc_eoi(void);		/* new IRQ agreement */
void host_irqc_mask(u32 line);
void host_irqc_unmask(u32 line);
u32 host_irqc_levels(u32 bank);		/* raw input of lines bank*32..+31, before the mask */

typedef void (*host_irq_fn)(void *arg);
/* Install Umbra's own handler and unmask the line. -EBUSY when taken. */
int host_irq_request(u32 line, host_irq_fn fn, void *arg) __must_check;
void host_irq_release(u32 line);	/* mask the line and forget its handler */
bool host_irq_owned(u32 line);		/* line used by Umbra itself */

/*
 * Called by the arch exit path for a physical IRQ (IRQs masked): acknowledge, run Umbra's handler, or mask the
 * line and hand it to the guest that owns it.
 */
void host_irq_handle(void);
