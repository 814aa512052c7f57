// SPDX-License-Identifier: GPL-2.0-or-later
/* OMAP3 power, reset and clock manager (CM and PRM) for a guest that owns the board: pass-through with a filter. */

/*
 * A register without a row below passes: reads and writes reach the hardware, with the guest's access size. That
 * includes every status register, and the write-one-to-clear ones (RSTST, WKST, IRQSTATUS).
 *
 * A row takes some bits of a register away from the guest. It reads back what it wrote there (*picture*; after a
 * reset what the hardware has), while the hardware gets what the row says. A status bit that software polls to
 * follow such a bit is computed from the picture, so that a loop on it ends.
 *
 * Not filtered, on purpose:
 * - DPLL1 (processor clock) and the voltage controller: frequency and voltage belong together, and the voltage
 *   is set through the same power chip that the guest drives over I2C. Umbra measures time with the 32 kHz
 *   counter only. Bypass and lock, all that DPLL1 knows, are both safe to run in.
 * - DPLL2 and DPLL5, clocks and power of IVA2, SGX, DSS, CAM, USBHOST, EMU: nothing of Umbra is in there.
 */

#include <arch/cpu.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/log.h>

#define CM_BASE		0x48004000u
#define PRM_BASE	0x48306000u
#define WINDOW_SIZE	0x4000u
#define AGENT		0x3000u	/* the last page is the block's agent of the L4 interconnect, which can reset it */

struct prcm;

enum kind {
	SET,		/* the hardware bits are always 1 */
	CLEAR,		/* the hardware bits are always 0 */
	HOLD,		/* the hardware bits stay as they were at guest start */
	ALWAYS,		/* the bits are 1, and the guest sees that: writes to them are lost */
	PLL_RUNS,	/* 3-bit PLL mode: bypass (5, 6) and lock (7) pass, a stop or a reserved value does not */
	STATUS,		/* read: @fn gives the bits */
	REQUEST,	/* write: @fn gets the bits, none of them reach the hardware, they read as 0 */
};

struct row {
	u16 offset;
	u8 kind;
	u32 mask;
	const char *reason;
	u32 (*fn)(struct prcm *s, u32 bits);
};

static u32 status_ckgen(struct prcm *s, u32 unused);
static u32 status_sdrc(struct prcm *s, u32 unused);
static u32 request_reset(struct prcm *s, u32 bits);

#define CM_ICLKEN1_CORE		0xa10
#define CM_CLKEN_PLL		0xd00

/* Sorted by offset; several rows may share a register. */
static const struct row cm_rows[] = {
	{ 0x904, PLL_RUNS, 0x00000007, "a stopped processor PLL would stop the processor", NULL },
	{ 0x948, CLEAR, 0x00000003, "processor clock domain: no hardware-supervised sleep at WFI", NULL },
	{ 0xa00, SET, BIT(12), "GPTIMER11 is Umbra's: functional clock", NULL },
	{ CM_ICLKEN1_CORE, SET, BIT(12), "GPTIMER11 is Umbra's: interface clock", NULL },
	{ CM_ICLKEN1_CORE, SET, BIT(6), "system control module: Umbra saves and restores it", NULL },
	{ CM_ICLKEN1_CORE, SET, BIT(1), "memory controller: Umbra lives in that memory", NULL },
	{ 0xa20, STATUS, BIT(1), "memory controller ready follows the guest's clock enable", status_sdrc },
	{ 0xa30, CLEAR, BIT(12), "GPTIMER11 is Umbra's: clock must not follow domain sleep", NULL },
	{ 0xa40, HOLD, 0x0000008f, "L3 and L4 dividers time the memory controller; GPTIMER11 source", NULL },
	{ 0xa48, CLEAR, 0x0000000f, "L3 and L4 domains: INTC, memory and GPTIMER11 must not sleep", NULL },
	{ 0xc10, SET, BIT(2), "32 kHz counter: Umbra's clock", NULL },
	{ 0xc30, CLEAR, BIT(2), "32 kHz counter: must answer at any time", NULL },
	{ CM_CLKEN_PLL, HOLD, 0x0fffffff, "DPLL3 clocks memory, DPLL4 the console UART", NULL },
	{ 0xd20, STATUS, 0x00000003, "PLL lock follows the modes that the guest asked for", status_ckgen },
	{ 0xd30, CLEAR, 0x0000003f, "DPLL3 and DPLL4 must not stop by themselves", NULL },
	{ 0xd40, HOLD, 0xffffff48, "DPLL3 rate is the memory controller's; sources of 48 and 96 MHz", NULL },
	{ 0xd44, HOLD, 0xffffffff, "DPLL4 rate: the console UART's 48 MHz come from it", NULL },
	{ 0xd48, HOLD, 0x0000001f, "DPLL4 M2: the console UART's 48 MHz come from it", NULL },
	{ 0x1000, SET, BIT(11), "UART3 is Umbra's: functional clock", NULL },
	{ 0x1010, SET, BIT(11), "UART3 is Umbra's: interface clock", NULL },
	{ 0x1030, CLEAR, BIT(11), "UART3 is Umbra's: clock must not follow domain sleep", NULL },
	{ 0x1048, CLEAR, 0x00000003, "peripheral domain holds UART3: no hardware-supervised sleep", NULL },
	{ 0x1150, HOLD, 0xffffffff, "emulation override of DPLL3", NULL },
	{ 0x1154, HOLD, 0xffffffff, "emulation override of DPLL4", NULL },
	{ 0x1348, CLEAR, 0x00000003, "NEON domain: state must not vanish at WFI", NULL },
};

