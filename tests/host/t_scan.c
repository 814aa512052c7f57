/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scanning code pages, and the life of their copies: what is a site, what is data, eviction, look-up of trapping words. */
/* SOURCES: arch/arm/cpu/decode.c arch/arm/cpu/decode_t32.c arch/arm/cpu/code_scan.c arch/arm/cpu/code_doubt.c arch/arm/cpu/code_t32.c */
/* SOURCES: arch/arm/cpu/code_page.c arch/arm/cpu/code_patch.c arch/arm/cpu/site.c core/alloc.c */
/* SOURCES: tests/host/fake/arch.c tests/host/fake/log.c tests/host/fake/sieve.c */
/* CFLAGS: -DCONFIG_CPU_PATH_INTERP=1 */
/* CFLAGS: -Iarch/arm/cpu -UCONFIG_CODE_PAGES -DCONFIG_CODE_PAGES=16 -DKEPT=8 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arch/cpu.h>
#include <arm/code_page.h>
#include <arm/cpu_path.h>
#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/shadow.h>
#include <arm/site.h>
#include <arm/sysreg.h>
#include <arm/window.h>
#include <hv/alloc.h>
#include <hv/guest.h>

#include "code_scan.h"
#include "code_sieve.h"
#include "fake.h"

#define NOP		0xe1a00000u
#define MOVS_PC_LR	0xe1b0f00eu
#define MRS		0xe10f0000u
#define CPSID		0xf10c0080u
#define NAME(nth)	((nth) * 10125u % 16384)	/* of the nth copy that was made */
#define MRS_TRAP(nth)	(0xef8c0000u | NAME(nth) << 4)	/* kind 3, r0 */
#define CPSID_TRAP(nth)	(0xef840002u | NAME(nth) << 4)	/* kind 1, I */
#define OTHER_TRAP(nth, index)	(0xef800000u | NAME(nth) << 4 | ((index) & 15))
#define WFI		0xe320f003u
#define B_HERE		0xeafffffeu	/* b . */
#define LDM_RET		0xe8fd8000u	/* ldmia sp!, {pc}^ */
#define LDMHI_USER	0x89705f41u	/* 1e9's reciprocal, as divisions by it have it; also ldmdbhi r0!, {...}^ */
#define LDR_LIT(off)	(0xe59f0000u | ((off) - 8))	/* ldr r0, [this + off] */
#define LDR_LIT_NEG(off) (0xe51f0000u | ((off) + 8))	/* ldr r0, [this - off] */

/* -- one page between two -- */

static u32 w[3][SCAN_WORDS];
static struct code_scan scan;
static bool site[SCAN_WORDS];

static int clear_pages(void **state)
{
	u32 i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < SCAN_WORDS; k++)
			w[i][k] = NOP;
	return 0;
}

/* What is done with a page that the guest has at @gva. */
static u32 scan_at(const u32 *const page[3], gva_t gva)
{
	u32 n = code_scan_first(&scan, page[1], gva), i;

	if (n)
		n = code_scan(&scan, page);
	memset(site, 0, sizeof(site));
	for (i = 0; i < n; i++)
		site[scan.site[i]] = true;
	return n;
}

static u32 do_scan(bool prev, bool next)
{
	const u32 *page[3] = { prev ? w[0] : NULL, w[1], next ? w[2] : NULL };

	return scan_at(page, 0xc0300000);
}

static bool is_site(u32 i)
{
	return site[i];
}

static void plain_sites(void **state)
{
	static const u32 words[] = { MRS, CPSID, MOVS_PC_LR, LDM_RET, 0xe121f000, 0xe320f003, 0xe4b10000, 0xe9486000,
				     0x01b0f00e, 0x114f0000, 0xf8bd0a00, 0xf96d0513, 0xe25ef004 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		w[1][i * 40] = words[i];
	w[1][SCAN_WORDS - 1] = MRS;
	w[1][5] = 0xef000000;				/* SVC traps by itself */
	w[1][6] = 0xee1d0f50;				/* so does MRC TPIDRURW */
	assert_int_equal(do_scan(false, false), ARRAY_SIZE(words) + 1);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		assert_true(is_site(i * 40));
	assert_true(is_site(SCAN_WORDS - 1));
	assert_false(is_site(5));
	assert_false(is_site(6));
}

static bool expected_site(u32 word)
{
	return a32_is_site(word) || (word >> 24 == 0xee && site_is_cheaper(word)) || word == 0xf1010200 ||
	       (word >> 28 == 14 && site_is_word(word));
}

static bool expected_moved(u32 word)
{
	u32 far = FIELD(word, 23, 18);

	return site_is_word(word) || (FIELD(word, 27, 24) == 0xa && word >> 28 != 15 && far != 0 && far != 0x3f);
}

static bool expected_literal(u32 word)
{
	return (word & 0x0f3f0000) == 0x051f0000;
}

/* Is @i next of the @nr in @list, whose place is @at? */
static bool is_next(const u16 *list, u32 nr, u32 *at, u32 i)
{
	if (*at == nr || list[*at] % SCAN_WIDE != i)
		return false;
	++*at;
	return true;
}

/* The sieve keeps nothing from the closer look: of every upper half some words, more with zeros and ones in the lower one. */
static void first_look_misses_nothing(void **state)
{
	static const u16 kinds[] = { 0, 0xf000, 0x0f00, 0x00f0 };
	u32 seed = 11, found = 0;

	for (u32 n = 0; n < 64 * 8 * ARRAY_SIZE(kinds); n++) {
		u32 site = 0, moved = 0, pc = 0, pointer = 0;

		for (u32 i = 0; i < SCAN_WORDS; i++) {
			seed = seed * 1664525 + 1013904223;
			w[1][i] = (n % 64 * SCAN_WORDS + i) << 16 | ((seed >> 16) & (n & 64 ? 0xffff : 0x0fff)) | kinds[n / 128 % 4];
		}
		code_scan_first(&scan, w[1], 0xc0300000);
		for (u32 i = 0; i < SCAN_WORDS; i++) {
			u32 word = w[1][i];
			bool is = is_next(scan.site, scan.nr_sites, &site, i) || is_next(scan.pointer, scan.nr_pointers, &pointer, i);

			if (is != expected_site(word))
				fail_msg("0x%08x: site %d", word, is);
			if (is_next(scan.moved, scan.nr_moved, &moved, i) != expected_moved(word))
				fail_msg("0x%08x: %s be moved", word, expected_moved(word) ? "may" : "cannot");
			if (!is_next(scan.pc, scan.nr_pcs, &pc, i) && expected_literal(word))
				fail_msg("0x%08x reads relative to pc", word);
			if ((is || expected_moved(word) || (expected_literal(word) && word >> 28 != 15)) && code_scan_is_plain(word))
				fail_msg("0x%08x is plain", word);
			found += is;
		}
	}
	assert_true(found > 100000);
}

/* VLDM loads the sieve's tables: they are words to it, whatever a compiler would do with bytes (A3.2.1). */
static void sieve_is_aligned(void **state)
{
	assert_true(_Alignof(struct code_sieve) >= 8);
}

/* What traps by itself and is replaced all the same: see site.c. */
static void cheaper_as_sites(void **state)
{
	static const u32 words[] = { 0xee1d0f90, 0xee0d1f70, 0xee11cf10, 0xee038f10, 0xee072f3b, 0xee12ef30, 0xeee83a10 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		w[1][i * 40] = words[i];
	w[1][300] = 0xee072f3a;				/* in a loop: a gate, or one exit as it is */
	w[1][301] = 0xe0822003;
	w[1][302] = 0xe1520001;
	w[1][303] = 0x3afffffb;
	w[1][310] = 0xee072f35;				/* ICIMVAU: the same */
	w[1][400] = 0xee1dff90;				/* into pc: UNPREDICTABLE */
	w[1][500] = 0xef812345;				/* an SVC that could be one of Umbra's */
	w[1][501] = 0xef012345;
	w[1][502] = 0x1f812345;				/* conditional: the window lets them alone */
	w[1][503] = 0x1e11cf10;
	assert_int_equal(do_scan(false, false), ARRAY_SIZE(words) + 3);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		assert_true(is_site(i * 40));
	assert_true(is_site(500) && is_site(300) && is_site(310));
	assert_int_equal(site_word(w[1], 300, 5, true), w[1][300]);
	assert_int_equal(site_word(w[1], 310, 5, true), w[1][310]);
	w[1][504] = 0x114f2000;
	assert_int_equal(site_word(w[1], 504, 5, true), 0x1f800058);	/* the condition stays, the kind is C's */
}

/* Kind and operand of a hot site name the original: equal trapping words are made of equal instructions only. */
static void trapping_words_are_unambiguous(void **state)
{
	static u32 original[1 << 10];
	u32 seed = 1, n, trap;

	for (n = 0; n < 2000000; n++) {
		seed = seed * 1664525 + 1013904223;
		w[1][0] = 0xe0000000 | (seed ^ seed >> 15);
		if (n & 1)
			w[1][0] = (w[1][0] & 0xfe1ff0ff) | 0x0e000f10;
		if ((n & 3) == 2)
			w[1][0] = (w[1][0] & 0xff7ff00f) | 0x0100f000;
		if (site_stays(w[1], 0))
			continue;
		trap = site_word(w[1], 0, 9, true);
		assert_true(site_is_word(trap));
		assert_int_equal(site_copy(trap), 9);
		if (trap >> 28 != 14 || !(trap >> SITE_KIND_SHIFT & 0x1f) || (trap >> SITE_KIND_SHIFT & 0x1f) == SITE_KIND_DCCMVAC)
			continue;
		trap = (trap >> SITE_KIND_SHIFT & 0x1f) << 4 | (trap & 0xf);
		if (original[trap] && original[trap] != w[1][0])
			fail_msg("0x%08x and 0x%08x are both 0x%03x", original[trap], w[1][0], trap);
		original[trap] = w[1][0];
	}
}

/* The way to User mode as one site. */
static void returns_are_fused(void **state)
{
	static const struct { u32 i, word; } breaks[] = { { 101, 0xe1a00001 }, { 102, 0xe28dd104 }, { 102, 0xe24dd048 },
							 { 103, 0x11b0f00e } };
	static const u32 way[] = { 0xe9527fff, 0xe1a00000, 0xe28dd048, 0xe1b0f00e };
	u32 i;

	memcpy(&w[1][100], way, sizeof(way));
	assert_int_equal(site_word(w[1], 100, 1, true) >> SITE_KIND_SHIFT & 0x1f, SITE_KIND_LDM_R0_RET);
	assert_int_equal(site_word(w[1], 100, 1, true) & 0xf, 2);
	w[1][100] = 0xe95d7ffe;
	assert_int_equal(site_word(w[1], 100, 1, true) >> SITE_KIND_SHIFT & 0x1f, SITE_KIND_LDM_R1_RET);
	for (i = 0; i < ARRAY_SIZE(breaks); i++) {
		memcpy(&w[1][100], way, sizeof(way));
		w[1][breaks[i].i] = breaks[i].word;
		assert_int_equal(site_word(w[1], 100, 1, true) >> SITE_KIND_SHIFT & 0x1f, SITE_KIND_LDM_R0);
	}
	memcpy(&w[1][SCAN_WORDS - 3], way, 3 * sizeof(way[0]));	/* goes on in the next page */
	assert_int_equal(site_word(w[1], SCAN_WORDS - 3, 1, true) >> SITE_KIND_SHIFT & 0x1f, SITE_KIND_LDM_R0);
}

static void literals_are_data(void **state)
{
	static const struct { u32 load, words; } c[] = {
		{ 0xe59f0038, 1 },			/* ldr r0, [pc, #56] */
		{ 0xe5df003a, 1 },			/* ldrb, not aligned */
		{ 0xe1df03b8, 1 },			/* ldrh */
		{ 0xe1df03d8, 1 },			/* ldrsb */
		{ 0xe1df03f8, 1 },			/* ldrsh */
		{ 0xe1cf03d8, 2 },			/* ldrd */
		{ 0xed9f0a0e, 1 },			/* vldr s0 */
		{ 0xed9f0b0e, 2 },			/* vldr d0 */
		{ 0x159f0038, 1 },			/* ldrne */
	};
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		clear_pages(state);
		w[1][100] = c[i].load;
		for (k = 0; k < 3; k++)
			w[1][116 + k] = MRS;
		do_scan(false, false);
		for (k = 0; k < 3; k++)
			if (is_site(116 + k) != (k >= c[i].words))
				fail_msg("load 0x%08x, word %u", c[i].load, k);
	}
	clear_pages(state);
	w[1][100] = LDR_LIT_NEG(40);
	w[1][90] = CPSID;
	assert_int_equal(do_scan(false, false), 0);
	w[1][100] = 0xf59f0038;				/* not a load in the unconditional space */
	assert_int_equal(do_scan(false, false), 1);
}

static void literal_that_looks_like_a_load(void **state)
{
	w[1][100] = LDR_LIT(40);
	w[1][110] = LDR_LIT(80);			/* a constant: says nothing about word 130 */
	w[1][130] = MRS;
	assert_int_equal(do_scan(false, false), 1);
	assert_true(is_site(130));
	/* a chain: 110 is a constant, so 130 is code, so 140 is data */
	w[1][130] = LDR_LIT(40);
	w[1][140] = MRS;
	assert_int_equal(do_scan(false, false), 0);
	/* a cycle: the lower one is believed */
	clear_pages(state);
	w[1][200] = LDR_LIT(40);
	w[1][210] = 0xe14f03d0;				/* ldrd from 200 and 201 */
	w[1][201] = MRS;
	assert_int_equal(do_scan(false, false), 1);
	assert_true(scan.state[SCAN_WORDS + 210] & SCAN_DATA);
	assert_false(scan.state[SCAN_WORDS + 200] & SCAN_DATA);
	w[1][200] = 0xe1cf02d0;				/* ldrd from 210 and 211 */
	w[1][210] = LDR_LIT_NEG(40);
	w[1][211] = MRS;
	assert_int_equal(do_scan(false, false), 1);
	assert_true(is_site(201));
}

static void neighbour_pages(void **state)
{
	w[0][SCAN_WORDS - 10] = LDR_LIT(80);		/* reaches word 10 */
	w[1][10] = MRS;
	w[2][4] = LDR_LIT_NEG(64);			/* reaches word 1012 */
	w[1][1012] = CPSID;
	w[1][500] = MRS;
	assert_int_equal(do_scan(true, true), 1);
	assert_true(is_site(500));
	assert_int_equal(do_scan(false, true), 2);
	assert_int_equal(do_scan(true, false), 2);
	assert_int_equal(do_scan(false, false), 3);
}

/* The reach of a literal load is the part of a neighbour that is looked at. */
static void neighbour_pages_as_far_as_they_reach(void **state)
{
	static const struct { u32 page, back, load, site; } c[] = {
		{ 0, 1025, 0xe5df0fff, 10 },		/* ldrb r0, [pc, #4095] */
		{ 0, 1025, 0xe5df0ffc, 10 },
		{ 0, 1024, 0xe59f0ff8, 10 },
		{ 0, 1, 0xe51f0004, 0 },
		{ 0, 1024, LDR_LIT(4096), 1023 },
		{ 2, 1022, 0xe55f0fff, 1020 },		/* ldrb r0, [pc, #-4095] */
		{ 2, 1021, 0xe51f0ffc, 1020 },
		{ 2, 1, 0xe51f000c, 1023 },
	};
	u32 i, at;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		clear_pages(state);
		w[1][c[i].site] = MRS;
		at = SCAN_WORDS + c[i].site + (c[i].page ? c[i].back : -c[i].back);
		w[at / SCAN_WORDS][at % SCAN_WORDS] = c[i].load;
		if (do_scan(true, true) || do_scan(!c[i].page, c[i].page) || !do_scan(c[i].page, !c[i].page))
			fail_msg("load %u", i);
	}
}

/* Likewise through a register, as far as the load is from what it reads. */
static void adr_in_a_neighbour_page(void **state)
{
	w[1][1000] = MRS;
	w[2][1001] = 0xe24f4a01;			/* sub r4, pc, #4096 */
	w[2][1002] = 0xe514000c;			/* ldr r0, [r4, #-12] */
	assert_int_equal(do_scan(true, true), 0);
	w[2][1003] = 0xe514000c;
	w[2][1002] = NOP;
	assert_int_equal(do_scan(true, true), 1);
	clear_pages(state);
	w[1][1015] = MRS;
	w[0][998] = 0xe28f4a01;				/* add r4, pc, #4096 */
	w[0][1014] = 0xe594003c;			/* ldr r0, [r4, #60] */
	assert_int_equal(do_scan(true, true), 0);
	w[0][1013] = w[0][1014];
	w[0][1014] = NOP;
	assert_int_equal(do_scan(true, true), 1);
}

/* Rule 4 leaves out data: whether the words around are read matters although the word itself is not. */
static void data_around_has_no_say(void **state)
{
	u32 i;

	w[1][300] = LDM_RET;
	for (i = 1; i <= 8; i++)
		w[1][300 + i] = 0x12345678;
	w[1][301] = 0x12345679;
	w[1][292] = 0x23456789;				/* nine of sixteen are no code */
	assert_int_equal(do_scan(false, false), 0);
	for (i = 0; i < 4; i++)
		w[1][200 + i] = LDR_LIT(400);		/* of 300 + i, the first is the word itself */
	w[1][200] = NOP;
	assert_int_equal(do_scan(false, false), 1);
	assert_true(is_site(300));
}

/* What a table has further than 4 KiB behind the load is not taken for data. */
static void tables_end(void **state)
{
	u32 i;

	w[0][SCAN_WORDS - 100] = 0xe79ff103;		/* ldr pc, [pc, r3, lsl #2] */
	for (i = SCAN_WORDS - 98; i < 2 * SCAN_WORDS; i++)
		w[i / SCAN_WORDS][i % SCAN_WORDS] = 0x010f0000;		/* mrseq */
	assert_int_equal(do_scan(true, false), 98);
	assert_false(is_site(SCAN_WORDS - 99));
	assert_true(is_site(SCAN_WORDS - 98));
}

/* What was found out about a word is not taken for the truth about another one, nor what one is replaced by where other things stand behind it. */
static void what_is_remembered(void **state)
{
	u32 n;

	for (n = 0; n < 4; n++) {
		w[1][300] = 0xee072f3a;
		w[1][303] = n & 1 ? 0x3afffffb : NOP;
		assert_int_equal(do_scan(false, false), 1);
		assert_int_equal(site_stays(w[1], 300), n & 1);
		assert_int_equal(site_word(w[1], 300, 5, true) == w[1][300], n & 1);
	}
	clear_pages(state);
	for (n = 0; n < 64; n++)			/* of which the memory is made: the same place in it, and words nearly the same */
		w[1][n] = n & 1 ? 0xee110f10 : 0xee1e0f10;
	assert_int_equal(do_scan(false, false), 32);
	for (n = 0; n < 64; n++)
		assert_int_equal(is_site(n), n & 1);
	clear_pages(state);
	for (n = 0; n < 64; n++)
		w[1][n] = n & 1 ? 0xee110f10 : 0xee110f10 ^ (BIT(20) | BIT(0));
	assert_int_equal(do_scan(false, false), 32);
}

/*
 * The verdict does not depend on what the scanner did not need to look at: compare it with rule 1 taken literally, all loads of the window
 * decided in rounds.
 */
static u32 ref_target(u32 i)
{
	u32 word = w[i / SCAN_WORDS][i % SCAN_WORDS], off = word & 0xfff;

	if ((word & 0xff7f0000) != 0xe51f0000)
		return SCAN_WINDOW;
	return MIN((4 * i + 8 + (word & BIT(23) ? off : -off)) / 4, SCAN_WINDOW);
}

enum { REF_NONE, REF_OPEN, REF_CODE, REF_DATA };

static void ref_decide(u8 *verdict)
{
	static u16 readers[SCAN_WINDOW];
	static u8 data[SCAN_WINDOW];
	u32 i, t, pick;

	memset(data, 0, sizeof(data));
	for (i = 0; i < SCAN_WINDOW; i++)
		verdict[i] = ref_target(i) < SCAN_WINDOW ? REF_OPEN : REF_NONE;
	for (;;) {
		memset(readers, 0, sizeof(readers));
		for (i = 0; i < SCAN_WINDOW; i++)
			if (verdict[i] == REF_OPEN)
				readers[ref_target(i)]++;
		for (pick = SCAN_WINDOW, i = SCAN_WINDOW; i--;)
			if (verdict[i] == REF_OPEN && (!readers[i] || pick == SCAN_WINDOW || readers[pick]))
				pick = i;
		if (pick == SCAN_WINDOW)
			break;
		verdict[pick] = REF_CODE;
		t = ref_target(pick);
		data[t] = 1;
		if (verdict[t] == REF_OPEN)
			verdict[t] = REF_DATA;
	}
	memcpy(verdict, data, sizeof(data));
}

static void only_what_matters_is_decided(void **state)
{
	static u8 data[SCAN_WINDOW];
	u32 seed = 5, n, i, dense, missed = 0;

	for (n = 0; n < 24; n++) {
		dense = n % 3 ? 0x1f : 0x3;
		for (i = 0; i < SCAN_WINDOW; i++) {
			u32 *p = &w[i / SCAN_WORDS][i % SCAN_WORDS];

			seed = seed * 1664525 + 1013904223;
			*p = NOP;
			if (!(seed >> 8 & dense))
				*p = 0xe51f0000 | (seed >> 16 & 0xffc) | (seed & BIT(30) ? BIT(23) : 0);
			else if (seed >> 24 < (n & 4 ? 2 : 40))
				*p = MRS;
		}
		do_scan(true, true);
		ref_decide(data);
		for (i = 0; i < SCAN_WORDS; i++) {
			if (w[1][i] == MRS && is_site(i) != !data[SCAN_WORDS + i])
				fail_msg("pages %u, word %u", n, i);
			missed += w[1][i] == MRS && !is_site(i);
		}
	}
	assert_true(missed > 100);
}

static void branch_table(void **state)
{
	u32 i;

	w[1][100] = 0xe79ff103;				/* ldr pc, [pc, r3, lsl #2] */
	for (i = 0; i < 4; i++)
		w[1][102 + i] = 0xc030f1b0 + 0x100 * i;	/* andsgt pc, ... and strhtgt */
	w[1][106] = CPSID;
	do_scan(false, false);
	for (i = 0; i < 4; i++)
		assert_false(is_site(102 + i));
	assert_true(is_site(106));
	/* what follows is code: not a table */
	clear_pages(state);
	w[1][100] = 0xe79f1103;
	w[1][102] = MOVS_PC_LR;
	assert_int_equal(do_scan(false, false), 1);
}

static void adr(void **state)
{
	w[1][100] = 0xe28fb078;				/* adr fp, . + 128 */
	w[1][101] = 0xe1cba0d0;				/* ldrd sl, [fp] */
	w[1][132] = LDMHI_USER;
	w[1][133] = MRS;
	w[1][134] = MRS;
	assert_int_equal(do_scan(false, false), 1);
	assert_true(is_site(134));
	/* rotated immediate, and ldm */
	clear_pages(state);
	w[1][100] = 0xe28f4f1e;				/* adr r4, . + 128: #0x1e ror 30 */
	w[1][102] = 0xe8940060;				/* ldm r4, {r5, r6} */
	w[1][132] = MRS;
	w[1][133] = MRS;
	assert_int_equal(do_scan(false, false), 0);
	w[1][102] = 0xe9140060;				/* ldmdb r4: the words below */
	w[1][130] = w[1][131] = MRS;
	assert_int_equal(do_scan(false, false), 2);
	assert_true(is_site(132) && is_site(133));
	w[1][102] = 0xe9940060;				/* ldmib r4 */
	w[1][134] = MRS;
	do_scan(false, false);
	assert_true(is_site(132) && !is_site(133) && !is_site(134));
	w[1][102] = 0xe8140060;				/* ldmda r4 */
	do_scan(false, false);
	assert_true(is_site(130) && !is_site(131) && !is_site(132) && is_site(133));
	w[1][102] = 0xe8940060;
	w[1][130] = w[1][131] = w[1][134] = NOP;
	w[1][101] = 0xeafffffe;				/* the code ends before the load */
	assert_int_equal(do_scan(false, false), 2);
	w[1][101] = 0xe12fff1e;
	assert_int_equal(do_scan(false, false), 2);
	w[1][101] = 0xe1540005;				/* cmp r4, r5 sets no register */
	assert_int_equal(do_scan(false, false), 0);
	/* the register was set again: nothing is known */
	w[1][101] = 0xe1a04005;				/* mov r4, r5 */
	assert_int_equal(do_scan(false, false), 2);
	/* the address of code, not read */
	clear_pages(state);
	w[1][100] = 0xe28fe078;				/* adr lr, . + 128 */
	w[1][132] = MRS;
	assert_int_equal(do_scan(false, false), 1);
}

/* Position-independent code with its data behind it: the loads are where a conditional branch leads. */
static void adr_and_branches(void **state)
{
	w[1][100] = 0xe28f4f1e;				/* adr r4, . + 128 */
	w[1][101] = 0x0a000001;				/* beq 104 */
	w[1][102] = 0x0a000014;				/* beq 124 */
	w[1][103] = 0xeafffffe;				/* b . */
	w[1][104] = 0xe12fff1e;				/* bx lr */
	w[1][124] = 0xe5942004;				/* ldr r2, [r4, #4] */
	w[1][125] = 0xe12fff1e;
	w[1][132] = w[1][133] = MRS;
	assert_int_equal(do_scan(false, false), 1);
	assert_true(is_site(132));
	/* another value on another way; or where it comes to */
	w[1][123] = 0xe3a04000;
	assert_int_equal(do_scan(false, false), 1);
	w[1][124] = 0xe3a04000;				/* mov r4, #0 */
	w[1][125] = 0xe5942004;
	assert_int_equal(do_scan(false, false), 2);
	/* far away, back, or never */
	w[1][124] = 0xe5942004;
	w[1][102] = 0x0a000100;
	assert_int_equal(do_scan(false, false), 2);
	w[1][102] = 0x0affff00;
	assert_int_equal(do_scan(false, false), 2);
	w[1][102] = NOP;
	assert_int_equal(do_scan(false, false), 2);
}

/* As far as that may be from the word that it is about, in the page before, whatever else is in this one. */
static void adr_far_away(void **state)
{
	for (u32 other = 0; other < 2; other++) {
		w[0][100] = 0xe28f4eff;				/* adr r4, . + 0xff8 */
		w[0][115] = 0x0a000000 | (179 - 115 - 2);
		w[0][194] = 0x0a000000 | (258 - 194 - 2);
		w[0][273] = 0x0a000000 | (337 - 273 - 2);
		w[0][347] = 0xe5940000 | (4 * (SCAN_WORDS + 200) - (4 * 100 + 8 + 0xff0));	/* ldr r0, [r4, #imm] */
		w[1][200] = MRS;
		w[1][0] = other ? MRS : NOP;
		do_scan(true, false);
		assert_false(is_site(200));
	}
}

/* -- doubt -- */

#define BL_AWAY		0xebf00000u
#define SVC_OWN		0xef8c0006u	/* the guest's, and kind 3, r6, of a trapping word */

static u32 do_doubt(u32 entry)
{
	const u32 *page[3] = { w[0], w[1], w[2] };
	u32 n, i;

	n = code_scan_first(&scan, page[1], 0xc0300000);
	if (n || code_scan_reads_out(&scan)) {
		code_scan(&scan, page);
		n = code_doubt(&scan, page, entry);
	}
	memset(site, 0, sizeof(site));
	for (i = 0; i < n; i++) {
		assert_false(site[scan.site[i]]);
		site[scan.site[i]] = true;
	}
	return n;
}

/* What a load reads stays as it is where no code gets to, and is a site otherwise; the load is another then. */
static void read_and_reached(void **state)
{
	static const struct { u32 before, sites; } c[] = {
		{ B_HERE, 0 }, { 0xe12fff1e, 0 }, { 0xe8bd8010, 0 }, { 0xe49df004, 0 }, { MOVS_PC_LR & ~BIT(20), 0 },
		{ 0xe7f001f2, 0 }, { 0xf8bd0a00, 1 },	/* UDF; RFE, a site itself */
		{ BL_AWAY, 2 }, { 0x0afffffe, 2 }, { 0xe12fff3e, 2 }, { 0xe2800001, 2 }, { 0xe59d1000, 2 }, { 0xe5801000, 2 },
		{ 0xe35f0000, 2 }, { 0xe1a0f000 & ~0xf000u, 2 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		clear_pages(state);
		w[1][100] = LDR_LIT(80);
		w[1][119] = c[i].before;
		w[1][120] = MRS;
		if (do_doubt(SCAN_WORDS) != c[i].sites)
			fail_msg("behind 0x%08x: %u sites", c[i].before, scan.nr_sites);
		assert_int_equal(scan.nr_either, c[i].sites == 2);
		assert_int_equal(is_site(120), c[i].sites == 2);
		assert_int_equal(is_site(100), c[i].sites == 2);
	}
	/* padding and other data between do not lead there, a branch does */
	clear_pages(state);
	w[1][100] = 0xe1cf04dc;				/* ldrd r0, r1, [pc, #76]: 121, 122 */
	w[1][118] = B_HERE;
	w[1][122] = MRS;
	assert_int_equal(do_doubt(SCAN_WORDS), 0);
	w[1][50] = 0x1a000000 | (122 - 52);
	assert_int_equal(do_doubt(SCAN_WORDS), 2);
	w[1][50] = 0x1a000000 | (121 - 52);
	assert_int_equal(do_doubt(SCAN_WORDS), 2);
	w[1][50] = 0x1a000000 | (123 - 52);
	assert_int_equal(do_doubt(SCAN_WORDS), 0);
}

/* A load that is replaced is read by another one, which is replaced for that. */
static void loads_of_loads(void **state)
{
	w[1][100] = LDR_LIT(40);
	w[1][110] = LDR_LIT(40);
	w[1][120] = MRS;
	w[1][130] = NOP;
	w[1][109] = w[1][119] = BL_AWAY;
	assert_int_equal(do_doubt(SCAN_WORDS), 3);
	w[1][109] = B_HERE;				/* 110 is never executed: a constant, though 120 is code */
	assert_int_equal(do_doubt(SCAN_WORDS), 1);
	assert_true(is_site(120));
}

/* What is reached from where the page is entered is code for certain; what seems to read it is so only if it is, too. */
static void certain_code(void **state)
{
	u32 i;

	w[1][100] = MRS;				/* entry: 98 */
	w[1][101] = BL_AWAY;
	w[1][110] = LDR_LIT_NEG(40);
	assert_int_equal(do_doubt(98), 1);
	assert_true(is_site(100));
	assert_int_equal(scan.nr_doubts, 1);
	w[1][101] = 0x0a000000 | (109 - 103);
	assert_int_equal(do_doubt(98), 2);
	assert_true(is_site(110));
	assert_int_equal(scan.nr_doubts, 0);
	/* among words that look like data */
	clear_pages(state);
	for (i = 0; i < 20; i++)
		w[1][200 + i] = 0x01a00000;
	w[1][210] = 0xe4b81000;				/* ldrt */
	assert_int_equal(do_doubt(SCAN_WORDS), 0);
	assert_int_equal(scan.nr_doubts, 1);
	assert_int_equal(do_doubt(200), 1);
	assert_int_equal(scan.nr_doubts, 0);
	assert_int_equal(do_doubt(211), 0);
	w[1][205] = 0xef000000;				/* may not come back */
	assert_int_equal(do_doubt(200), 0);
}

/* An SVC that could be taken for a trapping word does not stay as it is where it could be executed. */
static void own_svc_in_doubt(void **state)
{
	u32 i;

	w[1][100] = LDR_LIT(80);
	w[1][119] = B_HERE;
	w[1][120] = SVC_OWN;
	assert_int_equal(do_doubt(SCAN_WORDS), 2);
	assert_false(scan.interpret);
	clear_pages(state);
	for (i = 0; i < 20; i++)
		w[1][200 + i] = 0x01a00000;
	w[1][210] = SVC_OWN;
	assert_int_equal(do_doubt(SCAN_WORDS), 0);
	assert_true(scan.interpret);
	assert_int_equal(do_doubt(200), 1);
	assert_false(scan.interpret);
}

/* A page reads what is replaced in another one. */
static void doubt_in_a_neighbour(void **state)
{
	w[1][SCAN_WORDS - 10] = LDR_LIT(80);		/* word 10 of the next page */
	w[2][9] = BL_AWAY;
	w[2][10] = MRS;
	assert_int_equal(do_doubt(SCAN_WORDS), 1);
	assert_true(is_site(SCAN_WORDS - 10));
	w[2][9] = B_HERE;
	assert_int_equal(do_doubt(SCAN_WORDS), 0);
	w[2][10] = SVC_OWN;
	assert_int_equal(do_doubt(SCAN_WORDS), 1);
	w[2][10] = NOP;
	assert_int_equal(do_doubt(SCAN_WORDS), 0);
	w[1][SCAN_WORDS - 10] = NOP;
	assert_false(code_scan_reads_out(&scan));
	w[1][20] = 0xe15f0fb0;				/* ldrh r0, [pc, #-240] */
	w[0][SCAN_WORDS - 38] = CPSID;
	assert_int_equal(do_doubt(SCAN_WORDS), 1);
	assert_true(is_site(20));
}

/* Two halfwords of T32 code, or A32 code? */
static void t32_in_doubt(void **state)
{
	w[1][100] = MRS;
	do_doubt(SCAN_WORDS);
	assert_false(code_doubt_t32(&scan, SCAN_WORDS));
	w[1][99] = 0xef000000;
	w[1][101] = 0xbf000105;
	w[1][102] = 0xdf00df00;
	do_doubt(SCAN_WORDS);
	assert_true(code_doubt_t32(&scan, SCAN_WORDS));
	assert_false(code_doubt_t32(&scan, 100));
	do_doubt(SCAN_WORDS);
	w[1][101] = w[1][102] = NOP;
	assert_false(code_doubt_t32(&scan, SCAN_WORDS));
}

/* Round constants of SHA-256, as its ARM code has them in its text. */
static void table_of_constants(void **state)
{
	static const u32 k[] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
		0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
		0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
		0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
	};
	u32 hits = 0, i;

	for (i = 0; i < ARRAY_SIZE(k); i++)
		hits += a32_is_site(k[i]);
	assert_true(hits >= 3);				/* or the test would prove nothing */
	memcpy(&w[1][300], k, sizeof(k));
	assert_int_equal(do_scan(false, false), 0);
}

/* Sites of every condition in a row are code, although no compiler writes it. */
static void conditional_run(void **state)
{
	u32 cond;

	for (cond = 0; cond < 14; cond++)
		w[1][300 + cond] = cond << 28 | (MOVS_PC_LR & 0x0fffffff);
	for (cond = 0; cond < 14; cond++)
		w[1][400 + cond] = cond << 28 | (LDM_RET & 0x0fffffff);
	assert_int_equal(do_scan(false, false), 28);
}

static void pointer_to_code(void **state)
{
	w[1][100] = 0xc031fb64;				/* eorsgt pc, r1, r4, ror #22; or a function pointer */
	w[1][200] = 0xc001fb64;				/* likewise, within 32 MiB below */
	w[1][300] = 0xd031fb64;				/* far away */
	assert_int_equal(do_scan(false, false), 1);
	assert_true(is_site(300));
	/* if it is executed it is no pointer; the load that names it reads what the guest wrote */
	assert_int_equal(do_doubt(90), 2);
	assert_true(is_site(100));
	w[1][101] = LDR_LIT_NEG(4);
	assert_int_equal(do_doubt(90), 3);
	assert_true(is_site(101));
	assert_int_equal(do_doubt(SCAN_WORDS), 1);
}

static bool may_be_replaced(const u32 *page, u32 i)
{
	return a32_is_site(page[i]) || site_is_cheaper(page[i]) || (site_is_word(page[i]) && page[i] >> 28 == 14);
}

static bool reads_what_matters(u32 load)
{
	u32 i;

	for (i = 0; i < scan.count[load]; i++)
		if (scan.state[scan.target[load] + i] & SCAN_ASKED)
			return true;
	return false;
}

/* Against anything: finishes, stays inside its arrays (sanitizers), and never calls an always-literal a site. */
static void random_pages(void **state)
{
	u32 seed = 1, n, i, k;

	for (n = 0; n < 200; n++) {
		for (i = 0; i < 3; i++)
			for (k = 0; k < SCAN_WORDS; k++) {
				seed = seed * 1664525 + 1013904223;
				w[i][k] = seed ^ seed >> 15;
				if (n & 1 && !(seed & 0x70000))
					w[i][k] = 0xe51f0000 | (seed & 0x800fff);
			}
		do_scan(n & 2, n & 4);
		for (k = 0; k < scan.nr_loads; k++)
			if (scan.state[scan.load[k]] & SCAN_LOAD && reads_what_matters(scan.load[k]))
				fail_msg("load %u was not decided", scan.load[k]);
		for (k = 0; k < SCAN_WORDS; k++)
			if (is_site(k) && (!may_be_replaced(w[1], k) || scan.state[SCAN_WORDS + k] & SCAN_DATA))
				fail_msg("word 0x%08x is no site", w[1][k]);
	}
}

/* -- the real thing: all code pages of the guest kernel that tools/fetch has in the cache -- */

#define KERNEL_VA	0xc0208000u	/* of the first byte of a Debian armmp image */
#define KERNELS		"packages/linux-image-*-armmp_*/boot/vmlinuz-*-armmp"

/* Path of the first vmlinuz in the cache, or NULL. */
static const char *find_kernel(void)
{
	static char path[512];
	const char *cache = getenv("UMBRA_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	glob_t g;

	if (cache)
		snprintf(path, sizeof(path), "%s/" KERNELS, cache);
	else
		snprintf(path, sizeof(path), "%s%s/umbra/" KERNELS, xdg ? xdg : home ? home : "",
			 xdg ? "" : "/.cache");
	if (glob(path, 0, NULL, &g))
		return NULL;
	snprintf(path, sizeof(path), "%s", g.gl_pathv[0]);
	globfree(&g);
	return path;
}

/* Decompress what starts at byte @off of @path; the size, or 0 when that is no xz stream of a kernel. */
static size_t inflate_at(const char *path, long off, u32 *buf, size_t size)
{
	char cmd[640];
	size_t n;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "tail -c +%ld '%s' | xz -dc 2>/dev/null", off + 1, path);
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(buf, 1, size, f);
	pclose(f);
	return n > 8 << 20 ? n : 0;
}

static size_t read_kernel(const char *path, u32 *buf, size_t size)
{
	static const u8 magic[6] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	static u8 z[16 << 20];
	FILE *f = fopen(path, "rb");
	size_t n, got = 0, i;

	assert_non_null(f);
	n = fread(z, 1, sizeof(z), f);
	fclose(f);
	for (i = 0; !got && i + 6 < n; i++)
		if (!memcmp(z + i, magic, 6))
			got = inflate_at(path, (long)i, buf, size);
	return got;
}

static bool mostly_code(const u32 *page)
{
	u32 i, al = 0;

	for (i = 0; i < SCAN_WORDS; i++)
		al += page[i] >> 28 == 14;
	return al > 2 * SCAN_WORDS / 5;
}

/*
 * Compiled code conditions no sensitive instruction but WFI and the stores of clear_user(), and none of its data that
 * look like one have the condition AL: so the scanner's verdicts can be told right from wrong by the condition.
 */
static void check_word(u32 word, bool site, u32 at)
{
	enum insn_op op = a32_site_op(word);
	bool cond = word >> 28 < 14;

	if (site && cond && op != INSN_WFI && (word & 0x0ff00fff) != 0x04e00000)
		fail_msg("0x%08x at 0x%08x is data, taken for a site", word, at);
	if (!site && !cond)
		fail_msg("0x%08x at 0x%08x is a site, taken for data", word, at);
}

static void real_kernel(void **state)
{
	static u32 image[8 << 20];
	const char *path = find_kernel();
	u32 count[INSN_NR] = { 0 }, data = 0, cheaper = 0, pages, p, i;

	if (!path)
		skip();
	pages = (u32)(read_kernel(path, image, sizeof(image)) / PAGE_SIZE);
	assert_true(pages > 2000);
	for (p = 1; p + 1 < pages; p++) {
		const u32 *page[3] = { &image[(p - 1) * SCAN_WORDS], &image[p * SCAN_WORDS], &image[(p + 1) * SCAN_WORDS] };

		if (!mostly_code(page[1]))
			continue;
		scan_at(page, KERNEL_VA + p * PAGE_SIZE);
		for (i = 0; i < SCAN_WORDS; i++) {
			/* Linux's reset vector, SWI SYS_ERROR0, is code. */
			if (is_site(i) && site_is_word(page[1][i]) && page[1][i] != 0xef9f0000)
				fail_msg("0x%08x at 0x%08x: data that looks like SVC", page[1][i], KERNEL_VA + p * PAGE_SIZE + 4 * i);
			cheaper += is_site(i) && !a32_is_site(page[1][i]);
			if (!a32_is_site(page[1][i]))
				continue;
			check_word(page[1][i], is_site(i), KERNEL_VA + p * PAGE_SIZE + 4 * i);
			if (is_site(i))
				count[a32_site_op(page[1][i])]++;
			else
				data++;
		}
	}
	printf("CPS %u MRS %u MSR %u LDM^ %u+%u STM^ %u S-to-pc %u LDRT/STRT %u WFI %u, data %u\n", count[INSN_CPS],
	       count[INSN_MRS], count[INSN_MSR_REG] + count[INSN_MSR_IMM], count[INSN_LDM_USER], count[INSN_LDM_RET],
	       count[INSN_STM_USER], count[INSN_ALU_RET_REG] + count[INSN_ALU_RET_IMM], count[INSN_LDRT] + count[INSN_STRT],
	       count[INSN_WFI], data);
	assert_true(count[INSN_CPS] > 2500 && count[INSN_MRS] > 1500 && count[INSN_MSR_REG] > 1500);
	assert_true(count[INSN_LDM_RET] >= 4 && count[INSN_STM_USER] >= 4 && count[INSN_ALU_RET_REG] >= 2);
	assert_true(data > 1000);
	assert_true(cheaper > 1000);
}

/* -- copies -- */

#define RAM		0x80000000u
#define VA		0xc0300000u
#define COPIES		16

static struct vcpu v;
static struct guest guest;
static u32 protects, drops, window_drops, walks;
static gpa_t protected_page, dropped_page, forgotten_page;
static hpa_t dropped_copy;
static bool walk_fails;
static gva_t alias_va;		/* one page that is also mapped elsewhere */
static gpa_t alias_pa;

void shadow_protect_page(struct vcpu *vc, gpa_t page, bool flushed)
{
	protects++;
	protected_page = page;
	if (!flushed)
		arch_dcache_flush_range(page, PAGE_SIZE);
}

void shadow_drop_page(struct vcpu *vc, gpa_t page, hpa_t copy)
{
	drops++;
	dropped_page = page;
	dropped_copy = copy;
}

void shadow_forget_user(struct vcpu *vc, gpa_t page) { forgotten_page = page; }

void window_sites_drop(struct vcpu *vc, u32 copy) { window_drops++; }

static u32 path_word(struct vcpu *vc, struct code_site *at)
{
	return site_word(at->page, at->index, at->copy, !vc->fast_off);
}

static const struct code_ops path_code = { .word = path_word, .origin = site_origin };
static const struct cpu_path path = { .name = "test", .code = &path_code };

