/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parse the layout: property tables per node kind, one message for the first mistake, nothing else done. */
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <arch/cpu.h>
#include <autoconf.h>
#include <hv/blob.h>
#include <hv/emudev.h>
#include <hv/guest_files.h>
#include <hv/irq.h>
#include <hv/layout.h>
#include <hv/log.h>

#define LAYOUT_COMPATIBLE	"umbra,layout-v1"
#define MODULE_COMPATIBLE	"multiboot,module"
#define GUEST_COMPATIBLE	"umbra,guest"

/* One row per property that a node kind may have; anything else is a typing mistake and refused. */
enum prop_kind {
	PROP_IGNORE,	/* known, of no interest here */
	PROP_CELLS,	/* how many cells a number has: one, whatever else a tree may say */
	PROP_PARENT,	/* phandle of an interrupt controller */
	PROP_STRING,	/* const char * */
	PROP_U32,	/* u32 */
	PROP_RANGE,	/* struct range */
	PROP_FLAG,	/* bool: present or not */
	PROP_DEV_REG,	/* layout_dev.reg */
	PROP_DEV_IRQ,	/* layout_dev.irq */
};

struct prop_rule {
	const char *name;
	enum prop_kind kind;
	u32 offset;	/* of the field that takes the value */
};

struct range { u32 base, size; };

struct raw_module {
	const char *file;
	struct range reg;
};

struct raw_guest {
	struct range memory;
	u32 mib, base;			/* in place of `memory` */
	u32 roots, tables, copies, weight, cap;
	bool latency;
	u32 kernel, dtb, initrd;	/* phandles, 0 = none */
	const char *bootargs, *cpu_path, *shadow;
	bool atags, at_most;
	u32 machine, load_offset;
};

struct raw_dev {
	const char *compatible, *status;
	u32 file;	/* phandle */
	bool read_only, forget;
	u32 net_switch, region, region_kib;
	struct layout_dev *out;
};

#define REGION_KIB_MAX	0x10000u

#define IGNORED(n)	{ n, PROP_IGNORE, 0 }
#define FIELD_OF(s, n, k, f)	{ n, k, offsetof(struct s, f) }
/* What dtc adds or wants to see; every interrupt line is one of the board's single controller. */
#define COMMON_RULES							\
	IGNORED("phandle"), IGNORED("linux,phandle"),			\
	{ "#address-cells", PROP_CELLS, 0 }, { "#size-cells", PROP_CELLS, 0 }, { "#interrupt-cells", PROP_CELLS, 0 },	\
	{ "interrupt-parent", PROP_PARENT, 0 }, IGNORED("interrupt-controller")

static const struct prop_rule module_rules[] = {
	COMMON_RULES,
	IGNORED("compatible"),
	FIELD_OF(raw_module, "file", PROP_STRING, file),
	FIELD_OF(raw_module, "reg", PROP_RANGE, reg),
	{ NULL, PROP_IGNORE, 0 },
};

static const struct prop_rule guest_rules[] = {
	COMMON_RULES,
	IGNORED("compatible"),
	FIELD_OF(raw_guest, "memory", PROP_RANGE, memory),
	FIELD_OF(raw_guest, "memory-at-most", PROP_FLAG, at_most),
	FIELD_OF(raw_guest, "memory-mib", PROP_U32, mib),
	FIELD_OF(raw_guest, "memory-base", PROP_U32, base),
	FIELD_OF(raw_guest, "shadow-roots", PROP_U32, roots),
	FIELD_OF(raw_guest, "shadow-tables", PROP_U32, tables),
	FIELD_OF(raw_guest, "code-pages", PROP_U32, copies),
	FIELD_OF(raw_guest, "weight", PROP_U32, weight),
	FIELD_OF(raw_guest, "cap", PROP_U32, cap),
	FIELD_OF(raw_guest, "latency", PROP_FLAG, latency),
	FIELD_OF(raw_guest, "kernel", PROP_U32, kernel),
	FIELD_OF(raw_guest, "dtb", PROP_U32, dtb),
	FIELD_OF(raw_guest, "initrd", PROP_U32, initrd),
	FIELD_OF(raw_guest, "bootargs", PROP_STRING, bootargs),
	FIELD_OF(raw_guest, "cpu-path", PROP_STRING, cpu_path),
	FIELD_OF(raw_guest, "shadow", PROP_STRING, shadow),
	FIELD_OF(raw_guest, "atags", PROP_FLAG, atags),
	FIELD_OF(raw_guest, "machine", PROP_U32, machine),
	FIELD_OF(raw_guest, "load-offset", PROP_U32, load_offset),
	{ NULL, PROP_IGNORE, 0 },
};

static const struct prop_rule dev_rules[] = {
	COMMON_RULES,
	FIELD_OF(raw_dev, "compatible", PROP_STRING, compatible),
	FIELD_OF(raw_dev, "status", PROP_STRING, status),
	FIELD_OF(raw_dev, "reg", PROP_DEV_REG, out),
	FIELD_OF(raw_dev, "interrupts", PROP_DEV_IRQ, out),
	FIELD_OF(raw_dev, "file", PROP_U32, file),
	FIELD_OF(raw_dev, "read-only", PROP_FLAG, read_only),
	FIELD_OF(raw_dev, "forget", PROP_FLAG, forget),
	FIELD_OF(raw_dev, "switch", PROP_U32, net_switch),
	FIELD_OF(raw_dev, "region", PROP_U32, region),
	FIELD_OF(raw_dev, "region-kib", PROP_U32, region_kib),
	{ NULL, PROP_IGNORE, 0 },
};

static const struct prop_rule holder_rules[] = {	/* the `devices` node */
	COMMON_RULES,
	{ NULL, PROP_IGNORE, 0 },
};

/* Top-level nodes that may stand in a layout; boot loaders add the ones without a parser. */
static const char *const root_nodes[] = {
	"chosen", "guest", "memory", "aliases", "reserved-memory", "__symbols__", "__local_fixups__", "__fixups__",
};

#define mistake(fdt, node, prop, ...) layout_mistake(&(const struct layout_node){ fdt, node }, prop, __VA_ARGS__)

static u32 cell(const void *data, u32 i)
{
	return be32_load((const u8 *)data + 4 * i);
}

