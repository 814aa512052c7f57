/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A look at a guest's memory without the guest's knowledge. */
#pragma once

#include <hv/types.h>

struct guest;

/*
 * The guest's RAM at virtual address @va (by its current tables, whoever may access it) or physical address @pa: a pointer to as much of
 * @len bytes as lies in one page, the number of bytes in *@n. NULL: nothing is there, or something that is not memory.
 */
void *guest_peek_virt(struct guest *g, gva_t va, u32 len, u32 *n);
void *guest_peek_phys(struct guest *g, gpa_t pa, u32 len, u32 *n);
