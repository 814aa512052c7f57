/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GDB's remote protocol on the console (monitor command `gdb`).
 *
 * The console is the connection: what is received goes to gdb_input(), and everything that Umbra or the guest say is diverted into packets
 * that GDB prints (O), which the protocol allows while the guest runs or a monitor command is executed; what is said in between waits. The
 * guest is held by not being run. The escape key ends it all, at any time.
 */
#include <stdio.h>
#include <string.h>

#include <arch/debug.h>
#include <hv/console.h>
#include <hv/gdb.h>
#include <hv/guest.h>
#include <hv/guest_peek.h>
#include <hv/monitor.h>

#include "gdb.h"

#define SIG_INT		2u
#define SIG_TRAP	5u
#define SIG_ABRT	6u

static struct guest *target;	/* NULL: not active */
static bool held;		/* it must not run */
static bool interrupt_waits;	/* Ctrl-C while it stood, or before gdb's word to go on had come: it is for when it runs next */
static char said[256];		/* waits to be sent */
static u32 said_len;

bool gdb_active(void)
{
	return target;
}

/* -- output -- */

static void said_send(void)
{
	if (!said_len)
		return;
	gdb_begin();
	gdb_text("O");
	gdb_hex(said, said_len);
	said_len = 0;
	gdb_end_packet();
}

static bool may_say;		/* GDB listens: the guest runs, or a command does */

/* What is said while GDB does not listen is lost when there is too much of it: Umbra's own messages are in its log. */
static void say(char c)
{
	if (said_len < sizeof(said))
		said[said_len++] = c;
	if (may_say && (c == '\n' || said_len == sizeof(said)))
		said_send();
}

static void report(u32 signal)
{
	char text[32];

	said_send();
	may_say = false;
	held = true;
	snprintf(text, sizeof(text), "T%02xthread:1;", (unsigned)signal);
	gdb_reply(text);
}

static void interrupt(void)
{
	interrupt_waits = false;
	arch_debug_halt(target->vcpu);
	report(SIG_INT);
}

static void go(void)
{
	held = false;
	may_say = true;
	said_send();
	if (interrupt_waits)
		interrupt();
}

void gdb_end(void)
{
	arch_debug_clear(target->vcpu);
	target = NULL;
	held = false;
	console_divert(NULL);
}

/* -- packets -- */

static void reply_error(void)
{
	gdb_reply("E01");
}

static void packet_stop_reason(const char *s)
{
	report(SIG_TRAP);
}

static void packet_registers(const char *s)
{
	gdb_begin();
	for (u32 i = 0; i < ARCH_DEBUG_REGS; i++)
		gdb_word(arch_debug_reg_get(target->vcpu, i));
	gdb_end_packet();
}

static bool set_register(u32 n, const char *s)
{
	u8 b[4];

	if (gdb_bytes(s, b, sizeof(b)) != sizeof(b))
		return false;
	arch_debug_reg_set(target->vcpu, n, b[0] | (u32)b[1] << 8 | (u32)b[2] << 16 | (u32)b[3] << 24);
	return true;
}

static void packet_set_registers(const char *s)
{
	for (u32 i = 0; i < ARCH_DEBUG_REGS; i++)
		if (!set_register(i, s + MIN(8 * i, strlen(s)))) {
			reply_error();
			return;
		}
	gdb_reply("OK");
}

static void packet_register(const char *s)
{
	u32 n;

	if (!gdb_number(&s, &n) || n >= ARCH_DEBUG_REGS) {
		reply_error();
		return;
	}
	gdb_begin();
	gdb_word(arch_debug_reg_get(target->vcpu, n));
	gdb_end_packet();
}

static void packet_set_register(const char *s)
{
	u32 n;

	gdb_reply(gdb_number(&s, &n) && n < ARCH_DEBUG_REGS && *s == '=' && set_register(n, s + 1) ? "OK" : "E01");
}

/* "addr,len" and what is behind it. */
static bool range(const char **s, u32 *addr, u32 *len)
{
	if (!gdb_number(s, addr) || *(*s)++ != ',' || !gdb_number(s, len))
		return false;
	return true;
}

/* As much as there is, up to the first page that is not memory. */
static void packet_read(const char *s)
{
	u32 addr, len, n;
	const void *p;

	if (!range(&s, &addr, &len)) {
		reply_error();
		return;
	}
	gdb_begin();
	for (len = MIN(len, gdb_room() / 2); len && (p = guest_peek_virt(target, addr, len, &n)); addr += n, len -= n)
		gdb_hex(p, n);
	if (len && gdb_room() == GDB_PACKET_MAX)
		reply_error();
	else
		gdb_end_packet();
}

static void packet_write(const char *s)
{
	static u8 bytes[GDB_PACKET_MAX / 2];
	u32 addr, len;

	if (range(&s, &addr, &len) && *s == ':' && gdb_bytes(s + 1, bytes, sizeof(bytes)) == len &&
	    arch_debug_write(target->vcpu, addr, bytes, len))
		gdb_reply("OK");
	else
		reply_error();
}

/* Types 0 and 1, software and hardware breakpoints, are the same here: neither changes the guest's memory. */
static void packet_breakpoint(const char *s, bool set)
{
	u32 type, addr;

	if (!gdb_number(&s, &type) || *s++ != ',' || !gdb_number(&s, &addr)) {
		reply_error();
	} else if (type > 1) {
		gdb_reply("");		/* no watchpoints */
	} else if (set) {
		gdb_reply(arch_debug_break_set(target->vcpu, addr) ? "E28" : "OK");
	} else {
		arch_debug_break_clear(target->vcpu, addr);
		gdb_reply("OK");
	}
}

static void packet_break_set(const char *s)
{
	packet_breakpoint(s, true);
}