static int parse_string(const void *fdt, int node, const char *prop, const char *data, int len, const char **out)
{
	if (len < 2 || data[len - 1] != '\0' || strnlen(data, (size_t)len) != (size_t)len - 1)
		return mistake(fdt, node, prop, "not one non-empty string");
	*out = data;
	return 0;
}

static int parse_dev_reg(const void *fdt, int node, const char *prop, const void *data, int len, struct layout_dev *d)
{
	u32 n = (u32)len / 8;

	if (len % 8 || !n || n > LAYOUT_MAX_REGS)
		return mistake(fdt, node, prop, "wants 1 to %d pairs of <base size>", LAYOUT_MAX_REGS);
	for (u32 i = 0; i < n; i++) {
		d->reg[i].base = cell(data, 2 * i);
		d->reg[i].size = cell(data, 2 * i + 1);
		if (!d->reg[i].size || d->reg[i].base + (d->reg[i].size - 1) < d->reg[i].base)
			return mistake(fdt, node, prop, "range 0x%08lx+0x%lx is empty or wraps around",
				       (unsigned long)d->reg[i].base, (unsigned long)d->reg[i].size);
	}
	d->nregs = n;
	return 0;
}

static int parse_dev_irq(const void *fdt, int node, const char *prop, const void *data, int len, struct layout_dev *d)
{
	u32 n = (u32)len / 4;

	if (len % 4 || n > LAYOUT_MAX_IRQS)
		return mistake(fdt, node, prop, "wants up to %d line numbers", LAYOUT_MAX_IRQS);
	for (u32 i = 0; i < n; i++) {
		u32 line = cell(data, i);

		if (line >= HOST_IRQ_NR)
			return mistake(fdt, node, prop, "line %lu does not exist (0 to %d)", (unsigned long)line,
				       HOST_IRQ_NR - 1);
		d->irq[i] = (u8)line;
	}
	d->nirqs = n;
	return 0;
}

/* The parser reads one cell for each address, size and line: a node that promises its children another number is refused, not misread. */
static int check_cells(const void *fdt, int node, const char *prop, const void *data, int len)
{
	if (len != 4)
		return mistake(fdt, node, prop, "wants one cell");
	if (cell(data, 0) == 1 || (!cell(data, 0) && fdt_first_subnode(fdt, node) < 0))	/* interrupt controllers: no children, no cells */
		return 0;
	return mistake(fdt, node, prop, "is %lu: in layouts an address, a size and a line have one cell each", (unsigned long)cell(data, 0));
}

/* A guest has one controller, and lines are its: which one a node names must not matter, but must be one. */
static int check_interrupt_parent(const void *fdt, int node, const char *prop, const void *data, int len)
{
	int controller = len == 4 ? fdt_node_offset_by_phandle(fdt, cell(data, 0)) : -FDT_ERR_NOTFOUND;

	if (controller >= 0 && fdt_getprop(fdt, controller, "interrupt-controller", NULL))
		return 0;
	return mistake(fdt, node, prop, "refers to no interrupt controller");
}

static int parse_prop(const void *fdt, int node, const struct prop_rule *rule, const void *data, int len, void *raw)
{
	void *field = raw ? (char *)raw + rule->offset : NULL;	/* NULL: all that its rules know is ignored */
	struct range *range = field;

	switch (rule->kind) {
	case PROP_IGNORE:
		return 0;
	case PROP_CELLS:
		return check_cells(fdt, node, rule->name, data, len);
	case PROP_PARENT:
		return check_interrupt_parent(fdt, node, rule->name, data, len);
	case PROP_STRING:
		return parse_string(fdt, node, rule->name, data, len, field);
	case PROP_U32:
		if (len != 4)
			return mistake(fdt, node, rule->name, "wants one cell");
		*(u32 *)field = cell(data, 0);
		return 0;
	case PROP_RANGE:
		if (len != 8)
			return mistake(fdt, node, rule->name, "wants <base size>");
		range->base = cell(data, 0);
		range->size = cell(data, 1);
		return 0;
	case PROP_FLAG:
		if (len)
			return mistake(fdt, node, rule->name, "takes no value");
		*(bool *)field = true;
		return 0;
	case PROP_DEV_REG:
		return parse_dev_reg(fdt, node, rule->name, data, len, *(struct layout_dev **)field);
	case PROP_DEV_IRQ:
		return parse_dev_irq(fdt, node, rule->name, data, len, *(struct layout_dev **)field);
	}
	return -EINVAL;
}

static int parse_props(const void *fdt, int node, const struct prop_rule *rules, void *raw)
{
	int p;

	fdt_for_each_property_offset(p, fdt, node) {
		const struct prop_rule *rule = rules;
		const char *name;
		const void *data;
		int len, err;

		data = fdt_getprop_by_offset(fdt, p, &name, &len);
		if (!data)
			return mistake(fdt, node, NULL, "damaged property");
		while (rule->name && strcmp(rule->name, name))
			rule++;
		if (!rule->name)
			return mistake(fdt, node, name, "unknown property");
		if (data != fdt_getprop(fdt, node, name, NULL))	/* nothing keeps a blob from that, and readers take one or the other */
			return mistake(fdt, node, name, "is there twice");
		err = parse_prop(fdt, node, rule, data, len, raw);
		if (err)
			return err;
	}
	return 0;
}

static bool is_compatible(const void *fdt, int node, const char *what)
{
	return fdt_node_check_compatible(fdt, node, what) == 0;
}

static bool ranges_overlap(u32 a, u32 asize, u32 b, u32 bsize)
{
	return a <= b + (bsize - 1) && b <= a + (asize - 1);
}

/* A module node: what the boot loader was to load, and whether it did. */
static int parse_module(const void *fdt, int node, struct raw_module *m)
{
	int err;

	memset(m, 0, sizeof(*m));
	if (!is_compatible(fdt, node, MODULE_COMPATIBLE))
		return mistake(fdt, node, "compatible", "is not \"%s\"", MODULE_COMPATIBLE);
	err = parse_props(fdt, node, module_rules, m);
	if (err)
		return err;
	return m->file ? 0 : mistake(fdt, node, "file", "missing");
}

static bool in_ram(const struct range *r)
{
	const struct host_mem *mem = arch_host_mem();

	return r->base >= mem->ram_base && r->base < mem->umbra_base && r->size <= mem->umbra_base - r->base;
}