/*
 * Power states read as ON whatever was written: a kernel that sees its next state there (Linux does) then idles with a
 * plain WFI. With a picture of OFF it would save and restore caches, interrupt controller, clocks and pins at
 * every idle, hundreds of exits, for a sleep that never comes.
 */
static const struct row prm_rows[] = {
	{ 0x9e0, ALWAYS, 0x00000003, "processor power domain: OFF or RET at WFI loses Umbra's state", NULL },
	{ 0x9e0, HOLD, 0xfffffffc, "processor power domain: memory and logic retention", NULL },
	{ 0xae0, ALWAYS, 0x00000003, "core power domain: INTC, memory controller, GPTIMER11", NULL },
	{ 0xae0, HOLD, 0xfffffffc, "core power domain: memory and logic retention", NULL },
	{ 0xd40, HOLD, 0xffffffff, "crystal frequency selection is a fact of the board", NULL },
	{ 0x10e0, ALWAYS, 0x00000003, "peripheral power domain holds UART3", NULL },
	{ 0x10e0, HOLD, 0xfffffffc, "peripheral power domain: memory and logic retention", NULL },
	{ 0x1250, REQUEST, 0x00000006, "reset of the board becomes a reset of the guest", request_reset },
	{ 0x1254, HOLD, 0xffffffff, "reset durations are the board's", NULL },
	{ 0x1260, CLEAR, 0x0000001f, "automatic voltage scaling and sys_off: takes the supply away at WFI", NULL },
	{ 0x1270, HOLD, 0xffffffff, "system clock divider and automatic oscillator stop", NULL },
	{ 0x129c, HOLD, 0xffffffff, "polarity of the lines that tell the power chip to sleep", NULL },
	{ 0x13e0, ALWAYS, 0x00000003, "NEON power domain: Umbra switches VFP state lazily", NULL },
	{ 0x13e0, HOLD, 0xfffffffc, "NEON power domain: memory and logic retention", NULL },
};

static const struct window {
	const char *name;
	gpa_t base;
	const struct row *rows;
	u32 nr;
	u32 first;	/* index of its first row in prcm.picture[] */
} windows[] = {
	{ "CM", CM_BASE, cm_rows, ARRAY_SIZE(cm_rows), 0 },
	{ "PRM", PRM_BASE, prm_rows, ARRAY_SIZE(prm_rows), ARRAY_SIZE(cm_rows) },
};

#define ROWS	(ARRAY_SIZE(cm_rows) + ARRAY_SIZE(prm_rows))

struct prcm {
	struct guest *guest;
	u32 picture[ROWS];	/* what the guest wrote, the row's bits only */
	u32 held[ROWS];		/* HOLD, PLL_RUNS: last value that went to the hardware */
};

/* ---- status and requests ---- */

static u32 cm_picture(const struct prcm *s, u32 offset, u8 kind, u32 bits)
{
	for (u32 i = 0; i < ARRAY_SIZE(cm_rows); i++)
		if (cm_rows[i].offset == offset && cm_rows[i].kind == kind && (cm_rows[i].mask & bits))
			return s->picture[i] & bits;
	return 0;
}

/* CM_IDLEST_CKGEN: bit 0 DPLL3 locked, bit 1 DPLL4 locked. */
static u32 status_ckgen(struct prcm *s, u32 unused)
{
	u32 mode = cm_picture(s, CM_CLKEN_PLL, HOLD, 0x00070007);

	(void)unused;
	return ((mode & 7) == 7 ? BIT(0) : 0) | (mode >> 16 == 7 ? BIT(1) : 0);
}

/* CM_IDLEST1_CORE.ST_SDRC: 0 = accessible. */
static u32 status_sdrc(struct prcm *s, u32 unused)
{
	(void)unused;
	return cm_picture(s, CM_ICLKEN1_CORE, SET, BIT(1)) ? 0 : BIT(1);
}

static u32 request_reset(struct prcm *s, u32 bits)
{
	if (bits)
		guest_request(s->guest, GUEST_REQ_RESET, "guest wrote 0x%lx to PRM_RSTCTRL", (unsigned long)bits);
	return 0;
}

/* ---- access ---- */

static const struct window *find_window(gpa_t addr)
{
	for (u32 i = 0; i < ARRAY_SIZE(windows); i++)
		if (addr - windows[i].base < WINDOW_SIZE)
			return &windows[i];
	return NULL;
}

