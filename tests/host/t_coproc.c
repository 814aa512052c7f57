/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of coprocessor registers: their order, what each encoding answers, and registers that the machine model lacks. */
/* SOURCES: arch/arm/coproc.c arch/arm/cp14_regs.c arch/arm/cp15_regs.c arch/arm/pmu.c core/guest_map.c */
/* SOURCES: tests/host/fake/arch.c tests/host/fake/log.c tests/host/fake/sysreg.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/pmu.h>
#include <arm/shadow.h>
#include <arm/slot.h>
#include <arm/sysreg.h>
#include <hv/guest.h>

#include "fake.h"

#define P15(op1, crn, crm, op2)	COPROC_ENC(15u, op1, crn, crm, op2)

static struct guest guest;
static struct vcpu v;

void inject_dabt(struct vcpu *vc, const struct gfault *f) { }
void shadow_tlbi(struct vcpu *vc, enum shadow_tlbi op, u32 arg) { }
void shadow_tlbi_pages(struct vcpu *vc, u32 arg, u32 pages) { }
void shadow_ctx_changed(struct vcpu *vc, enum shadow_ctx what) { }
void shadow_touch(struct vcpu *vc, gva_t va) { }
void shadow_look_again(struct vcpu *vc, gpa_t page) { }
void shadow_pte_cleaned(struct vcpu *vc, gva_t va, gpa_t at) { }
void shadow_check_stubs(struct vcpu *vc) { }
bool code_page_is_code(struct vcpu *vc, gpa_t gpa, hpa_t *exec) { return false; }
void code_page_drop(struct vcpu *vc, gpa_t gpa) { }
bool code_page_line_holds(struct vcpu *vc, gpa_t gpa, u32 size) { return false; }
void vfp_reset(struct vcpu *vc) { }
static u32 slot_word, slot_r0;
static bool slot_answer;
bool slot_run(struct vcpu *vc, u32 word)
{
	slot_word = word;
	slot_r0 = vc->r[0];
	vc->r[0] = 0x12345678;
	return slot_answer;
}
bool cond_holds(u32 cond, u32 cpsr) { return true; }

int guest_walk(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f)
{
	*w = (struct walk){ .gpa = va, .size = 0x1000 };
	return 0;
}

static int setup(void **state)
{
	pmu_reset(&v);
	memset(&fake_pmu, 0, sizeof(fake_pmu));
	pmu_init();
	fake_arch_reset();
	fake_log_reset();
	memset(&guest, 0, sizeof(guest));
	memset(&v, 0, sizeof(v));
	guest.name = "0";
	v.guest = &guest;
	v.cpsr = MODE_SVC;
	coproc_check_tables();
	coproc_reset(&v);
	return 0;
}

static u32 get(u32 enc)
{
	u32 value = 0xdeadbeef;

	assert_int_equal(coproc_read(&v, enc, &value), COPROC_OK);
	return value;
}

static void put(u32 enc, u32 value)
{
	assert_int_equal(coproc_write(&v, enc, value), COPROC_OK);
}

/* Every encoding has an answer that its row allows, and a message exactly where there is no row. */
static void every_encoding(void **state)
{
	u32 value, known = 0;

	slot_answer = true;
	for (u32 enc = 14u << 16; enc < 16u << 16; enc++) {
		enum coproc_result r = coproc_read(&v, enc, &value), w = coproc_write(&v, enc, 0);

		assert_true(r == COPROC_OK || r == COPROC_UNDEF);
		assert_true(w == COPROC_OK || w == COPROC_UNDEF);
		known += r == COPROC_OK || w == COPROC_OK;
	}
	assert_int_equal(known, cp15_nr_rows + cp14_nr_rows);
}

