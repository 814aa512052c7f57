/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making gates (gate.h): a straight line of the guest's instructions, each by the row of a table that says how it is done in Undefined
 * mode. Two kinds of lines exist: one instruction that needs privilege, and everything from such an instruction up to an exception return to
 * User mode.
 *
 * Rules.
 *  1 At every word that can abort or leave, everything before that instruction is complete, and the guest's r1-r12 are in place. Its r0 is in
 *    the vCPU page if a word can abort: a line, whose instructions have no part in it, uses the register.
 *  2 Memory is accessed with User permissions; with those of privileged mode only where that was done just before.
 *  3 A check that fails leaves to the guest's own instruction, which has its own site: nothing is done twice.
 *  4 The guest's flags are in SPSR; those of the gate are its own.
 *  5 A line may owe the guest its lr and two flags: who comes out of it before its end pays (struct gate_code).
 */
#include "gate.h"

#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/site.h>
#include <arm/vcpu.h>

#include "stub.h"

#define SP		13u
#define LR		14u
#define UDF		0xe7f000f0u	/* A8.8.247 */
#define NOP		0xe320f000u
#define DSB		0xf57ff04fu
#define ISB		0xf57ff06fu
#define ICIALLU		0xee070f15u	/* with r0: what it holds does not matter (B4.2.1) */
#define BPIALL		0xee070fd5u
#define EQ		0u
#define NE		1u
#define LO		3u
#define HI		8u
#define AL		14u
_Static_assert(NO_CODE_PAGES == 16, "do_invalidate() takes four bits");

#define VCPU(field)	((s32)offsetof(struct vcpu, field))
#define OPEN(field)	((s32)offsetof(struct vcpu_open, field) - (s32)sizeof(struct vcpu_open))
#define EXITS(cause)	(VCPU(exits) + 4 * (s32)(cause))

#define FIXUPS	16u

struct gate {
	struct gate_code *c;
	const struct gate_at *at;
	u32 i;			/* the instruction that is being done */
	bool ok;
	u32 probed;		/* a register at whose address User mode has just read, or 16 */
	bool dacr_known;	/* what was written to DACR last is what the host's values for User mode are about */
	u8 owed;		/* GATE_OWES_* now */
	u32 sp_reg, sp_off;	/* a register that is the guest's sp and this, or 16 */
	struct leave { u32 word, insn; u8 owed; } leave[FIXUPS];	/* branches out, where they leave to, and what is owed there */
	u32 leaves;
	u32 other[FIXUPS], others;	/* branches to the guest's own operation (put_plain()) */
	struct { u32 word, value; } literal[FIXUPS];	/* loads of lr, and what of */
	u32 literals;
};

/* -- words -- */

static gva_t here(const struct gate *g)
{
	return g->at->gate + 4 * g->c->words;
}

/* May it stand before a multiple of GATE_ALIGN? Upper halves from 0xe000 to 0xe7ff are the unconditional branch of T32. */
static bool is_harmless(u32 word)
{
	return word == UDF || (word >= 0xe0000000 && word < 0xe1000000) || (word >= 0xe3a00000 && word < 0xe6000000);
}

static void put_raw(struct gate *g, u32 word)
{
	if (g->c->words == GATE_WORDS) {
		g->ok = false;
		return;
	}
	g->c->at[g->c->words] = (u8)(g->i | g->owed);
	g->c->word[g->c->words++] = word;
}

static void put(struct gate *g, u32 word)
{
	if ((here(g) + 4) % GATE_ALIGN == 0 && !is_harmless(word))
		put_raw(g, NOP);
	put_raw(g, word);
}

static void put_ls(struct gate *g, bool load, u32 rt, u32 rn, s32 off)
{
	u32 up = off >= 0, imm = (u32)(up ? off : -off);

	g->ok &= imm < 4096;
	put(g, 0xe5000000 | up << 23 | (u32)load << 20 | rn << 16 | rt << 12 | (imm & 0xfff));
}

static void load(struct gate *g, u32 rt, s32 off)
{
	put_ls(g, true, rt, SP, off);
}

static void store(struct gate *g, u32 rt, s32 off)
{
	put_ls(g, false, rt, SP, off);
}

/* LDR lr, =@value */
static void load_literal(struct gate *g, u32 value)
{
	put(g, 0xe59fe000);
	if (g->literals == FIXUPS) {
		g->ok = false;
		return;
	}
	g->literal[g->literals].word = g->c->words - 1;
	g->literal[g->literals++].value = value;
}

