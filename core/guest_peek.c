/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look at a guest's memory without the guest's knowledge. */
#include <arch/cpu.h>
#include <arch/debug.h>
#include <hv/guest.h>
#include <hv/guest_peek.h>

void *guest_peek_phys(struct guest *g, gpa_t pa, u32 len, u32 *n)
{
	void *p;

	*n = MIN(len, PAGE_SIZE - (u32)pa % PAGE_SIZE);
	p = guest_mem_ptr(g, pa, *n);
	/* The guest may see the page uncached, Umbra does not: what memory holds counts (ARM ARM A3.5.7). */
	if (p)
		arch_dcache_flush_range(ptr_hpa(p), *n);
	return p;
}

void *guest_peek_virt(struct guest *g, gva_t va, u32 len, u32 *n)
{
	gpa_t pa;

	return arch_debug_gpa(g->vcpu, va, &pa) ? guest_peek_phys(g, pa, len, n) : NULL;
}
