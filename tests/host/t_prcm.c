/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock manager filter: what passes, what is held, the picture that the guest gets, and loops that must end. */
/* SOURCES: emulators/omap3_prcm.c emulators/omap3_sdrc.c tests/host/fake/emudev.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>

#include "fake.h"

#define CM		0x48004000u
#define PRM		0x48306000u
#define SMS		0x6c000000u
#define SDRC		0x6d000000u

static struct guest guest;
static struct emudev prcm, sdrc;

/* Hardware: four windows of plain words. The last 4 bytes of each do not answer. */
static const hpa_t window[] = { CM, PRM, SMS, SDRC };
static u32 hw[4][0x4000 / 4];
static u32 hw_writes;

static u32 *hw_word(hpa_t a)
{
	for (u32 i = 0; i < 4; i++)
		if (a - window[i] < 0x4000 - 4)
			return &hw[i][(a - window[i]) / 4];
	return NULL;
}

bool arch_mmio_read_checked(hpa_t a, u32 size, u32 *v)
{
	u32 *p = hw_word(a);

	if (!p)
		return false;
	*v = *p >> 8 * (a & 3);
	if (size < 4)
		*v &= BIT(8 * size) - 1;
	return true;
}

bool arch_mmio_write_checked(hpa_t a, u32 size, u32 v)
{
	u32 *p = hw_word(a), mask = size == 4 ? ~0u : BIT(8 * size) - 1, shift = 8 * (a & 3);

	if (!p)
		return false;
	*p = (*p & ~(mask << shift)) | (v & mask) << shift;
	hw_writes++;
	return true;
}

static u32 rd_size(struct emudev *d, gpa_t addr, u32 size)
{
	struct mmio_access a = { .addr = addr, .offset = addr - d->base, .size = size };

	assert_int_equal(d->type->access(d, &a), MMIO_DONE);
	return a.value;
}

static u32 rd(gpa_t addr)
{
	return rd_size(addr >= SMS ? &sdrc : &prcm, addr, 4);
}

static void wr_size(struct emudev *d, gpa_t addr, u32 value, u32 size)
{
	struct mmio_access a = { .addr = addr, .offset = addr - d->base, .size = size, .is_write = true, .value = value };

	assert_int_equal(d->type->access(d, &a), MMIO_DONE);
}

static void wr(gpa_t addr, u32 value)
{
	wr_size(addr >= SMS ? &sdrc : &prcm, addr, value, 4);
}

const struct host_mem *arch_host_mem(void)
{
	static const struct host_mem mem = { .ram_base = 0x80000000, .ram_size = 0x20000000 };

	return &mem;
}

static void create(struct emudev *d, const char *compatible, gpa_t base0, gpa_t base1)
{
	struct layout_dev *node = calloc(1, sizeof(*node));

	node->node = compatible;
	node->nregs = 2;
	node->reg[0].base = base0;
	node->reg[1].base = base1;
	d->type = emudev_find_type(compatible);
	assert_non_null(d->type);
	d->name = compatible;
	d->guest = &guest;
	d->base = base0;
	d->irq = ~0u;
	d->node = node;
	d->priv = calloc(1, d->type->state_size);
	if (d->type->create)
		assert_int_equal(d->type->create(d, node), 0);
}

/* What U-Boot leaves where it matters. */
static int setup(void **state)
{
	fake_log_reset();
	memset(hw, 0, sizeof(hw));
	memset(&guest, 0, sizeof(guest));
	guest.name = "t";
	*hw_word(CM + 0x904) = 0x37;
	*hw_word(CM + 0xa10) = 0x42;
	*hw_word(CM + 0xa40) = 0x130a;
	*hw_word(CM + 0xd00) = 0x00370037;
	*hw_word(CM + 0xd20) = 0x3f3f;
	guest.cfg.mem_base = 0x80000000;
	guest.cfg.mem_size = 0x20000000;
	*hw_word(CM + 0xd40) = 0x08c80c00;
	*hw_word(CM + 0xd44) = 0x0001b00c;
	*hw_word(CM + 0x1000) = 0x800;
	*hw_word(PRM + 0x9e0) = 7;
	*hw_word(PRM + 0x1270) = 0x80;
	*hw_word(SDRC + 0x60) = 0x0a;
	*hw_word(SDRC + 0x80) = 0x03588099;
	create(&prcm, "umbra,omap3-prcm", CM, PRM);
	create(&sdrc, "umbra,omap3-sdrc", SMS, SDRC);
	prcm.type->reset(&prcm);
	sdrc.type->reset(&sdrc);
	hw_writes = 0;
	return 0;
}

