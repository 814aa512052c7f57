/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All of the VFP bank, for C code that is compiled without it. */
	.arm
	.fpu	neon
	.text
	.global vfp_load_all, vfp_store_all, vfp_fpexc_write
vfp_load_all:
	vldmia	r0!, {d0-d15}
	vldmia	r0, {d16-d31}
	bx	lr
vfp_store_all:
	vstmia	r0!, {d0-d15}
	vstmia	r0, {d16-d31}
	bx	lr
vfp_fpexc_write:
	vmsr	fpexc, r0
	isb
	bx	lr
