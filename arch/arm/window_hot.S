/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hottest exits in assembly, included by window.S: Linux's way through a system call, a per-CPU access, a user access.
 *
 * All guest registers are saved in the vCPU page (sp) and reloaded at the end, so everything but sp and lr is free. lr is the
 * address after the trapping instruction and SPSR the guest's real CPSR; both stay as they are until an exit is decided, so
 * that svc_common and und_common can start over from them. A guest access that aborts in here ends there too (window.S).
 * The meaning of each is the one of window_fast.c and exec.c.
 */

	.macro	hot_resume
	ldmia	sp, {r0-r14}^
	nop
	movs	pc, lr
	.endm

/* One 64-bit event counter; clobbers r4. */
	.macro	hot_count cause
	ldr	r4, [sp, #(VCPU_EXITS + 8 * \cause)]
	adds	r4, r4, #1
	str	r4, [sp, #(VCPU_EXITS + 8 * \cause)]
	bcs	8f
9:
	.subsection 1
8:	ldr	r4, [sp, #(VCPU_EXITS + 8 * \cause + 4)]
	add	r4, r4, #1
	str	r4, [sp, #(VCPU_EXITS + 8 * \cause + 4)]
	b	9b
	.previous
	.endm

/* Host DACR := \value when it differs; the exception return synchronizes it. Clobbers \scratch. */
	.macro	hot_dacr value, scratch
	ldr	\scratch, [sp, #VCPU_HW_DACR]
	cmp	\scratch, \value
	strne	\value, [sp, #VCPU_HW_DACR]
	mcrne	p15, 0, \value, c3, c0, 0
	.endm

/* Byte offset of a mode's bank by mode[3:0]; 0xff: FIQ or no such mode, for C. */
	.balign	4
hot_bank:
	.byte	0, 0xff, 8, 12, 0xff, 0xff, 0xff, 16, 0xff, 0xff, 0xff, 20, 0xff, 0xff, 0xff, 0

/* -- SVC: a site of the guest kernel, or a system call -- */
hot_svc_start:
win_svc:
	stmia	sp, {r0-r14}^
	mrs	r2, spsr
	ldr	r3, [sp, #VCPU_CPSR]
	and	r5, r3, #0x1f
	cmp	r5, #0x10
	beq	hot_user
	tst	r2, #0x220		@ T or E
	bne	svc_common
	sub	r1, lr, #4
	ldr	r6, [r1]
	add	r8, sp, #(WINDOW_SITES - WINDOW_VCPU)
	ubfx	r7, r1, #2, #9
	add	r8, r8, r7, lsl #4
	ldm	r8, {r7, r9, r10, r11}	@ pc, trapping word, original word, kind
	cmp	r7, r1
	cmpeq	r9, r6
	bne	svc_common
	add	pc, pc, r11, lsl #2
	nop
	b	svc_common		@ SITE_KIND_C
	b	hot_cpsid
	b	hot_cpsie
	b	hot_mrs_cpsr
	b	hot_mrs_spsr
	b	hot_msr_spsr
	b	hot_msr_cpsr_c
	b	hot_movs_pc_lr
	b	hot_stm_sp_lr
	b	hot_ldm_r0
	b	hot_ldm_r1

hot_cpsid:
	and	r4, r10, #0x1c0
	orr	r3, r3, r4
	str	r3, [sp, #VCPU_CPSR]
	hot_count CAUSE_SITE_CPS
	hot_resume

hot_cpsie:
	and	r5, r10, #0x1c0
	ldr	r4, [sp, #VCPU_IRQ_IN]
	tst	r4, r5
	bne	svc_common		@ something becomes deliverable
	bic	r3, r3, r5
	str	r3, [sp, #VCPU_CPSR]
	hot_count CAUSE_SITE_CPS
	hot_resume

hot_mrs_cpsr:
	movw	r5, #0x1df
	bic	r4, r2, r5
	and	r6, r3, r5
	orr	r4, r4, r6
	ubfx	r6, r10, #12, #4
	str	r4, [sp, r6, lsl #2]
	hot_count CAUSE_SITE_MRS
	hot_resume

hot_mrs_spsr:
	adr	r5, hot_bank
	and	r6, r3, #0xf
	ldrb	r5, [r5, r6]
	sub	r6, r5, #8
	cmp	r6, #12
	bhi	svc_common
	add	r5, sp, r5
	ldr	r4, [r5, #VCPU_BANK_SPSR]
	ubfx	r6, r10, #12, #4
	str	r4, [sp, r6, lsl #2]
	hot_count CAUSE_SITE_MRS
	hot_resume

hot_msr_spsr:
	adr	r5, hot_bank
	and	r6, r3, #0xf
	ldrb	r5, [r5, r6]
	sub	r6, r5, #8
	cmp	r6, #12
	bhi	svc_common
	add	r5, sp, r5
	and	r6, r10, #0xf
	ldr	r4, [sp, r6, lsl #2]
	bic	r4, r4, #0x00f00000	@ bits that do not exist
	str	r4, [r5, #VCPU_BANK_SPSR]
	hot_count CAUSE_SITE_MSR
	hot_resume

hot_msr_cpsr_c:				@ local_irq_restore: no mode change
	and	r6, r10, #0xf
	ldr	r4, [sp, r6, lsl #2]
	eor	r5, r4, r3
	tst	r5, #0x1f
	bne	svc_common
	and	r4, r4, #0xc0
	bic	r5, r3, #0xc0
	orr	r5, r5, r4
	ldr	r6, [sp, #VCPU_IRQ_IN]
	bics	r6, r6, r5
	bne	svc_common
	str	r5, [sp, #VCPU_CPSR]
	hot_count CAUSE_SITE_MSR
	hot_resume

hot_movs_pc_lr:
	ldr	r4, [sp, #VCPU_FAST_MODES_OFF]
	adr	r5, hot_bank
	cmp	r4, #0
	bne	svc_common
	and	r6, r3, #0xf
	ldrb	r6, [r5, r6]		@ from
	sub	r7, r6, #8
	cmp	r7, #12
	bhi	svc_common
	add	r6, sp, r6
	ldr	r4, [r6, #VCPU_BANK_SPSR]
	tst	r4, #0x01000000		@ J
	tsteq	r4, #0x200		@ E
	bne	svc_common
	tst	r4, #0x10
	beq	svc_common
	and	r7, r4, #0xf
	ldrb	r7, [r5, r7]		@ to
	ldr	r8, [sp, #VCPU_IRQ_IN]
	cmp	r7, #0xff
	beq	svc_common
	bics	r8, r8, r4
	bne	svc_common
	add	r7, sp, r7
	ldr	r8, [sp, #52]
	ldr	r9, [sp, #56]
	str	r8, [r6, #VCPU_BANK_SP]
	str	r9, [r6, #VCPU_BANK_LR]
	ldr	r8, [r7, #VCPU_BANK_SP]
	ldr	r10, [r7, #VCPU_BANK_LR]
	str	r8, [sp, #52]
	str	r10, [sp, #56]
	tst	r4, #0x20
	biceq	r4, r4, #0x0000fc00	@ IT bits in ARM state are UNPREDICTABLE, and it is our return that would have them
	biceq	r4, r4, #0x06000000
	str	r4, [sp, #VCPU_CPSR]
	biceq	lr, r9, #3
	bicne	lr, r9, #1
	tst	r4, #0xf
	ldreq	r5, [sp, #VCPU_DACR_USER]
	ldrne	r5, [sp, #VCPU_DACR_KERNEL]
	hot_dacr r5, r6
	movw	r5, #0x1df
	bic	r5, r4, r5
	orr	r5, r5, #0x50
	msr	spsr_cxsf, r5
	hot_count CAUSE_SITE_RET
	hot_resume

hot_stm_sp_lr:				@ STMDB Rn, {sp, lr}^ in Supervisor mode
	and	r5, r3, #0x1f
	cmp	r5, #0x13
	bne	svc_common
	ubfx	r5, r10, #16, #4
	ldr	r7, [sp, r5, lsl #2]
	ldr	r4, [sp, #VCPU_BANK_SP]
	tst	r7, #3
	bne	svc_common
	ldr	r5, [sp, #VCPU_BANK_LR]
	sub	r7, r7, #8
	strt	r4, [r7], #4		@ User permissions: never the window
	strt	r5, [r7]
	hot_count CAUSE_SITE_BANK
	hot_resume

/*
 * LDMDB Rn, {r0-lr}^ and {r1-lr}^ in Supervisor mode: \size bytes inside one page, so that only the first load can abort.
 * A plain LDM has the rights of privileged mode, which differ from the guest's in the window only.
 */
	.macro	hot_ldm_base size
	and	r5, r3, #0x1f
	cmp	r5, #0x13
	bne	svc_common
	ubfx	r5, r10, #16, #4
	ldr	r7, [sp, r5, lsl #2]
	ldr	r5, [sp, #VCPU_WINDOW_BASE]
	sub	r7, r7, #\size
	ubfx	r6, r7, #0, #12
	movw	r8, #(4096 - \size)
	cmp	r6, r8
	bhi	svc_common
	tst	r7, #3
	bne	svc_common
	eor	r5, r5, r7
	lsrs	r5, r5, #20
	beq	svc_common
	.endm

hot_ldm_r0:
	hot_ldm_base 60
	ldmia	r7!, {r0-r6}
	stmia	sp, {r0-r6}
	b	hot_ldm_rest
hot_ldm_r1:
	hot_ldm_base 56
	ldmia	r7!, {r1-r6}
	stmib	sp, {r1-r6}
hot_ldm_rest:
	ldmia	r7, {r0-r6, r8}
	add	r9, sp, #28
	stmia	r9, {r0-r5}
	str	r6, [sp, #VCPU_BANK_SP]
	str	r8, [sp, #VCPU_BANK_LR]
	hot_count CAUSE_SITE_BANK
	hot_resume

hot_user:				@ a system call, what take_exception() does for it
	ldr	r4, [sp, #VCPU_USER_COPIES]
	ldr	r5, [sp, #VCPU_SCTLR]
	ldr	r6, [sp, #VCPU_FAST_MODES_OFF]
	orrs	r4, r4, r6
	tsteq	r5, #0x42000000		@ TE, EE
	bne	svc_common
	movw	r7, #0x1df
	bic	r4, r2, r7
	and	r6, r3, r7
	orr	r4, r4, r6
	str	r4, [sp, #(VCPU_BANK_SPSR + 12)]
	ldr	r8, [sp, #52]
	ldr	r9, [sp, #56]
	ldr	r10, [sp, #(VCPU_BANK_SP + 12)]
	str	r8, [sp, #VCPU_BANK_SP]
	str	r9, [sp, #VCPU_BANK_LR]
	str	r10, [sp, #52]
	str	lr, [sp, #56]
	ldr	r6, =0xf80f0140		@ flags, GE, A, F stay
	and	r4, r4, r6
	orr	r4, r4, #0x93
	str	r4, [sp, #VCPU_CPSR]
	bic	r4, r4, r7
	orr	r4, r4, #0x50
	msr	spsr_cxsf, r4
	tst	r5, #0x2000		@ V
	ldreq	r6, [sp, #VCPU_VBAR]
	ldrne	r6, =0xffff0000
	add	lr, r6, #8
	ldr	r5, [sp, #VCPU_DACR_KERNEL]
	hot_dacr r5, r6
	hot_count CAUSE_SVC
	hot_resume
	.ltorg
hot_svc_end:

/* -- Undefined: CP15 accesses of the guest kernel -- */
win_und:
	stmia	sp, {r0-r14}^
hot_und_start:
	mrs	r2, spsr
	ldr	r3, [sp, #VCPU_CPSR]
	tst	r2, #0x2f		@ mode: Umbra itself? T?
	bne	hot_und_odd
	ldr	r4, [sp, #VCPU_FAST_OFF]
	and	r5, r3, #0x1f
	cmp	r4, #0
	bne	und_common
	cmp	r5, #0x10
	beq	und_common		@ User mode
	ldr	r6, [lr, #-4]
	ldr	r8, =0xee1d0f90		@ MRC TPIDRPRW, the per-CPU offset
	bic	r7, r6, #0xf000
	ubfx	r10, r6, #12, #4	@ Rt
	cmp	r7, r8
	beq	hot_tpidrprw
	ldr	r8, =0xee030f10		@ MCR DACR
	cmp	r7, r8
	beq	hot_dacr_write
	add	r8, r8, #0x100000	@ MRC DACR
	cmp	r7, r8
	beq	hot_dacr_read
	ldr	r8, =0xee0d0f70		@ MCR TPIDRURO
	cmp	r7, r8
	beq	hot_tpidruro
	ldr	r8, =0xee110f10		@ MRC SCTLR
	cmp	r7, r8
	beq	hot_sctlr_read
	sub	r8, r8, #0x100000	@ MCR SCTLR
	cmp	r7, r8
	beq	hot_sctlr_write
	ldr	r8, =0xee150f10		@ MRC DFSR, IFSR, DFAR, IFAR
	cmp	r7, r8
	beq	hot_dfsr
	add	r8, r8, #0x20
	cmp	r7, r8
	beq	hot_ifsr
	ldr	r8, =0xee160f10
	cmp	r7, r8
	beq	hot_dfar
	add	r8, r8, #0x40
	cmp	r7, r8
	beq	hot_ifar
	b	und_common

hot_und_odd:
	tst	r2, #0xf		@ Umbra itself: the end anyway, so the guest's registers may be lost
	beq	und_common
	b	host_und

/* Rt = pc is UNPREDICTABLE: for C. */
	.macro	hot_rt
	cmp	r10, #15
	beq	und_common
	.endm

hot_tpidrprw:
	ldr	r5, [sp, #VCPU_TPIDRPRW]
	hot_rt
	str	r5, [sp, r10, lsl #2]
	hot_count CAUSE_CP15_THREAD
	hot_resume

hot_tpidruro:
	hot_rt
	ldr	r5, [sp, r10, lsl #2]
	str	r5, [sp, #VCPU_TPIDRURO]
	mcr	p15, 0, r5, c13, c0, 3
	hot_count CAUSE_CP15_THREAD
	hot_resume

hot_dacr_write:
	hot_rt
	ldr	r5, [sp, r10, lsl #2]
	ldr	r6, [sp, #VCPU_DACR]
	cmp	r5, r6
	beq	hot_dacr_done
	add	r7, sp, #VCPU_DACR_CACHE
	.rept	4
	ldm	r7!, {r0, r1, r8, r11}	@ valid, guest, kernel, user
	cmp	r1, r5
	cmpeq	r0, #1			@ a void entry may hold the same value
	beq	hot_dacr_found
	.endr
	b	und_common
hot_dacr_found:
	str	r5, [sp, #VCPU_DACR]
	str	r8, [sp, #VCPU_DACR_KERNEL]
	str	r11, [sp, #VCPU_DACR_USER]
	hot_dacr r8, r6
hot_dacr_done:
	hot_count CAUSE_CP15_DACR
	hot_resume

hot_dacr_read:
	hot_rt
	ldr	r5, [sp, #VCPU_DACR]
	str	r5, [sp, r10, lsl #2]
	hot_count CAUSE_CP15_DACR
	hot_resume

hot_sctlr_read:
	hot_rt
	ldr	r5, [sp, #VCPU_SCTLR]
	str	r5, [sp, r10, lsl #2]
	hot_count CAUSE_CP15_SCTLR
	hot_resume

hot_sctlr_write:			@ unchanged, as some kernels do at each exception
	hot_rt
	ldr	r5, [sp, #VCPU_SCTLR]
	ldr	r6, [sp, r10, lsl #2]
	cmp	r5, r6
	bne	und_common
	hot_count CAUSE_CP15_SCTLR
	hot_resume

hot_dfsr:
	ldr	r5, [sp, #VCPU_DFSR]
	b	hot_fault_read
hot_ifsr:
	ldr	r5, [sp, #VCPU_IFSR]
	b	hot_fault_read
hot_dfar:
	ldr	r5, [sp, #VCPU_DFAR]
	b	hot_fault_read
hot_ifar:
	ldr	r5, [sp, #VCPU_IFAR]
hot_fault_read:
	hot_rt
	str	r5, [sp, r10, lsl #2]
	hot_count CAUSE_CP15_FAULT
	hot_resume
	.ltorg
hot_und_end:
