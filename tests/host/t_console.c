/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Console and monitor over a fake UART: sharing, escape key, back pressure, editing, commands, log. */
/* SOURCES: core/guest_owner.c core/console.c core/console_port.c core/cmd_console.c core/monitor.c core/cmd_host.c core/cmd_guest.c core/cmd_memory.c core/cmd_view.c core/cmd_trace.c core/guest_mem.c */
/* SOURCES: core/cmd_stats.c core/stats.c core/log.c core/guest_peek.c core/guest_log.c core/guest_log_old.c */
/* SOURCES: core/layout_print.c core/alloc.c core/irq.c core/version.c core/panic.c core/layout_msg.c core/emudev.c core/guest_map.c */
/* SOURCES: core/passthrough.c tests/host/fake/arch.c tests/host/fake/vcpu.c tests/host/fake/irqc.c tests/host/fake/time.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/log.h>
#include <hv/monitor.h>
#include <hv/passthrough.h>
#include <hv/time.h>
#include <hv/uart.h>

#include "fake.h"

#define ESC "\x1d"

/* -- the wire -- */
static char out[65536];
static u32 out_len, room;	/* room: bytes that the UART takes before it must be drained */
static const char *in;
static bool tx_irq;

void host_uart_early_putc(char c) { out[out_len++ % sizeof(out)] = c; }
void host_uart_init(void) { }
u32 host_uart_irq(void) { return 74; }
/* A '%' on the wire is a BREAK, a '^' a loss. */
int host_uart_getc(void)
{
	u8 c = in && *in ? (u8)*in++ : 0;

	return !c ? -1 : c == '%' ? HOST_UART_BREAK : c == '^' ? HOST_UART_OVERRUN : c;
}
static bool rx_irq = true, line_held;
void host_uart_rx_irq(bool on) { rx_irq = on; }
void host_uart_break(bool on) { line_held = on; }
u32 host_uart_tx_room(void) { return room; }
bool host_uart_tx_idle(void) { return true; }
void host_uart_tx_irq(bool on) { tx_irq = on; }

void host_uart_putc(char c)
{
	room--;
	out[out_len++ % sizeof(out)] = c;
}

/* -- the guest -- */
static u32 got_room = 1000;
static struct guest guest, second, mute = { .name = "mute", .state = GUEST_RUNNING };	/* the last one has no console */
static struct console_port *port, *port2;
static char got[256];
static u32 got_len, spaces, restarts;

struct guest *guest_first(void) { return &guest; }
int guest_start(struct guest *g) { return 0; }
void guest_pause(struct guest *g) { g->state = GUEST_PAUSED; }
void guest_destroy(struct guest *g) { g->state = GUEST_OFF; }
void guest_resume(struct guest *g) { g->state = GUEST_RUNNING; }

struct guest *guest_find(const char *name)
{
	return !strcmp(name, guest.name) ? &guest : guest.next && !strcmp(name, second.name) ? &second : !strcmp(name, mute.name) ? &mute : NULL;
}

void guest_stop(struct guest *g) { g->state = GUEST_STOPPED; }

/* `guest create`: FILE is "good" or not; what comes is the second guest. */
static u32 removed;
struct guest *guest_later(const char *file) { return strcmp(file, "good") ? NULL : &second; }
void guest_remove(struct guest *g) { removed++; }
u32 sched_permille(const struct guest *g) { return 123; }
void sched_tick(void) { }
hpa_t guest_given_base(void) { return FAKE_UMBRA_BASE - 0x200000; }
hpa_t guest_kept_base(void) { return FAKE_UMBRA_BASE - 0x100000; }
u32 host_quiesce(const struct guest_map *m) { return 0; }
void host_reset(void) { }
int host_timer_start(u32 ms, void (*fn)(void)) { return 0; }
const struct host_range host_owned[1];
const u32 host_owned_nr;
const struct host_missing host_missing[1];
const char umbra_config[] = "UMBRA CONFIGURATION\nCONFIG_FIRST=y\n# CONFIG_SECOND is not set\nCONFIG_THIRD=3\n";

