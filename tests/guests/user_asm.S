/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User mode code of the test guest: Thumb-2 with system calls, and ARM and Thumb mixed. */
	.syntax unified
	@ on pages of their own, away from code that runs privileged
	.section .playground.thumb, "ax", %progbits
	.balign	4096

	/* in: r0 = rounds; out: r4 = checksum, by SVC 0x99 */
	.thumb
	.balign	4
	.thumb_func
	.global thumb_test
thumb_test:
	push	{r5-r7}
	mov	r5, r0
	movs	r4, #0
1:	tst	r5, #1
	ittee	ne
	addne	r4, r4, r5		@ odd: three times
	svcne	#1			@ a system call inside the block
	svceq	#2
	addeq	r4, r4, r5, lsl #4
	tst	r5, #1
	it	ne
	addne	r4, r4, r5, lsl #1
	ror	r4, r4, #25
	ldr	r6, =0x89705f41		@ looks like an LDM with ^
	eors	r4, r6
	svc	#3
	ubfx	r6, r4, #8, #8
	add	r4, r4, r6
	and	r6, r5, #3
	tbb	[pc, r6]
2:	.byte	(3f - 2b) / 2, (4f - 2b) / 2, (5f - 2b) / 2, (6f - 2b) / 2
3:	movs	r7, #100
	b	7f
4:	movs	r7, #200
	b	7f
5:	movw	r7, #300
	b	7f
6:	movw	r7, #400
7:	adds	r4, r4, r7
	svc	#4
	subs	r5, #1
	bne	1b
	pop	{r5-r7}
	svc	#0x99
	.ltorg
	.balign	4

	/* in: r0 = rounds; out: r4 */
	.section .playground.mix, "ax", %progbits
	.balign	4096
	.arm
	.global user_mix
user_mix:
	mov	r4, #0
	push	{r0, r1}
1:	add	r4, r4, #3
	udf	#1
	blx	8f
	subs	r0, r0, #1
	bne	1b
	pop	{r0, r1}
	svc	#0x77
	.thumb
8:	adds	r4, #7
	udf	#2
	bx	lr
	.balign	4
