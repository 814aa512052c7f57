/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The meaning of instructions: every operation in every kind of mode, device accesses of A32 and T32, faults. */
/* SOURCES: arch/arm/cpu/decode.c arch/arm/cpu/decode_t32.c arch/arm/cpu/exec.c arch/arm/cpu/exec_ldst.c arch/arm/cpu/exec_sys.c */
/* SOURCES: arch/arm/cpu/exec_core.c arch/arm/cpu/exec_vfp.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/exec.h>
#include <arm/psr.h>
#include <arm/shadow.h>
#include <arm/slot.h>
#include <arm/sysreg.h>
#include <arm/window.h>
#include <hv/guest.h>

/* -- fakes: a vCPU with banks kept simply, 64 bytes of memory at MEM, a log of what was asked for -- */

#define MEM		0x40001000u
#define PC		0x80008000u
#define C_FLAG		BIT(29)
#define Z_FLAG		BIT(30)

static struct vcpu v;
static u32 mem[16];
static u32 fault_at;		/* accesses at this address fail */
static u32 accesses;
static bool last_priv;
static struct { u32 undef, svc, dabt, pabt; struct gfault f; } inj;
static struct { u32 n, target, psr; } ret;
static u32 coproc_enc, coproc_value;
static enum coproc_result coproc_answer;
static u32 vfp_reg, vfp_value, smcs;
static bool vfp_answer;
static u32 user_reg[15], mode_sp[32], spsr;
static struct { u32 runs, word, len; bool undefined; } slot;
static u8 *vfp_buffer;		/* exec_vfp.c's */
static u32 vfp_reg_word[64];	/* stands for the VFP registers: what a slot stores from, and loads into */
static bool table_page;		/* stores are followed until they are let be done natively */
static bool own_page;		/* the stores exclusive of the test go to their own page of code */
static enum window_strex strex_result;
static struct guest guest;
static struct region ram;
static enum shadow_result fault_result;
static struct { u32 va, size, loads, clears; } monitor;	/* what the processor's was set to */

enum vbank vcpu_bank_of(u32 mode)
{
	switch (mode) {
	case MODE_USR: case MODE_SYS: return BANK_USR;
	case MODE_FIQ: return BANK_FIQ;
	case MODE_IRQ: return BANK_IRQ;
	case MODE_SVC: return BANK_SVC;
	case MODE_ABT: return BANK_ABT;
	case MODE_UND: return BANK_UND;
	default: return BANK_NR;
	}
}

u32 *vcpu_spsr(struct vcpu *vc)
{
	return vcpu_bank_of(vcpu_mode(vc)) == BANK_USR ? NULL : &spsr;
}

void vcpu_write_cpsr(struct vcpu *vc, u32 value, u32 mask)
{
	vc->cpsr = (vc->cpsr & ~mask) | (value & mask);
}

void vcpu_exception_return(struct vcpu *vc, u32 target, u32 psr)
{
	ret.n++;
	ret.target = target;
	ret.psr = psr;
}

u32 vcpu_user_reg_get(const struct vcpu *vc, u32 n) { return user_reg[n]; }
void vcpu_user_reg_set(struct vcpu *vc, u32 n, u32 value) { user_reg[n] = value; }
u32 vcpu_mode_sp_get(const struct vcpu *vc, u32 mode) { return mode_sp[mode]; }
void vcpu_mode_sp_set(struct vcpu *vc, u32 mode, u32 value) { mode_sp[mode] = value; }
void inject_undef(struct vcpu *vc) { inj.undef++; }
void inject_svc(struct vcpu *vc) { inj.svc++; }

void inject_dabt(struct vcpu *vc, const struct gfault *f)
{
	inj.dabt++;
	inj.f = *f;
}

enum coproc_result coproc_read(struct vcpu *vc, u32 enc, u32 *value)
{
	coproc_enc = enc;
	*value = coproc_value;
	return coproc_answer;
}

enum coproc_result coproc_write(struct vcpu *vc, u32 enc, u32 value)
{
	coproc_enc = enc;
	coproc_value = value;
	return coproc_answer;
}

enum exit_cause coproc_cause(u32 enc)
{
	return enc == COPROC_ENC(15, 0, 3, 0, 0) ? EXIT_CP15_DACR : EXIT_CP14;
}

bool vfp_sys_read(struct vcpu *vc, u32 reg, u32 *value)
{
	vfp_reg = reg;
	*value = vfp_value;
	return vfp_answer;
}

bool vfp_sys_write(struct vcpu *vc, u32 reg, u32 value)
{
	vfp_reg = reg;
	vfp_value = value;
	return vfp_answer;
}

void smc_call(struct vcpu *vc) { smcs++; }

int guest_access(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, u32 size, u32 *val, struct gfault *f)
{
	u8 *p = (u8 *)mem + (va - MEM);

	accesses++;
	last_priv = priv;
	if (va == fault_at || va - MEM > sizeof(mem) - size) {
		*f = (struct gfault){ .fsr = 0x805, .far = va };
		return -EFAULT;
	}
	if (acc == ACC_WRITE) {
		memcpy(p, val, size);
	} else {
		*val = 0;
		memcpy(val, p, size);
	}
	return 0;
}

#define BUFFER	0x90000000u	/* where vfp_buffer is for a slot */

hpa_t ptr_hpa(const void *p)
{
	vfp_buffer = (u8 *)p;
	return BUFFER;
}

void *hpa_ptr(hpa_t a)
{
	fail_msg("no translation is known here");
	return NULL;
}

/* What it moves between VFP registers and the buffer of exec_vfp.c, whose address it gets in r0. */
bool slot_run(struct vcpu *vc, u32 word)
{
	slot.runs++;
	slot.word = word;
	if (slot.undefined || vc->r[0] != BUFFER || !vfp_buffer)
		return !slot.undefined;
	if (word & (word >> 28 == 15 ? BIT(21) : BIT(20)))
		memcpy(vfp_reg_word, vfp_buffer, 128);
	else
		memcpy(vfp_buffer, vfp_reg_word, 128);
	return true;
}

bool slot_run_t32(struct vcpu *vc, u32 word, u32 len)
{
	slot.runs++;
	slot.word = word;
	slot.len = len;
	return !slot.undefined;
}

bool cpacr_allows_vfp(const struct vcpu *vc) { return true; }

int guest_walk(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f)
{
	w->gpa = va;
	return 0;
}

bool code_page_is_code(struct vcpu *vc, gpa_t gpa, hpa_t *exec) { return own_page; }
void code_page_written(struct vcpu *vc, gpa_t gpa) { own_page = false; }

enum shadow_result shadow_fault(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, gpa_t *gpa, struct gfault *f)
{
	return own_page ? SHADOW_EMULATED : fault_result;
}

bool shadow_let_go(struct vcpu *vc, gva_t va)
{
	bool was = table_page;

	table_page = false;
	return was;
}

const struct region *guest_map_find(const struct guest_map *m, gpa_t a) { return a - MEM < sizeof(mem) ? &ram : NULL; }

bool window_load_exclusive(struct vcpu *vc, u32 va, u32 size)
{
	monitor.va = va;
	monitor.size = size;
	monitor.loads++;
	return true;
}

void window_clear_exclusive(void)
{
	monitor.clears++;
}

enum window_strex window_store_exclusive(struct vcpu *vc, u32 va, u32 size, const u32 val[2])
{
	if (va - MEM > sizeof(mem) - size)
		return WINDOW_STREX_ABORT;
	memcpy((u8 *)mem + (va - MEM), val, strex_result == WINDOW_STREX_STORED ? size : 0);
	return strex_result;
}

void inject_pabt(struct vcpu *vc, const struct gfault *f)
{
	inj.pabt++;
	inj.f = *f;
}

static int setup(void **state)
{
	u32 i;

	memset(&v, 0, sizeof(v));
	memset(&slot, 0, sizeof(slot));
	memset(&monitor, 0, sizeof(monitor));
	v.guest = &guest;
	ram.type = REGION_RAM;
	own_page = table_page = false;
	fault_result = SHADOW_FIXED;
	strex_result = WINDOW_STREX_STORED;
	for (i = 0; i < 64; i++)
		vfp_reg_word[i] = 0xf0000000 + i;
	for (i = 0; i < 15; i++) {
		v.r[i] = 0x1000 + i;
		user_reg[i] = 0x2000 + i;
	}
	for (i = 0; i < 16; i++)
		mem[i] = 0xc0de0000 + i;
	v.r[15] = PC;
	v.cpsr = MODE_SVC | PSR_I;
	spsr = 0x600f0110;
	fault_at = accesses = 0;
	memset(&inj, 0, sizeof(inj));
	memset(&ret, 0, sizeof(ret));
	memset(mode_sp, 0, sizeof(mode_sp));
	coproc_answer = COPROC_OK;
	coproc_enc = coproc_value = vfp_value = smcs = 0;
	vfp_reg = ~0u;
	vfp_answer = true;
	return 0;
}

static enum exec_result run(u32 word)
{
	struct insn in;

	a32_decode(word, &in);
	return exec_insn(&v, &in);
}

static enum exec_result run_mmio(u32 word)
{
	struct insn in;

	a32_decode(word, &in);
	return exec_mmio(&v, &in);
}

static enum exec_result run_t32(u16 hw1, u16 hw2)
{
	struct insn in;

	v.cpsr |= PSR_T;
	t32_decode(hw1, hw2, &in);
	return exec_mmio(&v, &in);
}

static enum exec_result exec_t32(u16 hw1, u16 hw2)
{
	struct insn in;

	v.cpsr |= PSR_T;
	t32_decode(hw1, hw2, &in);
	return exec_insn(&v, &in);
}

