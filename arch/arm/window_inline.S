/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hottest exits of path `inline`, included by window.S behind window_hot.S: what its stubs leave over. Between two exits the
 * vCPU's open page holds CPSR.I, the SPSR of the current mode, sp and lr of the User bank, and DACR (struct vcpu_open); VCPU_CPSR holds
 * all of the CPSR but I. The rules, registers and labels are those of window_hot.S; handlers that touch none of this are shared.
 */

/* Undefined, and no gate: where a return line begins (cpu/ret_line.h), or something else. */
inl_und_rest:
	str	r0, [sp]
	ldr	r0, [sp, #VCPU_RET]
	cmp	r0, lr
	ldreq	pc, [sp, #(VCPU_RET + RET_LINE)]
	ldr	r0, [sp, #(VCPU_RET + RET_SIZE)]
	cmp	r0, lr
	ldreq	pc, [sp, #(VCPU_RET + RET_SIZE + RET_LINE)]
	.global	window_und_plain
window_und_plain:
	ldr	r0, [sp]
	b	win_und

/*
 * A data abort: of guest User mode, or of Umbra itself, or of a privileged mode of the guest's. Where the first kind goes depends on whether all is there that
 * window_abort needs.
 */
inl_dabt:
	str	lr, [sp, #(VCPU_SCRATCH + 8)]
	mrs	lr, spsr
	tst	lr, #0xf
	ldreq	lr, [sp, #VCPU_CPSR]
	tsteq	lr, #0xf
	ldreq	pc, [sp, #VCPU_ABORT_NOW]
	.global	window_abort, window_abort_plain, window_abort_back
window_abort_plain:
	ldr	lr, [sp, #(VCPU_SCRATCH + 8)]
	b	win_dabt

/*
 * Is it the guest's by itself?
 *  - A store to a page that is mapped, and that the guest's descriptor denied to User mode when it was read: a TLB that has it raises this fault, so
 *    nobody has to look into the guest's tables (vcpu.h: denied_otherwise). They may say something else meanwhile, and the guest not yet that they do. So
 *    that it gets on all the same, C looks after ABORTS_IN_A_ROW.
 *  - An access to where nothing is mapped, and nothing is in the guest's tables now, if they are in sight (struct window_walk).
 * The line (cpu/abort_line.h) does the rest in Supervisor mode, where its own store may abort: lr and SPSR of Abort mode would be lost.
 */
window_abort:
	str	r0, [sp, #(VCPU_SCRATCH + 12)]
	mrs	lr, spsr
	tst	lr, #0x07000000		@ J, or in an IT block
	tsteq	lr, #0x200		@ E
	bne	1f
	mrc	p15, 0, lr, c5, c0, 0
	mrc	p15, 0, r0, c6, c0, 0
	str	lr, [sp, #VCPU_EXIT_DFSR]
	str	r0, [sp, #VCPU_EXIT_DFAR]
	bic	lr, lr, #0xf0		@ domain
	eor	lr, lr, #0x800		@ WnR
	cmp	lr, #0xf
	bne	3f
	lsr	lr, r0, #25
	add	lr, sp, lr, lsl #2
	ldr	lr, [lr, #VCPU_DENIED_OTHERWISE]
	lsr	r0, r0, #20
	ror	lr, lr, r0
	ldr	r0, [sp, #VCPU_EXIT_DFSR]
	tst	lr, #1
	bne	1f
	and	r0, r0, #0xf0
	add	r0, sp, r0, lsr #2
	ldr	r0, [r0, #VCPU_DOM_FSR]
	cmp	r0, #0
	beq	1f
2:	str	r0, [sp, #(VCPU_SCRATCH + 20)]
	ldr	lr, [sp, #VCPU_CALL_DACR]
	ldr	r0, [sp, #VCPU_HW_DACR_ENTRY]
	bics	lr, lr, r0
	ldreq	lr, [sp, #VCPU_ABORT_LEFT]
	bne	1f
	subs	lr, lr, #1
	bmi	1f
	str	lr, [sp, #VCPU_ABORT_LEFT]
	mcr	p15, 0, r0, c3, c0, 0
	isb
	ldr	lr, [sp, #(VCPU_SCRATCH + 8)]
	mrs	r0, spsr
	str	lr, [sp, #VCPU_PC]	@ 8 ahead
	cps	#0x13
	msr	spsr_cxsf, r0
	ldr	pc, [sp, #VCPU_ABORT_LINE]
1:	ldr	r0, [sp, #(VCPU_SCRATCH + 12)]
	b	window_abort_plain

3:	bic	lr, lr, #0x800		@ a translation fault, of either level: the shadow may have no table there
	orr	lr, lr, #2
	cmp	lr, #7
	bne	1b
	str	r1, [sp, #(VCPU_SCRATCH + 24)]
	ubfx	r1, r0, #20, #2
	add	lr, sp, r1, lsl #5
	ldr	r1, [lr, #VCPU_WALK_SLOT]
	cmp	r1, r0, lsr #20
	ldr	r1, [lr, #VCPU_WALK_TTBR0]
	ldreq	r0, [sp, #VCPU_TTBR0]
	cmpeq	r0, r1
	bne	4f
	ldr	r1, [lr, #VCPU_WALK_L1_AT]
	ldr	r0, [lr, #VCPU_WALK_L1]
	ldr	r1, [r1]
	cmp	r0, r1
	ldr	r1, [lr, #VCPU_WALK_L2_AT]
	ldr	r0, [sp, #VCPU_EXIT_DFAR]
	bne	4f
	ubfx	r0, r0, #12, #8
	ldr	r1, [r1, r0, lsl #2]
	ldr	r0, [lr, #VCPU_WALK_FSR]
	ldr	lr, [sp, #VCPU_EXIT_DFSR]
	tst	r1, #3
	and	lr, lr, #0x800
	bne	4f
	ldr	r1, [sp, #(VCPU_SCRATCH + 24)]
	orr	r0, r0, lr
	b	2b
4:	ldr	r1, [sp, #(VCPU_SCRATCH + 24)]
	b	1b

/* Nothing was done: the exit that it would have been. SPSR is the guest's CPSR, and r0 is saved. */
window_abort_back:
	ldr	r0, [sp, #(VCPU_SCRATCH + 12)]
	stmia	sp, {r0-r14}^
	ldr	r0, [sp, #VCPU_HW_DACR]
	ldr	r1, [sp, #VCPU_ABORT_LEFT]
	mcr	p15, 0, r0, c3, c0, 0	@ as before; the exit synchronizes it
	add	r1, r1, #1
	str	r1, [sp, #VCPU_ABORT_LEFT]
	ldr	r1, [sp, #VCPU_PC]
	mrs	r2, spsr
	sub	r1, r1, #8
	mov	r0, #VEC_DABT
	b	exit_slow

/* From a gate, to v->r[15] in User mode: registers and SPSR are those of the guest. */
	.global	window_to_user
window_to_user:
	ldr	lr, [sp, #VCPU_DACR_USER]
	mcr	p15, 0, lr, c3, c0, 0	@ the exception return synchronizes it (B1.8.10)
	ldr	lr, [sp, #VCPU_PC]
	movs	pc, lr

/*
 * From a gate: an access of r0 with the rights of virtual User mode, which is the host's DACR of that mode. With that nothing is executable where gates are,
 * so it is here. One that aborts is the guest's (window.S).
 */
	.macro	user_access insn
	ldr	lr, [sp, #VCPU_USER_ACCESS_HOST]
	mcr	p15, 0, lr, c3, c0, 0
	isb
	ldr	lr, [sp, #VCPU_USER_ACCESS_ADDRESS]
	\insn	r0, [lr]
	ldr	lr, [sp, #VCPU_HW_DACR]
	mcr	p15, 0, lr, c3, c0, 0
	isb
	ldr	pc, [sp, #VCPU_USER_ACCESS_BACK]
	.endm
	.global	window_strt_gate, window_ldrt_gate, window_strbt_gate, window_ldrbt_gate
user_access_start:
window_strt_gate:
	user_access strt
window_ldrt_gate:
	user_access ldrt
window_strbt_gate:
	user_access strbt
window_ldrbt_gate:
	user_access ldrbt
user_access_end:

/* r3 := the virtual CPSR with its I. Clobbers r4. */
	.macro	inl_cpsr
	ldr	r4, [sp, #OPEN_MASK]
	eor	r4, r4, r3
	and	r4, r4, #0x80
	eor	r3, r3, r4
	.endm

/* The virtual CPSR := \psr, which may differ in mode, A, I, F from what it was. Clobbers \tmp. */
	.macro	inl_set_cpsr psr, tmp
	movw	\tmp, #0x15f
	str	\psr, [sp, #VCPU_CPSR]
	and	\tmp, \tmp, \psr
	str	\psr, [sp, #OPEN_MASK]
	str	\tmp, [sp, #OPEN_PSR_OR]
	.endm

/* r8, r11 := the host's DACR in virtual privileged and User mode for the guest's value r5. Clobbers r0, r1, r7. */
	.macro	inl_find_dacr
	add	r7, sp, #VCPU_DACR_CACHE
	.rept	DACR_CACHE_ENTRIES
	ldm	r7!, {r0, r1, r8, r11}	@ valid, guest, kernel, user
	cmp	r1, r5
	beq	1f
	.endr
	b	svc_common
1:	cmp	r0, #1			@ a void entry may hold the same value
	bne	svc_common
	.endm

/* open_choose_call() for the host's DACR \dacr. */
	.macro	inl_choose_call dacr, tmp
	ldr	\tmp, [sp, #VCPU_CALL_DACR]
	bics	\tmp, \tmp, \dacr
	ldreq	\tmp, [sp, #VCPU_SVC_LINE]
	ldrne	\tmp, [sp, #VCPU_SVC_PLAIN]
	str	\tmp, [sp, #VCPU_SVC_ENTRY]
	.endm

/* There is an SPSR: the mode is not System (User mode never gets here). Clobbers r4. */
	.macro	inl_has_spsr
	and	r4, r3, #0xf
	cmp	r4, #0xf
	beq	svc_common
	.endm

/*
 * A system call, or a site or a stub's trapping word. A system call needs no register but lr. It finds in the open page what Supervisor
 * mode starts with (open_unfold_user()): sp and lr of that bank, which change places with those of the User bank, SPSR, and
 * what stubs know of the mode; CPSR.I it writes. In User mode the real CPSR is the guest's, A, I and F clear (else there is no svc_vector). The real
 * DACR becomes the one with which this kernel closes user memory, if that grants no more than what the architecture says is open
 * now: then there is nothing to do when it does so.
 */
	.macro	inl_system_call vector, psr, spsr
	mrs	lr, spsr
	tst	lr, #0x07000000		@ J, or in an IT block
	bne	window_call_slow
	str	lr, [sp, #OPEN_SPSR]
	msr	spsr_xc, #\spsr		@ E, A, I, F clear; flags, GE stay
	ldr	lr, [sp, #OPEN_OTHER_SP]
	str	lr, [sp]
	stmdb	sp, {sp, lr}^		@ to OPEN_OTHER_SP, OPEN_OTHER_LR
	ldmia	sp, {sp, lr}^
	nop				@ no banked register access right after LDM^ (A8.8.59 note)
	mov	lr, #\psr
	str	lr, [sp, #VCPU_CPSR]
	str	lr, [sp, #OPEN_MASK]
	ldr	lr, [sp, #VCPU_HW_DACR_ENTRY]
	str	lr, [sp, #VCPU_HW_DACR]
	mcr	p15, 0, lr, c3, c0, 0	@ the exception return synchronizes it
	hot_count EXIT_SVC, lr
	ldr	lr, [sp, #\vector]
	movs	pc, lr
	.endm

/* Where VCPU_SVC_ENTRY leads: the return address is at [sp, #4]. */
	.global	window_call, window_call_t32, window_call_slow
window_call:
	inl_system_call VCPU_SVC_VECTOR, 0x93, 0x10
window_call_t32:
	inl_system_call VCPU_SVC_VECTOR_T32, 0xb3, 0x30
window_call_slow:
	ldr	lr, [sp, #4]
	stmia	sp, {r0-r14}^
	b	svc_common

inl_svc:
	str	lr, [sp, #4]
	ldr	lr, [sp, #VCPU_CPSR]
	tst	lr, #0xf
	ldreq	pc, [sp, #VCPU_SVC_ENTRY]
	ldr	lr, [sp, #4]
	stmia	sp, {r0-r14}^
	mrs	r2, spsr
	ldr	r3, [sp, #VCPU_CPSR]
	tst	r2, #0x220		@ T or E
	bne	svc_common
	ldr	r6, [lr, #-4]
	cmp	r6, #0xef000000
	ubfx	r7, r6, #SITE_KIND_SHIFT, #6
	and	r8, r6, #0xf
	addhs	pc, pc, r7, lsl #2
	b	svc_common
	.rept	32
	b	svc_common
	.endr
	b	svc_common		@ SITE_KIND_C
#define KIND(name, handler, cause)	b inl_##handler;
#define WORD(...)
	HOT_TABLE(KIND, WORD)
#undef KIND
#undef WORD
	.rept	32 - SITE_KINDS
	b	svc_common
	.endr

	.macro	inl_handler name
inl_\name:
	.set	hot_cause, \name\()_cause
	.endm

/* What the open page has no part in, or only a copy of for reading. */
	.set	inl_hot_tpidrprw, hot_tpidrprw
	.set	inl_hot_tpidruro, hot_tpidruro
	.set	inl_hot_sctlr_read, hot_sctlr_read
	.set	inl_hot_sctlr_write, hot_sctlr_write
	.set	inl_hot_dfsr, hot_dfsr
	.set	inl_hot_ifsr, hot_ifsr
	.set	inl_hot_dfar, hot_dfar
	.set	inl_hot_ifar, hot_ifar
	.set	inl_hot_ttbr0_read, hot_ttbr0_read
	.set	inl_hot_ttbr1_read, hot_ttbr1_read
	.set	inl_hot_fpexc_read, hot_fpexc_read
	.set	inl_hot_fpexc_write, hot_fpexc_write
	.set	inl_hot_iciallu, hot_iciallu
	.set	inl_hot_bpiall, hot_bpiall
	.set	inl_hot_ctr, hot_ctr

	.macro	inl_not_fiq			@ F: through C, which makes the real one follow
	tst	r8, #1
	bne	svc_common
	.endm

	inl_handler hot_cpsid
	inl_not_fiq
	inl_cpsr
	orr	r3, r3, r8, lsl #6
	inl_set_cpsr r3, r5
	hot_count
	hot_resume

	inl_handler hot_cpsie
	inl_not_fiq
	ldr	r4, [sp, #VCPU_IRQ_IN]
	tst	r4, r8, lsl #6
	bne	svc_common		@ something becomes deliverable
	inl_cpsr
	bic	r3, r3, r8, lsl #6
	inl_set_cpsr r3, r5
	hot_count
	hot_resume

	inl_handler hot_mrs_cpsr
	inl_cpsr
	movw	r5, #0x1df
	bic	r4, r2, r5
	and	r5, r3, r5
	orr	r4, r4, r5
	str	r4, [sp, r8, lsl #2]
	hot_count
	hot_resume

	inl_handler hot_mrs_spsr
	inl_has_spsr
	ldr	r5, [sp, #OPEN_SPSR]
	bic	r5, r5, #0x00f00000	@ stubs store what they are given
	str	r5, [sp, r8, lsl #2]
	hot_count
	hot_resume

	inl_handler hot_msr_spsr
	inl_has_spsr
	ldr	r6, [sp, r8, lsl #2]
	bic	r6, r6, #0x00f00000	@ bits that do not exist
	str	r6, [sp, #OPEN_SPSR]
	hot_count
	hot_resume

	inl_handler hot_msr_cpsr_c		@ nothing but I changes
	inl_cpsr
	ldr	r5, [sp, r8, lsl #2]
	eor	r4, r5, r3
	tst	r4, #0x5f
	bne	inl_msr_mode
	and	r5, r5, #0x80
	bic	r3, r3, #0x80
	ldr	r6, [sp, #VCPU_IRQ_IN]
	orr	r3, r3, r5
	bics	r6, r6, r3
	bne	svc_common
	inl_set_cpsr r3, r5
	hot_count
	hot_resume

inl_msr_mode:
	mov	r6, r5
	mov	r5, r4
	mov	r4, r6
	hot_msr_mode_check
	ldr	r6, [sp, #VCPU_SP]
	ldr	r7, [sp, #VCPU_LR]
	ldr	r8, [sp, #VCPU_SPSR_SVC]
	str	r6, [sp, #OPEN_OTHER_SP]
	str	r7, [sp, #OPEN_OTHER_LR]
	str	r8, [sp, #OPEN_SPSR]
	ldr	r6, [sp, #VCPU_SP_SVC]
	ldr	r7, [sp, #VCPU_LR_SVC]
	b	2f
1:	ldr	r6, [sp, #VCPU_SP]
	ldr	r7, [sp, #VCPU_LR]
	ldr	r8, [sp, #OPEN_SPSR]
	str	r6, [sp, #VCPU_SP_SVC]
	str	r7, [sp, #VCPU_LR_SVC]
	bic	r8, r8, #0x00f00000	@ bits that do not exist
	ldr	r6, [sp, #OPEN_OTHER_SP]
	ldr	r7, [sp, #OPEN_OTHER_LR]
	str	r8, [sp, #VCPU_SPSR_SVC]
2:	str	r6, [sp, #VCPU_SP]
	str	r7, [sp, #VCPU_LR]
	inl_set_cpsr r5, r4
	hot_count
	hot_resume

	.balign	4
inl_bank:				@ within reach
	hot_bank_table

	inl_handler hot_movs_pc_lr		@ between privileged modes with banks, or from Supervisor to User mode
	hot_current_bank r7, inl_bank	@ from
	ldr	r4, [sp, #OPEN_SPSR]
	bic	r4, r4, #0x00f00000
	hot_return_check
	adr	r5, inl_bank
	and	r6, r4, #0xf
	ldrb	r8, [r5, r6]		@ to
	tst	r4, #0x10
	beq	svc_common
	sub	r6, r8, #(4 * BANK_IRQ)
	cmp	r6, #(4 * (BANK_UND - BANK_IRQ))
	bhi	inl_movs_user
	add	r8, sp, r8
	ldr	r5, [sp, #VCPU_SP]
	ldr	r9, [sp, #VCPU_LR]
	str	r5, [r7, #VCPU_BANK_SP]
	str	r9, [r7, #VCPU_BANK_LR]
	str	r4, [r7, #VCPU_BANK_SPSR]
	ldr	r5, [r8, #VCPU_BANK_SP]
	ldr	r6, [r8, #VCPU_BANK_LR]
	ldr	r7, [r8, #VCPU_BANK_SPSR]
	str	r5, [sp, #VCPU_SP]
	str	r6, [sp, #VCPU_LR]
	str	r7, [sp, #OPEN_SPSR]
	hot_return
	inl_set_cpsr r4, r5
	mov	lr, r9
	hot_count
	hot_resume

	/*
	 * To User mode by MOVS pc, lr alone, as T32 kernels go: what inl_ldm_ret does, with the registers as they are. The open page holds what a
	 * system call starts with, whatever was masked here.
	 */
inl_movs_user:
	str	lr, [sp, #VCPU_RETURNED_BEHIND]
	and	r6, r3, #0x1f
	ldr	r5, =0x07f0ffdf		@ all but flags, GE, T
	cmp	r6, #0x13
	and	r5, r5, r4
	cmpeq	r5, #0x10
	bne	svc_common
	ldr	r5, [sp, #OPEN_DACR]
	ldr	r6, [sp, #VCPU_DACR]
	cmp	r5, r6
	bne	svc_common
	ldr	r5, [sp, #VCPU_SP]
	ldr	r9, [sp, #VCPU_LR]
	ldr	r6, [sp, #OPEN_OTHER_SP]
	ldr	r7, [sp, #OPEN_OTHER_LR]
	str	r5, [sp, #OPEN_OTHER_SP]
	str	r9, [sp, #OPEN_OTHER_LR]
	str	r6, [sp, #VCPU_SP]
	str	r7, [sp, #VCPU_LR]
	mov	r5, #0x93
	inl_set_cpsr r5, r6
	str	r4, [sp, #VCPU_CPSR]
	ldr	r8, [sp, #VCPU_DACR_ENTRY]
	tst	r4, #0x20
	biceq	r9, r9, #3		@ else UNPREDICTABLE
	str	r8, [sp, #OPEN_DACR_REAL]
	str	r9, [sp, #VCPU_PC]
	msr	spsr_cxsf, r4		@ A, I, F clear, as checked
	hot_count
	ldmia	sp, {r0-r14}^
	nop
	b	window_to_user

	inl_handler hot_stm_sp_lr		@ STMDB Rn, {sp, lr}^ in Supervisor mode
	hot_supervisor_only
	ldr	r7, [sp, r8, lsl #2]
	ldr	r4, [sp, #OPEN_OTHER_SP]
	tst	r7, #3
	bne	svc_common
	ldr	r5, [sp, #OPEN_OTHER_LR]
	sub	r7, r7, #8
	strt	r4, [r7], #4		@ User permissions: never the window
	strt	r5, [r7]
	hot_count
	hot_resume

	inl_handler hot_ldm_r0
	hot_ldm_base 60
	ldmia	r7!, {r0-r6}
	stmia	sp, {r0-r6}
	b	inl_ldm_rest
	inl_handler hot_ldm_r1
	hot_ldm_base 56
	ldmia	r7!, {r1-r6}
	stmib	sp, {r1-r6}
inl_ldm_rest:
	ldmia	r7, {r0-r6, r8}
	add	r9, sp, #28
	stmia	r9, {r0-r5}
	str	r6, [sp, #OPEN_OTHER_SP]
	str	r8, [sp, #OPEN_OTHER_LR]
	hot_count
	hot_resume

	/*
	 * The way to User mode: LDM^; NOP; ADD sp, sp, #imm8; MOVS pc, lr in one. Nothing masked there, nothing pending here. The host's
	 * DACR values become those of the guest's DACR, which stubs only wrote down; what the vCPU does not remember is for C.
	 */
	.macro	inl_ldm_ret
	ldr	r6, [sp, #VCPU_RETURN_MODE]
	ldr	r4, [sp, #OPEN_SPSR]
	cmp	r6, #0
	beq	svc_common
	ldr	r5, =0x07f0ffdf		@ all but flags, GE, T
	and	r5, r5, r4
	cmp	r5, #0x10
	bne	svc_common
	ldr	r5, [sp, #OPEN_DACR]
	ldr	r6, [sp, #VCPU_DACR]
	cmp	r5, r6
	bne	4f
7:	ldr	r6, [lr, #4]		@ ADD
	ldr	r5, [sp, #VCPU_SP]
	ldr	r9, [sp, #VCPU_LR]
	and	r6, r6, #0xff
	add	r5, r5, r6
	tst	r4, #0x20
	biceq	r9, r9, #3		@ else UNPREDICTABLE
	mov	r6, #0x13		@ a system call finds A and F as User mode has them
	str	r4, [sp, #VCPU_CPSR]
	str	r9, [sp, #VCPU_PC]
	str	r6, [sp, #OPEN_PSR_OR]
	ldr	r8, [sp, #VCPU_DACR_ENTRY]
	str	r5, [sp, #OPEN_OTHER_SP]
	str	r9, [sp, #OPEN_OTHER_LR]
	str	r8, [sp, #OPEN_DACR_REAL]
	msr	spsr_cxsf, r4		@ A, I, F clear, as checked
	hot_count EXIT_SITE_RET
	.subsection 1
4:	mov	r6, r7
	inl_find_dacr
	mov	r7, r6
	ldr	r0, [sp, #VCPU_DACR_CLOSED]
	str	r5, [sp, #VCPU_DACR]
	str	r8, [sp, #VCPU_DACR_KERNEL]
	str	r11, [sp, #VCPU_DACR_USER]
	bics	r1, r0, r5		@ a system call closes what this kernel closes, if that grants no more
	ldreq	r8, [sp, #VCPU_HW_DACR_CLOSED]
	movne	r0, r5
	str	r0, [sp, #VCPU_DACR_ENTRY]
	str	r8, [sp, #VCPU_HW_DACR_ENTRY]
	inl_choose_call r8, r0
	b	7b
	.previous
	.endm

	inl_handler hot_ldm_r0_ret
	hot_ldm_base 60
	inl_ldm_ret
	b	hot_load_r0

	inl_handler hot_ldm_r1_ret
	hot_ldm_base 56
	inl_ldm_ret
	b	hot_load_r1

	/*
	 * LDRT, STRT, LDRBT, STRBT, post-indexed by an immediate. The word stands behind; the access is made with the rights of virtual User
	 * mode, which is the host DACR of that mode.
	 */
	inl_handler hot_user_ls
	ldr	r5, [sp, #OPEN_DACR]
	inl_find_dacr
	ldr	r6, [lr]
	str	r5, [sp, #VCPU_USER_ACCESS_GUEST]	@ for gates
	str	r11, [sp, #VCPU_USER_ACCESS_HOST]
	ubfx	r7, r6, #16, #4
	ubfx	r8, r6, #12, #4
inl_user_ls:
	ldr	r9, [sp, r7, lsl #2]
	ldr	r4, [sp, r8, lsl #2]
	mcr	p15, 0, r11, c3, c0, 0
	isb
	tst	r6, #0x00100000		@ L
	bne	2f
	tst	r6, #0x00400000		@ B
	bne	6f
	tst	r9, #3			@ unaligned: C knows what SCTLR.A says
	bne	svc_common
	strt	r4, [r9]
	b	4f
6:	strbt	r4, [r9]
	b	4f
2:	tst	r6, #0x00400000
	bne	3f
	tst	r9, #3
	bne	svc_common
	ldrt	r4, [r9]
	b	5f
3:	ldrbt	r4, [r9]
5:	str	r4, [sp, r8, lsl #2]
4:	ldr	r5, [sp, #VCPU_HW_DACR]
	ubfx	r4, r6, #0, #12
	tst	r6, #0x00800000		@ U
	addne	r9, r9, r4
	subeq	r9, r9, r4
	mcr	p15, 0, r5, c3, c0, 0	@ the exception return synchronizes it
	str	r9, [sp, r7, lsl #2]
	add	lr, lr, #4
	hot_count
	hot_resume

	/* The same of T32 code: its trapping word says all, and nothing stands behind it. r6 is made an A32 word. */
inl_t32_user_ls:
	ldrh	r6, [lr]
	ldr	r5, [sp, #OPEN_DACR]
	inl_find_dacr
	ubfx	r7, r6, #4, #4
	ubfx	r8, r6, #0, #4
	mov	r4, #0
	tst	r6, #0x200		@ load
	orrne	r4, r4, #0x00100000
	tst	r6, #0x100		@ byte
	orrne	r4, r4, #0x00400000
	mov	r6, r4
	sub	lr, lr, #2		@ the end adds four
	b	inl_user_ls

	inl_handler hot_dacr_read
	hot_read_word OPEN_DACR

	/*
	 * Not merely remembered by a stub: the real DACR follows. A value that closes something is how this kernel closes. What else depends on
	 * the DACR follows on the way to User mode or to C, which find it changed.
	 */
	inl_handler hot_dacr_write
	ldr	r5, [sp, r8, lsl #2]
	inl_find_dacr
	ldr	r6, [sp, #OPEN_DACR_REAL]
	str	r5, [sp, #OPEN_DACR]
	str	r5, [sp, #OPEN_DACR_REAL]
	str	r8, [sp, #VCPU_HW_DACR]
	bics	r4, r5, r6
	mcr	p15, 0, r8, c3, c0, 0
	bne	1f
	ldr	r6, [sp, #VCPU_DACR]
	str	r5, [sp, #VCPU_DACR_CLOSED]
	str	r8, [sp, #VCPU_HW_DACR_CLOSED]
	bics	r4, r5, r6		@ may a system call do so, for the DACR that it comes with?
	bne	1f
	str	r5, [sp, #VCPU_DACR_ENTRY]
	str	r8, [sp, #VCPU_HW_DACR_ENTRY]
	inl_choose_call r8, r6
1:	hot_count
	hot_resume

	inl_handler hot_dccmvac		@ as hot_dccmvac, unless it may publish a descriptor in the place of the stub area
	ldr	r5, [sp, r8, lsl #2]
	ldr	r4, [sp, #VCPU_STUB_LINE]
	orr	r6, r5, #1		@ STUB_LINE_VALID
	eor	r6, r6, r4
	movw	r7, #0xfc1		@ STUB_LINE_MASK
	tst	r6, r7
	bne	hot_dccmvac_any
	and	r4, r4, #0x3c
	bic	r6, r5, #0x3f
	orr	r6, r6, r4
	ldrt	r7, [r6]
	and	r7, r7, #3
	sub	r7, r7, #1
	cmp	r7, #2			@ neither a table nor a section: the area can stay
	bhs	hot_dccmvac_any

	/* As fast_in_root(): it is a descriptor if it lies in a table that walks use now, or that the window could select. */
	mcr	p15, 0, r5, c7, c8, 3	@ ATS1CUW
	isb
	mrc	p15, 0, r7, c7, c4, 0	@ PAR
	ldr	r4, [sp, #VCPU_TTBCR]
	ldr	r6, [sp, #VCPU_STUB_LINE]
	tst	r7, #1
	cmpeq	r4, #0
	bne	svc_common
	eor	r6, r6, r7
	ldr	r4, [sp, #VCPU_RAM_OFFSET]
	tst	r6, #0x3000		@ STUB_LINE_PAGE
	bne	hot_dccmvac_any
	sub	r7, r7, r4		@ as the guest has it
	ldr	r4, [sp, #VCPU_TTBR0]
	eor	r8, r7, r7, lsr #4	@ vcpu_root_index()
	lsr	r6, r7, #14
	ubfx	r8, r8, #14, #4
	cmp	r6, r4, lsr #14
	beq	svc_common
	mov	r4, #ROOT_CACHE_SIZE
	mla	r8, r8, r4, sp
	ldr	r4, [r8, #VCPU_ROOT_CACHE]
	ldr	r7, [r8, #(VCPU_ROOT_CACHE + ROOT_CACHE_SIZE / 2)]
	cmp	r6, r4, lsr #14
	cmpne	r6, r7, lsr #14
	beq	svc_common
	b	hot_dccmvac_any
	.ltorg
