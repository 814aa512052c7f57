/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exit causes by name, and their rates over the last full second. */
#include <arch/vcpu.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <hv/stats.h>
#include <hv/time.h>

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

static u64 last[EXIT_NR];	/* counters at the last tick */
static u32 rate[EXIT_NR];	/* exits between the last two ticks */

static void stats_tick(void)
{
	const struct guest *g = guest_current();
	const u64 *now;

	if (!g || !g->vcpu)
		return;
	now = arch_vcpu_stats(g->vcpu);
	for (u32 i = 0; i < EXIT_NR; i++) {
		rate[i] = now[i] >= last[i] ? (u32)(now[i] - last[i]) : (u32)now[i];
		last[i] = now[i];
	}
}

void stats_init(void)
{
	if (host_timer_start(1000, stats_tick))
		pr_warn("stats: no host timer, rates stay 0\n");
}

u32 stats_per_second(enum exit_cause cause)
{
	u32 sum = 0;

	if (cause < EXIT_NR)
		return rate[cause];
	for (u32 i = 0; i < EXIT_NR; i++)
		sum += rate[i];
	return sum;
}
