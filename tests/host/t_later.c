/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests that come while others run: from files that were kept for them, in memory of what is left, and what is left when they go. */
/* SOURCES: core/guest_owner.c core/guest.c core/guest_later.c core/guest_load.c core/guest_files.c core/guest_fdt.c core/guest_tree.c core/guest_map.c core/guest_mem.c */
/* SOURCES: core/guest_watch.c core/atags.c core/uimage.c core/alloc.c core/layout.c core/layout_msg.c core/emudev.c core/passthrough.c core/irq.c */
/* SOURCES: core/mmio.c core/vtimer.c core/entropy.c drivers/owned_omap.c emulators/gic.c emulators/sp804.c emulators/pl031.c emulators/pl011.c */
/* SOURCES: emulators/virtio_mmio.c emulators/virtio_blk.c emulators/virtio_net.c emulators/omap3_wdt.c */
/* SOURCES: tests/host/fake/log.c tests/host/fake/arch.c tests/host/fake/vcpu.c tests/host/fake/dts.c tests/host/fake/console.c */
/* SOURCES: tests/host/fake/irqc.c tests/host/fake/time.c tests/host/fake/timer.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <libfdt.h>

#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_files.h>
#include <hv/irq.h>
#include <hv/passthrough.h>
#include <hv/time.h>
#include <hv/vtimer.h>

#include "fake.h"

#define KERNEL_AT	0x88000000u
#define DISK_AT		0x88100000u
#define DISK_SIZE	0x10000u
#define LATER_AT	0x88200000u	/* and one each 64 KiB */
#define STEP		0x10000u
#define ZIMAGE_AT	(DISK_AT + 0x40000u)
#define ZIMAGE_SIZE	0x1004u

const struct host_missing host_missing[] = { { NULL, 0, 0 } };
struct console_port *console_guest_attach(struct guest *g, const struct console_guest_ops *o, void *priv) { return (struct console_port *)g; }
void console_guest_taken(struct console_port *p) { }
void console_guest_break(struct console_port *p, bool on) { }
bool console_guest_tx(struct console_port *p, u8 c) { return true; }

static struct layout layout;
static u64 blob[0x8000 / 8];

#define HEAD		"/dts-v1/; / { compatible = \"umbra,layout-v1\"; #address-cells = <1>; #size-cells = <1>; "
#define CHOSEN(m)	"chosen { #address-cells = <1>; #size-cells = <1>; " m " }; "
#define MODULE(l, n, f)	#l ": module@" #n " { compatible = \"multiboot,module\"; file = \"" f "\"; reg = <0 0>; }; "
#define DEVICES(d)	"devices { #address-cells = <1>; #size-cells = <1>; gic { compatible = \"umbra,gic\"; reg = <0x10000000 0x2000>; }; " d " }; "
#define GUEST(name, words, d) "guest@" name " { compatible = \"umbra,guest\"; kernel = <&k>; load-offset = <0x8000>; " words " " DEVICES(d) "}; "
#define TIMER		"t { compatible = \"umbra,sp804\"; reg = <0x10020000 0x1000>; interrupts = <0>; }; " \
			"r { compatible = \"umbra,pl031\"; reg = <0x10030000 0x1000>; interrupts = <1>; }; " \
			"w { compatible = \"umbra,omap3-wdt\"; reg = <0x48314000 0x1000>; }; "
#define NET		"n { compatible = \"umbra,virtio-net\"; reg = <0x10040000 0x1000>; interrupts = <2>; }; "
#define DISK(how)	"d { compatible = \"umbra,virtio-blk\"; reg = <0x10050000 0x1000>; interrupts = <3>; file = <&d>; " how " }; "
#define FILES		CHOSEN(MODULE(k, 0, "k") MODULE(d, 1, "disk.img"))

