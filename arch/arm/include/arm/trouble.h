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

/*
 * Exception with vector offset @vector and address @far was taken at @pc, in another mode than Abort and Undefined. Data aborts of User mode that the
 * window passes on are not noted.
 */
static inline void trouble_outside(struct vcpu *v, u32 vector, u32 far, u32 pc)
{
	struct trouble *t = &v->trouble;

	t->outside = (struct trouble_event){ ++t->exceptions, far, pc };
	t->outside_vector = vector;
}

/* It is about to be taken at r[15] in one of these, to mode @mode. Says so when it can lead nowhere. */
void trouble_inside(struct vcpu *v, u32 vector, u32 mode, u32 far);

/* It is about to be taken at r[15], to mode @mode. */
static inline void trouble_exception(struct vcpu *v, u32 vector, u32 mode, u32 far)
{
	if (vcpu_mode(v) != MODE_ABT && vcpu_mode(v) != MODE_UND)
		trouble_outside(v, vector, far, v->r[15]);
	else
		trouble_inside(v, vector, mode, far);
}
