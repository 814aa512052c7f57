/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short exits: aborts and Undefined instructions that are the guest's own, hidden faults of small pages, its kernel's plain
 * accesses to emulated devices, TLB operations by address. They need Umbra's address space, because guest tables and shadow are there,
 * but little else of what an exit to C entails: no account of instructions, no look at interrupts and the console, and what path
 * `inline` has in its open page stays there.
 *
 * Rules.
 *  1 What is not done completely is not begun, and the slow exit finds the guest as if nothing had been tried. State may have come home.
 *  2 Only while nobody wants to see each exit, and what an abort means is simple: v->short_exits (window_prepare()).
 *  3 Its cause is counted, and the guard of hidden faults (progress.c) sees it; it is the slow exit that does something about them.
 *  4 The real DACR stays as the guest left it unless the mode changes: on path `inline` it may open less than dacr_kernel.
 *  5 The meaning is that of trap.c; tests run the same guests with and without fast exits, and so without this file.
 */
#include <arm/account.h>
#include <arm/call.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/insn.h>
#include <arm/open.h>
#include <arm/progress.h>
#include <arm/shadow.h>
#include <arm/short_exit.h>
#include <arm/site.h>
#include <arm/sysreg.h>
#include <arm/trouble.h>
#include <arm/window.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/mmio.h>

#define FSR_EXTERNAL	0x008u		/* B3.13.3 */
#define FSR_WNR		BIT(11)

/* Translation faults and permission faults of pages (B3.13.3): FS[4] is bit 10. A closed domain has reasons that only C knows. */
static inline bool fs_is_simple(u32 fsr)
{
	return (BIT(0x5) | BIT(0x7) | BIT(0xf)) >> (fsr & 0xf) & ~(fsr >> 10) & 1;
}

/* What is the shadow's own doing where the guest has small pages: permission faults of sections, closed domains. */
static inline bool fs_is_of_shadow(u32 fsr)
{
	return (BIT(0x9) | BIT(0xb) | BIT(0xd)) >> (fsr & 0xf) & ~(fsr >> 10) & 1;
}

/* On path `inline` stubs only remember the guest's DACR. False: what the host's is for it, C must find out. */
static inline bool settle_dacr(struct vcpu *v, u32 dacr)
{
	const struct dacr_cache *c = &v->dacr_cache[vcpu_dacr_index(dacr)];

	if (dacr == v->cp15.dacr)
		return true;
	if (!c->valid || c->guest != dacr)
		return false;
	v->cp15.dacr = dacr;
	v->dacr_kernel = c->kernel;
	v->dacr_user = c->user;
	open_choose_entry(v);
	return true;
}

/* What the open page is to have after an exception was taken: path_inline.c does it for a slow exit. */
static inline void open_again(struct vcpu *v, bool from_user)
{
	struct vcpu_open *o = v->open;

	open_unfold(v, o);
	o->dfsr = v->cp15.dfsr;
	o->ifsr = v->cp15.ifsr;
	o->dfar = v->cp15.dfar;
	o->ifar = v->cp15.ifar;
	if (!from_user)
		return;
	v->hw_dacr = v->hw_dacr_entry;
	o->dacr_real = v->dacr_entry;
}

/* What the guest's stubs changed comes home. False: C must find out what its DACR is for the host. */
static inline bool fold(struct vcpu *v)
{
	if (!v->open_used)
		return true;
	if (vcpu_privileged(v) && !settle_dacr(v, v->open->dacr))
		return false;
	open_fold(v, v->open);
	return true;
}

/* An exception that the guest takes (B1.8.3, B1.9): vector offset, mode, what it masks. */
struct exception {
	u32 offset, mode, mask;
};
static const struct exception undef = { 0x04, MODE_UND, PSR_I };
static const struct exception aborts[] = {
	[ACC_READ] = { 0x10, MODE_ABT, PSR_I | PSR_A },
	[ACC_WRITE] = { 0x10, MODE_ABT, PSR_I | PSR_A },
	[ACC_EXEC] = { 0x0c, MODE_ABT, PSR_I | PSR_A },
};

/* What inject.c does, where modes are no more than banks of sp and lr. @lr: what the pc is ahead there. */
static void take(struct vcpu *v, const struct exception *e, u32 lr, u32 far)
{
	enum vbank from = open_bank(vcpu_mode(v)), to = open_bank(e->mode);

	trouble_exception(v, e->offset, e->mode, far);
	v->bank_sp[from] = v->r[13];
	v->bank_lr[from] = v->r[14];
	v->bank_spsr[to] = v->cpsr;
	v->r[13] = v->bank_sp[to];
	v->r[14] = v->r[15] + lr;
	v->r[15] = (v->cp15.sctlr & SCTLR_V ? 0xffff0000u : v->cp15.vbar) + e->offset;
	v->cpsr = (v->cpsr & ~(PSR_MODE | PSR_T | PSR_E | PSR_J | PSR_IT)) | e->mode | e->mask | (v->cp15.sctlr & SCTLR_TE ? PSR_T : 0);
	v->hw_dacr = v->dacr_kernel;
}