static void packet_break_clear(const char *s)
{
	packet_breakpoint(s, false);
}

/* Where to go on, if that is said. */
static void set_pc(const char *s)
{
	u32 pc;

	if (gdb_number(&s, &pc))
		arch_debug_reg_set(target->vcpu, 15, pc);
}

static void packet_continue(const char *s)
{
	set_pc(s);
	go();
}

static void packet_step(const char *s)
{
	set_pc(s);
	if (target->state == GUEST_RUNNING && !arch_debug_step(target->vcpu))
		go();
	else
		report(SIG_TRAP);
}

/* Of "vCont;action[:thread]...", the action for the one thread that there is. */
static void packet_v(const char *s)
{
	if (!strcmp(s, "Cont?"))
		gdb_reply("vCont;c;C;s;S");
	else if (!strncmp(s, "Cont;c", 6) || !strncmp(s, "Cont;C", 6))
		go();
	else if (!strncmp(s, "Cont;s", 6) || !strncmp(s, "Cont;S", 6))
		packet_step("");
	else
		gdb_reply("");
}

/* The guest goes on, and the console is the guest's. */
static void packet_detach(const char *s)
{
	gdb_reply("OK");
	gdb_end();
	monitor_toggle();
}

static void packet_ok(const char *s)
{
	gdb_reply("OK");
}

/* -- questions -- */

static void query_supported(const char *s)
{
	char text[96];

	snprintf(text, sizeof(text), "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;vContSupported+", GDB_PACKET_MAX);
	gdb_reply(text);
}

/* ":features:read:target.xml:offset,length" */
static void query_features(const char *s)
{
	const char *xml = arch_debug_target();
	u32 at, len, size = (u32)strlen(xml);

	if (!range(&s, &at, &len) || at > size) {
		reply_error();
		return;
	}
	gdb_begin();
	len = MIN(len, GDB_PACKET_MAX - 1);
	gdb_text(size - at > len ? "m" : "l");
	for (u32 i = at; i < size && i - at < len; i++)
		gdb_text((char[]){ xml[i], '\0' });
	gdb_end_packet();
}

/* A command of the monitor, in hexadecimal; its output is what GDB prints. */
static void query_command(const char *s)
{
	char cmd[128];
	u32 n = gdb_bytes(s, cmd, sizeof(cmd) - 1);

	cmd[n] = '\0';
	may_say = true;
	monitor_execute(cmd);
	said_send();
	may_say = false;
	gdb_reply("OK");
}

static void query_no_ack(const char *s)
{
	gdb_reply("OK");
	gdb_packet_no_ack();
}

static void query_threads(const char *s)
{
	gdb_reply("m1");
}

static void query_no_more_threads(const char *s)
{
	gdb_reply("l");
}

static void query_current_thread(const char *s)
{
	gdb_reply("QC1");
}

static void query_attached(const char *s)
{
	gdb_reply("1");
}

/* By what they begin with; what is behind that goes to the function. */
static const struct {
	const char *prefix;
	void (*fn)(const char *s);
} packets[] = {
	{ "?", packet_stop_reason },
	{ "g", packet_registers },
	{ "G", packet_set_registers },
	{ "p", packet_register },
	{ "P", packet_set_register },
	{ "m", packet_read },
	{ "M", packet_write },
	{ "Z", packet_break_set },
	{ "z", packet_break_clear },
	{ "c", packet_continue },
	{ "s", packet_step },
	{ "v", packet_v },
	{ "D", packet_detach },
	{ "k", packet_detach },
	{ "H", packet_ok },
	{ "T", packet_ok },
	{ "qSupported", query_supported },
	{ "qXfer:features:read:target.xml:", query_features },
	{ "qRcmd,", query_command },
	{ "QStartNoAckMode", query_no_ack },
	{ "qfThreadInfo", query_threads },
	{ "qsThreadInfo", query_no_more_threads },
	{ "qC", query_current_thread },
	{ "qAttached", query_attached },
};

static void packet(const char *s)
{
	for (u32 i = 0; i < ARRAY_SIZE(packets); i++) {
		u32 n = (u32)strlen(packets[i].prefix);

		if (!strncmp(s, packets[i].prefix, n)) {
			packets[i].fn(s + n);
			return;
		}
	}
	gdb_reply("");		/* unknown, as the protocol wants it */
}

/* The guest stands between two runs, so it can be stopped here. */
void gdb_input(char c)
{
	switch (gdb_packet_input(c)) {
	case GDB_NOTHING:
		break;
	case GDB_INTERRUPT:
		if (held)
			interrupt_waits = true;
		else
			interrupt();
		break;
	case GDB_PACKET:
		held = true;
		packet(gdb_packet());
		break;
	}
}

bool gdb_holds(struct guest *g)
{
	if (g != target)
		return false;
	if (!held && g->state != GUEST_RUNNING)
		report(SIG_ABRT);
	return held;
}

void gdb_stopped(struct guest *g)
{
	if (arch_debug_stopped(g->vcpu) && g == target)
		report(SIG_TRAP);
}

static int cmd_gdb(int argc, char **argv)
{
	if (argc != 1 || gdb_active())
		return -EINVAL;
	if (!monitor_guest()) {
		mon_printf("there is no guest\n");
		return 0;
	}
	mon_printf("[gdb: the guest stands; the console speaks GDB's remote protocol until the debugger detaches, or Ctrl-]]\n");
	target = monitor_guest();
	held = true;
	interrupt_waits = false;
	may_say = false;
	said_len = 0;
	gdb_packet_reset();
	console_divert(say);
	return 0;
}
MONITOR_CMD(gdb, "gdb", "", "make the console a debugger's connection to the guest (tools/gdb)", cmd_gdb);
