/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that come while others run. Each has a layout of its own, among the files that the boot loader put into memory; that layout's files
 * are looked for by name among the same files, those of other guests included. Memory comes from what is left.
 */
#include <string.h>

#include <libfdt.h>

#include <arch/cpu.h>
#include <hv/blob.h>
#include <hv/guest.h>
#include <hv/guest_files.h>
#include <hv/log.h>

static struct layout later;

/* The layout @f, in place: its strings are those of the guest for as long as that lives. */
static void *open_layout(const struct layout_file *f)
{
	char why[96] = "it is shorter than a header";
	void *fdt = hpa_ptr(f->addr);
	int err;

	if (f->size < sizeof(struct fdt_header) || !layout_blob_size(fdt, f->size, why, sizeof(why))) {
		pr_err("layout: file \"%s\": %s\n", SHOWN(f->name), why);
		return NULL;
	}
	err = blob_check(fdt, f->size);
	if (!err)
		return fdt;
	pr_err("layout: file \"%s\" is not a sound device tree blob (%s)\n", SHOWN(f->name), fdt_strerror(err));
	return NULL;
}

/* What a boot loader does with `reg`: where each file is; nowhere, if it is not there. */
static void locate_files(void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), node;

	if (chosen < 0)
		return;
	fdt_for_each_subnode(node, fdt, chosen) {
		int len;
		const char *name = fdt_getprop(fdt, node, "file", &len);
		const struct layout_file *f = name && len && !name[len - 1] ? guest_file_kept(name) : NULL;
		const hpa_t at = f ? f->addr - f->before : 0;
		const fdt32_t reg[2] = { cpu_to_fdt32(at), cpu_to_fdt32(f ? f->before + f->size + f->behind : 0) };

		(void)fdt_setprop_inplace(fdt, node, "reg", reg, sizeof(reg));	/* if it is none of that size, the parser says so */
	}
}

/* Files of a guest, and whether it writes to them. */
static const struct layout_file *file_at(const struct layout_guest *c, u32 i, bool *written)
{
	const struct layout_file *const boots[] = { &c->kernel, &c->dtb, &c->initrd };
	const struct layout_dev *d = &c->dev[i - ARRAY_SIZE(boots)];

	*written = i >= ARRAY_SIZE(boots) && !d->read_only;
	return i < ARRAY_SIZE(boots) ? boots[i] : &d->file;
}

static u32 files_of(const struct layout_guest *c)
{
	return 3 + c->ndevs;
}

static bool overlap(const struct layout_file *a, const struct layout_file *b)
{
	return a->size && b->size && a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

/* A file that one of two guests writes to is not the other's, and no guest writes to a layout that is in use. What is forgotten is copied. */
static int check_files(const struct layout_guest *c, const struct layout_guest *other)
{
	struct layout_file tree = { .size = 0 };

	if (other->chunk)
		tree = (struct layout_file){ .addr = ptr_hpa(other->at.fdt), .size = fdt_totalsize(other->at.fdt) };
	for (u32 i = 0; i < files_of(c); i++) {
		bool writes, others;
		const struct layout_file *f = file_at(c, i, &writes), *o;

		writes = writes && !f->doubled;
		if (writes && overlap(f, &tree))
			return layout_mistake(&f->at, NULL, "file \"%s\" is the layout of guest %s", SHOWN(f->name), other->name);
		for (u32 j = 0; j < files_of(other); j++) {
			o = file_at(other, j, &others);
			if ((writes || others) && overlap(f, o))
				return layout_mistake(&f->at, NULL, "file \"%s\" is written to, and guest %s has it too", SHOWN(f->name), other->name);
		}
	}
	return 0;
}

/* Beside those that are there. */
static int check_guest(const struct layout_guest *c)
{
	u32 n = 0;

	if (!c->by_size)
		return layout_mistake(&c->at, "memory", "a guest that comes later has `memory-mib`, of what is left");
	for (const struct guest *g = guest_first(); g; g = g->next) {
		if (!strcmp(g->name, c->name))
			return layout_mistake(&c->at, NULL, "there is a guest %s already", c->name);
		if (check_files(c, &g->cfg))
			return -EINVAL;
		n++;
	}
	return n < LAYOUT_MAX_GUESTS ? 0 : layout_mistake(&c->at, NULL, "more than %d guests", LAYOUT_MAX_GUESTS);
}

static bool is_in_use(const struct layout_file *f)
{
	for (const struct guest *g = guest_first(); g; g = g->next)
		if (g->cfg.at.fdt == hpa_ptr(f->addr))
			return true;
	return false;
}

struct guest *guest_later(const char *file)
{
	const struct layout_file *f = guest_file_spare(file);
	struct layout_guest *c = later.guest;
	void *fdt;

	if (!f) {
		pr_err("no file \"%s\": the layout's /chosen names what is loaded at boot, and no guest has it\n", SHOWN(file));
		return NULL;
	}
	if (is_in_use(f)) {
		pr_err("layout: file \"%s\" has its guest already\n", SHOWN(f->name));
		return NULL;
	}
	fdt = open_layout(f);
	if (!fdt)
		return NULL;
	locate_files(fdt);
	later.later = true;
	if (layout_parse(fdt, &later))
		return NULL;
	if (later.nguests != 1) {
		layout_mistake(&c[1].at, NULL, "guests come one by one: a layout for each");
		return NULL;
	}
	return check_guest(c) || guest_files_take(c) ? NULL : guest_new(c);
}
