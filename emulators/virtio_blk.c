// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtio block device (Virtual I/O Device 1.2, 5.2): a disk that is a file which the boot loader put into memory. */

/*
 * What the guest writes is in that memory at once and stays over its restarts; it is lost when the board is switched off. With `forget` in the
 * layout a restart finds the file as it was: it is kept twice, and blocks that were written are copied back.
 *
 * A request may be as long as the disk. It is done in pieces, as much as a turn allows, and while one is at work no other one is taken.
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
	/* The request at work, if there is one. */
	bool busy;
	struct virtio_chain c;
	struct header h;
	u32 len, done;		/* bytes of data between guest and disk: all, and those that are there already */
	u32 written;		/* bytes that the guest got, in any way */
	u8 status;
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

static u32 begin_read(struct blk *s)
{
	u32 len = s->c.in_len - 1;

	if (!on_disk(s, s->h.sector, len))
		return S_IOERR;
	s->len = len;
	return S_OK;
}

static u32 begin_write(struct blk *s)
{
	u32 len = s->c.out_len - (u32)sizeof(struct header);

	if (s->node->read_only || !on_disk(s, s->h.sector, len))
		return S_IOERR;
	s->len = len;
	return S_OK;
}

static u32 do_id(struct blk *s)
{
	const char *name = s->node->file.name;
	char id[ID_BYTES] = { 0 };

	memcpy(id, name, MIN(strlen(name), sizeof(id)));
	if (s->c.in_len - 1 < sizeof(id))
		return S_IOERR;
	s->written = virtio_put(&s->v, &s->c, 0, id, sizeof(id));
	return S_OK;
}

static u32 begin(struct blk *s)
{
	switch (s->h.type) {
	case T_IN:
		return begin_read(s);
	case T_OUT:
		return begin_write(s);
	case T_FLUSH:	/* memory is all there is */
		return S_OK;
	case T_GET_ID:
		return do_id(s);
	default:
		return S_UNSUPPORTED;
	}
}

static bool next_request(struct blk *s, u32 q)
{
	if (!virtio_pop(&s->v, q, &s->c))
		return false;
	if (!s->c.in_len || virtio_get(&s->v, &s->c, 0, &s->h, sizeof(s->h)) < sizeof(s->h)) {
		virtio_broken(&s->v, "a request without header or status");
		return false;
	}
	s->len = s->done = s->written = 0;
	s->status = (u8)begin(s);
	s->busy = true;
	return true;
}

/* The next piece of the data, as long as this turn allows. */
static void move(struct blk *s)
{
	u32 n = MIN(s->len - s->done, s->v.budget), at = (u32)s->h.sector * SECTOR + s->done;

	if (s->h.type == T_IN) {
		s->written += virtio_put(&s->v, &s->c, s->done, bytes(s) + at, n);
	} else {
		virtio_get(&s->v, &s->c, sizeof(struct header) + s->done, bytes(s) + at, n);
		mark(s, at, n);
	}
	s->done += n;
}

/* The status is the last byte of what is written, wherever the driver cuts its buffers. */
static void finish(struct blk *s, u32 q)
{
	s->busy = false;
	virtio_put(&s->v, &s->c, s->c.in_len - 1, &s->status, 1);
	/* What is not written is not said to be: the status byte counts only behind all of the data. */
	virtio_push(&s->v, q, &s->c, s->written == s->c.in_len - 1 ? s->c.in_len : s->written);
}

static void blk_notify(struct virtio_dev *v, u32 q)
{
	struct blk *s = (struct blk *)v;

	while (s->busy || next_request(s, q)) {
		if (s->len)
			move(s);
		if (s->done < s->len) {
			virtio_later(v, q);
			return;
		}
		finish(s, q);
	}
}

/* A write that has begun may be on the disk in part, as when the power goes. */
static void blk_forget(struct virtio_dev *v, u32 q)
{
	(void)q;
	((struct blk *)v)->busy = false;
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
	.forget = blk_forget,
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

static u32 blk_audit(struct emudev *d)
{
	const struct blk *s = d->priv;

	return virtio_audit(d) + (s->busy ? virtio_audit_chain(&s->v, &s->c) : 0);
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
	.lines = 1,
	.wants_file = true,
	.create = blk_create,
	.reset = blk_reset,
	.access = virtio_access,
	.go_on = virtio_go_on,
	.audit = blk_audit,
	.fdt_node = virtio_fdt_node,
	.fdt_alone = true,
};
EMUDEV_REGISTER(virtio_blk);
