/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a root begins with that is given to another address space: the guest kernel's part of the one that it had.
 *
 * A kernel is mapped alike in all its address spaces. Where both guest tables have the same word for a slot, and what the root has there is
 * global, it stays: a few instructions in the place of a hidden fault for each MiB that a process comes to. A TLB may load what a table
 * describes at any time, and what is global in it hits in every address space (B3.10.1).
 */
#include "mmu.h"

/* The first-level words of an address space: those of slots below @split from TTBR0's, the others from TTBR1's (B3.5.4). */
struct l1_words {
	const u32 *low, *high;
	u32 split;
};

static const u32 *table_words(struct shadow *s, gpa_t table, u32 size)
{
	return frame_of(s, table) && frame_of(s, table + size - 1) ? hpa_ptr(hpa_of(s, table)) : NULL;
}

/* False: they are not in the guest's RAM, or not walked. */
static bool l1_words(struct shadow *s, const struct root_key *key, struct l1_words *w)
{
	u32 n = key->ttbcr & 7;

	w->split = L1_ENTRIES >> n;
	w->low = table_words(s, key->ttbr0, L1_SIZE >> n);
	w->high = n ? table_words(s, key->ttbr1, L1_SIZE) : w->low;
	return w->low && w->high && !(key->ttbcr & (TTBCR_PD0 | TTBCR_PD1));
}

/* The words of the slots from 32 * @block on. */
static inline const u32 *l1_block(const struct l1_words *w, u32 block)
{
	return (block * 32 < w->split ? w->low : w->high) + block * 32;
}

/* The slots of @used, by bits, at which two blocks of words differ. */
static u32 differing(const u32 *a, const u32 *b, u32 used)
{
	u32 any = 0, differ = 0;

	for (u32 i = 0; i < 32; i += 4)
		any |= (a[i] ^ b[i]) | (a[i + 1] ^ b[i + 1]) | (a[i + 2] ^ b[i + 2]) | (a[i + 3] ^ b[i + 3]);
	for (; any && used; used &= used - 1) {
		u32 i = (u32)__builtin_ctz(used);

		differ |= a[i] != b[i] ? BIT(i) : 0;
	}
	return differ;
}

/* Clear the slots of @r that have non-global entries, and those whose words are not the same in both tables. */
static void keep_equal(struct shadow *s, struct root *r, const struct l1_words *old, const struct l1_words *new)
{
	for (u32 block = 0; block < ARRAY_SIZE(r->used.w); block++) {
		u32 used = r->used.w[block], go = r->ng.w[block];

		if (!used)
			continue;
		go |= differing(l1_block(old, block), l1_block(new, block), used & ~go);
		for (; go; go &= go - 1)
			root_clear_slot(s, r, block * 32 + (u32)__builtin_ctz(go));
	}
}

bool root_pass_on(struct shadow *s, struct root *r, const struct root_key *key)
{
	struct l1_words old, new;

	if (r->dirty || r->uncached || r->key.ttbcr != key->ttbcr || guest_walks_uncached(s->v) ||
	    !l1_words(s, &r->key, &old) || !l1_words(s, key, &new))
		return false;
	if (r->epoch == s->epoch)
		keep_equal(s, r, &old, &new);
	else
		root_drop_ng(s, r);	/* the rest is compared when it is selected */
	root_end_ng(s, r);
	return true;
}