static void expect_next(enum exec_result r)
{
	assert_int_equal(r, EXEC_NEXT);
	assert_int_equal(v.r[15], PC + 4);
}

static void expect_undef(enum exec_result r)
{
	assert_int_equal(r, EXEC_UNDEF);
	assert_int_equal(v.r[15], PC);
	assert_int_equal(accesses, 0);
}

/* -- status registers -- */

static void cps(void **state)
{
	expect_next(run(0xf1080080));			/* cpsie i */
	assert_int_equal(v.cpsr, MODE_SVC);
	setup(state);
	expect_next(run(0xf10e01d1));			/* cpsid aif, #17 */
	assert_int_equal(v.cpsr, MODE_FIQ | PSR_AIF);
	setup(state);
	expect_next(run(0xf102001f));			/* cps #31 */
	assert_int_equal(v.cpsr, MODE_SYS | PSR_I);
	setup(state);
	v.cpsr |= PSR_AIF;
	expect_next(run(0xf10c0100));			/* cpsid a: nothing is cleared */
	assert_int_equal(v.cpsr, MODE_SVC | PSR_AIF);
	expect_next((v.r[15] = PC, run(0xf1080100)));	/* cpsie a */
	assert_int_equal(v.cpsr, MODE_SVC | PSR_I | PSR_F);
	setup(state);
	v.cpsr = MODE_USR;
	expect_next(run(0xf10e01d3));			/* nothing in User mode */
	assert_int_equal(v.cpsr, MODE_USR);
}

static void mrs(void **state)
{
	v.cpsr = 0xfe0fffff & ~PSR_MODE;
	v.cpsr |= MODE_SVC | PSR_J;
	expect_next(run(0xe10f3000));			/* mrs r3, cpsr: J, IT and T read as zero */
	assert_int_equal(v.r[3], 0xf80f03c0 | MODE_SVC);
	setup(state);
	expect_next(run(0xe14f4000));			/* mrs r4, spsr */
	assert_int_equal(v.r[4], spsr);
	setup(state);
	v.cpsr = MODE_SYS;
	expect_undef(run(0xe14f4000));
	v.cpsr = MODE_USR;
	expect_undef(run(0xe14f4000));
	expect_next(run(0xe10f3000));
	assert_int_equal(v.r[3], MODE_USR);
	setup(state);
	expect_undef(run(0xe10ff000));			/* Rd = pc */
}

static void msr_cpsr(void **state)
{
	v.r[1] = 0xffffffff;
	v.cpsr = MODE_SVC;
	expect_next(run(0xe121f001));			/* _c: I F mode, not T */
	assert_int_equal(v.cpsr, PSR_I | PSR_F | MODE_SYS);
	setup(state);
	v.r[1] = 0xffffffff;
	v.cpsr = MODE_SVC;
	expect_next(run(0xe122f001));			/* _x: A E, not IT */
	assert_int_equal(v.cpsr, PSR_A | PSR_E | MODE_SVC);
	setup(state);
	v.r[1] = 0xffffffe0 | MODE_IRQ;
	v.cpsr = MODE_SVC;
	expect_next(run(0xe12ff001));			/* _fsxc: not J, IT, T */
	assert_int_equal(v.cpsr, 0xf80f03c0 | MODE_IRQ);
	setup(state);
	expect_next(run(0xe321f0d1));			/* msr cpsr_c, #0xd1 */
	assert_int_equal(v.cpsr, 0xd1);
	setup(state);
	v.r[1] = 0xffffffff;
	v.cpsr = MODE_USR;
	expect_next(run(0xe12ff001));			/* User mode: flags, GE and E only */
	assert_int_equal(v.cpsr, 0xf80f0200 | MODE_USR);
	setup(state);
	expect_undef(run(0xe121f00f));			/* Rn = pc */
}

static void msr_spsr(void **state)
{
	v.r[5] = 0x12345678;
	spsr = 0;
	expect_next(run(0xe16ff005));
	assert_int_equal(spsr, 0x12045678);
	setup(state);
	spsr = 0;
	v.r[5] = 0xffffffff;
	expect_next(run(0xe161f005));			/* _c */
	assert_int_equal(spsr, 0xff);
	expect_next((v.r[15] = PC, spsr = 0, run(0xe168f005)));	/* _f */
	assert_int_equal(spsr, 0xff000000);
	setup(state);
	v.cpsr = MODE_SYS;
	expect_undef(run(0xe16ff005));
	v.cpsr = MODE_USR;
	expect_undef(run(0xe16ff005));
}

static void condition_fails(void **state)
{
	v.cpsr |= Z_FLAG;
	expect_next(run(0x114f4000));			/* mrsne */
	assert_int_equal(v.r[4], 0x1004);
	setup(state);
	expect_next(run(0x01b0f00e));			/* movseq pc, lr with Z clear */
	assert_int_equal(ret.n, 0);
	setup(state);
	expect_next(run(0x0e031f10));			/* mcreq */
	assert_int_equal(coproc_enc, 0);
	setup(state);
	expect_next(run(0x0f000000));			/* svceq */
	assert_int_equal(inj.svc, 0);
}

/* -- exception returns -- */

static void alu_return(void **state)
{
	static const struct { u32 word, carry, target; } c[] = {
		{ 0xe1b0f00e, 0, 0x100e },		/* movs pc, lr */
		{ 0xe25ef004, 0, 0x100a },		/* subs pc, lr, #4 */
		{ 0xe25ef801, 0, 0x100e - 0x10000 },	/* subs pc, lr, #0x10000: rotated immediate */
		{ 0xe29ff008, 0, PC + 16 },		/* adds pc, pc, #8 */
		{ 0xe27ef001, 0, 1 - 0x100e },		/* rsbs */
		{ 0xe2bef001, C_FLAG, 0x1010 },		/* adcs with carry */
		{ 0xe2def001, 0, 0x100c },		/* sbcs without carry */
		{ 0xe2fef001, C_FLAG, 1 - 0x100e },	/* rscs with carry */
		{ 0xe21ef00c, 0, 0x000c },		/* ands */
		{ 0xe23ef00c, 0, 0x1002 },		/* eors */
		{ 0xe39ef001, 0, 0x100f },		/* orrs */
		{ 0xe3def00c, 0, 0x1002 },		/* bics */
		{ 0xe3f0f000, 0, 0xffffffff },		/* mvns */
		{ 0xe05ef101, 0, 0x100e - 0x4004 },	/* subs pc, lr, r1, lsl #2 */
		{ 0xe1b0f121, 0, 0x400 },		/* movs pc, r1, lsr #2 */
		{ 0xe1b0f021, 0, 0 },			/* lsr #32 */
		{ 0xe1b0f06e, C_FLAG, 0x80000807 },	/* movs pc, lr, rrx */
		{ 0xe1b0f461, 0, 0x01000010 },		/* movs pc, r1, ror #8 */
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		setup(state);
		v.cpsr |= c[i].carry;
		if (run(c[i].word) != EXEC_BRANCH || ret.n != 1 || ret.target != c[i].target || ret.psr != spsr)
			fail_msg("0x%08x: target 0x%08x, expected 0x%08x", c[i].word, ret.target, c[i].target);
		setup(state);
		v.cpsr = MODE_SYS;
		expect_undef(run(c[i].word));
		v.cpsr = MODE_USR;
		expect_undef(run(c[i].word));
	}
	setup(state);
	v.r[14] = 0x80000000;
	assert_int_equal(run(0xe1b0f04e), EXEC_BRANCH);	/* movs pc, lr, asr #32 */
	assert_int_equal(ret.target, 0xffffffff);
	setup(state);
	expect_undef(run(0xe1b0f211));			/* shift by register */
}

static void ldm_return(void **state)
{
	v.r[13] = MEM;
	assert_int_equal(run(0xe8fd8006), EXEC_BRANCH);	/* ldmia sp!, {r1, r2, pc}^ */
	assert_int_equal(v.r[1], 0xc0de0000);
	assert_int_equal(v.r[2], 0xc0de0001);
	assert_int_equal(ret.target, 0xc0de0002);
	assert_int_equal(ret.psr, spsr);
	assert_int_equal(v.r[13], MEM + 12);
	setup(state);
	v.r[13] = MEM;
	assert_int_equal(run(0xe8dda000), EXEC_BRANCH);	/* ldmia sp, {sp, pc}^: sp of this mode */
	assert_int_equal(v.r[13], 0xc0de0000);
	assert_int_equal(user_reg[13], 0x200d);
	setup(state);
	v.r[13] = MEM;
	fault_at = MEM + 8;
	assert_int_equal(run(0xe8fd8006), EXEC_INJECTED);
	assert_int_equal(inj.dabt, 1);
	assert_int_equal(inj.f.far, MEM + 8);
	assert_int_equal(v.r[1], 0x1001);
	assert_int_equal(v.r[13], MEM);
	assert_int_equal(ret.n, 0);
	setup(state);
	v.cpsr = MODE_USR;
	expect_undef(run(0xe8fd8006));
}

static void rfe(void **state)
{
	static const struct { u32 word, first, end; } c[] = {
		{ 0xf8b10a00, 0, 8 },			/* rfeia r1! */
		{ 0xf9b10a00, 4, 8 },			/* rfeib r1! */
		{ 0xf8310a00, -4, -8 },			/* rfeda r1! */
		{ 0xf9310a00, -8, -8 },			/* rfedb r1! */
		{ 0xf8910a00, 0, 0 },			/* rfeia r1 */
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		setup(state);
		v.r[1] = MEM + 32;
		assert_int_equal(run(c[i].word), EXEC_BRANCH);
		assert_int_equal(ret.target, 0xc0de0008 + (s32)c[i].first / 4);
		assert_int_equal(ret.psr, 0xc0de0009 + (s32)c[i].first / 4);
		assert_int_equal(v.r[1], MEM + 32 + c[i].end);
	}
	setup(state);
	v.cpsr = MODE_USR;
	expect_undef(run(0xf8b10a00));
	v.cpsr = MODE_SYS;				/* privileged: allowed */
	v.r[1] = MEM;
	assert_int_equal(run(0xf8b10a00), EXEC_BRANCH);
	setup(state);
	v.r[1] = MEM + 2;
	assert_int_equal(run(0xf8b10a00), EXEC_INJECTED);
	assert_int_equal(inj.f.fsr, 1);			/* alignment, read */
	assert_int_equal(inj.f.far, MEM + 2);
}

static void srs(void **state)
{
	mode_sp[MODE_SVC] = MEM + 32;
	expect_next(run(0xf96d0513));			/* srsdb sp!, #19 */
	assert_int_equal(mem[6], 0x100e);
	assert_int_equal(mem[7], spsr);
	assert_int_equal(mode_sp[MODE_SVC], MEM + 24);
	setup(state);
	mode_sp[MODE_SYS] = MEM;
	expect_next(run(0xf9cd051f));			/* srsib sp, #31 */
	assert_int_equal(mem[1], 0x100e);
	assert_int_equal(mem[2], spsr);
	assert_int_equal(mode_sp[MODE_SYS], MEM);
	setup(state);
	mode_sp[MODE_SVC] = MEM + 32;
	fault_at = MEM + 28;
	assert_int_equal(run(0xf96d0513), EXEC_INJECTED);
	assert_int_equal(mode_sp[MODE_SVC], MEM + 32);
	setup(state);
	expect_undef(run(0xf96d0516));			/* Monitor mode: not in the Non-secure state */
	v.cpsr = MODE_SYS;
	expect_undef(run(0xf96d0513));
	v.cpsr = MODE_USR;
	expect_undef(run(0xf96d0513));
}

/* -- user bank -- */

static void user_bank(void **state)
{
	v.r[2] = MEM + 12;
	expect_next(run(0xe9526001));			/* ldmdb r2, {r0, sp, lr}^ */
	assert_int_equal(user_reg[0], 0xc0de0000);
	assert_int_equal(user_reg[13], 0xc0de0001);
	assert_int_equal(user_reg[14], 0xc0de0002);
	assert_int_equal(v.r[13], 0x100d);
	assert_int_equal(v.r[2], MEM + 12);
	assert_true(last_priv);
	setup(state);
	v.r[8] = MEM + 8;
	expect_next(run(0xe9486000));			/* stmdb r8, {sp, lr}^ */
	assert_int_equal(mem[0], 0x200d);
	assert_int_equal(mem[1], 0x200e);
	setup(state);
	v.r[8] = MEM;
	expect_next(run(0xe9c88001));			/* stmib r8, {r0, pc}^ */
	assert_int_equal(mem[1], 0x2000);
	assert_int_equal(mem[2], PC + 8);
	setup(state);
	v.r[8] = MEM + 8;
	expect_next(run(0xe8486000));			/* stmda r8, {sp, lr}^ */
	assert_int_equal(mem[1], 0x200d);
	assert_int_equal(mem[2], 0x200e);
	setup(state);
	v.r[2] = MEM;
	fault_at = MEM + 4;
	assert_int_equal(run(0xe8d26001), EXEC_INJECTED);
	assert_int_equal(user_reg[0], 0x2000);
	assert_int_equal(v.r[15], PC);
	setup(state);
	v.cpsr = MODE_SYS;
	expect_undef(run(0xe8d26001));
	expect_undef(run(0xe9486000));
	v.cpsr = MODE_USR;
	expect_undef(run(0xe8d26001));
	expect_undef(run(0xe9486000));
}

static void unprivileged(void **state)
{
	v.r[1] = MEM + 4;
	expect_next(run(0xe4b10008));			/* ldrt r0, [r1], #8 */
	assert_false(last_priv);
	assert_int_equal(v.r[0], 0xc0de0001);
	assert_int_equal(v.r[1], MEM + 12);
	setup(state);
	v.r[1] = MEM + 4;
	v.r[2] = 2;
	expect_next(run(0xe6210102));			/* strt r0, [r1], -r2, lsl #2 */
	assert_false(last_priv);
	assert_int_equal(mem[1], 0x1000);
	assert_int_equal(v.r[1], MEM - 4);
	setup(state);
	v.r[1] = MEM;
	mem[0] = 0x8180;
	expect_next(run(0xe0f100d1));			/* ldrsbt r0, [r1], #1 */
	assert_int_equal(v.r[0], 0xffffff80);
	assert_int_equal(v.r[1], MEM + 1);
	setup(state);
	v.r[1] = fault_at = MEM;
	assert_int_equal(run(0xe4b10008), EXEC_INJECTED);
	assert_int_equal(v.r[1], MEM);
	assert_int_equal(v.r[15], PC);
	setup(state);
	expect_undef(run(0xe4b1f000));			/* Rt = pc */
	expect_undef(run(0xe4b11000));			/* Rt = Rn */
}

/* -- coprocessors and calls -- */

static void coprocessors(void **state)
{
	expect_next(run(0xee031f10));			/* mcr p15, 0, r1, c3, c0, 0 */
	assert_int_equal(coproc_enc, COPROC_ENC(15, 0, 3, 0, 0));
	assert_int_equal(coproc_value, 0x1001);
	setup(state);
	coproc_value = 77;
	expect_next(run(0xee1d1f90));
	assert_int_equal(coproc_enc, COPROC_ENC(15, 0, 13, 0, 4));
	assert_int_equal(v.r[1], 77);
	setup(state);
	coproc_value = 0x90000000;
	expect_next(run(0xee10fe11));			/* mrc p14, 0, apsr_nzcv, c0, c1, 0 */
	assert_int_equal(v.cpsr, 0x90000000 | MODE_SVC | PSR_I);
	setup(state);
	coproc_answer = COPROC_UNDEF;
	expect_undef(run(0xee1d1f90));
	assert_int_equal(v.r[1], 0x1001);
	expect_undef(run(0xee031f10));
	coproc_answer = COPROC_FAULT;
	assert_int_equal(run(0xee071f3a), EXEC_INJECTED);
	assert_int_equal(v.r[15], PC);
	setup(state);
	expect_undef(run(0xee03ff10));			/* Rt = pc */
	expect_undef(run(0xec421f2e));			/* mcrr */
	expect_undef(run(0xec521f2e));			/* mrrc */
	assert_int_equal(coproc_enc, 0);
}

static void coprocessors_in_user_mode(void **state)
{
	v.cpsr = MODE_USR;
	expect_undef(run(0xee1d1f90));
	expect_undef(run(0xee031f10));
	expect_undef(run(0xee191f1d));			/* pmccntr, not enabled */
	assert_int_equal(coproc_enc, 0);
	v.cp15.pmuserenr = 1;
	expect_undef(run(0xee191f3e));			/* c9, c14, 1: interrupt enables stay privileged */
	expect_undef(run(0xee091f1e));			/* PMUSERENR is not writable */
	assert_int_equal(coproc_enc, 0);
	expect_next(run(0xee191f1d));
	assert_int_equal(coproc_enc, COPROC_ENC(15, 0, 9, 13, 0));
	setup(state);
	v.cpsr = MODE_USR;
	expect_next(run(0xee191f1e));			/* PMUSERENR is readable */
	expect_next((v.r[15] = PC, run(0xee1d1f50)));	/* TPIDRURW */
	expect_next((v.r[15] = PC, run(0xee0d1f50)));
	expect_next((v.r[15] = PC, run(0xee1d1f70)));	/* TPIDRURO */
	expect_next((v.r[15] = PC, run(0xee071f95)));	/* CP15ISB */
	expect_next((v.r[15] = PC, run(0xee100e10)));	/* DBGDIDR */
	v.r[15] = PC;
	expect_undef(run(0xee0d1f70));			/* TPIDRURO is for reading */
	expect_undef(run(0xee171f95));
}

static void vfp_system(void **state)
{
	vfp_value = 5;
	expect_next(run(0xeef81a10));			/* vmrs r1, fpexc */
	assert_int_equal(vfp_reg, 8);
	assert_int_equal(v.r[1], 5);
	setup(state);
	expect_next(run(0xeee81a10));
	assert_int_equal(vfp_value, 0x1001);
	setup(state);
	vfp_value = 0x60000000;
	v.cpsr = MODE_USR;
	expect_next(run(0xeef1fa10));			/* vmrs apsr_nzcv, fpscr */
	assert_int_equal(v.cpsr, 0x60000000 | MODE_USR);
	setup(state);
	v.cpsr = MODE_USR;
	expect_undef(run(0xeef81a10));
	expect_undef(run(0xeee81a10));
	assert_int_equal(vfp_reg, ~0u);
	v.cpsr = MODE_SVC;
	vfp_answer = false;
	expect_undef(run(0xeef81a10));
	assert_int_equal(v.r[1], 0x1001);
	expect_undef(run(0xeee81a10));
}

static void calls(void **state)
{
	assert_int_equal(run(0xef000001), EXEC_INJECTED);
	assert_int_equal(inj.svc, 1);
	assert_int_equal(v.r[15], PC);
	setup(state);
	expect_next(run(0xe1600070));
	assert_int_equal(smcs, 1);
	setup(state);
	v.cpsr = MODE_USR;
	expect_undef(run(0xe1600070));
	assert_int_equal(smcs, 0);
	v.cpsr = MODE_SVC;
	assert_int_equal(run(0xe320f003), EXEC_WFI);
	assert_int_equal(v.r[15], PC + 4);
	setup(state);
	expect_undef(run(0xe1400070));			/* hvc */
	expect_undef(run(0xe7f000f0));			/* udf */
	slot.undefined = true;
	expect_undef(run(0xee300a81));			/* vadd: trapped, so disabled */
}

