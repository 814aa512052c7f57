/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest from layout to running: kept files, placement, device tree edits, conflicts, restart, stop. */
/* CFLAGS: -DCONFIG_GDB=1 */
/* SOURCES: core/guest.c core/guest_load.c core/guest_files.c core/guest_fdt.c core/guest_tree.c core/guest_map.c core/guest_mem.c core/guest_watch.c tests/host/fake/time.c core/atags.c core/uimage.c core/alloc.c */
/* SOURCES: core/layout.c core/layout_msg.c core/emudev.c core/passthrough.c core/irq.c core/mmio.c */
/* SOURCES: drivers/owned_omap.c */
/* SOURCES: tests/host/fake/log.c tests/host/fake/arch.c tests/host/fake/vcpu.c tests/host/fake/dts.c */
/* SOURCES: tests/host/fake/devices.c tests/host/fake/console.c tests/host/fake/irqc.c core/vtimer.c tests/host/fake/timer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_files.h>
#include <hv/guest_fdt.h>
#include <hv/guest_watch.h>
#include <hv/irq.h>
#include <hv/passthrough.h>
#include <hv/time.h>

#include "fake.h"

#define KERNEL_AT	0x82000000u
#define KERNEL_SIZE	0x4000u
#define DTB_AT		0x88000000u
#define INITRD_AT	0x88080000u
#define INITRD_SIZE	0x12345u

static struct layout layout;
static struct guest guest;
static u64 blob[0x8000 / 8];

/* A tree as OMAP's: buses with ranges, a module wrapper, a device without registers. */
static const char stock_dts[] =
	"/dts-v1/;\n"
	"/ { #address-cells = <1>; #size-cells = <1>; compatible = \"ti,omap3-beagle-xm\";\n"
	"  chosen { bootargs = \"old\"; linux,initrd-start = <1>; linux,initrd-end = <2>; };\n"
	"  memory@80000000 { device_type = \"memory\"; reg = <0x80000000 0x20000000>; };\n"
	"  cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = \"cpu\"; reg = <0>; }; };\n"
	"  ocp@68000000 { #address-cells = <1>; #size-cells = <1>; ranges; reg = <0x68000000 0x10000>;\n"
	"    l4@48000000 { #address-cells = <1>; #size-cells = <1>; ranges = <0 0x48000000 0x1000000>;\n"
	"      scm@2000 { reg = <0x2000 0x2000>; #address-cells = <1>; #size-cells = <1>; ranges = <0 0x2000 0x2000>;\n"
	"        pinmux@30 { reg = <0x30 0x200>; }; }; };\n"
	"    timer@48088000 { reg = <0x48088000 0x400>; };\n"
	"    mmc@480b4000 { reg = <0x480b4000 0x200>; status = \"okay\"; };\n"
	"    target-module@48318000 { reg = <0x48318000 4>; #address-cells = <1>; #size-cells = <1>; ranges = <0 0x48318000 0x1000>;\n"
	"      timer@0 { reg = <0 0x80>; }; };\n"
	"    gpu@50000000 { reg = <0x50000000 0x10000>; };\n"
	"  };\n"
	"};\n";

static void put_word(hpa_t at, u32 w)
{
	memcpy(hpa_ptr(at), &w, 4);
}

/* What the boot loader leaves: a zImage header, the stock tree, an initrd with a pattern. */
static void put_files(void)
{
	memset(hpa_ptr(KERNEL_AT), 0x11, KERNEL_SIZE);
	put_word(KERNEL_AT + 0x24, 0x016f2818);
	put_word(KERNEL_AT + 0x28, 0);
	put_word(KERNEL_AT + 0x2c, KERNEL_SIZE);
	for (u32 i = 0; i < INITRD_SIZE; i++)
		((u8 *)hpa_ptr(INITRD_AT))[i] = (u8)(i * 7);
}

static void set_reg(const char *path, u32 addr, u32 size)
{
	fdt32_t reg[2] = { cpu_to_fdt32(addr), cpu_to_fdt32(size) };
	int node = fdt_path_offset(blob, path);

	if (node >= 0)
		assert_int_equal(fdt_setprop_inplace(blob, node, "reg", reg, sizeof(reg)), 0);
}

/* Boot layout @name up to guest_create(); @want is the result expected of that. */
static void create(const char *name, int want)
{
	u32 dtb_size;

	fake_arch_reset();
	host_irqc_init();
	alloc_init(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	fake_device_creates = fake_device_resets = fake_quiesces = 0;
	put_files();
	dtb_size = fake_dts_text(stock_dts, hpa_ptr(DTB_AT), 0x10000);
	assert_int_not_equal(dtb_size, 0);
	assert_int_not_equal(fake_dts_layout(name, blob, sizeof(blob)), 0);
	set_reg("/chosen/module@0", KERNEL_AT, KERNEL_SIZE);
	set_reg("/chosen/module@1", DTB_AT, dtb_size);
	set_reg("/chosen/module@2", INITRD_AT, INITRD_SIZE);
	fake_log_reset();
	if (layout_parse(blob, &layout))
		fail_msg("%s", fake_log_text);
	if (guest_create(&guest, &layout.guest[0]) != want)
		fail_msg("%s", fake_log_text);
}

/* Its files are kept, as the only guest of the layout. */
static int keep_files(void)
{
	layout.nguests = 1;
	layout.guest[0] = guest.cfg;
	guest_files_keep(&layout);
	guest.cfg = layout.guest[0];
	return guest.cfg.ok ? 0 : -EINVAL;
}

static void start(const char *name)
{
	create(name, 0);
	assert_int_equal(keep_files(), 0);
	if (guest_start(&guest))
		fail_msg("%s", fake_log_text);
}

static const char *status_of(const void *fdt, const char *path)
{
	int node = fdt_path_offset(fdt, path);
	const char *s;

	assert_true(node >= 0);
	s = fdt_getprop(fdt, node, "status", NULL);
	return s ? s : "(none)";
}

static u32 prop_u32(const void *fdt, const char *path, const char *name)
{
	int len;
	const void *p = fdt_getprop(fdt, fdt_path_offset(fdt, path), name, &len);

	assert_non_null(p);
	return be32_load(p);
}

static void linux_is_placed(void **state)
{
	const void *fdt;
	u32 initrd;

	start("linux");
	assert_int_equal(guest.state, GUEST_RUNNING);
	assert_int_equal(guest.entry, 0x82000000);
	assert_int_equal(fake_vcpu.pc, guest.entry);
	assert_int_equal(fake_vcpu.resets, 1);
	assert_int_equal(fake_vcpu.r0, 0);
	assert_int_equal(fake_device_creates, fake_device_resets);
	assert_int_equal(*(u8 *)hpa_ptr(guest.entry + 0x100), 0x11);
	fdt = hpa_ptr(fake_vcpu.r2);
	assert_int_equal(fdt_check_full(fdt, 0x10000), 0);
	assert_string_equal((const char *)fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "bootargs", NULL),
			    "console=ttyO2,115200n8");
	assert_int_equal(prop_u32(fdt, "/memory@80000000", "reg"), 0x80000000);
	initrd = prop_u32(fdt, "/chosen", "linux,initrd-start");
	assert_int_equal(prop_u32(fdt, "/chosen", "linux,initrd-end") - initrd, ALIGN_UP(INITRD_SIZE, PAGE_SIZE));
	assert_int_equal(initrd % PAGE_SIZE, 0);
	assert_true(initrd + ALIGN_UP(INITRD_SIZE, PAGE_SIZE) <= 0x9df00000 && initrd > fake_vcpu.r2);	/* free memory above */
	for (u32 i = 0; i < INITRD_SIZE; i++)
		assert_int_equal(((u8 *)hpa_ptr(initrd))[i], (u8)(i * 7));
	/* everything that Umbra wrote left the caches */
	assert_true(fake_dcache_flushed >= 0x1e000000);
	assert_int_not_equal(fake_icache_invalidated, 0);
}

