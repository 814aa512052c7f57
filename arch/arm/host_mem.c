/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where Umbra lives in the board's RAM: configuration and linker script put into numbers for core. */
#include <arch/cpu.h>
#include <autoconf.h>

/* BeagleBoard-xM: 512 MiB of SDRAM at the start of the fourth quarter; Umbra refuses to guess at other sizes. */
#define RAM_BASE	0x80000000u
#define RAM_SIZE	0x20000000u

extern char __heap_start[];

const struct host_mem *arch_host_mem(void)
{
	static struct host_mem mem = {
		.ram_base = RAM_BASE,
		.ram_size = RAM_SIZE,
		.umbra_base = CONFIG_TEXT_BASE,
		.umbra_end = CONFIG_TEXT_BASE + CONFIG_HYPERVISOR_SIZE,
	};

	mem.heap_base = ptr_hpa(__heap_start);
	return &mem;
}
