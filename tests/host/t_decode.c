/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder: tables free of mistakes, every kind of instruction, operands, sites against an independent reading of the manual. */
/* SOURCES: arch/arm/cpu/decode.c arch/arm/cpu/decode_t32.c */
/* CFLAGS: -Iarch/arm/cpu */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <arm/insn.h>
#include <arm/vcpu.h>

#include "decode_tab.h"

/* -- the tables themselves -- */

static u32 table_rows(const struct insn_row *t)
{
	u32 n = 0;

	while (t[n].mask)
		n++;
	return n;
}

/*
 * @a stands above @b and both match some word. Allowed when @a is a special case of @b; or when @a selects by coprocessor
 * or by Rn = pc, which the manual decides before it looks at the form.
 */
static bool order_ok(const struct insn_row *a, const struct insn_row *b)
{
	bool vfp = (a->mask & 0x0c000e00) == 0x0c000e00 && (a->value & 0x0c000e00) == 0x0c000a00;

	if (vfp || (a->mask & 0x000f0000) == 0x000f0000)
		return (a->mask & b->mask) != a->mask;	/* but b must not be dead */
	return (a->mask & b->mask) == b->mask && a->mask != b->mask;
}

static void check_table(const struct insn_row *t, u32 fixed_mask, u32 fixed)
{
	u32 n = table_rows(t), i, j;

	assert_int_equal(t[n].op, INSN_OTHER);
	assert_int_equal(t[n].value, 0);
	for (i = 0; i < n; i++) {
		if (t[i].value & ~t[i].mask || (t[i].value ^ fixed) & t[i].mask & fixed_mask)
			fail_msg("row 0x%08x/0x%08x can never match", t[i].mask, t[i].value);
		for (j = i + 1; j < n; j++)
			if (!((t[i].value ^ t[j].value) & t[i].mask & t[j].mask) && !order_ok(&t[i], &t[j]))
				fail_msg("rows 0x%08x/0x%08x and 0x%08x/0x%08x overlap", t[i].mask, t[i].value,
					 t[j].mask, t[j].value);
	}
}

static void tables_are_sound(void **state)
{
	u32 i;

	for (i = 0; i < 8; i++)
		check_table(a32_tables[i], 0x0e000000, i << 25);
	check_table(a32_tables[A32_UNCOND], 0xf0000000, 0xf0000000);
	check_table(t32_table, 0, 0);
	check_table(t16_table, 0xffff0000, 0);
}

/* -- one word of every kind, as an assembler made it -- */

