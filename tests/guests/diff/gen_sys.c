// SPDX-License-Identifier: GPL-2.0-or-later
/* Units that a hypervisor has to do something about: status registers, modes, banks, exceptions, coprocessors, maintenance. */
#include "diff.h"

#define NOP	0xe320f000u
#define ISB	0xf57ff06fu
#define DSB	0xf57ff04fu
#define SETEND_LE 0xf1010000u

static bool in_user(const struct gen *g)
{
	return g->modes & M_USR;
}

/* Whether a failed condition suppresses an Undefined exception is the implementation's choice: always, where there may be one. */
static u32 cond_if_defined(struct gen *g)
{
	return in_user(g) ? 0xe0000000u : gen_cond(g);
}

/* A PSR to go on with: any flags and masks, one of the modes of @set. */
static u32 psr_in(struct gen *g, u32 set)
{
	u32 psr = gen_rnd(g) & (PSR_NZCVQ | PSR_GE | PSR_A | PSR_I | PSR_F);

	return psr | (gen_one_in(g, 16) ? PSR_E : 0) | gen_mode(g, set);
}

#define PSR_RESERVED	0x00f00000u	/* should be zero in each write */

/* Any value that an SPSR may hold while it is only moved. */
static u32 psr_any(struct gen *g)
{
	return gen_rnd(g) & ~PSR_RESERVED;
}

/* The same as an immediate operand: 8 bits, rotated. */
static u32 psr_imm(struct gen *g)
{
	u32 w, n;

	do {
		w = gen_rnd(g) & 0xfff;
		n = w >> 8 << 1;
	} while ((((w & 0xff) >> n | (n ? w << (32 - n) : 0)) & PSR_RESERVED));
	return w;
}

static void went_to(struct gen *g, u32 mode, u32 word)
{
	g->modes = word >> 28 >= 14 ? gen_mode_bit(mode) : g->modes | gen_mode_bit(mode);
}

/* -- status registers -- */

/* User mode reads UNKNOWN for mode and masks (B9.3.8): they are cleared before anybody can see them. */
static void mrs_cpsr(struct gen *g)
{
	u32 rd = gen_reg(g), cond = gen_cond(g);

	emit(g, cond | 0x010f0000u | rd << 12);
	if (!in_user(g))
		return;
	emit(g, cond | 0x03c00d0fu | rd << 16 | rd << 12);		/* bic rd, rd, #0x3c0: E, A, I, F */
	emit(g, cond | 0x03c0001fu | rd << 16 | rd << 12);
}

static void mrs_spsr(struct gen *g)
{
	emit(g, gen_cond(g) | 0x014f0000u | gen_reg(g) << 12);
}

static void msr_spsr_imm(struct gen *g)
{
	emit(g, gen_cond(g) | 0x0360f000u | (1 + gen_below(g, 15)) << 16 | psr_imm(g));
}

static void msr_spsr_reg(struct gen *g)
{
	u32 r = gen_reg(g);

	emit_const(g, r, psr_any(g));
	emit(g, gen_cond(g) | 0x0160f000u | (gen_one_in(g, 2) ? 15 : 1 + gen_below(g, 15)) << 16 | r);
}

/* Not the control field: that one changes the mode. */
static void msr_flags(struct gen *g)
{
	u32 fields = 2 * (1 + gen_below(g, 7)), r = gen_reg(g);

	if (fields & 2 && !gen_one_in(g, 8))
		fields = 8;						/* E changes seldom */
	if (gen_one_in(g, 2)) {
		emit(g, gen_cond(g) | 0x0320f000u | fields << 16 | psr_imm(g));
		return;
	}
	if (fields & 4 || gen_one_in(g, 2))
		emit_const(g, r, psr_any(g));
	emit(g, gen_cond(g) | 0x0120f000u | fields << 16 | r);
}

static void msr_mode(struct gen *g)
{
	u32 mode = gen_mode(g, g->allowed), fields = 1 | (gen_below(g, 8) << 1), r = gen_low(g);
	u32 w = gen_cond(g) | 0x0120f000u | fields << 16;

	if (gen_one_in(g, 2)) {
		w |= 0x02000000u | mode | (gen_rnd(g) & (PSR_I | PSR_F));
	} else {
		emit_const(g, r, psr_in(g, gen_mode_bit(mode)));
		w |= r;
	}
	emit(g, w);
	if (!in_user(g))
		went_to(g, mode, w);
	else
		g->modes |= gen_mode_bit(mode) & (g->modes & ~M_USR ? M_ALL : 0);
}

