// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: processor modes, banked registers, status register access, user-bank transfers, SRS and RFE. */
#include "guest.h"

#define UDF	0xe7f000f0u
#define NOP	0xe320f000u
#define CPS_MODE(m)	(0xf1020000u | (m))
#define COND(w, c)	(((w) & 0x0fffffffu) | (u32)(c) << 28)

static const u32 all_modes[] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC, MODE_ABT, MODE_UND };
static const char *const mode_name[] = { "USR", "FIQ", "IRQ", "SVC", "ABT", "UND" };
static const u32 spsr_modes[] = { MODE_FIQ, MODE_IRQ, MODE_SVC, MODE_ABT };	/* with SPSR; UND is how contexts start and end */

static u32 buf[64] __attribute__((aligned(64)));
static u32 cpsr_af;		/* A and F as they are: what may change them depends on SCR */
static u32 cpsr_can;		/* CPSR bits that privileged code can write */

static void buf_fill(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(buf); i++)
		((volatile u32 *)buf)[i] = 0xb0000000u + i;
}

static u32 bank_value(u32 m, u32 i)
{
	return i == 2 ? 0x60000010u | i << 16 : 0x10000000u * (m + 1) + i * 0x104;
}

/* -- banks -- */

static void banks_set_all(void)
{
	for (u32 m = 0; m < ARRAY_SIZE(all_modes); m++) {
		u32 v[3] = { bank_value(m, 0), bank_value(m, 1), bank_value(m, 2) };

		if (all_modes[m] != MODE_SVC)
			bank_set(all_modes[m], v);
	}
}

static void test_banks_msr(void)
{
	static const u32 fiq_high[5] = { 0xf8, 0xf9, 0xfa, 0xfb, 0xfc };
	u32 got[5];

	group_begin("banked registers by MSR");
	banks_set_all();
	bank_set_high(MODE_FIQ, fiq_high);
	for (u32 m = 0; m < ARRAY_SIZE(all_modes); m++) {
		if (all_modes[m] == MODE_SVC)
			continue;
		bank_get(all_modes[m], got);
		for (u32 i = 0; i < 3; i++)
			if (i < 2 || all_modes[m] != MODE_USR)
				group_check(bank_value(m, i), got[i], "%s register %u", mode_name[m], i);
	}
	bank_get_high(MODE_FIQ, got);
	for (u32 i = 0; i < 5; i++)
		group_check(fiq_high[i], got[i], "FIQ r%u", i + 8);
	group_end();
}

static void test_banks_cps(void)
{
	group_begin("banked registers by CPS");
	banks_set_all();
	for (u32 m = 0; m < ARRAY_SIZE(all_modes); m++) {
		struct ctx c;
		bool has_spsr = all_modes[m] != MODE_USR;
		u32 mode = has_spsr ? all_modes[m] : MODE_SYS;

		if (mode == MODE_SVC || mode == MODE_UND)
			continue;
		ctx_init(&c, MODE_SVC | PSR_I | cpsr_af);
		CODE_RUN(&c, CPS_MODE(mode), 0xe1a0000d, 0xe1a0100e,	/* mov r0, sp; mov r1, lr */
			 has_spsr ? 0xe14f2000 : NOP,			/* mrs r2, spsr */
			 0xe10f3000,					/* mrs r3, cpsr */
			 CPS_MODE(MODE_SVC), UDF);
		group_check(bank_value(m, 0), exc_frame.r[0], "%s sp", mode_name[m]);
		group_check(bank_value(m, 1), exc_frame.r[1], "%s lr", mode_name[m]);
		if (has_spsr)
			group_check(bank_value(m, 2), exc_frame.r[2], "%s spsr", mode_name[m]);
		group_check(mode | PSR_I, exc_frame.r[3] & (PSR_MODE | PSR_I), "%s cpsr", mode_name[m]);
		group_check(MODE_SVC, exc_frame.spsr & PSR_MODE, "%s back", mode_name[m]);
		group_check(ctx_reg(13), exc_frame.sp, "%s: own sp", mode_name[m]);
	}
	group_end();
}

/* FIQ r8-r12 do not show in other modes, and other registers are shared. */
static void test_fiq_bank(void)
{
	struct ctx c;

	group_begin("FIQ registers");
	ctx_init(&c, MODE_IRQ | PSR_I | cpsr_af);
	CODE_RUN(&c, CPS_MODE(MODE_FIQ),
		 0xe3a08001, 0xe3a09002, 0xe3a0a003, 0xe3a0b004, 0xe3a0c005,	/* mov r8..r12, #1..5 */
		 0xe3a07007, CPS_MODE(MODE_IRQ), UDF);				/* mov r7, #7 */
	for (u32 i = 0; i < 13; i++)
		group_check(i == 7 ? 7 : ctx_reg(i), exc_frame.r[i], "IRQ r%u after FIQ", i);
	ctx_init(&c, MODE_IRQ | PSR_I | cpsr_af);
	CODE_RUN(&c, CPS_MODE(MODE_FIQ), UDF);
	for (u32 i = 8; i < 13; i++)
		group_check(i - 7, exc_frame.r[i], "FIQ r%u kept", i);
	ctx_init(&c, MODE_FIQ | PSR_I | cpsr_af);
	CODE_RUN(&c, CPS_MODE(MODE_SYS), 0xe3a0d011, 0xe3a0e012, CPS_MODE(MODE_FIQ), UDF);
	group_check(ctx_reg(13), exc_frame.sp, "FIQ sp");
	u32 v[3];
	bank_get(MODE_USR, v);
	group_check(0x11, v[0], "USR sp set in SYS");
	group_check(0x12, v[1], "USR lr set in SYS");
	group_end();
}

