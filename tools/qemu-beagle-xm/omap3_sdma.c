// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System DMA controller (sDMA, "DMA4"): 32 logical channels, 96 hardware requests, 4 interrupt lines.
 *
 * A channel moves CFN frames of CEN elements. Without a request number it runs by itself (software trigger); with
 * one, each service of the request moves one element, frame, packet or block. Requests are levels here, so a
 * request can never be dropped and CSR.DROP is never set. Data moves in portions, on the virtual clock: a transfer
 * is observable while it is under way, and equal from run to run under -icount.
 *
 * Not modelled, and logged when asked for: transparent copy, endianness conversion, linked-list descriptors other
 * than type 2. Without effect on results, so silently accepted: packing, bursts, posting, priorities, prefetch,
 * buffering, arbitration (GCR).
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/timer.h"
#include "exec/address-spaces.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "omap3_sdma.h"

#define CHANNELS 32
#define CHANNEL_BASE 0x80
#define CHANNEL_SIZE 0x60
#define MMIO_SIZE 0x1000

#define SDMA_REVISION 0x00
#define SDMA_IRQSTATUS_L0 0x08
#define SDMA_IRQENABLE_L0 0x18
#define SDMA_SYSSTATUS 0x28
#define SDMA_OCP_SYSCONFIG 0x2c
#define SDMA_CAPS_0 0x64
#define SDMA_CAPS_2 0x6c
#define SDMA_CAPS_3 0x70
#define SDMA_CAPS_4 0x74
#define SDMA_GCR 0x78

#define SYSCONFIG_SOFTRESET (1u << 1)

/* Offsets in a channel. */
#define CCR 0x00
#define CLNK_CTRL 0x04
#define CICR 0x08
#define CSR 0x0c
#define CSDP 0x10
#define CEN 0x14
#define CFN 0x18
#define CSSA 0x1c
#define CDSA 0x20
#define CSEI 0x24
#define CSFI 0x28
#define CDEI 0x2c
#define CDFI 0x30
#define CSAC 0x34
#define CDAC 0x38
#define CCEN 0x3c
#define CCFN 0x40
#define COLOR 0x44
#define CDP 0x50
#define CNDP 0x54
#define CCDN 0x58

#define CCR_FS (1u << 5)
#define CCR_EN (1u << 7)
#define CCR_ACTIVE (3u << 9)		/* RD_ACTIVE, WR_ACTIVE */
#define CCR_CONST_FILL (1u << 16)
#define CCR_TRANSPARENT (1u << 17)
#define CCR_BS (1u << 18)
#define CCR_SRC_SYNC (1u << 24)

#define CLNK_ENABLE (1u << 15)

/* CICR and CSR */
#define EVENT_HALF (1u << 2)
#define EVENT_FRAME (1u << 3)
#define EVENT_LAST (1u << 4)
#define EVENT_BLOCK (1u << 5)
#define EVENT_PACKET (1u << 7)
#define EVENT_TRANS_ERR (1u << 8)
#define EVENT_MISALIGNED (1u << 11)
#define EVENT_SUPER_BLOCK (1u << 14)

#define CSDP_DST_BIG (1u << 19)
#define CSDP_SRC_BIG (1u << 21)

#define CDP_LINKED_LIST (1u << 8)
#define CDP_FAST (1u << 10)
#define CNDP_END 0xfffffffcu
#define DESCRIPTOR_TYPE2 2

/* What one turn of a channel moves at most, and the pace. 1 ns a byte is the order of the chip's L3 interconnect. */
#define PORTION_BYTES 4096
#define NS_PER_BYTE 1
#define START_NS 100

enum address_mode { MODE_CONSTANT, MODE_POST_INCREMENT, MODE_SINGLE_INDEX, MODE_DOUBLE_INDEX };

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Sdma, OMAP3_SDMA)

struct channel {
	Omap3Sdma *owner;
	unsigned int number;
	Omap3Regs regs;
	bool started;		/* this block has moved data: CSAC, CDAC, CCEN, CCFN are live */
	uint32_t sync_left;	/* elements still granted by the request being served */
};

