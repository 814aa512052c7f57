// SPDX-License-Identifier: GPL-2.0-or-later
/* Table-driven register banks: what most OMAP3630 blocks of the machine are made of. */

#pragma once

#include "exec/hwaddr.h"
#include "migration/vmstate.h"

/*
 * One register, or a run of equal ones. Bits that are in none of the masks are plain storage.
 * Offsets are byte offsets in the block and multiples of 4.
 */
typedef struct Omap3Reg {
	uint32_t offset;
	const char *name;
	uint32_t reset;
	uint32_t read_only;	/* a write leaves these bits as they are */
	uint32_t clear;		/* writing 1 clears these bits, writing 0 leaves them */
	uint32_t pulse;		/* commands: written 1 acts, always reads 0 */
	uint32_t count;		/* registers in the run, 4 bytes apart; 0 means 1 */
} Omap3Reg;

typedef struct Omap3Regs {
	const char *block;	/* name for the log */
	const Omap3Reg *table;
	size_t table_size;
	uint32_t size;		/* bytes of address space */
	uint32_t *value;	/* one word per register address */
	uint16_t *index;	/* table index + 1 per word, 0 = nothing there */
} Omap3Regs;

/* The blocks keep no migration state; saying so makes savevm fail with a message instead of losing registers. */
extern const VMStateDescription omap3_vmstate_unmigratable;

void omap3_regs_init(Omap3Regs *regs, const char *block, const Omap3Reg *table,
		     size_t table_size, uint32_t size);
void omap3_regs_reset(Omap3Regs *regs);

/* The stored word at a block offset that the table has; for use by the block's own code. */
static inline uint32_t *omap3_reg(Omap3Regs *regs, hwaddr offset)
{
	return &regs->value[offset / 4];
}

/*
 * A guest's read of 1, 2 or 4 bytes, of stored state only. An offset that is in no table row is logged
 * with -d unimp and reads as 0.
 */
uint64_t omap3_regs_read(Omap3Regs *regs, hwaddr offset, unsigned size);

/*
 * A guest's write of 1, 2 or 4 bytes. The masks of the row apply. Returns the written word, positioned and
 * with zeros for the bytes that were not written, so that the caller can look for pulse bits; an offset that is
 * in no row is logged and returns 0.
 */
uint32_t omap3_regs_write(Omap3Regs *regs, hwaddr offset, uint64_t value, unsigned size);

/* For blocks that decode by hand: one wording for every access that is not modelled. */
void omap3_log_unimp(const char *block, hwaddr offset, bool write, uint64_t value);