/* As local_irq_restore() does it: the masks change, the mode stays. Not in User mode, where nobody may look at what MRS read. */
static void msr_masks(struct gen *g)
{
	u32 r = gen_reg(g);

	emit(g, 0xe10f0000u | r << 12);
	emit(g, (gen_one_in(g, 2) ? 0xe3800000u : 0xe3c00000u) | r << 16 | r << 12 | (1 + gen_below(g, 3)) << 6);
	emit(g, gen_cond(g) | 0x0121f000u | r);
}

static u32 masks_of_cps(struct gen *g)
{
	return (2 + gen_below(g, 2)) << 18 | (1 + gen_below(g, 7)) << 6;
}

static void cps_masks(struct gen *g)
{
	emit(g, 0xf1000000u | masks_of_cps(g));
}

static void cps_mode(struct gen *g)
{
	u32 mode = gen_mode(g, g->allowed);

	emit(g, 0xf1020000u | mode | (gen_one_in(g, 2) ? masks_of_cps(g) : 0));
	if (!in_user(g))
		went_to(g, mode, 0xe0000000u);
	else
		g->modes |= g->modes & ~M_USR ? gen_mode_bit(mode) : 0;
}

/* From wherever this is, to one known mode: the handler's doing. */
static void svc_mode(struct gen *g)
{
	u32 mode = gen_mode(g, g->allowed);

	emit(g, 0xef000000u | SVC_MODE | mode);
	g->modes = gen_mode_bit(mode);
}

u32 gen_harmless(struct gen *g)
{
	static const u32 reads[] = {
		0x0e1d0f50, 0x0e1d0f70,		/* TPIDRURW, TPIDRURO */
		0x0e1d0f90, 0x0e130f10, 0x0e150f10, 0x0e160f10, 0x0e110f10, 0x0e100f10,	/* TPIDRPRW DACR DFSR DFAR SCTLR MIDR */
	};

	switch (gen_below(g, in_user(g) ? 3 : g->modes & ~M_BANKED ? 6 : 7)) {
	case 0: return gen_plain(g);
	case 1: return gen_cond(g) | 0x0328f000u | (gen_rnd(g) & 0xfff);	/* msr cpsr_f, #imm */
	case 2: return gen_cond(g) | reads[gen_below(g, 2)] | gen_reg(g) << 12;
	case 3: return gen_cond(g) | 0x010f0000u | gen_reg(g) << 12;
	case 4: return 0xf1000000u | masks_of_cps(g);
	case 5: return gen_cond(g) | reads[gen_below(g, ARRAY_SIZE(reads))] | gen_reg(g) << 12;
	default: return gen_cond(g) | 0x014f0000u | gen_reg(g) << 12;
	}
}

/* -- banks and exception returns -- */

/* Base register of a transfer that goes well, or (*@faults) perhaps not. */
static u32 base_for(struct gen *g, bool *faults)
{
	static const u32 bad[] = { VA_RO + WINDOW, VA_PRIV + WINDOW, VA_NOWHERE + WINDOW, VA_DATA + WINDOW + 0xf8, VA_DOMAIN + WINDOW };
	u32 r = gen_low(g);

	*faults = gen_one_in(g, 10);
	emit_const(g, r, *faults ? bad[gen_below(g, ARRAY_SIZE(bad))] : VA_DATA + WINDOW - 0x40 + 4 * gen_below(g, 32));
	return r;
}

static void stm_user(struct gen *g)
{
	bool faults;
	u32 base = base_for(g, &faults), l = gen_rnd(g) >> 8 & (gen_one_in(g, 8) ? 0xffff : 0x7fff);

	emit(g, gen_cond(g) | 0x08400000u | (gen_rnd(g) & 0x01800000u) | base << 16 | (l ? l : 0x6000));
}

static void ldm_user(struct gen *g)
{
	bool faults;
	u32 base = base_for(g, &faults), l = gen_rnd(g) >> 8 & (faults ? 0x3f : 0x7f3f);

	emit(g, gen_cond(g) | 0x08500000u | (gen_rnd(g) & 0x01800000u) | base << 16 | (l ? l : 1));
	emit(g, NOP);		/* ARMv6 does not allow a banked register here */
}

/* What a kernel keeps of User mode, below @base: all that User mode sees, then some other values, and r6 and r7 as they must be. */
static void save_user(struct gen *g, u32 base)
{
	u32 r = gen_low(g);

	emit(g, 0xe9400000u | base << 16 | 0x7fff);			/* stmdb base, {r0-lr}^ */
	for (u32 n = gen_below(g, 3); n; n--) {
		u32 slot = 1 + gen_below(g, 7);				/* r8-r14 */

		emit(g, 0xe5000000u | base << 16 | r << 12 | 4 * slot);
	}
}

#define LDM_USER_R0(base)	(0xe9500000u | (base) << 16 | 0x7fff)
#define LDM_USER_R1(base)	(0xe9500000u | (base) << 16 | 0x7ffe)