struct Omap3Sdma {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq[OMAP3_SDMA_IRQS];
	QEMUTimer *timer;
	Omap3Regs regs;
	struct channel channel[CHANNELS];
	uint64_t request[DIV_ROUND_UP(OMAP3_SDMA_REQUESTS, 64)];
	unsigned int turn;	/* channel that is looked at first next time */
};

/*
 * Reset values of REVISION, CAPS and GCR are from other people's register dumps, not from the manual. CAPS_0:
 * constant fill and linked lists (types 1 to 3 share one bit); not transparent copy, which is missing here.
 */
static const Omap3Reg global_registers[] = {
	{ SDMA_REVISION, "REVISION", .reset = 0x40, .read_only = ~0u },
	{ SDMA_IRQSTATUS_L0, "IRQSTATUS", .clear = ~0u, .count = OMAP3_SDMA_IRQS },
	{ SDMA_IRQENABLE_L0, "IRQENABLE", .count = OMAP3_SDMA_IRQS },
	{ SDMA_SYSSTATUS, "SYSSTATUS", .reset = 1, .read_only = ~0u },
	{ SDMA_OCP_SYSCONFIG, "OCP_SYSCONFIG", .pulse = SYSCONFIG_SOFTRESET },
	{ SDMA_CAPS_0, "CAPS_0", .reset = 0x00180000, .read_only = ~0u },
	{ SDMA_CAPS_2, "CAPS_2", .reset = 0x000001ff, .read_only = ~0u },
	{ SDMA_CAPS_3, "CAPS_3", .reset = 0x000000f3, .read_only = ~0u },
	{ SDMA_CAPS_4, "CAPS_4", .reset = 0x00003ffe, .read_only = ~0u },
	{ SDMA_GCR, "GCR", .reset = 0x00010010, .read_only = 0xff00cf00 },
};

static const Omap3Reg channel_registers[] = {
	{ CCR, "CCR", .read_only = CCR_ACTIVE | 0xf8200800 },
	{ CLNK_CTRL, "CLNK_CTRL", .read_only = 0xffff7fe0 },
	{ CICR, "CICR", .read_only = 0xffffa241 },
	{ CSR, "CSR", .clear = ~0u },
	{ CSDP, "CSDP", .read_only = 0xffc00000 },
	{ CEN, "CEN", .read_only = 0xff000000 },
	{ CFN, "CFN", .read_only = 0xffff0000 },
	{ CSSA, "CSSA" },
	{ CDSA, "CDSA" },
	{ CSEI, "CSEI", .read_only = 0xffff0000 },
	{ CSFI, "CSFI" },
	{ CDEI, "CDEI", .read_only = 0xffff0000 },
	{ CDFI, "CDFI" },
	{ CSAC, "CSAC" },
	{ CDAC, "CDAC" },
	{ CCEN, "CCEN", .read_only = 0xff000000 },
	{ CCFN, "CCFN", .read_only = 0xffff0000 },
	{ COLOR, "COLOR" },
	{ CDP, "CDP", .read_only = 0xfffff880 },
	{ CNDP, "CNDP" },
	{ CCDN, "CCDN", .read_only = 0xffff0000 },
};

static uint32_t *reg(struct channel *ch, hwaddr offset)
{
	return omap3_reg(&ch->regs, offset);
}

static unsigned int element_size(struct channel *ch)
{
	return 1u << MIN(*reg(ch, CSDP) & 3, 2);
}

static unsigned int request_number(struct channel *ch)
{
	uint32_t ccr = *reg(ch, CCR);

	return extract32(ccr, 0, 5) | extract32(ccr, 19, 2) << 5;
}

static bool request_is_high(struct channel *ch)
{
	unsigned int number = request_number(ch);

	return number < OMAP3_SDMA_REQUESTS && (ch->owner->request[number / 64] >> (number % 64) & 1);
}

static bool can_run(struct channel *ch)
{
	if (!(*reg(ch, CCR) & CCR_EN))
		return false;
	return !request_number(ch) || ch->sync_left || request_is_high(ch);
}

static void schedule(Omap3Sdma *s, int64_t delay_ns)
{
	if (timer_pending(s->timer))
		return;
	for (int i = 0; i < CHANNELS; i++) {
		if (can_run(&s->channel[i])) {
			timer_mod(s->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + delay_ns);
			return;
		}
	}
}

