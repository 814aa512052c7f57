/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CP15 as the guest sees it, one table row per register (ARM ARM B4.1, Cortex-A8 TRM ch. 3), Non-secure state. */
#include <arch/cpu.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/pmu.h>
#include <arm/psr.h>
#include <arm/shadow.h>
#include <arm/sysreg.h>
#include <hv/guest.h>
#include <hv/log.h>

#define OFF(f)	((u16)offsetof(struct vcpu, cp15.f))
#define NS	COPROC_NO_SLOT
#define R	COPROC_R
#define W	COPROC_W
#define RW	(COPROC_R | COPROC_W)

/* -- identification: the real values, so that the guest selects the code made for this core -- */

#define READ_HW(name)								\
static u32 rd_##name(struct vcpu *v, const struct coproc_row *row)		\
{										\
	return read_##name();							\
}
READ_HW(midr)
READ_HW(ctr)
READ_HW(tlbtr)
READ_HW(mpidr)
READ_HW(id_pfr1)
READ_HW(id_afr0)
READ_HW(id_mmfr1)
READ_HW(id_mmfr2)
READ_HW(id_mmfr3)
READ_HW(id_isar0)
READ_HW(id_isar1)
READ_HW(id_isar2)
READ_HW(id_isar3)
READ_HW(id_isar4)
READ_HW(clidr)
READ_HW(aidr)

/* ThumbEE is hidden: its registers would need a place in the context (B4.1.93). */
static u32 rd_id_pfr0(struct vcpu *v, const struct coproc_row *row)
{
	return read_id_pfr0() & ~ID_PFR0_THUMBEE;
}

/* Also ID_DFR0: no debug registers, no trace. And what is reserved for identification, where later kernels look for features. */
/* A kernel that needs other page tables than there are looks here last. */
static u32 rd_id_mmfr0(struct vcpu *v, const struct coproc_row *row)
{
	v->trouble.mmfr0_pc = v->r[15];
	return read_id_mmfr0();
}

static u32 rd_zero(struct vcpu *v, const struct coproc_row *row)
{
	return 0;
}

static u32 rd_ccsidr(struct vcpu *v, const struct coproc_row *row)
{
	write_csselr(v->cp15.csselr);
	isb();
	return read_ccsidr();
}

static enum coproc_result wr_ignore(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	return COPROC_OK;
}

/* -- system control -- */

/* Alignment checking is the only SCTLR bit whose effect comes from the real register; the rest is virtual. */
static void sctlr_apply(struct vcpu *v)
{
	u32 hw = (read_sctlr() & ~SCTLR_A) | (v->cp15.sctlr & SCTLR_A);

	write_sctlr(hw);
	isb();
}

#define SCTLR_RESET	0x00c50078u

static enum coproc_result wr_sctlr(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	u32 old = v->cp15.sctlr;
	u32 new = (old & ~SCTLR_WMASK) | (value & SCTLR_WMASK);

	if (new == old)
		return COPROC_OK;
	v->cp15.sctlr = new;
	if ((new ^ old) & SCTLR_A)
		sctlr_apply(v);
	if ((new ^ old) & (SCTLR_M | SCTLR_AFE | SCTLR_TRE))
		shadow_ctx_changed(v, CTX_SCTLR);
	else if ((new ^ old) & SCTLR_C)
		shadow_check_stubs(v);	/* stores go past the cache now: no descriptor needs to be cleaned */
	if ((new ^ old) & SCTLR_V)
		shadow_ctx_changed(v, CTX_VECTORS);
	return COPROC_OK;
}

#define CPACR_CP10_11	(0xfu << 20)
#define CPACR_CP10_11_PL1 (0x5u << 20)

bool cpacr_allows_vfp(const struct vcpu *v)
{
	u32 f = v->cp15.cpacr & CPACR_CP10_11;

	return f == CPACR_CP10_11 || (f == CPACR_CP10_11_PL1 && vcpu_privileged(v));
}

