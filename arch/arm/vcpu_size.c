/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of Umbra's memory a guest takes. tools/layout has this file, too: it says on the build host what does not fit. */
#include <arch/vcpu.h>
#include <hv/layout.h>

#define FIXED_SIZE	0x1e8000u	/* vCPU, shadow's own, stubs, window, trace, what is kept of code pages: measured, and a sixth more */
#define PER_PAGE	12u		/* bytes of tracking for each page of the guest's RAM */
#define PER_COPY	640u		/* what is known of each copied page of code */

u32 arch_vcpu_size(const struct layout_guest *c)
{
	return FIXED_SIZE + c->roots * 0x4000u + c->tables * 0x400u + c->copies * (PAGE_SIZE + PER_COPY) + (c->mem_size >> PAGE_SHIFT) * PER_PAGE;
}
