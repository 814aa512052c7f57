// SPDX-License-Identifier: GPL-2.0-or-later
/* The one meaning per instruction: dispatch by operation, and what all operations share. */
#include <arm/coproc.h>
#include <arm/exec.h>
#include <arm/psr.h>

#include "exec_int.h"

u32 exec_reg(const struct vcpu *v, u32 n)
{
	if (n == 15)
		return v->r[15] + (v->cpsr & PSR_T ? 4 : 8);
	return v->r[n];
}

/* ITSTATE[7:2] is CPSR[15:10], ITSTATE[1:0] is CPSR[26:25]. */
void exec_set_it(struct vcpu *v, u32 it)
{
	v->cpsr = (v->cpsr & ~PSR_IT) | (it >> 2) << 10 | (it & 3) << 25;
}

/* ITAdvance(), A2.5.2. */
void exec_it_advance(struct vcpu *v)
{
	u32 it = FIELD(v->cpsr, 15, 10) << 2 | FIELD(v->cpsr, 26, 25);

	exec_set_it(v, it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0);
}

enum exec_result exec_next(struct vcpu *v, const struct insn *in)
{
	v->r[15] += in->len;
	if (v->cpsr & PSR_T)
		exec_it_advance(v);
	return EXEC_NEXT;
}

enum exec_result exec_undefined(struct vcpu *v, const struct insn *in)
{
	(void)v;
	(void)in;
	return EXEC_UNDEF;
}

u32 exec_shift_imm(u32 value, u32 type, u32 imm, bool carry)
{
	switch (type) {
	case 0:
		return value << imm;
	case 1:
		return imm ? value >> imm : 0;
	case 2:
		return (u32)((s32)value >> (imm ? imm : 31));
	default:
		return imm ? value >> imm | value << (32 - imm) : value >> 1 | (u32)carry << 31;
	}
}

enum exec_result exec_load_pc(struct vcpu *v, u32 target)
{
	if (v->cpsr & PSR_T)
		exec_it_advance(v);
	if (target & 1) {
		v->cpsr |= PSR_T;
		v->r[15] = target & ~1u;
	} else {
		v->cpsr &= ~PSR_T;
		v->r[15] = target & ~3u;	/* bit 1 set is UNPREDICTABLE */
	}
	return EXEC_BRANCH;
}

enum exec_result exec_branch_to(struct vcpu *v, u32 target)
{
	if (v->cpsr & PSR_T)
		exec_it_advance(v);
	v->r[15] = target & (v->cpsr & PSR_T ? ~1u : ~3u);
	return EXEC_BRANCH;
}

static exec_fn *const exec_table[INSN_NR] = {
	[INSN_OTHER] = exec_undefined,
	[INSN_CPS] = exec_cps,
	[INSN_MRS] = exec_mrs,
	[INSN_MSR_REG] = exec_msr,
	[INSN_MSR_IMM] = exec_msr,
	[INSN_LDM_USER] = exec_ldm_user,
	[INSN_LDM_RET] = exec_ldm_ret,
	[INSN_STM_USER] = exec_stm_user,
	[INSN_ALU_RET_REG] = exec_alu_ret,
	[INSN_ALU_RET_RSR] = exec_undefined,	/* UNPREDICTABLE in every mode */
	[INSN_ALU_RET_IMM] = exec_alu_ret,
	[INSN_RFE] = exec_rfe,
	[INSN_SRS] = exec_srs,
	[INSN_WFI] = exec_wfi,
	[INSN_LDRT] = exec_single_user,
	[INSN_STRT] = exec_single_user,
	[INSN_SVC] = exec_svc,
	[INSN_MCR] = exec_mcr,
	[INSN_MRC] = exec_mrc,
	[INSN_MCRR] = exec_mcrr,
	[INSN_MRRC] = exec_mrrc,
	[INSN_LDC] = exec_undefined,		/* DBGDTRxX by LDC/STC: no debug channel for guests */
	[INSN_STC] = exec_undefined,
	[INSN_CDP] = exec_undefined,
	[INSN_VMRS] = exec_vmrs,
	[INSN_VMSR] = exec_vmsr,
	[INSN_VFP] = exec_plain,
	[INSN_SMC] = exec_smc,
	[INSN_HVC] = exec_undefined,
	[INSN_BKPT] = exec_bkpt,
	[INSN_UDF] = exec_undefined,
	[INSN_LDR] = exec_single,
	[INSN_STR] = exec_single,
	[INSN_LDM] = exec_multi,
	[INSN_STM] = exec_multi,
	[INSN_LDREX] = exec_ldrex,
	[INSN_STREX] = exec_strex,
	[INSN_SWP] = exec_swp,
	[INSN_VFP_LS] = exec_vfp_ls,
	[INSN_NEON_LS] = exec_neon_ls,
	[INSN_ALU_REG] = exec_alu,
	[INSN_ALU_RSR] = exec_alu_rsr,
	[INSN_ALU_IMM] = exec_alu,
	[INSN_MOVW] = exec_movw,
	[INSN_MOVT] = exec_movw,
	[INSN_PLAIN] = exec_plain,
	[INSN_B] = exec_branch,
	[INSN_BLX_IMM] = exec_blx_imm,
	[INSN_BX] = exec_bx,
	[INSN_BLX_REG] = exec_blx_reg,
	[INSN_ADR] = exec_adr,
	[INSN_CBZ] = exec_cbz,
	[INSN_TB] = exec_tb,
	[INSN_IT] = exec_it,
	[INSN_SETEND] = exec_setend,
	[INSN_CLREX] = exec_clrex,
	[INSN_BARRIER] = exec_barrier,
	[INSN_HINT] = exec_hint,
};