/* Real CPACR: full access exactly when the guest's value allows its current mode. */
static void cpacr_apply(struct vcpu *v)
{
	v->fast_modes_off = v->fast_off || (v->cp15.cpacr & CPACR_CP10_11) == CPACR_CP10_11_PL1;
	write_cpacr((cpacr_allows_vfp(v) ? CPACR_CP10_11 : 0) | (v->cp15.cpacr & 0xc0000000u));
	isb();
}

void coproc_mode_changed(struct vcpu *v)
{
	if ((v->cp15.cpacr & CPACR_CP10_11) == CPACR_CP10_11_PL1)
		cpacr_apply(v);
}

static enum coproc_result wr_cpacr(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	v->cp15.cpacr = value & (CPACR_CP10_11 | 0xc0000000u);
	cpacr_apply(v);
	return COPROC_OK;
}

/*
 * The guest may use cp10 and cp11, TLB lockdown, L2 lockdown and the preload engine (Cortex-A8 TRM ch. 3), as the ROM grants it. The
 * last three have no effect: nothing is locked, and no preload channel is present.
 */
#define NSACR_CP10_11	(3u << 10)
#define NSACR_CL	BIT(16)
#define NSACR_TL	BIT(17)
#define NSACR_PLE	BIT(18)
#define NSACR_VALUE	(NSACR_CP10_11 | NSACR_CL | NSACR_TL | NSACR_PLE)

static u32 rd_actlr(struct vcpu *v, const struct coproc_row *row)
{
	return v->cp15.actlr;
}

/* -- translation control -- */

#define CTX_WRITE(reg, what)							\
static enum coproc_result wr_##reg(struct vcpu *v, const struct coproc_row *row, u32 value) \
{										\
	if (v->cp15.reg == value)						\
		return COPROC_OK;						\
	v->cp15.reg = value;							\
	shadow_ctx_changed(v, what);						\
	return COPROC_OK;							\
}
CTX_WRITE(ttbr0, CTX_TTBR0)
CTX_WRITE(ttbr1, CTX_TTBR1)
CTX_WRITE(dacr, CTX_DACR)
CTX_WRITE(contextidr, CTX_ASID)
CTX_WRITE(prrr, CTX_ATTR)
CTX_WRITE(nmrr, CTX_ATTR)

/* TTBCR: N, PD0, PD1; EAE does not exist on this core. */
static enum coproc_result wr_ttbcr(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	value &= 0x37;
	if (v->cp15.ttbcr == value)
		return COPROC_OK;
	v->cp15.ttbcr = value;
	shadow_ctx_changed(v, CTX_TTBCR);
	return COPROC_OK;
}

/* -- cache and branch predictor maintenance -- */

/* Faults of cache maintenance and of address translation have WnR set (B4.1.52). */
static enum coproc_result maintenance_abort(struct vcpu *v, struct gfault *f)
{
	f->fsr |= BIT(11);
	inject_dabt(v, f);
	return COPROC_FAULT;
}

/*
 * Translate the MVA of a cache operation. A missing translation is delivered as a data abort with WnR set (B3.13.3, cache
 * maintenance). Rights are not checked: Linux up to 6.11 maintains user addresses (cacheflush system call) while its DACR
 * closes the user domain, and dies of the domain fault where there is one; cores and emulators that it runs on have none.
 */
static enum coproc_result cache_target(struct vcpu *v, u32 mva, gpa_t *gpa)
{
	u32 dacr = v->cp15.dacr;
	struct walk w;
	struct gfault f;
	int err;

	v->cp15.dacr = ~0u;		/* manager of all domains, for this walk */
	err = guest_walk(v, mva, ACC_READ, true, &w, &f);
	v->cp15.dacr = dacr;
	if (err)
		return maintenance_abort(v, &f);
	*gpa = w.gpa;
	return COPROC_OK;
}

static hpa_t hpa_of_line(struct vcpu *v, gpa_t gpa)
{
	return guest_map_hpa(&v->guest->map, gpa);
}

static bool is_ram(struct vcpu *v, gpa_t gpa)
{
	const struct region *r = guest_map_find(&v->guest->map, gpa);

	return r && r->type == REGION_RAM;
}

/*
 * Clean, invalidate and both: an invalidate becomes clean+invalidate, because memory that the guest believes uncached
 * (MMU off) is cached under Umbra, and a discarded line would be lost data.
 */
