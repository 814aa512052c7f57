/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stubs by kind: A32 sequences without side effects on flags, each with one word that does the work (arm/site.h has the kinds). */
/*
 * Conventions. A scratch register is any other than the operand; it is kept in open->scratch and loaded again at the end. Nothing
 * may change the flags, so decisions are made by addresses: a value that is not as it should be turns a store into one that
 * aborts, or a branch into one to a trapping word.
 */
#include "stub.h"

#include <arm/site.h>
#include <arm/vcpu.h>

#define OPEN(field)	((u32)offsetof(struct vcpu_open, field))
#define PC		15u

/* One stub in the making. */
struct maker {
	struct stub_code *c;
	const struct stub_at *at;
	u32 operand, scratch;	/* register numbers; scratch is the first one that is not the operand */
	u32 saves;
	bool ok;
};

static gva_t here(const struct maker *m)
{
	return m->at->stub + 4u * m->c->words;
}

static void put(struct maker *m, u32 word)
{
	m->c->word[m->c->words++] = word;
}

/* LDR or STR @rt, [@rn, #@off] (A8.8.63, A8.8.204). */
static void put_ls(struct maker *m, bool load, u32 rt, u32 rn, s32 off)
{
	u32 up = off >= 0 ? BIT(23) : 0, imm = (u32)(up ? off : -off);

	m->ok &= imm < 4096;
	put(m, 0xe5000000 | up | (u32)load << 20 | rn << 16 | rt << 12 | (imm & 0xfff));
}

static void load(struct maker *m, u32 rt, u32 field)
{
	put_ls(m, true, rt, PC, (s32)(m->at->open + field - (here(m) + 8)));
}

static void store(struct maker *m, u32 rt, u32 field)
{
	put_ls(m, false, rt, PC, (s32)(m->at->open + field - (here(m) + 8)));
}

static void save(struct maker *m, u32 r)
{
	m->c->saved = m->c->words;
	m->c->scratch[m->saves] = (u8)r;
	store(m, r, OPEN(scratch) + 4 * m->saves++);
}

static void restore(struct maker *m)
{
	for (u32 i = 0; i < m->saves; i++)
		load(m, m->c->scratch[i], OPEN(scratch) + 4 * i);
}

/* The word that follows does the work. */
static void commit(struct maker *m)
{
	m->c->commit = m->c->words;
}

/* Restore scratch registers, and go on behind the site. */
static void leave(struct maker *m)
{
	u32 back;

	restore(m);
	back = stub_branch(here(m), m->at->site + 4, 14);
	m->ok &= back != 0;
	put(m, back);
}

/* CPSID I, CPSIE I: bit 7 of the word that is stored, the pc itself, is CPSR.I. */
static void make_cps(struct maker *m)
{
	commit(m);
	store(m, PC, OPEN(mask));
	leave(m);
}

static void make_mrs_cpsr(struct maker *m)
{
	u32 rd = m->operand, s = m->scratch;

	m->c->forward = true;
	save(m, m->scratch);
	load(m, s, OPEN(mask));
	put(m, 0xe2000080 | s << 16 | s << 12);			/* AND s, s, #0x80 */
	commit(m);
	put(m, 0xe10f0000 | rd << 12);				/* MRS rd, CPSR: bits 9:6 and 4:0 are UNKNOWN in User mode (B9.3.8) */
	put(m, 0xe7c90010 | rd << 12 | s);			/* BFI rd, s, #0, #10 */
	load(m, s, OPEN(psr_or));
	put(m, 0xe1800000 | rd << 16 | rd << 12 | s);		/* ORR rd, rd, s */
	leave(m);
}

/* MSR CPSR_c: as CPSID or CPSIE if nothing but I differs, else the store misses the guarded page and aborts. */
static void make_msr_cpsr_c(struct maker *m)
{
	u32 rm = m->operand, s = m->scratch;
	gva_t base;
	u32 ahead;

	save(m, m->scratch);
	load(m, s, OPEN(psr_or));
	put(m, 0xe0200000 | s << 16 | s << 12 | rm);		/* EOR s, s, rm */
	put(m, 0xe2000000 | s << 16 | s << 12 | STUB_MODES);	/* AND s, s, #STUB_MODES */
	base = here(m) + 8;
	put(m, 0xe0800600 | PC << 16 | s << 12 | s);		/* ADD s, pc, s, LSL #12 */
	ahead = m->at->guarded + OPEN(mask) - base;
	m->ok &= ahead < 0x100000;
	put(m, 0xe2800a00 | s << 16 | s << 12 | (ahead >> 12 & 0xff));	/* ADD s, s, #pages << 12 */
	commit(m);
	put_ls(m, false, rm, s, (s32)(ahead & 0xfff));
	leave(m);
}

