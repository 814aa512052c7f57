// SPDX-License-Identifier: GPL-2.0-or-later
/* 32 kHz synchronization counter: free-running from power on, no interrupt; a warm reset does not stop it. */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define SYNC_REV 0x00
#define SYNC_SYSCONFIG 0x04
#define SYNC_COUNTER 0x10

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Sync32k, OMAP3_SYNC32K)

struct Omap3Sync32k {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	uint32_t sysconfig;
};

static uint64_t sync32k_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Sync32k *s = opaque;

	switch (offset) {
	case SYNC_REV:
		return 0x10;	/* bits 31:30 zero: the counter is at 0x10 */
	case SYNC_SYSCONFIG:
		return s->sysconfig;
	case SYNC_COUNTER:
		return (uint32_t)muldiv64(qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL), OMAP3_32K_HZ, NANOSECONDS_PER_SECOND);
	default:
		omap3_log_unimp("sync32k", offset, false, 0);
		return 0;
	}
}

static void sync32k_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Sync32k *s = opaque;

	if (offset == SYNC_SYSCONFIG)
		s->sysconfig = value & 0x18;
	else
		omap3_log_unimp("sync32k", offset, true, value);
}

static const MemoryRegionOps sync32k_ops = {
	.read = sync32k_read,
	.write = sync32k_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.impl.min_access_size = 4,
	.impl.max_access_size = 4,
};

static void sync32k_reset(DeviceState *dev)
{
	OMAP3_SYNC32K(dev)->sysconfig = 0;
}

static void sync32k_init(Object *obj)
{
	Omap3Sync32k *s = OMAP3_SYNC32K(obj);

	memory_region_init_io(&s->mmio, obj, &sync32k_ops, s, "sync32k", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
}

static void sync32k_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = sync32k_reset;
	dc->vmsd = &omap3_vmstate_unmigratable;
}

static const TypeInfo sync32k_type = {
	.name = TYPE_OMAP3_SYNC32K,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Sync32k),
	.instance_init = sync32k_init,
	.class_init = sync32k_class_init,
};

static void sync32k_register(void)
{
	type_register_static(&sync32k_type);
}
type_init(sync32k_register)
