/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to guest_log*.c: how the logs of different kernels are recognised and printed. */
#pragma once

#include <hv/types.h>

struct guest;

/* Let fn() look at each piece of the guest's RAM, until it returns true. */
bool guest_log_scan(struct guest *g, bool (*fn)(struct guest *g, const u8 *ram, u32 size, void *arg), void *arg);
/* One message; a @ts of GUEST_LOG_NO_TIME is not printed. False, and nothing is printed: somebody wants it to end (console_stop_typed()). */
#define GUEST_LOG_NO_TIME	~(u64)0
bool guest_log_line(u64 ts, const char *text, u32 len);
/* Is it what printk() stores: printable, UTF-8, tabs and line ends? */
bool guest_log_is_text(const char *text, u32 len);

/*
 * Take @n from what one command may look at beside one pass over memory; false: nothing is left of it. Memory may be full of what looks like a
 * log and is none, and all guests stand meanwhile.
 */
bool guest_log_may_look(u32 n);

/* Linux 5.10 and later, 3.5 to 5.9, up to 3.4. False: not found. */
bool guest_log_ring(struct guest *g);
bool guest_log_records(struct guest *g);
bool guest_log_text(struct guest *g);
