/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this build of Umbra calls itself (git describe at build time). */
#pragma once

extern const char umbra_version[];
/* A heading, then .config without its comments but those that say what is not set; a line each. */
extern const char umbra_config[];
