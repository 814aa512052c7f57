// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: rtos.c compiled as Thumb-2 code. */
#include "rtos.c"
