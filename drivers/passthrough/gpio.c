// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GPIO1 to 6. They are not reset, because their outputs switch parts of the board: interrupts off, then levels and directions as the
 * boot loader left them. Nothing is filtered.
 */
#include <hv/log.h>

#include "family.h"

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

static const struct clock_bits clocks[] = {
	{ CM_FCLKEN_WKUP, BIT(3) },
	{ CM_ICLKEN_WKUP, BIT(3) },
	{ CM_FCLKEN_PER, 0x3e000 },
	{ CM_ICLKEN_PER, 0x3e000 },
};

static struct {
	u32 word[ARRAY_SIZE(gpio_regs)];
	bool valid;
} saved[GPIO_NR];

static void gpio_save(void)
{
	for (u32 n = 0; n < GPIO_NR; n++) {
		bool ok = wait_for(gpios[n].idlest, 4, gpios[n].bit, 0);

		for (u32 i = 0; ok && i < ARRAY_SIZE(gpio_regs); i++)
			ok = read_reg(gpios[n].base + gpio_regs[i], &saved[n].word[i]);
		saved[n].valid = ok;
	}
}

static bool restore_one(u32 n)
{
	hpa_t base = gpios[n].base;
	bool ok = saved[n].valid && wait_for(gpios[n].idlest, 4, gpios[n].bit, 0);

	ok = ok && write_reg(base + GPIO_IRQENABLE1, 0) && write_reg(base + GPIO_IRQENABLE2, 0);
	for (u32 i = 0; ok && i < ARRAY_SIZE(gpio_regs); i++)
		ok = update_reg(base + gpio_regs[i], ~0u, saved[n].word[i]);
	return ok && write_reg(base + GPIO_IRQSTATUS1, ~0u) && write_reg(base + GPIO_IRQSTATUS2, ~0u);
}

static u32 gpio_restore(const struct guest_map *m)
{
	u32 bad = 0;

	for (u32 n = 0; n < GPIO_NR; n++) {
		if (!in_map(m, gpios[n].base, false) || restore_one(n))
			continue;
		pr_warn("quiesce: GPIO%u does not answer\n", (unsigned int)n + 1);
		bad++;
	}
	return bad;
}

static const struct family gpio = { FAMILY_CLOCKS(clocks), .save = gpio_save, .restore = gpio_restore };
FAMILY_REGISTER(gpio);
