/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fast exits: the hot sensitive instructions, executed inside the window under the guest's tables, without a switch to
 * Umbra's address space.
 *
 * Rules for this file:
 *  1. It is linked into the window text and runs at a movable address: no global data, no jump tables, no library calls.
 *  2. It sees the shared page of the vCPU, the site cache behind it, and guest memory only through window_ldrt() and friends.
 *  3. Everything it does not handle completely it leaves untouched and returns false: the slow path then does it all.
 *  4. The meaning of an instruction is the one of exec.c; tests run the same guests with and without this file.
 */
#include <arm/open.h>
#include <arm/psr.h>
#include <arm/site.h>
#include <arm/sysreg.h>
#include <arm/vcpu.h>
#include <arm/window.h>

bool window_fast(struct vcpu *v, u32 vector);

/* CP15 accesses with condition and Rt masked out. */
#define MRC(op1, crn, crm, op2)	(0x0e100f10u | (op1) << 21 | (crn) << 16 | (crm) | (op2) << 5)
#define MCR(op1, crn, crm, op2)	(MRC(op1, crn, crm, op2) & ~BIT(20))
#define CACHE_OP(crm, op2)	MCR(0, 7, crm, op2)
#define FAST_LOOP_MAX		256u	/* lines per exit: physical interrupts wait that long at most */
#define FAST_RUN_MAX		32u	/* adjacent sites per exit, for the same reason */
#define CACHE_OP_MASK		0x0fff0fffu
#define VMRS(reg)		(0x0ef00a10u | (reg) << 16)	/* B9.3.21 */

static inline bool fast_priv(const struct vcpu *v)
{
	return (v->cpsr & PSR_MODE) != MODE_USR;
}

/* Bank of a mode without the table of vcpu.c (rule 1); FIQ and illegal modes are left to the slow path. */
static inline u32 fast_bank(u32 mode)
{
	switch (mode) {
	case MODE_USR:
	case MODE_SYS:
		return BANK_USR;
	case MODE_IRQ:
		return BANK_IRQ;
	case MODE_SVC:
		return BANK_SVC;
	case MODE_ABT:
		return BANK_ABT;
	case MODE_UND:
		return BANK_UND;
	default:
		return BANK_NR;
	}
}

/* At once, because what follows in the same exit may touch guest memory. */
static inline void fast_set_dacr(struct vcpu *v, u32 dacr)
{
	if (v->hw_dacr == dacr)
		return;
	v->hw_dacr = dacr;
	write_dacr(dacr);
	isb();
}

/* CPSR := new, when that needs nothing but banked sp/lr and the host DACR. */
static inline bool fast_set_cpsr(struct vcpu *v, u32 new)
{
	u32 old = v->cpsr;

	if (v->irq_in & ~new & PSR_AIF)
		return false;		/* something becomes deliverable */
	if (new & PSR_E)
		return false;		/* big-endian data: C decides what may run then */
	if ((old ^ new) & PSR_MODE) {
		u32 from = fast_bank(old & PSR_MODE), to = fast_bank(new & PSR_MODE);

		if (from == BANK_NR || to == BANK_NR || v->fast_modes_off)
			return false;
		if (from != to) {
			v->bank_sp[from] = v->r[13];
			v->bank_lr[from] = v->r[14];
			v->r[13] = v->bank_sp[to];
			v->r[14] = v->bank_lr[to];
		}
		fast_set_dacr(v, (new & PSR_MODE) == MODE_USR ? v->dacr_user : v->dacr_kernel);
		if ((new & PSR_MODE) == MODE_USR && new & PSR_AIF) {	/* the window's system call knows User mode with nothing masked */
			v->svc_vector = v->svc_vector_t32 = 0;
			v->svc_entry = v->svc_plain = v->svc_line = v->call_slow;
			v->lines_now = 0;
			v->abort.now = v->abort.plain;
		}
	}
	v->cpsr = new;
	return true;
}

/* PSR bits that a field mask names; bits 23:20 do not exist (B1.3.3). */
static inline u32 mask_bytes(u32 mask)
{
	return (mask & 1 ? 0x000000ffu : 0) | (mask & 2 ? 0x0000ff00u : 0) |
	       (mask & 4 ? PSR_GE : 0) | (mask & 8 ? 0xff000000u : 0);
}

/* Only Thumb code has instructions of half a word. */
static inline bool fast_next(struct vcpu *v)
{
	v->r[15] += (v->cpsr & PSR_T) && !(v->exit_insn >> 16) ? 2 : 4;
	return true;
}

static inline bool fast_done(struct vcpu *v, enum exit_cause cause)
{
	v->exits[cause]++;
	return fast_next(v);
}

static bool fast_cps(struct vcpu *v, u32 w)
{
	u32 aif = w & PSR_AIF, new = v->cpsr;

	if (w & BIT(19))
		new = w & BIT(18) ? new | aif : new & ~aif;
	if (w & BIT(17))
		new = (new & ~PSR_MODE) | (w & PSR_MODE);
	if (!fast_set_cpsr(v, new))
		return false;
	return fast_done(v, EXIT_SITE_CPS);
}

static bool fast_mrs(struct vcpu *v, u32 w)
{
	u32 rd = FIELD(w, 15, 12), bank;

	if (rd == 15)
		return false;
	if (w & BIT(22)) {
		bank = fast_bank(v->cpsr & PSR_MODE);
		if (bank == BANK_NR || bank == BANK_USR)
			return false;
		v->r[rd] = v->bank_spsr[bank];
	} else {
		v->r[rd] = v->cpsr & ~(PSR_T | PSR_J | PSR_IT);
	}
	return fast_done(v, EXIT_SITE_MRS);
}

