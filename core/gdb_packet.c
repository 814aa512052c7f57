/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of GDB's remote protocol: framing, acknowledgement, hexadecimal digits. */
#include <string.h>

#include <hv/console.h>

#include "gdb.h"

static enum { IDLE, DATA, SUM_1, SUM_2 } state;
static char in[GDB_PACKET_MAX + 1], out[GDB_PACKET_MAX];
static u32 in_len, out_len;
static u8 sum, sum_sent;
static bool acks, too_long;

static const char digits[] = "0123456789abcdef";

/* 16: none. */
static u32 digit(char c)
{
	return c >= '0' && c <= '9' ? (u32)(c - '0') : c >= 'a' && c <= 'f' ? (u32)(c - 'a') + 10 :
	       c >= 'A' && c <= 'F' ? (u32)(c - 'A') + 10 : 16;
}

void gdb_packet_reset(void)
{
	state = IDLE;
	acks = true;
	out_len = 0;
}

void gdb_packet_no_ack(void)
{
	acks = false;
}

char *gdb_packet(void)
{
	return in;
}

static void send_packet(void)
{
	u8 s = 0;

	console_putc_raw('$');
	for (u32 i = 0; i < out_len; i++) {
		console_putc_raw(out[i]);
		s += (u8)out[i];
	}
	console_putc_raw('#');
	console_putc_raw(digits[s >> 4]);
	console_putc_raw(digits[s & 15]);
}

static enum gdb_event complete(void)
{
	bool good = sum == sum_sent && !too_long;

	state = IDLE;
	in[in_len] = '\0';
	if (acks)
		console_putc_raw(good ? '+' : '-');
	return good ? GDB_PACKET : GDB_NOTHING;
}

static enum gdb_event idle_input(char c)
{
	if (c == '$') {
		state = DATA;
		in_len = 0;
		sum = 0;
		too_long = false;
	} else if (c == '-' && acks && out_len) {
		send_packet();
	}
	return c == 0x03 ? GDB_INTERRUPT : GDB_NOTHING;
}

static void data_input(char c)
{
	if (c == '#') {
		state = SUM_1;
		return;
	}
	sum += (u8)c;
	too_long |= in_len == GDB_PACKET_MAX;
	if (!too_long)
		in[in_len++] = c;
}

enum gdb_event gdb_packet_input(char c)
{
	switch (state) {
	case IDLE:
		return idle_input(c);
	case DATA:
		data_input(c);
		break;
	case SUM_1:
		sum_sent = (u8)(digit(c) << 4);
		state = SUM_2;
		break;
	case SUM_2:
		sum_sent |= (u8)digit(c);
		return complete();
	}
	return GDB_NOTHING;
}

/* -- sending -- */

void gdb_begin(void)
{
	out_len = 0;
}

u32 gdb_room(void)
{
	return GDB_PACKET_MAX - out_len;
}

static void put(char c)
{
	if (gdb_room())
		out[out_len++] = c;
}

void gdb_text(const char *s)
{
	while (*s)
		put(*s++);
}

void gdb_hex(const void *p, u32 len)
{
	const u8 *b = p;

	for (u32 i = 0; i < len; i++) {
		put(digits[b[i] >> 4]);
		put(digits[b[i] & 15]);
	}
}

void gdb_word(u32 w)
{
	u8 b[4] = { (u8)w, (u8)(w >> 8), (u8)(w >> 16), (u8)(w >> 24) };

	gdb_hex(b, sizeof(b));
}

void gdb_end_packet(void)
{
	send_packet();
}

void gdb_reply(const char *s)
{
	gdb_begin();
	gdb_text(s);
	gdb_end_packet();
}

/* -- receiving -- */

bool gdb_number(const char **s, u32 *n)
{
	const char *begin = *s;

	for (*n = 0; digit(**s) < 16; (*s)++)
		*n = *n << 4 | digit(**s);
	return *s != begin;
}

u32 gdb_bytes(const char *s, void *to, u32 max)
{
	u8 *b = to;
	u32 n = 0;

	for (; n < max && digit(s[0]) < 16 && digit(s[1]) < 16; s += 2)
		b[n++] = (u8)(digit(s[0]) << 4 | digit(s[1]));
	return n;
}
