/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit test: walk of the guest's tables, faults included, and accesses on behalf of emulated instructions. */
/* SOURCES: arch/arm/mmu/guest_walk.c arch/arm/mmu/guest_access.c arch/arm/mmu/attr.c core/guest_map.c core/guest_mem.c */
/* SOURCES: tests/host/fake/arch.c tests/host/fake/log.c tests/host/fake/sysreg.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../arch/arm/mmu/mmu.h"
#include <arm/code_page.h>
#include <arm/xlate.h>
#include <hv/mmio.h>

#include "fake.h"

#define RAM	0x80000000u
#define L1	(RAM + 0x4000)
#define L1B	(RAM + 0x10000)
#define L2	(RAM + 0x8000)
#define WNR	BIT(11)

static struct guest guest;
static struct vcpu vcpu;
static struct walk w;
static struct gfault f;
static gpa_t dropped;
static bool page_is_code;

bool code_page_is_code(struct vcpu *v, gpa_t gpa, hpa_t *exec) { return page_is_code; }
void code_page_written(struct vcpu *v, gpa_t gpa) { dropped = gpa & PAGE_MASK; page_is_code = false; }
static bool keeps_stores;
static u32 kept_stores;

bool code_page_store(struct vcpu *v, gpa_t gpa, u32 size, u32 value)
{
	kept_stores += keeps_stores;
	return keeps_stores;
}

void shadow_written(struct vcpu *v, gpa_t at, u32 len) { }

enum mmio_result mmio_dispatch(struct guest *g, struct mmio_access *a)
{
	if (a->addr == 0x48200ff0)
		return MMIO_ERROR;
	if (a->is_write)
		fake_mmio_add(a->addr, a->value);
	else
		a->value = 0x1234;
	return MMIO_DONE;
}

static void poke(gpa_t a, u32 v)
{
	*(u32 *)hpa_ptr(a) = v;
}

static u32 peek(gpa_t a)
{
	return *(u32 *)hpa_ptr(a);
}

static void map_add(gpa_t base, u32 size, enum region_type type)
{
	assert_int_equal(guest_map_add(&guest.map, &(struct region){ .base = base, .size = size, .type = type,
								     .name = "r" }, NULL), 0);
}

static int setup(void **state)
{
	fake_arch_reset();
	memset(&guest, 0, sizeof(guest));
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.guest = &guest;
	map_add(RAM, 0x1000000, REGION_RAM);
	map_add(0x48000000, 0x1000000, REGION_PASSTHROUGH);
	map_add(0x48200000, 0x1000, REGION_EMULATED);
	vcpu.cp15.sctlr = SCTLR_M;
	vcpu.cp15.ttbr0 = L1 | 0x19;
	vcpu.cp15.ttbr1 = L1B | 0x19;
	vcpu.cp15.dacr = 1;		/* domain 0 client, others none */
	vcpu.cpsr = MODE_SVC;
	page_is_code = false;
	dropped = 0;
	xlate_forget(&vcpu);
	return 0;
}

static void expect_ok(gva_t va, enum shadow_access acc, bool priv, gpa_t gpa)
{
	assert_int_equal(guest_walk(&vcpu, va, acc, priv, &w, &f), 0);
	assert_int_equal(w.gpa, gpa);
}

static void expect_fault(gva_t va, enum shadow_access acc, bool priv, u32 fsr)
{
	assert_int_equal(guest_walk(&vcpu, va, acc, priv, &w, &f), -EFAULT);
	assert_int_equal(f.fsr, fsr);
	assert_int_equal(f.far, va);
}

static void set_l1(gva_t va, u32 d)
{
	poke(L1 + (va >> 20) * 4, d);
}

static void set_l2(gva_t va, u32 d)
{
	poke(L2 + (va >> 12 & 0xff) * 4, d);
}

static void mmu_off_is_identity(void **state)
{
	vcpu.cp15.sctlr = 0;
	expect_ok(0xdeadbeef, ACC_EXEC, false, 0xdeadbeef);
	assert_int_equal(w.size, SECTION_SIZE);
	assert_int_equal(w.l1desc & 3, 0);	/* equal to no descriptor of a guest */
}

