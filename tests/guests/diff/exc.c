// SPDX-License-Identifier: GPL-2.0-or-later
/* What exceptions of a block do: they are recorded and hashed, and the block goes on behind what caused them. */
#include "diff.h"

#define UNKNOWN_VALUE	0xdead0000u

struct diff_record diff_record[RECORDS];
u32 diff_records, diff_end_reason;

/* The word at @pc as the generator wrote it; 0 outside of the program. */
static u32 word_at(const struct diff_block *b, u32 pc)
{
	if (pc - b->va < 4 * b->nr)
		return b->word[(pc - b->va) / 4];
	if (pc - b->stub_va < 4 * b->stub_nr)
		return b->stub[(pc - b->stub_va) / 4];
	return 0;
}

static const u16 *half_in(const u32 *word, const u32 *t32, u32 nr, u32 at)
{
	return at < 4 * nr && t32[at / 128] >> at / 4 % 32 & 1 ? (const u16 *)word + at / 2 : NULL;
}

/* The same for T32 code: the halfword there, or NULL. */
static const u16 *half_at(const struct diff_block *b, u32 pc)
{
	const u16 *half = half_in(b->word, b->word_t32, b->nr, pc - b->va);

	if (!half)
		half = half_in(b->stub, b->stub_t32, b->stub_nr, pc - b->stub_va);
	if (!half && pc - b->t32_va < 2 * b->t32_nr)
		half = &b->t32[(pc - b->t32_va) / 2];
	return half;
}

static bool at_end(const struct diff_block *b, u32 pc)
{
	return pc - b->va >= 4 * b->nr && pc - b->va < 4 * SLOT_WORDS;
}

/* The domain of a fault on a first-level translation is UNKNOWN (B3.13.3), and of one that names no translation. */
static u32 fsr_known(u32 fsr)
{
	u32 fs = DFSR_FS(fsr) & ~FSR_WNR;

	return fs == FS_TRANS_SECT || fs == FS_ALIGN ? fsr & ~0xf0u : fsr;
}

/* Fault registers of @r; what is UNKNOWN in the real ones is made known, for whoever reads them later. */
static void record_fault(struct diff_record *r)
{
	if (r->vector == VEC_DABT) {
		r->fsr = fsr_known(MRC(0, c5, c0, 0));
		r->far = MRC(0, c6, c0, 0);
		MCR(0, c5, c0, 0, r->fsr);
	} else if (r->vector == VEC_PABT) {
		r->fsr = MRC(0, c5, c0, 1);
		if (IFSR_FS(r->fsr) == FS_DEBUG)
			MCR(0, c6, c0, 2, 0);		/* BKPT leaves IFAR UNKNOWN */
		r->far = MRC(0, c6, c0, 2);
	}
}

static void record(u32 pc)
{
	const struct diff_frame *f = &diff_frame;
	struct diff_record r = { .vector = f->vector, .pc = pc, .spsr = f->spsr, .cpsr = f->cpsr };

	record_fault(&r);
	mix(r.vector);
	mix(r.pc);
	mix(r.spsr);
	mix(r.cpsr);
	mix(r.fsr);
	mix(r.far);
	if (diff_records < RECORDS)
		diff_record[diff_records] = r;
	diff_records++;
}

/* -- what an aborted instruction leaves UNKNOWN (B1.9.8) is made known -- */

/* Registers in the list of a load: the generator lets only r0-r5 stand in one that may abort. */
static u32 loaded_registers(u32 w)
{
	if ((w & 0x0e100000u) == 0x08100000u)			/* LDM, all forms */
		return w & 0x3f;
	if ((w & 0x0e1000f0u) == 0x000000d0u)			/* LDRD */
		return 3u << (w >> 12 & 0xe) & 0x3f;
	return 0;
}

static bool several_writes(u32 w)
{
	return (w & 0x0e100000u) == 0x08000000u || (w & 0x0e1000f0u) == 0x000000f0u;	/* STM, SRS; STRD */
}

