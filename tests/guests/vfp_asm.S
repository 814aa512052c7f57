/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VFP and NEON instructions for C code that is compiled without them. */
	.arm
	.fpu	neon
	.text

	.global vfp_fpexc_read, vfp_fpexc_write, vfp_fpscr_read, vfp_fpscr_write, vfp_fpsid_read, vfp_mvfr0_read
vfp_fpexc_read:
	vmrs	r0, fpexc
	bx	lr
vfp_fpexc_write:
	vmsr	fpexc, r0
	isb
	bx	lr
vfp_fpscr_read:
	vmrs	r0, fpscr
	bx	lr
vfp_fpscr_write:
	vmsr	fpscr, r0
	bx	lr
vfp_fpsid_read:
	vmrs	r0, fpsid
	bx	lr
vfp_mvfr0_read:
	vmrs	r0, mvfr0
	bx	lr

	.global vfp_load_all, vfp_store_all
vfp_load_all:
	vldmia	r0!, {d0-d15}
	vldmia	r0, {d16-d31}
	bx	lr
vfp_store_all:
	vstmia	r0!, {d0-d15}
	vstmia	r0, {d16-d31}
	bx	lr

	/* void vfp_ops(const u32 *in, u32 *out) */
	.global vfp_ops
vfp_ops:
	vldmia	r0, {s0-s5}
	vadd.f32 s8, s0, s1
	vstr	s8, [r1]
	vmul.f32 s8, s0, s1
	vstr	s8, [r1, #4]
	vdiv.f32 s8, s0, s2
	vstr	s8, [r1, #8]
	vsqrt.f32 s8, s1
	vstr	s8, [r1, #12]
	vmul.f32 s8, s4, s4
	vstr	s8, [r1, #16]
	vmrs	r2, fpscr
	str	r2, [r1, #20]
	vcvt.u32.f32 s8, s1
	vstr	s8, [r1, #24]
	vcvt.s32.f32 s8, s2
	vstr	s8, [r1, #28]
	vcmp.f32 s1, s0
	vmrs	r2, fpscr
	and	r2, r2, #0xf0000000
	str	r2, [r1, #32]
	vcmp.f32 s0, s1
	vmrs	r2, fpscr
	and	r2, r2, #0xf0000000
	str	r2, [r1, #36]
	bx	lr

	/* void neon_ops(const u32 *in, u32 *out): add, exclusive or, multiply of four lanes */
	.global neon_ops
neon_ops:
	vld1.32	{d0-d3}, [r0]!
	vld1.32	{d4-d5}, [r0]
	vadd.i32 q8, q0, q1
	veor	q9, q2, q0
	vmul.i32 q10, q0, q2
	vst1.32	{d16-d19}, [r1]!
	vst1.32	{d20-d21}, [r1]
	bx	lr
