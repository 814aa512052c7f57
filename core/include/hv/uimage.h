/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files in U-Boot's legacy image format: uImage, uInitrd. */
#pragma once

#include <hv/types.h>

struct guest;
struct layout_file;

enum uimage_type { UIMAGE_KERNEL = 2, UIMAGE_RAMDISK = 3, UIMAGE_FLATDT = 8 };

struct uimage {
	bool given;		/* its header names addresses */
	u32 load, entry;
};

/*
 * If @f is such an image, make it the data in it and fill @u; any other file stays as it is, and so does @u. 0, or -EINVAL with one message when
 * the image does not hold data of @type for this processor, or not as they are.
 */
int uimage_open(const struct guest *g, struct layout_file *f, enum uimage_type type, struct uimage *u) __must_check;
