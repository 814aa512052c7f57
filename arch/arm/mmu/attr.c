/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merge of guest memory attributes with the kind of region behind them into host descriptor bits. */
#include "attr.h"

const u8 ap_rights_pl1[8] = {
	RIGHTS_NONE, RIGHTS_RW, RIGHTS_RW, RIGHTS_RW, RIGHTS_NONE, RIGHTS_RO, RIGHTS_RO, RIGHTS_RO,
};
const u8 ap_rights_pl0[8] = {
	RIGHTS_NONE, RIGHTS_NONE, RIGHTS_RO, RIGHTS_RW, RIGHTS_NONE, RIGHTS_NONE, RIGHTS_RO, RIGHTS_RO,
};

static struct mem_attr normal(u32 inner, u32 outer, bool s)
{
	return (struct mem_attr){ .kind = MEM_NORMAL, .inner = inner & 3, .outer = outer & 3, .shareable = s };
}

static struct mem_attr device(bool s)
{
	return (struct mem_attr){ .kind = MEM_DEVICE, .shareable = s };
}

static const struct mem_attr strongly_ordered = { .kind = MEM_STRONGLY_ORDERED };

/* TRE = 0: TEX:C:B by B3-10. */
static struct mem_attr decode_tex(u32 tex, u32 cb, bool s)
{
	if (tex & 4)
		return normal(cb, tex & 3, s);
	switch (tex << 2 | cb) {
	case 0x1:
		return device(true);
	case 0x2:
		return normal(2, 2, s);
	case 0x3:
		return normal(3, 3, s);
	case 0x4:
		return normal(0, 0, s);
	case 0x7:
		return normal(1, 1, s);
	case 0x8:
		return device(false);
	default:	/* 0x0 is Strongly-ordered, the others reserved or implementation defined */
		return strongly_ordered;
	}
}

/* TRE = 1: TEX[0]:C:B selects a field of PRRR and NMRR (B4.1.127, B4.1.104). */
static struct mem_attr decode_remap(const struct attr_ctl *ctl, u32 n, bool s)
{
	switch (ctl->prrr >> (2 * n) & 3) {
	case 1:
		return device(ctl->prrr >> (s ? 17 : 16) & 1);
	case 2:
		return normal(ctl->nmrr >> (2 * n), ctl->nmrr >> (2 * n + 16), ctl->prrr >> (s ? 19 : 18) & 1);
	default:
		return strongly_ordered;
	}
}

struct mem_attr attr_decode(const struct attr_ctl *ctl, u32 i)
{
	u32 tex = i >> 3 & 7, cb = i >> 1 & 3;
	bool s = i & 1;

	if (ctl->tre)
		return decode_remap(ctl, (tex & 1) << 2 | cb, s);
	return decode_tex(tex, cb, s);
}

u32 attr_encode(struct mem_attr a)
{
	switch (a.kind) {
	case MEM_NORMAL:
		return (4u | a.outer) << 6 | (u32)a.inner << 2 | (u32)a.shareable << 10;
	case MEM_DEVICE:
		return a.shareable ? 1u << 2 : 2u << 6;
	default:
		return 0;
	}
}

/*
 * Not shareable, whatever the guest says: on one core that means nothing else, and revisions of the Cortex-A8 do not keep the order of
 * accesses to shareable Device memory (its erratum 709718).
 */
struct mem_attr attr_for_device(struct mem_attr a)
{
	return a.kind == MEM_STRONGLY_ORDERED ? a : device(false);
}

void attr_map_build(struct attr_map *m, const struct attr_ctl *ctl)
{
	for (u32 i = 0; i < 64; i++) {
		struct mem_attr a = attr_decode(ctl, i);

		m->ram[i] = (u16)attr_encode(a);
		m->dev[i] = (u16)attr_encode(attr_for_device(a));
	}
}
