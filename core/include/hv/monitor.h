/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor: commands on the console behind the escape key (Ctrl-]). */
#pragma once

#include <hv/types.h>

struct guest;

/* The escape key as a user knows it: "Ctrl-]". */
#define MONITOR_KEY	((const char[]){ 'C', 't', 'r', 'l', '-', CONFIG_MONITOR_ESCAPE | 0x40, '\0' })

struct monitor_cmd {
	const char *name;	/* "guest" */
	const char *args;	/* "list|reset|dump" */
	const char *help;
	int (*fn)(int argc, char **argv);	/* 0 or -errno; -EINVAL prints the usage */
};
#define MONITOR_CMD(id, n, a, h, f)					\
	static const struct monitor_cmd __mcmd_##id			\
	__section(".umbra.monitor") = { n, a, h, f }

/* The guest that commands are about, the one whose console the keyboard goes to; NULL when there is none. */
struct guest *monitor_guest(void);
void monitor_input(char c);	/* one typed character while the monitor owns the keyboard */
void monitor_enter(void);
void monitor_toggle(void);	/* the escape key was typed */
int monitor_execute(char *line);
/*
 * A number of a command: decimal, or hexadecimal behind 0x. False: it is none, or has more than 32 bits. Not strtoul(), which may write
 * errno: the C library has it in thread-local memory, and the thread pointer is the guest's.
 */
bool monitor_number(const char *s, u32 *value);
/* Output of commands; up to 255 characters a call. */
void mon_printf(const char *fmt, ...) __printf(1, 2);
