/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scanning pages of T32 code: what is followed, what is replaced though it is not known, what becomes known later, contradictions. */
/* SOURCES: arch/arm/cpu/decode.c arch/arm/cpu/decode_t32.c arch/arm/cpu/code_t32.c arch/arm/cpu/site.c */
/* CFLAGS: -Iarch/arm/cpu */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arm/insn.h>
#include <arm/site.h>

#include "code_t32.h"

#define NOP		0xbf00u
#define CPSID		0xb672u
#define CPSID_TRAP	0xdebau
#define TRAP		SITE_T32_TRAP
#define BX_LR		0x4770u
#define B_HERE		0xe7feu
#define COPY		5u

static u16 page[T32_HALVES], before[T32_HALVES], copy[T32_HALVES];
static struct t32_known known;
static struct t32_scan s;

static int clear(void **state)
{
	for (u32 i = 0; i < T32_HALVES; i++)
		page[i] = before[i] = NOP;
	memset(&s, 0, sizeof(s));
	return 0;
}

static void put(u32 at, u32 n, const u16 *hw)
{
	memcpy(&page[at], hw, 2 * n);
}
#define PUT(at, ...)							\
	do {								\
		const u16 hw_[] = { __VA_ARGS__ };			\
		put((at), ARRAY_SIZE(hw_), hw_);			\
	} while (0)

/* Scan and make the copy. False: it cannot be. */
static bool scan(u32 entry)
{
	s.page = page;
	s.before = before;
	s.known = &known;
	s.copy = COPY;
	s.hot = true;
	t32_scan(&s, entry, 0);
	s.to = copy;
	t32_write(&s);
	return !s.conflict;
}

static bool is_same(u32 at, u32 n)
{
	return !memcmp(&page[at], &copy[at], 2 * n);
}

static void words_of_sites(void **state)
{
	static const struct { u16 hw1, hw2; u32 hot, cold; } t[] = {
		{ 0xb672, 0, 0xdeba, TRAP }, { 0xb662, 0, 0xdeb2, TRAP }, { 0xb677, 0, 0xdebf, TRAP },
		{ 0xbf30, 0, TRAP, TRAP }, { 0xde00, 0, 0, 0 }, { 0xdeaf, 0, TRAP, TRAP }, { 0xdeb5, 0, TRAP, TRAP },
		{ 0xf3ef, 0x8700, 0xf7fca037, 0xf7f0a005 },			/* MRS r7, CPSR */
		{ 0xf3ff, 0x8e00, 0xf7fca04e, 0xf7f0a005 },			/* MRS lr, SPSR */
		{ 0xf381, 0x8100, 0xf7fca061, 0xf7f0a005 },			/* MSR CPSR_c, r1 */
		{ 0xf391, 0x8f00, 0xf7fca051, 0xf7f0a005 },			/* MSR SPSR_fsxc, r1 */
		{ 0xf391, 0x8100, 0xf7f0a005, 0xf7f0a005 },			/* MSR SPSR_c, r1 */
		{ 0xf381, 0x8800, 0, 0 },					/* MSR CPSR_f, r1 */
		{ 0xf3de, 0x8f00, 0xf7fca07e, 0xf7f0a005 },			/* SUBS pc, lr, #0 */
		{ 0xf3de, 0x8f04, 0xf7f0a005, 0xf7f0a005 },
		{ 0xf3af, 0x8740, 0xf7f0a005, 0xf7f0a005 },			/* CPSID.W i */
		{ 0xf3af, 0x8003, 0xf7f0a005, 0xf7f0a005 },			/* WFI.W */
		{ 0xf3af, 0x8000, 0, 0 },
		{ 0xe9bd, 0xc000, 0xf7f0a005, 0xf7f0a005 },			/* RFEIA sp! */
		{ 0xe82d, 0xc013, 0xf7f0a005, 0xf7f0a005 },			/* SRSDB sp!, #19 */
		{ 0xf850, 0x1e04, 0xf7f0a005, 0xf7f0a005 },			/* LDRT r1, [r0, #4] */
		{ 0xf801, 0x0e00, 0xf7fda110, 0xf7f0a005 },			/* STRBT r0, [r1] */
		{ 0xf842, 0xee00, 0xf7fda02e, 0xf7f0a005 },			/* STRT lr, [r2] */
		{ 0xf85d, 0x3e00, 0xf7fda2d3, 0xf7f0a005 },			/* LDRT r3, [sp] */
		{ 0xf814, 0xce00, 0xf7fda34c, 0xf7f0a005 },			/* LDRBT r12, [r4] */
		{ 0xf854, 0x4e00, 0xf7f0a005, 0xf7f0a005 },			/* LDRT r4, [r4] */
		{ 0xf834, 0x1e00, 0xf7f0a005, 0xf7f0a005 },			/* LDRHT r1, [r4] */
		{ 0xf850, 0x1d04, 0, 0 },
		{ 0xee1d, 0x3f90, 0xf7fca0d3, 0xf7fca0d3 },			/* MRC TPIDRPRW; cold: it traps by itself */
		{ 0xee1d, 0x3f70, 0, 0 },
		{ 0xf7f5, 0xa123, 0xf7f0a005, 0xf7f0a005 },			/* UDF.W */
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		bool wide = t[i].hw1 >= 0xe800;
		u32 word = wide ? (u32)t[i].hw1 << 16 | t[i].hw2 : t[i].hw1, got;

		clear(state);
		PUT(100, t[i].hw1, t[i].hw2, B_HERE);
		assert_true(scan(100));
		got = wide ? (u32)copy[100] << 16 | copy[101] : copy[100];
		if (got != (t[i].hot ? t[i].hot : word))
			fail_msg("%08x: %08x", word, got);
		assert_int_equal(s.sites, !!t[i].hot);
		if (!t[i].hot)
			continue;
		assert_true(site_is_t32(got));
		got = wide ? site_t32_wide(word, COPY, false) : site_t32_narrow(word, false);
		if (t[i].hw1 != 0xee1d && got != t[i].cold)
			fail_msg("%08x: cold %08x", word, got);
	}
}

