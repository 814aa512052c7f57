// SPDX-License-Identifier: GPL-2.0-or-later
/* BeagleBoard-xM rev C: which blocks the OMAP3630 has, where they are, how they are wired, and the two ways to boot. */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/config-file.h"
#include "qemu/error-report.h"
#include "qemu/notify.h"
#include "qemu/option.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "hw/arm/boot.h"
#include "hw/boards.h"
#include "hw/core/tcg-cpu-ops.h"
#include "hw/i2c/i2c.h"
#include "hw/qdev-clock.h"
#include "hw/qdev-properties.h"
#include "hw/sd/sd.h"
#include "hw/sysbus.h"
#include "sysemu/blockdev.h"
#include "sysemu/cpu-timers.h"
#include "sysemu/cpus.h"
#include "sysemu/reset.h"
#include "sysemu/runstate.h"
#include "sysemu/sysemu.h"
#include "target/arm/cpu.h"
#include "beagle_xm.h"
#include "beagle_xm_rom.h"
#include "omap3_hsmmc.h"
#include "omap3_sdma.h"

#define TYPE_BEAGLE_XM MACHINE_TYPE_NAME("beagle-xm")
OBJECT_DECLARE_SIMPLE_TYPE(BeagleXm, BEAGLE_XM)

#define RAM_BASE 0x80000000
#define RAM_SIZE (512 * MiB)
#define SRAM_BASE 0x40200000
#define SRAM_SIZE (64 * KiB)
#define MACHINE_NUMBER 1546	/* Linux: OMAP3_BEAGLE */
#define DTB_ADDRESS	0x87f00000	/* of a direct boot; QEMU puts the initramfs at 0x88000000 */
#define DTB_LIMIT	0x88000000
#define ATAG_OFFSET 0x100

#define MIDR_A8_R3P2 0x413fc082
#define FPSID_A8_R3P2 0x410330c3

#define INTC_NAME "intc"
#define PMU_INTC_LINE 3
#define PRCM_NAME "prcm"
#define SDMA_NAME "sdma"
#define SDRC_NAME "sdrc"
#define SDRC_MCFG_1 0x6d0000b0
#define TWL_INTC_LINE 7
#define BOARD_ID_REV_C 0x1000	/* GPIO173..171 = 0b010, pins 13..11 of GPIO6 */

struct BeagleXm {
	MachineState parent_obj;
	ARMCPU *cpu;
	MemoryRegion sram;
	struct arm_boot_info boot_info;
	BlockBackend *card;
	Notifier shutdown;
};

/*
 * One row per block. base: one address per register window of the device. line: INTC lines of its interrupt
 * outputs, in order; 0 ends the list (line 0 belongs to the emulation logic). Properties as name, value pairs.
 */
struct block {
	const char *type;
	const char *name;
	hwaddr base[3];
	uint8_t line[4];
	struct {
		const char *name;
		uint32_t value;
	} property[3];
	uint8_t dma_tx, dma_rx;	/* sDMA requests */
	uint8_t serial;		/* UART: number of the -serial option, from 1 */
	uint8_t timer;		/* GPTIMER: number */
};

/* Of the stand-ins, all that software asks: is it there, which revision, is its reset done. */
#define STUB(name, address, bytes, status, rev) \
	{ TYPE_OMAP3_STUB, name, { address }, .property = { { "size", bytes }, { "sysstatus", status }, { "revision", rev } } }
#define STUB_PLAIN(name, address, bytes) { TYPE_OMAP3_STUB, name, { address }, .property = { { "size", bytes } } }
#define STUB_VOID(name, address, bytes) \
	{ TYPE_OMAP3_STUB, name, { address }, .property = { { "size", bytes }, { "remember", 0 } } }
#define GPTIMER(n, address, irq) { TYPE_OMAP3_GPTIMER, "gptimer" #n, { address }, { irq }, .timer = n }
#define GPIO(n, address, irq) { TYPE_OMAP3_GPIO, "gpio" #n, { address }, { irq } }