static void device_tree_follows_the_layout(void **state)
{
	const void *fdt;
	int len;

	start("linux");
	fdt = hpa_ptr(fake_vcpu.r2);
	assert_string_equal(status_of(fdt, "/ocp/timer@48088000"), "disabled");
	assert_non_null(fdt_getprop(fdt, fdt_path_offset(fdt, "/ocp/timer@48088000"), "ti,no-reset-on-init", &len));
	assert_string_equal(status_of(fdt, "/ocp/mmc@480b4000"), "okay");
	assert_string_equal(status_of(fdt, "/ocp/gpu@50000000"), "(none)");
	assert_string_equal(status_of(fdt, "/ocp/l4@48000000/scm@2000/pinmux@30"), "(none)");
	start("linux-small");
	fdt = hpa_ptr(fake_vcpu.r2);
	assert_string_equal(status_of(fdt, "/ocp/mmc@480b4000"), "disabled");
	assert_string_equal(status_of(fdt, "/ocp/gpu@50000000"), "disabled");
	assert_string_equal(status_of(fdt, "/ocp/l4@48000000/scm@2000"), "(none)");
	assert_string_equal(status_of(fdt, "/ocp/target-module@48318000/timer@0"), "(none)");
	assert_string_equal(status_of(fdt, "/memory@80000000"), "(none)");
	assert_string_equal(status_of(fdt, "/cpus/cpu@0"), "(none)");
	assert_int_equal(be32_load((const u8 *)fdt_getprop(fdt, fdt_path_offset(fdt, "/memory@80000000"), "reg", &len) + 4),
			 0x08000000);
}

static void nodes_are_found_through_buses(void **state)
{
	fake_arch_reset();
	assert_int_not_equal(fake_dts_text(stock_dts, blob, sizeof(blob)), 0);
	assert_int_equal(fdt_open_into(blob, blob, sizeof(blob)), 0);
	assert_int_equal(guest_fdt_disable_range(blob, 0x48002030, 1), 0);
	assert_string_equal(status_of(blob, "/ocp/l4@48000000/scm@2000/pinmux@30"), "disabled");
	assert_string_equal(status_of(blob, "/ocp/l4@48000000/scm@2000"), "(none)");
	assert_int_equal(guest_fdt_disable_range(blob, 0x48318000, 1), 0);
	assert_string_equal(status_of(blob, "/ocp/target-module@48318000"), "disabled");
	assert_string_equal(status_of(blob, "/ocp/target-module@48318000/timer@0"), "disabled");
	assert_int_equal(guest_fdt_disable_range(blob, 0x12345000, 1), -ENOENT);
}

static void map_is_what_the_layout_says(void **state)
{
	start("linux-small");
	assert_int_equal(guest_map_find(&guest.map, 0x80000000)->type, REGION_RAM);
	assert_null(guest_map_find(&guest.map, 0x88000000));
	assert_int_equal(guest_map_find(&guest.map, 0x40200000)->type, REGION_RAM);
	assert_int_equal(guest_map_find(&guest.map, 0x48200000)->type, REGION_EMULATED);
	assert_int_equal(guest_map_find(&guest.map, 0x48306000)->type, REGION_EMULATED);
	assert_int_equal(guest_map_find(&guest.map, 0x480b4000)->type, REGION_EMULATED);	/* withheld */
	assert_int_equal(guest_map_find(&guest.map, 0x4809c000)->type, REGION_PASSTHROUGH);
	assert_null(guest_map_find(&guest.map, 0x50000000));
	assert_true(guest.pt_irqs[83 / 32] & BIT(83 % 32));
	assert_false(guest.pt_irqs[86 / 32] & BIT(86 % 32));
	assert_false(guest.pt_irqs[74 / 32] & BIT(74 % 32));
}

static void restart_clears_and_reloads(void **state)
{
	start("linux");
	memset(hpa_ptr(0x80000000), 0xee, 0x1000);
	memset(hpa_ptr(0x82000000), 0xee, 0x10000);	/* its own kernel, too */
	memset(hpa_ptr(0x88000000), 0xee, 0x200000);	/* where the boot loader had put the files */
	memset(hpa_ptr(0x40200000), 0xee, 0x100);
	assert_int_equal(guest_restart(&guest), 0);
	assert_int_equal(guest.resets, 1);
	assert_int_equal(fake_quiesces, 1);
	assert_int_equal(fake_vcpu.resets, 2);
	assert_int_equal(*(u8 *)hpa_ptr(0x80000000), 0);
	assert_int_equal(*(u8 *)hpa_ptr(0x40200000), 0);
	assert_int_equal(*(u8 *)hpa_ptr(guest.entry + 0x100), 0x11);
	assert_int_equal(*(u8 *)hpa_ptr(guest.entry + KERNEL_SIZE), 0);
	assert_int_equal(fdt_check_full(hpa_ptr(fake_vcpu.r2), 0x10000), 0);
}

static void stop_quiesces_once(void **state)
{
	start("linux");
	fake_irq_masked[83] = false;
	guest_stop(&guest);
	assert_int_equal(guest.state, GUEST_STOPPED);
	assert_true(fake_irq_masked[83]);
	guest_stop(&guest);
	assert_int_equal(fake_quiesces, 1);
}

static void uart_can_be_passed_through(void **state)
{
	start("linux-uart3");
	assert_true(fake_console_released);
	assert_int_equal(guest_map_find(&guest.map, 0x49020000)->type, REGION_PASSTHROUGH);
	guest_stop(&guest);
	assert_false(fake_console_released);
}

static bool debugging;

bool gdb_active(void)
{
	return debugging;
}

/* The debugger speaks on that wire. */
static void uart_is_not_given_away_while_debugging(void **state)
{
	start("linux-uart3");
	guest_stop(&guest);
	debugging = true;
	assert_int_equal(guest_start(&guest), -EBUSY);
	assert_int_equal(guest.state, GUEST_STOPPED);
	assert_false(fake_console_released);
	debugging = false;
	assert_int_equal(guest_start(&guest), 0);
	debugging = true;
	start("linux");		/* one that leaves the wire alone */
	debugging = false;
}

/* Payload of the first @tag in the list at @w. */
static const u32 *find_tag(const u32 *w, u32 tag)
{
	for (; w[0]; w += w[0])
		if (w[1] == tag)
			return w + 2;
	fail_msg("no tag 0x%x", tag);
	return NULL;
}

/* The initrd is announced in whole pages, which hold nothing else, and has free memory above: kernels before 3.5 poison all of them. */
static void atags_boot(void **state)
{
	static const u32 sizes[] = { 1, 4095, 4096, 4097, INITRD_SIZE };
	const u32 *w;

	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		create("linux-atags", 0);
		guest.cfg.initrd.size = sizes[i];
		assert_int_equal(keep_files(), 0);
		assert_int_equal(guest_start(&guest), 0);
		assert_int_equal(fake_vcpu.r1, 1546);
		assert_int_equal(fake_vcpu.r2, 0x80000100);
		w = hpa_ptr(0x80000100);
		assert_int_equal(w[0], 5);
		assert_int_equal(w[1], 0x54410001);
		w = find_tag(w, 0x54420005);
		assert_int_equal(w[0] % PAGE_SIZE, 0);
		assert_int_equal(w[1], ALIGN_UP(sizes[i], PAGE_SIZE));
		assert_true(w[0] + w[1] <= guest.cfg.mem_base + guest.cfg.mem_size - 0x100000);
		for (u32 at = sizes[i]; at < w[1]; at++)
			assert_int_equal(((u8 *)hpa_ptr(w[0]))[at], 0);
	}
}

static void raw_binary(void **state)
{
	create("bare-metal", 0);
	put_word(KERNEL_AT + 0x24, 0);
	assert_int_equal(keep_files(), 0);
	assert_int_equal(guest_start(&guest), 0);
	assert_int_equal(guest.entry, 0x80008000);
	assert_int_equal(*(u8 *)hpa_ptr(0x80008100), 0x11);
	assert_int_equal(fake_vcpu.r2, 0);
}

static void expect_failure(const char *a, const char *b)
{
	fake_log_reset();
	assert_int_not_equal(guest_start(&guest), 0);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	if (!strstr(fake_log_text, a) || !strstr(fake_log_text, b))
		fail_msg("%s", fake_log_text);
	assert_int_not_equal(guest.state, GUEST_RUNNING);
	assert_int_equal(fake_vcpu.resets, 0);
}

/* All blocks of a sound tree two bytes further on: libfdt would read it, and fault where it writes words. Returns how far. */
static u32 misalign(void *fdt)
{
	u32 head = sizeof(struct fdt_header);

	memmove((u8 *)fdt + head + 2, (u8 *)fdt + head, fdt_totalsize(fdt) - head);
	fdt_set_off_mem_rsvmap(fdt, fdt_off_mem_rsvmap(fdt) + 2);
	fdt_set_off_dt_struct(fdt, fdt_off_dt_struct(fdt) + 2);
	fdt_set_off_dt_strings(fdt, fdt_off_dt_strings(fdt) + 2);
	fdt_set_totalsize(fdt, fdt_totalsize(fdt) + 2);
	return 2;
}

