// SPDX-License-Identifier: GPL-2.0-or-later
/* Meaning of instructions that access data: device loads and stores, user-bank and unprivileged forms, RFE, SRS. */
/*
 * Registers change only after every access of an instruction has succeeded, so that an injected data abort finds the
 * state of the "base restored" abort model (B1.9.8). Memory already written by a STM is written again on restart, which
 * the architecture allows.
 */
#include <arm/code_page.h>
#include <arm/psr.h>
#include <arm/shadow.h>
#include <arm/window.h>
#include <arm/xlate.h>
#include <hv/guest.h>

#include "exec_int.h"

#define FSR_ALIGNMENT	0x001u		/* B3.13.3, short-descriptor fault status */
#define FSR_EXTERNAL	0x008u		/* synchronous external abort, not on a walk */
#define FSR_WNR		BIT(11)

static enum exec_result abort_at(struct vcpu *v, u32 va, u32 fs, bool write)
{
	struct gfault f = { .fsr = fs | (write ? FSR_WNR : 0), .far = va };

	inject_dabt(v, &f);
	return EXEC_INJECTED;
}

enum exec_result exec_alignment_fault(struct vcpu *v, u32 va, bool write)
{
	return abort_at(v, va, FSR_ALIGNMENT, write);
}

/* Data in the byte order of CPSR.E (A3.3, MemA and MemU); Umbra and its devices are little-endian. */
static u32 byte_order(const struct vcpu *v, u32 val, u32 size)
{
	if (!(v->cpsr & PSR_E) || size == 1)
		return val;
	return size == 2 ? __builtin_bswap16((u16)val) : __builtin_bswap32(val);
}

static inline u32 load_ram(const void *p, u32 size)
{
	return size == 4 ? *(const volatile u32 *)p : size == 2 ? *(const volatile u16 *)p : *(const volatile u8 *)p;
}

static inline void store_ram(void *p, u32 size, u32 val)
{
	if (size == 4)
		*(volatile u32 *)p = val;
	else if (size == 2)
		*(volatile u16 *)p = (u16)val;
	else
		*(volatile u8 *)p = (u8)val;
}

/* Aligned RAM of a known translation, or NULL. */
static inline void *known_ram(struct vcpu *v, u32 va, enum shadow_access acc, bool priv, u32 size)
{
	return va & (size - 1) ? NULL : xlate_find(v, va, acc, priv);
}

/* One access; false: the data abort has been injected. */
static bool access_one(struct vcpu *v, u32 va, enum shadow_access acc, bool priv, u32 size, u32 *val)
{
	u32 bus = acc == ACC_WRITE ? byte_order(v, *val, size) : 0;
	void *p = known_ram(v, va, acc, priv, size);
	struct gfault f;

	if (p && acc == ACC_WRITE) {
		store_ram(p, size, bus);
		return true;
	}
	if (p) {
		bus = load_ram(p, size);
	} else if (guest_access(v, va, acc, priv, size, &bus, &f)) {
		inject_dabt(v, &f);
		return false;
	}
	if (acc != ACC_WRITE)
		*val = byte_order(v, bus, size);
	return true;
}

/* @n words at @va, all of them in a page of RAM that is known. */
static bool access_known(struct vcpu *v, u32 va, enum shadow_access acc, u32 n, u32 *val)
{
	volatile u32 *p;

	if ((va & ~PAGE_MASK) + 4 * n > PAGE_SIZE || v->cpsr & PSR_E)
		return false;
	p = xlate_find(v, va, acc, vcpu_privileged(v));
	if (!p)
		return false;
	for (u32 i = 0; i < n; i++)
		if (acc == ACC_WRITE)
			p[i] = val[i];
		else
			val[i] = p[i];
	return true;
}

/* @n words at @va, which must be word aligned whatever SCTLR.A says (A3.2.1). */
static bool access_words(struct vcpu *v, u32 va, enum shadow_access acc, u32 n, u32 *val)
{
	u32 i;

	if (va & 3) {
		abort_at(v, va, FSR_ALIGNMENT, acc == ACC_WRITE);
		return false;
	}
	if (access_known(v, va, acc, n, val))
		return true;
	for (i = 0; i < n; i++)
		if (!access_one(v, va + 4 * i, acc, vcpu_privileged(v), 4, &val[i]))
			return false;
	return true;
}