static void leaves(void **state)
{
	set_l1(0xc0100000, 0x80300000 | 1 << 10 | 2);
	expect_ok(0xc0123456, ACC_WRITE, true, 0x80323456);
	assert_int_equal(w.size, SECTION_SIZE);
	assert_true(w.global);
	assert_false(w.xn);
	set_l1(0xc0100000, 0x80300000 | 1 << 10 | 2 | BIT(17) | BIT(4) | 5 << 12 | BIT(16) | BIT(3));
	expect_ok(0xc0123456, ACC_READ, true, 0x80323456);
	assert_false(w.global);
	assert_true(w.xn);
	assert_int_equal(w.tex, 5);
	assert_int_equal(w.s, 1);
	assert_int_equal(w.c, 1);
	assert_int_equal(w.b, 0);
	/* supersection: domain field is address, domain is 0 */
	set_l1(0xd5300000, 0x81000000 | BIT(18) | 1 << 10 | 2 | 0x1e0);
	expect_ok(0xd5345678, ACC_READ, true, 0x81345678);
	assert_int_equal(w.size, 16 * SECTION_SIZE);
	assert_int_equal(w.domain, 0);
	/* small page, with the attributes where a small page has them */
	set_l1(0x40000000, L2 | 1);
	set_l2(0x40005000, 0x80777000 | 3 << 4 | 3 | 6 << 6 | BIT(10) | BIT(11) | BIT(2));
	expect_ok(0x40005abc, ACC_READ, false, 0x80777abc);
	assert_int_equal(w.size, PAGE_SIZE);
	assert_true(w.xn);
	assert_false(w.global);
	assert_int_equal(w.tex, 6);
	assert_int_equal(w.s, 1);
	assert_int_equal(w.c, 0);
	assert_int_equal(w.b, 1);
	assert_int_equal(w.l2addr, L2 + 5 * 4);
	/* large page */
	set_l2(0x40012000, 0x80aa0000 | 3 << 4 | 1 | 3 << 12 | BIT(15));
	expect_ok(0x40012345, ACC_READ, false, 0x80aa2345);
	assert_int_equal(w.size, 0x10000);
	assert_true(w.xn);
	assert_int_equal(w.tex, 3);
}

static void translation_faults(void **state)
{
	expect_fault(0x1000, ACC_READ, true, 0x5);
	expect_fault(0x1000, ACC_WRITE, true, 0x5 | WNR);
	set_l1(0x00200000, 0x80000003);		/* reserved type */
	expect_fault(0x00200000, ACC_READ, true, 0x5);
	set_l1(0x00300000, L2 | 1 | 3 << 5);
	expect_fault(0x00300000, ACC_READ, true, 0x37);		/* before the domain fault */
	expect_fault(0x00300000, ACC_EXEC, true, 0x7);		/* IFSR has no domain */
}

static void domain_faults(void **state)
{
	set_l1(0x00400000, 0x80000000 | 3 << 10 | 2 | 7 << 5);
	expect_fault(0x00400000, ACC_WRITE, true, 0x79 | WNR);
	set_l1(0x00300000, L2 | 1 | 3 << 5);
	set_l2(0x00300000, 0x80000000 | 3 << 4 | 2);
	expect_fault(0x00300000, ACC_READ, true, 0x3b);
	vcpu.cp15.dacr |= 2 << 6;		/* reserved: as no access */
	expect_fault(0x00300000, ACC_READ, true, 0x3b);
	vcpu.cp15.dacr |= 3 << 6;
	set_l2(0x00300000, 0x80000000 | 0 << 4 | 3);	/* manager: neither AP nor XN count */
	expect_ok(0x00300000, ACC_EXEC, false, 0x80000000);
	assert_true(w.manager);
}

/* AP[2:0] x privilege x access, B3.7.1. */
static void permissions(void **state)
{
	static const char *const pl1[8] = { "", "rw", "rw", "rw", "", "r", "r", "r" };
	static const char *const pl0[8] = { "", "", "r", "rw", "", "", "r", "r" };

	set_l1(0x40000000, L2 | 1);
	for (u32 ap = 0; ap < 8; ap++) {
		set_l1(0x50000000, 0x80000000 | (ap & 3) << 10 | (ap >> 2) << 15 | 2);
		set_l2(0x40000000, 0x80000000 | (ap & 3) << 4 | (ap >> 2) << 9 | 2);
		for (u32 priv = 0; priv < 2; priv++) {
			const char *can = priv ? pl1[ap] : pl0[ap];
			bool r = strchr(can, 'r'), wr = strchr(can, 'w');

			for (u32 i = 0; i < 2; i++) {
				gva_t va = i ? 0x50000000 : 0x40000000;
				u32 fs = i ? 0xd : 0xf;

				assert_int_equal(guest_walk(&vcpu, va, ACC_READ, priv, &w, &f), r ? 0 : -EFAULT);
				assert_int_equal(guest_walk(&vcpu, va, ACC_EXEC, priv, &w, &f), r ? 0 : -EFAULT);
				if (wr)
					expect_ok(va, ACC_WRITE, priv, 0x80000000);
				else
					expect_fault(va, ACC_WRITE, priv, fs | WNR);
			}
		}
	}
	set_l2(0x40000000, 0x80000000 | 3 << 4 | 3);
	expect_ok(0x40000000, ACC_WRITE, false, 0x80000000);
	expect_fault(0x40000000, ACC_EXEC, true, 0xf);
}