static void bad_files(void **state)
{
	create("linux", 0);
	guest.cfg.files_kept = true;	/* where they are, for this test */
	put_word(KERNEL_AT + 0x2c, KERNEL_SIZE + 1);
	expect_failure("vmlinuz", "truncated");
	create("linux", 0);
	guest.cfg.files_kept = true;
	put_word(KERNEL_AT + 0x2c, 4);
	expect_failure("vmlinuz", "damaged: 16384 bytes, its header says 4");
	create("linux", 0);
	guest.cfg.files_kept = true;
	put_word(DTB_AT + 4, 0x00100000);	/* total size, big-endian 0x1000: more than the file */
	expect_failure("guest.dtb", "device tree");
	create("linux", 0);
	guest.cfg.files_kept = true;
	memset(hpa_ptr(DTB_AT), 0, 4);
	expect_failure("guest.dtb", "device tree");
	create("linux", 0);
	guest.cfg.files_kept = true;
	guest.cfg.dtb.size = 8;
	expect_failure("guest.dtb", "device tree");
	create("linux", 0);
	guest.cfg.files_kept = true;
	fdt_set_version(hpa_ptr(DTB_AT), 15);	/* names are paths there; the root's has no slash */
	fdt_set_last_comp_version(hpa_ptr(DTB_AT), 15);
	expect_failure("guest.dtb", "FDT_ERR_BADVERSION");
	create("linux", 0);
	guest.cfg.files_kept = true;
	guest.cfg.dtb.size += misalign(hpa_ptr(DTB_AT));
	expect_failure("guest.dtb", "device tree");
	create("linux", 0);
	guest.cfg.files_kept = true;
	guest.cfg.initrd.size = 0x1e000001;
	expect_failure("initrd.gz", "does not fit");
	create("linux", 0);
	guest.cfg.files_kept = true;
	guest.cfg.initrd.size = 0x1d000000;
	expect_failure("vmlinuz", "does not fit");
	create("linux", 0);
	guest.cfg.files_kept = true;
	guest.cfg.dtb.size = 0;
	expect_failure("layout: /guest: dtb: missing", "");
}

static void no_room_for_kept_files(void **state)
{
	create("linux", 0);
	guest.cfg.mem_size = 0x1f000000;
	fake_log_reset();
	assert_int_equal(keep_files(), -EINVAL);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	assert_non_null(strstr(fake_log_text, "layout: /guest: memory: too much"));
	expect_failure("kept", "");
}

/* Files loaded right below Umbra move only upwards, in the order that keeps them whole. */
static void kept_files_survive_tight_packing(void **state)
{
	struct layout_file *f[] = { &guest.cfg.kernel, &guest.cfg.dtb, &guest.cfg.initrd };
	static const u32 size[] = { 0x10000, 0x2008, 0x30010 };
	u32 at = FAKE_UMBRA_BASE - 0x60000;

	create("linux", 0);
	for (u32 i = 0; i < 3; i++) {
		f[i]->addr = at;
		f[i]->size = size[i];
		memset(hpa_ptr(at), (int)(0x21 + i), size[i]);
		at += size[i];
	}
	assert_int_equal(keep_files(), 0);
	for (u32 i = 0; i < 3; i++)
		for (u32 j = 0; j < size[i]; j++)
			assert_int_equal(((u8 *)hpa_ptr(f[i]->addr))[j], 0x21 + i);
	assert_int_equal(guest_kept_base(), f[0]->addr);
}

static void handler(void *arg)
{
	(*(u32 *)arg)++;
}

static void host_lines_are_not_given(void **state)
{
	u32 n = 0;

	host_irqc_init();
	assert_int_equal(host_irq_request(47, handler, &n), 0);
	assert_int_equal(host_irq_request(47, handler, &n), -EBUSY);
	create("linux", 0);	/* 47 is in no node */
	assert_int_equal(host_irq_request(83, handler, &n), 0);
	create("linux", -EBUSY);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	assert_non_null(strstr(fake_log_text, "mmc1"));
	assert_non_null(strstr(fake_log_text, "interrupts"));
	host_irq_release(83);
	host_irq_release(47);
}

/* Remove node @path from the layout, so that its window shows through. */
static void host_registers_are_not_given(void **state)
{
	create("linux", 0);
	set_reg("/chosen/module@0", KERNEL_AT, KERNEL_SIZE);
	assert_int_equal(fdt_nop_node(blob, fdt_path_offset(blob, "/guest/devices/l4-core/gptimer11")), 0);
	fake_log_reset();
	assert_int_equal(layout_parse(blob, &layout), 0);
	assert_int_equal(guest_create(&guest, &layout.guest[0]), -EBUSY);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	assert_non_null(strstr(fake_log_text, "GPTIMER11"));
}

static void unknown_engine(void **state)
{
	create("linux", 0);
	layout.guest[0].cpu_path = "magic";
	fake_log_reset();
	assert_int_equal(guest_create(&guest, &layout.guest[0]), -ENOENT);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
}

