/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Callers by the unwind tables of the guest's kernel: Exception Handling ABI for the Arm Architecture (EHABI32), chapters 6 and 10.
 *
 * There is no symbol that says where the tables are, so the index is found by what it looks like: hundreds of pairs of words, the first of
 * which point to ever higher functions, and the second of which are one of three kinds. All pointers are relative to where they stand, and a
 * kernel's image is mapped in one piece, so physical addresses do as well as virtual ones. Modules have tables elsewhere, which are not looked for.
 */
#include <arch/debug.h>
#include <arm/unwind.h>
#include <arm/vcpu.h>
#include <hv/guest.h>
#include <hv/guest_peek.h>
#include <string.h>

#define NEAR		(32u << 20)	/* from a function to the index that has it, at most */
#define ENTRIES_MIN	256u		/* of an index: no other words look like it for so long */
#define ENTRY		8u
#define CANT_UNWIND	1u
#define SEARCHES_MAX	4u		/* each takes some tenths of a second, whatever the memory holds: see find_index() */
#define INSNS_MAX	128u		/* bytes of a function's unwind instructions: one word and 255 more, of which compilers use few */
#define SP		13u
#define LR		14u
#define PC		15u

/* A relative address of 31 bits (prel31). */
static u32 relative(gpa_t at, u32 word)
{
	return at + (u32)((s32)(word << 1) >> 1);
}

/* -- the index -- */

/* Does an entry look like one of a function behind @last? */
static bool is_entry(const struct region *r, gpa_t at, const u32 *e, gpa_t last)
{
	gpa_t start = relative(at, e[0]) & ~1u;

	if (!e[0] || e[0] >> 31 || start <= last || start - r->base >= r->size)
		return false;
	return e[1] == CANT_UNWIND || e[1] >> 24 == 0x80 || (e[1] && !(e[1] >> 31));
}

/* The run of entries at @at. */
static u32 run_of(const struct region *r, const u32 *ram, gpa_t at, gpa_t end)
{
	gpa_t last = 0;
	u32 n = 0;

	for (; end - at >= ENTRY; at += ENTRY, n++) {
		const u32 *e = ram + (at - r->base) / 4;

		if (!is_entry(r, at, e, last))
			break;
		last = relative(at, e[0]) & ~1u;
	}
	return n;
}

static u32 peek(struct guest *g, gpa_t at)
{
	u32 word;

	memcpy(&word, guest_mem_ptr(g, at, 4), 4);
	return word;
}

static gpa_t function_of(struct guest *g, gpa_t entry)
{
	return relative(entry, peek(g, entry)) & ~1u;
}

static bool covers(struct guest *g, const struct unwind_index *idx, gpa_t pc)
{
	return idx->nr && pc >= function_of(g, idx->base) && pc < function_of(g, idx->base + (idx->nr - 1) * ENTRY);
}

/*
 * What begins within a run of too few entries, a whole number of them further on, ends where that does, and is not looked at: so every entry
 * is read twice at most, as the one that ends a run and as the first of the next.
 */
static bool find_index(struct guest *g, gpa_t pc, struct unwind_index *idx)
{
	const struct region *r = guest_map_find(&g->map, pc);
	gpa_t from, end, ended[2] = { 0, 0 };	/* the last run at odd words, and at even ones */

	if (!r || r->type != REGION_RAM || idx->searches++ >= SEARCHES_MAX)
		return false;
	from = pc - r->base > NEAR ? ALIGN_DOWN(pc - NEAR, 4) : r->base;
	end = r->base + r->size - pc > NEAR ? pc + NEAR : r->base + r->size;
	for (gpa_t at = from; end - at >= ENTRY; at += 4) {
		struct unwind_index found = { at, 0, idx->searches };

		if (at < ended[(u32)at / 4 % 2])
			continue;
		found.nr = run_of(r, guest_mem_ptr(g, r->base, r->size), at, end);
		ended[(u32)at / 4 % 2] = at + found.nr * ENTRY;
		if (found.nr >= ENTRIES_MIN && covers(g, &found, pc)) {
			*idx = found;
			return true;
		}
	}
	return false;
}

/* The entry of the last function that does not begin behind @pc. */
static gpa_t find_entry(struct guest *g, const struct unwind_index *idx, gpa_t pc)
{
	u32 low = 0, high = idx->nr - 1;

	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (function_of(g, idx->base + middle * ENTRY) <= pc)
			low = middle;
		else
			high = middle;
	}
	return idx->base + low * ENTRY;
}

/* -- the instructions -- */

struct insns {
	u8 byte[INSNS_MAX];
	u32 nr, at;
};

