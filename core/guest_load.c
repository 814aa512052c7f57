/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest files: kept below Umbra for restarts, checked, and placed in guest memory.
 *
 * A file in U-Boot's legacy format (uImage, uInitrd) is taken out of it. Linux: zImage 32 MiB into memory (its decompressor
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
#include <hv/guest_watch.h>
#include <hv/log.h>
#include <hv/uimage.h>

#define ZIMAGE_MAGIC_AT		0x24u	/* Linux Documentation/arm/booting: header of the zImage */
#define ZIMAGE_MAGIC		0x016f2818u
#define ZIMAGE_HEADER		0x30u
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

#define FILES_MAX		(3 + LAYOUT_MAX_DISKS)

static hpa_t kept_base;

/* Where everything goes; computed and checked before guest memory is touched. */
struct placement {
	bool zimage;
	gpa_t kernel;
	gpa_t initrd;
	gpa_t dtb;
	u32 dtb_room;
	gpa_t low;	/* lowest of what was placed from the top */
};

hpa_t guest_kept_base(void)
{
	return kept_base ? kept_base : arch_host_mem()->umbra_base;
}

static u32 insert_file(struct layout_file **f, u32 n, struct layout_file *one)
{
	u32 at = n;

	if (!one->size)
		return n;
	for (; at && f[at - 1]->addr < one->addr; at--)
		f[at] = f[at - 1];
	f[at] = one;
	return n + 1;
}

/* Sort by source address, highest first: then copying upwards never overwrites a file that is still to be copied. */
static u32 sort_files(struct guest *g, struct layout_file **f)
{
	struct layout_guest *c = &g->cfg;
	u32 n = insert_file(f, 0, &c->kernel);

	n = insert_file(f, n, &c->dtb);
	n = insert_file(f, n, &c->initrd);
	for (u32 i = 0; i < c->ndevs; i++)
		n = insert_file(f, n, &c->dev[i].file);
	return n;
}

static u32 kept_size(const struct layout_file *f)
{
	return f->doubled ? 2 * layout_file_second(f) : f->size;
}

/* Lowest address that the kept files will take. */
static hpa_t kept_bottom(struct layout_file **f, u32 n)
{
	hpa_t top = arch_host_mem()->umbra_base;

	for (u32 i = 0; i < n; i++)
		top = f[i]->size < top / 2 ? (top - kept_size(f[i])) & ~7u : 0;
	return top;
}

static u32 file_word(const struct layout_file *f, u32 offset)
{
	u32 w = 0;

	if (f->size >= 4 && offset <= f->size - 4)
		memcpy(&w, (const u8 *)hpa_ptr(f->addr) + offset, 4);
	return w;
}

static bool is_zimage(const struct layout_file *k)
{
	return file_word(k, ZIMAGE_MAGIC_AT) == ZIMAGE_MAGIC;
}

/* What the header of a zImage says of its size. */
static u32 zimage_size(const struct layout_file *k)
{
	return file_word(k, ZIMAGE_MAGIC_AT + 8) - file_word(k, ZIMAGE_MAGIC_AT + 4);
}

/* A raw kernel in U-Boot's format goes where the header says, and the layout must not say otherwise. */
static int place_raw(struct guest *g, const struct uimage *u)
{
	struct layout_guest *c = &g->cfg;
	const gpa_t at = c->mem_base + c->load_offset;

	if (u->load - c->mem_base >= c->mem_size || u->entry - u->load >= c->kernel.size || (c->load_offset_given && u->load != at)) {
		pr_err("guest %s: file \"%s\" is a U-Boot image for 0x%08lx, entered at 0x%08lx; the layout's load-offset says 0x%08lx, its memory is 0x%08lx+0x%lx\n",
		       g->name, SHOWN(c->kernel.name), (unsigned long)u->load, (unsigned long)u->entry, (unsigned long)at,
		       (unsigned long)c->mem_base, (unsigned long)c->mem_size);
		return -EINVAL;
	}
	c->load_offset = u->load - c->mem_base;
	c->load_offset_given = true;
	g->entry_at = u->entry - u->load;
	return 0;
}