/* The forms that kernels use: {sp, lr} stored, all registers loaded. */
static void kernel_banks(struct gen *g)
{
	u32 base = gen_low(g);

	emit_const(g, base, VA_DATA + WINDOW + 4 * gen_below(g, 16));
	if (gen_one_in(g, 3)) {
		emit(g, gen_cond(g) | 0x09406000u | base << 16);
		return;
	}
	save_user(g, base);
	emit(g, (gen_one_in(g, 2) ? LDM_USER_R0(base) : LDM_USER_R1(base)));
	emit(g, NOP);
}

/* Stores return state on the stack of a mode that has one; User mode's r13 may lead anywhere. */
static void srs(struct gen *g)
{
	u32 mode = gen_mode(g, g->allowed & M_BANKED);

	emit(g, 0xf84d0500u | (gen_rnd(g) & 0x01a00000u) | mode);
}

/* A value of register operand 2 that gives @v: @v by itself, or rotated. */
static u32 operand_for(struct gen *g, u32 v, u32 *shift)
{
	u32 n = gen_one_in(g, 2) ? 0 : 1 + gen_below(g, 31);

	*shift = n ? n << 7 | 3 << 5 : 0;
	return n ? v << n | v >> (32 - n) : v;
}

/*
 * SUBS and MOVS with Rd = pc (B9.3.20), with operands that give @target. The other operations are deprecated there, and QEMU's processor
 * does not restore the CPSR for them. Words: 4.
 */
static void alu_return(struct gen *g, u32 target, u32 cond)
{
	u32 a = gen_low(g), b = gen_low_but(g, a), imm = gen_rnd(g) & 0xff, shift;

	switch (gen_below(g, 4)) {
	case 0:
		emit_const(g, a, target + imm);
		emit(g, NOP);
		emit(g, cond | 0x0250f000u | a << 16 | imm);		/* subs pc, a, #imm */
		break;
	case 1:
		emit_const(g, a, target + imm);
		emit(g, 0xe3a00000u | b << 12 | imm);
		emit(g, cond | 0x0050f000u | a << 16 | b);		/* subs pc, a, b */
		break;
	case 2:
		emit_const(g, a, target + 4 * imm);
		emit(g, 0xe3a00000u | b << 12 | imm);
		emit(g, cond | 0x0050f100u | a << 16 | b);		/* subs pc, a, b, lsl #2 */
		break;
	default:
		emit_const(g, b, operand_for(g, target, &shift));
		emit(g, NOP);
		emit(g, cond | 0x01b0f000u | shift | b);		/* movs pc, b, ror #n */
	}
}

/* str rd, [base, #at] */
static void store_at(struct gen *g, u32 rd, u32 base, u32 at)
{
	emit(g, 0xe5000000u | base << 16 | rd << 12 | ((int)at < 0 ? 0u - at : 0x00800000u | at));
}

/* LDM with the pc and ^: the target is the last word. Words: 6. */
static void ldm_return(struct gen *g, u32 target, u32 cond)
{
	u32 base = gen_low(g), value = gen_low_but(g, base), l = gen_rnd(g) >> 8 & 0x5f3fu & ~(1u << base);
	u32 n = (u32)__builtin_popcount(l) + 1, w = gen_rnd(g) & 0x01a00000u, at;

	/* from base: IA 4 * (n - 1), IB 4 * n, DA 0, DB -4 */
	at = w & 0x00800000u ? 4 * (n - 1) + (w & 0x01000000u ? 4 : 0) : w & 0x01000000u ? 0u - 4 : 0;
	emit_const(g, base, VA_DATA + WINDOW);
	emit_const(g, value, target);
	store_at(g, value, base, at);
	emit(g, cond | 0x08508000u | w | base << 16 | l);
}

/* RFE, all forms. Words: 9. */
static void rfe_return(struct gen *g, u32 target, u32 psr)
{
	static const struct {
		u32 word, pc_at;	/* relative to the base */
	} forms[] = { { 0xf8100a00, 0u - 4 }, { 0xf8900a00, 0 }, { 0xf9100a00, 0u - 8 }, { 0xf9900a00, 4 } };	/* DA IA DB IB */
	u32 k = gen_below(g, 4), base = gen_low(g), value = gen_low_but(g, base);

	emit_const(g, base, VA_DATA + WINDOW);
	emit_const(g, value, target);
	store_at(g, value, base, forms[k].pc_at);
	emit_const(g, value, psr);
	store_at(g, value, base, forms[k].pc_at + 4);
	emit(g, forms[k].word | (gen_rnd(g) & 0x00200000u) | base << 16);
}

#define ALU_WORDS	4u
#define LDM_WORDS	6u
#define RFE_WORDS	9u
#define SPSR_WORDS	3u

static void spsr_const(struct gen *g, u32 psr)
{
	u32 r = gen_low(g);

	emit_const(g, r, psr);
	emit(g, 0xe16ff000u | r);
}

/* Return from here to @target, or to what follows if it is 0, with @psr; @cond may let it not happen. Needs an SPSR. */
static void return_to(struct gen *g, u32 target, u32 psr, u32 cond)
{
	u32 here = gen_here(g), after;

	switch (gen_below(g, 4)) {
	case 0:
		after = here + 4 * (SPSR_WORDS + 3);
		spsr_const(g, psr);
		emit_const(g, 14, target ? target : after);
		emit(g, cond | 0x01b0f00eu);				/* movs pc, lr */
		break;
	case 1:
		after = here + 4 * (SPSR_WORDS + ALU_WORDS);
		spsr_const(g, psr);
		alu_return(g, target ? target : after, cond);
		break;
	case 2:
		after = here + 4 * (SPSR_WORDS + LDM_WORDS);
		spsr_const(g, psr);
		ldm_return(g, target ? target : after, cond);
		break;
	default:
		rfe_return(g, target ? target : here + 4 * RFE_WORDS, psr);
	}
}

/* The usual one, and what a linker register's use looks like. */
static void plain_return(struct gen *g, u32 psr)
{
	bool subs = gen_one_in(g, 2);

	spsr_const(g, psr);
	emit(g, 0xe28fe000u | (subs ? 4 : 0));				/* add lr, pc, #: behind the return */
	emit(g, subs ? 0xe25ef004u : 0xe1b0f00eu);
}

static void exception_return(struct gen *g)
{
	u32 psr = psr_in(g, g->allowed), cond = gen_one_in(g, 4) ? gen_cond_no_pointer(g) : 0xe0000000u;

	if (gen_one_in(g, 3)) {
		plain_return(g, psr);
	} else {
		return_to(g, 0, psr, cond);
	}
	went_to(g, psr & PSR_MODE, g->word[g->nr - 1]);
}

/* System mode has no SPSR, but RFE. */
static void rfe_from_system(struct gen *g)
{
	u32 psr = psr_in(g, g->allowed);

	rfe_return(g, gen_here(g) + 4 * RFE_WORDS, psr);
	went_to(g, psr & PSR_MODE, 0xe0000000u);
}

/* To the User mode part and back: what a kernel does all the time. */
static void trip_to_user(struct gen *g)
{
	u32 psr = psr_in(g, M_USR) & ~(u32)PSR_E;
	u32 at = g->nr;

	emit(g, NOP);							/* r6: where to go on */
	return_to(g, g->b->stub_va, psr, 0xe0000000u);
	g->word[at] = 0xe28f6000u | 4 * (g->nr - at - 2);
	g->modes = gen_mode_bit(g->b->back_mode);
}

/* The same as kernels do it: all registers from the stack, the stack given back, and off. */
static void kernel_exit(struct gen *g)
{
	u32 psr = psr_in(g, M_USR) & ~(u32)PSR_E, at;

	emit(g, 0xe287d000u | 4 * gen_below(g, 32));			/* add sp, r7, # */
	spsr_const(g, psr);
	at = g->nr;
	emit(g, NOP);							/* r6: where to go on */
	emit_const(g, 14, g->b->stub_va);
	save_user(g, 13);
	emit(g, (gen_one_in(g, 2) ? LDM_USER_R0(13) : LDM_USER_R1(13)));
	emit(g, gen_one_in(g, 2) ? NOP : 0xe1a00000u);
	emit(g, 0xe28dd000u | 4 * gen_below(g, 20));			/* add sp, sp, # */
	emit(g, 0xe1b0f00eu);
	g->word[at] = 0xe28f6000u | 4 * (g->nr - at - 2);
	g->modes = gen_mode_bit(g->b->back_mode);
}

static u32 thumb_address(struct gen *g, u32 modes)
{
	return (modes & M_USR ? VA_THUMB_USER : VA_THUMB) + 2 * gen_below(g, 0x400);
}

/* Thumb code is not this guest's subject, but going there is: BKPTs wait, and the handler goes on where r5 says. */
static void trip_to_thumb(struct gen *g)
{
	u32 it = gen_below(g, 16), psr = psr_in(g, g->allowed) | PSR_T, mode = psr & PSR_MODE, at = g->nr, r = 1 + gen_below(g, 4);

	if (it & 7 && gen_one_in(g, 2))		/* ITSTATE 7:4 a condition but never, 3:0 the length */
		psr |= gen_below(g, 14) << 12 | (it & 0xc) << 8 | (it & 3) << 25;
	emit(g, NOP);
	if (g->modes & ~M_BANKED) {
		emit_const(g, r, thumb_address(g, g->modes) + 1);
		emit(g, 0xe12fff10u | r);
	} else {
		emit_const(g, r, psr);
		emit(g, 0xe16ff000u | r);
		emit_const(g, 14, thumb_address(g, gen_mode_bit(mode)));
		emit(g, 0xe1b0f00eu);
		g->modes = gen_mode_bit(mode);
	}
	g->word[at] = 0xe28f5000u | 4 * (g->nr - at - 2);
}