/* NSACR says that the guest may use them; the registers are there, hold nothing and do nothing (Cortex-A8 TRM ch. 3). */
static void lockdown_and_preload(void **state)
{
	static const struct { u32 crn, crm, op2; bool r, w; } t[] = {
		{ 10, 0, 0, true, true }, { 10, 0, 1, true, true }, { 10, 1, 0, false, true }, { 10, 1, 1, false, true },
		{ 11, 0, 0, true, false }, { 11, 0, 2, true, false }, { 11, 0, 3, true, false }, { 11, 1, 0, true, true },
		{ 11, 2, 0, true, true }, { 11, 3, 0, false, true }, { 11, 3, 1, false, true }, { 11, 3, 2, false, true },
		{ 11, 4, 0, true, true }, { 11, 5, 0, true, true }, { 11, 7, 0, true, true }, { 11, 8, 0, true, false },
		{ 11, 15, 0, true, true },
	};
	u32 value;

	assert_int_equal(get(P15(0, 1, 1, 2)), 0x70c00);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		u32 enc = P15(0u, t[i].crn, t[i].crm, t[i].op2);

		assert_int_equal(coproc_write(&v, enc, ~0u), t[i].w ? COPROC_OK : COPROC_UNDEF);
		assert_int_equal(coproc_read(&v, enc, &value), t[i].r ? COPROC_OK : COPROC_UNDEF);
		if (t[i].r)
			assert_int_equal(value, 0);
	}
	put(P15(1, 9, 0, 0), ~0u);
	assert_int_equal(get(P15(1, 9, 0, 0)), 0);
	assert_string_equal(fake_log_text, "");
}

#define PMCR		P15(0, 9, 12, 0)
#define PMCNTENSET	P15(0, 9, 12, 1)
#define PMOVSR		P15(0, 9, 12, 3)
#define PMSWINC		P15(0, 9, 12, 4)
#define PMSELR		P15(0, 9, 12, 5)
#define PMCCNTR		P15(0, 9, 13, 0)
#define PMXEVTYPER	P15(0, 9, 13, 1)
#define PMXEVCNTR	P15(0, 9, 13, 2)

static u32 counter(u32 i)
{
	put(PMSELR, i);
	return get(PMXEVCNTR);
}

/* Each counter keeps its own; PMCR clears those that it names; software increments count where they are counted. */
static void performance_monitors(void **state)
{
	assert_int_equal(get(PMCR), 0x41002000);
	for (u32 i = 0; i < 32; i++) {
		put(PMSELR, i);
		put(PMXEVTYPER, 0xf00 + i);
		put(PMXEVCNTR, 0xffffff00 + i);
	}
	put(PMCCNTR, 0x1234);
	for (u32 i = 0; i < 32; i++) {
		assert_int_equal(counter(i), i < 4 ? 0xffffff00 + i : 0);
		assert_int_equal(get(PMXEVTYPER), i < 4 ? i : 0);
	}
	put(PMCR, 0x39 | 2);
	assert_int_equal(get(PMCR), 0x41002039);
	assert_int_equal(counter(0) | counter(1) | counter(2) | counter(3), 0);
	assert_int_equal(get(PMXEVTYPER), 3);
	assert_int_equal(get(PMCCNTR), 0x1234);
	put(PMSELR, 0);
	put(PMXEVCNTR, 0xffffffff);
	put(PMSWINC, 3);
	assert_int_equal(counter(0), 0xffffffff);	/* off */
	put(PMCNTENSET, 3);
	put(PMSWINC, 3);
	assert_int_equal(counter(0), 0);		/* counts event 0 */
	assert_int_equal(counter(1), 0);		/* counts event 1 */
	assert_int_equal(get(PMOVSR), 1);
	put(PMCR, 4);
	assert_int_equal(get(PMCCNTR), 0);
	put(PMSWINC, 3);
	assert_int_equal(counter(0), 0);		/* all off */
	setup(NULL);
	assert_int_equal(counter(0) | get(PMXEVTYPER), 0);
}

#define PMCNTENCLR	P15(0, 9, 12, 2)
#define PMINTENSET	P15(0, 9, 14, 1)
#define PMINTENCLR	P15(0, 9, 14, 2)
#define CYCLES		BIT(31)
#define INSTRUCTIONS	0x08u

static u32 get_of(struct vcpu *vc, u32 enc)
{
	u32 value;

	assert_int_equal(coproc_read(vc, enc, &value), COPROC_OK);
	return value;
}

