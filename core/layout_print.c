/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Show a parsed layout on the monitor. */
#include <hv/layout.h>
#include <hv/monitor.h>

static void print_file(const char *what, const struct layout_file *f)
{
	if (f->size)
		mon_printf("  %-7s %s, %lu bytes kept at 0x%08lx\n", what, SHOWN(f->name), (unsigned long)f->size,
			   (unsigned long)f->addr);
}

static void print_dev(const struct layout_dev *d)
{
	mon_printf("  %s%-14s %s", d->parent < 0 ? "" : "  ", SHOWN(d->node), SHOWN(d->compatible));
	for (u32 i = 0; i < d->nregs; i++)
		mon_printf(" 0x%08lx+0x%lx", (unsigned long)d->reg[i].base, (unsigned long)d->reg[i].size);
	for (u32 i = 0; i < d->nirqs; i++)
		mon_printf("%s%d", i ? "," : " irq ", d->irq[i]);
	if (d->file.size)
		mon_printf(" %s at 0x%08lx%s", SHOWN(d->file.name), (unsigned long)d->file.addr,
			   d->read_only ? ", read-only" : d->file.doubled ? ", forgets" : "");
	mon_printf("\n");
}

void layout_print(const struct layout_guest *c)
{
	char line[200];

	mon_printf("guest %s: memory 0x%08lx + %lu MiB, cpu-path %s, shadow %s\n", c->name,
		   (unsigned long)c->mem_base, (unsigned long)(c->mem_size >> 20),
		   c->cpu_path ? SHOWN(c->cpu_path) : "(default)", c->shadow ? SHOWN(c->shadow) : "(default)");
	print_file("kernel", &c->kernel);
	print_file("dtb", &c->dtb);
	print_file("initrd", &c->initrd);
	if (c->atags)
		mon_printf("  atags   machine %lu\n", (unsigned long)c->machine);
	mon_printf("  bootargs %s\n", c->bootargs ? "" : "(none)");
	if (c->bootargs)
		mon_printf("    %s\n", show_text(line, sizeof(line), c->bootargs));
	for (u32 i = 0; i < c->ndevs; i++)
		print_dev(&c->dev[i]);
}
