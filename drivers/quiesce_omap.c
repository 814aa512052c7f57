// SPDX-License-Identifier: GPL-2.0-or-later
/* Taking an OMAP3 board back from a guest: stop what it may have started, put clocks, pins and GPIOs back. */

/*
 * Order: clocks and power on everywhere (a block without its interface clock answers with an external abort, and a
 * bus master frozen by a cut clock would go on when it returns), stop and reset block by block, then restore.
 * Each block is touched with checked accesses, each wait is bounded, each failure is one message.
 *
 * Not restored: processor PLL, voltage controller, ABB, and the power chip behind I2C1. Processor frequency and
 * voltage were set by the guest as a pair and stay one; a kernel reads the frequency from the registers.
 */

#include <arch/cpu.h>
#include <hv/guest_map.h>
#include <hv/log.h>
#include <hv/passthrough.h>
#include <hv/time.h>

#define CM		0x48004000u
#define PRM		0x48306000u
#define SCM		0x48002000u

#define CM_FCLKEN1_CORE	(CM + 0xa00)
#define CM_ICLKEN1_CORE	(CM + 0xa10)
#define CM_IDLEST1_CORE	(CM + 0xa20)
#define CM_IDLEST3_CORE	(CM + 0xa28)
#define CM_IDLEST_WKUP	(CM + 0xc20)
#define CM_IDLEST_DSS	(CM + 0xe20)
#define CM_IDLEST_PER	(CM + 0x1020)
#define CM_IDLEST_USBH	(CM + 0x1420)
#define CORE_GPT11	BIT(12)
#define PER_UART3	BIT(11)
#define CKSEL_GPT11	BIT(7)
#define PRM_RSTCTRL	(PRM + 0x1250)
#define RST_DPLL3	BIT(2)

#define WAIT_TICKS	(TIME_HZ / 50)	/* 20 ms: twice what system software allows for a reset */

static bool read_reg(hpa_t a, u32 *v)
{
	return arch_mmio_read_checked(a, 4, v);
}

static bool write_reg(hpa_t a, u32 v)
{
	return arch_mmio_write_checked(a, 4, v);
}

/* Wait until (register & mask) == value. False after WAIT_TICKS or when the register does not answer. */
static bool wait_for(hpa_t a, u32 width, u32 mask, u32 value)
{
	u32 start = host_time_now(), v;

	do {
		if (!arch_mmio_read_checked(a, width, &v))
			return false;
		if ((v & mask) == value)
			return true;
	} while (host_time_now() - start <= WAIT_TICKS);
	return false;
}

/* Write only what changes: most of these registers are as they were. */
static bool update_reg(hpa_t a, u32 mask, u32 value)
{
	u32 v;

	if (!read_reg(a, &v))
		return false;
	if ((v & mask) == (value & mask))
		return true;
	return write_reg(a, (v & ~mask) | (value & mask));
}

/* ---- state as the boot loader left it ---- */

/*
 * Words saved at Umbra's start and written back, in this order. @own: bits that Umbra itself changes later.
 * Dividers and sources come before clock enables, so that nothing runs at a wrong rate; pins before GPIOs.
 */