int guest_walk(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, struct walk *wk, struct gfault *f)
{
	walks++;
	if (walk_fails || (va < VA && va - alias_va >= PAGE_SIZE))
		return -EFAULT;
	wk->gpa = va - alias_va < PAGE_SIZE ? alias_pa + va % PAGE_SIZE : va - VA + RAM;
	return 0;
}

static int setup(void **state)
{
	u32 i;

	fake_arch_reset();
	alloc_init(FAKE_UMBRA_BASE, FAKE_UMBRA_BASE + 0x400000);
	memset(&v, 0, sizeof(v));
	memset(&guest, 0, sizeof(guest));
	guest.name = "test";
	guest.map.nr = 2;
	guest.map.r[0] = (struct region){ FAKE_SRAM_BASE, 0x10000, REGION_RAM, NULL, "sram" };
	guest.map.r[1] = (struct region){ RAM, 0x100000, REGION_RAM, NULL, "ram" };
	v.guest = &guest;
	v.path = &path;
	v.cpsr = MODE_SVC;
	protects = drops = window_drops = walks = 0;
	walk_fails = false;
	alias_va = 0;
	alias_pa = 0;
	for (i = 0; i < 0x40000; i += 4)
		*(u32 *)hpa_ptr(RAM + i) = NOP;
	return code_pages_init(&v);
}

static void put(gpa_t gpa, u32 word)
{
	*(u32 *)hpa_ptr(gpa) = word;
}

static u32 get(hpa_t hpa)
{
	return *(u32 *)hpa_ptr(hpa);
}

static bool comes_to(u32 n, u32 at, u32 cpsr);

static hpa_t exec_page(u32 n)
{
	hpa_t exec = 0;

	code_page_get(&v, RAM + n * PAGE_SIZE, VA + n * PAGE_SIZE, &exec);
	return exec;
}

static void clean_page_needs_no_copy(void **state)
{
	hpa_t exec = 1;

	assert_false(code_page_is_code(&v, RAM, NULL));
	assert_int_equal(exec_page(0), RAM);
	assert_int_equal(protects, 1);
	assert_int_equal(v.exits[EXIT_SCAN], 1);
	assert_int_equal(walks, 0);			/* its neighbours do not matter */
	assert_true(code_page_is_code(&v, RAM, &exec));
	assert_int_equal(exec, RAM);
	exec_page(0);
	assert_int_equal(v.exits[EXIT_SCAN], 1);	/* known */
	code_page_drop(&v, RAM);
	assert_int_equal(drops, 1);
	assert_int_equal(dropped_copy, 0);
	assert_false(code_page_is_code(&v, RAM, NULL));
	code_page_drop(&v, RAM);			/* nothing to drop */
	assert_int_equal(drops, 1);
}

/* A word that would be a pointer if it was not executed, in a page that has no other site. */
static void executed_pointer(void **state)
{
	hpa_t copy;

	put(RAM + 0x10, 0xc031fb64);			/* eorsgt pc, r1, r4, ror #22 */
	v.r[15] = VA;
	copy = exec_page(0);
	assert_int_not_equal(copy, RAM);
	assert_int_not_equal(get(copy + 0x10), 0xc031fb64);
}

static void copy_has_sites_replaced(void **state)
{
	hpa_t exec, e2;
	u32 word = 0, i;

	put(RAM + 0x10, MRS);
	put(RAM + 0x20, 0x114f0000);			/* mrsne */
	put(RAM + 0xffc, CPSID);
	exec = exec_page(0);
	assert_int_not_equal(exec, RAM);
	assert_int_equal(protected_page, RAM);
	for (i = 0; i < PAGE_SIZE; i += 4)
		if (i != 0x10 && i != 0x20 && i != 0xffc)
			assert_int_equal(get(exec + i), NOP);
	assert_int_equal(get(exec + 0x10), MRS_TRAP(1));
	assert_int_equal(get(exec + 0x20), (OTHER_TRAP(1, 8) & 0xffffff) | 0x1f000000);	/* conditional: kind 0 */
	assert_int_equal(get(exec + 0xffc), CPSID_TRAP(1));	/* unconditional: AL */
	assert_int_equal(get(RAM + 0x10), MRS);		/* pristine */
	assert_int_equal(fake_dcache_cleaned, PAGE_SIZE);	/* the copy; */
	assert_int_equal(fake_dcache_flushed, PAGE_SIZE);	/* and the page, before */
	assert_int_equal(fake_icache_invalidated, 1);
	assert_true(code_page_is_code(&v, RAM + 0x123, &e2));
	assert_int_equal(e2, exec);
	assert_true(code_page_site(&v, MRS_TRAP(1), VA + 0x10, &word));
	assert_int_equal(word, MRS);
	assert_true(code_page_site(&v, CPSID_TRAP(1), VA + 0xffc, &word));
	assert_int_equal(word, CPSID);
	code_page_drop(&v, RAM + 0x10);
	assert_int_equal(dropped_page, RAM);
	assert_int_equal(dropped_copy, exec);
	assert_int_equal(window_drops, 1);
	assert_false(code_page_site(&v, MRS_TRAP(1), VA + 0x10, &word));
}

static void foreign_svc_is_no_site(void **state)
{
	u32 word;

	put(RAM + 0x10, MRS);
	put(RAM + 0x14, MRS_TRAP(1));			/* the guest's own, with the word that a site would get */
	put(RAM + 0x18, 0xef000010);
	exec_page(0);
	assert_false(code_page_site(&v, MRS_TRAP(1), VA + 0x14, &word));
	assert_int_equal(get(exec_page(0) + 0x14), OTHER_TRAP(1, 5));	/* replaced: the window would take it for the site */
	assert_false(code_page_site(&v, OTHER_TRAP(1, 5), VA + 0x14, &word));
	assert_int_equal(get(exec_page(0) + 0x18), 0xef000010);	/* cannot be confused */
	assert_false(code_page_site(&v, 0xef000010, VA + 0x18, &word));
	assert_false(code_page_site(&v, CPSID_TRAP(1), VA + 0x10, &word));	/* another site */
	assert_false(code_page_site(&v, MRS_TRAP(1), VA + PAGE_SIZE + 0x10, &word));	/* another page */
	assert_false(code_page_site(&v, MRS_TRAP(2), VA + 0x10, &word));	/* copy that is not live */
	assert_false(code_page_site(&v, MRS_TRAP(0), VA + 0x10, &word));
	assert_false(code_page_site(&v, MRS_TRAP(5), VA + 0x10, &word));
	assert_true(code_page_site(&v, MRS_TRAP(1), VA + 0x10, &word));
}

static void alias_is_the_same_page(void **state)
{
	u32 word = 0;

	put(RAM + 0x10, MRS);
	exec_page(0);
	alias_va = 0xbf000000;
	alias_pa = RAM;
	assert_true(code_page_site(&v, MRS_TRAP(1), alias_va + 0x10, &word));
	assert_int_equal(word, MRS);
	walk_fails = true;				/* tables changed, TLB not: the copy still runs */
	assert_true(code_page_site(&v, MRS_TRAP(1), alias_va + 0x10, &word));
	assert_true(code_page_site(&v, MRS_TRAP(1), VA + 0x10, &word));
	v.cpsr = MODE_USR;
	assert_false(code_page_site(&v, MRS_TRAP(1), VA + 0x10, &word));
}

static void neighbours_by_address(void **state)
{
	put(RAM + PAGE_SIZE - 8, LDR_LIT(24));		/* reads word 4 of the next page */
	put(RAM + PAGE_SIZE + 0x10, MRS);
	put(RAM + PAGE_SIZE + 0xc, B_HERE);		/* which no code reaches */
	assert_int_equal(exec_page(1), RAM + PAGE_SIZE);
	code_page_drop(&v, RAM + PAGE_SIZE);
	walk_fails = true;				/* not mapped: the loads there are not seen */
	assert_int_not_equal(exec_page(1), RAM + PAGE_SIZE);
	walk_fails = false;
	code_page_drop(&v, RAM + PAGE_SIZE);
	put(RAM + PAGE_SIZE - 8, NOP);
	assert_int_not_equal(exec_page(1), RAM + PAGE_SIZE);
}

static void eviction_spares_the_used(void **state)
{
	u32 i, word = 0;
	hpa_t exec;

	for (i = 0; i <= COPIES + 1; i++)
		put(RAM + i * PAGE_SIZE + 0x10, MRS);
	for (i = 0; i < COPIES; i++)
		exec_page(i);
	assert_int_equal(drops, 0);
	exec_page(COPIES);				/* all were used once: the first goes */
	assert_int_equal(drops, 1);
	assert_int_equal(dropped_page, RAM);
	assert_int_equal(protected_page, RAM);
	assert_false(code_page_is_code(&v, RAM, &exec));
	assert_true(code_page_is_code(&v, RAM, NULL));	/* nothing may write it all the same */
	assert_true(code_page_site(&v, MRS_TRAP(2), VA + PAGE_SIZE + 0x10, &word));	/* page 1 is used again */
	exec_page(COPIES + 1);
	assert_int_equal(drops, 2);
	assert_int_equal(dropped_page, RAM + 2 * PAGE_SIZE);
	assert_true(code_page_is_code(&v, RAM + PAGE_SIZE, NULL));
	/* a copy that was given up is taken before anything is evicted */
	code_page_drop(&v, RAM + 9 * PAGE_SIZE);
	exec_page(0);
	assert_int_equal(drops, 3);
	for (i = 0; i < 3 * COPIES; i++)		/* goes round and round */
		exec_page(i % (COPIES + 2));
}

/* Evict the copies of all other pages by those of pages from @first on. */
static void fill_copies(u32 first)
{
	for (u32 i = first; i < first + COPIES; i++) {
		put(RAM + i * PAGE_SIZE + 0x10, MRS);
		assert_int_not_equal(exec_page(i), RAM + i * PAGE_SIZE);
	}
}

/* What a scan found holds for as long as nothing writes the page, also what depended on its neighbours and on where it was entered. */
static void evicted_is_made_again(void **state)
{
	u32 was[SCAN_WORDS], scans;
	hpa_t copy, again;

	put(RAM + PAGE_SIZE - 8, LDR_LIT(24));		/* reads word 4 of the next page: is data */
	put(RAM + PAGE_SIZE + 0xc, B_HERE);
	put(RAM + PAGE_SIZE + 0x10, MRS);
	put(RAM + PAGE_SIZE + 0xffc, CPSID);
	copy = exec_page(1);
	memcpy(was, hpa_ptr(copy), PAGE_SIZE);
	assert_int_equal(was[4], MRS);
	assert_int_not_equal(was[1023], CPSID);
	put(RAM + PAGE_SIZE - 8, NOP);			/* natively, too, nothing happens to page 1 */
	fill_copies(2);
	assert_false(code_page_is_code(&v, RAM + PAGE_SIZE, &copy));
	scans = v.exits[EXIT_SCAN];
	again = exec_page(1);
	assert_int_equal(v.exits[EXIT_SCAN], scans);
	assert_memory_equal(hpa_ptr(again), was, PAGE_SIZE);
	assert_true(code_page_is_code(&v, RAM + PAGE_SIZE, &copy));
	assert_int_equal(copy, again);
	assert_int_equal(code_pages_audit(&v), 0);
}

/* And no longer. */
static void evicted_is_forgotten(void **state)
{
	u32 scans;
	hpa_t exec;

	put(RAM + 0x10, MRS);
	exec_page(0);
	fill_copies(2);
	drops = 0;
	code_page_written(&v, RAM + 0x18);
	assert_int_equal(drops, 1);
	assert_false(code_page_is_code(&v, RAM, NULL));
	put(RAM + 0x18, CPSID);
	assert_int_not_equal(get(exec_page(0) + 0x18), CPSID);
	fill_copies(2);
	scans = v.exits[EXIT_SCAN];			/* elsewhere other words may be data */
	code_page_get(&v, RAM, 0xd0000000, &exec);
	assert_int_equal(v.exits[EXIT_SCAN], scans + 1);
	fill_copies(2);
	fill_copies(2 + COPIES);			/* more than is kept: the first of them is code no more */
	assert_false(code_page_is_code(&v, RAM, NULL));
	assert_int_equal(code_pages_audit(&v), 0);
	code_pages_reset(&v);
	for (u32 i = 0; i < 2 * COPIES + 2; i++)
		assert_false(code_page_is_code(&v, RAM + i * PAGE_SIZE, NULL));
	assert_int_equal(code_pages_audit(&v), 0);
}

static void is_made_of(hpa_t copy, u32 page)
{
	for (u32 i = 0; i < PAGE_SIZE; i += 4)
		if (get(RAM + page * PAGE_SIZE + i) == NOP)
			assert_int_equal(get(copy + i), NOP);
		else
			assert_true(site_is_word(get(copy + i)));
}

/* Pages come, go and change at random: whichever way its copy was made, it is that of the page as it is. */
static void copies_are_of_their_pages(void **state)
{
	u32 made_again = 0, seed = 7, scans;

	for (u32 step = 0; step < 20000; step++) {
		u32 page, at;
		bool code;
		hpa_t exec;

		seed = seed * 1664525 + 1013904223;
		page = (seed >> 8) % 28;
		at = page * PAGE_SIZE + (seed >> 16) % SCAN_WORDS * 4;
		if (!(seed >> 28)) {
			code_page_written(&v, RAM + at);
			code_page_drop(&v, RAM + at);
			put(RAM + at, get(RAM + at) == NOP ? seed & 0x80 ? MRS : CPSID : NOP);
		}
		if (code_page_interpreted(&v, RAM + page * PAGE_SIZE, VA + page * PAGE_SIZE)) {
			code_page_spend(&v, RAM + page * PAGE_SIZE, 1000, RAN_A32);
			continue;
		}
		scans = v.exits[EXIT_SCAN];
		code = code_page_is_code(&v, RAM + page * PAGE_SIZE, &exec);
		exec = exec_page(page);
		made_again += !code && scans == v.exits[EXIT_SCAN];
		if (exec != RAM + page * PAGE_SIZE)
			is_made_of(exec, page);
		if (!(step % 100))
			assert_int_equal(code_pages_audit(&v), 0);
	}
	assert_in_range(made_again, 100, 20000);
}

static void without_fast_exits(void **state)
{
	u32 word = 0;

	v.fast_off = 1;
	assert_int_equal(code_pages_init(&v), 0);
	put(RAM + 0x10, MRS);
	assert_int_equal(get(exec_page(0) + 0x10), OTHER_TRAP(1, 4));	/* not for the window to handle */
	assert_true(code_page_site(&v, OTHER_TRAP(1, 4), VA + 0x10, &word));
	assert_int_equal(word, MRS);
}