/* -- conditions -- */

static bool cond_passes(u32 cond, u32 psr)
{
	bool n = psr & PSR_N, z = psr & PSR_Z, c = psr & PSR_C, v = psr & PSR_V, r;

	switch (cond >> 1) {
	case 0: r = z; break;
	case 1: r = c; break;
	case 2: r = n; break;
	case 3: r = v; break;
	case 4: r = c && !z; break;
	case 5: r = n == v; break;
	case 6: r = n == v && !z; break;
	default: return true;
	}
	return r != (cond & 1);
}

enum effect { EFF_R2, EFF_MEM, EFF_MODE, EFF_FLAGS, EFF_SPSR, EFF_BRANCH, EFF_SVC, EFF_ABORT, EFF_UND };

struct cond_op {
	const char *name;
	u32 word;
	enum effect effect;
};

/* r0: buf, r3: value, r4: place after the fall-through UDF, r5: unmapped */
static const struct cond_op cond_ops[] = {
	{ "MRS cpsr", 0xe10f2000, EFF_R2 },
	{ "MRS spsr", 0xe14f2000, EFF_R2 },
	{ "MSR cpsr_c", 0xe121f003, EFF_MODE },
	{ "MSR cpsr_c imm", 0xe321f0df, EFF_MODE },
	{ "MSR cpsr_f", 0xe128f003, EFF_FLAGS },
	{ "MSR cpsr_f imm", 0xe328f20f, EFF_FLAGS },
	{ "MSR spsr", 0xe16ff003, EFF_SPSR },
	{ "LDM user", 0xe8d00004, EFF_R2 },
	{ "STM user", 0xe8c06000, EFF_MEM },
	{ "MOVS pc", 0xe1b0f00e, EFF_BRANCH },
	{ "SUBS pc", 0xe254f000, EFF_BRANCH },
	{ "LDM pc^", 0xe8d08000, EFF_BRANCH },
	{ "LDRT", 0xe4b02000, EFF_R2 },
	{ "STRT", 0xe4a03000, EFF_MEM },
	{ "LDRBT", 0xe4f02000, EFF_R2 },
	{ "STRHT", 0xe0e030b0, EFF_MEM },
	{ "MRC DACR", 0xee132f10, EFF_R2 },
	{ "MRC TPIDRPRW", 0xee1d2f90, EFF_R2 },
	{ "SVC", 0xef000001, EFF_SVC },
	{ "LDR unmapped", 0xe5952000, EFF_ABORT },
	{ "coprocessor 3", 0xee102310, EFF_UND },
};

static bool effect_seen(enum effect e, u32 flags)
{
	const struct exc_frame *f = &exc_frame;
	u32 v[3];

	switch (e) {
	case EFF_R2:
		return f->r[2] != ctx_reg(2);
	case EFF_MEM:
		return ((volatile u32 *)buf)[0] != (u32)&code_area[8];
	case EFF_MODE:
		return (f->spsr & PSR_MODE) != MODE_ABT;
	case EFF_FLAGS:
		return (f->spsr & PSR_NZCVQ) != flags;
	case EFF_SPSR:
		bank_get(MODE_ABT, v);
		return v[2] == f->r[3];
	case EFF_BRANCH:
		return f->exc_lr == (u32)&code_area[9];
	case EFF_SVC:
		return f->vector == VEC_SVC;
	case EFF_UND:
		return f->vector == VEC_UND && f->exc_lr == (u32)&code_area[1];
	default:
		return f->vector == VEC_DABT;
	}
}

static void run_conditional(const struct cond_op *op, u32 cond, u32 flags)
{
	u32 spsr[3] = { 0x1000, 0x2000, MODE_IRQ | PSR_I | cpsr_af };
	struct ctx c;

	buf_fill();
	((volatile u32 *)buf)[0] = (u32)&code_area[8];
	bank_set(MODE_ABT, spsr);
	ctx_init(&c, MODE_ABT | PSR_I | cpsr_af | flags);
	c.r[0] = (u32)buf;
	/* for the flags: something else; for modes: SYS; for SPSR: distinct */
	c.r[3] = (~flags & PSR_NZCVQ) | PSR_I | MODE_SYS | cpsr_af;
	c.lr = (u32)&code_area[8];
	c.r[4] = (u32)&code_area[8];
	c.r[5] = 0x20000000;
	c.pc = (u32)code_area;
	ctx_run(&c);
	group_check(cond_passes(cond, flags), effect_seen(op->effect, flags), "cond %u flags %x", cond, flags >> 28);
}

