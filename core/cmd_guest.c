/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor command `guest`: list, start, stop, pause, resume, reset, dump, map, audit, path; what looks into it is in cmd_view.c. */
#include <string.h>

#include <autoconf.h>
#include <arch/vcpu.h>
#include <hv/console.h>
#include <hv/emudev.h>
#include <hv/gdb.h>
#include <hv/guest.h>
#include <hv/monitor.h>

#include "cmd_guest.h"

static const char *const state_name[] = {
	[GUEST_OFF] = "off", [GUEST_RUNNING] = "running", [GUEST_STOPPED] = "stopped",
	[GUEST_PAUSED] = "paused",
};

static const char *const region_name[] = {
	[REGION_NONE] = "none", [REGION_RAM] = "ram", [REGION_PASSTHROUGH] = "pass-through",
	[REGION_EMULATED] = "emulated", [REGION_SHARED] = "shared",
};

static int guest_list(struct guest *g)
{
	(void)g;
	mon_printf("guest state    memory                  restarts processor last request\n");
	for (g = guest_first(); g; g = g->next)
		mon_printf("%-5s %-8s 0x%08lx + %4lu MiB %8lu %6lu.%lu %% %s\n", g->name, state_name[g->state],
			   (unsigned long)g->cfg.mem_base, (unsigned long)(g->cfg.mem_size >> 20), (unsigned long)g->resets,
			   (unsigned long)(sched_permille(g) / 10), (unsigned long)(sched_permille(g) % 10), g->reason[0] ? g->reason : "-");
	return 0;
}

/* Who starts the guest that is shown wants to see it. A guest that restarts by itself closes nothing. */
static int back_to(struct guest *g, int err)
{
	if (!err && g->state == GUEST_RUNNING && g == monitor_guest())
		console_set_monitor(false);
	return err;
}

static int guest_cmd_start(struct guest *g)
{
	if (!guest_is_alive(g))
		return back_to(g, guest_start(g));
	mon_printf("guest %s is %s already\n", g->name, state_name[g->state]);
	return 0;
}

static int guest_cmd_pause(struct guest *g)
{
	guest_pause(g);
	mon_printf("guest %s %s\n", g->name, state_name[g->state]);
	return 0;
}

static int guest_cmd_resume(struct guest *g)
{
	guest_resume(g);
	mon_printf("guest %s %s\n", g->name, state_name[g->state]);
	return 0;
}

static int guest_cmd_stop(struct guest *g)
{
	guest_stop(g);
	mon_printf("guest %s stopped\n", g->name);
	return 0;
}

/* One that came later is no more: its layout's strings are still there. */
static int guest_cmd_destroy(struct guest *g)
{
	const char *name = g->name;

	if (!g->cfg.chunk) {
		guest_destroy(g);
		mon_printf("guest %s stopped, its memory is cleared\n", name);
	} else if (gdb_active()) {
		mon_printf("guest %s: the debugger may hold it\n", name);
	} else {
		guest_remove(g);
		mon_printf("guest %s is no more, its memory is cleared and free\n", name);
	}
	return 0;
}

static int guest_cmd_create(const char *file)
{
	struct guest *g = guest_later(file);

	if (g && !guest_start(g))
		mon_printf("guest %s starts at 0x%08lx\n", g->name, (unsigned long)g->entry);
	else if (g)
		guest_remove(g);
	return 0;	/* what is wrong was said */
}

static int guest_cmd_reset(struct guest *g)
{
	return back_to(g, guest_restart(g));
}

static int guest_cmd_dump(struct guest *g)
{
	arch_vcpu_dump(g->vcpu);
	arch_vcpu_trouble(g->vcpu);
	return 0;
}

static int guest_cmd_map(struct guest *g)
{
	for (u32 i = 0; i < g->map.nr; i++) {
		const struct region *r = &g->map.r[i];

		mon_printf("  0x%08lx-0x%08lx %-12s %s\n", (unsigned long)r->base,
			   (unsigned long)(r->base + (r->size - 1)), region_name[r->type], SHOWN(r->name));
	}
	return 0;
}

static int guest_cmd_audit(struct guest *g)
{
	mon_printf("%lu violations\n", (unsigned long)guest_audit(g));
	return 0;
}