static void access_flag(void **state)
{
	vcpu.cp15.sctlr |= SCTLR_AFE;
	set_l1(0x40000000, L2 | 1);
	set_l2(0x40000000, 0x80000000 | 2 << 4 | 2);		/* AP[2:1] = 01: RW both, flag clear */
	expect_fault(0x40000000, ACC_WRITE, true, 0x6 | WNR);
	set_l1(0x50000000, 0x80000000 | 0 << 10 | 2);
	expect_fault(0x50000000, ACC_READ, true, 0x3);
	set_l2(0x40000000, 0x80000000 | 3 << 4 | 2);
	expect_ok(0x40000000, ACC_WRITE, false, 0x80000000);
	set_l2(0x40000000, 0x80000000 | 1 << 4 | 2);		/* 00: RW PL1 only */
	expect_ok(0x40000000, ACC_WRITE, true, 0x80000000);
	expect_fault(0x40000000, ACC_READ, false, 0xf);
	set_l2(0x40000000, 0x80000000 | 3 << 4 | BIT(9) | 2);	/* 11: RO both */
	expect_ok(0x40000000, ACC_READ, false, 0x80000000);
	expect_fault(0x40000000, ACC_WRITE, true, 0xf | WNR);
}

static void tables_outside_ram(void **state)
{
	set_l1(0x40000000, 0x48000000 | 1 | 0 << 5);
	expect_fault(0x40000000, ACC_READ, true, 0xe);
	vcpu.cp15.ttbr0 = 0x10000000;
	expect_fault(0x40000000, ACC_WRITE, true, 0xc | WNR);
}

static void two_table_bases(void **state)
{
	poke(L1B + 0xc00 * 4, 0x80500000 | 1 << 10 | 2);
	poke(L1 + 0x3ff * 4, 0x80600000 | 1 << 10 | 2);
	vcpu.cp15.ttbcr = 2;		/* TTBR0 below 1 GiB, its table is 4 KiB */
	expect_ok(0xc0000000, ACC_READ, true, 0x80500000);
	expect_ok(0x3ff00000, ACC_READ, true, 0x80600000);
	vcpu.cp15.ttbr0 = (RAM + 0x1000) | 0x19;
	poke(RAM + 0x1000 + 4, 0x80700000 | 1 << 10 | 2);
	expect_ok(0x00100000, ACC_READ, true, 0x80700000);
	vcpu.cp15.ttbcr = 2 | BIT(4);
	expect_fault(0x00100000, ACC_READ, true, 0x5);
	expect_ok(0xc0000000, ACC_READ, true, 0x80500000);
	vcpu.cp15.ttbcr = 2 | BIT(5);
	expect_fault(0xc0000000, ACC_READ, true, 0x5);
}

static void big_endian_tables(void **state)
{
	vcpu.cp15.sctlr |= SCTLR_EE;
	set_l1(0xc0100000, __builtin_bswap32(0x80300000 | 1 << 10 | 2));
	expect_ok(0xc0123456, ACC_WRITE, true, 0x80323456);
}

/* Tables that the guest's walker would read from memory are read from memory. */
static void uncached_walks_flush_the_line(void **state)
{
	set_l1(0xc0100000, 0x80300000 | 1 << 10 | 2);
	expect_ok(0xc0123456, ACC_WRITE, true, 0x80323456);
	assert_int_equal(fake_dcache_flushed, 0);
	vcpu.cp15.ttbr0 = L1;
	expect_ok(0xc0123456, ACC_WRITE, true, 0x80323456);
	assert_int_equal(fake_dcache_flushed, 4);
}

/* -- accesses -- */

static int do_access(gva_t va, enum shadow_access acc, u32 size, u32 *val)
{
	return guest_access(&vcpu, va, acc, true, size, val, &f);
}

