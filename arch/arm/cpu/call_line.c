/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making call lines (call_line.h): the guest's instructions, each by the row of a table that says how it is done in the exception of a system
 * call.
 *
 * Rules.
 *  1 At every word that can abort, everything before that instruction is done and nothing of it but stores that it makes in any case. Then the
 *    guest goes on at the instruction itself, in its Supervisor mode, and finds out.
 *  2 Memory is accessed with User permissions; with those of privileged mode only in the frame, between two words that were just accessed so.
 *    A frame is far smaller than a page, so no other page is between them.
 *  3 The guest's flags are in SPSR; those of the line are its own.
 *  4 Nothing is interrupted: an interrupt is masked here as in the guest.
 */
#include "call_line.h"

#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/vcpu.h>

#define SP		13u
#define LR		14u
#define NOP		0xe320f000u

#define VCPU(field)	((s32)offsetof(struct vcpu, field))
#define OPEN(field)	((s32)offsetof(struct vcpu_open, field) - (s32)sizeof(struct vcpu_open))

#define FRAME_MAX	1024u
#define NO_OFFSET	~0u
#define LEAVES		8u

#define RN(w)	FIELD(w, 19, 16)
#define RD(w)	FIELD(w, 15, 12)
#define RM(w)	FIELD(w, 3, 0)

struct line {
	struct call_code *c;
	const struct call_at *at;
	u32 i, end;		/* the instruction that is being done; all before that one are to be */
	bool ok;
	bool lr_is_sp;		/* lr is the guest's sp, which is at [sp] in any case */
	u32 frame;		/* offset from it up to whose word it is accessible; NO_OFFSET: nothing is yet */
	u32 offset[SP];		/* of what a register points to from it, or NO_OFFSET */
	struct { u32 word, insn; } leave[LEAVES];	/* words that can abort */
	u32 leaves;
};

/* -- words -- */

static void put(struct line *l, u32 word)
{
	if (l->c->words == CALL_WORDS) {
		l->ok = false;
		return;
	}
	l->c->fixup[l->c->words] = 0;
	l->c->word[l->c->words++] = word;
}

/* One that can abort. */
static void put_user(struct line *l, u32 word)
{
	if (l->leaves == LEAVES) {
		l->ok = false;
		return;
	}
	l->leave[l->leaves].word = l->c->words;
	l->leave[l->leaves++].insn = l->i;
	put(l, word);
}

static void put_ls(struct line *l, bool load, u32 rt, s32 off)
{
	u32 up = off >= 0, imm = (u32)(up ? off : -off);

	l->ok &= imm < 4096;
	put(l, 0xe5000000 | up << 23 | (u32)load << 20 | SP << 16 | rt << 12 | (imm & 0xfff));
}

static void load(struct line *l, u32 rt, s32 off)
{
	put_ls(l, true, rt, off);
}

static void store(struct line *l, u32 rt, s32 off)
{
	put_ls(l, false, rt, off);
}

/* lr := the guest's sp */
static void need_sp(struct line *l)
{
	if (!l->lr_is_sp)
		load(l, LR, VCPU(r[0]));
	l->lr_is_sp = true;
}

/* -- the frame -- */

static bool is_str_sp(u32 w)
{
	return (w & 0xffff0003) == 0xe58d0000 && RD(w) < SP;
}

/* Does @w, of a row below and no access but to the frame, leave r@r as it is? */
static bool keeps(u32 w, u32 r)
{
	return is_str_sp(w) || RD(w) != r;
}

static bool is_plain(u32 w);

/*
 * The word of the frame that is written last of all on the way up: it is written by STR from a register that is still what it is now, with nothing
 * between that could abort once the frame is accessible. So it may be written at once. @*reg: the register. 0: there is none.
 */
static u32 frame_top(const struct line *l, u32 *reg)
{
	u32 top = 0, changed = 0;

	for (u32 i = l->i + 1; i < l->end && is_plain(l->at->insn[i]); i++) {
		u32 w = l->at->insn[i];

		if (is_str_sp(w) && (w & 0xfff) > top && (w & 0xfff) < FRAME_MAX && !(changed >> RD(w) & 1)) {
			top = w & 0xfff;
			*reg = RD(w);
		}
		for (u32 r = 0; r < SP; r++)
			changed |= keeps(w, r) ? 0 : BIT(r);
	}
	return top;
}

/*
 * STM sp, {...}: the first word and the last one of the whole frame with User permissions, and then all. Where sp is not aligned, only that aborts.
 */
static bool do_stm(struct line *l, u32 w)
{
	u32 first = (u32)__builtin_ctz(w), last = 31 - (u32)__builtin_clz(w & 0x1fff);
	u32 size = 4 * (u32)__builtin_popcount(w & 0x1fff), reg = last, top = frame_top(l, &reg);

	if (top < size - 4) {
		top = size - 4;
		reg = last;
	}
	need_sp(l);
	put(l, 0xe31e0003);					/* TST lr, #3 */
	put_user(l, 0x04ae0000 | first << 12 | top);		/* STRTEQ first, [lr], #top */
	put_user(l, 0x042e0000 | reg << 12 | top);		/* STRTEQ reg, [lr], #-top */
	put_user(l, 0xe88e0000 | (w & 0x1fff));			/* STM lr, {...} */
	l->frame = top;
	return true;
}

