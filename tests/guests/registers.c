// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: every encoding of p14 and p15, read and written in a privileged and in User mode, and of the moves of two registers. A line
 * says what an encoding does where it is not Undefined in all four ways. Written is what was read, or, where nothing can be read, an address
 * of memory that nobody needs. test_registers.py compares these lines; the report here is about what holds in all worlds.
 */
#include "guest.h"

#define SVC		0xef000000u
#define OPERAND		(TEST_RAM + 0x00200000u)
#define SEQ_WORDS	2u
#define BATCH		(CODE_WORDS / SEQ_WORDS)

enum way { PRIV_READ, PRIV_WRITE, USER_READ, USER_WRITE, WAYS };


#define FIELD(w, hi, lo)	((w) >> (lo) & ((2u << ((hi) - (lo))) - 1))

static u32 masks;
static u8 outcome[WAYS][BATCH];		/* the vector that ended it: VEC_SVC is success */
static u32 value[BATCH];		/* read in a privileged mode, or OPERAND */

static u32 encode(u32 cp, u32 n)
{
	return 0xee000010u | cp << 8 | FIELD(n, 13, 10) << 16 | FIELD(n, 9, 7) << 21 | FIELD(n, 6, 3) | FIELD(n, 2, 0) << 5;
}

/* What would stop this machine, or be a matter of luck on a real one: wait for interrupt; lines of the data cache thrown away. */
static bool is_harmful(u32 word)
{
	static const u32 t[] = { 0xee070f90, 0xee070f36, 0xee070f56, 0xee070f16 };	/* c7: c0, 4; c6, 1; c6, 2; c6, 0 */

	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		if (word == t[i])
			return true;
	return false;
}

static void run_way(u32 cp, u32 first, enum way way)
{
	bool write = way == PRIV_WRITE || way == USER_WRITE;
	u32 mode = way < USER_READ ? MODE_SVC : MODE_USR, words[CODE_WORDS], *at;
	struct ctx c;

	for (u32 i = 0; i < BATCH; i++) {
		words[SEQ_WORDS * i] = encode(cp, first + i) | (write ? 0 : 1u << 20);
		words[SEQ_WORDS * i + 1] = SVC;
	}
	at = code_fresh(words, CODE_WORDS);
	for (u32 i = 0; i < BATCH; i++) {
		ctx_init(&c, mode | masks);
		c.r[0] = write ? value[i] : 0;
		c.pc = (u32)&at[SEQ_WORDS * i];
		outcome[way][i] = is_harmful(words[SEQ_WORDS * i]) ? VEC_UND : (u8)ctx_run(&c);
		if (way == PRIV_READ)
			value[i] = outcome[way][i] == VEC_SVC ? exc_frame.r[0] : OPERAND;
	}
}

static const char *said(enum way way, u32 i)
{
	return outcome[way][i] == VEC_SVC ? "yes" : outcome[way][i] == VEC_UND ? "und" : "other";
}

static void run_batch(u32 cp, u32 first)
{
	for (u32 way = 0; way < WAYS; way++)
		run_way(cp, first, way);
	for (u32 i = 0; i < BATCH; i++) {
		u32 n = first + i;

		for (u32 way = 0; way < WAYS; way++)
			group_check(true, outcome[way][i] == VEC_SVC || outcome[way][i] == VEC_UND || outcome[way][i] == VEC_DABT,
				    "p%u, %u, c%u, c%u, %u: vector %u", cp, FIELD(n, 9, 7), FIELD(n, 13, 10), FIELD(n, 6, 3), FIELD(n, 2, 0),
				    outcome[way][i]);
		if (outcome[PRIV_READ][i] == VEC_UND && outcome[PRIV_WRITE][i] == VEC_UND && outcome[USER_READ][i] == VEC_UND &&
		    outcome[USER_WRITE][i] == VEC_UND)
			continue;
		print("REGISTER p%u, %u, c%u, c%u, %u: read %s, write %s, user read %s, user write %s, value %08x\n", cp, FIELD(n, 9, 7),
		      FIELD(n, 13, 10), FIELD(n, 6, 3), FIELD(n, 2, 0), said(PRIV_READ, i), said(PRIV_WRITE, i), said(USER_READ, i),
		      said(USER_WRITE, i), outcome[PRIV_READ][i] == VEC_SVC ? value[i] : 0);
	}
}

/* No register of 64 bits exists on this core. */
static void test_two_registers(void)
{
	group_begin("MCRR and MRRC of p14 and p15");
	for (u32 i = 0; i < 1024; i++) {
		u32 mode = i & 512 ? MODE_USR : MODE_SVC;
		struct ctx c;

		ctx_init(&c, mode | masks);
		group_check(VEC_UND, CODE_RUN(&c, 0xec410e00u | (i & 256) | (i & 255) | (i & 1 ? 1u << 20 : 0), SVC), "%u", i);
	}
	group_end();
}

void guest_main(void)
{
	masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	group_begin("every access of p14 and p15 works or is Undefined");
	for (u32 cp = 14; cp < 16; cp++)
		for (u32 first = 0; first < 1u << 14; first += BATCH)
			run_batch(cp, first);
	group_end();
	test_two_registers();
}
