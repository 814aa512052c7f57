/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CP14 (debug, trace, ThumbEE, Jazelle) registers. The guest gets no hardware debug and no ThumbEE: every access to them that traps in
 * User mode is Undefined, which the probes of operating systems expect on parts without these features. What User mode may read of
 * them does not trap (C11.8.1), so it reads as the chip says, or is Undefined where the chip says that; where it is executed for the
 * guest, the chip is asked.
 * Jazelle has no such absence: each ARMv7-A core without it has the registers of a trivial implementation (ARM ARM A2.10),
 * which read as zero and ignore writes (JIDR is read-only).
 */
#include <arm/coproc.h>

static u32 rd_zero(struct vcpu *v, const struct coproc_row *row)
{
	return 0;
}

static enum coproc_result wr_ignore(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	return COPROC_OK;
}

#define DBG(crn, crm, nm, access) { COPROC_ENC(14, 0, crn, crm, 0), nm, EXIT_CP14, COPROC_NO_SLOT, 0, 0, NULL, NULL, COPROC_CORE | (access) }

/* In the order of cp15_rows. */
const struct coproc_row cp14_rows[] = {
	DBG(0, 0, "DBGDIDR", COPROC_R),
	DBG(0, 1, "DBGDSCRint", COPROC_R),
	DBG(0, 5, "DBGDTRRXint, DBGDTRTXint", COPROC_R | COPROC_W),
	{ COPROC_ENC(14, 7, 0, 0, 0), "JIDR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, NULL, COPROC_R },
	DBG(1, 0, "DBGDRAR", COPROC_R),
	{ COPROC_ENC(14, 7, 1, 0, 0), "JOSCR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, wr_ignore, COPROC_R | COPROC_W },
	DBG(2, 0, "DBGDSAR", COPROC_R),
	{ COPROC_ENC(14, 7, 2, 0, 0), "JMCR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, wr_ignore, COPROC_R | COPROC_W },
};
const u32 cp14_nr_rows = ARRAY_SIZE(cp14_rows);