/* The layouts that come with the boot layout, as the files a.dtb, b.dtb ... */
static const char *const laters[] = {
	HEAD FILES GUEST("a", "memory-mib = <16>;", TIMER NET) "};",
	HEAD FILES GUEST("b", "memory-mib = <16>;", DISK("forget;") NET) "};",
	HEAD FILES GUEST("c", "memory-mib = <16>;", DISK("")) "};",
	HEAD FILES GUEST("d", "memory-mib = <480>;", "") "};",
	HEAD FILES GUEST("e", "memory-mib = <16>;", "x { compatible = \"umbra,gic\"; reg = <0x10000000 0x2000>; }; ") "};",
	HEAD FILES GUEST("f", "memory-mib = <16>; cpu-path = \"magic\";", TIMER NET) "};",
	HEAD FILES GUEST("0", "memory-mib = <16>;", "") "};",
	HEAD FILES GUEST("h", "memory = <0x84000000 0x1000000>;", "") "};",
	HEAD FILES GUEST("i", "memory-mib = <16>;", "") GUEST("i2", "memory-mib = <16>;", "") "};",
	HEAD CHOSEN(MODULE(k, 0, "nowhere")) GUEST("j", "memory-mib = <16>;", "") "};",
	HEAD FILES GUEST("k", "memory-mib = <200>;", "") "};",
	HEAD FILES GUEST("l", "memory-mib = <16>;", DISK("")) "};",
	HEAD CHOSEN(MODULE(k, 0, "k") MODULE(d, 1, "a.dtb")) GUEST("m", "memory-mib = <16>;", DISK("")) "};",
	HEAD CHOSEN(MODULE(k, 0, "zImage")) "guest@n { compatible = \"umbra,guest\"; kernel = <&k>; memory-mib = <64>; " DEVICES("") "}; };",
};

static void set_reg(const char *name, u32 addr, u32 size)
{
	fdt32_t reg[2] = { cpu_to_fdt32(addr), cpu_to_fdt32(size) };
	int node;

	fdt_for_each_subnode(node, blob, fdt_path_offset(blob, "/chosen"))
		if (!strcmp(fdt_getprop(blob, node, "file", NULL), name))
			assert_int_equal(fdt_setprop_inplace(blob, node, "reg", reg, sizeof(reg)), 0);
}

static struct guest *named(char letter)
{
	return guest_find((char[2]){ letter, '\0' });
}

static struct guest *later(char letter)
{
	fake_log_reset();
	return guest_later((char[6]){ letter, '.', 'd', 't', 'b', '\0' });
}

/* A kernel that ends between two multiples of 8, and a device tree behind it. Returns how long they are. */
static u32 put_zimage(void)
{
	const u32 magic = 0x016f2818, end = ZIMAGE_SIZE;
	u8 *at = hpa_ptr(ZIMAGE_AT);
	u64 tree[0x400 / 8];
	u32 size = fake_dts_text("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; appended; };", tree, sizeof(tree));

	assert_int_not_equal(size, 0);
	memset(at, 0x33, ZIMAGE_SIZE);
	memcpy(at + 0x24, &magic, 4);
	memset(at + 0x28, 0, 4);
	memcpy(at + 0x2c, &end, 4);
	memcpy(at + ZIMAGE_SIZE, tree, size);
	return ZIMAGE_SIZE + size;
}

