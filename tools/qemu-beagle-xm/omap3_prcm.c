// SPDX-License-Identifier: GPL-2.0-or-later
/* Power, reset and clock management (CM and PRM): DPLL lock, module idle status, timer clocks, software reset. */

#include "qemu/osdep.h"
#include "hw/irq.h"
#include "hw/qdev-clock.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "sysemu/cpus.h"
#include "sysemu/runstate.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define WINDOW 0x2000

/* Offsets of the modules that matter here; the same in CM and PRM. */
#define IVA2 0x000
#define OCP 0x800
#define MPU 0x900
#define CORE 0xa00
#define SGX 0xb00
#define WKUP 0xc00
#define CCR 0xd00
#define DSS 0xe00
#define CAM 0xf00
#define PER 0x1000
#define EMU 0x1100
#define GR 0x1200
#define NEON 0x1300
#define USBHOST 0x1400

#define CM_CLKEN_PLL (CCR + 0x00)
#define CM_CLKEN2_PLL (CCR + 0x04)
#define CM_IDLEST_CKGEN (CCR + 0x20)
#define CM_IDLEST2_CKGEN (CCR + 0x24)
#define CKGEN_OTHER_CLOCKS 0x3f3c	/* activity of the clocks that the DPLLs feed */
#define DPLL_LOCK_MODE 7

#define PRM_IRQSTATUS_MPU (OCP + 0x18)
#define PRM_IRQENABLE_MPU (OCP + 0x1c)
#define PRM_VC_BYPASS_VAL (GR + 0x3c)
#define PRM_RSTCTRL (GR + 0x50)
#define PRM_RSTST (GR + 0x58)
#define PRM_CLKSRC_CTRL (GR + 0x70)
#define PRM_LDO_ABB_CTRL (GR + 0xf0)	/* the manual has it and the next one exchanged: Linux, ti-abb-regulator.c */
#define ABB_OPP_CHANGE 4
#define IRQ_ABB_DONE (1u << 26)
#define PM_WKEN_WKUP (WKUP + 0xa0)
#define PM_WKST_WKUP (WKUP + 0xb0)
#define IO_CHAIN (1u << 16)
#define RSTCTRL_RESET 6			/* RST_GS, RST_DPLL3 */
#define RSTST_COLD 1
#define RSTST_SOFTWARE 2

#define OSCILLATOR_HZ 26000000
#define TIMERS 12

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Prcm, OMAP3_PRCM)

struct Omap3Prcm {
	SysBusDevice parent_obj;
	MemoryRegion cm_mmio;
	MemoryRegion prm_mmio;
	Omap3Regs cm;
	Omap3Regs prm;
	qemu_irq irq;
	Clock *timer_clock[TIMERS];
	uint32_t reset_cause;	/* what PRM_RSTST shows after the next reset */
};