static const struct {
	u32 word;
	enum insn_op op;
	bool site;
	const char *text;
} a32_words[] = {
	{ 0xf10c0080, INSN_CPS, true, "cpsid i" },
	{ 0xf10a01d3, INSN_CPS, true, "cpsie aif,#19" },
	{ 0xf102001f, INSN_CPS, true, "cps #31" },
	{ 0xf10e0051, INSN_CPS, true, "cpsid f,#17" },
	{ 0xf1010200, INSN_SETEND, false, "setend be" },
	{ 0xe10f3000, INSN_MRS, true, "mrs r3, CPSR" },
	{ 0x114f4000, INSN_MRS, true, "mrsne r4, SPSR" },
	{ 0xe121f001, INSN_MSR_REG, true, "msr CPSR_c, r1" },
	{ 0xe128f002, INSN_MSR_REG, false, "msr CPSR_f, r2" },
	{ 0xe12cf002, INSN_MSR_REG, false, "msr CPSR_fs, r2" },
	{ 0xe122f002, INSN_MSR_REG, true, "msr CPSR_x, r2" },
	{ 0xe16ff005, INSN_MSR_REG, true, "msr SPSR_fsxc, r5" },
	{ 0xe321f0d3, INSN_MSR_IMM, true, "msr CPSR_c, #211" },
	{ 0xe328f20f, INSN_MSR_IMM, false, "msr CPSR_f, #-268435456" },
	{ 0xe361f013, INSN_MSR_IMM, true, "msr SPSR_c, #19" },
	{ 0xe8dd7fff, INSN_LDM_USER, true, "ldm sp, {r0-r12, sp, lr}^" },
	{ 0xe9527fff, INSN_LDM_USER, true, "ldmdb r2, {r0-r12, sp, lr}^" },
	{ 0xe8fd9fff, INSN_LDM_RET, true, "ldm sp!, {r0-r12, pc}^" },
	{ 0x09d18008, INSN_LDM_RET, true, "ldmibeq r1, {r3, pc}^" },
	{ 0xe9486000, INSN_STM_USER, true, "stmdb r8, {sp, lr}^" },
	{ 0xe8c0ffff, INSN_STM_USER, true, "stmia r0, {r0-r12, sp, lr, pc}^" },
	{ 0xe1b0f00e, INSN_ALU_RET_REG, true, "movs pc, lr" },
	{ 0xe25ef004, INSN_ALU_RET_IMM, true, "subs pc, lr, #4" },
	{ 0x105ef101, INSN_ALU_RET_REG, true, "subsne pc, lr, r1, lsl #2" },
	{ 0xe031fb64, INSN_ALU_RET_REG, true, "eors pc, r1, r4, ror #22" },
	{ 0xe1f0f000, INSN_ALU_RET_REG, true, "mvns pc, r0" },
	{ 0xe1510002, INSN_ALU_REG, false, "cmp r1, r2" },
	{ 0xe11f0001, INSN_ALU_REG, false, "tst pc, r1" },
	{ 0xf8bd0a00, INSN_RFE, true, "rfeia sp!" },
	{ 0xf9110a00, INSN_RFE, true, "rfedb r1" },
	{ 0xf9910a00, INSN_RFE, true, "rfeib r1" },
	{ 0xf96d0513, INSN_SRS, true, "srsdb sp!, #19" },
	{ 0xf8cd0517, INSN_SRS, true, "srsia sp, #23" },
	{ 0xe320f003, INSN_WFI, true, "wfi" },
	{ 0x1320f003, INSN_WFI, true, "wfine" },
	{ 0xe320f002, INSN_HINT, false, "wfe" },
	{ 0xe320f000, INSN_HINT, false, "nop {0}" },
	{ 0xe320f004, INSN_HINT, false, "sev" },
	{ 0xe320f001, INSN_HINT, false, "yield" },
	{ 0xe320f0f3, INSN_HINT, false, "dbg #3" },
	{ 0xe4b10000, INSN_LDRT, true, "ldrt r0, [r1], #0" },
	{ 0xe431000c, INSN_LDRT, true, "ldrt r0, [r1], #-12" },
	{ 0xe6b10182, INSN_LDRT, true, "ldrt r0, [r1], r2, lsl #3" },
	{ 0xe6710002, INSN_LDRT, true, "ldrbt r0, [r1], -r2" },
	{ 0xe4a10004, INSN_STRT, true, "strt r0, [r1], #4" },
	{ 0xe4e10000, INSN_STRT, true, "strbt r0, [r1], #0" },
	{ 0xe0f102b2, INSN_LDRT, true, "ldrht r0, [r1], #34" },
	{ 0xe03100b2, INSN_LDRT, true, "ldrht r0, [r1], -r2" },
	{ 0xe0f100d1, INSN_LDRT, true, "ldrsbt r0, [r1], #1" },
	{ 0xe0b100f3, INSN_LDRT, true, "ldrsht r0, [r1], r3" },
	{ 0xe0e100b2, INSN_STRT, true, "strht r0, [r1], #2" },
	{ 0xef123456, INSN_SVC, false, "svc 0x00123456" },
	{ 0x0f000000, INSN_SVC, false, "svceq 0x00000000" },
	{ 0xee031f10, INSN_MCR, false, "mcr 15, 0, r1, cr3, cr0, {0}" },
	{ 0xee19cf1e, INSN_MRC, true, "mrc 15, 0, ip, cr9, cr14, {0}" },
	{ 0xee191f3e, INSN_MRC, false, "mrc 15, 0, r1, cr9, cr14, {1}" },
	{ 0xee091f1e, INSN_MCR, false, "mcr 15, 0, r1, cr9, cr14, {0}" },
	{ 0xee1d1f90, INSN_MRC, false, "mrc 15, 0, r1, cr13, cr0, {4}" },
	{ 0xee30fff0, INSN_MRC, false, "mrc 15, 1, APSR_nzcv, cr0, cr0, {7}" },
	{ 0xec421f2e, INSN_MCRR, false, "mcrr 15, 2, r1, r2, cr14" },
	{ 0xec521e00, INSN_MRRC, false, "mrrc 14, 0, r1, r2, cr0" },
	{ 0xecb15e01, INSN_LDC, false, "ldc 14, cr5, [r1], #4" },
	{ 0xed815e00, INSN_STC, false, "stc 14, cr5, [r1]" },
	{ 0xee132fa4, INSN_CDP, false, "cdp 15, 1, cr2, cr3, cr4, {5}" },
	{ 0xeef81a10, INSN_VMRS, false, "vmrs r1, fpexc" },
	{ 0xeee81a10, INSN_VMSR, false, "vmsr fpexc, r1" },
	{ 0xeef1fa10, INSN_VMRS, false, "vmrs APSR_nzcv, fpscr" },
	{ 0xee300a81, INSN_VFP, false, "vadd.f32 s0, s1, s2" },
	{ 0xed910b00, INSN_VFP_LS, false, "vldr d0, [r1]" },
	{ 0xf2220844, INSN_VFP, false, "vadd.i32 q0, q1, q2" },
	{ 0xf421070f, INSN_NEON_LS, false, "vld1.8 {d0}, [r1]" },
	{ 0xec510b13, INSN_VFP, false, "vmov r0, r1, d3" },
	{ 0xe1600075, INSN_SMC, false, "smc 5" },
	{ 0xe1412374, INSN_HVC, false, "hvc 4660" },
	{ 0xe1212374, INSN_BKPT, false, "bkpt 0x1234" },
	{ 0xe7f123f4, INSN_UDF, false, "udf #4660" },
	{ 0xe5921000, INSN_LDR, false, "ldr r1, [r2]" },
	{ 0xe79ff103, INSN_LDR, false, "ldr pc, [pc, r3, lsl #2]" },
	{ 0xe5721005, INSN_LDR, false, "ldrb r1, [r2, #-5]!" },
	{ 0xe4821004, INSN_STR, false, "str r1, [r2], #4" },
	{ 0xe7421243, INSN_STR, false, "strb r1, [r2, -r3, asr #4]" },
	{ 0xe1d21fbf, INSN_LDR, false, "ldrh r1, [r2, #255]" },
	{ 0xe19210d3, INSN_LDR, false, "ldrsb r1, [r2, r3]" },
	{ 0xe1721fff, INSN_LDR, false, "ldrsh r1, [r2, #-255]!" },
	{ 0xe08210b3, INSN_STR, false, "strh r1, [r2], r3" },
	{ 0xe1c420d8, INSN_LDR, false, "ldrd r2, [r4, #8]" },
	{ 0xe00420f6, INSN_STR, false, "strd r2, [r4], -r6" },
	{ 0xe8b1000c, INSN_LDM, false, "ldm r1!, {r2, r3}" },
	{ 0xe92d4010, INSN_STM, false, "push {r4, lr}" },
	{ 0xe1921f9f, INSN_LDREX, false, "ldrex r1, [r2]" },
	{ 0xe1831f92, INSN_STREX, false, "strex r1, r2, [r3]" },
	{ 0xe1d21f9f, INSN_LDREX, false, "ldrexb r1, [r2]" },
	{ 0xe1e31f92, INSN_STREX, false, "strexh r1, r2, [r3]" },
	{ 0xe1b42f9f, INSN_LDREX, false, "ldrexd r2, [r4]" },
	{ 0xf57ff01f, INSN_CLREX, false, "clrex" },
	{ 0xe1031092, INSN_SWP, false, "swp r1, r2, [r3]" },
	{ 0xe1431092, INSN_SWP, false, "swpb r1, r2, [r3]" },
	{ 0xe0010392, INSN_PLAIN, false, "mul r1, r2, r3" },
	{ 0xe0a21493, INSN_PLAIN, false, "umlal r1, r2, r3, r4" },
	{ 0xe08ff001, INSN_ALU_REG, false, "add pc, pc, r1" },
	{ 0xeafffffe, INSN_B, false, "b label" },
	{ 0xebfffffe, INSN_B, false, "bl label" },
	{ 0xe12fff31, INSN_BLX_REG, false, "blx r1" },
	{ 0xe12fff1e, INSN_BX, false, "bx lr" },
	{ 0xe16f1f12, INSN_PLAIN, false, "clz r1, r2" },
	{ 0xe3011234, INSN_MOVW, false, "movw r1, #4660" },
	{ 0xf5d1f000, INSN_HINT, false, "pld [r1]" },
	{ 0xf57ff05f, INSN_BARRIER, false, "dmb sy" },
	{ 0xf57ff06f, INSN_BARRIER, false, "isb sy" },
	{ 0xe781f312, INSN_PLAIN, false, "usad8 r1, r2, r3" },
	{ 0xe6af1072, INSN_PLAIN, false, "sxtb r1, r2" },
	{ 0xfa000000, INSN_BLX_IMM, false, "blx label" },
	{ 0xe12fff2e, INSN_BX, false, "bxj lr" },
	{ 0xe0010312, INSN_ALU_RSR, false, "and r0, r1, r2, lsl r3" },
	{ 0xe2810001, INSN_ALU_IMM, false, "add r0, r1, #1" },
	{ 0xe3510001, INSN_ALU_IMM, false, "cmp r1, #1" },
	{ 0xe3401234, INSN_MOVT, false, "movt r1, #4660" },
	{ 0xe1023051, INSN_PLAIN, false, "qadd r3, r1, r2" },
	{ 0xe1010382, INSN_PLAIN, false, "smlabb r1, r2, r3, r0" },
	{ 0xe0400391, INSN_PLAIN, false, "umaal r0, r0, r1, r3" },
	{ 0xe7e00051, INSN_PLAIN, false, "ubfx r0, r1, #0, #1" },
	{ 0xe74f1312, INSN_PLAIN, false, "smlald r1, pc, r2, r3" },
	{ 0xee100a10, INSN_VFP, false, "vmov r0, s0" },
	{ 0xec900a01, INSN_VFP_LS, false, "vldmia r0, {s0}" },
	{ 0xed2d0b02, INSN_VFP_LS, false, "vpush {d0}" },
	{ 0xec100a01, INSN_UDF, false, "neither a transfer nor a list" },
	{ 0xf5d1f000, INSN_HINT, false, "pld [r1]" },
	{ 0xf551f000, INSN_HINT, false, "pld [r1, #-0]" },
	{ 0xf591f000, INSN_HINT, false, "pldw [r1]" },
	{ 0xf4d1f000, INSN_HINT, false, "pli [r1]" },
	{ 0xf7d1f002, INSN_HINT, false, "pld [r1, r2]" },
	{ 0xf57ff04f, INSN_BARRIER, false, "dsb sy" },
	{ 0xfb000000, INSN_BLX_IMM, false, "blx label, H" },
	{ 0xfe111f10, INSN_UDF, false, "mrc2 15, 0, r1, cr1, cr0, {0}" },
	/* what assemblers refuse to make */
	{ 0xe1b0f211, INSN_ALU_RET_RSR, true, "movs pc, r1, lsl r2" },
	{ 0xe8500000, INSN_LDM_USER, true, "ldmda r0, {}^" },
	{ 0xe8fd0001, INSN_LDM_USER, true, "ldmia sp!, {r0}^" },
	{ 0xe1a0f00e, INSN_ALU_REG, false, "mov pc, lr" },
	{ 0xe15ff00e, INSN_ALU_REG, false, "cmpp pc, lr" },
	{ 0xe00220d0, INSN_LDR, false, "ldrd, although its L bit is clear" },
	{ 0xe02200d0, INSN_OTHER, false, "ldrd with W but not P" },
	{ 0xff000000, INSN_UDF, false, "svc in the unconditional space" },
	{ 0xf1000000, INSN_CPS, true, "cps without effect" },
	{ 0xf1010000, INSN_SETEND, false, "setend le" },
	{ 0xf10c0280, INSN_OTHER, false, "cps with a should-be-zero bit" },
	{ 0xe120f001, INSN_MSR_REG, false, "msr without fields" },
	{ 0xe320f013, INSN_HINT, false, "unallocated hint" },
};

