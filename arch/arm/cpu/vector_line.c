// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of exception vectors (vector_line.h).
 *
 * Rules.
 *  1 Registers are known as a sum, a CPSR, or an address of the table; an instruction that makes anything else of them ends the attempt, and so does
 *    one that sets flags.
 *  2 All or nothing: whether each store would be let through is asked first, and of what the guest's own store would find (vector_frame()).
 *  3 Nothing is masked or unmasked: whatever waits, waits on.
 */
#include "vector_line.h"

#include <arm/insn.h>
#include <arm/open.h>

#define SP	13u
#define LR	14u
#define PC	15u
#define NO_FLAGS (PSR_AIF | PSR_E | PSR_T | PSR_J | PSR_IT)	/* of the CPSR, what stays as it is beside the mode */

struct value {
	enum { SUM, CPSR, SPSR, HANDLER } is;
	u32 n;			/* of a sum: the register; */
	u32 add;
	u32 keep, flip;		/* of a PSR: these bits, and then these flipped */
};

struct look {
	struct vector_line *l;
	const u32 *word;	/* of the guest */
	u32 words, i;
	struct value r[PC], psr;
	bool psr_is;		/* SPSR was written */
};

#define RN(w)	FIELD(w, 19, 16)
#define RD(w)	FIELD(w, 15, 12)
#define RM(w)	FIELD(w, 3, 0)

static u32 immediate(u32 w)
{
	u32 imm = w & 0xff, rot = 2 * FIELD(w, 11, 8);

	return rot ? imm >> rot | imm << (32 - rot) : imm;
}

static bool see_nop(struct look *k, u32 w)
{
	(void)k;
	(void)w;
	return true;
}

static bool see_add(struct look *k, u32 w)
{
	struct value *to = &k->r[RD(w)], from = k->r[RN(w)];
	bool sub = FIELD(w, 24, 21) == 2;

	if (from.is != SUM)
		return false;
	from.add += sub ? -immediate(w) : immediate(w);
	*to = from;
	return true;
}

static bool see_mov(struct look *k, u32 w)
{
	k->r[RD(w)] = k->r[RM(w)];
	return true;
}

/* The SPSR as the exception left it: not once it was written. */
static bool see_mrs(struct look *k, u32 w)
{
	if (w & BIT(22) && k->psr_is)
		return false;
	k->r[RD(w)] = (struct value){ .is = w & BIT(22) ? SPSR : CPSR, .keep = ~0u };
	return true;
}

/* AND, EOR, ORR, BIC of a PSR */
static bool see_logic(struct look *k, u32 w)
{
	struct value v = k->r[RN(w)];
	u32 imm = immediate(w);

	if (v.is != CPSR && v.is != SPSR)
		return false;
	switch (FIELD(w, 24, 21)) {
	case 0:
		v.keep &= imm;
		v.flip &= imm;
		break;
	case 1:
		v.flip ^= imm;
		break;
	case 12:
		v.keep &= ~imm;
		v.flip |= imm;
		break;
	default:
		v.keep &= ~imm;
		v.flip &= ~imm;
		break;
	}
	k->r[RD(w)] = v;
	return true;
}

static bool see_msr(struct look *k, u32 w)
{
	k->psr = k->r[RM(w)];
	k->psr_is = k->psr.is == CPSR;
	return k->psr_is;
}

/* @value is stored at @offset from sp. */
static bool note_store(struct look *k, u32 offset, struct value value)
{
	struct vector_line *l = k->l;
	bool spsr = value.is == SPSR && value.keep == ~0u && !value.flip;

	if (l->stores == VECTOR_STORES || offset & 3 || offset / 4 > 63 || (value.is != SUM && !spsr))
		return false;
	l->store[l->stores].to = offset / 4;
	l->store[l->stores].from = spsr ? VECTOR_SPSR : value.n;
	l->store[l->stores++].add = spsr ? 0 : value.add;
	l->top = offset > l->top ? offset : l->top;
	return true;
}

static bool is_sp(struct value value)
{
	return value.is == SUM && value.n == SP;
}

static bool see_str(struct look *k, u32 w)
{
	struct value base = k->r[RN(w)];

	return is_sp(base) && note_store(k, base.add + (w & 0xfff), k->r[RD(w)]);
}

static bool see_stm(struct look *k, u32 w)
{
	struct value base = k->r[RN(w)];
	u32 offset = base.add;
	bool good = is_sp(base) && w & 0x7fff;

	for (u32 r = 0; r < PC && good; r++) {
		if (!(w >> r & 1))
			continue;
		good = note_store(k, offset, k->r[r]);
		offset += 4;
	}
	return good;
}