/* A guest with @devices, for mistakes that only guest_create() finds. The message is one, and holds @a and @b. */
static void refuse_devices(const char *devices, const char *a, const char *b)
{
	static char text[32768];

	snprintf(text, sizeof(text), "/dts-v1/; / { compatible = \"umbra,layout-v1\"; #address-cells = <1>; #size-cells = <1>;"
		 "chosen { k: module@0 { compatible = \"multiboot,module\"; file = \"k\"; reg = <0x82000000 0x1000>; }; };"
		 "guest { compatible = \"umbra,guest\"; memory = <0x80000000 0x1000000>; kernel = <&k>;"
		 "devices { #address-cells = <1>; #size-cells = <1>; %s }; }; };", devices);
	fake_arch_reset();
	host_irqc_init();
	alloc_init(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
	assert_int_not_equal(fake_dts_text(text, blob, sizeof(blob)), 0);
	fake_log_reset();
	if (layout_parse(blob, &layout))
		fail_msg("%s", fake_log_text);
	assert_int_not_equal(guest_create(&guest, &layout.guest[0]), 0);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	if (!strstr(fake_log_text, a) || !strstr(fake_log_text, b))
		fail_msg("%s", fake_log_text);
}

/* A device family that was not chosen in Kconfig: the message names the part rather than its window, and the symbol. */
static void missing_families_are_not_given(void **state)
{
	const char *symbol = "but CONFIG_PASSTHROUGH_FAKE is not in this Umbra";

	refuse_devices("one { compatible = \"umbra,passthrough\"; reg = <0x6a001000 0x1000>; };",
		       "/guest/devices/one: reg: passes 0x6a000000, ", symbol);
	refuse_devices("bus { compatible = \"umbra,passthrough\"; reg = <0x69000000 0x2000000>; };", "/guest/devices/bus: reg: ", symbol);
	refuse_devices("bus { compatible = \"umbra,passthrough\"; #address-cells = <1>; #size-cells = <1>; reg = <0x69000000 0x2000000>;"
		       "part { reg = <0x6a000000 0x100>; }; };", "/guest/devices/bus/part: reg: ", symbol);
	create("linux", 0);
}

static void second_stage_names_the_node(void **state)
{
	static char many[16384];
	u32 n = 0;

	refuse_devices("u { compatible = \"umbra,passthrough\"; reg = <0x48002000 0x1000>; interrupts = <74>; };",
		       "layout: /guest/devices/u: interrupts: line 74 without the registers of UART3 at 0x49020000\n", "");
	refuse_devices("w { compatible = \"umbra,passthrough\"; reg = <0x49000000 0x100000>; };",
		       "layout: /guest/devices/w: reg: contains UART3 at 0x49020000", "Umbra drives itself\n");
	for (u32 i = 0; i < 40; i++) {	/* 160 ranges */
		n += (u32)snprintf(many + n, sizeof(many) - n, "d%u { compatible = \"umbra,passthrough\"; reg = <", i);
		for (u32 k = 0; k < 4; k++)
			n += (u32)snprintf(many + n, sizeof(many) - n, "0x%x 0x1000 ", 0x4a000000 + (i * 4 + k) * 0x2000);
		n += (u32)snprintf(many + n, sizeof(many) - n, ">; };\n");
	}
	refuse_devices(many, "layout: /guest/devices/d31: reg: 0x4a0fc000+0x1000 is one range too many", "128");
}

#define AT(compatible, reg)	"d { compatible = \"umbra," compatible "\"; reg = <" reg ">; };"
#define L4(parts)		"w { compatible = \"umbra,passthrough\"; #address-cells = <1>; #size-cells = <1>; reg = <0x48000000 0x1000000>; " \
				parts "};"
#define HIDE(name, reg)		name " { compatible = \"umbra,hidden\"; reg = <" reg ">; };"
#define HIDE_DRIVEN		HIDE("a", "0x48200000 0x1000") HIDE("b", "0x48088000 0x1000")
#define CM_PRM			AT("omap3-prcm", "0x48004000 0x4000 0x48306000 0x4000")

/* What the host owns is given away in no form: not as RAM, not through an emulator that passes accesses on, not by forgetting one. */
static void nothing_of_the_hosts_is_given(void **state)
{
	static const struct { const char *devices, *message; } t[] = {
		{ AT("sram", "0x10000000 0x1000"), "d: reg: 0x10000000+0x1000 is no on-chip RAM" },
		{ AT("sram", "0x00000000 0x40000000"), "d: reg: 0x00000000+0x40000000 is no on-chip RAM" },
		{ AT("sram", "0x48200000 0x1000"), "d: reg: 0x48200000+0x1000 is no on-chip RAM" },
		{ AT("sram", "0x49020000 0x1000"), "is no on-chip RAM" },
		{ AT("sram", "0x40210000 0x1000"), "is no on-chip RAM" },
		{ AT("sram", "0x40200000 0x11000"), "is no on-chip RAM" },
		{ AT("sram", "0x401ff000 0x2000"), "is no on-chip RAM" },
		{ AT("sram", "0x40200000 0x1000 0x40202000 0x1000 0x40204000 0x1000 0x40206000 0x1000"),
		  "d: reg: 0x40206000+0x1000 is one range of RAM too many: a guest has 4" },
		{ AT("omap3-i2c-filter", "0x48200000 0x1000"), "d: reg: 0x48200000+0x1000 is not what \"umbra,omap3-i2c-filter\" is for" },
		{ AT("omap3-i2c-filter", "0x48070000 0x2000"), "is not what" },
		{ AT("omap3-prcm", "0x48004000 0x4000 0x48088000 0x1000"), "d: reg: 0x48088000+0x1000 is not what" },
		{ AT("omap3-prcm", "0x48005000 0x1000"), "is not what" },
		{ AT("omap3-sdrc", "0x6c000000 0x1000000"), "is not what" },
		{ AT("omap3-l3", "0x48000000 0x1000000"), "is not what" },
		{ AT("passthrough", "0x6c000000 0x1000"), "d: reg: contains the memory scheduler at 0x6c000000" },
		{ AT("passthrough", "0x68000000 0x1000000"), "d: reg: contains the L3 interconnect at 0x68000000" },
		{ AT("passthrough", "0x54000000 0x800000"), "contains L4-Wakeup by way of L4-Emu" },
		{ AT("passthrough", "0x54714000 0x1000"), "d: reg: contains L4-Wakeup by way of L4-Emu at 0x54700000, which can reset the board" },
		{ AT("passthrough", "0x54000000 0x700000"), "contains the protection of L4-Emu" },
		{ L4(HIDE_DRIVEN), "w: reg: contains the clock manager at 0x48004000, which Umbra drives itself" },
		{ L4(HIDE_DRIVEN AT("omap3-prcm", "0x48004000 0x4000")), "w: reg: contains the power and reset manager" },
		{ L4(HIDE_DRIVEN CM_PRM), "w: reg: contains I2C1 with the power chip at 0x48070000, which can reset the board or switch it off" },
		{ L4(HIDE_DRIVEN CM_PRM HIDE("c", "0x48070000 0x1000")), "w: reg: contains WDT2" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		refuse_devices(t[i].devices, t[i].message, "layout: /guest/devices/");
}

/* Ranges and lines that a device has no use for are not passed over. */
static void nothing_is_given_in_vain(void **state)
{
	refuse_devices("n { compatible = \"umbra,virtio-net\"; reg = <0x52000000 0x1000 0x53000000 0x1000>; };",
		       "layout: /guest/devices/n: reg: 2 ranges; \"umbra,virtio-net\" has one\n", "");
	refuse_devices("n { compatible = \"umbra,virtio-net\"; reg = <0x52000000 0x1000>; interrupts = <64 66>; };",
		       "layout: /guest/devices/n: interrupts: 2 lines; \"umbra,virtio-net\" has one\n", "");
	refuse_devices("s { compatible = \"umbra,sram\"; reg = <0x40200000 0x1000>; interrupts = <8>; };",
		       "layout: /guest/devices/s: interrupts: on-chip RAM has none\n", "");
}

/* The guest's tree is @dts: what comes of it, or (@want) the message that refuses it. */
static const void *tree(const char *dts, const char *want)
{
	create("linux", 0);
	guest.cfg.dtb.size = fake_dts_text(dts, hpa_ptr(DTB_AT), 0x10000);
	assert_int_not_equal(guest.cfg.dtb.size, 0);
	assert_int_equal(keep_files(), 0);
	fake_log_reset();
	assert_int_equal(guest_start(&guest) != 0, want != NULL);
	if (want && !strstr(fake_log_text, want))
		fail_msg("%s", fake_log_text);
	return want ? NULL : hpa_ptr(fake_vcpu.r2);
}

#define ROOT(ac, sc, rest)	"/dts-v1/; / { #address-cells = " ac "; #size-cells = " sc "; " rest " };"
#define MEMORY(at, more)	"memory" at " { device_type = \"memory\"; reg = <0x80000000 0x20000000>; " more " };"

/* All memory nodes together say what the guest has, and nothing else. */
static void memory_is_said_once(void **state)
{
	static const char *const t[] = {
		ROOT("<1>", "<1>", MEMORY("@80000000", "") MEMORY("", "")),
		ROOT("<1>", "<1>", MEMORY("@0", "") MEMORY("@80000000", "linux,usable-memory = <0x80000000 0x20000000>;") MEMORY("@1", "")),
		ROOT("<1>", "<1>", MEMORY("@80000000", "status = \"disabled\";")),
		ROOT("<1>", "<1>", "bus { " MEMORY("", "") " };"),
		ROOT("<1>", "<1>", MEMORY("@80000000", "") "memory@90000000 { device_type = \"memory\", \"ram\"; reg = <0x90000000 0x10000000>; };"),
		ROOT("<1>", "<1>", MEMORY("@80000000", "") "memory@90000000 { device_type = [6d 65 6d 6f 72 79]; reg = <0x90000000 0x10000000>; };"),
		ROOT("<1>", "<1>", "memory@80000000 { device_type = \"memory\", \"ram\"; reg = <0x90000000 0x10000000>; };"),
		ROOT("<1>", "<1>", "chosen { linux,usable-memory-range = <0x80000000 0x20000000>; };"),
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		const void *fdt = tree(t[i], NULL);
		int node = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", 7), len;
		const void *reg = fdt_getprop(fdt, node, "reg", &len);

		assert_int_equal(len, 8);
		assert_int_equal(be32_load(reg), 0x80000000);
		assert_int_equal(be32_load((const u8 *)reg + 4), 0x1e000000);
		assert_null(fdt_getprop(fdt, node, "linux,usable-memory", NULL));
		assert_null(fdt_getprop(fdt, node, "status", NULL));
		assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), "linux,usable-memory-range", NULL));
		assert_true(fdt_node_offset_by_prop_value(fdt, node, "device_type", "memory", 7) < 0);
		assert_true(fdt_path_offset(fdt, "/memory@90000000") < 0);
	}
}

