/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a root begins with that is given to another address space: the guest kernel's part of the one that it had. What that one had of its own
 * rests (shadow_rest.c).
 *
 * A kernel is mapped alike in all its address spaces. Where both guest tables have the same word for a slot, and what the root has there is
 * global, it stays: a few instructions in the place of a hidden fault for each MiB that a process comes to. A TLB may load what a table
 * describes at any time, and what is global in it hits in every address space (B3.10.1).
 */
#include "mmu.h"

static const u32 *table_words(struct shadow *s, gpa_t table, u32 size)
{
	return frame_of(s, table) && frame_of(s, table + size - 1) ? hpa_ptr(hpa_of(s, table)) : NULL;
}

bool l1_words(struct shadow *s, const struct root_key *key, struct l1_words *w)
{
	u32 n = key->ttbcr & 7;

	w->split = L1_ENTRIES >> n;
	w->low = table_words(s, key->ttbr0, L1_SIZE >> n);
	w->high = n ? table_words(s, key->ttbr1, L1_SIZE) : w->low;
	return w->low && w->high && !(key->ttbcr & (TTBCR_PD0 | TTBCR_PD1));
}

/* The slots of @used, by bits, at which two blocks of words differ. Of most blocks few are in use. */
static u32 differing(const u32 *a, const u32 *b, u32 used)
{
	u32 differ = 0;

	for (; used; used &= used - 1) {
		u32 i = (u32)__builtin_ctz(used);

		differ |= a[i] != b[i] ? BIT(i) : 0;
	}
	return differ;
}

/* Clear the slots of @r whose words are not the same in both tables. */
static void keep_equal(struct shadow *s, struct root *r, const struct l1_words *old, const struct l1_words *new)
{
	for (u32 block = slotset_block(&r->used, 0); block < ARRAY_SIZE(r->used.w); block = slotset_block(&r->used, block + 1)) {
		u32 go = differing(l1_word(old, block * 32), l1_word(new, block * 32), r->used.w[block]);

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
	root_rest_ng(s, r);
	if (r->epoch == s->epoch)
		keep_equal(s, r, &old, &new);	/* else it is compared when it is selected */
	return true;
}
