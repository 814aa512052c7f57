/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device families that a layout can pass through: what each file of this folder tells about its devices. */
#pragma once

#include <arch/cpu.h>
#include <hv/guest_map.h>
#include <hv/types.h>

/*
 * A family is NAME.c with NAME.dtsi (its nodes for layouts), one symbol PASSTHROUGH_NAME in Kconfig and one line in the Makefile.
 * What is passed through of a family that is not built in is refused: where its registers are is known from the .dtsi file.
 */

#define CM		0x48004000u
#define PRM		0x48306000u
#define SCM		0x48002000u

#define CM_IDLEST1_CORE	(CM + 0xa20)
#define CM_IDLEST3_CORE	(CM + 0xa28)
#define CM_IDLEST_WKUP	(CM + 0xc20)
#define CM_IDLEST_DSS	(CM + 0xe20)
#define CM_IDLEST_PER	(CM + 0x1020)
#define CM_IDLEST_USBH	(CM + 0x1420)

/* Clock enables: functional, interface. */
#define CM_FCLKEN1_CORE	(CM + 0xa00)
#define CM_FCLKEN3_CORE	(CM + 0xa08)
#define CM_ICLKEN1_CORE	(CM + 0xa10)
#define CM_ICLKEN2_CORE	(CM + 0xa14)
#define CM_ICLKEN3_CORE	(CM + 0xa18)
#define CM_FCLKEN_WKUP	(CM + 0xc00)
#define CM_ICLKEN_WKUP	(CM + 0xc10)
#define CM_FCLKEN_PER	(CM + 0x1000)
#define CM_ICLKEN_PER	(CM + 0x1010)

/* Power domains of their own: offset of the domain's registers in CM and in PRM. */
#define DOMAIN_DSS	0xe00u
#define DOMAIN_CAM	0xf00u
#define DOMAIN_USBHOST	0x1400u
#define CM_FCLKEN(domain)	(CM + (domain))
#define CM_ICLKEN(domain)	(CM + (domain) + 0x10)
#define CM_CLKSTCTRL(domain)	(CM + (domain) + 0x48)
#define PM_PWSTCTRL(domain)	(PRM + (domain) + 0xe0)
#define PM_PWSTST(domain)	(PRM + (domain) + 0xe4)

/* One block of registers that is stopped and reset. */
struct block {
	const char *name;
	hpa_t base;
	u16 sysconfig, sysstatus;	/* offsets; sysconfig 0 = no soft reset, sysstatus 0 = not to be seen */
	u32 done;			/* all of these in SYSSTATUS when the reset is over */
	hpa_t idlest;			/* CM_IDLEST register and bit that is 0 when the block answers; 0 = none */
	u32 idle_bit;
	bool (*stop)(const struct block *b);	/* before the reset; NULL = nothing to do */
	bool filtered;			/* the guest reaches it through an emulator */
};

/* Clock enables that have to be set while the family's blocks are stopped. */
struct clock_bits {
	hpa_t reg;
	u32 bits;
};

struct family {
	bool master;		/* moves memory by itself: stopped before all that only interrupts */
	u32 domain;		/* DOMAIN_*, forced awake meanwhile; 0 = none of its own */
	u32 nblocks, nclocks;
	const struct block *blocks;
	const struct clock_bits *clocks;
	void (*save)(void);	/* once, at Umbra's start, clocks on: remember what restore() puts back. NULL: nothing */
	/* After all resets, clocks on: the way to rest of what is not reset. Returns how many devices failed. NULL: nothing */
	u32 (*restore)(const struct guest_map *m);
};

#define FAMILY_BLOCKS(b)	.blocks = (b), .nblocks = ARRAY_SIZE(b)
#define FAMILY_CLOCKS(c)	.clocks = (c), .nclocks = ARRAY_SIZE(c)
#define FAMILY_REGISTER(f)						\
	static const struct family *const __family_##f			\
	__section(".umbra.family") = &(f)

/* The usual shape: SYSCONFIG at 0x10, SYSSTATUS at 0x14, a bit in CM_IDLEST. */
#define PLAIN_BLOCK(nm, at, st, bit) { .name = nm, .base = at, .sysconfig = 0x10, .sysstatus = 0x14, .done = 1, \
				       .idlest = st, .idle_bit = bit }

#define SOFTRESET	BIT(1)

/* Checked accesses: false when the block does not answer. */
bool read_reg(hpa_t a, u32 *v);
bool write_reg(hpa_t a, u32 v);
/* Write only what changes. */
bool update_reg(hpa_t a, u32 mask, u32 value);
/* Wait until (register & mask) == value. False after some milliseconds or when the register does not answer. */
bool wait_for(hpa_t a, u32 width, u32 mask, u32 value);
/* Watchdogs: the two-step key of WSPR stops one. */
bool stop_watchdog(const struct block *b);
/* Could the guest have used the block at @base? */
bool in_map(const struct guest_map *m, hpa_t base, bool filtered);