static bool in_frame(const struct line *l, u32 offset)
{
	return l->frame != NO_OFFSET && offset <= l->frame;
}

static bool do_str(struct line *l, u32 w)
{
	need_sp(l);
	put(l, (w & 0xfff0ffff) | LR << 16);
	return in_frame(l, w & 0xfff);
}

/* ADD rd, sp, #imm */
static bool do_add_sp(struct line *l, u32 w)
{
	need_sp(l);
	put(l, (w & 0xfff0ffff) | LR << 16);
	l->offset[RD(w)] = w & 0xf00 ? NO_OFFSET : w & 0xff;
	return true;
}

/* STMDB rn, {sp, lr}^ below what points into the frame */
static bool do_stm_user(struct line *l, u32 w)
{
	u32 offset = l->offset[RN(w)];

	put(l, w);
	return offset != NO_OFFSET && offset >= 8 && !(offset & 3) && in_frame(l, offset - 4);
}

/* -- other instructions -- */

static bool do_copy(struct line *l, u32 w)
{
	put(l, w);
	return true;
}

static bool do_mov_lr(struct line *l, u32 w)
{
	load(l, RD(w), VCPU(r[1]));
	return true;
}

static bool do_tpidrprw(struct line *l, u32 w)
{
	load(l, RD(w), VCPU(cp15.tpidrprw));
	return true;
}

static bool do_sctlr(struct line *l, u32 w)
{
	load(l, RD(w), VCPU(cp15.sctlr));
	return true;
}

/* LDRT rd, [lr] */
static void put_ldrt(struct line *l, u32 rd)
{
	l->lr_is_sp = false;
	put_user(l, 0xe4be0000 | rd << 12);
}

static bool do_ldr_imm(struct line *l, u32 w)
{
	if ((w & 0xfff) > 255)
		return false;
	put(l, 0xe2800000 | RN(w) << 16 | LR << 12 | (w & 0xff));	/* ADD lr, rn, #imm */
	put_ldrt(l, RD(w));
	return true;
}

static bool do_ldr_reg(struct line *l, u32 w)
{
	put(l, 0xe0800000 | RN(w) << 16 | LR << 12 | RM(w));	/* ADD lr, rn, rm */
	put_ldrt(l, RD(w));
	return true;
}

/* What stands where in a row's instruction. */
#define N	BIT(0)		/* registers up to r12 at 19:16, */
#define D	BIT(1)		/* at 15:12, */
#define M	BIT(2)		/* at 3:0 */
#define TO	BIT(3)		/* D is written */
#define LOADS	BIT(4)		/* from anywhere */
#define SENSITIVE BIT(5)
#define LIST	BIT(6)		/* some registers up to r12 */

static const struct row {
	u32 mask, value, what;
	bool (*make)(struct line *l, u32 w);
} rows[] = {
	{ 0xffffffff, 0xe320f000, 0, do_copy },				/* NOP */
	{ 0xffffffff, 0xe1a00000, 0, do_copy },
	{ 0xfffffff0, 0xf57ff060, 0, do_copy },				/* ISB */
	{ 0xfffffff0, 0xf57ff040, 0, do_copy },				/* DSB */
	{ 0xffffe000, 0xe88d0000, LIST, do_stm },			/* STM sp, {...} */
	{ 0xffff0003, 0xe58d0000, D, do_str },				/* STR rd, [sp, #imm] */
	{ 0xffff0000, 0xe28d0000, D | TO, do_add_sp },
	{ 0xfff0ffff, 0xe9406000, N | SENSITIVE, do_stm_user },
	{ 0xffff0fff, 0xe14f0000, D | TO | SENSITIVE, do_copy },	/* MRS rd, SPSR */
	{ 0xffff0fff, 0xe1a0000e, D | TO, do_mov_lr },
	{ 0xfff00000, 0xe3000000, D | TO, do_copy },			/* MOVW */
	{ 0xfff00000, 0xe3400000, D | TO, do_copy },			/* MOVT */
	{ 0xffff0000, 0xe3a00000, D | TO, do_copy },			/* MOV rd, #imm */
	{ 0xfff00000, 0xe5900000, N | D | TO | LOADS, do_ldr_imm },
	{ 0xfff00ff0, 0xe7900000, N | D | M | TO | LOADS, do_ldr_reg },
	{ 0xffff0fff, 0xee1d0f90, D | TO | SENSITIVE, do_tpidrprw },
	{ 0xffff0fff, 0xee110f10, D | TO | SENSITIVE, do_sctlr },
	{ 0xffff0fff, 0xee0d0f70, D | SENSITIVE, do_copy },		/* MCR TPIDRURO */
};

