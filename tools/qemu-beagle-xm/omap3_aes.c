// SPDX-License-Identifier: GPL-2.0-or-later
/* AES accelerator: ECB, CBC and CTR of one block after the other, which software or sDMA writes and reads. Takes no time. */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "crypto/aes.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define KEY 0x00		/* in pairs from the last to the first, each with its second word first */
#define KEY_WORDS 8
#define IV 0x20
#define CTRL 0x30
#define DATA 0x34
#define SYSCONFIG 0x48

#define CTRL_OUTPUT_READY 0x001
#define CTRL_INPUT_READY 0x002
#define CTRL_ENCRYPT 0x004
#define CTRL_CBC 0x020
#define CTRL_CTR 0x040
#define SYSCONFIG_RESET 0x02
#define SYSCONFIG_DMA_IN 0x04
#define SYSCONFIG_DMA_OUT 0x08
#define SYSCONFIG_START 0x20

#define BLOCK_WORDS (AES_BLOCK_SIZE / 4)

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Aes, OMAP3_AES)

struct Omap3Aes {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq dma_tx;
	qemu_irq dma_rx;
	Omap3Regs regs;
	uint8_t block[AES_BLOCK_SIZE];
	unsigned int in;	/* words of it that have come */
	unsigned int out;	/* words of it that were not read yet */
};

static const Omap3Reg aes_regs[] = {
	{ KEY, "KEY", .count = KEY_WORDS },
	{ IV, "IV", .count = BLOCK_WORDS },
	{ CTRL, "CTRL", .read_only = CTRL_OUTPUT_READY | CTRL_INPUT_READY },
	{ DATA, "DATA", .count = BLOCK_WORDS },
	{ 0x44, "REV", .read_only = ~0u },
	{ SYSCONFIG, "MASK", .pulse = SYSCONFIG_RESET },
	{ 0x4c, "SYSSTATUS", .reset = 1, .read_only = ~0u },
};

static void update(Omap3Aes *s)
{
	uint32_t *ctrl = omap3_reg(&s->regs, CTRL), config = *omap3_reg(&s->regs, SYSCONFIG);
	bool dma = config & SYSCONFIG_START;

	*ctrl &= ~(CTRL_INPUT_READY | CTRL_OUTPUT_READY);
	*ctrl |= s->out ? CTRL_OUTPUT_READY : CTRL_INPUT_READY;
	qemu_set_irq(s->dma_tx, dma && (config & SYSCONFIG_DMA_IN) && !s->out);
	qemu_set_irq(s->dma_rx, dma && (config & SYSCONFIG_DMA_OUT) && s->out);
}

/* Its length in bits; 0: none is chosen. */
static int get_key(Omap3Aes *s, uint8_t *key)
{
	unsigned int words = extract32(*omap3_reg(&s->regs, CTRL), 3, 2);

	words = words ? 2 * words + 2 : 0;
	for (unsigned int i = 0; i < words; i++)
		stl_le_p(key + 4 * i, *omap3_reg(&s->regs, KEY + 4 * (KEY_WORDS - 1 - (i ^ 1))));
	return 32 * words;
}

static void get_iv(Omap3Aes *s, uint8_t *iv)
{
	for (int i = 0; i < BLOCK_WORDS; i++)
		stl_le_p(iv + 4 * i, *omap3_reg(&s->regs, IV + 4 * i));
}

static void set_iv(Omap3Aes *s, const uint8_t *iv)
{
	for (int i = 0; i < BLOCK_WORDS; i++)
		*omap3_reg(&s->regs, IV + 4 * i) = ldl_le_p(iv + 4 * i);
}

static void exclusive_or(uint8_t *to, const uint8_t *with)
{
	for (int i = 0; i < AES_BLOCK_SIZE; i++)
		to[i] ^= with[i];
}

/* CTRL says how many of its low bits count, in steps of 32. */
static void increment(Omap3Aes *s, uint8_t *counter)
{
	int bytes = 4 * (extract32(*omap3_reg(&s->regs, CTRL), 7, 2) + 1);

	for (int i = AES_BLOCK_SIZE - 1; i >= AES_BLOCK_SIZE - bytes && !++counter[i]; i--)
		;
}

