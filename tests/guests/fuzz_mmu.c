// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: random page tables, domains, address spaces and accesses. Every table change is followed by the maintenance that the
 * architecture asks for. There is no model: what each access gives is hashed into the line that is printed, and the lines must be the
 * same in both worlds.
 */
#include "guest.h"

#define SVC		0xef000000u
#define SPACES		6
#define SLOTS		5		/* 1 MiB slots that the games are played in, each with a table of its own per space */
#define PAGES		64		/* physical pages that are mapped there */
#define BASE_VA		0x30000000u
#define ROOTS		(TEST_RAM + 0x00800000u)
#define TABLES		(TEST_RAM + 0x00a00000u)
#define DATA		(TEST_RAM + 0x00c00000u)	/* one section: pages and the section of the games */
#define PER_LINE	400
#define LINES_MAX	9999

/* test_strategies.py finds this by its magic number and writes its own seed and number of lines. */
static volatile struct {
	u32 magic[2], seed, lines;
} wanted = {
	.magic = { 0x7a7a7546, 0x75754d4d },		/* "FuzzMMuu" */
	.seed = 0x1234567, .lines = 24,
};

static u32 seed;
static u32 hash, psr_af, space, dacr;

static u32 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static u32 below(u32 n)
{
	return (rnd() >> 8) % n;
}

static void mix(u32 v)
{
	hash = (hash ^ v) * 16777619u;
	hash ^= hash >> 15;
}

static u32 *root(u32 s)
{
	return (u32 *)(ROOTS + s * 0x4000);
}

static u32 *table(u32 s, u32 slot)
{
	return (u32 *)(TABLES + (s * SLOTS + slot) * 0x400);
}

/* Slots 0 and 1 are the space's own (not global), the others are shared: one table for all spaces. */
static bool own(u32 slot)
{
	return slot < 2;
}

static u32 *table_of(u32 slot)
{
	return table(own(slot) ? space : 0, slot);
}

static u32 slot_va(u32 slot)
{
	return BASE_VA + (slot << 20);
}

static u32 asid(u32 s)
{
	return s + 1;
}

static u32 ap_bits(void)
{
	static const u8 combos[] = { 0, 1, 2, 3, 3, 3, 1, 5, 7, 6 };

	return combos[below(ARRAY_SIZE(combos))];
}

static u32 domain_of(u32 slot)
{
	return 1 + slot * 3;
}

static void maintain(u32 slot, u32 va)
{
	switch (below(own(slot) ? 3 : 2)) {
	case 0: tlb_mva(va | asid(space)); break;
	case 1: tlb_all(); break;
	default: tlb_asid(asid(space)); break;
	}
}

static void change_page(void)
{
	u32 slot = below(SLOTS), va = slot_va(slot) + below(24) * 0x1000, ap = ap_bits(), d;

	d = (DATA + below(PAGES) * 0x1000) | P_SMALL | P_WB | P_AP(ap >> 2, ap & 3) | (below(4) ? 0 : P_XN) | (own(slot) ? P_NG : 0);
	pt_page(table_of(slot), va, below(5) ? d : 0);
	maintain(slot, va);
}

/* A large page takes the place of 16 entries. */
static void change_large(void)
{
	u32 slot = below(SLOTS), va = slot_va(slot) + 0x20000, ap = ap_bits(), d;

	d = (DATA + below(PAGES / 16) * 0x10000) | P_LARGE | P_WB | P_AP(ap >> 2, ap & 3) | (below(4) ? 0 : P_XN_LARGE) |
	    (own(slot) ? P_NG : 0);
	for (u32 i = 0; i < 16; i++)
		pt_page(table_of(slot), va + i * 0x1000, d);
	for (u32 i = 0; i < 16; i++)
		tlb_mva((va + i * 0x1000) | asid(space));
}

/* The slot itself: table, section, nothing. Shared slots change in all spaces. */
static void change_slot(void)
{
	u32 slot = below(SLOTS), ap = ap_bits(), d, kind = below(4);

	d = kind < 2 ? L1_TABLE(table_of(slot), domain_of(slot)) :
	    kind == 2 ? DATA | S_SECT | S_WB | S_AP(ap >> 2, ap & 3) | S_DOMAIN(domain_of(slot)) | (below(4) ? 0 : S_XN) | (own(slot) ? S_NG : 0) : 0;
	if (own(slot)) {
		pt_section(root(space), slot_va(slot), d);
		tlb_asid(asid(space));
	} else {
		for (u32 s = 0; s < SPACES; s++)
			pt_section(root(s), slot_va(slot), d);
		tlb_all();
	}
}

static void change_domains(void)
{
	static const u8 values[] = { 0, 1, 1, 1, 3 };

	dacr = DACR_CLIENT(0);
	for (u32 s = 0; s < SLOTS; s++)
		dacr |= (u32)values[below(ARRAY_SIZE(values))] << (2 * domain_of(s));
	MCR(0, c3, c0, 0, dacr);
	isb();
}

