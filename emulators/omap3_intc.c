// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's OMAP3 interrupt controller: merges emulated lines with passed-through physical ones, level exact. */

/*
 * The state of a line is never copied from an event; it is computed from levels whenever somebody looks:
 *
 *	input   = passed-through ? raw input of the host controller : level that an emulated device drives
 *	pending = (input | software interrupt) & ~virtual mask
 *
 * A passed-through line is open at the host controller if and only if the guest has it unmasked and it is not
 * *held*. It becomes held when it fires (core has masked it by then) and stays so until it is seen low while the
 * guest has it unmasked: so a line whose device still asks stays pending, and one that was served can fire
 * again. Looking happens at every access of the guest that can end an interrupt (NEWIRQAGR, mask
 * changes) and in resample(), before the vCPU takes an interrupt.
 */

#include <arch/vcpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/layout.h>
#include <hv/log.h>

#define LINES		HOST_IRQ_NR
#define BANKS		(LINES / 32)

#define REVISION	0x40u
#define SPURIOUS	0xffffff80u
#define THRESHOLD_OFF	0xffu
#define PRIORITIES	64u
#define ILR_FIQ		BIT(0)
#define ILR_WRITABLE	0xfdu
#define SYSCONFIG_RESET	BIT(1)
#define NO_LINE		0xffu

enum { OUT_IRQ, OUT_FIQ, OUT_NR };

/* One output. Once software has read which line is active, the choice stands until the new agreement. */
struct output {
	u8 line;
	bool taken;
};

struct intc {
	struct guest *guest;
	u32 mask[BANKS];
	u32 soft[BANKS];	/* ISR_SET */
	u32 emulated[BANKS];	/* levels of emulated devices */
	u32 held[BANKS];	/* passed through, fired, masked at the host until seen low */
	u32 open[BANKS];	/* passed through and unmasked at the host */
	u8 ilr[LINES];
	struct output out[OUT_NR];
	u32 threshold, sysconfig, protection, idle;
};

/* Raw inputs of a bank; the host controller is asked only about lines in @wanted. */
static u32 inputs(const struct intc *s, u32 bank, u32 wanted)
{
	u32 physical = s->guest->pt_irqs[bank];

	if (!(physical & wanted))
		return s->emulated[bank];
	return s->emulated[bank] | (host_irqc_levels(bank) & physical);
}

/* Make the host controller's mask follow the guest's mask and the held lines. */
static void update_host_mask(struct intc *s, u32 bank)
{
	u32 want = s->guest->pt_irqs[bank] & ~s->mask[bank] & ~s->held[bank];
	u32 changed = want ^ s->open[bank];

	s->open[bank] = want;
	while (changed) {
		u32 bit = (u32)__builtin_ctz(changed);

		changed &= changed - 1;
		if (want & BIT(bit))
			host_irqc_unmask(bank * 32 + bit);
		else
			host_irqc_mask(bank * 32 + bit);
	}
}

/* Pending lines of a bank, IRQ and FIQ together; lets go of held lines that are low. */
static u32 pending(struct intc *s, u32 bank, u32 wanted)
{
	u32 in = inputs(s, bank, wanted & ~s->mask[bank]);

	s->held[bank] &= in | s->mask[bank];
	return (in | s->soft[bank]) & ~s->mask[bank];
}

static u32 routed(const struct intc *s, u32 bank, u32 bits, u32 out)
{
	u32 mine = 0;

	for (u32 rest = bits; rest; rest &= rest - 1) {
		u32 bit = (u32)__builtin_ctz(rest);

		if ((s->ilr[bank * 32 + bit] & ILR_FIQ) == out)
			mine |= BIT(bit);
	}
	return mine;
}

/* Best line for each output that is still free to choose: lowest priority value, among equals the lowest line. */
static void choose(struct intc *s, const u32 bits[BANKS])
{
	u32 limit = s->threshold == THRESHOLD_OFF ? PRIORITIES : s->threshold;
	u32 best[OUT_NR] = { limit, limit };
	u8 line[OUT_NR] = { NO_LINE, NO_LINE };

	for (u32 bank = 0; bank < BANKS; bank++) {
		for (u32 rest = bits[bank]; rest; rest &= rest - 1) {
			u32 n = bank * 32 + (u32)__builtin_ctz(rest);
			u32 out = s->ilr[n] & ILR_FIQ;

			if ((u32)s->ilr[n] >> 2 < best[out]) {
				best[out] = (u32)s->ilr[n] >> 2;
				line[out] = (u8)n;
			}
		}
	}
	for (u32 out = 0; out < OUT_NR; out++)
		if (!s->out[out].taken)
			s->out[out].line = line[out];
}

/*
 * Recompute both outputs. @wanted: which passed-through lines to ask the host controller about; held ones
 * suffice for the outputs (any other open line that is high interrupts the host anyway, as soon as
 * it may), all of them for what the guest reads.
 */