static const struct range {
	hpa_t base;
	u32 count;
	u32 own;
} ranges[] = {
	/* PRM: power states and wake-up of the domains that pass, interrupts of the PRCM. */
	{ PRM + 0x050, 1, 0 },		/* RM_RSTCTRL_IVA2 */
	{ PRM + 0x0c8, 1, 0 },		/* PM_WKDEP_IVA2 */
	{ PRM + 0x81c, 1, 0 },		/* PRM_IRQENABLE_MPU */
	{ PRM + 0x9c8, 1, 0 },		/* PM_WKDEP_MPU */
	{ PRM + 0x9d4, 3, 0 },		/* PM_EVGEN*_MPU */
	{ PRM + 0xaa0, 3, 0 },		/* PM_WKEN1_CORE, MPUGRPSEL1, IVA2GRPSEL1 */
	{ PRM + 0xaf0, 3, 0 },		/* PM_WKEN3_CORE, IVA2GRPSEL3, MPUGRPSEL3 */
	{ PRM + 0xbc8, 1, 0 },		/* PM_WKDEP_SGX */
	{ PRM + 0xca0, 3, 0 },		/* PM_WKEN_WKUP, MPUGRPSEL, IVA2GRPSEL */
	{ PRM + 0xd70, 1, 0 },		/* PRM_CLKOUT_CTRL */
	{ PRM + 0xea0, 1, 0 },		/* PM_WKEN_DSS */
	{ PRM + 0xec8, 1, 0 },		/* PM_WKDEP_DSS */
	{ PRM + 0xfc8, 1, 0 },		/* PM_WKDEP_CAM */
	{ PRM + 0x10a0, 3, 0 },		/* PM_WKEN_PER, MPUGRPSEL, IVA2GRPSEL */
	{ PRM + 0x10c8, 1, 0 },		/* PM_WKDEP_PER */
	{ PRM + 0x13c8, 1, 0 },		/* PM_WKDEP_NEON */
	{ PRM + 0x14a0, 3, 0 },		/* PM_WKEN_USBHOST, MPUGRPSEL, IVA2GRPSEL */
	{ PRM + 0x14c8, 1, 0 },		/* PM_WKDEP_USBHOST */
	/* CM: sources and dividers. */
	{ CM + 0xa40, 1, CKSEL_GPT11 },	/* CM_CLKSEL_CORE */
	{ CM + 0xb40, 1, 0 },		/* CM_CLKSEL_SGX */
	{ CM + 0xc40, 1, 0 },		/* CM_CLKSEL_WKUP */
	{ CM + 0xd48, 1, 0 },		/* CM_CLKSEL3_PLL */
	{ CM + 0xd70, 1, 0 },		/* CM_CLKOUT_CTRL */
	{ CM + 0xe40, 1, 0 },		/* CM_CLKSEL_DSS */
	{ CM + 0xf40, 1, 0 },		/* CM_CLKSEL_CAM */
	{ CM + 0x1040, 1, 0 },		/* CM_CLKSEL_PER */
	{ CM + 0x1140, 1, 0 },		/* CM_CLKSEL1_EMU */
	/* CM: what follows a sleeping domain. */
	{ CM + 0x034, 1, 0 },		/* CM_AUTOIDLE_PLL_IVA2 */
	{ CM + 0x934, 1, 0 },		/* CM_AUTOIDLE_PLL_MPU */
	{ CM + 0xa30, 3, CORE_GPT11 },	/* CM_AUTOIDLE1-3_CORE */
	{ CM + 0xc30, 1, BIT(2) },	/* CM_AUTOIDLE_WKUP */
	{ CM + 0xd30, 2, 0 },		/* CM_AUTOIDLE_PLL, CM_AUTOIDLE2_PLL */
	{ CM + 0xe30, 1, 0 },		/* CM_AUTOIDLE_DSS */
	{ CM + 0xf30, 1, 0 },		/* CM_AUTOIDLE_CAM */
	{ CM + 0x1030, 1, PER_UART3 },	/* CM_AUTOIDLE_PER */
	{ CM + 0x1430, 1, 0 },		/* CM_AUTOIDLE_USBHOST */
	{ CM + 0xb44, 1, 0 },		/* CM_SLEEPDEP_SGX */
	{ CM + 0xe44, 1, 0 },		/* CM_SLEEPDEP_DSS */
	{ CM + 0xf44, 1, 0 },		/* CM_SLEEPDEP_CAM */
	{ CM + 0x1044, 1, 0 },		/* CM_SLEEPDEP_PER */
	{ CM + 0x1444, 1, 0 },		/* CM_SLEEPDEP_USBHOST */
	/* CM: clock enables, functional before interface. */
	{ CM + 0x000, 1, 0 },		/* CM_FCLKEN_IVA2 */
	{ CM + 0xa00, 1, CORE_GPT11 },	/* CM_FCLKEN1_CORE */
	{ CM + 0xa08, 1, 0 },		/* CM_FCLKEN3_CORE */
	{ CM + 0xb00, 1, 0 },		/* CM_FCLKEN_SGX */
	{ CM + 0xc00, 1, 0 },		/* CM_FCLKEN_WKUP */
	{ CM + 0xe00, 1, 0 },		/* CM_FCLKEN_DSS */
	{ CM + 0xf00, 1, 0 },		/* CM_FCLKEN_CAM */
	{ CM + 0x1000, 1, PER_UART3 },	/* CM_FCLKEN_PER */
	{ CM + 0x1400, 1, 0 },		/* CM_FCLKEN_USBHOST */
	{ CM + 0xa10, 1, CORE_GPT11 },	/* CM_ICLKEN1_CORE */
	{ CM + 0xa14, 2, 0 },		/* CM_ICLKEN2_CORE, CM_ICLKEN3_CORE */
	{ CM + 0xb10, 1, 0 },		/* CM_ICLKEN_SGX */
	{ CM + 0xc10, 1, BIT(2) },	/* CM_ICLKEN_WKUP */
	{ CM + 0xe10, 1, 0 },		/* CM_ICLKEN_DSS */
	{ CM + 0xf10, 1, 0 },		/* CM_ICLKEN_CAM */
	{ CM + 0x1010, 1, PER_UART3 },	/* CM_ICLKEN_PER */
	{ CM + 0x1410, 1, 0 },		/* CM_ICLKEN_USBHOST */
	/* Last, because clock domains follow the enables: domain control and power states. */
	{ CM + 0x048, 1, 0 },		/* CM_CLKSTCTRL_IVA2 */
	{ CM + 0xb48, 1, 0 },		/* CM_CLKSTCTRL_SGX */
	{ CM + 0xe48, 1, 0 },		/* CM_CLKSTCTRL_DSS */
	{ CM + 0xf48, 1, 0 },		/* CM_CLKSTCTRL_CAM */
	{ CM + 0x1148, 1, 0 },		/* CM_CLKSTCTRL_EMU */
	{ CM + 0x1448, 1, 0 },		/* CM_CLKSTCTRL_USBHOST */
	{ PRM + 0x0e0, 1, 0 },		/* PM_PWSTCTRL_IVA2 */
	{ PRM + 0xbe0, 1, 0 },		/* PM_PWSTCTRL_SGX */
	{ PRM + 0xee0, 1, 0 },		/* PM_PWSTCTRL_DSS */
	{ PRM + 0xfe0, 1, 0 },		/* PM_PWSTCTRL_CAM */
	{ PRM + 0x14e0, 1, 0 },		/* PM_PWSTCTRL_USBHOST */
};

/* Pins and board wiring in the SCM, two 16-bit pads a word. */
static const struct range scm_ranges[] = {
	{ SCM + 0x030, 0x238 / 4, 0 },	/* core pads */
	{ SCM + 0x5a0, 0x5c / 4, 0 },	/* core pads, second part */
	{ SCM + 0xa00, 0x5c / 4, 0 },	/* wake-up pads */
	{ SCM + 0x274, 1, 0 },		/* CONTROL_DEVCONF0 */
	{ SCM + 0x2d8, 1, 0 },		/* CONTROL_DEVCONF1 */
	{ SCM + 0x520, 1, 0 },		/* CONTROL_PBIAS_LITE */
};

#define GPIO_NR		6u
#define GPIO_WAKE_EN	0x20u
#define GPIO_IRQSTATUS1	0x18u
#define GPIO_IRQENABLE1	0x1cu
#define GPIO_IRQSTATUS2	0x28u
#define GPIO_IRQENABLE2	0x2cu

/* DATAOUT before OE: a pin must not drive the wrong level while it becomes an output. */
static const u8 gpio_regs[] = { 0x30, 0x50, 0x54, 0x3c, 0x34, 0x40, 0x44, 0x48, 0x4c, GPIO_WAKE_EN };

static const struct gpio {
	hpa_t base;
	hpa_t idlest;
	u32 bit;
} gpios[GPIO_NR] = {
	{ 0x48310000, CM_IDLEST_WKUP, BIT(3) },
	{ 0x49050000, CM_IDLEST_PER, BIT(13) },
	{ 0x49052000, CM_IDLEST_PER, BIT(14) },
	{ 0x49054000, CM_IDLEST_PER, BIT(15) },
	{ 0x49056000, CM_IDLEST_PER, BIT(16) },
	{ 0x49058000, CM_IDLEST_PER, BIT(17) },
};

#define SAVED_MAX	384u

static struct {
	bool valid;
	u32 nr;
	u32 word[SAVED_MAX];
	u32 gpio[GPIO_NR][ARRAY_SIZE(gpio_regs)];
	bool gpio_valid[GPIO_NR];
	u32 iva_pll[3], usb_pll[3];	/* CLKEN, CLKSEL, CLKSEL */
} saved;