static void a32_words_decode(void **state)
{
	struct insn in;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(a32_words); i++) {
		u32 w = a32_words[i].word;

		a32_decode(w, &in);
		if (in.op != a32_words[i].op)
			fail_msg("%s (0x%08x): op %d, expected %d", a32_words[i].text, w, in.op, a32_words[i].op);
		if (a32_is_site(w) != a32_words[i].site)
			fail_msg("%s (0x%08x): site %d", a32_words[i].text, w, !a32_words[i].site);
		assert_int_equal(in.word, w);
		assert_int_equal(in.len, 4);
		assert_int_equal(in.cond, w >> 28 == 15 ? 14 : w >> 28);
		assert_int_equal(a32_site_op(w), a32_words[i].site ? a32_words[i].op : INSN_OTHER);
	}
}

/* -- operands, as text -- */

static const char *render(const struct insn *in)
{
	static char buf[120];
	char off[40];
	int k;

	if (in->imm_form)
		snprintf(off, sizeof(off), "#%u", in->imm);
	else
		snprintf(off, sizeof(off), "r%u/%u/%u", in->rm, in->shift_type, in->shift_imm);
	switch (in->op) {
	case INSN_LDR: case INSN_STR: case INSN_LDRT: case INSN_STRT:
		snprintf(buf, sizeof(buf), "%s%u%s r%u%s [r%u%c%s]%s%s", in->op == INSN_LDR || in->op == INSN_LDRT ? "L" : "S",
			 in->size, in->sign ? "s" : "", in->rd, in->size == 8 ? in->rt2 == in->rd + 1 ? "+" : "&" : "",
			 in->rn, in->u ? '+' : '-', off, in->p ? "P" : "", in->w ? "W" : "");
		break;
	case INSN_LDM: case INSN_STM: case INSN_LDM_USER: case INSN_LDM_RET: case INSN_STM_USER:
		snprintf(buf, sizeof(buf), "r%u %04x %c%c%s", in->rn, in->reglist, in->u ? 'I' : 'D', in->p ? 'B' : 'A',
			 in->w ? " W" : "");
		break;
	case INSN_CPS:
		snprintf(buf, sizeof(buf), "imod %u aif %u mode %s%u", in->cps_imod, in->cps_aif, in->cps_mode_valid ? "=" : "-",
			 in->cps_mode);
		break;
	case INSN_MSR_IMM: case INSN_MSR_REG: case INSN_MRS:
		snprintf(buf, sizeof(buf), "%s %x %x r%u r%u", in->s ? "spsr" : "cpsr", in->mask, in->imm, in->rd, in->rm);
		break;
	case INSN_ALU_RET_IMM: case INSN_ALU_RET_REG:
		snprintf(buf, sizeof(buf), "op %u r%u %s", in->opcode, in->rn, off);
		break;
	case INSN_SRS: case INSN_RFE:
		snprintf(buf, sizeof(buf), "r%u mode %u %c%c%s", in->rn, in->cps_mode, in->u ? 'I' : 'D', in->p ? 'B' : 'A',
			 in->w ? " W" : "");
		break;
	case INSN_SWP: case INSN_LDREX: case INSN_STREX:
		k = snprintf(buf, sizeof(buf), "%u r%u r%u r%u", in->size, in->rd, in->rm, in->rn);
		if (in->size == 8)
			k += snprintf(buf + k, sizeof(buf) - (size_t)k, " r%u", in->rt2);
		if (in->imm)
			snprintf(buf + k, sizeof(buf) - (size_t)k, " #%u", in->imm);
		break;
	case INSN_B: case INSN_BLX_IMM:
		snprintf(buf, sizeof(buf), "%d%s", (int)in->imm, in->p ? " P" : "");
		break;
	case INSN_ALU_REG: case INSN_ALU_RSR: case INSN_ALU_IMM:
		snprintf(buf, sizeof(buf), "op %u r%u r%u %s", FIELD(in->word, 24, 21), in->rd, in->rn, off);
		break;
	case INSN_MOVW: case INSN_MOVT:
		snprintf(buf, sizeof(buf), "r%u %x", in->rd, in->imm);
		break;
	case INSN_PLAIN: case INSN_VFP:
		snprintf(buf, sizeof(buf), "r%u r%u", in->rd, in->rt2);
		break;
	default:
		snprintf(buf, sizeof(buf), "%05x r%u r%u", in->coproc_enc, in->rd, in->rt2);
	}
	return buf;
}

