/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands about the host: version, mem, log, layout, host reboot. */
#include <string.h>

#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/guest_files.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/monitor.h>
#include <hv/passthrough.h>
#include <hv/version.h>

/* What is set, a line each; what is not set is not there. */
static void print_config(void)
{
	const char *line = strchr(umbra_config, '\n') + 1, *end;

	for (; (end = strchr(line, '\n')); line = end + 1)
		if (*line != '#')
			mon_printf("%.*s\n", (int)(end - line), line);
}

static int cmd_version(int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return -EINVAL;
	mon_printf("Umbra %s\n", umbra_version);
	print_config();
	return 0;
}
MONITOR_CMD(version, "version", "", "version and configuration of Umbra", cmd_version);

static int cmd_mem(int argc, char **argv)
{
	const struct host_mem *m = arch_host_mem();
	hpa_t kept = guest_kept_base();

	(void)argv;
	if (argc != 1)
		return -EINVAL;
	mon_printf("RAM       0x%08lx-0x%08lx\n", (unsigned long)m->ram_base,
		   (unsigned long)(m->ram_base + (m->ram_size - 1)));
	mon_printf("Umbra     0x%08lx-0x%08lx (image %lu KiB, allocated %lu KiB, free %lu KiB)\n",
		   (unsigned long)m->umbra_base, (unsigned long)m->umbra_end - 1,
		   (unsigned long)((m->heap_base - m->umbra_base) >> 10), (unsigned long)(alloc_used() >> 10),
		   (unsigned long)(alloc_left() >> 10));
	mon_printf("kept      0x%08lx-0x%08lx (guest files for restarts, %lu KiB)\n", (unsigned long)kept,
		   (unsigned long)m->umbra_base - 1, (unsigned long)((m->umbra_base - kept) >> 10));
	if (guest_given_base() != kept)
		mon_printf("given     0x%08lx-0x%08lx (guests whose memory is given by size, and what Umbra keeps of them, %lu MiB)\n",
			   (unsigned long)guest_given_base(), (unsigned long)kept - 1,
			   (unsigned long)((kept - guest_given_base()) >> 20));
	return 0;
}
MONITOR_CMD(mem, "mem", "", "use of the board's memory", cmd_mem);

static int cmd_log(int argc, char **argv)
{
	static const char *const level[] = { "err", "warn", "info", "debug" };

	if (argc == 1) {
		hv_log_dump();
		return 0;
	}
	for (u32 i = 0; argc == 3 && !strcmp(argv[1], "level") && i < ARRAY_SIZE(level); i++) {
		if (strcmp(argv[2], level[i]))
			continue;
		hv_log_set_console_level((enum log_level)i);
		return 0;
	}
	return -EINVAL;
}
MONITOR_CMD(log, "log", "[level err|warn|info|debug]", "show Umbra's log, or set what is printed", cmd_log);

static int cmd_layout(int argc, char **argv)
{
	const struct guest *g = guest_first();

	(void)argv;
	if (argc != 1)
		return -EINVAL;
	for (; g; g = g->next)
		layout_print(&g->cfg);
	if (!guest_first())
		mon_printf("no valid layout: see `log`\n");
	return 0;
}
MONITOR_CMD(layout, "layout", "", "the layout in use", cmd_layout);

static int cmd_host(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "reboot"))
		return -EINVAL;
	for (struct guest *g = guest_first(); g; g = g->next)
		guest_stop(g);
	mon_printf("rebooting the board\n");
	console_flush();
	host_reset();
	return -EIO;
}
MONITOR_CMD(host, "host", "reboot", "reset the whole board", cmd_host);
