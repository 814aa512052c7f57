/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gates on a small machine: what each leaves at each of its ends, and at an abort at each access, is what the guest's instructions do. */
/* SOURCES: arch/arm/cpu/gate.c arch/arm/cpu/stub.c arch/arm/cpu/site.c arch/arm/cpu/decode.c */
/* CFLAGS: -Iarch/arm/cpu -no-pie -Wl,--unresolved-symbols=ignore-all */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/site.h>
#include <arm/vcpu.h>

#include "gate.h"

#define SITE		0xc0300120u
#define PAGE_OF_GATES	0xbff91000u
#define TO_USER		0xbfe00100u
#define ACCESS(n)	((s32)offsetof(struct vcpu, user_access.access[n]))
#define FRAME		0xc1400f80u		/* what is in memory, around a page border */
#define FRAME_WORDS	64u

#define ENTRY_GUEST	0x51u
#define ENTRY_HOST	0x40000551u

/* -- the machine: Undefined mode, as much of it as gates use -- */

#define HOST_KERNEL	0x55555555u
#define HOST_NOW	0x11111111u
#define SP_AT		0x00010000u	/* sp_und, for what is computed from it */

static struct machine {
	u32 r[13];		/* r0-r12 */
	u32 lr, pc;		/* of Undefined mode */
	u32 psr, spsr;
	u32 usr_sp, usr_lr;
	u32 dacr, tpidruro, cleaned;
	u32 translation, translated, par;	/* what ATS1CUR says, and of what; PAR */
	u32 iciallu, bpiall;			/* how often */
	u32 fpexc, mvfr0;
	struct vcpu_open open;
	struct vcpu v;		/* right behind it */
	u32 frame[FRAME_WORDS];
	u32 missing;		/* the page of this address is; 0: none */
	u32 accesses, abort_at;	/* the access that aborts; ~0: none */
	u32 user_at, user_stored, user_how;	/* where the guest's own access was, what it would store, which it was */
	bool aborted, left, user;
} m;
static struct gate_code code;
static u32 insn[GATE_INSNS + 4];

static u32 *memory(u32 addr)
{
	assert_int_equal(addr & 3, 0);
	assert_true(addr - FRAME < sizeof(m.frame));
	return &m.frame[(addr - FRAME) / 4];
}

/* [sp, #off], where sp is the vCPU page. */
static u32 *vcpu_word(s32 off)
{
	if (off < 0)
		return (u32 *)((char *)&m.open + sizeof(m.open) + off);
	assert_in_range(off, 0, sizeof(m.v) - 4);
	return (u32 *)((char *)&m.v + off);
}

static u32 gate_at(void)
{
	return PAGE_OF_GATES + 4 * (GATE_ALIGN / 4 - 1);
}

static u32 get(u32 n)
{
	return n == 15 ? m.pc + 8 : n == 14 ? m.lr : n == 13 ? SP_AT : m.r[n];
}

static void set(u32 n, u32 value)
{
	if (n == 14)
		m.lr = value;
	else if (n == 15)
		m.pc = value - 4;
	else
		m.r[n] = value;
}

static void set_nz(u32 value)
{
	m.psr = (m.psr & 0x3fffffff) | (value & 0x80000000) | (value ? 0 : 0x40000000);
}

static bool passes(u32 psr, u32 cond)
{
	bool n = psr >> 31 & 1, z = psr >> 30 & 1, c = psr >> 29 & 1, v = psr >> 28 & 1, yes;

	switch (cond >> 1) {
	case 0: yes = z; break;
	case 1: yes = c; break;
	case 2: yes = n; break;
	case 3: yes = v; break;
	case 4: yes = c && !z; break;
	case 5: yes = n == v; break;
	case 6: yes = n == v && !z; break;
	default: return true;
	}
	return yes != (cond & 1);
}

static u32 immediate(u32 w)
{
	u32 imm = w & 0xff, rot = 2 * FIELD(w, 11, 8);

	return rot ? imm >> rot | imm << (32 - rot) : imm;
}

/* C and V of @n - @b */
static u32 flags_cv(u32 n, u32 b)
{
	return (u32)(n >= b) << 29 | ((n ^ b) & (n ^ (n - b))) >> 31 << 28;
}

static void data_processing(u32 w)
{
	u32 op = FIELD(w, 24, 21), n = get(FIELD(w, 19, 16)), b = w & BIT(25) ? immediate(w) : get(w & 15), d = FIELD(w, 15, 12);
	u32 shift = w & BIT(25) ? 0 : FIELD(w, 11, 7);
	bool s = w & BIT(20);
	u32 x;

	b = w & BIT(25) || w & 0x20 ? b >> shift : b << shift;	/* LSR and LSL only */
	switch (op) {
	case 0: case 8: x = n & b; break;
	case 1: x = n ^ b; break;
	case 2: case 10: x = n - b; break;
	case 4: x = n + b; break;
	case 12: x = n | b; break;
	case 13: x = b; break;
	case 14: x = n & ~b; break;
	default: fail_msg("no gate has 0x%08x", w); return;
	}
	if (s) {
		set_nz(x);
		if (op == 8 && FIELD(w, 11, 8))
			m.psr = (m.psr & ~0x20000000u) | (b >> 31) << 29;
		if (op == 10 || op == 2)
			m.psr = (m.psr & ~0x30000000u) | flags_cv(n, b);
	}
	if (op != 8 && op != 10)
		set(d, x);
}

/* LDRT rt, [lr]; what aborts has no effect. */
static bool unprivileged(u32 w)
{
	u32 addr = m.lr;

	assert_int_equal(w & 0x0fff0fff, 0x04be0000);
	if (m.accesses++ == m.abort_at || (m.missing && !((addr ^ m.missing) & PAGE_MASK))) {
		m.aborted = true;
		return false;
	}
	set(FIELD(w, 15, 12), addr & 3 ? 0x0bad0bad : *memory(addr));
	return true;
}