static void odd_trees_are_refused(void **state)
{
	char deep[2048];
	u32 n = (u32)snprintf(deep, sizeof(deep), "%s", "/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; ");

	tree(ROOT("<0>", "<1>", ""), "file \"guest.dtb\": #address-cells of the root is another number, not 1 or 2");
	tree(ROOT("<3>", "<1>", ""), "#address-cells of the root is another number");
	tree(ROOT("<9>", "<1>", ""), "#address-cells of the root is another number");
	tree(ROOT("\"one\"", "<1>", ""), "#address-cells of the root is ");
	tree(ROOT("<1>", "<0>", ""), "#size-cells of the root is another number");
	tree("/dts-v1/; / { #size-cells = <1>; };", "#address-cells of the root is missing");
	tree(ROOT("<2>", "<2>", ""), NULL);
	for (u32 i = 0; i < 14; i++)
		n += (u32)snprintf(deep + n, sizeof(deep) - n, "b%u { ranges; #address-cells = <1>; #size-cells = <1>; ", i);
	snprintf(deep + n, sizeof(deep) - n, "d { reg = <0x60000000 4>; };%s};", "};};};};};};};};};};};};};};");
	assert_string_equal(status_of(tree(deep, NULL), "/b0/b1/b2/b3/b4/b5/b6/b7/b8/b9/b10/b11/b12/b13/d"), "disabled");
	n = (u32)snprintf(deep, sizeof(deep), "%s", "/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; ");
	for (u32 i = 0; i < 33; i++)
		n += (u32)snprintf(deep + n, sizeof(deep) - n, "b { ranges; ");
	for (u32 i = 0; i < 34; i++)
		n += (u32)snprintf(deep + n, sizeof(deep) - n, "};");
	tree(deep, "buses are nested more than");
}

/* What would be ignored is a mistake. */
static void what_no_kernel_gets(void **state)
{
	create("bare-metal", 0);
	guest.cfg.files_kept = true;
	put_word(KERNEL_AT + 0x24, 0);
	guest.cfg.bootargs = "quiet";
	expect_failure("layout: /guest: bootargs: nothing tells a raw binary of it", "");
	create("bare-metal", 0);
	guest.cfg.files_kept = true;
	put_word(KERNEL_AT + 0x24, 0);
	guest.cfg.initrd.size = 4096;
	expect_failure("layout: /guest: initrd: nothing tells a raw binary of it", "");
	create("bare-metal", 0);
	guest.cfg.files_kept = true;
	expect_failure("layout: /guest: load-offset: file \"guest.bin\" is a zImage", "");
}

/* A device tree with more absent devices than the shipped ones have still has place for the changes. */
static void many_absent_devices(void **state)
{
	static char text[65536];
	u32 n = (u32)snprintf(text, sizeof(text), "/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;\n"), size;

	for (u32 i = 0; i < 600; i++)
		n += (u32)snprintf(text + n, sizeof(text) - n, "d%u { reg = <0x%x 0x100>; };\n", i, 0x60000000 + i * 0x1000);
	snprintf(text + n, sizeof(text) - n, "};\n");
	create("linux", 0);
	size = fake_dts_text(text, hpa_ptr(DTB_AT), 0x10000);
	assert_int_not_equal(size, 0);
	guest.cfg.dtb.size = size;
	assert_int_equal(keep_files(), 0);
	fake_log_reset();
	if (guest_start(&guest))
		fail_msg("%s", fake_log_text);
	assert_string_equal(status_of(hpa_ptr(fake_vcpu.r2), "/d599"), "disabled");
}

static void put_be32(hpa_t at, u32 w)
{
	put_word(at, __builtin_bswap32(w));
}

/* A U-Boot image of @size bytes of data at @at: type and compression as in U-Boot's include/image.h. */
static void put_uimage(hpa_t at, u32 size, u32 type, u32 compression, u32 load)
{
	memset(hpa_ptr(at), 0, 64);
	put_be32(at, 0x27051956);
	put_be32(at + 12, size);
	put_be32(at + 16, load);
	put_be32(at + 20, load);
	put_be32(at + 28, 5 << 24 | 2 << 16 | type << 8 | compression);	/* Linux, ARM */
}

/* The data in them are what they would be as files of their own. */
static void uboot_images_are_opened(void **state)
{
	create("linux-atags", 0);
	memmove(hpa_ptr(KERNEL_AT + 64), hpa_ptr(KERNEL_AT), KERNEL_SIZE);
	put_uimage(KERNEL_AT, KERNEL_SIZE, 2, 0, 0x80008000);
	guest.cfg.kernel.size = KERNEL_SIZE + 64;
	memmove(hpa_ptr(INITRD_AT + 64), hpa_ptr(INITRD_AT), INITRD_SIZE);
	put_uimage(INITRD_AT, INITRD_SIZE, 3, 1, 0);
	guest.cfg.initrd.addr = INITRD_AT;
	guest.cfg.initrd.size = INITRD_SIZE + 64;
	assert_int_equal(keep_files(), 0);
	assert_int_equal(guest_start(&guest), 0);
	assert_int_equal(guest.entry, 0x82000000);	/* a zImage */
	assert_int_equal(*(u32 *)hpa_ptr(guest.entry + 0x24), 0x016f2818);
	assert_int_equal(guest.cfg.initrd.size, INITRD_SIZE);
	assert_int_equal(((u8 *)hpa_ptr(guest.cfg.initrd.addr))[9], 63);
	assert_int_equal(guest_restart(&guest), 0);
	assert_int_equal(*(u32 *)hpa_ptr(guest.entry + 0x24), 0x016f2818);
	/* raw, linked for where the layout puts it */
	create("bare-metal", 0);
	put_word(KERNEL_AT + 64 + 0x24, 0);
	put_uimage(KERNEL_AT, KERNEL_SIZE - 64, 2, 0, 0x80008000);
	assert_int_equal(keep_files(), 0);
	assert_int_equal(guest_start(&guest), 0);
	assert_int_equal(guest.entry, 0x80008000);
	assert_int_equal(*(u8 *)hpa_ptr(0x80008000), 0x11);
}