/* LDR rd, [pc, rm, LSL #2], where rm is the mode that the guest came from: the table is two words behind. */
static bool see_table(struct look *k, u32 w)
{
	struct value index = k->r[RM(w)];

	if (index.is != SPSR || index.keep != VECTOR_TABLE - 1 || index.flip || k->i + 2 + VECTOR_TABLE > k->words)
		return false;
	for (u32 n = 0; n < VECTOR_TABLE; n++)
		k->l->table[n] = k->word[k->i + 2 + n];
	k->l->words = k->i + 2 + VECTOR_TABLE;
	k->r[RD(w)] = (struct value){ .is = HANDLER };
	return true;
}

/* Which registers, from r0 to lr, are where. */
#define N	BIT(16)
#define D	BIT(12)
#define M	BIT(0)

static const struct row {
	u32 mask, value, registers;
	bool (*see)(struct look *k, u32 w);
} rows[] = {
	{ 0xffffffff, 0xe320f000, 0, see_nop },
	{ 0xfff00000, 0xe2400000, N | D, see_add },		/* SUB rd, rn, #imm */
	{ 0xfff00000, 0xe2800000, N | D, see_add },
	{ 0xffff0ff0, 0xe1a00000, D | M, see_mov },
	{ 0xffbf0fff, 0xe10f0000, D, see_mrs },
	{ 0xfff00000, 0xe2000000, N | D, see_logic },		/* AND rd, rn, #imm */
	{ 0xfff00000, 0xe2200000, N | D, see_logic },		/* EOR */
	{ 0xfff00000, 0xe3800000, N | D, see_logic },		/* ORR */
	{ 0xfff00000, 0xe3c00000, N | D, see_logic },		/* BIC */
	{ 0xfffffff0, 0xe16ff000, M, see_msr },			/* MSR SPSR_fsxc, rm */
	{ 0xfff00000, 0xe5800000, N | D, see_str },		/* STR rd, [rn, #imm] */
	{ 0xfff08000, 0xe8800000, N, see_stm },			/* STM rn, {...} */
	{ 0xffff0ff0, 0xe79f0100, D | M, see_table },
};

static bool registers_fit(u32 w, u32 registers)
{
	return !(registers & N && RN(w) == PC) && !(registers & D && RD(w) == PC) && !(registers & M && RM(w) == PC);
}

static bool see(struct look *k, u32 w)
{
	for (u32 n = 0; n < ARRAY_SIZE(rows); n++)
		if ((w & rows[n].mask) == rows[n].value)
			return registers_fit(w, rows[n].registers) && rows[n].see(k, w);
	return false;
}

/*
 * Registers that are not what they were. lr and sp are those of the mode that is left: sp has to be the same. They are changed one after the other, so
 * none is a sum of one that changed before.
 */
static bool note_moves(struct look *k)
{
	struct vector_line *l = k->l;
	u32 changed = 0;

	for (u32 r = 0; r < LR; r++) {
		struct value value = k->r[r];

		if (value.is == SUM && value.n == r && !value.add)
			continue;
		if (value.is != SUM || r == SP || changed >> value.n & 1 || l->moves == VECTOR_MOVES)
			return false;
		l->move[l->moves++] = (struct vector_value){ r, value.n, value.add };
		changed |= BIT(r);
	}
	return true;
}

/* From @mode to Supervisor mode, and nothing else but flags and GE. */
static bool psr_is_good(const struct look *k, u32 mode)
{
	const struct value *psr = &k->psr;

	return k->psr_is && (((mode & psr->keep) ^ psr->flip) & PSR_MODE) == MODE_SVC && !(NO_FLAGS & (psr->flip | ~psr->keep));
}

bool vector_line_make(struct vector_line *l, u32 mode, const u32 *word, u32 words)
{
	struct look k = { .l = l, .word = word, .words = words };

	*l = (struct vector_line){ 0 };
	for (u32 r = 0; r < PC; r++)
		k.r[r] = (struct value){ .is = SUM, .n = r };
	for (; k.i < words && k.i < VECTOR_INSNS && word[k.i] != 0xe1b0f00e; k.i++)	/* MOVS pc, lr */
		if (!see(&k, word[k.i]))
			return false;
	if (k.i >= words || k.i == VECTOR_INSNS || k.r[LR].is != HANDLER || !psr_is_good(&k, mode) || !note_moves(&k))
		return false;
	l->keep = k.psr.keep & ~PSR_RESERVED;
	l->flip = k.psr.flip & ~PSR_RESERVED;
	l->insns = k.i + 1;
	l->mode = mode;
	l->bank = open_bank(mode);
	l->words = l->words > l->insns ? l->words : l->insns;
	return true;
}

