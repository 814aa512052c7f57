// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: how kernels begin a system call, a straight line from the vector on that saves registers to a frame, STM^ and SPSR among it, and sets
 * TPIDRURO, which a hypervisor may do in one go. A model does it one by one; wherever it ends (behind it, or at an abort), the machine must be in
 * the state that belongs there. And everything that changes what the line is: its words, the vector, the tables, the address space, the domains.
 */
#include "guest.h"

#define UDF		0xe7f000f0u
#define SVC		0xef000000u
#define OPEN		0x55u		/* DACR of User mode */
#define PSR_BITS	(PSR_NZCVQ | PSR_GE | PSR_E | PSR_A | PSR_I | PSR_F | PSR_T | PSR_IT | PSR_MODE)
#define RUNS		6u		/* a hypervisor learns */

#define VA		0x30000000u
#define LINE_VA		(VA + 0x10000u)	/* the line's page, */
#define VECTORS_VA	(VA + 0x11000u)	/* the vectors' */
#define FRAME_VA	(VA + 0x20000u)	/* and two for the frame */
#define DATA		(TEST_RAM + 0x00400000u)
#define LINE_PA(n)	(DATA + 0x1000u * (n))	/* several that can be there */
#define VECTORS_PA(n)	(DATA + 0x10000u + 0x1000u * (n))
#define FRAME_PA(n)	(DATA + 0x20000u + 0x1000u * (n))
#define USER		((u32 *)0x20100000u)
#define USER_DATA	(DATA + 0x00800000u)
#define FRAME_WORDS	18u
#define KERNEL		(P_SMALL | P_WB | P_AP(0, 1))
#define SPIN		(USER + 0x40)	/* r12 counts turns down, then the same */

static u32 masks;
static u32 turn = 0x2545f491;
static u32 *va_l2, *other_l2;
static u32 other_l1[L1_ENTRIES] __attribute__((aligned(16384))), neutral_l1[L1_ENTRIES] __attribute__((aligned(16384)));
static u32 *launch;		/* movs pc, lr */
static u32 *launch_in;		/* the same in the space of r4-r6: neutral tables, ASID, tables */
static u32 *space;		/* tables of the space of the call; NULL: as it is */
static u32 space_asid;
static u32 spins;		/* turns before the call; 0: none */
static const char *what;

static u32 random(void)
{
	turn ^= turn << 13;
	turn ^= turn >> 17;
	turn ^= turn << 5;
	return turn;
}

static u32 random_flags(void)
{
	return random() & (PSR_NZCVQ | PSR_GE);
}

/* How many comparisons there are may depend on what a hypervisor does, so only those count that fail. */
#define same(want, is, ...)	do { if ((u32)(want) != (u32)(is)) group_check(want, is, __VA_ARGS__); } while (0)

/* -- the line -- */

#define WORDS_MAX	20u
struct line {
	u32 n;
	u32 word[WORDS_MAX];
};

/* As Linux has it, with registers turned by @rot and the instructions of @skip left out. @value is loaded by way of @at for TPIDRURO. */
static void line_make(struct line *l, u32 rot, u32 skip, u32 at)
{
	u32 r8 = (8 + rot) % 13, r9 = (9 + rot) % 13, r10 = (10 + rot) % 13, r12 = (12 + rot) % 13;
	const u32 words[] = {
		0xe24dd048, 0xe88d1fff, 0xe28d003c | r8 << 12, 0xe9406000 | r8 << 16, 0xe14f0000 | r8 << 12, 0xe1a0000e | r9 << 12,
		0xe58d003c | r9 << 12, 0xe58d0040 | r8 << 12, 0xe58d0044 | rot % 8 << 12, 0xee1d0f90 | r10 << 12,
		0xe3000000 | (at >> 12 & 15) << 16 | r12 << 12 | (at & 0xfff), 0xe3400000 | at >> 28 << 16 | r12 << 12 | (at >> 16 & 0xfff),
		0xe7900000 | r10 << 16 | r10 << 12 | r12, 0xee0d0f70 | r10 << 12, 0xee110f10 | r12 << 12,
	};

	l->n = 0;
	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		if (!(skip >> i & 1))
			l->word[l->n++] = words[i];
}

