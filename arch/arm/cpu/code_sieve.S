/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sieve of the first look at a code page (code_sieve.h), eight words an instruction. */
/*
 * VLD4 takes words apart into vectors of their bytes, which VTBL looks up, as many at a time as a vector has. No instruction here touches
 * FPSCR. The registers are the guest's (vfp.c), so all of them are kept on the stack, and CPACR and FPEXC are made as they were.
 */
	.syntax	unified
	.arm
	.fpu	neon
	.text

#define CPACR_CP10_11	0x00f00000
#define FPEXC_EN	0x40000000

/* Use of the unit, as vfp.c has it: of what the guest chose nothing may deny Advanced SIMD. r12 and lr say in the end what CPACR and FPEXC were. */
	.macro	borrow
	push	{r4, lr}
	mrc	p15, 0, r12, c1, c0, 2
	mov	r4, #CPACR_CP10_11	@ neither ASEDIS nor D32DIS
	mcr	p15, 0, r4, c1, c0, 2
	isb
	vmrs	lr, fpexc
	mov	r4, #FPEXC_EN
	vmsr	fpexc, r4
	isb
	vpush	{d0-d15}
	vpush	{d16-d31}
	.endm

	.macro	give_back
	vpop	{d16-d31}
	vpop	{d0-d15}
	vmsr	fpexc, lr
	isb
	mcr	p15, 0, r12, c1, c0, 2
	isb
	pop	{r4, pc}
	.endm

/* The bytes of 16 words: bits 7:0 in q0, ... 31:24 in q3. */
	.macro	bytes_of_16
	vld4.8	{d0, d2, d4, d6}, [r1:256]!
	vld4.8	{d1, d3, d5, d7}, [r1:256]!
	.endm

/* \to: a sum of two each of the 16 bytes of \q that are set, q14 says what each counts. The next two steps make 8 bits of eight bytes. */
	.macro	weigh	to, q, low, high
	vand	\q, \q, q14
	vpadd.i8 \to, \low, \high
	.endm

/* 64 words by macro \step, which leaves what passes in d10 and d11, to the next 64 bits at r0. */
	.macro	sieve_64 step
	\step
	weigh	d8, q5, d10, d11
	\step
	weigh	d9, q5, d10, d11
	vpadd.i8 d8, d8, d9
	\step
	weigh	d9, q5, d10, d11
	\step
	weigh	d10, q5, d10, d11
	vpadd.i8 d9, d9, d10
	vpadd.i8 d8, d8, d9
	vst1.8	{d8}, [r0]!
	.endm

	.macro	sieve_sites
	bytes_of_16
	vcge.u8	q5, q3, q15		@ SRS, RFE and others without a condition
	vshl.i8	q3, q3, #4
	vsri.8	q3, q2, #4		@ bits 27:20
	vshr.u8	q0, q3, #3		@ bits 27:23
	vand	q3, q3, q7		@ bits 24:20
	vand	q2, q2, q6		@ bits 19:16
	vshr.u8	q1, q1, #4		@ bits 15:12
	vtbl.8	d0, {d16-d19}, d0
	vtbl.8	d1, {d16-d19}, d1
	vtbl.8	d6, {d20-d23}, d6
	vtbl.8	d7, {d20-d23}, d7
	vtbl.8	d4, {d24-d25}, d4
	vtbl.8	d5, {d24-d25}, d5
	vtbl.8	d2, {d26-d27}, d2
	vtbl.8	d3, {d26-d27}, d3
	vand	q0, q0, q3
	vand	q1, q1, q2
	vtst.8	q0, q0, q1
	vorr	q5, q5, q0
	.endm

/* void code_sieve_sites(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t): see code_sieve.h */
	.global	code_sieve_sites
	.type	code_sieve_sites, %function
code_sieve_sites:
	borrow
	vldmia	r3, {d16-d29}		@ the tables, and weights
	vmov.i8	q15, #0xf8
	vmov.i8	q6, #0x0f
	vmov.i8	q7, #0x1f
1:	sieve_64 sieve_sites
	subs	r2, r2, #64
	bne	1b
	give_back
	.size	code_sieve_sites, . - code_sieve_sites

	.macro	sieve_pc
	bytes_of_16
	vand	q2, q2, q6
	vceq.i8	q5, q2, q7
	.endm

/* void code_sieve_pc(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t): see code_sieve.h */
	.global	code_sieve_pc
	.type	code_sieve_pc, %function
code_sieve_pc:
	borrow
	add	r3, r3, #96
	vldmia	r3, {d28-d29}		@ weights
	vmov.i8	q6, #0x2f
	vmov.i8	q7, #0x0f
1:	sieve_64 sieve_pc
	subs	r2, r2, #64
	bne	1b
	give_back
	.size	code_sieve_pc, . - code_sieve_pc
