/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any blob as a layout: it is refused with one line, or makes a guest that has nothing of the host's. */
/* SOURCES: core/layout.c core/layout_msg.c core/emudev.c core/guest.c core/guest_map.c core/guest_fdt.c core/guest_tree.c core/guest_load.c core/guest_files.c core/guest_mem.c */
/* SOURCES: core/guest_watch.c core/alloc.c core/passthrough.c core/irq.c core/atags.c core/uimage.c drivers/owned_omap.c */
/* SOURCES: tests/host/fake/log.c tests/host/fake/arch.c tests/host/fake/devices.c tests/host/fake/console.c tests/host/fake/irqc.c core/vtimer.c tests/host/fake/timer.c */
/* SOURCES: tests/host/fake/time.c tests/host/fake/vcpu.c */
#include <string.h>

#include <libfdt.h>

#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/passthrough.h>

#include "fake.h"
#include "fuzz.h"

static struct layout layout;
static struct guest guest;

/* @least to @most mistakes have a message each. */
static void check_messages(u32 least, u32 most)
{
	FUZZ_CHECK(fake_log_count[LOG_ERR] >= least && fake_log_count[LOG_ERR] <= most, "%u to %u: %s", least, most, fake_log_text);
	for (const char *c = fake_log_text; *c; c++)
		FUZZ_CHECK(*c == '\n' || (*c >= ' ' && *c <= '~'), "character 0x%x in: %s", (u8)*c, fake_log_text);
}

/* Regions by what they may be made of. */
static void check_map(bool anywhere)
{
	for (u32 i = 0; i < guest.map.nr; i++) {
		const struct region *r = &guest.map.r[i];
		bool ram = r->base >= FAKE_RAM_BASE && r->base < FAKE_UMBRA_BASE && r->size <= FAKE_UMBRA_BASE - r->base;
		bool sram = r->base >= FAKE_SRAM_BASE && r->base - FAKE_SRAM_BASE < FAKE_SRAM_SIZE &&
			    r->size <= FAKE_SRAM_SIZE - (r->base - FAKE_SRAM_BASE);

		FUZZ_CHECK(r->type != REGION_RAM || ram || sram || anywhere, "RAM at 0x%x+0x%x", r->base, r->size);
		FUZZ_CHECK(r->type != REGION_PASSTHROUGH || !anywhere, "without DMA, but 0x%x", r->base);
		for (const struct host_range *h = host_owned; h < host_owned + host_owned_nr; h++)
			FUZZ_CHECK(r->type != REGION_PASSTHROUGH || r->base + (r->size - 1) < h->base || r->base > h->base + (h->size - 1) ||
				   (h->console && passthrough_has_console(&guest)), "%s is given in 0x%x+0x%x", h->name, r->base, r->size);
	}
}

/* Those of a layout that is one at all. */
static u32 bad_guests(void)
{
	u32 n = 0;

	for (u32 i = 0; i < layout.nguests; i++)
		n += !layout.guest[i].ok;
	return n;
}

static void create(struct layout_guest *c)
{
	int err;

	fake_log_reset();
	host_irqc_init();
	alloc_init(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
	c->mem_host = c->mem_base;	/* given by size: as if it were there */
	err = guest_create(&guest, c);
	check_messages(err ? 1 : 0, err ? 1 : 0);
	if (!err)
		check_map(c->by_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[96];
	u8 *copy;
	int err;

	if (size < sizeof(struct fdt_header) || size > 0x8000)
		return 0;
	copy = malloc(size);	/* exactly as long as it is: reads beyond are seen */
	memcpy(copy, data, size);
	if (layout_blob_size(copy, (u32)size, why, sizeof(why))) {
		fake_log_reset();
		err = layout_parse(copy, &layout);
		check_messages(err ? 1 : bad_guests(), layout.nguests > 1 ? layout.nguests : err ? 1 : 0);
		for (u32 i = 0; i < layout.nguests && !err; i++)
			if (layout.guest[i].ok)
				create(&layout.guest[i]);
	}
	free(copy);
	return 0;
}