static void test_conditions(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(cond_ops); i++) {
		group_begin(cond_ops[i].name);
		for (u32 cond = 0; cond < 15; cond++) {
			const u32 code[9] = { COND(cond_ops[i].word, cond), UDF, UDF, UDF, UDF, UDF, UDF, UDF, UDF };

			code_put(0, code, 9);
			for (u32 flags = 0; flags < 16; flags++) {
				/* an immediate that sets all flags shows nothing when all are set already */
				if (cond_ops[i].word == 0xe328f20f && flags == 15)
					continue;
				run_conditional(&cond_ops[i], cond, flags << 28);
			}
		}
		group_end();
	}
}

/* -- status registers -- */

static u32 field_mask(u32 m)
{
	return (m & 1 ? 0xffu : 0) | (m & 2 ? 0xff00u : 0) | (m & 4 ? 0xff0000u : 0) | (m & 8 ? 0xff000000u : 0);
}

/* What may privileged code change? A and F depend on SCR.AW and SCR.FW of the secure world. */
static void probe_masks(void)
{
	struct ctx c;
	u32 old = cpsr_read(), can;

	cpsr_af = old & (PSR_A | PSR_F);
	ctx_init(&c, MODE_SVC | PSR_I | cpsr_af);
	CODE_RUN(&c, 0xf1080140, 0xe10f0000, 0xf10c0140, 0xe10f1000, UDF);	/* cpsie af; mrs r0; cpsid af; mrs r1 */
	can = exc_frame.r[0] ^ exc_frame.r[1];
	info("CPSR.A and F writable", can & (PSR_A | PSR_F));
	cpsr_can = PSR_NZCVQ | PSR_GE | PSR_E | PSR_I | PSR_MODE | (can & (PSR_A | PSR_F));
}

static void test_msr_cpsr_masks(void)
{
	static const u32 values[] = { 0xf80f02dfu | PSR_A, 0x00000012u, 0x500a0091u, 0xa8050117u };

	group_begin("MSR CPSR field masks");
	for (u32 m = 0; m < 16; m++)
		for (u32 v = 0; v < ARRAY_SIZE(values); v++) {
			u32 old = MODE_SVC | PSR_I | cpsr_af | (v & 1 ? 0x900f0000u : 0x60000000u);
			u32 bits = field_mask(m) & cpsr_can, expected = (old & ~bits) | (values[v] & bits);
			struct ctx c;

			ctx_init(&c, old);
			c.r[0] = values[v];
			CODE_RUN(&c, 0xe120f000 | m << 16, 0xe10f1000, UDF);	/* msr cpsr_m, r0; mrs r1, cpsr */
			group_check(expected, exc_frame.spsr, "mask %u value %08x: SPSR after", m, values[v]);
			group_check(expected & ~PSR_IT, exc_frame.r[1] & ~PSR_IT, "mask %u value %08x: MRS", m, values[v]);
		}
	group_end();
}

static void test_msr_imm(void)
{
	static const struct { u32 word, bits, value; } t[] = {
		{ 0xe321f0df, 0xff, 0xdf }, { 0xe321f092, 0xff, 0x92 }, { 0xe328f20f, 0xff000000, 0xf0000000 },
		{ 0xe328f102, 0xff000000, 0x80000000 }, { 0xe324f80f, 0xff0000, 0x0f0000 }, { 0xe328f000, 0xff000000, 0 },
		{ 0xe329f01f, 0xff0000ff, 0x1f },
	};

	group_begin("MSR CPSR immediate");
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u32 old = MODE_SVC | PSR_I | cpsr_af | 0x60030000u, bits = t[i].bits & cpsr_can;
		struct ctx c;

		ctx_init(&c, old);
		CODE_RUN(&c, t[i].word, UDF);
		group_check((old & ~bits) | (t[i].value & bits), exc_frame.spsr, "%08x", t[i].word);
	}
	group_end();
}

static void test_msr_spsr_masks(void)
{
	static const u32 values[] = { 0xfe0ffff3u & ~PSR_J, 0x06000033u, 0xa80a0150u };

	group_begin("MSR SPSR field masks");
	for (u32 s = 0; s < ARRAY_SIZE(spsr_modes); s++)
		for (u32 m = 0; m < 16; m++)
			for (u32 v = 0; v < ARRAY_SIZE(values); v++) {
				u32 old = 0x50050010u, bits = field_mask(m), got[3];
				struct ctx c;

				ctx_init(&c, spsr_modes[s] | PSR_I | cpsr_af);
				c.r[0] = values[v];
				c.r[2] = old;
				/* msr spsr_cxsf, r2; msr spsr_m, r0; mrs r1, spsr */
				CODE_RUN(&c, 0xe16ff002, 0xe160f000 | m << 16, 0xe14f1000, UDF);
				group_check((old & ~bits) | (values[v] & bits), exc_frame.r[1], "mode %x mask %u", spsr_modes[s], m);
				bank_get(spsr_modes[s], got);
				group_check(exc_frame.r[1], got[2], "mode %x mask %u: bank", spsr_modes[s], m);
			}
	group_end();
}