static void update_irqs(Omap3Sdma *s)
{
	for (int i = 0; i < OMAP3_SDMA_IRQS; i++) {
		uint32_t status = *omap3_reg(&s->regs, SDMA_IRQSTATUS_L0 + 4 * i);
		uint32_t enable = *omap3_reg(&s->regs, SDMA_IRQENABLE_L0 + 4 * i);

		qemu_set_irq(s->irq[i], (status & enable) != 0);
	}
}

static void raise_event(struct channel *ch, uint32_t event)
{
	Omap3Sdma *s = ch->owner;

	event &= *reg(ch, CICR);
	if (!event)
		return;
	*reg(ch, CSR) |= event;
	for (int i = 0; i < OMAP3_SDMA_IRQS; i++)
		*omap3_reg(&s->regs, SDMA_IRQSTATUS_L0 + 4 * i) |= 1u << ch->number;
	update_irqs(s);
}

static void stop_channel(struct channel *ch)
{
	*reg(ch, CCR) &= ~(CCR_EN | CCR_ACTIVE);
	ch->started = false;
	ch->sync_left = 0;
}

static void fail_channel(struct channel *ch, uint32_t event)
{
	stop_channel(ch);
	raise_event(ch, event);
}

/* Returns false, with the channel stopped, when the channel is set up for something that is not modelled. */
static bool check_setup(struct channel *ch)
{
	uint32_t csdp = *reg(ch, CSDP);

	if ((*reg(ch, CCR) & CCR_TRANSPARENT) || !(csdp & CSDP_DST_BIG) != !(csdp & CSDP_SRC_BIG) ||
	    (csdp & 3) == 3) {
		qemu_log_mask(LOG_UNIMP, "%s: CCR 0x%08x CSDP 0x%08x: transfer not modelled\n",
			      ch->regs.block, *reg(ch, CCR), csdp);
		fail_channel(ch, EVENT_TRANS_ERR);
		return false;
	}
	return true;
}

/* The first data of a block moves now. Returns false, with the channel stopped, when it cannot. */
static bool start_block(struct channel *ch)
{
	uint32_t mask = element_size(ch) - 1;

	if (!check_setup(ch))
		return false;
	if ((*reg(ch, CSSA) | *reg(ch, CDSA)) & mask) {
		fail_channel(ch, EVENT_MISALIGNED);
		return false;
	}
	*reg(ch, CSAC) = *reg(ch, CSSA);
	*reg(ch, CDAC) = *reg(ch, CDSA);
	*reg(ch, CCEN) = 0;
	*reg(ch, CCFN) = 0;
	ch->started = true;
	return true;
}

static enum address_mode source_mode(struct channel *ch)
{
	return extract32(*reg(ch, CCR), 12, 2);
}

static enum address_mode destination_mode(struct channel *ch)
{
	return extract32(*reg(ch, CCR), 14, 2);
}

/* One side of a portion: count elements from or to *address, which advances as its mode says. */
static MemTxResult access_side(struct channel *ch, uint32_t *address, enum address_mode mode, uint32_t element_index,
			       uint8_t *data, uint32_t count, bool write)
{
	unsigned int size = element_size(ch);
	MemTxResult result = MEMTX_OK;

	if (mode == MODE_POST_INCREMENT) {
		result = address_space_rw(&address_space_memory, *address, MEMTXATTRS_UNSPECIFIED,
					  data, count * size, write);
		*address += count * size;
		return result;
	}
	for (uint32_t i = 0; i < count; i++) {
		result |= address_space_rw(&address_space_memory, *address, MEMTXATTRS_UNSPECIFIED,
					   data + i * size, size, write);
		if (mode != MODE_CONSTANT)
			*address += size + (int16_t)element_index - 1;
	}
	return result;
}

static void fill_with_color(struct channel *ch, uint8_t *data, uint32_t count)
{
	unsigned int size = element_size(ch);
	uint32_t color = cpu_to_le32(*reg(ch, COLOR));

	for (uint32_t i = 0; i < count; i++)
		memcpy(data + i * size, &color, size);
}

