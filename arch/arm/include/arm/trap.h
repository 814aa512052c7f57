/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dispatch of guest exits by exception vector. */
#pragma once

#include <hv/types.h>

struct vcpu;

/* Handle the exit that arm_guest_enter() reported. Context: Umbra's address space, interrupts masked, v->r exact. */
void trap_handle(struct vcpu *v, u32 vector);
/* Instruction at v->r[15]: word (ARM), or both halfwords (Thumb, first in [31:16] when 32 bits long). False: gone. */
bool trap_fetch(struct vcpu *v, u32 *word, u32 *len);
void vcpu_wait_for_interrupt(struct vcpu *v);