/* The board's guest with 256 MiB, and all these files. */
static int boot(void **state)
{
	static char text[8192];
	u32 n = 0;

	fake_arch_reset();
	host_irqc_init();
	alloc_init(arch_host_mem()->heap_base, arch_host_mem()->umbra_end);
	vtimers_init();
	n += (u32)snprintf(text, sizeof(text), HEAD "chosen { #address-cells = <1>; #size-cells = <1>; " MODULE(k, 0, "k") MODULE(d, 1, "disk.img")
			   MODULE(g, 2, "noise.dtb") MODULE(h, 3, "short.dtb") MODULE(m, 4, "missing.dtb"));
	n += (u32)snprintf(text + n, sizeof(text) - n, "%s", MODULE(z, 5, "zImage"));
	for (u32 i = 0; i < ARRAY_SIZE(laters); i++)
		n += (u32)snprintf(text + n, sizeof(text) - n, "module@%x { compatible = \"multiboot,module\"; file = \"%c.dtb\"; reg = <0 0>; }; ",
				   6 + i, 'a' + i);
	snprintf(text + n, sizeof(text) - n, "}; " GUEST("0", "memory = <0x80000000 0x10000000>;", NET) "};");
	assert_int_not_equal(fake_dts_text(text, blob, sizeof(blob)), 0);
	memset(hpa_ptr(KERNEL_AT), 0x11, 0x1000);
	memset(hpa_ptr(DISK_AT), 0x22, DISK_SIZE);
	set_reg("k", KERNEL_AT, 0x1000);
	set_reg("disk.img", DISK_AT, DISK_SIZE);
	memset(hpa_ptr(DISK_AT + 0x20000), 0x5a, 0x1000);
	set_reg("noise.dtb", DISK_AT + 0x20000, 0x1000);
	set_reg("short.dtb", DISK_AT + 0x30000, 8);
	set_reg("zImage", ZIMAGE_AT, put_zimage());
	for (u32 i = 0; i < ARRAY_SIZE(laters); i++) {
		u32 size = fake_dts_text(laters[i], hpa_ptr(LATER_AT + i * STEP), STEP);

		assert_int_not_equal(size, 0);
		set_reg((char[6]){ (char)('a' + i), '.', 'd', 't', 'b', '\0' }, LATER_AT + i * STEP, size);
	}
	fake_log_reset();
	if (layout_parse(blob, &layout))
		fail_msg("%s", fake_log_text);
	guest_files_keep(&layout);
	if (guests_create(&layout) != 1 || guest_start(guest_first()))
		fail_msg("%s", fake_log_text);
	assert_int_equal(layout.nspare, 4 + ARRAY_SIZE(laters));	/* all but the kernel and what was not loaded */
	return 0;
}

/* No word of [@at, @at + @size) says anything. */
static void check_clear(hpa_t at, u32 size)
{
	const u32 *p = hpa_ptr(at);

	for (u32 i = 0; i < size / 4; i++)
		if (p[i])
			fail_msg("0x%x at 0x%x", p[i], at + 4 * i);
}

static void test_comes_and_goes(void **state)
{
	hpa_t chunk = 0;
	u32 used = alloc_used();

	for (u32 round = 0; round < 20; round++) {
		struct guest *g = later('a');

		if (!g)
			fail_msg("%s", fake_log_text);
		assert_int_equal(g->cfg.mem_size, 16 << 20);
		assert_int_equal(g->cfg.roots, 5);	/* pools of a further guest, as far as this build has them */
		assert_true(!chunk || g->cfg.chunk == chunk);
		chunk = g->cfg.chunk;
		assert_true(chunk >= 0x90000000 && chunk + g->cfg.chunk_size <= guest_given_base());
		assert_true((u8 *)g >= (u8 *)hpa_ptr(g->cfg.own) && (u8 *)g < (u8 *)hpa_ptr(g->cfg.own) + g->cfg.own_size);
		memset(hpa_ptr(g->cfg.mem_host), 0x99, 0x20000);
		assert_int_equal(guest_start(g), 0);
		assert_ptr_equal(named('a'), g);
		assert_int_equal(*(u8 *)hpa_ptr(g->cfg.mem_host + 0x8000), 0x11);
		assert_int_equal(*(u8 *)hpa_ptr(g->cfg.mem_host + 0x100), 0);
		memset(hpa_ptr(g->cfg.mem_host + 0x100000), 0x77, 0x10000);
		assert_null(later('a'));
		assert_non_null(strstr(fake_log_text, "has its guest already"));
		fake_vcpu.destroys = 0;
		guest_remove(g);
		assert_int_equal(fake_vcpu.destroys, 1);
		assert_null(named('a'));
		check_clear(chunk, 22 << 20);
		fake_time_go(100 * TIME_HZ);	/* none of its timers is left */
		fake_tick();
	}
	assert_int_equal(alloc_used(), used);
	assert_non_null(guest_first());
	assert_null(guest_first()->next);
}

