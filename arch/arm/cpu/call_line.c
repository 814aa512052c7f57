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
 *  4 Nothing is interrupted: an interrupt is masked here as in the guest, and a line ends where the guest unmasks it.
 *  5 In the guest's System mode the line is not left.
 */
#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/sysreg.h>
#include <arm/vcpu.h>

#include "line_emit.h"

#define SP		EMIT_SP
#define LR		EMIT_LR
#define VCPU(field)	EMIT_VCPU(field)
#define OPEN(field)	EMIT_OPEN(field)

#define FRAME_MAX	1024u
#define NO_OFFSET	~0u
#define NO_REGISTER	16u

struct line {
	struct emitter e;
	u32 end;		/* up to which instruction */
	bool lr_is_sp;		/* lr is the guest's sp, which is at [sp] in any case */
	u32 frame;		/* offset from it up to whose word it is accessible; NO_OFFSET: nothing is yet */
	u32 offset[SP];		/* of what a register points to from it, or NO_OFFSET */
	u32 psr_reg, psr;	/* a register that is the CPSR as far as flags go, and this in its lower half, or NO_REGISTER */
	bool system;		/* the guest went to System mode, where sp and lr are those of the User bank */
	bool unmasked;		/* it has unmasked interrupts, of which none is pending */
};

static bool is_thumb(const struct line *l)
{
	return l->e.at->half;
}

static u32 insn_at(const struct line *l, u32 i)
{
	return l->e.at->insn[i];
}

