/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages about the layout, all of one form: layout: PATH: PROPERTY: what is wrong. What comes from outside (paths, names) is cut so
 * that what is wrong always fits a line, and holds printable characters only.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include <hv/layout.h>
#include <hv/log.h>

#define PATH_SHOWN	96u
#define PROP_SHOWN	32u
#define TEXT_MAX	112u	/* two shown names and the words around them; with all the rest below the log's line */

/* @n bytes at @s to @out, which has room for them. */
static void copy_printable(char *out, const char *s, u32 n)
{
	for (u32 i = 0; i < n; i++)
		out[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : '?';
}

const char *show_text(char *out, u32 size, const char *s)
{
	u32 len = (u32)strlen(s), n = MIN(len, size - 1);

	copy_printable(out, s, n);
	out[n] = '\0';
	if (n < len)
		memcpy(out + n - 3, "...", 3);
	return out;
}

/* The path of a node, or its end where it is too long. */
static void show_path(char *out, const struct layout_node *n)
{
	char path[256];
	const char *from = path;
	u32 len;

	if (fdt_get_path(n->fdt, n->offset, path, sizeof(path))) {
		const char *name = fdt_get_name(n->fdt, n->offset, NULL);

		snprintf(path, sizeof(path), ".../%s", name ? name : "?");
	}
	len = (u32)strlen(path);
	if (len >= PATH_SHOWN)
		from += len - (PATH_SHOWN - 1);
	copy_printable(out, from, (u32)strlen(from));
	out[strlen(from)] = '\0';
	if (from != path)
		memcpy(out, "...", 3);
}

int layout_mistake(const struct layout_node *n, const char *prop, const char *fmt, ...)
{
	char path[PATH_SHOWN], shown[PROP_SHOWN], text[TEXT_MAX];
	va_list ap;

	show_path(path, n);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (prop)
		pr_err("layout: %s: %s: %s\n", path, show_text(shown, sizeof(shown), prop), text);
	else
		pr_err("layout: %s: %s\n", path, text);
	return -EINVAL;
}

void layout_remark(const struct layout_node *n, const char *prop, const char *text)
{
	char path[PATH_SHOWN], shown[PROP_SHOWN];

	show_path(path, n);
	pr_warn("layout: %s: %s: %s\n", path, show_text(shown, sizeof(shown), prop), text);
}

int layout_map_region(struct guest_map *m, const struct region *r, const struct layout_node *n, const char *prop)
{
	const char *clash = "";
	int err = guest_map_add(m, r, &clash);

	if (err == -EEXIST)
		layout_mistake(n, prop, "0x%08lx+0x%lx overlaps %s", (unsigned long)r->base, (unsigned long)r->size, SHOWN(clash));
	else if (err == -ENOSPC)
		layout_mistake(n, prop, "0x%08lx+0x%lx is one range too many: the guest's map holds %d, windows in pieces",
			       (unsigned long)r->base, (unsigned long)r->size, GUEST_MAP_MAX);
	else if (err)
		layout_mistake(n, prop, "0x%08lx+0x%lx is not a range of pages", (unsigned long)r->base, (unsigned long)r->size);
	return err;
}
