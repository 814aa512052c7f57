/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU path `inline`: most sensitive instructions become branches to stubs (stub.c), which need no exception at all.
 *
 * Rules.
 *  1 No stub is in use while C runs: an exit inside one is rolled back to its site, or forward behind it, first of all.
 *  2 A copy that branches to stubs is right at one virtual address only, and only in privileged modes (code_page.c: bound).
 *  3 While the guest runs in a privileged mode the open page holds a part of its state (arm/open.h); while C runs, the vCPU does.
 *  4 An interrupt that is pending and masked guards the open page: the store that unmasks it aborts, and the instruction is done here.
 *  5 The real DACR never opens more than the guest's; that it opens less shows in a hidden fault.
 *  6 Whatever does not fit falls back to a trapping word: no area, out of reach, full, MMU off.
 *  7 While data is big-endian the area is out of reach: a branch into it aborts, and the instruction is done here. What makes data big-endian
 *    comes here (SETEND BE is a site); that it is little-endian again shows at the next such abort.
 */
#include "path_native.h"

#include <arm/call.h>
#include <arm/code_page.h>
#include <arm/exec.h>
#include <arm/open.h>
#include <arm/shadow.h>
#include <arm/site.h>
#include <arm/sysreg.h>
#include <arm/window.h>
#include <hv/guest.h>
#include <hv/log.h>

#include "gate.h"
#include "stub_area.h"

#define BLAMES_MAX	2u	/* times that a DACR write may leave something undone in vain */

/* -- an exit inside a stub (rule 1) -- */

/* The registers of a stub that has begun are the guest's again. */
static void restore_scratch(struct vcpu *v, const struct stub *s, u32 word)
{
	for (u32 i = 0; i < ARRAY_SIZE(s->scratch) && word > s->saved; i++)
		if (s->scratch[i] != STUB_NO_SCRATCH)
			v->r[s->scratch[i]] = v->open->scratch[i];
}

/* What the MRS of @s reads; there is no SPSR where it is UNPREDICTABLE. */
static u32 mrs_value(struct vcpu *v, const struct stub *s)
{
	const u32 *spsr = vcpu_spsr(v);

	return s->kind == SITE_KIND_MRS_CPSR ? v->cpsr & ~(PSR_T | PSR_J | PSR_IT) : spsr ? *spsr : 0;
}

/* An abort in gate @s, at a word of which @at says where the guest is and what it is owed. */
static void leave_gate(struct vcpu *v, const struct stub *s, u32 at)
{
	v->r[15] = s->site + 4 * (at & GATE_INSN);
	if (at & GATE_OWES_LR)
		v->r[14] = v->gate_lr;
	if (at & GATE_OWES_FLAGS)
		v->cpsr = (v->cpsr & ~(PSR_N | PSR_Z)) | (at & GATE_OWES_ZERO ? PSR_Z : 0);
}

/* The stub that the exit was in, or NULL. */
static struct stub *roll(struct vcpu *v)
{
	u32 word;
	struct stub *s = stub_area_find(v, v->r[15], &word);

	if (!s)
		return NULL;
	if (s->gate) {
		leave_gate(v, s, stub_area_gate_at(v, s, word));
		return s;
	}
	restore_scratch(v, s, word);
	v->r[15] = s->site;
	if (word <= s->commit)
		return s;
	if (s->forward)		/* its register is half done */
		v->r[s->operand] = mrs_value(v, s);
	v->r[15] += 4;
	return s;
}

/*
 * What site_word() makes of the DACR write of @s: only then is it known as a site again where the window does not handle it, as it does
 * not where there is a condition.
 */
static u32 eager_word(const struct vcpu *v, const struct stub *s)
{
	u32 cond = s->word & 0xf0000000;
	bool hot = !v->fast_off && cond == 0xe0000000;
	u32 word = hot ? site_word_of(SITE_KIND_DACR_W, s->copy) | s->operand : site_word_of(SITE_KIND_C, s->copy) | (s->site / 4 & 15);

	return cond | (word & 0x0fffffff);
}

/* The DACR write of @s, which writes @dacr as a rule, gets a gate or else a trapping word, and does at once what it says. */
static void make_eager(struct vcpu *v, struct stub *s, u32 dacr, u32 events)
{
	const u32 *page = code_page_words(v, s->copy, s->site & PAGE_MASK);
	u32 word = v->fast_off ? 0 : stub_area_add_gate(v, s, page, dacr, events);

	s->eager = true;
	code_page_set_word(v, s->copy, s->site, s->word, word ? word : eager_word(v, s));
}

