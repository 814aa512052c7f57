/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of ukernel.c: the whole state of a User task goes to the task, whose block the stack pointers of the exception modes point behind. */
#include "asm.h"

	.text
	.arm
	.global	uk_svc, uk_irq, uk_dabt, uk_pabt, uk_run
	.type	uk_run, %function	@ called from Thumb code, too
	.macro	kernel_entry name, adjust, cause
\name:
	.if	\adjust
	sub	lr, lr, #\adjust
	.endif
	stmdb	sp, {r0-r14}^			@ r0-r12, sp, lr of User mode; sp stays
	nop
	mrs	r0, spsr
	stmia	sp, {r0, lr}			@ CPSR, pc
	mov	r1, #\cause
	sub	r0, sp, #60
	b	dispatch
	.endm
	kernel_entry uk_svc, 0, 2
	kernel_entry uk_pabt, 4, 3
	kernel_entry uk_dabt, 8, 4
	kernel_entry uk_irq, 4, 6

dispatch:
	cpsid	if, #MODE_SVC
	ldr	r2, =kernel_sp
	ldr	sp, [r2]
	bl	uk_dispatch
	cmp	r0, #0
	popeq	{r4-r11, pc}
	b	enter

	@ void uk_run(struct task *first): tasks run until uk_dispatch() finds none. In Supervisor mode with interrupts masked.
uk_run:
	push	{r4-r11, lr}
	ldr	r2, =kernel_sp
	str	sp, [r2]
enter:						@ r0: the task
	add	r1, r0, #60
	cps	#MODE_IRQ
	mov	sp, r1
	cps	#MODE_ABT
	mov	sp, r1
	cps	#MODE_SVC
	mov	sp, r1
	ldmia	sp, {r0, lr}
	msr	spsr_cxsf, r0
	clrex
	ldmdb	sp, {r0-r14}^
	nop
	movs	pc, lr
	.ltorg

	.bss
	.balign	4
kernel_sp:
	.space	4
