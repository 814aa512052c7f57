/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making abort lines (abort_line.h) of what a vector's line amounts to (vector_line.h).
 *
 * Rules.
 *  1 The first store is made with User permissions. It is the only word that may abort for another reason than memory that does not answer: the others
 *    are in the same page, and aligned. So all is done or nothing.
 *  2 Registers of the guest's change behind the last store; state that C knows of, behind that.
 *  3 Nothing is masked or unmasked but what the abort masks: whatever waits, waits on.
 */
#include "abort_line.h"

#include <arm/psr.h>

#include "line_emit.h"

#define SP		EMIT_SP
#define LR		EMIT_LR
#define VCPU(field)	EMIT_VCPU(field)
#define OPEN(field)	EMIT_OPEN(field)
#define R0		VCPU(scratch[3])
#define FSR		VCPU(scratch[5])

#define KEPT	(PSR_FLAGS | PSR_GE)	/* of the CPSR */

/* ADD or SUB rd, rn, #add; MOV where that is 0 */
static void emit_add(struct emitter *e, u32 rd, u32 rn, u32 add)
{
	bool sub = add >> 31;
	u32 imm = sub ? -add : add;

	e->ok &= imm < 256;
	if (imm)
		emit(e, (sub ? 0xe2400000 : 0xe2800000) | rn << 16 | rd << 12 | imm);
	else if (rd != rn)
		emit(e, 0xe1a00000 | rd << 12 | rn);
}

/* rd := @value, which is of before the line; lr is the mode's sp. */
static void emit_value(struct emitter *e, u32 rd, const struct vector_value *value)
{
	u32 from = rd;

	if (value->from == VECTOR_SPSR)
		emit(e, 0xe14f0000 | rd << 12);			/* MRS rd, SPSR */
	else if (value->from == LR)
		emit_load(e, rd, VCPU(r[15]));
	else if (value->from == SP)
		from = LR;
	else if (value->from)
		from = value->from;
	else
		emit_load(e, rd, R0);
	emit_add(e, rd, from, value->add);
}

/* A register that is @value: its own, or r0. */
static u32 emit_operand(struct emitter *e, const struct vector_value *value)
{
	if (value->from && value->from < SP && !value->add)
		return value->from;
	emit_value(e, 0, value);
	return 0;
}

/* The store at sp comes first (rule 1). */
static void put_stores(struct emitter *e, const struct vector_line *l)
{
	const struct vector_value *first = NULL;

	for (u32 k = 0; k < l->stores; k++)
		if (!l->store[k].to)
			first = &l->store[k];
	if (!first) {
		e->ok = false;
		return;
	}
	emit_load(e, LR, VCPU(bank_sp[BANK_ABT]));
	emit_load(e, 0, VCPU(abort.sp));
	emit(e, 0xe150000e);					/* CMP r0, lr */
	emit_leave(e, EMIT_NE);
	emit_abortable(e, 0xe4ae0000 | emit_operand(e, first) << 12);	/* STRT rt, [lr], #0 */
	for (u32 k = 0; k < l->stores; k++)
		if (l->store[k].to)
			emit(e, 0xe58e0000 | emit_operand(e, &l->store[k]) << 12 | 4 * l->store[k].to);	/* STR rt, [lr, #to] */
}

static void put_moves(struct emitter *e, const struct vector_line *l)
{
	for (u32 k = 0; k < l->moves; k++) {
		emit_value(e, l->move[k].to, &l->move[k]);
		if (!l->move[k].to)
			emit_store(e, 0, R0);
	}
}

/* MOVW rd, #imm */
static void emit_movw(struct emitter *e, u32 rd, u32 imm)
{
	emit(e, 0xe3000000 | (imm & 0xf000) << 4 | rd << 12 | (imm & 0xfff));
}

/* The CPSR that the line leaves; of the abort's mode it is the SPSR. The open page is in Supervisor mode. */
static void put_psr(struct emitter *e, const struct vector_line *l)
{
	u32 psr = (((MODE_ABT | PSR_I | PSR_A) & l->keep) ^ l->flip) & 0xffff;

	emit_movw(e, 0, psr);
	emit(e, 0xe14fe000);					/* MRS lr, SPSR */
	emit(e, 0xe680e01e);					/* PKHBT lr, r0, lr */
	emit_store(e, LR, VCPU(bank_spsr[BANK_ABT]));
	emit_store(e, 0, VCPU(cpsr));
	emit_store(e, 0, OPEN(mask));
	emit_movw(e, 0, psr & (PSR_MODE | PSR_A | PSR_F));
	emit_store(e, 0, OPEN(psr_or));
}

static void put_fault(struct emitter *e)
{
	emit_load(e, 0, FSR);
	emit_load(e, LR, VCPU(exit_dfar));
	emit_store(e, 0, VCPU(cp15.dfsr));
	emit_store(e, 0, OPEN(dfsr));
	emit_store(e, LR, VCPU(cp15.dfar));
	emit_store(e, LR, OPEN(dfar));
}

/* As a system call does it (window_inline.S), to address @handler. */
static void put_end(struct emitter *e, u32 handler)
{
	emit_load(e, LR, VCPU(hw_dacr_entry));
	emit_store(e, LR, VCPU(hw_dacr));
	emit_count(e, EXIT_DABT, LR);
	emit_movw(e, 0, HIDDEN_NONE);
	emit_store(e, 0, VCPU(hidden.pc));			/* progress_made() */
	emit_load(e, 0, OPEN(other_sp));
	emit_load(e, LR, OPEN(other_lr));
	emit_store(e, 0, VCPU(r[0]));
	emit_store(e, LR, VCPU(r[1]));
	emit(e, 0xe94d6000);					/* STMDB sp, {sp, lr}^: to other_sp, other_lr */
	emit(e, 0xe8dd6000);					/* LDMIA sp, {sp, lr}^ */
	emit(e, EMIT_NOP);					/* no banked register access right after LDM^ (A8.8.59 note) */
	emit(e, 0xe363f000 | MODE_USR);				/* MSR SPSR_xc: T, A, I, F clear; flags, GE stay */
	emit_load(e, 0, R0);
	emit(e, 0xe59fe004);					/* LDR lr, =handler */
	emit_store(e, LR, VCPU(bank_lr[BANK_ABT]));
	emit(e, 0xe1b0f00e);					/* MOVS pc, lr */
	emit(e, handler);
}

static void put_back(void *arg, u32 insn)
{
	(void)insn;
	emit_load(arg, 15, VCPU(abort.back));
}

bool abort_line_make(struct call_code *c, const struct vector_line *l)
{
	const u32 handler = l->table[MODE_USR % VECTOR_TABLE];
	struct emitter e;

	if (l->bank != BANK_ABT || handler & 3 || (KEPT & (l->flip | ~l->keep)))
		return false;
	emit_begin(&e, c, NULL);
	put_stores(&e, l);
	put_moves(&e, l);
	put_psr(&e, l);
	put_fault(&e);
	put_end(&e, handler);
	emit_ends(&e, put_back, &e);
	return e.ok;
}
