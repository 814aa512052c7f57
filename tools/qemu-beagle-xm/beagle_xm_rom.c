// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Boot ROM: secure monitor and hand-over as ARM code in the ROM's place; finding and loading MLO done by the machine.
 *
 * TI's ROM is not redistributable, so this is a stand-in for what software can tell from outside. Real code, run by
 * the emulated processor: exception vectors that lead to the vectors in SRAM, the entry into Non-secure state, and a
 * monitor that answers every SMC by returning (the real one offers services, but only with no effect that this
 * machine could show: L2 maintenance, ACR and L2AUXCR). Not run by the processor: reading the card. The machine
 * itself reads the FAT file system through the block layer at reset, in no guest time, without touching the MMC
 * controller, which software therefore finds in its reset state. Other boot devices of the real ROM (UART, USB,
 * NAND, raw MMC) are not there.
 *
 * The ROM sits at 0x40014000; its usual alias at 0x00014000 is not mapped.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "beagle_xm_rom.h"

#define ROM_BASE 0x40014000
#define ROM_SIZE (32 * KiB)

#define SRAM_BASE 0x40200000
#define SRAM_IMAGE_END 0x4020f000	/* above: parameters, RAM vectors, the loader's first stack */
#define PARAMETERS 0x4020f000
#define DEVICE_DESCRIPTOR 0x4020f020
#define RAM_VECTORS 0x4020ffc8		/* 7 instructions, then 7 words with addresses */
#define RAM_VECTOR_COUNT 7

#define BOOT_DEVICE_MMC1 6
#define RESET_REASON_POWER_ON 1

#define SECTOR 512

/* Offsets in rom_code. */
#define ROM_ENTER 0x40
#define ROM_SLEEP 0x84

/* r0..r2: for the software that is entered; r4: its address. */
static const uint32_t rom_code[] = {
	/* 0x00: vectors of the Non-secure state, VBAR points here */
	0xeafffffe,	/* reset:	b	.			*/
	0xe59ff080,	/* undefined:	ldr	pc, =0x4020ffc8		*/
	0xe59ff080,	/* svc:		ldr	pc, =0x4020ffcc		*/
	0xe59ff080,	/* prefetch:	ldr	pc, =0x4020ffd0		*/
	0xe59ff080,	/* data:	ldr	pc, =0x4020ffd4		*/
	0xe59ff080,	/* unused:	ldr	pc, =0x4020ffd8		*/
	0xe59ff080,	/* irq:		ldr	pc, =0x4020ffdc		*/
	0xe59ff080,	/* fiq:		ldr	pc, =0x4020ffe0		*/
	/* 0x20: vectors of the monitor, MVBAR points here */
	0xeafffffe,	/*		b	.			*/
	0xeafffffe,	/*		b	.			*/
	0xe1b0f00e,	/* smc:		movs	pc, lr			*/
	0xeafffffe,	/*		b	.			*/
	0xeafffffe,	/*		b	.			*/
	0xeafffffe,	/*		b	.			*/
	0xeafffffe,	/*		b	.			*/
	0xeafffffe,	/*		b	.			*/
	/* 0x40: enter, in Secure Supervisor mode */
	0xe59fc064,	/*		ldr	r12, =monitor vectors	*/
	0xee0ccf30,	/* MVBAR	mcr	p15, 0, r12, c12, c0, 1	*/
	0xe59fc060,	/*		ldr	r12, =0x00073fff	*/
	0xee01cf51,	/* NSACR	mcr	p15, 0, r12, c1, c1, 2	*/
	0xf1020016,	/* Monitor mode	cps	#0x16			*/
	0xee11cf11,	/* SCR		mrc	p15, 0, r12, c1, c1, 0	*/
	0xe38cc031,	/* AW, FW, NS	orr	r12, r12, #0x31		*/
	0xee01cf11,	/* SCR		mcr	p15, 0, r12, c1, c1, 0	*/
	0xf57ff06f,	/*		isb				*/
	0xe59fc03c,	/*		ldr	r12, =vectors		*/
	0xee0ccf10,	/* NS VBAR	mcr	p15, 0, r12, c12, c0, 0	*/
	0xf57ff06f,	/*		isb				*/
	0xe300c1d3,	/* SVC, A I F	movw	r12, #0x1d3		*/
	0xe16ff00c,	/*		msr	spsr_fsxc, r12		*/
	0xe1a0e004,	/*		mov	lr, r4			*/
	0xe3a04000,	/*		mov	r4, #0			*/
	0xe1b0f00e,	/*		movs	pc, lr			*/
	/* 0x84: sleep */
	0xe320f003,	/*		wfi				*/
	0xeafffffd,	/*		b	sleep			*/
	/* 0x8c: constants */
	RAM_VECTORS + 0, RAM_VECTORS + 4, RAM_VECTORS + 8, RAM_VECTORS + 12,
	RAM_VECTORS + 16, RAM_VECTORS + 20, RAM_VECTORS + 24,
	ROM_BASE, ROM_BASE + 0x20, 0x00073fff,
};

