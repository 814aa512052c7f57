/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GDB's remote protocol: framing, acknowledgement, damaged and overlong packets, every packet with good and bad words, what is said meanwhile. */
/* SOURCES: core/gdb.c core/gdb_packet.c core/guest_map.c core/guest_mem.c core/guest_peek.c tests/host/fake/arch.c */
/* CFLAGS: -DCONFIG_GDB=1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <arch/debug.h>
#include <hv/console.h>
#include <hv/gdb.h>
#include <hv/guest.h>
#include <hv/monitor.h>

#include "fake.h"

#define RAM	0x80000000u

extern const struct monitor_cmd __monitor_start[];

static struct guest guest;
static char wire[8192];
static u32 wire_len, regs[ARCH_DEBUG_REGS];
static void (*divert)(char c);
static u32 breaks[4], nr_breaks;
static bool step_done, toggled, for_the_debugger;

void console_divert(void (*fn)(char c))
{
	divert = fn;
}

void console_putc_raw(char c)
{
	assert_true(wire_len < sizeof(wire) - 1);
	wire[wire_len++] = c;
	wire[wire_len] = '\0';
}

void mon_printf(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (const char *p = text; *p && divert; p++)
		divert(*p);
}

struct guest *monitor_guest(void)
{
	return &guest;
}

int monitor_execute(char *line)
{
	mon_printf("done %s\n", line);
	return 0;
}

void monitor_toggle(void)
{
	toggled = true;
}

u32 arch_debug_reg_get(const struct vcpu *v, u32 n)
{
	return regs[n];
}

void arch_debug_reg_set(struct vcpu *v, u32 n, u32 value)
{
	regs[n] = value;
}

const char *arch_debug_target(void)
{
	return "<target/>";
}

bool arch_debug_gpa(struct vcpu *v, gva_t va, gpa_t *gpa)
{
	*gpa = va;
	return true;
}

bool arch_debug_write(struct vcpu *v, gva_t va, const void *from, u32 len)
{
	if (va != RAM)
		return false;
	memcpy(hpa_ptr(va), from, len);
	return true;
}

int arch_debug_break_set(struct vcpu *v, gva_t va)
{
	if (nr_breaks == ARRAY_SIZE(breaks))
		return -ENOSPC;
	breaks[nr_breaks++] = va;
	return 0;
}

void arch_debug_break_clear(struct vcpu *v, gva_t va)
{
	nr_breaks = 0;
}

bool arch_debug_step(struct vcpu *v)
{
	regs[15] += 4;
	return step_done;
}

bool arch_debug_stopped(struct vcpu *v)
{
	return for_the_debugger;
}

void arch_debug_halt(struct vcpu *v) { }

void arch_debug_clear(struct vcpu *v)
{
	nr_breaks = 0;
}

static void type(const char *s)
{
	wire_len = 0;
	wire[0] = '\0';
	while (*s)
		gdb_input(*s++);
}

static u8 sum_of(const char *s)
{
	u8 sum = 0;

	while (*s)
		sum += (u8)*s++;
	return sum;
}

/* Send a packet; what comes back is the acknowledgement and @answer, a packet's data, or nothing. */
static void exchange(const char *data, const char *answer)
{
	char packet[4096], wanted[4096];

	snprintf(packet, sizeof(packet), "$%s#%02x", data, sum_of(data));
	type(packet);
	snprintf(wanted, sizeof(wanted), answer ? "+$%s#%02x" : "+", answer, answer ? sum_of(answer) : 0);
	assert_string_equal(wire, wanted);
}

static int setup(void **state)
{
	const char *clash;

	if (gdb_active())
		gdb_end();
	fake_arch_reset();
	memset(&guest, 0, sizeof(guest));
	guest.state = GUEST_RUNNING;
	assert_int_equal(guest_map_add(&guest.map, &(struct region){ RAM, 0x100000, REGION_RAM, NULL, "memory" }, &clash), 0);
	for (u32 i = 0; i < ARCH_DEBUG_REGS; i++)
		regs[i] = 0x11111100 * (i % 2) + i;
	nr_breaks = 0;
	step_done = true;
	toggled = false;
	for_the_debugger = true;
	assert_int_equal(__monitor_start[0].fn(1, (char *[]){ "gdb" }), 0);
	assert_true(gdb_active() && gdb_holds(&guest));
	return 0;
}

static void test_framing(void **state)
{
	type("noise+$?#00");
	assert_string_equal(wire, "-");
	exchange("?", "T05thread:1;");
	type("-");			/* once more */
	assert_string_equal(wire, "$T05thread:1;#d7");
	exchange("no such packet", "");
	exchange("QStartNoAckMode", "OK");
	type("$?#3f");
	assert_string_equal(wire, "$T05thread:1;#d7");
	type("-");
	assert_string_equal(wire, "");
}

static void test_too_long(void **state)
{
	char data[1100];

	memset(data, 'm', sizeof(data));
	data[1050] = '\0';
	type("$");
	for (u32 i = 0; i < 1050; i++)
		gdb_input(data[i]);
	gdb_input('#');
	gdb_input('0');
	gdb_input('0');
	assert_string_equal(wire, "-");
	exchange("?", "T05thread:1;");
}

static void test_registers(void **state)
{
	exchange("p1", "01111111");
	exchange("pff", "E01");
	exchange("P1=78563412", "OK");
	assert_int_equal(regs[1], 0x12345678);
	exchange("P1=7856", "E01");
	exchange("P11=00000000", "E01");
	exchange("g", "00000000" "78563412" "02000000" "03111111" "04000000" "05111111" "06000000" "07111111" "08000000" "09111111"
		 "0a000000" "0b111111" "0c000000" "0d111111" "0e000000" "0f111111" "10000000");
	exchange("G00", "E01");
}

