// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads and stores of all forms, to pages of all kinds. Every unit makes its own address: no other register is trusted. */
#include "diff.h"

enum area { DATA, RO, PRIV, NOT_MAPPED, DOMAIN, INTC_ILR, EXTERNAL };

/* Where a unit goes: an address near the middle of a page's window, and what is allowed there. */
struct place {
	enum area area;
	u32 base;		/* register */
	bool faults;		/* it may abort: multiple loads then only have r0-r5 in their lists, see exc.c */
};

static enum area choose_area(struct gen *g)
{
	static const u8 often[32] = {
		DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA, DATA,
		DATA, DATA, DATA, DATA, RO, RO, PRIV, PRIV, PRIV, PRIV, NOT_MAPPED, DOMAIN, DOMAIN, DOMAIN, INTC_ILR, EXTERNAL,
	};

	return often[gen_below(g, 32)];
}

static u32 area_address(enum area a)
{
	switch (a) {
	case DOMAIN:
		return VA_DOMAIN + WINDOW;
	case INTC_ILR:
		return VA_INTC + 0x100 + 4 * 80;	/* priorities of lines around 80, which never interrupt */
	case EXTERNAL:
		return VA_EXTERNAL + WINDOW;
	default:
		return VA_DATA + (u32)a * 0x1000 + WINDOW;
	}
}

/* The base register: the page's middle, or so near to its end that more than a few words lead into the next page. One in @align is not aligned. */
static struct place place_in(struct gen *g, enum area a, u32 align)
{
	struct place p = { .area = a, .base = gen_low(g), .faults = a != DATA };
	u32 at = area_address(a);

	if (a == INTC_ILR) {
		emit_const(g, p.base, at + 4 * gen_below(g, 8));
		g->b->uses_ilr = true;
		return p;
	}
	if (gen_one_in(g, 12)) {
		at += 0xf0 + 4 * gen_below(g, 4);
		p.faults = true;
	} else {
		at = at - 0x40 + 4 * gen_below(g, 32);
	}
	if (align && a != EXTERNAL && gen_one_in(g, align)) {
		at += 1 + gen_below(g, 3);
		p.faults = true;
	}
	emit_const(g, p.base, at);
	return p;
}

static struct place place(struct gen *g, u32 align)
{
	return place_in(g, choose_area(g), align);
}

/* A register to load into or store from; the base only where that is defined, without write-back. */
static u32 data_reg(struct gen *g, const struct place *p, bool load, bool wb)
{
	u32 r;

	do
		r = load ? gen_reg(g) : gen_source(g);
	while (wb && r == p->base);
	return r;
}

/* Addressing bits P, U, W as random bits; P = 0 with W = 1 is another instruction. */
static u32 puw(struct gen *g)
{
	u32 w = gen_rnd(g) & 0x01a00000u;

	return w & 0x01000000u ? w : w & ~0x00200000u;
}

static bool has_wb(u32 w)
{
	return !(w & 0x01000000u) || w & 0x00200000u;
}

/* A register for the offset. */
static u32 offset_register(struct gen *g, const struct place *p, u32 rd)
{
	u32 ro;

	do
		ro = gen_low(g);
	while (ro == p->base || ro == rd);
	return ro;
}

/*
 * Operand 2 of the register forms, with all shifts, and @ro set so that the offset is small: a number shifted left or not, or one from the
 * other end of the word, or nothing (LSR and ASR by 32). RRX makes a large one where C is set: nothing is mapped there.
 */
static u32 scaled_offset(struct gen *g, u32 ro)
{
	static const u32 by_32[] = { 1u << 5, 2u << 5, 3u << 5 };	/* LSR #32, ASR #32, RRX */

	switch (gen_below(g, 3)) {
	case 0:
		emit_const(g, ro, gen_below(g, 16) * 2);
		return gen_below(g, 2) << 7 | ro;
	case 1:
		emit_const(g, ro, gen_below(g, 16) << 26);
		return 24u << 7 | (1 + gen_below(g, 3)) << 5 | ro;
	default:
		emit_const(g, ro, 8 * gen_below(g, 8));
		return by_32[gen_below(g, 3)] | ro;
	}
}

static void word_or_byte(struct gen *g)
{
	struct place p = place(g, 10);
	u32 w = 0x04000000u | puw(g) | (gen_rnd(g) & 0x00100000u) | p.base << 16 | gen_cond(g);
	bool load = w & 0x00100000u;
	u32 rd, ro;

	if (p.area != INTC_ILR)
		w |= gen_rnd(g) & 0x00400000u;
	rd = data_reg(g, &p, load, has_wb(w));
	if (!load && !(w & 0x00400000u) && gen_one_in(g, 16))
		rd = 15;
	if (p.area >= INTC_ILR || gen_one_in(g, 2)) {		/* devices: aligned, and not far */
		emit(g, w | rd << 12 | gen_below(g, p.area == INTC_ILR ? 4 : 16) * 4);
		return;
	}
	ro = offset_register(g, &p, rd);
	emit(g, w | 0x02000000u | rd << 12 | scaled_offset(g, ro));
}

