// SPDX-License-Identifier: GPL-2.0-or-later
/* Taking an OMAP3 board back from a guest: stop what it may have started, put clocks, pins and GPIOs back. */

/*
 * Order: clocks and power on everywhere (a block without its interface clock answers with an external abort, and a
 * bus master frozen by a cut clock would go on when it returns), stop and reset block by block, then restore.
 * Each block is touched with checked accesses, each wait is bounded, each failure is one message.
 *
 * What is done to a device is told by its family (drivers/passthrough/), as far as it is built in. Here is what no family owns: the order,
 * and clocks, power states, pins.
 *
 * Not restored: processor PLL, voltage controller, ABB, and the power chip behind I2C1. Processor frequency and
 * voltage were set by the guest as a pair and stay one; a kernel reads the frequency from the registers.
 */

#include <arch/cpu.h>
#include <hv/guest_map.h>
#include <hv/log.h>
#include <hv/passthrough.h>
#include <hv/time.h>

#include "passthrough/family.h"

/* The linker script collects the FAMILY_REGISTER() pointers between these. */
extern const struct family *const __family_start[], *const __family_end[];

#define CORE_GPT11	BIT(12)
#define PER_UART3	BIT(11)
#define CKSEL_GPT11	BIT(7)
#define PRM_RSTCTRL	(PRM + 0x1250)
#define RST_DPLL3	BIT(2)

#define WAIT_TICKS	(TIME_HZ / 50)	/* 20 ms: twice what system software allows for a reset */

bool read_reg(hpa_t a, u32 *v)
{
	return arch_mmio_read_checked(a, 4, v);
}

bool write_reg(hpa_t a, u32 v)
{
	return arch_mmio_write_checked(a, 4, v);
}

bool wait_for(hpa_t a, u32 width, u32 mask, u32 value)
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

bool update_reg(hpa_t a, u32 mask, u32 value)
{
	u32 v;

	if (!read_reg(a, &v))
		return false;
	if ((v & mask) == (value & mask))
		return true;
	return write_reg(a, (v & ~mask) | (value & mask));
}

bool in_map(const struct guest_map *m, hpa_t base, bool filtered)
{
	const struct region *r = guest_map_find(m, passed_gpa(base));

	return r && (r->type == REGION_PASSTHROUGH || (filtered && r->type == REGION_EMULATED));
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

#define SAVED_MAX	384u

static struct {
	bool valid;
	u32 nr;
	u32 word[SAVED_MAX];
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

/* Umbra's own, whatever a guest did to them. */
static const struct clock_bits own_clocks[] = {
	{ CM_ICLKEN_WKUP, BIT(2) },		/* 32 kHz counter */
	{ CM_FCLKEN1_CORE, CORE_GPT11 },
	{ CM_ICLKEN1_CORE, CORE_GPT11 | BIT(6) | BIT(1) },	/* and SCM, SDRC */
	{ CM_FCLKEN_PER, PER_UART3 },
	{ CM_ICLKEN_PER, PER_UART3 },
	{ CM_FCLKEN_WKUP, BIT(5) },		/* WDT2 */
	{ CM_ICLKEN_WKUP, BIT(5) },
};

static void wake_clocks(const struct clock_bits *c, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		(void)update_reg(c[i].reg, c[i].bits, ~0u);
}

#define for_each_family(f) for (const struct family *const *f = __family_start; f < __family_end; f++)

static void wake_all(void)
{
	/* Power state ON is 3, forced wake-up of the clock domain 2. */
	for_each_family(f)
		if ((*f)->domain) {
			(void)update_reg(PM_PWSTCTRL((*f)->domain), 3, 3);
			(void)update_reg(CM_CLKSTCTRL((*f)->domain), 3, 2);
		}
	wake_clocks(own_clocks, ARRAY_SIZE(own_clocks));
	for_each_family(f)
		wake_clocks((*f)->clocks, (*f)->nclocks);
	arch_barrier();
	/* PM_PWSTST: [1:0] = ON, b20 = in transition. */
	for_each_family(f)
		if ((*f)->domain)
			(void)wait_for(PM_PWSTST((*f)->domain), 4, BIT(20) | 3, 3);
}

/* ---- blocks ---- */

/* WWPS bit 4 is up while a write travels to the watchdog's clock domain. */
bool stop_watchdog(const struct block *b)
{
	static const u32 key[2] = { 0xaaaa, 0x5555 };
	bool ok = true;

	for (u32 i = 0; i < 2; i++)
		ok = ok && write_reg(b->base + 0x48, key[i]) && wait_for(b->base + 0x34, 4, BIT(4), 0);
	return ok && write_reg(b->base + 0x1c, 0) && write_reg(b->base + 0x18, 1);	/* WIER, WISR: no interrupt either */
}

/* Resets the board: stopped at Umbra's start, and where a layout passed it through. */
static const struct block wdt2 = {
	.name = "WDT2", .base = 0x48314000, .idlest = CM_IDLEST_WKUP, .idle_bit = BIT(5), .stop = stop_watchdog,
};

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

/* The blocks that the guest had, of all families that move memory by themselves or of all others. Returns how many failed. */
static u32 quiesce_blocks(const struct guest_map *m, bool masters)
{
	u32 bad = 0;

	for_each_family(f)
		for (u32 i = 0; i < (*f)->nblocks && (*f)->master == masters; i++)
			if (in_map(m, (*f)->blocks[i].base, (*f)->blocks[i].filtered))
				bad += !quiesce_block(&(*f)->blocks[i]);
	return bad;
}

/* Wake-up and PRCM interrupt flags are write-one-to-clear. */
static void clear_wakeups(void)
{
	static const hpa_t flags[] = { PRM + 0xab0, PRM + 0xab8, PRM + 0xcb0, PRM + 0x10b0, PRM + 0x14b0, PRM + 0x818 };

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		(void)write_reg(flags[i], ~0u);
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
	for_each_family(f)
		if ((*f)->save)
			(*f)->save();
	if (!quiesce_block(&wdt2))	/* the boot loader's would reset the board under Umbra */
		pr_warn("WDT2 does not stop\n");
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
	bad += quiesce_blocks(m, true);
	bad += quiesce_blocks(m, false);
	if (in_map(m, wdt2.base, wdt2.filtered))
		bad += !quiesce_block(&wdt2);
	for_each_family(f)
		if ((*f)->restore)
			bad += (*f)->restore(m);
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