/* -- what does not trap -- */

static void plain(void **state)
{
	expect_next(run(0xe0010392));			/* mul r1, r2, r3 */
	assert_int_equal(slot.word, 0xe0010392);
	v.r[15] = PC;
	expect_next((v.r[15] = PC, run(0xee300a81)));	/* vadd.f32 */
	expect_next((v.r[15] = PC, run(0xe16f1f12)));	/* clz */
	assert_int_equal(slot.runs, 3);
	slot.undefined = true;
	expect_undef((v.r[15] = PC, run(0xe6000010)));	/* unallocated media instruction */
	setup(state);
	v.cpsr |= Z_FLAG;
	expect_next(run(0x10010392));			/* mulne */
	expect_next((v.r[15] = PC, run(0x1e300a81)));	/* vaddne */
	assert_int_equal(slot.runs, 0);
}

/* A slot must never see pc. */
static void plain_unpredictable(void **state)
{
	static const u32 words[] = {
		0xe00f0392,		/* mul pc, r2, r3 */
		0xe081f392,		/* umull pc, r1, r2, r3 */
		0xe16fff12,		/* clz pc, r2 */
		0xe301f234,		/* movw pc */
		0xe6aff072,		/* sxtb pc, r2 */
		0xe78ff312,		/* usad8 pc, r2, r3 */
		0xee10fa10,		/* vmov pc, s0 */
		0xec5f1b13,		/* vmov r1, pc, d3 */
		0xec51fb13,		/* vmov pc, r1, d3 */
		0xe0810f12,		/* add r0, r1, r2, lsl pc */
		0xe08f0312,		/* add r0, pc, r2, lsl r3 */
		0xe081f312,		/* add pc, r1, r2, lsl r3 */
		0xe081031f,		/* add r0, r1, pc, lsl r3 */
	};

	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		setup(state);
		expect_undef(run(words[i]));
		assert_int_equal(slot.runs, 0);
	}
}

/* Results and flags N Z C V (1 of four bits each) as ARM ARM A5.2, A8.4.3 and A2.2.1 have them; r1 = a, r2 = b, r3 = n, before: C, V. */
static void alu_results(void **state)
{
	static const struct { u32 word, a, b, n, before, r0, after; } c[] = {
		{ 0xe0910002, 0x7fffffff, 1, 0, 0, 0x80000000, 9 },		/* adds */
		{ 0xe0910002, 0xffffffff, 1, 0, 0, 0, 6 },
		{ 0xe0b10002, 0xffffffff, 0, 0, 2, 0, 6 },			/* adcs */
		{ 0xe0510002, 0x80000000, 1, 0, 0, 0x7fffffff, 3 },		/* subs */
		{ 0xe0510002, 1, 2, 0, 2, 0xffffffff, 8 },
		{ 0xe0d10002, 5, 5, 0, 0, 0xffffffff, 8 },			/* sbcs without carry */
		{ 0xe0710002, 2, 5, 0, 0, 3, 2 },				/* rsbs */
		{ 0xe0f10002, 2, 5, 0, 0, 2, 2 },				/* rscs */
		{ 0xe0810002, 0xffffffff, 1, 0, 1, 0, 1 },			/* add: no flags */
		{ 0xe0110002, 0xff00, 0x0ff0, 0, 3, 0x0f00, 3 },		/* ands: C and V stay */
		{ 0xe0310002, 5, 5, 0, 1, 0, 5 },				/* eors */
		{ 0xe1910002, 0x80000000, 1, 0, 0, 0x80000001, 8 },		/* orrs */
		{ 0xe1d10002, 0xff, 0x0f, 0, 0, 0xf0, 0 },			/* bics */
		{ 0xe1b00002, 0, 0, 0, 2, 0, 6 },				/* movs */
		{ 0xe1f00002, 0, 0xffffffff, 0, 1, 0, 5 },			/* mvns */
		{ 0xe1b00082, 0, 0x80000001, 0, 0, 2, 2 },			/* movs, lsl #1 */
		{ 0xe1b00022, 0, 0x80000001, 0, 0, 0, 6 },			/* lsr #32 */
		{ 0xe1b000a2, 0, 0x80000001, 0, 0, 0x40000000, 2 },		/* lsr #1 */
		{ 0xe1b00042, 0, 0x80000000, 0, 0, 0xffffffff, 10 },		/* asr #32 */
		{ 0xe1b000c2, 0, 0x80000001, 0, 0, 0xc0000000, 10 },		/* asr #1 */
		{ 0xe1b00062, 0, 1, 0, 2, 0x80000000, 10 },			/* rrx */
		{ 0xe1b00262, 0, 0x18, 0, 0, 0x80000001, 10 },			/* ror #4 */
		{ 0xe1b00312, 0, 3, 0, 2, 3, 2 },				/* lsl r3: by 0, C stays */
		{ 0xe1b00312, 0, 1, 32, 0, 0, 6 },
		{ 0xe1b00312, 0, 1, 33, 2, 0, 4 },
		{ 0xe1b00312, 0, 0x11, 0x104, 0, 0x110, 0 },			/* the low byte counts */
		{ 0xe1b00332, 0, 0x80000000, 32, 0, 0, 6 },			/* lsr r3 */
		{ 0xe1b00332, 0, 0x80000000, 33, 2, 0, 4 },
		{ 0xe1b00352, 0, 0x80000000, 200, 0, 0xffffffff, 10 },		/* asr r3 */
		{ 0xe1b00372, 0, 0x80000001, 32, 0, 0x80000001, 10 },		/* ror r3 */
		{ 0xe1b00372, 0, 0x80000001, 33, 0, 0xc0000000, 10 },
		{ 0xe3b00102, 0, 0, 0, 0, 0x80000000, 10 },			/* movs #0x80000000: rotated */
		{ 0xe3b00001, 0, 0, 0, 2, 1, 2 },
		{ 0xe1510002, 5, 5, 0, 0, 0x1000, 6 },				/* cmp */
		{ 0xe1710002, 0xffffffff, 1, 0, 0, 0x1000, 6 },			/* cmn */
		{ 0xe1110002, 1, 2, 0, 3, 0x1000, 7 },				/* tst */
		{ 0xe1310002, 0x80000000, 0, 0, 0, 0x1000, 8 },			/* teq */
	};

	for (u32 i = 0; i < ARRAY_SIZE(c); i++) {
		setup(state);
		v.r[1] = c[i].a;
		v.r[2] = c[i].b;
		v.r[3] = c[i].n;
		v.cpsr |= c[i].before << 28;
		expect_next(run(c[i].word));
		if (v.r[0] != c[i].r0 || v.cpsr >> 28 != c[i].after)
			fail_msg("row %u, 0x%08x: 0x%08x, flags %x", i, c[i].word, v.r[0], v.cpsr >> 28);
		assert_int_equal(v.cpsr & 0xff, MODE_SVC | PSR_I);
	}
	assert_int_equal(slot.runs, 0);
	expect_next((v.r[15] = PC, run(0xe3411234)));	/* movt r1 */
	assert_int_equal(v.r[1], 0x12340000 | (c[ARRAY_SIZE(c) - 1].a & 0xffff));
	expect_next((v.r[15] = PC, run(0xe30f1fff)));	/* movw r1 */
	assert_int_equal(v.r[1], 0xffff);
}

static void alu_with_pc(void **state)
{
	expect_next(run(0xe28f1010));			/* adr r1, PC + 24 */
	assert_int_equal(v.r[1], PC + 24);
	setup(state);
	expect_next(run(0xe1a0000f));			/* mov r0, pc */
	assert_int_equal(v.r[0], PC + 8);
	setup(state);
	v.r[0] = PC + 8;
	expect_next(run(0xe15f0000));			/* cmp pc, r0 */
	assert_true(v.cpsr & Z_FLAG);
	setup(state);
	v.r[1] = 0x100;
	assert_int_equal(run(0xe08ff001), EXEC_BRANCH);	/* add pc, pc, r1 */
	assert_int_equal(v.r[15], PC + 0x108);
	setup(state);
	v.r[14] = 0x2001;
	assert_int_equal(run(0xe1a0f00e), EXEC_BRANCH);	/* mov pc, lr: interworking */
	assert_int_equal(v.r[15], 0x2000);
	assert_true(v.cpsr & PSR_T);
}

/* What should be zero and is not: as the processor does it. */
static void alu_unpredictable(void **state)
{
	expect_next(run(0xe1a10002));			/* mov with Rn = r1 */
	expect_next((v.r[15] = PC, run(0xe1511002)));	/* cmp with Rd = r1 */
	assert_int_equal(slot.runs, 2);
	slot.undefined = true;
	expect_undef((v.r[15] = PC, run(0xe1e10002)));
	setup(state);
	expect_undef(run(0xe15ff00e));			/* cmpp */
	expect_undef(run(0xe1af0002));
	assert_int_equal(slot.runs, 0);
}