/* A hot word names one instruction. */
static void hot_words_are_unambiguous(void **state)
{
	static u32 original[1 << 9];

	for (u32 hw1 = 0xe800; hw1 <= 0xffff; hw1++)
		for (u32 hw2 = 0; hw2 <= 0xffff; hw2 += (hw1 & 0xff00) == 0xf300 || (hw1 & 0xff00) == 0xee00 ? 1 : 0xfb) {
			u32 word = hw1 << 16 | hw2, w, *o;

			if (!t32_is_site((u16)hw1, (u16)hw2) && !site_t32_is_cheaper((u16)hw1, (u16)hw2))
				continue;
			w = site_t32_wide(word, COPY, true);
			o = &original[w & 0x1ff];
			if (w >> 16 != SITE_T32_HOT || (w & 0x1f0) >> 4 == SITE_KIND_DCCMVAC)
				continue;
			if (*o && *o != word)
				fail_msg("%08x and %08x are both %08x", *o, word, w);
			*o = word;
		}
}

static void followed(void **state)
{
	PUT(0, 0x2800, 0xd000 | 8, CPSID, 0xf000, 0xb87a, CPSID);	/* CMP; BEQ 11; CPSID; B.W 0x7f; not known */
	PUT(11, 0xb10b, CPSID, BX_LR, CPSID);				/* CBZ 14; CPSID; BX lr; CPSID */
	PUT(0x81, 0xf000, 0xf804, CPSID);				/* BL, behind which nothing is known */
	PUT(0x87, CPSID, BX_LR);
	assert_true(scan(0));
	assert_int_equal(copy[2], CPSID_TRAP);
	assert_int_equal(copy[5], TRAP);
	assert_int_equal(copy[12], CPSID_TRAP);
	assert_int_equal(copy[14], CPSID_TRAP);
	assert_int_equal(copy[0x83], TRAP);
	assert_int_equal(copy[0x87], CPSID_TRAP);
	assert_int_equal(s.traps, 2);
}

/* In an IT block what ends a line otherwise does not; a site is as long as what it stands for. */
static void it_blocks(void **state)
{
	PUT(0, 0xbf08, BX_LR, CPSID, 0xbf04, 0xf3ef, 0x8000, 0xe006, CPSID);	/* IT EQ; BXEQ; CPSID; ITT EQ; MRSEQ; BEQ */
	assert_true(scan(0));
	assert_int_equal(copy[2], CPSID_TRAP);
	assert_int_equal(copy[4], SITE_T32_HOT);
	assert_int_equal(copy[7], CPSID_TRAP);
	/* entered in the middle of one */
	clear(state);
	PUT(0, BX_LR, CPSID, B_HERE);
	scan(0);
	assert_int_equal(copy[1], TRAP);
	t32_scan(&s, 0, 1);
	t32_write((s.to = copy, &s));
	assert_int_equal(copy[1], CPSID_TRAP);
	/* what stands before a known site and could be a part of it */
	clear(state);
	PUT(0, B_HERE, 0xf8d0, 0xee1d, 0x3f90, B_HERE);
	assert_true(scan(2));
	assert_int_equal(copy[1], TRAP);
	/* an unknown IT before what is replaced: that may be skipped as if it had 16 bits */
	clear(state);
	PUT(100, 0xbf04, NOP, NOP, 0xf3ef, 0x8000);
	PUT(200, 0xbf04, NOP, NOP, 0xf3ef, 0x0000);
	assert_true(scan(T32_NO_ENTRY));
	assert_int_equal(copy[100], TRAP);
	assert_int_equal(copy[103], TRAP);
	assert_int_equal(copy[200], 0xbf04);
}

