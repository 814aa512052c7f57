/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree of a guest that has none of its own: Umbra's virtual machine, which Linux calls linux,dummy-virt. Processor and clocks
 * stand here, each device writes its own node.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/time.h>

#define CELLS_MAX	8
#define PCLK_HZ		24000000u
#define GIC_SPI		0u
#define GIC_LEVEL_HIGH	4u

bool guest_tree_possible(const struct guest *g)
{
	for (const struct emudev *d = g->devs; d; d = d->next)
		if (d->type->fdt_node)
			return true;
	return false;
}

int fdt_node_cells(void *fdt, int node, const char *prop, int n, ...)
{
	fdt32_t cells[CELLS_MAX];
	va_list ap;

	va_start(ap, n);
	for (int i = 0; i < n && i < CELLS_MAX; i++)
		cells[i] = cpu_to_fdt32(va_arg(ap, u32));
	va_end(ap);
	return fdt_setprop(fdt, node, prop, cells, n * 4);
}

int fdt_node_range(void *fdt, int node, gpa_t base, u32 size)
{
	fdt32_t cells[4];
	int n = 0;

	if (fdt_address_cells(fdt, 0) == 2)
		cells[n++] = cpu_to_fdt32(0);
	cells[n++] = cpu_to_fdt32(base);
	if (fdt_size_cells(fdt, 0) == 2)
		cells[n++] = cpu_to_fdt32(0);
	cells[n++] = cpu_to_fdt32(size);
	return fdt_appendprop(fdt, node, "reg", cells, n * 4);
}

int fdt_node_add_plain(void *fdt, const char *name, const char *compatible, int len)
{
	int node = fdt_add_subnode(fdt, 0, name), err;

	if (node < 0)
		return node;
	err = fdt_setprop(fdt, node, "compatible", compatible, len);
	return err ? err : node;
}

int fdt_node_add(void *fdt, const char *name, gpa_t base, const char *compatible, int len)
{
	char full[48];

	snprintf(full, sizeof(full), "%s@%lx", name, (unsigned long)base);
	return fdt_node_add_plain(fdt, full, compatible, len);
}

static int add_line(void *fdt, int node, const struct irqchip_ops *chip, u32 line)
{
	const fdt32_t cells[] = { cpu_to_fdt32(GIC_SPI), cpu_to_fdt32(line), cpu_to_fdt32(GIC_LEVEL_HIGH) };

	if (!chip->fdt_shared)
		return fdt_appendprop_u32(fdt, node, "interrupts", line);
	return fdt_appendprop(fdt, node, "interrupts", cells, sizeof(cells));
}

int fdt_node_device(void *fdt, int node, const struct emudev *d)
{
	const struct irqchip_ops *chip = d->guest->irqchip;
	int err = fdt_node_range(fdt, node, d->base, d->size);

	for (u32 i = 0; i < d->node->nirqs && chip && !err; i++)
		err = add_line(fdt, node, chip, d->node->irq[i]);
	return err;
}

int fdt_node_clocks(void *fdt, int node, u32 clock, u32 n, const char *names, int len)
{
	int err = 0;

	while (n-- && !err)
		err = fdt_appendprop_u32(fdt, node, "clocks", clock);
	if (!err)
		err = fdt_appendprop_u32(fdt, node, "clocks", FDT_PHANDLE_PCLK);
	return err ? err : fdt_setprop(fdt, node, "clock-names", names, len);
}

static int make_root(void *fdt)
{
	int err = fdt_setprop_string(fdt, 0, "model", "Umbra virtual machine");

	if (!err)
		err = fdt_setprop_string(fdt, 0, "compatible", "linux,dummy-virt");
	if (!err)
		err = fdt_node_cells(fdt, 0, "#address-cells", 1, 1);
	if (!err)
		err = fdt_node_cells(fdt, 0, "#size-cells", 1, 1);
	return err ? err : fdt_node_cells(fdt, 0, "interrupt-parent", 1, FDT_PHANDLE_GIC);
}

static int make_cpu(void *fdt)
{
	int cpus = fdt_add_subnode(fdt, 0, "cpus"), cpu, err;

	if (cpus < 0)
		return cpus;
	err = fdt_node_cells(fdt, cpus, "#address-cells", 1, 1);
	if (!err)
		err = fdt_node_cells(fdt, cpus, "#size-cells", 1, 0);
	cpu = err ? err : fdt_add_subnode(fdt, cpus, "cpu@0");
	if (cpu < 0)
		return cpu;
	err = fdt_setprop_string(fdt, cpu, "device_type", "cpu");
	if (!err)
		err = fdt_setprop_string(fdt, cpu, "compatible", "arm,cortex-a8");
	return err ? err : fdt_node_cells(fdt, cpu, "reg", 1, 0);
}

static int make_clock(void *fdt, const char *name, u32 hz, u32 phandle)
{
	static const char compatible[] = "fixed-clock";
	int node = fdt_node_add_plain(fdt, name, compatible, sizeof(compatible)), err;

	if (node < 0)
		return node;
	err = fdt_node_cells(fdt, node, "#clock-cells", 1, 0);
	if (!err)
		err = fdt_node_cells(fdt, node, "clock-frequency", 1, hz);
	return err ? err : fdt_node_cells(fdt, node, "phandle", 1, phandle);
}

/* New nodes come first in a blob: the devices in the reverse order of a list that is itself reversed, so as the layout has them. */
int guest_tree_make(const struct guest *g, void *fdt, u32 cap)
{
	int err = fdt_create_empty_tree(fdt, (int)cap);

	if (!err)
		err = make_root(fdt);
	for (struct emudev *d = g->devs; d && !err; d = d->next)
		err = d->type->fdt_node ? d->type->fdt_node(d, fdt) : 0;
	if (!err)
		err = make_clock(fdt, "timer-clock", GUEST_TIMCLK_HZ, FDT_PHANDLE_TIMCLK);
	if (!err)
		err = make_clock(fdt, "bus-clock", PCLK_HZ, FDT_PHANDLE_PCLK);
	return err ? err : make_cpu(fdt);
}
