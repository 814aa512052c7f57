/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any blob as the guest's own device tree: it is refused with one line, or becomes a sound tree that says what the guest has. */
/* SOURCES: core/layout.c core/layout_msg.c core/emudev.c core/guest.c core/guest_map.c core/guest_fdt.c core/guest_tree.c core/guest_load.c core/guest_files.c core/guest_mem.c */
/* SOURCES: core/guest_watch.c core/alloc.c core/passthrough.c core/irq.c core/atags.c core/uimage.c drivers/owned_omap.c */
/* SOURCES: tests/host/fake/log.c tests/host/fake/arch.c tests/host/fake/devices.c tests/host/fake/console.c tests/host/fake/irqc.c core/vtimer.c tests/host/fake/timer.c */
/* SOURCES: tests/host/fake/time.c tests/host/fake/vcpu.c tests/host/fake/dts.c */
#include <string.h>

#include <libfdt.h>

#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/guest.h>
#include <hv/irq.h>

#include "fake.h"
#include "fuzz.h"

#define KERNEL_AT	0x82000000u
#define KERNEL_SIZE	0x100u
#define DTB_AT		0x88000000u
#define INITRD_AT	0x88100000u
#define INITRD_SIZE	0x1800u
#define MEM_BASE	0x80000000u
#define MEM_SIZE	0x00400000u	/* little, because it is cleared for each input */

static struct layout layout;
static struct guest guest;

static void set_reg(void *fdt, const char *path, u32 base, u32 size)
{
	fdt32_t reg[2] = { cpu_to_fdt32(base), cpu_to_fdt32(size) };

	FUZZ_CHECK(!fdt_setprop_inplace(fdt, fdt_path_offset(fdt, path), "reg", reg, sizeof(reg)), "%s", path);
}

static void put_word(hpa_t at, u32 w)
{
	memcpy(hpa_ptr(at), &w, 4);
}

static void create(void)
{
	static u64 blob[0x8000 / 8];

	fake_arch_reset();
	host_irqc_init();
	alloc_init(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
	FUZZ_CHECK(fake_dts_layout("linux", blob, sizeof(blob)), "no layout");
	set_reg(blob, "/chosen/module@0", KERNEL_AT, KERNEL_SIZE);
	set_reg(blob, "/chosen/module@1", DTB_AT, 0x1000);
	set_reg(blob, "/chosen/module@2", INITRD_AT, INITRD_SIZE);
	put_word(KERNEL_AT + 0x24, 0x016f2818);
	put_word(KERNEL_AT + 0x2c, KERNEL_SIZE);
	FUZZ_CHECK(!layout_parse(blob, &layout) && !guest_create(&guest, &layout.guest[0]), "%s", fake_log_text);
	guest.cfg.mem_size = MEM_SIZE;
	for (u32 i = 0; i < guest.map.nr; i++)
		if (guest.map.r[i].base == MEM_BASE)
			guest.map.r[i].size = MEM_SIZE;
	guest.cfg.files_kept = true;	/* where they are */
}

/* The next node that a kernel takes for memory: it compares what is at device_type, padding included, as a string. */
static int next_memory(const void *fdt, int node)
{
	const char *type;

	do {
		node = fdt_next_node(fdt, node, NULL);
		type = node < 0 ? NULL : fdt_getprop(fdt, node, "device_type", NULL);
	} while (node >= 0 && (!type || strcmp(type, "memory")));
	return node;
}

static void check_tree(const void *fdt)
{
	int node = next_memory(fdt, -1), ac = fdt_address_cells(fdt, 0), len;
	const u8 *reg = fdt_getprop(fdt, node, "reg", &len);

	FUZZ_CHECK(!fdt_check_full(fdt, fdt_totalsize(fdt)), "unsound");
	FUZZ_CHECK(reg && len == 4 * (ac + fdt_size_cells(fdt, 0)) && be32_load(reg + 4 * (ac - 1)) == MEM_BASE &&
		   be32_load(reg + len - 4) == MEM_SIZE, "memory");
	FUZZ_CHECK(next_memory(fdt, node) < 0, "a second memory node");
	node = fdt_path_offset(fdt, "/chosen");
	reg = fdt_getprop(fdt, node, "linux,initrd-end", &len);
	FUZZ_CHECK(reg && len == 4 && be32_load(reg) <= MEM_BASE + MEM_SIZE, "initrd");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool created;
	int err;

	if (!created)
		create();
	created = true;
	if (!size || size > 0x8000)
		return 0;
	memcpy(hpa_ptr(DTB_AT), data, size);
	guest.cfg.dtb.size = (u32)size;
	fake_log_reset();
	err = guest_load(&guest);
	FUZZ_CHECK(fake_log_count[LOG_ERR] == (err ? 1u : 0u), "%d with: %s", err, fake_log_text);
	if (!err)
		check_tree(hpa_ptr(guest.r2));
	return 0;
}
