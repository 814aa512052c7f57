// SPDX-License-Identifier: GPL-2.0-or-later
/* Host time on OMAP3: the 32 kHz synchronised counter, and GPTIMER11, of the same clock, for one deadline at a time. */

#include <arch/cpu.h>
#include <hv/irq.h>
#include <hv/time.h>

#define COUNTER_32K		0x48320010u

#define GPT11_BASE		0x48088000u
#define GPT11_IRQ		47u
#define TIOCP_CFG		0x10
#define TISTAT			0x14
#define TISR			0x18
#define TIER			0x1c
#define TWER			0x20
#define TCLR			0x24
#define TCRR			0x28
#define TLDR			0x2c
#define TWPS			0x34
#define TSICR			0x40

#define TIOCP_SOFTRESET		BIT(1)
#define TIOCP_NO_IDLE		(1u << 3)
#define TIOCP_CLOCKS_KEPT	(3u << 8)	/* clock activity: neither clock may be cut */
#define TISTAT_RESETDONE	BIT(0)
#define TISR_OVERFLOW		BIT(1)
#define TISR_ALL		7u
#define TCLR_START		BIT(0)
#define TCLR_AUTORELOAD		BIT(1)
#define TWPS_TCRR		BIT(1)
#define TSICR_POSTED		BIT(2)

#define CM_FCLKEN1_CORE		0x48004a00u
#define CM_ICLKEN1_CORE		0x48004a10u
#define CM_IDLEST1_CORE		0x48004a20u
#define CM_AUTOIDLE1_CORE	0x48004a30u
#define CM_CLKSEL_CORE		0x48004a40u
#define CM_CORE_GPT11		BIT(12)
#define CM_CLKSEL_GPT11		BIT(7)		/* 0 = 32 kHz, 1 = system clock */

#define LEAST_TICKS		2u		/* the counter must not be set to its last value */
#define POLLS			100000u

static void (*expired)(void);

static void timer_write(u32 reg, u32 value)
{
	arch_mmio_write32(GPT11_BASE + reg, value);
}

static void poll(hpa_t address, u32 mask, u32 value)
{
	for (u32 n = 0; n < POLLS; n++)
		if ((arch_mmio_read32(address) & mask) == value)
			return;
}

static void change_bits(hpa_t address, u32 clear, u32 set)
{
	arch_mmio_write32(address, (arch_mmio_read32(address) & ~clear) | set);
}

/* The counter needs no set-up: it runs since power-on, and its interface clock is one of those Umbra keeps on. */
void host_time_init(void)
{
	(void)host_time_now();
}

/*
 * The counter is in the 32 kHz domain and is resynchronised by hardware on a 32-bit read. A read in the first
 * interface cycles after a wake-up can be stale; Umbra never lets the domain sleep.
 */
u32 host_time_now(void)
{
	return arch_mmio_read32(COUNTER_32K);
}

void host_time_delay_us(u32 us)
{
	/* One more than asked for rounding, one more because the first tick may be about to end. */
	u32 ticks = (u32)(((u64)us * TIME_HZ + 999999u) / 1000000u) + 1;
	u32 start = host_time_now();

	while (host_time_now() - start < ticks)
		;
}

static void overflow(void *arg)
{
	(void)arg;
	timer_write(TISR, TISR_OVERFLOW);
	(void)arch_mmio_read32(GPT11_BASE + TISR);	/* the line must be low before the controller looks again */
	expired();
}

static void enable_clocks(void)
{
	change_bits(CM_CLKSEL_CORE, CM_CLKSEL_GPT11, 0);
	change_bits(CM_FCLKEN1_CORE, 0, CM_CORE_GPT11);
	change_bits(CM_ICLKEN1_CORE, 0, CM_CORE_GPT11);
	change_bits(CM_AUTOIDLE1_CORE, CM_CORE_GPT11, 0);
	poll(CM_IDLEST1_CORE, CM_CORE_GPT11, 0);
}

/* Counts up for ever, from 0 after an overflow: a deadline is one write, of how far the overflow is to be. */
int host_timer_init(void (*fn)(void))
{
	expired = fn;
	enable_clocks();
	timer_write(TIOCP_CFG, TIOCP_SOFTRESET);
	poll(GPT11_BASE + TISTAT, TISTAT_RESETDONE, TISTAT_RESETDONE);
	/* Not posted: each write waits for the 32 kHz side, so no write can overtake another one. */
	timer_write(TSICR, 0);
	timer_write(TCLR, 0);
	timer_write(TIOCP_CFG, TIOCP_NO_IDLE | TIOCP_CLOCKS_KEPT);
	timer_write(TWER, 0);
	timer_write(TISR, TISR_ALL);
	timer_write(TLDR, 0);
	timer_write(TCRR, 0);
	timer_write(TIER, TISR_OVERFLOW);
	timer_write(TCLR, TCLR_START | TCLR_AUTORELOAD);
	/* Posted from here on: a deadline need not wait, unless the last one is still on its way. */
	timer_write(TSICR, TSICR_POSTED);
	return host_irq_request(GPT11_IRQ, overflow, NULL);
}

void host_timer_set(u32 deadline)
{
	u32 ticks = deadline - host_time_now();

	if ((s32)ticks < (s32)LEAST_TICKS)
		ticks = LEAST_TICKS;
	poll(GPT11_BASE + TWPS, TWPS_TCRR, 0);
	timer_write(TCRR, 0u - ticks);
}
