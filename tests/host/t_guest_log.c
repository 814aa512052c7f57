/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of a Linux guest found in memory: rings, records and text as different kernels have them, full once and more often. */
/* SOURCES: core/guest_log.c core/guest_log_old.c core/guest_map.c core/guest_mem.c tests/host/fake/arch.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arch/debug.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/guest_log.h>
#include <hv/monitor.h>

#include "fake.h"

#define RAM	0x80000000u
#define SIZE	0x02000000u
#define LINEAR	0xc0000000u	/* the guest's kernel at RAM */

static struct guest guest;
static char out[4 << 20];
static u32 out_len;
static bool mmu;		/* does the guest know its own addresses? */

static u32 lines_wanted = ~0u;	/* until somebody wants it to stop */

bool console_stop_typed(void)
{
	return !lines_wanted || !lines_wanted--;
}

void console_putc(char c)
{
	assert_true(out_len < sizeof(out) - 1);
	out[out_len++] = c;
	out[out_len] = '\0';
}

void mon_printf(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (const char *p = text; *p; p++)
		console_putc(*p);
}

bool arch_debug_gpa(struct vcpu *v, gva_t va, gpa_t *gpa)
{
	*gpa = va - LINEAR + RAM;
	return mmu && va >= LINEAR && va - LINEAR < SIZE;
}

static int setup(void **state)
{
	const char *clash;

	fake_arch_reset();
	memset(&guest, 0, sizeof(guest));
	guest.cfg.mem_base = RAM;
	assert_int_equal(guest_map_add(&guest.map, &(struct region){ RAM, SIZE, REGION_RAM, NULL, "memory" }, &clash), 0);
	mmu = true;
	lines_wanted = ~0u;
	return 0;
}

static void expect_log(const char *wanted)
{
	out_len = 0;
	out[0] = '\0';
	guest_log_print(&guest);
	assert_string_equal(out, wanted);
}

static void put(u32 at, const void *p, u32 n)
{
	memcpy(hpa_ptr(at), p, n);
}

static void put32(u32 at, u32 w)
{
	put(at, &w, 4);
}

/* -- 5.10 and later -- */

#define COUNT_BITS	4u
#define TEXT_BITS	9u
#define RING		(RAM + 0x123450)
#define DESCS		(RAM + 0x200000)
#define INFOS		(RAM + 0x210000)
#define TEXT		(RAM + 0x220000)

static u32 next_id, head_pos;

static void ring_make(u32 more)		/* words between the counters of descriptors and the text ring */
{
	next_id = 0x3ffffff0;		/* wraps around its 30 bits */
	head_pos = 0xfffffe00;
	put32(RING, COUNT_BITS);
	put32(RING + 4, DESCS - RAM + LINEAR);
	put32(RING + 8, INFOS - RAM + LINEAR);
	put32(RING + 20 + 4 * more, TEXT_BITS);
	put32(RING + 24 + 4 * more, TEXT - RAM + LINEAR);
	put32(RING + 28 + 4 * more, head_pos);
	put32(RING + 32 + 4 * more, head_pos);
}

static void ring_add(u32 state, u64 ts, const char *text)
{
	u32 len = (u32)strlen(text), need = (4 + len + 3) & ~3u, id = next_id++ & 0x3fffffff, i = id & (BIT(COUNT_BITS) - 1);
	u32 begin = head_pos, at = begin % BIT(TEXT_BITS);

	if (at + need > BIT(TEXT_BITS))		/* does not fit: at the beginning */
		at = 0, head_pos = (begin & ~(BIT(TEXT_BITS) - 1)) + BIT(TEXT_BITS);
	put32(TEXT + at, id);
	put(TEXT + at + 4, text, len);
	head_pos += need;
	put(DESCS + 12 * i, (u32[]){ state << 30 | id, begin, head_pos }, 12);
	memset(hpa_ptr(INFOS + 88 * i), 0, 88);
	put(INFOS + 88 * i + 8, &ts, 8);
	put(INFOS + 88 * i + 16, &(u16){ (u16)len }, 2);
	put32(RING + 12, id);
	put32(RING + 16, next_id < 0x3ffffff0 + BIT(COUNT_BITS) ? 0x3ffffff0 : (next_id - BIT(COUNT_BITS)) & 0x3fffffff);
}

