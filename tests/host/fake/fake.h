/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What host unit tests can see and set in the fakes. Link the .c files that a test needs. */
#pragma once

#include <hv/log.h>
#include <hv/types.h>

/* fake/log.c: hv_log() and hv_panic(). Messages are collected; a panic fails the test unless expected. */
extern char fake_log_text[65536];	/* everything since fake_log_reset() */
extern u32 fake_log_count[LOG_DEBUG + 1];	/* messages by level */
void fake_log_reset(void);
/* Run @fn(@arg) and return true when it panicked. */
bool fake_panics(void (*fn)(void *), void *arg);

/*
 * fake/arch.c: the host memory contract over an arena. Host physical [FAKE_RAM_BASE, +FAKE_RAM_SIZE) is backed by
 * lazily allocated memory; hpa_ptr() of anything else fails the test. Counts maintenance calls.
 */
#define FAKE_RAM_BASE	0x80000000u
#define FAKE_RAM_SIZE	0x20000000u
#define FAKE_UMBRA_BASE	0x9f000000u
#define FAKE_SRAM_BASE	0x40200000u
#define FAKE_SRAM_SIZE	0x10000u
extern hpa_t fake_sram_base;	/* FAKE_SRAM_BASE, if no test says otherwise */
extern u32 fake_dcache_cleaned, fake_dcache_flushed;	/* bytes */
extern u32 fake_icache_invalidated;			/* calls */
extern void (*fake_clean_hook)(hpa_t a, u32 len);	/* lines go to the point of coherency; also by fake/sysreg.c */
hpa_t fake_hpa(const void *p);	/* inverse of hpa_ptr() for arena pointers */
void fake_arch_reset(void);	/* arena zeroed, counters 0 */

/* fake/arch.c: device registers, a flat table of words; addresses not added do not answer. */
void fake_mmio_add(hpa_t addr, u32 value);
u32 fake_mmio_get(hpa_t addr);
void fake_mmio_reset(void);	/* none is left */

/* fake/vcpu.c: the virtual CPU as core sees it. */
struct fake_vcpu {
	bool irq, fiq;
	u32 resets, runs, troubles, destroys, pc, r0, r1, r2;
	bool lives;		/* arch_vcpu_lives() */
	u32 exceptions;		/* arch_vcpu_exceptions() */
	bool still;
	const char *path, *shadow;
};
extern struct fake_vcpu fake_vcpu;

/* fake/irqc.c: the host interrupt controller. */
extern bool fake_irq_masked[96], fake_irq_level[96];
extern u32 fake_irq_eois;

/*
 * fake/dts.c: device tree source to blob with dtc. Returns the blob's size, 0 when dtc refused. The second form compiles
 * configs/layouts/NAME.dts as the build does.
 */
u32 fake_dts_text(const char *text, void *blob, u32 cap);
u32 fake_dts_layout(const char *name, void *blob, u32 cap);

/* fake/devices.c: emulated device types under the names that the shipped layouts use; they do nothing. */
extern u32 fake_device_creates, fake_device_resets;

/* fake/console.c: console and UART that only count. */
extern bool fake_console_monitor, fake_console_released;
extern u32 fake_console_characters;
extern u32 fake_quiesces;

/* fake/time.c: the host's clock, and its tick. */
extern u32 fake_time;
void fake_tick(void);

/* fake/timer.c: the host timer below core/vtimer.c. */
void fake_time_go(u32 ticks);
/* At most @n turns of the work that @d left (sched_unfinished()). */
struct emudev;
void fake_device_turns(struct emudev *d, u32 n);
extern u32 fake_timer_interrupts;

/* fake/emudev.c: what an emulator drives. */
extern bool fake_line[96];
extern u32 fake_line_changes;
