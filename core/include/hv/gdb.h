/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GDB's remote protocol on the console, for the guest that the monitor is about. */
#pragma once

#include <hv/types.h>

struct guest;

#ifdef CONFIG_GDB
bool gdb_active(void);		/* the console is a debugger's connection: it gets what is typed, by gdb_input() */
void gdb_input(char c);
void gdb_end(void);		/* give the console back; the guest goes on without breakpoints */
/* The run loop asks before each run of a guest; it may have ended meanwhile. True: it must not run now. */
bool gdb_holds(struct guest *g);
void gdb_stopped(struct guest *g);	/* the run ended with VCPU_STOP_DEBUG */
#else
static inline bool gdb_active(void) { return false; }
static inline void gdb_input(char c) { }
static inline void gdb_end(void) { }
static inline bool gdb_holds(struct guest *g) { return false; }
static inline void gdb_stopped(struct guest *g) { }
#endif
