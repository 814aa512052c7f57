/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random bytes: ChaCha20 (RFC 8439, 2.3) as a generator that forgets its key with each use, fed with the jitter between two oscillators.
 *
 * The board has no random number generator that Umbra may use. What it has are the 32 kHz counter and the processor's clock, which are made from
 * different crystals: how often the processor can ask before the counter moves on is not the same each time, and when a guest asks is not known
 * beforehand. A machine model with -icount has no such thing: there the bytes are the same on every run.
 */
#include <string.h>

#include <hv/entropy.h>
#include <hv/time.h>

#define KEY_WORDS	8u
#define BLOCK_WORDS	16u
#define FIRST_EDGES	256u	/* of the 32 kHz counter, 8 ms: one bit of each would do */

static u32 key[KEY_WORDS];
static u32 sampled_at;
static bool ready;

static u32 rotate(u32 v, u32 n)
{
	return v << n | v >> (32 - n);
}

static void quarter(u32 *s, u32 a, u32 b, u32 c, u32 d)
{
	s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 16);
	s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 12);
	s[a] += s[b], s[d] = rotate(s[d] ^ s[a], 8);
	s[c] += s[d], s[b] = rotate(s[b] ^ s[c], 7);
}

/* Block @counter of the key's stream. */
static void block(u32 counter, u32 out[BLOCK_WORDS])
{
	u32 in[BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };

	memcpy(in + 4, key, sizeof(key));
	in[12] = counter;
	memcpy(out, in, sizeof(in));
	for (u32 i = 0; i < 10; i++) {
		quarter(out, 0, 4, 8, 12), quarter(out, 1, 5, 9, 13), quarter(out, 2, 6, 10, 14), quarter(out, 3, 7, 11, 15);
		quarter(out, 0, 5, 10, 15), quarter(out, 1, 6, 11, 12), quarter(out, 2, 7, 8, 13), quarter(out, 3, 4, 9, 14);
	}
	for (u32 i = 0; i < BLOCK_WORDS; i++)
		out[i] += in[i];
}

/* The first half of the next block becomes the key, so that nothing leads back. */
static void next_key(u32 sample)
{
	u32 out[BLOCK_WORDS];

	key[0] ^= sample;
	block(0, out);
	memcpy(key, out, sizeof(key));
}

/* How many looks until the counter moves on. */
static u32 until_edge(void)
{
	u32 start = host_time_now(), n = 0;

	while (host_time_now() == start)
		n++;
	return n << 16 ^ start;
}

/* Many edges at first, then one a second: a guest that asks all the time must not hold the processor. */
static void collect(void)
{
	u32 edges = !ready ? FIRST_EDGES : host_time_now() - sampled_at >= TIME_HZ;

	for (u32 i = 0; i < edges; i++) {
		next_key(until_edge());
		sampled_at = host_time_now();
	}
	ready = true;
}

void entropy_fill(void *to, u32 len)
{
	u8 *p = to;

	collect();
	next_key(host_time_now());
	for (u32 counter = 1; len; counter++) {
		u32 out[BLOCK_WORDS], n = MIN(len, (u32)sizeof(out));

		block(counter, out);
		memcpy(p, out, n);
		p += n;
		len -= n;
	}
	next_key(0);
}