/* Reset values: of the DPLLs and dividers as the chip has them; what boot software sets up is not here. */
static const Omap3Reg cm_regs[] = {
	{ IVA2 + 0x00, "FCLKEN_IVA2" },
	{ IVA2 + 0x04, "CLKEN_PLL_IVA2", .reset = 0x11 },
	{ IVA2 + 0x20, "IDLEST_IVA2", .reset = 1, .read_only = ~0u },
	{ IVA2 + 0x24, "IDLEST_PLL_IVA2", .read_only = ~0u },
	{ IVA2 + 0x34, "AUTOIDLE_PLL_IVA2" },
	{ IVA2 + 0x40, "CLKSEL1_PLL_IVA2", .reset = 0x80000 },
	{ IVA2 + 0x44, "CLKSEL2_PLL_IVA2", .reset = 1 },
	{ IVA2 + 0x48, "CLKSTCTRL_IVA2" },
	{ IVA2 + 0x4c, "CLKSTST_IVA2", .reset = 1, .read_only = ~0u },
	{ OCP + 0x00, "REVISION", .reset = 0x10, .read_only = ~0u },
	{ OCP + 0x10, "SYSCONFIG", .reset = 1 },
	{ OCP + 0x9c, "POLCTRL" },
	{ MPU + 0x04, "CLKEN_PLL_MPU", .reset = 0x11 },
	{ MPU + 0x20, "IDLEST_MPU", .read_only = ~0u },
	{ MPU + 0x24, "IDLEST_PLL_MPU", .read_only = ~0u },
	{ MPU + 0x34, "AUTOIDLE_PLL_MPU" },
	{ MPU + 0x40, "CLKSEL1_PLL_MPU", .reset = 0x80000 },
	{ MPU + 0x44, "CLKSEL2_PLL_MPU", .reset = 1 },
	{ MPU + 0x48, "CLKSTCTRL_MPU" },
	{ MPU + 0x4c, "CLKSTST_MPU", .reset = 1, .read_only = ~0u },
	{ CORE + 0x00, "FCLKEN1_CORE" },
	{ CORE + 0x08, "FCLKEN3_CORE" },
	{ CORE + 0x10, "ICLKEN1_CORE", .reset = 0x42 },
	{ CORE + 0x14, "ICLKEN2_CORE" },
	{ CORE + 0x18, "ICLKEN3_CORE" },
	{ CORE + 0x20, "IDLEST1_CORE", .read_only = ~0u },
	{ CORE + 0x24, "IDLEST2_CORE", .read_only = ~0u },
	{ CORE + 0x28, "IDLEST3_CORE", .read_only = ~0u },
	{ CORE + 0x30, "AUTOIDLE_CORE", .count = 3 },
	{ CORE + 0x40, "CLKSEL_CORE", .reset = 0x1105 },
	{ CORE + 0x48, "CLKSTCTRL_CORE" },
	{ CORE + 0x4c, "CLKSTST_CORE", .reset = 3, .read_only = ~0u },
	{ SGX + 0x00, "FCLKEN_SGX" },
	{ SGX + 0x10, "ICLKEN_SGX" },
	{ SGX + 0x20, "IDLEST_SGX", .read_only = ~0u },
	{ SGX + 0x40, "CLKSEL_SGX" },
	{ SGX + 0x44, "SLEEPDEP_SGX" },
	{ SGX + 0x48, "CLKSTCTRL_SGX" },
	{ SGX + 0x4c, "CLKSTST_SGX", .reset = 1, .read_only = ~0u },
	{ WKUP + 0x00, "FCLKEN_WKUP" },
	{ WKUP + 0x10, "ICLKEN_WKUP", .reset = 0x20 },
	{ WKUP + 0x20, "IDLEST_WKUP", .read_only = ~0u },
	{ WKUP + 0x30, "AUTOIDLE_WKUP" },
	{ WKUP + 0x40, "CLKSEL_WKUP", .reset = 0x12 },
	{ CM_CLKEN_PLL, "CLKEN_PLL", .reset = 0x00110015 },
	{ CM_CLKEN2_PLL, "CLKEN2_PLL", .reset = 0x11 },
	{ CM_IDLEST_CKGEN, "IDLEST_CKGEN", .read_only = ~0u },
	{ CM_IDLEST2_CKGEN, "IDLEST2_CKGEN", .read_only = ~0u },
	{ CCR + 0x30, "AUTOIDLE_PLL", .count = 2 },
	{ CCR + 0x40, "CLKSEL1_PLL", .reset = 0x08000000 },
	{ CCR + 0x44, "CLKSEL2_PLL" },
	{ CCR + 0x48, "CLKSEL3_PLL", .reset = 1 },
	{ CCR + 0x4c, "CLKSEL4_PLL" },
	{ CCR + 0x50, "CLKSEL5_PLL", .reset = 1 },
	{ CCR + 0x70, "CLKOUT_CTRL", .reset = 3 },
	{ DSS + 0x00, "FCLKEN_DSS" },
	{ DSS + 0x10, "ICLKEN_DSS" },
	{ DSS + 0x20, "IDLEST_DSS", .read_only = ~0u },
	{ DSS + 0x30, "AUTOIDLE_DSS" },
	{ DSS + 0x40, "CLKSEL_DSS", .reset = 0x1010 },
	{ DSS + 0x44, "SLEEPDEP_DSS" },
	{ DSS + 0x48, "CLKSTCTRL_DSS" },
	{ DSS + 0x4c, "CLKSTST_DSS", .reset = 1, .read_only = ~0u },
	{ CAM + 0x00, "FCLKEN_CAM" },
	{ CAM + 0x10, "ICLKEN_CAM" },
	{ CAM + 0x20, "IDLEST_CAM", .read_only = ~0u },
	{ CAM + 0x30, "AUTOIDLE_CAM" },
	{ CAM + 0x40, "CLKSEL_CAM", .reset = 0x10 },
	{ CAM + 0x44, "SLEEPDEP_CAM" },
	{ CAM + 0x48, "CLKSTCTRL_CAM" },
	{ CAM + 0x4c, "CLKSTST_CAM", .reset = 1, .read_only = ~0u },
	{ PER + 0x00, "FCLKEN_PER" },
	{ PER + 0x10, "ICLKEN_PER" },
	{ PER + 0x20, "IDLEST_PER", .read_only = ~0u },
	{ PER + 0x30, "AUTOIDLE_PER" },
	{ PER + 0x40, "CLKSEL_PER" },
	{ PER + 0x44, "SLEEPDEP_PER" },
	{ PER + 0x48, "CLKSTCTRL_PER" },
	{ PER + 0x4c, "CLKSTST_PER", .reset = 1, .read_only = ~0u },
	{ EMU + 0x40, "CLKSEL1_EMU", .reset = 0x10100a50 },
	{ EMU + 0x48, "CLKSTCTRL_EMU", .reset = 2 },
	{ EMU + 0x4c, "CLKSTST_EMU", .reset = 1, .read_only = ~0u },
	{ EMU + 0x50, "CLKSEL2_EMU" },
	{ EMU + 0x54, "CLKSEL3_EMU" },
	{ NEON + 0x20, "IDLEST_NEON", .read_only = ~0u },
	{ NEON + 0x48, "CLKSTCTRL_NEON" },
	{ USBHOST + 0x00, "FCLKEN_USBHOST" },
	{ USBHOST + 0x10, "ICLKEN_USBHOST" },
	{ USBHOST + 0x20, "IDLEST_USBHOST", .read_only = ~0u },
	{ USBHOST + 0x30, "AUTOIDLE_USBHOST" },
	{ USBHOST + 0x44, "SLEEPDEP_USBHOST" },
	{ USBHOST + 0x48, "CLKSTCTRL_USBHOST" },
	{ USBHOST + 0x4c, "CLKSTST_USBHOST", .reset = 1, .read_only = ~0u },
};

