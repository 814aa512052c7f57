/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor command `console`: whose console is shown, and who is heard. */
#include <string.h>

#include <hv/console.h>
#include <hv/guest.h>
#include <hv/monitor.h>

static int list(void)
{
	for (struct guest *g = guest_first(); g; g = g->next)
		mon_printf("%c %-8s %5lu characters not shown yet\n", g == monitor_guest() ? '*' : ' ', g->name,
			   (unsigned long)console_unseen(g));
	mon_printf("lines of guests that are not shown %s\n", console_shows_all() ? "are printed with their names" : "wait");
	return 0;
}

static int cmd_console(int argc, char **argv)
{
	struct guest *g;

	if (argc == 1)
		return list();
	if (argc > 3 || (argc == 3 && strcmp(argv[2], "history")))
		return -EINVAL;
	if (argc == 2 && (!strcmp(argv[1], "all") || !strcmp(argv[1], "one"))) {
		console_show_all(argv[1][0] == 'a');
		return 0;
	}
	g = guest_find(argv[1]);
	if (!g) {
		mon_printf("there is no guest %s\n", argv[1]);
		return 0;
	}
	if (console_has(g))
		mon_printf("[guest %s]\n", g->name);
	else
		mon_printf("guest %s has no console; commands are about it from here on\n", g->name);
	if (argc == 3)
		console_show_history(g);
	else
		console_show(g);
	if (guest_is_alive(g) && console_has(g))
		console_set_monitor(false);
	else
		mon_printf("\n");
	return 0;
}
MONITOR_CMD(console, "console", "[GUEST [history]|all|one]", "show a guest's console, what is remembered of it; print other guests' lines as well, or not", cmd_console);
