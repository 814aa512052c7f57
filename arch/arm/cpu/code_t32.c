// SPDX-License-Identifier: GPL-2.0-or-later
/* Finding the sites of one page of T32 code: instructions begin at any halfword, and only where control flow leads is known where. */
/*
 * T32 instructions have two lengths, so that a halfword may be an instruction, the second half of one, or data, and what stands around it
 * does not tell. What is proven is followed: from each address at which the page was seen to execute, along branches and calls within the
 * page, up to what ends a line. The line is not followed behind a call, which need not return. So every halfword is one of these:
 *
 * 1. known to begin an instruction: it is replaced if it is sensitive (a site), else it stays as it is;
 * 2. the second half of such an instruction, or data that such an instruction loads relative to pc: stays as it is, apart from a site's;
 * 3. unknown. If an instruction that begins there were sensitive it is replaced by a 16-bit trapping word. When that is executed,
 *    an instruction does begin there: the line is followed from it (t32_reach()), and the copy gets what is known now. What is
 *    harmless as an instruction stays, whatever it is. So no sensitive instruction is executed unreplaced, as long as no code
 *    jumps into the middle of an instruction that is known, and no unknown line is altered unseen:
 * 4. unknown halfwords that could begin a 32-bit instruction whose second half is replaced are replaced as well (and so on); so
 *    are those that could load a replaced halfword relative to pc, and an IT instruction before a replaced halfword (its condition
 *    may be the processor's reason not to trap).
 *
 * Where that contradicts itself (an instruction in the middle of another, a site that is also read), or reaches into the page before, the
 * page is left to the interpreter.
 *
 * An instruction that lies in two pages belongs to the page in which it begins. Its second half may change without that page being written,
 * so it is replaced if any second half would make it sensitive, and decided upon when it is executed.
 *
 * Limits: a constant among T32 code that looks like a sensitive instruction and is not read relative to pc (by way of ADR, a pointer) reads
 * wrong; so does executed code that is read.
 */
#include "code_t32.h"

#include <arm/insn.h>
#include <arm/site.h>
#include <string.h>

static bool bit_get(const u32 *map, u32 i)
{
	return map[i / 32] >> (i % 32) & 1;
}

static void bit_set(u32 *map, u32 i)
{
	map[i / 32] |= BIT(i % 32);
}

static bool is_wide(u16 hw)
{
	return hw >> 11 >= 0x1d;
}

bool t32_is_start(const struct t32_known *k, u32 at)
{
	return bit_get(k->start, at);
}

/* Is halfword @i the second half of a known instruction? */
static bool is_second(const struct t32_scan *s, u32 i)
{
	return i && bit_get(s->known->start, i - 1) && is_wide(s->page[i - 1]);
}

static bool is_known(const struct t32_scan *s, u32 i)
{
	return bit_get(s->known->start, i) || bit_get(s->data, i) || is_second(s, i);
}

/* -- what a halfword may be -- */

/* Sites by their first and second halfwords; the decoder has the last word. */
static const struct form { u16 mask, value, mask2, value2; } site_forms[] = {
	{ 0, 0, 0, 0 },				/* none has number 0 */
	{ 0xffe8, 0xb660, 0, 0 },		/* CPS */
	{ 0xffff, 0xb658, 0, 0 },		/* SETEND BE */
	{ 0xffff, 0xbf30, 0, 0 },		/* WFI */
	{ 0xffe0, 0xdea0, 0, 0 },		/* UDF in the form of a trapping word */
	{ 0xff80, 0xf380, 0xd000, 0x8000 },	/* MSR, CPS.W, hints, SUBS pc, MRS */
	{ 0xfff0, 0xf7f0, 0xf000, 0xa000 },	/* UDF.W */
	{ 0xfe00, 0xf800, 0x0f00, 0x0e00 },	/* LDRT, STRT */
	{ 0xfe40, 0xe800, 0xffe0, 0xc000 },	/* RFE, SRS */
	{ 0xff00, 0xee00, 0x0fff, 0x0f1e },	/* MRC of PMUSERENR */
};

