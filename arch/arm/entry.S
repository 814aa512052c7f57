/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First instructions of Umbra, the C side of guest entry/exit, and device accesses that survive an external abort. */
#include <arm/window.h>

	.syntax	unified
	.arm
	.section .head.text, "ax", %progbits
/*
 * Entered like a Linux kernel (r0 = 0, r1 = machine number, r2 = layout device tree), MMU and data cache off, at any
 * address. Where Umbra belongs, at the top of RAM, depends on the board and is the boot loader's own memory until here: the image moves
 * itself there.
 */
	.global	_start
_start:
	cpsid	aif, #0x13
	mov	r8, r1
	mov	r9, r2
	/* Known SCTLR: MMU, D-cache, I-cache, branch prediction, alignment check, TEX remap, AFE, high vectors off. */
	mrc	p15, 0, r0, c1, c0, 0
	ldr	r1, =0x70003807 | (1 << 25)	@ AFE TRE TE | V I Z | C A M | EE
	bic	r0, r0, r1
	mcr	p15, 0, r0, c1, c0, 0
	isb
	mov	r0, #0
	mcr	p15, 0, r0, c7, c5, 0	@ ICIALLU
	mcr	p15, 0, r0, c7, c5, 6	@ BPIALL
	mcr	p15, 0, r0, c8, c7, 0	@ TLBIALL
	dsb
	isb
	bl	dcache_empty
	/* First to run where it is, with what stands behind it in RAM as bss: C finds out how much RAM there is. */
	bl	relocate
	bl	set_up
	mov	r0, r9
	bl	arm_find_home
	ldr	r3, =_start
	cmp	r0, r3
	beq	at_home
	ldr	r5, =__image_end
	adr	r6, moved
	sub	r6, r6, r3
	add	r6, r6, r0
1:	ldr	r7, [r3], #4
	str	r7, [r0], #4
	cmp	r3, r5
	blo	1b
	dsb				@ D-cache is off: the stores are in memory
	mov	r7, #0
	mcr	p15, 0, r7, c7, c5, 0	@ ICIALLU
	mcr	p15, 0, r7, c7, c5, 6	@ BPIALL
	dsb
	isb
	bx	r6
moved:
	bl	relocate
	bl	set_up
at_home:
	mov	r0, r8
	mov	r1, r9
	bl	arm_boot
	b	.
	/*
	 * Every word of the image that holds an address in it (R_ARM_RELATIVE, listed by the linker at link addresses): from
	 * where the image was set to be to where it is. The literal of _start is such a word, too. Clobbers r0-r7.
	 */
relocate:
	adr	r0, _start
	ldr	r1, =_start
	ldr	r4, =CONFIG_TEXT_BASE
	sub	r1, r0, r1		@ how far
	sub	r4, r0, r4		@ link address to where it is
	adr	r5, rel_bounds
	ldmia	r5, {r2, r3}
	add	r2, r2, r5
	add	r3, r3, r5
1:	cmp	r2, r3
	bhs	2f
	ldr	r6, [r2], #8
	ldr	r7, [r6, r4]
	add	r7, r7, r1
	str	r7, [r6, r4]
	b	1b
2:	dsb
	mcr	p15, 0, r0, c7, c5, 0	@ ICIALLU: literals stand among code
	dsb
	isb
	bx	lr
rel_bounds:
	.word	__rel_start - rel_bounds
	.word	__rel_end - rel_bounds
	/* An empty bss, vectors, every banked stack pointer on a frame of zeroes (there is no vCPU yet), System mode and a stack. */
set_up:
	mov	r4, lr
	ldr	r0, =__bss_start
	ldr	r1, =__bss_end
	mov	r2, #0
1:	cmp	r0, r1
	strlo	r2, [r0], #4
	blo	1b
	ldr	r0, =__window_vectors
	mcr	p15, 0, r0, c12, c0, 0
	isb
	ldr	r0, =arm_early_frame
	bl	arm_set_banked_sp
	cps	#0x1f
	ldr	sp, =arm_stack_top
	bx	r4
	/*
	 * Clean and invalidate all data and unified caches by set and way (B2.2.7). The boot protocol promises it, but a line
	 * that was left over would come back over the image or hide it. No stack yet; clobbers r0-r7, r10, r11.
	 */
