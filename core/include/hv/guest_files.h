/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of all guests in the memory below Umbra, where they survive restarts, and what is left below them. */
#pragma once

#include <hv/layout.h>

#define ZIMAGE_HEADER		0x30u	/* Linux Documentation/arm/booting */

/*
 * Keep the files of the guests of @l that can be loaded, take them out of U-Boot's formats, and give the guests whose memory is given by size
 * theirs. Once, before anything else is done with memory. One message for each guest that cannot: it is no longer @ok.
 */
void guest_files_keep(struct layout *l);
/* The lowest address of what is kept, and of the memory that was given to guests by size and to Umbra for them. */
hpa_t guest_kept_base(void);
hpa_t guest_given_base(void);

bool guest_file_is_zimage(const struct layout_file *k);
u32 guest_file_zimage_size(const struct layout_file *k);	/* as its header says */