static void test_cps(void)
{
	group_begin("CPS masks and modes");
	for (u32 imod = 0; imod < 4; imod++)
		for (u32 aif = 0; aif < 8; aif++)
			for (u32 change = 0; change < 2; change++) {
				u32 word = 0xf1000000u | imod << 18 | change << 17 | aif << 6 | (change ? MODE_IRQ : 0);
				u32 old, bits = aif << 6, expected;
				struct ctx c;

				/* imod 01 and combinations without effect are UNPREDICTABLE */
				if (imod == 1 || (imod == 0 && (aif || !change)) || (imod >= 2 && !aif))
					continue;
				old = MODE_SVC | cpsr_af | (imod == 2 ? PSR_I : 0) | PSR_C;
				ctx_init(&c, old);
				CODE_RUN(&c, word, 0xe10f1000, UDF);
				expected = old;
				if (imod >= 2) {
					bits &= cpsr_can;
					expected = (old & ~bits) | (imod == 3 ? bits : 0);
				}
				if (change)
					expected = (expected & ~PSR_MODE) | MODE_IRQ;
				group_check(expected, exc_frame.spsr, "CPS %08x", word);
				group_check(expected, exc_frame.r[1], "CPS %08x: MRS", word);
			}
	group_end();
}

/* -- user-bank LDM and STM -- */

static void test_stm_user(void)
{
	static const u32 amode[4] = { 0xe8400000, 0xe8c00000, 0xe9400000, 0xe9c00000 };	/* DA IA DB IB */
	static const char *const name[4] = { "DA", "IA", "DB", "IB" };
	const u32 usr[3] = { 0x51515151, 0x1e1e1e1e, 0 };

	group_begin("STM of user registers");
	for (u32 s = 0; s < ARRAY_SIZE(spsr_modes); s++)
		for (u32 a = 0; a < 4; a++) {
			struct ctx c;
			u32 first = 16 + (a == 0 ? -7u + 1 : a == 1 ? 0 : a == 2 ? -7u : 1);

			buf_fill();
			bank_set(MODE_USR, usr);
			ctx_init(&c, spsr_modes[s] | PSR_I | cpsr_af);
			c.r[0] = (u32)&buf[16];
			CODE_RUN(&c, amode[a] | 0x7f00, NOP, UDF);		/* r8-r14 */
			for (u32 i = 0; i < 7; i++) {
				u32 expected = i == 5 ? usr[0] : i == 6 ? usr[1] : ctx_reg(8 + i);

				if (spsr_modes[s] == MODE_FIQ && i < 5)
					continue;	/* checked below with known values */
				group_check(expected, ((volatile u32 *)buf)[first + i], "mode %x %s r%u", spsr_modes[s], name[a], 8 + i);
			}
			group_check((u32)&buf[16], exc_frame.r[0], "base kept");
			group_check(0xb0000000u + first - 1, ((volatile u32 *)buf)[first - 1], "below");
			group_check(0xb0000000u + first + 7, ((volatile u32 *)buf)[first + 7], "above");
		}
	group_end();
}

static void test_ldm_user(void)
{
	static const u32 amode[4] = { 0xe8500000, 0xe8d00000, 0xe9500000, 0xe9d00000 };

	group_begin("LDM of user registers");
	for (u32 s = 0; s < ARRAY_SIZE(spsr_modes); s++)
		for (u32 a = 0; a < 4; a++) {
			u32 first = 16 + (a == 0 ? -3u + 1 : a == 1 ? 0 : a == 2 ? -3u : 1), usr[3];
			struct ctx c;

			buf_fill();
			ctx_init(&c, spsr_modes[s] | PSR_I | cpsr_af);
			c.r[0] = (u32)&buf[16];
			CODE_RUN(&c, amode[a] | 0x6010, NOP, UDF);		/* r4, sp, lr */
			bank_get(MODE_USR, usr);
			group_check(0xb0000000u + first, exc_frame.r[4], "mode %x r4", spsr_modes[s]);
			group_check(0xb0000001u + first, usr[0], "mode %x user sp", spsr_modes[s]);
			group_check(0xb0000002u + first, usr[1], "mode %x user lr", spsr_modes[s]);
			group_check(ctx_reg(13), exc_frame.sp, "mode %x own sp", spsr_modes[s]);
			group_check(ctx_reg(14), exc_frame.lr, "mode %x own lr", spsr_modes[s]);
		}
	group_end();
}