static enum coproc_result wr_dcimvac(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	gpa_t gpa;
	enum coproc_result r = cache_target(v, value, &gpa);

	if (r != COPROC_OK || !is_ram(v, gpa))
		return r;
	write_dccimvac(hpa_of_line(v, gpa));
	dsb();
	/* Either announces a device's write: code there is no longer what was scanned. */
	if (code_page_is_code(v, ALIGN_DOWN(gpa, PAGE_SIZE), NULL))
		code_page_drop(v, ALIGN_DOWN(gpa, PAGE_SIZE));
	shadow_touch(v, value);		/* the other lines of the page follow, and then the window can do them */
	shadow_pte_cleaned(v, value, gpa);
	return COPROC_OK;
}

static enum coproc_result wr_dccmvac(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	gpa_t gpa;
	enum coproc_result r = cache_target(v, value, &gpa);

	if (r == COPROC_OK && is_ram(v, gpa)) {
		write_dccmvac(hpa_of_line(v, gpa));
		dsb();
		shadow_touch(v, value);
		shadow_pte_cleaned(v, value, gpa);
	}
	return r;
}

/* Set/way: executed as it is, invalidate upgraded as above. Umbra's own lines may be cleaned at any time. */
static enum coproc_result wr_dccsw(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	if (set_way_exists(value))
		write_dccsw(value);
	dsb();
	shadow_check_stubs(v);
	return COPROC_OK;
}

static enum coproc_result wr_dccisw(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	if (set_way_exists(value))
		write_dccisw(value);
	dsb();
	shadow_check_stubs(v);
	return COPROC_OK;
}

/* All writes to scanned pages are seen by write protection, so this need not drop any copy. */
static enum coproc_result wr_iciallu(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	arch_icache_invalidate_all();
	return COPROC_OK;
}

/* The window can do the next ICIMVAU about this page. */
static void note_no_code(struct vcpu *v, gpa_t gpa)
{
	u32 page = (u32)hpa_of_line(v, ALIGN_DOWN(gpa, PAGE_SIZE));

	v->no_code[vcpu_no_code(page)] = page;
}

#define ICACHE_LINE	64u	/* Cortex-A8 */

/* The guest says that the code at @gpa changed, by whatever path. What its own stores changed in the place is known already. */
static void note_changed_code(struct vcpu *v, gpa_t gpa)
{
	if (!code_page_line_holds(v, gpa, ICACHE_LINE))
		code_page_drop(v, ALIGN_DOWN(gpa, PAGE_SIZE));
}

/* The whole I-cache, because the line is cached under the guest's address (and, for a copy, at another physical one). */
static enum coproc_result wr_icimvau(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	gpa_t gpa;
	enum coproc_result r = cache_target(v, value, &gpa);

	if (r == COPROC_OK && is_ram(v, gpa)) {
		arch_icache_invalidate_all();
		if (code_page_is_code(v, ALIGN_DOWN(gpa, PAGE_SIZE), NULL))
			note_changed_code(v, gpa);
		else {
			shadow_look_again(v, ALIGN_DOWN(gpa, PAGE_SIZE));	/* there may be something for its kernel now */
			note_no_code(v, gpa);
		}
		shadow_touch(v, value);
	}
	return r;
}

static enum coproc_result wr_bp(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	write_bpiall(0);
	isb();
	return COPROC_OK;
}

static enum coproc_result wr_dsb(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	dsb();
	isb();
	return COPROC_OK;
}

/* -- address translation (B3.12): ATS1CPR, ATS1CPW, ATS1CUR, ATS1CUW by opc2 -- */

#define PAR_SS			BIT(1)	/* the address is that of a supersection: bits 31:24, and 39:32 in 23:16 */
#define PAR_NS			BIT(9)
#define SUPERSECTION_SIZE	(16 * SECTION_SIZE)

/* An external abort on a walk is no result of a translation but an exception (B3.12.4); FS of either level. */
static bool is_walk_abort(u32 fsr)
{
	return (fsr & 0x40d) == 0xc;
}

