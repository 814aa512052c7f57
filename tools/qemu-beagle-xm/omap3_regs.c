// SPDX-License-Identifier: GPL-2.0-or-later
/* Table-driven register banks: lookup, access sizes, write masks, and the log of what is not modelled. */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bitops.h"
#include "qemu/log.h"
#include "omap3_regs.h"

const VMStateDescription omap3_vmstate_unmigratable = {
	.name = "omap3-block",
	.unmigratable = 1,
};

void omap3_log_unimp(const char *block, hwaddr offset, bool write, uint64_t value)
{
	if (write)
		qemu_log_mask(LOG_UNIMP, "%s.0x%03" HWADDR_PRIx " write 0x%08" PRIx64 ": not modelled\n",
			      block, offset, value);
	else
		qemu_log_mask(LOG_UNIMP, "%s.0x%03" HWADDR_PRIx " read: not modelled\n", block, offset);
}

void omap3_regs_init(Omap3Regs *regs, const char *block, const Omap3Reg *table,
		     size_t table_size, uint32_t size)
{
	regs->block = block;
	regs->table = table;
	regs->table_size = table_size;
	regs->size = size;
	regs->value = g_new0(uint32_t, size / 4);
	regs->index = g_new0(uint16_t, size / 4);
	for (size_t i = 0; i < table_size; i++) {
		uint32_t count = table[i].count ? table[i].count : 1;

		assert(table[i].offset % 4 == 0 && table[i].offset + 4 * count <= size);
		for (uint32_t n = 0; n < count; n++)
			regs->index[table[i].offset / 4 + n] = i + 1;
	}
	omap3_regs_reset(regs);
}

void omap3_regs_reset(Omap3Regs *regs)
{
	for (uint32_t word = 0; word < regs->size / 4; word++) {
		unsigned int index = regs->index[word];

		regs->value[word] = index ? regs->table[index - 1].reset : 0;
	}
}

static const Omap3Reg *find_row(const Omap3Regs *regs, hwaddr offset)
{
	unsigned int index = offset < regs->size ? regs->index[offset / 4] : 0;

	return index ? &regs->table[index - 1] : NULL;
}

uint64_t omap3_regs_read(Omap3Regs *regs, hwaddr offset, unsigned size)
{
	if (!find_row(regs, offset)) {
		omap3_log_unimp(regs->block, offset, false, 0);
		return 0;
	}
	return extract32(regs->value[offset / 4], (offset & 3) * 8, size * 8);
}

uint32_t omap3_regs_write(Omap3Regs *regs, hwaddr offset, uint64_t value, unsigned size)
{
	const Omap3Reg *row = find_row(regs, offset);
	unsigned int shift = (offset & 3) * 8;
	uint32_t lanes = MAKE_64BIT_MASK(shift, size * 8);
	uint32_t word = (uint32_t)value << shift;
	uint32_t *stored;

	if (!row) {
		omap3_log_unimp(regs->block, offset, true, value);
		return 0;
	}
	word &= lanes;
	stored = &regs->value[offset / 4];
	*stored &= ~(word & row->clear);
	lanes &= ~(row->clear | row->read_only | row->pulse);
	*stored = (*stored & ~lanes) | (word & lanes);
	return word;
}
