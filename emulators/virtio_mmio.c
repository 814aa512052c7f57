// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtio over memory-mapped registers: the transport of all virtio devices (Virtual I/O Device 1.2, 2.7 split virtqueues, 4.2 MMIO). */

/*
 * Version 2 of the registers only (no legacy devices), with VIRTIO_F_VERSION_1, indirect descriptors and event indexes. What is in rings and
 * descriptors is the guest's word, and read once: each address is looked up in its map, each length and index is checked. What
 * breaks the rules makes the device ask for its reset (DEVICE_NEEDS_RESET) and stop.
 *
 * One processor: while a device works the driver does not run, so memory barriers and races of the specification have nothing to be for.
 */

#include <string.h>

#include <arch/vcpu.h>
#include <hv/guest_fdt.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/sched.h>

#include "virtio.h"

#define MAGIC			0x74726976u	/* "virt" */
#define VERSION			2u
#define VENDOR			0x42524d55u	/* "UMRB" */

#define R_MAGIC			0x000u
#define R_VERSION		0x004u
#define R_DEVICE_ID		0x008u
#define R_VENDOR_ID		0x00cu
#define R_FEATURES		0x010u
#define R_FEATURES_SEL		0x014u
#define R_DRIVER_FEATURES	0x020u
#define R_DRIVER_FEATURES_SEL	0x024u
#define R_QUEUE_SEL		0x030u
#define R_QUEUE_NUM_MAX		0x034u
#define R_QUEUE_NUM		0x038u
#define R_QUEUE_READY		0x044u
#define R_QUEUE_NOTIFY		0x050u
#define R_ISR			0x060u
#define R_ISR_ACK		0x064u
#define R_STATUS		0x070u
#define R_QUEUE_DESC		0x080u	/* and the upper half behind it, as the next two */
#define R_QUEUE_AVAIL		0x090u
#define R_QUEUE_USED		0x0a0u
#define R_SHM_LEN		0x0b0u	/* to 0x0bf: all ones, there are no such regions */
#define R_SHM_END		0x0c0u
#define R_GENERATION		0x0fcu
#define R_CONFIG		0x100u

#define F_INDIRECT		28u
#define F_EVENT_IDX		29u
#define F_VERSION_1		32u
#define F_TRANSPORT		(1ull << F_INDIRECT | 1ull << F_EVENT_IDX | 1ull << F_VERSION_1)

#define STATUS_DRIVER_OK	BIT(2)
#define STATUS_FEATURES_OK	BIT(3)
#define STATUS_NEEDS_RESET	BIT(6)
#define STATUS_DRIVERS		(BIT(0) | BIT(1) | STATUS_DRIVER_OK | STATUS_FEATURES_OK | BIT(7))

#define ISR_QUEUE		BIT(0)
#define ISR_CONFIG		BIT(1)

#define DESC_SIZE		16u
#define DESC_NEXT		BIT(0)
#define DESC_WRITE		BIT(1)
#define DESC_INDIRECT		BIT(2)
#define AVAIL_NO_INTERRUPT	BIT(0)
#define RING_HEADER		4u	/* flags and index, before the entries */

/* What takes time but moves nothing, in bytes that could be moved meanwhile: requests and descriptors may be many and short. */
#define REQUEST_COST		512u
#define DESC_COST		64u

struct desc {
	u64 addr;
	u32 len;
	u16 flags, next;
};

static bool has(const struct virtio_dev *v, u32 feature)
{
	return v->driver_features >> feature & 1;
}

static u64 offered(const struct virtio_dev *v)
{
	return v->ops->features | v->features | F_TRANSPORT;
}

static void update_line(struct virtio_dev *v)
{
	bool level = v->isr;

	if (level == v->line || v->dev->irq == ~0u)
		return;
	v->line = level;
	emudev_set_irq(v->dev, v->dev->irq, level);
}

static void interrupt(struct virtio_dev *v, u32 why)
{
	v->isr |= why;
	update_line(v);
}

bool virtio_driver_ok(const struct virtio_dev *v)
{
	return (v->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET)) == STATUS_DRIVER_OK;
}