static void access_memory(void **state)
{
	u32 val = 0x11223344;

	set_l1(0x40000000, L2 | 1);
	set_l2(0x40000000, 0x80200000 | 3 << 4 | 2 | 0xc | 1 << 6);
	set_l2(0x40001000, 0x80500000 | 3 << 4 | 2 | 0xc | 1 << 6);
	assert_int_equal(do_access(0x40000010, ACC_WRITE, 4, &val), 0);
	assert_int_equal(peek(0x80200010), 0x11223344);
	assert_int_equal(do_access(0x40000012, ACC_READ, 2, &val), 0);
	assert_int_equal(val, 0x1122);
	assert_int_equal(do_access(0x40000011, ACC_READ, 1, &val), 0);
	assert_int_equal(val, 0x33);
	/* unaligned, across two pages that are not neighbours */
	val = 0xa1b2c3d4;
	assert_int_equal(do_access(0x40000ffe, ACC_WRITE, 4, &val), 0);
	assert_int_equal(peek(0x80200ffc) >> 16, 0xc3d4);
	assert_int_equal(peek(0x80500000) & 0xffff, 0xa1b2);
	val = 0;
	assert_int_equal(do_access(0x40000ffe, ACC_READ, 4, &val), 0);
	assert_int_equal(val, 0xa1b2c3d4);
	assert_int_equal(fake_dcache_flushed, 0);
}

static void unaligned_faults_before_it_writes(void **state)
{
	u32 val = 0xffffffff;

	set_l1(0x40000000, L2 | 1);
	set_l2(0x40000000, 0x80200000 | 3 << 4 | 2 | 0xc | 1 << 6);
	for (u32 first = 0x40000ffd; first <= 0x40000fff; first++) {
		assert_int_equal(do_access(first, ACC_WRITE, 4, &val), -EFAULT);
		assert_int_equal(f.fsr, 0x7 | WNR);
		assert_int_equal(f.far, 0x40001000);
	}
	assert_int_equal(peek(0x80200ffc), 0);
	set_l2(0x40000000, 0);
	set_l2(0x40001000, 0x80200000 | 3 << 4 | 2 | 0xc | 1 << 6);
	assert_int_equal(do_access(0x40000fff, ACC_READ, 2, &val), -EFAULT);
	assert_int_equal(f.far, 0x40000fff);
	vcpu.cp15.sctlr |= SCTLR_A;
	assert_int_equal(do_access(0x40000101, ACC_READ, 2, &val), -EFAULT);
	assert_int_equal(f.fsr, 0x1);
	assert_int_equal(f.far, 0x40000101);
}

static void write_ends_code(void **state)
{
	u32 val = 1;

	vcpu.cp15.sctlr = 0;
	page_is_code = true;
	assert_int_equal(do_access(0x80200010, ACC_READ, 4, &val), 0);
	assert_int_equal(dropped, 0);
	assert_int_equal(do_access(0x80200010, ACC_WRITE, 4, &val), 0);
	assert_int_equal(dropped, 0x80200000);
}

/* Or it does not: each store is seen, the next one as well. */
static void write_beside_code(void **state)
{
	u32 val = 1;

	vcpu.cp15.sctlr = 0;
	page_is_code = keeps_stores = true;
	kept_stores = 0;
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(do_access(0x80200010, ACC_WRITE, 4, &val), 0);
	assert_int_equal(kept_stores, 3);
	assert_int_equal(dropped, 0);
	keeps_stores = false;
	assert_int_equal(do_access(0x80200010, ACC_WRITE, 4, &val), 0);
	assert_int_equal(kept_stores, 3);
	assert_int_equal(dropped, 0x80200000);
}

static void access_devices(void **state)
{
	u32 val = 0xfff;

	vcpu.cp15.sctlr = 0;
	fake_mmio_add(0x48001000, 0xcafe);
	assert_int_equal(do_access(0x48001000, ACC_READ, 4, &val), 0);
	assert_int_equal(val, 0xcafe);
	assert_int_equal(do_access(0x48002000, ACC_READ, 4, &val), -EFAULT);	/* nobody answers */
	assert_int_equal(f.fsr, 0x8);
	assert_int_equal(do_access(0x48200004, ACC_READ, 2, &val), 0);		/* emulated */
	assert_int_equal(val, 0x1234);
	assert_int_equal(do_access(0x48200ff0, ACC_WRITE, 4, &val), -EFAULT);
	assert_int_equal(f.fsr, 0x8 | WNR);
	assert_int_equal(do_access(0x10000000, ACC_WRITE, 4, &val), -EFAULT);	/* nothing there */
	assert_int_equal(f.fsr, 0x8 | WNR);
	assert_int_equal(do_access(0x48001001, ACC_READ, 4, &val), -EFAULT);	/* devices: aligned only */
	assert_int_equal(f.fsr, 0x1);
}