/* Put it into page @page of those of the line, by their physical address. */
static void line_put(const struct line *l, u32 page)
{
	volatile u32 *to = (volatile u32 *)LINE_PA(page);

	for (u32 i = 0; i < l->n; i++)
		to[i] = l->word[i];
	to[l->n] = UDF;
	code_sync((void *)LINE_PA(page), 4 * l->n + 4);
}

/* -- the model -- */

struct state {
	u32 r[15];		/* of Supervisor mode */
	u32 usr[2], spsr, flags, tpidruro;
	u32 frame[FRAME_WORDS];	/* from the new sp on */
};
static struct state start;
static u32 percpu[4];		/* what TPIDRPRW and the line's address lead to */

static void model_store(struct state *s, u32 addr, u32 value)
{
	s->frame[(addr - s->r[13]) / 4] = value;
}

static void model_stm(struct state *s, u32 list)
{
	u32 n = 0;

	for (u32 i = 0; i < 13; i++)
		if (list >> i & 1)
			s->frame[n++] = s->r[i];
}

static void model_step(struct state *s, u32 w)
{
	u32 rd = w >> 12 & 15, rn = w >> 16 & 15;

	if ((w & 0xffff0000) == 0xe88d0000) {
		model_stm(s, w & 0x1fff);
	} else if ((w & 0xfff0ffff) == 0xe9406000) {
		model_store(s, s->r[rn] - 8, s->usr[0]);
		model_store(s, s->r[rn] - 4, s->usr[1]);
	} else if ((w & 0xffff0000) == 0xe58d0000) {
		model_store(s, s->r[13] + (w & 0xfff), s->r[rd]);
	} else if ((w & 0xfff00ff0) == 0xe7900000) {
		s->r[rd] = read32(s->r[rn] + s->r[w & 15]);
	} else if ((w & 0xfffff000) == 0xe24dd000) {
		s->r[13] -= w & 0xff;
	} else if ((w & 0xffff0000) == 0xe28d0000) {
		s->r[rd] = s->r[13] + (w & 0xff);
	} else if ((w & 0xffff0fff) == 0xe14f0000) {
		s->r[rd] = s->spsr;
	} else if ((w & 0xffff0fff) == 0xe1a0000e) {
		s->r[rd] = s->r[14];
	} else if ((w & 0xfff00000) == 0xe3000000) {
		s->r[rd] = rn << 12 | (w & 0xfff);
	} else if ((w & 0xfff00000) == 0xe3400000) {
		s->r[rd] = (s->r[rd] & 0xffff) | rn << 28 | (w & 0xfff) << 16;
	} else if ((w & 0xffff0fff) == 0xee1d0f90) {
		s->r[rd] = MRC(0, c13, c0, 4);
	} else if ((w & 0xffff0fff) == 0xee110f10) {
		s->r[rd] = sctlr_read();
	} else if ((w & 0xffff0fff) == 0xee0d0f70) {
		s->tpidruro = s->r[rd];
	}
}

/* -- running -- */

/* A system call with the Supervisor's stack at @sp. Returns the vector that ended it. */
static int call(u32 sp, const struct line *l, u32 dacr)
{
	const u32 usr[3] = { random(), random(), 0 };
	u32 psr = MODE_USR | masks | random_flags();
	struct ctx c;

	ctx_init(&c, MODE_SVC | masks | PSR_I | random_flags());
	for (u32 i = 0; i < 13; i++)
		start.r[i] = c.r[i] = random();
	for (u32 i = 0; i < l->n; i++)		/* without MOVW and MOVT it is what the register has that is loaded from */
		if ((l->word[i] & 0xfff00ff0) == 0xe7900000)
			start.r[l->word[i] & 15] = c.r[l->word[i] & 15] = 8;
	c.sp = sp;
	c.lr = (u32)(spins ? SPIN : USER);
	if (spins)
		c.r[12] = spins;
	c.pc = (u32)(space ? launch_in : launch);
	if (space) {
		start.r[4] = c.r[4] = (u32)neutral_l1 | TTBR_CACHED;
		start.r[5] = c.r[5] = space_asid;
		start.r[6] = c.r[6] = (u32)space | TTBR_CACHED;
	}
	bank_set(MODE_USR, usr);
	asm volatile("msr spsr_cxsf, %0" : : "r"(psr));
	start.r[13] = sp;
	start.r[14] = spins ? (u32)SPIN + 12 : (u32)USER + 4;
	start.usr[0] = usr[0];
	start.usr[1] = usr[1];
	start.spsr = psr;
	if (spins) {
		start.r[12] = 0;
		start.spsr = (psr & ~(PSR_N | PSR_V)) | PSR_Z | PSR_C;
	}
	start.flags = start.spsr & (PSR_NZCVQ | PSR_GE);
	start.tpidruro = random();
	for (u32 i = 0; i < ARRAY_SIZE(percpu); i++)
		percpu[i] = random();
	MCR(0, c13, c0, 3, start.tpidruro);
	MCR(0, c3, c0, 0, dacr);
	isb();
	return ctx_run(&c);
}

