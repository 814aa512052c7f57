// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making return lines (ret_line.h). T32 has no LDM^: a kernel gets at the User bank in System mode, and loads registers from the frame around
 * sp in several steps. So a line has two parts. What does not belong to the return itself is done instruction by instruction. Then, from a copy or a
 * load by sp on, the rest is looked at as a whole: where in the frame everything comes from. All of this is checked, and then done.
 *
 * Rules.
 *  1 Where a word of the first part can abort or leave, everything before that instruction is done and nothing of it.
 *  2 All that can abort in the second part does so before any of it is done; then the guest goes on at its first instruction, and finds out.
 *  3 Memory is accessed with User permissions; with those of privileged mode only in the frame, between two words that were just read so. It is
 *    smaller than a page.
 *  4 The guest's flags are in SPSR; those of the line are its own.
 */
#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/vcpu.h>

#include "line_emit.h"
#include "ret_line.h"

#define SP		EMIT_SP
#define LR		EMIT_LR
#define VCPU(field)	EMIT_VCPU(field)
#define OPEN(field)	EMIT_OPEN(field)
#define EQ(word)	((word) & 0x0fffffff)	/* checks are made one after the other, and what the first that failed says stays */

#define FRAME_MAX	1024u
#define NOWHERE		~0u
#define PLAIN_USER	0x07f0ffdfu	/* of an SPSR, all but flags, GE and T: MODE_USR for User mode with nothing masked */

/* -- the second part: what the guest's registers are, in terms of the frame -- */

struct value {
	enum { OWN, ANY, SP_PLUS, WORD, PSR } is;	/* what it was; something; sp and this; a word of the frame; CPSR ^ this */
	u32 n;
};

struct ret {
	struct value r[13], lr, usr_sp, usr_lr, spsr;
	u32 sp;			/* what was added to it */
	bool system;
	struct { bool is; u32 at, value; } strex;	/* stores sp and this there */
	u32 list, from;		/* of the LDM, and where it begins; 0: not yet */
	u32 tested, bits;	/* the word that must have none of these set */
	u32 low, high;		/* of all words of the frame */
};

static bool note_word(struct ret *s, u32 offset)
{
	if (offset & 3 || offset >= FRAME_MAX)
		return false;
	s->low = offset < s->low ? offset : s->low;
	s->high = offset > s->high ? offset : s->high;
	return true;
}

/* How far register @r points above the sp that was; NOWHERE: it does not. */
static u32 points_to(const struct ret *s, u32 r)
{
	if (r == SP)
		return s->system ? NOWHERE : s->sp;
	return r < SP && s->r[r].is == SP_PLUS ? s->r[r].n : NOWHERE;
}

static struct value *register_of(struct ret *s, u32 r)
{
	if (r < SP)
		return s->list ? NULL : &s->r[r];	/* the LDM has the last word */
	if (r == LR)
		return s->system ? &s->usr_lr : &s->lr;
	return r == SP && s->system ? &s->usr_sp : NULL;
}

static bool set(struct ret *s, u32 r, struct value value)
{
	struct value *to = register_of(s, r);

	if (to)
		*to = value;
	return to;
}

static bool see_mov_sp(struct ret *s, u32 w)
{
	return !s->system && set(s, RD(w), (struct value){ SP_PLUS, s->sp });
}

static bool see_mrs(struct ret *s, u32 w)
{
	return !s->system && set(s, RD(w), (struct value){ PSR, 0 });
}

static bool see_eor(struct ret *s, u32 w)
{
	u32 rd = RD(w);
	bool psr = rd < SP && RN(w) == rd && s->r[rd].is == PSR && !(w & 0xf00);

	return set(s, rd, psr ? (struct value){ PSR, s->r[rd].n ^ (w & 0xff) } : (struct value){ ANY, 0 });
}

