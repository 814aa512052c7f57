/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fake of the host CPU contract (arch/cpu.h): RAM is an arena, device registers are a table. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <arch/cpu.h>

#include "fake.h"

#define MMIO_MAX 256

u32 fake_dcache_cleaned, fake_dcache_flushed, fake_icache_invalidated;

void (*fake_clean_hook)(hpa_t a, u32 len);

static u8 *ram, *sram;
static struct { hpa_t addr; u32 value; } mmio[MMIO_MAX];
static u32 mmio_nr;

static const struct host_mem mem = {
	.ram_base = FAKE_RAM_BASE,
	.ram_size = FAKE_RAM_SIZE,
	.ram_full = 2 * FAKE_RAM_SIZE,
	.umbra_base = FAKE_UMBRA_BASE,
	.heap_base = FAKE_UMBRA_BASE + 0x100000,
	.umbra_end = FAKE_UMBRA_BASE + 0x1000000,
};

const struct host_mem *arch_host_mem(void)
{
	return &mem;
}

hpa_t fake_sram_base = FAKE_SRAM_BASE;

static void *arena_map(u32 size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void fake_arch_reset(void)
{
	if (ram)
		munmap(ram, FAKE_RAM_SIZE);
	if (sram)
		munmap(sram, FAKE_SRAM_SIZE);
	ram = arena_map(FAKE_RAM_SIZE);
	sram = arena_map(FAKE_SRAM_SIZE);
	mmio_nr = 0;
	fake_dcache_cleaned = fake_dcache_flushed = fake_icache_invalidated = 0;
}

void *hpa_ptr(hpa_t a)
{
	if (!ram)
		fake_arch_reset();
	if (a >= FAKE_RAM_BASE && a - FAKE_RAM_BASE < FAKE_RAM_SIZE)
		return ram + (a - FAKE_RAM_BASE);
	if (a - fake_sram_base < FAKE_SRAM_SIZE)
		return sram + (a - fake_sram_base);
	fprintf(stderr, "hpa_ptr(0x%08x): no such memory\n", a);
	abort();
}

hpa_t ptr_hpa(const void *p)
{
	const u8 *q = p;

	if (!ram)
		fake_arch_reset();
	if (q >= ram && q < ram + FAKE_RAM_SIZE)
		return FAKE_RAM_BASE + (u32)(q - ram);
	if (q >= sram && q < sram + FAKE_SRAM_SIZE)
		return fake_sram_base + (u32)(q - sram);
	fprintf(stderr, "ptr_hpa: pointer outside the arena\n");
	abort();
}

hpa_t fake_hpa(const void *p)
{
	return ptr_hpa(p);
}

void fake_mmio_add(hpa_t addr, u32 value)
{
	if (mmio_nr == MMIO_MAX)
		abort();
	mmio[mmio_nr].addr = addr;
	mmio[mmio_nr++].value = value;
}

void fake_mmio_reset(void)
{
	mmio_nr = 0;
}

static u32 *mmio_find(hpa_t a)
{
	for (u32 i = 0; i < mmio_nr; i++)
		if (mmio[i].addr == a)
			return &mmio[i].value;
	return NULL;
}

u32 fake_mmio_get(hpa_t addr)
{
	u32 *p = mmio_find(addr);

	if (!p)
		abort();
	return *p;
}

u32 arch_mmio_read32(hpa_t a)
{
	return fake_mmio_get(a);
}

void arch_mmio_write32(hpa_t a, u32 v)
{
	u32 *p = mmio_find(a);

	if (!p)
		abort();
	*p = v;
}

bool arch_mmio_read_checked(hpa_t a, u32 size, u32 *v)
{
	u32 *p = mmio_find(a);

	if (!p)
		return false;
	*v = size == 4 ? *p : *p & ((1u << (size * 8)) - 1);
	return true;
}

bool arch_mmio_write_checked(hpa_t a, u32 size, u32 v)
{
	u32 *p = mmio_find(a);

	if (!p)
		return false;
	*p = size == 4 ? v : v & ((1u << (size * 8)) - 1);
	return true;
}

void arch_halt(void) { abort(); }
void arch_idle(void) { }
bool arch_irq_pending(void) { return false; }
void arch_barrier(void) { }
void arch_dcache_clean_range(hpa_t a, u32 len)
{
	fake_dcache_cleaned += len;
	if (fake_clean_hook)
		fake_clean_hook(a, len);
}

void arch_dcache_flush_range(hpa_t a, u32 len)
{
	fake_dcache_flushed += len;
	if (fake_clean_hook)
		fake_clean_hook(a, len);
}

void arch_icache_invalidate_all(void) { fake_icache_invalidated++; }