void virtio_broken(struct virtio_dev *v, const char *why)
{
	if (v->status & STATUS_NEEDS_RESET)
		return;
	pr_guest(8, "guest %s: %s: %s; the device wants to be reset\n", v->dev->guest->name, SHOWN(v->dev->name), why);
	v->status |= STATUS_NEEDS_RESET;
	if (v->status & STATUS_DRIVER_OK)
		interrupt(v, ISR_CONFIG);
}

/* ---- guest memory ---- */

/* @len bytes of guest memory, or NULL: then the driver broke the rules. */
static u8 *guest_bytes(struct virtio_dev *v, u64 addr, u32 len)
{
	u8 *p = addr >> 32 ? NULL : guest_mem_ptr(v->dev->guest, (gpa_t)addr, len);

	if (!p)
		virtio_broken(v, "an address outside of its memory");
	return p;
}

/* Bytes that guest_bytes() gave were written: they may be code of the guest's, or its tables. */
static void was_written(struct virtio_dev *v, const u8 *p, u32 len)
{
	struct guest *g = v->dev->guest;

	arch_vcpu_written(g->vcpu, guest_map_gpa(&g->map, ptr_hpa(p)), len);
}

/* Rings are little-endian, as is Umbra; the driver's alignment is checked when the queue becomes ready. */
static u16 load16(const u8 *p)
{
	u16 n;

	memcpy(&n, p, sizeof(n));
	return n;
}

static void store16(struct virtio_dev *v, u8 *p, u16 n)
{
	memcpy(p, &n, sizeof(n));
	was_written(v, p, sizeof(n));
}

static u32 avail_bytes(const struct virtq *q)
{
	return RING_HEADER + 2 * q->num + 2;	/* with used_event */
}

static u32 used_bytes(const struct virtq *q)
{
	return RING_HEADER + 8 * q->num + 2;	/* with avail_event */
}

/* ---- taking a request ---- */

static void spend(struct virtio_dev *v, u32 bytes)
{
	v->budget -= MIN(v->budget, bytes);
}

static bool bad(struct virtio_dev *v, const char *why)
{
	virtio_broken(v, why);
	return false;
}

static bool add_segment(struct virtio_dev *v, struct virtio_chain *c, const struct desc *d)
{
	bool write = d->flags & DESC_WRITE;
	u32 *sum = write ? &c->in_len : &c->out_len;

	if (c->nr == VIRTIO_NUM_MAX)
		return bad(v, "a chain that is longer than the queue");
	if (!write && c->in_len)
		return bad(v, "a buffer to be read behind one to be written");
	if (d->len > ~0u - *sum)
		return bad(v, "a chain of more than 4 GiB");
	if (!d->len)	/* nothing to it */
		return true;
	c->seg[c->nr].p = guest_bytes(v, d->addr, d->len);
	if (!c->seg[c->nr].p)
		return false;
	c->seg[c->nr++].len = d->len;
	*sum += d->len;
	if (!write)
		c->nread = c->nr;
	return true;
}

/* Follow a chain through @table of @num descriptors from @index on. A loop takes more steps than there are descriptors. */
static bool walk_table(struct virtio_dev *v, struct virtio_chain *c, const u8 *table, u32 num, u32 index)
{
	for (u32 steps = 0; steps < num; steps++) {
		struct desc d;

		spend(v, DESC_COST);
		if (index >= num)
			return bad(v, "a descriptor that does not exist");
		memcpy(&d, table + index * DESC_SIZE, sizeof(d));
		if (d.flags & DESC_INDIRECT)
			return bad(v, "an indirect table where there may be none");
		if (!add_segment(v, c, &d))
			return false;
		if (!(d.flags & DESC_NEXT))
			return true;
		index = d.next;
	}
	return bad(v, "a chain without end");
}

static bool walk_indirect(struct virtio_dev *v, const struct virtq *q, struct virtio_chain *c, const struct desc *d)
{
	u32 num = d->len / DESC_SIZE;
	const u8 *table;

	if (!has(v, F_INDIRECT) || (d->flags & DESC_NEXT))
		return bad(v, "an indirect table where there may be none");
	if (!num || d->len % DESC_SIZE || num > q->num)
		return bad(v, "an indirect table of a wrong length");
	table = guest_bytes(v, d->addr, d->len);
	return table && walk_table(v, c, table, num, 0);
}