/*
 * Power domains never leave the ON state: WFI keeps everything. So every status says "on, memories on, no
 * transition", and the previous state is always ON, which tells system software that no context was lost.
 */
#define POWER_STATE(module, name) \
	{ module + 0xe0, "PWSTCTRL_" name, .reset = 7 }, \
	{ module + 0xe4, "PWSTST_" name, .reset = 0xf7, .read_only = ~0u }, \
	{ module + 0xe8, "PREPWSTST_" name, .reset = 0xf7, .read_only = ~0u }
#define RESET_STATUS(module, name) { module + 0x58, "RSTST_" name, .reset = 1, .clear = ~0u }
#define WAKEUP_ENABLE(module, name) \
	{ module + 0xa0, "WKEN_" name }, \
	{ module + 0xa4, "MPUGRPSEL_" name }, \
	{ module + 0xa8, "IVA2GRPSEL_" name }, \
	{ module + 0xb0, "WKST_" name, .clear = ~0u }

static const Omap3Reg prm_regs[] = {
	{ IVA2 + 0x50, "RSTCTRL_IVA2", .reset = 7 },
	RESET_STATUS(IVA2, "IVA2"),
	{ IVA2 + 0xc8, "WKDEP_IVA2" },
	POWER_STATE(IVA2, "IVA2"),
	{ IVA2 + 0xf8, "IRQSTATUS_IVA2", .clear = ~0u },
	{ IVA2 + 0xfc, "IRQENABLE_IVA2" },
	{ OCP + 0x04, "REVISION", .reset = 0x10, .read_only = ~0u },
	{ OCP + 0x14, "SYSCONFIG", .reset = 1 },
	{ PRM_IRQSTATUS_MPU, "IRQSTATUS_MPU", .clear = ~0u },
	{ PRM_IRQENABLE_MPU, "IRQENABLE_MPU" },
	RESET_STATUS(MPU, "MPU"),
	{ MPU + 0xc8, "WKDEP_MPU" },
	{ MPU + 0xd4, "EVGEN_MPU", .count = 3 },
	POWER_STATE(MPU, "MPU"),
	RESET_STATUS(CORE, "CORE"),
	WAKEUP_ENABLE(CORE, "CORE1"),
	{ CORE + 0xb8, "WKST3_CORE", .clear = ~0u },
	POWER_STATE(CORE, "CORE"),
	{ CORE + 0xf0, "WKEN3_CORE", .count = 3 },
	RESET_STATUS(SGX, "SGX"),
	{ SGX + 0xc8, "WKDEP_SGX" },
	POWER_STATE(SGX, "SGX"),
	WAKEUP_ENABLE(WKUP, "WKUP"),
	{ CCR + 0x40, "CLKSEL", .reset = 4 },
	{ CCR + 0x70, "CLKOUT_CTRL", .reset = 0x80 },
	RESET_STATUS(DSS, "DSS"),
	{ DSS + 0xa0, "WKEN_DSS" },
	{ DSS + 0xc8, "WKDEP_DSS" },
	POWER_STATE(DSS, "DSS"),
	RESET_STATUS(CAM, "CAM"),
	{ CAM + 0xc8, "WKDEP_CAM" },
	POWER_STATE(CAM, "CAM"),
	RESET_STATUS(PER, "PER"),
	WAKEUP_ENABLE(PER, "PER"),
	{ PER + 0xc8, "WKDEP_PER" },
	POWER_STATE(PER, "PER"),
	RESET_STATUS(EMU, "EMU"),
	{ EMU + 0xe4, "PWSTST_EMU", .reset = 0xf7, .read_only = ~0u },
	{ GR + 0x20, "VC_SMPS", .count = 7 },
	{ PRM_VC_BYPASS_VAL, "VC_BYPASS_VAL", .pulse = 1u << 24 },
	{ PRM_RSTCTRL, "RSTCTRL", .pulse = RSTCTRL_RESET },
	{ GR + 0x54, "RSTTIME", .reset = 0x1006 },
	{ PRM_RSTST, "RSTST", .clear = ~0u },
	{ GR + 0x60, "VOLTCTRL" },
	{ GR + 0x64, "SRAM_PCHARGE", .reset = 0x50 },
	{ PRM_CLKSRC_CTRL, "CLKSRC_CTRL", .reset = 0x43 },
	{ GR + 0x80, "OBSR", .read_only = ~0u },
	{ GR + 0x90, "VOLTSETUP1" },
	{ GR + 0x94, "VOLTOFFSET" },
	{ GR + 0x98, "CLKSETUP" },
	{ GR + 0x9c, "POLCTRL", .reset = 0xa },
	{ GR + 0xa0, "VOLTSETUP2" },
	{ GR + 0xb0, "VP1", .count = 5 },
	{ GR + 0xc4, "VP1_STATUS", .reset = 1, .read_only = ~0u },
	{ GR + 0xd0, "VP2", .count = 5 },
	{ GR + 0xe4, "VP2_STATUS", .reset = 1, .read_only = ~0u },
	{ PRM_LDO_ABB_CTRL, "LDO_ABB_CTRL", .pulse = ABB_OPP_CHANGE },
	{ GR + 0xf4, "LDO_ABB_SETUP" },
	RESET_STATUS(NEON, "NEON"),
	{ NEON + 0xc8, "WKDEP_NEON" },
	POWER_STATE(NEON, "NEON"),
	RESET_STATUS(USBHOST, "USBHOST"),
	WAKEUP_ENABLE(USBHOST, "USBHOST"),
	{ USBHOST + 0xc8, "WKDEP_USBHOST" },
	POWER_STATE(USBHOST, "USBHOST"),
};

