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

static void stats_tick(void)
{
	sched_tick();
	for (struct guest *g = guest_first(); g; g = g->next) {
		const u64 *now = arch_vcpu_stats(g->vcpu);
		struct stats_rate *r = &g->rates;

		for (u32 i = 0; i < EXIT_NR; i++) {
			r->rate[i] = now[i] >= r->last[i] ? (u32)(now[i] - r->last[i]) : (u32)now[i];
			r->last[i] = now[i];
		}
	}
}

void stats_init(void)
{
	if (host_timer_start(1000, stats_tick))
		pr_warn("stats: no host timer, rates stay 0\n");
}

u32 stats_per_second(const struct stats_rate *r, enum exit_cause cause)
{
	u32 sum = 0;

	if (cause < EXIT_NR)
		return r->rate[cause];
	for (u32 i = 0; i < EXIT_NR; i++)
		sum += r->rate[i];
	return sum;
}
