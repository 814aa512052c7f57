// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MMC/SD/SDIO host controller (HSMMC) of OMAP3630: command and data state machines on QEMU's SD bus.
 *
 * A command takes COMMAND_NS; data then moves through a buffer of one block, filled or emptied by the processor
 * (BRR, BWR) or by sDMA (requests RX, TX). The card delivers or takes bursts of BURST_BLOCKS at BLOCK_NS a block on
 * the virtual clock: faster than the board (512 bytes at 4 bits and 48 MHz take 21 us), to keep emulated polling
 * loops short, but never instantaneous, so that software sees transfers under way.
 *
 * This is the OMAP3 controller: no ADMA, no auto CMD23, registers at the base without the 0x100 shift of OMAP4. Not
 * modelled: the card clock's rate, bus width, CRC and time-out errors that a healthy card does not cause (a card
 * that answers no command or has no data to give does), SDIO interrupts, MMC interrupt mode, CE-ATA.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/timer.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sd/sd.h"
#include "hw/sysbus.h"
#include "omap3_hsmmc.h"
#include "beagle_xm.h"
#include "omap3_regs.h"

#define MMIO_SIZE 0x1000

#define MMCHS_SYSCONFIG 0x010
#define MMCHS_SYSSTATUS 0x014
#define MMCHS_CON 0x02c
#define MMCHS_PWCNT 0x030
#define MMCHS_BLK 0x104
#define MMCHS_ARG 0x108
#define MMCHS_CMD 0x10c
#define MMCHS_RSP10 0x110
#define MMCHS_RSP76 0x11c
#define MMCHS_DATA 0x120
#define MMCHS_PSTATE 0x124
#define MMCHS_HCTL 0x128
#define MMCHS_SYSCTL 0x12c
#define MMCHS_STAT 0x130
#define MMCHS_IE 0x134
#define MMCHS_ISE 0x138
#define MMCHS_AC12 0x13c
#define MMCHS_CAPA 0x140
#define MMCHS_CUR_CAPA 0x148
#define MMCHS_REV 0x1fc

#define SYSCONFIG_SOFTRESET (1u << 1)

#define CON_INIT (1u << 1)

#define CMD_DMA (1u << 0)
#define CMD_BLOCK_COUNT (1u << 1)
#define CMD_AUTO12 (1u << 2)
#define CMD_AUTO23 (1u << 3)
#define CMD_READ (1u << 4)
#define CMD_MULTI (1u << 5)
#define CMD_DATA (1u << 21)

#define PSTATE_CMDI (1u << 0)
#define PSTATE_DATI (1u << 1)
#define PSTATE_DLA (1u << 2)
#define PSTATE_WTA (1u << 8)
#define PSTATE_RTA (1u << 9)
#define PSTATE_BWE (1u << 10)
#define PSTATE_BRE (1u << 11)
#define PSTATE_LINES (0x1fu << 20)	/* DLEV, CLEV: idle lines are high */

#define SYSCTL_ICE (1u << 0)
#define SYSCTL_ICS (1u << 1)
#define SYSCTL_SRA (1u << 24)
#define SYSCTL_SRC (1u << 25)
#define SYSCTL_SRD (1u << 26)

#define STAT_CC (1u << 0)
#define STAT_TC (1u << 1)
#define STAT_BWR (1u << 4)
#define STAT_BRR (1u << 5)
#define STAT_ERRI (1u << 15)
#define STAT_CTO (1u << 16)
#define STAT_DTO (1u << 20)
#define STAT_ERRORS 0xffff0000u
#define STAT_BITS 0x317f8333u

#define RESPONSE_NONE 0
#define RESPONSE_136 1
#define RESPONSE_48_BUSY 3

#define TYPE_ABORT 3
#define STOP_TRANSMISSION 12

#define COMMAND_NS 2000
#define BLOCK_NS 4000
#define BURST_BLOCKS 16
#define BUFFER_SIZE 2048	/* BLK.BLEN has 11 bits */
#define UNLIMITED UINT32_MAX

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Hsmmc, OMAP3_HSMMC)