/* A page that the guest maps uncached must not be served from, or left in, our cache. */
static void uncached_memory_is_flushed(void **state)
{
	u32 val = 5;

	set_l1(0xc0100000, 0x80300000 | 1 << 10 | 1 << 12 | 2);	/* Normal, non-cacheable */
	assert_int_equal(do_access(0xc0100000, ACC_WRITE, 4, &val), 0);
	assert_int_equal(fake_dcache_flushed, 8);
	assert_int_equal(do_access(0xc0100000, ACC_READ, 4, &val), 0);
	assert_int_equal(fake_dcache_flushed, 12);
}

static void fetch(void **state)
{
	u32 val;

	set_l1(0xc0100000, 0x80300000 | 1 << 10 | 2 | 1 << 12 | 0xc);
	poke(0x80300010, 0xe1a0f00e);
	assert_int_equal(guest_fetch(&vcpu, 0xc0100010, 4, &val, &f), 0);
	assert_int_equal(val, 0xe1a0f00e);
	assert_int_equal(guest_fetch(&vcpu, 0xc0100012, 2, &val, &f), 0);
	assert_int_equal(val, 0xe1a0);
	vcpu.cpsr = MODE_USR;
	assert_int_equal(guest_fetch(&vcpu, 0xc0100010, 4, &val, &f), -EFAULT);
	assert_int_equal(f.fsr, 0xd);
	vcpu.cp15.sctlr = 0;
	xlate_forget(&vcpu);
	assert_int_equal(guest_fetch(&vcpu, 0x48001000, 4, &val, &f), -EFAULT);
	assert_int_equal(f.fsr, 0x8);
}

static u32 read_back(gva_t va, bool priv)
{
	u32 val = 0;

	return guest_access(&vcpu, va, ACC_READ, priv, 4, &val, &f) ? 0 : val;
}

/* A translation that was found stays until something is said about translations, each kind of access by itself. */
static void translations_are_kept(void **state)
{
	u32 val = 7;

	set_l1(0x40000000, L2 | 1);
	set_l2(0x40000000, 0x80200000 | 1 << 4 | 2 | 0xc | 1 << 6);	/* PL1 only */
	poke(0x80200010, 0x11111111);
	poke(0x80500010, 0x22222222);
	assert_int_equal(read_back(0x40000010, true), 0x11111111);
	assert_int_equal(read_back(0x40000010, false), 0);
	set_l2(0x40000000, 0x80500000 | 1 << 4 | 2 | 0xc | 1 << 6);
	assert_int_equal(read_back(0x40000010, true), 0x11111111);
	assert_int_equal(guest_access(&vcpu, 0x40000010, ACC_WRITE, true, 4, &val, &f), 0);	/* no store was seen yet */
	assert_int_equal(peek(0x80500010), 7);
	xlate_forget(&vcpu);
	assert_int_equal(read_back(0x40000010, true), 7);
	/* other pages with the same place push it out */
	set_l2(0x40000000 + XLATE_NR * PAGE_SIZE, 0x80200000 | 1 << 4 | 2 | 0xc | 1 << 6);
	assert_int_equal(read_back(0x40000010 + XLATE_NR * PAGE_SIZE, true), 0x11111111);
	assert_int_equal(read_back(0x40000010, true), 7);
	/* generations are used again */
	for (u32 i = 0; i < XLATE_GEN / XLATE_GEN_STEP; i++) {
		set_l2(0x40000000, (i & 1 ? 0x80200000 : 0x80500000) | 1 << 4 | 2 | 0xc | 1 << 6);
		xlate_forget(&vcpu);
		assert_int_equal(read_back(0x40000010, true), i & 1 ? 0x11111111 : 7);
	}
}

/* Nothing is kept of memory that is not as Umbra maps it, nor of devices. */
static void translations_not_kept(void **state)
{
	set_l1(0xc0100000, 0x80300000 | 1 << 10 | 2);			/* Strongly-ordered */
	set_l1(0xc0200000, 0x48000000 | 1 << 10 | 2);
	(void)read_back(0xc0100010, true);
	assert_null(xlate_find(&vcpu, 0xc0100010, ACC_READ, true));
	(void)read_back(0xc0200010, true);
	assert_null(xlate_find(&vcpu, 0xc0200010, ACC_READ, true));
	assert_true(vcpu.device_accessed);
}

#define T(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mmu_off_is_identity), T(leaves), T(translation_faults), T(domain_faults), T(permissions), T(access_flag),
		T(tables_outside_ram), T(two_table_bases), T(big_endian_tables), T(uncached_walks_flush_the_line),
		T(access_memory), T(unaligned_faults_before_it_writes), T(write_ends_code), T(write_beside_code), T(access_devices),
		T(uncached_memory_is_flushed), T(fetch), T(translations_are_kept), T(translations_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
