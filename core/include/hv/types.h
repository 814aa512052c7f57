/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Basic integer and address types used everywhere in Umbra. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/*
 * The address spaces. Umbra maps RAM and devices one to one in its own
 * address space, and passed-through guests need guest-physical = host-physical,
 * so all three physical/virtual notions are plain words; the names say which
 * one a function wants. A gva_t means something only under one vCPU's tables.
 *
 * tools/check_spaces compiles everything once more with pointers to two different things for the physical ones: whatever mixes them, adds or
 * compares them is an error then; so are operations on bits, for which ALIGN_DOWN() keeps what an address is and (u32) makes a number of it.
 */
#ifdef UMBRA_CHECK_SPACES
typedef struct hpa_byte { char byte; } *hpa_t;
typedef struct gpa_byte { char byte; } *gpa_t;
#else
typedef u32 hpa_t;	/* host physical (= Umbra's own virtual) address */
typedef u32 gpa_t;	/* guest physical address */
#endif
typedef u32 gva_t;	/* guest virtual address */

/*
 * Host physical address of memory <-> pointer. Identity on the target; on the build host unit tests supply an arena.
 * An address that a guest names is looked up in its map first: guest_mem_ptr(), guest_map_find().
 */
#ifdef UMBRA_HOST_TEST
void *hpa_ptr(hpa_t a);
hpa_t ptr_hpa(const void *p);
#else
static inline void *hpa_ptr(hpa_t a) { return (void *)(uintptr_t)a; }
static inline hpa_t ptr_hpa(const void *p) { return (hpa_t)(uintptr_t)p; }
#endif

#define PAGE_SHIFT	12
#define PAGE_SIZE	4096u
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define SECTION_SHIFT	20
#define SECTION_SIZE	0x100000u
#define SECTION_MASK	(~(SECTION_SIZE - 1))

#define BIT(n)			(1u << (n))
#define FIELD(w, hi, lo)	(((u32)(w) >> (lo)) & (0xffffffffu >> (31 - (hi) + (lo))))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
/* @x is a number or an address of 32 bits, and so is what comes out; @a is a power of two. */
#define ALIGN_DOWN(x, a)	((__typeof__(x))((u32)(x) & ~((u32)(a) - 1)))
#define ALIGN_UP(x, a)		ALIGN_DOWN((x) + ((a) - 1), a)
#define MIN(a, b)		((a) < (b) ? (a) : (b))

/* Big-endian word at any alignment (device tree cells). */
static inline u32 be32_load(const void *p)
{
	const u8 *b = p;

	return ((u32)b[0] << 24) | ((u32)b[1] << 16) | ((u32)b[2] << 8) | b[3];
}

#define __must_check	__attribute__((warn_unused_result))
#define __noreturn	__attribute__((noreturn))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
/* The C library's own __section lacks `used`; its header first, so that it cannot come back after this one. */
#include <sys/cdefs.h>
#undef __section
#define __section(s)	__attribute__((section(s), used))

/* IS_ENABLED(CONFIG_X): 1 when the bool symbol is y, 0 otherwise; for use in C `if`. Variadic, because an argument may end in a comma. */
#define __UMBRA_ARG_1		0,
#define __UMBRA_SECOND(a, b, ...)	b
#define __UMBRA_IS3(...)	__UMBRA_SECOND(__VA_ARGS__ 1, 0, 0)
#define __UMBRA_IS2(x)		__UMBRA_IS3(__UMBRA_ARG_##x)
#define IS_ENABLED(x)		__UMBRA_IS2(x)