static u32 base_reg(const struct vcpu *v, const struct insn *in)
{
	u32 base = exec_reg(v, in->rn);

	return in->rn == 15 ? base & ~3u : base;
}

static u32 offset_of(const struct vcpu *v, const struct insn *in)
{
	if (in->imm_form)
		return in->imm;
	return exec_shift_imm(exec_reg(v, in->rm), in->shift_type, in->shift_imm, v->cpsr & BIT(29));
}

static u32 sign_extend(u32 val, u32 size)
{
	return size == 1 ? (u32)(s8)val : (u32)(s16)val;
}

/* Is the register use UNPREDICTABLE (A8.8, "single register" loads and stores)? */
static bool single_bad(const struct insn *in, bool wb)
{
	if (wb && (in->rn == 15 || in->rn == in->rd))
		return true;
	if (in->size == 8)
		return (in->len == 4 && in->rt2 == in->rn && wb) || in->rd == 15 || in->rt2 == 15;
	return in->size != 4 && in->rd == 15;
}

static enum exec_result single(struct vcpu *v, const struct insn *in, bool priv)
{
	bool load = in->op == INSN_LDR || in->op == INSN_LDRT, wb = !in->p || in->w;
	enum shadow_access acc = load ? ACC_READ : ACC_WRITE;
	u32 base = base_reg(v, in), off = offset_of(v, in);
	u32 next = in->u ? base + off : base - off;
	u32 va = in->p ? next : base;
	u32 val[2] = { 0, 0 };

	if (single_bad(in, wb))
		return EXEC_UNDEF;
	if (!load) {
		val[0] = exec_reg(v, in->rd);
		val[1] = exec_reg(v, in->rt2);
	}
	if (in->size == 8) {
		if (!access_words(v, va, acc, 2, val))
			return EXEC_INJECTED;
	} else if (!access_one(v, va, acc, priv, in->size, val)) {
		return EXEC_INJECTED;
	}
	if (wb)
		v->r[in->rn] = next;
	if (!load)
		return exec_next(v, in);
	if (in->rd == 15)
		return exec_load_pc(v, val[0]);
	v->r[in->rd] = in->sign ? sign_extend(val[0], in->size) : val[0];
	if (in->size == 8)
		v->r[in->rt2] = val[1];
	return exec_next(v, in);
}

/* What most of them are (struct insn), to RAM of a known translation: the same with nothing to be asked. */
static bool single_simple(struct vcpu *v, const struct insn *in)
{
	u32 off = in->imm_form ? in->imm : in->shift_type | in->shift_imm ? offset_of(v, in) : v->r[in->rm];
	u32 base = v->r[in->rn], next = in->u ? base + off : base - off, va = in->p ? next : base;
	void *p = known_ram(v, va, in->op == INSN_LDR ? ACC_READ : ACC_WRITE, vcpu_privileged(v), in->size);

	if (!p || v->cpsr & PSR_E)
		return false;
	if (in->op == INSN_STR)
		store_ram(p, in->size, v->r[in->rd]);
	else
		v->r[in->rd] = in->sign ? sign_extend(load_ram(p, in->size), in->size) : load_ram(p, in->size);
	if (in->w || !in->p)
		v->r[in->rn] = next;
	return true;
}

enum exec_result exec_single(struct vcpu *v, const struct insn *in)
{
	if (in->simple && single_simple(v, in))
		return exec_next(v, in);
	return single(v, in, vcpu_privileged(v));
}

/* LDRT/STRT family: with the permissions of User mode, whatever the mode is. Rt = pc is UNPREDICTABLE. */
enum exec_result exec_single_user(struct vcpu *v, const struct insn *in)
{
	if (in->rd == 15 || in->rn == 15)
		return EXEC_UNDEF;
	return single(v, in, false);
}

/* Table branch: a byte or halfword of the table is how far to go, in halfwords (A8.8.238). */
enum exec_result exec_tb(struct vcpu *v, const struct insn *in)
{
	u32 va = exec_reg(v, in->rn) + (v->r[in->rm & 15] << (in->size == 2)), val;