/* The INTC and the PRCM come first: others are wired to them. */
static const struct block blocks[] = {
	{ TYPE_OMAP3_INTC, INTC_NAME, { 0x48200000 } },
	{ TYPE_OMAP3_PRCM, PRCM_NAME, { 0x48004000, 0x48306000 }, { 11 } },
	{ TYPE_OMAP3_SCM, "scm", { 0x48002000, 0x4830a000 } },
	{ TYPE_OMAP3_SYNC32K, "sync32k", { 0x48320000 } },
	{ TYPE_OMAP3_SDRC, SDRC_NAME, { 0x6c000000, 0x6d000000, RAM_BASE } },
	{ TYPE_OMAP3_GPMC, "gpmc", { 0x6e000000 }, { 20 } },
	GPTIMER(1, 0x48318000, 37),
	GPTIMER(2, 0x49032000, 38),
	GPTIMER(3, 0x49034000, 39),
	GPTIMER(4, 0x49036000, 40),
	GPTIMER(5, 0x49038000, 41),
	GPTIMER(6, 0x4903a000, 42),
	GPTIMER(7, 0x4903c000, 43),
	GPTIMER(8, 0x4903e000, 44),
	GPTIMER(9, 0x49040000, 45),
	GPTIMER(10, 0x48086000, 46),
	GPTIMER(11, 0x48088000, 47),
	GPTIMER(12, 0x48304000, 95),
	{ TYPE_OMAP3_WDT, "wdt2", { 0x48314000 }, .property = { { "running", 1 } } },
	{ TYPE_OMAP3_WDT, "wdt3", { 0x49030000 }, { 36 }, .property = { { "resets", 0 } } },
	{ TYPE_OMAP3_UART, "uart3", { 0x49020000 }, { 74 }, .serial = 1 },
	{ TYPE_OMAP3_UART, "uart1", { 0x4806a000 }, { 72 }, .serial = 2 },
	{ TYPE_OMAP3_UART, "uart2", { 0x4806c000 }, { 73 }, .serial = 3 },
	{ TYPE_OMAP3_UART, "uart4", { 0x49042000 }, { 80 }, .serial = 4 },
	GPIO(1, 0x48310000, 29),
	GPIO(2, 0x49050000, 30),
	GPIO(3, 0x49052000, 31),
	GPIO(4, 0x49054000, 32),
	GPIO(5, 0x49056000, 33),
	{ TYPE_OMAP3_GPIO, "gpio6", { 0x49058000 }, { 34 }, .property = { { "input", BOARD_ID_REV_C } } },
	{ TYPE_OMAP3_I2C, "i2c1", { 0x48070000 }, { 56 } },
	{ TYPE_OMAP3_I2C, "i2c2", { 0x48072000 }, { 57 } },
	{ TYPE_OMAP3_I2C, "i2c3", { 0x48060000 }, { 61 } },
	{ TYPE_OMAP3_SDMA, SDMA_NAME, { 0x48056000 }, { 12, 13, 14, 15 } },
	{ TYPE_OMAP3_HSMMC, "mmc1", { 0x4809c000 }, { 83 }, .dma_tx = 61, .dma_rx = 62 },
	{ TYPE_OMAP3_HSMMC, "mmc2", { 0x480b4000 }, { 86 }, .dma_tx = 47, .dma_rx = 48 },
	{ TYPE_OMAP3_HSMMC, "mmc3", { 0x480ad000 }, { 94 }, .dma_tx = 77, .dma_rx = 78 },
	STUB("mcspi1", 0x48098000, 0x1000, 0x14, 0x21),
	STUB("mcspi2", 0x4809a000, 0x1000, 0x14, 0x21),
	STUB("mcspi3", 0x480b8000, 0x1000, 0x14, 0x21),
	STUB("mcspi4", 0x480ba000, 0x1000, 0x14, 0x21),
	STUB_PLAIN("mcbsp1", 0x48074000, 0x1000),
	STUB_PLAIN("mcbsp5", 0x48096000, 0x1000),
	STUB_PLAIN("mcbsp2", 0x49022000, 0x1000),
	STUB_PLAIN("mcbsp3", 0x49024000, 0x1000),
	STUB_PLAIN("mcbsp4", 0x49026000, 0x1000),
	STUB_PLAIN("sidetone2", 0x49028000, 0x1000),
	STUB_PLAIN("sidetone3", 0x4902a000, 0x1000),
	STUB("mailbox", 0x48094000, 0x1000, 0x14, 0x10),
	{ TYPE_OMAP3_HDQ, "hdq", { 0x480b2000 }, { 58 } },
	{ TYPE_OMAP3_MUSB, "musb", { 0x480ab000 }, { 92, 93 } },
	STUB("usbtll", 0x48062000, 0x1000, 0x14, 0x02),
	STUB("uhh", 0x48064000, 0x400, 0x14, 0x10),
	{ TYPE_OMAP3_USBHOST, "usbhost", { 0x48064400, 0x48064800 }, { 76, 77 } },
	STUB("dss", 0x48050000, 0x400, 0x14, 0x20),
	STUB("dispc", 0x48050400, 0x400, 0x14, 0x30),
	STUB("rfbi", 0x48050800, 0x400, 0x14, 0),
	STUB_PLAIN("venc", 0x48050c00, 0x400),
	STUB("dsi", 0x4804fc00, 0x400, 0x14, 0),
	STUB("isp", 0x480bc000, 0x2000, 0x08, 0),
	STUB("ssi", 0x48058000, 0x4000, 0x14, 0),
	{ TYPE_OMAP3_AES, "aes1", { 0x480a6000 }, .dma_tx = 10, .dma_rx = 9 },
	{ TYPE_OMAP3_AES, "aes2", { 0x480c5000 }, .dma_tx = 66, .dma_rx = 65 },
	{ TYPE_OMAP3_SHAM, "sham", { 0x480c3000 }, { 49 }, .dma_tx = 69 },
	STUB("rng", 0x480a0000, 0x1000, 0x44, 0),
	STUB_PLAIN("sr1", 0x480c9000, 0x1000),
	STUB_PLAIN("sr2", 0x480cb000, 0x1000),
	STUB("iva2-mmu", 0x5d000000, 0x1000, 0x14, 0),
	STUB_PLAIN("sgx", 0x50000000, 0x10000),
	STUB_PLAIN("l3", 0x68000000, 0x20000),
	STUB_VOID("l4-emu", 0x54000000, 0x800000),
};

