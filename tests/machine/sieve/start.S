/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack. Whether the vector unit may be used is the sieve's own affair, the C code is compiled without it. */
	.arm
	.global	_start
_start:
	ldr	sp, =0x01000000
	bl	main
	b	.
