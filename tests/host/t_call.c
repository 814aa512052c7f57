/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call lines on a small machine: what each leaves at its end, and at an abort at each access, is what the guest's instructions do. */
/* SOURCES: arch/arm/cpu/call_line.c arch/arm/cpu/line_emit.c */
/* CFLAGS: -Iarch/arm/cpu */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arm/insn.h>
#include <arm/psr.h>
#include <arm/vcpu.h>

#include "call_line.h"

#define TARGET		0xc03001e0u
#define PLAIN		0xbfe00200u
#define RETURN		0x00012344u
#define MEMORY		0xc1400f00u	/* what there is, around a page border */
#define WORDS		128u
#define ENTRY_HOST	0x40000551u

#define IT_BITS		0x07000000u

/* -- memory, of the machine and of the guest -- */

struct memory {
	u32 word[WORDS];
};
static u32 missing;		/* the page of this address is; 0: none */

static bool is_missing(u32 addr)
{
	return missing && !((addr ^ missing) & PAGE_MASK);
}

static u32 *word_of(struct memory *mem, u32 addr)
{
	assert_int_equal(addr & 3, 0);
	assert_true(addr - MEMORY < sizeof(mem->word));
	return &mem->word[(addr - MEMORY) / 4];
}

/* -- the machine: Supervisor mode, as much of it as call lines use -- */

static struct machine {
	u32 r[13];
	u32 lr, pc;		/* of Supervisor mode; pc counts words */
	u32 psr, spsr;
	u32 usr_sp, usr_lr;
	u32 dacr, tpidruro;
	bool isb;		/* since the write of DACR */
	struct vcpu_open open;
	struct vcpu v;		/* right behind it */
	struct memory mem;
	bool left, plain;
} m;
static struct call_code code;
static u32 insn[CALL_INSNS + 4];

static u32 *vcpu_word(s32 off)
{
	if (off < 0)
		return (u32 *)((char *)&m.open + sizeof(m.open) + off);
	assert_in_range(off, 0, sizeof(m.v) - 4);
	return (u32 *)((char *)&m.v + off);
}

static u32 get(u32 n)
{
	assert_true(n < 13 || n == 14);
	return n == 14 ? m.lr : m.r[n];
}

static void set(u32 n, u32 value)
{
	assert_true(n < 13 || n == 14);
	*(n == 14 ? &m.lr : &m.r[n]) = value;
}

static bool passes(u32 cond)
{
	bool z = m.psr >> 30 & 1;

	assert_true(cond == 0 || cond == 1 || cond == 14);
	return cond == 14 || z == !cond;
}

static u32 immediate(u32 w)
{
	u32 imm = w & 0xff, rot = 2 * FIELD(w, 11, 8);

	return rot ? imm >> rot | imm << (32 - rot) : imm;
}

/* LDRT and STRT, post-indexed. False: it aborts, and has no effect. */
static bool unprivileged(u32 w)
{
	u32 addr = m.lr, off = w & 0xfff, rt = FIELD(w, 15, 12);

	assert_true(m.isb && m.dacr == ENTRY_HOST);
	assert_int_equal(FIELD(w, 19, 16), 14);
	if (is_missing(addr))
		return false;
	if (w & BIT(20))
		set(rt, *word_of(&m.mem, addr));
	else
		*word_of(&m.mem, addr) = get(rt);
	if (off)
		m.lr += w & BIT(23) ? off : -off;
	return true;
}

/* STM lr, {...}: privileged, so it must not come to a page that is missing. */
static bool store_frame(u32 w)
{
	u32 addr = m.lr;

	if (addr & 3)
		return false;
	for (u32 r = 0; r < 13; r++)
		if (w >> r & 1) {
			assert_false(is_missing(addr));
			*word_of(&m.mem, addr) = m.r[r];
			addr += 4;
		}
	return true;
}

static void store_user(u32 base)
{
	assert_false(is_missing(base - 8) || is_missing(base - 4));
	*word_of(&m.mem, base - 8) = m.usr_sp;
	*word_of(&m.mem, base - 4) = m.usr_lr;
}