static const struct {
	u32 word;
	const char *text;
} a32_operands[] = {
	{ 0xf10c0080, "imod 3 aif 2 mode -0" },		/* cpsid i */
	{ 0xf10a01d3, "imod 2 aif 7 mode =19" },	/* cpsie aif, #19 */
	{ 0xf102001f, "imod 0 aif 0 mode =31" },
	{ 0xe10f3000, "cpsr f 0 r3 r0" },
	{ 0x114f4000, "spsr f 0 r4 r0" },
	{ 0xe121f001, "cpsr 1 0 r15 r1" },
	{ 0xe16ff005, "spsr f 0 r15 r5" },
	{ 0xe328f20f, "cpsr 8 f0000000 r15 r15" },
	{ 0xe361f013, "spsr 1 13 r15 r3" },
	{ 0xe9527fff, "r2 7fff DB" },
	{ 0xe8fd9fff, "r13 9fff IA W" },
	{ 0x09d18008, "r1 8008 IB" },
	{ 0xe9486000, "r8 6000 DB" },
	{ 0xe25ef004, "op 2 r14 #4" },
	{ 0x105ef101, "op 2 r14 r1/0/2" },
	{ 0xe031fb64, "op 1 r1 r4/3/22" },
	{ 0xf8bd0a00, "r13 mode 0 IA W" },
	{ 0xf9910a00, "r1 mode 0 IB" },
	{ 0xf96d0513, "r13 mode 19 DB W" },
	{ 0xe431000c, "L4 r0 [r1-#12]W" },
	{ 0xe6b10182, "L4 r0 [r1+r2/0/3]W" },
	{ 0xe6710002, "L1 r0 [r1-r2/0/0]W" },
	{ 0xe0f102b2, "L2 r0 [r1+#34]W" },
	{ 0xe03100b2, "L2 r0 [r1-r2/0/0]W" },
	{ 0xe0f100d1, "L1s r0 [r1+#1]W" },
	{ 0xe0b100f3, "L2s r0 [r1+r3/0/0]W" },
	{ 0xe0e100b2, "S2 r0 [r1+#2]W" },
	{ 0xe5721005, "L1 r1 [r2-#5]PW" },
	{ 0xe4821004, "S4 r1 [r2+#4]" },
	{ 0xe7421243, "S1 r1 [r2-r3/2/4]P" },
	{ 0xe1d21fbf, "L2 r1 [r2+#255]P" },
	{ 0xe19210d3, "L1s r1 [r2+r3/0/0]P" },
	{ 0xe1721fff, "L2s r1 [r2-#255]PW" },
	{ 0xe08210b3, "S2 r1 [r2+r3/0/0]" },
	{ 0xe1c420d8, "L8 r2+ [r4+#8]P" },
	{ 0xe00420f6, "S8 r2+ [r4-r6/0/0]" },
	{ 0xe8b1000c, "r1 000c IA W" },
	{ 0xe92d4010, "r13 4010 DB W" },
	{ 0xe1d21f9f, "1 r1 r15 r2" },
	{ 0xe1e31f92, "2 r1 r2 r3" },
	{ 0xe1b42f9f, "8 r2 r15 r4 r3" },
	{ 0xe1a31f92, "8 r1 r2 r3 r3" },		/* strexd r1, r2, r3, [r3] */
	{ 0xeafffffe, "-8" },
	{ 0xebffffff, "-4 P" },
	{ 0xfa800000, "-33554432" },
	{ 0xfb7fffff, "33554428 P" },
	{ 0xe28f1010, "op 4 r1 r15 #16" },
	{ 0xe1a0f00e, "op 13 r15 r0 r14/0/0" },
	{ 0xe0010392, "r1 r0" },			/* mul r1, r2, r3 */
	{ 0xe0832190, "r3 r2" },			/* umull r2, r3, r0, r1 */
	{ 0xe7032110, "r3 r0" },			/* smlad r3, r0, r1, r2 */
	{ 0xe7432110, "r3 r2" },			/* smlald r2, r3, r0, r1 */
	{ 0xe16f1f12, "r1 r0" },			/* clz */
	{ 0xe3011234, "r1 1234" },			/* movw */
	{ 0xe34fffff, "r15 ffff" },			/* movt */
	{ 0xee300a81, "r0 r0" },			/* vadd.f32 s0, s1, s2 */
	{ 0xf2220844, "r0 r0" },			/* vadd.i32 */
	{ 0xee101a10, "r1 r0" },			/* vmov r1, s0 */
	{ 0xec510b13, "r0 r1" },			/* vmov r0, r1, d3 */
	{ 0xe1431092, "1 r1 r2 r3" },
	{ 0xee1d1f90, "fd004 r1 r0" },			/* p15, c13, op1 0, c0, 4 */
	{ 0xee30fff0, "f0107 r15 r0" },
	{ 0xec421f2e, "f02e0 r1 r2" },
};

