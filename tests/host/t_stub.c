/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every stub with every operand on a small machine: what it does when it runs through, and what an exit at each of its words leaves. */
/* SOURCES: arch/arm/cpu/stub.c arch/arm/cpu/site.c arch/arm/cpu/decode.c */
/* The path itself is included for its roll(); what it needs of the rest of Umbra is never called. */
/* CFLAGS: -Iarch/arm/cpu -no-pie -Wl,--unresolved-symbols=ignore-all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "path_inline.c"

#define NONE(...)
#define WORD(kind, mask, value, shift, max, traps)	{ value, shift, max },
static const struct { u32 value, shift, max; } words[] = { HOT_TABLE(NONE, WORD) };

#define AREA		0x7ff00000u
#define SITE		0x80012340u
#define STACK		0x90000000u
#define STACK_WORDS	16u
#define GUARD_PAGE	(AREA + 176u * PAGE_SIZE)
#define IN_PAGE(page)	((page) + PAGE_SIZE - sizeof(struct vcpu_open))	/* where what stubs work on is in @page */

/* -- the machine: as much of User mode as stubs use -- */

static struct machine {
	u32 r[16];
	u32 flags;		/* N Z C V Q, GE */
	u32 unknown;		/* what MRS reads in bits 9:6 and 4:0 */
	struct vcpu_open open;
	u32 stack[STACK_WORDS];
	bool aborted, trapped;
} m;
static struct stub_code code;
static struct stub_at at;
static struct stub stub;
static struct vcpu vcpu;

static u32 *memory(u32 addr)
{
	assert_int_equal(addr & 3, 0);
	if (addr - at.open < sizeof(m.open))
		return (u32 *)&m.open + (addr - at.open) / 4;
	if (addr - at.guarded < sizeof(m.open))
		return (u32 *)&m.open + (addr - at.guarded) / 4;
	if (addr - STACK < sizeof(m.stack))
		return &m.stack[(addr - STACK) / 4];
	if (addr - GUARD_PAGE >= PAGE_SIZE && addr - AREA < SECTION_SIZE && addr > GUARD_PAGE)
		return NULL;		/* the unmapped end of the area */
	fail_msg("access to 0x%08x", addr);
	return NULL;
}

static u32 reg(u32 n)
{
	return n == 15 ? m.r[15] + 8 : m.r[n];
}

static void load_store(u32 w)
{
	u32 rt = FIELD(w, 15, 12), off = w & 0xfff, addr = reg(FIELD(w, 19, 16)) + (w & BIT(23) ? off : -off), *p = memory(addr);

	if (!p) {
		m.aborted = true;
		return;
	}
	if (w & BIT(20))
		m.r[rt] = *p;
	else
		*p = rt == 15 ? m.r[15] + at.pc_offset : m.r[rt];
	m.r[15] += 4;
}

static void store_two(u32 w)
{
	u32 addr = m.r[FIELD(w, 19, 16)] - 8;

	for (u32 n = 0; n < 15; n++)
		if (w >> n & 1) {
			*memory(addr) = m.r[n];
			addr += 4;
		}
	m.r[15] += 4;
}

static u32 rotated(u32 w)
{
	u32 rot = 2 * FIELD(w, 11, 8);

	return rot ? (w & 0xff) >> rot | (w & 0xff) << (32 - rot) : w & 0xff;
}

/* AND EOR ADD MOV ORR BIC without S. */
static void data_processing(u32 w)
{
	u32 rd = FIELD(w, 15, 12), a = reg(FIELD(w, 19, 16)), b, r, shift = FIELD(w, 11, 7);

	b = w & BIT(25) ? rotated(w) : FIELD(w, 6, 5) == 1 ? reg(w & 0xf) >> shift : reg(w & 0xf) << shift;
	assert_false(w & BIT(20));
	assert_false(!(w & BIT(25)) && (w & 0x50) == 0x50);
	switch (FIELD(w, 24, 21)) {
	case 0: r = a & b; break;
	case 1: r = a ^ b; break;
	case 4: r = a + b; break;
	case 12: r = a | b; break;
	case 13: r = b; break;
	case 14: r = a & ~b; break;
	default: fail_msg("0x%08x", w); return;
	}
	m.r[rd] = r;
	if (rd != 15)
		m.r[15] += 4;
}