struct fat_volume {
	BlockBackend *card;
	uint64_t start;			/* all positions are bytes on the card */
	uint64_t root;			/* root directory of FAT12 and FAT16 */
	uint64_t data;			/* cluster 2 */
	uint32_t root_size;		/* bytes; 0 on FAT32 */
	uint32_t root_cluster;		/* FAT32 */
	uint32_t cluster_size;		/* bytes */
	uint32_t clusters;
	uint64_t fat;
	int bits;			/* of a FAT entry: 12, 16, 32 */
};

void beagle_xm_rom_init(MemoryRegion *system_memory)
{
	MemoryRegion *rom = g_new0(MemoryRegion, 1);
	uint8_t *code;

	memory_region_init_rom(rom, NULL, "beagle-xm.boot-rom", ROM_SIZE, &error_fatal);
	code = memory_region_get_ram_ptr(rom);
	for (size_t i = 0; i < ARRAY_SIZE(rom_code); i++)
		stl_le_p(code + 4 * i, rom_code[i]);
	memory_region_add_subregion(system_memory, ROM_BASE, rom);
}

static bool read_card(BlockBackend *card, uint64_t position, void *buffer, size_t size, Error **errp)
{
	if (blk_pread(card, position, size, buffer, 0) < 0) {
		error_setg(errp, "the card cannot be read at byte %" PRIu64, position);
		return false;
	}
	return true;
}

static bool partition_is_fat(uint8_t type)
{
	static const uint8_t types[] = { 0x01, 0x04, 0x06, 0x0b, 0x0c, 0x0e };

	return memchr(types, type, sizeof(types)) != NULL;
}

/* Finds the active FAT partition in the master boot record; *start is its first byte. */
static bool find_partition(BlockBackend *card, uint64_t *start, Error **errp)
{
	uint8_t sector[SECTOR];

	if (!read_card(card, 0, sector, sizeof(sector), errp))
		return false;
	if (lduw_le_p(sector + 510) != 0xaa55) {
		error_setg(errp, "the card has no partition table (no MBR signature in its first sector)");
		return false;
	}
	for (int i = 0; i < 4; i++) {
		const uint8_t *entry = sector + 446 + 16 * i;

		if (!(entry[0] & 0x80))
			continue;
		if (!partition_is_fat(entry[4])) {
			error_setg(errp, "the active partition %d is not FAT (type 0x%02x)", i + 1, entry[4]);
			return false;
		}
		*start = (uint64_t)ldl_le_p(entry + 8) * SECTOR;
		return true;
	}
	error_setg(errp, "no partition of the card is marked active");
	return false;
}

/* Fills the volume from its boot sector. */
static bool open_volume(struct fat_volume *vol, Error **errp)
{
	uint8_t boot[SECTOR];
	uint32_t bytes, reserved, fats, fat_sectors, sectors, overhead;

	if (!read_card(vol->card, vol->start, boot, sizeof(boot), errp))
		return false;
	bytes = lduw_le_p(boot + 11);
	vol->cluster_size = boot[13] * bytes;
	reserved = lduw_le_p(boot + 14);
	fats = boot[16];
	vol->root_size = lduw_le_p(boot + 17) * 32;
	sectors = lduw_le_p(boot + 19) ? lduw_le_p(boot + 19) : ldl_le_p(boot + 32);
	fat_sectors = lduw_le_p(boot + 22) ? lduw_le_p(boot + 22) : ldl_le_p(boot + 36);
	if (lduw_le_p(boot + 510) != 0xaa55 || bytes != SECTOR || !is_power_of_2(boot[13]) || !fats || !fat_sectors) {
		error_setg(errp, "the active partition holds no FAT file system (boot sector not valid)");
		return false;
	}
	overhead = reserved + fats * fat_sectors + DIV_ROUND_UP(vol->root_size, SECTOR);
	vol->clusters = sectors > overhead ? (sectors - overhead) / boot[13] : 0;
	vol->bits = vol->clusters < 4085 ? 12 : vol->clusters < 65525 ? 16 : 32;
	vol->root_cluster = ldl_le_p(boot + 44);
	vol->fat = vol->start + (uint64_t)reserved * SECTOR;
	vol->root = vol->fat + (uint64_t)fats * fat_sectors * SECTOR;
	vol->data = vol->start + (uint64_t)overhead * SECTOR;
	return true;
}