struct Omap3Hsmmc {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq;
	qemu_irq dma_tx;
	qemu_irq dma_rx;
	SDBus bus;
	char *block;
	Omap3Regs regs;
	QEMUTimer *command_timer;	/* pending = a command is on the line */
	QEMUTimer *data_timer;		/* pending = the card is busy with the next burst */

	uint32_t command;		/* CMD as last accepted */
	bool data_phase;
	uint32_t data_command;		/* CMD of the data phase */
	uint32_t blocks_left;		/* on the card's side, or UNLIMITED */
	uint32_t burst_left;		/* blocks that the card has ready, or has room for */
	uint8_t buffer[BUFFER_SIZE];
	uint32_t block_size;
	uint32_t position;		/* bytes of the buffer that the host's side has moved */
	bool buffer_ready;		/* the host's side may read, or write, the buffer */
};

/* CAPA: 1.8 and 3.0 V, suspend/resume, DMA, high speed, 1 KiB blocks. CAPA and REV are recalled, not from a manual. */
static const Omap3Reg registers[] = {
	{ MMCHS_SYSCONFIG, "SYSCONFIG", .reset = 0x15, .read_only = 0xffffcce0, .pulse = SYSCONFIG_SOFTRESET },
	{ MMCHS_SYSSTATUS, "SYSSTATUS", .reset = 1, .read_only = ~0u },
	{ MMCHS_CON, "CON", .read_only = 0xffff0000 },
	{ MMCHS_PWCNT, "PWCNT", .read_only = 0xffff0000 },
	{ MMCHS_BLK, "BLK", .read_only = 0x0000f800 },
	{ MMCHS_ARG, "ARG" },
	{ MMCHS_CMD, "CMD", .read_only = 0xc004ffc0 },
	{ MMCHS_RSP10, "RSP", .read_only = ~0u, .count = 4 },
	{ MMCHS_DATA, "DATA", .read_only = ~0u },
	{ MMCHS_PSTATE, "PSTATE", .read_only = ~0u },
	{ MMCHS_HCTL, "HCTL", .read_only = 0xf0f0f0f9 },
	{ MMCHS_SYSCTL, "SYSCTL", .read_only = 0xf8f00038 | SYSCTL_ICS, .pulse = SYSCTL_SRA | SYSCTL_SRC | SYSCTL_SRD },
	{ MMCHS_STAT, "STAT", .read_only = ~STAT_BITS | STAT_ERRI, .clear = STAT_BITS & ~STAT_ERRI },
	{ MMCHS_IE, "IE", .read_only = ~STAT_BITS | STAT_ERRI },
	{ MMCHS_ISE, "ISE", .read_only = ~STAT_BITS | STAT_ERRI },
	{ MMCHS_AC12, "AC12", .read_only = ~0u },
	{ MMCHS_CAPA, "CAPA", .reset = 0x06e10080, .read_only = 0xf8ffffff },
	{ MMCHS_CUR_CAPA, "CUR_CAPA", .read_only = 0xff000000 },
	{ MMCHS_REV, "REV", .reset = 0x26010000, .read_only = ~0u },
};

static uint32_t *reg(Omap3Hsmmc *s, hwaddr offset)
{
	return omap3_reg(&s->regs, offset);
}

static void update_irq(Omap3Hsmmc *s)
{
	uint32_t *stat = reg(s, MMCHS_STAT);

	if (*stat & STAT_ERRORS)
		*stat |= STAT_ERRI;
	else
		*stat &= ~STAT_ERRI;
	qemu_set_irq(s->irq, (*stat & *reg(s, MMCHS_ISE)) != 0);
}

/* An event becomes status only if IE lets it. */
static void raise_event(Omap3Hsmmc *s, uint32_t event)
{
	*reg(s, MMCHS_STAT) |= event & *reg(s, MMCHS_IE);
	update_irq(s);
}

