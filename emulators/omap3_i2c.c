// SPDX-License-Identifier: GPL-2.0-or-later
/* OMAP3 I2C1 passed through, with an eye on the power chip: the guest can switch itself off but not the board. */

/*
 * Every register passes. The filter follows what the guest sends to the TWL4030 (slave 0x4b carries its power
 * master): the first byte of a write transfer is a register number, the following ones go to that register and
 * the next ones. A byte that would take the board down is changed on its way into the transmit FIFO.
 *
 * Bytes reach the wire in FIFO order, so position is counted at the DATA register. Bytes written before START is
 * set are counted too; as their slave may still change they are treated as if they went to 0x4b.
 */

#include <arch/cpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/log.h>

#define I2C_BUF		0x14u
#define I2C_CNT		0x18u
#define I2C_DATA	0x1cu
#define I2C_SYSC	0x20u
#define I2C_CON		0x24u
#define I2C_SA		0x2cu

#define BUF_TX_CLEAR	BIT(6)
#define SYSC_RESET	BIT(1)
#define CON_START	BIT(0)
#define CON_TRANSMIT	BIT(9)
#define CON_MASTER	BIT(10)
#define CON_ENABLE	BIT(15)
#define CNT_MAX		65536u	/* a count of 0 */

#define TWL_POWER_SLAVE	0x4bu
#define TWL_DEVOFF	BIT(0)
#define TWL_DEVSLP	BIT(2)
#define TWL_WATCHDOG	0x1fu

struct i2c {
	struct guest *guest;
	u32 slave, count;	/* SA, CNT as last written */
	u32 left;		/* bytes that the transfer under way still takes; 0 = none */
	u32 position;		/* bytes seen since START, or since the FIFO was last known empty */
	u32 twl_reg;		/* register that the next data byte goes to */
};

/* Bits of TWL4030 registers at slave 0x4b that do not reach the chip. */
static const struct twl_rule {
	u8 reg, mask;
	bool power_off;	/* setting one is the guest's wish to go off */
	const char *reason;
} rules[] = {
	{ 0x46, TWL_DEVOFF, true, "P1_SW_EVENTS.DEVOFF switches the board off" },
	{ 0x47, TWL_DEVOFF, true, "P2_SW_EVENTS.DEVOFF switches the board off" },
	{ 0x48, TWL_DEVOFF, true, "P3_SW_EVENTS.DEVOFF switches the board off" },
	{ 0x46, TWL_DEVSLP, false, "P1_SW_EVENTS.DEVSLP takes the processor's supply down" },
	{ 0x47, TWL_DEVSLP, false, "P2_SW_EVENTS.DEVSLP takes the processor's supply down" },
	{ 0x48, TWL_DEVSLP, false, "P3_SW_EVENTS.DEVSLP takes the processor's supply down" },
	{ 0x5e, TWL_WATCHDOG, false, "WATCHDOG_CFG arms a timer that switches the board off" },
};

/* One data byte for TWL4030 register @reg: what of it may reach the chip. */
static u32 filter_twl(struct i2c *s, u32 reg, u32 value)
{
	for (u32 i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct twl_rule *r = &rules[i];

		if (r->reg != reg || !(value & r->mask))
			continue;
		value &= ~(u32)r->mask;
		if (r->power_off)
			guest_request(s->guest, GUEST_REQ_POWEROFF, "TWL4030 %s", r->reason);
		else
			pr_guest(4, "guest %s: TWL4030 %s: ignored\n", s->guest->name, r->reason);
	}
	return value;
}

/* The next byte into the transmit FIFO; returns it as it may go there. */
static u32 filter_data(struct i2c *s, u32 value)
{
	bool twl = !s->left || s->slave == TWL_POWER_SLAVE;
	u32 byte = value & 0xff;

	if (s->position == 0)
		s->twl_reg = byte;
	else if (twl)
		value = (value & ~0xffu) | filter_twl(s, s->twl_reg++ & 0xff, byte);
	s->position++;
	if (s->left && !--s->left)
		s->position = 0;
	return value;
}