static const struct {
	u16 hw1, hw2;
	enum insn_op op;
	const char *text;
} t32_words[] = {
	{ 0x50d1, 0, INSN_STR, "S4 r1 [r2+r3/0/0]P" },
	{ 0x52d1, 0, INSN_STR, "S2 r1 [r2+r3/0/0]P" },
	{ 0x54d1, 0, INSN_STR, "S1 r1 [r2+r3/0/0]P" },
	{ 0x56d1, 0, INSN_LDR, "L1s r1 [r2+r3/0/0]P" },
	{ 0x58d1, 0, INSN_LDR, "L4 r1 [r2+r3/0/0]P" },
	{ 0x5ad1, 0, INSN_LDR, "L2 r1 [r2+r3/0/0]P" },
	{ 0x5cd1, 0, INSN_LDR, "L1 r1 [r2+r3/0/0]P" },
	{ 0x5ed1, 0, INSN_LDR, "L2s r1 [r2+r3/0/0]P" },
	{ 0x67d1, 0, INSN_STR, "S4 r1 [r2+#124]P" },
	{ 0x6851, 0, INSN_LDR, "L4 r1 [r2+#4]P" },
	{ 0x77d1, 0, INSN_STR, "S1 r1 [r2+#31]P" },
	{ 0x7851, 0, INSN_LDR, "L1 r1 [r2+#1]P" },
	{ 0x87d1, 0, INSN_STR, "S2 r1 [r2+#62]P" },
	{ 0x8851, 0, INSN_LDR, "L2 r1 [r2+#2]P" },
	{ 0x91ff, 0, INSN_STR, "S4 r1 [r13+#1020]P" },
	{ 0x9901, 0, INSN_LDR, "L4 r1 [r13+#4]P" },
	{ 0x4902, 0, INSN_LDR, "L4 r1 [r15+#8]P" },
	{ 0xc10c, 0, INSN_STM, "r1 000c IA W" },
	{ 0xc90c, 0, INSN_LDM, "r1 000c IA W" },
	{ 0xc90a, 0, INSN_LDM, "r1 000a IA" },
	{ 0xb502, 0, INSN_STM, "r13 4002 DB W" },
	{ 0xbd02, 0, INSN_LDM, "r13 8002 IA W" },
	{ 0xf8c2, 0x1fff, INSN_STR, "S4 r1 [r2+#4095]P" },
	{ 0xf852, 0x1c04, INSN_LDR, "L4 r1 [r2-#4]P" },
	{ 0xf852, 0x1b04, INSN_LDR, "L4 r1 [r2+#4]W" },
	{ 0xf852, 0x1f08, INSN_LDR, "L4 r1 [r2+#8]PW" },
	{ 0xf812, 0x1033, INSN_LDR, "L1 r1 [r2+r3/0/3]P" },
	{ 0xf9b2, 0x112c, INSN_LDR, "L2s r1 [r2+#300]P" },
	{ 0xf912, 0x1c03, INSN_LDR, "L1s r1 [r2-#3]P" },
	{ 0xf822, 0x1d03, INSN_STR, "S2 r1 [r2-#3]PW" },
	{ 0xf85f, 0x1008, INSN_LDR, "L4 r1 [r15-#8]P" },
	{ 0xf8df, 0x1f08, INSN_LDR, "L4 r1 [r15+#3848]P" },
	{ 0xf852, 0x1804, INSN_OTHER, NULL },		/* neither index nor write-back: UNDEFINED */
	{ 0xf802, 0x1a04, INSN_OTHER, NULL },
	{ 0xf932, 0x18ff, INSN_OTHER, NULL },
	{ 0xf8cf, 0x1008, INSN_OTHER, NULL },		/* stores relative to pc: UNDEFINED */
	{ 0xf84f, 0x1d04, INSN_OTHER, NULL },
	{ 0xf80f, 0x1003, INSN_OTHER, NULL },
	{ 0xf82f, 0x1e03, INSN_OTHER, NULL },
	{ 0xf852, 0x1e04, INSN_LDRT, "L4 r1 [r2+#4]P" },
	{ 0xf822, 0x1e04, INSN_STRT, "S2 r1 [r2+#4]P" },
	{ 0xe972, 0x1502, INSN_LDR, "L8 r1& [r2-#8]PW" },
	{ 0xe8e2, 0x1504, INSN_STR, "S8 r1& [r2+#16]W" },
	{ 0xe9c2, 0x15ff, INSN_STR, "S8 r1& [r2+#1020]P" },
	{ 0xe931, 0x8204, INSN_LDM, "r1 8204 DB W" },
	{ 0xe881, 0x0204, INSN_STM, "r1 0204 IA" },
	{ 0xe852, 0x1f01, INSN_LDREX, "4 r1 r1 r2 #4" },	/* ldrex r1, [r2, #4] */
	{ 0xe843, 0x2102, INSN_STREX, "4 r1 r2 r3 #8" },	/* strex r1, r2, [r3, #8] */
	{ 0xe8d2, 0x1f4f, INSN_LDREX, "1 r1 r15 r2" },
	{ 0xe8c3, 0x2f51, INSN_STREX, "2 r1 r2 r3" },		/* strexh r1, r2, [r3] */
	{ 0xe8c3, 0x2471, INSN_STREX, "8 r1 r2 r3 r4" },	/* strexd r1, r2, r4, [r3] */
	{ 0xe8d3, 0x127f, INSN_LDREX, "8 r1 r15 r3 r2" },	/* ldrexd r1, r2, [r3] */
	{ 0xed91, 0x0b00, INSN_VFP_LS, NULL },		/* vldr d0, [r1] */
	{ 0xec51, 0x0b10, INSN_VFP, "r0 r1" },		/* vmov r0, r1, d0 */
	{ 0xf921, 0x070f, INSN_NEON_LS, NULL },		/* vld1.8 {d0}, [r1] */
	{ 0xe8d1, 0xf002, INSN_TB, NULL },		/* tbb */
	{ 0xeb02, 0x0103, INSN_PLAIN, "r1 r0" },	/* add.w r1, r2, r3 */
	{ 0xebb2, 0x0f03, INSN_PLAIN, "r0 r0" },	/* cmp.w r2, r3 */
	{ 0xea4f, 0x0f03, INSN_PLAIN, "r15 r0" },	/* mov.w pc, r3 */
	{ 0xf641, 0x2134, INSN_MOVW, "r1 1a34" },	/* movw r1, #6708 */
	{ 0xf6cf, 0x71ff, INSN_MOVT, "r1 ffff" },	/* movt r1, #65535 */
	{ 0xfba1, 0x2304, INSN_PLAIN, "r3 r2" },	/* umull r2, r3, r1, r4 */
	{ 0x0011, 0, INSN_PLAIN, "r0 r0" },		/* movs */
	{ 0x4478, 0, INSN_ALU_REG, "op 4 r0 r0 r15/0/0" },	/* add r0, pc */
	{ 0x46f7, 0, INSN_ALU_REG, "op 13 r15 r0 r14/0/0" },	/* mov pc, lr */
	{ 0xf7ff, 0xfffe, INSN_B, "-4 P" },		/* bl . */
	{ 0xe7fe, 0, INSN_B, "-4" },
	{ 0xf43f, 0xaffe, INSN_B, "-4" },		/* beq.w . */
	{ 0xf7ff, 0xbffe, INSN_B, "-4" },		/* b.w . */
	{ 0xf000, 0xe804, INSN_BLX_IMM, "8" },
	{ 0xdf00, 0, INSN_SVC, NULL },
	{ 0xde00, 0, INSN_UDF, NULL },
	{ 0xb662, 0, INSN_CPS, "imod 2 aif 2 mode -0" },
	{ 0xf3af, 0x8753, INSN_CPS, "imod 3 aif 2 mode =19" },	/* cpsid i, #19 */
	{ 0xf3ef, 0x8300, INSN_MRS, "cpsr 0 0 r3 r0" },
	{ 0xf394, 0x8f00, INSN_MSR_REG, "spsr f 0 r8 r4" },
	{ 0xf3de, 0x8f04, INSN_ALU_RET_IMM, "op 2 r14 #4" },
	{ 0xe99d, 0xc000, INSN_RFE, "r13 mode 0 IA" },
	{ 0xe82d, 0xc013, INSN_SRS, "r13 mode 19 DB W" },
	{ 0xbf0c, 0, INSN_IT, NULL },
	{ 0xbf30, 0, INSN_WFI, NULL },
	{ 0xbf20, 0, INSN_HINT, NULL },
	{ 0xf891, 0xf000, INSN_HINT, NULL },		/* pld [r1] */
	{ 0xf991, 0xf000, INSN_HINT, NULL },		/* pli [r1] */
	{ 0xee1d, 0x1f90, INSN_MRC, "fd004 r1 r0" },
	{ 0xef22, 0x0844, INSN_VFP, "r0 r0" },		/* vadd.i32 */
	{ 0xffc0, 0x0050, INSN_VFP, "r0 r0" },
	{ 0xfe11, 0x1f10, INSN_UDF, NULL },		/* mrc2 */
};

