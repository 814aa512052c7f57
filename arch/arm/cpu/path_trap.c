/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU path `trap`: each site of a scanned page is one SVC that names the instruction (arm/site.h). */
#include "path_native.h"

#include <arm/code_page.h>
#include <arm/site.h>

static u32 trap_word(struct vcpu *v, struct code_site *at)
{
	return site_word(at->page, at->index, at->copy, !v->fast_off);
}

static const struct code_ops trap_code = {
	.word = trap_word,
	.origin = site_origin,
};

static const struct cpu_path path_trap = {
	.name = "trap",
	.run = native_run,
	.svc = native_svc,
	.undef = native_undef,
	.code = &trap_code,
};
CPU_PATH_REGISTER(path_trap);
