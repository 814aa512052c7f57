// SPDX-License-Identifier: GPL-2.0-or-later
/* Meaning of instructions on status registers and coprocessors, and of exception returns by data processing. */
#include <arm/coproc.h>
#include <arm/psr.h>

#include "exec_int.h"

/*
 * CPS (B9.3.2); a NOP in User mode. An imod that neither enables nor disables, or one without A, I, F is UNPREDICTABLE;
 * here as on known cores it has no effect on the masks.
 */
enum exec_result exec_cps(struct vcpu *v, const struct insn *in)
{
	u32 aif = (in->cps_aif & 4 ? PSR_A : 0) | (in->cps_aif & 2 ? PSR_I : 0) | (in->cps_aif & 1 ? PSR_F : 0);
	u32 value = 0, mask = 0;

	exec_next(v, in);
	if (!vcpu_privileged(v))
		return EXEC_NEXT;
	if (in->cps_imod & 2) {
		mask = aif;
		value = in->cps_imod & 1 ? aif : 0;
	}
	if (in->cps_mode_valid) {
		mask |= PSR_MODE;
		value |= in->cps_mode;
	}
	vcpu_write_cpsr(v, value, mask);
	return EXEC_NEXT;
}

/* B9.3.8: the execution state bits J, IT, T read as zero from the CPSR; an SPSR reads as it is. */
enum exec_result exec_mrs(struct vcpu *v, const struct insn *in)
{
	const u32 *spsr = vcpu_spsr(v);

	if (in->rd == 15 || (in->s && !spsr))
		return EXEC_UNDEF;
	v->r[in->rd] = in->s ? *spsr : v->cpsr & ~(PSR_J | PSR_IT | PSR_T);
	return exec_next(v, in);
}

/* CPSR bits that MSR writes for a field mask (CPSRWriteByInstr, B1.3.3): never T, J, IT; A, I, F, mode only if @priv. */
static u32 cpsr_mask(u32 fields, bool priv)
{
	u32 m = 0;

	if (fields & 8)
		m |= PSR_FLAGS;
	if (fields & 4)
		m |= PSR_GE;
	if (fields & 2)
		m |= PSR_E | (priv ? PSR_A : 0);
	if (fields & 1 && priv)
		m |= PSR_I | PSR_F | PSR_MODE;
	return m;
}

/* SPSRWriteByInstr (B1.3.3). */
static u32 spsr_mask(u32 fields)
{
	return (fields & 8 ? 0xff000000u : 0) | (fields & 4 ? PSR_GE : 0) |
	       (fields & 2 ? 0x0000ff00u : 0) | (fields & 1 ? 0x000000ffu : 0);
}

enum exec_result exec_msr(struct vcpu *v, const struct insn *in)
{
	u32 value = in->op == INSN_MSR_IMM ? in->imm : v->r[in->rm];
	u32 *spsr = vcpu_spsr(v), m;

	if (in->op == INSN_MSR_REG && in->rm == 15)
		return EXEC_UNDEF;
	if (in->s) {
		if (!spsr)
			return EXEC_UNDEF;
		m = spsr_mask(in->mask);
		*spsr = (*spsr & ~m) | (value & m);
		return exec_next(v, in);
	}
	exec_next(v, in);
	vcpu_write_cpsr(v, value, cpsr_mask(in->mask, vcpu_privileged(v)));
	return EXEC_NEXT;
}

/* SUBS PC, LR and related (B9.3.20): pc := result, CPSR := SPSR. UNPREDICTABLE in User and System mode. */
enum exec_result exec_alu_ret(struct vcpu *v, const struct insn *in)
{
	const u32 *spsr = vcpu_spsr(v);
	u32 flags;

	if (!spsr)
		return EXEC_UNDEF;
	vcpu_exception_return(v, exec_alu_value(v, in, &flags), *spsr);
	return EXEC_BRANCH;
}

/* WFI is allowed in User mode too, and wakes up for masked interrupts: the caller decides when. */
enum exec_result exec_wfi(struct vcpu *v, const struct insn *in)
{
	exec_next(v, in);
	return EXEC_WFI;
}

/* The IT block goes on behind it (TakeSVCException, B1.9.4). */
enum exec_result exec_svc(struct vcpu *v, const struct insn *in)
{
	(void)in;
	if (v->cpsr & PSR_T)
		exec_it_advance(v);
	inject_svc(v);
	return EXEC_INJECTED;
}

