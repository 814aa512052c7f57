/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout parser: the shipped layouts, every kind of mistake with its one message, and damaged blobs. */
/* SOURCES: core/layout.c core/layout_msg.c core/emudev.c core/guest_map.c core/guest_fdt.c core/guest_tree.c core/alloc.c core/passthrough.c core/irq.c core/guest_watch.c */
/* SOURCES: tests/host/fake/time.c tests/host/fake/vcpu.c */
/* SOURCES: drivers/owned_omap.c */
/* SOURCES: tests/host/fake/log.c tests/host/fake/arch.c tests/host/fake/dts.c tests/host/fake/devices.c */
/* SOURCES: tests/host/fake/console.c tests/host/fake/irqc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hv/guest.h>
#include <hv/layout.h>

#include "fake.h"

#define BLOB_MAX 0x8000u

static struct layout layout;
static u64 blob[BLOB_MAX / 8];

struct guest *guest_first(void) { return NULL; }

static const char good[] =
	"/dts-v1/;\n"
	"/ { compatible = \"umbra,layout-v1\"; #address-cells = <1>; #size-cells = <1>;\n"
	"  chosen {\n"
	"    k: module@0 { compatible = \"multiboot,module\"; file = \"vmlinuz\"; reg = <0x82000000 0x500000>; };\n"
	"    d: module@1 { compatible = \"multiboot,module\"; file = \"guest.dtb\"; reg = <0x88000000 0x10000>; };\n"
	"    i: module@2 { compatible = \"multiboot,module\"; file = \"initrd.gz\"; reg = <0x88100000 0x100000>; };\n"
	"  };\n"
	"  guest { compatible = \"umbra,guest\"; memory = <0x80000000 0x1e000000>;\n"
	"    kernel = <&k>; dtb = <&d>; initrd = <&i>; bootargs = \"quiet\"; cpu-path = \"trap\"; shadow = \"flush\";\n"
	"    devices { #address-cells = <1>; #size-cells = <1>;\n"
	"      b: bus { compatible = \"umbra,passthrough\"; #address-cells = <1>; #size-cells = <1>;\n"
	"        reg = <0x48000000 0x1000000>; interrupts = <7 9>;\n"
	"        intc { compatible = \"umbra,omap3-intc\"; reg = <0x48200000 0x1000>; };\n"
	"        mmc1 { reg = <0x4809c000 0x1000>; interrupts = <83>; };\n"
	"        mmc2 { reg = <0x480b4000 0x1000>; interrupts = <86>; };\n"
	"      };\n"
	"      sgx { compatible = \"umbra,passthrough\"; reg = <0x50000000 0x10000>; interrupts = <21>; };\n"
	"      sram { compatible = \"umbra,sram\"; reg = <0x40200000 0x10000>; };\n"
	"    };\n"
	"  };\n"
	"};\n";

/* The good layout with the first @from replaced by @to, compiled. */
static void compile_edited(const char *from, const char *to)
{
	static char text[8192];
	const char *at = strstr(good, from);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
	assert_int_not_equal(fake_dts_text(text, blob, sizeof(blob)), 0);
}

static int parse(void)
{
	fake_log_reset();
	return layout_parse(blob, &layout);
}

static void good_layout(void **state)
{
	const struct layout_guest *g = &layout.guest[0];

	compile_edited("quiet", "quiet");
	assert_int_equal(parse(), 0);
	assert_string_equal(fake_log_text, "");
	assert_int_equal(layout.nguests, 1);
	assert_string_equal(g->name, "0");
	assert_int_equal(g->mem_base, 0x80000000);
	assert_int_equal(g->mem_size, 0x1e000000);
	assert_string_equal(g->kernel.name, "vmlinuz");
	assert_int_equal(g->kernel.addr, 0x82000000);
	assert_int_equal(g->kernel.size, 0x500000);
	assert_string_equal(g->dtb.name, "guest.dtb");
	assert_int_equal(g->initrd.size, 0x100000);
	assert_string_equal(g->bootargs, "quiet");
	assert_string_equal(g->cpu_path, "trap");
	assert_string_equal(g->shadow, "flush");
	assert_int_equal(g->load_offset, 0x8000);
	assert_false(g->atags);
	assert_int_equal(g->ndevs, 6);
	assert_int_equal(g->dev[0].parent, -1);
	assert_int_equal(g->dev[0].nirqs, 2);
	assert_string_equal(g->dev[1].compatible, "umbra,omap3-intc");
	assert_int_equal(g->dev[1].parent, 0);
	assert_string_equal(g->dev[2].compatible, "umbra,passthrough");
	assert_int_equal(g->dev[2].irq[0], 83);
}

static void disabled_part_is_withheld(void **state)
{
	const struct layout_dev *d = &layout.guest[0].dev[3];

	compile_edited("mmc2 {", "mmc2 { status = \"disabled\";");
	assert_int_equal(parse(), 0);
	assert_true(d->withheld);
	assert_string_equal(d->compatible, LAYOUT_WITHHELD);
	assert_int_equal(d->nirqs, 0);
}

static void disabled_window_is_gone(void **state)
{
	compile_edited("sgx {", "sgx { status = \"disabled\";");
	assert_int_equal(parse(), 0);
	assert_int_equal(layout.guest[0].ndevs, 5);
	compile_edited("bus {", "bus { status = \"disabled\";");
	assert_int_equal(parse(), 0);
	assert_int_equal(layout.guest[0].ndevs, 2);
}

