// SPDX-License-Identifier: GPL-2.0-or-later
/* UART3, interrupt controller, GPTIMER1 and 32 kHz counter of the BeagleBoard-xM for the test guests. */
#include "guest.h"

#define UART_THR	(UART_BASE + 0x00)
#define UART_FCR	(UART_BASE + 0x08)
#define UART_LCR	(UART_BASE + 0x0c)
#define UART_MCR	(UART_BASE + 0x10)
#define UART_LSR	(UART_BASE + 0x14)
#define UART_MDR1	(UART_BASE + 0x20)
#define LSR_THRE	0x20

#define INTC(off)	(INTC_BASE + (off))
#define INTC_BANK(line, off)	(INTC_BASE + (off) + 0x20 * ((line) / 32))
#define INTC_BIT(line)	(1u << ((line) % 32))

#define GPT(off)	(GPT1_BASE + (off))
#define TISR		GPT(0x18)
#define TIER		GPT(0x1c)
#define TCLR		GPT(0x24)
#define TCRR		GPT(0x28)
#define TLDR		GPT(0x2c)
#define TWPS		GPT(0x34)
#define TSICR		GPT(0x40)

#define CM_CLKSEL_WKUP	0x48004c40

static bool uart_ready;

/* 115200 8N1 from 48 MHz, unless this is not the board's UART (the cross-check machine needs no set-up). */
void uart_init(void)
{
	uart_ready = true;
	if (!UART_IS_OMAP)
		return;
	write32(UART_MDR1, 7);
	write32(UART_LCR, 0x83);
	write32(UART_BASE + 0, 26);
	write32(UART_BASE + 4, 0);
	write32(UART_LCR, 0x03);
	write32(UART_FCR, 0x07);
	write32(UART_MCR, 0x03);
	write32(UART_MDR1, 0);
}

void uart_putc(char c)
{
	if (!uart_ready)
		uart_init();
	if (c == '\n')
		uart_putc('\r');
	while (!(read32(UART_LSR) & LSR_THRE))
		;
	write32(UART_THR, (u32)(u8)c);
}

void intc_init(void)
{
	write32(INTC(0x10), 2);
	while (!(read32(INTC(0x14)) & 1))
		;
	for (u32 b = 0; b < 3; b++) {
		write32(INTC(0x8c + 0x20 * b), 0xffffffff);
		write32(INTC(0x94 + 0x20 * b), 0xffffffff);
	}
	for (u32 i = 0; i < 96; i++)
		write32(INTC(0x100 + 4 * i), 0);
	write32(INTC(0x68), 0xff);
	write32(INTC(0x48), 3);
	dsb();
}

void intc_mask(u32 line)
{
	write32(INTC_BANK(line, 0x8c), INTC_BIT(line));
	dsb();
}

void intc_unmask(u32 line)
{
	write32(INTC_BANK(line, 0x88), INTC_BIT(line));
	dsb();
}

void intc_priority(u32 line, u32 prio, bool fiq)
{
	write32(INTC(0x100 + 4 * line), prio << 2 | (fiq ? 1u : 0u));
	dsb();
}

void intc_soft_set(u32 line)
{
	write32(INTC_BANK(line, 0x90), INTC_BIT(line));
	dsb();
}

void intc_soft_clear(u32 line)
{
	write32(INTC_BANK(line, 0x94), INTC_BIT(line));
	dsb();
}

bool intc_raw(u32 line)
{
	return read32(INTC_BANK(line, 0x80)) & INTC_BIT(line);
}

bool intc_pending(u32 line)
{
	return read32(INTC_BANK(line, 0x98)) & INTC_BIT(line);
}

static void gpt1_posted(void)
{
	while (read32(TWPS))
		;
}

void gpt1_init(void)
{
	gpt1_stop();
	write32(CM_CLKSEL_WKUP, read32(CM_CLKSEL_WKUP) & ~1u);	/* 32 kHz, not the system clock */
	(void)read32(CM_CLKSEL_WKUP);
	write32(TSICR, 0);
	write32(TIER, 2);
	gpt1_posted();
}

void gpt1_oneshot(u32 ticks)
{
	write32(TLDR, 0u - ticks);
	gpt1_posted();
	write32(TCRR, 0u - ticks);
	gpt1_posted();
	write32(TCLR, 1);
	gpt1_posted();
	dsb();
}

void gpt1_stop(void)
{
	write32(TCLR, 0);
	gpt1_posted();
	gpt1_ack();
}

void gpt1_ack(void)
{
	write32(TISR, 7);
	gpt1_posted();
	(void)read32(TISR);	/* the write is done when the read returns */
	dsb();
}

void delay_ticks(u32 ticks)
{
	u32 start = sync32k_read();

	while (sync32k_read() - start < ticks)
		for (volatile u32 i = 0; i < 500; i++)
			;	/* device reads are the slowest thing there is when instructions are counted */
}

/* -- DMA controller, logical channel 0 (DM3730 TRM, chapter 11) -- */

#define SDMA_CHANNEL	0x48056080u
#define SDMA_ENABLE	(1u << 7)

void sdma_copy(u32 to, u32 from, u32 words)
{
	write32(SDMA_CHANNEL + 0x00, 0);
	write32(SDMA_CHANNEL + 0x10, 2);		/* 32-bit elements */
	write32(SDMA_CHANNEL + 0x14, words);
	write32(SDMA_CHANNEL + 0x18, 1);
	write32(SDMA_CHANNEL + 0x1c, from);
	write32(SDMA_CHANNEL + 0x20, to);
	write32(SDMA_CHANNEL + 0x00, SDMA_ENABLE | 1u << 12 | 1u << 14);
	while (read32(SDMA_CHANNEL) & SDMA_ENABLE)
		;
}