	if (in->rm == 15)
		return EXEC_UNDEF;
	if (!access_one(v, va, ACC_READ, vcpu_privileged(v), in->size, &val))
		return EXEC_INJECTED;
	return exec_branch_to(v, exec_reg(v, 15) + 2 * val);
}

/* Lowest address of an LDM/STM of @n words (A8.8.58 and on: IA, IB, DA, DB). */
static u32 multi_start(const struct insn *in, u32 base, u32 n)
{
	if (in->u)
		return in->p ? base + 4 : base;
	return base - 4 * n + (in->p ? 0 : 4);
}

static u32 multi_end(const struct insn *in, u32 base, u32 n)
{
	return in->u ? base + 4 * n : base - 4 * n;
}

static u32 list_count(const struct insn *in)
{
	return (u32)__builtin_popcount(in->reglist);
}

enum exec_result exec_multi(struct vcpu *v, const struct insn *in)
{
	bool load = in->op == INSN_LDM;
	u32 n = list_count(in), base = v->r[in->rn], val[16], i, k = 0;

	if (!n || in->rn == 15)
		return EXEC_UNDEF;
	for (i = 0; !load && i < 16; i++)
		if (in->reglist & BIT(i))
			val[k++] = exec_reg(v, i);
	if (!access_words(v, multi_start(in, base, n), load ? ACC_READ : ACC_WRITE, n, val))
		return EXEC_INJECTED;
	if (in->w)
		v->r[in->rn] = multi_end(in, base, n);
	if (!load)
		return exec_next(v, in);
	for (i = 0; i < 15; i++)
		if (in->reglist & BIT(i))
			v->r[i] = val[k++];
	return in->reglist & BIT(15) ? exec_load_pc(v, val[k]) : exec_next(v, in);
}

/* The ^ forms are UNPREDICTABLE in User and System mode (B9.3.6, B9.3.17). */
static bool has_banks(const struct vcpu *v)
{
	return vcpu_mode(v) != MODE_USR && vcpu_mode(v) != MODE_SYS;
}

enum exec_result exec_ldm_user(struct vcpu *v, const struct insn *in)
{
	u32 n = list_count(in), base = v->r[in->rn], val[16], i, k = 0;

	if (!has_banks(v) || !n || in->rn == 15)
		return EXEC_UNDEF;
	if (!access_words(v, multi_start(in, base, n), ACC_READ, n, val))
		return EXEC_INJECTED;
	for (i = 0; i < 15; i++)
		if (in->reglist & BIT(i))
			vcpu_user_reg_set(v, i, val[k++]);
	return exec_next(v, in);
}

enum exec_result exec_stm_user(struct vcpu *v, const struct insn *in)
{
	u32 n = list_count(in), base = v->r[in->rn], val[16], i, k = 0;

	if (!has_banks(v) || !n || in->rn == 15)
		return EXEC_UNDEF;
	for (i = 0; i < 16; i++)
		if (in->reglist & BIT(i))
			val[k++] = i == 15 ? exec_reg(v, 15) : vcpu_user_reg_get(v, i);
	if (!access_words(v, multi_start(in, base, n), ACC_WRITE, n, val))
		return EXEC_INJECTED;
	return exec_next(v, in);
}

/* LDM with ^ and pc: registers of the current mode, then the return (B9.3.5). */
enum exec_result exec_ldm_ret(struct vcpu *v, const struct insn *in)
{
	u32 n = list_count(in), base = v->r[in->rn], val[16], i, k = 0;
	const u32 *spsr = vcpu_spsr(v);

	if (!spsr || in->rn == 15)
		return EXEC_UNDEF;
	if (!access_words(v, multi_start(in, base, n), ACC_READ, n, val))
		return EXEC_INJECTED;
	if (in->w)
		v->r[in->rn] = multi_end(in, base, n);
	for (i = 0; i < 15; i++)
		if (in->reglist & BIT(i))
			v->r[i] = val[k++];
	vcpu_exception_return(v, val[k], *spsr);
	return EXEC_BRANCH;
}

enum exec_result exec_rfe(struct vcpu *v, const struct insn *in)
{
	u32 base = v->r[in->rn], val[2];

	if (!vcpu_privileged(v) || in->rn == 15)
		return EXEC_UNDEF;
	if (!access_words(v, multi_start(in, base, 2), ACC_READ, 2, val))
		return EXEC_INJECTED;
	if (in->w)
		v->r[in->rn] = multi_end(in, base, 2);
	vcpu_exception_return(v, val[0], val[1]);
	return EXEC_BRANCH;
}

