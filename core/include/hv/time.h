/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host time: the free-running 32 kHz counter and one periodic host timer (GPTIMER11). */
#pragma once

#include <hv/types.h>

#define TIME_HZ		32768u

void host_time_init(void);
u32 host_time_now(void);		/* 32 kHz ticks since power-on, wraps */
void host_time_delay_us(u32 us);	/* busy wait, only during initialisation and quiesce */

/*
 * Call @fn every @period_ms from the host interrupt path (interrupts masked). One timer only: a second call
 * changes period and function. Every tick is an exit of the guest, so ask for few.
 * 0, -EBUSY when the interrupt line is taken, -EINVAL for a period of 0 or more than 10^6 ms.
 */
int host_timer_start(u32 period_ms, void (*fn)(void)) __must_check;
/*
 * Call @fn(@arg) at every tick too, in the same context, for devices that have a deadline: as fine as the period
 * of host_timer_start(). For good; 0 or -ENOSPC.
 */
int host_timer_attach(void (*fn)(void *arg), void *arg) __must_check;
