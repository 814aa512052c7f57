// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: code that is patched where it is writable and executed where it is not, again and again, with cache maintenance by address in the forms
 * that kernels have: loops over lines, of one turn and of many, and single operations. What they leave in registers and flags counts as well as
 * what runs then.
 */
#include "guest.h"

#define CODE		(TEST_RAM + 0x00300000u)
#define ALIAS		0x7f000000u	/* read-only there; within reach of what a branch from here reaches */
#define ROUNDS		96u
#define LINE		64u
#define BX_LR		0xe12fff1eu
#define MOVW_R0(n)	(0xe3000000u | ((n) & 0xf000u) << 4 | ((n) & 0xfffu))
#define MRS_R0		0xe10f0000u
#define AND_R0_31	0xe200001fu
#define T_MOVS_R0(n)	(0x2000u | ((n) & 0xffu))
#define T_BX_LR		0x4770u

typedef u32 (*fn0)(void);

struct after {
	u32 clean, invalidate;	/* the addresses after the loops, or what was left */
	u32 flags[2];		/* and NZCV */
};

/* As Linux does it: ADD, CMP, BLO, the step in a register. */
static void sync_blo(u32 from, u32 end, struct after *a)
{
	u32 at = from, again = from, step = LINE;

	asm volatile("1:	mcr	p15, 0, %0, c7, c11, 1\n"
		     "	add	%0, %0, %4\n"
		     "	cmp	%0, %5\n"
		     "	blo	1b\n"
		     "	mrs	%2, cpsr\n"
		     "	dsb\n"
		     "2:	mcr	p15, 0, %1, c7, c5, 1\n"
		     "	add	%1, %1, %4\n"
		     "	cmp	%1, %5\n"
		     "	blo	2b\n"
		     "	mrs	%3, cpsr\n"
		     "	mov	%4, #0\n"
		     "	mcr	p15, 0, %4, c7, c5, 6\n"
		     "	dsb\n"
		     "	isb"
		     : "+&r"(at), "+&r"(again), "=&r"(a->flags[0]), "=&r"(a->flags[1]), "+&r"(step) : "r"(end) : "cc", "memory");
	a->clean = at;
	a->invalidate = again;
}

/* ADD, SUBS, BHI, the step an immediate; and all of the instruction cache at the end. */
static void sync_bhi(u32 from, u32 end, struct after *a)
{
	u32 at = from, again = from, left = end - from, still = end - from;

	asm volatile("1:	mcr	p15, 0, %0, c7, c10, 1\n"
		     "	add	%0, %0, #64\n"
		     "	subs	%2, %2, #64\n"
		     "	bhi	1b\n"
		     "	mrs	%4, cpsr\n"
		     "	dsb\n"
		     "2:	mcr	p15, 0, %1, c7, c5, 1\n"
		     "	add	%1, %1, #64\n"
		     "	subs	%3, %3, #64\n"
		     "	bhi	2b\n"
		     "	mrs	%5, cpsr\n"
		     "	mcr	p15, 0, %0, c7, c5, 0\n"
		     "	dsb\n"
		     "	isb"
		     : "+&r"(at), "+&r"(again), "+&r"(left), "+&r"(still), "=&r"(a->flags[0]), "=&r"(a->flags[1]) : : "cc", "memory");
	a->clean = left;
	a->invalidate = still;
}

/* The same two with what follows right behind the loops, so that it may be done with them; the flags are looked at after that. */
static void sync_blo_at_once(u32 from, u32 end, struct after *a)
{
	u32 at = from, again = from, step = LINE, zero = 1;

	asm volatile("1:	mcr	p15, 0, %0, c7, c11, 1\n"
		     "	add	%0, %0, %4\n"
		     "	cmp	%0, %6\n"
		     "	blo	1b\n"
		     "	mrs	%2, cpsr\n"
		     "	dsb\n"
		     "	cmp	pc, #0\n"
		     "2:	mcr	p15, 0, %1, c7, c5, 1\n"
		     "	add	%1, %1, %4\n"
		     "	cmp	%1, %6\n"
		     "	blo	2b\n"
		     "	mov	%5, #0\n"
		     "	mcr	p15, 0, %5, c7, c5, 6\n"
		     "	dsb\n"
		     "	isb\n"
		     "	mrs	%3, cpsr"
		     : "+&r"(at), "+&r"(again), "=&r"(a->flags[0]), "=&r"(a->flags[1]), "+&r"(step), "+&r"(zero) : "r"(end) : "cc", "memory");
	a->clean = at;
	a->invalidate = again;
	group_check(0, zero, "what the operation on all was given");
}

