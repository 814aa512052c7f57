// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: access permissions, execute-never, domains, access flag and fault status of every mapping size. */
#include "guest.h"

#define VA	0x30000000u		/* supersection aligned */
#define PA	(TEST_RAM + 0x01000000u)	/* likewise */
#define OFFSET	0x00012340u		/* of the accessed word, the same in VA and PA; in a large page too */
#define SVC_WORD	0xef000000u
#define LDR_R2_R0	0xe5902000u
#define STR_R2_R0	0xe5802000u
#define LDRT_R2_R0	0xe4b02000u
#define STRT_R2_R0	0xe4a02000u

enum kind { SECTION, SUPERSECTION, LARGE, SMALL, KINDS };
static const char *const kind_name[KINDS] = { "section", "supersection", "large page", "small page" };
static u32 *l2;

static u32 kind_domain(enum kind k, u32 dom)
{
	return k == SUPERSECTION ? 0 : dom;	/* supersections are always in domain 0 */
}

static void map(enum kind k, u32 apx, u32 ap, bool xn, u32 dom)
{
	u32 l1e = 0;

	switch (k) {
	case SECTION:
		l1e = PA | S_SECT | S_WB | S_AP(apx, ap) | (xn ? S_XN : 0) | S_DOMAIN(dom);
		break;
	case SUPERSECTION:
		l1e = PA | S_SECT | S_SUPER | S_WB | S_AP(apx, ap) | (xn ? S_XN : 0);
		break;
	case LARGE:
		for (u32 i = 0; i < 16; i++)
			pt_page(l2, VA + 0x10000 + i * 0x1000, (PA + 0x10000) | P_LARGE | P_WB | P_AP(apx, ap) | (xn ? P_XN_LARGE : 0));
		break;
	default:
		pt_page(l2, VA + OFFSET, ((PA + OFFSET) & ~0xfffu) | P_SMALL | P_WB | P_AP(apx, ap) | (xn ? P_XN : 0));
	}
	if (k == LARGE || k == SMALL)
		l1e = L1_TABLE(l2, dom);
	for (u32 i = 0; i < (k == SUPERSECTION ? 16 : 1); i++)
		pt_section(l1_main, VA + (i << 20), l1e);
	tlb_all();
}

static void unmap(void)
{
	for (u32 i = 0; i < 16; i++)
		pt_section(l1_main, VA + (i << 20), 0);
	for (u32 i = 0; i < 256; i++)
		l2[i] = 0;
	dcache_clean(l2, 1024);
	tlb_all();
}

static bool allowed(u32 apx, u32 ap, bool priv, bool write)
{
	if (write)
		return !apx && (ap == 3 || (ap && priv));
	return ap >= 2 || (ap == 1 && priv);
}

static u32 word_for(bool write, bool unpriv)
{
	return unpriv ? (write ? STRT_R2_R0 : LDRT_R2_R0) : (write ? STR_R2_R0 : LDR_R2_R0);
}