/* Are modes as simple as take() wants it? Not while an interrupt is pending: what it waits for changes with the mask. */
static inline bool modes_are_simple(const struct vcpu *v, u32 to)
{
	return !v->fast_modes_off && !(v->cp15.sctlr & SCTLR_EE) && !v->irq_in && vcpu_mode(v) != to && vcpu_mode(v) != MODE_FIQ;
}

/*
 * With all that the guest's kernel begins it with, and without a way home for what is in the open page: from User mode that is what an exception
 * finds, and from Supervisor mode to itself it stays.
 */
static bool take_by_line(struct vcpu *v, const struct exception *e, u32 ahead, u32 far)
{
	const u32 mode = vcpu_mode(v), pc = v->r[15];

	if (!v->open_used || !v->return_mode || (mode != MODE_USR && (mode != MODE_SVC || !settle_dacr(v, v->open->dacr))) ||
	    !call_exception(v, e->offset, ahead))
		return false;
	trouble_outside(v, e->offset, far, pc);
	return true;
}

static bool take_by_vector(struct vcpu *v, const struct exception *e, u32 ahead, u32 far)
{
	bool user = !vcpu_privileged(v);

	if (!modes_are_simple(v, e->mode) || !fold(v))
		return false;
	take(v, e, ahead, far);
	if (v->open_used) {
		call_vector(v);
		open_again(v, user);
	}
	return true;
}

/* No exit is being accounted: vcpu_count() has no more to do. */
static inline void taken(struct vcpu *v, enum exit_cause cause)
{
	v->exits[cause]++;
	progress_made(v);
}

/* In the open page too, if there is one: stubs read it there. */
static inline void set_fault(struct vcpu *v, enum shadow_access acc, u32 fsr, u32 far)
{
	struct vcpu_open *o = v->open_used ? v->open : NULL;

	if (acc == ACC_EXEC) {
		v->cp15.ifsr = fsr;
		v->cp15.ifar = far;
	} else {
		v->cp15.dfsr = fsr;
		v->cp15.dfar = far;
	}
	if (!o)
		return;
	o->ifsr = v->cp15.ifsr;
	o->ifar = v->cp15.ifar;
	o->dfsr = v->cp15.dfsr;
	o->dfar = v->cp15.dfar;
}

/* The abort is the guest's. What the pc is ahead: B1.8.3. */
static bool pass_on(struct vcpu *v, enum shadow_access acc, u32 fsr, u32 far)
{
	const struct exception *e = &aborts[acc];
	const u32 mode = vcpu_mode(v), ahead = acc == ACC_EXEC ? 4 : 8;
	bool by_line = take_by_line(v, e, ahead, far);

	if (!by_line && !take_by_vector(v, e, ahead, far))
		return false;
	set_fault(v, acc, fsr, far);
	if (by_line && mode == MODE_USR && acc != ACC_EXEC)
		shadow_note_abort(v, fsr, far);
	taken(v, acc == ACC_EXEC ? EXIT_PABT : EXIT_DABT);
	return true;
}

static bool hidden_fault(struct vcpu *v, gva_t va)
{
	progress_hidden_fault(v, va);
	v->hw_dacr = read_dacr();	/* rule 4 */
	if (v->open_used && !call_was_seen(v))
		call_refresh(v);
	return true;
}

static bool fill(struct vcpu *v, gva_t va, enum shadow_access acc, const struct short_walk *w)
{
	return progress_is_plain(v) && shadow_fill_short(v, va, acc, vcpu_privileged(v), w) && hidden_fault(v, va);
}

/* Code and data of both privileges in one megabyte: each time the one comes behind the other. */
static bool toggle(struct vcpu *v, gva_t va, enum shadow_access acc)
{
	bool priv = vcpu_privileged(v);

	return progress_is_plain(v) && (!priv || !v->open_used || settle_dacr(v, v->open->dacr)) && shadow_toggle(v, va, acc, priv) &&
	       hidden_fault(v, va);
}

/* -- emulated devices -- */

