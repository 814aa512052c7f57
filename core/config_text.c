/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration that this Umbra was built from, for `version` and for tools/imageconfig, which finds it by its first line. */
#include <hv/version.h>

const char umbra_config[] =
	"UMBRA CONFIGURATION\n"
#include "config_text.h"
	;
