/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of the board that the test guests run on. */
#pragma once

/*
 * GUEST_BOARD_CUBIE: the CPU tests also run on the Cortex-A8 machine of Debian's own QEMU package, as a
 * cross-check that no result depends on our machine model. Board device tests are skipped there.
 */
#ifdef GUEST_BOARD_CUBIE
#define RAM_BASE	0x40000000
#define RAM_TEST_END	0x44000000
#define UART_BASE	0x01c28000
#define UART_IS_OMAP	0
#define DEV_BASE	0x01c00000
#define DEV_SECTIONS	1
#define BOARD_IS_OMAP3	0
#define HOLE_ADDR	0xb0000000	/* nothing answers here */
#else
#define RAM_BASE	0x80000000
#define RAM_TEST_END	0x84000000
#define UART_BASE	0x49020000
#define UART_IS_OMAP	1
#define DEV_BASE	0x48000000
#define DEV_SECTIONS	32
#define BOARD_IS_OMAP3	1
#define HOLE_ADDR	0xb0000000
#endif

/* RAM beyond the image that tests use freely: 0x00400000.. above the base, never touched by the library. */
#define TEST_RAM	(RAM_BASE + 0x01000000)

#define INTC_BASE	0x48200000
#define GPT1_BASE	0x48318000
#define GPT1_IRQ	37
#define SYNC32K_CR	0x48320010
