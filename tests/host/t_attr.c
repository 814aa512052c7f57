/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit test: memory attributes and access rights, guest to host. */
/* SOURCES: arch/arm/mmu/attr.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../arch/arm/mmu/attr.h"

static const struct attr_ctl plain;
/* What Linux writes on ARMv7: PRRR and NMRR of proc-v7. */
static const struct attr_ctl linux_remap = { .tre = true, .prrr = 0xff0a81a8, .nmrr = 0x40e040e0 };

/* The host's reading of a small-page descriptor with TRE = 0, written from B3-10 a second time. */
static struct mem_attr host_reads(u32 bits)
{
	u32 tex = bits >> 6 & 7, c = bits >> 3 & 1, b = bits >> 2 & 1;
	bool s = bits >> 10 & 1;

	if (tex >= 4)
		return (struct mem_attr){ MEM_NORMAL, (u8)(c << 1 | b), (u8)(tex & 3), s };
	if (tex == 0 && !c && !b)
		return (struct mem_attr){ MEM_STRONGLY_ORDERED, 0, 0, false };
	if (tex == 0 && !c && b)
		return (struct mem_attr){ MEM_DEVICE, 0, 0, true };
	if (tex == 2 && !c && !b)
		return (struct mem_attr){ MEM_DEVICE, 0, 0, false };
	if (tex == 1 && c && b)
		return (struct mem_attr){ MEM_NORMAL, 1, 1, s };
	fail_msg("host bits 0x%x are not what attr_encode() may produce", bits);
	return (struct mem_attr){ 0 };
}

static void assert_same(struct mem_attr a, struct mem_attr b)
{
	assert_int_equal(a.kind, b.kind);
	assert_int_equal(a.inner, b.inner);
	assert_int_equal(a.outer, b.outer);
	assert_int_equal(a.shareable, b.shareable);
}