/* MSR CPSR_c, rm: from Supervisor mode to System mode or back, and nothing else changes. */
static bool see_msr_cpsr(struct ret *s, u32 w)
{
	u32 rm = RM(w), change;

	if (rm >= SP || s->r[rm].is != PSR)
		return false;
	change = s->r[rm].n & ~PSR_T;
	s->system = change != 0;
	return !change || change == (MODE_SVC ^ MODE_SYS);
}

static bool see_ldr(struct ret *s, u32 w)
{
	u32 offset = points_to(s, RN(w));

	if (offset == NOWHERE || !note_word(s, offset + (w & 0xfff)))
		return false;
	if (s->strex.is && offset + (w & 0xfff) == s->strex.at)
		return false;	/* all but the LDM is loaded before the STREX */
	return set(s, RD(w), (struct value){ WORD, offset + (w & 0xfff) });
}

static bool see_add_sp(struct ret *s, u32 w)
{
	s->sp += w & 0xf00 ? (w & 0xff) << 2 : w & 0xff;
	return !s->system && (!(w & 0xf00) || (w & 0xf00) == 0xf00);
}

/* TST rn, #imm, and BNE: it is not taken where the SPSR is that of User mode. */
static bool see_test(struct ret *s, u32 w, u32 next)
{
	u32 rn = RN(w), bits = w & 0xff;

	if (rn >= SP || s->r[rn].is != WORD || s->bits || w & 0xf00 || next >> 24 != 0x1a || bits & ~PLAIN_USER || bits & MODE_USR)
		return false;
	s->tested = s->r[rn].n;
	s->bits = bits;
	return true;
}

static bool see_msr_spsr(struct ret *s, u32 w)
{
	s->spsr = RM(w) < SP ? s->r[RM(w)] : (struct value){ ANY, 0 };
	return !s->system && s->spsr.is == WORD;
}

static bool see_strex(struct ret *s, u32 w)
{
	u32 at = points_to(s, RN(w));

	if (s->strex.is || at == NOWHERE || RM(w) >= SP || s->r[RM(w)].is != SP_PLUS || !note_word(s, at))
		return false;
	s->strex.is = true;
	s->strex.at = at;
	s->strex.value = s->r[RM(w)].n;
	return set(s, RD(w), (struct value){ ANY, 0 });
}

/* LDM or LDMDB rn, {...} up to r12 */
static bool see_ldm(struct ret *s, u32 w)
{
	u32 at = points_to(s, RN(w)), size = 4 * (u32)__builtin_popcount(w & 0x1fff);

	if (s->list || at == NOWHERE || !size)
		return false;
	at -= w & BIT(24) ? size : 0;
	s->from = at;
	s->list = w & 0x1fff;
	for (u32 r = 0; r < SP; r++)
		if (s->list >> r & 1)
			s->r[r].is = ANY;
	return note_word(s, at) && note_word(s, at + size - 4);
}

static bool see_nop(struct ret *s, u32 w)
{
	(void)s;
	(void)w;
	return true;
}

static const struct seen {
	u32 mask, value;
	bool (*see)(struct ret *s, u32 w);
} seen[] = {
	{ 0xffff0fff, 0xe1a0000d, see_mov_sp },
	{ 0xffff0fff, 0xe10f0000, see_mrs },
	{ 0xfff00000, 0xe2200000, see_eor },
	{ 0xfffffff0, 0xe121f000, see_msr_cpsr },
	{ 0xfff00000, 0xe5900000, see_ldr },
	{ 0xfffff000, 0xe28dd000, see_add_sp },
	{ 0xfffffff0, 0xe16ff000, see_msr_spsr },
	{ 0xfff00ff0, 0xe1800f90, see_strex },
	{ 0xfff0e000, 0xe9100000, see_ldm },		/* LDMDB */
	{ 0xfff0e000, 0xe8900000, see_ldm },
	{ 0xffffffff, 0xe320f000, see_nop },
};