static void half_or_signed(struct gen *g)
{
	static const u32 forms[] = { 0x000000b0, 0x001000b0, 0x001000d0, 0x001000f0 };	/* STRH LDRH LDRSB LDRSH */
	struct place p = place_in(g, gen_one_in(g, 3) ? PRIV : DATA, 10);
	u32 w = forms[gen_below(g, 4)] | puw(g) | p.base << 16 | gen_cond(g);
	u32 rd = data_reg(g, &p, w & 0x00100000u, has_wb(w)), ro;

	if (gen_one_in(g, 2)) {
		emit(g, w | 0x00400000u | rd << 12 | (gen_rnd(g) & 0x30f));
		return;
	}
	ro = offset_register(g, &p, rd);
	emit_const(g, ro, gen_below(g, 32) * 2);
	emit(g, w | rd << 12 | ro);
}

static void two_words(struct gen *g)
{
	static const u8 even[] = { 0, 2, 4, 8, 10 };
	struct place p = place(g, 12);
	u32 load = gen_below(g, 2);
	u32 w = (load ? 0x004000d0u : 0x004000f0u) | puw(g) | p.base << 16 | gen_cond(g), rd;

	if (p.area == INTC_ILR)
		return word_or_byte(g);
	do
		rd = even[gen_below(g, load && p.faults ? 3 : 5)];
	while (has_wb(w) && (rd == (p.base & ~1u)));
	emit(g, w | rd << 12 | (gen_below(g, 4) << 8) | gen_below(g, 4) * 4);
}

/* @base not in the list where it is written back; the mode's own r13 is never loaded. */
static u32 list(struct gen *g, const struct place *p, bool load, bool wb)
{
	u32 l = gen_rnd(g) >> (gen_below(g, 2) * 4 + 8) & (load ? (p->faults ? 0x3fu : 0x5f3fu) : 0x7fffu);

	if (wb)
		l &= ~(1u << p->base);
	return l ? l : 1u << (p->base ? p->base - 1 : 1);
}

static void multiple(struct gen *g)
{
	struct place p = place(g, 12);
	u32 w = 0x08000000u | (gen_rnd(g) & 0x01b00000u) | p.base << 16 | gen_cond(g);

	w |= list(g, &p, w & 0x00100000u, w & 0x00200000u);
	if (!(w & 0x00100000u) && gen_one_in(g, 16))
		w |= 0x8000;
	if (p.area == INTC_ILR)
		w &= 0xffff0007u;
	emit(g, w & 0xffffu ? w : w | 2u << (p.base == 1));
}

/* Through the mode's stack pointer, which is set first: in User mode it may be anything. */
static void push_pop(struct gen *g)
{
	u32 l = (gen_rnd(g) & 0x5f3fu) | 1;

	emit(g, 0xe287d000u | gen_below(g, 16) * 4);			/* add sp, r7, #n */
	emit(g, 0x092d0000u | l | gen_cond(g));
	if (gen_one_in(g, 2))
		emit(g, 0x08bd0000u | l | gen_cond(g));
}

/* LDRT, STRT, LDRBT, STRBT with the word's other bits in @w. */
static void unprivileged_word(struct gen *g, const struct place *p, u32 w)
{
	w |= 0x04200000u | (gen_rnd(g) & 0x00500000u);
	w |= data_reg(g, p, w & 0x00100000u, true) << 12;
	if (gen_one_in(g, 2))
		emit(g, w | (gen_rnd(g) & 0x3f));
	else
		emit(g, w | 0x02000000u | scaled_offset(g, offset_register(g, p, w >> 12 & 15)));
}

/* STRHT, LDRHT, LDRSBT, LDRSHT. */
static void unprivileged_half(struct gen *g, const struct place *p, u32 w)
{
	static const u32 forms[] = { 0x002000b0, 0x003000b0, 0x003000d0, 0x003000f0 };
	u32 ro;

	w |= forms[gen_below(g, 4)];
	w |= data_reg(g, p, w & 0x00100000u, true) << 12;
	if (gen_one_in(g, 2)) {
		emit(g, w | 0x00400000u | (gen_rnd(g) & 0x30f));
		return;
	}
	ro = offset_register(g, p, w >> 12 & 15);
	emit_const(g, ro, gen_below(g, 16) * 4);
	emit(g, w | ro);
}