/* Loads that may be relative to pc. */
static const struct form read_forms[] = {
	{ 0xf800, 0x4800, 0, 0 }, { 0xfe1f, 0xf81f, 0, 0 }, { 0xff3f, 0xed1f, 0, 0 }, { 0xfe5f, 0xe85f, 0, 0 }, { 0xffff, 0xe8df, 0, 0 },
};
static const struct form it_forms[] = { { 0xff00, 0xbf00, 0, 0 } };

/* What the upper 12 bits of a halfword let it be; made when it is needed first. Each is in one form of a site at most. */
static struct {
	bool made;
	u8 may[4096];
#define MAY_BE_SITE	0x0fu		/* number of the form, from 1 on; 0: none */
#define MAY_READ	BIT(4)
#define MAY_BE_IT	BIT(5)
} upper;
_Static_assert(ARRAY_SIZE(site_forms) - 1 <= MAY_BE_SITE, "the number of a form has four bits");

static u8 may_be(u16 hw)
{
	return upper.may[hw >> 4];
}

static void upper_add(const struct form *f, u8 what)
{
	for (u32 i = 0; i < ARRAY_SIZE(upper.may); i++)
		if (!((i << 4 ^ f->value) & f->mask & 0xfff0))
			upper.may[i] |= what;
}

static void upper_make(void)
{
	if (upper.made)
		return;
	for (u32 k = 1; k < ARRAY_SIZE(site_forms); k++)
		upper_add(&site_forms[k], (u8)k);
	for (u32 k = 0; k < ARRAY_SIZE(read_forms); k++)
		upper_add(&read_forms[k], MAY_READ);
	upper_add(it_forms, MAY_BE_IT);
	upper.made = true;
}

/* The first halfword from @i on that may be something, or T32_HALVES. Most of a page is looked at by nothing but this loop. */
static inline u32 next_that_may(const u16 *page, u32 i)
{
	const u32 *w = (const u32 *)(const void *)page;

	if (i & 1 && i < T32_HALVES && may_be(page[i]))
		return i;
	for (i = (i + 1) & ~1u; i < T32_HALVES; i += 2)
		if (upper.may[w[i / 2] >> 20] | upper.may[w[i / 2] >> 4 & 0xfff])
			return may_be(page[i]) ? i : i + 1;
	return T32_HALVES;
}

static bool has_form(const struct form *f, u32 n, u16 hw1, u16 hw2)
{
	for (u32 i = 0; i < n; i++)
		if ((hw1 & f[i].mask) == f[i].value && (hw2 & f[i].mask2) == f[i].value2)
			return true;
	return false;
}

/* Would it be replaced? Also one of the guest's own that looks as if it had been. */
static bool is_replaced(u16 hw1, u16 hw2)
{
	return t32_is_site(hw1, hw2) || site_is_t32(is_wide(hw1) ? (u32)hw1 << 16 | hw2 : hw1);
}

/* Sensitive with some second half. */
static bool may_be_site_with_any(u16 hw)
{
	static const u16 second[] = { 0x8000, 0x8700, 0x8f00, 0xc000, 0xc013, 0x8003, 0x0e00, 0xa000, 0x0f1e, 0x8100 };

	for (u32 i = 0; i < ARRAY_SIZE(second); i++)
		if (is_replaced(hw, second[i]))
			return true;
	return false;
}

/* Has @hw, with @may as may_be() says of it, the form of a site, with @second behind it? At the end of the page, @last, with some second half. */
static inline bool has_form_of_site(u16 hw, u16 second, bool last, u8 may)
{
	const struct form *f = site_forms + (may & MAY_BE_SITE);

	return may & MAY_BE_SITE && !((hw ^ f->value) & f->mask) && (last || !((second ^ f->value2) & f->mask2));
}

static inline bool has_site_form(const u16 *page, u32 i, u8 may)
{
	bool last = i + 1 == T32_HALVES;

	return has_form_of_site(page[i], last ? 0 : page[i + 1], last, may);
}

static bool is_site_by(u16 hw, u16 second, bool last)
{
	if (!has_form_of_site(hw, second, last, may_be(hw)))
		return false;
	return is_wide(hw) && last ? may_be_site_with_any(hw) : is_replaced(hw, is_wide(hw) ? second : 0);
}

/* Would an instruction that begins at @i be sensitive? */
static bool is_site(const struct t32_scan *s, u32 i)
{
	bool last = i + 1 == T32_HALVES;

	return is_site_by(s->page[i], last ? 0 : s->page[i + 1], last);
}

/* The same for one that is known to begin there: also what traps by itself and is cheaper with a number. */
static bool is_known_site(const struct t32_scan *s, u32 i)
{
	if (is_site(s, i))
		return true;
	return (s->page[i] & 0xff00) == 0xee00 && i + 1 < T32_HALVES && site_t32_is_cheaper(s->page[i], s->page[i + 1]);
}

/* -- loads relative to pc -- */

#define NONE	0u

/* The table of TBB or TBH at halfword @i ends where the first of its targets begins. */
static u32 table_halves(const u16 *page, u32 i, bool halfwords)
{
	u32 table = i + 2, end = T32_HALVES, n = 0;

	for (; table + (halfwords ? n : n / 2) < end; n++) {
		u32 at = table + (halfwords ? n : n / 2);
		u32 entry = halfwords ? page[at] : page[at] >> 8 * (n & 1) & 0xff;

		if (entry && table + entry < end)
			end = table + entry;
	}
	return end - table;
}

/* How many halfwords from @*from on the instruction at @i of @page reads relative to pc. @*from may be outside of the page. */
static u32 reads(const u16 *page, u32 i, const struct insn *in, s32 *from)
{
	s32 pc = (s32)(2 * i + 4), imm = in->u ? (s32)in->imm : -(s32)in->imm;
	u32 bytes = in->size;

	if (in->rn != 15)
		return NONE;
	if (in->op == INSN_TB) {
		*from = (s32)i + 2;
		return table_halves(page, i, in->size == 2);
	}
	if (in->op == INSN_VFP_LS) {
		imm = (s32)FIELD(in->word, 7, 0) * (in->word & BIT(23) ? 4 : -4);
		bytes = in->word & BIT(8) ? 8 : 4;
	} else if (in->op != INSN_LDR || !in->imm_form) {
		return NONE;
	}
	*from = (pc / 4 * 4 + imm) >> 1;
	return ((u32)(pc / 4 * 4 + imm) % 2 + bytes + 1) / 2;
}

static inline bool may_read(u16 hw)
{
	return may_be(hw) & MAY_READ && (hw >> 11 == 9 || (hw & 0xf) == 0xf) && has_form(read_forms, ARRAY_SIZE(read_forms), hw, 0);
}

static void decode_at(const u16 *page, u32 i, struct insn *in)
{
	t32_decode(page[i], is_wide(page[i]) && i + 1 < T32_HALVES ? page[i + 1] : 0, in);
}

/* -- following the flow -- */

/* The halfwords of a known instruction as the copy has them. */
static void emit(struct t32_scan *s, u32 i)
{
	bool wide = is_wide(s->page[i]), site = is_known_site(s, i), whole = wide && i + 1 < T32_HALVES;
	u32 word = whole ? (u32)s->page[i] << 16 | s->page[i + 1] : s->page[i];

	if (!s->to)
		return;
	if (site)
		word = whole ? site_t32_wide(word, s->copy, s->hot) : site_t32_narrow(word, s->hot);
	s->to[i] = (u16)(whole ? word >> 16 : word);
	if (whole)
		s->to[i + 1] = (u16)word;
}

