/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the shadow has for one address, in words (monitor: `guest translate`). */
#include <arm/code_page.h>
#include <hv/monitor.h>

#include "mmu.h"

static const char *rights_text(bool read_only, bool xn)
{
	return read_only ? xn ? "r--" : "r-x" : xn ? "rw-" : "rwx";
}

static void show_domain(struct shadow *s, u32 entry)
{
	const struct host_dom *d = &s->dom[L1_DOMAIN_OF(entry)];

	mon_printf(", view %c, host domain %u (%s)", d->view == VIEW_K ? 'K' : 'U', (unsigned)L1_DOMAIN_OF(entry),
		   s->v->hw_dacr >> (2 * L1_DOMAIN_OF(entry)) & 3 ? "open" : "closed");
}

/* Which page of the guest's stands behind host page @page, mapped at @va? */
static void show_target(struct shadow *s, gva_t va, hpa_t page)
{
	struct gfault f;
	struct walk w;
	const struct frame *frame = frame_of(s, guest_map_gpa(&s->v->guest->map, page));

	if (frame)
		mon_printf(": the guest's own page%s\n", frame_is_code(frame) ? ", scanned" : "");
	else if (guest_walk(s->v, va, ACC_READ, true, &w, &f) || !frame_of(s, w.gpa))
		mon_printf(": a device's registers\n");
	else
		mon_printf(": a copy of the guest's page\n");
}

static void show_page(struct shadow *s, gva_t va, u32 link)
{
	u32 e = tbl_ptr(s, tbl_of_entry(s, link))[va >> PAGE_SHIFT & (L2_ENTRIES - 1)];

	mon_printf("        second level: 0x%08x", (unsigned)e);
	if (!e) {
		mon_printf(": nothing\n");
		return;
	}
	mon_printf(", guest's %s, host page 0x%08x", rights_text(e & L2_AP2, e & L2_XN), (unsigned)(e & PAGE_MASK));
	show_target(s, va, e & PAGE_MASK);
}

void shadow_show(struct vcpu *v, gva_t va)
{
	struct shadow *s = v->shadow;
	u32 slot = va >> SECTION_SHIFT, e = s->cur->l1[slot];

	mon_printf("shadow  root %u, first level: 0x%08x", (unsigned)s->cur->id, (unsigned)e);
	if (slot == s->window.slot) {
		mon_printf(": the window\n");
	} else if (slot_is_fixed(s, slot)) {
		mon_printf(": the stub area\n");
	} else if (!e) {
		mon_printf(": nothing\n");
	} else if ((e & L1_TYPE) == L1_SECTION) {
		show_domain(s, e);
		mon_printf(", section of host 0x%08x, guest's %s\n", (unsigned)(e & SECTION_MASK), rights_text(e & SECT_AP2, e & SECT_XN));
	} else {
		show_domain(s, e);
		mon_printf("\n");
		show_page(s, va, e);
	}
}
