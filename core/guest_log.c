/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of a Linux guest, found in its memory by what it looks like.
 *
 * Linux 5.10 and later: struct printk_ringbuffer is a structure of kernel addresses and counters that fit each other so closely that nothing
 * else passes for one. Its addresses go through the guest's tables, or, where these do not know them (yet, or any more), through the
 * linear map that all 32-bit ARM kernels have.
 */
#include <string.h>

#include <arch/debug.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/guest_log.h>
#include <hv/monitor.h>

#include "guest_log.h"

#define NSEC_PER_SEC	1000000000u

bool guest_log_scan(struct guest *g, bool (*fn)(struct guest *g, const u8 *ram, u32 size, void *arg), void *arg)
{
	for (u32 i = 0; i < g->map.nr; i++) {
		const struct region *r = &g->map.r[i];

		if (r->type == REGION_RAM && fn(g, guest_mem_ptr(g, r->base, r->size), r->size, arg))
			return true;
	}
	return false;
}

bool guest_log_is_text(const char *text, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		u8 c = (u8)text[i];

		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != 0x1b) || c == 0x7f)
			return false;
	}
	return true;
}

bool guest_log_line(u64 ts, const char *text, u32 len)
{
	if (console_stop_typed())
		return false;
	if (ts != GUEST_LOG_NO_TIME)
		mon_printf("[%5lu.%06lu] ", (unsigned long)(ts / NSEC_PER_SEC), (unsigned long)(ts % NSEC_PER_SEC / 1000));
	while (len && text[len - 1] == '\n')
		len--;
	for (u32 i = 0; i < len; i++)
		console_putc(text[i] == '\n' || text[i] == '\t' || (u8)text[i] >= ' ' ? text[i] : '.');
	console_putc('\n');
	return true;
}

/* What there is left to look at. */
static u32 looks;

#define LOOKS		(16u << 20)	/* some half a second; a log of 1 MiB takes a hundredth */
#define LOOKS_HEADER	64u		/* of what a header's addresses are looked up with */

bool guest_log_may_look(u32 n)
{
	looks -= MIN(n, looks);
	return looks;
}

/* -- Linux 5.10 and later (kernel/printk/printk_ringbuffer.h) -- */

#define COUNT_BITS_MIN	4u
#define COUNT_BITS_MAX	20u
#define TEXT_BITS_MORE	8u		/* a record has room for up to 2^8 characters on average (PRB_AVGBITS is 5) */
#define ID_MASK		0x3fffffffu
#define STATE(sv)	((sv) >> 30)
#define STATE_COMMITTED	1u
#define STATE_FINALIZED	2u
#define NEAR		(16u << 20)	/* the static buffer's structure, and the one that log_buf_len= makes, are in one kernel */

struct desc {			/* struct prb_desc */
	u32 state, begin, next;
};

struct info {			/* struct printk_info */
	u64 seq, ts;
	u16 text_len;
	u8 facility, flags_level;
	u32 caller;
	char subsystem[16], device[48];
};

struct ring {			/* struct printk_ringbuffer, what is needed of it */
	gpa_t at;
	u32 count, size;
	const struct desc *desc;
	const struct info *info;
	const char *text;
	u32 head, tail;		/* descriptor ids */
	u64 newest;
};

/* Where a kernel's linear map puts @va: it begins at a multiple of 1 GiB, with the beginning of RAM. */
static gpa_t linear(const struct guest *g, gva_t va)
{
	return g->cfg.mem_base + (va & 0x3fffffff);
}

/* The guest's @len bytes at kernel address @va, which are in one piece in RAM; NULL: they are not. */
static const void *kernel_ptr(struct guest *g, gva_t va, u32 len)
{
	gpa_t first, last;

	if (va < 0x40000000 || va % 4 || va + (len - 1) < va)
		return NULL;
	if (!arch_debug_gpa(g->vcpu, va, &first) || !arch_debug_gpa(g->vcpu, va + (len - 1), &last) || last - first != len - 1)
		first = linear(g, va);
	return guest_mem_ptr(g, first, len);
}

