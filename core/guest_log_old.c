/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The logs of older Linux kernels. Nothing points to them that could be recognised, but they themselves can be.
 *
 * 3.5 to 5.9: records one behind the other, each with its length (struct printk_log, struct log). The longest run of them is the log, or the
 * newer part of it if the buffer was filled more than once; the older part then follows, behind what is left of a record.
 * Up to 3.4: lines of text, each with its level in front: the longest run of them.
 */
#include <string.h>

#include <hv/guest.h>
#include <hv/monitor.h>

#include "guest_log.h"

#define RECORD_MAX	2048u
#define RUN_MIN		8u		/* so many in a row are no accident */
#define BUFFER_MAX	(1u << 20)	/* within which the older part is looked for */

struct record {			/* struct printk_log; the text follows, with CONFIG_PRINTK_CALLER four bytes later */
	u32 ts_lo, ts_hi;
	u16 len, text_len, dict_len;
	u8 facility, flags_level;
};

/* Bytes before the text, with or without CONFIG_PRINTK_CALLER, and to what a record's length is rounded: kernels differ. */
static const struct format {
	u32 header, align;
} formats[] = { { 16, 4 }, { 20, 4 }, { 16, 8 }, { 20, 8 } };

struct run {
	const u8 *begin, *end;
	const struct format *format;	/* of all its records */
	u32 records;
	u64 first, last;	/* times */
};

static u64 record_ts(const struct record *r)
{
	return (u64)r->ts_hi << 32 | r->ts_lo;
}

/* Numbers that fit each other. */
static const struct record *record_plausible(const u8 *p, const u8 *end, const struct format *f)
{
	const struct record *r = (const struct record *)p;

	if ((u32)(end - p) < sizeof(*r) || r->ts_hi >= 1u << 20 || r->len < sizeof(*r) || r->len > RECORD_MAX ||
	    r->len > (u32)(end - p) || r->facility > 23 || r->len != ALIGN_UP(f->header + r->text_len + r->dict_len, f->align))
		return NULL;
	return r;
}

static const struct record *record_at(const u8 *p, const u8 *end, const struct format *f)
{
	const struct record *r = record_plausible(p, end, f);

	return r && guest_log_may_look(1 + r->text_len / 8u) && guest_log_is_text((const char *)p + f->header, r->text_len) ? r : NULL;
}

static struct run run_of(const u8 *p, const u8 *end, const struct format *f)
{
	struct run run = { .begin = p, .end = p, .format = f };
	const struct record *r;

	while ((r = record_at(run.end, end, f)) && (!run.records || record_ts(r) >= run.last)) {
		if (!run.records++)
			run.first = record_ts(r);
		run.last = record_ts(r);
		run.end += r->len;
	}
	return run;
}

/* The lengths of one record may agree in more than one format, those of several seldom. */
static struct run run_at(const u8 *p, const u8 *end)
{
	struct run best = run_of(p, end, &formats[0]);

	for (u32 i = 1; i < ARRAY_SIZE(formats); i++) {
		struct run run = run_of(p, end, &formats[i]);

		if (run.records > best.records)
			best = run;
	}
	return best;
}

static bool record_look(struct guest *g, const u8 *ram, u32 size, void *arg)
{
	struct run *best = arg;

	for (const u8 *p = ram, *end = ram + size; p + sizeof(struct record) <= end; p += 4) {
		struct run run;

		if (((const struct record *)p)->len < sizeof(struct record))	/* most of memory */
			continue;
		run = run_at(p, end);
		if (run.records < RUN_MIN)
			continue;
		if (run.end - run.begin > best->end - best->begin)
			*best = run;
		p = run.end - 4;
	}
	return false;	/* the longest of all */
}

/* How many were printed. A device of the guest may write to them meanwhile. */
static u32 print_run(const struct run *run)
{
	const struct record *r;
	u32 n = 0;

	for (const u8 *p = run->begin; p < run->end && (r = record_plausible(p, run->end, run->format)); p += r->len, n++)
		if (!guest_log_line(record_ts(r), (const char *)p + run->format->header, r->text_len))
			break;
	return n;
}

/* What was not yet overwritten behind the newest record. */
static struct run older_part(struct guest *g, const struct run *newer)
{
	const struct region *r = guest_map_find(&g->map, guest_map_gpa(&g->map, ptr_hpa(newer->begin)));
	u32 left = r->size - (guest_map_gpa(&g->map, ptr_hpa(newer->end)) - r->base);
	const u8 *end = newer->end + MIN(left, BUFFER_MAX);
	struct run none = { .records = 0 };

	for (const u8 *p = newer->end; p + sizeof(struct record) <= end; p += 4) {
		struct run run = run_at(p, end);

		if (run.records > 1 && run.last <= newer->first)
			return run;
		if (run.records >= RUN_MIN)
			p = run.end - 4;
	}
	return none;
}

bool guest_log_records(struct guest *g)
{
	struct run newer = { .records = 0 }, older;
	u32 messages;

	guest_log_scan(g, record_look, &newer);
	if (!newer.records)
		return false;
	older = older_part(g, &newer);
	mon_printf("printk's records of Linux 3.5 to 5.9 at physical 0x%08x:\n", (unsigned)guest_map_gpa(&g->map, ptr_hpa(newer.begin)));
	messages = print_run(&older);
	messages += print_run(&newer);
	mon_printf("%lu messages\n", (unsigned long)messages);
	return true;
}

/* -- up to Linux 3.4 -- */

struct lines {
	const u8 *begin, *end;
	u32 nr;
};

static bool line_begins(const u8 *p, const u8 *end)
{
	return end - p >= 5 && p[0] == '<' && p[1] >= '0' && p[1] <= '7' && p[2] == '>';
}

/* The end of the line "<N>text\n" at @p, or NULL when that is none. */
static const u8 *line_end(const u8 *p, const u8 *end)
{
	const u8 *nl = line_begins(p, end) ? memchr(p, '\n', MIN((u32)(end - p), RECORD_MAX)) : NULL;

	return nl && guest_log_is_text((const char *)p, (u32)(nl - p)) ? nl + 1 : NULL;
}

static struct lines lines_at(const u8 *p, const u8 *end)
{
	struct lines l = { p, p, 0 };
	const u8 *next;

	while (line_begins(l.end, end) && guest_log_may_look(RECORD_MAX / 8) && (next = line_end(l.end, end))) {
		l.end = next;
		l.nr++;
	}
	return l;
}

static bool text_look(struct guest *g, const u8 *ram, u32 size, void *arg)
{
	struct lines *best = arg;
	const u8 *end = ram + size;

	for (const u8 *p = ram; (p = memchr(p, '<', (size_t)(end - p))); p++) {
		struct lines l = lines_at(p, end);

		if (l.nr >= RUN_MIN && l.nr > best->nr)
			*best = l;
		if (l.nr)
			p = l.end - 1;
	}
	return false;
}

bool guest_log_text(struct guest *g)
{
	struct lines l = { .nr = 0 };
	u32 n = 0;

	guest_log_scan(g, text_look, &l);
	if (!l.nr)
		return false;
	mon_printf("printk's text of Linux 3.4 or earlier at physical 0x%08x:\n", (unsigned)guest_map_gpa(&g->map, ptr_hpa(l.begin)));
	for (const u8 *p = l.begin, *next; p < l.end && (next = line_end(p, l.end)); p = next, n++)
		if (!guest_log_line(GUEST_LOG_NO_TIME, (const char *)p + 3, (u32)(next - p) - 3))
			break;
	mon_printf("%lu messages\n", (unsigned long)n);
	return true;
}
