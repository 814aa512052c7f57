/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit test: the guard against hidden faults that do not get the guest on (arch/arm/progress.c), without an interpreter. */
/* SOURCES: arch/arm/progress.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arm/progress.h>
#include <arm/shadow.h>
#include <hv/guest.h>

#include "fake.h"

#define PC	0x80008000u
#define MANY	1000u

static struct guest guest = { .name = "g" };
static struct vcpu vcpu;
static u32 drops, stops;
static char reason[100];

void shadow_anew(struct vcpu *v)
{
	drops++;
}

void guest_request(struct guest *g, enum guest_request req, const char *fmt, ...)
{
	va_list ap;

	assert_int_equal(req, GUEST_REQ_CRASH);
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	stops++;
}

static int setup(void **state)
{
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.guest = &guest;
	vcpu.r[15] = PC;
	vcpu.hidden.pc = HIDDEN_NONE;
	drops = stops = 0;
	fake_log_reset();
	return 0;
}

static void assert_quiet(void)
{
	assert_int_equal(drops + stops, 0);
	assert_string_equal(fake_log_text, "");
}

/* Everything anew once, then the end, with the address in the reason. */
static void no_progress(void **state)
{
	u32 faults = 0;

	for (; !stops && faults < MANY; faults++)
		progress_hidden_fault(&vcpu, 0x1000 * (faults & 1));
	assert_int_equal(drops, 1);
	assert_int_equal(stops, 1);
	assert_in_range(faults, 10, 100);
	assert_non_null(strstr(reason, "0x80008000"));
}

/* An instruction that works its way through memory has other registers each time. */
static void loop_over_memory(void **state)
{
	for (u32 i = 0; i < MANY; i++) {
		vcpu.r[1] = i << 12;
		progress_hidden_fault(&vcpu, i << 12);
		progress_hidden_fault(&vcpu, (i + 1) << 12);
	}
	assert_quiet();
}

static void other_instructions(void **state)
{
	for (u32 i = 0; i < MANY; i++) {
		vcpu.r[15] = PC + 4 * (i & 1);
		progress_hidden_fault(&vcpu, 0x1000);
	}
	assert_quiet();
}

static void other_exits(void **state)
{
	for (u32 i = 0; i < MANY; i++) {
		progress_hidden_fault(&vcpu, 0x1000);
		if (i % 8 == 0)
			progress_made(&vcpu);
	}
	assert_quiet();
}

/* The same code at the same place in many address spaces, and in both instruction sets. */
static void other_worlds(void **state)
{
	for (u32 i = 0; i < MANY; i++) {
		vcpu.hw_asid = i & 7;
		vcpu.cpsr = i & 8 ? PSR_T : 0;
		progress_hidden_fault(&vcpu, 0x1000);
	}
	assert_quiet();
}

#define T(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(no_progress), T(loop_over_memory), T(other_instructions), T(other_exits), T(other_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
