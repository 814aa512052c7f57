/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shadow strategies that are built in: each registers itself (arm/strategy.h). */
#include <arm/strategy.h>
#include <ctype.h>
#include <hv/layout.h>
#include <stdio.h>
#include <string.h>

extern const struct shadow_ops *const __shadow_start[], *const __shadow_end[];

static const char *name_or_default(const char *name)
{
	return name ? name : CONFIG_SHADOW_DEFAULT;
}

const struct shadow_ops *shadow_strategy_find(const char *name)
{
	for (const struct shadow_ops *const *p = __shadow_start; p < __shadow_end; p++)
		if (!strcmp((*p)->name, name_or_default(name)))
			return *p;
	return NULL;
}

void shadow_strategy_missing(struct strategy_missing *m, const char *name)
{
	size_t n = 0;

	m->built[0] = '\0';
	for (const struct shadow_ops *const *p = __shadow_start; p < __shadow_end && n < sizeof(m->built); p++)
		n += (size_t)snprintf(m->built + n, sizeof(m->built) - n, "%s%s", n ? ", " : "", (*p)->name);
	show_text(m->name, sizeof(m->name), name_or_default(name));
	for (n = 0; m->name[n]; n++)
		m->symbol[n] = (char)toupper((unsigned char)m->name[n]);
	m->symbol[n] = '\0';
}
