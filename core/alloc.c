/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot-time bump allocator over the memory behind Umbra's image; nothing is ever freed. */
#include <string.h>

#include <hv/alloc.h>
#include <hv/log.h>

static struct heap {
	hpa_t start, next, end;
} heap, own, *from = &heap;

void alloc_init(hpa_t start, hpa_t end)
{
	BUG_ON(end < start);
	heap = (struct heap){ start, start, end };
	from = &heap;
}

void alloc_own(hpa_t start, hpa_t end)
{
	BUG_ON(end < start || from != &heap);
	own = (struct heap){ start, start, end };
	from = &own;
}

void alloc_own_end(void)
{
	from = &heap;
}

void *hv_alloc(u32 size, u32 align)
{
	hpa_t a;
	void *p;

	BUG_ON(!align || (align & (align - 1)));
	/* Compare in a way that cannot wrap: both differences are of ordered values. */
	a = ALIGN_UP(from->next, align);
	if (a < from->next || a > from->end || size > from->end - a)
		hv_panic("out of memory: %lu bytes wanted, %lu left\n", (unsigned long)size, (unsigned long)(from->end - from->next));
	from->next = a + size;
	p = hpa_ptr(a);
	memset(p, 0, size);
	return p;
}

u32 alloc_used(void)
{
	return heap.next - heap.start;
}

u32 alloc_left(void)
{
	return heap.end - heap.next;
}
