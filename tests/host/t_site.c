/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of what is hot against the decoder, against what the same words count in C, and through the trapping words. */
/* SOURCES: arch/arm/cpu/site.c arch/arm/cpu/decode.c arch/arm/cpu/exec.c */
/* SOURCES: arch/arm/coproc.c arch/arm/cp15_regs.c arch/arm/cp14_regs.c */
/* Nothing is executed here: what the tables of the executor refer to may be missing. */
/* CFLAGS: -Iarch/arm/cpu -no-pie -Wl,--unresolved-symbols=ignore-all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arm/exec.h>
#include <arm/hot_table.h>
#include <arm/insn.h>
#include <arm/site.h>
#include <hv/stats.h>

#include "code_scan.h"

#define NOP	0xe1a00000u
#define COPY	0x2345u

#define NONE(...)
#define KIND(name, handler, cause)			[SITE_KIND_##name] = { #name, #handler, EXIT_##cause },
#define WORD(kind, mask, value, shift, max, traps)	{ SITE_KIND_##kind, mask, value, shift, max, traps },
static const struct { const char *name, *handler; enum exit_cause cause; } kinds[] = { HOT_TABLE(KIND, NONE) };
static const struct { u32 kind, mask, value, shift, max; bool traps; } words[] = { HOT_TABLE(NONE, WORD) };

static u32 page[SCAN_WORDS];

static int clear_page(void **state)
{
	for (u32 i = 0; i < SCAN_WORDS; i++)
		page[i] = NOP;
	return 0;
}

static enum exit_cause cause_of(u32 word)
{
	struct insn in;

	a32_decode(word, &in);
	return exec_cause(&in);
}

static void kinds_fit(void **state)
{
	assert_int_equal(ARRAY_SIZE(kinds), SITE_KINDS);
	assert_true(SITE_KINDS <= 32);
	for (u32 k = 1; k < SITE_KINDS; k++)
		for (u32 other = 1; other < k; other++)
			assert_string_not_equal(kinds[k].handler, kinds[other].handler);
}

/* Operand @op in row @r: the word, or 0 when the row has no such word. */
static u32 word_of(u32 r, u32 op)
{
	u32 word = (words[r].value & ~(0xfu << words[r].shift)) | op << words[r].shift;

	return (word & words[r].mask) == words[r].value && op <= words[r].max ? word : 0;
}

static void expect_row(u32 r, u32 op)
{
	u32 word = word_of(r, op), trap;

	page[7] = word;
	trap = site_word(page, 7, COPY, true);
	if (site_kind(page, 7) != words[r].kind || site_operand(word) != op)
		fail_msg("0x%08x of %s: kind %u, operand %u", word, kinds[words[r].kind].name, site_kind(page, 7), site_operand(word));
	assert_true(site_is_word(trap));
	assert_int_equal(trap >> 24, 0xef);
	assert_int_equal(trap >> SITE_KIND_SHIFT & 0x1f, words[r].kind);
	assert_int_equal(site_copy(trap), COPY);
	assert_int_equal(trap & 0xf, op);
	trap = site_word(page, 7, COPY, false);
	assert_int_equal(trap >> SITE_KIND_SHIFT & 0x1f, SITE_KIND_C);
	assert_int_equal(trap & 0xf, 7);
}

static void words_round_trip(void **state)
{
	u32 r, op, operands;

	for (r = 0; r < ARRAY_SIZE(words); r++) {
		for (op = operands = 0; op < 16; op++)
			if (word_of(r, op)) {
				expect_row(r, op);
				operands++;
			}
		assert_int_equal(words[r].value & ~words[r].mask, 0);
		/* kind and operand say all: each free bit of the word is one of the operand */
		assert_int_equal(~words[r].mask & ~(0xfu << words[r].shift), 0);
		assert_true(operands >= 1);
		assert_true(words[r].max < 15);		/* r15 in the vCPU page is not what the instruction would read */
		page[7] = words[r].value | ~words[r].mask;	/* the operand of all ones: pc, where it is a register */
		if ((page[7] >> words[r].shift & 0xf) > words[r].max)
			assert_int_equal(site_kind(page, 7), SITE_KIND_C);
	}
}

static void only_unconditional_words(void **state)
{
	for (u32 r = 0; r < ARRAY_SIZE(words); r++) {
		assert_true(words[r].value >> 28 >= 14);
		for (u32 cond = 0; cond < 16; cond++) {
			page[7] = (words[r].value & 0x0fffffff) | cond << 28;
			if (page[7] == words[r].value)
				continue;
			assert_int_equal(site_kind(page, 7), SITE_KIND_C);
			assert_false(site_is_cheaper(page[7]));
		}
	}
}

static void rows_are_disjoint(void **state)
{
	for (u32 r = 0; r < ARRAY_SIZE(words); r++)
		for (u32 s = 0; s < r; s++)
			if (!((words[r].value ^ words[s].value) & words[r].mask & words[s].mask))
				fail_msg("rows 0x%08x and 0x%08x overlap", words[r].value, words[s].value);
}

