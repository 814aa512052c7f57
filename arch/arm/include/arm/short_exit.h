/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short exits: what is common and needs little, done before anything else that an exit to C entails (short_exit.c). */
#pragma once

#include <arm/vcpu.h>

/*
 * The guest left the window by @vector, and nothing has come home yet. True: all is done, it can be entered again. False: nothing was done.
 * Context: Umbra's address space, interrupts masked.
 */
bool short_exit(struct vcpu *v, u32 vector);