/* What the window does for a gate (window_inline.S), by user_access.access[@how]: what it accesses and how is told by what is loaded. */
static void window_access(u32 how)
{
	m.user_at = m.v.user_access.address;
	m.user_stored = m.r[0];
	m.user_how = how;
	m.pc = m.v.user_access.back;
	if (m.accesses++ == m.abort_at) {
		m.aborted = true;
		m.r[0] ^= 0x5a5a5a5a;
		return;
	}
	if (how & 1)
		m.r[0] = *memory(m.user_at) & (how & 2 ? 0xff : ~0u);
	m.lr = m.v.hw_dacr;
}

static void load_user(u32 w)
{
	u32 rn = m.r[FIELD(w, 19, 16)], nr = w & 1 ? 15 : 14, *p = memory(rn - 4 * nr);

	for (u32 i = 0; i < 15; i++)
		if (w >> i & 1) {
			if (i == 13)
				m.usr_sp = *p;
			else if (i == 14)
				m.usr_lr = *p;
			else
				m.r[i] = *p;
			p++;
		}
}

/* STMDB sp, {..., lr} */
static void store_open(u32 list)
{
	s32 off = -4 * (s32)__builtin_popcount(list) - 4;

	for (u32 i = 1; i < 13; i++)
		if (list >> i & 1) {
			*vcpu_word(off) = m.r[i];
			off += 4;
		}
	assert_int_equal(off, -4);
	*vcpu_word(off) = m.lr;
}

static void step(void)
{
	u32 w = code.word[(m.pc - gate_at()) / 4], rd = FIELD(w, 15, 12);

	if (w >> 28 == 15) {
		;				/* barriers, CLREX */
	} else if ((w & 0x0f000000) == 0x0a000000) {
		if (w >> 28 == 14 || passes(m.psr, w >> 28))
			m.pc += 4 + (u32)((s32)(w << 8) >> 6);
	} else if (!passes(m.psr, w >> 28)) {
		;
	} else if (w == 0xe1b0f00e) {
		m.left = true;
	} else if (w == 0xe9cd2000) {
		*vcpu_word(4) = m.usr_sp;
	} else if (w == 0xe94d6000) {
		*vcpu_word(-8) = m.usr_sp;
		*vcpu_word(-4) = m.usr_lr;
	} else if ((w & 0xffffe001) == 0xe90d4000) {
		store_open(w & 0x1ffe);
	} else if (w == 0xe9dd4000) {
		m.usr_lr = *vcpu_word(4);
	} else if ((w & 0xfff0fffe) == 0xe9507ffe) {
		load_user(w);
	} else if (w == 0xe14fe000) {
		m.lr = m.spsr;
	} else if (w == 0xe10fe000) {
		m.lr = m.psr;
	} else if (w == 0xe128f00e) {
		m.psr = (m.psr & 0x07ffffff) | (m.lr & 0xf8000000);
	} else if (w == 0xe168f00e) {
		m.spsr = (m.spsr & 0x07ffffff) | (m.lr & 0xf8000000);
	} else if ((w & 0xfffffff0) == 0xe16ff000) {
		m.spsr = m.r[w & 15];
	} else if ((w & 0xfff00ff0) == 0xe1800f90) {
		m.r[rd] = 1;			/* the monitor is open */
	} else if ((w & 0xffff0fff) == 0xee0d0f70) {
		m.tpidruro = m.r[rd];
	} else if ((w & 0xffff0ffe) == 0xee070f3a) {
		m.cleaned = m.r[rd];
	} else if (w == 0xee03ef10) {
		m.dacr = m.lr;
	} else if ((w & 0xffff0fff) == 0xee070f58) {
		assert_int_equal(m.dacr, HOST_KERNEL);	/* what User mode has must be open for ATS1CUR to say where it is */
		m.par = m.translation;
		m.translated = m.r[rd];
	} else if ((w & 0xffff0fff) == 0xee170f14) {
		m.r[rd] = m.par;
	} else if ((w & 0xffff0fff) == 0xeef80a10) {
		set(rd, m.fpexc);
	} else if ((w & 0xffff0fff) == 0xeef70a10) {
		set(rd, m.mvfr0);
	} else if ((w & 0xffff0fff) == 0xeee80a10) {
		m.fpexc = get(rd);
	} else if ((w & 0xffff0fff) == 0xee070f15) {
		m.iciallu++;
	} else if ((w & 0xffff0fff) == 0xee070fd5) {
		m.bpiall++;
	} else if ((w & 0x0fe00070) == 0x07e00050) {
		set(rd, get(w & 15) >> FIELD(w, 11, 7) & ((2u << FIELD(w, 20, 16)) - 1));
	} else if (w == 0xe320f000 || w == 0xe1a00000) {
		;
	} else if ((w & 0xff7f0000) == 0xe51f0000) {
		set(rd, code.word[(m.pc + 8 + (w & 0xfff) - gate_at()) / 4]);
	} else if ((w & 0xff6f0000) == 0xe50d0000) {
		s32 off = w & BIT(23) ? (s32)(w & 0xfff) : -(s32)(w & 0xfff);

		if (!(w & BIT(20)))
			*vcpu_word(off) = get(rd);
		else if (rd == 15 && off >= ACCESS(0) && off <= ACCESS(3)) {
			window_access((u32)(off - ACCESS(0)) / 4);
			return;
		} else if (rd == 15)
			m.user = true, assert_int_equal(*vcpu_word(off), TO_USER);
		else
			set(rd, *vcpu_word(off));
	} else if ((w & 0xfffff000) == 0xe59ee000) {
		m.lr = *vcpu_word((s32)(m.lr + (w & 0xfff) - SP_AT));
	} else if ((w & 0x0ff00000) == 0x04b00000) {
		if (!unprivileged(w))
			return;
	} else if ((w & 0x0c000000) == 0) {
		data_processing(w);
	} else {
		fail_msg("no gate has 0x%08x", w);
	}
	m.pc += 4;
}

