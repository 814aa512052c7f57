/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A straight line of T32 code as A32 words, for those who know what to do with these. */
#pragma once

#include "call_line.h"

struct t32_line {
	u32 word[CALL_INSNS];		/* the A32 word with the same meaning */
	u8 half[CALL_INSNS + 1];	/* by how many halfwords each is behind the first, and what is behind the last */
	u32 insns;
};

/*
 * The instructions from @code on, within @halves halfwords, up to the first that has no such word. An IT block of one instruction is that
 * instruction with its condition. A conditional branch has no target.
 */
void t32_line(struct t32_line *l, const u16 *code, u32 halves);
