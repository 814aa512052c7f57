/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a line that does the guest's instructions in an exception, and where it leaves for the guest's own. */
#pragma once

#include "call_line.h"

#define EMIT_SP		13u
#define EMIT_LR		14u
#define EMIT_NOP	0xe320f000u
#define EMIT_NE		1u
#define EMIT_LEAVES	12u

/* Offsets from the sp of the exception, which is the vCPU page; the open page is right below it. */
#define EMIT_VCPU(field)	((s32)offsetof(struct vcpu, field))
#define EMIT_OPEN(field)	((s32)offsetof(struct vcpu_open, field) - (s32)sizeof(struct vcpu_open))

#define RN(w)	FIELD(w, 19, 16)
#define RD(w)	FIELD(w, 15, 12)
#define RM(w)	FIELD(w, 3, 0)

struct emitter {
	struct call_code *c;
	const struct call_at *at;
	u32 i;			/* the guest's instruction that is being done; all before that one are to be */
	bool ok;
	struct { u32 word, insn; bool branch; } leave[EMIT_LEAVES];	/* words that can abort, or branch */
	u32 leaves;
};

void emit_begin(struct emitter *e, struct call_code *c, const struct call_at *at);
void emit(struct emitter *e, u32 word);
/* One that can abort: then the guest goes on at the instruction that is being done. */
void emit_abortable(struct emitter *e, u32 word);
/* So it does on @cond. */
void emit_leave(struct emitter *e, u32 cond);
/* LDR and STR rt, [sp, #off] */
void emit_load(struct emitter *e, u32 rt, s32 off);
void emit_store(struct emitter *e, u32 rt, s32 off);
/* LDR lr, [sp, #off]; ADD; STR */
void emit_count(struct emitter *e, enum exit_cause cause, u32 r);
/* Where instruction @insn is. */
gva_t emit_address(const struct emitter *e, u32 insn);
/* After the last instruction: what the words that leave lead to, by @end, once for each instruction. */
void emit_ends(struct emitter *e, void (*end)(void *arg, u32 insn), void *arg);