/* Module idle status: 1 = idle, which a module is while its interface clock is off. */
static const struct idle_rule {
	uint32_t idlest;
	uint32_t enable;
	uint32_t mask;	/* bits that are at the same place in both registers */
	uint32_t also;	/* bits that follow bit 0 (or bit 4 for HSOTG) of the enable register */
	uint32_t also_enable;
} idle_rules[] = {
	{ IVA2 + 0x20, IVA2 + 0x00, 0x1 },
	{ CORE + 0x20, CORE + 0x10, 0x737ffed2 & ~0x10, 0x30, 0x10 },
	{ CORE + 0x28, CORE + 0x18, 0x4 },
	{ SGX + 0x20, SGX + 0x10, 0x1 },
	{ WKUP + 0x20, WKUP + 0x10, 0x23f },
	{ WKUP + 0x20, WKUP + 0x00, 0xc0 },	/* SmartReflex: no interface clock of its own here */
	{ DSS + 0x20, DSS + 0x10, 0, 0x3, 0x1 },
	{ CAM + 0x20, CAM + 0x10, 0x1 },
	{ PER + 0x20, PER + 0x10, 0x7ffff },
	{ USBHOST + 0x20, USBHOST + 0x10, 0, 0x3, 0x1 },
};

static void refresh_idle_status(Omap3Prcm *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(idle_rules); i++) {
		const struct idle_rule *rule = &idle_rules[i];
		uint32_t enable = *omap3_reg(&s->cm, rule->enable);
		uint32_t *idlest = omap3_reg(&s->cm, rule->idlest);
		uint32_t idle = ~enable & rule->mask;

		if (!(enable & rule->also_enable))
			idle |= rule->also;
		*idlest = (*idlest & ~(rule->mask | rule->also)) | idle;
	}
}