/*
 * A user access found closed what the stub of a DACR write had only remembered: after some of these it acts at once. So had better the one
 * that closes again, which is next: it will come here, because nothing is remembered that the window could use.
 */
static void blame_writer(struct vcpu *v)
{
	u32 word;
	struct stub *s = stub_area_find(v, v->open->dacr_writer, &word);

	v->open->dacr_writer = 0;
	if (!s || s->kind != SITE_KIND_DACR_W || s->eager || ++s->blamed <= BLAMES_MAX)
		return;
	make_eager(v, s, v->open->dacr, 2);
	v->closer_wanted = true;
	shadow_forget_dacr(v);
}

/* @s trapped: is it the one that closes what was opened at once? */
static void note_closer(struct vcpu *v, struct stub *s)
{
	if (!v->closer_wanted || s->kind != SITE_KIND_DACR_W || s->gate)
		return;
	v->closer_wanted = false;
	make_eager(v, s, v->r[s->operand], 0);
}

#define FS_LATE(fsr)	(((fsr) & 0x40f) == 0x406)	/* asynchronous external abort (B3.13.3) */
#define FS_DOMAIN(fsr)	(((fsr) & 0x40d) == 0x009)	/* section or page (B3.13.3) */

/* The guest's DACR is what its stubs wrote last. */
static void fold_dacr(struct vcpu *v, u32 vector)
{
	if (vector == VEC_DABT && FS_DOMAIN(v->exit_dfsr) && v->open->dacr & ~v->open->dacr_real)
		blame_writer(v);
	if (v->open->dacr == v->cp15.dacr)
		return;
	v->cp15.dacr = v->open->dacr;
	shadow_ctx_changed(v, CTX_DACR);
}

/* -- entry -- */

static bool interrupt_waits(const struct vcpu *v)
{
	return v->irq_in & v->cpsr & PSR_I;
}

static void open_for_guest(struct vcpu *v, bool from_user)
{
	const struct vcp15 *c = &v->cp15;
	struct vcpu_open *o = v->open;

	v->hw_dacr = vcpu_privileged(v) ? v->dacr_kernel : v->dacr_user;	/* the window does not keep it */
	open_unfold(v, o);
	window_set_gates(v, v->fast_off ? 0 : stub_area_gates(v));
	o->tpidrprw = c->tpidrprw;
	o->sctlr = c->sctlr;
	o->ttbr1 = c->ttbr1;
	o->dfsr = c->dfsr;
	o->ifsr = c->ifsr;
	o->dfar = c->dfar;
	o->ifar = c->ifar;
	open_choose_entry(v);
	if (from_user) {
		v->hw_dacr = v->hw_dacr_entry;
		o->dacr_real = v->dacr_entry;
	}
	if (v->cpsr & PSR_E)
		v->hw_dacr = shadow_dacr_without_stubs(v->hw_dacr);
	stub_area_guard(v, interrupt_waits(v));
}

/* -- where the area is (rule 6) -- */

static bool may_have_stubs(const struct vcpu *v)
{
	return (v->cp15.sctlr & (SCTLR_M | SCTLR_EE)) == SCTLR_M && !(v->cpsr & PSR_E);
}

static void area_place(struct vcpu *v)
{
	gva_t base;

	if (!v->stubs_wanted || !may_have_stubs(v) || !vcpu_privileged(v))
		return;
	v->stubs_wanted = false;
	base = shadow_place_stubs(v, v->r[15], stub_area_table(v));
	if (!base)
		return;
	stub_area_moved(v, base);
	code_pages_remake(v);
}

/* No copy uses the area any more: empty it. */
static void area_empty(struct vcpu *v)
{
	code_pages_remake(v);
	stub_area_reset(v);
}

/* The shadow had to give the area's address to the guest. */
static void area_lost(struct vcpu *v)
{
	stub_area_moved(v, 0);
	area_empty(v);
	v->stubs_wanted = true;
}

