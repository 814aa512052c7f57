/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processor constants for C and assembly of the test guests (ARM DDI 0406C, part B). */
#pragma once

#define MODE_USR	0x10
#define MODE_FIQ	0x11
#define MODE_IRQ	0x12
#define MODE_SVC	0x13
#define MODE_ABT	0x17
#define MODE_UND	0x1b
#define MODE_SYS	0x1f

#define PSR_N		0x80000000
#define PSR_Z		0x40000000
#define PSR_C		0x20000000
#define PSR_V		0x10000000
#define PSR_Q		0x08000000
#define PSR_GE		0x000f0000
#define PSR_NZCVQ	0xf8000000
#define PSR_IT		0x0600fc00
#define PSR_J		0x01000000
#define PSR_E		0x00000200
#define PSR_A		0x00000100
#define PSR_I		0x00000080
#define PSR_F		0x00000040
#define PSR_T		0x00000020
#define PSR_MODE	0x0000001f

#define SCTLR_M		0x00000001
#define SCTLR_A		0x00000002
#define SCTLR_C		0x00000004
#define SCTLR_SW	0x00000400
#define SCTLR_Z		0x00000800
#define SCTLR_I		0x00001000
#define SCTLR_V		0x00002000
#define SCTLR_EE	0x02000000
#define SCTLR_TRE	0x10000000
#define SCTLR_AFE	0x20000000
#define SCTLR_TE	0x40000000

/* vector numbers */
#define VEC_NONE	0
#define VEC_UND		1
#define VEC_SVC		2
#define VEC_PABT	3
#define VEC_DABT	4
#define VEC_IRQ		6
#define VEC_FIQ		7