static struct layout_file file_of(const void *fdt, int node, const struct raw_module *m)
{
	return (struct layout_file){ .name = m->file, .addr = m->reg.base, .size = m->reg.size, .at = { fdt, node } };
}

/* Has another node behind @node its phandle? dtc makes no such tree. */
static bool is_shared(const void *fdt, int node, u32 phandle)
{
	do {
		node = fdt_next_node(fdt, node, NULL);
	} while (node >= 0 && fdt_get_phandle(fdt, node) != phandle);
	return node >= 0;
}

/* Resolve a guest's reference @prop to a module into @f. */
static int parse_file(const void *fdt, int guest, const char *prop, u32 phandle, struct layout_file *f)
{
	struct raw_module m;
	int node, err;

	if (!phandle)
		return 0;
	node = fdt_node_offset_by_phandle(fdt, phandle);
	if (node < 0)
		return mistake(fdt, guest, prop, "refers to no node");
	if (is_shared(fdt, node, phandle))
		return mistake(fdt, guest, prop, "refers to two nodes: phandle 0x%lx is there twice", (unsigned long)phandle);
	if (fdt_parent_offset(fdt, node) != fdt_path_offset(fdt, "/chosen"))
		return mistake(fdt, guest, prop, "refers to a node that is not in /chosen");
	err = parse_module(fdt, node, &m);
	if (err)
		return err;
	if (!m.reg.base && !m.reg.size)	/* as in the source of the layout: the boot loader did not fill it in */
		return mistake(fdt, node, "reg", "file \"%s\" was not loaded (is it on the card?)", SHOWN(m.file));
	if (!m.reg.size)
		return mistake(fdt, node, "reg", "file \"%s\" is empty", SHOWN(m.file));
	if (!in_ram(&m.reg))
		return mistake(fdt, node, "reg", "file \"%s\" at 0x%08lx+0x%lx is not in the RAM below Umbra", SHOWN(m.file),
			       (unsigned long)m.reg.base, (unsigned long)m.reg.size);
	*f = file_of(fdt, node, &m);
	return 0;
}

static int check_files(const void *fdt, int guest, const struct layout_guest *g)
{
	const struct layout_file *f[3 + LAYOUT_MAX_DISKS] = { &g->kernel, &g->dtb, &g->initrd };
	u32 n = 3;

	for (u32 i = 0; i < g->ndevs; i++)
		if (g->dev[i].file.size && n < ARRAY_SIZE(f))
			f[n++] = &g->dev[i].file;
	for (u32 i = 0; i < n; i++) {
		for (u32 j = i + 1; j < n; j++) {
			if (!f[i]->size || !f[j]->size || !ranges_overlap(f[i]->addr, f[i]->size, f[j]->addr, f[j]->size))
				continue;
			if (f[i]->at.offset == f[j]->at.offset)
				return mistake(fdt, guest, NULL, "file \"%s\" is used twice", SHOWN(f[i]->name));
			return mistake(fdt, guest, NULL, "files \"%s\" and \"%s\" were loaded over each other",
				       SHOWN(f[i]->name), SHOWN(f[j]->name));
		}
	}
	return 0;
}

static int check_memory(const void *fdt, int node, const struct range *m)
{
	const struct host_mem *mem = arch_host_mem();

	if (!m->size)
		return mistake(fdt, node, "memory", "missing or empty");
	if ((m->base | m->size) & ~SECTION_MASK)
		return mistake(fdt, node, "memory", "0x%08lx+0x%lx is not a multiple of 1 MiB",
			       (unsigned long)m->base, (unsigned long)m->size);
	if (m->base < mem->ram_base || m->base >= mem->umbra_base)
		return mistake(fdt, node, "memory", "starts at 0x%08lx, RAM for guests is 0x%08lx to 0x%08lx",
			       (unsigned long)m->base, (unsigned long)mem->ram_base, (unsigned long)mem->umbra_base - 1);
	if (m->size > mem->umbra_base - m->base)
		return mistake(fdt, node, "memory", "0x%08lx+0x%lx overlaps Umbra, which starts at 0x%08lx",
			       (unsigned long)m->base, (unsigned long)m->size, (unsigned long)mem->umbra_base);
	return 0;
}

/* All files that were loaded, each once, and those once more that devices keep twice; devices of guests are not known yet. */
static u64 files_size(const void *fdt)
{
	u64 sum = 0;

	for (int node = fdt_next_node(fdt, -1, NULL); node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		int len, module = node;
		const void *file = fdt_getprop(fdt, node, "file", &len), *reg;

		if (file && len == 4 && fdt_getprop(fdt, node, "forget", NULL))
			module = fdt_node_offset_by_phandle(fdt, cell(file, 0));
		else if (!is_compatible(fdt, node, MODULE_COMPATIBLE))
			continue;
		reg = module < 0 ? NULL : fdt_getprop(fdt, module, "reg", &len);
		if (reg && len == 8)
			sum += cell(reg, 1) + 8ull;
	}
	return sum;
}

/* Shared memory, in whole MiB; devices are not known yet. */
static u64 regions_size(const void *fdt)
{
	u32 seen = 0;
	u64 sum = 0;

	for (int node = fdt_next_node(fdt, -1, NULL); node >= 0; node = fdt_next_node(fdt, node, NULL)) {
		int len;
		const void *kib = fdt_getprop(fdt, node, "region-kib", &len), *nr;
		u32 bit;

		if (!kib || len != 4)
			continue;
		nr = fdt_getprop(fdt, node, "region", &len);
		bit = BIT(nr && len == 4 ? cell(nr, 0) % 32 : 0);
		if (!(seen & bit))
			sum += ALIGN_UP(MIN(cell(kib, 0), REGION_KIB_MAX) << 10, SECTION_SIZE);
		seen |= bit;
	}
	return sum;
}

/* Room for what guest_files_keep() puts between the memory of @of and Umbra, with what alignment takes. */
static u32 room_above(const struct layout *l, const struct layout_guest *of)
{
	u64 files = files_size(l->fdt), sum = regions_size(l->fdt);

	for (const struct layout_guest *g = l->guest; g < l->guest + l->nguests; g++) {
		if (!g->ok)
			continue;
		if (g != of && g->by_size)
			sum += g->mem_size;
		if (g != l->guest)
			sum += guest_own_size(g);
	}
	sum += ALIGN_UP((u32)MIN(files, arch_host_mem()->ram_size), SECTION_SIZE);
	return (u32)MIN(sum, arch_host_mem()->ram_size);
}