static void counter_mode(Omap3Aes *s, const AES_KEY *key)
{
	uint8_t iv[AES_BLOCK_SIZE], stream[AES_BLOCK_SIZE];

	get_iv(s, iv);
	AES_encrypt(iv, stream, key);
	exclusive_or(s->block, stream);
	increment(s, iv);
	set_iv(s, iv);
}

static void encrypt(Omap3Aes *s, const AES_KEY *key, bool chained)
{
	uint8_t iv[AES_BLOCK_SIZE];

	get_iv(s, iv);
	if (chained)
		exclusive_or(s->block, iv);
	AES_encrypt(s->block, s->block, key);
	if (chained)
		set_iv(s, s->block);
}

static void decrypt(Omap3Aes *s, const AES_KEY *key, bool chained)
{
	uint8_t iv[AES_BLOCK_SIZE], next[AES_BLOCK_SIZE];

	get_iv(s, iv);
	memcpy(next, s->block, sizeof(next));
	AES_decrypt(s->block, s->block, key);
	if (!chained)
		return;
	exclusive_or(s->block, iv);
	set_iv(s, next);
}

static void whole_block(Omap3Aes *s)
{
	uint32_t ctrl = *omap3_reg(&s->regs, CTRL);
	uint8_t bytes[4 * KEY_WORDS];
	int bits = get_key(s, bytes);
	AES_KEY key;

	s->in = 0;
	s->out = BLOCK_WORDS;
	if (!bits)
		return;
	if (ctrl & (CTRL_ENCRYPT | CTRL_CTR))
		AES_set_encrypt_key(bytes, bits, &key);
	else
		AES_set_decrypt_key(bytes, bits, &key);
	if (ctrl & CTRL_CTR)
		counter_mode(s, &key);
	else if (ctrl & CTRL_ENCRYPT)
		encrypt(s, &key, ctrl & CTRL_CBC);
	else
		decrypt(s, &key, ctrl & CTRL_CBC);
}

static void restart(Omap3Aes *s)
{
	omap3_regs_reset(&s->regs);
	s->in = s->out = 0;
	update(s);
}

static uint64_t aes_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Aes *s = opaque;
	uint32_t value;

	if (offset < DATA || offset >= DATA + AES_BLOCK_SIZE || !s->out)
		return omap3_regs_read(&s->regs, offset, size);
	value = ldl_le_p(&s->block[AES_BLOCK_SIZE - 4 * s->out--]);
	update(s);
	return value;
}

static void aes_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Aes *s = opaque;
	uint32_t word = omap3_regs_write(&s->regs, offset, value, size);

	switch (offset) {
	case DATA ... DATA + AES_BLOCK_SIZE - 4:
		if (s->out)
			break;	/* not ready */
		stl_le_p(&s->block[4 * s->in++], word);
		if (s->in == BLOCK_WORDS)
			whole_block(s);
		break;
	case SYSCONFIG:
		if (word & SYSCONFIG_RESET)
			restart(s);
		if (!(word & SYSCONFIG_START))
			s->in = s->out = 0;
		break;
	}
	update(s);
}

static const MemoryRegionOps aes_ops = {
	.read = aes_read,
	.write = aes_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid.min_access_size = 4,
	.valid.max_access_size = 4,
};

static void aes_reset(DeviceState *dev)
{
	restart(OMAP3_AES(dev));
}

static void aes_realize(DeviceState *dev, Error **errp)
{
	Omap3Aes *s = OMAP3_AES(dev);

	omap3_regs_init(&s->regs, omap3_block_name(dev), aes_regs, ARRAY_SIZE(aes_regs), 0x1000);
}

static void aes_init(Object *obj)
{
	Omap3Aes *s = OMAP3_AES(obj);

	memory_region_init_io(&s->mmio, obj, &aes_ops, s, "aes", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	qdev_init_gpio_out_named(DEVICE(obj), &s->dma_tx, OMAP3_DMA_TX, 1);
	qdev_init_gpio_out_named(DEVICE(obj), &s->dma_rx, OMAP3_DMA_RX, 1);
}

static void aes_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = aes_reset;
	dc->realize = aes_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo aes_type = {
	.name = TYPE_OMAP3_AES,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Aes),
	.instance_init = aes_init,
	.class_init = aes_class_init,
};

static void aes_register(void)
{
	type_register_static(&aes_type);
}
type_init(aes_register)
