/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated GIC: levels and edges, masks, priorities and preemption, active state, software interrupts, what is not there. */
/* SOURCES: emulators/gic.c core/guest_tree.c tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/vcpu.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/emudev.h>
#include <hv/guest.h>

#include "fake.h"

#define CTLR		0x000
#define TYPER		0x004
#define ISENABLER(n)	(0x100 + 4 * (n))
#define ICENABLER(n)	(0x180 + 4 * (n))
#define ISPENDR(n)	(0x200 + 4 * (n))
#define ICPENDR(n)	(0x280 + 4 * (n))
#define IABR(n)		(0x300 + 4 * (n))
#define PRIORITY(id)	(0x400 + (id))
#define TARGET(id)	(0x800 + (id))
#define CONFIG(n)	(0xc00 + 4 * (n))
#define SGIR		0xf00
#define CPU_CTLR	0x1000
#define PMR		0x1004
#define BPR		0x1008
#define IAR		0x100c
#define EOIR		0x1010
#define RPR		0x1014
#define HPPIR		0x1018
#define CPU_IIDR	0x10fc
#define NONE		1023u

#define TIMER		0u	/* lines; interrupts 32 and 37 */
#define UART		5u

static struct guest guest;
static struct emudev dev;
static const struct layout_dev node = { .node = "gic", .nregs = 1, .reg = { { 0x10000000, 0x2000 } } };

static u32 rd(u32 offset)
{
	struct mmio_access a = { .offset = offset, .size = 4 };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
	return a.value;
}

static enum mmio_result wr_size(u32 offset, u32 size, u32 value)
{
	struct mmio_access a = { .offset = offset, .size = size, .is_write = true, .value = value };

	return dev.type->access(&dev, &a);
}

static void wr(u32 offset, u32 value)
{
	assert_int_equal(wr_size(offset, 4, value), MMIO_DONE);
}

static void line(u32 n, bool level)
{
	guest.irqchip->set_line(guest.irqchip_priv, n, level);
}

static void set_priority(u32 id, u32 value)
{
	assert_int_equal(wr_size(PRIORITY(id), 1, value), MMIO_DONE);
}

static void enable(u32 id)
{
	wr(ISENABLER(id / 32), BIT(id % 32));
}

static int create(void)
{
	free(dev.priv);
	memset(&dev, 0, sizeof(dev));
	memset(&guest, 0, sizeof(guest));
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	fake_log_reset();
	guest.name = "t";
	guest.vcpu = (struct vcpu *)&fake_vcpu;
	dev.type = emudev_find_type("umbra,gic");
	assert_non_null(dev.type);
	dev.name = "gic";
	dev.guest = &guest;
	dev.base = 0x10000000;
	dev.priv = calloc(1, dev.type->state_size);
	return dev.type->create(&dev, &node);
}

/* As Linux leaves it: everything on, priorities 0xa0, mask 0xf0. */
static int setup(void **state)
{
	assert_int_equal(create(), 0);
	dev.type->reset(&dev);
	for (u32 id = 0; id < 128; id += 4)
		wr(PRIORITY(id), 0xa0a0a0a0);
	wr(CTLR, 1);
	wr(PMR, 0xf0);
	wr(CPU_CTLR, 1);
	return 0;
}

static void test_identity(void **state)
{
	static const u8 id[] = { 0x90, 0xb3, 0x1b, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	assert_int_equal(rd(TYPER) & 0x1f, 3);	/* 128 interrupts */
	assert_int_equal(rd(TYPER) >> 5 & 7, 0);	/* one processor */
	assert_int_equal(rd(CPU_IIDR) >> 16 & 15, 1);
	for (u32 i = 0; i < 8; i++)
		assert_int_equal(rd(0xfe0 + 4 * i), id[i]);
}

static void test_level(void **state)
{
	line(TIMER, true);
	assert_false(fake_vcpu.irq);	/* not enabled */
	assert_int_equal(rd(ISPENDR(1)), 1);
	enable(32);
	assert_true(fake_vcpu.irq);
	assert_int_equal(rd(HPPIR), 32);
	assert_int_equal(rd(IAR), 32);
	assert_false(fake_vcpu.irq);
	assert_int_equal(rd(IABR(1)), 1);
	assert_int_equal(rd(HPPIR), NONE);
	set_priority(32, 0);	/* active is active, whatever its priority becomes */
	assert_int_equal(rd(IAR), NONE);
	set_priority(32, 0xa0);
	/* active and pending: again as soon as it is ended */
	wr(EOIR, 32);
	assert_true(fake_vcpu.irq);
	assert_int_equal(rd(IAR), 32);
	line(TIMER, false);
	wr(EOIR, 32);
	assert_false(fake_vcpu.irq);
	assert_int_equal(rd(IAR), NONE);
	assert_int_equal(rd(IABR(1)), 0);
	/* what software makes pending lasts until it is acknowledged */
	wr(ISPENDR(1), 1);
	assert_int_equal(rd(IAR), 32);
	assert_int_equal(rd(ISPENDR(1)), 0);
	wr(EOIR, 32);
	/* and a level cannot be cleared while it is there */
	line(TIMER, true);
	wr(ICPENDR(1), 1);
	assert_int_equal(rd(ISPENDR(1)), 1);
}

static void test_edge(void **state)
{
	wr(CONFIG(2), BIT(2 * UART + 1));
	assert_int_equal(rd(CONFIG(2)), BIT(2 * UART + 1));
	enable(32 + UART);
	line(UART, true);
	line(UART, false);
	assert_true(fake_vcpu.irq);
	assert_int_equal(rd(IAR), 32 + UART);
	line(UART, true);	/* a second edge meanwhile */
	line(UART, true);
	assert_false(fake_vcpu.irq);
	wr(EOIR, 32 + UART);
	assert_int_equal(rd(IAR), 32 + UART);
	wr(EOIR, 32 + UART);
	assert_false(fake_vcpu.irq);	/* still high, and no new edge */
	line(UART, false);
	line(UART, true);
	wr(ICPENDR(1), BIT(UART));
	assert_false(fake_vcpu.irq);
}

static void test_masks(void **state)
{
	enable(32);
	line(TIMER, true);
	wr(CTLR, 0);
	assert_false(fake_vcpu.irq);
	assert_int_equal(rd(IAR), NONE);
	wr(CTLR, 1);
	wr(CPU_CTLR, 0);
	assert_false(fake_vcpu.irq);
	assert_int_equal(rd(IAR), NONE);
	wr(CPU_CTLR, 1);
	wr(PMR, 0xa0);	/* not higher than its priority */
	assert_int_equal(rd(PMR), 0xa0);
	assert_false(fake_vcpu.irq);
	wr(PMR, 0xa8);
	assert_true(fake_vcpu.irq);
	wr(ICENABLER(1), 1);
	assert_false(fake_vcpu.irq);
	assert_int_equal(rd(ISENABLER(1)), 0);
}

static void test_priorities(void **state)
{
	set_priority(32, 0x87);
	assert_int_equal(rd(PRIORITY(32)) & 0xff, 0x80);	/* five bits */
	set_priority(37, 0x40);
	enable(32);
	enable(37);
	enable(38);
	line(6, true);
	line(TIMER, true);
	assert_int_equal(rd(RPR), 0xff);
	assert_int_equal(rd(IAR), 32);		/* 0x80 before 0xa0 */
	assert_int_equal(rd(RPR), 0x80);
	assert_false(fake_vcpu.irq);		/* 0xa0 does not preempt */
	line(UART, true);
	assert_true(fake_vcpu.irq);		/* 0x40 does */
	assert_int_equal(rd(IAR), 37);
	assert_int_equal(rd(RPR), 0x40);
	line(UART, false);
	line(TIMER, false);
	wr(EOIR, 37);
	assert_int_equal(rd(RPR), 0x80);
	wr(EOIR, 32);
	assert_int_equal(rd(IAR), 38);
	/* among equals the lowest number */
	line(6, false);
	wr(EOIR, 38);
	set_priority(32, 0xa0);
	line(6, true);
	line(TIMER, true);
	assert_int_equal(rd(IAR), 32);
}

/* With more subpriority bits less preempts; the choice is by the whole priority. */
static void test_binary_point(void **state)
{
	wr(BPR, 0);
	assert_int_equal(rd(BPR), 2);
	wr(BPR, 7);
	set_priority(37, 0x10);
	enable(32);
	enable(37);
	line(TIMER, true);
	assert_int_equal(rd(IAR), 32);
	line(UART, true);
	assert_int_equal(rd(HPPIR), 37);
	assert_false(fake_vcpu.irq);
	wr(BPR, 4);	/* groups by bits 7:5 */
	wr(EOIR, 32);
	set_priority(32, 0x18);
	assert_int_equal(rd(IAR), 37);
	assert_int_equal(rd(RPR), 0x00);
	assert_false(fake_vcpu.irq);
}

static void test_software_interrupts(void **state)
{
	assert_int_equal(rd(ISENABLER(0)), 0xffff);
	wr(ICENABLER(0), ~0u);
	assert_int_equal(rd(ISENABLER(0)), 0xffff);
	assert_int_equal(rd(CONFIG(0)), 0xaaaaaaaa);
	wr(SGIR, BIT(17) | 3);	/* another processor */
	wr(SGIR, 1 << 24 | 3);	/* all others */
	assert_false(fake_vcpu.irq);
	wr(SGIR, BIT(16) | 3);
	wr(SGIR, 2 << 24 | 1);	/* oneself */
	assert_int_equal(rd(ISPENDR(0)), BIT(3) | BIT(1));
	assert_int_equal(rd(IAR), 1);
	wr(EOIR, 1);
	assert_int_equal(rd(IAR), 3);
	wr(EOIR, 3);
	assert_false(fake_vcpu.irq);
	wr(ISPENDR(0), ~0u);
	assert_false(fake_vcpu.irq);
}

static void test_what_is_not_there(void **state)
{
	struct mmio_access half = { .offset = CTLR, .size = 2 }, byte = { .offset = CTLR, .size = 1 };

	wr(ISENABLER(4), ~0u);
	assert_int_equal(rd(ISENABLER(4)), 0);
	wr(ISENABLER(0), ~0u);
	assert_int_equal(rd(ISENABLER(0)), 0xffff);	/* no private peripheral interrupts */
	wr(PRIORITY(16), ~0u);
	assert_int_equal(rd(PRIORITY(16)), 0);
	wr(TARGET(32), ~0u);
	assert_int_equal(rd(TARGET(32)), 0);
	assert_int_equal(rd(0xffc + 4 * 0x200), 0);
	line(96, true);
	line(~0u, true);
	for (u32 bank = 0; bank < 4; bank++)
		assert_int_equal(rd(ISPENDR(bank)), 0);
	assert_int_equal(dev.type->access(&dev, &half), MMIO_ERROR);
	assert_int_equal(dev.type->access(&dev, &byte), MMIO_ERROR);
}

/* Ends without a beginning, and in the wrong order, end nothing else. */
static void test_wrong_ends(void **state)
{
	enable(32);
	line(TIMER, true);
	wr(EOIR, 32);
	wr(EOIR, NONE);
	wr(EOIR, 500);
	assert_int_equal(rd(IAR), 32);
	wr(EOIR, 37);
	wr(EOIR, NONE);
	assert_int_equal(rd(RPR), 0xa0);
	line(TIMER, false);
	wr(EOIR, 32);
	assert_int_equal(rd(RPR), 0xff);
	wr(EOIR, 32);
	assert_int_equal(rd(RPR), 0xff);
}

static void test_reset(void **state)
{
	enable(32);
	line(TIMER, true);
	assert_int_equal(rd(IAR), 32);
	dev.type->reset(&dev);
	assert_false(fake_vcpu.irq);
	assert_int_equal(rd(CTLR), 0);
	assert_int_equal(rd(PMR), 0);
	assert_int_equal(rd(ISENABLER(1)), 0);
	assert_int_equal(rd(IABR(1)), 0);
	assert_int_equal(rd(RPR), 0xff);
	assert_int_equal(rd(ISPENDR(1)), 1);	/* the input is the timer's */
}

static void test_refused(void **state)
{
	static const struct layout_dev small = { .node = "gic", .nregs = 1, .reg = { { 0x10000000, 0x1000 } } };

	assert_int_equal(create(), 0);
	assert_int_not_equal(dev.type->create(&dev, &node), 0);
	assert_non_null(strstr(fake_log_text, "an interrupt controller already"));
	guest.irqchip = NULL;
	assert_int_not_equal(dev.type->create(&dev, &small), 0);
	assert_non_null(strstr(fake_log_text, "0x2000 bytes"));
	guest.cfg.ndevs = 1;
	guest.cfg.dev[0] = (struct layout_dev){ .node = "mmc", .compatible = LAYOUT_PASSTHROUGH, .nirqs = 1, .irq = { 83 } };
	assert_int_not_equal(dev.type->create(&dev, &node), 0);
	assert_non_null(strstr(fake_log_text, "physical lines do not go to gic"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_identity, setup),
		cmocka_unit_test_setup(test_level, setup),
		cmocka_unit_test_setup(test_edge, setup),
		cmocka_unit_test_setup(test_masks, setup),
		cmocka_unit_test_setup(test_priorities, setup),
		cmocka_unit_test_setup(test_binary_point, setup),
		cmocka_unit_test_setup(test_software_interrupts, setup),
		cmocka_unit_test_setup(test_what_is_not_there, setup),
		cmocka_unit_test_setup(test_wrong_ends, setup),
		cmocka_unit_test_setup(test_reset, setup),
		cmocka_unit_test_setup(test_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