/* What User mode may access whatever its kernel says (B3.17, C11.8.1). Natively it does not trap, but for PMUSERENR, which shows the host's 0. */
static const struct {
	u32 enc;
	bool read, write;
} user_registers[] = {
	{ COPROC_ENC(15, 0, 7, 5, 4), false, true },	/* CP15ISB */
	{ COPROC_ENC(15, 0, 7, 10, 4), false, true },	/* CP15DSB */
	{ COPROC_ENC(15, 0, 7, 10, 5), false, true },	/* CP15DMB */
	{ COPROC_ENC(15, 0, 9, 14, 0), true, false },	/* PMUSERENR */
	{ COPROC_ENC(15, 0, 13, 0, 2), true, true },	/* TPIDRURW */
	{ COPROC_ENC(15, 0, 13, 0, 3), true, false },	/* TPIDRURO */
	{ COPROC_ENC(14, 0, 0, 0, 0), true, false },	/* DBGDIDR */
	{ COPROC_ENC(14, 0, 0, 1, 0), true, false },	/* DBGDSCRint */
	{ COPROC_ENC(14, 0, 0, 5, 0), true, true },	/* DBGDTRRXint, DBGDTRTXint */
	{ COPROC_ENC(14, 0, 1, 0, 0), true, false },	/* DBGDRAR */
	{ COPROC_ENC(14, 0, 2, 0, 0), true, false },	/* DBGDSAR */
};

/*
 * May the current virtual mode touch this CP14/CP15 register at all? User mode may access those above, and what its kernel allows
 * (PMUSERENR: c9 but for the interrupt enables).
 */
static bool coproc_allowed(const struct vcpu *v, u32 enc, bool write)
{
	if (vcpu_privileged(v))
		return true;
	for (u32 i = 0; i < ARRAY_SIZE(user_registers); i++)
		if (user_registers[i].enc == enc)
			return write ? user_registers[i].write : user_registers[i].read;
	return FIELD(enc, 19, 12) == 0xf9 && v->cp15.pmuserenr & 1 && FIELD(enc, 7, 4) >= 12 && FIELD(enc, 7, 4) <= 13;
}

static enum exec_result coproc_done(struct vcpu *v, const struct insn *in, enum coproc_result res)
{
	switch (res) {
	case COPROC_OK:
		return exec_next(v, in);
	case COPROC_FAULT:
		return EXEC_INJECTED;
	default:
		return EXEC_UNDEF;
	}
}

/* The value read goes to Rt, or, for Rt = 15, its top four bits to the flags (A8.8.107). */
static void write_rt(struct vcpu *v, u32 rt, u32 value)
{
	if (rt == 15)
		v->cpsr = (v->cpsr & 0x0fffffffu) | (value & 0xf0000000u);
	else
		v->r[rt] = value;
}

enum exec_result exec_mcr(struct vcpu *v, const struct insn *in)
{
	u32 enc = in->coproc_enc;

	if (in->rd == 15 || !coproc_allowed(v, enc, true))
		return EXEC_UNDEF;
	return coproc_done(v, in, coproc_write(v, enc, v->r[in->rd]));
}

enum exec_result exec_mrc(struct vcpu *v, const struct insn *in)
{
	enum coproc_result res;
	u32 value = 0;

	if (!coproc_allowed(v, in->coproc_enc, false))
		return EXEC_UNDEF;
	res = coproc_read(v, in->coproc_enc, &value);
	if (res == COPROC_OK)
		write_rt(v, in->rd, value);
	return coproc_done(v, in, res);
}

/* No 64-bit CP14/CP15 register exists on a processor without LPAE and with a 32-bit debug interface. */
enum exec_result exec_mcrr(struct vcpu *v, const struct insn *in)
{
	return exec_undefined(v, in);
}

enum exec_result exec_mrrc(struct vcpu *v, const struct insn *in)
{
	return exec_undefined(v, in);
}

#define VFP_FPSCR	1	/* the only VFP system register that User mode may access */

enum exec_result exec_vmrs(struct vcpu *v, const struct insn *in)
{
	u32 value = 0;

	if (in->rn != VFP_FPSCR && (!vcpu_privileged(v) || in->rd == 15))
		return EXEC_UNDEF;
	if (!vfp_sys_read(v, in->rn, &value))
		return EXEC_UNDEF;
	write_rt(v, in->rd, value);
	return exec_next(v, in);
}

enum exec_result exec_vmsr(struct vcpu *v, const struct insn *in)
{
	if (in->rd == 15 || (in->rn != VFP_FPSCR && !vcpu_privileged(v)))
		return EXEC_UNDEF;
	return vfp_sys_write(v, in->rn, v->r[in->rd]) ? exec_next(v, in) : EXEC_UNDEF;
}

/* SMC is Undefined in User mode (B9.3.14); otherwise the table of services decides what it does. */
enum exec_result exec_smc(struct vcpu *v, const struct insn *in)
{
	if (!vcpu_privileged(v))
		return EXEC_UNDEF;
	smc_call(v);
	return exec_next(v, in);
}