int guest_restart(struct guest *g)
{
	restarts++;
	console_set_monitor(false);
	return 0;
}

static void guest_rx(void *priv, u8 c)
{
	got[got_len++ % sizeof(got)] = (char)c;
	got_room--;
	got[got_len % sizeof(got)] = '\0';
}

static void guest_space(void *priv) { spaces++; }
static void guest_break(void *priv) { guest_rx(priv, '#'); }
static void guest_overrun(void *priv) { guest_rx(priv, '!'); }
static u32 guest_room(void *priv) { return got_room; }
static const struct console_guest_ops ops = { .rx = guest_rx, .rx_break = guest_break, .rx_overrun = guest_overrun, .rx_room = guest_room,
					      .tx_space = guest_space };

/* Type @s and let the run loop do what it does. */
static void type(const char *s)
{
	in = s;
	while (in && *in && rx_irq) {
		room = 100000;
		fake_irq_level[74] = true;
		host_irq_handle();
		fake_irq_level[74] = false;
		if (console_work_pending())
			console_work();
	}
}

static void clear(void)
{
	memset(out, 0, sizeof(out));
	memset(got, 0, sizeof(got));
	out_len = got_len = 0;
	got_room = 1000;
	rx_irq = true;
	console_guest_taken(port);
	room = 100000;
}

static int setup(void **state)
{
	static bool once;

	if (!once) {
		host_irqc_init();
		room = 100000;
		console_init();
		alloc_init(FAKE_UMBRA_BASE, FAKE_UMBRA_BASE + 0x100000);
		port = console_guest_attach(&guest, &ops, NULL);
		guest.name = guest.cfg.name = "guest";
		guest.vcpu = (struct vcpu *)&fake_vcpu;
		once = true;
	}
	guest.state = GUEST_RUNNING;
	console_set_monitor(false);
	clear();
	return 0;
}

static void typing_goes_to_the_guest(void **state)
{
	type("ls\r");
	assert_string_equal(got, "ls\r");
	assert_int_equal(out_len, 0);
}

static void breaks_go_to_the_guest(void **state)
{
	type("a%b");
	assert_string_equal(got, "a#b");
	type(ESC "%" ESC);
	assert_string_equal(got, "a#b");
	type(ESC "guest break\rc");
	assert_string_equal(got, "a#b#c");
	console_guest_break(port, true);
	assert_true(line_held);
	console_guest_break(port, false);
}

/* What the wire lost is said to the guest, if its device can say so; in the monitor it is nothing. */
static void losses_are_said(void **state)
{
	type("a^b");
	assert_string_equal(got, "a!b");
	type(ESC "versi^on\r" ESC);
	assert_string_equal(got, "a!b");
	assert_non_null(strstr(out, "Umbra 0.1"));
}

/* A guest that has no room makes the wire wait; what waits arrives when it reads. */
static void the_wire_waits(void **state)
{
	got_room = 2;
	type("abcd");
	assert_string_equal(got, "ab");
	assert_false(rx_irq);
	got_room = 255;	/* not worth it yet */
	console_guest_taken(port);
	assert_false(rx_irq);
	got_room = 256;
	console_guest_taken(port);
	assert_true(rx_irq);
	type(in);
	assert_string_equal(got, "abcd");
}

/* But if it does not read at all, the escape key must come through. */
static void a_guest_that_does_not_read(void **state)
{
	got_room = 0;
	fake_tick();
	type("x" ESC);
	assert_false(rx_irq);
	assert_false(console_in_monitor());
	fake_tick();
	fake_tick();
	assert_true(rx_irq);
	type(in);
	assert_true(console_in_monitor());
	console_guest_taken(port);
}