static bool fast_msr(struct vcpu *v, u32 w, u32 value)
{
	u32 mask = mask_bytes(FIELD(w, 19, 16)), bank;

	if (!mask)
		return false;		/* a hint: WFI shares the encoding of MSR immediate */
	if (w & BIT(22)) {
		bank = fast_bank(v->cpsr & PSR_MODE);
		if (bank == BANK_NR || bank == BANK_USR)
			return false;
		v->bank_spsr[bank] = (v->bank_spsr[bank] & ~mask) | (value & mask);
	} else {
		mask &= ~(PSR_T | PSR_J | PSR_IT);
		if (!fast_set_cpsr(v, (v->cpsr & ~mask) | (value & mask)))
			return false;
	}
	return fast_done(v, EXIT_SITE_MSR);
}

/* Exception return to @target with the current SPSR. Registers of the old mode must be complete. */
static bool fast_return(struct vcpu *v, u32 target)
{
	u32 bank = fast_bank(v->cpsr & PSR_MODE), psr;

	if (bank == BANK_NR || bank == BANK_USR)
		return false;
	psr = v->bank_spsr[bank];
	if ((psr & PSR_J) || (!(psr & PSR_T) && (psr & PSR_IT)) || !fast_set_cpsr(v, psr))
		return false;
	v->r[15] = psr & PSR_T ? target & ~1u : target & ~3u;
	v->exits[EXIT_SITE_RET]++;
	return true;
}

/* Registers in a list (no libgcc here). */
static inline u32 list_count(u32 x)
{
	x -= (x >> 1) & 0x5555;
	x = (x & 0x3333) + ((x >> 2) & 0x3333);
	x = (x + (x >> 4)) & 0x0f0f;
	return (x + (x >> 8)) & 0x1f;
}

/* LDM/STM with ^: user bank registers, base from the current mode, no write-back, pc not in the list. */
static bool fast_ldm_stm_user(struct vcpu *v, u32 w)
{
	u32 list = w & 0xffff, n = list_count(list), buf[15], i = 0;
	u32 bank = fast_bank(v->cpsr & PSR_MODE);
	u32 rn = FIELD(w, 19, 16), base;

	if (bank == BANK_NR || bank == BANK_USR || !list || (w & BIT(15)) || (w & BIT(21)) || rn == 15)
		return false;
	base = v->r[rn];
	base = w & BIT(23) ? base + (w & BIT(24) ? 4 : 0) : base - 4 * n + (w & BIT(24) ? 0 : 4);
	if (base & 3)
		return false;
	if (w & BIT(20)) {
		if (!window_ldrt(base, buf, n))
			return false;
		for (u32 r = 0; r < 15; r++)
			if (list & BIT(r))
				*(r == 13 ? &v->bank_sp[BANK_USR] : r == 14 ? &v->bank_lr[BANK_USR] : &v->r[r]) = buf[i++];
	} else {
		for (u32 r = 0; r < 15; r++)
			if (list & BIT(r))
				buf[i++] = r == 13 ? v->bank_sp[BANK_USR] : r == 14 ? v->bank_lr[BANK_USR] : v->r[r];
		if (!window_strt(base, buf, n))
			return false;
	}
	return fast_done(v, EXIT_SITE_BANK);
}

/* LDM with pc and ^, exception return. */
static bool fast_ldm_return(struct vcpu *v, u32 w)
{
	u32 list = w & 0xffff, n = list_count(list), buf[16], old[16], i = 0;
	u32 rn = FIELD(w, 19, 16), base = v->r[rn];

	if (rn == 15)
		return false;
	base = w & BIT(23) ? base + (w & BIT(24) ? 4 : 0) : base - 4 * n + (w & BIT(24) ? 0 : 4);
	if ((base & 3) || !window_ldrt(base, buf, n))
		return false;
	for (u32 r = 0; r < 16; r++)
		old[r] = v->r[r];
	if (w & BIT(21))
		v->r[rn] += w & BIT(23) ? 4 * n : -4 * n;
	for (u32 r = 0; r < 15; r++)
		if (list & BIT(r))
			v->r[r] = buf[i++];
	if (fast_return(v, buf[i]))
		return true;
	for (u32 r = 0; r < 16; r++)
		v->r[r] = old[r];
	return false;
}

/*
 * LDRT, STRT, LDRBT, STRBT with an immediate: the access is made with the rights of virtual User mode, which is the host DACR
 * of that mode. Anything else of the family, and a fault, is for the slow path.
 */
static bool fast_user_access(struct vcpu *v, u32 w)
{
	u32 rn = FIELD(w, 19, 16), rt = FIELD(w, 15, 12), va = v->r[rn], value = v->r[rt];
	u8 byte = value;
	bool done;

	if (rn == 15 || rt == 15 || rn == rt || (!(w & BIT(22)) && (va & 3)))
		return false;
	write_dacr(v->dacr_user);
	isb();
	if (w & BIT(20))
		done = w & BIT(22) ? window_ldrbt(va, &byte) : window_ldrt(va, &value, 1);
	else
		done = w & BIT(22) ? window_strbt(va, &byte) : window_strt(va, &value, 1);
	write_dacr(v->hw_dacr);
	isb();
	if (!done)
		return false;
	if (w & BIT(20))
		v->r[rt] = w & BIT(22) ? byte : value;
	v->r[rn] = w & BIT(23) ? va + (w & 0xfff) : va - (w & 0xfff);
	return fast_done(v, EXIT_SITE_USER_LS);
}

