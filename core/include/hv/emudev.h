/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emulated (guest-visible) devices: type registry, instances, interrupt lines. */
#pragma once

#include <hv/layout.h>
#include <hv/mmio.h>
#include <hv/types.h>

struct guest;
struct emudev;

struct emudev_place {
	gpa_t base;
	u32 size;
};

struct emudev_type {
	const char *compatible;	/* matched against the layout node */
	const char *desc;
	u32 state_size;		/* bytes of priv state, zeroed at creation */
	/* Of an emulator that passes accesses on: where it may stand. Each range of the node begins at one of these. NULL: anywhere. */
	const struct emudev_place *places;
	u32 nplaces;
	bool many_ranges;	/* its node may have several register ranges; with `places` it may anyway */
	u32 lines;		/* interrupt lines that it drives: at most so many in its node */
	bool wants_file;	/* the node names one: `file`, `read-only`, `forget` */
	bool wants_switch;	/* the node says which one it is on: `switch`, 0 if it does not */
	bool wants_region;	/* the node says which one: `region`, `region-kib` */
	bool passes_irqs;	/* the node's interrupts are physical lines that go through to the guest (register filters) */
	/* Check the node and claim resources; 0 or -errno with one message printed. */
	int (*create)(struct emudev *d, const struct layout_dev *node);
	void (*reset)(struct emudev *d);	/* guest reset; state as after power-on */
	void (*remove)(struct emudev *d);	/* its guest is no more: nobody but @d may know of it. May be NULL */
	enum mmio_result (*access)(struct emudev *d, struct mmio_access *a);
	/* Go on with work that was left (sched_unfinished()), in its guest's time. NULL: it never leaves any. */
	void (*go_on)(struct emudev *d);
	/* How much of the guest's memory that it remembers is not the guest's (guest_audit_ram()). May be NULL. */
	u32 (*audit)(struct emudev *d);
	/*
	 * Edit the guest's own device tree (already expanded copy, libfdt writable): e.g. disable nodes of
	 * hardware that the guest does not get. May be NULL. Returns 0 or -errno with a message.
	 */
	int (*fdt_fixup)(struct emudev *d, void *fdt);
	/*
	 * Describe the device in a tree that Umbra makes (core/guest_tree.c): a node of its own, by fdt_node_add() and its like. NULL for what
	 * only a board's own tree describes. Returns 0 or a libfdt error.
	 */
	int (*fdt_node)(struct emudev *d, void *fdt);
	/* That node refers to nothing but the interrupt controller, so it can be added to a board's own tree. */
	bool fdt_alone;
};

struct emudev {
	const struct emudev_type *type;
	struct guest *guest;
	const char *name;
	gpa_t base;		/* first range; further ones of the node answer through the same access() */
	u32 size;
	u32 irq;		/* first INTC line or ~0 */
	const struct layout_dev *node;	/* stays valid */
	void *priv;
	struct emudev *next;
};

#define EMUDEV_REGISTER(t)						\
	static const struct emudev_type *const __emudev_##t		\
	__section(".umbra.emudev") = &(t)

const struct emudev_type *emudev_find_type(const char *compatible);
/* Create the emulated device of layout node @n in @g: map entries, state, type->create(). 0 or -errno with one message. */
int emudev_create(struct guest *g, const struct layout_dev *n) __must_check;
/* Let the devices of @g go on with the work that they left. */
void emudev_go_on(struct guest *g);
/* Drive one of the guest's interrupt lines (level). Context: exit path or host interrupt. */
void emudev_set_irq(struct emudev *d, u32 line, bool level);

/* What the guest's interrupt controller emulator offers to the others. */
struct irqchip_ops {
	void (*set_line)(void *priv, u32 line, bool level);	/* emulated source */
	void (*host_irq)(void *priv, u32 line);	/* passed-through physical line fired; masked at the host by the caller */
	void (*resample)(void *priv);		/* recompute the vCPU's IRQ/FIQ inputs (reads physical levels) */
	bool fdt_shared;			/* in a device tree a line is three cells, as with a GIC: shared, line, level; else one */
};