/* Leave on @cond for instruction @insn, which is not the first: at the site stands the branch to here (rule 3). */
static void leave_if(struct gate *g, u32 cond, u32 insn)
{
	put(g, cond << 28 | 0x0a000000);
	if (insn == 0 || g->leaves == FIXUPS) {
		g->ok = false;
		return;
	}
	g->leave[g->leaves].word = g->c->words - 1;
	g->leave[g->leaves].owed = g->owed;
	g->leave[g->leaves++].insn = insn;
}

/* Branch word @w to the next word. */
static void branch_here(struct gate *g, u32 w)
{
	g->c->word[w] |= (here(g) - (g->at->gate + 4 * w + 8)) >> 2 & 0xffffff;
}

/* MOVS pc, lr: to the guest, lr being where */
static void put_return(struct gate *g)
{
	put(g, 0xe1b0f00e);
}

/* B to instruction @i, in User mode */
static void put_back(struct gate *g)
{
	if ((here(g) + 4) % GATE_ALIGN == 0)
		put_raw(g, NOP);
	put_raw(g, stub_branch(here(g), g->at->site + 4 * g->i, AL));
	g->ok &= g->c->word[g->c->words - 1] != 0;
}

static void count_as(struct gate *g, enum exit_cause cause, u32 events, u32 r)
{
	if (!events)
		return;
	load(g, r, EXITS(cause));
	put(g, 0xe2800000 | r << 16 | r << 12 | events);	/* ADD r, r, #events */
	store(g, r, EXITS(cause));
}

static void count(struct gate *g, enum exit_cause cause, u32 r)
{
	count_as(g, cause, 1, r);
}

/* ADD or SUB rd, rn, #off; false: not with one instruction (A5.2.4, the unrotated immediates only) */
static bool put_add(struct gate *g, u32 rd, u32 rn, s32 off)
{
	u32 imm = (u32)(off < 0 ? -off : off);

	if (imm > 255)
		return false;
	put(g, (off < 0 ? 0xe2400000 : 0xe2800000) | rn << 16 | rd << 12 | imm);
	return true;
}

/* LDRT rt, [lr] */
static void put_ldrt_lr(struct gate *g, u32 rt)
{
	put(g, 0xe4be0000 | rt << 12);
}

/* @word on condition EQ: checks are made one after the other, and what the first that failed says stays. */
static void put_eq(struct gate *g, u32 word)
{
	put(g, word & 0x0fffffff);
}

/* -- instructions -- */

#define RN(w)	FIELD(w, 19, 16)
#define RD(w)	FIELD(w, 15, 12)
#define RM(w)	FIELD(w, 3, 0)

/* ADD lr, pc, #; MOVS pc, lr to what is put next. */
static void put_to_user(struct gate *g)
{
	u32 add;

	put(g, 0xe28fe000);
	add = g->c->words - 1;
	put_return(g);
	g->c->word[add] |= here(g) - (g->at->gate + 4 * add + 8);
}

/* Branches to here, of word @from, lead to the trapping word of @kind, which is next before the way back. */
static void begin_trap(struct gate *g, u32 from, u32 kind, u32 rt)
{
	branch_here(g, from);
	put_to_user(g);
	put(g, site_word_of(kind, 0) | rt);
}

static void end_trap(struct gate *g)
{
	g->i++;
	put_back(g);
}

static void put_trap(struct gate *g, u32 from, u32 kind, u32 rt)
{
	begin_trap(g, from, kind, rt);
	end_trap(g);
}

/* An ISB behind the one instruction of a gate has been done by the way back, which is an exception return. */
static bool isb_follows(const struct gate *g)
{
	return g->at->insns > 1 && g->at->insn[1] == 0xf57ff06f;
}

/* DACR, for good: the host's value for the one that is expected; another one is for the window, which looks it up. */
static bool do_dacr(struct gate *g, u32 w)
{
	s32 entry = VCPU(dacr_cache) + (s32)(vcpu_dacr_index(g->at->dacr) * sizeof(struct dacr_cache));
	u32 rt = RD(w), other;

	load(g, LR, entry + (s32)offsetof(struct dacr_cache, guest));
	put(g, 0xe1500000 | LR << 16 | rt);		/* CMP lr, rt; a void entry opens nothing */
	put(g, NE << 28 | 0x0a000000);
	other = g->c->words - 1;
	load(g, LR, entry + (s32)offsetof(struct dacr_cache, kernel));
	put(g, 0xee03ef10);				/* MCR DACR, lr */
	store(g, LR, VCPU(hw_dacr));
	store(g, rt, OPEN(dacr));
	store(g, rt, OPEN(dacr_real));
	count_as(g, EXIT_CP15_DACR, g->at->events, LR);
	g->c->insns = 1 + isb_follows(g);
	load_literal(g, g->at->site + 4 * g->c->insns);
	put_return(g);
	put_trap(g, other, SITE_KIND_DACR_W, rt);
	return rt < SP;
}