/* LDRHT, STRHT with an immediate: the first halfword of a T32 instruction of User mode, mostly. */
static bool fast_user_halfword(struct vcpu *v, u32 w)
{
	u32 rn = FIELD(w, 19, 16), rt = FIELD(w, 15, 12), va = v->r[rn], imm = FIELD(w, 11, 8) << 4 | (w & 0xf);
	u16 half = (u16)v->r[rt];
	bool done;

	if (rn == 15 || rt == 15 || rn == rt || va & 1)
		return false;
	write_dacr(v->dacr_user);
	isb();
	done = w & BIT(20) ? window_ldrht(va, &half) : window_strht(va, &half);
	write_dacr(v->hw_dacr);
	isb();
	if (!done)
		return false;
	if (w & BIT(20))
		v->r[rt] = half;
	v->r[rn] = w & BIT(23) ? va + imm : va - imm;
	return fast_done(v, EXIT_SITE_USER_LS);
}

#define PAR_F		1u	/* no translation; else 31:12 are the physical page (B4.1.112) */

/* Translate @va under the shadow tables for a write of guest User-mode code: ATS1CUW (B3.12). */
static inline u32 fast_user_par(u32 va)
{
	u32 par;

	asm volatile("mcr p15, 0, %1, c7, c8, 3\n\tisb\n\tmrc p15, 0, %0, c7, c4, 0" : "=r"(par) : "r"(va) : "memory");
	return par;
}

/*
 * Is what User mode reads at @va under the shadow tables (ATS1CUR) known to be no scanned code? A copy of one never is. Maintenance needs a
 * translation, no rights: the real DACR may be less open than what the guest's has been, as path `inline` leaves it.
 */
static inline bool fast_no_code(const struct vcpu *v, u32 va)
{
	u32 par;

	write_dacr(v->dacr_kernel);
	isb();
	asm volatile("mcr p15, 0, %1, c7, c8, 2\n\tisb\n\tmrc p15, 0, %0, c7, c4, 0" : "=r"(par) : "r"(va) : "memory");
	write_dacr(v->hw_dacr);
	isb();
	return !(par & PAR_F) && v->no_code[vcpu_no_code(par)] == (par & PAGE_MASK);
}

/* May guest User-mode code write @va under the shadow tables? Then its page is no scanned code. */
static inline bool fast_user_writable(u32 va)
{
	return !(fast_user_par(va) & PAR_F);
}

/* May @va lie in a first-level table that walks use now, or that the window could select? Others are looked at by C when they are selected. */
static bool fast_in_root(const struct vcpu *v, u32 va)
{
	u32 par = fast_user_par(va), table = par - v->ram_offset;
	const struct root_cache *c = v->root_cache[vcpu_root_index(table)];

	if (par & PAR_F || v->cp15.ttbcr)
		return true;
	if ((table ^ v->stub_line) & STUB_LINE_PAGE)
		return false;
	return !((v->cp15.ttbr0 ^ table) >> 14) || !((c[0].ttbr0 ^ table) >> 14) || !((c[1].ttbr0 ^ table) >> 14);
}

/*
 * May the line of @va hold a descriptor in the place of the stub area? When it is cleaned the guest may have taken that address for
 * itself, which the shadow MMU must look at.
 */
static bool fast_stub_line(const struct vcpu *v, u32 va)
{
	u32 desc;

	if ((v->stub_line ^ (va | STUB_LINE_VALID)) & STUB_LINE_MASK)
		return false;
	if (!window_ldrt((va & ~63u) | (v->stub_line & STUB_LINE_WORD), &desc, 1))
		return true;
	return (desc & 3) - 1 < 2 && fast_in_root(v, va);	/* a table, or a section */
}

/*
 * May cache operation @op be done here on the page of @va, on the guest's own address under its own tables? Invalidate is
 * clean+invalidate, and like I-cache maintenance it must not concern scanned code here, whose copy only the slow path can drop.
 */
static bool fast_cache_page(const struct vcpu *v, u32 op, u32 va)
{
	if (!((va ^ v->window_base) >> SECTION_SHIFT))
		return false;		/* here the window answers; what the guest has there, the slow path knows */
	if (op == CACHE_OP(10, 1) || op == CACHE_OP(11, 1))	/* DCCMVAC, DCCMVAU */
		return true;
	if (op == CACHE_OP(5, 1))
		return fast_no_code(v, va);	/* what User mode executes is not scanned, but looked at again */
	/* DCCIMVAC, DCIMVAC: a device is about to write, or has written */
	return fast_user_writable(va);
}

/*
 * @n lines of a page for which fast_cache_page() holds, none of which publishes a descriptor in the place of the stub area. ICIMVAU was done
 * by the first line: it takes all of the I-cache.
 */
static inline bool fast_cache_lines(u32 op, u32 va, u32 step, u32 n)
{
	if (op == CACHE_OP(10, 1) || op == CACHE_OP(11, 1))
		return window_dccmvac(va, step, n);
	return op == CACHE_OP(5, 1) || window_dccimvac(va, step, n);
}

static inline bool fast_cache_line(const struct vcpu *v, u32 op, u32 va)
{
	return !fast_stub_line(v, va) && fast_cache_lines(op, va, 0, 1);
}