/* A guest's RAM can be read, and nothing else. */
static void ram_is_shown(void **state)
{
	const struct region r = { 0x80000000, 0x10000, REGION_RAM, NULL, "memory" };
	const char *clash;

	memset(&guest.map, 0, sizeof(guest.map));
	assert_int_equal(guest_map_add(&guest.map, &r, &clash), 0);
	memcpy(hpa_ptr(0x80001000), "\1Kernel panic: no init\n\0x", 25);
	type(ESC "peek 0x80001000 24\r" ESC);
	assert_non_null(strstr(out, "0x80001000  01 4b 65 72"));
	assert_non_null(strstr(out, ".Kernel panic: n"));
	assert_non_null(strstr(out, "0x80001010  6f"));
	clear();
	type(ESC "find panic\r" ESC);
	assert_non_null(strstr(out, "0x80001008  panic: no init\r\n"));
	clear();
	type(ESC "find nowhere\rpeek 0x8000fff8 16\rpeek 0x48200000\rpeek 0x80000000 0x1001\rpeek x\r" ESC);
	assert_non_null(strstr(out, "not in the guest's RAM"));
	assert_non_null(strstr(out, "that is no RAM of a guest"));
	assert_non_null(strstr(out, "usage: peek"));
}

static void escape_opens_and_closes_the_monitor(void **state)
{
	type("a" ESC "guest list\r" ESC "b");
	assert_string_equal(got, "ab");
	assert_non_null(strstr(out, "umbra> "));
	assert_non_null(strstr(out, "running"));
	assert_false(console_in_monitor());
}

/* A command that prints looks for who wants it to end, and whoever types ahead finds everything typed afterwards. */
static void long_output_ends_when_wanted(void **state)
{
	char many[300];

	type(ESC);
	in = "vers";
	assert_false(console_stop_typed());
	in = "ion\r\x03";
	assert_true(console_stop_typed());
	assert_true(console_stop_typed());	/* it is still to be read */
	clear();
	console_work();
	assert_non_null(strstr(out, "Umbra "));
	assert_false(console_stop_typed());
	in = ESC;
	assert_true(console_stop_typed());
	console_work();
	assert_false(console_in_monitor());
	type(ESC);
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	in = many;
	assert_true(console_stop_typed());	/* a Ctrl-C behind all that would not be found */
	type("\x03");
	type(ESC);
}

static void without_a_guest_the_monitor_stays(void **state)
{
	guest.state = GUEST_STOPPED;
	type(ESC ESC "version\r");
	assert_true(console_in_monitor());
	assert_non_null(strstr(out, "Umbra 0.1"));
	assert_non_null(strstr(out, "CONFIG_FIRST=y\r\nCONFIG_THIRD=3\r\n"));
	assert_string_equal(got, "");
}

static void line_editing(void **state)
{
	type(ESC "xx\x15" "versiom\x7f" "n\r");
	assert_non_null(strstr(out, "Umbra 0.1"));
	assert_null(strstr(out, "unknown command"));
	clear();
	for (int i = 0; i < 500; i++)	/* longer than the line: cut, not overrun */
		type("y");
	type("\r");
	assert_non_null(strstr(out, "unknown command"));
}

extern const struct monitor_cmd __monitor_start[], __monitor_end[];

static void every_command_answers(void **state)
{
	static const char *const cmd[] = {
		"help\r", "stats\r", "mem\r", "log\r", "layout\r", "version\r", "guest list\r", "guest dump\r", "guest map\r",
		"guest audit\r", "log level warn\r", "log level info\r", "\r",
	};

	type(ESC);
	for (u32 i = 0; i < ARRAY_SIZE(cmd); i++) {
		clear();
		type(cmd[i]);
		assert_null(strstr(out, "usage"));
		assert_null(strstr(out, "unknown"));
		assert_non_null(strstr(out, "umbra> "));
	}
	clear();
	type("help\r");
	for (const struct monitor_cmd *c = __monitor_start; c < __monitor_end; c++) {	/* a line each, whole */
		char begin[16], end[128];

		snprintf(begin, sizeof(begin), "\n  %-8s ", c->name);
		snprintf(end, sizeof(end), " %s\r\n", c->help);
		if (!strstr(out, begin) || !strstr(out, end))
			fail_msg("no whole line about %s in:\n%s", c->name, out);
	}
}

