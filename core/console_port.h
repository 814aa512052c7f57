/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the console: what is kept of each guest's. */
#pragma once

#include <autoconf.h>
#include <hv/console.h>
#include <hv/types.h>

/* Half of it is what the guest wrote first since it started, half what it wrote last: neither a boot log nor a last word goes under. */
#define HISTORY_HALF	(CONSOLE_HISTORY_SIZE / 2)	/* power of two */
#define LINE_SIZE	120u

struct console_port {
	struct guest *guest;
	const struct console_guest_ops *ops;
	void *priv;
	bool waits;		/* console_guest_tx() refused a character */
	u32 characters;		/* taken */
	u8 *first, *last;	/* HISTORY_HALF each */
	u64 head, seen, start;	/* characters: written, of them shown, written before its last start */
	u32 line_len;
	char line[LINE_SIZE];	/* not finished yet, of a guest that is not shown while all are to be */
	bool lines_lost;	/* such a line found no room on the wire since the last that did */
};

extern struct console_port *console_shown;	/* NULL: no guest has a console */
/* Whom the keyboard is for, behind the monitor; NULL: nobody, because the guest that was chosen has no console. */
struct console_port *console_heard(void);

/* @c was written; to the wire as well if @shown. */
void console_port_take(struct console_port *p, u8 c, bool shown);
/* What was not shown yet goes to the wire, as far as that has room. True: nothing is left. */
bool console_port_catch_up(struct console_port *p);
/* A character of the guest that is shown. False: the wire has no room. (console.c) */
bool console_wire_put(u8 c);
/* Has it room for @n characters of a guest, with nobody waiting? (console.c) */
bool console_wire_has(u32 n);
/* Another port is shown: what was said of the wire is about another guest now. (console.c) */
void console_changed(void);