static void put_of(struct vcpu *vc, u32 enc, u32 value)
{
	assert_int_equal(coproc_write(vc, enc, value), COPROC_OK);
}

/* @n instructions of the guest's, and as many of Umbra's behind it. */
static void guest_runs(struct vcpu *vc, u32 n)
{
	pmu_guest_begin(vc);
	fake_pmu_count(INSTRUCTIONS, n);
	fake_pmu_count(0x11, n);
	pmu_guest_end(vc);
	fake_pmu_count(INSTRUCTIONS, n);
	fake_pmu_count(0x11, n);
}

static void set_counter(struct vcpu *vc, u32 i, u32 event, u32 n)
{
	put_of(vc, PMSELR, i);
	put_of(vc, PMXEVTYPER, event);
	put_of(vc, PMXEVCNTR, n);
}

/* Counters see the guest and nothing else; Umbra's sees everything, but while the guest uses that one, too. */
static void counters_count(void **state)
{
	u32 before;

	for (u32 i = 0; i < 4; i++)
		set_counter(&v, i, INSTRUCTIONS, 100 * i);
	put(PMCR, 1);
	put(PMCNTENSET, 7 | CYCLES);
	before = pmu_instructions();
	guest_runs(&v, 50);
	assert_int_equal(pmu_instructions() - before, 100);
	assert_false(pmu_is_lent());
	assert_int_equal(counter(0), 50);
	assert_int_equal(counter(2), 250);
	assert_int_equal(counter(3), 300);
	assert_in_range(get(PMCCNTR), 50, 52);
	put(PMCNTENSET, 8);
	assert_true(pmu_is_lent());
	guest_runs(&v, 50);
	assert_int_equal(counter(3), 350);
	put(PMCNTENCLR, 8);
	assert_false(pmu_is_lent());
	before = pmu_instructions();
	guest_runs(&v, 50);
	assert_int_equal(pmu_instructions() - before, 100);
	assert_int_equal(counter(3), 350);
	put(PMCR, 0);
	guest_runs(&v, 50);
	assert_int_equal(counter(0), 150);
	pmu_interpreted(&v, 1 | CYCLES, 7);
	assert_int_equal(counter(0), 157);
}

/* The interrupt line is that of the real flags and enables: the guest's if it has the line, never because of Umbra's counter. */
static void counters_interrupt(void **state)
{
	set_counter(&v, 3, INSTRUCTIONS, ~0u);
	put(PMINTENSET, 8 | CYCLES);
	put(PMCR, 1);
	assert_int_equal(fake_pmu.pminten, 0);
	guest.pt_irqs[0] = 8;
	put(PMCNTENSET, 8);
	assert_int_equal(fake_pmu.pminten, 8 | CYCLES);
	assert_int_equal(get(PMOVSR), 0);
	guest_runs(&v, 50);
	assert_int_equal(get(PMOVSR), 8);
	put(PMCNTENCLR, 8);
	put(PMINTENCLR, 8);
	assert_true(pmu_is_lent());			/* the flag is in it */
	put(PMOVSR, 8);
	assert_false(pmu_is_lent());
	assert_int_equal(fake_pmu.pminten, CYCLES);
	fake_pmu.count[3] = ~0u;
	fake_pmu_count(INSTRUCTIONS, 1);		/* Umbra's own */
	assert_int_equal(get(PMOVSR), 0);
	put(PMCR, 0);
	assert_int_equal(fake_pmu.pminten, 0);
	pmu_interpreted(&v, CYCLES, 0x80000000);
	pmu_interpreted(&v, CYCLES, 0x80000000);
	assert_int_equal(get(PMOVSR), CYCLES);
}