/* Sums and means of 64 bits; a cause without an event is no row. */
static void stats_tell_the_cost_of_slow_exits(void **state)
{
	type(ESC);
	clear();
	type("stats\r");
	assert_non_null(strstr(out, "total                    0         0           3     4294967297 1431655765  all causes"));
	assert_null(strstr(out, "physical interrupt"));
	assert_non_null(strstr(out, "switches from guest to guest: 4, of 301 instructions on average"));
}

static void wrong_arguments_print_usage(void **state)
{
	static const char *const cmd[] = { "guest\r", "guest fly\r", "stats a b\r", "log level\r", "log level x\r", "host\r" };

	type(ESC);
	for (u32 i = 0; i < ARRAY_SIZE(cmd); i++) {
		clear();
		type(cmd[i]);
		assert_non_null(strstr(out, "usage: "));
	}
}

static void reset_gives_the_keyboard_back(void **state)
{
	type(ESC "guest reset\rls");
	assert_int_equal(restarts, 1);
	assert_string_equal(got, "ls");
}

static void guest_output_waits_for_room(void **state)
{
	u32 n = 0;

	room = 0;
	while (console_guest_tx(port, 'g'))
		n++;
	assert_true(n > 1000);
	assert_true(tx_irq);
	assert_int_equal(out_len, 0);
	spaces = 0;
	room = 5000;
	fake_irq_level[74] = true;
	host_irq_handle();
	fake_irq_level[74] = false;
	assert_int_equal(spaces, 1);
	assert_int_equal(out_len, 5000);
	room = 100000;
	console_flush();
	assert_int_equal(out_len, n);
	assert_false(tx_irq);
}

static void messages_have_line_ends_and_stay_in_the_log(void **state)
{
	pr_info("hello %d\n", 42);
	pr_debug("secret\n");
	assert_non_null(strstr(out, "hello 42\r\n"));
	assert_null(strstr(out, "secret"));
	pr_info("file \"%s\" and\n", "\x1b[2J\nlinux\r\xe9");	/* names may come from anywhere */
	assert_non_null(strstr(out, "file \"?[2J?linux??\" and\r\n"));
	clear();
	hv_log_dump();
	assert_non_null(strstr(out, "hello 42"));
	assert_non_null(strstr(out, "secret"));
	for (int i = 0; i < 2000; i++)	/* the ring wraps */
		pr_debug("filler %d\n", i);
	clear();
	hv_log_dump();
	assert_non_null(strstr(out, "filler 1999"));
	assert_null(strstr(out, "hello"));
	for (char c = 'a'; c <= 'z'; c++)	/* longer than a line: cut, ended */
		pr_info("%0200d%0200d\n", c, c);
	assert_non_null(strstr(out, "\r\n"));
}

static void released_console_is_silent(void **state)
{
	type("x");
	console_release();
	clear();
	pr_info("not on the wire\n");
	assert_int_equal(out_len, 0);
	assert_true(console_guest_tx(port, 'x'));
	assert_false(host_irq_owned(74));
	console_acquire();
	pr_info("back\n");
	assert_non_null(strstr(out, "back"));
	assert_null(strstr(out, "not on the wire"));
	type("y");
	assert_string_equal(got, "y");
}

static char got2[64];
static u32 got2_len, spaces2;

static void second_rx(void *priv, u8 c) { got2[got2_len++ % sizeof(got2)] = (char)c; }
static void second_space(void *priv) { spaces2++; }
static const struct console_guest_ops second_ops = {
	.rx = second_rx, .rx_break = guest_break, .rx_room = guest_room, .tx_space = second_space,
};

static void say(struct console_port *p, const char *s)
{
	while (*s)
		assert_true(console_guest_tx(p, (u8)*s++));
}

