/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU path: how the guest's privileged code is executed. A plug-in: one file, one Kconfig symbol, one Makefile line. */
#pragma once

#include <arm/vcpu.h>
#include <hv/types.h>

struct code_ops;

/*
 * A path owns what runs between two exits and what its own exits mean. Everything else is common: the meaning of an instruction
 * (arm/exec.h), scanned code and copies (arm/code_page.h), the shadow MMU, the dispatch of exits (trap.c) and the loop (run.c).
 *
 * Between run() and the next run() the vCPU's state is architectural (invariant 4): r[15] is the address of the next guest
 * instruction, none is half done. So any path can go on where another one stopped.
 */
struct cpu_path {
	const char *name;
	/* Allocate what the path needs. Once for each guest, of each path that is built in; the guest's map is complete. NULL: nothing. */
	int (*init)(struct vcpu *v);
	/* Take over: after reset, or from another path at an exit. Nothing is mapped in the shadow, no page is code. NULL: nothing. */
	void (*start)(struct vcpu *v);
	/* Give the vCPU to another path. NULL: nothing. */
	void (*stop)(struct vcpu *v);
	/* Run the guest until its next exit; returns the vector (arm/window.h), whose particulars are in v->exit_*. */
	u32 (*run)(struct vcpu *v);
	/* The exit was an SVC, an Undefined exception: emulate what stands there, or inject. */
	void (*svc)(struct vcpu *v);
	void (*undef)(struct vcpu *v);
	/* How pages of guest code are rewritten; NULL: they are executed as they are, in virtual User mode only. */
	const struct code_ops *code;
	/* Compare the path's own state with the vCPU's; prints and returns the number of violations. NULL: none possible. */
	u32 (*audit)(struct vcpu *v);
	/* Some lines for `guest dump`. NULL: nothing to say. */
	void (*dump)(struct vcpu *v);
};

#define CPU_PATH_REGISTER(p)						\
	static const struct cpu_path *const __cpu_path_##p		\
	__section(".umbra.cpu_path") = &(p)

/* The path called @name, or the configured default for NULL. NULL if it is not built in, and @why says that and what there is. */
#define CPU_PATH_WHY	128u
const struct cpu_path *cpu_path_find(const char *name, char *why, size_t size);
/* Between two runs: forget what is mapped, scanned and copied, and begin anew. */
void cpu_path_anew(struct vcpu *v);
/* init() of every path that is built in. */
int cpu_paths_init(struct vcpu *v) __must_check;
