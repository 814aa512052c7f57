/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the files of monitor command `guest`. */
#pragma once

#include <hv/types.h>

struct guest;

/* The verbs that look into a guest; argv[0] is the verb. -EINVAL: none of them, or not so many words. */
int cmd_guest_view(struct guest *g, int argc, char **argv);
/* Is @word one of these verbs? */
bool cmd_guest_views(const char *word);
