/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest files, kept for restarts (guest_files.c): checked, and placed in guest memory.
 *
 * Linux: zImage 32 MiB into memory (its decompressor
 * wants the kernel's place at the start free), initrd near the top, device tree below it. Raw kernels: at load-offset,
 * entered there, or where U-Boot's header says. ATAGs: 0x100 into memory.
 */
#include <string.h>

#include <libfdt.h>

#include <arch/cpu.h>
#include <hv/atags.h>
#include <hv/blob.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/guest_files.h>
#include <hv/guest_watch.h>
#include <hv/log.h>

#define ZIMAGE_OFFSET		0x02000000u
#define HEADROOM		0x00100000u	/* behind the image of a Linux: the decompressor's bss, stack and heap, or the kernel's own bss */
/*
 * Kernels before 3.5 poison the initrd up to the end of its last page when they free it, and take early memory from the top down: they are
 * told of whole pages, and have some free memory above.
 */
#define FREE_ABOVE		0x00100000u
#define FREE_ABOVE_FROM		0x01000000u	/* of memory */
#define ATAGS_OFFSET		0x100u
#define ATAGS_MAX		0x1000u
#define DTB_ROOM		0x4000u		/* for our edits, beside bootargs and nodes that are disabled */
#define DTB_NODE_ROOM		48u		/* three properties, guest_fdt.c */
#define MACHINE_NONE		0xffffffffu	/* r1 of a device-tree boot: any value */

/* Where everything goes; computed and checked before guest memory is touched. */
struct placement {
	bool zimage;
	gpa_t kernel;
	gpa_t initrd;
	gpa_t dtb;
	u32 dtb_room;
	gpa_t low;	/* lowest of what was placed from the top */
};

static int check_kernel(const struct guest *g, struct placement *p)
{
	const struct layout_guest *c = &g->cfg;
	const struct layout_file *k = &c->kernel;
	const char *foreign = guest_file_foreign(k);
	u32 image;

	if (foreign) {
		pr_err("guest %s: file \"%s\" is %s\n", g->name, SHOWN(k->name), foreign);
		return -EINVAL;
	}
	p->zimage = guest_file_is_zimage(k);
	if (p->zimage && c->load_offset_given)
		return layout_mistake(&c->at, "load-offset", "file \"%s\" is a zImage, which has a place of its own", SHOWN(k->name));
	if (!p->zimage && !c->dtb.size && !c->atags && (c->bootargs || c->initrd.size))
		return layout_mistake(&c->at, c->bootargs ? "bootargs" : "initrd", "nothing tells a raw binary of it, without atags");
	if (!p->zimage && c->dtb.size && !c->load_offset_given) {
		pr_err("guest %s: file \"%s\" is truncated or no zImage; an unpacked kernel needs load-offset, or a U-Boot header that says where it belongs\n",
		       g->name, SHOWN(k->name));
		return -EINVAL;
	}
	if (!p->zimage)
		return 0;
	image = guest_file_zimage_size(k);
	if (image > k->size || image < ZIMAGE_HEADER) {
		pr_err("guest %s: file \"%s\" is %s: %lu bytes, its header says %lu\n", g->name, SHOWN(k->name),
		       image > k->size ? "truncated" : "damaged", (unsigned long)k->size, (unsigned long)image);
		return -EINVAL;
	}
	if (!c->dtb.size && !c->atags && !guest_tree_possible(g))
		return layout_mistake(&c->at, "dtb", "missing; a Linux kernel needs a device tree (or say `atags`)");
	return 0;
}

static u32 count_nodes(const void *fdt)
{
	u32 n = 0;

	for (int node = 0; node >= 0; node = fdt_next_node(fdt, node, NULL))
		n++;
	return n;
}

static int check_dtb(const struct guest *g, struct placement *p)
{
	const struct layout_file *f = &g->cfg.dtb;
	const u32 args = g->cfg.bootargs ? (u32)strlen(g->cfg.bootargs) : 0;
	const void *fdt;
	int err;

	if (!f->size) {
		if (p->zimage && !g->cfg.atags)
			p->dtb_room = ALIGN_UP(GUEST_TREE_ROOM + args, PAGE_SIZE);
		return 0;
	}
	fdt = hpa_ptr(f->addr);
	err = blob_check(fdt, f->size);
	if (err) {
		pr_err("guest %s: file \"%s\" is not a sound device tree blob (%s)\n", g->name, SHOWN(f->name),
		       fdt_strerror(err));
		return -EINVAL;
	}
	p->dtb_room = ALIGN_UP(fdt_totalsize(fdt) + DTB_ROOM + count_nodes(fdt) * DTB_NODE_ROOM + args, PAGE_SIZE);
	return 0;
}

static int too_big(const struct guest *g, const struct layout_file *f)
{
	pr_err("guest %s: file \"%s\" does not fit: %lu bytes in %lu MiB of memory\n", g->name, SHOWN(f->name),
	       (unsigned long)f->size, (unsigned long)(g->cfg.mem_size >> 20));
	return -ENOSPC;
}

/* The guest's memory at @gpa, where something is placed that fits. */
static void *at_guest(const struct guest *g, gpa_t gpa)
{
	return hpa_ptr(guest_map_hpa(&g->map, gpa));
}

/* Take @size bytes from the top of what is left above the start of memory; 0 when there is no room. */
static gpa_t take_top(const struct guest *g, struct placement *p, u32 size)
{
	if (size > p->low - g->cfg.mem_base)
		return 0;
	p->low = ALIGN_DOWN(p->low - size, PAGE_SIZE);
	return p->low >= g->cfg.mem_base ? p->low : 0;
}

static int place(const struct guest *g, struct placement *p)
{
	const struct layout_guest *c = &g->cfg;
	u32 headroom, space;

	p->low = c->mem_base + c->mem_size;
	if (c->mem_size >= FREE_ABOVE_FROM)
		p->low -= FREE_ABOVE;
	if (c->initrd.size) {
		p->initrd = take_top(g, p, c->initrd.size);
		if (!p->initrd)
			return too_big(g, &c->initrd);
	}
	if (p->dtb_room) {
		p->dtb = take_top(g, p, p->dtb_room);
		if (!p->dtb)
			return too_big(g, &c->dtb);
	}
	p->kernel = c->mem_base + c->load_offset;
	if (p->zimage)
		p->kernel = c->mem_base + MIN(ZIMAGE_OFFSET, ALIGN_DOWN(c->mem_size / 2, SECTION_SIZE));
	headroom = p->zimage || p->dtb_room || c->atags ? HEADROOM : 0;
	space = p->low > p->kernel ? p->low - p->kernel : 0;
	if (c->kernel.size > space || space - c->kernel.size < headroom)
		return too_big(g, &c->kernel);
	if (c->atags && p->kernel < c->mem_base + ATAGS_OFFSET + ATAGS_MAX)
		return layout_mistake(&c->at, "load-offset", "leaves no room for atags");
	return 0;
}

static int load_atags(struct guest *g, const struct placement *p)
{
	const struct layout_guest *c = &g->cfg;
	const struct atags_info info = {
		.mem_base = c->mem_base,
		.mem_size = c->mem_size,
		.cmdline = c->bootargs,
		.initrd = p->initrd,
		.initrd_size = ALIGN_UP(c->initrd.size, PAGE_SIZE),
	};

	if (atags_build(at_guest(g, c->mem_base + ATAGS_OFFSET), ATAGS_MAX, &info) < 0) {
		layout_mistake(&c->at, "bootargs", "%lu characters are too long for atags", (unsigned long)strlen(c->bootargs));
		return -ENOSPC;
	}
	guest_watch_args(g, c->bootargs);
	g->r1 = c->machine;
	g->r2 = c->mem_base + ATAGS_OFFSET;
	return 0;
}

static int load_tables(struct guest *g, const struct placement *p)
{
	const struct layout_guest *c = &g->cfg;

	g->r0 = 0;
	g->r1 = MACHINE_NONE;
	g->r2 = p->dtb;
	if (c->atags)
		return load_atags(g, p);
	if (!p->dtb)
		return 0;
	return guest_fdt_build(g, c->dtb.size ? hpa_ptr(c->dtb.addr) : NULL, at_guest(g, p->dtb), p->dtb_room, p->initrd,
			       ALIGN_UP(c->initrd.size, PAGE_SIZE));
}

/* Clear what the guest before left, its secrets and its half-valid tables: RAM and SRAM. */
static void clear_memory(struct guest *g)
{
	for (u32 i = 0; i < g->map.nr; i++) {
		const struct region *r = &g->map.r[i];

		if (r->type == REGION_RAM)
			memset(at_guest(g, r->base), 0, r->size);
	}
}

/* A guest starts with its caches off: it must find in RAM, and nothing of it in the caches, what Umbra wrote. */
static void flush_memory(struct guest *g)
{
	for (u32 i = 0; i < g->map.nr; i++)
		if (g->map.r[i].type == REGION_RAM)
			arch_dcache_flush_range(guest_map_hpa(&g->map, g->map.r[i].base), g->map.r[i].size);
	arch_icache_invalidate_all();
}

void guest_clear(struct guest *g)
{
	clear_memory(g);
	flush_memory(g);
}

int guest_load(struct guest *g)
{
	const struct layout_guest *c = &g->cfg;
	struct placement p = { 0 };
	int err;

	if (!c->files_kept) {	/* where the boot loader put them they may lie in guest memory */
		pr_err("guest %s: its files were not kept, so it cannot be loaded (see `log`)\n", g->name);
		return -ENOENT;
	}
	err = check_kernel(g, &p);
	if (!err)
		err = check_dtb(g, &p);
	if (!err)
		err = place(g, &p);
	if (err)
		return err;
	clear_memory(g);
	memcpy(at_guest(g, p.kernel), hpa_ptr(c->kernel.addr), c->kernel.size);
	if (c->initrd.size)
		memcpy(at_guest(g, p.initrd), hpa_ptr(c->initrd.addr), c->initrd.size);
	err = load_tables(g, &p);
	if (err)
		return err;
	flush_memory(g);
	g->entry = p.kernel + c->entry_at;
	return 0;
}
