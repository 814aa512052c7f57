/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the paths have in common that run the guest's privileged code directly, in User mode: entry, and the two exceptions by
 * which a sensitive instruction arrives: the SVC that stands in its place, or Undefined, where it traps by itself. Both are
 * decoded and executed here by the one meaning in exec.c.
 */
#include "path_native.h"

#include <arm/account.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/exec.h>
#include <arm/pmu.h>
#include <arm/shadow.h>
#include <arm/short_exit.h>
#include <arm/window.h>
#include <hv/guest.h>
#include <hv/log.h>

/* What may trap and yet mean something. A load or store that traps as Undefined is an encoding that is not one. */
static bool may_execute(const struct vcpu *v, const struct insn *in)
{
	if (in->op == INSN_SETEND)
		return true;
	if (vcpu_privileged(v))
		return in->op < INSN_LDR;
	/* the counters, if its kernel allows: exec_sys.c; what else User mode may access does not trap, or the core says that it may not */
	return (in->op == INSN_MRC || in->op == INSN_MCR) && in->coproc_enc >> 16 == 15;
}

static void undefined(struct vcpu *v)
{
	vcpu_count(v, EXIT_UNDEF);
	inject_undef(v);
}

void native_emulate(struct vcpu *v, u32 word)
{
	struct insn in;

	if (vcpu_privileged(v) && coproc_execute(v, word))
		return;
	a32_decode(word, &in);
	if (in.op > INSN_SVC && in.op < INSN_LDR && !may_execute(v, &in)) {	/* CP15 in a page that User mode executes too */
		undefined(v);
		return;
	}
	vcpu_count(v, in.op < INSN_LDR ? exec_cause(&in) : EXIT_OTHER);	/* the others read what was replaced (code_doubt.c) */
	exec_finish(v, exec_insn(v, &in));
}

void native_svc(struct vcpu *v)
{
	u32 word;

	if (!(v->cpsr & PSR_T) && v->exit_insn_valid &&
	    (vcpu_privileged(v) || code_pages_user_visible(v)) &&
	    code_page_site(v, v->exit_insn, v->r[15], &word)) {
		window_sites_add(v, v->r[15], v->exit_insn, word);
		native_emulate(v, word);
		return;
	}
	vcpu_count(v, EXIT_SVC);
	inject_svc(v);
}

/* Invariant 3: a word that had to be rewritten ran as it is. Never expected; emulated, counted and reported. */
static void note_unrewritten(struct vcpu *v, u32 word)
{
	vcpu_count(v, EXIT_UNREWRITTEN);
	pr_guest(16, "guest %s: unrewritten sensitive word 0x%08x trapped at 0x%08x\n", v->guest->name,
		 (unsigned)word, (unsigned)v->r[15]);
}

/*
 * The A32 word with the meaning of T32 instruction @word, or a permanently undefined one. The coprocessor space of T32 equals
 * that of A32 with condition AL (A6.3.18); of the rest only SMC can trap and mean something.
 */
static u32 t32_to_a32(u32 word, u32 len)
{
	u32 hi = word >> 24 & 0xef;

	if (len == 4 && hi >= 0xec && hi <= 0xee)
		return word;
	if (len == 4 && (word & 0xfff0f000) == 0xf7f08000)
		return 0xe1600070 | FIELD(word, 19, 16);
	return 0xe7f000f0;
}

void native_undef(struct vcpu *v)
{
	struct insn in;
	u32 word = 0, len = 4;

	if (v->exit_insn_valid && !(v->cpsr & PSR_T))
		word = v->exit_insn;
	else if (!insn_fetch(v, &word, &len))
		return;
	if (v->cpsr & PSR_T)
		word = t32_to_a32(word, len);
	a32_decode(word, &in);
	if (!may_execute(v, &in)) {
		undefined(v);
		return;
	}
	/* Whether a failed condition suppresses the exception is IMPLEMENTATION DEFINED (B1.9.2), so that of IT is checked too. */
	if (v->cpsr & PSR_T && v->cpsr & PSR_IT)
		in.cond = FIELD(v->cpsr, 15, 12);
	if (!(v->cpsr & PSR_T) && a32_is_site(word))
		note_unrewritten(v, word);
	vcpu_count(v, exec_cause(&in));
	exec_finish(v, exec_insn(v, &in));
}

u32 native_run(struct vcpu *v)
{
	u32 vector;

	window_prepare(v);
	do {
		pmu_guest_begin(v);
		vector = arm_guest_enter(v);
		pmu_guest_end(v);
	} while (short_exit(v, vector));
	slow_exit_begin(v);
	shadow_exited(v);
	if (v->cpsr & PSR_T && vcpu_privileged(v))
		code_page_ran_thumb(v);
	return vector;
}