static void ring_case(u32 more)
{
	ring_make(more);
	ring_add(2, 0, "Booting Linux");
	ring_add(2, 1234567890, "Linux version 6.1.0");
	ring_add(1, 61000001000ull, "two\nlines");
	ring_add(0, 61000002000ull, "not yet written");
	expect_log("printk's ring of Linux 5.10 or later at physical 0x80123450:\n[    0.000000] Booting Linux\n"
		   "[    1.234567] Linux version 6.1.0\n[   61.000001] two\nlines\n3 messages\n");
}

static void test_ring(void **state)
{
	ring_case(0);
}

static void test_ring_with_another_counter(void **state)
{
	ring_case(1);
}

/* A kernel that died with its MMU off, or in tables of which nothing is left. */
static void test_ring_without_tables(void **state)
{
	mmu = false;
	ring_case(1);
}

/* More than its descriptors and its text hold: the last sixteen, one of which has its text at the beginning. */
static void test_ring_full(void **state)
{
	char text[32], wanted[1024];
	int n = sprintf(wanted, "printk's ring of Linux 5.10 or later at physical 0x80123450:\n");

	ring_make(1);
	for (u32 i = 0; i < 45; i++) {
		sprintf(text, "message number %u", i);
		ring_add(2, i * 1000000ull, text);
		if (i >= 29)
			n += sprintf(wanted + n, "[    0.%03u000] %s\n", i, text);
	}
	sprintf(wanted + n, "16 messages\n");
	expect_log(wanted);
}

/* -- 3.5 to 5.9 -- */

static u32 put_record(u32 at, u32 header, u32 align, u64 ts, const char *text)
{
	u32 len = (u32)strlen(text), all = (header + len + align - 1) & ~(align - 1);

	put(at, &ts, 8);
	put(at + 8, (u16[]){ (u16)all, (u16)len, 0, 0xc600 }, 8);
	put(at + header, text, len);
	return at + all;
}

static void records_case(u32 header, u32 align)
{
	char text[64], wanted[4096];
	u32 at = RAM + 0x345678;
	int n = sprintf(wanted, "printk's records of Linux 3.5 to 5.9 at physical 0x80345678:\n");

	for (u32 i = 0; i < 20; i++) {
		sprintf(text, "%u%.*s", i, (int)i, "-------------------------");
		at = put_record(at, header, align, i * 2000000ull, text);
		n += sprintf(wanted + n, "[    0.%03u000] %s\n", 2 * i, text);
	}
	sprintf(wanted + n, "20 messages\n");
	expect_log(wanted);
}

static void test_records(void **state)
{
	records_case(16, 4);
}

static void test_records_aligned(void **state)
{
	records_case(16, 8);
}

static void test_records_with_caller(void **state)
{
	records_case(20, 4);
}

/* Newer messages before older ones, with the rest of an overwritten one between them. */
static void test_records_full(void **state)
{
	char text[64], wanted[4096];
	u32 at = RAM + 0x1000;
	int n = sprintf(wanted, "printk's records of Linux 3.5 to 5.9 at physical 0x80001000:\n");

	for (u32 i = 0; i < 4; i++)
		n += sprintf(wanted + n, "[    0.00%u000] old %u\n", i, i);
	for (u32 i = 0; i < 12; i++) {
		sprintf(text, "new %u", i);
		at = put_record(at, 16, 4, (100 + i) * 1000000ull, text);
		n += sprintf(wanted + n, "[    0.%03u000] %s\n", 100 + i, text);
	}
	memset(hpa_ptr(at), 'x', 36);
	at += 36;
	for (u32 i = 0; i < 4; i++) {
		sprintf(text, "old %u", i);
		at = put_record(at, 16, 4, i * 1000000ull, text);
	}
	sprintf(wanted + n, "16 messages\n");
	expect_log(wanted);
}

/* -- up to 3.4 -- */

static void test_text(void **state)
{
	char text[2048], wanted[2048];
	int n = sprintf(wanted, "printk's text of Linux 3.4 or earlier at physical 0x80777777:\n"), t = 0;

	for (u32 i = 0; i < 10; i++) {
		t += sprintf(text + t, "<6>[    0.00%u000] line %u\n", i, i);
		n += sprintf(wanted + n, "[    0.00%u000] line %u\n", i, i);
	}
	put(RAM + 0x777777, text, (u32)t);
	put(RAM + 0x10000, "<6>alone\n", 9);
	sprintf(wanted + n, "10 messages\n");
	expect_log(wanted);
}

static void test_nothing(void **state)
{
	for (u32 i = 0; i < 0x100000; i += 4)	/* numbers that look like something */
		put32(RAM + i, i % 64);
	expect_log("no printk buffer of a 32-bit little-endian Linux kernel is in the guest's memory\n");
}

