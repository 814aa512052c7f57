/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contract: host CPU services that core and drivers use. */
#pragma once

#include <hv/types.h>

/* Where the board's RAM and Umbra's part of it are (linker script and board constants); all page aligned. */
struct host_mem {
	hpa_t ram_base;
	u32 ram_size;
	u32 ram_full;		/* what the best equipped board has; less if the boot loader set up less */
	hpa_t umbra_base;	/* start of Umbra's image; nothing below belongs to Umbra */
	hpa_t heap_base;	/* first byte behind image and bss: for alloc_init() */
	hpa_t umbra_end;	/* end of Umbra's memory */
};
const struct host_mem *arch_host_mem(void);

void arch_halt(void) __noreturn;		/* stop for good, interrupts masked */
void arch_idle(void);				/* WFI until a physical interrupt is pending; interrupts stay masked */
bool arch_irq_pending(void);			/* physical IRQ input asserted (ISR.I) */
void arch_dcache_clean_range(hpa_t a, u32 len);	/* to the point of coherency */
void arch_dcache_flush_range(hpa_t a, u32 len);	/* clean + invalidate, to the point of coherency */
void arch_icache_invalidate_all(void);		/* after code was written and cleaned; includes branch predictor */
/*
 * Device accesses. *_checked survive an external abort: return false when nothing answers
 * (used when Umbra touches passed-through hardware on the guest's behalf).
 */
u32 arch_mmio_read32(hpa_t a);
void arch_mmio_write32(hpa_t a, u32 v);
bool arch_mmio_read_checked(hpa_t a, u32 size, u32 *v);
bool arch_mmio_write_checked(hpa_t a, u32 size, u32 v);
void arch_barrier(void);			/* DSB */