static enum coproc_result wr_ats1c(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	enum shadow_access acc = row->enc & 1 ? ACC_WRITE : ACC_READ;
	bool priv = !(row->enc & 2);
	struct walk w;
	struct gfault f;

	if (guest_walk(v, value, acc, priv, &w, &f)) {
		if (is_walk_abort(f.fsr))
			return maintenance_abort(v, &f);
		/* F = 1; FS[5:0] = {ExT, FS[4], FS[3:0]} at 6:1 (B4.1.112) */
		v->cp15.par = 1 | (f.fsr & 0xf) << 1 | FIELD(f.fsr, 10, 10) << 5 | FIELD(f.fsr, 12, 12) << 6;
		return COPROC_OK;
	}
	v->cp15.par = PAR_NS | (w.size == SUPERSECTION_SIZE ? (u32)ALIGN_DOWN(w.gpa, SUPERSECTION_SIZE) | PAR_SS : (u32)ALIGN_DOWN(w.gpa, PAGE_SIZE));
	return COPROC_OK;
}

/* -- TLB maintenance -- */

static enum coproc_result wr_tlbiall(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	shadow_tlbi(v, TLBI_ALL, 0);
	return COPROC_OK;
}

#define TLB_LOOP_MAX	256u	/* pages per exit: interrupts wait that long at most */

/*
 * In a loop over pages (the window says so, and that the guest's own add, cmp and branch follow) the next ones are done in the
 * same exit; the guest goes on behind the last.
 */
void coproc_tlbimva(struct vcpu *v, u32 value)
{
	u32 pages;

	if (v->tlb_loop.pc != v->r[15]) {
		shadow_tlbi(v, TLBI_MVA, value);
		return;
	}
	pages = MIN((v->tlb_loop.end - 1 - value) / PAGE_SIZE + 1, TLB_LOOP_MAX);
	v->r[v->tlb_loop.rt] = value + (pages - 1) * PAGE_SIZE;
	if (pages == 1)
		shadow_tlbi(v, TLBI_MVA, value);
	else
		shadow_tlbi_pages(v, value, pages);
}

static enum coproc_result wr_tlbimva(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	coproc_tlbimva(v, value);
	return COPROC_OK;
}

static enum coproc_result wr_tlbiasid(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	shadow_tlbi(v, TLBI_ASID, value & 0xff);
	return COPROC_OK;
}

/* -- reset management, thread ids -- */

static enum coproc_result wr_vbar(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	v->cp15.vbar = value & ~0x1fu;
	shadow_ctx_changed(v, CTX_VECTORS);
	return COPROC_OK;
}

static u32 rd_isr(struct vcpu *v, const struct coproc_row *row)
{
	return v->irq_in;
}

/* TPIDRURW and TPIDRURO are readable in User mode, so the real registers hold the guest's values. */
static u32 rd_tpidrurw(struct vcpu *v, const struct coproc_row *row)
{
	return read_tpidrurw();
}

static enum coproc_result wr_tpidrurw(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	write_tpidrurw(value);
	return COPROC_OK;
}

static enum coproc_result wr_tpidruro(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	v->cp15.tpidruro = value;
	write_tpidruro(value);
	return COPROC_OK;
}

#define ENC(op1, crn, crm, op2)	COPROC_ENC(15, op1, crn, crm, op2)
#define ID(op2, crm, nm, fn)	{ ENC(0, 0, crm, op2), nm, EXIT_CP15_OTHER, NS, 0, 0, fn, NULL, R }
#define ID_RESERVED(crm)							\
	ID(0, crm, "reserved ID", rd_zero), ID(1, crm, "reserved ID", rd_zero),	\
	ID(2, crm, "reserved ID", rd_zero), ID(3, crm, "reserved ID", rd_zero),	\
	ID(4, crm, "reserved ID", rd_zero), ID(5, crm, "reserved ID", rd_zero),	\
	ID(6, crm, "reserved ID", rd_zero), ID(7, crm, "reserved ID", rd_zero)
