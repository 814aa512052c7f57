/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads, writes and fetches of guest virtual memory on behalf of emulated instructions. */
#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <arm/code_page.h>
#include <arm/xlate.h>
#include <hv/mmio.h>
#include <string.h>

#include "mmu.h"

#define FS_ALIGNMENT	0x1u
#define FS_EXTERNAL	0x8u
#define FSR_WNR		BIT(11)

static int data_fault(struct gfault *f, u32 fs, gva_t va, enum shadow_access acc)
{
	f->fsr = fs | (acc == ACC_WRITE ? FSR_WNR : 0);
	f->far = va;
	return -EFAULT;
}

static u32 load(const void *p, u32 size)
{
	switch (size) {
	case 1:
		return *(const volatile u8 *)p;
	case 2:
		return *(const volatile u16 *)p;
	default:
		return *(const volatile u32 *)p;
	}
}

static void store(void *p, u32 size, u32 val)
{
	switch (size) {
	case 1:
		*(volatile u8 *)p = (u8)val;
		break;
	case 2:
		*(volatile u16 *)p = (u16)val;
		break;
	default:
		*(volatile u32 *)p = val;
		break;
	}
}

void xlate_forget(struct vcpu *v)
{
	v->xlate_gen = (v->xlate_gen + XLATE_GEN_STEP) & XLATE_GEN;
	if (v->xlate_gen)
		return;
	memset(v->xlate, 0, sizeof(v->xlate));
	v->xlate_gen = XLATE_GEN_STEP;
}

static void xlate_note(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, gpa_t gpa)
{
	*xlate_entry(v, va, acc) = (struct xlate){ xlate_tag(v, va, acc, priv), guest_map_hpa(&v->guest->map, ALIGN_DOWN(gpa, PAGE_SIZE)) };
}

/* The guest sees this page other than Umbra does (write-back): our cached line must not live on (A3.5.7). */
static bool differs_from_host_map(struct vcpu *v, const struct walk *w)
{
	struct attr_ctl ctl = { v->cp15.sctlr & SCTLR_TRE, v->cp15.prrr, v->cp15.nmrr };
	struct mem_attr a;

	if (!(v->cp15.sctlr & SCTLR_M))
		return false;
	a = attr_decode(&ctl, ATTR_INDEX(w->tex, w->c, w->b, w->s));
	return a.kind != MEM_NORMAL || !a.inner || !a.outer || a.shareable;
}

static void load_or_store(void *p, enum shadow_access acc, u32 size, u32 *val)
{
	if (acc == ACC_WRITE)
		store(p, size, *val);
	else
		*val = load(p, size);
}

static void access_ram(struct vcpu *v, gva_t va, const struct walk *w, enum shadow_access acc, bool priv, u32 size, u32 *val)
{
	bool flush = differs_from_host_map(v, w), table = acc == ACC_WRITE && v->shadow && is_watched_table(v->shadow, w->gpa);
	hpa_t hpa = guest_map_hpa(&v->guest->map, w->gpa);

	if (acc == ACC_WRITE && code_page_is_code(v, ALIGN_DOWN(w->gpa, PAGE_SIZE), NULL)) {
		if (!table && code_page_store(v, w->gpa, size, *val))
			return;
		code_page_written(v, w->gpa);
	}
	if (flush)
		arch_dcache_flush_range(hpa, size);
	else if (!table)
		xlate_note(v, va, acc, priv, w->gpa);
	load_or_store(hpa_ptr(hpa), acc, size, val);
	if (flush && acc == ACC_WRITE)
		arch_dcache_flush_range(hpa, size);
	if (table)
		v->shadow->ops->table_written(v->shadow, w->gpa, size);
}

/* Guests have shared memory as Device memory, Umbra caches it: nothing may stay in the cache. */
static bool access_shared(struct vcpu *v, gpa_t gpa, enum shadow_access acc, u32 size, u32 *val)
{
	hpa_t hpa = guest_map_hpa(&v->guest->map, gpa);

	arch_dcache_flush_range(hpa, size);
	load_or_store(hpa_ptr(hpa), acc, size, val);
	arch_dcache_flush_range(hpa, size);
	return true;
}

