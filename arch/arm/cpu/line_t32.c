// SPDX-License-Identifier: GPL-2.0-or-later
/* A straight line of T32 code as A32 words: by a table of encodings (ARM ARM DDI 0406C, A6, A8). */
#include <arm/insn.h>

#include "line_t32.h"

#define NO_WORD		0u
#define NOTHING		~0u	/* behind the end; no instruction either */

/* ARMExpandImm() of this; @imm is less than 256, or a multiple of 4 less than 1024. */
static u32 immediate(u32 imm)
{
	return imm < 256 ? imm : 0xf00 | imm >> 2;
}

static u32 add_sp(u32 w)
{
	return 0xe28dd000 | immediate(4 * FIELD(w, 6, 0));
}

static u32 sub_sp(u32 w)
{
	return 0xe24dd000 | immediate(4 * FIELD(w, 6, 0));
}

static u32 add_rd_sp(u32 w)
{
	return 0xe28d0000 | FIELD(w, 10, 8) << 12 | immediate(4 * FIELD(w, 7, 0));
}

static u32 mov_high(u32 w)
{
	return 0xe1a00000 | FIELD(w, 7, 7) << 15 | FIELD(w, 2, 0) << 12 | FIELD(w, 6, 3);
}

static u32 lsls(u32 w)
{
	return 0xe1b00000 | FIELD(w, 2, 0) << 12 | FIELD(w, 10, 6) << 7 | FIELD(w, 5, 3);
}

static u32 ls_sp(u32 w)
{
	return 0xe58d0000 | FIELD(w, 11, 11) << 20 | FIELD(w, 10, 8) << 12 | 4 * FIELD(w, 7, 0);
}

static u32 ls_imm5(u32 w)
{
	return 0xe5800000 | FIELD(w, 11, 11) << 20 | FIELD(w, 5, 3) << 16 | FIELD(w, 2, 0) << 12 | 4 * FIELD(w, 10, 6);
}

static u32 b_cond(u32 w)
{
	u32 cond = FIELD(w, 11, 8);

	return cond < 14 ? cond << 28 | 0x0a000000 : NO_WORD;
}

static u32 b_cond_w(u32 w)
{
	u32 cond = FIELD(w, 25, 22);

	return cond < 14 ? cond << 28 | 0x0a000000 : NO_WORD;
}

static u32 ls_imm12(u32 w)
{
	return FIELD(w, 19, 16) == 15 ? NO_WORD : 0xe5800000 | (w & 0x001fffff & ~BIT(20)) | FIELD(w, 20, 20) << 20;
}

static u32 same(u32 w)
{
	return w;
}

static u32 imm16(u32 w)
{
	u32 imm = FIELD(w, 19, 16) << 12 | FIELD(w, 26, 26) << 11 | FIELD(w, 14, 12) << 8 | FIELD(w, 7, 0);

	return (w & BIT(23) ? 0xe3400000 : 0xe3000000) | imm >> 12 << 16 | FIELD(w, 11, 8) << 12 | (imm & 0xfff);
}

static u32 eor_imm(u32 w)
{
	return 0xe2200000 | FIELD(w, 19, 16) << 16 | FIELD(w, 11, 8) << 12 | FIELD(w, 7, 0);
}

static u32 tst_imm(u32 w)
{
	return 0xe3100000 | FIELD(w, 19, 16) << 16 | FIELD(w, 7, 0);
}

static u32 teq_reg(u32 w)
{
	return 0xe1300000 | FIELD(w, 19, 16) << 16 | FIELD(w, 3, 0);
}

static u32 strex(u32 w)
{
	return 0xe1800f90 | FIELD(w, 19, 16) << 16 | FIELD(w, 11, 8) << 12 | FIELD(w, 15, 12);
}

static u32 nop(u32 w)
{
	(void)w;
	return 0xe320f000;
}

static u32 barrier(u32 w)
{
	return 0xf57ff000 | FIELD(w, 7, 0);
}

