/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit test: what the monitor shows of callers, with nothing but a stack to go by. */
/* SOURCES: arch/arm/debug_view.c arch/arm/vcpu.c core/layout_msg.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <arch/debug.h>
#include <arm/coproc.h>
#include <arm/shadow.h>
#include <arm/switch.h>
#include <arm/vcpu.h>
#include <hv/guest.h>
#include <hv/guest_peek.h>
#include <hv/monitor.h>

#define BL	0xeb000000u

const struct coproc_row cp15_rows[1];
const u32 cp15_nr_rows;
struct vcpu *vcpu_loaded;

static struct guest guest;
static struct vcpu vcpu;
static u32 memory[1024];	/* at every 4 KiB of the address space */
static u32 peeks;
static char text[4096];

void vcpu_switch(struct vcpu *v) { }
enum coproc_result coproc_read(struct vcpu *v, u32 enc, u32 *value) { return COPROC_UNDEF; }
void coproc_mode_changed(struct vcpu *v) { }
void shadow_show(struct vcpu *v, gva_t va) { }

int guest_walk(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f)
{
	w->gpa = va % PAGE_SIZE;
	return 0;
}

const struct region *guest_map_find(const struct guest_map *m, gpa_t gpa) { return &m->r[0]; }
int guest_map_add(struct guest_map *m, const struct region *r, const char **clash) { return -EINVAL; }

void *guest_peek_virt(struct guest *g, gva_t va, u32 len, u32 *n)
{
	if (++peeks > 5000)
		fail_msg("it does not end");
	*n = len;
	return (u8 *)memory + va % PAGE_SIZE;
}

void mon_printf(const char *fmt, ...)
{
	size_t n = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
}

static int setup(void **state)
{
	memset(&vcpu, 0, sizeof(vcpu));
	memset(memory, 0, sizeof(memory));
	guest.map.r[0].type = REGION_RAM;
	vcpu.guest = &guest;
	vcpu.cpsr = MODE_SVC;
	vcpu.r[11] = 2;		/* no frame */
	peeks = 0;
	text[0] = '\0';
	return 0;
}

/* The last stack of the address space ends, as all others do. */
static void test_last_stack(void **state)
{
	vcpu.r[13] = 0xfffff000;
	arch_debug_backtrace(&vcpu);
	assert_in_range(peeks, 1024, 1024 + 8);
}

static void test_words_on_the_stack(void **state)
{
	memory[0x40] = BL;
	memory[0x10] = memory[0x3ff] = 0x8104;
	vcpu.r[13] = 0x7000;	/* in the middle of one */
	arch_debug_backtrace(&vcpu);
	assert_non_null(strstr(text, "00008104  on the stack at 00007040,"));
	assert_non_null(strstr(text, "00008104  on the stack at 00007ffc,"));
	assert_null(strstr(text, "on the stack at 00008040"));
}

/* In any mode, also in none: no vCPU is in that, but nothing of Umbra depends on it. */
static void test_modes(void **state)
{
	for (u32 mode = 0; mode <= PSR_MODE; mode++) {
		setup(state);
		vcpu.cpsr = mode;
		vcpu.bank_spsr[BANK_IRQ] = MODE_SVC;
		arch_debug_backtrace(&vcpu);
		assert_int_equal(!!strstr(text, "where mode svc was interrupted"), mode == MODE_IRQ);
		assert_int_equal(!!strstr(text, "was interrupted"), mode == MODE_FIQ || mode == MODE_IRQ || mode == MODE_ABT || mode == MODE_UND);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_last_stack, setup),
		cmocka_unit_test_setup(test_words_on_the_stack, setup),
		cmocka_unit_test_setup(test_modes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