/* Pieces are found whatever order they come and go in; the addresses of network ports are free again. */
static void test_pieces(void **state)
{
	struct guest *a = later('a'), *b, *l;
	hpa_t hole = a->cfg.chunk;

	b = later('b');
	assert_true(b->cfg.chunk + b->cfg.chunk_size <= hole);
	assert_int_equal(b->cfg.chunk_size, (16 + 6 + 1) << 20);
	guest_remove(a);
	assert_null(later('k'));	/* not in the hole */
	assert_non_null(strstr(fake_log_text, "/guest@k: memory-mib: too much: no 206 MiB in one piece are left, with the 6"));
	guest_remove(b);
	l = later('k');
	assert_non_null(l);
	guest_remove(l);
	a = later('a');
	assert_int_equal(a->cfg.chunk, hole);
	guest_remove(a);
}

/* The tree behind a kernel is taken, wherever that ends, by each guest that comes. */
static void test_appended_tree(void **state)
{
	for (u32 round = 0; round < 2; round++) {
		struct guest *g = later('n');

		if (!g || guest_start(g))
			fail_msg("%s", fake_log_text);
		assert_non_null(fdt_getprop(guest_mem_ptr(g, g->r2, 64), 0, "appended", NULL));
		guest_remove(g);
	}
}

/* A disk that forgets is a copy of the guest's own; one that does not is one guest's. */
static void test_disks(void **state)
{
	const struct layout_file *kept = guest_file_kept("disk.img");
	struct guest *b = later('b'), *c = later('c');
	const struct layout_dev *d = &b->cfg.dev[1];

	assert_non_null(b);
	assert_non_null(c);
	assert_int_equal(c->cfg.dev[1].file.addr, kept->addr);
	assert_true(d->file.addr >= b->cfg.chunk && d->file.addr < b->cfg.chunk + b->cfg.chunk_size);
	assert_memory_equal(hpa_ptr(d->file.addr), hpa_ptr(kept->addr), DISK_SIZE);
	assert_memory_equal(hpa_ptr(d->file.addr + DISK_SIZE), hpa_ptr(kept->addr), DISK_SIZE);
	assert_null(later('l'));
	assert_non_null(strstr(fake_log_text, "/chosen/module@1: file \"disk.img\" is written to, and guest c has it too"));
	guest_remove(c);
	c = later('l');
	assert_non_null(c);
	guest_remove(c);
	guest_remove(b);
	/* nobody writes to the layout of another one */
	b = later('a');
	assert_null(later('m'));
	assert_non_null(strstr(fake_log_text, "file \"a.dtb\" is the layout of guest a"));
	guest_remove(b);
}

/* One message each, nothing of it stays, and the next one comes. */
static void test_mistakes(void **state)
{
	static const struct { char letter; const char *message; } t[] = {
		{ 'd', "/guest@d: memory-mib: too much: no 486 MiB" },
		{ 'e', "/guest@e/devices/x: reg: 0x10000000+0x2000 overlaps gic" },
		{ 'f', "guest f: unknown engine" },
		{ 'g', "/guest@0: there is a guest 0 already" },
		{ 'h', "/guest@h: memory: a guest that comes later has `memory-mib`" },
		{ 'i', "guests come one by one" },
		{ 'j', "/chosen/module@0: reg: file \"nowhere\" was not loaded" },
		{ 'z', "no file \"z.dtb\"" },
	};

	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		struct guest *g = later(t[i].letter);

		if (t[i].message && (g || fake_log_count[LOG_ERR] != 1 || !strstr(fake_log_text, t[i].message)))
			fail_msg("%c: %s", t[i].letter, fake_log_text);
		if (g)
			guest_remove(g);
		fake_time_go(100 * TIME_HZ);
		g = later('a');
		assert_non_null(g);
		guest_remove(g);
	}
	fake_log_reset();
	assert_null(guest_later("noise.dtb"));
	assert_non_null(strstr(fake_log_text, "file \"noise.dtb\": nothing that looks like a device tree"));
	assert_null(guest_later("short.dtb"));
	assert_non_null(strstr(fake_log_text, "file \"short.dtb\": it is shorter than a header"));
	assert_null(guest_later("missing.dtb"));
	assert_null(guest_later("k"));	/* is guest 0's */
	assert_int_equal(fake_log_count[LOG_ERR], 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_and_goes),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_appended_tree),
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