static void data_abort(struct diff_frame *f, u32 w)
{
	u32 list = loaded_registers(w);

	for (u32 i = 0; i < 6; i++)
		if (list >> i & 1)
			f->r[i] = UNKNOWN_VALUE + i;
	if (!several_writes(w) && !(diff_record[diff_records - 1].fsr & FSR_WNR))
		return;
	/* what may have been written before the abort: up to the end of the page that is followed by another kind */
	for (u32 i = WINDOW + 0x80; i < 0x1000; i += 4) {
		write32(VA_DATA + i, i);
		write32(VA_PRIV + i, i);
	}
}

/* -- interrupts -- */

static void interrupt(bool fiq)
{
	u32 line = read32(INTC_BASE + (fiq ? 0x44 : 0x40)) & 0x7f;

	mix(line);
	world_clear_line(line);
	write32(INTC_BASE + 0x48, fiq ? 2 : 1);
	dsb();
}

/* -- going on -- */

static u32 resume(u32 pc, u32 spsr)
{
	diff_frame.lr = pc;
	diff_frame.spsr = spsr;
	return 0;
}

static u32 end(u32 reason)
{
	diff_end_reason = reason;
	return reason;
}

static u32 supervisor_call(const struct diff_frame *f, u32 w)
{
	u32 mode = w & PSR_MODE, spsr = (f->spsr & ~(u32)PSR_MODE) | mode;

	switch (w & 0xffffe0u) {
	case SVC_MODE:
		return resume(f->lr, spsr);
	case SVC_BACK:
		return resume(f->r[6], spsr);
	default:
		return resume(f->lr, f->spsr);
	}
}

/* Where there is no word of the program: r5 knows the way. */
static u32 strayed(const struct diff_block *b, struct diff_frame *f)
{
	u32 back = f->r[5];

	if (back & 3 || (!word_at(b, back) && !at_end(b, back)))
		return end(END_LOST);
	return resume(back, f->spsr & ~(u32)(PSR_T | PSR_J | PSR_IT));
}

/* ITAdvance() (A2.5.2) in a saved PSR */
static u32 it_advanced(u32 psr)
{
	u32 it = (psr >> 8 & 0xfc) | (psr >> 25 & 3);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	return (psr & ~(u32)PSR_IT) | (it & 0xfc) << 8 | (it & 3) << 25;
}

/* In T32 code: on behind it. */
static u32 t32_exception(const struct diff_frame *f, u32 pc, u16 half)
{
	if (f->vector == VEC_SVC)
		return resume(f->lr, f->spsr);
	return resume(pc + (half >> 11 >= 0x1d ? 4 : 2), it_advanced(f->spsr));
}

u32 diff_exception(void)
{
	static const u8 lr_after[8] = { [VEC_UND] = 4, [VEC_SVC] = 4, [VEC_PABT] = 4, [VEC_DABT] = 8, [VEC_IRQ] = 4, [VEC_FIQ] = 4 };
	const struct diff_block *b = diff_current;
	struct diff_frame *f = &diff_frame;
	u32 pc = f->lr - (f->spsr & PSR_T && f->vector <= VEC_SVC ? 2 : lr_after[f->vector]), w = word_at(b, pc);

	if (f->vector == VEC_IRQ && b->timer) {
		timer_interrupt();
		return resume(f->lr - 4, f->spsr);
	}
	record(pc);
	if (f->vector == VEC_UND && at_end(b, pc) && !(f->spsr & PSR_T))
		return end(END_REGULAR);
	if (diff_records >= RECORDS)
		return end(END_LIMIT);
	if (f->vector >= VEC_IRQ) {
		interrupt(f->vector == VEC_FIQ);
		return resume(pc, f->spsr);
	}
	if (f->spsr & PSR_T && half_at(b, pc))
		return t32_exception(f, pc, *half_at(b, pc));
	if (f->spsr & PSR_T || !w)
		return strayed(b, f);
	if (f->vector == VEC_SVC)
		return supervisor_call(f, w);
	if (f->vector == VEC_DABT)
		data_abort(f, w);
	return resume(pc + 4, f->spsr);
}