/*
 * What drivers access devices with: LDR, STR, LDRB, STRB, LDRH, STRH of A32, with an offset, no write-back, and Rt that is not pc
 * (A5.3, A5.2.8).
 */
static const struct access_form {
	u32 mask, value, size;
} access_forms[] = {
	{ 0x0f600000, 0x05000000, 4 },
	{ 0x0f600000, 0x05400000, 1 },
	{ 0x0f6000f0, 0x014000b0, 2 },
	{ 0x0f600010, 0x07000000, 4 },
	{ 0x0f600010, 0x07400000, 1 },
};

/* Bytes that @w accesses, as a load or a store; 0: another instruction. */
static u32 access_size(u32 w, bool store)
{
	if (w >> 28 == 15 || FIELD(w, 15, 12) == 15 || store == !!(w & BIT(20)))
		return 0;
	for (u32 i = 0; i < ARRAY_SIZE(access_forms); i++)
		if ((w & access_forms[i].mask) == access_forms[i].value)
			return access_forms[i].size;
	return 0;
}

/* Does the run loop have to see what a device did? @irq_in: the inputs before. */
static bool loop_is_needed(const struct vcpu *v, u32 irq_in)
{
	return v->irq_in != irq_in || v->guest->request != GUEST_REQ_NONE || core_is_wanted || console_work_pending();
}

static enum short_end access_device(struct vcpu *v, struct mmio_access *a, u32 *rt)
{
	u32 irq_in = v->irq_in;
	bool done = mmio_dispatch(v->guest, a) == MMIO_DONE, again = done && !loop_is_needed(v, irq_in);

	if (!again)
		slow_exit_begin(v);
	v->device_accessed = true;
	vcpu_count(v, EXIT_MMIO);
	progress_made(v);
	if (!done) {
		vcpu_count(v, EXIT_DABT);
		inject_dabt(v, &(struct gfault){ .fsr = FSR_EXTERNAL | (a->is_write ? FSR_WNR : 0), .far = v->exit_dfar });
		if (v->open_used)
			open_again(v, false);
		return SHORT_LOOP;
	}
	if (!a->is_write)
		*rt = a->value;
	v->r[15] += 4;
	v->hw_dacr = read_dacr();	/* rule 4 */
	if (v->open_used && !call_was_seen(v))
		call_refresh(v);	/* the device may have written to code */
	return again ? SHORT_DONE : SHORT_LOOP;
}

/* An access of the guest's kernel to an emulated device, by the word that it executes: where it stands was scanned. */
static enum short_end short_device(struct vcpu *v, gva_t va, enum shadow_access acc)
{
	struct mmio_access a = { .is_write = acc == ACC_WRITE };
	const struct region *r;
	struct gfault f;
	struct walk w;
	u32 word, *rt;

	if (!vcpu_privileged(v) || v->cpsr & PSR_T || !shadow_executes(v, v->r[15], &word))
		return SHORT_NOT;
	rt = &v->r[FIELD(word, 15, 12)];
	a.size = access_size(word, a.is_write);
	if (!a.size || va & (a.size - 1) || !fold(v) || guest_walk(v, va, acc, true, &w, &f))
		return SHORT_NOT;
	r = guest_map_find(&v->guest->map, w.gpa);
	if (!r || r->type != REGION_EMULATED)
		return SHORT_NOT;
	a.addr = w.gpa;
	a.value = a.is_write ? *rt : 0;
	return access_device(v, &a, rt);
}

/* -- aborts -- */

static enum short_end data_abort(struct vcpu *v, gva_t va, enum shadow_access acc)
{
	bool priv = vcpu_privileged(v);
	struct short_walk w;
	u32 fsr = guest_walk_short(v, va, acc, priv, priv && v->open_used ? v->open->dacr : v->cp15.dacr, &w);

	if (fsr > SHORT_WALK_PAGE)
		return pass_on(v, acc, fsr, va) ? SHORT_DONE : SHORT_NOT;
	if (toggle(v, va, acc) || (fsr == SHORT_WALK_PAGE && fill(v, va, acc, &w)))
		return SHORT_DONE;
	return acc == ACC_EXEC ? SHORT_NOT : short_device(v, va, acc);
}

static enum short_end short_abort(struct vcpu *v, u32 fsr, gva_t va, enum shadow_access acc)
{
	/* In a stub, which User mode never is: path_inline.c knows of which instruction it is. */
	if (vcpu_privileged(v) && shadow_is_umbras(v, v->r[15]))
		return SHORT_NOT;
	if (fs_is_simple(fsr))
		return data_abort(v, va, acc);
	return fs_is_of_shadow(fsr) && toggle(v, va, acc) ? SHORT_DONE : SHORT_NOT;
}

