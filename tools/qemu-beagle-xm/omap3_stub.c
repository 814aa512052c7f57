// SPDX-License-Identifier: GPL-2.0-or-later
/* Stand-in for a block that is not modelled: registers that remember, and a reset that is always done. Every access is logged. */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define SYSCONFIG_SOFTRESET 2
#define NO_SYSSTATUS UINT32_MAX
#define NO_HOLE UINT32_MAX

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Stub, OMAP3_STUB)

struct Omap3Stub {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	uint32_t *word;		/* NULL: reads as 0, writes are lost */
	uint32_t size;
	uint32_t sysstatus;	/* offset; SYSCONFIG is always in the word before it */
	uint32_t revision;
	uint32_t hole;		/* offset of a word that does not answer, for tests of what software makes of it */
	bool remember;
};

static uint64_t stub_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Stub *s = opaque;

	omap3_log_unimp(omap3_block_name(DEVICE(s)), offset, false, 0);
	return s->word ? extract32(s->word[offset / 4], (offset & 3) * 8, size * 8) : 0;
}

static void stub_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Stub *s = opaque;
	uint32_t *word;

	omap3_log_unimp(omap3_block_name(DEVICE(s)), offset, true, value);
	if (!s->word || offset < 4 || (offset & ~3) == s->sysstatus)
		return;
	word = &s->word[offset / 4];
	*word = deposit32(*word, (offset & 3) * 8, size * 8, value);
	if (s->sysstatus != NO_SYSSTATUS && (offset & ~3) == s->sysstatus - 4)
		*word &= ~SYSCONFIG_SOFTRESET;
}

static bool stub_answers(void *opaque, hwaddr offset, unsigned size, bool is_write, MemTxAttrs attrs)
{
	const Omap3Stub *s = opaque;

	return s->hole == NO_HOLE || (offset & ~3) != s->hole;
}

static const MemoryRegionOps stub_ops = {
	.read = stub_read,
	.write = stub_write,
	.valid.accepts = stub_answers,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void stub_reset(DeviceState *dev)
{
	Omap3Stub *s = OMAP3_STUB(dev);

	if (!s->word)
		return;
	memset(s->word, 0, s->size);
	s->word[0] = s->revision;
	if (s->sysstatus != NO_SYSSTATUS)
		s->word[s->sysstatus / 4] = 1;
}

static void stub_realize(DeviceState *dev, Error **errp)
{
	Omap3Stub *s = OMAP3_STUB(dev);

	if (!s->size || s->size % 4 || (s->sysstatus != NO_SYSSTATUS && s->sysstatus >= s->size)) {
		error_setg(errp, "omap3-stub: bad size or sysstatus");
		return;
	}
	if (s->remember)
		s->word = g_malloc0(s->size);
	memory_region_init_io(&s->mmio, OBJECT(dev), &stub_ops, s, omap3_block_name(dev), s->size);
	sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->mmio);
}

static Property stub_properties[] = {
	DEFINE_PROP_UINT32("size", Omap3Stub, size, 0x1000),
	DEFINE_PROP_UINT32("sysstatus", Omap3Stub, sysstatus, NO_SYSSTATUS),
	DEFINE_PROP_UINT32("revision", Omap3Stub, revision, 0),
	DEFINE_PROP_UINT32("hole", Omap3Stub, hole, NO_HOLE),
	DEFINE_PROP_BOOL("remember", Omap3Stub, remember, true),
	DEFINE_PROP_END_OF_LIST(),
};

static void stub_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = stub_reset;
	dc->realize = stub_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
	device_class_set_props(dc, stub_properties);
}

static const TypeInfo stub_type = {
	.name = TYPE_OMAP3_STUB,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Stub),
	.class_init = stub_class_init,
};

static void stub_register(void)
{
	type_register_static(&stub_type);
}
type_init(stub_register)