static void test_memory(void **state)
{
	memcpy(hpa_ptr(RAM + 0xffe), "abcd", 4);
	exchange("m80000ffe,4", "61626364");		/* two pages */
	exchange("m800ffffe,4", "0000");		/* up to where there is none */
	exchange("m800fffff0,4", "E01");
	exchange("m90000000,4", "E01");
	exchange("mzz,4", "E01");
	exchange("M80000000,2:4142", "OK");
	assert_memory_equal(hpa_ptr(RAM), "AB", 2);
	exchange("M80000000,3:4142", "E01");
	exchange("M90000000,1:41", "E01");
}

static void test_breakpoints(void **state)
{
	exchange("Z0,c0101234,4", "OK");
	exchange("Z1,8000,2", "OK");
	assert_int_equal(nr_breaks, 2);
	assert_int_equal(breaks[0], 0xc0101234);
	exchange("Z0,1,4", "OK");
	exchange("Z0,2,4", "OK");
	exchange("Z0,3,4", "E28");
	exchange("Z2,4,4", "");
	exchange("Z0;4", "E01");
	exchange("z0,c0101234,4", "OK");
	assert_int_equal(nr_breaks, 0);
}

static void test_running(void **state)
{
	exchange("c", NULL);
	assert_false(gdb_holds(&guest));
	wire_len = 0;
	mon_printf("hello\n");			/* the guest's, at once */
	assert_string_equal(wire, "$O68656c6c6f0a#87");
	type("\x03");
	assert_string_equal(wire, "$T02thread:1;#d4");
	assert_true(gdb_holds(&guest));
	mon_printf("later\n");
	assert_string_equal(wire, "$T02thread:1;#d4");	/* no more: it stands */
	type("$vCont;c:1#13");
	assert_string_equal(wire, "+$O6c617465720a#1f");	/* now */
	assert_false(gdb_holds(&guest));
}

/* Ctrl-C that overtakes the word to go on, or comes while the guest stands, stops it when it goes on: once. */
static void test_interrupt_while_it_stands(void **state)
{
	type("\x03");
	type("\x03");
	assert_string_equal(wire, "");
	assert_true(gdb_holds(&guest));
	exchange("c", "T02thread:1;");
	assert_true(gdb_holds(&guest));
	exchange("c", NULL);
	assert_false(gdb_holds(&guest));
}

static void test_said_while_it_stands_comes_later(void **state)
{
	mon_printf("later\n");
	type("$c#63");
	assert_string_equal(wire, "+$O6c617465720a#1f");
}

static void test_stops(void **state)
{
	exchange("vCont?", "vCont;c;C;s;S");
	exchange("s", "T05thread:1;");
	exchange("vCont;s:1;c", "T05thread:1;");
	assert_int_equal(regs[15], 0x1111110f + 8);
	step_done = false;			/* an exception: the guest runs */
	exchange("s", NULL);
	assert_false(gdb_holds(&guest));
	for_the_debugger = false;
	wire_len = 0;
	gdb_stopped(&guest);
	assert_false(gdb_holds(&guest));
	for_the_debugger = true;
	gdb_stopped(&guest);
	assert_true(gdb_holds(&guest));
}

static void test_guest_ends(void **state)
{
	exchange("c", NULL);
	guest.state = GUEST_STOPPED;
	wire_len = 0;
	assert_true(gdb_holds(&guest));
	assert_string_equal(wire, "$T06thread:1;#d8");
	exchange("s", "T05thread:1;");		/* nothing to step */
}

static void test_questions(void **state)
{
	exchange("qSupported:multiprocess+", "PacketSize=400;qXfer:features:read+;QStartNoAckMode+;vContSupported+");
	exchange("qXfer:features:read:target.xml:0,4", "m<tar");
	exchange("qXfer:features:read:target.xml:4,40", "lget/>");
	exchange("qXfer:features:read:target.xml:x", "E01");
	exchange("qfThreadInfo", "m1");
	exchange("qsThreadInfo", "l");
	exchange("qC", "QC1");
	exchange("qAttached", "1");
	exchange("Hg0", "OK");
	exchange("vMustReplyEmpty", "");
	type("$qRcmd,6c6f67#c5");
	assert_string_equal(wire, "+$O646f6e65206c6f670a#f0$OK#9a");
}

static void test_detach(void **state)
{
	exchange("Z0,8000,4", "OK");
	exchange("D", "OK");
	assert_true(toggled && !divert);
	assert_false(gdb_active());
	assert_false(gdb_holds(&guest));
	assert_int_equal(nr_breaks, 0);
}

static void test_bad_words(void **state)
{
	assert_int_equal(__monitor_start[0].fn(1, (char *[]){ "gdb" }), -EINVAL);	/* it is active */
	gdb_end();
	assert_int_equal(__monitor_start[0].fn(2, (char *[]){ "gdb", "now" }), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_framing, setup),
		cmocka_unit_test_setup(test_too_long, setup),
		cmocka_unit_test_setup(test_registers, setup),
		cmocka_unit_test_setup(test_memory, setup),
		cmocka_unit_test_setup(test_breakpoints, setup),
		cmocka_unit_test_setup(test_running, setup),
		cmocka_unit_test_setup(test_interrupt_while_it_stands, setup),
		cmocka_unit_test_setup(test_said_while_it_stands_comes_later, setup),
		cmocka_unit_test_setup(test_stops, setup),
		cmocka_unit_test_setup(test_guest_ends, setup),
		cmocka_unit_test_setup(test_questions, setup),
		cmocka_unit_test_setup(test_detach, setup),
		cmocka_unit_test_setup(test_bad_words, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
