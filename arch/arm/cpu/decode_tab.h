/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shape of the decode tables, for decode.c and for the test that checks the tables themselves. */
#pragma once

#include <arm/insn.h>

struct insn_row {
	u32 mask, value;		/* matches when (word & mask) == value */
	enum insn_op op;
	void (*fill)(struct insn *in);	/* operands; NULL: the common ones are enough */
};

#define A32_UNCOND	8		/* table of cond = 0b1111; 0..7: bits 27:25 */
#define A32_TABLES	9

/* Each ends with a row that matches everything. */
extern const struct insn_row *const a32_tables[A32_TABLES];
extern const struct insn_row t32_table[];
extern const struct insn_row t16_table[];

static inline const struct insn_row *insn_row_find(const struct insn_row *r, u32 word)
{
	while ((word & r->mask) != r->value)
		r++;
	return r;
}
