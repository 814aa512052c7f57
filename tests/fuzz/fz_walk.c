/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any descriptors under any control registers: the walk grants or faults as a second reading of the rights has it, and accesses and fetches
 * on behalf of instructions stay in the guest's map. The fakes are those of the unit test.
 */
/* SOURCES: arch/arm/mmu/guest_walk.c arch/arm/mmu/guest_access.c arch/arm/mmu/attr.c core/guest_map.c core/guest_mem.c */
/* SOURCES: tests/host/fake/arch.c tests/host/fake/log.c tests/host/fake/sysreg.c */
#define main unit_tests
#include "../host/t_walk.c"
#undef main

#include "fuzz.h"

#define RAM_SIZE	0x1000000u	/* as t_walk.c gives it to the guest */

struct input {
	u32 sctlr, ttbr0, ttbr1, ttbcr, dacr, prrr, nmrr, va, l1, l2, value;
	u8 size, code;
};

static bool in_ram(u32 a)
{
	return a - RAM < RAM_SIZE;
}

static void put_tables(const struct input *in)
{
	u32 n = vcpu.cp15.ttbcr & 7;
	u32 base = n && in->va >> (32 - n) ? vcpu.cp15.ttbr1 & ~0x3fffu : vcpu.cp15.ttbr0 & ~(0x3fffu >> n);
	u32 l1 = base | in->va >> 20 << 2, l2 = (in->l1 & ~0x3ffu) | (in->va >> 10 & 0x3fc);

	if (in_ram(l1))
		poke(l1, in->l1);
	if ((in->l1 & 3) == 1 && in_ram(l2))
		poke(l2, in->l2);
}

static bool granted(gva_t va, enum shadow_access acc, bool priv)
{
	struct gfault fault = { 0 };
	struct walk walk = { 0 };
	int err = guest_walk(&vcpu, va, acc, priv, &walk, &fault);

	FUZZ_CHECK(!err || fault.far == va, "far 0x%x of 0x%x", fault.far, va);
	FUZZ_CHECK(err || (walk.domain < 16 && !((walk.gpa ^ va) & 0xfff)), "domain %u, 0x%x is 0x%x", walk.domain, va, walk.gpa);
	return !err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	struct input in = { 0 };
	struct gfault fault;
	u32 value;

	memcpy(&in, data, MIN(size, sizeof(in)));
	if (!started)
		setup(NULL);
	started = true;
	vcpu.cp15.sctlr = in.sctlr & (SCTLR_M | SCTLR_A | SCTLR_EE | SCTLR_TRE | SCTLR_AFE);
	vcpu.cp15.ttbr0 = in.ttbr0 & 1 ? RAM | (in.ttbr0 & (RAM_SIZE - 1)) : in.ttbr0;
	vcpu.cp15.ttbr1 = in.ttbr1 & 1 ? RAM | (in.ttbr1 & (RAM_SIZE - 1)) : in.ttbr1;
	vcpu.cp15.ttbcr = in.ttbcr & 0x37;
	vcpu.cp15.dacr = in.dacr;
	vcpu.cp15.prrr = in.prrr;
	vcpu.cp15.nmrr = in.nmrr;
	page_is_code = in.code & 1;
	put_tables(&in);
	for (u32 priv = 0; priv < 2; priv++) {
		bool read = granted(in.va, ACC_READ, priv), write = granted(in.va, ACC_WRITE, priv), exec = granted(in.va, ACC_EXEC, priv);

		FUZZ_CHECK(!write || read, "0x%x may be written and not read", in.va);
		FUZZ_CHECK(!exec || read, "0x%x may be executed and not read", in.va);
		FUZZ_CHECK(!(write && !priv) || granted(in.va, ACC_WRITE, true), "0x%x is writable for User mode only", in.va);
		value = in.value;
		(void)guest_access(&vcpu, in.va, ACC_READ, priv, 1u << in.size % 3, &value, &fault);
		fake_mmio_reset();
		(void)guest_access(&vcpu, in.va, ACC_WRITE, priv, 1u << in.size % 3, &value, &fault);
		put_tables(&in);	/* the store may have hit them */
	}
	xlate_forget(&vcpu);
	return 0;
}
