// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest of tools/difftest: parameters, the loop over blocks, and the report. */
#include "diff.h"

/* tools/difftest finds this by its magic number and writes its own values. */
struct diff_params diff_params __attribute__((section(".data"))) = {
	.magic = { 0x66666944, 0x61726150 },		/* "DiffPara" */
	.seed = 1, .first = 0, .count = 256, .group = 64, .rounds = 2, .detail = 0, .keep = { ~0u, ~0u },
};

struct diff_block diff_block[BATCH], *diff_current;

bool diff_is_last(const struct diff_block *b)
{
	return b->index == diff_params.first + diff_params.count - 1;
}

/* -- details: what the program is and what became of it -- */

static void print_words(const char *what, u32 va, const u32 *word, u32 n)
{
	for (u32 i = 0; i < n; i++)
		print("%s %08x %08x\n", what, va + 4 * i, word[i]);
}

static void print_program(const struct diff_block *b)
{
	print("BLOCK %u units %u timer %u\n", b->index, b->units, (u32)b->timer);
	print_words("WORD", b->va, b->word, b->nr);
	print_words("STUB", b->stub_va, b->stub, b->stub_nr);
	for (u32 i = 0; i < b->t32_nr; i++)
		print("T32 %08x %04x\n", b->t32_va + 2 * i, b->t32[i]);
}

static void print_state(const char *when, u32 round, const struct diff_state *s)
{
	static const char *const bank[] = { "usr", "fiq", "irq", "svc", "abt", "und" };

	for (u32 i = 0; i < 8; i++)
		print("STATE %u %s r%u %08x\n", round, when, i, s->r[i]);
	for (u32 i = 0; i < 5; i++)
		print("STATE %u %s r%u_usr %08x\n", round, when, i + 8, s->usr_high[i]);
	for (u32 i = 0; i < 5; i++)
		print("STATE %u %s r%u_fiq %08x\n", round, when, i + 8, s->fiq_high[i]);
	for (u32 i = 0; i < B_NR; i++) {
		print("STATE %u %s sp_%s %08x\n", round, when, bank[i], s->bank[i].sp);
		print("STATE %u %s lr_%s %08x\n", round, when, bank[i], s->bank[i].lr);
		print("STATE %u %s spsr_%s %08x\n", round, when, bank[i], s->bank[i].spsr);
	}
}

static void print_records(u32 round)
{
	for (u32 i = 0; i < diff_records && i < RECORDS; i++) {
		const struct diff_record *r = &diff_record[i];

		print("EXC %u %u vector %u pc %08x spsr %08x cpsr %08x fsr %03x far %08x\n", round, i, r->vector, r->pc, r->spsr, r->cpsr,
		      r->fsr, r->far);
	}
}

static void print_after(u32 round, const struct diff_state *s)
{
	const u32 *w;
	u32 va;

	print_records(round);
	print_state("after", round, s);
	print("STATE %u after cpsr %08x\n", round, s->cpsr);
	print("STATE %u after pc %08x\n", round, s->pc);
	print("STATE %u after end %08x\n", round, diff_end_reason);
	for (u32 i = 0; i < ARRAY_SIZE(diff_sys); i++)
		print("STATE %u after %s %08x\n", round, diff_sys_name[i], diff_sys[i]);
	for (u32 n = 0; (w = world_window(n, &va)); n++)
		for (u32 i = 0; i < WINDOW_WORDS; i++)
			print("STATE %u after [%08x] %08x\n", round, va + 4 * i, w[i]);
}

/* -- running -- */

static bool detailed(const struct diff_block *b)
{
	return diff_params.detail && diff_is_last(b);
}

static void run_block(struct diff_block *b)
{
	static struct diff_state s;

	for (u32 round = 0; round < diff_params.rounds; round++) {
		world_before(b, round, &s);
		if (detailed(b))
			print_state("before", round, &s);
		diff_run(&s);
		world_after(b, &s);
		if (detailed(b))
			print_after(round, &s);
	}
}

static u32 kind_of_batch(u32 index)
{
	u32 v = (diff_params.seed ^ index / BATCH * 0x9e3779b1u) * 0x85ebca6bu;

	return (v ^ v >> 15) >> 4 & 63;
}

static void prepare(struct diff_block *b, u32 index)
{
	*b = (struct diff_block){ .seed = diff_params.seed, .index = index };
	world_place(b, kind_of_batch(index));
	gen_block(b);
	if (detailed(b))
		print_program(b);
}

/* The blocks of one page of code, from @index on, at most to @last. */
static u32 run_batch(u32 index, u32 last)
{
	u32 n = BATCH - index % BATCH;

	if (n > last - index)
		n = last - index;
	for (u32 i = 0; i < n; i++)
		prepare(&diff_block[i], index + i);
	world_batch(n);
	for (u32 i = 0; i < n; i++) {
		run_block(&diff_block[i]);
		if ((index + i + 1) % diff_params.group && index + i + 1 != last)
			continue;
		print("DIGEST %u %08x\n", index + i, diff_hash);
		diff_hash = 0;
	}
	return n;
}

void guest_main(void)
{
	u32 last = diff_params.first + diff_params.count;

	world_init();
	print("SEED %u\n", diff_params.seed);
	for (u32 index = diff_params.first; index < last;)
		index += run_batch(index, last);
	group_begin("blocks");
	group_check(last, last, "all");
	group_end();
}
