/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that moves itself: copy to a place further up, go there, wipe the old place, until the hops are done. */
#include "asm.h"

	.arm
	.text
	.global mover_start, mover_end
	.balign	4
	/* u32 mover(u32 here, u32 length, u32 hops): returns the number of hops made, counted in r6 */
mover_start:
	push	{r4-r8, lr}
	mov	r6, #0
mover_loop:
	cmp	r2, #0
	beq	9f
	mrs	r7, cpsr		@ something sensitive in each copy
	orr	r7, r7, #(PSR_I)
	msr	cpsr_c, r7
	ldr	r8, mover_step
	add	r3, r0, r8
	mov	r4, r1
	mov	r5, r0
	mov	r7, r3
1:	ldr	r12, [r5], #4
	str	r12, [r7], #4
	subs	r4, r4, #4
	bgt	1b
	bic	r5, r3, #63		@ make the copy executable
2:	mcr	p15, 0, r5, c7, c11, 1
	dsb
	mcr	p15, 0, r5, c7, c5, 1
	add	r5, r5, #64
	cmp	r5, r7
	blo	2b
	mcr	p15, 0, r5, c7, c5, 6
	dsb
	isb
	adr	r5, 3f
	sub	r5, r5, r0
	add	r5, r5, r3
	bx	r5
3:	mov	r4, r1			@ running in the copy
	ldr	r12, mover_wipe
4:	str	r12, [r0], #4
	subs	r4, r4, #4
	bgt	4b
	mov	r0, r3
	add	r6, r6, #1
	sub	r2, r2, #1
	b	mover_loop
9:	mov	r0, r6
	pop	{r4-r8, pc}
mover_step:
	.word	0x1230
mover_wipe:
	.word	0xdeadc0de
mover_end:
