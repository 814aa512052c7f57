/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry of a test guest: entered like Linux (SVC mode, MMU off, r0-r2 = 0, machine number, boot data). */
#include "asm.h"

	.section .text.start, "ax"
	.arm
	.global _start
_start:
	b	1f
	.ascii	"UmbraTst"
1:	mrs	r4, cpsr		@ as found, for the boot protocol test
	mov	r5, r0
	mov	r6, r1
	mov	r7, r2
	mrc	p15, 0, r8, c1, c0, 0
	cpsid	if, #MODE_SVC
	bic	r0, r8, #SCTLR_M
	bic	r0, r0, #(SCTLR_A | SCTLR_C)
	bic	r0, r0, #(SCTLR_V | SCTLR_I)
	mcr	p15, 0, r0, c1, c0, 0
	isb
	ldr	r0, =exc_vectors
	mcr	p15, 0, r0, c12, c0, 0
	isb

	ldr	sp, =stack_svc_top
	bl	stacks_init

	ldr	r0, =bss_start
	ldr	r1, =bss_end
	mov	r2, #0
2:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	2b

	ldr	r0, =boot_state
	stmia	r0, {r4-r8}
	bl	guest_main
	b	report_end

	/* void stacks_init(void): give every mode but the Supervisor's its stack (again); called in SVC mode. */
	.global stacks_init
	.type	stacks_init, %function
stacks_init:
	cps	#MODE_IRQ
	ldr	sp, =stack_irq_top
	cps	#MODE_ABT
	ldr	sp, =stack_abt_top
	cps	#MODE_UND
	ldr	sp, =stack_und_top
	cps	#MODE_FIQ
	ldr	sp, =stack_fiq_top
	cps	#MODE_SYS
	ldr	sp, =stack_usr_top
	cps	#MODE_SVC
	bx	lr
	.ltorg

	.bss
	.balign	16
	.space	0x4000
stack_svc_top:
	.space	0x800
	.global stack_irq_top, stack_usr_top
stack_irq_top:
	.space	0x800
stack_abt_top:
	.space	0x800
stack_und_top:
	.space	0x800
stack_fiq_top:
	.space	0x1000
stack_usr_top:
