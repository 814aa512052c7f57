/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one decoder: instruction words to struct insn, by tables of encodings. */
#pragma once

#include <hv/types.h>

enum insn_op {
	/* anything the tables do not name: UNDEFINED, or UNPREDICTABLE in every mode */
	INSN_OTHER,
	/* sensitive, silent or UNPREDICTABLE in User mode: must be rewritten before execution */
	INSN_CPS, INSN_MRS, INSN_MSR_REG, INSN_MSR_IMM,
	INSN_LDM_USER, INSN_LDM_RET, INSN_STM_USER,	/* ^ forms; RET = pc in list */
	INSN_ALU_RET_REG, INSN_ALU_RET_RSR, INSN_ALU_RET_IMM,	/* op-S with Rd = pc */
	INSN_RFE, INSN_SRS, INSN_WFI,
	INSN_LDRT, INSN_STRT,				/* LDRT STRT LDRBT STRBT LDRHT STRHT LDRSBT LDRSHT */
	/* trap by themselves in User mode */
	INSN_SVC,
	INSN_MCR, INSN_MRC, INSN_MCRR, INSN_MRRC, INSN_LDC, INSN_STC, INSN_CDP,
	INSN_VMRS, INSN_VMSR, INSN_VFP,			/* system registers; other VFP/NEON words that access no memory */
	INSN_SMC, INSN_HVC, INSN_BKPT, INSN_UDF,
	/* plain loads and stores, for emulated devices */
	INSN_LDR, INSN_STR,				/* all sizes, signs and addressing forms incl. LDRD/STRD */
	INSN_LDM, INSN_STM,
	INSN_LDREX, INSN_STREX,
	INSN_SWP,
	INSN_VFP_LS, INSN_NEON_LS,			/* VLDR VSTR VLDM VSTM; VLDn VSTn */
	/* neither: for who executes all of them */
	INSN_ALU_REG, INSN_ALU_RSR, INSN_ALU_IMM,	/* data processing that is no exception return */
	INSN_MOVW, INSN_MOVT,
	INSN_PLAIN,					/* nothing but r0-r14 and the flags: multiplies, media, CLZ, saturating */
	INSN_B, INSN_BLX_IMM, INSN_BX, INSN_BLX_REG,	/* B: BL too; BX: BXJ too */
	INSN_ADR, INSN_CBZ, INSN_TB, INSN_IT,		/* of T32; CBZ: s for CBNZ */
	INSN_SETEND, INSN_CLREX, INSN_BARRIER,
	INSN_HINT,					/* does nothing: NOP, YIELD, WFE, SEV, DBG, preloads */
	INSN_NR
};

struct insn {
	u32 word;		/* A32 word, or T32: first halfword in [31:16] for 32-bit, in [15:0] for 16-bit (see t32) */
	enum insn_op op;
	u8 cond;		/* 0..14 (AL = 14 also for unconditional space and Thumb) */
	u8 len;			/* 4 or 2 bytes */
	u8 rd, rn, rm, rs;	/* rd: also Rt; of PLAIN and VFP: the core register that is written, 0 if none */
	u8 rt2;			/* LDRD/STRD/LDREXD/STREXD/MRRC; of PLAIN and VFP: the second such register */
	u8 size;		/* access bytes 1,2,4 (8 for LDRD) */
	bool sign;		/* sign-extending load */
	bool t32;		/* word is what Thumb state executes; else an A32 word means the same */
	bool simple;		/* LDR, STR of A32: at most a word, nothing is pc, nothing UNPREDICTABLE */
	bool p, u, w, s;	/* index/up/writeback/S (or R for MRS/MSR: SPSR) */
	bool imm_form;		/* operand is imm, else register (rm, shift) */
	u8 shift_type, shift_imm;	/* as encoded */
	u16 reglist;
	u32 imm;		/* expanded immediate / offset; of a branch: signed, from pc as it reads (link or H is p) */
	u8 mask : 4, opcode : 4;	/* MSR field mask: f s x c = 8 4 2 1; ALU opcode */
	u8 cps_imod : 2, cps_aif : 3;	/* CPS: imod, A I F bits (4 2 1), mode; cps_mode_valid = changes mode; SRS: mode */
	u8 cps_mode;
	bool cps_mode_valid;
	u32 coproc_enc;		/* MCR/MRC/MCRR/MRRC: COPROC_ENC(...) */
};

/* Decode one A32 word. Always fills *in. */
void a32_decode(u32 word, struct insn *in);
/* Decode one T32 instruction. @hw2 is the second halfword. cond is that of B; IT is the caller's to know. */
void t32_decode(u16 hw1, u16 hw2, struct insn *in);
/*
 * Must this A32 word be rewritten (silent or UNPREDICTABLE in User mode)? SVC is not among them: it traps by itself,
 * and one word in sixteen of arbitrary data looks like it.
 */
bool a32_is_site(u32 word);
/* Its operation if it must, else INSN_OTHER. */
enum insn_op a32_site_op(u32 word);
/* Must this T32 instruction be rewritten, at least where the guest is privileged? @hw2 as above. */
bool t32_is_site(u16 hw1, u16 hw2);
/* The unconditional A32 word with the meaning of the sensitive T32 instruction @in, or 0 where there is none. */
u32 t32_as_a32(const struct insn *in);
/*
 * All encodings that words are among which may be replaced in a copy: @see(@to, mask, value) for each. A mask without bits 31:28 is for every
 * condition, but not for 0b1111.
 */
void a32_see_sites(void (*see)(void *to, u32 mask, u32 value), void *to);
/* Do the flags in @cpsr satisfy condition @cond? (A8.3) */
bool cond_holds(u32 cond, u32 cpsr);
