// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: VFP and NEON: enabling, lazy use from User mode, system registers, results, all 32 registers. */
#include "guest.h"

#define SVC		0xef000000u
#define FPEXC_EN	0x40000000u
#define CPACR_FULL	0x00f00000u
#define CPACR_PRIV	0x00500000u

u32 vfp_fpexc_read(void);
void vfp_fpexc_write(u32 v);
u32 vfp_fpscr_read(void);
void vfp_fpscr_write(u32 v);
u32 vfp_fpsid_read(void);
u32 vfp_mvfr0_read(void);
void vfp_load_all(const u64 *d);
void vfp_store_all(u64 *d);
void vfp_ops(const u32 *in, u32 *out);
void neon_ops(const u32 *in, u32 *out);

#define VADD_F32	0xee300a20u	/* vadd.f32 s0, s0, s1 */
#define VADD_F64	0xee300b01u	/* vadd.f64 d0, d0, d1 */
#define VADD_I32	0xf2200802u	/* vadd.i32 d0, d0, d2 */
#define VLDR		0xed900b00u	/* vldr d0, [r0] */
#define VSTM		0xec800b10u	/* vstmia r0, {d0-d7} */
#define VLD1		0xf420078fu	/* vld1.32 {d0}, [r0] */
#define VMOV_CORE	0xee100a10u	/* vmov r0, s0 */
#define VMRS_FPSCR	0xeef12a10u	/* vmrs r2, fpscr */
#define VMRS_FPEXC	0xeef82a10u
#define VMSR_FPEXC	0xeee82a10u
#define VMRS_FPSID	0xeef02a10u
#define VMRS_MVFR0	0xeef72a10u

static u64 buf[40] __attribute__((aligned(16)));