/* lr := the guest's sp */
static void need_sp(struct line *l)
{
	if (!l->lr_is_sp)
		emit_load(&l->e, LR, VCPU(r[0]));
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

static bool is_plain(const struct line *l, u32 w);

/*
 * The word of the frame that is written last of all on the way up: it is written by STR from a register that is still what it is now, with nothing
 * between that could abort once the frame is accessible. So it may be written at once. @*reg: the register. 0: there is none.
 */
static u32 frame_top(const struct line *l, u32 *reg)
{
	u32 top = 0, changed = 0;

	for (u32 i = l->e.i + 1; i < l->end && is_plain(l, insn_at(l, i)); i++) {
		u32 w = insn_at(l, i);

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
	emit(&l->e, 0xe31e0003);					/* TST lr, #3 */
	emit_abortable(&l->e, 0x04ae0000 | first << 12 | top);		/* STRTEQ first, [lr], #top */
	emit_abortable(&l->e, 0x042e0000 | reg << 12 | top);		/* STRTEQ reg, [lr], #-top */
	emit_abortable(&l->e, 0xe88e0000 | (w & 0x1fff));			/* STM lr, {...} */
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
	emit(&l->e, (w & 0xfff0ffff) | LR << 16);
	return in_frame(l, w & 0xfff);
}

/* ADD rd, sp, #imm */
static bool do_add_sp(struct line *l, u32 w)
{
	need_sp(l);
	emit(&l->e, (w & 0xfff0ffff) | LR << 16);
	l->offset[RD(w)] = w & 0xf00 ? NO_OFFSET : w & 0xff;
	return true;
}

/* MOV rd, sp */
static bool do_mov_sp(struct line *l, u32 w)
{
	return do_add_sp(l, 0xe28d0000 | RD(w) << 12);
}

/* STMDB rn, {sp, lr}^ below what points into the frame */
static bool do_stm_user(struct line *l, u32 w)
{
	u32 offset = l->offset[RN(w)];

	emit(&l->e, w);
	return offset != NO_OFFSET && offset >= 8 && !(offset & 3) && in_frame(l, offset - 4);
}

/* -- other instructions -- */

static bool do_copy(struct line *l, u32 w)
{
	emit(&l->e, w);
	return true;
}

static bool do_mov_lr(struct line *l, u32 w)
{
	emit_load(&l->e, RD(w), VCPU(r[1]));
	return true;
}

/* The real one may have other flags meanwhile. */
static bool do_mrs_spsr(struct line *l, u32 w)
{
	emit_load(&l->e, RD(w), OPEN(spsr));
	return true;
}

static bool do_tpidrprw(struct line *l, u32 w)
{
	emit_load(&l->e, RD(w), VCPU(cp15.tpidrprw));
	return true;
}

static bool do_sctlr(struct line *l, u32 w)
{
	emit_load(&l->e, RD(w), VCPU(cp15.sctlr));
	return true;
}

/* LDRT rd, [lr] */
static void put_ldrt(struct line *l, u32 rd)
{
	l->lr_is_sp = false;
	emit_abortable(&l->e, 0xe4be0000 | rd << 12);
}

static bool do_ldr_imm(struct line *l, u32 w)
{
	if ((w & 0xfff) > 255)
		return false;
	emit(&l->e, 0xe2800000 | RN(w) << 16 | LR << 12 | (w & 0xff));	/* ADD lr, rn, #imm */
	put_ldrt(l, RD(w));
	return true;
}

static bool do_ldr_reg(struct line *l, u32 w)
{
	emit(&l->e, 0xe0800000 | RN(w) << 16 | LR << 12 | RM(w));	/* ADD lr, rn, rm */
	put_ldrt(l, RD(w));
	return true;
}

/* STR lr, [sp, #imm] by way of r0 */
static bool do_str_lr(struct line *l, u32 w)
{
	if (!in_frame(l, w & 0xfff))
		return false;
	need_sp(l);
	emit_store(&l->e, 0, VCPU(scratch[4]));
	emit_load(&l->e, 0, VCPU(r[1]));
	emit(&l->e, (w & 0xfff00fff) | LR << 16);
	emit_load(&l->e, 0, VCPU(scratch[4]));
	return true;
}

/* -- what T32 code does because it has no STM^ -- */

/* MRS rd, CPSR. In T32 state, too, bits 15:10 and 5 read as zero; what is masked, and where the guest is, is known here. */
static bool do_mrs_cpsr(struct line *l, u32 w)
{
	u32 rd = RD(w);

	emit(&l->e, 0xe14f0000 | rd << 12);			/* MRS rd, SPSR: flags, GE; J and IT[1:0] are clear */
	emit(&l->e, 0xe7cf001f | rd << 12);			/* BFC rd, #0, #16 */
	emit(&l->e, 0xe3800000 | rd << 12 | rd << 16 | PSR_I | MODE_SVC);
	l->psr_reg = rd;
	l->psr = PSR_I | MODE_SVC;
	return true;
}

/* EOR rd, rn, #imm */
static bool do_eor(struct line *l, u32 w)
{
	bool psr = RN(w) == l->psr_reg && RD(w) == l->psr_reg && !(w & 0xf00);

	emit(&l->e, w);
	if (psr)
		l->psr ^= w & 0xff;
	if (!psr && RD(w) == l->psr_reg)
		l->psr_reg = NO_REGISTER;
	return psr || !l->system;
}

/* MSR CPSR_c, rm: between Supervisor and System mode, and nothing else changes. T is not written. */
static bool do_msr_cpsr(struct line *l, u32 w)
{
	u32 mode = l->psr & ~(PSR_I | PSR_T);

	l->system = mode == MODE_SYS;
	return RM(w) == l->psr_reg && l->psr & PSR_I && (mode == MODE_SVC || mode == MODE_SYS);
}

/* STR sp, [rn, #imm]; STR lr, [rn, #imm + 4] in System mode, into the frame. */
static bool do_str_bank(struct line *l, u32 w)
{
	u32 imm = w & 0xfff, offset = RN(w) < SP ? l->offset[RN(w)] : NO_OFFSET;
	bool both = l->e.i + 1 < l->end && insn_at(l, l->e.i + 1) == w + 0x1000 + 4;

	if (!l->system || !both || offset == NO_OFFSET || imm > 251 || (offset + imm) & 3 || !in_frame(l, offset + imm + 4))
		return false;
	emit(&l->e, 0xe2800000 | RN(w) << 16 | LR << 12 | imm);	/* ADD lr, rn, #imm */
	emit(&l->e, 0xe8ce6000);				/* STMIA lr, {sp, lr}^ */
	l->lr_is_sp = false;
	l->e.i++;
	return true;
}

#define SCTLR_WMASK_LOW		(SCTLR_WMASK & 0xff)
#define SCTLR_WMASK_MIDDLE	(SCTLR_WMASK & 0xff00)
#define SCTLR_WMASK_HIGH	(SCTLR_WMASK & 0xff000000)
_Static_assert((SCTLR_WMASK_LOW | SCTLR_WMASK_MIDDLE | SCTLR_WMASK_HIGH) == SCTLR_WMASK, "three immediates");

/* TEQ rn, rm, and a write of SCTLR where they differ: one that changes nothing. The guest's flags are in SPSR. */
static bool do_teq(struct line *l, u32 w)
{
	u32 next = l->e.i + 1 < l->end ? insn_at(l, l->e.i + 1) : 0;

	/* In A32 code it is a conditional site, which costs nothing where SCTLR is not written; T32 code has no such sites. */
	if ((next & 0xffff0fff) != 0x1e010f10 || RD(next) >= SP || !(is_thumb(l) || l->e.at->writes_sctlr))
		return false;
	l->lr_is_sp = false;
	emit_load(&l->e, LR, VCPU(cp15.sctlr));
	emit(&l->e, 0xe020e00e | RD(next) << 16);		/* EOR lr, rt, lr */
	emit(&l->e, 0xe31e0000 | SCTLR_WMASK_LOW);		/* TST lr, #... */
	emit(&l->e, 0x031e0c00 | SCTLR_WMASK_MIDDLE >> 8);	/* TSTEQ lr, #... */
	emit(&l->e, 0x031e0400 | SCTLR_WMASK_HIGH >> 24);
	emit_leave(&l->e, EMIT_NE);
	emit(&l->e, 0xe14fe000);				/* MRS lr, SPSR */
	emit(&l->e, 0xe128f00e);				/* MSR CPSR_f, lr */
	emit(&l->e, w);
	emit(&l->e, 0xe10fe000);				/* MRS lr, CPSR */
	emit(&l->e, 0xe168f00e);				/* MSR SPSR_f, lr */
	l->e.i++;
	return true;
}

/* CPSIE i, while nothing is pending. */
static bool do_cpsie(struct line *l, u32 w)
{
	(void)w;
	l->lr_is_sp = false;
	emit_load(&l->e, LR, VCPU(irq_in));
	emit(&l->e, 0xe31e0000 | PSR_I);			/* TST lr, #PSR_I */
	emit_leave(&l->e, EMIT_NE);
	l->unmasked = true;
	return true;
}

/* What stands where in a row's instruction. */
#define N	BIT(0)		/* registers up to r12 at 19:16, */
#define D	BIT(1)		/* at 15:12, */
#define M	BIT(2)		/* at 3:0 */
#define TO	BIT(3)		/* D is written */
#define LOADS	BIT(4)		/* from anywhere, or may leave for another reason */
#define SENSITIVE BIT(5)
#define LIST	BIT(6)		/* some registers up to r12 */
#define T32	BIT(7)		/* in A32 code a stub, which is short, or another instruction does it */
#define SYSTEM	BIT(8)		/* also in System mode */

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
	{ 0xfffff003, 0xe58de000, 0, do_str_lr },
	{ 0xffff0000, 0xe28d0000, D | TO, do_add_sp },
	{ 0xfff0ffff, 0xe9406000, N | SENSITIVE, do_stm_user },
	{ 0xffff0fff, 0xe14f0000, D | TO | SENSITIVE, do_mrs_spsr },
	{ 0xffff0fff, 0xe1a0000e, D | TO, do_mov_lr },
	{ 0xfff00000, 0xe3000000, D | TO, do_copy },			/* MOVW */
	{ 0xfff00000, 0xe3400000, D | TO, do_copy },			/* MOVT */
	{ 0xffff0000, 0xe3a00000, D | TO, do_copy },			/* MOV rd, #imm */
	{ 0xfff00000, 0xe5900000, N | D | TO | LOADS, do_ldr_imm },
	{ 0xfff00ff0, 0xe7900000, N | D | M | TO | LOADS, do_ldr_reg },
	{ 0xffff0fff, 0xee1d0f90, D | TO | SENSITIVE, do_tpidrprw },
	{ 0xffff0fff, 0xee110f10, D | TO | SENSITIVE, do_sctlr },
	{ 0xffff0fff, 0xee0d0f70, D | SENSITIVE, do_copy },		/* MCR TPIDRURO */
	{ 0xffff0fff, 0xe1a0000d, D | TO | T32, do_mov_sp },
	{ 0xffff0fff, 0xe10f0000, D | TO | SENSITIVE | T32, do_mrs_cpsr },
	{ 0xfff00000, 0xe2200000, N | D | TO | T32 | SYSTEM, do_eor },
	{ 0xfffffff0, 0xe121f000, M | SENSITIVE | T32 | SYSTEM, do_msr_cpsr },
	{ 0xfff0f000, 0xe580d000, T32 | SYSTEM, do_str_bank },
	{ 0xfff0f000, 0xe580e000, T32 | SYSTEM, do_str_bank },		/* it begins with the other */
	{ 0xfff0fff0, 0xe1300000, N | M | LOADS | SENSITIVE, do_teq },
	{ 0xffffffff, 0xf1080080, LOADS | SENSITIVE | T32, do_cpsie },	/* CPSIE i */
};

static bool registers_fit(u32 w, u32 what)
{
	return !(what & N && RN(w) >= SP) && !(what & D && RD(w) >= SP) && !(what & M && RM(w) >= SP) && !(what & LIST && !(w & 0x1fff));
}

static const struct row *row_of(const struct line *l, u32 w)
{
	for (u32 k = 0; k < ARRAY_SIZE(rows); k++)
		if ((w & rows[k].mask) == rows[k].value && (is_thumb(l) || !(rows[k].what & T32)) && registers_fit(w, rows[k].what))
			return &rows[k];
	return NULL;
}

/* One that cannot abort once the frame is accessible, and that has no more than one result, at 15:12. */
static bool is_plain(const struct line *l, u32 w)
{
	const struct row *r = row_of(l, w);

	return r && !(r->what & (LOADS | LIST));
}

/* -- the whole -- */

/* From here on Umbra's: the state of a guest that is at instruction @insn of the line, in its Supervisor mode. */
static void put_end(void *arg, u32 insn)
{
	struct line *l = arg;
	u32 state = is_thumb(l) ? PSR_T : 0;

	emit(&l->e, 0xe94d6000);			/* STMDB sp, {sp, lr}^: to other_sp, other_lr */
	emit(&l->e, 0xe8dd6000);			/* LDMIA sp, {sp, lr}^ */
	emit(&l->e, EMIT_NOP);				/* no banked register access right after LDM^ (A8.8.59 note) */
	emit(&l->e, 0xe3a0e000 | state | (l->unmasked ? 0 : PSR_I) | MODE_SVC);	/* MOV lr, #... */
	emit_store(&l->e, LR, VCPU(cpsr));
	emit_store(&l->e, LR, OPEN(mask));
	emit_count(&l->e, EXIT_SVC, LR);
	emit(&l->e, 0xe363f000 | state | MODE_USR);	/* MSR SPSR_xc: E, A, I, F clear; flags, GE stay */
	emit(&l->e, 0xe59fe000);			/* LDR lr, [pc] */
	emit(&l->e, 0xe1b0f00e);			/* MOVS pc, lr */
	emit(&l->e, emit_address(&l->e, insn));
}

/* What window_call (window_inline.S) does before anything else. The guest's kernel is accessible behind it. */
static void put_begin(struct line *l)
{
	u32 first = insn_at(l, 0);

	emit(&l->e, 0xe14fe000);			/* MRS lr, SPSR */
	emit(&l->e, 0xe31e0407);			/* TST lr, #0x07000000: J, or in an IT block */
	emit_load(&l->e, 15, VCPU(svc_plain));
	l->e.c->word[l->e.c->words - 1] ^= 0xf0000000;	/* NE */
	emit_store(&l->e, LR, OPEN(spsr));
	emit_load(&l->e, LR, VCPU(hw_dacr_entry));
	emit_store(&l->e, LR, VCPU(hw_dacr));
	emit(&l->e, 0xee03ef10);			/* MCR DACR, lr */
	emit(&l->e, 0xf57ff06f);			/* ISB */
	emit_load(&l->e, LR, OPEN(other_sp));
	if ((first & 0xfffff000) == 0xe24dd000) {	/* SUB sp, sp, #imm */
		emit(&l->e, (first & 0xfff00fff) | LR << 16 | LR << 12);
		l->e.i++;
	}
	emit_store(&l->e, LR, VCPU(r[0]));
	l->lr_is_sp = true;
}

/* One instruction; false: it cannot be done. */
static bool make_one(struct line *l, u32 w, const struct row *r)
{
	if (!r || (l->system && !(r->what & SYSTEM)) || !r->make(l, w))
		return false;
	if (!(r->what & TO))
		return true;
	if (r->make != do_add_sp && r->make != do_mov_sp)
		l->offset[RD(w)] = NO_OFFSET;
	if (RD(w) == l->psr_reg && r->make != do_mrs_cpsr && r->make != do_eor)
		l->psr_reg = NO_REGISTER;
	return true;
}

/* Up to l->end, or what cannot be done. Returns how far the last sensitive one is that the guest can go on behind. */
static u32 make(struct line *l)
{
	u32 sensitive = 0;

	put_begin(l);
	while (l->e.i < l->end && l->e.ok && !l->unmasked) {
		u32 w = insn_at(l, l->e.i);
		const struct row *r = row_of(l, w);

		if (!make_one(l, w, r))
			break;
		l->e.i++;
		if (r->what & SENSITIVE && !l->system)
			sensitive = l->e.i;
	}
	return sensitive;
}

static void begin(struct line *l, struct call_code *c, const struct call_at *at, u32 end)
{
	*l = (struct line){ .end = end, .frame = NO_OFFSET, .psr_reg = NO_REGISTER };
	emit_begin(&l->e, c, at);
	for (u32 r = 0; r < SP; r++)
		l->offset[r] = NO_OFFSET;
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
		if (!last || !l.e.ok)
			return false;
		if (last == end)
			break;
	}
	c->insns = end;
	put_end(&l, end);
	l.unmasked = false;
	emit_ends(&l.e, put_end, &l);
	return l.e.ok;
}
