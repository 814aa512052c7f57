/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host CPU services of the contract arch/cpu.h, and the end of the road for faults of Umbra itself. */
#include <arch/cpu.h>
#include <arm/psr.h>
#include <arm/sysreg.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <hv/log.h>

bool arm_mmio_read(hpa_t a, u32 size, u32 *v);
bool arm_mmio_write(hpa_t a, u32 size, u32 v);
void arm_host_fault(u32 vec, u32 pc, u32 cpsr) __noreturn;

void arch_halt(void)
{
	for (;;)
		wfi();
}

void arch_idle(void)
{
	wfi();
}

bool arch_irq_pending(void)
{
	return read_isr() & PSR_I;
}

u32 arch_mmio_read32(hpa_t a)
{
	return *(volatile u32 *)a;
}

void arch_mmio_write32(hpa_t a, u32 v)
{
	*(volatile u32 *)a = v;
}

bool arch_mmio_read_checked(hpa_t a, u32 size, u32 *v)
{
	*v = 0;
	return arm_mmio_read(a, size, v);
}

bool arch_mmio_write_checked(hpa_t a, u32 size, u32 v)
{
	return arm_mmio_write(a, size, v);
}

void arch_barrier(void)
{
	dsb();
}

/* Called by window.S on the fault stack: Umbra itself took an exception it has no answer to. */
void arm_host_fault(u32 vec, u32 pc, u32 cpsr)
{
	hv_panic("Umbra fault: vector %u at 0x%08x, cpsr 0x%08x, DFSR 0x%x DFAR 0x%08x, IFSR 0x%x IFAR 0x%08x\n",
		 (unsigned)vec, (unsigned)pc, (unsigned)cpsr, (unsigned)read_dfsr(), (unsigned)read_dfar(),
		 (unsigned)read_ifsr(), (unsigned)read_ifar());
}
