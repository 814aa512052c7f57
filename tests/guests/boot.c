// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: the state at entry (Linux boot protocol), and that the test library itself works. */
#include "guest.h"

static u32 data_word = 0x12345678;
static u32 bss_words[256];

static void check_entry(void)
{
	check("boot: SVC mode", MODE_SVC, boot_state.cpsr & PSR_MODE);
	check("boot: ARM state", 0, boot_state.cpsr & PSR_T);
	check("boot: IRQ masked", PSR_I, boot_state.cpsr & PSR_I);
	check("boot: FIQ masked", PSR_F, boot_state.cpsr & PSR_F);
	check("boot: MMU off", 0, boot_state.sctlr & SCTLR_M);
	check("boot: data cache off", 0, boot_state.sctlr & SCTLR_C);
	check("boot: r0 is 0", 0, boot_state.r0);
}

static void check_library(void)
{
	u32 sum = 0;

	check("lib: data", 0x12345678, data_word);
	for (u32 i = 0; i < ARRAY_SIZE(bss_words); i++)
		sum |= bss_words[i];
	check("lib: bss is zero", 0, sum);
	check("lib: no exception", VEC_NONE, TRY(data_word = 1));
	check("lib: undefined caught", VEC_UND, TRY(asm volatile("udf #0")));
	check("lib: mode back", MODE_SVC, cpsr_read() & PSR_MODE);
	check("lib: svc caught", VEC_SVC, TRY(asm volatile("svc #5" : : : "lr")));
	check("lib: breakpoint caught", VEC_PABT, TRY(asm volatile("bkpt #1")));
}

void guest_main(void)
{
	check_entry();
	check_library();
	pt_flat(l1_main);
	mmu_on(l1_main, DACR_CLIENT(0));
	check("lib: MMU on", SCTLR_M, sctlr_read() & SCTLR_M);
	check("lib: fault on hole", VEC_DABT, TRY((void)read32(0x20000000)));
	check("lib: translation fault", FS_TRANS_SECT, DFSR_FS(exc_frame.dfsr));
	check("lib: fault address", 0x20000000, exc_frame.dfar);
	mmu_off();
	check("lib: MMU off", 0, sctlr_read() & SCTLR_M);
	check("lib: data after MMU", 1, data_word);
}
