/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fakes of what the guest's life cycle calls beside the CPU: console, its UART, quiescing. */
#include <hv/console.h>
#include <hv/passthrough.h>
#include <hv/uart.h>

#include "fake.h"

bool fake_console_monitor, fake_console_released;
u32 fake_quiesces;

u32 fake_console_characters;

u32 console_guest_characters(const struct guest *g) { return fake_console_characters; }
void console_guest_starts(const struct guest *g) { }
void console_guest_detach(const struct guest *g) { }
void console_set_monitor(bool on) { fake_console_monitor = on; }
void console_release(void) { fake_console_released = true; }
void console_acquire(void) { fake_console_released = false; }
u32 host_uart_irq(void) { return 74; }

u32 host_quiesce(const struct guest_map *m)
{
	fake_quiesces++;
	return 0;
}