static void step(void)
{
	u32 w = code.word[(m.r[15] - at.stub) / 4], rd = FIELD(w, 15, 12);

	assert_in_range((m.r[15] - at.stub) / 4, 0, code.words - 1u);
	assert_int_equal(w >> 28, 14);
	if ((w & 0x0f000000) == 0x0f000000) {
		m.trapped = true;
	} else if ((w & 0x0f000000) == 0x0a000000) {
		m.r[15] += 8 + ((u32)((s32)(w << 8) >> 6));
	} else if ((w & 0x0f000000) == 0x05000000) {
		load_store(w);
	} else if ((w & 0x0ff00000) == 0x09000000) {
		store_two(w);
	} else if ((w & 0x0fff0fff) == 0x010f0000) {
		m.r[rd] = m.flags | m.unknown;
		m.r[15] += 4;
	} else if ((w & 0x0fff0ff0) == 0x016f0f10) {
		m.r[rd] = m.r[w & 0xf] ? (u32)__builtin_clz(m.r[w & 0xf]) : 32;
		m.r[15] += 4;
	} else if ((w & 0x0fe00070) == 0x07c00010) {		/* BFI */
		u32 lsb = FIELD(w, 11, 7), mask = (u32)((2ull << (FIELD(w, 20, 16) - lsb)) - 1) << lsb;

		m.r[rd] = (m.r[rd] & ~mask) | (m.r[w & 0xf] << lsb & mask);
		m.r[15] += 4;
	} else if ((w & 0x0c000000) == 0) {
		data_processing(w);
	} else {
		fail_msg("no stub has 0x%08x", w);
	}
}

static bool in_stub(void)
{
	return m.r[15] - at.stub < 4u * code.words;
}

/* -- what path_inline.c calls -- */

struct stub *stub_area_find(struct vcpu *v, gva_t pc, u32 *word)
{
	(void)v;
	*word = (pc - at.stub) / 4;
	return pc - at.stub < 4u * code.words ? &stub : NULL;
}

/* None gets a gate here (t_gate.c). */
const u32 *code_page_words(struct vcpu *v, u32 copy, gva_t at)
{
	(void)v, (void)copy, (void)at;
	return NULL;
}

u32 stub_area_add_gate(struct vcpu *v, const struct stub *s, const u32 *page, u32 dacr, u32 events)
{
	(void)v, (void)s, (void)dacr, (void)events;
	assert_null(page);
	return 0;
}

u32 *vcpu_spsr(struct vcpu *v)
{
	return vcpu_mode(v) == MODE_SYS ? NULL : &v->bank_spsr[open_bank(vcpu_mode(v))];
}

/* -- the guest as the architecture has it -- */

static u32 random_word(void)
{
	return (u32)rand() << 16 ^ (u32)rand();
}

static const u32 modes[] = { MODE_SVC, MODE_IRQ, MODE_ABT, MODE_UND, MODE_FIQ };

static void guest_any(void)
{
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.open = &m.open;
	vcpu.cpsr = modes[(u32)rand() % ARRAY_SIZE(modes)] | (random_word() & (PSR_AIF | PSR_FLAGS | PSR_GE));
	for (u32 i = 0; i < 15; i++)
		vcpu.r[i] = random_word();
	for (u32 b = 0; b < BANK_NR; b++) {
		vcpu.bank_sp[b] = random_word();
		vcpu.bank_lr[b] = random_word();
		vcpu.bank_spsr[b] = random_word() & ~PSR_RESERVED;
	}
	vcpu.r[15] = SITE;
	vcpu.cp15.dacr = random_word();
	vcpu.cp15.ttbr0 = random_word();
}