static void of_vcpu(u32 w)
{
	s32 off = w & BIT(23) ? (s32)(w & 0xfff) : -(s32)(w & 0xfff);
	u32 rt = FIELD(w, 15, 12);

	if (!(w & BIT(20))) {
		*vcpu_word(off) = get(rt);
	} else if (rt == 15) {
		m.plain = true;
		assert_int_equal(*vcpu_word(off), PLAIN);
	} else {
		set(rt, *vcpu_word(off));
	}
}

/* False: the word aborts. */
static bool step(void)
{
	u32 w = code.word[m.pc], rd = FIELD(w, 15, 12), rn = FIELD(w, 19, 16);

	if (w == 0xf57ff06f) {
		m.isb = true;
	} else if (w >> 28 == 15) {
		;				/* barriers */
	} else if (!passes(w >> 28)) {
		;
	} else if (w == 0xe1b0f00e) {
		m.left = true;
	} else if (w == 0xe94d6000) {
		m.open.other_sp = m.usr_sp;
		m.open.other_lr = m.usr_lr;
	} else if (w == 0xe8dd6000) {
		m.usr_sp = m.v.r[0];
		m.usr_lr = m.v.r[1];
	} else if ((w & 0xfff0ffff) == 0xe9406000) {
		store_user(get(rn));
	} else if ((w & 0xffff0fff) == 0xe14f0000) {
		set(rd, m.spsr);
	} else if (w == 0xe363f010) {
		m.spsr = (m.spsr & 0xffff0000) | 0x10;
	} else if ((w & 0xffff0fff) == 0xee0d0f70) {
		m.tpidruro = m.r[rd];
	} else if (w == 0xee03ef10) {
		m.dacr = m.lr;
		m.isb = false;
	} else if (w == 0xe320f000 || w == 0xe1a00000) {
		;
	} else if (w == 0xe59fe000) {
		m.lr = code.word[m.pc + 2];
	} else if ((w & 0x0f600000) == 0x04200000) {
		return unprivileged(w);
	} else if ((w & 0xffffe000) == 0xe88e0000) {
		return store_frame(w);
	} else if ((w & 0x0f7f0000) == 0x051d0000 || (w & 0x0f7f0000) == 0x050d0000) {
		of_vcpu(w);
	} else if ((w & 0xffff0000) == 0xe58e0000) {
		assert_false(is_missing(m.lr + (w & 0xfff)));
		*word_of(&m.mem, m.lr + (w & 0xfff)) = get(rd);
	} else if ((w & 0xfff00000) == 0xe3000000) {
		set(rd, rn << 12 | (w & 0xfff));
	} else if ((w & 0xfff00000) == 0xe3400000) {
		set(rd, (get(rd) & 0xffff) | rn << 28 | (w & 0xfff) << 16);
	} else if ((w & 0xffff0000) == 0xe3a00000) {
		set(rd, immediate(w));
	} else if ((w & 0xfff00000) == 0xe2800000) {
		set(rd, get(rn) + immediate(w));
	} else if ((w & 0xfff00000) == 0xe2400000) {
		set(rd, get(rn) - immediate(w));
	} else if ((w & 0xfff00ff0) == 0xe0800000) {
		set(rd, get(rn) + get(w & 15));
	} else if ((w & 0xfff0f000) == 0xe3100000) {
		m.psr = get(rn) & immediate(w) ? 0 : 0x40000000;
	} else {
		fail_msg("no call line has 0x%08x", w);
	}
	return true;
}

static void run(void)
{
	for (u32 n = 0; !m.left && !m.plain; n++) {
		assert_in_range(m.pc, 0, code.words - 1);
		assert_true(n < 2 * CALL_WORDS);
		if (step()) {
			m.pc++;
			continue;
		}
		assert_true(code.fixup[m.pc] > m.pc);
		m.pc = code.fixup[m.pc];
	}
}

/* -- the guest, as the architecture has it, in Supervisor mode from the vector on -- */