static bool walk_chain(struct virtio_dev *v, const struct virtq *q, struct virtio_chain *c)
{
	const u8 *table = guest_bytes(v, q->desc, q->num * DESC_SIZE);
	struct desc d;

	if (!table)
		return false;
	if (c->head >= q->num)
		return bad(v, "a descriptor that does not exist");
	memcpy(&d, table + c->head * DESC_SIZE, sizeof(d));
	return d.flags & DESC_INDIRECT ? walk_indirect(v, q, c, &d) : walk_table(v, c, table, q->num, c->head);
}

void virtio_later(struct virtio_dev *v, u32 n)
{
	v->waiting |= BIT(n);
	sched_unfinished(v->dev->guest);
}

bool virtio_pop(struct virtio_dev *v, u32 n, struct virtio_chain *c)
{
	struct virtq *q = &v->vq[n];
	u8 *avail, *used;
	u16 count;

	if (!virtio_driver_ok(v) || !q->ready)
		return false;
	avail = guest_bytes(v, q->avail, avail_bytes(q));
	used = guest_bytes(v, q->used, used_bytes(q));
	if (!avail || !used)
		return false;
	count = (u16)(load16(avail + 2) - q->next_avail);
	if (count > q->num)
		return bad(v, "more requests than the queue holds");
	if (has(v, F_EVENT_IDX))	/* tell us of what comes behind this */
		store16(v, used + RING_HEADER + 8 * q->num, q->next_avail);
	if (!count)
		return false;
	if (!v->budget) {
		virtio_later(v, n);
		return false;
	}
	spend(v, REQUEST_COST);
	memset(c, 0, offsetof(struct virtio_chain, seg));
	c->head = load16(avail + RING_HEADER + 2 * (q->next_avail % q->num));
	if (!walk_chain(v, q, c))
		return false;
	q->next_avail++;
	return true;
}

/* Whether the driver wants to know of what came into the used ring since it was last told (2.7.7, 2.7.10). */
static bool wants_interrupt(const struct virtio_dev *v, struct virtq *q, const u8 *avail)
{
	u16 event, fresh = (u16)(q->next_used - q->asked);

	q->asked = q->next_used;
	if (!has(v, F_EVENT_IDX))
		return !(load16(avail) & AVAIL_NO_INTERRUPT);
	event = load16(avail + RING_HEADER + 2 * q->num);
	return (u16)(q->next_used - event - 1) < fresh;
}

void virtio_push(struct virtio_dev *v, u32 n, const struct virtio_chain *c, u32 written)
{
	struct virtq *q = &v->vq[n];
	const u32 entry[2] = { c->head, written };
	u8 *used = guest_bytes(v, q->used, used_bytes(q)), *avail = guest_bytes(v, q->avail, avail_bytes(q)), *element;

	if (!used || !avail)
		return;
	element = used + RING_HEADER + 8 * (q->next_used % q->num);
	memcpy(element, entry, sizeof(entry));
	was_written(v, element, sizeof(entry));
	q->next_used++;
	store16(v, used + 2, q->next_used);
	if (wants_interrupt(v, q, avail))
		interrupt(v, ISR_QUEUE);
}

u32 virtio_get(struct virtio_dev *v, const struct virtio_chain *c, u32 offset, void *to, u32 len)
{
	u8 *out = to;
	u32 done = 0;

	for (u32 i = 0; i < c->nread && done < len; i++) {
		u32 skip = MIN(offset, c->seg[i].len), n = MIN(c->seg[i].len - skip, len - done);

		memcpy(out + done, c->seg[i].p + skip, n);
		offset -= skip;
		done += n;
	}
	spend(v, done);
	return done;
}

u32 virtio_put(struct virtio_dev *v, const struct virtio_chain *c, u32 offset, const void *from, u32 len)
{
	const u8 *in = from;
	u32 done = 0;

	for (u32 i = c->nread; i < c->nr && done < len; i++) {
		u32 skip = MIN(offset, c->seg[i].len), n = MIN(c->seg[i].len - skip, len - done);

		memcpy(c->seg[i].p + skip, in + done, n);
		was_written(v, c->seg[i].p + skip, n);
		offset -= skip;
		done += n;
	}
	spend(v, done);
	return done;
}

/* ---- registers ---- */

/* Rings and buffers of a guest that stands do so as well: it finds what came meanwhile when it goes on. */
void virtio_kick(struct virtio_dev *v, u32 q)
{
	const struct guest *g = v->dev->guest;

	if (q >= v->ops->queues || !virtio_driver_ok(v) || !v->vq[q].ready || !guest_is_alive(g))
		return;
	if (g->state == GUEST_PAUSED || g->held) {
		virtio_later(v, q);
		return;
	}
	v->budget = VIRTIO_BUDGET;
	v->ops->notify(v, q);
}

void virtio_go_on(struct emudev *d)
{
	struct virtio_dev *v = d->priv;
	u32 queues = v->waiting;

	v->waiting = 0;
	for (u32 q = 0; q < VIRTIO_QUEUES; q++)
		if (queues & BIT(q))
			virtio_kick(v, q);
}

static void forget(struct virtio_dev *v, u32 q)
{
	if (v->ops->forget)
		v->ops->forget(v, q);
}

static void reset_device(struct virtio_dev *v)
{
	memset(v->vq, 0, sizeof(v->vq));
	v->driver_features = 0;
	v->features_sel = v->driver_features_sel = v->queue_sel = v->status = v->isr = v->waiting = 0;
	v->generation++;
	for (u32 q = 0; q < v->ops->queues; q++)
		forget(v, q);
	update_line(v);
}