exec_fn *exec_function(enum insn_op op)
{
	return exec_table[op];
}

enum exec_result exec_insn(struct vcpu *v, const struct insn *in)
{
	if (!cond_holds(in->cond, v->cpsr))
		return exec_next(v, in);
	return exec_table[in->op](v, in);
}

enum exec_result exec_mmio(struct vcpu *v, const struct insn *in)
{
	switch (in->op) {
	case INSN_LDR: case INSN_STR: case INSN_LDRT: case INSN_STRT:
	case INSN_LDM: case INSN_STM: case INSN_SWP: case INSN_VFP_LS: case INSN_NEON_LS:
	case INSN_STM_USER:	/* of a stub */
		/* no condition check: an instruction whose condition fails does not access memory, so does not fault */
		return exec_table[in->op](v, in);
	case INSN_STREX:
		return exec_strex_native(v, in);
	default:
		/* load exclusive and LDC/STC on Device memory: the bus of an emulated device refuses them */
		return exec_exclusive(v, in);
	}
}

void exec_finish(struct vcpu *v, enum exec_result r)
{
	if (r == EXEC_WFI)
		v->waiting = true;
	if (r != EXEC_UNDEF)
		return;
	vcpu_count(v, EXIT_UNDEF);
	inject_undef(v);
}

enum exit_cause exec_cause(const struct insn *in)
{
	static const u8 by_op[INSN_NR] = {
		[INSN_OTHER] = EXIT_OTHER,
		[INSN_CPS] = EXIT_SITE_CPS, [INSN_MRS] = EXIT_SITE_MRS,
		[INSN_MSR_REG] = EXIT_SITE_MSR, [INSN_MSR_IMM] = EXIT_SITE_MSR,
		[INSN_LDM_USER] = EXIT_SITE_BANK, [INSN_STM_USER] = EXIT_SITE_BANK, [INSN_SRS] = EXIT_SITE_BANK,
		[INSN_LDM_RET] = EXIT_SITE_RET, [INSN_ALU_RET_REG] = EXIT_SITE_RET, [INSN_ALU_RET_RSR] = EXIT_SITE_RET,
		[INSN_ALU_RET_IMM] = EXIT_SITE_RET, [INSN_RFE] = EXIT_SITE_RET,
		[INSN_WFI] = EXIT_SITE_WFI, [INSN_LDRT] = EXIT_SITE_USER_LS, [INSN_STRT] = EXIT_SITE_USER_LS,
		[INSN_SVC] = EXIT_SITE_SVC,
		[INSN_MCRR] = EXIT_CP14, [INSN_MRRC] = EXIT_CP14,
		[INSN_LDC] = EXIT_CP14, [INSN_STC] = EXIT_CP14, [INSN_CDP] = EXIT_UNDEF,
		[INSN_VMRS] = EXIT_VFP_SYS, [INSN_VMSR] = EXIT_VFP_SYS, [INSN_VFP] = EXIT_UNDEF,
		[INSN_SMC] = EXIT_SMC, [INSN_HVC] = EXIT_SMC, [INSN_BKPT] = EXIT_PABT, [INSN_UDF] = EXIT_UNDEF,
		[INSN_LDR] = EXIT_MMIO, [INSN_STR] = EXIT_MMIO, [INSN_LDM] = EXIT_MMIO, [INSN_STM] = EXIT_MMIO,
		[INSN_LDREX] = EXIT_MMIO, [INSN_STREX] = EXIT_MMIO, [INSN_SWP] = EXIT_MMIO,
		[INSN_VFP_LS] = EXIT_MMIO, [INSN_NEON_LS] = EXIT_MMIO,
		[INSN_ALU_REG] = EXIT_OTHER, [INSN_ALU_RSR] = EXIT_OTHER, [INSN_ALU_IMM] = EXIT_OTHER,
		[INSN_MOVW] = EXIT_OTHER, [INSN_MOVT] = EXIT_OTHER, [INSN_PLAIN] = EXIT_OTHER, [INSN_B] = EXIT_OTHER, [INSN_BLX_IMM] = EXIT_OTHER, [INSN_BX] = EXIT_OTHER,
		[INSN_BLX_REG] = EXIT_OTHER, [INSN_ADR] = EXIT_OTHER, [INSN_CBZ] = EXIT_OTHER,
		[INSN_TB] = EXIT_OTHER, [INSN_IT] = EXIT_OTHER, [INSN_SETEND] = EXIT_OTHER, [INSN_CLREX] = EXIT_OTHER,
		[INSN_BARRIER] = EXIT_OTHER, [INSN_HINT] = EXIT_OTHER,
	};

	if (in->op == INSN_MCR || in->op == INSN_MRC)
		return coproc_cause(in->coproc_enc);
	return by_op[in->op];
}
