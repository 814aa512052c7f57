/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walk of the guest's short-descriptor tables: a pure function of guest memory and the guest's CP15 registers. */
#include <arch/cpu.h>

#include "mmu.h"

/* Fault status of the short-descriptor format (B3.13.3), all with FS[4] = 0. */
#define FS_ACCESS_L1	0x3u
#define FS_TRANS_L1	0x5u
#define FS_ACCESS_L2	0x6u
#define FS_TRANS_L2	0x7u
#define FS_DOMAIN_L1	0x9u
#define FS_DOMAIN_L2	0xbu
#define FS_WALK_L1	0xcu	/* synchronous external abort on translation table walk */
#define FS_PERM_L1	0xdu
#define FS_WALK_L2	0xeu
#define FS_PERM_L2	0xfu
#define FSR_WNR		BIT(11)

#define TTBR_RGN	(3u << 3)
#define TTBR_C		BIT(0)

/* The FSR that @fs gives for @acc: an IFSR has neither domain nor WnR (B4.1.96). */
static inline u32 fsr_of(u32 fs, u32 domain, enum shadow_access acc)
{
	return acc == ACC_EXEC ? fs : fs | domain << 4 | (acc == ACC_WRITE ? FSR_WNR : 0);
}

static int fault(struct gfault *f, u32 fs, u32 domain, gva_t va, enum shadow_access acc)
{
	*f = (struct gfault){ .fsr = fsr_of(fs, domain, acc), .far = va };
	return -EFAULT;
}

/* Host pointer to a word of guest RAM, or NULL. */
static inline const u32 *ram_word(struct vcpu *v, gpa_t a)
{
	struct shadow *s = v->shadow;

	if (s && s->spans && a - s->span[0].base < s->span[0].size)
		return hpa_ptr(hpa_of(s, a));
	return guest_mem_ptr(v->guest, a, 4);
}

/*
 * Read one descriptor. A guest whose walks are non-cacheable may have written it past the cache while Umbra maps all RAM
 * cacheable: drop our line first (B3.3.1, A3.5.7 mismatched attributes).
 */
static bool read_desc_cached(struct vcpu *v, gpa_t a, bool cached, u32 *desc)
{
	const u32 *p = ram_word(v, a);

	if (!p)
		return false;
	if (!cached)
		arch_dcache_flush_range(ptr_hpa(p), 4);
	*desc = *(const volatile u32 *)p;
	if (v->cp15.sctlr & SCTLR_EE)
		*desc = __builtin_bswap32(*desc);
	return true;
}

static bool read_desc(struct vcpu *v, gpa_t a, u32 ttbr, u32 *desc)
{
	return read_desc_cached(v, a, ttbr & (TTBR_RGN | TTBR_C), desc);
}

/* Table base selection (B3.5.4). False when the walk is disabled. */
static bool select_table(const struct vcp15 *c, gva_t va, u32 *ttbr, gpa_t *l1addr)
{
	u32 n = c->ttbcr & 7;

	if (n && va >> (32 - n)) {
		*ttbr = c->ttbr1;
		*l1addr = (c->ttbr1 & 0xffffc000u) | va >> 20 << 2;
		return !(c->ttbcr & TTBCR_PD1);
	}
	*ttbr = c->ttbr0;
	*l1addr = (c->ttbr0 & ~(0x3fffu >> n)) | va >> 20 << 2;
	return !(c->ttbcr & TTBCR_PD0);
}

bool guest_l1_desc(struct vcpu *v, gva_t va, u32 *desc)
{
	gpa_t addr;
	u32 ttbr;

	return select_table(&v->cp15, va, &ttbr, &addr) && read_desc(v, addr, ttbr, desc);
}

bool guest_walk_cached(struct vcpu *v, gva_t va)
{
	gpa_t addr;
	u32 ttbr;

	return select_table(&v->cp15, va, &ttbr, &addr) && ttbr & (TTBR_RGN | TTBR_C);
}

bool guest_walks_uncached(const struct vcpu *v)
{
	const struct vcp15 *c = &v->cp15;

	return !(c->ttbr0 & (TTBR_RGN | TTBR_C)) || (c->ttbcr & 7 && !(c->ttbr1 & (TTBR_RGN | TTBR_C)));
}