static bool registers_fit(u32 w, u32 what)
{
	return !(what & N && RN(w) >= SP) && !(what & D && RD(w) >= SP) && !(what & M && RM(w) >= SP) && !(what & LIST && !(w & 0x1fff));
}

static const struct row *row_of(u32 w)
{
	for (u32 k = 0; k < ARRAY_SIZE(rows); k++)
		if ((w & rows[k].mask) == rows[k].value)
			return registers_fit(w, rows[k].what) ? &rows[k] : NULL;
	return NULL;
}

/* One that cannot abort once the frame is accessible, and that has no more than one result, at 15:12. */
static bool is_plain(u32 w)
{
	const struct row *r = row_of(w);

	return r && !(r->what & (LOADS | LIST));
}

/* -- the whole -- */

/* From here on Umbra's: the state of a guest that is at instruction @insn of the line, in its Supervisor mode. */
static void put_end(struct line *l, u32 insn)
{
	put(l, 0xe94d6000);				/* STMDB sp, {sp, lr}^: to other_sp, other_lr */
	put(l, 0xe8dd6000);				/* LDMIA sp, {sp, lr}^ */
	put(l, NOP);					/* no banked register access right after LDM^ (A8.8.59 note) */
	put(l, 0xe3a0e093);				/* MOV lr, #(PSR_I | MODE_SVC) */
	store(l, LR, VCPU(cpsr));
	store(l, LR, OPEN(mask));
	load(l, LR, VCPU(exits[EXIT_SVC]));
	put(l, 0xe28ee001);				/* ADD lr, lr, #1 */
	store(l, LR, VCPU(exits[EXIT_SVC]));
	put(l, 0xe363f010);				/* MSR SPSR_xc, #MODE_USR: E, A, I, F clear; flags, GE stay */
	put(l, 0xe59fe000);				/* LDR lr, [pc] */
	put(l, 0xe1b0f00e);				/* MOVS pc, lr */
	put(l, l->at->target + 4 * insn);
}

/* What window_call (window_inline.S) does before anything else. The guest's kernel is accessible behind it. */
static void put_begin(struct line *l)
{
	put(l, 0xe14fe000);				/* MRS lr, SPSR */
	put(l, 0xe31e0407);				/* TST lr, #0x07000000: J, or in an IT block */
	put_ls(l, true, 15, VCPU(svc_plain));
	l->c->word[l->c->words - 1] ^= 0xf0000000;	/* NE */
	store(l, LR, OPEN(spsr));
	load(l, LR, VCPU(hw_dacr_entry));
	store(l, LR, VCPU(hw_dacr));
	put(l, 0xee03ef10);				/* MCR DACR, lr */
	put(l, 0xf57ff06f);				/* ISB */
	load(l, LR, OPEN(other_sp));
	if ((l->at->insn[0] & 0xfffff000) == 0xe24dd000) {	/* SUB sp, sp, #imm */
		put(l, (l->at->insn[0] & 0xfff00fff) | LR << 16 | LR << 12);
		l->i++;
	}
	store(l, LR, VCPU(r[0]));
	l->lr_is_sp = true;
}

/* Up to l->end, or what cannot be done. Returns how far the last sensitive one is. */
static u32 make(struct line *l)
{
	u32 sensitive = 0;

	put_begin(l);
	while (l->i < l->end && l->ok) {
		u32 w = l->at->insn[l->i];
		const struct row *r = row_of(w);

		if (!r || !r->make(l, w))
			break;
		if (r->what & TO && r->make != do_add_sp)
			l->offset[RD(w)] = NO_OFFSET;
		l->i++;
		if (r->what & SENSITIVE)
			sensitive = l->i;
	}
	return sensitive;
}

static void begin(struct line *l, struct call_code *c, const struct call_at *at, u32 end)
{
	*l = (struct line){ .c = c, .at = at, .end = end, .ok = true, .frame = NO_OFFSET };
	for (u32 r = 0; r < SP; r++)
		l->offset[r] = NO_OFFSET;
	c->words = 0;
}

bool call_line_make(struct call_code *c, const struct call_at *at)
{
	u32 end = at->insns < CALL_INSNS ? at->insns : CALL_INSNS, last;
	struct line l;

	if (!end)
		return false;
	/* Nothing behind the last sensitive one; without it the frame may be smaller, and what is before it may not be possible any more. */
	for (;; end = last) {
		begin(&l, c, at, end);
		last = make(&l);
		if (!last || !l.ok)
			return false;
		if (last == end)
			break;
	}
	c->insns = end;
	put_end(&l, end);
	for (u32 k = 0; k < l.leaves; k++) {
		c->fixup[l.leave[k].word] = (u8)c->words;
		put_end(&l, l.leave[k].insn);
	}
	return l.ok;
}
