/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Build the ATAG list (ARM Linux boot protocol before device trees): words of size, tag, payload. */
#include <string.h>

#include <hv/atags.h>

#define ATAG_NONE	0x00000000u
#define ATAG_CORE	0x54410001u
#define ATAG_MEM	0x54410002u
#define ATAG_INITRD2	0x54420005u
#define ATAG_CMDLINE	0x54410009u

struct list {
	u32 *word;
	u32 nr, cap;	/* words */
};

/* Append a tag with room for @payload words; NULL when the list is full. The size word counts the header too. */
static u32 *tag_add(struct list *l, u32 tag, u32 payload)
{
	u32 *w = l->word + l->nr;

	if (payload > l->cap || l->nr + 2 + payload > l->cap)
		return NULL;
	w[0] = tag == ATAG_NONE ? 0 : payload + 2;
	w[1] = tag;
	l->nr += 2 + payload;
	return w + 2;
}

int atags_build(void *dst, u32 cap, const struct atags_info *info)
{
	struct list l = { .word = dst, .cap = cap / 4 };
	u32 cmd_words = info->cmdline ? ((u32)strlen(info->cmdline) + 1 + 3) / 4 : 0;
	u32 *p;

	p = tag_add(&l, ATAG_CORE, 3);	/* flags, page size, root device */
	if (!p)
		return -ENOSPC;
	p[0] = 0;
	p[1] = PAGE_SIZE;
	p[2] = 0;
	p = tag_add(&l, ATAG_MEM, 2);
	if (!p)
		return -ENOSPC;
	p[0] = info->mem_size;
	p[1] = info->mem_base;
	if (cmd_words) {
		p = tag_add(&l, ATAG_CMDLINE, cmd_words);
		if (!p)
			return -ENOSPC;
		p[cmd_words - 1] = 0;	/* pad bytes behind the terminator */
		memcpy(p, info->cmdline, strlen(info->cmdline) + 1);
	}
	if (info->initrd_size) {
		p = tag_add(&l, ATAG_INITRD2, 2);
		if (!p)
			return -ENOSPC;
		p[0] = info->initrd;
		p[1] = info->initrd_size;
	}
	if (!tag_add(&l, ATAG_NONE, 0))
		return -ENOSPC;
	return (int)(l.nr * 4);
}