static bool reading(Omap3Hsmmc *s)
{
	return s->data_command & CMD_READ;
}

/* Tells the host's side whether it may move a block. */
static void set_buffer_ready(Omap3Hsmmc *s, bool ready)
{
	bool dma = s->data_command & CMD_DMA;

	s->buffer_ready = ready;
	s->position = 0;
	qemu_set_irq(s->dma_rx, ready && dma && reading(s));
	qemu_set_irq(s->dma_tx, ready && dma && !reading(s));
	if (ready && !dma)
		raise_event(s, reading(s) ? STAT_BRR : STAT_BWR);
}

static void end_data(Omap3Hsmmc *s)
{
	timer_del(s->data_timer);
	set_buffer_ready(s, false);
	s->data_phase = false;
	s->blocks_left = 0;
	s->burst_left = 0;
}

static void store_response(Omap3Hsmmc *s, hwaddr offset, const uint8_t *response)
{
	*reg(s, offset) = ldl_be_p(response);
}

static void send_auto_stop(Omap3Hsmmc *s)
{
	SDRequest request = { .cmd = STOP_TRANSMISSION };
	uint8_t response[16];

	if (sdbus_do_command(&s->bus, &request, response) == 4)
		store_response(s, MMCHS_RSP76, response);
}

static void complete_data(Omap3Hsmmc *s)
{
	end_data(s);
	if (s->data_command & CMD_AUTO12)
		send_auto_stop(s);
	raise_event(s, STAT_TC);
}

static void use_block(Omap3Hsmmc *s)
{
	s->burst_left--;
	if (s->blocks_left != UNLIMITED)
		s->blocks_left--;
}

/* Goes on with the data phase when the buffer is with the card's side: next block, next burst, or the end. */
static void continue_data(Omap3Hsmmc *s)
{
	if (!s->blocks_left) {
		complete_data(s);
		return;
	}
	if (!s->burst_left) {
		set_buffer_ready(s, false);
		timer_mod(s->data_timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
			  (int64_t)MIN(s->blocks_left, BURST_BLOCKS) * BLOCK_NS);
		return;
	}
	if (reading(s) ? !sdbus_data_ready(&s->bus) : !sdbus_receive_ready(&s->bus)) {
		end_data(s);
		raise_event(s, STAT_DTO);
		return;
	}
	if (reading(s)) {
		sdbus_read_data(&s->bus, s->buffer, s->block_size);
		use_block(s);
	}
	set_buffer_ready(s, true);
}

static void burst_elapsed(void *opaque)
{
	Omap3Hsmmc *s = opaque;

	s->burst_left = MIN(s->blocks_left, BURST_BLOCKS);
	continue_data(s);
}

/* The host's side has moved the whole block in the buffer. */
static void finish_block(Omap3Hsmmc *s)
{
	if (!reading(s)) {
		sdbus_write_data(&s->bus, s->buffer, s->block_size);
		use_block(s);
	}
	continue_data(s);
}

static uint32_t count_blocks(uint32_t command, uint32_t blk)
{
	if (!(command & CMD_MULTI))
		return 1;
	return command & CMD_BLOCK_COUNT ? extract32(blk, 16, 16) : UNLIMITED;
}

static void start_data(Omap3Hsmmc *s, uint32_t command)
{
	uint32_t blk = *reg(s, MMCHS_BLK);

	s->data_command = command;
	s->block_size = extract32(blk, 0, 11);
	s->blocks_left = count_blocks(command, blk);
	s->burst_left = 0;
	s->data_phase = true;
	if (!s->block_size) {
		qemu_log_mask(LOG_GUEST_ERROR, "%s: data command 0x%08x with blocks of no bytes\n", s->block, command);
		s->blocks_left = 0;
	}
	continue_data(s);
}