static int setup_two(void **state)
{
	setup(state);
	if (!port2) {
		second.name = second.cfg.name = "two";
		second.vcpu = (struct vcpu *)&fake_vcpu;
		port2 = console_guest_attach(&second, &second_ops, NULL);
	}
	assert_null(console_guest_attach(&second, &second_ops, NULL));	/* one wire leads to a guest */
	guest.next = &second;
	second.state = GUEST_RUNNING;
	memset(got2, 0, sizeof(got2));
	got2_len = spaces2 = 0;
	type(ESC "console guest\r");
	clear();
	return 0;
}

static int back_to_one(void **state)
{
	console_show(&guest);
	guest.next = NULL;
	return 0;
}

/* One guest is shown and typed to; what the other wrote meanwhile comes when it is. */
static void consoles_by_name(void **state)
{
	say(port, "one");
	say(port2, "hidden\r\n");
	assert_string_equal(out, "one");
	assert_int_equal(console_unseen(&second), 8);
	assert_ptr_equal(monitor_guest(), &guest);
	type("a" ESC "console two\rb");
	assert_string_equal(got, "a");
	assert_string_equal(got2, "b");
	assert_non_null(strstr(out, "[guest two]\r\nhidden\r\n"));
	assert_int_equal(console_unseen(&second), 0);
	assert_ptr_equal(monitor_guest(), &second);
	clear();
	say(port, "later");
	say(port2, "now");
	assert_string_equal(out, "now");
	type(ESC "console guest\rc");
	assert_string_equal(got, "c");
	assert_null(strstr(out, "one"));	/* was shown then */
	assert_non_null(strstr(out, "later"));
	type(ESC "console nobody\r" ESC);
	assert_non_null(strstr(out, "there is no guest nobody"));
}

/* More than is kept: the end of it, and how much is not there. One that is not shown never waits. */
static void history_is_bounded(void **state)
{
	for (u32 i = 0; i < 20000; i++)
		assert_true(console_guest_tx(port2, (u8)(i < 19990 ? '.' : 'a' + i - 19990)));
	assert_int_equal(out_len, 0);
	type(ESC "console two\r");
	assert_non_null(strstr(out, "[3627 characters are lost here]"));
	assert_non_null(strstr(out, "..abcdefghij"));
}

/* A guest's first words since its start stay, whatever comes behind them. */
static void history_has_a_beginning(void **state)
{
	type(ESC "console guest\r");
	say(port2, "before");
	console_guest_starts(&second);
	for (u32 i = 0; i < 30000; i++)
		assert_true(console_guest_tx(port2, (u8)(i < 8192 ? (u32)"boot"[i % 4] : '0' + i / 4096)));
	clear();
	type(ESC "console two\r");
	assert_non_null(strstr(out, "boot\r\n[13616 characters are lost here]\r\n5"));
	assert_non_null(strstr(out, "7777777"));
	assert_int_equal(console_unseen(&second), 0);
	clear();
	type(ESC "console guest\r" ESC "console two\r");
	assert_null(strstr(out, "boot"));
	clear();
	type(ESC "console two history\r");
	assert_non_null(strstr(out, "[guest two]\r\nbootboot"));	/* what was before its start is gone */
	assert_non_null(strstr(out, "boot\r\n[13616 characters are lost here]\r\n5"));
	/* what was written last before a restart is still there */
	say(port2, "last words");
	console_guest_starts(&second);
	say(port2, "new life");
	clear();
	type(ESC "console two history\r");
	assert_non_null(strstr(out, "last wordsnew life"));
	assert_null(strstr(out, "boot"));
	type(ESC "console two future\r" ESC);
	assert_non_null(strstr(out, "usage"));
}

static void wire_takes(u32 n)
{
	room = n;
	fake_irq_level[74] = true;
	host_irq_handle();
	fake_irq_level[74] = false;
}

