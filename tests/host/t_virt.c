/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest on Umbra's virtual machine, from layout to running: its map, and the device tree that its own emulators write. */
/* SOURCES: core/guest_owner.c core/guest.c core/guest_load.c core/guest_files.c core/guest_fdt.c core/guest_tree.c core/guest_map.c core/guest_mem.c core/guest_watch.c */
/* SOURCES: core/atags.c core/uimage.c core/alloc.c core/layout.c core/layout_msg.c core/emudev.c core/passthrough.c core/irq.c core/mmio.c */
/* SOURCES: core/vtimer.c drivers/owned_omap.c emulators/gic.c emulators/sp804.c emulators/pl011.c emulators/pl031.c emulators/power.c */
/* SOURCES: emulators/virtio_mmio.c emulators/virtio_rng.c emulators/virtio_blk.c emulators/virtio_net.c emulators/virtio_console.c emulators/omap3_intc.c core/entropy.c */
/* SOURCES: tests/host/fake/log.c tests/host/fake/arch.c tests/host/fake/vcpu.c tests/host/fake/dts.c tests/host/fake/time.c */
/* SOURCES: tests/host/fake/timer.c tests/host/fake/console.c tests/host/fake/irqc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_files.h>
#include <hv/guest_fdt.h>
#include <hv/irq.h>
#include <hv/mmio.h>
#include <hv/passthrough.h>
#include <hv/vtimer.h>

#include "fake.h"

#define KERNEL_AT	0x88000000u
#define KERNEL_SIZE	0x4000u
#define INITRD_AT	0x89000000u
#define INITRD_SIZE	0x2345u
#define DISK_AT		0x8a000000u
#define DISK_SIZE	0x20200u	/* not whole blocks */

const struct host_missing host_missing[] = { { NULL, 0, 0 } };
struct console_port *console_guest_attach(struct guest *g, const struct console_guest_ops *o, void *priv) { return (struct console_port *)g; }
void console_guest_taken(struct console_port *p) { }
void console_guest_break(struct console_port *p, bool on) { }
bool console_guest_tx(struct console_port *p, u8 c) { return true; }

static struct layout layout;
static struct guest guest;
static u64 blob[0x8000 / 8];
static const void *fdt;

static void set_reg(const char *path, u32 addr, u32 size)
{
	fdt32_t reg[2] = { cpu_to_fdt32(addr), cpu_to_fdt32(size) };
	int node = fdt_path_offset(blob, path);

	if (node >= 0)
		assert_int_equal(fdt_setprop_inplace(blob, node, "reg", reg, sizeof(reg)), 0);
}

static void put_word(hpa_t at, u32 w)
{
	memcpy(hpa_ptr(at), &w, 4);
}