/* The loads of a neighbour that count are those that it holds now. */
static void neighbours_that_change(void **state)
{
	put(RAM + PAGE_SIZE + 0x10, MRS);
	exec_page(0);
	assert_int_equal(get(exec_page(1) + 0x10), MRS_TRAP(1));
	code_page_drop(&v, RAM + PAGE_SIZE);
	code_page_written(&v, RAM);
	put(RAM + PAGE_SIZE - 0x10, LDR_LIT(0x20));	/* it is read, and not reached */
	put(RAM + PAGE_SIZE + 0xc, B_HERE);
	assert_int_equal(get(exec_page(1) + 0x10), MRS);
	code_page_drop(&v, RAM + PAGE_SIZE);
	exec_page(0);
	assert_int_equal(get(exec_page(1) + 0x10), MRS);
	code_page_drop(&v, RAM + PAGE_SIZE);
	code_page_written(&v, RAM);
	put(RAM + PAGE_SIZE - 0x10, NOP);
	assert_int_equal(get(exec_page(1) + 0x10), MRS_TRAP(2));
}

/* -- stores that change a word in its place -- */

#define DATA_AT		0x400u

/* The guest stores @word in page @n. Is it still code, without having been anything else? */
static bool store_keeps(u32 n, u32 at, u32 size, u32 word)
{
	u32 before = drops;

	if (!code_page_store(&v, RAM + n * PAGE_SIZE + at, size, word))
		return false;
	assert_int_equal(drops, before);
	assert_true(code_page_is_code(&v, RAM + n * PAGE_SIZE, NULL));
	return true;
}

static void stores_change_a_word(void **state)
{
	u32 scans, gen = v.code_gen;
	hpa_t copy;

	put(RAM + 0x10, MRS);
	copy = exec_page(0);
	gen = v.code_gen;
	scans = v.exits[EXIT_SCAN];
	fake_dcache_cleaned = fake_icache_invalidated = 0;
	assert_true(store_keeps(0, DATA_AT, 4, 0x12345678));
	assert_int_equal(get(RAM + DATA_AT), 0x12345678);
	assert_int_equal(get(copy + DATA_AT), 0x12345678);
	assert_int_equal(fake_dcache_cleaned, 8);	/* the page's word and the copy's */
	assert_int_equal(fake_icache_invalidated, 1);
	assert_int_not_equal(v.code_gen, gen);		/* for who remembers words of code */
	assert_int_equal(code_pages_audit(&v), 0);
	put(RAM + DATA_AT, 0x12345679);				/* as a device may */
	fake_log_reset();
	assert_int_equal(code_pages_audit(&v), 0);
	assert_non_null(strstr(fake_log_text, "code page audit: 1 copies are not what memory holds"));
	put(RAM + DATA_AT, 0x12345678);
	assert_true(store_keeps(0, DATA_AT + 1, 1, 0xffffff9a));
	assert_true(store_keeps(0, DATA_AT + 2, 2, 0xffffbcde));
	assert_int_equal(get(RAM + DATA_AT), 0xbcde9a78);
	assert_int_equal(get(copy + DATA_AT), 0xbcde9a78);
	assert_int_equal(get(copy + 0x10), MRS_TRAP(1));
	assert_int_equal(exec_page(0), copy);
	assert_int_equal(v.exits[EXIT_SCAN], scans);
	assert_int_equal(code_pages_audit(&v), 0);
}

/* A page without anything that looks like a site is executed where it is. */
static void stores_into_a_bare_page(void **state)
{
	assert_int_equal(exec_page(0), RAM);
	assert_true(store_keeps(0, DATA_AT, 4, 0));
	assert_int_equal(get(RAM + DATA_AT), 0);
	assert_false(store_keeps(0, DATA_AT, 4, MRS));
	assert_false(store_keeps(0, DATA_AT, 2, 0xf00e) && store_keeps(0, DATA_AT + 2, 2, MOVS_PC_LR >> 16));
}

/* What matters, by itself or to something else. Nothing is done then. */
static void stores_that_matter(void **state)
{
	static const struct {
		u32 at, word;
	} t[] = {
		{ 0x10, NOP },				/* the site becomes none, */
		{ 0x10, CPSID },			/* or another */
		{ DATA_AT, MRS }, { DATA_AT, CPSID }, { DATA_AT, WFI }, { DATA_AT, LDM_RET }, { DATA_AT, LDMHI_USER },
		{ DATA_AT, LDR_LIT(16) }, { DATA_AT, 0xe28f0010 }, { DATA_AT, 0xe79ff100 },	/* loads, ADR */
		{ DATA_AT, 0xef8c0010 }, { DATA_AT, 0xea400000 },	/* like words of Umbra's */
		{ 0x40, NOP },				/* a load */
	};

	put(RAM + 0x10, MRS);
	put(RAM + 0x40, LDR_LIT(0x100));
	exec_page(0);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u32 before = get(RAM + t[i].at);

		if (store_keeps(0, t[i].at, 4, t[i].word))
			fail_msg("0x%08x at 0x%x", t[i].word, t[i].at);
		assert_int_equal(get(RAM + t[i].at), before);
	}
	assert_true(store_keeps(0, DATA_AT, 4, 0xe1a00001));
	/* behind ADR, where what ends a run of code decides what is data */
	code_page_drop(&v, RAM);
	put(RAM + DATA_AT - 0x20, 0xe28f0010);
	exec_page(0);
	assert_false(store_keeps(0, DATA_AT, 4, 0xe1a00002));
	assert_false(store_keeps(0, DATA_AT - 0x40, 4, 0xc0001234));	/* the first byte: of a table, perhaps */
	assert_true(store_keeps(0, DATA_AT - 0x40, 4, 0xe1a00003));
	/* what is data because no code reaches it */
	code_page_drop(&v, RAM);
	put(RAM + DATA_AT - 0x20, NOP);
	put(RAM + 0x100, LDR_LIT(0x40));
	put(RAM + 0x13c, B_HERE);
	put(RAM + 0x140, MRS);
	assert_int_equal(get(exec_page(0) + 0x140), MRS);
	assert_false(store_keeps(0, DATA_AT - 0x40, 4, 0xeb000000 | ((0x140 - (DATA_AT - 0x40) - 8) / 4 & 0xffffff)));	/* it calls that */
	assert_true(store_keeps(0, DATA_AT - 0x40, 4, 0xe1a00004));
	assert_false(store_keeps(0, 0x13c, 4, 0xe1a00003));
	/* and so of the page before */
	put(RAM + PAGE_SIZE + 0x10, MRS);
	put(RAM + PAGE_SIZE - 8, 0xe28f0010);
	exec_page(1);
	assert_false(store_keeps(1, 0x80, 4, 0xe1a00002));
}

/* Copies that path has put more into. */
static bool covers_next(struct vcpu *vc, const u32 *copy, u32 i, gva_t gva)
{
	return i && site_is_word(copy[i - 1]) && gva == VA;
}

static void stores_into_what_is_covered(void **state)
{
	static const struct code_ops covering = { .word = path_word, .origin = site_origin, .covers = covers_next };
	static const struct cpu_path path = { .code = &covering };
	const struct cpu_path *before = v.path;

	put(RAM + 0x10, MRS);
	put(RAM + 0x14, 0xe1a00003);
	put(RAM + 0x18, 0xe1a00003);
	exec_page(0);
	v.path = &path;
	assert_false(store_keeps(0, 0x14, 4, 0xe1a00001));
	assert_true(store_keeps(0, 0x18, 4, 0xe1a00001));
	v.path = before;
}

/* What stands behind some sites says what stands for them (site_word()): it must not change to what asks for another word. */
static void stores_behind_a_site(void **state)
{
	static const struct {
		u32 site[4], at, word;
	} t[] = {
		{ { 0xe95d7fff, NOP, 0xe28dd048, MOVS_PC_LR }, 2, 0xe2800001 },	/* ldmdb sp, {r0-lr}^; nop; add sp, sp, #72; movs pc, lr */
		{ { 0xe95d7fff, NOP, 0xe28dd048, MOVS_PC_LR }, 2, 0xe28ddc01 },
		{ { 0xe95d7fff, NOP, 0xe2800001, MOVS_PC_LR }, 2, 0xe28dd048 },
		{ { 0xe95d7ffe, NOP, 0xe28dd048, MOVS_PC_LR }, 2, 0xe2800001 },
		{ { 0xee070f3a, 0xe2800040, 0xe1500001, 0x3afffff0 }, 3, 0x3afffffb },	/* mcr DCCMVAC, r0; add r0, #64; cmp r0, r1; blo */
		{ { 0xee070f3a, 0xe2800040, 0xe1500001, 0x3afffffb }, 3, 0x3afffff0 },
	};
	u32 kept = 0, word;

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		hpa_t copy;
		u32 was;

		for (u32 k = 0; k < 4; k++)
			put(RAM + 0x80 + 4 * k, t[i].site[k]);
		code_page_drop(&v, RAM);
		copy = exec_page(0);
		was = get(copy + 0x80);
		kept += store_keeps(0, 0x80 + 4 * t[i].at, 4, t[i].word);
		if (copy != RAM && was != t[i].site[0])
			assert_true(code_page_site(&v, was, VA + 0x80, &word));
		put(RAM + 0x80 + 4 * t[i].at, t[i].site[t[i].at]);
		if (copy != RAM)
			put(copy + 0x80 + 4 * t[i].at, t[i].site[t[i].at]);
	}
	assert_int_equal(kept, 0);
	/* of what a site does not look at, nothing else is known */
	put(RAM + 0x80, MRS);
	code_page_drop(&v, RAM);
	exec_page(0);
	assert_true(store_keeps(0, 0x88, 4, 0xe2800002));
}

/* A page has credit for a few, then is looked at again; each time that turns out to be worth it, for more. */
static void stores_have_an_end(void **state)
{
	u32 most = 0;

	put(RAM + 0x10, MRS);
	for (u32 round = 0; round < 8; round++) {
		u32 n = 0;

		exec_page(0);
		while (n < 1000 && code_page_takes_stores(&v, RAM + DATA_AT) && store_keeps(0, DATA_AT, 4, 0xe1a00000 | n))
			n++;
		assert_int_equal(n, round < 4 ? 4u << round : 64);
		assert_false(code_page_takes_stores(&v, RAM + DATA_AT));
		code_page_drop(&v, RAM);
		most = n;
	}
	assert_int_equal(most, 64);
	assert_false(code_page_takes_stores(&v, RAM + DATA_AT));	/* no code */
}

/* While it is known what a page without a copy would get, nothing of it changes; nor where T32 code is about, if it looks like a site of that. */
static void stores_elsewhere(void **state)
{
	put(RAM + 0x10, MRS);
	exec_page(0);
	fill_copies(2);
	assert_false(code_page_is_code(&v, RAM, &(hpa_t){ 0 }));
	assert_false(store_keeps(0, DATA_AT, 4, 0xe1a00001));
	assert_true(store_keeps(2, DATA_AT, 4, 0xe1a00001));
	comes_to(40, 0, MODE_SVC | PSR_T);
	assert_false(comes_to(2, 0, MODE_SVC));
	exec_page(2);
	assert_true(store_keeps(2, DATA_AT, 4, 0xe1a00002));
	assert_false(store_keeps(2, DATA_AT, 4, 0x0672b672));		/* CPSID */
	assert_false(store_keeps(2, DATA_AT, 4, 0xb672e1a0));
	comes_to(40, 0, MODE_SVC);
	assert_int_equal(exec_page(1 + COPIES / 2 + 20), RAM + (1 + COPIES / 2 + 20) * PAGE_SIZE);
	assert_true(store_keeps(1 + COPIES / 2 + 20, DATA_AT, 4, 0));
	assert_false(store_keeps(1 + COPIES / 2 + 20, DATA_AT, 2, 0xb672));
}

/* The guest invalidates a line, as it does for what it stored itself; a device may have written it as well, which nobody saw. */
static void lines_hold(void **state)
{
	put(RAM + 0x10, MRS);
	exec_page(0);
	assert_true(store_keeps(0, DATA_AT, 4, 0x12345678));
	assert_true(code_page_line_holds(&v, RAM + DATA_AT + 8, 64));
	assert_false(code_page_line_holds(&v, RAM, 64));	/* what was replaced there is not known any more */
	put(RAM + DATA_AT + 0x3c, 0x12345679);
	assert_false(code_page_line_holds(&v, RAM + DATA_AT + 8, 64));
	assert_true(code_page_line_holds(&v, RAM + DATA_AT + 0x40, 64));
	assert_int_equal(exec_page(1), RAM + PAGE_SIZE);
	put(RAM + PAGE_SIZE + DATA_AT, 0x12345678);
	assert_true(code_page_line_holds(&v, RAM + PAGE_SIZE + DATA_AT, 64));
	put(RAM + PAGE_SIZE + DATA_AT + 0x3c, CPSID);
	assert_false(code_page_line_holds(&v, RAM + PAGE_SIZE + DATA_AT, 64));
	assert_false(code_page_line_holds(&v, RAM + 2 * PAGE_SIZE, 64));	/* no code */
}

static const u32 interesting[] = {
	MRS, CPSID, WFI, MOVS_PC_LR, LDM_RET, LDMHI_USER, 0x114f0000, 0xe4b10000, 0xe9486000, 0xe121f000,
	LDR_LIT(0x40), LDR_LIT_NEG(0x40), LDR_LIT(0x400), LDR_LIT_NEG(0x300), 0xe1cf01d8, 0xed9f0b10, 0xe79ff100, 0xe28f0010, 0xe28f1040, 0xe24f2020, 0xe28f2f40,
	B_HERE, 0xeafffff0, 0x0a000006, 0x1a000010, 0xeb000008, 0xe12fff1e, 0xe8bd8000, 0xe1a0f00e, 0xe7f000f0,
	0xe5910000, 0xe5921004, 0xe8910006, 0xe7910002, 0xe0811002, 0x00811002, 0xe3a01001, 0xe2822004, 0x12822004,
	0, 0, 0, 1, 2, 0x30, 0x12345678, 0xc0301234, 0xc0300fff, 0x80301234, 0xef000000, 0xef8c0010, 0xea400000, 0xe320f000,
};

static u32 some_word(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 29 < 5 ? NOP + (*seed >> 8 & 0x1003) : interesting[(*seed >> 8) % ARRAY_SIZE(interesting)];
}