/* -- TLB operations -- */

/* ITLBIMVA, DTLBIMVA, TLBIMVA (B3.17.2) */
static inline bool is_tlbimva(u32 w)
{
	u32 op = w & 0x0fff0fff;

	return w >> 28 != 15 && (op == 0x0e080f35 || op == 0x0e080f36 || op == 0x0e080f37);
}

/* The guest goes on behind the operation, with what path `inline` has in its open page as it is. */
static enum short_end tlb_done(struct vcpu *v)
{
	v->tlb_loop.pc = 1;
	v->r[15] += 4;
	progress_made(v);
	v->hw_dacr = read_dacr();	/* rule 4 */
	if (v->open_used && !call_was_seen(v))
		call_refresh(v);
	return SHORT_DONE;
}

/* Executed, and about one page: alone, or as the last turn of a loop that the window has found. */
static inline bool tlb_is_single(const struct vcpu *v, u32 w, u32 value)
{
	return (w >> 28 == 14 || cond_holds(w >> 28, v->cpsr)) &&
	       (v->tlb_loop.pc != v->r[15] || v->tlb_loop.end - 1 - value < PAGE_SIZE);
}

/* The shadow may change in any way: afterwards the real DACR is what the guest's says now. */
static enum short_end tlb_operation(struct vcpu *v, u32 w)
{
	u32 rt = FIELD(w, 15, 12);

	if (v->cpsr & PSR_IT || !is_tlbimva(w) || rt == 15)
		return SHORT_NOT;
	if (tlb_is_single(v, w, v->r[rt]) && shadow_tlbi_short(v, v->r[rt])) {
		v->exits[EXIT_CP15_TLB]++;
		return tlb_done(v);
	}
	if (!fold(v))
		return SHORT_NOT;
	vcpu_count(v, EXIT_CP15_TLB);
	shadow_exited(v);
	if (cond_holds(w >> 28, v->cpsr))
		coproc_tlbimva(v, v->r[rt]);
	v->tlb_loop.pc = 1;
	v->r[15] += 4;
	progress_made(v);
	v->hw_dacr = v->dacr_kernel;
	if (v->open_used) {
		open_unfold(v, v->open);
		if (!call_was_seen(v) || v->call_dacr != v->hw_dacr_entry)
			call_refresh(v);
	}
	return SHORT_DONE;
}

/* -- Undefined -- */

/*
 * May @w, which is Undefined in User mode, mean something there (path_native.c)? SETEND, MRC and MCR of CP15; in T32 code, what looks like a trapping word
 * of Umbra's. What is left is the guest's, as is the first VFP instruction of a process whose kernel has the unit disabled until then.
 */
static inline bool may_mean_something(u32 w, bool thumb)
{
	if ((w & 0x0f000f10) == 0x0e000f10)
		return true;
	if (!thumb)
		return (w & 0xfffffdff) == 0xf1010000;
	return (w & ~8u) == 0xb650 || site_may_be_t32((u16)(w >> 16 ? w >> 16 : w));
}

static enum short_end undefined_user(struct vcpu *v, u32 w)
{
	const bool thumb = v->cpsr & PSR_T;
	const u32 ahead = thumb ? 2 : 4;	/* B1.8.3 */

	if (may_mean_something(w, thumb) || (!take_by_line(v, &undef, ahead, 0) && !take_by_vector(v, &undef, ahead, 0)))
		return SHORT_NOT;
	taken(v, EXIT_UNDEF);
	return SHORT_DONE;
}

static enum short_end short_undefined(struct vcpu *v)
{
	if (!v->exit_insn_valid)
		return SHORT_NOT;
	return vcpu_privileged(v) ? tlb_operation(v, v->exit_insn) : undefined_user(v, v->exit_insn);
}

enum short_end short_exit(struct vcpu *v, u32 vector)
{
	const u32 psr = v->cpsr;

	if (!v->short_exits || psr & PSR_E)
		return SHORT_NOT;
	if (psr & PSR_T && vcpu_privileged(v)) {
		if (!v->t32_kernel)
			return SHORT_NOT;
		code_page_ran(v);	/* where T32 code runs is looked at after each exit */
	}
	if (vector == VEC_DABT)
		return short_abort(v, v->exit_dfsr, v->exit_dfar, v->exit_dfsr & FSR_WNR ? ACC_WRITE : ACC_READ);
	if (vector == VEC_PABT)
		return short_abort(v, v->exit_ifsr, v->exit_ifar, ACC_EXEC);
	return vector == VEC_UND ? short_undefined(v) : SHORT_NOT;
}