static void branches(void **state)
{
	assert_int_equal(run(0xeafffffe), EXEC_BRANCH);	/* b . */
	assert_int_equal(v.r[15], PC);
	assert_int_equal(v.r[14], 0x100e);
	setup(state);
	assert_int_equal(run(0xeb000010), EXEC_BRANCH);	/* bl */
	assert_int_equal(v.r[15], PC + 0x48);
	assert_int_equal(v.r[14], PC + 4);
	setup(state);
	assert_int_equal(run(0xfb800001), EXEC_BRANCH);	/* blx backward, with H */
	assert_int_equal(v.r[15], PC + 8 - 0x2000000 + 6);
	assert_true(v.cpsr & PSR_T);
	assert_int_equal(v.r[14], PC + 4);
	setup(state);
	v.r[14] = 0x3000;
	assert_int_equal(run(0xe12fff3e), EXEC_BRANCH);	/* blx lr: the old lr */
	assert_int_equal(v.r[15], 0x3000);
	assert_int_equal(v.r[14], PC + 4);
	setup(state);
	assert_int_equal(run(0xe12fff1f), EXEC_BRANCH);	/* bx pc */
	assert_int_equal(v.r[15], PC + 8);
	setup(state);
	assert_int_equal(run(0xe12fff21), EXEC_BRANCH);	/* bxj r1 */
	assert_int_equal(v.r[15], 0x1000);
	setup(state);
	expect_undef(run(0xe12fff3f));			/* blx pc */
	expect_next(run(0x0a000010));			/* beq, not taken */
}

static void hints(void **state)
{
	static const u32 words[] = { 0xe320f000, 0xe320f002, 0xf5d1f000, 0xf551f004, 0xf7d1f002, 0xf57ff05f, 0xf57ff06f };

	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		expect_next((v.r[15] = PC, run(words[i])));
	expect_next((v.r[15] = PC, run(0xf1010200)));	/* setend be */
	assert_true(v.cpsr & PSR_E);
	expect_next((v.r[15] = PC, run(0xf1010000)));
	assert_false(v.cpsr & PSR_E);
	assert_int_equal(run(0xe1200070), EXEC_INJECTED);	/* bkpt */
	assert_int_equal(inj.pabt, 1);
	assert_int_equal(inj.f.fsr, 2);
}

static void exclusives(void **state)
{
	v.r[1] = MEM;
	expect_next(run(0xe1912f9f));			/* ldrex r2, [r1] */
	assert_int_equal(v.r[2], 0xc0de0000);
	expect_next((v.r[15] = PC, run(0xe1813f94)));	/* strex r3, r4, [r1] */
	assert_int_equal(v.r[3], 0);
	assert_int_equal(mem[0], 0x1004);
	expect_next((v.r[15] = PC, run(0xe1813f95)));	/* once more: the monitor is open */
	assert_int_equal(v.r[3], 1);
	assert_int_equal(mem[0], 0x1004);
	setup(state);
	v.r[1] = MEM + 8;
	expect_next(run(0xe1b12f9f));			/* ldrexd r2, r3, [r1] */
	assert_int_equal(v.r[3], 0xc0de0003);
	expect_next((v.r[15] = PC, run(0xe1a16f94)));	/* strexd r6, r4, r5, [r1] */
	assert_int_equal(mem[3], 0x1005);
	setup(state);
	v.r[1] = MEM;
	expect_next(run(0xe1d12f9f));			/* ldrexb; strexh */
	expect_next((v.r[15] = PC, run(0xe1e13f94)));
	assert_int_equal(v.r[3], 1);
	expect_next((v.r[15] = PC, run(0xe1912f9f)));	/* ldrex; clrex; strex */
	expect_next((v.r[15] = PC, run(0xf57ff01f)));
	expect_next((v.r[15] = PC, run(0xe1813f94)));
	assert_int_equal(v.r[3], 1);
	setup(state);
	v.r[1] = MEM + 2;
	assert_int_equal(run(0xe1912f9f), EXEC_INJECTED);
	assert_int_equal(inj.f.fsr, 1);
	assert_int_equal(run(0xe1813f94), EXEC_INJECTED);
	assert_int_equal(inj.f.fsr, 0x801);
	expect_next((v.r[15] = PC, run(0xf57ff01f)));	/* clrex: what accesses no memory does not fault */
	expect_next((v.r[15] = PC, run(0xe1813f94)));
	assert_int_equal(v.r[3], 1);
	setup(state);
	expect_undef(run(0xe1811f94));			/* strex r1, r4, [r1] */
	expect_undef(run(0xe1814f94));			/* strex r4, r4, [r1] */
	expect_undef(run(0xe191ff9f));			/* ldrex pc */
}

/* A store whose load was executed natively is the processor's to decide; one that faults is the guest's, or tried again. */
static void strex_after_native_load(void **state)
{
	v.r[1] = MEM;
	expect_next(run(0xe1813f94));			/* strex r3, r4, [r1] */
	assert_int_equal(v.r[3], 0);
	assert_int_equal(mem[0], 0x1004);
	strex_result = WINDOW_STREX_OPEN;
	expect_next((v.r[15] = PC, run(0xe1813f95)));
	assert_int_equal(v.r[3], 1);
	assert_int_equal(mem[0], 0x1004);
	strex_result = WINDOW_STREX_ABORT;
	v.r[15] = PC;
	assert_int_equal(run(0xe1813f95), EXEC_BRANCH);
	assert_int_equal(v.r[15], PC);
	fault_result = SHADOW_GUEST_FAULT;
	assert_int_equal(run(0xe1813f95), EXEC_INJECTED);
	assert_int_equal(inj.dabt, 1);
	fault_result = SHADOW_NOTHING;
	assert_int_equal(run(0xe1813f95), EXEC_INJECTED);
	assert_int_equal(inj.f.fsr, 0x808);
	fault_result = SHADOW_CODE_WRITE;
	assert_int_equal(run(0xe1813f95), EXEC_BRANCH);
}

/* What was interpreted becomes the processor's monitor once; what was not leaves it alone. */
static void monitor_goes_home(void **state)
{
	exec_monitor_home(&v);
	assert_int_equal(monitor.loads + monitor.clears, 0);
	v.r[1] = MEM + 8;
	expect_next(run(0xe1b12f9f));			/* ldrexd r2, r3, [r1] */
	exec_monitor_home(&v);
	assert_int_equal(monitor.loads, 1);
	assert_int_equal(monitor.va, MEM + 8);
	assert_int_equal(monitor.size, 8);
	exec_monitor_home(&v);
	assert_int_equal(monitor.loads + monitor.clears, 1);
	expect_next((v.r[15] = PC, run(0xf57ff01f)));	/* clrex */
	exec_monitor_home(&v);
	assert_int_equal(monitor.clears, 1);
	v.r[1] = MEM;
	expect_next((v.r[15] = PC, run(0xe1912f9f)));	/* ldrex of what may not be read twice */
	ram.type = REGION_EMULATED;
	exec_monitor_home(&v);
	assert_int_equal(monitor.loads, 1);
	assert_int_equal(monitor.clears, 2);
}

/* What is executed natively leaves the decision to the processor's monitor. */
static void strex_to_own_page(void **state)
{
	own_page = true;
	v.r[1] = MEM;
	expect_next(run_mmio(0xe1813f94));		/* strex r3, r4, [r1] */
	assert_int_equal(v.r[3], 0);
	assert_int_equal(mem[0], 0x1004);
	assert_false(own_page);
	setup(state);
	own_page = true;
	v.r[1] = MEM;
	strex_result = WINDOW_STREX_OPEN;
	expect_next(run_mmio(0xe1813f94));
	assert_int_equal(v.r[3], 1);
	assert_int_equal(mem[0], 0xc0de0000);
	setup(state);
	own_page = true;
	v.r[1] = MEM;
	strex_result = WINDOW_STREX_ABORT;
	assert_int_equal(run_mmio(0xe1813f94), EXEC_BRANCH);
	assert_int_equal(v.r[15], PC);			/* again */
	setup(state);
	own_page = true;
	v.r[3] = MEM + 8;
	assert_int_equal(run_t32(0xe843, 0x4102), EXEC_NEXT);	/* strex r1, r4, [r3, #8] */
	assert_int_equal(mem[4], 0x1004);
	setup(state);
	own_page = true;
	v.r[3] = MEM;
	assert_int_equal(run_t32(0xe8c3, 0x4571), EXEC_NEXT);	/* strexd r1, r4, r5, [r3] */
	assert_int_equal(mem[1], 0x1005);
	assert_int_equal(v.r[1], 0);
}

/* A store exclusive into a guest table whose stores are followed: the table is let go, and the processor does it. */
static void strex_to_guest_table(void **state)
{
	table_page = true;
	v.r[1] = MEM;
	assert_int_equal(run_mmio(0xe1813f94), EXEC_BRANCH);	/* strex r3, r4, [r1] */
	assert_int_equal(v.r[15], PC);			/* again */
	assert_false(table_page);
	setup(state);
	table_page = true;
	v.r[1] = MEM;
	expect_next(run(0xe1813f94));
	assert_false(table_page);
	assert_int_equal(mem[0], 0x1004);
}

/* -- T32 -- */

