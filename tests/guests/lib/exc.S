/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exception vectors of the test guests, and running code until it takes an exception.
 *
 * The entry code stores everything it finds in exc_frame without using any stack or assuming any
 * register, then goes back to whoever armed the guard (ctx_run(), guard_set()) as longjmp would. A vector
 * can be given to other code through exc_hook[].
 */
#include "asm.h"

#define FRAME_SP	52
#define FRAME_LR	56
#define FRAME_VECTOR	60
#define FRAME_EXC_LR	64
#define FRAME_SPSR	68
#define FRAME_CPSR	72
#define FRAME_DFSR	76
#define FRAME_DFAR	80
#define FRAME_IFSR	84
#define FRAME_IFAR	88

#define HOST_SP		32
#define HOST_LR		36
#define HOST_CPSR	40
#define HOST_ARMED	44

	.arm
	@ one section: a page of data that the vectors reach relative to pc, then the page of code
	.section .exc, "awx", %progbits
	.balign 0x1000
	.space	0xe00
	.balign	32
	.global exc_hook, exc_frame
exc_hook:
hooks:				@ where each vector goes
	.word	hook_1, hook_1, hook_2, hook_3, hook_4, hook_1, hook_6, hook_7
exc_frame:
frame:
	.space	FRAME_IFAR + 4
exc_host:
	.space	HOST_ARMED + 4


	.balign	0x1000
	.global exc_vectors
exc_vectors:
	ldr	pc, hooks
	ldr	pc, hooks + 4
	ldr	pc, hooks + 8
	ldr	pc, hooks + 12
	ldr	pc, hooks + 16
	ldr	pc, hooks + 20
	ldr	pc, hooks + 24
	ldr	pc, hooks + 28

	.macro entry n
	.global hook_\n
hook_\n:
	str	r0, frame
	mov	r0, #\n
	b	exc_common
	.endm
	entry	1
	entry	2
	entry	3
	entry	4
	entry	6
	entry	7

exc_common:
	str	r1, frame + 4
	ldr	r1, =exc_frame
	str	r0, [r1, #FRAME_VECTOR]
	add	r0, r1, #8
	stmia	r0, {r2-r7}
	str	lr, [r1, #FRAME_EXC_LR]
	mrs	r2, spsr
	str	r2, [r1, #FRAME_SPSR]
	mrs	r3, cpsr
	str	r3, [r1, #FRAME_CPSR]
	mrc	p15, 0, r0, c5, c0, 0
	str	r0, [r1, #FRAME_DFSR]
	mrc	p15, 0, r0, c6, c0, 0
	str	r0, [r1, #FRAME_DFAR]
	mrc	p15, 0, r0, c5, c0, 1
	str	r0, [r1, #FRAME_IFSR]
	mrc	p15, 0, r0, c6, c0, 2
	str	r0, [r1, #FRAME_IFAR]
	@ sp and lr of the mode that was interrupted; User mode through System mode, which has the same ones
	and	r4, r2, #PSR_MODE
	cmp	r4, #MODE_USR
	moveq	r4, #MODE_SYS
	bic	r5, r3, #PSR_MODE
	orr	r5, r5, r4
	orr	r5, r5, #(PSR_I | PSR_F)
	msr	cpsr_c, r5
	str	sp, [r1, #FRAME_SP]
	str	lr, [r1, #FRAME_LR]
	add	r0, r1, #32
	stmia	r0, {r8-r12}		@ may be another bank than the exception's
	msr	cpsr_c, r3
	ldr	r2, =exc_host
	ldr	r3, [r2, #HOST_ARMED]
	cmp	r3, #0
	beq	exc_stray
	mov	r3, #0
	str	r3, [r2, #HOST_ARMED]
	clrex
	ldr	r0, [r1, #FRAME_VECTOR]
	ldr	r4, [r2, #HOST_CPSR]
	msr	cpsr_cx, r4
	ldr	sp, [r2, #HOST_SP]
	ldr	lr, [r2, #HOST_LR]
	ldmia	r2, {r4-r11}
	bx	lr

exc_stray:
	cpsid	if, #MODE_SVC
	ldr	sp, =stack_stray_top
	b	exc_unexpected

	/*
	 * int guard_set(void): 0 now; when an exception comes before guard_clear(), returns once more, with its vector.
	 */
	.global guard_set, guard_clear
	.type	guard_set, %function
	.type	guard_clear, %function
guard_set:
	ldr	r1, =exc_host
	stmia	r1, {r4-r11}
	str	sp, [r1, #HOST_SP]
	str	lr, [r1, #HOST_LR]
	mrs	r2, cpsr
	str	r2, [r1, #HOST_CPSR]
	mov	r2, #1
	str	r2, [r1, #HOST_ARMED]
	mov	r0, #0
	bx	lr
guard_clear:
	ldr	r1, =exc_host
	mov	r2, #0
	str	r2, [r1, #HOST_ARMED]
	bx	lr

	/*
	 * int ctx_run(const struct ctx *c): load all registers, pc and CPSR from *c, run until an exception, return its vector.
	 * The banked registers of the Undefined mode (of the Abort mode when *c is in Undefined mode) are used on the way.
	 */
	.global ctx_run
	.type	ctx_run, %function
ctx_run:
	push	{r0, lr}
	bl	guard_set
	pop	{r0, lr}
	ldr	r1, =exc_host
	str	sp, [r1, #HOST_SP]
	str	lr, [r1, #HOST_LR]
	ldr	r1, [r0, #64]		@ cpsr
	and	r2, r1, #PSR_MODE
	cmp	r2, #MODE_USR
	moveq	r3, #MODE_SYS
	movne	r3, r2
	orr	r3, r3, #(PSR_I | PSR_F)
	add	r4, r0, #32
	mrs	r5, cpsr
	msr	cpsr_c, r3
	ldr	sp, [r0, #52]
	ldr	lr, [r0, #56]
	ldmia	r4, {r8-r12}		@ the Fast Interrupt bank if that is where we are
	msr	cpsr_c, r5
	cmp	r2, #MODE_FIQ
	ldmne	r4, {r8-r12}
	moveq	r8, #0			@ the other bank then: nothing of this code's
	moveq	r9, #0
	moveq	r10, #0
	moveq	r11, #0
	moveq	r12, #0
	cmp	r2, #MODE_UND
	moveq	r3, #(MODE_ABT | PSR_I | PSR_F)
	movne	r3, #(MODE_UND | PSR_I | PSR_F)
	msr	cpsr_c, r3
	ldr	lr, [r0, #60]
	msr	spsr_cxsf, r1
	ldmia	r0, {r0-r7}
	movs	pc, lr

	/*
	 * Interrupt entry for C: calls (*irq_handler)() in IRQ mode on the IRQ stack and resumes.
	 */
	.global irq_entry
irq_entry:
	sub	lr, lr, #4
	push	{r0-r3, r12, lr}
	ldr	r0, =irq_handler
	ldr	r0, [r0]
	blx	r0
	ldmia	sp!, {r0-r3, r12, pc}^
	.ltorg

	.bss
	.balign	8
	.space	0x800
stack_stray_top:
	.global irq_handler
irq_handler:
	.space	4