static bool cluster_is_valid(const struct fat_volume *vol, uint32_t cluster)
{
	return cluster >= 2 && cluster - 2 < vol->clusters;
}

/* The cluster after this one in its chain; one that is not valid ends the chain. */
static bool next_cluster(struct fat_volume *vol, uint32_t *cluster, Error **errp)
{
	uint8_t bytes[4] = { 0 };
	uint32_t position = *cluster * vol->bits / 8;

	if (vol->bits == 32)
		position = *cluster * 4;
	if (!read_card(vol->card, vol->fat + position, bytes, vol->bits == 32 ? 4 : 2, errp))
		return false;
	if (vol->bits == 12)
		*cluster = lduw_le_p(bytes) >> (*cluster & 1 ? 4 : 0) & 0xfff;
	else
		*cluster = ldl_le_p(bytes) & 0x0fffffff;
	return true;
}

/* Reads a chain of clusters into a new buffer of at most limit bytes; *size is what there was. */
static uint8_t *read_chain(struct fat_volume *vol, uint32_t cluster, size_t limit, size_t *size, Error **errp)
{
	g_autofree uint8_t *buffer = g_malloc0(limit);

	*size = 0;
	while (cluster_is_valid(vol, cluster) && *size < limit) {
		size_t part = MIN(vol->cluster_size, limit - *size);
		uint64_t position = vol->data + (uint64_t)(cluster - 2) * vol->cluster_size;

		if (!read_card(vol->card, position, buffer + *size, part, errp) || !next_cluster(vol, &cluster, errp))
			return NULL;
		*size += part;
	}
	return g_steal_pointer(&buffer);
}

static uint8_t *read_root(struct fat_volume *vol, size_t *size, Error **errp)
{
	g_autofree uint8_t *buffer = NULL;

	if (vol->bits == 32)
		return read_chain(vol, vol->root_cluster, 2 * MiB, size, errp);
	*size = vol->root_size;
	buffer = g_malloc0(MAX(*size, 1));
	if (!read_card(vol->card, vol->root, buffer, *size, errp))
		return NULL;
	return g_steal_pointer(&buffer);
}

/* Reads the file of that 8.3 name (11 characters, padded) from the root directory into a new buffer. */
static uint8_t *read_file(struct fat_volume *vol, const char *name, size_t limit, size_t *size, Error **errp)
{
	size_t root_size, there;
	g_autofree uint8_t *root = read_root(vol, &root_size, errp);
	uint8_t *content;

	if (!root)
		return NULL;
	for (size_t i = 0; i + 32 <= root_size && root[i]; i += 32) {
		const uint8_t *entry = root + i;
		uint32_t cluster = lduw_le_p(entry + 26) | (vol->bits == 32 ? lduw_le_p(entry + 20) << 16 : 0);

		/* 0x18: volume labels (and so long names) and directories */
		if ((entry[11] & 0x18) || memcmp(entry, name, 11))
			continue;
		*size = ldl_le_p(entry + 28);
		if (*size > limit) {
			error_setg(errp, "MLO is too big: %zu bytes, at most %zu fit into SRAM", *size, limit);
			return NULL;
		}
		content = read_chain(vol, cluster, MAX(*size, 1), &there, errp);
		if (content && there < *size) {
			error_setg(errp, "MLO is damaged: the card has %zu of its %zu bytes", there, *size);
			g_free(content);
			return NULL;
		}
		return content;
	}
	error_setg(errp, "the active partition has no file MLO in its root directory");
	return NULL;
}