static void change_space(void)
{
	space = below(SPACES);
	dsb();
	if (below(2)) {
		MCR(0, c13, c0, 1, 0);
		isb();
		MCR(0, c2, c0, 0, root(space));
		isb();
		MCR(0, c13, c0, 1, asid(space));
	} else {
		MCR(0, c2, c0, 0, l1_main);
		isb();
		MCR(0, c13, c0, 1, asid(space));
		isb();
		MCR(0, c2, c0, 0, root(space));
	}
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}

/* Code into a physical page, through its own address or through a mapping if there is one that lets us. */
static void write_code(void)
{
	u32 page = below(PAGES), at = DATA + page * 0x1000 + 0x100, n = below(256);
	const u32 code[] = { below(2) ? 0xe10f1000 : 0xe1a00000, 0xe3a00000 | n, SVC | n };

	for (u32 i = 0; i < 3; i++)
		write32(at + 4 * i, code[i]);
	code_sync((void *)at, 12);
}

static u32 any_va(void)
{
	u32 va = slot_va(below(SLOTS));

	return va + (below(8) ? below(24) * 0x1000 : 0x20000 + below(16) * 0x1000);
}

/*
 * For an invalid page in a domain without access the architecture has the translation fault come first (B3.12), QEMU 7.2 the domain
 * fault: both count as the same.
 */
static u32 status(u32 fs, u32 va)
{
	u32 domain = domain_of((va - BASE_VA) >> 20);

	if ((fs & 0x40f) == FS_TRANS_PAGE && !(dacr >> (2 * domain) & 1))
		return (fs & FSR_WNR) | FS_DOM_PAGE;
	return fs;
}

static void access_data(void)
{
	static const u32 words[] = { 0xe5902000, 0xe5802000, 0xe4b02000, 0xe4a02000, 0xe1d020b0, 0xe1902f9f };
	u32 word = words[below(ARRAY_SIZE(words))];
	struct ctx c;

	ctx_init(&c, (below(2) ? MODE_USR : MODE_SVC) | PSR_I | psr_af);
	c.r[0] = any_va() + below(16) * 4;
	c.r[2] = rnd();
	mix((u32)CODE_RUN(&c, word, SVC));
	mix(exc_frame.r[2]);
	if (exc_frame.vector == VEC_DABT) {
		/* the domain of a first-level translation fault is not valid */
		mix(status(DFSR_FS(exc_frame.dfsr), exc_frame.dfar));
		mix(exc_frame.dfar);
	}
}

static void access_code(void)
{
	struct ctx c;

	ctx_init(&c, (below(2) ? MODE_USR : MODE_SVC) | PSR_I | psr_af);
	c.pc = any_va() + 0x100;
	mix((u32)ctx_run(&c));
	mix(exc_frame.exc_lr);
	mix(exc_frame.r[0]);
	if (exc_frame.vector == VEC_PABT) {
		mix(status(IFSR_FS(exc_frame.ifsr), exc_frame.ifar));
		mix(exc_frame.ifar);
	}
}

static void step(void)
{
	switch (below(24)) {
	case 0: case 1: case 2: change_page(); break;
	case 3: change_large(); break;
	case 4: change_slot(); break;
	case 5: change_domains(); break;
	case 6: case 7: change_space(); break;
	case 8: case 9: write_code(); break;
	case 10: case 11: case 12: case 13: case 14: access_code(); break;
	default: access_data(); break;
	}
}

static void build(void)
{
	for (u32 i = 0; i < PAGES * 1024; i++)
		((volatile u32 *)DATA)[i] = rnd();
	for (u32 p = 0; p < 256; p++) {
		write32(DATA + p * 0x1000 + 0x100, 0xe3a00000 | p);
		write32(DATA + p * 0x1000 + 0x104, SVC | p);
	}
	for (u32 s = 0; s < SPACES; s++) {
		for (u32 i = 0; i < L1_ENTRIES; i++)
			root(s)[i] = l1_main[i];
		for (u32 slot = 0; slot < SLOTS; slot++)
			for (u32 i = 0; i < 256; i++)
				table(s, slot)[i] = 0;
	}
	dcache_clean_inv_all();
	icache_inv_all();
}

static void line_end(u32 line)
{
	char name[] = "random mappings 0000: 00000000";

	for (u32 i = 0; i < PAGES * 1024; i += 4)
		mix(read32(DATA + 4 * i));
	for (u32 i = 0; i < 4; i++, line /= 10)
		name[19 - i] = (char)('0' + line % 10);
	for (u32 i = 0; i < 8; i++)
		name[22 + i] = "0123456789abcdef"[(hash >> (28 - 4 * i)) & 15];
	check(name, 0, 0);
}

void guest_main(void)
{
	seed = wanted.seed;
	psr_af = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	build();
	mmu_on(l1_main, DACR_CLIENT(0));
	change_space();
	change_domains();
	for (u32 line = 0; line < wanted.lines && line <= LINES_MAX; line++) {
		for (u32 i = 0; i < PER_LINE; i++)
			step();
		line_end(line);
	}
}
