// SPDX-License-Identifier: GPL-2.0-or-later
/* Virtio entropy device (Virtual I/O Device 1.2, 5.4): random bytes of core/entropy.c. */

#include <hv/entropy.h>
#include <hv/layout.h>

#include "virtio.h"

#define AT_ONCE		256u	/* bytes of a request; a driver that wants more asks again */

static void rng_notify(struct virtio_dev *v, u32 q)
{
	struct virtio_chain c;

	while (virtio_pop(v, q, &c)) {
		u8 bytes[AT_ONCE];
		u32 n = MIN(c.in_len, (u32)sizeof(bytes));

		if (!n || c.out_len) {
			virtio_broken(v, "a request for entropy that has no room for it, or gives some");
			return;
		}
		entropy_fill(bytes, n);
		virtio_push(v, q, &c, virtio_put(v, &c, 0, bytes, n));
	}
}

static const struct virtio_ops rng_ops = {
	.id = 4,
	.queues = 1,
	.notify = rng_notify,
};

static int rng_create(struct emudev *d, const struct layout_dev *node)
{
	(void)node;
	return virtio_create(d->priv, d, &rng_ops);
}

static const struct emudev_type virtio_rng = {
	.compatible = "umbra,virtio-rng",
	.desc = "virtio entropy device",
	.state_size = sizeof(struct virtio_dev),
	.lines = 1,
	.create = rng_create,
	.reset = virtio_reset,
	.access = virtio_access,
	.go_on = virtio_go_on,
	.audit = virtio_audit,
	.fdt_node = virtio_fdt_node,
	.fdt_alone = true,
};
EMUDEV_REGISTER(virtio_rng);
