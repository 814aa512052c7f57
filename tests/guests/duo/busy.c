// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that works for ever, beside another one that does the same: everything that is switched between guests holds values of its
 * own, which are compared in each round, and so does memory at the addresses where Umbra has its windows. A test gives each image another
 * word in `identity`. Typed characters: `s` sleeps until the next one, `r` says how many rounds there were.
 */
#include "guest.h"

#define UART_IER	(UART_BASE + 0x04)
#define UART_LSR	(UART_BASE + 0x14)
#define LSR_DR		0x01u
#define UART_IRQ	74
#define CPACR_FULL	(0xfu << 20)
#define FPEXC_EN	(1u << 30)
#define WORK_WORDS	256u
#define LOOK_EVERY	64u		/* rounds between two looks at the UART */
#define SAY_EVERY	32768u
#define S_KERNEL	(S_SECT | S_WB | S_AP(0, 1))

void vfp_load_all(const u64 *d);
void vfp_store_all(u64 *d);
void vfp_fpexc_write(u32 v);

/* Patched by tests: 8 characters. */
const volatile char identity[9] = "IDENTITY";

static u64 d[32], seen[32];
static u32 seed, work[WORK_WORDS];
/* Where windows are as a rule: Umbra has to go elsewhere there, in each guest. */
static const u32 window_slots[] = { 0xbfe00000, 0xbff00000, 0xfff00000, 0xbfd00000 };

static u32 mix(u32 x)
{
	x ^= x << 13;
	x ^= x >> 17;
	return x ^ x << 5;
}

static void set_up(void)
{
	seed = 1;
	for (u32 i = 0; i < 8; i++)
		seed = mix(seed * 31 + (u32)(u8)identity[i]);
	pt_flat(l1_main);
	/* Not for User mode: code that may be common to both, and looks as if it might be T32, is interpreted. */
	pt_section(l1_main, RAM_BASE, RAM_BASE | S_KERNEL);
	for (u32 i = 0; i < ARRAY_SIZE(window_slots); i++)
		pt_section(l1_main, window_slots[i], (TEST_RAM + i * 0x100000) | S_RAM);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	for (u32 i = 0; i < ARRAY_SIZE(window_slots); i++)
		write32(window_slots[i] + 0x5000, seed + i);
	MCR(0, c1, c0, 2, CPACR_FULL);
	isb();
	vfp_fpexc_write(FPEXC_EN);
	for (u32 i = 0; i < 32; i++)
		d[i] = (u64)mix(seed + i) << 32 | i;
	vfp_load_all(d);
	MCR(0, c13, c0, 2, seed + 2);
	MCR(0, c13, c0, 3, seed + 3);
	MCR(0, c13, c0, 4, seed + 4);
	if (seed & 1)
		sctlr_write(sctlr_read() | SCTLR_A);
	for (u32 i = 0; i < WORK_WORDS; i++)
		work[i] = mix(seed ^ i);
}

static void expect(const char *what, u32 want, u32 got)
{
	if (want != got)
		print("%s BAD %s: %x is %x\n", (const char *)identity, what, want, got);
}

/* One with alignment checking faults, one without does not. */
static void check_alignment(void)
{
	static u32 two[2];
	u32 vector = TRY(asm volatile("ldr r3, [%0, #1]" : : "r"(two) : "r3", "memory"));

	expect("alignment", seed & 1 ? VEC_DABT : VEC_NONE, vector);
}

static void check_state(void)
{
	expect("TPIDRURW", seed + 2, MRC(0, c13, c0, 2));
	expect("TPIDRURO", seed + 3, MRC(0, c13, c0, 3));
	expect("TPIDRPRW", seed + 4, MRC(0, c13, c0, 4));
	vfp_store_all(seen);
	for (u32 i = 0; i < 32; i++)
		expect("VFP", (u32)(d[i] >> 32), (u32)(seen[i] >> 32));
	for (u32 i = 0; i < ARRAY_SIZE(window_slots); i++)
		expect("memory", seed + i, read32(window_slots[i] + 0x5000));
	check_alignment();
}

/* About 3,000 instructions, and the same result each time. */
static u32 do_work(void)
{
	u32 sum = 0;

	for (u32 i = 0; i < WORK_WORDS; i++)
		sum = mix(sum + work[i]);
	return sum;
}

static u32 typed(void)
{
	return read32(UART_LSR) & LSR_DR ? read32(UART_BASE) : 0;
}

/* WFI wakes up for what is pending, masked or not. */
static void sleep_until_typed(void)
{
	print("%s sleeps\n", (const char *)identity);
	write32(UART_IER, 1);
	intc_unmask(UART_IRQ);
	while (!(read32(UART_LSR) & LSR_DR))
		asm volatile("dsb\n\twfi" : : : "memory");
	intc_mask(UART_IRQ);
	write32(UART_IER, 0);
	print("%s is awake\n", (const char *)identity);
}

void guest_main(void)
{
	u32 first;

	set_up();
	intc_init();
	first = do_work();
	print("%s begins\n", (const char *)identity);
	for (u32 round = 1;; round++) {
		u32 c;

		expect("work", first, do_work());
		if (round % LOOK_EVERY)
			continue;
		check_state();
		c = typed();
		if (c == 's')
			sleep_until_typed();
		if (c == 'r' || !(round % SAY_EVERY))
			print("%s %u rounds\n", (const char *)identity, round);
	}
}