/* Before instruction @n of @l, after an exception to @vector. @memory: where the frame can be read, or NULL. */
static void check_at(const struct line *l, u32 n, int vector, int is, u32 exc_lr, const u32 *memory)
{
	struct state s = start;
	u32 bank[3];

	for (u32 i = 0; i < n; i++)
		model_step(&s, l->word[i]);
	same(vector, is, "%s: vector (DFAR %x, IFAR %x)", what, exc_frame.dfar, exc_frame.ifar);
	same(exc_lr, exc_frame.exc_lr, "%s: where", what);
	same(MODE_SVC | PSR_I | masks | s.flags, exc_frame.spsr & PSR_BITS, "%s: CPSR", what);
	for (u32 i = 0; i < 13; i++)
		same(s.r[i], exc_frame.r[i], "%s: r%u", what, i);
	same(s.r[13], exc_frame.sp, "%s: sp", what);
	same(s.r[14], exc_frame.lr, "%s: lr", what);
	same(s.tpidruro, MRC(0, c13, c0, 3), "%s: TPIDRURO", what);
	bank_get(MODE_USR, bank);
	same(s.usr[0], bank[0], "%s: User bank's sp", what);
	same(s.usr[1], bank[1], "%s: User bank's lr", what);
	bank_get(MODE_SVC, bank);
	same(s.spsr & PSR_BITS, bank[2] & PSR_BITS, "%s: SPSR", what);
	for (u32 i = 0; memory && i < FRAME_WORDS; i++)
		same(s.frame[i], memory[i], "%s: word %u of the frame", what, i);
}

/* A system call that comes to the end of @l, whose frame ends at offset @end of its pages. */
static void call_whole(const struct line *l, u32 end)
{
	volatile u32 *memory = (volatile u32 *)(FRAME_PA(0) + end - (l->word[0] == 0xe24dd048 ? 72 : 0));
	int vector;

	for (u32 i = 0; i < FRAME_WORDS; i++)
		start.frame[i] = memory[i] = random();
	vector = call(FRAME_VA + end, l, OPEN);
	check_at(l, l->n, VEC_UND, vector, LINE_VA + 4 * l->n + 4, (const u32 *)memory);
}

static void calls(const struct line *l)
{
	for (u32 i = 0; i < RUNS; i++)
		call_whole(l, 0x200 + 4 * (random() % 64));
}

static void vectors_put(u32 page, u32 target)
{
	u32 *to = (u32 *)VECTORS_PA(page);

	vector_table_build(to);
	to[10] = target;
	code_sync(to, 64);
}

static void map_line(u32 *l2, u32 page)
{
	pt_page(l2, LINE_VA, LINE_PA(page) | KERNEL);
}

/* Pages that were not written for long: what is written all the time may be executed in another way. */
#define FRESH		12u

static u32 line_fresh(const struct line *l)
{
	static u32 last;
	u32 page = 4 + ++last % FRESH;

	line_put(l, page);
	map_line(va_l2, page);
	tlb_mva(LINE_VA);
	return page;
}

static u32 *vectors_fresh(u32 target)
{
	static u32 last;
	u32 page = ++last % FRESH;

	vectors_put(page, target);
	pt_page(va_l2, VECTORS_VA, VECTORS_PA(page) | KERNEL);
	tlb_mva(VECTORS_VA);
	return (u32 *)VECTORS_PA(page);
}

