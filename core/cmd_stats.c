/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor command `stats`: exits by cause, in total and during the last second, and what the slow ones cost. */
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

/* @counted: instructions are known. */
static void row(const char *name, u64 events, u32 rate, const struct slow_cost *slow, bool counted, const char *text)
{
	char a[COUNT_MAX], b[COUNT_MAX], c[COUNT_MAX], d[COUNT_MAX];

	mon_printf("%-13s %12s %9lu %11s %14s %6s  %s\n", name, count(events, a), (unsigned long)rate, count(slow->exits, b),
		   counted ? count(slow->instructions, c) : "-",
		   counted ? count(slow->counted ? slow->instructions / slow->counted : 0, d) : "-", text);
}

static struct slow_cost sum(const struct slow_cost *slow)
{
	struct slow_cost t = { 0, 0, 0 };

	for (u32 i = 0; i < EXIT_NR; i++) {
		t.exits += slow[i].exits;
		t.counted += slow[i].counted;
		t.instructions += slow[i].instructions;
	}
	return t;
}

#define SCANS_MANY	50u	/* in a second; some are what starting a program takes */

/*
 * Are scans going on, and do they cost more than all else that leaves the window? The guest executes more code pages than there are copies then.
 * What counts is the last second: a boot scans, and is over.
 */
static void say_if_scanning(const struct stats_rate *rates, const u64 *events, const struct slow_cost *slow)
{
	u64 all = 0, scans = 0;

	for (u32 i = 0; i < EXIT_NR; i++) {
		u64 cost = events[i] ? stats_per_second(rates, (enum exit_cause)i) * slow[i].instructions / events[i] : 0;

		all += cost;
		scans += i == EXIT_SCAN ? cost : 0;
	}
	if (stats_per_second(rates, EXIT_SCAN) >= SCANS_MANY && scans > all / 2)
		mon_printf("most of the last second is scanning of code pages: more of them are in use than CONFIG_CODE_PAGES has copies for, or "
			   "code is written all the time (see `guest dump`)\n");
}

/* With one guest there was one, at its creation. */
static void say_switches(void)
{
	struct slow_cost c = arch_switch_cost();
	char a[COUNT_MAX], b[COUNT_MAX];

	if (c.exits > 1 && c.counted)
		mon_printf("switches from guest to guest: %s, of %s instructions on average\n", count(c.exits, a),
			   count(c.instructions / c.counted, b));
}

static int cmd_stats(int argc, char **argv)
{
	const struct guest *g = argc == 2 ? guest_find(argv[1]) : monitor_guest();
	const u64 *n;
	const struct slow_cost *slow;
	struct slow_cost all;
	char buf[COUNT_MAX];
	u64 total = 0;

	if (argc > 2)
		return -EINVAL;
	if (!g) {
		mon_printf("there is no guest%s%s\n", argc == 2 ? " " : "", argc == 2 ? argv[1] : "");
		return 0;
	}
	n = arch_vcpu_stats(g->vcpu);
	slow = arch_vcpu_slow(g->vcpu);
	all = sum(slow);
	mon_printf("%-13s %12s %9s %11s %14s %6s  %s\n", "cause", "events", "last 1 s", "slow exits", "instructions", "mean", "meaning");
	for (u32 i = 0; i < EXIT_NR; i++) {
		total += n[i];
		if (n[i])
			row(exit_cause_name[i], n[i], stats_per_second(&g->rates, (enum exit_cause)i), &slow[i], all.instructions != 0,
			    exit_cause_text[i]);
	}
	row("total", total, stats_per_second(&g->rates, EXIT_NR), &all, all.instructions != 0, "all causes");
	mon_printf("slow exits are those handled outside of the window; instructions and mean are theirs, by their first cause\n");
	if (all.instructions && all.counted != all.exits)
		mon_printf("of these, %s could be counted: the guest used all performance counters\n", count(all.counted, buf));
	say_if_scanning(&g->rates, n, slow);
	if (!all.instructions)
		mon_printf("nothing counts instructions here: CONFIG_EXIT_INSTRUCTIONS is off, or QEMU runs without -icount\n");
	mon_printf("unrewritten   %12s  UNPREDICTABLE words that trapped unrewritten (must be 0)\n",
		   count(arch_vcpu_unrewritten(g->vcpu), buf));
	say_switches();
	return 0;
}
MONITOR_CMD(stats, "stats", "[GUEST]", "exits by cause: total, in the last second, cost of the slow ones", cmd_stats);