/* From FIQ mode r8-r12 of the list are the user's. */
static void test_fiq_user_transfer(void)
{
	static const u32 usr8[5] = { 0x818, 0x919, 0xa1a, 0xb1b, 0xc1c };
	struct ctx c;

	group_begin("user-bank transfers from FIQ mode");
	buf_fill();
	ctx_init(&c, MODE_FIQ | PSR_I | cpsr_af);
	c.r[0] = (u32)buf;
	c.r[1] = (u32)usr8;
	c.r[2] = (u32)&buf[16];
	CODE_RUN(&c,
		 0xe8d11f00, NOP,	/* ldmia r1, {r8-r12}^ */
		 0xe8c01f00, NOP,	/* stmia r0, {r8-r12}^ */
		 0xe8821f00,		/* stmia r2, {r8-r12} */
		 CPS_MODE(MODE_SVC), UDF);
	for (u32 i = 0; i < 5; i++) {
		group_check(usr8[i], ((volatile u32 *)buf)[i], "user r%u stored", 8 + i);
		group_check(ctx_reg(8 + i), ((volatile u32 *)buf)[16 + i], "FIQ r%u stored", 8 + i);
		group_check(usr8[i], exc_frame.r[8 + i], "r%u in SVC", 8 + i);
	}
	group_end();
}

/* -- SRS and RFE -- */

static u32 amode_offset(u32 p, u32 u)
{
	return (u ? 0 : -8u) + (p == u ? 4 : 0);
}

static void test_srs(void)
{
	static const u32 targets[] = { MODE_SVC, MODE_IRQ, MODE_SYS, MODE_ABT, MODE_FIQ };

	group_begin("SRS");
	for (u32 s = 0; s < ARRAY_SIZE(spsr_modes); s++)
		for (u32 t = 0; t < ARRAY_SIZE(targets); t++)
			for (u32 puw = 0; puw < 8; puw++) {
				u32 p = puw >> 2, u = (puw >> 1) & 1, w = puw & 1, at, after;
				u32 base = (u32)&buf[16], tb[3], sb[3];
				struct ctx c;
				bool same = targets[t] == spsr_modes[s];

				buf_fill();
				/* Supervisor is this code's own mode: when it is a target, the context is in it */
				if (targets[t] == MODE_SVC && !same)
					continue;
				bank_get(targets[t] == MODE_SYS ? MODE_USR : targets[t], tb);
				tb[0] = base;
				if (!same)
					bank_set(targets[t] == MODE_SYS ? MODE_USR : targets[t], tb);
				ctx_init(&c, spsr_modes[s] | PSR_I | cpsr_af);
				if (same)
					c.sp = base;
				c.r[0] = 0x2a0a0110;
				CODE_RUN(&c, 0xe16ff000, 0xf84d0500 | p << 24 | u << 23 | w << 21 | targets[t], UDF);
				at = base + amode_offset(p, u);
				after = w ? base + (u ? 8 : -8u) : base;
				group_check(ctx_reg(14), read32(at), "mode %x to %x puw %u: lr", spsr_modes[s], targets[t], puw);
				group_check(0x2a0a0110, read32(at + 4), "mode %x to %x puw %u: spsr", spsr_modes[s], targets[t], puw);
				bank_get(targets[t] == MODE_SYS ? MODE_USR : targets[t], sb);
				group_check(after, same ? exc_frame.sp : sb[0], "mode %x to %x puw %u: sp", spsr_modes[s], targets[t], puw);
				group_check(0xb0000000u + (at - (u32)buf) / 4 - 1, read32(at - 4), "below");
				group_check(0xb0000000u + (at - (u32)buf) / 4 + 2, read32(at + 8), "above");
			}
	group_end();
}

static void test_rfe(void)
{
	/* where to: User ARM, User Thumb, System, IRQ mode */
	static const u32 psr[] = { MODE_USR | PSR_C, MODE_USR | PSR_T | PSR_Q, MODE_SYS | PSR_I | PSR_V, MODE_IRQ | PSR_I };

	group_begin("RFE");
	for (u32 s = 0; s < ARRAY_SIZE(spsr_modes); s++)
		for (u32 k = 0; k < ARRAY_SIZE(psr); k++)
			for (u32 puw = 0; puw < 8; puw++) {
				u32 p = puw >> 2, u = (puw >> 1) & 1, w = puw & 1, rn = puw & 4 ? 13 : 5;
				u32 base = (u32)&buf[16], at = base + amode_offset(p, u);
				u32 code[9] = { 0xf8100a00 | p << 24 | u << 23 | w << 21 | rn << 16, NOP, NOP, NOP, NOP, NOP, NOP, NOP,
						psr[k] & PSR_T ? 0xdf01df01 : 0xef000001 };
				struct ctx c;
				u32 own[3], base_after;

				write32(at, (u32)&code_area[8]);
				write32(at + 4, psr[k] | cpsr_af);
				ctx_init(&c, spsr_modes[s] | PSR_I | cpsr_af | PSR_N);
				if (rn == 13)
					c.sp = base;
				else
					c.r[5] = base;
				code_run(&c, code, 9);
				group_check(VEC_SVC, exc_frame.vector, "mode %x kind %u puw %u: vector", spsr_modes[s], k, puw);
				group_check((u32)&code_area[8] + (psr[k] & PSR_T ? 2 : 4), exc_frame.exc_lr, "mode %x kind %u puw %u: pc", spsr_modes[s], k, puw);
				group_check(psr[k] | cpsr_af, exc_frame.spsr, "mode %x kind %u puw %u: cpsr", spsr_modes[s], k, puw);
				bank_get(spsr_modes[s], own);
				base_after = rn == 5 ? exc_frame.r[5] : own[0];
				if (spsr_modes[s] != MODE_SVC || rn == 5)
					group_check(w ? base + (u ? 8 : -8u) : base, base_after, "mode %x kind %u puw %u: base", spsr_modes[s], k, puw);
			}
	group_end();
}