/* START (also a repeated one): a write transfer of CNT bytes begins; bytes already in the FIFO are its first ones. */
static void start(struct i2c *s, u32 con)
{
	if ((con & (CON_START | CON_MASTER | CON_ENABLE)) != (CON_START | CON_MASTER | CON_ENABLE))
		return;
	if (!(con & CON_TRANSMIT)) {
		s->left = 0;
		s->position = 0;
		return;
	}
	if (s->left) {	/* the previous transfer was cut short: its bytes are not this one's */
		s->left = 0;
		s->position = 0;
	}
	s->left = s->count > s->position ? s->count - s->position : 0;
	if (!s->left)
		s->position = 0;
}

static void forget(struct i2c *s)
{
	s->left = 0;
	s->position = 0;
}

/* Follow a register write; returns the value that the hardware gets. */
static u32 observe(struct i2c *s, u32 reg, u32 value)
{
	switch (reg) {
	case I2C_SA:
		s->slave = value & 0x3ff;
		break;
	case I2C_CNT:
		s->count = value & 0xffff ? value & 0xffff : CNT_MAX;
		break;
	case I2C_CON:
		if (!(value & CON_ENABLE))
			forget(s);	/* the block is held in reset, FIFOs are empty */
		start(s, value);
		break;
	case I2C_BUF:
		if ((value & BUF_TX_CLEAR) && !s->left)
			forget(s);
		break;
	case I2C_SYSC:
		if (value & SYSC_RESET) {
			forget(s);
			s->slave = 0;
			s->count = CNT_MAX;
		}
		break;
	case I2C_DATA:
		value = filter_data(s, value);
		break;
	}
	return value;
}

static enum mmio_result i2c_access(struct emudev *d, struct mmio_access *a)
{
	struct i2c *s = d->priv;
	bool ok;

	if (!a->is_write) {
		ok = arch_mmio_read_checked(passed_hpa(a->addr), a->size, &a->value);
		return ok ? MMIO_DONE : MMIO_ERROR;
	}
	/*
	 * Registers are 16 bits wide in a 32-bit slot, and all that matters here but CON is in the low byte. A byte
	 * write to the upper half of CON cannot be followed without its lower half: the chip does not take
	 * byte accesses, so none is let through.
	 */
	if (a->size == 1 && (a->offset & 3)) {
		pr_guest(4, "%s: byte write to offset 0x%lx refused\n", d->name, (unsigned long)a->offset);
		return MMIO_ERROR;
	}
	if (!(a->offset & 3))
		a->value = observe(s, a->offset, a->value);
	ok = arch_mmio_write_checked(passed_hpa(a->addr), a->size, a->value);
	return ok ? MMIO_DONE : MMIO_ERROR;
}

static void i2c_reset(struct emudev *d)
{
	struct i2c *s = d->priv;

	forget(s);
	s->slave = 0;
	s->count = CNT_MAX;
}

static int i2c_create(struct emudev *d, const struct layout_dev *node)
{
	struct i2c *s = d->priv;

	(void)node;
	s->guest = d->guest;
	return 0;
}

static const struct emudev_place places[] = { { 0x48070000, 0x1000 }, { 0x48072000, 0x1000 }, { 0x48060000, 0x1000 } };

static const struct emudev_type omap3_i2c_filter = {
	.compatible = "umbra,omap3-i2c-filter",
	.desc = "OMAP3 I2C with power-off filter",
	.state_size = sizeof(struct i2c),
	.passes_irqs = true,
	.places = places,
	.nplaces = ARRAY_SIZE(places),
	.create = i2c_create,
	.reset = i2c_reset,
	.access = i2c_access,
};
EMUDEV_REGISTER(omap3_i2c_filter);
