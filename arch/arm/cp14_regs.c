/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CP14 (debug, trace, ThumbEE, Jazelle) registers that trap in User mode. The guest gets no hardware debug and no ThumbEE: every
 * access to them that reaches Umbra is Undefined, which the probes of operating systems expect on parts without these features.
 * Jazelle has no such absence: each ARMv7-A core without it has the registers of a trivial implementation (ARM ARM A2.10),
 * which read as zero and ignore writes.
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

/* In the order of cp15_rows. */
const struct coproc_row cp14_rows[] = {
	/* DBGDIDR: version 7 debug, no breakpoints to hand out beyond the architectural minimum */
	{ COPROC_ENC(14, 0, 0, 0, 0), "DBGDIDR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, NULL, NULL, 0 },
	{ COPROC_ENC(14, 7, 0, 0, 0), "JIDR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, wr_ignore, COPROC_R | COPROC_W },
	{ COPROC_ENC(14, 7, 1, 0, 0), "JOSCR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, wr_ignore, COPROC_R | COPROC_W },
	{ COPROC_ENC(14, 7, 2, 0, 0), "JMCR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, rd_zero, wr_ignore, COPROC_R | COPROC_W },
};
const u32 cp14_nr_rows = ARRAY_SIZE(cp14_rows);
