/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The top of RAM, from Umbra down: the guests' files, kept for restarts; then, for each guest, what Umbra needs for it beyond the first
 * and its memory, if that is given by size; what is left is for the guest whose memory has an address. A file in U-Boot's legacy format
 * (uImage, uInitrd) is taken out of it.
 */
#include <string.h>

#include <libfdt.h>

#include <arch/cpu.h>
#include <hv/guest.h>
#include <hv/guest_files.h>
#include <hv/log.h>
#include <hv/uimage.h>

#define ZIMAGE_MAGIC_AT		0x24u
#define ZIMAGE_MAGIC		0x016f2818u
#define FILES_MAX		((3 + LAYOUT_MAX_DISKS) * LAYOUT_MAX_GUESTS + LAYOUT_MAX_MODULES)

static hpa_t kept_base, given_base;
static struct layout *kept;	/* whose files these are */
static struct { hpa_t at; u32 size; } regions[LAYOUT_MAX_REGIONS];	/* shared memory */

hpa_t guest_kept_base(void)
{
	return kept_base ? kept_base : arch_host_mem()->umbra_base;
}

hpa_t guest_given_base(void)
{
	return given_base ? given_base : guest_kept_base();
}

static u32 file_word(const struct layout_file *f, u32 offset)
{
	u32 w = 0;

	if (f->size >= 4 && offset <= f->size - 4)
		memcpy(&w, (const u8 *)hpa_ptr(f->addr) + offset, 4);
	return w;
}

bool guest_file_is_zimage(const struct layout_file *k)
{
	return file_word(k, ZIMAGE_MAGIC_AT) == ZIMAGE_MAGIC;
}

u32 guest_file_zimage_size(const struct layout_file *k)
{
	return file_word(k, ZIMAGE_MAGIC_AT + 8) - file_word(k, ZIMAGE_MAGIC_AT + 4);
}

/* What a kernel that cannot run says that it is. Otherwise it would be executed as if it were code. */
static const struct {
	u32 offset, mask, word;
	const char *what;
} foreign[] = {
	{ 0x00, 0xffffffff, 0x464c457f, "an ELF file; what is in it is wanted (objcopy -O binary)" },
	{ 0x38, 0xffffffff, 0x644d5241, "a kernel for AArch64, which this processor has not" },
	{ 0x00, 0x00ffffff, 0x00088b1f, "compressed (gzip); unpack it" },
	{ 0x00, 0xffffffff, 0x587a37fd, "compressed (xz); unpack it" },
	{ 0x00, 0x00ffffff, 0x00685a42, "compressed (bzip2); unpack it" },
	{ 0x00, 0x00ffffff, 0x0000005d, "compressed (lzma); unpack it" },
	{ 0x00, 0xffffffff, 0x4f5a4c89, "compressed (lzop); unpack it" },
	{ 0x00, 0xffffffff, 0x184c2102, "compressed (lz4); unpack it" },
	{ 0x00, 0xffffffff, 0x184d2204, "compressed (lz4); unpack it" },
	{ 0x00, 0xffffffff, 0xfd2fb528, "compressed (zstd); unpack it" },
	{ 0x00, 0xffffffff, 0xedfe0dd0, "a device tree, or a FIT image; the kernel in it is wanted (dumpimage)" },
	{ 0x00, 0xffffffff, 0x52444e41, "a boot image of Android; the kernel in it is wanted" },
	{ 0x00, 0xffffffff, 0x37303730, "a cpio archive, no kernel but an initrd" },
	{ 0x202, 0xffffffff, 0x53726448, "a kernel for x86, not for this processor" },
};

const char *guest_file_foreign(const struct layout_file *k)
{
	for (u32 i = 0; i < ARRAY_SIZE(foreign); i++)
		if ((file_word(k, foreign[i].offset) & foreign[i].mask) == foreign[i].word)
			return foreign[i].what;
	return NULL;
}