/* Memory full of what begins like a log: the search ends, and a little later than one pass over it. */
#define GIVEN_UP	"too much of the guest's memory looks like the beginning of a printk buffer: given up\n"

static void test_no_ring_everywhere(void **state)
{
	static const u32 header[] = { 20, LINEAR, LINEAR, 0x000fffff, 0, 21, LINEAR, 0, 0, 0, 0, 0 };

	for (u32 i = 0; i < SIZE; i += sizeof(header))
		put(RAM + i, header, MIN(sizeof(header), SIZE - i));
	alarm(60);
	expect_log(GIVEN_UP);
	alarm(0);
}

static void test_no_text_everywhere(void **state)
{
	for (u32 i = 0; i + 3 <= SIZE; i += 3)
		put(RAM + i, "<0>", 3);
	alarm(60);
	expect_log(GIVEN_UP);
	alarm(0);
}

/* The same behind a log: what there is left to look at is none of the lines that were found. */
static void test_text_before_text_everywhere(void **state)
{
	char wanted[512];
	int n = sprintf(wanted, "printk's text of Linux 3.4 or earlier at physical 0x80000000:\n");
	u32 at = RAM;

	for (u32 i = 0; i < 10; i++, at += 7) {
		put(at, (char[]){ '<', '6', '>', 'a', (char)('0' + i), '.', '\n' }, 7);
		n += sprintf(wanted + n, "a%u.\n", i);
	}
	for (; at + 3 <= RAM + SIZE; at += 3)
		put(at, "<0>", 3);
	sprintf(wanted + n, "10 messages\n");
	alarm(60);
	expect_log(wanted);
	alarm(0);
}

/* A log has no more messages than its kernel wrote; what a guest makes of its memory may have a million of 64 KiB each. */
static void test_printing_ends_when_wanted(void **state)
{
	u32 at = RAM + 0x1000;

	for (u32 i = 0; i < 20; i++)
		at = put_record(at, 16, 4, i, "more");
	lines_wanted = 3;
	expect_log("printk's records of Linux 3.5 to 5.9 at physical 0x80001000:\n[    0.000000] more\n[    0.000000] more\n[    0.000000] more\n"
		   "3 messages\n");
	memset(hpa_ptr(RAM), 0, 0x10000);
	put(RAM + 0x5000, "<6>1\n<6>2\n<6>3\n<6>4\n<6>5\n<6>6\n<6>7\n<6>8\n<6>9\n", 45);
	lines_wanted = 1;
	expect_log("printk's text of Linux 3.4 or earlier at physical 0x80005000:\n1\n1 messages\n");
	ring_make(0);
	ring_add(2, 0, "one");
	ring_add(2, 0, "two");
	lines_wanted = 1;
	expect_log("printk's ring of Linux 5.10 or later at physical 0x80123450:\n[    0.000000] one\n1 messages\n");
}

/* Behind the newest records others that are no older part of them, as many as a buffer has room for. */
static void test_no_older_part(void **state)
{
	static const u32 record[] = { 1, 0, 16, 0 }, later[] = { 2, 0, 16, 0 }, between[] = { 0, 0, 0, 0 };
	const u32 newer = 2u << 20, other = 1u << 20;

	for (u32 i = 0; i < newer; i += 16)
		put(RAM + i, record, 16);
	put(RAM + newer, between, 16);
	for (u32 i = 0; i < other; i += 16)
		put(RAM + newer + 16 + i, later, 16);
	alarm(60);
	out_len = 0;
	guest_log_print(&guest);
	alarm(0);
	assert_non_null(strstr(out, "131072 messages\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_ring, setup),
		cmocka_unit_test_setup(test_ring_with_another_counter, setup),
		cmocka_unit_test_setup(test_ring_without_tables, setup),
		cmocka_unit_test_setup(test_ring_full, setup),
		cmocka_unit_test_setup(test_records, setup),
		cmocka_unit_test_setup(test_records_aligned, setup),
		cmocka_unit_test_setup(test_records_with_caller, setup),
		cmocka_unit_test_setup(test_records_full, setup),
		cmocka_unit_test_setup(test_text, setup),
		cmocka_unit_test_setup(test_nothing, setup),
		cmocka_unit_test_setup(test_no_ring_everywhere, setup),
		cmocka_unit_test_setup(test_no_text_everywhere, setup),
		cmocka_unit_test_setup(test_no_older_part, setup),
		cmocka_unit_test_setup(test_text_before_text_everywhere, setup),
		cmocka_unit_test_setup(test_printing_ends_when_wanted, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
