/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mark NUMBER [HEX]`: the measurement stops the machine at the label mark, with r0 = NUMBER and r1 = HEX. */
	.syntax unified
	.arch	armv7-a
	.arm
	.text
	.global	_start, mark
_start:
	ldr	r2, [sp]		@ argc
	mov	r0, #0
	mov	r1, #0
	cmp	r2, #2
	blo	mark
	ldr	r3, [sp, #8]		@ argv[1], decimal
	mov	r4, #10
1:	ldrb	r5, [r3], #1
	subs	r5, r5, #'0'
	blo	2f
	mla	r0, r0, r4, r5
	b	1b
2:	cmp	r2, #3
	blo	mark
	ldr	r3, [sp, #12]		@ argv[2], hexadecimal, small letters
3:	ldrb	r5, [r3], #1
	subs	r5, r5, #'0'
	blo	mark
	cmp	r5, #10
	subhs	r5, r5, #('a' - '0' - 10)
	add	r1, r5, r1, lsl #4
	b	3b
mark:
	nop
	nop				@ where the machine goes on to, so that the breakpoint can be set again
	mov	r0, #0
	mov	r7, #1			@ exit
	svc	#0