/* ICIMVAU: all of it, the I-cache is virtually indexed and tagged with other addresses. */
static void fast_icache(void)
{
	dsb();
	write_iciallu(0);
	write_bpiall(0);
	dsb();
}

/*
 * Operations by MVA come in loops: op; add va, va, step; then cmp va, end; blo op or subs left, left, step; bhi op. Or with the end looked at
 * first: cmp va, end; bgt out; op; add va, va, step; b cmp. The whole loop is one exit. The rest of the loop must be in the page that is
 * executing, which keeps it honest.
 */
struct fast_loop {
	u32 rt, rn;		/* registers: the address, what is left to do (15: none) */
	u32 step, end;		/* the op is done for each address below @end */
	u32 bound;		/* what the address is compared with */
};

#define LOOP_BLO	0x3afffffbu
#define LOOP_BHI	0x8afffffbu
#define LOOP_AGAIN	0xeafffffau	/* b to the cmp before the branch before the op */
#define LOOP_CMP(rt)	(0xe1500000u | (rt) << 16)
#define OUT_BGT		0xcau		/* bits 31:24 of the branch out */
#define OUT_BGE		0xaau
#define OUT_BHI		0x8au
#define OUT_BHS		0x2au

/* Operand 2 of an ADD or SUBS: immediate or plain register other than @rt and pc. 0: another form. */
static u32 fast_operand(const struct vcpu *v, u32 w, u32 rt)
{
	u32 rm = w & 0xf, rot = 2 * FIELD(w, 11, 8);

	if (w & BIT(25))
		return rot ? (w & 0xff) >> rot | (w & 0xff) << (32 - rot) : w & 0xff;
	return w & 0xff0 || rm == rt || rm == 15 ? 0 : v->r[rm];
}

/* Is @add the ADD of the loop of @op? Then the step is known. */
static inline bool fast_loop_step(const struct vcpu *v, u32 op, u32 add, struct fast_loop *l)
{
	u32 rt = l->rt;

	if ((add & 0xfdfff000) != ((op & 0xf0000000) | 0x00800000 | rt << 16 | rt << 12))
		return false;
	l->step = fast_operand(v, add, rt);
	return l->step - 1 < PAGE_SIZE;
}

/*
 * The end is looked at before @op, as Linux's decompressor does. A signed comparison is one of addresses where both have the same sign: what is
 * between them has it too.
 */
static bool fast_loop_find_tested(const struct vcpu *v, u32 op, u32 add, struct fast_loop *l)
{
	u32 pc = v->r[15], va = v->r[l->rt], rm, out, w[2];

	if (op >> 28 != 14 || ((pc - 8) ^ pc) & PAGE_MASK || !fast_loop_step(v, op, add, l) || !window_ldrt(pc - 8, w, 2))
		return false;
	rm = w[0] & 0xf;
	out = w[1] >> 24;
	if ((w[0] & 0xfffffff0) != LOOP_CMP(l->rt) || rm == l->rt || rm == 15 ||
	    (out != OUT_BGT && out != OUT_BGE && out != OUT_BHI && out != OUT_BHS))
		return false;
	l->bound = v->r[rm];
	l->end = l->bound + (out == OUT_BGT || out == OUT_BHI);
	return va < l->end && !((out == OUT_BGT || out == OUT_BGE) && (va ^ l->bound) >> 31);
}

/* The loop that operation @op at r[15] stands in. With blo, op, add and cmp may all be conditional themselves: lo, as it holds now. */
static bool fast_loop_find(const struct vcpu *v, u32 op, struct fast_loop *l)
{
	u32 pc = v->r[15], rt = FIELD(op, 15, 12), cond = op & 0xf0000000, w[3], left;

	if (v->cpsr & PSR_T || ((pc + 12) ^ pc) & PAGE_MASK || !window_ldrt(pc + 4, w, 3))
		return false;
	l->rt = rt;
	l->rn = 15;
	if (w[1] == LOOP_AGAIN)
		return fast_loop_find_tested(v, op, w[0], l);
	if ((w[2] != LOOP_BLO && w[2] != LOOP_BHI) || (cond != 0xe0000000 && cond != (w[2] & 0xf0000000)) || !fast_loop_step(v, op, w[0], l))
		return false;
	if (w[2] == LOOP_BLO) {
		if ((w[1] & 0xfffffff0) != (cond | (LOOP_CMP(rt) & 0x0fffffff)) || (w[1] & 0xf) == rt || (w[1] & 0xf) == 15)
			return false;
		l->bound = l->end = v->r[w[1] & 0xf];
		return true;
	}
	left = FIELD(w[1], 19, 16);
	if ((w[1] & 0xfdff0000) != (0xe0500000 | left << 16) || cond != 0xe0000000 || FIELD(w[1], 15, 12) != left || left == rt || left == 15 ||
	    ((w[0] ^ w[1]) & (BIT(25) | 0xfff)) || (!(w[1] & BIT(25)) && (w[1] & 0xf) == left))
		return false;
	l->rn = left;
	l->end = v->r[rt] + v->r[left];
	return l->end >= v->r[rt];
}

/* NZCV of CMP a, b */
static inline u32 fast_flags(u32 a, u32 b)
{
	u32 d = a - b;

	return (d & BIT(31)) | (d ? 0 : BIT(30)) | (a >= b ? BIT(29) : 0) | (((a ^ b) & (a ^ d)) >> 31 ? BIT(28) : 0);
}

