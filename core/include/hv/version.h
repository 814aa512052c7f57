/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this build of Umbra calls itself (git describe at build time). */
#pragma once

extern const char umbra_version[];
