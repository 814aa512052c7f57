/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor command `stats`: exits by cause, in total and during the last second. */
#include <arch/vcpu.h>
#include <hv/guest.h>
#include <hv/monitor.h>
#include <hv/stats.h>

#define COUNT_MAX 21	/* digits of 2^64 and the terminator */

/* Decimal text of @n: the small printf of the C library has no long long. */
static const char *count(u64 n, char buf[COUNT_MAX])
{
	char *p = buf + COUNT_MAX - 1;

	*p = '\0';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	return p;
}

static int cmd_stats(int argc, char **argv)
{
	const struct guest *g = guest_current();
	const u64 *n;
	char buf[COUNT_MAX];
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
			mon_printf("%-14s %14s %10lu  %s\n", exit_cause_name[i], count(n[i], buf),
				   (unsigned long)stats_per_second((enum exit_cause)i), exit_cause_text[i]);
	}
	mon_printf("%-14s %14s %10lu  all causes\n", "total", count(total, buf),
		   (unsigned long)stats_per_second(EXIT_NR));
	mon_printf("slow           %14s             exits handled outside of the window\n",
		   count(arch_vcpu_slow_exits(g->vcpu), buf));
	mon_printf("unrewritten    %14s             UNPREDICTABLE words that trapped unrewritten (must be 0)\n",
		   count(arch_vcpu_unrewritten(g->vcpu), buf));
	return 0;
}
MONITOR_CMD(stats, "stats", "", "exits by cause: total and in the last second", cmd_stats);
