/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the paths have in common that run the guest's privileged code directly, in User mode: entry, and the two exceptions by
 * which a sensitive instruction arrives: the SVC that stands in its place, or Undefined, where it traps by itself. Both are
 * decoded and executed here by the one meaning in exec.c.
 */
#include "path_native.h"

#include <arm/account.h>
#include <arm/call.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/exec.h>
#include <arm/pmu.h>
#include <arm/shadow.h>
#include <arm/short_exit.h>
#include <arm/site.h>
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
		window_sites_add(v, v->r[15], v->exit_insn, site_copy(v->exit_insn), word);
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

static void undefined_a32(struct vcpu *v)
{
	struct insn in;
	u32 word = v->exit_insn, len;

	if (!v->exit_insn_valid && !insn_fetch(v, &word, &len))
		return;
	a32_decode(word, &in);
	if (!may_execute(v, &in)) {
		undefined(v);
		return;
	}
	if (a32_is_site(word))
		note_unrewritten(v, word);
	vcpu_count(v, exec_cause(&in));
	exec_finish(v, exec_insn(v, &in));
}

/* The instruction at r[15], which the trapping word @trap of T32 copy @copy stands for. */
static void t32_site(struct vcpu *v, const struct insn *in, u32 trap, u32 copy)
{
	u32 a32 = t32_as_a32(in);

	if (a32 && trap >> 16)
		window_sites_add(v, v->r[15], trap, copy, a32);
	vcpu_count(v, in->op < INSN_LDR ? exec_cause(in) : EXIT_OTHER);	/* the others lie in two pages (code_t32.c) */
	exec_finish(v, exec_insn(v, in));
}

static void undefined_t32(struct vcpu *v)
{
	u32 word, len, copy = 0, trap = v->exit_insn_valid ? v->exit_insn : 0;
	enum t32_trap what = code_page_t32_trap(v, &copy);
	struct insn in;

	if (what == T32_TRAP_AGAIN || !insn_fetch(v, &word, &len) || code_page_restore_t32(v, word))
		return;
	t32_decode(len == 4 ? (u16)(word >> 16) : (u16)word, (u16)word, &in);
	/* Whether a failed condition suppresses the exception is IMPLEMENTATION DEFINED (B1.9.2), so that of IT is checked too. */
	if (v->cpsr & PSR_IT)
		in.cond = FIELD(v->cpsr, 15, 12);
	if (what == T32_TRAP_SITE) {
		t32_site(v, &in, trap, copy);
		return;
	}
	if (!may_execute(v, &in)) {
		undefined(v);
		return;
	}
	if (t32_is_site((u16)(word >> 8 * (len - 2)), (u16)word))
		note_unrewritten(v, word);
	vcpu_count(v, exec_cause(&in));
	exec_finish(v, exec_insn(v, &in));
}

void native_undef(struct vcpu *v)
{
	if (v->cpsr & PSR_T)
		undefined_t32(v);
	else
		undefined_a32(v);
}

u32 native_run(struct vcpu *v)
{
	enum short_end end;
	u32 vector;

	window_prepare(v);
	call_refresh(v);
	do {
		pmu_guest_begin(v);
		vector = arm_guest_enter(v);
		pmu_guest_end(v);
		end = short_exit(v, vector);
	} while (end == SHORT_DONE);
	slow_exit_begin(v);
	shadow_exited(v);
	code_page_ran(v);
	return end == SHORT_LOOP ? VEC_NONE : vector;
}