static u32 run(u32 mode, u32 word)
{
	struct ctx c;

	ctx_init(&c, mode | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.r[0] = (u32)buf;
	c.r[2] = 0;
	return (u32)CODE_RUN(&c, word, SVC);
}

static void cpacr_write(u32 v)
{
	MCR(0, c1, c0, 2, v);
	isb();
}

static const u32 data_words[] = { VADD_F32, VADD_F64, VADD_I32, VLDR, VSTM, VLD1, VMOV_CORE, VMRS_FPSCR };

static void test_access(void)
{
	group_begin("coprocessor access and FPEXC.EN");
	cpacr_write(0);
	for (u32 i = 0; i < ARRAY_SIZE(data_words); i++) {
		group_check(VEC_UND, run(MODE_SVC, data_words[i]), "CPACR 0: SVC %08x", data_words[i]);
		group_check(VEC_UND, run(MODE_USR, data_words[i]), "CPACR 0: USR %08x", data_words[i]);
	}
	group_check(VEC_UND, run(MODE_SVC, VMRS_FPEXC), "CPACR 0: FPEXC");
	cpacr_write(CPACR_PRIV);
	group_check(CPACR_PRIV, MRC(0, c1, c0, 2) & CPACR_FULL, "CPACR privileged only reads back");
	vfp_fpexc_write(FPEXC_EN);
	for (u32 i = 0; i < ARRAY_SIZE(data_words); i++) {
		group_check(VEC_SVC, run(MODE_SVC, data_words[i]), "CPACR 01: SVC %08x", data_words[i]);
		group_check(VEC_UND, run(MODE_USR, data_words[i]), "CPACR 01: USR %08x", data_words[i]);
		group_check((u32)code_area + 4, exc_frame.exc_lr, "CPACR 01: lr");
	}
	cpacr_write(CPACR_FULL);
	group_check(CPACR_FULL, MRC(0, c1, c0, 2) & CPACR_FULL, "CPACR full reads back");
	for (u32 en = 0; en < 4; en++) {
		vfp_fpexc_write(en & 1 ? FPEXC_EN : 0);
		group_check(en & 1 ? FPEXC_EN : 0, vfp_fpexc_read() & FPEXC_EN, "EN reads back");
		for (u32 i = 0; i < ARRAY_SIZE(data_words); i++) {
			group_check(en & 1 ? VEC_SVC : VEC_UND, run(MODE_SVC, data_words[i]), "EN %u: SVC %08x", en & 1, data_words[i]);
			group_check(en & 1 ? VEC_SVC : VEC_UND, run(MODE_USR, data_words[i]), "EN %u: USR %08x", en & 1, data_words[i]);
		}
		/* privileged system registers do not need EN, and are never User mode's */
		group_check(VEC_SVC, run(MODE_SVC, VMRS_FPEXC), "FPEXC from SVC");
		group_check(VEC_SVC, run(MODE_SVC, VMRS_FPSID), "FPSID from SVC");
		group_check(VEC_SVC, run(MODE_SVC, VMRS_MVFR0), "MVFR0 from SVC");
		group_check(VEC_UND, run(MODE_USR, VMRS_FPEXC), "FPEXC from USR");
		group_check(VEC_UND, run(MODE_USR, VMSR_FPEXC), "FPEXC write from USR");
		group_check(VEC_UND, run(MODE_USR, VMRS_FPSID), "FPSID from USR");
	}
	group_end();
	info("FPSID", vfp_fpsid_read());
	info("MVFR0", vfp_mvfr0_read());
	check("FPSID: ARM VFPv3", 0x41030000, vfp_fpsid_read() & 0xff7f0000);
}

/* As an operating system does: User mode faults on first use, the kernel enables and goes back to the same instruction. */
static void test_lazy(void)
{
	u64 *in = buf, *out = buf + 8;

	group_begin("lazy enabling");
	for (u32 i = 0; i < 20; i++) {
		struct ctx c;

		in[0] = i;
		out[0] = 0;
		vfp_fpexc_write(0);
		ctx_init(&c, MODE_USR | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
		c.r[0] = (u32)in;
		c.r[1] = (u32)out;
		/* vldr d16, [r0]; vadd.i64 d16, d16, d16; vstr d16, [r1]; svc */
		group_check(VEC_UND, CODE_RUN(&c, 0xedd00b00, 0xf27008a0, 0xedc10b00, SVC), "first use");
		group_check((u32)code_area + 4, exc_frame.exc_lr, "at the first instruction");
		vfp_fpexc_write(FPEXC_EN);
		c.pc = exc_frame.exc_lr - 4;
		group_check(VEC_SVC, ctx_run(&c), "again");
		group_check(2 * i, (u32)out[0], "result");
	}
	group_end();
}

static void test_registers(void)
{
	u64 in[32], out[32];

	group_begin("32 double registers kept across exceptions and modes");
	vfp_fpexc_write(FPEXC_EN);
	for (u32 i = 0; i < 32; i++)
		in[i] = 0x0101010101010101ull * i + ((u64)~i << 32);
	vfp_load_all(in);
	(void)run(MODE_USR, 0xe7f000f0);
	(void)run(MODE_IRQ, 0xe7f000f0);
	group_check(VEC_DABT, TRY((void)read32(0x20000000)), "data abort between");
	(void)MRC(0, c1, c0, 0);
	vfp_fpexc_write(0);
	vfp_fpexc_write(FPEXC_EN);
	vfp_store_all(out);
	for (u32 i = 0; i < 32; i++) {
		group_check((u32)in[i], (u32)out[i], "d%u low", i);
		group_check((u32)(in[i] >> 32), (u32)(out[i] >> 32), "d%u high", i);
	}
	group_end();
}

#define FRESH		12u
#define PAGE		4096u
#define MRS_R0		0xe10f0000u
#define BX_LR		0xe12fff1eu

/* Pages that are executed for the first time here, between others that hold loads relative to pc. */
static u32 fresh[FRESH + 2][PAGE / 4] __attribute__((aligned(4096)));

static void fresh_fill(void)
{
	for (u32 p = 0; p < ARRAY_SIZE(fresh); p++)
		for (u32 i = 0; i < PAGE / 4; i++)
			fresh[p][i] = i % 64 ? 0xe1a00000 : 0xe51f0ffc;	/* nop, ldr r0, [pc, #-4092] */
	for (u32 p = 1; p <= FRESH; p++) {
		fresh[p][1] = MRS_R0;
		fresh[p][2] = BX_LR;
	}
	code_sync(fresh, sizeof(fresh));
}

/* What looks at code uses the registers: they are kept then, too, enabled or not, whether CPACR lets the guest use them or not. */
static void test_first_execution(void)
{
	u64 in[32], out[32];

	group_begin("32 double registers, FPEXC and CPACR kept across the first execution of pages");
	fresh_fill();
	for (u32 p = 1; p <= FRESH; p++) {
		u32 enabled = p & 1 ? FPEXC_EN : 0, cpacr = p & 2 ? CPACR_FULL : 0;

		cpacr_write(CPACR_FULL);
		vfp_fpexc_write(FPEXC_EN);
		for (u32 i = 0; i < 32; i++)
			in[i] = 0x0101010101010101ull * (i + p) + ((u64)~i << 32);
		vfp_load_all(in);
		vfp_fpscr_write(0xf3c0009f);
		vfp_fpexc_write(enabled);
		cpacr_write(cpacr);
		((u32 (*)(void))&fresh[p][1])();
		group_check(cpacr, MRC(0, c1, c0, 2) & CPACR_FULL, "CPACR, page %u", p);
		group_check(cpacr && enabled ? VEC_SVC : VEC_UND, run(MODE_USR, VADD_I32), "use, page %u", p);
		cpacr_write(CPACR_FULL);
		group_check(enabled, vfp_fpexc_read() & FPEXC_EN, "EN, page %u", p);
		vfp_fpexc_write(FPEXC_EN);
		group_check(0xf3c0009f, vfp_fpscr_read(), "FPSCR, page %u", p);
		vfp_store_all(out);
		for (u32 i = cpacr && enabled ? 1 : 0; i < 32; i++) {	/* d0 is what VADD writes */
			group_check((u32)in[i], (u32)out[i], "page %u, d%u low", p, i);
			group_check((u32)(in[i] >> 32), (u32)(out[i] >> 32), "page %u, d%u high", p, i);
		}
	}
	vfp_fpscr_write(0);
	group_end();
}

static void test_arithmetic(void)
{
	/* 1.5 2.25 -3.0 0.1 1e30 0.0 */
	static const u32 in[] = { 0x3fc00000, 0x40100000, 0xc0400000, 0x3dcccccd, 0x7149f2ca, 0 };
	static const u32 expected[] = {
		0x40700000,	/* 1.5 + 2.25 = 3.75 */
		0x40580000,	/* 1.5 * 2.25 = 3.375 */
		0xbf000000,	/* 1.5 / -3.0 */
		0x3fc00000,	/* sqrt(2.25) */
		0x7f800000,	/* 1e30 * 1e30 overflows */
		0x00000004,	/* OFC among the cumulative flags */
		2, 0xfffffffd,	/* conversions: 2.25 to unsigned, -3.0 to signed */
		0x20000000,	/* compare 2.25 with 1.5: C */
		0x80000000,	/* compare 1.5 with 2.25: N */
	};
	static const u32 nin[] = { 1, 2, 3, 4, 0x7fffffff, 0x80000000, 0xffffffff, 5, 0x01020304, 0x05060708, 0xf0f0f0f0, 0x0f0f0f0f };
	u32 out[16] = { 0 };

	group_begin("VFP arithmetic");
	vfp_fpscr_write(0);
	vfp_ops(in, out);
	for (u32 i = 0; i < ARRAY_SIZE(expected); i++)
		group_check(expected[i], i == 5 ? out[i] & 4 : out[i], "result %u", i);
	group_end();
	neon_ops(nin, out);
	group_begin("NEON arithmetic");
	for (u32 i = 0; i < 4; i++)
		group_check(nin[i] + nin[i + 4], out[i], "vadd.i32 lane %u", i);
	for (u32 i = 0; i < 4; i++)
		group_check(nin[i + 8] ^ nin[i], out[4 + i], "veor lane %u", i);
	for (u32 i = 0; i < 4; i++)
		group_check(nin[i] * nin[i + 8], out[8 + i], "vmul.i32 lane %u", i);
	group_end();
}

/* FPSCR: fields kept, flags to APSR from User mode. */
static void test_fpscr(void)
{
	struct ctx c;

	group_begin("FPSCR");
	vfp_fpscr_write(0xf3c0009f);
	group_check(0xf3c0009f, vfp_fpscr_read(), "reads back");
	ctx_init(&c, MODE_USR | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	group_check(VEC_SVC, CODE_RUN(&c, 0xeef1fa10, SVC), "flags to APSR");	/* vmrs APSR_nzcv, fpscr */
	group_check(0xf0000000, exc_frame.spsr & 0xf0000000, "APSR");
	group_check(VEC_SVC, run(MODE_USR, VMRS_FPSCR), "FPSCR from USR");
	group_check(0xf3c0009f, exc_frame.r[2], "value from USR");
	vfp_fpscr_write(0);
	group_end();
}

void guest_main(void)
{
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_access();
	test_lazy();
	test_registers();
	test_first_execution();
	test_arithmetic();
	test_fpscr();
}