static int teardown(void **state)
{
	free(prcm.priv);
	free(sdrc.priv);
	free((void *)prcm.node);
	free((void *)sdrc.node);
	return 0;
}

static void unfiltered_passes(void **state)
{
	wr(CM + 0xe00, 5);
	assert_int_equal(*hw_word(CM + 0xe00), 5);
	*hw_word(PRM + 0xcb0) = 0x10000;	/* a status register */
	assert_int_equal(rd(PRM + 0xcb0), 0x10000);
	wr(PRM + 0xa58, ~0u);	/* write one to clear: not turned into read-modify-write */
	assert_int_equal(*hw_word(PRM + 0xa58), ~0u);
	wr_size(&prcm, CM + 0xe02, 0xab, 1);
	assert_int_equal(*hw_word(CM + 0xe00), 0x00ab0005);
	assert_int_equal(rd_size(&prcm, CM + 0xe02, 1), 0xab);
}

/* Clocks of what Umbra uses stay on, the guest sees them off; other bits of the register pass. */
static void clocks_stay_on(void **state)
{
	wr(CM + 0x1000, 0x20);
	assert_int_equal(*hw_word(CM + 0x1000), 0x820);
	assert_int_equal(rd(CM + 0x1000), 0x20);
	wr(CM + 0xa00, 0x1000 | 0x2000);
	assert_int_equal(rd(CM + 0xa00), 0x3000);
	wr(CM + 0xa00, 0);
	assert_int_equal(*hw_word(CM + 0xa00), 0x1000);
	assert_int_equal(rd(CM + 0xa00), 0);
	wr(CM + 0xa10, 0);
	assert_int_equal(*hw_word(CM + 0xa10), 0x1042);
	wr(CM + 0xa30, ~0u);
	assert_int_equal(*hw_word(CM + 0xa30), ~0u & ~0x1000u);
	assert_int_equal(rd(CM + 0xa30), ~0u);
	wr(CM + 0x1048, 3);
	assert_int_equal(*hw_word(CM + 0x1048), 0);
	assert_int_equal(rd(CM + 0x1048), 3);
}

/* Linux programs OFF everywhere; the power state stays ON and says so, the other bits show what was written. */
static void power_domains_stay_on(void **state)
{
	static const gpa_t pwstctrl[] = { PRM + 0x9e0, PRM + 0xae0, PRM + 0x10e0, PRM + 0x13e0 };

	for (u32 i = 0; i < ARRAY_SIZE(pwstctrl); i++) {
		wr(pwstctrl[i], 0x10);
		assert_int_equal(*hw_word(pwstctrl[i]) & 3, 3);
		assert_int_equal(rd(pwstctrl[i]), 0x13);
	}
	wr(PRM + 0xee0, 0);	/* DSS is the guest's own */
	assert_int_equal(*hw_word(PRM + 0xee0), 0);
}

/* Stopping and locking DPLL3 and DPLL4 only moves the picture, and the lock status with it. */
static void pll_status_follows(void **state)
{
	assert_int_equal(rd(CM + 0xd20), 0x3f3f);
	wr(CM + 0xd00, 0x00370035);
	assert_int_equal(*hw_word(CM + 0xd00), 0x00370037);
	assert_int_equal(rd(CM + 0xd00), 0x00370035);
	assert_int_equal(rd(CM + 0xd20) & 3, 2);
	wr(CM + 0xd00, 0x00310037);
	assert_int_equal(rd(CM + 0xd20) & 3, 1);
	wr(CM + 0xd00, 0x00370037);
	assert_int_equal(rd(CM + 0xd20), 0x3f3f);
	wr(CM + 0xd40, 0);
	assert_int_equal(*hw_word(CM + 0xd40) & 0xffffff00, 0x08c80c00);
	assert_int_equal(rd(CM + 0xd40), 0);
	wr(CM + 0xd44, 0x1234);
	assert_int_equal(*hw_word(CM + 0xd44), 0x0001b00c);
	/* Power-down bits of the unused outputs of DPLL4 pass. */
	wr(CM + 0xd00, 0x80370037);
	assert_int_equal(*hw_word(CM + 0xd00), 0x80370037);
}