static void t32_plain(void **state)
{
	static const struct { u16 hw1, hw2; } c[] = {
		{ 0x2007, 0 }, { 0x0088, 0 }, { 0x4288, 0 }, { 0xa801, 0 }, { 0xb081, 0 }, { 0xb2c8, 0 }, { 0xba08, 0 },
		{ 0xea4f, 0x0001 }, { 0xf102, 0x0105 }, { 0xf3c1, 0x0047 }, { 0xfa01, 0xf002 },
		{ 0xfb01, 0xf002 }, { 0xfba1, 0x0102 }, { 0xf1b1, 0x0f05 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(c); i++) {
		setup(state);
		assert_int_equal(exec_t32(c[i].hw1, c[i].hw2), EXEC_NEXT);
		assert_int_equal(slot.word, c[i].hw1 >= 0xe800 ? (u32)c[i].hw1 << 16 | c[i].hw2 : c[i].hw1);
		assert_int_equal(slot.len, c[i].hw1 >= 0xe800 ? 4 : 2);
		assert_int_equal(v.r[15], PC + slot.len);
	}
	setup(state);
	assert_int_equal(exec_t32(0xef22, 0x0844), EXEC_NEXT);	/* vadd.i32: as A32 */
	assert_int_equal(slot.word, 0xf2220844);
	setup(state);
	expect_undef(exec_t32(0xea4f, 0x0f01));		/* mov.w pc */
	expect_undef(exec_t32(0xfb01, 0xff02));		/* mul pc */
	expect_undef(exec_t32(0xf10f, 0x0105));		/* add.w r1, pc */
	assert_int_equal(slot.runs, 0);
}

static void t32_high_registers(void **state)
{
	assert_int_equal(exec_t32(0x4478, 0), EXEC_NEXT);	/* add r0, pc */
	assert_int_equal(v.r[0], 0x1000 + PC + 4);
	setup(state);
	v.r[14] = 0x2001;
	v.cpsr |= 0x0c00;				/* in an IT block, as its last but one */
	assert_int_equal(exec_t32(0x46f7, 0), EXEC_BRANCH);	/* mov pc, lr: no interworking */
	assert_int_equal(v.r[15], 0x2000);
	assert_true(v.cpsr & PSR_T);
	assert_int_equal(v.cpsr & PSR_IT, 0x1800);
	setup(state);
	assert_int_equal(exec_t32(0x4684, 0), EXEC_NEXT);	/* mov r12, r0 */
	assert_int_equal(v.r[12], 0x1000);
	setup(state);
	v.r[12] = 0x1008;
	assert_int_equal(exec_t32(0x45c4, 0), EXEC_NEXT);	/* cmp r12, r8 */
	assert_true(v.cpsr & Z_FLAG);
}

static void t32_branches(void **state)
{
	static const struct { u16 hw1, hw2; u32 target, lr; bool arm; } c[] = {
		{ 0xe7fe, 0, PC, 0x100e, false },			/* b . */
		{ 0xf7ff, 0xfffe, PC, PC + 5, false },			/* bl . */
		{ 0xf000, 0xb802, PC + 8, 0x100e, false },		/* b.w */
		{ 0xf000, 0xf804, PC + 12, PC + 5, false },		/* bl */
		{ 0xf400, 0xd000, PC + 4 - 0x1000000, PC + 5, false },	/* bl, as far as it goes */
		{ 0xf000, 0xe804, PC + 12, PC + 5, true },		/* blx */
		{ 0x4770, 0, 0x100e, 0x100e, true },			/* bx lr */
		{ 0x47a0, 0, 0x1004, PC + 3, true },			/* blx r4 */
		{ 0xd0fe, 0, PC, 0x100e, false },			/* beq ., Z set */
		{ 0xf040, 0x8002, PC + 4, 0x100e, false },		/* bne.w, not taken */
		{ 0xf000, 0x8002, PC + 8, 0x100e, false },		/* beq.w */
		{ 0xb10a, 0, PC + 2, 0x100e, false },			/* cbz r2, not taken */
		{ 0xb90a, 0, PC + 6, 0x100e, false },			/* cbnz r2 */
		{ 0xf3c4, 0x8f00, 0x1004, 0x100e, true },		/* bxj r4 */
	};

	for (u32 i = 0; i < ARRAY_SIZE(c); i++) {
		setup(state);
		v.cpsr |= Z_FLAG;
		exec_t32(c[i].hw1, c[i].hw2);
		if (v.r[15] != (c[i].target & (c[i].arm ? ~3u : ~1u)) || v.r[14] != c[i].lr || c[i].arm != !(v.cpsr & PSR_T))
			fail_msg("%04x %04x: pc 0x%08x lr 0x%08x", c[i].hw1, c[i].hw2, v.r[15], v.r[14]);
	}
	setup(state);
	v.r[15] = MEM + 2;
	assert_int_equal(exec_t32(0xa101, 0), EXEC_NEXT);	/* adr r1: pc is aligned */
	assert_int_equal(v.r[1], MEM + 8);
	assert_int_equal(exec_t32(0xf2af, 0x0108), EXEC_NEXT);
	assert_int_equal(v.r[1], MEM + 8 - 8);
	setup(state);
	((u8 *)mem)[3] = 9;
	v.r[1] = MEM;
	v.r[2] = 3;
	assert_int_equal(exec_t32(0xe8d1, 0xf002), EXEC_BRANCH);	/* tbb */
	assert_int_equal(v.r[15], PC + 4 + 18);
	v.r[15] = PC;
	v.r[2] = 1;
	((u16 *)mem)[1] = 7;
	assert_int_equal(exec_t32(0xe8d1, 0xf012), EXEC_BRANCH);	/* tbh */
	assert_int_equal(v.r[15], PC + 4 + 14);
}

static void t32_system(void **state)
{
	assert_int_equal(exec_t32(0xb672, 0), EXEC_NEXT);	/* cpsid i */
	assert_int_equal(v.cpsr & PSR_I, PSR_I);
	assert_int_equal(exec_t32(0xb662, 0), EXEC_NEXT);	/* cpsie i */
	assert_int_equal(v.cpsr & PSR_I, 0);
	assert_int_equal(exec_t32(0xf3af, 0x8311), EXEC_NEXT);	/* cpsid #17: without flags no mask changes */
	assert_int_equal(v.cpsr & PSR_MODE, MODE_FIQ);
	setup(state);
	assert_int_equal(exec_t32(0xf3ef, 0x8100), EXEC_NEXT);	/* mrs r1, cpsr */
	assert_int_equal(v.r[1], MODE_SVC | PSR_I);
	assert_int_equal(exec_t32(0xf3ff, 0x8100), EXEC_NEXT);	/* mrs r1, spsr */
	assert_int_equal(v.r[1], spsr);
	v.r[2] = 0x1f;
	assert_int_equal(exec_t32(0xf392, 0x8100), EXEC_NEXT);	/* msr spsr_c, r2 */
	assert_int_equal(spsr & 0xff, 0x1f);
	setup(state);
	assert_int_equal(exec_t32(0xf3de, 0x8f04), EXEC_BRANCH);	/* subs pc, lr, #4 */
	assert_int_equal(ret.target, 0x100a);
	setup(state);
	v.r[13] = MEM + 8;
	assert_int_equal(exec_t32(0xe83d, 0xc000), EXEC_BRANCH);	/* rfedb sp! */
	assert_int_equal(ret.target, 0xc0de0000);
	assert_int_equal(v.r[13], MEM);
	setup(state);
	mode_sp[MODE_SVC] = MEM;
	assert_int_equal(exec_t32(0xe9ad, 0xc013), EXEC_NEXT);	/* srsia sp!, #19 */
	assert_int_equal(mem[1], spsr);
	assert_int_equal(mode_sp[MODE_SVC], MEM + 8);
	setup(state);
	assert_int_equal(exec_t32(0xb658, 0), EXEC_NEXT);	/* setend be */
	assert_true(v.cpsr & PSR_E);
	setup(state);
	assert_int_equal(exec_t32(0xee1d, 0x1f90), EXEC_NEXT);	/* mrc: as A32 */
	assert_int_equal(coproc_enc, COPROC_ENC(15, 0, 13, 0, 4));
	setup(state);
	assert_int_equal(exec_t32(0xf3af, 0x8003), EXEC_WFI);
	assert_int_equal((v.r[15] = PC, exec_t32(0xf3bf, 0x8f5f)), EXEC_NEXT);	/* dmb */
	assert_int_equal(exec_t32(0xf891, 0xf000), EXEC_NEXT);	/* pld [r1] */
	assert_int_equal(exec_t32(0xf7f0, 0x8000), EXEC_NEXT);	/* smc */
	assert_int_equal(smcs, 1);
	assert_int_equal(exec_t32(0xbe00, 0), EXEC_INJECTED);
	setup(state);
	expect_undef(exec_t32(0xde00, 0));
	expect_undef(exec_t32(0xf7f0, 0xa000));
	expect_undef(exec_t32(0xb500 | 0x2f0, 0));		/* nothing */
}

/* IT sets the state, instructions step it, an SVC has stepped it (B1.9.4), what faults has not. */
static void t32_it(void **state)
{
	assert_int_equal(exec_t32(0xbf0c, 0), EXEC_NEXT);	/* ite eq */
	assert_int_equal(v.cpsr & PSR_IT, 0x0c00);
	assert_int_equal(v.r[15], PC + 2);
	assert_int_equal(exec_t32(0xdf00, 0), EXEC_INJECTED);
	assert_int_equal(v.cpsr & PSR_IT, 0x1800);
}

/* -- VFP and NEON loads and stores -- */

static void vfp_memory(void **state)
{
	vfp_value = BIT(30);
	v.r[1] = MEM + 8;
	expect_next(run(0xed810a02));			/* vstr s0, [r1, #8] */
	assert_int_equal(slot.word, 0xec800a01);
	assert_int_equal(mem[4], 0xf0000000);
	assert_int_equal(v.r[0], 0x1000);
	setup(state);
	vfp_value = BIT(30);
	v.r[1] = MEM + 16;
	expect_next(run(0xedd11b02));			/* vldr d17, [r1, #8] */
	assert_int_equal(slot.word, 0xecd01b02);
	assert_int_equal(vfp_reg_word[1], 0xc0de0007);
	setup(state);
	vfp_value = BIT(30);
	v.r[13] = MEM + 16;
	expect_next(run(0xed2d8b04));			/* vpush {d8, d9} */
	assert_int_equal(slot.word, 0xec808b04);
	assert_int_equal(mem[3], 0xf0000003);
	assert_int_equal(v.r[13], MEM);
	expect_next((v.r[15] = PC, run(0xecbd8a03)));	/* vpop {s16-s18} */
	assert_int_equal(v.r[13], MEM + 12);
	setup(state);
	vfp_value = BIT(30);
	v.r[15] = MEM;
	assert_int_equal(run(0xed9f0a01), EXEC_NEXT);	/* vldr s0, [pc, #4] */
	assert_int_equal(vfp_reg_word[0], 0xc0de0003);
	setup(state);
	vfp_value = BIT(30);
	v.r[13] = MEM + 8;
	fault_at = MEM + 4;
	assert_int_equal(run(0xed2d8b02), EXEC_INJECTED);
	assert_int_equal(inj.f.far, MEM + 4);
	assert_int_equal(v.r[13], MEM + 8);
	setup(state);
	vfp_value = BIT(30);
	v.r[1] = MEM + 2;
	assert_int_equal(run(0xed910a00), EXEC_INJECTED);	/* word aligned always */
	assert_int_equal(inj.f.fsr, 1);
	setup(state);
	v.r[1] = MEM;
	expect_undef(run(0xed910a00));			/* FPEXC.EN = 0 comes before everything */
	vfp_value = BIT(30);
	expect_undef(run(0xec910a00));			/* no register */
	expect_undef(run(0xec910b22));			/* 17 of them */
	expect_undef(run(0xecd1fb04));			/* d31, d32 */
	expect_undef(run(0xedb10a01));			/* P = U = W = 1 */
	assert_int_equal(run_t32(0xed91, 0x0a00), EXEC_NEXT);	/* vldr s0, [r1] */
	assert_int_equal(slot.word, 0xec900a01);
}

static void neon_memory(void **state)
{
	static const struct { u32 word, slot, bytes, align; } c[] = {
		{ 0xf421070d, 0xf420070f, 8, 1 },		/* vld1.8 {d0}, [r1]! */
		{ 0xf4210a3d, 0xf4200a3f, 0, 0 },		/* vld1.8 {d0, d1}, [r1:256]!: UNDEFINED */
		{ 0xf4210aed, 0xf4200aef, 16, 16 },		/* vld1.64 {d0, d1}, [r1:128]! */
		{ 0xf421029d, 0xf420029f, 32, 8 },		/* vld1.32 {d0-d3}, [r1:64]! */
		{ 0xf42103bd, 0xf42003bf, 32, 32 },		/* vld2.32 {d0-d3}, [r1:256]! */
		{ 0xf421044d, 0xf420044f, 24, 1 },		/* vld3.16 {d0-d2}, [r1]! */
		{ 0xf421018d, 0xf420018f, 32, 1 },		/* vld4.32 {d0, d2, d4, d6}, [r1]! */
		{ 0xf42100cd, 0xf42000cf, 0, 0 },		/* vld4.64 */
		{ 0xf4210f0d, 0xf4200f0f, 0, 0 },		/* no such type */
		{ 0xf401078d, 0xf400078f, 8, 1 },		/* vst1.32 {d0}, [r1]! */
		{ 0xf4a1002d, 0xf4a0002f, 1, 1 },		/* vld1.8 {d0[1]} */
		{ 0xf4a1001d, 0, 0, 0 },
		{ 0xf4a1045d, 0xf4a0045f, 2, 2 },		/* vld1.16 {d0[1]}, [r1:16] */
		{ 0xf4a108bd, 0xf4a008bf, 4, 4 },		/* vld1.32 {d0[1]}, [r1:32] */
		{ 0xf4a1089d, 0, 0, 0 },
		{ 0xf4a1051d, 0xf4a0051f, 4, 4 },		/* vld2.16 {d0[0], d1[0]}, [r1:32] */
		{ 0xf4a1091d, 0xf4a0091f, 8, 8 },		/* vld2.32, [r1:64] */
		{ 0xf4a10a0d, 0xf4a00a0f, 12, 1 },		/* vld3.32 */
		{ 0xf4a10a1d, 0, 0, 0 },
		{ 0xf4a1031d, 0xf4a0031f, 4, 4 },		/* vld4.8, [r1:32] */
		{ 0xf4a1071d, 0xf4a0071f, 8, 8 },		/* vld4.16, [r1:64] */
		{ 0xf4a10b2d, 0xf4a00b2f, 16, 16 },		/* vld4.32, [r1:128] */
		{ 0xf4a10b3d, 0, 0, 0 },
		{ 0xf4810b0d, 0xf4800b0f, 16, 1 },		/* vst4.32 */
		{ 0xf4a10c5d, 0xf4a00c5f, 2, 2 },		/* vld1.16 {d0[]}, [r1:16] */
		{ 0xf4a10c1d, 0, 0, 0 },
		{ 0xf4a10d9d, 0xf4a00d9f, 8, 8 },		/* vld2.32 {d0[], d1[]}, [r1:64] */
		{ 0xf4a10e8d, 0xf4a00e8f, 12, 1 },		/* vld3.32 to all lanes */
		{ 0xf4a10e9d, 0, 0, 0 },
		{ 0xf4a10f5d, 0xf4a00f5f, 8, 8 },		/* vld4.16 to all lanes, [r1:64] */
		{ 0xf4a10f9d, 0xf4a00f9f, 16, 8 },		/* vld4.32 to all lanes, [r1:64] */
		{ 0xf4a10fdd, 0xf4a00fdf, 16, 16 },		/* [r1:128] */
		{ 0xf4a10fcd, 0, 0, 0 },
		{ 0xf4810c0d, 0, 0, 0 },			/* no store from all lanes */
	};

	for (u32 i = 0; i < ARRAY_SIZE(c); i++) {
		setup(state);
		vfp_value = BIT(30);
		v.r[1] = MEM;
		if (!c[i].bytes) {
			expect_undef(run(c[i].word));
			continue;
		}
		expect_next(run(c[i].word));
		if (slot.word != c[i].slot || v.r[1] != MEM + c[i].bytes)
			fail_msg("0x%08x: slot 0x%08x, %u bytes", c[i].word, slot.word, v.r[1] - MEM);
		setup(state);
		vfp_value = BIT(30);
		v.r[1] = MEM + c[i].align / 2;
		assert_int_equal(run(c[i].word), c[i].align > 1 ? EXEC_INJECTED : EXEC_NEXT);
		assert_int_equal(inj.dabt, c[i].align > 1);
	}
}

static void neon_addresses(void **state)
{
	vfp_value = BIT(30);
	v.r[1] = MEM + 4;
	v.r[2] = 0x100;
	expect_next(run(0xf4210782));			/* vld1.32 {d0}, [r1], r2 */
	assert_int_equal(v.r[1], MEM + 0x104);
	assert_int_equal(vfp_reg_word[1], 0xc0de0002);
	setup(state);
	vfp_value = BIT(30);
	v.r[1] = MEM + 4;
	expect_next(run(0xf401078f));			/* vst1.32 {d0}, [r1] */
	assert_int_equal(v.r[1], MEM + 4);
	assert_int_equal(mem[2], 0xf0000001);
	setup(state);
	vfp_value = BIT(30);
	v.cp15.sctlr = SCTLR_A;
	v.r[1] = MEM + 2;
	assert_int_equal(run(0xf421078f), EXEC_INJECTED);	/* elements are checked when SCTLR.A says so */
	assert_int_equal(inj.f.fsr, 1);
	setup(state);
	vfp_value = BIT(30);
	v.r[1] = MEM;
	assert_int_equal(run_t32(0xf921, 0x078f), EXEC_NEXT);
	assert_int_equal(slot.word, 0xf420078f);
	setup(state);
	expect_undef(run(0xf421078f));			/* disabled */
	expect_undef(run(0xf42f078f));			/* Rn = pc */
}

/* -- device accesses -- */

static void mmio_single(void **state)
{
	mem[0] = 0x12348180;
	v.r[2] = MEM;
	expect_next(run_mmio(0xe5921000));		/* ldr r1, [r2] */
	assert_int_equal(v.r[1], 0x12348180);
	assert_true(last_priv);
	setup(state);
	mem[0] = 0x12348180;
	v.r[2] = MEM + 5;
	expect_next(run_mmio(0xe5721005));		/* ldrb r1, [r2, #-5]! */
	assert_int_equal(v.r[1], 0x80);
	assert_int_equal(v.r[2], MEM);
	setup(state);
	mem[0] = 0x12348180;
	v.r[2] = MEM;
	expect_next(run_mmio(0xe1d210f0));		/* ldrsh r1, [r2] */
	assert_int_equal(v.r[1], 0xffff8180);
	setup(state);
	v.r[2] = MEM;
	v.r[3] = 4;
	expect_next(run_mmio(0xe08210b3));		/* strh r1, [r2], r3 */
	assert_int_equal(mem[0], 0xc0de1001);
	assert_int_equal(v.r[2], MEM + 4);
	setup(state);
	v.r[2] = MEM + 8;
	v.r[3] = 0xfffffff0;
	v.cpsr = MODE_USR;
	expect_next(run_mmio(0xe7c21143));		/* strb r1, [r2, r3, asr #2] */
	assert_int_equal(mem[1], 0xc0de0001);
	assert_false(last_priv);
	setup(state);
	v.r[2] = MEM;
	expect_next(run_mmio(0xe582f000));		/* str pc */
	assert_int_equal(mem[0], PC + 8);
	setup(state);
	v.r[2] = fault_at = MEM;
	assert_int_equal(run_mmio(0xe4921004), EXEC_INJECTED);
	assert_int_equal(v.r[2], MEM);
	assert_int_equal(v.r[1], 0x1001);
	setup(state);
	v.r[15] = MEM;
	assert_int_equal(run_mmio(0xe59f1004), EXEC_NEXT);	/* ldr r1, [pc, #4] */
	assert_int_equal(v.r[1], 0xc0de0003);
	setup(state);
	expect_undef(run_mmio(0xe4922004));		/* write-back into Rt */
	expect_undef(run_mmio(0xe5d2f000));		/* ldrb pc */
	v.r[4] = MEM;
	expect_undef(run_mmio(0xe1e430d8));		/* ldrd r3, r4, [r4, #8]! */
	expect_undef(run_mmio(0xe1c4e0d8));		/* ldrd lr, pc, [r4, #8] */
	expect_next(run_mmio(0xe1c430d8));		/* without write-back the base may be loaded */
	assert_int_equal(v.r[4], 0xc0de0003);
}

static void mmio_double(void **state)
{
	v.r[4] = MEM;
	expect_next(run_mmio(0xe1c420d8));		/* ldrd r2, r3, [r4, #8] */
	assert_int_equal(v.r[2], 0xc0de0002);
	assert_int_equal(v.r[3], 0xc0de0003);
	setup(state);
	v.r[4] = MEM + 4;
	v.r[6] = 4;
	expect_next(run_mmio(0xe00420f6));		/* strd r2, r3, [r4], -r6 */
	assert_int_equal(mem[1], 0x1002);
	assert_int_equal(mem[2], 0x1003);
	assert_int_equal(v.r[4], MEM);
	setup(state);
	v.r[4] = MEM;
	fault_at = MEM + 12;
	assert_int_equal(run_mmio(0xe1c420d8), EXEC_INJECTED);
	assert_int_equal(v.r[2], 0x1002);
	setup(state);
	v.r[4] = MEM + 2;
	assert_int_equal(run_mmio(0xe1c420f8), EXEC_INJECTED);
	assert_int_equal(inj.f.fsr, 0x801);		/* alignment, write */
	assert_int_equal(inj.f.far, MEM + 10);
}

static void mmio_multiple(void **state)
{
	v.r[1] = MEM + 4;
	expect_next(run_mmio(0xe8b1000c));		/* ldmia r1!, {r2, r3} */
	assert_int_equal(v.r[2], 0xc0de0001);
	assert_int_equal(v.r[3], 0xc0de0002);
	assert_int_equal(v.r[1], MEM + 12);
	setup(state);
	v.r[13] = MEM + 12;
	expect_next(run_mmio(0xe92d4010));		/* stmdb sp!, {r4, lr} */
	assert_int_equal(mem[1], 0x1004);
	assert_int_equal(mem[2], 0x100e);
	assert_int_equal(v.r[13], MEM + 4);
	setup(state);
	v.r[1] = MEM;
	mem[0] = 0x101;
	assert_int_equal(run_mmio(0xe8918000), EXEC_BRANCH);	/* ldmia r1, {pc}: interworking */
	assert_int_equal(v.r[15], 0x100);
	assert_true(v.cpsr & PSR_T);
	setup(state);
	v.r[1] = MEM;
	fault_at = MEM + 4;
	assert_int_equal(run_mmio(0xe8b1000c), EXEC_INJECTED);
	assert_int_equal(v.r[2], 0x1002);
	assert_int_equal(v.r[1], MEM);
}

static void mmio_others(void **state)
{
	v.r[3] = MEM;
	expect_next(run_mmio(0xe1031092));		/* swp r1, r2, [r3] */
	assert_int_equal(v.r[1], 0xc0de0000);
	assert_int_equal(mem[0], 0x1002);
	setup(state);
	v.r[3] = MEM + 2;
	assert_int_equal(run_mmio(0xe1031092), EXEC_INJECTED);
	assert_int_equal(inj.f.fsr, 0x001);		/* the read comes first */
	setup(state);
	v.exit_dfar = MEM + 8;
	v.exit_dfsr = 0x805;
	assert_int_equal(run_mmio(0xe1831f92), EXEC_INJECTED);	/* strex: the bus says no */
	assert_int_equal(inj.f.fsr, 0x808);
	assert_int_equal(inj.f.far, MEM + 8);
	v.exit_dfsr = 5;
	assert_int_equal(run_mmio(0xe1912f9f), EXEC_INJECTED);	/* ldrex */
	assert_int_equal(inj.f.fsr, 8);
	setup(state);
	vfp_value = BIT(30);
	v.r[1] = MEM;
	expect_next(run_mmio(0xed910b00));		/* vldr d0, [r1] */
	assert_int_equal(vfp_reg_word[1], 0xc0de0001);
}

static void mmio_t32(void **state)
{
	mem[1] = 0x80;
	v.r[2] = MEM;
	v.r[3] = 4;
	assert_int_equal(run_t32(0x56d1, 0), EXEC_NEXT);	/* ldrsb r1, [r2, r3] */
	assert_int_equal(v.r[1], 0xffffff80);
	assert_int_equal(v.r[15], PC + 2);
	setup(state);
	v.r[2] = MEM;
	assert_int_equal(run_t32(0xf842, 0x1f08), EXEC_NEXT);	/* str.w r1, [r2, #8]! */
	assert_int_equal(mem[2], 0x1001);
	assert_int_equal(v.r[2], MEM + 8);
	assert_int_equal(v.r[15], PC + 4);
	setup(state);
	v.r[2] = MEM + 16;
	assert_int_equal(run_t32(0xe972, 0x1502), EXEC_NEXT);	/* ldrd r1, r5, [r2, #-8]! */
	assert_int_equal(v.r[1], 0xc0de0002);
	assert_int_equal(v.r[5], 0xc0de0003);
	assert_int_equal(v.r[2], MEM + 8);
	setup(state);
	v.r[15] = MEM + 2;
	assert_int_equal(run_t32(0x4901, 0), EXEC_NEXT);	/* ldr r1, [pc, #4]: pc is aligned down */
	assert_int_equal(v.r[1], 0xc0de0002);
	setup(state);
	v.r[13] = MEM;
	mem[1] = 0x2001;
	assert_int_equal(run_t32(0xbd02, 0), EXEC_BRANCH);	/* pop {r1, pc} */
	assert_int_equal(v.r[15], 0x2000);
	assert_int_equal(v.r[13], MEM + 8);
}

/* ITSTATE as the architecture steps it (A2.5.2): base condition and mask shift left, and end as zero. */
static void it_block(void **state)
{
	/* ite eq: ITSTATE 0b00001100 after IT -> first insn sees 0x0c... */
	v.r[2] = MEM;
	v.cpsr |= 0x0c00;				/* ITSTATE[7:2] = 0b000011: 0x0c, two instructions left */
	assert_int_equal(run_t32(0x6811, 0), EXEC_NEXT);
	assert_int_equal(v.cpsr & PSR_IT, 0x1800);	/* 0x18 */
	assert_int_equal(run_t32(0x6811, 0), EXEC_NEXT);
	assert_int_equal(v.cpsr & PSR_IT, 0);
	v.cpsr |= 0x06000000 | 0x1400;			/* ITSTATE 0b00010111 */
	assert_int_equal(run_t32(0x6811, 0), EXEC_NEXT);
	assert_int_equal(v.cpsr & PSR_IT, 0x04000000 | 0x0c00);	/* 0b00001110 */
	setup(state);
	v.r[2] = fault_at = MEM;
	v.cpsr |= 0x0c00;
	assert_int_equal(run_t32(0x6811, 0), EXEC_INJECTED);
	assert_int_equal(v.cpsr & PSR_IT, 0x0c00);	/* not past it */
}

static void causes(void **state)
{
	static const struct { u32 word; enum exit_cause cause; } c[] = {
		{ 0xf10c0080, EXIT_SITE_CPS }, { 0xe10f3000, EXIT_SITE_MRS }, { 0xe321f0d3, EXIT_SITE_MSR },
		{ 0xe121f001, EXIT_SITE_MSR }, { 0xe1b0f00e, EXIT_SITE_RET }, { 0xe8fd8006, EXIT_SITE_RET },
		{ 0xf8b10a00, EXIT_SITE_RET }, { 0xe9486000, EXIT_SITE_BANK }, { 0xe9526001, EXIT_SITE_BANK },
		{ 0xf96d0513, EXIT_SITE_BANK }, { 0xe4b10008, EXIT_SITE_USER_LS }, { 0xe320f003, EXIT_SITE_WFI },
		{ 0xef000000, EXIT_SITE_SVC }, { 0xee031f10, EXIT_CP15_DACR }, { 0xee101e10, EXIT_CP14 },
		{ 0xeef81a10, EXIT_VFP_SYS }, { 0xe1600070, EXIT_SMC }, { 0xe5921000, EXIT_MMIO },
		{ 0xe7f000f0, EXIT_UNDEF },
	};
	struct insn in;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		a32_decode(c[i].word, &in);
		if (exec_cause(&in) != c[i].cause)
			fail_msg("0x%08x: cause %d, expected %d", c[i].word, exec_cause(&in), c[i].cause);
	}
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(cps), T(mrs), T(msr_cpsr), T(msr_spsr), T(condition_fails), T(alu_return), T(ldm_return), T(rfe), T(srs),
		T(user_bank), T(unprivileged), T(coprocessors), T(coprocessors_in_user_mode), T(vfp_system), T(calls),
		T(plain), T(plain_unpredictable), T(alu_results), T(alu_with_pc), T(alu_unpredictable), T(branches), T(hints), T(exclusives), T(strex_to_own_page), T(strex_to_guest_table), T(strex_after_native_load), T(monitor_goes_home),
		T(t32_plain), T(t32_high_registers), T(t32_branches), T(t32_system), T(t32_it),
		T(vfp_memory), T(neon_memory), T(neon_addresses),
		T(mmio_single), T(mmio_double), T(mmio_multiple), T(mmio_others), T(mmio_t32), T(it_block), T(causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