/* The static UART takes one console in its life: so does this program. */
static int setup(void **state)
{
	int disk;

	fake_arch_reset();
	host_irqc_init();
	alloc_init(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
	vtimers_init();
	put_word(KERNEL_AT + 0x24, 0x016f2818);
	put_word(KERNEL_AT + 0x2c, KERNEL_SIZE);
	assert_int_not_equal(fake_dts_layout("linux-virt", blob, sizeof(blob)), 0);
	set_reg("/chosen/module@0", KERNEL_AT, KERNEL_SIZE);
	set_reg("/chosen/module@1", INITRD_AT, INITRD_SIZE);
	set_reg("/chosen/module@2", DISK_AT, DISK_SIZE);
	for (u32 i = 0; i < DISK_SIZE; i++)
		((u8 *)hpa_ptr(DISK_AT))[i] = (u8)(i * 5);
	/* this disk forgets; the file may lie anywhere below */
	assert_int_equal(fdt_open_into(blob, blob, sizeof(blob)), 0);
	disk = fdt_path_offset(blob, "/guest/devices/disk@10051000");
	assert_true(disk >= 0);
	assert_int_equal(fdt_setprop_empty(blob, disk, "forget"), 0);
	fake_log_reset();
	if (layout_parse(blob, &layout))
		fail_msg("%s", fake_log_text);
	guest_files_keep(&layout);
	if (!layout.guest[0].ok || guest_create(&guest, &layout.guest[0]) || guest_start(&guest))
		fail_msg("%s", fake_log_text);
	fdt = hpa_ptr(fake_vcpu.r2);
	return 0;
}

static int node(const char *path)
{
	int n = fdt_path_offset(fdt, path);

	if (n < 0)
		fail_msg("no node %s", path);
	return n;
}

static u32 cell(const char *path, const char *prop, u32 i)
{
	int len;
	const u8 *p = fdt_getprop(fdt, node(path), prop, &len);

	if (!p || (u32)len < 4 * (i + 1))
		fail_msg("%s: %s: no cell %u", path, prop, i);
	return be32_load(p + 4 * i);
}

static void test_start(void **state)
{
	assert_int_equal(guest.state, GUEST_RUNNING);
	assert_int_equal(fdt_check_full(fdt, GUEST_TREE_ROOM), 0);
	assert_string_equal(fdt_getprop(fdt, 0, "compatible", NULL), "linux,dummy-virt");
	assert_int_equal(cell("/", "interrupt-parent", 0), cell("/interrupt-controller@10000000", "phandle", 0));
	assert_int_equal(cell("/memory", "reg", 0), guest.cfg.mem_base);
	assert_int_equal(cell("/memory", "reg", 1), guest.cfg.mem_size);
	assert_int_equal(cell("/chosen", "linux,initrd-end", 0) - cell("/chosen", "linux,initrd-start", 0), ALIGN_UP(INITRD_SIZE, PAGE_SIZE));
	assert_string_equal(fdt_getprop(fdt, node("/chosen"), "bootargs", NULL), guest.cfg.bootargs);
	assert_int_equal(cell("/cpus/cpu@0", "reg", 0), 0);
}

/* Nothing is in the map but memory and what emulates; all of it is in the tree, with its registers, and nothing is disabled. */
static void test_map_and_tree(void **state)
{
	for (u32 i = 0; i < guest.map.nr; i++)
		assert_true(guest.map.r[i].type == REGION_RAM || guest.map.r[i].type == REGION_EMULATED);
	for (const struct emudev *d = guest.devs; d; d = d->next) {
		bool found = false;
		int n;

		fdt_for_each_subnode(n, fdt, 0) {
			const u8 *reg = fdt_getprop(fdt, n, "reg", NULL);

			found |= reg && be32_load(reg) == d->base;
			assert_null(fdt_getprop(fdt, n, "status", NULL));
		}
		if (!found)
			fail_msg("%s is not in the tree", d->name);
	}
}

static void test_interrupts(void **state)
{
	int n;

	fdt_for_each_subnode(n, fdt, 0) {
		int len;
		const u8 *p = fdt_getprop(fdt, n, "interrupts", &len);

		if (!p)
			continue;
		assert_int_equal(len % 12, 0);
		assert_int_equal(be32_load(p), 0);	/* shared */
		assert_int_equal(be32_load(p + 8), 4);	/* level, high */
	}
	assert_int_equal(cell("/serial@10030000", "interrupts", 1), 1);
}

/* Every clock that is named is there. */
static void test_clocks(void **state)
{
	assert_int_equal(cell("/timer-clock", "clock-frequency", 0), GUEST_TIMCLK_HZ);
	assert_int_equal(cell("/timer@10020000", "clocks", 0), cell("/timer-clock", "phandle", 0));
	assert_int_equal(cell("/timer@10020000", "clocks", 2), cell("/bus-clock", "phandle", 0));
	assert_int_equal(cell("/serial@10030000", "clocks", 1), cell("/bus-clock", "phandle", 0));
	assert_int_equal(cell("/rtc@10040000", "clocks", 0), cell("/bus-clock", "phandle", 0));
}

/* A disk that forgets is kept twice, outside of the guest's memory, and comes back as it was. */
static void test_disk(void **state)
{
	const struct layout_dev *d = NULL;
	u8 *disk;

	for (u32 i = 0; i < guest.cfg.ndevs; i++)
		if (guest.cfg.dev[i].file.size)
			d = &guest.cfg.dev[i];
	assert_non_null(d);
	assert_int_equal(d->file.size, DISK_SIZE);
	assert_true(d->file.doubled);
	assert_true(d->file.addr >= guest_kept_base() && d->file.addr + 2 * layout_file_second(&d->file) <= FAKE_UMBRA_BASE);
	assert_true(guest_kept_base() >= guest.cfg.mem_base + guest.cfg.mem_size);
	disk = hpa_ptr(d->file.addr);
	for (u32 i = 0; i < DISK_SIZE; i++)
		if (disk[i] != (u8)(i * 5) || disk[i + layout_file_second(&d->file)] != (u8)(i * 5))
			fail_msg("byte %u", i);
}

/* What the tree says of it does it. */
static void test_power(void **state)
{
	struct mmio_access a = { .addr = 0x10010000 + cell("/reboot", "offset", 0), .size = 4, .is_write = true, .value = 1 };

	assert_int_equal(cell("/reboot", "regmap", 0), cell("/system-controller@10010000", "phandle", 0));
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	a.value = cell("/reboot", "value", 0);
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	assert_int_equal(guest.request, GUEST_REQ_RESET);
	guest.request = GUEST_REQ_NONE;
	a.value = cell("/poweroff", "value", 0);
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	assert_int_equal(guest.request, GUEST_REQ_POWEROFF);
	guest.request = GUEST_REQ_NONE;
	a.size = 1;
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_ERROR);
}