/* As open_for_guest() and the window do it. */
static void enter(void)
{
	memset(&m, 0, sizeof(m));
	for (u32 i = 0; i < sizeof(m.open) / 4; i++)
		((u32 *)&m.open)[i] = 0x0b000000 + i;
	vcpu.hw_dacr = vcpu.dacr_kernel;
	open_unfold(&vcpu, &m.open);
	memcpy(m.r, vcpu.r, sizeof(m.r));
	m.r[15] = at.stub;
	m.flags = vcpu.cpsr & (PSR_FLAGS | PSR_GE);
	m.unknown = random_word() & 0x3df;
}

/* As the window and inline_run() do it. */
static struct stub *leave_guest(void)
{
	memcpy(vcpu.r, m.r, sizeof(m.r));
	vcpu.cpsr = (vcpu.cpsr & ~(PSR_FLAGS | PSR_GE)) | m.flags;
	open_fold(&vcpu, &m.open);
	vcpu.cp15.dacr = m.open.dacr;
	return roll(&vcpu);
}

/* @v behind the instruction; what the stack has got in @stack. */
static void expect(struct vcpu *v, u32 *stack, u32 kind, u32 op, u32 word)
{
	const struct vcpu_open *o = &m.open;	/* as it was at entry */

	(void)word;
	switch (kind) {
	case SITE_KIND_CPSID: v->cpsr |= PSR_I; break;
	case SITE_KIND_CPSIE: v->cpsr &= ~PSR_I; break;
	case SITE_KIND_MRS_CPSR: v->r[op] = v->cpsr; break;
	case SITE_KIND_MRS_SPSR: v->r[op] = *vcpu_spsr(v); break;
	case SITE_KIND_MSR_SPSR: *vcpu_spsr(v) = v->r[op] & ~PSR_RESERVED; break;
	case SITE_KIND_MSR_CPSR_C: v->cpsr = (v->cpsr & ~PSR_I) | (v->r[op] & PSR_I); break;
	case SITE_KIND_STM_SP_LR:
		stack[(v->r[op] - STACK) / 4 - 2] = v->bank_sp[BANK_USR];
		stack[(v->r[op] - STACK) / 4 - 1] = v->bank_lr[BANK_USR];
		break;
	case SITE_KIND_TPIDRPRW_R: v->r[op] = o->tpidrprw; break;
	case SITE_KIND_SCTLR_R: v->r[op] = o->sctlr; break;
	case SITE_KIND_DACR_R: v->r[op] = v->cp15.dacr; break;
	case SITE_KIND_DACR_W: v->cp15.dacr = v->r[op]; break;
	case SITE_KIND_DFSR_R: v->r[op] = o->dfsr; break;
	case SITE_KIND_IFSR_R: v->r[op] = o->ifsr; break;
	case SITE_KIND_DFAR_R: v->r[op] = o->dfar; break;
	case SITE_KIND_IFAR_R: v->r[op] = o->ifar; break;
	case SITE_KIND_CTR_R: v->r[op] = o->ctr; break;
	case SITE_KIND_TTBR0_R: v->r[op] = v->cp15.ttbr0; break;
	case SITE_KIND_TTBR1_R: v->r[op] = o->ttbr1; break;
	default: fail_msg("kind %u", kind);
	}
	v->r[15] = SITE + 4;
}

static void expect_guest(const struct vcpu *want, const u32 *stack, u32 kind, u32 op, u32 word)
{
	for (u32 i = 0; i < 16; i++)
		if (vcpu.r[i] != want->r[i])
			fail_msg("kind %u, operand %u, exit at word %u: r%u 0x%08x, not 0x%08x", kind, op, word, i, vcpu.r[i], want->r[i]);
	assert_int_equal(vcpu.cpsr, want->cpsr);
	assert_memory_equal(vcpu.bank_spsr, want->bank_spsr, sizeof(vcpu.bank_spsr));
	assert_memory_equal(vcpu.bank_sp, want->bank_sp, sizeof(vcpu.bank_sp));
	assert_memory_equal(vcpu.bank_lr, want->bank_lr, sizeof(vcpu.bank_lr));
	assert_int_equal(vcpu.cp15.dacr, want->cp15.dacr);
	assert_memory_equal(m.stack, stack, sizeof(m.stack));
}

/* -- making one -- */

static u32 operand_word(u32 row, u32 op)
{
	return (words[row].value & ~(0xfu << words[row].shift)) | op << words[row].shift;
}

