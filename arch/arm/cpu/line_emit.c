// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of a line that does the guest's instructions in an exception, and where it leaves for the guest's own. */
#include <arm/vcpu.h>

#include "line_emit.h"

void emit_begin(struct emitter *e, struct call_code *c, const struct call_at *at)
{
	*e = (struct emitter){ .c = c, .at = at, .ok = true };
	c->words = 0;
}

void emit(struct emitter *e, u32 word)
{
	if (e->c->words == CALL_WORDS) {
		e->ok = false;
		return;
	}
	e->c->fixup[e->c->words] = 0;
	e->c->word[e->c->words++] = word;
}

static void leave(struct emitter *e, u32 word, bool branch)
{
	if (e->leaves == EMIT_LEAVES) {
		e->ok = false;
		return;
	}
	e->leave[e->leaves].word = e->c->words;
	e->leave[e->leaves].branch = branch;
	e->leave[e->leaves++].insn = e->i;
	emit(e, word);
}

void emit_abortable(struct emitter *e, u32 word)
{
	leave(e, word, false);
}

void emit_leave(struct emitter *e, u32 cond)
{
	leave(e, cond << 28 | 0x0a000000, true);
}

static void emit_ls(struct emitter *e, bool load, u32 rt, s32 off)
{
	u32 up = off >= 0, imm = (u32)(up ? off : -off);

	e->ok &= imm < 4096;
	emit(e, 0xe5000000 | up << 23 | (u32)load << 20 | EMIT_SP << 16 | rt << 12 | (imm & 0xfff));
}

void emit_load(struct emitter *e, u32 rt, s32 off)
{
	emit_ls(e, true, rt, off);
}

void emit_store(struct emitter *e, u32 rt, s32 off)
{
	emit_ls(e, false, rt, off);
}

void emit_count(struct emitter *e, enum exit_cause cause, u32 r)
{
	s32 counter = EMIT_VCPU(exits) + 4 * (s32)cause;

	emit_load(e, r, counter);
	emit(e, 0xe2800001 | r << 16 | r << 12);	/* ADD r, r, #1 */
	emit_store(e, r, counter);
}

gva_t emit_address(const struct emitter *e, u32 insn)
{
	return e->at->target + (e->at->half ? 2u * e->at->half[insn] : 4 * insn);
}

/* Let word @k of those that leave lead to the next word. */
static void leave_here(struct emitter *e, u32 k)
{
	u32 word = e->leave[k].word;

	if (e->leave[k].branch)
		e->c->word[word] |= (e->c->words - word - 2) & 0xffffff;
	else
		e->c->fixup[word] = (u8)e->c->words;
}

void emit_ends(struct emitter *e, void (*end)(void *arg, u32 insn), void *arg)
{
	u32 done = 0;

	for (u32 k = 0; k < e->leaves; k++) {
		if (done >> k & 1)
			continue;
		for (u32 other = k; other < e->leaves; other++) {
			if (e->leave[other].insn != e->leave[k].insn)
				continue;
			leave_here(e, other);
			done |= BIT(other);
		}
		end(arg, e->leave[k].insn);
	}
}