/* The processor PLL: bypass and lock pass, stop does not. */
static void mpu_pll(void **state)
{
	wr(CM + 0x904, 0x35);
	assert_int_equal(*hw_word(CM + 0x904), 0x35);
	wr(CM + 0x904, 0x31);
	assert_int_equal(*hw_word(CM + 0x904), 0x35);
	assert_int_equal(rd(CM + 0x904), 0x31);
	wr(CM + 0x904, 0x37);
	assert_int_equal(*hw_word(CM + 0x904), 0x37);
}

static void sdrc_clock_status(void **state)
{
	assert_int_equal(rd(CM + 0xa20) & 2, 0);
	wr(CM + 0xa10, 0x40);
	assert_int_equal(rd(CM + 0xa20) & 2, 2);
	wr(CM + 0xa10, 0x42);
	assert_int_equal(rd(CM + 0xa20) & 2, 0);
}

static void reset_request(void **state)
{
	wr(PRM + 0x1250, 4);
	assert_int_equal(*hw_word(PRM + 0x1250), 0);
	assert_int_equal(rd(PRM + 0x1250), 0);
	assert_int_equal(guest.request, GUEST_REQ_RESET);
	assert_non_null(strstr(guest.reason, "RSTCTRL"));
}

static void no_reset_without_bits(void **state)
{
	wr(PRM + 0x1250, 0);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	wr_size(&prcm, PRM + 0x1250, 2, 1);
	assert_int_equal(guest.request, GUEST_REQ_RESET);
}

static void part_of_a_filtered_word(void **state)
{
	wr_size(&prcm, CM + 0x1001, 0x00, 1);	/* UART3 off, byte access */
	assert_int_equal(*hw_word(CM + 0x1000), 0x800);
	assert_int_equal(rd_size(&prcm, CM + 0x1001, 1), 0);
	wr_size(&prcm, CM + 0x1002, 0x7, 2);
	assert_int_equal(*hw_word(CM + 0x1000), 0x70800);
	assert_int_equal(rd(CM + 0x1000), 0x70000);
	wr_size(&prcm, CM + 0x1000, 0x20, 1);
	assert_int_equal(rd(CM + 0x1000), 0x70020);
	assert_int_equal(*hw_word(CM + 0x1000), 0x70820);
}

static void system_clock(void **state)
{
	wr(PRM + 0x1270, 0);
	assert_int_equal(*hw_word(PRM + 0x1270), 0x80);
	wr(PRM + 0x1260, 0x1f);
	assert_int_equal(*hw_word(PRM + 0x1260), 0);
	assert_int_equal(rd(PRM + 0x1260), 0x1f);
}

/* A restart forgets what the last guest wrote. */
static void restart(void **state)
{
	wr(CM + 0xd00, 0);
	wr(PRM + 0x9e0, 0);
	prcm.type->reset(&prcm);
	assert_int_equal(rd(CM + 0xd00), 0x00370037);
	assert_int_equal(rd(PRM + 0x9e0), 7);
}

static void bus_error(void **state)
{
	struct mmio_access a = { .addr = CM + 0x3ffc, .size = 4 };

	assert_int_equal(prcm.type->access(&prcm, &a), MMIO_ERROR);
	a.addr = 0x48310000;
	assert_int_equal(prcm.type->access(&prcm, &a), MMIO_NOT_MINE);
}

/* The agent of the interconnect behind each block could reset it. */
static void agents_are_held(void **state)
{
	wr(CM + 0x3020, 1);
	wr(PRM + 0x3020, 1);
	assert_int_equal(hw_writes, 0);
}

/* ---- memory controller ---- */