/* At word @first of page @page of an area at AREA, as stub_area.c places it. */
static bool make(u32 word, u32 page, u32 first, u32 pc_offset)
{
	u32 kind = stub_kind(word);

	at = (struct stub_at){
		.site = SITE, .stub = AREA + (2 * page + 1) * PAGE_SIZE + 4 * first, .open = IN_PAGE(AREA + 2 * page * PAGE_SIZE),
		.guarded = IN_PAGE(GUARD_PAGE), .word = word, .operand = stub_operand(word), .trap = site_word_of(kind, 0) | stub_operand(word), .pc_offset = pc_offset,
	};
	while (!stub_fits(stub_class(kind), &at))
		at.stub += 8;
	if (!stub_make(&code, kind, &at))
		return false;
	stub = (struct stub){
		.site = SITE, .word = word, .words = code.words, .commit = code.commit, .saved = code.saved,
		.scratch = { code.scratch[0], code.scratch[1] }, .kind = (u8)kind, .operand = (u8)stub_operand(word), .forward = code.forward,
	};
	return true;
}

/* The guest's values for which the stub does all of the work. */
static void guest_for(u32 kind, u32 op)
{
	guest_any();
	if (kind == SITE_KIND_STM_SP_LR)
		vcpu.r[op] = STACK + 4 * (2 + (u32)rand() % (STACK_WORDS - 2));
	if (kind == SITE_KIND_MSR_CPSR_C)
		vcpu.r[op] = (vcpu.r[op] & ~(PSR_MODE | PSR_F)) | (vcpu.cpsr & (PSR_MODE | PSR_F));
}

static void enter_for(u32 kind, u32 op)
{
	enter();
	if (kind == SITE_KIND_DACR_W)
		m.open.dacr_real = random_word() & vcpu.r[op];		/* nothing is to be closed */
}

/* Run it through, and once up to each of its words, where an exit comes. */
static void check_stub(u32 kind, u32 op, u32 word)
{
	for (u32 exit_at = 0; exit_at <= STUB_WORDS; exit_at++) {
		struct vcpu before, after;
		u32 stack[STACK_WORDS], n;

		guest_for(kind, op);
		before = after = vcpu;
		enter_for(kind, op);
		memset(stack, 0, sizeof(stack));
		expect(&after, stack, kind, op, word);
		for (n = 0; n < exit_at && in_stub(); n++) {
			step();
			assert_false(m.aborted || m.trapped);
		}
		if (!in_stub()) {
			assert_int_equal(m.r[15], SITE + 4);
			assert_null(leave_guest());
			expect_guest(&after, stack, kind, op, n);
			return;
		}
		assert_ptr_equal(leave_guest(), &stub);
		if (vcpu.r[15] == SITE)
			memset(stack, 0, sizeof(stack));
		expect_guest(vcpu.r[15] == SITE ? &before : &after, stack, kind, op, n);
	}
	fail_msg("kind %u, operand %u does not end", kind, op);
}

/* -- tests -- */

static bool runs_through(u32 kind)
{
	return stub_class(kind) != STUB_GATE && kind != SITE_KIND_C && kind != SITE_KIND_USER_LS;
}

/* Words of the stub of each kind, as docs/cpu-paths.md has them: change both. What reads a register is two, a load and the way back. */
static u32 documented_words(u32 kind)
{
	switch (kind) {
	case SITE_KIND_MRS_CPSR: case SITE_KIND_MSR_CPSR_C: return 9;
	case SITE_KIND_STM_SP_LR: return 8;
	case SITE_KIND_DACR_W: return 13;
	case SITE_KIND_USER_LS: case SITE_KIND_MRS_SPSR: return 3;
	default: return 2;
	}
}

