/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version string, alone in its file so that a new commit recompiles nothing else. */
#include <hv/version.h>

#ifndef UMBRA_VERSION	/* -DUMBRA_VERSION=\"...\" from the Makefile */
#define UMBRA_VERSION "0.1"
#endif

const char umbra_version[] = UMBRA_VERSION;