/* First row of the register at @offset, or @w->nr. */
static u32 first_row(const struct window *w, u32 offset)
{
	u32 i = 0;

	while (i < w->nr && w->rows[i].offset < offset)
		i++;
	return i < w->nr && w->rows[i].offset == offset ? i : w->nr;
}

/* A register that has no filtered bit. */
static enum mmio_result pass(struct mmio_access *a)
{
	bool ok = a->is_write ? arch_mmio_write_checked(passed_hpa(a->addr), a->size, a->value) :
				arch_mmio_read_checked(passed_hpa(a->addr), a->size, &a->value);

	return ok ? MMIO_DONE : MMIO_ERROR;
}

/* What the guest sees of one register: hardware, overlaid with the pictures of its rows. */
static bool read_word(struct prcm *s, const struct window *w, u32 i, u32 *value)
{
	u32 offset = w->rows[i].offset, v;

	if (!arch_mmio_read_checked(passed_hpa(w->base + offset), 4, &v))
		return false;
	for (; i < w->nr && w->rows[i].offset == offset; i++) {
		const struct row *r = &w->rows[i];
		u32 bits = s->picture[w->first + i];

		if (r->kind == STATUS)
			bits = r->fn(s, 0);
		else if (r->kind == REQUEST)
			bits = 0;
		else if (r->kind == ALWAYS)
			bits = r->mask;
		v = (v & ~r->mask) | (bits & r->mask);
	}
	*value = v;
	return true;
}

/* The bits of row @r that the hardware gets when the guest writes @v. */
static u32 filter(struct prcm *s, const struct row *r, u32 *held, u32 v)
{
	switch (r->kind) {
	case SET:
	case ALWAYS:
		return r->mask;
	case HOLD:
		return *held;
	case PLL_RUNS:
		if ((v & r->mask) >= 5)
			*held = v & r->mask;
		return *held;
	case REQUEST:
		return r->fn(s, v & r->mask);
	default:	/* CLEAR; STATUS registers ignore writes */
		return 0;
	}
}

static bool write_word(struct prcm *s, const struct window *w, u32 i, u32 v)
{
	u32 offset = w->rows[i].offset, out = v;

	for (; i < w->nr && w->rows[i].offset == offset; i++) {
		const struct row *r = &w->rows[i];

		s->picture[w->first + i] = v & r->mask;
		out = (out & ~r->mask) | (filter(s, r, &s->held[w->first + i], v) & r->mask);
	}
	return arch_mmio_write_checked(passed_hpa(w->base + offset), 4, out);
}

static enum mmio_result prcm_access(struct emudev *d, struct mmio_access *a)
{
	struct prcm *s = d->priv;
	const struct window *w = find_window(a->addr);
	u32 offset, i, word, shift, mask;

	if (!w)
		return MMIO_NOT_MINE;
	offset = a->addr - w->base;
	if (offset >= AGENT && a->is_write)
		return MMIO_DONE;
	i = first_row(w, offset & ~3u);
	if (i == w->nr)
		return pass(a);
	/* An access to a part of the word is one to the whole word that leaves the rest as the guest sees it. */
	shift = 8 * (offset & 3);
	mask = a->size == 4 ? ~0u : (BIT(8 * a->size) - 1) << shift;
	word = a->value;
	if ((!a->is_write || mask != ~0u) && !read_word(s, w, i, &word))
		return MMIO_ERROR;
	if (!a->is_write) {
		a->value = (word & mask) >> shift;
		return MMIO_DONE;
	}
	if (mask != ~0u)
		word = (word & ~mask) | (a->value << shift & mask);
	return write_word(s, w, i, word) ? MMIO_DONE : MMIO_ERROR;
}

/* Pictures start as what the hardware has; nothing is written until the guest does. */
static void prcm_reset(struct emudev *d)
{
	struct prcm *s = d->priv;

	for (u32 n = 0; n < ARRAY_SIZE(windows); n++) {
		const struct window *w = &windows[n];

		for (u32 i = 0; i < w->nr; i++) {
			u32 v = 0;

			if (!arch_mmio_read_checked(passed_hpa(w->base + w->rows[i].offset), 4, &v))
				pr_guest(4, "%s: %s register 0x%x does not answer\n", d->name, w->name,
					 (unsigned int)w->rows[i].offset);
			s->picture[w->first + i] = s->held[w->first + i] = v & w->rows[i].mask;
		}
	}
}

static int prcm_create(struct emudev *d, const struct layout_dev *node)
{
	struct prcm *s = d->priv;

	(void)node;
	s->guest = d->guest;
	return 0;
}

static const struct emudev_place places[] = { { CM_BASE, WINDOW_SIZE }, { PRM_BASE, WINDOW_SIZE } };

static const struct emudev_type omap3_prcm = {
	.compatible = "umbra,omap3-prcm",
	.desc = "OMAP3 clock and power manager, filtered",
	.state_size = sizeof(struct prcm),
	.passes_irqs = true,
	.places = places,
	.nplaces = ARRAY_SIZE(places),
	.create = prcm_create,
	.reset = prcm_reset,
	.access = prcm_access,
};
EMUDEV_REGISTER(omap3_prcm);
