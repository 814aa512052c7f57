/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From host physical addresses to pointers and back: one place, so that unit tests can run on a 64-bit build host. */
#pragma once

#include <hv/types.h>

/*
 * Umbra maps RAM one to one, so on the target both are plain casts. A unit test is built with -DHPA_HOSTED and
 * sets hpa_base to (uintptr_t)arena - <hpa of the arena's first byte>; it must also give hv_alloc() memory of that arena.
 */
#ifdef HPA_HOSTED
extern uintptr_t hpa_base;
#define HPA_BASE	hpa_base
#else
#define HPA_BASE	((uintptr_t)0)
#endif

/* Pointer to the RAM at host physical address @a. Devices: use arch_mmio_*(). */
static inline void *hpa_ptr(hpa_t a)
{
	return (void *)(HPA_BASE + a);
}

/* Host physical address of Umbra's own object at @p. */
static inline hpa_t ptr_hpa(const void *p)
{
	return (hpa_t)((uintptr_t)p - HPA_BASE);
}
