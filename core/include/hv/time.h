/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host time: the free-running 32 kHz counter, the one host timer (GPTIMER11), and a slow tick. */
#pragma once

#include <hv/types.h>

#define TIME_HZ		32768u

void host_time_init(void);
u32 host_time_now(void);		/* 32 kHz ticks since power-on, wraps */
void host_time_delay_us(u32 us);	/* busy wait, only during initialisation and quiesce */

/*
 * The host timer, which core/vtimer.c shares out. @fn is called from the host interrupt path (interrupts masked), at the time of the last
 * host_timer_set() or a few ticks later; it may also come without one. 0 or -EBUSY when the interrupt line is taken.
 */
int host_timer_init(void (*fn)(void)) __must_check;
void host_timer_set(u32 deadline);	/* of host_time_now(); one that has passed: as soon as possible */

/*
 * One slow tick (core/tick.c): call @fn every @period_ms from the host interrupt path. A second call changes period and function. Every tick
 * is an exit of the guest, so ask for few. 0 or -EINVAL for a period of 0 or more than 10^6 ms.
 */
int host_timer_start(u32 period_ms, void (*fn)(void)) __must_check;
/*
 * Call @fn(@arg) at every tick too, in the same context, for devices that have a coarse deadline. For good; 0 or -ENOSPC.
 */
int host_timer_attach(void (*fn)(void *arg), void *arg) __must_check;
/* Whoever attached himself with an argument in the @size bytes at @from is called no more. */
void host_timer_forget(const void *from, u32 size);
