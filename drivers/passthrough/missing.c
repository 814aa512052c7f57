/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of the device families that are not built in, from their .dtsi files (tools/passthrough.py). */
#include <hv/passthrough.h>

const struct host_missing host_missing[] = {
#include "passthrough_missing.h"
	{ NULL, 0, 0 },
};
