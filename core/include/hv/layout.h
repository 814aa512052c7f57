/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout: a device tree that describes modules and guests, parsed into plain structs. */
#pragma once

#include <hv/guest_map.h>
#include <hv/types.h>

#define LAYOUT_MAX_GUESTS	8
#define LAYOUT_MAX_DEVS		96
#define LAYOUT_MAX_REGS		8
#define LAYOUT_MAX_IRQS		96
#define LAYOUT_MAX_MODULES	32	/* configs/boot.cmd loads so many */
#define LAYOUT_MAX_SIZE		0x40000u	/* a layout is a few KiB; a wild length must not eat the heap */

/* A node, for messages. The tree stays where it is while Umbra runs. */
struct layout_node {
	const void *fdt;
	int offset;
};

struct layout_file {
	const char *name;	/* file name on the card, NULL when the layout has none */
	hpa_t addr;		/* where the boot loader put it */
	u32 size;		/* bytes; 0 = was not loaded */
	u32 before, behind;	/* bytes of the file around those: what U-Boot's format adds, a device tree that was taken from there */
	bool doubled;		/* kept twice: as it is changed, and as it was behind that */
	struct layout_node at;
};

/* Of a file that is kept twice: how far behind it the second copy is. */
static inline u32 layout_file_second(const struct layout_file *f)
{
	return ALIGN_UP(f->size, 8);
}

struct layout_dev {
	const char *node;	/* node name */
	struct layout_node at;
	const char *compatible;	/* "umbra,passthrough" or an emulator's compatible */
	u32 nregs;
	struct { gpa_t base; u32 size; } reg[LAYOUT_MAX_REGS];
	u32 nirqs;
	u8 irq[LAYOUT_MAX_IRQS];	/* INTC lines */
	s32 parent;		/* index of the pass-through window that this node is a part of, -1 = none */
	bool withheld;		/* part with status = "disabled": cut out of its window */
	struct layout_file file;	/* of devices that have one */
	bool read_only;		/* its file is not changed */
	u32 region, region_size;	/* of shared memory: its number, and its bytes */
	u32 net_switch;		/* of network devices: the number of the switch that they are on */
};

#define LAYOUT_MAX_REGIONS	8u	/* shared memory */
#define LAYOUT_MAX_DISKS	8u	/* devices of a guest that have files */

/* compatible values that core itself understands; every other one names an emulator (emulators/). */
#define LAYOUT_PASSTHROUGH	"umbra,passthrough"	/* registers and interrupts of real hardware */
#define LAYOUT_SRAM		"umbra,sram"		/* on-chip RAM, mapped like guest RAM */
#define LAYOUT_RAZ		"umbra,raz"		/* emulator (emulators/null.c): reads as zero */
#define LAYOUT_WITHHELD		"umbra,hidden"		/* emulator (emulators/null.c) that stands in for a disabled part */

struct layout_guest {
	const char *name;
	struct layout_node at;
	bool ok;		/* nothing was wrong with it so far */
	gpa_t mem_base;
	u32 mem_size;
	bool by_size;		/* its memory may be anywhere: it is at mem_host (guest_files.c) */
	hpa_t mem_host;
	hpa_t own;		/* what Umbra keeps of it is there; 0: in Umbra's own memory */
	u32 own_size;
	hpa_t chunk;		/* of a guest that came later: all of its memory, together with that; 0: it was there from the start */
	u32 chunk_size;
	bool files_kept;	/* it can be loaded */
	u32 entry_at;		/* where in its kernel file it is entered */
	u32 roots, tables, copies;	/* sizes of the pools of arch/arm; 0: as configured */
	u32 weight, cap;	/* share of the processor (sched.h); cap in per cent, 0: none */
	bool latency;
	struct layout_file kernel, dtb, initrd;
	const char *bootargs;
	const char *cpu_path;	/* "trap" ...; NULL = Kconfig default */
	const char *shadow;	/* "flush" ...; NULL = Kconfig default */
	bool atags;		/* boot with ATAGs instead of a device tree */
	u32 machine;		/* ATAG boot: machine number */
	bool load_offset_given;
	u32 load_offset;	/* raw (non-zImage) kernels: offset into memory, default 0x8000 */
	u32 ndevs;
	struct layout_dev dev[LAYOUT_MAX_DEVS];
};

struct layout {
	const void *fdt;
	bool later;		/* its guest comes beside others that run: set by who parses it */
	bool regions_fixed;	/* its guests are there: no more memory becomes shared */
	u32 nspare;
	struct layout_file spare[LAYOUT_MAX_MODULES];	/* files of no guest: kept for those that come later */
	u32 nguests;
	struct layout_guest guest[LAYOUT_MAX_GUESTS];
};

/*
 * Parse and check @fdt (host address, as U-Boot passed it). A mistake prints exactly one message that names node and property (or file).
 * One in a guest's node costs that guest: it is not @ok, the others are. If none is, or it is about all, -EINVAL.
 */
int layout_parse(const void *fdt, struct layout *l) __must_check;

/* Print the one message about a mistake at node @n: its full path, @prop (may be NULL), the text. Returns -EINVAL. (layout_msg.c) */
int layout_mistake(const struct layout_node *n, const char *prop, const char *fmt, ...) __printf(3, 4);
/* The same as a warning, about what is no mistake. */
void layout_remark(const struct layout_node *n, const char *prop, const char *text);
/* guest_map_add() of a range that property @prop of node @n asks for, with a message when it fails. */
int layout_map_region(struct guest_map *m, const struct region *r, const struct layout_node *n, const char *prop) __must_check;
/* @s for a message: at most @size - 1 characters, printable ones only. Returns @out. */
const char *show_text(char *out, u32 size, const char *s);
/* The same for a name, as an argument of a message. */
#define SHOWN(s)	show_text((char[37]){ 0 }, 37, (s))
/*
 * Length of the blob at @fdt, of whose memory @room bytes are there: at least a header. 0 when that is no layout that can be kept; then
 * @why says so, in at most @len - 1 characters.
 */
u32 layout_blob_size(const void *fdt, u32 room, char *why, u32 len);
/* Print the parsed layout (monitor `layout`). */
void layout_print(const struct layout_guest *c);
