/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host time: the free-running 32 kHz counter and one periodic host timer (GPTIMER11). */
#pragma once

#include <hv/types.h>

#define TIME_HZ		32768u

void host_time_init(void);
u32 host_time_now(void);		/* 32 kHz ticks since power-on, wraps */
void host_time_delay_us(u32 us);	/* busy wait, only during initialisation and quiesce */
