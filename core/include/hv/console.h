/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console: one physical UART shared by Umbra's messages, the monitor and the guests. */
#pragma once

#include <autoconf.h>
#include <hv/types.h>

#define CONSOLE_HISTORY_SIZE	(CONFIG_CONSOLE_HISTORY << 10)	/* bytes, of each guest */

struct guest;

void console_init(void);
void console_putc(char c);		/* host output; translates \n to \r\n */
void console_write(const char *s, size_t n);
void console_flush(void);		/* wait until everything queued has left (panic, reset) */
/* Until it is called with NULL, @fn gets all output, the guest's too, and only what console_putc_raw() sends goes to the wire. */
void console_divert(void (*fn)(char c));
void console_putc_raw(char c);

/*
 * A layout may pass the console's UART through. Umbra then lets go of it while the guest runs (messages
 * go to the log ring only, there is no monitor) and takes it back when the guest stops.
 */
void console_release(void);
void console_acquire(void);

/*
 * Guest side, used by the emulators of what the guest takes for its serial line. Each guest has one console at most. One of them is shown: what
 * its guest writes goes to the wire and waits for it, and what is typed goes to that guest. What the others write is remembered, so much that it is of
 * use, and shown when they are; they never wait.
 */
struct console_port;
struct console_guest_ops {
	void (*rx)(void *priv, u8 c);	/* a character typed for the guest */
	void (*rx_break)(void *priv);	/* a BREAK on the line */
	void (*rx_overrun)(void *priv);	/* the line lost characters; NULL: the device cannot say so */
	u32 (*rx_room)(void *priv);	/* how many more characters it can keep */
	void (*tx_space)(void *priv);	/* room became free after console_guest_tx() had returned false */
};
/* NULL: @g has one already. */
struct console_port *console_guest_attach(struct guest *g, const struct console_guest_ops *ops, void *priv);
/* @g came to nothing after all. */
void console_guest_detach(const struct guest *g);
void console_guest_taken(struct console_port *p);	/* the guest has read: there is more room */
void console_guest_break(struct console_port *p, bool on);	/* the guest holds its line at BREAK, or lets it go */
bool console_guest_tx(struct console_port *p, u8 c);	/* queue one guest character; false when the queue is full */
u32 console_guest_characters(const struct guest *g);	/* how many were taken of it, modulo 2^32 */

/* The guest that the keyboard is for, behind the monitor; NULL: none was shown or has a console. */
struct guest *console_guest(void);
bool console_has(const struct guest *g);
/*
 * Show @g, with what it wrote since it was shown last. One without a console is chosen all the same, for the monitor's commands: what the one before
 * writes is still shown, and what is typed is for nobody.
 */
void console_show(struct guest *g);
/* The same with all that is remembered of it. */
void console_show_history(struct guest *g);
/* @g starts: what it writes first is remembered for as long as it runs. */
void console_guest_starts(const struct guest *g);
/* The lines of guests that are not shown come to the wire as well, with their names before them. */
void console_show_all(bool on);
bool console_shows_all(void);
u32 console_unseen(const struct guest *g);	/* characters of it that were not shown yet */

/* Called by the run loop when console work (monitor input) is pending; runs the monitor. */
bool console_work_pending(void);
void console_work(void);
/*
 * Ctrl-C or the escape key was typed while a command of the monitor prints, or more than there is room for: who prints as much as a guest likes
 * stops then. What was typed is still to be read.
 */
bool console_stop_typed(void);
/* Give the keyboard to the monitor (no guest runs) or back to the guest. */
void console_set_monitor(bool on);
/* To @g, if it has a console, whoever is shown: */
void console_send_guest(const struct guest *g, u8 c);	/* as if typed, e.g. the escape key itself */
void console_send_break(const struct guest *g);	/* as if the line had been held at BREAK */
/* True while the monitor owns the keyboard. */
bool console_in_monitor(void);
