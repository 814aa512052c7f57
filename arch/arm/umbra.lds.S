/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory image of Umbra: linked for CONFIG_TEXT_BASE, moves itself to the top of the RAM that there is (entry.S). */
#include <autoconf.h>

OUTPUT_FORMAT("elf32-littlearm")
OUTPUT_ARCH(arm)
ENTRY(_start)

SECTIONS
{
	. = CONFIG_TEXT_BASE;
	__image_start = .;
	.text : {
		*(.head.text)
		*(EXCLUDE_FILE(*window_fast.o) .text EXCLUDE_FILE(*window_fast.o) .text.*)
		. = ALIGN(4096);
		__window_start = .;
		*(.window.text)
		*window_fast.o(.text .text.*)
		. = ALIGN(4096);
		__window_end = .;
	}
	ASSERT(__window_end - __window_start <= 0x5000, "window text exceeds WINDOW_TEXT_MAX")
	.ARM.exidx : { *(.ARM.exidx*) }
	.rodata : {
		*(.rodata .rodata.*)
		. = ALIGN(4);
		__emudev_start = .;
		KEEP(*(.umbra.emudev))
		__emudev_end = .;
		__cpu_path_start = .;
		KEEP(*(.umbra.cpu_path))
		__cpu_path_end = .;
		__shadow_start = .;
		KEEP(*(.umbra.shadow))
		__shadow_end = .;
		__family_start = .;
		KEEP(*(.umbra.family))
		__family_end = .;
		__monitor_start = .;
		KEEP(*(.umbra.monitor))
		__monitor_end = .;
	}
	/* Words that hold addresses of the image. */
	.rel.dyn : {
		__rel_start = .;
		*(.rel*)
		__rel_end = .;
	}
	. = ALIGN(4096);
	__text_end = .;
	.data : { *(.data .data.*) }
	. = ALIGN(8);
	__image_end = .;
	__bss_start = .;
	.bss (NOLOAD) : {
		. = ALIGN(64);
		__code_made_start = .;	/* instructions that Umbra makes while it runs */
		*(.bss.exec)
		__code_made_end = .;
		*(.bss .bss.*) *(COMMON)
		. = ALIGN(4096);
	}
	__bss_end = .;
	__heap_start = .;
	/* What only a dynamic linker would read. */
	.dynamic (INFO) : { *(.dynamic) }
	.dynsym (INFO) : { *(.dynsym) }
	.dynstr (INFO) : { *(.dynstr) }
	.hash (INFO) : { *(.hash) }
	.got.plt (INFO) : { *(.got.plt) }
	/DISCARD/ : { *(.comment) *(.note*) *(.ARM.attributes) *(.init .fini .init_array .fini_array) }
}
