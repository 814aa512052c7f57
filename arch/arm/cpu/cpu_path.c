/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU paths that are built in: each registers itself (arm/cpu_path.h). */
#include <arm/cpu_path.h>
#include <ctype.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <stdio.h>
#include <string.h>

extern const struct cpu_path *const __cpu_path_start[], *const __cpu_path_end[];

/* "trap, inline", and the symbol that would build @name. */
static void report_missing(const struct guest *g, const char *name)
{
	char built[64] = "", symbol[32];
	size_t n = 0;

	for (const struct cpu_path *const *p = __cpu_path_start; p < __cpu_path_end && n < sizeof(built); p++)
		n += (size_t)snprintf(built + n, sizeof(built) - n, "%s%s", n ? ", " : "", (*p)->name);
	for (n = 0; name[n] && n < sizeof(symbol) - 1; n++)
		symbol[n] = (char)toupper((unsigned char)name[n]);
	symbol[n] = '\0';
	pr_err("guest %s: property cpu-path: path \"%s\" is not built in (built: %s; CPU_PATH_%s in menuconfig, if there is such a path)\n",
	       g->name, name, built, symbol);
}

const struct cpu_path *cpu_path_find(const struct guest *g, const char *name)
{
	for (const struct cpu_path *const *p = __cpu_path_start; p < __cpu_path_end; p++)
		if (!strcmp((*p)->name, name ? name : CONFIG_CPU_PATH_DEFAULT))
			return *p;
	report_missing(g, name ? name : CONFIG_CPU_PATH_DEFAULT);
	return NULL;
}

int cpu_paths_init(struct vcpu *v)
{
	int err = 0;

	for (const struct cpu_path *const *p = __cpu_path_start; p < __cpu_path_end && !err; p++)
		if ((*p)->init)
			err = (*p)->init(v);
	return err;
}
