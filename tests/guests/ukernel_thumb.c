// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: ukernel.c compiled as Thumb-2 code. */
#include "ukernel.c"
