/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CP14 (debug, trace, ThumbEE, Jazelle) registers. The guest gets no hardware debug and no ThumbEE: every access to them that traps in
 * User mode is Undefined, which the probes of operating systems expect on parts without these features. What User mode may read of
 * them does not trap (C11.8.1), so it reads as the chip says, and the interpreter reads the same.
 * Jazelle has no such absence: each ARMv7-A core without it has the registers of a trivial implementation (ARM ARM A2.10),
 * which read as zero and ignore writes.
 */
#include <arm/coproc.h>
#include <arm/sysreg.h>

static u32 rd_zero(struct vcpu *v, const struct coproc_row *row)
{
	return 0;
}

#define READ_HW(name)								\
static u32 rd_##name(struct vcpu *v, const struct coproc_row *row)		\
{										\
	return read_##name();							\
}
READ_HW(dbgdidr)
READ_HW(dbgdscr_int)
READ_HW(dbgdtrrx_int)
READ_HW(dbgdrar)
READ_HW(dbgdsar)

static enum coproc_result wr_ignore(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	return COPROC_OK;
}

static enum coproc_result wr_dbgdtrtx_int(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	write_dbgdtrtx_int(value);
	return COPROC_OK;
}

#define DBG(crn, crm, nm, rd, wr, access) { COPROC_ENC(14, 0, crn, crm, 0), nm, EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd, wr, access }

/* In the order of cp15_rows. */
const struct coproc_row cp14_rows[] = {
	DBG(0, 0, "DBGDIDR", rd_dbgdidr, NULL, COPROC_R),
	DBG(0, 1, "DBGDSCRint", rd_dbgdscr_int, NULL, COPROC_R),
	DBG(0, 5, "DBGDTRRXint, DBGDTRTXint", rd_dbgdtrrx_int, wr_dbgdtrtx_int, COPROC_R | COPROC_W),
	{ COPROC_ENC(14, 7, 0, 0, 0), "JIDR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, wr_ignore, COPROC_R | COPROC_W },
	DBG(1, 0, "DBGDRAR", rd_dbgdrar, NULL, COPROC_R),
	{ COPROC_ENC(14, 7, 1, 0, 0), "JOSCR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, wr_ignore, COPROC_R | COPROC_W },
	DBG(2, 0, "DBGDSAR", rd_dbgdsar, NULL, COPROC_R),
	{ COPROC_ENC(14, 7, 2, 0, 0), "JMCR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, wr_ignore, COPROC_R | COPROC_W },
};
const u32 cp14_nr_rows = ARRAY_SIZE(cp14_rows);
