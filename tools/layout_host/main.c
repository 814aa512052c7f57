// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a compiled layout as Umbra would, on the build host: the same parser, the same device types, the same map and division of memory. Prints what the guest
 * gets, a record a line with tabs between words, for tools/layout; or Umbra's message about the first mistake, and fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/guest_files.h>
#include <hv/irq.h>
#include <hv/layout.h>

#define MIB	0x100000u
#define FILE_SIZE	512u		/* a disk is whole sectors */

static u64 blob[(LAYOUT_MAX_SIZE + 0x1000) / 8];

static int fail(const char *why)
{
	printf("mistake\tlayout: %s\n", why);
	return 1;
}

static u32 read_blob(const char *path)
{
	FILE *f = fopen(path, "rb");
	u32 n;

	if (!f)
		return 0;
	n = (u32)fread(blob, 1, LAYOUT_MAX_SIZE + 1, f);
	fclose(f);
	return n;
}

/* What the boot loader does: a source has no addresses yet. Each file is as small as one can be: its real size is found at boot. */
static void place_files(void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), node;
	u32 at = arch_host_mem()->ram_base + 16 * MIB;

	if (chosen < 0)
		return;
	fdt_for_each_subnode(node, fdt, chosen) {
		fdt32_t reg[2] = { cpu_to_fdt32(at), cpu_to_fdt32(FILE_SIZE) };

		(void)fdt_setprop_inplace(fdt, node, "reg", reg, sizeof(reg));
		at += MIB;
	}
}

/* A word of a record that comes from the layout: a tab or line in it would be taken for one of the record's. */
static void put_word(const char *s)
{
	putchar('\t');
	for (; *s; s++)
		(unsigned char)*s < ' ' || *s == 0x7f ? printf("\\x%02x", (unsigned)*s) : putchar(*s);
}

static const char *file_name(const struct layout_file *f)
{
	return f->size ? f->name : "";
}

static const char *type_name(const struct region *r)
{
	static const char *const name[] = {
		[REGION_NONE] = "nothing", [REGION_RAM] = "memory", [REGION_PASSTHROUGH] = "passed through", [REGION_EMULATED] = "emulated",
		[REGION_SHARED] = "shared",
	};

	return name[r->type];
}

static void print_dev(const struct layout_guest *c, const struct layout_dev *d)
{
	printf("device");
	put_word(d->node);
	put_word(d->compatible);
	put_word(d->withheld ? "withheld" : "");
	put_word(d->parent < 0 ? "" : c->dev[d->parent].node);
	printf("\t");
	for (u32 i = 0; i < d->nregs; i++)
		printf("%s0x%08x+0x%x", i ? " " : "", d->reg[i].base, d->reg[i].size);
	printf("\t");
	for (u32 i = 0; i < d->nirqs; i++)
		printf("%s%d", i ? " " : "", d->irq[i]);
	printf("\n");
}

static const char *boot_kind(const struct guest *g)
{
	if (g->cfg.atags)
		return "atags";
	if (g->cfg.dtb.size)
		return "device tree";
	return guest_tree_possible(g) ? "made device tree" : "raw";
}

static void print_guest(const struct guest *g)
{
	const struct layout_guest *c = &g->cfg;

	printf("guest\t%s\t0x%08x\t0x%x\t%s\t%s\t%s\n", c->name, c->mem_base, c->mem_size, c->cpu_path ? c->cpu_path : CONFIG_CPU_PATH_DEFAULT,
	       c->shadow ? c->shadow : CONFIG_SHADOW_DEFAULT, boot_kind(g));
	printf("files");
	put_word(file_name(&c->kernel));
	put_word(file_name(&c->dtb));
	put_word(file_name(&c->initrd));
	printf("\nbootargs");
	put_word(c->bootargs ? c->bootargs : "");
	printf("\n");
	for (u32 i = 0; i < g->map.nr; i++) {
		printf("map\t0x%08x\t0x%x\t%s", g->map.r[i].base, g->map.r[i].size, type_name(&g->map.r[i]));
		put_word(g->map.r[i].name);
		printf("\n");
	}
	for (u32 i = 0; i < c->ndevs; i++)
		print_dev(c, &c->dev[i]);
	for (u32 line = 0; line < HOST_IRQ_NR; line++)
		if (g->pt_irqs[line / 32] & BIT(line % 32))
			printf("line\t%u\n", line);
	if (c->by_size)
		printf("share\tanywhere\t%u\t%u\t%s\n", c->weight, c->cap, c->latency ? "latency" : "");
	else
		printf("share\tthere\t%u\t%u\t%s\n", c->weight, c->cap, c->latency ? "latency" : "");
}

int main(int argc, char **argv)
{
	static struct layout layout;
	static struct guest guest[LAYOUT_MAX_GUESTS];
	bool good = true;
	char why[96];
	u32 size;

	if (argc != 2) {
		fprintf(stderr, "usage: layout-host FILE.dtb\n");
		return 2;
	}
	size = read_blob(argv[1]);
	if (size < sizeof(struct fdt_header))
		return fail("it is too short for a device tree");
	if (!layout_blob_size(blob, size, why, sizeof(why)))
		return fail(why);
	place_files(blob);
	if (layout_parse(blob, &layout))
		return 1;
	guest_files_keep(&layout);
	for (u32 i = 0; i < layout.nguests; i++)
		good = layout.guest[i].ok && !guest_create(&guest[i], &layout.guest[i]) && good;
	if (!good)
		return 1;
	for (u32 i = 0; i < layout.nguests; i++)
		print_guest(&guest[i]);
	printf("umbra\t0x%08x\t0x%x\n", arch_host_mem()->umbra_base, arch_host_mem()->umbra_end - arch_host_mem()->umbra_base);
	return 0;
}