/* Message @id, if it is there and whole. */
static bool ring_message(const struct ring *r, u32 id, const struct info **info, const char **text, u32 *len)
{
	u32 i = id & (r->count - 1), mask = r->size - 1;
	const struct desc *d = &r->desc[i];
	u32 begin = d->begin & mask, end = d->next & mask, room;

	*info = &r->info[i];
	if ((d->state & ID_MASK) != (id & ID_MASK) || (STATE(d->state) != STATE_COMMITTED && STATE(d->state) != STATE_FINALIZED))
		return false;
	*len = 0;
	if (d->begin & 1)	/* without text */
		return true;
	if ((d->begin ^ d->next) & ~mask && end)	/* it did not fit behind: it is at the beginning */
		begin = 0;
	room = (end ? end : r->size) - begin;
	if (room < 4 || room > r->size - begin)
		return false;
	*text = r->text + begin + 4;	/* behind its descriptor's id */
	*len = MIN((*info)->text_len, room - 4);
	return guest_log_is_text(*text, *len);
}

/* Counters that fit each other, before anything is looked at that they point to. */
static const u32 *ring_plausible(const u32 *p)
{
	u32 count = p[0], data;

	if (count < COUNT_BITS_MIN || count > COUNT_BITS_MAX || p[1] < 0x40000000 || p[2] < 0x40000000 || p[1] % 4 || p[2] % 4)
		return NULL;
	if (((p[3] - p[4]) & ID_MASK) >= BIT(count))
		return NULL;
	for (data = 5; data <= 6; data++)	/* 5.18 has one more counter of descriptors */
		if (p[data] > count && p[data] <= count + TEXT_BITS_MORE && p[data + 1] >= 0x40000000 &&
		    p[data + 2] - p[data + 3] <= BIT(p[data]))
			return &p[data];
	return NULL;
}

static bool ring_at(struct guest *g, const u32 *p, struct ring *r)
{
	const u32 *data = ring_plausible(p);
	const struct info *info;
	const char *text;
	u32 len;

	if (!data || !guest_log_may_look(LOOKS_HEADER))
		return false;
	r->at = guest_map_gpa(&g->map, ptr_hpa(p));
	r->count = BIT(p[0]);
	r->size = BIT(data[0]);
	r->head = p[3];
	r->tail = p[4];
	r->desc = kernel_ptr(g, p[1], r->count * sizeof(struct desc));
	r->info = kernel_ptr(g, p[2], r->count * sizeof(struct info));
	r->text = kernel_ptr(g, data[1], r->size);
	if (!r->desc || !r->info || !r->text)
		return false;
	for (u32 id = r->head; ((r->head - id) & ID_MASK) <= ((r->head - r->tail) & ID_MASK) && guest_log_may_look(1); id--)
		if (ring_message(r, id, &info, &text, &len)) {
			r->newest = info->ts;
			return true;
		}
	return false;
}

/* The ring with the newest message: with log_buf_len= the first messages are in another one, too. */
static bool ring_look(struct guest *g, const u8 *ram, u32 size, void *arg)
{
	struct ring *best = arg, r;

	for (u32 i = 0; i + 48 <= size; i += 4) {
		const u32 *p = (const u32 *)(ram + i);

		if (*p - COUNT_BITS_MIN > COUNT_BITS_MAX - COUNT_BITS_MIN || !ring_at(g, p, &r))
			continue;
		if (!best->text || r.newest >= best->newest)
			*best = r;
		size = MIN(size, i + NEAR);
	}
	return best->text;
}

bool guest_log_ring(struct guest *g)
{
	struct ring r = { .text = NULL };
	u32 messages = 0, len;
	const struct info *info;
	const char *text = NULL;

	if (!guest_log_scan(g, ring_look, &r))
		return false;
	mon_printf("printk's ring of Linux 5.10 or later at physical 0x%08x:\n", (unsigned)r.at);
	for (u32 id = r.tail; ((id - r.tail) & ID_MASK) <= ((r.head - r.tail) & ID_MASK); id++)
		if (ring_message(&r, id, &info, &text, &len)) {
			if (!guest_log_line(info->ts, text, len))
				break;
			messages++;
		}
	mon_printf("%lu messages\n", (unsigned long)messages);
	return true;
}

void guest_log_print(struct guest *g)
{
	looks = LOOKS;
	if (guest_log_ring(g) || guest_log_records(g) || guest_log_text(g))
		return;
	if (!looks)
		mon_printf("too much of the guest's memory looks like the beginning of a printk buffer: given up\n");
	else
		mon_printf("no printk buffer of a 32-bit little-endian Linux kernel is in the guest's memory\n");
}
