/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtio device gets of its transport (virtio_mmio.c): requests that were checked, as chains of guest memory, and the way back. A device is
 * one file with a struct emudev_type whose functions are the transport's, and a struct virtio_ops.
 */
#pragma once

#include <hv/emudev.h>
#include <hv/guest.h>

#define VIRTIO_QUEUES	2u	/* no device of ours has more */
#define VIRTIO_NUM_MAX	128u	/* descriptors of a queue, and so of a chain */
#define VIRTIO_BUDGET	0x20000u	/* bytes that a device moves before others have their turn, with what requests cost beside */

struct virtio_dev;

struct virtio_ops {
	u32 id;			/* device type, Virtual I/O Device (VIRTIO) 1.2, chapter 5 */
	u32 queues;
	u32 features;		/* of the device's own, bits 0 to 23; virtio_dev.features can have more */
	u32 config_size;
	/* Driver has put something into queue @q, or there is budget again: go on with what was left, take requests for as long as there are any. */
	void (*notify)(struct virtio_dev *v, u32 q);
	/* Read @len bytes of the configuration at @offset, inside config_size. NULL: there is none. */
	u32 (*config)(struct virtio_dev *v, u32 offset, u32 len);
	/* What is kept of queue @q is the driver's again, which resets the device or takes the queue back. NULL: nothing is kept. */
	void (*forget)(struct virtio_dev *v, u32 q);
};

struct virtq {
	u32 num;
	bool ready;
	u64 desc, avail, used;	/* guest physical */
	u16 next_avail, next_used;
	u16 asked;		/* next_used when it was last asked whether the driver wants to know */
};

/* First member of a device's state. */
struct virtio_dev {
	struct emudev *dev;
	const struct virtio_ops *ops;
	u32 features;		/* offered beside those of ops */
	u64 driver_features;
	u32 features_sel, driver_features_sel, queue_sel;
	u32 status, isr, generation;
	struct virtq vq[VIRTIO_QUEUES];
	u32 budget;		/* left of VIRTIO_BUDGET in this turn */
	u32 waiting;		/* queues that have to wait for the next one */
	bool line;
};

/* One request: what the device reads, then what it writes. */
struct virtio_chain {
	u16 head;
	u32 nr, nread;		/* segments, and those of them that are read */
	u32 out_len, in_len;	/* bytes to read, to write */
	struct { u8 *p; u32 len; } seg[VIRTIO_NUM_MAX];
};

/* The next request of queue @q. False when there is none, none in this turn, or the queue is not to be trusted any more. */
bool virtio_pop(struct virtio_dev *v, u32 q, struct virtio_chain *c) __must_check;
/* Give it back with @written bytes, and tell the driver if it wants to know. */
void virtio_push(struct virtio_dev *v, u32 q, const struct virtio_chain *c, u32 written);
/* There is more to do in queue @q, and this turn has taken its part: notify() comes again, in a turn of its own and in the guest's time. */
void virtio_later(struct virtio_dev *v, u32 q);
/*
 * The device has something to do in queue @q without the driver's word: notify() in a turn of its own, if the guest is there;
 * when it goes on, if it is paused or held. */
void virtio_kick(struct virtio_dev *v, u32 q);
/* Copy @len bytes from the read part at @offset, to the written part at @offset; returns how many there were. */
u32 virtio_get(struct virtio_dev *v, const struct virtio_chain *c, u32 offset, void *to, u32 len);
u32 virtio_put(struct virtio_dev *v, const struct virtio_chain *c, u32 offset, const void *from, u32 len);
/* The driver broke the device's rules: nothing more is done for it until it resets the device. */
void virtio_broken(struct virtio_dev *v, const char *why);
bool virtio_driver_ok(const struct virtio_dev *v);

/* For the struct emudev_type of each. */
int virtio_create(struct virtio_dev *v, struct emudev *d, const struct virtio_ops *ops);
enum mmio_result virtio_access(struct emudev *d, struct mmio_access *a);
void virtio_reset(struct emudev *d);
void virtio_go_on(struct emudev *d);
int virtio_fdt_node(struct emudev *d, void *fdt);
u32 virtio_audit(struct emudev *d);
/* Of a chain that a device keeps. */
u32 virtio_audit_chain(const struct virtio_dev *v, const struct virtio_chain *c);
