/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's console UART: polled and interrupt-driven byte transport, used by core/console.c only. */
#pragma once

#include <hv/types.h>

/* Before host_uart_init(), or in a panic: wait for room, send one byte as it is (no \n translation). Context: any. */
void host_uart_early_putc(char c);
/*
 * Take the UART over: the boot loader's baud setting is kept when it is usable, else 115200 8n1 is
 * set. FIFOs on, receive interrupt enabled at the UART. Install a handler with
 * host_irq_request(host_uart_irq(), ...) to get it. Context: initialisation.
 */
void host_uart_init(void);
u32 host_uart_irq(void);	/* interrupt controller line */
#define HOST_UART_BREAK	0x100
#define HOST_UART_OVERRUN 0x200	/* bytes were lost, about here */
int host_uart_getc(void);	/* next received byte, HOST_UART_BREAK or HOST_UART_OVERRUN, or -1 when there is nothing */
/*
 * Receive interrupt on or off. While it is off nobody empties the receive FIFO: a sender that knows of it (a machine model's) waits, one at the other
 * end of three wires does not.
 */
void host_uart_rx_irq(bool on);
void host_uart_break(bool on);	/* hold the line at BREAK, or let it go */
/* How many bytes may be written now without asking again; at most the FIFO size, 0 when full. */
u32 host_uart_tx_room(void);
void host_uart_putc(char c);	/* write one byte; only within tx_room() */
bool host_uart_tx_idle(void);	/* everything has left the shift register */
/* Ask for an interrupt as soon as the transmit FIFO has room (a level: switch it off when there is nothing to send). */
void host_uart_tx_irq(bool on);
