// SPDX-License-Identifier: GPL-2.0-or-later
/* OMAP3 memory controller (SDRC) and scheduler (SMS): the guest sees its own writes, the hardware keeps its set-up. */

/*
 * The memory that these blocks time also holds Umbra, so a guest must neither reprogram nor stop them. Its
 * picture starts as the hardware's registers, but for the size of memory, which is always the guest's: boot loaders read it there. The rotation engine's contexts in the SMS are the one part that
 * concerns nobody but the guest: they pass.
 */

#include <arch/cpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/log.h>

#define SMS_BASE	0x6c000000u
#define SDRC_BASE	0x6d000000u
#define BLOCK_SIZE	0x10000u
#define WORDS		64u	/* registers of either block that are worth a picture: offsets 0x00-0xff */

#define SYSCONFIG	0x10u
#define SYSCONFIG_RESET	BIT(1)
#define SYSSTATUS	0x14u	/* b0 reset done */
#define SDRC_DLLA_CTRL	0x60u
#define SDRC_MCFG_0	0x80u
#define SDRC_MCFG_1	0xb0u
#define MCFG_RAMSIZE	0x0003ff00u	/* in units of 2 MiB */
#define CHIP_SELECT_MAX	0x10000000u	/* what a chip select has on this board */
#define SDRC_DLLA_STATUS 0x64u
#define SDRC_DLLB_CTRL	0x68u
#define SDRC_DLLB_STATUS 0x6cu
#define DLL_IDLE	BIT(2)
#define DLL_ENABLE	BIT(3)
#define DLL_LOCKED	BIT(2)
#define SDRC_MANUAL_0	0xa8u
#define SDRC_MANUAL_1	0xd8u
#define SMS_ROT_FIRST	0x180u	/* rotation contexts, 12 of 16 bytes */
#define SMS_ROT_END	0x240u

struct sdrc {
	u32 picture[2][WORDS];	/* SMS, SDRC */
};

/*
 * SDRC_MCFG.RAMSIZE of chip select @cs. The first one is at the start of the board's RAM and filled first. Memory that begins behind that
 * start has no registers to say so: what they can say rightly is where it ends, which is what boot loaders go by when they move there.
 */
static u32 ramsize(const struct guest *g, u32 cs)
{
	u32 size = passed_hpa(g->cfg.mem_base) + g->cfg.mem_size - arch_host_mem()->ram_base;
	u32 first = MIN(size, CHIP_SELECT_MAX);

	return (cs ? MIN(size - first, CHIP_SELECT_MAX) : first) >> 21 << 8;
}

/* A DLL is locked when it is enabled and not idled; the guest's loops on it see what its own writes imply. */
static u32 dll_status(const u32 *picture, u32 ctrl)
{
	u32 v = picture[ctrl / 4];

	return (v & DLL_ENABLE) && !(v & DLL_IDLE) ? DLL_LOCKED : 0;
}

static u32 read_picture(const struct guest *g, struct sdrc *s, bool sdrc, u32 offset)
{
	const u32 *picture = s->picture[sdrc];

	if (offset == SYSSTATUS)
		return picture[SYSSTATUS / 4] | 1;
	if (sdrc && offset == SDRC_DLLA_STATUS)
		return dll_status(picture, SDRC_DLLA_CTRL);
	if (sdrc && offset == SDRC_DLLB_STATUS)
		return dll_status(picture, SDRC_DLLB_CTRL);
	if (sdrc && (offset == SDRC_MCFG_0 || offset == SDRC_MCFG_1))
		return (picture[offset / 4] & ~MCFG_RAMSIZE) | ramsize(g, offset == SDRC_MCFG_1);
	return picture[offset / 4];
}

static void write_picture(struct sdrc *s, bool sdrc, u32 offset, u32 value)
{
	if (offset == SYSCONFIG)
		value &= ~SYSCONFIG_RESET;	/* self-clearing */
	if (offset == SYSSTATUS || (sdrc && (offset == SDRC_DLLA_STATUS || offset == SDRC_DLLB_STATUS)))
		return;
	if (sdrc && (offset == SDRC_MANUAL_0 || offset == SDRC_MANUAL_1))
		pr_guest(2, "sdrc: memory command 0x%lx of the guest is not carried out\n", (unsigned long)value);
	s->picture[sdrc][offset / 4] = value;
}

static bool is_rotation(gpa_t addr)
{
	return addr - SMS_BASE >= SMS_ROT_FIRST && addr - SMS_BASE < SMS_ROT_END;
}

static enum mmio_result sdrc_access(struct emudev *d, struct mmio_access *a)
{
	struct sdrc *s = d->priv;
	bool sdrc = a->addr >= SDRC_BASE;
	u32 offset = a->addr - (sdrc ? SDRC_BASE : SMS_BASE);

	if (is_rotation(a->addr)) {
		bool ok = a->is_write ? arch_mmio_write_checked(passed_hpa(a->addr), a->size, a->value) :
					arch_mmio_read_checked(passed_hpa(a->addr), a->size, &a->value);

		return ok ? MMIO_DONE : MMIO_ERROR;
	}
	/* Both blocks take 32-bit accesses only. */
	if (a->size != 4 || (offset & 3))
		return MMIO_ERROR;
	if (offset / 4 >= WORDS) {
		pr_guest(4, "%s: %s of 0x%08lx ignored\n", d->name, a->is_write ? "write" : "read",
			 (unsigned long)a->addr);
		return MMIO_DONE;
	}
	if (a->is_write)
		write_picture(s, sdrc, offset, a->value);
	else
		a->value = read_picture(d->guest, s, sdrc, offset);
	return MMIO_DONE;
}

/* Holes in the register maps may answer with an abort: a word that does not answer reads as 0. */
static void sdrc_reset(struct emudev *d)
{
	static const hpa_t base[2] = { SMS_BASE, SDRC_BASE };
	struct sdrc *s = d->priv;

	for (u32 block = 0; block < 2; block++)
		for (u32 i = 0; i < WORDS; i++)
			if (!arch_mmio_read_checked(base[block] + 4 * i, 4, &s->picture[block][i]))
				s->picture[block][i] = 0;
}

static const struct emudev_place places[] = { { SMS_BASE, BLOCK_SIZE }, { SDRC_BASE, BLOCK_SIZE } };

static const struct emudev_type omap3_sdrc = {
	.compatible = "umbra,omap3-sdrc",
	.desc = "OMAP3 memory controller, held",
	.state_size = sizeof(struct sdrc),
	.places = places,
	.nplaces = ARRAY_SIZE(places),
	.reset = sdrc_reset,
	.access = sdrc_access,
};
EMUDEV_REGISTER(omap3_sdrc);
