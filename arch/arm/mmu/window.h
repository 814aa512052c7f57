/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the window (arm/window.h) lives: set-up, and moving it out of the guest's way. */
#pragma once

#include <hv/types.h>

struct vcpu;

/*
 * Make the window's second-level table and the trampoline root, choose the first slot and enter it everywhere; calls
 * arm_window_moved(). Once per vCPU, by shadow_init(), before shadow_reset().
 */
void window_init(struct vcpu *v);
