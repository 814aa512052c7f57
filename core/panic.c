/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of the host: print why, then stop. A guest can never get here. */
#include <stdarg.h>
#include <stdio.h>

#include <arch/cpu.h>
#include <hv/console.h>
#include <hv/log.h>

void hv_panic(const char *fmt, ...)
{
	static bool again;
	char text[256];
	va_list ap;

	if (!again) {	/* a panic while panicking must not recurse through the console */
		again = true;
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		console_acquire();
		console_divert(NULL);
		pr_err("PANIC: %s", text);
		console_flush();
	}
	arch_halt();
}
