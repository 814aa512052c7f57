/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor command `guest`, the verbs that look into it: registers, memory, translate, backtrace, log. */
#include <string.h>

#include <arch/debug.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/guest_log.h>
#include <hv/guest_peek.h>
#include <hv/monitor.h>

#include "cmd_guest.h"

#define DUMP_MAX	4096u
#define DUMP_LINE	16u

/* A number. One message that names @what when it is none. */
static bool number(const char *verb, const char *what, const char *text, u32 *value)
{
	if (monitor_number(text, value))
		return true;
	mon_printf("guest %s: \"%s\" is not %s\n", verb, text, what);
	return false;
}

static int view_registers(struct guest *g, int argc, char **argv)
{
	arch_debug_registers(g->vcpu);
	return 0;
}

static int view_backtrace(struct guest *g, int argc, char **argv)
{
	arch_debug_backtrace(g->vcpu);
	return 0;
}

static int view_translate(struct guest *g, int argc, char **argv)
{
	u32 va;

	if (number(argv[0], "an address", argv[1], &va))
		arch_debug_translate(g->vcpu, va);
	return 0;
}

static int view_log(struct guest *g, int argc, char **argv)
{
	guest_log_print(g);
	return 0;
}

/* One line of at most DUMP_LINE bytes @at: as bytes, and as text. */
static void dump_line(u32 addr, const u8 *at, u32 n)
{
	char text[DUMP_LINE + 1], hex[3 * DUMP_LINE + 1];
	static const char digits[] = "0123456789abcdef";

	memset(hex, ' ', sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	for (u32 i = 0; i < n; i++) {
		hex[3 * i + 0] = digits[at[i] >> 4];
		hex[3 * i + 1] = digits[at[i] & 15];
		text[i] = at[i] >= ' ' && at[i] < 0x7f ? (char)at[i] : '.';
	}
	text[n] = '\0';
	mon_printf("%08x  %s |%s|\n", (unsigned)addr, hex, text);
}

static void no_memory(const struct guest *g, u32 addr, bool phys)
{
	const struct region *r;
	gpa_t pa = addr;

	if (!phys && !arch_debug_gpa(g->vcpu, addr, &pa)) {
		mon_printf("%08x  the guest maps nothing here\n", (unsigned)addr);
		return;
	}
	r = guest_map_find(&g->map, pa);
	mon_printf("%08x  physical 0x%08x: %s is not memory, and not read\n", (unsigned)addr, (unsigned)pa,
		   r ? SHOWN(r->name) : "nothing");
}

static int view_memory(struct guest *g, int argc, char **argv)
{
	bool phys = argc == 4;
	u32 addr, len, n;

	if (phys && strcmp(argv[1], "phys")) {
		mon_printf("guest memory: \"%s\" is not `phys`\n", argv[1]);
		return 0;
	}
	if (!number(argv[0], "an address", argv[argc - 2], &addr) || !number(argv[0], "a length", argv[argc - 1], &len))
		return 0;
	if (!len || len > DUMP_MAX || addr + (len - 1) < addr) {
		mon_printf("guest memory: LEN must be 1 to %u, and not reach beyond 0xffffffff\n", DUMP_MAX);
		return 0;
	}
	for (; len; addr += n, len -= n) {
		const u8 *p;

		n = MIN(len, DUMP_LINE - addr % DUMP_LINE);
		p = phys ? guest_peek_phys(g, addr, n, &n) : guest_peek_virt(g, addr, n, &n);
		if (!p) {
			no_memory(g, addr, phys);
			n = MIN(len, PAGE_SIZE - addr % PAGE_SIZE);
			continue;
		}
		dump_line(addr, p, n);
	}
	return 0;
}

static const struct {
	const char *name;
	int args_min, args_max;
	int (*fn)(struct guest *g, int argc, char **argv);
} verbs[] = {
	{ "registers", 0, 0, view_registers },
	{ "memory", 2, 3, view_memory },
	{ "translate", 1, 1, view_translate },
	{ "backtrace", 0, 0, view_backtrace },
	{ "log", 0, 0, view_log },
};

bool cmd_guest_views(const char *word)
{
	for (u32 i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(word, verbs[i].name))
			return true;
	return false;
}

int cmd_guest_view(struct guest *g, int argc, char **argv)
{
	for (u32 i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[0], verbs[i].name) && argc - 1 >= verbs[i].args_min && argc - 1 <= verbs[i].args_max)
			return verbs[i].fn(g, argc, argv);
	return -EINVAL;
}
