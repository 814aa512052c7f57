// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtio block device (Virtual I/O Device 1.2, 5.2): a disk that is a file which the boot loader put into memory. */

/*
 * What the guest writes is in that memory at once and stays over its restarts; it is lost when the board is switched off. With `forget` in the
 * layout a restart finds the file as it was: it is kept twice, and blocks that were written are copied back.
 */

#include <string.h>

#include <hv/alloc.h>
#include <hv/layout.h>

#include "virtio.h"

#define SECTOR		512u
#define BLOCK		4096u		/* what is remembered as changed */

#define F_SEG_MAX	BIT(2)
#define F_RO		BIT(5)
#define F_FLUSH		BIT(9)

#define T_IN		0u
#define T_OUT		1u
#define T_FLUSH		4u
#define T_GET_ID	8u
#define S_OK		0u
#define S_IOERR		1u
#define S_UNSUPPORTED	2u
#define ID_BYTES	20u

#define CONFIG_CAPACITY	0u
#define CONFIG_SEG_MAX	12u
#define CONFIG_SIZE	16u

struct header {
	u32 type, reserved;
	u64 sector;
};

struct blk {
	struct virtio_dev v;
	const struct layout_dev *node;
	u32 *changed;		/* a bit for each block; NULL: nothing is forgotten */
};

static u8 *bytes(const struct blk *s)
{
	return hpa_ptr(s->node->file.addr);
}

/* Bytes of a request that has @len of data, or 0 when they are not whole sectors of the disk. */
static bool on_disk(const struct blk *s, u64 sector, u32 len)
{
	u64 sectors = s->node->file.size / SECTOR;

	return !(len % SECTOR) && sector <= sectors && len / SECTOR <= sectors - sector;
}

static void mark(struct blk *s, u32 at, u32 len)
{
	if (!s->changed || !len)
		return;
	for (u32 b = at / BLOCK; b <= (at + len - 1) / BLOCK; b++)
		s->changed[b / 32] |= BIT(b % 32);
}

static u32 do_read(struct blk *s, const struct virtio_chain *c, u64 sector, u32 *written)
{
	u32 len = c->in_len - 1;

	if (!on_disk(s, sector, len))
		return S_IOERR;
	*written = virtio_put(&s->v, c, 0, bytes(s) + (u32)sector * SECTOR, len);
	return S_OK;
}

static u32 do_write(struct blk *s, const struct virtio_chain *c, u64 sector)
{
	u32 len = c->out_len - (u32)sizeof(struct header), at = (u32)sector * SECTOR;

	if (s->node->read_only || !on_disk(s, sector, len))
		return S_IOERR;
	virtio_get(&s->v, c, sizeof(struct header), bytes(s) + at, len);
	mark(s, at, len);
	return S_OK;
}

static u32 do_id(struct blk *s, const struct virtio_chain *c, u32 *written)
{
	const char *name = s->node->file.name;
	char id[ID_BYTES] = { 0 };

	memcpy(id, name, MIN(strlen(name), sizeof(id)));
	if (c->in_len - 1 < sizeof(id))
		return S_IOERR;
	*written = virtio_put(&s->v, c, 0, id, sizeof(id));
	return S_OK;
}

static u32 do_request(struct blk *s, const struct virtio_chain *c, const struct header *h, u32 *written)
{
	switch (h->type) {
	case T_IN:
		return do_read(s, c, h->sector, written);
	case T_OUT:
		return do_write(s, c, h->sector);
	case T_FLUSH:	/* memory is all there is */
		return S_OK;
	case T_GET_ID:
		return do_id(s, c, written);
	default:
		return S_UNSUPPORTED;
	}
}

/* The status is the last byte of what is written, wherever the driver cuts its buffers. */
static void blk_notify(struct virtio_dev *v, u32 q)
{
	struct blk *s = (struct blk *)v;
	struct virtio_chain c;

	while (virtio_pop(v, q, &c)) {
		struct header h;
		u32 written = 0;
		u8 status;

		if (!c.in_len || virtio_get(v, &c, 0, &h, sizeof(h)) < sizeof(h)) {
			virtio_broken(v, "a request without header or status");
			return;
		}
		status = (u8)do_request(s, &c, &h, &written);
		virtio_put(v, &c, c.in_len - 1, &status, 1);
		/* What is not written is not said to be: the status byte counts only behind all of the data. */
		virtio_push(v, q, &c, written == c.in_len - 1 ? c.in_len : written);
	}
}

static u32 blk_config(struct virtio_dev *v, u32 offset, u32 len)
{
	const struct blk *s = (const struct blk *)v;
	u8 config[CONFIG_SIZE] = { 0 };
	const u64 capacity = s->node->file.size / SECTOR;
	const u32 seg_max = VIRTIO_NUM_MAX - 2;		/* beside header and status */
	u32 value = 0;

	memcpy(config + CONFIG_CAPACITY, &capacity, sizeof(capacity));
	memcpy(config + CONFIG_SEG_MAX, &seg_max, sizeof(seg_max));
	memcpy(&value, config + offset, len);
	return value;
}

static const struct virtio_ops blk_ops = {
	.id = 2,
	.queues = 1,
	.features = F_SEG_MAX | F_FLUSH,
	.config_size = CONFIG_SIZE,
	.notify = blk_notify,
	.config = blk_config,
};

static u32 blocks(const struct blk *s)
{
	return (s->node->file.size + BLOCK - 1) / BLOCK;
}

/* The guest restarts: what is to be forgotten is. */
static void blk_reset(struct emudev *d)
{
	struct blk *s = d->priv;
	const struct layout_file *f = &s->node->file;

	virtio_reset(d);
	for (u32 b = 0; s->changed && b < blocks(s); b++) {
		if (s->changed[b / 32] & BIT(b % 32))
			memcpy(bytes(s) + b * BLOCK, bytes(s) + layout_file_second(f) + b * BLOCK, MIN(BLOCK, f->size - b * BLOCK));
	}
	if (s->changed)
		memset(s->changed, 0, ALIGN_UP(blocks(s), 32) / 8);
}

static int blk_create(struct emudev *d, const struct layout_dev *node)
{
	struct blk *s = d->priv;

	if (node->file.size % SECTOR)
		return layout_mistake(&node->at, "file", "\"%s\" has %lu bytes, which are not whole sectors of %u", SHOWN(node->file.name),
				      (unsigned long)node->file.size, SECTOR);
	s->node = node;
	s->v.features = node->read_only ? F_RO : 0;
	if (node->file.doubled)
		s->changed = hv_alloc(ALIGN_UP(blocks(s), 32) / 8, 4);
	return virtio_create(&s->v, d, &blk_ops);
}

static const struct emudev_type virtio_blk = {
	.compatible = "umbra,virtio-blk",
	.desc = "virtio disk: a file in memory",
	.state_size = sizeof(struct blk),
	.wants_file = true,
	.create = blk_create,
	.reset = blk_reset,
	.access = virtio_access,
	.audit = virtio_audit,
	.fdt_node = virtio_fdt_node,
	.fdt_alone = true,
};
EMUDEV_REGISTER(virtio_blk);
