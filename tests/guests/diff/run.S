/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Enters a block with every register as wanted, takes its exceptions, leaves it with every register saved. */
#include "../lib/asm.h"
#include "diff.h"

#define HOST_SP		0
#define HOST_STATE	4

	.arm
	.macro	enter mode
	cpsid	if, #\mode
	.endm

	@ sp, lr, spsr of one mode from r1 on; SPSR is 0 for the User bank
	.macro	bank_load mode
	enter	\mode
	ldmia	r1!, {r2-r4}
	mov	sp, r2
	mov	lr, r3
	.if	\mode != MODE_SYS
	msr	spsr_cxsf, r4
	.endif
	.endm

	.macro	bank_store mode
	enter	\mode
	mov	r2, sp
	mov	r3, lr
	.if	\mode != MODE_SYS
	mrs	r4, spsr
	.else
	mov	r4, #0
	.endif
	stmia	r1!, {r2-r4}
	.endm

	.text
	/* void diff_run(struct diff_state *s), in Supervisor mode */
	.global diff_run
diff_run:
	push	{r4-r11, lr}
	ldr	r1, =diff_host
	str	sp, [r1, #HOST_SP]
	str	r0, [r1, #HOST_STATE]
	add	r1, r0, #STATE_BANK
	bank_load MODE_SYS
	add	r2, r0, #STATE_USR_HIGH
	ldmia	r2, {r8-r12}
	bank_load MODE_FIQ
	add	r2, r0, #STATE_FIQ_HIGH
	ldmia	r2, {r8-r12}
	bank_load MODE_IRQ
	bank_load MODE_SVC
	bank_load MODE_ABT
	bank_load MODE_UND
	ldr	r1, [r0, #STATE_ENTER]
	orr	r1, r1, #(PSR_I | PSR_F)
	msr	cpsr_c, r1
	ldmia	r0, {r0-r7}
	movs	pc, lr

	/* void diff_vfp_load(void), void diff_vfp_store(u32 v[9]) */
	.fpu	neon
	.global diff_vfp_load, diff_vfp_store
diff_vfp_load:
	mov	r0, #0
	vmsr	fpscr, r0
	ldr	r0, =vfp_values
	vldmia	r0, {s0-s7}
	bx	lr
diff_vfp_store:
	vstmia	r0!, {s0-s7}
	vmrs	r1, fpscr
	str	r1, [r0]
	bx	lr
	.ltorg
	.balign	4
vfp_values:
	.single	0.0, 1.0, -2.5, 3.0e7, 1.0e-20
	.word	0x7f800000, 0x7fc00001, 0x00000001

	@ a page of data that the vectors reach relative to pc, then the page of code
	.section .exc, "awx", %progbits
	.balign	0x1000
	.space	0xf00
	.global diff_frame
diff_frame:
	.space	FRAME_CPSR + 4
diff_host:
	.space	HOST_STATE + 4

	.balign	0x1000
	.macro	entry n
	.global	diff_hook_\n
diff_hook_\n:
	str	r0, diff_frame
	mov	r0, #\n
	b	exception
	.endm
	entry	1
	entry	2
	entry	3
	entry	4
	entry	6
	entry	7

exception:
	str	r1, diff_frame + 4
	ldr	r1, =diff_frame
	str	r0, [r1, #FRAME_VECTOR]
	add	r0, r1, #8
	stmia	r0!, {r2-r12}
	str	sp, [r0], #4
	str	lr, [r0]
	mrs	r2, spsr
	str	r2, [r1, #FRAME_SPSR]
	mrs	r3, cpsr
	str	r3, [r1, #FRAME_CPSR]
	ldr	sp, =stack_diff_top
	bl	diff_exception
	ldr	r1, =diff_frame
	ldr	r2, [r1, #FRAME_SPSR]
	msr	spsr_cxsf, r2
	ldr	sp, [r1, #52]
	ldr	lr, [r1, #56]
	cmp	r0, #0
	bne	leave
	ldmia	r1, {r0-r12}
	movs	pc, lr

leave:	@ this mode is as the block left it, but for r0-r7; the rest follows bank by bank
	clrex
	add	r2, r1, #32
	ldmia	r2, {r8-r12}
	ldr	r0, =diff_host
	ldr	r0, [r0, #HOST_STATE]
	add	r1, r0, #STATE_BANK
	bank_store MODE_SYS
	add	r2, r0, #STATE_USR_HIGH
	stmia	r2, {r8-r12}
	bank_store MODE_FIQ
	add	r2, r0, #STATE_FIQ_HIGH
	stmia	r2, {r8-r12}
	bank_store MODE_IRQ
	bank_store MODE_SVC
	bank_store MODE_ABT
	bank_store MODE_UND
	enter	MODE_SVC
	ldr	r1, =diff_host
	ldr	sp, [r1, #HOST_SP]
	pop	{r4-r11, pc}
	.ltorg

	.bss
	.balign	8
	.space	0x1000
stack_diff_top:
