/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the board's RAM is, and Umbra in it: at its top, wherever the boot loader says that this is. */
#include <arch/cpu.h>
#include <arm/home.h>
#include <autoconf.h>
#include <hv/host_ram.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/time.h>
#include <hv/uart.h>

#define RAM_BASE	0x80000000u
#define RAM_MAX		0x40000000u	/* what both chip selects of the SDRC can address */
#define RAM_MIN		(CONFIG_HYPERVISOR_SIZE + 0x04000000u)
#define RAM_FITTED	0x20000000u	/* on every BeagleBoard-xM: what to believe if nobody says */
#define PATTERN		0x554d4252u

extern char __image_start[], __heap_start[];

/* Not in bss: arm_find_home() fills it in before the image moves, and it moves with the image. */
static struct host_mem mem = { .ram_base = RAM_BASE, .ram_size = RAM_FITTED, .ram_full = RAM_FITTED };

const struct host_mem *arch_host_mem(void)
{
	return &mem;
}

/* The word at @a keeps what is written to it; afterwards it holds what it held before. */
static bool answers(hpa_t a)
{
	u32 before, v;
	bool ok = arch_mmio_read_checked(a, 4, &before) && arch_mmio_write_checked(a, 4, ~before ^ PATTERN) &&
		  arch_mmio_read_checked(a, 4, &v) && v == (~before ^ PATTERN);

	return arch_mmio_write_checked(a, 4, before) && ok;
}

static bool ranges_meet(hpa_t a, hpa_t a_end, hpa_t b, hpa_t b_end)
{
	return a < b_end && b < a_end;
}

/* Why the image cannot go to its home, or NULL. Its own place, if it lies elsewhere, must not be in the way of the copy. */
static const char *unfit(const void *fdt)
{
	const hpa_t here = ptr_hpa(__image_start), here_end = ptr_hpa(__heap_start), home_end = mem.heap_base;

	if (mem.ram_size < RAM_MIN)
		return "too little RAM";
	if (!answers(mem.umbra_base) || !answers(mem.umbra_end - 4))
		return "nothing answers there";
	if (here != mem.umbra_base && ranges_meet(here, here_end, mem.umbra_base, home_end))
		return "the boot loader put Umbra half-way there";
	if (here != mem.umbra_base && ranges_meet(ptr_hpa(fdt), ptr_hpa(fdt) + 4, mem.umbra_base, home_end))
		return "the layout lies there";
	return NULL;
}

/* What register r2 holds is an address of RAM that answers, and so does the end of what its second word says: a blob has its size there. */
static bool readable(const void *fdt)
{
	hpa_t a = ptr_hpa(fdt);
	u32 word;

	if ((u32)a % 8 || a - RAM_BASE >= RAM_MAX || !arch_mmio_read_checked(a, 4, &word) || !arch_mmio_read_checked(a + 4, 4, &word))
		return false;
	word = be32_load(&word);
	return word <= LAYOUT_MAX_SIZE && arch_mmio_read_checked(ALIGN_DOWN(a + word, 4), 4, &word);
}

hpa_t arm_find_home(const void *fdt)
{
	const u32 told = readable(fdt) ? host_ram_told(fdt, RAM_BASE) : 0;
	const char *why;

	mem.ram_size = told ? MIN(told, RAM_MAX) & SECTION_MASK : RAM_FITTED;
	mem.umbra_end = RAM_BASE + mem.ram_size;
	mem.umbra_base = mem.umbra_end - CONFIG_HYPERVISOR_SIZE;
	mem.heap_base = mem.umbra_base + (ptr_hpa(__heap_start) - ptr_hpa(__image_start));
	why = unfit(fdt);
	if (why) {
		host_time_init();
		host_uart_init();
		hv_panic("Umbra belongs at 0x%08lx, the top of %lu MiB of RAM (%s): %s\n", (unsigned long)mem.umbra_base,
			 (unsigned long)(mem.ram_size >> 20), told ? "as the boot loader says" : "the boot loader does not say", why);
	}
	return mem.umbra_base;
}