/*
 * A size that is a maximum becomes what there is on a board, or with a boot loader, that has less RAM than others, or beside other guests.
 * What would not fit the best equipped board either, with no other guest, is a mistake.
 */
static void fit_memory(const struct layout *l, const struct layout_guest *g, struct range *m)
{
	const struct host_mem *mem = arch_host_mem();
	hpa_t top = mem->umbra_base, full_top = mem->ram_base + mem->ram_full - (mem->umbra_end - mem->umbra_base);
	u32 room = room_above(l, g), left = top - m->base - room;

	if ((mem->ram_size >= mem->ram_full && l->nguests == 1) || m->base < mem->ram_base || m->base >= top || room >= top - m->base ||
	    m->size <= top - m->base - room || m->size > full_top - m->base)
		return;
	pr_info("guest %s: %lu MiB of memory, the layout's %lu are more than this board has%s\n", g->name,
		(unsigned long)(left >> 20), (unsigned long)(m->size >> 20), l->nguests > 1 ? " for it" : "");
	m->size = left;
}

static bool known_compatible(const char *compatible)
{
	return !strcmp(compatible, LAYOUT_PASSTHROUGH) || !strcmp(compatible, LAYOUT_SRAM) ||
	       emudev_find_type(compatible);
}

static int check_status(const void *fdt, int node, const char *status, bool *disabled)
{
	*disabled = status && !strcmp(status, "disabled");
	if (!status || *disabled || !strcmp(status, "okay"))
		return 0;
	return mistake(fdt, node, "status", "\"%s\" is neither \"okay\" nor \"disabled\"", SHOWN(status));
}

/* A device's own file: it is the device that has room for one. */
static int parse_dev_file(const void *fdt, int node, const struct raw_dev *raw, const struct layout_guest *g, struct layout_dev *d)
{
	const struct emudev_type *type = emudev_find_type(raw->compatible);
	const char *prop = raw->file ? "file" : raw->read_only ? "read-only" : raw->forget ? "forget" : NULL;
	u32 disks = 0;
	int err;

	if (!type || !type->wants_file)
		return prop ? mistake(fdt, node, prop, "\"%s\" has no file", SHOWN(raw->compatible)) : 0;
	if (!raw->file)
		return mistake(fdt, node, "file", "missing");
	if (raw->read_only && raw->forget)
		return mistake(fdt, node, "forget", "what is read-only has nothing to forget");
	for (u32 i = 0; i < g->ndevs; i++)
		disks += g->dev[i].file.size != 0;
	if (disks == LAYOUT_MAX_DISKS)
		return mistake(fdt, node, "file", "more than %u devices with files", LAYOUT_MAX_DISKS);
	err = parse_file(fdt, node, "file", raw->file, &d->file);
	d->file.doubled = raw->forget;
	d->read_only = raw->read_only;
	return err;
}

#define SWITCHES	256u	/* their numbers are a byte of station addresses */

static int parse_dev_switch(const void *fdt, int node, const struct raw_dev *raw, struct layout_dev *d)
{
	const struct emudev_type *type = emudev_find_type(raw->compatible);

	if (fdt_getprop(fdt, node, "switch", NULL) && (!type || !type->wants_switch))
		return mistake(fdt, node, "switch", "\"%s\" is no network device", SHOWN(raw->compatible));
	if (raw->net_switch >= SWITCHES)
		return mistake(fdt, node, "switch", "%lu: switches are 0 to %u", (unsigned long)raw->net_switch, SWITCHES - 1);
	d->net_switch = raw->net_switch;
	return 0;
}

static int parse_dev_region(const void *fdt, int node, const struct raw_dev *raw, struct layout_dev *d)
{
	const struct emudev_type *type = emudev_find_type(raw->compatible);
	bool wanted = type && type->wants_region;

	if (!wanted && (fdt_getprop(fdt, node, "region", NULL) || fdt_getprop(fdt, node, "region-kib", NULL)))
		return mistake(fdt, node, "region", "\"%s\" shares no memory", SHOWN(raw->compatible));
	if (!wanted)
		return 0;
	if (raw->region >= LAYOUT_MAX_REGIONS)
		return mistake(fdt, node, "region", "%lu: regions are 0 to %u", (unsigned long)raw->region, LAYOUT_MAX_REGIONS - 1);
	if (!raw->region_kib || raw->region_kib % (PAGE_SIZE >> 10) || raw->region_kib > REGION_KIB_MAX)
		return mistake(fdt, node, "region-kib", "%lu is not a multiple of 4 up to %u", (unsigned long)raw->region_kib, REGION_KIB_MAX);
	d->region = raw->region;
	d->region_size = raw->region_kib << 10;
	return 0;
}

/*
 * One device node; @parent is the index of its window or -1. A part that names no compatible belongs to its window;
 * a disabled part is withheld from it. *@added tells whether the node became a device (a disabled window does not).
 */
static int parse_dev(const void *fdt, int node, struct layout_guest *g, s32 parent, bool *added)
{
	struct raw_dev raw = { .compatible = parent < 0 ? NULL : LAYOUT_PASSTHROUGH };
	struct layout_dev *d;
	bool disabled;
	int err;

	*added = false;
	if (g->ndevs == LAYOUT_MAX_DEVS)
		return mistake(fdt, node, NULL, "more than %d devices", LAYOUT_MAX_DEVS);
	d = &g->dev[g->ndevs];
	memset(d, 0, sizeof(*d));
	raw.out = d;
	err = parse_props(fdt, node, dev_rules, &raw);
	if (!err)
		err = check_status(fdt, node, raw.status, &disabled);
	if (err)
		return err;
	if (!raw.compatible)
		return mistake(fdt, node, "compatible", "missing");
	if (!known_compatible(raw.compatible))
		return mistake(fdt, node, "compatible", "\"%s\": no such device type in this Umbra", SHOWN(raw.compatible));
	if (disabled && parent < 0)
		return 0;
	d->node = fdt_get_name(fdt, node, NULL);
	d->at = (struct layout_node){ fdt, node };
	d->compatible = disabled ? LAYOUT_WITHHELD : raw.compatible;
	d->withheld = disabled;
	d->parent = parent;
	if (!d->nregs && !(d->nirqs && !strcmp(d->compatible, LAYOUT_PASSTHROUGH)))
		return mistake(fdt, node, "reg", "missing");
	if (!strcmp(d->compatible, LAYOUT_WITHHELD) || !strcmp(d->compatible, LAYOUT_RAZ))
		d->nirqs = 0;
	err = parse_dev_file(fdt, node, &raw, g, d);
	if (!err)
		err = parse_dev_switch(fdt, node, &raw, d);
	if (!err)
		err = parse_dev_region(fdt, node, &raw, d);
	if (err)
		return err;
	*added = true;
	g->ndevs++;
	return 0;
}