static void uboot_images_that_cannot_be_opened(void **state)
{
	static const struct { u32 size, type, compression, load; const char *why; } t[] = {
		{ KERNEL_SIZE - 63, 2, 0, 0x80008000, "truncated" },
		{ 0, 2, 0, 0x80008000, "truncated" },
		{ KERNEL_SIZE - 64, 2, 1, 0x80008000, "compressed" },
		{ KERNEL_SIZE - 64, 4, 0, 0x80008000, "another kind" },
		{ KERNEL_SIZE - 64, 3, 0, 0x80008000, "another kind" },
		{ KERNEL_SIZE - 64, 2, 0, 0x80010000, "for 0x80010000, entered at 0x80010000; the layout's load-offset says 0x80008000" },
		{ KERNEL_SIZE - 64, 2, 0, 0x70008000, "for 0x70008000, entered at 0x70008000; " },
		{ KERNEL_SIZE - 64, 2, 0, 0x84000000, "its memory is 0x80000000+0x4000000" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		create("bare-metal", 0);
		put_word(KERNEL_AT + 64 + 0x24, 0);
		put_uimage(KERNEL_AT, t[i].size, t[i].type, t[i].compression, t[i].load);
		fake_log_reset();
		assert_int_equal(keep_files(), -EINVAL);
		assert_int_equal(fake_log_count[LOG_ERR], 1);
		if (!strstr(fake_log_text, t[i].why) || !strstr(fake_log_text, "file \"guest.bin\" is a U-Boot image"))
			fail_msg("%s", fake_log_text);
	}
}

/* A kernel that is unpacked already, in U-Boot's format or where load-offset says, gets a device tree as a zImage does. */
static void unpacked_kernels_get_trees(void **state)
{
	create("linux", 0);
	put_word(KERNEL_AT + 64 + 0x24, 0);
	put_uimage(KERNEL_AT, KERNEL_SIZE - 64, 2, 0, 0x80208000);
	put_be32(KERNEL_AT + 20, 0x80208040);
	assert_int_equal(keep_files(), 0);
	assert_int_equal(guest_start(&guest), 0);
	assert_int_equal(guest.entry, 0x80208040);
	assert_int_equal(*(u8 *)hpa_ptr(0x80208000), 0x11);
	assert_int_equal(fdt_check_header(hpa_ptr(fake_vcpu.r2)), 0);
	assert_int_equal(guest_restart(&guest), 0);
	assert_int_equal(guest.entry, 0x80208040);
	create("linux", 0);
	put_word(KERNEL_AT + 0x24, 0);
	guest.cfg.load_offset = 0x10000;
	guest.cfg.load_offset_given = true;
	assert_int_equal(keep_files(), 0);
	assert_int_equal(guest_start(&guest), 0);
	assert_int_equal(guest.entry, 0x80010000);
	assert_int_equal(fdt_check_header(hpa_ptr(fake_vcpu.r2)), 0);
	/* without either, nobody knows where it belongs */
	create("linux", 0);
	put_word(KERNEL_AT + 0x24, 0);
	assert_int_equal(keep_files(), 0);
	expect_failure("file \"vmlinuz\" is truncated or no zImage", "load-offset");
}

/* Files that users have at hand, and that are no code for this processor. */
static void kernels_of_other_kinds_say_so(void **state)
{
	static const struct {
		u32 at, word;
		const char *what;
	} kinds[] = {
		{ 0x00, 0x464c457f, "ELF" }, { 0x38, 0x644d5241, "AArch64" }, { 0x00, 0x04088b1f, "gzip" }, { 0x00, 0x587a37fd, "xz" },
		{ 0x00, 0x39685a42, "bzip2" }, { 0x00, 0x8000005d, "lzma" }, { 0x00, 0x0000005d, "lzma" }, { 0x00, 0x4f5a4c89, "lzop" },
		{ 0x00, 0x184c2102, "lz4" }, { 0x00, 0x184d2204, "lz4" }, { 0x00, 0xfd2fb528, "zstd" }, { 0x00, 0xedfe0dd0, "FIT" },
		{ 0x00, 0x52444e41, "Android" }, { 0x00, 0x37303730, "cpio" }, { 0x202, 0x53726448, "x86" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		create("linux", 0);
		put_word(KERNEL_AT + 0x24, 0);
		put_word(KERNEL_AT + kinds[i].at, kinds[i].word);
		guest.cfg.load_offset = 0x10000;
		guest.cfg.load_offset_given = true;
		assert_int_equal(keep_files(), 0);
		expect_failure("file \"vmlinuz\" is ", kinds[i].what);
	}
}

/* U-Boot's own image: "firmware", without anything beside it. */
static void uboot_itself_is_a_guest(void **state)
{
	create("u-boot", 0);
	put_word(KERNEL_AT + 64 + 0x24, 0);
	put_uimage(KERNEL_AT, KERNEL_SIZE - 64, 5, 0, 0x80800000);
	assert_int_equal(keep_files(), 0);
	assert_int_equal(guest_start(&guest), 0);
	assert_int_equal(guest.entry, 0x80800000);
	assert_int_equal(fake_vcpu.r2, 0);
}

/* The tree behind the kernel is the guest's, edited, and the kernel does not find it there. */
static void appended_trees_are_taken(void **state)
{
	const struct layout_file *kept;
	u32 size;

	create("linux", 0);
	size = fake_dts_text(ROOT("<1>", "<1>", "appended;"), hpa_ptr(KERNEL_AT + KERNEL_SIZE), 0x10000);
	assert_int_not_equal(size, 0);
	guest.cfg.kernel.size = KERNEL_SIZE + size;
	fake_log_reset();
	assert_int_equal(keep_files(), 0);
	assert_non_null(strstr(fake_log_text, "the device tree behind \"vmlinuz\" takes the place of \"guest.dtb\""));
	for (u32 run = 0; run < 2; run++) {
		assert_int_equal(run ? guest_restart(&guest) : guest_start(&guest), 0);
		assert_int_equal(*(u8 *)hpa_ptr(guest.entry + KERNEL_SIZE - 1), 0x11);
		assert_int_equal(*(u32 *)hpa_ptr(guest.entry + KERNEL_SIZE), 0);
		assert_non_null(fdt_getprop(hpa_ptr(fake_vcpu.r2), 0, "appended", NULL));
	}
	/* a guest that comes later finds the file as it came */
	kept = guest_file_kept("vmlinuz");
	assert_int_equal(kept->size, KERNEL_SIZE);
	assert_int_equal(kept->before, 0);
	assert_int_equal(kept->behind, size);
	assert_non_null(fdt_getprop(hpa_ptr(kept->addr + KERNEL_SIZE), 0, "appended", NULL));
	/* a damaged one is refused, as a file of its own would be */
	create("linux", 0);
	size = fake_dts_text(ROOT("<1>", "<1>", "appended;"), hpa_ptr(KERNEL_AT + KERNEL_SIZE), 0x10000);
	guest.cfg.kernel.size = KERNEL_SIZE + size - 8;
	assert_int_equal(keep_files(), 0);
	expect_failure("file \"vmlinuz\" is not a sound device tree blob", "");
	/* ATAGs go into it, by the kernel's own decompressor */
	create("linux-atags", 0);
	size = fake_dts_text(ROOT("<1>", "<1>", "appended;"), hpa_ptr(KERNEL_AT + KERNEL_SIZE), 0x10000);
	guest.cfg.kernel.size = KERNEL_SIZE + size;
	assert_int_equal(keep_files(), 0);
	assert_int_equal(guest_start(&guest), 0);
	assert_int_equal(fdt_check_header(hpa_ptr(guest.entry + KERNEL_SIZE)), 0);
	assert_int_equal(fake_vcpu.r2, 0x80000100);
}

static u32 host_irqs;

static void chip_host_irq(void *priv, u32 line)
{
	host_irqs = line;
}

static void interrupts_find_their_way(void **state)
{
	static const struct irqchip_ops ops = { .host_irq = chip_host_irq };
	u32 n = 0;

	start("linux");
	guest.irqchip = &ops;
	/* a guest's line: masked at the host, ended, handed over */
	fake_irq_masked[83] = false;
	fake_irq_level[83] = true;
	fake_irq_eois = 0;
	host_irq_handle();
	assert_int_equal(host_irqs, 83);
	assert_true(fake_irq_masked[83]);
	assert_int_equal(fake_irq_eois, 1);
	fake_irq_level[83] = false;
	/* Umbra's own */
	assert_int_equal(host_irq_request(47, handler, &n), 0);
	fake_irq_level[47] = true;
	host_irq_handle();
	fake_irq_level[47] = false;
	assert_int_equal(n, 1);
	assert_false(fake_irq_masked[47]);
	host_irq_release(47);
	/* nobody's: masked, said */
	fake_log_reset();
	fake_irq_masked[50] = false;
	fake_irq_level[50] = true;
	host_irq_handle();
	fake_irq_level[50] = false;
	assert_true(fake_irq_masked[50]);
	assert_int_equal(fake_log_count[LOG_WARN], 1);
	/* spurious */
	fake_irq_eois = 0;
	host_irq_handle();
	assert_int_equal(fake_irq_eois, 1);
}

static void memory_access_is_checked(void **state)
{
	start("linux");
	assert_ptr_equal(guest_mem_ptr(&guest, 0x9dfffffc, 4), hpa_ptr(0x9dfffffc));
	assert_null(guest_mem_ptr(&guest, 0x9dfffffd, 4));
	assert_null(guest_mem_ptr(&guest, 0x48002000, 4));
	assert_null(guest_mem_ptr(&guest, 0xfffffffc, 8));
	assert_non_null(guest_mem_ptr(&guest, 0x4020fffc, 4));
	assert_null(guest_mem_ptr(&guest, 0x4020fffe, 4));
	assert_null(guest_mem_ptr(&guest, 0x80000000, 0x1e000001));
	assert_non_null(guest_mem_ptr(&guest, 0x80000000, 0x1e000000));
}

static void mmio_is_routed(void **state)
{
	struct mmio_access a = { .addr = 0x48200010, .size = 4, .is_write = true, .value = 5 };

	start("linux");
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	assert_int_equal(a.offset, 0x10);
	a.is_write = false;
	a.value = 99;
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	assert_int_equal(a.value, 5 + 0x10);
	/* of a byte or a halfword, no more goes either way */
	a = (struct mmio_access){ .addr = 0x48200010, .size = 1, .is_write = true, .value = 0xfffffe41 };
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	a = (struct mmio_access){ .addr = 0x48200010, .size = 4 };
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	assert_int_equal(a.value, 0x41 + 0x10);
	a = (struct mmio_access){ .addr = 0x48200010, .size = 4, .is_write = true, .value = 0x12345678 - 0x10 };
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	a = (struct mmio_access){ .addr = 0x48200010, .size = 2 };
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	assert_int_equal(a.value, 0x5678);
	a = (struct mmio_access){ .addr = 0x48200010, .size = 1 };
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_DONE);
	assert_int_equal(a.value, 0x78);
	a.addr = 0x48200ffe;	/* leaves the device */
	a.size = 4;
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_NOT_MINE);
	a.addr = 0x48200800;	/* the device says no */
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_NOT_MINE);
	a.addr = 0x80000000;	/* not a device */
	a.value = 99;
	assert_int_equal(mmio_dispatch(&guest, &a), MMIO_NOT_MINE);
	assert_int_equal(a.value, 0);
}

