/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What code_sieve.S and word_find.S do. */
#include "code_scan.h"
#include "code_sieve.h"

const u32 *word_find(const u32 *p, const u32 *end, u32 mask, u32 value)
{
	while (p < end && (*p & mask) != value)
		p++;
	return p;
}

static void set_bit(u32 *bits, u32 i, bool on)
{
	bits[i / 32] = (i % 32 ? bits[i / 32] : 0) | (u32)on << i % 32;
}

void code_sieve_sites(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t)
{
	for (u32 i = 0; i < n; i++) {
		u32 w = words[i];

		set_bit(bits, i, w >> 27 == 31 ||
				 (t->high[FIELD(w, 27, 23)] & t->low[FIELD(w, 24, 20)] & t->rn[FIELD(w, 19, 16)] & t->rd[FIELD(w, 15, 12)]));
	}
}

void code_sieve_pc(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t)
{
	for (u32 i = 0; i < n; i++)
		set_bit(bits, i, (words[i] & CODE_SIEVE_PC_MASK) == CODE_SIEVE_PC);
}
