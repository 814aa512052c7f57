/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose memory is: looked up in all maps, not in what was made of them, so that an audit asks somebody else than those who are audited. */
#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/log.h>

struct guest *guest_of_ram(hpa_t hpa)
{
	for (struct guest *g = guest_first(); g; g = g->next) {
		const struct region *r = guest_map_find(&g->map, guest_map_gpa(&g->map, hpa));

		if (r && r->type == REGION_RAM)
			return g;
	}
	return NULL;
}

bool guest_is_kept_in(const struct guest *g, hpa_t hpa)
{
	const struct host_mem *m = arch_host_mem();

	if (g->cfg.own)
		return hpa - g->cfg.own < g->cfg.own_size;
	return hpa >= m->umbra_base && hpa < m->umbra_end;
}

bool guest_audit_ram(const struct guest *g, const char *what, hpa_t hpa, u32 len)
{
	hpa_t last = hpa + (len ? len - 1 : 0);
	const struct guest *owner = guest_of_ram(hpa), *end = guest_of_ram(last);

	if (owner == g && end == g)
		return true;
	pr_err("guest audit: %s of guest %s at host 0x%08lx+0x%lx is %s%s\n", what, g->name, (unsigned long)hpa, (unsigned long)len,
	       owner || end ? "memory of guest " : "nobody's memory", owner && owner != g ? owner->name : end && end != g ? end->name : "");
	return false;
}

u32 guest_audit(struct guest *g)
{
	u32 bad = arch_vcpu_audit(g->vcpu);

	for (struct emudev *d = g->devs; d; d = d->next)
		if (d->type->audit)
			bad += d->type->audit(d);
	return bad;
}