static void update(struct intc *s, const u32 wanted[BANKS])
{
	u32 bits[BANKS];

	for (u32 bank = 0; bank < BANKS; bank++) {
		bits[bank] = pending(s, bank, wanted[bank]);
		update_host_mask(s, bank);
	}
	choose(s, bits);
	if (s->guest->vcpu)
		arch_vcpu_set_irq(s->guest->vcpu, s->out[OUT_IRQ].line != NO_LINE, s->out[OUT_FIQ].line != NO_LINE);
}

static void update_outputs(struct intc *s)
{
	update(s, s->held);
}

static void reset_registers(struct intc *s)
{
	for (u32 bank = 0; bank < BANKS; bank++) {
		s->mask[bank] = ~0u;
		s->soft[bank] = 0;
	}
	for (u32 line = 0; line < LINES; line++)
		s->ilr[line] = 0;
	for (u32 out = 0; out < OUT_NR; out++)
		s->out[out] = (struct output){ .line = NO_LINE };
	s->threshold = THRESHOLD_OFF;
	s->sysconfig = s->protection = s->idle = 0;
}

/* ---- registers ---- */

static u32 read_revision(struct intc *s, u32 i)
{
	(void)s, (void)i;
	return REVISION;
}

static u32 read_sysconfig(struct intc *s, u32 i)
{
	(void)i;
	return s->sysconfig;
}

static void write_sysconfig(struct intc *s, u32 i, u32 v)
{
	(void)i;
	if (v & SYSCONFIG_RESET)
		reset_registers(s);
	s->sysconfig = v & 1;
}

static u32 read_one(struct intc *s, u32 i)
{
	(void)s, (void)i;
	return 1;	/* SYSSTATUS: a reset is done at once */
}

/* SIR_IRQ, SIR_FIQ: the choice is made of all lines, also those whose physical interrupt is just arriving. */
static u32 read_sir(struct intc *s, u32 out)
{
	static const u32 all[BANKS] = { ~0u, ~0u, ~0u };

	if (!s->out[out].taken)
		update(s, all);
	if (s->out[out].line == NO_LINE)
		return SPURIOUS;
	s->out[out].taken = true;
	return s->out[out].line;
}

static u32 read_priority(struct intc *s, u32 out)
{
	u32 line = s->out[out].line;

	return line == NO_LINE ? SPURIOUS : (u32)s->ilr[line] >> 2;
}

static u32 read_zero(struct intc *s, u32 i)
{
	(void)s, (void)i;
	return 0;
}

static void write_control(struct intc *s, u32 i, u32 v)
{
	(void)i;
	for (u32 out = 0; out < OUT_NR; out++)
		if (v & BIT(out))
			s->out[out].taken = false;
}

static u32 read_protection(struct intc *s, u32 i)
{
	(void)i;
	return s->protection;
}

static void write_protection(struct intc *s, u32 i, u32 v)
{
	(void)i;
	s->protection = v & 1;
}

static u32 read_idle(struct intc *s, u32 i)
{
	(void)i;
	return s->idle;
}

static void write_idle(struct intc *s, u32 i, u32 v)
{
	(void)i;
	s->idle = v & 3;
}

static u32 read_threshold(struct intc *s, u32 i)
{
	(void)i;
	return s->threshold;
}

static void write_threshold(struct intc *s, u32 i, u32 v)
{
	(void)i;
	s->threshold = v & 0xff;
}

static u32 read_itr(struct intc *s, u32 bank)
{
	return inputs(s, bank, ~0u) | s->soft[bank];
}

static u32 read_mask(struct intc *s, u32 bank)
{
	return s->mask[bank];
}

static void write_mask(struct intc *s, u32 bank, u32 v)
{
	s->mask[bank] = v;
}

static void write_mask_clear(struct intc *s, u32 bank, u32 v)
{
	s->mask[bank] &= ~v;
}

static void write_mask_set(struct intc *s, u32 bank, u32 v)
{
	s->mask[bank] |= v;
}

static u32 read_soft(struct intc *s, u32 bank)
{
	return s->soft[bank];
}

static void write_soft_set(struct intc *s, u32 bank, u32 v)
{
	s->soft[bank] |= v;
}

static void write_soft_clear(struct intc *s, u32 bank, u32 v)
{
	s->soft[bank] &= ~v;
}

static u32 read_pending_irq(struct intc *s, u32 bank)
{
	return routed(s, bank, pending(s, bank, ~0u), OUT_IRQ);
}

static u32 read_pending_fiq(struct intc *s, u32 bank)
{
	return routed(s, bank, pending(s, bank, ~0u), OUT_FIQ);
}

static u32 read_ilr(struct intc *s, u32 line)
{
	return s->ilr[line];
}

static void write_ilr(struct intc *s, u32 line, u32 v)
{
	s->ilr[line] = v & ILR_WRITABLE;
}

/* @count registers from @offset on, 1 << @shift bytes apart; the functions get the index. NULL write: read only. */
struct intc_reg {
	u16 offset;
	u8 count, shift;
	u32 (*read)(struct intc *s, u32 index);
	void (*write)(struct intc *s, u32 index, u32 value);
};

static const struct intc_reg regs[] = {
	/* Most used first: the four that Linux touches for each interrupt. */
	{ 0x40, OUT_NR, 2, read_sir, NULL },
	{ 0x48, 1, 2, read_zero, write_control },
	{ 0x88, BANKS, 5, read_zero, write_mask_clear },
	{ 0x8c, BANKS, 5, read_zero, write_mask_set },
	{ 0x80, BANKS, 5, read_itr, NULL },
	{ 0x84, BANKS, 5, read_mask, write_mask },
	{ 0x90, BANKS, 5, read_soft, write_soft_set },
	{ 0x94, BANKS, 5, read_zero, write_soft_clear },
	{ 0x98, BANKS, 5, read_pending_irq, NULL },
	{ 0x9c, BANKS, 5, read_pending_fiq, NULL },
	{ 0x100, LINES, 2, read_ilr, write_ilr },
	{ 0x00, 1, 2, read_revision, NULL },
	{ 0x10, 1, 2, read_sysconfig, write_sysconfig },
	{ 0x14, 1, 2, read_one, NULL },
	{ 0x4c, 1, 2, read_protection, write_protection },
	{ 0x50, 1, 2, read_idle, write_idle },
	{ 0x60, OUT_NR, 2, read_priority, NULL },
	{ 0x68, 1, 2, read_threshold, write_threshold },
};

static const struct intc_reg *find_reg(u32 offset, u32 *index)
{
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		u32 delta = offset - regs[i].offset;

		if (offset < regs[i].offset || delta & (BIT(regs[i].shift) - 1))
			continue;
		*index = delta >> regs[i].shift;
		if (*index < regs[i].count)
			return &regs[i];
	}
	return NULL;
}

static enum mmio_result intc_access(struct emudev *d, struct mmio_access *a)
{
	struct intc *s = d->priv;
	const struct intc_reg *r;
	u32 index;

	/* Registers are 32 bits wide and the interconnect refuses anything else. */
	if (a->size != 4 || (a->offset & 3))
		return MMIO_ERROR;
	r = find_reg(a->offset, &index);
	if (!r) {
		static u32 left = 8;

		/* Linux reads one while it brings the controller up. */
		if (left && left--)
			pr_debug("%s: %s of reserved register 0x%x\n", d->name, a->is_write ? "write" : "read",
				 (unsigned int)a->offset);
		return MMIO_DONE;
	}
	if (!a->is_write) {
		a->value = r->read(s, index);
		return MMIO_DONE;
	}
	if (r->write) {
		r->write(s, index, a->value);
		update_outputs(s);
	}
	return MMIO_DONE;
}

/* ---- what the other devices and core see ---- */

static void intc_set_line(void *priv, u32 line, bool level)
{
	struct intc *s = priv;
	u32 bit = BIT(line % 32);

	if (line >= LINES)
		return;
	if (level)
		s->emulated[line / 32] |= bit;
	else
		s->emulated[line / 32] &= ~bit;
	update_outputs(s);
}

/* Context: host interrupt, the line is masked at the host. */
static void intc_host_irq(void *priv, u32 line)
{
	struct intc *s = priv;
	u32 bit = BIT(line % 32);

	if (line >= LINES)
		return;
	s->held[line / 32] |= bit;
	s->open[line / 32] &= ~bit;
	update_outputs(s);
}

static void intc_resample(void *priv)
{
	update_outputs(priv);
}

static const struct irqchip_ops intc_ops = {
	.set_line = intc_set_line,
	.host_irq = intc_host_irq,
	.resample = intc_resample,
};

static void intc_reset(struct emudev *d)
{
	struct intc *s = d->priv;

	/* Levels of emulated devices are inputs, not state of this block: the devices drive them. */
	reset_registers(s);
	for (u32 bank = 0; bank < BANKS; bank++) {
		s->held[bank] = 0;
		s->open[bank] = s->guest->pt_irqs[bank];	/* whatever the host's mask is now, close it */
	}
	update_outputs(s);
}

static int intc_create(struct emudev *d, const struct layout_dev *node)
{
	struct intc *s = d->priv;

	if (d->guest->irqchip) {
		layout_mistake(&node->at, "compatible", "guest %s has an interrupt controller already", d->guest->name);
		return -EBUSY;
	}
	s->guest = d->guest;
	reset_registers(s);
	d->guest->irqchip = &intc_ops;
	d->guest->irqchip_priv = s;
	return 0;
}

static const struct emudev_type omap3_intc = {
	.compatible = "umbra,omap3-intc",
	.desc = "OMAP3 interrupt controller",
	.state_size = sizeof(struct intc),
	.create = intc_create,
	.reset = intc_reset,
	.access = intc_access,
};
EMUDEV_REGISTER(omap3_intc);