/* A page whose kinds of words, and how many, differ from one to the next. */
static void fill_random(u32 n, u32 *seed)
{
	static u32 kinds[6];
	u32 dense = some_word(seed) & 7;

	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++)
		kinds[k] = some_word(seed);
	for (u32 i = 0; i < SCAN_WORDS; i++) {
		*seed = *seed * 1664525 + 1013904223;
		put(RAM + n * PAGE_SIZE + 4 * i, *seed >> 28 > dense ? NOP : *seed & 0x800 ? kinds[(*seed >> 8) % 6] : some_word(seed));
	}
}

static void which_are_replaced(hpa_t copy, gpa_t page, bool to[SCAN_WORDS])
{
	for (u32 i = 0; i < SCAN_WORDS; i++)
		to[i] = get(copy + 4 * i) != get(page + 4 * i);
}

/* Whatever the page, and whatever is stored: what stays code is what a new scan would have made. */
static void stores_are_as_a_new_scan(void **state)
{
	static bool before[SCAN_WORDS], after[SCAN_WORDS];
	u32 seed = 11, kept = 0, bare = 0, given_up = 0;

	for (u32 step = 0; step < 30000; step++) {
		u32 at, word;
		hpa_t copy;

		if (step % 100 == 0)
			for (u32 n = 0; n < 3; n++)
				fill_random(n, &seed);
		code_page_drop(&v, RAM + PAGE_SIZE);
		at = (some_word(&seed), seed >> 10) % SCAN_WORDS * 4;
		word = some_word(&seed);
		v.r[15] = seed & 0x100 ? VA + PAGE_SIZE + (seed >> 12) % SCAN_WORDS * 4 : 0;
		if (code_page_interpreted(&v, RAM + PAGE_SIZE, VA + PAGE_SIZE)) {
			code_page_spend(&v, RAM + PAGE_SIZE, 100000, RAN_A32);
			fill_random(1, &seed);
			continue;
		}
		copy = exec_page(1);
		which_are_replaced(copy, RAM + PAGE_SIZE, before);
		if (!store_keeps(1, at, 4, word)) {
			given_up++;
			put(RAM + PAGE_SIZE + at, word);
			continue;
		}
		assert_int_equal(get(copy + at), word);
		kept++;
		bare += copy == RAM + PAGE_SIZE;
		code_page_drop(&v, RAM + PAGE_SIZE);
		if (code_page_interpreted(&v, RAM + PAGE_SIZE, VA + PAGE_SIZE))
			fail_msg("step %u: 0x%08x at 0x%x: would be interpreted", step, word, at);
		copy = exec_page(1);
		which_are_replaced(copy, RAM + PAGE_SIZE, after);
		if (memcmp(before, after, sizeof(before)))
			fail_msg("step %u: 0x%08x at 0x%x: others would be replaced", step, word, at);
	}
	printf("%u changed in place, %u of them in bare pages, %u not\n", kept, bare, given_up);
	assert_in_range(kept, 2000, 30000);
	assert_in_range(given_up, 2000, 30000);
}

/* -- pages that are interpreted -- */

/* Execute page @n and write it, until it is not scanned any more; returns how often. */
static u32 churn(u32 n)
{
	u32 writes = 0;

	while (!code_page_interpreted(&v, RAM + n * PAGE_SIZE, VA + n * PAGE_SIZE)) {
		exec_page(n);
		code_page_written(&v, RAM + n * PAGE_SIZE + 0x24);
		writes++;
	}
	return writes;
}

static void written_again_and_again(void **state)
{
	put(RAM + 0x10, MRS);
	assert_int_equal(churn(0), 4);
	assert_int_equal(v.exits[EXIT_SCAN], 4);
	assert_int_equal(drops, 4);
	assert_false(code_page_is_code(&v, RAM, NULL));	/* may be written */
	code_page_drop(&v, RAM);			/* cache maintenance says nothing new */
	assert_true(code_page_interpreted(&v, RAM, VA));
	/* after a while it is scanned once more, and the next write is enough */
	code_page_spend(&v, RAM + 0x10, 400, RAN_A32);
	assert_true(code_page_interpreted(&v, RAM, VA));
	code_page_spend(&v, RAM + 0x10, 400, RAN_A32);
	assert_false(code_page_interpreted(&v, RAM, VA));
	assert_int_equal(churn(0), 1);
	assert_int_equal(v.exits[EXIT_SCAN], 5);
}

static void put16(gpa_t gpa, const u16 *hw, u32 n)
{
	memcpy(hpa_ptr(gpa), hw, 2 * n);
}

static u32 get16(hpa_t hpa)
{
	return *(u16 *)hpa_ptr(hpa);
}

/* The guest is about to execute what is at @at in page @n. Interpreted? */
static bool comes_to(u32 n, u32 at, u32 cpsr)
{
	v.cpsr = cpsr;
	v.r[15] = VA + n * PAGE_SIZE + at;
	return code_page_interpreted(&v, RAM + n * PAGE_SIZE, VA + n * PAGE_SIZE);
}

static hpa_t thumb_page(u32 n);

/* The same of T32 code, of which more may become known before its copy has to make room. */
static void evicted_t32_is_made_again(void **state)
{
	u32 copy, scans;
	u16 was[PAGE_SIZE / 2];

	thumb_page(0);
	put(RAM + 0x200, 0xb672b672);			/* which nothing reaches yet */
	code_page_drop(&v, RAM);
	thumb_page(0);
	v.r[15] = VA + 0x200;
	assert_int_equal(code_page_t32_trap(&v, &copy), T32_TRAP_SITE);
	memcpy(was, hpa_ptr(exec_page(0)), PAGE_SIZE);
	for (u32 n = 1; n <= COPIES; n++)
		thumb_page(n);
	scans = v.exits[EXIT_SCAN];
	assert_memory_equal(hpa_ptr(exec_page(0)), was, PAGE_SIZE);
	assert_int_equal(v.exits[EXIT_SCAN], scans);
	assert_int_equal(code_pages_audit(&v), 0);
	v.r[15] = VA + 0x202;
	assert_int_equal(code_page_t32_trap(&v, &copy), T32_TRAP_SITE);
	/* and a page that comes to be executed in the other set is interpreted */
	for (u32 n = 1; n <= COPIES; n++)
		thumb_page(n);
	assert_true(comes_to(0, 0x10, MODE_SVC));
	assert_int_equal(code_pages_audit(&v), 0);
}

/* What is surely sensitive in both sets is interpreted from when the kernel executes T32 code anywhere; before nobody asks. */
static void both_sets(void **state)
{
	put(RAM + 0x10, MRS);
	put(RAM + PAGE_SIZE + 0x10, MRS);
	exec_page(0);
	exec_page(1);
	assert_false(comes_to(0, 0, MODE_USR | PSR_T));
	assert_true(comes_to(0, 0, MODE_SVC | PSR_T));
	assert_int_equal(drops, 2);			/* what was scanned for A32 alone */
	assert_true(comes_to(0, 0, MODE_SVC));
	assert_false(comes_to(1, 0, MODE_SVC));
	put(RAM + 2 * PAGE_SIZE + 0x10, 0xb672b672);	/* among A32 code, and not surely a part of it */
	assert_true(comes_to(2, 0, MODE_SVC));
}

/* A page that may hold both sets is looked at again when only one has run in it for a while, by that one. */
static void both_sets_ran(void **state)
{
	assert_false(comes_to(0, 0, MODE_SVC | PSR_T));
	for (u32 n = 1; n < 4; n++) {
		put(RAM + n * PAGE_SIZE + 0x10, 0xb672b672);
		assert_true(comes_to(n, 0, MODE_SVC));
		code_page_spend(&v, RAM + n * PAGE_SIZE, 1, RAN_A32);
		code_page_spend(&v, RAM + n * PAGE_SIZE, 32768, RAN_T32);
		assert_true(comes_to(n, 0, MODE_SVC | PSR_T));
	}
	code_page_spend(&v, RAM + PAGE_SIZE, 32768, RAN_T32);
	assert_false(comes_to(1, 0, MODE_SVC | PSR_T));
	code_page_spend(&v, RAM + 2 * PAGE_SIZE, 32768, RAN_T32);
	assert_true(comes_to(2, 0, MODE_SVC));
	code_page_spend(&v, RAM + 3 * PAGE_SIZE, 32768, RAN_BOTH);
	assert_true(comes_to(3, 0, MODE_SVC | PSR_T));
}

static const u16 thumb_code[] = { 0x2007, 0xb672, 0xf3ef, 0x8100, 0x4770 };	/* MOVS; CPSID i; MRS r1, CPSR; BX lr */

static hpa_t thumb_page(u32 n)
{
	put16(RAM + n * PAGE_SIZE, thumb_code, ARRAY_SIZE(thumb_code));
	put16(RAM + n * PAGE_SIZE + 0x100, (const u16[]){ 0xb662, 0x4770 }, 2);
	assert_false(comes_to(n, 0, MODE_SVC | PSR_T));
	return exec_page(n);
}

/* What is stored into a page of T32 code. */
static void stores_into_thumb(void **state)
{
	static const struct {
		u32 at, size, word;
	} t[] = {
		{ 0, 2, 0x2008 },			/* a known instruction, */
		{ 2, 2, 0x2008 },			/* that is a site, */
		{ 4, 2, 0xf000 }, { 6, 2, 0x8000 },	/* either half of one */
		{ 0x100, 2, 0xbf00 },			/* is replaced, known or not */
		{ 0xfe, 2, 0xf000 },			/* the first half of what is: it would be replaced, too */
		{ 0x300, 2, 0xb672 }, { 0x302, 2, 0xf3ef }, { 0x300, 4, 0x8000f3ef }, { 0x300, 2, 0x4801 }, { 0x300, 2, 0xbf08 },
		{ 0x402, 2, 0x2001 },			/* behind what could be half a site */
		{ 0x300, 4, MRS },			/* A32 */
	};
	hpa_t copy;

	put(RAM + 0x400, 0x0000f3ef);
	code_page_drop(&v, RAM);
	copy = thumb_page(0);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		if (store_keeps(0, t[i].at, t[i].size, t[i].word))
			fail_msg("0x%08x at 0x%x", t[i].word, t[i].at);
	assert_true(store_keeps(0, 0x300, 2, 0x2001));
	assert_true(store_keeps(0, 0x304, 4, 0x46082002));
	assert_true(store_keeps(0, 0x308, 1, 7));
	assert_int_equal(get(RAM + 0x304), 0x46082002);
	assert_int_equal(get(copy + 0x304), 0x46082002);
	assert_true(code_page_line_holds(&v, RAM + 0x300, 64));
	assert_false(code_page_line_holds(&v, RAM, 64));
	put(RAM + 0x33c, 0x46082002);
	assert_false(code_page_line_holds(&v, RAM + 0x300, 64));
}

/* A table is as long as its entries say, also that of a table branch which nothing is known to reach: it is replaced if it reads what is. */
static void stores_into_unknown_tables(void **state)
{
	static const u16 branch[] = { 0xe8df, 0xf000, 0x0202, 0x0202, 0x2020, 0x2020, 0xb672 };
	bool kept;
	hpa_t copy;

	put16(RAM + 0x200, branch, ARRAY_SIZE(branch));
	copy = thumb_page(0);
	assert_int_equal(get16(copy + 0x200), 0xe8df);
	assert_int_equal(get16(copy + 0x20c), SITE_T32_TRAP);
	assert_true(store_keeps(0, 0x1f8, 4, 0x20022002));	/* before it */
	kept = store_keeps(0, 0x204, 4, 0x40404040);
	put(RAM + 0x204, 0x40404040);
	code_page_drop(&v, RAM);
	assert_false(comes_to(0, 0, MODE_SVC | PSR_T));
	assert_int_not_equal(get16(exec_page(0) + 0x200), 0xe8df);
	assert_false(kept);
}

/* Once the kernel has T32 code, a page without a copy is executed as it is in either set. */
static void lines_hold_in_both_sets(void **state)
{
	comes_to(40, 0, MODE_SVC | PSR_T);
	assert_false(comes_to(1, 0, MODE_SVC));
	assert_int_equal(exec_page(1), RAM + PAGE_SIZE);
	assert_true(code_page_line_holds(&v, RAM + PAGE_SIZE + DATA_AT, 64));
	put(RAM + PAGE_SIZE + DATA_AT + 0x3c, 0x0672b672);	/* CPSID, by a device; no site of A32 code */
	assert_false(code_page_line_holds(&v, RAM + PAGE_SIZE + DATA_AT, 64));
	put(RAM + PAGE_SIZE + DATA_AT + 0x3c, 0x8000f3ef);
	assert_false(code_page_line_holds(&v, RAM + PAGE_SIZE + DATA_AT, 64));
}

static const u16 thumb_interesting[] = {
	0xb672, 0xb662, 0xb658, 0xbf30, 0xdea0, 0xf3ef, 0x8000, 0xf380, 0x8900, 0xf7f0, 0xa000, 0xf851, 0x0e00, 0xe8bd, 0xc013, 0x4801, 0x4810, 0xf8df, 0x1010,
	0xe8df, 0xf001, 0xf011, 0xbf08, 0xbf18, 0xe7fe, 0xe004, 0xd0fc, 0xd103, 0x4770, 0xbd10, 0xf000, 0xf802, 0xb108, 0xea40, 0x0001, 0xf101, 0x0203, 0,
};

static u16 thumb_half(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 28 < 11 ? (u16)(0x2000 | (*seed >> 8 & 0x7ff)) : thumb_interesting[(*seed >> 8) % ARRAY_SIZE(thumb_interesting)];
}

static void fill_thumb(u32 n, u32 *seed)
{
	for (u32 i = 0; i < PAGE_SIZE / 2; i++) {
		u16 hw = (*seed >> 13) % 64 < 12 ? thumb_half(seed) : (u16)(0x2000 | (thumb_half(seed) & 0xff));

		put16(RAM + n * PAGE_SIZE + 2 * i, &hw, 1);
	}
}

/* Of the guest's own UDF.W nothing is said: what stands for it has the copy's name, and may happen to be the same. */
static void which_halves_are_replaced(hpa_t copy, gpa_t page, bool to[PAGE_SIZE / 2])
{
	for (u32 i = 0; i < PAGE_SIZE / 2; i++)
		to[i] = get16(copy + 2 * i) != get16(page + 2 * i) && get16(page + 2 * i) != 0xf7f0 && !(i && get16(page + 2 * i - 2) == 0xf7f0);
}

