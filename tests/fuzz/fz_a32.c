/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any page of A32 code between any two: the scan comes to an end, replaces nothing but what may be replaced, no word twice, leaves none that
 * is executed for certain, and no SVC that the window would take for one of Umbra's.
 */
/* SOURCES: arch/arm/cpu/decode.c arch/arm/cpu/decode_t32.c arch/arm/cpu/code_scan.c arch/arm/cpu/code_doubt.c arch/arm/cpu/site.c tests/host/fake/sieve.c */
#include <string.h>

#include <arm/insn.h>
#include <arm/site.h>

#include "code_scan.h"
#include "fuzz.h"

#define NOP		0xe1a00000u
#define WORDS_MAX	512u

struct input {
	u32 gva;
	u16 entry;
	u8 flags, filler;
	struct { u16 at; u16 low; u16 high; } word[WORDS_MAX];
};

static u32 page[3][SCAN_WORDS];
static struct code_scan scan;

static bool may_be_replaced(u32 i)
{
	struct insn in;

	if (code_scan_candidate(page[1], i))
		return true;
	a32_decode(page[1][i], &in);
	return in.op == INSN_LDR || in.op == INSN_LDM || in.op == INSN_VFP_LS;
}

static bool is_site(u32 i)
{
	u32 found = 0;

	for (u32 k = 0; k < scan.nr_sites; k++)
		found += scan.site[k] == i;
	FUZZ_CHECK(found < 2, "word %u is replaced twice", i);
	return found;
}

static void check_word(u32 i)
{
	u32 w = page[1][i];
	bool site = is_site(i);

	FUZZ_CHECK(!site || may_be_replaced(i), "0x%08x at %u is replaced", w, i);
	if (site) {
		FUZZ_CHECK(site_stays(page[1], i) || site_is_word(site_word(page[1], i, 1, true)), "0x%08x at %u", w, i);
		return;
	}
	FUZZ_CHECK(!(scan.state[SCAN_WORDS + i] & SCAN_FLOW) || !code_scan_candidate(page[1], i), "0x%08x at %u is executed as it is", w, i);
	FUZZ_CHECK(scan.interpret || w >> 28 != 14 || !site_is_word(w), "0x%08x at %u would be taken for a trapping word", w, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const u32 *window[3];
	struct input in = { 0 };
	u32 n;

	memcpy(&in, data, MIN(size, sizeof(in)));
	n = size < 8 ? 0 : MIN((u32)(size - 8) / sizeof(in.word[0]), WORDS_MAX);
	for (u32 i = 0; i < 3 * SCAN_WORDS; i++)
		page[i / SCAN_WORDS][i % SCAN_WORDS] = in.filler & 1 ? 0x01a00000 | i << 12 : NOP;
	for (u32 i = 0; i < n; i++)
		page[in.word[i].at / SCAN_WORDS % 3][in.word[i].at % SCAN_WORDS] = (u32)in.word[i].high << 16 | in.word[i].low;
	for (u32 i = 0; i < 3; i++)
		window[i] = i == 1 || in.flags >> i & 1 ? page[i] : NULL;
	memset(&scan, 0xa5, sizeof(scan));
	scan.nr_out = 0;
	scan.interpret = false;
	n = code_scan_first(&scan, page[1], in.gva & PAGE_MASK);
	if (!n && !code_scan_reads_out(&scan) && !code_doubt_runs_pointer(&scan, in.entry % (SCAN_WORDS + 1))) {
		memset(scan.state, 0, sizeof(scan.state));
	} else {
		code_scan(&scan, window);
		code_doubt(&scan, window, in.entry % (SCAN_WORDS + 1));
	}
	for (u32 i = 0; i < SCAN_WORDS; i++)
		check_word(i);
	return 0;
}
