// SPDX-License-Identifier: GPL-2.0-or-later
/* Trapping words: which handler of the window executes a sensitive instruction completely, and the word that says so. */
#include <arm/code_page.h>
#include <arm/hot_table.h>
#include <arm/insn.h>
#include <arm/site.h>

#include "code_scan.h"

#define KIND(...)
#define WORD(kind, mask, value, shift, max, traps)	{ mask, value, SITE_KIND_##kind, shift, max, traps },
#define GATE_WORD(kind, mask, value, shift, max, traps)	{ mask, value, STUB_KIND_##kind, shift, max, traps },
static const struct site_row {
	u32 mask, value;
	u8 kind, shift, max;
	bool traps;
} rows[] = {
	HOT_TABLE(KIND, WORD)
	GATE_TABLE(KIND, GATE_WORD)
};
#undef KIND
#undef WORD
#undef GATE_WORD
_Static_assert(SITE_KINDS <= 32, "a kind has five bits");
_Static_assert(SITE_KIND_LDM_R1_RET - SITE_KIND_LDM_R0_RET == SITE_KIND_LDM_R1 - SITE_KIND_LDM_R0, "kind_of() adds a constant");

static u32 operand(const struct site_row *r, u32 word)
{
	return word >> r->shift & 0xf;
}

static const struct site_row *find_row(u32 word)
{
	for (const struct site_row *r = rows; r < rows + ARRAY_SIZE(rows); r++)
		if ((word & r->mask) == r->value && operand(r, word) <= r->max)
			return r;
	return NULL;
}

struct known_row {
	u32 word;
	const struct site_row *row;
};

/* Not inline, so that who knows keeps no registers for it. */
static __attribute__((noinline)) const struct site_row *learn_row(struct known_row *k, u32 word)
{
	k->row = find_row(word);
	k->word = word;
	return k->row;
}

/* The row of @word, or NULL. Remembered, because one is asked about several times in a row and few are used; of the word 0 from the beginning. */
static const struct site_row *row_of(u32 word)
{
	static struct known_row known[1 << 8];
	struct known_row *k = &known[(word ^ word >> 12 ^ word >> 20) % ARRAY_SIZE(known)];

	return k->word == word ? k->row : learn_row(k, word);
}

/* Behind LDM^ at @i: NOP; ADD sp, sp, #imm8; MOVS pc, lr, the way from a privileged mode to User mode. */
static bool returns_behind(const u32 *page, u32 i)
{
	if (i + 3 >= SCAN_WORDS)
		return false;
	return (page[i + 1] == 0xe1a00000 || page[i + 1] == 0xe320f000) && (page[i + 2] & 0xffffff00) == 0xe28dd000 &&
	       page[i + 3] == 0xe1b0f00e;
}

/* Behind a cache operation at @i: ADD, CMP, BLO @i or ADD, SUBS, BHI @i. window_fast.c executes such a loop as a whole. */
static bool loops_behind(const u32 *page, u32 i)
{
	return i + 3 < SCAN_WORDS && (page[i + 3] == 0x3afffffb || page[i + 3] == 0x8afffffb);
}

static bool stays(const struct site_row *r, const u32 *page, u32 i)
{
	return r->kind >= SITE_KINDS || (r->kind == SITE_KIND_DCCMVAC && loops_behind(page, i));
}

bool site_stays(const u32 *page, u32 i)
{
	const struct site_row *r = row_of(page[i]);

	return r && stays(r, page, i);
}

#define LOOKS_BEHIND	3u	/* words: what returns_behind() and loops_behind() ask about */

bool site_looks_at(const u32 *page, u32 i)
{
	for (u32 k = 1; k <= LOOKS_BEHIND && k <= i; k++) {
		const struct site_row *r = row_of(page[i - k]);

		if (r && (r->kind == SITE_KIND_LDM_R0 || r->kind == SITE_KIND_LDM_R1 || r->kind == SITE_KIND_DCCMVAC))
			return true;
	}
	return false;
}

static u32 kind_of(const struct site_row *r, const u32 *page, u32 i)
{
	if (stays(r, page, i) || (r->kind == SITE_KIND_DCCMVAC && IS_ENABLED(CONFIG_SHADOW_CLEAN_HINT)))
		return SITE_KIND_C;
	if ((r->kind == SITE_KIND_LDM_R0 || r->kind == SITE_KIND_LDM_R1) && returns_behind(page, i))
		return r->kind + SITE_KIND_LDM_R0_RET - SITE_KIND_LDM_R0;
	return r->kind;
}

u32 site_kind(const u32 *page, u32 i)
{
	const struct site_row *r = row_of(page[i]);

	return r ? kind_of(r, page, i) : SITE_KIND_C;
}

u32 site_kind_of(u32 word)
{
	const struct site_row *r = row_of(word);

	return r ? r->kind : (u32)SITE_KIND_C;
}

u32 site_operand(u32 word)
{
	const struct site_row *r = row_of(word);

	return r ? operand(r, word) : 0;
}

u32 site_word(const u32 *page, u32 i, u32 copy, bool hot)
{
	u32 word = page[i], cond = word >> 28 == 15 ? 14 : word >> 28;
	u32 kind = hot ? site_kind(page, i) : SITE_KIND_C;

	if (site_stays(page, i))
		return word;
	return cond << 28 | 0x0f000000 | SITE_FLAG | copy << SITE_COPY_SHIFT |
	       (kind ? kind << SITE_KIND_SHIFT | site_operand(word) : i & 0xf);
}

bool site_is_word(u32 word)
{
	return (word & 0x0f000000) == 0x0f000000 && word >> 28 != 15 && word & SITE_FLAG;
}

u32 site_word_of(u32 kind, u32 copy)
{
	return 0xef000000 | SITE_FLAG | kind << SITE_KIND_SHIFT | copy << SITE_COPY_SHIFT;
}

u32 site_original(u32 trap, u32 nth)
{
	u32 kind = trap >> SITE_KIND_SHIFT & 0x1f;

	if (kind == SITE_KIND_LDM_R0_RET || kind == SITE_KIND_LDM_R1_RET)
		kind -= SITE_KIND_LDM_R0_RET - SITE_KIND_LDM_R0;
	for (const struct site_row *r = rows; r < rows + ARRAY_SIZE(rows); r++)
		if (r->kind == kind && !nth--)
			return r->value | (trap & 0xf) << r->shift;
	return 0;
}

bool site_origin(struct vcpu *v, u32 word, u32 nth, u32 *copy, u32 *index)
{
	*copy = site_copy(word);
	*index = SITE_ANYWHERE;
	return !nth && site_is_word(word);
}

bool site_is_cheaper(u32 word)
{
	const struct site_row *r = row_of(word);

	return r && r->traps;
}

/* -- T32 -- */

#define UDF_W		0xf7f0a000u
#define UDF_W_MASK	0xfff0f000u
#define UDF_W_HOT	((u32)SITE_T32_HOT << 16 | 0xa000u)
#define UDF_W_USER_LS	((u32)SITE_T32_USER_LS << 16 | 0xa000u)

bool site_is_t32(u32 word)
{
	return word == SITE_T32_TRAP || (word & ~0xfu) == SITE_T32_CPS || (word & UDF_W_MASK) == UDF_W;
}

u32 site_t32_narrow(u32 word, bool hot)
{
	return hot && (word & 0xffe8) == 0xb660 ? SITE_T32_CPS | FIELD(word, 4, 4) << 3 | FIELD(word, 2, 0) : SITE_T32_TRAP;
}

/* LDRT, STRT, LDRBT, STRBT, as @a32 says it, with registers that are not UNPREDICTABLE in one set or the other. */
static bool is_user_ls(const struct insn *in, u32 a32)
{
	return a32 && (in->op == INSN_LDRT || in->op == INSN_STRT) && in->rn != 15 && in->rd != 15 && in->rn != in->rd;
}

u32 site_t32_wide(u32 word, u32 copy, bool hot)
{
	struct insn in;
	u32 a32, kind;

	t32_decode((u16)(word >> 16), (u16)word, &in);
	a32 = t32_as_a32(&in);
	kind = hot && a32 ? site_kind_of(a32) : (u32)SITE_KIND_C;
	if (kind != SITE_KIND_C)
		return UDF_W_HOT | kind << 4 | site_operand(a32);
	if (hot && is_user_ls(&in, a32))
		return UDF_W_USER_LS | (in.op == INSN_LDRT ? BIT(9) : 0) | (in.size == 1 ? BIT(8) : 0) | (u32)in.rn << 4 | in.rd;
	return UDF_W | FIELD(copy, 13, 12) << 16 | FIELD(copy, 11, 0);
}

bool site_t32_is_cheaper(u16 hw1, u16 hw2)
{
	const struct site_row *r = row_of((u32)hw1 << 16 | hw2);

	return r && r->traps && r->kind < SITE_KINDS;
}
