/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guests' consoles: which one is shown, and what the others wrote meanwhile. */
#include <string.h>

#include <hv/alloc.h>
#include <hv/guest.h>
#include <hv/monitor.h>

#include "console_port.h"

struct console_port *console_shown;

static struct console_port ports[LAYOUT_MAX_GUESTS];
static u32 nports;
static struct guest *chosen;		/* whose console is shown, if it has one */
static bool all_lines;

static struct console_port *port_of(const struct guest *g)
{
	for (u32 i = 0; i < nports; i++)
		if (ports[i].guest == g)
			return &ports[i];
	return NULL;
}

struct console_port *console_heard(void)
{
	return console_shown && console_shown->guest == chosen ? console_shown : NULL;
}

bool console_has(const struct guest *g)
{
	return port_of(g);
}

void console_send_guest(const struct guest *g, u8 c)
{
	const struct console_port *p = port_of(g);

	if (p)
		p->ops->rx(p->priv, c);
}

void console_send_break(const struct guest *g)
{
	const struct console_port *p = port_of(g);

	if (p)
		p->ops->rx_break(p->priv);
}

/* One that nobody has, or NULL. */
static struct console_port *free_port(void)
{
	struct console_port *p = port_of(NULL);

	return p || nports == ARRAY_SIZE(ports) ? p : &ports[nports++];
}

struct console_port *console_guest_attach(struct guest *g, const struct console_guest_ops *ops, void *priv)
{
	struct console_port *p = port_of(g) ? NULL : free_port();

	if (!p)
		return NULL;
	*p = (struct console_port){ .guest = g, .ops = ops, .priv = priv };
	p->first = hv_alloc(HISTORY_HALF, 8);
	p->last = hv_alloc(HISTORY_HALF, 8);
	if (!console_shown) {
		console_shown = p;
		chosen = g;
	}
	return p;
}

/* The first one that somebody has, or NULL. */
static struct console_port *used_port(void)
{
	for (u32 i = 0; i < nports; i++)
		if (ports[i].guest)
			return &ports[i];
	return NULL;
}

/* It may have been chosen without a console to show. */
void console_guest_detach(const struct guest *g)
{
	struct console_port *p = port_of(g);

	if (p)
		p->guest = NULL;
	if (p && console_shown == p)
		console_shown = used_port();
	if (chosen == g)
		chosen = console_shown ? console_shown->guest : NULL;
}

struct guest *console_guest(void)
{
	return chosen;
}

u32 console_guest_characters(const struct guest *g)
{
	const struct console_port *p = port_of(g);

	return p ? p->characters : 0;
}

u32 console_unseen(const struct guest *g)
{
	const struct console_port *p = port_of(g);

	return p ? (u32)MIN(p->head - p->seen, CONSOLE_HISTORY_SIZE) : 0;
}

#define LOST_MARK	"[...] "

/*
 * A line of a guest that is not shown, between those of the one that is. It takes of the wire what is free for guests, or else it is not printed: who
 * writes without end would make Umbra wait for the wire with every line.
 */
static void flush_line(struct console_port *p)
{
	u32 size = (u32)strlen(p->guest->name) + (u32)sizeof("\r\n[] " LOST_MARK) + p->line_len;
	bool fits = console_wire_has(size);

	if (fits)
		mon_printf("\n[%s] %s%.*s", p->guest->name, p->lines_lost ? LOST_MARK : "", (int)p->line_len, p->line);
	p->lines_lost = !fits;
	p->line_len = 0;
}

static void line_take(struct console_port *p, u8 c)
{
	if (c == '\r')
		return;
	if (c != '\n')
		p->line[p->line_len++] = c >= ' ' || c == '\t' ? (char)c : '?';
	if ((c == '\n' && p->line_len) || p->line_len == LINE_SIZE)
		flush_line(p);
}

void console_port_take(struct console_port *p, u8 c, bool shown)
{
	p->characters++;
	if (p->head - p->start < HISTORY_HALF)
		p->first[p->head - p->start] = c;
	p->last[p->head++ % HISTORY_HALF] = c;
	if (shown)
		p->seen = p->head;
	else if (all_lines && p != console_shown)
		line_take(p, c);
}

static bool is_of_the_first(const struct console_port *p, u64 n)
{
	return n >= p->start && n - p->start < HISTORY_HALF;
}

/* Character @n, or the first one behind it that is still there. */
static u64 first_kept(const struct console_port *p, u64 n)
{
	u64 oldest = p->head > HISTORY_HALF ? p->head - HISTORY_HALF : 0;

	if (n >= oldest || is_of_the_first(p, n))
		return n;
	return n < p->start ? MIN(p->start, oldest) : oldest;
}

bool console_port_catch_up(struct console_port *p)
{
	while (p->seen != p->head) {
		u64 next = first_kept(p, p->seen);

		if (next != p->seen)
			mon_printf("\n[%lu characters are lost here]\n", (unsigned long)(next - p->seen));
		p->seen = next;
		if (!console_wire_put(is_of_the_first(p, next) ? p->first[next - p->start] : p->last[next % HISTORY_HALF]))
			return false;
		p->seen++;
	}
	return true;
}

void console_guest_starts(const struct guest *g)
{
	struct console_port *p = port_of(g);

	if (p)
		p->start = p->head;
}

void console_show_history(struct guest *g)
{
	struct console_port *p = port_of(g);

	if (p)
		p->seen = first_kept(p, 0);
	console_show(g);
}

void console_show(struct guest *g)
{
	struct console_port *p = port_of(g), *before = console_shown;

	chosen = g;
	if (p) {
		console_shown = p;
		/* The monitor stays open for a guest that does not run, and what it prints comes behind this. */
		while (!console_port_catch_up(p) && !guest_is_alive(g))
			console_flush();
	}
	/* What waited for the wire need not any more: it is remembered. */
	if (p && before && before != p && before->waits) {
		before->waits = false;
		before->ops->tx_space(before->priv);
	}
	console_changed();
}

void console_show_all(bool on)
{
	all_lines = on;
}

bool console_shows_all(void)
{
	return all_lines;
}
