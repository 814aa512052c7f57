/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vCPU's own operations: banks, and which state an exception return may come back to. */
/* SOURCES: arch/arm/vcpu.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arm/coproc.h>
#include <arm/vcpu.h>

static struct vcpu v;

void coproc_mode_changed(struct vcpu *vc) { }

static int setup(void **state)
{
	memset(&v, 0, sizeof(v));
	v.cpsr = MODE_SVC;
	return 0;
}

/*
 * ThumbEE state (J and T) is come back to in User mode where the core has it; there and elsewhere no other state has J, nor ARM state IT
 * bits, which a core may take for anything (B1.8.10).
 */
static void states_of_returns(void **state)
{
	static const struct { bool thumbee; u32 psr, cpsr, pc; } t[] = {
		{ true, MODE_USR | PSR_J | PSR_T, MODE_USR | PSR_J | PSR_T, 0x8002 },
		{ false, MODE_USR | PSR_J | PSR_T, MODE_USR | PSR_T, 0x8002 },
		{ true, MODE_SVC | PSR_J | PSR_T, MODE_SVC | PSR_T, 0x8002 },
		{ true, MODE_SYS | PSR_J | PSR_T, MODE_SYS | PSR_T, 0x8002 },
		{ true, MODE_USR | PSR_J, MODE_USR, 0x8000 },
		{ false, MODE_USR | PSR_J, MODE_USR, 0x8000 },
		{ true, MODE_USR | PSR_T | PSR_IT, MODE_USR | PSR_T | PSR_IT, 0x8002 },
		{ true, MODE_USR | PSR_J | PSR_T | PSR_IT, MODE_USR | PSR_J | PSR_T | PSR_IT, 0x8002 },
		{ true, MODE_USR | PSR_IT, MODE_USR, 0x8000 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		setup(state);
		v.thumbee = t[i].thumbee;
		vcpu_exception_return(&v, 0x8003, t[i].psr);
		if (v.cpsr != t[i].cpsr || v.r[15] != t[i].pc)
			fail_msg("row %u: cpsr 0x%08x, pc 0x%08x", i, v.cpsr, v.r[15]);
	}
}

/* Each mode has its sp and lr, and FIQ mode r8 to r12; User and System mode share theirs. */
static void banks(void **state)
{
	static const u32 modes[] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC, MODE_ABT, MODE_UND };

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		vcpu_write_cpsr(&v, modes[i], PSR_MODE);
		v.r[13] = 0x1300 + i;
		v.r[14] = 0x1400 + i;
		if (modes[i] == MODE_FIQ || modes[i] == MODE_USR)
			v.r[8] = 0x800 + i;
	}
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++) {
		vcpu_write_cpsr(&v, modes[i] == MODE_USR ? MODE_SYS : modes[i], PSR_MODE);
		assert_int_equal(v.r[13], 0x1300 + i);
		assert_int_equal(v.r[14], 0x1400 + i);
		assert_int_equal(v.r[8], modes[i] == MODE_FIQ ? 0x801 : 0x800);
		assert_int_equal(vcpu_user_reg_get(&v, 13), 0x1300);
		assert_int_equal(vcpu_user_reg_get(&v, 8), 0x800);
		assert_int_equal(vcpu_mode_sp_get(&v, MODE_ABT), 0x1304);
	}
	vcpu_write_cpsr(&v, 0x1d, PSR_MODE);		/* is none */
	assert_int_equal(vcpu_mode(&v), MODE_UND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(states_of_returns, setup),
		cmocka_unit_test_setup(banks, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