bool root_l1_desc(struct shadow *s, const struct root *r, u32 slot, u32 *desc)
{
	struct vcp15 of = { .ttbr0 = r->key.ttbr0, .ttbr1 = r->key.ttbr1, .ttbcr = r->key.ttbcr };
	gpa_t addr;
	u32 ttbr;

	return select_table(&of, slot << SECTION_SHIFT, &ttbr, &addr) && read_desc_cached(s->v, addr, !r->uncached, desc);
}

static void leaf_section(struct walk *w, gva_t va, u32 d)
{
	w->size = SECTION_SIZE;
	w->gpa = (d & SECTION_MASK) | (va & ~SECTION_MASK);
	w->domain = (u8)FIELD(d, 8, 5);
	if (d & L1_SUPER) {	/* 16 MiB, always domain 0; address bits 39:32 do not exist on this core */
		w->size = 16 * SECTION_SIZE;
		w->gpa = (d & 0xff000000u) | (va & 0x00ffffffu);
		w->domain = 0;
	}
	w->ap = (u8)(FIELD(d, 15, 15) << 2 | FIELD(d, 11, 10));
	w->xn = FIELD(d, 4, 4);
	w->global = !(d & SECT_NG);
	w->tex = (u8)FIELD(d, 14, 12);
	w->c = (u8)FIELD(d, 3, 3);
	w->b = (u8)FIELD(d, 2, 2);
	w->s = (u8)FIELD(d, 16, 16);
}

static void leaf_page(struct walk *w, gva_t va, u32 d)
{
	if (d & L2_SMALL) {
		w->size = PAGE_SIZE;
		w->gpa = (d & PAGE_MASK) | (va & ~PAGE_MASK);
		w->xn = d & L2_XN;
		w->tex = (u8)FIELD(d, 8, 6);
	} else {
		w->size = 0x10000;
		w->gpa = (d & 0xffff0000u) | (va & 0xffffu);
		w->xn = FIELD(d, 15, 15);
		w->tex = (u8)FIELD(d, 14, 12);
	}
	w->ap = (u8)(FIELD(d, 9, 9) << 2 | FIELD(d, 5, 4));
	w->global = !(d & L2_NG);
	w->c = (u8)FIELD(d, 3, 3);
	w->b = (u8)FIELD(d, 2, 2);
	w->s = (u8)FIELD(d, 10, 10);
}

void guest_leaf(struct walk *w, gva_t va, u32 l1desc, u32 l2desc)
{
	if (!l2desc) {
		leaf_section(w, va, l1desc);
		return;
	}
	w->domain = (u8)L1_DOMAIN_OF(l1desc);
	leaf_page(w, va, l2desc);
}

/* MMU off: identity, everything allowed (B3.2). The descriptor is of no type, so it never equals a guest's own. */
static int walk_flat(gva_t va, struct walk *w)
{
	*w = (struct walk){
		.gpa = va, .size = SECTION_SIZE, .ap = 3, .global = true, .l1desc = va & SECTION_MASK,
	};
	return 0;
}

/* Access flag, domain and permission, in the order of B3.12.3. */
static int check_access(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f)
{
	bool page = w->l2desc;
	u32 field, rights;

	if (v->cp15.sctlr & SCTLR_AFE) {
		if (!(w->ap & 1))
			return fault(f, page ? FS_ACCESS_L2 : FS_ACCESS_L1, w->domain, va, acc);
		w->ap |= 1;	/* AP[2:1] model: AP[0] reads as 1 in the full model */
	}
	field = v->cp15.dacr >> (2 * w->domain) & 3;
	w->manager = field == 3;
	if (w->manager)
		return 0;
	if (field != 1)
		return fault(f, page ? FS_DOMAIN_L2 : FS_DOMAIN_L1, w->domain, va, acc);
	rights = priv ? ap_rights_pl1[w->ap] : ap_rights_pl0[w->ap];
	if (rights < (acc == ACC_WRITE ? RIGHTS_RW : RIGHTS_RO) || (acc == ACC_EXEC && w->xn))
		return fault(f, page ? FS_PERM_L2 : FS_PERM_L1, w->domain, va, acc);
	return 0;
}

