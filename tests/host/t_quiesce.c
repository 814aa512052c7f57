/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking the board back: DMA stopped first, what was not the guest's untouched, clocks and pins as before, stuck blocks named. */
/* SOURCES: drivers/quiesce_omap.c core/guest_map.c tests/host/fake/log.c */
/* SOURCES: drivers/passthrough/crypto.c drivers/passthrough/dss.c drivers/passthrough/gpio.c drivers/passthrough/gptimer.c */
/* SOURCES: drivers/passthrough/i2c.c drivers/passthrough/isp.c drivers/passthrough/mcbsp.c drivers/passthrough/mcspi.c */
/* SOURCES: drivers/passthrough/mmc.c drivers/passthrough/sdma.c drivers/passthrough/smartreflex.c drivers/passthrough/uart.c */
/* SOURCES: drivers/passthrough/usb_host.c drivers/passthrough/usb_otg.c drivers/passthrough/wdt.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <hv/guest_map.h>
#include <hv/passthrough.h>
#include <hv/time.h>

#include "fake.h"

#define CM	0x48004000u
#define PRM	0x48306000u
#define SCM	0x48002000u
#define SDMA	0x48056000u
#define MMC1	0x4809c000u
#define MMC2	0x480b4000u
#define GPIO6	0x49058000u
#define I2C1	0x48070000u

/* Hardware: a sparse set of words. Unknown ones read 0. */
static struct { hpa_t a; u32 v; u32 writes, last; } word[4096];	/* last: number of the last write */
static u32 words, writes;
static u32 now;
static hpa_t dead;	/* does not answer: one page */
static hpa_t stuck;	/* this status register never says "done" */

static u32 *cell(hpa_t a)
{
	for (u32 i = 0; i < words; i++)
		if (word[i].a == a)
			return &word[i].v;
	assert_true(words < ARRAY_SIZE(word));
	word[words].a = a;
	word[words].writes = 0;
	word[words].v = 0;
	return &word[words++].v;
}

static u32 writes_to(hpa_t page)
{
	u32 n = 0;

	for (u32 i = 0; i < words; i++)
		if ((word[i].a & PAGE_MASK) == page)
			n += word[i].writes;
	return n;
}

static u32 last_write(hpa_t a)
{
	for (u32 i = 0; i < words; i++)
		if (word[i].a == a)
			return word[i].last;
	return 0;
}

u32 host_time_now(void)
{
	return now++;
}

void host_time_delay_us(u32 us)
{
	now += us / 30;
}

void arch_barrier(void)
{
}

static bool is_status(hpa_t a)
{
	return (a & 0xfff) == 0x14 || a == SDMA + 0x28 || a == 0x480ab408 || (a & 0xfff) == 0x58 || a == 0x480c3064 ||
	       (a & 0xfff) == 0x4c || a == 0x480bc008 || (a & ~0x12000u) == 0x48060010;
}

bool arch_mmio_read_checked(hpa_t a, u32 size, u32 *v)
{
	if ((a & PAGE_MASK) == dead)
		return false;
	*v = *cell(a);
	if (a == CM + 0x924)
		*v = (*cell(CM + 0x904) & 7) == 7;	/* locked */
	else if ((a & PAGE_MASK) >= CM && (a & PAGE_MASK) < CM + 0x2000 && (a & 0xf0) == 0x20)
		*v = 0;	/* IDLEST: everything answers */
	else if (a >= PRM && a < PRM + 0x2000 && (a & 0xff) == 0xe4)
		*v = 3;	/* PWSTST: on */
	else if (a < CM || a >= CM + 0x2000)
		if (is_status(a) && a != stuck)
			*v = 1;
	return true;
}

bool arch_mmio_write_checked(hpa_t a, u32 size, u32 v)
{
	u32 *p;

	if ((a & PAGE_MASK) == dead)
		return false;
	p = cell(a);
	*p = v;
	for (u32 i = 0; i < words; i++)
		if (&word[i].v == p) {
			word[i].writes++;
			word[i].last = ++writes;
		}
	return true;
}