static u32 clrex(u32 w)
{
	(void)w;
	return 0xf57ff01f;
}

/* By the decoder. */
static u32 sensitive(u32 w)
{
	struct insn in;

	if (w >> 16)
		t32_decode((u16)(w >> 16), (u16)w, &in);
	else
		t32_decode((u16)w, 0, &in);
	return t32_as_a32(&in);
}

static const struct row {
	u32 mask, value;
	u32 (*make)(u32 w);
} narrow_rows[] = {
	{ 0xff80, 0xb000, add_sp }, { 0xff80, 0xb080, sub_sp }, { 0xf800, 0xa800, add_rd_sp }, { 0xff00, 0x4600, mov_high },
	{ 0xf800, 0x0000, lsls }, { 0xf000, 0x9000, ls_sp }, { 0xf000, 0x6000, ls_imm5 }, { 0xf000, 0xd000, b_cond },
	{ 0xffe8, 0xb660, sensitive }, { 0xffff, 0xbf00, nop }, { 0, 0, NULL },
}, wide_rows[] = {
	{ 0xfff0a000, 0xe8800000, same },		/* STM */
	{ 0xfff0a000, 0xe9100000, same },		/* LDMDB, LDMIA */
	{ 0xfff0a000, 0xe8900000, same },
	{ 0xfff000ff, 0xe8400000, strex },
	{ 0xffe00000, 0xf8c00000, ls_imm12 },		/* STR, LDR */
	{ 0xfb708000, 0xf2400000, imm16 },		/* MOVW, MOVT */
	{ 0xfff0f000, 0xf0800000, eor_imm },		/* of an immediate below 256 */
	{ 0xfff0ff00, 0xf0100f00, tst_imm },
	{ 0xfff0fff0, 0xea900f00, teq_reg },
	{ 0xff000010, 0xee000010, same },		/* MCR, MRC */
	{ 0xffffffff, 0xf3af8000, nop },
	{ 0xffffffff, 0xf3bf8f2f, clrex },
	{ 0xfffffff0, 0xf3bf8f40, barrier }, { 0xfffffff0, 0xf3bf8f60, barrier },	/* DSB, ISB */
	{ 0xff80d000, 0xf3808000, sensitive },		/* MRS, MSR, SUBS pc */
	{ 0xf800d000, 0xf0008000, b_cond_w },
	{ 0, 0, NULL },
};

static u32 as_a32(u32 w)
{
	const struct row *r = w >> 16 ? wide_rows : narrow_rows;

	while ((w & r->mask) != r->value)
		r++;
	return r->make ? r->make(w) : NO_WORD;
}

static u32 fetch(const u16 *code, u32 halves, u32 i)
{
	if (i < halves && code[i] >> 11 < 0x1d)
		return code[i];
	return i + 1 < halves ? (u32)code[i] << 16 | code[i + 1] : NOTHING;
}

/* IT with one instruction, which is not one of 16 bits (those leave the flags alone here) and not conditional itself. */
static u32 in_it_block(u32 it, u32 w)
{
	u32 a32 = w >> 16 ? as_a32(w) : NO_WORD;

	return (it & 0xf) == 8 && FIELD(it, 7, 4) < 14 && a32 >> 28 == 14 ? (a32 & ~0xf0000000) | FIELD(it, 7, 4) << 28 : NO_WORD;
}

void t32_line(struct t32_line *l, const u16 *code, u32 halves)
{
	u32 i = 0, w, a32;

	l->half[0] = 0;
	for (l->insns = 0; l->insns < CALL_INSNS; l->half[++l->insns] = (u8)i) {
		w = fetch(code, halves, i);
		if ((w & 0xff00) == 0xbf00 && w & 0xf && !(w >> 16)) {
			a32 = in_it_block(w, fetch(code, halves, i + 1));
			i += 3;
		} else {
			a32 = as_a32(w);
			i += w >> 16 ? 2 : 1;
		}
		if (a32 == NO_WORD)
			return;
		l->word[l->insns] = a32;
	}
}
