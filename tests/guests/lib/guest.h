/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Library of the bare-metal test guests: output protocol, exceptions, page tables, caches, board devices. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "asm.h"
#include "board.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;	/* 32 bits in the ARM EABI, and what print() formats */
typedef unsigned long long u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Every guest defines it; returning ends the run with the summary. */
void guest_main(void);

/* As found at entry. */
struct boot_state {
	u32 cpsr, r0, r1, r2, sctlr;
};
extern struct boot_state boot_state;

/* -- output (lib/report.c). One line per result; no line may depend on time or on addresses of the runner. -- */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void check_(const char *name, u32 expected, u32 got);	/* PASS name / FAIL name: expected .. got .. */
#define check(name, expected, got)	check_(name, (u32)(expected), (u32)(got))
void skip(const char *name, const char *reason);
/* A value without verdict: the architecture leaves it to the implementation, or a hypervisor cannot keep it. */
void info(const char *name, u32 value);
void result_hash(const char *name, u32 value);	/* of results, which have to be the same natively and under Umbra */
/*
 * A group is one test made of many comparisons: prints a FAIL line for each of the first mismatches, and one PASS when all held.
 */
void group_begin(const char *name);
void group_check_(u32 expected, u32 got, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
#define group_check(expected, got, ...)	group_check_((u32)(expected), (u32)(got), __VA_ARGS__)
void group_end(void);
void report_end(void) __attribute__((noreturn));

/* -- exceptions (lib/exc.S) -- */
struct exc_frame {
	u32 r[13];		/* as they were at the exception, r8-r12 of the mode that was left */
	u32 sp, lr;		/* of the mode that was left */
	u32 vector;		/* VEC_* */
	u32 exc_lr;		/* the link register the exception set */
	u32 spsr;		/* CPSR before */
	u32 cpsr;		/* CPSR at the vector */
	u32 dfsr, dfar, ifsr, ifar;
};
extern struct exc_frame exc_frame;
extern void (*exc_hook[8])(void);
extern char exc_vectors[];
void hook_1(void);
void hook_2(void);
void hook_3(void);
void hook_4(void);
void hook_6(void);
void hook_7(void);
void irq_entry(void);
extern void (*irq_handler)(void);

int guard_set(void) __attribute__((returns_twice));
void guard_clear(void);
/* Execute statements until done (0) or until an exception (its vector; exc_frame says the rest). */
#define TRY(...)						\
	({							\
		int vec_ = guard_set();				\
		if (!vec_) {					\
			__VA_ARGS__;				\
			guard_clear();				\
		}						\
		vec_;						\
	})

struct ctx {
	u32 r[13], sp, lr, pc, cpsr;
};
int ctx_run(const struct ctx *c);
void stacks_init(void);	/* after contexts changed the stack pointers of other modes */
/* User-mode CPSR with the interrupt masks of the caller's world set. */
#define CPSR_USER	(MODE_USR)
#define CPSR_MASKED(m)	((m) | PSR_I | PSR_F)

/* -- system registers -- */
#define MRC(op1, crn, crm, op2)					\
	({							\
		u32 v_;						\
		asm volatile("mrc p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 : "=r"(v_) : : "memory"); \
		v_;						\
	})
#define MCR(op1, crn, crm, op2, val)				\
	asm volatile("mcr p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 : : "r"((u32)(val)) : "memory")

static inline void isb(void) { asm volatile("isb" : : : "memory"); }
static inline void dsb(void) { asm volatile("dsb" : : : "memory"); }
static inline void dmb(void) { asm volatile("dmb" : : : "memory"); }

static inline u32 cpsr_read(void)
{
	u32 v;

	asm volatile("mrs %0, cpsr" : "=r"(v) : : "memory");
	return v;
}

#define sctlr_read()	MRC(0, c1, c0, 0)
static inline void sctlr_write(u32 v)
{
	dsb();
	MCR(0, c1, c0, 0, v);
	isb();
}
static inline void irq_enable(void) { asm volatile("cpsie i" : : : "memory"); }
static inline void irq_disable(void) { asm volatile("cpsid i" : : : "memory"); }

#define read8(a)	(*(volatile u8 *)(u32)(a))
#define read16(a)	(*(volatile u16 *)(u32)(a))
#define read32(a)	(*(volatile u32 *)(u32)(a))
#define write8(a, v)	(*(volatile u8 *)(u32)(a) = (v))
#define write16(a, v)	(*(volatile u16 *)(u32)(a) = (v))
#define write32(a, v)	(*(volatile u32 *)(u32)(a) = (v))

/* -- caches (lib/mmu.c) -- */
void dcache_clean(const void *p, u32 len);	/* to the point of coherency */
void dcache_clean_inv(const void *p, u32 len);
void code_sync(const void *p, u32 len);	/* written instructions at p become executable */
void dcache_clean_inv_all(void);		/* by set and way, all levels */
void icache_inv_all(void);

/* -- page tables (lib/mmu.c), short descriptors -- */
#define L1_ENTRIES	4096
/* section attributes */
#define S_SECT		0x00000002u
#define S_XN		0x00000010u
#define S_DOMAIN(d)	((u32)(d) << 5)
#define S_AP(apx, ap)	(((u32)(ap) << 10) | ((u32)(apx) << 15))
#define S_SUPER		0x00040000u
#define S_NG		0x00020000u
#define S_WB		0x0000000cu		/* normal memory, write-back */
#define S_NC		0x00001000u		/* normal memory, not cacheable */
#define S_DEV		0x00000004u		/* shareable device */
#define S_SO		0x00000000u		/* strongly ordered */
/* page attributes (small; large ones differ in TEX and XN) */
#define P_SMALL		0x00000002u
#define P_LARGE		0x00000001u
#define P_XN		0x00000001u
#define P_XN_LARGE	0x00008000u
#define P_AP(apx, ap)	(((u32)(ap) << 4) | ((u32)(apx) << 9))
#define P_NG		0x00000800u
#define P_WB		0x0000000cu
#define L1_TABLE(l2, dom)	(((u32)(u32)(l2)) | S_DOMAIN(dom) | 1)

/* Full access, the usual case. */
#define S_RAM		(S_SECT | S_WB | S_AP(0, 3))
#define S_DEVICE	(S_SECT | S_DEV | S_AP(0, 1) | S_XN)
#define P_RAM		(P_SMALL | P_WB | P_AP(0, 3))

extern u32 l1_main[L1_ENTRIES];
u32 *l2_alloc(void);				/* 1 KiB table, all faults */
void pte_write(u32 *entry, u32 value);		/* write one descriptor and clean it for the table walk */
void pt_flat(u32 *l1);				/* RAM and devices one to one, RAM with full access, domain 0 */
void pt_section(u32 *l1, u32 va, u32 desc);	/* desc with physical address */
void pt_page(u32 *l2, u32 va, u32 desc);
void pt_clear(u32 *l1);				/* all faults */
void mmu_on(u32 *l1, u32 dacr);			/* caches on too */
#define TTBR_CACHED	0x9u			/* walks are cacheable, write-back (B4.1.154): as kernels have it */
void mmu_on_cached(u32 *l1, u32 dacr);		/* the same with TTBR_CACHED */
void mmu_off(void);
static inline void tlb_all(void)
{
	dsb();
	MCR(0, c8, c7, 0, 0);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}
static inline void tlb_mva(u32 va_asid)
{
	dsb();
	MCR(0, c8, c7, 1, va_asid);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}
static inline void tlb_asid(u32 asid)
{
	dsb();
	MCR(0, c8, c7, 2, asid);
	MCR(0, c7, c5, 6, 0);
	dsb();
	isb();
}
#define DACR_CLIENT(d)	(1u << (2 * (d)))
#define DACR_MANAGER(d)	(3u << (2 * (d)))

/* fault status, as the tests compare it */
#define FSR_WNR		0x800u
#define DFSR_FS(f)	((f) & 0xc0fu)		/* FS[4], FS[3:0] and WnR */
#define DFSR_DOM(f)	(((f) >> 4) & 0xfu)
#define IFSR_FS(f)	((f) & 0x40fu)
#define FS_ALIGN	0x1
#define FS_DEBUG	0x2
#define FS_AF_SECT	0x3
#define FS_AF_PAGE	0x6
#define FS_TRANS_SECT	0x5
#define FS_TRANS_PAGE	0x7
#define FS_DOM_SECT	0x9
#define FS_DOM_PAGE	0xb
#define FS_PERM_SECT	0xd
#define FS_PERM_PAGE	0xf
#define FS_EXT		0x8
#define FS_EXT_L1	0xc
#define FS_EXT_L2	0xe

/* -- board (lib/board.c) -- */
void uart_init(void);
void uart_putc(char c);
void intc_init(void);				/* reset, all masked, all priority 0, IRQ */
void intc_mask(u32 line);
void intc_unmask(u32 line);
void intc_priority(u32 line, u32 prio, bool fiq);
void intc_soft_set(u32 line);
void intc_soft_clear(u32 line);
bool intc_raw(u32 line);			/* ITR */
bool intc_pending(u32 line);			/* PENDING_IRQ */
#define intc_sir()	read32(INTC_BASE + 0x40)
static inline void intc_ack(void)		/* new agreement for IRQ */
{
	write32(INTC_BASE + 0x48, 1);
	dsb();
}
void gpt1_init(void);
void gpt1_oneshot(u32 ticks);			/* overflow interrupt after so many 32 kHz ticks */
void gpt1_stop(void);
void gpt1_ack(void);
#define sync32k_read()	read32(SYNC32K_CR)
void delay_ticks(u32 ticks);			/* busy wait on the 32 kHz counter */

/* Copies words past the caches and any protection: physical addresses, word-aligned; returns when it is done. Not on the other board. */
void sdma_copy(u32 to, u32 from, u32 words);

/* -- code written at run time (lib/code.c) -- */
#define CODE_WORDS	1024
extern u32 code_area[CODE_WORDS];		/* a page of its own */
void code_put(u32 index, const u32 *words, u32 n);	/* write to code_area[index..] and make it executable */
/* Put them into a page that was not written for long: what is written all the time may be executed in another way. @n <= CODE_WORDS. */
u32 *code_fresh(const u32 *words, u32 n);
/* Put the words at code_area and run them in context *c (c->pc is set here); returns the vector that ended it. */
int code_run(struct ctx *c, const u32 *words, u32 n);
#define CODE_RUN(c, ...)					\
	({							\
		const u32 w_[] = { __VA_ARGS__ };		\
		code_run((c), w_, ARRAY_SIZE(w_));		\
	})
/* A context with recognisable register values: r0 = 0xa0000000, r1 = 0xa1000001.. sp, lr likewise; given CPSR. */
void ctx_init(struct ctx *c, u32 cpsr);
u32 ctx_reg(u32 n);
/* A vector table that can be copied anywhere: eight ldr pc, [pc, #24], then the eight targets. */
void vector_table_build(u32 *at);

/* -- banked registers (lib/bank.S), in Supervisor mode -- */
void bank_set(u32 mode, const u32 v[3]);	/* sp, lr, spsr */
void bank_get(u32 mode, u32 v[3]);
void bank_set_high(u32 mode, const u32 v[5]);	/* r8-r12, FIQ mode only */
void bank_get_high(u32 mode, u32 v[5]);