/*
 * VMRS and VMSR, as the window does them, when CPACR allows: else the guest's own instruction is next before the way back, and traps. Of FPEXC only
 * EN is written (vfp_sys_write()); the way back synchronizes it.
 */
static bool do_vfp(struct gate *g, u32 w)
{
	u32 rt = RD(w), closed;

	load(g, LR, VCPU(vfp_open));
	put(g, 0xe35e0000);				/* CMP lr, #0 */
	put(g, EQ << 28 | 0x0a000000);
	closed = g->c->words - 1;
	if (w & BIT(20)) {
		put(g, w);
	} else {
		put(g, 0xe200e101 | rt << 16);		/* AND lr, rt, #FPEXC.EN */
		put(g, (w & 0xffff0fff) | LR << 12);
	}
	count(g, EXIT_VFP_SYS, LR);
	load_literal(g, g->at->site + 4);
	put_return(g);
	branch_here(g, closed);
	put_to_user(g);
	put(g, w);
	end_trap(g);
	return rt < SP;
}

/* TST or the like, with the guest's flags (rule 4) */
static void put_test(struct gate *g, u32 w)
{
	put(g, 0xe14fe000);				/* MRS lr, SPSR */
	put(g, 0xe128f00e);				/* MSR CPSR_f, lr */
	put(g, w);
	put(g, 0xe10fe000);				/* MRS lr, CPSR */
	put(g, 0xe168f00e);				/* MSR SPSR_f, lr */
	g->owed &= (u8)~GATE_OWES_FLAGS;
}

/* -- cache operations by address -- */

/* Leave on @cond to what put_plain() puts. */
static void otherwise(struct gate *g, u32 cond)
{
	put(g, cond << 28 | 0x0a000000);
	if (g->others == FIXUPS)
		g->ok = false;
	else
		g->other[g->others++] = g->c->words - 1;
}

#define LOOP_BLO	0x3afffffbu	/* to the operation, behind ADD and CMP */
#define LOOP_BHI	0x8afffffbu	/* behind ADD and SUBS */
#define LOOP_INSNS	4u

#define LOOP_AGAIN	0xeafffffau	/* to the comparison before the branch out before the operation, behind ADD */

static bool is_in_loop(const struct gate *g)
{
	const u32 *w = g->at->insn;

	return g->at->insns >= LOOP_INSNS && (w[3] == LOOP_BLO || w[3] == LOOP_BHI);
}

/* Is operand 2 of @w an immediate, or a register that is there and not @rt? */
static bool operand_fits(u32 w, u32 rt)
{
	return w & BIT(25) || (!(w & 0xff0) && RM(w) != rt && RM(w) < SP);
}

/* Go on if this is the last turn of the loop over lines that the operation on @rt stands in: ADD is, and its comparison. */
static bool put_last_turn(struct gate *g, u32 rt)
{
	u32 add = g->at->insn[1], cmp = g->at->insn[2];

	if (g->at->insn[0] >> 28 != AL || (add & 0xfdfff000) != (0xe0800000 | rt << 16 | rt << 12) || !operand_fits(add, rt))
		return false;
	g->c->insns = LOOP_INSNS;
	if (g->at->insn[3] == LOOP_BLO) {
		put(g, (add & 0xffff0fff) | LR << 12);			/* ADD lr, rt, the step */
		put(g, (cmp & 0xfff0ffff) | LR << 16);			/* CMP lr, the end */
		otherwise(g, LO);
		return (cmp & 0xfffffff0) == (0xe1500000 | rt << 16) && operand_fits(cmp, rt);
	}
	put(g, (cmp & 0xffff0fff) | BIT(24));				/* SUBS: CMP what is left, the step */
	otherwise(g, HI);
	return (cmp & 0xfdf00000) == 0xe0500000 && RN(cmp) == RD(cmp) && RN(cmp) != rt && RN(cmp) < SP && operand_fits(cmp, rt);
}

/*
 * For all that needs more than the gate, the guest's own operation, which traps, and the loop that it stands in: the window looks at what is behind
 * it, and does many turns at once (window_fast.c). Then the way back.
 */