/* The guest's registers as they are when the loop is about to do, or has just done, @va. */
static inline void fast_loop_set(struct vcpu *v, const struct fast_loop *l, u32 va)
{
	u32 left = l->end - va;

	if (v->r[l->rt] == va)
		return;
	v->r[l->rt] = va;
	if (l->rn != 15)
		v->r[l->rn] = left;
	v->cpsr = (v->cpsr & 0x0fffffff) | (l->rn != 15 ? fast_flags(left + l->step, l->step) : fast_flags(va, l->bound));
}

/* How many operations of the loop from @va on are in its page, and before a line that may be about the stub area. 0: look at each. */
static u32 fast_loop_run(const struct vcpu *v, const struct fast_loop *l, u32 va)
{
	u32 left = l->end - va, room = PAGE_SIZE - (va & ~PAGE_MASK), line;

	if (left < room)
		room = left;
	if (v->stub_line) {
		line = (va & PAGE_MASK) | (v->stub_line & STUB_LINE_MASK & ~STUB_LINE_VALID);
		if (line - (va & ~63u) < room)
			room = line > va ? line - va : 0;
	}
	return l->step & (l->step - 1) ? 0 : (room + l->step - 1) >> (31 - __builtin_clz(l->step));
}

/* Is it a line that is cleaned by itself, which may be a hint for C? */
static inline bool fast_is_hint(const struct vcpu *v, u32 w, u32 op)
{
	struct fast_loop l;

	return IS_ENABLED(CONFIG_SHADOW_CLEAN_HINT) && (op == CACHE_OP(10, 1) || op == CACHE_OP(11, 1)) && !fast_loop_find(v, w, &l);
}

static bool fast_cache_loop(struct vcpu *v, u32 w)
{
	u32 rt = FIELD(w, 15, 12), op = w & CACHE_OP_MASK, va = v->r[rt], next;
	struct fast_loop l;

	if (fast_is_hint(v, w, op) || !fast_cache_page(v, op, va) || !fast_cache_line(v, op, va))
		return false;
	if (op == CACHE_OP(5, 1))
		fast_icache();
	v->exits[EXIT_CP15_CACHE]++;
	if (!fast_loop_find(v, w, &l))
		return fast_next(v);
	/* At a turn that fails the guest stands at the op itself, exactly as it would have executed it. */
	for (u32 turn = 0; turn < FAST_LOOP_MAX; va = next) {
		u32 n;

		next = va + l.step;
		if (next >= l.end || next < l.step)
			break;		/* last turn: add, cmp and the branch run natively and set the flags */
		n = fast_loop_run(v, &l, next);
		if ((((next ^ va) & PAGE_MASK) && !fast_cache_page(v, op, next)) ||
		    !(n ? fast_cache_lines(op, next, l.step, n) : fast_cache_line(v, op, next))) {
			fast_loop_set(v, &l, next);
			return true;
		}
		n += !n;
		turn += n;
		next += (n - 1) * l.step;
	}
	fast_loop_set(v, &l, va);
	return fast_next(v);
}

/* May any shadow table have something in the slot of @va? The shadow MMU keeps the bits. */
static inline bool fast_shadowed(const struct vcpu *v, u32 va)
{
	return v->shadowed[va >> (SECTION_SHIFT + 5)] >> (va >> SECTION_SHIFT & 31) & 1;
}

/*
 * TLB operation by MVA: where the shadow has nothing there is nothing to do. In a loop over pages that is told slot by slot; at
 * the first slot that has something, the slow path goes on, and takes the rest of the slot at once.
 */
static bool fast_tlb_mva(struct vcpu *v, u32 w)
{
	u32 rt = FIELD(w, 15, 12), va = v->r[rt], last;
	struct fast_loop l;

	if (!fast_loop_find(v, w, &l) || l.step != PAGE_SIZE || l.rn != 15 || l.end <= va)
		return !fast_shadowed(v, va) && fast_done(v, EXIT_CP15_TLB);
	for (u32 turn = 0; turn < FAST_LOOP_MAX && !fast_shadowed(v, va); turn++) {
		last = va | (~SECTION_MASK & PAGE_MASK);
		if (last >= l.end)
			last = va + ((l.end - 1 - va) & PAGE_MASK);
		v->r[rt] = last;
		va = last + PAGE_SIZE;
		if (va >= l.end || va < PAGE_SIZE)
			return fast_done(v, EXIT_CP15_TLB);
	}
	v->r[rt] = va;
	if (!fast_shadowed(v, va))
		return true;		/* enough for one exit, the guest stands at the operation */
	v->tlb_loop.pc = v->r[15];	/* for this exit only: C forgets it */
	v->tlb_loop.rt = rt;
	v->tlb_loop.end = l.end;
	return false;
}

/* Guest DACR write whose translation to host domains is known. */
static bool fast_dacr_write(struct vcpu *v, u32 value)
{
	const struct dacr_cache *c = v->dacr_cache;

	for (u32 i = 0; i < ARRAY_SIZE(v->dacr_cache); i++, c++) {
		if (c->guest != value || !c->valid)
			continue;
		v->cp15.dacr = value;
		v->dacr_kernel = c->kernel;
		v->dacr_user = c->user;
		v->dacr_entry = value;
		v->hw_dacr_entry = c->kernel;
		open_choose_call(v);
		fast_set_dacr(v, c->kernel);
		return true;
	}
	return false;
}

/* System calls in the root of @c: by lines, if they were right there and nothing that it depends on is gone since. */
static inline void fast_calls(struct vcpu *v, const struct root_cache *c)
{
	open_choose_lines(v, (v->svc_vector || v->svc_vector_t32) && c->calls == v->call_gen);
}

