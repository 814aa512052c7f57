// SPDX-License-Identifier: GPL-2.0-or-later
/* The virtual machine's interrupt controller: distributor and CPU interface of ARM's GIC architecture, version 1. */

/*
 * As in the ARM Generic Interrupt Controller architecture specification (IHI 0048), without the Security Extensions, for one processor:
 * - 16 software generated interrupts (SGI), no private peripheral ones, 96 shared ones (SPI): line N of the layout is SPI N, interrupt
 *   32 + N. Registers of what is not there read as zero.
 * - 32 priorities (bits 7:3). Targets read as zero: there is one processor. Only IRQ is signalled.
 * - A level-sensitive interrupt is pending while its input is high or after a write to ISPENDR until it is acknowledged; an
 *   edge-triggered one from the edge on until then.
 */

#include <arch/vcpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/layout.h>
#include <hv/log.h>

#define CPU_INTERFACE	0x1000u		/* from the distributor on; one page each */
#define BANKS		4u
#define IDS		(BANKS * 32)
#define SPI_FIRST	32u
#define SGIS		0xffffu		/* bits of bank 0 */
#define SPURIOUS	1023u

#define CTLR_ENABLE	BIT(0)
#define TYPER		(BANKS - 1)	/* one processor, no Security Extensions */
#define DIST_IIDR	0x0100043bu	/* ARM */
#define CPU_IIDR	0x3901043bu	/* architecture version 1, ARM */
#define PRIORITY_MASK	0xf8u
#define PRIORITY_SHIFT	3u
#define BPR_LEAST	2u		/* all bits of a priority are group priority */
#define PRIORITY_IDLE	0xffu
#define SGIR_FILTER(v)	((v) >> 24 & 3)
#define SGIR_LIST	0u		/* 1: all but oneself, which is nobody */
#define SGIR_SELF	2u
#define SGIR_LIST_ME	BIT(16)

struct gic {
	struct guest *guest;
	u32 enabled[BANKS];
	u32 latch[BANKS];	/* edges, and what ISPENDR or SGIR made pending */
	u32 level[BANKS];	/* inputs */
	u32 active[BANKS];
	u32 edge[BANKS];	/* configuration */
	u8 priority[IDS];
	u32 ctlr, cpu_ctlr, pmr, bpr;
	u32 running;		/* a bit for each group priority, in steps of 8, that is active */
};

static u32 pending(const struct gic *s, u32 bank)
{
	return s->latch[bank] | (s->level[bank] & ~s->edge[bank]);
}

/* Bits of a priority that decide about preemption. */
static u32 group_mask(const struct gic *s)
{
	return PRIORITY_MASK & (0xff00u >> (7 - s->bpr));
}

static u32 running_priority(const struct gic *s)
{
	return s->running ? (u32)__builtin_ctz(s->running) << PRIORITY_SHIFT : PRIORITY_IDLE;
}

/* The enabled interrupt to be served next, SPURIOUS if there is none: lowest priority value, among equals the lowest number. */
static u32 highest_pending(const struct gic *s)
{
	u32 best = SPURIOUS;

	if (!(s->ctlr & CTLR_ENABLE))
		return SPURIOUS;
	for (u32 bank = 0; bank < BANKS; bank++) {
		for (u32 rest = pending(s, bank) & s->enabled[bank] & ~s->active[bank]; rest; rest &= rest - 1) {
			u32 id = bank * 32 + (u32)__builtin_ctz(rest);

			if (best == SPURIOUS || s->priority[id] < s->priority[best])
				best = id;
		}
	}
	return best;
}

/* What the CPU interface signals: enough priority to pass the mask and to preempt what is running. */
static u32 signalled(const struct gic *s)
{
	u32 id = highest_pending(s);

	if (id == SPURIOUS || !(s->cpu_ctlr & CTLR_ENABLE) || s->priority[id] >= s->pmr)
		return SPURIOUS;
	return (s->priority[id] & group_mask(s)) < running_priority(s) ? id : SPURIOUS;
}

static void update(struct gic *s)
{
	if (s->guest->vcpu)
		arch_vcpu_set_irq(s->guest->vcpu, signalled(s) != SPURIOUS, false);
}