dcache_empty:
	mrc	p15, 1, r0, c0, c0, 1	@ CLIDR
	mov	r1, #0			@ level - 1, at bits 3:1 as CSSELR and the operations have it
1:	add	r2, r1, r1, lsr #1
	mov	r3, r0, lsr r2
	and	r3, r3, #7
	cmp	r3, #2			@ data or unified cache at this level?
	blt	4f
	mcr	p15, 2, r1, c0, c0, 0	@ CSSELR
	isb
	mrc	p15, 1, r3, c0, c0, 0	@ CCSIDR
	and	r4, r3, #7
	add	r4, r4, #4		@ log2 of the line length in bytes
	ubfx	r5, r3, #3, #10		@ ways - 1
	ubfx	r6, r3, #13, #15	@ sets - 1
	clz	r7, r5			@ ways are numbered from bit 31 down
2:	mov	r10, r6
3:	orr	r11, r1, r5, lsl r7
	orr	r11, r11, r10, lsl r4
	mcr	p15, 0, r11, c7, c14, 2	@ DCCISW
	subs	r10, r10, #1
	bge	3b
	subs	r5, r5, #1
	bge	2b
4:	add	r1, r1, #2
	cmp	r1, #14
	blt	1b
	dsb
	isb
	bx	lr
	.ltorg

	.text
/* void arm_set_banked_sp(u32 sp): stack pointer of every exception mode. Clobbers r1; interrupts masked. */
	.global	arm_set_banked_sp
	.type	arm_set_banked_sp, %function
arm_set_banked_sp:
	mrs	r1, cpsr
	mov	r2, lr
	cps	#0x11
	mov	sp, r0
	cps	#0x12
	mov	sp, r0
	cps	#0x17
	mov	sp, r0
	cps	#0x1b
	mov	sp, r0
	cps	#0x13
	mov	sp, r0
	msr	cpsr_c, r1
	bx	r2

/* u32 arm_guest_enter(struct vcpu *v): run the guest until its next exit; returns the vector. */
	.global	arm_guest_enter
	.type	arm_guest_enter, %function
arm_guest_enter:
	push	{r4-r11, lr}
	str	sp, [r0, #VCPU_HOST_SP]
	ldr	pc, [r0, #VCPU_WINDOW_ENTER]
	.global	arm_guest_exit		@ v->host_return
arm_guest_exit:
	pop	{r4-r11, pc}
	.ltorg

/*
 * bool arm_mmio_read(hpa, size, *value) / arm_mmio_write(hpa, size, value): one access of 1, 2 or 4 bytes that returns false
 * when it aborts. The abort of a store is asynchronous: it is pending after the DSB, and A is opened to take it here, where it
 * belongs, rather than in the guest. One that is pending before is the guest's, and is taken as such first (window.S).
 */
	.macro	take_late_abort		@ clobbers r12 and the flags
	dsb
	mrc	p15, 0, r12, c12, c1, 0	@ ISR
	tst	r12, #0x100		@ A
	beq	9f
	cpsie	a
	isb
	cpsid	a
9:
	.endm

	.global	arm_mmio_checked_start, arm_mmio_checked_end, arm_mmio_checked_fail
	.global	arm_mmio_late_start, arm_mmio_late_end
	.global	arm_mmio_read, arm_mmio_write
	.type	arm_mmio_read, %function
	.type	arm_mmio_write, %function
arm_mmio_read:
	take_late_abort
	cmp	r1, #2
arm_mmio_checked_start:
	ldrbmi	r3, [r0]
	ldrheq	r3, [r0]
	ldrgt	r3, [r0]
	dsb
	str	r3, [r2]
	mov	r0, #1
	bx	lr
arm_mmio_write:
	take_late_abort
	cmp	r1, #2
	strbmi	r2, [r0]
	strheq	r2, [r0]
	strgt	r2, [r0]
arm_mmio_late_start:
	take_late_abort
arm_mmio_late_end:
	mov	r0, #1
	bx	lr
arm_mmio_checked_end:
arm_mmio_checked_fail:
	cpsid	a
	mov	r0, #0
	bx	lr

	.bss
	.balign	8
	.space	16384
	.global	arm_stack_top
arm_stack_top:
	.space	4096
	.global	arm_fault_stack_top
arm_fault_stack_top:
	/* What the window takes for the vCPU page until there is one: for a fault of Umbra itself. */
	.global	arm_early_frame
arm_early_frame:
	.space	4096