/* Everything as it was, and forgotten. */
static void begin(const char *name)
{
	what = name;
	group_begin(name);
	stacks_init();
	map_line(va_l2, 0);
	pt_page(va_l2, FRAME_VA, FRAME_PA(0) | KERNEL);
	pt_page(va_l2, FRAME_VA + 0x1000, FRAME_PA(1) | KERNEL);
	vectors_fresh(LINE_VA);
	tlb_all();
	MCR(0, c12, c0, 0, VECTORS_VA);
	isb();
}

static void end(void)
{
	MCR(0, c12, c0, 0, exc_vectors);
	MCR(0, c3, c0, 0, OPEN);
	isb();
	stacks_init();
	group_end();
}

/* -- lines -- */

static void test_lines(void)
{
	struct line l;

	begin("lines of all registers");
	for (u32 rot = 0; rot < 13; rot++) {
		line_make(&l, rot, 0, 8);
		line_fresh(&l);
		calls(&l);
	}
	end();
	begin("lines with something missing");
	for (u32 skip = 0; skip < 15; skip++) {
		if (skip == 9 || skip == 2)	/* the others need it */
			continue;
		line_make(&l, skip % 5, 1u << skip, 8);
		line_fresh(&l);
		calls(&l);
	}
	end();
}

/* A hypervisor may count such writes, which change nothing, and take them into the line from then on. */
static void test_sctlr(void)
{
	struct line l;

	begin("SCTLR written again and again");
	line_make(&l, 0, 0, 8);
	line_fresh(&l);
	calls(&l);
	for (u32 i = 0; i < 300; i++)
		sctlr_write(sctlr_read());
	calls(&l);
	end();
}

/* A page border in the frame; it is on the stack's way down that memory is written. */
static void test_borders(void)
{
	struct line l;

	begin("frames at page borders");
	line_make(&l, 0, 0, 8);
	line_fresh(&l);
	calls(&l);
	for (u32 n = 0; n < 24; n++)
		call_whole(&l, 0x1000 + 4 * n);
	end();
}

#define AP(apx, ap)	(P_SMALL | P_WB | P_AP(apx, ap))
static const struct { u32 bits, fs; } rights[] = {
	{ 0, FS_TRANS_PAGE }, { AP(0, 0), FS_PERM_PAGE }, { AP(1, 1), FS_PERM_PAGE }, { AP(1, 3), FS_PERM_PAGE }, { AP(0, 1), 0 }, { AP(0, 2), 0 },
	{ P_RAM, 0 },
};

