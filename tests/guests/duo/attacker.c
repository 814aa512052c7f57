// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that attacks the one beside it through whatever both share: processor, memory, Umbra's emulated devices. Typed characters choose an
 * attack (see the table at the end), which says how often it was done; those in capitals never end. The devices are those of the layout in
 * tests/system/test_hostile.py.
 */
#include "guest.h"

#define VIRT_BASE	0x10000000u	/* a megabyte of virtual devices */
#define POWER		0x10010000u
#define UART_LSR	(UART_BASE + 0x14)
#define LSR_DR		0x01u
#define SOFT_LINES	96u
#define NUM		16u		/* of each queue */
#define RINGS		(TEST_RAM + 0x00100000)
#define DESC(q)		(RINGS + 0x1000 * (q))
#define AVAIL(q)	(RINGS + 0x1000 * (q) + 0x400)
#define USED(q)		(RINGS + 0x1000 * (q) + 0x800)
#define TABLE		(RINGS + 0x8000)

static const u32 virtio[] = { 0x10050000, 0x10051000, 0x10052000 };
static const u32 pages[] = {
	0x10020000, 0x10021000, 0x10050000, 0x10051000, 0x10052000, INTC_BASE, UART_BASE, 0x10040000, 0x10060000,
};

static u32 state = 0x2545f491;
static volatile u32 taken;

