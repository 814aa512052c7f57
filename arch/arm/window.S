/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window: exception vectors and the way between the guest's and Umbra's address space.
 *
 * Mapped privileged-only and global at the same (movable) address in every shadow root, in the trampoline root
 * and in Umbra's own table. Position independent. Every banked stack pointer holds the address of the vCPU page,
 * so an exit saves the guest's registers without any other state.
 *
 * An ASID and its TTBR0 cannot be changed together, so both directions go through the trampoline root, which maps
 * nothing but the window: no walk can cache an entry under the wrong ASID (ARM ARM B3.10.4).
 */
#include <arm/hot_table.h>
#include <arm/site.h>
#include <arm/slot.h>
#include <arm/window.h>

/* Fault status (B3.13.3) */
#define FS_BITS			0x40f
#define FS_EXTERNAL		0x008
#define FS_ASYNC_EXTERNAL	0x406

	.syntax	unified
	.arm
	.section .window.text, "ax", %progbits
	.balign	4096
	.global	__window_vectors
__window_vectors:
	b	.			@ reset: not through VBAR
	b	win_und
	b	win_svc
	b	win_pabt
	b	win_dabt
	b	.			@ hypervisor: no such mode
	b	win_irq
	b	win_fiq
#ifdef CONFIG_CPU_PATH_INLINE
	.balign	32
	.global	__window_vectors_inline
__window_vectors_inline:
	b	.
	b	inl_und
	b	inl_svc
	b	win_pabt
	b	inl_dabt
	b	.
	b	win_irq
	b	win_fiq

/*
 * Undefined: a gate (cpu/gate.h), or window_inline.S finds out. The one free register is sp, which is known: the vCPU page is so far from here. Of where
 * it is made again only the distance matters, which has to be a multiple of 256. Nothing but an asynchronous abort can come meanwhile, and that has
 * a sp of its own.
 */
	.org	__window_vectors + 0x100 - 8 - 12