/* How many elements one service of the request moves. */
static uint32_t sync_unit(struct channel *ch)
{
	uint32_t ccr = *reg(ch, CCR);
	uint32_t in_frame = *reg(ch, CEN) - *reg(ch, CCEN);
	uint32_t in_block = in_frame + *reg(ch, CEN) * (*reg(ch, CFN) - *reg(ch, CCFN) - 1);

	switch (ccr & (CCR_FS | CCR_BS)) {
	case CCR_FS:
		return in_frame;
	case CCR_BS:
		return in_block;
	case CCR_FS | CCR_BS:
		/* The frame index of the synchronized side holds the packet size. */
		return MIN(in_block, *reg(ch, ccr & CCR_SRC_SYNC ? CSFI : CDFI) & 0xffff);
	default:
		return 1;
	}
}

/*
 * Takes the next type 2 descriptor: counts, indexes, interrupt enables and the address of the side that the previous
 * descriptor (or CDP) marked for reload. Layout as Linux builds it (drivers/dma/ti/omap-dma.c). Returns false, with
 * the channel stopped, at the end of the list or on error.
 */
static bool load_descriptor(struct channel *ch)
{
	uint32_t word[8], cdp = *reg(ch, CDP), next = *reg(ch, CNDP);

	if ((next & ~3u) == CNDP_END) {
		stop_channel(ch);
		raise_event(ch, EVENT_SUPER_BLOCK);
		return false;
	}
	if (extract32(cdp, 4, 3) != DESCRIPTOR_TYPE2 || (next & 3)) {
		qemu_log_mask(LOG_UNIMP, "%s: CDP 0x%08x CNDP 0x%08x: descriptor not modelled\n",
			      ch->regs.block, cdp, next);
		fail_channel(ch, EVENT_TRANS_ERR);
		return false;
	}
	if (address_space_read(&address_space_memory, next, MEMTXATTRS_UNSPECIFIED, word, sizeof(word)) != MEMTX_OK) {
		fail_channel(ch, EVENT_TRANS_ERR);
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(word); i++)
		word[i] = le32_to_cpu(word[i]);
	if (extract32(cdp, 0, 2) == 1)
		*reg(ch, CDSA) = word[2];
	else if (extract32(cdp, 2, 2) == 1)
		*reg(ch, CSSA) = word[2];
	*reg(ch, CNDP) = word[0];
	*reg(ch, CEN) = extract32(word[1], 0, 24);
	cdp = deposit32(cdp, 2, 2, extract32(word[1], 24, 2));
	cdp = deposit32(cdp, 0, 2, extract32(word[1], 26, 2));
	*reg(ch, CDP) = deposit32(cdp, 4, 3, extract32(word[1], 29, 3));
	*reg(ch, CFN) = extract32(word[3], 0, 16);
	*reg(ch, CICR) = extract32(word[3], 16, 16);
	*reg(ch, CDEI) = extract32(word[4], 0, 16);
	*reg(ch, CSEI) = extract32(word[4], 16, 16);
	*reg(ch, CDFI) = word[5];
	*reg(ch, CSFI) = word[6];
	*reg(ch, CCDN) = (*reg(ch, CCDN) + 1) & 0xffff;
	return true;
}

static void enable_channel(struct channel *ch)
{
	uint32_t cdp = *reg(ch, CDP);

	*reg(ch, CCR) |= CCR_EN;
	ch->started = false;
	ch->sync_left = 0;
	if ((cdp & CDP_LINKED_LIST) && (cdp & CDP_FAST))
		load_descriptor(ch);
}

static void finish_block(struct channel *ch)
{
	uint32_t link = *reg(ch, CLNK_CTRL);
	uint32_t cdp = *reg(ch, CDP);

	raise_event(ch, EVENT_BLOCK);
	ch->started = false;
	ch->sync_left = 0;
	if (cdp & CDP_LINKED_LIST) {
		/* A side that is neither reloaded nor reused goes on where it is. */
		if (!extract32(cdp, 0, 2))
			*reg(ch, CDSA) = *reg(ch, CDAC);
		if (!extract32(cdp, 2, 2))
			*reg(ch, CSSA) = *reg(ch, CSAC);
		load_descriptor(ch);
		return;
	}
	stop_channel(ch);
	if (link & CLNK_ENABLE)
		enable_channel(&ch->owner->channel[link & 0x1f]);
}

