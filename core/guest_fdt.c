/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edit a copy of the guest's stock device tree: memory, /chosen, and status = "disabled" for what it does not get.
 *
 * Addresses are found by walking the tree with its buses' `ranges` (Devicetree Specification 2.3.8), one cell each for
 * address and size as on all 32-bit OMAP trees; buses with other cell counts are not entered. What Umbra could not edit rightly is
 * refused: cell counts of the root that no 32-bit tree has, buses deeper than any.
 */
#include <string.h>

#include <libfdt.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/guest_watch.h>
#include <hv/log.h>

#define MAX_DEPTH 32

/* How the addresses below one bus node become processor addresses. */
struct bus {
	int ac, sc;		/* #address-cells, #size-cells of the children */
	bool mapped;		/* the children have processor addresses at all */
	const struct bus *parent;
	const fdt32_t *ranges;	/* NULL = one to one */
	int entries, stride, parent_ac;
};

/* Visitor: a node whose first reg range starts at processor address @addr. Nonzero ends the walk. */
typedef int (*visit_fn)(void *fdt, int node, u32 addr, void *arg);

/* Cells are stored big-endian; of a two-cell value only the low word matters on a 32-bit bus. */
static u32 low_cell(const fdt32_t *p, int cells)
{
	return cells ? be32_load(p + cells - 1) : 0;
}

static bool translate(const struct bus *b, u32 addr, u32 *out)
{
	for (; b; b = b->parent) {
		int i = 0;

		if (!b->mapped)
			return false;
		if (!b->ranges)
			continue;
		for (; i < b->entries; i++) {
			const fdt32_t *e = b->ranges + i * b->stride;
			u32 child = low_cell(e, b->ac), size = low_cell(e + b->ac + b->parent_ac, b->sc);

			if (addr < child || addr - child >= size)
				continue;
			addr = low_cell(e + b->ac, b->parent_ac) + (addr - child);
			break;
		}
		if (i == b->entries)
			return false;
	}
	*out = addr;
	return true;
}

/* Describe @node as the bus of its children. Only the root and nodes with `ranges` are memory-mapped buses. */
static void bus_init(struct bus *b, const void *fdt, int node, const struct bus *parent)
{
	int len = 0;

	memset(b, 0, sizeof(*b));
	b->ac = fdt_address_cells(fdt, node);
	b->sc = fdt_size_cells(fdt, node);
	b->parent = parent;
	b->mapped = true;
	if (!parent)
		return;
	b->ranges = fdt_getprop(fdt, node, "ranges", &len);
	b->mapped = b->ranges && b->ac > 0 && b->sc > 0;
	b->parent_ac = parent->ac;
	b->stride = b->ac + b->sc + b->parent_ac;
	if (!b->mapped || !len) {
		b->ranges = NULL;
		return;
	}
	b->entries = len / (4 * b->stride);
}

static int walk(void *fdt, int node, const struct bus *parent, u32 depth, visit_fn fn, void *arg)
{
	struct bus bus;
	int child, err;

	bus_init(&bus, fdt, node, parent);
	if (!bus.mapped)
		return 0;
	if (depth == MAX_DEPTH)
		return -EINVAL;
	/* A visitor may lengthen the node it is shown; offsets up to that node, and so this loop's, stay valid. */
	fdt_for_each_subnode(child, fdt, node) {
		int len;
		const fdt32_t *reg = fdt_getprop(fdt, child, "reg", &len);
		u32 addr;

		if (reg && len >= 4 * (bus.ac + bus.sc) && bus.ac > 0 && bus.sc > 0 &&
		    translate(&bus, low_cell(reg, bus.ac), &addr)) {
			err = fn(fdt, child, addr, arg);
			if (err)
				return err;
		}
		err = walk(fdt, child, &bus, depth + 1, fn, arg);
		if (err)
			return err;
	}
	return 0;
}

/* For a walk that only looks whether it can be made. */
static int visit_nothing(void *fdt, int node, u32 addr, void *arg)
{
	return 0;
}

/* A tree that Umbra makes has no file to be named. */
static int fdt_error(const struct guest *g, const char *what, int err)
{
	if (!g->cfg.dtb.size) {
		layout_mistake(&g->cfg.at, NULL, "the device tree that is made for it: %s: %s", what, fdt_strerror(err));
		return -ENOSPC;
	}
	pr_err("guest %s: file \"%s\": %s: %s\n", g->name, SHOWN(g->cfg.dtb.name), what, fdt_strerror(err));
	return err == -FDT_ERR_NOSPACE ? -ENOSPC : -EINVAL;
}

