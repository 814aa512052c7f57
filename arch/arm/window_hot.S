/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hottest exits in assembly, included by window.S: Linux's way through a system call, a per-CPU access, a user access.
 *
 * All guest registers are saved in the vCPU page (sp) and reloaded at the end, so everything but sp and lr is free. lr is the
 * address after the trapping instruction and SPSR the guest's real CPSR; both stay as they are until an exit is decided, so
 * that svc_common and und_common can start over from them. A guest access that aborts in here ends there too (window.S).
 * The meaning of each is the one of window_fast.c and exec.c.
 */

	.fpu	neon

	.macro	hot_resume
	ldmia	sp, {r0-r14}^
	nop
	movs	pc, lr
	.endm

/* The handler of a row of arm/hot_table.h: its label, and its cause for hot_count up to the next one. */
	.macro	hot_handler name
\name:
	.set	hot_cause, \name\()_cause
	.endm

/* One event counter; clobbers \tmp. */
	.macro	hot_count cause=hot_cause, tmp=r4
	ldr	\tmp, [sp, #(VCPU_EXITS + 4 * \cause)]
	add	\tmp, \tmp, #1
	str	\tmp, [sp, #(VCPU_EXITS + 4 * \cause)]
	.endm

/* Byte offset of a mode's bank by mode[3:0]; 0xff: FIQ or no such mode, for C. */
	.balign	4
	.macro	hot_bank_table
	.byte	4 * BANK_USR, 0xff, 4 * BANK_IRQ, 4 * BANK_SVC, 0xff, 0xff, 0xff, 4 * BANK_ABT
	.byte	0xff, 0xff, 0xff, 4 * BANK_UND, 0xff, 0xff, 0xff, 4 * BANK_USR
	.endm
hot_bank:
	hot_bank_table

/* \out := address of the vCPU page plus the offset of the current mode's bank; User, System and FIQ go to C. Clobbers r4. */
	.macro	hot_current_bank out, table=hot_bank
	adr	r4, \table
	and	\out, r3, #0xf
	ldrb	\out, [r4, \out]
	sub	r4, \out, #(4 * BANK_IRQ)
	cmp	r4, #(4 * (BANK_UND - BANK_IRQ))
	bhi	svc_common
	add	\out, sp, \out
	.endm

	.macro	hot_supervisor_only
	and	r5, r3, #0x1f
	cmp	r5, #0x13
	bne	svc_common
	.endm

/*
 * -- SVC: a site of the guest kernel, or a system call --
 * In privileged code every unconditional SVC with bit 23 set is Umbra's (arm/site.h), so the word says all. r2 the guest's
 * real CPSR, r3 the virtual one, r6 the trapping word, r8 its operand.
 */
hot_svc_start:
win_svc:
	stmia	sp, {r0-r14}^
	mrs	r2, spsr
	ldr	r3, [sp, #VCPU_CPSR]
	tst	r3, #0xf
	beq	hot_user
	tst	r2, #0x220		@ T or E
	bne	svc_common
	ldr	r6, [lr, #-4]
	cmp	r6, #0xef000000		@ a conditional one may be the guest's own
	ubfx	r7, r6, #SITE_KIND_SHIFT, #6
	and	r8, r6, #0xf
	addhs	pc, pc, r7, lsl #2
	b	svc_common
	.rept	32
	b	svc_common		@ without SITE_FLAG: the guest's own
	.endr
	b	svc_common		@ SITE_KIND_C
#define KIND(name, handler, cause)	b handler; .set handler##_cause, EXIT_##cause;
#define WORD(...)
	HOT_TABLE(KIND, WORD)
#undef KIND
#undef WORD
	.rept	32 - SITE_KINDS
	b	svc_common
	.endr

	hot_handler hot_cpsid
	orr	r3, r3, r8, lsl #6
	str	r3, [sp, #VCPU_CPSR]
	hot_count
	hot_resume

	hot_handler hot_cpsie
	ldr	r4, [sp, #VCPU_IRQ_IN]
	tst	r4, r8, lsl #6
	bne	svc_common		@ something becomes deliverable
	bic	r3, r3, r8, lsl #6
	str	r3, [sp, #VCPU_CPSR]
	hot_count
	hot_resume

	hot_handler hot_mrs_cpsr
	movw	r5, #0x1df
	bic	r4, r2, r5
	and	r5, r3, r5
	orr	r4, r4, r5
	str	r4, [sp, r8, lsl #2]
	hot_count
	hot_resume

	hot_handler hot_mrs_spsr
	and	r5, r3, #0x1f
	cmp	r5, #0x13
	addeq	r5, sp, #(4 * BANK_SVC)
	bne	1f
2:	ldr	r5, [r5, #VCPU_BANK_SPSR]
	str	r5, [sp, r8, lsl #2]
	hot_count
	hot_resume
1:	hot_current_bank r5
	b	2b

	hot_handler hot_msr_spsr
	ldr	r6, [sp, r8, lsl #2]
	and	r5, r3, #0x1f
	cmp	r5, #0x13
	addeq	r5, sp, #(4 * BANK_SVC)
	bne	1f
2:	bic	r6, r6, #0x00f00000	@ bits that do not exist
	str	r6, [r5, #VCPU_BANK_SPSR]
	hot_count
	hot_resume
1:	hot_current_bank r5
	b	2b

	hot_handler hot_msr_cpsr_c	@ local_irq_restore: no mode change
	ldr	r4, [sp, r8, lsl #2]
	eor	r5, r4, r3
	tst	r5, #0x1f
	bne	hot_msr_mode
	and	r4, r4, #0xc0
	bic	r5, r3, #0xc0
	ldr	r6, [sp, #VCPU_IRQ_IN]
	orr	r5, r5, r4
	bics	r6, r6, r5
	bne	svc_common
	str	r5, [sp, #VCPU_CPSR]
	hot_count
	hot_resume

/*
 * r4 is written to the control field of CPSR r3, of which it differs by r5: on to label 1 from Supervisor to System mode, to label 2 from there
 * back, which is how T32 kernels get at sp and lr of User mode; r5 := the new CPSR. Anything else: C. Clobbers r6.
 */
	.macro	hot_msr_mode_check
	ldr	r6, [sp, #VCPU_FAST_MODES_OFF]
	and	r5, r5, #0x5f
	cmp	r6, #0
	cmpeq	r5, #0x0c
	bne	svc_common
	ldr	r6, [sp, #VCPU_IRQ_IN]
	and	r4, r4, #0xdf
	bic	r5, r3, #0xdf
	orr	r5, r5, r4
	bics	r6, r6, r5
	bne	svc_common
	and	r6, r3, #0x1f
	cmp	r6, #0x13
	beq	1f
	cmp	r6, #0x1f
	bne	svc_common
	.endm

hot_msr_mode:
	hot_msr_mode_check
	ldr	r6, [sp, #VCPU_SP]
	ldr	r7, [sp, #VCPU_LR]
	str	r6, [sp, #VCPU_SP_USR]
	str	r7, [sp, #VCPU_LR_USR]
	ldr	r6, [sp, #VCPU_SP_SVC]
	ldr	r7, [sp, #VCPU_LR_SVC]
	b	2f
1:	ldr	r6, [sp, #VCPU_SP]
	ldr	r7, [sp, #VCPU_LR]
	str	r6, [sp, #VCPU_SP_SVC]
	str	r7, [sp, #VCPU_LR_SVC]
	ldr	r6, [sp, #VCPU_SP_USR]
	ldr	r7, [sp, #VCPU_LR_USR]
2:	str	r6, [sp, #VCPU_SP]
	str	r7, [sp, #VCPU_LR]
	str	r5, [sp, #VCPU_CPSR]
	hot_count
	hot_resume

/* Exception return to r9 with SPSR r4: what is not simple goes to svc_common. Clobbers r5, r6. */
	.macro	hot_return_check
	ldr	r5, [sp, #VCPU_FAST_MODES_OFF]
	ldr	r6, [sp, #VCPU_IRQ_IN]
	cmp	r5, #0
	bne	svc_common
	tst	r4, #0x01000000		@ J
	tsteq	r4, #0x200		@ E
	bne	svc_common
	bics	r6, r6, r4
	bne	svc_common
	.endm
/* And then: the virtual CPSR, the host's SPSR, r9 the address; registers, banks of sp and lr, and DACR are the caller's. */
	.macro	hot_return
	tst	r4, #0x20
	biceq	r4, r4, #0x0000fc00	@ IT bits in ARM state are UNPREDICTABLE, and it is our return that would have them
	biceq	r4, r4, #0x06000000
	biceq	r9, r9, #3
	bicne	r9, r9, #1
	movw	r6, #0x19f		@ F is the guest's
	str	r4, [sp, #VCPU_CPSR]
	bic	r6, r4, r6
	orr	r6, r6, #0x10
	msr	spsr_cxsf, r6
	.endm

	hot_handler hot_movs_pc_lr
	hot_current_bank r7		@ from
	ldr	r4, [r7, #VCPU_BANK_SPSR]
	hot_return_check
	tst	r4, #0x10
	beq	svc_common
	adr	r5, hot_bank
	and	r6, r4, #0xf
	ldrb	r8, [r5, r6]		@ to
	cmp	r8, #0xff
	beq	svc_common
	add	r8, sp, r8
	ldr	r5, [sp, #VCPU_SP]
	ldr	r9, [sp, #VCPU_LR]
	str	r5, [r7, #VCPU_BANK_SP]
	str	r9, [r7, #VCPU_BANK_LR]
	ldr	r5, [r8, #VCPU_BANK_SP]
	ldr	r6, [r8, #VCPU_BANK_LR]
	str	r5, [sp, #VCPU_SP]
	str	r6, [sp, #VCPU_LR]
	hot_return
	mov	lr, r9
	tst	r4, #0xf
	ldreq	r5, [sp, #VCPU_DACR_USER]
	ldrne	r5, [sp, #VCPU_DACR_KERNEL]
	str	r5, [sp, #VCPU_HW_DACR]
	mcr	p15, 0, r5, c3, c0, 0	@ the exception return synchronizes it
	hot_count
	hot_resume

	hot_handler hot_stm_sp_lr	@ STMDB Rn, {sp, lr}^ in Supervisor mode
	hot_supervisor_only
	ldr	r7, [sp, r8, lsl #2]
	ldr	r4, [sp, #VCPU_SP_USR]
	tst	r7, #3
	bne	svc_common
	ldr	r5, [sp, #VCPU_LR_USR]
	sub	r7, r7, #8
	strt	r4, [r7], #4		@ User permissions: never the window
	strt	r5, [r7]
	hot_count
	hot_resume

/*
 * LDMDB Rn, {r0-lr}^ and {r1-lr}^ in Supervisor mode, \size bytes from r7 on. The first and the last word are read with User
 * permissions, so the LDM behind, which has the rights of privileged mode, cannot abort and does not read the window.
 */
	.macro	hot_ldm_base size
	hot_supervisor_only
	ldr	r7, [sp, r8, lsl #2]
	sub	r7, r7, #\size
	tst	r7, #3
	bne	svc_common
	add	r5, r7, #(\size - 4)
	ldrt	r4, [r7]
	ldrt	r4, [r5]
	.endm

	hot_handler hot_ldm_r0
	hot_ldm_base 60
	ldmia	r7!, {r0-r6}
	stmia	sp, {r0-r6}
	b	hot_ldm_rest
	hot_handler hot_ldm_r1
	hot_ldm_base 56
	ldmia	r7!, {r1-r6}
	stmib	sp, {r1-r6}
hot_ldm_rest:
	ldmia	r7, {r0-r6, r8}
	add	r9, sp, #28
	stmia	r9, {r0-r5}
	str	r6, [sp, #VCPU_SP_USR]
	str	r8, [sp, #VCPU_LR_USR]
	hot_count
	hot_resume

/*
 * The same with NOP; ADD sp, sp, #imm8; MOVS pc, lr behind it and User mode ahead: the registers are loaded from where the guest keeps
 * them, and need not pass through the vCPU page.
 */
	.macro	hot_ldm_ret
	ldr	r4, [sp, #VCPU_SPSR_SVC]
	ldr	r9, [sp, #VCPU_LR]
	hot_return_check
	and	r5, r4, #0x1f
	cmp	r5, #0x10
	bne	svc_common
	ldr	r6, [lr, #4]		@ ADD
	ldr	r5, [sp, #VCPU_SP]
	and	r6, r6, #0xff
	add	r5, r5, r6
	str	r5, [sp, #VCPU_SP_SVC]
	str	r9, [sp, #VCPU_LR_SVC]
	hot_return
	str	r9, [sp, #VCPU_PC]
	hot_count
	hot_count EXIT_SITE_RET
	.endm

	hot_handler hot_ldm_r0_ret
	hot_ldm_base 60
	hot_ldm_ret
	b	hot_load_r0
	hot_handler hot_ldm_r1_ret
	hot_ldm_base 56
	hot_ldm_ret
	b	hot_load_r1

/* A system call, what take_exception() does for it, to vector r5 with CPSR bits \psr. */
	.macro	hot_system_call psr
	movw	r7, #0x1df
	bic	r4, r2, r7
	and	r6, r3, r7
	orr	r4, r4, r6
	ldr	r8, [sp, #VCPU_SP]
	ldr	r9, [sp, #VCPU_LR]
	ldr	r10, [sp, #VCPU_SP_SVC]
	str	r4, [sp, #VCPU_SPSR_SVC]
	str	r8, [sp, #VCPU_SP_USR]
	str	r9, [sp, #VCPU_LR_USR]
	str	r10, [sp, #VCPU_SP]
	str	lr, [sp, #VCPU_LR]
	ldr	r6, =0xf80f0140		@ flags, GE, A, F stay
	mov	lr, r5
	and	r4, r4, r6
	orr	r4, r4, #\psr
	str	r4, [sp, #VCPU_CPSR]
	bic	r4, r4, r7
	orr	r4, r4, #0x50
	msr	spsr_cxsf, r4
	ldr	r5, [sp, #VCPU_DACR_KERNEL]
	str	r5, [sp, #VCPU_HW_DACR]
	mcr	p15, 0, r5, c3, c0, 0
	hot_count EXIT_SVC
	hot_resume
	.endm

hot_user:
	ldr	r5, [sp, #VCPU_SVC_VECTOR]
	cmp	r5, #0
	beq	1f
	hot_system_call 0x93
1:	ldr	r5, [sp, #VCPU_SVC_VECTOR_T32]
	cmp	r5, #0
	beq	svc_common
	hot_system_call 0xb3

/* Rt := a word of the vCPU page. */
	.macro	hot_read_word offset
	ldr	r5, [sp, #\offset]
	str	r5, [sp, r8, lsl #2]
	hot_count
	hot_resume
	.endm

/* CP15 */
	hot_handler hot_tpidrprw
	hot_read_word VCPU_TPIDRPRW

	hot_handler hot_tpidruro
	ldr	r5, [sp, r8, lsl #2]
	str	r5, [sp, #VCPU_TPIDRURO]
	mcr	p15, 0, r5, c13, c0, 3
	hot_count
	hot_resume

	hot_handler hot_sctlr_write	@ unchanged, as some kernels do at each exception
	ldr	r5, [sp, #VCPU_SCTLR]
	ldr	r6, [sp, r8, lsl #2]
	ldr	r4, =SCTLR_WMASK	@ kernels compare with what they wrote, in bits that are not there as well
	eor	r5, r5, r6
	tst	r5, r4
	bne	svc_common
	hot_count
	hot_resume

	hot_handler hot_sctlr_read
	hot_read_word VCPU_SCTLR

	hot_handler hot_dacr_write
	ldr	r5, [sp, r8, lsl #2]
	ldr	r6, [sp, #VCPU_DACR]
	cmp	r5, r6
	beq	1f
	add	r7, sp, #VCPU_DACR_CACHE
	.rept	DACR_CACHE_ENTRIES
	ldm	r7!, {r0, r1, r8, r11}	@ valid, guest, kernel, user
	cmp	r1, r5
	beq	2f
	.endr
	b	svc_common
2:	cmp	r0, #1			@ a void entry may hold the same value
	bne	svc_common
	str	r5, [sp, #VCPU_DACR]
	str	r8, [sp, #VCPU_DACR_KERNEL]
	str	r11, [sp, #VCPU_DACR_USER]
	str	r8, [sp, #VCPU_HW_DACR]
	mcr	p15, 0, r8, c3, c0, 0
1:	hot_count
	hot_resume

	hot_handler hot_dacr_read
	hot_read_word VCPU_DACR

	hot_handler hot_dfsr
	ldr	r5, [sp, #VCPU_DFSR]
	b	hot_fault_read
	hot_handler hot_ifsr
	ldr	r5, [sp, #VCPU_IFSR]
	b	hot_fault_read
	hot_handler hot_dfar
	ldr	r5, [sp, #VCPU_DFAR]
	b	hot_fault_read
	hot_handler hot_ifar
	ldr	r5, [sp, #VCPU_IFAR]
hot_fault_read:
	str	r5, [sp, r8, lsl #2]
	hot_count
	hot_resume

	hot_handler hot_ttbr0_read
	hot_read_word VCPU_TTBR0

	hot_handler hot_ttbr1_read
	hot_read_word VCPU_TTBR1

	hot_handler hot_fpexc_read
	ldr	r4, [sp, #VCPU_VFP_OPEN]
	cmp	r4, #0
	beq	svc_common
	vmrs	r5, fpexc
	str	r5, [sp, r8, lsl #2]
	hot_count
	hot_resume

	hot_handler hot_fpexc_write	@ EN only, as vfp_sys_write(); the exception return synchronizes it
	ldr	r4, [sp, #VCPU_VFP_OPEN]
	ldr	r5, [sp, r8, lsl #2]
	cmp	r4, #0
	beq	svc_common
	and	r5, r5, #0x40000000
	vmsr	fpexc, r5
	hot_count
	hot_resume

	.set	hot_user_ls, svc_common	@ path `inline` only

	hot_handler hot_iciallu	@ as fast_maintenance()
	mov	r5, #0
	dsb
	mcr	p15, 0, r5, c7, c5, 0
	mcr	p15, 0, r5, c7, c5, 6
	hot_count
	hot_resume

	hot_handler hot_bpiall
	mov	r5, #0
	mcr	p15, 0, r5, c7, c5, 6
	hot_count
	hot_resume

	hot_handler hot_ctr
	mrc	p15, 0, r5, c0, c0, 1
	str	r5, [sp, r8, lsl #2]
	hot_count
	hot_resume

	hot_handler hot_dccmvac	@ completes at the DSB that the guest itself needs for its purpose
	ldr	r5, [sp, r8, lsl #2]
hot_dccmvac_any:
	ldr	r4, [sp, #VCPU_WINDOW_BASE]
	eor	r4, r4, r5
	lsrs	r4, r4, #20
	beq	svc_common		@ here the window answers; what the guest has there, the slow path knows
	mcr	p15, 0, r5, c7, c10, 1
	hot_count
	hot_resume
	.ltorg
#ifdef CONFIG_CPU_PATH_INLINE
#include "window_inline.S"
#endif

/*
 * -- Undefined in T32 code --
 * Its trapping words (arm/site.h) have the kinds and handlers of A32's. lr is made what they expect; should one leave the exit to C, the
 * address is in VCPU_PC and the SPSR, as it was, in VCPU_T32_PSR (svc_common).
 */
	.macro	hot_t32_kinds prefix
	add	pc, pc, r7, lsl #2
	nop
	b	svc_common		@ SITE_KIND_C has none of these words
#define KIND(name, handler, cause)	b \prefix\()handler;
#define WORD(...)
	HOT_TABLE(KIND, WORD)
#undef KIND
#undef WORD
	.rept	32 - SITE_KINDS
	b	svc_common
	.endr
	.endm

/* Which conditions (A8.3) hold, by flags: bit NZCV of halfword cond. */
	.balign	4
it_holds:
	.hword	0xf0f0, 0x0f0f, 0xcccc, 0x3333, 0xff00, 0x00ff, 0xaaaa, 0x5555
	.hword	0x0c0c, 0xf3f3, 0xaa55, 0x55aa, 0x0a05, 0xf5fa, 0xffff, 0xffff

/*
 * In an IT block: if its condition holds, the guest goes on with the state of the next instruction (ITAdvance(), A2.5.2) in the SPSR, and r2 is
 * as outside. Otherwise C skips it.
 */
und_t32_it:
	adr	r5, it_holds
	ubfx	r7, r2, #12, #4
	add	r5, r5, r7, lsl #1
	ldrh	r5, [r5]
	lsr	r7, r2, #28
	lsr	r5, r5, r7
	tst	r5, #1
	beq	svc_common
	ubfx	r5, r2, #10, #2		@ IT[3:2]
	ubfx	r7, r2, #25, #2		@ IT[1:0]
	tst	r5, #1
	cmpeq	r7, #0
	bic	r8, r2, r4		@ the last one
	beq	1f
	and	r8, r2, #0xe000		@ IT[7:5] stay
	orr	r8, r8, r5, lsl #11
	lsr	r5, r7, #1
	orr	r8, r8, r5, lsl #10
	and	r7, r7, #1
	orr	r8, r8, r7, lsl #26
	bic	r5, r2, r4
	orr	r8, r8, r5
1:	msr	spsr_fx, r8
	bic	r2, r2, r4
	b	und_t32_kind

und_t32:
	ldr	r3, [sp, #VCPU_CPSR]
	tst	r3, #0xf
	beq	und_common
	ldr	r5, [sp, #VCPU_T32_KERNEL]
	tst	r2, #0x200		@ E
	bne	und_common
	cmp	r5, #0
	beq	und_common
	ldr	r4, =0x0600fc00		@ in an IT block
	sub	r1, lr, #2
	str	r1, [sp, #VCPU_PC]
	str	r2, [sp, #VCPU_T32_PSR]
	tst	r2, r4
	bic	r2, r2, #0x20		@ MRS does not show T
	bne	und_t32_it
und_t32_kind:
	ldrh	r6, [r1]
	movw	r4, #SITE_T32_HOT
	ldr	r5, [sp, #VCPU_OPEN_USED]
	cmp	r6, r4
	bne	und_t32_narrow
	ldrh	r6, [lr], #2
	cmp	r5, #0
	ubfx	r7, r6, #4, #5
	and	r8, r6, #0xf
#ifdef CONFIG_CPU_PATH_INLINE
	bne	und_t32_inline
#endif
	hot_t32_kinds
#ifdef CONFIG_CPU_PATH_INLINE
und_t32_inline:
	hot_t32_kinds inl_
#endif
und_t32_narrow:
	sub	r6, r6, #(SITE_T32_CPS & 0xff00)
	sub	r6, r6, #(SITE_T32_CPS & 0xff)
	cmp	r6, #0x10
	bhs	und_t32_other
	and	r8, r6, #7
	tst	r6, #8
#ifdef CONFIG_CPU_PATH_INLINE
	bne	1f
	cmp	r5, #0
	bne	inl_hot_cpsie
	b	hot_cpsie
1:	cmp	r5, #0
	bne	inl_hot_cpsid
	b	hot_cpsid
#else
	bne	hot_cpsid
	b	hot_cpsie
#endif
#ifdef CONFIG_CPU_PATH_INLINE
und_t32_other:
	movw	r4, #(SITE_T32_USER_LS - SITE_T32_CPS)
	cmp	r6, r4
	cmpeq	r5, #1
	beq	inl_t32_user_ls
	b	svc_common
#else
	.set	und_t32_other, svc_common
#endif
	.ltorg
hot_svc_end:

/*
 * Return to the guest's User mode with its registers from r7 on, which was found readable; all else of the vCPU is as there
 * (return_abort). The DACR comes last: with that of User mode the guest kernel's memory is out of reach.
 */
hot_load_r1:
	ldr	r0, [sp]
	ldmia	r7, {r1-r14}^
	b	1f
hot_load_r0:
	ldmia	r7, {r0-r14}^
1:	nop
hot_load_end:
	ldr	lr, [sp, #VCPU_DACR_USER]
	str	lr, [sp, #VCPU_HW_DACR]
	mcr	p15, 0, lr, c3, c0, 0
	ldr	lr, [sp, #VCPU_PC]
	movs	pc, lr

/*
 * -- Undefined: what traps by itself and is no site, mostly in loops of cache maintenance --
 * Of DCCMVAC, DCCMVAU and ICIMVAU the last turn of a loop over lines, or the only one, is done here. Each turn may be done by itself, so no more
 * need be known of a loop than that it is about to end; the others are for C, which does many at once. What is not simple goes to
 * und_common, and so does what aborts (window.S).
 */
hot_und_start:
win_und:
	stmia	sp, {r0-r14}^
	mrs	r2, spsr
	tst	r2, #0xf
	bne	host_und		@ Umbra itself: a slot, whose registers those are, or the end anyway
	tst	r2, #0x20
	bne	und_t32
	ldr	r6, [lr, #-4]
	ldr	r4, =0xee070f30		@ MCR p15, 0, Rt, c7, CRm, 1
	ubfx	r8, r6, #12, #4
	bic	r7, r6, #0xf000
	and	r6, r6, #0xf		@ CRm
	bic	r7, r7, #0xf
	cmp	r7, r4
	bne	und_common
	ldr	r3, [sp, #VCPU_CPSR]
	ldr	r4, [sp, #VCPU_FAST_OFF]
	tst	r3, #0xf
	beq	und_common
	cmp	r8, #15
	cmpne	r4, #1
	beq	und_common
	tst	r2, #0x200		@ E
	bne	und_common
	sub	r4, lr, #4
	ldr	r5, [sp, r8, lsl #2]
	ubfx	r4, r4, #2, #10
	cmp	r4, #(1024 - 4)		@ the branch would be in another page
	bhi	und_common
	ldr	r7, [lr, #8]
	ldr	r4, =0x8afffffb		@ BHI to the operation, behind ADD and SUBS
	cmp	r7, r4
	beq	und_common
	ldr	r4, =0x3afffffb		@ BLO, behind ADD and CMP
	cmp	r7, r4
	bne	1f
	ldr	r7, [lr, #4]
	add	r4, r5, #64
	and	r7, r7, #0xf
	ldr	r7, [sp, r7, lsl #2]
	cmp	r4, r7
	blo	und_common
1:	ldr	r4, [sp, #VCPU_WINDOW_BASE]
	ldr	r7, [sp, #VCPU_STUB_LINE]
	eor	r4, r4, r5
	lsrs	r4, r4, #20		@ here the window answers
	orrne	r4, r5, #1		@ STUB_LINE_VALID
	movw	r3, #0xfc1		@ STUB_LINE_MASK
	eor	r4, r4, r7
	tstne	r4, r3			@ it may publish a descriptor in the place of the stub area
	beq	und_common
	cmp	r6, #5
	beq	2f
	bic	r6, r6, #1
	cmp	r6, #0xa
	bne	und_common
	mcr	p15, 0, r5, c7, c10, 1
	hot_count EXIT_CP15_CACHE
	hot_resume
2:	ldr	r3, [sp, #VCPU_DACR_KERNEL]	@ as fast_no_code()
	ldr	r4, [sp, #VCPU_HW_DACR]
	mcr	p15, 0, r3, c3, c0, 0
	isb
	mcr	p15, 0, r5, c7, c8, 2	@ ATS1CUR
	isb
	mrc	p15, 0, r7, c7, c4, 0	@ PAR
	mcr	p15, 0, r4, c3, c0, 0	@ the exception return synchronizes it
	tst	r7, #1
	ubfx	r4, r7, #12, #4		@ vcpu_no_code()
	bne	und_common
	add	r4, sp, r4, lsl #2
	ldr	r4, [r4, #VCPU_NO_CODE]
	eor	r4, r4, r7
	lsrs	r4, r4, #12
	bne	und_common
	dsb				@ as fast_icache()
	mcr	p15, 0, r4, c7, c5, 0
	mcr	p15, 0, r4, c7, c5, 6
	dsb
	hot_count EXIT_CP15_CACHE
	hot_resume
	.ltorg
hot_und_end:
