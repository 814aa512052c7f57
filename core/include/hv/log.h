/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages, the log ring and the two ways to stop: panic and BUG_ON. */
#pragma once

#include <hv/types.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/*
 * Print one message (newline included in @fmt) to the host console when its level is
 * at or above the console level, and always to the log ring that the monitor
 * command `log` shows. Context: any, interrupts masked. LOG_ERR and LOG_WARN in
 * paths that a guest can trigger must be rate limited: use pr_guest().
 */
void hv_log(enum log_level level, const char *fmt, ...) __printf(2, 3);
void hv_log_set_console_level(enum log_level level);
void hv_log_dump(void);	/* print the whole ring to the console */

#define pr_err(...)	hv_log(LOG_ERR, __VA_ARGS__)
#define pr_warn(...)	hv_log(LOG_WARN, __VA_ARGS__)
#define pr_info(...)	hv_log(LOG_INFO, __VA_ARGS__)
#define pr_debug(...)	hv_log(LOG_DEBUG, __VA_ARGS__)

/* A guest-triggerable message: prints the first @n times per call site and run of a guest, then is silent. */
#define pr_guest(n, ...)					\
	do {							\
		static u32 __run, __said;			\
		if (hv_log_allowed(&__run, &__said, n))		\
			hv_log(LOG_WARN, __VA_ARGS__);		\
	} while (0)
/* A guest starts to run: pr_guest() speaks again. Not more often than once a second, because guests can restart themselves. */
void hv_log_new_run(void);
/* Of pr_guest(): one more message of at most @n during a run. */
bool hv_log_allowed(u32 *run, u32 *said, u32 n);

/* Host is broken beyond repair: print, dump, stop. Never reachable by a guest. */
void hv_panic(const char *fmt, ...) __printf(1, 2) __noreturn;
#define BUG_ON(c)						\
	do {							\
		if (__builtin_expect(!!(c), 0))			\
			hv_panic("BUG: %s:%d: %s\n", __FILE__, __LINE__, #c); \
	} while (0)
