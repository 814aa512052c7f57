/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU paths that are built in: each registers itself (arm/cpu_path.h). */
#include <arm/cpu_path.h>
#include <ctype.h>
#include <hv/layout.h>
#include <stdio.h>
#include <string.h>

extern const struct cpu_path *const __cpu_path_start[], *const __cpu_path_end[];

/* Of @name: "trap, inline", and the symbol that would build it. */
static void say_missing(char *why, size_t size, const char *name)
{
	char built[32] = "", shown[16], symbol[sizeof(shown)];
	size_t n = 0;

	for (const struct cpu_path *const *p = __cpu_path_start; p < __cpu_path_end && n < sizeof(built); p++)
		n += (size_t)snprintf(built + n, sizeof(built) - n, "%s%s", n ? ", " : "", (*p)->name);
	show_text(shown, sizeof(shown), name);
	for (n = 0; shown[n]; n++)
		symbol[n] = (char)toupper((unsigned char)shown[n]);
	symbol[n] = '\0';
	snprintf(why, size, "path \"%s\" is not built in (built: %s; CPU_PATH_%s in menuconfig, if it exists)", shown, built, symbol);
}

const struct cpu_path *cpu_path_find(const char *name, char *why, size_t size)
{
	const char *wanted = name ? name : CONFIG_CPU_PATH_DEFAULT;

	for (const struct cpu_path *const *p = __cpu_path_start; p < __cpu_path_end; p++)
		if (!strcmp((*p)->name, wanted))
			return *p;
	say_missing(why, size, wanted);
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
