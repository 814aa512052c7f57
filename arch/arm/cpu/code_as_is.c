/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where no path that is built in rewrites code, every page is executed as it is (arm/code_page.h). */
#include <arm/code_page.h>
#include <arm/vcpu.h>
#include <hv/guest.h>

void code_page_get(struct vcpu *v, gpa_t gpa, gva_t gva, hpa_t *exec)
{
	(void)gva;
	*exec = guest_map_hpa(&v->guest->map, gpa & PAGE_MASK);
}
