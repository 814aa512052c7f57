// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest: chain.c compiled as Thumb-2 code. */
#include "chain.c"
