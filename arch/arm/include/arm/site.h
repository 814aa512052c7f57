/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trapping words: what stands in the copy of a code page in the place of a sensitive instruction; usable from assembly. */
#pragma once

/*
 * SVC with the condition of the original and the immediate
 *	1 <kind:5> <copy number:14> <operand:4>
 * so that window_hot.S needs nothing but the word itself: kind and operand together name the original completely, or the kind is
 * SITE_KIND_C and the original is read from the guest's page. An unconditional SVC of the guest kernel itself with bit 23 set is
 * replaced as well (by SITE_KIND_C), hence in privileged code every such SVC is Umbra's. Conditional ones stay, because data often
 * look like them (0x3f800000 is 1.0): so a conditional site is always of SITE_KIND_C, and the window takes no other for its own.
 */
#define SITE_FLAG		0x800000
#define SITE_KIND_SHIFT		18
#define SITE_COPY_SHIFT		4
#define SITE_COPY_BITS		14

/* Kinds in the order of window_hot.S's branch table; in brackets the operand. */
#define SITE_KIND_C		0	/* anything else: window_fast.c or exec.c; [word index mod 16], to tell them apart */
#define SITE_KIND_CPSID		1	/* [A I F] */
#define SITE_KIND_CPSIE		2	/* [A I F] */
#define SITE_KIND_MRS_CPSR	3	/* [Rd] */
#define SITE_KIND_MRS_SPSR	4	/* [Rd] */
#define SITE_KIND_MSR_SPSR	5	/* all fields [Rm] */
#define SITE_KIND_MSR_CPSR_C	6	/* [Rm] */
#define SITE_KIND_MOVS_PC_LR	7
#define SITE_KIND_STM_SP_LR	8	/* STMDB Rn, {sp, lr}^ [Rn] */
#define SITE_KIND_LDM_R0	9	/* LDMDB Rn, {r0-lr}^ [Rn] */
#define SITE_KIND_LDM_R1	10	/* LDMDB Rn, {r1-lr}^ [Rn] */
#define SITE_KIND_LDM_R0_RET	11	/* the same, with NOP; ADD sp, sp, #imm8; MOVS pc, lr behind it */
#define SITE_KIND_LDM_R1_RET	12
/* CP15 accesses trap by themselves; as sites they need no decoding. [Rt] */
#define SITE_KIND_TPIDRPRW_R	13
#define SITE_KIND_TPIDRURO_W	14
#define SITE_KIND_SCTLR_R	15
#define SITE_KIND_SCTLR_W	16
#define SITE_KIND_DACR_R	17
#define SITE_KIND_DACR_W	18
#define SITE_KIND_DFSR_R	19
#define SITE_KIND_IFSR_R	20
#define SITE_KIND_DFAR_R	21
#define SITE_KIND_IFAR_R	22
#define SITE_KIND_DCCMVAC	23	/* DCCMVAC or DCCMVAU that is not in a loop */
#define SITE_KIND_TTBR0_R	24
#define SITE_KIND_TTBR1_R	25
#define SITE_KIND_FPEXC_R	26
#define SITE_KIND_FPEXC_W	27
#define SITE_KIND_ICIALLU	28	/* Linux: once for each executable page that it maps */
#define SITE_KINDS		29	/* at most 32 */

#ifndef __ASSEMBLER__
#include <hv/types.h>

/*
 * The trapping word for the word at @page[@i] in copy @copy. Depends on the words behind it too, within the page (SCAN_WORDS
 * words). @hot false: SITE_KIND_C whatever it is.
 */
u32 site_word(const u32 *page, u32 i, u32 copy, bool hot);
/* Has @word the form of a trapping word? */
bool site_is_word(u32 word);
static inline u32 site_copy(u32 word) { return word >> SITE_COPY_SHIFT & (BIT(SITE_COPY_BITS) - 1); }
/* The kind of the word at @page[@i], as site_word() has it when hot: SITE_KIND_C for what is conditional or not in the table. */
u32 site_kind(const u32 *page, u32 i);
/* The operand of a word whose kind is not SITE_KIND_C. */
u32 site_operand(u32 word);
/* Traps by itself, but is cheaper as a site: @page[@i] has a kind other than SITE_KIND_C. */
bool site_is_cheaper(const u32 *page, u32 i);
#endif