#define RAZ_WI(crn, crm, op2, nm) { ENC(0, crn, crm, op2), nm, EXIT_CP15_OTHER, NS, 0, 0, rd_zero, wr_ignore, RW }
#define ATS(op2, nm)		{ ENC(0, 7, 8, op2), nm, EXIT_CP15_OTHER, NS, 0, 0, NULL, wr_ats1c, W }
#define PLE_ID(op2, nm)		{ ENC(0, 11, 0, op2), nm, EXIT_CP15_OTHER, NS, 0, 0, rd_zero, NULL, R }
#define OP(crn, crm, op2, nm, cause, fn) { ENC(0, crn, crm, op2), nm, cause, NS, 0, 0, NULL, fn, W }

/* Sorted by encoding: CRn, opc1, CRm, opc2. Columns: name, cause, slot, reset, write mask, read, write, access. */
const struct coproc_row cp15_rows[] = {
	ID(0, 0, "MIDR", rd_midr),
	ID(1, 0, "CTR", rd_ctr),
	ID(2, 0, "TCMTR", rd_zero),
	ID(3, 0, "TLBTR", rd_tlbtr),
	ID(4, 0, "MIDR.4", rd_midr),
	ID(5, 0, "MPIDR", rd_mpidr),
	ID(6, 0, "MIDR.6", rd_midr),
	ID(7, 0, "MIDR.7", rd_midr),
	ID(0, 1, "ID_PFR0", rd_id_pfr0),
	ID(1, 1, "ID_PFR1", rd_id_pfr1),
	ID(2, 1, "ID_DFR0", rd_zero),
	ID(3, 1, "ID_AFR0", rd_id_afr0),
	ID(4, 1, "ID_MMFR0", rd_id_mmfr0),
	ID(5, 1, "ID_MMFR1", rd_id_mmfr1),
	ID(6, 1, "ID_MMFR2", rd_id_mmfr2),
	ID(7, 1, "ID_MMFR3", rd_id_mmfr3),
	ID(0, 2, "ID_ISAR0", rd_id_isar0),
	ID(1, 2, "ID_ISAR1", rd_id_isar1),
	ID(2, 2, "ID_ISAR2", rd_id_isar2),
	ID(3, 2, "ID_ISAR3", rd_id_isar3),
	ID(4, 2, "ID_ISAR4", rd_id_isar4),
	ID(5, 2, "ID_ISAR5", rd_zero),
	ID(6, 2, "ID_ISAR6", rd_zero),
	ID(7, 2, "ID_ISAR7", rd_zero),
	ID_RESERVED(3),
	ID_RESERVED(4),
	ID_RESERVED(5),
	ID_RESERVED(6),
	ID_RESERVED(7),
	{ ENC(1, 0, 0, 0), "CCSIDR", EXIT_CP15_OTHER, NS, 0, 0, rd_ccsidr, NULL, R },
	{ ENC(1, 0, 0, 1), "CLIDR", EXIT_CP15_OTHER, NS, 0, 0, rd_clidr, NULL, R },
	{ ENC(1, 0, 0, 7), "AIDR", EXIT_CP15_OTHER, NS, 0, 0, rd_aidr, NULL, R },
	{ ENC(2, 0, 0, 0), "CSSELR", EXIT_CP15_OTHER, OFF(csselr), 0, 0xf, NULL, NULL, RW },

	{ ENC(0, 1, 0, 0), "SCTLR", EXIT_CP15_SCTLR, OFF(sctlr), SCTLR_RESET, 0, NULL, wr_sctlr, RW },
	{ ENC(0, 1, 0, 1), "ACTLR", EXIT_CP15_SCTLR, OFF(actlr), 0, 0, rd_actlr, wr_ignore, RW },
	{ ENC(0, 1, 0, 2), "CPACR", EXIT_CP15_SCTLR, OFF(cpacr), 0, 0, NULL, wr_cpacr, RW },
	{ ENC(0, 1, 1, 2), "NSACR", EXIT_CP15_OTHER, OFF(nsacr), NSACR_VALUE, 0, NULL, NULL, R },

	{ ENC(0, 2, 0, 0), "TTBR0", EXIT_CP15_CTX, OFF(ttbr0), 0, 0, NULL, wr_ttbr0, RW },
	{ ENC(0, 2, 0, 1), "TTBR1", EXIT_CP15_CTX, OFF(ttbr1), 0, 0, NULL, wr_ttbr1, RW },
	{ ENC(0, 2, 0, 2), "TTBCR", EXIT_CP15_CTX, OFF(ttbcr), 0, 0, NULL, wr_ttbcr, RW },
	{ ENC(0, 3, 0, 0), "DACR", EXIT_CP15_DACR, OFF(dacr), 0, 0, NULL, wr_dacr, RW },

	{ ENC(0, 5, 0, 0), "DFSR", EXIT_CP15_FAULT, OFF(dfsr), 0, ~0u, NULL, NULL, RW },
	{ ENC(0, 5, 0, 1), "IFSR", EXIT_CP15_FAULT, OFF(ifsr), 0, ~0u, NULL, NULL, RW },
	{ ENC(0, 5, 1, 0), "ADFSR", EXIT_CP15_FAULT, OFF(adfsr), 0, 0, NULL, NULL, RW },
	{ ENC(0, 5, 1, 1), "AIFSR", EXIT_CP15_FAULT, OFF(aifsr), 0, 0, NULL, NULL, RW },
	{ ENC(0, 6, 0, 0), "DFAR", EXIT_CP15_FAULT, OFF(dfar), 0, ~0u, NULL, NULL, RW },
	{ ENC(0, 6, 0, 2), "IFAR", EXIT_CP15_FAULT, OFF(ifar), 0, ~0u, NULL, NULL, RW },

	OP(7, 0, 4, "NOP (old WFI)", EXIT_CP15_OTHER, wr_ignore),
	{ ENC(0, 7, 4, 0), "PAR", EXIT_CP15_OTHER, OFF(par), 0, 0xfffff6ff, NULL, NULL, RW },
	OP(7, 5, 0, "ICIALLU", EXIT_CP15_CACHE, wr_iciallu),
	OP(7, 5, 1, "ICIMVAU", EXIT_CP15_CACHE, wr_icimvau),
	OP(7, 5, 4, "CP15ISB", EXIT_CP15_CACHE, wr_dsb),
	OP(7, 5, 6, "BPIALL", EXIT_CP15_CACHE, wr_bp),
	OP(7, 5, 7, "BPIMVA", EXIT_CP15_CACHE, wr_bp),
	OP(7, 6, 1, "DCIMVAC", EXIT_CP15_CACHE, wr_dcimvac),
	OP(7, 6, 2, "DCISW", EXIT_CP15_CACHE, wr_dccisw),
	ATS(0, "ATS1CPR"),
	ATS(1, "ATS1CPW"),
	ATS(2, "ATS1CUR"),
	ATS(3, "ATS1CUW"),
	OP(7, 10, 1, "DCCMVAC", EXIT_CP15_CACHE, wr_dccmvac),
	OP(7, 10, 2, "DCCSW", EXIT_CP15_CACHE, wr_dccsw),
	OP(7, 10, 4, "CP15DSB", EXIT_CP15_CACHE, wr_dsb),
	OP(7, 10, 5, "CP15DMB", EXIT_CP15_CACHE, wr_dsb),
	OP(7, 11, 1, "DCCMVAU", EXIT_CP15_CACHE, wr_dccmvac),
	OP(7, 13, 1, "NOP (old prefetch)", EXIT_CP15_OTHER, wr_ignore),
	OP(7, 14, 1, "DCCIMVAC", EXIT_CP15_CACHE, wr_dcimvac),
	OP(7, 14, 2, "DCCISW", EXIT_CP15_CACHE, wr_dccisw),

	/* Instruction and data TLB operations act on both: a shadow has one kind of entry. */
	OP(8, 5, 0, "ITLBIALL", EXIT_CP15_TLB, wr_tlbiall),
	OP(8, 5, 1, "ITLBIMVA", EXIT_CP15_TLB, wr_tlbimva),
	OP(8, 5, 2, "ITLBIASID", EXIT_CP15_TLB, wr_tlbiasid),
	OP(8, 6, 0, "DTLBIALL", EXIT_CP15_TLB, wr_tlbiall),
	OP(8, 6, 1, "DTLBIMVA", EXIT_CP15_TLB, wr_tlbimva),
	OP(8, 6, 2, "DTLBIASID", EXIT_CP15_TLB, wr_tlbiasid),
	OP(8, 7, 0, "TLBIALL", EXIT_CP15_TLB, wr_tlbiall),
	OP(8, 7, 1, "TLBIMVA", EXIT_CP15_TLB, wr_tlbimva),
	OP(8, 7, 2, "TLBIASID", EXIT_CP15_TLB, wr_tlbiasid),

	/* arm/pmu.h */
	{ ENC(0, 9, 12, 0), "PMCR", EXIT_CP15_OTHER, OFF(pmcr), 0, 0, pmu_rd_pmcr, pmu_wr_pmcr, RW },
	{ ENC(0, 9, 12, 1), "PMCNTENSET", EXIT_CP15_OTHER, OFF(pmcnten), 0, 0, NULL, pmu_wr_pmcntenset, RW },
	{ ENC(0, 9, 12, 2), "PMCNTENCLR", EXIT_CP15_OTHER, OFF(pmcnten), 0, 0, NULL, pmu_wr_pmcntenclr, RW },
	{ ENC(0, 9, 12, 3), "PMOVSR", EXIT_CP15_OTHER, OFF(pmovsr), 0, 0, pmu_rd_pmovsr, pmu_wr_pmovsr, RW },
	OP(9, 12, 4, "PMSWINC", EXIT_CP15_OTHER, pmu_wr_pmswinc),
	{ ENC(0, 9, 12, 5), "PMSELR", EXIT_CP15_OTHER, OFF(pmselr), 0, 0x1f, NULL, NULL, RW },
	{ ENC(0, 9, 13, 0), "PMCCNTR", EXIT_CP15_OTHER, OFF(pmccntr), 0, 0, pmu_rd_pmccntr, pmu_wr_pmccntr, RW },
	{ ENC(0, 9, 13, 1), "PMXEVTYPER", EXIT_CP15_OTHER, NS, 0, 0, pmu_rd_pmxevtyper, pmu_wr_pmxevtyper, RW },
	{ ENC(0, 9, 13, 2), "PMXEVCNTR", EXIT_CP15_OTHER, NS, 0, 0, pmu_rd_pmxevcntr, pmu_wr_pmxevcntr, RW },
	{ ENC(0, 9, 14, 0), "PMUSERENR", EXIT_CP15_OTHER, OFF(pmuserenr), 0, 1, NULL, NULL, RW },
	{ ENC(0, 9, 14, 1), "PMINTENSET", EXIT_CP15_OTHER, OFF(pminten), 0, 0, NULL, pmu_wr_pmintenset, RW },
	{ ENC(0, 9, 14, 2), "PMINTENCLR", EXIT_CP15_OTHER, OFF(pminten), 0, 0, NULL, pmu_wr_pmintenclr, RW },
	/* Cortex-A8 L2 control: Non-secure writes have no effect on the real part unless the ROM allowed them. */
	{ ENC(1, 9, 0, 0), "L2LOCK", EXIT_CP15_OTHER, OFF(l2lockdown), 0, 0, NULL, wr_ignore, RW },
	{ ENC(1, 9, 0, 2), "L2AUXCR", EXIT_CP15_OTHER, OFF(l2auxcr), 0, 0, NULL, wr_ignore, RW },

	RAZ_WI(10, 0, 0, "D-TLB lockdown"),
	RAZ_WI(10, 0, 1, "I-TLB lockdown"),
	OP(10, 1, 0, "D-TLB preload", EXIT_CP15_OTHER, wr_ignore),
	OP(10, 1, 1, "I-TLB preload", EXIT_CP15_OTHER, wr_ignore),
	{ ENC(0, 10, 2, 0), "PRRR", EXIT_CP15_CTX, OFF(prrr), 0x00098aa4, 0, NULL, wr_prrr, RW },
	{ ENC(0, 10, 2, 1), "NMRR", EXIT_CP15_CTX, OFF(nmrr), 0x44e048e0, 0, NULL, wr_nmrr, RW },

	PLE_ID(0, "PLE present"),
	PLE_ID(2, "PLE running"),
	PLE_ID(3, "PLE interrupting"),
	RAZ_WI(11, 1, 0, "PLE user access"),
	RAZ_WI(11, 2, 0, "PLE channel"),
	OP(11, 3, 0, "PLE stop", EXIT_CP15_OTHER, wr_ignore),
	OP(11, 3, 1, "PLE start", EXIT_CP15_OTHER, wr_ignore),
	OP(11, 3, 2, "PLE clear", EXIT_CP15_OTHER, wr_ignore),
	RAZ_WI(11, 4, 0, "PLE control"),
	RAZ_WI(11, 5, 0, "PLE internal start"),
	RAZ_WI(11, 7, 0, "PLE internal end"),
	{ ENC(0, 11, 8, 0), "PLE status", EXIT_CP15_OTHER, NS, 0, 0, rd_zero, NULL, R },
	RAZ_WI(11, 15, 0, "PLE context"),

	{ ENC(0, 12, 0, 0), "VBAR", EXIT_CP15_OTHER, OFF(vbar), 0, 0, NULL, wr_vbar, RW },
	{ ENC(0, 12, 1, 0), "ISR", EXIT_CP15_OTHER, NS, 0, 0, rd_isr, NULL, R },

	{ ENC(0, 13, 0, 0), "FCSEIDR", EXIT_CP15_OTHER, OFF(fcseidr), 0, 0, NULL, wr_ignore, RW },
	{ ENC(0, 13, 0, 1), "CONTEXTIDR", EXIT_CP15_CTX, OFF(contextidr), 0, 0, NULL, wr_contextidr, RW },
	{ ENC(0, 13, 0, 2), "TPIDRURW", EXIT_CP15_THREAD, OFF(tpidrurw), 0, 0, rd_tpidrurw, wr_tpidrurw, RW },
	{ ENC(0, 13, 0, 3), "TPIDRURO", EXIT_CP15_THREAD, OFF(tpidruro), 0, 0, NULL, wr_tpidruro, RW },
	{ ENC(0, 13, 0, 4), "TPIDRPRW", EXIT_CP15_THREAD, OFF(tpidrprw), 0, ~0u, NULL, NULL, RW },
};
const u32 cp15_nr_rows = ARRAY_SIZE(cp15_rows);