static void put_plain(struct gate *g)
{
	u32 insns = is_in_loop(g) ? LOOP_INSNS : 1;

	for (u32 k = 0; k < g->others; k++)
		branch_here(g, g->other[k]);
	load(g, 0, VCPU(r[0]));
	put_to_user(g);
	while (here(g) % GATE_ALIGN / 4 + insns >= GATE_ALIGN / 4)	/* none of them at the end of a line */
		put_raw(g, NOP);
	for (; g->i < insns; g->i++)
		put_raw(g, g->i ? g->at->insn[g->i] : (g->at->insn[0] & 0x0fffffff) | AL << 28);
	put_back(g);
}

static void put_done(struct gate *g)
{
	count(g, EXIT_CP15_CACHE, LR);
	load_literal(g, g->at->site + 4);
	put_return(g);
}

/*
 * DCCMVAC or DCCMVAU, as hot_dccmvac: for the window, if it may publish a descriptor in the place of the stub area, or is about the window's
 * slot.
 */
static bool do_clean(struct gate *g, u32 w)
{
	u32 rt = RD(w);

	store(g, 0, VCPU(r[0]));			/* it may abort */
	if (is_in_loop(g) && !put_last_turn(g, rt))
		return false;
	load(g, LR, VCPU(stub_line));
	put(g, 0xe02ee000 | rt);			/* EOR lr, lr, rt */
	put(g, 0xe31e0d3f);				/* TST lr, #0xfc0: STUB_LINE_MASK; the area is there, because gates are */
	load(g, LR, VCPU(window_base));
	put(g, 0x102ee000 | rt);			/* EORNE lr, lr, rt */
	put(g, 0x11b0ea2e);				/* MOVNES lr, lr, LSR #20 */
	otherwise(g, EQ);
	put(g, w);
	put_done(g);
	if (is_in_loop(g))
		put_plain(g);
	else
		put_trap(g, g->other[0], SITE_KIND_DCCMVAC, rt);
	return rt < SP;
}

/*
 * What kernels have behind the loop of an ICIMVAU, in which the gate has done as much already: MOV of an immediate, all of the branch predictor or the
 * I-cache, DSB, ISB. How many instructions of that are there; 0: not the operation.
 */
static u32 tail_insns(const struct gate *g)
{
	const u32 *w = g->at->insn + LOOP_INSNS, *end = g->at->insn + g->at->insns, *at = w;

	at += at < end && (*at & 0xffff0000) == 0xe3a00000 && RD(*at) < SP;
	if (at == end || ((*at & 0xffff0fff) != BPIALL && (*at & 0xffff0fff) != ICIALLU))
		return 0;
	at++;
	at += at < end && (*at & 0xfffffff0) == (DSB & 0xfffffff0);
	at += at < end && *at == ISB;
	return (u32)(at - w);
}

/* The rest of the last turn of a loop, and the @tail instructions behind it; then the guest goes on there. Its r0 is in place. */
static void put_tail(struct gate *g, u32 tail)
{
	const u32 *w = g->at->insn;

	put(g, w[1]);
	put_test(g, w[2]);
	if ((w[LOOP_INSNS] & 0xffff0000) == 0xe3a00000)
		put(g, w[LOOP_INSNS]);
	count_as(g, EXIT_CP15_CACHE, 2, LR);
	g->c->insns = LOOP_INSNS + tail;
	load_literal(g, g->at->site + 4 * g->c->insns);
	put_return(g);
}

/* ICIMVAU, as win_und: all of the I-cache, if what User mode reads there is known to be no scanned code. */
static bool do_invalidate(struct gate *g, u32 w)
{
	u32 rt = RD(w);

	if (g->at->insns > 2 && g->at->insn[2] == LOOP_AGAIN)
		return false;				/* all turns take one exit */
	store(g, 0, VCPU(r[0]));
	if (is_in_loop(g) && !put_last_turn(g, rt))
		return false;
	load(g, LR, VCPU(window_base));
	put(g, 0xe02ee000 | rt);			/* EOR lr, lr, rt */
	put(g, 0xe1b0ea2e);				/* MOVS lr, lr, LSR #20: here the window answers */
	otherwise(g, EQ);
	load(g, LR, VCPU(dacr_kernel));
	put(g, 0xee03ef10);				/* MCR DACR, lr */
	put(g, ISB);
	put(g, 0xee070f58 | rt << 12);			/* MCR ATS1CUR, rt */
	put(g, ISB);
	put(g, 0xee170f14);				/* MRC PAR, r0 */
	load(g, LR, VCPU(hw_dacr));
	put(g, 0xee03ef10);				/* the exception return synchronizes it */
	put(g, 0xe3100001);				/* TST r0, #PAR_F */
	otherwise(g, NE);
	put(g, 0xe7e3e650);				/* UBFX lr, r0, #12, #4: vcpu_no_code() */
	put(g, 0xe08de10e);				/* ADD lr, sp, lr, LSL #2 */
	put_ls(g, true, LR, LR, VCPU(no_code));
	put(g, 0xe02ee000);				/* EOR lr, lr, r0 */
	put(g, 0xe1b0e62e);				/* MOVS lr, lr, LSR #12 */
	otherwise(g, NE);
	put(g, DSB);
	put(g, ICIALLU);
	put(g, BPIALL);
	put(g, DSB);
	load(g, 0, VCPU(r[0]));
	if (is_in_loop(g) && tail_insns(g))
		put_tail(g, tail_insns(g));
	else
		put_done(g);
	put_plain(g);
	return rt < SP;
}