static void operands(void **state)
{
	struct insn in;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(a32_operands); i++) {
		a32_decode(a32_operands[i].word, &in);
		if (strcmp(render(&in), a32_operands[i].text))
			fail_msg("0x%08x: %s, expected %s", in.word, render(&in), a32_operands[i].text);
	}
}

static void t32_words_decode(void **state)
{
	struct insn in;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(t32_words); i++) {
		t32_decode(t32_words[i].hw1, t32_words[i].hw2, &in);
		assert_int_equal(in.len, t32_words[i].hw1 >= 0xe800 ? 4 : 2);
		assert_int_equal(in.cond, t32_words[i].hw1 == 0xf43f ? 0 : 14);	/* beq.w */
		if (in.op != t32_words[i].op)
			fail_msg("%04x %04x: op %d", t32_words[i].hw1, t32_words[i].hw2, in.op);
		if (t32_words[i].text && strcmp(render(&in), t32_words[i].text))
			fail_msg("%04x %04x: %s, expected %s", t32_words[i].hw1, t32_words[i].hw2, render(&in),
				 t32_words[i].text);
	}
}

/* -- sites once more, written down from the manual's encoding diagrams without any table -- */

static bool ref_dp_ret(u32 w, u32 op)
{
	return (w >> 20 & 1) && (w >> 12 & 15) == 15 && !(op >= 8 && op <= 11);
}