static bool see(struct ret *s, u32 w)
{
	for (u32 k = 0; k < ARRAY_SIZE(seen); k++)
		if ((w & seen[k].mask) == seen[k].value)
			return seen[k].see(s, w);
	return false;
}

/* At MOVS pc, lr: does the frame say all? Three registers of the LDM are needed for other things before. */
static bool is_complete(const struct ret *s)
{
	for (u32 r = 0; r < SP; r++)
		if (s->r[r].is != OWN && !(s->list >> r & 1))
			return false;
	return !s->system && s->lr.is == WORD && s->spsr.is == WORD && s->usr_sp.is == WORD && s->usr_lr.is == WORD &&
	       s->usr_lr.n == s->usr_sp.n + 4 && (!s->bits || s->tested == s->spsr.n) && __builtin_popcount(s->list & ~1u) >= 3;
}

/* From instruction @i on. Returns how many these are, or 0: it is no return. */
static u32 look(struct ret *s, const struct call_at *at, u32 i)
{
	u32 first = i;

	*s = (struct ret){ .low = NOWHERE };
	for (; i < at->insns; i++) {
		u32 w = at->insn[i];

		if (w == 0xe1b0f00e)
			return is_complete(s) ? i + 1 - first : 0;
		if ((w & 0xfff0ff00) == 0xe3100000 && i + 1 < at->insns) {
			if (!see_test(s, w, at->insn[++i]))
				return 0;
		} else if (!see(s, w)) {
			return 0;
		}
	}
	return 0;
}

/* -- the first part -- */

/* CPSID i */
static bool do_cpsid(struct emitter *e, u32 w)
{
	(void)w;
	emit(e, 0xe3a0e000 | PSR_I);			/* MOV lr, #PSR_I */
	emit_store(e, LR, OPEN(mask));
	return true;
}

static bool do_ldr(struct emitter *e, u32 w)
{
	if ((w & 0xfff) > 255)
		return false;
	emit(e, 0xe2800000 | RN(w) << 16 | LR << 12 | (w & 0xff));	/* ADD lr, rn, #imm */
	emit_abortable(e, 0xe4be0000 | RD(w) << 12);			/* LDRT rd, [lr] */
	return true;
}

static bool do_copy(struct emitter *e, u32 w)
{
	emit(e, w);
	return true;
}

/* What sets flags; a conditional branch that is taken leaves. */
static bool do_flags(struct emitter *e, u32 w)
{
	u32 branch = e->i + 1 < e->at->insns ? e->at->insn[e->i + 1] : 0;

	emit(e, 0xe14fe000);				/* MRS lr, SPSR */
	emit(e, 0xe128f00e);				/* MSR CPSR_f, lr */
	emit(e, w);
	emit(e, 0xe10fe000);				/* MRS lr, CPSR */
	emit(e, 0xe168f00e);				/* MSR SPSR_f, lr */
	if ((branch & 0x0f000000) == 0x0a000000 && branch >> 28 < 14) {
		e->i++;
		emit_leave(e, branch >> 28);
	}
	return true;
}

/* Which registers, from r1 to r12, are where. */
#define AT(shift)	BIT(shift)

static const struct row {
	u32 mask, value, registers;
	bool (*make)(struct emitter *e, u32 w);
} rows[] = {
	{ 0xffffffff, 0xe320f000, 0, do_copy },				/* NOP */
	{ 0xfffffff0, 0xf57ff060, 0, do_copy },				/* ISB */
	{ 0xfffffff0, 0xf57ff040, 0, do_copy },				/* DSB */
	{ 0xffffffff, 0xf57ff01f, 0, do_copy },				/* CLREX */
	{ 0xffffffff, 0xf10c0080, 0, do_cpsid },
	{ 0xfff00000, 0xe5900000, AT(16) | AT(12), do_ldr },
	{ 0xffff0070, 0xe1b00000, AT(12) | AT(0), do_flags },		/* MOVS rd, rm, LSL #imm */
	{ 0xfff0ff00, 0xe3100000, AT(16), do_flags },			/* TST rn, #imm */
	{ 0xffff0fff, 0xee1d0f70, AT(12), do_copy },			/* MRC, MCR TPIDRURO */
	{ 0xffff0fff, 0xee0d0f70, AT(12), do_copy },
};