/* Messages name nodes: a path that stands for two names none. */
static int check_unique(const void *fdt, int parent)
{
	int a, b;

	fdt_for_each_subnode(a, fdt, parent)
		for (b = fdt_next_subnode(fdt, a); b >= 0; b = fdt_next_subnode(fdt, b))
			if (!strcmp(fdt_get_name(fdt, a, NULL), fdt_get_name(fdt, b, NULL)))
				return mistake(fdt, b, NULL, "two nodes of this name");
	return 0;
}

static int parse_window(const void *fdt, int node, struct layout_guest *g)
{
	s32 window = (s32)g->ndevs;
	bool added;
	int child, err;

	err = parse_dev(fdt, node, g, -1, &added);
	if (!err && added)
		err = check_unique(fdt, node);
	if (err || !added)
		return err;
	fdt_for_each_subnode(child, fdt, node) {
		if (strcmp(g->dev[window].compatible, LAYOUT_PASSTHROUGH))
			return mistake(fdt, child, NULL, "only \"%s\" nodes have parts", LAYOUT_PASSTHROUGH);
		if (fdt_first_subnode(fdt, child) >= 0)
			return mistake(fdt, child, NULL, "a part has no parts of its own");
		err = parse_dev(fdt, child, g, window, &added);
		if (err)
			return err;
	}
	return 0;
}

static bool within_window(const struct layout_dev *w, gpa_t base, u32 size)
{
	for (u32 i = 0; i < w->nregs; i++)
		if (base >= w->reg[i].base && base - w->reg[i].base < w->reg[i].size &&
		    size <= w->reg[i].size - (base - w->reg[i].base))
			return true;
	return false;
}

/* What guest_map holds in pages must come in pages; passed-through parts are only claims inside their window. */
static int check_dev_shape(const struct layout_guest *g, const struct layout_dev *d)
{
	bool paged = d->parent < 0 || strcmp(d->compatible, LAYOUT_PASSTHROUGH);

	for (u32 i = 0; i < d->nregs; i++) {
		u32 base = d->reg[i].base, size = d->reg[i].size;

		if (paged && ((base | size) & ~PAGE_MASK))
			return layout_mistake(&d->at, "reg", "0x%08lx+0x%lx is not a multiple of 4 KiB",
				       (unsigned long)base, (unsigned long)size);
		if (d->parent >= 0 && !within_window(&g->dev[d->parent], base, size))
			return layout_mistake(&d->at, "reg", "0x%08lx+0x%lx is not inside %s",
				       (unsigned long)base, (unsigned long)size, SHOWN(g->dev[d->parent].node));
		if (g->by_size ? ranges_overlap(base, size, g->mem_base, g->mem_size) :
				 ranges_overlap(base, size, arch_host_mem()->ram_base, arch_host_mem()->ram_size))
			return layout_mistake(&d->at, "reg", "0x%08lx+0x%lx overlaps RAM",
				       (unsigned long)base, (unsigned long)size);
	}
	return 0;
}

/* No address and no interrupt is given twice; a part and its own window are no conflict. */
static int check_dev_pair(const struct layout_guest *g, u32 ai, u32 bi)
{
	const struct layout_dev *a = &g->dev[ai], *b = &g->dev[bi];

	for (u32 i = 0; i < a->nregs && b->parent != (s32)ai; i++)
		for (u32 j = 0; j < b->nregs; j++)
			if (ranges_overlap(a->reg[i].base, a->reg[i].size, b->reg[j].base, b->reg[j].size))
				return layout_mistake(&b->at, "reg", "0x%08lx+0x%lx overlaps %s",
					       (unsigned long)b->reg[j].base, (unsigned long)b->reg[j].size, SHOWN(a->node));
	for (u32 i = 0; i < a->nirqs; i++)
		for (u32 j = 0; j < b->nirqs; j++)
			if (a->irq[i] == b->irq[j])
				return layout_mistake(&b->at, "interrupts", "line %d is already given to %s",
					       b->irq[j], SHOWN(a->node));
	return 0;
}

static int check_dev_self(const struct layout_dev *d)
{
	for (u32 i = 0; i < d->nregs; i++)
		for (u32 j = i + 1; j < d->nregs; j++)
			if (ranges_overlap(d->reg[i].base, d->reg[i].size, d->reg[j].base, d->reg[j].size))
				return layout_mistake(&d->at, "reg", "0x%08lx is given twice",
					       (unsigned long)d->reg[j].base);
	for (u32 i = 0; i < d->nirqs; i++)
		for (u32 j = i + 1; j < d->nirqs; j++)
			if (d->irq[i] == d->irq[j])
				return layout_mistake(&d->at, "interrupts", "line %d is given twice", d->irq[i]);
	return 0;
}

static int check_devices(const struct layout_guest *g)
{
	int err;

	for (u32 i = 0; i < g->ndevs; i++) {
		err = check_dev_shape(g, &g->dev[i]);
		if (!err)
			err = check_dev_self(&g->dev[i]);
		for (u32 j = 0; j < i && !err; j++)
			err = check_dev_pair(g, j, i);
		if (err)
			return err;
	}
	return 0;
}

static int parse_devices(const void *fdt, int guest, struct layout_guest *g)
{
	int child, node, devices = -1, err;

	fdt_for_each_subnode(child, fdt, guest) {
		if (strcmp(fdt_get_name(fdt, child, NULL), "devices"))
			return mistake(fdt, child, NULL, "unknown node");
		devices = child;
	}
	if (devices < 0)
		return 0;
	err = parse_props(fdt, devices, holder_rules, NULL);
	if (!err)
		err = check_unique(fdt, devices);
	if (err)
		return err;
	fdt_for_each_subnode(node, fdt, devices) {
		err = parse_window(fdt, node, g);
		if (err)
			return err;
	}
	return check_devices(g);
}

static int parse_guest_files(const void *fdt, int node, const struct raw_guest *raw, struct layout_guest *g)
{
	int err;

	if (!raw->kernel)
		return mistake(fdt, node, "kernel", "missing");
	if (raw->atags && raw->dtb)
		return mistake(fdt, node, "dtb", "a guest gets either a device tree or atags");
	if (raw->machine && !raw->atags)
		return mistake(fdt, node, "machine", "only a guest with atags has a machine number");
	err = parse_file(fdt, node, "kernel", raw->kernel, &g->kernel);
	if (!err)
		err = parse_file(fdt, node, "dtb", raw->dtb, &g->dtb);
	if (!err)
		err = parse_file(fdt, node, "initrd", raw->initrd, &g->initrd);
	return err;
}

/* What follows the word "guest" in messages: the node's unit address, or 0. */
static const char *guest_name(const char *node)
{
	const char *at = strchr(node, '@');

	return at ? at + 1 : "0";
}

#define GUEST_NAME_MAX	8u

static bool plain_name(const char *s)
{
	return *s && strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(s) && strlen(s) <= GUEST_NAME_MAX;
}

/* What the monitor takes for something else where a guest's name may stand; tools/check_layouts compares with its commands. */
static const char *const taken_names[] = {
	"all", "one", "create", "list", "start", "stop", "pause", "resume", "reset", "destroy", "dump", "map", "audit", "escape", "break",
	"path", "shadow", "memory", "phys", "log", "history",
};

static bool is_taken(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(taken_names); i++)
		if (!strcmp(name, taken_names[i]))
			return true;
	return false;
}

#define DEFAULT_BASE	0x80000000u
#define WEIGHT_DEFAULT	100u
#define WEIGHT_MAX	10000u

/* Memory by size: guest-physical only, so it needs no room that the host would have there. */
static int check_by_size(const void *fdt, int node, const struct raw_guest *raw)
{
	if (!raw->mib)
		return mistake(fdt, node, "memory-mib", "is 0");
	if (raw->memory.size || fdt_getprop(fdt, node, "memory", NULL))
		return mistake(fdt, node, "memory-mib", "beside `memory`, which says where it is");
	if (raw->at_most)
		return mistake(fdt, node, "memory-at-most", "only for `memory`");
	if (raw->mib > (arch_host_mem()->ram_size >> SECTION_SHIFT))
		return mistake(fdt, node, "memory-mib", "%lu MiB are more than this board has", (unsigned long)raw->mib);
	if (raw->base & ~SECTION_MASK)
		return mistake(fdt, node, "memory-base", "0x%08lx is not a multiple of 1 MiB", (unsigned long)raw->base);
	if (raw->base + (raw->mib << SECTION_SHIFT) - 1 < raw->base)
		return mistake(fdt, node, "memory-base", "%lu MiB from 0x%08lx wrap around", (unsigned long)raw->mib, (unsigned long)raw->base);
	return 0;
}

static int parse_memory(const struct layout *l, const void *fdt, int node, struct raw_guest *raw, struct layout_guest *g)
{
	int err;

	g->by_size = fdt_getprop(fdt, node, "memory-mib", NULL);
	if (!g->by_size) {
		if (fdt_getprop(fdt, node, "memory-base", NULL))
			return mistake(fdt, node, "memory-base", "only beside `memory-mib`");
		if (raw->at_most)
			fit_memory(l, g, &raw->memory);
		err = check_memory(fdt, node, &raw->memory);
	} else {
		err = check_by_size(fdt, node, raw);
		raw->memory = (struct range){ raw->base, raw->mib << SECTION_SHIFT };
	}
	g->mem_base = raw->memory.base;
	g->mem_size = raw->memory.size;
	return err;
}

/* What guests beyond the first have of pools: Umbra's memory for each of them comes out of what guests have. */
static const struct {
	const char *name;
	u32 raw, field, least, most, more;
} pools[] = {
	{ "shadow-roots", offsetof(struct raw_guest, roots), offsetof(struct layout_guest, roots), 8, CONFIG_SHADOW_ROOTS, 24 },
	{ "shadow-tables", offsetof(struct raw_guest, tables), offsetof(struct layout_guest, tables), 128, CONFIG_SHADOW_L2, 512 },
#ifdef CONFIG_CODE_COPIES	/* else there is nothing to have many or few of */
	{ "code-pages", offsetof(struct raw_guest, copies), offsetof(struct layout_guest, copies), 64, CONFIG_CODE_PAGES, 640 },
#endif
};

static int parse_pools(const void *fdt, int node, bool first, const struct raw_guest *raw, struct layout_guest *g)
{
	for (u32 i = 0; i < ARRAY_SIZE(pools); i++) {
		u32 n = *(const u32 *)((const char *)raw + pools[i].raw), *to = (u32 *)((char *)g + pools[i].field);

		if (fdt_getprop(fdt, node, pools[i].name, NULL) && (n < pools[i].least || n > pools[i].most))
			return mistake(fdt, node, pools[i].name, "%lu is not %lu to %lu", (unsigned long)n, (unsigned long)pools[i].least,
				       (unsigned long)pools[i].most);
		*to = n ? n : first ? pools[i].most : MIN(pools[i].more, pools[i].most);
	}
	return 0;
}

static int parse_share(const void *fdt, int node, const struct raw_guest *raw, struct layout_guest *g)
{
	if (!raw->weight || raw->weight > WEIGHT_MAX)
		return mistake(fdt, node, "weight", "%lu is not 1 to %u", (unsigned long)raw->weight, WEIGHT_MAX);
	if (raw->cap > 100 || (!raw->cap && fdt_getprop(fdt, node, "cap", NULL)))
		return mistake(fdt, node, "cap", "%lu is not 1 to 100 per cent", (unsigned long)raw->cap);
	g->weight = raw->weight;
	g->cap = raw->cap;
	g->latency = raw->latency;
	return 0;
}