/* Longer than the wire's queue: it follows as the wire has room, the guest goes on behind it, and nobody waits but for the wire. */
static void history_comes_as_the_wire_takes_it(void **state)
{
	say(port, "old");
	console_guest_starts(&second);
	for (u32 i = 0; i < 14000; i++)
		assert_true(console_guest_tx(port2, (u8)('a' + i % 26)));
	clear();
	room = 0;
	console_show(&second);
	assert_true(console_unseen(&second) > 6000 && console_unseen(&second) < 8000);
	say(port2, "!");
	while (console_guest_tx(port2, '#'))
		;
	assert_int_equal(console_unseen(&second), 8192);
	spaces2 = 0;
	for (u32 i = 0; i < 40; i++)
		wire_takes(1000);
	assert_int_equal(spaces2, 1);
	assert_int_equal(console_unseen(&second), 0);
	for (u32 i = 0; i < 14000; i++)
		assert_int_equal(out[i], 'a' + i % 26);
	assert_int_equal(out[14000], '!');
	assert_int_equal(out[14001], '#');
	say(port2, "live");
	assert_non_null(strstr(out, "#live"));
	/* of one that does not run all comes before the prompt does */
	second.state = GUEST_STOPPED;
	clear();
	type(ESC "console two history\r");
	assert_non_null(strstr(out, "#live\r\numbra> "));
	assert_true(out_len > 14000);
	second.state = GUEST_RUNNING;
	console_set_monitor(false);
}

/* A guest that waited for the wire when another came to be shown need not any more. */
static void who_is_hidden_waits_no_more(void **state)
{
	room = 0;
	while (console_guest_tx(port, 'g'))
		;
	spaces = 0;
	room = 100000;
	console_show(&second);
	assert_int_equal(spaces, 1);
	assert_true(console_guest_tx(port, 'x'));
}

static void all_lines_have_names(void **state)
{
	type(ESC "console all\r");
	type(ESC);
	clear();
	say(port2, "half");
	say(port, "$ ");
	say(port2, " a line\r\n");
	assert_string_equal(out, "$ \r\n[two] half a line");
	type(ESC "console one\r" ESC);
	clear();
	say(port2, "silence\n");
	assert_string_equal(out, "");
}

/* Lines of hidden guests never make anybody wait for the wire: where it has no room for one, that is left out, and marked. */
static void hidden_lines_do_not_wait(void **state)
{
	u32 n = 0;

	type(ESC "console all\r" ESC);
	clear();
	room = 0;
	for (; n < 1000; n++)
		say(port2, "a line of a guest that prints without end\n");
	assert_int_equal(out_len, 0);
	assert_int_equal(room, 0);
	room = 100000;
	say(port, ".");		/* what was queued goes out */
	assert_null(strstr(out, "[...]"));
	assert_in_range(out_len, 4000, 8192);
	clear();
	say(port2, "once more\nand more\n");
	assert_string_equal(out, "\r\n[two] [...] once more\r\n[two] and more");
	type(ESC "console one\r" ESC);
}

static void commands_by_name(void **state)
{
	type(ESC);
	clear();
	type("guest list\r");
	assert_non_null(strstr(out, "guest running"));
	assert_non_null(strstr(out, "two   running"));
	assert_non_null(strstr(out, "12.3 %"));
	type("guest two pause\r");
	assert_int_equal(second.state, GUEST_PAUSED);
	assert_int_equal(guest.state, GUEST_RUNNING);
	type("guest two resume\r");
	assert_int_equal(second.state, GUEST_RUNNING);
	type("guest two stop\r");
	assert_int_equal(second.state, GUEST_STOPPED);
	type("guest two destroy\r");
	assert_int_equal(second.state, GUEST_OFF);
	clear();
	type("guest three stop\r");
	assert_string_equal(strchr(out, '\n') + 1, "there is no guest three\r\numbra> ");
	clear();
	type("guest three memory 0 4\r");
	assert_non_null(strstr(out, "there is no guest three"));
	clear();
	type("guest three fly\r");
	assert_non_null(strstr(out, "usage"));
	clear();
	type("stats two\r");
	assert_non_null(strstr(out, "all causes"));
	clear();
	type("stats three\r");
	assert_non_null(strstr(out, "there is no guest three"));
	clear();
	type("console\r");
	assert_non_null(strstr(out, "* guest"));
	assert_non_null(strstr(out, "  two"));
	type(ESC);
}