/*
 * LDRT, STRT and the like @w, with the host's DACR of User mode: that of the value that the window looked up last (inl_hot_user_ls). For another
 * one it looks again; it wants the word behind its trapping word. The access itself is in the window, in r0 (user_access). An abort is C's, which finds
 * out what the access is.
 */
static bool do_user_ls(struct gate *g, u32 w)
{
	u32 rt = RD(w), rn = RN(w), other, back;
	bool loads = w & BIT(20);

	store(g, 0, VCPU(r[0]));			/* it may abort */
	load(g, LR, OPEN(dacr));
	load(g, 0, VCPU(user_access.guest));
	put(g, 0xe15e0000);				/* CMP lr, r0 */
	load(g, 0, VCPU(r[0]));
	put(g, NE << 28 | 0x0a000000);
	other = g->c->words - 1;
	put(g, 0xe28fe000);				/* ADD lr, pc, # */
	back = g->c->words - 1;
	store(g, LR, VCPU(user_access.back));
	store(g, rn, VCPU(user_access.address));
	if (!loads && rt)
		put(g, 0xe1a00000 | rt);		/* MOV r0, rt */
	load(g, 15, VCPU(user_access.access[vcpu_user_access(w)]));
	g->c->word[back] |= here(g) - (g->at->gate + 4 * back + 8);
	if (loads && rt)
		put(g, 0xe1a00000 | rt << 12);		/* MOV rt, r0 */
	if (rt)
		load(g, 0, VCPU(r[0]));
	if (w & 0xfff)					/* ADD or SUB rn, rn, #imm */
		put(g, (w & BIT(23) ? 0xe2800000 : 0xe2400000) | rn << 16 | rn << 12 | (w & 0xff));
	count(g, EXIT_SITE_USER_LS, LR);
	load_literal(g, g->at->site + 4);
	put_return(g);
	begin_trap(g, other, SITE_KIND_USER_LS, 0);
	put(g, w);
	end_trap(g);
	return rn < SP && rt < SP && (w & 0xfff) < 256;
}

/*
 * DACR, to be remembered: when that closes nothing that is open now, and it is the value that the host has ready for User mode, where the line
 * is about to go.
 */
static bool do_dacr_remember(struct gate *g, u32 w)
{
	load(g, LR, OPEN(dacr_real));
	put(g, 0xe1d00000 | LR << 16 | LR << 12 | RD(w));	/* BICS lr, lr, rt */
	load(g, LR, VCPU(cp15.dacr));
	put_eq(g, 0xe1500000 | LR << 16 | RD(w));		/* CMP lr, rt */
	leave_if(g, NE, g->i);
	store(g, RD(w), OPEN(dacr));
	g->dacr_known = true;
	return true;
}

static bool do_copy(struct gate *g, u32 w)
{
	put(g, w);
	return true;
}

static bool do_mov_sp(struct gate *g, u32 w)
{
	put(g, 0xe9cd2000);				/* STMIB sp, {sp}^ */
	load(g, RD(w), VCPU(r[1]));
	g->sp_reg = RD(w);
	g->sp_off = 0;
	return true;
}

static s32 ls_offset(u32 w)
{
	return w & BIT(23) ? (s32)(w & 0xfff) : -(s32)(w & 0xfff);
}

static bool do_ldr(struct gate *g, u32 w)
{
	if (!put_add(g, LR, RN(w), ls_offset(w)))
		return false;
	put_ldrt_lr(g, RD(w));
	return true;
}