static u32 value_of(const struct vcpu *v, const struct vector_value *value)
{
	return v->r[value->from] + value->add;
}

/* What the line stores, and what it leaves in registers, where v->r[VECTOR_SPSR] is the SPSR. */
static inline void do_values(struct vcpu *v, const struct vector_line *l, u32 *frame)
{
	for (const struct vector_value *s = l->store, *end = s + l->stores; s != end; s++)
		frame[s->to] = value_of(v, s);
	for (const struct vector_value *m = l->move, *end = m + l->moves; m != end; m++)
		v->r[m->to] = value_of(v, m);
}

/* Is there something unusual about the addresses? */
static inline bool is_odd(const struct vector_line *l, u32 sp, u32 handler)
{
	return ((handler | sp) & 3) | (((sp + l->top) ^ sp) & PAGE_MASK);
}

bool vector_line_do(struct vcpu *v, const struct vector_line *l)
{
	const u32 bank = l->bank, sp = v->r[SP], spsr = v->bank_spsr[bank], handler = l->table[spsr % VECTOR_TABLE];
	u32 *frame, psr = v->cpsr;

	if (is_odd(l, sp, handler) || psr & (PSR_T | PSR_J | PSR_IT | PSR_E))
		return false;
	frame = vector_frame(v, sp);
	if (!frame)
		return false;
	v->r[VECTOR_SPSR] = spsr;	/* the guest's pc will be another one */
	do_values(v, l, frame);
	psr = (psr & l->keep) ^ l->flip;
	v->cpsr = psr;
	v->bank_sp[bank] = sp;
	v->bank_lr[bank] = handler;
	v->bank_spsr[bank] = psr;
	v->r[SP] = v->bank_sp[BANK_SVC];
	v->r[LR] = v->bank_lr[BANK_SVC];
	v->r[PC] = handler;
	return true;
}

/* The open page in Supervisor mode, with CPSR @psr and what the DACR says; from User mode, which had @sp and @lr, as a system call leaves it. */
static inline void open_for_line(struct vcpu *v, u32 psr, bool from_user, u32 sp, u32 lr)
{
	struct vcpu_open *o = v->open;
	u32 new_sp = sp, new_lr = lr;

	v->hw_dacr = v->dacr_kernel;
	o->dacr_real = v->cp15.dacr;
	if (from_user) {
		new_sp = o->other_sp;
		new_lr = o->other_lr;
		o->other_sp = sp;
		o->other_lr = lr;
		v->hw_dacr = v->hw_dacr_entry;
		o->dacr_real = v->dacr_entry;
	}
	v->r[SP] = new_sp;
	v->r[LR] = new_lr;
	o->mask = psr;
	o->psr_or = psr & (PSR_MODE | PSR_A | PSR_F);
}

bool vector_line_enter(struct vcpu *v, const struct vector_line *l, u32 ahead)
{
	const bool user = vcpu_mode(v) == MODE_USR;
	const u32 old = user ? v->cpsr : (v->cpsr & ~PSR_I) | (v->open->mask & PSR_I);
	const u32 bank = l->bank, sp = v->bank_sp[bank], handler = l->table[old % VECTOR_TABLE], was_sp = v->r[SP], was_lr = v->r[LR];
	const u32 masked = l->mode == MODE_UND ? PSR_I : PSR_I | PSR_A;	/* B1.9 */
	u32 *frame, psr = (old & ~(PSR_MODE | PSR_T | PSR_E | PSR_J | PSR_IT)) | l->mode | masked;

	if (is_odd(l, sp, handler))
		return false;
	frame = vector_frame(v, sp);
	if (!frame)
		return false;
	v->r[SP] = sp;
	v->r[LR] = v->r[PC] + ahead;
	v->r[VECTOR_SPSR] = old;
	do_values(v, l, frame);
	psr = (psr & l->keep) ^ l->flip;
	v->cpsr = psr;
	v->bank_lr[bank] = handler;
	v->bank_spsr[bank] = psr;
	v->r[PC] = handler;
	open_for_line(v, psr, user, was_sp, was_lr);
	return true;
}