/*
 * What U-Boot has written by the time it starts a kernel, for kernels that the machine starts itself: clocks of a
 * 26 MHz board as Linux expects to find them, memory controller, console, watchdog off.
 */
static const struct preset {
	hwaddr address;
	uint32_t value;
} presets[] = {
	{ 0x48004004, 0x00000037 },	/* CM: IVA2 DPLL */
	{ 0x48004040, 0x00080a00 },
	{ 0x48004044, 0x00000001 },
	{ 0x48004904, 0x00000037 },	/* MPU DPLL */
	{ 0x48004940, 0x00092c0c },
	{ 0x48004944, 0x00000001 },
	{ 0x48004d00, 0x00370037 },	/* CORE and PER DPLLs, then DPLL5 */
	{ 0x48004d04, 0x00000037 },
	{ 0x48004d40, 0x08c80c00 },
	{ 0x48004d44, 0x0001b00c },
	{ 0x48004d48, 0x00000009 },
	{ 0x48004d4c, 0x0000780c },
	{ 0x48004d50, 0x00000001 },
	{ 0x48004a10, 0x00000042 },
	{ 0x48004a40, 0x0000130a },
	{ 0x48004b40, 0x00000002 },
	{ 0x48004c40, 0x00000015 },
	{ 0x48004e40, 0x00001009 },
	{ 0x48004f40, 0x00000004 },
	{ 0x48005040, 0x000000ff },
	{ 0x48005140, 0x03020a50 },
	{ 0x48306d40, 0x00000003 },	/* PRM_CLKSEL: 26 MHz crystal */
	{ 0x48307270, 0x00000080 },	/* PRM_CLKSRC_CTRL: sys_clk = crystal / 2 */
	{ 0x4830729c, 0x0000000a },
	{ 0x6d000040, 0x00000002 },	/* SDRC: two times 256 MiB, DLL on */
	{ 0x6d000060, 0x0000000a },
	{ 0x6d000080, 0x03588099 },
	{ 0x6d0000b0, 0x03588099 },
	{ 0x48314048, 0x0000aaaa },	/* WDT2: stop */
	{ 0x48314048, 0x00005555 },
	{ 0x49020020, 0x00000007 },	/* UART3: 115200 8N1 */
	{ 0x4902000c, 0x00000083 },
	{ 0x49020000, 26 },
	{ 0x4902000c, 0x00000003 },
	{ 0x49020008, 0x00000007 },
	{ 0x49020020, 0x00000000 },
};

static DeviceState *find_block(BeagleXm *machine, const char *name)
{
	Object *found = object_resolve_path_component(OBJECT(machine), name);

	assert(found);
	return DEVICE(found);
}