/* A raw kernel in U-Boot's format goes where the header says, and the layout must not say otherwise. */
static int place_raw(struct layout_guest *c, const struct uimage *u)
{
	const gpa_t at = c->mem_base + c->load_offset;

	if (u->load - (u32)c->mem_base >= c->mem_size || u->entry - u->load >= c->kernel.size || (c->load_offset_given && u->load != at)) {
		pr_err("guest %s: file \"%s\" is a U-Boot image for 0x%08lx, entered at 0x%08lx; the layout's load-offset says 0x%08lx, its memory is 0x%08lx+0x%lx\n",
		       c->name, SHOWN(c->kernel.name), (unsigned long)u->load, (unsigned long)u->entry, (unsigned long)at,
		       (unsigned long)c->mem_base, (unsigned long)c->mem_size);
		return -EINVAL;
	}
	c->load_offset = u->load - (u32)c->mem_base;
	c->load_offset_given = true;
	c->entry_at = u->entry - u->load;
	return 0;
}

/*
 * A device tree behind a zImage is the one that its decompressor takes, whatever r2 says (Linux: ARM_APPENDED_DTB). The guest gets it, edited, by way of
 * r2 instead, and does not find the other. With ATAGs it is left alone: the decompressor writes them into it.
 */
static void take_appended(struct layout_guest *c)
{
	struct layout_file *k = &c->kernel;
	const u32 size = guest_file_zimage_size(k);

	if (c->atags || size < ZIMAGE_HEADER || size >= k->size || be32_load((const u8 *)hpa_ptr(k->addr) + size) != FDT_MAGIC)
		return;
	if (c->dtb.size)
		pr_info("guest %s: the device tree behind \"%s\" takes the place of \"%s\"\n", c->name, SHOWN(k->name), SHOWN(c->dtb.name));
	c->dtb = (struct layout_file){ .name = k->name, .addr = k->addr + size, .size = k->size - size, .at = k->at };
	k->behind += k->size - size;
	k->size = size;
}

/* Take @f out of U-Boot's format if it comes in that. */
static int open_file(const struct layout_guest *c, struct layout_file *f, enum uimage_type type, struct uimage *u)
{
	const struct layout_file whole = *f;
	int err = uimage_open(c->name, f, type, u);

	f->before = (u32)(f->addr - whole.addr);
	f->behind = whole.size - f->size - f->before;
	return err;
}

/* What the guest gets of each file. */
static int open_files(struct layout_guest *c)
{
	struct uimage u = { .load = 0 };
	int err = open_file(c, &c->kernel, UIMAGE_KERNEL, &u);

	c->entry_at = 0;
	if (!err && guest_file_is_zimage(&c->kernel))	/* it runs anywhere */
		take_appended(c);
	else if (!err && u.given)
		err = place_raw(c, &u);
	if (!err)
		err = open_file(c, &c->dtb, UIMAGE_FLATDT, &u);
	return err ? err : open_file(c, &c->initrd, UIMAGE_RAMDISK, &u);
}

static void make_whole(struct layout_file *f)
{
	f->addr -= f->before;
	f->size += f->before + f->behind;
}

static void make_part(struct layout_file *f)
{
	f->addr += f->before;
	f->size -= f->before + f->behind;
}

/* Files are kept as they came, whatever of them a guest gets: one that comes later may get more, or another part. */
static void each_opened(struct layout *l, void (*fn)(struct layout_file *f))
{
	for (struct layout_guest *c = l->guest; c < l->guest + l->nguests; c++) {
		if (!c->ok)
			continue;
		fn(&c->kernel);
		fn(&c->dtb);
		fn(&c->initrd);
	}
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
static u32 sort_files(struct layout *l, struct layout_file **f)
{
	u32 n = 0;

	for (u32 i = 0; i < l->nspare; i++)
		n = insert_file(f, n, &l->spare[i]);
	for (struct layout_guest *c = l->guest; c < l->guest + l->nguests; c++) {
		if (!c->ok)
			continue;
		n = insert_file(f, n, &c->kernel);
		n = insert_file(f, n, &c->dtb);
		n = insert_file(f, n, &c->initrd);
		for (u32 i = 0; i < c->ndevs; i++)
			n = insert_file(f, n, &c->dev[i].file);
	}
	return n;
}

static u32 kept_size(const struct layout_file *f)
{
	return f->doubled ? 2 * layout_file_second(f) : f->size;
}

/* Two guests may have one file, unless one of them writes to it. */
static bool is_same(const struct layout_file *a, const struct layout_file *b)
{
	return a->addr == b->addr && a->size == b->size;
}

/* Lowest address that the kept files will take. */
static hpa_t kept_bottom(struct layout_file **f, u32 n)
{
	hpa_t top = arch_host_mem()->umbra_base;

	for (u32 i = 0; i < n; i++)
		if (!i || !is_same(f[i], f[i - 1]))
			top = f[i]->size < (u32)top / 2 ? ALIGN_DOWN(top - kept_size(f[i]), 8) : 0;
	return top;
}

/* The guest with an address whose memory ends highest, or NULL. */
static struct layout_guest *highest(struct layout *l)
{
	struct layout_guest *best = NULL;

	for (u32 i = 0; i < l->nguests; i++) {
		struct layout_guest *c = &l->guest[i];

		if (c->ok && !c->by_size && (!best || c->mem_base + c->mem_size > best->mem_base + best->mem_size))
			best = c;
	}
	return best;
}

static hpa_t highest_end(struct layout *l)
{
	const struct layout_guest *c = highest(l);

	return c ? passed_hpa(c->mem_base) + c->mem_size : arch_host_mem()->ram_base;
}

/* Padding may make a file want to move down into the next one; then the loader packed them too tightly. */
static struct layout_file *in_the_way(struct layout_file **f, u32 n)
{
	hpa_t top = arch_host_mem()->umbra_base;

	for (u32 i = 0; i < n; i++) {
		if (i && is_same(f[i], f[i - 1]))
			continue;
		top = ALIGN_DOWN(top - kept_size(f[i]), 8);
		for (u32 j = i + 1; j < n; j++)
			if (!is_same(f[i], f[j]) && top < f[j]->addr + f[j]->size)
				return f[j];
	}
	return NULL;
}

static void move_files(struct layout_file **f, u32 n)
{
	hpa_t top = arch_host_mem()->umbra_base, from = 0;

	for (u32 i = 0; i < n; i++) {
		if (i && f[i]->addr == from) {
			f[i]->addr = top;
			continue;
		}
		top = ALIGN_DOWN(top - kept_size(f[i]), 8);
		from = f[i]->addr;
		memmove(hpa_ptr(top), hpa_ptr(from), f[i]->size);
		if (f[i]->doubled)
			memcpy(hpa_ptr(top + layout_file_second(f[i])), hpa_ptr(top), f[i]->size);
		f[i]->addr = top;
	}
	kept_base = top;
}

/* The file that takes most, or NULL. */
static struct layout_file *largest(struct layout_file **f, u32 n)
{
	struct layout_file *best = NULL;

	for (u32 i = 0; i < n; i++)
		if (!best || kept_size(f[i]) > kept_size(best))
			best = f[i];
	return best;
}

/* Do without @bad, and the guest that it belongs to. */
static void give_up_file(struct layout *l, struct layout_file *bad)
{
	for (struct layout_guest *g = l->guest; g < l->guest + l->nguests; g++)
		if ((const char *)bad >= (const char *)g && (const char *)bad < (const char *)(g + 1))
			g->ok = false;
	if (bad >= l->spare && bad < l->spare + l->nspare)
		bad->size = 0;
}

/* Without a guest whose memory is in the way, twice a file may be more than there is. */
static bool have_room(struct layout *l, struct layout_file **f, u32 n)
{
	hpa_t top = arch_host_mem()->umbra_base, bottom = kept_bottom(f, n), end = highest_end(l);
	unsigned long size = (unsigned long)(top - bottom), room = (unsigned long)(top - end);
	struct layout_guest *c = highest(l);
	struct layout_file *bad = largest(f, n);

	if (bottom >= end || (!c && !bad))
		return true;
	if (c) {
		layout_mistake(&c->at, "memory", "too much: 0x%lx bytes of files are kept between it and Umbra, room is 0x%lx", size, room);
		c->ok = false;
		return false;
	}
	layout_mistake(&bad->at, "reg", "file \"%s\" is too much%s: 0x%lx bytes of files are kept below Umbra, room is 0x%lx", SHOWN(bad->name),
		       bad->doubled ? ", as it is kept twice" : "", size, room);
	give_up_file(l, bad);
	return false;
}

/* Try to keep the files of those guests that are still ok. False: one more is not. */
static bool keep_all(struct layout *l)
{
	struct layout_file *f[FILES_MAX], *bad;
	u32 n = sort_files(l, f);

	if (!have_room(l, f, n))
		return false;
	bad = in_the_way(f, n);
	if (!bad) {
		move_files(f, n);
		return true;
	}
	layout_mistake(&bad->at, "reg", "file \"%s\" lies where files are kept, load it lower", SHOWN(bad->name));
	give_up_file(l, bad);
	return false;
}

/* Take @size bytes in whole MiB from what is left; 0: there is not so much. */
static hpa_t take(struct layout *l, u32 size)
{
	hpa_t top = ALIGN_DOWN(guest_given_base(), SECTION_SIZE), end = highest_end(l);

	if (top < end || size > top - end)
		return 0;
	given_base = ALIGN_DOWN(top - size, SECTION_SIZE);
	return given_base;
}

/* The first guest has its place in Umbra's own memory. */
static void give_memory(struct layout *l, struct layout_guest *c)
{
	const hpa_t before = given_base;
	hpa_t end = highest_end(l), top = ALIGN_DOWN(guest_given_base(), SECTION_SIZE);

	c->own_size = c == l->guest ? 0 : guest_own_size(c);
	if (c->own_size)
		c->own = take(l, c->own_size);
	if (c->by_size && (!c->own_size || c->own))
		c->mem_host = take(l, c->mem_size);
	if ((!c->own_size || c->own) && (!c->by_size || c->mem_host))
		return;
	layout_mistake(&c->at, c->by_size ? "memory-mib" : "memory", "too much: %lu MiB are left, and Umbra needs %lu for one more guest",
		       (unsigned long)(top > end ? (top - end) >> SECTION_SHIFT : 0), (unsigned long)(c->own_size >> SECTION_SHIFT));
	c->ok = false;
	given_base = before;
}

void guest_files_keep(struct layout *l)
{
	kept_base = given_base = 0;
	kept = l;
	memset(regions, 0, sizeof(regions));
	for (u32 i = 0; i < l->nguests; i++)
		l->guest[i].ok = l->guest[i].ok && !open_files(&l->guest[i]);
	each_opened(l, make_whole);
	while (!keep_all(l))
		;
	each_opened(l, make_part);
	for (u32 i = 0; i < l->nguests; i++)
		if (l->guest[i].ok)
			give_memory(l, &l->guest[i]);
	for (u32 i = 0; i < l->nguests; i++)
		l->guest[i].files_kept = l->guest[i].ok;
}

/* -- shared memory -- */

/* The first guest that wants it gets it, cleared, and out of the caches: guests have it as Device memory. */
static hpa_t region_new(const struct layout_dev *d)
{
	hpa_t at = kept && !kept->regions_fixed ? take(kept, ALIGN_UP(d->region_size, SECTION_SIZE)) : 0;

	if (!at) {
		layout_mistake(&d->at, "region-kib", kept && kept->regions_fixed ? "no guest that was there from the start has region %lu" :
			       "too much: no memory is left for region %lu", (unsigned long)d->region);
		return 0;
	}
	memset(hpa_ptr(at), 0, d->region_size);
	arch_dcache_flush_range(at, d->region_size);
	regions[d->region].at = at;
	regions[d->region].size = d->region_size;
	return at;
}

hpa_t guest_region(const struct layout_dev *d)
{
	if (!regions[d->region].at)
		return region_new(d);
	if (regions[d->region].size == d->region_size)
		return regions[d->region].at;
	layout_mistake(&d->at, "region-kib", "region %lu has %lu KiB elsewhere", (unsigned long)d->region,
		       (unsigned long)(regions[d->region].size >> 10));
	return 0;
}

/* -- guests that come later -- */

const struct layout_file *guest_file_spare(const char *name)
{
	for (u32 i = 0; kept && i < kept->nspare; i++)
		if (kept->spare[i].size && !strcmp(kept->spare[i].name, name))
			return &kept->spare[i];
	return NULL;
}

static const struct layout_file *file_of_guest(const struct layout_guest *c, const char *name)
{
	const struct layout_file *const boots[] = { &c->kernel, &c->dtb, &c->initrd };

	for (u32 i = 0; i < ARRAY_SIZE(boots); i++)
		if (boots[i]->size && !strcmp(boots[i]->name, name))
			return boots[i];
	for (const struct layout_dev *d = c->dev; d < c->dev + c->ndevs; d++)
		if (d->file.size && !strcmp(d->file.name, name))
			return &d->file;
	return NULL;
}

const struct layout_file *guest_file_kept(const char *name)
{
	const struct layout_file *f = guest_file_spare(name);

	for (u32 i = 0; kept && i < kept->nguests && !f; i++)
		if (kept->guest[i].files_kept)
			f = file_of_guest(&kept->guest[i], name);
	return f;
}

/* A guest that came later and has some of [@base, @base + @size), or NULL. */
static const struct guest *occupant(hpa_t base, u32 size)
{
	const struct guest *g = guest_first();

	while (g && (!g->cfg.chunk || base >= g->cfg.chunk + g->cfg.chunk_size || g->cfg.chunk >= base + size))
		g = g->next;
	return g;
}

/* A free piece of what is left, as high as there is one; 0: there is none. */
static hpa_t find_piece(u32 size)
{
	hpa_t top = ALIGN_DOWN(guest_given_base(), SECTION_SIZE), end = highest_end(kept);

	while (top >= end && size <= top - end) {
		const struct guest *g = occupant(top - size, size);

		if (!g)
			return top - size;
		top = g->cfg.chunk;
	}
	return 0;
}

/* What a guest forgets it changes in a copy of its own: others may have the file as well. Returns where the copies end. */
static hpa_t copy_forgotten(struct layout_guest *c, hpa_t at)
{
	for (struct layout_dev *d = c->dev; d < c->dev + c->ndevs; d++) {
		struct layout_file *f = &d->file;

		if (!f->doubled)
			continue;
		memcpy(hpa_ptr(at), hpa_ptr(f->addr), f->size);
		memcpy(hpa_ptr(at + layout_file_second(f)), hpa_ptr(f->addr), f->size);
		f->addr = at;
		at += kept_size(f);
	}
	return at;
}

/* A device tree is aligned to 8 bytes, but behind a kernel it lies where that ends. */
static u32 unaligned_tree(const struct layout_guest *c)
{
	return (u32)c->dtb.addr % 8 ? c->dtb.size : 0;
}

static void copy_tree(struct layout_guest *c, hpa_t at)
{
	memcpy(hpa_ptr(at), hpa_ptr(c->dtb.addr), c->dtb.size);
	c->dtb.addr = at;
}

int guest_files_take(struct layout_guest *c)
{
	u32 copied;
	hpa_t at;
	int err = open_files(c);

	if (err)
		return err;
	copied = unaligned_tree(c);
	for (const struct layout_dev *d = c->dev; d < c->dev + c->ndevs; d++)
		copied += d->file.doubled ? kept_size(&d->file) : 0;
	c->own_size = guest_own_size(c);
	c->chunk_size = c->mem_size + c->own_size + ALIGN_UP(copied, SECTION_SIZE);
	c->chunk = find_piece(c->chunk_size);
	if (!c->chunk)
		return layout_mistake(&c->at, "memory-mib", "too much: no %lu MiB in one piece are left, with the %lu that Umbra needs for it",
				      (unsigned long)(c->chunk_size >> SECTION_SHIFT), (unsigned long)(c->own_size >> SECTION_SHIFT));
	c->mem_host = c->chunk;
	c->own = c->chunk + c->mem_size;
	at = copy_forgotten(c, c->own + c->own_size);
	if (unaligned_tree(c))
		copy_tree(c, at);
	c->files_kept = true;
	return 0;
}