/* LDR lr, [rn, #off] and the same with write-back: the guest's lr is owed, because MOVS pc, lr is what it is for. */
static bool do_ldr_lr(struct gate *g, u32 w)
{
	u32 rn = RN(w);

	if (!put_add(g, LR, rn, ls_offset(w)))
		return false;
	put_ldrt_lr(g, 0);
	store(g, 0, VCPU(gate_lr));
	g->owed |= GATE_OWES_LR;
	if (w & BIT(21)) {
		put_add(g, rn, rn, ls_offset(w));
		g->probed = rn;
		g->sp_off += rn == g->sp_reg ? (u32)ls_offset(w) : 0;
	}
	return true;
}

/*
 * TST, and a conditional branch that is not taken. With BNE, and an immediate that is not rotated, the flags are known: N and Z clear where it
 * is taken, Z alone set behind it, C and V as before.
 */
static bool do_test(struct gate *g, u32 w)
{
	u32 branch = g->i + 1 < g->at->insns ? g->at->insn[g->i + 1] : 0;

	if ((branch & 0x0f000000) != 0x0a000000 || branch >> 28 >= AL)
		return false;
	if (branch >> 28 != NE || w & 0xf00) {
		put_test(g, w);
		g->i++;
		leave_if(g, branch >> 28, g->i);
		return true;
	}
	put(g, w);
	g->i++;
	g->owed = (u8)((g->owed & ~GATE_OWES_FLAGS) | GATE_OWES_NONZERO);
	leave_if(g, NE, g->i);
	g->owed ^= GATE_OWES_NONZERO | GATE_OWES_ZERO;
	return true;
}

static bool do_msr_spsr(struct gate *g, u32 w)
{
	store(g, RM(w), OPEN(spsr));
	return true;
}

/* STREX where User mode was just found to have access */
static bool do_strex(struct gate *g, u32 w)
{
	put(g, w);
	return RN(w) == g->probed;
}

/* Where an instruction has registers, which are neither r0 nor above r12. */
#define AT(shift)	BIT(shift)

static const struct row {
	u32 mask, value;
	u32 registers;		/* AT() */
	bool (*make)(struct gate *g, u32 w);
} rows[] = {
	{ 0xffffffff, 0xe320f000, 0, do_copy },			/* NOP */
	{ 0xffffffff, 0xe1a00000, 0, do_copy },
	{ 0xfffffff0, 0xf57ff060, 0, do_copy },			/* ISB */
	{ 0xfffffff0, 0xf57ff040, 0, do_copy },			/* DSB */
	{ 0xffffffff, 0xf57ff01f, 0, do_copy },			/* CLREX */
	{ 0xffff0fff, 0xee0d0f70, AT(12), do_copy },		/* MCR TPIDRURO */
	{ 0xffff0fff, 0xee030f10, AT(12), do_dacr_remember },
	{ 0xffff0000, 0xe3a00000, AT(12), do_copy },		/* MOV rd, #imm */
	{ 0xffff0fff, 0xe1a0000d, AT(12), do_mov_sp },
	{ 0xff7ff000, 0xe51fe000, 0, NULL },			/* LDR lr, [pc] */
	{ 0xff50f000, 0xe510e000, AT(16), do_ldr_lr },		/* P = 1, W either */
	{ 0xff700000, 0xe5100000, AT(16) | AT(12), do_ldr },
	{ 0xfff0f000, 0xe3100000, AT(16), do_test },		/* TST rn, #imm */
	{ 0xfffffff0, 0xe16ff000, AT(0), do_msr_spsr },
	{ 0xfff00ff0, 0xe1800f90, AT(16) | AT(12) | AT(0), do_strex },
};

static bool registers_fit(u32 w, u32 registers)
{
	for (u32 shift = 0; shift <= 16; shift += 4) {
		u32 r = w >> shift & 0xf;

		if (registers & AT(shift) && (r == 0 || r >= SP))
			return false;
	}
	return true;
}

/* -- the exception return -- */

#define ADD_SP_MASK	0xffffff00u		/* ADD sp, sp, #imm8 */
#define ADD_SP		0xe28dd000u
#define MOVS_PC_LR	0xe1b0f00eu

/* LDMDB rn, {r0-lr}^ or {r1-lr}^; NOP; ADD sp, sp, #imm8; MOVS pc, lr at the instruction that is being done? */
static bool is_return(const struct gate *g)
{
	const u32 *w = g->at->insn + g->i;

	return g->i + 4 <= g->at->insns && (w[0] & 0xfff0fffe) == 0xe9507ffe && registers_fit(w[0], AT(16)) &&
	       (w[1] == 0xe1a00000 || w[1] == 0xe320f000) && (w[2] & ADD_SP_MASK) == ADD_SP && w[3] == MOVS_PC_LR;
}