inl_und:
	ldr	sp, [sp, #VCPU_GATES_KEY]
	eor	sp, sp, lr, ror #6
	lsrs	sp, sp, #10		@ of lr these are bits 31:16 and 5:0: GATES_SIZE, GATE_ALIGN
	add	sp, pc, #(WINDOW_VCPU - WINDOW_TEXT - 0x100)
	moveq	pc, lr
	b	inl_und_rest
#endif

/*
 * Did the exception come from Umbra itself (mode other than USR)? Then branch to @target; r0 is kept. For aborts only, which
 * mask A: otherwise an asynchronous abort might come in between and use the same scratch word.
 */
	.macro	check_host target
	str	r0, [sp, #VCPU_SCRATCH]
	mrs	r0, spsr
	tst	r0, #0xf
	ldr	r0, [sp, #VCPU_SCRATCH]
	bne	\target
	.endm

#include "window_hot.S"

/* What is not hot: the instruction is still to be read, r0-r2 are made again from lr and SPSR. */
svc_common:
	mrs	r2, spsr
	tst	r2, #0x20
	bne	1f
	sub	r1, lr, #4
	mov	r0, #VEC_SVC
	b	exit_with_insn
1:	mrs	r0, cpsr		@ T32: its sites come by Undefined mode, from und_t32
	and	r0, r0, #0x1f
	cmp	r0, #0x1b
	ldreq	r1, [sp, #VCPU_PC]
	ldreq	r2, [sp, #VCPU_T32_PSR]
	moveq	r0, #VEC_UND
	subne	r1, lr, #2
	movne	r0, #VEC_SVC
	b	exit_with_insn

und_common:
	mrs	r2, spsr
	tst	r2, #0x20
	subeq	r1, lr, #4
	subne	r1, lr, #2
	mov	r0, #VEC_UND

/*
 * Read the instruction at r1 under the guest's tables. It was fetched a moment ago, so this hits; should it abort all
 * the same, win_dabt finds the address in this range and lets C fetch it through the guest's tables.
 */
exit_with_insn:
	mov	r4, #1
	tst	r2, #0x20
fetch_start:
	ldreq	r3, [r1]
	beq	fetch_end
	ldrh	r3, [r1]
	cmp	r3, #0xe800		@ the first half of a 32-bit instruction (A6.1)
	ldrhhs	r5, [r1, #2]
	orrhs	r3, r5, r3, lsl #16
fetch_end:
	str	r3, [sp, #VCPU_EXIT_INSN]
	str	r4, [sp, #VCPU_EXIT_INSN_VALID]
	str	r1, [sp, #VCPU_PC]
	movw	r5, #0x1df		@ mode and A, I, F: virtual, kept by the vCPU
	ldr	r3, [sp, #VCPU_CPSR]
	bic	r2, r2, r5
	and	r3, r3, r5
	orr	r3, r3, r2
	str	r3, [sp, #VCPU_CPSR]
	ldr	r5, [sp, #VCPU_FAST_OFF]
	bics	r5, r4, r5		@ nonzero: fast path wanted and the word is valid
	beq	exit_switch
	mov	r4, r0			@ callee-saved over the fast path
	mov	r1, r0
	mov	r0, sp
	add	sp, sp, #(WINDOW_STACK + WINDOW_STACK_SIZE - WINDOW_VCPU)
	bl	window_fast
	sub	sp, sp, #(WINDOW_STACK + WINDOW_STACK_SIZE - WINDOW_VCPU)
	cmp	r0, #0
	mov	r0, r4
	beq	exit_switch
	/* Resume: the fast path has written the DACR if it changed; the return below synchronizes it (B1.8.10). */
	ldr	r1, [sp, #VCPU_CPSR]
	ldr	lr, [sp, #VCPU_PC]
	movw	r4, #0x19f		@ F stays: see window_enter
	bic	r1, r1, r4
	orr	r1, r1, #0x10
	msr	spsr_cxsf, r1
	ldmia	sp, {r0-r14}^
	nop
	movs	pc, lr

win_pabt:
	check_host host_pabt
	stmia	sp, {r0-r14}^
	mrs	r2, spsr
	sub	r1, lr, #4
	mrc	p15, 0, r3, c5, c0, 1
	mrc	p15, 0, r4, c6, c0, 2
	str	r3, [sp, #VCPU_EXIT_IFSR]
	str	r4, [sp, #VCPU_EXIT_IFAR]
	mov	r0, #VEC_PABT
	b	exit_slow

win_dabt:
	check_host host_dabt
	stmia	sp, {r0-r14}^
	mrs	r2, spsr
	sub	r1, lr, #8
	mrc	p15, 0, r3, c5, c0, 0
	mrc	p15, 0, r4, c6, c0, 0
	str	r3, [sp, #VCPU_EXIT_DFSR]
	str	r4, [sp, #VCPU_EXIT_DFAR]
	mov	r0, #VEC_DABT
	b	exit_slow

/*
 * Umbra routes no FIQ, so this should not come. F is open while the guest has it open and an exception of the guest is handled in here, so it
 * may come at any instruction; r8 is banked: go on with F masked.
 */
win_fiq:
	mrs	r8, spsr
	orr	r8, r8, #0x40
	msr	spsr_c, r8
	subs	pc, lr, #4

win_irq:
	stmia	sp, {r0-r14}^
	mrs	r2, spsr
	sub	r1, lr, #4
	mov	r0, #VEC_IRQ

/* r0 vector, r1 guest pc, r2 SPSR (the guest's real CPSR); sp the vCPU page; user registers saved. */
exit_slow:
	str	r1, [sp, #VCPU_PC]
	movw	r4, #0x1df		@ mode and A, I, F: virtual, kept by the vCPU
	ldr	r3, [sp, #VCPU_CPSR]
	bic	r2, r2, r4
	and	r3, r3, r4
	orr	r3, r3, r2
	str	r3, [sp, #VCPU_CPSR]
exit_switch:
	add	r5, sp, #VCPU_TRAMP_TTBR0
	ldm	r5, {r5-r8}		@ trampoline, Umbra's TTBR0, return address, stack
	mov	r9, #HOST_ASID_UMBRA
	dsb				@ guest's stores are done before tables change
	mcr	p15, 0, r5, c2, c0, 0	@ TTBR0: trampoline
	isb
	mcr	p15, 0, r9, c13, c0, 1	@ CONTEXTIDR
	isb
	mcr	p15, 0, r6, c2, c0, 0	@ TTBR0: Umbra
	isb
	cpsid	aif, #0x1f		@ System mode: Umbra's C code has no banked stack of its own to lose
	mov	sp, r8
	bx	r7

/* r0: vCPU page as seen here is the SVC stack pointer. Called in Umbra's address space, System mode, A/I/F masked. */
	.global	window_enter
window_enter:
	cps	#0x13
	add	r3, sp, #VCPU_PC
	ldm	r3, {r3-r8}		@ pc, CPSR, TTBR0, CONTEXTIDR, DACR, trampoline
	movw	r9, #0x19f
	bic	r4, r4, r9
	orr	r4, r4, #0x10		@ User mode, IRQ and aborts open; F is the guest's, because its User code can read it
	msr	spsr_cxsf, r4
	mov	lr, r3
	dsb
	mcr	p15, 0, r8, c2, c0, 0
	isb
	mcr	p15, 0, r6, c13, c0, 1
	isb
	mcr	p15, 0, r5, c2, c0, 0
	mcr	p15, 0, r7, c3, c0, 0
	isb
	ldmia	sp, {r0-r14}^
	nop				@ no banked register access right after LDM^ (A8.8.59 note)
	movs	pc, lr

/*
 * Exceptions taken while Umbra itself runs. A data abort inside fetch_start..fetch_end is the instruction read above
 * (still in the guest's address space); one inside the checked accesses of entry.S is reported to their caller; all else
 * is a bug of Umbra: arm_host_fault() prints and stops.
 *
 * A frame of the guest that is read or written in one go was found accessible at its ends. What is between may still not answer, if
 * it is registers and no memory. Whether a synchronous external abort is one is IMPLEMENTATION DEFINED (B3.12, External aborts), so what was begun is
 * finished, and the guest gets an asynchronous one: at once where the frame is left for User mode (return_abort), else at its next exit.
 *
 * But an asynchronous external abort is the late answer to an earlier store: of the guest, if it comes before the guest's
 * next instruction but after an SVC or Undefined entry, which leave A open (B1.9.2, B1.9.4), or if a checked access
 * opens A with one pending. It waits in irq_in until the guest's A bit lets it in.
 */
host_dabt:
	str	r0, [sp, #VCPU_SCRATCH]
	str	r1, [sp, #VCPU_SCRATCH + 4]
	mrc	p15, 0, r0, c5, c0, 0
	movw	r1, #FS_BITS
	and	r0, r0, r1
	movw	r1, #FS_ASYNC_EXTERNAL
	cmp	r0, r1
	sub	r0, lr, #8
	beq	host_late
	adr	r1, fetch_start
	cmp	r0, r1
	blo	1f
	adr	r1, fetch_end
	cmp	r0, r1
	blo	fetch_failed
1:
#ifdef CONFIG_CPU_PATH_INLINE
	ldr	r1, [sp, #VCPU_GATES]
	sub	r1, r0, r1
	cmp	r1, #GATES_SIZE
	blo	gate_abort
	ldr	r1, [sp, #VCPU_WINDOW_BASE]
	add	r1, r1, #WINDOW_CALL
	sub	r1, r0, r1
	cmp	r1, #WINDOW_CALL_SIZE
	bhs	6f
	ldr	r1, [r0, #WINDOW_CALL_FIXUPS]
	cmp	r1, #0
	add	lr, r0, r1
	bne	4f
	mrs	r1, spsr
	tst	r1, #0x08		@ Undefined mode: a return line
	bne	return_abort
	mrc	p15, 0, r1, c5, c0, 0
	eor	r1, r1, #FS_EXTERNAL
	tst	r1, #(FS_BITS & 0xf)
	tsteq	r1, #(FS_BITS & 0x400)
	addeq	r0, r0, #4
	beq	host_late_guest
	b	2f
6:	adrl	r1, user_access_start
	cmp	r0, r1
	adrl	r1, user_access_end
	cmphs	r1, r0
	ldrhi	lr, [sp, #VCPU_USER_ACCESS_BACK]
	addhi	lr, lr, #8
	bhi	gate_abort
#endif
	adrl	r1, hot_svc_start
	cmp	r0, r1
	blo	5f
	adrl	r1, hot_svc_end
	cmp	r0, r1
	adrlo	lr, svc_common
	blo	4f
	adrl	r1, hot_load_end
	cmp	r0, r1
	blo	return_abort
	adrl	r1, hot_und_start
	cmp	r0, r1
	blo	5f
	adrl	r1, hot_und_end
	cmp	r0, r1
	adrlo	lr, und_common
	blo	4f
5:	adr	r1, uaccess_start
	cmp	r0, r1
	blo	3f
	adr	r1, uaccess_end
	cmp	r0, r1
	adrlo	lr, uaccess_fail
	blo	4f
3:	ldr	r1, =arm_mmio_checked_start
	cmp	r0, r1
	blo	2f
	ldr	r1, =arm_mmio_checked_end
	cmp	r0, r1
	bhs	2f
	ldr	lr, =arm_mmio_checked_fail
4:	ldr	r0, [sp, #VCPU_SCRATCH]
	ldr	r1, [sp, #VCPU_SCRATCH + 4]
	movs	pc, lr
/* In a gate (cpu/gate.h), where r0 is saved and r1-r12 are the guest's: an abort of the guest, whose real CPSR is the SPSR of Undefined mode. */
gate_abort:
	ldr	r1, [sp, #VCPU_CPSR]
	tst	r1, #0xf		@ User mode: all but its registers is as there
	beq	return_abort
	ldr	r0, [sp, #VCPU_SCRATCH]
	ldr	r1, [sp, #VCPU_SCRATCH + 4]
	stmib	sp, {r1-r14}^
	mrc	p15, 0, r3, c5, c0, 0
	mrc	p15, 0, r4, c6, c0, 0
	sub	r1, lr, #8
	str	r3, [sp, #VCPU_EXIT_DFSR]
	str	r4, [sp, #VCPU_EXIT_DFAR]
	cps	#0x1b
	mrs	r2, spsr
	cps	#0x17
	mov	r0, #VEC_DABT
	b	exit_slow
/* On the way to User mode, when nothing but registers was still to be loaded, which are UNKNOWN then (B1.9.8). */
return_abort:
	mrc	p15, 0, r1, c5, c0, 0
	eor	r1, r1, #FS_EXTERNAL
	tst	r1, #(FS_BITS & 0xf)
	tsteq	r1, #(FS_BITS & 0x400)
	bne	2f
	ldr	r0, [sp, #VCPU_SCRATCH]
	ldr	r1, [sp, #VCPU_SCRATCH + 4]
	stmia	sp, {r0-r14}^
	movw	r3, #FS_ASYNC_EXTERNAL
	ldr	r5, [sp, #VCPU_DACR_USER]
	str	r3, [sp, #VCPU_EXIT_DFSR]
	str	r5, [sp, #VCPU_HW_DACR]
	ldr	r1, [sp, #VCPU_PC]
	ldr	r2, [sp, #VCPU_CPSR]
	mov	r0, #VEC_DABT
	b	exit_slow
host_late:
	ldr	r1, =arm_mmio_late_start
	cmp	r0, r1
	blo	host_late_guest
	ldr	r1, =arm_mmio_late_end
	cmp	r0, r1
	ldrlo	lr, =arm_mmio_checked_fail
	blo	4b
host_late_guest:
	ldr	r1, [sp, #VCPU_IRQ_IN]
	orr	r1, r1, #0x100		@ PSR_A
	str	r1, [sp, #VCPU_IRQ_IN]
	mov	lr, r0
	b	4b
2:	mov	r0, #VEC_DABT
	sub	r1, lr, #8
	b	host_fault

/*
 * Guest memory for the fast paths, with User permissions (so that the window itself is out of reach). An abort ends in
 * uaccess_fail and is no event: the slow path repeats the instruction and finds the reason.
 */
	@ The cache operations complete at the DSB that the guest itself needs for its purpose, so there is none here.
	.global	window_ldrt, window_strt, window_ldrbt, window_strbt, window_ldrht, window_strht, window_dccmvac, window_dccimvac
uaccess_start:
window_ldrt:
	ldrt	r3, [r0], #4
	subs	r2, r2, #1
	str	r3, [r1], #4
	bne	window_ldrt
	mov	r0, #1
	bx	lr
window_strt:
	ldr	r3, [r1], #4
	strt	r3, [r0], #4
	subs	r2, r2, #1
	bne	window_strt
	mov	r0, #1
	bx	lr
window_dccmvac:
	mcr	p15, 0, r0, c7, c10, 1
	subs	r2, r2, #1
	add	r0, r0, r1
	bne	window_dccmvac
	mov	r0, #1
	bx	lr
window_ldrbt:
	ldrbt	r3, [r0]
	strb	r3, [r1]
	mov	r0, #1
	bx	lr
window_strbt:
	ldrb	r3, [r1]
	strbt	r3, [r0]
	mov	r0, #1
	bx	lr
window_ldrht:
	ldrht	r3, [r0]
	strh	r3, [r1]
	mov	r0, #1
	bx	lr
window_strht:
	ldrh	r3, [r1]
	strht	r3, [r0]
	mov	r0, #1
	bx	lr
window_dccimvac:
	mcr	p15, 0, r0, c7, c14, 1
	subs	r2, r2, #1
	add	r0, r0, r1
	bne	window_dccimvac
	mov	r0, #1
	bx	lr
/* r0 address, r1 bytes, r2 and r3 the values. Returns 1: stored, 2: the monitor is open. */
store_exclusive:
	cmp	r1, #4
	strexeq	r12, r2, [r0]
	strexdgt r12, r2, r3, [r0]
	cmp	r1, #2
	strexheq r12, r2, [r0]
	strexblt r12, r2, [r0]
	add	r0, r12, #1
	bx	lr
/* r0 address, r1 bytes. Returns 1. */
load_exclusive:
	cmp	r1, #4
	ldrexeq	r2, [r0]
	ldrexdgt r2, r3, [r0]
	cmp	r1, #2
	ldrexheq r2, [r0]
	ldrexblt r2, [r0]
	mov	r0, #1
	bx	lr
uaccess_end:
uaccess_fail:
	mov	r0, #0
	bx	lr

/*
 * u32 window_strex(struct vcpu *v, u32 va, u32 size, u32 val, u32 val2): a store exclusive under the guest's tables, where the monitor
 * knows the address; window_ldrex(v, va, size): a load. Called in Umbra's address space, System mode, at their place in the window; return
 * as store_exclusive and load_exclusive, or 0.
 */
	.global	window_strex, window_ldrex
window_ldrex:
	push	{r4-r10, lr}
	adr	r10, load_exclusive
	b	1f
window_strex:
	push	{r4-r10, lr}
	adr	r10, store_exclusive
	ldr	r12, [sp, #32]
1:	cps	#0x13			@ its stack pointer is the vCPU page
	ldr	r4, [sp, #VCPU_CPSR]
	tst	r4, #0x200		@ E
	ldr	r4, [sp, #VCPU_TRAMP_TTBR0]
	ldr	r5, [sp, #VCPU_HW_TTBR0]
	ldr	r6, [sp, #VCPU_HW_ASID]
	ldr	r7, [sp, #VCPU_HW_DACR]
	ldr	r8, [sp, #VCPU_HOST_TTBR0]
	mov	r9, #HOST_ASID_UMBRA
	dsb
	mcr	p15, 0, r4, c2, c0, 0
	isb
	mcr	p15, 0, r6, c13, c0, 1
	isb
	mcr	p15, 0, r5, c2, c0, 0
	mcr	p15, 0, r7, c3, c0, 0
	isb
	mov	r0, r1
	mov	r1, r2
	mov	r2, r3
	mov	r3, r12
	beq	2f
	setend	be			@ in the guest's byte order; nothing else is accessed until it is Umbra's again
2:	blx	r10
	setend	le
	dsb
	mcr	p15, 0, r4, c2, c0, 0
	isb
	mcr	p15, 0, r9, c13, c0, 1
	isb
	mcr	p15, 0, r8, c2, c0, 0
	isb
	cps	#0x1f
	pop	{r4-r10, pc}

fetch_failed:
	mov	r3, #0
	mov	r4, #0
	adrl	lr, fetch_end
	ldr	r0, [sp, #VCPU_SCRATCH]
	ldr	r1, [sp, #VCPU_SCRATCH + 4]
	movs	pc, lr

host_und:
	mrs	r0, spsr
	tst	r0, #0x20		@ PSR_T: a slot of T32 code, of which the return address is one halfword further (B1.8.3)
	subeq	r1, lr, #4
	subne	r1, lr, #2
	ldr	r2, =arm_slots
	sub	r2, r1, r2
	cmp	r2, #(SLOT_NR * SLOT_SIZE)
	ldrlo	pc, =arm_slot_undefined	@ an instruction of the guest
	mov	r0, #VEC_UND
	b	host_fault
host_pabt:
	mov	r0, #VEC_PABT
	sub	r1, lr, #4

host_fault:
	mrs	r2, spsr
	mov	r3, sp			@ vCPU page: what was saved there is still the last guest state
	ldr	r5, [sp, #VCPU_TRAMP_TTBR0]
	ldr	r6, [sp, #VCPU_HOST_TTBR0]
	mov	r9, #HOST_ASID_UMBRA
	cmp	r5, #0			@ before the window exists Umbra's tables are live anyway
	beq	3f
	mcr	p15, 0, r5, c2, c0, 0
	isb
	mcr	p15, 0, r9, c13, c0, 1
	isb
	mcr	p15, 0, r6, c2, c0, 0
	isb
3:	cpsid	aif, #0x1f
	ldr	sp, =arm_fault_stack_top
	ldr	r4, =arm_host_fault
	bx	r4
	.ltorg
