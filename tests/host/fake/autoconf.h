/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration that host unit tests are compiled with (stands in for the generated autoconf.h). */
#pragma once

#define CONFIG_LOG_RING_SIZE 16384
#define CONFIG_CONSOLE_LOG_LEVEL 2
#define CONFIG_MONITOR_ESCAPE 0x1d
#define CONFIG_CONSOLE_HISTORY 16
#define CONFIG_SHADOW_FLUSH 1
#define CONFIG_CPU_PATH_TRAP 1
#define CONFIG_CODE_COPIES 1
#define CONFIG_CPU_PATH_DEFAULT "trap"
#define CONFIG_SHADOW_DEFAULT "flush"
#ifndef CONFIG_CODE_PAGES
#define CONFIG_CODE_PAGES 64
#endif
#ifndef CONFIG_SHADOW_ROOTS	/* small, so that tests run out of them */
#define CONFIG_SHADOW_ROOTS 5
#define CONFIG_SHADOW_L2 32
#define CONFIG_SHADOW_FILL_AHEAD 1
#endif
#define CONFIG_EXIT_INSTRUCTIONS 1