enum exec_result exec_srs(struct vcpu *v, const struct insn *in)
{
	const u32 *spsr = vcpu_spsr(v);
	u32 base, val[2];

	if (!spsr || vcpu_bank_of(in->cps_mode) == BANK_NR)
		return EXEC_UNDEF;
	base = vcpu_mode_sp_get(v, in->cps_mode);
	val[0] = v->r[14];
	val[1] = *spsr;
	if (!access_words(v, multi_start(in, base, 2), ACC_WRITE, 2, val))
		return EXEC_INJECTED;
	if (in->w)
		vcpu_mode_sp_set(v, in->cps_mode, multi_end(in, base, 2));
	return exec_next(v, in);
}

enum exec_result exec_swp(struct vcpu *v, const struct insn *in)
{
	u32 va = v->r[in->rn], old = 0, new = v->r[in->rm & 15];
	bool priv = vcpu_privileged(v);

	if (in->rn == 15 || in->rd == 15 || in->rm == 15)
		return EXEC_UNDEF;
	if (va & (in->size - 1u))
		return exec_alignment_fault(v, va, false);	/* the read comes first (A8.8.229) */
	if (!access_one(v, va, ACC_READ, priv, in->size, &old) || !access_one(v, va, ACC_WRITE, priv, in->size, &new))
		return EXEC_INJECTED;
	v->r[in->rd] = old;
	return exec_next(v, in);
}

/*
 * -- exclusives (A3.4) --
 * The monitor is the processor's: Umbra executes no exclusives of its own, and neither exceptions nor what else an exit does changes it
 * (A3.4.1), so a guest finds it as without Umbra, whichever exits there were. An exclusive that is interpreted moves it to the vCPU, up
 * to the next entry: the address of the last load exclusive, and its size; 0: open. Software may pair them only with one virtual address
 * and size (A3.4.5), so neither granules nor physical addresses matter. A store whose monitor is open does not access memory, so does
 * not fault.
 */
static void monitor_set(struct vcpu *v, u32 addr, u32 size)
{
	v->monitor.here = true;
	v->monitor.addr = addr;
	v->monitor.size = size;
}

static bool exclusive_bad(const struct insn *in, u32 data)
{
	return in->rn == 15 || in->rd == 15 || data == 15 || (in->size == 8 && in->rt2 == 15);
}

static bool strex_bad(const struct insn *in)
{
	u32 rt = in->rm & 15u;

	return exclusive_bad(in, rt) || in->rd == in->rn || in->rd == rt || (in->size == 8 && in->rd == in->rt2);
}

static bool access_exclusive(struct vcpu *v, u32 va, enum shadow_access acc, u32 size, u32 *val)
{
	if (size == 8)
		return access_words(v, va, acc, 2, val);
	return access_one(v, va, acc, vcpu_privileged(v), size, val);
}

enum exec_result exec_ldrex(struct vcpu *v, const struct insn *in)
{
	u32 va = v->r[in->rn] + in->imm, val[2];

	if (exclusive_bad(in, in->rd))
		return EXEC_UNDEF;
	if (va & (in->size - 1u))
		return exec_alignment_fault(v, va, false);
	if (!access_exclusive(v, va, ACC_READ, in->size, val))
		return EXEC_INJECTED;
	monitor_set(v, va, in->size);
	v->r[in->rd] = val[0];
	if (in->size == 8)
		v->r[in->rt2] = val[1];
	return exec_next(v, in);
}

/* The store exclusive whose load was executed natively: the processor's monitor is asked, at the guest's address, in a writable page. */
static enum exec_result strex_by_processor(struct vcpu *v, const struct insn *in, u32 va)
{
	u32 rt = in->rm & 15u, val[2] = { v->r[rt], v->r[in->rt2] };
	enum window_strex res = window_store_exclusive(v, va, in->size, val);

	if (res == WINDOW_STREX_ABORT)
		return EXEC_BRANCH;	/* once more, and it faults as it should */
	v->r[in->rd] = res == WINDOW_STREX_OPEN;
	return exec_next(v, in);
}