static void decode_without_remap(void **state)
{
	static const struct { u32 tex, c, b; struct mem_attr want; } row[] = {
		{ 0, 0, 0, { MEM_STRONGLY_ORDERED, 0, 0, false } },
		{ 0, 0, 1, { MEM_DEVICE, 0, 0, true } },
		{ 0, 1, 0, { MEM_NORMAL, 2, 2, false } },
		{ 0, 1, 1, { MEM_NORMAL, 3, 3, false } },
		{ 1, 0, 0, { MEM_NORMAL, 0, 0, false } },
		{ 1, 1, 1, { MEM_NORMAL, 1, 1, false } },
		{ 2, 0, 0, { MEM_DEVICE, 0, 0, false } },
		{ 3, 1, 1, { MEM_STRONGLY_ORDERED, 0, 0, false } },	/* reserved */
		{ 4, 0, 1, { MEM_NORMAL, 1, 0, false } },
		{ 5, 1, 0, { MEM_NORMAL, 2, 1, false } },
		{ 6, 1, 1, { MEM_NORMAL, 3, 2, false } },
		{ 7, 0, 0, { MEM_NORMAL, 0, 3, false } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(row); i++)
		assert_same(attr_decode(&plain, ATTR_INDEX(row[i].tex, row[i].c, row[i].b, 0)), row[i].want);
	assert_true(attr_decode(&plain, ATTR_INDEX(1, 1, 1, 1)).shareable);
}

static void decode_with_linux_remap(void **state)
{
	/* Linux's memory types by TEX[0]:C:B. */
	static const struct { u32 n; struct mem_attr want; } row[] = {
		{ 0, { MEM_STRONGLY_ORDERED, 0, 0, false } },	/* uncached */
		{ 1, { MEM_NORMAL, 0, 0, false } },		/* bufferable */
		{ 2, { MEM_NORMAL, 2, 2, false } },		/* write-through */
		{ 3, { MEM_NORMAL, 3, 3, false } },		/* write-back */
		{ 4, { MEM_DEVICE, 0, 0, false } },		/* device, not shared: PRRR.DS0 = 0 */
		{ 7, { MEM_NORMAL, 1, 1, false } },		/* write-back, write-allocate */
	};

	for (u32 i = 0; i < ARRAY_SIZE(row); i++) {
		u32 n = row[i].n;

		assert_same(attr_decode(&linux_remap, ATTR_INDEX(n >> 2, n >> 1 & 1, n & 1, 0)), row[i].want);
		/* TEX[2:1] do not count. */
		assert_same(attr_decode(&linux_remap, ATTR_INDEX(n >> 2 | 6, n >> 1 & 1, n & 1, 0)), row[i].want);
	}
	assert_true(attr_decode(&linux_remap, ATTR_INDEX(1, 1, 1, 1)).shareable);	/* PRRR.NS1 */
	assert_true(attr_decode(&linux_remap, ATTR_INDEX(1, 0, 0, 1)).shareable);	/* PRRR.DS1 */
}

static void encode_keeps_the_type(void **state)
{
	const struct attr_ctl *ctl[] = { &plain, &linux_remap };

	for (u32 k = 0; k < ARRAY_SIZE(ctl); k++)
		for (u32 i = 0; i < 64; i++)
			assert_same(host_reads(attr_encode(attr_decode(ctl[k], i))), attr_decode(ctl[k], i));
}

static void devices_are_never_normal(void **state)
{
	struct attr_map m;

	attr_map_build(&m, &linux_remap);
	for (u32 i = 0; i < 64; i++) {
		struct mem_attr guest = attr_decode(&linux_remap, i), dev = host_reads(m.dev[i]);

		assert_int_not_equal(dev.kind, MEM_NORMAL);
		assert_int_equal(dev.kind, guest.kind == MEM_STRONGLY_ORDERED ? MEM_STRONGLY_ORDERED : MEM_DEVICE);
		assert_false(dev.shareable);
		assert_same(host_reads(m.ram[i]), guest);
	}
}

static void section_bits_say_the_same(void **state)
{
	for (u32 i = 0; i < 64; i++) {
		u32 page = attr_encode(attr_decode(&plain, i)), sect = attr_to_section(page);

		assert_int_equal(page >> 6 & 7, sect >> 12 & 7);
		assert_int_equal(page >> 10 & 1, sect >> 16 & 1);
		assert_int_equal(page & 0xc, sect & 0xc);
		assert_int_equal(sect & ~0x1700cu, 0);
	}
}

static void rights_by_ap(void **state)
{
	static const u8 pl1[8] = { 0, 2, 2, 2, 0, 1, 1, 1 }, pl0[8] = { 0, 0, 1, 2, 0, 0, 1, 1 };

	assert_memory_equal(ap_rights_pl1, pl1, 8);
	assert_memory_equal(ap_rights_pl0, pl0, 8);
	for (u32 r = RIGHTS_RO; r <= RIGHTS_RW; r++) {
		u32 p = ap_page_bits(r), s = ap_section_bits(r);

		assert_int_equal(ap_rights_pl0[FIELD(p, 9, 9) << 2 | FIELD(p, 5, 4)], r);
		assert_int_equal(ap_rights_pl0[FIELD(s, 15, 15) << 2 | FIELD(s, 11, 10)], r);
	}
}

static void mmu_off_is_as_umbra_maps_ram(void **state)
{
	assert_same(host_reads(ATTR_RAM_MMU_OFF), (struct mem_attr){ MEM_NORMAL, 1, 1, false });
	assert_same(host_reads(ATTR_DEV_MMU_OFF), (struct mem_attr){ MEM_STRONGLY_ORDERED, 0, 0, false });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_without_remap),
		cmocka_unit_test(decode_with_linux_remap),
		cmocka_unit_test(encode_keeps_the_type),
		cmocka_unit_test(devices_are_never_normal),
		cmocka_unit_test(section_bits_say_the_same),
		cmocka_unit_test(rights_by_ap),
		cmocka_unit_test(mmu_off_is_as_umbra_maps_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