/* Replace unknown halfword @i; and, because it may be one's second half, what may begin a 32-bit instruction before it. */
static void trap(struct t32_scan *s, u32 i)
{
	while (!is_known(s, i) && !bit_get(s->trapped, i)) {
		bit_set(s->trapped, i);
		s->traps++;
		if (s->to)
			s->to[i] = SITE_T32_TRAP;
		if (!i) {
			s->conflict |= s->before && is_wide(s->before[T32_HALVES - 1]);
			return;
		}
		if (!is_wide(s->page[--i]))
			return;
	}
}

/*
 * An instruction is known to begin at @i. If it is a site, it is no second half of one before it; and where it lies in two pages, a condition
 * must not skip it, because half of it is behind what stands for it.
 */
static void note_site(struct t32_scan *s, u32 i, bool conditional)
{
	if (!is_known_site(s, i))
		return;
	s->sites++;
	s->conflict |= conditional && is_wide(s->page[i]) && i + 1 == T32_HALVES;
	if (i && is_wide(s->page[i - 1]))
		trap(s, i - 1);
}

static void mark_data(struct t32_scan *s, s32 from, u32 n)
{
	for (s32 i = from; i < from + (s32)n; i++) {
		if (i < 0 || i >= (s32)T32_HALVES)
			continue;
		if ((bit_get(s->known->start, (u32)i) && is_known_site(s, (u32)i)) || (is_second(s, (u32)i) && is_known_site(s, (u32)i - 1)))
			s->conflict = true;
		else if (s->to && !is_known(s, (u32)i))
			s->to[i] = s->page[i];
		bit_set(s->data, (u32)i);
	}
}

/* An instruction begins at @i. False: that was known, or cannot be. */
static bool mark_start(struct t32_scan *s, u32 i)
{
	bool wide = is_wide(s->page[i]);

	if (bit_get(s->known->start, i))
		return false;
	if (is_second(s, i) || (wide && i + 1 < T32_HALVES && bit_get(s->known->start, i + 1)) ||
	    (is_known_site(s, i) && (bit_get(s->data, i) || (wide && i + 1 < T32_HALVES && bit_get(s->data, i + 1))))) {
		s->conflict = true;
		return false;
	}
	bit_set(s->known->start, i);
	return true;
}

static void branch_to(struct t32_scan *s, u32 i, const struct insn *in)
{
	s32 target = (s32)(2 * i + 4) + (s32)in->imm;

	if (target >= 0 && target < (s32)PAGE_SIZE && s->nr_queue < T32_HALVES)
		s->queue[s->nr_queue++] = (u16)(target / 2);
}

/* Surely nothing that branches, reads relative to pc, or begins an IT block (A6.2, A6.3); most of what is not does one of these. */
static bool is_plain_narrow(u16 hw)
{
	if (hw < 0x4700)
		return hw < 0x4400 || (hw & 0x87) != 0x87;
	return (hw >= 0x5000 && hw < 0xb100) || (hw >= 0xc000 && hw < 0xd000) || (hw & 0xfe00) == 0xb400;
}

static bool is_plain(u16 hw1, u16 hw2)
{
	bool pc = (hw1 & 15) == 15 || hw2 >> 12 == 15;

	if (!is_wide(hw1))
		return is_plain_narrow(hw1);
	if ((hw1 & 0xfe00) == 0xf800 || (hw1 & 0xfc00) == 0xec00)
		return !pc;
	return (hw1 >> 11 == 0x1e && !(hw2 & 0x8000)) || (hw1 & 0xfe00) == 0xea00 || (hw1 & 0xfe00) == 0xfa00;
}

/* Does what stands at @i end a line whatever happens? Takes note of where else it leads. */
static bool follow_one(struct t32_scan *s, u32 i, const struct insn *in)
{
	s32 from;
	u32 n = reads(s->page, i, in, &from);

	if (n)
		mark_data(s, from, n);
	switch (in->op) {
	case INSN_B:
		branch_to(s, i, in);
		return in->cond == 14;		/* a call too: it need not return */
	case INSN_CBZ:
		branch_to(s, i, in);
		return false;
	case INSN_LDR: case INSN_ALU_REG: case INSN_MOVW:
		return in->rd == 15;
	case INSN_LDM:
		return in->reglist & BIT(15);
	case INSN_BX: case INSN_BLX_REG: case INSN_BLX_IMM: case INSN_TB: case INSN_ALU_RET_IMM: case INSN_RFE:
	case INSN_UDF: case INSN_SVC: case INSN_SMC: case INSN_OTHER: case INSN_BKPT:
		return true;
	default:
		return false;
	}
}