/* -- exception return by data processing and LDM -- */

struct ret_op {
	const char *name;
	u32 word;		/* Rn = r5, operand r6 or immediate */
	u32 (*rn)(u32 target), (*rm)(u32 target);
};

#define K	0x01234568u
static u32 f_t(u32 t) { return t; }
static u32 f_0(u32 t) { (void)t; return 0; }
static u32 f_k(u32 t) { (void)t; return K; }
static u32 f_plus(u32 t) { return t + K; }
static u32 f_plus4(u32 t) { return t + 4; }
static u32 f_ror8(u32 t) { return t << 8 | t >> 24; }
static u32 f_shr2(u32 t) { return t >> 2; }
static u32 f_rrx(u32 t) { return t << 1; }

/*
 * C is set before each (RRX shifts it in). The other ten opcodes with S and Rd = pc are exception returns too (B9.3.20), but
 * QEMU 7.2 knows only SUBS and MOVS as such; software uses no others, so they are not compared.
 */
static const struct ret_op ret_ops[] = {
	{ "SUBS", 0xe055f006, f_plus, f_k }, { "SUBS imm", 0xe255f004, f_plus4, f_0 }, { "SUBS lsr", 0xe055f226, f_t, f_0 },
	{ "MOVS", 0xe1b0f006, f_0, f_t }, { "MOVS ror", 0xe1b0f466, f_0, f_ror8 }, { "MOVS lsl 2", 0xe1b0f106, f_0, f_shr2 },
	{ "MOVS rrx", 0xe1b0f066, f_0, f_rrx },
};

static void run_return(const struct ret_op *op, u32 mode, u32 psr)
{
	u32 target = (u32)&code_area[8];
	u32 word = op->word;
	u32 code[9] = { 0xe16ff000, word, UDF, UDF, UDF, UDF, UDF, UDF, psr & PSR_T ? 0xdf01df01 : 0xef000001 };
	struct ctx c;

	if (op->rm == f_rrx && !(target >> 31))
		return;
	ctx_init(&c, mode | PSR_I | PSR_C | cpsr_af);
	c.r[0] = psr | cpsr_af;
	c.r[5] = op->rn(target);
	c.r[6] = op->rm(target);
	code_run(&c, code, 9);
	group_check(VEC_SVC, exc_frame.vector, "%s mode %x psr %x: vector", op->name, mode, psr);
	group_check(target + (psr & PSR_T ? 2 : 4), exc_frame.exc_lr, "%s mode %x psr %x: pc", op->name, mode, psr);
	group_check(psr | cpsr_af, exc_frame.spsr, "%s mode %x psr %x: cpsr", op->name, mode, psr);
}

static void test_returns(void)
{
	static const u32 psrs[] = { MODE_USR, MODE_USR | PSR_T | PSR_Z, MODE_IRQ | PSR_I | PSR_N | 0x00030000 };

	group_begin("exception return by data processing");
	for (u32 i = 0; i < ARRAY_SIZE(ret_ops); i++)
		for (u32 s = 0; s < ARRAY_SIZE(spsr_modes); s++)
			for (u32 k = 0; k < ARRAY_SIZE(psrs); k++)
				run_return(&ret_ops[i], spsr_modes[s], psrs[k]);
	group_end();
}

