// SPDX-License-Identifier: GPL-2.0-or-later
/* Host time on OMAP3: the 32 kHz synchronised counter, and GPTIMER11 as one slow periodic tick. */

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
#define TSICR			0x40

#define TIOCP_SOFTRESET		BIT(1)
#define TIOCP_NO_IDLE		(1u << 3)
#define TIOCP_CLOCKS_KEPT	(3u << 8)	/* clock activity: neither clock may be cut */
#define TISTAT_RESETDONE	BIT(0)
#define TISR_OVERFLOW		BIT(1)
#define TISR_ALL		7u
#define TCLR_START		BIT(0)
#define TCLR_AUTORELOAD		BIT(1)

#define CM_FCLKEN1_CORE		0x48004a00u
#define CM_ICLKEN1_CORE		0x48004a10u
#define CM_IDLEST1_CORE		0x48004a20u
#define CM_AUTOIDLE1_CORE	0x48004a30u
#define CM_CLKSEL_CORE		0x48004a40u
#define CM_CORE_GPT11		BIT(12)
#define CM_CLKSEL_GPT11		BIT(7)		/* 0 = 32 kHz, 1 = system clock */

#define MAX_PERIOD_MS		1000000u
#define POLLS			100000u

#define ATTACHED_MAX		8u

static void (*tick_fn)(void);
static struct {
	void (*fn)(void *arg);
	void *arg;
} attached[ATTACHED_MAX];
static bool timer_owned;

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

static void tick(void *arg)
{
	(void)arg;
	timer_write(TISR, TISR_OVERFLOW);
	(void)arch_mmio_read32(GPT11_BASE + TISR);	/* the line must be low before the controller looks again */
	if (tick_fn)
		tick_fn();
	for (u32 i = 0; i < ATTACHED_MAX && attached[i].fn; i++)
		attached[i].fn(attached[i].arg);
}

int host_timer_attach(void (*fn)(void *arg), void *arg)
{
	for (u32 i = 0; i < ATTACHED_MAX; i++) {
		if (attached[i].fn)
			continue;
		attached[i].fn = fn;
		attached[i].arg = arg;
		return 0;
	}
	return -ENOSPC;
}

static void enable_clocks(void)
{
	change_bits(CM_CLKSEL_CORE, CM_CLKSEL_GPT11, 0);
	change_bits(CM_FCLKEN1_CORE, 0, CM_CORE_GPT11);
	change_bits(CM_ICLKEN1_CORE, 0, CM_CORE_GPT11);
	change_bits(CM_AUTOIDLE1_CORE, CM_CORE_GPT11, 0);
	poll(CM_IDLEST1_CORE, CM_CORE_GPT11, 0);
}

int host_timer_start(u32 period_ms, void (*fn)(void))
{
	u32 reload;
	int ret;

	if (!period_ms || period_ms > MAX_PERIOD_MS)
		return -EINVAL;
	if (!timer_owned) {
		enable_clocks();
		timer_write(TIOCP_CFG, TIOCP_SOFTRESET);
		poll(GPT11_BASE + TISTAT, TISTAT_RESETDONE, TISTAT_RESETDONE);
		ret = host_irq_request(GPT11_IRQ, tick, NULL);
		if (ret)
			return ret;
		timer_owned = true;
	}
	reload = 0u - (u32)((u64)period_ms * TIME_HZ / 1000u);
	tick_fn = fn;
	/* Not posted: each write waits for the 32 kHz side, so no write can overtake another one. */
	timer_write(TSICR, 0);
	timer_write(TCLR, 0);
	timer_write(TIOCP_CFG, TIOCP_NO_IDLE | TIOCP_CLOCKS_KEPT);
	timer_write(TWER, 0);
	timer_write(TISR, TISR_ALL);
	timer_write(TLDR, reload);
	timer_write(TCRR, reload);
	timer_write(TIER, TISR_OVERFLOW);
	timer_write(TCLR, TCLR_START | TCLR_AUTORELOAD);
	return 0;
}
