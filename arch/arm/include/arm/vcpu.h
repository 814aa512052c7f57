/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Architectural state of one virtual CPU and the operations on it. */
#pragma once

#include <arch/vcpu.h>
#include <arm/psr.h>
#include <hv/stats.h>
#include <hv/types.h>

struct guest;
struct cpu_path;
struct shadow;
struct code_pages;
struct site_entry;
struct stub_area;
struct trace;

enum vbank { BANK_USR, BANK_FIQ, BANK_IRQ, BANK_SVC, BANK_ABT, BANK_UND, BANK_NR };

/* Bits of the Cortex-A8 SCTLR that a Non-secure write changes; the others read as after reset. */
#define SCTLR_WMASK	(SCTLR_M | SCTLR_A | SCTLR_C | SCTLR_Z | SCTLR_I | SCTLR_V | SCTLR_VE | SCTLR_EE | \
			 SCTLR_TRE | SCTLR_AFE | SCTLR_TE)

/* CP15 state that the guest sees; rows of cp15_regs.c name these slots. */
struct vcp15 {
	u32 midr, csselr;
	u32 sctlr, actlr, cpacr, nsacr;
	u32 ttbr0, ttbr1, ttbcr, dacr;
	u32 dfsr, ifsr, adfsr, aifsr, dfar, ifar;
	u32 par;
	u32 prrr, nmrr;
	u32 vbar;
	u32 fcseidr, contextidr, tpidrurw, tpidruro, tpidrprw;
	u32 l2auxcr, l2lockdown;
	u32 pmcr, pmuserenr, pmcnten, pminten, pmovsr, pmselr, pmccntr;
};

/*
 * What stubs (cpu/stub.h) work on: the end of a page of its own that the guest's kernel can read and write, because it runs in User mode.
 * While the guest runs on path `inline`, this is where the values below are; open_fold() brings them home. In User mode they are what
 * a system call finds. The guest can hurt only itself with it: nothing here is used before it was checked or masked.
 */
struct vcpu_open {
	u32 mask;		/* bit 7: CPSR.I. All else is void: stubs store what is at hand */
	u32 spsr;		/* of the current mode; in User mode, of Supervisor mode */
	u32 scratch[2];		/* registers that a stub uses */
	u32 dacr;		/* the guest's DACR */
	u32 dacr_writer;	/* in which stub it was last only remembered */
	u32 tpidrprw, sctlr, ttbr0, ttbr1, dfsr, ifsr, dfar, ifar, ctr;	/* copies, for reading */
	/* Right below what the window's sp points to: gates store the last ones by one STMDB. */
	u32 dacr_real;		/* the guest's value that the real DACR has been set for, never more open than that */
	u32 psr_or;		/* mode, A and F of the CPSR */
	u32 other_sp, other_lr;	/* of the User bank; in User mode, of Supervisor mode */
};

/*
 * One vCPU. Its first page is mapped into the window, so the exit code reaches the fields up to `shared_end`
 * under the guest's tables; asm_offsets.c exports their offsets. The rest is only for C.
 */