static void finish_frame(struct channel *ch)
{
	if (source_mode(ch) == MODE_DOUBLE_INDEX)
		*reg(ch, CSAC) += *reg(ch, CSFI) - (int16_t)*reg(ch, CSEI);
	if (destination_mode(ch) == MODE_DOUBLE_INDEX)
		*reg(ch, CDAC) += *reg(ch, CDFI) - (int16_t)*reg(ch, CDEI);
	*reg(ch, CCEN) = 0;
	*reg(ch, CCFN) += 1;
	raise_event(ch, EVENT_FRAME);
	if (*reg(ch, CCFN) + 1 == *reg(ch, CFN))
		raise_event(ch, EVENT_LAST);
}

/* Books count moved elements, which lie in one frame and one sync unit. */
static void advance(struct channel *ch, uint32_t count)
{
	uint32_t half = *reg(ch, CEN) / 2, before = *reg(ch, CCEN);
	bool block_done;

	*reg(ch, CCEN) += count;
	ch->sync_left -= count;
	if (before < half && before + count >= half)
		raise_event(ch, EVENT_HALF);
	if (*reg(ch, CCEN) >= *reg(ch, CEN))
		finish_frame(ch);
	block_done = *reg(ch, CCFN) >= *reg(ch, CFN);
	if (!ch->sync_left) {
		*reg(ch, CCR) &= ~CCR_ACTIVE;
		if (request_number(ch) && (*reg(ch, CCR) & (CCR_FS | CCR_BS)) == (CCR_FS | CCR_BS))
			raise_event(ch, EVENT_PACKET);
	}
	if (block_done)
		finish_block(ch);
}

/* Moves one portion. Returns the bytes moved. */
static uint32_t move_portion(struct channel *ch, uint32_t limit)
{
	unsigned int size = element_size(ch);
	uint8_t data[PORTION_BYTES];
	uint32_t count;
	MemTxResult result = MEMTX_OK;

	count = MIN(MIN(ch->sync_left, *reg(ch, CEN) - *reg(ch, CCEN)), MAX(limit / size, 1));
	*reg(ch, CCR) |= CCR_ACTIVE;
	if (*reg(ch, CCR) & CCR_CONST_FILL)
		fill_with_color(ch, data, count);
	else
		result = access_side(ch, reg(ch, CSAC), source_mode(ch), *reg(ch, CSEI), data, count, false);
	if (result == MEMTX_OK)
		result = access_side(ch, reg(ch, CDAC), destination_mode(ch), *reg(ch, CDEI), data, count, true);
	if (result != MEMTX_OK) {
		qemu_log_mask(LOG_GUEST_ERROR, "%s: bus error, source 0x%08x destination 0x%08x\n",
			      ch->regs.block, *reg(ch, CSAC), *reg(ch, CDAC));
		fail_channel(ch, EVENT_TRANS_ERR);
		return 0;
	}
	advance(ch, count);
	return count * size;
}

/* A channel's turn: it goes on while it has work, up to one portion in sum. Returns the bytes moved. */
static uint32_t run_channel(struct channel *ch)
{
	uint32_t moved = 0;

	while (moved < PORTION_BYTES && can_run(ch)) {
		uint32_t now;

		if (!ch->started && !start_block(ch))
			break;
		if (!*reg(ch, CEN) || !*reg(ch, CFN)) {
			/* An empty block ends at once; a self-linked one must not hang the machine. */
			finish_block(ch);
			break;
		}
		if (!ch->sync_left)
			ch->sync_left = request_number(ch) ? sync_unit(ch) : *reg(ch, CEN) - *reg(ch, CCEN);
		if (!ch->sync_left) {
			qemu_log_mask(LOG_GUEST_ERROR, "%s: packet of no elements\n", ch->regs.block);
			fail_channel(ch, EVENT_TRANS_ERR);
			break;
		}
		now = move_portion(ch, PORTION_BYTES - moved);
		if (!now)
			break;
		moved += now;
	}
	return moved;
}

static void run_channels(void *opaque)
{
	Omap3Sdma *s = opaque;
	uint32_t moved = 0;

	for (unsigned int i = 0; i < CHANNELS && !moved; i++) {
		unsigned int number = (s->turn + i) % CHANNELS;

		moved = run_channel(&s->channel[number]);
		if (moved)
			s->turn = (number + 1) % CHANNELS;
	}
	schedule(s, MAX(moved * NS_PER_BYTE, START_NS));
}

