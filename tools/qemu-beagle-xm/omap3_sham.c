// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SHA-1 and MD5 accelerator. Software writes how many bytes come (CTRL.LENGTH), from which state they go on, and then the bytes, itself or
 * by sDMA; the state after them is in the DIGEST registers, so that a message may come in several parts. Takes no time.
 */

#include "qemu/osdep.h"
#include <math.h>
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define DIGEST 0x00
#define DIGEST_WORDS 5
#define DIGCNT 0x14
#define CTRL 0x18
#define DIN 0x1c
#define SYSCONFIG 0x60

#define CTRL_OUTPUT_READY 0x01
#define CTRL_INPUT_READY 0x02
#define CTRL_SHA1 0x04
#define CTRL_CONSTANT 0x08	/* from the standard's first state on; without: from DIGEST and DIGCNT on */
#define CTRL_CLOSE 0x10		/* the message ends with this part: pad it */
#define CTRL_LENGTH_SHIFT 5
#define SYSCONFIG_RESET 0x02
#define SYSCONFIG_IRQ 0x04
#define SYSCONFIG_DMA 0x08

#define BLOCK 64

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Sham, OMAP3_SHAM)

struct Omap3Sham {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq;
	qemu_irq dma;
	Omap3Regs regs;
	uint8_t block[BLOCK];
	unsigned int filled;	/* bytes of it */
	uint32_t left;		/* bytes of this part that have not come yet */
};

static const Omap3Reg sham_regs[] = {
	{ DIGEST, "DIGEST", .count = DIGEST_WORDS },
	{ DIGCNT, "DIGCNT" },
	{ CTRL, "CTRL", .read_only = CTRL_INPUT_READY, .clear = CTRL_OUTPUT_READY },
	{ DIN, "DIN", .count = BLOCK / 4 },
	{ 0x5c, "REV", .read_only = ~0u },
	{ SYSCONFIG, "MASK", .pulse = SYSCONFIG_RESET },
	{ 0x64, "SYSSTATUS", .reset = 1, .read_only = ~0u },
};