static void second_halves(void **state)
{
	PUT(0, 0xf8d0, CPSID, B_HERE);				/* LDR.W r11, [r0, #0x672] */
	PUT(100, 0xf8d0, CPSID, B_HERE);
	PUT(200, NOP, 0xf8d0, 0xf8d0, 0xe8d0, CPSID, B_HERE);
	assert_true(scan(0));
	assert_true(is_same(0, 3));
	assert_int_equal(copy[100], TRAP);
	assert_int_equal(copy[101], TRAP);
	t32_reach(&s, 100, 0);
	assert_false(s.conflict);
	assert_true(is_same(100, 3));
	for (u32 i = 201; i < 205; i++)
		assert_int_equal(copy[i], TRAP);
	t32_reach(&s, 202, 0);
	assert_int_equal(copy[201], TRAP);
	assert_true(is_same(202, 2));
	assert_int_equal(copy[204], CPSID_TRAP);
	t32_reach(&s, 201, 0);					/* in the middle: contradicts */
	assert_true(s.conflict);
}

static void literals(void **state)
{
	static const struct { u16 load[2]; u32 n; } t[] = {
		{ { 0x4803, NOP }, 2 }, { { 0xf8df, 0x000c }, 2 }, { { 0xf89f, 0x000c }, 1 }, { { 0xf8bf, 0x000c }, 1 },
		{ { 0xf9bf, 0x000c }, 1 }, { { 0xe9df, 0x0103 }, 4 }, { { 0xed9f, 0x0a03 }, 2 }, { { 0xed9f, 0x0b03 }, 4 },
		{ { 0xf89f, 0x000d }, 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u32 reads = 0;

		clear(state);
		PUT(100, t[i].load[0], t[i].load[1], BX_LR);
		for (u32 k = 108; k < 112; k++)
			page[k] = CPSID;
		assert_true(scan(100));
		for (u32 k = 108; k < 112; k++)
			reads += copy[k] == CPSID;
		if (reads != t[i].n || copy[108] != CPSID)
			fail_msg("%04x reads %u", t[i].load[0], reads);
		assert_true(scan(T32_NO_ENTRY));		/* the load is replaced where it is not known */
		assert_int_equal(copy[100], TRAP);
		assert_int_equal(copy[108], TRAP);
		t32_reach(&s, 100, 0);
		assert_true(is_same(100, 3));
		assert_true(is_same(108, t[i].n));
		if (t[i].n < 4)
			assert_int_equal(copy[111], TRAP);
		t32_reach(&s, 108, 0);				/* and executed: not both */
		assert_true(s.conflict);
	}
}

static void branch_tables(void **state)
{
	PUT(0, 0xe8df, 0xf000, 0x0304, CPSID, NOP, CPSID, BX_LR);	/* TBB [pc, r0]: 4, 3, then code at 2 + 3 */
	page[2] = 0x0304;
	assert_true(scan(0));
	assert_true(is_same(0, 5));				/* the table ends where the first target is */
	assert_int_equal(copy[5], TRAP);
	clear(state);
	PUT(0, 0xe8df, 0xf010, 0x0003, 0x0004, CPSID, CPSID, BX_LR);	/* TBH */
	assert_true(scan(0));
	assert_true(is_same(0, 5));
	assert_int_equal(copy[5], TRAP);
}

static void ends_of_the_page(void **state)
{
	u32 last = T32_HALVES - 1;

	page[last] = 0xf3ef;
	assert_true(scan(last - 4));
	assert_int_equal(copy[last], TRAP);			/* whatever is behind it */
	page[last] = 0xf850;
	assert_true(scan(last - 4));
	assert_int_equal(copy[last], TRAP);			/* LDRT and LDR have the same first half */
	page[last] = 0xf240;
	assert_true(scan(last - 4));
	assert_int_equal(copy[last], 0xf240);
	page[last] = 0xf3ef;
	page[last - 1] = 0xbf08;
	assert_false(scan(last - 4));				/* what a failed condition skips would be half of it */
	clear(state);
	page[0] = CPSID;
	assert_true(scan(4));
	before[last] = 0xf8d0;
	assert_false(scan(4));					/* the second half of an instruction? */
	assert_true(scan(0));
	before[last] = NOP;
	before[last - 1] = 0x4801;
	page[2] = CPSID;
	assert_false(scan(4));					/* read from the page before */
}

/* Random halfwords of the kinds that matter. */
static u16 random_half(void)
{
	static const u16 some[] = { CPSID, 0xf3ef, 0x8000, 0xf850, 0x0e00, 0xbf08, 0xbf04, 0x4801, 0xf8df, 0x0004, 0xe8df, 0xf000, BX_LR,
				    0xd002, 0xb113, 0xe7fe, 0xf000, 0xf802, 0xdeaf, 0xdeb3, 0xf7f0, 0xa001, 0xee1d, 0x3f90, 0xe9bd, 0xc000 };

	return rand() & 3 ? some[(u32)rand() % ARRAY_SIZE(some)] : rand() & 1 ? NOP : (u16)rand();
}

static bool known_start(u32 i)
{
	return i < T32_HALVES && t32_is_start(&known, i);
}

static bool is_wide(u32 i)
{
	return page[i] >= 0xe800;
}

/* Would what begins at @i, if the guest came there, be right in the copy: whole as it is, or a trapping word? */
static void check_begin(u32 i)
{
	u16 hw2 = is_wide(i) && i + 1 < T32_HALVES ? page[i + 1] : 0;
	u32 now = copy[i] >= 0xe800 && i + 1 < T32_HALVES ? (u32)copy[i] << 16 | copy[i + 1] : copy[i];

	if ((i && known_start(i - 1) && is_wide(i - 1)) || (!known_start(i) && s.data[i / 32] >> (i % 32) & 1))
		return;			/* in the middle of one; or read by one */
	if (copy[i] == TRAP)
		return;
	if (known_start(i) && site_is_t32(now))
		return;
	assert_int_equal(copy[i], page[i]);
	if (is_wide(i) && i + 1 < T32_HALVES)
		assert_int_equal(copy[i + 1], page[i + 1]);
	if (t32_is_site(page[i], hw2))
		fail_msg("%04x %04x at %u is not replaced", page[i], hw2, i);
}

static void random_pages(void **state)
{
	u32 good = 0;

	srand(1);
	for (u32 round = 0; round < 400; round++) {
		u32 n = 0;

		for (u32 i = 0; i < T32_HALVES; i++)
			page[i] = round % 4 && i % 64 ? NOP : random_half();
		for (u32 i = 0; i < 40; i++)
			page[(u32)rand() % T32_HALVES] = random_half();
		if (!scan(rand() & 1 ? (u32)rand() % T32_HALVES : T32_NO_ENTRY))
			continue;
		for (; n < 20 && !s.conflict; n++) {
			u32 at = (u32)rand() % T32_HALVES;

			for (u32 i = 0; i < T32_HALVES; i++)
				check_begin(i);
			while (at < T32_HALVES && copy[at] != TRAP)
				at++;
			if (at < T32_HALVES && !known_start(at))
				t32_reach(&s, at, 0);
		}
		good += n == 20;
	}
	assert_true(good > 100);
}

/* Whatever the decoder calls sensitive is found, whichever its halves. */
static void nothing_is_missed(void **state)
{
	static const u16 second[] = { 0x8000, 0x8100, 0x83ff, 0x8f00, 0x8f04, 0x8003, 0x8740, 0xc000, 0xc013, 0xc01f, 0x0e00, 0x1eff, 0xfe04,
				      0xa000, 0xafff, 0x0f1e, 0x3f1e, 0x0f10, 0x0000, 0xb672 };
	u32 n = 0, hw1 = 0, k = 0, sites = 0;

	while (hw1 <= 0xffff) {
		for (n = 0; n < T32_HALVES - 4 && hw1 <= 0xffff; n += 4) {
			PUT(n, (u16)hw1, second[k], NOP, NOP);
			k = (k + 1) % ARRAY_SIZE(second);
			hw1 += !k || hw1 < 0xe800;
		}
		scan(T32_NO_ENTRY);
		for (u32 i = 0; i < n; i += 4)
			if (t32_is_site(page[i], page[i] >= 0xe800 ? page[i + 1] : 0)) {
				assert_int_equal(copy[i], TRAP);
				sites++;
			}
	}
	assert_true(sites > 300);
}

static bool every_word(const void *arg, u32 i) { return true; }
static bool no_word(const void *arg, u32 i) { return false; }

static void among_a32(void **state)
{
	s.page = page;
	assert_false(t32_may_have_sites(&s, no_word, NULL));
	PUT(101, 0xf3ef, 0x8000);
	assert_true(t32_may_have_sites(&s, no_word, NULL));
	assert_false(t32_may_have_sites(&s, every_word, NULL));
}

#define T(f) cmocka_unit_test_setup(f, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(words_of_sites), T(hot_words_are_unambiguous), T(followed), T(it_blocks), T(second_halves), T(literals),
		T(branch_tables), T(ends_of_the_page), T(random_pages), T(nothing_is_missed),
		T(among_a32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