static void test_ldm_return(void)
{
	static const u32 psrs[] = { MODE_USR, MODE_USR | PSR_T | PSR_V, MODE_SYS | PSR_I };

	group_begin("exception return by LDM");
	for (u32 s = 0; s < ARRAY_SIZE(spsr_modes); s++)
		for (u32 k = 0; k < ARRAY_SIZE(psrs); k++)
			for (u32 puw = 0; puw < 8; puw++) {
				u32 p = puw >> 2, u = (puw >> 1) & 1, w = puw & 1, usr[3], first;
				u32 base = (u32)&buf[16], n = 4;	/* r1, r2, r14, pc */
				u32 code[9] = { 0xe16ff000, 0xe8550006 | 0xc000 | p << 24 | u << 23 | w << 21, UDF, UDF, UDF, UDF, UDF, UDF,
						psrs[k] & PSR_T ? 0xdf01df01 : 0xef000001 };
				struct ctx c;

				first = base + (u ? 0 : -4 * n) + (p == u ? 4 : 0);
				buf_fill();
				write32(first + 12, (u32)&code_area[8]);
				ctx_init(&c, spsr_modes[s] | PSR_I | cpsr_af);
				c.r[0] = psrs[k] | cpsr_af;
				c.r[5] = base;
				code_run(&c, code, 9);
				group_check(VEC_SVC, exc_frame.vector, "mode %x psr %x puw %u: vector", spsr_modes[s], psrs[k], puw);
				group_check(psrs[k] | cpsr_af, exc_frame.spsr, "mode %x psr %x puw %u: cpsr", spsr_modes[s], psrs[k], puw);
				group_check(0xb0000000u + (first - (u32)buf) / 4, exc_frame.r[1], "mode %x puw %u: r1", spsr_modes[s], puw);
				group_check(0xb0000001u + (first - (u32)buf) / 4, exc_frame.r[2], "mode %x puw %u: r2", spsr_modes[s], puw);
				group_check(w ? (u ? base + 4 * n : base - 4 * n) : base, exc_frame.r[5], "mode %x puw %u: base", spsr_modes[s], puw);
				/* lr in the list is the one of the mode that returns, not the user's */
				bank_get(spsr_modes[s], usr);
				if (spsr_modes[s] != MODE_SVC)
					group_check(0xb0000002u + (first - (u32)buf) / 4, usr[1], "mode %x puw %u: lr", spsr_modes[s], puw);
			}
	group_end();
}

/* Enter User mode by MSR and by CPS: the next instruction is unprivileged. */
static void test_drop_privilege(void)
{
	struct ctx c;

	group_begin("dropping to User mode in line");
	ctx_init(&c, MODE_SVC | PSR_I | cpsr_af);
	CODE_RUN(&c, 0xf1020010, 0xf1020013, 0xe10f1000, 0xef000000);	/* cps #USR; cps #SVC (NOP); mrs; svc */
	group_check(VEC_SVC, exc_frame.vector, "CPS: vector");
	group_check(MODE_USR, exc_frame.spsr & PSR_MODE, "CPS: mode");
	ctx_init(&c, MODE_IRQ | PSR_I | cpsr_af);
	c.r[0] = MODE_USR | PSR_I | cpsr_af;
	CODE_RUN(&c, 0xe121f000, 0xee113f10, 0xef000000);		/* msr cpsr_c, r0; mrc SCTLR */
	group_check(VEC_UND, exc_frame.vector, "MSR: vector");
	group_check((u32)&code_area[2], exc_frame.exc_lr, "MSR: at the MRC");
	group_check(MODE_USR, exc_frame.spsr & PSR_MODE, "MSR: mode");
	group_end();
}

/*
 * SVC in a privileged mode with any number is an exception and nothing else, whatever a hypervisor uses SVC for itself. The MRS in
 * front makes the page one that has something to rewrite.
 */
static void test_privileged_svc(void)
{
	static const u32 modes[] = { MODE_SYS, MODE_IRQ, MODE_USR };

	group_begin("SVC numbers in privileged modes");
	for (u32 n = 0; n < 96; n++) {
		u32 number = (n & 31) << 18 | ((n >> 5) + 1) << 4 | (n & 15) | (n & 64 ? 0 : 0x800000);
		struct ctx c;

		ctx_init(&c, modes[n % 3] | PSR_I | cpsr_af);
		CODE_RUN(&c, 0xe10f1000, 0xe1a00000, 0xef000000 | number);
		group_check(VEC_SVC, exc_frame.vector, "svc 0x%06x: vector", number);
		group_check((u32)&code_area[3], exc_frame.exc_lr, "svc 0x%06x: lr", number);
		group_check(modes[n % 3], exc_frame.spsr & PSR_MODE, "svc 0x%06x: mode", number);
		for (u32 r = 2; r < 13; r++)
			group_check(ctx_reg(r), exc_frame.r[r], "svc 0x%06x: r%u", number, r);
	}
	group_end();
}

/* The same with a condition: held, it is the exception, otherwise nothing. EQ and NE against both values of Z. */
static void test_conditional_svc(void)
{
	group_begin("conditional SVC numbers in privileged modes");
	for (u32 n = 0; n < 128; n++) {
		u32 number = (n & 31) << 18 | 0x800000 | ((n >> 5) + 1) << 4 | (n & 15), cond = n >> 5 & 1, z = n >> 6;
		struct ctx c;

		ctx_init(&c, MODE_SYS | PSR_I | cpsr_af | z << 30);
		CODE_RUN(&c, 0xe10f1000, cond << 28 | 0x0f000000 | number, UDF);
		group_check(cond != z ? VEC_SVC : VEC_UND, exc_frame.vector, "svc 0x%06x: vector", number);
		group_check((u32)&code_area[cond != z ? 2 : 3], exc_frame.exc_lr, "svc 0x%06x: lr", number);
		group_check(MODE_SYS | PSR_I | cpsr_af | z << 30, exc_frame.spsr, "svc 0x%06x: spsr", number);
		for (u32 r = 2; r < 13; r++)
			group_check(ctx_reg(r), exc_frame.r[r], "svc 0x%06x: r%u", number, r);
	}
	group_end();
}