/*
 * Tell the guest's kernel that the hardware is not for it. Linux resets even disabled blocks of its own built-in
 * tables at boot, unless the node forbids it, and would wait for each of them in vain.
 */
static int disable_node(void *fdt, int node)
{
	int err = fdt_setprop_string(fdt, node, "status", "disabled");

	if (!err)
		err = fdt_setprop(fdt, node, "ti,no-reset-on-init", NULL, 0);
	if (!err)
		err = fdt_setprop(fdt, node, "ti,no-idle-on-init", NULL, 0);
	return err ? -ENOSPC : 0;
}

struct disable_at {
	u32 base, size;
	u32 found;
};

static int visit_disable_at(void *fdt, int node, u32 addr, void *arg)
{
	struct disable_at *d = arg;

	if (addr < d->base || addr - d->base >= d->size)
		return 0;
	d->found++;
	return disable_node(fdt, node);
}

int guest_fdt_disable_range(void *fdt, gpa_t base, u32 size)
{
	struct disable_at d = { .base = base, .size = size };
	int err = walk(fdt, 0, NULL, 0, visit_disable_at, &d);

	if (err)
		return err;
	return d.found ? 0 : -ENOENT;
}

struct find_at {
	u32 base;
	int node;
};

static int visit_find(void *fdt, int node, u32 addr, void *arg)
{
	struct find_at *f = arg;

	if (addr != f->base)
		return 0;
	f->node = node;
	return 1;
}

/* The node whose first register range starts at @base, or a libfdt error. */
static int find_node(void *fdt, gpa_t base)
{
	struct find_at f = { .base = base, .node = -FDT_ERR_NOTFOUND };

	return walk(fdt, 0, NULL, 0, visit_find, &f) < 0 ? -FDT_ERR_NOTFOUND : f.node;
}

/* What the board's tree calls the interrupt controller that @g has; 0: nothing. */
static u32 controller_phandle(const struct guest *g, void *fdt)
{
	for (const struct emudev *d = g->devs; d; d = d->next) {
		int node = g->irqchip && d->priv == g->irqchip_priv ? find_node(fdt, d->base) : -FDT_ERR_NOTFOUND;

		if (node >= 0)
			return fdt_get_phandle(fdt, node);
	}
	return 0;
}

/* A board's tree knows nothing of a device that the layout adds to the board. */
static int add_device(struct emudev *d, void *fdt)
{
	u32 controller = controller_phandle(d->guest, fdt);
	int node, err = controller ? d->type->fdt_node(d, fdt) : -FDT_ERR_BADPHANDLE;

	if (err)
		return err;
	node = find_node(fdt, d->base);
	return node < 0 ? node : fdt_node_cells(fdt, node, "interrupt-parent", 1, controller);
}

static int add_devices(struct guest *g, void *fdt)
{
	int err = 0;

	for (struct emudev *d = g->devs; d && !err; d = d->next)
		if (d->type->fdt_alone && find_node(fdt, d->base) < 0)
			err = add_device(d, fdt);
	return err;
}

/* As kernels find it: by device_type as a string. Where nothing in the value ends it, its padding does, or the tag behind that. */
static bool is_memory(const void *fdt, int node)
{
	const char *type = fdt_getprop(fdt, node, "device_type", NULL);

	return type && !strcmp(type, "memory");
}

/* The guest must not probe what is not there: it would get an external abort. */
static int visit_disable_absent(void *fdt, int node, u32 addr, void *arg)
{
	const struct guest *g = arg;

	return guest_map_find(&g->map, addr) || is_memory(fdt, node) ? 0 : disable_node(fdt, node);
}

static int next_memory(const void *fdt, int node)
{
	do {
		node = fdt_next_node(fdt, node, NULL);
	} while (node >= 0 && !is_memory(fdt, node));
	return node;
}

/* All properties of that name: nothing keeps a tree from having several, and who reads which of them is anybody's guess. */
static int delprop(void *fdt, int node, const char *name)
{
	int err;

	do {
		err = fdt_delprop(fdt, node, name);
	} while (!err);
	return err == -FDT_ERR_NOTFOUND ? 0 : err;
}

/* One memory node says what there is: no second one, no property that says otherwise. */
static int clean_memory(void *fdt, int node)
{
	int other, err = delprop(fdt, node, "linux,usable-memory");

	if (!err)
		err = delprop(fdt, node, "status");
	while (!err && (other = next_memory(fdt, node)) >= 0)
		err = fdt_del_node(fdt, other);
	return err;
}