/* Two guests: each finds what it left, overflow flags and their line included. */
static void counters_of_two_guests(void **state)
{
	static struct guest other_guest = { .name = "1" };
	static struct vcpu other;

	memset(&other, 0, sizeof(other));
	other.guest = &other_guest;
	coproc_reset(&other);
	guest.pt_irqs[0] = 8;
	for (u32 i = 0; i < 4; i++)
		set_counter(&v, i, INSTRUCTIONS, i & 1 ? 0u - 30 : i);
	put(PMCR, 1);
	put(PMINTENSET, 0xf | CYCLES);
	put(PMCNTENSET, 0xf | CYCLES);
	put(PMCCNTR, 0u - 20);
	guest_runs(&v, 40);
	assert_int_equal(get(PMOVSR), 0xa | CYCLES);
	assert_int_equal(get_of(&other, PMOVSR), 0);
	assert_int_equal(fake_pmu.pminten, 0);
	assert_false(pmu_is_lent());
	set_counter(&other, 0, INSTRUCTIONS, 5);
	put_of(&other, PMCNTENSET, 1);
	put_of(&other, PMCR, 1);
	guest_runs(&other, 10);
	assert_int_equal(get_of(&other, PMXEVCNTR), 15);
	guest_runs(&v, 0);
	assert_int_equal(fake_pmu.pmovsr & (0xf | CYCLES), 0xa | CYCLES);
	assert_int_equal(fake_pmu.pminten, 0xf | CYCLES);
	assert_int_equal(counter(0), 40);
	assert_int_equal(counter(3), 10);
	assert_in_range(get(PMCCNTR), 20, 24);
	guest_runs(&other, 10);
	assert_int_equal(get_of(&other, PMXEVCNTR), 25);
	pmu_reset(&other);
}

/* The revisions whose branch prediction mixes up address spaces are refused, once with a message. */
static void core_revisions(void **state)
{
	static const struct { u32 midr; bool good; } t[] = {
		{ 0x413fc082, true }, { 0x410fc080, true }, { 0x412fc081, true }, { 0x411fc082, false }, { 0x411fc081, false },
		{ 0x411fc090, true },			/* a Cortex-A9 */
	};
	u32 was = fake_midr;

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		fake_log_reset();
		fake_midr = t[i].midr;
		assert_int_equal(coproc_core_is_good(), t[i].good);
		assert_int_equal(fake_log_count[LOG_ERR], !t[i].good);
	}
	fake_midr = was;
}

/* What identifies the core is its own. */
static void identification(void **state)
{
	u32 value = 5;

	assert_int_equal(coproc_read(&v, COPROC_ENC(15u, 0, 0, 0, 3), &value), COPROC_OK);
	assert_int_equal(value, 0x00202001);
	assert_int_equal(coproc_write(&v, COPROC_ENC(15u, 0, 0, 0, 3), 0), COPROC_UNDEF);
}

/* Debug registers are the core's, which may not have them. */
static void core_registers(void **state)
{
	u32 value = 5;

	slot_answer = false;
	assert_int_equal(coproc_read(&v, COPROC_ENC(14u, 0, 0, 5, 0), &value), COPROC_UNDEF);
	assert_int_equal(slot_word, 0xee100e15);	/* mrc p14, 0, r0, c0, c5, 0 */
	slot_answer = true;
	v.r[0] = 7;
	assert_int_equal(coproc_read(&v, COPROC_ENC(14u, 0, 2, 0, 0), &value), COPROC_OK);
	assert_int_equal(slot_word, 0xee120e10);
	assert_int_equal(value, 0x12345678);
	assert_int_equal(v.r[0], 7);
	assert_int_equal(coproc_write(&v, COPROC_ENC(14u, 0, 0, 5, 0), 9), COPROC_OK);
	assert_int_equal(slot_word, 0xee000e15);
	assert_int_equal(slot_r0, 9);
	assert_int_equal(v.r[0], 7);
	assert_int_equal(coproc_write(&v, COPROC_ENC(14u, 0, 0, 0, 0), 9), COPROC_UNDEF);
	assert_false(coproc_execute(&v, 0xee100e15));	/* the decoder's */
}

#define T(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_encoding),
		T(lockdown_and_preload),
		T(performance_monitors),
		T(counters_count),
		T(counters_interrupt),
		T(counters_of_two_guests),
		T(core_registers),
		T(core_revisions),
		T(identification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