/* FIPS 180-4, 6.1.2. */
static void sha1_block(uint32_t *h, const uint8_t *block)
{
	static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int t = 0; t < 80; t++) {
		uint32_t f, sum;

		w[t] = t < 16 ? ldl_be_p(block + 4 * t) : rol32(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
		f = t < 20 ? (b & c) ^ (~b & d) : t >= 40 && t < 60 ? (b & c) ^ (b & d) ^ (c & d) : b ^ c ^ d;
		sum = rol32(a, 5) + f + e + k[t / 20] + w[t];
		e = d;
		d = c;
		c = rol32(b, 30);
		b = a;
		a = sum;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* The integer part of 2^32 * |sin(t + 1)| (RFC 1321, 3.4). */
static uint32_t md5_constant(int t)
{
	return (uint32_t)floor(fabs(sin(t + 1)) * 4294967296.0);
}

static void md5_block(uint32_t *h, const uint8_t *block)
{
	static const uint8_t turn[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3];

	for (int t = 0; t < 64; t++) {
		int round = t / 16, word = (round == 0 ? t : round == 1 ? 5 * t + 1 : round == 2 ? 3 * t + 5 : 7 * t) % 16;
		uint32_t f = round == 0 ? (b & c) | (~b & d) : round == 1 ? (d & b) | (~d & c) : round == 2 ? b ^ c ^ d : c ^ (b | ~d);
		uint32_t sum = a + f + md5_constant(t) + ldl_le_p(block + 4 * word);

		a = d;
		d = c;
		c = b;
		b += rol32(sum, turn[round][t % 4]);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

static bool is_sha1(Omap3Sham *s)
{
	return *omap3_reg(&s->regs, CTRL) & CTRL_SHA1;
}

static void update(Omap3Sham *s)
{
	uint32_t *ctrl = omap3_reg(&s->regs, CTRL), config = *omap3_reg(&s->regs, SYSCONFIG);

	*ctrl = deposit32(*ctrl, CTRL_LENGTH_SHIFT, 32 - CTRL_LENGTH_SHIFT, s->left);
	*ctrl = (*ctrl & ~CTRL_INPUT_READY) | (s->left ? CTRL_INPUT_READY : 0);
	qemu_set_irq(s->irq, (*ctrl & CTRL_OUTPUT_READY) && (config & SYSCONFIG_IRQ));
	qemu_set_irq(s->dma, s->left && (config & SYSCONFIG_DMA));
}

static void take_byte(Omap3Sham *s, uint8_t byte)
{
	uint32_t *digest = omap3_reg(&s->regs, DIGEST);

	s->block[s->filled++] = byte;
	if (s->filled < BLOCK)
		return;
	s->filled = 0;
	if (is_sha1(s))
		sha1_block(digest, s->block);
	else
		md5_block(digest, s->block);
}

/* A one, zeros, and the length in bits at the end of a block. */
static void pad(Omap3Sham *s)
{
	uint64_t bits = (uint64_t)*omap3_reg(&s->regs, DIGCNT) * 8;
	uint8_t length[8];

	take_byte(s, 0x80);
	while (s->filled != BLOCK - sizeof(length))
		take_byte(s, 0);
	if (is_sha1(s))
		stq_be_p(length, bits);
	else
		stq_le_p(length, bits);
	for (size_t i = 0; i < sizeof(length); i++)
		take_byte(s, length[i]);
}

/* Four bytes of the message; what comes behind its end is lost. */
static void take_word(Omap3Sham *s, uint32_t word)
{
	for (int i = 0; i < 4 && s->left; i++, s->left--) {
		take_byte(s, word >> 8 * i);
		(*omap3_reg(&s->regs, DIGCNT))++;
		if (s->left > 1)
			continue;
		if (*omap3_reg(&s->regs, CTRL) & CTRL_CLOSE)
			pad(s);
		*omap3_reg(&s->regs, CTRL) |= CTRL_OUTPUT_READY;
	}
}

static void start(Omap3Sham *s)
{
	static const uint32_t first[DIGEST_WORDS] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint32_t ctrl = *omap3_reg(&s->regs, CTRL);

	s->left = ctrl >> CTRL_LENGTH_SHIFT;
	if (!s->left || !(ctrl & CTRL_CONSTANT))
		return;
	memcpy(omap3_reg(&s->regs, DIGEST), first, sizeof(first));
	*omap3_reg(&s->regs, DIGCNT) = 0;
	s->filled = 0;
}

static void restart(Omap3Sham *s)
{
	omap3_regs_reset(&s->regs);
	s->filled = 0;
	s->left = 0;
	update(s);
}

static uint64_t sham_read(void *opaque, hwaddr offset, unsigned size)
{
	return omap3_regs_read(&OMAP3_SHAM(opaque)->regs, offset, size);
}

static void sham_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Sham *s = opaque;
	uint32_t word = omap3_regs_write(&s->regs, offset, value, size);

	switch (offset) {
	case CTRL:
		start(s);
		break;
	case DIN ... DIN + BLOCK - 4:
		take_word(s, word);
		break;
	case SYSCONFIG:
		if (word & SYSCONFIG_RESET)
			restart(s);
		break;
	}
	update(s);
}

static const MemoryRegionOps sham_ops = {
	.read = sham_read,
	.write = sham_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid.min_access_size = 4,
	.valid.max_access_size = 4,
};

static void sham_reset(DeviceState *dev)
{
	restart(OMAP3_SHAM(dev));
}

static void sham_realize(DeviceState *dev, Error **errp)
{
	Omap3Sham *s = OMAP3_SHAM(dev);

	omap3_regs_init(&s->regs, omap3_block_name(dev), sham_regs, ARRAY_SIZE(sham_regs), 0x1000);
}

static void sham_init(Object *obj)
{
	Omap3Sham *s = OMAP3_SHAM(obj);

	memory_region_init_io(&s->mmio, obj, &sham_ops, s, "sham", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
	qdev_init_gpio_out_named(DEVICE(obj), &s->dma, OMAP3_DMA_TX, 1);
}

static void sham_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = sham_reset;
	dc->realize = sham_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo sham_type = {
	.name = TYPE_OMAP3_SHAM,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Sham),
	.instance_init = sham_init,
	.class_init = sham_class_init,
};

static void sham_register(void)
{
	type_register_static(&sham_type);
}
type_init(sham_register)