/* -- exceptions -- */

/* Any number but those that the handler knows, with bit 23 or without it, which is that of trapping words (arm/site.h). */
static void svc(struct gen *g)
{
	emit(g, 0x0f000000u | (gen_rnd(g) & 0xff0fffu) | gen_cond(g));
}

static void undefined(struct gen *g)
{
	static const u32 words[] = {
		0xe7f000f0, 0xe7f123f4, 0xee000310, 0xee100310, 0xee000300, 0xed900300, 0xec400300, 0xfe000f10, 0xe1400070, 0xec510f00,
		0xe7ffffff, 0xec400f00,
	};

	emit(g, words[gen_below(g, ARRAY_SIZE(words))]);
}

static void breakpoint(struct gen *g)
{
	emit(g, 0xe1200070u | (gen_rnd(g) & 0xfff0fu));
}

/* A branch to where no instruction can be fetched; the handler goes on where r5 says. */
static void fetch_abort(struct gen *g)
{
	static const u32 nowhere[] = { VA_NOWHERE + 0x104, VA_DATA + WINDOW, VA_RO, VA_KERNEL };
	u32 r = gen_below(g, 5), n = g->modes == M_USR ? 4 : 3;

	emit(g, 0xe28f5000u | 8);
	emit_const(g, r, nowhere[gen_below(g, n)]);
	emit(g, 0xe12fff10u | r);
}

/* -- interrupts: raised while masked, taken by whatever unmasks them -- */

#define INTC_ISR_SET0	0x90u

static void raise(struct gen *g)
{
	u32 a = gen_low(g), b = gen_low_but(g, a), lines = (1 + gen_below(g, 3)) << LINE_IRQ;

	emit(g, 0xf10c00c0u);						/* cpsid if */
	emit(g, SETEND_LE);
	emit_const(g, a, VA_INTC + INTC_ISR_SET0);
	emit(g, 0xe3a00000u | b << 12 | lines);
	emit(g, 0xe5800000u | a << 16 | b << 12);
	emit(g, DSB);
	g->b->raises = true;
}

static void raise_and_take(struct gen *g)
{
	raise(g);
	emit(g, 0xf1080000u | (1 + gen_below(g, 3)) << 6);		/* cpsie */
}

static void raise_and_wait(struct gen *g)
{
	raise(g);
	emit(g, 0x0320f003u | gen_cond(g));
}

/* -- coprocessors -- */

enum cp_kind {
	READ,
	WRITE,		/* any value */
	ZERO,		/* the value should be zero */
	SAME,		/* the value read before */
	ADDRESS,	/* of a page that is mapped */
	TRANSLATE,	/* any address */
	LIST,		/* one of the values in @arg */
};

#define CP15(op1, crn, crm, op2) (0x0e000f10u | (u32)(op1) << 21 | (u32)(crn) << 16 | (op2) << 5 | (crm))
#define L_BIT	0x00100000u

static const u32 values_csselr[] = { 3, 0, 1, 2 };
static const u32 values_dacr[] = { 6, 1, 5, 13, 0x55555555, 0x55555551, 0x40000005 };
static const u32 values_cpacr[] = { 4, 0, 0x00500000, 0x00f00000, 0x00f00000 };
static const u32 values_asid[] = { 3, 0, 1, 0x77 };

