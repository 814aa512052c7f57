// SPDX-License-Identifier: GPL-2.0-or-later
/* Meaning of VFP and Advanced SIMD loads and stores. */
/*
 * The registers are in the processor, so the instruction itself moves them: in a slot (arm/slot.h), between them and a buffer of
 * Umbra that holds the bytes as they are in the guest's memory. What is left is the address, its checks, and the copying.
 */
#include <arm/coproc.h>
#include <arm/psr.h>
#include <arm/shadow.h>
#include <arm/slot.h>
#include <arm/sysreg.h>

#include "exec_int.h"

#define FPEXC		8		/* number for VMRS (A8.8.348) */
#define FPEXC_EN	BIT(30)

/* What one such instruction does to memory. */
struct transfer {
	u32 bytes;		/* in all; 0: an UNDEFINED or UNPREDICTABLE encoding */
	u32 element;		/* bytes of one access */
	u32 align;		/* of the first, checked whatever SCTLR.A says; 1: none */
	u32 word;		/* A32: the same transfer at [r0], without write-back */
};

/* As long as the longest list (odd words of FLDMX included), aligned for any qualifier. */
static u8 buffer[160] __attribute__((aligned(32)));

static bool enabled(struct vcpu *v)
{
	u32 fpexc;

	return vfp_sys_read(v, FPEXC, &fpexc) && fpexc & FPEXC_EN;
}

/* In little-endian order, whatever CPSR.E says: the bytes as they are. */
static bool copy(struct vcpu *v, u32 va, bool load, const struct transfer *t)
{
	u32 step = MIN(t->element, 4u);
	struct gfault f;

	for (u32 i = 0; i < t->bytes; i += step) {
		u32 val = 0;

		if (!load)
			__builtin_memcpy(&val, buffer + i, step);
		if (guest_access(v, va + i, load ? ACC_READ : ACC_WRITE, vcpu_privileged(v), step, &val, &f)) {
			inject_dabt(v, &f);
			return false;
		}
		if (load)
			__builtin_memcpy(buffer + i, &val, step);
	}
	return true;
}

/* The instruction in a slot, with r0 at the buffer. */
static bool move_registers(struct vcpu *v, u32 word)
{
	u32 r0 = v->r[0];
	bool done;

	v->r[0] = ptr_hpa(buffer);
	done = slot_run(v, word);
	v->r[0] = r0;
	return done;
}

static enum exec_result transfer(struct vcpu *v, u32 va, bool load, const struct transfer *t)
{
	u32 align = v->cp15.sctlr & SCTLR_A && t->element > t->align ? t->element : t->align;

	if (!t->bytes || !enabled(v))
		return EXEC_UNDEF;
	if (va & (align - 1))
		return exec_alignment_fault(v, va, !load);
	if (!load && !move_registers(v, t->word))
		return EXEC_UNDEF;
	if (!copy(v, va, load, t))
		return EXEC_INJECTED;
	return !load || move_registers(v, t->word) ? EXEC_NEXT : EXEC_UNDEF;
}

/* -- VLDR, VSTR, VLDM, VSTM (A7.6): always whole words, aligned -- */

/* Registers from Vd on, as the encoding counts them, that exist. */
static bool vfp_list_exists(u32 word, u32 words)
{
	bool dbl = word & BIT(8);
	u32 first = dbl ? FIELD(word, 22, 22) << 4 | FIELD(word, 15, 12) : FIELD(word, 15, 12) << 1 | FIELD(word, 22, 22);
	u32 n = dbl ? words / 2 : words;

	return n && first + n <= 32 && (!dbl || n <= 16);
}

enum exec_result exec_vfp_ls(struct vcpu *v, const struct insn *in)
{
	u32 w = in->word, words = FIELD(w, 7, 0), base = exec_reg(v, in->rn), va, end;
	bool p = w & BIT(24), u = w & BIT(23), wb = w & BIT(21), load = w & BIT(20), single = p && !wb;
	struct transfer t = { .element = 4, .align = 4 };
	enum exec_result r;

	if (single) {
		va = (in->rn == 15 ? base & ~3u : base) + (u ? 4 * words : -4 * words);
		end = base;
		words = w & BIT(8) ? 2 : 1;
	} else {
		if (p == u || (in->rn == 15 && (wb || v->cpsr & PSR_T)))
			return EXEC_UNDEF;
		va = u ? base : base - 4 * words;
		end = u ? base + 4 * words : va;
	}
	t.bytes = vfp_list_exists(w, words) ? 4 * words : 0;
	/* IA, AL, Rn = r0: the list of a VLDR or VSTR is of one register */
	t.word = (w & 0x0050ff00) | 0xec800000 | words;
	r = transfer(v, va, load, &t);
	if (r != EXEC_NEXT)
		return r;
	if (wb)
		v->r[in->rn] = end;
	return exec_next(v, in);
}

