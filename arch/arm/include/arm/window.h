/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout of the window and of the vCPU page as window.S sees them; usable from assembly. */
#pragma once

/* Offsets in the window's 1 MiB slot. */
#define WINDOW_TEXT	0x0000	/* vectors, entry/exit code, fast paths: privileged read-only, executable */
#define WINDOW_TEXT_MAX	0x4000
#define WINDOW_VCPU	0x4000	/* first page of struct vcpu: privileged read-write */
#define WINDOW_STACK	0x5000	/* stack of the in-window fast paths */
#define WINDOW_STACK_SIZE	0x2000
#define WINDOW_SITES	0x7000	/* cache of emulated sites for the fast paths: privileged read-write */
#define WINDOW_SITES_SIZE	0x2000

/* Host ASIDs: 0 is never used (so that a half-done switch caches nothing), 1 is Umbra itself. */
#define HOST_ASID_UMBRA	1
#define HOST_ASID_FIRST	2
#define HOST_ASID_LAST	255

/* Offsets in struct vcpu; vcpu.c asserts each of them. */
#define VCPU_R		0
#define VCPU_PC		60
#define VCPU_CPSR	64
#define VCPU_HW_DACR	68
#define VCPU_HW_TTBR0	80
#define VCPU_HW_ASID	84
#define VCPU_HOST_TTBR0	88
#define VCPU_TRAMP_TTBR0 92
#define VCPU_EXIT_DFSR	96
#define VCPU_EXIT_DFAR	100
#define VCPU_EXIT_IFSR	104
#define VCPU_EXIT_IFAR	108
#define VCPU_IRQ_IN	112
#define VCPU_HOST_SP	116
#define VCPU_HOST_RETURN 120
#define VCPU_EXIT_INSN	124
#define VCPU_EXIT_INSN_VALID 128
#define VCPU_WINDOW_BASE 132
#define VCPU_SCRATCH	136
#define VCPU_FAST_OFF	708
#define VCPU_SVC_VECTOR	712
#define VCPU_VFP_OPEN	716
#define VCPU_WANT_PTE_HINTS 700

#define VCPU_DACR_KERNEL 72
#define VCPU_DACR_USER	76
#define VCPU_SCTLR	176
#define VCPU_TTBR0	192
#define VCPU_TTBR1	196
#define VCPU_DACR	204
#define VCPU_DFSR	208
#define VCPU_IFSR	212
#define VCPU_DFAR	224
#define VCPU_IFAR	228
#define VCPU_VBAR	244
#define VCPU_TPIDRURO	260
#define VCPU_TPIDRPRW	264
#define VCPU_EXITS	304
#define VCPU_BANK_SP	560
#define VCPU_BANK_LR	584
#define VCPU_BANK_SPSR	608
#define VCPU_DACR_CACHE	632
#define VCPU_FAST_MODES_OFF 704

/* Exit causes that window_hot.S counts (hv/stats.h). */
#define CAUSE_SVC	1
#define CAUSE_SITE_CPS	5
#define CAUSE_SITE_MRS	6
#define CAUSE_SITE_MSR	7
#define CAUSE_SITE_RET	8
#define CAUSE_SITE_BANK	9
#define CAUSE_CP15_THREAD 13
#define CAUSE_CP15_DACR	14
#define CAUSE_CP15_CTX	15
#define CAUSE_CP15_CACHE 17
#define CAUSE_CP15_SCTLR 18
#define CAUSE_CP15_FAULT 19
#define CAUSE_VFP_SYS	22

/* Exit vectors as window.S reports them. */
#define VEC_UND		1
#define VEC_SVC		2
#define VEC_PABT	3
#define VEC_DABT	4
#define VEC_IRQ		6
#define VEC_FIQ		7

#ifndef __ASSEMBLER__
#include <hv/types.h>

struct vcpu;

extern char __window_start[], __window_end[];

/* One recently emulated site: direct mapped by address, complete when both pc and the trapping word match. */
struct site_entry {
	u32 pc, svc, word, unused;
};
#define SITE_ENTRIES	(WINDOW_SITES_SIZE / sizeof(struct site_entry))

static inline u32 window_site_index(u32 pc)
{
	return (pc >> 2) & (SITE_ENTRIES - 1);
}
/* Inside the window only: the entry for @pc. */
static inline struct site_entry *window_site_entry(const struct vcpu *v, u32 pc)
{
	return (struct site_entry *)((uintptr_t)v - WINDOW_VCPU + WINDOW_SITES) + window_site_index(pc);
}
/* Allocate the vCPU's stack and site cache in the window; once, before the window is placed. */
void window_alloc(struct vcpu *v);
/* A code copy is gone: forget its sites. */
void window_sites_drop(struct vcpu *v, u32 copy);
void window_sites_clear(struct vcpu *v);
/* Remember the site @word at @pc, whose trapping word is @svc, for the fast paths. */
void window_sites_add(struct vcpu *v, u32 pc, u32 svc, u32 word);

/*
 * Inside the window only: guest memory with the guest's own (User) permissions, @n words from @va. False: it would fault.
 */
bool window_ldrt(u32 va, u32 *buf, u32 n);
bool window_strt(u32 va, const u32 *buf, u32 n);
bool window_ldrbt(u32 va, u8 *buf);
bool window_strbt(u32 va, const u8 *buf);
/* Clean the D-cache line of guest address @va under the guest's tables. */
bool window_dccmvac(u32 va);
bool window_dccimvac(u32 va);	/* clean and invalidate */

/* Bring up to date what the window derives from the vCPU's state; before the guest is entered. */
void window_prepare(struct vcpu *v);
/* The window now lives at @base: set VBAR and the banked stack pointers (all point to the vCPU page). */
void arm_window_moved(struct vcpu *v, u32 base);
/* Umbra's own L1 table (host physical). */
u32 arm_host_l1(void);
/* Enter the guest; returns the vector of the next exit. Interrupts masked throughout. */
u32 arm_guest_enter(struct vcpu *v);
#endif
