/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries are A32 code in any kernel whose SCTLR.TE is 0. */
#include "rtos_asm.S"
