/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing the banked registers of any mode from Supervisor mode. */
#include "asm.h"

	.arm
	.text
	.macro	enter_mode, reg
	cmp	\reg, #MODE_USR
	moveq	\reg, #MODE_SYS
	orr	r3, \reg, #(PSR_I | PSR_F)
	mrs	r12, cpsr
	mov	r2, r12			@ r12 itself may be banked
	msr	cpsr_c, r3
	.endm

	/* void bank_set(u32 mode, const u32 v[3]): sp, lr, spsr (User and System have no spsr) */
	.global bank_set, bank_get, bank_set_high, bank_get_high
bank_set:
	push	{r4, lr}
	enter_mode r0
	ldr	sp, [r1]
	ldr	lr, [r1, #4]
	ldr	r4, [r1, #8]
	cmp	r0, #MODE_SYS
	beq	1f
	msr	spsr_cxsf, r4
1:	msr	cpsr_c, r2
	pop	{r4, pc}

	/* void bank_get(u32 mode, u32 v[3]) */
bank_get:
	push	{r4, lr}
	enter_mode r0
	str	sp, [r1]
	str	lr, [r1, #4]
	mov	r4, #0
	cmp	r0, #MODE_SYS
	beq	1f
	mrs	r4, spsr
1:	str	r4, [r1, #8]
	msr	cpsr_c, r2
	pop	{r4, pc}

	/* void bank_set_high(u32 mode, const u32 v[5]): r8-r12 as seen there; only useful for the FIQ mode */
bank_set_high:
	push	{r4, lr}
	enter_mode r0
	ldmia	r1, {r8-r12}
	msr	cpsr_c, r2
	pop	{r4, pc}

	/* void bank_get_high(u32 mode, u32 v[5]) */
bank_get_high:
	push	{r4, lr}
	enter_mode r0
	stmia	r1, {r8-r12}
	msr	cpsr_c, r2
	pop	{r4, pc}
