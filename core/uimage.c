/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in a file in U-Boot's legacy image format: 64 bytes of header, big-endian, then the data (U-Boot's include/image.h). */
#include <arch/cpu.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <hv/uimage.h>

#define HEADER		64u
#define MAGIC		0x27051956u
#define AT_SIZE		12u
#define AT_LOAD		16u
#define AT_ENTRY	20u
#define AT_ARCH		29u
#define AT_TYPE		30u
#define AT_COMPRESSION	31u
#define ARCH_ARM	2u
#define TYPE_FIRMWARE	5u	/* U-Boot's own image */
#define TYPE_KERNEL_NOLOAD 14u	/* entry: an offset; no address matters */

static int refuse(const struct guest *g, const struct layout_file *f, const char *why)
{
	pr_err("guest %s: file \"%s\" is a U-Boot image %s\n", g->name, SHOWN(f->name), why);
	return -EINVAL;
}

/* Boot loaders hand over a ramdisk as it is, whatever its header says of its compression. */
static bool unpacked(const u8 *h, enum uimage_type type)
{
	return !h[AT_COMPRESSION] || type == UIMAGE_RAMDISK;
}

static bool noload(const u8 *h, enum uimage_type type)
{
	return type == UIMAGE_KERNEL && h[AT_TYPE] == TYPE_KERNEL_NOLOAD && !be32_load(h + AT_ENTRY);
}

static bool is_kind(const u8 *h, enum uimage_type type)
{
	return h[AT_TYPE] == type || noload(h, type) || (type == UIMAGE_KERNEL && h[AT_TYPE] == TYPE_FIRMWARE);
}

int uimage_open(const struct guest *g, struct layout_file *f, enum uimage_type type, struct uimage *u)
{
	const u8 *h = f->size >= HEADER ? hpa_ptr(f->addr) : NULL;
	u32 size;

	if (!h || be32_load(h) != MAGIC)
		return 0;
	size = be32_load(h + AT_SIZE);
	if (!size || size > f->size - HEADER)
		return refuse(g, f, "that is truncated");
	if (h[AT_ARCH] != ARCH_ARM || !is_kind(h, type))
		return refuse(g, f, "of another kind or for another processor");
	if (!unpacked(h, type))
		return refuse(g, f, "of compressed data; unpack them");
	if (!noload(h, type))
		*u = (struct uimage){ true, be32_load(h + AT_LOAD), be32_load(h + AT_ENTRY) };
	f->addr += HEADER;
	f->size = size;
	return 0;
}