/* Returns the length of the card's response in bytes, stored in RSP; 0 if there was none. */
static int send_command(Omap3Hsmmc *s, uint32_t command)
{
	SDRequest request = { .cmd = extract32(command, 24, 6), .arg = *reg(s, MMCHS_ARG) };
	uint8_t response[16];
	int length = sdbus_do_command(&s->bus, &request, response);

	if (length == 4)
		store_response(s, MMCHS_RSP10, response);
	for (int i = 0; length == 16 && i < 4; i++)
		store_response(s, MMCHS_RSP76 - 4 * i, response + 4 * i);
	return length;
}

static void command_elapsed(void *opaque)
{
	Omap3Hsmmc *s = opaque;
	uint32_t command = s->command;
	uint32_t response_type = extract32(command, 16, 2);
	int length;

	if (*reg(s, MMCHS_CON) & CON_INIT) {
		/* The initialization stream: clocks for the card, no command. */
		raise_event(s, STAT_CC);
		return;
	}
	if (extract32(command, 22, 2) == TYPE_ABORT || extract32(command, 24, 6) == STOP_TRANSMISSION)
		end_data(s);
	length = send_command(s, command);
	if (response_type != RESPONSE_NONE && length != (response_type == RESPONSE_136 ? 16 : 4)) {
		raise_event(s, STAT_CTO);
		return;
	}
	if (command & CMD_DATA) {
		raise_event(s, STAT_CC);
		start_data(s, command);
		return;
	}
	/* No card model here is ever busy: the end of the busy time comes with the response. */
	raise_event(s, response_type == RESPONSE_48_BUSY ? STAT_CC | STAT_TC : STAT_CC);
}

static void write_command(Omap3Hsmmc *s)
{
	uint32_t command = *reg(s, MMCHS_CMD);

	if (timer_pending(s->command_timer) || ((command & CMD_DATA) && s->data_phase)) {
		qemu_log_mask(LOG_GUEST_ERROR, "%s: command 0x%08x while inhibited\n", s->block, command);
		return;
	}
	if (command & CMD_AUTO23)
		qemu_log_mask(LOG_UNIMP, "%s: CMD 0x%08x: auto CMD23 not modelled\n", s->block, command);
	s->command = command;
	timer_mod(s->command_timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + COMMAND_NS);
}

static uint32_t read_pstate(Omap3Hsmmc *s)
{
	uint32_t state = PSTATE_LINES;
	bool data_to_come = timer_pending(s->command_timer) && (s->command & CMD_DATA);

	if (timer_pending(s->command_timer))
		state |= PSTATE_CMDI;
	if (s->data_phase || data_to_come)
		state |= PSTATE_DATI;
	if (s->data_phase)
		state |= PSTATE_DLA | (reading(s) ? PSTATE_RTA : PSTATE_WTA);
	if (s->buffer_ready)
		state |= reading(s) ? PSTATE_BRE : PSTATE_BWE;
	return state;
}

static uint32_t read_data(Omap3Hsmmc *s)
{
	uint8_t bytes[4] = { 0 };

	if (!s->buffer_ready || !reading(s)) {
		qemu_log_mask(LOG_GUEST_ERROR, "%s: DATA read, but there is none\n", s->block);
		return 0;
	}
	for (int i = 0; i < 4 && s->position < s->block_size; i++)
		bytes[i] = s->buffer[s->position++];
	if (s->position == s->block_size)
		finish_block(s);
	return ldl_le_p(bytes);
}

static void write_data(Omap3Hsmmc *s, uint32_t value)
{
	if (!s->buffer_ready || reading(s)) {
		qemu_log_mask(LOG_GUEST_ERROR, "%s: DATA written, but there is no room\n", s->block);
		return;
	}
	for (int i = 0; i < 4 && s->position < s->block_size; i++)
		s->buffer[s->position++] = value >> (8 * i);
	if (s->position == s->block_size)
		finish_block(s);
}

static void reset_command_line(Omap3Hsmmc *s)
{
	timer_del(s->command_timer);
	*reg(s, MMCHS_STAT) &= ~STAT_CC;
}

