/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CP14 (debug, trace, ThumbEE) registers that trap in User mode. The guest gets no hardware debug: every access that reaches
 * Umbra is Undefined, which the debug and ThumbEE probes of operating systems expect on parts without these features.
 */
#include <arm/coproc.h>

const struct coproc_row cp14_rows[] = {
	/* DBGDIDR: version 7 debug, no breakpoints to hand out beyond the architectural minimum */
	{ COPROC_ENC(14, 0, 0, 0, 0), "DBGDIDR", EXIT_CP14, COPROC_NO_SLOT, 0, 0, NULL, NULL, 0 },
};
const u32 cp14_nr_rows = ARRAY_SIZE(cp14_rows);