static void run(void)
{
	m.pc = gate_at() + 4;		/* behind the UDF */
	m.v.r[0] ^= 0x5a5a5a5a;		/* of some time ago */
	for (u32 n = 0; !m.left && !m.user && !m.aborted; n++) {
		assert_in_range((m.pc - gate_at()) / 4, 1, code.words - 1);
		assert_true(n < 2 * GATE_WORDS);
		step();
	}
}

/* -- the guest, as the architecture has it -- */

static struct guest {
	u32 r[15], flags, spsr, dacr, tpidruro;
	u32 at;			/* the instruction it is at */
	bool user;		/* or has returned */
} g;

static u32 random_word(void)
{
	return (u32)rand() << 16 ^ (u32)rand();
}

/* CMP, SUBS */
static void guest_compare(u32 w)
{
	u32 n = g.r[FIELD(w, 19, 16)], b = w & BIT(25) ? immediate(w) : g.r[w & 15], x = n - b;

	assert_true(w & BIT(20));
	g.flags = (g.flags & 0x0fffffff) | (x & 0x80000000) | (x ? 0 : 0x40000000) | flags_cv(n, b);
	if (FIELD(w, 24, 21) == 2)
		g.r[FIELD(w, 15, 12)] = x;
}

/* One instruction of the line; false: it aborts. */
static bool guest_step(u32 w)
{
	u32 rd = FIELD(w, 15, 12), rn = FIELD(w, 19, 16), x;

	if ((w & 0xffff0fff) == 0xee0d0f70) {
		g.tpidruro = g.r[rd];
	} else if ((w & 0xffff0fff) == 0xee030f10) {
		g.dacr = g.r[rd];
	} else if ((w & 0x0f000000) == 0x0a000000 || (w & 0xffff0f10) == 0xee070f10) {
		assert_false(passes(g.flags, w >> 28) && w >> 28 != 14);	/* the end of a loop; cache operations */
	} else if ((w & 0xfdf00000) == 0xe0800000) {
		g.r[rd] = g.r[rn] + (w & BIT(25) ? immediate(w) : g.r[w & 15]);
	} else if ((w & 0xfde00000) == 0xe0400000 || (w & 0xfdf00000) == 0xe1500000) {
		guest_compare(w);
	} else if ((w & 0xfff00000) == 0xe3a00000) {
		g.r[rd] = immediate(w);
	} else if ((w & 0xffff0fff) == 0xe1a0000d) {
		g.r[rd] = g.r[13];
	} else if ((w & 0xff500000) == 0xe5100000) {
		u32 addr = g.r[rn] + (w & BIT(23) ? w & 0xfff : -(w & 0xfff));

		if (m.missing && !((addr ^ m.missing) & PAGE_MASK))
			return false;
		x = addr & 3 ? 0x0bad0bad : *memory(addr);
		if (w & BIT(21))
			g.r[rn] = addr;
		g.r[rd] = x;
	} else if ((w & 0xfff0f000) == 0xe3100000) {
		x = g.r[rn] & immediate(w);
		g.flags = (g.flags & 0x3fffffff) | (x & 0x80000000) | (x ? 0 : 0x40000000);
		if (FIELD(w, 11, 8))
			g.flags = (g.flags & ~0x20000000u) | (immediate(w) >> 31) << 29;
	} else if ((w & 0xfffffff0) == 0xe16ff000) {
		g.spsr = g.r[w & 15];
	} else if ((w & 0xfff00ff0) == 0xe1800f90) {
		g.r[rd] = 1;
	} else if (w >> 28 != 15 && w != 0xe320f000 && w != 0xe1a00000) {
		fail_msg("0x%08x", w);
	}
	g.at++;
	return true;
}

static void guest_any(u32 base)
{
	memset(&m, 0, sizeof(m));
	for (u32 i = 0; i < 15; i++)
		g.r[i] = random_word();
	g.r[13] = base;
	g.flags = random_word() & 0xf8000000;
	g.spsr = random_word() & ~0x00f00000u;
	g.dacr = ENTRY_GUEST;
	g.tpidruro = random_word();
	g.at = 0;
	g.user = false;
	for (u32 i = 0; i < FRAME_WORDS; i++)
		m.frame[i] = random_word();
	m.abort_at = ~0u;
}

/* As the window leaves it. */
static void machine_of_guest(u32 mode)
{
	for (u32 i = 0; i < ARRAY_SIZE(m.v.dacr_cache); i++)
		m.v.dacr_cache[i] = (struct dacr_cache){ .guest = 0xaaaaaaaa };
	m.v.dacr_cache[vcpu_dacr_index(ENTRY_GUEST)] = (struct dacr_cache){ 1, ENTRY_GUEST, ENTRY_HOST, 0x41 };
	memcpy(m.r, g.r, sizeof(m.r));
	m.v.r[0] = g.r[0];
	m.v.cpsr = 0x80 | mode;
	m.v.to_user = TO_USER;
	m.v.cp15.dacr = 0x55;
	m.v.dacr_entry = ENTRY_GUEST;
	m.usr_sp = g.r[13];
	m.usr_lr = g.r[14];
	m.spsr = g.flags | 0x10;
	m.psr = random_word() & 0xf8000000;
	m.tpidruro = g.tpidruro;
	m.open.spsr = g.spsr;
	m.open.dacr = m.open.dacr_real = g.dacr;
	m.open.other_sp = random_word();
	m.open.other_lr = random_word();
}

static u32 events;		/* as which a DACR write counts */

static void make(u32 insns, u32 dacr)
{
	struct gate_at at = { .site = SITE, .gate = gate_at(), .insn = insn, .insns = insns, .dacr = dacr, .events = events };

	assert_true(gate_make(&code, &at));
}