/* The CPU path: which one it is, or another one from here on. The guest stands between two instructions. */
static int guest_cmd_path(struct guest *g, const char *name)
{
	int err = name ? arch_vcpu_set_path(g->vcpu, name) : 0;

	if (!err)
		mon_printf("guest %s: path %s\n", g->name, arch_vcpu_path(g->vcpu));
	return 0;	/* what is wrong with the name was said */
}

/* The shadow strategy, likewise. */
static int guest_cmd_shadow(struct guest *g, const char *name)
{
	int err = name ? arch_vcpu_set_shadow(g->vcpu, name) : 0;

	if (!err)
		mon_printf("guest %s: shadow %s\n", g->name, arch_vcpu_shadow(g->vcpu));
	return 0;
}

static bool console_is_there(const struct guest *g)
{
	if (!console_has(g))
		mon_printf("guest %s has no console\n", g->name);
	return console_has(g);
}

/* Send the escape key itself, which the console keeps for the monitor otherwise. */
static int guest_cmd_escape(struct guest *g)
{
	if (console_is_there(g))
		console_send_guest(g, CONFIG_MONITOR_ESCAPE);
	return 0;
}

/* For what asks for it at a terminal that cannot send one: Linux's SysRq. The key that follows goes to the guest, too. */
static int guest_cmd_break(struct guest *g)
{
	if (!console_is_there(g))
		return 0;
	console_show(g);
	console_set_monitor(false);
	console_send_break(g);
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(struct guest *g);
} verbs[] = {
	{ "list", guest_list },
	{ "start", guest_cmd_start },
	{ "stop", guest_cmd_stop },
	{ "pause", guest_cmd_pause },
	{ "resume", guest_cmd_resume },
	{ "reset", guest_cmd_reset },
	{ "destroy", guest_cmd_destroy },
	{ "dump", guest_cmd_dump },
	{ "map", guest_cmd_map },
	{ "audit", guest_cmd_audit },
	{ "escape", guest_cmd_escape },
	{ "break", guest_cmd_break },
};

/* Verbs with a name behind them; without it they tell what is set. */
static const struct {
	const char *name;
	int (*fn)(struct guest *g, const char *name);
} settings[] = {
	{ "path", guest_cmd_path },
	{ "shadow", guest_cmd_shadow },
};

static int no_guest(void)
{
	mon_printf("there is no guest: see `log` for what is wrong with the layout\n");
	return 0;
}

static bool is_verb(const char *word)
{
	for (u32 i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(word, verbs[i].name))
			return true;
	for (u32 i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(word, settings[i].name))
			return true;
	return cmd_guest_views(word);
}

static int no_such_guest(const char *name)
{
	mon_printf("there is no guest %s\n", name);
	return 0;
}

static int cmd_guest(int argc, char **argv)
{
	struct guest *g = monitor_guest(), *named = argc > 2 ? guest_find(argv[1]) : NULL;

	if (argc == 3 && !strcmp(argv[1], "create"))
		return guest_cmd_create(argv[2]);
	if (argc > 2 && !named && !is_verb(argv[1]) && is_verb(argv[2]))
		return no_such_guest(argv[1]);
	if (named) {
		g = named;
		argc--;
		argv++;
	}
	for (u32 i = 0; argc == 2 && i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return g ? verbs[i].fn(g) : no_guest();
	for (u32 i = 0; (argc == 2 || argc == 3) && i < ARRAY_SIZE(settings); i++)
		if (!strcmp(argv[1], settings[i].name))
			return g ? settings[i].fn(g, argc == 3 ? argv[2] : NULL) : no_guest();
	if (argc < 2)
		return -EINVAL;
	return g ? cmd_guest_view(g, argc - 1, argv + 1) : no_guest();
}
MONITOR_CMD(guest, "guest", "create FILE|[GUEST] list|start|stop|pause|resume|reset|destroy|dump|map|audit|escape|break|path [NAME]|shadow [NAME]|registers|memory [phys] ADDR LEN|"
	    "translate ADDR|backtrace|log", "life and state of a guest: of that name, or the one that is shown", cmd_guest);