static bool ref_misc(u32 w)
{
	u32 fields = w >> 16 & 15;
	bool spsr = w >> 22 & 1;

	if ((w >> 20 & 0x19) != 0x10)
		return false;
	if ((w & 0xf0) == 0 && !(w >> 21 & 1))
		return fields == 15 && !(w & 0xf0f);
	if ((w & 0xff0) == 0 && (w >> 21 & 1))
		return (w >> 12 & 15) == 15 && (spsr || (fields & 3));
	return false;
}

static bool ref_000(u32 w)
{
	u32 op2 = w >> 5 & 3;
	bool load = w >> 20 & 1;

	if ((w >> 4 & 9) == 9)		/* multiplies, extra load/store */
		return !(w >> 24 & 1) && (w >> 21 & 1) && (op2 == 1 || (op2 > 1 && load));
	return ref_misc(w) || ref_dp_ret(w, w >> 21 & 15);
}

static bool ref_001(u32 w)
{
	if ((w >> 20 & 0x1b) == 0x12 && (w >> 12 & 15) == 15) {
		if ((w >> 16 & 0x4f) == 0)
			return (w & 0xfff) == 3;
		return (w >> 22 & 1) || (w >> 16 & 3);
	}
	return ref_dp_ret(w, w >> 21 & 15);
}

