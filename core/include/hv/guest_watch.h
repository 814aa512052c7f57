/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of guests that are in trouble: they must never die in silence, nor flood the console. */
#pragma once

#include <hv/types.h>

struct guest;

/* Look at all guests once a second from now on. */
void guest_watch_init(void);
/* @g begins to run. */
void guest_watch_start(struct guest *g);
/* @g asked for a reset: say so, at most once a second. */
void guest_watch_reset(struct guest *g);
/* Does @gpa name RAM of the board? Not if the guest's memory is given by size: then it is somewhere else than the guest sees it. */
bool guest_watch_is_host_ram(const struct guest *g, gpa_t gpa);
/* @g accesses physical address @gpa, where it has nothing: @pc of the instruction. It gets an external abort. */
void guest_watch_nothing(struct guest *g, gpa_t gpa, u32 pc);
/* Its command line @args: memory that it names and that is not its own, an initrd that is not the layout's. */
void guest_watch_args(struct guest *g, const char *args);