/* As stores_are_as_a_new_scan(), of T32 code. */
static void stores_into_thumb_are_as_a_new_scan(void **state)
{
	static bool before[PAGE_SIZE / 2], after[PAGE_SIZE / 2];
	u32 seed = 5, kept = 0, given_up = 0, interpreted = 0;

	for (u32 step = 0; step < 20000; step++) {
		u32 at, size, word, entry;
		hpa_t copy;

		if (step % 50 == 0)
			for (u32 n = 0; n < 3; n++)
				fill_thumb(n, &seed);
		code_page_drop(&v, RAM + PAGE_SIZE);
		size = 1u << (thumb_half(&seed), seed >> 20) % 3;
		at = (seed >> 10) % PAGE_SIZE & ~(size - 1);
		word = thumb_half(&seed) | (u32)thumb_half(&seed) << 16;
		entry = (seed >> 9) % PAGE_SIZE & ~1u;
		if (comes_to(1, entry, MODE_SVC | PSR_T)) {
			code_page_spend(&v, RAM + PAGE_SIZE, 100000, RAN_T32);
			interpreted++;
			fill_thumb(1, &seed);
			continue;
		}
		copy = exec_page(1);
		which_halves_are_replaced(copy, RAM + PAGE_SIZE, before);
		if (copy == RAM + PAGE_SIZE || !store_keeps(1, at, size, word)) {
			given_up++;
			memcpy(hpa_ptr(RAM + PAGE_SIZE + at), &word, size);
			continue;
		}
		kept++;
		code_page_drop(&v, RAM + PAGE_SIZE);
		if (comes_to(1, entry, MODE_SVC | PSR_T))
			fail_msg("step %u: 0x%08x at 0x%x: would be interpreted", step, word, at);
		copy = exec_page(1);
		which_halves_are_replaced(copy, RAM + PAGE_SIZE, after);
		if (memcmp(before, after, sizeof(before)))
			fail_msg("step %u: 0x%08x at 0x%x: others would be replaced", step, word, at);
	}
	printf("%u changed in place, %u not, %u times interpreted\n", kept, given_up, interpreted);
	assert_in_range(kept, 1000, 20000);
	assert_in_range(given_up, 1000, 20000);
}

static void thumb_sites(void **state)
{
	hpa_t copy = thumb_page(0);
	u32 n = 0, cleaned = fake_icache_invalidated;

	assert_int_not_equal(copy, RAM);
	assert_int_equal(get16(copy), 0x2007);
	assert_int_equal(get16(copy + 2), 0xdeba);
	assert_int_equal(get(copy + 4), 0xa031f7fc);
	assert_int_equal(get16(copy + 8), 0x4770);
	assert_int_equal(get16(copy + 0x100), SITE_T32_TRAP);
	v.r[15] = VA;
	assert_int_equal(code_page_t32_trap(&v, &n), T32_TRAP_NONE);
	v.r[15] = VA + 2;
	assert_int_equal(code_page_t32_trap(&v, &n), T32_TRAP_SITE);
	assert_int_equal(n, NAME(1));
	assert_int_equal(fake_icache_invalidated, cleaned);
	v.r[15] = VA + 0x100;
	assert_int_equal(code_page_t32_trap(&v, &n), T32_TRAP_SITE);
	assert_int_equal(get16(copy + 0x100), 0xdeb2);
	assert_int_equal(fake_icache_invalidated, cleaned + 1);
	code_page_drop(&v, RAM);
	assert_int_equal(code_page_t32_trap(&v, &n), T32_TRAP_NONE);
}

/* The tables say nothing of the page any more, but the TLB still does. */
static void thumb_site_out_of_the_tables(void **state)
{
	u32 n = 0;

	thumb_page(0);
	walk_fails = true;
	v.r[15] = VA + 2;
	assert_int_equal(code_page_t32_trap(&v, &n), T32_TRAP_SITE);
	v.cpsr = MODE_USR | PSR_T;
	assert_int_equal(code_page_t32_trap(&v, &n), T32_TRAP_NONE);
}

/* Behind the page's last halfword is nothing that a trapping word of two could have stood for. */
static void thumb_moved_from_the_end(void **state)
{
	static const u16 around[] = { 0x3001, 0x3102, 0x3203, 0x3304, 0xf7fc, 0xa031 };
	gpa_t at = RAM + PAGE_SIZE + 0x200;

	thumb_page(0);
	put16(RAM + PAGE_SIZE - 10, around, 4);
	put16(at, around, ARRAY_SIZE(around));
	code_page_drop(&v, RAM);
	exec_page(0);
	v.r[15] = VA + PAGE_SIZE + 0x208;
	assert_false(code_page_restore_t32(&v, 0xf7fca031));
	assert_int_equal(get16(at + 8), 0xf7fc);
	assert_int_equal(get16(at + 10), 0xa031);
	/* one halfword is enough for one of 16 bits, and what does not end there is found */
	put16(at + 8, (const u16[]){ SITE_T32_TRAP }, 1);
	v.cpsr ^= MODE_SVC ^ MODE_USR;
	assert_false(code_page_restore_t32(&v, SITE_T32_TRAP));		/* User mode's words are its own */
	v.cpsr ^= MODE_SVC ^ MODE_USR;
	assert_true(code_page_restore_t32(&v, SITE_T32_TRAP));
	assert_int_equal(get16(at + 8), get16(RAM + PAGE_SIZE - 2));
	put16(RAM + PAGE_SIZE - 12, around, 4);
	put16(RAM + PAGE_SIZE - 4, (const u16[]){ 0xf3ef, 0x8100 }, 2);
	put16(at + 8, around + 4, 2);
	assert_true(code_page_restore_t32(&v, 0xf7fca031));
	assert_int_equal(get(at + 8), 0x8100f3ef);
}

/* What the guest wrote past the cache is seen by the first look at a page already, and by that for words that were moved. */
static void seen_as_it_is_in_memory(void **state)
{
	put(RAM, MRS);
	fake_dcache_flushed = 0;
	code_page_interpreted(&v, RAM, VA);
	assert_int_equal(fake_dcache_flushed, PAGE_SIZE);
	exec_page(0);
	put(RAM + PAGE_SIZE, MRS_TRAP(1));
	fake_dcache_flushed = 0;
	code_page_restore(&v, RAM + PAGE_SIZE, MRS_TRAP(1));
	assert_int_equal(fake_dcache_flushed, PAGE_SIZE);
}

/* A copy of one set, and the other one is executed: by way of a fault, and found at an exit. */
static void other_set(void **state)
{
	thumb_page(0);
	thumb_page(1);
	assert_true(comes_to(0, 0x200, MODE_SVC));
	assert_false(comes_to(1, 0, MODE_SVC | PSR_T));
	code_page_ran(&v);
	assert_true(code_page_is_code(&v, RAM + PAGE_SIZE, NULL));
	v.cpsr = MODE_USR;
	code_page_ran(&v);
	assert_true(code_page_is_code(&v, RAM + PAGE_SIZE, NULL));
	v.cpsr = MODE_SVC;
	code_page_ran(&v);
	assert_false(code_page_is_code(&v, RAM + PAGE_SIZE, NULL));
	assert_true(comes_to(1, 0, MODE_SVC | PSR_T));
}

/* What cannot be as it seems leaves the page to the interpreter. */
static void thumb_conflict(void **state)
{
	u32 n = 0;

	thumb_page(0);
	*(u16 *)hpa_ptr(exec_page(0) + 6) = SITE_T32_TRAP;
	v.r[15] = VA + 6;				/* in the middle of the MRS */
	assert_int_equal(code_page_t32_trap(&v, &n), T32_TRAP_AGAIN);
	assert_true(comes_to(0, 6, MODE_SVC | PSR_T));
}

/* Writes that are far between, as text is patched, are no churn; nor is a page forgotten that others push out of the table. */
static void few_are_remembered(void **state)
{
	u32 i, k;

	for (k = 0; k < 10; k++)
		for (i = 0; i < 9; i++) {
			exec_page(i);
			code_page_written(&v, RAM + i * PAGE_SIZE);
			assert_false(code_page_interpreted(&v, RAM + i * PAGE_SIZE, VA + i * PAGE_SIZE));
		}
	for (i = 0; i < 9; i++)
		churn(i);
	assert_false(code_page_interpreted(&v, RAM, VA));
	for (i = 1; i < 9; i++)
		assert_true(code_page_interpreted(&v, RAM + i * PAGE_SIZE, VA + i * PAGE_SIZE));
	code_pages_reset(&v);
	assert_false(code_page_interpreted(&v, RAM + PAGE_SIZE, VA + PAGE_SIZE));
	assert_int_equal(churn(1), 4);
}

/* Trapping words that were copied there become the guest's own when one is about to be interpreted. */
static void foreign_words_in_interpreted_page(void **state)
{
	u32 i;

	put(RAM + 0x10, MRS);
	exec_page(0);
	churn(1);
	for (i = 0; i < 8; i++)
		put(RAM + PAGE_SIZE + 0x100 + 4 * i, get(exec_page(0) + 8 + 4 * i));
	assert_false(code_page_restore(&v, RAM + PAGE_SIZE, NOP));
	assert_int_equal(get(RAM + PAGE_SIZE + 0x108), MRS_TRAP(1));
	assert_true(code_page_restore(&v, RAM + PAGE_SIZE + 0x108, MRS_TRAP(1)));
	assert_int_equal(get(RAM + PAGE_SIZE + 0x108), MRS);
	assert_false(code_page_restore(&v, RAM + PAGE_SIZE + 0x108, MRS_TRAP(1)));	/* the guest's own now */
}

/* A page that copied code out of a copy holds trapping words: the originals come back when it is executed. */
static void moved_words_are_restored(void **state)
{
	u32 i;

	put(RAM + 0x10, MRS);
	put(RAM + 0x18, CPSID);
	put(RAM + 0x2c, 0xe1600071);			/* SMC is no site: not what was at the place of WFI */
	put(RAM + 0x6c, WFI);
	put(RAM + 0x78, 0x114f0000);			/* mrsne */
	exec_page(0);
	for (i = 0; i < 32; i++)
		put(RAM + PAGE_SIZE + 0x100 + 4 * i, get(exec_page(0) + 8 + 4 * i));
	put(RAM + PAGE_SIZE + 0x200, MRS_TRAP(1));		/* among other words: the guest's own */
	put(RAM + PAGE_SIZE + 0x1fc, 0xe0800001);
	put(RAM + PAGE_SIZE + 0x1f8, 0xe0800001);
	put(RAM + PAGE_SIZE + 0x204, 0xe0800001);
	exec_page(1);
	assert_int_equal(get(RAM + PAGE_SIZE + 0x108), MRS);
	assert_int_equal(get(RAM + PAGE_SIZE + 0x110), CPSID);
	assert_int_equal(get(RAM + PAGE_SIZE + 0x164), WFI);
	assert_int_equal(get(RAM + PAGE_SIZE + 0x170), 0x114f0000);
	assert_int_equal(get(exec_page(1) + 0x170), (OTHER_TRAP(2, 12) & 0xffffff) | 0x1f000000);	/* and is a site again, of the second copy */
	assert_int_equal(get(RAM + PAGE_SIZE + 0x200), MRS_TRAP(1));
}

/* Kernels have pages full of such words, in one piece and in many; each of these is a site, every fourth one that the window does not handle. */
static void full_pages_of_moved_words(void **state)
{
	static const u32 sites[] = { MRS, WFI, CPSID, 0xe121f002, 0xe14f1000, 0xf57ff05f, 0xee1d3f90, 0xe16ff004 };
	u32 i, k, left = 0;
	hpa_t copy;

	for (i = 0; i < SCAN_WORDS; i++)
		put(RAM + 4 * i, i & 1 ? sites[i / 2 * 5 % 8] : 0xe0800000 | i);
	copy = exec_page(0);
	for (i = 0; i < SCAN_WORDS; i++)
		put(RAM + PAGE_SIZE + 4 * i, get(copy + 4 * ((i + 16) % SCAN_WORDS)));
	exec_page(1);
	for (i = 0; i < SCAN_WORDS; i++)
		left += get(RAM + PAGE_SIZE + 4 * i) != get(RAM + 4 * ((i + 16) % SCAN_WORDS));
	assert_int_equal(left, 0);
	/* pieces of five words, each with a site in its middle and two or none at its ends, in another order; those in the middle must be right */
	for (i = 0; i + 5 <= SCAN_WORDS; i += 5)
		for (k = 0; k < 5; k++)
			put(RAM + 2 * PAGE_SIZE + 4 * (i + k), get(copy + 4 * ((i / 5 * 71 % 204) * 5 + k)));
	exec_page(2);
	for (i = 0; i + 5 <= SCAN_WORDS; i += 5)
		left += get(RAM + 2 * PAGE_SIZE + 4 * (i + 2)) != get(RAM + 4 * ((i / 5 * 71 % 204) * 5 + 2));
	assert_int_equal(left, 0);
}

static u32 origins;

static bool count_origin(struct vcpu *v, u32 word, u32 nth, u32 *copy, u32 *index)
{
	origins++;
	return site_origin(v, word, nth, copy, index);
}

/* But a page that a guest filled with words that look like moved ones and come from nowhere does not take for ever. */
static void pages_of_false_words(void **state)
{
	static const struct code_ops counting = { .word = path_word, .origin = count_origin };
	static const struct cpu_path path = { .code = &counting };
	const struct cpu_path *before = v.path;
	u32 i, k, traps[2] = { OTHER_TRAP(1, 0), MRS_TRAP(1) };

	for (i = 0; i < SCAN_WORDS; i++)
		put(RAM + 4 * i, i & 1 ? MRS : WFI);
	exec_page(0);
	v.path = &path;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < SCAN_WORDS; i++)
			put(RAM + (1 + k) * PAGE_SIZE + 4 * i, i % 3 ? traps[k] : 0xe0800000 | i);
		origins = 0;
		exec_page(1 + k);
		assert_in_range(origins, 1, 6 * 32768);
	}
	v.path = before;
}

/* And when so much else was executed meanwhile that the copy is long something else's. */
static void moved_words_of_a_lost_copy(void **state)
{
	hpa_t copy;
	u32 i;

	put(RAM + 0x10, MRS);
	put(RAM + 0x18, CPSID);
	copy = exec_page(0);
	for (i = 0; i < 8; i++)
		put(RAM + PAGE_SIZE + 0x100 + 4 * i, get(copy + 8 + 4 * i));
	assert_int_equal(get(RAM + PAGE_SIZE + 0x108), MRS_TRAP(1));
	for (i = 2; i < 2 + 2 * CONFIG_CODE_PAGES; i++) {
		put(RAM + i * PAGE_SIZE + 0x20, MRS);
		assert_true(exec_page(i) != RAM + i * PAGE_SIZE);
	}
	assert_false(code_page_is_code(&v, RAM, &copy));
	exec_page(1);
	assert_int_equal(get(RAM + PAGE_SIZE + 0x108), MRS);
	assert_int_equal(get(RAM + PAGE_SIZE + 0x110), CPSID);
}

