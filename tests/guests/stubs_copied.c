// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: a sensitive instruction that is displaced as a kernel's probe does it. Its word is read where it ran, a branch to a detour takes its place,
 * and the detour executes the word elsewhere, which for a branch means: goes where it leads to. What was read may be a word of a hypervisor's.
 * The detour must be passed once only, also with an interrupt waiting that is masked before and after.
 */
#include "guest.h"

#define LINE		5u	/* of the interrupt controller, for software */
#define PASSES		3u	/* the detour gives up after so many */
#define RUNS		4000u	/* a hypervisor may interpret the page until it has seen enough of it */
#define PSR_BITS	(PSR_I | PSR_F | PSR_MODE)
#define BX_LR		0xe12fff1eu
#define LDR_PC		0xe51ff004u	/* ldr pc, [pc, #-4]: the word behind it */

static const struct site {
	const char *name;
	u32 word;
} sites[] = {
	{ "MSR", 0xe121f001 },		/* msr cpsr_c, r1 */
	{ "CPSID", 0xf10c0080 },	/* cpsid i */
};

static u32 branch(u32 from, u32 to)
{
	return 0xea000000u | ((to - from - 8) >> 2 & 0xffffff);
}

/* Where the branch @word at @at leads to, or 0. */
static u32 target(u32 word, u32 at)
{
	return word >> 24 == 0xea ? at + 8 + (u32)((int)(word << 8) >> 6) : 0;
}

/* Returns the CPSR that the function at @at read behind the site; @passes: how often its detour was passed. */
static u32 call(u32 at, u32 *passes)
{
	register u32 r0 asm("r0") = 0, r1 asm("r1") = cpsr_read(), r2 asm("r2") = PASSES;

	asm volatile("blx	%3" : "+r"(r0), "+r"(r1), "+r"(r2) : "r"(at) : "r3", "r12", "lr", "cc", "memory");
	*passes = PASSES - r2;
	return r0;
}

static void look(u32 at, u32 want, const char *when)
{
	u32 passes, psr = call(at, &passes);

	group_check(want, passes, "passes, %s", when);
	group_check(cpsr_read() & PSR_BITS, psr & PSR_BITS, "CPSR, %s", when);
}

/* Instruction @word with the way back behind the site. */
static u32 copy_of(u32 word, u32 site)
{
	const u32 code[] = { word, LDR_PC, site + 4 };

	return (u32)code_fresh(code, ARRAY_SIZE(code));
}

/* @own: the site's instruction, for where what is read is no branch: another word of a hypervisor's a probe would refuse. */
static void displace(u32 site, u32 own)
{
	u32 to = target(read32(site), site);
	const u32 detour[] = { 0xe2522001, 0x412fff1e, LDR_PC, to ? to : copy_of(own, site) };	/* subs r2, r2, #1; bxmi lr */

	write32(site, branch(site, (u32)code_fresh(detour, ARRAY_SIZE(detour))));
	code_sync((void *)site, 4);
}

static void test_site(const struct site *s)
{
	const u32 function[] = { s->word, 0xe10f0000, BX_LR };	/* mrs r0, cpsr */
	u32 site = (u32)code_fresh(function, ARRAY_SIZE(function)), passes;

	group_begin(s->name);
	for (u32 i = 0; i < RUNS; i++)
		call(site, &passes);
	look(site, 0, "as it is");
	displace(site, s->word);
	look(site, 1, "displaced");
	intc_soft_set(LINE);
	look(site, 1, "displaced, an interrupt waits");
	intc_soft_clear(LINE);
	look(site, 1, "displaced, none waits again");
	group_end();
}

void guest_main(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("stubs_copied", "no interrupt controller of the OMAP3's on this board");
		return;
	}
	intc_init();
	intc_unmask(LINE);
	pt_flat(l1_main);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	for (u32 i = 0; i < ARRAY_SIZE(sites); i++)
		test_site(&sites[i]);
	intc_mask(LINE);
}
