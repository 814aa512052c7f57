/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of all guests in the memory below Umbra, where they survive restarts, and what is left below them. */
#pragma once

#include <arch/vcpu.h>
#include <hv/console.h>
#include <hv/layout.h>

#define ZIMAGE_HEADER		0x30u	/* Linux Documentation/arm/booting */

/*
 * Keep the files of the guests of @l that can be loaded, take them out of U-Boot's formats, and give the guests whose memory is given by size
 * theirs. Once, before anything else is done with memory. One message for each guest that cannot: it is no longer @ok.
 */
void guest_files_keep(struct layout *l);
/* Umbra's memory for a guest beside the first one. */
static inline u32 guest_own_size(const struct layout_guest *c)
{
	return ALIGN_UP(arch_vcpu_size(c) + CONSOLE_HISTORY_SIZE, SECTION_SIZE);
}

/* Shared memory that @d names, the same for all guests; 0: there is none, and a message was printed. */
hpa_t guest_region(const struct layout_dev *d);

/* The file called @name that no guest had at boot, or any that is kept; NULL: there is none. */
const struct layout_file *guest_file_spare(const char *name);
const struct layout_file *guest_file_kept(const char *name);
/*
 * Memory for a guest that comes while others run, of what is left: c->chunk, until nobody in the list of guests has it any more. Its files are
 * kept already. One message on error.
 */
int guest_files_take(struct layout_guest *c) __must_check;

/* The lowest address of what is kept, and of the memory that was given to guests by size and to Umbra for them. */
hpa_t guest_kept_base(void);
hpa_t guest_given_base(void);

bool guest_file_is_zimage(const struct layout_file *k);
const char *guest_file_foreign(const struct layout_file *k);	/* why it cannot be a kernel, or NULL */
u32 guest_file_zimage_size(const struct layout_file *k);	/* as its header says */