static bool registers_fit(u32 w, u32 registers)
{
	for (u32 shift = 0; shift <= 16; shift += 4)
		if (registers & AT(shift) && (!(w >> shift & 0xf) || (w >> shift & 0xf) >= SP))
			return false;
	return true;
}

static bool make_one(struct emitter *e, u32 w)
{
	for (u32 k = 0; k < ARRAY_SIZE(rows); k++)
		if ((w & rows[k].mask) == rows[k].value)
			return registers_fit(w, rows[k].registers) && rows[k].make(e, w);
	return false;
}

/* -- the whole -- */

/*
 * Before anything is done: it is the guest, in T32 state, in no IT block, in Supervisor mode with nothing but I masked, no interrupt waits for it,
 * and the host's DACR of User mode is that of the guest's DACR.
 */
static void put_begin(struct emitter *e)
{
	emit(e, 0xe14fe000);				/* MRS lr, SPSR */
	emit(e, 0xe22ee030);				/* EOR lr, lr, #(PSR_T | MODE_USR) */
	emit(e, 0xe31e0407);				/* TST lr, #0x07000000: J, IT[1:0] */
	emit(e, EQ(0xe31e0cfe));			/* TST lr, #0xfe00: IT[7:2], E */
	emit(e, EQ(0xe31e003f));			/* TST lr, #0x3f */
	emit_load(e, 0, VCPU(cpsr));
	emit_load(e, LR, VCPU(return_mode));
	emit(e, 0xe0200dae);				/* EOR r0, r0, lr, LSR #27 */
	emit(e, EQ(0xe310005f));			/* TST r0, #(PSR_F | PSR_MODE) */
	emit(e, EQ(0xe3100c01));			/* TST r0, #PSR_A */
	emit_load(e, 0, OPEN(dacr));
	emit_load(e, LR, VCPU(cp15.dacr));
	emit(e, EQ(0xe150000e));			/* CMP r0, lr */
	emit_leave(e, EMIT_NE);
}

/* LDRT r0, [lr], #off */
static u32 ldrt_r0(s32 off)
{
	return 0xe43e0000 | (off < 0 ? (u32)-off : BIT(23) | (u32)off);
}

/* Read the frame's ends with User permissions, and write the word of STREX, with what it is; r0 := the SPSR, lr := sp. Leaves if it is not good. */
static void put_checks(struct emitter *e, const struct ret *s)
{
	emit(e, 0xe9cd2000);				/* STMIB sp, {sp}^ */
	emit_load(e, LR, VCPU(r[1]));
	emit(e, 0xe31e0003);				/* TST lr, #3 */
	e->ok &= s->low < 256;
	emit(e, 0xe28ee000 | (s->low & 0xff));		/* ADD lr, lr, #low */
	emit_abortable(e, EQ(ldrt_r0((s32)(s->high - s->low))));
	emit_abortable(e, EQ(ldrt_r0((s32)((s->strex.is ? s->strex.at : s->spsr.n) - s->high))));
	if (s->strex.is) {
		emit_abortable(e, EQ(0xe4be0000));	/* LDRT r0, [lr] */
		emit_abortable(e, EQ(ldrt_r0((s32)(s->spsr.n - s->strex.at)) & ~BIT(20)));	/* STRT */
	}
	emit_abortable(e, EQ(0xe4be0000));
	emit(e, 0xe59fe000);				/* LDR lr, [pc]; B */
	emit(e, 0xea000000);
	emit(e, PLAIN_USER);
	emit(e, 0xe00ee000);				/* AND lr, lr, r0 */
	emit(e, EQ(0xe35e0000 | MODE_USR));		/* CMP lr, #MODE_USR */
	emit_leave(e, EMIT_NE);
	emit_load(e, LR, VCPU(r[1]));
}