struct vcpu {
	/* -- shared with arch/arm/window.S, first 4 KiB -- */
	u32 r[16];		/* r0-r14 of the current virtual mode, r15 = guest pc at exit/entry */
	u32 cpsr;		/* the virtual CPSR, complete (flags are folded in at every exit) */
	/* From r[15] on window_enter loads as far as tramp_ttbr0, an exit from there to host_sp. */
	u32 hw_ttbr0;		/* host TTBR0 of the current shadow root */
	u32 hw_asid;		/* host CONTEXTIDR of the current shadow root */
	u32 hw_dacr;		/* host DACR for the current virtual mode */
	u32 tramp_ttbr0, host_ttbr0;
	u32 host_return;	/* where window.S goes in Umbra's address space after an exit */
	u32 host_sp;		/* Umbra's stack pointer while the guest runs */
	u32 window_enter;	/* as the guest's address space has it */
	u32 dacr_kernel, dacr_user;	/* host DACR in virtual privileged / user mode; kept by the shadow MMU */
	u32 exit_dfsr, exit_dfar, exit_ifsr, exit_ifar;
	u32 irq_in;		/* PSR_I, PSR_F: virtual IRQ, FIQ input high; PSR_A: asynchronous abort pending */
	u32 exit_insn;		/* word (ARM), or one or two halfwords (Thumb) as struct insn has them, at r[15] for SVC and Undefined exits */
	u32 exit_insn_valid;	/* 0: the window could not read it, use guest_fetch() */
	u32 window_base;	/* current address of the window */
	u32 scratch[8];		/* of window.S */
	u32 t32_psr;		/* of window_hot.S: real CPSR of a trapping word in T32 code */
	u32 t32_kernel;		/* pages were scanned as those of a kernel that executes T32 code; until then none of its exits stays in the window */
	struct vcp15 cp15;
	u32 exits[EXIT_NR];	/* by cause, modulo 2^32: arch_vcpu_stats() makes totals of them, at least once a second */
	u32 bank_sp[BANK_NR], bank_lr[BANK_NR], bank_spsr[BANK_NR];	/* of modes that are not current (spsr: always here) */
	/* Guest DACR values and what the shadow MMU makes of them; it does so anew, or clears `valid`, when the domain mapping changes. */
	struct dacr_cache { u32 valid, guest, kernel, user; } dacr_cache[4];	/* by vcpu_dacr_index() */
	/*
	 * Code copies visible to guest User mode: its SVC may be a site there. @user_page: the one page of guest addresses at which they
	 * are; USER_PAGES_MANY: at several. Void while there are none. Kept by the shadow MMU.
	 */
	u32 user_copies;
	u32 user_page;
#define USER_PAGES_MANY	1u
	u32 fast_modes_off;	/* mode changes need more than banked registers (CPACR grants PL1 only) */
	u32 fast_off;		/* no fast exits at all: everything goes through the slow path (tests) */
	u32 svc_vector, svc_vector_t32;	/* where SVC of guest User mode goes in A32 state, in T32 state; 0: not without C. window_prepare() */
	u32 vfp_open;		/* CPACR lets every guest mode use cp10 and cp11. window_prepare() */
	/*
	 * L1 slots at which any shadow table may hold something: a TLB operation by MVA elsewhere has nothing to do. Kept by the
	 * shadow MMU. And the loop that such an operation stands in, for the slow path to do more of it (window_fast.c): pc of the
	 * operation (1: none), its register, the end of the range.
	 */
	u32 shadowed[128];
	struct { u32 pc, rt, end; } tlb_loop;
	/*
	 * Host pages of the guest's that its ICIMVAU found to be no scanned code, by vcpu_no_code(); 0: none. What is read under the shadow tables and
	 * stands here has no copy that would have to go. A page that comes to be code is taken out (cpu/code_page.c).
	 */
#define NO_CODE_PAGES	16u
	u32 no_code[NO_CODE_PAGES];
	/*
	 * Roots that a TTBR0 value and an ASID select with nothing else to do, by vcpu_root_index(): one that has entries of one ASID, which
	 * must be current, and one that has none, whose @asid is ROOT_ANY_ASID. ROOT_VOID: none. None is there while the current root's
	 * ASID is not the guest's. Kept by the shadow MMU.
	 */
	struct root_cache { u32 ttbr0, hw_ttbr0, hw_asid, asid, calls; } root_cache[16][2];	/* calls: @call_gen when it had what the call line needs */
	/*
	 * Path `inline`. @open_used: while the guest runs, its state is in the open page. @dacr_closed: the guest DACR value with which the
	 * guest's kernel closes user memory (~0: none known), and the host's for it. @stub_line: bits 13:2 of the address of the descriptor
	 * in any first-level table that is about the stub area, and STUB_LINE_VALID; 0: there is no area. Kept by the shadow MMU.
	 */
	u32 open_used;
	u32 dacr_closed, hw_dacr_closed;
	u32 dacr_entry, hw_dacr_entry;	/* what a system call makes of open->dacr_real and the real DACR, for the DACR of now */
	u32 return_mode;	/* RETURN_MODE_SVC; 0 while an interrupt is pending, or modes mean more than banked registers. window_prepare() */
#define RETURN_MODE_SVC	(MODE_SVC << 27)	/* a CPSR that is shifted so says its mode alone */
	/*
	 * LDRT and the like in gates: a value of the guest's DACR, and the host's for it in User mode, kept by the window and the shadow MMU as dacr_cache[]
	 * is; the address, and where the gate goes on; window_user_access as the guest's address space has it, by vcpu_user_access().
	 */
	struct { u32 guest, host, address, back, access[4]; } user_access;
	u32 gate_lr;	/* the guest's lr, where a gate owes it (cpu/gate.h) */
	u32 svc_entry;	/* what handles SVC of guest User mode: in the window, or window_call_slow. window_prepare() */
	u32 svc_plain;	/* the same without the call line (cpu/call_line.h) */
	u32 svc_line;	/* the same while hw_dacr_entry opens all of call_dacr: the call line, where the current root has what it needs */
	u32 call_line;	/* what svc_line is in a root that has what the lines need */
	u32 lines_now;	/* the current root has that */
	/*
	 * Return lines (cpu/ret_line.h): the return address of their first trapping word, or RET_NOWHERE, which @now is in a root that has not what
	 * they need; where they are. And where the window last returned to User mode, if by no line.
	 */
	struct { u32 now, line, key; } ret[2];
#define RET_NOWHERE	1u
	u32 returned_behind;
	u32 und_plain;	/* Undefined without lines, as the guest's address space has it */
	/*
	 * Data aborts of guest User mode that are the guest's own by what its TLB says (cpu/abort_line.h). @now: where one goes in the window, which is
	 * @way in a root that has what lines need, else @plain. @here: window_abort; @line, where its line is; @back, how a line gives up: all as the guest's
	 * address space has it. @sp: what the mode's sp has to be, seen to be aligned, with all of the frame in one page. @left: so many until C looks.
	 */
	struct { u32 now, way, plain, here, line, back, sp, left; } abort;
#define ABORTS_IN_A_ROW	63u
	/*
	 * What a store without permission to a small page in a host domain is to the guest: DFSR; 0: C finds out. And L1 slots where User mode may be
	 * denied a store by something else than a page descriptor of the guest's. Kept by the shadow MMU.
	 */
	u32 dom_fsr[16];
	u32 denied_otherwise[128];
	/*
	 * Second-level tables of the guest's that the window reads, by L1 slot modulo 4: of places where User mode found nothing mapped, and again. As long as TTBR0
	 * is @ttbr0, and the word at @l1_at is @l1, the entries of @slot are from @l2_at on, both as the guest's address space has them; @fsr: what it means
	 * that one is invalid, less WnR. @slot WALK_VOID: none. @seen, @seen_ttbr0: where there was one last. mmu/window_walk.c
	 */
	struct window_walk { u32 slot, ttbr0, l1, l1_at, l2_at, fsr, seen, seen_ttbr0; } walk[4];
#define WALK_VOID	~0u
	u32 call_dacr;	/* bits of the host's DACR with which what lines need can be executed */
	u32 call_slow;	/* window_call_slow as the guest's address space has it */
	u32 call_gen;	/* counts what takes entries of the pages at call_at[] away, in whatever root (call_count()); never 0 */
	u32 gates;	/* where the pages of gates are in the guest's address space (cpu/gate.h), or a place where the guest executes nothing */
#define GATES_SIZE	0x10000u	/* of which that is a multiple */
	u32 gates_key;	/* rotated as the window compares it (window_inline.S) */
	u32 to_user;	/* window_to_user as the guest's address space has it */
	u32 ram_offset;		/* so much higher than the guest has it is its memory in the host's; with stub_line */
	u32 stub_line;
#define STUB_LINE_VALID	1u
#define STUB_LINE_MASK	(0xfc0u | STUB_LINE_VALID)	/* what tells its cache line */
#define STUB_LINE_WORD	0x03cu
#define STUB_LINE_PAGE	0x3000u	/* which of the four pages of a table of 16 KiB it is in */
	u32 shared_end;
	/* -- C only, but hidden.pc; first what short exits need: within 4 KiB it costs an instruction less -- */
	struct guest *guest;
	struct shadow *shadow;
	struct vcpu_open *open;
	struct call *calls;	/* path `inline` (cpu/call.c) */
	bool short_exits;	/* what short_exit.c does may be tried. window_prepare() */
	/*
	 * Where the lines of exceptions (cpu/vector_line.h) stored to last: the host's @frame is the guest's word at @sp in the root @hw_asid, while @gen is
	 * call_gen. Void (0) after each look at a root. Some of @open has to be in the host's DACR. cpu/call.c
	 */
	struct { u32 sp, *frame, hw_asid, gen, open; } line_stack;
	/* Hidden faults of one instruction with no other exit in between (arm/progress.h). */
	struct hidden_faults {
		u32 pc;
#define HIDDEN_NONE	1u	/* of no instruction */
		u32 nr;
		u32 cpsr, hw_asid, r[15];
		bool resolved;	/* the exit that is being handled was one */
	} hidden;
	/* arm/trouble.h */
	struct trouble {
		struct trouble_event { u32 count, what, pc; } reg, nothing;
		u32 exceptions;
		struct trouble_event inside, outside;	/* the last exception that was taken in Abort or Undefined mode, and in another one */
		u32 inside_vector, outside_vector;
		u32 mmfr0_pc;	/* where ID_MMFR0 was read last; 0: nowhere */
		u32 seen_at;	/* line of the last arch_vcpu_still() */
		bool said;
	} trouble;
	u64 exits_total[EXIT_NR];	/* up to when exits[] was exits_seen[] */
	u32 exits_seen[EXIT_NR];
	struct slow_cost slow[EXIT_NR];	/* exits that left the window, by the first cause they counted */
	u32 slow_cause;		/* that cause, while one is handled */
#define SLOW_CAUSE_NONE	EXIT_NR		/* has counted nothing yet */
#define SLOW_CAUSE_IDLE	(EXIT_NR + 1)	/* none is handled */
	u32 slow_begin;		/* count of instructions when its handling began */
	gva_t call_at[6];	/* what lines depend on is in these pages */
	u32 call_seen, call_seen_gen;	/* host ASID of the root that was last seen to have these (0: it may not any more), and v->call_gen then */
	u32 code_gen;		/* counts pages that become code, or are no more (cpu/code_page.c) */
	bool tracing;		/* exits are recorded in *trace (arm/trace.h) */
	struct trace *trace;
	bool debug_stop;	/* the guest came to a breakpoint: the run loop goes back to core */
	struct breaks {
		u32 nr;
		struct { gva_t va; bool internal; } at[32];	/* internal: ends a step */
	} breaks;
	struct debug_step {	/* a step that took an exception: how the guest is when it is back (debug.c) */
		bool waits;
		gva_t back[2];	/* the instruction, and the next one */
		u32 mode, sp, ttbr0;
	} step;
	u32 usr_r8_12[5], fiq_r8_12[5];
	struct { u64 d[32]; u32 fpscr, fpexc; } vfp;	/* while another vCPU is loaded */
	bool ran_user;		/* path `inline`: the last exit was from virtual User mode */
	bool closer_wanted;	/* path `inline`: the next DACR write is to have a trapping word */
	bool stubs_wanted;	/* path `inline`: there are sites that could have stubs, but no area yet */
	/* The monitor of exclusives, while it is @here and not the processor's own (exec_ldst.c): what was loaded last. Size 0: open */
	struct { u32 addr, size; bool here; } monitor;
	bool device_accessed;	/* by guest_access(): what devices do may be seen; whoever wants to know clears it */
	bool thumbee;		/* the processor has ThumbEE state */
	bool waiting;		/* executed WFI: the run loop waits before the next entry */
	u64 waits, signs_seen;	/* how often it has waited; arch_vcpu_lives() */
	/* Performance counters (arm/pmu.h) */
	struct pmu {
#define PMU_COUNTERS	4u	/* as many as the Cortex-A8 has, and the one of cycles */
		u32 event[PMU_COUNTERS];
		u32 count[PMU_COUNTERS];	/* of counters that are not in the real ones */
		u32 on;		/* those that count while the guest runs, as in PMCNTENSET */
		u32 cycles;	/* interpreted, too few for the cycle counter to count */
		bool lent;	/* Umbra's own counter is the guest's */
	} pmu;
	/* Pages of guest RAM by virtual page, direct mapped (arm/xlate.h). */
#define XLATE_NR	128u
#define XLATE_GEN	0xff8u
#define XLATE_GEN_STEP	0x008u
	struct xlate {
		u32 tag;	/* virtual page, generation 11:3, privilege 2, enum shadow_access 1:0 */
		hpa_t page;
	} xlate[XLATE_NR];
	u32 xlate_gen;		/* the current one, in place; 0 is of no entry */
	const struct cpu_path *path;
	struct code_pages *code;
	struct stub_area *stubs;
	u32 *window_call;	/* the window's page for the call line */
	char *window_stack;	/* the window's memory behind this vCPU's page (arm/window.h) */
	struct site_entry *window_sites;
};

#define ROOT_ANY_ASID	0x100u
#define ROOT_VOID	0xffffffffu

static inline u32 vcpu_dacr_index(u32 dacr) { return dacr >> 2 & 3; }
static inline u32 vcpu_root_index(u32 ttbr0) { return (ttbr0 >> 14 ^ ttbr0 >> 18) & 15; }
/* The one for the guest's @ttbr0 and @asid, or NULL: C must look. */
static inline const struct root_cache *vcpu_root_cached(const struct vcpu *v, u32 ttbr0, u32 asid)
{
	const struct root_cache *c = v->root_cache[vcpu_root_index(ttbr0)];

	if (c[0].ttbr0 == ttbr0 && c[0].asid == asid)
		return &c[0];
	return c[1].ttbr0 == ttbr0 && c[1].asid == ROOT_ANY_ASID ? &c[1] : NULL;
}

/* How LDRT, STRT, LDRBT, STRBT @w accesses: B and L. */
static inline u32 vcpu_user_access(u32 w) { return (w >> 20 & 1) | (w >> 21 & 2); }

/* The place of host page @page in v->no_code[]. */
static inline u32 vcpu_no_code(u32 page) { return page >> PAGE_SHIFT & (NO_CODE_PAGES - 1); }
/* Host page @page comes to be code, or User mode to execute it. */
static inline void vcpu_forget_no_code(struct vcpu *v, u32 page)
{
	if (v->no_code[vcpu_no_code(page)] == page)
		v->no_code[vcpu_no_code(page)] = 0;
}

static inline u32 vcpu_mode(const struct vcpu *v) { return v->cpsr & PSR_MODE; }
/* Does somebody want to see each exit, and where the guest goes on? */
static inline bool vcpu_is_watched(const struct vcpu *v) { return v->fast_off || v->tracing || v->breaks.nr; }
static inline bool vcpu_privileged(const struct vcpu *v) { return vcpu_mode(v) != MODE_USR; }

/* Bank of a mode; BANK_NR for a mode that this CPU does not have (incl. Monitor: the guest is Non-secure). */
enum vbank vcpu_bank_of(u32 mode);
/* SPSR of the current mode, or NULL in USR/SYS. */
u32 *vcpu_spsr(struct vcpu *v);
/*
 * Write @value to the virtual CPSR bits in @mask (byte lanes already expanded). Handles the mode change (banked
 * registers, host DACR). A write of an illegal mode leaves the mode unchanged (UNPREDICTABLE in the architecture).
 * Context: exit path, v->r valid.
 */
void vcpu_write_cpsr(struct vcpu *v, u32 value, u32 mask);
/* Exception return: CPSR := spsr value, pc := target (bit 0 handling by the T bit of @psr). ARM ARM B1.8.1. */
void vcpu_exception_return(struct vcpu *v, u32 target, u32 psr);
/* User-bank register @n (0..14) as LDM/STM^ see it, whatever the current mode is. */
u32 vcpu_user_reg_get(const struct vcpu *v, u32 n);
void vcpu_user_reg_set(struct vcpu *v, u32 n, u32 value);
/* SP of bank of @mode, for SRS; the current one included. */
u32 vcpu_mode_sp_get(const struct vcpu *v, u32 mode);
void vcpu_mode_sp_set(struct vcpu *v, u32 mode, u32 value);

