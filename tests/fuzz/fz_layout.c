/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any blob as a layout: it is refused with one line, or makes a guest that has nothing of the host's. */
/* SOURCES: core/layout.c core/layout_msg.c core/emudev.c core/guest.c core/guest_map.c core/guest_fdt.c core/guest_tree.c core/guest_load.c core/guest_mem.c */
/* SOURCES: core/guest_watch.c core/alloc.c core/passthrough.c core/irq.c core/atags.c core/uimage.c drivers/owned_omap.c */
/* SOURCES: tests/host/fake/log.c tests/host/fake/arch.c tests/host/fake/devices.c tests/host/fake/console.c tests/host/fake/irqc.c */
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

static void check_messages(int err)
{
	FUZZ_CHECK(fake_log_count[LOG_ERR] == (err ? 1u : 0u), "%d with: %s", err, fake_log_text);
	for (const char *c = fake_log_text; *c; c++)
		FUZZ_CHECK(*c == '\n' || (*c >= ' ' && *c <= '~'), "character 0x%x in: %s", (u8)*c, fake_log_text);
}

/* Regions by what they may be made of. */
static void check_map(void)
{
	for (u32 i = 0; i < guest.map.nr; i++) {
		const struct region *r = &guest.map.r[i];
		bool ram = r->base >= FAKE_RAM_BASE && r->base < FAKE_UMBRA_BASE && r->size <= FAKE_UMBRA_BASE - r->base;
		bool sram = r->base >= FAKE_SRAM_BASE && r->base - FAKE_SRAM_BASE < FAKE_SRAM_SIZE &&
			    r->size <= FAKE_SRAM_SIZE - (r->base - FAKE_SRAM_BASE);

		FUZZ_CHECK(r->type != REGION_RAM || ram || sram, "RAM at 0x%x+0x%x", r->base, r->size);
		for (const struct host_range *h = host_owned; h < host_owned + host_owned_nr; h++)
			FUZZ_CHECK(r->type != REGION_PASSTHROUGH || r->base + (r->size - 1) < h->base || r->base > h->base + (h->size - 1) ||
				   (h->console && passthrough_has_console(&guest)), "%s is given in 0x%x+0x%x", h->name, r->base, r->size);
	}
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
		check_messages(err);
		if (!err) {
			host_irqc_init();
			alloc_init(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
			err = guest_create(&guest, &layout.guest[0]);
			check_messages(err);
			if (!err)
				check_map();
		}
	}
	free(copy);
	return 0;
}
