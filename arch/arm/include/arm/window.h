/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout of the window, usable from assembly, which gets that of the vCPU page here as well. */
#pragma once

/* Offsets in the window's 1 MiB slot. */
#define WINDOW_TEXT	0x0000	/* vectors, entry/exit code, fast paths: privileged read-only, executable */
#define WINDOW_TEXT_MAX	0x5000
#define WINDOW_OPEN	0x5000	/* the vCPU's open page; right before its own, so that offsets from there are negative */
#define WINDOW_VCPU	0x6000	/* first page of struct vcpu: privileged read-write */
#define WINDOW_STACK	0x7000	/* stack of the in-window fast paths */
#define WINDOW_STACK_SIZE	0x2000
#define WINDOW_SITES	0x9000	/* cache of emulated sites for the fast paths: privileged read-write */
#define WINDOW_SITES_SIZE	0x2000
#define WINDOW_CALL	0xb000	/* the call line and return lines (cpu/call_line.h, ret_line.h): privileged read-only, executable */
#define WINDOW_CALL_SIZE	0x0780	/* that much of it; */
#define WINDOW_CALL_FIXUPS	0x0800	/* from each word: where it goes on, from there, if it aborts; 0: it cannot */
#define WINDOW_WALKS	0xc000	/* pages of the guest's tables (struct window_walk), two each: privileged read-only */
#define WINDOW_NOTHING	0xf0000	/* never mapped: nothing is executed here */

/* Host ASIDs: 0 is never used (so that a half-done switch caches nothing), 1 is Umbra itself. */
#define HOST_ASID_UMBRA	1
#define HOST_ASID_FIRST	2
#define HOST_ASID_LAST	255

/* Exit vectors as window.S reports them, and two of no exception. */
#define VEC_NONE	0	/* a CPU path has dealt with the exit by itself */
#define VEC_INTERP	5	/* a CPU path wants the instructions from here on interpreted */
#define VEC_UND		1
#define VEC_SVC		2
#define VEC_PABT	3
#define VEC_DABT	4
#define VEC_IRQ		6
#define VEC_FIQ		7

#ifdef __ASSEMBLER__
#include <asm_offsets.h>	/* VCPU_*, BANK_*, EXIT_*: made by asm_offsets.c */
#else
#include <hv/types.h>

struct vcpu;

extern char __window_start[], __window_end[];
extern char window_to_user[];		/* path `inline`: where gates end that return to User mode */
extern char window_call[], window_call_t32[], window_call_slow[];	/* and system calls: to A32, to T32 code, by way of C */
extern char window_und_plain[];		/* Undefined, not by a line */
extern char window_abort[], window_abort_plain[], window_abort_back[];	/* data aborts: by a line, not by one; how that gives up */
extern char __window_vectors[], __window_vectors_inline[];	/* in the window's text; those of path `inline` */

/* One recently emulated site: direct mapped by address, complete when both pc and the trapping word match. */
struct site_entry {
	u32 pc, svc, word, copy;	/* svc: or what stands for a T32 instruction; word: its A32 equivalent then */
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
/* Allocate the vCPU's open page, stack and site cache in the window; once, before the window is placed. */
void window_alloc(struct vcpu *v);
/* A code copy is gone: forget its sites. */
void window_sites_drop(struct vcpu *v, u32 copy);
void window_sites_clear(struct vcpu *v);
/* Remember the site @word at @pc, whose trapping word in copy @copy is @trap, for the fast paths. */
void window_sites_add(struct vcpu *v, u32 pc, u32 trap, u32 copy, u32 word);

/*
 * Inside the window only: guest memory with the guest's own (User) permissions, @n words from @va. False: it would fault.
 */
bool window_ldrt(u32 va, u32 *buf, u32 n);
bool window_strt(u32 va, const u32 *buf, u32 n);
bool window_ldrbt(u32 va, u8 *buf);
bool window_strbt(u32 va, const u8 *buf);
bool window_ldrht(u32 va, u16 *buf);
bool window_strht(u32 va, const u16 *buf);
/* Clean the D-cache lines of @n guest addresses from @va on, @step apart, under the guest's tables. False: some of them, perhaps. */
bool window_dccmvac(u32 va, u32 step, u32 n);
bool window_dccimvac(u32 va, u32 step, u32 n);	/* clean and invalidate */

/*
 * Store exclusive of @size bytes at guest address @va under the guest's tables, where the page must be writable, with the monitor as the
 * guest left it: nothing since the exit may have closed it.
 */
enum window_strex { WINDOW_STREX_ABORT, WINDOW_STREX_STORED, WINDOW_STREX_OPEN };
enum window_strex window_store_exclusive(struct vcpu *v, u32 va, u32 size, const u32 val[2]);
/* Load exclusive there, where the page must be readable, of nothing: for the monitor. False: it aborts. And an open monitor. */
bool window_load_exclusive(struct vcpu *v, u32 va, u32 size);
void window_clear_exclusive(void);

/* Bring up to date what the window derives from the vCPU's state; before the guest is entered. */
void window_prepare(struct vcpu *v);
/* Gates (cpu/gate.h) are at @gates in the guest's address space; 0: nowhere. */
void window_set_gates(struct vcpu *v, gva_t gates);
/* Exceptions go where the vCPU's path wants them (v->open_used). */
void window_set_vectors(struct vcpu *v);
/* The window now lives at @base: set VBAR and the banked stack pointers (all point to the vCPU page). */
void arm_window_moved(struct vcpu *v, u32 base);
void arm_window_in_place(struct vcpu *v);	/* only that: it is mapped again where it was */
/* Umbra's own L1 table (host physical). */
u32 arm_host_l1(void);
/* Enter the guest; returns the vector of the next exit. Interrupts masked throughout. */
u32 arm_guest_enter(struct vcpu *v);
extern const char arm_guest_exit[];	/* where its exits come to */
#endif
