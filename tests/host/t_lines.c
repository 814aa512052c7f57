/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When lines are used: with which domains open, and in which root. */
/* SOURCES: arch/arm/cpu/call.c core/guest_map.c tests/host/fake/arch.c tests/host/fake/log.c */
/* CFLAGS: -DCONFIG_CPU_PATH_INLINE=1 -Iarch/arm/cpu */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arm/call.h>
#include <arm/code_page.h>
#include <arm/insn.h>
#include <arm/open.h>
#include <arm/shadow.h>
#include <arm/window.h>
#include <hv/guest.h>

#include "abort_line.h"
#include "call_line.h"
#include "fake.h"
#include "line_t32.h"
#include "ret_line.h"
#include "vector_line.h"

#define VECTORS		0xffff0000u
#define TARGET		0xc0008000u
#define VECTORS_PA	FAKE_RAM_BASE
#define TARGET_PA	(FAKE_RAM_BASE + 0x1000u)
#define LINES_PA	(FAKE_RAM_BASE + 0x2000u)
#define BASE		0xbff00000u	/* of the window */
#define PLAIN		0x111u
#define OPENS(d)	(1u << 2 * (d))
#define KERNEL		1u		/* host domains: of the target, */
#define HIGH		2u		/* of the vectors, */
#define USER		3u		/* and of memory of User mode */

static struct guest guest;
static struct vcpu v;
static struct vcpu_open open_page;
static bool gone;			/* the current root has nothing */

void *hv_alloc(size_t size, size_t align) { return calloc(1, size); }

int guest_walk(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f)
{
	*w = (struct walk){ .gpa = ((va & PAGE_MASK) == VECTORS ? VECTORS_PA : TARGET_PA) | (va & ~PAGE_MASK), .size = PAGE_SIZE };
	return 0;
}

bool code_page_is_code(struct vcpu *vc, gpa_t gpa, hpa_t *exec)
{
	*exec = ALIGN_DOWN(gpa, PAGE_SIZE);
	return true;
}

u32 shadow_opened_by(struct vcpu *vc, gva_t va) { return OPENS((va & PAGE_MASK) == VECTORS ? HIGH : KERNEL); }

hpa_t shadow_executed_page(struct vcpu *vc, gva_t va, u32 dacr)
{
	if (gone || !(dacr & shadow_opened_by(vc, va)))
		return 0;
	return (va & PAGE_MASK) == VECTORS ? VECTORS_PA : TARGET_PA;
}

void *shadow_stored_page(struct vcpu *vc, gva_t va, u32 *open) { return NULL; }

bool call_line_make(struct call_code *c, const struct call_at *at)
{
	assert_int_equal(at->target, TARGET);
	*c = (struct call_code){ .words = 1, .insns = 1 };
	return true;
}

bool ret_line_make(struct call_code *c, const struct call_at *at) { return false; }
bool abort_line_make(struct call_code *c, const struct vector_line *l) { return false; }
bool vector_line_make(struct vector_line *l, u32 mode, const u32 *word, u32 words) { return false; }
bool vector_line_do(struct vcpu *vc, const struct vector_line *l) { return false; }
bool vector_line_enter(struct vcpu *vc, const struct vector_line *l, u32 ahead) { return false; }
void t32_line(struct t32_line *l, const u16 *code, u32 halves) { fail(); }
void t32_decode(u16 hw1, u16 hw2, struct insn *in) { fail(); }

static int setup(void **state)
{
	u32 *word;

	fake_arch_reset();
	memset(&v, 0, sizeof(v));
	gone = false;
	word = hpa_ptr(VECTORS_PA);
	word[2] = 0xe59ff010;		/* ldr pc, [pc, #0x10] */
	word[8] = TARGET;
	v.guest = &guest;
	v.open = &open_page;
	v.open_used = 1;
	v.window_base = BASE;
	v.window_call = hpa_ptr(LINES_PA);
	v.svc_vector = VECTORS + 8;
	v.svc_plain = PLAIN;
	v.hw_asid = 7;
	v.root_cache[0][0] = (struct root_cache){ .hw_asid = 7, .asid = 1 };
	v.hw_dacr_entry = OPENS(KERNEL) | OPENS(HIGH) | OPENS(USER);
	assert_int_equal(call_init(&v), 0);
	call_refresh(&v);
	assert_int_equal(v.svc_entry, BASE + WINDOW_CALL);
	return 0;
}

static void enter_with(u32 dacr, u32 entry)
{
	v.hw_dacr_entry = dacr;
	open_choose_call(&v);
	assert_int_equal(v.svc_entry, entry);
}

/* The host's DACR of a system call opens memory of User mode, or not any more, without an exit: the line needs none of that. */
static void domains(void **state)
{
	u32 gen = v.call_gen;

	enter_with(OPENS(KERNEL) | OPENS(HIGH), BASE + WINDOW_CALL);
	call_refresh(&v);
	enter_with(OPENS(KERNEL) | OPENS(HIGH) | OPENS(USER), BASE + WINDOW_CALL);
	call_refresh(&v);
	assert_int_equal(v.call_gen, gen);	/* it is right in other roots as it was */
	enter_with(OPENS(KERNEL) | OPENS(USER), PLAIN);
	call_refresh(&v);
	assert_int_equal(v.svc_entry, PLAIN);
	enter_with(OPENS(HIGH), PLAIN);
}

/* In a root that has nothing there is no line, but there is where the window goes on in one that has all. */
static void roots(void **state)
{
	gone = true;
	v.hw_asid = 8;
	call_refresh(&v);
	assert_int_equal(v.svc_entry, PLAIN);
	v.hw_asid = 7;
	assert_int_equal(v.root_cache[0][0].calls, v.call_gen);
	open_choose_lines(&v, true);	/* as the window does it */
	assert_int_equal(v.svc_entry, BASE + WINDOW_CALL);
}

/* But not where the code is not what it was. */
static void other_code(void **state)
{
	gone = true;
	v.hw_asid = 8;
	v.code_gen++;
	call_refresh(&v);
	open_choose_lines(&v, v.root_cache[0][0].calls == v.call_gen);
	assert_int_equal(v.svc_entry, PLAIN);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { T(domains), T(roots), T(other_code) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
