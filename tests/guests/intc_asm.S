/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt entry that allows nesting: saves the return state on the System mode stack and handles the interrupt there. */
#include "asm.h"

	.arm
	.text
	.global irq_nested_entry
irq_nested_entry:
	sub	lr, lr, #4
	srsdb	sp!, #MODE_SYS
	cps	#MODE_SYS
	push	{r0-r3, r12, lr}
	and	r1, sp, #4
	sub	sp, sp, r1
	push	{r1, r2}
	bl	irq_nested_body
	pop	{r1, r2}
	add	sp, sp, r1
	pop	{r0-r3, r12, lr}
	rfeia	sp!