static int parse_guest(const struct layout *l, const void *fdt, int node, struct raw_guest *raw, struct layout_guest *g)
{
	int err;

	*raw = (struct raw_guest){ .load_offset = 0x8000, .base = DEFAULT_BASE, .weight = WEIGHT_DEFAULT };
	memset(g, 0, sizeof(*g));
	g->at = (struct layout_node){ fdt, node };
	g->name = guest_name(fdt_get_name(fdt, node, NULL));
	if (!plain_name(g->name))
		return mistake(fdt, node, NULL, "the unit address names the guest: 1 to %u letters and digits", GUEST_NAME_MAX);
	if (is_taken(g->name))
		return mistake(fdt, node, NULL, "the unit address names the guest, and \"%s\" is a word of the monitor's", g->name);
	if (!is_compatible(fdt, node, GUEST_COMPATIBLE))
		return mistake(fdt, node, "compatible", "is not \"%s\"", GUEST_COMPATIBLE);
	err = parse_props(fdt, node, guest_rules, raw);
	if (!err)
		err = parse_guest_files(fdt, node, raw, g);
	if (!err)
		err = parse_pools(fdt, node, g == l->guest && !l->later, raw, g);
	if (!err)
		err = parse_share(fdt, node, raw, g);
	return err;
}

/* When every guest's needs are known: memory, and the devices that must not lie over it. */
static int parse_guest_rest(const struct layout *l, struct raw_guest *raw, struct layout_guest *g)
{
	const void *fdt = g->at.fdt;
	int node = g->at.offset, err = parse_memory(l, fdt, node, raw, g);

	if (err)
		return err;
	g->load_offset_given = fdt_getprop(fdt, node, "load-offset", NULL);
	if (raw->load_offset >= raw->memory.size || raw->load_offset % 4)
		return mistake(fdt, node, "load-offset", "0x%lx is outside the guest's memory or not a word address",
			       (unsigned long)raw->load_offset);
	g->bootargs = raw->bootargs;
	g->cpu_path = raw->cpu_path;
	g->shadow = raw->shadow;
	g->atags = raw->atags;
	g->machine = raw->machine;
	g->load_offset = raw->load_offset;
	err = parse_devices(fdt, node, g);
	return err ? err : check_files(fdt, node, g);
}

/* -- guests together -- */

/* Is it something of the board itself? There is one board. */
static bool is_boards(const struct layout_dev *d)
{
	const struct emudev_type *t = emudev_find_type(d->compatible);

	return t ? t->places || t->passes_irqs : !strcmp(d->compatible, LAYOUT_PASSTHROUGH) || !strcmp(d->compatible, LAYOUT_SRAM);
}

static const struct layout_dev *boards_device(const struct layout_guest *g)
{
	for (const struct layout_dev *d = g->dev; d < g->dev + g->ndevs; d++)
		if (is_boards(d))
			return d;
	return NULL;
}

/* Has guest @g the file, and is it written to here (@mine) or there? */
static bool is_written(const struct layout_file *f, bool mine, const struct layout_guest *g)
{
	const struct layout_file *const boots[] = { &g->kernel, &g->dtb, &g->initrd };

	for (u32 i = 0; i < ARRAY_SIZE(boots); i++)
		if (mine && boots[i]->size && boots[i]->at.offset == f->at.offset)
			return true;
	for (const struct layout_dev *d = g->dev; d < g->dev + g->ndevs; d++)
		if (d->file.size && d->file.at.offset == f->at.offset && (mine || !d->read_only))
			return true;
	return false;
}

/* A file that one of two guests writes to is not the other's in any way. */
static int check_written_files(const struct layout_guest *a, const struct layout_guest *b)
{
	const struct layout_file *const boots[] = { &b->kernel, &b->dtb, &b->initrd };

	for (u32 i = 0; i < ARRAY_SIZE(boots); i++)
		if (boots[i]->size && is_written(boots[i], false, a))
			return layout_mistake(&b->at, NULL, "file \"%s\" is a disk of guest %s, which writes to it", SHOWN(boots[i]->name), a->name);
	for (const struct layout_dev *d = b->dev; d < b->dev + b->ndevs; d++)
		if (d->file.size && is_written(&d->file, !d->read_only, a))
			return layout_mistake(&d->at, "file", "\"%s\" is written to, and guest %s has it too", SHOWN(d->file.name), a->name);
	return 0;
}

static int check_guest_pair(const struct layout_guest *a, const struct layout_guest *b)
{
	const struct layout_dev *d = boards_device(b);

	if (!strcmp(a->name, b->name))
		return layout_mistake(&b->at, NULL, "a second guest %s", b->name);
	if (!a->by_size && !b->by_size && ranges_overlap(a->mem_base, a->mem_size, b->mem_base, b->mem_size))
		return layout_mistake(&b->at, "memory", "0x%08lx+0x%lx overlaps that of guest %s", (unsigned long)b->mem_base,
				      (unsigned long)b->mem_size, a->name);
	if (d && boards_device(a))
		return layout_mistake(&d->at, "compatible", "\"%s\" is a device of the board, which guest %s has", SHOWN(d->compatible), a->name);
	return check_written_files(a, b);
}

static int check_guest(const struct layout *l, const struct layout_guest *g)
{
	const struct layout_dev *d = boards_device(g);

	if (d && g->by_size)
		return layout_mistake(&d->at, "compatible", "\"%s\" needs `memory` at an address, because of DMA", SHOWN(d->compatible));
	for (const struct layout_guest *a = l->guest; a < g; a++)
		if (a->ok && check_guest_pair(a, g))
			return -EINVAL;
	return 0;
}

static int parse_guests(const void *fdt, struct layout *l)
{
	static struct raw_guest raw[LAYOUT_MAX_GUESTS];
	bool any = false;
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		if (strncmp(fdt_get_name(fdt, node, NULL), "guest", 5))
			continue;
		if (l->nguests == LAYOUT_MAX_GUESTS)
			return mistake(fdt, node, NULL, "more than %d guests", LAYOUT_MAX_GUESTS);
		l->guest[l->nguests].ok = !parse_guest(l, fdt, node, &raw[l->nguests], &l->guest[l->nguests]);
		if (l->guest[l->nguests].ok && raw[l->nguests].mib) {	/* others' maximum depends on it */
			l->guest[l->nguests].by_size = true;
			l->guest[l->nguests].mem_size = MIN(raw[l->nguests].mib, 4095u) << SECTION_SHIFT;
		}
		l->nguests++;
	}
	for (struct layout_guest *g = l->guest; g < l->guest + l->nguests; g++) {
		g->ok = g->ok && !parse_guest_rest(l, &raw[g - l->guest], g) && !check_guest(l, g);
		any |= g->ok;
	}
	if (!l->nguests)
		return mistake(fdt, 0, NULL, "no guest node");
	return any ? 0 : -EINVAL;
}