/* Bits that do not exist read as zero, although MSR has stored them. */
static void make_mrs_spsr(struct maker *m)
{
	m->c->forward = true;
	commit(m);
	load(m, m->operand, OPEN(spsr));
	put(m, 0xe3c0060f | m->operand << 16 | m->operand << 12);	/* BIC rd, rd, #0x00f00000 */
	leave(m);
}

static void make_msr_spsr(struct maker *m)
{
	commit(m);
	store(m, m->operand, OPEN(spsr));
	leave(m);
}

/* STMDB Rn, {sp, lr}^, with two other registers: alignment and aborts are those of STM. */
static void make_stm_sp_lr(struct maker *m)
{
	u32 rn = m->operand, sp = m->scratch, lr = sp + 1 == rn ? sp + 2 : sp + 1;

	save(m, sp);
	save(m, lr);
	load(m, sp, OPEN(other_sp));
	load(m, lr, OPEN(other_lr));
	commit(m);
	put(m, 0xe9000000 | rn << 16 | 1u << sp | 1u << lr);	/* STMDB rn, {sp, lr} */
	leave(m);
}

#define MAKE_READ(name, field)				\
static void make_##name(struct maker *m)		\
{							\
	commit(m);					\
	load(m, m->operand, OPEN(field));		\
	leave(m);					\
}
MAKE_READ(tpidrprw_read, tpidrprw)
MAKE_READ(sctlr_read, sctlr)
MAKE_READ(dacr_read, dacr)
MAKE_READ(ttbr0_read, ttbr0)
MAKE_READ(ttbr1_read, ttbr1)
MAKE_READ(dfsr_read, dfsr)
MAKE_READ(ifsr_read, ifsr)
MAKE_READ(dfar_read, dfar)
MAKE_READ(ifar_read, ifar)
MAKE_READ(ctr_read, ctr)

/*
 * DACR: what is really open is open->dacr_real. Closing what is not open, and opening what nothing has needed yet, is only
 * remembered. Otherwise the trapping word does it, and the store behind it says the same again.
 */
static void make_dacr_write(struct maker *m)
{
	u32 rt = m->operand, s = m->scratch;

	save(m, m->scratch);
	load(m, s, OPEN(dacr_real));
	put(m, 0xe1c00000 | s << 16 | s << 12 | rt);		/* BIC s, s, rt: what is really open and is to be closed */
	put(m, 0xe16f0f10 | s << 12 | s);			/* CLZ s, s: 32 if nothing is left */
	put(m, 0xe1a002a0 | s << 12 | s);			/* MOV s, s, LSR #5: then 1, else 0 */
	put(m, 0xe0800180 | PC << 16 | PC << 12 | s);		/* ADD pc, pc, s, LSL #3 */
	put(m, 0xe1a00000);					/* never executed */
	restore(m);
	put(m, m->at->trap);
	store(m, PC, OPEN(dacr_writer));
	commit(m);
	store(m, rt, OPEN(dacr));
	leave(m);
}

/* LDRT and the like: the window needs the whole word, and goes on behind it. */
static void make_user_ls(struct maker *m)
{
	commit(m);
	put(m, m->at->trap);
	put(m, m->at->word);
	leave(m);
}

