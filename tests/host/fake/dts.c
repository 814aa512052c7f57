/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compile device tree source in a test: with dtc, so that tests read like the layouts that users write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

static u32 run(const char *command, void *blob, u32 cap)
{
	FILE *p = popen(command, "r");
	size_t n;

	if (!p)
		abort();
	n = fread(blob, 1, cap, p);
	return pclose(p) || n == cap ? 0 : (u32)n;
}

u32 fake_dts_text(const char *text, void *blob, u32 cap)
{
	char name[] = "/tmp/umbra-dts-XXXXXX", command[128];
	int fd = mkstemp(name);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	u32 n;

	if (!f)
		abort();
	fputs(text, f);
	fclose(f);
	snprintf(command, sizeof(command), "dtc -q -I dts -O dtb %s", name);
	n = run(command, blob, cap);
	remove(name);
	return n;
}

u32 fake_dts_layout(const char *name, void *blob, u32 cap)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "cpp -nostdinc -undef -P -x assembler-with-cpp -Iconfigs/layouts -Idrivers/passthrough -I" LAYOUT_FOLDER
		 " configs/layouts/%s.dts | dtc -q -@ -I dts -O dtb", name);
	return run(command, blob, cap);
}