static bool is_used(const struct layout *l, int module)
{
	const struct layout_file f = { .at = { l->fdt, module } };

	for (const struct layout_guest *g = l->guest; g < l->guest + l->nguests; g++)
		if (g->ok && is_written(&f, true, g))
			return true;
	return false;
}

/* Files that were loaded for nobody yet: guests that come later may want them. */
static void find_spare(struct layout *l)
{
	int node;

	fdt_for_each_subnode(node, l->fdt, fdt_path_offset(l->fdt, "/chosen")) {
		struct raw_module m;

		if (!parse_module(l->fdt, node, &m) && m.reg.size && in_ram(&m.reg) && !is_used(l, node))
			l->spare[l->nspare++] = file_of(l->fdt, node, &m);
	}
}

static bool known_root_node(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(root_nodes); i++) {
		size_t n = strlen(root_nodes[i]);

		if (!strncmp(name, root_nodes[i], n) && (!name[n] || name[n] == '@'))
			return true;
	}
	return false;
}

/* Modules that no guest names must be well-formed too: a forgotten one is most likely a mistake in spelling. */
static int check_modules(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), node;
	u32 n = 0;

	if (chosen < 0)
		return mistake(fdt, 0, NULL, "no /chosen node with the files to load");
	if (check_unique(fdt, chosen))
		return -EINVAL;
	fdt_for_each_subnode(node, fdt, chosen) {
		struct raw_module m;
		int err = parse_module(fdt, node, &m);

		if (err)
			return err;
		if (n++ == LAYOUT_MAX_MODULES)
			return mistake(fdt, node, NULL, "more than %d files: the boot script loads no more", LAYOUT_MAX_MODULES);
	}
	return 0;
}

/* Boot loaders write what they like into the root and /chosen: what nobody knows is named, in case that it was meant for Umbra. */
static void name_unknown(const void *fdt, int node)
{
	static const char *const known[] = {
		"compatible", "model", "serial-number", "#address-cells", "#size-cells", "interrupt-parent", "bootargs", "stdout-path",
		"linux,stdout-path", "linux,initrd-start", "linux,initrd-end", "rng-seed", "kaslr-seed", "phandle",
	};
	int p;

	fdt_for_each_property_offset(p, fdt, node) {
		struct layout_node at = { fdt, node };
		const char *name;
		u32 i = 0;

		if (!fdt_getprop_by_offset(fdt, p, &name, NULL))
			return;
		while (i < ARRAY_SIZE(known) && strcmp(known[i], name))
			i++;
		if (i == ARRAY_SIZE(known) && strncmp(name, "u-boot,", 7))
			layout_remark(&at, name, "not a property of layouts, ignored");
	}
}

u32 layout_blob_size(const void *fdt, u32 room, char *why, u32 len)
{
	unsigned long size = fdt_totalsize(fdt), version = fdt_version(fdt), reads = fdt_last_comp_version(fdt);

	if (fdt_magic(fdt) != FDT_MAGIC)
		snprintf(why, len, "nothing that looks like a device tree was handed over");
	else if (version < BLOB_FIRST_VERSION || reads > FDT_LAST_SUPPORTED_VERSION)
		snprintf(why, len, "its format is version %lu (for readers of %lu), this Umbra reads %d to %d", version, reads,
			 (int)BLOB_FIRST_VERSION, FDT_LAST_SUPPORTED_VERSION);
	else if (size > LAYOUT_MAX_SIZE)
		snprintf(why, len, "its header says %lu bytes, a layout has %lu at most", size, (unsigned long)LAYOUT_MAX_SIZE);
	else if (size > room)
		snprintf(why, len, "its header says %lu bytes, RAM ends after %lu", size, (unsigned long)room);
	else if (fdt_check_header(fdt))
		snprintf(why, len, "its header is damaged: it says %lu bytes (%s)", size, fdt_strerror(fdt_check_header(fdt)));
	else if (!blob_aligned(fdt))
		snprintf(why, len, "its blocks are not aligned: structure at 0x%x, memory map at 0x%x", fdt_off_dt_struct(fdt),
			 fdt_off_mem_rsvmap(fdt));
	else
		return (u32)size;
	return 0;
}

static int check_blob(const void *fdt)
{
	int err = fdt_check_header(fdt);

	if (!err)
		err = blob_check(fdt, fdt_totalsize(fdt));
	if (err) {
		pr_err("layout: layout.dtb is not a sound device tree blob (%s)\n", fdt_strerror(err));
		return -EINVAL;
	}
	if (fdt_node_check_compatible(fdt, 0, LAYOUT_COMPATIBLE))
		return mistake(fdt, 0, "compatible", "is not \"%s\": not a layout for this Umbra", LAYOUT_COMPATIBLE);
	return 0;
}

/* The same of nodes whose other properties are the boot loader's. */
static int check_cells_of(const void *fdt, int node)
{
	static const char *const props[] = { "#address-cells", "#size-cells", "#interrupt-cells" };

	for (u32 i = 0; i < ARRAY_SIZE(props); i++) {
		int len;
		const void *data = fdt_getprop(fdt, node, props[i], &len);

		if (data && check_cells(fdt, node, props[i], data, len))
			return -EINVAL;
	}
	return 0;
}

int layout_parse(const void *fdt, struct layout *l)
{
	int node, err;

	l->fdt = fdt;
	l->nguests = l->nspare = 0;
	l->regions_fixed = false;
	memset(l->guest, 0, sizeof(l->guest));
	err = check_blob(fdt);
	if (!err)
		err = check_modules(fdt);
	if (err)
		return err;
	if (check_cells_of(fdt, 0) || check_cells_of(fdt, fdt_path_offset(fdt, "/chosen")))
		return -EINVAL;
	name_unknown(fdt, 0);
	name_unknown(fdt, fdt_path_offset(fdt, "/chosen"));
	fdt_for_each_subnode(node, fdt, 0)
		if (!known_root_node(fdt_get_name(fdt, node, NULL)))
			return mistake(fdt, node, NULL, "unknown node");
	err = parse_guests(fdt, l);
	if (!err)
		find_spare(l);
	return err;
}