static void all_stubs(void **state)
{
	static const u32 firsts[] = { 0, 1, 61, 200, 970 };
	u32 stubs = 0;

	for (u32 row = 0; row < ARRAY_SIZE(words); row++)
		for (u32 op = 0; op <= words[row].max; op++) {
			u32 word = operand_word(row, op), kind = stub_kind(word);

			for (u32 i = 0; i < 2 * ARRAY_SIZE(firsts) && runs_through(kind); i++, stubs++) {
				assert_true(make(word, i % 3 ? 0 : 87, firsts[i / 2] & ~1u, i & 1 ? 12 : 8));
				assert_int_equal(code.words, documented_words(kind));
				check_stub(kind, op, word);
			}
		}
	assert_in_range(stubs, 10 * 15 * 14, 10 * 15 * 20);
}

/* A mode or F that is not the same makes the store of MSR abort, and nothing has happened. */
static void msr_of_more(void **state)
{
	for (u32 op = 0; op < 15; op++)
		for (u32 diff = 1; diff < 0x80; diff++) {
			struct vcpu before;
			u32 none[STACK_WORDS] = { 0 };

			if (!(diff & STUB_MODES) || diff & 0x30)
				continue;
			assert_true(make(0xe121f000 | op, diff % 88, 40, 8));
			guest_for(SITE_KIND_MSR_CPSR_C, op);
			vcpu.r[op] ^= diff;
			before = vcpu;
			enter();
			while (in_stub() && !m.aborted)
				step();
			assert_true(m.aborted);
			assert_ptr_equal(leave_guest(), &stub);
			expect_guest(&before, none, SITE_KIND_MSR_CPSR_C, op, code.commit);
		}
}

/* What CPSIE and MSR store may be read-only: they reach it where they unmask, and CPSID and everything else never does. */
static void only_unmasking_is_guarded(void **state)
{
	assert_int_equal(stub_class(stub_kind(0xf1080080)), STUB_UNMASK);
	assert_int_equal(stub_class(stub_kind(0xf10c0080)), STUB_MASK);
	for (u32 bits = 1; bits < 8; bits++)	/* A and F are not in the open page */
		if (bits != 2) {
			assert_int_equal(stub_kind(0xf1080000 | bits << 6), SITE_KIND_C);
			assert_int_equal(stub_kind(0xf10c0000 | bits << 6), SITE_KIND_C);
		}
	for (u32 pc_offset = 8; pc_offset <= 12; pc_offset += 4)
		for (u32 first = 32; first < 1000; first += 2) {
			at = (struct stub_at){ .stub = AREA + 4 * first, .pc_offset = pc_offset };
			assert_true(stub_fits(STUB_PLAIN, &at));
			assert_int_equal(stub_fits(STUB_MASK, &at), (4 * first + pc_offset) >> 7 & 1);
			assert_int_equal(stub_fits(STUB_UNMASK, &at), !((4 * first + pc_offset) >> 7 & 1));
		}
}

/* Something that is open is to be closed: the trapping word stands where nothing but scratch registers was used, and they are back. */
static void dacr_that_closes(void **state)
{
	for (u32 op = 0; op < 15; op++)
		for (u32 bit = 0; bit < 32; bit++) {
			struct vcpu before;
			u32 none[STACK_WORDS] = { 0 };

			assert_true(make(0xee030f10 | op << 12, 3, 100, 8));
			guest_any();
			vcpu.r[op] &= ~(1u << bit);
			before = vcpu;
			enter();
			m.open.dacr_real = (vcpu.r[op] & random_word()) | 1u << bit;
			while (in_stub() && !m.trapped)
				step();
			assert_true(m.trapped);
			for (u32 i = 0; i < 15; i++)
				assert_int_equal(m.r[i], before.r[i]);
			assert_int_equal(code.word[(m.r[15] - at.stub) / 4], at.trap);
			assert_ptr_equal(leave_guest(), &stub);
			expect_guest(&before, none, SITE_KIND_DACR_W, op, 0);
			m.r[15] = at.stub + 4 * code.commit;	/* the window did it, and goes on */
			while (in_stub())
				step();
			assert_int_equal(m.r[15], SITE + 4);
			for (u32 i = 0; i < 15; i++)
				assert_int_equal(m.r[i], before.r[i]);
		}
}