/* The guest's state is that of @g, which is at instruction g.at. */
static void check_same(u32 index)
{
	assert_int_equal(index, g.at);
	for (u32 i = 0; i < 13; i++)
		assert_int_equal(m.r[i], g.r[i]);
	assert_int_equal(m.usr_sp, g.r[13]);
	assert_int_equal(m.usr_lr, g.r[14]);
	assert_int_equal(m.spsr & 0xf8000000, g.flags);
	assert_int_equal(m.open.spsr & ~0x00f00000u, g.spsr & ~0x00f00000u);
	assert_int_equal(m.open.dacr, g.dacr);
	assert_int_equal(m.tpidruro, g.tpidruro);
}

/* The words that follow the rule of gate.h. */
static void check_places(void)
{
	for (u32 i = 0; i < code.words; i++) {
		u32 w = code.word[i], end = (gate_at() + 4 * (i + 1)) % GATE_ALIGN;

		assert_int_not_equal(w >> 16 & 0xff00, 0xdf00);
		if (end || !i)
			continue;
		assert_in_range(w >> 16, 0xe000, 0xe7ff);	/* T32: a branch */
		assert_int_not_equal(w & 0xff000010, 0xe7000010);
		assert_int_not_equal(w & 0x0f000000, 0x0e000000);
	}
}

/* -- lines -- */

/* What Linux has from the write of TPIDRURO on, with other registers and more or less between. */
static u32 line(u32 a, u32 b, u32 ldm, bool more)
{
	static const u32 tests[][2] = { { 0xe310008f, 0x1a000005 }, { 0xe310008f, 0x0a000005 }, { 0xe310010f, 0x1a000005 },
		{ 0xe310008f, 0x4a000005 }, { 0xe310010f, 0x2a000005 } };
	u32 n = 0, test = more && rand() & 1 ? (u32)rand() % ARRAY_SIZE(tests) : 0;

	insn[n++] = 0xee0d0f70 | a << 12;
	insn[n++] = 0xe3a00055 | a << 12;
	insn[n++] = 0xee030f10 | a << 12;
	if (more)
		insn[n++] = 0xf57ff06f;
	insn[n++] = 0xe1a0000d | b << 12;
	insn[n++] = 0xe5900040 | b << 16 | a << 12;
	insn[n++] = 0xe5b0e03c | b << 16;
	insn[n++] = tests[test][0] | a << 16;
	insn[n++] = tests[test][1];
	insn[n++] = 0xe16ff000 | a;
	if (more)
		insn[n++] = 0xe320f000;
	else
		insn[n++] = 0xe1800f90 | b << 16 | a << 12 | b;
	insn[n++] = ldm | b << 16;
	insn[n++] = 0xe1a00000;
	insn[n++] = 0xe28dd048;
	insn[n++] = 0xe1b0f00e;
	return n;
}

/* What C does at an abort. Returns the guest's instruction. */
static u32 pay(u32 at)
{
	m.r[0] = m.v.r[0];
	if (at & GATE_OWES_LR)
		m.usr_lr = m.v.gate_lr;
	if (at & GATE_OWES_FLAGS)
		m.spsr = (m.spsr & 0x3fffffff) | (at & GATE_OWES_ZERO ? 0x40000000 : 0);
	return at & GATE_INSN;
}

/* Run the gate and the guest up to where the gate ended, and compare. @insns: of the line. */
static void run_both(u32 insns)
{
	u32 ldm = insns - 4, end = ldm, index = 0;

	run();
	if (m.left) {
		assert_int_equal((m.lr - SITE) & 3, 0);
		end = (m.lr - SITE) / 4;
		index = end;
	} else if (m.aborted) {
		index = end = pay(code.at[(m.pc - gate_at()) / 4]);
	}
	while (g.at < end)
		if ((insn[g.at] & 0x0f000000) == 0x0a000000)
			assert_false(passes(g.flags, insn[g.at++] >> 28));
		else
			assert_true(guest_step(insn[g.at]));
	if (!m.user) {
		check_same(index);
		return;
	}
	for (u32 i = 0, k = FIELD(insn[ldm], 19, 16), at = (g.r[k] - (insn[ldm] & 1 ? 60 : 56) - FRAME) / 4; i < 15; i++)
		if (insn[ldm] >> i & 1)
			assert_int_equal(i < 13 ? m.r[i] : i == 13 ? m.usr_sp : m.usr_lr, m.frame[at++]);
		else
			assert_int_equal(m.r[i], g.r[i]);
	assert_int_equal(m.spsr, g.spsr);
	assert_int_equal(m.v.cpsr, g.spsr);
	assert_int_equal(m.v.r[15], g.spsr & PSR_T ? g.r[14] : g.r[14] & ~3u);
	assert_int_equal(m.open.other_sp, g.r[13] + 72);
	assert_int_equal(m.open.other_lr & ~3u, g.r[14] & ~3u);
	assert_int_equal(m.open.spsr, g.spsr);
	assert_int_equal(m.open.dacr_real, m.v.dacr_entry);
	assert_int_equal(m.open.psr_or, MODE_SVC);
	assert_int_equal(m.tpidruro, g.tpidruro);
	assert_int_equal(m.v.exits[EXIT_SITE_RET], 1);
}

static void frame_for(u32 psr)
{
	*memory(g.r[13] + 64) = psr;
}

