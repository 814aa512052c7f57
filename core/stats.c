/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the exit causes, one row per cause in hv/stats.h. */
#include <hv/stats.h>

const char *const exit_cause_name[EXIT_NR] = {
#define X(name, text) [EXIT_##name] = #name,
	EXIT_CAUSES(X)
#undef X
};

const char *const exit_cause_text[EXIT_NR] = {
#define X(name, text) [EXIT_##name] = text,
	EXIT_CAUSES(X)
#undef X
};