/* Run one load or store in the given mode. expected_fs 0: it works. */
static void check_access(const char *what, u32 mode, u32 word, bool write, u32 expected_fs, u32 dom)
{
	volatile u32 *phys = (volatile u32 *)(PA + OFFSET);
	struct ctx c;

	*phys = 0x11223344;
	dcache_clean((void *)phys, 4);
	ctx_init(&c, mode | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.r[0] = VA + OFFSET;
	CODE_RUN(&c, word, SVC_WORD);
	group_check(expected_fs ? VEC_DABT : VEC_SVC, exc_frame.vector, "%s mode %x word %x: vector", what, mode, word);
	if (expected_fs) {
		group_check(expected_fs | (write ? FSR_WNR : 0), DFSR_FS(exc_frame.dfsr), "%s mode %x word %x: status", what, mode, word);
		group_check(dom, DFSR_DOM(exc_frame.dfsr), "%s mode %x word %x: domain", what, mode, word);
		group_check(VA + OFFSET, exc_frame.dfar, "%s mode %x word %x: address", what, mode, word);
		group_check((u32)code_area + 8, exc_frame.exc_lr, "%s mode %x word %x: lr", what, mode, word);
		group_check(ctx_reg(2), exc_frame.r[2], "%s mode %x word %x: r2 kept", what, mode, word);
	} else if (!write) {
		group_check(0x11223344, exc_frame.r[2], "%s mode %x word %x: loaded", what, mode, word);
	}
	group_check(write && !expected_fs ? ctx_reg(2) : 0x11223344, *phys, "%s mode %x word %x: memory", what, mode, word);
}

static void check_exec(const char *what, u32 mode, u32 expected_fs)
{
	volatile u32 *phys = (volatile u32 *)(PA + OFFSET);
	struct ctx c;

	*phys = 0xef000042;
	code_sync((void *)phys, 4);
	icache_inv_all();
	ctx_init(&c, mode | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.pc = VA + OFFSET;
	ctx_run(&c);
	group_check(expected_fs ? VEC_PABT : VEC_SVC, exc_frame.vector, "%s exec mode %x: vector", what, mode);
	group_check(VA + OFFSET + 4, exc_frame.exc_lr, "%s exec mode %x: lr", what, mode);
	if (expected_fs) {
		group_check(expected_fs, IFSR_FS(exc_frame.ifsr), "%s exec mode %x: status", what, mode);
		group_check(VA + OFFSET, exc_frame.ifar, "%s exec mode %x: address", what, mode);
	}
}

static void test_kind(enum kind k)
{
	u32 perm = k == SECTION || k == SUPERSECTION ? FS_PERM_SECT : FS_PERM_PAGE, dom = kind_domain(k, 3);
	static const u32 combos[] = { 0, 1, 2, 3, 5, 6, 7 };	/* APX:AP, without the reserved 4 */

	group_begin(kind_name[k]);
	for (u32 i = 0; i < ARRAY_SIZE(combos); i++)
		for (u32 xn = 0; xn < 2; xn++) {
			u32 apx = combos[i] >> 2, ap = combos[i] & 3;
			char what[] = "AP0 XN0";

			what[2] = (char)('0' + combos[i]);
			what[6] = (char)('0' + xn);
			map(k, apx, ap, xn, 3);
			for (u32 priv = 0; priv < 2; priv++) {
				u32 mode = priv ? MODE_SVC : MODE_USR;

				for (u32 write = 0; write < 2; write++) {
					check_access(what, mode, word_for(write, false), write, allowed(apx, ap, priv, write) ? 0 : perm, dom);
					/* unprivileged transfers have User permission in every mode */
					check_access(what, mode, word_for(write, true), write, allowed(apx, ap, false, write) ? 0 : perm, dom);
				}
				check_exec(what, mode, allowed(apx, ap, priv, false) && !xn ? 0 : perm);
			}
			unmap();
		}
	group_end();
}

/* Domain control changes need no TLB maintenance. */
static void test_domains(enum kind k)
{
	bool sect = k == SECTION || k == SUPERSECTION;
	u32 fs = sect ? FS_DOM_SECT : FS_DOM_PAGE, perm = sect ? FS_PERM_SECT : FS_PERM_PAGE;

	group_begin(k == SECTION ? "domains of sections" : "domains of small pages");
	for (u32 d = 1; d < 16; d++) {
		map(k, 1, 1, true, d);		/* read-only for PL1, XN */
		for (u32 round = 0; round < 2; round++) {
			MCR(0, c3, c0, 0, DACR_CLIENT(0));
			isb();
			check_access("no access", MODE_SVC, LDR_R2_R0, false, fs, d);
			check_access("no access", MODE_USR, STR_R2_R0, true, fs, d);
			check_access("no access", MODE_SVC, LDRT_R2_R0, false, fs, d);
			check_exec("no access", MODE_SVC, fs);
			MCR(0, c3, c0, 0, DACR_CLIENT(0) | DACR_CLIENT(d));
			isb();
			check_access("client", MODE_SVC, LDR_R2_R0, false, 0, d);
			check_access("client", MODE_SVC, STR_R2_R0, true, perm, d);
			check_access("client", MODE_USR, LDR_R2_R0, false, perm, d);
			check_exec("client", MODE_SVC, perm);
			MCR(0, c3, c0, 0, DACR_CLIENT(0) | DACR_MANAGER(d));
			isb();
			check_access("manager", MODE_SVC, STR_R2_R0, true, 0, d);
			check_access("manager", MODE_USR, STR_R2_R0, true, 0, d);
			check_access("manager", MODE_SVC, STRT_R2_R0, true, 0, d);
			check_exec("manager", MODE_USR, 0);
		}
		unmap();
	}
	MCR(0, c3, c0, 0, DACR_CLIENT(0) | DACR_CLIENT(3));
	isb();
	group_end();
}

static void test_translation_faults(void)
{
	struct { u32 l1; u32 fs; const char *what; } t[] = {
		{ 0, FS_TRANS_SECT, "invalid first level" },
		{ 0xabcdef00, FS_TRANS_SECT, "invalid first level with junk" },
		{ L1_TABLE(l2, 3), FS_TRANS_PAGE, "invalid second level" },
	};

	group_begin("translation faults");
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		struct ctx c;

		pt_section(l1_main, VA, t[i].l1);
		l2[(OFFSET >> 12) & 0xff] = i ? 0x12345 << 12 : 0;
		dcache_clean(l2, 1024);
		tlb_all();
		for (u32 m = 0; m < 2; m++) {
			u32 mode = m ? MODE_USR : MODE_SVC;
			static const u32 words[] = { LDR_R2_R0, STR_R2_R0, LDRT_R2_R0, STRT_R2_R0, 0xe1d020b0, 0xe1c020d0, 0xe1902f9f };

			for (u32 w = 0; w < ARRAY_SIZE(words); w++) {
				bool write = w == 1 || w == 3;

				ctx_init(&c, mode | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
				c.r[0] = VA + OFFSET;
				CODE_RUN(&c, words[w], SVC_WORD);
				group_check(VEC_DABT, exc_frame.vector, "%s word %x: vector", t[i].what, words[w]);
				group_check(t[i].fs | (write ? FSR_WNR : 0), DFSR_FS(exc_frame.dfsr), "%s word %x: status", t[i].what, words[w]);
				group_check(VA + OFFSET, exc_frame.dfar, "%s word %x: address", t[i].what, words[w]);
			}
			check_exec(t[i].what, mode, t[i].fs);
		}
	}
	unmap();
	group_end();
}

/* A store from a page with sensitive instructions into its own end and beyond, where nothing is: the same, and nothing is stored. */
static void check_own_page(u32 va)
{
	u32 *page = (u32 *)(PA + 0x30000);
	struct ctx c;

	((volatile u32 *)page)[0] = 0xe10f4000;	/* mrs r4, cpsr */
	((volatile u32 *)page)[1] = 0xe5802000;	/* str r2, [r0] */
	((volatile u32 *)page)[2] = SVC_WORD;
	((volatile u32 *)page)[1023] = 0x12345678;
	code_sync(page, 4096);
	pt_page(l2, va, (u32)page | P_RAM);
	tlb_all();
	ctx_init(&c, MODE_SVC | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
	c.r[0] = va + 0xffe;
	c.pc = va;
	group_check(VEC_DABT, ctx_run(&c), "own page: vector");
	group_check(va + 0x1000, exc_frame.dfar, "own page: address");
	group_check(0x12345678, ((volatile u32 *)page)[1023], "own page: memory");
}

/* Accesses over a page boundary: address of the first missing byte, base register kept. */
static void test_crossing(void)
{
	static const struct { u32 word; u32 first; bool write; } t[] = {
		{ 0xe8b000fe, 0xff8, false },		/* ldmia r0!, {r1-r7} */
		{ 0xe8a000fe, 0xff8, true },		/* stmia r0!, {r1-r7} */
		{ 0xe93000fe, 0x1010, false },		/* ldmdb r0!, upward from 0xff4 */
		{ 0xe92000fe, 0x1010, true },
		{ 0xe1c020d0, 0xffc, false },		/* ldrd r2, [r0] */
		{ 0xe1c020f0, 0xffc, true },		/* strd */
		{ 0xe5902000, 0xffd, false },		/* ldr r2, [r0] */
		{ 0xe5802000, 0xfff, true },
		{ 0xe1d020b0, 0xfff, false },		/* ldrh */
		{ 0xe1c020b0, 0xfff, true },
		{ 0xe4b02000, 0xffd, false },		/* ldrt r2, [r0], #0 */
		{ 0xe4b02000, 0xffe, false },
		{ 0xe4b02000, 0xfff, false },
		{ 0xe4a02000, 0xffe, true },
		{ 0xe0f020b0, 0xfff, false },		/* ldrht */
		{ 0xe0f020f0, 0xfff, false },		/* ldrsht */
		{ 0xe0e020b0, 0xfff, true },
	};
	u32 base = VA + 0x20000;

	group_begin("transfers over a page boundary");
	pt_page(l2, base, (PA + 0x20000) | P_RAM);
	pt_section(l1_main, VA, L1_TABLE(l2, 3));
	tlb_all();
	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		for (u32 user = 0; user < 2; user++) {
			struct ctx c;

			ctx_init(&c, (user ? MODE_USR : MODE_SVC) | (cpsr_read() & (PSR_A | PSR_F | PSR_I)));
			c.r[0] = base + t[i].first;
			CODE_RUN(&c, t[i].word, SVC_WORD);
			group_check(VEC_DABT, exc_frame.vector, "word %x: vector", t[i].word);
			group_check(FS_TRANS_PAGE | (t[i].write ? FSR_WNR : 0), DFSR_FS(exc_frame.dfsr), "word %x: status", t[i].word);
			group_check(base + 0x1000, exc_frame.dfar, "word %x: address", t[i].word);
			group_check(base + t[i].first, exc_frame.r[0], "word %x: base", t[i].word);
		}
	check_own_page(base);
	unmap();
	group_end();
}

static void test_access_flag(void)
{
	u32 old = sctlr_read();
	static const struct { u32 apx, ap1; bool pr, pw, ur, uw; } t[] = {
		{ 0, 0, true, true, false, false }, { 0, 1, true, true, true, true },
		{ 1, 0, true, false, false, false }, { 1, 1, true, false, true, false },
	};

	group_begin("access flag model");
	sctlr_write(old | SCTLR_AFE);
	tlb_all();
	for (u32 k = SECTION; k <= SMALL; k += SMALL - SECTION)
		for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
			u32 perm = k == SECTION ? FS_PERM_SECT : FS_PERM_PAGE, af = k == SECTION ? FS_AF_SECT : FS_AF_PAGE;

			map((enum kind)k, t[i].apx, t[i].ap1 << 1 | 1, false, 3);
			check_access("AF=1", MODE_SVC, LDR_R2_R0, false, t[i].pr ? 0 : perm, 3);
			check_access("AF=1", MODE_SVC, STR_R2_R0, true, t[i].pw ? 0 : perm, 3);
			check_access("AF=1", MODE_USR, LDR_R2_R0, false, t[i].ur ? 0 : perm, 3);
			check_access("AF=1", MODE_USR, STR_R2_R0, true, t[i].uw ? 0 : perm, 3);
			map((enum kind)k, t[i].apx, t[i].ap1 << 1, false, 3);
			check_access("AF=0", MODE_SVC, LDR_R2_R0, false, af, 3);
			check_access("AF=0", MODE_USR, STR_R2_R0, true, af, 3);
			check_exec("AF=0", MODE_SVC, af);
			unmap();
		}
	sctlr_write(old);
	tlb_all();
	group_end();
}

/* With TEX remap the same permissions hold; memory attributes come from PRRR and NMRR, as Linux sets them. */
static void test_tex_remap(void)
{
	u32 old = sctlr_read(), prrr = MRC(0, c10, c2, 0), nmrr = MRC(0, c10, c2, 1);
	u32 *flat = (u32 *)(TEST_RAM + 0x100000);

	group_begin("TEX remap");
	MCR(0, c10, c2, 0, 0xff0a81a8);
	MCR(0, c10, c2, 1, 0x40e040e0);
	group_check(0xff0a81a8, MRC(0, c10, c2, 0), "PRRR");
	group_check(0x40e040e0, MRC(0, c10, c2, 1), "NMRR");
	/* attribute numbers: TEX[0] C B = 3 and 7 write-back, 0 strongly ordered, 4 device: flat table with the same meaning */
	for (u32 i = 0; i < L1_ENTRIES; i++)
		flat[i] = l1_main[i];
	for (u32 i = 0; i < DEV_SECTIONS; i++)
		flat[(DEV_BASE >> 20) + i] = (DEV_BASE + (i << 20)) | S_SECT | 0x1000 | S_AP(0, 1) | S_XN;
	dcache_clean(flat, L1_ENTRIES * 4);
	mmu_off();
	MCR(0, c2, c0, 0, flat);
	isb();
	tlb_all();
	sctlr_write(old | SCTLR_TRE);
	group_check(SCTLR_TRE | SCTLR_M, sctlr_read() & (SCTLR_TRE | SCTLR_M), "SCTLR");
	for (u32 i = 0; i < 256; i++)
		write32(TEST_RAM + 4 * i, i * 0x01010101);
	for (u32 i = 0; i < 256; i++)
		group_check(i * 0x01010101, read32(TEST_RAM + 4 * i), "word %u", i);
	pt_section(flat, VA, PA | S_SECT | S_AP(1, 1) | S_DOMAIN(3) | 0xc);
	tlb_all();
	check_access("TRE", MODE_SVC, LDR_R2_R0, false, 0, 3);
	check_access("TRE", MODE_SVC, STR_R2_R0, true, FS_PERM_SECT, 3);
	check_access("TRE", MODE_USR, LDR_R2_R0, false, FS_PERM_SECT, 3);
	mmu_off();
	MCR(0, c10, c2, 0, prrr);
	MCR(0, c10, c2, 1, nmrr);
	mmu_on(l1_main, DACR_CLIENT(0) | DACR_CLIENT(3));
	sctlr_write(sctlr_read() & ~SCTLR_TRE);
	group_end();
}

/* Every unprivileged load and store form on memory that User mode may read only, or not at all. */
static void test_unprivileged_forms(void)
{
	static const struct { u32 word; bool write; u32 value; const char *name; } t[] = {
		{ 0xe4b02004, false, 0x81828384, "LDRT imm" }, { 0xe4f02001, false, 0x84, "LDRBT imm" },
		{ 0xe0f020b2, false, 0x8384, "LDRHT imm" }, { 0xe0f020d1, false, 0xffffff84, "LDRSBT imm" },
		{ 0xe0f020f2, false, 0xffff8384, "LDRSHT imm" }, { 0xe6b02003, false, 0x81828384, "LDRT reg" },
		{ 0xe0b020b3, false, 0x8384, "LDRHT reg" }, { 0xe6f02103, false, 0x84, "LDRBT reg lsl 2" },
		{ 0xe0b020d3, false, 0xffffff84, "LDRSBT reg" }, { 0xe0b020f3, false, 0xffff8384, "LDRSHT reg" },
		{ 0xe4302004, false, 0x81828384, "LDRT imm down" },
		{ 0xe4a02004, true, 0xcafef00d, "STRT imm" }, { 0xe4e02001, true, 0x8182830d, "STRBT imm" },
		{ 0xe0e020b2, true, 0x8182f00d, "STRHT imm" }, { 0xe6a02003, true, 0xcafef00d, "STRT reg" },
		{ 0xe0a020b3, true, 0x8182f00d, "STRHT reg" }, { 0xe6e02103, true, 0x8182830d, "STRBT reg lsl 2" },
	};
	static const u32 step[] = { 4, 1, 2, 1, 2, 0x10, 0x10, 0x40, 0x10, 0x10, -4u, 4, 1, 2, 0x10, 0x10, 0x40 };
	volatile u32 *phys = (volatile u32 *)(PA + OFFSET);

	group_begin("unprivileged loads and stores from privileged modes");
	for (u32 ap = 1; ap < 4; ap++) {
		map(SMALL, 0, ap, true, 3);
		for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
			bool ok = ap == 3 || (ap == 2 && !t[i].write);
			struct ctx c;

			*phys = 0x81828384;
			ctx_init(&c, MODE_IRQ | PSR_I | (cpsr_read() & (PSR_A | PSR_F)));
			c.r[0] = VA + OFFSET;
			c.r[2] = 0xcafef00d;
			c.r[3] = 0x10;
			CODE_RUN(&c, t[i].word, SVC_WORD);
			group_check(ok ? VEC_SVC : VEC_DABT, exc_frame.vector, "AP %u %s: vector", ap, t[i].name);
			group_check(VA + OFFSET + (ok ? step[i] : 0), exc_frame.r[0], "AP %u %s: base", ap, t[i].name);
			if (!t[i].write)
				group_check(ok ? t[i].value : 0xcafef00d, exc_frame.r[2], "AP %u %s: value", ap, t[i].name);
			group_check(t[i].write && ok ? t[i].value : 0x81828384, *phys, "AP %u %s: memory", ap, t[i].name);
			if (!ok)
				group_check(FS_PERM_PAGE | (t[i].write ? FSR_WNR : 0), DFSR_FS(exc_frame.dfsr), "AP %u %s: status", ap, t[i].name);
		}
		unmap();
	}
	group_end();
}

/* Address translation where the second-level table is nowhere: an abort of its own, not a result (B3.12.4). WnR is set (B4.1.52), not by all. */
static void test_translation_of_nothing(void)
{
	group_begin("address translation whose walk aborts");
	pt_section(l1_main, VA, L1_TABLE(HOLE_ADDR, 3));
	tlb_all();
	group_check(VEC_DABT, TRY(MCR(0, c7, c8, 0, VA + OFFSET); isb()), "privileged read");
	group_check(FS_EXT_L2, DFSR_FS(exc_frame.dfsr) & ~FSR_WNR, "privileged read: status");
	group_check(VA + OFFSET, exc_frame.dfar, "privileged read: address");
	group_check(VEC_DABT, TRY(MCR(0, c7, c8, 3, VA + OFFSET); isb()), "User mode's write");
	group_check(FS_EXT_L2, DFSR_FS(exc_frame.dfsr) & ~FSR_WNR, "User mode's write: status");
	group_check(3, DFSR_DOM(exc_frame.dfsr), "User mode's write: domain");
	pt_section(l1_main, VA, 0);
	tlb_all();
	group_end();
}

void guest_main(void)
{
	pt_flat(l1_main);
	l2 = l2_alloc();
	mmu_on(l1_main, DACR_CLIENT(0) | DACR_CLIENT(3));
	for (u32 k = 0; k < KINDS; k++)
		test_kind((enum kind)k);
	test_domains(SECTION);
	test_domains(SMALL);
	test_translation_faults();
	test_translation_of_nothing();
	test_crossing();
	test_access_flag();
	test_unprivileged_forms();
	test_tex_remap();
}
