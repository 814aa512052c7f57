/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers that nest: SVC -> undefined -> data abort -> SVC, each returning in another way. */
#include "asm.h"

	.arm
	.text
	.macro trace value
	push	{r0-r2}
	ldr	r0, =nest_count
	ldr	r1, [r0]
	ldr	r2, =nest_trace
	add	r2, r2, r1, lsl #2
	add	r1, r1, #1
	str	r1, [r0]
	mov	r1, #\value
	str	r1, [r2]
	pop	{r0-r2}
	.endm

	/* events: 5x in the caller, SVC 1 (0x02 on entry, 0x12 on exit), undefined 4x */
	.global nest_run, nest_svc, nest_und, nest_dabt
nest_run:
	push	{r4-r11, lr}
	trace	0x51
	svc	#1
	trace	0x53
	trace	0x55
	pop	{r4-r11, pc}

nest_svc:
	push	{r0-r3, r12, lr}
	mrs	r3, spsr
	push	{r3, r4}
	ldr	r4, [lr, #-4]
	bic	r4, r4, #0xff000000
	cmp	r4, #1
	bne	1f
	trace	0x02
	udf	#7			@ to nest_und
	trace	0x12
	b	2f
1:	trace	0x52			@ SVC 2, from the abort handler
2:	pop	{r3, r4}
	msr	spsr_cxsf, r3
	ldmia	sp!, {r0-r3, r12, pc}^

nest_und:
	srsdb	sp!, #MODE_UND		@ return address is past the instruction
	push	{r0-r3}
	trace	0x41
	ldr	r0, =0x20000000
	ldr	r1, [r0]		@ to nest_dabt
	trace	0x42
	pop	{r0-r3}
	rfeia	sp!

nest_dabt:
	sub	lr, lr, #4		@ skip the load
	push	{r3, lr}
	mrs	r3, spsr
	push	{r3}
	svc	#2
	trace	0x51
	pop	{r3}
	msr	spsr_cxsf, r3
	pop	{r3, lr}
	movs	pc, lr
	.ltorg

	.bss
	.balign	4
	.global nest_trace, nest_count
nest_trace:
	.space	64
nest_count:
	.space	4