static void add_word(struct insns *in, u32 word, u32 bytes)
{
	while (bytes-- && in->nr < INSNS_MAX)
		in->byte[in->nr++] = (u8)(word >> (8 * bytes));
}

/* The instructions of an entry. False: in a form that only C++ has. */
static bool read_insns(struct guest *g, gpa_t entry, struct insns *in)
{
	gpa_t at = entry + 4;
	u32 word = peek(g, at), more = 0;

	*in = (struct insns){ .nr = 0 };
	if (!(word >> 31)) {
		at = relative(at, word);
		if (!guest_mem_ptr(g, at, 4))
			return false;
		word = peek(g, at);
	}
	switch (word >> 24) {
	case 0x80:		/* three bytes */
		add_word(in, word, 3);
		return true;
	case 0x81:		/* two, and so many words more */
	case 0x82:
		add_word(in, word, 2);
		more = word >> 16 & 0xff;
		break;
	default:
		return false;
	}
	if (!guest_mem_ptr(g, at, 4 + 4 * more))
		return false;
	while (more--)
		add_word(in, peek(g, at += 4), 4);
	return true;
}

static u8 next(struct insns *in)
{
	return in->at < in->nr ? in->byte[in->at++] : 0xb0;	/* finish, which is implied at the end */
}

static bool pop(struct vcpu *v, struct unwind_frame *f, u32 mask)
{
	u32 sp = f->r[SP], n;

	for (u32 i = 0; i < 16; i++) {
		const void *p;

		if (!(mask & BIT(i)))
			continue;
		p = sp % 4 ? NULL : guest_peek_virt(v->guest, sp, 4, &n);
		if (!p)
			return false;
		memcpy(&f->r[i], p, 4);
		sp += 4;
	}
	if (!(mask & BIT(SP)))
		f->r[SP] = sp;
	if (mask & BIT(PC))
		f->called = false;	/* of an exception's frame, where all registers are */
	return true;
}

static u32 uleb128(struct insns *in)
{
	u32 value = 0, shift = 0;
	u8 b;

	do {
		b = next(in);
		value |= shift < 32 ? (b & 0x7fu) << shift : 0;
		shift += 7;
	} while (b & 0x80 && in->at < in->nr);
	return value;
}

/* Instructions of one byte from 0xb0 on, as far as kernels have them: all others restore VFP registers. */
static bool do_other(struct vcpu *v, struct insns *in, struct unwind_frame *f, u8 b)
{
	if (b == 0xb1)
		return pop(v, f, next(in) & 0xf);
	if (b == 0xb2) {
		f->r[SP] += 0x204 + (uleb128(in) << 2);
		return true;
	}
	return false;
}

static bool do_insn(struct vcpu *v, struct insns *in, struct unwind_frame *f, u8 b)
{
	switch (b >> 4) {
	case 0x0 ... 0x3:
		f->r[SP] += ((u32)b << 2) + 4;
		return true;
	case 0x4 ... 0x7:
		f->r[SP] -= ((u32)(b & 0x3f) << 2) + 4;
		return true;
	case 0x8: {
		u32 mask = (u32)((b & 0xf) << 8 | next(in)) << 4;

		return mask && pop(v, f, mask);		/* 0: refuse to unwind */
	}
	case 0x9:
		f->r[SP] = f->r[b & 0xf];
		return (b & 0xf) != SP && (b & 0xf) != PC;
	case 0xa:
		return pop(v, f, (BIT(5 + (b & 7)) - BIT(4)) | (b & 8 ? BIT(LR) : 0));
	}
	return do_other(v, in, f, b);
}

enum unwind_end unwind_step(struct vcpu *v, struct unwind_index *idx, struct unwind_frame *f)
{
	struct unwind_frame was = *f;
	struct guest *g = v->guest;
	struct insns in;
	gpa_t pc, entry;

	/* A call may be the last instruction of a function that never returns. */
	if (!arch_debug_gpa(v, (f->r[PC] & ~1u) - (f->called ? 2 : 0), &pc) || (!covers(g, idx, pc) && !find_index(g, pc, idx)))
		return UNWIND_LOST;
	entry = find_entry(g, idx, pc);
	if (peek(g, entry + 4) == CANT_UNWIND)
		return UNWIND_TOP;
	if (!read_insns(g, entry, &in))
		return UNWIND_LOST;
	f->r[PC] = 0;
	f->called = true;
	for (u8 b = next(&in); b != 0xb0; b = next(&in))
		if (!do_insn(v, &in, f, b))
			goto lost;
	if (!f->r[PC])
		f->r[PC] = f->r[LR];
	if (f->r[PC] != was.r[PC] || f->r[SP] != was.r[SP])
		return UNWIND_CALLER;
lost:
	*f = was;
	return UNWIND_LOST;
}