/* A board's tree, which knows nothing of virtio. Two cells, as 32-bit boards with much memory have them, or one. */
static const char board_tree[] =
	"/dts-v1/; / { #address-cells = <%u>; #size-cells = <%u>; interrupt-parent = <&intc>;"
	"ocp { compatible = \"simple-bus\"; #address-cells = <1>; #size-cells = <1>; ranges;"
	"%s interrupt-controller@48200000 { reg = <0x48200000 0x1000>; interrupt-controller; #interrupt-cells = <1>; }; }; };";

static const char board_layout[] =
	"/dts-v1/; / { compatible = \"umbra,layout-v1\"; #address-cells = <1>; #size-cells = <1>;"
	"chosen { #address-cells = <1>; #size-cells = <1>;"
	"k: module@0 { compatible = \"multiboot,module\"; file = \"k\"; reg = <0x88000000 0x4000>; };"
	"t: module@1 { compatible = \"multiboot,module\"; file = \"t\"; reg = <0x88400000 0x1000>; }; };"
	"guest { compatible = \"umbra,guest\"; memory = <0x80000000 0x04000000>; kernel = <&k>; dtb = <&t>;"
	"devices { #address-cells = <1>; #size-cells = <1>; interrupt-parent = <&i>;"
	"i: intc@48200000 { compatible = \"umbra,omap3-intc\"; reg = <0x48200000 0x1000>; #address-cells = <0>; #interrupt-cells = <1>; interrupt-controller; };"
	"net@52000000 { compatible = \"umbra,virtio-net\"; reg = <0x52000000 0x1000>; interrupts = <64>; }; }; }; };";

static struct layout board;
static struct guest boards[3];

static int start_with_tree(struct guest *g, u32 cells, const char *label)
{
	char text[sizeof(board_tree) + 16];

	snprintf(text, sizeof(text), board_tree, cells, cells, label);
	put_word(KERNEL_AT + 0x24, 0x016f2818);
	put_word(KERNEL_AT + 0x28, 0);
	put_word(KERNEL_AT + 0x2c, KERNEL_SIZE);
	assert_int_not_equal(fake_dts_text(text, hpa_ptr(0x88400000), 0x1000), 0);
	assert_int_not_equal(fake_dts_text(board_layout, blob, sizeof(blob)), 0);
	fake_log_reset();
	if (layout_parse(blob, &board))
		fail_msg("%s", fake_log_text);
	guest_files_keep(&board);
	if (!board.guest[0].ok || guest_create(g, &board.guest[0]))
		fail_msg("%s", fake_log_text);
	return guest_start(g);
}

/* What the layout adds to a board is added to its tree, with the interrupt as the board's controller has it. */
static void test_board_tree(void **state)
{
	for (u32 cells = 1; cells <= 2; cells++) {
		if (start_with_tree(&boards[cells], cells, "intc:"))
			fail_msg("%s", fake_log_text);
		fdt = hpa_ptr(fake_vcpu.r2);
		assert_int_equal(cell("/virtio_mmio@52000000", "reg", cells - 1), 0x52000000);
		assert_int_equal(cell("/virtio_mmio@52000000", "reg", 2 * cells - 1), 0x1000);
		assert_int_equal(cell("/virtio_mmio@52000000", "interrupts", 0), 64);
		assert_null(fdt_getprop(fdt, node("/virtio_mmio@52000000"), "status", NULL));
		assert_int_equal(cell("/virtio_mmio@52000000", "interrupt-parent", 0),
				 cell("/ocp/interrupt-controller@48200000", "phandle", 0));
	}
}

/* A tree in which nothing can refer to the controller: one message, and no guest. */
static void test_board_tree_without_controller(void **state)
{
	assert_int_not_equal(start_with_tree(&boards[0], 1, "intc: x {}; other:"), 0);
	assert_non_null(strstr(fake_log_text, "file \"t\": devices that the layout adds"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_map_and_tree),
		cmocka_unit_test(test_interrupts),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_board_tree),
		cmocka_unit_test(test_board_tree_without_controller),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