/* Which DACR write was the last to put something off is found by what STR pc stores, on any core. */
static void dacr_names_its_writer(void **state)
{
	for (u32 pc_offset = 8; pc_offset <= 12; pc_offset += 4)
		for (u32 op = 0; op < 15; op++) {
			u32 word;

			assert_true(make(0xee030f10 | op << 12, 3, 100, pc_offset));
			guest_any();
			enter_for(SITE_KIND_DACR_W, op);
			while (in_stub())
				step();
			assert_ptr_equal(stub_area_find(&vcpu, m.open.dacr_writer, &word), &stub);
		}
}

/* LDRT and the like: the trapping word and the instruction itself, and the way back behind them. */
static void user_accesses(void **state)
{
	static const u32 yes[] = { 0xe4b10004, 0xe4a21000, 0xe4f30001, 0xe4e54fff, 0xe43de008, 0x14b10004 };
	static const u32 no[] = { 0xe6b10002, 0xe4bf0004, 0xe4b11004, 0xe0f100b2, 0xe5910004, 0xe4b1f004 };

	for (u32 i = 0; i < ARRAY_SIZE(yes); i++) {
		assert_int_equal(stub_kind(yes[i]), SITE_KIND_USER_LS);
		assert_true(make(yes[i], 1, 64, 8));
		assert_int_equal(code.word[0], at.trap);
		assert_int_equal(code.word[1], yes[i]);
		assert_int_equal(code.commit, 0);
		assert_int_equal(code.words, documented_words(SITE_KIND_USER_LS));
		enter();
		m.r[15] = at.stub + 8;		/* where the window goes on */
		while (in_stub())
			step();
		assert_int_equal(m.r[15], SITE + 4);
	}
	for (u32 i = 0; i < ARRAY_SIZE(no); i++)
		assert_int_equal(stub_kind(no[i]), SITE_KIND_C);
}

static void branches(void **state)
{
	assert_int_equal(stub_branch(0x1000, 0x1008, 14), 0xea000000);
	assert_int_equal(stub_branch(0x1000, 0x1000, 14), 0xeafffffe);
	assert_int_equal(stub_branch(0x80000000, 0x80000008 + 0x01fffffc, 14), 0xea7fffff);
	assert_int_equal(stub_branch(0x80000000, 0x80000008 + 0x02000000, 14), 0);
	assert_int_equal(stub_branch(0x80000000, 0x80000008 - 0x02000000, 1), 0x1a800000);
	assert_int_equal(stub_branch(0x80000000, 0x80000004 - 0x02000000, 14), 0);
	assert_int_equal(stub_branch(0x80000000, 0x80000102, 14), 0);
	assert_int_equal(stub_branch(0xfffffff0, 0x00000010, 14), 0xea000006);	/* round the end */
	/* the way back may be out of reach although the way there is not */
	at = (struct stub_at){ .site = AREA + 0x02001100, .stub = AREA + 0x1080, .open = IN_PAGE(AREA), .guarded = IN_PAGE(GUARD_PAGE), .word = 0xe10f0000,
			       .pc_offset = 8 };
	assert_false(stub_make(&code, SITE_KIND_MRS_CPSR, &at));
	/* so may be the open page */
	at = (struct stub_at){ .site = SITE, .stub = AREA + 2 * PAGE_SIZE - 16, .open = IN_PAGE(AREA), .guarded = IN_PAGE(GUARD_PAGE), .word = 0xee1d0f90, .pc_offset = 8 };
	assert_false(stub_make(&code, SITE_KIND_TPIDRPRW_R, &at));
}

/* A condition is the branch's; the stub is the same. */
static void conditions(void **state)
{
	static struct stub_code always;

	for (u32 cond = 0; cond < 14; cond++) {
		assert_true(make(0xe10f3000, 2, 64, 8));
		always = code;
		assert_true(make(cond << 28 | 0x010f3000, 2, 64, 8));
		assert_memory_equal(&always, &code, sizeof(code));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_stubs),
		cmocka_unit_test(msr_of_more),
		cmocka_unit_test(only_unmasking_is_guarded),
		cmocka_unit_test(dacr_that_closes),
		cmocka_unit_test(dacr_names_its_writer),
		cmocka_unit_test(user_accesses),
		cmocka_unit_test(branches),
		cmocka_unit_test(conditions),
	};

	srand(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
