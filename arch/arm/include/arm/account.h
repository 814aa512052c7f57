/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exits that leave the window cost: instructions by the first cause that an exit counts (hv/stats.h). */
#pragma once

#include <hv/types.h>

struct vcpu;

/* The guest has just left; nothing is counted yet. No effect while an exit is being accounted. */
void slow_exit_begin(struct vcpu *v);
/* It is about to be entered again, or work for the console begins. No effect where no exit is being accounted. */
void slow_exit_end(struct vcpu *v);