u32 arch_mmio_read32(hpa_t a)
{
	return *cell(a);
}

void arch_mmio_write32(hpa_t a, u32 v)
{
	*cell(a) = v;
}

static struct guest_map map;

static void give(gpa_t base, u32 size, enum region_type type)
{
	const struct region r = { .base = base, .size = size, .type = type, .name = "r" };
	const char *clash;

	assert_int_equal(guest_map_add(&map, &r, &clash), 0);
}

/* The boot loader's state; then Umbra starts, then a guest has the board and changes it. */
static int setup(void **state)
{
	static bool initialised;

	fake_log_reset();
	dead = stuck = 0;
	memset(&map, 0, sizeof(map));
	give(0x48000000, 0x1000000, REGION_PASSTHROUGH);
	give(0x49000000, 0x100000, REGION_PASSTHROUGH);
	give(CM, 0x4000, REGION_EMULATED);
	give(PRM, 0x4000, REGION_EMULATED);
	give(I2C1, 0x1000, REGION_EMULATED);
	give(MMC2, 0x1000, REGION_EMULATED);	/* hidden from the guest */
	if (!initialised) {
		*cell(CM + 0x1000) = 0x800;
		*cell(CM + 0xc40) = 0x15;
		*cell(CM + 0xa00) = 0x0;
		*cell(SCM + 0x30) = 0x01000100;
		*cell(GPIO6 + 0x34) = 0xffffc7ff;
		*cell(GPIO6 + 0x3c) = 0x800;
		*cell(PRM + 0x50) = 7;
		*cell(CM + 0x904) = 0x37;
		host_quiesce_init();
		initialised = true;
		assert_int_equal(*cell(CM + 0x1000), 0x800);
		assert_int_equal(*cell(CM + 0xe00), 0);
	}
	*cell(CM + 0xa00) = BIT(12);	/* GPTIMER11, by Umbra */
	return 0;
}

static void restores(void **state)
{
	*cell(CM + 0x1000) = 0x3f800;
	*cell(CM + 0xa00) = 0x01001000;
	*cell(CM + 0xc40) = 0;
	*cell(SCM + 0x30) = 0x07070707;
	*cell(GPIO6 + 0x34) = 0;
	*cell(GPIO6 + 0x3c) = 0xff;
	*cell(GPIO6 + 0x1c) = 0xff;
	*cell(PRM + 0x50) = 0;
	*cell(CM + 0x904) = 0x35;
	assert_int_equal(host_quiesce(&map), 0);
	assert_int_equal(*cell(CM + 0x1000), 0x800);
	assert_int_equal(*cell(CM + 0xa00), BIT(12));	/* Umbra's timer goes on */
	assert_int_equal(*cell(CM + 0xc40), 0x15);
	assert_int_equal(*cell(SCM + 0x30), 0x01000100);
	assert_int_equal(*cell(GPIO6 + 0x34), 0xffffc7ff);
	assert_int_equal(*cell(GPIO6 + 0x3c), 0x800);
	assert_int_equal(*cell(GPIO6 + 0x1c), 0);
	assert_int_equal(*cell(PRM + 0x50), 7);
	assert_int_equal(*cell(CM + 0x904), 0x37);	/* never left in bypass */
	assert_int_equal(fake_log_count[LOG_WARN], 0);
}

static void stops_dma(void **state)
{
	*cell(SDMA + 0x80 + 0x60 * 5) = 0x80 | 0x3e;
	*cell(SDMA + 0x88 + 0x60 * 5) = 0xff;
	*cell(SDMA + 0x18) = ~0u;
	assert_int_equal(host_quiesce(&map), 0);
	assert_int_equal(*cell(SDMA + 0x80 + 0x60 * 5) & 0x80, 0);
	assert_int_equal(*cell(SDMA + 0x88 + 0x60 * 5), 0);
	assert_int_equal(*cell(SDMA + 0x18), 0);
	assert_int_equal(*cell(SDMA + 0x2c), 2);
	assert_int_equal(*cell(MMC1 + 0x10), 2);
	assert_int_equal(*cell(I2C1 + 0x20), 2);	/* filtered, but real */
}

/* IVA2's watchdog is stopped, and its interrupt with it. */
static void stops_wdt3(void **state)
{
	*cell(0x49030000 + 0x1c) = 1;
	assert_int_equal(host_quiesce(&map), 0);
	assert_int_equal(*cell(0x49030000 + 0x48), 0x5555);
	assert_int_equal(*cell(0x49030000 + 0x1c), 0);
}

static void leaves_others_alone(void **state)
{
	u32 before = writes_to(MMC2), uart3 = writes_to(0x49020000), timer11 = writes_to(0x48088000);

	assert_int_equal(host_quiesce(&map), 0);
	assert_int_equal(writes_to(MMC2), before);
	assert_int_equal(writes_to(0x49020000), uart3);
	assert_int_equal(writes_to(0x48088000), timer11);
	assert_int_equal(writes_to(0x48200000), 0);
	memset(&map, 0, sizeof(map));
	before = writes_to(SDMA);
	assert_int_equal(host_quiesce(&map), 0);
	assert_int_equal(writes_to(SDMA), before);
}

/* One that hangs is named and counted; the others are still done. */
static void stuck_block(void **state)
{
	stuck = MMC1 + 0x14;
	*cell(SDMA + 0x80) = 0x80;
	*cell(MMC1 + 0x14) = 0;
	*cell(0x48098010) = 0;
	assert_int_equal(host_quiesce(&map), 1);
	assert_int_equal(fake_log_count[LOG_WARN], 1);
	assert_non_null(strstr(fake_log_text, "HSMMC1"));
	assert_int_equal(*cell(SDMA + 0x80), 0);
	assert_int_equal(*cell(0x48098010), 2);
}

/* One that answers with an abort. */
static void dead_block(void **state)
{
	dead = 0x48098000;
	assert_int_equal(host_quiesce(&map), 1);
	assert_non_null(strstr(fake_log_text, "McSPI1"));
}

/* What moves memory by itself is at rest before anything else is touched, whatever the order of the linker. */
static void masters_first(void **state)
{
	static const hpa_t masters[] = { SDMA + 0x2c, 0x480ab404, 0x48064010, 0x48050010, 0x480bc004 };
	static const hpa_t others[] = { MMC1 + 0x10, 0x480c3060, 0x48098010, 0x49032010, 0x4806a054, I2C1 + 0x20 };

	assert_int_equal(host_quiesce(&map), 0);
	for (u32 i = 0; i < ARRAY_SIZE(masters); i++)
		for (u32 k = 0; k < ARRAY_SIZE(others); k++)
			assert_true(last_write(masters[i]) && last_write(masters[i]) < last_write(others[k]));
}

/* A DMA channel that never becomes idle: its memory is not safe. */
static void busy_channel(void **state)
{
	*cell(SDMA + 0x80 + 0x60 * 31) = BIT(10) | 0x80;
	assert_int_equal(host_quiesce(&map), 1);
	assert_non_null(strstr(fake_log_text, "SDMA"));
	*cell(SDMA + 0x80 + 0x60 * 31) = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(restores, setup),
		cmocka_unit_test_setup(stops_dma, setup),
		cmocka_unit_test_setup(stops_wdt3, setup),
		cmocka_unit_test_setup(leaves_others_alone, setup),
		cmocka_unit_test_setup(stuck_block, setup),
		cmocka_unit_test_setup(dead_block, setup),
		cmocka_unit_test_setup(busy_channel, setup),
		cmocka_unit_test_setup(masters_first, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