static bool dpll_locked(Omap3Prcm *s, hwaddr clken, int shift)
{
	return extract32(*omap3_reg(&s->cm, clken), shift, 3) == DPLL_LOCK_MODE;
}

static void refresh_dpll_status(Omap3Prcm *s)
{
	*omap3_reg(&s->cm, CM_IDLEST_CKGEN) = CKGEN_OTHER_CLOCKS | dpll_locked(s, CM_CLKEN_PLL, 0) |
					      dpll_locked(s, CM_CLKEN_PLL, 16) << 1;
	*omap3_reg(&s->cm, CM_IDLEST2_CKGEN) = dpll_locked(s, CM_CLKEN2_PLL, 0);
	*omap3_reg(&s->cm, MPU + 0x24) = dpll_locked(s, MPU + 0x04, 0);
	*omap3_reg(&s->cm, IVA2 + 0x24) = dpll_locked(s, IVA2 + 0x04, 0);
}

static uint32_t sys_clk_hz(Omap3Prcm *s)
{
	return OSCILLATOR_HZ / (extract32(*omap3_reg(&s->prm, PRM_CLKSRC_CTRL), 6, 2) == 2 ? 2 : 1);
}

/* Timer 1 is selected in WKUP, 2-9 in PER, 10 and 11 in CORE; 12 has no choice. */
static bool timer_uses_sys_clk(Omap3Prcm *s, int number)
{
	if (number == 1)
		return *omap3_reg(&s->cm, WKUP + 0x40) & 1;
	if (number <= 9)
		return extract32(*omap3_reg(&s->cm, PER + 0x40), number - 2, 1);
	if (number <= 11)
		return extract32(*omap3_reg(&s->cm, CORE + 0x40), number - 4, 1);
	return false;
}