/* Only the user closes the monitor: not a guest that restarts. */
static void restart_leaves_the_monitor_open(void **state)
{
	start("linux");
	fake_console_monitor = true;
	assert_int_equal(guest_restart(&guest), 0);
	assert_true(fake_console_monitor);
}

static u32 messages(const char *text)
{
	u32 n = 0;

	for (const char *at = fake_log_text; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static void watch(const char *name)
{
	static bool once;

	if (!once)
		guest_watch_init();
	once = true;
	start(name);
	fake_log_reset();
}

/* @seconds go by, in each of which the guest runs for @ran ticks. */
static void pass(u32 seconds, u32 ran)
{
	guest.share.ticks_per_second = ran;
	while (seconds--) {
		fake_time += TIME_HZ;
		fake_tick();
	}
}

/* Says nothing on purpose: no message while it shows signs of life, and one when it does no more. */
static void silence_of_the_living(void **state)
{
	watch("linux");
	fake_vcpu.lives = true;
	pass(100, TIME_HZ);
	assert_int_equal(messages("no sign of life"), 0);
	fake_vcpu.lives = false;
	pass(29, TIME_HZ);
	assert_int_equal(messages("no sign of life"), 0);
	pass(2, TIME_HZ);
	assert_int_equal(messages("no sign of life"), 1);
	guest_stop(&guest);
}

/* A guest that never says a word is reported once a run; one that does, or that has the wire itself, is not. */
static void silence_is_reported(void **state)
{
	watch("linux");
	pass(29, TIME_HZ);
	assert_string_equal(fake_log_text, "");
	pass(3, TIME_HZ);
	assert_int_equal(messages("not a word on its console"), 1);
	assert_int_equal(fake_vcpu.troubles, 1);
	assert_int_equal(guest_restart(&guest), 0);
	pass(40, TIME_HZ);
	assert_int_equal(messages("not a word on its console"), 2);
	assert_int_equal(guest_restart(&guest), 0);
	fake_console_characters++;
	pass(40, TIME_HZ);
	assert_int_equal(messages("not a word on its console"), 2);
	watch("linux-uart3");
	pass(40, TIME_HZ);
	assert_int_equal(messages("not a word on its console"), 0);
	/* one that loops with interrupts masked for some seconds on end need not be waited for */
	watch("linux");
	for (u32 i = 0; i < 6; i++) {
		fake_vcpu.still = i != 2;
		pass(1, TIME_HZ);
		assert_string_equal(fake_log_text, "");
	}
	pass(2, TIME_HZ);
	assert_int_equal(messages("not a word on its console, and it loops in one place"), 1);
	guest_stop(&guest);
}

/* At a breakpoint before its first word a guest stands for as long as somebody thinks; beside busy ones it may have a hundredth of each second. */
static void who_is_kept_from_running_is_not_lost(void **state)
{
	watch("linux");
	fake_vcpu.still = true;
	pass(600, 0);
	pass(390, TIME_HZ / 100);
	assert_string_equal(fake_log_text, "");
	pass(20, TIME_HZ / 100 + 1);
	assert_int_equal(messages("loops in one place"), 1);
	fake_vcpu.still = false;
	guest_stop(&guest);
}

/* One that has said much, and then does nothing but fault, is reported once a run; many faults among other things are none. */
static void storm_is_reported(void **state)
{
	watch("linux");
	fake_console_characters += 100;
	for (u32 i = 0; i < 20; i++) {
		fake_vcpu.lives = i % 4 == 3;
		fake_vcpu.exceptions += 1000;
		fake_tick();
	}
	fake_vcpu.lives = false;
	for (u32 i = 0; i < 20; i++) {
		fake_vcpu.exceptions += 999;
		fake_tick();
	}
	assert_string_equal(fake_log_text, "");
	for (u32 run = 1; run <= 2; run++) {
		for (u32 i = 0; i < 10; i++) {
			fake_vcpu.exceptions += 5000;
			fake_tick();
			assert_int_equal(messages("nothing but exceptions for 4 s, 5000 in the last one"), i < 3 ? run - 1 : run);
		}
		assert_int_equal(fake_vcpu.troubles, run);
		assert_int_equal(guest_restart(&guest), 0);
	}
	guest_stop(&guest);
}

static void resets_are_said_once_a_second(void **state)
{
	watch("linux");
	for (u32 i = 0; i < 40; i++) {
		guest_watch_reset(&guest);
		fake_time += TIME_HZ / 8;
	}
	assert_int_equal(messages("reset:"), 5);
	assert_int_equal(messages("(8 resets since the last such message)"), 4);
}

static void accesses_to_nothing_are_told_apart(void **state)
{
	watch("linux");
	guest_watch_nothing(&guest, 0x10000000, 0x80008000);
	assert_int_equal(messages("nothing at physical 0x10000000 (pc 0x80008000)"), 1);
	guest_watch_nothing(&guest, 0x9f800000, 0x80008000);
	assert_int_equal(messages("physical 0x9f800000 is Umbra's RAM"), 1);
	assert_int_equal(messages("Its own is 0x80000000+0x1e000000"), 1);
	/* memory that is given by size is somewhere else: the address says nothing of the board's */
	guest.cfg.by_size = true;
	guest_watch_nothing(&guest, 0x9f800000, 0x80008000);
	assert_int_equal(messages("nothing at physical 0x9f800000"), 1);
}

static void memory_arguments_are_checked(void **state)
{
	static const struct { const char *args; u32 warnings; } t[] = {
		{ "console=ttyO2 mem=480M quiet", 0 }, { "mem=0x1e000000", 0 }, { "mem=99M@0x80000000 mem=100m@0x90000000", 0 },
		{ "mem=", 0 }, { "xmem=512M", 0 }, { "mem=491520k", 0 },
		{ "mem=512M", 1 }, { "a mem=99M@0x80000000 mem=384M@0x88000000", 1 }, { "mem=1G mem=1M@0", 2 },
		{ "mem=384M@2281701376", 1 }, { "quiet\tmem=512M", 1 }, { "quiet\nmem=512M\n", 1 }, { "quiet \"mem=512M\" \"a\"", 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		watch("linux");
		hv_log_new_run();
		guest_watch_args(&guest, t[i].args);
		if (messages("is not in the guest's memory, 0x80000000+0x1e000000") != t[i].warnings)
			fail_msg("%s: %s", t[i].args, fake_log_text);
	}
}

static void initrd_arguments_are_checked(void **state)
{
	watch("linux");
	guest_watch_args(&guest, "console=ttyO2 root=/dev/ram0 noinitrd xinitrd=1");
	assert_int_equal(messages("kernel argument"), 0);
	guest_watch_args(&guest, "a initrd=0x81600000,\x1b[8M b");
	assert_int_equal(messages("kernel argument initrd=0x81600000,?[8M takes the place of the layout's initrd, file \"initrd.gz\""), 1);
	guest.cfg.initrd.size = 0;
	guest_watch_args(&guest, "initrd=0x81600000,8M");
	assert_int_equal(messages("kernel argument initrd=0x81600000,8M: the layout has no initrd, nothing is loaded there"), 1);
}

static void first_request_wins(void **state)
{
	start("linux");
	guest_request(&guest, GUEST_REQ_RESET, "because %d", 1);
	guest_request(&guest, GUEST_REQ_CRASH, "later");
	assert_int_equal(guest.request, GUEST_REQ_RESET);
	assert_string_equal(guest.reason, "because 1");
}

/* A watchdog that nobody serves counts on in a guest that was stopped, and must not bring it back. */
static void who_is_stopped_requests_nothing(void **state)
{
	start("linux");
	guest_pause(&guest);
	guest_request(&guest, GUEST_REQ_RESET, "paused");
	assert_int_equal(guest.request, GUEST_REQ_RESET);
	guest_stop(&guest);
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	guest_request(&guest, GUEST_REQ_RESET, "stopped");
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	assert_string_equal(guest.reason, "paused");
	guest_destroy(&guest);
	guest_request(&guest, GUEST_REQ_RESET, "off");
	assert_int_equal(guest.request, GUEST_REQ_NONE);
	assert_int_equal(guest_start(&guest), 0);
	guest_request(&guest, GUEST_REQ_RESET, "again");
	assert_int_equal(guest.request, GUEST_REQ_RESET);
}

/* -- several guests -- */

/* A raw guest beside the board's: the files are two, or one for both. */
static void two(u32 mem_size, u32 mib, bool shared)
{
	create("linux", 0);
	layout.guest[0] = guest.cfg;
	layout.guest[0].mem_size = mem_size;
	layout.guest[1] = (struct layout_guest){
		.name = "1", .at = guest.cfg.at, .ok = true, .by_size = true, .mem_base = 0x80000000, .mem_size = mib << 20,
		.load_offset = 0x8000, .kernel = shared ? guest.cfg.kernel : (struct layout_file){ .name = "raw", .addr = INITRD_AT + 0x200000, .size = 0x4000, .at = guest.cfg.at },
		.dtb = shared ? guest.cfg.dtb : (struct layout_file){ .size = 0 },
	};
	layout.nguests = 2;
	memset(hpa_ptr(INITRD_AT + 0x200000), 0x77, 0x4000);
	fake_log_reset();
	guest_files_keep(&layout);
}

static void memory_by_size_is_below_the_files(void **state)
{
	const struct layout_guest *c = &layout.guest[1];
	struct guest *g;

	two(0x08000000, 32, false);
	assert_string_equal(fake_log_text, "");
	assert_true(layout.guest[0].ok && c->ok);
	assert_int_equal(c->own_size, 6 << 20);
	assert_true(c->own + c->own_size <= guest_kept_base() && guest_kept_base() - (c->own + c->own_size) < SECTION_SIZE);
	assert_int_equal(c->mem_host, c->own - (32 << 20));
	assert_int_equal(guest_given_base(), c->mem_host);
	/* it is loaded there, where nothing of before is left, and sees it at 0x80000000 */
	memset(hpa_ptr(c->mem_host), 0x99, 0x10000);
	g = hpa_ptr(FAKE_RAM_BASE + 0x0a000000);
	assert_int_equal(guest_create(g, c), 0);
	assert_int_equal(guest_start(g), 0);
	assert_int_equal(g->entry, 0x80008000);
	assert_ptr_equal(guest_mem_ptr(g, 0x80000000, 32 << 20), hpa_ptr(c->mem_host));
	assert_null(guest_mem_ptr(g, 0x80000000, (32 << 20) + 1));
	assert_null(guest_mem_ptr(g, c->mem_host, 4));
	assert_int_equal(*(u8 *)hpa_ptr(c->mem_host + 0x8000), 0x77);
	assert_int_equal(*(u8 *)hpa_ptr(c->mem_host + 0x100), 0);
	/* and when it is destroyed nothing of it is */
	*(u32 *)hpa_ptr(c->mem_host + 0x123454) = 0xdeadbeef;
	guest_stop(g);
	assert_int_equal(*(u32 *)hpa_ptr(c->mem_host + 0x123454), 0xdeadbeef);
	guest_destroy(g);
	assert_int_equal(*(u32 *)hpa_ptr(c->mem_host + 0x123454), 0);
	assert_int_equal(*(u8 *)hpa_ptr(c->mem_host + 0x8000), 0);
	assert_int_equal(fake_quiesces, 0);	/* it has nothing of the board */
	assert_int_equal(guest_start(g), 0);
	assert_int_equal(*(u8 *)hpa_ptr(c->mem_host + 0x8000), 0x77);
	guest_stop(g);
}

/* A file that two guests have is kept once. */
static void guests_share_files(void **state)
{
	two(0x08000000, 32, true);
	assert_string_equal(fake_log_text, "");
	assert_int_equal(layout.guest[0].kernel.addr, layout.guest[1].kernel.addr);
	assert_int_equal(layout.guest[0].dtb.addr, layout.guest[1].dtb.addr);
	assert_true(layout.guest[0].kernel.addr >= guest_kept_base());
	assert_int_equal(*(u32 *)hpa_ptr(layout.guest[1].kernel.addr + 0x24), 0x016f2818);
	assert_true(FAKE_UMBRA_BASE - guest_kept_base() < KERNEL_SIZE + INITRD_SIZE + 0x20000);
}

/* A disk that is kept twice is more than there is, and no guest has memory at an address of its own that would be in the way. */
static void twice_a_file_does_not_fit(void **state)
{
	struct layout_guest *c = &layout.guest[1];

	for (u32 i = 0; i < 2; i++) {
		two(0x08000000, 32, true);
		layout.guest[0].ok = i;
		layout.guest[0].by_size = true;
		c->ok = true;
		c->kernel.addr = INITRD_AT + 0x200000;
		c->ndevs = 1;
		c->dev[0].file = (struct layout_file){ .name = "disk.img", .addr = 0x80100000, .size = 260 << 20, .doubled = true, .at = guest.cfg.at };
		*(u32 *)hpa_ptr(0x80000000) = 0x12345678;
		fake_log_reset();
		guest_files_keep(&layout);
		assert_int_equal(fake_log_count[LOG_ERR], 1);
		assert_non_null(strstr(fake_log_text, ": reg: file \"disk.img\" is too much, as it is kept twice: "));
		assert_false(c->ok);
		assert_int_equal(layout.guest[0].ok, i);
		assert_int_equal(*(u32 *)hpa_ptr(0x80000000), 0x12345678);
	}
}

/* The guest for which there is no memory is named, and the other one has its files. */
static void memory_does_not_suffice(void **state)
{
	two(0x1c000000, 64, false);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	assert_non_null(strstr(fake_log_text, ": memory-mib: too much: "));
	assert_non_null(strstr(fake_log_text, "MiB are left, and Umbra needs 6 for one more guest"));
	assert_true(layout.guest[0].ok && layout.guest[0].files_kept);
	assert_false(layout.guest[1].ok || layout.guest[1].files_kept);
	assert_int_equal(guest_given_base(), guest_kept_base());
	/* the board's guest has too much itself: the other one starts */
	two(0x1f000000, 64, false);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	assert_non_null(strstr(fake_log_text, ": memory: too much: "));
	assert_false(layout.guest[0].ok);
	assert_true(layout.guest[1].ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linux_is_placed),
		cmocka_unit_test(device_tree_follows_the_layout),
		cmocka_unit_test(nodes_are_found_through_buses),
		cmocka_unit_test(map_is_what_the_layout_says),
		cmocka_unit_test(restart_clears_and_reloads),
		cmocka_unit_test(stop_quiesces_once),
		cmocka_unit_test(uart_can_be_passed_through),
		cmocka_unit_test(uart_is_not_given_away_while_debugging),
		cmocka_unit_test(atags_boot),
		cmocka_unit_test(raw_binary),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(uboot_images_are_opened),
		cmocka_unit_test(uboot_images_that_cannot_be_opened),
		cmocka_unit_test(unpacked_kernels_get_trees),
		cmocka_unit_test(kernels_of_other_kinds_say_so), cmocka_unit_test(uboot_itself_is_a_guest),
		cmocka_unit_test(appended_trees_are_taken),
		cmocka_unit_test(no_room_for_kept_files),
		cmocka_unit_test(kept_files_survive_tight_packing),
		cmocka_unit_test(host_lines_are_not_given),
		cmocka_unit_test(host_registers_are_not_given),
		cmocka_unit_test(missing_families_are_not_given),
		cmocka_unit_test(second_stage_names_the_node),
		cmocka_unit_test(nothing_of_the_hosts_is_given),
		cmocka_unit_test(nothing_is_given_in_vain),
		cmocka_unit_test(memory_is_said_once),
		cmocka_unit_test(odd_trees_are_refused),
		cmocka_unit_test(what_no_kernel_gets),
		cmocka_unit_test(many_absent_devices),
		cmocka_unit_test(unknown_engine),
		cmocka_unit_test(interrupts_find_their_way),
		cmocka_unit_test(memory_access_is_checked),
		cmocka_unit_test(mmio_is_routed),
		cmocka_unit_test(restart_leaves_the_monitor_open),
		cmocka_unit_test(silence_is_reported),
		cmocka_unit_test(who_is_kept_from_running_is_not_lost),
		cmocka_unit_test(storm_is_reported),
		cmocka_unit_test(silence_of_the_living),
		cmocka_unit_test(resets_are_said_once_a_second),
		cmocka_unit_test(accesses_to_nothing_are_told_apart),
		cmocka_unit_test(memory_arguments_are_checked),
		cmocka_unit_test(initrd_arguments_are_checked),
		cmocka_unit_test(first_request_wins),
		cmocka_unit_test(who_is_stopped_requests_nothing),
		cmocka_unit_test(memory_by_size_is_below_the_files),
		cmocka_unit_test(guests_share_files),
		cmocka_unit_test(twice_a_file_does_not_fit),
		cmocka_unit_test(memory_does_not_suffice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
