/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU path: how guest privileged code is executed. One interface, chosen by Kconfig and per guest by name. */
#pragma once

#include <arm/vcpu.h>
#include <hv/types.h>

struct cpu_path {
	const char *name;	/* "trap" */
	int (*init)(struct vcpu *v);
	void (*reset)(struct vcpu *v);
	/* An SVC reached Umbra: site, or guest system call. The path emulates or injects. */
	void (*svc)(struct vcpu *v);
	/* An Undefined exception reached Umbra. */
	void (*undef)(struct vcpu *v);
};

const struct cpu_path *cpu_path_find(const char *name);	/* NULL name: the default */