static void set_properties(DeviceState *dev, const struct block *block)
{
	for (size_t i = 0; i < ARRAY_SIZE(block->property) && block->property[i].name; i++) {
		const char *name = block->property[i].name;
		const char *type = object_property_get_type(OBJECT(dev), name, &error_abort);

		if (g_str_equal(type, "bool"))
			qdev_prop_set_bit(dev, name, block->property[i].value);
		else
			qdev_prop_set_uint32(dev, name, block->property[i].value);
	}
}

static void connect_before_realize(BeagleXm *machine, DeviceState *dev, const struct block *block)
{
	if (block->serial)
		qdev_prop_set_chr(dev, "chardev", serial_hd(block->serial - 1));
	if (block->timer) {
		g_autofree char *clock = g_strdup_printf("timer%d", block->timer);

		qdev_connect_clock_in(dev, "fclk", qdev_get_clock_out(find_block(machine, PRCM_NAME), clock));
	}
	if (g_str_equal(block->type, TYPE_OMAP3_SDRC))
		object_property_set_link(OBJECT(dev), "ram", OBJECT(MACHINE(machine)->ram), &error_abort);
	if (g_str_equal(block->type, TYPE_OMAP3_HSMMC))
		qdev_prop_set_string(dev, "block", block->name);
}

static void connect_request(BeagleXm *machine, DeviceState *dev, const char *name, int number)
{
	if (number)
		qdev_connect_gpio_out_named(dev, name, 0, qdev_get_gpio_in(find_block(machine, SDMA_NAME), number));
}

static void connect_after_realize(BeagleXm *machine, DeviceState *dev, const struct block *block)
{
	for (size_t i = 0; i < ARRAY_SIZE(block->base) && block->base[i]; i++)
		sysbus_mmio_map(SYS_BUS_DEVICE(dev), i, block->base[i]);
	for (size_t i = 0; i < ARRAY_SIZE(block->line) && block->line[i]; i++)
		sysbus_connect_irq(SYS_BUS_DEVICE(dev), i,
				   qdev_get_gpio_in(find_block(machine, INTC_NAME), block->line[i]));
	connect_request(machine, dev, OMAP3_DMA_TX, block->dma_tx);
	connect_request(machine, dev, OMAP3_DMA_RX, block->dma_rx);
}

static void create_blocks(BeagleXm *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		DeviceState *dev = qdev_new(blocks[i].type);

		object_property_add_child(OBJECT(machine), blocks[i].name, OBJECT(dev));
		set_properties(dev, &blocks[i]);
		connect_before_realize(machine, dev, &blocks[i]);
		sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
		connect_after_realize(machine, dev, &blocks[i]);
	}
}

static void create_cpu(BeagleXm *machine)
{
	Object *cpu = object_new(MACHINE(machine)->cpu_type);
	DeviceState *intc;

	object_property_add_child(OBJECT(machine), "cpu", cpu);
	object_property_set_uint(cpu, "midr", MIDR_A8_R3P2, &error_fatal);
	ARM_CPU(cpu)->reset_fpsid = FPSID_A8_R3P2;
	/* QEMU's Cortex-A8 leaves the core's performance monitors out: their registers are there, nothing counts. */
	ARM_CPU(cpu)->has_pmu = true;
	set_feature(&ARM_CPU(cpu)->env, ARM_FEATURE_PMU);
	qdev_realize(DEVICE(cpu), NULL, &error_fatal);
	object_unref(cpu);
	machine->cpu = ARM_CPU(cpu);
	intc = find_block(machine, INTC_NAME);
	sysbus_connect_irq(SYS_BUS_DEVICE(intc), 0, qdev_get_gpio_in(DEVICE(cpu), ARM_CPU_IRQ));
	sysbus_connect_irq(SYS_BUS_DEVICE(intc), 1, qdev_get_gpio_in(DEVICE(cpu), ARM_CPU_FIQ));
	qdev_connect_gpio_out_named(DEVICE(cpu), "pmu-interrupt", 0, qdev_get_gpio_in(intc, PMU_INTC_LINE));
}

/* The companion chip sits on I2C1; its interrupt comes in through SYS_NIRQ. */
static void create_companion(BeagleXm *machine)
{
	I2CBus *bus = I2C_BUS(qdev_get_child_bus(find_block(machine, "i2c1"), "i2c"));
	I2CSlave *twl = i2c_slave_create_simple(bus, TYPE_TWL4030, 0x48);

	qdev_connect_gpio_out(DEVICE(twl), 0, qdev_get_gpio_in(find_block(machine, INTC_NAME), TWL_INTC_LINE));
}