static void refresh_timer_clocks(Omap3Prcm *s)
{
	for (int i = 0; i < TIMERS; i++)
		clock_update_hz(s->timer_clock[i], timer_uses_sys_clk(s, i + 1) ? sys_clk_hz(s) : OMAP3_32K_HZ);
}

static void refresh(Omap3Prcm *s)
{
	refresh_idle_status(s);
	refresh_dpll_status(s);
	refresh_timer_clocks(s);
	qemu_set_irq(s->irq, !!(*omap3_reg(&s->prm, PRM_IRQSTATUS_MPU) & *omap3_reg(&s->prm, PRM_IRQENABLE_MPU)));
}

static uint64_t cm_read(void *opaque, hwaddr offset, unsigned size)
{
	return omap3_regs_read(&OMAP3_PRCM(opaque)->cm, offset, size);
}

static void cm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Prcm *s = opaque;

	omap3_regs_write(&s->cm, offset, value, size);
	refresh(s);
}

static uint64_t prm_read(void *opaque, hwaddr offset, unsigned size)
{
	return omap3_regs_read(&OMAP3_PRCM(opaque)->prm, offset, size);
}

static void prm_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Prcm *s = opaque;
	uint32_t word = omap3_regs_write(&s->prm, offset, value, size);

	switch (offset & ~3) {
	case PRM_RSTCTRL:
		if (word & RSTCTRL_RESET) {
			s->reset_cause = RSTST_SOFTWARE;
			qemu_system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
			cpu_stop_current();	/* until the reset has happened */
		}
		break;
	case PRM_LDO_ABB_CTRL:
		/* the body bias is another one at once */
		if (word & ABB_OPP_CHANGE)
			*omap3_reg(&s->prm, PRM_IRQSTATUS_MPU) |= IRQ_ABB_DONE;
		break;
	case PM_WKEN_WKUP:
		/* the daisy chain of the pads answers at once */
		if (word & IO_CHAIN)
			*omap3_reg(&s->prm, PM_WKST_WKUP) |= IO_CHAIN;
		break;
	}
	refresh(s);
}

static const MemoryRegionOps cm_ops = {
	.read = cm_read,
	.write = cm_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static const MemoryRegionOps prm_ops = {
	.read = prm_read,
	.write = prm_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void prcm_reset(DeviceState *dev)
{
	Omap3Prcm *s = OMAP3_PRCM(dev);

	omap3_regs_reset(&s->cm);
	omap3_regs_reset(&s->prm);
	*omap3_reg(&s->prm, PRM_RSTST) = s->reset_cause;
	s->reset_cause = RSTST_COLD;
	refresh(s);
}

static void prcm_init(Object *obj)
{
	Omap3Prcm *s = OMAP3_PRCM(obj);
	SysBusDevice *bus = SYS_BUS_DEVICE(obj);

	s->reset_cause = RSTST_COLD;
	omap3_regs_init(&s->cm, "cm", cm_regs, ARRAY_SIZE(cm_regs), WINDOW);
	omap3_regs_init(&s->prm, "prm", prm_regs, ARRAY_SIZE(prm_regs), WINDOW);
	memory_region_init_io(&s->cm_mmio, obj, &cm_ops, s, "cm", WINDOW);
	memory_region_init_io(&s->prm_mmio, obj, &prm_ops, s, "prm", WINDOW);
	sysbus_init_mmio(bus, &s->cm_mmio);
	sysbus_init_mmio(bus, &s->prm_mmio);
	sysbus_init_irq(bus, &s->irq);
	for (int i = 0; i < TIMERS; i++) {
		g_autofree char *name = g_strdup_printf("timer%d", i + 1);

		s->timer_clock[i] = qdev_init_clock_out(DEVICE(obj), name);
	}
}

static void prcm_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = prcm_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo prcm_type = {
	.name = TYPE_OMAP3_PRCM,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Prcm),
	.instance_init = prcm_init,
	.class_init = prcm_class_init,
};

static void prcm_register(void)
{
	type_register_static(&prcm_type);
}
type_init(prcm_register)
