/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any page of T32 code, entered anywhere and then elsewhere: what begins at any halfword of the copy is right. The checks are those of the unit test. */
/* SOURCES: arch/arm/cpu/decode.c arch/arm/cpu/decode_t32.c arch/arm/cpu/code_t32.c arch/arm/cpu/site.c */
#define main unit_tests
#include "../host/t_t32.c"
#undef main

#include "fuzz.h"

struct input {
	u16 entry, base;	/* where the halfwords are laid; the rest is NOPs */
	u8 it, reaches;
	u16 reach[4];
};

static void check_all(void)
{
	for (u32 i = 0; i < T32_HALVES; i++)
		check_begin(i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	clear(NULL);
	for (size_t i = sizeof(in); i + 1 < size && i < PAGE_SIZE; i += 2)
		memcpy(&page[(in.base + i / 2) % T32_HALVES], data + i, 2);
	memcpy(before, page, sizeof(before));
	s.page = page;
	s.before = in.it & 8 ? before : NULL;
	s.known = &known;
	s.copy = COPY;
	s.hot = in.it & 16;
	t32_scan(&s, in.entry % (T32_HALVES + 1), in.it % 4);
	s.to = copy;
	t32_write(&s);
	for (u32 i = 0; i < in.reaches % 5 && !s.conflict; i++) {
		u32 at = in.reach[i % ARRAY_SIZE(in.reach)] % T32_HALVES;

		check_all();
		if (copy[at] == TRAP && !known_start(at))
			t32_reach(&s, at, 0);
	}
	if (!s.conflict)
		check_all();
	return 0;
}