static void reset_data_lines(Omap3Hsmmc *s)
{
	end_data(s);
	*reg(s, MMCHS_STAT) &= ~(STAT_TC | STAT_BRR | STAT_BWR);
}

static void reset_registers(Omap3Hsmmc *s)
{
	timer_del(s->command_timer);
	end_data(s);
	omap3_regs_reset(&s->regs);
	update_irq(s);
}

static void write_sysctl(Omap3Hsmmc *s, uint32_t word)
{
	uint32_t *sysctl = reg(s, MMCHS_SYSCTL);

	*sysctl = deposit32(*sysctl, 1, 1, *sysctl & SYSCTL_ICE);	/* the clock is stable at once */
	if (word & SYSCTL_SRC)
		reset_command_line(s);
	if (word & SYSCTL_SRD)
		reset_data_lines(s);
	if (word & SYSCTL_SRA)
		reset_registers(s);
	update_irq(s);
}

static uint64_t hsmmc_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Hsmmc *s = opaque;

	switch (offset) {
	case MMCHS_DATA:
		return read_data(s);
	case MMCHS_PSTATE:
		return read_pstate(s);
	default:
		return omap3_regs_read(&s->regs, offset, size);
	}
}

static void hsmmc_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Hsmmc *s = opaque;
	uint32_t word = omap3_regs_write(&s->regs, offset, value, size);

	switch (offset) {
	case MMCHS_SYSCONFIG:
		if (word & SYSCONFIG_SOFTRESET)
			reset_registers(s);
		break;
	case MMCHS_CMD:
		write_command(s);
		break;
	case MMCHS_DATA:
		write_data(s, value);
		break;
	case MMCHS_SYSCTL:
		write_sysctl(s, word);
		break;
	case MMCHS_STAT:
	case MMCHS_IE:
	case MMCHS_ISE:
		update_irq(s);
		break;
	}
}

static const MemoryRegionOps hsmmc_ops = {
	.read = hsmmc_read,
	.write = hsmmc_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void hsmmc_reset(DeviceState *dev)
{
	reset_registers(OMAP3_HSMMC(dev));
}

static void hsmmc_realize(DeviceState *dev, Error **errp)
{
	Omap3Hsmmc *s = OMAP3_HSMMC(dev);

	omap3_regs_init(&s->regs, s->block, registers, ARRAY_SIZE(registers), MMIO_SIZE);
	memory_region_init_io(&s->mmio, OBJECT(dev), &hsmmc_ops, s, s->block, MMIO_SIZE);
	sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->mmio);
}

static void hsmmc_init(Object *obj)
{
	Omap3Hsmmc *s = OMAP3_HSMMC(obj);
	DeviceState *dev = DEVICE(obj);

	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
	qdev_init_gpio_out_named(dev, &s->dma_tx, OMAP3_DMA_TX, 1);
	qdev_init_gpio_out_named(dev, &s->dma_rx, OMAP3_DMA_RX, 1);
	qbus_init(&s->bus, sizeof(s->bus), TYPE_SD_BUS, dev, OMAP3_HSMMC_BUS);
	s->command_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, command_elapsed, s);
	s->data_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, burst_elapsed, s);
}

static Property hsmmc_properties[] = {
	DEFINE_PROP_STRING("block", Omap3Hsmmc, block),
	DEFINE_PROP_END_OF_LIST(),
};

static void hsmmc_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	device_class_set_props(dc, hsmmc_properties);
	dc->realize = hsmmc_realize;
	dc->reset = hsmmc_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
	dc->user_creatable = false;
}

static const TypeInfo hsmmc_type = {
	.name = TYPE_OMAP3_HSMMC,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Hsmmc),
	.instance_init = hsmmc_init,
	.class_init = hsmmc_class_init,
};

static void register_types(void)
{
	type_register_static(&hsmmc_type);
}

type_init(register_types)
