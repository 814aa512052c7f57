/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Umbra's own functions, beside those that the library of the guests has. */
#define memset	umbra_memset
#define memcpy	umbra_memcpy
#define memmove	umbra_memmove
#include "../../arch/arm/string.S"