/* The branch to a stub, or 0. */
static u32 branch_word(struct vcpu *v, struct code_site *at)
{
	u32 kind = stub_kind(at->page[at->index]);

	if (at->movable || kind == SITE_KIND_C)
		return 0;
	at->bound = true;	/* also where there cannot be a stub now: the page is made again when there can */
	if (!may_have_stubs(v))
		return 0;
	v->stubs_wanted |= !v->stub_line;
	return stub_area_add(v, kind, at);
}

static u32 inline_word(struct vcpu *v, struct code_site *at)
{
	u32 branch = branch_word(v, at);

	return branch ? branch : site_word(at->page, at->index, at->copy, !v->fast_off);
}

static bool inline_origin(struct vcpu *v, u32 word, u32 nth, u32 *copy, u32 *index)
{
	return FIELD(word, 27, 24) == 0xa ? stub_area_origin(v, word, nth, copy, index) : site_origin(v, word, nth, copy, index);
}

static const struct code_ops inline_code = {
	.word = inline_word,
	.origin = inline_origin,
	.covers = stub_area_covers,
	.area_lost = area_lost,
};

/* -- operations -- */

static int inline_init(struct vcpu *v)
{
	int err = stub_area_init(v);

	return err ? err : call_init(v);
}

static void inline_start(struct vcpu *v)
{
	shadow_unplace_stubs(v);
	stub_area_moved(v, 0);
	stub_area_reset(v);
	v->stubs_wanted = false;
	v->open->dacr_writer = 0;
	v->open->ctr = read_ctr();
	v->dacr_closed = ~0u;
	v->open_used = 1;
	window_set_vectors(v);
}

static void inline_stop(struct vcpu *v)
{
	shadow_unplace_stubs(v);
	stub_area_moved(v, 0);
	v->open_used = 0;
	window_set_gates(v, 0);
	v->hw_dacr = vcpu_privileged(v) ? v->dacr_kernel : v->dacr_user;	/* may have been less */
	window_set_vectors(v);
}

/*
 * The instruction at r[15] in the place of stub @s, which could not do it. At the stub's site it is the one that the stub stands for, whatever is
 * there by now: the guest may have come by a copy of the branch to the stub, after which it has put something else there that leads here (a
 * kprobe does so), and would come for ever.
 */
static void emulate_site_here(struct vcpu *v, const struct stub *s)
{
	u32 word = s->word, len;

	if (v->r[15] == s->site || insn_fetch(v, &word, &len))
		native_emulate(v, word);
}

/* Is it for stub @s that the guest left, with @vector? Its trapping word, an abort of its store, or of the branch to it. */
static bool left_for_stub(struct vcpu *v, const struct stub *s, u32 vector)
{
	/* In a gate's access, what that means is for the instruction to say. */
	if (vector == VEC_DABT && (s->kind == SITE_KIND_DCCMVAC || s->kind == SITE_KIND_USER_LS) && !FS_LATE(v->exit_dfsr))
		return true;
	return vector == VEC_SVC || vector == VEC_UND || (vector == VEC_DABT && stub_area_contains(v, v->exit_dfar)) ||
	       (vector == VEC_PABT && stub_area_contains(v, v->exit_ifar));
}

static u32 inline_run(struct vcpu *v)
{
	struct stub *s;
	u32 vector;

	if (stub_area_full(v))
		area_empty(v);
	area_place(v);
	if (!v->fast_modes_off && !vcpu_is_watched(v))
		call_vector(v);
	open_for_guest(v, v->ran_user && vcpu_privileged(v));
	vector = native_run(v);
	v->ran_user = !vcpu_privileged(v);
	open_fold(v, v->open);
	v->cp15.tpidruro = read_tpidruro();
	if (v->ran_user)
		return vector;
	s = roll(v);
	fold_dacr(v, vector);
	if (!s || !left_for_stub(v, s, vector))
		return vector;
	note_closer(v, s);
	emulate_site_here(v, s);
	return VEC_NONE;
}

static u32 inline_audit(struct vcpu *v)
{
	return stub_area_audit(v) + call_audit(v);
}

static void inline_dump(struct vcpu *v)
{
	stub_area_dump(v);
	call_dump(v);
}

static const struct cpu_path path_inline = {
	.name = "inline",
	.init = inline_init,
	.start = inline_start,
	.stop = inline_stop,
	.run = inline_run,
	.svc = native_svc,
	.undef = native_undef,
	.code = &inline_code,
	.audit = inline_audit,
	.dump = inline_dump,
};
CPU_PATH_REGISTER(path_inline);