int guest_walk(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f)
{
	u32 ttbr;

	if (!(v->cp15.sctlr & SCTLR_M))
		return walk_flat(va, w);
	w->l2addr = 0;
	w->l2desc = 0;
	if (!select_table(&v->cp15, va, &ttbr, &w->l1addr))
		return fault(f, FS_TRANS_L1, 0, va, acc);
	if (!read_desc(v, w->l1addr, ttbr, &w->l1desc))
		return fault(f, FS_WALK_L1, 0, va, acc);
	switch (w->l1desc & L1_TYPE) {
	case L1_SECTION:
		leaf_section(w, va, w->l1desc);
		break;
	case L1_TABLE:
		w->domain = (u8)L1_DOMAIN_OF(w->l1desc);
		w->l2addr = (w->l1desc & L1_TABLE_BASE) | (va >> 10 & 0x3fc);
		if (!read_desc(v, w->l2addr, ttbr, &w->l2desc))
			return fault(f, FS_WALK_L2, w->domain, va, acc);
		if (!(w->l2desc & 3))
			return fault(f, FS_TRANS_L2, w->domain, va, acc);
		leaf_page(w, va, w->l2desc);
		break;
	default:	/* 0b11 is reserved on cores without PXN */
		return fault(f, FS_TRANS_L1, 0, va, acc);
	}
	return check_access(v, va, acc, priv, w, f);
}

/* -- the short walk -- */

/* Where a descriptor is in the guest's largest piece of RAM, or NULL. */
static inline const volatile u32 *short_desc(const struct shadow *s, gpa_t a)
{
	return a - s->span[0].base < s->span[0].size ? hpa_ptr(hpa_of(s, a)) : NULL;
}

/* The first-level table where there is one, and walks are cacheable; or NULL. It is remembered for the registers that it follows from. */
static inline const volatile u32 *short_table(struct shadow *s, const struct vcp15 *c)
{
	struct short_table *t = &s->short_table;

	if (t->ttbr0 != c->ttbr0 || t->sctlr != c->sctlr || t->ttbcr != c->ttbcr) {
		bool simple = (c->sctlr & (SCTLR_M | SCTLR_EE | SCTLR_AFE)) == SCTLR_M && !c->ttbcr && c->ttbr0 & (TTBR_RGN | TTBR_C);

		*t = (struct short_table){ .ttbr0 = c->ttbr0, .sctlr = c->sctlr, .ttbcr = c->ttbcr };
		t->l1 = simple ? short_desc(s, c->ttbr0 & 0xffffc000u) : NULL;
	}
	return t->l1;
}

bool guest_l1_short(struct vcpu *v, gva_t va, u32 *desc)
{
	const volatile u32 *p = short_table(v->shadow, &v->cp15);

	if (p)
		*desc = p[va >> 20];
	return p;
}

/* Does small page @d let @acc pass? */
static inline bool page_allows(u32 d, enum shadow_access acc, bool priv)
{
	u32 ap = FIELD(d, 9, 9) << 2 | FIELD(d, 5, 4), rights = (priv ? ap_rights_pl1 : ap_rights_pl0)[ap];

	return rights >= (acc == ACC_WRITE ? RIGHTS_RW : RIGHTS_RO) && !(acc == ACC_EXEC && d & L2_XN);
}

u32 guest_walk_short(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, u32 dacr, struct short_walk *w)
{
	const volatile u32 *p = short_table(v->shadow, &v->cp15);
	u32 l1, l2, domain;
	gpa_t at;

	if (!p)
		return SHORT_WALK_OTHER;
	l1 = p[va >> 20];
	if (!(l1 & L1_TYPE))
		return fsr_of(FS_TRANS_L1, 0, acc);
	at = (l1 & L1_TABLE_BASE) | (va >> 10 & 0x3fc);
	p = short_desc(v->shadow, at);
	if (!p || (l1 & L1_TYPE) != L1_TABLE)
		return SHORT_WALK_OTHER;
	l2 = *p;
	domain = L1_DOMAIN_OF(l1);
	if (!(l2 & 3))
		return fsr_of(FS_TRANS_L2, domain, acc);
	if (!(l2 & L2_SMALL) || (dacr >> (2 * domain) & 3) != 1)
		return SHORT_WALK_OTHER;
	if (!page_allows(l2, acc, priv))
		return fsr_of(FS_PERM_L2, domain, acc);
	*w = (struct short_walk){ .l1desc = l1, .l2desc = l2, .l2addr = at };
	return SHORT_WALK_PAGE;
}

bool guest_walk_words(struct vcpu *v, gva_t va, struct walk_words *w)
{
	const volatile u32 *table = short_table(v->shadow, &v->cp15);

	if (!table)
		return false;
	w->l1 = &table[va >> 20];
	w->l1desc = *w->l1;
	w->l2 = short_desc(v->shadow, w->l1desc & L1_TABLE_BASE);
	return (w->l1desc & L1_TYPE) == L1_TABLE && w->l2;
}