/* DPLL2 (IVA2) and DPLL5 (USB): nothing of Umbra runs on them. */
static const struct pll {
	hpa_t reg[3];	/* as in saved.*_pll */
	hpa_t idlest;
} iva_pll = { { CM + 0x004, CM + 0x040, CM + 0x044 }, CM + 0x024 },
  usb_pll = { { CM + 0xd04, CM + 0xd4c, CM + 0xd50 }, CM + 0xd24 };

#define PLL_MODE	7u
#define PLL_STOP	1u
#define PLL_LOCK	7u

static void save_ranges(const struct range *r, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		for (u32 k = 0; k < r[i].count; k++) {
			BUG_ON(saved.nr == SAVED_MAX);
			if (!read_reg(r[i].base + 4 * k, &saved.word[saved.nr]))
				pr_warn("quiesce: 0x%08x does not answer\n", (unsigned int)(r[i].base + 4 * k));
			saved.nr++;
		}
	}
}

/* @next: index of the first word of @r in saved.word[]; returns the index after the last one. */
static u32 restore_ranges(const struct range *r, u32 nr, u32 next)
{
	for (u32 i = 0; i < nr; i++)
		for (u32 k = 0; k < r[i].count; k++)
			(void)update_reg(r[i].base + 4 * k, k ? ~0u : ~r[i].own, saved.word[next++]);
	return next;
}

static void save_pll(const struct pll *p, u32 *words)
{
	for (u32 i = 0; i < 3; i++)
		(void)read_reg(p->reg[i], &words[i]);
}

/* A PLL takes a new multiplier only while it is not locked. */
static void restore_pll(const struct pll *p, const u32 *words)
{
	bool same = true;
	u32 now[3];

	save_pll(p, now);
	for (u32 i = 0; i < 3; i++)
		same = same && now[i] == words[i];
	if (same)
		return;
	(void)write_reg(p->reg[0], (now[0] & ~PLL_MODE) | PLL_STOP);
	(void)wait_for(p->idlest, 4, BIT(0), 0);
	(void)write_reg(p->reg[1], words[1]);
	(void)write_reg(p->reg[2], words[2]);
	(void)write_reg(p->reg[0], words[0]);
	if ((words[0] & PLL_MODE) == PLL_LOCK && !wait_for(p->idlest, 4, BIT(0), BIT(0)))
		pr_warn("quiesce: PLL at 0x%08x does not lock\n", (unsigned int)p->reg[0]);
}

/* The guest may have stopped half-way through a frequency change: never run on in bypass. */
static void relock_mpu_pll(void)
{
	u32 v;

	if (!read_reg(CM + 0x904, &v) || (v & PLL_MODE) == PLL_LOCK)
		return;
	(void)write_reg(CM + 0x904, (v & ~PLL_MODE) | PLL_LOCK);
	if (!wait_for(CM + 0x924, 4, BIT(0), BIT(0)))
		pr_warn("quiesce: processor PLL does not lock\n");
}

/* ---- clocks and power for the time of the reset ---- */

static const struct {
	hpa_t reg;
	u32 bits;
} wake_power[] = {
	{ PRM + 0xee0, 3 },	/* DSS, CAM, USBHOST: power state ON */
	{ PRM + 0xfe0, 3 },
	{ PRM + 0x14e0, 3 },
}, wake_clocks[] = {
	{ CM + 0xc00, BIT(0) | BIT(3) | BIT(5) | BIT(6) | BIT(7) },	/* GPT1, GPIO1, WDT2, SR1, SR2 */
	{ CM + 0xc10, 0x2f },		/* GPT1, GPT12, 32K, GPIO1, WDT2 */
	{ CM + 0xa00, 0x433ffe00 },	/* McBSP1/5, GPT10/11, UART1/2, I2C1-3, McSPI1-4, MMC1-3 */
	{ CM + 0xa08, BIT(2) },		/* USBTLL */
	{ CM + 0xa10, 0x5b3ffe52 },	/* the same, and OTG, SCM, SHA, AES2 */
	{ CM + 0xa14, BIT(3) },		/* AES1 */
	{ CM + 0xa18, BIT(2) },		/* USBTLL */
	{ CM + 0x1000, 0x7ffff },	/* McBSP2-4, GPT2-9, WDT3, UART3/4, GPIO2-6 */
	{ CM + 0x1010, 0x7ffff },
	{ CM + 0xe00, 7 },		/* DSS1, DSS2, TV: its reset needs all of them */
	{ CM + 0xe10, 1 },
	{ CM + 0xf00, 1 },
	{ CM + 0xf10, 1 },
	{ CM + 0x1400, 3 },
	{ CM + 0x1410, 1 },
}, wake_domains[] = {
	{ CM + 0xe48, 3 },	/* DSS, CAM, USBHOST: forced wake-up is 2 */
	{ CM + 0xf48, 3 },
	{ CM + 0x1448, 3 },
};