static const struct cp_row {
	u32 word;
	enum cp_kind kind;
	const u32 *arg;
} cp_rows[] = {
	{ CP15(0, 0, 0, 0), READ, NULL },		/* MIDR */
	{ CP15(0, 0, 0, 1), READ, NULL },		/* CTR */
	{ CP15(0, 0, 0, 5), READ, NULL },		/* MPIDR */
	{ CP15(0, 0, 1, 1), READ, NULL },		/* ID_PFR1 */
	{ CP15(0, 0, 1, 4), READ, NULL },		/* ID_MMFR0 */
	{ CP15(0, 0, 1, 7), READ, NULL },		/* ID_MMFR3 */
	{ CP15(0, 0, 2, 0), READ, NULL },		/* ID_ISAR0 */
	{ CP15(0, 0, 2, 4), READ, NULL },		/* ID_ISAR4 */
	{ CP15(1, 0, 0, 0), READ, NULL },		/* CCSIDR */
	{ CP15(1, 0, 0, 1), READ, NULL },		/* CLIDR */
	{ CP15(2, 0, 0, 0), READ, NULL },		/* CSSELR */
	{ CP15(2, 0, 0, 0), LIST, values_csselr },
	{ CP15(0, 1, 0, 0), READ, NULL },		/* SCTLR */
	{ CP15(0, 1, 0, 0), SAME, NULL },
	{ CP15(0, 1, 0, 2), READ, NULL },		/* CPACR */
	{ CP15(0, 1, 0, 2), LIST, values_cpacr },
	{ CP15(0, 2, 0, 0), READ, NULL },		/* TTBR0 */
	{ CP15(0, 2, 0, 0), SAME, NULL },
	{ CP15(0, 2, 0, 1), READ, NULL },		/* TTBR1 */
	{ CP15(0, 2, 0, 2), READ, NULL },		/* TTBCR */
	{ CP15(0, 2, 0, 2), SAME, NULL },
	{ CP15(0, 3, 0, 0), READ, NULL },		/* DACR */
	{ CP15(0, 3, 0, 0), LIST, values_dacr },
	{ CP15(0, 3, 0, 0), LIST, values_dacr },
	{ CP15(0, 3, 0, 0), SAME, NULL },
	{ CP15(0, 5, 0, 0), READ, NULL },		/* DFSR */
	{ CP15(0, 5, 0, 0), WRITE, NULL },
	{ CP15(0, 5, 0, 1), READ, NULL },		/* IFSR */
	{ CP15(0, 5, 0, 1), WRITE, NULL },
	{ CP15(0, 6, 0, 0), READ, NULL },		/* DFAR */
	{ CP15(0, 6, 0, 0), WRITE, NULL },
	{ CP15(0, 6, 0, 2), READ, NULL },		/* IFAR */
	{ CP15(0, 6, 0, 2), WRITE, NULL },
	{ CP15(0, 7, 4, 0), READ, NULL },		/* PAR */
	{ CP15(0, 7, 5, 0), ZERO, NULL },		/* ICIALLU */
	{ CP15(0, 7, 5, 1), ADDRESS, NULL },		/* ICIMVAU */
	{ CP15(0, 7, 5, 4), ZERO, NULL },		/* CP15ISB */
	{ CP15(0, 7, 5, 6), ZERO, NULL },		/* BPIALL */
	{ CP15(0, 7, 5, 7), ADDRESS, NULL },		/* BPIMVA */
	{ CP15(0, 7, 8, 0), TRANSLATE, NULL },		/* ATS1CPR ATS1CPW ATS1CUR ATS1CUW */
	{ CP15(0, 7, 8, 1), TRANSLATE, NULL },
	{ CP15(0, 7, 8, 2), TRANSLATE, NULL },
	{ CP15(0, 7, 8, 3), TRANSLATE, NULL },
	{ CP15(0, 7, 10, 1), ADDRESS, NULL },		/* DCCMVAC */
	{ CP15(0, 7, 10, 4), ZERO, NULL },		/* CP15DSB */
	{ CP15(0, 7, 10, 5), ZERO, NULL },		/* CP15DMB */
	{ CP15(0, 7, 11, 1), ADDRESS, NULL },		/* DCCMVAU */
	{ CP15(0, 7, 14, 1), ADDRESS, NULL },		/* DCCIMVAC */
	{ CP15(0, 8, 5, 0), ZERO, NULL },		/* ITLBIALL */
	{ CP15(0, 8, 6, 1), ADDRESS, NULL },		/* DTLBIMVA */
	{ CP15(0, 8, 6, 2), LIST, values_asid },	/* DTLBIASID */
	{ CP15(0, 8, 7, 0), ZERO, NULL },		/* TLBIALL */
	{ CP15(0, 8, 7, 1), ADDRESS, NULL },		/* TLBIMVA */
	{ CP15(0, 8, 7, 2), LIST, values_asid },	/* TLBIASID */
	{ CP15(0, 10, 2, 0), READ, NULL },		/* PRRR */
	{ CP15(0, 10, 2, 1), READ, NULL },		/* NMRR */
	{ CP15(0, 12, 0, 0), READ, NULL },		/* VBAR */
	{ CP15(0, 12, 0, 0), SAME, NULL },
	{ CP15(0, 13, 0, 1), READ, NULL },		/* CONTEXTIDR */
	{ CP15(0, 13, 0, 1), WRITE, NULL },
	{ CP15(0, 13, 0, 2), READ, NULL },		/* TPIDRURW */
	{ CP15(0, 13, 0, 2), WRITE, NULL },
	{ CP15(0, 13, 0, 3), READ, NULL },		/* TPIDRURO */
	{ CP15(0, 13, 0, 3), WRITE, NULL },
	{ CP15(0, 13, 0, 4), READ, NULL },		/* TPIDRPRW */
	{ CP15(0, 13, 0, 4), WRITE, NULL },
};