/* Bits are only added; FEATURES_OK stays away if the driver wants what was not offered, or does not know of version 1. */
static void write_status(struct virtio_dev *v, u32 value)
{
	u32 added = value & STATUS_DRIVERS & ~v->status;

	if (!value) {
		reset_device(v);
		return;
	}
	if ((added & STATUS_FEATURES_OK) && ((v->driver_features & ~offered(v)) || !has(v, F_VERSION_1)))
		added &= ~(STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	if (!((v->status | added) & STATUS_FEATURES_OK))
		added &= ~STATUS_DRIVER_OK;
	v->status |= added;
}

static void write_driver_features(struct virtio_dev *v, u32 value)
{
	u32 shift = v->driver_features_sel * 32;

	if (v->driver_features_sel > 1 || (v->status & STATUS_FEATURES_OK))
		return;
	v->driver_features = (v->driver_features & ~((u64)~0u << shift)) | (u64)value << shift;
}

static void set_ready(struct virtio_dev *v, struct virtq *q, bool ready)
{
	if (ready == q->ready)
		return;
	if (!ready) {
		q->ready = false;
		forget(v, v->queue_sel);
		return;
	}
	if (!q->num || (q->num & (q->num - 1)) || q->num > VIRTIO_NUM_MAX)
		virtio_broken(v, "a queue of a wrong size");
	else if (q->desc % 16 || q->avail % 2 || q->used % 4)
		virtio_broken(v, "a queue that is not aligned");
	else if (guest_bytes(v, q->desc, q->num * DESC_SIZE) && guest_bytes(v, q->avail, avail_bytes(q)) &&
		 guest_bytes(v, q->used, used_bytes(q))) {
		q->next_avail = q->next_used = q->asked = 0;
		q->ready = true;
	}
}

/* One half of an address of a queue. */
static void set_half(u64 *address, bool upper, u32 value)
{
	*address = upper ? (*address & ~0u) | (u64)value << 32 : (*address >> 32 << 32) | value;
}

static void write_queue(struct virtio_dev *v, u32 offset, u32 value)
{
	struct virtq *q;

	if (v->queue_sel >= v->ops->queues)
		return;
	q = &v->vq[v->queue_sel];
	if (offset == R_QUEUE_READY)
		set_ready(v, q, value & 1);
	else if (q->ready)
		return;		/* what is in use does not move */
	else if (offset == R_QUEUE_NUM)
		q->num = value;
	else if (offset - R_QUEUE_DESC < 8)
		set_half(&q->desc, offset & 4, value);
	else if (offset - R_QUEUE_AVAIL < 8)
		set_half(&q->avail, offset & 4, value);
	else if (offset - R_QUEUE_USED < 8)
		set_half(&q->used, offset & 4, value);
}

static u32 register_read(struct virtio_dev *v, u32 offset)
{
	bool there = v->queue_sel < v->ops->queues;

	if (offset >= R_SHM_LEN && offset < R_SHM_END)
		return ~0u;
	switch (offset) {
	case R_MAGIC:
		return MAGIC;
	case R_VERSION:
		return VERSION;
	case R_DEVICE_ID:
		return v->ops->id;
	case R_VENDOR_ID:
		return VENDOR;
	case R_FEATURES:
		return v->features_sel > 1 ? 0 : (u32)(offered(v) >> (32 * v->features_sel));
	case R_QUEUE_NUM_MAX:
		return there ? VIRTIO_NUM_MAX : 0;
	case R_QUEUE_READY:
		return there && v->vq[v->queue_sel].ready;
	case R_ISR:
		return v->isr;
	case R_STATUS:
		return v->status;
	case R_GENERATION:
		return v->generation;
	default:
		return 0;
	}
}

static void register_write(struct virtio_dev *v, u32 offset, u32 value)
{
	switch (offset) {
	case R_FEATURES_SEL:
		v->features_sel = value;
		break;
	case R_DRIVER_FEATURES:
		write_driver_features(v, value);
		break;
	case R_DRIVER_FEATURES_SEL:
		v->driver_features_sel = value;
		break;
	case R_QUEUE_SEL:
		v->queue_sel = value;
		break;
	case R_QUEUE_NOTIFY:
		virtio_kick(v, value);
		break;
	case R_ISR_ACK:
		v->isr &= ~value;
		break;
	case R_STATUS:
		write_status(v, value);
		break;
	default:
		write_queue(v, offset, value);
		break;
	}
	update_line(v);
}

/* The device's own: fields of 1, 2 and 4 bytes, of which no device of ours has one that a driver may write. */
static enum mmio_result access_config(struct virtio_dev *v, struct mmio_access *a)
{
	u32 offset = a->offset - R_CONFIG;

	if (!a->is_write && v->ops->config && offset < v->ops->config_size && a->size <= v->ops->config_size - offset)
		a->value = v->ops->config(v, offset, a->size);
	return MMIO_DONE;
}

enum mmio_result virtio_access(struct emudev *d, struct mmio_access *a)
{
	struct virtio_dev *v = d->priv;

	if (a->offset & (a->size - 1))
		return MMIO_ERROR;
	if (a->offset >= R_CONFIG)
		return access_config(v, a);
	if (a->size != 4)	/* 4.2.2.2: the driver must not */
		return MMIO_ERROR;
	if (a->is_write)
		register_write(v, a->offset, a->value);
	else
		a->value = register_read(v, a->offset);
	return MMIO_DONE;
}

void virtio_reset(struct emudev *d)
{
	struct virtio_dev *v = d->priv;

	v->line = true;		/* whatever it was: it is driven low */
	reset_device(v);
}

int virtio_create(struct virtio_dev *v, struct emudev *d, const struct virtio_ops *ops)
{
	v->dev = d;
	v->ops = ops;
	return 0;
}

static u32 audit_range(const struct virtio_dev *v, const char *what, u64 addr, u32 len)
{
	const struct guest *g = v->dev->guest;

	return !guest_audit_ram(g, what, guest_map_hpa(&g->map, (gpa_t)addr), len);
}

/* Descriptors are looked up when they are used, and not kept: what is are the queues. */
u32 virtio_audit(struct emudev *d)
{
	const struct virtio_dev *v = d->priv;
	u32 bad = 0;

	for (const struct virtq *q = v->vq; q < v->vq + VIRTIO_QUEUES; q++) {
		if (!q->ready)
			continue;
		bad += audit_range(v, "descriptor table", q->desc, q->num * DESC_SIZE);
		bad += audit_range(v, "available ring", q->avail, avail_bytes(q));
		bad += audit_range(v, "used ring", q->used, used_bytes(q));
	}
	return bad;
}

u32 virtio_audit_chain(const struct virtio_dev *v, const struct virtio_chain *c)
{
	u32 bad = 0;

	for (u32 i = 0; i < c->nr; i++)
		bad += !guest_audit_ram(v->dev->guest, "buffer", ptr_hpa(c->seg[i].p), c->seg[i].len);
	return bad;
}

/* Devices work through the processor, so they see its caches: coherent. */
int virtio_fdt_node(struct emudev *d, void *fdt)
{
	static const char compatible[] = "virtio,mmio";
	int node = fdt_node_add(fdt, "virtio_mmio", d->base, compatible, sizeof(compatible));
	int err = node < 0 ? node : fdt_node_device(fdt, node, d);

	return err ? err : fdt_node_cells(fdt, node, "dma-coherent", 0);
}
