/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lookup and storage semantics of the coprocessor register tables. */
#include <arm/coproc.h>
#include <arm/sysreg.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <string.h>

static const struct coproc_row *find(const struct coproc_row *rows, u32 nr, u32 enc)
{
	u32 lo = 0, hi = nr;

	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (rows[mid].enc == enc)
			return &rows[mid];
		if (rows[mid].enc < enc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static const struct coproc_row *coproc_row(u32 enc)
{
	if (enc >> 16 == 15)
		return find(cp15_rows, cp15_nr_rows, enc);
	if (enc >> 16 == 14)
		return find(cp14_rows, cp14_nr_rows, enc);
	return NULL;
}

static u32 *slot(struct vcpu *v, const struct coproc_row *row)
{
	return row->slot == COPROC_NO_SLOT ? NULL : (u32 *)((char *)v + row->slot);
}

/* Printed like a table row, so that adding the register is a paste. */
static void report_unknown(struct vcpu *v, u32 enc, const char *dir)
{
	pr_guest(16, "guest %s: unknown register { COPROC_ENC(%u, %u, %u, %u, %u) } %s at 0x%08x: Undefined\n",
		 v->guest->name, (unsigned)(enc >> 16), (unsigned)FIELD(enc, 11, 8), (unsigned)FIELD(enc, 15, 12),
		 (unsigned)FIELD(enc, 7, 4), (unsigned)FIELD(enc, 3, 0), dir, (unsigned)v->r[15]);
}

enum coproc_result coproc_read(struct vcpu *v, u32 enc, u32 *value)
{
	const struct coproc_row *row = coproc_row(enc);

	if (!row || !(row->access & COPROC_R)) {
		if (!row)
			report_unknown(v, enc, "read");
		return COPROC_UNDEF;
	}
	*value = row->read ? row->read(v, row) : *slot(v, row);
	return COPROC_OK;
}

enum coproc_result coproc_write(struct vcpu *v, u32 enc, u32 value)
{
	const struct coproc_row *row = coproc_row(enc);
	u32 *p;

	if (!row || !(row->access & COPROC_W)) {
		if (!row)
			report_unknown(v, enc, "write");
		return COPROC_UNDEF;
	}
	if (row->write)
		return row->write(v, row, value);
	p = slot(v, row);
	*p = (*p & ~row->wmask) | (value & row->wmask);
	return COPROC_OK;
}

enum exit_cause coproc_cause(u32 enc)
{
	const struct coproc_row *row = coproc_row(enc);

	return row ? row->cause : enc >> 16 == 14 ? EXIT_CP14 : EXIT_CP15_OTHER;
}

static void check_table(const struct coproc_row *rows, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		if (i && rows[i].enc <= rows[i - 1].enc)
			hv_panic("coprocessor table: row %s is out of order or double\n", rows[i].name);
		if ((rows[i].access & COPROC_R) && !rows[i].read && rows[i].slot == COPROC_NO_SLOT)
			hv_panic("coprocessor table: row %s cannot be read\n", rows[i].name);
		if ((rows[i].access & COPROC_W) && !rows[i].write && rows[i].slot == COPROC_NO_SLOT)
			hv_panic("coprocessor table: row %s cannot be written\n", rows[i].name);
	}
}

void coproc_check_tables(void)
{
	check_table(cp15_rows, cp15_nr_rows);
	check_table(cp14_rows, cp14_nr_rows);
}

static void reset_table(struct vcpu *v, const struct coproc_row *rows, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		if (slot(v, &rows[i]))
			*slot(v, &rows[i]) = rows[i].reset;
}

/* Poison first: a register without a reset value shows. */
static void poison(struct vcpu *v)
{
	u32 *p = (u32 *)&v->cp15;

	for (u32 i = 0; i < sizeof(v->cp15) / 4; i++)
		p[i] = 0x42424242;
}

static void check_poison(struct vcpu *v)
{
	u32 *p = (u32 *)&v->cp15;

	for (u32 i = 0; i < sizeof(v->cp15) / 4; i++)
		BUG_ON(p[i] == 0x42424242);
}

void coproc_reset(struct vcpu *v)
{
	poison(v);
	reset_table(v, cp15_rows, cp15_nr_rows);
	reset_table(v, cp14_rows, cp14_nr_rows);
	vfp_reset(v);
	cp15_reset_hardware(v);
	check_poison(v);
}
