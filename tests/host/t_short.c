/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short exits: what an access to a device leaves for the guest to go on with, whatever the device did meanwhile. */
/* SOURCES: arch/arm/short_exit.c core/guest_map.c tests/host/fake/log.c */
/* CFLAGS: -DCONFIG_CPU_PATH_INLINE=1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arm/account.h>
#include <arm/call.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/insn.h>
#include <arm/progress.h>
#include <arm/shadow.h>
#include <arm/short_exit.h>
#include <arm/trouble.h>
#include <arm/window.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/mmio.h>

#include "fake.h"

#define DEVICE	0x10000000u
#define PC	0x80001000u
#define LDR	0xe5901000u	/* ldr r1, [r0] */
#define STR	0xe5801000u

static struct guest guest;
static struct vcpu v;
static struct vcpu_open open_page;
static u32 refreshes, accesses, word, tlbi_short, tlbi_long;
static bool takes_away;	/* the short one takes away what system calls need */
static enum { NOTHING, WRITES_CODE, INTERRUPTS } device_does;

volatile bool core_is_wanted;
bool console_work_pending(void) { return false; }

enum mmio_result mmio_dispatch(struct guest *g, struct mmio_access *a)
{
	assert_ptr_equal(g, &guest);
	assert_int_equal(a->addr, DEVICE + 4);
	accesses++;
	a->value = 0x1234;
	if (device_does == WRITES_CODE)		/* as shadow_drop_page() does for a page that the call line needs */
		call_count(&v);
	if (device_does == INTERRUPTS)
		v.irq_in = 1;
	return MMIO_DONE;
}

int guest_walk(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f)
{
	*w = (struct walk){ .gpa = va, .size = 0x1000 };
	return 0;
}

bool shadow_executes(struct vcpu *vc, gva_t pc, u32 *insn)
{
	assert_int_equal(pc, PC);
	*insn = word;
	return true;
}

void call_refresh(struct vcpu *vc)
{
	refreshes++;
	vc->call_seen = vc->hw_asid;
	vc->call_seen_gen = vc->call_gen;
}

static u32 walk_says, noted, notes;
u32 guest_walk_short(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, u32 dacr, struct short_walk *w) { return walk_says; }
void shadow_note_abort(struct vcpu *vc, u32 fsr, gva_t va)
{
	assert_int_equal(va, DEVICE + 4);
	noted = fsr;
	notes++;
}

bool shadow_fill_short(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, const struct short_walk *w) { return false; }
bool shadow_tlbi_short(struct vcpu *vc, u32 arg)
{
	tlbi_short++;
	vc->call_gen += takes_away ? 2 : 0;
	return true;
}
static u32 toggles;		/* how often there is something to toggle to */
bool shadow_toggle(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv) { return toggles && toggles--; }
bool shadow_is_umbras(const struct vcpu *vc, gva_t va) { return false; }
void shadow_exited(struct vcpu *vc) { }
void progress_again(struct vcpu *vc, gva_t va) { }
void trouble_inside(struct vcpu *vc, u32 vector, u32 mode, u32 far) { }
void slow_exit_begin(struct vcpu *vc) { }
void inject_dabt(struct vcpu *vc, const struct gfault *f) { }
void coproc_tlbimva(struct vcpu *vc, u32 value) { tlbi_long++; }
void code_page_ran(struct vcpu *vc) { }
void call_vector(struct vcpu *vc) { }
static bool has_line;
static u32 line_offset, line_ahead;
bool call_exception(struct vcpu *vc, u32 offset, u32 ahead)
{
	line_offset = offset;
	line_ahead = ahead;
	return has_line;
}

bool cond_holds(u32 cond, u32 cpsr) { return cond == 14 || !cond == !!(cpsr & BIT(30)); }	/* of EQ and NE */

static int setup(void **state)
{
	static const struct region device = { .base = DEVICE, .size = 0x1000, .type = REGION_EMULATED, .name = "device" };
	const char *clash;

	memset(&guest, 0, sizeof(guest));
	memset(&v, 0, sizeof(v));
	assert_int_equal(guest_map_add(&guest.map, &device, &clash), 0);
	v.guest = &guest;
	v.cpsr = MODE_SVC;
	v.open = &open_page;
	v.open_used = v.short_exits = true;
	v.call_gen = v.call_seen_gen = 1;
	v.hw_asid = v.call_seen = 3;
	refreshes = accesses = notes = 0;
	walk_says = SHORT_WALK_OTHER;
	has_line = false;
	refreshes = accesses = tlbi_short = tlbi_long = 0;
	takes_away = false;
	toggles = 0;
	device_does = NOTHING;
	return 0;
}

static enum short_end access(u32 insn)
{
	word = insn;
	v.r[15] = PC;
	v.exit_dfar = DEVICE + 4;
	v.exit_dfsr = 0x7 | (insn == STR ? BIT(11) : 0);
	return short_exit(&v, VEC_DABT);
}

static void device_access(void **state)
{
	assert_int_equal(access(LDR), SHORT_DONE);
	assert_int_equal(v.r[1], 0x1234);
	assert_int_equal(v.r[15], PC + 4);
	assert_int_equal(access(STR), SHORT_DONE);
	assert_int_equal(accesses, 2);
	assert_int_equal(refreshes, 0);
}

/* A device that writes to the code of system calls, and raises no interrupt: the next one must not begin by a line that was made of what was there. */
static void device_writes_code(void **state)
{
	device_does = WRITES_CODE;
	assert_int_equal(access(STR), SHORT_DONE);
	assert_int_equal(refreshes, 1);
	assert_true(call_was_seen(&v));
	v.open_used = false;
	assert_int_equal(access(STR), SHORT_DONE);
	assert_int_equal(refreshes, 1);
}

static void device_interrupts(void **state)
{
	device_does = INTERRUPTS;
	assert_int_equal(access(STR), SHORT_LOOP);
	assert_int_equal(v.r[15], PC + 4);
}

/* What User mode does not find may be for the window, next time: if there is a line, and where its kernel finds nothing it is not. */
static void aborts_are_noted(void **state)
{
	walk_says = 0x17;
	v.return_mode = RETURN_MODE_SVC;
	for (u32 user = 0; user < 2; user++) {
		v.cpsr = user ? MODE_USR : MODE_SVC;
		has_line = false;
		assert_int_equal(access(STR), SHORT_DONE);
		assert_int_equal(notes, 0);
		v.cpsr = user ? MODE_USR : MODE_SVC;
		has_line = true;
		assert_int_equal(access(STR), SHORT_DONE);
		assert_int_equal(notes, user);
	}
	assert_int_equal(noted, 0x17);
	assert_int_equal(v.exits[EXIT_DABT], 4);
	v.exit_ifar = DEVICE + 4;
	v.exit_ifsr = 7;
	v.cpsr = MODE_USR;
	assert_int_equal(short_exit(&v, VEC_PABT), SHORT_DONE);
	assert_int_equal(notes, 1);
}

#define TLBIMVA		0xee080f37	/* mcr p15, 0, r0, c8, c7, 1 */
#define TLBIMVA_NE	0x1e080f37

/* @pages of a loop are left; 0: there is none. */
static void tlb_operation(u32 insn, u32 pages)
{
	v.exit_insn = insn;
	v.exit_insn_valid = true;
	v.r[0] = 0x30001000 | 7;
	v.r[15] = PC;
	v.tlb_loop.pc = pages ? PC : 1;
	v.tlb_loop.end = 0x30001000 + pages * PAGE_SIZE;
	assert_int_equal(short_exit(&v, VEC_UND), SHORT_DONE);
	assert_int_equal(v.r[15], PC + 4);
	assert_int_not_equal(v.tlb_loop.pc, PC);
}

/* What is about one page is short, and the open page stays as it is. */
static void tlb_operations(void **state)
{
	open_page.dacr = 0x1234;
	tlb_operation(TLBIMVA, 0);
	tlb_operation(TLBIMVA, 1);
	assert_int_equal(tlbi_short, 2);
	assert_int_equal(tlbi_long, 0);
	assert_int_equal(refreshes, 0);
	assert_int_equal(open_page.dacr, 0x1234);
	assert_int_equal(v.exits[EXIT_CP15_TLB], 2);
	takes_away = true;
	tlb_operation(TLBIMVA, 1);
	assert_int_equal(refreshes, 1);
	open_page.dacr = v.cp15.dacr;
	tlb_operation(TLBIMVA, 2);
	assert_int_equal(tlbi_short, 3);
	assert_int_equal(tlbi_long, 1);
	tlb_operation(TLBIMVA_NE, 0);
	assert_int_equal(tlbi_short, 4);
	v.cpsr |= BIT(30);		/* not executed: nothing goes */
	tlb_operation(TLBIMVA_NE, 0);
	assert_int_equal(tlbi_short, 4);
	assert_int_equal(tlbi_long, 1);
}

