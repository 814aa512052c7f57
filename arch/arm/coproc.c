/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lookup and storage semantics of the coprocessor register tables. */
#include <arm/coproc.h>
#include <arm/insn.h>
#include <arm/slot.h>
#include <arm/sysreg.h>
#include <arm/trouble.h>
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

/* Rows found last, by a hash of their encoding: a kernel uses a dozen registers again and again. */
static const struct coproc_row *recent[64];

static const struct coproc_row *coproc_row(u32 enc)
{
	const struct coproc_row **p = &recent[(enc ^ enc >> 4 ^ enc >> 9) & (ARRAY_SIZE(recent) - 1)], *row;

	if (*p && (*p)->enc == enc)
		return *p;
	row = enc >> 16 == 15 ? find(cp15_rows, cp15_nr_rows, enc) : enc >> 16 == 14 ? find(cp14_rows, cp14_nr_rows, enc) : NULL;
	if (row)
		*p = row;
	return row;
}

static u32 *slot(struct vcpu *v, const struct coproc_row *row)
{
	return row->slot == COPROC_NO_SLOT ? NULL : (u32 *)((char *)v + row->slot);
}

/* Named as the assembler does: coprocessor, opc1, CRn, CRm, opc2. */
static void report_unknown(struct vcpu *v, u32 enc, const char *dir)
{
	trouble_register(v, enc);
	pr_guest(16, "guest %s: unknown register p%u, %u, c%u, c%u, %u: %s at 0x%08x: Undefined\n",
		 v->guest->name, (unsigned)(enc >> 16), (unsigned)FIELD(enc, 11, 8), (unsigned)FIELD(enc, 15, 12),
		 (unsigned)FIELD(enc, 7, 4), (unsigned)FIELD(enc, 3, 0), dir, (unsigned)v->r[15]);
}

/* MRC or MCR of @enc, executed by the core: it may not have the register. */
static enum coproc_result core_access(struct vcpu *v, u32 enc, bool load, u32 *value)
{
	u32 r0 = v->r[0], word = 0xee000010 | (load ? BIT(20) : 0) | FIELD(enc, 11, 8) << 21 | FIELD(enc, 15, 12) << 16 |
				 FIELD(enc, 19, 16) << 8 | FIELD(enc, 3, 0) << 5 | FIELD(enc, 7, 4);
	bool done;

	v->r[0] = *value;
	done = slot_run(v, word);
	*value = v->r[0];
	v->r[0] = r0;
	return done ? COPROC_OK : COPROC_UNDEF;
}

static u32 row_read(struct vcpu *v, const struct coproc_row *row)
{
	return row->read ? row->read(v, row) : *slot(v, row);
}

static enum coproc_result row_write(struct vcpu *v, const struct coproc_row *row, u32 value)
{
	u32 *p;

	if (row->write)
		return row->write(v, row, value);
	p = slot(v, row);
	*p = (*p & ~row->wmask) | (value & row->wmask);
	return COPROC_OK;
}

enum coproc_result coproc_read(struct vcpu *v, u32 enc, u32 *value)
{
	const struct coproc_row *row = coproc_row(enc);

	if (!row || !(row->access & COPROC_R)) {
		if (!row)
			report_unknown(v, enc, "read");
		return COPROC_UNDEF;
	}
	if (row->access & COPROC_CORE)
		return core_access(v, enc, true, value);
	*value = row_read(v, row);
	return COPROC_OK;
}

enum coproc_result coproc_write(struct vcpu *v, u32 enc, u32 value)
{
	const struct coproc_row *row = coproc_row(enc);

	if (!row || !(row->access & COPROC_W)) {
		if (!row)
			report_unknown(v, enc, "write");
		return COPROC_UNDEF;
	}
	if (row->access & COPROC_CORE)
		return core_access(v, enc, false, &value);
	return row_write(v, row, value);
}

/* Encoding of the register that an A32 MRC or MCR names (A8.8.107, A8.8.98). */
static u32 word_enc(u32 w)
{
	return COPROC_ENC(FIELD(w, 11, 8), FIELD(w, 23, 21), FIELD(w, 19, 16), FIELD(w, 3, 0), FIELD(w, 7, 5));
}

bool coproc_execute(struct vcpu *v, u32 w)
{
	const struct coproc_row *row;
	u32 rt = FIELD(w, 15, 12);
	bool load = w & BIT(20);

	if ((w & 0x0f000e10) != 0x0e000e10 || w >> 28 == 15 || rt == 15)
		return false;
	row = coproc_row(word_enc(w));
	if (!row || !(row->access & (load ? COPROC_R : COPROC_W)) || row->access & COPROC_CORE)
		return false;
	vcpu_count(v, row->cause);
	if (cond_holds(w >> 28, v->cpsr)) {
		if (load)
			v->r[rt] = row_read(v, row);
		else if (row_write(v, row, v->r[rt]) != COPROC_OK)
			return true;
	}
	v->r[15] += 4;
	return true;
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
		if (rows[i].access & COPROC_CORE)
			continue;
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
