/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AUDIT_ROOTS: the complete audit whenever the guest goes on with another root than before. */
#include <arch/vcpu.h>
#include <hv/guest.h>
#include <hv/log.h>

#include "mmu.h"

void root_audit(struct vcpu *v)
{
	struct shadow *s = v->shadow;
	u32 bad;

	if (s->audited == s->cur)
		return;
	s->audited = s->cur;
	bad = arch_vcpu_audit(v);
	if (bad)
		hv_panic("guest %s: %u violations after root %u was selected\n", v->guest->name, (unsigned)bad, (unsigned)s->cur->id);
}