/*
 * Go on in the root that the shadow MMU has ready for the guest's @ttbr0 and @contextidr, if there is one. The same way from ASID to ASID as
 * window.S: through the trampoline root, which maps the window and nothing else (B3.10.4).
 */
static bool fast_root(struct vcpu *v, u32 ttbr0, u32 contextidr)
{
	const struct root_cache *c = vcpu_root_cached(v, ttbr0, contextidr & 0xff);

	if (!c)
		return false;
	v->cp15.ttbr0 = ttbr0;
	v->cp15.contextidr = contextidr;
	fast_calls(v, c);
	if (c->hw_asid == v->hw_asid)
		return true;
	v->hw_ttbr0 = c->hw_ttbr0;
	v->hw_asid = c->hw_asid;
	dsb();				/* the guest's stores are done before tables change */
	write_ttbr0(v->tramp_ttbr0);
	isb();
	write_contextidr(c->hw_asid);
	isb();
	write_ttbr0(c->hw_ttbr0);
	isb();
	return true;
}

/* ConditionPassed() for a condition other than 0b1111 (A8.3.1). */
static bool fast_cond(u32 cond, u32 cpsr)
{
	bool n = cpsr & BIT(31), z = cpsr & BIT(30), c = cpsr & BIT(29), o = cpsr & BIT(28), holds = true;

	if (cond < 8)
		holds = cond < 2 ? z : cond < 4 ? c : cond < 6 ? n : o;
	else if (cond < 14)
		holds = cond < 10 ? c && !z : n == o && (cond < 12 || !z);
	return holds != (cond & 1);
}

/* What the unit has: kernels that save its registers ask each time. */
static inline u32 fast_mvfr0(void)
{
	u32 value;

	asm volatile(".fpu neon\n\tvmrs %0, mvfr0" : "=r"(value));
	return value;
}

/* MRC and VMRS without side effects, by encoding with condition and Rt masked out. */
static bool fast_mrc(struct vcpu *v, u32 op, u32 *r)
{
	const struct vcp15 *c = &v->cp15;

	switch (op) {
	case MRC(0, 13, 0, 4):
		*r = c->tpidrprw;
		return fast_done(v, EXIT_CP15_THREAD);
	case MRC(0, 0, 0, 1):
		*r = read_ctr();
		return fast_done(v, EXIT_CP15_OTHER);
	case MRC(0, 3, 0, 0):
		*r = c->dacr;
		return fast_done(v, EXIT_CP15_DACR);
	case MRC(0, 1, 0, 0):
		*r = c->sctlr;
		return fast_done(v, EXIT_CP15_SCTLR);
	case MRC(0, 5, 0, 0):
		*r = c->dfsr;
		return fast_done(v, EXIT_CP15_FAULT);
	case MRC(0, 5, 0, 1):
		*r = c->ifsr;
		return fast_done(v, EXIT_CP15_FAULT);
	case MRC(0, 6, 0, 0):
		*r = c->dfar;
		return fast_done(v, EXIT_CP15_FAULT);
	case MRC(0, 6, 0, 2):
		*r = c->ifar;
		return fast_done(v, EXIT_CP15_FAULT);
	case MRC(0, 2, 0, 0):
		*r = c->ttbr0;
		return fast_done(v, EXIT_CP15_CTX);
	case MRC(0, 2, 0, 1):
		*r = c->ttbr1;
		return fast_done(v, EXIT_CP15_CTX);
	case MRC(0, 13, 0, 1):
		*r = c->contextidr;
		return fast_done(v, EXIT_CP15_CTX);
	case VMRS(7):
		if (!v->vfp_open)
			return false;
		*r = fast_mvfr0();
		return fast_done(v, EXIT_VFP_SYS);
	default:
		return false;
	}
}

/* Registers whose new value needs nothing but what the vCPU page holds. */
static bool fast_mcr(struct vcpu *v, u32 op, u32 value)
{
	struct vcp15 *c = &v->cp15;

	switch (op) {
	case MCR(0, 13, 0, 3):
		c->tpidruro = value;
		write_tpidruro(value);
		return fast_done(v, EXIT_CP15_THREAD);
	case MCR(0, 3, 0, 0):
		return (value == c->dacr || fast_dacr_write(v, value)) && fast_done(v, EXIT_CP15_DACR);
	case MCR(0, 1, 0, 0):
		return !((value ^ c->sctlr) & SCTLR_WMASK) && fast_done(v, EXIT_CP15_SCTLR);
	case MCR(0, 2, 0, 0):
		return (value == c->ttbr0 || fast_root(v, value, c->contextidr)) && fast_done(v, EXIT_CP15_CTX);
	case MCR(0, 13, 0, 1):
		return (value == c->contextidr || fast_root(v, c->ttbr0, value)) && fast_done(v, EXIT_CP15_CTX);
	default:
		return false;
	}
}

