// SPDX-License-Identifier: GPL-2.0-or-later
/* code_sieve.S beside what the host's tests have for it (tests/host/fake/sieve.c), on the processor alone: random tables, each upper half of a word. */
#include <hv/types.h>

#include "code_sieve.h"

#define WORDS	1024u
#define ROUNDS	400u
#define GUARD	0xdeadbeefu

void fake_sites(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t);
void fake_pc(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t);

typedef void sieve_fn(u32 *bits, const u32 *words, u32 n, const struct code_sieve *t);

static struct code_sieve tables;
static u32 words[WORDS] __attribute__((aligned(4096)));
static u32 seed = 7, different, passed;

/* Semihosting: @op with @arg. */
static u32 host(u32 op, const void *arg)
{
	register u32 r0 asm("r0") = op;
	register const void *r1 asm("r1") = arg;

	asm volatile("svc 0x123456" : "+r"(r0) : "r"(r1) : "memory");
	return r0;
}

static void say(const char *text)
{
	host(4, text);		/* SYS_WRITE0 */
}

static u32 rnd(void)
{
	seed = seed * 1664525u + 1013904223u;
	return seed >> 16;
}

/* The larger @sparse, the fewer words pass. */
static void make_tables(u32 sparse)
{
	u8 *p = (u8 *)&tables;

	for (u32 i = 0; i < sizeof(tables) - sizeof(tables.weight); i++) {
		p[i] = (u8)rnd();
		for (u32 k = 0; k < sparse; k++)
			p[i] &= (u8)rnd();
	}
	for (u32 i = 0; i < sizeof(tables.weight); i++)
		tables.weight[i] = (u8)(1u << i % 8);
}

/* In the first 128 rounds each upper half occurs twice. */
static void make_words(u32 round)
{
	for (u32 i = 0; i < WORDS; i++)
		words[i] = (round < 128 ? (round % 64) * WORDS + i : rnd()) << 16 | rnd();
}

/* One word more than there are bits for: what is behind stays. */
static void compare(sieve_fn *one, sieve_fn *other, u32 n, const char *name)
{
	u32 a[WORDS / 32 + 1], b[WORDS / 32 + 1];
	bool same = true;

	for (u32 i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = b[i] = GUARD;
	one(a, words, n, &tables);
	other(b, words, n, &tables);
	for (u32 i = 0; i < ARRAY_SIZE(a); i++) {
		same &= a[i] == b[i];
		passed += a[i] != 0 && a[i] != GUARD;
	}
	if (!same) {
		different++;
		say(name);
	}
}

int main(void)
{
	for (u32 round = 0; round < ROUNDS; round++) {
		const u32 n = 64 * (1 + round % 16);

		make_tables(round % 3);
		make_words(round);
		compare(code_sieve_sites, fake_sites, n, "DIFFERENT: sites\n");
		for (u32 i = 0; i < WORDS && round & 1; i += 3)
			words[i] = (words[i] & ~CODE_SIEVE_PC_MASK) | CODE_SIEVE_PC;
		compare(code_sieve_pc, fake_pc, n, "DIFFERENT: pc\n");
	}
	say(different ? "some differ\n" : passed ? "all equal\n" : "nothing passed\n");
	host(0x18, (const void *)0x20026);	/* SYS_EXIT, ADP_Stopped_ApplicationExit */
	return 0;
}
