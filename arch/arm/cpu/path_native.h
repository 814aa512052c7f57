/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the paths share that run the guest's privileged code directly, in User mode. Operations of struct cpu_path. */
#pragma once

#include <arm/cpu_path.h>

u32 native_run(struct vcpu *v);
void native_svc(struct vcpu *v);
void native_undef(struct vcpu *v);
/* Execute and count the sensitive instruction @word, which stands at r[15]. */
void native_emulate(struct vcpu *v, u32 word);