/* Cache, branch predictor and TLB maintenance: c7 and c8. */
static bool fast_maintenance(struct vcpu *v, u32 w, u32 value)
{
	switch (w & CACHE_OP_MASK) {
	case CACHE_OP(10, 1):
	case CACHE_OP(11, 1):
	case CACHE_OP(14, 1):
	case CACHE_OP(6, 1):
	case CACHE_OP(5, 1):
		return fast_cache_loop(v, w);
	case MCR(0, 8, 5, 1):		/* ITLBIMVA, DTLBIMVA, TLBIMVA */
	case MCR(0, 8, 6, 1):
	case MCR(0, 8, 7, 1):
		return fast_tlb_mva(v, w);
	case CACHE_OP(5, 0):		/* ICIALLU */
		dsb();
		write_iciallu(0);
		write_bpiall(0);
		return fast_done(v, EXIT_CP15_CACHE);
	case CACHE_OP(5, 6):		/* BPIALL */
		write_bpiall(0);
		return fast_done(v, EXIT_CP15_CACHE);
	case CACHE_OP(10, 2):		/* set/way; invalidate upgraded to clean+invalidate */
		if (v->stub_line)
			return false;	/* may be what publishes a descriptor in the place of the stub area */
		if (set_way_exists(value))
			write_dccsw(value);
		return fast_done(v, EXIT_CP15_CACHE);
	case CACHE_OP(6, 2):
	case CACHE_OP(14, 2):
		if (v->stub_line)
			return false;
		if (set_way_exists(value))
			write_dccisw(value);
		return fast_done(v, EXIT_CP15_CACHE);
	default:
		return false;
	}
}

/* CP15 accesses without side effects beyond the vCPU, and maintenance. */
static bool fast_cp15(struct vcpu *v, u32 w)
{
	u32 rt = FIELD(w, 15, 12), op = w & CACHE_OP_MASK, crn = FIELD(w, 19, 16);

	if (rt >= 15 || (w >> 28 != 14 && (w >> 28 == 15 || !fast_cond(w >> 28, v->cpsr))))
		return false;
	if (w & BIT(20))
		return fast_mrc(v, op, &v->r[rt]);
	return crn == 7 || crn == 8 ? fast_maintenance(v, w, v->r[rt]) : fast_mcr(v, op, v->r[rt]);
}

/* The sensitive instruction @w, or what means the same in A32. */
static bool fast_word(struct vcpu *v, u32 w)
{
	if ((w & 0x0f000f10) == 0x0e000f10)
		return fast_cp15(v, w);
	if (w >> 28 == 15)		/* CPS; not RFE and SRS, whose other bits look like LDM^ and STM^ */
		return (w & 0xfff1fe20) == 0xf1000000 && fast_cps(v, w);
	if ((w & 0x0fbf0fff) == 0x010f0000)
		return fast_mrs(v, w);
	if ((w & 0x0fb0fff0) == 0x0120f000)
		return (w & 0xf) < 15 && fast_msr(v, w, v->r[w & 0xf]);
	if ((w & 0x0fb0f000) == 0x0320f000 && (w & 0x004f0000)) {	/* no field and CPSR: the hints, among them WFI */
		u32 rot = 2 * FIELD(w, 11, 8);

		return fast_msr(v, w, rot ? (w & 0xff) >> rot | (w & 0xff) << (32 - rot) : w & 0xff);
	}
	if ((w & 0x0fffffff) == 0x01b0f00e)		/* MOVS pc, lr */
		return fast_return(v, v->r[14]);
	if ((w & 0x0ffff000) == 0x025ef000 && !(w & 0xf00))	/* SUBS pc, lr, #imm8 */
		return fast_return(v, v->r[14] - (w & 0xff));
	if ((w & 0x0f200000) == 0x04200000 && (w >> 28) != 15)
		return fast_user_access(v, w);
	if ((w & 0x0f6000f0) == 0x006000b0 && (w >> 28) != 15)
		return fast_user_halfword(v, w);
	if ((w & 0x0e508000) == 0x08508000)
		return fast_ldm_return(v, w);
	if ((w & 0x0e400000) == 0x08400000)
		return fast_ldm_stm_user(v, w);
	return false;
}

#define CLEAN_WORD_MASK	(0xff000000u | SITE_FLAG | 31u << SITE_KIND_SHIFT)
#define CLEAN_WORD	(0xef000000u | SITE_FLAG | (u32)SITE_KIND_DCCMVAC << SITE_KIND_SHIFT)

/*
 * A site: the original word is in the cache of recently emulated ones, keyed by address and trapping word. What the handler of cleaning leaves
 * over is done without it: the trapping word says all, and may be a gate's, whose address C never sees (roll() of path_inline.c).
 */
static bool fast_site(struct vcpu *v)
{
	const struct site_entry *e = window_site_entry(v, v->r[15]);

	if (e->pc == v->r[15] && e->svc == v->exit_insn)
		return fast_word(v, e->word);
	return (v->exit_insn & CLEAN_WORD_MASK) == CLEAN_WORD && fast_cp15(v, 0xee070f3a | (v->exit_insn & 15) << 12);
}

/* ITAdvance(), A2.5.2: ITSTATE[7:2] is CPSR[15:10], ITSTATE[1:0] is CPSR[26:25]. */
static inline u32 fast_it_advance(u32 psr)
{
	u32 it = FIELD(psr, 15, 10) << 2 | FIELD(psr, 26, 25);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	return (psr & ~PSR_IT) | (it >> 2) << 10 | (it & 3) << 25;
}

/* Privileged Thumb code: a trapping word, or a coprocessor access that traps by itself, which is encoded as in A32. */
static bool fast_t32_word(struct vcpu *v, u32 w)
{
	if ((w & 0xff000010) == 0xee000010)
		return fast_cp15(v, w);
	if ((w & ~0xfu) == SITE_T32_CPS)
		return fast_cps(v, 0xf1080000 | (w & 8) << 15 | (w & 7) << 6);
	return fast_site(v);
}