static struct guest {
	u32 r[15], usr_sp, usr_lr, spsr, tpidruro, tpidrprw, sctlr;
	struct memory mem;
	u32 at;
} g;

static u32 random_word(void)
{
	return (u32)rand() << 16 ^ (u32)rand();
}

static bool guest_stm(u32 w)
{
	u32 addr = g.r[13];

	if (addr & 3)
		return false;
	for (u32 r = 0; r < 13; r++)
		if (w >> r & 1) {
			if (is_missing(addr))
				return false;
			*word_of(&g.mem, addr) = g.r[r];
			addr += 4;
		}
	return true;
}

static bool guest_load(u32 rd, u32 addr)
{
	if (is_missing(addr))
		return false;
	g.r[rd] = *word_of(&g.mem, addr);
	return true;
}

static bool guest_str(u32 rd, u32 addr)
{
	if (is_missing(addr))
		return false;
	*word_of(&g.mem, addr) = g.r[rd];
	return true;
}

static bool guest_stm_user(u32 addr)
{
	if (is_missing(addr - 8) || is_missing(addr - 4))
		return false;
	*word_of(&g.mem, addr - 8) = g.usr_sp;
	*word_of(&g.mem, addr - 4) = g.usr_lr;
	return true;
}

/* False: it aborts. */
static bool guest_step(u32 w)
{
	u32 rd = FIELD(w, 15, 12), rn = FIELD(w, 19, 16);

	if ((w & 0xffffe000) == 0xe88d0000)
		return guest_stm(w);
	if ((w & 0xfff0ffff) == 0xe9406000)
		return guest_stm_user(g.r[rn]);
	if ((w & 0xffff0000) == 0xe58d0000)
		return guest_str(rd, g.r[13] + (w & 0xfff));
	if ((w & 0xfff00000) == 0xe5900000)
		return guest_load(rd, g.r[rn] + (w & 0xfff));
	if ((w & 0xfff00ff0) == 0xe7900000)
		return guest_load(rd, g.r[rn] + g.r[w & 15]);
	if ((w & 0xfffff000) == 0xe24dd000)
		g.r[13] -= immediate(w);
	else if ((w & 0xffff0000) == 0xe28d0000)
		g.r[rd] = g.r[13] + immediate(w);
	else if ((w & 0xffff0fff) == 0xe14f0000)
		g.r[rd] = g.spsr;
	else if ((w & 0xffff0fff) == 0xe1a0000e)
		g.r[rd] = g.r[14];
	else if ((w & 0xfff00000) == 0xe3000000)
		g.r[rd] = rn << 12 | (w & 0xfff);
	else if ((w & 0xfff00000) == 0xe3400000)
		g.r[rd] = (g.r[rd] & 0xffff) | rn << 28 | (w & 0xfff) << 16;
	else if ((w & 0xffff0000) == 0xe3a00000)
		g.r[rd] = immediate(w);
	else if ((w & 0xffff0fff) == 0xee1d0f90)
		g.r[rd] = g.tpidrprw;
	else if ((w & 0xffff0fff) == 0xee110f10)
		g.r[rd] = g.sctlr;
	else if ((w & 0xffff0fff) == 0xee0d0f70)
		g.tpidruro = g.r[rd];
	else
		assert_true(w == 0xe320f000 || w == 0xe1a00000 || w >> 20 == 0xf57);
	return true;
}

/* -- both -- */

static void machine_of_guest(void)
{
	memset(&m, 0, sizeof(m));
	memcpy(m.r, g.r, sizeof(m.r));
	m.usr_sp = g.usr_sp;
	m.usr_lr = g.usr_lr;
	m.spsr = g.spsr;
	m.psr = random_word() & 0xf8000000;
	m.tpidruro = g.tpidruro;
	m.mem = g.mem;
	m.lr = random_word();
	m.dacr = 0x1234;
	m.open.other_sp = g.r[13];
	m.open.other_lr = random_word();
	m.open.spsr = 0x0bad0bad;
	m.v.r[1] = g.r[14];
	m.v.cpsr = 0x10;
	m.v.svc_plain = PLAIN;
	m.v.hw_dacr_entry = ENTRY_HOST;
	m.v.cp15.tpidrprw = g.tpidrprw;
	m.v.cp15.sctlr = g.sctlr;
}

static void guest_any(u32 sp)
{
	for (u32 i = 0; i < 15; i++)
		g.r[i] = random_word();
	g.r[13] = sp;
	g.r[14] = RETURN;
	g.usr_sp = random_word();
	g.usr_lr = random_word();
	g.spsr = (random_word() & 0xf80f0020) | 0x10;
	g.tpidruro = random_word();
	g.tpidrprw = MEMORY + 4 * ((u32)rand() % 8);
	g.sctlr = random_word();
	for (u32 i = 0; i < WORDS; i++)
		g.mem.word[i] = random_word();
	g.at = 0;
}

static void check_same(void)
{
	assert_int_equal((m.lr - TARGET) / 4, g.at);
	for (u32 i = 0; i < 13; i++)
		assert_int_equal(m.r[i], g.r[i]);
	assert_int_equal(m.usr_sp, g.r[13]);
	assert_int_equal(m.usr_lr, g.r[14]);
	assert_int_equal(m.open.other_sp, g.usr_sp);
	assert_int_equal(m.open.other_lr, g.usr_lr);
	assert_int_equal(m.open.spsr, g.spsr);
	assert_int_equal(m.spsr, (g.spsr & 0xffff0000) | 0x10);
	assert_int_equal(m.v.cpsr, 0x93);
	assert_int_equal(m.open.mask, 0x93);
	assert_int_equal(m.v.hw_dacr, ENTRY_HOST);
	assert_int_equal(m.dacr, ENTRY_HOST);
	assert_int_equal(m.tpidruro, g.tpidruro);
	assert_int_equal(m.v.exits[EXIT_SVC], 1);
	assert_memory_equal(&m.mem, &g.mem, sizeof(m.mem));
}

/* The line, and then the guest as far as the line came. Returns whether that was all of it. */
static bool run_both(void)
{
	u32 end;

	machine_of_guest();
	run();
	assert_true(m.left);
	assert_int_equal((m.lr - TARGET) & 3, 0);
	end = (m.lr - TARGET) / 4;
	assert_in_range(end, 0, code.insns);
	while (g.at < end) {
		assert_true(guest_step(insn[g.at]));
		g.at++;
	}
	/* Of an STM that aborts, some may be done. */
	if (end < code.insns && insn[end] >> 16 == 0xe88d && !(g.r[13] & 3) && !is_missing(g.r[13]))
		*word_of(&g.mem, g.r[13]) = g.r[__builtin_ctz(insn[end])];
	check_same();
	if (end == code.insns)
		return true;
	/* It left where the guest aborts, or will: nothing of a frame is done in the line that is not all there. */
	assert_true(insn[end] >> 16 == 0xe88d || !guest_step(insn[end]));
	return false;
}

static bool writes_sctlr;

static bool make(u32 insns)
{
	return call_line_make(&code, &(struct call_at){ .target = TARGET, .insn = insn, .insns = insns, .writes_sctlr = writes_sctlr });
}

/* -- lines -- */

#define STORES_LR	BIT(5)	/* a kernel that traces nothing stores its return address without a copy */

/* What Linux begins with, of which some may be missing or in other registers. */
static u32 line_of_linux(u32 skip, u32 rot)
{
	u32 r8 = (8 + rot) % 13, r9 = (9 + rot) % 13, r10 = (10 + rot) % 13, r12 = (12 + rot) % 13, n = 0;
	const u32 words[] = {
		0xe24dd048, 0xe88d1fff, 0xe28d003c | r8 << 12, 0xe9406000 | r8 << 16, 0xe14f0000 | r8 << 12, 0xe1a0000e | r9 << 12,
		skip == STORES_LR ? 0xe58de03c : 0xe58d003c | r9 << 12, 0xe58d0040 | r8 << 12, 0xe58d0044 | rot % 8 << 12, 0xee1d0f90 | r10 << 12, 0xe3000048 | r12 << 12,
		0xe3400000 | r12 << 12, 0xe7900000 | r10 << 16 | r10 << 12 | r12, 0xee0d0f70 | r10 << 12, 0xee110f10 | r12 << 12,
	};

	for (u32 i = 0; i < ARRAY_SIZE(words); i++)
		if (!(skip >> i & 1))
			insn[n++] = words[i];
	insn[n] = 0xeb000000;
	return n;
}

static void lines_of_linux(void **state)
{
	u32 whole = 0, parts = 0;

	for (u32 round = 0; round < 40000; round++) {
		u32 n = line_of_linux(rand() & 3 ? 0 : 1u << (u32)rand() % 9, round % 13);
		u32 sp = MEMORY + 72 + 4 * ((u32)rand() % (WORDS - 40)) + (rand() & 15 ? 0 : 2);

		guest_any(sp);
		missing = rand() & 3 ? 0 : MEMORY + (rand() & 1 ? 0 : PAGE_SIZE);
		if (!make(n + 1))
			continue;
		if (run_both())
			whole++;
		else
			parts++;
	}
	missing = 0;
	assert_true(whole > 10000 && parts > 3000);
}

/* The whole of it is one line, and nothing behind the last sensitive instruction. */
static void length(void **state)
{
	assert_true(line_of_linux(0, 0) == 15 && make(16));
	assert_int_equal(code.insns, 15);
	insn[15] = 0xe320f000;
	insn[16] = 0xe320f000;
	assert_true(make(17));
	assert_int_equal(code.insns, 15);
	insn[15] = 0xe13a000c;				/* teq r10, r12; mcrne p15, 0, r10, c1, c0, 0; nop */
	insn[16] = 0x1e01af10;
	insn[17] = 0xe320f000;
	assert_true(make(18));
	assert_int_equal(code.insns, 15);
	writes_sctlr = true;
	assert_true(make(18));
	assert_int_equal(code.insns, 17);
	writes_sctlr = false;
	assert_true(line_of_linux(STORES_LR, 0) == 14 && make(15));
	assert_int_equal(code.insns, 14);
	assert_true(line_of_linux(0, 0) == 15);
	for (u32 cut = 0; cut < 10; cut++)		/* the page ends there: STM^ is beyond what is written of the frame */
		assert_false(make(cut));
	assert_true(make(10));
	assert_int_equal(code.insns, 10);
}

/* What none can have ends it; so does an access that is not known to be in the frame. */
static void others(void **state)
{
	static const u32 never[] = {
		0xe58de03d, 0xe58de448, 0xe58d0048 + 0x400, 0xe28dd004, 0xe1a0d00e, 0xe14fd000, 0xe94d6000, 0xe5910fff, 0xe59f1000, 0xe591d000, 0xe7910102,
		0xee1ddf90, 0xee0def70, 0xeb000000, 0x058d0000, 0xe88d2001, 0xe88d0000, 0xe8ad0001, 0xe98d0001, 0xe9446000, 0xe5410000, 0xe1a00001,
	};

	for (u32 i = 0; i < ARRAY_SIZE(never); i++) {
		line_of_linux(0, 0);
		insn[12] = never[i];
		assert_true(make(16));
		assert_int_equal(code.insns, 10);
		insn[0] = never[i];
		assert_false(make(1));
	}
	line_of_linux(0, 0);
	insn[2] = 0xe28d8004;		/* below the frame */
	assert_false(make(16));
	insn[2] = 0xe28d804c;		/* and above what is written of it */
	assert_false(make(16));
	insn[2] = 0xe3a08000;
	assert_false(make(16));
}

/* How many of @n words of T32 code, all of two halfwords, the line does. */
static u32 insns_of_t32(const u32 *words, u32 n)
{
	u8 half[CALL_INSNS];

	for (u32 i = 0; i < n; i++)
		half[i] = (u8)(2 * i);
	return call_line_make(&code, &(struct call_at){ .target = TARGET, .insn = words, .insns = n, .half = half }) ? code.insns : 0;
}

static void of_t32(void **state)
{
	/* str.w lr, [sp, #imm]: by Umbra with its own rights, so never not aligned */
	u32 stores[] = { 0xe24dd048, 0xe88d1fff, 0xe14f8000, 0xe58de03c, 0xe58d8040, 0xe58d0044, 0xee11af10 };
	/* through System mode, and back; an EOR of other registers in between is nothing to the CPSR */
	static const u32 system[] = {
		0xe24dd048, 0xe88d1fff, 0xe1a0800d, 0xe10fa000, 0xe22aa00c, 0xe226500c, 0xe121f00a, 0xe588d034, 0xe588e038, 0xe22aa00c, 0xe121f00a,
		0xe14f8000, 0xe58d0044, 0xee11af10,
	};

	assert_int_equal(insns_of_t32(stores, ARRAY_SIZE(stores)), ARRAY_SIZE(stores));
	stores[3]++;
	assert_int_equal(insns_of_t32(stores, ARRAY_SIZE(stores)), 3);
	assert_int_equal(insns_of_t32(system, ARRAY_SIZE(system)), ARRAY_SIZE(system));
}

/* Random ones; loads are only those of lines_of_linux(). */
static u32 random_insn(void)
{
	static const struct { u32 word, registers, immediate; } forms[] = {
		{ 0xe320f000, 0, 0 }, { 0xf57ff06f, 0, 0 }, { 0xe58d0000, 12, 20 }, { 0xe58d0000, 12, 20 }, { 0xe28d0000, 12, 20 },
		{ 0xe9406000, 16, 0 }, { 0xe14f0000, 12, 0 }, { 0xe1a0000e, 12, 0 }, { 0xe3000000, 12, 99 }, { 0xe3400000, 12, 99 },
		{ 0xe3a00000, 12, 60 }, { 0xee1d0f90, 12, 0 }, { 0xee110f10, 12, 0 }, { 0xee0d0f70, 12, 0 },
	};
	u32 i = (u32)rand() % (ARRAY_SIZE(forms) + 1);

	if (i == ARRAY_SIZE(forms))
		return 0xe88d0000 | (random_word() & 0x1fff);
	return forms[i].word | (forms[i].registers ? (u32)rand() % 13 << forms[i].registers : 0) |
	       (forms[i].immediate ? 4 * ((u32)rand() % forms[i].immediate) % 256 : 0);
}

static void any(void **state)
{
	u32 made = 0, whole = 0;

	for (u32 round = 0; round < 100000; round++) {
		u32 n = 2 + (u32)rand() % 12;

		insn[0] = 0xe24dd000 | 4 * (10 + (u32)rand() % 10);
		insn[1] = 0xe88d0000 | (random_word() & 0x1fff);
		for (u32 i = 2; i < n; i++)
			insn[i] = random_insn();
		guest_any(MEMORY + 80 + 4 * ((u32)rand() % (WORDS - 44)));
		missing = rand() & 3 ? 0 : MEMORY + (rand() & 1 ? 0 : PAGE_SIZE);
		if (!make(n))
			continue;
		made++;
		whole += run_both();
	}
	missing = 0;
	assert_true(made > 5000 && whole > 3000);
}

/* What the plain way is for, it gets as it was. */
static void plain(void **state)
{
	for (u32 bit = 24; bit < 27; bit++) {
		struct machine before;

		line_of_linux(0, 0);
		guest_any(MEMORY + 72);
		g.spsr |= 1u << bit;
		assert_true(make(16));
		machine_of_guest();
		before = m;
		run();
		assert_true(m.plain);
		assert_memory_equal(&m.v, &before.v, sizeof(m.v));
		assert_memory_equal(&m.open, &before.open, sizeof(m.open));
		assert_memory_equal(m.r, before.r, sizeof(m.r));
		assert_int_equal(m.dacr, before.dacr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_linux), cmocka_unit_test(length), cmocka_unit_test(others), cmocka_unit_test(of_t32), cmocka_unit_test(any), cmocka_unit_test(plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
