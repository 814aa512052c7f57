/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot-time bump allocator over the memory behind Umbra's image; nothing is ever freed. */
#include <string.h>

#include <hv/alloc.h>
#include <hv/log.h>

static hpa_t heap_start, heap_next, heap_end;

void alloc_init(hpa_t start, hpa_t end)
{
	BUG_ON(end < start);
	heap_start = heap_next = start;
	heap_end = end;
}

void *hv_alloc(u32 size, u32 align)
{
	hpa_t a;
	void *p;

	BUG_ON(!align || (align & (align - 1)));
	/* Compare in a way that cannot wrap: both differences are of ordered values. */
	a = ALIGN_UP(heap_next, align);
	if (a < heap_next || a > heap_end || size > heap_end - a)
		hv_panic("out of memory: %lu bytes wanted, %lu left\n", (unsigned long)size,
			 (unsigned long)alloc_left());
	heap_next = a + size;
	p = hpa_ptr(a);
	memset(p, 0, size);
	return p;
}

u32 alloc_used(void)
{
	return heap_next - heap_start;
}

u32 alloc_left(void)
{
	return heap_end - heap_next;
}