/* Faults of closed domains are short where another view of the megabyte has what is wanted; alignment and the like are never the shadow's. */
static void views_are_toggled(void **state)
{
	v.cpsr = MODE_USR;
	v.r[15] = v.exit_ifar = PC;
	v.exit_ifsr = 0x9;
	toggles = 1;
	assert_int_equal(short_exit(&v, VEC_PABT), SHORT_DONE);
	assert_int_equal(short_exit(&v, VEC_PABT), SHORT_NOT);
	v.exit_ifsr = 0xd;
	toggles = 1;
	assert_int_equal(short_exit(&v, VEC_PABT), SHORT_DONE);
	toggles = 1;
	v.exit_ifsr = 0x2;
	assert_int_equal(short_exit(&v, VEC_PABT), SHORT_NOT);
	v.exit_ifsr = 0x409;
	assert_int_equal(short_exit(&v, VEC_PABT), SHORT_NOT);
	assert_int_equal(toggles, 1);
}

/* An instruction that is Undefined in User mode is the guest's, unless it may mean something there. */
static void undefined_user(void **state)
{
	static const struct { u32 insn; bool thumb, is_guests; } words[] = {
		{ 0xee300a20, false, true }, { 0xee300a20, true, true },	/* vadd.f32 */
		{ 0x0e300a20, false, true },					/* vaddeq.f32 */
		{ 0xf2200802, false, true }, { 0xef200802, true, true },	/* vadd.i32 */
		{ 0xed900b00, false, true }, { 0xed900b00, true, true },	/* vldr */
		{ 0xf420078f, false, true }, { 0xf920078f, true, true },	/* vld1 */
		{ 0xeef12a10, false, true }, { 0xeef12a10, true, true },	/* vmrs r2, fpscr */
		{ 0xe7f000f0, false, true }, { 0xde17, true, true },		/* udf */
		{ 0xee190f1d, false, false }, { 0xee190f1d, true, false },	/* mrc p15, 0, r0, c9, c13, 0 */
		{ 0x1e090f1c, false, false }, { 0xfe190f1d, true, false },
		{ 0xf1010200, false, false }, { 0xb658, true, false }, { 0xb650, true, false },		/* setend */
		{ 0xdeaf, true, false }, { 0xdeb2, true, false }, { 0xf7f0a001, true, false }, { 0xf7fca123, true, false },	/* trapping words */
	};

	for (u32 n = 0; n < ARRAY_SIZE(words) * 4; n++) {
		bool thumb = words[n / 4].thumb, is_guests = words[n / 4].is_guests, open = n & 2;
		u32 psr = MODE_USR | PSR_N | (thumb ? PSR_T | 0x0400 | BIT(25) : 0);

		setup(NULL);
		has_line = n & 1;
		v.open_used = open;
		v.return_mode = RETURN_MODE_SVC;
		v.cpsr = psr;
		v.cp15.vbar = 0x40000000;
		v.r[15] = PC;
		v.r[13] = 1;
		v.bank_sp[BANK_UND] = 2;
		v.exit_insn = words[n / 4].insn;
		v.exit_insn_valid = true;
		line_offset = 0;
		assert_int_equal(short_exit(&v, VEC_UND), is_guests ? SHORT_DONE : SHORT_NOT);
		assert_int_equal(v.exits[EXIT_UNDEF], is_guests);
		assert_int_equal(line_offset, is_guests && open ? 4 : 0);
		if (line_offset)
			assert_int_equal(line_ahead, thumb ? 2 : 4);
		if (!is_guests || (open && has_line)) {	/* not begun; what the line does is t_vector.c's */
			assert_int_equal(v.cpsr, psr);
			assert_int_equal(v.r[15], PC);
			continue;
		}
		assert_int_equal(v.cpsr, PSR_N | MODE_UND | PSR_I);
		assert_int_equal(v.r[15], 0x40000004);
		assert_int_equal(v.r[14], PC + (thumb ? 2 : 4));
		assert_int_equal(v.r[13], 2);
		assert_int_equal(v.bank_sp[BANK_USR], 1);
		assert_int_equal(v.bank_spsr[BANK_UND], psr);
		assert_int_equal(v.trouble.outside.count, 1);
	}
}

/* Not while somebody looks at each exit, an interrupt is pending, or the word is not known. */
static void undefined_slow(void **state)
{
	for (u32 n = 0; n < 5; n++) {
		setup(NULL);
		v.cpsr = n == 0 ? MODE_SVC : MODE_USR | (n == 1 ? PSR_E : 0);
		v.short_exits = n != 2;
		v.irq_in = n == 3 ? PSR_I : 0;
		v.r[15] = PC;
		v.exit_insn = 0xee300a20;
		v.exit_insn_valid = n != 4;
		assert_int_equal(short_exit(&v, VEC_UND), SHORT_NOT);
		assert_int_equal(v.r[15], PC);
		assert_int_equal(v.exits[EXIT_UNDEF], 0);
	}
}

#define T(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { T(device_access), T(device_writes_code), T(device_interrupts), T(aborts_are_noted), T(tlb_operations),
		T(views_are_toggled), T(undefined_user), T(undefined_slow) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