/* What a boot loader adds passes silently; what nobody knows is named, and the guest runs. */
static void unknown_properties_are_named(void **state)
{
	compile_edited("chosen {", "chosen { bootargs = \"x\"; rng-seed = <1>; u-boot,version = \"y\";");
	assert_int_equal(parse(), 0);
	assert_string_equal(fake_log_text, "");
	compile_edited("chosen {", "chosen { bootarg = \"x\";");
	assert_int_equal(parse(), 0);
	assert_non_null(strstr(fake_log_text, "layout: /chosen: bootarg: not a property of layouts, ignored"));
	compile_edited("#size-cells = <1>;", "#size-cells = <1>; memory = <1>;");
	assert_int_equal(parse(), 0);
	assert_non_null(strstr(fake_log_text, "layout: /: memory: not a property of layouts, ignored"));
}

/* dtc makes no such tree; other tools do. */
static void two_nodes_of_one_name(void **state)
{
	static const struct { const char *name, *twin, *path; } t[] = {
		{ "mmc2", "mmc1", "/guest/devices/bus/mmc1" }, { "intc", "mmc1", "/guest/devices/bus/mmc1" }, { "module@2", "module@1", "/chosen/module@1" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		compile_edited("quiet", "quiet");
		memcpy(memmem(blob, sizeof(blob), t[i].name, strlen(t[i].name)), t[i].twin, strlen(t[i].name));
		assert_int_equal(parse(), -EINVAL);
		if (!strstr(fake_log_text, t[i].path) || !strstr(fake_log_text, "two nodes of this name"))
			fail_msg("%s", fake_log_text);
	}
}

/* What says that numbers have one cell, or of a node without children that they have none, is no mistake; nor is the guest's own controller. */
static void cells_as_they_are(void **state)
{
	compile_edited("intc {", "ic: intc { interrupt-controller; #address-cells = <0>; #interrupt-cells = <1>;");
	assert_int_equal(parse(), 0);
	assert_string_equal(fake_log_text, "");
	compile_edited("b: bus {", "c: ic { compatible = \"umbra,hidden\"; reg = <0x10000000 0x1000>; interrupt-controller; };\n      b: bus { interrupt-parent = <&c>;");
	assert_int_equal(parse(), 0);
	assert_string_equal(fake_log_text, "");
	compile_edited("guest {", "guest@allow {");
	assert_int_equal(parse(), 0);
}

/* dtc makes no such tree either: which of the two a reader takes is anybody's guess. */
static void two_properties_of_one_name(void **state)
{
	static const struct { const char *name, *twin, *path; } t[] = {
		{ "dtb", "initrd", "/guest: initrd: is there twice" }, { "bootargs", "cpu-path", "/guest: cpu-path: is there twice" },
		{ "interrupts", "reg", "/guest/devices/bus: reg: is there twice" }, { "file", "reg", "/chosen/module@0: reg: is there twice" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		fdt32_t *p;
		int at;

		compile_edited("quiet", "quiet");
		for (p = (fdt32_t *)((u8 *)blob + fdt_off_dt_struct(blob)); fdt32_to_cpu(p[0]) != FDT_PROP ||
		     strcmp(fdt_string(blob, (int)fdt32_to_cpu(p[2])), t[i].name); p++)
			;
		for (at = 0; strcmp(fdt_string(blob, at), t[i].twin); at++)
			;
		p[2] = cpu_to_fdt32((u32)at);
		assert_int_equal(parse(), -EINVAL);
		if (fake_log_count[LOG_ERR] != 1 || !strstr(fake_log_text, t[i].path))
			fail_msg("%s", fake_log_text);
	}
}

static void two_nodes_of_one_phandle(void **state)
{
	int node;

	compile_edited("quiet", "quiet");
	node = fdt_path_offset(blob, "/chosen/module@1");
	assert_int_equal(fdt_setprop_inplace_u32(blob, node, "phandle", fdt_get_phandle(blob, fdt_path_offset(blob, "/chosen/module@0"))), 0);
	assert_int_equal(parse(), -EINVAL);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	assert_non_null(strstr(fake_log_text, "/guest: kernel: refers to two nodes: phandle 0x"));
}

/* Hidden registers have no interrupts: a line that stands there is nobody's. */
static void hidden_interrupts_are_not_given(void **state)
{
	compile_edited("mmc2 {", "mmc2 { compatible = \"umbra,hidden\";");
	assert_int_equal(parse(), 0);
	assert_int_equal(layout.guest[0].dev[3].nirqs, 0);
	compile_edited("mmc2 {", "mmc2 { compatible = \"umbra,raz\";");
	assert_int_equal(parse(), 0);
	assert_int_equal(layout.guest[0].dev[3].nirqs, 0);
}

/* memory-at-most: what the layout says where it fits, else all that is left below the kept files (here 5.5 MiB and 64 KiB and 1 MiB). */
static void memory_can_be_a_maximum(void **state)
{
	static const struct { const char *memory; u32 size; bool said; } t[] = {
		{ "<0x80000000 0x1e000000>; memory-at-most", 0x1e000000, false },
		{ "<0x80000000 0x1e900000>; memory-at-most", 0x1e900000, false },
		{ "<0x80000000 0x1ea00000>; memory-at-most", 0x1e900000, true },
		{ "<0x80000000 0x3f000000>; memory-at-most", 0x1e900000, true },
		{ "<0x90000000 0x20000000>; memory-at-most", 0x0e900000, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		compile_edited("<0x80000000 0x1e000000>", t[i].memory);
		assert_int_equal(parse(), 0);
		assert_int_equal(layout.guest[0].mem_size, t[i].size);
		assert_int_equal(strstr(fake_log_text, "more than this board has") != NULL, t[i].said);
	}
}

/* What a boot loader adds on the way must not disturb. */
static void boot_loader_additions(void **state)
{
	compile_edited("chosen {", "memory { device_type = \"memory\"; reg = <0x80000000 0x20000000>; };\n"
		       "chosen { bootargs = \"x\"; u-boot,version = \"y\"; stdout-path = \"z\";");
	assert_int_equal(parse(), 0);
}

static const struct mistake {
	const char *from, *to;	/* edit of the good layout */
	const char *expect[4];	/* all of these in the one message */
} mistakes[] = {
	{ "umbra,layout-v1", "umbra,layout-v9", { "compatible", "umbra,layout-v1" } },
	{ "guest {", "gest {", { "/gest", "unknown node" } },
	{ "compatible = \"umbra,guest\"; ", "", { "/guest", "compatible" } },
	{ "bootargs", "bootarg", { "/guest", "bootarg", "unknown property" } },
	{ "bootargs = \"quiet\"", "bootargs = <1>", { "/guest", "bootargs", "string" } },
	{ "memory = <0x80000000 0x1e000000>;", "", { "/guest", "memory", "missing" } },
	{ "0x80000000 0x1e000000", "0x80000000", { "/guest", "memory", "base size" } },
	{ "0x80000000 0x1e000000", "0x80000000 0x1f800000", { "/guest", "memory", "overlaps Umbra" } },
	{ "0x80000000 0x1e000000", "0x80000000 0xffffffff", { "/guest", "memory", "1 MiB" } },
	{ "0x80000000 0x1e000000", "0x80000000 0xfff00000", { "/guest", "memory", "overlaps Umbra" } },
	{ "0x80000000 0x1e000000", "0x80000800 0x1e000000", { "/guest", "memory", "1 MiB" } },
	{ "0x80000000 0x1e000000", "0x40000000 0x1e000000", { "/guest", "memory", "starts at" } },
	{ "0x80000000 0x1e000000", "0x9f000000 0x00100000", { "/guest", "memory", "starts at" } },
	{ "<0x80000000 0x1e000000>", "<0x9f000000 0x1e000000>; memory-at-most", { "/guest", "memory", "starts at" } },
	{ "<0x80000000 0x1e000000>", "<0x9ef00000 0x1e000000>; memory-at-most", { "/guest", "memory", "overlaps Umbra" } },
	{ "<0x80000000 0x1e000000>", "<0x80000000 0x3f100000>; memory-at-most", { "/guest", "memory", "overlaps Umbra" } },
	{ "<0x80000000 0x1e000000>", "<0x80000000 0xfff00000>; memory-at-most", { "/guest", "memory", "overlaps Umbra" } },
	{ "<0x80000000 0x1e000000>", "<0x80000800 0x1e000000>; memory-at-most", { "/guest", "memory", "1 MiB" } },
	{ "<0x80000000 0x1e000000>", "<0x80000000 0>; memory-at-most", { "/guest", "memory", "missing or empty" } },
	{ "kernel = <&k>; ", "", { "/guest", "kernel", "missing" } },
	{ "kernel = <&k>", "kernel = <0x1234>", { "/guest", "kernel", "no node" } },
	{ "kernel = <&k>", "kernel = \"vmlinuz\"", { "/guest", "kernel", "one cell" } },
	{ "initrd = <&i>", "initrd = <&k>", { "/guest", "vmlinuz", "twice" } },
	{ "initrd = <&i>", "initrd = <&i>; atags", { "/guest", "dtb", "atags" } },
	{ "initrd = <&i>", "initrd = <&i>; atags = <1>", { "/guest", "atags", "no value" } },
	{ "initrd = <&i>", "initrd = <&i>; machine = <1546>", { "/guest", "machine", "atags" } },
	{ "initrd = <&i>", "initrd = <&i>; load-offset = <0x1e000000>", { "/guest", "load-offset" } },
	{ "file = \"vmlinuz\"; ", "", { "/chosen/module@0", "file", "missing" } },
	{ "reg = <0x82000000 0x500000>;", "", { "/chosen/module@0", "reg", "vmlinuz", "not loaded" } },
	{ "reg = <0x82000000 0x500000>;", "reg = <0 0>;", { "/chosen/module@0", "reg", "vmlinuz", "not loaded" } },
	{ "reg = <0x88100000 0x100000>;", "reg = <0 0>;", { "/chosen/module@2", "reg", "initrd.gz", "not loaded" } },
	{ "0x82000000 0x500000", "0x82000000 0", { "/chosen/module@0", "reg", "vmlinuz", "empty" } },
	{ "0x82000000 0x500000", "0x82000000 0x20000000", { "/chosen/module@0", "reg", "vmlinuz", "below Umbra" } },
	{ "0x82000000 0x500000", "0x02000000 0x500000", { "/chosen/module@0", "reg", "vmlinuz", "below Umbra" } },
	{ "0x82000000 0x500000", "0x87ffffff 0x500000", { "/guest", "vmlinuz", "guest.dtb", "over each other" } },
	{ "multiboot,module", "multiboot,kernel", { "/chosen/module@0", "compatible" } },
	{ "devices {", "device {", { "/guest/device", "unknown node" } },
	{ "umbra,omap3-intc", "umbra,omap9-intc", { "intc", "compatible", "umbra,omap9-intc" } },
	{ "umbra,sram", "umbra,srm", { "sram", "compatible", "umbra,srm" } },
	{ "interrupts = <83>", "interrupt = <83>", { "mmc1", "interrupt", "unknown property" } },
	{ "interrupts = <83>", "interrupts = <86>", { "mmc2", "interrupts", "86", "mmc1" } },
	{ "interrupts = <83>", "interrupts = <83 83>", { "mmc1", "interrupts", "83", "twice" } },
	{ "interrupts = <83>", "interrupts = <96>", { "mmc1", "interrupts", "96" } },
	{ "0x480b4000 0x1000", "0x4809c000 0x1000", { "mmc2", "reg", "overlaps", "mmc1" } },
	{ "0x480b4000 0x1000", "0x590b4000 0x1000", { "mmc2", "reg", "not inside", "bus" } },
	{ "0x50000000 0x10000", "0x48ff0000 0x20000", { "sgx", "reg", "overlaps", "bus" } },
	{ "0x50000000 0x10000", "0x50000000 0x10800", { "sgx", "reg", "4 KiB" } },
	{ "0x50000000 0x10000", "0x50000000 0", { "sgx", "reg", "empty" } },
	{ "0x50000000 0x10000", "0x90000000 0x10000", { "sgx", "reg", "overlaps RAM" } },
	{ "0x50000000 0x10000", "0x50000000 0x10000 0x50000000 0x1000", { "sgx", "reg", "twice" } },
	{ "0x50000000 0x10000", "0xfffff000 0x10000", { "sgx", "reg", "wraps" } },
	{ "0x50000000 0x10000", "0x50000000", { "sgx", "reg", "base size" } },
	{ "reg = <0x40200000 0x10000>;", "", { "sram", "reg", "missing" } },
	{ "sgx {", "sgx { status = \"off\";", { "sgx", "status", "off" } },
	{ "0x40200000 0x10000>;", "0x40200000 0x10000>; sub { };", { "/sub", "parts" } },
	{ "<83>;", "<83>; sub { };", { "mmc1", "no parts" } },
	{ "#address-cells = <1>; #size-cells = <1>;\n  chosen", "#address-cells = <2>; #size-cells = <1>;\n  chosen", { "layout: /: #address-cells: is 2", "one cell each" } },
	{ "#size-cells = <1>;\n  chosen", "#size-cells = <0>;\n  chosen", { "layout: /: #size-cells: is 0" } },
	{ "chosen {", "chosen { #size-cells = <2>;", { "layout: /chosen: #size-cells: is 2" } },
	{ "chosen {", "chosen { #address-cells = \"one\";", { "layout: /chosen: #address-cells: is 1869505792" } },
	{ "file = \"vmlinuz\";", "file = \"vmlinuz\"; #address-cells = <2>;", { "/chosen/module@0: #address-cells: is 2" } },
	{ "guest {", "guest { #address-cells = <2>;", { "/guest: #address-cells: is 2" } },
	{ "devices { #address-cells = <1>", "devices { #address-cells = <2>", { "/guest/devices: #address-cells: is 2" } },
	{ "umbra,passthrough\"; #address-cells = <1>; #size-cells = <1>;", "umbra,passthrough\"; #address-cells = <1>; #size-cells = <0x55aa>;",
	  { "/guest/devices/bus: #size-cells: is 21930" } },
	{ "umbra,passthrough\"; #address-cells = <1>;", "umbra,passthrough\"; #address-cells = <0>;", { "/guest/devices/bus: #address-cells: is 0" } },
	{ "intc {", "intc { interrupt-controller; #address-cells = <0>; #interrupt-cells = <3>;", { "bus/intc: #interrupt-cells: is 3" } },
	{ "interrupts = <83>", "interrupt-parent = <&d>; interrupts = <83>", { "mmc1: interrupt-parent: refers to no interrupt controller" } },
	{ "interrupts = <83>", "interrupt-parent = <0x1234>; interrupts = <83>", { "mmc1: interrupt-parent: refers to no interrupt controller" } },
	{ "guest {", "guest@all {", { "/guest@all: ", "\"all\" is a word of the monitor's" } },
	{ "guest {", "guest@one {", { "/guest@one: ", "\"one\" is a word of the monitor's" } },
	{ "guest {", "guest@memory {", { "/guest@memory: ", "\"memory\" is a word of the monitor's" } },
};

#define NAME_90	"a-name-of-ninety-characters-which-no-flattened-tree-should-have-but-libfdt-does-not-mind-00001"
#define NAME_300 NAME_90 NAME_90 NAME_90 "-and-thirty-more-of-them-0000"

#define MODULE(n)	"m" n " { compatible = \"multiboot,module\"; file = \"f\"; };"
#define MODULES(n)	MODULE(n "0") MODULE(n "1") MODULE(n "2") MODULE(n "3") MODULE(n "4") MODULE(n "5") MODULE(n "6") MODULE(n "7") \
			MODULE(n "8") MODULE(n "9")

/* What comes from outside may be long or hold anything: where and what is wrong is said all the same. */
static const struct mistake odd_names[] = {
	{ "mmc1 { reg = <0x4809c000 0x1000>;", NAME_90 " { reg = <0x4809c000 0>;",
	  { "...", "does-not-mind-00001: reg: range 0x4809c000+0x0 is empty" } },
	{ "mmc1 { reg = <0x4809c000 0x1000>;", NAME_90 " { reg = <0x480b4000 0x1000>;",
	  { "/guest/devices/bus/mmc2: reg: 0x480b4000+0x1000 overlaps a-name-of-ninety", "..." } },
	{ "interrupts = <83>", NAME_90 " = <83>", { "/guest/devices/bus/mmc1: a-name-of-ninety-characters-...: unknown property" } },
	{ "\"vmlinuz\"; reg = <0x82000000 0x500000>", "\"" NAME_300 "\"",
	  { "/chosen/module@0: reg: file \"a-name-of-ninety", "...\" was not loaded (is it on the card?)\n" } },
	{ "\"vmlinuz\"; reg = <0x82000000 0x500000>", "\"\\x1b[2J\\nlinux\\xe9\"", { "file \"?[2J?linux?\" was not loaded" } },
	{ "umbra,sram", "umbra,\\x1b]0;x\\x07", { "/guest/devices/sram: compatible: \"umbra,?]0;x?\": no such device type" } },
	{ "guest {", "guest@a-very-long-guest {", { "/guest@a-very-long-guest: the unit address names the guest" } },
	{ "chosen {", "chosen {" MODULES("a") MODULES("b") MODULES("c"), { "/chosen/m", "more than 32 files" } },
	{ "kernel = <&k>", "kernel = <&b>", { "/guest: kernel: refers to a node that is not in /chosen" } },
	{ "<83>;", "<83>; sub { };", { "/guest/devices/bus/mmc1: a part has no parts" } },
	{ "interrupts = <83>", "interrupts = <86>", { "/guest/devices/bus/mmc2: interrupts: line 86 is already given to mmc1\n" } },
};

static void check_mistake(const struct mistake *m)
{
	compile_edited(m->from, m->to);
	assert_int_equal(parse(), -EINVAL);
	if (fake_log_count[LOG_ERR] != 1)
		fail_msg("%s -> %s: %u messages: %s", m->from, m->to, fake_log_count[LOG_ERR], fake_log_text);
	for (u32 j = 0; j < ARRAY_SIZE(m->expect) && m->expect[j]; j++)
		if (!strstr(fake_log_text, m->expect[j]))
			fail_msg("%s -> %s: no `%s` in: %s", m->from, m->to, m->expect[j], fake_log_text);
	assert_ptr_equal(strchr(fake_log_text, '\n'), fake_log_text + strlen(fake_log_text) - 1);
	assert_true(strlen(fake_log_text) < 256);	/* a line of the log */
}

static void odd_names_are_shown(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(odd_names); i++) {
		check_mistake(&odd_names[i]);
		for (const char *c = fake_log_text; *c; c++)
			assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	}
}

static void each_mistake_has_one_message(void **state)
{
	for (u32 i = 0; i < ARRAY_SIZE(mistakes); i++)
		check_mistake(&mistakes[i]);
}

/* Fill in what the boot loader fills in. */
static void load_modules(void *fdt)
{
	int node, chosen = fdt_path_offset(fdt, "/chosen");
	u32 addr = 0x82000000;

	assert_true(chosen >= 0);
	fdt_for_each_subnode(node, fdt, chosen) {
		fdt32_t reg[2] = { cpu_to_fdt32(addr), cpu_to_fdt32(0x100000) };

		assert_int_equal(fdt_setprop_inplace(fdt, node, "reg", reg, sizeof(reg)), 0);
		addr += 0x1000000;
	}
}

/* A device with a file: the file, and what is done with it. A network device and its switch. */
static void disks_and_switches(void **state)
{
	static const char disk[] = "d { compatible = \"umbra,virtio-blk\"; reg = <0x10000000 0x1000>; %s };\n      sgx {";
	static const struct {
		const char *props;
		const char *words[2];	/* of the message; NULL: none */
	} tries[] = {
		{ "file = <&x>;", { NULL } },
		{ "file = <&x>; read-only;", { NULL } },
		{ "file = <&x>; forget;", { NULL } },
		{ "", { "/guest/devices/d: file: ", "missing" } },
		{ "file = <&i>;", { "initrd.gz", "is used twice" } },
		{ "file = <&b>;", { "/guest/devices/d: file: ", "not in /chosen" } },
		{ "file = <&x>; forget; read-only;", { "/guest/devices/d: forget: ", "nothing to forget" } },
		{ "file = <&x>; status = \"disabled\";", { NULL } },
		{ "status = \"disabled\";", { NULL } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(tries); i++) {
		char node[256], *text = strdup(good), edited[8192];
		const char *at;

		snprintf(node, sizeof(node), disk, tries[i].props);
		at = strstr(text, "  };\n  guest");
		snprintf(edited, sizeof(edited), "%.*s    x: module@3 { compatible = \"multiboot,module\"; file = \"x.img\"; reg = <0x8a000000 0x1234>; };\n",
			 (int)(at - text), text);
		snprintf(edited + strlen(edited), sizeof(edited) - strlen(edited), "%.*s%s%s", (int)(strstr(at, "sgx {") - at), at, node,
			 strstr(at, "sgx {") + strlen("sgx {"));
		free(text);
		assert_int_not_equal(fake_dts_text(edited, blob, sizeof(blob)), 0);
		if (parse() != (tries[i].words[0] ? -EINVAL : 0))
			fail_msg("%s: %s", tries[i].props, fake_log_text);
		for (u32 w = 0; w < 2 && tries[i].words[0]; w++)
			if (!strstr(fake_log_text, tries[i].words[w]))
				fail_msg("%s: no \"%s\" in: %s", tries[i].props, tries[i].words[w], fake_log_text);
	}
	compile_edited("sgx {", "n { compatible = \"umbra,virtio-net\"; reg = <0x10000000 0x1000>; switch = <255>; };\n sgx {");
	assert_int_equal(parse(), 0);
	compile_edited("sgx {", "n { compatible = \"umbra,virtio-net\"; reg = <0x10000000 0x1000>; switch = <256>; };\n sgx {");
	assert_int_equal(parse(), -EINVAL);
	assert_non_null(strstr(fake_log_text, "/guest/devices/n: switch: 256"));
	compile_edited("reg = <0x50000000 0x10000>;", "reg = <0x50000000 0x10000>; switch = <0>;");
	assert_int_equal(parse(), -EINVAL);
	assert_non_null(strstr(fake_log_text, "/guest/devices/sgx: switch: "));
	compile_edited("reg = <0x50000000 0x10000>;", "reg = <0x50000000 0x10000>; read-only;");
	assert_int_equal(parse(), -EINVAL);
	assert_non_null(strstr(fake_log_text, "/guest/devices/sgx: read-only: "));
}

/* Shared memory: which, and how much; of no other device. */
static void regions(void **state)
{
	static const struct { const char *props, *words; } tries[] = {
		{ "region = <7>; region-kib = <64>;", NULL },
		{ "region-kib = <4>;", NULL },
		{ "region = <8>; region-kib = <64>;", "/guest/devices/s: region: 8: regions are 0 to 7" },
		{ "region = <0>;", "/guest/devices/s: region-kib: 0 is not a multiple of 4 up to 65536" },
		{ "region-kib = <6>;", "/guest/devices/s: region-kib: 6 is not" },
		{ "region-kib = <65540>;", "/guest/devices/s: region-kib: 65540 is not" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(tries); i++) {
		char node[256];

		snprintf(node, sizeof(node), "s { compatible = \"umbra,shmem\"; reg = <0x10000000 0x1000>; %s };\n sgx {", tries[i].props);
		compile_edited("sgx {", node);
		if (parse() != (tries[i].words ? -EINVAL : 0) || (tries[i].words && !strstr(fake_log_text, tries[i].words)))
			fail_msg("%s: %s", tries[i].props, fake_log_text);
	}
	compile_edited("reg = <0x50000000 0x10000>;", "reg = <0x50000000 0x10000>; region = <0>;");
	assert_int_equal(parse(), -EINVAL);
	assert_non_null(strstr(fake_log_text, "/guest/devices/sgx: region: "));
}

static void shipped_layouts(void **state)
{
	static const char *const name[] = { "linux", "linux-small", "linux-uart3", "linux-atags", "bare-metal" };

	for (u32 i = 0; i < ARRAY_SIZE(name); i++) {
		assert_int_not_equal(fake_dts_layout(name[i], blob, sizeof(blob)), 0);
		assert_int_equal(parse(), -EINVAL);
		assert_non_null(strstr(fake_log_text, "not loaded"));
		load_modules(blob);
		if (parse())
			fail_msg("%s: %s", name[i], fake_log_text);
	}
}

static void not_a_tree(void **state)
{
	memset(blob, 0x55, sizeof(blob));
	assert_int_equal(parse(), -EINVAL);
	assert_int_equal(fake_log_count[LOG_ERR], 1);
	assert_non_null(strstr(fake_log_text, "layout.dtb"));
}

/* What stands before layout_parse(): the length of what was handed over, or what is wrong with its header. */
static void header_is_checked(void **state)
{
	static const struct { u32 at, value; const char *why; } t[] = {
		{ 0, 0x54410001, "nothing that looks like a device tree" },
		{ 4, 0, "damaged: it says 0 bytes" },
		{ 4, 0x40001, "says 262145 bytes, a layout has 262144 at most" },
		{ 4, 0xffffffff, "says 4294967295 bytes, a layout has 262144 at most" },
		{ 8, 0x3a, "not aligned: structure at 0x3a" },
		{ 16, 0x2c, "not aligned" },
		{ 20, 1, "version 1 (for readers of 16), this Umbra reads " },
	};
	char why[96];

	compile_edited("quiet", "quiet");
	assert_int_equal(layout_blob_size(blob, 0x10000, why, sizeof(why)), fdt_totalsize(blob));
	assert_int_equal(layout_blob_size(blob, fdt_totalsize(blob) - 1, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "RAM ends after"));
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		fdt32_t value = cpu_to_fdt32(t[i].value);

		compile_edited("quiet", "quiet");
		memcpy((u8 *)blob + t[i].at, &value, 4);
		assert_int_equal(layout_blob_size(blob, 0x1000000, why, sizeof(why)), 0);
		if (!strstr(why, t[i].why) || strlen(why) >= sizeof(why) - 1)
			fail_msg("%s", why);
	}
}

/* Damage anywhere gives an error or a parse, never a bad access (address sanitizer watches the exact copy). */
static void damaged_blobs(void **state)
{
	u32 size, seed = 1;

	compile_edited("quiet", "quiet");
	size = fdt_totalsize(blob);
	for (u32 round = 0; round < 3000; round++) {
		u8 *copy = malloc(size);
		u32 flips = 1 + round % 4;

		memcpy(copy, blob, size);
		while (flips--) {
			u32 at;

			seed = seed * 1664525 + 1013904223;
			at = (seed >> 8) % size;
			if (at < 4 || (at >= 4 && at < 8))	/* magic and total size: what init.c checks first */
				continue;
			copy[at] ^= (u8)(seed >> 24) | 1;
		}
		fake_log_reset();
		if (layout_parse(copy, &layout))
			assert_int_equal(fake_log_count[LOG_ERR], 1);
		free(copy);
	}
}

/* The first property says that it has nearly 2^32 bytes: one that libfdt takes for none ends where it began. */
static void lengths_that_wrap(void **state)
{
	for (u32 length = 0xffffffff; length >= 0xffffffe0; length--) {
		fdt32_t value = cpu_to_fdt32(length);
		u32 at;

		compile_edited("quiet", "quiet");
		for (at = fdt_off_dt_struct(blob); be32_load((u8 *)blob + at) != FDT_PROP; at += 4)
			;
		memcpy((u8 *)blob + at + 4, &value, 4);
		fake_log_reset();
		assert_true(layout_parse(blob, &layout) < 0);
		assert_int_equal(fake_log_count[LOG_ERR], 1);
	}
}

/* A second guest, with memory from what is left and devices of its own. */
static const char second[] =
	"  guest@1 { compatible = \"umbra,guest\"; memory-mib = <32>; kernel = <&i>; load-offset = <0x8000>; weight = <50>; cap = <25>; latency;\n"
	"    devices { #address-cells = <1>; #size-cells = <1>;\n"
	"      ic { compatible = \"umbra,omap3-intc\"; reg = <0x48200000 0x1000>; };\n"
	"      tty { compatible = \"umbra,omap3-uart\"; reg = <0x49020000 0x1000>; interrupts = <83>; };\n"
	"    };\n"
	"  };\n"
	"};\n";

/* Both guests; @from of the second replaced by @to, and of the first @from0 by @to0. */
static void compile_two(const char *from0, const char *to0, const char *from, const char *to)
{
	static char text[8192];
	const char *at0 = strstr(good, from0), *at = strstr(second, from);
	size_t n = strlen(good) - 3;	/* without the end of the tree */

	assert_non_null(at0);
	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%.*s%.*s%s%s", (int)(at0 - good), good, to0, (int)(n - (size_t)(at0 - good) - strlen(from0)),
		 at0 + strlen(from0), (int)(at - second), second, to, at + strlen(from));
	assert_int_not_equal(fake_dts_text(text, blob, sizeof(blob)), 0);
}

static void two_guests(void **state)
{
	const struct layout_guest *a = &layout.guest[0], *b = &layout.guest[1];

	compile_two("initrd = <&i>;", "", "tty", "tty");
	assert_int_equal(parse(), 0);
	assert_string_equal(fake_log_text, "");
	assert_int_equal(layout.nguests, 2);
	assert_true(a->ok && b->ok);
	assert_string_equal(a->name, "0");
	assert_string_equal(b->name, "1");
	assert_false(a->by_size);
	assert_int_equal(a->weight, 100);
	assert_int_equal(a->cap, 0);
	assert_int_equal(a->roots, CONFIG_SHADOW_ROOTS);
	assert_true(b->by_size);
	assert_int_equal(b->mem_base, 0x80000000);
	assert_int_equal(b->mem_size, 32 << 20);
	assert_int_equal(b->weight, 50);
	assert_int_equal(b->cap, 25);
	assert_true(b->latency);
	assert_int_equal(b->dev[1].irq[0], 83);	/* of its own controller: the board's line 83 is guest 0's */
}

/* A mistake in one guest's node costs that guest; one message says which. */
static void a_mistake_costs_one_guest(void **state)
{
	static const struct {
		const char *from0, *to0, *from, *to;
		u32 bad;
		const char *expect[3];
	} t[] = {
		{ "quiet", "quiet", "weight = <50>", "weight = <0>", 1, { "/guest@1: weight: 0 is not 1 to 10000" } },
		{ "quiet", "quiet", "cap = <25>", "cap = <101>", 1, { "/guest@1: cap: 101" } },
		{ "quiet", "quiet", "cap = <25>", "cap = <0>", 1, { "/guest@1: cap: 0" } },
		{ "quiet", "quiet", "cap = <25>", "shadow-tables = <100000>", 1, { "/guest@1: shadow-tables: 100000 is not" } },
		{ "quiet", "quiet", "memory-mib = <32>", "memory-mib = <0>", 1, { "/guest@1: memory-mib: is 0" } },
		{ "quiet", "quiet", "memory-mib = <32>", "memory-mib = <600>", 1, { "/guest@1: memory-mib: 600 MiB are more than this board has" } },
		{ "quiet", "quiet", "memory-mib = <32>", "memory-mib = <32>; memory = <0x90000000 0x100000>", 1, { "/guest@1: memory-mib: beside" } },
		{ "quiet", "quiet", "memory-mib = <32>", "memory-mib = <32>; memory-at-most", 1, { "/guest@1: memory-at-most" } },
		{ "quiet", "quiet", "memory-mib = <32>", "memory-mib = <32>; memory-base = <0x80000800>", 1, { "/guest@1: memory-base", "1 MiB" } },
		{ "quiet", "quiet", "memory-mib = <32>", "memory-mib = <32>; memory-base = <0xfff00000>", 1, { "/guest@1: memory-base", "wrap" } },
		{ "quiet", "quiet", "memory-mib = <32>", "memory-base = <0x90000000>", 1, { "/guest@1: memory-base: only beside" } },
		{ "quiet", "quiet", "memory-mib = <32>", "memory = <0x81000000 0x1000000>", 1, { "/guest@1: memory:", "overlaps that of guest 0" } },
		{ "quiet", "quiet", "0x48200000", "0x81000000", 1, { "/guest@1/devices/ic: reg:", "overlaps RAM" } },
		{ "quiet", "quiet", "ic {", "sram { compatible = \"umbra,sram\"; reg = <0x40200000 0x10000>; }; ic {", 1,
		  { "/guest@1/devices/sram: compatible:", "DMA" } },
		{ "quiet", "quiet", "ic {", "sdrc { compatible = \"umbra,omap3-sdrc\"; reg = <0x6c000000 0x10000>; }; ic {", 1,
		  { "/guest@1/devices/sdrc: compatible:", "DMA" } },
		{ "memory = <0x80000000 0x1e000000>", "memory = <0x80000000 0x01000000>", "memory-mib = <32>; kernel = <&i>; load-offset = <0x8000>; weight = <50>; cap = <25>; latency;\n    devices { #address-cells = <1>; #size-cells = <1>;\n      ic {",
		  "memory = <0x81000000 0x01000000>; kernel = <&i>; devices { #address-cells = <1>; #size-cells = <1>; mmc { compatible = \"umbra,passthrough\"; reg = <0x480b4000 0x1000>; }; ic {", 1,
		  { "/guest@1/devices/mmc: compatible:", "which guest 0 has" } },
		{ "quiet", "quiet", "guest@1", "guest@0", 1, { "/guest@0: a second guest 0" } },
		{ "quiet", "quiet", "ic {", "d { compatible = \"umbra,virtio-blk\"; reg = <0x10000000 0x1000>; file = <&k>; }; ic {", 1,
		  { "/guest@1/devices/d: file:", "is written to, and guest 0 has it too" } },
		{ "bootargs", "bootarg", "tty", "tty", 0, { "/guest: bootarg: unknown property" } },
		{ "memory = <0x80000000", "memory = <0x80000800", "tty", "tty", 0, { "/guest: memory:" } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		compile_two(t[i].from0, t[i].to0, t[i].from, t[i].to);
		assert_int_equal(parse(), 0);
		if (fake_log_count[LOG_ERR] != 1 || layout.guest[t[i].bad].ok || !layout.guest[1 - t[i].bad].ok)
			fail_msg("%u: %s", i, fake_log_text);
		for (u32 j = 0; j < 3 && t[i].expect[j]; j++)
			if (!strstr(fake_log_text, t[i].expect[j]))
				fail_msg("%u: %s", i, fake_log_text);
	}
}

/* What others need is not the board owner's, if it only wants as much as there is. */
static void maximum_beside_others(void **state)
{
	compile_two("0x1e000000>;", "0x1e000000>; memory-at-most;", "tty", "tty");
	assert_int_equal(parse(), 0);
	/* 496 MiB but 32 of the other, 6 that Umbra needs for it, and files of 5, 1 and a bit; both have the last one */
	assert_int_equal(layout.guest[0].mem_size, (496 - 32 - 6 - 7) << 20);
	assert_non_null(strstr(fake_log_text, "guest 0: 451 MiB of memory"));
	assert_int_equal(layout.nspare, 0);
	/* a file that nobody has is kept for later, one that a device forgets is kept twice */
	compile_two("0x1e000000>;", "0x1e000000>; memory-at-most;", "kernel = <&i>", "kernel = <&k>");
	assert_int_equal(parse(), 0);
	assert_int_equal(layout.guest[0].mem_size, (496 - 32 - 6 - 7) << 20);
	compile_two("0x1e000000>;", "0x1e000000>; memory-at-most;", "ic {",
		    "d { compatible = \"umbra,virtio-blk\"; reg = <0x10000000 0x1000>; file = <&k>; forget; }; ic {");
	assert_int_equal(parse(), 0);
	assert_true(layout.guest[0].mem_size < (496 - 32 - 6 - 7 - 4) << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_layout),
		cmocka_unit_test(disabled_part_is_withheld),
		cmocka_unit_test(disabled_window_is_gone),
		cmocka_unit_test(boot_loader_additions),
		cmocka_unit_test(memory_can_be_a_maximum),
		cmocka_unit_test(unknown_properties_are_named),
		cmocka_unit_test(two_nodes_of_one_name),
		cmocka_unit_test(cells_as_they_are),
		cmocka_unit_test(two_properties_of_one_name),
		cmocka_unit_test(two_nodes_of_one_phandle),
		cmocka_unit_test(hidden_interrupts_are_not_given),
		cmocka_unit_test(each_mistake_has_one_message),
		cmocka_unit_test(odd_names_are_shown),
		cmocka_unit_test(disks_and_switches),
		cmocka_unit_test(regions),
		cmocka_unit_test(shipped_layouts),
		cmocka_unit_test(not_a_tree),
		cmocka_unit_test(header_is_checked),
		cmocka_unit_test(damaged_blobs),
		cmocka_unit_test(lengths_that_wrap),
		cmocka_unit_test(two_guests),
		cmocka_unit_test(a_mistake_costs_one_guest),
		cmocka_unit_test(maximum_beside_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
