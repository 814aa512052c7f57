/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interpreter's loop and its single step: how far they go, and who has the monitor of exclusives behind them. */
/* SOURCES: arch/arm/cpu/path_interp.c arch/arm/cpu/decode.c arch/arm/cpu/decode_t32.c arch/arm/cpu/cpu_path.c tests/host/fake/arch.c tests/host/fake/log.c */
/* CFLAGS: -DCONFIG_CPU_PATH_INTERP=1 -Iarch/arm/cpu */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include <arch/cpu.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/cpu_path.h>
#include <arm/debug.h>
#include <arm/exec.h>
#include <arm/insn.h>
#include <arm/interp.h>
#include <arm/pmu.h>
#include <arm/psr.h>
#include <arm/shadow.h>
#include <arm/slot.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/layout.h>
#include <hv/sched.h>

#include "exec_int.h"
#include "fake.h"

#define CODE	0x80001000u
#define NOP	0xe1a00000u
#define LDREX	0xe1912f9fu
#define CPSID	0xf10c0080u	/* not quiet: what comes next may be another path's */

static struct vcpu v;
static struct guest guest;
static u32 homes, executed, spent;

volatile bool core_is_wanted;

enum exec_result exec_insn(struct vcpu *vc, const struct insn *in)
{
	executed++;
	vc->monitor.here |= in->op == INSN_LDREX;
	vc->r[15] += 4;
	return EXEC_NEXT;
}

exec_fn *exec_function(enum insn_op op) { return exec_insn; }

void exec_monitor_home(struct vcpu *vc)
{
	homes++;
	vc->monitor.here = false;
}

void exec_finish(struct vcpu *vc, enum exec_result r) { }
bool slot_compile(u32 code[SLOT_CODE_WORDS], const struct insn *in) { return false; }

int guest_fetch(struct vcpu *vc, gva_t va, u32 size, u32 *word, struct gfault *f)
{
	*word = size == 4 ? *(u32 *)hpa_ptr(va) : *(u16 *)hpa_ptr(va);
	return 0;
}

int guest_walk(struct vcpu *vc, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f)
{
	w->gpa = va;
	return 0;
}

bool code_page_restore(struct vcpu *vc, gpa_t gpa, u32 word) { return false; }
bool code_page_restore_t32(struct vcpu *vc, u32 word) { return false; }
void code_page_spend(struct vcpu *vc, gpa_t gpa, u32 instructions, u32 sets) { spent += instructions; }
enum coproc_result coproc_write(struct vcpu *vc, u32 enc, u32 value) { return 0; }
bool debug_at_break(struct vcpu *vc) { return vc->breaks.nr; }
bool debug_page_has_break(const struct vcpu *vc, gva_t va) { return true; }
void inject_pabt(struct vcpu *vc, const struct gfault *f) { }
u32 native_run(struct vcpu *vc) { return VEC_NONE; }
void native_svc(struct vcpu *vc) { }
void native_undef(struct vcpu *vc) { }
void pmu_interpreted(struct vcpu *vc, u32 counting, u32 n) { }
void host_irq_handle(void) { }
const char *show_text(char *out, u32 size, const char *s) { return s; }

static const struct cpu_path other = { .name = "other" };

static int setup(void **state)
{
	fake_arch_reset();
	memset(&v, 0, sizeof(v));
	memset(&guest, 0, sizeof(guest));
	v.guest = &guest;
	v.path = &other;
	v.cpsr = MODE_SVC;
	v.r[15] = CODE;
	for (u32 i = 0; i < 2 * PAGE_SIZE; i += 4)
		*(u32 *)hpa_ptr(CODE + i) = NOP;
	homes = executed = spent = 0;
	core_is_wanted = false;
	return 0;
}

/* A debugger steps over LDREX: what the processor does next must find the monitor there, not with the vCPU (A3.4.1). */
static void step_gives_the_monitor_back(void **state)
{
	*(u32 *)hpa_ptr(CODE) = LDREX;
	interp_step(&v);
	assert_int_equal(executed, 1);
	assert_int_equal(v.r[15], CODE + 4);
	assert_int_equal(homes, 1);
	assert_false(v.monitor.here);
}

/* What is interpreted anyway keeps it; but User mode runs on the processor on each path. */
static void the_interpreter_keeps_it(void **state)
{
	char why[CPU_PATH_WHY];

	v.path = cpu_path_find("interp", why, sizeof(why));
	*(u32 *)hpa_ptr(CODE) = LDREX;
	interp_step(&v);
	assert_int_equal(homes, 0);
	assert_true(v.monitor.here);
	v.cpsr = MODE_USR;
	interp_step(&v);
	assert_int_equal(homes, 1);
}

/* One instruction, breakpoint or not, and the breakpoints are there again behind it. */
static void step_is_one_instruction(void **state)
{
	v.breaks.nr = 3;
	interp_step(&v);
	assert_int_equal(executed, 1);
	assert_int_equal(v.breaks.nr, 3);
	assert_int_equal(v.exits[EXIT_INTERP], 1);
}

/* A page of another path's is interpreted to its end, or a little further, which is what it is charged with. */
static void a_page_in_one_go(void **state)
{
	*(u32 *)hpa_ptr(CODE + 0x800) = CPSID;
	interp_run(&v);
	assert_in_range(v.r[15], CODE + PAGE_SIZE, CODE + PAGE_SIZE + 63 * 4);
	assert_int_equal(executed, (v.r[15] - CODE) / 4);
	assert_int_equal(spent, executed);
	assert_int_equal(v.exits[EXIT_INTERP], executed);
	assert_int_equal(homes, 1);
	core_is_wanted = true;
	executed = 0;
	interp_run(&v);
	assert_in_range(executed, 1, 64);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { T(step_gives_the_monitor_back), T(the_interpreter_keeps_it), T(step_is_one_instruction), T(a_page_in_one_go) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