static bool ref_uncond(u32 w)
{
	if (w >> 20 == 0xf10)
		return !(w >> 16 & 1) && !(w & 0xfe20);
	if (w >> 25 != 0x7c)
		return false;
	if (w >> 22 & 1)
		return !(w >> 20 & 1) && (w & 0x000fffe0) == 0x000d0500;
	return (w >> 20 & 1) && (w & 0xffff) == 0x0a00;
}

static bool ref_site(u32 w)
{
	bool p = w >> 24 & 1, wb = w >> 21 & 1;

	if (w >> 28 == 15)
		return ref_uncond(w);
	switch (w >> 25 & 7) {
	case 0: return ref_000(w);
	case 1: return ref_001(w);
	case 2: return !p && wb;
	case 3: return !(w >> 4 & 1) && !p && wb;
	case 4: return w >> 22 & 1;
	case 7: return (w & 0x0fff0fff) == 0x0e190f1e;	/* MRC p15, 0, Rt, c9, c14, 0: PMUSERENR */
	default: return false;
	}
}

static void sites_match_manual(void **state)
{
	static const u8 conds[] = { 0, 14, 15 };
	u32 c, hi, mid, lo, i, w = 1;

	/* every value of the opcode bits with the interesting values of the others */
	for (c = 0; c < ARRAY_SIZE(conds); c++)
		for (hi = 0; hi < 4096; hi++)
			for (mid = 0; mid < 16; mid += 5)
				for (lo = 0; lo < 256; lo++) {
					u32 word = (u32)conds[c] << 28 | hi << 16 | mid << 12 | (lo & 0xf0) << 4 | (lo & 15) << 4;

					if (a32_is_site(word) != ref_site(word))
						fail_msg("0x%08x: site %d", word, a32_is_site(word));
				}
	for (i = 0; i < 4000000; i++) {
		w = w * 1664525 + 1013904223;
		if (a32_is_site(w ^ w >> 16) != ref_site(w ^ w >> 16))
			fail_msg("0x%08x: site %d", w ^ w >> 16, a32_is_site(w ^ w >> 16));
	}
}

static void see(void *to, u32 mask, u32 value)
{
	u32 *word = to;

	if ((*word & mask) == value && (mask >> 28 || *word >> 28 != 15))
		*word = 0xffffffff;
}

/* Is @word among the encodings of which sites may be? */
static bool passes(u32 word)
{
	a32_see_sites(see, &word);
	return word == 0xffffffff;
}

/* No site is elsewhere, and it is worth knowing. */
static void seen_sites(void **state)
{
	u32 top, i, k, w = 7, passed = 0, sites = 0;

	for (i = 0; i < ARRAY_SIZE(a32_words); i++)
		if (a32_words[i].site)
			assert_true(passes(a32_words[i].word));
	for (top = 0; top < 1 << 16; top++)
		for (k = 0; k < 60; k++) {
			u32 word;

			w = w * 1664525 + 1013904223;
			word = w >> 16 | top << 16;
			if (passes(word))
				passed++;
			else if (a32_is_site(word))
				fail_msg("0x%08x is a site and not seen", word);
			sites += a32_is_site(word);
		}
	/* beside sites: SVC with bit 23 and coprocessor accesses, 1/32 and 1/256 of all words, are a fourth of what passes */
	assert_true(passed < sites * 3 / 2);
}

/* What traps by itself and may be replaced all the same; and what looks as if. */
static void needs_of_what_traps(void **state)
{
	static const struct { u32 word; bool passes; } c[] = {
		{ 0xee1d0f90, true }, { 0xeee83a10, true }, { 0xef812345, true }, { 0x1f812345, true },
		{ 0x1e1d0f90, false }, { 0xee1d0d90, false }, { 0xef012345, false }, { 0xff812345, false }, { 0xe320f000, false },
		{ 0xe0311002, false }, { 0xe12fff1e, false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(c); i++)
		if (passes(c[i].word) != c[i].passes)
			fail_msg("0x%08x", c[i].word);
}

/* Bit NZCV of each mask: does the condition hold? */
static void conditions(void **state)
{
	static const u16 holds[15] = {
		0xf0f0, 0x0f0f, 0xcccc, 0x3333, 0xff00, 0x00ff, 0xaaaa, 0x5555,
		0x0c0c, 0xf3f3, 0xaa55, 0x55aa, 0x0a05, 0xf5fa, 0xffff,
	};
	u32 cond, nzcv;

	for (cond = 0; cond < 15; cond++)
		for (nzcv = 0; nzcv < 16; nzcv++)
			if (cond_holds(cond, nzcv << 28) != (holds[cond] >> nzcv & 1))
				fail_msg("condition %u, NZCV %x", cond, nzcv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(a32_words_decode),
		cmocka_unit_test(operands),
		cmocka_unit_test(t32_words_decode),
		cmocka_unit_test(sites_match_manual),
		cmocka_unit_test(seen_sites), cmocka_unit_test(needs_of_what_traps),
		cmocka_unit_test(conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
