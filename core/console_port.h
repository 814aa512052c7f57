/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the console: what is kept of each guest's. */
#pragma once

#include <hv/console.h>
#include <hv/types.h>

#define HISTORY_SIZE	8192u	/* power of two; no more than the wire's queue takes at once */
#define LINE_SIZE	120u

struct console_port {
	struct guest *guest;
	const struct console_guest_ops *ops;
	void *priv;
	bool waits;		/* console_guest_tx() refused a character */
	u32 characters;		/* taken */
	u8 *history;
	u32 head, seen;		/* free running: written, and shown */
	u32 line_len;
	char line[LINE_SIZE];	/* not finished yet, of a guest that is not shown while all are to be */
};

extern struct console_port *console_shown;	/* NULL: no guest has a console */

/* @c was written; to the wire as well if @shown. */
void console_port_take(struct console_port *p, u8 c, bool shown);
/* Another port is shown: what was said of the wire is about another guest now. (console.c) */
void console_changed(void);