/* One line of code from @i on, up to what ends it. */
static void follow_line(struct t32_scan *s, u32 i, u32 it)
{
	struct insn in;
	bool ends = false;

	while (!ends && i < T32_HALVES && !s->conflict && mark_start(s, i)) {
		bool conditional = it, wide = is_wide(s->page[i]);

		it -= it > 0;
		note_site(s, i, conditional);
		emit(s, i);
		if (!is_plain(s->page[i], wide && i + 1 < T32_HALVES ? s->page[i + 1] : 0x8000)) {
			decode_at(s->page, i, &in);
			ends = follow_one(s, i, &in) && !conditional;
			if (in.op == INSN_IT)
				it = 4 - (u32)__builtin_ctz(in.word & 15);
		}
		i += wide ? 2 : 1;
	}
}

/* What the instructions read that are known already. */
static void find_data(struct t32_scan *s)
{
	struct insn in;
	s32 from;
	u32 n;

	for (u32 i = 0; i < T32_HALVES; i++) {
		if (!s->known->start[i / 32])
			i |= 31;
		if (!bit_get(s->known->start, i) || !may_read(s->page[i]))
			continue;
		decode_at(s->page, i, &in);
		n = reads(s->page, i, &in, &from);
		for (s32 k = from; n && k < from + (s32)n; k++)
			if (k >= 0 && k < (s32)T32_HALVES)
				bit_set(s->data, (u32)k);
	}
}

void t32_reach(struct t32_scan *s, u32 at, u32 it)
{
	s->conflict = false;
	s->sites = s->traps = 0;
	for (u32 i = 0; i < ARRAY_SIZE(s->trapped); i++)
		s->trapped[i] = s->data[i] = 0;
	find_data(s);
	s->nr_queue = 0;
	if (at < T32_HALVES)
		follow_line(s, at, it);
	while (s->nr_queue && !s->conflict)
		follow_line(s, s->queue[--s->nr_queue], 0);
}

/* -- what is not known -- */

/* Of halfwords @from up to @from + @n, which may be outside of the page. */
static bool any_trapped(const struct t32_scan *s, s32 from, u32 n)
{
	u32 i = from < 0 ? 0 : (u32)from, end = from + (s32)n < 0 ? 0 : (u32)(from + (s32)n);

	if (end > T32_HALVES)
		end = T32_HALVES;
	while (i < end) {
		u32 left = end - i, bits = s->trapped[i / 32] >> i % 32;

		if (bits & (left < 32 ? BIT(left) - 1 : ~0u))
			return true;
		i = (i | 31) + 1;
	}
	return false;
}

/* Rule 4: which halfwords matter to unknown halfword @i, which is to be replaced if one of them is? */
static void note_reader(struct t32_scan *s, u32 i)
{
	struct t32_reader *r = &s->reader[s->nr_readers];
	u16 hw = s->page[i];
	struct insn in;
	s32 from = (s32)i + 1;
	u32 n = 8;

	if (hw >> 11 == 9) {			/* LDR (literal) */
		from = (s32)((i + 2) & ~1u) + 2 * (hw & 0xff);
		n = 2;
	} else if ((hw & 0xff00) != 0xbf00) {
		decode_at(s->page, i, &in);
		n = reads(s->page, i, &in, &from);
	} else if (!(hw & 0xf)) {
		n = NONE;
	}
	if (!n || from + (s32)n <= 0 || from >= (s32)T32_HALVES)
		return;
	*r = (struct t32_reader){ (u16)i, (s16)from, (u16)n };
	s->nr_readers++;
}

