/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPSR/SPSR bits and processor modes (ARM ARM B1.3). */
#pragma once

#include <hv/types.h>

#define PSR_MODE	0x1fu
#define PSR_T		BIT(5)
#define PSR_F		BIT(6)
#define PSR_I		BIT(7)
#define PSR_A		BIT(8)
#define PSR_E		BIT(9)
#define PSR_AIF		(PSR_A | PSR_I | PSR_F)
#define PSR_IT		0x0600fc00u	/* IT[1:0] at 26:25, IT[7:2] at 15:10 */
#define PSR_J		BIT(24)
#define PSR_GE		0x000f0000u
#define PSR_RESERVED	0x00f00000u
#define PSR_N		BIT(31)
#define PSR_Z		BIT(30)
#define PSR_FLAGS	0xf8000000u	/* NZCVQ */

#define MODE_USR	0x10u
#define MODE_FIQ	0x11u
#define MODE_IRQ	0x12u
#define MODE_SVC	0x13u
#define MODE_ABT	0x17u
#define MODE_UND	0x1bu
#define MODE_SYS	0x1fu
