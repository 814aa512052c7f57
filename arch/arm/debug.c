/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a debugger does to a vCPU (implements arch/debug.h): registers, memory, breakpoints, single steps.
 *
 * Breakpoints are virtual addresses, in whatever address space the guest is. When the set of pages that hold some changes, everything is
 * dropped from the shadow, as for another CPU path; it fills again without executable mappings of these pages.
 *
 * A step is one instruction, interpreted. Interrupts wait meanwhile. If it ends in an exception (a page that the guest's kernel has yet to
 * bring in, a system call), the step ends where the guest comes back from it: in the same mode, with the same stack and tables.
 */
#include <arch/cpu.h>
#include <arch/debug.h>
#include <arm/code_page.h>
#include <arm/cpu_path.h>
#include <arm/debug.h>
#include <arm/exec.h>
#include <arm/interp.h>
#include <arm/shadow.h>
#include <arm/switch.h>
#include <arm/sysreg.h>
#include <hv/guest.h>
#include <hv/guest_peek.h>
#include <string.h>

#define REG_CPSR	16u
#define PSR_SETTABLE	(~(PSR_RESERVED | PSR_MODE | PSR_J))

u32 arch_debug_reg_get(const struct vcpu *v, u32 n)
{
	return n < REG_CPSR ? v->r[n] : v->cpsr;
}

void arch_debug_reg_set(struct vcpu *v, u32 n, u32 value)
{
	vcpu_load(v);
	if (n < REG_CPSR)
		v->r[n] = value;
	else
		vcpu_write_cpsr(v, value, PSR_SETTABLE);
}

const char *arch_debug_target(void)
{
	return "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target><architecture>arm</architecture>"
	       "<feature name=\"org.gnu.gdb.arm.core\">"
	       "<reg name=\"r0\" bitsize=\"32\"/><reg name=\"r1\" bitsize=\"32\"/><reg name=\"r2\" bitsize=\"32\"/>"
	       "<reg name=\"r3\" bitsize=\"32\"/><reg name=\"r4\" bitsize=\"32\"/><reg name=\"r5\" bitsize=\"32\"/>"
	       "<reg name=\"r6\" bitsize=\"32\"/><reg name=\"r7\" bitsize=\"32\"/><reg name=\"r8\" bitsize=\"32\"/>"
	       "<reg name=\"r9\" bitsize=\"32\"/><reg name=\"r10\" bitsize=\"32\"/><reg name=\"r11\" bitsize=\"32\"/>"
	       "<reg name=\"r12\" bitsize=\"32\"/><reg name=\"sp\" bitsize=\"32\" type=\"data_ptr\"/>"
	       "<reg name=\"lr\" bitsize=\"32\"/><reg name=\"pc\" bitsize=\"32\" type=\"code_ptr\"/>"
	       "<reg name=\"cpsr\" bitsize=\"32\"/></feature></target>";
}

bool arch_debug_write(struct vcpu *v, gva_t va, const void *from, u32 len)
{
	const u8 *p = from;
	u32 n;

	vcpu_load(v);
	for (; len; va += n, p += n, len -= n) {
		void *to = guest_peek_virt(v->guest, va, len, &n);
		gpa_t gpa;

		if (!to || !arch_debug_gpa(v, va, &gpa))
			return false;
		if (code_page_is_code(v, ALIGN_DOWN(gpa, PAGE_SIZE), NULL))
			code_page_drop(v, gpa);
		memcpy(to, p, n);
		shadow_written(v, gpa, n);
		arch_dcache_flush_range(ptr_hpa(to), n);
		arch_icache_invalidate_all();
	}
	return true;
}

/* -- breakpoints -- */

static int break_add(struct vcpu *v, gva_t va, bool internal)
{
	struct breaks *b = &v->breaks;
	bool known = debug_page(v, va);

	if (b->nr == ARRAY_SIZE(b->at))
		return -ENOSPC;
	b->at[b->nr].va = va;
	b->at[b->nr++].internal = internal;
	if (!known)
		cpu_path_anew(v);
	return 0;
}

/* The page may stay as it is, interpreted: the debugger is likely to set the same one again. */
static void break_remove(struct vcpu *v, gva_t va, bool internal)
{
	struct breaks *b = &v->breaks;

	for (u32 i = b->nr; i--;)
		if (b->at[i].va == va && b->at[i].internal == internal) {
			b->at[i] = b->at[--b->nr];
			return;
		}
}

int arch_debug_break_set(struct vcpu *v, gva_t va)
{
	vcpu_load(v);
	for (u32 i = 0; i < v->breaks.nr; i++)
		if (v->breaks.at[i].va == (va & ~1u) && !v->breaks.at[i].internal)
			return 0;
	return break_add(v, va & ~1u, false);
}

void arch_debug_break_clear(struct vcpu *v, gva_t va)
{
	break_remove(v, va & ~1u, false);
}

/* -- steps -- */

static u32 vector_base(const struct vcpu *v)
{
	return v->cp15.sctlr & SCTLR_V ? 0xffff0000u : v->cp15.vbar;
}

static bool in_vectors(const struct vcpu *v, u32 pc)
{
	return pc - vector_base(v) < 0x20;
}

static void step_forget(struct vcpu *v)
{
	for (u32 i = 0; i < ARRAY_SIZE(v->step.back); i++)
		if (v->step.waits)
			break_remove(v, v->step.back[i], true);
	v->step.waits = false;
}

/* The instruction at @pc, of @len bytes, took an exception: stop when the guest comes back to it or to the next one. */
static bool step_wait(struct vcpu *v, const struct debug_step *before)
{
	v->step = *before;
	for (u32 i = 0; i < ARRAY_SIZE(before->back); i++)
		if (break_add(v, before->back[i], true)) {
			step_forget(v);
			return false;
		}
	v->step.waits = true;
	return true;
}

/* One instruction. True: it is done; false: the guest must run first, until debug_step_is_back(). */
static bool step_once(struct vcpu *v)
{
	u32 word, len = 4, pc = v->r[15];
	struct debug_step before;

	if (!insn_fetch(v, &word, &len))
		len = v->cpsr & PSR_T ? 2 : 4;		/* not there yet: it comes back to where it is now */
	before = (struct debug_step){ .back = { pc, pc + len }, .mode = vcpu_mode(v), .sp = v->r[13], .ttbr0 = v->cp15.ttbr0 };
	interp_step(v);
	v->waiting = false;	/* a WFI need not wait (B1.8.14) */
	return in_vectors(v, pc) || !in_vectors(v, v->r[15]) || !step_wait(v, &before);
}

bool arch_debug_step(struct vcpu *v)
{
	vcpu_load(v);
	arch_debug_halt(v);
	return step_once(v);
}

bool arch_debug_stopped(struct vcpu *v)
{
	bool again = debug_step_is_back(v) && v->r[15] == v->step.back[0];

	vcpu_load(v);
	v->debug_stop = false;
	if (!v->step.waits)
		return true;
	step_forget(v);
	return !again || step_once(v);		/* what could not be done before can now */
}

void arch_debug_halt(struct vcpu *v)
{
	step_forget(v);
	v->debug_stop = false;
}

void arch_debug_clear(struct vcpu *v)
{
	bool pages = v->breaks.nr;

	vcpu_load(v);
	arch_debug_halt(v);
	v->breaks.nr = 0;
	if (pages)
		cpu_path_anew(v);
}
