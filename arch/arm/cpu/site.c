// SPDX-License-Identifier: GPL-2.0-or-later
/* Trapping words: which handler of the window executes a sensitive instruction completely, and the word that says so. */
#include <arm/site.h>

#include "code_scan.h"

/* In the order of kinds, unconditional words only. Operand: bits [shift+3:shift] of the word, at most max. */
static const struct site_row {
	u32 mask, value;
	u8 kind, shift, max;
	bool traps;		/* by itself */
} rows[] = {
	{ 0xfffffe3f, 0xf10c0000, SITE_KIND_CPSID, 6, 7, false },
	{ 0xfffffe3f, 0xf1080000, SITE_KIND_CPSIE, 6, 7, false },
	{ 0xffff0fff, 0xe10f0000, SITE_KIND_MRS_CPSR, 12, 14, false },
	{ 0xffff0fff, 0xe14f0000, SITE_KIND_MRS_SPSR, 12, 14, false },
	{ 0xfffffff0, 0xe16ff000, SITE_KIND_MSR_SPSR, 0, 14, false },
	{ 0xfffffff0, 0xe121f000, SITE_KIND_MSR_CPSR_C, 0, 14, false },
	{ 0xffffffff, 0xe1b0f00e, SITE_KIND_MOVS_PC_LR, 0, 14, false },
	{ 0xfff0ffff, 0xe9406000, SITE_KIND_STM_SP_LR, 16, 14, false },
	{ 0xfff0ffff, 0xe9507fff, SITE_KIND_LDM_R0, 16, 14, false },
	{ 0xfff0ffff, 0xe9507ffe, SITE_KIND_LDM_R1, 16, 14, false },
	/* MRC and MCR (B3.17.2), VMRS and VMSR (B9.3.21) */
	{ 0xffff0fff, 0xee1d0f90, SITE_KIND_TPIDRPRW_R, 12, 14, true },
	{ 0xffff0fff, 0xee0d0f70, SITE_KIND_TPIDRURO_W, 12, 14, true },
	{ 0xffff0fff, 0xee110f10, SITE_KIND_SCTLR_R, 12, 14, true },
	{ 0xffff0fff, 0xee010f10, SITE_KIND_SCTLR_W, 12, 14, true },
	{ 0xffff0fff, 0xee130f10, SITE_KIND_DACR_R, 12, 14, true },
	{ 0xffff0fff, 0xee030f10, SITE_KIND_DACR_W, 12, 14, true },
	{ 0xffff0fff, 0xee150f10, SITE_KIND_DFSR_R, 12, 14, true },
	{ 0xffff0fff, 0xee150f30, SITE_KIND_IFSR_R, 12, 14, true },
	{ 0xffff0fff, 0xee160f10, SITE_KIND_DFAR_R, 12, 14, true },
	{ 0xffff0fff, 0xee160f50, SITE_KIND_IFAR_R, 12, 14, true },
	{ 0xffff0fff, 0xee070f3a, SITE_KIND_DCCMVAC, 12, 14, true },
	{ 0xffff0fff, 0xee070f3b, SITE_KIND_DCCMVAC, 12, 14, true },
	{ 0xffff0fff, 0xee120f10, SITE_KIND_TTBR0_R, 12, 14, true },
	{ 0xffff0fff, 0xee120f30, SITE_KIND_TTBR1_R, 12, 14, true },
	{ 0xffff0fff, 0xeef80a10, SITE_KIND_FPEXC_R, 12, 14, true },
	{ 0xffff0fff, 0xeee80a10, SITE_KIND_FPEXC_W, 12, 14, true },
	{ 0xffff0fff, 0xee070f15, SITE_KIND_ICIALLU, 12, 14, true },
};
_Static_assert(SITE_KINDS <= 32, "a kind has five bits");

static u32 operand(const struct site_row *r, u32 word)
{
	return word >> r->shift & 0xf;
}

static const struct site_row *row_of(u32 word)
{
	for (const struct site_row *r = rows; r < rows + ARRAY_SIZE(rows); r++)
		if ((word & r->mask) == r->value && operand(r, word) <= r->max)
			return r;
	return NULL;
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

static u32 kind_of(const struct site_row *r, const u32 *page, u32 i)
{
	if (r->kind == SITE_KIND_DCCMVAC && loops_behind(page, i))
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

u32 site_operand(u32 word)
{
	const struct site_row *r = row_of(word);

	return r ? operand(r, word) : 0;
}

u32 site_word(const u32 *page, u32 i, u32 copy, bool hot)
{
	u32 word = page[i], cond = word >> 28 == 15 ? 14 : word >> 28;
	u32 kind = hot ? site_kind(page, i) : SITE_KIND_C;

	return cond << 28 | 0x0f000000 | SITE_FLAG | copy << SITE_COPY_SHIFT |
	       (kind ? kind << SITE_KIND_SHIFT | site_operand(word) : i & 0xf);
}

bool site_is_word(u32 word)
{
	return (word & 0x0f000000) == 0x0f000000 && word >> 28 != 15 && word & SITE_FLAG;
}

bool site_is_cheaper(const u32 *page, u32 i)
{
	const struct site_row *r = row_of(page[i]);

	return r && r->traps && kind_of(r, page, i) != SITE_KIND_C;
}
