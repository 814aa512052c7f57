/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor command `trace`: the last exits of the guest. */
#include <string.h>

#include <arch/debug.h>
#include <hv/guest.h>
#include <hv/monitor.h>

static void trace_on(struct vcpu *v)
{
	arch_debug_trace(v, true);
}

static void trace_off(struct vcpu *v)
{
	arch_debug_trace(v, false);
}

static const struct {
	const char *name;
	void (*fn)(struct vcpu *v);
} verbs[] = {
	{ "on", trace_on },
	{ "off", trace_off },
	{ "dump", arch_debug_trace_dump },
};

static int cmd_trace(int argc, char **argv)
{
	const struct guest *g = monitor_guest();

	for (u32 i = 0; argc == 2 && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		if (g)
			verbs[i].fn(g->vcpu);
		else
			mon_printf("there is no guest\n");
		return 0;
	}
	return -EINVAL;
}
MONITOR_CMD(trace, "trace", "on|off|dump", "the last exits that left the window: time, pc, cause", cmd_trace);
