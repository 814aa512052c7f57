/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory attributes and access rights: from the guest's descriptors to the host's (pure functions, host-testable). */
#pragma once

#include <hv/types.h>

enum mem_kind { MEM_STRONGLY_ORDERED, MEM_DEVICE, MEM_NORMAL };

/* A memory type as the guest means it. inner/outer: 0 non-cacheable, 1 WB-WA, 2 WT, 3 WB (the codes of B3.8.2 and NMRR). */
struct mem_attr {
	u8 kind;
	u8 inner, outer;	/* MEM_NORMAL only */
	bool shareable;		/* MEM_NORMAL and MEM_DEVICE */
};

/* How attributes are decoded: the guest's SCTLR.TRE, PRRR and NMRR. */
struct attr_ctl {
	bool tre;
	u32 prrr, nmrr;
};

/* Index of the tables below: TEX[2:0] at 5:3, C 2, B 1, S 0. */
#define ATTR_INDEX(tex, c, b, s)	((u32)(tex) << 3 | (u32)(c) << 2 | (u32)(b) << 1 | (u32)(s))

/* Host descriptor bits by guest attribute index, at the small-page positions (TEX 8:6, S 10, C 3, B 2). */
struct attr_map {
	u16 ram[64];	/* RAM: the guest's own type */
	u16 dev[64];	/* passed-through devices: never Normal, so that nothing is speculated, merged or cached */
};

/* What the guest means by attribute index @i (ARM ARM B3.8.2, B3.8.3). Reserved encodings: Strongly-ordered. */
struct mem_attr attr_decode(const struct attr_ctl *ctl, u32 i);
/* Small-page descriptor bits for @a with SCTLR.TRE = 0 (B3.8.2). */
u32 attr_encode(struct mem_attr a);
/* @a as a passed-through device gets it: Device, not shareable, unless it is Strongly-ordered. */
struct mem_attr attr_for_device(struct mem_attr a);
void attr_map_build(struct attr_map *m, const struct attr_ctl *ctl);

/* Small-page attribute bits moved to their section positions (TEX 14:12, S 16, C 3, B 2). */
static inline u32 attr_to_section(u32 bits)
{
	return (bits & 0xc) | (bits & 0x5c0) << 6;
}

/* Of a section, these bits and AP[2] (15) at their small-page positions. */
static inline u32 section_as_page(u32 bits)
{
	return (bits & 0xc) | (bits >> 6 & 0x7c0);
}

/* Of what attr_encode() makes. */
#define ATTR_NORMAL	BIT(8)
#define ATTR_SHAREABLE	BIT(10)
#define ATTR_INNER	(3u << 2)	/* 0: not cached */
#define ATTR_OUTER	(3u << 6)

/* Attributes while the guest's MMU is off: RAM as Umbra itself maps it (write-back, write-allocate), devices as B3.2.1. */
#define ATTR_RAM_MMU_OFF	(1u << 6 | 3u << 2)
#define ATTR_DEV_MMU_OFF	0u

/* Rights of one privilege level. */
enum rights { RIGHTS_NONE, RIGHTS_RO, RIGHTS_RW };
/* By AP[2:0] of the full model (B3.7.1): PL1 and PL0. Reserved 0b100 grants nothing. */
extern const u8 ap_rights_pl1[8], ap_rights_pl0[8];

/* Small-page AP bits that give User mode @r (the guest runs there in every virtual mode); @r is not RIGHTS_NONE. */
static inline u32 ap_page_bits(u32 r)
{
	return r == RIGHTS_RW ? 3u << 4 : 3u << 4 | BIT(9);
}

static inline u32 ap_section_bits(u32 r)
{
	return r == RIGHTS_RW ? 3u << 10 : 3u << 10 | BIT(15);
}