/*
 * The same in an IT block. Whether a condition that fails suppresses the exception is IMPLEMENTATION DEFINED (B1.9.2); what 16 bits stand for
 * is C's to know then. The state is that of the next instruction before this one is executed, because an exception return replaces it.
 */
static bool fast_t32(struct vcpu *v)
{
	u32 w = v->exit_insn, old = v->cpsr;

	if (!v->t32_kernel)
		return false;
	if (!(old & PSR_IT))
		return fast_t32_word(v, w);
	v->cpsr = fast_it_advance(old);
	if (fast_cond(FIELD(old, 15, 12), old) ? fast_t32_word(v, w) : w >> 16 && fast_next(v))
		return true;
	v->cpsr = old;
	return false;
}

/* System call of guest user code: what take_exception() does for SVC. */
static bool fast_svc(struct vcpu *v)
{
	u32 old = v->cpsr, lr = v->r[15] + (old & PSR_T ? 2 : 4), thumb = v->cp15.sctlr & SCTLR_TE ? PSR_T : 0;

	if (v->cp15.sctlr & SCTLR_EE)
		return false;
	if (!fast_set_cpsr(v, (old & ~(PSR_MODE | PSR_T | PSR_E | PSR_J | PSR_IT)) | MODE_SVC | PSR_I | thumb))
		return false;
	v->bank_spsr[BANK_SVC] = old;
	v->r[14] = lr;
	v->r[15] = (v->cp15.sctlr & SCTLR_V ? 0xffff0000u : v->cp15.vbar) + 8;
	v->exits[EXIT_SVC]++;
	return true;
}

/* May an SVC of guest User mode stand for a sensitive instruction there? */
static inline bool fast_user_site(const struct vcpu *v)
{
	return v->user_copies && (v->user_page == USER_PAGES_MANY || !((v->r[15] ^ v->user_page) & PAGE_MASK));
}

static bool fast_one(struct vcpu *v, u32 vector)
{
	if (v->cpsr & PSR_T && fast_priv(v))
		return vector == VEC_UND && fast_t32(v);
	if (v->cpsr & PSR_T)
		return vector == VEC_SVC && !fast_user_site(v) && fast_svc(v);
	if (vector == VEC_UND)
		return fast_priv(v) && fast_cp15(v, v->exit_insn);
	if (fast_priv(v))
		return fast_site(v);
	return !fast_user_site(v) && fast_svc(v);
}

/* The vCPU's open page as the window has it (rule 2). */
static inline struct vcpu_open *fast_open(struct vcpu *v)
{
	return (struct vcpu_open *)((uintptr_t)v - sizeof(struct vcpu_open));
}

/* On path `inline` what the guest's stubs changed comes home first. False: its DACR needs C. */
static bool fast_fold(struct vcpu *v)
{
	const struct vcpu_open *o = fast_open(v);

	if (!v->open_used)
		return true;
	open_fold(v, o);
	return !fast_priv(v) || o->dacr == v->cp15.dacr || fast_dacr_write(v, o->dacr);
}

/*
 * On path `inline`: maintenance by the guest's kernel, which touches nothing that stubs have in the open page. What follows it has stubs of its own
 * as a rule. That of caches is done at the address itself, so that the real DACR must be as the guest has it.
 */
static inline bool fast_is_maintenance(const struct vcpu *v, const struct vcpu_open *o, u32 vector)
{
	u32 w = v->exit_insn;

	return v->open_used && vector == VEC_UND && fast_priv(v) && !(v->cpsr & PSR_T) && (w & 0x0f100f10) == 0x0e000f10 &&
	       (FIELD(w, 19, 16) == 8 || (FIELD(w, 19, 16) == 7 && o->dacr == v->cp15.dacr));
}

/*
 * Handle the exit @vector (SVC or Undefined; v->exit_insn valid, cpsr and pc merged) and the sensitive instructions that follow it
 * directly. True: resume the guest. False: the slow path must handle the instruction at r[15], whose word is in exit_insn and
 * whose kind is in exit_vector.
 */
bool window_fast(struct vcpu *v, u32 vector)
{
	u32 w, page = v->r[15] & PAGE_MASK;

	/* Big-endian data, or an asynchronous abort that arrived meanwhile (window.S) and waits for delivery. */
	if ((v->cpsr & PSR_E) || (v->irq_in & PSR_A))
		return false;
	if (fast_is_maintenance(v, fast_open(v), vector))
		return fast_cp15(v, v->exit_insn);
	if (!fast_fold(v) || !fast_one(v, vector))
		return false;
	/*
	 * A run of adjacent sites costs one exit: look at the next word as long as it would trap at once. Only inside the page
	 * that was executing: whether the guest may execute another one is the MMU's business. And only so many: an exception
	 * return to itself is a loop, which interrupts must be able to end.
	 */
	for (u32 n = 0; n < FAST_RUN_MAX; n++) {
		if ((v->r[15] & PAGE_MASK) != page || !fast_priv(v) || (v->cpsr & (PSR_T | PSR_E)))
			break;
		if (!window_ldrt(v->r[15], &w, 1))
			break;
		if (w == 0xe1a00000 || w == 0xe320f000) {	/* the NOP between LDM^ and MOVS pc, lr */
			v->r[15] += 4;
			continue;
		}
		v->exit_insn = w;
		if ((w & 0xff000f10) == 0xee000f10) {
			if (!fast_cp15(v, w))
				break;
		} else if ((w & 0xff000000) != 0xef000000 || !fast_site(v)) {
			break;
		}
	}
	if (v->open_used)
		open_unfold(v, fast_open(v));
	return true;
}