static void sync_bhi_at_once(u32 from, u32 end, struct after *a)
{
	u32 at = from, again = from, left = end - from, still = end - from;

	asm volatile("1:	mcr	p15, 0, %0, c7, c10, 1\n"
		     "	add	%0, %0, #64\n"
		     "	subs	%2, %2, #64\n"
		     "	bhi	1b\n"
		     "	mrs	%4, cpsr\n"
		     "	dsb\n"
		     "	cmp	pc, #0\n"
		     "2:	mcr	p15, 0, %1, c7, c5, 1\n"
		     "	add	%1, %1, #64\n"
		     "	subs	%3, %3, #64\n"
		     "	bhi	2b\n"
		     "	mcr	p15, 0, %0, c7, c5, 0\n"
		     "	dsb\n"
		     "	isb\n"
		     "	mrs	%5, cpsr"
		     : "+&r"(at), "+&r"(again), "+&r"(left), "+&r"(still), "=&r"(a->flags[0]), "=&r"(a->flags[1]) : : "cc", "memory");
	a->clean = left;
	a->invalidate = still;
}

/* One by one. */
static void sync_each(u32 from, u32 end, struct after *a)
{
	for (u32 at = from; at < end; at += LINE)
		MCR(0, c7, c11, 1, at);
	dsb();
	for (u32 at = from; at < end; at += LINE)
		MCR(0, c7, c5, 1, at);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
	*a = (struct after){ 0 };
}

static void (*const forms[])(u32 from, u32 end, struct after *a) = { sync_blo, sync_bhi, sync_each, sync_blo_at_once, sync_bhi_at_once };
#define FORMS	ARRAY_SIZE(forms)

#define NZCV	0xf0000000u
#define Z_C	0x60000000u	/* equal */

/* What a form leaves: all lines were done, and the last comparison was one of equals, or passed the end. */
static void check_after(u32 form, u32 from, u32 end, const struct after *a)
{
	u32 past = (end - from + LINE - 1) & ~(LINE - 1);
	bool left = form % 3 == 1;

	if (form == 2)
		return;
	group_check(left ? end - from - past : from + past, a->clean, "form %u, after cleaning", form);
	group_check(left ? end - from - past : from + past, a->invalidate, "form %u, after invalidating", form);
	if (end - from == past) {
		group_check(Z_C, a->flags[0] & NZCV, "form %u, flags after cleaning", form);
		group_check(Z_C, a->flags[1] & NZCV, "form %u, flags after invalidating", form);
	} else {
		group_check(a->flags[0] & NZCV, a->flags[1] & NZCV, "form %u, flags", form);
	}
}

/* A function is written at @offset and maintained, by its writable or its executable address; then it runs. */
static void patch(u32 round, u32 offset)
{
	u32 form = round % FORMS, size = round % 7 == 6 ? 5 * LINE + 8 : round % 2 ? LINE : 8, from = ALIAS + offset;
	bool thumb = round / FORMS % 2;
	struct after a;

	if (thumb) {
		write16(CODE + offset, T_MOVS_R0(round));
		write16(CODE + offset + 2, T_BX_LR);
	} else {
		write32(CODE + offset, MOVW_R0(round * 7));
		write32(CODE + offset + 4, BX_LR);
	}
	forms[form](from, from + size, &a);
	check_after(form, from, from + size, &a);
	group_check(thumb ? round & 0xff : (round * 7) & 0xffff, ((fn0)(from | thumb))(), "round %u", round);
}

/* In another page, whose functions are sensitive: it is scanned code each time that something of it is maintained. */
static void patch_sensitive(u32 round, u32 offset)
{
	u32 form = round % FORMS, from = ALIAS + offset;
	struct after a;

	write32(CODE + offset, round % 4 == 3 ? MOVW_R0(round) : MRS_R0);
	write32(CODE + offset + 4, round % 4 == 3 ? 0xe1a00000 : AND_R0_31);
	write32(CODE + offset + 8, BX_LR);
	forms[form](from, from + 12, &a);
	check_after(form, from, from + 12, &a);
	group_check(round % 4 == 3 ? round : MODE_SVC, ((fn0)from)(), "round %u", round);
}

static void each(const char *name, void (*one)(u32 round, u32 offset), u32 page)
{
	group_begin(name);
	for (u32 round = 0; round < ROUNDS; round++)
		one(round, page + round * 16 % 0xc00);
	group_end();
}

void guest_main(void)
{
	pt_flat(l1_main);
	for (u32 va = RAM_BASE; va < RAM_TEST_END; va += 1 << 20)	/* not for User mode, as kernels have it */
		l1_main[va >> 20] = va | S_SECT | S_WB | S_AP(0, 1);
	dcache_clean(l1_main, sizeof(l1_main));
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	pt_section(l1_main, ALIAS, (CODE & 0xfff00000) | S_SECT | S_WB | S_AP(1, 1));
	tlb_all();
	each("sensitive code", patch_sensitive, 0x4000);
	each("plain code", patch, 0);
	each("plain code again", patch, 0x8000);
	each("plain code where sensitive code was", patch, 0x4000);
}