static void wake_all(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(wake_power); i++)
		(void)update_reg(wake_power[i].reg, wake_power[i].bits, 3);
	for (u32 i = 0; i < ARRAY_SIZE(wake_domains); i++)
		(void)update_reg(wake_domains[i].reg, wake_domains[i].bits, 2);
	for (u32 i = 0; i < ARRAY_SIZE(wake_clocks); i++)
		(void)update_reg(wake_clocks[i].reg, wake_clocks[i].bits, ~0u);
	arch_barrier();
	/* PM_PWSTST: [1:0] = ON, b20 = in transition. */
	for (u32 i = 0; i < ARRAY_SIZE(wake_power); i++)
		(void)wait_for(wake_power[i].reg + 4, 4, BIT(20) | 3, 3);
}

/* ---- blocks ---- */

struct block {
	const char *name;
	hpa_t base;
	u16 sysconfig, sysstatus;	/* offsets; sysconfig 0 = no soft reset, sysstatus 0 = not to be seen */
	u32 done;			/* all of these in SYSSTATUS when the reset is over */
	hpa_t idlest;			/* CM_IDLEST register and bit that is 0 when the block answers; 0 = none */
	u32 idle_bit;
	bool (*stop)(const struct block *b);	/* before the reset; NULL = nothing to do */
	u8 width;			/* of its registers, bytes; 0 = 4 */
	bool filtered;			/* the guest reaches it through an emulator */
};

#define SOFTRESET	BIT(1)

#define SDMA_CHANNELS	32u
#define SDMA_CHANNEL(n)	(0x80 + 0x60 * (n))
#define SDMA_CICR	0x08
#define SDMA_CSR	0x0c
#define SDMA_CCR_ENABLE	BIT(7)
#define SDMA_CCR_ACTIVE	(3u << 9)

/* A disabled channel finishes the burst that it is in; until then it still writes to memory. */
static bool stop_sdma(const struct block *b)
{
	bool ok = true;

	for (u32 n = 0; n < SDMA_CHANNELS; n++) {
		hpa_t ch = b->base + SDMA_CHANNEL(n);

		ok &= write_reg(ch + SDMA_CICR, 0);
		ok &= update_reg(ch, SDMA_CCR_ENABLE, 0);
	}
	for (u32 n = 0; ok && n < SDMA_CHANNELS; n++) {
		ok &= wait_for(b->base + SDMA_CHANNEL(n), 4, SDMA_CCR_ENABLE | SDMA_CCR_ACTIVE, 0);
		ok &= write_reg(b->base + SDMA_CHANNEL(n) + SDMA_CSR, ~0u);
	}
	for (u32 line = 0; line < 4; line++) {
		ok &= write_reg(b->base + 0x18 + 4 * line, 0);		/* IRQENABLE_L */
		ok &= write_reg(b->base + 0x08 + 4 * line, ~0u);	/* IRQSTATUS_L */
	}
	return ok;
}

/* EHCI at 0x800 behind the UHH, its operational registers 0x10 further: stop, wait for "halted". */
static bool stop_uhh(const struct block *b)
{
	hpa_t ehci = b->base + 0x810, ohci = b->base + 0x400;
	u32 command;

	if (!read_reg(ehci, &command))
		return false;
	if (command & 1) {
		(void)write_reg(ehci, command & ~1u);
		if (!wait_for(ehci + 4, 4, BIT(12), BIT(12)))
			return false;
	}
	/* OHCI: interrupts off, functional state UsbReset. */
	return write_reg(ohci + 0x14, ~0u) && write_reg(ohci + 0x04, 0);
}

/* DISPC: both outputs off. It fetches the frame under way to its end; the reset that follows cuts that short. */
static bool stop_dispc(const struct block *b)
{
	return update_reg(b->base + 0x40, 3, 0);
}