/*
 * The LDM of @size bytes can be done, from the Supervisor mode's registers to User mode with nothing masked, and nothing else is to be done. Leaves
 * the SPSR in r0.
 */
static void return_check(struct gate *g, u32 rn, u32 size)
{
	put(g, 0xe3100003 | rn << 16);			/* TST rn, #3 */
	if (rn != g->probed) {
		put_add(g, LR, rn, -4);
		put_eq(g, 0xe4be0000);			/* LDRTEQ r0, [lr] */
	}
	put_add(g, LR, rn, -(s32)size);
	put_eq(g, 0xe4be0000);
	load(g, LR, VCPU(cpsr));
	load(g, 0, VCPU(return_mode));
	put_eq(g, 0xe1500d8e);				/* CMP r0, lr, LSL #27 */
	if (!g->dacr_known) {
		load(g, LR, OPEN(dacr));
		load(g, 0, VCPU(cp15.dacr));
		put_eq(g, 0xe15e0000);			/* CMP lr, r0 */
	}
	load(g, 0, OPEN(spsr));
	load_literal(g, 0x07f0ffdf);			/* all but flags, GE, T */
	put(g, 0xe00ee000);				/* AND lr, lr, r0 */
	put_eq(g, 0xe35e0000 | MODE_USR);		/* CMP lr, #MODE_USR */
	leave_if(g, NE, g->i);
}

_Static_assert(OPEN(dacr_real) == -16 && OPEN(psr_or) == -12 && OPEN(other_sp) == -8 && OPEN(other_lr) == -4, "put_open() stores them by one STMDB");

/*
 * What a system call finds in the open page: the DACR, A and F as User mode has them, the guest's sp + @imm, and its lr, which is left in lr. Registers
 * up to r12 but @rn are about to be loaded; with @rn, sp + @imm is made before it may be overwritten.
 */
static void put_open(struct gate *g, u32 rn, u32 imm)
{
	u32 first = rn > 3 ? 1 : 4, dacr = first, psr = first + 1, sp = first + 2;
	bool owed = g->owed & GATE_OWES_LR, known = owed && rn == g->sp_reg && put_add(g, sp, rn, (s32)(imm - g->sp_off));

	if (!known) {
		put(g, 0xe94d6000);			/* STMDB sp, {sp, lr}^ */
		load(g, sp, OPEN(other_sp));
		put_add(g, sp, sp, (s32)imm);
	}
	load(g, dacr, VCPU(dacr_entry));
	put(g, 0xe3a00000 | psr << 12 | MODE_SVC);	/* MOV psr, #MODE_SVC */
	load(g, LR, owed ? VCPU(gate_lr) : OPEN(other_lr));
	put(g, 0xe90d4000 | 1u << dacr | 1u << psr | 1u << sp);	/* STMDB sp, {dacr, psr, sp, lr} */
}

/* As inl_ldm_ret of window_inline.S. */
static void do_return(struct gate *g)
{
	u32 ldm = g->at->insn[g->i], rn = RN(ldm);

	return_check(g, rn, ldm & 1 ? 60 : 56);
	put(g, 0xe16ff000);				/* MSR SPSR_fsxc, r0 */
	store(g, 0, VCPU(cpsr));
	put_open(g, rn, g->at->insn[g->i + 2] & 0xff);
	put(g, 0xe3100020);				/* TST r0, #PSR_T */
	put_eq(g, 0xe3cee003);				/* BIC lr, lr, #3: else UNPREDICTABLE */
	store(g, LR, VCPU(r[15]));
	count(g, EXIT_SITE_RET, 0);
	if (!(ldm & 1))
		load(g, 0, VCPU(r[0]));
	put(g, ldm);
	put(g, NOP);
	load(g, 15, VCPU(to_user));			/* with the DACR of User mode nothing is executable here */
	g->i += 3;
}

/* -- the whole -- */

/* The guest gets what it is owed (rule 5). */
static void pay(struct gate *g, u8 owed)
{
	if (owed & GATE_OWES_FLAGS) {
		put(g, 0xe14fe000);			/* MRS lr, SPSR */
		put(g, 0xe3cee103);			/* BIC lr, lr, #0xc0000000 */
		if (owed & GATE_OWES_ZERO)
			put(g, 0xe38ee101);		/* ORR lr, lr, #0x40000000 */
		put(g, 0xe168f00e);			/* MSR SPSR_f, lr */
	}
	if (owed & GATE_OWES_LR) {
		load(g, 0, VCPU(gate_lr));
		store(g, 0, VCPU(r[1]));
		put(g, 0xe9dd4000);			/* LDMIB sp, {lr}^ */
		put(g, NOP);				/* no banked register access right after LDM^ (A8.8.59 note) */
	}
	load(g, 0, VCPU(r[0]));
}

