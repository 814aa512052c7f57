/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instruction that the guest stands at, from its own pristine page. */
#include <arm/exec.h>
#include <arm/psr.h>
#include <arm/shadow.h>

static bool fetch(struct vcpu *v, u32 *word, u32 *len, struct gfault *f)
{
	u32 hw1, hw2;

	if (!(v->cpsr & PSR_T)) {
		*len = 4;
		return guest_fetch(v, v->r[15], 4, word, f) == 0;
	}
	if (guest_fetch(v, v->r[15], 2, &hw1, f))
		return false;
	*len = 2;
	*word = hw1;
	if ((hw1 >> 11) < 0x1d)		/* A6.1: 0b11101, 0b11110, 0b11111 start a 32-bit instruction */
		return true;
	if (guest_fetch(v, v->r[15] + 2, 2, &hw2, f))
		return false;
	*len = 4;
	*word = hw1 << 16 | hw2;
	return true;
}

bool insn_stores_one(struct vcpu *v)
{
	struct gfault f;
	struct insn in;
	u32 word, len;

	if (!fetch(v, &word, &len, &f))
		return false;
	if (v->cpsr & PSR_T)
		t32_decode(len == 4 ? word >> 16 : word, word & 0xffff, &in);
	else
		a32_decode(word, &in);
	return in.op == INSN_STR && in.size <= 4;
}

bool insn_fetch(struct vcpu *v, u32 *word, u32 *len)
{
	struct gfault f;

	if (fetch(v, word, len, &f))
		return true;
	vcpu_count(v, EXIT_PABT);
	inject_pabt(v, &f);
	return false;
}