/*
 * A device tree behind a zImage is the one that its decompressor takes, whatever r2 says (Linux: ARM_APPENDED_DTB). The guest gets it, edited, by way of
 * r2 instead, and does not find the other. With ATAGs it is left alone: the decompressor writes them into it.
 */
static void take_appended(struct guest *g)
{
	struct layout_guest *c = &g->cfg;
	struct layout_file *k = &c->kernel;
	const u32 size = zimage_size(k);

	if (c->atags || size < ZIMAGE_HEADER || size >= k->size || be32_load((const u8 *)hpa_ptr(k->addr) + size) != FDT_MAGIC)
		return;
	if (c->dtb.size)
		pr_info("guest %s: the device tree behind \"%s\" takes the place of \"%s\"\n", g->name, SHOWN(k->name), SHOWN(c->dtb.name));
	c->dtb = (struct layout_file){ .name = k->name, .addr = k->addr + size, .size = k->size - size, .at = k->at };
	k->size = size;
}

/* Take each file out of U-Boot's format if it comes in that, and a device tree from behind the kernel. */
static int open_files(struct guest *g)
{
	struct layout_guest *c = &g->cfg;
	struct uimage u = { .load = 0 };
	int err = uimage_open(g, &c->kernel, UIMAGE_KERNEL, &u);

	g->entry_at = 0;
	if (!err && is_zimage(&c->kernel))	/* it runs anywhere */
		take_appended(g);
	else if (!err && u.given)
		err = place_raw(g, &u);
	if (!err)
		err = uimage_open(g, &c->dtb, UIMAGE_FLATDT, &u);
	return err ? err : uimage_open(g, &c->initrd, UIMAGE_RAMDISK, &u);
}

static int keep_files(struct guest *g)
{
	struct layout_file *f[FILES_MAX];
	u32 n = sort_files(g, f);
	hpa_t top = arch_host_mem()->umbra_base, bottom = kept_bottom(f, n);
	gpa_t mem_end = g->cfg.mem_base + g->cfg.mem_size;

	if (bottom < mem_end) {
		layout_mistake(&g->cfg.at, "memory", "too much: 0x%lx bytes of files are kept between it and Umbra, room is 0x%lx",
			       (unsigned long)(top - bottom), (unsigned long)(top - mem_end));
		return -ENOMEM;
	}
	for (u32 i = 0; i < n; i++) {
		hpa_t dst = (top - kept_size(f[i])) & ~7u;

		/* Padding may make a file want to move down into the next one; then the loader packed them too tightly. */
		if (i + 1 < n && dst < f[i + 1]->addr + f[i + 1]->size)
			return layout_mistake(&f[i + 1]->at, "reg", "file \"%s\" lies where files are kept, load it lower",
					      SHOWN(f[i + 1]->name));
		memmove(hpa_ptr(dst), hpa_ptr(f[i]->addr), f[i]->size);
		if (f[i]->doubled)
			memcpy(hpa_ptr(dst + layout_file_second(f[i])), hpa_ptr(dst), f[i]->size);
		f[i]->addr = dst;
		top = dst;
	}
	kept_base = bottom;
	g->files_kept = true;
	return 0;
}

int guest_keep_files(struct guest *g)
{
	int err = open_files(g);

	return err ? err : keep_files(g);
}

static int check_kernel(const struct guest *g, struct placement *p)
{
	const struct layout_guest *c = &g->cfg;
	const struct layout_file *k = &c->kernel;
	u32 image;

	p->zimage = is_zimage(k);
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
	image = zimage_size(k);
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
	p->low = (p->low - size) & PAGE_MASK;
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

int guest_load(struct guest *g)
{
	const struct layout_guest *c = &g->cfg;
	struct placement p = { 0 };
	int err;

	if (!g->files_kept) {	/* where the boot loader put them they may lie in guest memory */
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
	g->entry = p.kernel + g->entry_at;
	return 0;
}