/* McBSP: transmitter, receiver and generators into reset. */
static bool stop_mcbsp(const struct block *b)
{
	return write_reg(b->base + 0x10, 0) && write_reg(b->base + 0x14, 0);
}

static bool stop_smartreflex(const struct block *b)
{
	return update_reg(b->base, BIT(11), 0);
}

/* Watchdog: the two-step key of WSPR stops it; WWPS bit 4 is up while a write travels to its clock domain. */
static bool stop_watchdog(const struct block *b)
{
	static const u32 key[2] = { 0xaaaa, 0x5555 };
	bool ok = true;

	for (u32 i = 0; i < 2; i++)
		ok = ok && write_reg(b->base + 0x48, key[i]) && wait_for(b->base + 0x34, 4, BIT(4), 0);
	return ok && write_reg(b->base + 0x1c, 0) && write_reg(b->base + 0x18, 1);	/* WIER, WISR: no interrupt either */
}

/* The I2C block reports the end of its reset only while it is enabled; reset and enable are two writes. */
static bool reset_i2c(const struct block *b)
{
	bool ok = arch_mmio_write_checked(b->base + 0x24, 2, 0);	/* CON: disabled */

	ok = ok && arch_mmio_write_checked(b->base + 0x20, 2, SOFTRESET);
	ok = ok && arch_mmio_write_checked(b->base + 0x24, 2, BIT(15));
	ok = ok && wait_for(b->base + 0x10, 2, 1, 1);
	return arch_mmio_write_checked(b->base + 0x24, 2, 0) && ok;
}

#define TIMER(n, at, st, bit) { .name = "GPTIMER" #n, .base = at, .sysconfig = 0x10, .sysstatus = 0x14, .done = 1, \
				.idlest = st, .idle_bit = bit }
#define SIMPLE(nm, at, st, bit) { .name = nm, .base = at, .sysconfig = 0x10, .sysstatus = 0x14, .done = 1, \
				  .idlest = st, .idle_bit = bit }
#define UART(n, at, st, bit) { .name = "UART" #n, .base = at, .sysconfig = 0x54, .sysstatus = 0x58, .done = 1, \
			       .idlest = st, .idle_bit = bit }
#define MCBSP(n, at, st, bit) { .name = "McBSP" #n, .base = at, .idlest = st, .idle_bit = bit, .stop = stop_mcbsp }
#define I2C(n, at, bit, filter) { .name = "I2C" #n, .base = at, .idlest = CM_IDLEST1_CORE, .idle_bit = bit, \
				  .stop = reset_i2c, .width = 2, .filtered = filter }

