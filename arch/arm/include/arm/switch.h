/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which vCPU the processor's registers belong to. */
#pragma once

struct vcpu;

extern struct vcpu *vcpu_loaded;	/* NULL: none yet */
void vcpu_switch(struct vcpu *v);

/* From here on the processor has the state of @v. Context: Umbra's address space, no exit is half handled. */
static inline void vcpu_load(struct vcpu *v)
{
	if (v != vcpu_loaded)
		vcpu_switch(v);
}