static int set_memory(void *fdt, const struct layout_guest *c)
{
	int node = next_memory(fdt, -1);
	int err;

	if (node < 0) {
		node = fdt_add_subnode(fdt, 0, "memory");
		if (node < 0)
			return node;
	}
	err = fdt_setprop_string(fdt, node, "device_type", "memory");
	if (!err)
		err = clean_memory(fdt, node);
	if (!err)
		err = delprop(fdt, node, "reg");
	if (err)
		return err;
	return fdt_node_range(fdt, node, c->mem_base, c->mem_size);
}

static int set_chosen(void *fdt, const struct layout_guest *c, gpa_t initrd, u32 initrd_size)
{
	int node = fdt_path_offset(fdt, "/chosen"), err;

	if (node == -FDT_ERR_NOTFOUND)
		node = fdt_add_subnode(fdt, 0, "chosen");
	if (node < 0)
		return node;
	err = delprop(fdt, node, "linux,initrd-start");
	if (!err)
		err = delprop(fdt, node, "linux,initrd-end");
	if (!err)
		err = delprop(fdt, node, "linux,usable-memory-range");
	if (!err && c->bootargs)
		err = delprop(fdt, node, "bootargs");
	if (!err && c->bootargs)
		err = fdt_setprop_string(fdt, node, "bootargs", c->bootargs);
	if (!err && initrd_size)
		err = fdt_setprop_u32(fdt, node, "linux,initrd-start", initrd);
	if (!err && initrd_size)
		err = fdt_setprop_u32(fdt, node, "linux,initrd-end", initrd + initrd_size);
	return err;
}

/* Cells of the root: a 32-bit machine's addresses have one or two. */
static int check_root(const struct guest *g, const void *fdt)
{
	static const char *const props[] = { "#address-cells", "#size-cells" };

	for (u32 i = 0; i < ARRAY_SIZE(props); i++) {
		int len;
		const void *p = fdt_getprop(fdt, 0, props[i], &len);

		if (p && len == 4 && (be32_load(p) == 1 || be32_load(p) == 2))
			continue;
		pr_err("guest %s: file \"%s\": %s of the root is %s, not 1 or 2\n", g->name, SHOWN(g->cfg.dtb.name), props[i],
		       !p ? "missing" : len != 4 ? "no single cell" : "another number");
		return -EINVAL;
	}
	return 0;
}

static void check_args(struct guest *g, const void *fdt)
{
	int len, node = fdt_path_offset(fdt, "/chosen");
	const char *args = node < 0 ? NULL : fdt_getprop(fdt, node, "bootargs", &len);

	if (args && len > 0 && !args[len - 1])
		guest_watch_args(g, args);
}

int guest_fdt_build(struct guest *g, const void *src, void *dst, u32 cap, gpa_t initrd, u32 initrd_size)
{
	int err = src ? check_root(g, src) : 0;

	if (err)
		return err;
	err = src ? fdt_open_into(src, dst, (int)cap) : guest_tree_make(g, dst, cap);

	if (!err)
		err = set_memory(dst, &g->cfg);
	if (!err)
		err = set_chosen(dst, &g->cfg, initrd, initrd_size);
	if (err)
		return fdt_error(g, "memory and /chosen", err);
	check_args(g, dst);
	if (walk(dst, 0, NULL, 0, visit_nothing, NULL)) {
		pr_err("guest %s: file \"%s\": buses are nested more than %d deep\n", g->name, SHOWN(g->cfg.dtb.name), MAX_DEPTH);
		return -EINVAL;
	}
	err = add_devices(g, dst);
	if (err)
		return fdt_error(g, "devices that the layout adds", err);
	for (struct emudev *d = g->devs; d; d = d->next) {
		err = d->type->fdt_fixup ? d->type->fdt_fixup(d, dst) : 0;
		if (err) {
			pr_err("guest %s: file \"%s\": no place for the changes of %s\n", g->name, SHOWN(g->cfg.dtb.name),
			       SHOWN(d->name));
			return err;
		}
	}
	err = walk(dst, 0, NULL, 0, visit_disable_absent, g);
	if (err)
		return fdt_error(g, "absent devices", -FDT_ERR_NOSPACE);
	err = fdt_pack(dst);
	return err ? fdt_error(g, "pack", err) : 0;
}
