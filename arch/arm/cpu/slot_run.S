/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way into a slot and back. A slot runs in System mode, whose banked registers are the guest's sp and lr meanwhile; the
 * stack pointer of Supervisor mode, as of every exception mode, is the vCPU page (window.S), so no other register is needed.
 */
#include <arm/slot.h>
#include <arm/window.h>

	.syntax	unified
	.arm
	.text
/* bool arm_slot_enter(struct vcpu *v, const struct slot *slot, u32 psr): @psr has T and IT. Context: System mode, A, I, F masked. */
	.global	arm_slot_enter
	.type	arm_slot_enter, %function
arm_slot_enter:
	push	{r4-r11, lr}
	str	sp, [r0, #VCPU_HOST_SP]
	ldr	r5, [r0, #VCPU_CPSR]
	ldr	r3, =0xf80f0200		@ flags, GE, E
	movw	r4, #0x1df		@ System mode, A, I, F
	and	r5, r5, r3
	orr	r2, r2, r4
	orr	r2, r2, r5
	cps	#0x13
	msr	spsr_cxsf, r2
	mov	lr, r1
	ldmia	sp, {r0-r14}^
	nop				@ no banked register access right after LDM^ (A8.8.59 note)
	movs	pc, lr

	.global	arm_slot_back
arm_slot_back:
	cps	#0x13
	setend	le
	stmia	sp, {r0-r14}^
	mrs	r1, cpsr
	ldr	r2, [sp, #VCPU_CPSR]
	ldr	r3, =0xf80f0000
	bic	r2, r2, r3
	and	r1, r1, r3
	orr	r2, r2, r1
	str	r2, [sp, #VCPU_CPSR]
	mov	r0, #1
slot_leave:
	ldr	r1, [sp, #VCPU_HOST_SP]
	cps	#0x1f
	mov	sp, r1
	pop	{r4-r11, pc}

/* From window.S: the instruction is Undefined, so it has changed nothing and the vCPU page is still right. */
	.global	arm_slot_undefined
arm_slot_undefined:
	mov	r0, #0
	b	slot_leave
	.ltorg

	.section .bss.exec, "aw", %nobits
	.balign	64
	.global	arm_slots
arm_slots:
	.space	SLOT_NR * SLOT_SIZE
