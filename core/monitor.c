/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor: line editor and command table behind the escape key. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <autoconf.h>
#include <hv/console.h>
#include <hv/gdb.h>
#include <hv/guest.h>
#include <hv/monitor.h>

#define LINE_MAX_LEN	120u
#define ARGS_MAX	8

extern const struct monitor_cmd __monitor_start[], __monitor_end[];

static char line[LINE_MAX_LEN + 1];
static u32 line_len;

void mon_printf(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	console_write(text, strlen(text));
}

static void prompt(void)
{
	mon_printf("umbra> ");
}

struct guest *monitor_guest(void)
{
	return console_guest() ? console_guest() : guest_first();
}

static bool guest_runs(void)
{
	const struct guest *g = monitor_guest();

	return g && guest_is_alive(g);
}

void monitor_enter(void)
{
	line_len = 0;
	if (guest_runs())
		mon_printf("\n[monitor: `help` lists commands, %s goes back to the guest]\n", MONITOR_KEY);
	else
		mon_printf("\n[monitor: `help` lists commands, no guest is running]\n");
	prompt();
}

void monitor_toggle(void)
{
	if (gdb_active()) {
		gdb_end();
		monitor_enter();
	} else if (!console_in_monitor()) {
		console_set_monitor(true);
	} else if (guest_runs()) {
		mon_printf("\n[guest]\n");
		console_set_monitor(false);
	} else {
		mon_printf("\nno guest is running\n");
		prompt();
	}
}

static int split(char *s, char **argv)
{
	int n = 0;
	char *save = NULL;

	for (char *w = strtok_r(s, " \t", &save); w && n < ARGS_MAX; w = strtok_r(NULL, " \t", &save))
		argv[n++] = w;
	return n;
}

/* The digit that @c is in hexadecimal; 16: none. */
static u32 digit(char c)
{
	return c >= '0' && c <= '9' ? (u32)(c - '0') : c >= 'a' && c <= 'f' ? (u32)(c - 'a') + 10 :
	       c >= 'A' && c <= 'F' ? (u32)(c - 'A') + 10 : 16;
}

bool monitor_number(const char *s, u32 *value)
{
	u32 base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
	u64 n = 0;

	s += base == 16 ? 2 : 0;
	if (!*s)
		return false;
	for (; *s && n <= ~(u32)0; s++) {
		if (digit(*s) >= base)
			return false;
		n = n * base + digit(*s);
	}
	*value = (u32)n;
	return n <= ~(u32)0;
}

int monitor_execute(char *cmdline)
{
	char *argv[ARGS_MAX];
	int argc = split(cmdline, argv), err;

	if (!argc)
		return 0;
	for (const struct monitor_cmd *c = __monitor_start; c < __monitor_end; c++) {
		if (strcmp(c->name, argv[0]))
			continue;
		err = c->fn(argc, argv);
		if (err == -EINVAL)
			mon_printf("usage: %s %s\n", c->name, c->args);
		else if (err)
			mon_printf("%s: failed (%d)\n", c->name, -err);
		return err;
	}
	mon_printf("%s: unknown command; try `help`\n", argv[0]);
	return -ENOENT;
}

void monitor_input(char c)
{
	if (gdb_active()) {
		gdb_input(c);
	} else if (c == '\r' || c == '\n') {
		mon_printf("\n");
		line[line_len] = '\0';
		line_len = 0;
		monitor_execute(line);
		if (console_in_monitor() && !gdb_active())
			prompt();
	} else if (c == '\b' || c == 0x7f) {
		if (line_len) {
			line_len--;
			mon_printf("\b \b");
		}
	} else if (c == 0x15 || c == 0x03) {	/* Ctrl-U, Ctrl-C */
		line_len = 0;
		mon_printf("\n");
		prompt();
	} else if (c >= ' ' && c < 0x7f && line_len < LINE_MAX_LEN) {
		line[line_len++] = c;
		console_putc(c);
	}
}

static int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (const struct monitor_cmd *c = __monitor_start; c < __monitor_end; c++) {
		mon_printf("  %-8s %-36s ", c->name, c->args);	/* each is a line's worth */
		mon_printf("%s\n", c->help);
	}
	return 0;
}
MONITOR_CMD(help, "help", "", "list the commands", cmd_help);