/* ADD rd, lr, #imm */
static void put_add(struct emitter *e, u32 rd, u32 imm)
{
	e->ok &= imm < 256;
	emit(e, 0xe28e0000 | rd << 12 | (imm & 0xff));
}

/* The lowest register of @*list, which loses it. */
static u32 take(u32 *list)
{
	u32 r = (u32)__builtin_ctz(*list);

	*list &= *list - 1;
	return r;
}

/* As inl_movs_user of window_inline.S, with r0 the SPSR and lr the sp that was. */
static void put_return(struct emitter *e, const struct ret *s)
{
	u32 free = s->list & ~1u, a = take(&free), b = take(&free), c = take(&free);

	emit_abortable(e, 0xe59e0000 | a << 12 | s->lr.n);	/* LDR a, [lr, #pc] */
	emit(e, 0xe16ff000);				/* MSR SPSR_fsxc, r0 */
	emit_store(e, 0, VCPU(cpsr));
	emit_store(e, 0, OPEN(spsr));
	emit_store(e, a, OPEN(other_lr));
	emit(e, 0xe3100000 | PSR_T);			/* TST r0, #PSR_T */
	emit(e, EQ(0xe3c00003 | a << 16 | a << 12));	/* BIC a, a, #3: else UNPREDICTABLE */
	emit_store(e, a, VCPU(r[15]));
	put_add(e, a, s->sp);
	emit_store(e, a, OPEN(other_sp));
	emit_load(e, a, VCPU(dacr_entry));
	emit_store(e, a, OPEN(dacr_real));
	emit_count(e, EXIT_SITE_RET, a);
	put_add(e, a, s->usr_sp.n);
	emit(e, 0xe8d06000 | a << 16);			/* LDM a, {sp, lr}^ */
	emit(e, EMIT_NOP);				/* no banked register access right after it (A8.8.59 note) */
	if (s->strex.is) {				/* into a word that was loaded before: into that of sp, as kernels do it */
		put_add(e, a, s->strex.at);
		put_add(e, b, s->strex.value);
		emit(e, 0xe1800f90 | a << 16 | c << 12 | b);	/* STREX c, b, [a] */
	}
	put_add(e, LR, s->from);
	emit(e, 0xe89e0000 | s->list);			/* LDM lr, {...} */
	if (!(s->list & 1))
		emit_load(e, 0, VCPU(r[0]));
	emit_load(e, 15, VCPU(to_user));		/* with the DACR of User mode nothing is executable here */
}

/* The guest goes on at instruction @insn; at the first as if there was no line. */
static void put_end(void *arg, u32 insn)
{
	struct emitter *e = arg;
	bool at_first = insn == 0;

	emit(e, 0xe59fe004);				/* LDR lr, [pc, #4] */
	if (at_first)
		emit_load(e, 15, VCPU(und_plain));
	else
		emit_load(e, 0, VCPU(r[0]));
	emit(e, 0xe1b0f00e);				/* MOVS pc, lr */
	emit(e, emit_address(e, insn) + (at_first ? 2 : 0));
}

bool ret_line_make(struct call_code *c, const struct call_at *at)
{
	struct emitter e;
	struct ret s;
	u32 rest = 0;

	if (!at->insns)
		return false;
	emit_begin(&e, c, at);
	put_begin(&e);
	for (; e.i < at->insns && e.ok; e.i++) {
		rest = e.i ? look(&s, at, e.i) : 0;	/* the first may be left at its own start only before anything is done */
		if (rest || !make_one(&e, at->insn[e.i]))
			break;
	}
	if (!rest || !e.ok)
		return false;
	put_checks(&e, &s);
	put_return(&e, &s);
	c->insns = e.i + rest;
	emit_ends(&e, put_end, &e);
	return e.ok;
}
