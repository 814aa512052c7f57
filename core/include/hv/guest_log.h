/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of a Linux guest, found in its memory. */
#pragma once

struct guest;

/*
 * Print what the guest's kernel has said with printk() and still has, also if it never got to a console. Without symbols: the buffer is
 * recognised by what it looks like. Takes seconds; the guest does not run meanwhile.
 */
void guest_log_print(struct guest *g);
