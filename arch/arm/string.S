/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memset, memcpy and memmove in the way of the C library, because the packaged library is built for size (one byte per turn) and a
 * guest's memory is cleared and its files are copied with them: 480 MiB would take seconds.
 */
	.syntax	unified
	.arm
	.text

/* void *memset(void *s, int c, size_t n) */
	.global	memset
	.type	memset, %function
memset:
	mov	r12, r0
	and	r1, r1, #0xff
	orr	r1, r1, r1, lsl #8
	orr	r1, r1, r1, lsl #16
1:	tst	r12, #3			@ to a word boundary
	beq	2f
	subs	r2, r2, #1
	bxlo	lr
	strb	r1, [r12], #1
	b	1b
2:	subs	r2, r2, #32
	blo	4f
	push	{r4-r9, lr}
	mov	r3, r1
	mov	r4, r1
	mov	r5, r1
	mov	r6, r1
	mov	r7, r1
	mov	r8, r1
	mov	r9, r1
	subs	r2, r2, #224
	blo	7f
3:	stmia	r12!, {r1, r3-r9}	@ a guest's memory: all in turns of 256
	subs	r2, r2, #256
	stmia	r12!, {r1, r3-r9}
	stmia	r12!, {r1, r3-r9}
	stmia	r12!, {r1, r3-r9}
	stmia	r12!, {r1, r3-r9}
	stmia	r12!, {r1, r3-r9}
	stmia	r12!, {r1, r3-r9}
	stmia	r12!, {r1, r3-r9}
	bhs	3b
7:	adds	r2, r2, #224
	blo	9f
8:	stmia	r12!, {r1, r3-r9}
	subs	r2, r2, #32
	bhs	8b
9:	pop	{r4-r9, lr}
4:	add	r2, r2, #32
5:	subs	r2, r2, #4
	strhs	r1, [r12], #4
	bhs	5b
	adds	r2, r2, #4
6:	bxeq	lr
	strb	r1, [r12], #1
	subs	r2, r2, #1
	b	6b
	.size	memset, . - memset

/* void *memcpy(void *d, const void *s, size_t n) */
	.global	memcpy
	.type	memcpy, %function
memcpy:
	mov	r12, r0
	orr	r3, r0, r1
	tst	r3, #3
	bne	3f			@ not both on a word boundary: bytes
	subs	r2, r2, #32
	blo	2f
	push	{r4-r10}
1:	ldmia	r1!, {r3-r10}
	subs	r2, r2, #32
	stmia	r12!, {r3-r10}
	bhs	1b
	pop	{r4-r10}
2:	add	r2, r2, #32
4:	subs	r2, r2, #4
	ldrhs	r3, [r1], #4
	strhs	r3, [r12], #4
	bhs	4b
	add	r2, r2, #4
3:	subs	r2, r2, #1
	bxlo	lr
	ldrb	r3, [r1], #1
	strb	r3, [r12], #1
	b	3b
	.size	memcpy, . - memcpy

/* void *memmove(void *d, const void *s, size_t n) */
	.global	memmove
	.type	memmove, %function
memmove:
	sub	r12, r0, r1
	cmp	r12, r2
	bhs	memcpy			@ what it stores it has loaded, unless @d is within the source
	add	r12, r0, r2
	add	r1, r1, r2
	orr	r3, r12, r1
	tst	r3, #3
	bne	3f			@ not both ends on a word boundary: bytes
	subs	r2, r2, #32
	blo	2f
	push	{r4-r10}
1:	ldmdb	r1!, {r3-r10}
	subs	r2, r2, #32
	stmdb	r12!, {r3-r10}
	bhs	1b
	pop	{r4-r10}
2:	add	r2, r2, #32
4:	subs	r2, r2, #4
	ldrhs	r3, [r1, #-4]!
	strhs	r3, [r12, #-4]!
	bhs	4b
	add	r2, r2, #4
3:	subs	r2, r2, #1
	bxlo	lr
	ldrb	r3, [r1, #-1]!
	strb	r3, [r12, #-1]!
	b	3b
	.size	memmove, . - memmove
