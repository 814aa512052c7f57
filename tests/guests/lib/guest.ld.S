/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link map of a bare-metal test guest: raw image at RAM base + 0x8000, code and data on separate pages. */
#include "board.h"

OUTPUT_FORMAT("elf32-littlearm")
OUTPUT_ARCH(arm)
ENTRY(_start)

SECTIONS
{
	. = RAM_BASE + 0x8000;
	image_start = .;
	.text : { *(.text.start) *(.text .text.*) }
	. = ALIGN(0x1000);
	.exc : { *(.exc) . = ALIGN(0x1000); }
	.rodata : { *(.rodata .rodata.*) }
	. = ALIGN(0x1000);
	.data : { *(.data .data.*) }
	/* test code that lives on pages of its own, next to data that tests write */
	. = ALIGN(0x1000);
	.playground : { *(.playground .playground.*) }
	. = ALIGN(0x1000);
	image_end = .;
	.bss (NOLOAD) : { bss_start = .; *(.bss .bss.* COMMON) . = ALIGN(0x1000); bss_end = .; }
	ASSERT(. < RAM_BASE + 0x400000, "guest image does not fit below the test memory")
	/DISCARD/ : { *(.ARM.exidx*) *(.ARM.attributes) *(.comment) *(.note*) }
}
