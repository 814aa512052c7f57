/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short exits: what is common and needs little, done before anything else that an exit to C entails (short_exit.c). */
#pragma once

#include <arm/vcpu.h>

enum short_end {
	SHORT_NOT,		/* nothing was done */
	SHORT_DONE,		/* all is done, the guest can be entered again */
	SHORT_LOOP,		/* all is done, and the run loop is to look at what came of it: the exit is being accounted */
};

/* The guest left the window by @vector, and nothing has come home yet. Context: Umbra's address space, interrupts masked. */
enum short_end short_exit(struct vcpu *v, u32 vector);
