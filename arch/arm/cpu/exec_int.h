/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What exec.c, exec_ldst.c and exec_sys.c share. */
#pragma once

#include <arm/exec.h>

typedef enum exec_result exec_fn(struct vcpu *v, const struct insn *in);

/* exec.c */
exec_fn *exec_function(enum insn_op op);	/* exec_insn() for an instruction whose condition holds */
exec_fn exec_next;			/* pc and IT state past @in */
exec_fn exec_undefined;
u32 exec_reg(const struct vcpu *v, u32 n);	/* register as an operand: pc reads as address + 8 (+ 4 in T32) */
/* Immediate shift of A32 (DecodeImmShift, Shift); @type, @imm as encoded. */
u32 exec_shift_imm(u32 value, u32 type, u32 imm, bool carry);
enum exec_result exec_load_pc(struct vcpu *v, u32 target);	/* BXWritePC */
enum exec_result exec_branch_to(struct vcpu *v, u32 target);	/* BranchWritePC: stays in this instruction set */
void exec_set_it(struct vcpu *v, u32 it);	/* ITSTATE[7:0] */
void exec_it_advance(struct vcpu *v);

/* exec_ldst.c: data accesses */
exec_fn exec_single, exec_single_user, exec_multi, exec_tb, exec_swp, exec_exclusive;
exec_fn exec_ldm_user, exec_stm_user, exec_ldm_ret, exec_rfe, exec_srs;
exec_fn exec_ldrex, exec_strex, exec_strex_native, exec_clrex;
enum exec_result exec_alignment_fault(struct vcpu *v, u32 va, bool write);

/* exec_vfp.c: loads and stores of VFP registers */
exec_fn exec_vfp_ls, exec_neon_ls;

/* exec_core.c: what runs as it is in User mode */
u32 exec_alu_value(struct vcpu *v, const struct insn *in, u32 *flags);	/* result, and the CPSR with its flags */
exec_fn exec_plain, exec_alu, exec_alu_rsr, exec_movw, exec_branch, exec_blx_imm, exec_bx, exec_blx_reg;
exec_fn exec_adr, exec_cbz, exec_it, exec_setend, exec_barrier, exec_hint, exec_bkpt;

/* exec_sys.c: status registers and coprocessors */
exec_fn exec_cps, exec_mrs, exec_msr, exec_alu_ret, exec_wfi, exec_svc;
exec_fn exec_mcr, exec_mrc, exec_mcrr, exec_mrrc, exec_vmrs, exec_vmsr, exec_smc;