static const struct row {
	enum stub_class cls;
	void (*make)(struct maker *m);
} rows[STUB_KINDS] = {
	[SITE_KIND_CPSID] = { STUB_MASK, make_cps },
	[SITE_KIND_CPSIE] = { STUB_UNMASK, make_cps },
	[SITE_KIND_MRS_CPSR] = { STUB_PLAIN, make_mrs_cpsr },
	[SITE_KIND_MRS_SPSR] = { STUB_PLAIN, make_mrs_spsr },
	[SITE_KIND_MSR_SPSR] = { STUB_PLAIN, make_msr_spsr },
	[SITE_KIND_MSR_CPSR_C] = { STUB_PLAIN, make_msr_cpsr_c },
	[SITE_KIND_STM_SP_LR] = { STUB_PLAIN, make_stm_sp_lr },
	[SITE_KIND_TPIDRPRW_R] = { STUB_PLAIN, make_tpidrprw_read },
	[SITE_KIND_SCTLR_R] = { STUB_PLAIN, make_sctlr_read },
	[SITE_KIND_TPIDRURO_W] = { STUB_GATE, NULL },
	[SITE_KIND_DCCMVAC] = { STUB_GATE, NULL },
	[SITE_KIND_ICIALLU] = { STUB_GATE, NULL },
	[SITE_KIND_BPIALL] = { STUB_GATE, NULL },
	[STUB_KIND_ICIMVAU] = { STUB_GATE, NULL },
	[SITE_KIND_FPEXC_R] = { STUB_GATE, NULL },
	[SITE_KIND_FPEXC_W] = { STUB_GATE, NULL },
	[STUB_KIND_MVFR0_R] = { STUB_GATE, NULL },
	[SITE_KIND_DACR_R] = { STUB_PLAIN, make_dacr_read },
	[SITE_KIND_DACR_W] = { STUB_PLAIN, make_dacr_write },
	[SITE_KIND_USER_LS] = { STUB_PLAIN, make_user_ls },
	[SITE_KIND_DFSR_R] = { STUB_PLAIN, make_dfsr_read },
	[SITE_KIND_IFSR_R] = { STUB_PLAIN, make_ifsr_read },
	[SITE_KIND_DFAR_R] = { STUB_PLAIN, make_dfar_read },
	[SITE_KIND_IFAR_R] = { STUB_PLAIN, make_ifar_read },
	[SITE_KIND_TTBR0_R] = { STUB_PLAIN, make_ttbr0_read },
	[SITE_KIND_TTBR1_R] = { STUB_PLAIN, make_ttbr1_read },
	[SITE_KIND_CTR_R] = { STUB_PLAIN, make_ctr_read },
};

/* LDRT, STRT, LDRBT, STRBT with an immediate, whose registers are not UNPREDICTABLE. */
static bool is_user_ls(u32 w)
{
	u32 rn = FIELD(w, 19, 16), rt = FIELD(w, 15, 12);

	return (w & 0xff200000) == 0xe4200000 && rn != 15 && rt != 15 && rn != rt;
}

/* The same without a condition: what a branch on that condition leads to. */
static u32 unconditional(u32 w)
{
	return w >> 28 == 15 ? w : (w & 0x0fffffff) | 14u << 28;
}

#define CPS_I	2u	/* operand of CPS: A I F */

u32 stub_kind(u32 word)
{
	u32 w = unconditional(word), kind = is_user_ls(w) ? (u32)SITE_KIND_USER_LS : site_kind_of(w);
	enum stub_class cls = rows[kind].cls;

	/* A and F are not in the open page's mask word. Cleaning may be a hint, which is C's. */
	if (cls == STUB_NONE || (kind == SITE_KIND_DCCMVAC && IS_ENABLED(CONFIG_SHADOW_CLEAN_HINT)) || ((cls == STUB_MASK || cls == STUB_UNMASK) && site_operand(w) != CPS_I))
		return SITE_KIND_C;
	return kind;
}

u32 stub_operand(u32 word)
{
	return site_operand(unconditional(word));
}

enum stub_class stub_class(u32 kind)
{
	return rows[kind].cls;
}

bool stub_fits(enum stub_class cls, const struct stub_at *at)
{
	bool bit = (at->stub + at->pc_offset) & 0x80;

	return cls == STUB_MASK ? bit : cls == STUB_UNMASK ? !bit : true;
}

u32 stub_branch(gva_t from, gva_t to, u32 cond)
{
	s32 off = (s32)(to - (from + 8));

	if ((u32)off + STUB_REACH >= 2 * STUB_REACH || off & 3)
		return 0;
	return cond << 28 | 0x0a000000 | ((u32)off >> 2 & 0xffffff);
}

bool stub_make(struct stub_code *c, u32 kind, const struct stub_at *at)
{
	struct maker m = { .c = c, .at = at, .operand = at->operand, .scratch = at->operand == 0, .ok = true };

	c->words = c->commit = c->saved = 0;
	c->scratch[0] = c->scratch[1] = STUB_NO_SCRATCH;
	c->forward = false;
	rows[kind].make(&m);
	return m.ok;
}
