// SPDX-License-Identifier: GPL-2.0-or-later
/* Output protocol of the test guests: PASS, FAIL, SKIP and INFO lines, then a SUMMARY. */
#include "guest.h"

#define GROUP_FAIL_LINES	8

static u32 nr_tests, nr_failed;
static const char *group_name;
static u32 group_checks, group_failed;
struct boot_state boot_state;

static void put_number(u32 v, u32 base, u32 width, char pad)
{
	char buf[12];
	u32 n = 0;

	do {
		buf[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (width > n) {
		uart_putc(pad);
		width--;
	}
	while (n)
		uart_putc(buf[--n]);
}

/* %s %c %u %d %x with width and zero padding: all that the tests need. */
static void vprint(const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		u32 width = 0;
		char pad = ' ';

		if (*fmt != '%') {
			uart_putc(*fmt);
			continue;
		}
		fmt++;
		if (*fmt == '0')
			pad = *fmt++;
		while (*fmt >= '0' && *fmt <= '9')
			width = width * 10 + (u32)(*fmt++ - '0');
		if (*fmt == 's') {
			for (const char *s = va_arg(ap, const char *); *s; s++)
				uart_putc(*s);
		} else if (*fmt == 'c') {
			uart_putc((char)va_arg(ap, int));
		} else {
			put_number(va_arg(ap, u32), *fmt == 'x' ? 16 : 10, width, pad);
		}
	}
}

void print(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
}

void check_(const char *name, u32 expected, u32 got)
{
	nr_tests++;
	if (expected == got) {
		print("PASS %s\n", name);
		return;
	}
	nr_failed++;
	print("FAIL %s: expected 0x%08x got 0x%08x\n", name, expected, got);
}

void skip(const char *name, const char *reason)
{
	print("SKIP %s: %s\n", name, reason);
}

void info(const char *name, u32 value)
{
	print("INFO %s: 0x%08x\n", name, value);
}

void result_hash(const char *name, u32 value)
{
	print("HASH %s: 0x%08x\n", name, value);
}

void group_begin(const char *name)
{
	group_name = name;
	group_checks = 0;
	group_failed = 0;
}

void group_check_(u32 expected, u32 got, const char *fmt, ...)
{
	va_list ap;

	group_checks++;
	if (expected == got)
		return;
	if (group_failed++ >= GROUP_FAIL_LINES)
		return;
	print("FAIL %s: ", group_name);
	va_start(ap, fmt);
	vprint(fmt, ap);
	va_end(ap);
	print(": expected 0x%08x got 0x%08x\n", expected, got);
}

void group_end(void)
{
	nr_tests++;
	if (group_failed) {
		nr_failed++;
		print("FAIL %s: %u of %u checks\n", group_name, group_failed, group_checks);
	} else {
		print("PASS %s (%u checks)\n", group_name, group_checks);
	}
}

void report_end(void)
{
	print("SUMMARY: %u tests, %u failed\n", nr_tests, nr_failed);
	asm volatile("cpsid if");
	for (;;)
		asm volatile("dsb\n\twfi" : : : "memory");
}

void exc_unexpected(void);
void exc_unexpected(void)
{
	struct exc_frame *f = &exc_frame;

	nr_tests++;
	nr_failed++;
	print("FAIL unexpected exception: vector %u lr 0x%08x spsr 0x%08x dfsr 0x%x dfar 0x%08x ifsr 0x%x ifar 0x%08x\n",
	      f->vector, f->exc_lr, f->spsr, f->dfsr, f->dfar, f->ifsr, f->ifar);
	for (u32 i = 0; i < 13; i++)
		print("FAIL unexpected exception: r%u 0x%08x\n", i, f->r[i]);
	print("FAIL unexpected exception: sp 0x%08x lr 0x%08x cpsr 0x%08x\n", f->sp, f->lr, f->cpsr);
	report_end();
}

/* The compiler may call these. */
void *memcpy(void *d, const void *s, size_t n);
void *memcpy(void *d, const void *s, size_t n)
{
	u8 *to = d;
	const u8 *from = s;

	while (n--)
		*to++ = *from++;
	return d;
}

void *memset(void *d, int c, size_t n);
void *memset(void *d, int c, size_t n)
{
	u8 *to = d;

	while (n--)
		*to++ = (u8)c;
	return d;
}