/* Bus masters first, then what only interrupts. */
static const struct block blocks[] = {
	{ .name = "SDMA", .base = 0x48056000, .sysconfig = 0x2c, .sysstatus = 0x28, .done = 1, .stop = stop_sdma },
	{ .name = "MUSB", .base = 0x480ab000, .sysconfig = 0x404, .sysstatus = 0x408, .done = 1,
	  .idlest = CM_IDLEST1_CORE, .idle_bit = BIT(5) },
	{ .name = "USB host", .base = 0x48064000, .sysconfig = 0x10, .sysstatus = 0x14, .done = 1,
	  .idlest = CM_IDLEST_USBH, .idle_bit = BIT(1), .stop = stop_uhh },
	SIMPLE("USB TLL", 0x48062000, CM_IDLEST3_CORE, BIT(2)),
	{ .name = "DISPC", .base = 0x48050400, .idlest = CM_IDLEST_DSS, .idle_bit = BIT(1), .stop = stop_dispc },
	SIMPLE("DSS", 0x48050000, CM_IDLEST_DSS, BIT(1)),
	{ .name = "ISP", .base = 0x480bc000, .sysconfig = 0x04, .sysstatus = 0x08, .done = 1 },
	SIMPLE("HSMMC1", 0x4809c000, CM_IDLEST1_CORE, BIT(24)),
	SIMPLE("HSMMC2", 0x480b4000, CM_IDLEST1_CORE, BIT(25)),
	SIMPLE("HSMMC3", 0x480ad000, CM_IDLEST1_CORE, BIT(30)),
	SIMPLE("McSPI1", 0x48098000, CM_IDLEST1_CORE, BIT(18)),
	SIMPLE("McSPI2", 0x4809a000, CM_IDLEST1_CORE, BIT(19)),
	SIMPLE("McSPI3", 0x480b8000, CM_IDLEST1_CORE, BIT(20)),
	SIMPLE("McSPI4", 0x480ba000, CM_IDLEST1_CORE, BIT(21)),
	MCBSP(1, 0x48074000, CM_IDLEST1_CORE, BIT(9)),
	MCBSP(2, 0x49022000, CM_IDLEST_PER, BIT(0)),
	MCBSP(3, 0x49024000, CM_IDLEST_PER, BIT(1)),
	MCBSP(4, 0x49026000, CM_IDLEST_PER, BIT(2)),
	MCBSP(5, 0x48096000, CM_IDLEST1_CORE, BIT(10)),
	{ .name = "SHA", .base = 0x480c3000, .sysconfig = 0x60, .sysstatus = 0x64, .done = 1,
	  .idlest = CM_IDLEST1_CORE, .idle_bit = BIT(27) },
	{ .name = "AES1", .base = 0x480a6000, .sysconfig = 0x48, .sysstatus = 0x4c, .done = 1 },
	{ .name = "AES2", .base = 0x480c5000, .sysconfig = 0x48, .sysstatus = 0x4c, .done = 1,
	  .idlest = CM_IDLEST1_CORE, .idle_bit = BIT(28) },
	TIMER(1, 0x48318000, CM_IDLEST_WKUP, BIT(0)),
	TIMER(2, 0x49032000, CM_IDLEST_PER, BIT(3)),
	TIMER(3, 0x49034000, CM_IDLEST_PER, BIT(4)),
	TIMER(4, 0x49036000, CM_IDLEST_PER, BIT(5)),
	TIMER(5, 0x49038000, CM_IDLEST_PER, BIT(6)),
	TIMER(6, 0x4903a000, CM_IDLEST_PER, BIT(7)),
	TIMER(7, 0x4903c000, CM_IDLEST_PER, BIT(8)),
	TIMER(8, 0x4903e000, CM_IDLEST_PER, BIT(9)),
	TIMER(9, 0x49040000, CM_IDLEST_PER, BIT(10)),
	TIMER(10, 0x48086000, CM_IDLEST1_CORE, BIT(11)),
	TIMER(12, 0x48304000, CM_IDLEST_WKUP, BIT(1)),
	I2C(1, 0x48070000, BIT(15), true),
	I2C(2, 0x48072000, BIT(16), false),
	I2C(3, 0x48060000, BIT(17), false),
	UART(1, 0x4806a000, CM_IDLEST1_CORE, BIT(13)),
	UART(2, 0x4806c000, CM_IDLEST1_CORE, BIT(14)),
	UART(4, 0x49042000, CM_IDLEST_PER, BIT(18)),
	{ .name = "SmartReflex 1", .base = 0x480c9000, .stop = stop_smartreflex },
	{ .name = "SmartReflex 2", .base = 0x480cb000, .stop = stop_smartreflex },
	{ .name = "WDT2", .base = 0x48314000, .idlest = CM_IDLEST_WKUP, .idle_bit = BIT(5), .stop = stop_watchdog },
	{ .name = "WDT3", .base = 0x49030000, .idlest = CM_IDLEST_PER, .idle_bit = BIT(12), .stop = stop_watchdog },
};

/* Could the guest have used the block? */
static bool in_map(const struct guest_map *m, hpa_t base, bool filtered)
{
	const struct region *r = guest_map_find(m, base);

	return r && (r->type == REGION_PASSTHROUGH || (filtered && r->type == REGION_EMULATED));
}

static bool soft_reset(const struct block *b)
{
	if (!b->sysconfig)
		return true;
	if (!write_reg(b->base + b->sysconfig, SOFTRESET))
		return false;
	arch_barrier();
	return !b->sysstatus || wait_for(b->base + b->sysstatus, 4, b->done, b->done);
}

static bool quiesce_block(const struct block *b)
{
	if (b->idlest && !wait_for(b->idlest, 4, b->idle_bit, 0)) {
		pr_warn("quiesce: %s: its clocks do not start\n", b->name);
		return false;
	}
	if (b->stop && !b->stop(b)) {
		pr_warn("quiesce: %s does not stop\n", b->name);
		return false;
	}
	if (!soft_reset(b)) {
		pr_warn("quiesce: %s does not finish its reset\n", b->name);
		return false;
	}
	return true;
}