/* The first store of Linux's line that is not allowed, with rights @page[] of the two pages; 15: none. */
static u32 first_fault(u32 sp, const u32 *page, u32 *far, u32 *fs)
{
	static const struct { u32 insn, offset; } stores[] = {
		{ 1, 0 }, { 1, 4 }, { 1, 8 }, { 1, 12 }, { 1, 16 }, { 1, 20 }, { 1, 24 }, { 1, 28 }, { 1, 32 }, { 1, 36 }, { 1, 40 }, { 1, 44 },
		{ 1, 48 }, { 3, 52 }, { 3, 56 }, { 6, 60 }, { 7, 64 }, { 8, 68 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(stores); i++) {
		*far = sp - 72 + stores[i].offset;
		*fs = rights[page[(*far - FRAME_VA) >> 12]].fs;
		if (*fs)
			return stores[i].insn;
	}
	return 15;
}

static void set_right(u32 n, u32 right)
{
	pt_page(va_l2, FRAME_VA + 0x1000 * n, rights[right].bits ? FRAME_PA(n) | rights[right].bits : 0);
	tlb_mva(FRAME_VA + 0x1000 * n);
}

static void test_pages(void)
{
	struct line l;

	begin("the frame's pages");
	line_make(&l, 0, 0, 8);
	line_fresh(&l);
	for (u32 n = 0; n < 49 * 3; n++) {
		const u32 page[2] = { n % 7, n / 7 % 7 };
		u32 sp = FRAME_VA + 0x1000 + 4 * (random() % 20), far, fs, at = first_fault(sp, page, &far, &fs);
		int vector;

		set_right(0, 4);
		set_right(1, 4);
		call_whole(&l, sp - FRAME_VA);
		set_right(0, page[0]);
		set_right(1, page[1]);
		vector = call(sp, &l, OPEN);
		if (at == 15) {
			check_at(&l, l.n, VEC_UND, vector, LINE_VA + 4 * l.n + 4, NULL);
			continue;
		}
		check_at(&l, at, VEC_DABT, vector, LINE_VA + 4 * at + 8, NULL);
		same(far, exc_frame.dfar, "%s: DFAR", what);
		same(fs | FSR_WNR, DFSR_FS(exc_frame.dfsr), "%s: DFSR", what);
	}
	set_right(0, 4);
	set_right(1, 4);
	for (u32 n = 1; n < 4; n++) {
		int vector = call(FRAME_VA + 0x300 + n, &l, OPEN);

		check_at(&l, 1, VEC_DABT, vector, LINE_VA + 12, NULL);
		same(FS_ALIGN | FSR_WNR, DFSR_FS(exc_frame.dfsr), "%s: not aligned: DFSR", what);
	}
	end();
}

/* What is loaded for TPIDRURO is not there. */
static void test_load(void)
{
	struct line bad;
	u32 at = VA + 0x80000;

	begin("a load that aborts");
	line_make(&bad, 0, 0, at - (u32)percpu);
	line_fresh(&bad);
	pt_page(va_l2, at, FRAME_PA(0) | KERNEL);
	tlb_mva(at);
	calls(&bad);
	pt_page(va_l2, at, 0);
	tlb_mva(at);
	for (u32 i = 0; i < RUNS; i++) {
		int vector = call(FRAME_VA + 0x400, &bad, OPEN);

		check_at(&bad, 12, VEC_DABT, vector, LINE_VA + 4 * 12 + 8, NULL);
		same(at, exc_frame.dfar, "%s: DFAR", what);
	}
	end();
}

/* -- changes -- */

static void test_patched(void)
{
	struct line l;

	begin("a line that is patched");
	for (u32 n = 0; n < 24; n++) {
		u32 page;

		line_make(&l, n % 3, 0, 4);
		page = line_fresh(&l);
		calls(&l);
		for (u32 k = 0; k < 1 + n % 3; k++) {
			line_make(&l, (n + k) % 4, n % 5 == 4 ? 1u << 14 : 0, 4 * (n % 4));
			line_put(&l, page);
			calls(&l);
		}
	}
	end();
}

/* Two lines in one page; the vector's word and its literal change. */
static void test_vector(void)
{
	struct line l, m;

	begin("the vector changes");
	line_make(&l, 0, 0, 8);
	line_make(&m, 5, 1u << 14, 4);
	for (u32 n = 0; n < 24; n++) {
		volatile u32 *second = (volatile u32 *)(LINE_PA(line_fresh(&l)) + 0x400), *vectors;

		for (u32 i = 0; i < m.n; i++)
			second[i] = m.word[i];
		second[m.n] = UDF;
		code_sync((void *)second, 0x400);
		vectors = vectors_fresh(LINE_VA);
		calls(&l);
		if (n & 1)
			vectors[10] = LINE_VA + 0x400;
		else
			vectors[2] = 0xea000000 | ((LINE_VA + 0x400 - (VECTORS_VA + 8) - 8) >> 2 & 0xffffff);
		code_sync((void *)vectors, 64);
		for (u32 i = 0; i < RUNS; i++) {
			int vector;

			for (u32 k = 0; k < FRAME_WORDS; k++)
				start.frame[k] = ((volatile u32 *)FRAME_PA(0))[k] = 0;
			vector = call(FRAME_VA + 72, &m, OPEN);
			check_at(&m, m.n, VEC_UND, vector, LINE_VA + 0x400 + 4 * m.n + 4, (const u32 *)FRAME_PA(0));
		}
	}
	end();
}

/* Other pages where the line is, where the vectors are, and nothing. */
static void test_mapping(void)
{
	struct line l[3];

	begin("the mapping changes");
	for (u32 i = 0; i < 3; i++) {
		line_make(&l[i], 3 * i, i == 1 ? 1u << 14 : 0, 4 * i);
		line_put(&l[i], i);
	}
	for (u32 n = 0; n < 40; n++) {
		map_line(va_l2, n % 3);
		tlb_mva(LINE_VA);
		calls(&l[n % 3]);
	}
	map_line(va_l2, 0);
	tlb_mva(LINE_VA);
	for (u32 n = 0; n < 10; n++) {
		pt_page(va_l2, LINE_VA, 0);
		tlb_mva(LINE_VA);
		same(VEC_PABT, call(FRAME_VA + 0x400, &l[0], OPEN), "%s: no page: vector", what);
		same(LINE_VA + 4, exc_frame.exc_lr, "%s: no page: where", what);
		pt_page(va_l2, LINE_VA, LINE_PA(0) | KERNEL | P_XN);
		tlb_mva(LINE_VA);
		same(VEC_PABT, call(FRAME_VA + 0x400, &l[0], OPEN), "%s: not executable: vector", what);
		map_line(va_l2, 0);
		tlb_mva(LINE_VA);
		calls(&l[0]);
	}
	end();
}

/* By way of tables that have nothing of any ASID, as Linux does. */
static void switch_to(u32 *l1, u32 asid)
{
	MCR(0, c2, c0, 0, (u32)neutral_l1 | TTBR_CACHED);
	isb();
	MCR(0, c13, c0, 1, asid);
	isb();
	MCR(0, c2, c0, 0, (u32)l1 | TTBR_CACHED);
	isb();
}

/* The switch is right before the call. */
static void call_in(u32 *l1, u32 asid, const struct line *l)
{
	space = l1;
	space_asid = asid;
	call_whole(l, 0x300);
	space = NULL;
}

/* Each space has a line of its own there, of its own ASID; that of the one that is not current changes. */
static void test_spaces(void)
{
	struct line l[3];
	u32 *vectors;

	begin("address spaces");
	vectors = vectors_fresh(LINE_VA);
	for (u32 i = 0; i < L1_ENTRIES; i++)
		other_l1[i] = neutral_l1[i] = l1_main[i];
	pt_section(neutral_l1, VA, 0);
	pt_section(other_l1, VA, L1_TABLE(other_l2, 0));
	for (u32 va = FRAME_VA; va < FRAME_VA + 0x2000; va += 0x1000)
		pt_page(other_l2, va, (FRAME_PA(0) + va - FRAME_VA) | KERNEL | P_NG);
	pt_page(other_l2, VECTORS_VA, ((u32)vectors & ~0xfffu) | KERNEL | P_NG);
	dcache_clean(other_l1, sizeof(other_l1));
	dcache_clean(neutral_l1, sizeof(neutral_l1));
	for (u32 i = 0; i < 3; i++) {
		line_make(&l[i], 2 * i, i == 2 ? 1u << 14 : 0, 4 * i);
		line_put(&l[i], i);
	}
	pt_page(va_l2, LINE_VA, LINE_PA(0) | KERNEL | P_NG);
	pt_page(va_l2, VECTORS_VA, ((u32)vectors & ~0xfffu) | KERNEL | P_NG);
	pt_page(other_l2, LINE_VA, LINE_PA(1) | KERNEL | P_NG);
	tlb_all();
	for (u32 n = 0; n < 60; n++) {
		u32 other = 1 + n / 8 % 2;

		if (n % 8 == 0) {		/* changed from the first space */
			pt_page(other_l2, LINE_VA, LINE_PA(other) | KERNEL | P_NG);
			tlb_mva(LINE_VA | 2);
		}
		for (u32 i = 0; i < 1 + n % 3; i++)
			call_in(other_l1, 2, &l[other]);
		for (u32 i = 0; i < 1 + n % 2; i++)
			call_in(l1_main, 1, &l[0]);
	}
	switch_to(l1_main, 0);
	tlb_all();
	end();
}

/* The line's domain is closed for the kernel as well; that of the vectors stays open. */
static void test_domains(void)
{
	struct line l;

	begin("the line's domain is closed");
	line_make(&l, 0, 0, 8);
	line_fresh(&l);
	MCR(0, c12, c0, 0, vectors_fresh(LINE_VA));
	pt_section(l1_main, VA, L1_TABLE(va_l2, 5));
	tlb_all();
	for (u32 n = 0; n < 12; n++) {
		for (u32 i = 0; i < RUNS; i++)
			same(VEC_UND, call(FRAME_VA + 0x400, &l, OPEN | DACR_CLIENT(5)), "%s: open: vector", what);
		for (u32 i = 0; i < 1 + n % 2; i++) {
			same(VEC_PABT, call(FRAME_VA + 0x400, &l, OPEN), "%s: vector", what);
			same(LINE_VA + 4, exc_frame.exc_lr, "%s: where", what);
			same(FS_DOM_PAGE, IFSR_FS(exc_frame.ifsr), "%s: IFSR", what);
		}
	}
	pt_section(l1_main, VA, L1_TABLE(va_l2, 0));
	tlb_all();
	end();
}

/* -- interrupts -- */

static int timer_call(const struct line *l, u32 turns)
{
	int vector;

	spins = turns;
	gpt1_oneshot(4);	/* long after what comes before, also where that is interpreted */
	vector = call(FRAME_VA + 0x400, l, OPEN);
	spins = 0;
	gpt1_stop();
	(void)intc_sir();
	intc_ack();
	return vector;
}

/* The lowest number of turns with which it comes before the system call. */
static u32 calibrate(const struct line *l)
{
	u32 low = 1, high = 100000;

	while (high - low > 1) {
		u32 mid = (low + high) / 2;

		if (timer_call(l, mid) == VEC_IRQ)
			high = mid;
		else
			low = mid;
	}
	return high;
}

/* From before the call to long behind the line, in which it is masked. */
#define AROUND	100u
static void test_timer(void)
{
	u32 first, before = 0;
	struct line l;

	if (!BOARD_IS_OMAP3) {
		skip("an interrupt comes", "no OMAP3 timer on this board");
		return;
	}
	begin("an interrupt comes");
	intc_unmask(GPT1_IRQ);
	line_make(&l, 0, 0, 8);
	line_fresh(&l);
	calls(&l);
	first = calibrate(&l);
	for (u32 turns = first + AROUND; turns > 1 && turns + AROUND > first; turns--) {
		int vector = timer_call(&l, turns);

		if (vector == VEC_IRQ) {
			same(MODE_USR, exc_frame.spsr & PSR_MODE, "%s: mode", what);
			same(true, exc_frame.exc_lr - 4 <= (u32)SPIN + 8, "%s: where", what);
			before++;
		} else {
			check_at(&l, l.n, VEC_UND, vector, LINE_VA + 4 * l.n + 4, NULL);
		}
	}
	info("interrupts before the call", before);
	intc_mask(GPT1_IRQ);
	end();
}

void guest_main(void)
{
	const u32 in[] = { 0xee024f10, 0xf57ff06f, 0xee0d5f30, 0xf57ff06f, 0xee026f10, 0xf57ff06f, 0xe1b0f00e };
	const u32 movs[] = { 0xe1b0f00e }, spin[] = { 0xe25cc001, 0x1afffffd, SVC };	/* subs r12, r12, #1; bne */

	if (BOARD_IS_OMAP3) {
		intc_init();
		gpt1_init();
	}
	irq_disable();
	asm volatile("cpsie af");
	masks = cpsr_read() & (PSR_A | PSR_F);
	pt_flat(l1_main);
	for (u32 va = RAM_BASE; va < RAM_TEST_END; va += 1 << 20)	/* not for User mode, as kernels have it */
		l1_main[va >> 20] = va | S_SECT | S_WB | S_AP(0, 1);
	dcache_clean(l1_main, sizeof(l1_main));
	va_l2 = l2_alloc();
	other_l2 = l2_alloc();
	pt_section(l1_main, VA, L1_TABLE(va_l2, 0));
	pt_section(l1_main, (u32)USER, USER_DATA | S_RAM);
	mmu_on_cached(l1_main, OPEN);
	USER[0] = SVC;
	for (u32 i = 0; i < ARRAY_SIZE(spin); i++)
		SPIN[i] = spin[i];
	code_sync(USER, 0x1000);
	launch = code_fresh(movs, 1);
	launch_in = code_fresh(in, ARRAY_SIZE(in));
	MCR(0, c13, c0, 4, percpu);
	test_lines();
	test_sctlr();
	test_borders();
	test_pages();
	test_load();
	test_patched();
	test_vector();
	test_mapping();
	test_spaces();
	test_domains();
	test_timer();
}