static void set_request(void *opaque, int number, int level)
{
	Omap3Sdma *s = opaque;
	uint64_t bit = 1ull << (number % 64);

	if (level)
		s->request[number / 64] |= bit;
	else
		s->request[number / 64] &= ~bit;
	if (level)
		schedule(s, START_NS);
}

/* A soft reset: request lines stay as their devices drive them. */
static void reset_registers(Omap3Sdma *s)
{
	timer_del(s->timer);
	omap3_regs_reset(&s->regs);
	for (int i = 0; i < CHANNELS; i++) {
		omap3_regs_reset(&s->channel[i].regs);
		stop_channel(&s->channel[i]);
	}
	s->turn = 0;
	update_irqs(s);
}

static struct channel *find_channel(Omap3Sdma *s, hwaddr offset)
{
	if (offset < CHANNEL_BASE || offset >= CHANNEL_BASE + CHANNELS * CHANNEL_SIZE)
		return NULL;
	return &s->channel[(offset - CHANNEL_BASE) / CHANNEL_SIZE];
}

static uint64_t sdma_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Sdma *s = opaque;
	struct channel *ch = find_channel(s, offset);

	if (ch)
		return omap3_regs_read(&ch->regs, (offset - CHANNEL_BASE) % CHANNEL_SIZE, size);
	return omap3_regs_read(&s->regs, offset, size);
}

static void write_channel(struct channel *ch, hwaddr offset, uint64_t value, unsigned size)
{
	bool was_enabled = *reg(ch, CCR) & CCR_EN;

	omap3_regs_write(&ch->regs, offset, value, size);
	if ((offset & ~3u) != CCR)
		return;
	if (!(*reg(ch, CCR) & CCR_EN))
		stop_channel(ch);
	else if (!was_enabled)
		enable_channel(ch);
	schedule(ch->owner, START_NS);
}

static void sdma_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Sdma *s = opaque;
	struct channel *ch = find_channel(s, offset);
	uint32_t word;

	if (ch) {
		write_channel(ch, (offset - CHANNEL_BASE) % CHANNEL_SIZE, value, size);
		return;
	}
	word = omap3_regs_write(&s->regs, offset, value, size);
	if ((offset & ~3u) == SDMA_OCP_SYSCONFIG && (word & SYSCONFIG_SOFTRESET))
		reset_registers(s);
	update_irqs(s);
}

static const MemoryRegionOps sdma_ops = {
	.read = sdma_read,
	.write = sdma_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 4 },
};

static void sdma_reset(DeviceState *dev)
{
	Omap3Sdma *s = OMAP3_SDMA(dev);

	memset(s->request, 0, sizeof(s->request));
	reset_registers(s);
}

static void sdma_init(Object *obj)
{
	Omap3Sdma *s = OMAP3_SDMA(obj);
	SysBusDevice *bus = SYS_BUS_DEVICE(obj);

	memory_region_init_io(&s->mmio, obj, &sdma_ops, s, "sdma", MMIO_SIZE);
	sysbus_init_mmio(bus, &s->mmio);
	for (int i = 0; i < OMAP3_SDMA_IRQS; i++)
		sysbus_init_irq(bus, &s->irq[i]);
	qdev_init_gpio_in(DEVICE(obj), set_request, OMAP3_SDMA_REQUESTS);
	s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, run_channels, s);
	omap3_regs_init(&s->regs, "sdma", global_registers, ARRAY_SIZE(global_registers), MMIO_SIZE);
	for (int i = 0; i < CHANNELS; i++) {
		struct channel *ch = &s->channel[i];

		ch->owner = s;
		ch->number = i;
		omap3_regs_init(&ch->regs, g_strdup_printf("sdma.channel%d", i), channel_registers,
				ARRAY_SIZE(channel_registers), CHANNEL_SIZE);
	}
}

static void sdma_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = sdma_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
	dc->user_creatable = false;
}

static const TypeInfo sdma_type = {
	.name = TYPE_OMAP3_SDMA,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Sdma),
	.instance_init = sdma_init,
	.class_init = sdma_class_init,
};

static void register_types(void)
{
	type_register_static(&sdma_type);
}

type_init(register_types)
