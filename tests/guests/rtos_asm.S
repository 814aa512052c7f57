/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of rtos.c: state of what was interrupted goes onto the System mode stack, where interrupts then nest. */
#include "asm.h"

	.text
	.arm
	.global	rtos_svc, rtos_irq, rtos_start
	.type	rtos_start, %function	@ called from Thumb code, too
	@ SVC: the next task
rtos_svc:
	srsdb	sp!, #MODE_SYS
	cpsid	i, #MODE_SYS
	push	{r0-r12, lr}
	b	switch

	@ IRQ: the handler in System mode; behind the outermost one a switch, if it wants that
rtos_irq:
	sub	lr, lr, #4
	srsdb	sp!, #MODE_SYS
	cpsid	i, #MODE_SYS
	push	{r0-r12, lr}
	mov	r4, sp
	bic	sp, sp, #7			@ as the ABI has it: the interrupted code may have been anywhere
	bl	rtos_interrupt
	mov	sp, r4
	ldr	r0, =rtos_want_switch
	ldr	r0, [r0]
	cmp	r0, #0
	beq	resume
	ldr	r0, =rtos_depth
	ldr	r0, [r0]
	cmp	r0, #0
	bne	resume
switch:
	mov	r0, sp
	mov	r4, sp
	bic	sp, sp, #7
	bl	rtos_switch
	mov	sp, r0
resume:
	clrex				@ what was interrupted between a load and a store exclusive begins again
	pop	{r0-r12, lr}
	rfeia	sp!

	@ void rtos_start(u32 *sp, u32 **main_sp): the first task; returns when rtos_switch() says so. In Supervisor mode.
rtos_start:
	push	{r4-r11, lr}
	mrs	r2, cpsr
	ldr	r3, =back
	cps	#MODE_SYS
	mov	r4, sp
	@ a context that comes back here: r0-r12, lr, pc, CPSR
	push	{r2}
	push	{r3}
	push	{lr}
	sub	sp, sp, #(13 * 4)
	str	r4, [sp]
	str	sp, [r1]
	mov	sp, r0
	pop	{r0-r12, lr}
	rfeia	sp!
back:
	@ in Supervisor mode again; r0: the System mode stack of before
	cps	#MODE_SYS
	mov	sp, r0
	cps	#MODE_SVC
	pop	{r4-r11, pc}
	.ltorg