/* Of bits that a register of @bank may change: SGIs have no enable and pending registers of their own, PPIs are not there. */
static u32 writable(u32 bank)
{
	return bank ? ~0u : 0;
}

static void reset_registers(struct gic *s)
{
	for (u32 bank = 0; bank < BANKS; bank++)
		s->enabled[bank] = s->latch[bank] = s->active[bank] = s->edge[bank] = 0;
	s->enabled[0] = s->edge[0] = SGIS;
	for (u32 id = 0; id < IDS; id++)
		s->priority[id] = 0;
	s->ctlr = s->cpu_ctlr = s->pmr = s->running = 0;
	s->bpr = BPR_LEAST;
}

/* ---- distributor ---- */

static u32 read_zero(struct gic *s, u32 i)
{
	(void)s, (void)i;
	return 0;
}

static u32 read_ctlr(struct gic *s, u32 i)
{
	(void)i;
	return s->ctlr;
}

static void write_ctlr(struct gic *s, u32 i, u32 v)
{
	(void)i;
	s->ctlr = v & CTLR_ENABLE;
}

static u32 read_typer(struct gic *s, u32 i)
{
	(void)s, (void)i;
	return TYPER;
}

static u32 read_iidr(struct gic *s, u32 i)
{
	(void)s, (void)i;
	return DIST_IIDR;
}

static u32 read_enabled(struct gic *s, u32 bank)
{
	return s->enabled[bank];
}

static void write_enable(struct gic *s, u32 bank, u32 v)
{
	s->enabled[bank] |= v & writable(bank);
}

static void write_disable(struct gic *s, u32 bank, u32 v)
{
	s->enabled[bank] &= ~(v & writable(bank));
}

static u32 read_pending(struct gic *s, u32 bank)
{
	return pending(s, bank);
}

static void write_set_pending(struct gic *s, u32 bank, u32 v)
{
	s->latch[bank] |= v & writable(bank);
}

static void write_clear_pending(struct gic *s, u32 bank, u32 v)
{
	s->latch[bank] &= ~(v & writable(bank));
}

static u32 read_active(struct gic *s, u32 bank)
{
	return s->active[bank];
}

/* Sixteen interrupts a register; of the two bits of each the upper one says edge. */
static u32 read_config(struct gic *s, u32 i)
{
	u32 bits = s->edge[i / 2] >> (i % 2 * 16), v = 0;

	for (u32 n = 0; n < 16; n++)
		v |= (bits >> n & 1) << (2 * n + 1);
	return v;
}

static void write_config(struct gic *s, u32 i, u32 v)
{
	u32 first = i % 2 * 16, bank = i / 2;

	for (u32 n = 0; n < 16 && bank; n++)
		s->edge[bank] = (s->edge[bank] & ~BIT(first + n)) | (v >> (2 * n + 1) & 1) << (first + n);
}

static void write_sgi(struct gic *s, u32 i, u32 v)
{
	u32 filter = SGIR_FILTER(v);

	(void)i;
	if (filter == SGIR_SELF || (filter == SGIR_LIST && (v & SGIR_LIST_ME)))
		s->latch[0] |= BIT(v & 15);
}

/* Identification: PeripheralID4 to 7, 0 to 3, ComponentID0 to 3 of a GIC of version 1. */
static u32 read_id(struct gic *s, u32 i)
{
	static const u8 id[] = { 0x04, 0, 0, 0, 0x90, 0xb3, 0x1b, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	(void)s;
	return id[i];
}

/* ---- CPU interface ---- */

static u32 read_cpu_ctlr(struct gic *s, u32 i)
{
	(void)i;
	return s->cpu_ctlr;
}

static void write_cpu_ctlr(struct gic *s, u32 i, u32 v)
{
	(void)i;
	s->cpu_ctlr = v & CTLR_ENABLE;
}

static u32 read_pmr(struct gic *s, u32 i)
{
	(void)i;
	return s->pmr;
}

static void write_pmr(struct gic *s, u32 i, u32 v)
{
	(void)i;
	s->pmr = v & PRIORITY_MASK;
}

static u32 read_bpr(struct gic *s, u32 i)
{
	(void)i;
	return s->bpr;
}

static void write_bpr(struct gic *s, u32 i, u32 v)
{
	(void)i;
	s->bpr = (v & 7) < BPR_LEAST ? BPR_LEAST : v & 7;
}

static u32 read_iar(struct gic *s, u32 i)
{
	u32 id = signalled(s);

	(void)i;
	if (id == SPURIOUS)
		return SPURIOUS;
	s->latch[id / 32] &= ~BIT(id % 32);
	s->active[id / 32] |= BIT(id % 32);
	s->running |= BIT((s->priority[id] & group_mask(s)) >> PRIORITY_SHIFT);
	update(s);
	return id;
}

/* The end of what was acknowledged last. Of what is not active it is UNPREDICTABLE: nothing happens. */
static void write_eoir(struct gic *s, u32 i, u32 v)
{
	u32 id = v & 0x3ff;

	(void)i;
	if (id >= IDS || !(s->active[id / 32] & BIT(id % 32)))
		return;
	s->active[id / 32] &= ~BIT(id % 32);
	s->running &= s->running - 1;
}

static u32 read_rpr(struct gic *s, u32 i)
{
	(void)i;
	return running_priority(s);
}

static u32 read_hppir(struct gic *s, u32 i)
{
	(void)i;
	return highest_pending(s);
}

static u32 read_cpu_iidr(struct gic *s, u32 i)
{
	(void)s, (void)i;
	return CPU_IIDR;
}

/* @count words from @offset on; the functions get the index. NULL: write only reads as zero, read only ignores writes. */
struct gic_reg {
	u16 offset, count;
	u32 (*read)(struct gic *s, u32 index);
	void (*write)(struct gic *s, u32 index, u32 value);
};

static const struct gic_reg regs[] = {
	/* Most used first: those that Linux touches for each interrupt. */
	{ CPU_INTERFACE + 0x0c, 1, read_iar, NULL },
	{ CPU_INTERFACE + 0x10, 1, read_zero, write_eoir },
	{ 0x100, BANKS, read_enabled, write_enable },
	{ 0x180, BANKS, read_enabled, write_disable },
	{ 0x200, BANKS, read_pending, write_set_pending },
	{ 0x280, BANKS, read_pending, write_clear_pending },
	{ 0x300, BANKS, read_active, NULL },
	{ 0xc00, IDS / 16, read_config, write_config },
	{ 0xf00, 1, read_zero, write_sgi },
	{ 0x000, 1, read_ctlr, write_ctlr },
	{ 0x004, 1, read_typer, NULL },
	{ 0x008, 1, read_iidr, NULL },
	{ 0xfd0, 12, read_id, NULL },
	{ CPU_INTERFACE + 0x00, 1, read_cpu_ctlr, write_cpu_ctlr },
	{ CPU_INTERFACE + 0x04, 1, read_pmr, write_pmr },
	{ CPU_INTERFACE + 0x08, 1, read_bpr, write_bpr },
	{ CPU_INTERFACE + 0x14, 1, read_rpr, NULL },
	{ CPU_INTERFACE + 0x18, 1, read_hppir, NULL },
	{ CPU_INTERFACE + 0xfc, 1, read_cpu_iidr, NULL },
};

static const struct gic_reg *find_reg(u32 offset, u32 *index)
{
	for (const struct gic_reg *r = regs; r < regs + ARRAY_SIZE(regs); r++) {
		*index = (offset - r->offset) / 4;
		if (offset >= r->offset && *index < r->count)
			return r;
	}
	return NULL;
}

/* ---- priorities and targets: a byte for each interrupt ---- */

#define PRIORITIES	0x400u
#define TARGETS		0x800u

static void access_priorities(struct gic *s, u32 id, struct mmio_access *a)
{
	for (u32 i = 0; i < a->size; i++, id++) {
		bool there = id < 16 || id >= SPI_FIRST;

		if (a->is_write && there)
			s->priority[id] = (u8)(a->value >> (8 * i) & PRIORITY_MASK);
		else if (!a->is_write)
			a->value |= (u32)s->priority[id] << (8 * i);
	}
	if (a->is_write)
		update(s);
}

static bool access_bytes(struct gic *s, struct mmio_access *a)
{
	if (a->offset - TARGETS < IDS)	/* zero with one processor */
		return true;
	if (a->offset - PRIORITIES >= IDS)
		return false;
	access_priorities(s, a->offset - PRIORITIES, a);
	return true;
}

static enum mmio_result gic_access(struct emudev *d, struct mmio_access *a)
{
	struct gic *s = d->priv;
	const struct gic_reg *r;
	u32 index;

	if (a->size == 2 || (a->offset & (a->size - 1)))
		return MMIO_ERROR;
	if (access_bytes(s, a))
		return MMIO_DONE;
	if (a->size != 4)
		return MMIO_ERROR;
	r = find_reg(a->offset, &index);
	if (!r)		/* reserved: zero, and writes are ignored */
		return MMIO_DONE;
	if (!a->is_write)
		a->value = r->read(s, index);
	else if (r->write)
		r->write(s, index, a->value);
	if (a->is_write)
		update(s);
	return MMIO_DONE;
}

/* ---- what the other devices and core see ---- */

static void gic_set_line(void *priv, u32 line, bool level)
{
	struct gic *s = priv;
	u32 id = SPI_FIRST + line, bit = BIT(id % 32), bank = id / 32;

	if (line >= IDS - SPI_FIRST)
		return;
	if (level && !(s->level[bank] & bit))
		s->latch[bank] |= bit & s->edge[bank];
	s->level[bank] = level ? s->level[bank] | bit : s->level[bank] & ~bit;
	update(s);
}

static void gic_resample(void *priv)
{
	update(priv);
}

/* host_irq: no physical line belongs to a guest with this controller, gic_create() sees to it. */
static const struct irqchip_ops gic_ops = {
	.set_line = gic_set_line,
	.resample = gic_resample,
	.fdt_shared = true,
};

static void gic_reset(struct emudev *d)
{
	/* Inputs are the devices', which drive them; an edge before the reset is forgotten. */
	reset_registers(d->priv);
	update(d->priv);
}

static bool wants_lines(const struct layout_dev *n)
{
	const struct emudev_type *type = emudev_find_type(n->compatible);

	return n->nirqs && (!type || type->passes_irqs);
}

static int gic_create(struct emudev *d, const struct layout_dev *node)
{
	const struct layout_guest *c = &d->guest->cfg;
	struct gic *s = d->priv;

	if (d->guest->irqchip) {
		layout_mistake(&node->at, "compatible", "guest %s has an interrupt controller already", d->guest->name);
		return -EBUSY;
	}
	if (node->nregs != 1 || node->reg[0].size != 2 * CPU_INTERFACE)
		return layout_mistake(&node->at, "reg", "wants 0x%x bytes: distributor and CPU interface", 2 * CPU_INTERFACE);
	for (u32 i = 0; i < c->ndevs; i++)
		if (wants_lines(&c->dev[i]))
			return layout_mistake(&c->dev[i].at, "interrupts", "physical lines do not go to %s", SHOWN(node->node));
	s->guest = d->guest;
	reset_registers(s);
	d->guest->irqchip = &gic_ops;
	d->guest->irqchip_priv = s;
	return 0;
}

static int gic_fdt_node(struct emudev *d, void *fdt)
{
	static const char compatible[] = "arm,cortex-a9-gic";
	int node = fdt_node_add(fdt, "interrupt-controller", d->base, compatible, sizeof(compatible));
	int err = node < 0 ? node : 0;

	if (!err)
		err = fdt_node_cells(fdt, node, "reg", 4, d->base, CPU_INTERFACE, d->base + CPU_INTERFACE, CPU_INTERFACE);
	if (!err)
		err = fdt_node_cells(fdt, node, "interrupt-controller", 0);
	if (!err)
		err = fdt_node_cells(fdt, node, "#interrupt-cells", 1, 3);
	if (!err)
		err = fdt_node_cells(fdt, node, "phandle", 1, FDT_PHANDLE_GIC);
	return err;
}

static const struct emudev_type gic = {
	.compatible = "umbra,gic",
	.desc = "ARM generic interrupt controller, version 1",
	.state_size = sizeof(struct gic),
	.create = gic_create,
	.reset = gic_reset,
	.access = gic_access,
	.fdt_node = gic_fdt_node,
};
EMUDEV_REGISTER(gic);