/* Without a -drive if=sd the slot is empty. */
static void create_card(BeagleXm *machine)
{
	DriveInfo *drive = drive_get(IF_SD, 0, 0);
	DeviceState *card;

	if (!drive)
		return;
	machine->card = blk_by_legacy_dinfo(drive);
	card = qdev_new(TYPE_SD_CARD);
	qdev_prop_set_drive_err(card, "drive", machine->card, &error_fatal);
	qdev_realize_and_unref(card, qdev_get_child_bus(find_block(machine, "mmc1"), OMAP3_HSMMC_BUS), &error_fatal);
}

/*
 * QEMU's main loop skips idle time when the processor is halted, but may look at the moment when WFI has halted it and
 * the instructions of that stretch are not accounted yet; it then skips too far, by a number that depends on the host.
 * So the processor counts as busy for other threads until its budget of instructions is settled.
 */
static bool (*cpu_has_work_plain)(CPUState *cpu);

static bool cpu_has_work_or_unsettled(CPUState *cpu)
{
	return (qatomic_read(&cpu->icount_budget) != 0 && !qemu_cpu_is_self(cpu)) || cpu_has_work_plain(cpu);
}

/*
 * At a debugger's breakpoint the processor is stopped first and the machine a little later. In between the main loop
 * takes the processor for idle and skips to the next timer. With the clock off there is no next timer; continuing
 * turns it on again. So stopping costs the guest no time, and measuring from outside changes nothing.
 */
static struct TCGCPUOps cpu_ops;
static const struct TCGCPUOps *cpu_ops_plain;

static void cpu_debug_stop(CPUState *cpu)
{
	if (cpu_breakpoint_test(cpu, ARM_CPU(cpu)->env.regs[15], BP_GDB))
		qemu_clock_enable(QEMU_CLOCK_VIRTUAL, false);
	cpu_ops_plain->debug_excp_handler(cpu);
}

/*
 * With QEMU's default sleep=on an idle processor waits for host time to pass, and how much passes differs from run to
 * run. Here -icount is for counting, so idle time is skipped unless the user asked for sleep=on.
 */
static void make_icount_exact(BeagleXm *machine)
{
	QemuOpts *opts = qemu_opts_find(qemu_find_opts("icount"), NULL);
	CPUClass *class = CPU_GET_CLASS(machine->cpu);

	if (!icount_enabled())
		return;
	cpu_has_work_plain = class->has_work;
	class->has_work = cpu_has_work_or_unsettled;
	cpu_ops_plain = class->tcg_ops;
	cpu_ops = *class->tcg_ops;
	cpu_ops.debug_excp_handler = cpu_debug_stop;
	class->tcg_ops = &cpu_ops;
	if (!opts || qemu_opt_get(opts, "sleep") || g_strcmp0(qemu_opt_get(opts, "shift"), "auto") == 0 ||
	    qemu_opt_get_bool(opts, "align", false))
		return;
	qemu_opt_set_bool(opts, "sleep", false, &error_abort);
	icount_configure(opts, &error_fatal);
}

/*
 * With -icount the number of executed instructions is exact and the same on every run: it is told at the end, and
 * the machine has it as a property for the monitor (qom-get /machine instructions).
 */
static uint64_t executed_instructions(void)
{
	return icount_enabled() ? icount_get_raw() : 0;
}

static void get_instructions(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
	uint64_t count = executed_instructions();

	visit_type_uint64(v, name, &count, errp);
}

static void report_instructions(Notifier *notifier, void *data)
{
	if (!icount_enabled())
		return;
	pause_all_vcpus();	/* settles the count */
	info_report("beagle-xm: %" PRIu64 " instructions executed", executed_instructions());
}

/*
 * What the boot loader of a direct boot has set up and says in the device tree: all, or without fitted-size the 256 MiB that U-Boot comes
 * to on the board (there in two halves, here on the first chip select).
 */
static uint64_t direct_ram_size(BeagleXm *machine)
{
	bool fitted = object_property_get_bool(OBJECT(find_block(machine, SDRC_NAME)), "fitted-size", &error_abort);

	return fitted ? RAM_SIZE : RAM_SIZE / 2;
}