/*
 * The way of kernels to User mode: LDMDB Rn, {r0-lr}^ or {r1-lr}^; NOP; ADD sp, sp, #imm; MOVS pc, lr. The code ends at
 * code_area[40], below which the registers are, with an SVC; that is taken by code in the page that shows the mode's own sp and
 * the SPSR (in r9).
 */
#define WAY_END	40u

static void way_out(u32 mode, u32 psr, u32 rn, bool r0)
{
	u32 imm = 4 * rn + 3, rp = rn == 12 ? 11 : 12, usr[3], n = r0 ? 15 : 14, code[46] = {
		0xe16ff000 | rp, 0xe9507ffe | rn << 16 | r0, NOP, 0xe28dd000 | imm, 0xe1b0f00e, UDF,
		[WAY_END] = psr & PSR_T ? 0xdf01df01 : 0xef000001, [44] = 0xe14f9000, [45] = UDF,	/* mrs r9, spsr */
	};
	u32 *const reg[15] = { [13] = &usr[0], [14] = &usr[1] };
	struct ctx c;

	for (u32 i = WAY_END - n; i < WAY_END; i++)
		code[i] = 0xe3a00000 + i;	/* mov r0, #i: neither a site nor what makes one of its neighbours data */
	ctx_init(&c, mode | PSR_I | cpsr_af);
	c.lr = (u32)&code_area[WAY_END];
	*(rn == 13 ? &c.sp : rn == 14 ? &c.lr : &c.r[rn]) = c.lr;
	c.r[rp] = psr;
	usr[0] = c.sp;
	usr[2] = r0 ? code[WAY_END - 15] : c.r[0];
	exc_hook[2] = (void (*)(void))&code_area[44];
	code_run(&c, code, ARRAY_SIZE(code));
	exc_hook[2] = hook_2;
	group_check(VEC_UND, exc_frame.vector, "base r%u: vector", rn);
	group_check((u32)&code_area[45] + 4, exc_frame.exc_lr, "base r%u: reached", rn);
	group_check(psr, exc_frame.r[9], "base r%u: psr", rn);
	group_check((u32)&code_area[WAY_END] + (psr & PSR_T ? 2 : 4), exc_frame.lr, "base r%u: end", rn);
	if (mode == MODE_SVC)
		group_check(usr[0] + imm, exc_frame.sp, "base r%u: own sp", rn);
	group_check(usr[2], exc_frame.r[0], "base r%u: r0", rn);
	bank_get(MODE_USR, usr);
	for (u32 i = 1; i < 15; i++)
		if (i != 9)
			group_check(code[WAY_END - 15 + i], reg[i] ? *reg[i] : exc_frame.r[i], "base r%u: r%u", rn, i);
}

static void test_way_out(void)
{
	static const u32 modes[] = { MODE_SVC, MODE_IRQ, MODE_UND };
	static const u32 psrs[] = { MODE_USR, MODE_USR | PSR_T | PSR_V, MODE_USR | PSR_I | PSR_Q, MODE_SYS };
	struct ctx c;

	group_begin("the way to User mode");
	for (u32 m = 0; m < ARRAY_SIZE(modes); m++)
		for (u32 k = 0; k < ARRAY_SIZE(psrs); k++)
			for (u32 rn = 0; rn < 15; rn++)
				for (u32 r0 = 0; r0 < 2; r0++)
					way_out(modes[m], psrs[k] | cpsr_af, rn, r0);
	/* The first of the words cannot be read: nothing has happened. */
	ctx_init(&c, MODE_SVC | PSR_I | cpsr_af);
	c.r[12] = MODE_USR | cpsr_af;
	c.r[2] = RAM_BASE + 20;
	CODE_RUN(&c, 0xe16ff00c, 0xe9527fff, NOP, 0xe28dd048, 0xe1b0f00e, UDF);
	group_check(VEC_DABT, exc_frame.vector, "abort: vector");
	group_check((u32)&code_area[1] + 8, exc_frame.exc_lr, "abort: lr");
	group_check(RAM_BASE + 20 - 60, exc_frame.dfar, "abort: address");
	group_check(MODE_SVC | PSR_I | cpsr_af, exc_frame.spsr, "abort: mode");
	group_check(ctx_reg(13), exc_frame.sp, "abort: sp");
	for (u32 i = 0; i < 12; i++)
		group_check(i == 2 ? RAM_BASE + 20 : ctx_reg(i), exc_frame.r[i], "abort: r%u", i);
	group_end();
}

void guest_main(void)
{
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	probe_masks();
	info("CPSR.A at start", cpsr_af & PSR_A);
	test_banks_msr();
	test_banks_cps();
	test_fiq_bank();
	test_msr_cpsr_masks();
	test_msr_imm();
	test_msr_spsr_masks();
	test_cps();
	test_stm_user();
	test_ldm_user();
	test_fiq_user_transfer();
	test_srs();
	test_rfe();
	test_returns();
	test_ldm_return();
	test_drop_privilege();
	test_privileged_svc();
	test_conditional_svc();
	test_way_out();
	test_conditions();
}