static u32 mapped_address(struct gen *g)
{
	static const u32 at[] = { VA_DATA, VA_RO, VA_PRIV, VA_DATA, VA_USER };

	return at[gen_below(g, ARRAY_SIZE(at))] + (gen_rnd(g) & 0xfc0);
}

static u32 any_address(struct gen *g)
{
	static const u32 at[] = { VA_DATA, VA_RO, VA_PRIV, VA_DOMAIN, VA_NOWHERE, VA_KERNEL, VA_ANY };

	return at[gen_below(g, ARRAY_SIZE(at))] + (gen_rnd(g) & 0xfff);
}

static u32 cp_value(struct gen *g, const struct cp_row *row)
{
	switch (row->kind) {
	case WRITE: return gen_rnd(g);
	case ADDRESS: return mapped_address(g);
	case TRANSLATE: return any_address(g);
	case LIST: return row->arg[1 + gen_below(g, row->arg[0])];
	default: return 0;
	}
}

static void cp15(struct gen *g)
{
	const struct cp_row *row = &cp_rows[gen_below(g, ARRAY_SIZE(cp_rows))];
	u32 rt = gen_reg(g), cond = cond_if_defined(g);

	if (row->kind == READ) {
		emit(g, cond | row->word | L_BIT | (gen_one_in(g, 16) && !in_user(g) ? 15 : rt) << 12);
		return;
	}
	if (row->kind == SAME) {
		emit(g, cond | row->word | L_BIT | rt << 12);
		if (in_user(g))
			return;			/* Undefined: there is no value */
	} else {
		emit_const(g, rt, cp_value(g, row));
	}
	emit(g, cond | row->word | rt << 12);
	emit(g, ISB);
}

/* Cache and TLB operations over a range, in the two forms of Linux: up to an end, and as long as something is left. */
static void maintenance_loop(struct gen *g)
{
	static const u32 ops[] = {
		CP15(0, 7, 10, 1), CP15(0, 7, 11, 1), CP15(0, 7, 14, 1), CP15(0, 7, 5, 1), CP15(0, 8, 7, 1), CP15(0, 8, 6, 1),
	};
	u32 k = gen_below(g, ARRAY_SIZE(ops)), a = gen_low(g), b = gen_low_but(g, a), c, step = k < 4 ? 32u << gen_below(g, 3) : 0x1000;
	u32 size = (1 + gen_below(g, 3 * (k < 4 ? 32 : 2))) * step, imm = k < 4 ? step : 0xa01;		/* 0xa01: 0x1000 */
	bool reg = gen_one_in(g, 3);

	do
		c = gen_low(g);
	while (c == a || c == b);
	if (size > 0x2000 && k < 4)
		size = 0x2000;
	emit_const(g, a, VA_DATA + (gen_rnd(g) & 0xfff));
	if (reg)
		emit_const(g, c, step);
	if (gen_one_in(g, 2)) {
		emit_const(g, b, VA_DATA + size);
		emit(g, 0xe0000000u | ops[k] | a << 12);
		emit(g, (reg ? 0xe0800000u | c : 0xe2800000u | imm) | a << 16 | a << 12);
		emit(g, 0xe1500000u | a << 16 | b);
		emit(g, 0x3afffffbu);
	} else {
		emit_const(g, b, size);
		emit(g, 0xe0000000u | ops[k] | a << 12);
		emit(g, (reg ? 0xe0800000u | c : 0xe2800000u | imm) | a << 16 | a << 12);
		emit(g, (reg ? 0xe0500000u | c : 0xe2500000u | imm) | b << 16 | b << 12);
		emit(g, 0x8afffffbu);
	}
	emit(g, DSB);
	emit(g, ISB);
}

/* ISR shows what is pending. */
static void isr(struct gen *g)
{
	emit(g, cond_if_defined(g) | CP15(0, 12, 1, 0) | L_BIT | gen_reg(g) << 12);
}

static void vfp_system(struct gen *g)
{
	static const u32 read[] = { 0x0ef10a10, 0x0ef10a10, 0x0ef80a10, 0x0ef80a10, 0x0ef00a10, 0x0ef70a10, 0x0ef60a10 };
	u32 rt = gen_reg(g), rnd = gen_rnd(g);

	switch (gen_below(g, 4)) {
	case 0:
		emit(g, 0xe0000000u | read[gen_below(g, ARRAY_SIZE(read))] | rt << 12);
		break;
	case 1:
		emit(g, 0xeef1fa10u);					/* vmrs apsr_nzcv, fpscr */
		break;
	case 2:
		emit_const(g, rt, rnd & 0xffc0009fu);
		emit(g, 0xeee10a10u | rt << 12);
		break;
	default:
		emit_const(g, rt, gen_below(g, 3) ? 0x40000000 : 0);
		emit(g, 0xeee80a10u | rt << 12);
		emit(g, ISB);
	}
}