/* A fault as the guest would see it: short-descriptor FSR (B4.1.51/B4.1.96: FS, domain, WnR) and address. */
struct gfault {
	u32 fsr;
	u32 far;
};
/* Deliver an exception to the guest now. v->r[15] is the address of the faulting instruction (not the LR). */
void inject_undef(struct vcpu *v);
void inject_svc(struct vcpu *v);		/* r[15] = address of the SVC itself */
void inject_pabt(struct vcpu *v, const struct gfault *f);
void inject_dabt(struct vcpu *v, const struct gfault *f);
void inject_irq(struct vcpu *v);
void inject_fiq(struct vcpu *v);

/* Count one event of an exit that left the window. */
static inline void vcpu_count(struct vcpu *v, enum exit_cause c)
{
	v->exits[c]++;
	if (v->slow_cause == SLOW_CAUSE_NONE)
		v->slow_cause = c;
}

/* CP15/CP14 registers, one table row each (cp15_regs.c). enc = COPROC_ENC(...) */
#define COPROC_ENC(cp, opc1, crn, crm, opc2) \
	(((cp) << 16) | ((crn) << 12) | ((opc1) << 8) | ((crm) << 4) | (opc2))
enum coproc_result { COPROC_OK, COPROC_UNDEF, COPROC_FAULT /* exception already injected */ };
enum coproc_result coproc_read(struct vcpu *v, u32 enc, u32 *value);
enum coproc_result coproc_write(struct vcpu *v, u32 enc, u32 value);