/* The end of all branches that leave to the same as @k, if that is the first of them. */
static void put_end(struct gate *g, u32 k)
{
	for (u32 other = 0; other < g->leaves; other++) {
		if (g->leave[other].insn != g->leave[k].insn || g->leave[other].owed != g->leave[k].owed)
			continue;
		if (other < k)
			return;
		branch_here(g, g->leave[other].word);
	}
	g->i = g->leave[k].insn;
	pay(g, g->leave[k].owed);
	load_literal(g, g->at->site + 4 * g->leave[k].insn);
	put_return(g);
}

/* What is behind the last instruction: where branches leave, and literals. */
static void put_ends(struct gate *g)
{
	for (u32 k = 0; k < g->leaves; k++)
		put_end(g, k);
	for (u32 k = 0; k < g->literals; k++) {
		u32 w = g->literal[k].word;

		if ((here(g) + 4) % GATE_ALIGN == 0)
			put_raw(g, NOP);
		g->c->word[w] |= here(g) - (g->at->gate + 4 * w + 8);
		put_raw(g, g->literal[k].value);
	}
}

static const struct row *row_of(u32 w)
{
	for (u32 k = 0; k < ARRAY_SIZE(rows); k++)
		if ((w & rows[k].mask) == rows[k].value)
			return &rows[k];
	return NULL;
}

static void begin(struct gate *g, struct gate_code *c, const struct gate_at *at)
{
	*g = (struct gate){ .c = c, .at = at, .ok = true, .probed = 16, .sp_reg = 16 };
	c->words = 0;
	put_raw(g, UDF);
}

/* Up to an exception return. */
static bool make_line(struct gate *g)
{
	store(g, 0, VCPU(r[0]));
	for (; g->i < g->at->insns && g->i < GATE_INSNS; g->i++) {
		const struct row *row;

		if (is_return(g)) {
			do_return(g);
			g->c->insns = g->i + 1;
			put_ends(g);
			return g->ok;
		}
		row = row_of(g->at->insn[g->i]);
		if (RD(g->at->insn[g->i]) == g->sp_reg)
			g->sp_reg = 16;		/* perhaps written */
		if (RD(g->at->insn[g->i]) == g->probed)
			g->probed = 16;
		if (!row || !row->make || !registers_fit(g->at->insn[g->i], row->registers) || !row->make(g, g->at->insn[g->i]))
			return false;
	}
	return false;
}

/* What is done whatever the registers hold. */
static bool do_always(struct gate *g, u32 w, enum exit_cause cause)
{
	if ((w & 0xffff0fff) == ICIALLU)
		put(g, DSB);			/* as hot_iciallu */
	put(g, w);
	if ((w & 0xffff0fff) == ICIALLU)
		put(g, BPIALL);
	count(g, cause, LR);
	load_literal(g, g->at->site + 4);
	put_return(g);
	return RD(w) < SP;
}

/* One instruction, or one of the last turn of a loop. */
static bool make_single(struct gate *g)
{
	u32 w = (g->at->insn[0] & 0x0fffffff) | AL << 28;

	g->c->insns = 1;
	switch (w & 0xffff0fff) {
	case 0xee030f10:
		g->ok &= do_dacr(g, w);
		break;
	case 0xee070f3a:
	case 0xee070f3b:
		g->ok &= do_clean(g, w);
		break;
	case 0xee070f35:
		g->ok &= do_invalidate(g, w);
		break;
	case 0xeef80a10:			/* FPEXC */
	case 0xeee80a10:
	case 0xeef70a10:			/* MVFR0 */
		g->ok &= do_vfp(g, w);
		break;
	case 0xee0d0f70:			/* TPIDRURO */
		g->ok &= do_always(g, w, EXIT_CP15_THREAD);
		break;
	case ICIALLU:
	case BPIALL:
		g->ok &= do_always(g, w, EXIT_CP15_CACHE);
		break;
	default:				/* LDRT, STRT, LDRBT, STRBT */
		g->ok &= do_user_ls(g, w);
	}
	put_ends(g);
	return g->ok;
}

bool gate_make(struct gate_code *c, const struct gate_at *at)
{
	struct gate g;

	begin(&g, c, at);
	if (at->insn[0] >> 28 == AL && make_line(&g))
		return true;
	begin(&g, c, at);
	return make_single(&g);
}
