// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: what a boot loader does. With the MMU off, and the data cache on or off, it moves itself up, loads one program after the other to
 * the same place, over what ran there before and over itself, with no maintenance but "invalidate everything", and enters it as a kernel is entered.
 */
#include "guest.h"

#define MACHINE		1546u
#define TAGS		(TEST_RAM + 0x100u)
#define PLACE		(TEST_RAM + 0x10000u)	/* where programs run */
#define STORE		(TEST_RAM + 0x40000u)	/* where they wait */
#define HIGH		(TEST_RAM + 0x200000u)	/* where the loader moves to */
#define MOVER_BYTES	512u
#define PROGRAM_WORDS	16u
#define ROUNDS		40u

struct job {
	u32 from, to, words, thumb;
};

/* Runs wherever it was copied to: refers to nothing but what it is given. */
static u32 __attribute__((noinline, noclone, section(".playground.chain")))
load_and_enter(const volatile struct job *j)
{
	const volatile u32 *from = (const volatile u32 *)j->from;
	volatile u32 *to = (volatile u32 *)j->to;

	for (u32 i = 0; i < j->words; i++)
		to[i] = from[i];
	dsb();
	MCR(0, c7, c5, 0, 0);		/* ICIALLU */
	MCR(0, c7, c5, 6, 0);		/* BPIALL */
	dsb();
	isb();
	return ((u32 (*)(u32, u32, u32))(j->to | j->thumb))(0, MACHINE, TAGS);
}

typedef u32 (*loader_fn)(const volatile struct job *);

/* The loader at @at, in the state that it was compiled for. */
static loader_fn loader_at(u32 at)
{
	return (loader_fn)(at | ((u32)load_and_enter & 1));
}

static void copy_words(u32 to, u32 from, u32 bytes)
{
	for (u32 i = 0; i < bytes; i += 4)
		write32(to + i, read32(from + i));
	dsb();
	MCR(0, c7, c5, 0, 0);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}

/*
 * A program: r0 + r1 * 2 + r2 + n, and the mode and the Thumb bit that it runs with (by MRS) from bit 24 on. It changes its own register values
 * only, as a kernel's first instructions do.
 */
static void program_make(u32 n, bool thumb)
{
	static const u32 arm[] = {
		0xe0800081,	/* add r0, r0, r1, lsl #1 */
		0xe0800002,	/* add r0, r0, r2 */
		0xe10f3000,	/* mrs r3, cpsr */
		0xe203301f,	/* and r3, r3, #31 */
		0xe0800c03,	/* add r0, r0, r3, lsl #24 */
		0xe59f3004,	/* ldr r3, 1f */
		0xe0800003,	/* add r0, r0, r3 */
		0xe12fff1e,	/* bx lr */
	};
	static const u32 t32[] = {
		0x0041eb00,	/* add.w r0, r0, r1, lsl #1 */
		0xbf004410,	/* add r0, r2; nop */
		0x8300f3ef,	/* mrs r3, cpsr */
		0x031ff003,	/* and r3, r3, #31 */
		0x6003eb00,	/* add.w r0, r0, r3, lsl #24 */
		0x44184b02,	/* ldr r3, 1f; add r0, r3 */
		0xbf004770,	/* bx lr; nop */
		0xbf00bf00,
	};

	for (u32 i = 0; i < 8; i++)
		write32(STORE + i * 4, thumb ? t32[i] : arm[i]);
	write32(STORE + 32, n);			/* 1: */
	for (u32 i = 9; i < PROGRAM_WORDS; i++)
		write32(STORE + i * 4, 0xe7f000f0 + (n & 0xf));
	dsb();
}

static u32 expected(u32 n)
{
	return MACHINE * 2 + TAGS + n + (MODE_SVC << 24);
}

static void load_programs(const char *name, u32 loader, bool mixed)
{
	static volatile struct job j;

	group_begin(name);
	for (u32 n = 0; n < ROUNDS; n++) {
		const bool thumb = mixed && (n & 1);

		program_make(n * 0x101, thumb);
		j = (struct job){ STORE, PLACE, PROGRAM_WORDS, thumb };
		group_check(expected(n * 0x101), loader_at(loader)(&j), "program %u", n);
	}
	group_end();
}

/* The loader runs from HIGH and puts the program where the loader was before; then it moves back over that. */
static void load_over_itself(void)
{
	static volatile struct job j;

	group_begin("programs over the loader, which moves");
	for (u32 n = 0; n < ROUNDS; n++) {
		copy_words(PLACE, (u32)load_and_enter & ~1u, MOVER_BYTES);
		program_make(n, false);
		j = (struct job){ STORE, HIGH, PROGRAM_WORDS, 0 };
		group_check(expected(n), loader_at(PLACE)(&j), "low loader %u", n);
		copy_words(HIGH, PLACE, MOVER_BYTES);
		program_make(n + 0x1000, false);
		j = (struct job){ STORE, PLACE, PROGRAM_WORDS, 0 };
		group_check(expected(n + 0x1000), loader_at(HIGH)(&j), "high loader %u", n);
	}
	group_end();
}

static void all(const char *caches)
{
	print("INFO %s\n", caches);
	copy_words(HIGH, (u32)load_and_enter & ~1u, MOVER_BYTES);
	load_programs("A32 programs at one place", (u32)load_and_enter & ~1u, false);
	load_programs("A32 and T32 programs at one place", HIGH, true);
	load_over_itself();
}

void guest_main(void)
{
	const u32 sctlr = sctlr_read();

	dcache_clean_inv_all();
	sctlr_write(sctlr & ~(SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_Z));
	all("all caches off");
	sctlr_write((sctlr & ~(SCTLR_M | SCTLR_C)) | SCTLR_I | SCTLR_Z);
	all("instruction cache on");
	/* with the caches on for a while, as a loader has them that unpacks, and off again before it enters what it unpacked */
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	program_make(0x7777, false);
	dcache_clean_inv_all();
	mmu_off();
	dcache_clean_inv_all();
	all("caches were on");
}
