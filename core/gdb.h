/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to gdb*.c: packets of GDB's remote protocol, $data#checksum (GDB manual, appendix E). */
#pragma once

#include <hv/types.h>

#define GDB_PACKET_MAX	1024u		/* characters between '$' and '#', in both directions */

/* What a received character completed. */
enum gdb_event {
	GDB_NOTHING,
	GDB_PACKET,		/* gdb_packet() is valid until the next character */
	GDB_INTERRUPT,		/* Ctrl-C */
};

void gdb_packet_reset(void);
enum gdb_event gdb_packet_input(char c);
char *gdb_packet(void);
void gdb_packet_no_ack(void);	/* from now on neither side acknowledges */

/* A packet to send: begin, parts, end. What does not fit is cut off. */
void gdb_begin(void);
void gdb_text(const char *s);
void gdb_hex(const void *p, u32 len);
void gdb_word(u32 w);		/* eight digits, in the guest's (little-endian) byte order */
u32 gdb_room(void);		/* characters that still fit */
void gdb_end_packet(void);
void gdb_reply(const char *s);	/* all at once */

/* Numbers of packets: digits from *@s on, which moves behind them. False: there is none. */
bool gdb_number(const char **s, u32 *n);
/* Up to @max bytes from hexadecimal digits; how many. */
u32 gdb_bytes(const char *s, void *to, u32 max);