static void returns(void **state)
{
	static const u32 ldms[] = { 0xe9507fff, 0xe9507ffe };
	u32 n, user = 0, left = 0;

	for (u32 round = 0; round < 20000; round++) {
		u32 a = 1 + round % 12, b = 1 + round / 12 % 12, base = FRAME + 4 * ((u32)rand() % (FRAME_WORDS - 20));

		if (a == b)
			continue;
		guest_any(base);
		n = line(a, b, ldms[rand() & 1], rand() & 1);
		if (!(rand() & 7))
			g.r[13] |= 2;
		if (!(g.r[13] & 3))
			frame_for((random_word() & 0xf80f0020) | (rand() & 7 ? 0x10 : 0x13 + (rand() & 1 ? 0x80 : 0)));
		machine_of_guest(rand() & 15 ? MODE_SVC : MODE_IRQ);
		m.v.return_mode = rand() & 15 ? RETURN_MODE_SVC : 0;
		m.v.cp15.dacr = rand() & 15 ? 0x55 : 0x51;
		m.open.dacr_real = rand() & 15 ? ENTRY_GUEST : 0xfd;
		m.missing = rand() & 3 ? 0 : FRAME + (rand() & 1 ? 0 : PAGE_SIZE);
		make(n, 0);
		check_places();
		assert_int_equal(code.insns, n);
		run_both(n);
		user += m.user;
		left += m.left;
	}
	assert_true(user > 2000 && left > 2000);
}

/* The line is longer than what can be done, or has something that cannot: then the first instruction alone. */
static void other_lines(void **state)
{
	static const u32 never[] = { 0xe5812000, 0xeb000000, 0xe1a0100d ^ 0x00100000, 0xe08ff001, 0xe59f1000, 0xe5b1f03c, 0xe1a0d001, 0xef000000,
		0xe3a00055, 0xe1a0000d, 0xe5900040, 0xe5910040, 0xe3100001, 0xe16ff000 };
	u32 n;

	for (u32 i = 0; i < ARRAY_SIZE(never); i++) {
		n = line(1, 2, 0xe9507fff, false);
		insn[3] = never[i];
		make(n, 0);
		assert_int_equal(code.insns, 1);
	}
	n = line(1, 2, 0xe9507fff, false);
	for (u32 cut = 1; cut < n; cut++) {		/* the page ends there */
		make(cut, 0);
		assert_int_equal(code.insns, 1);
	}
}

/* STREX only where its register is still the one that was found accessible: whatever writes it makes the line end there. */
static void strex_of_another_address(void **state)
{
	static const u32 writers[] = { 0xe5921000, 0xe3a01c80, 0xe1a0100d, 0xe5b2e004 };	/* the last: another base is the probed one */
	u32 n;

	for (u32 i = 0; i <= ARRAY_SIZE(writers); i++) {
		n = 0;
		insn[n++] = 0xee0d6f70;		/* MCR TPIDRURO, r6 */
		insn[n++] = 0xe5b1e004;		/* LDR lr, [r1, #4]! */
		if (i < ARRAY_SIZE(writers))
			insn[n++] = writers[i];
		insn[n++] = 0xe1813f94;		/* STREX r3, r4, [r1] */
		insn[n++] = 0xe9557ffe;		/* LDMDB r5, {r1-lr}^ */
		insn[n++] = 0xe1a00000;
		insn[n++] = 0xe28dd000;
		insn[n++] = 0xe1b0f00e;
		make(n, 0);
		assert_int_equal(code.insns, i < ARRAY_SIZE(writers) ? 1 : n);
	}
}

static void singles(void **state)
{
	for (u32 rt = 0; rt < 13; rt++)
		for (u32 cond = 0; cond < 15; cond++) {
			insn[0] = cond << 28 | 0x0e0d0f70 | rt << 12;
			insn[1] = 0xe5812000;
			guest_any(FRAME);
			machine_of_guest(MODE_SVC);
			make(2, 0);
			check_places();
			run();
			assert_true(m.left);
			assert_int_equal(m.lr, SITE + 4);
			guest_step(0xee0d0f70 | rt << 12);
			check_same(1);
			assert_int_equal(m.v.exits[EXIT_CP15_THREAD], 1);
		}
	for (u32 rt = 13; rt < 16; rt++) {
		struct gate_at at = { .site = SITE, .gate = gate_at(), .insn = insn, .insns = 1 };

		insn[0] = 0xee0d0f70 | rt << 12;
		assert_false(gate_make(&code, &at));
		insn[0] = 0xee030f10 | rt << 12;
		assert_false(gate_make(&code, &at));
	}
}

#define VMRS_FPEXC	0xeef80a10u
#define VMSR_FPEXC	0xeee80a10u
#define VMRS_MVFR0	0xeef70a10u

/* Is the guest's own instruction next, before the way back? */
static void check_own(u32 word)
{
	while (code.word[(m.lr - gate_at()) / 4] == 0xe320f000)
		m.lr += 4;
	assert_int_equal(code.word[(m.lr - gate_at()) / 4], word);
	check_same(code.at[(m.lr - gate_at()) / 4]);
	assert_int_equal(code.at[(m.lr - gate_at()) / 4 + 1], 1);
}

/* Registers of the VFP unit: of FPEXC EN alone is written. While CPACR does not allow it the guest's own instruction traps. */
static void vfp(void **state)
{
	static const u32 words[] = { VMRS_FPEXC, VMSR_FPEXC, VMRS_MVFR0 };

	for (u32 n = 0; n < 13 * 15 * 2 * ARRAY_SIZE(words); n++) {
		u32 rt = n % 13, word = words[n / 13 % ARRAY_SIZE(words)] | rt << 12, cond = n / 39 % 15, fpexc, at;
		bool open = n / 39 / 15;

		insn[0] = (word & 0x0fffffff) | cond << 28;
		insn[1] = 0xe1a00000;
		guest_any(FRAME);
		machine_of_guest(MODE_SVC);
		m.v.vfp_open = open;
		m.fpexc = fpexc = random_word();
		m.mvfr0 = random_word();
		make(2, 0);
		check_places();
		assert_int_equal(code.insns, 1);
		run();
		assert_true(m.left);
		assert_int_equal(m.v.exits[EXIT_VFP_SYS], open);
		if (!open) {
			check_own(word);
			assert_int_equal(m.fpexc, fpexc);
			continue;
		}
		assert_int_equal(m.lr, SITE + 4);
		at = word & 0xffff0fff;
		if (at == VMSR_FPEXC)
			fpexc = g.r[rt] & 0x40000000;
		else
			g.r[rt] = at == VMRS_FPEXC ? fpexc : m.mvfr0;
		g.at++;
		check_same(1);
		assert_int_equal(m.fpexc, fpexc);
	}
	for (u32 rt = 13; rt < 16; rt++) {
		struct gate_at at = { .site = SITE, .gate = gate_at(), .insn = insn, .insns = 1 };

		insn[0] = VMRS_FPEXC | rt << 12;
		assert_false(gate_make(&code, &at));
	}
}

/* The expected value is done at once; for another the trapping word is next, before the way back. */
static void dacr(void **state)
{
	for (u32 rt = 0; rt < 13; rt++)
		for (u32 n = 0; n < 8; n++) {
			bool known = n & 1, isb = n == 6 || n == 7;	/* the way back is one; not where the page ends before it */

			insn[0] = 0xee030f10 | rt << 12;
			insn[1] = n < 4 ? 0xe1a00000 : 0xf57ff06f;
			events = n % 3;
			guest_any(FRAME);
			g.r[rt] = known ? ENTRY_GUEST : 0x55;
			g.dacr = 0xfd;
			machine_of_guest(MODE_SVC);
			m.dacr = 0x1234;
			make(n & 2 ? 2 : 1, ENTRY_GUEST);
			assert_int_equal(code.insns, isb ? 2 : 1);
			check_places();
			run();
			assert_true(m.left);
			if (known) {
				assert_int_equal(m.lr, SITE + 4 * code.insns);
				for (u32 i = 0; i < code.insns; i++)
					guest_step(insn[i]);
				assert_int_equal(m.dacr, ENTRY_HOST);
				assert_int_equal(m.open.dacr_real, ENTRY_GUEST);
				assert_int_equal(m.v.exits[EXIT_CP15_DACR], events);
				check_same((m.lr - SITE) / 4);
				continue;
			}
			while (code.word[(m.lr - gate_at()) / 4] == 0xe320f000)
				m.lr += 4;
			assert_int_equal(code.word[(m.lr - gate_at()) / 4] & 0xff000000, 0xef000000);
			assert_int_equal(m.dacr, 0x1234);
			check_same(code.at[(m.lr - gate_at()) / 4]);
			assert_int_equal(code.at[(m.lr - gate_at()) / 4 + 1], 1);
		}
}

/* What the guest goes on with in User mode, behind NOPs. */
static u32 user_word(void)
{
	u32 at;

	while (code.word[(m.lr - gate_at()) / 4] == 0xe320f000)
		m.lr += 4;
	at = (m.lr - gate_at()) / 4;
	assert_in_range(at, 1, code.words - 1);
	return at;
}

#define LINE_PAGE	0x9f123000u	/* in which what is invalidated is */
#define LINE_STEP	64u

/* A cache operation on @rt = @va, alone or in a loop of form @loop, whose last turn it is or not. */
enum loop { ALONE, BLO_REGISTER, BLO_IMMEDIATE, BHI_REGISTER, BHI_IMMEDIATE, LOOPS };

static void cache_operation(u32 op, u32 rt, u32 va, enum loop loop, bool last)
{
	u32 end = (rt + 3) % 13, step = (rt + 5) % 13;

	guest_any(FRAME);
	g.r[rt] = va;
	g.r[step] = LINE_STEP;
	g.r[end] = loop < BHI_REGISTER ? va + LINE_STEP + !last : LINE_STEP + !last;
	insn[0] = op | rt << 12;
	insn[1] = loop & 1 ? 0xe0800000 | rt << 16 | rt << 12 | step : 0xe2800040 | rt << 16 | rt << 12;
	insn[2] = loop < BHI_REGISTER ? 0xe1500000 | rt << 16 | end : (loop & 1 ? 0xe0500000 | step : 0xe2500040) | end << 16 | end << 12;
	insn[3] = loop < BHI_REGISTER ? 0x3afffffb : 0x8afffffb;
	insn[4] = 0xe1a00000;
	machine_of_guest(MODE_SVC);
	m.dacr = HOST_NOW;
	m.v.hw_dacr = HOST_NOW;
	m.v.dacr_kernel = HOST_KERNEL;
	m.v.stub_line = 0xbe4 | STUB_LINE_VALID;
	m.v.window_base = 0xbfe00000;
	m.translation = LINE_PAGE | 0x20a;
	m.v.no_code[vcpu_no_code(LINE_PAGE)] = LINE_PAGE;
	make(loop == ALONE ? 1 : 5, 0);
	assert_int_equal(code.insns, loop == ALONE ? 1 : 4);
	check_places();
}

/* It was done, and the guest goes on behind it. */
static void check_done(void)
{
	assert_true(m.left);
	assert_int_equal(m.lr, SITE + 4);
	assert_int_equal(m.v.exits[EXIT_CP15_CACHE], 1);
	assert_int_equal(m.dacr, HOST_NOW);
	g.at = 1;
	check_same(1);
}

/* Nothing was done: the guest's own words are next, @words of them, none of which looks like the beginning of a gate, and then the way back. */
static void check_plain(u32 words)
{
	u32 at, i;

	assert_true(m.left);
	assert_int_equal(m.v.exits[EXIT_CP15_CACHE], 0);
	assert_int_equal(m.dacr, HOST_NOW);
	at = user_word();
	check_same(code.at[at]);
	for (i = 0; i < words; i++) {
		assert_int_equal(code.word[at + i], insn[i]);
		assert_int_equal(code.at[at + i], i);
		assert_int_not_equal((gate_at() + 4 * (at + i + 1)) % GATE_ALIGN, 0);
	}
	while (code.word[at + i] == 0xe320f000)
		i++;
	assert_int_equal(gate_at() + 4 * (at + i) + 8 + (u32)((s32)(code.word[at + i] << 8) >> 6), SITE + 4 * words);
}

/* Where it may publish the area's descriptor, or is about the window, it is for the window; otherwise it is done. */
static void clean(void **state)
{
	static const u32 words[] = { 0xee070f3a, 0xee070f3b };

	for (u32 rt = 0; rt < 13; rt++)
		for (u32 n = 0; n < 6; n++) {
			bool traps = n >= 4;

			cache_operation(words[n & 1], rt, n < 4 ? 0xc0123000 | n << 6 : n == 4 ? 0xc0123bf8 : 0xbfe12340, ALONE, true);
			run();
			assert_true(m.left);
			assert_int_equal(m.v.exits[EXIT_CP15_CACHE], !traps);
			assert_int_equal(m.cleaned, traps ? 0 : g.r[rt]);
			if (traps)
				assert_int_equal(code.word[user_word()], site_word_of(SITE_KIND_DCCMVAC, 0) | rt);
			else
				g.at = 1;
			check_same(traps ? code.at[(m.lr - gate_at()) / 4] : (m.lr - SITE) / 4);
		}
}

/* The last turn of a loop is done, one before it is not: the window does many at once. */
static void clean_in_a_loop(void **state)
{
	for (u32 rt = 0; rt < 13; rt++)
		for (enum loop loop = BLO_REGISTER; loop < LOOPS; loop++) {
			cache_operation(0xee070f3b, rt, 0xc0123040, loop, true);
			run();
			assert_int_equal(m.cleaned, g.r[rt]);
			check_done();
			cache_operation(0xee070f3b, rt, 0xc0123040, loop, false);
			run();
			assert_int_equal(m.cleaned, 0);
			check_plain(4);
			cache_operation(0xee070f3a, rt, 0xbfe12340, loop, true);	/* here the window answers */
			run();
			assert_int_equal(m.cleaned, 0);
			check_plain(4);
		}
}

/* All of the I-cache is invalidated if the page is known to be no code, as User mode has it. */
static void invalidate(void **state)
{
	enum { WORKS, MORE, UNMAPPED, CODE, WINDOW, CASES };

	for (u32 rt = 0; rt < 13; rt++)
		for (u32 n = 0; n < LOOPS * CASES; n++) {
			enum loop loop = n % LOOPS;
			u32 what = n / LOOPS;

			if (what == MORE && loop == ALONE)
				continue;
			cache_operation(0xee070f35, rt, what == WINDOW ? 0xbfe12340 : 0xb6f12340, loop, what != MORE);
			if (what == UNMAPPED)
				m.translation |= 1;
			if (what == CODE)
				m.v.no_code[vcpu_no_code(LINE_PAGE)] = rt & 1 ? 0 : LINE_PAGE ^ 16 * PAGE_SIZE;	/* none, or another one in its place */
			run();
			assert_int_equal(m.iciallu, what == WORKS);
			assert_int_equal(m.bpiall, what == WORKS);
			if (what == WORKS) {
				assert_int_equal(m.translated, g.r[rt]);
				check_done();
			} else {
				check_plain(loop == ALONE ? 1 : 4);
			}
		}
}

/* What follows such a loop is done with its last turn, whatever of it is there. */
static void invalidate_and_all(void **state)
{
	static const struct { u32 word[5], insns; } tails[] = {
		{ { 0xe3a00000, 0xee070fd5, 0xf57ff04f, 0xf57ff06f }, 4 },	/* as Linux has it */
		{ { 0xe3a00000, 0xee070fd5, 0xf57ff04a, 0xf57ff06f }, 4 },
		{ { 0xe3a0c2ff, 0xee07cfd5, 0xf57ff04f, 0xe1a00000 }, 3 },
		{ { 0xee073f15, 0xf57ff06f, 0xe1a00000 }, 2 },
		{ { 0xe3a03001, 0xee070fd5, 0xe1a00000 }, 2 },
		{ { 0xee070fd5, 0xe1a00000 }, 1 },
		{ { 0xe3a0d000, 0xee070fd5, 0xe1a00000 }, 0 },			/* sp */
		{ { 0x03a00000, 0xee070fd5, 0xe1a00000 }, 0 },
		{ { 0xe3a00000, 0xe1a00000 }, 0 },
		{ { 0xe3a00000, 0x0e070fd5, 0xe1a00000 }, 0 },
	};

	for (u32 rt = 0; rt < 13; rt++)
		for (u32 n = 0; n < ARRAY_SIZE(tails) * (LOOPS - 1) * 3; n++) {
			u32 t = n / (LOOPS - 1) % ARRAY_SIZE(tails), what = n / ((LOOPS - 1) * ARRAY_SIZE(tails));
			enum loop loop = BLO_REGISTER + n % (LOOPS - 1);

			cache_operation(0xee070f35, rt, 0xb6f12340, loop, what != 1);
			memcpy(&insn[4], tails[t].word, sizeof(tails[t].word));
			make(9, 0);
			assert_int_equal(code.insns, 4 + tails[t].insns);
			check_places();
			if (what == 2)
				m.translation |= 1;
			run();
			assert_int_equal(m.iciallu, !what);
			assert_int_equal(m.bpiall, !what);
			if (what) {
				check_plain(4);
				continue;
			}
			assert_int_equal(m.v.exits[EXIT_CP15_CACHE], 1 + (tails[t].insns > 0));
			assert_int_equal(m.dacr, HOST_NOW);
			for (u32 i = 0; i < (tails[t].insns ? code.insns : 1); i++)
				guest_step(insn[i]);
			assert_true(m.left);
			check_same((m.lr - SITE) / 4);
		}
	/* and none of what is in another page */
	cache_operation(0xee070f35, 4, 0xb6f12340, BLO_REGISTER, true);
	memcpy(&insn[4], tails[0].word, sizeof(tails[0].word));
	for (u32 insns = 4; insns < 9; insns++) {
		make(insns, 0);
		assert_int_equal(code.insns, insns < 6 ? 4 : MIN(insns, 8));
	}
}

