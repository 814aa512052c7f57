/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor commands that look into the guest's RAM: peek, find. A kernel that died before its console was up has its log there. */
#include <string.h>

#include <hv/console.h>
#include <hv/guest.h>
#include <hv/monitor.h>

#define ROW		16u
#define PEEK_MAX	0x1000u
#define FOUND_MAX	16u
#define TEXT_SHOWN	100u

static char printable(u8 c)
{
	return c >= ' ' && c <= '~' ? (char)c : '.';
}

static void show_row(gpa_t at, const u8 *p, u32 n)
{
	mon_printf("0x%08lx ", (unsigned long)at);
	for (u32 i = 0; i < ROW; i++)
		i < n ? mon_printf(" %02x", (unsigned int)p[i]) : mon_printf("   ");
	mon_printf("  ");
	for (u32 i = 0; i < n; i++)
		console_putc(printable(p[i]));
	mon_printf("\n");
}

static int cmd_peek(int argc, char **argv)
{
	struct guest *g = monitor_guest();
	u32 at, size = 4 * ROW;
	const u8 *p;

	if (argc < 2 || argc > 3 || !monitor_number(argv[1], &at) || (argc == 3 && !monitor_number(argv[2], &size)) || !size || size > PEEK_MAX)
		return -EINVAL;
	p = g ? guest_mem_ptr(g, at, size) : NULL;
	if (!p) {
		mon_printf("that is no RAM of a guest: see `guest map`\n");
		return 0;
	}
	for (u32 i = 0; i < size; i += ROW)
		show_row(at + i, p + i, MIN(size - i, ROW));
	return 0;
}
MONITOR_CMD(peek, "peek", "ADDRESS [BYTES]", "show RAM of the guest, by physical address", cmd_peek);

/* The printable text around @at, which is in @r. */
static void show_text_around(const struct guest *g, const struct region *r, gpa_t at)
{
	const u8 *p = hpa_ptr(guest_map_hpa(&g->map, at));
	u32 n = 0, room = MIN(r->size - (at - r->base), TEXT_SHOWN);

	mon_printf("0x%08lx  ", (unsigned long)at);
	while (n < room && p[n] && p[n] != '\n' && p[n] != '\r')
		console_putc(printable(p[n++]));
	mon_printf("\n");
}

static u32 find_in(const struct guest *g, const struct region *r, const char *text, u32 found)
{
	const u8 *p = hpa_ptr(guest_map_hpa(&g->map, r->base));
	u32 len = (u32)strlen(text), at = 0;

	while (found < FOUND_MAX && r->size - at >= len) {
		const u8 *hit = memchr(p + at, text[0], r->size - at - (len - 1));

		if (!hit)
			break;
		at = (u32)(hit - p);
		if (!memcmp(hit, text, len)) {
			show_text_around(g, r, r->base + at);
			found++;
		}
		at++;
	}
	return found;
}

static int cmd_find(int argc, char **argv)
{
	const struct guest *g = monitor_guest();
	u32 found = 0;

	if (argc != 2)
		return -EINVAL;
	for (u32 i = 0; g && i < g->map.nr; i++)
		if (g->map.r[i].type == REGION_RAM)
			found = find_in(g, &g->map.r[i], argv[1], found);
	if (!found)
		mon_printf("not in the guest's RAM\n");
	else if (found == FOUND_MAX)
		mon_printf("and perhaps more\n");
	return 0;
}
MONITOR_CMD(find, "find", "WORD", "find text in the guest's RAM: a kernel's log, say", cmd_find);