/* A cause that differs would count the same instruction differently in the window and out of it. */
static void handlers_count_what_c_counts(void **state)
{
	for (u32 r = 0; r < ARRAY_SIZE(words); r++)
		for (u32 op = 0; op < 16; op++) {
			u32 word = word_of(r, op);

			if (word && cause_of(word) != kinds[words[r].kind].cause)
				fail_msg("0x%08x of %s: cause %d in C, %d in the window", word, kinds[words[r].kind].name,
					 cause_of(word), kinds[words[r].kind].cause);
		}
}

static void see(void *to, u32 mask, u32 value)
{
	u32 *word = to;

	if ((*word & mask) == value)
		*word = 0;
}

/* Is @word among the encodings of which sites may be? */
static bool is_seen(u32 word)
{
	a32_see_sites(see, &word);
	return !word;
}

/* What does not trap by itself must be a site for its own sake; what does becomes one only if the scan asks for it. */
static void traps_as_the_decoder_says(void **state)
{
	for (u32 r = 0; r < ARRAY_SIZE(words); r++)
		for (u32 op = 0; op < 16; op++) {
			u32 word = word_of(r, op);

			if (!word)
				continue;
			page[7] = word;
			assert_int_equal(a32_is_site(word), !words[r].traps);
			assert_int_equal(site_is_cheaper(page[7]), words[r].traps);
			assert_true(is_seen(word));
		}
}

#define GATE_WORD(kind, mask, value, shift, max, traps)	{ STUB_KIND_##kind, mask, value, shift, max, traps },

/* What has a gate and no kind of trapping word: a site, whose word stays as it is on whatever path. In T32 code it is none. */
static void gates_without_trapping_words(void **state)
{
	static const struct { u32 kind, mask, value, shift, max; bool traps; } gates[] = { GATE_TABLE(NONE, GATE_WORD) };
	assert_int_equal(ARRAY_SIZE(gates), STUB_KINDS - SITE_KINDS);
	for (u32 g = 0; g < ARRAY_SIZE(gates); g++)
		for (u32 op = 0; op <= gates[g].max; op++) {
			page[7] = gates[g].value | op << gates[g].shift;
			assert_int_equal(page[7] & gates[g].mask, gates[g].value);
			assert_true(gates[g].kind >= SITE_KINDS && gates[g].kind < STUB_KINDS);
			assert_int_equal(site_kind_of(page[7]), gates[g].kind);
			assert_int_equal(site_operand(page[7]), op);
			assert_int_equal(site_kind(page, 7), SITE_KIND_C);
			assert_true(gates[g].traps && site_is_cheaper(page[7]) && site_stays(page, 7) && !a32_is_site(page[7]));
			assert_int_equal(site_word(page, 7, COPY, true), page[7]);
			assert_int_equal(site_word(page, 7, COPY, false), page[7]);
			assert_false(site_t32_is_cheaper((u16)(page[7] >> 16), (u16)page[7]));
			assert_true(is_seen(page[7]));
		}
}

/* So does a clean in a loop, which the window does as a whole; alone it has its trapping word. */
static void loops_stay(void **state)
{
	static const u32 end[] = { 0x3afffffb, 0x8afffffb };

	for (u32 n = 0; n < 4; n++) {
		clear_page(state);
		page[7] = n & 1 ? 0xee07cf3a : 0xee07cf3b;
		assert_int_equal(site_kind(page, 7), SITE_KIND_DCCMVAC);
		assert_false(site_stays(page, 7));
		page[10] = end[n / 2];
		assert_int_equal(site_kind(page, 7), SITE_KIND_C);
		assert_true(site_stays(page, 7) && site_is_cheaper(page[7]));
		assert_int_equal(site_word(page, 7, COPY, true), page[7]);
	}
}

/* Each kind without words of its own comes of another, and counts the same first. */
static void fused_kinds(void **state)
{
	static const struct { u32 word, alone, fused; } c[] = {
		{ 0xe95d7fff, SITE_KIND_LDM_R0, SITE_KIND_LDM_R0_RET }, { 0xe9527ffe, SITE_KIND_LDM_R1, SITE_KIND_LDM_R1_RET },
	};
	u32 made[SITE_KINDS] = { 0 }, i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		made[words[i].kind]++;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		clear_page(state);
		page[7] = c[i].word;
		assert_int_equal(site_kind(page, 7), c[i].alone);
		page[9] = 0xe28dd048;
		page[10] = 0xe1b0f00e;
		assert_int_equal(site_kind(page, 7), c[i].fused);
		assert_int_equal(kinds[c[i].fused].cause, cause_of(c[i].word));
		made[c[i].fused]++;
	}
	made[SITE_KIND_USER_LS]++;	/* stubs make it */
	for (i = 1; i < SITE_KINDS; i++)
		if (!made[i])
			fail_msg("no word is of kind %s", kinds[i].name);
}

#define T(f) cmocka_unit_test_setup(f, clear_page)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(kinds_fit), T(words_round_trip), T(only_unconditional_words), T(rows_are_disjoint), T(handlers_count_what_c_counts),
		T(traps_as_the_decoder_says), T(gates_without_trapping_words), T(loops_stay), T(fused_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