static void trap_readers(struct t32_scan *s)
{
	u32 before;

	do {
		before = s->traps;
		for (const struct t32_reader *r = s->reader; r < s->reader + s->nr_readers; r++)
			if (!bit_get(s->trapped, r->at) && any_trapped(s, r->from, r->n))
				trap(s, r->at);
	} while (s->traps != before);
}

static void trap_unknown(struct t32_scan *s)
{
	u32 n = 0;

	for (u32 i = next_that_may(s->page, 0); i < T32_HALVES; i = next_that_may(s->page, i + 1)) {
		u8 may = may_be(s->page[i]);
		bool site = has_site_form(s->page, i, may), matters = may & MAY_BE_IT || may_read(s->page[i]);

		if (!(site || matters) || is_known(s, i))
			continue;
		if (site && is_site(s, i))
			trap(s, i);
		if (matters)
			s->queue[n++] = (u16)i;
	}
	s->nr_readers = 0;
	for (u32 k = 0; s->traps && k < n; k++)
		note_reader(s, s->queue[k]);
	trap_readers(s);
}

/* The first halfword that is replaced though it may be data, or T32_HALVES. */
static u32 first_trapped(const struct t32_scan *s)
{
	u32 i = 0;

	while (i < ARRAY_SIZE(s->trapped) && !s->trapped[i])
		i++;
	return i < ARRAY_SIZE(s->trapped) ? 32 * i + (u32)__builtin_ctz(s->trapped[i]) : T32_HALVES;
}

/* May a load in the page before read a halfword that is replaced though it may be data? Loads read at most 4 KiB away. */
static bool is_read_from_before(const struct t32_scan *s)
{
	u32 first = first_trapped(s);
	struct insn in;
	s32 from;

	if (!s->before || first == T32_HALVES)
		return false;
	for (u32 i = next_that_may(s->before, first < 4 ? 0 : first - 4); i < T32_HALVES; i = next_that_may(s->before, i + 1)) {
		u16 hw = s->before[i];
		u32 n;

		if (!may_read(hw) || (i && is_wide(s->before[i - 1])) || !(is_wide(hw) ? hw & 0x80 : i >= T32_HALVES - 0x202))
			continue;		/* backwards, or not far enough */
		decode_at(s->before, i, &in);
		n = in.op == INSN_TB ? NONE : reads(s->before, i, &in, &from);
		if (n && any_trapped(s, from - (s32)T32_HALVES, n))
			return true;
	}
	return false;
}

void t32_scan(struct t32_scan *s, u32 entry, u32 it)
{
	upper_make();
	*s->known = (struct t32_known){ 0 };
	s->to = NULL;
	t32_reach(s, entry, it);
	trap_unknown(s);
	s->conflict |= is_read_from_before(s);
}

/* What stands in the copy for halfword @i, which is known to begin an instruction, or was to be replaced when it was not known. */
static void write_one(struct t32_scan *s, u32 i)
{
	if (!bit_get(s->known->start, i)) {
		if (!is_known(s, i))
			s->to[i] = SITE_T32_TRAP;
	} else if (may_be(s->page[i]) & MAY_BE_SITE) {
		emit(s, i);
	}
}

void t32_write(struct t32_scan *s)
{
	memcpy(s->to, s->page, PAGE_SIZE);
	for (u32 w = 0; w < ARRAY_SIZE(s->trapped); w++)
		for (u32 bits = s->known->start[w] | s->trapped[w]; bits; bits &= bits - 1)
			write_one(s, 32 * w + (u32)__builtin_ctz(bits));
}

void t32_keep(const u16 *copy, const struct t32_known *known, u32 trapped[T32_HALVES / 32])
{
	memset(trapped, 0, T32_HALVES / 8);
	for (u32 i = 0; i < T32_HALVES; i++)
		if (copy[i] == SITE_T32_TRAP && !t32_is_start(known, i))
			bit_set(trapped, i);
}