/* Takes the image apart (section table if any, size, load address, code) and puts the code into SRAM. */
static bool load_image(const uint8_t *image, size_t size, uint32_t *entry, Error **errp)
{
	size_t header = size >= SECTOR && !memcmp(image + 20, "CHSETTINGS", 10) ? SECTOR : 0;
	uint32_t length, load, settings;

	if (size < header + 8) {
		error_setg(errp, "MLO is damaged: it ends before its header (%zu bytes)", size);
		return false;
	}
	settings = header ? ldl_le_p(image) : 0;
	if (header && settings + 8 <= SECTOR && image[settings + 4]) {
		error_setg(errp, "MLO has enabled settings sections, which this boot ROM cannot apply");
		return false;
	}
	length = ldl_le_p(image + header);
	load = ldl_le_p(image + header + 4);
	/* Some tools count the header in. */
	if (length < 8 || length > size - header) {
		error_setg(errp, "MLO is damaged: its header says %u bytes, the file has %zu", length, size - header);
		return false;
	}
	length = MIN(length, size - header - 8);
	if (load < SRAM_BASE || load >= SRAM_IMAGE_END || length > SRAM_IMAGE_END - load) {
		error_setg(errp, "MLO wants to be loaded at 0x%08x, %u bytes: not inside SRAM (0x%08x to 0x%08x)",
			   load, length, SRAM_BASE, SRAM_IMAGE_END);
		return false;
	}
	address_space_write(&address_space_memory, load, MEMTXATTRS_UNSPECIFIED, image + header + 8, length);
	*entry = load;
	return true;
}

static bool load_mlo(BlockBackend *card, uint32_t *entry, Error **errp)
{
	struct fat_volume vol = { .card = card };
	g_autofree uint8_t *image = NULL;
	size_t size;

	if (!card || !blk_is_inserted(card)) {
		error_setg(errp, "no card in the slot (give one with -drive if=sd,format=raw,file=IMAGE)");
		return false;
	}
	if (!find_partition(card, &vol.start, errp) || !open_volume(&vol, errp))
		return false;
	image = read_file(&vol, "MLO        ", SRAM_IMAGE_END - SRAM_BASE + SECTOR + 8, &size, errp);
	return image && load_image(image, size, entry, errp);
}

static void write_word(uint32_t address, uint32_t value)
{
	value = cpu_to_le32(value);
	address_space_write(&address_space_memory, address, MEMTXATTRS_UNSPECIFIED, &value, sizeof(value));
}

/* The vectors in SRAM, to which those in ROM lead: a sleep until software puts its handlers there. */
static void write_ram_vectors(void)
{
	for (int i = 0; i < RAM_VECTOR_COUNT; i++) {
		/* ldr pc, [pc, #0x14]: the word that is 7 words further on */
		write_word(RAM_VECTORS + 4 * i, 0xe59ff014);
		write_word(RAM_VECTORS + 4 * (RAM_VECTOR_COUNT + i), ROM_BASE + ROM_SLEEP);
	}
}

void beagle_xm_rom_enter(ARMCPU *cpu, uint32_t entry, uint32_t r0, uint32_t r1, uint32_t r2)
{
	CPUARMState *env = &cpu->env;

	write_ram_vectors();
	memset(env->regs, 0, sizeof(env->regs));
	env->regs[0] = r0;
	env->regs[1] = r1;
	env->regs[2] = r2;
	env->regs[4] = entry;
	cpu_set_pc(CPU(cpu), ROM_BASE + ROM_ENTER);
}

/* The parameter block, whose address MLO gets in r0. */
static void write_parameters(void)
{
	write_word(PARAMETERS, 0);
	write_word(PARAMETERS + 4, BOOT_DEVICE_MMC1 | RESET_REASON_POWER_ON << 16);
	write_word(PARAMETERS + 8, DEVICE_DESCRIPTOR);
	for (int i = 0; i < 4; i++)
		write_word(DEVICE_DESCRIPTOR + 4 * i, 0);
}

void beagle_xm_rom_boot(ARMCPU *cpu, BlockBackend *card)
{
	Error *err = NULL;
	uint32_t entry;

	if (!load_mlo(card, &entry, &err)) {
		error_prepend(&err, "boot ROM: ");
		error_report_err(err);
		cpu_set_pc(CPU(cpu), ROM_BASE + ROM_SLEEP);
		return;
	}
	write_parameters();
	beagle_xm_rom_enter(cpu, entry, PARAMETERS, 0, 0);
}