static void save_gpios(void)
{
	for (u32 n = 0; n < GPIO_NR; n++) {
		bool ok = wait_for(gpios[n].idlest, 4, gpios[n].bit, 0);

		for (u32 i = 0; ok && i < ARRAY_SIZE(gpio_regs); i++)
			ok = read_reg(gpios[n].base + gpio_regs[i], &saved.gpio[n][i]);
		saved.gpio_valid[n] = ok;
	}
}

/* GPIOs are not reset: their outputs switch parts of the board. Interrupts off, levels and directions back. */
static u32 restore_gpios(const struct guest_map *m)
{
	u32 bad = 0;

	for (u32 n = 0; n < GPIO_NR; n++) {
		hpa_t base = gpios[n].base;
		bool ok = saved.gpio_valid[n];

		if (!in_map(m, base, false))
			continue;
		ok = ok && wait_for(gpios[n].idlest, 4, gpios[n].bit, 0);
		ok = ok && write_reg(base + GPIO_IRQENABLE1, 0) && write_reg(base + GPIO_IRQENABLE2, 0);
		for (u32 i = 0; ok && i < ARRAY_SIZE(gpio_regs); i++)
			ok = update_reg(base + gpio_regs[i], ~0u, saved.gpio[n][i]);
		ok = ok && write_reg(base + GPIO_IRQSTATUS1, ~0u) && write_reg(base + GPIO_IRQSTATUS2, ~0u);
		if (!ok) {
			pr_warn("quiesce: GPIO%u does not answer\n", (unsigned int)n + 1);
			bad++;
		}
	}
	return bad;
}

/* Wake-up and PRCM interrupt flags are write-one-to-clear. */
static void clear_wakeups(void)
{
	static const hpa_t flags[] = { PRM + 0xab0, PRM + 0xab8, PRM + 0xcb0, PRM + 0x10b0, PRM + 0x14b0, PRM + 0x818 };

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		(void)write_reg(flags[i], ~0u);
}

/* A watchdog that the boot loader left running would reset the board under Umbra. */
static void stop_boot_watchdog(void)
{
	static const struct block wdt2 = { .base = 0x48314000 };

	if (!wait_for(CM_IDLEST_WKUP, 4, BIT(5), 0) || !stop_watchdog(&wdt2))
		pr_warn("WDT2 does not stop\n");
}

void host_quiesce_init(void)
{
	u32 first_clocks;

	save_ranges(scm_ranges, ARRAY_SIZE(scm_ranges));
	first_clocks = saved.nr;
	save_ranges(ranges, ARRAY_SIZE(ranges));
	save_pll(&iva_pll, saved.iva_pll);
	save_pll(&usb_pll, saved.usb_pll);
	wake_all();
	save_gpios();
	stop_boot_watchdog();
	restore_ranges(ranges, ARRAY_SIZE(ranges), first_clocks);
	saved.valid = true;
}

static void restore_clocks(const struct guest_map *m)
{
	u32 next = 0;

	if (guest_map_find(m, SCM))
		next = restore_ranges(scm_ranges, ARRAY_SIZE(scm_ranges), next);
	else
		for (u32 i = 0; i < ARRAY_SIZE(scm_ranges); i++)
			next += scm_ranges[i].count;
	restore_pll(&iva_pll, saved.iva_pll);
	restore_pll(&usb_pll, saved.usb_pll);
	relock_mpu_pll();
	restore_ranges(ranges, ARRAY_SIZE(ranges), next);
	clear_wakeups();
	arch_barrier();
}

u32 host_quiesce(const struct guest_map *m)
{
	u32 bad = 0;

	BUG_ON(!saved.valid);
	wake_all();
	/* IVA2 back into reset: whatever runs there is a bus master with its own program. */
	(void)update_reg(PRM + 0x050, 7, 7);
	for (u32 i = 0; i < ARRAY_SIZE(blocks); i++)
		if (in_map(m, blocks[i].base, blocks[i].filtered))
			bad += !quiesce_block(&blocks[i]);
	bad += restore_gpios(m);
	/* SGX has no reset of its own here: the boot loader's clock setting, off, stops it. */
	restore_clocks(m);
	return bad;
}

void host_reset(void)
{
	/* RST_DPLL3 resets all but the pads' supplies, as U-Boot and Linux do. */
	arch_mmio_write32(PRM_RSTCTRL, RST_DPLL3);
	arch_barrier();
	host_time_delay_us(100000);
}