static void beagle_xm_init(MachineState *state)
{
	BeagleXm *machine = BEAGLE_XM(state);
	MemoryRegion *memory = get_system_memory();

	if (state->ram_size != RAM_SIZE) {
		error_report("the BeagleBoard-xM has 512 MiB of RAM, no other size");
		exit(EXIT_FAILURE);
	}
	memory_region_init_ram(&machine->sram, OBJECT(machine), "sram", SRAM_SIZE, &error_fatal);
	memory_region_add_subregion(memory, SRAM_BASE, &machine->sram);
	beagle_xm_rom_init(memory);
	create_blocks(machine);
	create_cpu(machine);
	make_icount_exact(machine);
	create_companion(machine);
	create_card(machine);
	machine->boot_info.ram_size = direct_ram_size(machine);
	machine->boot_info.loader_start = RAM_BASE;
	machine->boot_info.board_id = MACHINE_NUMBER;
	/*
	 * The device tree at a place of its own below the initramfs, not behind the kernel as QEMU would put it: that may be
	 * memory which the kernel clears or uses before it looks at the tree.
	 */
	machine->boot_info.skip_dtb_autoload = true;
	arm_load_kernel(machine->cpu, state, &machine->boot_info);
	if (state->dtb) {
		machine->boot_info.dtb_start = DTB_ADDRESS;
		if (arm_load_dtb(DTB_ADDRESS, &machine->boot_info, DTB_LIMIT, &address_space_memory, state) < 0)
			exit(EXIT_FAILURE);
	}
	machine->shutdown.notify = report_instructions;
	qemu_register_shutdown_notifier(&machine->shutdown);
}

/* Linux's ARM boot protocol, for a kernel that was given with -kernel. */
static void enter_kernel(BeagleXm *machine)
{
	const struct arm_boot_info *info = &machine->boot_info;
	uint32_t parameters = MACHINE(machine)->dtb ? info->dtb_start : RAM_BASE + ATAG_OFFSET;

	for (size_t i = 0; i < ARRAY_SIZE(presets); i++)
		address_space_stl_le(&address_space_memory, presets[i].address, presets[i].value,
				     MEMTXATTRS_UNSPECIFIED, NULL);
	if (direct_ram_size(machine) < RAM_SIZE)
		address_space_stl_le(&address_space_memory, SDRC_MCFG_1, 0, MEMTXATTRS_UNSPECIFIED, NULL);
	beagle_xm_rom_enter(machine->cpu, info->entry, 0, MACHINE_NUMBER, parameters);
}

/*
 * The reset of the machine, not a reset handler: it has to come after the reset of every device, whose registers the
 * presets set and whose memory the ROM uses. The second reset of the CPU brings it back to the Secure state that it
 * has after power on and that the ROM starts in.
 */
static void beagle_xm_reset(MachineState *state, ShutdownCause reason)
{
	BeagleXm *machine = BEAGLE_XM(state);

	qemu_devices_reset(reason);
	cpu_reset(CPU(machine->cpu));
	if (state->kernel_filename)
		enter_kernel(machine);
	else
		beagle_xm_rom_boot(machine->cpu, machine->card);
}

static void beagle_xm_class_init(ObjectClass *class, void *data)
{
	MachineClass *mc = MACHINE_CLASS(class);

	mc->desc = "BeagleBoard-xM rev C (OMAP3630/DM3730, Cortex-A8)";
	mc->init = beagle_xm_init;
	mc->reset = beagle_xm_reset;
	mc->max_cpus = 1;
	mc->default_cpu_type = ARM_CPU_TYPE_NAME("cortex-a8");
	mc->default_ram_size = RAM_SIZE;
	mc->default_ram_id = "beagle-xm.ram";
	mc->block_default_type = IF_SD;
	mc->no_cdrom = true;
	mc->no_floppy = true;
	mc->no_parallel = true;
	object_class_property_add(class, "instructions", "uint64", get_instructions, NULL, NULL, NULL);
	object_class_property_set_description(class, "instructions", "Instructions executed so far; 0 without -icount");
}

static const TypeInfo beagle_xm_type = {
	.name = TYPE_BEAGLE_XM,
	.parent = TYPE_MACHINE,
	.instance_size = sizeof(BeagleXm),
	.class_init = beagle_xm_class_init,
};

static void beagle_xm_register(void)
{
	type_register_static(&beagle_xm_type);
}
type_init(beagle_xm_register)