void t32_find_again(struct t32_scan *s, const u32 trapped[T32_HALVES / 32])
{
	s->conflict = false;
	memcpy(s->trapped, trapped, sizeof(s->trapped));
	memset(s->data, 0, sizeof(s->data));	/* which only said what is not replaced */
}

bool t32_may_have_sites(struct t32_scan *s, bool (*a32)(const void *arg, u32 word), const void *arg)
{
	upper_make();
	for (u32 i = next_that_may(s->page, 0); i < T32_HALVES; i = next_that_may(s->page, i + 1))
		if (is_site(s, i) && !a32(arg, i / 2))
			return true;
	return false;
}

/* -- words that change -- */

/* Halfword @h of @page, of which word @i becomes @new. */
static u16 half_with(const u16 *page, u32 h, u32 i, u32 new)
{
	return h / 2 == i ? (u16)(new >> 16 * (h & 1)) : page[h];
}

bool t32_no_sites_near(const u16 *page, u32 i, u32 new)
{
	u32 first = i > 2 ? 2 * (i - 2) : 0, end = MIN(2 * (i + 3), T32_HALVES);

	upper_make();
	for (u32 h = first; h < end; h++) {
		bool last = h + 1 == T32_HALVES;

		if (is_site_by(half_with(page, h, i, new), last ? 0 : half_with(page, h + 1, i, new), last))
			return false;
	}
	return true;
}

/* Does it matter to no instruction, known or not, that halfword @h becomes @new? */
static bool half_fits(const u16 *page, const u16 *copy, const struct t32_known *k, u32 h, u16 new)
{
	if (bit_get(k->start, h) || copy[h] != page[h] || may_be(page[h]) || may_be(new))
		return false;
	if (h && is_wide(page[h - 1]) && (bit_get(k->start, h - 1) || may_be(page[h - 1])))
		return false;
	return !is_wide(new) || (h + 1 < T32_HALVES && copy[h + 1] == page[h + 1]);
}

bool t32_patch_fits(const u16 *page, const u16 *copy, const struct t32_known *k, u32 i, u32 new)
{
	upper_make();
	for (u32 h = 2 * i; h < 2 * i + 2; h++)
		if (half_with(page, h, i, new) != page[h] && !half_fits(page, copy, k, h, half_with(page, h, i, new)))
			return false;
	return true;
}
/*
 * System instructions of 32 bits, as software has them: of 5672 pages of Debian's programs and libraries six hold one, four a real MSR of the flags.
 * Of 16 bits there is CPS of I and F alone: where it cannot be a second half, one page in fifty looks like having one.
 */
static const struct form system_forms[] = {
	{ 0xffef, 0xf3ef, 0xf0ff, 0x8000 }, { 0xffe0, 0xf380, 0xf0ff, 0x8000 },		/* MRS, MSR */
	{ 0xffff, 0xf3af, 0xfc00, 0x8400 }, { 0xffff, 0xf3af, 0xff00, 0x8100 },		/* CPSIE.W and CPSID.W, CPS */
	{ 0xffff, 0xf3de, 0xff00, 0x8f00 },						/* SUBS pc, lr */
	{ 0xffdf, 0xe80d, 0xffe0, 0xc000 }, { 0xffdf, 0xe98d, 0xffe0, 0xc000 },		/* SRS */
	{ 0xffd0, 0xe810, 0xffff, 0xc000 }, { 0xffd0, 0xe990, 0xffff, 0xc000 },		/* RFE */
};

static bool is_cps(u16 hw)
{
	return (hw & 0xffec) == 0xb660 && hw & 3;
}

bool t32_is_privileged(const u16 *page)
{
	upper_make();
	for (u32 i = next_that_may(page, 0); i < T32_HALVES; i = next_that_may(page, i + 1)) {
		if (is_cps(page[i]) && !(i && is_wide(page[i - 1])))
			return true;
		if (i + 1 < T32_HALVES && has_form(system_forms, ARRAY_SIZE(system_forms), page[i], page[i + 1]))
			return true;
	}
	return false;
}