static void vfp_data(struct gen *g)
{
	static const u32 ops[] = { 0x0e300a00, 0x0e300a40, 0x0e200a00, 0x0eb00a40 };	/* VADD VSUB VMUL VMOV */
	u32 base = gen_low(g), op = gen_below(g, 4);

	switch (gen_below(g, 4)) {
	case 0:		/* single registers s0-s7 */
		emit(g, 0xe0000000u | ops[op] | (gen_rnd(g) & (op == 3 ? 0x004030a3u : 0x004330a3u)));
		break;
	case 1:		/* between s0-s7 and a core register */
		emit(g, 0xee000a10u | (gen_rnd(g) & 0x00130080u) | gen_reg(g) << 12);
		break;
	case 2:		/* Advanced SIMD on d0-d3: vadd.i32, vst1, vld1 */
		emit_const(g, base, VA_DATA + WINDOW);
		emit(g, 0xf2200800u | (gen_rnd(g) & 0x00033003u));
		emit(g, 0xf400078fu | (gen_rnd(g) & 0x00203000u) | base << 16);
		break;
	default:
		emit_const(g, base, VA_DATA + WINDOW);
		emit(g, 0xed800a00u | (gen_rnd(g) & 0x00503007u) | base << 16);	/* vldr, vstr */
	}
}

/* -- self-modifying code -- */

static void self_modifying(struct gen *g)
{
	u32 r = gen_low(g), at = gen_low_but(g, r), w = gen_harmless(g);

	emit(g, SETEND_LE);
	emit_const(g, r, w);
	emit(g, 0xe28f0000u | at << 12 | 6 * 4);		/* add at, pc, #: the last word */
	emit(g, 0xe5800000u | at << 16 | r << 12);
	emit(g, 0xe0000000u | CP15(0, 7, 11, 1) | at << 12);
	emit(g, DSB);
	emit(g, 0xe0000000u | CP15(0, 7, 5, 1) | at << 12);
	emit(g, 0xe0000000u | CP15(0, 7, 5, 6) | at << 12);
	emit(g, DSB);
	emit(g, ISB);
	emit(g, gen_harmless(g));
}

const struct unit_row units_sys[] = {
	{ mrs_cpsr, 8, M_ALL, ANYWHERE },
	{ mrs_spsr, 8, M_BANKED, ANYWHERE },
	{ msr_spsr_imm, 4, M_BANKED, ANYWHERE },
	{ msr_spsr_reg, 6, M_BANKED, ANYWHERE },
	{ msr_flags, 6, M_ALL, ANYWHERE },
	{ msr_mode, 10, M_ALL, ANYWHERE },
	{ msr_masks, 6, M_PRIV, ANYWHERE },
	{ cps_masks, 8, M_ALL, ANYWHERE },
	{ cps_mode, 10, M_ALL, ANYWHERE },
	{ svc_mode, 4, M_ALL, IN_BLOCK },
	{ stm_user, 6, M_BANKED, IN_BLOCK },
	{ ldm_user, 6, M_BANKED, IN_BLOCK },
	{ srs, 6, M_BANKED, IN_BLOCK },
	{ exception_return, 12, M_BANKED, IN_BLOCK },
	{ rfe_from_system, 6, M_SYS, IN_BLOCK },
	{ kernel_banks, 5, M_BANKED, IN_BLOCK },
	{ trip_to_user, 10, M_BANKED, IN_BLOCK },
	{ kernel_exit, 6, M_BANKED, IN_BLOCK },
	{ trip_to_thumb, 2, M_ALL, ANYWHERE },
	{ svc, 6, M_ALL, ANYWHERE },
	{ undefined, 3, M_ALL, ANYWHERE },
	{ breakpoint, 2, M_ALL, ANYWHERE },
	{ fetch_abort, 3, M_ALL, ANYWHERE },
	{ raise, 5, M_PRIV, IN_BLOCK | NO_TIMER },
	{ raise_and_take, 5, M_PRIV, IN_BLOCK | NO_TIMER },
	{ raise_and_wait, 2, M_PRIV, IN_BLOCK | NO_TIMER },
	{ cp15, 20, M_ALL, ANYWHERE },
	{ maintenance_loop, 3, M_PRIV, IN_BLOCK },
	{ isr, 2, M_ALL, ANYWHERE | NO_TIMER },
	{ vfp_system, 4, M_ALL, ANYWHERE },
	{ vfp_data, 4, M_ALL, ANYWHERE },
	{ self_modifying, 1, M_PRIV, IN_BLOCK },
	{ NULL, 0, 0, 0 },
};
