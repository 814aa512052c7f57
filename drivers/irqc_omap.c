// SPDX-License-Identifier: GPL-2.0-or-later
/* Host driver of the OMAP3 MPU interrupt controller (INTC): 96 level-sensitive lines, all routed to IRQ. */

#include <arch/cpu.h>
#include <hv/irq.h>

#define INTC_BASE		0x48200000u
#define INTC_SYSCONFIG		0x10
#define INTC_SYSSTATUS		0x14
#define INTC_SIR_IRQ		0x40
#define INTC_CONTROL		0x48
#define INTC_PROTECTION		0x4c
#define INTC_IDLE		0x50
#define INTC_THRESHOLD		0x68
#define INTC_ITR(bank)		(0x80 + 0x20 * (bank))
#define INTC_MIR_CLEAR(bank)	(0x88 + 0x20 * (bank))
#define INTC_MIR_SET(bank)	(0x8c + 0x20 * (bank))
#define INTC_ISR_CLEAR(bank)	(0x94 + 0x20 * (bank))
#define INTC_ILR(line)		(0x100 + 4 * (line))

#define SYSCONFIG_SOFTRESET	BIT(1)
#define SYSSTATUS_RESETDONE	BIT(0)
#define SIR_SPURIOUS		0xffffff80u
#define SIR_LINE		0x7fu
#define CONTROL_NEWIRQAGR	BIT(0)
#define CONTROL_NEWFIQAGR	BIT(1)
#define THRESHOLD_OFF		0xffu
#define IDLE_FREE		0u	/* functional clock never gated, input synchroniser autogated */
#define BANKS			(HOST_IRQ_NR / 32)
#define RESET_POLLS		100000u	/* the reset takes a few interface clock cycles */

static u32 intc_read(u32 reg)
{
	return arch_mmio_read32(INTC_BASE + reg);
}

static void intc_write(u32 reg, u32 value)
{
	arch_mmio_write32(INTC_BASE + reg, value);
}

void host_irqc_init(void)
{
	u32 polls = RESET_POLLS;

	/* The boot loader may have left lines open: reset masks all of them and clears software interrupts. */
	intc_write(INTC_SYSCONFIG, SYSCONFIG_SOFTRESET);
	while (!(intc_read(INTC_SYSSTATUS) & SYSSTATUS_RESETDONE) && --polls)
		;
	/* Autoidle stays off: at 32 kHz tick rates it saves nothing and delays the first access. */
	intc_write(INTC_SYSCONFIG, 0);
	intc_write(INTC_IDLE, IDLE_FREE);
	intc_write(INTC_PROTECTION, 0);
	intc_write(INTC_THRESHOLD, THRESHOLD_OFF);
	for (u32 bank = 0; bank < BANKS; bank++) {
		intc_write(INTC_MIR_SET(bank), ~0u);
		intc_write(INTC_ISR_CLEAR(bank), ~0u);
	}
	for (u32 line = 0; line < HOST_IRQ_NR; line++)
		intc_write(INTC_ILR(line), 0);
	intc_write(INTC_CONTROL, CONTROL_NEWIRQAGR | CONTROL_NEWFIQAGR);
	arch_barrier();
}

/*
 * A spurious result means that the input went away, or the mask changed, while the controller was
 * sorting. It still holds its output until a new agreement, so that is given here: the caller has
 * nothing to mask and nothing to end.
 */
int host_irqc_ack(void)
{
	u32 sir = intc_read(INTC_SIR_IRQ);

	if (sir & SIR_SPURIOUS) {
		host_irqc_eoi();
		return -1;
	}
	return (int)(sir & SIR_LINE);
}

void host_irqc_eoi(void)
{
	intc_write(INTC_CONTROL, CONTROL_NEWIRQAGR);
	/*
	 * The write travels through the interconnect while the core goes on: without waiting for it the core
	 * would enable interrupts with the old request still asserted and take it twice.
	 */
	arch_barrier();
}

void host_irqc_mask(u32 line)
{
	intc_write(INTC_MIR_SET(line / 32), BIT(line % 32));
	arch_barrier();
}

void host_irqc_unmask(u32 line)
{
	intc_write(INTC_MIR_CLEAR(line / 32), BIT(line % 32));
}

u32 host_irqc_levels(u32 bank)
{
	return intc_read(INTC_ITR(bank));
}

