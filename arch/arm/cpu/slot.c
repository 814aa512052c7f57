// SPDX-License-Identifier: GPL-2.0-or-later
/* Slots: one instruction executed out of line. A slot keeps its instruction, so that a word that comes again costs no maintenance. */
#include <arm/slot.h>
#include <arm/sysreg.h>

/* What slot_run.S has at the end of every slot, and how it enters one. */
struct slot {
	u32 word, back;
};
extern struct slot arm_slots[SLOT_NR];
extern const char arm_slot_back[];
bool arm_slot_enter(struct vcpu *v, const struct slot *slot);
_Static_assert(sizeof(struct slot) == SLOT_SIZE, "slot_run.S reserves this much");

/* A32 B to @to from the second word of @s (A8.8.18): pc reads as 8 more than its address. */
static u32 branch_back(const struct slot *s)
{
	return 0xea000000 | (((u32)(uintptr_t)arm_slot_back - ((u32)(uintptr_t)&s->back + 8)) >> 2 & 0x00ffffff);
}

/* Make what was written from @p on what is executed there (B2.2.8). */
static void make_executable(const void *p, u32 size)
{
	const u32 line = 64, first = (u32)(uintptr_t)p & ~(line - 1), end = (u32)(uintptr_t)p + size;

	for (u32 a = first; a < end; a += line)
		write_dccmvau(a);
	dsb();
	for (u32 a = first; a < end; a += line)
		write_icimvau(a);
	write_bpiall(0);
	dsb();
	isb();
}

bool slot_run(struct vcpu *v, u32 word)
{
	struct slot *s = &arm_slots[word * 0x9e3779b1u >> (32 - SLOT_BITS)];

	if (s->word != word || !s->back) {
		s->word = word;
		s->back = branch_back(s);
		make_executable(s, sizeof(*s));
	}
	return arm_slot_enter(v, s);
}
