/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Search for words of an encoding: 2.5 instructions a word, where compiled C takes 4. */
	.syntax	unified
	.arm
	.text

/* const u32 *word_find(const u32 *w, const u32 *end, u32 mask, u32 value): see code_scan.h */
	.global	word_find
	.type	word_find, %function
word_find:
	push	{r4-r11}
	sub	r1, r1, #32
1:	cmp	r0, r1
	bhi	2f			@ fewer than eight words
	ldmia	r0!, {r4-r11}
	and	r12, r4, r2
	teq	r12, r3
	.irp	word, r5, r6, r7, r8, r9, r10, r11
	andne	r12, \word, r2
	teqne	r12, r3
	.endr
	bne	1b
	sub	r0, r0, #32		@ one of these
2:	add	r1, r1, #32
3:	cmp	r0, r1
	bhs	4f
	ldr	r12, [r0], #4
	and	r12, r12, r2
	teq	r12, r3
	bne	3b
	sub	r0, r0, #4
4:	pop	{r4-r11}
	bx	lr
	.size	word_find, . - word_find