/* Boot loaders learn there how much memory there is: the guest's, whatever they write. */
static void sdrc_shows_the_guests_memory(void **state)
{
	static const struct { u32 from, mib, size0, size1; } t[] = {
		{ 0, 480, 256, 224 }, { 0, 256, 256, 0 }, { 0, 128, 128, 0 }, { 0, 512, 256, 256 }, { 0, 3, 2, 0 },
		/* elsewhere: never more than up to its end */
		{ 128, 64, 192, 0 }, { 256, 64, 256, 64 }, { 240, 32, 256, 16 }, { 300, 10, 256, 54 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		guest.cfg.mem_base = 0x80000000 + (t[i].from << 20);
		guest.cfg.mem_size = t[i].mib << 20;
		wr(SDRC + 0x80, 0x03588099);
		wr(SDRC + 0xb0, 0x03588099);
		assert_int_equal(rd(SDRC + 0x80), 0x03580099 | t[i].size0 / 2 << 8);
		assert_int_equal(rd(SDRC + 0xb0), 0x03580099 | t[i].size1 / 2 << 8);
	}
}

static void sdrc_is_held(void **state)
{
	assert_int_equal(rd(SDRC + 0x80), 0x03588099);
	wr(SDRC + 0x80, 0);
	wr(SDRC + 0x70, 0x95);
	wr(SDRC + 0x10, 2);
	wr(SMS + 0x48, 0xffff);
	assert_int_equal(hw_writes, 0);
	assert_int_equal(rd(SDRC + 0x80), 0x8000);	/* but for the size */
	assert_int_equal(rd(SDRC + 0x70), 0x95);
	assert_int_equal(rd(SDRC + 0x10), 0);
	assert_int_equal(rd(SDRC + 0x14) & 1, 1);
	assert_int_equal(rd(SMS + 0x48), 0xffff);
	sdrc.type->reset(&sdrc);
	assert_int_equal(rd(SDRC + 0x80), 0x03588099);
}

/* The loops of Linux and U-Boot on the DLL lock. */
static void dll_status(void **state)
{
	assert_int_equal(rd(SDRC + 0x64), 4);
	wr(SDRC + 0x60, 0x0e);	/* idle */
	assert_int_equal(rd(SDRC + 0x64), 0);
	wr(SDRC + 0x60, 0x0a);
	assert_int_equal(rd(SDRC + 0x64), 4);
	wr(SDRC + 0x60, 0);
	assert_int_equal(rd(SDRC + 0x64), 0);
	wr(SDRC + 0x64, 4);	/* read only */
	assert_int_equal(rd(SDRC + 0x64), 0);
}

static void rotation_passes(void **state)
{
	wr(SMS + 0x180, 0x12);
	assert_int_equal(*hw_word(SMS + 0x180), 0x12);
	assert_int_equal(rd(SMS + 0x180), 0x12);
}

static void sdrc_odd_accesses(void **state)
{
	struct mmio_access a = { .addr = SDRC + 0x60, .size = 1 };

	assert_int_equal(sdrc.type->access(&sdrc, &a), MMIO_ERROR);
	assert_int_equal(rd(SDRC + 0xf00), 0);
	wr(SDRC + 0xf00, 1);
	assert_int_equal(hw_writes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unfiltered_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(clocks_stay_on, setup, teardown),
		cmocka_unit_test_setup_teardown(power_domains_stay_on, setup, teardown),
		cmocka_unit_test_setup_teardown(pll_status_follows, setup, teardown),
		cmocka_unit_test_setup_teardown(mpu_pll, setup, teardown),
		cmocka_unit_test_setup_teardown(sdrc_clock_status, setup, teardown),
		cmocka_unit_test_setup_teardown(reset_request, setup, teardown),
		cmocka_unit_test_setup_teardown(no_reset_without_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(part_of_a_filtered_word, setup, teardown),
		cmocka_unit_test_setup_teardown(system_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(restart, setup, teardown),
		cmocka_unit_test_setup_teardown(bus_error, setup, teardown),
		cmocka_unit_test_setup_teardown(agents_are_held, setup, teardown),
		cmocka_unit_test_setup_teardown(sdrc_shows_the_guests_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(sdrc_is_held, setup, teardown),
		cmocka_unit_test_setup_teardown(dll_status, setup, teardown),
		cmocka_unit_test_setup_teardown(rotation_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(sdrc_odd_accesses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
