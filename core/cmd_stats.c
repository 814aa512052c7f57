/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor command `stats`: exits by cause, in total and during the last second. */
#include <arch/vcpu.h>
#include <hv/guest.h>
#include <hv/monitor.h>
#include <hv/stats.h>

static int cmd_stats(int argc, char **argv)
{
	const struct guest *g = guest_current();
	const u64 *n;
	u64 total = 0;

	(void)argv;
	if (argc != 1)
		return -EINVAL;
	if (!g) {
		mon_printf("there is no guest\n");
		return 0;
	}
	n = arch_vcpu_stats(g->vcpu);
	mon_printf("%-14s %14s %10s  %s\n", "cause", "total", "last 1 s", "meaning");
	for (u32 i = 0; i < EXIT_NR; i++) {
		total += n[i];
		if (n[i])
			mon_printf("%-14s %14llu %10lu  %s\n", exit_cause_name[i], (unsigned long long)n[i],
				   (unsigned long)stats_per_second((enum exit_cause)i), exit_cause_text[i]);
	}
	mon_printf("%-14s %14llu %10lu  all exits\n", "total", (unsigned long long)total,
		   (unsigned long)stats_per_second(EXIT_NR));
	mon_printf("unrewritten    %14llu             UNPREDICTABLE words that trapped unrewritten (must be 0)\n",
		   (unsigned long long)arch_vcpu_unrewritten(g->vcpu));
	return 0;
}
MONITOR_CMD(stats, "stats", "", "exits by cause: total and in the last second", cmd_stats);