/* What needs no look at anything. */
static void whole_caches(void **state)
{
	for (u32 rt = 0; rt < 13; rt++) {
		cache_operation(0xee070fd5, rt, 0, ALONE, true);
		run();
		assert_true(m.bpiall == 1 && !m.iciallu);
		check_done();
		cache_operation(0xee070f15, rt, 0, ALONE, true);
		run();
		assert_true(m.bpiall == 1 && m.iciallu == 1);
		check_done();
	}
}

/* Loops that are not as the window knows them have no gate. */
static void loops_of_other_forms(void **state)
{
	static const struct { u32 i, word; } other[] = {
		{ 0, 0x3e074f35 },			/* the operation is conditional */
		{ 1, 0xe2855040 },			/* another register */
		{ 1, 0xe0844004 },			/* by itself */
		{ 1, 0xe0844105 },			/* shifted */
		{ 1, 0xe084400d },			/* sp is not here */
		{ 2, 0xe1550006 },
		{ 2, 0xe1540004 },
		{ 2, 0xe154000e },
		{ 2, 0xe3540040 },
	};
	struct gate_at at = { .site = SITE, .gate = gate_at(), .insn = insn, .insns = 5 };

	for (u32 n = 0; n < 2 * ARRAY_SIZE(other); n++) {
		u32 op = n & 1 ? 0xee070f3b : 0xee070f35;

		cache_operation(op, 4, 0xb6f12340, BLO_REGISTER, true);
		insn[other[n / 2].i] = other[n / 2].i ? other[n / 2].word : 0x30000000 | (insn[0] & 0x0fffffff);
		assert_false(gate_make(&code, &at));
	}
	cache_operation(0xee070f35, 4, 0xb6f12340, ALONE, true);
	insn[2] = 0xeafffffa;			/* looks at its end first */
	assert_false(gate_make(&code, &at));
}

/* LDRT and the like of the guest's, by the registers @r. */
static void guest_user_access(u32 w, u32 *r)
{
	u32 rn = FIELD(w, 19, 16), rd = FIELD(w, 15, 12), at = r[rn];

	assert_int_equal(m.user_at, at);
	assert_int_equal(m.user_how, (w & BIT(20) ? 1 : 0) | (w & BIT(22) ? 2 : 0));
	if (w & BIT(20))
		r[rd] = *memory(at) & (w & BIT(22) ? 0xff : ~0u);
	else
		assert_int_equal(m.user_stored, r[rd]);
	r[rn] += w & BIT(23) ? w & 0xfff : -(w & 0xfff);
}

enum { DONE, ANOTHER_DACR, ABORTED, ENDS };

static void check_user_access(u32 w, u32 end)
{
	run();
	assert_int_equal(m.v.exits[EXIT_SITE_USER_LS], end == DONE);
	assert_int_equal(m.accesses, end != ANOTHER_DACR);
	if (end == ABORTED) {
		assert_true(m.aborted);
		assert_int_equal(pay(code.at[(m.pc - gate_at()) / 4]), 0);
		check_same(0);
		return;
	}
	assert_true(m.left);
	if (end == DONE) {
		guest_user_access(w, g.r);
		g.at = 1;
		check_same((m.lr - SITE) / 4);
		return;
	}
	while (code.word[(m.lr - gate_at()) / 4] == 0xe320f000)
		m.lr += 4;
	assert_int_equal(code.word[(m.lr - gate_at()) / 4], site_word_of(SITE_KIND_USER_LS, 0));
	assert_int_equal(code.word[(m.lr - gate_at()) / 4 + 1], w);
	assert_int_equal(code.at[(m.lr - gate_at()) / 4 + 1], 0);
	check_same(code.at[(m.lr - gate_at()) / 4]);
}

/* The window does the access where it knows the host's DACR of User mode; else the trapping word is next, and the word behind it. */
static void user_accesses(void **state)
{
	static const u32 words[] = { 0xe4b00008, 0xe4a00008, 0xe4300008, 0xe4200000, 0xe4f00001, 0xe4e00001 };

	for (u32 n = 0; n < 13 * 13 * ARRAY_SIZE(words) * ENDS; n++) {
		u32 rt = n % 13, rn = n / 13 % 13, end = n / 169 % ENDS;

		insn[0] = words[n / 169 / ENDS] | rt << 12 | rn << 16;
		if (rt == rn)
			continue;
		guest_any(FRAME);
		g.r[rn] = FRAME + 4 * ((u32)rand() % FRAME_WORDS);
		machine_of_guest(MODE_SVC);
		m.v.user_access.guest = end == ANOTHER_DACR ? 0xfd : ENTRY_GUEST;
		m.abort_at = end == ABORTED ? 0 : ~0u;
		make(1, 0);
		check_places();
		check_user_access(insn[0], end);
	}
}

static void no_user_accesses(void **state)
{
	static const u32 words[] = { 0xe4b0d000, 0xe4b0e000, 0xe4bd0000, 0xe4be0000, 0xe4b01100 };	/* sp, lr; farther than one ADD goes */
	struct gate_at at = { .site = SITE, .gate = gate_at(), .insn = insn, .insns = 1 };

	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		insn[0] = words[i];
		assert_false(gate_make(&code, &at));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns), cmocka_unit_test(other_lines), cmocka_unit_test(strex_of_another_address), cmocka_unit_test(singles), cmocka_unit_test(dacr),
		cmocka_unit_test(vfp),
		cmocka_unit_test(clean), cmocka_unit_test(clean_in_a_loop), cmocka_unit_test(invalidate), cmocka_unit_test(invalidate_and_all), cmocka_unit_test(whole_caches),
		cmocka_unit_test(loops_of_other_forms),
		cmocka_unit_test(user_accesses), cmocka_unit_test(no_user_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
