/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is hot: the instructions that window_hot.S executes, each of a kind of its own; usable from assembly.
 *
 * KIND(name, handler, cause): the next kind, SITE_KIND_name; they are numbered from 1. @handler is a label of window_hot.S and
 * counts EXIT_cause.
 * WORD(kind, mask, value, shift, max, traps): of that kind are the words with (word & mask) == value whose operand, bits
 * [shift+3:shift], is at most @max (14: a register but not pc). All are unconditional, and @mask leaves out nothing but the
 * operand, because kind and operand are all that a handler knows. @traps: by itself in User mode, but is cheaper with a number.
 *
 * A kind without words is what site.c makes of another when more can be done at once. site.h, site.c, asm_offsets.c and the
 * branch table of window_hot.S are made from this; t_site.c compares it with the decoder and with what the words count in C.
 */
#pragma once

#define HOT_TABLE(KIND, WORD)											\
	KIND(CPSID,      hot_cpsid,       SITE_CPS)    WORD(CPSID,      0xfffffe3f, 0xf10c0000,  6,  7, false)	\
	KIND(CPSIE,      hot_cpsie,       SITE_CPS)    WORD(CPSIE,      0xfffffe3f, 0xf1080000,  6,  7, false)	\
	KIND(MRS_CPSR,   hot_mrs_cpsr,    SITE_MRS)    WORD(MRS_CPSR,   0xffff0fff, 0xe10f0000, 12, 14, false)	\
	KIND(MRS_SPSR,   hot_mrs_spsr,    SITE_MRS)    WORD(MRS_SPSR,   0xffff0fff, 0xe14f0000, 12, 14, false)	\
	/* MSR SPSR_fsxc, MSR CPSR_c */										\
	KIND(MSR_SPSR,   hot_msr_spsr,    SITE_MSR)    WORD(MSR_SPSR,   0xfffffff0, 0xe16ff000,  0, 14, false)	\
	KIND(MSR_CPSR_C, hot_msr_cpsr_c,  SITE_MSR)    WORD(MSR_CPSR_C, 0xfffffff0, 0xe121f000,  0, 14, false)	\
	KIND(MOVS_PC_LR, hot_movs_pc_lr,  SITE_RET)    WORD(MOVS_PC_LR, 0xffffffff, 0xe1b0f00e,  0, 14, false)	\
	/* STMDB Rn, {sp, lr}^ and LDMDB Rn, {r0-lr}^ or {r1-lr}^ */						\
	KIND(STM_SP_LR,  hot_stm_sp_lr,   SITE_BANK)   WORD(STM_SP_LR,  0xfff0ffff, 0xe9406000, 16, 14, false)	\
	KIND(LDM_R0,     hot_ldm_r0,      SITE_BANK)   WORD(LDM_R0,     0xfff0ffff, 0xe9507fff, 16, 14, false)	\
	KIND(LDM_R1,     hot_ldm_r1,      SITE_BANK)   WORD(LDM_R1,     0xfff0ffff, 0xe9507ffe, 16, 14, false)	\
	/* the same with NOP; ADD sp, sp, #imm8; MOVS pc, lr behind it */					\
	KIND(LDM_R0_RET, hot_ldm_r0_ret,  SITE_BANK)								\
	KIND(LDM_R1_RET, hot_ldm_r1_ret,  SITE_BANK)								\
	/* MRC and MCR (B3.17.2), VMRS and VMSR (B9.3.21) */							\
	KIND(TPIDRPRW_R, hot_tpidrprw,    CP15_THREAD) WORD(TPIDRPRW_R, 0xffff0fff, 0xee1d0f90, 12, 14, true)	\
	KIND(TPIDRURO_W, hot_tpidruro,    CP15_THREAD) WORD(TPIDRURO_W, 0xffff0fff, 0xee0d0f70, 12, 14, true)	\
	KIND(SCTLR_R,    hot_sctlr_read,  CP15_SCTLR)  WORD(SCTLR_R,    0xffff0fff, 0xee110f10, 12, 14, true)	\
	KIND(SCTLR_W,    hot_sctlr_write, CP15_SCTLR)  WORD(SCTLR_W,    0xffff0fff, 0xee010f10, 12, 14, true)	\
	KIND(DACR_R,     hot_dacr_read,   CP15_DACR)   WORD(DACR_R,     0xffff0fff, 0xee130f10, 12, 14, true)	\
	KIND(DACR_W,     hot_dacr_write,  CP15_DACR)   WORD(DACR_W,     0xffff0fff, 0xee030f10, 12, 14, true)	\
	KIND(DFSR_R,     hot_dfsr,        CP15_FAULT)  WORD(DFSR_R,     0xffff0fff, 0xee150f10, 12, 14, true)	\
	KIND(IFSR_R,     hot_ifsr,        CP15_FAULT)  WORD(IFSR_R,     0xffff0fff, 0xee150f30, 12, 14, true)	\
	KIND(DFAR_R,     hot_dfar,        CP15_FAULT)  WORD(DFAR_R,     0xffff0fff, 0xee160f10, 12, 14, true)	\
	KIND(IFAR_R,     hot_ifar,        CP15_FAULT)  WORD(IFAR_R,     0xffff0fff, 0xee160f50, 12, 14, true)	\
	/* DCCMVAC and DCCMVAU, to the handler the same, unless in a loop */					\
	KIND(DCCMVAC,    hot_dccmvac,     CP15_CACHE)  WORD(DCCMVAC,    0xffff0fff, 0xee070f3a, 12, 14, true)	\
	                                               WORD(DCCMVAC,    0xffff0fff, 0xee070f3b, 12, 14, true)	\
	KIND(TTBR0_R,    hot_ttbr0_read,  CP15_CTX)    WORD(TTBR0_R,    0xffff0fff, 0xee120f10, 12, 14, true)	\
	KIND(TTBR1_R,    hot_ttbr1_read,  CP15_CTX)    WORD(TTBR1_R,    0xffff0fff, 0xee120f30, 12, 14, true)	\
	KIND(FPEXC_R,    hot_fpexc_read,  VFP_SYS)     WORD(FPEXC_R,    0xffff0fff, 0xeef80a10, 12, 14, true)	\
	KIND(FPEXC_W,    hot_fpexc_write, VFP_SYS)     WORD(FPEXC_W,    0xffff0fff, 0xeee80a10, 12, 14, true)	\
	/* LDRT, STRT, LDRBT, STRBT with an immediate: in stubs only, where the instruction itself stands behind the trapping word */	\
	KIND(USER_LS,    hot_user_ls,     SITE_USER_LS)								\
	/* Linux: once for each executable page that it maps */							\
	KIND(ICIALLU,    hot_iciallu,     CP15_CACHE)  WORD(ICIALLU,    0xffff0fff, 0xee070f15, 12, 14, true)	\
	/* at each switch of address spaces; before each loop over lines */					\
	KIND(BPIALL,     hot_bpiall,      CP15_CACHE)  WORD(BPIALL,     0xffff0fff, 0xee070fd5, 12, 14, true)	\
	KIND(CTR_R,      hot_ctr,         CP15_OTHER)  WORD(CTR_R,      0xffff0fff, 0xee100f30, 12, 14, true)

/*
 * What has a gate (cpu/gate.h) and no kind of trapping word: it traps by itself, and stays as it is where it has no gate. Its kind is
 * STUB_KIND_name, above those of trapping words. WORD as above.
 */
#define GATE_TABLE(KIND, WORD)											\
	/* in loops, mostly of one turn, where code was changed */						\
	KIND(ICIMVAU)                                  WORD(ICIMVAU,    0xffff0fff, 0xee070f35, 12, 14, true)	\
	/* VMRS; Linux: twice for each process that takes the VFP unit from another */				\
	KIND(MVFR0_R)                                  WORD(MVFR0_R,    0xffff0fff, 0xeef70a10, 12, 14, true)
