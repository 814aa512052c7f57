/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The held L3 interconnect: reads pass, writes that clear errors pass, writes that set something up do not. */
/* SOURCES: emulators/omap3_l3.c tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/arch.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <hv/emudev.h>
#include <hv/guest.h>

#include "fake.h"

static struct guest guest = { .name = "t" };
static struct emudev dev = { .guest = &guest, .name = "l3" };

static enum mmio_result access(bool write, u32 addr, u32 value)
{
	struct mmio_access a = { .addr = addr, .size = 4, .is_write = write, .value = value };
	enum mmio_result r = dev.type->access(&dev, &a);

	if (!write && r == MMIO_DONE)
		assert_int_equal(a.value, value);
	return r;
}

static void only_errors_are_cleared(void **state)
{
	static const struct { u32 addr; bool passes; } t[] = {
		{ 0x68000458, true }, { 0x6800145c, true }, { 0x68001c28, true },
		{ 0x68000420, false },	/* AGENT_CONTROL: reset */
		{ 0x68000460, false },
		{ 0x68010048, false }, { 0x68010058, false },	/* firewall of the registers of the L3 itself */
		{ 0x68012848, false }, { 0x68012c58, false },	/* of the on-chip RAM */
	};

	dev.type = emudev_find_type("umbra,omap3-l3");
	assert_non_null(dev.type);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		fake_mmio_add(t[i].addr, 7);
		assert_int_equal(access(false, t[i].addr, 7), MMIO_DONE);
		assert_int_equal(access(true, t[i].addr, 1), MMIO_DONE);
		assert_int_equal(fake_mmio_get(t[i].addr), t[i].passes ? 1 : 7);
	}
	assert_int_equal(access(false, 0x68ff0000, 0), MMIO_ERROR);
	assert_int_equal(access(true, 0x68000c58, 0), MMIO_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_errors_are_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
