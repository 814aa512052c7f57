/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VFP/NEON system registers of the guest. Umbra uses no floating point, and puts back what it uses vector instructions with (cpu/code_sieve.S), so
 * the unit holds the registers of the guest that is loaded: real
 * FPEXC.EN and CPACR.cp10/11 follow the guest's, data instructions run natively.
 */
#include <arm/coproc.h>
#include <arm/sysreg.h>

/* VMRS/VMSR register numbers (A8.8.348). */
#define VFP_FPSID	0
#define VFP_FPSCR	1
#define VFP_MVFR1	6
#define VFP_MVFR0	7
#define VFP_FPEXC	8

#define CPACR_CP10_11	(0xfu << 20)
#define FPEXC_EN	BIT(30)

#define VFP_REG(name, n)						\
static u32 read_##name(void)						\
{									\
	u32 v;								\
	asm volatile(".fpu neon\n\tvmrs %0, " n : "=r"(v));		\
	return v;							\
}									\
static __attribute__((unused)) void write_##name(u32 v)			\
{									\
	asm volatile(".fpu neon\n\tvmsr " n ", %0" : : "r"(v) : "memory"); \
}
VFP_REG(fpsid, "fpsid")
VFP_REG(fpscr, "fpscr")
VFP_REG(mvfr0, "mvfr0")
VFP_REG(mvfr1, "mvfr1")
VFP_REG(fpexc, "fpexc")

bool vfp_sys_read(struct vcpu *v, u32 reg, u32 *value)
{
	if (!cpacr_allows_vfp(v))
		return false;
	switch (reg) {
	case VFP_FPSID:
		*value = read_fpsid();
		return true;
	case VFP_FPSCR:
		if (!(read_fpexc() & FPEXC_EN))
			return false;
		*value = read_fpscr();
		return true;
	case VFP_MVFR0:
		*value = read_mvfr0();
		return true;
	case VFP_MVFR1:
		*value = read_mvfr1();
		return true;
	case VFP_FPEXC:
		*value = read_fpexc();
		return true;
	default:
		return false;
	}
}

bool vfp_sys_write(struct vcpu *v, u32 reg, u32 value)
{
	if (!cpacr_allows_vfp(v))
		return false;
	switch (reg) {
	case VFP_FPSID:		/* writes are ignored (B4.1.58) */
		return true;
	case VFP_FPSCR:
		if (!(read_fpexc() & FPEXC_EN))
			return false;
		write_fpscr(value);
		return true;
	case VFP_FPEXC:		/* EN only: EX would make Umbra's own accesses trap */
		write_fpexc(value & FPEXC_EN);
		isb();
		return true;
	default:
		return false;
	}
}

static void zero_registers(void)
{
	asm volatile(
		".fpu neon\n\t"
		"vmov.i32 q0, #0\n\tvmov.i32 q1, #0\n\tvmov.i32 q2, #0\n\tvmov.i32 q3, #0\n\t"
		"vmov.i32 q4, #0\n\tvmov.i32 q5, #0\n\tvmov.i32 q6, #0\n\tvmov.i32 q7, #0\n\t"
		"vmov.i32 q8, #0\n\tvmov.i32 q9, #0\n\tvmov.i32 q10, #0\n\tvmov.i32 q11, #0\n\t"
		"vmov.i32 q12, #0\n\tvmov.i32 q13, #0\n\tvmov.i32 q14, #0\n\tvmov.i32 q15, #0\n\t"
		: : : "memory");
}

/* Nothing of the boot loader or of an earlier guest is left in the unit. Ends with the unit disabled. */
void vfp_reset(struct vcpu *v)
{
	write_cpacr(CPACR_CP10_11);
	isb();
	write_fpexc(FPEXC_EN);
	isb();
	zero_registers();
	write_fpscr(0);
	write_fpexc(0);
	isb();
}

/* Registers are there for whoever enables the unit next, whether this guest has it enabled now or not. */
void vfp_leave(struct vcpu *v)
{
	u64 *d = v->vfp.d;

	write_cpacr(CPACR_CP10_11);
	isb();
	v->vfp.fpexc = read_fpexc();
	write_fpexc(FPEXC_EN);
	isb();
	v->vfp.fpscr = read_fpscr();
	asm volatile(".fpu neon\n\tvstmia %0!, {d0-d15}\n\tvstmia %0!, {d16-d31}" : "+r"(d) : : "memory");
}

/* CPACR stays open: cp15_enter() comes after this. */
void vfp_enter(struct vcpu *v)
{
	const u64 *d = v->vfp.d;

	write_cpacr(CPACR_CP10_11);
	isb();
	write_fpexc(FPEXC_EN);
	isb();
	asm volatile(".fpu neon\n\tvldmia %0!, {d0-d15}\n\tvldmia %0!, {d16-d31}" : "+r"(d) : : "memory");
	write_fpscr(v->vfp.fpscr);
	write_fpexc(v->vfp.fpexc);
	isb();
}