/* With the rights of User mode, whatever the mode is. */
static void unprivileged(struct gen *g)
{
	static const u8 areas[8] = { DATA, DATA, DATA, DATA, PRIV, PRIV, RO, DOMAIN };
	struct place p = place_in(g, areas[gen_below(g, 8)], 16);
	u32 w = (gen_rnd(g) & 0x00800000u) | p.base << 16 | gen_cond(g);

	if (gen_one_in(g, 2))
		unprivileged_word(g, &p, w);
	else
		unprivileged_half(g, &p, w);
}

/* ldrex, add, strex, cmp, bne: as often as it takes. */
static void exclusive_loop(struct gen *g)
{
	static const u32 size[] = { 0x01800f90, 0x01c00f90, 0x01e00f90 };	/* STREX, B, H; with bit 20 LDREX and so on */
	u32 form = size[gen_below(g, 3)] | 0xe0000000u, base = gen_low(g), value = gen_low_but(g, base), status;

	do
		status = gen_low(g);
	while (status == base || status == value);
	emit_const(g, base, VA_DATA + WINDOW + 4 * gen_below(g, 32));
	emit(g, (form | 0x00100000u | base << 16 | value << 12) | 0xf);
	emit(g, 0xe2800001u | value << 16 | value << 12);
	emit(g, (form | base << 16 | status << 12) | value);
	emit(g, 0xe3500000u | status << 16);
	emit(g, 0x1afffffau);
}

static void exclusive_pair(struct gen *g)
{
	u32 base = gen_one_in(g, 2) ? 4 : 5, value = base == 4 ? 2 : 0;

	emit_const(g, base, VA_DATA + WINDOW + 8 * gen_below(g, 16));
	emit(g, 0xe1b00f9fu | base << 16 | value << 12);		/* ldrexd value, value + 1 */
	emit(g, 0xe2800001u | value << 16 | value << 12);
	emit(g, 0xe1a01f90u | base << 16 | value);			/* strexd r1 */
	emit(g, 0xe3510000u);
	emit(g, 0x1afffffau);
}

/* Without a monitor that is set, a store-exclusive writes nothing and says so. */
static void exclusive_fails(struct gen *g)
{
	u32 base = gen_low(g), value = gen_low_but(g, base), status;

	do
		status = gen_low(g);
	while (status == base || status == value);
	emit_const(g, base, VA_DATA + WINDOW);
	emit(g, 0xf57ff01fu);
	emit(g, 0xe1800f90u | base << 16 | status << 12 | value);
}

static void swap(struct gen *g)
{
	struct place p = place_in(g, gen_one_in(g, 4) ? PRIV : DATA, 0);
	u32 rd = gen_low_but(g, p.base), rm = gen_low_but(g, p.base);

	emit(g, 0x01000090u | (gen_rnd(g) & 0x00400000u) | p.base << 16 | rd << 12 | rm | gen_cond(g));
}

/* The pc from memory: ldr pc and ldm with the pc; the next unit is where it leads. */
static void load_pc(struct gen *g)
{
	u32 base = gen_low(g), target = gen_low_but(g, base), l = gen_rnd(g) & 0x3f & ~(1u << base);
	u32 n = (u32)__builtin_popcount(l);
	bool multi = gen_one_in(g, 2);

	emit_const(g, base, VA_DATA + WINDOW - 0x20);
	emit_const(g, target, gen_here(g) + 8 + 8 + 4);
	emit(g, 0xe5800000u | base << 16 | target << 12 | (multi ? 4 * n : 8));
	if (multi)
		emit(g, 0x08908000u | (gen_rnd(g) & 0x00200000u) | base << 16 | l | gen_cond(g));
	else
		emit(g, 0x0590f008u | base << 16 | gen_cond(g));
	emit(g, gen_plain(g));
}

/* Data in the other byte order for a while; whoever depends on the order sets it. */
static void big_endian(struct gen *g)
{
	emit(g, 0xf1010200u);
	if (gen_one_in(g, 2))
		word_or_byte(g);
	if (!gen_one_in(g, 4))
		emit(g, 0xf1010000u);
}

const struct unit_row units_mem[] = {
	{ word_or_byte, 10, M_ALL, ANYWHERE },
	{ half_or_signed, 5, M_ALL, ANYWHERE },
	{ two_words, 4, M_ALL, ANYWHERE },
	{ multiple, 8, M_ALL, ANYWHERE },
	{ push_pop, 4, M_ALL, ANYWHERE },
	{ unprivileged, 8, M_ALL, ANYWHERE },
	{ exclusive_loop, 2, M_ALL, ANYWHERE },
	{ exclusive_pair, 1, M_ALL, ANYWHERE },
	{ exclusive_fails, 1, M_ALL, ANYWHERE },
	{ swap, 2, M_ALL, ANYWHERE },
	{ load_pc, 3, M_ALL, ANYWHERE },
	{ big_endian, 1, M_ALL, ANYWHERE },
	{ NULL, 0, 0, 0 },
};