static u32 any(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Functions of their own: what a fault leaves, the loops around it must not depend on. */
static __attribute__((noinline)) void try_read(u32 at)
{
	(void)TRY((void)*(volatile u32 *)at);
}

static __attribute__((noinline)) void try_write(u32 at, u32 v)
{
	(void)TRY(*(volatile u32 *)at = v);
}

static __attribute__((noinline)) void try_faults(void)
{
	(void)TRY(asm volatile("udf #0"));
	(void)TRY(((void (*)(void))0xd0000000)());
	(void)TRY(MCR(0, c15, c9, 7, 0));
}

/* -- interrupts -- */

/* The line stays up, so the next one comes with the return. */
static void storm_handler(void)
{
	if (++taken % 64 == 0)
		for (u32 line = 0; line < SOFT_LINES; line++)
			intc_soft_clear(line);
	intc_ack();
}

static void storm(u32 times)
{
	irq_handler = storm_handler;
	exc_hook[VEC_IRQ] = irq_entry;
	for (u32 i = 0; i < times; i++) {
		for (u32 line = 0; line < SOFT_LINES; line++) {
			intc_unmask(line);
			intc_soft_set(line);
		}
		irq_enable();
		irq_disable();
	}
	exc_hook[VEC_IRQ] = hook_6;
	intc_init();
}

/* -- memory -- */

/* Every megabyte that there is for it to name, with the MMU off and on: what is nobody's aborts. */
static void touch(u32 times)
{
	for (u32 i = 0; i < times; i++)
		for (u32 mib = 0; mib < 4096; mib++) {
			u32 at = mib << 20 | (any() & 0xffffc);

			if (mib >= RAM_BASE >> 20 && mib < (RAM_BASE >> 20) + 32)
				continue;	/* itself */
			if (mib >= DEV_BASE >> 20 && mib < (DEV_BASE >> 20) + DEV_SECTIONS)
				continue;
			try_read(at);
			try_write(at, mib);
		}
}

static void touch_physical(u32 times)
{
	mmu_off();
	touch(times);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
}

/* Tables that name all of the host's memory, at addresses of the guest's. */
static void map_all(u32 times)
{
	for (u32 i = 0; i < times; i++)
		for (u32 mib = 0; mib < 4096; mib++) {
			u32 va = 0xc0000000 | (any() & 0x0ff00000);

			pt_section(l1_main, va, mib << 20 | S_RAM);
			tlb_mva(va);
			try_read(va + 0x48c);
			if (mib < RAM_BASE >> 20 || mib >= RAM_TEST_END >> 20)
				try_write(va + 0x48c, mib);
			pte_write(&l1_main[va >> 20], 0);
			tlb_mva(va);
		}
}

/* -- rings -- */

static void drive(u32 base)
{
	write32(base + 0x070, 0);
	write32(base + 0x070, 3);
	write32(base + 0x024, 0);
	write32(base + 0x020, any() & 0x30000000);
	write32(base + 0x024, 1);
	write32(base + 0x020, 1);
	write32(base + 0x070, 0xb);
	for (u32 q = 0; q < 2; q++) {
		write32(base + 0x030, q);
		write32(base + 0x038, NUM);
		write32(base + 0x080, DESC(q));
		write32(base + 0x090, AVAIL(q));
		write32(base + 0x0a0, USED(q));
		write32(base + 0x044, 1);
	}
	write32(base + 0x070, 0xf);
}

static u32 any_address(void)
{
	switch (any() % 4) {
	case 0:
		return TEST_RAM + 0x00200000 + (any() & 0xfffff);
	case 1:		/* rings and tables themselves */
		return RINGS + (any() & 0xffff);
	case 2:		/* the end of its memory, where the other one's may begin */
		return RAM_TEST_END - (any() & 0x1fff);
	default:
		return any();
	}
}

/* Descriptors that are mostly possible: a wholly random one breaks the device at once. */
static void wild_table(u32 at)
{
	for (u32 i = 0; i < NUM; i++) {
		u32 d = at + 16 * i;

		write32(d, any_address());
		write32(d + 4, any() % 32 ? 0 : any());
		write32(d + 8, any() % 8 ? any() % 0x4000 : any());
		write32(d + 12, (any() & (any() % 16 ? 3 : 7)) | (any() % 32 ? any() % NUM : any()) << 16);
	}
}

static void wild_rings(u32 times)
{
	for (u32 i = 0; i < times; i++) {
		u32 base = virtio[i % ARRAY_SIZE(virtio)];

		drive(base);
		wild_table(TABLE);
		for (u32 q = 0; q < 2; q++) {
			wild_table(DESC(q));
			for (u32 n = 0; n < NUM / 2; n++)
				write32(AVAIL(q) + 4 + 4 * n, any() & 0x000f000f);
			for (u32 n = 1; n <= 8; n++) {
				write32(AVAIL(q), (any() % 16 ? n * (any() % 3) : any()) << 16);
				write32(base + 0x050, q);
			}
		}
	}
}

static void doorbells(u32 times)
{
	for (u32 i = 0; i < ARRAY_SIZE(virtio); i++)
		drive(virtio[i]);
	for (u32 i = 0; i < times; i++)
		write32(virtio[i % ARRAY_SIZE(virtio)] + 0x050, any() % 16 ? any() % 2 : any());
}

/* Reads of the whole disk, many at once and without end. */
static void long_requests(u32 times)
{
	u32 disk = virtio[1];

	(void)times;
	drive(disk);
	write32(TABLE, 0);
	write32(TABLE + 8, 0);
	write32(TABLE + 12, 0);
	for (u32 i = 0; i < 10; i++) {
		u32 d = DESC(0) + 16 * i, edge = i == 0 || i == 9;

		write32(d, edge ? TABLE + 32 * i : TEST_RAM + 0x00200000);
		write32(d + 4, 0);
		write32(d + 8, i == 0 ? 16 : i == 9 ? 1 : 0x80000);
		write32(d + 12, (i < 9 ? 1 : 0) | (i > 0 ? 2 : 0) | (i + 1) << 16);
	}
	for (u32 i = 0; i < NUM; i += 2)
		write32(AVAIL(0) + 4 + 2 * i, 0);
	write32(USED(0), 0);
	for (;;) {
		write32(AVAIL(0), ((read32(USED(0)) >> 16) + NUM / 2) << 16);
		write32(disk + 0x050, 0);
	}
}

/* -- devices -- */

static __attribute__((noinline)) void one_access(u32 at, u32 how)
{
	u32 v = any();

	switch (how % 6) {
	case 0:
		(void)TRY((void)*(volatile u32 *)(at & ~3u));
		break;
	case 1:
		(void)TRY((void)*(volatile unsigned short *)(at & ~1u));
		break;
	case 2:
		(void)TRY((void)*(volatile u8 *)at);
		break;
	case 3:
		(void)TRY(*(volatile u32 *)(at & ~3u) = v);
		break;
	case 4:
		(void)TRY(*(volatile unsigned short *)(at & ~1u) = (unsigned short)v);
		break;
	default:
		(void)TRY(*(volatile u8 *)at = (u8)v);
		break;
	}
}

/* Its console is one of them: what comes out of it meanwhile is noise. */
static void random_accesses(u32 times)
{
	for (u32 i = 0; i < times; i++)
		one_access(pages[any() % ARRAY_SIZE(pages)] + (any() % 4 ? any() & 0x1ff : any() & 0xfff), any());
	intc_init();
	uart_init();
}

/* -- faults -- */

static void faults(u32 times)
{
	for (u32 i = 0; i < times; i++) {
		try_faults();
		try_read(0xd0000000);
	}
}

/* Vectors where nothing is: each fault has another one behind it. */
static void endless_faults(u32 times)
{
	(void)times;
	MCR(0, c12, c0, 0, 0xd0000000);
	isb();
	asm volatile("udf #0");
}

static void masked(u32 times)
{
	(void)times;
	asm volatile("cpsid aif\n1:	b 1b");
}

static void reset(u32 times)
{
	(void)times;
	write32(POWER, 0x7777);
	for (;;)
		;
}

static const struct {
	char letter;
	const char *name;
	void (*fn)(u32 times);
	u32 times;
} attacks[] = {
	{ 'i', "interrupts", storm, 300 },
	{ 't', "memory", touch, 1 },
	{ 'p', "physical memory", touch_physical, 1 },
	{ 'a', "tables of all memory", map_all, 1 },
	{ 'v', "rings", wild_rings, 300 },
	{ 'b', "doorbells", doorbells, 20000 },
	{ 'd', "device accesses", random_accesses, 20000 },
	{ 'D', "device accesses", random_accesses, 1000000 },
	{ 'f', "faults", faults, 3000 },
	{ 'L', "long requests", long_requests, 0 },
	{ 'F', "faults without end", endless_faults, 0 },
	{ 'M', "everything masked", masked, 0 },
	{ 'R', "reset", reset, 0 },
};

static u32 typed(void)
{
	while (!(read32(UART_LSR) & LSR_DR))
		;
	return read32(UART_BASE);
}

void guest_main(void)
{
	pt_flat(l1_main);
	pt_section(l1_main, VIRT_BASE, VIRT_BASE | S_DEVICE);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	intc_init();
	print("READY\n");
	for (;;) {
		u32 c = typed();

		for (u32 i = 0; i < ARRAY_SIZE(attacks); i++)
			if ((u32)attacks[i].letter == c) {
				print("%s begins\n", attacks[i].name);
				attacks[i].fn(attacks[i].times);
				print("%s: %u times\n", attacks[i].name, attacks[i].times);
			}
	}
}
