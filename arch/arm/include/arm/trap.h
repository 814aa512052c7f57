/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dispatch of guest exits by exception vector. */
#pragma once

#include <hv/types.h>

struct vcpu;

/* Handle the exit that arm_guest_enter() reported. Context: Umbra's address space, interrupts masked, v->r exact. */
void trap_handle(struct vcpu *v, u32 vector);