/* -- VLD1-VLD4, VST1-VST4 (A7.7) -- */

/* Multiple elements, by type, bits 11:8: registers, and the alignments (bits 5:4) and sizes (bits 7:6) that are UNDEFINED, as sets. */
static const struct {
	u8 regs, bad_align, bad_size;
} multiple[16] = {
	[0x0] = { 4, 0x0, 0x8 }, [0x1] = { 4, 0x0, 0x8 },			/* VLD4 */
	[0x2] = { 4, 0x0, 0x0 }, [0x6] = { 3, 0xc, 0x0 }, [0x7] = { 1, 0xc, 0x0 }, [0xa] = { 2, 0x8, 0x0 },	/* VLD1 */
	[0x3] = { 4, 0x0, 0x8 }, [0x8] = { 2, 0x8, 0x8 }, [0x9] = { 2, 0x8, 0x8 },	/* VLD2 */
	[0x4] = { 3, 0xc, 0x8 }, [0x5] = { 3, 0xc, 0x8 },			/* VLD3 */
};

static void neon_multiple(u32 w, struct transfer *t)
{
	u32 type = FIELD(w, 11, 8), size = FIELD(w, 7, 6), align = FIELD(w, 5, 4);

	if (multiple[type].bad_align >> align & 1 || multiple[type].bad_size >> size & 1)
		return;
	t->bytes = 8u * multiple[type].regs;
	t->element = 1u << size;
	t->align = align ? 4u << align : 1;
}

/* One lane: alignment in bytes by number of registers, size and index_align (bits 7:4); 0: UNDEFINED. */
static u32 lane_align(u32 n, u32 size, u32 ia)
{
	u32 low = ia & (size == 2 ? 3 : 1);

	switch (n) {
	case 1:
		if (size == 2)
			return ia & 4 ? 0 : low == 0 ? 1 : low == 3 ? 4 : 0;
		return size == 0 ? !low : ia & 2 ? 0 : 1u << low;
	case 2:
		if (size == 2)
			return low & 2 ? 0 : low ? 8 : 1;
		return low ? 2u << size : 1;
	case 3:
		return !low;
	default:
		if (size == 2)
			return low == 3 ? 0 : low ? 4u << low : 1;
		return low ? 4u << size : 1;
	}
}

static void neon_lane(u32 w, struct transfer *t)
{
	u32 n = FIELD(w, 9, 8) + 1, size = FIELD(w, 11, 10);

	t->align = lane_align(n, size, FIELD(w, 7, 4));
	t->element = 1u << size;
	t->bytes = t->align ? n << size : 0;
}

/* One element to all lanes, loads only. */
static void neon_all_lanes(u32 w, struct transfer *t)
{
	u32 n = FIELD(w, 9, 8) + 1, size = FIELD(w, 7, 6);
	bool a = w & BIT(4), wide = n == 4 && size == 3;

	if (!(w & BIT(21)) || (size == 3 && !(wide && a)) || (n == 1 && size == 0 && a) || (n == 3 && a))
		return;
	t->element = wide ? 4 : 1u << size;
	t->bytes = n * t->element;
	t->align = !a ? 1 : wide ? 16 : n == 4 && size == 2 ? 8 : t->bytes;
}

enum exec_result exec_neon_ls(struct vcpu *v, const struct insn *in)
{
	u32 w = in->word, base = v->r[in->rn], rm = FIELD(w, 3, 0);
	struct transfer t = { .align = 1, .word = (w & 0x0070fff0) | (w & BIT(23)) | 0xf400000f };
	enum exec_result r;

	if (in->rn == 15)
		return EXEC_UNDEF;
	if (!(w & BIT(23)))
		neon_multiple(w, &t);
	else if (FIELD(w, 11, 10) == 3)
		neon_all_lanes(w, &t);
	else
		neon_lane(w, &t);
	r = transfer(v, base, w & BIT(21), &t);
	if (r != EXEC_NEXT)
		return r;
	if (rm == 13)
		v->r[in->rn] = base + t.bytes;
	else if (rm != 15)
		v->r[in->rn] = base + v->r[rm];
	return exec_next(v, in);
}