/* The bus behind a device address: true when something answered. */
static bool access_device(struct vcpu *v, const struct region *r, gpa_t gpa, enum shadow_access acc, u32 size, u32 *val)
{
	struct mmio_access a = { .addr = gpa, .size = size, .is_write = acc == ACC_WRITE };

	v->device_accessed = true;
	if (r->type == REGION_SHARED)
		return access_shared(v, gpa, acc, size, val);
	if (r->type == REGION_PASSTHROUGH)
		return a.is_write ? arch_mmio_write_checked(passed_hpa(gpa), size, *val) : arch_mmio_read_checked(passed_hpa(gpa), size, val);
	a.value = a.is_write ? *val : 0;
	if (mmio_dispatch(v->guest, &a) != MMIO_DONE)
		return false;
	if (!a.is_write)
		*val = a.value;
	return true;
}

/* One access that does not cross its natural alignment. */
static int access_aligned(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, u32 size, u32 *val,
			  struct gfault *f)
{
	const struct region *r;
	struct walk w;
	void *p = xlate_find(v, va, acc, priv);

	if (p) {
		load_or_store(p, acc, size, val);
		return 0;
	}
	if (guest_walk(v, va, acc, priv, &w, f))
		return -EFAULT;
	r = guest_map_find(&v->guest->map, w.gpa);
	if (r && r->type == REGION_RAM) {
		access_ram(v, va, &w, acc, priv, size, val);
		return 0;
	}
	if (!r || r->type == REGION_NONE || !access_device(v, r, w.gpa, acc, size, val))
		return data_fault(f, FS_EXTERNAL, va, acc);
	return 0;
}

/*
 * Each page must allow the access before any byte of it is done; what fails in the second one fails at its first byte (B3.12.1: the
 * address of the access that aborted). Devices have no unaligned accesses (A3.2.1).
 */
static int check_unaligned(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, u32 size, struct gfault *f)
{
	gva_t last = (va + size - 1) & PAGE_MASK, at = va;

	for (;;) {
		const struct region *r;
		struct walk w;

		if (guest_walk(v, at, acc, priv, &w, f))
			return -EFAULT;
		r = guest_map_find(&v->guest->map, w.gpa);
		if (!r || r->type != REGION_RAM)
			return data_fault(f, FS_ALIGNMENT, va, acc);
		if ((at & PAGE_MASK) == last)
			return 0;
		at = last;
	}
}

static int access_unaligned(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, u32 size, u32 *val,
			    struct gfault *f)
{
	u32 result = 0;

	if (v->cp15.sctlr & SCTLR_A)
		return data_fault(f, FS_ALIGNMENT, va, acc);
	if (check_unaligned(v, va, acc, priv, size, f))
		return -EFAULT;
	for (u32 i = 0; i < size; i++) {
		u32 byte = *val >> (8 * i) & 0xff;

		if (access_aligned(v, va + i, acc, priv, 1, &byte, f))
			return -EFAULT;
		result |= byte << (8 * i);
	}
	*val = result;
	return 0;
}

int guest_access(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, u32 size, u32 *val, struct gfault *f)
{
	if (va & (size - 1))
		return access_unaligned(v, va, acc, priv, size, val, f);
	return access_aligned(v, va, acc, priv, size, val, f);
}

int guest_fetch(struct vcpu *v, gva_t va, u32 size, u32 *val, struct gfault *f)
{
	bool priv = vcpu_privileged(v);
	const struct region *r;
	struct walk w;
	hpa_t hpa;
	void *p = xlate_find(v, va, ACC_EXEC, priv);

	if (p) {
		*val = load(p, size);
		return 0;
	}
	if (guest_walk(v, va, ACC_EXEC, priv, &w, f))
		return -EFAULT;
	r = guest_map_find(&v->guest->map, w.gpa);
	if (!r || r->type != REGION_RAM) {	/* devices answer no instruction fetch */
		*f = (struct gfault){ .fsr = FS_EXTERNAL, .far = va };
		return -EFAULT;
	}
	hpa = guest_map_hpa(&v->guest->map, w.gpa);
	if (differs_from_host_map(v, &w))
		arch_dcache_flush_range(hpa, size);
	else
		xlate_note(v, va, ACC_EXEC, priv, w.gpa);
	*val = load(hpa_ptr(hpa), size);
	return 0;
}

/*
 * What comes from a device through Umbra's own view is in the cache already, where the guest's cacheable view finds it. The vCPU need not be
 * loaded: the TLB holds nothing of one that is not, and tables are memory.
 */
void arch_vcpu_written(struct vcpu *v, gpa_t gpa, u32 len)
{
	while (len) {
		u32 n = MIN(len, PAGE_SIZE - (u32)gpa % PAGE_SIZE);

		if (code_page_is_code(v, ALIGN_DOWN(gpa, PAGE_SIZE), NULL))
			code_page_written(v, gpa);
		if (v->shadow)
			shadow_written(v, gpa, n);
		gpa += n;
		len -= n;
	}
}
