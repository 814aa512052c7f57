/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong in a guest last: noted where it happens, said when the guest does not get on. */
#pragma once

#include <arm/vcpu.h>

/* An unknown coprocessor register @enc at the current instruction. */
static inline void trouble_register(struct vcpu *v, u32 enc)
{
	v->trouble.reg = (struct trouble_event){ v->trouble.reg.count + 1, enc, v->r[15] };
}

/* Physical @gpa, where the guest has nothing. */
static inline void trouble_nothing(struct vcpu *v, gpa_t gpa)
{
	v->trouble.nothing = (struct trouble_event){ v->trouble.nothing.count + 1, gpa, v->r[15] };
}

/* Does the code around r[15] read a passed-through device? No exit tells of that. */
bool trouble_polls(struct vcpu *v);

/* Exception with vector offset @vector and address @far is about to be taken; in mode @mode. Says so when it can lead nowhere. */
void trouble_exception(struct vcpu *v, u32 vector, u32 mode, u32 far);
