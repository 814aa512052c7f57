/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any word in any mode, as A32 and as T32: the decoder names an operation, and executing it goes on, injects or refuses without a trace.
 * The fakes are those of the unit test.
 */
/* SOURCES: arch/arm/cpu/decode.c arch/arm/cpu/decode_t32.c arch/arm/cpu/exec.c arch/arm/cpu/exec_ldst.c arch/arm/cpu/exec_sys.c */
/* SOURCES: arch/arm/cpu/exec_core.c arch/arm/cpu/exec_vfp.c */
#define main unit_tests
#include "../host/t_exec.c"
#undef main

#include "fuzz.h"

struct input {
	u32 word, cpsr;
	u8 flags, coproc, vfp, fault;
	u32 r[15];
};

static void start(const struct input *in, bool thumb)
{
	static const u32 modes[] = { MODE_USR, MODE_FIQ, MODE_IRQ, MODE_SVC, MODE_ABT, MODE_UND, MODE_SYS };

	memcpy(v.r, in->r, sizeof(in->r));
	for (u32 i = 0; (in->flags & 1) && i < 15; i++)	/* addresses that mean something are rare by chance */
		v.r[i] = MEM + (in->r[i] & 0x3f);
	v.r[15] = PC;
	v.cpsr = (in->cpsr & ~(PSR_MODE | PSR_T)) | modes[(in->cpsr & PSR_MODE) % ARRAY_SIZE(modes)] | (thumb ? PSR_T : 0);
	fault_at = in->flags & 2 ? MEM + (in->fault & 0x3c) : 0;
	coproc_answer = in->coproc % 3;
	vfp_answer = in->vfp & 1;
	v.xlate_gen = XLATE_GEN_STEP;	/* no translation is known */
	memset(&inj, 0, sizeof(inj));
}

static void execute(const struct input *input, bool thumb, bool device)
{
	enum exec_result result;
	struct insn in;
	u32 before[16];

	start(input, thumb);
	memcpy(before, v.r, sizeof(before));
	memset(&in, 0xa5, sizeof(in));
	if (thumb)
		t32_decode(input->word >> 16, input->word & 0xffff, &in);
	else
		a32_decode(input->word, &in);
	FUZZ_CHECK(in.op < INSN_NR && (in.len == 4 || (thumb && in.len == 2)), "0x%08x: op %u, length %u", input->word, in.op, in.len);
	(void)exec_cause(&in);
	result = device ? exec_mmio(&v, &in) : exec_insn(&v, &in);
	FUZZ_CHECK(result <= EXEC_UNDEF, "0x%08x: result %d", input->word, result);
	FUZZ_CHECK(result != EXEC_NEXT || v.r[15] == before[15] + in.len, "0x%08x: pc 0x%08x", input->word, v.r[15]);
	FUZZ_CHECK(result != EXEC_UNDEF || !memcmp(v.r, before, sizeof(before)), "0x%08x is refused, but did something", input->word);
	FUZZ_CHECK(!inj.dabt || !memcmp(v.r, before, sizeof(before)), "0x%08x aborts, but did something", input->word);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { 0 };

	memcpy(&in, data, MIN(size, sizeof(in)));
	setup(NULL);
	for (u32 way = 0; way < 4; way++)
		execute(&in, way & 1, way & 2);
	return 0;
}