/* A guest of the layout stays in the list, one that came later is no more. */
static void guests_come_and_go(void **state)
{
	type(ESC);
	clear();
	type("guest create bad\r");
	assert_null(strstr(out, "usage"));
	assert_null(strstr(out, "starts at"));
	type("guest create good\r");
	assert_non_null(strstr(out, "guest two starts at 0x"));
	second.cfg.chunk = 0x90000000;
	type("guest two destroy\r");
	assert_int_equal(removed, 1);
	assert_non_null(strstr(out, "guest two is no more, its memory is cleared and free"));
	second.cfg.chunk = 0;
	type("guest two destroy\r");
	assert_int_equal(removed, 1);
	clear();
	type("guest create\r" ESC);
	assert_non_null(strstr(out, "usage"));
}

/* What is for one guest is for no other: not what `guest NAME` sends, nor what is typed when one without a console is chosen. */
static void keys_have_an_address(void **state)
{
	type(ESC "guest two escape\r" ESC);
	assert_string_equal(got, "");
	assert_string_equal(got2, ESC);
	type(ESC "guest mute escape\rguest mute break\r");
	assert_true(console_in_monitor());
	assert_non_null(strstr(out, "guest mute has no console\r\n"));
	assert_null(strstr(out, "[guest mute]"));
	assert_ptr_equal(monitor_guest(), &guest);
	type("console mute\r");
	assert_true(console_in_monitor());
	assert_ptr_equal(monitor_guest(), &mute);
	type(ESC "ab%");
	assert_false(console_in_monitor());
	assert_string_equal(got, "");
	assert_string_equal(got2, ESC);
	say(port, "still shown");
	assert_non_null(strstr(out, "still shown"));
	type(ESC "console two\rc");
	assert_string_equal(got2, ESC "c");
}

/* A guest without a console is chosen like any other, and forgotten like any other. */
static void who_is_no_more_is_not_chosen(void **state)
{
	struct guest silent = { .name = "silent", .state = GUEST_RUNNING };

	console_show(&silent);
	assert_ptr_equal(console_guest(), &silent);
	console_guest_detach(&silent);
	assert_ptr_equal(console_guest(), &guest);
	/* the one that is shown goes, another one is chosen */
	console_show(&second);
	console_show(&silent);
	console_guest_detach(&second);
	assert_ptr_equal(console_guest(), &silent);
	console_guest_detach(&silent);
	assert_ptr_equal(console_guest(), &guest);
	port2 = NULL;
}

#define T2(f) cmocka_unit_test_setup_teardown(f, setup_two, back_to_one)
#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(typing_goes_to_the_guest),
		T(escape_opens_and_closes_the_monitor),
		T(breaks_go_to_the_guest),
		T(losses_are_said),
		T(ram_is_shown),
		T(the_wire_waits),
		T(a_guest_that_does_not_read),
		T(long_output_ends_when_wanted), T(without_a_guest_the_monitor_stays),
		T(line_editing),
		T(every_command_answers),
		T(stats_tell_the_cost_of_slow_exits),
		T(wrong_arguments_print_usage),
		T(reset_gives_the_keyboard_back),
		T(guest_output_waits_for_room),
		T(messages_have_line_ends_and_stay_in_the_log),
		T(released_console_is_silent),
		T2(consoles_by_name), T2(history_is_bounded), T2(history_has_a_beginning), T2(history_comes_as_the_wire_takes_it), T2(who_is_hidden_waits_no_more), T2(all_lines_have_names), T2(commands_by_name), T2(guests_come_and_go),
		T2(keys_have_an_address),
		T2(hidden_lines_do_not_wait),
		T2(who_is_no_more_is_not_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