/* The same where nothing is known of the address. */
static enum exec_result strex_anywhere(struct vcpu *v, const struct insn *in, u32 va)
{
	struct gfault f;
	gpa_t gpa;

	(void)shadow_let_go(v, va);	/* a table whose stores are followed: the processor does not tell of its own */
	switch (shadow_fault(v, va, ACC_WRITE, vcpu_privileged(v), &gpa, &f)) {
	case SHADOW_FIXED:
		return strex_by_processor(v, in, va);
	case SHADOW_CODE_WRITE:
		return EXEC_BRANCH;
	case SHADOW_GUEST_FAULT:
		inject_dabt(v, &f);
		return EXEC_INJECTED;
	default:
		return abort_at(v, va, FSR_EXTERNAL, true);
	}
}

static enum exec_result strex_here(struct vcpu *v, const struct insn *in, u32 va)
{
	u32 rt = in->rm & 15u, val[2] = { v->r[rt], v->r[in->rt2] };
	bool passes = v->monitor.size == in->size && v->monitor.addr == va;

	if (passes && !access_exclusive(v, va, ACC_WRITE, in->size, val))
		return EXEC_INJECTED;
	v->monitor.size = 0;
	v->r[in->rd] = !passes;
	return exec_next(v, in);
}

enum exec_result exec_strex(struct vcpu *v, const struct insn *in)
{
	u32 va = v->r[in->rn] + in->imm;

	if (strex_bad(in))
		return EXEC_UNDEF;
	if (va & (in->size - 1u) && !(v->monitor.here && !v->monitor.size))
		return exec_alignment_fault(v, va, true);
	return v->monitor.here ? strex_here(v, in, va) : strex_anywhere(v, in, va);
}

enum exec_result exec_clrex(struct vcpu *v, const struct insn *in)
{
	monitor_set(v, 0, 0);
	return exec_next(v, in);
}

/* Is there RAM at @va that may be read as the guest's current mode? A device must not be read once more. */
static bool is_readable_ram(struct vcpu *v, u32 va)
{
	const struct region *r;
	struct gfault f;
	struct walk w;
	gpa_t gpa;

	if (guest_walk(v, va, ACC_READ, vcpu_privileged(v), &w, &f))
		return false;
	r = guest_map_find(&v->guest->map, w.gpa);
	return r && r->type == REGION_RAM && shadow_fault(v, va, ACC_READ, vcpu_privileged(v), &gpa, &f) == SHADOW_FIXED;
}

void exec_monitor_home(struct vcpu *v)
{
	if (!v->monitor.here)
		return;
	v->monitor.here = false;
	if (!v->monitor.size || !is_readable_ram(v, v->monitor.addr) ||
	    !window_load_exclusive(v, v->monitor.addr, v->monitor.size))
		window_clear_exclusive();
}

/* A store exclusive that is executed natively hit the page of code it stands in. */
static enum exec_result strex_own_page(struct vcpu *v, const struct insn *in, u32 va, gpa_t gpa)
{
	struct gfault f;

	code_page_written(v, gpa);
	if (shadow_fault(v, va, ACC_WRITE, vcpu_privileged(v), &gpa, &f) != SHADOW_FIXED)
		return EXEC_BRANCH;	/* once more, and it faults as it should */
	return strex_by_processor(v, in, va);
}

enum exec_result exec_strex_native(struct vcpu *v, const struct insn *in)
{
	u32 va = v->r[in->rn] + in->imm;
	struct gfault f;
	struct walk w;

	if (strex_bad(in))
		return EXEC_UNDEF;
	if (guest_walk(v, va, ACC_WRITE, vcpu_privileged(v), &w, &f) || !code_page_is_code(v, w.gpa, NULL))
		return exec_exclusive(v, in);
	return strex_own_page(v, in, va, w.gpa);
}

/*
 * Exclusive access to Device memory is UNPREDICTABLE unless the device supports it (A3.4.5); none does: bus error. To a guest table whose
 * stores are followed the processor does it.
 */
enum exec_result exec_exclusive(struct vcpu *v, const struct insn *in)
{
	(void)in;
	if (shadow_let_go(v, v->exit_dfar))
		return EXEC_BRANCH;
	return abort_at(v, v->exit_dfar, FSR_EXTERNAL, v->exit_dfsr & FSR_WNR);
}
