/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the first C instruction to core: Umbra's own translation table, MMU and caches on. */
#include <arch/cpu.h>
#include <arm/coproc.h>
#include <arm/pmu.h>
#include <arm/sysreg.h>
#include <arm/window.h>
#include <autoconf.h>
#include <hv/log.h>
#include <hv/types.h>

void arm_boot(u32 machid, const void *layout) __noreturn;
void hv_main(u32 machid, const void *layout) __noreturn;

extern char __image_start[], __text_end[], __code_made_start[], __code_made_end[];

static u32 host_l1[4096] __attribute__((aligned(16384)));

#define TEECR_XED	1u

/* Short-descriptor section bits for Umbra's own mappings (B3.5.1; TRE = 0, AFE = 0). Domain 0, not global. */
#define SECT		2u
#define SECT_XN		BIT(4)
#define SECT_NG		BIT(17)
#define SECT_AP_RW	(1u << 10)			/* PL1 RW, PL0 none */
#define SECT_NORMAL	((1u << 12) | BIT(3) | BIT(2))	/* TEX 001 C 1 B 1: write-back write-allocate */
#define SECT_DEVICE	(2u << 12)			/* TEX 010 C 0 B 0: Device, not shareable (mmu/attr.c) */

/* What Umbra maps one to one beside its RAM. */
static const struct host_range {
	u32 base, size, attr;
} host_ranges[] = {
	{ 0x40200000, 0x00100000, SECT_NORMAL | SECT_AP_RW | SECT_XN },	/* SRAM; not the ROM below, nor the nothing */
	{ 0x48000000, 0x02000000, SECT_DEVICE | SECT_AP_RW | SECT_XN },	/* L4 */
	{ 0x50000000, 0x04000000, SECT_DEVICE | SECT_AP_RW | SECT_XN },	/* SGX */
	{ 0x54000000, 0x00800000, SECT_DEVICE | SECT_AP_RW | SECT_XN },	/* L4-Emu */
	{ 0x5c000000, 0x02000000, SECT_DEVICE | SECT_AP_RW | SECT_XN },	/* IVA2 */
	{ 0x68000000, 0x01000000, SECT_DEVICE | SECT_AP_RW | SECT_XN },	/* L3 */
	{ 0x6c000000, 0x03000000, SECT_DEVICE | SECT_AP_RW | SECT_XN },	/* SMS, SDRC, GPMC */
};

u32 arm_host_l1(void)
{
	return (u32)host_l1;
}

static void host_map(u32 base, u32 size, u32 attr)
{
	for (u32 a = base; a - base < size; a += SECTION_SIZE)
		host_l1[a >> SECTION_SHIFT] = a | attr | SECT | SECT_NG;
}

static void host_map_code(const char *start, const char *end)
{
	u32 base = (u32)start & SECTION_MASK;

	host_map(base, ALIGN_UP((u32)end, SECTION_SIZE) - base, SECT_NORMAL | SECT_AP_RW);
}

/*
 * Build the table with the MMU off (stores go straight to memory). Umbra's image shares its sections with its data, so
 * they are executable and writable, and so is the memory of slots; nothing else is executable.
 */
static void host_map_init(void)
{
	const struct host_mem *mem = arch_host_mem();

	for (u32 i = 0; i < ARRAY_SIZE(host_ranges); i++)
		host_map(host_ranges[i].base, host_ranges[i].size, host_ranges[i].attr);
	host_map(mem->ram_base, mem->ram_size, SECT_NORMAL | SECT_AP_RW | SECT_XN);
	host_map_code(__image_start, __text_end);
	host_map_code(__code_made_start, __code_made_end);
}

static void host_mmu_on(void)
{
	write_ttbcr(0);
	isb();
	write_ttbr0((u32)host_l1);	/* walks not cacheable, so that tables need only be clean to the point of coherency */
	write_contextidr(HOST_ASID_UMBRA);
	write_dacr(1);			/* domain 0 client, all others no access */
	write_tlbiall(0);
	write_iciallu(0);
	write_bpiall(0);
	dsb();
	isb();
	write_sctlr(read_sctlr() | SCTLR_M | SCTLR_C | SCTLR_I | SCTLR_Z);
	isb();
}

void arm_boot(u32 machid, const void *layout)
{
	host_map_init();
	dsb();
	host_mmu_on();
	pmu_init();
	/* Guest code in User mode must not reach TEEHBR of the hidden ThumbEE. */
	if (read_id_pfr0() & ID_PFR0_THUMBEE)
		asm volatile("mcr p14, 6, %0, c0, c0, 0" : : "r"(TEECR_XED));
	hv_main(machid, layout);
}