#define MIDR_PART		0xff00fff0u	/* implementer and part */
#define MIDR_CORTEX_A8		0x4100c080u

/*
 * The first revisions of the Cortex-A8 predict branches by stale entries of other address spaces, unless ACTLR.IBE is set, which only the
 * secure side may do, and BPIALL comes with each switch (its erratum 430973). No BeagleBoard-xM has one.
 */
bool coproc_core_is_good(void)
{
	u32 midr = read_midr();

	if ((midr & MIDR_PART) != MIDR_CORTEX_A8 || FIELD(midr, 23, 20) != 1)
		return true;
	pr_err("processor: Cortex-A8 r1p%u (MIDR 0x%08x): it predicts branches across address spaces (erratum 430973)\n",
	       (unsigned)FIELD(midr, 3, 0), (unsigned)midr);
	return false;
}

/* Reset values that come from the real core, and the real registers that follow the guest's. */
void cp15_reset_hardware(struct vcpu *v)
{
	v->cp15.midr = read_midr();
	v->thumbee = read_id_pfr0() & ID_PFR0_THUMBEE;
	v->cp15.actlr = read_actlr();
	v->cp15.l2auxcr = read_l2auxcr();
	pmu_reset(v);
	write_tpidrurw(0);
	write_tpidruro(0);
	sctlr_apply(v);
	cpacr_apply(v);
}

void cp15_leave(struct vcpu *v)
{
	v->cp15.tpidrurw = read_tpidrurw();
	v->cp15.tpidruro = read_tpidruro();
}

void cp15_enter(struct vcpu *v)
{
	write_tpidrurw(v->cp15.tpidrurw);
	write_tpidruro(v->cp15.tpidruro);
	sctlr_apply(v);
	cpacr_apply(v);
}
