/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sieve of the first look at a code page: which words are worth a closer one. */
#pragma once

#include <hv/types.h>

/*
 * Encodings are put into eight groups, a bit each. A word passes where some group has its bits 27:23, its bits 24:20, its bits 19:16 and its
 * bits 15:12, each by itself, or where its bits 31:27 are all ones. So none is missed, and few pass in vain if what differs in several of these
 * fields is not in one group. The assembly knows this layout, and VLDM faults where it is not aligned (A3.2.1).
 */
struct code_sieve {
	_Alignas(8) u8 high[32];		/* by bits 27:23, 24:20, 19:16, 15:12: the groups that have these */
	u8 low[32], rn[16], rd[16];
	u8 weight[16];				/* 1 << i % 8 */
};

/* Let words with (word & @mask) == @value pass @t, in @group (0..7). Bits 31:28 and 11:0 do not matter. */
void code_sieve_add(struct code_sieve *t, u32 group, u32 mask, u32 value);
/*
 * Which of the @n words at @words pass @t? Bit i of @bits. @n is a multiple of 64 and not 0, @words is aligned to 32 bytes. In code_sieve.S; on
 * the build host tests have their own.
 */
void code_sieve_sites(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t);
/* The same for words with pc in bits 19:16 and no bit 21, which is what loads relative to pc have in common: CODE_SIEVE_PC. */
void code_sieve_pc(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t);
#define CODE_SIEVE_PC_MASK	0x002f0000u
#define CODE_SIEVE_PC		0x000f0000u