/* An SVC of the guest's own, in the very place of a site of a copy of the same code: it has not read what stands there. */
static void own_words_are_not_moved_ones(void **state)
{
	u32 own = 0xef8c0000, i;

	put(RAM + 0x10, MRS);
	put(RAM + PAGE_SIZE + 0x10, own);
	for (i = 0; i < COPIES; i++)		/* kind and operand of the site, small numbers and all round ones */
		for (own = 0xef8c0000 | i << 4; own; own = own & 0x20000 ? 0 : own | 0x20000) {
			put(RAM + PAGE_SIZE + 0x10, own);
			code_page_drop(&v, RAM + PAGE_SIZE);
			exec_page(0);
			exec_page(1);
			assert_int_equal(get(RAM + PAGE_SIZE + 0x10), own);
		}
}

/* No name comes again before all others, and no two copies share one. */
static void copies_have_names_of_their_own(void **state)
{
	static u8 seen[1 << 14];
	u32 trap, kept;

	put(RAM + 0x10, MRS);
	put(RAM + PAGE_SIZE + 0x10, MRS);
	kept = get(exec_page(0) + 0x10);
	for (u32 i = 0; i < 2 << 14; i++) {
		trap = get(exec_page(1) + 0x10);
		assert_int_not_equal(trap, kept);
		assert_int_not_equal(site_copy(trap), 0);
		if (i < (1 << 14) - 2)
			assert_int_equal(seen[site_copy(trap)]++, 0);
		code_page_drop(&v, RAM + PAGE_SIZE);
	}
}

/* However many copies have to make room: what was read out of one is known for that, for as long as its page is as it was. */
static void names_of_evicted_copies_stay(void **state)
{
	u32 rounds = 2 * (1 << 14) / (2 * CONFIG_CODE_PAGES) + 1;
	hpa_t copy;

	put(RAM + 0x10, MRS);
	put(RAM + 0x18, CPSID);
	copy = exec_page(0);
	for (u32 i = 0; i < 8; i++)
		put(RAM + PAGE_SIZE + 0x100 + 4 * i, get(copy + 8 + 4 * i));
	for (u32 i = 2; i < 2 + 2 * CONFIG_CODE_PAGES; i++)
		put(RAM + i * PAGE_SIZE + 0x20, MRS);
	while (rounds--)
		for (u32 i = 2; i < 2 + 2 * CONFIG_CODE_PAGES; i++)
			assert_true(exec_page(i) != RAM + i * PAGE_SIZE);
	assert_false(code_page_is_code(&v, RAM, &copy));
	exec_page(1);
	assert_int_equal(get(RAM + PAGE_SIZE + 0x108), MRS);
	assert_int_equal(get(RAM + PAGE_SIZE + 0x110), CPSID);
	assert_int_equal(code_pages_audit(&v), 0);
}

static void user_visible(void **state)
{
	put(RAM + 0x10, MRS);
	exec_page(0);
	exec_page(1);
	assert_int_equal(code_pages_user_visible(&v), 0);
	code_page_set_user_visible(&v, RAM);
	code_page_set_user_visible(&v, RAM);
	code_page_set_user_visible(&v, RAM + PAGE_SIZE);	/* no copy */
	assert_int_equal(code_pages_user_visible(&v), 1);
	code_page_drop(&v, RAM);
	assert_int_equal(code_pages_user_visible(&v), 0);
}

/* What makes a page one to be scanned for privileged modes, although User mode executes it first; programs of User mode have none of it. */
static void privileged_code(void **state)
{
	static const u32 system[] = { MRS, 0xe14f3000, 0xe121f000, 0xe169f001, 0xe321f0d3, CPSID, 0xf1080080, 0xf1020013, 0xe320f003, 0xe1b0f00e,
				      0xe25ef004, 0xf96d0513, 0xf8bd0a00 };
	/* msr cpsr_f of a register and an immediate, nop, mov pc, cmp, svc, udf, pld, VFP, a T32 function's end and its next one's beginning */
	static const u32 others[] = { 0xe128f000, 0xe328f000, NOP, 0xe1a0f00e, 0xe35f0000, 0xef000000, 0xe7f000f0, 0xf5d0f000, 0xeeb00b40, 0xb570bd70,
				      0xf7fff000, 0, ~0u };
	u32 at;

	for (at = 0; at < PAGE_SIZE; at += 4)
		put(RAM + at, others[at / 4 % ARRAY_SIZE(others)]);
	assert_false(code_page_is_privileged(&v, RAM, false));
	for (u32 i = 0; i < ARRAY_SIZE(system); i++) {
		at = i * (PAGE_SIZE - 4) / (ARRAY_SIZE(system) - 1) & ~3u;
		put(RAM + at, system[i]);
		assert_true(code_page_is_privileged(&v, RAM + 0x104, false));
		put(RAM + at, NOP);
	}
	assert_false(code_page_is_privileged(&v, RAM, false));
	assert_false(code_page_is_privileged(&v, RAM - PAGE_SIZE, false));	/* no memory */
}

/* T32 code has the looks of a system instruction now and then. That it is one, A32 code around it says. */
static void privileged_code_among_t32(void **state)
{
	for (u32 at = 0; at < PAGE_SIZE; at += 4)
		put(RAM + at, 0xb570bd70);
	put(RAM + 0x100, 0xf1080140);			/* lsls r0, r0, #5; add.w r0, r8, #... */
	assert_true(code_page_is_privileged(&v, RAM, false));
	v.cpsr = MODE_USR | PSR_T;
	assert_false(code_page_is_privileged(&v, RAM, false));
	put(RAM + 0x104, 0xe1a00001);
	put(RAM + 0x108, 0xe12fff1e);
	assert_true(code_page_is_privileged(&v, RAM, false));
}

/* Accesses as User mode, where User mode comes with A32 code; among T32 code they are looks. */
static void privileged_code_for_user(void **state)
{
	static const u32 words[] = { 0xe8d06000, 0xe8c06000, 0xe4b01000, 0xe6e01001, 0xe0f010b0 };

	for (u32 at = 0xf0; at < 0x110; at += 4)
		put(RAM + at, 0);
	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		v.cpsr = MODE_USR;
		put(RAM + 0x100, words[i]);
		assert_false(code_page_is_privileged(&v, RAM, false));
		put(RAM + 0x104, 0xe12fff1e);
		assert_true(code_page_is_privileged(&v, RAM, false));
		assert_false(code_page_is_privileged(&v, RAM, true));		/* it was looked at already */
		v.cpsr = MODE_USR | PSR_T;
		assert_false(code_page_is_privileged(&v, RAM, false));
		put(RAM + 0x104, 0);
	}
}

/* Of a kernel that has T32 code, its system instructions of that set count as well. */
static void privileged_t32_code(void **state)
{
	static const u16 code[][2] = {
		{ 0xf3ef, 0x8100 }, { 0xf381, 0x8900 }, { 0xf3af, 0x8620 }, { 0xf3af, 0x8113 }, { 0xf3de, 0x8f04 }, { 0xe82d, 0xc013 }, { 0xe9bd, 0xc000 },
		{ 0xb662, 0x4770 }, { 0xb673, 0x4770 },
	};
	static const u16 none[][2] = { { 0xf3af, 0x8003 }, { 0xb660, 0x4770 }, { 0xb650, 0x4770 }, { 0xf8d0, 0xb662 }, { 0xe92d, 0x4010 }, { 0xf84d, 0xed04 } };

	v.cpsr = MODE_USR | PSR_T;
	put16(RAM + 0x102, code[0], 2);
	assert_false(code_page_is_privileged(&v, RAM, false));
	assert_false(comes_to(1, 0, MODE_SVC | PSR_T));		/* now it has */
	v.cpsr = MODE_USR | PSR_T;
	for (u32 i = 0; i < ARRAY_SIZE(code); i++) {
		put16(RAM + 0x102, code[i], 2);
		assert_true(code_page_is_privileged(&v, RAM, false));
	}
	for (u32 i = 0; i < ARRAY_SIZE(none); i++) {
		put16(RAM + 0x102, none[i], 2);
		assert_false(code_page_is_privileged(&v, RAM, false));
	}
}

/* A page that was interpreted for holding both sets, and holds nothing of its kernel's when User mode comes, is a program's. */
static void mixed_page_is_given_away(void **state)
{
	put(RAM + PAGE_SIZE + 0x10, MRS);
	assert_false(comes_to(0, 0, MODE_SVC | PSR_T));
	assert_false(comes_to(1, 0, MODE_SVC));
	exec_page(1);
	v.r[15] = VA + PAGE_SIZE;
	v.cpsr = MODE_SVC | PSR_T;
	assert_true(comes_to(1, 0, MODE_SVC | PSR_T));		/* in the other set */
	v.cpsr = MODE_USR | PSR_T;
	put(RAM + PAGE_SIZE + 0x14, 0xe1a00000);
	put(RAM + PAGE_SIZE + 0x18, 0xe1a00000);
	assert_true(code_page_is_privileged(&v, RAM + PAGE_SIZE, true));
	put(RAM + PAGE_SIZE + 0x10, 0);
	assert_false(code_page_is_privileged(&v, RAM + PAGE_SIZE, true));
	assert_false(comes_to(1, 0, MODE_USR | PSR_T));
}

/* What is interpreted from now on, User mode must not go on executing as it is. */
static void interpreted_page_is_forgotten(void **state)
{
	forgotten_page = 0;
	assert_false(comes_to(0, 0, MODE_SVC | PSR_T));
	assert_int_equal(forgotten_page, 0);
	put(RAM + PAGE_SIZE + 0x10, 0xb672b672);
	assert_true(comes_to(1, 0, MODE_SVC));
	assert_int_equal(forgotten_page, RAM + PAGE_SIZE);
	v.cpsr = MODE_USR;
	assert_true(code_page_is_privileged(&v, RAM + PAGE_SIZE, true));
}

/* What User mode was kept from for an A32 kernel's sake, it is not any more when that turns out to have T32 code and the page has no sites. */
static void kept_from_user_no_more(void **state)
{
	put(RAM + 0x10, MRS);
	v.cp15.sctlr |= SCTLR_M;
	assert_true(comes_to(0, 0x200, MODE_USR | PSR_T));
	put(RAM + 0x10, 0);
	assert_false(comes_to(1, 0, MODE_SVC | PSR_T));
	code_page_spend(&v, RAM, 32768, RAN_T32);
	assert_false(comes_to(0, 0x200, MODE_USR | PSR_T));
}

static void everything_is_forgotten(void **state)
{
	hpa_t exec;
	u32 word;

	put(RAM + 0x10, MRS);
	exec_page(0);
	exec_page(1);
	code_page_get(&v, FAKE_SRAM_BASE, 0xd0000000, &exec);
	code_page_set_user_visible(&v, RAM);
	code_pages_reset(&v);
	assert_false(code_page_is_code(&v, FAKE_SRAM_BASE, NULL));
	assert_false(code_page_is_code(&v, RAM, NULL));
	assert_false(code_page_is_code(&v, RAM + PAGE_SIZE, NULL));
	assert_int_equal(code_pages_user_visible(&v), 0);
	assert_false(code_page_site(&v, MRS_TRAP(1), VA + 0x10, &word));
	exec_page(0);
	assert_int_equal(v.exits[EXIT_SCAN], 4);
	assert_false(code_page_site(&v, MRS_TRAP(1), VA + 0x10, &word));
	assert_true(code_page_site(&v, MRS_TRAP(2), VA + 0x10, &word));
}

static void elsewhere(void **state)
{
	hpa_t exec = 0;

	put(FAKE_SRAM_BASE + 0x2010, MRS);
	code_page_get(&v, FAKE_SRAM_BASE + 0x2000, 0xd0000000, &exec);
	assert_int_not_equal(exec, FAKE_SRAM_BASE + 0x2000);
	code_page_get(&v, 0x48000000, 0xd0000000, &exec);	/* not memory: as it is */
	assert_int_equal(exec, 0x48000000);
	assert_false(code_page_is_code(&v, 0x48000000, NULL));
	code_page_drop(&v, 0x48000000);
}

#define S(f) cmocka_unit_test_setup(f, clear_pages)
#define P(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		S(plain_sites), S(first_look_misses_nothing), S(sieve_is_aligned), S(cheaper_as_sites), S(trapping_words_are_unambiguous),
		S(returns_are_fused), S(literals_are_data), S(literal_that_looks_like_a_load), S(neighbour_pages),
		S(neighbour_pages_as_far_as_they_reach), S(adr_in_a_neighbour_page), S(data_around_has_no_say), S(tables_end),
		S(what_is_remembered),
		S(only_what_matters_is_decided), S(branch_table),
		S(adr), S(adr_and_branches), S(adr_far_away), S(table_of_constants), S(conditional_run), S(pointer_to_code), S(random_pages),
		S(read_and_reached), S(loads_of_loads), S(certain_code), S(own_svc_in_doubt), S(doubt_in_a_neighbour), S(t32_in_doubt),
		S(real_kernel),
		P(clean_page_needs_no_copy), P(executed_pointer), P(copy_has_sites_replaced), P(foreign_svc_is_no_site), P(alias_is_the_same_page),
		P(neighbours_by_address), P(neighbours_that_change), P(stores_change_a_word), P(stores_into_a_bare_page), P(stores_that_matter),
		P(stores_into_what_is_covered), P(stores_behind_a_site), P(stores_into_unknown_tables), P(lines_hold_in_both_sets), P(stores_have_an_end), P(stores_elsewhere), P(lines_hold), P(stores_into_thumb), P(stores_into_thumb_are_as_a_new_scan), P(stores_are_as_a_new_scan), P(eviction_spares_the_used), P(evicted_is_made_again), P(evicted_is_forgotten),
		P(copies_are_of_their_pages), P(evicted_t32_is_made_again), P(without_fast_exits),
		P(moved_words_are_restored), P(full_pages_of_moved_words), P(pages_of_false_words), P(moved_words_of_a_lost_copy), P(own_words_are_not_moved_ones), P(copies_have_names_of_their_own),
		P(names_of_evicted_copies_stay),
		P(user_visible), P(everything_is_forgotten),
		P(elsewhere), P(written_again_and_again), P(both_sets), P(both_sets_ran), P(thumb_sites), P(thumb_site_out_of_the_tables), P(thumb_moved_from_the_end), P(seen_as_it_is_in_memory), P(other_set), P(privileged_code), P(privileged_code_among_t32), P(privileged_code_for_user), P(privileged_t32_code), P(mixed_page_is_given_away), P(interpreted_page_is_forgotten), P(kept_from_user_no_more), P(thumb_conflict), P(few_are_remembered),
		P(foreign_words_in_interpreted_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
